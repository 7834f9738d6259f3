//! Listens for host links and keeps each line.
//!
//! Who calls is a stranger until it has logged in; under TLS the handshake is a part of the time that
//! it has for that: who dawdles holds up nobody. `strangers` bounds them and `login` hears them. Who
//! has logged in gets a place among the lines, or waits for one. `line` keeps one of them, `answering`
//! its answers.

mod answering;
mod line;
mod login;
mod strangers;

use std::{
    net::SocketAddr,
    sync::{
        Arc, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use airside_runtime::{stopped, tls::Acceptor};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
    time,
};
use tracing::{info, warn};

use self::{
    line::Line,
    login::{LoggedIn, log_in, shake_hands},
    strangers::{Room, Stranger, Strangers},
};
use super::{
    session::{Account, Session},
    verdicts::Verdicts,
};
use crate::receive::Receiving;

/// How a link behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Most lines at once; who logs in beyond them waits for a place; default 64.
    pub lines: usize,
    /// How long a peer may take to log in, its TLS handshake included; default 10 s.
    pub login_within: Duration,
    /// How often a sign of life is sent; default 30 s.
    pub heartbeat: Duration,
    /// How long a peer may be silent before the line counts as dead; default 90 s.
    pub silence: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            lines: 64,
            login_within: Duration::from_secs(10),
            heartbeat: Duration::from_secs(30),
            silence: Duration::from_secs(90),
        }
    }
}

/// A port on which host links are taken.
pub struct Link {
    listener: TcpListener,
    tls: Option<Acceptor>,
    shared: Shared,
    open: Arc<AtomicUsize>,
    strangers: Strangers,
    places: Arc<Semaphore>,
}

/// What every line has.
#[derive(Clone)]
struct Shared {
    accounts: Arc<[Account]>,
    receiving: Receiving,
    options: Options,
    verdicts: Option<Verdicts>,
}

/// Tells how a link is. Clones ask the same link.
#[derive(Debug, Clone)]
pub struct Health {
    open: Weak<AtomicUsize>,
    lines: usize,
    strangers: Strangers,
}

impl Health {
    /// Returns how many peers are logged in, or that the link has ended; a check for readiness.
    ///
    /// # Errors
    /// When it has ended.
    pub fn check(&self) -> Result<String, String> {
        let open = self.open.upgrade().map(|open| open.load(Ordering::Relaxed));
        let open = open.ok_or("it has ended: look for its last error in the log, then restart")?;
        let full = if open >= self.lines { ", and no more are taken: raise link.lines" } else { "" };
        let crowded = match self.strangers.is_crowded() {
            true => ", and callers that do not log in crowd the port: close it to them",
            false => "",
        };
        Ok(format!("{open} lines open{full}{crowded}"))
    }
}

impl Link {
    /// Makes it over a port; nobody is taken before [`Link::run`]. Without `tls` all is in clear.
    pub fn new(
        listener: TcpListener,
        accounts: Arc<[Account]>,
        receiving: Receiving,
        options: Options,
        tls: Option<Acceptor>,
    ) -> Self {
        let shared = Shared { accounts, receiving, options, verdicts: None };
        let places = Arc::new(Semaphore::new(shared.options.lines));
        Self { listener, tls, shared, open: Arc::default(), strangers: Strangers::default(), places }
    }

    /// Answers messages that ask what became of them.
    #[must_use]
    pub fn answering(mut self, verdicts: Verdicts) -> Self {
        self.shared.verdicts = Some(verdicts);
        self
    }

    /// Returns what tells how it is, also while it runs.
    pub fn health(&self) -> Health {
        let (lines, strangers) = (self.shared.options.lines, self.strangers.clone());
        Health { open: Arc::downgrade(&self.open), lines, strangers }
    }

    /// Takes lines until `stop` turns true, then lets each of them finish what it stores.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut lines = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                Some(_) = lines.join_next() => continue,
                () = stopped(&mut stop) => break,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let stranger = self.enter(peer);
                    lines.spawn(self.keep(stream, peer, stranger, stop.clone()));
                }
                Err(error) => {
                    warn!(error = %error, "a host link could not be taken");
                    time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
        while lines.join_next().await.is_some() {}
    }

    fn enter(&self, peer: SocketAddr) -> Stranger {
        let (stranger, room) = self.strangers.enter(peer);
        if room != Room::Enough {
            self.shared.receiving.metrics().link_strangers_closed.inc();
        }
        if room == Room::NoMore {
            warn!(address = %peer, "callers crowd the host link and do not log in: the oldest are closed");
        }
        stranger
    }

    /// Returns the work of one line from its handshake to its end.
    fn keep(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        stranger: Stranger,
        mut stop: watch::Receiver<bool>,
    ) -> impl Future<Output = ()> + Send + use<> {
        let (tls, shared, open) = (self.tls.clone(), self.shared.clone(), self.open.clone());
        let places = self.places.clone();
        async move {
            let logged_in = tokio::select! {
                logged_in = admit(stream, peer, tls, &shared, places, &stranger) => logged_in,
                () = stranger.told_to_leave() => Err("another caller needs the place"),
                () = stopped(&mut stop) => Err("the server stops"),
            };
            drop(stranger);
            match logged_in {
                Ok(logged_in) => Line::new(logged_in, peer, shared, open).run(stop).await,
                Err(reason) => info!(address = %peer, outcome = reason, "host link closed before a login"),
            }
        }
    }
}

/// Makes a caller one that has logged in, within its time.
async fn admit(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<Acceptor>,
    shared: &Shared,
    places: Arc<Semaphore>,
    stranger: &Stranger,
) -> Result<LoggedIn, &'static str> {
    let login = async {
        let stream = shake_hands(stream, tls).await.map_err(|error| {
            warn!(address = %peer, error = %error, "TLS of a host link did not come about");
            "TLS did not come about"
        })?;
        log_in(stream, peer, Session::new(shared.accounts.clone()), places, stranger).await
    };
    let in_time = time::timeout(shared.options.login_within, login).await;
    in_time.unwrap_or(Err("the peer did not log in"))
}

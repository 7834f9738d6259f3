//! Listens for host links and keeps each line.
//!
//! A line has its place before it is taken, so a crowd of callers costs the system's queue and no
//! memory of ours. Under TLS the handshake is a part of the line's own work and of the time that it
//! has to log in: who dawdles holds up nobody. `line` keeps one of them, `answering` its answers.

mod answering;
mod line;

use std::{
    io,
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
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
    time::{self, Instant},
};
use tracing::warn;

use self::line::{Line, shake_hands};
use super::{session::Account, verdicts::Verdicts};
use crate::receive::Receiving;

/// How a link behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Most lines at once; more wait to be taken; default 64.
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
pub struct Health(Weak<AtomicUsize>);

impl Health {
    /// Returns how many peers are logged in, or that the link has ended; a check for readiness.
    ///
    /// # Errors
    /// When it has ended.
    pub fn check(&self) -> Result<String, String> {
        let open = self.0.upgrade().map(|open| open.load(Ordering::Relaxed));
        let open = open.ok_or("it has ended: look for its last error in the log, then restart")?;
        Ok(format!("{open} lines open"))
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
        Self { listener, tls, shared, open: Arc::default() }
    }

    /// Answers messages that ask what became of them.
    #[must_use]
    pub fn answering(mut self, verdicts: Verdicts) -> Self {
        self.shared.verdicts = Some(verdicts);
        self
    }

    /// Returns what tells how it is, also while it runs.
    pub fn health(&self) -> Health {
        Health(Arc::downgrade(&self.open))
    }

    /// Takes lines until `stop` turns true, then lets each of them finish what it stores.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let room = Arc::new(Semaphore::new(self.shared.options.lines));
        let mut lines = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = accept(&self.listener, &room) => accepted,
                Some(_) = lines.join_next() => continue,
                () = stopped(&mut stop) => break,
            };
            match accepted {
                Ok((stream, peer, permit)) => {
                    lines.spawn(self.keep(stream, peer, permit, stop.clone()));
                }
                Err(error) => {
                    warn!(error = %error, "a host link could not be taken");
                    time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
        while lines.join_next().await.is_some() {}
    }

    /// Returns the work of one line from its handshake to its end.
    fn keep(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        permit: OwnedSemaphorePermit,
        mut stop: watch::Receiver<bool>,
    ) -> impl Future<Output = ()> + Send + use<> {
        let (tls, shared, open) = (self.tls.clone(), self.shared.clone(), self.open.clone());
        async move {
            let _permit = permit;
            let login_by = Instant::now() + shared.options.login_within;
            let stream = tokio::select! {
                stream = shake_hands(stream, peer, tls, login_by) => stream,
                () = stopped(&mut stop) => None,
            };
            if let Some(stream) = stream {
                Line::new(stream, peer, shared, open, login_by).run(stop).await;
            }
        }
    }
}

async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let permit = Arc::clone(room).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, peer, permit))
}

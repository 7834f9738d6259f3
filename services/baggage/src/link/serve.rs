//! Listens for host links and keeps each line: reads, stores, answers, watches for silence.
//!
//! A line stores what has come in one append while it reads on, so a peer that sends many messages
//! before it waits is served as fast as the disk is. What waits is bounded; beyond that the line is
//! not read, and TCP holds the peer back.

use std::{collections::VecDeque, future::pending, io, net::SocketAddr, sync::Arc, time::Duration};

use airside_runtime::stopped;
use bytes::{Bytes, BytesMut};
use futures::{FutureExt, future::BoxFuture};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
    time::{self, Instant},
};
use tracing::{info, warn};

use super::{
    frame::{self, Frame, Kind},
    session::{Account, Act, Session},
};
use crate::receive::{Bringer, ReceiveError, Receiving};

/// How a link behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Most lines at once; more wait to be taken; default 64.
    pub lines: usize,
    /// How long a peer may take to log in; default 10 s.
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

/// How many messages of a line are stored at once.
const BATCH_MAX: usize = 32;
/// How many messages of a line may wait before it is not read for a while.
const WAITING_MAX: usize = 64;
/// How long a peer may take to take an answer.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// Takes lines until `stop` turns true, then lets each of them finish what it stores.
pub async fn serve(
    listener: TcpListener,
    accounts: Arc<[Account]>,
    receiving: Receiving,
    options: Options,
    mut stop: watch::Receiver<bool>,
) {
    let room = Arc::new(Semaphore::new(options.lines));
    let mut lines = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &room) => accepted,
            Some(_) = lines.join_next() => continue,
            () = stopped(&mut stop) => break,
        };
        match accepted {
            Ok((stream, peer, permit)) => {
                let line = Line::new(stream, peer, accounts.clone(), receiving.clone(), options.clone());
                let stop = stop.clone();
                lines.spawn(async move {
                    let _permit = permit;
                    line.run(stop).await;
                });
            }
            Err(error) => {
                warn!(error = %error, "a host link could not be taken");
                time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    while lines.join_next().await.is_some() {}
}

async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let permit = Arc::clone(room).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, peer, permit))
}

/// Messages of a line, each with the id to answer.
type Batch = Vec<(Option<u16>, Bytes)>;
/// Messages on their way to disk.
type Storing = BoxFuture<'static, (Batch, Result<(), ReceiveError>)>;

/// What happens to a line.
enum Event {
    Stored(Batch, Result<(), ReceiveError>),
    Read(io::Result<usize>),
    Silence,
    Beat,
    Stop,
}

/// One line.
struct Line {
    stream: TcpStream,
    peer: SocketAddr,
    session: Session,
    receiving: Receiving,
    options: Options,
    input: BytesMut,
    output: BytesMut,
    waiting: VecDeque<(Option<u16>, Bytes)>,
    storing: Option<Storing>,
    heard_at: Instant,
}

impl Line {
    fn new(
        stream: TcpStream,
        peer: SocketAddr,
        accounts: Arc<[Account]>,
        receiving: Receiving,
        options: Options,
    ) -> Self {
        Self {
            stream,
            peer,
            session: Session::new(accounts),
            receiving,
            options,
            input: BytesMut::with_capacity(16 * 1024),
            output: BytesMut::new(),
            waiting: VecDeque::new(),
            storing: None,
            heard_at: Instant::now(),
        }
    }

    /// Keeps the line until it ends, and stores what it has taken.
    async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut beat = time::interval(self.options.heartbeat);
        beat.reset();
        let reason = loop {
            self.begin_storing();
            let (deadline, reads_on) = (self.deadline(), self.waiting.len() < WAITING_MAX);
            let event = tokio::select! {
                (batch, outcome) = finished(&mut self.storing) => Event::Stored(batch, outcome),
                read = self.stream.read_buf(&mut self.input), if reads_on => Event::Read(read),
                () = time::sleep_until(deadline) => Event::Silence,
                _ = beat.tick() => Event::Beat,
                () = stopped(&mut stop) => Event::Stop,
            };
            let outcome = match event {
                Event::Stored(batch, outcome) => self.stored(batch, &outcome),
                Event::Read(read) => self.heard(&read),
                Event::Silence => Err(self.silence()),
                Event::Beat => {
                    self.say_alive();
                    Ok(())
                }
                Event::Stop => Err("the server stops"),
            };
            let sent = self.flush().await;
            if let Err(reason) = outcome.and(sent) {
                break reason;
            }
        };
        self.end(reason).await;
    }

    /// Stores what was taken, answers it, and says good-bye.
    async fn end(&mut self, reason: &'static str) {
        loop {
            self.begin_storing();
            if self.storing.is_none() {
                break;
            }
            let (batch, outcome) = finished(&mut self.storing).await;
            // The peer may be gone; what it sent is safe all the same.
            let _ = self.stored(batch, &outcome);
            let _ = self.flush().await;
        }
        let source = self.session.account().map(|account| account.source.clone()).unwrap_or_default();
        info!(peer = %self.peer, source, reason, "host link closed");
        if let Some(account) = self.session.account() {
            // It fits: it has no data.
            let _ = Frame::bare(account.app, Kind::LogOff, 0).write(&mut self.output);
            let _ = self.flush().await;
        }
    }

    fn heard(&mut self, read: &io::Result<usize>) -> Result<(), &'static str> {
        match read {
            Ok(0) => return Err("the peer closed"),
            Ok(_) => {}
            Err(_) => return Err("the line broke"),
        }
        self.heard_at = Instant::now();
        loop {
            match frame::take(&mut self.input) {
                Ok(Some(frame)) => {
                    let was_known = self.session.account().is_some();
                    let acts = self.session.take(frame);
                    if let Some(account) = self.session.account().filter(|_| !was_known) {
                        info!(peer = %self.peer, source = account.source, "host link open");
                    }
                    self.act(acts)?;
                }
                Ok(None) => return Ok(()),
                Err(error) => {
                    warn!(peer = %self.peer, error = %error, "bytes on a host link are no frame");
                    return Err("bytes are no frame");
                }
            }
        }
    }

    fn act(&mut self, acts: Vec<Act>) -> Result<(), &'static str> {
        for act in acts {
            match act {
                Act::Send(frame) => frame.write(&mut self.output).map_err(|_| "an answer does not fit")?,
                Act::Store { data, id } => self.waiting.push_back((id, data)),
                Act::Close(reason) => return Err(reason),
            }
        }
        Ok(())
    }

    fn begin_storing(&mut self) {
        let Some(account) = self.session.account() else { return };
        if self.storing.is_some() || self.waiting.is_empty() {
            return;
        }
        let count = self.waiting.len().min(BATCH_MAX);
        let batch: Batch = self.waiting.drain(..count).collect();
        let (source, receiving) = (account.source.clone(), self.receiving.clone());
        self.storing = Some(
            async move {
                let messages: Vec<_> = batch.iter().map(|(_, data)| data.clone()).collect();
                let actor = format!("link/{source}");
                let bringer = Bringer { source: &source, actor: &actor, transport: "link", cause: None };
                let outcome = receiving.store(bringer, &messages).await.map(drop);
                (batch, outcome)
            }
            .boxed(),
        );
    }

    fn stored(&mut self, batch: Batch, outcome: &Result<(), ReceiveError>) -> Result<(), &'static str> {
        self.storing = None;
        if let Err(error) = outcome {
            warn!(peer = %self.peer, error = %error, "messages of a host link could not be stored");
        }
        for (id, data) in batch {
            let acts = self.session.stored(id, data, outcome.is_ok());
            self.act(acts)?;
        }
        Ok(())
    }

    fn say_alive(&mut self) {
        if let Some(account) = self.session.account() {
            // It fits: it has no data.
            let _ = Frame::bare(account.app, Kind::Status, 0).write(&mut self.output);
        }
    }

    fn deadline(&self) -> Instant {
        let known = self.session.account().is_some();
        self.heard_at + if known { self.options.silence } else { self.options.login_within }
    }

    fn silence(&self) -> &'static str {
        if self.session.account().is_some() { "the peer is silent" } else { "the peer did not log in" }
    }

    async fn flush(&mut self) -> Result<(), &'static str> {
        if self.output.is_empty() {
            return Ok(());
        }
        let written = time::timeout(WRITE_TIMEOUT, self.stream.write_all(&self.output)).await;
        self.output.clear();
        match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err("the line broke"),
            Err(_) => Err("the peer takes no answers"),
        }
    }
}

/// Waits until messages are on disk; for ever when none are on their way.
async fn finished(storing: &mut Option<Storing>) -> (Batch, Result<(), ReceiveError>) {
    match storing {
        Some(storing) => storing.await,
        None => pending().await,
    }
}

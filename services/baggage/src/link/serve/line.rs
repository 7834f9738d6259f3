//! One line: reads, stores, answers, watches for silence.
//!
//! A line stores what has come in one append while it reads on, so a peer that sends many messages
//! before it waits is served as fast as the disk is. What waits is bounded; beyond that the line is
//! not read, and TCP holds the peer back. Messages on their way to disk have turns that others wait
//! for, so they go by themselves and to the end, whatever the peer takes.

use std::{
    collections::VecDeque,
    future::pending,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use airside_runtime::{stopped, tls};
use bytes::{Bytes, BytesMut};
use thiserror::Error;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::{OwnedSemaphorePermit, watch},
    task::{JoinError, JoinHandle},
    time::{self, Instant},
};
use tracing::{info, warn};

use super::{
    super::{
        frame::{self, Frame, Kind},
        lines::OpenLine,
        session::{Act, Session},
    },
    Options, Shared,
    answering::Answering,
    login::LoggedIn,
};
use crate::receive::{Bringer, OnDisk, ReceiveError, Receiving};

/// How many messages of a line are stored at once.
const BATCH_MAX: usize = 32;
/// How many messages of a line may wait before it is not read for a while.
const WAITING_MAX: usize = 64;
/// How long a peer may take to take an answer.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// Messages of a line, each with the id to answer.
type Batch = Vec<(Option<u16>, Bytes)>;
/// What became of a batch.
type Outcome = Result<OnDisk, StoreError>;
/// Messages on their way to disk.
type Storing = (Batch, JoinHandle<Result<OnDisk, ReceiveError>>);

/// Messages that are not on disk.
#[derive(Debug, Error)]
enum StoreError {
    #[error(transparent)]
    Receive(#[from] ReceiveError),
    #[error("storing them broke off")]
    Broken(#[from] JoinError),
}

/// What happens to a line.
enum Event {
    Stored(Batch, Outcome),
    Answers(Vec<String>),
    Read(io::Result<usize>),
    Silence,
    Beat,
    Stop,
}

/// One line.
pub(super) struct Line {
    stream: tls::Line,
    peer: SocketAddr,
    session: Session,
    receiving: Receiving,
    options: Options,
    /// How many peers are logged in at this port.
    open: Arc<AtomicUsize>,
    /// What the log will say of this line, once somebody has logged in.
    told: Option<OpenLine>,
    input: BytesMut,
    output: BytesMut,
    waiting: VecDeque<(Option<u16>, Bytes)>,
    storing: Option<Storing>,
    answering: Answering,
    heard_at: Instant,
    /// The peer took no answer; it gets no more.
    is_mute: bool,
    _place: OwnedSemaphorePermit,
}

impl Line {
    pub(super) fn new(
        LoggedIn { stream, session, input, place }: LoggedIn,
        peer: SocketAddr,
        Shared { receiving, options, verdicts, .. }: Shared,
        open: Arc<AtomicUsize>,
    ) -> Self {
        Self {
            stream,
            peer,
            session,
            receiving,
            options,
            open,
            told: None,
            input,
            output: BytesMut::new(),
            waiting: VecDeque::new(),
            storing: None,
            answering: Answering::new(verdicts),
            heard_at: Instant::now(),
            is_mute: false,
            _place: place,
        }
    }

    /// Keeps the line until it ends, and stores what it has taken.
    pub(super) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        self.opened();
        let mut beat = time::interval(self.options.heartbeat);
        beat.reset();
        // What the peer has sent behind its login is here already.
        let mut outcome = self.frames();
        let reason = loop {
            let sent = self.flush().await;
            if let Err(reason) = outcome.and(sent) {
                break reason;
            }
            self.begin_storing();
            let (deadline, reads_on) =
                (self.heard_at + self.options.silence, self.waiting.len() < WAITING_MAX);
            let answers_on = !self.session.is_held();
            // Who is not read is not silent, so what has come is looked at before the time is.
            let event = tokio::select! {
                biased;
                () = stopped(&mut stop) => Event::Stop,
                (batch, outcome) = finished(&mut self.storing) => Event::Stored(batch, outcome),
                answers = self.answering.next(), if answers_on => Event::Answers(answers),
                _ = beat.tick() => Event::Beat,
                read = self.stream.read_buf(&mut self.input), if reads_on => Event::Read(read),
                () = time::sleep_until(deadline), if reads_on => Event::Silence,
            };
            outcome = match event {
                Event::Stored(batch, outcome) => self.stored(batch, &outcome),
                Event::Answers(answers) => self.answer(answers),
                Event::Read(read) => self.read(&read),
                Event::Silence => Err("the peer is silent"),
                Event::Beat => {
                    self.say_alive();
                    Ok(())
                }
                Event::Stop => Err("the server stops"),
            };
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
        if let Some(account) = self.session.account() {
            // It fits: it has no data.
            let _ = Frame::bare(account.app, Kind::LogOff, 0).write(&mut self.output);
            let _ = self.flush().await;
        }
        if !self.is_mute {
            let _ = time::timeout(WRITE_TIMEOUT, self.stream.shutdown()).await;
        }
        self.closed(reason);
    }

    /// A peer has logged in.
    fn opened(&mut self) {
        let Some(account) = self.session.account() else { return };
        self.open.fetch_add(1, Ordering::Relaxed);
        self.told = Some(self.receiving.lines().opened(&account.source, "link"));
        info!(address = %self.peer, source = account.source, "host link open");
    }

    /// Something came from the peer.
    fn heard(&mut self) {
        self.heard_at = Instant::now();
    }

    /// The line has ended, and what it took is stored and answered.
    fn closed(&mut self, reason: &'static str) {
        if let Some(told) = self.told.take() {
            told.close(reason);
        }
        let account = self.session.account();
        if account.is_some() {
            self.open.fetch_sub(1, Ordering::Relaxed);
        }
        let source = account.map(|account| account.source.as_str()).unwrap_or_default();
        info!(address = %self.peer, source, outcome = reason, "host link closed");
    }

    fn read(&mut self, read: &io::Result<usize>) -> Result<(), &'static str> {
        match read {
            Ok(0) => return Err("the peer closed"),
            Ok(_) => {}
            Err(_) => return Err("the line broke"),
        }
        self.heard();
        self.frames()
    }

    fn frames(&mut self) -> Result<(), &'static str> {
        loop {
            match frame::take(&mut self.input) {
                Ok(Some(frame)) => {
                    let acts = self.session.take(frame);
                    self.act(acts)?;
                }
                Ok(None) => return Ok(()),
                Err(error) => {
                    warn!(address = %self.peer, error = %error, "bytes on a host link are no frame");
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
        let messages: Vec<_> = batch.iter().map(|(_, data)| data.clone()).collect();
        let store = async move {
            let actor = format!("link/{source}");
            let bringer = Bringer { source: &source, actor: &actor, transport: "link", cause: None };
            receiving.store(bringer, &messages).await
        };
        self.storing = Some((batch, tokio::spawn(store)));
    }

    fn stored(&mut self, batch: Batch, outcome: &Outcome) -> Result<(), &'static str> {
        match (outcome, self.session.account()) {
            (Ok(on_disk), Some(account)) => {
                self.answering.stored(&account.source, on_disk, batch.iter().map(|(_, data)| data));
            }
            (Ok(_), None) => {}
            (Err(error), _) => {
                warn!(address = %self.peer, error = %error, "messages of a host link could not be stored");
            }
        }
        for (id, data) in batch {
            let acts = self.session.stored(id, data, outcome.is_ok());
            self.act(acts)?;
        }
        Ok(())
    }

    /// Tells the peer what became of its messages.
    fn answer(&mut self, answers: Vec<String>) -> Result<(), &'static str> {
        answers.into_iter().try_for_each(|answer| {
            let acts = self.session.say(answer.into());
            self.act(acts)
        })
    }

    fn say_alive(&mut self) {
        if let Some(account) = self.session.account() {
            // It fits: it has no data.
            let _ = Frame::bare(account.app, Kind::Status, 0).write(&mut self.output);
        }
    }

    async fn flush(&mut self) -> Result<(), &'static str> {
        if self.output.is_empty() || self.is_mute {
            return Ok(());
        }
        let written = time::timeout(WRITE_TIMEOUT, async {
            self.stream.write_all(&self.output).await?;
            self.stream.flush().await
        });
        let written = written.await;
        self.output.clear();
        self.is_mute = !matches!(written, Ok(Ok(())));
        match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err("the line broke"),
            Err(_) => Err("the peer takes no answers"),
        }
    }
}

/// Waits until messages are on disk; for ever when none are on their way.
async fn finished(storing: &mut Option<Storing>) -> (Batch, Outcome) {
    let Some((_, work)) = storing else { return pending().await };
    let outcome = work.await;
    let (batch, _) = storing.take().expect("it was there and is ours alone");
    (batch, outcome.map_err(StoreError::from).and_then(|stored| stored.map_err(StoreError::from)))
}

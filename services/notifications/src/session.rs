//! A session: one device that receives the notices of its person.
//!
//! Plain, without a wire: gRPC `Watch` and the WebSocket are two codecs of it.
//! It says hello, hands out what was missed since its resume token, then each
//! notice as it comes. Within a session sequence numbers are contiguous: a client
//! that sees a gap has met a defect. So of a notice that was missed and is of no use
//! any more its place is handed out, and nothing else. A snapshot has no places to
//! keep: it leaves out such notices, and those that a newer one takes the place of.
//!
//! A first session begins after what is there now. When more than
//! [`MAX_RECOVERED_NOTICES`] were missed, or the token is of another epoch or
//! from the future, the session is told that it did not recover and gets a
//! snapshot of the newest notices that are still of use.

use std::{
    collections::{HashSet, VecDeque},
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use airside_api::notifications::v1;
use airside_kernel::{
    Classified, Clock, Code, DecodeError, Direction, EventStore, PersonId, ReadError, Revision, StreamId,
};
use thiserror::Error;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use crate::{
    hub::{Hub, MAX_SESSIONS_PER_PERSON, Mailbox, Overflown, Registration},
    item::Item,
    model::{self, Locale},
    trail::{self, Trails},
};

/// The most notices that a session recovers one by one.
pub const MAX_RECOVERED_NOTICES: u64 = 1_000;
/// The most notices in a snapshot.
pub const MAX_SNAPSHOT_NOTICES: usize = 100;
/// How long a session is silent at most.
pub const PING_INTERVAL: Duration = Duration::from_secs(25);
/// How many notices history comes in at once.
const HISTORY_PAGE: usize = 100;
/// How far back a snapshot looks for notices that are still of use.
const SNAPSHOT_LOOKS_BACK: usize = 512;
/// Over how long the sessions of a server that stops come back.
const RECONNECT_SPREAD_MS: u32 = 5_000;
/// When a slow session may come back.
const SLOW_RECONNECT_MS: u32 = 500;

/// Where an earlier session ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resume {
    /// The epoch of the inbox, from [`Hello`].
    pub epoch: String,
    /// The last sequence number received.
    pub seq: u64,
}

/// The first frame of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// The epoch of the inbox.
    pub epoch: String,
    /// The sequence number after which notices follow.
    pub seq: u64,
    /// True when everything since the resume token follows; false when a snapshot does.
    pub recovered: bool,
}

/// A frame of a session.
#[derive(Debug, Clone)]
pub enum Frame {
    /// The first frame.
    Hello(Hello),
    /// In place of history when too much was missed.
    Snapshot {
        /// The sequence number that it stands at.
        seq: u64,
        /// The newest notices that are still of use, oldest first.
        notices: Vec<Arc<Item>>,
    },
    /// Notices, oldest first, contiguous.
    Notices(Vec<Arc<Item>>),
    /// Shows that the line lives.
    Ping,
    /// The last frame: come back and resume.
    Drain {
        /// Why.
        reason: CloseReason,
        /// Wait this long first.
        reconnect_after_ms: u32,
    },
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// The server stops.
    Shutdown,
    /// The session did not keep up.
    Slow,
}

impl CloseReason {
    /// Returns the reason on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shutdown => "shutdown",
            Self::Slow => "slow",
        }
    }
}

impl Frame {
    /// Returns the frame as both wires send it, in the words of a language.
    pub fn message(&self, locale: Locale) -> v1::WatchResponse {
        use v1::watch_response::Frame as Wire;
        let notices = |items: &[Arc<Item>]| items.iter().map(|item| item.message(locale)).collect();
        let frame = match self {
            Self::Hello(Hello { epoch, seq, recovered }) => Wire::Hello(v1::Hello {
                epoch: epoch.clone(),
                seq: *seq,
                recovered: *recovered,
                ping_interval_ms: u32::try_from(PING_INTERVAL.as_millis()).unwrap_or(u32::MAX),
                token_expires_in_ms: 0,
            }),
            Self::Snapshot { seq, notices: items } => {
                Wire::Snapshot(v1::Snapshot { seq: *seq, notices: notices(items) })
            }
            Self::Notices(items) => Wire::Notices(v1::Notices { notices: notices(items) }),
            Self::Ping => Wire::Ping(v1::Ping {}),
            Self::Drain { reason, reconnect_after_ms } => Wire::Drain(v1::Drain {
                reconnect_after_ms: *reconnect_after_ms,
                reason: reason.as_str().to_owned(),
            }),
        };
        v1::WatchResponse { frame: Some(frame) }
    }
}

/// A session that cannot open or go on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SessionError {
    /// The person has too many sessions here.
    #[error("there are {MAX_SESSIONS_PER_PERSON} sessions already: close one of them, then open another")]
    TooMany,
    /// The server stops.
    #[error("the server is stopping: come back in a few seconds")]
    Stopping,
    /// The inbox could not be read.
    #[error("inbox could not be read")]
    Read(#[source] ReadError),
    /// A stored notice could not be read.
    #[error("stored notice could not be read")]
    Decode(#[source] DecodeError),
}

impl Classified for SessionError {
    fn code(&self) -> Code {
        match self {
            Self::TooMany => Code::ResourceExhausted,
            Self::Stopping => Code::Unavailable,
            Self::Read(error) => error.code(),
            Self::Decode(_) => Code::DataLoss,
        }
    }
}

/// Opens sessions.
#[derive(Clone)]
pub struct Sessions {
    store: Arc<dyn EventStore>,
    clock: Arc<dyn Clock>,
    hub: Hub,
    stop: watch::Receiver<bool>,
    opened: Arc<AtomicU32>,
}

impl Sessions {
    /// Makes an opener of sessions that end when `stop` turns true.
    pub fn new(
        store: Arc<dyn EventStore>,
        clock: Arc<dyn Clock>,
        hub: Hub,
        stop: watch::Receiver<bool>,
    ) -> Self {
        Self { store, clock, hub, stop, opened: Arc::default() }
    }

    /// Opens a session of a person, from a resume token or, without one, after
    /// what is there now.
    ///
    /// # Errors
    /// When the person has too many sessions, the server stops, or the inbox cannot be read.
    pub async fn open(&self, person: PersonId, resume: Option<Resume>) -> Result<Session, SessionError> {
        if *self.stop.borrow() {
            return Err(SessionError::Stopping);
        }
        // Registered before anything is read, so that nothing is missed.
        let registration = self.hub.register(person).ok_or(SessionError::TooMany)?;
        let inbox = self.inbox(person);
        let last = inbox.last_seq().await?;
        let epoch = self.epoch(person);
        let (seq, recovered) = match resume {
            None => (last, true),
            Some(token) if token.epoch == epoch && recovers(token.seq, last) => (token.seq, true),
            Some(_) => (last, false),
        };
        let mut opening = VecDeque::from([Frame::Hello(Hello { epoch, seq, recovered })]);
        if !recovered {
            opening.push_back(Frame::Snapshot { seq, notices: inbox.snapshot(seq).await? });
        }
        let number = self.opened.fetch_add(1, Ordering::Relaxed);
        let reader = Reader { inbox, registration, seq, is_live: false };
        Ok(Session {
            opening,
            reader,
            stop: self.stop.clone(),
            ping_at: Instant::now() + PING_INTERVAL,
            reconnect_after_ms: spread(number),
            closed: None,
            is_over: false,
        })
    }

    /// Returns the epoch of a person's inbox.
    pub fn epoch(&self, person: PersonId) -> String {
        model::epoch(self.store.log_id(), self.store.generation(), person)
    }

    /// Returns the newest sequence number of a person's inbox, 0 when it is empty.
    ///
    /// # Errors
    /// When the inbox cannot be read.
    pub async fn last_seq(&self, person: PersonId) -> Result<u64, SessionError> {
        self.inbox(person).last_seq().await
    }

    fn inbox(&self, person: PersonId) -> Inbox {
        Inbox { store: self.store.clone(), clock: self.clock.clone(), stream: model::inbox(person) }
    }

    /// Returns what became of the newest notices of a person.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn trails(&self, person: PersonId) -> Result<Trails, SessionError> {
        trail::read(self.store.as_ref(), person).await
    }

    /// Returns the newest notices of a person before `before_seq` (0: from the
    /// newest), newest first, and the newest sequence number.
    ///
    /// # Errors
    /// When the inbox cannot be read.
    pub async fn list(
        &self,
        person: PersonId,
        before_seq: u64,
        limit: usize,
    ) -> Result<(Vec<Item>, u64), SessionError> {
        let inbox = self.inbox(person);
        let last_seq = inbox.last_seq().await?;
        let end = last_seq + 1;
        let before_seq = if before_seq == 0 { end } else { before_seq.min(end) };
        Ok((inbox.before(before_seq, limit).await?, last_seq))
    }
}

/// Whether what was missed since `seq` can be handed out one by one.
fn recovers(seq: u64, last: u64) -> bool {
    last.checked_sub(seq).is_some_and(|missed| missed <= MAX_RECOVERED_NOTICES)
}

/// Returns when session number `number` comes back: evenly spread without
/// chance, because multiples of the golden ratio leave no cluster.
fn spread(number: u32) -> u32 {
    let turn = u64::from(number.wrapping_mul(0x9E37_79B9));
    u32::try_from((turn * u64::from(RECONNECT_SPREAD_MS)) >> 32).unwrap_or(0)
}

/// One device that receives the notices of its person.
pub struct Session {
    opening: VecDeque<Frame>,
    reader: Reader,
    stop: watch::Receiver<bool>,
    ping_at: Instant,
    reconnect_after_ms: u32,
    closed: Option<CloseReason>,
    is_over: bool,
}

impl Session {
    /// Waits for the next frame; `None` after the last. Safe to cancel: nothing
    /// is lost when the future is dropped.
    ///
    /// # Errors
    /// When the inbox cannot be read; the session is over then.
    pub async fn next(&mut self) -> Result<Option<Frame>, SessionError> {
        if self.is_over {
            return Ok(None);
        }
        let frame = match self.opening.pop_front() {
            Some(frame) => frame,
            None => tokio::select! {
                biased;
                () = stopped(&mut self.stop) => self.drain(CloseReason::Shutdown),
                notices = self.reader.next() => match notices {
                    Ok(Ok(notices)) => Frame::Notices(notices),
                    Ok(Err(Overflown)) => self.drain(CloseReason::Slow),
                    Err(error) => {
                        self.is_over = true;
                        return Err(error);
                    }
                },
                () = sleep_until(self.ping_at) => Frame::Ping,
            },
        };
        self.ping_at = Instant::now() + PING_INTERVAL;
        Ok(Some(frame))
    }

    /// Returns why the session ended, once it has.
    pub fn close_reason(&self) -> Option<CloseReason> {
        self.closed
    }

    fn drain(&mut self, reason: CloseReason) -> Frame {
        self.closed = Some(reason);
        self.is_over = true;
        let reconnect_after_ms = match reason {
            CloseReason::Shutdown => self.reconnect_after_ms,
            CloseReason::Slow => SLOW_RECONNECT_MS,
        };
        Frame::Drain { reason, reconnect_after_ms }
    }
}

/// Waits until the server stops.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        // Nobody is left to say so.
        pending::<()>().await;
    }
}

/// Reads history, then what comes live.
struct Reader {
    inbox: Inbox,
    registration: Registration,
    /// The last sequence number handed out.
    seq: u64,
    is_live: bool,
}

impl Reader {
    fn mailbox(&self) -> &Mailbox {
        &self.registration.mailbox
    }

    async fn next(&mut self) -> Result<Result<Vec<Arc<Item>>, Overflown>, SessionError> {
        while !self.is_live {
            let notices = self.inbox.after(self.seq, HISTORY_PAGE).await?;
            if let Some(last) = notices.last() {
                self.seq = last.seq;
                return Ok(Ok(notices));
            }
            self.is_live = self.mailbox().go_live(self.seq);
        }
        let notices = self.mailbox().take().await;
        self.seq = notices.iter().flatten().last().map_or(self.seq, |item| item.seq);
        Ok(notices)
    }
}

/// One inbox in the log.
struct Inbox {
    store: Arc<dyn EventStore>,
    clock: Arc<dyn Clock>,
    stream: StreamId,
}

impl Inbox {
    async fn last_seq(&self) -> Result<u64, SessionError> {
        let page = self.store.read_stream(&self.stream, Direction::Backwards, None, 1).await;
        let page = page.map_err(SessionError::Read)?;
        Ok(page.events.first().map_or(0, |event| event.revision().0 + 1))
    }

    /// Reads notices after `seq`, oldest first; of those that are of no use now their places alone.
    async fn after(&self, seq: u64, limit: usize) -> Result<Vec<Arc<Item>>, SessionError> {
        let (items, now) = (self.read(Direction::Forwards, Revision(seq), limit).await?, self.clock.now());
        Ok(items.into_iter().map(|item| Arc::new(item.as_of(now))).collect())
    }

    /// Reads notices before `seq`, newest first.
    async fn before(&self, seq: u64, limit: usize) -> Result<Vec<Item>, SessionError> {
        match seq.checked_sub(2) {
            Some(revision) => self.read(Direction::Backwards, Revision(revision), limit).await,
            None => Ok(Vec::new()),
        }
    }

    async fn read(
        &self,
        direction: Direction,
        from: Revision,
        limit: usize,
    ) -> Result<Vec<Item>, SessionError> {
        let page = self.store.read_stream(&self.stream, direction, Some(from), limit).await;
        let page = page.map_err(SessionError::Read)?;
        page.events.iter().map(Item::read).collect::<Result<_, _>>().map_err(SessionError::Decode)
    }

    /// Reads the newest notices up to `seq` that are of use now and that no newer one takes the place
    /// of, oldest first.
    async fn snapshot(&self, seq: u64) -> Result<Vec<Arc<Item>>, SessionError> {
        let (newest, now) = (self.before(seq + 1, SNAPSHOT_LOOKS_BACK).await?, self.clock.now());
        let replaced: HashSet<_> = newest.iter().filter_map(|item| item.notice.supersedes).collect();
        let stands = |item: &Item| item.is_of_use(now) && !replaced.contains(&item.notice.id);
        let of_use = newest.into_iter().filter(stands).take(MAX_SNAPSHOT_NOTICES);
        let mut notices: Vec<_> = of_use.map(Arc::new).collect();
        notices.reverse();
        Ok(notices)
    }
}

#[cfg(test)]
mod tests;

//! The end of the log, read once for all who follow it in a process.
//!
//! A task keeps one open read after the head and the last events of it, as long
//! as anybody follows. Any end of the open read, with or without an error or a
//! status, is a disconnect: the members are asked anew, and reading goes on after
//! the last event that was read. What was read before is never handed out again,
//! whatever a node sends. The read has a connection of its own.
//!
//! A node that has lost its place can keep a connection open and silent. So
//! after some silence the head of the log is asked for by the ordinary way; when
//! it has moved and still nothing comes, that counts as a disconnect too. Heads
//! and pages are the leader's; the open read is of the member that the address
//! prefers, which may be told later.
//!
//! A page says that it reached the head only when the node says so: in history,
//! which comes after a disconnect, the last events are held until the next one,
//! or the word that there is none.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use airside_kernel::{Page, Position, ReadError, RecordedEvent};
use futures::FutureExt;
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep, sleep_until, timeout},
};
use tonic::{Status, Streaming};
use tracing::{debug, info};

use super::{
    cluster::{Cluster, Member, jittered},
    envelope::Opener,
    fault::Fault,
    following::PAGE_EVENTS,
    reading::{News, client_on, head, subscription},
    wire::streams::ReadResp,
};

/// The most events that are kept for followers, and their most bytes.
const KEPT_EVENTS: usize = 8_192;
const KEPT_BYTES: usize = 16 << 20;

/// How long nothing may come before the head of the log is asked for.
const SILENCE: Duration = Duration::from_millis(1_500);

/// How long a node may take to confirm an open read.
const OPEN: Duration = Duration::from_secs(3);

/// The pauses between two disconnects grow from here.
const PAUSE: Duration = Duration::from_millis(30);

/// The longest pause between two disconnects.
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// How many refusals in a row are told to whom follows.
const DOUBTS: u32 = 4;

/// The end of the log as followers find it.
pub(crate) struct Tail {
    cluster: Arc<Cluster>,
    shared: Mutex<Shared>,
    news: watch::Sender<()>,
}

#[derive(Default)]
struct Shared {
    followers: usize,
    reader: Option<JoinHandle<()>>,
    /// Counts the readers; one that was ended says nothing any more.
    life: u64,
    kept: Option<Kept>,
    failures: u64,
    failure: Option<ReadError>,
}

/// What was read after a position, without a gap.
struct Kept {
    floor: Option<Position>,
    events: VecDeque<RecordedEvent>,
    bytes: usize,
    /// Whether the last of them was the last of the log.
    is_at_head: bool,
}

/// What comes after a position.
pub(crate) enum Found {
    /// These events.
    Page(Page),
    /// Nothing yet.
    Nothing,
    /// Events that are not kept.
    Earlier,
    /// Nobody knows yet where what is kept begins.
    Unknown,
}

impl Tail {
    /// Makes one that reads nothing before somebody follows.
    pub(crate) fn new(cluster: Arc<Cluster>) -> Self {
        Self { cluster, shared: Mutex::default(), news: watch::Sender::new(()) }
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a follower in, and begins to read with the first. Returns where it hears of news, and how
    /// many failures there were before it came.
    pub(crate) fn joined(tail: &Arc<Self>) -> (watch::Receiver<()>, u64) {
        let mut shared = tail.shared();
        shared.followers += 1;
        if shared.reader.is_none() {
            shared.life += 1;
            let reader = Reader {
                tail: Arc::clone(tail),
                life: shared.life,
                after: None,
                opener: Opener::default(),
                waiting: Vec::new(),
                is_live: false,
            };
            shared.reader = Some(tokio::spawn(reader.run()));
        }
        (tail.news.subscribe(), shared.failures)
    }

    /// Counts a follower out, and ends the read with the last.
    pub(crate) fn left(&self) {
        let mut shared = self.shared();
        shared.followers -= 1;
        if shared.followers == 0 {
            shared.life += 1;
            shared.kept = None;
            if let Some(reader) = shared.reader.take() {
                reader.abort();
            }
        }
    }

    /// Returns what comes after a position.
    pub(crate) fn after(&self, after: Option<Position>) -> Found {
        match &self.shared().kept {
            Some(kept) => kept.after(after),
            None => Found::Unknown,
        }
    }

    /// Returns why the log cannot be followed, if that was not heard yet.
    pub(crate) fn failed(&self, heard: &mut u64) -> Option<ReadError> {
        let shared = self.shared();
        if *heard == shared.failures {
            return None;
        }
        *heard = shared.failures;
        shared.failure.clone()
    }

    /// Changes what is shared, unless the reader was ended, and tells followers.
    fn tell(&self, life: u64, change: impl FnOnce(&mut Shared)) {
        let mut shared = self.shared();
        if shared.life == life {
            change(&mut shared);
            drop(shared);
            self.news.send_replace(());
        }
    }
}

impl Kept {
    fn from(floor: Option<Position>) -> Self {
        Self { floor, events: VecDeque::new(), bytes: 0, is_at_head: false }
    }

    fn after(&self, after: Option<Position>) -> Found {
        if after < self.floor {
            return Found::Earlier;
        }
        let begin = self.events.partition_point(|event| Some(event.position()) <= after);
        let events: Vec<_> = self.events.range(begin..).take(PAGE_EVENTS).cloned().collect();
        if events.is_empty() {
            return Found::Nothing;
        }
        let end = self.is_at_head && begin + events.len() == self.events.len();
        Found::Page(Page { events, end })
    }

    fn push(&mut self, event: RecordedEvent) {
        self.bytes += bytes(&event);
        self.events.push_back(event);
        while self.events.len() > KEPT_EVENTS || self.bytes > KEPT_BYTES {
            let Some(oldest) = self.events.pop_front() else { return };
            self.bytes -= bytes(&oldest);
            self.floor = Some(oldest.position());
        }
    }
}

fn bytes(event: &RecordedEvent) -> usize {
    event.payload().len() + event.metadata_bytes().len()
}

struct Reader {
    tail: Arc<Tail>,
    life: u64,
    /// The last event that was read.
    after: Option<Position>,
    opener: Opener,
    /// What was read and is not kept yet.
    waiting: Vec<RecordedEvent>,
    /// Whether the node said that history has ended.
    is_live: bool,
}

impl Reader {
    async fn run(mut self) {
        self.begin().await;
        let (mut pause, mut doubts) = (PAUSE, 0);
        loop {
            let before = self.after;
            let ended = match self.connect().await {
                Ok((member, news)) => Some((member, self.read(news).await)),
                Err(ended) => ended,
            };
            if self.after != before {
                (pause, doubts) = (PAUSE, 0);
            }
            if let Some((member, fault)) = ended {
                info!(address = %member.endpoint, reason = %fault.reason(), "following the log is resumed");
                if matches!(fault, Fault::Doubtful(_) | Fault::Refused(_) | Fault::TooLarge(_)) {
                    doubts += 1;
                }
                if doubts >= DOUBTS {
                    doubts = 0;
                    self.fail(ReadError::Unavailable { reason: fault.reason() });
                }
                if !matches!(fault, Fault::Dropped(_)) {
                    self.tail.cluster.lost(&member, &fault).await;
                }
            }
            sleep(jittered(pause)).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// Begins at the head: what was before is history, which followers read by pages.
    async fn begin(&mut self) {
        loop {
            match head(&self.tail.cluster).await {
                Ok(head) => {
                    self.after = head;
                    return self.tail.tell(self.life, |shared| shared.kept = Some(Kept::from(head)));
                }
                Err(error) => self.fail(error),
            }
            sleep(jittered(PAUSE)).await;
        }
    }

    fn fail(&self, error: ReadError) {
        self.tail.tell(self.life, |shared| {
            shared.failures += 1;
            shared.failure = Some(error);
        });
    }

    /// Opens a read after the last event, on a connection of its own.
    async fn connect(&self) -> Result<(Member, Streaming<ReadResp>), Option<(Member, Fault)>> {
        let cluster = &self.tail.cluster;
        let until = Instant::now() + cluster.address().deadline;
        let member = match cluster.followed(until).await {
            Ok(member) => member,
            Err(fault) => {
                debug!(reason = %fault.reason(), "nobody can be followed");
                return Err(None);
            }
        };
        let opened = async {
            let channel = cluster.dial(&member.endpoint).await?;
            let request = cluster.follow_request(subscription(self.after));
            client_on(channel).read(request).await.map_err(|status| Fault::of(&status))
        };
        match timeout(OPEN, opened).await {
            Ok(Ok(response)) => Ok((member, response.into_inner())),
            Ok(Err(fault)) => Err(Some((member, fault))),
            Err(_) => Err(Some((member, Fault::Broken("the read is not opened in time".to_owned())))),
        }
    }

    /// Reads until the read ends, and says why it did.
    async fn read(&mut self, mut news: Streaming<ReadResp>) -> Fault {
        self.is_live = false;
        let mut quiet_until = Instant::now() + SILENCE;
        let mut seen_at_silence = None;
        loop {
            tokio::select! {
                message = news.message() => {
                    quiet_until = Instant::now() + SILENCE;
                    seen_at_silence = None;
                    let mut fault = self.note(message);
                    // What came with it is told with it.
                    while fault.is_none() && self.waiting.len() < PAGE_EVENTS {
                        let Some(message) = news.message().now_or_never() else { break };
                        fault = self.note(message);
                    }
                    self.keep();
                    if let Some(fault) = fault {
                        return fault;
                    }
                }
                () = sleep_until(quiet_until) => {
                    if seen_at_silence.is_some_and(|head| Some(head) > self.after) {
                        return Fault::Broken("the log goes on and nothing comes".to_owned());
                    }
                    let asked = timeout(SILENCE, head(&self.tail.cluster)).await;
                    seen_at_silence = asked.ok().and_then(Result::ok).flatten();
                    quiet_until = Instant::now() + SILENCE;
                }
            }
        }
    }

    /// Takes in a message; returns why the read ended, if it did.
    fn note(&mut self, message: Result<Option<ReadResp>, Status>) -> Option<Fault> {
        let message = match message {
            Ok(Some(message)) => message,
            Ok(None) => return Some(Fault::Broken("the node ended the read".to_owned())),
            Err(status) => return Some(Fault::of(&status)),
        };
        match News::of(message) {
            News::Event(event) => match self.opener.open(&event) {
                Ok(event) if Some(event.position()) > self.after => {
                    self.after = Some(event.position());
                    self.waiting.push(event);
                }
                Ok(_) => {}
                Err(error) => return Some(Fault::Doubtful(error.to_string())),
            },
            News::CaughtUp => self.is_live = true,
            News::FellBehind => self.is_live = false,
            News::Other => {}
        }
        None
    }

    /// Keeps what followers may have now.
    fn keep(&mut self) {
        let is_at_head = self.is_live;
        let held = usize::from(!is_at_head);
        if self.waiting.len() <= held {
            return;
        }
        let rest = self.waiting.split_off(self.waiting.len() - held);
        let read = std::mem::replace(&mut self.waiting, rest);
        self.tail.tell(self.life, |shared| {
            let Some(kept) = &mut shared.kept else { return };
            read.into_iter().for_each(|event| kept.push(event));
            kept.is_at_head = is_at_head;
        });
    }
}

//! Following the whole log: our own loop over one open read.
//!
//! A task of its own reads and keeps the place; the follower takes pages from
//! it, so a wait that is cancelled loses nothing and delays nothing. Any end of
//! the open read, with or without an error or a status, is a disconnect: the
//! members are asked anew, and reading goes on after the last event that was
//! read. What was read before is never handed out again, whatever a node sends.
//! Each reader has a connection of its own, so that one which is slow holds up
//! nobody else.
//!
//! A node that has lost its place can keep a connection open and silent. So
//! after some silence the head of the log is asked for by the ordinary way; when
//! it has moved and still nothing comes, that counts as a disconnect too.
//!
//! A page says that it reached the head only when the node says so: in history
//! the last events are held until the next one, or the word that there is none.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use airside_kernel::{Follow, Page, Position, ReadError, RecordedEvent};
use async_trait::async_trait;
use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, sleep, sleep_until, timeout},
};
use tonic::{Status, Streaming};
use tracing::{debug, info};

use super::{
    cluster::{Cluster, Member, jittered},
    envelope::Opener,
    fault::Fault,
    reading::{News, client_on, head, subscription},
    wire::streams::ReadResp,
};

/// The most events in a page that a follower is handed.
const PAGE_EVENTS: usize = 1_000;

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

/// The pages of a running reader, and the reader.
type Reading = (mpsc::Receiver<Result<Page, ReadError>>, JoinHandle<()>);

/// A follower of a cluster's log.
pub(crate) struct Follower {
    cluster: Arc<Cluster>,
    after: Option<Position>,
    reading: Option<Reading>,
}

impl Follower {
    /// Begins after a position; asks nobody before the first wait.
    pub(crate) fn new(cluster: Arc<Cluster>, after: Option<Position>) -> Self {
        Self { cluster, after, reading: None }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        if let Some((_, task)) = &self.reading {
            task.abort();
        }
    }
}

#[async_trait]
impl Follow for Follower {
    async fn next(&mut self) -> Result<Page, ReadError> {
        let (pages, _) = self.reading.get_or_insert_with(|| {
            // One page waits while the next is read.
            let (out, pages) = mpsc::channel(1);
            let reader = Reader::new(self.cluster.clone(), self.after, out);
            (pages, tokio::spawn(reader.run()))
        });
        match pages.recv().await {
            Some(Ok(page)) => {
                self.after = page.events.last().map(RecordedEvent::position).or(self.after);
                Ok(page)
            }
            Some(Err(error)) => Err(error),
            None => {
                self.reading = None;
                Err(ReadError::Unavailable { reason: "the reader of the log ended".to_owned() })
            }
        }
    }
}

/// Who is told is gone.
struct Unheard;

struct Reader {
    cluster: Arc<Cluster>,
    /// The last event that was read.
    after: Option<Position>,
    opener: Opener,
    /// What was read and not handed out.
    waiting: VecDeque<RecordedEvent>,
    /// Whether the node said that history has ended.
    is_live: bool,
    out: mpsc::Sender<Result<Page, ReadError>>,
}

impl Reader {
    fn new(
        cluster: Arc<Cluster>,
        after: Option<Position>,
        out: mpsc::Sender<Result<Page, ReadError>>,
    ) -> Self {
        Self { cluster, after, opener: Opener::default(), waiting: VecDeque::new(), is_live: false, out }
    }

    async fn run(mut self) {
        let (mut pause, mut doubts) = (PAUSE, 0);
        loop {
            let before = self.after;
            let ended = match self.connect().await {
                Ok((member, news)) => match self.read(news).await {
                    Ok(fault) => Some((member, fault)),
                    Err(Unheard) => return,
                },
                Err(Some((member, fault))) => Some((member, fault)),
                Err(None) => None,
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
                    let told = self.out.send(Err(ReadError::Unavailable { reason: fault.reason() })).await;
                    if told.is_err() {
                        return;
                    }
                }
                if !matches!(fault, Fault::Dropped(_)) {
                    self.cluster.lost(&member, &fault).await;
                }
            }
            sleep(jittered(pause)).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// Opens a read after the last event, on a connection of its own.
    async fn connect(&self) -> Result<(Member, Streaming<ReadResp>), Option<(Member, Fault)>> {
        let until = Instant::now() + self.cluster.address().deadline;
        let member = match self.cluster.member(until).await {
            Ok(member) => member,
            Err(fault) => {
                debug!(reason = %fault.reason(), "nobody can be followed");
                return Err(None);
            }
        };
        let opened = async {
            let channel = self.cluster.dial(&member.endpoint).await?;
            let request = self.cluster.request(subscription(self.after), None);
            client_on(channel).read(request).await.map_err(|status| Fault::of(&status))
        };
        match timeout(OPEN, opened).await {
            Ok(Ok(response)) => Ok((member, response.into_inner())),
            Ok(Err(fault)) => Err(Some((member, fault))),
            Err(_) => Err(Some((member, Fault::Broken("the read is not opened in time".to_owned())))),
        }
    }

    /// Reads until the read ends, and says why it did.
    async fn read(&mut self, mut news: Streaming<ReadResp>) -> Result<Fault, Unheard> {
        self.is_live = false;
        let out = self.out.clone();
        let mut quiet_until = Instant::now() + SILENCE;
        let mut seen_at_silence = None;
        loop {
            let ready = self.ready();
            tokio::select! {
                biased;
                permit = out.reserve(), if ready > 0 => {
                    let permit = permit.map_err(|_| Unheard)?;
                    permit.send(Ok(self.take(ready)));
                }
                message = news.message(), if self.waiting.len() <= PAGE_EVENTS => {
                    quiet_until = Instant::now() + SILENCE;
                    seen_at_silence = None;
                    if let Some(fault) = self.note(message) {
                        return Ok(fault);
                    }
                }
                () = sleep_until(quiet_until), if ready == 0 => {
                    if seen_at_silence.is_some_and(|head| Some(head) > self.after) {
                        return Ok(Fault::Broken("the log goes on and nothing comes".to_owned()));
                    }
                    let asked = timeout(SILENCE, head(&self.cluster)).await;
                    seen_at_silence = asked.ok().and_then(Result::ok).flatten();
                    quiet_until = Instant::now() + SILENCE;
                }
                () = out.closed() => return Err(Unheard),
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
                    self.waiting.push_back(event);
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

    /// Returns how many events can be handed out now.
    fn ready(&self) -> usize {
        match self.waiting.len() {
            waiting if self.is_live || waiting > PAGE_EVENTS => waiting.min(PAGE_EVENTS),
            _ => 0,
        }
    }

    fn take(&mut self, count: usize) -> Page {
        let events: Vec<_> = self.waiting.drain(..count).collect();
        Page { end: self.is_live && self.waiting.is_empty(), events }
    }
}

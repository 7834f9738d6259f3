//! What all nodes of the double share: the log, the members, what is to go wrong.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicUsize},
    time::Duration,
};

use airside_kernel::{Clock, Timestamp};
use airside_store::kurrent::wire::gossip::member_info::VNodeState;
use tokio::sync::watch;
use tonic::{
    Code, Status,
    metadata::{MetadataMap, MetadataValue},
};

use super::log::{Believed, Log, Proposed, Written};

/// What goes wrong with an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The connection is lost before anything is stored.
    LostBefore,
    /// It is stored and the answer is lost.
    LostAfter,
    /// Nothing is stored and no answer comes.
    SilentBefore,
    /// It is stored and no answer comes.
    SilentAfter,
    /// The operation is given up for want of a majority; nothing is stored.
    Aborted,
    /// The operation is given up, and stored all the same.
    AbortedAfter,
    /// The node is starting.
    NotReady,
    /// The call ends without a status; nothing is stored.
    EndedBefore,
    /// The call ends without a status, and it is stored.
    EndedAfter,
    /// It is stored, and answered when others have been meanwhile.
    Late,
}

/// A member as the others see it.
#[derive(Debug, Clone)]
pub(super) struct Seat {
    pub(super) address: SocketAddr,
    pub(super) state: VNodeState,
    pub(super) is_alive: bool,
}

/// What can be turned while it runs.
#[derive(Debug, Clone, Default)]
pub(super) struct Levers {
    pub(super) troubles: VecDeque<Trouble>,
    /// Reads end after so many events, without a status, so many times.
    pub(super) short_reads: usize,
    /// How many records those who do not lead have heard of; all of them when `None`.
    pub(super) followers_know: Option<usize>,
    /// Open reads get nothing any more.
    pub(super) is_silent: bool,
    pub(super) has_no_majority: bool,
    pub(super) version: String,
    /// The time that its answers say; the machine's own when `None`.
    pub(super) now: Option<Timestamp>,
    /// Who may call; anybody when `None`.
    pub(super) user: Option<(String, String)>,
}

/// What the nodes share.
pub(super) struct World {
    pub(super) clock: Arc<dyn Clock>,
    log: Mutex<Log>,
    seats: Mutex<Vec<Seat>>,
    levers: Mutex<Levers>,
    /// The position of the last record.
    pub(super) head: watch::Sender<u64>,
    /// How often a call for many appends was opened.
    pub(super) batch_calls: AtomicUsize,
    /// How many of them are open.
    pub(super) open_calls: AtomicUsize,
    /// Counts how often the open reads were ended, and how.
    pub(super) ended: watch::Sender<(u64, Ending)>,
}

/// How open reads end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// With status OK, as if there were no more.
    Clean,
    /// Without any status.
    Cut,
    /// With an error.
    Broken,
    /// With the word that its reader is too slow.
    Dropped,
}

/// How long an operation waits for a majority that is not there.
const ABORT_AFTER: Duration = Duration::from_millis(300);

/// How long a late answer is held back.
const LATE: Duration = Duration::from_millis(100);

/// What a node says that is starting.
pub(super) const NOT_READY: &str = "Server Is Not Ready";

impl World {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        let log = Log::new(ticks(&*clock));
        let levers = Levers { version: "23.10.8.0".to_owned(), ..Levers::default() };
        Self {
            head: watch::Sender::new(log.head()),
            clock,
            log: Mutex::new(log),
            seats: Mutex::default(),
            levers: Mutex::new(levers),
            batch_calls: AtomicUsize::new(0),
            open_calls: AtomicUsize::new(0),
            ended: watch::Sender::new((0, Ending::Clean)),
        }
    }

    pub(super) fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn seats(&self) -> MutexGuard<'_, Vec<Seat>> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn levers(&self) -> MutexGuard<'_, Levers> {
        self.levers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> i64 {
        ticks(&*self.clock)
    }

    /// Returns how many of `records` a node knows of.
    pub(super) fn known_to(&self, node: usize, records: usize) -> usize {
        let leads = self.seats().get(node).is_some_and(|seat| seat.state == VNodeState::Leader);
        let known = self.levers().followers_know.filter(|_| !leads);
        known.unwrap_or(records).min(records)
    }

    /// Lets those who do not lead hear of nothing new, or of everything.
    pub(super) fn hold_followers(&self, hold: bool) {
        let records = self.log().records().len();
        self.levers().followers_know = hold.then_some(records);
        self.head.send_modify(|_| {});
    }

    /// Tells open reads that records were written.
    fn wrote(&self) {
        let head = self.log().head();
        self.head.send_if_modified(|known| {
            head > *known && {
                *known = head;
                true
            }
        });
    }

    /// Refuses callers who are nobody, and callers who want the leader where there is another.
    pub(super) fn admit(&self, node: usize, headers: &MetadataMap) -> Result<(), Status> {
        if let Some((user, password)) = &self.levers().user {
            use base64::{Engine, engine::general_purpose::STANDARD};
            let expected = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
            match headers.get("authorization").and_then(|value| value.to_str().ok()) {
                None => {
                    return Err(refusal(
                        Code::PermissionDenied,
                        "Access Denied",
                        &[("exception", "access-denied")],
                    ));
                }
                Some(found) if found != expected => return Err(Status::unauthenticated("Unauthenticated")),
                Some(_) => {}
            }
        }
        let seats = self.seats();
        let is_leader = seats.get(node).is_some_and(|seat| seat.state == VNodeState::Leader);
        if is_leader || headers.get("requires-leader").is_none_or(|wanted| wanted != "true") {
            return Ok(());
        }
        let Some(leader) = seats.iter().find(|seat| seat.state == VNodeState::Leader) else {
            return Err(Status::unavailable(NOT_READY));
        };
        let (host, port) = (leader.address.ip().to_string(), leader.address.port().to_string());
        Err(refusal(
            Code::NotFound,
            "Leader info available",
            &[("exception", "not-leader"), ("leader-endpoint-host", &host), ("leader-endpoint-port", &port)],
        ))
    }

    /// Appends to the log, with what is to go wrong before and after.
    pub(super) async fn append(
        &self,
        name: &str,
        believed: Believed,
        events: &[Proposed],
    ) -> Result<Written, Status> {
        let trouble = self.before().await?;
        let written = self.log().append(name, believed, events, self.now());
        self.wrote();
        self.after(trouble).await?;
        Ok(written)
    }

    /// Does what is to go wrong before an append is stored; returns what is to go wrong after.
    async fn before(&self) -> Result<Option<Trouble>, Status> {
        let (trouble, has_no_majority) = {
            let mut levers = self.levers();
            (levers.troubles.pop_front(), levers.has_no_majority)
        };
        match trouble {
            None if has_no_majority => {
                tokio::time::sleep(ABORT_AFTER).await;
                Err(Status::aborted("Operation timed out: Forwarding timeout"))
            }
            Some(Trouble::LostBefore) => Err(Status::unavailable("Connection dropped")),
            Some(Trouble::SilentBefore) => std::future::pending().await,
            Some(Trouble::Aborted) => Err(Status::aborted("Operation timed out: Prepare phase timeout")),
            Some(Trouble::NotReady) => Err(Status::unavailable(NOT_READY)),
            Some(Trouble::EndedBefore) => Err(cut()),
            other => Ok(other),
        }
    }

    /// Does what is to go wrong after an append was stored.
    async fn after(&self, trouble: Option<Trouble>) -> Result<(), Status> {
        match trouble {
            Some(Trouble::LostAfter) => Err(Status::unavailable("Connection dropped")),
            Some(Trouble::SilentAfter) => std::future::pending().await,
            Some(Trouble::AbortedAfter) => Err(Status::aborted("Operation timed out: Commit phase timeout")),
            Some(Trouble::EndedAfter) => Err(cut()),
            Some(Trouble::Late) => {
                tokio::time::sleep(LATE).await;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

fn ticks(clock: &dyn Clock) -> i64 {
    clock.now().as_microsecond() * 10
}

/// Makes an error with trailers.
pub(super) fn refusal(code: Code, message: &str, trailers: &[(&'static str, &str)]) -> Status {
    let mut metadata = MetadataMap::new();
    for (key, value) in trailers {
        if let Ok(value) = MetadataValue::try_from(*value) {
            metadata.insert(*key, value);
        }
    }
    Status::with_metadata(code, message, metadata)
}

/// The mark of a call that is to end without a status.
pub(super) const CUT: &str = "airside-cut";

/// Makes the error that becomes an end without a status on its way out.
pub(super) fn cut() -> Status {
    refusal(Code::Internal, "cut", &[(CUT, "1")])
}

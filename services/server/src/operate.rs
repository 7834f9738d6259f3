//! What an operator orders: look at the log, check it, prove it, back it up.
//!
//! An [`Order`] is carried out by [`carry_out`] over open [`Parts`]. A running
//! server gives its own parts and takes orders at its [`door`]; where no server
//! runs, the command opens the folder and carries the order out itself. So an
//! order means the same either way, and there is one way to do it.
//!
//! Who gives an order hears of it through a [`Caller`]: progress, then what is
//! shown piece by piece, then one result or one error. An order whose caller
//! has left is given up.

mod backup;
mod bag;
pub mod copy;
pub(crate) mod door;
mod evidence_part;
mod long;
mod parts;
mod projections;
mod prove;
mod restore;
mod show;
mod shown;
mod stats;
mod verify;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use airside_kernel::ReadError;
use airside_runtime::status::chain;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;
use tokio::sync::mpsc;

pub use backup::{Backup, BackupReport};
pub use bag::Export;
pub(crate) use parts::{Backups, Running, restored};
pub use parts::{Parts, PartsError};
pub use projections::{ReadModelReport, RebuildReport};
pub use prove::Prove;
pub(crate) use restore::restore;
pub use restore::{Erased, Restore, RestoreReport};
pub use show::{Show, Showed};
pub use shown::ShownEvent;
pub use stats::{Stats, StatsReport};
pub use verify::{Verify, VerifyReport};

/// How often a caller is told of progress, at most.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);
/// How many answers may wait for the caller; the order waits when there are more.
const WAITING_ANSWERS: usize = 64;

/// Something an operator wants done; one JSON line at the door.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// Shows events.
    Show(Show),
    /// Gathers the figures of the log and of what belongs to it.
    Stats(Stats),
    /// Checks the log by itself and against its evidence.
    Verify(Verify),
    /// Proves an event or a stream to an outsider.
    Prove(Prove),
    /// Tells a bag's journey in the words of another system.
    Export(Export),
    /// Proves and shows all that is known of a plate.
    Evidence {
        /// The ten-digit licence plate.
        plate: String,
    },
    /// Copies log, vault and evidence.
    Backup(Backup),
    /// Lists the read models.
    Projections,
    /// Folds a read model anew.
    Rebuild {
        /// Its name.
        name: String,
    },
}

impl Order {
    /// Returns the word for it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Show(_) => "show",
            Self::Stats(_) => "stats",
            Self::Verify(_) => "verify",
            Self::Prove(_) => "prove",
            Self::Export(_) => "export",
            Self::Evidence { .. } => "evidence",
            Self::Backup(_) => "backup",
            Self::Projections => "projections",
            Self::Rebuild { .. } => "rebuild",
        }
    }
}

/// One line of an answer: any number of the first two, then one of the others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// How far it is.
    Progress(Progress),
    /// One of the events that were asked for.
    Event(Box<ShownEvent>),
    /// It is done.
    Result(Value),
    /// It could not be done.
    Error {
        /// Why, and what to do.
        message: String,
    },
}

/// How far an order is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// What is being done, such as `events checked`.
    pub what: String,
    /// How many are done.
    pub done: u64,
    /// How many there are; 0 when nobody knows.
    pub total: u64,
}

/// An order that was not carried out.
#[derive(Debug, Error)]
pub enum OrderError {
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The order cannot be meant.
    #[error("{problem}")]
    Refused {
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// Nobody waits for it any more.
    #[error("caller has left")]
    CallerLeft,
    /// A part that does the work failed.
    #[error("{reason}")]
    Broken {
        /// Why, with its causes, and what to do.
        reason: String,
    },
}

impl OrderError {
    /// Makes the refusal of an order.
    pub(crate) fn refused(problem: impl Into<String>) -> Self {
        Self::Refused { problem: problem.into() }
    }

    /// Makes the failure of a part, with its causes.
    pub(crate) fn broken(error: impl std::error::Error) -> Self {
        Self::Broken { reason: chain(&error) }
    }
}

/// Who gave an order and hears what comes of it.
#[derive(Clone)]
pub struct Caller {
    answers: mpsc::Sender<Answer>,
    told: Arc<Mutex<Option<Instant>>>,
}

impl Caller {
    /// Makes a caller and what it hears.
    pub fn new() -> (Self, mpsc::Receiver<Answer>) {
        let (answers, heard) = mpsc::channel(WAITING_ANSWERS);
        (Self { answers, told: Arc::default() }, heard)
    }

    /// Returns true when nobody waits for the order any more.
    pub(crate) fn has_left(&self) -> bool {
        self.answers.is_closed()
    }

    /// Tells how far the order is, now and then.
    ///
    /// # Errors
    /// When the caller has left: give the order up.
    pub(crate) fn progress(&self, what: &str, done: u64, total: u64) -> Result<(), OrderError> {
        if self.has_left() {
            return Err(OrderError::CallerLeft);
        }
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if done >= total || told.is_none_or(|told| told.elapsed() >= PROGRESS_EVERY) {
            *told = Some(Instant::now());
            // A caller that is slow to hear misses some; the next one says more.
            let _ = self.answers.try_send(Answer::Progress(Progress { what: what.to_owned(), done, total }));
        }
        Ok(())
    }

    /// Hands an event over; waits for a caller that is slow.
    ///
    /// # Errors
    /// When the caller has left.
    pub(crate) async fn event(&self, event: ShownEvent) -> Result<(), OrderError> {
        self.answers.send(Answer::Event(Box::new(event))).await.map_err(|_| OrderError::CallerLeft)
    }
}

/// Carries an order out and tells the caller everything, the end as well.
pub async fn serve(order: Order, parts: &Parts, caller: Caller) {
    let last = match carry_out(order, parts, &caller).await {
        Ok(result) => Answer::Result(result),
        Err(error) => Answer::Error { message: format!("{:#}", anyhow::Error::from(error)) },
    };
    // A caller that has left wants no answer.
    let _ = caller.answers.send(last).await;
}

/// Carries an order out and returns its result.
///
/// # Errors
/// When it cannot be carried out, or the caller has left.
async fn carry_out(order: Order, parts: &Parts, caller: &Caller) -> Result<Value, OrderError> {
    match order {
        Order::Show(order) => result(show::show(&order, parts, caller).await?),
        Order::Stats(order) => result(stats::stats(&order, parts, caller).await?),
        Order::Verify(order) => result(verify::verify(&order, parts, caller).await?),
        Order::Prove(order) => result(prove::prove(&order, parts).await?),
        Order::Export(order) => bag::export(&order, parts).await,
        Order::Evidence { plate } => bag::evidence(&plate, parts).await,
        Order::Backup(order) => result(backup::backup(&order, parts, caller).await?),
        Order::Projections => result(projections::list(parts).await?),
        Order::Rebuild { name } => result(projections::rebuild(&name, parts, caller).await?),
    }
}

fn result(result: impl Serialize) -> Result<Value, OrderError> {
    serde_json::to_value(result).map_err(|error| OrderError::Broken { reason: error.to_string() })
}

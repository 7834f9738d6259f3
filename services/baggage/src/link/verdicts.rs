//! What became of stored messages, once they were read.
//!
//! Everything that could not be used is in quarantine when the reactor that reads messages has
//! finished with them. So a verdict waits for the reactor to pass the message, then for the list of
//! the quarantine to show what is in the log by then. A message that repeats one of the ten minutes
//! before it is judged as that one.

use std::{future::pending, sync::Arc, time::Duration};

use airside_kernel::{EventStore, Position, ReadError};
use airside_runtime::projections::{AtLeastError, Progress, ReadModel};
use tokio::{sync::watch, time};
use tracing::warn;

use super::answers::{Ask, Verdict};
use crate::{project::QuarantineList, react::Repeated};

/// How long to wait before the log is asked again that could not be read.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Tells what became of messages. Clones tell the same.
#[derive(Clone)]
pub struct Verdicts {
    store: Arc<dyn EventStore>,
    quarantine: ReadModel<QuarantineList>,
    repeated: Repeated,
    read: watch::Receiver<Progress>,
}

impl Verdicts {
    /// Makes it over the log, its quarantine, and how far messages were `read` and which repeated others.
    pub fn new(
        store: Arc<dyn EventStore>,
        quarantine: ReadModel<QuarantineList>,
        repeated: Repeated,
        read: watch::Receiver<Progress>,
    ) -> Self {
        Self { store, quarantine, repeated, read }
    }

    /// Waits until all up to a position was read, however long that takes, and returns the verdict of
    /// each of some messages of a source that were stored up to there.
    pub async fn of(&self, source: &str, until: Position, asks: &[Ask]) -> Vec<Verdict> {
        let mut read = self.read.clone();
        if read.wait_for(|progress| progress.position >= Some(until)).await.is_err() {
            // Nothing is read any more, as readiness says.
            return pending().await;
        }
        loop {
            match self.quarantine_is_up_to_date().await {
                Ok(true) => break,
                Ok(false) => {}
                Err(error) => {
                    warn!(source, error = %error, "answers to messages wait: the head of the log cannot be read");
                    time::sleep(RETRY_PAUSE).await;
                }
            }
        }
        self.quarantine.read(|list| {
            let of = |ask: &Ask| {
                let message = self.repeated.original(source, ask.message).unwrap_or(ask.message);
                ask.verdict(list.of_message(source, message))
            };
            asks.iter().map(of).collect()
        })
    }

    /// Waits a while until the list shows all that is in the log now; whether it does.
    async fn quarantine_is_up_to_date(&self) -> Result<bool, ReadError> {
        let head = self.store.head().await?.map_or_else(String::new, |head| head.to_string());
        let shown = self.quarantine.at_least(&head).await;
        Ok(!matches!(shown, Err(AtLeastError::Behind { .. })))
    }
}

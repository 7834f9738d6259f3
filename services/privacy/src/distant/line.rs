//! The line to the vault, and the one thread that uses it.

use std::{sync::Arc, time::Duration};

use airside_kernel::{KeyError, SubjectId};
use async_trait::async_trait;
use tokio::{sync::mpsc, time};

use super::Held;
use crate::{
    port::ErasedSince,
    vault::{HandedOut, KeyAsk},
};

/// The first pause after the vault did not answer; doubled up to [`PAUSE_MAX`].
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// The way to the vault of another node. Every call has an end.
#[async_trait]
pub trait VaultLine: Send + Sync + 'static {
    /// Asks for keys; with `make`, those that are absent are made first.
    ///
    /// # Errors
    /// When the vault cannot be reached, read or written.
    async fn hand_out(&self, asks: Vec<KeyAsk>, make: bool) -> Result<HandedOut, KeyError>;

    /// Destroys every key of a subject and returns how long the register is then.
    ///
    /// # Errors
    /// When the vault cannot be reached or written.
    async fn erase(&self, subject: SubjectId) -> Result<u64, KeyError>;

    /// Returns the register after its first `count` subjects. With `wait` and nothing new, the answer
    /// comes when there is something, or after a while.
    ///
    /// # Errors
    /// When the vault cannot be reached or read.
    async fn erased_since(&self, count: u64, wait: bool) -> Result<ErasedSince, KeyError>;
}

/// Who waits for an answer of the line.
pub(super) type Reply<T> = Box<dyn FnOnce(Result<T, KeyError>) + Send>;

/// What is asked on the line.
pub(super) enum Job {
    /// For keys.
    HandOut { asks: Vec<KeyAsk>, make: bool, reply: Reply<HandedOut> },
    /// For the end of a subject's keys.
    Erase { subject: SubjectId, reply: Reply<u64> },
    /// For the register.
    Since { count: u64, reply: Reply<ErasedSince> },
}

/// Serves questions and follows the register until nobody can ask any more.
pub(super) async fn run(held: &Held, line: Arc<dyn VaultLine>, mut jobs: mpsc::Receiver<Job>) {
    let asking = async {
        while let Some(job) = jobs.recv().await {
            let line = line.clone();
            tokio::spawn(async move {
                match job {
                    Job::HandOut { asks, make, reply } => reply(line.hand_out(asks, make).await),
                    Job::Erase { subject, reply } => reply(line.erase(subject).await),
                    Job::Since { count, reply } => reply(line.erased_since(count, false).await),
                }
            });
        }
    };
    tokio::select! {
        () = asking => {}
        () = listen(held, &*line) => {}
    }
}

/// Follows the register, and says when it cannot be followed.
async fn listen(held: &Held, line: &dyn VaultLine) {
    let mut pause = PAUSE_MIN;
    loop {
        let after = held.known();
        match line.erased_since(after, true).await {
            Ok(since) if since.register < after => {
                let trouble = "the vault has fewer erasures than it told before, so it was put back from an older \
                               copy: have it erase whom the newest register names, then restart this node";
                held.contact().trouble = Some(trouble.to_owned());
                time::sleep(PAUSE_MAX).await;
            }
            Ok(since) => {
                held.heard(after, &since);
                pause = PAUSE_MIN;
            }
            Err(error) => {
                let trouble = match error {
                    KeyError::Unavailable { reason } => reason,
                    other => other.to_string(),
                };
                held.contact().trouble = Some(trouble);
                time::sleep(pause).await;
                pause = (pause * 2).min(PAUSE_MAX);
            }
        }
    }
}

//! Work that blocks for long and must end when its caller leaves.
//!
//! What checks and copies whole logs tells how far it is and takes no answer.
//! So a caller that has left ends it by unwinding from there: the work only
//! reads, or writes a folder that is nothing until its last file is written.

use std::panic::resume_unwind;

use tokio::task::spawn_blocking;

use super::{Caller, OrderError};

/// What unwinds when the caller has left.
struct Left;

/// Tells a caller how far blocking work is.
pub(super) struct Teller {
    caller: Caller,
    what: &'static str,
}

impl Teller {
    /// Tells how far the work is, and ends it when nobody waits for it.
    pub(super) fn tell(&self, done: u64, total: u64) {
        if self.caller.progress(self.what, done, total).is_err() {
            resume_unwind(Box::new(Left));
        }
    }
}

/// Runs blocking work beside the others.
///
/// # Errors
/// When the caller has left, or the work panics.
pub(super) async fn long<T: Send + 'static>(
    caller: &Caller,
    what: &'static str,
    work: impl FnOnce(&Teller) -> T + Send + 'static,
) -> Result<T, OrderError> {
    let teller = Teller { caller: caller.clone(), what };
    spawn_blocking(move || work(&teller)).await.map_err(|error| {
        let has_left = error.try_into_panic().is_ok_and(|panic| panic.is::<Left>());
        match has_left {
            true => OrderError::CallerLeft,
            false => OrderError::Broken { reason: "it panicked; see the log of errors".to_owned() },
        }
    })
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[tokio::test]
    async fn work_ends_when_its_caller_has_left() {
        let (caller, heard) = Caller::new();
        let (began, has_begun) = channel();
        let working = tokio::spawn(async move {
            long(&caller, "things done", move |teller| -> u64 {
                for done in 0.. {
                    teller.tell(done, u64::MAX);
                    if done == 0 {
                        began.send(()).unwrap();
                    }
                }
                unreachable!("it goes on for ever unless it is ended")
            })
            .await
        });
        spawn_blocking(move || has_begun.recv().unwrap()).await.unwrap();
        drop(heard);
        assert!(matches!(working.await.unwrap(), Err(OrderError::CallerLeft)));
    }

    #[tokio::test]
    async fn work_that_panics_is_told_from_one_that_was_left() {
        let (caller, _heard) = Caller::new();
        let broken = long(&caller, "things done", |_| -> u64 { resume_unwind(Box::new("broken")) });
        assert!(matches!(broken.await, Err(OrderError::Broken { .. })));
    }
}

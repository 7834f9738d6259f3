//! Erasure and retention, as they reach the rest of the node.

use std::{sync::Arc, time::Duration};

use airside_kernel::{Clock, SubjectId};
use airside_privacy::{Vault, VaultPort};
use airside_runtime::stopped;
use jiff::{ToSpan, tz::TimeZone};
use tokio::{
    sync::{broadcast, watch},
    time,
};
use tracing::{error, info};

/// How often raw keys are looked through.
const RETIRE_EVERY: Duration = Duration::from_secs(60 * 60);
/// When the vault is asked again that could not be.
const ASK_AGAIN: Duration = Duration::from_secs(1);
/// How many erasures may wait for the read models.
const WAITING_ERASURES: usize = 1_024;

/// Tells each erased subject to the read models, from now on. What was erased
/// before needs no telling: what is kept from one start to the next holds sealed
/// values only, the rest is folded again, and a sealed value without its key is
/// erased wherever it is read.
pub(crate) fn announce(
    vault: Arc<dyn VaultPort>,
    mut stop: watch::Receiver<bool>,
) -> (broadcast::Receiver<SubjectId>, impl Future<Output = ()> + Send) {
    let (sender, receiver) = broadcast::channel(WAITING_ERASURES);
    let mut count = vault.on_erase();
    let announcing = async move {
        let mut told = *count.borrow_and_update();
        loop {
            tokio::select! {
                changed = count.changed() => if changed.is_err() { return },
                () = stopped(&mut stop) => return,
            }
            while told < *count.borrow_and_update() {
                match vault.erased_since(told).await {
                    Ok(since) if since.subjects.is_empty() => break,
                    Ok(since) => {
                        told += since.subjects.len() as u64;
                        // Nobody listens when the read models have ended.
                        since.subjects.into_iter().for_each(|subject| drop(sender.send(subject)));
                    }
                    Err(error) => {
                        error!(error = %error, "erased subjects could not be read; they are asked for again");
                        tokio::select! {
                            () = time::sleep(ASK_AGAIN) => {}
                            () = stopped(&mut stop) => return,
                        }
                    }
                }
            }
        }
    };
    (receiver, announcing)
}

/// Destroys the keys of raw messages that are older than their retention, now and every hour.
pub(crate) async fn retire_raw(
    vault: Arc<Vault>,
    clock: Arc<dyn Clock>,
    retention_days: u16,
    mut stop: watch::Receiver<bool>,
) {
    let mut tick = time::interval(RETIRE_EVERY);
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = stopped(&mut stop) => return,
        }
        let today = clock.now().to_zoned(TimeZone::UTC).date();
        let Ok(keep_from) = today.checked_sub(i64::from(retention_days).days()) else { continue };
        match vault.retire_raw(keep_from).await {
            Ok(0) => {}
            Ok(count) => info!(count, "keys of old raw messages are destroyed"),
            Err(error) => error!(error = %error, "keys of old raw messages could not be destroyed"),
        }
    }
}

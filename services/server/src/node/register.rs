//! The copy of the register of the erased in the second place.
//!
//! Who was erased must survive the loss of the folder: a vault from a backup
//! does not know of the erasures since. A second place that is away does not
//! take the node away; readiness says so, and the copy is made when it is back.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use airside_kernel::LogId;
use airside_privacy::Vault;
use airside_runtime::{status::chain, stopped};
use tokio::{
    runtime::Handle,
    sync::{oneshot, watch},
    time,
};
use tracing::{info, warn};

use super::custody::keep_register;

/// How long a second place may hold up the start.
const START_WITHIN: Duration = Duration::from_secs(5);
/// The copy in the second place. Clones are the same one.
#[derive(Clone)]
pub(super) struct SecondRegister {
    vault: Arc<Vault>,
    path: PathBuf,
    log: LogId,
    /// Why it is not kept; `None` once it is.
    trouble: Arc<Mutex<Option<String>>>,
}

impl SecondRegister {
    /// Tries to keep the copy, for a few seconds.
    pub(super) async fn open(vault: Arc<Vault>, path: PathBuf, log: LogId) -> Self {
        let trouble = Arc::new(Mutex::new(Some("it was not looked at yet".to_owned())));
        let one = Self { vault, path, log, trouble };
        if !one.attempt().await {
            warn!(
                error = one.trouble().unwrap_or_default(),
                "register of the erased has no copy in the second place"
            );
        }
        one
    }

    /// Says how the copy is; a check for readiness, which never takes the node away.
    pub(super) fn check(&self) -> Result<String, String> {
        Ok(match self.trouble() {
            None => format!("copied to {}", self.path.display()),
            Some(trouble) => format!("second place missing: {trouble}"),
        })
    }

    /// Tries now and then until the copy is kept.
    pub(super) async fn keep(self, every: Duration, mut stop: watch::Receiver<bool>) {
        while self.trouble().is_some() {
            tokio::select! {
                () = time::sleep(every) => {}
                () = stopped(&mut stop) => return,
            }
            if self.attempt().await {
                info!(path = %self.path.display(), "register of the erased is copied to the second place");
            }
        }
    }

    fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Tries once, on a thread of its own: a mount that hangs holds up nothing, not even the end.
    async fn attempt(&self) -> bool {
        let (answer, outcome) = oneshot::channel();
        let (one, handle) = (self.clone(), Handle::current());
        let work = move || {
            let kept = handle.block_on(keep_register(&one.vault, &one.path, one.log));
            // Who no longer listens tries again.
            let _ = answer.send(kept);
        };
        // A thread that could not be made drops the answer.
        let _ = thread::Builder::new().name("second-register".into()).spawn(work);
        let trouble = match time::timeout(START_WITHIN, outcome).await {
            Ok(Ok(Ok(()))) => None,
            Ok(Ok(Err(error))) => Some(chain(&error)),
            Ok(Err(_)) | Err(_) => Some(format!("{} does not answer", self.path.display())),
        };
        let is_kept = trouble.is_none();
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
        is_kept
    }
}

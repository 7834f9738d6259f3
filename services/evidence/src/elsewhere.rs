//! A look into the second place that waits for no mount that hangs.

use std::{path::Path, sync::mpsc, thread, time::Duration};

use crate::{
    checkpoint::Checkpoint,
    files::{newest, refused},
    mirror::MirrorError,
    note::Note,
};

/// Returns the newest checkpoint of a second place; `None` when it is not there
/// or has none. Its log and its signature are for the caller to check.
///
/// # Errors
/// When it does not answer within the time, or its file cannot be read.
pub fn newest_elsewhere(second: &Path, within: Duration) -> Result<Option<(Checkpoint, Note)>, MirrorError> {
    let folder = second.to_owned();
    look(second, within, move || Ok(newest(&folder)?))
}

/// Works on a thread of its own, and leaves it when it takes longer.
pub(crate) fn look<T: Send + 'static>(
    second: &Path,
    within: Duration,
    work: impl FnOnce() -> Result<T, MirrorError> + Send + 'static,
) -> Result<T, MirrorError> {
    let (answer, answered) = mpsc::channel();
    // Who no longer listens has waited long enough.
    let thread = thread::Builder::new().name("second-place".into()).spawn(move || answer.send(work()));
    thread.map_err(refused("look into", second))?;
    answered.recv_timeout(within).unwrap_or_else(|_| Err(MirrorError::Silent { path: second.into() }))
}

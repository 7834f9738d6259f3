//! What was moved aside lately: a writer that paused may still go on in it.

use std::{collections::VecDeque, ffi::OsString, path::PathBuf, time::Duration};

use tokio::time::Instant;

use super::files::Looks;

/// A file that was handled and moved.
#[derive(Debug, Clone)]
pub(super) struct Moved {
    /// Its name in the folder.
    pub(super) name: OsString,
    /// Where it is now.
    pub(super) target: PathBuf,
    /// What it looked like when it was read.
    pub(super) looks: Looks,
    /// When it was moved.
    pub(super) at: Instant,
}

/// The files that are still looked at.
#[derive(Debug, Default)]
pub(super) struct Aside(VecDeque<Moved>);

impl Aside {
    /// Remembers a file, one of `most`; past that the oldest is forgotten.
    pub(super) fn keep(&mut self, moved: Moved, most: usize) {
        self.0.push_back(moved);
        while self.0.len() > most {
            self.0.pop_front();
        }
    }

    /// Returns all that are to be looked at, and forgets those that were there for long enough.
    pub(super) fn due(&mut self, settled: Duration) -> Vec<Moved> {
        let all = self.0.iter().cloned().collect();
        self.0.retain(|moved| moved.at.elapsed() < settled);
        all
    }
}

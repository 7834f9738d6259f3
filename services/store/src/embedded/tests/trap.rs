//! A disk that fails at one step: the k-th of its kind on one file.

use std::{
    collections::BTreeMap,
    io,
    ops::Range,
    path::Path,
    sync::{Arc, Mutex, MutexGuard},
};

use super::super::disk::{Disk, Failure, Faults, Operation};

/// How a step fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The device answers an error.
    Broken,
    /// There is no room.
    Full,
    /// There is room for a half.
    Short,
}

impl Kind {
    fn failure(self, bytes: Range<u64>) -> Failure {
        let half = usize::try_from((bytes.end - bytes.start) / 2).unwrap();
        // The numbers of Linux: EIO and ENOSPC.
        let (number, written) = match self {
            Self::Broken => (5, 0),
            Self::Full => (28, 0),
            Self::Short => (28, half),
        };
        Failure { written, error: io::Error::from_raw_os_error(number) }
    }
}

/// A step: a file by its name, and what is done to it.
pub(super) type Step = (String, Operation);

/// Counts all steps and fails one of them.
#[derive(Debug, Default)]
pub(super) struct Trap(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    seen: BTreeMap<Step, u64>,
    armed: Option<(Step, u64, Kind)>,
    /// What was done to the file after the step failed.
    since: Option<Vec<Operation>>,
}

impl Trap {
    /// Makes a disk that only counts.
    pub(super) fn counting() -> (Arc<Self>, Disk) {
        Self::with(None)
    }

    /// Makes a disk on which the step with a number, from 0, fails once.
    pub(super) fn armed(step: Step, number: u64, kind: Kind) -> (Arc<Self>, Disk) {
        Self::with(Some((step, number, kind)))
    }

    fn with(armed: Option<(Step, u64, Kind)>) -> (Arc<Self>, Disk) {
        let trap = Arc::new(Self(Mutex::new(State { armed, ..State::default() })));
        let faults = Arc::clone(&trap) as Arc<dyn Faults>;
        (trap, Disk { faults: Some(faults) })
    }

    /// Returns how often each step was made.
    pub(super) fn seen(&self) -> BTreeMap<Step, u64> {
        self.state().seen.clone()
    }

    /// Returns what was done to the file after the step failed; `None` when it has not.
    pub(super) fn since(&self) -> Option<Vec<Operation>> {
        self.state().since.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl Faults for Trap {
    fn before(&self, path: &Path, operation: Operation, bytes: Range<u64>) -> Result<(), Failure> {
        let mut state = self.state();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        // The folder has another name in each test.
        let name = if path.is_dir() && name != "log" { "data".into() } else { name };
        let step = (name, operation);
        let number = *state.seen.entry(step.clone()).and_modify(|seen| *seen += 1).or_insert(1) - 1;
        let Some((trapped, at, kind)) = state.armed.clone() else { return Ok(()) };
        if trapped == step && at == number {
            state.since = Some(Vec::new());
            return Err(kind.failure(bytes));
        }
        if trapped.0 == step.0
            && let Some(since) = &mut state.since
        {
            since.push(operation);
        }
        Ok(())
    }
}

//! `airside log`: looking after the log.

mod backup;
mod prove;
mod rebuild_index;
mod restore;
mod show;
mod stats;
mod verify;

use clap::Subcommand;

use super::Outcome;

/// Looks after the log: what is in it, whether it is whole, and copies of it.
///
/// The commands work on a running server, which they ask at `control.sock` in its data folder, and
/// on the folder of a stopped one alike; `restore` and `rebuild-index` want the folder for themselves.
#[derive(Subcommand)]
pub(super) enum Log {
    /// Shows events, with sealed values masked.
    Show(show::Show),
    /// Shows the figures of the log and of what belongs to it.
    Stats(stats::Stats),
    /// Checks that the log is whole and that it is the one that was signed.
    Verify(verify::Verify),
    /// Proves an event or a stream to an outsider.
    Prove(prove::Prove),
    /// Copies log, vault and evidence while the server runs.
    Backup(backup::Backup),
    /// Puts a backup into an empty folder, as a new generation of the log.
    Restore(restore::Restore),
    /// Makes the stream index anew from the log.
    RebuildIndex(rebuild_index::RebuildIndex),
}

impl Log {
    pub(super) fn run(self) -> Outcome {
        match self {
            Self::Show(command) => command.run(),
            Self::Stats(command) => command.run(),
            Self::Verify(command) => command.run(),
            Self::Prove(command) => command.run(),
            Self::Backup(command) => command.run(),
            Self::Restore(command) => command.run(),
            Self::RebuildIndex(command) => command.run(),
        }
    }
}

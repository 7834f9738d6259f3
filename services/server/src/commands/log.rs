//! `airside log`: looking after the log.

mod backup;
mod copy;
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
/// on the folder of a stopped one alike; `restore`, `copy` and `rebuild-index` want the folder for themselves.
#[derive(Subcommand)]
pub(super) enum Log {
    // What each does stands with its options, which `--help` shows in full.
    Show(show::Show),
    Stats(stats::Stats),
    Verify(verify::Verify),
    Prove(prove::Prove),
    Backup(backup::Backup),
    Restore(restore::Restore),
    Copy(copy::Copy),
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
            Self::Copy(command) => command.run(),
            Self::RebuildIndex(command) => command.run(),
        }
    }
}

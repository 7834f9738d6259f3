//! `airside log backup`.

use std::{
    path::{PathBuf, absolute},
    process::ExitCode,
};

use clap::Args;

use crate::{
    commands::{Outcome, operator::Place, out::say},
    operate::{self, BackupReport, Order},
};

/// Copies what was signed, the log, its vault, and who was erased, each with a manifest that makes it whole.
///
/// The server goes on meanwhile. The log is read after its checkpoints and the vault after both, so
/// the log's part has all that was signed, and the vault's part every key that it needs; its
/// position says so. In none of them are the root key (`vault/root.key`)
/// and the keys that sign (`keys/`): keep those apart. Keep vault parts for days, not years: who is
/// erased is erased in the vault, and a copy of it still has the key.
#[derive(Args)]
#[command(after_help = "\
Works on a running server and on a stopped one.
Example: airside log backup --to /backup/2026-11-20
         airside log backup --to /backup/2026-11-20 --vault-to /safe/2026-11-20 --json")]
pub(in crate::commands) struct Backup {
    #[command(flatten)]
    place: Place,
    /// An empty or absent folder outside the data folder.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// Another folder for the vault's part, so that log and keys are not kept together [default: DIR/vault].
    #[arg(long, value_name = "DIR")]
    vault_to: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Backup {
    pub(super) fn run(self) -> Outcome {
        let vault_to = self.vault_to.as_deref().map(absolute).transpose()?;
        let order = operate::Backup { to: absolute(&self.to)?, vault_to };
        let report: BackupReport = self.place.order(Order::Backup(order))?;
        if self.json {
            say!("{}", serde_json::to_string(&report)?)?;
            return Ok(ExitCode::SUCCESS);
        }
        let BackupReport { log_id, generation, log, vault, evidence } = &report;
        say!("log {log_id}, generation {generation}")?;
        say!("  log       up to position {}, {} bytes in {}", log.position, log.bytes, log.path.display())?;
        say!(
            "  vault     covers position {}, {} keys, {} subjects erased, in {}",
            vault.position,
            vault.keys,
            vault.erased,
            vault.path.display()
        )?;
        say!("  evidence  signed up to {} in {}", evidence.size, evidence.path.display())?;
        say!("The root key and the keys that sign are not in it: keep vault/root.key and keys/ elsewhere.")?;
        Ok(ExitCode::SUCCESS)
    }
}

//! `airside log restore`.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context, anyhow};
use clap::Args;

use crate::{
    Config,
    commands::{
        Outcome,
        operator::Bar,
        out::{note, say},
    },
    operate::{self, Erased, Progress, RestoreReport},
};

/// Puts a backup into an empty folder, as a new generation of the log.
///
/// Everything is checked before anything is written, and whatever is refused leaves the target as
/// it was. Whoever was erased since the backup must stay erased, so restore wants the register of
/// the erased: the copy `erased` in the second place, or in the old folder's `evidence/`. Where
/// nobody was erased since, say `--erased none`.
///
/// Bring the keys that sign (`keys/`) into the target beforehand, and the root key with `--root-key`
/// or as `vault/root.key`: a server other than `develop` does not start without `keys/`. Sessions of passengers begin anew, since the log may lack what they saw.
///
/// A drill beside the real server needs a second place of its own: give it another configuration,
/// since a second place follows one generation of a log and the drill would take it from the server.
#[derive(Args)]
#[command(after_help = "\
Example: airside log restore --from /backup/2026-11-20 --data ./airside-data \\
           --erased /mnt/other/evidence/erased --root-key /safe/root.key")]
pub(in crate::commands) struct Restore {
    /// The folder of the backup.
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// The folder of the vault's part, when it lies elsewhere [default: DIR/vault].
    #[arg(long, value_name = "DIR")]
    vault_from: Option<PathBuf>,
    /// The target: an empty or absent folder; `keys/` and `vault/root.key` may be there.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The server's configuration file, where it has one.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Register of who was erased since, or `none` [default: the one in the configured second place].
    #[arg(long, value_name = "FILE|none")]
    erased: Option<String>,
    /// File of the root key [default: vault/root.key in the target].
    #[arg(long, value_name = "FILE")]
    root_key: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Restore {
    pub(super) fn run(self) -> Outcome {
        let mut config = Config::load(self.config.as_deref(), std::env::vars())?;
        config.folder = self.data;
        let places = config.places()?;
        let erased = match (self.erased.as_deref(), places.second_register()) {
            (Some("none"), _) => Erased::Nobody,
            (Some(path), _) => Erased::Named(PathBuf::from(path)),
            (None, Some(path)) => Erased::Named(path),
            (None, None) => {
                let problem = "name the register of who was erased since the backup with `--erased FILE` \
                               (`erased` in the second place), or say `--erased none`; nothing was changed";
                return Err(anyhow!(problem));
            }
        };
        let order = operate::Restore {
            from: self.from,
            vault_from: self.vault_from,
            erased,
            root_key: self.root_key,
        };
        let mut bar = Bar::default();
        let report = operate::restore(&order, &places, &mut |what, done, total| {
            bar.show(&Progress { what: what.to_owned(), done, total });
        });
        drop(bar);
        let report = report.with_context(|| format!("{} was not restored", order.from.display()))?;
        if self.json {
            say!("{}", serde_json::to_string(&report)?)?;
            return Ok(ExitCode::SUCCESS);
        }
        let RestoreReport { log_id, generation, position, keys, erased, erased_since, .. } = &report;
        say!("log {log_id} is restored up to position {position}, as generation {generation}")?;
        say!("  vault     {keys} keys, {erased} subjects erased, {erased_since} of them since the backup")?;
        say!("  evidence  signed up to {}", report.evidence_size)?;
        if report.signed_and_lost > 0 {
            note!("{} signed events after the backup's end are given up", report.signed_and_lost);
        }
        say!("Check it with `airside log verify`, then start the server.")?;
        Ok(ExitCode::SUCCESS)
    }
}

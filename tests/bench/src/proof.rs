//! What proves a log rather than measures it: the rules of the port, and the
//! oracle, on any store that `--store` names. Both need nothing but this binary.
//!
//! `airside-bench contract --store kurrentdb://... --json` prints every rule
//! with what became of it; `airside-bench oracle --store URL --for 200s --json`
//! writes and follows while somebody outside kills nodes, and prints what it
//! found when everything was read back. Exit code 1 when a promise was broken.

use std::{path::Path, sync::Arc, time::Duration};

use airside_contract::{oracle, rules};
use airside_kernel::{EventStore, SystemClock};
use airside_store::{EmbeddedStore, MemoryStore, Options as StoreOptions, kurrent::KurrentStore};
use anyhow::{Result, bail};

use crate::played::Played;

/// How long the oracle runs where nothing is said.
const ORACLE_FOR: Duration = Duration::from_secs(60);

/// Which log is meant.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Part {
    /// The log to prove, or for `cluster` to measure on: `kurrentdb://...` or `esdb://...`, or `double:NODES`,
    /// a cluster that is played by a process of its own; to prove also `embedded:DIR` and `memory:`.
    #[arg(long, value_name = "URL")]
    pub(crate) store: Option<String>,
}

/// A log, and what must live as long as it.
struct Opened {
    store: Arc<dyn EventStore>,
    _played: Option<Played>,
}

impl Part {
    async fn open(&self) -> Result<Opened> {
        let Some(url) = &self.store else { bail!("which log? add --store kurrentdb://host:2113") };
        let clock = Arc::new(SystemClock);
        if let Some(nodes) = url.strip_prefix("double:") {
            let played = Played::start(nodes)?;
            let store = Arc::new(KurrentStore::connect(played.url()).await?);
            return Ok(Opened { store, _played: Some(played) });
        }
        let store: Arc<dyn EventStore> = match url.strip_prefix("embedded:") {
            Some(folder) => Arc::new(EmbeddedStore::open(Path::new(folder), StoreOptions::default(), clock)?),
            None if url == "memory:" => Arc::new(MemoryStore::new(clock)),
            None => Arc::new(KurrentStore::connect(url).await?),
        };
        Ok(Opened { store, _played: None })
    }

    /// Runs every rule, one after another; returns whether all were kept.
    ///
    /// # Errors
    /// When the log cannot be opened.
    pub(crate) async fn contract(&self, json: bool) -> Result<bool> {
        let opened = self.open().await?;
        let mut outcomes = Vec::new();
        for rule in rules::rules() {
            let outcome = rule.run(opened.store.clone(), None).await;
            let verdict = if outcome.kept { "kept" } else { "BROKEN" };
            eprintln!("{verdict:<6} {} ({} ms)", outcome.rule, outcome.milliseconds);
            if let Some(found) = &outcome.found {
                eprintln!("       {found}");
            }
            outcomes.push(outcome);
        }
        if json {
            println!("{}", serde_json::to_string(&outcomes)?);
        }
        Ok(outcomes.iter().all(|outcome| outcome.kept))
    }

    /// Runs the oracle; returns whether the log kept its promises.
    ///
    /// # Errors
    /// When the log cannot be opened, or does not come back.
    pub(crate) async fn oracle(&self, span: Option<Duration>, json: bool) -> Result<bool> {
        let opened = self.open().await?;
        let span = span.unwrap_or(ORACLE_FOR);
        eprintln!("the oracle writes and follows for {} s", span.as_secs());
        let (verdict, errors) = oracle::run(opened.store, span).await?;
        for error in &errors {
            eprintln!("failed and made again: {error}");
        }
        eprintln!("{verdict:#?}");
        if json {
            println!("{}", serde_json::to_string(&verdict)?);
        }
        Ok(verdict.holds())
    }
}

//! `airside log rebuild-index`.

use std::process::ExitCode;

use airside_store::{Options, rebuild_index};
use anyhow::Context;
use clap::Args;

use crate::{
    commands::{
        Outcome,
        operator::{Bar, Place},
        out::say,
    },
    operate::Progress,
};

/// Makes the stream index anew from the log; the server must be stopped.
///
/// The index can be lost without harm: the next start makes it anew as well. Use this when
/// `airside log verify` finds the index wrong, to have it right before the server starts.
#[derive(Args)]
#[command(after_help = "Example: airside log rebuild-index --data ./airside-data")]
pub(in crate::commands) struct RebuildIndex {
    #[command(flatten)]
    place: Place,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl RebuildIndex {
    pub(super) fn run(self) -> Outcome {
        let places = self.place.config()?.places()?;
        let mut bar = Bar::default();
        let indexed = rebuild_index(&places.log, &Options::default(), &mut |step| {
            bar.show(&Progress { what: "events indexed".to_owned(), done: step.done, total: step.total });
        });
        drop(bar);
        let events = indexed.context("index was not rebuilt")?;
        match self.json {
            true => say!("{}", serde_json::json!({ "events": events }))?,
            false => say!("{events} events are indexed")?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

//! `airside map versions` and `airside map rollback`.

use std::process::ExitCode;

use airside_api::navigation::v1::{
    ListVenueVersionsRequest, ListVenueVersionsResponse, MapFormat, RollBackVenueRequest, VenueVersionChange,
};
use airside_runtime::stored::timestamp;
use clap::Args;
use serde_json::{Value, json};

use super::super::{
    Outcome, block_on,
    out::{note, say},
    remote::{Remote, refusal},
};

/// Lists what happened to a venue's map, newest first; each version listed can be rolled back to.
#[derive(Args)]
#[command(after_help = "\
The first line tells what is shown. Exit code 0, and 1 when nothing was published for the venue, the newest
version cannot be shown, or the server could not be asked.")]
pub(in crate::commands) struct Versions {
    /// The venue's code.
    #[arg(long, value_name = "CODE")]
    code: String,
    #[command(flatten)]
    remote: Remote,
    /// Print JSON: problem, and of each change version, is_rollback, at, by, note and its map.
    #[arg(long)]
    json: bool,
}

/// Shows an earlier version of a venue's map again; no request fails or waits meanwhile.
#[derive(Args)]
#[command(after_help = "\
Closures stay as they are. The next map that is published gets the next number all the same.
Exit code 0 when the version is shown, 1 when there is none such, another is shown than --expected-version,
or the server could not be asked.")]
pub(in crate::commands) struct Rollback {
    /// The venue's code.
    #[arg(long, value_name = "CODE")]
    code: String,
    /// The version to show, from `airside map versions`.
    #[arg(long, value_name = "VERSION")]
    to: u32,
    /// Why, for who reads the versions: at most 200 characters on one line; name no person.
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
    /// Roll back only while this version is shown.
    #[arg(long, value_name = "VERSION")]
    expected_version: Option<u32>,
    #[command(flatten)]
    remote: Remote,
    /// Print JSON: venue, version, is_new, position.
    #[arg(long)]
    json: bool,
}

impl Versions {
    pub(super) fn run(self) -> Outcome {
        let ListVenueVersionsResponse { changes, problem } = block_on(async {
            let request = ListVenueVersionsRequest { venue: self.code.clone() };
            let answer = self.remote.connect().await?.venues.list_venue_versions(request).await;
            Ok(answer.map_err(|status| refusal(&status))?.into_inner())
        })?;
        if self.json {
            let changes: Vec<_> = changes.iter().map(shown).collect();
            say!("{}", serde_json::to_string_pretty(&json!({ "problem": problem, "changes": changes }))?)?;
        } else {
            for change in &changes {
                let map = change.map.clone().unwrap_or_default();
                let what = if change.is_rollback { "shown again" } else { "published" };
                say!(
                    "{:>4}  {what:<11}  {}  {}  {:.12}  {} levels, {} places  {}",
                    change.version,
                    at(change),
                    change.by,
                    map.digest,
                    map.levels,
                    map.places,
                    change.note
                )?;
            }
        }
        if problem.is_empty() {
            return Ok(ExitCode::SUCCESS);
        }
        note!("airside: the newest is not shown: {problem}");
        Ok(ExitCode::FAILURE)
    }
}

fn shown(change: &VenueVersionChange) -> Value {
    let map = change.map.clone().unwrap_or_default();
    let format = match map.format() {
        MapFormat::Unspecified => "unknown",
        MapFormat::Imdf => "imdf",
        MapFormat::Mlit => "mlit",
        MapFormat::Gtfs => "gtfs",
    };
    json!({
        "version": change.version, "is_rollback": change.is_rollback, "at": at(change), "by": change.by,
        "note": change.note, "digest": map.digest, "size": map.size, "format": format,
        "time_zone": map.time_zone, "warnings": map.warnings, "notes": map.notes, "levels": map.levels,
        "places": map.places,
    })
}

fn at(change: &VenueVersionChange) -> String {
    let at = change.at.as_ref().and_then(timestamp);
    at.map_or_else(String::new, |at| at.to_string())
}

impl Rollback {
    pub(super) fn run(self) -> Outcome {
        let done = block_on(async {
            let request = RollBackVenueRequest {
                venue: self.code.clone(),
                version: self.to,
                note: self.note.clone(),
                expected_version: self.expected_version,
            };
            let answer = self.remote.connect().await?.venues.roll_back_venue(request).await;
            Ok(answer.map_err(|status| refusal(&status))?.into_inner())
        })?;
        let is_new = !done.position.is_empty();
        if self.json {
            let json = json!({
                "venue": self.code, "version": done.version, "is_new": is_new, "position": done.position,
            });
            say!("{}", serde_json::to_string_pretty(&json)?)?;
        } else if is_new {
            say!("{} shows version {} again", self.code, done.version)?;
        } else {
            say!("{} shows version {} already", self.code, done.version)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

//! `airside map publish`.

use std::{path::PathBuf, process::ExitCode};

use airside_api::navigation::v1::{
    PublishHeader, PublishVenueRequest, PublishVenueResponse, publish_venue_request::Part,
};
use airside_navigation::{archive, blobs::Digest};
use airside_wayfinding::{check, json::CheckReport};
use anyhow::Context;
use bytes::Bytes;
use clap::Args;
use serde_json::json;

use super::{
    super::{
        Outcome, block_on,
        operator::Bar,
        out::{note, say},
        remote::{Remote, refusal},
    },
    tell,
};
use crate::{operate::Progress, venues};

/// Publishes a map to a running server, which shows it at once and keeps it in its log.
#[derive(Args)]
#[command(after_help = "\
The map is checked here first; one with a violation is not sent. The server checks it again, stores it as
the venue's next version and answers when routes are found on it; no request fails or waits meanwhile.
Publishing the map that is shown changes nothing. From its first version on the venue's map is the log's:
a folder of the same venue in the server's configuration is not shown any more.

  airside token --role staff > staff.token
  airside map publish maps/lingnan --code lingnan --time-zone Asia/Shanghai --token-file staff.token
  airside map publish lingnan.zip --code lingnan --note 'gate A9 opened' --token-file staff.token
  airside map versions --code lingnan --token-file staff.token
  airside map rollback --code lingnan --to 1 --token-file staff.token

Exit code 0 when the map is shown, 1 when it was refused or the server could not be asked, 2 for wrong usage
or a map that cannot be read.")]
pub(in crate::commands) struct Publish {
    /// Folder or zip of a map: IMDF, MLIT layers with their network, or GTFS stations.
    path: PathBuf,
    /// The venue's code, 1 to 32 of a-z 0-9 _ -; a new one makes a new venue.
    #[arg(long, value_name = "CODE")]
    code: String,
    /// What changed, for who reads the versions: at most 200 characters on one line; name no person.
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
    /// The venue's time zone, such as Asia/Shanghai [default: that of the version that is shown].
    #[arg(long, value_name = "ZONE", default_value = "")]
    time_zone: String,
    /// Publish only while this version is shown; 0 for a venue that has none yet.
    #[arg(long, value_name = "VERSION")]
    expected_version: Option<u32>,
    #[command(flatten)]
    remote: Remote,
    /// Print JSON: venue, version, digest, size, is_new, warnings, notes, levels, places, position; or the
    /// report of `airside map check` when the map is refused here.
    #[arg(long)]
    json: bool,
}

impl Publish {
    pub(super) fn run(self) -> Outcome {
        let files = match venues::files(&self.path) {
            Ok(files) => files,
            Err(error) => {
                note!("airside: {:#}", anyhow::Error::from(error));
                return Ok(ExitCode::from(2));
            }
        };
        let content = archive::pack(files.iter().flatten().map(|(name, bytes)| (name, bytes)));
        let report = CheckReport::from(check(&venues::source(files)));
        if !report.valid {
            match self.json {
                true => say!("{}", serde_json::to_string_pretty(&report)?)?,
                false => tell(&report)?,
            }
            note!("airside: {} has violations and is not published", self.path.display());
            return Ok(ExitCode::FAILURE);
        }
        let published = block_on(self.send(content))?;
        self.print(&published)?;
        Ok(ExitCode::SUCCESS)
    }

    async fn send(&self, content: Bytes) -> anyhow::Result<PublishVenueResponse> {
        let (total, digest) = (content.len(), Digest::of(&content).to_string());
        let header = PublishHeader {
            venue: self.code.clone(),
            note: self.note.clone(),
            time_zone: self.time_zone.clone(),
            expected_version: self.expected_version,
            digest,
        };
        let file = |(name, bytes): (String, Bytes)| {
            [Part::File(name)].into_iter().chain(archive::chunks(bytes).map(Part::Chunk))
        };
        let files = archive::unpack(content).context("the map cannot be packed")?;
        let parts = [Part::Header(header)].into_iter().chain(files.into_iter().flat_map(file));
        let (mut bar, mut done) = (Bar::default(), 0_usize);
        let total = u64::try_from(total).unwrap_or(u64::MAX);
        let requests = parts.map(move |part| {
            if let Part::Chunk(chunk) = &part {
                done += chunk.len();
            }
            let done = u64::try_from(done).unwrap_or(u64::MAX);
            bar.show(&Progress { what: "bytes sent".to_owned(), done, total });
            PublishVenueRequest { part: Some(part) }
        });
        let mut venues = self.remote.connect().await?.venues;
        let answer = venues.publish_venue(tokio_stream::iter(requests)).await;
        Ok(answer.map_err(|status| refusal(&status))?.into_inner())
    }

    fn print(&self, published: &PublishVenueResponse) -> anyhow::Result<()> {
        let PublishVenueResponse { version, map, position, .. } = published;
        let (map, is_new) = (map.clone().unwrap_or_default(), !position.is_empty());
        if self.json {
            let json = json!({
                "venue": self.code, "version": version, "digest": map.digest, "size": map.size,
                "is_new": is_new, "warnings": map.warnings, "notes": map.notes, "levels": map.levels,
                "places": map.places, "position": position,
            });
            say!("{}", serde_json::to_string_pretty(&json)?)?;
        } else if is_new {
            say!(
                "{} shows version {version}: {} levels, {} places, {} warnings",
                self.code,
                map.levels,
                map.places,
                map.warnings
            )?;
        } else {
            say!("{} shows this map already: it is version {version}", self.code)?;
        }
        Ok(())
    }
}

//! `airside position publish`, `versions` and `rollback`.

use std::{fs::File, io::Read, path::PathBuf, process::ExitCode};

use airside_api::navigation::v1::{
    self, Coordinates, ListRadioMapsRequest, PublishRadioMapRequest, PublishRadioMapResponse, RadioMapForm,
    RadioMapHeader, RadioMapVersion, RollBackRadioMapRequest, publish_radio_map_request::What,
};
use airside_navigation::archive;
use airside_runtime::stored::timestamp;
use airside_wayfinding::position::import::FILE_MAX;
use anyhow::{Context, ensure};
use bytes::Bytes;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::{
    super::{
        Outcome, block_on,
        operator::Bar,
        out::say,
        remote::{Remote, refusal},
    },
    unpacked,
};
use crate::operate::Progress;

/// Publishes a radio map of a venue to a running server, which tells positions by it at once.
#[derive(Args)]
#[command(after_help = "\
A radio map says what phones hear where. FILE is CSV in UTF-8, also as .csv.gz, in one of three forms; columns
are known by their names, in any order:

  survey   one reading a line: scan, level, lon, lat, transmitter, rssi_dbm; the lines of one scan share its
           name, and a transmitter is a BSSID or uuid/major/minor of an iBeacon
  beacons  one beacon a line: uuid, major, minor, level, lon, lat, power_dbm at 1 m; no survey is needed,
           what phones hear is predicted
  uji      one scan a line, in UJIIndoorLoc's columns, places in metres

Places may be told as x_m, y_m instead of lon, lat: metres east and north of --origin. The server checks the
file against the map of the venue, stores it and answers when positions are told by it; a file that is
refused changes nothing. The same file under the same name again adds nothing.

  airside token --role staff > staff.token
  airside position publish beacons.csv --code lingnan --form beacons --name 2026-11 --token-file staff.token
  airside position publish survey.csv.gz --code lingnan --form survey --name walked --datum gcj02 \\
      --token-file staff.token
  airside position versions --code lingnan --token-file staff.token
  airside position rollback --code lingnan --to 2026-11 --token-file staff.token

Exit code 0 when the map is in use, 1 when it was refused or the server could not be asked, 2 for wrong usage.")]
pub(in crate::commands) struct Publish {
    /// File with the radio map.
    #[arg(value_name = "FILE")]
    path: PathBuf,
    /// The venue's code.
    #[arg(long, value_name = "CODE")]
    code: String,
    /// What the file is.
    #[arg(long, value_enum)]
    form: Form,
    /// The name of this version, 1 to 64 bytes, new for the venue.
    #[arg(long, value_name = "VERSION")]
    name: String,
    /// The system of lon, lat and of the origin.
    #[arg(long, value_enum, default_value_t = Datum::Wgs84)]
    datum: Datum,
    /// Longitude and latitude of x_m 0, y_m 0, where places are told in metres.
    #[arg(long, value_name = "LON,LAT", value_parser = origin, allow_hyphen_values = true)]
    origin: Option<[f64; 2]>,
    #[command(flatten)]
    remote: Remote,
    /// Print JSON: venue, version, digest, is_new, fingerprints, transmitters, position.
    #[arg(long)]
    json: bool,
}

/// Lists the radio maps of a venue, the newest first; each can be rolled back to.
#[derive(Args)]
#[command(after_help = "Exit code 0, and 1 when the server could not be asked.")]
pub(in crate::commands) struct Versions {
    /// The venue's code.
    #[arg(long, value_name = "CODE")]
    code: String,
    #[command(flatten)]
    remote: Remote,
    /// Print JSON: of each version its name, is_current, form, at, bytes and digest.
    #[arg(long)]
    json: bool,
}

/// Puts an earlier radio map of a venue back to use.
#[derive(Args)]
#[command(after_help = "\
Walks that are guided meanwhile go on by the map that is put back. Exit code 0 when it is in use, 1 when there
is none such, or the server could not be asked.")]
pub(in crate::commands) struct Rollback {
    /// The venue's code.
    #[arg(long, value_name = "CODE")]
    code: String,
    /// The name of the version, from `airside position versions`.
    #[arg(long, value_name = "VERSION")]
    to: String,
    #[command(flatten)]
    remote: Remote,
    /// Print JSON: venue, version, is_new, position.
    #[arg(long)]
    json: bool,
}

/// What a file is.
#[derive(Clone, Copy, ValueEnum)]
enum Form {
    /// Scans at known places, one reading a line.
    Survey,
    /// Beacons at known places.
    Beacons,
    /// Scans at known places, in UJIIndoorLoc's columns.
    Uji,
}

/// The system of a longitude and latitude.
#[derive(Clone, Copy, ValueEnum)]
enum Datum {
    /// The world's.
    Wgs84,
    /// That of Chinese maps.
    Gcj02,
}

/// Reads `114.6,22.2`.
fn origin(text: &str) -> Result<[f64; 2], String> {
    let numbers = text.split_once(',').and_then(|(lon, lat)| {
        let degrees = |text: &str| text.trim().parse().ok().filter(|number: &f64| number.is_finite());
        Some([degrees(lon)?, degrees(lat)?])
    });
    numbers.ok_or_else(|| "use longitude,latitude in degrees, such as 114.6,22.2".to_owned())
}

impl Publish {
    pub(super) fn run(self) -> Outcome {
        let content = self.content()?;
        let PublishRadioMapResponse { version, fingerprints, transmitters, position } =
            block_on(self.send(content))?;
        let (version, is_new) = (version.unwrap_or_default(), !position.is_empty());
        if self.json {
            let json = json!({
                "venue": self.code, "version": version.version, "digest": version.digest, "is_new": is_new,
                "fingerprints": fingerprints, "transmitters": transmitters, "position": position,
            });
            say!("{}", serde_json::to_string_pretty(&json)?)?;
        } else {
            let again = if is_new { "" } else { " already" };
            say!(
                "{} tells positions by {}{again}: {fingerprints} fingerprints of {transmitters} transmitters",
                self.code,
                version.version
            )?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Reads the file, no further than the server would.
    fn content(&self) -> anyhow::Result<Bytes> {
        let cannot = || format!("{} cannot be read", self.path.display());
        let mut bytes = Vec::new();
        let limit = u64::try_from(FILE_MAX).unwrap_or(u64::MAX);
        File::open(&self.path)
            .with_context(cannot)?
            .take(limit + 1)
            .read_to_end(&mut bytes)
            .with_context(cannot)?;
        let bytes = unpacked(&self.path, bytes, limit)?;
        ensure!(
            bytes.len() <= FILE_MAX,
            "{} is larger than {} MiB: thin the survey",
            self.path.display(),
            FILE_MAX >> 20
        );
        Ok(bytes.into())
    }

    async fn send(&self, content: Bytes) -> anyhow::Result<PublishRadioMapResponse> {
        let total = u64::try_from(content.len()).unwrap_or(u64::MAX);
        let parts = [What::Header(self.header())].into_iter().chain(archive::chunks(content).map(What::Part));
        let (mut bar, mut done) = (Bar::default(), 0);
        let requests = parts.map(move |what| {
            if let What::Part(part) = &what {
                done += u64::try_from(part.len()).unwrap_or(u64::MAX);
            }
            bar.show(&Progress { what: "bytes sent".to_owned(), done, total });
            PublishRadioMapRequest { what: Some(what) }
        });
        let mut positioning = self.remote.connect().await?.positioning;
        let answer = positioning.publish_radio_map(tokio_stream::iter(requests)).await;
        Ok(answer.map_err(|status| refusal(&status))?.into_inner())
    }

    fn header(&self) -> RadioMapHeader {
        let form = match self.form {
            Form::Survey => RadioMapForm::Survey,
            Form::Beacons => RadioMapForm::Beacons,
            Form::Uji => RadioMapForm::Uji,
        };
        let datum = match self.datum {
            Datum::Wgs84 => v1::Datum::Wgs84.into(),
            Datum::Gcj02 => v1::Datum::Gcj02.into(),
        };
        let origin = self.origin.map(|[longitude, latitude]| Coordinates { longitude, latitude, datum });
        RadioMapHeader {
            venue: self.code.clone(),
            version: self.name.clone(),
            form: form.into(),
            datum,
            origin,
        }
    }
}

impl Versions {
    pub(super) fn run(self) -> Outcome {
        let versions = block_on(async {
            let request = ListRadioMapsRequest { venue: self.code.clone() };
            let answer = self.remote.connect().await?.positioning.list_radio_maps(request).await;
            anyhow::Ok(answer.map_err(|status| refusal(&status))?.into_inner().versions)
        })?;
        if self.json {
            let versions: Vec<_> = versions.iter().map(shown).collect();
            say!("{}", serde_json::to_string_pretty(&json!({ "versions": versions }))?)?;
            return Ok(ExitCode::SUCCESS);
        }
        for version in &versions {
            let (at, in_use) = (at(version), if version.is_current { "in use" } else { "" });
            let RadioMapVersion { version: name, digest, bytes, .. } = version;
            say!("{name:<24}  {in_use:<6}  {at}  {:<7}  {bytes:>9} bytes  {digest:.12}", form(version))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn shown(version: &RadioMapVersion) -> Value {
    json!({
        "version": version.version, "is_current": version.is_current, "form": form(version),
        "at": at(version), "bytes": version.bytes, "digest": version.digest,
    })
}

fn form(version: &RadioMapVersion) -> &'static str {
    match version.form() {
        RadioMapForm::Unspecified => "unknown",
        RadioMapForm::Survey => "survey",
        RadioMapForm::Uji => "uji",
        RadioMapForm::Beacons => "beacons",
    }
}

fn at(version: &RadioMapVersion) -> String {
    let at = version.published_at.as_ref().and_then(timestamp);
    at.map_or_else(String::new, |at| at.to_string())
}

impl Rollback {
    pub(super) fn run(self) -> Outcome {
        let position = block_on(async {
            let request = RollBackRadioMapRequest { venue: self.code.clone(), version: self.to.clone() };
            let answer = self.remote.connect().await?.positioning.roll_back_radio_map(request).await;
            anyhow::Ok(answer.map_err(|status| refusal(&status))?.into_inner().position)
        })?;
        let is_new = !position.is_empty();
        if self.json {
            let json =
                json!({ "venue": self.code, "version": self.to, "is_new": is_new, "position": position });
            say!("{}", serde_json::to_string_pretty(&json)?)?;
        } else {
            let again = if is_new { "again" } else { "already" };
            say!("{} tells positions by {} {again}", self.code, self.to)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

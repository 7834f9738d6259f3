//! `airside position`.

use std::{
    io::Read,
    path::{Path, PathBuf},
    process::ExitCode,
};

use airside_wayfinding::position::{
    evaluate::{Judged, Report, cross_validate, judge, report, survey},
    radio_map::Tuning,
    table::{self, Row, TABLE_MAX},
};
use anyhow::Context;
use clap::{Args, Subcommand};

use super::{
    Outcome,
    out::{note, say},
};

mod radio;

use radio::{Publish, Rollback, Versions};

/// Judges how well scans are located by a survey, and publishes radio maps to a running server.
#[derive(Subcommand)]
pub(super) enum Position {
    /// Locates the scans of one table by the survey of another.
    Evaluate(Evaluate),
    /// Locates the scans of a survey, each by what other places and recorders give.
    CrossValidate(CrossValidate),
    Publish(Box<Publish>),
    Versions(Versions),
    Rollback(Rollback),
}

/// Locates the scans of one table by the survey of another, and says how far off the answers are.
#[derive(Args)]
#[command(after_help = "\
Tables are .csv or .csv.gz in UJIIndoorLoc's columns: WAPnnn in dBm (100 = not heard), LONGITUDE and LATITUDE
in metres, FLOOR, BUILDINGID; other columns are left alone.
Example: airside position evaluate --train trainingData.csv.gz --test validationData.csv --json")]
pub(super) struct Evaluate {
    /// Table with the survey.
    #[arg(long, value_name = "FILE")]
    train: PathBuf,
    /// Table with the scans to locate.
    #[arg(long, value_name = "FILE")]
    test: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Locates the scans of a survey, each by what is left without its place and, where USERID and PHONEID are
/// there, without its recorder. A random split would ask twins about each other.
#[derive(Args)]
pub(super) struct CrossValidate {
    /// Table with the survey.
    #[arg(long, value_name = "FILE")]
    train: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// How many scans are located between two lines of progress.
const TELL_EVERY: usize = 1000;

impl Position {
    pub(super) fn run(self) -> Outcome {
        match self {
            Self::Evaluate(command) => command.run(),
            Self::CrossValidate(command) => command.run(),
            Self::Publish(command) => command.run(),
            Self::Versions(command) => command.run(),
            Self::Rollback(command) => command.run(),
        }
    }
}

impl Evaluate {
    fn run(self) -> Outcome {
        let (train, test) = (read(&self.train)?, read(&self.test)?);
        let map = survey(&train, Tuning::default())
            .with_context(|| format!("{} is no survey", self.train.display()))?;
        note!("{} fingerprints of {} transmitters", map.fingerprint_count(), map.transmitter_count());
        let mut judged = Vec::with_capacity(test.len());
        for row in &test {
            judged.push(judge(&map, row));
            if judged.len() % TELL_EVERY == 0 {
                note!("{} of {} scans located", judged.len(), test.len());
            }
        }
        tell(&judged, self.json)
    }
}

impl CrossValidate {
    fn run(self) -> Outcome {
        let rows = read(&self.train)?;
        let judged = cross_validate(&rows, Tuning::default(), |done| note!("{done} of {} scans", rows.len()))
            .with_context(|| format!("{} is no survey", self.train.display()))?;
        tell(&judged, self.json)
    }
}

fn read(path: &Path) -> anyhow::Result<Vec<Row>> {
    let bytes = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let bytes = unpacked(path, bytes, TABLE_MAX)?;
    let rows = table::read(&bytes).with_context(|| path.display().to_string())?;
    let silent = rows.iter().filter(|row| row.scan.is_none()).count();
    note!("{}: {} scans, {silent} of them heard nothing", path.display(), rows.len());
    Ok(rows)
}

/// Unpacks what is packed by gzip.
fn unpacked(path: &Path, bytes: Vec<u8>, limit: u64) -> anyhow::Result<Vec<u8>> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes);
    }
    let mut unpacked = Vec::new();
    // One byte more than a file may have, so that a larger one is refused, not cut.
    let read = flate2::read::MultiGzDecoder::new(bytes.as_slice()).take(limit + 1).read_to_end(&mut unpacked);
    read.with_context(|| format!("{}: the gzip data cannot be unpacked", path.display()))?;
    Ok(unpacked)
}

fn tell(judged: &[Judged], json: bool) -> Outcome {
    let promised: Vec<_> = judged.iter().filter_map(|j| Some((j.error_m, j.radius_m?))).collect();
    let kept = promised.iter().filter(|(error_m, radius_m)| error_m <= radius_m).count();
    note!("{kept} of {} answers lie within the radius promised for 68 of 100", promised.len());
    let report = report(judged);
    if json {
        say!("{}", serde_json::to_string(&report)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let Report { building_hit, floor_hit, mean_m, median_m, p75_m, scans } = report;
    say!("scans     {scans}")?;
    say!("building  {:.2} %", building_hit * 100.0)?;
    say!("floor     {:.2} %", floor_hit * 100.0)?;
    say!("error     mean {mean_m:.2} m, median {median_m:.2} m, p75 {p75_m:.2} m")?;
    Ok(ExitCode::SUCCESS)
}

//! `airside baggage journey` and `airside baggage evidence`.

use std::{fs, path::PathBuf, process::ExitCode};

use airside_baggage::export::Format;
use anyhow::Context;
use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::{
    commands::{
        Outcome,
        operator::Place,
        out::{note, say},
    },
    operate::{Export, Order},
};

/// Prints the newest journey of a bag as a document in the words of another system.
///
/// The document is one JSON object and holds nothing personal. What the other system has no words
/// for stands under `left_out`.
#[derive(Args)]
#[command(after_help = "\
Works on a running server and on a stopped one.
Example: airside baggage journey 0479123456
         airside baggage journey 0479123456 --format mh-t-1076 | jq -r '.nodes[] | .at + \" \" + .node'")]
pub(in crate::commands) struct Journey {
    /// Ten-digit licence plate.
    plate: String,
    #[command(flatten)]
    place: Place,
    /// In whose words.
    #[arg(long, value_enum, default_value_t = Words::Json)]
    format: Words,
}

#[derive(Clone, Copy, ValueEnum)]
enum Words {
    /// The twelve nodes of MH/T 1076.3, in Chinese and English.
    #[value(name = "mh-t-1076")]
    MhT1076,
    /// Event codes as SITA's BagJourney has them.
    #[value(name = "bagjourney")]
    BagJourney,
    /// The four tracking points of IATA Resolution 753.
    #[value(name = "resolution-753")]
    Resolution753,
    /// Our own words, with every observation.
    Json,
}

/// Writes a file that proves to an outsider what is known of a plate.
///
/// The file is a proof as `airside log prove --stream` gives it: a signed checkpoint, and each stored
/// event with its path to the signed root; beside its bytes stands what they say, for people.
/// Personal values stay sealed. Events that are not signed yet are counted and left out.
#[derive(Args)]
#[command(after_help = "\
Works on a running server and on a stopped one.
Example: airside baggage evidence 0479123456 --out evidence.json
         airside-verifier evidence.json --key \"$(airside log stats --json | jq -r '.evidence.keys[0]')\"")]
pub(in crate::commands) struct Evidence {
    /// Ten-digit licence plate.
    plate: String,
    #[command(flatten)]
    place: Place,
    /// Write the evidence to a file [default: standard output].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Journey {
    pub(super) fn run(self) -> Outcome {
        let format = match self.format {
            Words::MhT1076 => Format::MhT1076,
            Words::BagJourney => Format::BagJourney,
            Words::Resolution753 => Format::Resolution753,
            Words::Json => Format::Json,
        };
        let document: Value = self.place.order(Order::Export(Export { plate: self.plate, format }))?;
        say!("{}", serde_json::to_string_pretty(&document)?)?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Evidence {
    pub(super) fn run(self) -> Outcome {
        let file: Value = self.place.order(Order::Evidence { plate: self.plate })?;
        let text = serde_json::to_string_pretty(&file)?;
        let Some(path) = &self.out else {
            say!("{text}")?;
            return Ok(ExitCode::SUCCESS);
        };
        fs::write(path, format!("{text}\n"))
            .with_context(|| format!("{} cannot be written", path.display()))?;
        let proven = file["events"].as_array().map_or(0, Vec::len);
        let later = &file["evidence"]["events_signed_later"];
        note!("{proven} events proven in {}, {later} not signed yet", path.display());
        Ok(ExitCode::SUCCESS)
    }
}

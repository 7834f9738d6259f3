//! `airside map reach`.

use std::process::ExitCode;

use airside_wayfinding::{Overlay, Profile, Searcher, Speed, Walk, Who, json::ReachReport, reach};
use clap::Args;

use super::{MapArgs, Tongue, snapshot, span};
use crate::commands::{self, out::say};

/// Tells what can be reached within some minutes of walking, the nearest first.
#[derive(Args)]
#[command(after_help = "\
Example: airside map reach maps/testville --from A3 --minutes 3 --profile wheelchair
With --json the ways there are given too, as GeoJSON lines by level.")]
pub(in crate::commands) struct Reach {
    #[command(flatten)]
    map: MapArgs,
    /// Where one is: a feature id, a name or code, or `longitude,latitude,level`.
    #[arg(long, value_name = "REF")]
    from: String,
    /// How many minutes, up to 60.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=60))]
    minutes: u32,
    /// How one moves: walk, wheelchair, trolley_or_stroller, avoid_stairs or avoid_escalators.
    #[arg(long, default_value_t = Profile::Walk)]
    profile: Profile,
    /// How fast one is: slow, normal, brisk, or metres a second from 0.3 to 3.0.
    #[arg(long, default_value = "normal")]
    speed: Speed,
    /// Language of the names.
    #[arg(long = "lang", value_enum, default_value_t = Tongue::En)]
    language: Tongue,
}

impl Reach {
    pub(super) fn run(self) -> commands::Outcome {
        let (snapshot, overlay) = (snapshot(&self.map.path)?, Overlay::open());
        let who = Who { profile: self.profile, speed: self.speed, ..Who::default() };
        let walk = Walk {
            snapshot: &snapshot,
            overlay: &overlay,
            who,
            depart: None,
            language: self.language.into(),
        };
        let mut searcher = Searcher::new();
        let report = ReachReport::of(&walk, &reach(&walk, &mut searcher, &self.from)?, self.minutes * 60_000);
        if self.map.json {
            say!("{}", serde_json::to_string_pretty(&report)?)?;
            return Ok(ExitCode::SUCCESS);
        }
        for place in &report.places {
            say!("{:>12}  {}", span(place.seconds), place.name)?;
        }
        say!("{} places within {} min", report.places.len(), self.minutes)?;
        Ok(ExitCode::SUCCESS)
    }
}

//! `airside map draw`.

use std::{fs, path::PathBuf, process::ExitCode};

use airside_wayfinding::{Outcome, Profile, RouteRequest, draw};
use anyhow::{Context, bail};
use clap::Args;

use super::{Tongue, ask, snapshot};
use crate::commands::{self, out::say};

/// Draws a level of a map as SVG, with a route on it; exit code 1 when there is no route.
#[derive(Args)]
#[command(after_help = "\
Example: airside map draw maps/testville --level 2F --route Metro A3 -o level.svg")]
pub(in crate::commands) struct Draw {
    /// Folder of an IMDF map.
    path: PathBuf,
    /// The level: its ordinal, such as -1, or its sign, such as B1.
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    level: String,
    /// Both ends of a route to draw: feature ids, names, codes, or `longitude,latitude,level`.
    #[arg(long, num_args = 2, value_names = ["FROM", "TO"])]
    route: Option<Vec<String>>,
    /// How one moves on the route: walk, wheelchair, trolley_or_stroller, avoid_stairs or avoid_escalators.
    #[arg(long, default_value_t = Profile::Walk)]
    profile: Profile,
    /// Language of the names.
    #[arg(long = "lang", value_enum, default_value_t = Tongue::En)]
    language: Tongue,
    /// File to write [default: standard output].
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Draw {
    pub(super) fn run(self) -> commands::Outcome {
        let snapshot = snapshot(&self.path)?;
        let level = draw::level_called(&snapshot, &self.level)?;
        let route = match self.route.as_deref() {
            Some([from, to]) => {
                let (from, to) = (from.clone(), to.clone());
                let (profile, language) = (self.profile, self.language.into());
                let request = RouteRequest { from, to, profile, language, ..RouteRequest::default() };
                match ask(&snapshot, &request)? {
                    Outcome::Found(route) => Some(route),
                    Outcome::NotFound { text, .. } => bail!("no route: {text}"),
                }
            }
            _ => None,
        };
        let picture = draw::draw(&snapshot, level, route.as_ref(), self.language.into());
        match &self.output {
            Some(file) => fs::write(file, picture)
                .with_context(|| format!("picture cannot be written to {}", file.display()))?,
            None => say!("{}", picture.trim_end())?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

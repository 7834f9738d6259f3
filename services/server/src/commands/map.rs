//! `airside map`.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use airside_wayfinding::{
    Finding, Language, Moment, Overlay, Profile, Rights, RouteError, RouteRequest, Searcher, Snapshot, Speed,
    Stop, check,
    json::{CheckReport, RouteReport, StepReport},
    route,
};
use anyhow::anyhow;
use clap::{Args, Subcommand, ValueEnum};

use super::{Outcome, out::say};
use crate::venues;

mod draw;
mod publish;
mod reach;
mod versions;

use draw::Draw;
use publish::Publish;
use reach::Reach;
use versions::{Rollback, Versions};

/// How many findings of one kind are said one by one; they may come by the hundred.
const FINDINGS_SAID: usize = 5;

/// Looks at venue maps, and publishes them to a running server.
#[derive(Subcommand)]
pub(super) enum Map {
    /// Checks a map for what routing needs.
    Check(Check),
    /// Counts what is in a map and in the graph made of it.
    Stats(Stats),
    /// Finds a route in a map.
    Route(Route),
    /// Tells what can be reached within some minutes.
    Reach(Reach),
    /// Draws a level of a map.
    Draw(Draw),
    Publish(Box<Publish>),
    Versions(Versions),
    Rollback(Rollback),
}

/// Checks a map for what routing needs; exit code 1 when it has a violation.
#[derive(Args)]
pub(super) struct Check {
    #[command(flatten)]
    map: MapArgs,
}

/// Counts what is in a map and in the graph made of it.
#[derive(Args)]
pub(super) struct Stats {
    #[command(flatten)]
    map: MapArgs,
}

/// Finds a route in a map; exit code 1 when there is none.
#[derive(Args)]
#[command(after_help = "\
An end is a feature id, a name or code (`A3`, `Belt 1`), or `longitude,latitude,level`; what one walks to may
also be a kind of place (`toilet`, `洗手间`): the nearest is meant. Who has no boarding pass asks
`--as visitor`: the answer says at which check they are stopped. With `--at`, what the map says of opening
hours counts at the time one gets there; without it everything is open.
Examples:
  airside map route maps/testville --from Metro --to A3 --profile wheelchair --lang zh-CN
  airside map route maps/testville --from Metro --via 'Check-in B' --via toilet --to A3 --any-order
  airside map route maps/lingnan --from Metro --to A3 --alternatives 2
  airside map route maps/lingnan --from Metro --to C9 --as visitor
  airside map route maps/testville --from Metro --to 'Lucky Noodles' --at 2026-11-22T08:30")]
pub(super) struct Route {
    #[command(flatten)]
    map: MapArgs,
    /// Where it begins.
    #[arg(long, value_name = "REF")]
    from: String,
    /// Where it ends.
    #[arg(long, value_name = "REF")]
    to: String,
    /// A stop on the way; may be repeated, up to 8 times.
    #[arg(long, value_name = "REF")]
    via: Vec<String>,
    /// Make the stops in whichever order is quickest.
    #[arg(long, requires = "via")]
    any_order: bool,
    /// How many other ways to tell besides the quickest, up to 3.
    #[arg(long, value_name = "N", default_value_t = 0, conflicts_with = "via",
          value_parser = clap::value_parser!(u8).range(0..=3))]
    alternatives: u8,
    /// How one moves: walk, wheelchair, trolley_or_stroller, avoid_stairs or avoid_escalators.
    #[arg(long, default_value_t = Profile::Walk)]
    profile: Profile,
    /// How fast one is: slow, normal, brisk, or metres a second from 0.3 to 3.0.
    #[arg(long, default_value = "normal")]
    speed: Speed,
    /// What one may pass: visitor, passenger or staff.
    #[arg(long = "as", value_name = "WHO", default_value_t = Rights::Passenger)]
    rights: Rights,
    /// When one sets out, by the venue's clocks, such as 2026-11-22T08:30.
    #[arg(long = "at", value_name = "MOMENT")]
    depart: Option<Moment>,
    /// Language of the steps.
    #[arg(long = "lang", value_enum, default_value_t = Tongue::En)]
    language: Tongue,
}

#[derive(Args)]
struct MapArgs {
    /// Folder or zip of a map: IMDF, MLIT layers with their network, or GTFS stations.
    path: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Tongue {
    En,
    #[value(name = "zh-CN")]
    ZhCn,
}

impl From<Tongue> for Language {
    fn from(tongue: Tongue) -> Self {
        match tongue {
            Tongue::En => Self::En,
            Tongue::ZhCn => Self::ZhCn,
        }
    }
}

impl Map {
    pub(super) fn run(self) -> Outcome {
        match self {
            Self::Check(command) => command.run(),
            Self::Stats(command) => command.run(),
            Self::Route(command) => command.run(),
            Self::Reach(command) => command.run(),
            Self::Draw(command) => command.run(),
            Self::Publish(command) => command.run(),
            Self::Versions(command) => command.run(),
            Self::Rollback(command) => command.run(),
        }
    }
}

impl Check {
    fn run(self) -> Outcome {
        let report = CheckReport::from(check(&venues::read(&self.map.path)?));
        if self.map.json {
            say!("{}", serde_json::to_string_pretty(&report)?)?;
        } else {
            tell(&report)?;
        }
        Ok(ExitCode::from(u8::from(!report.valid)))
    }
}

/// Prints what was found in a map.
fn tell(report: &CheckReport) -> anyhow::Result<()> {
    let alike = |a: &Finding, b: &Finding| (a.rule, &a.file) == (b.rule, &b.file);
    for group in report.findings.chunk_by(alike) {
        say_group(group)?;
    }
    let CheckReport { violations, warnings, infos, .. } = report;
    say!("{}, {}, {}", count(*violations, "violation"), count(*warnings, "warning"), count(*infos, "note"))?;
    Ok(())
}

/// Says what is wrong in one way with some features, and what to do about it.
fn say_group(group: &[Finding]) -> anyhow::Result<()> {
    let [first, ..] = group else { return Ok(()) };
    let times = if group.len() > 1 { format!(", {} times", group.len()) } else { String::new() };
    say!("{} {} in {}{times}", severity(first.severity), first.rule, first.file)?;
    let said = &group[..group.len().min(FINDINGS_SAID)];
    if said.iter().all(|finding| finding.text == first.text) {
        say!("    {}", first.text)?;
        let features: Vec<_> = said.iter().filter_map(|finding| finding.feature_id.as_deref()).collect();
        if !features.is_empty() {
            say!("    {}", features.join(" "))?;
        }
    } else {
        for finding in said {
            let feature = finding.feature_id.as_deref().map(|id| format!("{id}: ")).unwrap_or_default();
            say!("    {feature}{}", finding.text)?;
        }
    }
    if group.len() > FINDINGS_SAID {
        say!("    and {} more, which --json lists", group.len() - FINDINGS_SAID)?;
    }
    say!("    To mend: {}", first.remedy)?;
    Ok(())
}

fn count(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

fn severity(severity: airside_wayfinding::Severity) -> &'static str {
    match severity {
        airside_wayfinding::Severity::Violation => "VIOLATION",
        airside_wayfinding::Severity::Warning => "WARNING",
        airside_wayfinding::Severity::Info => "NOTE",
    }
}

impl Stats {
    fn run(self) -> Outcome {
        let stats = snapshot(&self.map.path)?.stats();
        if self.map.json {
            say!("{}", serde_json::to_string_pretty(&stats)?)?;
            return Ok(ExitCode::SUCCESS);
        }
        say!("levels   {}", stats.levels)?;
        say!("units    {}", stats.units)?;
        say!("openings {}", stats.openings)?;
        say!(
            "places   {} ({} landside, {} airside)",
            stats.places,
            stats.places_landside,
            stats.places_airside
        )?;
        say!("shafts   {}", stats.shafts)?;
        say!("graph    {} nodes, {} edges, {:.0} m on foot", stats.nodes, stats.edges, stats.walk_m)?;
        say!("parts    {} on foot, {} in a wheelchair", stats.components_walk, stats.components_wheelchair)?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Route {
    fn run(self) -> Outcome {
        let snapshot = snapshot(&self.map.path)?;
        let request = RouteRequest {
            from: self.from,
            to: self.to,
            profile: self.profile,
            speed: self.speed,
            rights: self.rights,
            depart: self.depart,
            language: self.language.into(),
            via: self.via.iter().map(|at| Stop::from(at.as_str())).collect(),
            any_order: self.any_order,
            alternatives: self.alternatives,
        };
        let outcome = ask(&snapshot, &request)?;
        let report = RouteReport::from(&outcome);
        if self.map.json {
            say!("{}", serde_json::to_string_pretty(&report)?)?;
        } else if let Some(reason) = &report.reason {
            say!("no route: {}", reason.text)?;
            if let Some(point) = &report.as_far_as {
                say!("{}: {:.0} m, {}", point.text, point.way.length_m, span(point.way.seconds))?;
                steps(&point.way.steps)?;
            }
        } else {
            let (length_m, seconds) =
                (report.length_m.unwrap_or_default(), report.seconds.unwrap_or_default());
            say!("{length_m:.0} m, {}", span(seconds))?;
            steps(&report.steps)?;
            for other in &report.alternatives {
                say!("{}: {:.0} m, {}", other.text, other.way.length_m, span(other.way.seconds))?;
            }
            if let Some(note) = &report.note {
                say!("note: {note}")?;
            }
        }
        Ok(ExitCode::from(u8::from(!report.found)))
    }
}

fn span(seconds: f64) -> String {
    format!("{:.0} min {:.0} s", (seconds / 60.0).floor(), seconds % 60.0)
}

fn steps(steps: &[StepReport]) -> anyhow::Result<()> {
    for (n, step) in steps.iter().enumerate() {
        say!("{:3}. {}", n + 1, step.text)?;
    }
    Ok(())
}

/// Finds a route with nothing closed and nobody waiting.
fn ask(snapshot: &Snapshot, request: &RouteRequest) -> Result<airside_wayfinding::Outcome, RouteError> {
    route(snapshot, &Overlay::open(), &mut Searcher::default(), request)
}

fn snapshot(path: &Path) -> anyhow::Result<Snapshot> {
    Snapshot::from_source(&venues::read(path)?).map_err(|refused| {
        let first =
            refused.findings.first().map_or_else(String::new, |finding| format!(": {}", finding.text));
        anyhow!("map {} cannot be used{first} (`airside map check` lists all findings)", path.display())
    })
}

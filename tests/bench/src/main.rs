//! Measures each promised speed against a limit or a peer in the same run.
//!
//! `cargo run --release -p airside-bench -- scan-ingest --json` prints one JSON
//! array of measures on standard output and everything else on standard error.
//! The works are `append`, `append-pause`, `read-all` and `log-open` of the log,
//! `rebuild` of the read models, `scan-ingest`, `message-ingest`, `message-load` and `baggage-load`
//! of the server, `load-decision` of handlers, `parse` of baggage messages, `position` of scans,
//! `sessions` and `scan-to-push` of passengers, `route`, `live-update`, `find-route` and `search`
//! of the ways, and `cluster` of roles on a log that nodes share. `contract` and `oracle` measure
//! nothing: they prove the log that `--store` names.
//! Each figure is the best of three rounds, because other work on the machine
//! only ever makes a round slower; the loads run once, by the clock. Exit code 1 when a floor is
//! not reached.

mod append;
mod append_pause;
mod baggage_load;
mod child;
mod cluster;
mod ingest;
mod limits;
mod load_decision;
mod log_open;
mod loopback;
mod measure;
mod message_load;
mod parse;
mod played;
mod position;
mod proof;
mod push;
mod read_all;
mod rebuild;
mod ways;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::{Parser, ValueEnum};

use measure::{Better, Measure};

/// The allocator of the binary `airside`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How often each work is measured; the best round counts.
const ROUNDS: usize = 3;

/// Measures the promised speeds of Airside, each against a limit or a peer in the same run.
#[derive(Parser)]
#[command(name = "airside-bench")]
struct Bench {
    /// What to measure; may be repeated [default: everything that is a measure].
    #[arg(value_enum)]
    works: Vec<Work>,
    /// Print one JSON array on standard output.
    #[arg(long)]
    json: bool,
    /// Folder on the disk to measure; what is written there is removed again.
    #[arg(long, value_name = "DIR", default_value = "target/bench")]
    dir: PathBuf,
    #[command(flatten)]
    log_open: log_open::Part,
    #[command(flatten)]
    message_load: message_load::Options,
    #[command(flatten)]
    proof: proof::Part,
    #[command(flatten)]
    push: push::Part,
    #[command(flatten)]
    played: played::Part,
    #[command(flatten)]
    roles: cluster::Part,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Work {
    /// Durable events a second through the port of the log.
    Append,
    /// The longest time of an append at 10,000 a second.
    AppendPause,
    /// Time to open a log of 5 million streams after a crash, and its memory.
    LogOpen,
    /// Events a second when the whole log is read.
    ReadAll,
    /// Events a second when every read model is folded from the beginning.
    Rebuild,
    /// Durable typed scans a second over gRPC.
    ScanIngest,
    /// Raw messages a second acknowledged on disk, over gRPC.
    MessageIngest,
    /// Raw messages a second from mixed sources by the clock, and whether one is lost.
    MessageLoad,
    /// Messages and scans by the clock, and how soon their bags are shown; one round.
    BaggageLoad,
    /// Time to decide whether a bag may go on a flight.
    LoadDecision,
    /// RP 1745 messages read on one core.
    Parse,
    /// Time to locate a scan among 20,000 fingerprints, and how far off the answers are.
    Position,
    /// Memory of idle sessions on the WebSocket, one notice to all of them, and who comes back; one round.
    Sessions,
    /// Time from the acceptance of a scan to the frame at its passenger; one round.
    ScanToPush,
    /// Time of a shortest path in the airport of Narita.
    Route,
    /// Time until a route knows what was closed, with every profile in use.
    LiveUpdate,
    /// Whole routes a second over gRPC, with steps and line.
    FindRoute,
    /// What the log on a cluster adds to a bare call, and what roles on it carry as processes of their own, on
    /// the server that --store names [default: double:1, a double of one, which is no real server]; and how
    /// soon all goes on when a leader is lost.
    Cluster,
    /// Every promise of the log, on the store that --store names; no measure.
    Contract,
    /// Whether the log that --store names keeps what it acknowledged while nodes are killed; no measure.
    Oracle,
    /// Time to find places by what people type, ranked by how long one walks there.
    Search,
}

fn main() -> ExitCode {
    let bench = Bench::parse();
    match run(&bench) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("airside-bench: {error:#}");
            ExitCode::from(2)
        }
    }
}

impl Bench {
    /// Plays the part of a child if that is what this process is.
    async fn play(&self) -> Option<anyhow::Result<()>> {
        if let Some(played) = self.log_open.play().await {
            return Some(played);
        }
        if let Some(played) = self.push.play().await {
            return Some(played);
        }
        if let Some(played) = self.roles.play().await {
            return Some(played);
        }
        self.played.play().await
    }
}

fn run(bench: &Bench) -> anyhow::Result<bool> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if let Some(played) = runtime.block_on(bench.play()) {
        return played.map(|()| true);
    }
    match bench.works[..] {
        [Work::Contract] => return runtime.block_on(bench.proof.contract(bench.json)),
        [Work::Oracle] => {
            let span = bench.message_load.run_for;
            return runtime.block_on(bench.proof.oracle(span, bench.json));
        }
        _ => {}
    }
    std::fs::create_dir_all(&bench.dir).with_context(|| format!("{} cannot be made", bench.dir.display()))?;
    let works = if bench.works.is_empty() { Work::value_variants() } else { &bench.works };
    let mut measures = Vec::new();
    for work in works {
        let folder = tempfile::tempdir_in(&bench.dir)?;
        let found = match work {
            Work::Contract | Work::Oracle if bench.works.is_empty() => continue,
            Work::Contract | Work::Oracle => anyhow::bail!("contract and oracle run by themselves"),
            Work::Append => runtime.block_on(append::measure(folder.path()))?,
            Work::AppendPause => runtime.block_on(append_pause::measure(folder.path()))?,
            Work::LogOpen => log_open::measure(folder.path())?,
            Work::ReadAll => runtime.block_on(read_all::measure(folder.path()))?,
            Work::Rebuild => runtime.block_on(rebuild::measure(folder.path()))?,
            Work::ScanIngest => runtime.block_on(ingest::scans(folder.path()))?,
            Work::MessageIngest => runtime.block_on(ingest::messages(folder.path()))?,
            Work::MessageLoad => {
                runtime.block_on(message_load::measure(folder.path(), &bench.message_load))?
            }
            Work::BaggageLoad => {
                runtime.block_on(baggage_load::measure(folder.path(), bench.message_load.run_for))?
            }
            Work::LoadDecision => runtime.block_on(load_decision::measure(folder.path()))?,
            Work::Parse => parse::measure()?,
            Work::Position => position::measure()?,
            Work::Sessions => runtime.block_on(push::sessions(folder.path()))?,
            Work::ScanToPush => runtime.block_on(push::scan_to_push(folder.path()))?,
            Work::Route => ways::route()?,
            Work::LiveUpdate => runtime.block_on(ways::live_update(folder.path()))?,
            Work::FindRoute => runtime.block_on(ways::find_route(folder.path()))?,
            Work::Search => ways::search()?,
            Work::Cluster => {
                runtime.block_on(cluster::measure(folder.path(), &bench.dir, bench.proof.store.as_deref()))?
            }
        };
        found.iter().for_each(tell);
        measures.extend(found);
    }
    if bench.json {
        println!("{}", serde_json::to_string(&measures)?);
    }
    Ok(measures.iter().all(|measure| measure.holds))
}

fn tell(measure: &Measure) {
    let Measure { work, name, value, unit, floor, goal, holds, against, better } = measure;
    let sign = if *better == Better::Higher { "at least" } else { "at most" };
    let bounds = match (floor, goal) {
        (Some(floor), Some(goal)) => format!(", floor {sign} {floor}, goal {goal}"),
        _ => String::new(),
    };
    let verdict = if *holds { "" } else { "  NOT REACHED" };
    eprintln!("{work:<17} {name:<28} {value:>14.2} {unit}{bounds}{verdict}");
    if !against.is_empty() {
        eprintln!("{:<17} against {against}", "");
    }
}

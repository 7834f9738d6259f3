//! The command line. Results go to standard output, everything else to standard error.

mod baggage;
mod demo;
mod load;
mod log;
mod map;
mod operator;
mod out;
mod position;
mod projections;
mod remote;
mod serve;
mod settings;
mod simulate;
mod token;

use std::{io, process::ExitCode};

use clap::{Parser, Subcommand};

/// What a command did: the process's exit code, or why it failed.
type Outcome = anyhow::Result<ExitCode>;

/// Knows where every bag is, walks every passenger to the right place, and tells them in time.
#[derive(Parser)]
#[command(
    name = "airside",
    version,
    propagate_version = true,
    after_help = "\
Begin with `airside demo`: it plays an airport in a fresh folder and shows the main job.
Then `airside serve` runs the same for real, and `airside token` lets you call it.
`airside log` and `airside projections` look after its data."
)]
struct Airside {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Plays an airport on a fresh folder and shows what happens.
    Demo(demo::Demo),
    /// Runs the server on a data folder until it is told to stop.
    Serve(serve::Serve),
    /// Mints a token for calls to a develop server.
    Token(token::Token),
    /// Reads and sends baggage messages, and tells and proves the journey of a bag.
    #[command(subcommand)]
    Baggage(baggage::Baggage),
    /// Looks at venue maps, and publishes them to a running server.
    #[command(subcommand)]
    Map(map::Map),
    /// Judges how well scans are located by a survey.
    #[command(subcommand)]
    Position(position::Position),
    #[command(subcommand)]
    Log(log::Log),
    #[command(subcommand)]
    Projections(projections::Projections),
    /// Plays a day of an airport and judges what the server said of it.
    Simulate(simulate::Simulate),
    /// Drives a running server as fast as it goes and reports what it reached.
    Load(load::Load),
}

/// Runs the command line.
pub fn main() -> ExitCode {
    let outcome = match Airside::parse().command {
        Command::Demo(command) => command.run(),
        Command::Serve(command) => command.run(),
        Command::Token(command) => command.run(),
        Command::Baggage(command) => command.run(),
        Command::Map(command) => command.run(),
        Command::Position(command) => command.run(),
        Command::Log(command) => command.run(),
        Command::Projections(command) => command.run(),
        Command::Simulate(command) => command.run(),
        Command::Load(command) => command.run(),
    };
    outcome.unwrap_or_else(|error| {
        // Who reads us through `head` has seen enough.
        let has_left = |cause: &(dyn std::error::Error + 'static)| {
            cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
        };
        if error.chain().any(has_left) {
            return ExitCode::SUCCESS;
        }
        out::note!("airside: {error:#}");
        ExitCode::FAILURE
    })
}

/// Runs a future on a runtime of its own.
fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}

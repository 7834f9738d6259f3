//! Processes of this program that play a part, each with memory and CPU of its own.
//!
//! A child is told what it is by hidden options, says one line on standard
//! output when it is ready, and ends when its standard input does: when its
//! parent drops it, or is itself no more.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write, stdin},
    process::{Child as Process, ChildStdin, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use tokio::task::spawn_blocking;

/// How many ticks of CPU time a second of Linux has, on every architecture that we know.
const TICKS_PER_S: f64 = 100.0;

/// A process that ends with what started it.
pub(crate) struct Ended(pub(crate) Process);

impl Drop for Ended {
    fn drop(&mut self) {
        // One that has ended already cannot be ended again.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A process of this program that is ready.
pub(crate) struct Child {
    process: Ended,
    told: Option<ChildStdin>,
    /// What it said when it was ready.
    pub(crate) ready: String,
}

impl Child {
    /// Starts one by its hidden options, and waits until it is ready.
    ///
    /// # Errors
    /// When it cannot be started, or ends before it is ready.
    pub(crate) fn start(arguments: &[&str]) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe().context("finding this program")?);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Ended(command.spawn().context("starting a process")?);
        let told = process.0.stdin.take();
        let stdout = process.0.stdout.take().context("a process without output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        ensure!(!line.is_empty(), "the process {arguments:?} did not start");
        Ok(Self { process, told, ready: line.trim().to_owned() })
    }

    /// Says a line to it.
    ///
    /// # Errors
    /// When it has ended.
    pub(crate) fn tell(&mut self, line: &str) -> Result<()> {
        let told = self.told.as_mut().context("it was told to end")?;
        writeln!(told, "{line}").context("the process has ended")
    }

    /// Returns the memory that it has resident, bytes.
    pub(crate) fn resident(&self) -> Result<f64> {
        resident(self.process.0.id())
    }

    /// Returns the time that it was on a CPU until now.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let process = self.process.0.id();
        let stat =
            fs::read_to_string(format!("/proc/{process}/stat")).context("reading a process's times")?;
        // The name stands in brackets and may hold anything; user and system time are the 12th and 13th after it.
        let (_, rest) = stat.rsplit_once(')').context("no name in stat")?;
        let times = rest.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
        let ticks = times.sum::<Result<u64, _>>().context("reading a process's times")?;
        Ok(Duration::from_secs_f64(ticks as f64 / TICKS_PER_S))
    }

    /// Lets it end in order.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub(crate) fn close(mut self) -> Result<()> {
        drop(self.told.take());
        self.process.0.wait()?;
        Ok(())
    }
}

/// Waits, as a child, until the parent lets it end.
///
/// # Errors
/// When standard input cannot be read.
pub(crate) async fn let_go() -> Result<()> {
    spawn_blocking(|| stdin().read_to_end(&mut Vec::new())).await??;
    Ok(())
}

/// Returns the memory that a process has resident, bytes.
///
/// # Errors
/// When there is no such process.
pub(crate) fn resident(process: u32) -> Result<f64> {
    let status =
        fs::read_to_string(format!("/proc/{process}/status")).context("reading a process's memory")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().context("reading VmRSS")?;
    Ok(kib * 1024.0)
}

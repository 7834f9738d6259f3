//! `log-open`: opening a log of 5 million events over 5 million streams after a crash.
//!
//! A child process fills the log in batches, one event a stream, the names in no
//! order, which is the worst for the stream index; the moment its last batch is
//! acknowledged it is killed. Another child opens the folder and reads one stream
//! chosen at random: the time of both together counts. Then it appends some more
//! and is killed too, so that three crashes are measured; the best counts. At the
//! end the log is closed in order and opened once more. Of each child the most
//! memory that it ever had is read before it dies, and held against the sum of
//! what its `Options` allow. The time is held against reading the bytes of the
//! live segment's file.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Instant,
};

use airside_kernel::{
    Append, Direction, EventId, EventStore, Expected, NewEvent, Revision, StreamId, SystemClock,
};
use airside_store::{EmbeddedStore, Options};
use anyhow::{Context, Result, ensure};
use rand::{Rng, SeedableRng, rngs::SmallRng};
use uuid::Uuid;

use crate::{
    append::pool,
    measure::{Better, Measure},
};

/// How many events, each of a stream of its own.
const EVENTS: u64 = 5_000_000;
/// How many appends a batch has.
const BATCH: u64 = 8_192;
/// Payload of one event, in bytes.
const EVENT_BYTES: usize = 350;
/// How often the log is opened after a crash.
const CRASHES: u64 = 3;
/// How many events are appended between one crash and the next.
const BETWEEN: u64 = 10 * BATCH;
/// The longest time that is allowed and that is wished for, in seconds.
const FLOOR_S: f64 = 1.0;
const GOAL_S: f64 = 0.5;
/// The most memory that is allowed and that is wished for, in MiB.
const FLOOR_MIB: f64 = 512.0;
const GOAL_MIB: f64 = 384.0;

/// What a child does, from the hidden options of the command line.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Part {
    /// Open the log in this folder, append, and wait to be killed.
    #[arg(long, hide = true, value_name = "DIR")]
    log_open_child: Option<PathBuf>,
    /// How many events the log is to have in the end.
    #[arg(long, hide = true, default_value_t = 0)]
    until: u64,
    /// Close in order when all is appended.
    #[arg(long, hide = true)]
    close: bool,
}

impl Part {
    /// Plays the child if that is what this process is.
    pub(crate) async fn play(&self) -> Option<Result<()>> {
        let folder = self.log_open_child.as_deref()?;
        Some(play(folder, self.until, self.close).await)
    }
}

/// Measures in a folder, which must be on the disk that counts.
///
/// # Errors
/// When the disk, the store or a child fails.
pub(crate) fn measure(folder: &Path) -> Result<Vec<Measure>> {
    let home = folder.join("log-open");
    let (mut until, mut best, mut read_s, mut peak) = (EVENTS, f64::INFINITY, 0.0, 0.0_f64);
    let filled = child(&home, until, false)?;
    eprintln!("log-open: {EVENTS} events in {:.1} s, {:.0} MiB", filled.appended_s, filled.peak_mib);
    for crash in 1..=CRASHES {
        let live_s = read_live_segment(&home)?;
        until += BETWEEN;
        let opened = child(&home, until, crash == CRASHES)?;
        eprintln!(
            "log-open {crash}/{CRASHES}: {:.3} s after a crash, live segment read in {live_s:.3} s, {:.0} MiB",
            opened.opened_s, opened.opened_mib
        );
        peak = peak.max(opened.opened_mib);
        if opened.opened_s < best {
            (best, read_s) = (opened.opened_s, live_s);
        }
    }
    let clean = child(&home, until, true)?;
    fs::remove_dir_all(&home).context("removing the log")?;
    let time = format!("{read_s:.3} s: a plain read of the live segment's file");
    let bound = Options::default().memory_bytes() as f64 / f64::from(1 << 20);
    let memory = format!("{bound:.0} MiB: the sum of what the options of the log allow");
    let of_log = |name, value, unit| Measure::new("log-open", name, value, unit).lower_is_better();
    Ok(vec![
        of_log("open and read after a crash", best, "s")
            .bounds(Better::Lower, FLOOR_S, GOAL_S)
            .against(&time),
        of_log("open and read after a close", clean.opened_s, "s").against(&time),
        of_log("memory while filling", filled.peak_mib, "MiB")
            .bounds(Better::Lower, FLOOR_MIB, GOAL_MIB)
            .against(&memory),
        of_log("memory after opening", peak, "MiB").against(&memory),
        Measure::new("log-open", "filling", EVENTS as f64 / filled.appended_s, "events/s"),
    ])
}

/// What a child told.
struct Told {
    opened_s: f64,
    opened_mib: f64,
    appended_s: f64,
    peak_mib: f64,
}

/// Runs a child until it has appended all; then it is killed, or ends when it is to close.
fn child(home: &Path, until: u64, close: bool) -> Result<Told> {
    let mut command = Command::new(std::env::current_exe().context("finding this program")?);
    command.arg("--log-open-child").arg(home).args(["--until", &until.to_string()]);
    if close {
        command.arg("--close");
    }
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("starting a child")?;
    let told = listen(&mut child);
    if close && told.is_ok() {
        let status = child.wait().context("waiting for a child")?;
        ensure!(status.success(), "a child failed: {status}");
    } else {
        child.kill().context("killing a child")?;
        child.wait().context("waiting for a child")?;
    }
    told
}

fn listen(child: &mut Child) -> Result<Told> {
    let mut told = Told { opened_s: 0.0, opened_mib: 0.0, appended_s: 0.0, peak_mib: 0.0 };
    let lines = BufReader::new(child.stdout.take().context("a child without output")?).lines();
    for line in lines {
        let line = line.context("listening to a child")?;
        match line.split_once(' ') {
            Some(("opened", seconds)) => {
                told.opened_s = seconds.parse().context("a child's figure")?;
                told.opened_mib = peak_mib(child.id())?;
            }
            Some(("appended", seconds)) => {
                told.appended_s = seconds.parse().context("a child's figure")?;
                told.peak_mib = peak_mib(child.id())?;
                return Ok(told);
            }
            _ => eprintln!("log-open: {line}"),
        }
    }
    anyhow::bail!("a child ended too early")
}

/// Returns the most memory that a process ever had resident.
fn peak_mib(process: u32) -> Result<f64> {
    let status =
        fs::read_to_string(format!("/proc/{process}/status")).context("reading the memory of a child")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().context("reading VmHWM")?;
    Ok(kib / 1024.0)
}

fn read_live_segment(home: &Path) -> Result<f64> {
    let names = fs::read_dir(home.join("log"))?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    let is_segment = |path: &&PathBuf| {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        stem.len() == 20 && path.extension().is_some_and(|extension| extension == "redb")
    };
    let live = names.iter().filter(is_segment).max().context("there is no segment")?;
    let mut file = File::open(live).context("opening the live segment")?;
    let mut block = vec![0; 1 << 20];
    let began = Instant::now();
    while file.read(&mut block).context("reading the live segment")? > 0 {}
    Ok(began.elapsed().as_secs_f64())
}

/// What the child does: opens, reads a stream, appends, and waits to be killed.
async fn play(folder: &Path, until: u64, close: bool) -> Result<()> {
    let began = Instant::now();
    let store = EmbeddedStore::open(folder, Options::default(), Arc::new(SystemClock))?;
    let had = store.stats().events;
    if had > 0 {
        let chosen = SmallRng::from_os_rng().random_range(0..had);
        let page = store.read_stream(&stream(chosen)?, Direction::Forwards, None, 10).await?;
        ensure!(page.events.len() == 1, "stream {chosen} has {} events", page.events.len());
    }
    tell("opened", began.elapsed().as_secs_f64())?;
    let (began, pool) = (Instant::now(), pool());
    let mut told = had;
    for first in (had..until).step_by(usize::try_from(BATCH)?) {
        let appends = (first..until.min(first + BATCH)).map(|n| append(n, &pool)).collect::<Result<_>>()?;
        for answer in store.append_each(appends).await {
            answer?;
        }
        if first - told >= EVENTS / 5 {
            told = first;
            println!("{first} events after {:.1} s", began.elapsed().as_secs_f64());
        }
    }
    tell("appended", began.elapsed().as_secs_f64())?;
    if !close {
        // The parent kills this process now; if the parent is gone, the pipe ends and so does this.
        std::io::stdin().read_line(&mut String::new())?;
        return Ok(());
    }
    store.close().await;
    Ok(())
}

fn tell(what: &str, seconds: f64) -> Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "{what} {seconds}")?;
    Ok(out.flush()?)
}

/// Names the streams in no order: a large odd factor scatters the numbers.
fn stream(n: u64) -> Result<StreamId> {
    let scattered = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    StreamId::new("bag", format_args!("{scattered:016x}")).context("naming a stream")
}

fn append(n: u64, pool: &bytes::Bytes) -> Result<Append> {
    let start = usize::try_from(n)? * 64 % (pool.len() - EVENT_BYTES);
    let event = NewEvent {
        id: EventId(Uuid::from_u128(u128::from(n))),
        event_type: "baggage.BagScanned".into(),
        schema_version: 1,
        occurred_at: jiff::Timestamp::UNIX_EPOCH,
        metadata: bytes::Bytes::new(),
        payload: pool.slice(start..start + EVENT_BYTES),
    };
    Ok(Append {
        stream: stream(n)?,
        expected: Expected::NoStream,
        fold_from: Revision::FIRST,
        events: vec![event],
    })
}

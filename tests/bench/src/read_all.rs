//! `read-all`: events a second read from the beginning of the log to its head.
//!
//! The log of the `append` bench, opened anew, so that none of its commits is in
//! the store's memory; the page cache of the system is warm. Pages of 1,000, and
//! every event's stream, type and payload are looked at. Held against reading a
//! plain file of the same length in blocks of 1 MiB. Best of three.

use std::{
    fs::{self, File},
    io::Read,
    path::Path,
    sync::Arc,
    time::Instant,
};

use airside_kernel::{EventStore, RecordedEvent, SystemClock};
use airside_store::{EmbeddedStore, Options};
use anyhow::{Context, Result, ensure};

use crate::{
    append,
    measure::{Better, Measure},
};

/// How many events a page has at most.
const PAGE_EVENTS: usize = 1_000;
/// How often the whole log is read.
const REPEATS: usize = 3;

/// The least and the wished speed, events a second.
const FLOOR: f64 = 2_000_000.0;
const GOAL: f64 = 5_000_000.0;

/// Measures in a folder.
///
/// # Errors
/// When the disk or the store fails.
pub(crate) async fn measure(folder: &Path) -> Result<Vec<Measure>> {
    let home = folder.join("read-all");
    append::fill(&home).await?;
    let store = EmbeddedStore::open(&home, Options::default(), Arc::new(SystemClock))?;
    let (mut best, mut limit) = (0.0_f64, 0.0_f64);
    let total = store.stats().events;
    for repeat in 1..=REPEATS {
        let began = Instant::now();
        let bytes = read(&store, total).await?;
        let speed = total as f64 / began.elapsed().as_secs_f64();
        let plain = total as f64 / plain_file(folder, bytes)?;
        eprintln!("read-all {repeat}/{REPEATS}: {speed:.0} events/s, plain file {plain:.0}");
        best = best.max(speed);
        limit = limit.max(plain);
    }
    store.close().await;
    fs::remove_dir_all(&home).context("removing the log")?;
    let against = format!("{limit:.0} events/s: the same bytes read from a plain file, 1 MiB at a time");
    let speed = Measure::new("read-all", "events read", best, "events/s");
    Ok(vec![speed.bounds(Better::Higher, FLOOR, GOAL).against(against)])
}

/// Reads everything and returns about how many bytes it has.
async fn read(store: &EmbeddedStore, total: u64) -> Result<usize> {
    let (mut events, mut bytes, mut after) = (0, 0, None);
    loop {
        let page = store.read_all(after, PAGE_EVENTS).await?;
        after = page.events.last().map(RecordedEvent::position).or(after);
        events += page.events.len() as u64;
        bytes += page.events.iter().map(size).sum::<usize>();
        if page.end {
            ensure!(events == total, "{events} of {total} events were read");
            return Ok(bytes);
        }
    }
}

fn size(event: &RecordedEvent) -> usize {
    // 60 bytes are the fixed part of a frame.
    60 + event.stream().len()
        + event.event_type().len()
        + event.metadata_bytes().len()
        + event.payload().len()
}

/// Returns the seconds that reading a plain file of that length takes.
fn plain_file(folder: &Path, bytes: usize) -> Result<f64> {
    let path = folder.join("plain");
    fs::write(&path, vec![0x5A; bytes]).context("writing the plain file")?;
    let mut block = vec![0; 1 << 20];
    let mut file = File::open(&path).context("opening the plain file")?;
    let began = Instant::now();
    let mut checksum = 0_u64;
    loop {
        let length = file.read(&mut block).context("reading the plain file")?;
        if length == 0 {
            break;
        }
        checksum += u64::from(block[0]) + u64::from(block[length - 1]);
    }
    let seconds = began.elapsed().as_secs_f64();
    ensure!(checksum > 0, "the plain file was empty");
    fs::remove_file(&path).context("removing the plain file")?;
    Ok(seconds)
}

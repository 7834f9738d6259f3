//! `append`: durable events a second through the port, against the disk itself.
//!
//! 64 writers, one event in flight each, over 50,000 streams. Every writer owns
//! its share of the streams and visits all of them in a new order in each round,
//! the worst order for a stream index, and says the revision that it expects.
//! The limit is a file that grows by the same bytes: one write and one fdatasync
//! for 64 events, as if every commit had caught all writers. The two take turns,
//! a round each, in the same folder, because a disk that others use changes its
//! speed from second to second; their times are summed. Best of three.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use airside_kernel::{
    Append, EventId, EventStore, Expected, Metadata, NewEvent, Revision, StreamId, SystemClock, keys,
};
use airside_store::{EmbeddedStore, Options};
use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use rand::{Rng, SeedableRng, rngs::SmallRng, seq::SliceRandom};
use uuid::Uuid;

use crate::measure::{Better, Measure};

/// How many writers have one event in flight each.
pub(crate) const WRITERS: usize = 64;
/// How many streams there are.
pub(crate) const STREAMS: usize = 50_000;
/// Payload and metadata of one event, in bytes.
const EVENT_BYTES: usize = 350;
/// How often every stream is appended to.
const ROUNDS: usize = 6;
/// How often the whole is repeated.
const REPEATS: usize = 3;
/// The least and the wished share of the limit.
const FLOOR: f64 = 0.35;
const GOAL: f64 = 0.45;
/// The header of a commit and the fixed part of a frame, as the store's `FORMAT.md` has them.
const HEADER_BYTES: usize = 80;
const FRAME_BYTES: usize = 60;

/// Measures in a folder, which must be on the disk that counts.
///
/// # Errors
/// When the disk or the store fails.
pub(crate) async fn measure(folder: &Path) -> Result<Vec<Measure>> {
    let mut best = Run::default();
    for repeat in 1..=REPEATS {
        let run = run(folder).await?;
        eprintln!(
            "append {repeat}/{REPEATS}: {:.0} events/s in commits of {:.1}, bare file {:.0}, ratio {:.3}",
            run.speed(),
            run.events_per_commit,
            run.limit(),
            run.ratio()
        );
        if run.ratio() > best.ratio() {
            best = run;
        }
    }
    let against = format!(
        "{:.0} events/s: write and fdatasync of the same bytes, {WRITERS} events at a time, to a growing file",
        best.limit()
    );
    let ratio = Measure::new("append", "share of the bare file", best.ratio(), "ratio");
    Ok(vec![
        ratio.bounds(Better::Higher, FLOOR, GOAL).against(&against),
        Measure::new("append", "durable events", best.speed(), "events/s").against(&against),
        Measure::new("append", "events in a commit", best.events_per_commit, "events"),
    ])
}

/// The time that both took for the same events.
#[derive(Debug, Clone, Copy, Default)]
struct Run {
    store: Duration,
    bare: Duration,
    events_per_commit: f64,
}

impl Run {
    fn speed(&self) -> f64 {
        (ROUNDS * STREAMS) as f64 / self.store.as_secs_f64()
    }

    fn limit(&self) -> f64 {
        (ROUNDS * STREAMS) as f64 / self.bare.as_secs_f64()
    }

    fn ratio(&self) -> f64 {
        // Before the first run both are zero, and nothing was reached.
        if self.store.is_zero() { 0.0 } else { self.bare.as_secs_f64() / self.store.as_secs_f64() }
    }
}

async fn run(folder: &Path) -> Result<Run> {
    let home = folder.join("append");
    let mut load = Load::open(&home)?;
    let mut bare = Bare::create(&folder.join("bare"))?;
    let mut run = Run::default();
    for _ in 0..ROUNDS {
        run.store += load.round().await?;
        run.bare += bare.round()?;
    }
    let stats = load.store.stats();
    ensure!(stats.events == (ROUNDS * STREAMS) as u64, "the log holds {} events", stats.events);
    run.events_per_commit = stats.events as f64 / stats.commits as f64;
    load.store.close().await;
    fs::remove_dir_all(&home).context("removing the log")?;
    fs::remove_file(folder.join("bare")).context("removing the bare file")?;
    Ok(run)
}

/// Fills a log with the events of this bench and closes it.
///
/// # Errors
/// When the disk or the store fails.
pub(crate) async fn fill(home: &Path) -> Result<()> {
    let mut load = Load::open(home)?;
    for _ in 0..ROUNDS {
        load.round().await?;
    }
    load.store.close().await;
    Ok(())
}

/// The writers and their store.
struct Load {
    store: Arc<EmbeddedStore>,
    writers: Vec<Writer>,
}

impl Load {
    fn open(home: &Path) -> Result<Self> {
        let store = Arc::new(EmbeddedStore::open(home, Options::default(), Arc::new(SystemClock))?);
        let pool = pool();
        let writers = (0..WRITERS).map(|n| Writer::new(n, pool.clone())).collect::<Result<_>>()?;
        Ok(Self { store, writers })
    }

    /// Appends one event to every stream and returns how long that took.
    async fn round(&mut self) -> Result<Duration> {
        self.writers.iter_mut().for_each(Writer::shuffle);
        let began = Instant::now();
        let tasks: Vec<_> = self
            .writers
            .drain(..)
            .map(|writer| tokio::spawn(writer.visit_all(Arc::clone(&self.store))))
            .collect();
        for task in tasks {
            self.writers.push(task.await.context("a writer panicked")??);
        }
        Ok(began.elapsed())
    }
}

/// One writer and the streams that it owns.
pub(crate) struct Writer {
    random: SmallRng,
    pool: Bytes,
    metadata: Bytes,
    streams: Vec<(StreamId, Expected)>,
}

impl Writer {
    /// Makes one of [`WRITERS`] writers.
    ///
    /// # Errors
    /// When a stream's name is invalid.
    pub(crate) fn new(n: usize, pool: Bytes) -> Result<Self> {
        let streams = (n..STREAMS)
            .step_by(WRITERS)
            .map(|stream| Ok((StreamId::new("bag", format_args!("{stream:010}"))?, Expected::NoStream)))
            .collect::<Result<_>>()?;
        let metadata = Metadata::default().with(keys::SOURCE, "bench").encode();
        Ok(Self { random: SmallRng::seed_from_u64(n as u64), pool, metadata, streams })
    }

    /// Puts its streams into a new order.
    pub(crate) fn shuffle(&mut self) {
        self.streams.shuffle(&mut self.random);
    }

    async fn visit_all(mut self, store: Arc<EmbeddedStore>) -> Result<Self> {
        for at in 0..self.streams.len() {
            self.visit(at, &store).await?;
        }
        Ok(self)
    }

    /// Appends one event to one of its streams.
    ///
    /// # Errors
    /// When the store refuses it.
    pub(crate) async fn visit(&mut self, at: usize, store: &EmbeddedStore) -> Result<()> {
        let length = EVENT_BYTES - self.metadata.len();
        let start = self.random.random_range(0..self.pool.len() - length);
        let event = NewEvent {
            id: EventId(Uuid::from_u128(self.random.random())),
            event_type: "baggage.BagScanned".into(),
            schema_version: 1,
            occurred_at: jiff::Timestamp::UNIX_EPOCH,
            metadata: self.metadata.clone(),
            payload: self.pool.slice(start..start + length),
        };
        let (stream, expected) = &mut self.streams[at];
        let append = Append {
            stream: stream.clone(),
            expected: *expected,
            fold_from: Revision::FIRST,
            events: vec![event],
        };
        let appended = store.append(append).await?;
        *expected = Expected::Exact(appended.last_revision.context("an append without a revision")?);
        Ok(())
    }
}

/// Makes bytes of which every other one is random.
pub(crate) fn pool() -> Bytes {
    let mut random = SmallRng::seed_from_u64(7);
    (0..1 << 20).map(|n| if n % 2 == 0 { random.random() } else { b'a' }).collect::<Vec<u8>>().into()
}

/// Returns how many bytes a commit of some events of this bench has.
pub(crate) fn batch_bytes(events: usize) -> usize {
    let names = "bag-0000000000".len() + "baggage.BagScanned".len();
    HEADER_BYTES + events * (FRAME_BYTES + names + EVENT_BYTES)
}

/// A file that grows by what the store stores.
struct Bare {
    file: File,
    pool: Bytes,
    batch_bytes: usize,
}

impl Bare {
    fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).context("making the bare file")?;
        Ok(Self { file, pool: pool(), batch_bytes: batch_bytes(WRITERS) })
    }

    fn round(&mut self) -> Result<Duration> {
        let began = Instant::now();
        for commit in 0..STREAMS.div_ceil(WRITERS) {
            let start = commit * 4_096 % (self.pool.len() - self.batch_bytes);
            let batch = &self.pool[start..start + self.batch_bytes];
            self.file.write_all(batch).context("writing the bare file")?;
            self.file.sync_data().context("syncing the bare file")?;
        }
        Ok(began.elapsed())
    }
}

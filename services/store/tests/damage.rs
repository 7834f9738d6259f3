//! A file of a closed log is cut short, or a bit of it flips, or a page of it is
//! lost: then the log is refused with the file's name and what to do, or it opens
//! and each read answers what was written or says what is damaged. Never other
//! bytes, never less than there was without a word, never a panic.
//!
//! The normal run harms some hundred copies; `AIRSIDE_TEST_DAMAGE_CASES=5000`
//! as many as it says, `AIRSIDE_TEST_DAMAGE_SEED` begins with that seed.

#![allow(clippy::unwrap_used, reason = "a panic in a test is the report")]

#[path = "damage/harm.rs"]
mod harm;
#[path = "crash/plan.rs"]
#[allow(dead_code, reason = "the crash tests use the rest")]
mod plan;

use std::{
    collections::BTreeMap,
    env, fs,
    hash::{BuildHasher, RandomState},
    path::{Path, PathBuf},
};

use airside_kernel::{
    AppendError, Direction, EventStore, Expected, Position, ReadError, RecordedEvent, Revision,
};
use airside_store::{EmbeddedStore, OpenError, Options};

use harm::Harm;
use plan::{Attempt, Random, clock};

const CASES: u64 = 100;
const STREAMS: u64 = 12;

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number: {text}")))
}

/// Makes a folder, in memory where the system has such a place.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

fn options() -> Options {
    // No tail: what is read is what is on disk.
    Options { segment_bytes: 24_000, tail_bytes: 0, memtable_events: 64, heads: 4, ..Options::default() }
}

fn open(folder: &Path) -> Result<EmbeddedStore, OpenError> {
    EmbeddedStore::open(folder, options(), clock())
}

/// A log that was closed, and what it holds.
struct Original {
    folder: tempfile::TempDir,
    files: Vec<PathBuf>,
    events: Vec<RecordedEvent>,
    streams: BTreeMap<String, Vec<RecordedEvent>>,
}

impl Original {
    async fn make() -> Self {
        let folder = folder();
        let store = open(folder.path()).unwrap();
        let mut random = Random::new(7);
        for number in 0..130 {
            let attempt =
                Attempt { expected: -2, ..Attempt::choose(number, number % STREAMS, None, &mut random) };
            store.append(attempt.append()).await.unwrap();
        }
        let events = store.read_all(None, 100_000).await.unwrap().events;
        assert!(store.stats().segments > 3, "{:?}", store.stats());
        store.close().await;
        let mut streams: BTreeMap<String, Vec<RecordedEvent>> = BTreeMap::new();
        for event in &events {
            streams.entry(event.stream().to_owned()).or_default().push(event.clone());
        }
        let in_log = fs::read_dir(folder.path().join("log")).unwrap().map(|entry| entry.unwrap().file_name());
        let mut files: Vec<PathBuf> = in_log.map(|name| Path::new("log").join(name)).collect();
        files.push("index.redb".into());
        files.sort();
        Self { folder, files, events, streams }
    }

    fn copy(&self) -> tempfile::TempDir {
        let copy = folder();
        fs::create_dir(copy.path().join("log")).unwrap();
        for file in &self.files {
            fs::copy(self.folder.path().join(file), copy.path().join(file)).unwrap();
        }
        copy
    }

    /// Reads everything in every way and returns what was said to be damaged.
    async fn check(&self, store: &EmbeddedStore, context: &str) -> Vec<ReadError> {
        let head = store.head().await.unwrap();
        assert_eq!(head, self.events.last().map(RecordedEvent::position), "{context}: the head moved");
        let mut said = Vec::new();
        for after in (0..self.events.len()).step_by(37) {
            let position = Position::from_parts(after as u64, 0);
            match store.read_all(Some(position), 37).await {
                Ok(page) => {
                    let until = (after + 37).min(self.events.len());
                    assert!(
                        page.events == self.events[after..until],
                        "{context}: other events after {after}"
                    );
                    assert_eq!(page.end, until == self.events.len(), "{context}");
                }
                Err(error) => said.push(error),
            }
        }
        for n in 0..=STREAMS {
            let name = plan::stream(n);
            let expected = self.streams.get(&name).cloned().unwrap_or_default();
            for direction in [Direction::Forwards, Direction::Backwards] {
                match store.read_stream(&name.parse().unwrap(), direction, None, 10_000).await {
                    Ok(mut page) => {
                        if direction == Direction::Backwards {
                            page.events.reverse();
                        }
                        assert!(page.end && page.events == expected, "{context}: {name} reads otherwise");
                    }
                    Err(error) => said.push(error),
                }
            }
        }
        for error in &said {
            let text = error.to_string();
            let placed = ["position ", "revision ", ".redb"].iter().any(|place| text.contains(place));
            assert!(placed && !text.contains("abandoned"), "{context}: {text}");
        }
        said
    }

    /// Nobody can append where the log has events already.
    async fn check_appends(&self, store: &EmbeddedStore, context: &str) {
        for (name, events) in &self.streams {
            let mut append = Attempt { number: 1 << 40, stream: 0, expected: -1, events: 1 }.append();
            append.stream = name.parse().unwrap();
            append.expected = Expected::NoStream;
            match store.append(append).await {
                Err(AppendError::Conflict { current, .. }) => {
                    assert_eq!(current, Some(Revision(events.len() as u64 - 1)), "{context}: {name}");
                }
                Err(AppendError::Unavailable { .. }) => {}
                other => panic!("{context}: {name} was appended to as if it were empty: {other:?}"),
            }
        }
    }
}

/// What became of a harmed copy.
#[derive(Debug, Default)]
struct Tally {
    refused: u64,
    said: u64,
    unharmed: u64,
}

#[tokio::test]
async fn a_cut_flipped_or_lost_part_of_any_file_is_refused_or_told_and_never_read_as_something_else() {
    let original = Original::make().await;
    let cases = number("AIRSIDE_TEST_DAMAGE_CASES").unwrap_or(CASES);
    let first = number("AIRSIDE_TEST_DAMAGE_SEED").unwrap_or_else(|| RandomState::new().hash_one(0) >> 16);
    println!("{cases} cases with the seeds from {first}");
    let mut tally = Tally::default();
    for seed in first..first + cases {
        let mut random = Random::new(seed);
        let file = &original.files[usize::try_from(random.below(original.files.len() as u64)).unwrap()];
        let copy = original.copy();
        let harm = Harm::choose(&copy.path().join(file), &mut random);
        harm.inflict(&copy.path().join(file));
        let context = format!("seed {seed}: {harm:?} of {}", file.display());
        let said = match open(copy.path()) {
            Err(error) => {
                let text = error.to_string();
                assert!(text.contains(&copy.path().display().to_string()), "{context}: {text}");
                let remedy = ["restore the folder from a backup", "move it away", "newer program"];
                assert!(remedy.iter().any(|remedy| text.contains(remedy)), "{context}: {text}");
                assert!(!file.ends_with("index.redb"), "{context}: an index can be thrown away: {text}");
                tally.refused += 1;
                continue;
            }
            Ok(store) => {
                let said = original.check(&store, &context).await;
                original.check_appends(&store, &context).await;
                store.close().await;
                said
            }
        };
        match said.is_empty() {
            true => tally.unharmed += 1,
            false => tally.said += 1,
        }
        if file.ends_with("index.redb") {
            let store = open(copy.path()).unwrap_or_else(|error| panic!("{context}: again: {error}"));
            let said = original.check(&store, &context).await;
            assert!(said.is_empty(), "{context}: the next start did not make the index anew: {said:?}");
        }
    }
    println!("{tally:?}");
    assert!(tally.refused + tally.said > cases / 8, "hardly any harm was met: {tally:?}");
}

#[tokio::test]
async fn an_index_that_says_less_than_the_log_is_found_and_made_anew() {
    let original = Original::make().await;
    let index = fs::read(original.folder.path().join("index.redb")).unwrap();
    for page in (1..index.len() as u64 / 4096).filter(|page| harm::is_full(&index, *page)) {
        let copy = original.copy();
        let harm = Harm::Flip { byte: page * 4096 + 900, bit: 3 };
        harm.inflict(&copy.path().join("index.redb"));
        let context = format!("{harm:?}");
        let store = open(copy.path()).unwrap_or_else(|error| panic!("{context}: {error}"));
        original.check(&store, &context).await;
        original.check_appends(&store, &context).await;
        drop(store);
        let store = open(copy.path()).unwrap_or_else(|error| panic!("{context}: {error}"));
        assert_eq!(original.check(&store, &context).await, [], "{context}");
    }
}

#[tokio::test]
async fn a_log_that_is_shorter_than_its_index_is_refused() {
    let folder = folder();
    let store = open(folder.path()).unwrap();
    let attempt = |number| Attempt { number, stream: 1, expected: -2, events: 2 };
    store.append(attempt(1).append()).await.unwrap();
    store.close().await;
    drop(store);
    let live = folder.path().join("log/00000000000000000001.redb");
    let older = fs::read(&live).unwrap();
    let store = open(folder.path()).unwrap();
    store.append(attempt(2).append()).await.unwrap();
    store.close().await;
    drop(store);
    fs::write(&live, older).unwrap();
    let said = open(folder.path()).err().expect("it was opened without its last events").to_string();
    for words in ["log", "ends at position 2", "the stream index goes to 4", "backup"] {
        assert!(said.contains(words), "{words:?} is not in {said}");
    }
    // Whoever has no backup goes on with what is left by giving the index up.
    fs::remove_file(folder.path().join("index.redb")).unwrap();
    assert_eq!(open(folder.path()).unwrap().head().await.unwrap(), Some(Position::from_parts(2, 0)));
}

//! The words that these rules are told in: a small log of many segments, and
//! the tools to look at its files and to change them by hand.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use airside_kernel::{Direction, EventStore, Expected, RecordedEvent};
use airside_store::{EmbeddedStore, Options, Step, Verified};
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};

pub(crate) use crate::folders::copy;
use crate::words::{append, clock, event, everything, stream};

/// How many streams [`fill`] writes.
pub(crate) const STREAMS: u64 = 13;

const COMMITS: TableDefinition<'static, u64, &'static [u8]> = TableDefinition::new("log");
/// Small segments, so that a short log has many.
pub(crate) fn small() -> Options {
    Options {
        segment_bytes: 8 * 1024,
        tail_bytes: 2 * 1024,
        memtable_events: 32,
        heads: 8,
        ..Options::default()
    }
}

/// Opens the log in a folder.
pub(crate) fn open(folder: &Path) -> Arc<EmbeddedStore> {
    Arc::new(EmbeddedStore::open(folder, small(), clock()).unwrap())
}

/// Appends twice as many events as `count`, over [`STREAMS`] streams.
pub(crate) async fn fill(store: &EmbeddedStore, count: u64) {
    for n in 0..count {
        let mut append = append(&format!("bag-{}", n % STREAMS), Expected::Any, &["x", "y"]);
        append.events[1] = event(&n.to_string().repeat(60));
        store.append(append).await.unwrap();
    }
}

/// Makes a closed log of `2 * count` events in many segments.
pub(crate) async fn closed_log(count: u64) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    fill(&store, count).await;
    store.close().await;
    folder
}

/// Reads the whole log.
pub(crate) async fn all(store: &Arc<EmbeddedStore>) -> Vec<RecordedEvent> {
    everything(&(Arc::clone(store) as Arc<dyn EventStore>), 1_000).await
}

/// Reads the streams that [`fill`] writes.
pub(crate) async fn streams(store: &EmbeddedStore) -> Result<Vec<Vec<RecordedEvent>>, String> {
    let mut found = Vec::new();
    for n in 0..STREAMS {
        let page = store.read_stream(&stream(&format!("bag-{n}")), Direction::Forwards, None, 10_000).await;
        found.push(page.map_err(|error| error.to_string())?.events);
    }
    Ok(found)
}

/// Checks the whole log.
pub(crate) fn verified(store: &EmbeddedStore) -> Verified {
    let mut steps: Vec<Step> = Vec::new();
    let verified = store.verify(&mut |step| steps.push(step)).unwrap();
    assert!(steps.is_sorted_by_key(|step| step.done), "progress went back");
    assert!(steps.iter().all(|step| step.done <= step.total && step.unit == "events"));
    assert_eq!(steps.last().map(|step| step.done), Some(verified.head), "progress stopped early");
    verified
}

/// Returns each finding as `position stream: what`.
pub(crate) fn told(verified: &Verified) -> Vec<String> {
    let line = |finding: &airside_store::Finding| {
        let position = finding.position.map_or_else(|| "-".to_owned(), |position| position.to_string());
        format!("{position} {}: {}", finding.stream.as_deref().unwrap_or("-"), finding.what)
    };
    verified.findings.iter().map(line).collect()
}

/// Opens the log and expects a finding at a position that says all of `words`.
pub(crate) fn check_found(folder: &Path, position: impl Into<Option<u64>>, words: &[&str]) -> Verified {
    let position = position.into();
    let verified = verified(&open(folder));
    let found = verified
        .findings
        .iter()
        .any(|finding| finding.position == position && words.iter().all(|word| finding.what.contains(word)));
    assert!(found, "{words:?} at {position:?} is not among {:#?}", told(&verified));
    verified
}

/// Returns every file below a folder with its bytes, and every folder.
pub(crate) fn files(folder: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    let Ok(entries) = fs::read_dir(folder) else { return found };
    found.insert(folder.to_owned(), None);
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let bytes = fs::read(&path).unwrap();
            found.insert(path, Some(bytes));
        }
    }
    found
}

/// Returns the segments of a log, in order.
pub(crate) fn segments(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> =
        fs::read_dir(folder.join("log")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| !path.ends_with("meta.redb"));
    paths.sort();
    paths
}

/// Returns the position that a segment is named after.
pub(crate) fn first_of(segment: &Path) -> u64 {
    segment.file_stem().unwrap().to_str().unwrap().parse().unwrap()
}

/// The commits of a segment by their keys.
pub(crate) type Commits = BTreeMap<u64, Vec<u8>>;

/// Changes the commits of a segment by hand.
pub(crate) fn forge(segment: &Path, change: impl FnOnce(&mut Commits)) {
    let db = Database::open(segment).unwrap();
    let txn = db.begin_write().unwrap();
    {
        let mut table = txn.open_table(COMMITS).unwrap();
        let read = |entry: Result<_, redb::StorageError>| {
            let (key, value): (redb::AccessGuard<'_, u64>, redb::AccessGuard<'_, &[u8]>) = entry.unwrap();
            (key.value(), value.value().to_vec())
        };
        let before: Commits = table.iter().unwrap().map(read).collect();
        let mut after = before.clone();
        change(&mut after);
        for key in before.keys() {
            table.remove(key).unwrap();
        }
        for (key, bytes) in &after {
            table.insert(key, bytes.as_slice()).unwrap();
        }
    }
    txn.commit().unwrap();
}

/// Returns the commits of a segment.
pub(crate) fn commits(segment: &Path) -> Commits {
    let db = Database::open(segment).unwrap();
    let table = db.begin_read().unwrap().open_table(COMMITS).unwrap();
    table
        .iter()
        .unwrap()
        .map(|entry| entry.map(|(key, value)| (key.value(), value.value().to_vec())).unwrap())
        .collect()
}

/// Writes a number into a commit and makes its checksum right again.
pub(crate) fn rewrite(commit: &mut [u8], at: usize, bytes: &[u8]) {
    commit[at..at + bytes.len()].copy_from_slice(bytes);
    let checksum = crc32fast::hash(&commit[4..]);
    commit[..4].copy_from_slice(&checksum.to_le_bytes());
}

/// Where a commit has its first position, its recorded-at and the hash before.
pub(crate) const FIRST_AT: usize = 24;
/// Where a commit has its recorded-at.
pub(crate) const RECORDED_AT: usize = 36;
/// Where the first frame of a commit begins.
pub(crate) const FRAME_AT: usize = 80;

//! What happens when the disk fails, at every operation, by injected faults.

use std::{
    fs, io,
    ops::Range,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use airside_kernel::{
    Append, AppendError, Direction, EventId, EventStore, Expected, ManualClock, NewEvent, Revision,
};
use bytes::Bytes;
use tempfile::TempDir;
use uuid::Uuid;

use super::{
    EmbeddedStore, OpenError, Options,
    disk::{Disk, Failure, Faults, Operation},
    open,
};

/// A disk that fails for ever once its budget is used up: a write is torn in the
/// middle, a sync answers an error.
#[derive(Debug)]
struct Budget(AtomicI64);

impl Faults for Budget {
    fn before(&self, _: &Path, operation: Operation, bytes: Range<u64>) -> Result<(), Failure> {
        let written = match self.0.fetch_sub(1, Ordering::SeqCst) {
            left if left > 0 => return Ok(()),
            0 if operation == Operation::Write => usize::try_from(bytes.end - bytes.start).unwrap() / 2,
            _ => 0,
        };
        Err(Failure { written, error: io::Error::other("injected failure") })
    }
}

mod every_step;
mod recorded;
mod trap;

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new("2026-11-20T08:00:00Z".parse().unwrap()))
}

/// Makes a folder, in memory where the system has such a place: the failures here
/// are our own, and the pace of a disk is of no interest.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

fn options() -> Options {
    Options { segment_bytes: 8_000, tail_bytes: 0, memtable_events: 16, ..Options::default() }
}

fn open_on(folder: &Path, budget: Option<i64>) -> (Result<EmbeddedStore, OpenError>, Arc<Budget>) {
    open_with(folder, budget, options())
}

fn open_with(
    folder: &Path,
    budget: Option<i64>,
    options: Options,
) -> (Result<EmbeddedStore, OpenError>, Arc<Budget>) {
    let faults = Arc::new(Budget(AtomicI64::new(budget.unwrap_or(i64::MAX))));
    let disk = Disk { faults: Some(Arc::clone(&faults) as Arc<dyn Faults>) };
    (open::open(folder, options, clock(), &disk), faults)
}

fn append(n: u64) -> Append {
    let event = |k: u64| NewEvent {
        id: EventId(Uuid::from_u128(u128::from(n * 2 + k))),
        event_type: "test.Said".into(),
        schema_version: 1,
        occurred_at: "2026-11-20T07:59:00Z".parse().unwrap(),
        metadata: Bytes::new(),
        payload: Bytes::from(vec![u8::try_from(n % 251).unwrap(); 400]),
    };
    Append {
        stream: "bag-1".parse().unwrap(),
        expected: Expected::Any,
        fold_from: Revision::FIRST,
        events: vec![event(0), event(1)],
    }
}

async fn ids(store: &EmbeddedStore) -> Vec<u128> {
    let page = store.read_all(None, 10_000).await.unwrap();
    assert!(page.end);
    page.events.iter().map(|event| event.id().0.as_u128()).collect()
}

/// Appends until the disk fails and returns how many appends were acknowledged.
async fn append_until_it_fails(store: &EmbeddedStore, at_most: u64) -> u64 {
    for n in 0..at_most {
        if store.append(append(n)).await.is_err() {
            return n;
        }
    }
    at_most
}

#[tokio::test]
async fn after_a_failure_at_any_write_or_sync_what_was_acknowledged_is_whole() {
    let mut failed = 0;
    for budget in (0..).step_by(11) {
        let folder = folder();
        let (store, faults) = open_on(folder.path(), None);
        let store = store.unwrap();
        faults.0.store(budget, Ordering::SeqCst);
        let acknowledged = append_until_it_fails(&store, 26).await;
        drop(store);
        let (store, _) = open_on(folder.path(), None);
        let store = store.unwrap_or_else(|error| panic!("budget {budget}: {error}"));
        let found = ids(&store).await;
        let whole = found.len() as u64 / 2;
        assert_eq!(found, (0..2 * whole as u128).collect::<Vec<_>>(), "budget {budget}");
        // The append that failed may be there; it was not denied, only not acknowledged.
        assert!(
            whole == acknowledged || whole == acknowledged + 1,
            "budget {budget}: {acknowledged} {whole}"
        );
        let after = store.append(append(whole)).await.unwrap();
        assert_eq!(after.last_revision, Some(Revision(2 * whole + 1)), "budget {budget}");
        if acknowledged == 26 {
            break;
        }
        failed += 1;
    }
    assert!(failed > 15, "the faults were hardly met: {failed}");
}

#[tokio::test]
async fn a_disk_that_fails_while_the_folder_is_made_leaves_one_that_opens() {
    for budget in (0..60).step_by(2) {
        let folder = folder();
        let (store, _) = open_on(folder.path(), Some(budget));
        drop(store);
        let (store, _) = open_on(folder.path(), None);
        let store = store.unwrap_or_else(|error| panic!("budget {budget}: {error}"));
        store.append(append(0)).await.unwrap();
    }
}

#[tokio::test]
async fn a_failed_write_ends_all_writing_and_reads_go_on() {
    check_poisoned_store(options()).await;
}

#[tokio::test]
async fn reads_of_the_live_segment_go_on_after_a_failed_write() {
    check_poisoned_store(Options { segment_bytes: u64::MAX, log_cache_bytes: 0, ..options() }).await;
}

async fn check_poisoned_store(options: Options) {
    let folder = folder();
    let (store, faults) = open_with(folder.path(), None, options);
    let store = store.unwrap();
    for n in 0..30 {
        store.append(append(n)).await.unwrap();
    }
    let mut follow = store.follow(None);
    assert_eq!(store.health(), Ok(()));
    faults.0.store(0, Ordering::SeqCst);
    let failed = store.append(append(30)).await.unwrap_err();
    assert!(
        matches!(&failed, AppendError::Unavailable { reason } if reason.contains("injected failure")),
        "{failed}"
    );
    faults.0.store(i64::MAX, Ordering::SeqCst);
    let later = store.append(append(31)).await.unwrap_err();
    assert_eq!(later, failed, "a later append was not refused for the same reason");
    assert!(store.append_each(vec![append(32)]).await[0].is_err());
    assert!(store.health().unwrap_err().contains("injected failure"));

    assert_eq!(ids(&store).await.len(), 60);
    let stream = "bag-1".parse().unwrap();
    let page = store.read_stream(&stream, Direction::Backwards, None, 100).await.unwrap();
    assert_eq!((page.events.len(), page.end), (60, true));
    assert_eq!(follow.next().await.unwrap().events.len(), 60);
}

#[tokio::test]
async fn a_missing_segment_is_found_and_named() {
    let folder = folder();
    let store = open_on(folder.path(), None).0.unwrap();
    append_until_it_fails(&store, 60).await;
    assert!(store.stats().segments > 3);
    drop(store);
    let mut segments: Vec<_> =
        fs::read_dir(folder.path().join("log")).unwrap().map(|e| e.unwrap().path()).collect();
    segments.retain(|path| !path.ends_with("meta.redb"));
    segments.sort();
    fs::remove_file(&segments[1]).unwrap();
    let store = open_on(folder.path(), None).0.unwrap();
    let error = store.read_all(None, 10_000).await.unwrap_err();
    assert!(error.to_string().contains("the log ends before its head"), "{error}");
    drop(store);
    fs::remove_file(folder.path().join("index.redb")).unwrap();
    let error = open_on(folder.path(), None).0.err().unwrap();
    assert!(error.to_string().contains("a part of the log is missing"), "{error}");
    fs::remove_file(&segments[0]).unwrap();
    let error = open_on(folder.path(), None).0.err().unwrap();
    assert!(error.to_string().contains("a file is missing"), "{error}");
}

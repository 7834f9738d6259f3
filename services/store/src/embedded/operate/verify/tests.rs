//! An index that does not agree with the log: what differs is named.

use std::{path::Path, sync::Arc};

use airside_kernel::{Append, Direction, EventId, EventStore, Expected, ManualClock, NewEvent, Revision};
use bytes::Bytes;
use redb::ReadableTable;
use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::embedded::index::Index;
use crate::{EmbeddedStore, Options, Step, rebuild_index};

fn options() -> Options {
    Options { segment_bytes: 8 * 1024, memtable_events: 32, ..Options::default() }
}

fn open(folder: &Path) -> EmbeddedStore {
    let clock = Arc::new(ManualClock::new("2026-11-20T08:00:00Z".parse().unwrap()));
    EmbeddedStore::open(folder, options(), clock).unwrap()
}

/// Makes a log of 300 events over 13 streams, all of them in the index.
async fn log() -> (TempDir, EmbeddedStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    for n in 0..150_u64 {
        let event = |k: u64| NewEvent {
            id: EventId(Uuid::from_u128(u128::from(2 * n + k))),
            event_type: "test.Said".into(),
            schema_version: 1,
            occurred_at: "2026-11-20T07:59:00Z".parse().unwrap(),
            metadata: Bytes::new(),
            payload: Bytes::from_static(&[7; 100]),
        };
        let append = Append {
            stream: format!("bag-{}", n % 13).parse().unwrap(),
            expected: Expected::Any,
            fold_from: Revision::FIRST,
            events: vec![event(0), event(1)],
        };
        store.append(append).await.unwrap();
    }
    store.close().await;
    drop(store);
    let store = open(folder.path());
    (folder, store)
}

type Places<'a> = redb::Table<'a, &'static [u8], (u64, u32, u32)>;

fn forge(store: &EmbeddedStore, change: impl FnOnce(&mut Places<'_>)) {
    let forge = |index: &Index| {
        index.forge(change).unwrap();
        Ok(())
    };
    store.shared.with_index(forge).unwrap();
}

fn verified(store: &EmbeddedStore) -> Verified {
    store.verify(&mut |_| {}).unwrap()
}

fn told(verified: &Verified) -> Vec<String> {
    let line = |finding: &Finding| {
        let position = finding.position.map_or_else(|| "-".to_owned(), |position| position.to_string());
        format!("{position} {}: {}", finding.stream.as_deref().unwrap_or("-"), finding.what)
    };
    verified.findings.iter().map(line).collect()
}

fn entry(stream: &str, revision: u64) -> Vec<u8> {
    [stream.as_bytes(), &[0], &revision.to_be_bytes()].concat()
}

#[tokio::test]
async fn a_removed_entry_is_named() {
    let (_folder, store) = log().await;
    forge(&store, |places| drop(places.remove(entry("bag-4", 3).as_slice()).unwrap()));
    let verified = verified(&store);
    assert_eq!(verified.findings_total, 1, "{:#?}", told(&verified));
    let finding = &verified.findings[0];
    assert_eq!((finding.stream.as_deref(), finding.file.as_str()), (Some("bag-4"), "index.redb"));
    assert!(finding.what.contains("revision 3 is not in the index"), "{}", finding.what);
    assert!(finding.what.contains("rebuild the index"), "{}", finding.what);
}

#[tokio::test]
async fn an_altered_entry_is_named() {
    let (_folder, store) = log().await;
    let mut at = 0;
    forge(&store, |places| {
        let (commit, index, offset) = places.get(entry("bag-4", 3).as_slice()).unwrap().unwrap().value();
        at = commit + u64::from(index);
        places.insert(entry("bag-4", 3).as_slice(), (commit, index, offset + 1)).unwrap();
    });
    let verified = verified(&store);
    assert_eq!(verified.findings[0].position, Some(at));
    assert!(verified.findings[0].what.contains("the index looks for revision 3"));
    assert_eq!(verified.findings_total, 1, "{:#?}", told(&verified));
}

#[tokio::test]
async fn an_added_entry_is_named() {
    let (_folder, store) = log().await;
    forge(&store, |places| {
        places.insert(entry("bag-99", 0).as_slice(), (7, 0, 80)).unwrap();
        places.insert(entry("bag-98", 0).as_slice(), (7_000, 0, 80)).unwrap();
        places.insert(b"no stream".as_slice(), (1, 0, 80)).unwrap();
    });
    let verified = verified(&store);
    let told = told(&verified);
    let extra = "7 bag-99: the index has revision 0 here and the log has not";
    assert!(told.iter().any(|line| line.starts_with(extra)), "{told:#?}");
    assert!(told.iter().any(|line| line.starts_with("7000 bag-98: an entry lies beyond 300")), "{told:#?}");
    assert!(told.iter().any(|line| line.contains("an entry is malformed")), "{told:#?}");
    assert_eq!(verified.findings_total, 3, "{told:#?}");
}

#[tokio::test]
async fn two_exchanged_entries_are_named_though_all_counts_agree() {
    let (_folder, store) = log().await;
    forge(&store, |places| {
        let one = places.get(entry("bag-4", 3).as_slice()).unwrap().unwrap().value();
        let other = places.get(entry("bag-4", 5).as_slice()).unwrap().unwrap().value();
        places.insert(entry("bag-4", 3).as_slice(), other).unwrap();
        places.insert(entry("bag-4", 5).as_slice(), one).unwrap();
    });
    let verified = verified(&store);
    assert_eq!(verified.findings_total, 2, "{:#?}", told(&verified));
}

#[tokio::test]
async fn a_rebuilt_index_heals_what_was_wrong() {
    let (folder, store) = log().await;
    forge(&store, |places| {
        for revision in 0..9 {
            places.remove(entry("bag-4", revision).as_slice()).unwrap();
        }
    });
    assert_eq!(verified(&store).findings_total, 9);
    store.close().await;
    let mut steps: Vec<Step> = Vec::new();
    assert_eq!(rebuild_index(folder.path(), &options(), &mut |step| steps.push(step)).unwrap(), 300);
    assert_eq!(steps.last().map(|step| (step.done, step.total)), Some((300, 300)));
    let store = open(folder.path());
    let verified = verified(&store);
    assert_eq!((told(&verified), verified.index_entries), (Vec::new(), 300));
    let page = store.read_stream(&"bag-4".parse().unwrap(), Direction::Forwards, None, 100).await.unwrap();
    assert_eq!(page.events.len(), 24);
}

//! A flipped bit anywhere in any file of the log: it is found, or it changes nothing.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use airside_kernel::RecordedEvent;
use airside_store::EmbeddedStore;
use proptest::prelude::*;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::{
    bench::{all, closed_log, copy, open, small, streams},
    words::clock,
};

struct Log {
    folder: TempDir,
    files: Vec<PathBuf>,
    events: Vec<RecordedEvent>,
    streams: Vec<Vec<RecordedEvent>>,
    runtime: Runtime,
}

/// Returns one log for all cases.
fn log() -> &'static Log {
    static LOG: OnceLock<Log> = OnceLock::new();
    LOG.get_or_init(|| {
        let runtime = Runtime::new().unwrap();
        let (folder, events, streams) = runtime.block_on(async {
            let folder = closed_log(60).await;
            let store = open(folder.path());
            let (events, streams) = (all(&store).await, streams(&store).await.unwrap());
            store.close().await;
            (folder, events, streams)
        });
        let log = folder.path().join("log");
        let mut files: Vec<_> = fs::read_dir(log)
            .unwrap()
            .map(|entry| entry.unwrap().path().strip_prefix(folder.path()).unwrap().to_owned())
            .collect();
        files.sort();
        Log { folder, files, events, streams, runtime }
    })
}

/// Says what was found in a log; nothing when all events read as they were written.
fn found(log: &Log, folder: &Path) -> Option<String> {
    let store = match EmbeddedStore::open(folder, small(), clock()) {
        Ok(store) => store,
        Err(error) => return Some(error.to_string()),
    };
    let verified = store.verify(&mut |_| {}).unwrap();
    if let Some(finding) = verified.findings.first() {
        return Some(finding.what.clone());
    }
    let store = std::sync::Arc::new(store);
    log.runtime.block_on(async {
        assert_eq!(all(&store).await, log.events, "an event changed and nothing was found");
        assert_eq!(
            streams(&store).await.as_ref(),
            Ok(&log.streams),
            "a stream changed and nothing was found"
        );
    });
    None
}

fn check_flip(file: usize, at: usize, bit: u32) {
    let log = log();
    let flipped = tempfile::tempdir().unwrap();
    copy(log.folder.path(), flipped.path());
    let path = flipped.path().join(&log.files[file % log.files.len()]);
    let mut bytes = fs::read(&path).unwrap();
    let at = at % bytes.len();
    bytes[at] ^= 1 << (bit % 8);
    fs::write(&path, bytes).unwrap();
    found(log, flipped.path());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, ..ProptestConfig::default() })]

    #[test]
    fn a_flipped_bit_is_found_or_changes_nothing(file in any::<usize>(), at in any::<usize>(), bit in 0..8_u32) {
        check_flip(file, at, bit);
    }

    #[test]
    fn a_flipped_bit_at_the_head_of_a_file_is_found_or_changes_nothing(
        file in any::<usize>(),
        at in 0..400_usize,
        bit in 0..8_u32,
    ) {
        check_flip(file, at, bit);
    }
}

#[test]
fn a_flipped_bit_of_an_event_is_always_found() {
    let log = log();
    for file in 0..log.files.len() - 1 {
        let path = log.folder.path().join(&log.files[file]);
        let bytes = fs::read(&path).unwrap();
        // The actor stands in the metadata of each event.
        let at = bytes.windows(6).position(|window| window == b"nobody").unwrap();
        let flipped = tempfile::tempdir().unwrap();
        copy(log.folder.path(), flipped.path());
        let mut changed = bytes.clone();
        changed[at] ^= 4;
        fs::write(flipped.path().join(&log.files[file]), changed).unwrap();
        assert!(found(log, flipped.path()).is_some(), "{}", path.display());
    }
}

//! A backup is the log up to its position, and a restored log goes on from there.

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use airside_kernel::{EventStore, Expected, Timestamp};
use airside_store::{
    BackupError, EmbeddedStore, LogManifest, OpenError, Options, Step, check_backup, read_manifest, restore,
};

use crate::{
    bench::{all, closed_log, copy, files, fill, forge, open, segments, small, streams, told, verified},
    words::{append, clock},
};

/// When the tests restore, in seconds since 1970.
const SECOND: u64 = 1_800_000_000;

fn now() -> Timestamp {
    Timestamp::from_second(SECOND.cast_signed()).unwrap()
}

fn backup(store: &EmbeddedStore, to: &Path) -> LogManifest {
    let mut steps: Vec<Step> = Vec::new();
    let manifest = store.backup(to, &mut |step| steps.push(step)).unwrap();
    assert!(steps.is_sorted_by_key(|step| step.done), "progress went back");
    let last = steps.last().unwrap();
    assert_eq!((last.done, last.unit), (last.total, "bytes"), "progress stopped early");
    manifest
}

#[tokio::test]
async fn a_restored_log_is_the_log_in_its_next_generation() {
    let (folder, spare) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = open(folder.path());
    fill(&store, 150).await;
    let events = all(&store).await;
    let to = spare.path().join("backup/log");
    let manifest = backup(&store, &to);
    assert_eq!((manifest.position, manifest.generation), (300, 0));
    assert_eq!(manifest.log_id, store.log_id());
    assert_eq!(manifest.recorded_at, Some(events[299].recorded_at()));
    assert_eq!(manifest.last_commit, verified(&store).last_commit);
    assert_eq!(read_manifest(&to).unwrap(), manifest);
    assert_eq!(check_backup(&to, &mut |_| {}).unwrap(), manifest);

    let data = spare.path().join("data");
    let restored = restore(&to, &data, now(), &mut |_| {}).unwrap();
    let generation = restored.generation;
    assert_eq!((restored.log_id, generation, restored.position), (store.log_id(), SECOND, 300));
    let copy = open(&data);
    assert_eq!((copy.log_id(), copy.generation()), (store.log_id(), generation));
    assert_eq!(all(&copy).await, events);
    assert_eq!(streams(&copy).await, streams(&store).await);
    let checked = verified(&copy);
    assert_eq!((told(&checked), checked.last_commit), (Vec::new(), manifest.last_commit));
    let figures = copy.figures().unwrap();
    assert_eq!((figures.generation, figures.restored_at), (generation, Some(300)));

    fill(&copy, 20).await;
    let longer = all(&copy).await;
    assert_eq!((longer.len(), &longer[..300]), (340, &events[..]));
    assert_eq!(told(&verified(&copy)), Vec::<String>::new());
    copy.close().await;
    drop(copy);
    let again = open(&data);
    assert_eq!((again.generation(), all(&again).await), (generation, longer));

    let (second, third) = (spare.path().join("second"), spare.path().join("third"));
    assert_eq!(backup(&again, &second).generation, generation);
    assert!(restore(&second, &third, now(), &mut |_| {}).unwrap().generation > generation);
    assert_eq!(open(&third).figures().unwrap().restored_at, Some(340));
}

#[tokio::test]
async fn two_restores_of_one_backup_are_two_generations_and_none_goes_back() {
    let folder = closed_log(20).await;
    let spare = tempfile::tempdir().unwrap();
    let to = spare.path().join("backup");
    backup(&open(folder.path()), &to);
    let restored = |from: &Path, name: &str, second: i64| {
        let (data, at) = (spare.path().join(name), Timestamp::from_second(second).unwrap());
        let generation = restore(from, &data, at, &mut |_| {}).unwrap().generation;
        assert_eq!(open(&data).generation(), generation);
        generation
    };
    assert_eq!(restored(&to, "drill", 1_800_000_000), 1_800_000_000);
    assert_eq!(restored(&to, "for-real", 1_800_000_060), 1_800_000_060);
    // A clock that was set back, or stands before 1970, still raises the number.
    let again = spare.path().join("again");
    backup(&open(&spare.path().join("drill")), &again);
    assert_eq!(restored(&again, "set-back", 1_700_000_000), 1_800_000_001);
    assert_eq!(restored(&again, "same-second", 1_800_000_000), 1_800_000_001);
    assert_eq!(restored(&to, "no-clock", -5), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_taken_while_eight_append_is_a_prefix_of_the_log() {
    let (folder, spare) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let options = Options { segment_bytes: 64 * 1024, ..small() };
    let store = Arc::new(EmbeddedStore::open(folder.path(), options, clock()).unwrap());
    fill(&store, 100).await;
    let stop = Arc::new(AtomicBool::new(false));
    let appended = Arc::new(AtomicU64::new(0));
    let writers: Vec<_> = (0..8)
        .map(|n| {
            let (store, stop, appended) = (Arc::clone(&store), Arc::clone(&stop), Arc::clone(&appended));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    store.append(append(&format!("bag-{n}"), Expected::Any, &["u", "v", "w"])).await.unwrap();
                    appended.fetch_add(3, Ordering::Relaxed);
                }
            })
        })
        .collect();
    let mut manifests = Vec::new();
    for n in 0..4 {
        let before = appended.load(Ordering::Relaxed);
        let (store, to) = (Arc::clone(&store), spare.path().join(format!("{n}")));
        manifests.push(tokio::task::spawn_blocking(move || backup(&store, &to)).await.unwrap());
        // Each backup sees the writers go on.
        while appended.load(Ordering::Relaxed) == before {
            tokio::task::yield_now().await;
        }
    }
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.unwrap();
    }
    let events = all(&store).await;
    assert!(manifests.is_sorted_by(|a, b| a.position < b.position), "nobody appended between backups");
    for (n, manifest) in manifests.iter().enumerate() {
        let data = spare.path().join(format!("data-{n}"));
        restore(&spare.path().join(format!("{n}")), &data, now(), &mut |_| {}).unwrap();
        let copy = open(&data);
        let position = usize::try_from(manifest.position).unwrap();
        assert!(all(&copy).await == events[..position], "backup {n} is not the log up to {position}");
        assert_eq!(told(&verified(&copy)), Vec::<String>::new());
    }
}

#[tokio::test]
async fn an_empty_log_is_backed_up_and_restored() {
    let (folder, spare) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = open(folder.path());
    let manifest = backup(&store, &spare.path().join("backup"));
    assert_eq!((manifest.position, manifest.recorded_at), (0, None));
    // An empty folder serves as well as an absent one.
    let data = tempfile::tempdir().unwrap();
    restore(&spare.path().join("backup"), data.path(), now(), &mut |_| {}).unwrap();
    let copy = open(data.path());
    assert_eq!((copy.log_id(), copy.generation(), copy.stats().events), (store.log_id(), SECOND, 0));
    fill(&copy, 3).await;
    assert!(verified(&copy).is_sound());
}

#[tokio::test]
async fn a_full_segment_left_open_by_a_crash_is_backed_up_whole() {
    let folder = closed_log(150).await;
    let second = segments(folder.path()).remove(1);
    // As a crash leaves it: written to, and never closed.
    let torn = tempfile::tempdir().unwrap();
    let db = redb::Database::open(&second).unwrap();
    let txn = db.begin_write().unwrap();
    txn.open_table(redb::TableDefinition::<u64, u64>::new("other")).unwrap();
    txn.commit().unwrap();
    copy(folder.path(), torn.path());
    drop(db);
    let spare = tempfile::tempdir().unwrap();
    let store = open(torn.path());
    assert_eq!(told(&verified(&store)), Vec::<String>::new());
    backup(&store, &spare.path().join("backup"));
    restore(&spare.path().join("backup"), &spare.path().join("data"), now(), &mut |_| {}).unwrap();
    assert_eq!(all(&open(&spare.path().join("data"))).await, all(&store).await);
}

#[tokio::test]
async fn a_folder_that_is_not_empty_takes_no_backup_and_is_not_changed() {
    let folder = closed_log(20).await;
    let store = open(folder.path());
    let to = tempfile::tempdir().unwrap();
    fs::write(to.path().join("a-file"), b"of somebody").unwrap();
    let before = files(to.path());
    let error = store.backup(to.path(), &mut |_| {}).unwrap_err();
    assert!(matches!(error, BackupError::NotEmpty { .. }), "{error}");
    assert!(error.to_string().contains(&to.path().display().to_string()), "{error}");
    assert!(files(to.path()) == before, "a refused folder was changed");
}

#[tokio::test]
async fn a_damaged_log_gives_no_backup() {
    let folder = closed_log(156).await;
    let live = segments(folder.path()).pop().unwrap();
    forge(&live, |commits| {
        let key = *commits.keys().next().unwrap();
        commits.get_mut(&key).unwrap()[90] ^= 1;
    });
    let to = tempfile::tempdir().unwrap();
    let error = open(folder.path()).backup(to.path(), &mut |_| {}).unwrap_err();
    assert!(matches!(error, BackupError::Log(_)), "{error}");
    assert!(error.to_string().contains("run verify"), "{error}");
    assert!(!to.path().join("manifest.json").exists(), "half a backup has a manifest");
}

#[tokio::test]
async fn an_interrupted_restore_is_no_log_and_the_next_one_ends_it() {
    let folder = closed_log(60).await;
    let spare = tempfile::tempdir().unwrap();
    let (to, data) = (spare.path().join("backup"), spare.path().join("data"));
    let store = open(folder.path());
    backup(&store, &to);
    fs::create_dir_all(data.join("log.restoring")).unwrap();
    fs::write(data.join("log.restoring/00000000000000000001.redb"), b"half").unwrap();
    fs::write(data.join("lock"), b"").unwrap();
    let error = EmbeddedStore::open(&data, small(), clock()).err().unwrap();
    assert!(matches!(error, OpenError::Unfinished { .. }), "{error}");
    assert!(error.to_string().contains("restore the backup into it again"), "{error}");
    restore(&to, &data, now(), &mut |_| {}).unwrap();
    assert_eq!(all(&open(&data)).await, all(&store).await);
    assert!(!data.join("log.restoring").exists());
}

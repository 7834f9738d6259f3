//! The notary: when it signs, how it goes on after a stop, and when it gives up.

use std::{fs, path::Path, sync::Arc};

use airside_evidence::{Checkpoint, Notary, Options, Restored, newest};
use airside_kernel::{
    Append, EventId, EventStore, Expected, ManualClock, NewEvent, Revision, StreamId, Timestamp,
};
use airside_store::MemoryStore;
use bytes::Bytes;
use tokio::sync::watch;
use uuid::Uuid;

use crate::paper::{Line, Paper, checked, notarise, options, signer};

fn newest_of(folder: &Path) -> Checkpoint {
    newest(&folder.join("evidence")).unwrap().unwrap().0
}

fn sizes(folder: &Path) -> Vec<u64> {
    let text = fs::read_to_string(folder.join("evidence/checkpoints")).unwrap();
    let notes = text.split("airside.log/").skip(1);
    notes.map(|note| note.lines().nth(1).unwrap().parse().unwrap()).collect()
}

#[tokio::test]
async fn so_many_events_make_a_checkpoint_and_the_rest_is_signed_at_the_end() {
    let (log, folder) = (Paper::example(99), tempfile::tempdir().unwrap());
    notarise(&log, options(folder.path())).await.unwrap();
    assert_eq!(sizes(folder.path()), [40, 80, 99]);
    let newest = newest_of(folder.path());
    let last = &log.lines()[98];
    assert_eq!((newest.generation, newest.vault, newest.restored), (0, 12, 0));
    assert_eq!(newest.recorded.as_microsecond(), last.recorded_us);
}

#[tokio::test(start_paused = true)]
async fn something_new_is_signed_after_a_while_and_nothing_new_is_not() {
    let (log, folder) = (Paper::example(3), tempfile::tempdir().unwrap());
    let notary = Notary::open(Arc::new(log.clone()), options(folder.path())).unwrap();
    let (health, (stop, stopped)) = (notary.health(), watch::channel(false));
    let running = tokio::spawn(notary.run(stopped));
    for size in 3..6 {
        health.until(|figures| figures.checkpoint.is_some_and(|(signed, _)| signed == size)).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        log.grow(Line::example(size));
    }
    health.until(|figures| figures.checkpoint.is_some_and(|(signed, _)| signed == 6)).await.unwrap();
    assert_eq!(health.check().unwrap(), "signed up to 6 of 6 events");
    stop.send_replace(true);
    running.await.unwrap();
    assert_eq!(sizes(folder.path()), [3, 4, 5, 6]);
}

#[tokio::test]
async fn an_empty_log_is_signed_by_nobody() {
    let (log, folder) = (Paper::example(0), tempfile::tempdir().unwrap());
    let notary = Notary::open(Arc::new(log), options(folder.path())).unwrap();
    let (health, (stop, stopped)) = (notary.health(), watch::channel(true));
    notary.run(stopped).await;
    drop(stop);
    assert!(health.check().is_err(), "a notary that has ended is not well");
    assert!(newest(&folder.path().join("evidence")).unwrap().is_none());
}

#[tokio::test]
async fn a_log_in_memory_is_followed_live() {
    let folder = tempfile::tempdir().unwrap();
    let store = MemoryStore::new(Arc::new(ManualClock::new("2026-11-20T10:00:00Z".parse().unwrap())));
    let notary = Notary::open(Arc::new(store.clone()), options(folder.path())).unwrap();
    let (health, (stop, stopped)) = (notary.health(), watch::channel(false));
    let running = tokio::spawn(notary.run(stopped));
    for number in 0..100_u128 {
        let event = NewEvent {
            id: EventId(Uuid::from_u128(number)),
            event_type: "baggage.BagScanned".into(),
            schema_version: 1,
            occurred_at: Timestamp::UNIX_EPOCH,
            metadata: Bytes::new(),
            payload: Bytes::from(number.to_string()),
        };
        let stream: StreamId = format!("bag-{}", number % 3).parse().unwrap();
        let (expected, fold_from) = (Expected::Any, Revision::FIRST);
        store.append(Append { stream, expected, fold_from, events: vec![event] }).await.unwrap();
    }
    health.until(|figures| figures.size == 100).await.unwrap();
    stop.send_replace(true);
    running.await.unwrap();
    assert_eq!(newest_of(folder.path()).size, 100);
}

#[tokio::test]
async fn a_tree_that_was_left_anywhere_goes_on_to_the_same_root() {
    let whole = tempfile::tempdir().unwrap();
    notarise(&Paper::example(600), options(whole.path())).await.unwrap();
    let root = newest_of(whole.path()).root;
    for gap in [1, 97] {
        let (mut log, folder) = (Paper::of(Vec::new()), tempfile::tempdir().unwrap());
        log.gap = gap;
        for stop in [1_u64, 2, 255, 256, 257, 258, 511, 512, 513, 600] {
            (log.lines().len() as u64..stop).for_each(|number| log.grow(Line::example(number)));
            notarise(&log, options(folder.path())).await.unwrap();
        }
        assert_eq!(newest_of(folder.path()).root, root, "positions {gap} apart");
        assert!(checked(&log, &folder.path().join("evidence")).await.is_sound());
    }
}

#[tokio::test]
async fn a_place_that_is_lost_or_wrong_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = Paper::example(0);
    log.gap = 97;
    let place = folder.path().join("evidence/place");
    let id = log.id;
    let hints = [
        "",
        "nonsense",
        &format!("{id} 0 3 9999.9999\n"),
        &format!("{id} 0 70 97.97\n"),
        &format!("{id} 9 2 1\n"),
    ];
    for (hint, size) in hints.iter().zip((50..).step_by(30)) {
        (log.lines().len() as u64..size).for_each(|number| log.grow(Line::example(number)));
        notarise(&log, options(folder.path())).await.unwrap();
        fs::write(&place, hint).unwrap();
    }
    notarise(&log, options(folder.path())).await.unwrap();
    assert!(checked(&log, &folder.path().join("evidence")).await.is_sound());
}

async fn verdict(log: &Paper, options: Options) -> String {
    let folder = options.folder.clone();
    let before = fs::read(folder.join("checkpoints")).unwrap();
    let verdict = notarise(log, options).await.unwrap_err();
    assert_eq!(fs::read(folder.join("checkpoints")).unwrap(), before, "it signed over: {verdict}");
    verdict
}

#[tokio::test]
async fn a_log_that_is_shorter_than_what_was_signed_is_never_signed_over() {
    let folder = tempfile::tempdir().unwrap();
    notarise(&Paper::example(90), options(folder.path())).await.unwrap();
    for left in [0, 1, 40, 89] {
        let verdict = verdict(&Paper::example(left), options(folder.path())).await;
        assert!(verdict.contains(&format!("ends at {left} events")), "{verdict}");
        assert!(verdict.contains("checkpoint of 90 events was signed"), "{verdict}");
    }
}

#[tokio::test]
async fn a_log_that_lost_its_end_and_grew_again_is_found() {
    let folder = tempfile::tempdir().unwrap();
    notarise(&Paper::example(90), options(folder.path())).await.unwrap();
    let lines = (0..80).chain(500..600).map(Line::example).collect();
    let verdict = verdict(&Paper::of(lines), options(folder.path())).await;
    assert!(verdict.contains("event 81 of the log was altered"), "{verdict}");
}

#[tokio::test]
async fn an_older_generation_is_never_signed_over() {
    let (mut log, folder) = (Paper::example(90), tempfile::tempdir().unwrap());
    log.generation = 2;
    notarise(&log, options(folder.path())).await.unwrap();
    log.generation = 1;
    let verdict = verdict(&log, options(folder.path())).await;
    assert!(verdict.contains("generation 1") && verdict.contains("generation 2"), "{verdict}");
}

#[tokio::test]
async fn a_restored_log_begins_a_generation_where_it_was_cut() {
    for restored in [None, Some(Restored { generation: 1, size: 70 })] {
        let folder = tempfile::tempdir().unwrap();
        notarise(&Paper::example(90), options(folder.path())).await.unwrap();
        let mut log = Paper::of((0..70).chain(300..395).map(Line::example).collect());
        log.generation = 1;
        let options = Options { restored, ..options(folder.path()) };
        notarise(&log, options.clone()).await.unwrap();
        let newest = newest_of(folder.path());
        assert_eq!((newest.size, newest.generation, newest.restored), (165, 1, 70));
        assert_eq!(sizes(folder.path())[..3], [40, 80, 90], "what was signed stays");
        let whole = tempfile::tempdir().unwrap();
        notarise(&log, crate::paper::options(whole.path())).await.unwrap();
        assert_eq!(newest.root, newest_of(whole.path()).root);
        // The next start remembers where the generation began.
        log.grow(Line::example(999));
        notarise(&log, Options { restored: None, ..options }).await.unwrap();
        assert_eq!(newest_of(folder.path()).restored, 70);
    }
}

#[tokio::test]
async fn a_restore_that_lost_nothing_signs_its_generation_at_once() {
    let (mut log, folder) = (Paper::example(90), tempfile::tempdir().unwrap());
    notarise(&log, options(folder.path())).await.unwrap();
    log.generation = 1;
    notarise(&log, options(folder.path())).await.unwrap();
    let newest = newest_of(folder.path());
    assert_eq!((newest.size, newest.generation, newest.restored), (90, 1, 90));
}

#[tokio::test]
async fn a_restore_is_no_cover_for_altering_what_came_before_it() {
    let folder = tempfile::tempdir().unwrap();
    notarise(&Paper::example(90), options(folder.path())).await.unwrap();
    let mut lines: Vec<Line> = (0..70).map(Line::example).collect();
    lines[33].payload = Bytes::from_static(b"never happened");
    let mut log = Paper::of(lines);
    log.generation = 1;
    let restored = Some(Restored { generation: 1, size: 70 });
    let verdict = verdict(&log, Options { restored, ..options(folder.path()) }).await;
    assert!(verdict.contains("event 34 of the log was altered"), "{verdict}");
}

#[tokio::test]
async fn a_key_that_was_changed_is_told_and_one_that_is_strange_refused() {
    let (log, folder) = (Paper::example(50), tempfile::tempdir().unwrap());
    notarise(&log, options(folder.path())).await.unwrap();
    let mut changed = options(folder.path());
    changed.signer = signer("airport-2027", 9);
    let verdict = verdict(&log, changed.clone()).await;
    assert!(verdict.contains("signed by airport") && verdict.contains("earlier keys"), "{verdict}");
    changed.earlier_keys.push(signer("airport", 7).key().clone());
    log.grow(Line::example(50));
    notarise(&log, changed).await.unwrap();
}

#[tokio::test]
async fn two_notaries_do_not_work_in_one_folder() {
    let (log, folder) = (Arc::new(Paper::example(5)), tempfile::tempdir().unwrap());
    let first = Notary::open(log.clone(), options(folder.path())).unwrap();
    let second = Notary::open(log.clone(), options(folder.path())).map(drop).unwrap_err();
    assert!(second.to_string().contains("in use by another process"), "{second}");
    drop(first);
    Notary::open(log, options(folder.path())).unwrap();
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_said_and_tried_again() {
    let (log, folder) = (Paper::example(90), tempfile::tempdir().unwrap());
    let checkpoints = folder.path().join("evidence/checkpoints");
    let notary = Notary::open(Arc::new(log.clone()), options(folder.path())).unwrap();
    fs::create_dir(&checkpoints).unwrap();
    let (health, (stop, stopped)) = (notary.health(), watch::channel(false));
    tokio::time::pause();
    let running = tokio::spawn(notary.run(stopped));
    while health.check().is_ok() {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    let trouble = health.check().unwrap_err();
    assert!(trouble.contains("stuck") && trouble.contains("checkpoints"), "{trouble}");
    fs::remove_dir(&checkpoints).unwrap();
    health.until(|figures| figures.size == 90).await.unwrap();
    assert!(health.check().is_ok());
    stop.send_replace(true);
    running.await.unwrap();
    assert!(checked(&log, &folder.path().join("evidence")).await.is_sound());
}

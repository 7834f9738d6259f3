//! The second place: away and back, of another log, with another history.

use std::{fs, path::Path, sync::Arc, time::Duration};

use airside_evidence::{MirrorError, Notary, Options, SecondPlace, mirror, newest, newest_elsewhere};
use airside_kernel::LogId;
use bytes::Bytes;
use tokio::sync::watch;
use uuid::Uuid;

use crate::paper::{Line, Paper, checked, first_altered, notarise, options, signer};

fn with_second(folder: &Path) -> Options {
    Options { second: Some(folder.join("second")), ..options(folder) }
}

fn same(folder: &Path) {
    for name in ["checkpoints", "hashes.0", "hashes.1"] {
        let read = |place: &str| fs::read(folder.join(place).join(name)).unwrap_or_default();
        let (first, second) = (read("evidence"), read("second"));
        assert!(first == second, "{name}: {} and {} bytes", first.len(), second.len());
    }
}

async fn signed(length: u64) -> (Paper, tempfile::TempDir) {
    let (log, folder) = (Paper::example(length), tempfile::tempdir().unwrap());
    fs::create_dir(folder.path().join("second")).unwrap();
    notarise(&log, with_second(folder.path())).await.unwrap();
    same(folder.path());
    (log, folder)
}

fn grow(log: &Paper, length: u64) {
    (log.lines().len() as u64..length).for_each(|number| log.grow(Line::example(number)));
}

#[tokio::test]
async fn a_second_place_that_is_away_is_said_and_filled_when_it_is_back() {
    let (log, folder) = signed(300).await;
    tokio::time::pause();
    let second = folder.path().join("second");
    fs::rename(&second, folder.path().join("unplugged")).unwrap();
    grow(&log, 350);
    let notary = Notary::open(Arc::new(log.clone()), with_second(folder.path())).unwrap();
    let (health, (stop, stopped)) = (notary.health(), watch::channel(false));
    let running = tokio::spawn(notary.run(stopped));
    let is_away_for = |long: u64| move |second: &SecondPlace| matches!(second, SecondPlace::Away { seconds, .. } if *seconds >= long);
    health.until(|figures| is_away_for(60)(&figures.second)).await.unwrap();
    let text = health.check().unwrap();
    assert!(text.contains("second place missing") && text.contains("mount"), "{text}");
    assert!(!second.exists(), "a folder was made where a disk should be");
    grow(&log, 360);
    fs::rename(folder.path().join("unplugged"), &second).unwrap();
    health.until(|figures| figures.second == SecondPlace::Filled { size: 360 }).await.unwrap();
    stop.send_replace(true);
    running.await.unwrap();
    same(folder.path());
}

#[tokio::test]
async fn a_second_place_that_was_cut_anywhere_is_filled_up() {
    for (name, length) in [
        ("hashes.0", 0),
        ("hashes.0", 33),
        ("hashes.0", 32 * 299),
        ("hashes.1", 5),
        ("checkpoints", 100),
        ("checkpoints", 0),
    ] {
        let (log, folder) = signed(300).await;
        let file = fs::OpenOptions::new().write(true).open(folder.path().join("second").join(name)).unwrap();
        file.set_len(length).unwrap();
        grow(&log, 310);
        notarise(&log, with_second(folder.path())).await.unwrap();
        same(folder.path());
    }
}

#[tokio::test]
async fn a_second_place_of_another_log_is_refused_by_name_and_left_alone() {
    let (log, folder) = signed(50).await;
    let mut other = Paper::example(50);
    other.id = LogId(Uuid::from_u128(0xbad));
    let elsewhere = tempfile::tempdir().unwrap();
    let before = fs::read(folder.path().join("second/checkpoints")).unwrap();
    let options = Options { second: Some(folder.path().join("second")), ..options(elsewhere.path()) };
    let error = Notary::open(Arc::new(other.clone()), options).map(drop).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains(&log.id.to_string()) && cause.contains("another second place"), "{cause}");
    notarise(&other, crate::paper::options(elsewhere.path())).await.unwrap();
    let error = mirror(&elsewhere.path().join("evidence"), &folder.path().join("second")).unwrap_err();
    assert!(matches!(error, MirrorError::Foreign { .. }), "{error}");
    assert_eq!(fs::read(folder.path().join("second/checkpoints")).unwrap(), before);
}

#[tokio::test]
async fn a_log_put_back_with_its_older_evidence_is_found_by_the_second_place() {
    let (log, folder) = signed(50).await;
    let older = tempfile::tempdir().unwrap();
    mirror(&folder.path().join("evidence"), older.path()).unwrap();
    grow(&log, 90);
    notarise(&log, with_second(folder.path())).await.unwrap();
    fs::remove_dir_all(folder.path().join("evidence")).unwrap();
    fs::create_dir(folder.path().join("evidence")).unwrap();
    mirror(older.path(), &folder.path().join("evidence")).unwrap();
    let verdict = notarise(&Paper::example(50), with_second(folder.path())).await.unwrap_err();
    assert!(verdict.contains("ends at 50 events") && verdict.contains("90 events was signed"), "{verdict}");
}

#[tokio::test]
async fn another_history_that_was_signed_while_the_second_place_was_away_is_found() {
    let (log, folder) = signed(50).await;
    let older = tempfile::tempdir().unwrap();
    mirror(&folder.path().join("evidence"), older.path()).unwrap();
    grow(&log, 90);
    notarise(&log, with_second(folder.path())).await.unwrap();
    let away = folder.path().join("away");
    fs::rename(folder.path().join("second"), &away).unwrap();
    fs::remove_dir_all(folder.path().join("evidence")).unwrap();
    fs::rename(older.path(), folder.path().join("evidence")).unwrap();
    let besides = Paper::of((0..50).chain(700..760).map(Line::example).collect());
    notarise(&besides, with_second(folder.path())).await.unwrap();
    fs::rename(&away, folder.path().join("second")).unwrap();
    let before = fs::read(folder.path().join("second/checkpoints")).unwrap();
    let error = mirror(&folder.path().join("evidence"), &folder.path().join("second")).unwrap_err();
    assert!(error.to_string().contains("90 events that is none of ours"), "{error}");
    assert_eq!(fs::read(folder.path().join("second/checkpoints")).unwrap(), before);
    let found = checked(&besides, &folder.path().join("second")).await;
    assert_eq!(first_altered(&found), Some(51), "{:?}", found.findings);
}

#[tokio::test]
async fn the_end_that_a_restore_gave_up_is_kept_in_the_second_place() {
    let (log, folder) = signed(50).await;
    let backup = tempfile::tempdir().unwrap();
    mirror(&folder.path().join("evidence"), backup.path()).unwrap();
    grow(&log, 90);
    notarise(&log, with_second(folder.path())).await.unwrap();
    fs::remove_dir_all(folder.path().join("evidence")).unwrap();
    fs::create_dir(folder.path().join("evidence")).unwrap();
    mirror(backup.path(), &folder.path().join("evidence")).unwrap();
    let mut restored = Paper::of((0..50).chain(700..760).map(Line::example).collect());
    restored.generation = 1;
    notarise(&restored, with_second(folder.path())).await.unwrap();
    same(folder.path());
    let text = fs::read_to_string(folder.path().join("second/checkpoints")).unwrap();
    assert!(text.contains("\n90\n") && text.contains("restored 50\n"), "{text}");
    // The same with a second place that was away when the restored log began.
    let late = tempfile::tempdir().unwrap();
    notarise(&Paper::example(120), options(late.path())).await.unwrap();
    mirror(&folder.path().join("evidence"), &late.path().join("evidence")).unwrap();
    assert!(late.path().join("evidence/checkpoints.generation-0-120").exists());
    assert!(checked(&restored, &late.path().join("evidence")).await.is_sound());
}

#[tokio::test]
async fn the_second_place_names_the_altered_event_when_the_first_was_made_to_fit() {
    let (log, folder) = signed(90).await;
    let mut lines = log.lines();
    lines[60].payload = Bytes::from_static(b"nothing happened");
    let altered = Paper::of(lines);
    fs::remove_dir_all(folder.path().join("evidence")).unwrap();
    notarise(&altered, options(folder.path())).await.unwrap();
    assert!(
        checked(&altered, &folder.path().join("evidence")).await.is_sound(),
        "who holds the key can do this"
    );
    let found = checked(&altered, &folder.path().join("second")).await;
    assert_eq!(first_altered(&found), Some(61));
}

#[tokio::test]
async fn what_a_stranger_puts_into_the_second_place_is_not_taken_over() {
    let (log, folder) = signed(50).await;
    let evidence = folder.path().join("evidence");
    let before = fs::read(evidence.join("checkpoints")).unwrap();
    let text = String::from_utf8(before.clone()).unwrap();
    let newest =
        text.split_inclusive("\n\n").nth(2).unwrap().trim_end().replacen("\n50\n", "\n90\n", 1) + "\n";
    let strange = signer("airport", 8).sign(newest).to_string() + "\n";
    let path = folder.path().join("second/checkpoints");
    fs::write(&path, [text.as_bytes(), strange.as_bytes()].concat()).unwrap();
    let notary = Notary::open(Arc::new(log), with_second(folder.path())).unwrap();
    let (health, (stop, stopped)) = (notary.health(), watch::channel(false));
    let running = tokio::spawn(notary.run(stopped));
    let is_said = |second: &SecondPlace| matches!(second, SecondPlace::Away { reason, .. } if reason.contains("no known key"));
    health.until(|figures| is_said(&figures.second)).await.unwrap();
    stop.send_replace(true);
    running.await.unwrap();
    assert_eq!(fs::read(evidence.join("checkpoints")).unwrap(), before);
}

/// A pipe that nobody reads stands for a mount that hangs: opening it waits for ever.
#[cfg(unix)]
#[tokio::test]
async fn a_second_place_that_hangs_holds_up_nothing() {
    let (log, folder) = signed(50).await;
    let path = folder.path().join("second/checkpoints");
    fs::remove_file(&path).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    grow(&log, 90);
    let options = Options { second: Some(folder.path().join("later")), ..options(folder.path()) };
    fs::create_dir(folder.path().join("later")).unwrap();
    let notary = Notary::open(Arc::new(log.clone()), options).unwrap();
    fs::remove_dir(folder.path().join("later")).unwrap();
    fs::rename(folder.path().join("second"), folder.path().join("later")).unwrap();
    let (health, (stop, stopped)) = (notary.health(), watch::channel(false));
    tokio::time::pause();
    let running = tokio::spawn(notary.run(stopped));
    let is_silent = |second: &SecondPlace| matches!(second, SecondPlace::Away { reason, .. } if reason.contains("does not answer"));
    health.until(|figures| is_silent(&figures.second)).await.unwrap();
    health.until(|figures| figures.checkpoint.is_some_and(|(size, _)| size == 90)).await.unwrap();
    stop.send_replace(true);
    running.await.unwrap();
    assert!(checked(&log, &folder.path().join("evidence")).await.is_sound());
    // Lets the thread that hangs go.
    drop(fs::OpenOptions::new().write(true).open(folder.path().join("later/checkpoints")).unwrap());
}

#[cfg(unix)]
#[tokio::test]
async fn a_look_into_the_second_place_waits_for_no_mount_that_hangs() {
    let (log, folder) = signed(50).await;
    let (second, limit) = (folder.path().join("second"), Duration::from_secs(60));
    let found = newest_elsewhere(&second, limit).unwrap();
    assert_eq!(found, newest(&folder.path().join("evidence")).unwrap());
    assert_eq!(found.map(|(checkpoint, _)| (checkpoint.log, checkpoint.size)), Some((log.id, 50)));
    assert_eq!(newest_elsewhere(&folder.path().join("unplugged"), limit).unwrap(), None);
    let path = second.join("checkpoints");
    fs::remove_file(&path).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let silent = newest_elsewhere(&second, Duration::from_millis(50)).unwrap_err();
    assert!(matches!(silent, MirrorError::Silent { .. }), "{silent}");
    // Lets the thread that hangs go.
    drop(fs::OpenOptions::new().write(true).open(&path).unwrap());
}

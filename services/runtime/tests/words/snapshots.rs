//! Read models that start from disk: only the tail is replayed, and nothing
//! that does not fit is ever used.

use std::{fs, sync::atomic::Ordering};

use airside_kernel::{Keyring, Personal, SubjectId};
use airside_runtime::snapshots::{self, SnapshotError};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use crate::{
    counter::{Command, Counter},
    house::{House, order},
    sums::{CANARY, Habit, Run, add, from_zero},
};

const FILE: &str = "test.sums.snapshot";

/// Fills a log with some events and leaves a snapshot of them.
async fn kept(house: &House, times: usize) {
    add(house, "counter-1", times).await;
    let mut run = Run::<1>::start(house);
    run.settled(house).await;
    run.stop().await;
    assert!(house.kept_at().join(FILE).exists());
}

/// Starts anew, and checks that the state is that of the whole log.
async fn starts(house: &House, seen: usize) {
    let mut run = Run::<1>::start(house);
    run.settled(house).await;
    assert_eq!((run.state(), run.seen()), (from_zero(house).await, seen));
    run.stop().await;
}

/// Changes a sound snapshot into another sound one.
fn rewritten(sound: &[u8], change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut bytes = sound[..sound.len() - 32].to_vec();
    change(&mut bytes);
    let checksum = Sha256::digest(&bytes);
    bytes.extend(checksum);
    bytes
}

#[tokio::test]
async fn a_start_from_a_snapshot_replays_only_the_tail() {
    for house in House::each() {
        kept(&house, 25).await;
        add(&house, "counter-2", 3).await;
        starts(&house, 3).await;
    }
}

#[tokio::test]
async fn a_snapshot_of_all_that_there_is_replays_nothing_and_is_ready_at_once() {
    let house = House::in_memory();
    kept(&house, 25).await;
    starts(&house, 0).await;
    let mut run = Run::<1>::start(&house);
    run.settled(&house).await;
    let token = house.log().await.last().unwrap().position().to_string();
    run.sums.at_least(&token).await.unwrap();
    add(&house, "counter-1", 1).await;
    run.settled(&house).await;
    assert_eq!((run.state(), run.seen()), (from_zero(&house).await, 1));
}

#[tokio::test]
async fn a_model_that_left_an_event_out_is_never_kept_without_it() {
    let house = House::in_memory();
    kept(&house, 5).await;
    let before = fs::read(house.kept_at().join(FILE)).unwrap();
    house.append_unknown("counter-1").await;
    add(&house, "counter-2", 3).await;
    let mut run = Run::<1>::start(&house);
    run.settled(&house).await;
    run.stop().await;
    // A program that knows the event must still meet it, so the snapshot is the one before it.
    assert_eq!(fs::read(house.kept_at().join(FILE)).unwrap(), before);
    let mut again = Run::<1>::start(&house);
    again.settled(&house).await;
    assert_eq!(again.handle.list().await.unwrap()[0].parked, 1);
}

#[tokio::test]
async fn a_snapshot_of_another_schema_is_left_out_and_replaced() {
    let house = House::in_memory();
    kept(&house, 5).await;
    let mut run = Run::<2>::start(&house);
    run.settled(&house).await;
    assert_eq!((run.state(), run.seen()), (from_zero(&house).await, 5));
    run.stop().await;
    assert_eq!(snapshots::list(&house.kept_at()).unwrap()[0].schema, Some(2));
}

#[tokio::test]
async fn a_snapshot_of_another_log_is_left_out() {
    let (house, other) = (House::in_memory(), House::in_memory());
    kept(&house, 5).await;
    kept(&other, 9).await;
    fs::copy(other.kept_at().join(FILE), house.kept_at().join(FILE)).unwrap();
    starts(&house, 5).await;
}

#[tokio::test]
async fn after_a_restore_every_snapshot_is_left_out() {
    let house = House::in_memory();
    kept(&house, 5).await;
    house.store.generation.store(1, Ordering::Relaxed);
    starts(&house, 5).await;
}

#[tokio::test]
async fn a_snapshot_that_knows_more_than_the_log_is_left_out() {
    let house = House::in_memory();
    kept(&house, 5).await;
    let path = house.kept_at().join(FILE);
    let before = fs::read(&path).unwrap();
    let listed = snapshots::list(&house.kept_at()).unwrap();
    let position: u64 = listed[0].position.clone().unwrap().parse().unwrap();
    assert_eq!(before[40..48], position.to_le_bytes(), "the header is as documented");
    // The same snapshot at a later position, sound in all else.
    let later = rewritten(&before, |bytes| bytes[40..48].copy_from_slice(&(position + 1).to_le_bytes()));
    fs::write(&path, later).unwrap();
    starts(&house, 5).await;
    fs::write(&path, before).unwrap();
    starts(&house, 0).await;
}

#[tokio::test]
async fn a_snapshot_of_another_model_is_left_out() {
    let house = House::in_memory();
    kept(&house, 5).await;
    let path = house.kept_at().join(FILE);
    let other = rewritten(&fs::read(&path).unwrap(), |bytes| bytes[65] = b'b');
    fs::write(&path, other).unwrap();
    starts(&house, 5).await;
}

#[tokio::test]
async fn a_snapshot_damaged_at_any_byte_or_cut_anywhere_is_left_out() {
    let house = House::in_memory();
    kept(&house, 5).await;
    let path = house.kept_at().join(FILE);
    let sound = fs::read(&path).unwrap();
    for at in 0..sound.len() {
        let mut damaged = sound.clone();
        damaged[at] ^= 1 << (at % 8);
        fs::write(&path, damaged).unwrap();
        starts(&house, 5).await;
        fs::write(&path, &sound[..at]).unwrap();
        starts(&house, 5).await;
    }
    fs::write(&path, [&sound[..], b"x"].concat()).unwrap();
    starts(&house, 5).await;
    fs::write(&path, sound).unwrap();
    starts(&house, 0).await;
}

#[tokio::test]
async fn a_crash_before_the_rename_leaves_the_snapshot_before_it() {
    let house = House::in_memory();
    kept(&house, 5).await;
    let unfinished = house.kept_at().join("test.sums.snapshot.new");
    fs::write(&unfinished, b"half of a file").unwrap();
    add(&house, "counter-1", 2).await;
    starts(&house, 2).await;
    assert!(!unfinished.exists(), "and is swept away");
}

#[tokio::test]
async fn a_value_in_clear_is_never_written_to_disk() {
    for (habit, is_written) in [(Habit::Sealed, true), (Habit::Clear, false), (Habit::Careless, false)] {
        let house = House::in_memory();
        let note = Command::Note(SubjectId::new("someone"), CANARY.to_owned());
        house.executor::<Counter>().execute(order("counter-1", note)).await.unwrap();
        let mut run = Run::<1>::start_as(&house, habit);
        run.settled(&house).await;
        assert_eq!(run.state().notes.len(), 1);
        run.stop().await;
        assert_eq!(house.kept_at().join(FILE).exists(), is_written, "{habit:?}");
        for entry in fs::read_dir(house.kept_at()).unwrap() {
            let bytes = fs::read(entry.unwrap().path()).unwrap();
            assert!(!bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes()), "{habit:?}");
        }
    }
}

#[tokio::test]
async fn an_erased_subject_is_erased_in_a_snapshot_too() {
    let house = House::in_memory();
    let note = Command::Note(SubjectId::new("someone"), "ZHANG/SAN".to_owned());
    house.executor::<Counter>().execute(order("counter-1", note)).await.unwrap();
    let mut run = Run::<1>::start(&house);
    run.settled(&house).await;
    run.stop().await;
    let mut run = Run::<1>::start(&house);
    run.settled(&house).await;
    let kept = run.state().notes.remove(0).1;
    let opened = kept.open(house.vault.as_ref()).unwrap();
    assert_eq!(opened.known().map(String::as_str), Some("ZHANG/SAN"));
    house.vault.erase(&SubjectId::new("someone")).await.unwrap();
    assert_eq!(kept.open(house.vault.as_ref()).unwrap(), Personal::Erased);
}

#[tokio::test]
async fn snapshots_of_a_stopped_server_are_listed_and_deleted_by_name() {
    let house = House::in_memory();
    assert_eq!(snapshots::list(&house.kept_at()).unwrap(), []);
    kept(&house, 5).await;
    fs::write(house.kept_at().join("torn.snapshot"), b"airsnap").unwrap();
    let listed = snapshots::list(&house.kept_at()).unwrap();
    let said: Vec<_> = listed.iter().map(|file| (file.name.as_str(), file.problem.is_none())).collect();
    assert_eq!(said, [("test.sums", true), ("torn", false)]);
    let error = snapshots::delete(&house.kept_at(), "../log").unwrap_err();
    assert!(matches!(&error, SnapshotError::Unknown { .. }));
    assert!(error.to_string().contains("there are: test.sums, torn"), "{error}");
    snapshots::delete(&house.kept_at(), "test.sums").unwrap();
    starts(&house, 5).await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Each step adds to a counter or empties it; some end the run, by a stop or a crash.
    #[test]
    fn a_snapshot_and_the_tail_amount_to_the_whole_log(
        steps in proptest::collection::vec((0u8..4, 0u64..50, 0u8..6), 1..25)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let house = House::in_memory();
            let mut run = Run::<1>::start(&house);
            for (counter, by, end) in steps {
                let command = if by == 0 { Command::Empty } else { Command::Add(by) };
                house.executor::<Counter>().execute(order(&format!("counter-{counter}"), command)).await.unwrap();
                match end {
                    0 => run.stop().await,
                    1 => run.crash().await,
                    _ => continue,
                }
                run = Run::start(&house);
            }
            run.settled(&house).await;
            assert_eq!(run.state(), from_zero(&house).await);
        });
    }
}

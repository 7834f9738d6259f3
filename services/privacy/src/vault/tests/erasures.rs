//! The register of the erased and its copies outside the vault.

use super::*;
use crate::register::{Gate, RegisterError, RegisterFile};

const LATER: i64 = 1_795_000_123_456;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap()
}

fn entry(ordinal: u64, id: &str, reason: Reason, ms: i64) -> Erasure {
    Erasure { ordinal, subject: subject(id), reason, at: at(ms) }
}

fn copy_in(folder: &TempDir) -> RegisterFile {
    RegisterFile::open(&folder.path().join("erased"), log()).unwrap()
}

fn read_copy(folder: &TempDir) -> Vec<Erasure> {
    RegisterFile::read(&folder.path().join("erased"), log()).unwrap()
}

#[tokio::test]
async fn the_register_says_who_why_and_when_in_order() {
    let (_folder, vault) = fresh();
    let day = SubjectId::of_raw("bhs", date(2026, 11, 5));
    vault.ensure(&[(day.clone(), Category::Raw)]).await.unwrap();
    vault.erase(&subject("journey-1")).await.unwrap();
    vault.retire_raw(date(2026, 11, 6)).await.unwrap();
    let ms = 1_795_000_000_000;
    let all = [entry(1, "journey-1", Reason::Erased, ms), entry(2, day.as_str(), Reason::Retired, ms)];
    assert_eq!(vault.register_after(0, 10).unwrap(), all);
    assert_eq!(vault.register_after(0, 1).unwrap(), all[..1]);
    assert_eq!(vault.register_after(1, 10).unwrap(), all[1..]);
    assert_eq!(vault.register_after(u64::MAX, 10).unwrap(), []);
}

#[tokio::test]
async fn a_replayed_register_erases_with_the_reason_and_time_of_then() {
    let (folder, vault) = fresh();
    let value = sealed(&vault, "journey-1", b"Wang").await;
    let copy = [entry(1, "journey-0", Reason::Retired, 5), entry(2, "journey-1", Reason::Erased, LATER)];
    let mut watch = vault.on_erase();
    assert_eq!(vault.replay(&copy).await.unwrap(), 2);
    assert_eq!(*watch.borrow_and_update(), 2, "read models hear of it");
    assert!(is_erased(&vault, &value));
    assert_eq!(vault.register_after(0, 10).unwrap(), copy);
    assert_eq!(vault.replay(&copy).await.unwrap(), 0, "once");
    drop(vault);
    assert!(is_erased(&open(&folder), &value));
}

#[tokio::test]
async fn an_erasure_that_returned_is_in_every_kept_copy() {
    let ((folder, vault), second) = (fresh(), tempfile::tempdir().unwrap());
    vault.erase(&subject("a")).await.unwrap();
    for place in [&folder, &second] {
        vault.keep_copy(copy_in(place)).unwrap();
        assert_eq!(read_copy(place), vault.register_after(0, 10).unwrap(), "it is brought up to date");
    }
    for id in ["b", "c", "b", "d"] {
        vault.erase(&subject(id)).await.unwrap();
        sealed(&vault, "journey-1", b"x").await;
        for place in [&folder, &second] {
            assert_eq!(read_copy(place), vault.register_after(0, 10).unwrap());
        }
    }
}

#[tokio::test]
async fn a_copy_that_names_more_than_the_vault_must_be_replayed_first() {
    let (folder, vault) = fresh();
    vault.erase(&subject("a")).await.unwrap();
    copy_in(&folder).append(&[entry(1, "b", Reason::Erased, LATER)]).unwrap();
    let refused = vault.keep_copy(copy_in(&folder)).unwrap_err();
    assert!(matches!(refused, RegisterError::Ahead { count: 2, erased: 1, .. }), "{refused}");
    vault.replay(&read_copy(&folder)).await.unwrap();
    vault.keep_copy(copy_in(&folder)).unwrap();
    vault.erase(&subject("c")).await.unwrap();
    let names = |entries: Vec<Erasure>| -> Vec<SubjectId> {
        entries.into_iter().map(|entry| entry.subject).collect()
    };
    assert_eq!(names(read_copy(&folder)), ["b", "a", "c"].map(subject), "in the order of the copy");
    assert_eq!(vault.erased_subjects().unwrap(), ["a", "b", "c"].map(subject));
}

#[tokio::test]
async fn an_erasure_that_a_copy_misses_is_said_and_stands_and_is_copied_later() {
    let ((folder, vault), second) = (fresh(), tempfile::tempdir().unwrap());
    let value = sealed(&vault, "journey-1", b"Wang").await;
    let path = folder.path().join("erased");
    // A file that is open for reading takes no byte.
    let copy = copy_in(&folder);
    vault.keep_copy(copy.troubled(fs::File::open(&path).unwrap(), None)).unwrap();
    vault.keep_copy(copy_in(&second)).unwrap();
    assert_eq!(vault.copies_health(), Ok(()));
    for attempt in 0..2 {
        let text = vault.erase(&subject("journey-1")).await.unwrap_err().to_string();
        assert!(text.contains("erased here") && text.contains(path.to_str().unwrap()), "{attempt}: {text}");
        assert!(is_erased(&vault, &value), "it is erased here all the same");
        assert_eq!(read_copy(&folder), []);
        assert_eq!(read_copy(&second).len(), 1, "one bad copy does not keep the other back");
    }
    sealed(&vault, "journey-2", b"x").await;
    assert_eq!(vault.health(), Ok(()), "keys are made as before");
    assert!(vault.copies_health().unwrap_err().contains(path.to_str().unwrap()));
    drop(vault);

    let vault = open(&folder);
    vault.keep_copy(copy_in(&folder)).unwrap();
    assert_eq!(read_copy(&folder), vault.register_after(0, 10).unwrap());
    assert_eq!(vault.copies_health(), Ok(()));
}

/// As a mount does whose server is away.
#[allow(clippy::await_holding_lock, reason = "that the gate is shut meanwhile is the test")]
#[tokio::test(start_paused = true)]
async fn a_copy_that_hangs_holds_up_nothing_else_and_catches_up() {
    let ((folder, vault), second) = (fresh(), tempfile::tempdir().unwrap());
    let gate = Gate::default();
    let file = || fs::OpenOptions::new().write(true).open(folder.path().join("erased")).unwrap();
    let copy = copy_in(&folder);
    vault.keep_copy(copy.troubled(file(), Some(gate.clone()))).unwrap();
    vault.keep_copy(copy_in(&second)).unwrap();
    let shut = gate.lock().unwrap();
    for id in ["a", "b"] {
        let text = vault.erase(&subject(id)).await.unwrap_err().to_string();
        assert!(text.contains("does not answer"), "{text}");
        sealed(&vault, &format!("journey-{id}"), b"x").await;
    }
    assert!(vault.copies_health().unwrap_err().contains("does not answer"));
    assert_eq!(read_copy(&folder), []);
    drop(shut);
    drop(vault);
    assert_eq!(read_copy(&folder).len(), 2, "what waited is written before the vault ends");
    assert_eq!(read_copy(&second).len(), 2);
}

/// Who asked may be gone when the answer comes.
#[tokio::test]
async fn an_erasure_whose_caller_left_is_copied_all_the_same() {
    let (folder, vault) = fresh();
    vault.keep_copy(copy_in(&folder)).unwrap();
    let name = subject("journey-1");
    {
        let erasing = vault.erase(&name);
        tokio::select! {
            biased;
            _ = erasing => panic!("it is answered at once"),
            () = std::future::ready(()) => {}
        }
    }
    drop(vault);
    assert_eq!(read_copy(&folder).len(), 1);
}

//! The promises of the vault, on real files.

use std::{collections::BTreeMap, fs, path::PathBuf, sync::Arc};

use airside_kernel::{LogId, ManualClock, Timestamp};
use jiff::civil::date;
use proptest::prelude::*;
use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::secret_file::write_secret;

mod backups;
mod belonging;
mod crashes;
mod erasures;
mod files;
mod races;
mod restores;

fn open(folder: &TempDir) -> Vault {
    try_open(folder).unwrap()
}

fn try_open(folder: &TempDir) -> Result<Vault, VaultError> {
    let clock = ManualClock::new(Timestamp::from_second(1_795_000_000).unwrap());
    Vault::open(folder.path(), Arc::new(clock))
}

fn fresh() -> (TempDir, Vault) {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(&folder);
    (folder, vault)
}

fn subject(id: &str) -> SubjectId {
    SubjectId::new(id)
}

fn log() -> LogId {
    LogId(Uuid::from_u128(0x0192_a1b2_c3d4_7e5f_8091_a2b3_c4d5_e6f7))
}

fn other_log() -> LogId {
    LogId(Uuid::from_u128(1))
}

fn covers() -> Covered {
    Covered { log: log(), generation: 2, position: 1_000 }
}

fn back_up(vault: &Vault, to: &Path) -> VaultManifest {
    vault.backup(to, covers(), &mut |_, _| ()).unwrap()
}

/// Every file under a folder and its bytes.
fn all_of(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.insert(path.clone(), Vec::new());
            files.extend(all_of(&path));
        } else {
            files.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    files
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// Returns true when some file under a folder holds these bytes.
fn holds(folder: &Path, needle: &[u8]) -> bool {
    all_of(folder).values().any(|bytes| contains(bytes, needle))
}

/// Returns the stored form of a subject's travel key.
fn wrapped_key(vault: &Vault, id: &str) -> Vec<u8> {
    let reading = redb::ReadableDatabase::begin_read(&vault.shared.database).unwrap();
    let keys = reading.open_table(tables::KEYS).unwrap();
    keys.get((id, "travel", 1)).unwrap().unwrap().value().to_vec()
}

fn place() -> SealContext {
    SealContext {
        stream: "bag-0479123456".into(),
        event_type: "baggage.BagAccepted".into(),
        field: 3,
        schema_version: 1,
    }
}

async fn sealed(vault: &Vault, id: &str, clear: &[u8]) -> Sealed {
    vault.ensure(&[(subject(id), Category::Travel)]).await.unwrap();
    vault.seal(&subject(id), Category::Travel, place(), clear).unwrap().unwrap()
}

fn is_known(vault: &Vault, value: &Sealed, clear: &[u8]) -> bool {
    matches!(vault.open(value).unwrap(), Opened::Known(bytes) if bytes == clear)
}

fn is_erased(vault: &Vault, value: &Sealed) -> bool {
    vault.open(value).unwrap() == Opened::Erased
}

#[tokio::test]
async fn value_opens_after_a_restart() {
    let (folder, vault) = fresh();
    let value = sealed(&vault, "journey-1", b"Wang").await;
    let print = vault.fingerprint(&subject("journey-1"), Category::Travel, b"Wang").unwrap();
    drop(vault);
    let vault = open(&folder);
    assert!(is_known(&vault, &value, b"Wang"));
    assert_eq!(vault.fingerprint(&subject("journey-1"), Category::Travel, b"Wang").unwrap(), print);
}

#[test]
fn every_value_of_every_place_opens_to_what_was_sealed() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (_folder, vault) = fresh();
    proptest!(|(id in "[a-z]{1,3}", stream in ".*", field in any::<u32>(), clear in prop::collection::vec(any::<u8>(), 0..99))| {
        runtime.block_on(vault.ensure(&[(subject(&id), Category::Identity)])).unwrap();
        let context = SealContext { stream, field, ..place() };
        let value = vault.seal(&subject(&id), Category::Identity, context, &clear).unwrap().unwrap();
        prop_assert!(is_known(&vault, &value, &clear));
    });
}

#[tokio::test]
async fn moved_value_does_not_open() {
    let (_folder, vault) = fresh();
    let value = sealed(&vault, "journey-1", b"Wang").await;
    sealed(&vault, "journey-2", b"Li").await;
    vault.ensure(&[(subject("journey-1"), Category::Identity)]).await.unwrap();
    let at = |context: SealContext| Sealed { context, ..value.clone() };
    let moved = [
        ("subject", Sealed { subject: subject("journey-2"), ..value.clone() }),
        ("category", Sealed { category: Category::Identity, ..value.clone() }),
        ("stream", at(SealContext { stream: "bag-0479123457".into(), ..place() })),
        ("event type", at(SealContext { event_type: "baggage.BagScanned".into(), ..place() })),
        ("field", at(SealContext { field: 4, ..place() })),
        ("schema version", at(SealContext { schema_version: 2, ..place() })),
    ];
    for (part, value) in moved {
        let expected = Some(KeyError::Damaged { subject: value.subject.clone() });
        assert_eq!(vault.open(&value).err(), expected, "{part} moved");
    }
    let version = Sealed { key_version: 2, ..value.clone() };
    assert!(matches!(vault.open(&version), Err(KeyError::Missing { .. })), "no such key version");
}

#[tokio::test]
async fn altered_value_does_not_open() {
    let (_folder, vault) = fresh();
    let value = sealed(&vault, "journey-1", b"Wang").await;
    for at in 0..value.ciphertext.len() {
        let mut flipped = value.ciphertext.to_vec();
        flipped[at] ^= 0x10;
        for bytes in [flipped.into(), value.ciphertext.slice(..at)] {
            let value = Sealed { ciphertext: bytes, ..value.clone() };
            assert!(matches!(vault.open(&value), Err(KeyError::Damaged { .. })), "byte {at}");
        }
    }
}

#[tokio::test]
async fn key_that_was_never_made_is_missing_and_not_erased() {
    let (_folder, vault) = fresh();
    let nobody = subject("journey-9");
    let missing = KeyError::Missing { subject: nobody.clone(), category: Category::Travel };
    assert_eq!(vault.seal(&nobody, Category::Travel, place(), b"x").err(), Some(missing.clone()));
    assert_eq!(vault.fingerprint(&nobody, Category::Travel, b"x").err(), Some(missing));
    assert!(!vault.is_erased(&nobody).unwrap());
}

#[tokio::test]
async fn fingerprints_agree_under_one_key_only() {
    let (_folder, vault) = fresh();
    sealed(&vault, "a", b"").await;
    sealed(&vault, "b", b"").await;
    let print =
        |id: &str, bytes: &[u8]| vault.fingerprint(&subject(id), Category::Travel, bytes).unwrap().unwrap();
    assert_eq!(print("a", b"BSM"), print("a", b"BSM"));
    assert_ne!(print("a", b"BSM"), print("b", b"BSM"));
    assert_ne!(print("a", b"BSM"), print("a", b"BPM"));
    assert_eq!(print("a", b"BSM").len(), 32);
}

#[tokio::test]
async fn erasing_is_final() {
    let (folder, vault) = fresh();
    let value = sealed(&vault, "journey-1", b"Wang").await;
    let other = sealed(&vault, "journey-2", b"Li").await;
    vault.ensure(&[(subject("journey-1"), Category::Identity)]).await.unwrap();
    let name = subject("journey-1");
    let after_erasure = async |vault: &Vault| {
        assert!(is_erased(vault, &value));
        assert!(vault.is_erased(&name).unwrap());
        for category in [Category::Identity, Category::Travel, Category::Raw] {
            vault.ensure(&[(name.clone(), category)]).await.unwrap();
            assert_eq!(vault.seal(&name, category, place(), b"Wang").unwrap(), None);
            assert_eq!(vault.fingerprint(&name, category, b"Wang").unwrap(), None);
        }
        assert!(is_known(vault, &other, b"Li"), "others keep their keys");
        assert_eq!(vault.erased_subjects().unwrap(), std::slice::from_ref(&name));
    };
    vault.erase(&name).await.unwrap();
    after_erasure(&vault).await;
    drop(vault);
    let vault = open(&folder);
    after_erasure(&vault).await;
    vault.erase(&name).await.unwrap();
    assert_eq!(vault.commits(), 0, "a second erasure changes nothing");
    after_erasure(&vault).await;
}

#[tokio::test]
async fn subject_without_keys_can_be_erased_beforehand() {
    let (_folder, vault) = fresh();
    let name = subject("person-1");
    vault.erase(&name).await.unwrap();
    vault.ensure(&[(name.clone(), Category::Identity)]).await.unwrap();
    assert_eq!(vault.seal(&name, Category::Identity, place(), b"x").unwrap(), None);
}

#[tokio::test]
async fn each_erasure_is_told_once_and_in_order() {
    let (folder, vault) = fresh();
    let mut watch = vault.on_erase();
    for id in ["b", "a", "b", "c"] {
        vault.erase(&subject(id)).await.unwrap();
    }
    assert!(watch.has_changed().unwrap());
    assert_eq!(*watch.borrow_and_update(), 3);
    vault.ensure(&[(subject("d"), Category::Travel)]).await.unwrap();
    assert!(!watch.has_changed().unwrap(), "a new key is no erasure");
    assert_eq!(vault.erased_subjects().unwrap(), [subject("b"), subject("a"), subject("c")]);
    assert_eq!(vault.erased_after(2).unwrap(), [subject("c")]);
    assert_eq!(vault.erased_after(u64::MAX).unwrap(), []);
    drop(vault);
    assert_eq!(*open(&folder).on_erase().borrow(), 3, "counts on after a restart");
}

#[tokio::test]
async fn raw_keys_are_destroyed_when_their_day_is_over() {
    let (_folder, vault) = fresh();
    let days = [date(2026, 11, 5), date(2026, 11, 6), date(2026, 11, 7)];
    let mut values = Vec::new();
    for (source, day) in [("bhs", days[0]), ("dcs-t2", days[0]), ("bhs", days[1]), ("bhs", days[2])] {
        let name = SubjectId::of_raw(source, day);
        vault.ensure(&[(name.clone(), Category::Raw)]).await.unwrap();
        values.push(vault.seal(&name, Category::Raw, place(), b"BSM").unwrap().unwrap());
    }
    let person = sealed(&vault, "source-x-but-no-day", b"Wang").await;
    let namesake = sealed(&vault, "source-bhs-2026-11-01", b"Wang").await;
    assert_eq!(vault.retire_raw(days[1]).await.unwrap(), 2);
    let erased: Vec<bool> = values.iter().map(|value| is_erased(&vault, value)).collect();
    assert_eq!(erased, [true, true, false, false]);
    assert!(is_known(&vault, &person, b"Wang"));
    assert!(is_known(&vault, &namesake, b"Wang"), "only raw keys retire");
    assert_eq!(vault.retire_raw(days[1]).await.unwrap(), 0);
    vault.ensure(&[(SubjectId::of_raw("bhs", days[0]), Category::Raw)]).await.unwrap();
    assert!(is_erased(&vault, &values[0]), "a late message makes no new key for an old day");
}

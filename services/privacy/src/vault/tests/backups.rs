//! Copies of a running vault.

use std::{
    collections::BTreeSet,
    sync::atomic::AtomicBool,
    thread::{scope, yield_now},
};

use redb::{ReadableDatabase, ReadableTable};

use super::*;

/// Who has keys and who is in the register, as a backup's rows say.
fn rows(backup: &Path) -> (BTreeSet<String>, Vec<String>) {
    let database = redb::Builder::new().open_read_only(backup.join("vault.redb")).unwrap();
    let reading = database.begin_read().unwrap();
    let keys = reading.open_table(tables::KEYS).unwrap();
    let erased = reading.open_table(tables::ERASED).unwrap();
    (
        keys.iter().unwrap().map(|row| row.unwrap().0.value().0.to_owned()).collect(),
        erased.iter().unwrap().map(|row| row.unwrap().1.value().to_owned()).collect(),
    )
}

/// One caller makes a key and destroys another by turns, one change each, so
/// that the count of changes alone says what the vault held at that moment.
#[test]
fn a_backup_taken_while_subjects_are_erased_is_of_one_moment() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (folder, vault) = fresh();
    vault.attach(log()).unwrap();
    let done = AtomicBool::new(false);
    let at = |changes: u64| {
        let (made, erased) = (changes / 2, (changes - 1) / 2);
        let name = |n| format!("journey-{n:04}");
        ((erased..made).map(name).collect::<BTreeSet<_>>(), (0..erased).map(name).collect::<Vec<_>>())
    };
    let taken = scope(|threads| {
        let backups = threads.spawn(|| {
            let mut taken = Vec::new();
            while !done.load(Ordering::SeqCst) || taken.len() < 3 {
                let to = folder.path().join(format!("backup-{}", taken.len()));
                taken.push((back_up(&vault, &to), to));
                yield_now();
            }
            taken
        });
        for n in 0..150 {
            runtime
                .block_on(vault.ensure(&[(subject(&format!("journey-{n:04}")), Category::Travel)]))
                .unwrap();
            runtime.block_on(vault.erase(&subject(&format!("journey-{n:04}")))).unwrap();
        }
        done.store(true, Ordering::SeqCst);
        backups.join().unwrap()
    });
    assert!(taken.windows(2).all(|pair| pair[0].0.changes <= pair[1].0.changes));
    for (manifest, to) in taken {
        let (keys, erased) = at(manifest.changes);
        assert_eq!((manifest.keys, manifest.erased), (keys.len() as u64, erased.len() as u64));
        assert_eq!(rows(&to), (keys, erased), "after {} changes", manifest.changes);
    }
}

#[tokio::test]
async fn a_backup_says_what_it_is_and_covers() {
    let (folder, vault) = fresh();
    sealed(&vault, "journey-1", b"x").await;
    sealed(&vault, "journey-2", b"x").await;
    vault.erase(&subject("journey-1")).await.unwrap();
    let to = folder.path().join("backup");
    let mut told = Vec::new();
    let manifest = vault.backup(&to, covers(), &mut |done, of| told.push((done, of))).unwrap();
    assert_eq!(told, [(2, 2)], "progress ends at all of all");
    let Covered { log, generation, position } = covers();
    assert_eq!((manifest.log, manifest.generation, manifest.position), (log, generation, position));
    assert_eq!((manifest.changes, manifest.keys, manifest.erased), (vault.changes(), 1, 1));
    let [file] = manifest.files.as_slice() else { panic!("{:?}", manifest.files) };
    assert_eq!(file.bytes, fs::metadata(to.join(&file.name)).unwrap().len());
    assert_eq!(read_manifest(&to).unwrap(), manifest);
    assert_eq!(all_of(&to).len(), 2, "one file and its manifest");
}

#[tokio::test]
async fn a_backup_holds_neither_the_root_key_nor_a_destroyed_key() {
    let (folder, vault) = fresh();
    sealed(&vault, "journey-1", b"x").await;
    sealed(&vault, "journey-2", b"x").await;
    let (destroyed, live) = (wrapped_key(&vault, "journey-1"), wrapped_key(&vault, "journey-2"));
    vault.erase(&subject("journey-1")).await.unwrap();
    let to = folder.path().join("backup");
    back_up(&vault, &to);
    let root = fs::read(folder.path().join("vault/root.key")).unwrap();
    assert!(holds(&to, &live), "the search finds what is there");
    assert!(!holds(&to, &destroyed));
    assert!(!holds(&to, &root));
}

#[cfg(unix)]
#[test]
fn a_backup_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, vault) = fresh();
    let to = folder.path().join("backup");
    back_up(&vault, &to);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&to), 0o700);
    for path in all_of(&to).into_keys() {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[test]
fn a_backup_writes_over_nothing() {
    let (folder, vault) = fresh();
    let to = folder.path().join("backup");
    back_up(&vault, &to);
    let before = all_of(&to);
    let refused = vault.backup(&to, covers(), &mut |_, _| ()).unwrap_err();
    assert!(matches!(&refused, BackupError::NotEmpty { path } if *path == to), "{refused}");
    assert_eq!(all_of(&to), before);
}

#[test]
fn a_backup_for_another_log_is_refused_before_anything_is_written() {
    let (folder, vault) = fresh();
    vault.attach(log()).unwrap();
    let to = folder.path().join("backup");
    let refused = vault.backup(&to, Covered { log: other_log(), ..covers() }, &mut |_, _| ()).unwrap_err();
    assert!(matches!(refused, BackupError::Vault(VaultError::OtherLog { .. })), "{refused}");
    assert!(!to.exists());
}

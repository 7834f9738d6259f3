//! Putting a backup in place of a lost vault, and every reason not to.

use super::*;

/// A vault, a value of each of two subjects, and a backup of it.
struct Scene {
    home: TempDir,
    vault: Vault,
    values: [Sealed; 2],
    backup: PathBuf,
}

async fn scene() -> Scene {
    let (home, vault) = fresh();
    let values = [sealed(&vault, "journey-1", b"Wang").await, sealed(&vault, "journey-2", b"Li").await];
    vault.erase(&subject("journey-0")).await.unwrap();
    let backup = home.path().join("backup");
    back_up(&vault, &backup);
    Scene { home, vault, values, backup }
}

impl Scene {
    fn root_key(&self) -> PathBuf {
        self.home.path().join("vault/root.key")
    }

    /// Restores into a new folder, with the root key of this scene.
    fn restore(&self, erased: &[Erasure]) -> (TempDir, Result<VaultRestored, BackupError>) {
        let folder = tempfile::tempdir().unwrap();
        let restored = restore_vault(&self.backup, folder.path(), Some(&self.root_key()), erased);
        (folder, restored)
    }

    /// Asserts that a restore into a new folder is refused and writes nothing.
    fn refusal(&self) -> BackupError {
        let before = all_of(&self.backup);
        let (folder, refused) = self.restore(&[]);
        assert_eq!(all_of(folder.path()), BTreeMap::new(), "nothing is written");
        assert_eq!(all_of(&self.backup), before, "the backup is as it was");
        refused.unwrap_err()
    }
}

#[tokio::test]
async fn a_restored_vault_opens_what_was_sealed_before_the_backup() {
    let scene = scene().await;
    let before = all_of(&scene.backup);
    let (folder, restored) = scene.restore(&[]);
    let Covered { log, generation, position } = covers();
    let changes = scene.vault.changes();
    let expected = VaultRestored { log, generation, position, changes, keys: 2, erased: 1, replayed: 0 };
    assert_eq!(restored.unwrap(), expected);
    assert_eq!(all_of(&scene.backup), before, "the backup is as it was");
    let vault = open(&folder);
    vault.attach(log).unwrap();
    assert_eq!(vault.changes(), changes);
    assert!(is_known(&vault, &scene.values[0], b"Wang"));
    assert!(vault.is_erased(&subject("journey-0")).unwrap());
    let names: Vec<_> = all_of(folder.path()).into_keys().collect();
    assert_eq!(names.len(), 3, "the folder, the root key and the vault: {names:?}");
}

#[tokio::test]
async fn a_restored_vault_never_opens_a_subject_erased_after_the_backup() {
    let scene = scene().await;
    let destroyed = wrapped_key(&scene.vault, "journey-1");
    scene.vault.erase(&subject("journey-1")).await.unwrap();
    scene.vault.erase(&subject("journey-9")).await.unwrap();
    let register = scene.vault.register_after(0, 10).unwrap();
    let (folder, restored) = scene.restore(&register);
    let restored = restored.unwrap();
    assert_eq!((restored.keys, restored.erased, restored.replayed), (1, 3, 2));
    assert!(holds(&scene.backup, &destroyed), "the search finds what is there");
    assert!(!holds(folder.path(), &destroyed), "not even in a free page");
    let vault = open(&folder);
    assert!(is_erased(&vault, &scene.values[0]));
    assert!(is_known(&vault, &scene.values[1], b"Li"));
    assert_eq!(vault.register_after(0, 10).unwrap(), register, "each with its reason and time");
    vault.ensure(&[(subject("journey-1"), Category::Travel)]).await.unwrap();
    assert!(is_erased(&vault, &scene.values[0]), "no key is made for it again");
}

/// Else a backup that lacks the last key would look as new as its log says.
#[tokio::test]
async fn replaying_in_a_restore_does_not_make_an_old_backup_look_newer() {
    let scene = scene().await;
    let taken = scene.vault.changes();
    sealed(&scene.vault, "journey-3", b"x").await;
    scene.vault.erase(&subject("journey-1")).await.unwrap();
    let (folder, _) = scene.restore(&scene.vault.register_after(0, 10).unwrap());
    let vault = open(&folder);
    assert_eq!(vault.changes(), taken);
    assert!(vault.not_older_than(scene.vault.changes()).is_err());
}

#[tokio::test]
async fn a_root_key_that_is_there_already_is_used_and_kept() {
    let scene = scene().await;
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("vault")).unwrap();
    #[cfg(unix)]
    fs::set_permissions(folder.path().join("vault"), std::os::unix::fs::PermissionsExt::from_mode(0o700))
        .unwrap();
    let there = folder.path().join("vault/root.key");
    fs::copy(scene.root_key(), &there).unwrap();
    restore_vault(&scene.backup, folder.path(), None, &[]).unwrap();
    assert!(is_known(&open(&folder), &scene.values[0], b"Wang"));

    let refused = restore_vault(&scene.backup, folder.path(), None, &[]).unwrap_err();
    assert!(matches!(refused, BackupError::VaultExists { .. }), "{refused}");
}

#[tokio::test]
async fn a_wrong_root_key_is_refused_before_anything_is_written() {
    let (scene, other) = (scene().await, fresh());
    let other_key = other.0.path().join("vault/root.key");
    let folder = tempfile::tempdir().unwrap();
    let text = restore_vault(&scene.backup, folder.path(), Some(&other_key), &[]).unwrap_err().to_string();
    assert!(text.contains(&format!("{} is not the root key of the backup", other_key.display())), "{text}");
    assert!(text.contains(scene.backup.to_str().unwrap()), "{text}");
    let refused = restore_vault(&scene.backup, folder.path(), None, &[]).unwrap_err();
    assert!(matches!(refused, BackupError::NoRootKey { .. }), "{refused}");
    assert_eq!(all_of(folder.path()), BTreeMap::new());

    write_secret(&folder.path().join("root.key"), &[1; 31]).unwrap();
    let before = all_of(folder.path());
    let short = folder.path().join("root.key");
    let refused = restore_vault(&scene.backup, folder.path(), Some(&short), &[]).unwrap_err();
    assert!(refused.to_string().contains("has 31 bytes where a root key has 32"), "{refused}");
    assert_eq!(all_of(folder.path()), before);
}

#[tokio::test]
async fn a_root_key_that_is_there_is_never_exchanged() {
    let (scene, (folder, other)) = (scene().await, fresh());
    drop(other);
    fs::remove_file(folder.path().join("vault/vault.redb")).unwrap();
    let before = all_of(folder.path());
    let refused = restore_vault(&scene.backup, folder.path(), Some(&scene.root_key()), &[]).unwrap_err();
    assert!(matches!(refused, BackupError::OtherRootKey { .. }), "{refused}");
    assert_eq!(all_of(folder.path()), before);
}

#[tokio::test]
async fn a_backup_cut_short_is_refused() {
    let scene = scene().await;
    let (manifest, copy) = (scene.backup.join("manifest.json"), scene.backup.join("vault.redb"));
    let (text, bytes) = (fs::read(&manifest).unwrap(), fs::read(&copy).unwrap());

    fs::remove_file(&manifest).unwrap();
    let refused = scene.refusal().to_string();
    assert!(refused.contains("has no manifest.json, so it was cut short"), "{refused}");
    write_secret(&manifest, &text[..text.len() / 2]).unwrap();
    assert!(matches!(scene.refusal(), BackupError::NotABackup { .. }));
    write_secret(&manifest, &text).unwrap();

    write_secret(&copy, &bytes[..bytes.len() - 1]).unwrap();
    let refused = scene.refusal().to_string();
    assert!(refused.contains("vault.redb has") && refused.contains("cut short"), "{refused}");
    fs::remove_file(&copy).unwrap();
    assert!(matches!(scene.refusal(), BackupError::File(_)));
    write_secret(&copy, &bytes).unwrap();
    scene.restore(&[]).1.unwrap();
}

#[tokio::test]
async fn an_altered_backup_is_refused() {
    let scene = scene().await;
    let (manifest, copy) = (scene.backup.join("manifest.json"), scene.backup.join("vault.redb"));
    let (text, bytes) = (fs::read_to_string(&manifest).unwrap(), fs::read(&copy).unwrap());
    for at in [0, bytes.len() / 3, bytes.len() - 1] {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1;
        write_secret(&copy, &flipped).unwrap();
        assert!(matches!(scene.refusal(), BackupError::Altered { .. }), "byte {at}");
    }
    write_secret(&copy, &bytes).unwrap();
    let said = read_manifest(&scene.backup).unwrap();
    for (from, to) in [
        ("\"position\": 1000", "\"position\": 9000"),
        ("\"generation\": 2", "\"generation\": 3"),
        (&*format!("\"changes\": {}", said.changes), "\"changes\": 99"),
        ("\"keys\": 2", "\"keys\": 3"),
        ("\"erased\": 1", "\"erased\": 0"),
        (&*log().0.to_string(), &*other_log().0.to_string()),
    ] {
        assert!(text.contains(from), "{from}");
        write_secret(&manifest, text.replace(from, to).as_bytes()).unwrap();
        assert!(matches!(scene.refusal(), BackupError::Altered { .. }), "{to}");
    }
}

#[tokio::test]
async fn a_backup_of_a_newer_form_or_of_something_else_is_refused() {
    let scene = scene().await;
    let manifest = scene.backup.join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    let with = |from: &str, to: &str| {
        assert!(text.contains(from));
        write_secret(&manifest, text.replace(from, to).as_bytes()).unwrap();
        scene.refusal()
    };
    let newer = with("\"format\": 1", "\"format\": 2");
    assert!(matches!(newer, BackupError::Newer { found: 2, .. }), "{newer}");
    let log_part = with("\"part\": \"vault\"", "\"part\": \"log\"").to_string();
    assert!(log_part.contains("the part \"log\" of a backup"), "{log_part}");
    let outside = with("\"vault.redb\"", "\"../vault/vault.redb\"");
    assert!(matches!(outside, BackupError::NotABackup { .. }), "{outside}");
}

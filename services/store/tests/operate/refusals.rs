//! What cannot be restored is refused by name, and nothing is changed.

use std::{
    fs,
    path::{Path, PathBuf},
};

use airside_kernel::Timestamp;
use airside_store::{BackupFile, LogManifest, RestoreError, check_backup, restore};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::bench::{closed_log, copy, files, fill, open, segments};

/// A whole backup, with its log.
struct Backup {
    folder: TempDir,
    spare: TempDir,
}

impl Backup {
    async fn taken() -> Self {
        let backup = Self { folder: closed_log(60).await, spare: tempfile::tempdir().unwrap() };
        open(backup.folder.path()).backup(&backup.path(), &mut |_| {}).unwrap();
        backup
    }

    fn path(&self) -> PathBuf {
        self.spare.path().join("backup")
    }

    fn manifest(&self) -> PathBuf {
        self.path().join("manifest.json")
    }

    /// Writes a manifest by hand, with its own hash made right.
    fn seal(&self, change: impl FnOnce(&mut LogManifest)) {
        let sealed: serde_json::Value = serde_json::from_slice(&fs::read(self.manifest()).unwrap()).unwrap();
        let mut manifest: LogManifest = serde_json::from_value(sealed["manifest"].clone()).unwrap();
        change(&mut manifest);
        let sha256 = hex(&serde_json::to_vec(&manifest).unwrap());
        let sealed = serde_json::json!({ "manifest": manifest, "sha256": sha256 });
        fs::write(self.manifest(), serde_json::to_vec(&sealed).unwrap()).unwrap();
    }

    /// Names the files as they are now, as somebody does who hides a change.
    fn seal_as_it_is(&self) {
        let path = self.path();
        self.seal(|manifest| {
            for file in &mut manifest.files {
                *file = described(&path.join(&file.name));
            }
        });
    }
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn described(path: &Path) -> BackupFile {
    let bytes = fs::read(path).unwrap();
    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
    BackupFile { name, bytes: bytes.len() as u64, sha256: hex(&bytes) }
}

/// Expects a refusal that says all of `words`, and that no file was touched.
fn check_refused(backup: &Backup, words: &[&str]) -> RestoreError {
    let absent = backup.spare.path().join("data");
    let error = check_refused_into(backup, &absent, words);
    assert!(!absent.exists(), "a refused restore made a folder");
    let said = check_backup(&backup.path(), &mut |_| {}).unwrap_err().to_string();
    assert_eq!(said, error.to_string(), "the check alone says something else");
    error
}

fn check_refused_into(backup: &Backup, target: &Path, words: &[&str]) -> RestoreError {
    let before = (files(&backup.path()), files(target));
    let error = restore(&backup.path(), target, Timestamp::UNIX_EPOCH, &mut |_| {}).unwrap_err();
    let said = error.to_string();
    assert!(words.iter().all(|word| said.contains(word)), "{words:?}: {said}");
    assert!(said.ends_with("nothing was changed"), "{said}");
    assert!((files(&backup.path()), files(target)) == before, "a refused restore changed something");
    error
}

fn parts(backup: &Backup) -> Vec<PathBuf> {
    let mut parts: Vec<_> = fs::read_dir(backup.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    parts.retain(|path| !path.ends_with("manifest.json"));
    parts
}

#[tokio::test]
async fn a_backup_cut_short_is_refused_whichever_file_was_cut() {
    let backup = Backup::taken().await;
    assert!(parts(&backup).len() > 3);
    for part in parts(&backup) {
        let whole = fs::read(&part).unwrap();
        let name = part.file_name().unwrap().to_str().unwrap();
        for kept in [0, 1, whole.len() / 2, whole.len() - 1] {
            fs::write(&part, &whole[..kept]).unwrap();
            check_refused(&backup, &[name, &format!("has {kept} bytes and should have {}", whole.len())]);
        }
        fs::remove_file(&part).unwrap();
        check_refused(&backup, &[name, "is missing"]);
        fs::write(&part, [whole.as_slice(), b"more"].concat()).unwrap();
        check_refused(&backup, &[name, "should have"]);
        fs::write(&part, whole).unwrap();
    }
    check_backup(&backup.path(), &mut |_| {}).unwrap();
}

#[tokio::test]
async fn a_backup_without_its_manifest_is_refused() {
    let backup = Backup::taken().await;
    fs::remove_file(backup.manifest()).unwrap();
    check_refused(&backup, &["manifest.json", "cut short"]);
    fs::remove_dir_all(backup.path()).unwrap();
    let error =
        restore(&backup.path(), &backup.spare.path().join("data"), Timestamp::UNIX_EPOCH, &mut |_| {})
            .unwrap_err();
    assert!(matches!(error, RestoreError::NoManifest { .. }), "{error}");
}

#[tokio::test]
async fn a_manifest_cut_or_changed_anywhere_is_refused() {
    let backup = Backup::taken().await;
    let whole = fs::read(backup.manifest()).unwrap();
    for kept in (0..whole.len() - 2).step_by(41) {
        fs::write(backup.manifest(), &whole[..kept]).unwrap();
        check_refused(&backup, &["manifest.json", "was changed or cut short"]);
    }
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        // Space between the words carries no meaning.
        if whole[at].is_ascii_whitespace() && changed[at].is_ascii_whitespace() {
            continue;
        }
        fs::write(backup.manifest(), changed).unwrap();
        let error = check_refused(&backup, &["manifest.json"]);
        let is_told = matches!(error, RestoreError::Manifest { .. } | RestoreError::Newer { .. });
        assert!(is_told, "byte {at}: {error}");
    }
}

#[tokio::test]
async fn an_altered_file_is_refused_by_name() {
    let backup = Backup::taken().await;
    for part in parts(&backup) {
        let whole = fs::read(&part).unwrap();
        let mut altered = whole.clone();
        let at = whole.len() / 3;
        altered[at] ^= 1;
        fs::write(&part, altered).unwrap();
        let name = part.file_name().unwrap().to_str().unwrap();
        check_refused(&backup, &[name, "is not as it was when the backup was taken"]);
        fs::write(&part, whole).unwrap();
    }
}

#[tokio::test]
async fn a_newer_backup_or_log_is_refused() {
    let backup = Backup::taken().await;
    let whole = fs::read(backup.manifest()).unwrap();
    backup.seal(|manifest| manifest.backup_format = 2);
    check_refused(&backup, &["format version 2 and this program knows 1", "run the newer program"]);
    fs::write(backup.manifest(), br#"{"manifest":{"backup_format":7,"of":"another kind"}}"#).unwrap();
    check_refused(&backup, &["format version 7 and this program knows 1"]);
    fs::write(backup.manifest(), whole).unwrap();
    backup.seal(|manifest| manifest.format_version = 3);
    check_refused(&backup, &["format version 3 and this program knows 1"]);
}

#[tokio::test]
async fn a_segment_of_another_log_is_refused_however_it_came_in() {
    let (backup, other) = (Backup::taken().await, Backup::taken().await);
    let name = segments(backup.folder.path())[1].file_name().unwrap().to_owned();
    let (ours, theirs) = (backup.path().join(&name), other.path().join(&name));
    let whole = fs::read(&ours).unwrap();

    fs::copy(&theirs, backup.path().join("00000000000000000999.redb")).unwrap();
    check_refused(&backup, &["00000000000000000999.redb", "does not belong to this backup"]);
    fs::remove_file(backup.path().join("00000000000000000999.redb")).unwrap();

    fs::copy(&theirs, &ours).unwrap();
    check_refused(&backup, &[name.to_str().unwrap()]);
    backup.seal_as_it_is();
    check_refused(&backup, &[name.to_str().unwrap(), "does not belong to this backup"]);
    fs::write(&ours, whole).unwrap();
    backup.seal_as_it_is();
    check_backup(&backup.path(), &mut |_| {}).unwrap();

    fs::copy(other.path().join("meta.redb"), backup.path().join("meta.redb")).unwrap();
    backup.seal_as_it_is();
    check_refused(&backup, &["meta.redb", "it is of log"]);
}

#[tokio::test]
async fn a_manifest_that_hides_a_segment_or_leads_elsewhere_is_refused() {
    let backup = Backup::taken().await;
    let whole = fs::read(backup.manifest()).unwrap();
    let last = segments(backup.folder.path()).pop().unwrap().file_name().unwrap().to_owned();
    backup.seal(|manifest| manifest.files.retain(|file| *file.name != last));
    check_refused(&backup, &[last.to_str().unwrap(), "does not name it"]);
    fs::rename(backup.path().join(&last), backup.spare.path().join(&last)).unwrap();
    check_refused(&backup, &["its segments end at position"]);
    fs::rename(backup.spare.path().join(&last), backup.path().join(&last)).unwrap();
    for name in ["../00000000000000000001.redb", "notes.redb", "meta.redb"] {
        fs::write(backup.manifest(), &whole).unwrap();
        backup.seal(|manifest| manifest.files[1].name = name.into());
        check_refused(&backup, &["does not name the files of one log"]);
    }
}

#[tokio::test]
async fn a_folder_that_is_not_empty_is_refused() {
    let backup = Backup::taken().await;
    let target = tempfile::tempdir().unwrap();
    fs::write(target.path().join("a-file"), b"of somebody").unwrap();
    let error = check_refused_into(&backup, target.path(), &["is not empty", "empty or absent folder"]);
    assert!(matches!(error, RestoreError::NotEmpty { .. }), "{error}");
    let log = closed_log(10).await;
    check_refused_into(&backup, log.path(), &["is not empty"]);
    // Restoring a backup over itself is no exception.
    let inside = backup.path();
    let before = files(&inside);
    restore(&inside, &inside, Timestamp::UNIX_EPOCH, &mut |_| {}).unwrap_err();
    assert!(files(&inside) == before);
}

#[tokio::test]
async fn a_folder_in_use_is_refused() {
    let backup = Backup::taken().await;
    let target = tempfile::tempdir().unwrap();
    let store = open(target.path());
    fill(&store, 3).await;
    let error = check_refused_into(&backup, target.path(), &["in use by another process"]);
    assert!(matches!(error, RestoreError::InUse { .. }), "{error}");
    fill(&store, 3).await;
    assert_eq!(store.stats().events, 12);
}

#[tokio::test]
async fn a_copied_backup_is_as_good() {
    let backup = Backup::taken().await;
    let elsewhere = tempfile::tempdir().unwrap();
    copy(&backup.path(), &elsewhere.path().join("b"));
    restore(&elsewhere.path().join("b"), &elsewhere.path().join("data"), Timestamp::UNIX_EPOCH, &mut |_| {})
        .unwrap();
}

//! What lies on disk, and which folders are refused.

use redb::TableDefinition;

use super::*;

fn refusal(folder: &TempDir) -> String {
    try_open(folder).err().unwrap().to_string()
}

#[tokio::test]
async fn neither_clear_text_nor_an_unwrapped_key_is_on_disk() {
    let (folder, vault) = fresh();
    let value = sealed(&vault, "journey-1", b"CANARY-SURNAME").await;
    let name = name_of(&subject("journey-1"), Category::Travel);
    let wrapped = wrapped_key(&vault, "journey-1");
    let secret = vault.shared.root.unwrap_secret(&name, &wrapped).unwrap();
    vault.erase(&subject("journey-2")).await.unwrap();
    drop(vault);
    assert!(holds(folder.path(), &wrapped), "the search finds what is there");
    assert!(!holds(folder.path(), b"CANARY-SURNAME"));
    assert!(!holds(folder.path(), &*secret));
    assert!(!contains(&value.ciphertext, b"CANARY"));
}

#[cfg(unix)]
#[test]
fn vault_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, vault) = fresh();
    drop(vault);
    let at = |path: &str| folder.path().join(path);
    let mode = |path: &str| fs::metadata(at(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("vault"), mode("vault/root.key"), mode("vault/vault.redb")), (0o700, 0o600, 0o600));
    for (path, open, shut) in [
        ("vault", 0o755, 0o700),
        ("vault/root.key", 0o604, 0o600),
        ("vault/root.key", 0o640, 0o600),
        ("vault/vault.redb", 0o644, 0o600),
    ] {
        fs::set_permissions(at(path), fs::Permissions::from_mode(open)).unwrap();
        let text = refusal(&folder);
        let named = text.contains(&at(path).display().to_string());
        assert!(named && text.contains(&format!("chmod {shut:03o}")), "{text}");
        fs::set_permissions(at(path), fs::Permissions::from_mode(shut)).unwrap();
    }
    open_again(&folder);
}

fn open_again(folder: &TempDir) {
    drop(open(folder));
}

#[test]
fn root_key_of_another_vault_is_refused() {
    let (folder, vault) = fresh();
    let (other, other_vault) = fresh();
    drop((vault, other_vault));
    fs::copy(other.path().join("vault/root.key"), folder.path().join("vault/root.key")).unwrap();
    let before = all_of(folder.path());
    let text = refusal(&folder);
    assert!(text.contains("root.key is not the root key of"), "{text}");
    assert_eq!(all_of(folder.path()), before, "it is left as it was found");
}

#[test]
fn lost_root_key_is_never_replaced() {
    let (folder, vault) = fresh();
    drop(vault);
    let path = folder.path().join("vault/root.key");
    let key = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let text = refusal(&folder);
    assert!(text.contains("root.key is absent") && text.contains("backup"), "{text}");
    assert!(!path.exists());
    write_secret(&path, &key[..31]).unwrap();
    assert!(refusal(&folder).contains("has 31 bytes where a root key has 32"));
    write_secret(&path, &key).unwrap();
    open_again(&folder);
}

#[test]
fn first_start_that_was_cut_short_goes_on_with_its_root_key() {
    let (folder, vault) = fresh();
    drop(vault);
    let key = fs::read(folder.path().join("vault/root.key")).unwrap();
    fs::remove_file(folder.path().join("vault/vault.redb")).unwrap();
    open_again(&folder);
    assert_eq!(fs::read(folder.path().join("vault/root.key")).unwrap(), key);
}

#[test]
fn second_opener_is_refused() {
    let (folder, vault) = fresh();
    let text = refusal(&folder);
    assert!(text.contains("vault.redb is in use by another process"), "{text}");
    drop(vault);
    open_again(&folder);
}

#[test]
fn vault_of_a_newer_format_is_refused() {
    let (folder, vault) = fresh();
    let writing = vault.shared.database.begin_write().unwrap();
    let newer = 2_u64.to_be_bytes();
    writing
        .open_table(TableDefinition::<&str, &[u8]>::new("meta"))
        .unwrap()
        .insert("format", newer.as_slice())
        .unwrap();
    writing.commit().unwrap();
    drop(vault);
    let before = all_of(folder.path());
    let text = refusal(&folder);
    assert_eq!(all_of(folder.path()), before, "it is left as it was found");
    assert!(text.contains("has format 2, newer than this airside reads (1)"), "{text}");
}

#[test]
fn something_else_in_place_of_the_vault_is_refused() {
    let (folder, vault) = fresh();
    drop(vault);
    fs::write(folder.path().join("vault/vault.redb"), [b'x'; 8192]).unwrap();
    let text = refusal(&folder);
    assert!(text.contains("vault.redb cannot be used as a vault"), "{text}");
}

#[tokio::test]
async fn altered_key_row_is_reported_and_not_taken_for_an_erasure() {
    let (folder, vault) = fresh();
    let value = sealed(&vault, "journey-1", b"Wang").await;
    let writing = vault.shared.database.begin_write().unwrap();
    writing
        .open_table(TableDefinition::<(&str, &str, u32), &[u8]>::new("keys"))
        .unwrap()
        .insert(("journey-1", "travel", 1), [1_u8; 65].as_slice())
        .unwrap();
    writing.commit().unwrap();
    drop(vault);
    let error = open(&folder).open(&value).err().unwrap();
    assert!(
        matches!(&error, KeyError::Unavailable { reason } if reason.contains("does not unwrap")),
        "{error}"
    );
}

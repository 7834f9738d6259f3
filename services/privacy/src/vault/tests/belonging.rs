//! One vault, one log, and a count that only rises.

use super::*;

fn clock() -> Arc<dyn Clock> {
    Arc::new(ManualClock::new(Timestamp::from_second(1_795_000_000).unwrap()))
}

#[tokio::test]
async fn a_vault_belongs_to_the_first_log_that_it_serves() {
    let (folder, vault) = fresh();
    vault.attach(log()).unwrap();
    vault.attach(log()).unwrap();
    assert_eq!(vault.changes(), 1, "it is bound once");
    let text = vault.attach(other_log()).unwrap_err().to_string();
    for part in [folder.path().to_str().unwrap(), &log().to_string(), &other_log().to_string()] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(vault.health(), Ok(()), "a refusal is no failure");
    drop(vault);
    let vault = open(&folder);
    assert!(vault.attach(other_log()).is_err(), "it is bound for good");
    vault.attach(log()).unwrap();
}

#[tokio::test]
async fn a_vault_of_another_log_is_refused_and_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::open_for(folder.path(), log(), clock()).unwrap();
    let value = sealed(&vault, "journey-1", b"Wang").await;
    drop(vault);
    let before = all_of(folder.path());
    let refused = Vault::open_for(folder.path(), other_log(), clock()).err().unwrap();
    assert!(matches!(refused, VaultError::OtherLog { bound, .. } if bound == log()), "{refused}");
    assert_eq!(all_of(folder.path()), before);
    let vault = Vault::open_for(folder.path(), log(), clock()).unwrap();
    assert!(is_known(&vault, &value, b"Wang"));
}

/// A vault of the time before vaults were bound and counted has neither row.
#[tokio::test]
async fn a_vault_from_before_takes_the_first_log_and_counts_from_there() {
    let (folder, vault) = fresh();
    let value = sealed(&vault, "journey-1", b"Wang").await;
    let writing = vault.shared.database.begin_write().unwrap();
    writing.open_table(tables::META).unwrap().remove("changes").unwrap();
    writing.commit().unwrap();
    drop(vault);
    let vault = Vault::open_for(folder.path(), log(), clock()).unwrap();
    assert_eq!(vault.changes(), 1);
    assert!(is_known(&vault, &value, b"Wang"));
}

#[tokio::test]
async fn changes_rise_with_each_commit_and_are_durable_with_it() {
    let (folder, vault) = fresh();
    assert_eq!(vault.changes(), 0);
    sealed(&vault, "journey-1", b"x").await;
    assert_eq!(vault.changes(), 1);
    sealed(&vault, "journey-1", b"x").await;
    assert_eq!(vault.changes(), 1, "a key at hand is no change");
    vault.erase(&subject("journey-1")).await.unwrap();
    vault.erase(&subject("journey-1")).await.unwrap();
    assert_eq!(vault.changes(), 2, "a second erasure is no change");
    drop(vault);
    let vault = open(&folder);
    assert_eq!(vault.changes(), 2);
    sealed(&vault, "journey-2", b"x").await;
    assert_eq!(vault.changes(), 3);
}

#[tokio::test]
async fn a_vault_older_than_its_log_is_told_with_both_counts_and_the_remedy() {
    let (_folder, vault) = fresh();
    sealed(&vault, "journey-1", b"x").await;
    vault.not_older_than(0).unwrap();
    vault.not_older_than(1).unwrap();
    let text = vault.not_older_than(7).unwrap_err().to_string();
    for part in ["has 1 changes", "checkpoint of its log saw 7", "restore the newest backup of the vault"] {
        assert!(text.contains(part), "{text}");
    }
}

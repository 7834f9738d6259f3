//! What holds when many do it at once.

use std::{
    sync::atomic::AtomicBool,
    thread::{scope, yield_now},
};

use tokio::task::JoinSet;

use super::*;

#[tokio::test]
async fn batch_of_new_subjects_is_one_commit() {
    let (folder, vault) = fresh();
    let batch: Vec<_> = (0..500).map(|n| (subject(&format!("journey-{n}")), Category::Travel)).collect();
    vault.ensure(&batch).await.unwrap();
    assert_eq!(vault.commits(), 1);
    vault.ensure(&batch).await.unwrap();
    assert_eq!(vault.commits(), 1, "keys at hand need no commit");
    drop(vault);
    let vault = open(&folder);
    vault.ensure(&batch).await.unwrap();
    assert_eq!(vault.commits(), 0, "keys on disk need no commit");
}

#[tokio::test]
async fn waiting_callers_share_a_commit() {
    let (_folder, vault) = fresh();
    let vault = Arc::new(vault);
    let mut callers = JoinSet::new();
    for n in 0..400 {
        let vault = Arc::clone(&vault);
        callers.spawn(async move { sealed(&vault, &format!("journey-{n}"), b"x").await });
    }
    let values = callers.join_all().await;
    assert!(vault.commits() <= 200, "{} commits for 400 callers", vault.commits());
    assert!(values.iter().all(|value| is_known(&vault, value, b"x")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn callers_that_ensure_one_subject_at_once_get_one_key() {
    for _ in 0..20 {
        let (_folder, vault) = fresh();
        let vault = Arc::new(vault);
        let mut callers = JoinSet::new();
        for _ in 0..16 {
            let vault = Arc::clone(&vault);
            callers.spawn(async move {
                let value = sealed(&vault, "journey-1", b"x").await;
                (value, vault.fingerprint(&subject("journey-1"), Category::Travel, b"x").unwrap())
            });
        }
        let answers = callers.join_all().await;
        assert!(answers.iter().all(|(value, _)| is_known(&vault, value, b"x")));
        assert!(answers.iter().all(|(_, print)| *print == answers[0].1));
    }
}

/// Sealers and ensurers run through an erasure; once it has returned, nobody finds a key.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_sealed_once_an_erasure_has_returned() {
    let (_folder, vault) = fresh();
    let vault = Arc::new(vault);
    for round in 0..60 {
        let name = subject(&format!("journey-{round}"));
        if round % 2 == 0 {
            vault.ensure(&[(name.clone(), Category::Travel)]).await.unwrap();
        }
        let erased = Arc::new(AtomicBool::new(false));
        let mut callers = JoinSet::new();
        for _ in 0..6 {
            let (vault, name, erased) = (Arc::clone(&vault), name.clone(), Arc::clone(&erased));
            callers.spawn(async move {
                for _ in 0..20 {
                    let was_erased = erased.load(Ordering::SeqCst);
                    vault.ensure(&[(name.clone(), Category::Travel)]).await.unwrap();
                    let value = vault.seal(&name, Category::Travel, place(), b"x").unwrap();
                    assert!(!(was_erased && value.is_some()), "sealed after an erasure");
                }
            });
        }
        vault.erase(&name).await.unwrap();
        erased.store(true, Ordering::SeqCst);
        assert_eq!(vault.seal(&name, Category::Travel, place(), b"x").unwrap(), None);
        callers.join_all().await;
    }
}

/// Readers that fill the cache from disk run through an erasure; none of them leaves a key behind.
#[test]
fn cache_never_outlives_an_erased_key() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (_folder, vault) = fresh();
    for round in 0..200 {
        let name = subject(&format!("journey-{round}"));
        runtime.block_on(vault.ensure(&[(name.clone(), Category::Travel)])).unwrap();
        let (key, done) = (name_of(&name, Category::Travel), AtomicBool::new(false));
        scope(|threads| {
            for _ in 0..2 {
                threads.spawn(|| {
                    while !done.load(Ordering::SeqCst) {
                        vault.shared.cache.invalidate(&key);
                        vault.seal(&name, Category::Travel, place(), b"x").unwrap();
                        yield_now();
                    }
                });
            }
            runtime.block_on(vault.erase(&name)).unwrap();
            let after = vault.seal(&name, Category::Travel, place(), b"x").unwrap();
            done.store(true, Ordering::SeqCst);
            assert_eq!(after, None, "round {round}");
        });
    }
}

//! What a vault from afar promises when answers and erasures overtake one another.

use std::sync::atomic::{AtomicU64, Ordering};

use airside_kernel::{ManualClock, Timestamp};
use tempfile::TempDir;
use tokio::{sync::Semaphore, time::timeout};

use super::*;
use crate::Vault;

/// A line in this process, on which answers can be held back after they were looked up.
struct Short {
    vault: Arc<Vault>,
    /// What lets an answer go.
    gate: Semaphore,
    asked: AtomicU64,
}

#[async_trait]
impl VaultLine for Short {
    async fn hand_out(&self, asks: Vec<KeyAsk>, make: bool) -> Result<HandedOut, KeyError> {
        let told = self.vault.hand_out(&asks, make).await?;
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.gate.acquire().await.expect("nobody closes it").forget();
        Ok(told)
    }

    async fn erase(&self, subject: SubjectId) -> Result<u64, KeyError> {
        self.vault.erase(&subject).await?;
        Ok(*self.vault.on_erase().borrow())
    }

    async fn erased_since(&self, count: u64, wait: bool) -> Result<ErasedSince, KeyError> {
        if wait {
            let _ = self.vault.on_erase().wait_for(|register| *register > count).await;
        }
        self.vault.erased_since(count).await
    }
}

fn reached() -> (TempDir, Arc<Short>, Arc<DistantVault>) {
    let folder = TempDir::new().unwrap();
    let clock = Arc::new(ManualClock::new(Timestamp::from_second(1_795_000_000).unwrap()));
    let vault = Arc::new(Vault::open(folder.path(), clock).unwrap());
    let line = Arc::new(Short { vault, gate: Semaphore::new(0), asked: AtomicU64::new(0) });
    let keep = Duration::from_secs(600);
    let keys = DistantVault::follow(line.clone(), line.vault.root_check(), 0, keep).unwrap();
    (folder, line, Arc::new(keys))
}

fn person(id: &str) -> Vec<(SubjectId, Category)> {
    vec![(SubjectId::new(id), Category::Identity)]
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let looking = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(Duration::from_secs(20), looking).await.unwrap_or_else(|_| panic!("{what}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_was_on_its_way_while_its_subject_was_erased_is_not_kept() {
    let (_folder, line, keys) = reached();
    let making = tokio::spawn({
        let keys = keys.clone();
        async move { keys.ensure(&person("p")).await }
    });
    until("the key is on its way", || line.asked.load(Ordering::SeqCst) == 1).await;
    keys.erase(&SubjectId::new("p")).await.unwrap();
    line.gate.add_permits(100);
    timeout(Duration::from_secs(20), making).await.unwrap().unwrap().unwrap();
    assert_eq!(line.asked.load(Ordering::SeqCst), 2, "it was asked for again");
    let name = name_of(&SubjectId::new("p"), Category::Identity);
    assert!(matches!(keys.held.get(&name), Some(Entry::Erased)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_held_is_not_asked_for_again() {
    let (_folder, line, keys) = reached();
    line.gate.add_permits(100);
    for _ in 0..3 {
        keys.ensure(&person("p")).await.unwrap();
        let context =
            SealContext { stream: "s-1".into(), event_type: "t".into(), field: 1, schema_version: 1 };
        let sealed = keys.seal(&SubjectId::new("p"), Category::Identity, context, b"x").unwrap().unwrap();
        assert!(matches!(keys.open(&sealed), Ok(Opened::Known(_))));
    }
    assert_eq!(line.asked.load(Ordering::SeqCst), 1);
}

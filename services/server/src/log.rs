//! The log under a node: its own, or one that it shares with others.

use std::{sync::Arc, time::Duration};

use airside_kernel::EventStore;
use airside_runtime::stopped;
use airside_store::EmbeddedStore;
use tokio::{
    sync::watch,
    time::{self, timeout},
};

/// How often a shared log is asked whether it answers.
const ASK_EVERY: Duration = Duration::from_secs(5);
/// How long it may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// The log under a node. Clones are the same log.
#[derive(Clone)]
pub enum Log {
    /// In the data folder; this process alone has it.
    Embedded(Arc<EmbeddedStore>),
    /// On a cluster; other nodes may work on it as well.
    Shared(Arc<dyn EventStore>),
}

impl Log {
    /// Returns it as the port that every adapter keeps.
    pub fn store(&self) -> Arc<dyn EventStore> {
        match self {
            Self::Embedded(store) => store.clone(),
            Self::Shared(store) => store.clone(),
        }
    }

    /// Returns the embedded log, for what only files can tell.
    pub(crate) fn embedded(&self) -> Option<&Arc<EmbeddedStore>> {
        match self {
            Self::Embedded(store) => Some(store),
            Self::Shared(_) => None,
        }
    }

    /// Returns how many events it holds; a shared log does not count them.
    pub fn events(&self) -> Option<u64> {
        self.embedded().map(|store| store.stats().events)
    }

    /// Lets it finish. A shared log goes on without this node.
    pub(crate) async fn close(&self) {
        if let Self::Embedded(store) = self {
            store.close().await;
        }
    }
}

/// Keeps what readiness says of a shared log true: whether it answers.
pub(crate) fn watched(
    store: Arc<dyn EventStore>,
    mut stop: watch::Receiver<bool>,
) -> (watch::Receiver<Result<String, String>>, impl Future<Output = ()> + Send) {
    let (told, health) = watch::channel(Err("it was not asked yet".to_owned()));
    let asking = async move {
        let mut tick = time::interval(ASK_EVERY);
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                () = stopped(&mut stop) => return,
            }
            let answer = match timeout(ANSWER_WITHIN, store.head()).await {
                Ok(Ok(Some(head))) => Ok(format!("answers, head {head}")),
                Ok(Ok(None)) => Ok("answers, empty".to_owned()),
                Ok(Err(error)) => Err(error.to_string()),
                Err(_) => Err(format!("no answer within {} s", ANSWER_WITHIN.as_secs())),
            };
            told.send_modify(|told| *told = answer);
        }
    };
    (health, asking)
}

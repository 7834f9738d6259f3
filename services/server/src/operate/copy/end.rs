//! The two ends of a copy.

use std::{path::PathBuf, sync::Arc};

use airside_kernel::{Append, AppendError, Appended, EventStore, LogId, SystemClock, Timestamp};
use airside_store::{
    EmbeddedStore, OpenError, Options,
    kurrent::{Address, AddressError, KurrentError, KurrentStore},
};
use thiserror::Error;

/// Where a log is.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// In a folder.
    Embedded(PathBuf),
    /// On a cluster.
    Cluster(Box<Address>),
}

/// A log that cannot be opened for a copy.
#[derive(Debug, Error)]
pub enum EndError {
    /// It is written in no form that is known.
    #[error("{text:?} names no log: write embedded:DIR, or a cluster such as kurrentdb://host:2113")]
    Form {
        /// What was written.
        text: String,
    },
    /// The address of the cluster is wrong.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// There is no log to copy.
    #[error("no log is in {}: name the folder that a server has as its log", folder.display())]
    NoLog {
        /// The folder.
        folder: PathBuf,
    },
    /// The folder cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The cluster cannot be used.
    #[error(transparent)]
    Cluster(#[from] KurrentError),
}

impl std::str::FromStr for End {
    type Err = EndError;

    fn from_str(text: &str) -> Result<Self, EndError> {
        match text.strip_prefix("embedded:") {
            Some(folder) if !folder.is_empty() => Ok(Self::Embedded(folder.into())),
            None if text.contains("://") => Ok(Self::Cluster(Box::new(text.parse()?))),
            Some(_) | None => Err(EndError::Form { text: text.to_owned() }),
        }
    }
}

/// The log that is copied.
pub struct Source {
    pub(super) store: Arc<dyn EventStore>,
    /// How many events it has; 0 when nobody knows.
    pub(super) events: u64,
    embedded: Option<Arc<EmbeddedStore>>,
}

impl Source {
    /// Opens it; a folder that a server works on is refused.
    ///
    /// # Errors
    /// When it cannot be opened, or there is none.
    pub async fn open(end: &End) -> Result<Self, EndError> {
        match end {
            End::Embedded(folder) => {
                if !folder.join("log").join("meta.redb").exists() {
                    return Err(EndError::NoLog { folder: folder.clone() });
                }
                let store = Arc::new(EmbeddedStore::open(folder, Options::default(), Arc::new(SystemClock))?);
                Ok(Self { events: store.stats().events, embedded: Some(store.clone()), store })
            }
            End::Cluster(address) => {
                let store = Arc::new(KurrentStore::open((**address).clone()).await?);
                Ok(Self { store, events: 0, embedded: None })
            }
        }
    }

    /// Returns its identity, and the generation of a copy that begins now.
    pub fn next_life(&self) -> (LogId, u64) {
        // Later than whatever was restored or copied before, as a restore counts.
        let seconds = u64::try_from(Timestamp::now().as_second()).unwrap_or(0);
        (self.store.log_id(), seconds.max(self.store.generation().saturating_add(1)))
    }

    /// Closes it.
    pub async fn close(self) {
        if let Some(store) = self.embedded {
            store.close().await;
        }
    }
}

/// The log that it is copied to.
pub enum Target {
    /// In a folder.
    Embedded(Arc<EmbeddedStore>),
    /// On a cluster.
    Cluster(Arc<KurrentStore>),
}

impl Target {
    /// Opens the target of a copy, or begins it where nothing is.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub async fn open(end: &End, (log, generation): (LogId, u64)) -> Result<Self, EndError> {
        match end {
            End::Embedded(folder) => {
                let (options, clock) = (Options::default(), Arc::new(SystemClock));
                let store = EmbeddedStore::open_copy(folder, options, clock, (log, generation))?;
                Ok(Self::Embedded(Arc::new(store)))
            }
            End::Cluster(address) => {
                let store = KurrentStore::open_copy((**address).clone(), log, generation).await?;
                Ok(Self::Cluster(Arc::new(store)))
            }
        }
    }

    pub(super) fn store(&self) -> Arc<dyn EventStore> {
        match self {
            Self::Embedded(store) => store.clone(),
            Self::Cluster(store) => store.clone(),
        }
    }

    /// Appends what another log recorded, each with the time at which it did, in this order.
    pub(super) async fn append(
        &self,
        appends: Vec<(Append, Timestamp)>,
    ) -> Result<Vec<Appended>, AppendError> {
        match self {
            Self::Embedded(store) => store.append_recorded(appends).await,
            Self::Cluster(store) => store.append_recorded(appends).await,
        }
    }

    /// Closes it.
    pub async fn close(self) {
        if let Self::Embedded(store) = self {
            store.close().await;
        }
    }
}

//! The open parts that orders work on, of a running server or of a folder alone.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use airside_evidence::{Health, Restored, SecondPlace};
use airside_kernel::{SystemClock, Timestamp};
use airside_privacy::{Vault, VaultError};
use airside_runtime::projections::ProjectionsHandle;
use airside_store::{EmbeddedStore, OpenError, Options};
use thiserror::Error;

use super::{Order, OrderError};
use crate::{
    config::{Config, ConfigError},
    log::Log,
    node::{StartError, refuse_mixed},
    places::Places,
};

/// A folder whose log cannot be worked on.
#[derive(Debug, Error)]
pub enum PartsError {
    /// The configuration names no folder.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// There is no log.
    #[error("no log is in {}: name the server's data folder with `--data`", folder.display())]
    NoLog {
        /// The folder.
        folder: PathBuf,
    },
    /// A server or another command has it, and there is no door to ask at.
    #[error(
        "data folder {} is in use and nobody answers at its {}: a server that starts or stops, or another \
         command; try again when it is done",
        folder.display(), super::door::NAME
    )]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
    /// What lies there is of different copies.
    #[error(transparent)]
    Mixed(StartError),
    /// The log cannot be opened.
    #[error("log cannot be opened")]
    Log(#[source] OpenError),
}

/// The open parts that orders work on.
pub struct Parts {
    pub(crate) config: Config,
    pub(crate) places: Places,
    pub(crate) log: Log,
    pub(crate) running: Option<Running>,
}

/// What only a running server has.
pub(crate) struct Running {
    /// The vault in the data folder; `None` where it is another node's.
    pub(crate) vault: Option<Arc<Vault>>,
    pub(crate) projections: ProjectionsHandle,
    /// How the evidence is; `None` on a shared log, which is not signed here.
    pub(crate) evidence: Option<Health>,
    pub(crate) backups: Backups,
}

/// The last backup that this server made. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Backups(Arc<Mutex<Option<(u64, Timestamp)>>>);

impl Backups {
    /// Notes a backup: the position up to which it has the log, and when it was done.
    pub(crate) fn note(&self, position: u64, at: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((position, at));
    }

    /// Returns the last one.
    pub(crate) fn last(&self) -> Option<(u64, Timestamp)> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Parts {
    /// Opens the parts of a folder on which no server runs, for one order.
    ///
    /// # Errors
    /// When there is no log, it is in use, it cannot be opened, or its vault or
    /// evidence is another copy's; a check of the log names that itself.
    pub fn open(config: Config, order: &Order) -> Result<Self, PartsError> {
        let places = config.places()?;
        if !places.has_log() {
            return Err(PartsError::NoLog { folder: places.log });
        }
        if !matches!(order, Order::Verify(_)) {
            refuse_mixed(&places).map_err(|error| match error {
                StartError::Vault(VaultError::InUse { .. }) | StartError::Log(OpenError::InUse { .. }) => {
                    PartsError::InUse { folder: places.log.clone() }
                }
                other => PartsError::Mixed(other),
            })?;
        }
        let store = match EmbeddedStore::open(&places.log, Options::default(), Arc::new(SystemClock)) {
            Ok(store) => Arc::new(store),
            Err(OpenError::InUse { folder }) => return Err(PartsError::InUse { folder }),
            Err(error) => return Err(PartsError::Log(error)),
        };
        Ok(Self { config, places, log: Log::Embedded(store), running: None })
    }

    /// Returns true for the parts of a running server.
    pub(crate) fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Returns the log of the data folder.
    ///
    /// # Errors
    /// When the log is shared: what asks for files is not for it.
    pub(crate) fn embedded(&self) -> Result<&Arc<EmbeddedStore>, OrderError> {
        self.log.embedded().ok_or_else(|| {
            OrderError::refused(
                "this is for an embedded log; the log of this server is shared: ask the tools of the cluster, \
                 or copy it into a folder first",
            )
        })
    }

    /// Returns the vault; `None` where there is none.
    ///
    /// # Errors
    /// When it belongs to another log or cannot be opened.
    pub(crate) fn vault(&self) -> Result<Option<Arc<Vault>>, OrderError> {
        if let Some(running) = &self.running {
            return Ok(running.vault.clone());
        }
        if !self.places.has_vault() {
            return Ok(None);
        }
        let vault = Vault::open_for(&self.places.folder, self.log.store().log_id(), Arc::new(SystemClock));
        vault.map(|vault| Some(Arc::new(vault))).map_err(OrderError::broken)
    }

    /// Returns where the log's generation began, when it was ever restored.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub(crate) fn restored(&self) -> Result<Option<Restored>, OrderError> {
        restored(self.embedded()?).map_err(Into::into)
    }

    /// Returns how the second place of the evidence is, in words.
    pub(crate) fn second_place(&self) -> Option<String> {
        match self.running.as_ref()?.evidence.as_ref()?.figures().second {
            SecondPlace::None => None,
            SecondPlace::Awaited => Some("not looked at yet".to_owned()),
            SecondPlace::Filled { size } => Some(format!("filled up to event {size}")),
            SecondPlace::Away { seconds, reason } => Some(format!("missing for {seconds} s: {reason}")),
        }
    }

    /// Closes the log of a folder that was opened for orders.
    pub async fn close(self) {
        self.log.close().await;
    }
}

/// Returns where a log's generation began, when it was ever restored.
pub(crate) fn restored(store: &EmbeddedStore) -> Result<Option<Restored>, airside_kernel::ReadError> {
    let figures = store.figures()?;
    Ok(figures.restored_at.map(|size| Restored { generation: figures.generation, size }))
}

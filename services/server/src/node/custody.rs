//! What belongs together is opened together: a log, its vault, its evidence,
//! and the register of the erased.
//!
//! Each of them can be put back from a copy by itself, and a copy that is older
//! than the others loses keys, erasures or events. So before anything of a
//! folder is changed they are held against each other, and what is older than
//! what the others have seen is refused with what to do.

use std::{path::Path, sync::Arc};

use airside_evidence::{Checkpoint, Notary, newest};
use airside_kernel::{Clock, EventStore, LogId};
use airside_privacy::{
    Vault,
    register::{RegisterError, RegisterFile},
};
use airside_store::{EmbeddedStore, Options, identity};
use tracing::warn;

use super::{StartError, register::SecondRegister};
use crate::{config::Config, evidence, operate::restored, places::Places};

/// A log with all that belongs to it.
pub(super) struct Custody {
    pub(super) store: Arc<EmbeddedStore>,
    pub(super) vault: Arc<Vault>,
    pub(super) notary: Notary,
    pub(super) second: Option<SecondRegister>,
}

/// Opens a log and all that belongs to it, or makes them in a fresh folder.
///
/// # Errors
/// When one cannot be opened, does not belong to the log, or is older than the others.
pub(super) async fn open(
    config: &Config,
    places: &Places,
    clock: &Arc<dyn Clock>,
) -> Result<Custody, StartError> {
    if places.is_half_restored() {
        return Err(StartError::HalfRestored { folder: places.log.clone() });
    }
    let evidence_folder = places.evidence();
    let signed = newest(&evidence_folder)?.map(|(checkpoint, _)| checkpoint);
    let seen = signed.map_or(0, |signed| signed.vault);
    if let Some((log, generation)) = identity(&places.log)? {
        if let Some(signed) = &signed {
            belongs(signed, log, generation, places)?;
        }
        Vault::refuse_stranger(&places.folder, log, seen)?;
    }
    let store = Arc::new(EmbeddedStore::open(&places.log, Options::default(), clock.clone())?);
    let log = store.log_id();
    if let Some(signed) = &signed {
        has_what_was_signed(&store, signed, places)?;
    }
    let vault = Arc::new(Vault::open_for(&places.folder, log, clock.clone())?);
    // A vault that a crash left could not be looked into before.
    vault.not_older_than(seen)?;

    let signer = evidence::signer(&config.folder, config.env)?;
    let mut options = airside_evidence::Options::new(evidence_folder, signer, evidence::VERIFY);
    options.second = places.second.clone();
    options.every = config.evidence.every;
    options.earlier_keys = config.evidence.earlier_keys()?;
    options.restored = restored(&store)?;
    let counted = vault.clone();
    options.vault_changes = Arc::new(move || counted.changes());
    let notary = Notary::open(store.clone(), options)?;

    keep_register(&vault, &places.register(), log).await?;
    let second = match places.second_register() {
        Some(path) => Some(SecondRegister::open(vault.clone(), path, log).await),
        None => None,
    };
    Ok(Custody { store, vault, notary, second })
}

/// Refuses what can be seen to be of different copies before any of it is opened.
fn belongs(signed: &Checkpoint, log: LogId, generation: u64, places: &Places) -> Result<(), StartError> {
    if signed.log != log {
        return Err(StartError::OtherEvidence { folder: places.evidence(), found: signed.log, log });
    }
    if signed.generation > generation {
        return Err(StartError::OlderGeneration { generation, signed: signed.generation });
    }
    if signed.vault > 0 && !places.has_vault() {
        return Err(StartError::NoVault { folder: places.folder.join("vault"), seen: signed.vault });
    }
    Ok(())
}

/// Refuses a log that ends before what was signed in its generation.
fn has_what_was_signed(
    store: &EmbeddedStore,
    signed: &Checkpoint,
    places: &Places,
) -> Result<(), StartError> {
    if signed.log != store.log_id() {
        return Err(StartError::OtherEvidence {
            folder: places.evidence(),
            found: signed.log,
            log: store.log_id(),
        });
    }
    let head = store.stats().events;
    if signed.generation == store.generation() && signed.size > head {
        return Err(StartError::OlderLog { head, signed: signed.size });
    }
    Ok(())
}

/// Has a vault erase whom a copy of its register names, and keeps the copy up to date from now on.
///
/// # Errors
/// When the copy is another log's, damaged, or cannot be written.
pub(super) async fn keep_register(vault: &Vault, path: &Path, log: LogId) -> Result<(), RegisterError> {
    let named = RegisterFile::read(path, log)?;
    let count = vault.replay(&named).await?;
    if count > 0 {
        warn!(count, path = %path.display(), "subjects that only a copy of the register named are erased again");
    }
    vault.keep_copy(RegisterFile::open(path, log)?)
}

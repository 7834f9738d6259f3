//! What belongs together is opened together: a log, its vault, its evidence,
//! and the register of the erased.
//!
//! Each of them can be put back from a copy by itself, and a copy that is older
//! than the others loses keys, erasures or events. So before anything of a
//! folder is changed they are held against each other, and what is older than
//! what the others have seen is refused with what to do.

use std::{path::Path, sync::Arc, time::Duration};

use airside_evidence::{Checkpoint, Health, Notary, Signed, newest, newest_elsewhere};
use airside_kernel::{Clock, EventStore, LogId};
use airside_privacy::{
    DistantVault, Vault, VaultError, VaultPort,
    register::{RegisterError, RegisterFile},
};
use airside_runtime::{auth::TokenKey, status::chain};
use airside_store::{EmbeddedStore, Options, identity};
use tokio::task;
use tracing::{error, warn};

use super::{StartError, bound, register::SecondRegister};
use crate::{
    config::{Config, ConfigError},
    evidence,
    log::Log,
    operate::restored,
    places::Places,
    roles::{Role, Roles},
    vault::{self, Line},
};

/// How long the second place may hold up the start.
const SECOND_WITHIN: Duration = Duration::from_secs(5);

/// A log with all that belongs to it.
pub(super) struct Custody {
    pub(super) log: Log,
    /// The keys, wherever they are.
    pub(super) keys: Arc<dyn VaultPort>,
    /// The vault in the data folder; `None` where it is another node's.
    pub(super) vault: Option<Arc<Vault>>,
    /// The key that signs tokens, from a vault that is another node's.
    pub(super) token: Option<TokenKey>,
    /// What signs an embedded log; a shared one is not signed here.
    pub(super) notary: Option<Notary>,
    pub(super) second: Option<SecondRegister>,
    pub(super) remark: Option<Remark>,
}

/// What readiness says of a start that went on all the same.
pub(super) struct Remark {
    text: String,
    /// It holds until more than so many events are signed; `None` as long as the node runs.
    until: Option<u64>,
}

impl Remark {
    /// Returns the words while they hold.
    pub(super) fn now(&self, health: &Health) -> Option<&str> {
        let signed = health.figures().checkpoint.map_or(0, |(size, _)| size);
        self.until.is_none_or(|until| signed <= until).then_some(&self.text)
    }
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
    let here = newest(&places.evidence())?.map(|(checkpoint, _)| checkpoint);
    let (mut there, mut seen, mut remark) = (None, 0, None);
    match identity(&places.log)? {
        Some((log, generation)) => {
            there = signed_there(config, places, log, here.is_some()).await?;
            seen = belongs(here.as_ref(), there.as_ref(), log, generation, places)?;
            if let Some(signed) = here.filter(|here| here.vault > 0 && !places.has_vault()) {
                return Err(StartError::NoVault { folder: places.folder.join("vault"), seen: signed.vault });
            }
            let found = Vault::refuse_stranger(&places.folder, log, seen);
            remark = accepted(config, found, here.as_ref())?;
        }
        None => refuse_orphans(places)?,
    }
    let store = Arc::new(EmbeddedStore::open(&places.log, Options::default(), clock.clone())?);
    let log = store.log_id();
    has_what_was_signed(&store, here.as_ref(), there.as_ref(), places)?;
    let vault = Arc::new(Vault::open_for(&places.folder, log, clock.clone())?);
    // A vault that a crash left could not be looked into before.
    if remark.is_none() {
        remark = accepted(config, vault.not_older_than(seen), here.as_ref())?;
    }
    let events = store.stats().events;
    if events > 0 && here.is_none() && there.is_none() {
        warn!(events, "no checkpoint is beside the log: what it holds is signed from now only");
        let text = format!(
            "no checkpoint was beside the log, so its first {events} events are signed from now only"
        );
        remark = remark.or(Some(Remark { text, until: None }));
    }

    let signer = evidence::signer(&config.folder, config.env)?;
    let mut options = airside_evidence::Options::new(places.evidence(), signer, evidence::VERIFY);
    options.second = places.second.clone();
    options.every = config.evidence.every;
    options.earlier_keys = config.evidence.earlier_keys()?;
    options.restored = restored(&store)?;
    let counted = vault.clone();
    options.vault_changes = Arc::new(move || counted.changes());
    let notary = Notary::open(store.clone(), options)?;

    keep_register(&vault, &places.register(), log).await?;
    let second = second_register(places, &vault, log).await;
    Ok(Custody {
        log: Log::Embedded(store),
        keys: vault.clone(),
        vault: Some(vault),
        token: None,
        notary: Some(notary),
        second,
        remark,
    })
}

/// Opens what belongs to a shared log on this node: the vault, in the node's folder or on another
/// node. Positions of a shared log have gaps and its past is kept elsewhere, so no evidence is signed
/// beside it.
///
/// # Errors
/// When the vault cannot be opened or reached, or is another log's.
pub(super) async fn beside(
    store: Arc<dyn EventStore>,
    config: &Config,
    roles: &Roles,
    places: &Places,
    clock: &Arc<dyn Clock>,
) -> Result<Custody, StartError> {
    let log = store.log_id();
    let custody = match config.vault.address.clone().filter(|_| !roles.has(Role::Vault)) {
        None => {
            let vault = Arc::new(Vault::open_for(&places.folder, log, clock.clone())?);
            let second = second_register(places, &vault, log).await;
            let (keys, log) = (vault.clone(), Log::Shared(store.clone()));
            Custody { log, keys, vault: Some(vault), token: None, notary: None, second, remark: None }
        }
        Some(address) => {
            let line = Arc::new(Line::new(address, vault::peers(&config.vault)?));
            let met = vault::meet(&line, log, config.env, roles.are_public()).await?;
            let distant = DistantVault::follow(line, met.root_check, met.register, config.vault.keep);
            let keys = Arc::new(distant.map_err(|error| ConfigError::of("vault.address", error))?);
            let (log, token) = (Log::Shared(store.clone()), met.token);
            Custody { log, keys, vault: None, token, notary: None, second: None, remark: None }
        }
    };
    if custody.vault.is_none() && places.has_vault() {
        let folder = places.folder.join("vault");
        warn!(path = %folder.display(), "a vault lies in the data folder and is not used: `vault.address` names another");
    }
    bound::bind(&store, &*custody.keys, clock).await?;
    Ok(custody)
}

/// Keeps the register of the erased in the second place as well, where there is one.
async fn second_register(places: &Places, vault: &Arc<Vault>, log: LogId) -> Option<SecondRegister> {
    let path = places.second_register()?;
    Some(SecondRegister::open(vault.clone(), path, log).await)
}

/// Refuses a folder whose log, vault and evidence are of different copies, before any of it is
/// opened. A log without a vault is none of these: an auditor has it so.
///
/// # Errors
/// When they do not belong together, or one cannot be read.
pub(crate) fn refuse_mixed(places: &Places) -> Result<(), StartError> {
    let Some((log, generation)) = identity(&places.log)? else { return Ok(()) };
    let here = newest(&places.evidence())?.map(|(checkpoint, _)| checkpoint);
    let seen = belongs(here.as_ref(), None, log, generation, places)?;
    Ok(Vault::refuse_stranger(&places.folder, log, seen)?)
}

/// Returns the newest checkpoint of a log in the second place, if a known key signed it. A place
/// that is away or strange does not hold up the start; the log says so.
async fn signed_there(
    config: &Config,
    places: &Places,
    log: LogId,
    is_expected: bool,
) -> Result<Option<Checkpoint>, StartError> {
    let Some(second) = places.second.clone() else { return Ok(None) };
    let keys = evidence::known_keys(config)?;
    let place = second.clone();
    let looked = task::spawn_blocking(move || newest_elsewhere(&place, SECOND_WITHIN)).await;
    let reason = match looked {
        Ok(Ok(Some((checkpoint, _)))) if checkpoint.log != log => "it is of another log".to_owned(),
        Ok(Ok(Some((checkpoint, note)))) => match note.signed(&keys, evidence::VERIFY) {
            Signed::By(_) => return Ok(Some(checkpoint)),
            Signed::Forged(_) | Signed::Unknown(_) => "no known key signed its newest checkpoint".to_owned(),
        },
        Ok(Ok(None)) if !is_expected => return Ok(None),
        Ok(Ok(None)) => "it is not there, or has no checkpoint".to_owned(),
        Ok(Err(error)) => chain(&error),
        Err(error) => error.to_string(),
    };
    warn!(
        second = %second.display(),
        reason,
        "second place does not tell what was signed: the log is held against its own evidence alone"
    );
    Ok(None)
}

/// Refuses what can be seen to be of different copies before any of it is opened; returns how many
/// changes of the vault were seen in the log's generation. A vault that was restored keeps its own
/// count, so what an earlier generation saw does not bind it.
fn belongs(
    here: Option<&Checkpoint>,
    there: Option<&Checkpoint>,
    log: LogId,
    generation: u64,
    places: &Places,
) -> Result<u64, StartError> {
    if let Some(signed) = here {
        if signed.log != log {
            return Err(StartError::OtherEvidence { folder: places.evidence(), found: signed.log, log });
        }
        if signed.generation > generation {
            return Err(StartError::OlderGeneration { generation, signed: signed.generation });
        }
    }
    let counted = here.into_iter().chain(there).filter(|signed| signed.generation == generation);
    Ok(counted.map(|signed| signed.vault).max().unwrap_or(0))
}

/// Refuses to make a fresh log beside what belongs to one that is gone.
fn refuse_orphans(places: &Places) -> Result<(), StartError> {
    let checkpoints = places.evidence().join(airside_evidence::CHECKPOINTS);
    let vault = places.folder.join("vault").join("vault.redb");
    let found = [checkpoints, vault, places.log.join("index.redb")].into_iter().find(|path| path.exists());
    match found {
        Some(found) => Err(StartError::LogGone { folder: places.log.join("log"), found }),
        None => Ok(()),
    }
}

/// Lets an older vault pass, and says so, when the operator accepts it.
fn accepted(
    config: &Config,
    found: Result<(), VaultError>,
    here: Option<&Checkpoint>,
) -> Result<Option<Remark>, StartError> {
    match found {
        Err(VaultError::Older { has, seen, .. }) if config.accept_older_vault => {
            error!(
                has,
                seen, "an older vault is accepted: what was sealed under its missing keys stays closed"
            );
            let text = format!("vault of {has} changes is accepted although {seen} were seen");
            Ok(Some(Remark { text, until: Some(here.map_or(0, |here| here.size)) }))
        }
        Err(error) => Err(error.into()),
        Ok(()) => Ok(None),
    }
}

/// Refuses a log that ends before what was signed in its generation, here or in the second place.
fn has_what_was_signed(
    store: &EmbeddedStore,
    here: Option<&Checkpoint>,
    there: Option<&Checkpoint>,
    places: &Places,
) -> Result<(), StartError> {
    let head = store.stats().events;
    let lacks = |signed: &&Checkpoint| signed.generation == store.generation() && signed.size > head;
    if let Some(signed) = here.filter(lacks) {
        return Err(StartError::OlderLog { head, signed: signed.size });
    }
    if let Some(signed) = there.filter(lacks) {
        let second = places.second.clone().unwrap_or_default();
        return Err(StartError::OlderThanSecond { head, signed: signed.size, second });
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

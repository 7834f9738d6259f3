//! Who signs the evidence of the log, and whose signatures count.

use std::path::Path;

use airside_evidence::{Malformed, Signer, VerifierKey};
use airside_privacy::{
    evidence_key::{EvidenceKey, is_signed_by},
    signing::{KeyMaker, SigningError},
};
use airside_runtime::auth::Environment;
use thiserror::Error;

use crate::config::{Config, ConfigError};

/// Checks a signature under a checkpoint.
pub(crate) const VERIFY: airside_evidence::Verify = is_signed_by;

/// A key of the evidence that cannot be used.
#[derive(Debug, Error)]
pub enum KeyProblem {
    /// Its file cannot be used.
    #[error("evidence key cannot be used")]
    File(#[from] SigningError),
    /// Its name cannot stand under a checkpoint.
    #[error("evidence key cannot be used")]
    Name(#[from] Malformed),
    /// An earlier key is none.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

/// Loads who signs; develop makes the key on first start.
///
/// # Errors
/// When the key cannot be used in this environment.
pub(crate) fn signer(folder: &Path, env: Environment) -> Result<Signer, KeyProblem> {
    let maker = if env == Environment::Develop { KeyMaker::Develop } else { KeyMaker::Operator };
    let key = EvidenceKey::load_or_create(folder, maker)?;
    let (name, public) = (key.key_id().to_owned(), key.public());
    Ok(Signer::new(name, public, move |message| key.sign(message))?)
}

/// Returns the present key, where there is one, and the earlier ones; makes none.
///
/// # Errors
/// When one cannot be used.
pub(crate) fn known_keys(config: &Config) -> Result<Vec<VerifierKey>, KeyProblem> {
    let mut keys = config.evidence.earlier_keys()?;
    if config.folder.join("keys").join("evidence.pk8").exists() {
        keys.push(signer(&config.folder, config.env)?.key().clone());
    }
    Ok(keys)
}

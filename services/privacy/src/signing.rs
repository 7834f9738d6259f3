//! The Ed25519 key that signs tokens: `DIR/keys/token.pk8` (PKCS#8 DER) beside
//! `DIR/keys/token.kid`, its key id.
//!
//! A develop system makes its own pair on first start and names it `dev-...`.
//! Every other system wants a key that an operator made, and refuses one named
//! `dev-`, so that a folder copied from a desk never signs for an airport.
//! Without a `token.kid` the key id is a digest of the public key.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use thiserror::Error;

use crate::{
    cipher::short_digest,
    secret_file::{SecretFileError, private_folder, read_secret, write_secret},
};

/// How every develop key id begins.
pub const DEVELOP_PREFIX: &str = "dev-";

/// Longest key id, in characters.
const KEY_ID_LEN_MAX: usize = 64;

/// Who makes the keys of this system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyMaker {
    /// The system itself, on first start: `env = "develop"`.
    Develop,
    /// An operator, beforehand: every other `env`.
    Operator,
}

/// A key pair for tokens.
#[derive(Clone)]
pub struct SigningKey {
    /// Names the key in a token's header; `dev-...` for a key that a develop system made.
    pub key_id: String,
    /// The private key, PKCS#8 DER.
    pub private_der: Vec<u8>,
    /// The public key, 32 bytes.
    pub public: Vec<u8>,
}

impl SigningKey {
    /// Loads the token key of a data folder; a develop system without one makes it.
    ///
    /// # Errors
    /// When the files cannot be used, hold no Ed25519 key, or are a develop
    /// system's and this is not one.
    pub fn load_or_create(folder: &Path, maker: KeyMaker) -> Result<Self, SigningError> {
        Self::named(folder, "token", maker)
    }

    /// Loads `DIR/keys/<name>.pk8`, or makes it.
    pub(crate) fn named(folder: &Path, name: &str, maker: KeyMaker) -> Result<Self, SigningError> {
        let keys = folder.join("keys");
        private_folder(&keys)?;
        let key_path = keys.join(format!("{name}.pk8"));
        match (read_secret(&key_path)?, maker) {
            (Some(der), _) => Self::load(der, &key_path, maker),
            (None, KeyMaker::Develop) => Self::create(&key_path),
            (None, KeyMaker::Operator) => Err(SigningError::Absent { path: key_path }),
        }
    }

    fn load(private_der: Vec<u8>, key_path: &Path, maker: KeyMaker) -> Result<Self, SigningError> {
        let pair = Ed25519KeyPair::from_pkcs8(&private_der)
            .map_err(|_| SigningError::NotAKey { path: key_path.into() })?;
        let public = pair.public_key().as_ref().to_vec();
        let id_path = key_path.with_extension("kid");
        let key_id = match read_secret(&id_path)? {
            Some(bytes) => parse_key_id(&bytes).ok_or(SigningError::BadKeyId { path: id_path })?,
            None => short_digest(&public),
        };
        if maker == KeyMaker::Operator && key_id.starts_with(DEVELOP_PREFIX) {
            return Err(SigningError::DevelopKey { path: key_path.into(), key_id });
        }
        Ok(Self { key_id, private_der, public })
    }

    /// Makes a key that is in memory only, and that no other node believes.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn passing() -> Result<Self, SigningError> {
        let pair = Ed25519KeyPair::generate().map_err(|_| SigningError::NoRandomness)?;
        let document = pair.to_pkcs8().map_err(|_| SigningError::NoRandomness)?;
        let public = pair.public_key().as_ref().to_vec();
        let key_id = format!("{DEVELOP_PREFIX}{}", short_digest(&public));
        Ok(Self { key_id, private_der: document.as_ref().to_vec(), public })
    }

    /// The id goes first: a crash between the two leaves no key without its mark.
    fn create(key_path: &Path) -> Result<Self, SigningError> {
        let key = Self::passing()?;
        write_secret(&key_path.with_extension("kid"), key.key_id.as_bytes())?;
        write_secret(key_path, &key.private_der)?;
        Ok(key)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

fn parse_key_id(bytes: &[u8]) -> Option<String> {
    let id = std::str::from_utf8(bytes).ok()?.trim();
    let fits = (1..=KEY_ID_LEN_MAX).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    fits.then(|| id.to_owned())
}

/// A key that cannot be used for signing.
#[derive(Debug, Error)]
pub enum SigningError {
    /// A file or folder cannot be used.
    #[error(transparent)]
    File(#[from] SecretFileError),
    /// There is none, and this system does not make its own.
    #[error("{} is absent and only env = \"develop\" makes its own: run openssl genpkey -algorithm ed25519 -outform DER -out {} and chmod 600", path.display(), path.display())]
    Absent {
        /// Where it should be.
        path: PathBuf,
    },
    /// The file holds something else.
    #[error("{} is not an Ed25519 private key in PKCS#8 DER: restore it, or remove it and its .kid file to start with a new key", path.display())]
    NotAKey {
        /// The file.
        path: PathBuf,
    },
    /// The key id is unusable.
    #[error("{} must hold 1 to 64 letters, digits, dots, dashes or underscores: correct it, or remove it to name the key by its digest", path.display())]
    BadKeyId {
        /// The file.
        path: PathBuf,
    },
    /// A develop system's key, and this is not a develop system.
    #[error("{} is the develop key {key_id}: remove it and its .kid file and put a key of this environment in its place, or set env = \"develop\"", path.display())]
    DevelopKey {
        /// The file.
        path: PathBuf,
        /// Its key id.
        key_id: String,
    },
    /// The system gave no randomness.
    #[error("cannot make a key: random source of the system refused to work")]
    NoRandomness,
}

#[cfg(test)]
mod tests;

//! The Ed25519 key that signs checkpoints of the log: `DIR/keys/evidence.pk8`
//! (PKCS#8 DER) beside `DIR/keys/evidence.kid`, its name.
//!
//! It is made, named, loaded and refused like the key of the tokens, and is
//! never the same one: who may mint a token need not be able to vouch for the
//! log. Its public half is what an outsider keeps.

use std::{fmt, path::Path};

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use crate::signing::{KeyMaker, SigningError, SigningKey};

/// A key pair for checkpoints.
pub struct EvidenceKey {
    key_id: String,
    public: [u8; 32],
    pair: Ed25519KeyPair,
}

impl EvidenceKey {
    /// Loads the evidence key of a data folder; a develop system without one makes it.
    ///
    /// # Errors
    /// When the files cannot be used, hold no Ed25519 key, or are a develop
    /// system's and this is not one.
    pub fn load_or_create(folder: &Path, maker: KeyMaker) -> Result<Self, SigningError> {
        let key = SigningKey::named(folder, "evidence", maker)?;
        let not_a_key = || SigningError::NotAKey { path: folder.join("keys/evidence.pk8") };
        let pair = Ed25519KeyPair::from_pkcs8(&key.private_der).map_err(|_| not_a_key())?;
        let public = pair.public_key().as_ref().try_into().map_err(|_| not_a_key())?;
        Ok(Self { key_id: key.key_id, public, pair })
    }

    /// Returns the key's name; `dev-...` for a key that a develop system made.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Returns the public key.
    pub fn public(&self) -> [u8; 32] {
        self.public
    }

    /// Signs a message.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.pair.sign(message).as_ref().try_into().expect("an Ed25519 signature has 64 bytes")
    }
}

impl fmt::Debug for EvidenceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EvidenceKey").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

/// Returns true when an Ed25519 signature of a message was made with the key of this public half.
pub fn is_signed_by(public: &[u8; 32], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, public).verify(message, signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_signs_is_found_to_be_signed_by_it_alone() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let key = EvidenceKey::load_or_create(folder.path(), KeyMaker::Develop).unwrap();
        let again = EvidenceKey::load_or_create(folder.path(), KeyMaker::Develop).unwrap();
        let stranger = EvidenceKey::load_or_create(other.path(), KeyMaker::Develop).unwrap();
        assert!(key.key_id().starts_with("dev-"), "{}", key.key_id());
        assert_eq!((key.key_id(), key.public()), (again.key_id(), again.public()));
        let signature = key.sign(b"checkpoint");
        assert!(is_signed_by(&again.public(), b"checkpoint", &signature));
        assert!(!is_signed_by(&stranger.public(), b"checkpoint", &signature));
        assert!(!is_signed_by(&key.public(), b"checkpoinT", &signature));
        assert!(!is_signed_by(&key.public(), b"checkpoint", &signature[1..]));
    }

    #[test]
    fn it_is_not_the_key_of_the_tokens() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = SigningKey::load_or_create(folder.path(), KeyMaker::Develop).unwrap();
        let evidence = EvidenceKey::load_or_create(folder.path(), KeyMaker::Develop).unwrap();
        assert_ne!(tokens.public, evidence.public());
    }

    #[test]
    fn other_environments_want_an_evidence_key_that_an_operator_made() {
        let folder = tempfile::tempdir().unwrap();
        let absent = EvidenceKey::load_or_create(folder.path(), KeyMaker::Operator).unwrap_err().to_string();
        assert!(absent.contains("evidence.pk8") && absent.contains("openssl"), "{absent}");
        EvidenceKey::load_or_create(folder.path(), KeyMaker::Develop).unwrap();
        let develop = EvidenceKey::load_or_create(folder.path(), KeyMaker::Operator).unwrap_err();
        assert!(matches!(develop, SigningError::DevelopKey { .. }), "{develop}");
    }
}

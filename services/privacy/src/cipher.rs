//! The only place that names a cipher: AES-256-GCM-SIV for values and for
//! wrapped keys, HMAC-SHA-256 for fingerprints, HKDF-SHA-256 between a secret
//! and its uses. GCM-SIV is chosen because a repeated nonce, which random
//! nonces cannot exclude, then reveals only that two clear texts were equal.
//!
//! What is authenticated beside the clear text is a list of parts, each with
//! its length before it, so that no two different lists have the same bytes.

use std::io::{self, Read};

use airside_kernel::{Category, SealContext, SubjectId};
use aws_lc_rs::{
    aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    digest, hkdf, hmac, rand,
};
use zeroize::Zeroizing;

/// Length of every key, in bytes.
pub(crate) const KEY_LEN: usize = 32;

/// The form of a wrapped key: one byte, the root key's epoch, then nonce, ciphertext and tag.
const WRAPPED_FORM: u8 = 1;

/// The epoch of the root key; a later root key wraps under a later epoch.
const ROOT_EPOCH: u32 = 1;

const WRAPPED_HEADER_LEN: usize = 5;

/// Key bytes that are wiped when dropped.
pub(crate) type Secret = Zeroizing<[u8; KEY_LEN]>;

/// The cipher or the source of randomness refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cipher or random source of the system refused to work")]
pub(crate) struct CipherRefused;

impl From<aws_lc_rs::error::Unspecified> for CipherRefused {
    fn from(_: aws_lc_rs::error::Unspecified) -> Self {
        Self
    }
}

/// Names one data key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct KeyName {
    pub(crate) subject: SubjectId,
    pub(crate) category: Category,
    pub(crate) version: u32,
}

/// The installation's key, ready to wrap data keys.
pub(crate) struct RootKey {
    wrap: LessSafeKey,
    check: hmac::Key,
}

impl RootKey {
    /// Derives the uses of the root key.
    pub(crate) fn new(secret: &Secret) -> Result<Self, CipherRefused> {
        Ok(Self {
            wrap: aead_key(&subkey(secret, b"wrap/v1")?)?,
            check: hmac::Key::new(hmac::HMAC_SHA256, &*subkey(secret, b"check/v1")?),
        })
    }

    /// Returns a value that only this root key gives; it reveals nothing of the key.
    pub(crate) fn check_value(&self) -> Vec<u8> {
        hmac::sign(&self.check, b"airside root key").as_ref().to_vec()
    }

    /// Makes a data key and its stored form.
    pub(crate) fn make_data_key(&self, name: &KeyName) -> Result<(DataKey, Vec<u8>), CipherRefused> {
        let secret = random_secret()?;
        Ok((DataKey::new(&secret)?, self.wrap_secret(name, &secret, fresh_nonce()?)?))
    }

    fn wrap_secret(
        &self,
        name: &KeyName,
        secret: &Secret,
        nonce: [u8; NONCE_LEN],
    ) -> Result<Vec<u8>, CipherRefused> {
        let mut wrapped = vec![WRAPPED_FORM];
        wrapped.extend_from_slice(&ROOT_EPOCH.to_be_bytes());
        seal_into(&self.wrap, nonce, &wrap_binding(name), &**secret, &mut wrapped)?;
        Ok(wrapped)
    }

    /// Returns the secret of a stored data key; `None` when it is not this key's work, or altered.
    pub(crate) fn unwrap_secret(&self, name: &KeyName, wrapped: &[u8]) -> Option<Secret> {
        let (header, sealed) = wrapped.split_at_checked(WRAPPED_HEADER_LEN)?;
        if header[0] != WRAPPED_FORM || header[1..] != ROOT_EPOCH.to_be_bytes() {
            return None;
        }
        let clear = Zeroizing::new(open(&self.wrap, &wrap_binding(name), sealed)?);
        let mut secret = Secret::default();
        if clear.len() != KEY_LEN {
            return None;
        }
        secret.copy_from_slice(&clear);
        Some(secret)
    }
}

/// A data key, ready to seal, open and fingerprint.
pub(crate) struct DataKey {
    field: LessSafeKey,
    print: hmac::Key,
}

impl DataKey {
    /// Derives the uses of a data key.
    pub(crate) fn new(secret: &Secret) -> Result<Self, CipherRefused> {
        Ok(Self {
            field: aead_key(&subkey(secret, b"field/v1")?)?,
            print: hmac::Key::new(hmac::HMAC_SHA256, &*subkey(secret, b"fingerprint/v1")?),
        })
    }

    /// Seals a value for one place: nonce, ciphertext, tag.
    pub(crate) fn seal(
        &self,
        name: &KeyName,
        place: &SealContext,
        clear: &[u8],
    ) -> Result<Vec<u8>, CipherRefused> {
        self.seal_with(fresh_nonce()?, name, place, clear)
    }

    fn seal_with(
        &self,
        nonce: [u8; NONCE_LEN],
        name: &KeyName,
        place: &SealContext,
        clear: &[u8],
    ) -> Result<Vec<u8>, CipherRefused> {
        let mut sealed = Vec::with_capacity(NONCE_LEN + clear.len() + AES_256_GCM_SIV.tag_len());
        seal_into(&self.field, nonce, &value_binding(name, place), clear, &mut sealed)?;
        Ok(sealed)
    }

    /// Opens a value that was sealed for this place; `None` when it was moved or altered.
    pub(crate) fn open(&self, name: &KeyName, place: &SealContext, sealed: &[u8]) -> Option<Vec<u8>> {
        open(&self.field, &value_binding(name, place), sealed)
    }

    /// Returns a fingerprint that only this key gives.
    pub(crate) fn fingerprint(&self, bytes: &[u8]) -> Vec<u8> {
        hmac::sign(&self.print, bytes).as_ref().to_vec()
    }
}

/// Returns fresh random key bytes.
pub(crate) fn random_secret() -> Result<Secret, CipherRefused> {
    let mut secret = Secret::default();
    rand::fill(&mut *secret)?;
    Ok(secret)
}

/// Returns the first 16 hexadecimal digits of the SHA-256 of public bytes.
pub(crate) fn short_digest(public: &[u8]) -> String {
    hex(&digest::digest(&digest::SHA256, public).as_ref()[..8])
}

/// Returns the length and the SHA-256, in hexadecimal, of everything that is read.
pub(crate) fn digest_of(mut source: impl Read) -> io::Result<(u64, String)> {
    let mut context = digest::Context::new(&digest::SHA256);
    let (mut buffer, mut len) = (vec![0; 1 << 16], 0);
    loop {
        match source.read(&mut buffer)? {
            0 => return Ok((len, hex(context.finish().as_ref()))),
            count => {
                context.update(&buffer[..count]);
                len += count as u64;
            }
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn subkey(secret: &Secret, label: &'static [u8]) -> Result<Secret, CipherRefused> {
    let mut key = Secret::default();
    hkdf::Salt::new(hkdf::HKDF_SHA256, b"airside")
        .extract(&**secret)
        .expand(&[label], hkdf::HKDF_SHA256)?
        .fill(&mut *key)?;
    Ok(key)
}

fn aead_key(secret: &Secret) -> Result<LessSafeKey, CipherRefused> {
    Ok(LessSafeKey::new(UnboundKey::new(&AES_256_GCM_SIV, &**secret)?))
}

fn fresh_nonce() -> Result<[u8; NONCE_LEN], CipherRefused> {
    let mut nonce = [0; NONCE_LEN];
    rand::fill(&mut nonce)?;
    Ok(nonce)
}

fn seal_into(
    key: &LessSafeKey,
    nonce: [u8; NONCE_LEN],
    binding: &[u8],
    clear: &[u8],
    into: &mut Vec<u8>,
) -> Result<(), CipherRefused> {
    into.extend_from_slice(&nonce);
    let start = into.len();
    into.extend_from_slice(clear);
    let nonce = Nonce::assume_unique_for_key(nonce);
    let tag = key.seal_in_place_separate_tag(nonce, Aad::from(binding), &mut into[start..])?;
    into.extend_from_slice(tag.as_ref());
    Ok(())
}

fn open(key: &LessSafeKey, binding: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, ciphertext) = sealed.split_at_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut clear = ciphertext.to_vec();
    let clear_len = key.open_in_place(nonce, Aad::from(binding), &mut clear).ok()?.len();
    clear.truncate(clear_len);
    Some(clear)
}

fn wrap_binding(name: &KeyName) -> Vec<u8> {
    binding(&[
        b"airside wrapped key",
        name.subject.as_str().as_bytes(),
        name.category.as_str().as_bytes(),
        &name.version.to_be_bytes(),
    ])
}

fn value_binding(name: &KeyName, place: &SealContext) -> Vec<u8> {
    binding(&[
        b"airside sealed value",
        name.subject.as_str().as_bytes(),
        name.category.as_str().as_bytes(),
        &name.version.to_be_bytes(),
        place.stream.as_bytes(),
        place.event_type.as_bytes(),
        &place.field.to_be_bytes(),
        &place.schema_version.to_be_bytes(),
    ])
}

fn binding(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

#[cfg(test)]
mod tests;

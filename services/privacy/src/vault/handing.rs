//! Handing keys out to the other nodes of the log.
//!
//! The answer says how long the register was before the keys were looked up. Who keeps them and has
//! heard of a later erasure asks again, so that a key that was on its way while its subject was
//! erased is not kept.

use std::fmt;

use airside_kernel::{Category, KeyError, SubjectId};

use super::{Job, Vault, tables};
use crate::{
    cipher::{KEY_LEN, KeyName, Secret},
    values::FIRST_VERSION,
};

/// A key that a node asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyAsk {
    /// Whose.
    pub subject: SubjectId,
    /// Which of the subject's keys.
    pub category: Category,
    /// The version of that key.
    pub version: u32,
}

/// The bytes of a key on their way to another node; wiped when dropped, never printed.
#[derive(Clone)]
pub struct HandedKey(Secret);

impl HandedKey {
    /// Returns the bytes, for a line that nobody else can read.
    pub fn as_bytes(&self) -> &[u8] {
        &*self.0
    }

    /// Makes it of what came over such a line; `None` when that is no key.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut secret = Secret::default();
        if bytes.len() != KEY_LEN {
            return None;
        }
        secret.copy_from_slice(bytes);
        Some(Self(secret))
    }

    pub(crate) fn secret(&self) -> &Secret {
        &self.0
    }
}

impl fmt::Debug for HandedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HandedKey")
    }
}

/// What a key that was asked for is.
#[derive(Debug, Clone)]
pub enum Handed {
    /// In use.
    Key(HandedKey),
    /// Destroyed for good.
    Erased,
    /// Never made.
    Absent,
}

/// The answer to a node that asked for keys.
#[derive(Debug, Clone)]
pub struct HandedOut {
    /// How many subjects the register named before the keys were looked up.
    pub register: u64,
    /// What each key is, in the order in which they were asked for.
    pub keys: Vec<Handed>,
}

impl Vault {
    /// Returns keys for another node; with `make`, those that are absent are made first.
    ///
    /// # Errors
    /// When the vault cannot be read or written.
    pub async fn hand_out(&self, asks: &[KeyAsk], make: bool) -> Result<HandedOut, KeyError> {
        let register = *self.shared.erasures.borrow();
        let mut keys = self.look_up_all(asks)?;
        if make && keys.iter().any(|handed| matches!(handed, Handed::Absent)) {
            let absent = asks.iter().zip(&keys).filter(|(_, handed)| matches!(handed, Handed::Absent));
            let fresh = absent.filter(|(ask, _)| ask.version == FIRST_VERSION);
            self.submit(Job::Ensure(fresh.map(|(ask, _)| name(ask)).collect())).await?;
            keys = self.look_up_all(asks)?;
        }
        Ok(HandedOut { register, keys })
    }

    fn look_up_all(&self, asks: &[KeyAsk]) -> Result<Vec<Handed>, KeyError> {
        let look_up = |ask: &KeyAsk| {
            let row = tables::find_row(&self.shared.database, &self.shared.root, &name(ask))?;
            Ok(match row {
                None => Handed::Absent,
                Some(tables::Row::Erased) => Handed::Erased,
                Some(tables::Row::Live(secret)) => Handed::Key(HandedKey(secret)),
            })
        };
        asks.iter().map(look_up).collect()
    }
}

fn name(ask: &KeyAsk) -> KeyName {
    KeyName { subject: ask.subject.clone(), category: ask.category, version: ask.version }
}

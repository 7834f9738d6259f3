//! What both places of keys do with a key once they have found it.

use std::sync::Arc;

use airside_kernel::{Category, KeyError, Opened, SealContext, Sealed, SubjectId};
use bytes::Bytes;

use crate::cipher::{DataKey, KeyName};

/// The version of every key today; a rotated key will be the next one, beside it.
pub(crate) const FIRST_VERSION: u32 = 1;

/// What a key name stands for.
#[derive(Clone)]
pub(crate) enum Entry {
    Live(Arc<DataKey>),
    Erased,
}

/// Where keys are found; the rest follows from it.
pub(crate) trait FindKey {
    /// Returns what a name stands for; `None` when there never was such a key.
    fn find(&self, name: &KeyName) -> Result<Option<Entry>, KeyError>;

    /// Returns the key in use; `None` when the subject is erased.
    fn live(&self, name: &KeyName) -> Result<Option<Arc<DataKey>>, KeyError> {
        match self.find(name)? {
            Some(Entry::Live(key)) => Ok(Some(key)),
            Some(Entry::Erased) => Ok(None),
            None => Err(KeyError::Missing { subject: name.subject.clone(), category: name.category }),
        }
    }

    /// Seals a value for its place; `None` when the subject is erased.
    fn seal_value(
        &self,
        subject: &SubjectId,
        category: Category,
        context: SealContext,
        clear: &[u8],
    ) -> Result<Option<Sealed>, KeyError> {
        let name = name_of(subject, category);
        let Some(key) = self.live(&name)? else { return Ok(None) };
        let ciphertext = key.seal(&name, &context, clear).map_err(unavailable)?.into();
        let KeyName { subject, category, version: key_version } = name;
        Ok(Some(Sealed { subject, category, key_version, context, ciphertext }))
    }

    /// Opens a value that was sealed for its place.
    fn open_value(&self, sealed: &Sealed) -> Result<Opened, KeyError> {
        let name = KeyName {
            subject: sealed.subject.clone(),
            category: sealed.category,
            version: sealed.key_version,
        };
        let Some(key) = self.live(&name)? else { return Ok(Opened::Erased) };
        key.open(&name, &sealed.context, &sealed.ciphertext)
            .map(|clear| Opened::Known(clear.into()))
            .ok_or(KeyError::Damaged { subject: name.subject })
    }

    /// Returns a fingerprint that only the subject's key gives; `None` when the subject is erased.
    fn fingerprint_of(
        &self,
        subject: &SubjectId,
        category: Category,
        bytes: &[u8],
    ) -> Result<Option<Bytes>, KeyError> {
        let key = self.live(&name_of(subject, category))?;
        Ok(key.map(|key| key.fingerprint(bytes).into()))
    }
}

pub(crate) fn name_of(subject: &SubjectId, category: Category) -> KeyName {
    KeyName { subject: subject.clone(), category, version: FIRST_VERSION }
}

pub(crate) fn unavailable(reason: impl std::fmt::Display) -> KeyError {
    KeyError::Unavailable { reason: reason.to_string() }
}

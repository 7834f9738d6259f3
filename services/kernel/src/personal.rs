//! Personal data in an immutable log.
//!
//! A personal value is stored sealed under a random key of its own subject;
//! destroying that key erases the value from every event, page, copy and
//! backup of the log at once. The sealed value carries the context it was
//! sealed under, so that it opens after an upcast and nowhere else.
//!
//! Rules decide on events whose values are `Known`; the executor seals them on
//! the way into the log. State is always folded from the sealed form, so it is
//! the same before and after a restart.

use std::{borrow::Cow, fmt, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Classified, Code};

mod kept;

/// Whose data a value is: a journey, a person, a gate read, or a source and
/// day. Opaque, never derived from personal data.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct SubjectId(Arc<str>);

impl SubjectId {
    /// Makes a subject of an opaque id.
    pub fn new(id: impl fmt::Display) -> Self {
        Self(id.to_string().into())
    }

    /// Returns the subject of the raw messages that a source sent on a UTC day.
    /// Who writes them and who destroys their keys meet in this form:
    /// `source-<source>-<YYYY-MM-DD>`.
    pub fn of_raw(source: &str, day: Date) -> Self {
        Self::new(format_args!("source-{source}-{day}"))
    }

    /// Returns the id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SubjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which of a subject's keys; each category has its own retention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Category {
    /// Who somebody is.
    Identity,
    /// Where somebody travels.
    Travel,
    /// Raw messages of one source and day.
    Raw,
}

impl Category {
    /// Returns the stored name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Travel => "travel",
            Self::Raw => "raw",
        }
    }

    /// Returns the category of a stored name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Identity, Self::Travel, Self::Raw].into_iter().find(|category| category.as_str() == name)
    }
}

/// Where a value was sealed; part of what its seal protects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealContext {
    /// The stream.
    pub stream: String,
    /// The event type.
    pub event_type: String,
    /// The field number in the event.
    pub field: u32,
    /// The schema version of the event.
    pub schema_version: u32,
}

/// A sealed value with all that is needed to open it but the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// Whose it is.
    pub subject: SubjectId,
    /// Which of the subject's keys.
    pub category: Category,
    /// The version of that key.
    pub key_version: u32,
    /// Where it was sealed.
    pub context: SealContext,
    /// Nonce, ciphertext and tag.
    #[serde(with = "kept::bytes")]
    pub ciphertext: Bytes,
}

/// A value that a key can seal: text or bytes.
pub trait PersonalValue: Clone + PartialEq {
    /// Returns the bytes to seal.
    fn to_bytes(&self) -> Cow<'_, [u8]>;
    /// Makes the value of opened bytes.
    fn from_bytes(bytes: &[u8]) -> Option<Self>;
}

impl PersonalValue for String {
    fn to_bytes(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(self.as_bytes())
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        std::str::from_utf8(bytes).ok().map(str::to_owned)
    }
}

impl PersonalValue for Bytes {
    fn to_bytes(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(self)
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self::copy_from_slice(bytes))
    }
}

/// A personal value: in clear on its way, sealed in the log, or gone.
#[derive(Clone, PartialEq)]
pub enum Personal<T: PersonalValue = String> {
    /// In clear; never stored, never printed.
    Known(T),
    /// As the log holds it.
    Sealed(Sealed),
    /// Its key is gone, and so is the value.
    Erased,
}

impl<T: PersonalValue> fmt::Debug for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Known(_) => "Known([personal])",
            Self::Sealed(_) => "Sealed",
            Self::Erased => "Erased",
        })
    }
}

impl<T: PersonalValue> Personal<T> {
    /// Returns the value opened with the keys at hand.
    ///
    /// # Errors
    /// When the keys cannot be read or the value does not open.
    pub fn open(&self, keys: &dyn Keyring) -> Result<Self, KeyError> {
        match self {
            Self::Sealed(sealed) => match keys.open(sealed)? {
                Opened::Known(bytes) => T::from_bytes(&bytes)
                    .map(Self::Known)
                    .ok_or_else(|| KeyError::Damaged { subject: sealed.subject.clone() }),
                Opened::Erased => Ok(Self::Erased),
            },
            other => Ok(other.clone()),
        }
    }

    /// Returns the value in clear, if it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            _ => None,
        }
    }
}

/// A personal field of an event, as shown to a visitor.
pub struct PersonalField<'a> {
    /// Whose it is.
    pub subject: SubjectId,
    /// Which of the subject's keys.
    pub category: Category,
    /// Its field number in the stored message.
    pub field: u32,
    /// The value.
    pub slot: &'a mut dyn PersonalSlot,
}

/// A personal value of any type, for visitors.
pub trait PersonalSlot {
    /// Returns the clear bytes, if the value is known.
    fn clear_bytes(&self) -> Option<Cow<'_, [u8]>>;
    /// Replaces the value by its sealed form.
    fn seal(&mut self, sealed: Sealed);
    /// Replaces the value by nothing.
    fn erase(&mut self);
}

impl<T: PersonalValue> PersonalSlot for Personal<T> {
    fn clear_bytes(&self) -> Option<Cow<'_, [u8]>> {
        self.known().map(PersonalValue::to_bytes)
    }

    fn seal(&mut self, sealed: Sealed) {
        *self = Self::Sealed(sealed);
    }

    fn erase(&mut self) {
        *self = Self::Erased;
    }
}

/// What opening a sealed value gave.
#[derive(Clone, PartialEq, Eq)]
pub enum Opened {
    /// The clear bytes.
    Known(Bytes),
    /// The subject was erased.
    Erased,
}

/// The port of the key store.
#[async_trait]
pub trait Keyring: Send + Sync + 'static {
    /// Makes sure that each subject has a durable key, or is known as erased.
    async fn ensure(&self, subjects: &[(SubjectId, Category)]) -> Result<(), KeyError>;

    /// Seals bytes under a key that [`Keyring::ensure`] made; `None` when the subject is erased.
    fn seal(
        &self,
        subject: &SubjectId,
        category: Category,
        context: SealContext,
        clear: &[u8],
    ) -> Result<Option<Sealed>, KeyError>;

    /// Opens a sealed value.
    fn open(&self, sealed: &Sealed) -> Result<Opened, KeyError>;

    /// Returns a keyed fingerprint of bytes under a key that [`Keyring::ensure`]
    /// made; `None` when the subject is erased.
    fn fingerprint(
        &self,
        subject: &SubjectId,
        category: Category,
        bytes: &[u8],
    ) -> Result<Option<Bytes>, KeyError>;

    /// Destroys every key of a subject for ever. Sealing for it gives nothing from then on.
    async fn erase(&self, subject: &SubjectId) -> Result<(), KeyError>;
}

/// Keys that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyError {
    /// No key was made for the subject.
    #[error("subject {subject} has no {} key: call ensure first", .category.as_str())]
    Missing {
        /// The subject.
        subject: SubjectId,
        /// Which key.
        category: Category,
    },
    /// The value does not open under its key: it was moved or altered.
    #[error("sealed value of subject {subject} does not open: it was moved or altered")]
    Damaged {
        /// The subject.
        subject: SubjectId,
    },
    /// The key store cannot be used.
    #[error("key store cannot be used: {reason}")]
    Unavailable {
        /// Why, for the operator.
        reason: String,
    },
}

impl Classified for KeyError {
    fn code(&self) -> Code {
        match self {
            Self::Missing { .. } => Code::Internal,
            Self::Damaged { .. } => Code::DataLoss,
            Self::Unavailable { .. } => Code::Unavailable,
        }
    }
}

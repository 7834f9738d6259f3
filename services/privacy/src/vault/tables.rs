//! What `vault.redb` holds, format 1.
//!
//! | table      | key                                | value |
//! |------------|------------------------------------|-------|
//! | `meta`     | `format`                           | the format, u64 big-endian |
//! | `meta`     | `root-check`                       | HMAC-SHA-256 that only the right root key gives |
//! | `keys`     | (subject, category, version)       | 0x01, epoch of the root key u32 big-endian, nonce (12), AES-256-GCM-SIV of the data key (32), tag (16); bound to the row's key |
//! | `register` | subject                            | (ordinal from 1, reason: 1 erased, 2 retired, unix milliseconds) |
//! | `erased`   | ordinal                            | subject |
//!
//! A subject is in `register` or has rows in `keys`, never both.

use airside_kernel::{Category, KeyError, SubjectId, Timestamp};
use redb::{
    Database, ReadableDatabase, ReadableTable, ReadableTableMetadata, Table, TableDefinition,
    WriteTransaction,
};

use super::{Entry, FIRST_VERSION};
use crate::{
    cipher::{DataKey, KeyName, RootKey},
    raw::{PREFIX, PREFIX_END, raw_day},
};

/// The format that this code writes.
pub(super) const FORMAT: u64 = 1;

const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");
const KEYS: TableDefinition<(&str, &str, u32), &[u8]> = TableDefinition::new("keys");
const REGISTER: TableDefinition<&str, (u64, u8, i64)> = TableDefinition::new("register");
const ERASED: TableDefinition<u64, &str> = TableDefinition::new("erased");

const CATEGORIES: [Category; 3] = [Category::Identity, Category::Travel, Category::Raw];

/// Says whose vault a file is.
pub(super) struct Identity {
    pub(super) format: u64,
    pub(super) root_check: Vec<u8>,
}

/// Why a subject's keys were destroyed.
#[derive(Clone, Copy)]
pub(super) enum Reason {
    Erased = 1,
    Retired = 2,
}

/// Wraps any cause as a vault that cannot be used.
pub(super) fn unavailable(cause: impl std::fmt::Display) -> KeyError {
    KeyError::Unavailable { reason: cause.to_string() }
}

/// Returns the identity of a vault file; `None` for a fresh one.
pub(super) fn identity(database: &Database) -> Result<Option<Identity>, redb::Error> {
    let reading = database.begin_read()?;
    let meta = match reading.open_table(META) {
        Ok(meta) => meta,
        Err(redb::TableError::TableDoesNotExist(_)) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let format = meta.get("format")?.and_then(|bytes| bytes.value().try_into().ok());
    let root_check = meta.get("root-check")?.map(|bytes| bytes.value().to_vec()).unwrap_or_default();
    let unreadable = || redb::Error::Corrupted("meta names no format".into());
    Ok(Some(Identity { format: u64::from_be_bytes(format.ok_or_else(unreadable)?), root_check }))
}

/// Makes every table and writes the identity, in one commit.
pub(super) fn establish(database: &Database, root_check: &[u8]) -> Result<(), redb::Error> {
    let writing = database.begin_write()?;
    {
        let mut meta = writing.open_table(META)?;
        meta.insert("format", FORMAT.to_be_bytes().as_slice())?;
        meta.insert("root-check", root_check)?;
        writing.open_table(KEYS)?;
        writing.open_table(REGISTER)?;
        writing.open_table(ERASED)?;
    }
    Ok(writing.commit()?)
}

/// Returns what a key name stands for; `None` when no key was made.
pub(super) fn look_up(
    database: &Database,
    root: &RootKey,
    name: &KeyName,
) -> Result<Option<Entry>, KeyError> {
    let row = || -> Result<_, redb::Error> {
        let reading = database.begin_read()?;
        if reading.open_table(REGISTER)?.get(name.subject.as_str())?.is_some() {
            return Ok(Err(Entry::Erased));
        }
        let keys = reading.open_table(KEYS)?;
        Ok(Ok(keys.get(row_key(name))?.map(|row| row.value().to_vec())))
    };
    match row().map_err(unavailable)? {
        Err(erased) => Ok(Some(erased)),
        Ok(None) => Ok(None),
        Ok(Some(wrapped)) => {
            let secret = root.unwrap_secret(name, &wrapped).ok_or_else(|| {
                unavailable(format_args!(
                    "row of subject {} does not unwrap: restore the vault from its newest backup",
                    name.subject
                ))
            })?;
            let key = DataKey::new(&secret).map_err(unavailable)?;
            Ok(Some(Entry::Live(key.into())))
        }
    }
}

/// Returns how many subjects the register names.
pub(super) fn erased_count(database: &Database) -> Result<u64, redb::Error> {
    Ok(database.begin_read()?.open_table(ERASED)?.len()?)
}

/// Returns true when the register names the subject.
pub(super) fn is_erased(database: &Database, subject: &SubjectId) -> Result<bool, KeyError> {
    let look = || -> Result<_, redb::Error> {
        Ok(database.begin_read()?.open_table(REGISTER)?.get(subject.as_str())?.is_some())
    };
    look().map_err(unavailable)
}

/// Returns the register after its first `count` subjects, in order.
pub(super) fn erased_after(database: &Database, count: u64) -> Result<Vec<SubjectId>, KeyError> {
    let list = || -> Result<_, redb::Error> {
        let erased = database.begin_read()?.open_table(ERASED)?;
        let mut subjects = Vec::new();
        for row in erased.range(count.saturating_add(1)..)? {
            subjects.push(SubjectId::new(row?.1.value()));
        }
        Ok(subjects)
    };
    list().map_err(unavailable)
}

/// The tables of one write transaction.
pub(super) struct Tables<'tx> {
    keys: Table<'tx, (&'static str, &'static str, u32), &'static [u8]>,
    register: Table<'tx, &'static str, (u64, u8, i64)>,
    erased: Table<'tx, u64, &'static str>,
}

impl<'tx> Tables<'tx> {
    pub(super) fn open(writing: &'tx WriteTransaction) -> Result<Self, redb::Error> {
        Ok(Self {
            keys: writing.open_table(KEYS)?,
            register: writing.open_table(REGISTER)?,
            erased: writing.open_table(ERASED)?,
        })
    }

    /// Returns true when the name needs no key: it has one, or is erased.
    pub(super) fn settled(&self, name: &KeyName) -> Result<bool, redb::Error> {
        Ok(self.register.get(name.subject.as_str())?.is_some() || self.keys.get(row_key(name))?.is_some())
    }

    /// Stores a wrapped key.
    pub(super) fn put(&mut self, name: &KeyName, wrapped: &[u8]) -> Result<(), redb::Error> {
        self.keys.insert(row_key(name), wrapped)?;
        Ok(())
    }

    /// Destroys every key of a subject and puts it in the register; returns
    /// the destroyed names, `None` when it was there already.
    pub(super) fn destroy(
        &mut self,
        subject: &SubjectId,
        reason: Reason,
        at: Timestamp,
    ) -> Result<Option<Vec<KeyName>>, redb::Error> {
        if self.register.get(subject.as_str())?.is_some() {
            return Ok(None);
        }
        let mut names = Vec::new();
        for category in CATEGORIES {
            let versions = (subject.as_str(), category.as_str(), FIRST_VERSION)
                ..=(subject.as_str(), category.as_str(), u32::MAX);
            for row in self.keys.extract_from_if(versions, |_, _| true)? {
                let version = row?.0.value().2;
                names.push(KeyName { subject: subject.clone(), category, version });
            }
        }
        let ordinal = self.erased.len()? + 1;
        self.erased.insert(ordinal, subject.as_str())?;
        self.register.insert(subject.as_str(), (ordinal, reason as u8, at.as_millisecond()))?;
        Ok(Some(names))
    }

    /// Returns the raw subjects of days before `keep_from` that still have a key.
    pub(super) fn raw_before(&self, keep_from: jiff::civil::Date) -> Result<Vec<SubjectId>, redb::Error> {
        let mut subjects = Vec::new();
        for row in self.keys.range((PREFIX, "", 0)..(PREFIX_END, "", 0))? {
            let (key, _) = row?;
            let (subject, category, _) = key.value();
            let is_over = raw_day(subject).is_some_and(|day| day < keep_from);
            if is_over && category == Category::Raw.as_str() {
                subjects.push(SubjectId::new(subject));
            }
        }
        subjects.dedup();
        Ok(subjects)
    }

    /// Returns how many subjects the register names.
    pub(super) fn erased_count(&self) -> Result<u64, redb::Error> {
        Ok(self.erased.len()?)
    }
}

fn row_key(name: &KeyName) -> (&str, &str, u32) {
    (name.subject.as_str(), name.category.as_str(), name.version)
}

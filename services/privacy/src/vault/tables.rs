//! What `vault.redb` holds, format 1: `FORMAT.md` of this crate freezes it.

use airside_kernel::{Category, KeyError, LogId, SubjectId, Timestamp};
use redb::{
    Database, ReadTransaction, ReadableDatabase, ReadableTable, ReadableTableMetadata, Table,
    TableDefinition, WriteTransaction,
};
use uuid::Uuid;

use super::{Erasure, Reason, border::contained};
use crate::{
    cipher::{DataKey, KeyName, RootKey, Secret},
    raw::{PREFIX, PREFIX_END, raw_day},
    values::{Entry, FIRST_VERSION, unavailable},
};

/// The format that this code writes.
pub(super) const FORMAT: u64 = 1;

pub(super) const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");
pub(super) const KEYS: TableDefinition<(&str, &str, u32), &[u8]> = TableDefinition::new("keys");
pub(super) const REGISTER: TableDefinition<&str, (u64, u8, i64)> = TableDefinition::new("register");
pub(super) const ERASED: TableDefinition<u64, &str> = TableDefinition::new("erased");

const FORMAT_KEY: &str = "format";
const ROOT_CHECK_KEY: &str = "root-check";
const LOG_KEY: &str = "log-id";
const CHANGES_KEY: &str = "changes";

const CATEGORIES: [Category; 3] = [Category::Identity, Category::Travel, Category::Raw];

/// Says whose vault a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) format: u64,
    pub(super) root_check: Vec<u8>,
    /// `None` until a log has used the vault.
    pub(super) log: Option<LogId>,
    /// How many commits changed it; 0 in a vault from before they were counted.
    pub(super) changes: u64,
}

/// Returns the identity of a vault file; `None` for a fresh one.
pub(super) fn identity(database: &impl ReadableDatabase) -> Result<Option<Identity>, redb::Error> {
    identity_in(&database.begin_read()?)
}

/// Returns the identity that a read transaction sees; `None` in a fresh file.
pub(super) fn identity_in(reading: &ReadTransaction) -> Result<Option<Identity>, redb::Error> {
    let meta = match reading.open_table(META) {
        Ok(meta) => meta,
        Err(redb::TableError::TableDoesNotExist(_)) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let unreadable = |what: &str| redb::Error::Corrupted(format!("its table meta has no readable {what}"));
    let log = match meta.get(LOG_KEY)? {
        None => None,
        Some(bytes) => Some(LogId(Uuid::from_slice(bytes.value()).map_err(|_| unreadable(LOG_KEY))?)),
    };
    Ok(Some(Identity {
        format: number(&meta, FORMAT_KEY)?.ok_or_else(|| unreadable(FORMAT_KEY))?,
        root_check: meta.get(ROOT_CHECK_KEY)?.map(|bytes| bytes.value().to_vec()).unwrap_or_default(),
        log,
        changes: number(&meta, CHANGES_KEY)?.unwrap_or_default(),
    }))
}

fn number(
    meta: &impl ReadableTable<&'static str, &'static [u8]>,
    key: &str,
) -> Result<Option<u64>, redb::Error> {
    let Some(bytes) = meta.get(key)? else { return Ok(None) };
    let number = bytes.value().try_into().map(u64::from_be_bytes);
    number.map(Some).map_err(|_| redb::Error::Corrupted(format!("its table meta has no readable {key}")))
}

/// Makes every table and writes the identity.
pub(super) fn write_identity(writing: &WriteTransaction, identity: &Identity) -> Result<(), redb::Error> {
    let mut meta = writing.open_table(META)?;
    meta.insert(FORMAT_KEY, identity.format.to_be_bytes().as_slice())?;
    meta.insert(ROOT_CHECK_KEY, identity.root_check.as_slice())?;
    meta.insert(CHANGES_KEY, identity.changes.to_be_bytes().as_slice())?;
    if let Some(log) = identity.log {
        meta.insert(LOG_KEY, log.0.as_bytes().as_slice())?;
    }
    writing.open_table(KEYS)?;
    writing.open_table(REGISTER)?;
    writing.open_table(ERASED)?;
    Ok(())
}

/// Makes a fresh file the vault of a root key.
pub(super) fn establish(database: &Database, root_check: &[u8]) -> Result<Identity, redb::Error> {
    let identity = Identity { format: FORMAT, root_check: root_check.to_vec(), log: None, changes: 0 };
    let writing = database.begin_write()?;
    write_identity(&writing, &identity)?;
    writing.commit()?;
    Ok(identity)
}

/// Counts one more change in a write transaction, and returns the count.
pub(super) fn count_change(writing: &WriteTransaction) -> Result<u64, redb::Error> {
    let mut meta = writing.open_table(META)?;
    let changes = number(&meta, CHANGES_KEY)?.unwrap_or_default() + 1;
    meta.insert(CHANGES_KEY, changes.to_be_bytes().as_slice())?;
    Ok(changes)
}

/// Names the log that the vault belongs to, in a write transaction; returns
/// the log that it already belongs to instead.
pub(super) fn bind(writing: &WriteTransaction, log: LogId) -> Result<Option<LogId>, redb::Error> {
    let mut meta = writing.open_table(META)?;
    let bound = meta.get(LOG_KEY)?.and_then(|bytes| Uuid::from_slice(bytes.value()).ok()).map(LogId);
    if bound.is_none() {
        meta.insert(LOG_KEY, log.0.as_bytes().as_slice())?;
    }
    Ok(bound)
}

/// What the file says of a key name.
pub(super) enum Row {
    Live(Secret),
    Erased,
}

/// Returns what a key name stands for; `None` when no key was made.
pub(super) fn look_up(
    database: &Database,
    root: &RootKey,
    name: &KeyName,
) -> Result<Option<Entry>, KeyError> {
    Ok(match find_row(database, root, name)? {
        None => None,
        Some(Row::Erased) => Some(Entry::Erased),
        Some(Row::Live(secret)) => Some(Entry::Live(DataKey::new(&secret).map_err(unavailable)?.into())),
    })
}

/// Returns the row of a key name with its secret; `None` when no key was made.
pub(super) fn find_row(database: &Database, root: &RootKey, name: &KeyName) -> Result<Option<Row>, KeyError> {
    let row = || -> Result<_, redb::Error> {
        let reading = database.begin_read()?;
        if reading.open_table(REGISTER)?.get(name.subject.as_str())?.is_some() {
            return Ok(Err(Row::Erased));
        }
        let keys = reading.open_table(KEYS)?;
        Ok(Ok(keys.get(row_key(name))?.map(|row| row.value().to_vec())))
    };
    match contained(row).map_err(unavailable)? {
        Err(erased) => Ok(Some(erased)),
        Ok(None) => Ok(None),
        Ok(Some(wrapped)) => {
            let secret = root.unwrap_secret(name, &wrapped).ok_or_else(|| {
                unavailable(format_args!(
                    "row of subject {} does not unwrap: restore the vault from its newest backup",
                    name.subject
                ))
            })?;
            Ok(Some(Row::Live(secret)))
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

/// Returns at most `max` entries of the register after its first `count`, in order.
pub(super) fn register_after(
    database: &impl ReadableDatabase,
    count: u64,
    max: usize,
) -> Result<Vec<Erasure>, redb::Error> {
    let reading = database.begin_read()?;
    let (erased, register) = (reading.open_table(ERASED)?, reading.open_table(REGISTER)?);
    let mut entries = Vec::new();
    for row in erased.range(count.saturating_add(1)..)?.take(max) {
        let (ordinal, subject) = row?;
        let found = register.get(subject.value())?;
        let entry = found.and_then(|row| {
            let (_, reason, at) = row.value();
            Some((Reason::of_number(reason)?, Timestamp::from_millisecond(at).ok()?))
        });
        let (reason, at) = entry.ok_or_else(|| {
            redb::Error::Corrupted(format!("its register has no readable entry {}", ordinal.value()))
        })?;
        entries.push(Erasure {
            ordinal: ordinal.value(),
            subject: SubjectId::new(subject.value()),
            reason,
            at,
        });
    }
    Ok(entries)
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

//! Copies of the register of the erased: a text file beside the log, and another
//! at a second place, so that no backup of the vault brings a subject back.
//!
//! ```text
//! airside erased register 1 0192a1b2c3d47e5f8091a2b3c4d5e6f7
//! 1 erased 2026-11-20T08:30:00.000Z 5f0c2a71 journey-0193a5c0
//! ```
//!
//! The first line names the form and the log. Each other line is an entry: its
//! ordinal in this file, why, when, the first 8 hexadecimal digits of the
//! SHA-256 of the line without them, and the subject. Lines are only ever
//! added. A last line without its end was not on disk when the process ended;
//! who reads skips it, who writes cuts it off. `FORMAT.md` freezes the form.

use std::{
    collections::HashSet,
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use airside_kernel::{KeyError, LogId, SubjectId, Timestamp};
use thiserror::Error;
use uuid::Uuid;

use crate::{
    Erasure, Reason,
    cipher::short_digest,
    secret_file::{SecretFileError, io_error, open_private, sync_name},
};

const FIRST_WORDS: &str = "airside erased register ";

/// The form that this code writes.
const FORMAT: u64 = 1;

/// Longest line, in bytes; a subject is far shorter.
const LINE_LEN_MAX: usize = 64 << 10;

/// A copy of the register, open to be added to.
#[derive(Debug)]
pub struct RegisterFile {
    path: PathBuf,
    file: File,
    /// Length of its whole lines, in bytes.
    whole: u64,
    count: u64,
    names: HashSet<SubjectId>,
    #[cfg(test)]
    gate: Option<Gate>,
}

impl RegisterFile {
    /// Opens the copy of a log's register, making it when absent. It holds one
    /// name in memory for each entry.
    ///
    /// # Errors
    /// When it is another log's, of a newer form, or damaged, or cannot be used.
    pub fn open(path: &Path, log: LogId) -> Result<Self, RegisterError> {
        let found = scan(path, log)?;
        let mut file = open_private(path)?;
        if found.whole == 0 {
            let first = format!("{FIRST_WORDS}{FORMAT} {log}\n");
            write_at(&mut file, 0, first.as_bytes()).map_err(io_error("write", path))?;
            sync_name(path)?;
        }
        let count = found.entries.len() as u64;
        let names = found.entries.into_iter().map(|entry| entry.subject).collect();
        let end = file.seek(SeekFrom::End(0)).map_err(io_error("read", path))?;
        let whole = if found.whole == 0 { end } else { found.whole };
        Ok(Self {
            path: path.to_owned(),
            file,
            whole,
            count,
            names,
            #[cfg(test)]
            gate: None,
        })
    }

    /// Returns the entries of a log's register; none when there is no such file.
    ///
    /// # Errors
    /// When it is another log's, of a newer form, or damaged, or cannot be read.
    pub fn read(path: &Path, log: LogId) -> Result<Vec<Erasure>, RegisterError> {
        Ok(scan(path, log)?.entries)
    }

    /// Returns how many entries it has.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Returns where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds the entries whose subjects it does not name yet, under its own next
    /// ordinals, and returns when they are on disk. What a failed call left
    /// behind is written over by the next.
    ///
    /// # Errors
    /// When it cannot be written; it then has what it had before.
    pub fn append(&mut self, erased: &[Erasure]) -> Result<(), RegisterError> {
        let (mut lines, mut names, mut count) = (String::new(), HashSet::new(), self.count);
        for entry in erased {
            if !self.names.contains(&entry.subject) && names.insert(entry.subject.clone()) {
                count += 1;
                lines.push_str(&line(&Erasure { ordinal: count, ..entry.clone() }));
            }
        }
        if names.is_empty() {
            return Ok(());
        }
        #[cfg(test)]
        let _passed = self.gate.as_ref().map(|gate| gate.lock());
        write_at(&mut self.file, self.whole, lines.as_bytes()).map_err(io_error("write", &self.path))?;
        self.whole += lines.len() as u64;
        self.count = count;
        self.names.extend(names);
        Ok(())
    }
}

#[cfg(test)]
impl RegisterFile {
    /// Takes another file in its place, and one that hangs while the gate is shut.
    pub(crate) fn troubled(mut self, file: File, gate: Option<Gate>) -> Self {
        (self.file, self.gate) = (file, gate);
        self
    }
}

/// A lock that holds up every write of a test.
#[cfg(test)]
pub(crate) type Gate = std::sync::Arc<std::sync::Mutex<()>>;

/// Writes the last bytes of a file, durably.
fn write_at(file: &mut File, from: u64, bytes: &[u8]) -> io::Result<()> {
    file.set_len(from)?;
    file.seek(SeekFrom::Start(from))?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn line(entry: &Erasure) -> String {
    let (head, subject) = parts(entry);
    let check = check_of(&head, &subject);
    format!("{head} {check} {subject}\n")
}

fn parts(entry: &Erasure) -> (String, String) {
    let head = format!("{} {} {:.3}", entry.ordinal, entry.reason.as_str(), entry.at);
    let subject = entry.subject.as_str().replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r");
    (head, subject)
}

fn check_of(head: &str, subject: &str) -> String {
    let mut digest = short_digest(format!("{head} {subject}").as_bytes());
    digest.truncate(8);
    digest
}

/// Returns the entry of a line without its end; `None` when it is none.
fn parse_line(line: &str) -> Option<Erasure> {
    let mut words = line.splitn(5, ' ');
    let (ordinal, reason, at) = (words.next()?, words.next()?, words.next()?);
    let (check, escaped) = (words.next()?, words.next()?);
    if check != check_of(&format!("{ordinal} {reason} {at}"), escaped) {
        return None;
    }
    let entry = Erasure {
        ordinal: ordinal.parse().ok()?,
        reason: Reason::parse(reason)?,
        at: at.parse::<Timestamp>().ok()?,
        subject: SubjectId::new(unescape(escaped)?),
    };
    Some(entry)
}

fn unescape(escaped: &str) -> Option<String> {
    let (mut text, mut chars) = (String::with_capacity(escaped.len()), escaped.chars());
    while let Some(next) = chars.next() {
        text.push(match next {
            '\\' => match chars.next()? {
                '\\' => '\\',
                'n' => '\n',
                'r' => '\r',
                _ => return None,
            },
            other => other,
        });
    }
    Some(text)
}

/// What a file holds.
#[derive(Default)]
struct Found {
    entries: Vec<Erasure>,
    /// Length of its whole lines, in bytes; 0 when not even the first is whole.
    whole: u64,
}

fn scan(path: &Path, log: LogId) -> Result<Found, RegisterError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::default()),
        Err(error) => return Err(io_error("open", path)(error).into()),
    };
    let mut reader = BufReader::new(file);
    let mut next = || -> Result<Vec<u8>, RegisterError> {
        let mut bytes = Vec::new();
        reader
            .by_ref()
            .take(LINE_LEN_MAX as u64)
            .read_until(b'\n', &mut bytes)
            .map_err(io_error("read", path))?;
        Ok(bytes)
    };
    let first = next()?;
    if !first.ends_with(b"\n") {
        let expected = format!("{FIRST_WORDS}{FORMAT} {log}");
        return match expected.as_bytes().starts_with(&first) {
            true => Ok(Found::default()),
            false => Err(RegisterError::NotOne { path: path.into() }),
        };
    }
    check_first(path, &first, log)?;
    let mut found = Found { entries: Vec::new(), whole: first.len() as u64 };
    loop {
        let bytes = next()?;
        let Some(line) = bytes.strip_suffix(b"\n") else {
            return match bytes.len() < LINE_LEN_MAX {
                true => Ok(found),
                false => Err(damaged(path, &found)),
            };
        };
        let entry = std::str::from_utf8(line).ok().and_then(parse_line);
        let entry = entry.filter(|entry| entry.ordinal == found.entries.len() as u64 + 1);
        let Some(entry) = entry else { return Err(damaged(path, &found)) };
        found.entries.push(entry);
        found.whole += bytes.len() as u64;
    }
}

fn damaged(path: &Path, found: &Found) -> RegisterError {
    RegisterError::Damaged { path: path.into(), line: found.entries.len() as u64 + 2 }
}

fn check_first(path: &Path, first: &[u8], log: LogId) -> Result<(), RegisterError> {
    let not_one = || RegisterError::NotOne { path: path.into() };
    let text = std::str::from_utf8(first).map_err(|_| not_one())?.trim_end_matches('\n');
    let (form, bound) =
        text.strip_prefix(FIRST_WORDS).and_then(|rest| rest.split_once(' ')).ok_or_else(not_one)?;
    let form: u64 = form.parse().map_err(|_| not_one())?;
    if form == 0 {
        return Err(not_one());
    }
    if form > FORMAT {
        return Err(RegisterError::Newer { path: path.into(), found: form });
    }
    let bound = LogId(Uuid::try_parse(bound).map_err(|_| not_one())?);
    if bound != log {
        return Err(RegisterError::OtherLog { path: path.into(), bound, log });
    }
    Ok(())
}

/// A copy of the register that cannot be used.
#[derive(Debug, Error)]
pub enum RegisterError {
    /// The file cannot be used.
    #[error(transparent)]
    File(#[from] SecretFileError),
    /// The vault cannot be read.
    #[error(transparent)]
    Vault(#[from] KeyError),
    /// It is something else.
    #[error("{} is not a register of erased subjects: name another file, or remove it to have it written anew from the vault", path.display())]
    NotOne {
        /// The file.
        path: PathBuf,
    },
    /// A newer Airside wrote it.
    #[error("{} is a register of form {found}, newer than this airside reads ({FORMAT}): start the airside that wrote it, or a newer one", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its form.
        found: u64,
    },
    /// It belongs to another log.
    #[error("register {} belongs to log {bound} and this log is {log}: name the register of this log", path.display())]
    OtherLog {
        /// The file.
        path: PathBuf,
        /// The log that it belongs to.
        bound: LogId,
        /// The log that it was opened for.
        log: LogId,
    },
    /// A line was altered, dropped or is no entry.
    #[error("register {} is damaged at line {line}: bring it from its second place, or remove it to have it written anew from the vault", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The first line that is not as it was written, from 1.
        line: u64,
    },
    /// It names subjects that the vault has not erased.
    #[error("register {} names {count} erased subjects and its vault {erased}: replay it in the vault before it is kept", path.display())]
    Ahead {
        /// The file.
        path: PathBuf,
        /// How many it names.
        count: u64,
        /// How many the vault names.
        erased: u64,
    },
}

#[cfg(test)]
mod tests;

//! The register of the erased, as others see it.

use std::sync::PoisonError;

use airside_kernel::{KeyError, SubjectId, Timestamp};

use super::{Job, Shared, Vault, tables, tables::unavailable};
use crate::register::{RegisterError, RegisterFile};

/// Most entries in memory at once while a copy is brought up to date.
const CHUNK: usize = 4096;

/// Why a subject's keys were destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The subject was erased.
    Erased = 1,
    /// The retention of a raw day was over.
    Retired = 2,
}

impl Reason {
    pub(super) fn of_number(number: u8) -> Option<Self> {
        [Self::Erased, Self::Retired].into_iter().find(|reason| *reason as u8 == number)
    }

    /// Returns the stored name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Erased => "erased",
            Self::Retired => "retired",
        }
    }

    /// Returns the reason of a stored name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Erased, Self::Retired].into_iter().find(|reason| reason.as_str() == name)
    }
}

/// One entry of the register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// Its place in the register that it was read from, from 1.
    pub ordinal: u64,
    /// Whose keys were destroyed.
    pub subject: SubjectId,
    /// Why.
    pub reason: Reason,
    /// When, to the millisecond.
    pub at: Timestamp,
}

impl Vault {
    /// Returns every subject whose keys were destroyed, retired raw days too, in that order.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn erased_subjects(&self) -> Result<Vec<SubjectId>, KeyError> {
        self.erased_after(0)
    }

    /// Returns the subjects in the register after its first `count`, in order.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn erased_after(&self, count: u64) -> Result<Vec<SubjectId>, KeyError> {
        tables::erased_after(&self.shared.database, count)
    }

    /// Returns true when the subject is in the register.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn is_erased(&self, subject: &SubjectId) -> Result<bool, KeyError> {
        tables::is_erased(&self.shared.database, subject)
    }

    /// Returns at most `max` entries of the register after its first `count`, in order.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn register_after(&self, count: u64, max: usize) -> Result<Vec<Erasure>, KeyError> {
        tables::register_after(&self.shared.database, count, max).map_err(unavailable)
    }

    /// Erases what a copy of the register names and this vault does not, with
    /// the reason and time of then; returns how many subjects that were. Asked
    /// after [`Vault::not_older_than`], since it is a change like any other.
    ///
    /// # Errors
    /// When the vault cannot be written.
    pub async fn replay(&self, erased: &[Erasure]) -> Result<usize, KeyError> {
        let mut absent = Vec::new();
        for entry in erased {
            if !self.is_erased(&entry.subject)? {
                absent.push(entry.clone());
            }
        }
        if absent.is_empty() {
            return Ok(0);
        }
        self.submit(Job::Replay(absent)).await
    }

    /// Brings a copy of the register up to date and keeps it so: from now on
    /// an erasure returns only when the copy has it on disk.
    ///
    /// # Errors
    /// When the vault cannot be read or the copy cannot be written.
    pub fn keep_copy(&self, mut copy: RegisterFile) -> Result<(), RegisterError> {
        let mut copies = self.shared.copies.lock().unwrap_or_else(PoisonError::into_inner);
        let erased = self.shared.bring_up(&mut copy, 0)?;
        if copy.count() != erased {
            return Err(RegisterError::Ahead { path: copy.path().into(), count: copy.count(), erased });
        }
        copies.push(copy);
        Ok(())
    }

    /// Returns whether each kept copy of the register is up to date.
    ///
    /// # Errors
    /// When one could not be written; it is written with the next erasure, or
    /// after a restart.
    pub fn copies_health(&self) -> Result<(), String> {
        let behind = self.shared.behind.lock().unwrap_or_else(PoisonError::into_inner);
        behind
            .as_ref()
            .map_or(Ok(()), |copies| Err(format!("copies of the register lack erasures: {copies}")))
    }
}

impl Shared {
    /// Writes to each copy what it lacks; tries all before it reports those that failed.
    pub(super) fn copy_register(&self) -> Result<(), KeyError> {
        let mut copies = self.copies.lock().unwrap_or_else(PoisonError::into_inner);
        let mut failed = Vec::new();
        for copy in copies.iter_mut() {
            // A kept copy names what the register names, so their counts agree.
            let known = copy.count();
            if let Err(error) = self.bring_up(copy, known) {
                failed.push(format!("{} ({error})", copy.path().display()));
            }
        }
        let trouble = (!failed.is_empty()).then(|| failed.join(", "));
        let answer = trouble.as_ref().map_or(Ok(()), |copies| {
            Err(unavailable(format_args!(
                "it is erased here, but these copies of the register lack it: {copies}: erase it again when they can be written"
            )))
        });
        *self.behind.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
        answer
    }

    /// Adds the register after its first `known` entries to a copy; returns its length.
    fn bring_up(&self, copy: &mut RegisterFile, mut known: u64) -> Result<u64, RegisterError> {
        loop {
            let entries = tables::register_after(&self.database, known, CHUNK).map_err(unavailable)?;
            let Some(last) = entries.last() else { return Ok(known) };
            known = last.ordinal;
            copy.append(&entries)?;
        }
    }
}

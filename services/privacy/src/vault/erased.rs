//! The register of the erased, as others see it.

use airside_kernel::{KeyError, SubjectId, Timestamp};

use super::{Job, Vault, tables};
use crate::values::unavailable;

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
    /// When the vault cannot be written, or a kept copy of the register cannot.
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
        let count = self.submit(Job::Replay(absent)).await?;
        self.copied().await.map(|()| count)
    }
}

//! Proves that somebody knows a bag by more than its plate.
//!
//! A tag can be photographed, so a plate alone authorises nothing. Every
//! attempt opens and compares the same number of values, those that there are
//! and decoys for the rest, and never stops early: an unknown plate, a wrong
//! name and an erased passenger take the same work and give the same answer.

use std::sync::Arc;

use airside_kernel::{Category, KeyError, Keyring, Personal, SealContext, SubjectId};
use tokio::sync::OnceCell;
use tracing::warn;

use crate::{
    model::{JourneyId, RecordLocator, Surname, TagName},
    project::{MAX_JOURNEYS_PER_PLATE, Tag},
};

/// The subject of the value that stands in where there is none.
const DECOY_SUBJECT: &str = "trips.decoy";
/// How far a comparison always goes.
const MIN_COMPARED_BYTES: usize = 64;

/// The second thing that a passenger knows of a bag.
#[derive(Clone, PartialEq, Eq)]
pub enum Proof {
    /// The surname on the tag.
    Surname(Surname),
    /// The record locator of the booking.
    RecordLocator(RecordLocator),
}

/// Compares proofs with tags.
pub struct Prover {
    keys: Arc<dyn Keyring>,
    decoy: OnceCell<Personal>,
}

impl Prover {
    /// Makes a prover over the keys at hand.
    pub fn new(keys: Arc<dyn Keyring>) -> Self {
        Self { keys, decoy: OnceCell::new() }
    }

    /// Returns the newest journey that the proof fits. `tags` come newest first.
    ///
    /// # Errors
    /// When the keys cannot be read.
    pub async fn proven(&self, tags: &[Tag], proof: &Proof) -> Result<Option<JourneyId>, KeyError> {
        let decoy = self.decoy.get_or_try_init(|| self.make_decoy()).await?;
        let mut proven = None;
        for place in 0..MAX_JOURNEYS_PER_PLATE {
            let tag = tags.get(place);
            let sealed = tag.and_then(|tag| match proof {
                Proof::Surname(_) => tag.passenger_name.as_ref(),
                Proof::RecordLocator(_) => tag.record_locator.as_ref(),
            });
            let opened = open(self.keys.as_ref(), sealed.unwrap_or(decoy))?.unwrap_or_default();
            let fits = match proof {
                Proof::Surname(surname) => is_on_tag(&opened, surname),
                Proof::RecordLocator(locator) => {
                    is_same(RecordLocator::of(&opened).as_str(), locator.as_str())
                }
            };
            let fits = fits & sealed.is_some();
            let found = tag.filter(|_| fits).map(|tag| tag.journey);
            proven = proven.or(found);
        }
        Ok(proven)
    }

    async fn make_decoy(&self) -> Result<Personal, KeyError> {
        let subject = SubjectId::new(DECOY_SUBJECT);
        self.keys.ensure(&[(subject.clone(), Category::Travel)]).await?;
        let context = SealContext {
            stream: DECOY_SUBJECT.to_owned(),
            event_type: DECOY_SUBJECT.to_owned(),
            field: 0,
            schema_version: 0,
        };
        let sealed = self.keys.seal(&subject, Category::Travel, context, b"1NOBODY/AT ALL")?;
        Ok(sealed.map_or(Personal::Erased, Personal::Sealed))
    }
}

/// Returns true when one of the passengers of a tag, a line each, has the surname.
fn is_on_tag(names: &str, surname: &Surname) -> bool {
    names.split('\n').fold(false, |found, name| found | is_named(&TagName::of(name), surname))
}

/// Returns true when a passenger has the surname. Every form of the one is
/// compared with every form of the other, found or not.
pub fn is_named(passenger: &TagName, surname: &Surname) -> bool {
    let pairs =
        passenger.forms().iter().flat_map(|written| surname.forms().iter().map(move |form| (written, form)));
    pairs.fold(false, |found, (written, form)| found | is_same(written, form))
}

/// Opens a sealed text; `None` when it is erased or does not open.
///
/// # Errors
/// When the keys cannot be read now.
pub fn open(keys: &dyn Keyring, value: &Personal) -> Result<Option<String>, KeyError> {
    match value.open(keys) {
        Ok(opened) => Ok(opened.known().cloned()),
        Err(error @ KeyError::Unavailable { .. }) => Err(error),
        Err(error) => {
            warn!(error = %error, "a sealed value does not open and matches nothing");
            Ok(None)
        }
    }
}

/// Compares two texts in a time that does not tell where they differ; an empty text is like none.
pub fn is_same(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let byte = |text: &[u8], at: usize| text.get(at).copied().unwrap_or_default();
    let length = left.len().max(right.len()).max(MIN_COMPARED_BYTES);
    let differences = (0..length).fold(0u8, |sum, at| sum | (byte(left, at) ^ byte(right, at)));
    (differences == 0) & (left.len() == right.len()) & !left.is_empty()
}

#[cfg(test)]
mod tests;

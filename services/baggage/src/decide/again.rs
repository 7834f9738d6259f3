//! Whether a copy of a message says anything new of a plate. Pure.
//!
//! Two lines of one source may bring each message twice, and a sender that takes
//! something back and says it again sends the same bytes too. A copy says nothing new
//! while nothing else that was said of the bag stands between it and what it copies.
//! So the last word counts, and of two lines that each keep the order of their source
//! the one that is behind ends with it.
//!
//! What stands between is told by what does not change afterwards, so that reading
//! the log again decides alike: of the same source by the order of its messages, of
//! another by when it was received. A word that is about an earlier time than that of the
//! copied one does not stand between.

use airside_kernel::{Revision, Timestamp};

use crate::{
    journey::Plate,
    model::{Content, Observation},
};

/// Returns whether an observation repeats one from a message with the same bytes, and nothing was said since.
pub(super) fn says_nothing_new(plate: &Plate, copy: &Observation, copies: &[Revision]) -> bool {
    if copies.is_empty() {
        return false;
    }
    let mine = plate.remembered().map(|(one, _)| one).filter(|one| one.source == copy.source);
    let repeated = mine.filter(|one| sent(one).is_some_and(|message| copies.contains(&message)));
    let Some(first) = repeated.max_by_key(|one| sent(one)) else { return false };
    let mut words = plate.remembered().filter(|(_, content)| is_word(content));
    !words.any(|(other, _)| stands_between(first, other, copy))
}

fn stands_between(first: &Observation, other: &Observation, copy: &Observation) -> bool {
    let came_between = match (other.source == copy.source, sent(other)) {
        (true, Some(message)) => sent(first) < Some(message) && Some(message) < sent(copy),
        _ => received_at(first) < received_at(other) && received_at(other) < received_at(copy),
    };
    came_between && first.happened_at() <= other.happened_at() && other.happened_at() <= copy.happened_at()
}

/// Whether somebody said it of the bag; the rest follows from what was said.
fn is_word(content: &Content) -> bool {
    matches!(content, Content::Announced(_) | Content::Scanned(_) | Content::Reported(_))
}

/// Returns the message behind an observation, by its place in its source.
fn sent(one: &Observation) -> Option<Revision> {
    one.cause.as_ref().map(|cause| cause.revision)
}

fn received_at(one: &Observation) -> Timestamp {
    one.received_at.unwrap_or_else(|| one.happened_at())
}

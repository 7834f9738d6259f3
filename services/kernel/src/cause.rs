//! What made a reactor act, and how a target acts on each cause once.
//!
//! A source stream is processed in order, so the target needs to keep only the
//! highest cause for each reactor and source stream. A crash, a replay or two
//! nodes doing the same work then append once.

use std::{cmp::Ordering, collections::BTreeMap};

use serde::{Deserialize, Serialize};

use crate::Revision;

/// One event of one stream, as the cause of a command.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Cause {
    /// The reactor, such as `baggage.parse`.
    pub reactor: String,
    /// The stream that held the event.
    pub stream: String,
    /// The revision of the event in that stream.
    pub revision: Revision,
    /// Which of several commands for one target that this event gave, from 0.
    pub index: u32,
}

/// The highest cause seen for each reactor and source stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Causes(BTreeMap<(String, String), (Revision, u32)>);

impl Causes {
    /// Returns true when this cause, or a later one of its stream, was seen.
    pub fn seen(&self, cause: &Cause) -> bool {
        self.0
            .get(&(cause.reactor.clone(), cause.stream.clone()))
            .is_some_and(|seen| seen.cmp(&(cause.revision, cause.index)) != Ordering::Less)
    }

    /// Notes that this cause was acted on.
    pub fn note(&mut self, cause: &Cause) {
        let seen = self.0.entry((cause.reactor.clone(), cause.stream.clone())).or_default();
        *seen = (*seen).max((cause.revision, cause.index));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(stream: &str, revision: u64, index: u32) -> Cause {
        Cause { reactor: "r".into(), stream: stream.into(), revision: Revision(revision), index }
    }

    #[test]
    fn a_cause_counts_once_and_older_ones_of_its_stream_never_again() {
        let mut causes = Causes::default();
        assert!(!causes.seen(&cause("bag-1", 0, 0)));
        causes.note(&cause("bag-1", 4, 1));
        assert!(causes.seen(&cause("bag-1", 4, 1)));
        assert!(causes.seen(&cause("bag-1", 4, 0)));
        assert!(causes.seen(&cause("bag-1", 3, 7)));
        assert!(!causes.seen(&cause("bag-1", 4, 2)));
        assert!(!causes.seen(&cause("bag-2", 0, 0)));
    }
}

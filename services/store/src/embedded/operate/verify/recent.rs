//! Events that the index on disk has not taken yet: their places stand in
//! memory, and there are few of them.

use std::collections::HashMap;

use airside_kernel::{ReadError, RecordedEvent};

use super::{
    super::super::{index::Snapshot, shared::Shared},
    Finding, INDEX_FILE,
};
use crate::blob::Place;

/// Checks events beyond what the index has taken.
pub(super) struct Newest<'a> {
    shared: &'a Shared,
    index: &'a Snapshot,
    next: HashMap<String, u64>,
}

impl<'a> Newest<'a> {
    /// Begins after what the index has taken.
    pub(super) fn new(shared: &'a Shared, index: &'a Snapshot) -> Self {
        Self { shared, index, next: HashMap::new() }
    }

    /// Checks one event: its revision, and that its stream's readers find it.
    pub(super) fn check(
        &mut self,
        event: &RecordedEvent,
        place: Place,
        file: &str,
        some_lost: bool,
    ) -> Result<Vec<Finding>, ReadError> {
        let (stream, revision) = (event.stream(), event.revision().0);
        let finding = |file: &str, what: String| Finding {
            position: Some(event.position().parts().0),
            stream: Some(stream.to_owned()),
            file: file.to_owned(),
            what,
        };
        let expected = match self.next.get(stream) {
            Some(next) => *next,
            None => self.index.last(stream)?.map_or(0, |last| last + 1),
        };
        let mut found = Vec::new();
        // What was lost before may have held the revisions that are missing.
        if revision != expected && !some_lost {
            let what = format!("revision {revision} comes where {expected} should: events are missing");
            found.push(finding(file, what));
        }
        self.next.insert(stream.to_owned(), revision + 1);
        if self.shared.place_of(stream, revision)? != Some(place) {
            let what = "its stream's readers do not find it here: restart the store".to_owned();
            found.push(finding(INDEX_FILE, what));
        }
        Ok(found)
    }
}

//! Do the segments of a backup belong together: the first and the last commit
//! of each, without a walk over all of them.

use std::path::Path;

use super::{
    super::segments::{About, about, ends, segment_path},
    LogManifest, Pane, RestoreError, hex,
    restore::first_of,
};
use crate::blob::{Blob, Damage, NO_HASH};

/// Enough for the few pages on the way to a commit.
const CACHE_BYTES: usize = 1024 * 1024;

/// Checks that segments follow one another and end where the manifest says.
pub(super) fn check_edges(from: &Path, manifest: &LogManifest) -> Result<(), RestoreError> {
    let (mut next, mut previous) = (1, NO_HASH);
    for first in manifest.files.iter().filter_map(|file| first_of(&file.name)) {
        let path = segment_path(from, first);
        let foreign = |reason: String| RestoreError::Foreign { path: path.clone(), reason };
        let found = Pane::over(&path, CACHE_BYTES).map_err(redb::Error::from);
        let found = found.and_then(|pane| pane.read(|db| Ok((about(db)?, ends(db)?))));
        let (said, ends) = found.map_err(|error| foreign(format!("it cannot be read: {error}")))?;
        if first != next || said != (About { first: Some(next), previous: Some(previous) }) {
            return Err(foreign(format!("it does not follow position {}", next - 1)));
        }
        let Some((oldest, newest)) = ends else { continue };
        let open = |bytes| Blob::open(bytes, manifest.log_id).map_err(|Damage(reason)| foreign(reason));
        let (oldest, newest) = (open(oldest)?, open(newest)?);
        if oldest.first() != next || oldest.previous() != previous {
            return Err(foreign(format!("its first commit does not follow position {}", next - 1)));
        }
        (next, previous) = (newest.last() + 1, newest.hash());
    }
    if next - 1 == manifest.position && hex(&previous) == manifest.last_commit {
        return Ok(());
    }
    let reason = format!("its segments end at position {}, not {}", next - 1, manifest.position);
    Err(RestoreError::Foreign { path: from.to_owned(), reason })
}

//! What every adapter checks before it appends, with the same answers.

use airside_kernel::{Append, AppendError, Expected, MAX_APPEND_BYTES, MAX_APPEND_EVENTS, Revision};

use crate::blob::MAX_TYPE_BYTES;

/// Checks an append against the limits of the port.
pub(crate) fn within_limits(append: Append) -> Result<Append, AppendError> {
    let bytes = append.events.iter().map(|event| event.metadata.len() + event.payload.len()).sum();
    let longest_type = append.events.iter().map(|event| event.event_type.len()).max().unwrap_or(0);
    for (unit, actual, limit) in [
        ("events", append.events.len(), MAX_APPEND_EVENTS),
        ("bytes", bytes, MAX_APPEND_BYTES),
        ("bytes of an event type", longest_type, MAX_TYPE_BYTES),
    ] {
        if actual > limit {
            return Err(AppendError::TooLarge { stream: append.stream, unit, actual, limit });
        }
    }
    Ok(append)
}

/// Returns the revision that the first new event gets, or the conflict.
pub(crate) fn next_revision(append: &Append, current: Option<Revision>) -> Result<Revision, AppendError> {
    let agrees = match append.expected {
        Expected::Any => true,
        Expected::NoStream => current.is_none(),
        Expected::Exact(revision) => current == Some(revision),
    };
    if agrees {
        return Ok(current.map_or(Revision::FIRST, Revision::next));
    }
    Err(AppendError::Conflict { stream: append.stream.clone(), expected: append.expected, current })
}

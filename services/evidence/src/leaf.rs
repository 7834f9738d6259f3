//! The canonical form of an event and its leaf hash, as `FORMAT.md` freezes them.
//!
//! Policy. The form holds everything that the port hands out except the
//! position: an event's place is its index in the tree, so moving an event
//! changes the root without changing a leaf, and an adapter may number as it
//! likes. `fold-from` is in it, because who changes it changes what a stream's
//! state is folded from. The payload is taken as it is stored, sealed fields
//! and all, so destroying a key changes no leaf. Each part of variable length
//! has its length before it, so no two events have the same form.

use airside_kernel::RecordedEvent;
use sha2::{Digest, Sha256};

use crate::tree::Hash;

/// The version of the canonical form: its first byte.
pub const CANONICAL_VERSION: u8 = 1;

/// What is hashed before a leaf (RFC 6962, 2.1).
const LEAF: u8 = 0;

/// The length of the part of the form that every event has.
const FIXED_BYTES: usize = 53;

/// Returns the leaf hash of an event.
pub fn leaf(event: &RecordedEvent) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([LEAF]);
    parts(event, |part| hasher.update(part));
    hasher.finalize().into()
}

/// Returns the canonical form of an event: what its leaf is the hash of.
pub fn canonical(event: &RecordedEvent) -> Vec<u8> {
    let mut out = Vec::with_capacity(FIXED_BYTES + 64 + event.payload().len());
    parts(event, |part| out.extend_from_slice(part));
    out
}

fn parts(event: &RecordedEvent, mut take: impl FnMut(&[u8])) {
    let mut fixed = [0; FIXED_BYTES];
    fixed[0] = CANONICAL_VERSION;
    fixed[1..9].copy_from_slice(&event.revision().0.to_le_bytes());
    fixed[9..25].copy_from_slice(event.id().0.as_bytes());
    fixed[25..29].copy_from_slice(&event.schema_version().to_le_bytes());
    fixed[29..37].copy_from_slice(&event.occurred_at().as_microsecond().to_le_bytes());
    fixed[37..45].copy_from_slice(&event.recorded_at().as_microsecond().to_le_bytes());
    fixed[45..53].copy_from_slice(&event.fold_from().0.to_le_bytes());
    take(&fixed);
    for part in
        [event.stream().as_bytes(), event.event_type().as_bytes(), event.metadata_bytes(), event.payload()]
    {
        let length = u32::try_from(part.len()).expect("the spans of an event have 32 bits");
        take(&length.to_le_bytes());
        take(part);
    }
}

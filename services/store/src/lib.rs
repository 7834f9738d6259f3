//! Adapters of the [`EventStore`](airside_kernel::EventStore) port.
//!
//! - [`MemoryStore`]: the log in memory; the plain reference.
//! - [`EmbeddedStore`]: the log in one folder, no server. `FORMAT.md` beside
//!   this crate freezes its bytes.
//! - [`kurrent`]: the log on a KurrentDB cluster, over its public protocol.
//!
//! Words: a *commit* is what is made durable at once: one *blob* of framed
//! events. A *segment* is a file of commits. A *position* is the number of an
//! event in the log, from 1, without gaps. The *watermark* is the last durable
//! position; nothing beyond it is ever shown.
//!
//! Invariants: an event that was acknowledged is on disk; an append happens
//! whole or not at all; the index can be thrown away at any time; after any
//! failed write or sync nothing is written any more. The time comes from the
//! clock that is passed in. One contract suite runs on every adapter.

mod blob;
mod checks;
mod embedded;
mod follow;
pub mod kurrent;
mod memory;

pub use blob::FORMAT_VERSION;
pub use embedded::{
    BACKUP_FORMAT, BackupError, BackupFile, EmbeddedStore, Figures, Finding, IndexFigures, LogManifest,
    OpenError, Options, RestoreError, Restored, SegmentFigures, Stats, Step, Verified, check_backup,
    identity, read_manifest, rebuild_index, restore,
};
pub use memory::MemoryStore;

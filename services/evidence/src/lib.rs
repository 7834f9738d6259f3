//! Tamper evidence: who has a signed checkpoint can tell that nothing of the
//! log before it was changed, dropped, moved or put in.
//!
//! **Words.** A *leaf* is the hash of one event in its canonical form. The
//! *tree* (RFC 6962) stands over all leaves in the order of the log. A
//! *checkpoint* is its root at a size, signed. The *second place* is another
//! disk or host that gets every hash and checkpoint too. The *notary* makes
//! them while the log grows.
//!
//! **What it owns.** `DIR/evidence/` and the second place: `hashes.<level>`,
//! `checkpoints`, `place`, `lock`. `FORMAT.md` freezes the bytes. It appends to
//! no stream.
//!
//! **Invariants.**
//! - Hashes are durable before the checkpoint that names them is written.
//! - Nothing is signed over a contradiction: when the log, the kept hashes and
//!   the newest checkpoint do not agree, the notary stops and says so.
//! - What was signed is never taken back, not even by a restore.
//! - The events alone decide a root: hashes can be computed again from the log.
//!
//! **What it shows and what not.** A checkpoint binds whoever signed it; who
//! holds the key *and* every copy of the checkpoints can write another history.
//! So keep checkpoints, or at least one now and then, where the operator of the
//! log cannot change them. Events after the newest checkpoint are not covered
//! yet: about ten seconds' worth. Personal data is hashed as it is stored,
//! sealed, so erasure breaks nothing and a leaf reveals nothing.
//!
//! **In a cluster** the role that holds the evidence folder computes it, one
//! alone. Two would write the same hashes, since the log decides them; a lock
//! keeps them out of one folder, and with two folders the second place refuses
//! the later one by name, because its checkpoints do not follow those there.
//!
//! This crate names no cipher: signing and checking come from outside.

mod check;
pub mod checkpoint;
mod elsewhere;
mod files;
pub mod leaf;
mod ledger;
mod mirror;
mod notary;
pub mod note;
pub mod proof;
mod prove;
mod take_up;
pub mod tree;

pub use check::{CheckError, CheckOptions, Checked, Finding, Remark, check};
pub use checkpoint::Checkpoint;
pub use elsewhere::newest_elsewhere;
pub use files::{CHECKPOINTS, FolderError, HashFiles, newest};
pub use mirror::{MirrorError, mirror};
pub use notary::{Figures, Health, Notary, OpenError, Options, SecondPlace};
pub use note::{Malformed, Note, Signed, Signer, VerifierKey, Verify};

pub use prove::{PROOF_EVENTS_MAX, PROOF_FORMAT, Proof, ProveError, ProvenEvent, prove_event, prove_stream};

/// Where a generation of the log began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    /// The generation that a restore began.
    pub generation: u64,
    /// How many events the log had then.
    pub size: u64,
}

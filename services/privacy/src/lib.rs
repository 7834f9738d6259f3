//! Keys of personal data: seal, open, shred.
//!
//! **Words.** A *data key* is 256 random bits for one (subject, category). It
//! is stored only *wrapped* under the *root key* of the installation. The
//! *register* names every subject whose keys were destroyed; it is the fence
//! that keeps a subject erased: no key is ever made again for a name in it. A
//! vault belongs to one log and counts its *changes*, so that one older than
//! its log is told. `FORMAT.md` freezes the bytes of all of these.
//!
//! **What it owns.** `DIR/vault/root.key`, `DIR/vault/vault.redb`,
//! `DIR/keys/{token,evidence}.*` and the copies of the register that it is told
//! to keep. No stream, no other file.
//!
//! **Invariants.**
//! - A key exists on disk before anything is sealed under it, so a sealed value
//!   in the log can always be opened, or was erased on purpose.
//! - Keys are random and never derived from a subject, so destroying one
//!   destroys what it sealed and nothing else.
//! - A sealed value is bound to its subject, category, key version, stream,
//!   event type, field and schema version; moved elsewhere it does not open.
//! - Once [`Keyring::erase`](airside_kernel::Keyring::erase) has returned, no
//!   seal, open or fingerprint finds a key again: not after a restart, not in a race.
//! - Neither a clear value nor an unwrapped key is written to any file.
//! - A backup is of one moment, holds neither the root key nor a destroyed key,
//!   and is whole or refused. Restoring it replays the register before the
//!   vault has its name, so that nobody erased since opens again.
//! - After a write that failed, no change is taken until a restart.
//!
//! **Two adapters.** [`Vault`] keeps the keys in the data folder. Where roles are
//! split one node has it, and hands keys out; the others have a [`DistantVault`],
//! which holds them in memory for a bounded time and never on disk.
//!
//! **Limits.** Erasing takes effect at once through this vault. It is final for
//! a copy of the vault only when that copy is gone: keep backups of the vault
//! apart from those of the log and for days, not years. The vault file is
//! copy-on-write, so a wrapped key may linger in a free page until the page is
//! used again; who holds both that page and the root key could still read it.
//! Neither a backup nor a restored vault has such pages.
//!
//! This crate alone names a cipher. It never prints a key or a clear value.

mod cipher;
mod distant;
pub mod evidence_key;
mod port;
mod raw;
pub mod register;
mod secret_file;
pub mod signing;
mod values;
mod vault;

pub use distant::{DistantVault, VaultLine};
pub use port::{ErasedSince, VaultPort};
pub use secret_file::{SecretFileError, read_secret};
pub use vault::{
    BackupError, Covered, Erasure, Handed, HandedKey, HandedOut, KeyAsk, ManifestFile, Reason, Vault,
    VaultError, VaultManifest, VaultRestored, read_manifest, restore_vault,
};

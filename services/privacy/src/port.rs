//! The port of the place of keys, which nodes of one log share.
//!
//! Beside what a [`Keyring`] does it tells of erasures, because who keeps opened
//! values must forget them, and by what it is known from any other vault.

use airside_kernel::{KeyError, Keyring, SubjectId};
use async_trait::async_trait;
use tokio::sync::watch;

/// The place of keys, as a node sees it.
#[async_trait]
pub trait VaultPort: Keyring {
    /// Watches the length of the register. Who keeps opened values asks
    /// [`VaultPort::erased_since`] for what it has not seen when this grows.
    fn on_erase(&self) -> watch::Receiver<u64>;

    /// Returns subjects of the register after its first `count`, in order, at most a page of them.
    ///
    /// # Errors
    /// When the vault cannot be read.
    async fn erased_since(&self, count: u64) -> Result<ErasedSince, KeyError>;

    /// Returns what tells this vault's root key from any other, and reveals nothing of it.
    fn root_check(&self) -> Vec<u8>;

    /// Returns how it is, for readiness.
    ///
    /// # Errors
    /// When this node cannot work with it, with why.
    fn state(&self) -> Result<String, String>;
}

/// Some of the register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasedSince {
    /// The next subjects, in order; fewer than there are when a page is full.
    pub subjects: Vec<SubjectId>,
    /// How many subjects the register named before these were looked up.
    pub register: u64,
}

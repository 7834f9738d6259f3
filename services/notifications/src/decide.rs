//! The rules of notifications. Pure.
//!
//! [`Delivery`]: the one place where it is decided what becomes of a notice that somebody needs:
//! it is told, it waits, it is merged into a newer one, or it is not told and why. Each cause is
//! answered once, whatever is replayed and however many nodes propose it; acknowledgements only
//! rise. [`turn`] holds the policy.
//!
//! [`Inbox`]: what was decided to be told is told once.

pub mod delivery;
pub mod inbox;
pub mod turn;

pub use delivery::{Delivery, DeliveryCommand, DeliveryRejection, DeliveryState};
pub use inbox::{Inbox, InboxCommand, InboxRejection, InboxState};

#[cfg(test)]
mod tests;

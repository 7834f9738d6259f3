//! The WebSocket `/push`: sessions of passengers, one frame a text message.
//!
//! The frames are those of `notifications.v1` in canonical JSON; what happens in a
//! session is the [`Sessions`] behind this wire, the same that gRPC `Watch` has. A
//! session begins with `connect`, which carries the token, so that no address holds
//! one. From then on the connection belongs to its session: its task, its place
//! among the connections and its end. On the same socket a session may have live
//! views: unary reads that are said again when their answers change.
//!
//! Policy. What a client says is bounded in size and rate; what it does not read in
//! time ends its session, and so does its silence. Each end has its close code, and
//! nobody else's session waits for it.

mod close;
mod frames;
mod limits;
mod notices;
mod talk;
mod upgrade;
mod views;

use airside_api::notifications::v1::{AckLevel, Connect, WatchResponse};
use airside_kernel::PersonId;
use airside_runtime::projections::Changes;
use async_trait::async_trait;
use tonic::Status;

pub(crate) use limits::Limits;
pub(crate) use talk::run;
pub(crate) use upgrade::{Slot, answer};

/// Where the WebSocket is.
pub(crate) const PATH: &str = "/push";
/// The subprotocol that is spoken there.
pub(crate) const SUBPROTOCOL: &str = "airside.push.v1";

/// What stands behind the sessions on this wire.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Opens a session of a person; the token of `connect` was verified.
    ///
    /// # Errors
    /// When the person has too many, the system stops, or what `connect` asks for makes no sense.
    async fn open(&self, person: PersonId, connect: &Connect) -> Result<Box<dyn Session>, Status>;

    /// Returns what tells the live views of sessions which streams changed.
    fn changes(&self) -> Changes;
}

/// A session behind this wire.
#[async_trait]
pub trait Session: Send + Sync {
    /// Waits for the next frame; `None` after the last. Safe to cancel: nothing is
    /// lost when the future is dropped.
    ///
    /// # Errors
    /// When the session cannot go on.
    async fn next(&mut self) -> Result<Option<WatchResponse>, Status>;

    /// Notes how far notices got.
    ///
    /// # Errors
    /// When there is no such notice, or it cannot be stored.
    async fn acknowledge(&self, up_to_seq: u64, level: AckLevel) -> Result<(), Status>;
}

//! Follows the inboxes and hands each notice to the sessions of this process.
//!
//! A projection without a read model: notices of persons who have no session
//! here are not even decoded, and what a session misses it reads from the log.

use std::sync::Arc;

use airside_kernel::{DecodeError, Projection, RecordedEvent};

use crate::{
    hub::Hub,
    item::Item,
    model::{self, INBOX},
};

/// Hands notices to sessions.
#[derive(Debug)]
pub struct Fanout {
    hub: Hub,
}

impl Fanout {
    /// Makes the projection over a hub.
    pub fn new(hub: Hub) -> Self {
        Self { hub }
    }
}

impl Projection for Fanout {
    const NAME: &'static str = "notifications.fanout";

    fn wants(category: &str) -> bool {
        category == INBOX
    }

    fn apply(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        let person = model::person_of(event)?;
        if self.hub.has(person) {
            self.hub.publish(person, &Arc::new(Item::read(event)?));
        }
        Ok(())
    }
}

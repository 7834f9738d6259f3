//! The stream of a plate, and what it amounts to, straight from a log.

use airside_kernel::{Decider, DecodeError, Direction, EventStore, ReadError, StoredEvent, StreamId};
use thiserror::Error;

use crate::{decide::Bag, events::BagEvent, journey::Plate, model::LicencePlate, react::bag_stream};

/// How many events are read at once.
const PAGE_EVENTS: usize = 1_000;

/// A plate whose stream cannot be folded.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The log cannot be read.
    #[error("stream of the plate cannot be read")]
    Read(#[from] ReadError),
    /// A stored fact cannot be decoded.
    #[error("facts of the plate cannot be read")]
    Decode(#[from] DecodeError),
}

/// Returns the stream of a plate.
pub fn stream(plate: LicencePlate) -> StreamId {
    bag_stream(plate)
}

/// Returns what a plate's stream amounts to; nothing when nobody ever saw it.
///
/// # Errors
/// When the log cannot be read or a fact cannot be decoded.
pub async fn load(store: &dyn EventStore, plate: LicencePlate) -> Result<Plate, LoadError> {
    let stream = bag_stream(plate);
    let newest = store.read_stream(&stream, Direction::Backwards, None, 1).await?;
    let Some(newest) = newest.events.first() else { return Ok(Plate::default()) };
    let (mut state, mut from) = (Plate::default(), newest.fold_from());
    loop {
        let page = store.read_stream(&stream, Direction::Forwards, Some(from), PAGE_EVENTS).await?;
        for event in &page.events {
            let [fact] = BagEvent::decode(event)?;
            state = Bag::evolve(state, &fact);
            from = event.revision().next();
        }
        if page.end || page.events.is_empty() {
            return Ok(state);
        }
    }
}

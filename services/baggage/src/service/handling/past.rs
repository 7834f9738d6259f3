//! Plates, flights and containers as they were known at an instant, by folding their streams.

use std::collections::HashMap;

use airside_kernel::{DecodeError, Direction, EventStore, RecordedEvent, StreamId, Timestamp};
use airside_runtime::{
    executor::Executor,
    status::{invalid, status},
};
use jiff::SignedDuration;
use tonic::Status;

use super::MAX_PLATES_AS_OF;
use crate::{
    decide::Bag,
    handling::{
        lists::ComesOff,
        loads::{Container, FlightLoad, KEPT_DAYS},
    },
    journey::Plate,
    model::{DatedFlight, LicencePlate},
};

/// How many events are read at once.
const PAGE_EVENTS: usize = 1_000;

/// Refuses an instant for which it is not known any more which plates a list would have.
pub(super) fn is_kept(at: Timestamp, now: Timestamp) -> Result<(), Status> {
    if now.duration_since(at) <= SignedDuration::from_hours(24 * KEPT_DAYS) {
        return Ok(());
    }
    Err(invalid("as_of", "lists reach back 30 days; ask for bags one by one, or have the log searched"))
}

/// Folds plates up to an instant; those that were not known then are left out.
pub(super) async fn plates(
    executor: &Executor<Bag>,
    concerned: &[LicencePlate],
    at: Timestamp,
) -> Result<Vec<(LicencePlate, Plate)>, Status> {
    if concerned.len() > MAX_PLATES_AS_OF {
        let problem =
            format_args!("more than {MAX_PLATES_AS_OF} plates would have to be folded; name a flight");
        return Err(invalid("as_of", problem));
    }
    let mut then = Vec::with_capacity(concerned.len());
    for plate in concerned {
        let folded = executor.load_as_of(&plate.stream(), at).await.map_err(|error| status(&error))?;
        then.extend(folded.map(|folded| (*plate, folded.state)));
    }
    Ok(then)
}

/// Folds a flight and its loading up to an instant.
pub(super) async fn flight(
    store: &dyn EventStore,
    flight: DatedFlight,
    at: Timestamp,
) -> Result<FlightLoad, Status> {
    let mut load = FlightLoad::default();
    for category in ["flight", "loading"] {
        let stream = StreamId::new(category, flight.to_string()).expect("a flight id is visible ASCII");
        until(store, &stream, at, |event| load.take(event)).await?;
    }
    Ok(load)
}

/// Folds a container up to an instant; `None` when nothing was reported of it.
pub(super) async fn container(
    store: &dyn EventStore,
    id: &str,
    at: Timestamp,
) -> Result<Option<Container>, Status> {
    // What cannot be a stream was never reported as a whole.
    let Ok(stream) = StreamId::new("container", id) else { return Ok(None) };
    let mut known: Option<Container> = None;
    until(store, &stream, at, |event| known.get_or_insert_default().take(event)).await?;
    Ok(known)
}

/// Returns the compartments on a flight of the containers that bags come out of.
pub(super) async fn holds(
    store: &dyn EventStore,
    flight: DatedFlight,
    found: &[ComesOff<'_>],
    at: Timestamp,
) -> Result<HashMap<String, String>, Status> {
    let mut holds = HashMap::new();
    for one in found.iter().filter(|one| one.compartment.is_empty() && !one.container.is_empty()) {
        if !holds.contains_key(&one.container) {
            let known = container(store, &one.container, at).await?;
            let hold = known.and_then(|known| known.hold_for(flight)).unwrap_or_default();
            holds.insert(one.container.clone(), hold);
        }
    }
    Ok(holds)
}

async fn until(
    store: &dyn EventStore,
    stream: &StreamId,
    at: Timestamp,
    mut take: impl FnMut(&RecordedEvent) -> Result<(), DecodeError>,
) -> Result<(), Status> {
    let mut from = None;
    loop {
        let page = store.read_stream(stream, Direction::Forwards, from, PAGE_EVENTS).await;
        let page = page.map_err(|error| status(&error))?;
        for event in &page.events {
            if event.recorded_at() > at {
                return Ok(());
            }
            take(event).map_err(|error| {
                tracing::error!(error = %error, "a stored event of a flight or container cannot be read");
                Status::data_loss("stored data cannot be read")
            })?;
        }
        match page.events.last() {
            Some(last) if !page.end => from = Some(last.revision().next()),
            _ => return Ok(()),
        }
    }
}

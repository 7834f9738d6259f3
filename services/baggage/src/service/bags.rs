//! Bags as a caller may see them.

use std::pin::Pin;

use airside_api::baggage::v1 as api;
use airside_kernel::{Keyring, Personal, Timestamp};
use airside_runtime::{
    auth::Caller,
    status::{not_found, status},
    stopped,
    stored::timestamp_message,
};
use futures::{Stream, stream};
use tonic::Status;

use super::{Baggage, list_token, scope};
use crate::{
    events::{leg_message, status_message},
    journey::Journey,
    model::{Content, DatedFlight, LicencePlate, Observation, masked_name},
    project::ListKey,
};

/// The stream of a watched bag.
pub(super) type WatchStream = Pin<Box<dyn Stream<Item = Result<api::WatchBagResponse, Status>> + Send>>;

pub(super) fn find(
    service: &Baggage,
    plate: LicencePlate,
    caller: &Caller,
) -> Result<Option<(api::Bag, u64)>, Status> {
    let keys = service.keys.as_ref();
    Ok(service.bags.read(|bags| {
        bags.find(plate, scope(caller))
            .map(|(journey, version)| (message(plate, journey, caller, keys, true), version))
    }))
}

/// Returns a bag as it was known at an instant. What the caller follows, and
/// which names can be opened, is as it is now.
pub(super) async fn find_as_of(
    service: &Baggage,
    plate: LicencePlate,
    caller: &Caller,
    at: Timestamp,
) -> Result<Option<api::Bag>, Status> {
    let then = service.executor.load_as_of(&plate.stream(), at).await.map_err(|error| status(&error))?;
    let Some(then) = then else { return Ok(None) };
    let keys = service.keys.as_ref();
    Ok(service.bags.read(|bags| {
        let journey = bags.newest(&then.state, scope(caller));
        journey.map(|journey| message(plate, journey, caller, keys, true))
    }))
}

pub(super) fn list(
    service: &Baggage,
    caller: &Caller,
    flight: Option<DatedFlight>,
    before: Option<ListKey>,
    limit: usize,
) -> Result<api::ListBagsResponse, Status> {
    let keys = service.keys.as_ref();
    Ok(service.bags.read(|bags| {
        let found = bags.list(scope(caller), flight, before, limit);
        let next = found.last().filter(|_| found.len() == limit).map(|(key, _)| list_token(*key));
        api::ListBagsResponse {
            bags: found
                .into_iter()
                .map(|((_, plate), journey)| message(plate, journey, caller, keys, false))
                .collect(),
            next_page_token: next.unwrap_or_default(),
        }
    }))
}

pub(super) fn watch(service: &Baggage, plate: LicencePlate, caller: Caller) -> Result<WatchStream, Status> {
    find(service, plate, &caller)?.ok_or_else(|| not_found("bag"))?;
    let (bags, keys, stop) = (service.bags.clone(), service.keys.clone(), service.stop.clone());
    let start = (bags, keys, stop, caller, None::<u64>);
    Ok(Box::pin(stream::unfold(start, move |(mut bags, keys, mut stop, caller, mut sent)| async move {
        loop {
            let found = bags.read(|all| {
                all.find(plate, scope(&caller)).filter(|(_, version)| sent != Some(*version)).map(
                    |(journey, version)| (message(plate, journey, &caller, keys.as_ref(), true), version),
                )
            });
            if let Some((bag, version)) = found {
                sent = Some(version);
                let response = api::WatchBagResponse { bag: Some(bag) };
                return Some((Ok(response), (bags, keys, stop, caller, sent)));
            }
            tokio::select! {
                () = bags.changed() => {}
                () = stopped(&mut stop) => return None,
            }
        }
    })))
}

/// Reads the token of a place in the list.
pub(super) fn read_token(token: &str) -> Result<ListKey, &'static str> {
    const MALFORMED: &str = "it is malformed; pass back what an earlier answer gave";
    let (at, plate) = token.split_once('.').ok_or(MALFORMED)?;
    let at = at.parse().ok().and_then(|ns| Timestamp::from_nanosecond(ns).ok()).ok_or(MALFORMED)?;
    Ok((at, LicencePlate::parse(plate).map_err(|_| MALFORMED)?))
}

/// Returns a bag as a caller may see it.
pub(super) fn message(
    plate: LicencePlate,
    journey: &Journey,
    caller: &Caller,
    keys: &dyn Keyring,
    with_timeline: bool,
) -> api::Bag {
    let mut bag = api::Bag {
        plate: plate.to_string(),
        journey_id: journey.id.to_string(),
        provisional: journey.is_provisional(),
        status: Some(status_message(&journey.status())),
        legs: journey.legs().iter().map(leg_message).collect(),
        passenger: passenger(journey, caller, keys),
        timeline: if with_timeline { journey.observations().filter_map(line).collect() } else { Vec::new() },
    };
    if matches!(caller, Caller::Passenger(_)) {
        hide_screening(&mut bag);
    }
    bag
}

/// Makes a bag that was screened look like one that is in the baggage system.
fn hide_screening(bag: &mut api::Bag) {
    if let Some(status) = &mut bag.status {
        status.screening = 0;
        if status.stage() == api::Stage::Screened {
            status.set_stage(api::Stage::InSystem);
            status.location.clear();
        }
    }
    for line in &mut bag.timeline {
        if line.point() == api::TrackingPoint::Screening {
            line.set_point(api::TrackingPoint::BhsInduction);
            line.location.clear();
        }
    }
}

fn passenger(journey: &Journey, caller: &Caller, keys: &dyn Keyring) -> String {
    let Some(name) = journey.passenger_name() else { return String::new() };
    match name.open(keys) {
        Ok(Personal::Known(name)) if matches!(caller, Caller::Passenger(_)) => name.replace('\n', ", "),
        Ok(Personal::Known(name)) => masked_name(&name),
        Ok(_) => "erased".to_owned(),
        Err(error) => {
            tracing::error!(error = %error, "a sealed name does not open");
            "unreadable".to_owned()
        }
    }
}

/// Returns what the timeline shows of an observation, if anything.
fn line((observation, content): (&Observation, &Content)) -> Option<api::BagObservation> {
    let sighting = match content {
        Content::Scanned(sighting) => Some(sighting),
        Content::Announced(_) => None,
        _ => return None,
    };
    Some(api::BagObservation {
        point: sighting.map_or(0, |sighting| sighting.point.into()),
        announcement: sighting.is_none(),
        station: observation.station.to_string(),
        location: sighting.map_or_else(String::new, |sighting| sighting.location.clone()),
        observed_at: Some(timestamp_message(observation.happened_at())),
    })
}

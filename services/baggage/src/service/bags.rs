//! Bags as a caller may see them.

use std::{collections::BTreeMap, pin::Pin};

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
    decide::are_strangers,
    events::{leg_message, status_message},
    journey::{Journey, MAX_PLATES, Trail, goes_on_as},
    model::{Content, DatedFlight, JourneyId, LicencePlate, Observation, masked_name},
    project::{Bags, ListKey},
};

/// The plates of a bag, each with the number that changes whenever it does.
type Versions = Vec<(LicencePlate, u64)>;
/// The stream of a watched bag.
pub(super) type WatchStream = Pin<Box<dyn Stream<Item = Result<api::WatchBagResponse, Status>> + Send>>;

/// Returns the bag of a plate, and the versions of all plates that it wears.
pub(super) fn find(
    bags: &Bags,
    keys: &dyn Keyring,
    plate: LicencePlate,
    caller: &Caller,
) -> Option<(api::Bag, Versions)> {
    let trail = present_trail(bags, keys, plate, bags.find(plate, scope(caller))?);
    let versions = trail.journeys().map(|(plate, _)| (plate, bags.version(plate))).collect();
    Some((whole(plate, &trail, caller, keys, true), versions))
}

/// Returns a bag as it was known at an instant. What the caller follows, and
/// which names can be opened, is as it is now.
pub(super) async fn find_as_of(
    service: &Baggage,
    plate: LicencePlate,
    caller: &Caller,
    at: Timestamp,
) -> Result<Option<api::Bag>, Status> {
    let (mut then, mut missing) = (BTreeMap::new(), Some(plate));
    let keys = service.keys.as_ref();
    loop {
        if let Some(plate) = missing.filter(|_| then.len() < MAX_PLATES) {
            let loaded = service.executor.load_as_of(&plate.stream(), at).await;
            let loaded = loaded.map_err(|error| status(&error))?;
            then.insert(plate, loaded.map(|folded| folded.state).unwrap_or_default());
        }
        let (bag, next) = service.bags.read(|bags| {
            let Some(journey) = bags.newest(&then[&plate], scope(caller)) else { return (None, None) };
            let trail = trail(keys, plate, journey, |plate, id| then.get(&plate)?.journey(id));
            let mut named = trail.journeys().flat_map(|(_, journey)| goes_on_as(journey));
            let next = named.find(|(plate, _)| !then.contains_key(plate)).map(|(plate, _)| plate);
            (Some(whole(plate, &trail, caller, keys, true)), next)
        });
        if next.is_none() || then.len() == MAX_PLATES {
            return Ok(bag);
        }
        missing = next;
    }
}

/// Lists bags. What a passenger follows under two plates is listed once, under the older one.
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
        let trails = found.iter().map(|((_, plate), journey)| present_trail(bags, keys, *plate, journey));
        let trails: Vec<_> = trails.collect();
        let goes_on = |from: &Trail<'_>, to: &Trail<'_>| {
            let first = |trail: &Trail<'_>| trail.journeys().next().map(|(_, journey)| journey.id);
            from.journeys().skip(1).any(|(_, journey)| Some(journey.id) == first(to))
        };
        let is_told_with_another = |trail: &Trail<'_>| {
            matches!(caller, Caller::Passenger(_))
                && trails.iter().any(|other| goes_on(other, trail) && !goes_on(trail, other))
        };
        let shown = found.iter().zip(&trails).filter(|(_, trail)| !is_told_with_another(trail));
        let bags = shown.map(|(((_, plate), _), trail)| whole(*plate, trail, caller, keys, false)).collect();
        api::ListBagsResponse { bags, next_page_token: next.unwrap_or_default() }
    }))
}

pub(super) fn watch(service: &Baggage, plate: LicencePlate, caller: Caller) -> Result<WatchStream, Status> {
    let (bags, keys, stop) = (service.bags.clone(), service.keys.clone(), service.stop.clone());
    let found = bags.read(|all| find(all, keys.as_ref(), plate, &caller));
    found.ok_or_else(|| not_found("bag"))?;
    let start = (bags, keys, stop, caller, None::<Versions>);
    Ok(Box::pin(stream::unfold(start, move |(mut bags, keys, mut stop, caller, mut sent)| async move {
        loop {
            let found = bags.read(|all| find(all, keys.as_ref(), plate, &caller));
            if let Some((bag, versions)) = found.filter(|(_, versions)| sent.as_ref() != Some(versions)) {
                sent = Some(versions);
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

/// Returns what a journey went on as, as it is known now.
pub(super) fn present_trail<'a>(
    bags: &'a Bags,
    keys: &dyn Keyring,
    plate: LicencePlate,
    journey: &'a Journey,
) -> Trail<'a> {
    trail(keys, plate, journey, |plate, id| bags.journey(plate, id))
}

fn trail<'a>(
    keys: &dyn Keyring,
    plate: LicencePlate,
    journey: &'a Journey,
    find: impl Fn(LicencePlate, JourneyId) -> Option<&'a Journey>,
) -> Trail<'a> {
    Trail::follow(plate, journey, find, |one, other| may_be_strangers(keys, one, other))
}

/// Returns whether two journeys are of two passengers, or that cannot be found out now.
pub(super) fn may_be_strangers(keys: &dyn Keyring, one: &Journey, other: &Journey) -> bool {
    let mut is_unknown = false;
    let are_strangers = are_strangers(one, other, &mut |value| match value.open(keys) {
        Ok(value) => value.known().cloned(),
        Err(error) => {
            tracing::error!(error = %error, "a sealed name does not open");
            is_unknown = true;
            None
        }
    });
    are_strangers || is_unknown
}

/// Returns the one bag of a trail as a caller may see it, under the plate that was asked for.
fn whole(
    plate: LicencePlate,
    trail: &Trail<'_>,
    caller: &Caller,
    keys: &dyn Keyring,
    with_timeline: bool,
) -> api::Bag {
    message((plate, trail.plate_now()), &trail.whole(), caller, keys, with_timeline)
}

/// Reads the token of a place in the list.
pub(super) fn read_token(token: &str) -> Result<ListKey, &'static str> {
    const MALFORMED: &str = "it is malformed; pass back what an earlier answer gave";
    let (at, plate) = token.split_once('.').ok_or(MALFORMED)?;
    let at = at.parse().ok().and_then(|ns| Timestamp::from_nanosecond(ns).ok()).ok_or(MALFORMED)?;
    Ok((at, LicencePlate::parse(plate).map_err(|_| MALFORMED)?))
}

/// Returns a bag as a caller may see it, by the plate that was asked for and the one that it wears now.
pub(super) fn message(
    (plate, plate_now): (LicencePlate, LicencePlate),
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
        plate_now: if plate_now == plate { String::new() } else { plate_now.to_string() },
    };
    if matches!(caller, Caller::Passenger(_)) {
        hide_screening(&mut bag);
    }
    bag
}

/// Makes a bag that was screened look like one that is in the baggage system. Of places, only
/// belts are shown: any other may be one where bags are looked at.
fn hide_screening(bag: &mut api::Bag) {
    if let Some(status) = &mut bag.status {
        status.screening = 0;
        if status.stage() == api::Stage::Screened {
            status.set_stage(api::Stage::InSystem);
        }
        if !matches!(status.stage(), api::Stage::OnBelt | api::Stage::Collected) {
            status.location.clear();
        }
    }
    for line in &mut bag.timeline {
        if line.point() == api::TrackingPoint::Screening {
            line.set_point(api::TrackingPoint::BhsInduction);
        }
        if line.point() != api::TrackingPoint::ReclaimBelt {
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

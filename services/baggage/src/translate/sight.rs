//! What a BPM or a BMM says of a bag: the first that tells wins. `.B` an irregularity, the end of its
//! journey (source X), `.U` what the bag was put into, `.X` a result of screening, `.J` what was done.

use airside_api::baggage::v1::{Authority, LegRole, Screening, TrackingPoint};

use super::{Saying, Unusable, What, authority, legs, reported, status_of};
use crate::{
    ingest::{Group, MessageType, ProcessingKind, ScreeningResult, Source, Status, StatusCode, Stowage},
    model::{Content, Reported, Sighting, container_sign, place_problem},
};

/// Says what a group reports of each of its bags.
pub(super) fn sight(saying: &mut Saying<'_>, group: &Group<'_>) -> Result<(), Unusable> {
    let observed_at = group.processing.and_then(|p| p.time).map_or(saying.received_at, |time| time.at);
    for plate in &group.bags {
        let content = content(saying, group, status_of(group, *plate))?;
        saying.say(observed_at, What::Bag(*plate, content));
    }
    for _ in 0..group.no_reads {
        let sighting = sighting(saying, group, None)?;
        saying.say(observed_at, What::NoTag(sighting));
    }
    Ok(())
}

fn content(saying: &Saying<'_>, group: &Group<'_>, status: Option<&Status<'_>>) -> Result<Content, Unusable> {
    let Some(report) = status.and_then(|status| reported(status.code?)) else {
        return sighting(saying, group, status).map(Content::Scanned);
    };
    let leg = legs(group).into_iter().find(|leg| leg.role == LegRole::Outbound);
    let location = place(group.processing.and_then(|processing| processing.location));
    Ok(Content::Reported(Reported { report, leg, location }))
}

fn sighting(
    saying: &Saying<'_>,
    group: &Group<'_>,
    status: Option<&Status<'_>>,
) -> Result<Sighting, Unusable> {
    let is_terminating = saying.message.header.and_then(|header| header.source) == Some(Source::Terminating);
    let processing = group.processing;
    let point = point(group, status, is_terminating)?;
    let handled = if is_terminating { LegRole::Inbound } else { LegRole::Outbound };
    // A sorter tells where it read the bag and where it sent it; the bag is where it was sent.
    let sent_to = processing.and_then(|p| p.sent_to).filter(|place| !place.is_empty());
    Ok(Sighting {
        point,
        reader: place(processing.and_then(|p| p.scanner)),
        location: place(sent_to.or_else(|| processing.and_then(|p| p.location))),
        leg: legs(group).into_iter().find(|leg| leg.role == handled),
        stowage: group
            .stowage
            .map(|stowage| (container_sign(&place(stowage.container)), place(stowage.compartment))),
        authority: match status.and_then(|status| status.code) {
            Some(StatusCode::LoadedNotAuthorised) => Authority::Withheld,
            _ => authority(group),
        },
        // A manifest lists what should be in there; nobody read the tag for it.
        is_inferred: saying.message.message_type == MessageType::Bmm,
        screening: screening(group),
    })
}

/// Text that names a place, as far as it may be stored.
fn place(text: Option<&str>) -> String {
    text.filter(|text| place_problem(text).is_none()).unwrap_or_default().to_owned()
}

fn screening(group: &Group<'_>) -> Screening {
    match group.screening.iter().rev().find_map(|screening| screening.result) {
        Some(ScreeningResult::Cleared) => Screening::Cleared,
        Some(ScreeningResult::Uncleared) => Screening::Uncleared,
        Some(ScreeningResult::Rejected) => Screening::Rejected,
        None if group.screening.is_empty() => Screening::Unspecified,
        None => Screening::Pending,
    }
}

fn point(
    group: &Group<'_>,
    status: Option<&Status<'_>>,
    is_terminating: bool,
) -> Result<TrackingPoint, Unusable> {
    if let Some(status) = status {
        return match status.code {
            Some(StatusCode::Offloaded) => Ok(TrackingPoint::Offload),
            Some(StatusCode::LoadedNotAuthorised) => Ok(TrackingPoint::AircraftLoad),
            _ => Err(Unusable::new("status-unknown", "element .B has a code that RP 1745 does not list")),
        };
    }
    if is_terminating {
        return Ok(TrackingPoint::ArrivalInjection);
    }
    if let Some(point) = group.stowage.as_ref().and_then(loaded_into) {
        return Ok(point);
    }
    let result = group.screening.iter().rev().find_map(|screening| screening.result);
    let kind = group.processing.and_then(|processing| processing.kind);
    match kind {
        _ if result == Some(ScreeningResult::Cleared) => Ok(TrackingPoint::Screening),
        // Wherever it was sent, it is in the system and not through screening.
        _ if result.is_some() => Ok(TrackingPoint::BhsInduction),
        Some(ProcessingKind::Sorted) => Ok(TrackingPoint::Sortation),
        Some(ProcessingKind::Reconciled) => Ok(TrackingPoint::AircraftSide),
        Some(ProcessingKind::GroundTracked | ProcessingKind::HandScanned) => Ok(TrackingPoint::BhsInduction),
        None if !group.screening.is_empty() => Ok(TrackingPoint::BhsInduction),
        None => Err(Unusable::new("no-point", "neither .J, .U, .B nor .X tells where the bag was seen")),
    }
}

/// Where a bag is that was put into something: on board when a hold or a
/// compartment is named, else in a container or cart.
fn loaded_into(stowage: &Stowage<'_>) -> Option<TrackingPoint> {
    let named = |text: Option<&'_ str>| text.is_some_and(|text| !text.is_empty());
    if named(stowage.compartment) || stowage.container.is_some_and(is_hold) {
        return Some(TrackingPoint::AircraftLoad);
    }
    named(stowage.container).then_some(TrackingPoint::ContainerLoad)
}

/// Whether an id is one of a hold, such as `H4`, `41` or `BLK`.
fn is_hold(id: &str) -> bool {
    let number = id.strip_prefix(['H', 'h']).unwrap_or(id);
    let is_number = matches!(number.len(), 1 | 2) && number.bytes().all(|b| b.is_ascii_digit());
    is_number || ["BLK", "BULK", "FWD", "AFT"].iter().any(|name| id.eq_ignore_ascii_case(name))
}

//! A bag's way as its passenger sees it: what happened and how sure that is, where
//! it was seen last, what comes next and by when. Pure.
//!
//! All that is done in a baggage hall is one step, whatever it is and however often
//! it is read, so nobody learns that, or why, a bag was looked at. Of places, only
//! airports and belts are shown. What was concluded and is contradicted by a later
//! read is left out: it did not happen.
//!
//! When a step is expected is reckoned from the flight's newest time and three
//! customs, which are the constants here until measured percentiles take their place.

pub mod times;
pub mod words;

use airside_api::baggage::v1::{
    AnnouncementChange, BagException, BagStepKind, Certainty, FlightTurn, LegRole, Report, Stage, TimeBasis,
    TrackingPoint,
};
use airside_kernel::Timestamp;
use jiff::SignedDuration;

use self::times::Times;
use crate::{
    journey::{Journey, Status, rank},
    model::{AirportCode, Content, DatedFlight, Leg, Sighting},
};

/// How long before departure bags are to be handed over: the custom of Chinese airports (45 minutes).
const CHECK_IN_CLOSES: SignedDuration = SignedDuration::from_mins(45);
/// How long after arrival bags are to be on the belt: the usual promise for the last bag (40 minutes).
const ON_BELT_AFTER: SignedDuration = SignedDuration::from_mins(40);
/// The most steps that are shown.
const MAX_STEPS: usize = 100;

/// Something that happened to a bag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What.
    pub kind: BagStepKind,
    /// How sure.
    pub certainty: Certainty,
    /// Where.
    pub station: Option<AirportCode>,
    /// On which belt; may be empty.
    pub belt: String,
    /// Of which flight.
    pub flight: Option<DatedFlight>,
    /// When it happened, or began.
    pub at: Timestamp,
}

/// What is expected next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// What.
    pub kind: BagStepKind,
    /// Where.
    pub station: Option<AirportCode>,
    /// On which belt; may be empty.
    pub belt: String,
    /// Of which flight.
    pub flight: Option<DatedFlight>,
    /// By when, and what that is reckoned from.
    pub by: Option<(Timestamp, TimeBasis)>,
}

/// A bag's way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// What happened, oldest first.
    pub steps: Vec<Step>,
    /// Where a reader saw it last.
    pub last_seen: Option<Step>,
    /// What comes next.
    pub next: Option<Next>,
    /// Whether it waits for another flight than the one that it was to take.
    pub is_stranded: bool,
}

impl Way {
    /// Returns the way of a journey at an instant, by the times of flights.
    pub fn of(journey: &Journey, now: Timestamp, times: impl Fn(DatedFlight) -> Option<Times>) -> Self {
        let status = journey.status();
        let mut steps = steps(journey);
        steps.drain(..steps.len().saturating_sub(MAX_STEPS));
        let is_stranded = matches!(status.exception, BagException::LeftBehind | BagException::Offloaded)
            && status.flight.and_then(&times).is_none_or(|times| times.has_departed());
        let next = next(journey, &status, &times).filter(|_| !is_stranded);
        let next = next.map(|next| Next { by: next.by.filter(|(by, _)| *by > now), ..next });
        Self { steps, last_seen: last_seen(journey), next, is_stranded }
    }
}

fn steps(journey: &Journey) -> Vec<Step> {
    let observations: Vec<_> = journey.observations().collect();
    let known: Vec<_> = Status::along(observations.iter().copied()).collect();
    let (mut steps, mut announced) = (Vec::new(), None);
    for (at, (observation, content)) in observations.iter().enumerate() {
        let step = |kind, certainty, flight| Step {
            kind,
            certainty,
            station: Some(observation.station),
            belt: String::new(),
            flight,
            at: observation.happened_at(),
        };
        let found = match content {
            Content::Announced(announcement) if announcement.change != AnnouncementChange::Deleted => {
                let flight = departing(&announcement.legs);
                let is_new = flight.is_some() && flight != announced;
                announced = flight.or(announced);
                is_new.then(|| step(BagStepKind::Announced, Certainty::Announced, flight))
            }
            Content::Announced(_) | Content::ConnectionJudged(_) | Content::Linked(_) => None,
            Content::Scanned(sighting) => {
                let certainty = if sighting.is_inferred { Certainty::Concluded } else { Certainty::Read };
                let flight = sighting.leg.map(|leg| leg.flight).or(announced);
                kind_of(sighting.point).map(|kind| of_sighting(step(kind, certainty, flight), sighting))
            }
            Content::Reported(reported) => {
                reported_as(reported.report).map(|kind| step(kind, Certainty::Announced, None))
            }
            Content::FlightTurned(turned) if turned.turn == FlightTurn::Departed => {
                left_with(&known[at..], turned.flight)
                    .map(|kind| step(kind, Certainty::Concluded, Some(turned.flight)))
            }
            Content::FlightTurned(_) => None,
        };
        let Some(mut found) = found else { continue };
        // A load that is read after its flight left is of a clock that was wrong.
        let is_late = known[at].stage == Stage::Departed && found.kind == BagStepKind::OnBoard;
        match steps.pop_if(|last: &mut Step| is_late && last.kind == BagStepKind::Departed) {
            Some(departed) => {
                found.at = found.at.min(departed.at);
                add(&mut steps, found);
                steps.push(departed);
            }
            None => add(&mut steps, found),
        }
    }
    steps
}

/// Returns whether a bag left with its flight, as far as is known by now: what is told late counts.
fn left_with(known: &[Status], flight: DatedFlight) -> Option<BagStepKind> {
    let of_it = || known.iter().filter(|status| status.flight == Some(flight));
    let is_left_behind = |status: &&Status| status.exception == BagException::LeftBehind;
    let mut under_way = of_it().filter(|status| !is_left_behind(status) && status.stage != Stage::Collected);
    match under_way.any(|status| rank(status.stage) >= rank(Stage::Departed)) {
        true => Some(BagStepKind::Departed),
        false => of_it().any(|status| is_left_behind(&status)).then_some(BagStepKind::LeftBehind),
    }
}

/// Adds a step, unless it is the one that goes on.
fn add(steps: &mut Vec<Step>, found: Step) {
    let is_wrong = |last: &Step| {
        let was_aboard = matches!(last.kind, BagStepKind::OnBoard | BagStepKind::OnWayToAircraft);
        was_aboard
            && (last.certainty, found.certainty) == (Certainty::Concluded, Certainty::Read)
            && last.station == found.station
            && (found.kind as i32) < last.kind as i32
    };
    while steps.pop_if(|last| is_wrong(last)).is_some() {}
    if let Some(last) = steps.last_mut()
        && (last.kind, last.station, &last.belt) == (found.kind, found.station, &found.belt)
        && found.kind != BagStepKind::Announced
    {
        if found.certainty == Certainty::Read {
            last.certainty = Certainty::Read;
        }
        return;
    }
    steps.push(found);
}

/// Returns the step with what of a sighting a passenger may see.
fn of_sighting(mut step: Step, sighting: &Sighting) -> Step {
    if step.kind == BagStepKind::OnBelt {
        step.belt.clone_from(&sighting.location);
    }
    if !matches!(step.kind, BagStepKind::OnBoard | BagStepKind::TakenOff) {
        step.flight = None;
    }
    step
}

fn last_seen(journey: &Journey) -> Option<Step> {
    let seen = journey.observations().filter_map(|(observation, content)| match content {
        Content::Scanned(sighting) if !sighting.is_inferred => Some((observation, sighting)),
        _ => None,
    });
    let (observation, sighting) = seen.last()?;
    let step = Step {
        kind: kind_of(sighting.point)?,
        certainty: Certainty::Read,
        station: Some(observation.station),
        belt: String::new(),
        flight: sighting.leg.map(|leg| leg.flight),
        at: observation.happened_at(),
    };
    Some(of_sighting(step, sighting))
}

fn kind_of(point: TrackingPoint) -> Option<BagStepKind> {
    Some(match point {
        TrackingPoint::Unspecified => return None,
        TrackingPoint::CheckIn => BagStepKind::Accepted,
        TrackingPoint::BhsInduction
        | TrackingPoint::Screening
        | TrackingPoint::StoreIn
        | TrackingPoint::StoreOut
        | TrackingPoint::Sortation => BagStepKind::InHall,
        TrackingPoint::ContainerLoad | TrackingPoint::AircraftSide => BagStepKind::OnWayToAircraft,
        TrackingPoint::AircraftLoad => BagStepKind::OnBoard,
        TrackingPoint::Offload => BagStepKind::TakenOff,
        TrackingPoint::AircraftUnload => BagStepKind::Unloaded,
        TrackingPoint::TransferInjection => BagStepKind::InTransfer,
        TrackingPoint::ArrivalInjection => BagStepKind::InArrivals,
        TrackingPoint::ReclaimBelt => BagStepKind::OnBelt,
        TrackingPoint::Collection => BagStepKind::Collected,
    })
}

fn reported_as(report: Report) -> Option<BagStepKind> {
    match report {
        Report::OnHand | Report::OnHandNotAuthorised | Report::Found => Some(BagStepKind::OnHand),
        Report::OutForDelivery => Some(BagStepKind::OutForDelivery),
        Report::Delivered => Some(BagStepKind::Collected),
        _ => None,
    }
}

/// Returns the flight that the bag leaves on, or the first when it only arrives.
fn departing(legs: &[Leg]) -> Option<DatedFlight> {
    let outbound = legs.iter().find(|leg| leg.role == LegRole::Outbound);
    outbound.or_else(|| legs.first()).map(|leg| leg.flight)
}

/// Returns what comes after the present stage, of the flight that it takes.
fn next(journey: &Journey, status: &Status, times: &impl Fn(DatedFlight) -> Option<Times>) -> Option<Next> {
    let legs = journey.legs();
    let present = status.flight.or_else(|| departing(legs));
    let place = legs.iter().position(|leg| Some(leg.flight) == present);
    let onward = place.and_then(|place| legs.get(place + 1)).map(|leg| leg.flight);
    let destination = place.and_then(|place| legs[place].airport);
    let known = |flight: Option<DatedFlight>| flight.and_then(times).unwrap_or_default();
    let next = |kind, station, flight, by| Some(Next { kind, station, belt: String::new(), flight, by });
    let leaves = |flight: Option<DatedFlight>, station| known(flight).departure(station);
    match status.stage {
        Stage::Unspecified | Stage::Expected => {
            let by =
                known(present).scheduled_departure(status.station).map(|at| earlier(at, CHECK_IN_CLOSES));
            next(BagStepKind::Accepted, status.station, present, by.map(|by| (by, TimeBasis::Scheduled)))
        }
        Stage::Accepted
        | Stage::InSystem
        | Stage::Screened
        | Stage::Stored
        | Stage::Sorted
        | Stage::InContainer
        | Stage::AtAircraft => {
            next(BagStepKind::OnBoard, status.station, present, leaves(present, status.station))
        }
        // The flight that it came on may still be the present one.
        Stage::Transferring => {
            let flight = onward.or(present);
            next(BagStepKind::OnBoard, status.station, flight, leaves(flight, status.station))
        }
        Stage::OnAircraft | Stage::Departed | Stage::Unloaded if onward.is_some() => {
            let station = if status.stage == Stage::Unloaded { status.station } else { destination };
            next(BagStepKind::InTransfer, station, onward, leaves(onward, station))
        }
        Stage::OnAircraft | Stage::Departed | Stage::Unloaded | Stage::Arrived => {
            let flight = known(present);
            let by = flight.arrival(destination).map(|(at, basis)| (later(at, ON_BELT_AFTER), basis));
            let is_there = matches!(status.stage, Stage::Unloaded | Stage::Arrived);
            let station = if is_there { status.station } else { destination };
            let next = next(BagStepKind::OnBelt, station, present, by)?;
            Some(Next { belt: flight.belt().to_owned(), ..next })
        }
        Stage::OnBelt => {
            let belt = status.location.clone();
            Some(Next { kind: BagStepKind::Collected, station: status.station, belt, flight: None, by: None })
        }
        Stage::Collected => None,
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(at)
}

fn earlier(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_sub(by).unwrap_or(at)
}

#[cfg(test)]
mod tests;

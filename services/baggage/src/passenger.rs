//! A bag's way as its passenger sees it: what happened and how sure that is, where
//! it was seen last, what comes next and by when. Pure.
//!
//! All that is done in a baggage hall is one step, whatever it is and however often
//! it is read, so nobody learns that, or why, a bag was looked at. Of places, only
//! airports and belts are shown. What was concluded and is contradicted by a later
//! read is left out: it did not happen.
//!
//! What comes next is told only while the bag is to travel: a bag that its airline took
//! back, that must not be on board, or whose flight is cancelled has no next step.
//!
//! When a step is expected is reckoned from the flight's newest time and three
//! customs, which are the constants here until measured percentiles take their place.

pub mod times;
pub mod words;

use airside_api::baggage::v1::{
    AnnouncementChange, Authority, BagException, BagStepKind, Certainty, FlightTurn, LegRole, Report, Stage,
    TimeBasis, TrackingPoint,
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
    /// What to make of it, when the steps do not say it all.
    pub advice: Option<Advice>,
}

/// What to make of a bag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    /// It waits for another flight than the one that it was to take.
    WaitsForFlight,
    /// It is open whether and how it travels.
    AskAirline,
}

impl Way {
    /// Returns the way of a journey at an instant, by the times of flights.
    pub fn of(journey: &Journey, now: Timestamp, times: impl Fn(DatedFlight) -> Option<Times>) -> Self {
        let status = journey.status();
        let mut steps = steps(journey);
        steps.drain(..steps.len().saturating_sub(MAX_STEPS));
        let is_stranded = matches!(status.exception, BagException::LeftBehind | BagException::Offloaded)
            && status.flight.and_then(&times).is_none_or(|times| times.has_departed());
        let next = next(journey, &status, &times);
        let is_cancelled = |flight: DatedFlight| times(flight).is_some_and(|times| times.is_cancelled());
        let is_unsettled = rank(status.stage) < rank(Stage::Departed) && is_kept_off(&status)
            || next.as_ref().and_then(|next| next.flight).is_some_and(is_cancelled);
        let advice = match (is_stranded, is_unsettled) {
            (true, _) => Some(Advice::WaitsForFlight),
            (_, true) => Some(Advice::AskAirline),
            _ => None,
        };
        let next = next.filter(|_| advice.is_none());
        let next = next.map(|next| Next { by: next.by.filter(|(by, _)| *by > now), ..next });
        Self { steps, last_seen: last_seen(journey), next, advice }
    }
}

/// Whether the airline does not want a bag on board as things stand.
fn is_kept_off(status: &Status) -> bool {
    status.authority == Authority::Revoked
        || matches!(status.exception, BagException::OffloadRequired | BagException::Offloaded)
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
    // Who has the bag does not wait for it any more.
    let is_past = matches!(found.kind, BagStepKind::InArrivals | BagStepKind::OnBelt);
    if is_past && steps.last().is_some_and(|last| last.kind == BagStepKind::Collected) {
        return;
    }
    if let Some(last) = steps.last_mut()
        && (last.kind, last.station) == (found.kind, found.station)
        && is_one_belt(&last.belt, &found.belt)
        && found.kind != BagStepKind::Announced
    {
        if found.certainty == Certainty::Read {
            last.certainty = Certainty::Read;
        }
        return;
    }
    steps.push(found);
}

/// Returns whether two signs name one belt, as `05` and `5` do.
fn is_one_belt(one: &str, other: &str) -> bool {
    let [one, other] = [one, other].map(|sign| sign.trim_start_matches('0'));
    one.eq_ignore_ascii_case(other)
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

/// A bag's route from where it stands.
struct Ahead<'a> {
    legs: &'a [Leg],
    /// The airport that told the route.
    told_at: Option<AirportCode>,
    /// The flight that the bag takes.
    present: Option<DatedFlight>,
    /// Its place on the route.
    place: Option<usize>,
}

impl<'a> Ahead<'a> {
    fn of(journey: &'a Journey, status: &Status) -> Self {
        let legs = journey.legs();
        let told = journey.observations().filter(
            |(_, content)| matches!(content, Content::Announced(announcement) if announcement.legs == legs),
        );
        let told_at = told.last().map(|(observation, _)| observation.station);
        let present = status.flight.or_else(|| departing(legs));
        let place = legs.iter().position(|leg| Some(leg.flight) == present);
        Self { legs, told_at, present, place }
    }

    /// Returns where a leg begins, as far as that was told.
    fn origin(&self, place: usize) -> Option<AirportCode> {
        match self.legs[place].role {
            LegRole::Inbound => self.legs[place].airport,
            LegRole::Outbound => self.told_at,
            _ => self.legs[..place].last().and_then(|before| before.airport),
        }
    }

    /// Returns where a leg ends. Of an inbound leg its origin is told.
    fn destination(&self, place: usize) -> Option<AirportCode> {
        match self.legs[place].role {
            LegRole::Inbound => self.told_at,
            _ => self.legs[place].airport,
        }
    }

    fn onward(&self) -> Option<DatedFlight> {
        self.place.and_then(|place| self.legs.get(place + 1)).map(|leg| leg.flight)
    }

    /// Returns the flight that the bag takes from an airport; the one that it came by may still be the present one.
    fn flight_from(&self, here: Option<AirportCode>) -> Option<DatedFlight> {
        let origin = self.place.and_then(|place| self.origin(place));
        let leaves_here = origin.is_some() && origin == here;
        if leaves_here { self.present } else { self.onward() }
    }

    /// Returns the same for a bag that is on its way here by another flight, if it is.
    fn inbound(&self) -> Option<Self> {
        let place = self.legs.iter().position(|leg| leg.role == LegRole::Inbound)?;
        let is_before = self.place.is_none_or(|present| present <= place + 1);
        is_before.then(|| Self { place: Some(place), present: Some(self.legs[place].flight), ..*self })
    }
}

/// Returns what comes after the present stage, of the flight that it takes.
fn next(journey: &Journey, status: &Status, times: &impl Fn(DatedFlight) -> Option<Times>) -> Option<Next> {
    let (ahead, here) = (Ahead::of(journey, status), status.station);
    let known = |flight: Option<DatedFlight>| flight.and_then(times).unwrap_or_default();
    let next = |kind, station, flight, by| Some(Next { kind, station, belt: String::new(), flight, by });
    let leaves = |flight: Option<DatedFlight>, station| known(flight).departure(station);
    let transfer = |flight, station| next(BagStepKind::InTransfer, station, flight, leaves(flight, station));
    let load = |flight| next(BagStepKind::OnBoard, here, flight, leaves(flight, here));
    let reclaim = |ahead: &Ahead<'_>, station| {
        let flight = known(ahead.present);
        let destination = ahead.place.and_then(|place| ahead.destination(place));
        let by = flight.arrival(destination).map(|(at, basis)| (later(at, ON_BELT_AFTER), basis));
        let next = next(BagStepKind::OnBelt, station, ahead.present, by)?;
        Some(Next { belt: flight.belt().to_owned(), ..next })
    };
    // What is in the air goes on from where it lands.
    let after_flight = |ahead: &Ahead<'_>| {
        let destination = ahead.place.and_then(|place| ahead.destination(place));
        match ahead.onward() {
            Some(onward) => transfer(Some(onward), destination),
            None => reclaim(ahead, destination),
        }
    };
    match status.stage {
        Stage::Unspecified | Stage::Expected => match ahead.inbound() {
            Some(inbound) => after_flight(&inbound),
            None => {
                let closes = known(ahead.present).scheduled_departure(here);
                let by = closes.map(|at| (earlier(at, CHECK_IN_CLOSES), TimeBasis::Scheduled));
                next(BagStepKind::Accepted, here, ahead.present, by)
            }
        },
        Stage::Accepted
        | Stage::InSystem
        | Stage::Screened
        | Stage::Stored
        | Stage::Sorted
        | Stage::InContainer
        | Stage::AtAircraft => load(ahead.present),
        Stage::Transferring => load(ahead.flight_from(here).or(ahead.present)),
        Stage::OnAircraft | Stage::Departed => after_flight(&ahead),
        Stage::Unloaded => match ahead.flight_from(here) {
            Some(flight) => transfer(Some(flight), here),
            None => reclaim(&ahead, here),
        },
        Stage::Arrived => reclaim(&ahead, here),
        Stage::OnBelt => {
            let belt = status.location.clone();
            Some(Next { kind: BagStepKind::Collected, station: here, belt, flight: None, by: None })
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

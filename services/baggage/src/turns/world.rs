//! Flights, bags and containers as the log tells them, and what the ones mean for the others. Pure.
//!
//! The only clock is the log's: the times at which events were recorded, and the
//! instants at which the reactor is told that time went by without events. What is
//! due strikes by either, in the order of the deadlines, so that a fold over the
//! history comes to the same state as the life before it did.
//!
//! Bounds: a flight is forgotten [`FLIGHT_DAYS`] after its day, a bag [`BAG_DAYS`]
//! after it was heard of last and at the latest when [`MAX_BAGS`] began since, a
//! container after [`BAG_DAYS`] without a step.

use std::collections::{BTreeSet, HashMap, VecDeque, hash_map::Entry};

use airside_api::baggage::v1::{
    Authority, Connection, FlightTurn, LegRole, LoadingStep, Report, Screening, TrackingPoint,
};
use airside_kernel::Timestamp;
use foldhash::fast::RandomState;
use jiff::{SignedDuration, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::{
    Times,
    bag::{Bag, Change, Fact as BagFact, Said, Seen},
    connection::{Meeting, Way, judge},
    container::{Effect, Step, Steps},
    flight::{Fact as FlightFact, Flight, Turn},
};
use crate::{
    containers::ContainerId,
    model::{
        AirportCode, ConnectionJudged, Content, DatedFlight, FlightTurned, JourneyId, Leg, LicencePlate,
        Observation, Reported, Sighting,
    },
};

/// How long after a flight left late words of its loading are waited for.
pub const GRACE: SignedDuration = SignedDuration::from_mins(10);
/// How many days after its day a flight is known.
const FLIGHT_DAYS: i64 = 5;
/// How many days after it was heard of last a bag or container is known.
const BAG_DAYS: i64 = 5;
/// The most bags that are known; a large hub has some 100,000 a day.
const MAX_BAGS: usize = 1_000_000;
/// The most deadlines that are waited for; the farthest give way.
const MAX_DUE: usize = 1_000_000;
const DAY_SECONDS: i64 = 24 * 60 * 60;

/// An observation for a journey.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ToBag {
    pub(super) plate: LicencePlate,
    pub(super) journey: JourneyId,
    pub(super) observation: Observation,
    pub(super) content: Content,
}

/// Something that is due at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Due {
    /// A flight left, by the fact at this place of its stream, and its grace is over.
    Left(DatedFlight, u64),
    /// Connections from one flight to another get worse unless their bags are seen.
    Connection(DatedFlight, DatedFlight, AirportCode),
}

/// All that was folded.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct World {
    now: Timestamp,
    /// The day of it, in UTC.
    today: i64,
    flights: HashMap<DatedFlight, Flight, RandomState>,
    bags: HashMap<JourneyId, Bag, RandomState>,
    /// The journeys in the order in which they began.
    began: VecDeque<JourneyId>,
    containers: HashMap<ContainerId, Steps, RandomState>,
    deadlines: BTreeSet<(Timestamp, Due)>,
    /// What was observed last, until it is said whose it is.
    said: Option<(String, Said)>,
    #[serde(skip)]
    by_flight: HashMap<DatedFlight, BTreeSet<JourneyId>, RandomState>,
    #[serde(skip)]
    inside: HashMap<ContainerId, BTreeSet<JourneyId>, RandomState>,
    #[serde(skip)]
    pub(super) orders: Vec<ToBag>,
}

impl World {
    /// Makes the lists anew that are not kept.
    pub(super) fn recalled(mut self) -> Self {
        let all: Vec<JourneyId> = self.bags.keys().copied().collect();
        all.into_iter().for_each(|id| self.enlist(id));
        self
    }

    /// Returns when the next thing is due.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// Takes in that it is so late, and does what was due until then.
    pub(super) fn advance(&mut self, now: Timestamp, times: &Times) {
        while let Some((at, due)) = self.deadlines.first().copied().filter(|(at, _)| *at <= now) {
            self.deadlines.pop_first();
            self.now = self.now.max(at);
            match due {
                Due::Left(flight, revision) => self.leave(flight, revision),
                Due::Connection(inbound, outbound, station) => {
                    let cause = format!("{inbound}+{}s", at.as_second());
                    for id in self.having_to_do_with(inbound) {
                        let bag = &self.bags[&id];
                        if bag.change() == Some(Change { inbound, outbound, station }) {
                            self.judge(id, &cause, times);
                        }
                    }
                }
            }
        }
        self.now = self.now.max(now);
        let today = self.now.as_second().div_euclid(DAY_SECONDS);
        if today != self.today {
            self.today = today;
            self.forget();
        }
    }

    /// Takes in a fact of a flight that happened at an instant.
    pub(super) fn take_flight(
        &mut self,
        id: DatedFlight,
        fact: FlightFact,
        at: Timestamp,
        revision: u64,
        times: &Times,
    ) {
        if self.is_past(id) {
            return;
        }
        let flight = self.flights.entry(id).or_default();
        let turn = flight.take(fact, at, revision);
        if let Some(leaving) = flight.leaving.filter(|leaving| leaving.revision == revision) {
            self.wait(after(leaving.at, GRACE), Due::Left(id, revision));
        }
        if let Some(turn) = turn {
            self.tell_all(id, turn);
        }
        let cause = format!("{id}/{revision}");
        for bag in self.having_to_do_with(id) {
            self.judge(bag, &cause, times);
        }
    }

    /// Takes in a fact of a plate; `revision` is its place in the plate's stream.
    pub(super) fn take_bag(&mut self, plate: LicencePlate, fact: BagFact<'_>, revision: u64, times: &Times) {
        let (id, said) = match fact {
            BagFact::Observed(observation_id, said) => {
                self.said = Some((observation_id, said));
                return;
            }
            BagFact::Attached(observation_id, id) => match self.said.take() {
                Some((known, said)) if known == observation_id => (id, said),
                _ => return,
            },
            BagFact::Status(id, status) => {
                if self.bags.contains_key(&id) {
                    self.change(id, |bag| bag.status(status));
                    self.catch_up(id);
                    self.go_along(id);
                }
                return;
            }
        };
        if let Entry::Vacant(place) = self.bags.entry(id) {
            let (Said::Route { station, .. } | Said::Seen(Seen { station, .. })) = &said;
            place.insert(Bag::new(plate, *station));
            self.began.push_back(id);
            self.make_room();
        }
        self.change(id, |bag| bag.take(&said));
        self.catch_up(id);
        self.judge(id, &format!("{plate}/{revision}"), times);
    }

    /// Takes in a step of a container.
    pub(super) fn take_container(&mut self, id: &ContainerId, step: Step) {
        let since = (step.at, step.revision);
        if !self.containers.entry(id.clone()).or_default().take(step) {
            return;
        }
        for bag in self.inside.get(id).into_iter().flatten().copied().collect::<Vec<_>>() {
            self.go_along_from(bag, since);
        }
    }

    /// Takes in a word about the loading of a flight.
    pub(super) fn take_loading(
        &mut self,
        flight: DatedFlight,
        step: LoadingStep,
        at: Timestamp,
        revision: u64,
    ) {
        if step != LoadingStep::Erased {
            return;
        }
        for id in self.leaving_on(flight) {
            let leg = Leg { flight, airport: None, role: LegRole::Outbound, marketed_as: None };
            let (report, location) = (Report::FlightErased, String::new());
            let content = Content::Reported(Reported { report, leg: Some(leg), location });
            self.order(id, format!("e/{}/{flight}/{revision}", super::NAME), None, at, content);
        }
    }

    /// The grace of a flight that left is over.
    fn leave(&mut self, id: DatedFlight, revision: u64) {
        let Some(flight) = self.flights.get_mut(&id) else { return };
        if let Some(turn) = flight.leaving.take_if(|turn| turn.revision == revision) {
            flight.tell(turn);
            self.tell_all(id, turn);
        }
    }

    fn tell_all(&mut self, flight: DatedFlight, turn: Turn) {
        for id in self.leaving_on(flight) {
            if !self.bags[&id].is_on_leg(flight, turn.from) {
                continue;
            }
            self.tell(id, flight, turn);
        }
    }

    /// Tells a bag what its flights did before it was known to be on them.
    fn catch_up(&mut self, id: JourneyId) {
        let Some(bag) = self.bags.get(&id).filter(|bag| !bag.is_over) else { return };
        let late: Vec<_> = bag
            .leaves_on()
            .filter_map(|flight| Some((flight, self.flights.get(&flight)?)))
            .flat_map(|(id, flight)| flight.told_after(bag.told_up_to(id)).map(move |turn| (id, turn)))
            .filter(|(id, turn)| bag.is_on_leg(*id, turn.from))
            .collect();
        for (flight, turn) in late {
            self.tell(id, flight, turn);
        }
    }

    fn tell(&mut self, id: JourneyId, flight: DatedFlight, turn: Turn) {
        let Some(bag) = self.bags.get_mut(&id) else { return };
        bag.told(flight, turn.revision);
        let landed = match turn.kind() {
            FlightTurn::Landed => self.flights.get(&flight).and_then(|known| known.destination(bag.station)),
            _ => None,
        };
        let content = Content::FlightTurned(FlightTurned { flight, turn: turn.kind() });
        let observation_id = format!("f/{}/{flight}/{}", super::NAME, turn.revision);
        self.order(id, observation_id, landed, turn.at, content);
    }

    /// Takes a bag along with what it was put into, from the beginning.
    fn go_along(&mut self, id: JourneyId) {
        if let Some((_, since)) = self.bags.get(&id).and_then(|bag| bag.stowed.as_ref()) {
            let since = (*since, 0);
            self.go_along_from(id, since);
        }
    }

    fn go_along_from(&mut self, id: JourneyId, from: (Timestamp, u64)) {
        let Some(bag) = self.bags.get(&id) else { return };
        let Some((container, since)) = bag.stowed.clone() else { return };
        let Some(steps) = self.containers.get(&container) else { return };
        let names = |flight| bag.flights().any(|named| named == flight);
        let has_left =
            |id: DatedFlight, now| self.flights.get(&id).is_some_and(|flight| flight.has_left(now));
        let course = steps.course(since, names, has_left).into_iter();
        let course: Vec<(Step, Effect)> = course.map(|(step, effect)| (step.clone(), effect)).collect();
        for (step, effect) in course {
            if (step.at, step.revision) >= from {
                let observation_id = format!("c/{}/{container}/{}", super::NAME, step.revision);
                let content = Content::Scanned(sighting(&container, &step, effect));
                self.order(id, observation_id, Some(step.station), step.at, content);
            }
            if effect == Effect::TakenApart {
                self.change(id, |bag| bag.stowed = None);
            }
        }
    }

    /// Judges the connection of a bag anew, and says so when the judgement is another.
    fn judge(&mut self, id: JourneyId, cause: &str, times: &Times) {
        let Some(bag) = self.bags.get(&id).filter(|bag| !bag.is_over) else { return };
        let Some(Change { inbound, outbound, station }) = bag.change() else { return };
        let (Some(arriving), Some(leaving)) = (self.flights.get(&inbound), self.flights.get(&outbound))
        else {
            return;
        };
        let (Some(arrival), Some(departure)) = (arriving.arrival(station), leaving.departure(station)) else {
            return;
        };
        let meeting = Meeting { arrival, has_landed: arriving.has_landed(station), departure };
        let transfer = times.at(station);
        let spare = transfer.spare(meeting, bag.way, self.now);
        let standing = bag.connection();
        let (way, connection) = match bag.way {
            Way::Left => return,
            Way::Through(at) => (bag.way, (at, Connection::Safe)),
            way => (way, (self.now, judge(standing, spare))),
        };
        if way == Way::Coming {
            for at in transfer.deadlines(meeting) {
                self.wait(at, Due::Connection(inbound, outbound, station));
            }
        }
        let (at, connection) = connection;
        let is_first = standing == Connection::Unspecified && connection == Connection::Safe;
        if connection == standing || is_first {
            return;
        }
        self.change(id, |bag| bag.judged(connection));
        let letter = match connection {
            Connection::AtRisk => "r",
            Connection::Missed => "m",
            Connection::Safe | Connection::Unspecified => "s",
        };
        let spare_seconds = spare.as_secs();
        let judged = ConnectionJudged { inbound, outbound, connection, spare_seconds };
        let observation_id = format!("j/{}/{cause}/{letter}", super::NAME);
        self.order(id, observation_id, Some(station), at, Content::ConnectionJudged(judged));
    }

    fn order(
        &mut self,
        id: JourneyId,
        observation_id: String,
        station: Option<AirportCode>,
        at: Timestamp,
        content: Content,
    ) {
        let Some(bag) = self.bags.get(&id) else { return };
        let observation = Observation {
            id: observation_id,
            source: super::NAME.to_owned(),
            station: station.unwrap_or(bag.station),
            observed_at: at,
            cause: None,
            parser_version: None,
            received_at: Some(self.now),
            clock_ahead_ms: 0,
        };
        self.orders.push(ToBag { plate: bag.plate, journey: id, observation, content });
    }

    fn wait(&mut self, at: Timestamp, due: Due) {
        // What is past is judged already, but for a flight that left: it strikes with the next look.
        if at > self.now || matches!(due, Due::Left(..)) {
            self.deadlines.insert((at, due));
        }
        if self.deadlines.len() > MAX_DUE {
            self.deadlines.pop_last();
        }
    }

    /// Returns the bags that are to leave on a flight, or are on it.
    fn leaving_on(&self, flight: DatedFlight) -> Vec<JourneyId> {
        let leaves = |id: &JourneyId| {
            let bag = self.bags.get(id).filter(|bag| !bag.is_over);
            bag.is_some_and(|bag| bag.leaves_on().any(|named| named == flight))
        };
        self.by_flight.get(&flight).into_iter().flatten().copied().filter(leaves).collect()
    }

    fn having_to_do_with(&self, flight: DatedFlight) -> Vec<JourneyId> {
        self.by_flight.get(&flight).into_iter().flatten().copied().collect()
    }

    /// Changes a bag, and its places in the lists with it.
    fn change(&mut self, id: JourneyId, change: impl FnOnce(&mut Bag)) {
        let today = self.today;
        let Some(bag) = self.bags.get_mut(&id) else { return };
        let before = (bag.flights().collect::<Vec<_>>(), bag.stowed.clone());
        change(bag);
        bag.heard = today;
        if before != (bag.flights().collect(), bag.stowed.clone()) || before.0.is_empty() {
            self.strike_off(id, before.0.into_iter(), before.1);
            self.enlist(id);
        }
    }

    fn enlist(&mut self, id: JourneyId) {
        let Some(bag) = self.bags.get(&id) else { return };
        for flight in bag.flights() {
            self.by_flight.entry(flight).or_default().insert(id);
        }
        if let Some((container, _)) = &bag.stowed {
            self.inside.entry(container.clone()).or_default().insert(id);
        }
    }

    fn strike_off(
        &mut self,
        id: JourneyId,
        flights: impl Iterator<Item = DatedFlight>,
        stowed: Option<(ContainerId, Timestamp)>,
    ) {
        for flight in flights {
            if let Some(bags) = self.by_flight.get_mut(&flight) {
                bags.remove(&id);
                if bags.is_empty() {
                    self.by_flight.remove(&flight);
                }
            }
        }
        if let Some((container, _)) = stowed
            && let Some(bags) = self.inside.get_mut(&container)
        {
            bags.remove(&id);
            if bags.is_empty() {
                self.inside.remove(&container);
            }
        }
    }

    fn remove(&mut self, id: JourneyId) {
        if let Some(bag) = self.bags.remove(&id) {
            self.strike_off(id, bag.flights(), bag.stowed.clone());
        }
    }

    fn make_room(&mut self) {
        while self.bags.len() > MAX_BAGS
            && let Some(oldest) = self.began.pop_front()
        {
            self.remove(oldest);
        }
    }

    /// Forgets what nobody has heard of for long, once a day.
    fn forget(&mut self) {
        let today = self.today;
        let is_silent = |bag: &Bag| today - bag.heard > BAG_DAYS;
        let silent: Vec<JourneyId> =
            self.bags.iter().filter(|(_, bag)| is_silent(bag)).map(|(id, _)| *id).collect();
        silent.into_iter().for_each(|id| self.remove(id));
        self.began.retain(|id| self.bags.contains_key(id));
        let past: Vec<DatedFlight> = self.flights.keys().copied().filter(|id| self.is_past(*id)).collect();
        past.iter().for_each(|id| drop(self.flights.remove(id)));
        let day = |at: Timestamp| at.as_second().div_euclid(DAY_SECONDS);
        self.containers.retain(|_, steps| steps.last_at().is_some_and(|at| today - day(at) <= BAG_DAYS));
    }

    fn is_past(&self, flight: DatedFlight) -> bool {
        let start = flight.date.to_zoned(TimeZone::UTC).map(|day| day.timestamp().as_second());
        start.is_ok_and(|start| self.today - start.div_euclid(DAY_SECONDS) > FLIGHT_DAYS)
    }
}

#[cfg(test)]
impl World {
    /// Says whether nothing is known.
    pub(super) fn is_empty(&self) -> bool {
        self.flights.is_empty()
            && self.bags.is_empty()
            && self.containers.is_empty()
            && self.by_flight.is_empty()
            && self.inside.is_empty()
            && self.deadlines.is_empty()
    }
}

fn after(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.checked_add(span).unwrap_or(at)
}

/// Returns what a step of its container shows of a bag.
fn sighting(container: &ContainerId, step: &Step, effect: Effect) -> Sighting {
    let (point, role) = match effect {
        Effect::Loaded => (TrackingPoint::AircraftLoad, LegRole::Outbound),
        // Of a container that was taken apart nothing is said but that it holds the bag no more.
        Effect::TakenOff | Effect::TakenApart => (TrackingPoint::Offload, LegRole::Outbound),
        Effect::Unloaded => (TrackingPoint::AircraftUnload, LegRole::Inbound),
    };
    let is_inside = effect != Effect::TakenApart;
    let flight = step.flight.filter(|_| matches!(effect, Effect::Loaded | Effect::Unloaded));
    Sighting {
        point,
        reader: String::new(),
        location: String::new(),
        leg: flight.map(|flight| Leg { flight, airport: None, role, marketed_as: None }),
        stowage: is_inside.then(|| (container.to_string(), step.compartment.clone())),
        authority: Authority::Unspecified,
        is_inferred: true,
        screening: Screening::Unspecified,
    }
}

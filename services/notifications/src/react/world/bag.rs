//! What a bag tells those who follow its journey. One change tells one thing,
//! the first of these that it is:
//!
//! | change | told |
//! |---|---|
//! | its flight left and nobody saw it go on board | left behind, with its next flight when that is known, unless it is on a belt by then |
//! | taken off, back from the aircraft | offloaded; not while it only must come off |
//! | not enough time for its connection | connection missed |
//! | another flight, before it was on board or after one of the above | travels on another flight |
//! | little time for its connection | connection at risk |
//! | on a belt, and seen on another | its belt changed |
//! | first seen on its way to an aircraft | accepted, wherever that is |
//! | on board, of each flight that it takes; on a belt, collected | that; on board not while it must come off |
//! | nothing of this, and nearer to the belt that its passenger walks to | when each of both is there, see [`ways`](super::ways) |
//!
//! Who was told what turns out wrong gets a correction that names it, once: left
//! behind and then on board, or seen at another airport; on board and then elsewhere
//! at the same airport, without having been taken off; connection missed and then
//! reached; accepted, taken off, on a belt or collected by a read that is withdrawn.
//! A move to another flight that is withdrawn is a move back. Who was not told yet
//! hears only what is true. A flight that left without the bag goes before a
//! correction. Screening is never told.
//!
//! What is known begins with the first word after somebody follows, so what keeps
//! a bag from its way by then is told with that word.

use std::collections::BTreeMap;

use airside_api::baggage::v1::{BagException, Connection, Stage};
use airside_kernel::{PersonId, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{News, Origin, Telling, World, later_h, parameters, ways::reaches_belt};
use crate::{model::Kind, react::facts::BagChange};

/// A journey, and who follows it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Journey {
    pub(super) followers: BTreeMap<PersonId, Follower>,
    flight: String,
    station: String,
    belt: String,
    stage: i32,
    exception: i32,
    connection: i32,
    connection_flight: String,
    offload: bool,
    seen_at: Option<Timestamp>,
    pub(super) heard_at: Timestamp,
}

/// Somebody who follows a journey.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Follower {
    /// The plate that they know the bag by.
    pub(super) plate: String,
    /// The journey that they follow; this one, or the one that goes on as this one.
    pub(super) by: Uuid,
    /// The flight that they were told left without the bag; empty for none.
    left_behind: String,
    /// The flight that they were told it is on board of.
    loaded: String,
    /// The flight that they were told it was taken off.
    offloaded: String,
    /// The connecting flight that they were told it will not reach.
    missed: String,
    /// What else they were told that may be withdrawn.
    is_accepted: bool,
    is_on_belt: bool,
    is_collected: bool,
}

impl Follower {
    /// Notes that the person was told something of a flight.
    pub(super) fn note(&mut self, kind: Kind, flight: &str) {
        match kind {
            Kind::BagLeftBehind => (self.left_behind, self.loaded) = (flight.to_owned(), String::new()),
            Kind::BagLoaded => (self.loaded, self.offloaded) = (flight.to_owned(), String::new()),
            Kind::BagOffloaded => (self.offloaded, self.loaded) = (flight.to_owned(), String::new()),
            Kind::BagConnectionMissed => self.missed = flight.to_owned(),
            Kind::BagAccepted => self.is_accepted = true,
            Kind::BagOnBelt | Kind::BagBeltChanged => self.is_on_belt = true,
            Kind::BagCollected => self.is_collected = true,
            _ => {}
        }
    }

    /// Notes that a notice was taken back.
    fn take_back(&mut self, wrong: Kind) {
        match wrong {
            Kind::BagLeftBehind => self.loaded = std::mem::take(&mut self.left_behind),
            Kind::BagLoaded => self.loaded.clear(),
            Kind::BagOffloaded => self.loaded = std::mem::take(&mut self.offloaded),
            Kind::BagAccepted => self.is_accepted = false,
            Kind::BagOnBelt => self.is_on_belt = false,
            Kind::BagCollected => self.is_collected = false,
            _ => self.missed.clear(),
        }
    }
}

impl Journey {
    pub(super) fn follow(&mut self, person: PersonId, plate: String, by: Uuid) {
        self.followers.entry(person).or_insert_with(|| Follower { plate, by, ..Follower::default() });
    }

    /// Returns whether its passenger waits for it at the belt of a flight.
    pub(super) fn arrives_on(&self, flight: &str) -> bool {
        self.flight == flight
            && rank(self.stage()) < rank(Stage::Collected)
            && self.connection == Connection::Unspecified as i32
    }

    /// Returns when it reaches its belt, as far as that can be told from where it was seen last.
    pub(super) fn reaches_belt_at(&self) -> Option<Timestamp> {
        reaches_belt(self.stage(), self.seen_at?)
    }

    /// Returns whether this bag may soon tell the same as another that travels on the same flight.
    pub(super) fn may_follow_suit(&self, kind: Kind, flight: &str) -> bool {
        let is_short_of = |stage| rank(self.stage()) < rank(stage);
        // A connecting bag is short of its next flight though it has come by another.
        let waits_here = matches!(self.stage(), Stage::Unloaded | Stage::Transferring);
        let goes_on = waits_here && self.connection_flight == flight;
        (self.flight.is_empty() || self.flight == flight || goes_on)
            && match kind {
                Kind::BagAccepted => is_short_of(Stage::Accepted),
                Kind::BagLoaded | Kind::BagLeftBehind => {
                    goes_on || is_short_of(Stage::OnAircraft) || self.stage() == Stage::Transferring
                }
                Kind::BagOnBelt => is_short_of(Stage::OnBelt),
                _ => is_short_of(Stage::Collected),
            }
    }

    fn stage(&self) -> Stage {
        Stage::try_from(self.stage).unwrap_or_default()
    }

    fn fold(&mut self, change: &BagChange, at: Timestamp) {
        self.flight.clone_from(&change.flight);
        self.station.clone_from(&change.station);
        self.stage = change.stage as i32;
        self.exception = change.exception as i32;
        self.connection = change.connection as i32;
        self.connection_flight.clone_from(&change.connection_flight);
        self.offload = change.offload;
        self.seen_at = change.seen_at;
        if change.stage == Stage::OnBelt && !change.location.is_empty() {
            self.belt.clone_from(&change.location);
        }
        self.heard_at = at;
    }

    /// Returns what a change that is not folded yet tells.
    fn kind_of(&self, change: &BagChange) -> Option<Kind> {
        let BagChange { previous, stage, offload, .. } = *change;
        let begins =
            |exception: BagException| change.exception == exception && self.exception != exception as i32;
        let is_with_passenger = matches!(stage, Stage::OnBelt | Stage::Collected);
        if begins(BagException::LeftBehind) && !is_on_board(stage) && !is_with_passenger {
            return Some(Kind::BagLeftBehind);
        }
        if offload && is_on_board(previous) && rank(stage) < rank(Stage::OnAircraft) {
            return Some(Kind::BagOffloaded);
        }
        let worse =
            |connection: Connection| change.connection == connection && self.connection < connection as i32;
        if worse(Connection::Missed) {
            return Some(Kind::BagConnectionMissed);
        }
        if self.travels_on_another(change) {
            return Some(Kind::BagReflighted);
        }
        if worse(Connection::AtRisk) {
            return Some(Kind::BagConnectionAtRisk);
        }
        let is_another_belt = !self.belt.is_empty()
            && !change.location.is_empty()
            && !is_one_belt(&self.belt, &change.location);
        if (previous, stage) == (Stage::OnBelt, Stage::OnBelt) && is_another_belt {
            return Some(Kind::BagBeltChanged);
        }
        let reaches = |point: Stage| rank(previous) < rank(point) && rank(stage) >= rank(point);
        match stage {
            // A load may be heard of after the aircraft has left, and may be in order only later.
            Stage::OnAircraft | Stage::Departed if !offload && self.boards(change) => Some(Kind::BagLoaded),
            Stage::OnBelt if reaches(Stage::OnBelt) => Some(Kind::BagOnBelt),
            Stage::Collected if reaches(Stage::Collected) => Some(Kind::BagCollected),
            // What another flight brings for this one was accepted where it began.
            stage
                if reaches(Stage::Accepted)
                    && rank(stage) < rank(Stage::OnAircraft)
                    && (change.flight.is_empty() || change.flight != change.connection_flight) =>
            {
                Some(Kind::BagAccepted)
            }
            _ => None,
        }
    }

    /// Returns whether a bag that is on board was not, was not to stay, or was on board elsewhere for another flight.
    fn boards(&self, change: &BagChange) -> bool {
        let is_of_another = differ(&self.flight, &change.flight) && differ(&self.station, &change.station);
        let was_here = matches!(change.previous, Stage::Unloaded | Stage::Transferring)
            || rank(change.previous) < rank(Stage::OnAircraft);
        was_here || self.offload || is_of_another
    }

    /// Returns the flight that left without it.
    fn left_by<'a>(&'a self, change: &'a BagChange) -> &'a str {
        match (change.left_flight.as_str(), self.flight.as_str()) {
            ("", "") => &change.flight,
            ("", known) => known,
            (told, _) => told,
        }
    }

    fn travels_on_another(&self, change: &BagChange) -> bool {
        let is_another = differ(&self.flight, &change.flight);
        let is_before_load =
            [change.previous, change.stage].map(rank).iter().all(|at| *at < rank(Stage::OnAircraft));
        let went_wrong = self.connection == Connection::Missed as i32
            || [BagException::LeftBehind, BagException::Offloaded]
                .map(|one| one as i32)
                .contains(&self.exception);
        is_another && change.exception != BagException::Misrouted && (is_before_load || went_wrong)
    }

    /// Returns which notice of a follower a change proves wrong.
    fn corrects(&self, follower: &Follower, change: &BagChange) -> Option<Kind> {
        let BagChange { previous, stage, offload, .. } = *change;
        let is_told = |told: &str, flight: &str| !told.is_empty() && told == flight;
        // What is seen where it was left has not flown, whatever it comes off there.
        let has_flown = is_on_board(stage) || differ(&self.station, &change.station);
        if has_flown
            && change.exception != BagException::LeftBehind
            && is_told(&follower.left_behind, &change.flight)
        {
            return Some(Kind::BagLeftBehind);
        }
        let is_back = is_on_board(previous) && rank(stage) < rank(Stage::OnAircraft) && !offload;
        if is_back && self.station == change.station && is_told(&follower.loaded, &change.flight) {
            return Some(Kind::BagLoaded);
        }
        // Who is loaded again was taken off; but no bag was seen last before it was seen last.
        let is_withdrawn = change.seen_at < self.seen_at;
        if is_withdrawn && is_on_board(stage) && !offload && is_told(&follower.offloaded, &change.flight) {
            return Some(Kind::BagOffloaded);
        }
        let falls_short_of = |point| rank(previous) >= rank(point) && rank(stage) < rank(point);
        let points = [
            (follower.is_collected, Stage::Collected, Kind::BagCollected),
            (follower.is_on_belt, Stage::OnBelt, Kind::BagOnBelt),
            (follower.is_accepted, Stage::Accepted, Kind::BagAccepted),
        ];
        if let Some((.., wrong)) = points.into_iter().find(|(told, point, _)| *told && falls_short_of(*point))
        {
            return Some(wrong);
        }
        let is_reached = matches!(change.connection, Connection::Safe | Connection::AtRisk);
        (is_reached && is_told(&follower.missed, &change.connection_flight))
            .then_some(Kind::BagConnectionMissed)
    }
}

impl World {
    /// Takes in what is known of a bag from now on, and returns who must be told.
    pub(super) fn hear(&mut self, change: &BagChange, origin: &Origin) -> Vec<Telling> {
        let Some(mut journey) = self.journeys.remove(&change.journey) else { return Vec::new() };
        let kind = journey.kind_of(change);
        let followers = journey.followers.clone();
        let (mut told, mut silent, mut tellings) = (Vec::new(), Vec::new(), Vec::new());
        for (person, follower) in &followers {
            let corrected = journey.corrects(follower, change);
            // That its flight left without it says more than that it is not on board.
            let corrected = corrected.filter(|_| kind != Some(Kind::BagLeftBehind));
            let news = match corrected {
                Some(wrong) => Some(correction(wrong, change, origin)),
                // Who knows that it is on board of this flight is not told again.
                None if kind == Some(Kind::BagLoaded)
                    && !change.flight.is_empty()
                    && follower.loaded == change.flight =>
                {
                    None
                }
                // Nor is who knows that this flight left without it, such as one that came back and left again.
                None if kind == Some(Kind::BagLeftBehind)
                    && !follower.left_behind.is_empty()
                    && follower.left_behind == journey.left_by(change) =>
                {
                    None
                }
                None if kind.is_none() => self.nears(person, change, origin.recorded_at),
                None => kind.map(|kind| self.news_of_bag(kind, &journey, change, origin)),
            };
            // What was taken back is not taken back again.
            if let (Some(wrong), Some(known)) = (corrected, journey.followers.get_mut(person)) {
                known.take_back(wrong);
            }
            match news {
                Some(news) => told.push((*person, follower.plate.clone(), news)),
                None => silent.push(*person),
            }
        }
        let along = match kind {
            Some(Kind::BagLeftBehind) => journey.left_by(change).to_owned(),
            Some(Kind::BagReflighted) if !journey.flight.is_empty() => journey.flight.clone(),
            _ => change.flight.clone(),
        };
        journey.fold(change, origin.recorded_at);
        self.journeys.insert(change.journey, journey);
        for person in silent {
            tellings.extend(self.leave_what_is_void(person, change));
        }
        for (person, plate, news) in told {
            tellings.extend(self.announce(person, (change.journey, plate), news, &along, origin));
        }
        for person in followers.into_keys() {
            tellings.extend(self.close_complete(person));
        }
        tellings
    }

    fn news_of_bag(&self, kind: Kind, journey: &Journey, change: &BagChange, origin: &Origin) -> News {
        let at = origin.recorded_at;
        let flight = self.flights.get(&change.flight);
        let belt = match change.location.as_str() {
            "" => flight.map_or("", |flight| flight.belt.as_str()),
            location => location,
        };
        // The flight that left goes before the one that the airline has named since.
        let left = journey.left_by(change);
        let next = if left == change.flight { "" } else { change.flight.as_str() };
        let parameters = parameters(kind, |name| match (name, kind) {
            ("flight", Kind::BagLeftBehind) => left,
            ("next_flight", _) => next,
            ("flight", _) => flight_of(kind, change),
            ("previous_flight", _) => &journey.flight,
            ("belt", _) => belt,
            ("previous_belt", _) => &journey.belt,
            _ => "",
        });
        let arrival = flight.and_then(|flight| flight.arrival).map(|arrival| later_h(arrival, 1));
        let expires_at = match kind {
            Kind::BagLoaded => arrival.filter(|end| *end > at).unwrap_or_else(|| later_h(at, 12)),
            Kind::BagOnBelt | Kind::BagBeltChanged => later_h(at, 3),
            Kind::BagCollected => later_h(at, 6),
            _ => later_h(at, 24),
        };
        News { kind, parameters, expires_at }
    }
}

fn correction(wrong: Kind, change: &BagChange, origin: &Origin) -> News {
    let corrects = wrong.to_proto().as_str_name().trim_start_matches("NOTICE_KIND_");
    let parameters = parameters(Kind::BagCorrected, |name| match name {
        "flight" => flight_of(wrong, change),
        "corrects" => corrects,
        _ => "",
    });
    News { kind: Kind::BagCorrected, parameters, expires_at: later_h(origin.recorded_at, 24) }
}

/// Returns the flight that a notice names: of a connection, the one to be reached.
fn flight_of(kind: Kind, change: &BagChange) -> &str {
    match kind {
        Kind::BagConnectionAtRisk | Kind::BagConnectionMissed => &change.connection_flight,
        _ => &change.flight,
    }
}

/// Returns whether a change takes from a bag what a kind of notice says of it.
pub(super) fn is_void(kind: Kind, change: &BagChange) -> bool {
    let is_short_of = |point| rank(change.stage) < rank(point);
    match kind {
        Kind::BagAccepted => is_short_of(Stage::Accepted),
        Kind::BagLoaded => change.offload || is_short_of(Stage::OnAircraft),
        Kind::BagOnBelt | Kind::BagBeltChanged => is_short_of(Stage::OnBelt),
        Kind::BagNearsBelt => !matches!(change.stage, Stage::Unloaded | Stage::Arrived),
        Kind::BagLeftBehind => change.exception == BagException::Unspecified,
        Kind::BagConnectionAtRisk => change.connection < Connection::AtRisk,
        Kind::BagConnectionMissed => change.connection < Connection::Missed,
        _ => false,
    }
}

/// Returns whether both are known and not the same.
fn differ(one: &str, other: &str) -> bool {
    !one.is_empty() && !other.is_empty() && one != other
}

/// Returns whether two signs name one belt, as `05` and `5` do.
fn is_one_belt(one: &str, other: &str) -> bool {
    let [one, other] = [one, other].map(|sign| sign.trim_start_matches('0'));
    one.eq_ignore_ascii_case(other)
}

fn is_on_board(stage: Stage) -> bool {
    matches!(stage, Stage::OnAircraft | Stage::Departed)
}

/// Returns the place of a stage on its leg; an aircraft has left after it was loaded.
fn rank(stage: Stage) -> i32 {
    match stage {
        Stage::Departed => 2 * Stage::OnAircraft as i32 + 1,
        stage => 2 * stage as i32,
    }
}

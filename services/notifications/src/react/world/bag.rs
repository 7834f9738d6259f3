//! What a bag tells those who follow its journey. One change tells one thing,
//! the first of these that it is:
//!
//! | change | told |
//! |---|---|
//! | its flight left and nobody saw it go on board | left behind, with its next flight when that is known |
//! | taken off, back from the aircraft | offloaded; not while it only must come off |
//! | not enough time for its connection | connection missed |
//! | another flight, before it was on board or after one of the above | travels on another flight |
//! | little time for its connection | connection at risk |
//! | on a belt, and seen on another | its belt changed |
//! | forward to accepted, on board, on a belt, collected | that; on board not while it must come off |
//!
//! Who was told what turns out wrong gets a correction that names it, once: left
//! behind and then on board; on board and then elsewhere at the same airport,
//! without having been taken off; connection missed and then reached. Who was not
//! told yet hears only what is true. A flight that left without the bag goes before
//! a correction. Screening is never told.
//!
//! What is known begins with the first word after somebody follows, so what keeps
//! a bag from its way by then is told with that word.

use std::collections::BTreeMap;

use airside_api::baggage::v1::{BagException, Connection, Stage};
use airside_kernel::{PersonId, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{News, Origin, Telling, World, later_h, parameters};
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
    offload: bool,
    pub(super) heard_at: Timestamp,
}

/// Somebody who follows a journey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Follower {
    /// The plate that they know the bag by.
    pub(super) plate: String,
    /// The journey that they follow; this one, or the one that goes on as this one.
    pub(super) by: Uuid,
    /// The flight that they were told left without the bag; empty for none.
    left_behind: String,
    /// The flight that they were told it is on board of.
    loaded: String,
    /// The connecting flight that they were told it will not reach.
    missed: String,
}

impl Follower {
    /// Notes that the person was told something of a flight.
    pub(super) fn note(&mut self, kind: Kind, flight: &str) {
        match kind {
            Kind::BagLeftBehind => (self.left_behind, self.loaded) = (flight.to_owned(), String::new()),
            Kind::BagLoaded => self.loaded = flight.to_owned(),
            Kind::BagOffloaded => self.loaded = String::new(),
            Kind::BagConnectionMissed => self.missed = flight.to_owned(),
            _ => {}
        }
    }

    /// Notes that a notice was taken back.
    fn take_back(&mut self, wrong: Kind) {
        match wrong {
            Kind::BagLeftBehind => self.loaded = std::mem::take(&mut self.left_behind),
            Kind::BagLoaded => self.loaded.clear(),
            _ => self.missed.clear(),
        }
    }
}

impl Journey {
    pub(super) fn follow(&mut self, person: PersonId, plate: String, by: Uuid) {
        let [left_behind, loaded, missed] = Default::default();
        self.followers.entry(person).or_insert(Follower { plate, by, left_behind, loaded, missed });
    }

    /// Returns whether its passenger waits for it at the belt of a flight.
    pub(super) fn arrives_on(&self, flight: &str) -> bool {
        self.flight == flight
            && rank(self.stage()) < rank(Stage::Collected)
            && self.connection == Connection::Unspecified as i32
    }

    /// Returns whether this bag may soon tell the same as another that travels on the same flight.
    pub(super) fn may_follow_suit(&self, kind: Kind, flight: &str) -> bool {
        let is_short_of = |stage| rank(self.stage()) < rank(stage);
        (self.flight.is_empty() || self.flight == flight)
            && match kind {
                Kind::BagAccepted => is_short_of(Stage::Accepted),
                Kind::BagLoaded | Kind::BagLeftBehind => is_short_of(Stage::OnAircraft),
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
        self.offload = change.offload;
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
        let is_loaded = |stage| rank(stage) >= rank(Stage::OnAircraft);
        if begins(BagException::LeftBehind) && !is_loaded(stage) {
            return Some(Kind::BagLeftBehind);
        }
        if offload && was_on_board(previous) && !is_loaded(stage) {
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
        let is_elsewhere =
            !self.belt.is_empty() && !change.location.is_empty() && self.belt != change.location;
        if (previous, stage) == (Stage::OnBelt, Stage::OnBelt) && is_elsewhere {
            return Some(Kind::BagBeltChanged);
        }
        let reaches = |point: Stage| rank(previous) < rank(point) && rank(stage) >= rank(point);
        match stage {
            Stage::Accepted if reaches(Stage::Accepted) => Some(Kind::BagAccepted),
            // A load may be heard of after the aircraft has left, and may be in order only later.
            Stage::OnAircraft | Stage::Departed
                if !offload && (reaches(Stage::OnAircraft) || self.offload) =>
            {
                Some(Kind::BagLoaded)
            }
            Stage::OnBelt if reaches(Stage::OnBelt) => Some(Kind::BagOnBelt),
            Stage::Collected if reaches(Stage::Collected) => Some(Kind::BagCollected),
            _ => None,
        }
    }

    fn travels_on_another(&self, change: &BagChange) -> bool {
        let is_another = !self.flight.is_empty() && !change.flight.is_empty() && self.flight != change.flight;
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
        let is_loaded = rank(change.stage) >= rank(Stage::OnAircraft);
        let is_told = |told: &str, flight: &str| !told.is_empty() && told == flight;
        // What comes off another flight where it was left has not flown.
        let is_gone = was_on_board(change.stage) || self.station != change.station;
        if is_loaded && is_gone && is_told(&follower.left_behind, &change.flight) {
            return Some(Kind::BagLeftBehind);
        }
        let is_back = was_on_board(change.previous) && !is_loaded && !change.offload;
        if is_back && self.station == change.station && is_told(&follower.loaded, &change.flight) {
            return Some(Kind::BagLoaded);
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
        let mut told = Vec::new();
        for (person, follower) in &followers {
            let corrected = journey.corrects(follower, change);
            // That its flight left without it says more than that it is not on board.
            let corrected = corrected.filter(|_| kind != Some(Kind::BagLeftBehind));
            let news = match corrected {
                Some(wrong) => Some(correction(wrong, change, origin)),
                None => kind.map(|kind| self.news_of_bag(kind, &journey, change, origin)),
            };
            // What was taken back is not taken back again.
            if let (Some(wrong), Some(known)) = (corrected, journey.followers.get_mut(person)) {
                known.take_back(wrong);
            }
            told.extend(news.map(|news| (*person, follower.plate.clone(), news)));
        }
        let along = match kind {
            Some(Kind::BagReflighted | Kind::BagLeftBehind) if !journey.flight.is_empty() => {
                journey.flight.clone()
            }
            _ => change.flight.clone(),
        };
        journey.fold(change, origin.recorded_at);
        self.journeys.insert(change.journey, journey);
        let mut tellings = Vec::new();
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
        let has_next = !journey.flight.is_empty() && journey.flight != change.flight;
        let (left, next) = match has_next {
            true => (journey.flight.as_str(), change.flight.as_str()),
            false => (change.flight.as_str(), ""),
        };
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

fn was_on_board(stage: Stage) -> bool {
    matches!(stage, Stage::OnAircraft | Stage::Departed)
}

/// Returns the place of a stage on its leg; an aircraft has left after it was loaded.
fn rank(stage: Stage) -> i32 {
    match stage {
        Stage::Departed => 2 * Stage::OnAircraft as i32 + 1,
        stage => 2 * stage as i32,
    }
}

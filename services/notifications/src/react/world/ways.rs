//! The ways that persons follow, joined with the flights and bags that they are for.
//!
//! | what | told |
//! |---|---|
//! | the time to leave for a gate has come | leave now, with how long checks and walking take; again when the flight is later by [`LATER`] and more |
//! | a closure broke the way | that, and how long the other way takes |
//! | a bag of the flight was unloaded, or is in the baggage hall, and its passenger is on the way to the belt | when each of both is there, once for each of the two |
//!
//! How long the bag takes is an estimate from where it was seen last. Who is on the way is
//! taken to walk since the times were told. What is told is caused by another reactor's name
//! than the rest, so that it stands in no one's way: a window may close later with an older cause.

use std::collections::{BTreeMap, BTreeSet};

use airside_api::baggage::v1::Stage;
use airside_kernel::{PersonId, Timestamp};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{News, Origin, Telling, World, bag::Journey, later, parameters};
use crate::{
    model::{Kind, Travel},
    react::facts::{
        BagChange,
        way::{Advice, Goal, WayChange},
    },
};

/// The reactor's name in the causes of what is told here.
const JOINED: &str = "notifications.ways";
/// Who was told to leave is told again when the time to leave is later by so much.
const LATER: SignedDuration = SignedDuration::from_mins(15);
/// From the aircraft's hold to the belt.
const FROM_UNLOADED: SignedDuration = SignedDuration::from_mins(15);
/// From the baggage hall to the belt.
const FROM_HALL: SignedDuration = SignedDuration::from_mins(6);
/// A notice of a way is of use for so long at least.
const OF_USE: SignedDuration = SignedDuration::from_mins(30);

/// The ways that are followed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Ways {
    by_person: BTreeMap<PersonId, Way>,
    /// When persons are to leave; times that were moved since do no harm.
    due: BTreeSet<(Timestamp, PersonId)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Way {
    id: Uuid,
    /// The flight whose gate it leads to; empty for another way.
    gate_of: String,
    /// The flight whose belt it leads to; empty for another way.
    belt_of: String,
    until: Timestamp,
    /// What is known of it, and since which event.
    advice: Option<(Advice, Origin)>,
    /// When the person was to leave who was told so.
    told: Option<Timestamp>,
}

impl Ways {
    /// Returns when the next person is to leave.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Forgets the ways that are followed no more.
    pub(super) fn forget(&mut self, at: Timestamp) {
        self.by_person.retain(|_, way| at < way.until);
    }

    /// Takes in what is known of a way; false when that is of another way than the one that is followed.
    fn advise(&mut self, person: PersonId, id: Uuid, advice: Option<Advice>, origin: &Origin) -> bool {
        let is_it = |way: &&mut Way| way.id == id && origin.recorded_at < way.until;
        let Some(way) = self.by_person.get_mut(&person).filter(is_it) else { return false };
        let leave_by = advice.as_ref().and_then(|advice| advice.leave_by);
        way.advice = advice.map(|advice| (advice, origin.clone()));
        let is_later = |leave_by: &Timestamp| way.told.is_none_or(|told| later(told, LATER) <= *leave_by);
        if let Some(leave_by) = leave_by.filter(is_later) {
            self.due.insert((leave_by, person));
        }
        true
    }
}

impl World {
    /// Takes in what happened to the way that a person follows, and returns who must be told.
    pub(super) fn fold_way(&mut self, person: PersonId, change: WayChange, origin: &Origin) -> Vec<Telling> {
        let told = match change {
            WayChange::Followed { way: id, goal, flight, until } => {
                let of = |one| if goal == one { flight.clone() } else { String::new() };
                let (gate_of, belt_of) = (of(Goal::Gate), of(Goal::Belt));
                let told = self.ways.by_person.get(&person).filter(|way| way.gate_of == gate_of);
                let told = told.and_then(|way| way.told);
                let way = Way { id, gate_of, belt_of, until, advice: None, told };
                self.ways.by_person.insert(person, way);
                None
            }
            WayChange::Advised { way, advice } => {
                let is_first = self.ways.by_person.get(&person).is_some_and(|known| known.advice.is_none());
                let is_it = self.ways.advise(person, way, Some(advice), origin);
                (is_it && is_first).then(|| self.bags_near(person, origin)).flatten()
            }
            WayChange::Broken { way, other } => {
                let is_it = self.ways.advise(person, way, other.clone(), origin);
                is_it.then(|| self.way_broken(person, other.as_ref(), origin))
            }
            WayChange::Left => {
                self.ways.by_person.remove(&person);
                None
            }
        };
        told.into_iter().collect()
    }

    /// Returns who must leave now.
    pub(super) fn leave_now(&mut self, at: Timestamp) -> Vec<Telling> {
        let mut tellings = Vec::new();
        while let Some((due, person)) = self.ways.due.first().copied().filter(|(due, _)| *due <= at) {
            self.ways.due.remove(&(due, person));
            let Some(way) = self.ways.by_person.get_mut(&person) else { continue };
            let Some((advice, origin)) = way.advice.as_ref().filter(|(known, _)| known.leave_by == Some(due))
            else {
                continue;
            };
            let flight = self.flights.get(&way.gate_of).filter(|flight| flight.awaits(&person));
            let Some(flight) = flight.filter(|_| at < way.until) else { continue };
            let travel = flight.travel();
            let minutes = Minutes::of(advice);
            let parameters = parameters(Kind::LeaveNow, |name| match name {
                "flight" => &way.gate_of,
                "gate" => flight.gate(),
                name => minutes.get(name),
            });
            let expires_at = travel.departs_at.filter(|departs| *departs > at);
            tellings.push(Telling {
                person,
                kind: Kind::LeaveNow,
                parameters: parameters.into(),
                airport: String::new(),
                expires_at: expires_at.unwrap_or_else(|| later(at, OF_USE)),
                travel,
                origin: joined(origin, 1),
            });
            way.told = Some(due);
        }
        tellings
    }

    fn way_broken(&self, person: PersonId, other: Option<&Advice>, origin: &Origin) -> Telling {
        let way = self.ways.by_person.get(&person);
        let flight = way.map_or("", |way| if way.gate_of.is_empty() { &way.belt_of } else { &way.gate_of });
        let minutes = other.map(Minutes::of).unwrap_or_default();
        let parameters = parameters(Kind::WayBroken, |name| match name {
            "flight" => flight,
            name => minutes.get(name),
        });
        let (airport, expires_at) = (String::new(), later(origin.recorded_at, OF_USE));
        let travel = self.flights.get(flight).map(super::Flight::travel).unwrap_or_default();
        let (kind, origin) = (Kind::WayBroken, joined(origin, 0));
        Telling { person, kind, parameters: parameters.into(), airport, expires_at, travel, origin }
    }

    /// Returns what a bag that comes nearer tells a person who is on the way to its belt.
    pub(super) fn nears(&self, person: &PersonId, change: &BagChange, at: Timestamp) -> Option<News> {
        let belt = self.belt_of(person, &change.flight)?;
        let is_near =
            matches!(change.stage, Stage::Unloaded | Stage::Arrived) && change.previous != change.stage;
        let there_at = reaches_belt(change.stage, change.seen_at?).filter(|_| is_near)?;
        self.nears_belt(person, belt, there_at, at)
    }

    /// Returns what the bags of a person tell who has just set out for their belt.
    fn bags_near(&self, person: PersonId, origin: &Origin) -> Option<Telling> {
        let way = self.ways.by_person.get(&person)?;
        let (belt, at) = (self.belt_of(&person, &way.belt_of)?, origin.recorded_at);
        let journeys = self.bags.get(&person)?.iter().filter_map(|journey| self.journeys.get(journey));
        let near = journeys.filter(|journey| journey.arrives_on(&way.belt_of));
        let near = near.filter_map(|journey| Some((journey, journey.reaches_belt_at()?)));
        let near: Vec<(&Journey, Timestamp)> = near.collect();
        let last = near.iter().map(|(_, there_at)| *there_at).max()?;
        let News { kind, mut parameters, expires_at } = self.nears_belt(&person, belt, last, at)?;
        let plates = near.iter().filter_map(|(journey, _)| journey.followers.get(&person));
        let plates: BTreeSet<_> = plates.map(|follower| follower.plate.as_str()).collect();
        parameters.insert("plate".to_owned(), (*plates.first()?).to_owned());
        if plates.len() > 1 {
            parameters.insert("plates".to_owned(), plates.into_iter().collect::<Vec<_>>().join(","));
        }
        let travel = self.flights.get(&way.belt_of).map_or_else(Travel::default, super::Flight::travel);
        let (airport, origin) = (String::new(), joined(origin, 0));
        Some(Telling { person, kind, parameters: parameters.into(), airport, expires_at, travel, origin })
    }

    /// Returns the belt of a flight, when a person is on the way there.
    fn belt_of(&self, person: &PersonId, flight: &str) -> Option<&str> {
        let way = self.ways.by_person.get(person)?;
        let belt = self.flights.get(flight).map(|flight| flight.belt.as_str())?;
        (!flight.is_empty() && way.belt_of == flight && !belt.is_empty()).then_some(belt)
    }

    fn nears_belt(&self, person: &PersonId, belt: &str, there_at: Timestamp, at: Timestamp) -> Option<News> {
        let way = self.ways.by_person.get(person).filter(|way| at < way.until)?;
        let (advice, since) = way.advice.as_ref()?;
        let takes = SignedDuration::from_secs(i64::from(advice.walking_s) + i64::from(advice.waiting_s));
        let mine = minutes_until(later(since.recorded_at, takes), at);
        let its = minutes_until(there_at, at);
        let parameters = parameters(Kind::BagNearsBelt, |name| match name {
            "belt" => belt,
            "bag_minutes" => &its,
            "walking_minutes" => &mine,
            _ => "",
        });
        Some(News {
            kind: Kind::BagNearsBelt,
            parameters,
            expires_at: later(there_at.max(at), FROM_UNLOADED),
        })
    }
}

/// Returns when a bag reaches the belt that was seen at a stage.
pub(super) fn reaches_belt(stage: Stage, seen_at: Timestamp) -> Option<Timestamp> {
    match stage {
        Stage::Unloaded => Some(later(seen_at, FROM_UNLOADED)),
        Stage::Arrived => Some(later(seen_at, FROM_HALL)),
        _ => None,
    }
}

/// Returns in how many minutes something is, at least one.
fn minutes_until(instant: Timestamp, at: Timestamp) -> String {
    ((instant.duration_since(at).as_secs() + 59) / 60).max(1).to_string()
}

/// Returns the origin of what is told here; the index tells apart what one event gives.
fn joined(origin: &Origin, index: u32) -> Origin {
    let mut origin = origin.clone();
    JOINED.clone_into(&mut origin.cause.reactor);
    origin.cause.index = index;
    origin
}

/// An advice as notices say it.
#[derive(Debug, Default)]
struct Minutes {
    walking: String,
    waiting: String,
    waits_at: &'static str,
    certainty: &'static str,
}

impl Minutes {
    fn of(advice: &Advice) -> Self {
        let minutes = |seconds: u32| seconds.div_ceil(60).to_string();
        let waits = advice.waiting_s > 0;
        Self {
            walking: minutes(advice.walking_s.max(1)),
            waiting: if waits { minutes(advice.waiting_s) } else { String::new() },
            waits_at: match (waits, advice.at_security) {
                (false, _) => "",
                (true, true) => "SECURITY",
                (true, false) => "CHECKS",
            },
            certainty: if advice.is_measured { "MEASURED" } else { "ESTIMATED" },
        }
    }

    fn get(&self, name: &str) -> &str {
        match name {
            "walking_minutes" => &self.walking,
            "waiting_minutes" => &self.waiting,
            "waits_at" => self.waits_at,
            "certainty" => self.certainty,
            _ => "",
        }
    }
}

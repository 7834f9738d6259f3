//! Read models of baggage: where every bag is, what is in quarantine, and when flights go.
//!
//! A plate is folded by the same pure rules that decide, so that what is shown
//! and what is decided cannot differ.
//!
//! Bounds. A plate is forgotten [`KEPT_DAYS`] days after the last event of its
//! stream was recorded, and at the latest when [`MAX_PLATES`] others were heard of
//! since; its stream still has it, and a journey that goes on after that is shown
//! from there. Both follow from the order and the times of
//! the log alone, so that every fold forgets alike. What a person follows is
//! forgotten with the plate. The lists hold a plate from the next page on.

mod quarantine;
mod timetable;

use std::{
    borrow::Borrow,
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    hash::Hash,
    sync::Arc,
};

use airside_api::trips::v1 as trips;
use airside_kernel::{
    DecodeError, Kept, PersonId, PersonalUse, Projection, RecordedEvent, StoredEvent, Timestamp,
    projection::shared,
};
use foldhash::fast::RandomState;
use prost::Message;
use serde::{Deserialize, Serialize};

pub use self::{
    quarantine::{Item, QuarantineList},
    timetable::Timetable,
};
use crate::{
    decide::fold,
    events::{BagEvent, attached, damaged},
    journey::{Journey, Plate},
    model::{DatedFlight, JourneyId, LicencePlate},
};

/// How many days after its last event a plate is kept.
const KEPT_DAYS: i64 = 30;
/// The most plates that are kept.
const MAX_PLATES: usize = 1_000_000;
/// How many flights a plate is listed under before those that it no longer names are struck.
const MAX_FLIGHTS_LISTED: usize = 32;
/// How many containers a plate is listed under; the oldest is struck when there is another.
const MAX_CONTAINERS_LISTED: usize = 32;
const DAY_SECONDS: i64 = 24 * 60 * 60;

/// Where every bag is.
#[derive(Default)]
pub struct Bags {
    kept: KeptBags,
    by_time: BTreeSet<ListKey>,
    by_flight: HashMap<DatedFlight, BTreeSet<LicencePlate>, RandomState>,
    by_container: HashMap<String, BTreeSet<LicencePlate>, RandomState>,
    /// Plates whose place in the lists is to be found again.
    unlisted: Vec<LicencePlate>,
}

/// All that the fold needs; the lists are made of it again.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct KeptBags {
    #[serde(with = "shared::map")]
    plates: HashMap<LicencePlate, Arc<Worn>, RandomState>,
    followed: HashMap<PersonId, BTreeMap<JourneyId, LicencePlate>>,
    /// On which day each plate was heard of, oldest first; the last place of a plate counts.
    heard: VecDeque<(i64, LicencePlate)>,
    today: i64,
}

/// A plate and where it stands in the lists.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Worn {
    plate: Plate,
    /// The flights that it is listed under.
    flights: Vec<DatedFlight>,
    /// The containers that it is listed under, the newest last.
    containers: Vec<String>,
    listed_at: Option<Timestamp>,
    version: u64,
    /// The day of its last event.
    heard: i64,
    /// Whether it waits for its place in the lists.
    is_unlisted: bool,
}

/// Which bags a caller may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Every bag.
    All,
    /// The journeys that this person follows.
    FollowedBy(PersonId),
}

/// What an event says of its plate.
#[expect(clippy::large_enum_variant, reason = "one is in hand at a time, and a box would cost an allocation")]
enum Told<'a> {
    /// Nothing new.
    Repeated,
    /// Which journey an observation belongs to; most events do.
    Attached((&'a str, JourneyId)),
    Fact([BagEvent; 1]),
}

/// A place in the list of bags, newest first.
pub type ListKey = (Timestamp, LicencePlate);

impl Bags {
    /// Returns the newest journey of a plate within a scope.
    pub fn find(&self, plate: LicencePlate, scope: Scope) -> Option<&Journey> {
        self.newest(&self.kept.plates.get(&plate)?.plate, scope)
    }

    /// Returns a journey of a plate.
    pub fn journey(&self, plate: LicencePlate, id: JourneyId) -> Option<&Journey> {
        self.kept.plates.get(&plate)?.plate.journey(id)
    }

    /// Returns the number that changes whenever a plate does; 0 for one that is not known.
    pub fn version(&self, plate: LicencePlate) -> u64 {
        self.kept.plates.get(&plate).map_or(0, |worn| worn.version)
    }

    /// Returns the newest journey within a scope of a plate as it is or was.
    pub fn newest<'a>(&self, plate: &'a Plate, scope: Scope) -> Option<&'a Journey> {
        match scope {
            Scope::All => plate.newest_journey(),
            Scope::FollowedBy(person) => {
                let followed = self.kept.followed.get(&person)?;
                let mine = plate.journeys.iter().filter(|journey| followed.contains_key(&journey.id));
                mine.max_by_key(|journey| (journey.last_at(), journey.id))
            }
        }
    }

    /// Returns at most `limit` bags before a place in the list, newest first.
    pub fn list(
        &self,
        scope: Scope,
        flight: Option<DatedFlight>,
        before: Option<ListKey>,
        limit: usize,
    ) -> Vec<(ListKey, &Journey)> {
        let found = |plate: &LicencePlate| {
            let key = (self.kept.plates.get(plate)?.listed_at?, *plate);
            let journey = self.find(*plate, scope)?;
            let matches = flight.is_none_or(|flight| journey.flights().any(|named| named == flight));
            (matches && before.is_none_or(|before| key < before)).then_some((key, journey))
        };
        if let Scope::FollowedBy(person) = scope {
            let plates: BTreeSet<_> =
                self.kept.followed.get(&person).into_iter().flatten().map(|(_, plate)| *plate).collect();
            return newest(plates.iter().filter_map(found), limit);
        }
        if let Some(flight) = flight {
            return newest(self.by_flight.get(&flight).into_iter().flatten().filter_map(found), limit);
        }
        let keys: Box<dyn Iterator<Item = &ListKey>> = match before {
            Some(before) => Box::new(self.by_time.range(..before).rev()),
            None => Box::new(self.by_time.iter().rev()),
        };
        keys.filter_map(|(_, plate)| found(plate)).take(limit).collect()
    }

    /// Returns a plate as it is known.
    pub fn plate(&self, plate: LicencePlate) -> Option<&Plate> {
        self.kept.plates.get(&plate).map(|worn| &worn.plate)
    }

    /// Returns the plates of which anything that was observed names a flight, in their order.
    pub fn plates_of_flight(&self, flight: DatedFlight) -> impl Iterator<Item = LicencePlate> {
        self.by_flight.get(&flight).into_iter().flatten().copied()
    }

    /// Returns the plates that were put into a container, in their order.
    pub fn plates_of_container<'a>(
        &'a self,
        container: &str,
    ) -> impl Iterator<Item = LicencePlate> + use<'a> {
        self.by_container.get(container).into_iter().flatten().copied()
    }

    /// Returns how many journeys are known.
    pub fn journey_count(&self) -> usize {
        self.kept.plates.values().map(|kept| kept.plate.journeys.len()).sum()
    }

    fn apply_bag(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        let plate = event.stream().split_once('-').and_then(|(_, plate)| LicencePlate::parse(plate).ok());
        let plate = plate.ok_or_else(|| DecodeError::malformed("stream", "its id is no licence plate"))?;
        let told = match event.event_type() {
            // It says what the observations say already.
            "baggage.BagStatusChanged" => Told::Repeated,
            "baggage.ObservationAttached" => Told::Attached(attached(event)?),
            _ => Told::Fact(BagEvent::decode(event)?),
        };
        let today = event.recorded_at().as_second().div_euclid(DAY_SECONDS);
        let worn = Arc::make_mut(self.kept.plates.entry(plate).or_default());
        worn.version += 1;
        if worn.heard != today {
            worn.heard = today;
            self.kept.heard.push_back((today, plate));
        }
        match told {
            Told::Repeated => worn.plate.pass(),
            Told::Attached((observation_id, journey)) => {
                // The plate was forgotten; what is seen from now on is shown.
                if worn.plate.journey(journey).is_none() {
                    worn.plate.open(journey);
                }
                worn.plate.attach(observation_id, journey);
                if !worn.is_unlisted {
                    worn.is_unlisted = true;
                    self.unlisted.push(plate);
                }
            }
            Told::Fact([fact]) => {
                if let BagEvent::Observed { content, .. } = &fact {
                    for flight in content.flights() {
                        if !worn.flights.contains(&flight) {
                            worn.flights.push(flight);
                            self.by_flight.entry(flight).or_default().insert(plate);
                        }
                    }
                    if let Some(container) = content.container()
                        && !worn.containers.iter().any(|known| known == container)
                    {
                        if worn.containers.len() >= MAX_CONTAINERS_LISTED {
                            strike(&mut self.by_container, worn.containers.remove(0).as_str(), plate);
                        }
                        worn.containers.push(container.to_owned());
                        self.by_container.entry(container.to_owned()).or_default().insert(plate);
                    }
                }
                fold(&mut worn.plate, fact);
            }
        }
        self.forget(today);
        Ok(())
    }

    /// Forgets the plates that nobody has heard of for long.
    fn forget(&mut self, today: i64) {
        while let Some((heard, plate)) = self.kept.heard.front().copied()
            && (today - heard > KEPT_DAYS || self.kept.plates.len() > MAX_PLATES)
        {
            self.kept.heard.pop_front();
            if self.kept.plates.get(&plate).is_some_and(|worn| worn.heard == heard)
                && let Some(worn) = self.kept.plates.remove(&plate)
            {
                worn.listed_at.map(|at| self.by_time.remove(&(at, plate)));
                worn.flights.iter().for_each(|flight| strike(&mut self.by_flight, flight, plate));
                worn.containers.iter().for_each(|one| strike(&mut self.by_container, one.as_str(), plate));
            }
        }
        if today > self.kept.today {
            self.kept.today = today;
            let plates = &self.kept.plates;
            self.kept.followed.retain(|_, mine| {
                mine.retain(|_, plate| plates.contains_key(plate));
                !mine.is_empty()
            });
        }
    }

    /// Finds the place of a plate in the lists.
    fn enlist(&mut self, plate: LicencePlate) {
        let Some(worn) = self.kept.plates.get_mut(&plate) else { return };
        let worn = Arc::make_mut(worn);
        worn.is_unlisted = false;
        let now_at = worn.plate.newest_journey().and_then(Journey::last_at);
        if now_at != worn.listed_at {
            worn.listed_at.map(|at| self.by_time.remove(&(at, plate)));
            self.by_time.extend(now_at.map(|at| (at, plate)));
            worn.listed_at = now_at;
        }
        if worn.flights.len() > MAX_FLIGHTS_LISTED {
            let named: BTreeSet<_> = worn.plate.journeys.iter().flat_map(Journey::flights).collect();
            worn.flights.retain(|flight| {
                let is_named = named.contains(flight);
                if !is_named {
                    strike(&mut self.by_flight, flight, plate);
                }
                is_named
            });
        }
    }

    fn apply_person(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        let Some(person) = event.stream().split_once('-').and_then(|(_, id)| id.parse::<PersonId>().ok())
        else {
            return Err(DecodeError::malformed("stream", "its id is no person"));
        };
        match event.event_type() {
            "trips.BagFollowed" | "trips.BagUnfollowed" if event.schema_version() != 1 => {
                return Err(DecodeError::unknown(event));
            }
            "trips.BagFollowed" => {
                let followed = trips::BagFollowed::decode(event.payload()).map_err(damaged)?;
                if let (Ok(journey), Ok(plate)) =
                    (followed.journey_id.parse(), LicencePlate::parse(&followed.plate))
                {
                    self.kept.followed.entry(person).or_default().insert(JourneyId(journey), plate);
                }
            }
            "trips.BagUnfollowed" => {
                let unfollowed = trips::BagUnfollowed::decode(event.payload()).map_err(damaged)?;
                if let (Ok(journey), Some(mine)) =
                    (unfollowed.journey_id.parse(), self.kept.followed.get_mut(&person))
                {
                    mine.remove(&JourneyId(journey));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn strike<K: Borrow<Q> + Hash + Eq, Q: Hash + Eq + ?Sized>(
    listed: &mut HashMap<K, BTreeSet<LicencePlate>, RandomState>,
    under: &Q,
    plate: LicencePlate,
) {
    if let Some(plates) = listed.get_mut(under) {
        plates.remove(&plate);
        if plates.is_empty() {
            listed.remove(under);
        }
    }
}

fn newest<'a>(
    found: impl Iterator<Item = (ListKey, &'a Journey)>,
    limit: usize,
) -> Vec<(ListKey, &'a Journey)> {
    let mut found: Vec<_> = found.collect();
    found.sort_by(|(a, _), (b, _)| b.cmp(a));
    found.truncate(limit);
    found
}

impl Projection for Bags {
    const NAME: &'static str = "baggage.bags";

    fn wants(category: &str) -> bool {
        matches!(category, "bag" | "person")
    }

    fn personal_use(&self) -> PersonalUse {
        PersonalUse::Sealed
    }

    fn apply(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        match event.category() {
            "bag" => self.apply_bag(event),
            _ => self.apply_person(event),
        }
    }

    fn show(&mut self) {
        for plate in std::mem::take(&mut self.unlisted) {
            self.enlist(plate);
        }
    }
}

impl Kept for Bags {
    const SCHEMA: u32 = 10;
    type State = KeptBags;

    fn image(&self) -> KeptBags {
        self.kept.clone()
    }

    fn restore(&mut self, kept: KeptBags) {
        self.by_time =
            kept.plates.iter().filter_map(|(plate, worn)| Some((worn.listed_at?, *plate))).collect();
        self.unlisted =
            kept.plates.iter().filter(|(_, worn)| worn.is_unlisted).map(|(plate, _)| *plate).collect();
        (self.by_flight, self.by_container) = Default::default();
        for (plate, worn) in &kept.plates {
            for flight in &worn.flights {
                self.by_flight.entry(*flight).or_default().insert(*plate);
            }
            for container in &worn.containers {
                self.by_container.entry(container.clone()).or_default().insert(*plate);
            }
        }
        self.kept = kept;
    }
}

#[cfg(test)]
mod tests;

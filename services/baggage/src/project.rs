//! Read models of baggage: where every bag is, and what is in quarantine.
//!
//! A plate is folded by the same pure rules that decide, so that what is shown
//! and what is decided cannot differ.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use airside_api::trips::v1 as trips;
use airside_kernel::{
    Decider, DecodeError, PersonId, PersonalUse, Projection, RecordedEvent, Revision, StoredEvent, Timestamp,
};
use prost::Message;

use crate::{
    decide::Bag,
    events::{BagEvent, damaged},
    journey::{Journey, Plate},
    model::{DatedFlight, JourneyId, LicencePlate, observation_source},
    source::MessageQuarantined,
};

/// The most quarantined items that are kept for lists; older ones stay in the log.
const MAX_QUARANTINED: usize = 100_000;

/// Where every bag is.
#[derive(Default)]
pub struct Bags {
    plates: HashMap<LicencePlate, Kept>,
    by_time: BTreeSet<(Timestamp, LicencePlate)>,
    by_flight: HashMap<DatedFlight, BTreeSet<LicencePlate>>,
    followed: HashMap<PersonId, BTreeMap<JourneyId, LicencePlate>>,
}

/// A plate and where it stands in the lists.
#[derive(Default)]
struct Kept {
    plate: Plate,
    listed_at: Option<Timestamp>,
    version: u64,
}

/// Which bags a caller may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Every bag.
    All,
    /// The journeys that this person follows.
    FollowedBy(PersonId),
}

/// A place in the list of bags, newest first.
pub type ListKey = (Timestamp, LicencePlate);

impl Bags {
    /// Returns the newest journey of a plate within a scope, and a number that
    /// changes whenever the plate does.
    pub fn find(&self, plate: LicencePlate, scope: Scope) -> Option<(&Journey, u64)> {
        let kept = self.plates.get(&plate)?;
        let journey = match scope {
            Scope::All => kept.plate.newest_journey()?,
            Scope::FollowedBy(person) => {
                let followed = self.followed.get(&person)?;
                let mine = kept.plate.journeys.iter().filter(|journey| followed.contains_key(&journey.id));
                mine.max_by_key(|journey| (journey.last_at(), journey.id))?
            }
        };
        Some((journey, kept.version))
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
            let key = (self.plates.get(plate)?.listed_at?, *plate);
            let (journey, _) = self.find(*plate, scope)?;
            let matches = flight.is_none_or(|flight| journey.flights().any(|named| named == flight));
            (matches && before.is_none_or(|before| key < before)).then_some((key, journey))
        };
        if let Scope::FollowedBy(person) = scope {
            let plates: BTreeSet<_> =
                self.followed.get(&person).into_iter().flatten().map(|(_, plate)| *plate).collect();
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

    /// Returns how many journeys are known.
    pub fn journey_count(&self) -> usize {
        self.plates.values().map(|kept| kept.plate.journeys.len()).sum()
    }

    fn apply_bag(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        let plate = event.stream().split_once('-').and_then(|(_, plate)| LicencePlate::parse(plate).ok());
        let plate = plate.ok_or_else(|| DecodeError::malformed("stream", "its id is no licence plate"))?;
        let [fact] = BagEvent::decode(event)?;
        let kept = self.plates.entry(plate).or_default();
        kept.plate = Bag::evolve(std::mem::take(&mut kept.plate), &fact);
        kept.version += 1;
        if let BagEvent::Observed { content, .. } = &fact {
            for flight in content.flights() {
                self.by_flight.entry(flight).or_default().insert(plate);
            }
        }
        let now_at = kept.plate.newest_journey().and_then(Journey::last_at);
        if now_at != kept.listed_at {
            if let Some(at) = kept.listed_at {
                self.by_time.remove(&(at, plate));
            }
            kept.listed_at = now_at;
            self.by_time.extend(now_at.map(|at| (at, plate)));
        }
        Ok(())
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
                    self.followed.entry(person).or_default().insert(JourneyId(journey), plate);
                }
            }
            "trips.BagUnfollowed" => {
                let unfollowed = trips::BagUnfollowed::decode(event.payload()).map_err(damaged)?;
                if let (Ok(journey), Some(mine)) =
                    (unfollowed.journey_id.parse(), self.followed.get_mut(&person))
                {
                    mine.remove(&JourneyId(journey));
                }
            }
            _ => {}
        }
        Ok(())
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
}

/// One line of the quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its number, rising.
    pub number: u64,
    /// The source it came from.
    pub source: String,
    /// For a message: its revision in the source's stream.
    pub message: Option<Revision>,
    /// For an observation: the plate.
    pub plate: String,
    /// Stable code of the reason.
    pub code: String,
    /// The reason in words.
    pub reason: String,
    /// When it was quarantined.
    pub at: Timestamp,
}

/// What is in quarantine.
#[derive(Default)]
pub struct QuarantineList {
    items: BTreeMap<u64, Item>,
    next: u64,
}

impl QuarantineList {
    /// Returns at most `limit` items before a number, newest first.
    pub fn list(&self, source: &str, before: Option<u64>, limit: usize) -> Vec<&Item> {
        let items = self.items.range(..before.unwrap_or(u64::MAX)).rev().map(|(_, item)| item);
        items.filter(|item| source.is_empty() || item.source == source).take(limit).collect()
    }

    fn push(&mut self, item: Item) {
        self.items.insert(self.next, Item { number: self.next, ..item });
        self.next += 1;
        if self.items.len() > MAX_QUARANTINED {
            self.items.pop_first();
        }
    }

    fn apply_bag(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        if event.event_type() != "baggage.ObservationQuarantined" {
            return Ok(());
        }
        if let [BagEvent::Quarantined { observation_id, code, candidates, .. }] = BagEvent::decode(event)? {
            let plate = event.stream().split_once('-').map_or("", |(_, plate)| plate).to_owned();
            let source = observation_source(&observation_id).to_owned();
            let reason = format!("the observation fits {} journeys of the plate", candidates.len());
            self.push(Item {
                number: 0,
                source,
                message: None,
                plate,
                code,
                reason,
                at: event.recorded_at(),
            });
        }
        Ok(())
    }
}

impl Projection for QuarantineList {
    const NAME: &'static str = "baggage.quarantine";

    fn wants(category: &str) -> bool {
        matches!(category, "bag" | "quarantine")
    }

    fn apply(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        if event.category() == "bag" {
            return self.apply_bag(event);
        }
        let [item] = MessageQuarantined::decode(event)?;
        self.push(Item {
            number: 0,
            source: item.source,
            message: Some(item.message),
            plate: String::new(),
            code: item.code,
            reason: item.reason,
            at: event.recorded_at(),
        });
        Ok(())
    }
}

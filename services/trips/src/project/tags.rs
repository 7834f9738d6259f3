//! What each bag tag proves: the sealed name and record locator of its journeys.
//!
//! Folded from what baggage publishes. Values stay sealed, in the bytes they
//! are stored in, and are opened only to answer one request; so an erased
//! passenger proves nothing from that moment. A journey is kept for
//! [`KEEP_HOURS`] after it was opened, a plate keeps its newest
//! [`MAX_JOURNEYS_PER_PLATE`], and all plates together [`MAX_JOURNEYS`]; a plate
//! without a journey is not kept.
//!
//! Only what a tag proves is decoded of what baggage publishes.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use airside_api::{baggage::v1 as baggage, privacy::v1 as privacy};
use airside_kernel::{
    DecodeError, Kept, Personal, PersonalUse, Projection, RecordedEvent, Timestamp, projection::shared,
};
use airside_runtime::stored;
use foldhash::fast::RandomState;
use jiff::SignedDuration;
use prost::Message;
use serde::{Deserialize, Serialize};

use crate::{
    events::{parsed, published},
    model::{JourneyId, Plate},
};

/// The most journeys of one plate that a request is compared with.
pub const MAX_JOURNEYS_PER_PLATE: usize = 4;
/// How long a journey can be proven.
const KEEP_HOURS: i64 = 30 * 24;
/// The most journeys that are kept.
const MAX_JOURNEYS: usize = 1_000_000;
const MAX_ANNOUNCEMENTS_PER_PLATE: usize = 64;

/// What a tag proves about one journey.
#[derive(Debug, Clone, PartialEq)]
pub struct Tag {
    /// The journey.
    pub journey: JourneyId,
    /// The passenger, sealed.
    pub passenger_name: Option<Personal>,
    /// The record locator, sealed.
    pub record_locator: Option<Personal>,
}

/// What every tag proves.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Tags {
    #[serde(with = "shared::map")]
    plates: HashMap<Plate, Arc<Worn>, RandomState>,
    opened: VecDeque<(Timestamp, Plate, JourneyId)>,
}

/// One plate and the journeys that wore it, oldest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Worn {
    journeys: Vec<JourneyId>,
    announcements: VecDeque<Announcement>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Announcement {
    observation: Box<str>,
    journey: Option<JourneyId>,
    passenger_name: Option<Box<[u8]>>,
    record_locator: Option<Box<[u8]>>,
}

impl Tags {
    /// Returns what a plate proves, newest journey first; nothing for an unknown plate.
    pub fn of(&self, plate: Plate) -> Vec<Tag> {
        let Some(worn) = self.plates.get(&plate) else { return Vec::new() };
        worn.journeys.iter().rev().map(|journey| worn.tag(*journey)).collect()
    }

    fn open(&mut self, at: Timestamp, plate: Plate, journey: JourneyId) {
        let worn = Arc::make_mut(self.plates.entry(plate).or_default());
        if worn.journeys.contains(&journey) {
            return;
        }
        worn.journeys.push(journey);
        if worn.journeys.len() > MAX_JOURNEYS_PER_PLATE {
            let oldest = worn.journeys[0];
            worn.forget(oldest);
        }
        self.opened.push_back((at, plate, journey));
        let keep = SignedDuration::from_hours(KEEP_HOURS);
        while let Some((opened_at, plate, journey)) = self.opened.front().copied()
            && (at.duration_since(opened_at) > keep || self.opened.len() > MAX_JOURNEYS)
        {
            self.opened.pop_front();
            if let Some(worn) = self.plates.get_mut(&plate) {
                let worn = Arc::make_mut(worn);
                worn.forget(journey);
                if worn.journeys.is_empty() {
                    self.plates.remove(&plate);
                }
            }
        }
    }
}

impl Worn {
    /// Returns the newest name and locator that were announced for a journey.
    fn tag(&self, journey: JourneyId) -> Tag {
        let announced = || self.announcements.iter().rev().filter(move |one| one.journey == Some(journey));
        let passenger_name = announced().find_map(|one| one.passenger_name.as_deref()).and_then(unpack);
        let record_locator = announced().find_map(|one| one.record_locator.as_deref()).and_then(unpack);
        Tag { journey, passenger_name, record_locator }
    }

    fn announce(&mut self, announcement: Announcement) {
        self.announcements.retain(|one| one.observation != announcement.observation);
        self.announcements.push_back(announcement);
        if self.announcements.len() > MAX_ANNOUNCEMENTS_PER_PLATE {
            self.announcements.pop_front();
        }
    }

    /// Notes whose an announcement is; of a scan there is nothing to note.
    fn attach(worn: &mut Arc<Self>, observation: &str, journey: Option<JourneyId>) {
        if let Some(at) = worn.announcements.iter().position(|one| *one.observation == *observation) {
            Arc::make_mut(worn).announcements[at].journey = journey;
        }
    }

    fn forget(&mut self, journey: JourneyId) {
        self.journeys.retain(|one| *one != journey);
        self.announcements.retain(|one| one.journey != Some(journey));
    }
}

impl Projection for Tags {
    const NAME: &'static str = "trips.tags";

    fn wants(category: &str) -> bool {
        category == "bag"
    }

    fn personal_use(&self) -> PersonalUse {
        PersonalUse::Sealed
    }

    fn apply(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        let plate = || parsed::<Plate>(event.stream().strip_prefix("bag-").unwrap_or_default());
        match event.event_type() {
            "baggage.BagAnnounced" => {
                let Announced { observation, passenger_name, record_locator } = published(event)?;
                Arc::make_mut(self.plates.entry(plate()?).or_default()).announce(Announcement {
                    observation: observation.unwrap_or_default().id.into(),
                    journey: None,
                    passenger_name: passenger_name.and_then(pack),
                    record_locator: record_locator.and_then(pack),
                });
            }
            "baggage.JourneyOpened" => {
                let opened: baggage::JourneyOpened = published(event)?;
                self.open(event.recorded_at(), plate()?, parsed(&opened.journey_id)?);
            }
            "baggage.ObservationAttached" => {
                if let Some(worn) = self.plates.get_mut(&plate()?) {
                    event.type_up_to(1)?;
                    let [observation_id, journey] = stored::texts(event.payload(), [1, 2])?;
                    Worn::attach(worn, observation_id, Some(parsed(journey)?));
                }
            }
            "baggage.ObservationQuarantined" => {
                let plate = plate()?;
                if let Some(worn) = self.plates.get_mut(&plate) {
                    let quarantined: baggage::ObservationQuarantined = published(event)?;
                    Worn::attach(worn, &quarantined.observation_id, None);
                    if worn.journeys.is_empty() {
                        self.plates.remove(&plate);
                    }
                }
            }
            // Scans and states of bags say nothing about who owns them.
            _ => {}
        }
        Ok(())
    }
}

impl Kept for Tags {
    const SCHEMA: u32 = 1;
    type State = Self;

    fn image(&self) -> Self {
        self.clone()
    }

    fn restore(&mut self, state: Self) {
        *self = state;
    }
}

/// As much of `BagAnnounced` as a tag proves; the sealed values as they are stored.
#[derive(Clone, PartialEq, Message)]
struct Announced {
    #[prost(message, optional, tag = "1")]
    observation: Option<Named>,
    #[prost(bytes = "vec", optional, tag = "4")]
    passenger_name: Option<Vec<u8>>,
    #[prost(bytes = "vec", optional, tag = "5")]
    record_locator: Option<Vec<u8>>,
}

/// As much of `Observation` as names it.
#[derive(Clone, PartialEq, Message)]
struct Named {
    #[prost(string, tag = "1")]
    id: String,
}

/// As much of `Sealed` as tells whether it holds anything.
#[derive(Clone, PartialEq, Message)]
struct Filled {
    #[prost(bytes = "vec", tag = "8")]
    ciphertext: Vec<u8>,
}

fn pack(sealed: Vec<u8>) -> Option<Box<[u8]>> {
    let is_filled = Filled::decode(&*sealed).is_ok_and(|sealed| !sealed.ciphertext.is_empty());
    is_filled.then(|| sealed.into())
}

fn unpack(packed: &[u8]) -> Option<Personal> {
    stored::personal(privacy::Sealed::decode(packed).ok()?).ok()
}

#[cfg(test)]
mod tests;

//! A plate on disk. What belongs to a journey is stored there, and known by its
//! place in it; what belongs to none is stored with what is known of it.

use std::{borrow::Cow, sync::Arc};

use airside_kernel::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::{Journey, Known, Place, Plate};
use crate::model::{Content, JourneyId, Observation};

#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    journeys: Cow<'a, [Journey]>,
    known: Vec<StoredKnown<'a>>,
    collisions: Cow<'a, [(JourneyId, JourneyId)]>,
    newest: Option<Timestamp>,
    folded: u64,
}

#[derive(Serialize, Deserialize)]
struct StoredKnown<'a> {
    one: One<'a>,
    place: Place,
    index: u64,
}

#[derive(Serialize, Deserialize)]
enum One<'a> {
    /// The journey, by its place among those of the plate, and the place there.
    Attached(u32, u32),
    /// The observation itself; few are.
    Other(Box<Cow<'a, (Observation, Content)>>),
}

impl Plate {
    /// Returns where an observation stands in a journey, if it does.
    fn attached(&self, known: &Known) -> Option<(u32, u32)> {
        let Place::In(id) = known.place else { return None };
        let at = self.journeys.iter().position(|journey| journey.id == id)?;
        let place = self.journeys[at].place_of(&known.one.0);
        let is_there = self.journeys[at].observations.get(place).is_some_and(|one| *one == known.one);
        Some((u32::try_from(at).ok()?, u32::try_from(place).ok()?)).filter(|_| is_there)
    }
}

impl Serialize for Plate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let known = self.known.iter().map(|known| {
            let one = match self.attached(known) {
                Some((journey, place)) => One::Attached(journey, place),
                None => One::Other(Box::new(Cow::Borrowed(&*known.one))),
            };
            StoredKnown { one, place: known.place, index: known.index }
        });
        let (newest, folded) = (self.newest, self.folded);
        let (journeys, collisions) = (Cow::Borrowed(&*self.journeys), Cow::Borrowed(&*self.collisions));
        Stored { journeys, known: known.collect(), collisions, newest, folded }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Plate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Stored { journeys, known, collisions, newest, folded } = Stored::deserialize(deserializer)?;
        let (journeys, collisions) = (journeys.into_owned(), collisions.into_owned());
        let restored = |StoredKnown { one, place, index }: StoredKnown<'_>| {
            let one = match one {
                One::Other(one) => Arc::new(one.into_owned()),
                One::Attached(journey, place) => journeys
                    .get(journey as usize)
                    .and_then(|journey| journey.observations.get(place as usize))
                    .ok_or_else(|| D::Error::custom("a known observation stands in no journey"))?
                    .clone(),
            };
            Ok(Known { one, place, index })
        };
        let known = known.into_iter().map(restored).collect::<Result<_, _>>()?;
        Ok(Self { journeys, known, collisions, newest, folded })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Sighting;
    use airside_api::baggage::v1::{Authority, Screening, TrackingPoint};
    use uuid::Uuid;

    fn seen(plate: &mut Plate, id: &str) {
        let observation = Observation {
            id: id.to_owned(),
            source: "bhs".to_owned(),
            station: "SZX".parse().unwrap(),
            observed_at: Timestamp::UNIX_EPOCH,
            cause: None,
            parser_version: None,
            received_at: None,
            clock_ahead_ms: 0,
        };
        let sighting = Sighting {
            point: TrackingPoint::Sortation,
            reader: String::new(),
            location: String::new(),
            leg: None,
            stowage: None,
            authority: Authority::Unspecified,
            is_inferred: false,
            screening: Screening::Unspecified,
        };
        plate.observe(observation, Content::Scanned(sighting));
    }

    #[test]
    fn every_observation_keeps_its_place_and_is_in_memory_once() {
        let (mut plate, journey) = (Plate::default(), JourneyId(Uuid::from_u128(1)));
        plate.open(journey);
        for id in ["d", "a", "b", "c", "e"] {
            seen(&mut plate, id);
        }
        plate.attach("d", journey);
        plate.attach("a", journey);
        plate.set_aside("b");
        // No journey of this name is open: it is lost.
        plate.attach("e", JourneyId(Uuid::from_u128(2)));
        let restored: Plate = postcard::from_bytes(&postcard::to_stdvec(&plate).unwrap()).unwrap();
        assert_eq!(restored, plate);
        let places: Vec<_> = restored.known.iter().map(|known| known.place).collect();
        let (inside, aside) = (Place::In(journey), Place::Aside);
        assert_eq!(places, [inside, inside, aside, Place::Loose, aside]);
        assert!(Arc::ptr_eq(&restored.known[0].one, &restored.journeys[0].observations[1]));
        assert!(Arc::ptr_eq(&restored.known[1].one, &restored.journeys[0].observations[0]));
    }
}

//! The state of a plate and of the journeys that wore it. Pure.
//!
//! A journey keeps the set of observations attached to it, ordered by the time
//! of each, and its status is computed from that set. So the same observations
//! end in the same status whatever order they arrived in, and a late one finds
//! its place by itself.
//!
//! A plate is worn again within days. What is older than [`KEPT`] before the
//! newest attached observation is forgotten, by the same rule in every fold, and
//! a plate takes at most [`CROWD`] observations in that time. What was observed is
//! shared between a state and its copies, because every command copies one.

use std::{collections::BTreeSet, sync::Arc};

use airside_api::baggage::v1::{AnnouncementChange, Report, TrackingPoint};
use airside_kernel::{Personal, Timestamp, projection::shared};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::model::{AirportCode, Announcement, Content, DatedFlight, JourneyId, Leg, Link, Observation};

mod kept;
mod stages;
mod status;
mod trail;

pub(crate) use stages::is_outward;
pub use stages::{rank, stage_of};
pub(crate) use status::Load;
pub use status::Status;
pub(crate) use trail::{MAX_PLATES, Trail, goes_on_as};

/// How long a plate remembers before its newest observation.
pub const KEPT: SignedDuration = SignedDuration::from_hours(10 * 24);
/// How many observations a plate takes within [`KEPT`]; a bag makes some dozens.
pub const CROWD: usize = 2_048;

/// One journey: its observations by time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Journey {
    /// Its id.
    pub id: JourneyId,
    #[serde(with = "shared::list")]
    observations: Vec<Arc<(Observation, Content)>>,
    opened_at: u64,
}

/// What the events of one plate amount to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plate {
    /// Journeys that are not forgotten, oldest first.
    pub journeys: Vec<Journey>,
    /// Observations that were seen, in the order of the events.
    known: Vec<Known>,
    /// Journeys that began while a bag of another passenger wore the plate, and that bag's.
    collisions: Vec<(JourneyId, JourneyId)>,
    newest: Option<Timestamp>,
    folded: u64,
}

/// An observation that was seen.
#[derive(Debug, Clone, PartialEq)]
struct Known {
    one: Arc<(Observation, Content)>,
    place: Place,
    index: u64,
}

/// Where an observation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Place {
    /// It waits for its journey.
    Loose,
    /// It belongs to no journey.
    Aside,
    /// It belongs to this one.
    In(JourneyId),
}

impl Known {
    fn is(&self, observation_id: &str) -> bool {
        self.one.0.id == observation_id
    }

    fn happened_at(&self) -> Timestamp {
        self.one.0.happened_at()
    }
}

impl Journey {
    /// Returns the observations, oldest first.
    pub fn observations(&self) -> impl Iterator<Item = (&Observation, &Content)> {
        self.observations.iter().map(pair)
    }

    /// Returns when it was last observed.
    pub fn last_at(&self) -> Option<Timestamp> {
        self.observations.last().map(|one| one.0.happened_at())
    }

    /// Returns when it was first observed.
    pub fn first_at(&self) -> Option<Timestamp> {
        self.observations.first().map(|one| one.0.happened_at())
    }

    /// Returns whether no airline has announced it.
    pub fn is_provisional(&self) -> bool {
        self.announcements().next().is_none()
    }

    /// Returns the route of the newest announcement that names one and is no deletion.
    pub fn legs(&self) -> &[Leg] {
        let named = || self.announcements().rev().filter(|a| !a.legs.is_empty());
        let standing = named().find(|a| a.change != AnnouncementChange::Deleted);
        standing.or_else(|| named().next()).map_or(&[], |a| &a.legs)
    }

    /// Returns every flight that any observation names; some more than once.
    pub fn flights(&self) -> impl Iterator<Item = DatedFlight> {
        self.observations().flat_map(|(_, content)| content.flights())
    }

    /// Returns whether it is known to touch an airport.
    pub fn touches(&self, station: AirportCode) -> bool {
        self.observations().any(|(observation, content)| {
            observation.station == station || content.airports().any(|airport| airport == station)
        })
    }

    /// Returns whether the passenger has the bag.
    pub fn is_over(&self) -> bool {
        self.observations().any(|(_, content)| match content {
            Content::Scanned(sighting) => sighting.point == TrackingPoint::Collection,
            Content::Reported(reported) => reported.report == Report::Delivered,
            _ => false,
        })
    }

    /// Returns whether it is reported missing and nobody has it yet.
    pub fn is_sought(&self) -> bool {
        let is_missing = |(_, content): (_, &Content)| matches!(content, Content::Reported(reported) if reported.report == Report::Mishandled);
        self.observations().any(is_missing) && !self.is_over()
    }

    /// Returns the passengers' names of the newest announcement that has any.
    pub fn passenger_name(&self) -> Option<&Personal> {
        self.announcements().rev().find_map(|announcement| announcement.passenger_name.as_ref())
    }

    /// Returns the status that the observations amount to.
    pub fn status(&self) -> Status {
        Status::of(self.observations())
    }

    /// Returns the status with one more observation in its place, or one that takes that of another of its id.
    pub(crate) fn status_with(&self, observation: &Observation, content: &Content) -> Status {
        let (before, after) = self.observations.split_at(self.place_of(observation));
        let all = before.iter().map(pair).chain([(observation, content)]).chain(after.iter().map(pair));
        if self.observations.iter().any(|one| one.0.id == observation.id) {
            let is_news = |one: &(&Observation, &Content)| {
                one.0.id != observation.id || std::ptr::eq(one.0, observation)
            };
            return Status::of(all.filter(is_news));
        }
        Status::of(all)
    }

    /// Returns the status without an observation.
    pub(crate) fn status_without(&self, observation_id: &str) -> Status {
        Status::of(self.observations().filter(|(observation, _)| observation.id != observation_id))
    }

    /// Returns the place of an observation among those that are there.
    fn place_of(&self, observation: &Observation) -> usize {
        self.observations.partition_point(|one| one.0.order() < observation.order())
    }

    /// Returns it with all that was observed of others, which are the same bag.
    fn joined<'a>(&self, others: impl Iterator<Item = &'a Self>) -> Self {
        let mut whole = self.clone();
        whole.observations.extend(others.flat_map(|other| other.observations.iter().cloned()));
        whole.observations.sort_by(|one, other| one.0.order().cmp(&other.0.order()));
        whole
    }

    /// Returns what it belongs together with, oldest first.
    pub(crate) fn links(&self) -> impl DoubleEndedIterator<Item = &Link> {
        self.observations.iter().filter_map(|one| match &one.1 {
            Content::Linked(link) => Some(&**link),
            _ => None,
        })
    }

    /// Returns what airlines announced, oldest first.
    pub(crate) fn announcements(&self) -> impl DoubleEndedIterator<Item = &Announcement> + Clone {
        self.observations.iter().filter_map(|one| match &one.1 {
            Content::Announced(announcement) => Some(&**announcement),
            _ => None,
        })
    }
}

fn pair(one: &Arc<(Observation, Content)>) -> (&Observation, &Content) {
    (&one.0, &one.1)
}

impl Plate {
    /// Returns whether this observation was recorded before.
    pub fn knows(&self, observation_id: &str) -> bool {
        self.known.iter().any(|known| known.is(observation_id))
    }

    /// Returns an observation that was recorded before, and the journey that it belongs to, if to one.
    pub(crate) fn observation(&self, id: &str) -> Option<(&Observation, Option<JourneyId>)> {
        let known = self.known.iter().rev().find(|known| known.is(id))?;
        let journey = match known.place {
            Place::In(journey) => Some(journey),
            Place::Loose | Place::Aside => None,
        };
        Some((&known.one.0, journey))
    }

    /// Returns all that is remembered of the plate, in the order of the events.
    pub(crate) fn remembered(&self) -> impl Iterator<Item = (&Observation, &Content)> {
        self.known.iter().map(|known| pair(&known.one))
    }

    /// Returns what was observed under an id.
    pub(crate) fn content(&self, id: &str) -> Option<&Content> {
        self.known.iter().rev().find(|known| known.is(id)).map(|known| &known.one.1)
    }

    /// Returns whether an observation of this time lies before all that the plate remembers.
    pub fn has_forgotten(&self, happened_at: Timestamp) -> bool {
        self.horizon().is_some_and(|horizon| happened_at < horizon)
    }

    /// Returns whether the plate has so many observations that one more of this time is refused.
    pub fn is_crowded(&self, happened_at: Timestamp) -> bool {
        let since = happened_at.checked_sub(KEPT).unwrap_or(Timestamp::MIN);
        self.known.len() >= CROWD
            && self.known.iter().filter(|known| known.happened_at() >= since).count() >= CROWD
    }

    /// Returns a journey.
    pub fn journey(&self, id: JourneyId) -> Option<&Journey> {
        self.journeys.iter().find(|journey| journey.id == id)
    }

    /// Returns the journey that was observed last.
    pub fn newest_journey(&self) -> Option<&Journey> {
        self.journeys.iter().max_by_key(|journey| (journey.last_at(), journey.id))
    }

    /// Returns whether a bag of another passenger wore the plate together with this one.
    pub fn collides(&self, id: JourneyId) -> bool {
        self.collisions.iter().any(|(one, other)| id == *one || id == *other)
    }

    /// Returns how many events from the beginning of the fold are of no more use.
    pub fn forgets(&self) -> u64 {
        let journeys = self.journeys.iter().map(|journey| journey.opened_at);
        journeys.chain(self.known.iter().map(|known| known.index)).min().unwrap_or(self.folded)
    }

    /// Takes in an observation; it belongs to no journey yet.
    pub(crate) fn observe(&mut self, observation: Observation, content: Content) {
        if let Some((_, journey)) = self.observation(&observation.id) {
            // A better parser says it anew.
            journey.and_then(|journey| take_from(&mut self.journeys, journey, &observation.id));
            self.known.retain(|known| !known.is(&observation.id));
        }
        let one = Arc::new((observation, content));
        self.known.push(Known { one, place: Place::Loose, index: self.folded });
        self.folded += 1;
    }

    /// Takes in a new journey.
    pub(crate) fn open(&mut self, id: JourneyId) {
        if self.journeys.is_empty() {
            // Most plates are worn once.
            self.journeys.reserve_exact(1);
        }
        self.journeys.push(Journey { id, observations: Vec::new(), opened_at: self.folded });
        self.folded += 1;
    }

    /// Takes in that an observation belongs to a journey, and to no other.
    pub(crate) fn attach(&mut self, observation_id: &str, id: JourneyId) {
        self.folded += 1;
        // It is nearly always the newest.
        let Some(known) = self.known.iter_mut().rev().find(|known| known.is(observation_id)) else { return };
        let found = match known.place {
            Place::Loose | Place::Aside => {
                known.place = Place::Aside;
                known.one.clone()
            }
            Place::In(from) => match take_from(&mut self.journeys, from, observation_id) {
                Some(found) => found,
                None => return,
            },
        };
        let Some(journey) = self.journeys.iter_mut().find(|journey| journey.id == id) else { return };
        known.place = Place::In(id);
        let place = journey.place_of(&found.0);
        self.newest = self.newest.max(Some(found.0.happened_at()));
        match journey.observations.get_mut(place).filter(|one| one.0.order() == found.0.order()) {
            Some(same) => *same = found,
            None => journey.observations.insert(place, found),
        }
        self.forget();
    }

    /// Takes in that an observation belongs to no journey.
    pub(crate) fn set_aside(&mut self, observation_id: &str) {
        self.folded += 1;
        let known = self.known.iter_mut().rev().find(|known| known.is(observation_id));
        let Some(known) = known else { return };
        if let Place::In(journey) = known.place {
            take_from(&mut self.journeys, journey, observation_id);
        }
        known.place = Place::Aside;
    }

    /// Takes in that two bags wear the plate.
    pub(crate) fn collide(&mut self, one: JourneyId, other: JourneyId) {
        self.folded += 1;
        self.collisions.push((one, other));
    }

    /// Takes in an event that changes nothing here.
    pub(crate) fn pass(&mut self) {
        self.folded += 1;
    }

    fn horizon(&self) -> Option<Timestamp> {
        self.newest.map(|newest| newest.checked_sub(KEPT).unwrap_or(Timestamp::MIN))
    }

    fn forget(&mut self) {
        let Some(horizon) = self.horizon() else { return };
        let is_over = |journey: &Journey| journey.last_at().is_none_or(|last| last < horizon);
        let is_past = |known: &Known| !matches!(known.place, Place::In(_)) && known.happened_at() < horizon;
        if !self.journeys.iter().any(is_over) && !self.known.iter().any(is_past) {
            return;
        }
        self.journeys.retain(|journey| !is_over(journey));
        let alive: BTreeSet<JourneyId> = self.journeys.iter().map(|journey| journey.id).collect();
        self.collisions.retain(|(one, other)| alive.contains(one) && alive.contains(other));
        self.known.retain(|known| match known.place {
            Place::In(journey) => alive.contains(&journey),
            Place::Loose | Place::Aside => known.happened_at() >= horizon,
        });
    }
}

fn take_from(
    journeys: &mut [Journey],
    from: JourneyId,
    observation_id: &str,
) -> Option<Arc<(Observation, Content)>> {
    let journey = journeys.iter_mut().find(|journey| journey.id == from)?;
    let place = journey.observations.iter().position(|one| one.0.id == observation_id)?;
    Some(journey.observations.remove(place))
}

//! The state of a plate and of the journeys that wore it. Pure.
//!
//! A journey keeps the set of observations attached to it, ordered by the time
//! of each, and its status is computed from that set. So the same observations
//! end in the same status whatever order they arrived in, and a late one finds
//! its place by itself. Position is rank-monotone within a leg; only an offload
//! and a bag taken out of the store go back.
//!
//! A plate is worn again within days. What is older than [`KEPT`] before the
//! newest attached observation is forgotten, by the same rule in every fold.

use std::collections::{BTreeMap, BTreeSet};

use airside_api::baggage::v1::{AnnouncementChange, Authority, Stage, TrackingPoint};
use airside_kernel::{Personal, Timestamp};
use jiff::SignedDuration;

use crate::model::{AirportCode, Announcement, Content, DatedFlight, JourneyId, Leg, Observation, Sighting};

/// How long a plate remembers before its newest observation.
pub const KEPT: SignedDuration = SignedDuration::from_hours(10 * 24);

/// What is known about a journey, computed from its observations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Position on the present leg.
    pub stage: Stage,
    /// Authority to load.
    pub authority: Authority,
    /// True when the bag must come off the aircraft or was taken off it.
    pub offload: bool,
    /// The flight of the present leg.
    pub flight: Option<DatedFlight>,
    /// Where it was last seen or announced.
    pub station: Option<AirportCode>,
    /// Chute, stand or belt where it was last seen; may be empty.
    pub location: String,
    /// When it was last seen; `None` while it is only announced.
    pub seen_at: Option<Timestamp>,
}

/// One journey: its observations by time.
#[derive(Debug, Clone, PartialEq)]
pub struct Journey {
    /// Its id.
    pub id: JourneyId,
    observations: BTreeMap<(Timestamp, String), (Observation, Content)>,
    opened_at: u64,
}

/// What the events of one plate amount to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plate {
    /// Journeys that are not forgotten, oldest first.
    pub journeys: Vec<Journey>,
    loose: BTreeMap<String, (Observation, Content)>,
    known: BTreeMap<String, Known>,
    newest: Option<Timestamp>,
    folded: u64,
}

/// An observation id that was seen.
#[derive(Debug, Clone, PartialEq)]
struct Known {
    observed_at: Timestamp,
    journey: Option<JourneyId>,
    index: u64,
}

impl Journey {
    /// Returns the observations, oldest first.
    pub fn observations(&self) -> impl Iterator<Item = (&Observation, &Content)> {
        self.observations.values().map(|(observation, content)| (observation, content))
    }

    /// Returns when it was last observed.
    pub fn last_at(&self) -> Option<Timestamp> {
        self.observations.last_key_value().map(|((at, _), _)| *at)
    }

    /// Returns when it was first observed.
    pub fn first_at(&self) -> Option<Timestamp> {
        self.observations.first_key_value().map(|((at, _), _)| *at)
    }

    /// Returns whether no airline has announced it.
    pub fn is_provisional(&self) -> bool {
        self.announcements().next().is_none()
    }

    /// Returns the route of the newest announcement that names one.
    pub fn legs(&self) -> &[Leg] {
        self.announcements().rev().find(|a| !a.legs.is_empty()).map_or(&[], |a| &a.legs)
    }

    /// Returns every flight that any observation names.
    pub fn flights(&self) -> BTreeSet<DatedFlight> {
        self.observations().flat_map(|(_, content)| content.flights()).collect()
    }

    /// Returns every airport that it is known to touch.
    pub fn stations(&self) -> BTreeSet<AirportCode> {
        let ends = self.observations().flat_map(|(_, content)| content.airports());
        self.observations().map(|(observation, _)| observation.station).chain(ends).collect()
    }

    /// Returns the passengers' names of the newest announcement that has any.
    pub fn passenger_name(&self) -> Option<&Personal> {
        self.announcements().rev().find_map(|announcement| announcement.passenger_name.as_ref())
    }

    /// Returns the status that the observations amount to.
    pub fn status(&self) -> Status {
        let mut fold = Fold::default();
        for (observation, content) in self.observations() {
            match content {
                Content::Announced(announcement) => fold.announce(announcement),
                Content::Scanned(sighting) => fold.see(observation, sighting),
            }
        }
        let station =
            fold.station.or_else(|| self.observations().last().map(|(observation, _)| observation.station));
        let is_aboard = fold.stage == Stage::OnAircraft;
        Status {
            stage: fold.stage,
            authority: fold.authority,
            offload: fold.was_offloaded || (is_aboard && fold.authority == Authority::Revoked),
            flight: fold
                .flight
                .or_else(|| self.legs().first().map(|leg| departing(self.legs(), *leg).flight)),
            station,
            location: fold.location,
            seen_at: fold.seen_at,
        }
    }

    fn announcements(&self) -> impl DoubleEndedIterator<Item = &Announcement> {
        self.observations.values().filter_map(|(_, content)| match content {
            Content::Announced(announcement) => Some(announcement),
            Content::Scanned(_) => None,
        })
    }
}

/// Returns the leg that the bag leaves on, or the given one when it only arrives.
fn departing(legs: &[Leg], first: Leg) -> Leg {
    use airside_api::baggage::v1::LegRole::Outbound;
    legs.iter().copied().find(|leg| leg.role == Outbound).unwrap_or(first)
}

/// The status on its way through the observations.
#[derive(Debug)]
struct Fold {
    stage: Stage,
    authority: Authority,
    was_offloaded: bool,
    flight: Option<DatedFlight>,
    station: Option<AirportCode>,
    location: String,
    seen_at: Option<Timestamp>,
}

impl Default for Fold {
    fn default() -> Self {
        Self {
            stage: Stage::Unspecified,
            authority: Authority::Unspecified,
            was_offloaded: false,
            flight: None,
            station: None,
            location: String::new(),
            seen_at: None,
        }
    }
}

impl Fold {
    fn announce(&mut self, announcement: &Announcement) {
        self.stage = self.stage.max(Stage::Expected);
        match announcement.change {
            AnnouncementChange::Deleted => self.authority = Authority::Revoked,
            _ if announcement.authority != Authority::Unspecified => self.authority = announcement.authority,
            _ if self.authority == Authority::Revoked => self.authority = Authority::Unspecified,
            _ => {}
        }
        if let Some(first) = announcement.legs.first() {
            self.flight = Some(departing(&announcement.legs, *first).flight);
        }
    }

    fn see(&mut self, observation: &Observation, sighting: &Sighting) {
        let reached = stage_of(sighting.point);
        match sighting.point {
            TrackingPoint::Offload => {
                self.stage = Stage::AtAircraft;
                self.was_offloaded = true;
            }
            TrackingPoint::StoreOut if self.stage == Stage::Stored => self.stage = Stage::InSystem,
            // A connecting leg begins: what was reached before counts no more.
            TrackingPoint::TransferInjection => self.stage = reached,
            _ if self.stage == Stage::Transferring && reached < Stage::Unloaded => self.stage = reached,
            _ => self.stage = self.stage.max(reached),
        }
        if sighting.point == TrackingPoint::AircraftLoad {
            self.was_offloaded = false;
        }
        if sighting.authority != Authority::Unspecified {
            self.authority = sighting.authority;
        }
        self.flight = sighting.leg.map(|leg| leg.flight).or(self.flight);
        self.station = Some(observation.station);
        self.location.clone_from(&sighting.location);
        self.seen_at = Some(observation.observed_at);
    }
}

/// Returns the stage that a bag has reached when it is seen at a point.
pub fn stage_of(point: TrackingPoint) -> Stage {
    match point {
        TrackingPoint::Unspecified => Stage::Unspecified,
        TrackingPoint::CheckIn => Stage::Accepted,
        TrackingPoint::BhsInduction | TrackingPoint::StoreOut => Stage::InSystem,
        TrackingPoint::Screening => Stage::Screened,
        TrackingPoint::StoreIn => Stage::Stored,
        TrackingPoint::Sortation => Stage::Sorted,
        TrackingPoint::ContainerLoad => Stage::InContainer,
        TrackingPoint::AircraftSide | TrackingPoint::Offload => Stage::AtAircraft,
        TrackingPoint::AircraftLoad => Stage::OnAircraft,
        TrackingPoint::AircraftUnload => Stage::Unloaded,
        TrackingPoint::TransferInjection => Stage::Transferring,
        TrackingPoint::ArrivalInjection => Stage::Arrived,
        TrackingPoint::ReclaimBelt => Stage::OnBelt,
        TrackingPoint::Collection => Stage::Collected,
    }
}

impl Plate {
    /// Returns whether this observation was recorded before.
    pub fn knows(&self, observation_id: &str) -> bool {
        self.known.contains_key(observation_id)
    }

    /// Returns whether an observation of this time lies before all that the plate remembers.
    pub fn has_forgotten(&self, observed_at: Timestamp) -> bool {
        self.horizon().is_some_and(|horizon| observed_at < horizon)
    }

    /// Returns a journey.
    pub fn journey(&self, id: JourneyId) -> Option<&Journey> {
        self.journeys.iter().find(|journey| journey.id == id)
    }

    /// Returns the journey that was observed last.
    pub fn newest_journey(&self) -> Option<&Journey> {
        self.journeys.iter().max_by_key(|journey| (journey.last_at(), journey.id))
    }

    /// Returns how many events from the beginning of the fold are of no more use.
    pub fn forgets(&self) -> u64 {
        let journeys = self.journeys.iter().map(|journey| journey.opened_at);
        journeys.chain(self.known.values().map(|known| known.index)).min().unwrap_or(self.folded)
    }

    /// Takes in an observation; it belongs to no journey yet.
    pub(crate) fn observe(&mut self, observation: &Observation, content: &Content) {
        let known = Known { observed_at: observation.observed_at, journey: None, index: self.folded };
        self.known.insert(observation.id.clone(), known);
        self.loose.insert(observation.id.clone(), (observation.clone(), content.clone()));
        self.folded += 1;
    }

    /// Takes in a new journey.
    pub(crate) fn open(&mut self, id: JourneyId) {
        self.journeys.push(Journey { id, observations: BTreeMap::new(), opened_at: self.folded });
        self.folded += 1;
    }

    /// Takes in that an observation belongs to a journey, and to no other.
    pub(crate) fn attach(&mut self, observation_id: &str, id: JourneyId) {
        self.folded += 1;
        let from = self.known.get(observation_id).and_then(|known| known.journey);
        let found = match from {
            None => self.loose.remove(observation_id),
            Some(from) => self.take_from(from, observation_id),
        };
        let Some((observation, content)) = found else { return };
        let Some(journey) = self.journeys.iter_mut().find(|journey| journey.id == id) else { return };
        let observed_at = observation.observed_at;
        journey.observations.insert((observed_at, observation.id.clone()), (observation, content));
        if let Some(known) = self.known.get_mut(observation_id) {
            known.journey = Some(id);
        }
        self.newest = self.newest.max(Some(observed_at));
        self.forget();
    }

    /// Takes in that an observation fits no single journey.
    pub(crate) fn set_aside(&mut self, observation_id: &str) {
        self.loose.remove(observation_id);
        self.folded += 1;
    }

    /// Takes in an event that changes nothing here.
    pub(crate) fn pass(&mut self) {
        self.folded += 1;
    }

    fn take_from(&mut self, from: JourneyId, observation_id: &str) -> Option<(Observation, Content)> {
        let journey = self.journeys.iter_mut().find(|journey| journey.id == from)?;
        let key = journey.observations.keys().find(|(_, id)| id == observation_id)?.clone();
        journey.observations.remove(&key)
    }

    fn horizon(&self) -> Option<Timestamp> {
        self.newest.map(|newest| newest.checked_sub(KEPT).unwrap_or(Timestamp::MIN))
    }

    fn forget(&mut self) {
        let Some(horizon) = self.horizon() else { return };
        let is_over = |journey: &Journey| journey.last_at().is_some_and(|last| last < horizon);
        if !self.journeys.iter().any(is_over) && self.known.values().all(|known| known.observed_at >= horizon)
        {
            return;
        }
        self.journeys.retain(|journey| !is_over(journey));
        let alive: BTreeSet<JourneyId> = self.journeys.iter().map(|journey| journey.id).collect();
        self.known.retain(|_, known| match known.journey {
            Some(journey) => alive.contains(&journey),
            None => known.observed_at >= horizon,
        });
    }
}

//! Who follows what, and who still needs to be told. Pure.
//!
//! | event | told | not told |
//! |---|---|---|
//! | gate, boarding, final call | followers of the flight | who has boarded; anybody after departure |
//! | delay | followers | anybody after departure |
//! | cancellation | followers, once | |
//! | belt | followers, boarded or not | |
//! | belt changed | also who follows only a bag that arrives on the flight | who has that bag; whose bag goes on |
//! | something of a bag | followers of its journey, see [`bag`] | |
//! | time to leave, a way that broke | who follows that way, see [`ways`] | who has boarded; anybody after departure |
//!
//! A cancelled flight tells nothing further. Several bags of one person that do
//! the same at about the same time are told in one notice, see [`windows`].

mod bag;
mod flight;
mod links;
mod ways;
mod windows;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use airside_kernel::{Cause, PersonId, Timestamp};
use jiff::{SignedDuration, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use self::{bag::Journey, flight::Flight, links::Links, ways::Ways, windows::Windows};
use super::facts::{Fact, FlightChange, TripChange};
use crate::model::{Kind, Travel, later};

/// For how long a flight that is over is kept, for late belts and bags.
const FLIGHT_KEPT: SignedDuration = SignedDuration::from_hours(48);
/// For how long a journey is kept after the last word about it.
const JOURNEY_KEPT: SignedDuration = SignedDuration::from_hours(14 * 24);
/// How often what is over is forgotten, by the time of the log.
const FORGET_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// From the begin of a local day, anywhere, to its end everywhere.
const LOCAL_DAY: SignedDuration = SignedDuration::from_hours(36);

/// The event behind a notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Origin {
    pub(super) cause: Cause,
    pub(super) event: Uuid,
    pub(super) correlation: Uuid,
    pub(super) occurred_at: Timestamp,
    pub(super) recorded_at: Timestamp,
}

/// A notice that somebody needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Telling {
    pub(super) person: PersonId,
    pub(super) kind: Kind,
    pub(super) parameters: Arc<BTreeMap<String, String>>,
    /// The airport whose clocks its times are told by; empty for this one.
    pub(super) airport: String,
    pub(super) expires_at: Timestamp,
    pub(super) travel: Travel,
    pub(super) origin: Origin,
}

/// What the reactor knows: flights, journeys, and who follows them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct World {
    flights: HashMap<String, Flight>,
    journeys: HashMap<Uuid, Journey>,
    /// The journeys that each person follows.
    bags: HashMap<PersonId, BTreeSet<Uuid>>,
    links: Links,
    windows: Windows,
    ways: Ways,
    forgot_at: Timestamp,
}

impl World {
    /// Makes a world that knows nothing, in which bags wait for each other no longer than this.
    pub(super) fn merging_within(window: Duration) -> Self {
        let window = SignedDuration::try_from(window).unwrap_or(SignedDuration::MAX);
        Self { windows: Windows::lasting(window), ..Self::default() }
    }

    /// Returns the world that was kept, with the settings of this one.
    pub(super) fn remembering(&self, mut kept: Self) -> Self {
        kept.windows.last_like(&self.windows);
        kept
    }

    /// Takes in a fact and returns who must be told, and what was due by then.
    pub(super) fn take(&mut self, fact: Fact, origin: &Origin) -> Vec<Telling> {
        let at = origin.recorded_at;
        let mut tellings = self.close_due(at);
        match fact {
            Fact::Flight { flight, change } => {
                tellings.extend(self.tell_of_flight(&flight, &change, origin));
                self.flight(flight, at).fold(change);
            }
            Fact::Bag(change) => tellings.extend(self.hear(&change, origin)),
            Fact::Linked { observation, from, to } => self.link(observation, from, to, at),
            Fact::Dismissed { observation } => tellings.extend(self.unlink(&observation)),
            Fact::Trip { person, change } => tellings.extend(self.fold_trip(person, change, at)),
            Fact::Way { person, change } => tellings.extend(self.fold_way(person, change, origin)),
        }
        if at.duration_since(self.forgot_at) >= FORGET_EVERY {
            self.forgot_at = at;
            self.forget(at);
        }
        tellings
    }

    /// Returns when the next thing is due, as far as is known.
    pub(super) fn due(&self) -> Option<Timestamp> {
        let due = [self.windows.due(), self.ways.due()];
        due.into_iter().flatten().min()
    }

    /// Returns who must be told at an instant of what was due by then.
    pub(super) fn close_due(&mut self, at: Timestamp) -> Vec<Telling> {
        let mut tellings = self.close_windows(at);
        tellings.extend(self.leave_now(at));
        tellings
    }

    /// Returns how many flights and journeys are kept.
    pub fn size(&self) -> (usize, usize) {
        (self.flights.len(), self.journeys.len())
    }

    fn forget(&mut self, at: Timestamp) {
        self.flights.retain(|id, flight| later(flight.over_at(id), FLIGHT_KEPT) > at);
        self.journeys.retain(|_, journey| later(journey.heard_at, JOURNEY_KEPT) > at);
        self.links.forget(at);
        self.ways.forget(at);
        let journeys = &self.journeys;
        self.bags.retain(|_, bags| {
            bags.retain(|journey| journeys.contains_key(journey));
            !bags.is_empty()
        });
    }

    fn fold_trip(&mut self, person: PersonId, change: TripChange, at: Timestamp) -> Vec<Telling> {
        match change {
            TripChange::FlightFollowed { flight } => {
                self.flight(flight, at).followers.insert(person);
            }
            TripChange::FlightUnfollowed { flight } => {
                self.flight(flight, at).followers.remove(&person);
            }
            TripChange::Boarded { flight } => {
                self.flight(flight, at).boarded.insert(person);
            }
            TripChange::BagFollowed { journey, plate } => {
                let known = self.journeys.entry(journey).or_default();
                known.follow(person, plate, journey);
                known.heard_at = at;
                self.bags.entry(person).or_default().insert(journey);
                self.follow_on(journey, at);
            }
            TripChange::BagUnfollowed { journey } => return self.unfollow(person, journey),
        }
        Vec::new()
    }

    /// Ends that a person follows a journey, and what it went on as.
    fn unfollow(&mut self, person: PersonId, journey: Uuid) -> Vec<Telling> {
        let mut tellings = Vec::new();
        for bag in self.bags.get(&person).cloned().unwrap_or_default() {
            let follower = self.journeys.get(&bag).and_then(|known| known.followers.get(&person));
            if follower.is_some_and(|follower| follower.by == journey) {
                tellings.extend(self.part(person, bag));
            }
        }
        tellings
    }

    /// Lets a person hear of a journey no more.
    fn part(&mut self, person: PersonId, journey: Uuid) -> Vec<Telling> {
        if let Some(known) = self.journeys.get_mut(&journey) {
            known.followers.remove(&person);
            if known.followers.is_empty() {
                self.journeys.remove(&journey);
            }
        }
        if let Some(bags) = self.bags.get_mut(&person) {
            bags.remove(&journey);
            if bags.is_empty() {
                self.bags.remove(&person);
            }
        }
        self.leave(person, journey)
    }

    fn flight(&mut self, id: String, at: Timestamp) -> &mut Flight {
        let flight = self.flights.entry(id).or_default();
        flight.heard_at = at;
        flight
    }

    fn tell_of_flight(&self, id: &str, change: &FlightChange, origin: &Origin) -> Vec<Telling> {
        let Some(flight) = self.flights.get(id) else { return Vec::new() };
        let Some(news) = flight.news(id, change, origin.recorded_at) else { return Vec::new() };
        let mut audience = flight.audience(news.kind);
        if news.kind == Kind::BeltChanged {
            let arriving = self.journeys.values().filter(|journey| journey.arrives_on(id));
            audience.extend(arriving.flat_map(|journey| journey.followers.keys().copied()));
        }
        let shared = Arc::new(news.parameters);
        let telling = |person| Telling {
            person,
            kind: news.kind,
            parameters: shared.clone(),
            airport: flight.origin.clone(),
            expires_at: news.expires_at,
            travel: flight.travel(),
            origin: origin.clone(),
        };
        audience.into_iter().map(telling).collect()
    }
}

/// What happened, before it is known who hears of it.
struct News {
    kind: Kind,
    parameters: BTreeMap<String, String>,
    expires_at: Timestamp,
}

/// Returns exactly the parameters of a kind.
fn parameters<'a>(kind: Kind, value: impl Fn(&str) -> &'a str) -> BTreeMap<String, String> {
    kind.parameters().iter().map(|name| ((*name).to_owned(), value(name).to_owned())).collect()
}

/// Returns the end of the local day in a flight id, in any time zone.
fn end_of_day(flight: &str) -> Option<Timestamp> {
    let (_, date) = flight.rsplit_once('-')?;
    let day = Date::strptime("%Y%m%d", date).ok()?.to_zoned(TimeZone::UTC).ok()?;
    Some(later(day.timestamp(), LOCAL_DAY))
}

fn later_h(at: Timestamp, hours: i64) -> Timestamp {
    later(at, SignedDuration::from_hours(hours))
}

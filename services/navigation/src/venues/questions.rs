//! What passengers ask besides a route: places near them, walking times, what lies within some minutes, and
//! when to leave for a gate.

use airside_kernel::Timestamp;
use airside_wayfinding::{
    FeatureId, Outcome, Place, Route, RouteRequest, Walk,
    reach::{WalkingTime, reach, walking_times, walking_times_to_kind},
    route::LevelLine,
};

use super::{NavigationError, Venues};
use crate::{
    follow::measure::Question,
    leave::{Leave, Way, leave},
    project::{Live, boards::Signs},
};

/// The kinds of places that flights name by their signs.
pub(crate) const GATE: &str = "boardinggate";
pub(crate) const BELT: &str = "baggagecarousel";
/// How much of what was named as a gate an error repeats, in letters.
const GATE_CHARS_MAX: usize = 64;
/// The most places within some minutes that are told.
const MAX_NEARBY: usize = 500;

/// A place found, with how long one walks there in milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// The place.
    pub place: &'a Place,
    /// The time; `None` where it was not asked, or no way leads there now.
    pub walk_ms: Option<u32>,
}

/// Where times are asked to.
#[derive(Debug, Clone)]
pub enum Times {
    /// What these name.
    Places(Vec<String>),
    /// The places of a kind, the nearest first, and at most so many.
    Kind(String, usize),
}

/// What lies within some minutes.
#[derive(Debug)]
pub struct Nearby<'a> {
    /// The places, the nearest first.
    pub places: Vec<Found<'a>>,
    /// The ways there.
    pub lines: Vec<LevelLine>,
    /// Whether there is more.
    pub truncated: bool,
}

/// When to leave for a gate.
#[derive(Debug)]
pub struct Departure<'a> {
    /// The gate; `None` where no way leads to it and the map has lost it.
    pub gate: Option<&'a Place>,
    /// The flight that leaves from it, by its number.
    pub flight: Option<String>,
    /// The way there, or why there is none.
    pub way: Result<Way, Outcome>,
    /// When to leave; `None` without a way or while the flight has no time of departure.
    pub leave: Option<Leave>,
}

impl Venues {
    /// Finds the way that somebody follows, as it is now; `None` where there is none.
    ///
    /// # Errors
    /// When an end is no place.
    pub(crate) fn follow(
        &self,
        live: &Live,
        question: &Question,
        now: Timestamp,
    ) -> Result<Option<Route>, NavigationError> {
        Ok(self.searching(|searcher| question.way(live, &live.overlay, searcher, now))?)
    }

    /// Finds places by what people type, the best first. The number of a flight leads to its gate, or to its
    /// belt once it has landed. Where one is, of places that fit equally the nearest comes first.
    ///
    /// # Errors
    /// When where one is lies off the venue.
    pub fn search<'a>(
        &self,
        walk: &Walk<'a>,
        words: &str,
        limit: usize,
        near: Option<&str>,
        now: Timestamp,
    ) -> Result<Vec<Found<'a>>, NavigationError> {
        let snapshot = walk.snapshot;
        let signs = self.boards.read(|boards| boards.of(words, now).cloned());
        let of_flight = signs.map(|signs| {
            let (gate, belt) = (snapshot.signed(GATE, &signs.gate), snapshot.signed(BELT, &signs.belt));
            if signs.has_landed { [belt, gate] } else { [gate, belt] }
        });
        let of_flight = of_flight.into_iter().flatten().flatten();
        let Some(here) = near else {
            let found = of_flight.chain(snapshot.search(words, limit)).take(limit);
            return Ok(found.map(|place| Found { place, walk_ms: None }).collect());
        };
        self.searching(|searcher| {
            let reach = reach(walk, searcher, here).map_err(|error| error.of_field("near"))?;
            let found = snapshot.search_near(words, limit, |place| reach.place_ms(place));
            let found = of_flight.chain(found).take(limit);
            Ok(found.map(|place| Found { place, walk_ms: reach.place_ms(place) }).collect())
        })
    }

    /// Measures how long one walks from here to many places.
    ///
    /// # Errors
    /// When where one is, or a place, is none.
    pub fn times<'a>(
        &self,
        walk: &Walk<'a>,
        from: &str,
        to: &Times,
    ) -> Result<Vec<WalkingTime<'a>>, NavigationError> {
        Ok(self.searching(|searcher| match to {
            Times::Places(places) => walking_times(walk, searcher, from, places),
            Times::Kind(kind, limit) => walking_times_to_kind(walk, searcher, from, kind, *limit),
        })?)
    }

    /// Tells what lies within a time, in milliseconds.
    ///
    /// # Errors
    /// When where one is, is no place.
    pub fn nearby<'a>(
        &self,
        walk: &Walk<'a>,
        from: &str,
        limit_ms: u32,
    ) -> Result<Nearby<'a>, NavigationError> {
        self.searching(|searcher| {
            let reach = reach(walk, searcher, from)?;
            let within = reach.places_within(limit_ms);
            let (lines, cut) = reach.lines(limit_ms);
            let truncated = cut || within.len() > MAX_NEARBY;
            let places = within.into_iter().take(MAX_NEARBY);
            let places = places.map(|(millis, place)| Found { place, walk_ms: Some(millis) }).collect();
            Ok(Nearby { places, lines, truncated })
        })
    }

    /// Says when to leave for the gate of a flight.
    ///
    /// # Errors
    /// When the flight is not known or has no gate here, or an end is no place.
    pub fn leave_for_flight<'a>(
        &self,
        live: &'a Live,
        request: RouteRequest,
        number: &str,
        now: Timestamp,
    ) -> Result<Departure<'a>, NavigationError> {
        let known = self.boards.read(|boards| {
            boards.flight(number, now).map(|(number, signs)| (number.to_owned(), signs.clone()))
        });
        let number = || number.chars().take(20).collect();
        let (name, signs) = known.ok_or_else(|| NavigationError::UnknownFlight { number: number() })?;
        let gate = live.snapshot.signed(GATE, &signs.gate).filter(|_| !signs.gate.is_empty());
        let gate = gate.ok_or_else(|| NavigationError::NoGate { number: number() })?;
        self.leave(live, &RouteRequest { to: gate.id.to_string(), ..request }, Some((name, signs)), now)
    }

    /// Says when to leave for the next flight of a gate.
    ///
    /// # Errors
    /// When what is named is no gate, or the start is no place.
    pub fn leave_for_gate<'a>(
        &self,
        live: &'a Live,
        request: RouteRequest,
        now: Timestamp,
    ) -> Result<Departure<'a>, NavigationError> {
        let by_id = || {
            let place = live.snapshot.place(&FeatureId::parse(&request.to)?)?;
            (place.category.split('.').next() == Some(GATE)).then_some(place)
        };
        let gate = live.snapshot.signed(GATE, &request.to).or_else(by_id);
        let not = || NavigationError::NotAGate { gate: request.to.chars().take(GATE_CHARS_MAX).collect() };
        let gate = gate.ok_or_else(not)?;
        let signs: Vec<&str> = gate.codes.iter().map(String::as_str).chain([request.to.as_str()]).collect();
        let next = self.boards.read(|boards| {
            boards.next_from(&signs, now).map(|(number, signs)| (number.to_owned(), signs.clone()))
        });
        self.leave(live, &RouteRequest { to: gate.id.to_string(), ..request }, next, now)
    }

    fn leave<'a>(
        &self,
        live: &'a Live,
        request: &RouteRequest,
        flight: Option<(String, Signs)>,
        now: Timestamp,
    ) -> Result<Departure<'a>, NavigationError> {
        let way = match self.route(live, request)? {
            Outcome::Found(route) => {
                let gate = route.legs.last().and_then(|leg| leg.place.clone());
                Ok((Way::of(&route), gate))
            }
            not_found @ Outcome::NotFound { .. } => Err(not_found),
        };
        let (way, gate) = match way {
            Ok((way, gate)) => (Ok(way), gate),
            Err(why) => (Err(why), FeatureId::parse(&request.to)),
        };
        let times = way.as_ref().ok().zip(flight.as_ref());
        let leave = times.and_then(|(way, (_, signs))| leave(now, signs, way));
        let gate = gate.and_then(|gate| live.snapshot.place(&gate));
        Ok(Departure { gate, flight: flight.map(|(number, _)| number), way, leave })
    }
}

//! The route of a bag as its airlines told it, and whether the bag is on it. Pure.

use airside_api::baggage::v1::LegRole;

use crate::model::{AirportCode, Announcement, DatedFlight, Leg};

/// What is known of the route.
#[derive(Debug, Default)]
pub(super) struct Route<'a> {
    /// The newest standing announcement that names flights, and who said it.
    told: Option<(&'a [Leg], AirportCode)>,
    /// Every airport that belongs to it, as far as it was told.
    airports: Vec<AirportCode>,
    /// Whether it leads somewhere else since: then no airport is off it.
    is_open: bool,
}

impl<'a> Route<'a> {
    /// Takes in an announcement that stands.
    pub(super) fn tell(&mut self, announcement: &'a Announcement, station: AirportCode) {
        self.pass(station);
        for airport in announcement.legs.iter().filter_map(|leg| leg.airport) {
            self.pass(airport);
        }
        if !announcement.legs.is_empty() {
            self.told = Some((&announcement.legs, station));
        }
    }

    /// A flight of it lands elsewhere.
    pub(super) fn open(&mut self) {
        self.is_open = true;
    }

    pub(super) fn legs(&self) -> &'a [Leg] {
        self.told.map_or(&[], |(legs, _)| legs)
    }

    /// Whether it names a flight, by the one or the other number.
    pub(super) fn names(&self, flight: DatedFlight) -> bool {
        named(self.legs(), flight).is_some()
    }

    /// Whether a bag that is seen here for a flight has gone astray. Nothing is said
    /// of a route that is not known whole.
    pub(super) fn is_off(&self, here: AirportCode, leg: Option<&Leg>) -> bool {
        let Some((legs, _)) = self.told else { return false };
        let is_whole = legs.iter().all(|leg| leg.airport.is_some());
        let is_of = |leg: &Leg| {
            [Some(leg.flight), leg.marketed_as].into_iter().flatten().any(|f| named(legs, f).is_some())
        };
        leg.is_some_and(|leg| !is_of(leg)) || (is_whole && !self.is_open && !self.airports.contains(&here))
    }

    /// Returns the flight that a bag takes next which came by one and is at an airport now.
    pub(super) fn next(&self, came_by: Option<DatedFlight>, here: AirportCode) -> Option<DatedFlight> {
        let (legs, told_at) = self.told?;
        let next = if told_at == here {
            legs.iter().find(|leg| leg.role != LegRole::Inbound)
        } else {
            let place = legs.iter().position(|leg| came_by.is_some_and(|flight| is(leg, flight)));
            place.and_then(|place| legs.get(place + 1))
        };
        next.map(|leg| leg.flight)
    }

    /// Returns where a flight of it leaves from, as far as that was told.
    pub(super) fn origin(&self, flight: DatedFlight) -> Option<AirportCode> {
        let (legs, told_at) = self.told?;
        let place = legs.iter().position(|leg| is(leg, flight))?;
        match legs.get(place)?.role {
            LegRole::Inbound => legs.get(place)?.airport,
            LegRole::Outbound => Some(told_at),
            _ => legs[..place].last().filter(|before| before.role != LegRole::Inbound)?.airport,
        }
    }

    /// Returns the flight of it that leaves from an airport, as far as that was told.
    pub(super) fn leaving(&self, here: AirportCode) -> Option<DatedFlight> {
        self.legs().iter().map(|leg| leg.flight).find(|flight| self.origin(*flight) == Some(here))
    }

    fn pass(&mut self, airport: AirportCode) {
        if !self.airports.contains(&airport) {
            self.airports.push(airport);
        }
    }
}

/// Returns the leg that is of a flight, by the one or the other number.
pub(super) fn named(legs: &[Leg], flight: DatedFlight) -> Option<&Leg> {
    legs.iter().find(|leg| is(leg, flight))
}

fn is(leg: &Leg, flight: DatedFlight) -> bool {
    leg.flight == flight || leg.marketed_as == Some(flight)
}

/// Returns the flight that the bag leaves on, or the first when it only arrives.
pub(super) fn departing(legs: &[Leg]) -> Option<DatedFlight> {
    let outbound = legs.iter().find(|leg| leg.role == LegRole::Outbound);
    outbound.or_else(|| legs.first()).map(|leg| leg.flight)
}

/// Whether a bag only arrives by a flight, as far as legs say.
pub(super) fn only_arrives_by(legs: &[Leg], flight: DatedFlight) -> bool {
    legs.iter().any(|leg| is(leg, flight) && leg.role == LegRole::Inbound)
}

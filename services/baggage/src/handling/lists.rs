//! The lists of handlers, gathered from the plates that a flight or container may concern. Pure.

use airside_api::baggage::v1::{Authority, LoadReason, PassengerState, Stage};
use airside_kernel::Timestamp;

use super::{
    Standing,
    load::{LoadPolicy, must_come_off},
    loads::FlightLoad,
};
use crate::{
    journey::{Plate, rank},
    model::{DatedFlight, JourneyId, LicencePlate},
};

/// Plates in their order, each as it is or was.
pub type Plates<'a> = [(LicencePlate, &'a Plate)];

/// A place in a list of journeys.
pub type Place = (LicencePlate, JourneyId);

/// The bags of a flight that had not come far enough.
#[derive(Debug)]
pub struct Missing<'a> {
    /// Those that are missing, as they stood at the cut-off.
    pub bags: Vec<Standing<'a>>,
    /// How many are expected.
    pub expected: usize,
}

/// A bag that must come off, and where it is.
#[derive(Debug)]
pub struct ComesOff<'a> {
    /// The bag.
    pub standing: Standing<'a>,
    /// Compartment of the aircraft; may be empty.
    pub compartment: String,
    /// Container, cart or hold; may be empty.
    pub container: String,
    /// Why, the gravest first.
    pub reasons: Vec<LoadReason>,
}

impl Missing<'_> {
    /// Returns how many passengers boarded without a bag that is missing.
    pub fn boarded_without_bag(&self) -> usize {
        self.bags.iter().filter(|one| has_boarded(one)).count()
    }
}

/// Returns whether the passenger of a bag has boarded.
pub fn has_boarded(standing: &Standing<'_>) -> bool {
    standing.status.passenger == PassengerState::Boarded
}

/// Returns the journeys that have to do with a flight.
pub fn of_flight<'a>(plates: &Plates<'a>, flight: DatedFlight) -> Vec<Standing<'a>> {
    standing(plates).filter(|standing| standing.is_of(flight)).collect()
}

/// Returns the bags that leave on a flight and had not reached a stage at a cut-off.
pub fn missing<'a>(
    plates: &Plates<'a>,
    flight: DatedFlight,
    reached: Stage,
    cut_off: Timestamp,
) -> Missing<'a> {
    let expected: Vec<_> = standing(plates)
        .filter(|now| now.leaves_on(flight) && now.status.authority != Authority::Revoked)
        .map(|now| Standing::at(now.plate, now.journey, cut_off))
        .collect();
    let count = expected.len();
    let bags = expected.into_iter().filter(|then| then.progress(flight) < rank(reached)).collect();
    Missing { bags, expected: count }
}

/// Returns what is in a container, only for a flight when one is given.
pub fn contents<'a>(plates: &Plates<'a>, container: &str, flight: Option<DatedFlight>) -> Vec<Standing<'a>> {
    standing(plates)
        .filter(|one| one.status.stowage.as_ref().is_some_and(|(held_by, _)| held_by == container))
        .filter(|one| flight.is_none() || one.put_on == flight)
        .collect()
}

/// Returns whether a bag was ever put into a container.
pub fn is_known(plates: &Plates<'_>, container: &str) -> bool {
    let journeys = plates.iter().flat_map(|(_, worn)| &worn.journeys);
    journeys.flat_map(|journey| journey.observations()).any(|(_, told)| told.container() == Some(container))
}

/// Returns the bags that must come off a flight, in the order of their plates.
pub fn offload<'a>(
    plates: &Plates<'a>,
    flight: DatedFlight,
    load: &FlightLoad,
    policy: LoadPolicy,
) -> Vec<ComesOff<'a>> {
    let is_there = |one: &Standing<'_>| {
        matches!(one.status.stage, Stage::InContainer | Stage::AtAircraft | Stage::OnAircraft)
            && one.put_on == Some(flight)
    };
    let found = standing(plates).filter(is_there).filter_map(|standing| {
        let reasons = must_come_off(&standing, flight, load, policy);
        let (container, compartment) = standing.status.stowage.clone().unwrap_or_default();
        (!reasons.is_empty()).then_some(ComesOff { standing, compartment, container, reasons })
    });
    found.collect()
}

/// Puts bags that come off in the order to pick them by: compartment, container,
/// plate. `hold_of` knows the compartment of a container whose bags do not tell it.
pub fn to_pick<'a>(
    mut found: Vec<ComesOff<'a>>,
    hold_of: impl Fn(&str) -> Option<String>,
) -> Vec<ComesOff<'a>> {
    for one in found.iter_mut().filter(|one| one.compartment.is_empty()) {
        one.compartment = hold_of(&one.container).unwrap_or_default();
    }
    found.sort_by(|a, b| a.place().cmp(&b.place()));
    found
}

impl Standing<'_> {
    /// Returns its place in a list.
    pub fn place(&self) -> Place {
        (self.plate, self.journey.id)
    }
}

impl ComesOff<'_> {
    /// Returns its place in the list to pick by.
    pub fn place(&self) -> (&str, &str, Place) {
        (&self.compartment, &self.container, self.standing.place())
    }
}

fn standing<'a>(plates: &Plates<'a>) -> impl Iterator<Item = Standing<'a>> {
    plates.iter().flat_map(|(plate, worn)| {
        let mut journeys: Vec<_> = worn.journeys.iter().collect();
        journeys.sort_by_key(|journey| journey.id);
        journeys.into_iter().map(|journey| Standing::now(*plate, journey))
    })
}

#[cfg(test)]
mod tests;

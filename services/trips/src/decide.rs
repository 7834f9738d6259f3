//! The rules of what a person follows.
//!
//! Following again adds nothing. Rules cannot open a sealed booking, so who
//! asks to follow with a booking says which stored one it was compared with
//! and found equal to. A new booking takes the place of the old one, and what
//! was passed under the old one counts no more. That somebody passed a point
//! counts only while they follow the flight under the very booking that the
//! read was matched with.

use std::collections::{BTreeMap, BTreeSet};

use airside_kernel::{Cause, Causes, Classified, Code, Decider};
use thiserror::Error;

use crate::{
    events::Fact,
    model::{Booking, FlightId, JourneyId, PassagePoint, Plate},
};

/// The most flights that one person follows.
pub const MAX_FLIGHTS: usize = 50;
/// The most bags that one person follows.
pub const MAX_BAGS: usize = 50;

/// The rules of one person's trips.
#[derive(Debug, Clone, Copy)]
pub enum TripRules {}

/// An order.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Follow a flight.
    FollowFlight {
        /// The flight.
        flight: FlightId,
        /// The booking, in clear.
        booking: Option<Booking>,
        /// The stored booking that it was found equal to.
        same_as: Option<Booking>,
    },
    /// Follow a flight no more.
    UnfollowFlight {
        /// The flight.
        flight: FlightId,
    },
    /// Follow a journey of a bag that the person proved to know.
    FollowBag {
        /// The plate.
        plate: Plate,
        /// The journey.
        journey: JourneyId,
    },
    /// Follow a journey no more.
    UnfollowBag {
        /// The journey.
        journey: JourneyId,
    },
    /// Note that the person was read at a point.
    PassPoint {
        /// The flight.
        flight: FlightId,
        /// Which point.
        point: PassagePoint,
        /// The stored booking that the read was matched with.
        booking: Booking,
        /// The read.
        cause: Cause,
    },
}

/// Why an order is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Rejection {
    /// Too many flights.
    #[error("you follow {MAX_FLIGHTS} flights already: unfollow one first")]
    TooManyFlights,
    /// Too many bags.
    #[error("you follow {MAX_BAGS} bags already: unfollow one first")]
    TooManyBags,
}

impl Classified for Rejection {
    fn code(&self) -> Code {
        Code::FailedPrecondition
    }
}

/// A flight that is followed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Follow {
    /// The booking, sealed.
    pub booking: Option<Booking>,
    /// The points that were passed under it.
    pub passed: BTreeSet<PassagePoint>,
}

/// What the facts of one person amount to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct State {
    /// The flights that are followed.
    pub flights: BTreeMap<FlightId, Follow>,
    /// The journeys that are followed, and their plates.
    pub bags: BTreeMap<JourneyId, Plate>,
    causes: Causes,
}

impl Decider for TripRules {
    type Command = Command;
    type Event = Fact;
    type State = State;
    type Rejection = Rejection;

    fn decide(state: &State, command: Command) -> Result<Vec<Fact>, Rejection> {
        let fact = match command {
            Command::FollowFlight { flight, booking, same_as } => {
                let follow = state.flights.get(&flight);
                let is_new = follow.is_none_or(|follow| {
                    booking.is_some()
                        && booking != follow.booking
                        && (same_as.is_none() || same_as != follow.booking)
                });
                if follow.is_none() && state.flights.len() >= MAX_FLIGHTS {
                    return Err(Rejection::TooManyFlights);
                }
                is_new.then_some(Fact::FlightFollowed { flight, booking })
            }
            Command::UnfollowFlight { flight } => {
                state.flights.contains_key(&flight).then_some(Fact::FlightUnfollowed { flight })
            }
            Command::FollowBag { plate, journey } => match state.bags.contains_key(&journey) {
                true => None,
                false if state.bags.len() >= MAX_BAGS => return Err(Rejection::TooManyBags),
                false => Some(Fact::BagFollowed { plate, journey }),
            },
            Command::UnfollowBag { journey } => {
                state.bags.contains_key(&journey).then_some(Fact::BagUnfollowed { journey })
            }
            Command::PassPoint { flight, point, booking, cause } => {
                let counts = |follow: &Follow| {
                    follow.booking.as_ref() == Some(&booking) && !follow.passed.contains(&point)
                };
                let is_new = !state.causes.seen(&cause) && state.flights.get(&flight).is_some_and(counts);
                is_new.then_some(Fact::PassagePointPassed { flight, point, cause })
            }
        };
        Ok(fact.into_iter().collect())
    }

    fn evolve(mut state: State, fact: &Fact) -> State {
        match fact {
            Fact::FlightFollowed { flight, booking } => {
                let follow = Follow { booking: booking.clone(), passed: BTreeSet::new() };
                state.flights.insert(flight.clone(), follow);
            }
            Fact::FlightUnfollowed { flight } => {
                state.flights.remove(flight);
            }
            Fact::BagFollowed { plate, journey } => {
                state.bags.insert(*journey, *plate);
            }
            Fact::BagUnfollowed { journey } => {
                state.bags.remove(journey);
            }
            Fact::PassagePointPassed { flight, point, cause } => {
                state.causes.note(cause);
                if let Some(follow) = state.flights.get_mut(flight) {
                    follow.passed.insert(*point);
                }
            }
        }
        state
    }
}

#[cfg(test)]
mod tests;

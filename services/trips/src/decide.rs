//! The rules of what a person follows.
//!
//! Following again adds nothing. Rules cannot open a sealed booking, so who
//! asks to follow with a booking says which stored one it was compared with
//! and found equal to. A new booking takes the place of the old one, and what
//! was passed under the old one counts no more. That somebody passed a point
//! counts only while they follow the flight under the very booking that the
//! read was matched with.
//!
//! A person folds from the oldest thing that they still follow, and every other
//! thing was followed later or not at all.

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
    /// The reads that were told.
    causes: Causes,
    /// Which fact of the fold began it.
    since: u64,
}

/// What the facts of one person amount to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct State {
    /// The flights that are followed.
    pub flights: BTreeMap<FlightId, Follow>,
    /// The journeys that are followed, and which fact of the fold began each.
    bags: BTreeMap<JourneyId, u64>,
    /// How many facts were folded.
    folded: u64,
}

impl Decider for TripRules {
    type Command = Command;
    type Event = Fact;
    type State = State;
    type Rejection = Rejection;

    fn decide(state: &State, command: Command) -> Result<Vec<Fact>, Rejection> {
        let fact = match command {
            Command::FollowFlight { flight, booking, same_as } => {
                return follow_flight(state, flight, booking, same_as.as_ref());
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
                    follow.booking.as_ref() == Some(&booking)
                        && !follow.passed.contains(&point)
                        && !follow.causes.seen(&cause)
                };
                let is_new = state.flights.get(&flight).is_some_and(counts);
                is_new.then_some(Fact::PassagePointPassed { flight, point, cause })
            }
        };
        Ok(fact.into_iter().collect())
    }

    fn evolve(mut state: State, fact: &Fact) -> State {
        match fact {
            Fact::FlightFollowed { flight } => {
                let since = state.folded;
                let follow = || Follow { since, ..Follow::default() };
                state.flights.entry(flight.clone()).or_insert_with(follow);
            }
            Fact::BookingLinked { flight, booking } => {
                if let Some(follow) = state.flights.get_mut(flight) {
                    (follow.booking, follow.passed) = (Some(booking.clone()), BTreeSet::new());
                }
            }
            Fact::FlightUnfollowed { flight } => {
                state.flights.remove(flight);
            }
            Fact::BagFollowed { journey, .. } => {
                state.bags.entry(*journey).or_insert(state.folded);
            }
            Fact::BagUnfollowed { journey } => {
                state.bags.remove(journey);
            }
            Fact::PassagePointPassed { flight, point, cause } => {
                if let Some(follow) = state.flights.get_mut(flight) {
                    follow.causes.note(cause);
                    follow.passed.insert(*point);
                }
            }
        }
        state.folded += 1;
        state
    }

    /// Nothing is needed from before the oldest thing that is still followed:
    /// a booking and what was passed under it come after the follow, and a read
    /// under an earlier booking never counts again.
    fn forgets(state: &State, folded: u64) -> u64 {
        let flights = state.flights.values().map(|follow| follow.since);
        flights.chain(state.bags.values().copied()).min().unwrap_or(folded)
    }
}

fn follow_flight(
    state: &State,
    flight: FlightId,
    booking: Option<Booking>,
    same_as: Option<&Booking>,
) -> Result<Vec<Fact>, Rejection> {
    let follow = state.flights.get(&flight);
    if follow.is_none() && state.flights.len() >= MAX_FLIGHTS {
        return Err(Rejection::TooManyFlights);
    }
    let stored = follow.and_then(|follow| follow.booking.as_ref());
    let is_stored = |given: &Booking| stored.is_some_and(|stored| stored == given || Some(stored) == same_as);
    let followed = follow.is_none().then(|| Fact::FlightFollowed { flight: flight.clone() });
    let linked = booking.filter(|given| !is_stored(given));
    let linked = linked.map(|booking| Fact::BookingLinked { flight, booking });
    Ok(followed.into_iter().chain(linked).collect())
}

#[cfg(test)]
pub(crate) mod tests;

//! What the steps of a container mean for a bag that was put into it. Pure.
//!
//! A container is used again, and nobody says that it was emptied at the other
//! end. So a bag goes along with a container
//! - that was not loaded since the bag was put in, wherever it is taken: a
//!   container that is moved to another flight takes its bags with it;
//! - after it has flown, only onto a flight that the bag's own route names, such
//!   as a container that goes through at a hub;
//! - for [`KEPT_DAYS`] at most, and until it is taken apart.
//!
//! What comes off where it went on, before the flight left, is taken off; else it
//! is unloaded after a flight.

use airside_api::baggage::v1::ContainerStep;
use airside_kernel::Timestamp;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::model::{AirportCode, DatedFlight};

/// How many days a bag is in a container at most.
const KEPT_DAYS: i64 = 3;
/// How many steps of a container are kept; a busy day has some ten.
const MAX_STEPS: usize = 32;

/// A step of a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Step {
    /// When it happened.
    pub(super) at: Timestamp,
    /// Its place in the container's stream.
    pub(super) revision: u64,
    pub(super) kind: i32,
    pub(super) station: AirportCode,
    pub(super) flight: Option<DatedFlight>,
    pub(super) compartment: String,
}

/// The steps of one container, by their times.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Steps(Vec<Step>);

/// What a step does to a bag inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// It is on board.
    Loaded,
    /// It was taken off again.
    TakenOff,
    /// It came off after its flight.
    Unloaded,
    /// It is in the container no more.
    TakenApart,
}

impl Steps {
    /// Takes in a step; returns whether it is new.
    pub(super) fn take(&mut self, step: Step) -> bool {
        if self.0.iter().any(|known| known.revision == step.revision) {
            return false;
        }
        let place = self.0.partition_point(|known| (known.at, known.revision) <= (step.at, step.revision));
        self.0.insert(place, step);
        if self.0.len() > MAX_STEPS {
            self.0.remove(0);
        }
        true
    }

    /// Returns when the last step was.
    pub(super) fn last_at(&self) -> Option<Timestamp> {
        self.0.last().map(|step| step.at)
    }

    /// Returns what happens to a bag that was put in at an instant. `names` says whether the
    /// bag's route names a flight, `has_left` whether a flight had left at an instant.
    pub(super) fn course(
        &self,
        since: Timestamp,
        names: impl Fn(DatedFlight) -> bool,
        has_left: impl Fn(DatedFlight, Timestamp) -> bool,
    ) -> Vec<(&Step, Effect)> {
        let until = since.checked_add(SignedDuration::from_hours(KEPT_DAYS * 24)).unwrap_or(since);
        let mut found = Vec::new();
        let (mut aboard, mut has_flown): (Option<&Step>, bool) = (None, false);
        for step in self.0.iter().filter(|step| (since..=until).contains(&step.at)) {
            let is_named = step.flight.is_some_and(&names);
            let left = |on: &Step| on.flight.is_some_and(|flight| has_left(flight, step.at));
            match ContainerStep::try_from(step.kind).unwrap_or_default() {
                ContainerStep::Unspecified | ContainerStep::Assigned => {}
                ContainerStep::Loaded => {
                    let is_same = aboard.is_some_and(|on| on.flight == step.flight);
                    has_flown |= aboard.is_some_and(|on| on.station != step.station || left(on));
                    if !is_same && (!has_flown || is_named) {
                        found.push((step, Effect::Loaded));
                        aboard = Some(step);
                    }
                }
                ContainerStep::Unloaded => match aboard {
                    Some(on) if on.flight == step.flight => {
                        let is_off = on.station == step.station && !left(on);
                        has_flown |= !is_off;
                        found.push((step, if is_off { Effect::TakenOff } else { Effect::Unloaded }));
                        aboard = None;
                    }
                    _ if is_named && !self.went_on_here(step) => {
                        found.push((step, Effect::Unloaded));
                        (aboard, has_flown) = (None, true);
                    }
                    _ => {}
                },
                ContainerStep::BrokenDown => {
                    found.push((step, Effect::TakenApart));
                    break;
                }
            }
        }
        found
    }

    /// Whether the container went on board where a step says that it came off.
    fn went_on_here(&self, off: &Step) -> bool {
        let is_same = |on: &&Step| (on.flight, on.station) == (off.flight, off.station) && on.at <= off.at;
        let loaded = i32::from(ContainerStep::Loaded);
        self.0.iter().filter(is_same).any(|on| on.kind == loaded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "ZH9101-20261120";
    const SECOND: &str = "ZH9103-20261120";

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_795_132_800 + minute * 60).unwrap()
    }

    fn steps(told: &[(i64, ContainerStep, &str, &str)]) -> Steps {
        let mut steps = Steps::default();
        for ((minute, kind, station, flight), revision) in told.iter().zip(0..) {
            let (station, flight) = (station.parse().unwrap(), flight.parse().ok());
            let (kind, compartment) = ((*kind).into(), String::new());
            steps.take(Step { at: at(*minute), revision, kind, station, flight, compartment });
        }
        steps
    }

    /// What happens to a bag that was put in at minute 0 and takes the first flight, which leaves at 60.
    #[track_caller]
    fn check(told: &[(i64, ContainerStep, &str, &str)], expected: &[(u64, Effect)]) {
        let steps = steps(told);
        let names = |flight: DatedFlight| flight == FIRST.parse().unwrap();
        let left = |_, now| now >= at(60);
        let found: Vec<_> =
            steps.course(at(0), names, left).iter().map(|(step, effect)| (step.revision, *effect)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_bag_goes_where_its_container_goes() {
        use ContainerStep::{Assigned, Loaded, Unloaded};
        check(
            &[(5, Assigned, "SZX", FIRST), (10, Loaded, "SZX", FIRST), (200, Unloaded, "PEK", FIRST)],
            &[(1, Effect::Loaded), (2, Effect::Unloaded)],
        );
    }

    #[test]
    fn a_container_that_is_moved_to_another_flight_takes_its_bags_with_it() {
        use ContainerStep::{Loaded, Unloaded};
        let moved = [(10, Loaded, "SZX", FIRST), (20, Unloaded, "SZX", FIRST), (30, Loaded, "SZX", SECOND)];
        check(&moved, &[(0, Effect::Loaded), (1, Effect::TakenOff), (2, Effect::Loaded)]);
        check(&[moved[0], moved[2]], &[(0, Effect::Loaded), (1, Effect::Loaded)]);
    }

    #[test]
    fn what_is_put_in_after_a_step_is_not_touched_by_it() {
        use ContainerStep::Loaded;
        check(&[(-10, Loaded, "SZX", FIRST)], &[]);
    }

    #[test]
    fn nothing_is_in_a_container_that_was_taken_apart() {
        use ContainerStep::{BrokenDown, Loaded};
        check(&[(5, BrokenDown, "SZX", ""), (10, Loaded, "SZX", FIRST)], &[(0, Effect::TakenApart)]);
    }

    #[test]
    fn a_container_that_is_used_again_does_not_take_along_who_was_in_it() {
        use ContainerStep::{Loaded, Unloaded};
        let again = [
            (10, Loaded, "SZX", FIRST),
            (600, Unloaded, "SZX", SECOND),
            (700, Loaded, "SZX", SECOND),
            (800, Unloaded, "SHA", SECOND),
        ];
        check(&again, &[(0, Effect::Loaded)]);
    }

    #[test]
    fn a_container_that_goes_through_takes_along_who_goes_on() {
        use ContainerStep::{Loaded, Unloaded};
        let through =
            [(10, Loaded, "CAN", SECOND), (70, Unloaded, "SZX", SECOND), (90, Loaded, "SZX", FIRST)];
        check(&through, &[(0, Effect::Loaded), (1, Effect::Unloaded), (2, Effect::Loaded)]);
    }

    #[test]
    fn after_three_days_a_bag_is_in_its_container_no_more() {
        check(&[(3 * 24 * 60 + 1, ContainerStep::Loaded, "SZX", FIRST)], &[]);
    }

    #[test]
    fn steps_that_are_told_late_find_their_place() {
        use ContainerStep::{Loaded, Unloaded};
        check(
            &[(20, Unloaded, "SZX", FIRST), (10, Loaded, "SZX", FIRST)],
            &[(1, Effect::Loaded), (0, Effect::TakenOff)],
        );
    }
}

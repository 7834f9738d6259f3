//! The specification of closures and waits.

use airside_kernel::given;
use proptest::prelude::*;

use super::*;

fn feature(id: &str) -> FeatureId {
    FeatureId::parse(id).unwrap()
}

fn closure(id: &str, reason: &str) -> Closure {
    Closure { feature: feature(id), reason: reason.parse().unwrap(), expected_until: None }
}

fn set(id: &str, reason: &str) -> VenueEvent {
    VenueEvent::ClosureSet(closure(id, reason))
}

fn lifted(id: &str) -> VenueEvent {
    VenueEvent::ClosureLifted { feature: feature(id) }
}

fn close(id: &str, reason: &str) -> VenueCommand {
    VenueCommand::Close(closure(id, reason))
}

fn lift(id: &str) -> VenueCommand {
    VenueCommand::Lift { feature: feature(id) }
}

#[test]
fn what_is_open_can_be_closed_and_what_is_closed_opened() {
    given::<Venue>([]).when(close("l1", "repair")).then([set("l1", "repair")]);
    given::<Venue>([set("l1", "repair")]).when(lift("l1")).then([lifted("l1")]);
    given::<Venue>([set("l1", "repair"), lifted("l1")])
        .when(close("l1", "repair"))
        .then([set("l1", "repair")]);
}

#[test]
fn closing_what_is_closed_and_lifting_what_is_open_adds_nothing() {
    given::<Venue>([set("l1", "repair")]).when(close("l1", "repair")).then_nothing();
    given::<Venue>([set("l1", "repair")]).when(lift("l2")).then_nothing();
    given::<Venue>([set("l1", "repair"), lifted("l1")]).when(lift("l1")).then_nothing();
}

#[test]
fn a_closure_with_another_reason_or_time_takes_the_place_of_the_old_one() {
    given::<Venue>([set("l1", "repair")]).when(close("l1", "flood")).then([set("l1", "flood")]);
    let state = given::<Venue>([set("l1", "repair"), set("l1", "flood")]).state();
    assert_eq!(state.closures().cloned().collect::<Vec<_>>(), [closure("l1", "flood")]);
    let until =
        Closure { expected_until: Some("2026-11-20T09:00:00Z".parse().unwrap()), ..closure("l1", "flood") };
    given::<Venue>([set("l1", "flood")])
        .when(VenueCommand::Close(until.clone()))
        .then([VenueEvent::ClosureSet(until)]);
}

#[test]
fn a_closure_not_spoken_of_for_long_is_restated_so_that_the_fold_stays_short() {
    let others = (0..RESTATED_AFTER / 2).flat_map(|_| [set("l2", "repair"), lifted("l2")]);
    given::<Venue>(std::iter::once(set("l1", "rebuilding")).chain(others))
        .when(close("l3", "repair"))
        .then([set("l1", "rebuilding"), set("l3", "repair")]);
}

fn queue(id: &str, seconds: u32) -> VenueEvent {
    VenueEvent::WaitReported(Wait { feature: feature(id), seconds, until: None })
}

fn report(id: &str, seconds: u32) -> VenueCommand {
    VenueCommand::Report(Wait { feature: feature(id), seconds, until: None })
}

#[test]
fn a_wait_is_reported_when_it_is_another_one() {
    given::<Venue>([]).when(report("s1", 600)).then([queue("s1", 600)]);
    given::<Venue>([]).when(report("s1", 0)).then_nothing();
    given::<Venue>([queue("s1", 600)]).when(report("s1", 600)).then_nothing();
    given::<Venue>([queue("s1", 600)]).when(report("s1", 840)).then([queue("s1", 840)]);
    given::<Venue>([queue("s1", 600)]).when(report("s1", 0)).then([queue("s1", 0)]);
    let state = given::<Venue>([queue("s1", 600), queue("s2", 60), queue("s1", 0)]).state();
    assert_eq!(
        state.waits().map(|wait| (&wait.feature, wait.seconds)).collect::<Vec<_>>(),
        [(&feature("s2"), 60)]
    );
}

#[test]
fn a_wait_that_is_confirmed_for_longer_is_reported_anew() {
    let until = |until: &str| Wait { feature: feature("s1"), seconds: 600, until: until.parse().ok() };
    let (first, later) = (until("2026-11-20T06:30:00Z"), until("2026-11-20T06:35:00Z"));
    let known = || given::<Venue>([VenueEvent::WaitReported(first.clone())]);
    known().when(VenueCommand::Report(first.clone())).then_nothing();
    known().when(VenueCommand::Report(later.clone())).then([VenueEvent::WaitReported(later)]);
    known().when(report("s1", 600)).then([queue("s1", 600)]);
    known().when(report("s1", 0)).then([queue("s1", 0)]);
}

#[test]
fn what_is_closed_may_have_a_wait_too_and_neither_is_forgotten_for_the_other() {
    let reports = (0..RESTATED_AFTER / 2).flat_map(|_| [queue("l1", 60), queue("l1", 0)]);
    given::<Venue>(std::iter::once(set("l1", "rebuilding")).chain(reports))
        .when(report("l1", 120))
        .then([set("l1", "rebuilding"), queue("l1", 120)]);
}

proptest! {
    #[test]
    fn a_venue_refolds_to_the_same_closures_from_a_bounded_tail(
        orders in proptest::collection::vec((0u16..2_000, 0u8..3, 0u8..3), 0..3_000),
    ) {
        let (mut facts, mut state) = (Vec::new(), VenueState::default());
        for (which, order, reason) in orders {
            // Six features are touched all the time, ten hardly ever.
            let id = format!("f{}", if which < 1_990 { which % 6 } else { which });
            let command = match order {
                0 => close(&id, &format!("r{reason}")),
                1 => lift(&id),
                _ => report(&id, u32::from(reason) * 60),
            };
            for fact in Venue::decide(&state, command).unwrap() {
                state = Venue::evolve(state, &fact);
                facts.push(fact);
            }
        }
        let forgotten = usize::try_from(Venue::forgets(&state, facts.len() as u64)).unwrap();
        let again = facts[forgotten..].iter().fold(VenueState::default(), Venue::evolve);
        prop_assert!(state.closures().eq(again.closures()) && state.waits().eq(again.waits()));
        prop_assert!(facts.len() - forgotten <= 640, "{} facts", facts.len() - forgotten);
    }
}

//! The rules of what a person follows, one test each.

use airside_kernel::{Personal, Revision, SealContext, Sealed, SubjectId, given};
use bytes::Bytes;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

pub(crate) fn flight(n: usize) -> FlightId {
    format!("ZH{}-20261120", n + 1).parse().unwrap()
}

fn journey(n: usize) -> JourneyId {
    JourneyId(Uuid::from_u128(n as u128))
}

fn plate() -> Plate {
    "0479123456".parse().unwrap()
}

fn known(surname: &str) -> Booking {
    let known = |text: &str| Personal::Known(text.to_owned());
    Booking { subject: SubjectId::new("p"), surname: known(surname), record_locator: known("ABC123") }
}

/// A booking as the log holds it: rules cannot see what is in it.
fn sealed(noise: &'static str) -> Booking {
    let sealed = || {
        Personal::Sealed(Sealed {
            subject: SubjectId::new("p"),
            category: airside_kernel::Category::Travel,
            key_version: 1,
            context: SealContext {
                stream: "person-p".into(),
                event_type: "t".into(),
                field: 2,
                schema_version: 1,
            },
            ciphertext: Bytes::from_static(noise.as_bytes()),
        })
    };
    Booking { subject: SubjectId::new("p"), surname: sealed(), record_locator: sealed() }
}

fn cause(revision: u64) -> Cause {
    Cause {
        reactor: "trips.passage".into(),
        stream: "flight-ZH1-20261120".into(),
        revision: Revision(revision),
        index: 0,
    }
}

fn follow(booking: Option<Booking>, same_as: Option<Booking>) -> Command {
    Command::FollowFlight { flight: flight(0), booking, same_as }
}

fn followed() -> Fact {
    Fact::FlightFollowed { flight: flight(0) }
}

fn linked(booking: Booking) -> Fact {
    Fact::BookingLinked { flight: flight(0), booking }
}

fn unfollowed() -> Fact {
    Fact::FlightUnfollowed { flight: flight(0) }
}

fn pass(point: PassagePoint, booking: Booking, revision: u64) -> Command {
    Command::PassPoint { flight: flight(0), point, booking, cause: cause(revision) }
}

fn passed(point: PassagePoint, revision: u64) -> Fact {
    Fact::PassagePointPassed { flight: flight(0), point, cause: cause(revision) }
}

#[test]
fn to_follow_a_flight_again_adds_nothing() {
    given::<TripRules>([]).when(follow(None, None)).then([followed()]);
    given::<TripRules>([followed()]).when(follow(None, None)).then_nothing();
}

#[test]
fn to_follow_with_a_booking_is_two_facts() {
    let facts = [followed(), linked(known("ZHANG"))];
    given::<TripRules>([]).when(follow(Some(known("ZHANG")), None)).then(facts);
}

#[test]
fn a_booking_is_added_to_a_flight_that_was_followed_without_one() {
    given::<TripRules>([followed()]).when(follow(Some(known("ZHANG")), None)).then([linked(known("ZHANG"))]);
}

#[test]
fn to_follow_again_without_a_booking_keeps_the_booking() {
    given::<TripRules>([followed(), linked(sealed("a"))]).when(follow(None, None)).then_nothing();
}

#[test]
fn the_same_booking_again_adds_nothing_although_it_is_sealed() {
    let history = [followed(), linked(sealed("a"))];
    given::<TripRules>(history.clone()).when(follow(Some(known("ZHANG")), Some(sealed("a")))).then_nothing();
    given::<TripRules>(history)
        .when(follow(Some(known("ZHANG")), Some(sealed("of another time"))))
        .then([linked(known("ZHANG"))]);
}

#[test]
fn a_new_booking_takes_the_place_of_the_old_one_and_of_what_was_passed_under_it() {
    let history = [followed(), linked(sealed("a")), passed(PassagePoint::Gate, 1), linked(sealed("b"))];
    let state = given::<TripRules>(history).state();
    let Follow { booking, passed, .. } = &state.flights[&flight(0)];
    assert_eq!((booking, passed), (&Some(sealed("b")), &BTreeSet::new()));
}

#[test]
fn what_is_not_followed_cannot_be_unfollowed_twice() {
    let unfollow = || Command::UnfollowFlight { flight: flight(0) };
    given::<TripRules>([]).when(unfollow()).then_nothing();
    given::<TripRules>([followed()]).when(unfollow()).then([unfollowed()]);
    given::<TripRules>([followed(), unfollowed()]).when(unfollow()).then_nothing();
}

#[test]
fn a_bag_is_followed_by_its_journey() {
    let follow = |n| Command::FollowBag { plate: plate(), journey: journey(n) };
    let followed = |n| Fact::BagFollowed { plate: plate(), journey: journey(n) };
    given::<TripRules>([]).when(follow(1)).then([followed(1)]);
    given::<TripRules>([followed(1)]).when(follow(1)).then_nothing();
    given::<TripRules>([followed(1)]).when(follow(2)).then([followed(2)]);
    let unfollow = || Command::UnfollowBag { journey: journey(1) };
    given::<TripRules>([followed(1)]).when(unfollow()).then([Fact::BagUnfollowed { journey: journey(1) }]);
    given::<TripRules>([followed(2)]).when(unfollow()).then_nothing();
}

#[test]
fn a_person_follows_a_bounded_number_of_things() {
    let flights = (1..=MAX_FLIGHTS).map(|n| Fact::FlightFollowed { flight: flight(n) });
    given::<TripRules>(flights).when(follow(None, None)).rejects(&Rejection::TooManyFlights);
    let bags = || (1..=MAX_BAGS).map(|n| Fact::BagFollowed { plate: plate(), journey: journey(n) });
    let follow = |n| Command::FollowBag { plate: plate(), journey: journey(n) };
    given::<TripRules>(bags()).when(follow(0)).rejects(&Rejection::TooManyBags);
    given::<TripRules>(bags()).when(follow(1)).then_nothing();
}

#[test]
fn a_point_is_passed_once_by_its_cause() {
    let history = [followed(), linked(sealed("a")), passed(PassagePoint::Security, 5)];
    let check =
        |point, revision| given::<TripRules>(history.clone()).when(pass(point, sealed("a"), revision));
    check(PassagePoint::Security, 5).then_nothing();
    check(PassagePoint::Gate, 4).then_nothing();
    check(PassagePoint::Security, 6).then_nothing();
    check(PassagePoint::Gate, 6).then([passed(PassagePoint::Gate, 6)]);
}

#[test]
fn a_point_counts_only_under_the_booking_that_was_read() {
    let gate = || pass(PassagePoint::Gate, sealed("a"), 1);
    given::<TripRules>([]).when(gate()).then_nothing();
    given::<TripRules>([followed()]).when(gate()).then_nothing();
    given::<TripRules>([followed(), linked(sealed("b"))]).when(gate()).then_nothing();
}

#[test]
fn a_person_who_follows_nothing_any_more_folds_nothing() {
    let history = [followed(), linked(sealed("a")), passed(PassagePoint::Gate, 1), unfollowed()];
    let state = given::<TripRules>(history).state();
    assert_eq!(TripRules::forgets(&state, 4), 4);
}

#[test]
fn a_person_folds_from_the_oldest_thing_that_is_still_followed() {
    let bag = |n| Fact::BagFollowed { plate: plate(), journey: journey(n) };
    let history = [bag(1), followed(), bag(2), Fact::BagUnfollowed { journey: journey(1) }];
    let later = [linked(sealed("a")), passed(PassagePoint::Gate, 1)];
    let state = given::<TripRules>(history.into_iter().chain(later)).state();
    assert_eq!(TripRules::forgets(&state, 6), 1);
}

/// What a state holds, without where the facts stood in its fold.
pub(crate) fn held(state: &State) -> (Vec<(FlightId, Follow)>, Vec<JourneyId>) {
    let flights = state.flights.iter();
    let flights = flights.map(|(flight, follow)| (flight.clone(), Follow { since: 0, ..follow.clone() }));
    (flights.collect(), state.bags.keys().copied().collect())
}

/// Any order about so many things.
pub(crate) fn any_command(things: usize) -> impl Strategy<Value = Command> {
    let booking = || prop::option::of(prop::sample::select(vec![known("ZHANG"), known("LI")]));
    let point = prop::sample::select(vec![PassagePoint::CheckIn, PassagePoint::Security, PassagePoint::Gate]);
    prop_oneof![
        (0..things, booking(), booking()).prop_map(|(n, booking, same_as)| Command::FollowFlight {
            flight: flight(n),
            booking,
            same_as
        }),
        (0..things).prop_map(|n| Command::UnfollowFlight { flight: flight(n) }),
        (0..things).prop_map(|n| Command::FollowBag { plate: plate(), journey: journey(n) }),
        (0..things).prop_map(|n| Command::UnfollowBag { journey: journey(n) }),
        (0..things.min(3), point, 0u64..4).prop_map(|(n, point, revision)| Command::PassPoint {
            flight: flight(n),
            point,
            booking: known("ZHANG"),
            cause: cause(revision)
        }),
    ]
}

proptest! {
    #[test]
    fn a_repeated_command_adds_nothing(commands in prop::collection::vec(any_command(60), 0..120)) {
        let mut state = State::default();
        for command in commands {
            if let Ok(facts) = TripRules::decide(&state, command.clone()) {
                prop_assert!(facts.len() <= 2);
                state = facts.iter().fold(state, TripRules::evolve);
                prop_assert_eq!(TripRules::decide(&state, command), Ok(Vec::new()));
            }
            prop_assert!(state.flights.len() <= MAX_FLIGHTS && state.bags.len() <= MAX_BAGS);
        }
    }

    #[test]
    fn what_is_forgotten_is_missed_by_nobody(
        commands in prop::collection::vec(any_command(4), 0..80),
        next in any_command(4),
    ) {
        let (mut state, mut history) = (State::default(), Vec::new());
        for command in commands {
            let facts = TripRules::decide(&state, command).unwrap_or_default();
            state = facts.iter().fold(state, TripRules::evolve);
            history.extend(facts);
        }
        let forgets = TripRules::forgets(&state, history.len() as u64);
        let tail = history.iter().skip(usize::try_from(forgets).unwrap()).cloned();
        let short = given::<TripRules>(tail).state();
        prop_assert_eq!(held(&short), held(&state));
        prop_assert_eq!(TripRules::decide(&short, next.clone()), TripRules::decide(&state, next));
    }
}

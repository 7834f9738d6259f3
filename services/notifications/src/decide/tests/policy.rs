//! What is said and when, rule by rule.

use super::*;

#[test]
fn the_first_word_of_a_subject_is_told_at_once() {
    let first = gate(1, "A1", "");
    given::<Delivery>([]).when(propose(&first, 0)).then([released(&first, 0)]);
}

#[test]
fn a_cause_is_answered_once_whatever_became_of_it() {
    let first = gate(1, "A1", "");
    for answer in [
        released(&first, 0),
        held(&first, 9, HoldReason::Capped),
        suppressed(&first, SuppressReason::Unwanted),
    ] {
        given::<Delivery>([answer]).when(propose(&first, 100)).then_nothing();
    }
}

#[test]
fn a_cause_of_a_stream_that_was_forgotten_is_refused_and_never_told_twice() {
    let of = |stream: usize, caused: i64| {
        let mut proposal = gate(1, "A1", "");
        proposal.notice.cause.stream = format!("flight-{stream}");
        proposal.notice.caused_at = at(caused);
        proposal
    };
    let history: Vec<_> = (0..=MAX_ANSWERED).map(|n| released(&of(n, n as i64), 0)).collect();
    given::<Delivery>(history.clone())
        .when(propose(&of(0, 0), 100))
        .rejects(&DeliveryRejection::TooOld { caused_at: at(0), horizon: at(0) });
    let new = of(99, 1);
    let told = given::<Delivery>(history).when(propose(&new, 100)).events();
    assert_eq!(told.len(), 1);
}

#[test]
fn what_is_urgent_never_waits_and_takes_the_place_of_what_it_corrects() {
    let [first, second] = [gate(1, "A1", "A0"), gate(2, "B7", "A1")];
    given::<Delivery>([released(&first, 0)]).when(propose(&second, 1)).then([in_place_of(1, &second, 1)]);
    given::<Delivery>([released(&first, 0)]).when(propose(&second, 900)).then([in_place_of(1, &second, 900)]);
}

#[test]
fn a_call_made_twice_in_a_moment_is_told_once() {
    let [first, second] = [1, 2].map(|number| notice(number, Kind::Boarding, FLIGHT, ""));
    given::<Delivery>([released(&first, 0)])
        .when(propose(&second, 1))
        .then([suppressed(&second, SuppressReason::Unchanged)]);
    given::<Delivery>([released(&first, 0)]).when(propose(&second, 60)).then([released(&second, 60)]);
}

#[test]
fn a_gate_that_flaps_back_in_a_moment_takes_back_what_was_said() {
    let [there, back] = [gate(1, "B7", "A1"), gate(2, "A1", "B7")];
    let answer = given::<Delivery>([released(&there, 0)]).when(propose(&back, 1)).events();
    let [DeliveryEvent::NoticeReleased(Released { proposal, .. })] = &answer[..] else {
        panic!("it is not told: {answer:?}");
    };
    let retraction = &proposal.notice;
    assert_eq!((retraction.kind, retraction.id), (Kind::Retracted, Uuid::from_u128(2)));
    assert_eq!(retraction.supersedes, Some(Uuid::from_u128(1)));
    let facts = [("flight", FLIGHT), ("place", "A1"), ("retracts", "GATE_CHANGED")];
    assert!(retraction.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).eq(facts));
    let again = gate(3, "B7", "A1");
    let after = [released(&there, 0), answer[0].clone()];
    given::<Delivery>(after).when(propose(&again, 2)).then([in_place_of(2, &again, 2)]);
}

#[test]
fn a_belt_that_flaps_while_the_news_waits_says_nothing() {
    let [first, there, back] = [belt(1, "5", ""), belt(2, "6", "5"), belt(3, "5", "6")];
    let waits = held(&there, 30, HoldReason::Merging);
    given::<Delivery>([released(&first, 0)]).when(propose(&there, 10)).then([waits.clone()]);
    given::<Delivery>([released(&first, 0), waits])
        .when(propose(&back, 20))
        .then([merged(2, 3), suppressed(&back, SuppressReason::Unchanged)]);
}

#[test]
fn what_follows_within_the_window_is_gathered_and_the_newest_is_told() {
    let [first, second, third] = [(1, "09:00"), (2, "09:20"), (3, "09:30")]
        .map(|(n, time)| notice(n, Kind::FlightDelayed, FLIGHT, time));
    let history = vec![released(&first, 0), held(&second, 30, HoldReason::Merging)];
    given::<Delivery>(history.clone())
        .when(propose(&third, 20))
        .then([merged(2, 3), held(&third, 30, HoldReason::Merging)]);
    let history = [history, vec![merged(2, 3), held(&third, 30, HoldReason::Merging)]].concat();
    given::<Delivery>(history.clone()).when(strike(3, 29)).then_nothing();
    given::<Delivery>(history.clone()).when(strike(2, 31)).then_nothing();
    given::<Delivery>(history).when(strike(3, 31)).then([in_place_of(1, &third, 30)]);
}

#[test]
fn what_comes_after_its_time_finds_told_what_waited() {
    let [first, second, third] = [(1, "09:00"), (2, "09:20"), (3, "09:30")]
        .map(|(n, time)| notice(n, Kind::FlightDelayed, FLIGHT, time));
    given::<Delivery>([released(&first, 0), held(&second, 30, HoldReason::Merging)])
        .when(propose(&third, 40))
        .then([in_place_of(1, &second, 30), held(&third, 60, HoldReason::Merging)]);
}

#[test]
fn of_a_bag_only_the_last_word_is_told() {
    let loaded = notice(1, Kind::BagLoaded, BAG, "");
    let off = notice(2, Kind::BagOffloaded, BAG, "");
    given::<Delivery>([held(&loaded, 300, HoldReason::Capped)])
        .when(propose(&off, 10))
        .then([merged(1, 2), released(&off, 10)]);
}

#[test]
fn a_bag_with_other_news_is_left_out_of_what_waits() {
    let both = notice(1, Kind::BagLoaded, &format!("{BAG},{OTHER}"), "");
    let off = notice(2, Kind::BagOffloaded, BAG, "");
    let rest = notice(1, Kind::BagLoaded, OTHER, "");
    given::<Delivery>([held(&both, 300, HoldReason::Capped)])
        .when(propose(&off, 10))
        .then([held(&rest, 300, HoldReason::Capped), released(&off, 10)]);
}

#[test]
fn a_correction_of_what_was_told_names_it_and_one_of_what_waits_ends_both() {
    let loaded = notice(1, Kind::BagLoaded, BAG, "");
    let correction = notice(2, Kind::BagCorrected, BAG, "BAG_LOADED");
    given::<Delivery>([released(&loaded, 0)]).when(propose(&correction, 10)).then([in_place_of(
        1,
        &correction,
        10,
    )]);
    given::<Delivery>([held(&loaded, 300, HoldReason::Capped)]).when(propose(&correction, 10)).then([
        suppressed(&loaded, SuppressReason::Withdrawn),
        suppressed(&correction, SuppressReason::Withdrawn),
    ]);
}

#[test]
fn what_was_taken_back_and_holds_again_is_told_again() {
    let loaded = notice(1, Kind::BagLoaded, BAG, "");
    let correction = notice(2, Kind::BagOffloaded, BAG, "");
    let again = notice(3, Kind::BagLoaded, BAG, "");
    given::<Delivery>([released(&loaded, -600), released(&correction, 0)])
        .when(propose(&again, 1))
        .then([released(&again, 1)]);
}

#[test]
fn a_second_p3_waits_five_minutes() {
    let [first, second] = [notice(1, Kind::GateAssigned, FLIGHT, "A1"), notice(2, Kind::BagLoaded, BAG, "")];
    given::<Delivery>([released(&first, 0)]).when(propose(&second, 60)).then([held(
        &second,
        300,
        HoldReason::Capped,
    )]);
    given::<Delivery>([released(&first, 0)]).when(propose(&second, 300)).then([released(&second, 300)]);
}

#[test]
fn a_seventh_notice_waits_until_an_hour_after_the_first_and_an_urgent_one_does_not() {
    let told: Vec<_> = (1..=6)
        .map(|n| released(&notice(n, Kind::BagLeftBehind, &format!("047900100{n}"), ""), 60 * n as i64))
        .collect();
    let seventh = notice(7, Kind::BagLeftBehind, BAG, "");
    given::<Delivery>(told.clone()).when(propose(&seventh, 400)).then([held(
        &seventh,
        3_660,
        HoldReason::Capped,
    )]);
    let urgent = notice(8, Kind::Boarding, FLIGHT, "");
    given::<Delivery>(told).when(propose(&urgent, 400)).then([released(&urgent, 400)]);
}

#[test]
fn of_what_waits_for_one_turn_the_most_urgent_has_it() {
    let told: Vec<_> = (1..=6)
        .map(|n| released(&notice(n, Kind::BagLeftBehind, &format!("047900100{n}"), ""), n as i64 - 3_600))
        .collect();
    let [minor, major] = [notice(7, Kind::BagAccepted, BAG, ""), notice(8, Kind::BagLeftBehind, OTHER, "")];
    let waits = [&minor, &major].map(|one| held(one, 1, HoldReason::Capped));
    given::<Delivery>([told, waits.to_vec()].concat())
        .when(strike(7, 1))
        .then([released(&major, 1), held(&minor, 2, HoldReason::Capped)]);
}

/// A P3 of a flight that leaves so many hours after noon.
fn far(number: u64, hours: i64) -> Proposal {
    let mut proposal = gate(number, "A1", "");
    proposal.travel.departs_at = Some(at(hours * 3_600));
    proposal
}

const HOUR: i64 = 3_600;

#[test]
fn at_night_what_can_wait_waits_until_morning() {
    let proposal = far(1, 40);
    let morning = 19 * HOUR;
    given::<Delivery>([]).when(propose(&proposal, 11 * HOUR)).then([held(
        &proposal,
        morning,
        HoldReason::Quiet,
    )]);
    given::<Delivery>([]).when(propose(&proposal, 9 * HOUR)).then([released(&proposal, 9 * HOUR)]);
    given::<Delivery>([held(&proposal, morning, HoldReason::Quiet)])
        .when(strike(1, morning))
        .then([released(&proposal, morning)]);
}

#[test]
fn at_night_who_flies_within_six_hours_is_told_and_nobody_sleeps_longer_than_that() {
    let soon = far(1, 15);
    given::<Delivery>([]).when(propose(&soon, 11 * HOUR)).then([released(&soon, 11 * HOUR)]);
    let early = far(2, 20);
    given::<Delivery>([]).when(propose(&early, 11 * HOUR)).then([held(&early, 14 * HOUR, HoldReason::Quiet)]);
}

#[test]
fn at_night_plans_that_change_are_told() {
    let mut delay = notice(1, Kind::FlightDelayed, FLIGHT, "09:00");
    delay.travel.departs_at = Some(at(40 * HOUR));
    given::<Delivery>([]).when(propose(&delay, 11 * HOUR)).then([released(&delay, 11 * HOUR)]);
}

#[test]
fn what_expired_is_never_told_however_it_came_to_wait() {
    let mut proposal = far(1, 40);
    proposal.notice.expires_at = Some(at(15 * HOUR));
    let expired = suppressed(&proposal, SuppressReason::Expired);
    given::<Delivery>([held(&proposal, 19 * HOUR, HoldReason::Quiet)])
        .when(strike(1, 19 * HOUR))
        .then([expired.clone()]);
    given::<Delivery>([]).when(propose(&proposal, 15 * HOUR)).then([expired]);
}

fn prefer(preferences: &Preferences, seconds: i64) -> DeliveryCommand {
    DeliveryCommand::Prefer { preferences: preferences.clone(), now: at(seconds), rules: rules() }
}

#[test]
fn who_wants_no_quiet_hours_is_told_what_waits_for_their_end() {
    let proposal = far(1, 40);
    let awake = Preferences { quiet: Some(QuietHours::NEVER), ..Preferences::default() };
    let set = DeliveryEvent::PreferencesSet(Arc::new(awake.clone()));
    given::<Delivery>([held(&proposal, 19 * HOUR, HoldReason::Quiet)])
        .when(prefer(&awake, 12 * HOUR))
        .then([set.clone(), released(&proposal, 12 * HOUR)]);
    given::<Delivery>([set.clone()])
        .when(propose(&proposal, 12 * HOUR))
        .then([released(&proposal, 12 * HOUR)]);
    given::<Delivery>([set]).when(prefer(&awake, 13 * HOUR)).then_nothing();
}

#[test]
fn a_class_that_the_person_does_not_want_is_not_told_and_an_urgent_one_is() {
    let choice = crate::model::ChannelChoice {
        channel: airside_api::notifications::v1::Channel::Session,
        consents: false,
        least: crate::model::Priority::P4,
    };
    let set = Preferences { channels: vec![choice], ..Preferences::default() };
    let set = DeliveryEvent::PreferencesSet(Arc::new(set));
    let [minor, urgent] = [gate(1, "A1", ""), gate(2, "B7", "A1")];
    given::<Delivery>([set.clone()])
        .when(propose(&minor, 0))
        .then([suppressed(&minor, SuppressReason::Unwanted)]);
    given::<Delivery>([set]).when(propose(&urgent, 0)).then([released(&urgent, 0)]);
}

#[test]
fn a_cancelled_flight_ends_what_waits_of_it() {
    let [first, delay] =
        [(1, "09:00"), (2, "09:20")].map(|(n, time)| notice(n, Kind::FlightDelayed, FLIGHT, time));
    let cancelled = notice(3, Kind::FlightCancelled, FLIGHT, "");
    given::<Delivery>([released(&first, 0), held(&delay, 30, HoldReason::Merging)])
        .when(propose(&cancelled, 10))
        .then([merged(2, 3), released(&cancelled, 10)]);
}

#[test]
fn no_more_wait_than_may_and_the_least_urgent_goes() {
    let waiting = |n: u64| notice(n, Kind::BagLoaded, &format!("04790010{n:02}"), "");
    let history: Vec<_> = std::iter::once(released(&gate(99, "A1", ""), 0))
        .chain((1..=MAX_HELD as u64).map(|n| held(&waiting(n), 300, HoldReason::Capped)))
        .collect();
    let next = waiting(90);
    given::<Delivery>(history)
        .when(propose(&next, 10))
        .then([held(&next, 300, HoldReason::Capped), suppressed(&waiting(1), SuppressReason::Crowded)]);
}

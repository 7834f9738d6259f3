//! When the flight plan expects traffic.

use airside_kernel::{EventParts, testing};
use airside_runtime::stored::timestamp_message;

use super::*;
use crate::sources::silence::Traffic;

fn at(hour: i64) -> Timestamp {
    Timestamp::from_second(1_795_132_800 + hour * 3_600).unwrap()
}

fn tell(plan: &mut Plan, flight: &str, at: Timestamp, kind: &str, payload: &[u8]) {
    let us = at.as_microsecond();
    let parts = EventParts { occurred_us: us, recorded_us: us, ..testing::first_parts() };
    let event =
        testing::recorded(parts, &format!("flight-{flight}"), &format!("flights.{kind}"), &[], payload);
    plan.apply(&event).unwrap();
}

fn schedule(plan: &mut Plan, flight: &str, origin: &str, destination: &str, departure: Timestamp) {
    let leg = flights::FlightLeg {
        origin: origin.into(),
        destination: destination.into(),
        scheduled_departure: Some(timestamp_message(departure)),
        scheduled_arrival: None,
    };
    let scheduled = flights::FlightScheduled { legs: vec![leg], ..Default::default() };
    tell(plan, flight, at(0), "FlightScheduled", &scheduled.encode_to_vec());
}

fn here() -> Traffic {
    Traffic { airport: Some("SZX".parse().unwrap()), ..Traffic::default() }
}

#[test]
fn without_a_plan_traffic_is_expected_always_and_so_after_a_plan_has_ended() {
    let mut plan = Plan::default();
    assert_eq!(plan.expected(at(0), &here()), Expected::Always);
    schedule(&mut plan, "ZH9101-20261120", "SZX", "PEK", at(10));
    assert_eq!(plan.expected(at(20), &here()), Expected::No);
    assert_eq!(plan.expected(at(60), &here()), Expected::Always, "nobody has told a flight for days");
}

#[test]
fn traffic_is_expected_before_a_flight_leaves_and_after_one_landed() {
    let mut plan = Plan::default();
    schedule(&mut plan, "ZH9101-20261120", "SZX", "PEK", at(10));
    schedule(&mut plan, "ZH9102-20261120", "PEK", "SZX", at(12));
    for (hour, expected) in
        [(5, Expected::No), (6, Expected::Since(at(6))), (10, Expected::Since(at(6))), (11, Expected::No)]
    {
        assert_eq!(plan.expected(at(hour), &here()), expected, "{hour}");
    }
    tell(&mut plan, "ZH9102-20261120", at(15), "FlightLanded", &[]);
    assert_eq!(plan.expected(at(15), &here()), Expected::Since(at(15)));
    assert_eq!(plan.expected(at(17), &here()), Expected::No);
}

#[test]
fn flights_of_other_airports_are_no_plan_for_this_one_unless_none_is_named() {
    let mut plan = Plan::default();
    schedule(&mut plan, "CA1501-20261120", "PEK", "SHA", at(10));
    assert_eq!(plan.expected(at(8), &here()), Expected::Always);
    assert_eq!(plan.expected(at(8), &Traffic::default()), Expected::Since(at(6)));
    assert_eq!(plan.expected(at(3), &Traffic::default()), Expected::No);
}

#[test]
fn a_delay_a_departure_and_a_cancellation_move_what_is_expected() {
    let mut plan = Plan::default();
    schedule(&mut plan, "ZH9101-20261120", "SZX", "PEK", at(10));
    let delayed =
        flights::FlightDelayed { estimated_departure: Some(timestamp_message(at(14))), ..Default::default() };
    tell(&mut plan, "ZH9101-20261120", at(9), "FlightDelayed", &delayed.encode_to_vec());
    assert_eq!(plan.expected(at(13), &here()), Expected::Since(at(6)));
    tell(&mut plan, "ZH9101-20261120", at(12), "FlightDeparted", &[]);
    assert_eq!(plan.expected(at(13), &here()), Expected::No);
    schedule(&mut plan, "ZH9103-20261120", "SZX", "PEK", at(14));
    assert_eq!(plan.expected(at(13), &here()), Expected::Since(at(6)), "spans that touch are one");
    tell(&mut plan, "ZH9103-20261120", at(13), "FlightCancelled", &[]);
    assert_eq!(plan.expected(at(13), &here()), Expected::No);
}

#[test]
fn the_plan_is_bounded_and_forgets_what_is_past() {
    let mut plan = Plan::default();
    for day in 0..10 {
        schedule(&mut plan, &format!("ZH{day}-20261120"), "SZX", "PEK", at(day * 24));
    }
    tell(&mut plan, "ZH99-20261120", at(8 * 24), "FlightLanded", &[]);
    let left: Vec<_> = plan.flights.keys().map(String::as_str).collect();
    assert_eq!(left, ["ZH6-20261120", "ZH7-20261120", "ZH8-20261120", "ZH9-20261120", "ZH99-20261120"]);
}

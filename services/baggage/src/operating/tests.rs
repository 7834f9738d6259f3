//! Which flight is meant: by codeshares, by days, by stations.

use airside_api::flights::v1::{FlightLeg, FlightScheduled};
use airside_kernel::testing::{self, first_parts};
use airside_runtime::stored::timestamp_message;

use super::*;

/// Origin, destination, departure.
type Legs<'a> = &'a [(&'a str, &'a str, &'a str)];

fn operating(schedules: &[(&str, Legs<'_>, &[&str])]) -> Operating {
    let mut operating = Operating::default();
    for (flight, legs, codeshares) in schedules {
        schedule(&mut operating, flight, legs, codeshares, "2026-11-20T00:00:00Z");
    }
    operating
}

fn schedule(operating: &mut Operating, flight: &str, legs: Legs<'_>, codeshares: &[&str], recorded_at: &str) {
    let leg = |(origin, destination, leaves): &(&str, &str, &str)| FlightLeg {
        origin: (*origin).to_owned(),
        destination: (*destination).to_owned(),
        scheduled_departure: Some(timestamp_message(leaves.parse().unwrap())),
        scheduled_arrival: None,
    };
    let scheduled = FlightScheduled {
        origin: None,
        legs: legs.iter().map(leg).collect(),
        codeshares: codeshares.iter().map(|name| (*name).to_owned()).collect(),
    };
    let recorded_us = recorded_at.parse::<Timestamp>().unwrap().as_microsecond();
    let parts = airside_kernel::EventParts { recorded_us, ..first_parts() };
    let (stream, kind) = (format!("flight-{flight}"), "flights.FlightScheduled");
    operating.fold(&testing::recorded(parts, &stream, kind, &[], &scheduled.encode_to_vec())).unwrap();
}

#[track_caller]
fn check(operating: &Operating, named: &str, role: LegRole, station: &str, flight: &str) {
    let meant = operating.flight(named.parse().unwrap(), role, station.parse().unwrap());
    assert_eq!(meant.to_string(), flight, "{named} as {role:?} at {station}");
}

const MORNING: &str = "2026-11-20T01:00:00Z";

#[test]
fn a_codeshare_is_the_flight_that_operates_it() {
    let known = operating(&[("ZH9101-20261120", &[("SZX", "PEK", MORNING)], &["CA3101", "HO5101"])]);
    check(&known, "CA3101-20261120", LegRole::Outbound, "SZX", "ZH9101-20261120");
    check(&known, "HO5101-20261120", LegRole::Inbound, "PEK", "ZH9101-20261120");
    check(&known, "CA3101-20261120", LegRole::Onward, "HGH", "ZH9101-20261120");
    check(&known, "ZH9101-20261120", LegRole::Outbound, "SZX", "ZH9101-20261120");
}

#[test]
fn what_the_schedule_does_not_know_is_taken_as_it_came() {
    let known = operating(&[("ZH9101-20261120", &[("SZX", "PEK", MORNING)], &["CA3101"])]);
    check(&known, "CA3101-20261121", LegRole::Outbound, "SZX", "CA3101-20261121");
    check(&known, "MU5101-20261120", LegRole::Outbound, "SZX", "MU5101-20261120");
}

#[test]
fn a_name_that_two_flights_have_is_told_apart_by_the_station_or_left() {
    let known = operating(&[
        ("ZH9101-20261120", &[("SZX", "PEK", MORNING)], &["CA3101"]),
        ("ZH9102-20261120", &[("PEK", "HRB", MORNING)], &["CA3101"]),
    ]);
    check(&known, "CA3101-20261120", LegRole::Outbound, "SZX", "ZH9101-20261120");
    check(&known, "CA3101-20261120", LegRole::Outbound, "PEK", "ZH9102-20261120");
    check(&known, "CA3101-20261120", LegRole::Inbound, "PEK", "ZH9101-20261120");
    check(&known, "CA3101-20261120", LegRole::Onward, "SZX", "CA3101-20261120");
}

#[test]
fn the_second_leg_of_a_flight_has_the_day_of_its_station_and_the_id_of_its_origin() {
    // Leaves Chongqing at 00:30 local of the next day.
    let legs = &[("SZX", "CKG", "2026-11-20T13:00:00Z"), ("CKG", "URC", "2026-11-20T16:30:00Z")] as Legs<'_>;
    let next = &[("SZX", "CKG", "2026-11-21T13:00:00Z"), ("CKG", "URC", "2026-11-21T16:30:00Z")] as &[_];
    let known = operating(&[("ZH9405-20261120", legs, &[]), ("ZH9405-20261121", next, &[])]);
    check(&known, "ZH9405-20261121", LegRole::Outbound, "CKG", "ZH9405-20261120");
    check(&known, "ZH9405-20261121", LegRole::Outbound, "SZX", "ZH9405-20261121");
    check(&known, "ZH9405-20261121", LegRole::Inbound, "URC", "ZH9405-20261120");
    check(&known, "ZH9405-20261121", LegRole::Onward, "HGH", "ZH9405-20261121");
}

#[test]
fn a_new_schedule_takes_the_place_of_the_old_one() {
    let mut known = operating(&[("ZH9101-20261120", &[("SZX", "PEK", MORNING)], &["CA3101"])]);
    schedule(&mut known, "ZH9101-20261120", &[("SZX", "PEK", MORNING)], &["HO5101"], MORNING);
    check(&known, "CA3101-20261120", LegRole::Outbound, "SZX", "CA3101-20261120");
    check(&known, "HO5101-20261120", LegRole::Outbound, "SZX", "ZH9101-20261120");
}

#[test]
fn flights_of_past_days_are_forgotten() {
    let mut known = operating(&[("ZH9101-20261120", &[("SZX", "PEK", MORNING)], &["CA3101"])]);
    schedule(&mut known, "ZH9101-20261206", &[("SZX", "PEK", MORNING)], &["CA3101"], "2026-12-06T00:00:00Z");
    check(&known, "CA3101-20261120", LegRole::Outbound, "SZX", "ZH9101-20261206");
    assert_eq!((known.known, known.names.len()), (1, 1));
}

#[test]
fn a_schedule_with_nonsense_names_no_flight() {
    let known = operating(&[("ZH9101-20261120", &[("S1X", "PEK", MORNING)], &["?", "CA3101"])]);
    check(&known, "CA3101-20261120", LegRole::Outbound, "SZX", "CA3101-20261120");
    assert_eq!(known, Operating::default());
}

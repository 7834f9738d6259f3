//! What flights say of gates and belts, and the number that leads there.

use airside_kernel::testing::{first_parts, recorded};

use super::*;

const NOON: &str = "2026-11-20T12:00:00Z";

fn tell(boards: &mut Boards, stream: &str, event_type: &str, payload: &impl Message) {
    let payload = payload.encode_to_vec();
    boards.apply(&recorded(first_parts(), stream, event_type, &[], &payload)).unwrap();
}

fn schedule(boards: &mut Boards, stream: &str, at: &str, codeshares: &[&str]) {
    let departure: Timestamp = at.parse().unwrap();
    let leg = flights::FlightLeg {
        scheduled_departure: Some(stored::timestamp_message(departure)),
        ..Default::default()
    };
    let codeshares = codeshares.iter().map(ToString::to_string).collect();
    let told = flights::FlightScheduled { origin: None, legs: vec![leg], codeshares };
    tell(boards, stream, "flights.FlightScheduled", &told);
}

fn assign(boards: &mut Boards, stream: &str, gate: &str) {
    let told = flights::GateAssigned { gate: gate.into(), ..Default::default() };
    tell(boards, stream, "flights.GateAssigned", &told);
}

fn gate(boards: &Boards, number: &str) -> Option<String> {
    boards.of(number, NOON.parse().unwrap()).map(|signs| signs.gate.clone())
}

#[test]
fn a_number_is_read_as_people_write_it() {
    let cases = [
        ("cz 3101", Some("CZ3101")),
        ("CZ0310", Some("CZ310")),
        ("3U8633a", Some("3U8633A")),
        ("CSN3101", Some("CSN3101")),
        ("coffee", None),
        ("12", None),
        ("登机口", None),
        ("", None),
    ];
    for (text, read) in cases {
        assert_eq!(designator(text).as_deref(), read, "{text}");
    }
}

#[test]
fn a_number_with_its_day_leads_to_the_flight_of_that_day() {
    let mut boards = Boards::default();
    for (day, sign) in [("20261120", "A3"), ("20261121", "B2")] {
        let stream = format!("flight-CZ3101-{day}");
        schedule(&mut boards, &stream, NOON, &["MU4101"]);
        assign(&mut boards, &stream, sign);
        for number in ["CZ3101", "cz 3101", "MU4101"] {
            assert_eq!(gate(&boards, &format!("{number}-{day}")).as_deref(), Some(sign), "{number}");
        }
    }
    assert_eq!(gate(&boards, "CZ3101-20261122"), None);
    assert_eq!(gate(&boards, "CZ3101-1"), None);
}

#[test]
fn a_flight_leads_to_its_newest_gate_by_every_number_it_is_sold_under() {
    let mut boards = Boards::default();
    schedule(&mut boards, "flight-CZ3101-20261120", NOON, &["MU4101"]);
    assign(&mut boards, "flight-CZ3101-20261120", "A3");
    assign(&mut boards, "flight-CZ3101-20261120", "B2");
    assert_eq!(gate(&boards, "CZ3101").as_deref(), Some("B2"));
    assert_eq!(gate(&boards, "mu 4101").as_deref(), Some("B2"));
    assert_eq!(gate(&boards, "CZ310"), None, "a longer number is another flight");
}

#[test]
fn of_a_number_that_flies_every_day_the_flight_nearest_to_now_counts() {
    let mut boards = Boards::default();
    for (stream, at, sign) in [
        ("flight-CZ3101-20261119", "2026-11-19T12:00:00Z", "A1"),
        ("flight-CZ3101-20261120", "2026-11-20T13:00:00Z", "A2"),
        ("flight-CZ3101-20261121", "2026-11-21T12:00:00Z", "A3"),
    ] {
        schedule(&mut boards, stream, at, &[]);
        assign(&mut boards, stream, sign);
    }
    assert_eq!(gate(&boards, "CZ3101").as_deref(), Some("A2"));
}

#[test]
fn a_snapshot_gives_the_same_answers() {
    let mut boards = Boards::default();
    schedule(&mut boards, "flight-CZ3101-20261120", NOON, &["MU4101"]);
    assign(&mut boards, "flight-CZ3101-20261120", "A3");
    let mut again = Boards::default();
    again.restore(boards.image());
    assert_eq!(gate(&again, "MU4101").as_deref(), Some("A3"));
}

#[test]
fn a_flight_is_forgotten_two_days_after_its_own() {
    let mut boards = Boards::default();
    schedule(&mut boards, "flight-CZ3101-20261120", NOON, &["MU4101"]);
    assign(&mut boards, "flight-CZ3101-20261120", "A3");
    let day = |at: &str| at.parse::<Timestamp>().unwrap().as_second().div_euclid(DAY_S);
    boards.forget(day("2026-11-22T23:00:00Z"));
    assert_eq!(gate(&boards, "MU4101").as_deref(), Some("A3"));
    boards.forget(day("2026-11-23T00:00:00Z"));
    assert_eq!((gate(&boards, "CZ3101"), gate(&boards, "MU4101")), (None, None));
}

#[test]
fn a_gate_leads_to_the_next_flight_that_still_leaves_from_it() {
    let mut boards = Boards::default();
    for (stream, at, sign) in [
        ("flight-CZ1-20261120", "2026-11-20T11:59:00Z", "A1"),
        ("flight-CZ2-20261120", "2026-11-20T12:30:00Z", "A1"),
        ("flight-CZ3-20261120", "2026-11-20T13:00:00Z", "A1"),
        ("flight-CZ4-20261120", "2026-11-20T12:10:00Z", "A2"),
    ] {
        schedule(&mut boards, stream, at, &[]);
        assign(&mut boards, stream, sign);
    }
    let next =
        |boards: &Boards| boards.next_from(&["a1"], NOON.parse().unwrap()).map(|(name, _)| name.to_owned());
    assert_eq!(next(&boards).as_deref(), Some("CZ2"), "CZ1 was to leave before");
    tell(&mut boards, "flight-CZ2-20261120", "flights.FlightCancelled", &flights::FlightCancelled::default());
    assert_eq!(next(&boards).as_deref(), Some("CZ3"));
    schedule(&mut boards, "flight-CZ2-20261120", "2026-11-20T12:40:00Z", &[]);
    assert_eq!(next(&boards).as_deref(), Some("CZ2"), "a new schedule revives a flight");
    tell(&mut boards, "flight-CZ2-20261120", "flights.FlightDeparted", &flights::FlightDeparted::default());
    assert_eq!(next(&boards).as_deref(), Some("CZ3"));
}

#[test]
fn how_far_a_flight_has_come_and_what_its_time_is_known_from_is_kept() {
    let mut boards = Boards::default();
    let stream = "flight-CZ3101-20261120";
    let stage = |boards: &Boards| {
        let signs = boards.of("CZ3101", NOON.parse().unwrap()).unwrap();
        (signs.stage, signs.is_estimated, signs.departs().map(|at| at.to_string()))
    };
    schedule(&mut boards, stream, NOON, &[]);
    assert_eq!(stage(&boards), (Stage::Waiting, false, Some(NOON.to_owned())));
    let later: Timestamp = "2026-11-20T13:00:00Z".parse().unwrap();
    let delayed = flights::FlightDelayed {
        estimated_departure: Some(stored::timestamp_message(later)),
        ..Default::default()
    };
    tell(&mut boards, stream, "flights.FlightDelayed", &delayed);
    tell(&mut boards, stream, "flights.BoardingStarted", &flights::BoardingStarted::default());
    assert_eq!(stage(&boards), (Stage::Boarding, true, Some(later.to_string())));
    tell(&mut boards, stream, "flights.FinalCallMade", &flights::FinalCallMade::default());
    let mut again = Boards::default();
    again.restore(boards.image());
    assert_eq!(stage(&again), (Stage::FinalCall, true, Some(later.to_string())));
}

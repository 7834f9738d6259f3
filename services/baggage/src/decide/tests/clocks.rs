//! Case 62 of the reference: wrong clocks, nights that are longer, and days that are not where they seem.

use airside_api::baggage::v1::BagException;

use super::*;

const FLIGHT: &str = "ZH9101-20261120";
const HOUR_MS: i64 = 60 * 60 * 1_000;

/// The same, seen and received at an instant.
fn then(at: &str, observe: Observe) -> Observe {
    let at = at.parse().unwrap();
    let observation = Observation { observed_at: at, received_at: Some(at), ..observe.observation };
    Observe { observation, ..observe }
}

/// The same, by a clock that is ahead by some minutes, of which so much is known.
fn ahead(minutes: i64, known_ms: i64, observe: Observe) -> Observe {
    let observed_at = observe.observation.observed_at + minutes.minutes();
    let observation = Observation { observed_at, clock_ahead_ms: known_ms, ..observe.observation };
    Observe { observation, ..observe }
}

fn at_station(station: &str, observe: Observe) -> Observe {
    let observation = Observation { station: station.parse().unwrap(), ..observe.observation };
    Observe { observation, ..observe }
}

/// Checks that a plate has one journey, with its observations in this order, and returns it.
fn only(observations: impl IntoIterator<Item = Observe>, order: &[&str]) -> Journey {
    let plate = state(observations);
    assert_eq!(plate.journeys.len(), 1);
    let journey = plate.journeys[0].clone();
    assert_eq!(journey.observations().map(|(one, _)| one.id.as_str()).collect::<Vec<_>>(), order);
    journey
}

#[test]
fn what_seems_to_happen_after_its_receipt_happened_at_its_receipt() {
    let recorded = |minutes, clock_ahead_ms| {
        let mut command = observe("a", 0, seen(CheckIn));
        (command.observation.observed_at, command.observation.clock_ahead_ms) = (at(minutes), clock_ahead_ms);
        let facts = history([command]);
        let BagEvent::Observed { observation, .. } = facts[0].clone() else { unreachable!() };
        assert_eq!(observation.observed_at, at(minutes), "what the reader said is kept");
        observation.happened_at()
    };
    let hour = 60 * 60 * 1_000;
    for (minutes, clock_ahead_ms, happened_at) in [
        (2, 0, at(2)),
        (3, 0, at(0)),
        (125, 0, at(0)),
        (115, 2 * hour, at(-5)),
        (125, 2 * hour, at(0)),
        (-90, -2 * hour, at(0)),
        (-90, -hour, at(-30)),
        (60 * 24 * 366, 0, at(0)),
    ] {
        assert_eq!(recorded(minutes, clock_ahead_ms), happened_at, "{minutes} {clock_ahead_ms}");
    }
}

#[test]
fn a_reader_two_hours_ahead_is_put_in_its_place_whether_that_is_known_or_not() {
    for known_ms in [0, 2 * HOUR_MS] {
        let sorted = ahead(120, known_ms, observe("sorted", 5, seen(Sortation)));
        let way = [observe("said", 0, said(New, FLIGHT)), observe("loaded", 9, seen(AircraftLoad)), sorted];
        let journey = only(way, &["said", "sorted", "loaded"]);
        assert_eq!(journey.status().stage, Stage::OnAircraft);
    }
}

#[test]
fn a_clock_a_little_ahead_puts_nothing_behind_what_was_received_after_it() {
    // The load is put at its receipt, for its clock is three minutes ahead; the reader at the hold is ahead by less.
    let at_hold = ahead(2, 0, observe("hold", 5, seen(AircraftSide)));
    let loaded = ahead(3, 0, observe("loaded", 6, seen(AircraftLoad)));
    let journey = only([observe("said", 0, said(New, FLIGHT)), at_hold, loaded], &["said", "hold", "loaded"]);
    assert_eq!(journey.status().stage, Stage::OnAircraft);
}

#[test]
fn what_is_received_together_keeps_its_order_by_the_clock_of_its_source() {
    let together = |id, seconds_ahead: i64, point| {
        let observe = observe(id, 5, seen(point));
        let observed_at = observe.observation.observed_at + seconds_ahead.seconds();
        Observe { observation: Observation { observed_at, ..observe.observation }, ..observe }
    };
    let way = [together("a", 60, AircraftLoad), together("b", 30, Sortation)];
    only(way, &["b", "a"]);
}

#[test]
fn a_reader_a_day_behind_is_put_in_its_place_once_that_is_known() {
    let way = |known_ms| {
        let sorted = ahead(-24 * 60, known_ms, observe("sorted", 5, seen(Sortation)));
        [observe("said", 0, said(New, FLIGHT)), sorted, observe("loaded", 9, seen(AircraftLoad))]
    };
    only(way(-24 * HOUR_MS), &["said", "sorted", "loaded"]);
    only(way(0), &["sorted", "said", "loaded"]);
}

#[test]
fn a_reader_that_missed_the_end_of_summer_time_is_an_hour_ahead_and_in_order() {
    let way = [
        then("2026-10-25T00:50:00Z", observe("induced", 0, seen(BhsInduction))),
        ahead(60, 0, then("2026-10-25T01:10:00Z", observe("sorted", 0, seen(Sortation)))),
        then("2026-10-25T01:20:00Z", observe("loaded", 0, seen(AircraftLoad))),
    ];
    only(way, &["induced", "sorted", "loaded"]);
}

#[test]
fn a_new_year_that_comes_early_to_a_reader_changes_neither_order_nor_journey() {
    let flight = "ZH9101-20261231";
    let way = [
        then("2026-12-31T21:00:00Z", observe("said", 0, said(New, flight))),
        ahead(120, 0, then("2026-12-31T22:30:00Z", observe("sorted", 0, seen(Sortation)))),
        then("2026-12-31T23:58:00Z", observe("contained", 0, seen(ContainerLoad))),
        then("2027-01-01T00:03:00Z", observe("loaded", 0, seen_for(AircraftLoad, flight))),
    ];
    only(way, &["said", "sorted", "contained", "loaded"]);
}

#[test]
fn a_flight_of_2359_that_leaves_after_midnight_keeps_its_day_and_its_bags() {
    let way = [
        then("2026-11-20T13:00:00Z", observe("said", 0, said(New, FLIGHT))),
        then("2026-11-20T15:40:00Z", observe("sorted", 0, seen(Sortation))),
        // A quarter past midnight in Shenzhen, by a reader that is half an hour ahead.
        ahead(30, 0, then("2026-11-20T16:15:00Z", observe("loaded", 0, seen_for(AircraftLoad, FLIGHT)))),
        then("2026-11-20T16:40:00Z", observe("gone", 0, turned(FlightTurn::Departed, FLIGHT))),
        at_station("PEK", then("2026-11-20T19:50:00Z", observe("belt", 0, seen(ReclaimBelt)))),
    ];
    let journey = only(way.clone(), &["said", "sorted", "loaded", "gone", "belt"]);
    assert_eq!(journey.status().stage, Stage::OnBelt);
    let status = state(way.into_iter().take(4)).journeys[0].status();
    assert_eq!((status.stage, status.exception), (Stage::Departed, BagException::Unspecified));
    assert_eq!(status.flight, FLIGHT.parse().ok());
}

#[test]
fn a_route_over_the_date_line_is_one_journey_whichever_day_it_arrives() {
    // Left on the 20th and there on the 22nd; left on the 22nd and there on the 21st.
    for (flight, to, [said_at, loaded_at, there_at, belt_at]) in [
        ("NZ5-20261120", "AKL", ["21T04:00", "21T06:00", "21T19:45", "21T20:01"]),
        ("NZ10-20261122", "HNL", ["21T09:00", "21T11:00", "21T20:20", "21T20:40"]),
    ] {
        let then = |at: &str, observe| then(&format!("2026-11-{at}:00Z"), observe);
        let Content::Announced(mut announcement) = said(New, flight) else { unreachable!() };
        announcement.legs[0].airport = to.parse().ok();
        let way = [
            then(said_at, observe("said", 0, Content::Announced(announcement))),
            then(loaded_at, observe("loaded", 0, seen(AircraftLoad))),
            at_station(to, then(there_at, observe("there", 0, seen(AircraftUnload)))),
            at_station(to, ahead(120, 0, then(belt_at, observe("belt", 0, seen(ReclaimBelt))))),
        ];
        let journey = only(way, &["said", "loaded", "there", "belt"]);
        assert_eq!(journey.status().stage, Stage::OnBelt);
    }
}

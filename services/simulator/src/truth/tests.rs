//! What a grown airport holds to.

use std::collections::HashSet;

use super::*;

fn plan(seed: u64, wave: u32) -> Plan {
    let anchor = "2026-11-20T15:58:30Z".parse().unwrap();
    Plan { wave, ..Plan::new(seed, anchor) }
}

#[test]
fn the_same_plan_grows_the_same_airport() {
    assert_eq!(Airport::grow(&plan(7, 2)), Airport::grow(&plan(7, 2)));
    assert_ne!(Airport::grow(&plan(7, 2)), Airport::grow(&plan(8, 2)));
}

#[test]
fn no_two_waves_share_a_flight_a_plate_or_a_person() {
    let (mut flights, mut plates, mut people) = (HashSet::new(), HashSet::new(), HashSet::new());
    for wave in 0..20 {
        let airport = Airport::grow(&plan(3, wave));
        for flight in airport.flights {
            assert!(flights.insert(flight.id));
        }
        for bag in airport.bags {
            assert!(plates.insert(bag.plate));
        }
        for passenger in airport.passengers {
            assert!(people.insert(passenger.person));
        }
    }
}

#[test]
fn flight_ids_carry_the_local_day_of_departure() {
    // 15:58 UTC is 23:58 in Shenzhen, so the bank of departures lies on the next day.
    for flight in Airport::grow(&plan(1, 0)).flights {
        let day = if flight.departs { "-20261121" } else { "-20261120" };
        assert!(flight.id.ends_with(day), "{}", flight.id);
    }
}

#[test]
fn plates_are_valid_and_bags_of_a_passenger_are_consecutive() {
    let airport = Airport::grow(&plan(5, 1));
    for bag in &airport.bags {
        assert_eq!(bag.plate.len(), 10);
        assert!(bag.plate.bytes().all(|digit| digit.is_ascii_digit()));
        assert_ne!(&bag.plate[4..], "000000");
        assert!(!bag.plate.starts_with(['1', '2']));
    }
    for passenger in airport.passengers.iter().filter(|passenger| passenger.bags.len() == 2) {
        let plate = |at: usize| airport.bags[passenger.bags[at]].plate.parse::<u64>().unwrap();
        assert_eq!(plate(1), plate(0) + 1);
    }
}

#[test]
fn ways_run_forward_in_time_and_end_at_their_outcome() {
    for wave in 0..5 {
        let airport = Airport::grow(&plan(11, wave));
        for bag in &airport.bags {
            assert!(bag.way.windows(2).all(|pair| pair[0].at < pair[1].at), "{bag:?}");
            let forward = bag.way.iter().filter(|step| step.point != TrackingPoint::Offload);
            let ranks: Vec<i32> = forward.map(|step| step.point as i32).collect();
            assert!(ranks.is_sorted(), "{ranks:?}");
            let last = bag.way.last().map_or(Stage::Expected, |step| ways::stage_of(step.point));
            assert_eq!(bag.outcome.stage, last);
        }
    }
}

#[test]
fn an_airport_has_something_of_everything() {
    let airports: Vec<Airport> = (0..4).map(|wave| Airport::grow(&plan(2, wave))).collect();
    let flights = || airports.iter().flat_map(|airport| &airport.flights);
    assert!(flights().any(|flight| flight.new_gate.is_some()));
    assert!(flights().any(|flight| flight.new_belt.is_some()));
    assert!(flights().any(|flight| flight.departure() > flight.scheduled_departure));
    let passengers = || airports.iter().flat_map(|airport| &airport.passengers);
    for wanted in [Announcement::Missing, Announcement::Withdrawn, Announcement::NoShow] {
        assert!(passengers().any(|passenger| passenger.announcement == wanted), "{wanted:?}");
    }
    for airport in &airports {
        assert_eq!(airport.watchers().count(), airport.plan.sessions);
        assert!(airport.watchers().any(|(_, watcher)| watcher.tunnel));
        let unseen_but_known =
            airport.watchers().all(|(_, watcher)| watcher.announcement != Announcement::Missing);
        assert!(unseen_but_known);
    }
}

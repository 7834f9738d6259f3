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

fn day(seed: u64) -> Airport {
    let anchor = "2026-11-20T14:00:00Z".parse().unwrap();
    Airport::grow(&Plan {
        departures: 60,
        arrivals: 40,
        connecting: 0.3,
        layout: Layout::Day(SignedDuration::from_hours(16)),
        noise: Noise { left_behind: 0.05, ..Noise::default() },
        ..Plan::new(seed, anchor)
    })
}

#[test]
fn nothing_happens_after_the_end_of_a_day_nor_before_its_begin() {
    let airport = day(3);
    let (from, until) = (airport.opens_at(), airport.plan.anchor);
    assert_eq!(until.duration_since(from), SignedDuration::from_hours(16));
    for bag in &airport.bags {
        assert!(bag.way.windows(2).all(|pair| pair[0].at < pair[1].at), "{bag:?}");
        assert!(bag.way.iter().all(|step| step.at > from && step.at <= until), "{bag:?}");
    }
    let on_their_way = airport.bags.iter().filter(|bag| bag.outcome.stage == Stage::Sorted).count();
    assert!(on_their_way > 0, "the day ends with bags on their way");
}

#[test]
fn a_transfer_bag_changes_flights_or_stays_behind() {
    let airport = day(3);
    let transfers = || airport.bags.iter().filter(|bag| airport.passengers[bag.passenger].inbound.is_some());
    let made_it = |bag: &Bag| bag.way.iter().any(|step| step.point == TrackingPoint::AircraftLoad);
    assert!(transfers().filter(|bag| made_it(bag)).count() > 50);
    for bag in transfers() {
        let injected = bag.way.iter().any(|step| step.point == TrackingPoint::TransferInjection);
        assert!(injected || bag.way.len() < 2, "{bag:?}");
    }
    let missed = airport.passengers.iter().filter(|passenger| !passenger.connects).count();
    assert!(missed > 0, "some come too late");
}

#[test]
fn a_bag_that_is_left_behind_is_not_on_board_when_its_flight_leaves() {
    let airport = day(3);
    let left = || airport.bags.iter().filter(|bag| !bag.left_by.is_empty());
    assert!(left().count() > 20);
    assert!(left().any(|bag| bag.outcome.left_behind) && left().any(|bag| !bag.outcome.left_behind));
    for bag in left() {
        let (flight, at) = bag.left_by[0];
        assert_eq!(at, airport.flights[flight].departure());
        assert!(
            !bag.way.iter().any(|step| step.point == TrackingPoint::AircraftLoad && step.flight == flight)
        );
        if let Some((next, told_at)) = bag.reflight {
            assert!(told_at > at && next != flight);
            assert_eq!(airport.flights[next].destination, airport.flights[flight].destination);
        }
    }
}

#[test]
fn a_perfect_airport_leaves_no_bag_behind_and_reads_every_tag() {
    let plan = day(3).plan;
    let airport = Airport::grow(&Plan { noise: Noise::default().times(0.0), ..plan });
    assert!(airport.bags.iter().all(|bag| bag.is_knowable() && bag.left_by.is_empty()));
    assert!(airport.flights.iter().all(|flight| flight.delay.is_zero() && !flight.cancelled));
}

#[test]
fn a_bag_that_no_reader_saw_last_cannot_be_known() {
    let airport = day(3);
    let unknowable: Vec<&Bag> = airport.bags.iter().filter(|bag| !bag.is_knowable()).collect();
    assert!(!unknowable.is_empty());
    let readers = [TrackingPoint::CheckIn, TrackingPoint::AircraftLoad, TrackingPoint::Offload];
    for bag in unknowable {
        assert!(!readers.contains(&bag.way.last().unwrap().point), "people read until they can: {bag:?}");
    }
}

fn tagged(seed: u64) -> Airport {
    let noise = Noise { left_behind: 0.05, retagged: 0.05, twins: 0.03, ..Noise::default() };
    Airport::grow(&Plan { noise, ..day(seed).plan })
}

#[test]
fn a_bag_that_gets_another_tag_wears_it_from_then_on() {
    let airport = tagged(3);
    let mut plates: HashSet<&str> = airport.bags.iter().map(|bag| bag.plate.as_str()).collect();
    for kind in [LinkKind::Rush, LinkKind::Retag] {
        let of_kind = |bag: &&Bag| bag.new_tag.as_ref().is_some_and(|tag| tag.kind == kind);
        assert!(airport.bags.iter().filter(of_kind).count() > 3, "{kind:?}");
    }
    for bag in &airport.bags {
        let Some(tag) = &bag.new_tag else { continue };
        assert!(plates.insert(&tag.plate), "{tag:?} is worn by another bag");
        assert_eq!(tag.plate.starts_with('2'), tag.kind == LinkKind::Rush);
        assert_eq!(bag.plate_at(later(tag.at, -1)), bag.plate);
        assert_eq!((bag.plate_at(tag.at), tag.plate.len()), (tag.plate.as_str(), 10));
        let is_later = |step: &&Step| step.at >= tag.at;
        assert!(bag.way.iter().filter(is_later).all(|step| step.flight == tag.flight), "{bag:?}");
    }
}

#[test]
fn two_bags_of_one_plate_are_of_two_passengers_and_two_flights() {
    let airport = tagged(3);
    let mut seen: Vec<&Bag> = Vec::new();
    for bag in airport.bags.iter().filter(|bag| bag.has_twin) {
        if let Some(twin) = seen.iter().find(|seen| seen.plate == bag.plate) {
            let [one, other] = [twin.passenger, bag.passenger].map(|it| &airport.passengers[it]);
            assert_ne!((&one.surname, one.flight), (&other.surname, other.flight));
            assert!(one.surname != other.surname && one.flight != other.flight);
        }
        seen.push(bag);
    }
    let plates: HashSet<&str> = seen.iter().map(|bag| bag.plate.as_str()).collect();
    assert!(plates.len() > 5 && seen.len() == 2 * plates.len(), "{}", plates.len());
}

//! What holds for any observations in any order.

use airside_api::baggage::v1::BagException;
use proptest::prelude::*;

use super::*;

fn contents() -> impl Strategy<Value = Content> {
    let points = [
        CheckIn,
        BhsInduction,
        Screening,
        StoreIn,
        StoreOut,
        Sortation,
        ContainerLoad,
        AircraftSide,
        AircraftLoad,
        Offload,
        AircraftUnload,
        TransferInjection,
        ArrivalInjection,
        ReclaimBelt,
        Collection,
    ];
    let sightings = (
        proptest::sample::select(points.to_vec()),
        proptest::option::of(proptest::sample::select(vec!["AKE1", "AKE2", ""])),
        any::<bool>(),
        0..=4i32,
        0..=4i32,
    );
    let sightings = sightings.prop_map(|(point, container, is_inferred, screening, authority)| {
        let Content::Scanned(sighting) = seen(point) else { unreachable!() };
        Content::Scanned(Sighting {
            stowage: container.map(|container| (container.to_owned(), String::new())),
            is_inferred,
            screening: Screening::try_from(screening).unwrap(),
            authority: Authority::try_from(authority).unwrap(),
            ..sighting
        })
    });
    let words = (proptest::sample::select(vec![New, Changed, Deleted]), 0..=4i32, 0..=4i32);
    let words = words.prop_map(|(change, authority, passenger)| {
        let Content::Announced(mut announcement) = said(change, "ZH9101-20261120") else { unreachable!() };
        announcement.authority = Authority::try_from(authority).unwrap();
        announcement.passenger = PassengerState::try_from(passenger).unwrap();
        Content::Announced(announcement)
    });
    let reports =
        (1..=9i32).prop_map(|report| reported(Report::try_from(report).unwrap(), "ZH9101-20261120"));
    let turns = (1..=5i32).prop_map(|turn| turned(FlightTurn::try_from(turn).unwrap(), "ZH9101-20261120"));
    let judgements = (1..=3i32).prop_map(|connection| judged(Connection::try_from(connection).unwrap()));
    prop_oneof![
        8 => proptest::sample::select(points.to_vec()).prop_map(seen),
        4 => sightings,
        2 => words,
        1 => reports,
        2 => turns,
        1 => judgements,
    ]
}

/// Instants with the edges of the calendar among them.
fn instants() -> impl Strategy<Value = Timestamp> {
    let edges = [Timestamp::MIN, Timestamp::MAX, Timestamp::UNIX_EPOCH, at(0)];
    let near = (proptest::sample::select(edges.to_vec()), -20_000i64..20_000)
        .prop_map(|(edge, minutes)| edge.saturating_add(SignedDuration::from_mins(minutes)).unwrap());
    prop_oneof![4 => (-20_000i64..20_000).prop_map(at), 1 => near]
}

proptest! {
    #[test]
    fn no_observation_makes_the_rules_panic_and_a_fold_that_forgets_is_the_same_fold(
        list in proptest::collection::vec(
            (instants(), instants(), contents(), proptest::option::of(("[A-Z]{2}[1-9]", instants()))),
            1..40,
        )
    ) {
        let mut plate = Plate::default();
        let mut facts: Vec<BagEvent> = Vec::new();
        for (n, (observed_at, received_at, content, flight)) in list.into_iter().enumerate() {
            let mut command = observe(&format!("o{n}"), 0, content);
            (command.observation.observed_at, command.observation.received_at) = (observed_at, Some(received_at));
            if let (Content::Scanned(sighting), Some((flight, day))) = (&mut command.content, flight) {
                let date = day.to_zoned(TimeZone::UTC).date();
                sighting.leg = Some(Leg { flight: DatedFlight { designator: flight.parse().unwrap(), date }, ..leg("ZH1-20261120") });
            }
            let Ok(added) = Bag::decide(&plate, command.into()) else { continue };
            plate = added.iter().fold(plate, Bag::evolve);
            facts.extend(added);
            let forgets = usize::try_from(Bag::forgets(&plate, facts.len() as u64)).unwrap();
            let tail = given::<Bag>(facts.iter().skip(forgets).cloned()).state();
            prop_assert_eq!(tail.journeys.len(), plate.journeys.len());
            for (a, b) in tail.journeys.iter().zip(&plate.journeys) {
                prop_assert_eq!(a.id, b.id);
                prop_assert!(a.observations().eq(b.observations()));
            }
        }
    }

    /// The airline's word, the load and the departure come in any order and carry any times.
    #[test]
    fn a_bag_is_on_the_flight_that_it_was_loaded_for_and_else_left_behind_whenever_it_is_told(
        told in -600i64..600,
        load in proptest::option::of(-600i64..=60),
        places in Just([0usize, 1, 2]).prop_shuffle(),
    ) {
        let flight = "ZH9101-20261120";
        let all = [
            Some(observe("a", told, said(New, flight))),
            load.map(|load| observe("b", load, seen(AircraftLoad))),
            Some(observe("f", 0, turned(FlightTurn::Departed, flight))),
        ];
        // A flight is told to a journey that is known, and a load without a flight is of the bag that is.
        let first = all.iter().flatten().take(1).cloned();
        let rest = places.iter().filter(|place| **place > 0).filter_map(|place| all[*place].clone());
        let plate = state(first.chain(rest));
        let status = plate.newest_journey().unwrap().status();
        let expected = if load.is_some() { BagException::Unspecified } else { BagException::LeftBehind };
        prop_assert_eq!(plate.journeys.len(), 1);
        prop_assert_eq!((status.exception, status.stage == Stage::Departed), (expected, load.is_some()));
    }

    #[test]
    fn the_same_observations_in_any_order_end_in_the_same_state(
        // Within four hours of the belt: what is seen elsewhere later is another bag.
        (ordered, shuffled) in (0i64..240, proptest::collection::vec(
            (0i64..240, contents(), proptest::sample::select(vec!["SZX", "PEK"]), -200_000i64..200_000),
            1..14,
        )).prop_flat_map(|(told, list)| {
            // The airline's word comes first, whenever it was told; the rest in any order and more than once.
            let first = observe("first", told, said(New, "ZH9101-20261120"));
            let rest: Vec<Observe> = list
                .into_iter()
                .enumerate()
                .map(|(n, (minutes, content, station, clock_ahead_ms))| {
                    let mut command = observe(&format!("o{n}"), minutes, content);
                    command.observation.station = station.parse().unwrap();
                    command.observation.clock_ahead_ms = clock_ahead_ms;
                    command
                })
                .collect();
            let ordered: Vec<Observe> = std::iter::once(first.clone()).chain(rest.clone()).collect();
            let doubled: Vec<Observe> = rest.iter().chain(&rest).cloned().collect();
            (Just(ordered), Just(doubled).prop_shuffle().prop_map(move |rest| {
                std::iter::once(first.clone()).chain(rest).collect::<Vec<_>>()
            }))
        })
    ) {
        let straight = state(ordered);
        let mut plate = Plate::default();
        for command in shuffled {
            match Bag::decide(&plate, command.into()) {
                Ok(facts) => plate = facts.iter().fold(plate, Bag::evolve),
                Err(rejection) => prop_assert!(matches!(rejection, Rejection::Duplicate { .. }), "{rejection}"),
            }
        }
        let [one] = straight.journeys.as_slice() else { panic!("one bag, one journey") };
        let [other] = plate.journeys.as_slice() else { panic!("one bag, one journey") };
        prop_assert_eq!(one.status(), other.status());
        prop_assert!(one.observations().eq(other.observations()));
    }
}

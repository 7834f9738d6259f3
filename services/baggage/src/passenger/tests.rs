//! What a passenger sees of a bag's way.

use airside_api::baggage::v1::{Authority, PassengerState, Screening};
use proptest::prelude::*;

use super::{times::Told, *};
use crate::{
    journey::Plate,
    model::{Announcement, FlightTurned, JourneyId, Observation, Reported},
};

const FLIGHT: &str = "ZH9101-20261120";
const ONWARD: &str = "ZH9103-20261120";

fn at(clock: &str) -> Timestamp {
    format!("2026-11-20T{clock}:00Z").parse().unwrap()
}

fn flight(id: &str) -> DatedFlight {
    id.parse().unwrap()
}

fn announced(legs: &[(&str, &str, LegRole)]) -> Content {
    let leg = |(flight, airport, role): &(&str, &str, LegRole)| Leg {
        flight: flight.parse().unwrap(),
        airport: airport.parse().ok(),
        role: *role,
        marketed_as: None,
    };
    Content::Announced(Box::new(Announcement {
        change: AnnouncementChange::New,
        legs: legs.iter().map(leg).collect(),
        passenger_name: None,
        record_locator: None,
        authority: Authority::Load,
        exceptions: Vec::new(),
        passenger: PassengerState::Unspecified,
    }))
}

fn seen(point: TrackingPoint) -> Sighting {
    Sighting {
        point,
        reader: String::new(),
        location: "HBS302".to_owned(),
        leg: None,
        stowage: None,
        authority: Authority::Unspecified,
        is_inferred: false,
        screening: Screening::Unspecified,
    }
}

fn read(point: TrackingPoint) -> Content {
    Content::Scanned(seen(point))
}

fn concluded(point: TrackingPoint) -> Content {
    Content::Scanned(Sighting { is_inferred: true, ..seen(point) })
}

fn departed(id: &str) -> Content {
    Content::FlightTurned(FlightTurned { flight: flight(id), turn: FlightTurn::Departed })
}

fn local() -> Content {
    announced(&[(FLIGHT, "PVG", LegRole::Outbound)])
}

/// A journey of what was observed: the clock, the airport, and what.
fn journey(observed: impl IntoIterator<Item = (&'static str, &'static str, Content)>) -> Plate {
    let (mut plate, id) = (Plate::default(), JourneyId::default());
    plate.open(id);
    for (number, (clock, station, content)) in observed.into_iter().enumerate() {
        let observation = Observation {
            id: number.to_string(),
            source: "bhs".to_owned(),
            station: station.parse().unwrap(),
            observed_at: at(clock),
            cause: None,
            parser_version: None,
            received_at: None,
            clock_ahead_ms: 0,
        };
        plate.observe(observation, content);
        plate.attach(&number.to_string(), id);
    }
    plate
}

fn times(id: DatedFlight) -> Option<Times> {
    let second = |clock| at(clock).as_second();
    let airport = |code: &str| code.parse().unwrap();
    let mut times = Times::default();
    let (from, leaves, to, arrives) = match () {
        () if id == flight(FLIGHT) => ("SZX", "08:00", "PVG", "10:30"),
        () if id == flight(ONWARD) => ("PVG", "12:00", "PEK", "14:00"),
        () => return None,
    };
    times.take(Told::Scheduled {
        departures: vec![(airport(from), second(leaves))],
        arrivals: vec![(airport(to), second(arrives))],
    });
    Some(times)
}

fn way(plate: &Plate, clock: &str) -> Way {
    Way::of(&plate.journeys[0], at(clock), times)
}

fn kinds(way: &Way) -> Vec<(BagStepKind, Certainty)> {
    way.steps.iter().map(|step| (step.kind, step.certainty)).collect()
}

/// What comes next, of which flight, and by when.
type Expected<'a> = (BagStepKind, &'a str, Option<(&'a str, TimeBasis)>);

#[track_caller]
fn check_next(plate: &Plate, clock: &str, (kind, id, by): Expected<'_>) {
    let next = way(plate, clock).next.unwrap();
    let found = (next.kind, next.flight, next.by);
    assert_eq!(found, (kind, id.parse().ok(), by.map(|(by, basis)| (at(by), basis))));
}

#[test]
fn a_local_way_from_the_counter_to_the_passenger() {
    let plate = journey([
        ("05:00", "SZX", local()),
        ("05:30", "SZX", read(TrackingPoint::CheckIn)),
        ("05:40", "SZX", read(TrackingPoint::BhsInduction)),
        ("05:45", "SZX", read(TrackingPoint::Screening)),
        ("06:00", "SZX", read(TrackingPoint::Sortation)),
        ("07:00", "SZX", read(TrackingPoint::ContainerLoad)),
        ("07:30", "SZX", concluded(TrackingPoint::AircraftLoad)),
        ("08:05", "SZX", departed(FLIGHT)),
        ("10:50", "PVG", read(TrackingPoint::AircraftUnload)),
        (
            "11:00",
            "PVG",
            Content::Scanned(Sighting { location: "7".to_owned(), ..seen(TrackingPoint::ReclaimBelt) }),
        ),
        ("11:10", "PVG", read(TrackingPoint::Collection)),
    ]);
    let way = way(&plate, "12:00");
    assert_eq!(
        kinds(&way),
        [
            (BagStepKind::Announced, Certainty::Announced),
            (BagStepKind::Accepted, Certainty::Read),
            (BagStepKind::InHall, Certainty::Read),
            (BagStepKind::OnWayToAircraft, Certainty::Read),
            (BagStepKind::OnBoard, Certainty::Concluded),
            (BagStepKind::Departed, Certainty::Concluded),
            (BagStepKind::Unloaded, Certainty::Read),
            (BagStepKind::OnBelt, Certainty::Read),
            (BagStepKind::Collected, Certainty::Read),
        ]
    );
    assert_eq!(way.steps[2].at, at("05:40"), "a step that goes on began with its first read");
    assert_eq!((way.steps[7].belt.as_str(), way.next), ("7", None));
    assert_eq!(way.last_seen.map(|seen| (seen.kind, seen.at)), Some((BagStepKind::Collected, at("11:10"))));
}

#[test]
fn nothing_shows_where_or_whether_a_bag_was_looked_at() {
    let rejected =
        Content::Scanned(Sighting { screening: Screening::Rejected, ..seen(TrackingPoint::Screening) });
    let looked_at = journey([("05:00", "SZX", local()), ("05:45", "SZX", rejected)]);
    let inducted = journey([("05:00", "SZX", local()), ("05:45", "SZX", read(TrackingPoint::BhsInduction))]);
    assert_eq!(way(&looked_at, "06:00"), way(&inducted, "06:00"));
    assert!(way(&looked_at, "06:00").steps.iter().all(|step| step.belt.is_empty()));
}

#[test]
fn what_comes_next_follows_the_stage_and_the_flight() {
    let (scheduled, acts) =
        (TimeBasis::Scheduled, |point| journey([("05:00", "SZX", local()), ("05:30", "SZX", read(point))]));
    let before = journey([("05:00", "SZX", local())]);
    check_next(&before, "05:00", (BagStepKind::Accepted, FLIGHT, Some(("07:15", scheduled))));
    for point in [TrackingPoint::CheckIn, TrackingPoint::Sortation, TrackingPoint::AircraftSide] {
        check_next(&acts(point), "06:00", (BagStepKind::OnBoard, FLIGHT, Some(("08:00", scheduled))));
    }
    let loaded = acts(TrackingPoint::AircraftLoad);
    check_next(&loaded, "08:00", (BagStepKind::OnBelt, FLIGHT, Some(("11:10", scheduled))));
    assert_eq!(way(&loaded, "08:00").next.unwrap().station, "PVG".parse().ok());
    check_next(&loaded, "11:30", (BagStepKind::OnBelt, FLIGHT, None));
    let on_belt = journey([("05:00", "SZX", local()), ("11:00", "PVG", read(TrackingPoint::ReclaimBelt))]);
    check_next(&on_belt, "11:00", (BagStepKind::Collected, "", None));
}

#[test]
fn a_bag_with_a_connection_is_to_be_taken_to_its_next_flight() {
    let connecting = || announced(&[(FLIGHT, "PVG", LegRole::Outbound), (ONWARD, "PEK", LegRole::Onward)]);
    let loaded =
        journey([("05:00", "SZX", connecting()), ("07:00", "SZX", read(TrackingPoint::AircraftLoad))]);
    let by = Some(("12:00", TimeBasis::Scheduled));
    check_next(&loaded, "08:00", (BagStepKind::InTransfer, ONWARD, by));
    let injected = journey([
        ("05:00", "SZX", connecting()),
        ("07:00", "SZX", read(TrackingPoint::AircraftLoad)),
        ("10:50", "PVG", read(TrackingPoint::TransferInjection)),
    ]);
    check_next(&injected, "11:00", (BagStepKind::OnBoard, ONWARD, by));
}

fn landed_here(id: &str) -> (&str, &str, LegRole) {
    (id, "SZX", LegRole::Inbound)
}

#[test]
fn a_bag_that_another_flight_brings_is_not_to_be_handed_over() {
    // The flight comes from Shenzhen, and the other leaves from Shanghai, where this is told.
    let arriving = journey([("05:00", "PVG", announced(&[landed_here(FLIGHT)]))]);
    check_next(&arriving, "06:00", (BagStepKind::OnBelt, FLIGHT, Some(("11:10", TimeBasis::Scheduled))));
    assert_eq!(way(&arriving, "06:00").next.unwrap().station, "PVG".parse().ok());
    let legs = [landed_here(FLIGHT), (ONWARD, "PEK", LegRole::Outbound)];
    let by = Some(("12:00", TimeBasis::Scheduled));
    let expected = journey([("05:00", "PVG", announced(&legs))]);
    check_next(&expected, "06:00", (BagStepKind::InTransfer, ONWARD, by));
    let aboard = Sighting {
        leg: Some(Leg { flight: flight(FLIGHT), airport: None, role: LegRole::Outbound, marketed_as: None }),
        ..seen(TrackingPoint::AircraftLoad)
    };
    let aboard = Content::Scanned(aboard);
    let in_the_air = journey([("05:00", "PVG", announced(&legs)), ("07:00", "SZX", aboard)]);
    check_next(&in_the_air, "08:00", (BagStepKind::InTransfer, ONWARD, by));
    assert_eq!(way(&in_the_air, "08:00").next.unwrap().station, "PVG".parse().ok());
}

#[test]
fn a_connecting_bag_that_is_unloaded_is_to_be_taken_to_its_flight_whatever_flight_the_reader_names() {
    let legs = [landed_here(FLIGHT), (ONWARD, "PEK", LegRole::Outbound)];
    let by = Some(("12:00", TimeBasis::Scheduled));
    for point in [TrackingPoint::AircraftUnload, TrackingPoint::TransferInjection] {
        let kind = match point {
            TrackingPoint::AircraftUnload => BagStepKind::InTransfer,
            _ => BagStepKind::OnBoard,
        };
        let unloaded = journey([("05:00", "PVG", announced(&legs)), ("10:50", "PVG", read(point))]);
        check_next(&unloaded, "11:00", (kind, ONWARD, by));
    }
    // Its last flight brought it here.
    let arrived = journey([
        ("05:00", "PVG", announced(&legs)),
        ("11:30", "PVG", read(TrackingPoint::AircraftLoad)),
        ("14:10", "PEK", read(TrackingPoint::AircraftUnload)),
    ]);
    check_next(&arrived, "14:20", (BagStepKind::OnBelt, ONWARD, Some(("14:40", TimeBasis::Scheduled))));
}

#[test]
fn a_bag_that_is_not_to_travel_has_no_next_step() {
    let deleted = |acts: Vec<(&'static str, &'static str, Content)>| {
        let Content::Announced(mut deletion) = local() else { unreachable!() };
        deletion.change = AnnouncementChange::Deleted;
        let last = [("07:00", "SZX", Content::Announced(deletion))];
        journey([("05:00", "SZX", local())].into_iter().chain(acts).chain(last))
    };
    let sorted = ("06:00", "SZX", read(TrackingPoint::Sortation));
    let loaded = ("06:30", "SZX", read(TrackingPoint::AircraftLoad));
    for plate in [deleted(Vec::new()), deleted(vec![sorted.clone()]), deleted(vec![sorted, loaded])] {
        let way = way(&plate, "07:05");
        assert_eq!((way.next, way.advice), (None, Some(Advice::AskAirline)));
    }
    let mut cancelled = times(flight(FLIGHT)).unwrap();
    let again = cancelled.clone();
    cancelled.take(Told::Cancelled);
    let told = |times: &Times| {
        let times = times.clone();
        let plate = journey([("05:00", "SZX", local()), ("06:00", "SZX", read(TrackingPoint::Sortation))]);
        Way::of(&plate.journeys[0], at("06:30"), move |_| Some(times.clone()))
    };
    assert_eq!((told(&cancelled).next, told(&cancelled).advice), (None, Some(Advice::AskAirline)));
    cancelled.take(Told::Scheduled { departures: Vec::new(), arrivals: Vec::new() });
    assert!(!cancelled.is_cancelled(), "what is scheduled again is to fly");
    assert_eq!((told(&again).next.is_some(), told(&again).advice), (true, None));
}

#[test]
fn a_belt_read_after_the_bag_was_collected_is_no_step_and_one_belt_is_one_step() {
    let belt = |sign: &str| {
        Content::Scanned(Sighting { location: sign.to_owned(), ..seen(TrackingPoint::ReclaimBelt) })
    };
    let plate = journey([
        ("11:00", "PVG", belt("05")),
        ("11:05", "PVG", belt("5")),
        ("11:10", "PVG", read(TrackingPoint::Collection)),
        ("11:11", "PVG", belt("5")),
    ]);
    let expected = [(BagStepKind::OnBelt, Certainty::Read), (BagStepKind::Collected, Certainty::Read)];
    assert_eq!(kinds(&way(&plate, "12:00")), expected);
}

#[test]
fn what_is_told_after_departure_stands_where_it_happened_and_is_as_sure_as_it_is() {
    use BagStepKind::{Announced, Departed, InHall, LeftBehind, OnBelt, OnBoard, OnHand};
    let told = |more: Vec<(&'static str, &'static str, Content)>| {
        let before = [("06:00", "SZX", read(TrackingPoint::Sortation)), ("08:15", "SZX", departed(FLIGHT))];
        let way = way(&journey(before.into_iter().chain(more)), "12:00");
        way.steps.iter().map(|step| (step.kind, step.at)).collect::<Vec<_>>()
    };
    let announced = |clock| (clock, "SZX", local());
    let left = [(InHall, at("06:00")), (LeftBehind, at("08:15"))];
    assert_eq!(told(vec![announced("05:00")])[1..], left);
    assert_eq!(told(vec![announced("09:00")]), [left.as_slice(), &[(Announced, at("09:00"))]].concat());
    let load = |clock| (clock, "SZX", read(TrackingPoint::AircraftLoad));
    let gone = [(InHall, at("06:00")), (OnBoard, at("08:15")), (Departed, at("08:15"))];
    let late = told(vec![announced("05:00"), load("08:40")]);
    assert_eq!(late[1..], gone, "the reader's clock was wrong");
    let unread = told(vec![announced("05:00"), ("10:50", "PVG", read(TrackingPoint::ReclaimBelt))]);
    let flown = [(InHall, at("06:00")), (Departed, at("08:15")), (OnBelt, at("10:50"))];
    assert_eq!(unread[1..], flown, "it was seen where the flight went");
    let report = |report| Content::Reported(Reported { report, leg: None, location: String::new() });
    let found = told(vec![
        announced("05:00"),
        ("09:00", "SZX", report(Report::OnHand)),
        ("11:00", "SZX", report(Report::Delivered)),
    ]);
    assert_eq!(found[1..3], left, "whoever has it now, it was left behind");
    assert_eq!(found[3].0, OnHand);
    let concluded = way(
        &journey([
            ("05:00", "SZX", local()),
            ("08:15", "SZX", departed(FLIGHT)),
            ("08:00", "SZX", concluded(TrackingPoint::AircraftLoad)),
        ]),
        "09:00",
    );
    let sure: Vec<_> = concluded.steps.iter().map(|step| step.certainty).collect();
    assert_eq!(sure, [Certainty::Announced, Certainty::Concluded, Certainty::Concluded]);
}

#[test]
fn a_bag_that_is_left_behind_waits_for_its_next_flight() {
    let left = |told: Vec<(&'static str, &'static str, Content)>| {
        journey(
            [
                ("05:00", "SZX", local()),
                ("06:00", "SZX", read(TrackingPoint::Sortation)),
                ("08:15", "SZX", departed(FLIGHT)),
            ]
            .into_iter()
            .chain(told),
        )
    };
    let gone = |id| {
        let mut times = times(id)?;
        if id == flight(FLIGHT) {
            times.take(Told::Departed);
        }
        Some(times)
    };
    let waits = Way::of(&left(Vec::new()).journeys[0], at("09:00"), gone);
    let newest = waits.steps.last().map(|step| (step.kind, step.certainty, step.flight));
    assert_eq!(newest, Some((BagStepKind::LeftBehind, Certainty::Concluded, Some(flight(FLIGHT)))));
    assert_eq!((waits.advice, waits.next), (Some(Advice::WaitsForFlight), None));
    let late = journey([
        ("05:00", "SZX", local()),
        ("06:00", "SZX", read(TrackingPoint::Sortation)),
        ("08:15", "SZX", departed(FLIGHT)),
        ("07:50", "SZX", read(TrackingPoint::AircraftLoad)),
    ]);
    let way_of_late = Way::of(&late.journeys[0], at("09:00"), gone);
    assert_eq!(way_of_late.steps.last().unwrap().kind, BagStepKind::Departed, "heard late, it was on board");
    let found = left(vec![(
        "09:00",
        "SZX",
        Content::Reported(Reported { report: Report::OnHand, leg: None, location: "cage".to_owned() }),
    )]);
    assert_eq!(way(&found, "09:30").steps.last().unwrap().kind, BagStepKind::OnHand);
}

#[test]
fn what_was_concluded_and_not_true_is_no_step() {
    let plate = journey([
        ("05:00", "SZX", local()),
        ("07:00", "SZX", concluded(TrackingPoint::ContainerLoad)),
        ("07:10", "SZX", concluded(TrackingPoint::AircraftLoad)),
        ("07:20", "SZX", read(TrackingPoint::Sortation)),
    ]);
    let expected = [(BagStepKind::Announced, Certainty::Announced), (BagStepKind::InHall, Certainty::Read)];
    assert_eq!(kinds(&way(&plate, "07:30")), expected);
}

#[test]
fn what_was_concluded_and_then_read_is_read() {
    let plate = journey([
        ("07:10", "SZX", concluded(TrackingPoint::AircraftLoad)),
        ("07:20", "SZX", read(TrackingPoint::AircraftLoad)),
    ]);
    let way = way(&plate, "07:30");
    assert_eq!(kinds(&way), [(BagStepKind::OnBoard, Certainty::Read)]);
    assert_eq!(way.steps[0].at, at("07:10"));
}

#[test]
fn an_estimate_goes_before_the_schedule_and_the_landing_before_both() {
    let mut known = times(flight(FLIGHT)).unwrap();
    let second = |clock| at(clock).as_second();
    assert_eq!(known.arrival(None), Some((at("10:30"), TimeBasis::Scheduled)));
    known.take(Told::DepartureEstimated(Some(second("08:40"))));
    known.take(Told::ArrivalEstimated(Some(second("11:05"))));
    assert_eq!(known.departure(None), Some((at("08:40"), TimeBasis::Estimated)));
    assert_eq!(known.arrival("PVG".parse().ok()), Some((at("11:05"), TimeBasis::Estimated)));
    known.take(Told::Landed(second("11:01")));
    assert_eq!(known.arrival(None), Some((at("11:01"), TimeBasis::Actual)));
    assert!(known.has_departed());
    known.take(Told::Returned);
    assert!(!known.has_departed());
}

proptest! {
    #[test]
    fn any_reads_make_a_way_of_bounded_length(points in proptest::collection::vec((0..16i32, any::<bool>()), 0..150)) {
        let clocks = ["05:00", "06:00", "07:00", "08:00"];
        let content = |(point, is_inferred): (i32, bool)| {
            let point = TrackingPoint::try_from(point).unwrap_or_default();
            Content::Scanned(Sighting { is_inferred, ..seen(point) })
        };
        let plate = journey(points.into_iter().enumerate().map(|(n, point)| (clocks[n % 4], "SZX", content(point))));
        prop_assert!(way(&plate, "09:00").steps.len() <= MAX_STEPS);
    }
}

//! Given facts of flights, bags and containers, what is told to which bag.

use airside_api::baggage::v1::{ContainerStep, LoadingStep, Stage, TrackingPoint};
use jiff::SignedDuration;

use super::{bag, bag::Said, flight::Fact, world::World, *};
use crate::model::{Content, DatedFlight, JourneyId};

const OUT: &str = "ZH9101-20261120";
const OTHER: &str = "ZH9103-20261120";
const IN: &str = "ZH9102-20261120";

/// Minutes of 20 November 2026, in UTC.
fn at(minute: i64) -> Timestamp {
    "2026-11-20T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minute)
}

fn id(flight: &str) -> DatedFlight {
    flight.parse().unwrap()
}

/// A log that is made by hand.
#[derive(Default)]
struct Day {
    world: World,
    times: Times,
    revision: u64,
}

impl Day {
    /// A day on which IN reaches Shenzhen at 100 and OUT leaves it at 200.
    fn new() -> Self {
        let mut day = Self::default();
        day.flight(0, IN, Fact::Scheduled(vec![flight::leg_of("PEK", "SZX", at(10), at(100))]), 0);
        day.flight(0, OUT, Fact::Scheduled(vec![flight::leg_of("SZX", "PEK", at(200), at(380))]), 0);
        day.told();
        day
    }

    /// Records a fact of a flight that happened at a minute.
    fn flight(&mut self, now: i64, flight: &str, fact: Fact, happened: i64) -> &mut Self {
        self.revision += 1;
        self.world.advance(at(now), &self.times);
        self.world.take_flight(id(flight), fact, at(happened), self.revision, &self.times);
        self
    }

    fn bag(&mut self, now: i64, serial: u8, said: Said) -> &mut Self {
        self.revision += 1;
        self.world.advance(at(now), &self.times);
        let plate = plate(serial);
        let observed = bag::Fact::Observed("one".to_owned(), said);
        self.world.take_bag(plate, observed, self.revision, &self.times);
        let attached = bag::Fact::Attached("one", journey(serial));
        self.world.take_bag(plate, attached, self.revision, &self.times);
        self
    }

    fn announced(&mut self, now: i64, serial: u8, inbound: &str, outbound: &str) -> &mut Self {
        self.routed(now, serial, "SZX", &[(inbound, "PEK", true), (outbound, "SZX", false)])
    }

    /// An announcement of legs, each with where it begins and whether the bag came by it.
    fn routed(&mut self, now: i64, serial: u8, station: &str, legs: &[(&str, &str, bool)]) -> &mut Self {
        let leg = |(flight, from, is_inbound): &(&str, &str, bool)| {
            let (flight, from) = (flight.parse().ok()?, from.parse().ok());
            Some(bag::Leg { flight, from, is_inbound: *is_inbound })
        };
        let legs = legs.iter().filter_map(leg).collect();
        self.bag(now, serial, Said::Route { station: station.parse().unwrap(), legs })
    }

    /// A read whose journey says then that the bag is in a container since.
    fn seen(&mut self, now: i64, serial: u8, point: TrackingPoint, container: &str) -> &mut Self {
        self.bag(now, serial, Said::Seen(bag::Seen::at("SZX", at(now), point)));
        self.stowed(serial, container, now)
    }

    /// The journey of a bag says that it is in a container, or in none, since a minute.
    fn stowed(&mut self, serial: u8, container: &str, since: i64) -> &mut Self {
        self.revision += 1;
        let stowed = container.parse().ok().map(|container| (container, at(since)));
        let status = bag::Status { flight: None, stage: Stage::InContainer, stowed };
        let said = bag::Fact::Status(journey(serial), status);
        self.world.take_bag(plate(serial), said, self.revision, &self.times);
        self
    }

    fn container(&mut self, now: i64, kind: ContainerStep, flight: &str) -> &mut Self {
        self.revision += 1;
        self.world.advance(at(now), &self.times);
        let (revision, station) = (self.revision, "SZX".parse().unwrap());
        let (flight, compartment) = (flight.parse().ok(), String::new());
        let step = Step { at: at(now), revision, kind: kind.into(), station, flight, compartment };
        self.world.take_container(&"AKE1ZH".parse().unwrap(), step);
        self
    }

    fn pass(&mut self, now: i64) -> &mut Self {
        self.world.advance(at(now), &self.times);
        self
    }

    /// Returns what was told since the last time, and at which minute of the bag's own time.
    fn told(&mut self) -> Vec<String> {
        let orders = self.world.orders.drain(..).map(|ToBag { plate, observation, content, .. }| {
            let minute = observation.observed_at.duration_since(at(0)).as_mins();
            let what = match content {
                Content::FlightTurned(turned) => format!("{:?} {}", turned.turn, turned.flight.designator),
                Content::ConnectionJudged(judged) => {
                    format!("{:?} {}", judged.connection, judged.spare_seconds / 60)
                }
                Content::Scanned(seen) => {
                    assert!(seen.is_inferred);
                    let flight =
                        seen.leg.map_or_else(|| "-".to_owned(), |leg| leg.flight.designator.to_string());
                    format!("{:?} {flight}{}", seen.point, if seen.stowage.is_some() { "" } else { " out" })
                }
                Content::Reported(reported) => format!("{:?}", reported.report),
                other => panic!("{other:?} is nobody's here"),
            };
            format!("{} {minute}: {what}", plate.serial())
        });
        orders.collect()
    }

    #[track_caller]
    fn tells(&mut self, expected: &[&str]) -> &mut Self {
        assert_eq!(self.told(), expected);
        self
    }
}

fn plate(serial: u8) -> LicencePlate {
    LicencePlate::parse(&format!("0479000{serial:03}")).unwrap()
}

fn journey(serial: u8) -> JourneyId {
    JourneyId(Uuid::from_u128(serial.into()))
}

#[test]
fn bags_are_told_of_a_departure_when_its_grace_is_over_and_at_the_time_of_the_flight() {
    let mut day = Day::new();
    day.announced(10, 1, "", OUT).announced(11, 2, "", OTHER).flight(202, OUT, Fact::Departed, 201);
    assert_eq!(day.world.due(), Some(at(211)));
    day.pass(210).tells(&[]).pass(211).tells(&["1 201: Departed ZH9101"]).pass(300).tells(&[]);
}

#[test]
fn a_departure_that_is_told_late_strikes_at_once() {
    let mut day = Day::new();
    day.announced(10, 1, "", OUT).flight(290, OUT, Fact::Departed, 201).pass(290);
    day.tells(&["1 201: Departed ZH9101"]);
}

#[test]
fn a_bag_that_is_known_later_is_told_once_what_its_flight_did() {
    let mut day = Day::new();
    day.flight(201, OUT, Fact::Departed, 201).pass(220).flight(380, OUT, Fact::Landed, 380);
    day.announced(390, 1, "", OUT).tells(&["1 201: Departed ZH9101", "1 380: Landed ZH9101"]);
    day.seen(391, 1, TrackingPoint::Sortation, "").tells(&[]);
}

#[test]
fn a_flight_that_comes_back_within_the_grace_left_nobody_behind() {
    let mut day = Day::new();
    day.announced(10, 1, "", OUT).flight(201, OUT, Fact::Departed, 201);
    day.flight(205, OUT, Fact::Returned, 205).pass(230).tells(&[]);
    day.flight(240, OUT, Fact::Departed, 239).pass(250).tells(&["1 239: Departed ZH9101"]);
}

#[test]
fn a_flight_that_comes_back_later_is_open_again_and_its_new_departure_is_told_anew() {
    let mut day = Day::new();
    day.announced(10, 1, "", OUT).flight(201, OUT, Fact::Departed, 201).pass(211);
    day.tells(&["1 201: Departed ZH9101"]);
    day.flight(230, OUT, Fact::Returned, 229).tells(&["1 229: Returned ZH9101"]);
    day.announced(231, 2, "", OUT).tells(&[]);
    day.flight(260, OUT, Fact::Departed, 260).pass(270);
    day.tells(&["1 260: Departed ZH9101", "2 260: Departed ZH9101"]);
}

#[test]
fn a_cancelled_flight_is_told_at_once_and_its_revival_too() {
    let mut day = Day::new();
    day.announced(10, 1, "", OUT).flight(150, OUT, Fact::Cancelled, 149);
    day.tells(&["1 149: Cancelled ZH9101"]);
    let again = Fact::Scheduled(vec![flight::leg_of("SZX", "PEK", at(260), at(440))]);
    day.flight(160, OUT, again, 160).tells(&["1 160: Returned ZH9101"]);
}

#[test]
fn a_bag_that_took_another_flight_is_told_of_that_one() {
    let mut day = Day::new();
    day.announced(10, 1, "", OUT).announced(190, 1, "", OTHER).flight(201, OUT, Fact::Departed, 201);
    day.pass(220).tells(&[]);
}

#[test]
fn a_bag_with_its_passenger_is_told_nothing_more() {
    let mut day = Day::new();
    day.announced(10, 1, "", OUT);
    let status = bag::Status { flight: Some(id(OUT)), stage: Stage::Collected, stowed: None };
    day.world.take_bag(plate(1), bag::Fact::Status(journey(1), status), 99, &Times::default());
    day.flight(400, OUT, Fact::Landed, 400).tells(&[]);
}

#[test]
fn messages_of_a_flight_that_are_void_are_void_for_its_bags() {
    let mut day = Day::new();
    day.announced(10, 1, "", OUT).announced(10, 2, "", OTHER);
    day.world.take_loading(id(OUT), LoadingStep::Erased, at(20), 3);
    day.tells(&["1 20: FlightErased"]);
    day.world.take_loading(id(OUT), LoadingStep::Closed, at(21), 4);
    day.tells(&[]);
}

#[test]
fn a_connection_is_judged_when_a_flight_is_late_and_again_when_it_is_not() {
    let mut day = Day::new();
    day.announced(10, 1, IN, OUT).tells(&[]);
    day.flight(20, IN, Fact::Arrival(at(145)), 20).tells(&["1 20: AtRisk 10"]);
    day.flight(21, IN, Fact::Arrival(at(138)), 21).tells(&[]);
    day.flight(22, IN, Fact::Arrival(at(145)), 22).tells(&[]);
    day.flight(23, IN, Fact::Arrival(at(160)), 23).tells(&["1 23: Missed -5"]);
    day.flight(24, OUT, Fact::Departure(at(240)), 24).tells(&["1 24: Safe 35"]);
}

#[test]
fn a_bag_that_is_announced_for_flights_that_miss_each_other_is_told_so() {
    let mut day = Day::new();
    day.flight(20, IN, Fact::Arrival(at(170)), 20);
    day.announced(30, 1, IN, OUT).tells(&["1 30: Missed -15"]);
}

#[test]
fn a_bag_that_is_not_seen_gets_late_by_the_clock_alone() {
    let mut day = Day::new();
    day.announced(10, 1, IN, OUT).announced(10, 2, IN, OUT).flight(100, IN, Fact::Landed, 100);
    day.seen(120, 2, TrackingPoint::TransferInjection, "").tells(&[]);
    day.seen(130, 2, TrackingPoint::Sortation, "").tells(&[]);
    day.pass(150).tells(&[]).pass(160).tells(&["1 158: AtRisk 14"]);
    day.pass(180).tells(&["1 173: Missed 0"]).pass(400).tells(&[]);
}

#[test]
fn a_bag_that_is_seen_on_its_way_into_the_next_aircraft_is_safe_after_all() {
    let mut day = Day::new();
    day.flight(20, IN, Fact::Arrival(at(150)), 20);
    day.announced(30, 1, IN, OUT).tells(&["1 30: AtRisk 5"]);
    day.flight(150, IN, Fact::Landed, 150);
    day.seen(170, 1, TrackingPoint::ContainerLoad, "AKE1ZH").tells(&["1 170: Safe 20"]);
    day.flight(186, OUT, Fact::Departure(at(190)), 186).tells(&[]);
}

#[test]
fn a_bag_whose_route_is_told_late_was_seen_on_its_way_before() {
    let mut day = Day::new();
    day.flight(20, IN, Fact::Arrival(at(150)), 20).flight(150, IN, Fact::Landed, 150);
    day.seen(160, 1, TrackingPoint::AircraftUnload, "").seen(170, 1, TrackingPoint::Sortation, "");
    day.announced(175, 1, IN, OUT).tells(&[]).pass(199).tells(&[]);
}

#[test]
fn a_connection_that_the_first_station_told_is_judged_like_one_that_the_transfer_tells() {
    let mut day = Day::new();
    day.routed(10, 1, "PEK", &[(IN, "PEK", false), (OUT, "SZX", false)]).tells(&[]);
    day.flight(20, IN, Fact::Arrival(at(145)), 20).tells(&["1 20: AtRisk 10"]);
    day.announced(30, 1, IN, OUT).pass(160).tells(&["1 155: Missed 0"]);
    day.flight(201, OUT, Fact::Departed, 201).pass(211).tells(&["1 201: Departed ZH9101"]);
}

#[test]
fn a_bag_that_is_seen_at_its_second_change_is_judged_there() {
    let mut day = Day::new();
    day.flight(0, OTHER, Fact::Scheduled(vec![flight::leg_of("PEK", "HRB", at(450), at(600))]), 0);
    day.routed(10, 1, "PEK", &[(IN, "PEK", false), (OUT, "SZX", false), (OTHER, "PEK", false)]);
    day.seen(150, 1, TrackingPoint::Sortation, "").told();
    day.flight(160, OUT, Fact::Arrival(at(430)), 160).tells(&[]);
    let unloaded = bag::Seen::at("PEK", at(432), TrackingPoint::AircraftUnload);
    day.bag(432, 1, Said::Seen(unloaded)).tells(&["1 432: Missed -9"]);
}

#[test]
fn a_departure_of_a_flight_with_two_legs_is_told_to_the_bags_of_that_leg() {
    let mut day = Day::new();
    let legs =
        vec![flight::leg_of("CAN", "SZX", at(100), at(160)), flight::leg_of("SZX", "PEK", at(200), at(380))];
    day.flight(0, OUT, Fact::Scheduled(legs), 0);
    day.announced(10, 1, "", OUT).routed(10, 2, "CAN", &[(OUT, "CAN", false)]);
    day.flight(105, OUT, Fact::Departed, 104).pass(120).tells(&["2 104: Departed ZH9101"]);
    day.announced(121, 3, "", OUT).tells(&[]);
    day.flight(162, OUT, Fact::Landed, 161).tells(&["2 161: Landed ZH9101"]);
    day.flight(206, OUT, Fact::Departed, 205).pass(230);
    day.tells(&["1 205: Departed ZH9101", "3 205: Departed ZH9101"]);
}

#[test]
fn what_is_in_a_container_goes_with_it_and_what_is_put_in_later_does_not() {
    let mut day = Day::new();
    day.announced(10, 1, "", OUT).seen(100, 1, TrackingPoint::ContainerLoad, "AKE1ZH");
    day.announced(10, 2, "", OUT);
    day.container(120, ContainerStep::Loaded, OUT).tells(&["1 120: AircraftLoad ZH9101"]);
    day.seen(130, 2, TrackingPoint::ContainerLoad, "AKE1ZH").tells(&[]);
    day.container(140, ContainerStep::Unloaded, OUT).tells(&["1 140: Offload -"]);
    day.container(150, ContainerStep::Loaded, OTHER);
    day.tells(&["1 150: AircraftLoad ZH9103", "2 150: AircraftLoad ZH9103"]);
}

#[test]
fn a_read_that_is_told_after_the_container_went_on_board_goes_along() {
    let mut day = Day::new();
    day.announced(10, 1, "", OUT).container(120, ContainerStep::Loaded, OUT).tells(&[]);
    day.bag(125, 1, Said::Seen(bag::Seen::at("SZX", at(100), TrackingPoint::ContainerLoad)));
    day.stowed(1, "AKE1ZH", 100).tells(&["1 120: AircraftLoad ZH9101"]);
}

#[test]
fn a_bag_that_was_read_out_of_a_container_does_not_go_with_it() {
    let mut day = Day::new();
    day.announced(10, 1, "", OUT).seen(100, 1, TrackingPoint::ContainerLoad, "AKE1ZH");
    day.seen(110, 1, TrackingPoint::Sortation, "").container(120, ContainerStep::Loaded, OUT).tells(&[]);
}

#[test]
fn a_container_that_was_taken_apart_takes_nobody_along() {
    let mut day = Day::new();
    day.announced(10, 1, "", OUT).seen(100, 1, TrackingPoint::ContainerLoad, "AKE1ZH");
    day.container(110, ContainerStep::BrokenDown, "").tells(&["1 110: Offload - out"]);
    day.container(120, ContainerStep::Loaded, OUT).tells(&[]);
}

#[test]
fn what_is_kept_tells_what_was_folded() {
    let mut day = Day::new();
    day.announced(10, 1, IN, OUT).seen(105, 1, TrackingPoint::ContainerLoad, "AKE1ZH");
    day.flight(201, OUT, Fact::Departed, 201).told();
    let bytes = postcard::to_stdvec(&day.world).unwrap();
    day.world = postcard::from_bytes::<World>(&bytes).unwrap().recalled();
    day.container(203, ContainerStep::Loaded, OUT).tells(&["1 203: AircraftLoad ZH9101"]);
    day.pass(211).tells(&["1 201: Departed ZH9101"]);
}

#[test]
fn what_nobody_hears_of_for_days_is_forgotten() {
    let mut day = Day::new();
    day.announced(10, 1, IN, OUT).container(10, ContainerStep::Assigned, OUT);
    day.pass(7 * 24 * 60);
    assert!(day.world.is_empty(), "{:?}", day.world);
}

//! What is known of flights and containers, and for how long.

use airside_api::baggage::v1::Observation;
use airside_kernel::{
    EventParts,
    testing::{self, first_parts},
};
use airside_runtime::stored::timestamp_message;
use jiff::SignedDuration;

use super::*;
use crate::handling::tests::{FLIGHT, OTHER, flight, minute, start};

fn event(stream: &str, event_type: &str, payload: &[u8], at: Timestamp) -> RecordedEvent {
    let us = at.as_microsecond();
    let parts = EventParts { occurred_us: us, recorded_us: us, ..first_parts() };
    testing::recorded(parts, stream, event_type, &[], payload)
}

fn seen(at: Timestamp) -> Option<Observation> {
    Some(Observation {
        id: "m/bhs/1/0".to_owned(),
        source: "bhs".to_owned(),
        station: "SZX".to_owned(),
        observed_at: Some(timestamp_message(at)),
        ..Default::default()
    })
}

fn stepped(step: LoadingStep, at: Timestamp) -> RecordedEvent {
    let moved = stored::LoadingMoved { observation: seen(at), step: step.into() };
    event(&format!("loading-{FLIGHT}"), "baggage.LoadingMoved", &moved.encode_to_vec(), at)
}

fn moved(id: &str, step: ContainerStep, flight: &str, compartment: &str, at: Timestamp) -> RecordedEvent {
    let moved = stored::ContainerMoved {
        observation: seen(at),
        step: step.into(),
        flight: flight.to_owned(),
        compartment: compartment.to_owned(),
    };
    event(&format!("container-{id}"), "baggage.ContainerMoved", &moved.encode_to_vec(), at)
}

fn departed(id: &str, at: Timestamp) -> RecordedEvent {
    event(&format!("flight-{id}"), "flights.FlightDeparted", &[], at)
}

fn folded(events: impl IntoIterator<Item = RecordedEvent>) -> Loads {
    let mut loads = Loads::default();
    events.into_iter().for_each(|event| loads.apply(&event).unwrap());
    loads
}

#[test]
fn the_step_that_happened_last_counts_whatever_came_last() {
    let opened = || stepped(LoadingStep::Opened, minute(1));
    let closed = || stepped(LoadingStep::Closed, minute(2));
    for events in [[opened(), closed()], [closed(), opened()]] {
        assert_eq!(folded(events).flight(flight(FLIGHT)).unwrap().step(), LoadingStep::Closed);
    }
    let id = "AKE12345ZH";
    let loaded = || moved(id, ContainerStep::Loaded, FLIGHT, "42", minute(2));
    let assigned = || moved(id, ContainerStep::Assigned, OTHER, "", minute(1));
    for events in [[assigned(), loaded()], [loaded(), assigned()]] {
        let loads = folded(events);
        let container = loads.container(id).unwrap();
        assert_eq!((container.step(), container.since), (ContainerStep::Loaded, Some(minute(2))));
        assert_eq!(container.hold_for(flight(FLIGHT)).as_deref(), Some("42"));
        assert_eq!(container.hold_for(flight(OTHER)), None);
    }
}

#[test]
fn a_flight_with_two_legs_has_left_those_who_wait_for_the_leg_that_it_left_on() {
    let leg = |origin: &str, departure: i64| flights::FlightLeg {
        origin: origin.into(),
        scheduled_departure: Some(timestamp_message(minute(departure))),
        ..Default::default()
    };
    let schedule =
        flights::FlightScheduled { legs: vec![leg("CAN", 0), leg("SZX", 90)], ..Default::default() };
    let stream = format!("flight-{FLIGHT}");
    let scheduled = || event(&stream, "flights.FlightScheduled", &schedule.encode_to_vec(), minute(0));
    let left = |at| event(&stream, "flights.FlightDeparted", &[], minute(at));
    let has_left = |events: Vec<RecordedEvent>, here: &str| {
        folded(events).flight(flight(FLIGHT)).unwrap().has_left(here.parse().ok())
    };
    assert!(has_left(vec![scheduled(), left(5)], "CAN"));
    assert!(!has_left(vec![scheduled(), left(5)], "SZX"));
    assert!(has_left(vec![scheduled(), left(5), left(95)], "SZX"));
    assert!(has_left(vec![left(5)], "SZX"), "without a schedule it has left");
}

#[test]
fn a_flight_that_left_or_does_not_operate_is_known() {
    let told = |event_type: &str| event(&format!("flight-{FLIGHT}"), event_type, &[], minute(3));
    let loads = folded([told("flights.FlightDeparted"), told("flights.GateAssigned")]);
    let load = loads.flight(flight(FLIGHT)).unwrap();
    assert_eq!((load.departed_at, load.is_cancelled), (Some(minute(3)), false));
    let back = [told("flights.FlightDeparted"), told("flights.FlightReturned")];
    assert_eq!(folded(back).flight(flight(FLIGHT)).unwrap().departed_at, None, "it is to leave again");
    let loads = folded([told("flights.FlightCancelled")]);
    assert!(loads.flight(flight(FLIGHT)).unwrap().is_cancelled);
    assert!(loads.flight(flight(OTHER)).is_none());
    let again = folded([told("flights.FlightCancelled"), told("flights.FlightScheduled")]);
    assert!(!again.flight(flight(FLIGHT)).unwrap().is_cancelled, "what is scheduled again is to fly");
}

#[test]
fn what_was_not_heard_of_for_thirty_days_is_forgotten() {
    let day = |number: i64| start().checked_add(SignedDuration::from_hours(24 * number)).unwrap();
    let of = |day: Timestamp| departed(FLIGHT, day);
    let box_one = "AKE1ZH";
    let assigned = |at| moved(box_one, ContainerStep::Assigned, FLIGHT, "", at);
    let others = |number| {
        [departed(OTHER, day(number)), moved("AKE2ZH", ContainerStep::Assigned, "", "", day(number))]
    };
    let loads = folded([of(day(0)), assigned(day(0))].into_iter().chain(others(30)));
    assert!(loads.flight(flight(FLIGHT)).is_some() && loads.container(box_one).is_some());
    let loads = folded([of(day(0)), assigned(day(0))].into_iter().chain(others(31)));
    assert!(loads.flight(flight(FLIGHT)).is_none() && loads.container(box_one).is_none());
    let heard_again = [of(day(0)), assigned(day(0)), of(day(20)), assigned(day(20))];
    let loads = folded(heard_again.into_iter().chain(others(31)));
    assert!(loads.flight(flight(FLIGHT)).is_some() && loads.container(box_one).is_some());
}

#[test]
fn an_event_of_a_newer_version_or_with_damaged_bytes_is_no_fact() {
    let mut loads = Loads::default();
    let broken = event(&format!("loading-{FLIGHT}"), "baggage.LoadingMoved", &[0xff], minute(1));
    assert!(loads.apply(&broken).is_err());
    let parts = EventParts { schema_version: 2, ..first_parts() };
    let newer = testing::recorded(parts, "container-AKE1ZH", "baggage.ContainerMoved", &[], &[]);
    assert!(loads.apply(&newer).is_err());
}

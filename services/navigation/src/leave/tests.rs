//! When to leave, by what a flight tells and how long the way is.

use airside_wayfinding::{Step, StepKind};

use super::*;
use crate::project::boards::Boards;

const WAY: Way = Way { walking_s: 540.0, waiting_s: 120.0 };

fn flight(stage: Stage) -> Signs {
    let departs = "2026-11-20T08:00:00Z".parse().ok();
    let mut flight = Signs::leaving(departs);
    flight.stage = stage;
    flight
}

fn at(now: &str, stage: Stage) -> Leave {
    leave(now.parse().unwrap(), &flight(stage), &WAY).unwrap()
}

#[test]
fn one_leaves_so_that_the_gate_is_reached_with_the_reserve_before_it_closes() {
    let told = at("2026-11-20T07:00:00Z", Stage::Waiting);
    assert_eq!(told.boarding.to_string(), "2026-11-20T07:20:00Z");
    assert_eq!(told.closes.to_string(), "2026-11-20T07:45:00Z");
    // Eleven minutes on the way, five and a quarter of the two minutes of waiting on top.
    assert_eq!(told.leave_by.unwrap().to_string(), "2026-11-20T07:28:30Z");
    assert_eq!((told.minutes_left, told.too_late), (28, false));
    assert_eq!(told.certainty, Certainty::Scheduled);
    let english = told.text(&WAY, "Gate A3", "CZ3101", Language::En);
    assert_eq!(english, "Leave within 28 min: Gate A3 is 11 min away");
    assert_eq!(told.text(&WAY, "A3登机口", "CZ3101", Language::ZhCn), "请在28分钟内出发：到A3登机口需11分钟");
}

#[test]
fn who_cannot_be_there_before_it_closes_is_told_so() {
    let in_time = at("2026-11-20T07:34:00Z", Stage::Boarding);
    assert_eq!((in_time.too_late, in_time.minutes_left), (false, 0));
    assert!(in_time.text(&WAY, "Gate A3", "CZ3101", Language::En).starts_with("Leave now"));
    let late = at("2026-11-20T07:34:01Z", Stage::Boarding);
    assert!(late.too_late);
    assert!(late.text(&WAY, "Gate A3", "CZ3101", Language::En).starts_with("It is too late"));
    assert!(late.text(&WAY, "A3登机口", "CZ3101", Language::ZhCn).starts_with("已来不及"));
}

#[test]
fn how_far_a_flight_has_come_is_how_sure_the_time_is() {
    for (stage, certainty) in [
        (Stage::Waiting, Certainty::Scheduled),
        (Stage::Boarding, Certainty::Boarding),
        (Stage::FinalCall, Certainty::FinalCall),
        (Stage::Gone, Certainty::Gone),
        (Stage::Cancelled, Certainty::Cancelled),
    ] {
        let told = at("2026-11-20T06:00:00Z", stage);
        assert_eq!(told.certainty, certainty);
        assert_eq!(told.leave_by.is_none(), matches!(stage, Stage::Gone | Stage::Cancelled));
        assert_eq!(told.too_late, told.leave_by.is_none());
        for language in [Language::En, Language::ZhCn] {
            assert!(!told.text(&WAY, "A3", "CZ3101", language).is_empty());
        }
    }
    let mut late = flight(Stage::Waiting);
    late.is_estimated = true;
    let told = leave("2026-11-20T06:00:00Z".parse().unwrap(), &late, &WAY).unwrap();
    assert_eq!(told.certainty, Certainty::Estimated);
}

#[test]
fn a_flight_without_a_time_gives_none() {
    let now = "2026-11-20T06:00:00Z".parse().unwrap();
    assert_eq!(leave(now, &Signs::default(), &WAY), None);
    assert_eq!(Boards::default().next_from(&["A3"], now), None);
}

#[test]
fn being_checked_and_every_wait_counts_as_waiting_and_walking_through_a_hall_does_not() {
    let step = |kind, seconds, wait_s, check_s| Step {
        kind,
        text: String::new(),
        distance_m: 0.0,
        seconds,
        wait_s,
        check_s,
        ordinal: 0,
        end_ordinal: 0,
        span: None,
        landmarks: vec![],
        sign: None,
        feature: None,
        direction: None,
        zone: None,
    };
    let steps = vec![
        step(StepKind::Walk, 100.0, 0.0, 0.0),
        step(StepKind::Border, 90.0, 40.0, 30.0),
        step(StepKind::Security, 240.0, 180.0, 45.0),
        step(StepKind::Lift, 50.0, 20.0, 0.0),
        step(StepKind::Customs, 30.0, 0.0, 10.0),
        step(StepKind::TurnLeft, 15.0, 5.0, 0.0),
    ];
    let route = Route { seconds: 525.0, steps, ..Route::default() };
    assert_eq!(Way::of(&route), Way { walking_s: 195.0, waiting_s: 330.0 });
}

//! What is said, in both languages.

use super::*;

fn check_stroll(said: &Stroll<'_>, english: &str, chinese: &str) {
    assert_eq!(stroll(said, En), english);
    assert_eq!(stroll(said, ZhCn), chinese);
}

#[test]
fn a_walk_says_turn_landmark_length_rooms_and_what_is_passed_in_this_order() {
    let said = Stroll {
        turns: vec![Way::Left],
        at: Some("木棉书店".into()),
        metres: 52.0,
        into: Some("B指廊".into()),
        passing: Some(("灯影咖啡".into(), Direction::Right)),
        ..Stroll::default()
    };
    check_stroll(
        &said,
        "Turn left at 木棉书店 and walk 50 m into B指廊, passing 灯影咖啡 on your right",
        "在木棉书店处左转，直行50米，进入B指廊，途经右侧的灯影咖啡",
    );
}

#[test]
fn who_leaves_a_lift_is_told_where_to_turn() {
    let out =
        |turns| Stroll { out_of: Some(OutOf::Ride(Ride::Lift)), turns, metres: 12.4, ..Stroll::default() };
    check_stroll(&out(vec![Way::Left]), "Leave the lift, turn left and walk 12 m", "出电梯后左转，直行12米");
    check_stroll(&out(vec![]), "Leave the lift and walk 12 m straight ahead", "出电梯后直行12米");
    check_stroll(
        &out(vec![Way::Right, Way::Left]),
        "Leave the lift, turn right, then left and walk 12 m",
        "出电梯后右转，再左转，直行12米",
    );
}

#[test]
fn a_sign_that_points_is_followed_and_a_wheelchair_does_not_walk() {
    let said =
        Stroll { metres: 104.0, follow: Some("To arrivals".into()), wheelchair: true, ..Stroll::default() };
    assert_eq!(stroll(&said, En), "Go 100 m, following the signs to arrivals");
}

#[test]
fn a_ride_is_called_by_its_sign_and_says_where_it_leads() {
    let riding = |kind, name, rise| Riding { kind, turns: vec![], name, rise, level: "3F" };
    let both = |said: &Riding<'_>| [ride(said, En), ride(said, ZhCn)];
    assert_eq!(both(&riding(Ride::Lift, Some("Lift L3"), 2)), ["Take lift L3 up to 3F", "乘L3电梯上到3层"]);
    assert_eq!(both(&riding(Ride::Lift, Some("电梯L3"), -1))[1], "乘L3电梯下到3层");
    let stairs = riding(Ride::Stairs, None, 2);
    assert_eq!(both(&stairs), ["Take the stairs up 2 levels to 3F", "走楼梯上到3层（共2层）"]);
    let named = riding(Ride::Lift, Some("Lift to platform 1"), -1);
    assert_eq!(ride(&named, En), "Take the lift to platform 1 down to 3F");
}

#[test]
fn lengths_are_said_as_people_say_them() {
    let said = [0.2, 3.4, 17.0, 23.0, 96.0, 98.0, 284.0].map(rounded);
    assert_eq!(said, [1.0, 3.0, 17.0, 25.0, 95.0, 100.0, 280.0]);
}

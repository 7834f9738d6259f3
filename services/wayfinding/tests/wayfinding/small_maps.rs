//! Rules of doors, zones and shafts, each on a map drawn for it.

use airside_wayfinding::{
    Barrier, BarrierKind, Language, Outcome, Overlay, Profile, Reason, Rights, Severity, Source, Who, check,
};

use crate::testville::town::{Town, rect};
use crate::{Venue, texts};

/// Three rooms in a row, a place in each.
///
/// ```text
/// y 10 +--west--+--mid---+--east--+
///      |  W     |  M     |  E     |
/// y  0 +--------+--------+--------+
///      0        10       20       30
/// ```
fn row() -> Town {
    let mut town = Town::new();
    town.level(0, "Ground", "首层");
    for (key, west) in [("west", 0.0), ("mid", 10.0), ("east", 20.0)] {
        town.unit(0, key, "room", key, key, &[rect(west, 0.0, west + 10.0, 10.0)]);
        town.amenity(0, key, "information", &format!("{key} desk"), key, "", [west + 5.0, 5.0], &[key]);
    }
    town
}

fn door(town: &mut Town, key: &str, x: f64, width_m: f64) {
    town.door(0, key, "pedestrian", [x, 5.0 - width_m / 2.0], [x, 5.0 + width_m / 2.0]);
}

fn rules(town: Town) -> Vec<(&'static str, Severity)> {
    let mut rules: Vec<_> =
        check(&Source::from_files(town.files())).iter().map(|f| (f.rule, f.severity)).collect();
    rules.dedup();
    rules
}

#[test]
fn a_way_leads_through_doors_and_is_as_long_as_it_is() {
    let mut town = row();
    door(&mut town, "west-mid", 10.0, 1.0);
    door(&mut town, "mid-east", 20.0, 1.0);
    let route = Venue::drawn(town).walk("west desk", "east desk");
    assert!((route.length_m - 20.0).abs() < 0.01, "{}", route.length_m);
    assert!((route.seconds - 20.0 / 1.34).abs() < 0.01);
}

#[test]
fn a_way_to_where_one_stands_is_nothing_and_never_less() {
    let mut town = row();
    door(&mut town, "west-mid", 10.0, 1.0);
    let route = Venue::drawn(town).walk("west desk", "west desk");
    assert_eq!((route.length_m.to_bits(), route.seconds.to_bits()), (0, 0), "not even minus nothing");
}

#[test]
fn rooms_without_a_door_between_are_disconnected() {
    let mut town = row();
    door(&mut town, "west-mid", 10.0, 1.0);
    let venue = Venue::drawn(town);
    let (reason, text) = venue.refused("west desk", "east desk", Profile::Walk);
    assert_eq!((reason, text.as_str()), (Reason::Disconnected, "The map shows no way between the two"));
}

#[test]
fn a_door_narrower_than_80_cm_stops_a_wheelchair_and_nobody_else() {
    let mut town = row();
    door(&mut town, "west-mid", 10.0, 0.79);
    door(&mut town, "mid-east", 20.0, 0.8001);
    let venue = Venue::drawn(town);
    venue.walk("west desk", "mid desk");
    venue.roll("mid desk", "east desk");
    assert_eq!(venue.refused("west desk", "mid desk", Profile::Wheelchair).0, Reason::NoAccessibleWay);
    let mut town = row();
    door(&mut town, "west-mid", 10.0, 0.79);
    door(&mut town, "mid-east", 20.0, 0.9);
    assert_eq!(
        rules(town),
        [("opening-narrow", Severity::Warning), ("place-not-accessible", Severity::Warning)]
    );
}

#[test]
fn a_place_without_a_door_is_reported_as_unreachable() {
    let mut town = row();
    door(&mut town, "west-mid", 10.0, 1.0);
    assert_eq!(rules(town), [("place-unreachable", Severity::Warning)]);
}

#[test]
fn a_door_inside_one_room_joins_nothing_and_a_door_to_the_outside_one_room() {
    let mut town = row();
    door(&mut town, "west-mid", 10.0, 1.0);
    door(&mut town, "mid-east", 20.0, 1.0);
    door(&mut town, "outside", 30.0, 1.0);
    assert_eq!(rules(town), [("opening-one-sided", Severity::Warning)]);
    let mut town = row();
    door(&mut town, "far", 35.0, 1.0);
    assert!(rules(town).contains(&("opening-joins-nothing", Severity::Violation)));
}

/// Draws the row with two doors and one word of one file changed.
fn row_with(file: &str, from: &str, to: &str) -> Venue {
    let mut town = row();
    door(&mut town, "west-mid", 10.0, 1.0);
    door(&mut town, "mid-east", 20.0, 1.0);
    let mut files = town.files();
    let (_, text) = files.iter_mut().find(|(name, _)| name == file).unwrap();
    *text = text.replacen(from, to, 2).replacen(to, from, 1);
    Venue::of(files)
}

#[test]
fn who_stands_in_a_closed_room_is_led_out_by_its_door_and_not_through_the_wall() {
    let mut town = row();
    town.unit(0, "far", "room", "far", "far", &[rect(30.0, 0.0, 40.0, 10.0)]);
    door(&mut town, "west-mid", 10.0, 1.0);
    door(&mut town, "east-far", 30.0, 1.0);
    let venue = Venue::drawn(town);
    // A metre from the wall behind which the east room is.
    let here = [114.6 + 19.0 / 103_117.0, 22.2 + 5.0 / 110_733.0];
    let snap = |overlay: &Overlay| venue.snapshot.snap(overlay, Who::default(), here, 0).unwrap();
    let unit = venue.snapshot.unit_of(&snap(&Overlay::open())).cloned();
    let closed = Overlay::closing(&venue.snapshot, unit.clone());
    let led = snap(&closed);
    assert_ne!(venue.snapshot.unit_of(&led), unit.as_ref());
    assert!(led.at.x < -9.9 && led.gap_m > 8.9, "{led:?}: the west room is 10 m west of the middle");
}

#[test]
fn a_restricted_unit_is_not_walked_through() {
    let restricted = "\"restriction\":\"employeesonly\"";
    let venue = row_with("unit.geojson", "\"restriction\":null", restricted);
    let (reason, text) = venue.refused("west desk", "east desk", Profile::Walk);
    assert!(matches!(reason, Reason::ZoneForbidden(Barrier { kind: BarrierKind::Staff, .. })), "{reason:?}");
    assert_eq!(text, "The only way leads through an area for staff alone");
    venue.walk_as(Rights::Staff, "west desk", "east desk");
}

#[test]
fn a_locked_door_is_not_led_through_and_a_guarded_one_is() {
    let locked = "\"access_control\":[\"badgereader\"]";
    let venue = row_with("opening.geojson", "\"access_control\":null", locked);
    let (reason, _) = venue.refused("west desk", "east desk", Profile::Walk);
    assert!(matches!(reason, Reason::ZoneForbidden(Barrier { kind: BarrierKind::Staff, .. })), "{reason:?}");
    venue.walk_as(Rights::Staff, "west desk", "east desk");
    let guarded = "\"access_control\":[\"guard\"]";
    row_with("opening.geojson", "\"access_control\":null", guarded).walk("west desk", "east desk");
}

#[test]
fn a_zone_is_not_entered_without_a_checkpoint() {
    let mut town = row();
    door(&mut town, "west-mid", 10.0, 1.0);
    door(&mut town, "mid-east", 20.0, 1.0);
    town.zone("presecurity", "Landside", "公共区", 0, &[rect(0.0, 0.0, 10.0, 10.0)]);
    town.zone("postsecurity", "Airside", "隔离区", 0, &[rect(10.0, 0.0, 30.0, 10.0)]);
    let venue = Venue::drawn(town);
    assert!(venue.barrier("west desk", "east desk").is_some());
    assert!(venue.barrier("east desk", "west desk").is_some());
    venue.walk("mid desk", "east desk");
}

#[test]
fn security_is_passed_one_way() {
    let mut town = row();
    door(&mut town, "west-mid", 10.0, 1.0);
    door(&mut town, "mid-east", 20.0, 1.0);
    town.zone("presecurity", "Landside", "公共区", 0, &[rect(0.0, 0.0, 20.0, 10.0)]);
    town.zone("postsecurity", "Airside", "隔离区", 0, &[rect(20.0, 0.0, 30.0, 10.0)]);
    town.section("security", "Security", "安检", 0, rect(10.0, 0.0, 20.0, 10.0));
    let venue = Venue::drawn(town);
    assert!(texts(&venue.walk("west desk", "east desk")).join("; ").contains("o through "));
    assert!(venue.barrier("east desk", "west desk").is_some());
}

/// Two levels with a hall each and a shaft unit at the same spot.
fn tower(category: &str, shift_m: f64) -> Town {
    let mut town = Town::new();
    for (level, shift_m) in [(0, 0.0), (1, shift_m)] {
        town.level(level, "Level", "层");
        town.unit(level, "hall", "walkway", "Hall", "大厅", &[rect(-5.0, 0.0, 30.0, 10.0)]);
        town.unit(level, "shaft", category, "", "", &[rect(shift_m, 10.0, 4.0 + shift_m, 14.0)]);
        town.door(level, "shaft", "pedestrian", [1.0 + shift_m, 10.0], [2.2 + shift_m, 10.0]);
        let desk = format!("desk {level}");
        town.amenity(level, &desk, "information", &desk, &desk, "", [20.0, 5.0], &["hall"]);
    }
    town
}

#[test]
fn stairs_over_each_other_are_joined_and_a_wheelchair_does_not_take_them() {
    let venue = Venue::drawn(tower("stairs", 2.0));
    assert_eq!(venue.walk("desk 0", "desk 1").levels, [0, 1]);
    assert_eq!(venue.refused("desk 0", "desk 1", Profile::Wheelchair).0, Reason::NoAccessibleWay);
}

#[test]
fn stairs_that_do_not_overlap_are_not_joined() {
    let venue = Venue::drawn(tower("stairs", 3.2));
    assert_eq!(venue.refused("desk 0", "desk 1", Profile::Walk).0, Reason::Disconnected);
    assert!(rules(tower("stairs", 3.2)).contains(&("shaft-alone", Severity::Warning)));
}

#[test]
fn a_lift_without_a_door_on_one_of_its_two_levels_reaches_nothing() {
    let mut files = tower("elevator", 0.0).files();
    let (_, openings) = files.iter_mut().find(|(name, _)| name == "opening.geojson").unwrap();
    let mut value: serde_json::Value = serde_json::from_str(openings).unwrap();
    value["features"].as_array_mut().unwrap().truncate(1);
    *openings = value.to_string();
    let findings = check(&Source::from_files(files));
    assert!(findings.iter().any(|finding| finding.rule == "shaft-without-way"), "{findings:?}");
    assert!(!rules(tower("elevator", 0.0)).iter().any(|(rule, _)| *rule == "shaft-without-way"));
}

#[test]
fn a_lift_carries_everybody() {
    let venue = Venue::drawn(tower("elevator", 0.0));
    assert!(texts(&venue.roll("desk 0", "desk 1")).join("; ").contains("ake the lift up to 2F"));
    assert!(texts(&venue.walk("desk 1", "desk 0")).join("; ").contains("ake the lift down to 1F"));
}

#[test]
fn an_escalator_runs_the_way_its_relationship_says() {
    let mut town = tower("escalator", 0.0);
    town.one_way("escalator", ("shaft", 0), ("shaft", 1));
    let venue = Venue::drawn(town);
    assert!(texts(&venue.walk("desk 0", "desk 1")).join("; ").contains("ake the escalator up to 2F"));
    assert!(matches!(
        venue.refused("desk 1", "desk 0", Profile::Walk).0,
        Reason::Disconnected | Reason::ZoneForbidden(_)
    ));
    assert!(rules(tower("escalator", 0.0)).contains(&("escalator-undirected", Severity::Warning)));
}

#[test]
fn a_line_never_leaves_its_unit() {
    let mut town = Town::new();
    town.level(0, "Ground", "首层");
    let horseshoe = vec![
        [0.0, 0.0],
        [30.0, 0.0],
        [30.0, 20.0],
        [20.0, 20.0],
        [20.0, 5.0],
        [10.0, 5.0],
        [10.0, 20.0],
        [0.0, 20.0],
    ];
    town.unit(0, "hall", "walkway", "Hall", "大厅", &[horseshoe]);
    town.amenity(0, "a", "information", "a desk", "", "", [5.0, 18.0], &["hall"]);
    town.amenity(0, "b", "information", "b desk", "", "", [25.0, 18.0], &["hall"]);
    town.door(0, "out", "pedestrian.principal", [0.0, 1.0], [0.0, 2.0]);
    let route = Venue::drawn(town).walk("a desk", "b desk");
    // Around the two inner corners, a body's clearance from each.
    let shortest_m = 2.0 * 5.0_f64.hypot(13.0) + 10.0;
    assert!(route.length_m > shortest_m && route.length_m < shortest_m + 1.5, "{}", route.length_m);
    assert_eq!(route.line[0].coordinates.len(), 4);
}

/// Two rooms north and south of a corridor that nobody drew, a fence on it where `fence` says.
///
/// ```text
/// y 16 +---north---+
/// y 10 +----| |----+
///      |  corridor |
/// y  6 +----| |----+
/// y  0 +---south---+
///      0           20
/// ```
fn taken_for_granted(zones: &[(&str, f64, f64)]) -> Town {
    let mut town = Town::new();
    town.level(0, "Ground", "首层");
    town.outline(0, rect(0.0, 0.0, 20.0, 16.0));
    for (key, south, door) in [("south", 0.0, 6.0), ("north", 10.0, 10.0)] {
        town.unit(0, key, "room", key, key, &[rect(0.0, south, 20.0, south + 6.0)]);
        town.amenity(0, key, "information", &format!("{key} desk"), key, "", [10.0, south + 3.0], &[key]);
        town.door(0, key, "pedestrian", [9.5, door], [10.5, door]);
    }
    for (category, south, north) in zones {
        town.zone(category, "Zone", "区", 0, &[rect(-1.0, *south, 21.0, *north)]);
    }
    town
}

#[test]
fn a_corridor_that_nobody_drew_is_walked_and_said() {
    assert_eq!(rules(taken_for_granted(&[])), [("walkway-implied", Severity::Warning)]);
    let route = Venue::drawn(taken_for_granted(&[])).walk("south desk", "north desk");
    assert!((route.length_m - 10.0).abs() < 0.01, "{}", route.length_m);
    let mut narrow = Town::new();
    narrow.level(0, "Ground", "首层");
    narrow.outline(0, rect(0.0, 0.0, 20.0, 12.6));
    for (key, south) in [("south", 0.0), ("north", 6.6)] {
        narrow.unit(0, key, "room", key, key, &[rect(0.0, south, 20.0, south + 6.0)]);
    }
    narrow.door(0, "wall", "pedestrian", [9.0, 6.3], [11.0, 6.3]);
    assert_eq!(rules(narrow), [], "the wall between two rooms is no corridor");
}

#[test]
fn floor_that_nobody_drew_never_leads_past_security() {
    let across = taken_for_granted(&[("presecurity", -1.0, 8.0), ("postsecurity", 8.0, 17.0)]);
    let venue = Venue::drawn(across);
    assert_eq!(venue.refused("south desk", "north desk", Profile::Walk).0, Reason::Disconnected);
    let outside = taken_for_granted(&[("presecurity", -1.0, 6.0), ("postsecurity", 10.0, 17.0)]);
    let found = rules(outside);
    assert!(found.contains(&("level-uncovered", Severity::Warning)), "{found:?}");
    assert!(!found.iter().any(|(rule, _)| *rule == "walkway-implied"), "it lies in no zone");
    let one = taken_for_granted(&[("presecurity", -1.0, 17.0)]);
    assert!(rules(one).contains(&("walkway-implied", Severity::Warning)));
}

/// Draws two houses on a lawn, each a hall with a door in the wall to the east.
fn two_houses() -> Town {
    let mut town = Town::new();
    town.level(0, "Ground", "地面");
    for (key, west) in [("west", 0.0), ("east", 40.0)] {
        let walls = rect(west, 0.0, west + 20.0, 10.0);
        town.unit(0, key, "walkway", key, key, &[walls]);
        town.door(0, key, "pedestrian.principal", [west + 20.0, 4.0], [west + 20.0, 6.0]);
        let name = format!("{key} desk");
        town.amenity(0, &name, "information", &name, &name, "", [west + 10.0, 5.0], &[key]);
    }
    town
}

fn houses() -> Vec<Vec<[f64; 2]>> {
    vec![rect(0.0, 0.0, 20.0, 10.0), rect(40.0, 0.0, 60.0, 10.0)]
}

#[test]
fn one_walks_from_house_to_house_over_ground_that_nobody_drew_around_the_walls() {
    let mut town = two_houses();
    town.campus(&houses());
    let venue = Venue::drawn(town);
    for route in [venue.walk("west desk", "east desk"), venue.roll("east desk", "west desk")] {
        // 10 m to the door, 20 m over the lawn, past the house to the door at its far side, and back in.
        assert!((65.0..68.0).contains(&route.length_m), "{route:?}");
        assert_eq!(route.levels, [0]);
        let houses: Vec<_> = route.line.iter().map(|line| line.level_id.as_str() == "outdoors").collect();
        assert_eq!(houses, [false, true, false]);
        let seconds: f64 = route.steps.iter().map(|step| step.seconds).sum();
        assert!((seconds - route.seconds).abs() < 1e-6, "{route:?}");
    }
    let here = format!("{},{},0", 114.6 + 30.0 / 103_117.0, 22.2 + 5.0 / 110_733.0);
    assert!((18.0..22.0).contains(&venue.walk(&here, "west desk").length_m), "from the lawn");
}

#[test]
fn where_the_map_joins_nothing_one_is_led_as_near_as_one_can_come() {
    let venue = Venue::drawn(two_houses());
    let outcome = venue.ask("west desk", "east desk", Profile::Walk, Language::En).unwrap();
    let Outcome::NotFound { reason: Reason::Disconnected, as_far_as: Some(point), .. } = outcome else {
        panic!("{outcome:?}")
    };
    let [east_m, _] = [(point.lon_lat[0] - 114.6) * 103_117.0, (point.lon_lat[1] - 22.2) * 110_733.0];
    assert!((19.0..21.0).contains(&east_m), "the door to the east: {point:?}");
    assert!((9.0..11.0).contains(&point.route.length_m), "{point:?}");
}

#[test]
fn nobody_is_led_over_ground_that_nobody_drew_at_an_airport_or_past_a_zone() {
    let airport = Venue::drawn(two_houses());
    assert_eq!(airport.refused("west desk", "east desk", Profile::Walk).0, Reason::Disconnected);
    let mut zoned = two_houses();
    zoned.campus(&houses());
    zoned.zone("postsecurity", "Airside", "隔离区", 0, &[rect(39.0, -1.0, 61.0, 11.0)]);
    let zoned = Venue::drawn(zoned);
    assert_eq!(zoned.refused("west desk", "east desk", Profile::Walk).0, Reason::Disconnected);
}

#[test]
fn a_closed_unit_without_a_name_is_called_by_what_is_in_it_or_else_by_its_level() {
    for (kiosk, called) in [(false, "an area on 1F"), (true, "Kiosk")] {
        let mut town = Town::new();
        town.level(0, "Ground", "地面");
        for (number, key) in (0_u8..).zip(["a", "b", "c"]) {
            let west = 10.0 * f64::from(number);
            town.unit(0, key, "room", "", "", &[rect(west, 0.0, west + 10.0, 10.0)]);
            let name = format!("{key} desk");
            if key != "b" {
                town.amenity(0, &name, "information", &name, &name, "", [west + 5.0, 5.0], &[key]);
            }
        }
        door(&mut town, "a-b", 10.0, 1.0);
        door(&mut town, "b-c", 20.0, 1.0);
        if kiosk {
            town.shop(0, "b", "retail", "Kiosk", "小卖部", [15.0, 8.0]);
        }
        let mut venue = Venue::drawn(town);
        let middle = [114.6 + 15.0 / 103_117.0, 22.2 + 5.0 / 110_733.0];
        let snapped = venue.snapshot.snap(&Overlay::open(), Who::default(), middle, 0).unwrap();
        let unit = venue.snapshot.unit_of(&snapped).cloned();
        venue.overlay = Overlay::closing(&venue.snapshot, unit);
        let (_, text) = venue.refused("a desk", "c desk", Profile::Walk);
        assert_eq!(text, format!("The way is closed: {called}"));
    }
}

#[test]
fn who_stands_where_one_may_not_be_is_led_from_the_nearest_door_and_told_how_far_that_is() {
    let venue = row_with("unit.geojson", "\"restriction\":null", "\"restriction\":\"employeesonly\"");
    let here = format!("{},{},0", 114.6 + 13.0 / 103_117.0, 22.2 + 5.0 / 110_733.0);
    let route = venue.walk(&here, "west desk");
    assert!((2.9..3.5).contains(&route.start_off_m), "{route:?}");
    assert!((4.0..5.5).contains(&route.length_m), "from the door to the desk: {route:?}");
    assert!(route.steps[0].text.starts_with("The way begins about 3 m from you. "), "{route:?}");
    let back = venue.walk("west desk", &here);
    assert!((back.goal_off_m - route.start_off_m).abs() < 0.01, "{back:?}");
    let last = back.steps.last().unwrap();
    assert!(last.text.ends_with(". Where you want to be is about 3 m off the way"), "{back:?}");
}

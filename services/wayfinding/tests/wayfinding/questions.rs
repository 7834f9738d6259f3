//! What a passenger may say for a place, and what is answered when it makes no sense.

use airside_wayfinding::json::RouteReport;
use airside_wayfinding::{Language, Profile, RouteError};

use crate::Venue;

/// Degrees of a spot in testville's metres.
fn spot(x: f64, y: f64, ordinal: i32) -> String {
    format!("{},{},{ordinal}", 114.6 + x / 103_117.0, 22.2 + y / 110_733.0)
}

#[test]
fn a_position_snaps_to_a_way_of_its_own_unit() {
    let venue = Venue::testville();
    // Half a metre inside the café, behind the wall to the arrivals hall.
    let route = venue.walk(&spot(19.5, 30.5, 0), "Taxi");
    let first = route.line[0].coordinates[1];
    assert!(first[1] > 22.2 + 30.3 / 110_733.0, "it left through the wall: {first:?}");
}

#[test]
fn two_positions_on_one_way_are_joined_directly() {
    let route = Venue::testville().walk(&spot(-60.0, 36.0, 2), &spot(-60.0, 36.0, 2));
    assert!(route.length_m < 12.0, "{}", route.length_m);
}

#[test]
fn a_longer_walk_starts_where_the_passenger_stands() {
    let venue = Venue::testville();
    let near = venue.walk(&spot(-20.0, 36.0, 2), "A6");
    let far = venue.walk(&spot(40.0, 36.0, 2), "A6");
    assert!((far.length_m - near.length_m - 60.0).abs() < 8.0, "{} {}", far.length_m, near.length_m);
    let [lon, lat] = near.line[0].coordinates[0];
    assert!(
        (lon - (114.6 - 20.0 / 103_117.0)).abs() < 1e-9 && (lat - (22.2 + 36.0 / 110_733.0)).abs() < 1e-9
    );
}

#[test]
fn a_position_on_a_way_costs_its_share_of_it() {
    let venue = Venue::testville();
    for x in [-70.0, -45.0, -20.0, 10.0, 40.0] {
        for (from, to) in [(spot(x, 36.0, 2), "A6".to_owned()), ("A6".to_owned(), spot(x, 36.0, 2))] {
            let route = venue.walk(&from, &to);
            assert!((route.seconds - route.length_m / 1.34).abs() < 0.01, "{from} {to}");
            assert!(route.length_m < (x + 70.0_f64).hypot(5.0) + 8.0, "{from} {to}: {}", route.length_m);
        }
    }
}

#[test]
fn the_nearest_of_several_namesakes_is_the_goal() {
    let venue = Venue::testville();
    assert_eq!(venue.walk("Belt 4", "toilets").levels, [0]);
    assert_eq!(venue.walk("A6", "卫生间").levels, [2]);
    let ambiguous = venue.ask("Toilets", "A6", Profile::Walk, Language::En).unwrap_err();
    assert_eq!(
        ambiguous,
        RouteError::AmbiguousPlace { field: "from", reference: "Toilets".into(), count: 6 }
    );
}

#[test]
fn an_id_of_a_place_a_door_or_a_unit_is_a_place() {
    let venue = Venue::testville();
    let gate = venue.snapshot.search("A6", 1)[0].id.clone();
    let unit = venue.snapshot.graph().unit_id(0).unwrap().clone();
    venue.walk(gate.as_str(), "Metro");
    venue.walk("Metro", gate.as_str().to_uppercase().as_str());
    venue.walk("Metro", unit.as_str());
    let opening = venue.snapshot.graph().model().node_weights().next().unwrap().features[0].clone();
    venue.walk("Metro", opening.as_str());
}

#[test]
fn nonsense_is_refused_with_the_field_named() {
    let venue = Venue::testville();
    let ask =
        |from: &str, to: &str| venue.ask(from, to, Profile::Walk, Language::En).unwrap_err().to_string();
    assert!(ask("Metro", "Gate Z9").starts_with("to: no place is called \"Gate Z9\""));
    assert!(ask("", "A6").starts_with("from: no place"));
    assert!(ask("NaN,22.2,0", "A6").starts_with("from: no place"));
    assert!(ask("114.6,22.2,7", "A6").starts_with("from: no level has the ordinal 7; use one of [0, 1, 2]"));
    assert!(ask("Metro", "12.0,50.0,0").starts_with("to: the position is more than 30 m"));
    assert!(ask("Metro", "1e300,1e300,0").starts_with("to: the position is more than 30 m"));
}

#[test]
fn the_json_has_the_pinned_fields() {
    let venue = Venue::testville();
    let outcome = venue.ask("Metro", "A6", Profile::Walk, Language::En).unwrap();
    let json = serde_json::to_value(RouteReport::from(&outcome)).unwrap();
    for field in ["found", "reason", "length_m", "seconds", "levels", "steps", "line"] {
        assert!(json.get(field).is_some(), "{field}");
    }
    assert_eq!(json["steps"][2]["kind"], "escalator");
    assert_eq!(json["line"]["features"][0]["geometry"]["type"], "LineString");
    let venue = venue.closing(&["Lift L2"]);
    let outcome = venue.ask("Metro", "A6", Profile::Wheelchair, Language::ZhCn).unwrap();
    let json = serde_json::to_value(RouteReport::from(&outcome)).unwrap();
    assert_eq!(json["found"], false);
    assert_eq!(json["reason"]["kind"], "closed");
    assert_eq!(json["reason"]["text"], "通道已关闭：电梯L2");
}

//! A level as a picture: the same bytes always, well-formed whatever the map is called, and readable.

use airside_wayfinding::{Language, Profile, Snapshot, Source, draw};
use proptest::prelude::*;
use quick_xml::{Reader, events::Event};

use crate::{Venue, found, testville, testville::town::Town, testville::town::rect};

/// Returns the texts of a picture; fails when it is not well-formed.
fn texts(svg: &str) -> Vec<String> {
    let mut reader = Reader::from_str(svg);
    let (mut texts, mut open) = (Vec::new(), 0_i32);
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) => {
                open += 1;
                assert!(tag.attributes().all(|attribute| attribute.is_ok()));
                if tag.name().as_ref() == b"text" {
                    texts.push(String::new());
                }
            }
            Event::End(_) => open -= 1,
            Event::Text(text) if !texts.is_empty() => {
                texts.last_mut().unwrap().push_str(&text.decode().unwrap());
            }
            Event::GeneralRef(mark) => {
                texts.last_mut().unwrap().push_str(&format!("&{};", mark.decode().unwrap()));
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(open, 0, "every tag is closed");
    assert!(svg.chars().all(|c| c == '\n' || (' '..'\u{fffe}').contains(&c) || c > '\u{ffff}'));
    texts.iter().map(|text| text.trim().to_owned()).collect()
}

#[test]
fn a_level_is_drawn_as_it_was() {
    let venue = Venue::testville();
    let picture = draw::draw(&venue.snapshot, 1, None, Language::En);
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/testville-2F.svg");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(golden, &picture).unwrap();
    }
    let kept = std::fs::read_to_string(golden).unwrap();
    assert!(kept == picture, "{golden} differs; look at the new picture, then run with UPDATE_EXPECT=1");
}

#[test]
fn signs_and_names_are_in_the_language_that_is_asked_for() {
    let venue = Venue::testville();
    let english = texts(&draw::draw(&venue.snapshot, 2, None, Language::En));
    let chinese = texts(&draw::draw(&venue.snapshot, 2, None, Language::ZhCn));
    for (words, text) in
        [(&english, "Concourse"), (&english, "Lounge"), (&chinese, "候机厅"), (&chinese, "荔枝贵宾厅")]
    {
        assert!(words.iter().any(|word| word == text), "{text} is not in {words:?}");
    }
    for gate in ["A1", "A6", "B1", "B6"] {
        assert!(english.iter().any(|word| word == gate) && chinese.iter().any(|word| word == gate), "{gate}");
    }
}

#[test]
fn a_route_shows_where_it_begins_where_it_changes_level_and_where_it_ends() {
    let venue = Venue::testville();
    let route = venue.walk("Metro", "A6");
    let picture = |ordinal| draw::draw(&venue.snapshot, ordinal, Some(&route), Language::En);
    let (start, end) = ("fill=\"#1f9d57\"", "fill=\"#d83a34\"");
    let marks = [0, 1, 2].map(|ordinal| {
        let svg = picture(ordinal);
        (svg.contains(start), svg.contains(end), texts(&svg))
    });
    assert!(marks[0].0 && !marks[0].1 && marks[0].2.contains(&"↑ 2F".to_owned()));
    assert!(!marks[1].0 && !marks[1].1 && marks[1].2.contains(&"↑ 3F".to_owned()));
    assert!(!marks[2].0 && marks[2].1);
    assert!(marks[2].2.iter().any(|text| text.ends_with("Gate A6 is on your left")), "{:?}", marks[2].2);
}

#[test]
fn a_level_as_geojson_has_every_unit_place_and_lift_and_always_the_same_version() {
    let venue = Venue::testville();
    let plan = venue.snapshot.level_plan(1).unwrap();
    let json: serde_json::Value = serde_json::from_str(&plan.geojson).unwrap();
    let features = json["features"].as_array().unwrap();
    let count = |layer: &str| features.iter().filter(|f| f["properties"]["layer"] == layer).count();
    let places = venue.snapshot.places().iter().filter(|place| place.level == 1).count();
    assert_eq!((count("outline"), count("place")), (1, places));
    let counts = ["unit", "opening", "fixture", "shaft"].map(count);
    assert_eq!(counts, [16, 16, 0, 10]);
    let lanes = features.iter().filter(|f| f["properties"]["check"] == true);
    assert_eq!(lanes.count(), 3, "lanes of security");
    assert_eq!(Venue::testville().snapshot.level_plan(1), Some(plan.clone()));
    assert_ne!(venue.snapshot.level_plan(0).unwrap().version, plan.version);
    assert_eq!(venue.snapshot.level_plan(9), None);
}

#[test]
fn rings_of_a_plan_are_closed_and_their_outsides_run_to_the_left() {
    for ordinal in [0, 1, 2] {
        let plan = Venue::testville().snapshot.level_plan(ordinal).unwrap();
        let json: serde_json::Value = serde_json::from_str(&plan.geojson).unwrap();
        for feature in json["features"].as_array().unwrap() {
            let geometry = &feature["geometry"];
            if geometry["type"] != "Polygon" {
                continue;
            }
            let ring: Vec<[f64; 2]> = serde_json::from_value(geometry["coordinates"][0].clone()).unwrap();
            assert_eq!(ring.first(), ring.last(), "{feature}");
            let near = |at: &[f64; 2]| [at[0] - ring[0][0], at[1] - ring[0][1]];
            let around = ring.windows(2).map(|p| (near(&p[0]), near(&p[1])));
            assert!(around.map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum::<f64>() > 0.0, "{feature}");
        }
    }
}

#[test]
fn a_level_is_found_by_ordinal_and_by_sign_and_an_unknown_one_lists_the_known() {
    let snapshot = Venue::testville().snapshot;
    assert_eq!(draw::level_called(&snapshot, "1"), Ok(1));
    assert_eq!(draw::level_called(&snapshot, " 3f "), Ok(2));
    let unknown = draw::level_called(&snapshot, "9F").unwrap_err();
    assert_eq!(unknown.to_string(), "no level is called \"9F\"; use one of 0 (1F), 1 (2F), 2 (3F)");
    texts(&draw::draw(&snapshot, 9, None, Language::En));
}

#[test]
fn a_wheelchair_is_drawn_into_the_lift() {
    let venue = Venue::testville();
    let route = found(venue.ask("地铁", "B6", Profile::Wheelchair, Language::ZhCn));
    let words = texts(&draw::draw(&venue.snapshot, 0, Some(&route), Language::ZhCn));
    assert!(words.contains(&"↑ 2F".to_owned()) && words.contains(&"电梯".to_owned()), "{words:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_picture_is_well_formed_whatever_the_map_is_called(hall in "\\PC{1,40}", shop in ".{1,60}", gate in ".{1,9}") {
        let mut town = Town::new();
        town.level(0, &hall, &shop);
        town.unit(0, "hall", "lobby", &hall, &hall, &[rect(0.0, 0.0, 40.0, 20.0)]);
        town.unit(0, "shop", "room", &shop, &shop, &[rect(0.0, 20.0, 20.0, 30.0)]);
        town.door(0, "shop", "pedestrian", [9.0, 20.0], [11.0, 20.0]);
        town.door(0, "main", "pedestrian.principal", [19.0, 0.0], [21.0, 0.0]);
        town.shop(0, "shop", "shopping", &shop, &hall, [10.0, 25.0]);
        town.amenity(0, "gate", "boardinggate", &gate, &hall, &gate, [30.0, 10.0], &["hall"]);
        let venue = Venue::drawn(town);
        for language in [Language::En, Language::ZhCn] {
            texts(&draw::draw(&venue.snapshot, 0, None, language));
        }
    }

    #[test]
    fn features_in_another_order_give_the_same_picture(seed in any::<u64>()) {
        let mut files = testville::files();
        let turn = usize::try_from(seed % 15).unwrap();
        files.rotate_left(turn);
        let snapshot = Snapshot::from_source(&Source::from_files(files)).unwrap();
        let usual = Venue::testville();
        prop_assert!(
            draw::draw(&snapshot, 1, None, Language::En) == draw::draw(&usual.snapshot, 1, None, Language::En)
        );
    }
}

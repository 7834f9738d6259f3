//! A map from a stranger is refused with findings, or used; it never panics.

use airside_wayfinding::{Overlay, Profile, Snapshot, Source, check};
use proptest::prelude::*;

use crate::{Venue, networks, stations, testville};

/// Reads, checks, compiles and asks, as far as the map lets it.
fn use_it(files: Vec<(String, Vec<u8>)>) {
    let archive = Source::from_files(files);
    let findings = check(&archive);
    match Snapshot::from_source(&archive) {
        Ok(snapshot) => {
            let venue = Venue { snapshot, overlay: Overlay::open() };
            let _ = venue.ask("Metro", "A6", Profile::Walk, airside_wayfinding::Language::En);
            let _ = venue.snapshot.stats();
        }
        Err(refused) => assert!(!refused.findings.is_empty() && !findings.is_empty()),
    }
}

fn bytes() -> Vec<(String, Vec<u8>)> {
    testville::files().into_iter().map(|(name, text)| (name, text.into_bytes())).collect()
}

#[test]
fn known_horrors_are_refused_without_a_panic() {
    let horrors: [&str; 12] = [
        "",
        "null",
        "[]",
        "{\"features\":[null,1,\"x\",{},{\"id\":1},{\"id\":\"\"}]}",
        "{\"features\":[{\"id\":\"a\",\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[]}}]}",
        "{\"features\":[{\"id\":\"a\",\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[]]}}]}",
        "{\"features\":[{\"id\":\"a\",\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[[0],[0],[0],[0]]]}}]}",
        "{\"features\":[{\"id\":\"a\",\"geometry\":{\"type\":\"Point\",\"coordinates\":[NaN,0]}}]}",
        "{\"features\":[{\"id\":\"a\",\"geometry\":{\"type\":\"Point\",\"coordinates\":[1e999,0]}}]}",
        "{\"features\":[{\"id\":\"a\",\"properties\":{\"origin\":{\"id\":\"a\"},\"destination\":{\"id\":\"a\"},\
         \"unit_ids\":[\"a\"],\"anchor_id\":\"a\",\"level_id\":\"a\",\"category\":\"a\"}}]}",
        "{\"features\":[{\"id\":\"a\",\"geometry\":{\"type\":\"LineString\",\"coordinates\":[[0,0],[0,0]]}}]}",
        "\u{feff}{\"features\":{}}",
    ];
    for horror in horrors {
        for at in 0..bytes().len() {
            let mut files = bytes();
            files[at].1 = horror.as_bytes().to_vec();
            use_it(files);
        }
    }
    use_it(vec![]);
    use_it(vec![("unit.geojson".into(), vec![0xff, 0xfe]), ("x/unit.geojson".into(), vec![])]);
}

#[test]
fn deep_nesting_is_refused() {
    let mut files = bytes();
    files[3].1 = "[".repeat(200_000).into_bytes();
    use_it(files);
}

/// A ring of a million points in every format that draws one: refused, and soon.
#[test]
fn a_polygon_of_a_million_points_is_refused() {
    let ring = |east: f64, north: f64, scale: f64| {
        let points = (0..1_000_000_u32).map(|i| {
            let angle = f64::from(i) * std::f64::consts::TAU / 1e6;
            format!("[{},{}]", east + scale * angle.cos(), north + scale * angle.sin())
        });
        format!("[[{}]]", points.collect::<Vec<_>>().join(","))
    };
    let mut drawn = testville::files();
    let (_, units) = drawn.iter_mut().find(|(name, _)| name == "unit.geojson").unwrap();
    *units = with_polygon(units, &ring(114.6, 22.2, 0.001));
    let mut layers = networks::files();
    let (_, spaces) = layers.iter_mut().find(|(name, _)| name == "T1_Space.geojson").unwrap();
    *spaces = with_polygon(spaces, &ring(50_030.0, -25_970.0, 10.0));
    for files in [drawn, layers] {
        let findings = check(&Source::from_files(files));
        let refused = |finding: &airside_wayfinding::Finding| {
            ["geometry-bad", "feature-too-large"].contains(&finding.rule)
                && finding.severity == airside_wayfinding::Severity::Violation
        };
        assert!(findings.iter().any(refused), "{findings:?}");
    }
}

/// Replaces the coordinates of the first feature.
fn with_polygon(text: &str, coordinates: &str) -> String {
    let mut value: serde_json::Value = serde_json::from_str(text).unwrap();
    value["features"][0]["geometry"] = serde_json::json!({"type": "Polygon", "coordinates": []});
    let marked = value.to_string();
    assert!(marked.contains("\"coordinates\":[]"));
    marked.replacen("\"coordinates\":[]", &format!("\"coordinates\":{coordinates}"), 1)
}

#[test]
fn horrors_in_layers_and_tables_are_refused_without_a_panic() {
    let horrors = [
        "",
        "null",
        "\u{0}\u{0}",
        "{\"features\":[null,1,{\"properties\":{\"node_id\":\"a\",\"id\":\"a\",\"link_id\":\"a\",\"start_id\":\"a\",\"end_id\":\"a\"}}]}",
        "stop_id,stop_lat,stop_lon\n,,\n\"\n",
        "pathway_id,from_stop_id,to_stop_id,pathway_mode,is_bidirectional\na,a,a,5,1\na,b,a,99999999999,-1\n",
        "stop_id,stop_lat,stop_lon,location_type,parent_station\nin,inf,NaN,2,in\np1,1e308,-1e308,0,p1\n",
        "level_id,level_index\nS,1e300\nM,-inf\n",
    ];
    for files in [networks::files(), stations::files()] {
        for (at, horror) in (0..files.len()).flat_map(|at| horrors.iter().map(move |horror| (at, horror))) {
            let mut files = files.clone();
            files[at].1 = (*horror).to_owned();
            use_it(files.into_iter().map(|(name, text)| (name, text.into_bytes())).collect());
        }
    }
    for name in ["a_node.geojson", "stops.txt", "unit.geojson"] {
        use_it(vec![(name.to_owned(), "[".repeat(200_000).into_bytes())]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn flipped_bytes_never_panic(
        file in any::<prop::sample::Index>(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut files = bytes();
        let at = file.index(files.len());
        for (place, byte) in flips {
            let place = place.index(files[at].1.len());
            files[at].1[place] = byte;
        }
        use_it(files);
    }

    #[test]
    fn changed_numbers_and_words_never_panic(
        file in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        word in prop::sample::select(vec!["0", "-0.0", "1e300", "-180", "null", "\"\"", "[]", "{}", "true", "114.6"]),
    ) {
        let mut files = testville::files();
        let at = file.index(files.len());
        let text = &files[at].1;
        let ends: Vec<_> = text.match_indices([':', ',']).map(|(i, _)| i + 1).collect();
        let begin = *place.get(&ends);
        let end = text[begin..].find([',', ']', '}']).map_or(text.len(), |end| begin + end);
        files[at].1 = format!("{}{word}{}", &text[..begin], &text[end..]);
        use_it(files.into_iter().map(|(name, text)| (name, text.into_bytes())).collect());
    }

    #[test]
    fn removed_features_never_panic(
        file in any::<prop::sample::Index>(),
        line in any::<prop::sample::Index>(),
        count in 1_usize..5,
    ) {
        let mut files = testville::files();
        let at = file.index(files.len());
        let lines: Vec<_> = files[at].1.lines().map(str::to_owned).collect();
        let gone = line.index(lines.len());
        let kept = lines.iter().enumerate().filter(|(i, _)| !(gone..gone + count).contains(i));
        files[at].1 = kept.map(|(_, line)| line.as_str()).collect::<Vec<_>>().join("\n");
        use_it(files.into_iter().map(|(name, text)| (name, text.into_bytes())).collect());
    }

    #[test]
    fn flipped_bytes_of_layers_and_tables_never_panic(
        format in 0_usize..2,
        file in any::<prop::sample::Index>(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let files = if format == 0 { networks::files() } else { stations::files() };
        let mut files: Vec<_> = files.into_iter().map(|(name, text)| (name, text.into_bytes())).collect();
        let at = file.index(files.len());
        for (place, byte) in flips {
            let place = place.index(files[at].1.len());
            files[at].1[place] = byte;
        }
        use_it(files);
    }
}

//! Shuffled maps are the same map.

use proptest::prelude::*;

use super::*;

#[track_caller]
fn check(name: &str, from: &str, to: &str) {
    let canonical_form = canonical([(name, from)]);
    assert_eq!(canonical_form, [(name.to_owned(), to.as_bytes().to_vec())]);
    assert_eq!(canonical(canonical_form.clone()), canonical_form, "once is enough");
}

#[test]
fn features_stand_in_order_and_say_what_they_said() {
    check(
        "unit.geojson",
        "\u{feff}{ \"type\": \"FeatureCollection\",\n \"features\": [ {\"id\": \"b\", \"at\": [1.50, -0.0]},\n\t{\"id\": \"a \\\" {\", \"n\": 1e3} ] }\r\n",
        r#"{"features":[{"id":"a \" {","n":1e3},{"id":"b","at":[1.50,-0.0]}],"type":"FeatureCollection"}"#,
    );
    check("manifest.json", "{ \"version\" : \"1.0.0\" }", r#"{"version":"1.0.0"}"#);
    check("unit.geojson", "{}", "{}");
    check("unit.geojson", "{\"features\": {\"a\": 1}}", "{\"features\":{\"a\":1}}");
}

#[test]
fn rows_stand_in_order_behind_their_header() {
    check(
        "stops.txt",
        "\u{feff}stop_id,stop_name\r\nb,\"two\r\nlines\"\r\n\r\na,one",
        "stop_id,stop_name\na,one\nb,\"two\r\nlines\"\n",
    );
    check("stops.txt", "", "");
}

#[test]
fn what_cannot_be_read_stays_and_what_no_format_wants_goes() {
    check("unit.geojson", "{\"features\": [", "{\"features\": [");
    check("unit.geojson", "[ 1 ]", "[ 1 ]");
    assert!(canonical([("notes.pdf", "x"), ("folder/", "")]).is_empty());
    let bare = canonical([("b/level.geojson", "{}"), ("a\\unit.geojson", "{}"), ("unit.geojson", "{ }")]);
    assert_eq!(
        bare.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["level.geojson", "unit.geojson", "unit.geojson"]
    );
}

proptest! {
    #[test]
    fn shuffled_files_and_features_give_the_same_bytes(
        order in Just((0..12_usize).collect::<Vec<_>>()).prop_shuffle(),
        names in Just(vec!["unit.geojson", "level.geojson", "stops.txt"]).prop_shuffle(),
        space in "[ \n\t]{0,3}",
    ) {
        let feature = |n: &usize| format!("{{{space}\"id\":{space}\"{n}\"{space}}}");
        let shuffled = |name: &&str| {
            let rows: Vec<_> = order.iter().map(|n| format!("{n},stop")).collect();
            let features: Vec<_> = order.iter().map(feature).collect();
            let text = match *name {
                "stops.txt" => format!("stop_id,stop_name\n{}", rows.join("\n")),
                _ => format!("{{\"features\":{space}[{}]{space}}}", features.join(",")),
            };
            ((*name).to_owned(), text)
        };
        let straight = (0..12).map(|n| format!("{{\"id\":\"{n}\"}}"));
        let mut straight: Vec<_> = straight.collect();
        straight.sort();
        let files = canonical(names.iter().map(shuffled));
        let collection = format!("{{\"features\":[{}]}}", straight.join(","));
        let rows: BTreeMap<_, _> = (0..12).map(|n| (format!("{n},stop"), ())).collect();
        let table = format!("stop_id,stop_name\n{}\n", rows.into_keys().collect::<Vec<_>>().join("\n"));
        let named = |name: &str, text: &str| (name.to_owned(), text.as_bytes().to_vec());
        prop_assert_eq!(
            &files,
            &[named("level.geojson", &collection), named("stops.txt", &table), named("unit.geojson", &collection)]
        );
        let again = canonical(files.clone().into_iter().rev());
        prop_assert_eq!(again, files);
    }

    #[test]
    fn foreign_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for name in ["unit.geojson", "stops.txt"] {
            let once = canonical([(name, &bytes)]);
            prop_assert_eq!(canonical(once.clone()), once);
        }
    }
}

//! What people type, and the places they mean.

use airside_wayfinding::Language;

use crate::Venue;

fn found(venue: &Venue, words: &str) -> Vec<String> {
    let places = venue.snapshot.search(words, 100);
    places.iter().map(|place| place.name.get(Language::En).unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_sign_is_found_whatever_its_case_width_and_blanks() {
    let venue = Venue::testville();
    for words in ["A3", "a3", "ａ３", "gate a3", "Gate-A3", "登机口 a3", "A3登机口", "gatea3"] {
        assert_eq!(found(&venue, words)[0], "Gate A3", "{words}");
    }
}

#[test]
fn signs_that_begin_alike_come_as_people_count_and_the_whole_sign_first() {
    let venue = Venue::testville();
    assert_eq!(found(&venue, "gate a"), ["Gate A1", "Gate A2", "Gate A3", "Gate A4", "Gate A5", "Gate A6"]);
    assert_eq!(found(&venue, "belt 2"), ["Belt 2"]);
}

#[test]
fn a_kind_is_found_by_what_people_call_it() {
    let venue = Venue::testville();
    for words in ["toilet", "WC", "washroom", "洗手间", "厕所", "cesuo", "restroom"] {
        let places = venue.snapshot.search(words, 100);
        assert_eq!(places.len(), 6, "{words}: {:?}", found(&venue, words));
        assert!(places.iter().all(|place| place.category == "restroom"), "{words}");
    }
    for (words, kind) in [("咖啡", "foodservice.coffee"), ("lift", "elevator"), ("地铁", "railway")] {
        assert_eq!(venue.snapshot.search(words, 1)[0].category, kind, "{words}");
    }
}

#[test]
fn characters_are_found_by_pinyin_and_by_its_initials() {
    let venue = Venue::testville();
    for words in ["haigangkafei", "haigang", "hai gang", "hgkf", "海港"] {
        assert_eq!(found(&venue, words)[0], "Harbour Coffee", "{words}");
    }
    for (words, kind) in [("djk", "boardinggate"), ("xsj", "restroom"), ("aj", "security")] {
        assert!(venue.snapshot.search(words, 1)[0].category.contains(kind), "{words}");
    }
}

#[test]
fn a_slip_of_the_finger_is_forgiven_where_nothing_fits_better() {
    let venue = Venue::testville();
    for words in ["harbuor", "Harbour Cofee", "harborcoffee", "海岗咖啡"] {
        assert_eq!(found(&venue, words)[0], "Harbour Coffee", "{words}");
    }
    assert_eq!(venue.snapshot.search("toliet", 1)[0].category, "restroom");
    assert!(found(&venue, "A9").is_empty(), "short words are taken at their word");
    assert!(found(&venue, "gate a33").is_empty(), "so are numbers");
    assert!(found(&venue, "harbour zebra").is_empty(), "every word must fit");
}

#[test]
fn among_equals_the_nearest_comes_first_and_what_cannot_be_reached_last() {
    let venue = Venue::testville();
    let walk = |place: &airside_wayfinding::Place| match place.codes.first().map(String::as_str) {
        Some("A6") => Some(1_000),
        Some("B1") => Some(2_000),
        Some("A1") => None,
        _ => Some(9_000),
    };
    let gates = venue.snapshot.search_near("gate", 100, walk);
    let names: Vec<_> = gates.iter().map(|place| place.codes[0].as_str()).collect();
    assert_eq!((names[0], names[1], names[11]), ("A6", "B1", "A1"), "{names:?}");
    assert_eq!(
        venue.snapshot.search_near("A3", 1, walk)[0].codes[0],
        "A3",
        "a whole sign before the nearest"
    );
}

#[test]
fn a_sign_of_a_kind_is_found_as_flights_say_it() {
    let venue = Venue::testville();
    let name =
        |kind, sign| venue.snapshot.signed(kind, sign).map(|place| place.name.get(Language::En).unwrap());
    assert_eq!(name("baggagecarousel", "2"), Some("Belt 2"));
    assert_eq!(name("boardinggate", "a3"), Some("Gate A3"));
    assert_eq!(name("boardinggate", "2"), None);
}

#[test]
fn no_words_find_all_places_and_signs_alone_none() {
    let venue = Venue::testville();
    assert_eq!(found(&venue, "  ").len(), venue.snapshot.places().len());
    assert!(found(&venue, "???").is_empty());
}

#[test]
fn hostile_words_find_nothing_and_take_no_time() {
    let venue = Venue::testville();
    for words in ["长".repeat(10_000), "a".repeat(10_000), "\u{0}\u{202e}".to_owned(), "😀 ".repeat(5_000)]
    {
        assert!(found(&venue, &words).is_empty());
    }
}

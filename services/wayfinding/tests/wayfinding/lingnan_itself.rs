//! The committed lingnan is what its generator writes, and it is an airport that works.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use airside_wayfinding::{Profile, Source, StepKind, Zone, check, draw};

use crate::{Venue, lingnan, texts};

/// The venue, built once for all its stories.
fn venue() -> &'static Venue {
    static VENUE: LazyLock<Venue> = LazyLock::new(|| Venue::of(lingnan::files()));
    &VENUE
}

#[test]
fn committed_files_are_what_the_generator_writes() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../maps/lingnan");
    let files = lingnan::files();
    for (name, text) in &files {
        let committed = std::fs::read_to_string(format!("{folder}/{name}")).unwrap();
        assert!(committed == *text, "{name} differs; run the lingnan example");
    }
    let maps = std::fs::read_dir(folder).unwrap();
    let kept = maps.filter(|file| !file.as_ref().unwrap().file_name().to_string_lossy().ends_with(".svg"));
    assert_eq!(kept.count(), files.len());
}

#[test]
fn nothing_is_wrong_with_it() {
    assert_eq!(check(&Source::from_files(lingnan::files())), vec![]);
}

#[test]
fn it_is_as_large_as_it_says() {
    let venue = venue();
    let count = |category: &str| {
        let of = |place: &&airside_wayfinding::Place| place.category.starts_with(category);
        venue.snapshot.places().iter().filter(of).count()
    };
    let desks = lingnan::files().into_iter().find(|(name, _)| name == "fixture.geojson").unwrap().1;
    assert_eq!(desks.matches("\"category\":\"desk\"").count() - 22, 208, "and 22 booths of border control");
    let counts = [count("boardinggate"), count("baggagecarousel"), count("checkin"), count("elevator")];
    assert_eq!(counts, [60, 20, 16, 14]);
    let shops = ["shopping", "foodservice", "service", "lounge"].map(count).iter().sum::<usize>();
    assert_eq!(shops, 297);
    assert!(count("restroom") >= 60, "{} toilets", count("restroom"));
}

#[test]
fn no_two_shops_gates_or_belts_have_one_name() {
    let venue = venue();
    let mut names = BTreeSet::new();
    for place in venue.snapshot.places() {
        let root = place.category.split('.').next().unwrap();
        if ["shopping", "foodservice", "service", "lounge", "boardinggate", "baggagecarousel"].contains(&root)
        {
            for (tag, name) in place.name.iter() {
                assert!(names.insert((tag.to_owned(), name.to_owned())), "{name}");
            }
        }
    }
}

#[test]
fn every_place_is_reached_on_foot_and_in_a_wheelchair() {
    let venue = venue();
    for profile in [Profile::Walk, Profile::Wheelchair] {
        let all = venue.snapshot.places().iter();
        let lost: Vec<_> = all
            .filter(|place| !matches!(place.category.as_str(), "escalator" | "stairs"))
            .filter(|place| !venue.snapshot.reaches(place, profile))
            .collect();
        assert_eq!(lost, Vec::<&airside_wayfinding::Place>::new(), "{profile}");
    }
}

#[test]
fn who_leaves_for_abroad_passes_border_control_and_security_and_cannot_from_the_domestic_side() {
    let venue = venue();
    let route = venue.walk("Metro", "C9");
    let steps = texts(&route).join("; ");
    let at = |words: &str| steps.find(words).unwrap_or_else(|| panic!("{words}: {steps}"));
    assert!(at("Border control") < at("International security"));
    let home = venue.walk("A1", "C9");
    assert_eq!(home.steps.iter().filter(|step| step.kind == StepKind::Security).count(), 1);
    assert!(texts(&home).join("; ").contains("Domestic baggage reclaim"), "the sides meet landside alone");
}

#[test]
fn who_comes_from_abroad_passes_the_border_the_belts_and_customs_in_this_order() {
    let venue = venue();
    let steps = texts(&venue.walk("C12", "Taxi")).join("; ");
    let order =
        ["Arrivals corridor", "Border control", "International baggage reclaim", "Customs", "Taxi is"];
    let at = order.map(|words| steps.find(words).unwrap_or_else(|| panic!("{words}: {steps}")));
    assert!(at.is_sorted(), "{steps}");
}

#[test]
fn a_transfer_from_abroad_is_checked_again_and_stays_airside() {
    let venue = venue();
    let route = venue.walk("C12", "A1");
    let steps = texts(&route).join("; ");
    assert!(steps.contains("Transfer security") && !steps.contains("Arrivals hall"), "{steps}");
    let gates = venue.snapshot.search("boardinggate", 100);
    assert!(gates.iter().all(|gate| gate.zone == Some(Zone::Airside)));
}

#[test]
fn every_level_is_drawn_and_shows_its_gates_and_belts() {
    let venue = venue();
    let english = airside_wayfinding::Language::En;
    let pictures = [-1, 0, 1, 2].map(|level| draw::draw(&venue.snapshot, level, None, english));
    for (letter, last) in [("A", 18), ("B", 18), ("C", 12)] {
        for gate in 1..=last {
            assert!(pictures[3].contains(&format!(">{letter}{gate}</text>")), "{letter}{gate}");
        }
    }
    for belt in 1..=20 {
        assert!(pictures[1].contains(&format!(">{belt}</text>")), "belt {belt}");
    }
}

#[test]
fn who_walks_along_a_pier_takes_the_moving_walkways_and_a_wheelchair_rolls_beside_them() {
    let venue = venue();
    for (from, to) in [("Metro", "A17"), ("Metro", "B18"), ("A18", "A1")] {
        let walked = texts(&venue.walk(from, to)).join("; ");
        assert!(walked.contains("moving walkway"), "{from} {to}: {walked}");
        let rolled = texts(&venue.roll(from, to)).join("; ");
        assert!(!rolled.contains("moving walkway"), "{from} {to}: {rolled}");
    }
}

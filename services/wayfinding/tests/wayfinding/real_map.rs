//! A real university's IMDF archive, read from outside the repository where it is at hand.

use airside_wayfinding::{Overlay, Severity, Snapshot, Source, check};

use crate::{Venue, data};

fn source() -> Option<Source> {
    Some(Source::from_files(data::files("spbstu_imdf")?))
}

#[test]
fn nonsense_categories_are_reported_and_do_not_close_the_map() {
    let Some(source) = source() else { return };
    let findings = check(&source);
    assert!(findings.iter().all(|finding| finding.severity != Severity::Violation), "{findings:?}");
    let all_doors = |text: &str| text.contains("472 openings are of category \"automobile\"");
    assert!(findings.iter().any(|f| f.rule == "category-implausible" && all_doors(&f.text)));
    assert!(findings.iter().any(|f| f.rule == "category-unknown" && f.file == "unit"));
}

#[test]
fn a_way_leads_from_most_rooms_to_the_coffee() {
    let Some(source) = source() else { return };
    let venue = Venue { snapshot: Snapshot::from_source(&source).unwrap(), overlay: Overlay::open() };
    let stats = venue.snapshot.stats();
    assert_eq!((stats.levels, stats.units, stats.openings), (8, 443, 472));
    let coffee = venue.snapshot.search("Coffee", 1)[0].id.to_string();
    let reached = venue.snapshot.places().iter().filter(|place| {
        let outcome = venue.ask(
            place.id.as_str(),
            &coffee,
            airside_wayfinding::Profile::Walk,
            airside_wayfinding::Language::En,
        );
        matches!(outcome.unwrap(), airside_wayfinding::Outcome::Found(_))
    });
    let (reached, all) = (reached.count(), venue.snapshot.places().len());
    assert!(reached >= 50, "{reached} of {all}");
}

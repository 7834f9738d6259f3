//! A real university's IMDF archive, read from outside the repository where it is at hand.

use std::{io::Write, path::PathBuf};

use airside_wayfinding::{Archive, Overlay, Severity, Snapshot, check};

use crate::Venue;

fn archive() -> Option<Archive> {
    let data = std::env::var_os("AIRSIDE_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let folder = data.join("spbstu_imdf");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        let required = std::env::var("AIRSIDE_DATA_REQUIRED").is_ok_and(|value| value == "1");
        assert!(!required, "AIRSIDE_DATA_REQUIRED=1, but there is no {}", folder.display());
        // Not `println!`: a test's own output is captured, and a skip must be heard.
        let told = writeln!(
            std::io::stderr(),
            "SKIPPED: no {}; set AIRSIDE_DATA to the folder of the test data",
            folder.display()
        );
        assert!(told.is_ok(), "standard error is closed");
        return None;
    };
    let files = entries.map(|entry| {
        let entry = entry.unwrap();
        (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())
    });
    Some(Archive::from_files(files))
}

#[test]
fn nonsense_categories_are_reported_and_do_not_close_the_map() {
    let Some(archive) = archive() else { return };
    let findings = check(&archive);
    assert!(findings.iter().all(|finding| finding.severity != Severity::Violation), "{findings:?}");
    let all_doors = |text: &str| text.contains("472 openings are of category \"automobile\"");
    assert!(findings.iter().any(|f| f.rule == "category-implausible" && all_doors(&f.text)));
    assert!(findings.iter().any(|f| f.rule == "category-unknown" && f.file == "unit"));
}

#[test]
fn a_way_leads_from_most_rooms_to_the_coffee() {
    let Some(archive) = archive() else { return };
    let venue = Venue { snapshot: Snapshot::from_archive(&archive).unwrap(), overlay: Overlay::open() };
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

//! A station of GTFS, small and invented: an entrance, a hall with gates, two platforms, stairs and a lift.

use airside_wayfinding::{
    FeatureId, Graph, Language, Overlay, Profile, Reason, Severity, Snapshot, Source, check,
};

use crate::{Venue, found};

const LEVELS: &str = "level_id,level_index,level_name\nS,0,Street\nM,-0.5,Hall\nP,-1,Tracks\n";
const STOPS: &str = "\
stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station,level_id,platform_code
st,Airport Station,22.6390,113.8100,1,,,
in,Terminal Entrance,22.6390,113.8100,2,st,S,
hall,,22.6390,113.8110,3,st,M,
inside,,,,3,st,M,
down,,,,3,st,,
p1,Platform 1,22.6391,113.8120,0,st,P,1
p2,Platform 2,22.6389,113.8120,0,st,P,2
bus,Bus on the street,22.6380,113.8100,0,,,
";
const PATHWAYS: &str = "\
pathway_id,from_stop_id,to_stop_id,pathway_mode,is_bidirectional,length,traversal_time,stair_count,signposted_as
a,in,hall,4,0,,30,,
b,hall,in,4,0,,,,
c,hall,inside,6,0,,,,Trains
d,inside,hall,7,0,,,,
e,inside,down,2,1,,,-30,Platforms 1 and 2
f,down,p1,1,1,40,,,
g,down,p2,1,1,,60,,
lift,inside,p1,5,1,,,,Lift to platform 1
ramp,in,hall,1,1,120,,,
";

/// Returns the files of the feed.
pub(crate) fn files() -> Vec<(String, String)> {
    let names = ["levels.txt", "stops.txt", "pathways.txt"];
    names.into_iter().map(str::to_owned).zip([LEVELS, STOPS, PATHWAYS].map(str::to_owned)).collect()
}

fn venue(files: Vec<(String, String)>) -> Venue {
    Venue { snapshot: Snapshot::from_source(&Source::from_files(files)).unwrap(), overlay: Overlay::open() }
}

/// Changes the feed and expects a finding of this rule and severity.
fn broken(file: &str, from: &str, to: &str, rule: &str, severity: Severity) {
    let mut files = files();
    let (_, text) = files.iter_mut().find(|(name, _)| name == file).unwrap();
    assert!(text.contains(from), "{file} has no {from}");
    *text = text.replacen(from, to, 1);
    let source = Source::from_files(files);
    let findings = check(&source);
    let found = findings.iter().find(|finding| finding.rule == rule);
    assert_eq!(
        found.unwrap_or_else(|| panic!("no {rule} in {findings:?}")).severity,
        severity,
        "{findings:?}"
    );
    assert_eq!(Graph::build(&source).is_err(), findings.iter().any(|f| f.severity == Severity::Violation));
}

#[test]
fn stops_and_pathways_become_nodes_and_edges() {
    let graph = Graph::build(&Source::from_files(files())).unwrap();
    assert_eq!((graph.model().node_count(), graph.model().edge_count()), (6, 14), "a bus stop is no node");
    let ordinals: Vec<_> = graph.storeys().iter().map(|storey| storey.ordinal).collect();
    assert_eq!(ordinals, [-2, -1, 0], "half storeys are counted from the street");
    assert_eq!(graph.places().len(), 3, "two platforms and the entrance");
}

#[test]
fn a_traveller_walks_down_the_stairs_and_a_wheelchair_takes_ramp_and_lift() {
    let venue = venue(files());
    let walk = found(venue.ask("in", "Platform 1", Profile::Walk, Language::En));
    let roll = found(venue.ask("in", "p1", Profile::Wheelchair, Language::En));
    assert!(walk.seconds < roll.seconds, "{walk:?} {roll:?}");
    assert!(roll.steps.iter().any(|step| step.text.contains("lift to platform 1")), "{:?}", roll.steps);
}

#[test]
fn a_told_time_is_kept_and_an_untold_one_is_made_of_steps_length_or_place() {
    let graph = Graph::build(&Source::from_files(files())).unwrap();
    let millis = |id: &str| {
        let edges = graph.model().edge_weights();
        let own = edges.filter(|edge| edge.features[0].as_str() == format!("pathway/{id}"));
        own.map(|edge| edge.millis).collect::<Vec<_>>()
    };
    assert_eq!(millis("a"), [30_000]);
    assert_eq!(millis("g"), [60_000, 60_000]);
    assert_eq!(millis("f"), [29_851, 29_851], "forty metres on foot");
    let stairs = millis("e");
    assert!(stairs[0] < stairs[1], "thirty steps down are quicker than up: {stairs:?}");
    assert!(millis("lift")[0] >= 35_000, "waiting and riding");
}

#[test]
fn a_node_without_coordinates_stands_between_its_neighbours() {
    let graph = Graph::build(&Source::from_files(files())).unwrap();
    let node = |id: &str| {
        let mut nodes = graph.model().node_weights();
        nodes.find(|node| node.features[0].as_str() == id).unwrap()
    };
    let (down, p1, p2) = (node("down"), node("p1"), node("p2"));
    assert!(down.at.x <= p1.at.x && (p2.at.y..=p1.at.y).contains(&down.at.y), "{down:?}");
    assert_eq!(down.level, p1.level, "on the level it is walked to on the flat");
    let findings = check(&Source::from_files(files()));
    assert!(findings.iter().all(|finding| finding.severity != Severity::Violation), "{findings:?}");
    assert!(findings.iter().any(|finding| finding.rule == "stop-placed-by-neighbours"));
}

#[test]
fn the_rules_of_the_reference_are_kept() {
    let violation = Severity::Violation;
    broken("pathways.txt", "d,inside,hall,7,0", "d,inside,hall,7,1", "bidirectional-exit-gate", violation);
    broken(
        "pathways.txt",
        "d,inside,hall,7,0,",
        "d,hall,inside,7,0,",
        "pathway-unreachable-location",
        violation,
    );
    broken("pathways.txt", "f,down,p1", "f,down,st", "pathway-to-wrong-location-type", violation);
    broken("pathways.txt", "f,down,p1", "f,down,down", "pathway-loop", Severity::Warning);
    broken("pathways.txt", "f,down,p1", "f,down,nowhere", "reference-dangling", violation);
    broken("pathways.txt", "f,down,p1,1", "f,down,p1,9", "code-unknown", violation);
    broken("pathways.txt", "40", "forty", "number-bad", violation);
    broken(
        "stops.txt",
        "p1,Platform 1,22.6391,113.8120,0,st,P",
        "p1,x,22.6391,113.8120,0,st,",
        "missing-level-id",
        violation,
    );
    broken("stops.txt", "22.6391", "NaN", "number-bad", violation);
    broken("stops.txt", "22.6391", "122.6", "geometry-bad", violation);
    broken(
        "stops.txt",
        "bus,Bus on the street,22.6380,113.8100,0,,,",
        "x,,22.639,113.812,4,p1,P,",
        "pathway-to-platform-with-boarding-areas",
        violation,
    );
    broken(
        "stops.txt",
        "in,Terminal",
        "IN,Twice,22.6390,113.8100,2,st,S,\nin,Terminal",
        "id-twice",
        violation,
    );
    broken("stops.txt", "p2,Platform 2", "p3,Platform 2", "reference-dangling", violation);
    broken("levels.txt", "M,-0.5", "M,", "reference-missing", violation);
    broken(
        "pathways.txt",
        "lift,inside,p1,5,1",
        "lift,inside,p1,2,1",
        "place-not-accessible",
        Severity::Warning,
    );
}

#[test]
fn a_generic_node_that_leads_nowhere_is_found() {
    broken(
        "pathways.txt",
        "g,down,p2,1,1,,60,,",
        "g,in,p2,1,1,,60,,\nf2,hall,inside,1,1,,,,",
        "stop-placed-by-neighbours",
        Severity::Info,
    );
    let lone = "bus,,,,3,st,M,\n";
    let mut files = files();
    files[1].1.push_str(lone);
    files[1].1 = files[1].1.replace("bus,Bus on the street,22.6380,113.8100,0,,,\n", "");
    files[2].1.push_str("dead,hall,bus,1,1,5,,,\n");
    let findings = check(&Source::from_files(files));
    assert!(findings.iter().any(|finding| finding.rule == "pathway-dangling-generic-node"), "{findings:?}");
}

#[test]
fn a_platform_a_lift_and_a_pathway_of_a_station_close_by_their_own_ids() {
    let id = |text: &str| FeatureId::parse(text).unwrap();
    let closed = |feature: &str, to: &str, profile: Profile| {
        let mut venue = venue(files());
        venue.overlay = Overlay::closing(&venue.snapshot, [id(feature)]);
        assert_eq!(venue.overlay.unknown(), []);
        assert_eq!(venue.refused("in", to, profile).0, Reason::Closed(vec![id(feature)]), "{feature}");
    };
    closed("p2", "p2", Profile::Walk);
    closed("pathway/g", "p2", Profile::Walk);
    closed("pathway/lift", "p1", Profile::Wheelchair);
    closed("shaft-pathway/lift", "p1", Profile::Wheelchair);
    let machines = venue(files()).snapshot.machines();
    assert!(machines.iter().any(|machine| machine.id == id("shaft-pathway/lift")), "{machines:?}");
}

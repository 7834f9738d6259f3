//! A real airport's layers and network, read from outside the repository where they are at hand.

use std::collections::BTreeMap;

use airside_wayfinding::{Graph, Language, Profile, Severity, Snapshot, Source, check};
use petgraph::visit::{EdgeRef, IntoEdgeReferences};

use crate::{Venue, data, found};

fn source() -> Option<Source> {
    Some(Source::from_files(data::files("narita")?))
}

#[test]
fn the_network_is_taken_node_for_node_and_link_for_link() {
    let Some(source) = source() else { return };
    let graph = Graph::build(&source).unwrap();
    let model = graph.model();
    assert_eq!((model.node_count(), model.edge_count()), (3_581, 8_046));
    let parts = petgraph::algo::connected_components(&petgraph::Graph::<(), ()>::from_edges(
        model.edge_references().map(|edge| (edge.source().index() as u32, edge.target().index() as u32)),
    ));
    assert_eq!(parts, 1, "weakly connected");
    let mut kinds = BTreeMap::<String, usize>::new();
    for edge in model.edge_weights() {
        *kinds.entry(format!("{:?}", edge.kind)).or_default() += 1;
    }
    let count = |kind: &str| kinds.get(kind).copied().unwrap_or_default();
    assert_eq!((count("Lift"), count("Stairs"), count("Walk")), (230, 204, 7_423));
    assert_eq!(count("EscalatorUp") + count("EscalatorDown") + count("MovingWalkway"), 189);
    assert_eq!(count("MovingWalkway"), 13, "escalators of one storey, 44 m and longer");
    let one_way = model.edge_references().filter(|edge| {
        !model
            .edges_connecting(edge.target(), edge.source())
            .any(|back| back.weight().features.first() == edge.weight().features.first())
    });
    assert_eq!(one_way.count(), 208);
}

#[test]
fn a_lift_takes_time_by_what_one_does_and_not_by_its_length() {
    let Some(source) = source() else { return };
    let graph = Graph::build(&source).unwrap();
    let lifts = graph.model().edge_weights().filter(|edge| format!("{:?}", edge.kind) == "Lift");
    for lift in lifts {
        assert!(lift.length_m == 0.0 && lift.millis >= 4_000, "{lift:?}");
    }
}

#[test]
fn the_map_is_sound_and_its_seven_storeys_are_those_of_the_network() {
    let Some(source) = source() else { return };
    let findings = check(&source);
    assert!(findings.iter().all(|finding| finding.severity != Severity::Violation), "{findings:?}");
    let snapshot = Snapshot::from_source(&source).unwrap();
    let stats = snapshot.stats();
    assert_eq!((stats.levels, stats.units, stats.openings), (7, 1_154, 256));
    let signs: Vec<_> = snapshot.graph().storeys().iter().map(|storey| storey.sign(Language::En)).collect();
    assert_eq!(signs, ["B2F", "B1F", "1F", "2F", "3F", "4F", "5F"]);
    assert_eq!(stats.places, 398 + 196, "facilities and named spaces");
}

#[test]
fn a_way_leads_from_a_door_to_the_next_waiting_room_on_foot_and_on_wheels() {
    let Some(source) = source() else { return };
    let venue = Venue {
        snapshot: Snapshot::from_source(&source).unwrap(),
        overlay: airside_wayfinding::Overlay::open(),
    };
    for profile in [Profile::Walk, Profile::Wheelchair] {
        let route = found(venue.ask("b3d4054b2cec46fa9e9f2291b7a9388a", "有料待合室", profile, Language::En));
        assert!(route.length_m > 50.0 && route.seconds > 30.0, "{route:?}");
    }
}

//! The rules of the GTFS reference for stations, under the names of its canonical validator.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::Direction;
use petgraph::stable_graph::{NodeIndex, StableDiGraph};
use petgraph::visit::EdgeRef;

use super::{Feed, Location, Mode, Pathway, Stop};
use crate::check::{Finding, Findings, Severity, structure};
use crate::graph::{Edge, Graph, Node};
use crate::imdf::FeatureId;
use crate::profile::{Profile, Who};

pub(crate) fn check(feed: &Feed, findings: &mut Findings) {
    for (table, count) in [("stops", feed.stops.len()), ("pathways", feed.pathways.len())] {
        if count == 0 {
            let text = "no row of the table is there".to_owned();
            findings.push(finding("file-missing", Severity::Violation, table, None, text, "add the table"));
        }
    }
    structure::ids(&feed.ids, findings);
    structure::references(&feed.ids, &feed.references, findings);
    let areas: BTreeSet<_> = feed
        .stops
        .iter()
        .filter(|stop| stop.location == Location::BoardingArea)
        .filter_map(|stop| stop.parent.as_ref())
        .collect();
    let mut joined = BTreeMap::<&FeatureId, BTreeSet<&FeatureId>>::new();
    for pathway in &feed.pathways {
        joined.entry(&pathway.from).or_default().insert(&pathway.to);
        joined.entry(&pathway.to).or_default().insert(&pathway.from);
        of_pathway(feed, pathway, &areas, findings);
    }
    for stop in &feed.stops {
        of_stop(feed, stop, joined.get(&stop.id), findings);
    }
}

fn finding(
    rule: &'static str,
    severity: Severity,
    table: &str,
    id: Option<&FeatureId>,
    text: String,
    remedy: &str,
) -> Finding {
    let (file, remedy) = (table.to_owned(), remedy.to_owned());
    Finding { severity, rule, file, feature_id: id.map(ToString::to_string), text, remedy }
}

fn of_pathway(feed: &Feed, pathway: &Pathway, areas: &BTreeSet<&FeatureId>, findings: &mut Findings) {
    let mut report = |rule, severity, text: String, remedy: &str| {
        findings.push(finding(rule, severity, "pathways", Some(&pathway.id), text, remedy));
    };
    if pathway.mode == Mode::ExitGate && pathway.both_ways {
        let text = "an exit gate is passed one way only".to_owned();
        report("bidirectional-exit-gate", Severity::Violation, text, "set is_bidirectional to 0");
    }
    if pathway.from == pathway.to {
        let text = "it leads back to where it begins".to_owned();
        report("pathway-loop", Severity::Warning, text, "leave it out, or correct one end");
    }
    for stop in [&pathway.from, &pathway.to].into_iter().filter_map(|id| feed.stop(id)) {
        if stop.location == Location::Station {
            let text = format!("it ends at station {}; a station as a whole is nowhere", stop.id);
            let remedy = "lead it to a platform, entrance, generic node or boarding area";
            report("pathway-to-wrong-location-type", Severity::Violation, text, remedy);
        }
        if areas.contains(&stop.id) {
            let text = format!("it ends at platform {}, which has boarding areas", stop.id);
            let remedy = "lead it to one of the boarding areas";
            report("pathway-to-platform-with-boarding-areas", Severity::Violation, text, remedy);
        }
        if stop.from_street {
            let text = format!("it ends at stop {}, which is reached from the street", stop.id);
            let rule = "pathway-to-stop-with-access-outside-of-station-pathways";
            report(rule, Severity::Violation, text, "set stop_access to 0, or leave the pathway out");
        }
        if pathway.mode == Mode::Lift && stop.level.is_none() {
            let text = format!("a lift stops at {}, which names no level", stop.id);
            report("missing-level-id", Severity::Violation, text, "give the stop a level_id");
        }
    }
}

fn of_stop(feed: &Feed, stop: &Stop, joined: Option<&BTreeSet<&FeatureId>>, findings: &mut Findings) {
    let mut report = |rule, severity, text: &str, remedy: &str| {
        findings.push(finding(rule, severity, "stops", Some(&stop.id), text.to_owned(), remedy));
    };
    let others = joined.map_or(0, |joined| joined.iter().filter(|other| ***other != stop.id).count());
    if stop.location == Location::Generic && others == 1 {
        let text = "pathways join the generic node to one other location only";
        report(
            "pathway-dangling-generic-node",
            Severity::Warning,
            text,
            "lead a second pathway on, or leave it out",
        );
    }
    let needs = matches!(stop.location, Location::Platform | Location::Entrance | Location::Station);
    if needs && stop.at.is_none() && (joined.is_some() || stop.location == Location::Station) {
        report(
            "stop-without-location",
            Severity::Violation,
            "stop_lat or stop_lon is missing",
            "fill them in",
        );
    }
    let parent = stop.parent.as_ref().and_then(|parent| feed.stop(parent));
    let wanted = if stop.location == Location::BoardingArea { Location::Platform } else { Location::Station };
    if parent.is_some_and(|parent| parent.location != wanted) {
        let text = "parent_station names a stop of a type that cannot be its parent";
        report(
            "wrong-parent-location-type",
            Severity::Violation,
            text,
            "name the station, or a boarding area's platform",
        );
    }
}

/// Every location of a station with pathways must be reached from an entrance and lead to one: on foot, or
/// the map is refused; in a wheelchair, or it is said.
pub(crate) fn reachable(feed: &Feed, graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    let model = graph.model();
    let at_stop = |node: NodeIndex| feed.stop(model[node].features.first()?);
    let entrances: Vec<_> = model
        .node_indices()
        .filter(|node| at_stop(*node).is_some_and(|stop| stop.location == Location::Entrance))
        .collect();
    for profile in [Profile::Walk, Profile::Wheelchair] {
        let come = spread(model, profile, &entrances, true);
        let gone = spread(model, profile, &entrances, false);
        let walked = profile == Profile::Walk;
        for node in model.node_indices().filter(|node| model.neighbors_undirected(*node).next().is_some()) {
            let Some(stop) = at_stop(node) else { continue };
            let text = match (come.contains(&node), gone.contains(&node)) {
                (true, true) => continue,
                (false, _) => format!("no entrance leads here ({profile})"),
                (true, false) => format!("no entrance can be reached from here ({profile})"),
            };
            let generic = stop.location == Location::Generic;
            let (rule, severity) = match (walked, generic) {
                (true, _) => ("pathway-unreachable-location", Severity::Violation),
                (false, false) => ("place-not-accessible", Severity::Warning),
                (false, true) => continue,
            };
            let remedy = "add the pathway that is missing, or both directions of one";
            findings.push(finding(rule, severity, "stops", Some(&stop.id), text, remedy));
        }
    }
    findings
}

/// Returns what can be reached from the nodes, or with `forth` unset what reaches them.
fn spread(
    model: &StableDiGraph<Node, Edge>,
    profile: Profile,
    from: &[NodeIndex],
    forth: bool,
) -> BTreeSet<NodeIndex> {
    let side = if forth { Direction::Outgoing } else { Direction::Incoming };
    let mut found: BTreeSet<_> = from.iter().copied().collect();
    let mut open = from.to_vec();
    while let Some(node) = open.pop() {
        for edge in model.edges_directed(node, side) {
            let passed =
                Who::from(profile).admits(&model[edge.source()], edge.weight(), &model[edge.target()]);
            let next = if forth { edge.target() } else { edge.source() };
            if passed && found.insert(next) {
                open.push(next);
            }
        }
    }
    found
}

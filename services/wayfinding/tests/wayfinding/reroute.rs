//! Who has left the line is led again from wherever they are, or told why not: as Dijkstra on petgraph says.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use airside_wayfinding::measure::quickest_ms;
use airside_wayfinding::{
    FeatureId, Language, Outcome, Overlay, Profile, Reason, Rights, RouteError, RouteRequest, Searcher,
    Snapshot, Walk, Who, reach,
};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::oracle::{TOWN, closable, walkers};
use crate::{Venue, lingnan};

static AIRPORT: LazyLock<Snapshot> = LazyLock::new(|| Venue::of(lingnan::files()).snapshot);

/// One who stands somewhere, whatever is there, and wants to go to a place.
struct Astray {
    closed: BTreeSet<FeatureId>,
    overlay: Overlay,
    here: ([f64; 2], i32),
    to: String,
    who: Who,
}

/// Returns a spot around where some node is: up to so many metres beside it, also behind walls.
fn beside(snapshot: &Snapshot, node: Index, [east, north]: [f64; 2]) -> ([f64; 2], i32) {
    let graph = snapshot.graph();
    let nodes: Vec<_> = graph.model().node_weights().collect();
    let node = node.get(&nodes);
    let at = graph.frame().to_world(node.at + geo::Coord { x: east, y: north });
    (at, graph.storeys()[node.level].ordinal)
}

/// Asks for the way, and compares all that is answered with the model.
fn ask(snapshot: &Snapshot, astray: &Astray) -> Result<(), TestCaseError> {
    let Astray { closed, overlay, here: (lon_lat, ordinal), to, who } = astray;
    let here = &format!("{},{},{ordinal}", lon_lat[0], lon_lat[1]);
    let mut searcher = Searcher::new();
    let walk = Walk { snapshot, overlay, who: *who, depart: None, language: Language::En };
    let request = RouteRequest {
        from: here.clone(),
        to: to.clone(),
        profile: who.profile,
        speed: who.speed,
        rights: who.rights,
        ..RouteRequest::default()
    };
    let quickest = quickest_ms(&walk, &walk, [here, to]);
    let outcome = match airside_wayfinding::route(snapshot, overlay, &mut searcher, &request) {
        Err(error) => {
            // So far from everything that no way is near.
            prop_assert_eq!(&error, &RouteError::OffVenue { field: "from" });
            prop_assert_eq!(quickest, Err(error));
            return Ok(());
        }
        Ok(outcome) => outcome,
    };
    let told = reach(&walk, &mut searcher, here).unwrap().to("to", to).unwrap().0;
    prop_assert_eq!(&quickest, &Ok(told));
    match (outcome, quickest.unwrap()) {
        (Outcome::Found(route), Some(millis)) => {
            let seconds = f64::from(millis) / 1_000.0;
            // Keeping clear of corners costs a line a little, on each level.
            let most = seconds * 1.1 + 4.0 * route.line.len() as f64;
            prop_assert!(route.seconds <= most, "{} s, not {}", route.seconds, seconds);
            prop_assert!(!route.steps.is_empty());
            if let Some(first) = route.line.first().filter(|_| route.length_m > 1.0) {
                prop_assert_eq!(first.ordinal, *ordinal);
                let off_m = (0..2).map(|axis| (first.coordinates[0][axis] - lon_lat[axis]).abs() * 111_320.0);
                let told_m = route.start_off_m * std::f64::consts::SQRT_2;
                prop_assert!(
                    off_m.sum::<f64>() <= told_m * 1.1 + 0.01,
                    "it begins at {:?}",
                    first.coordinates[0]
                );
            }
        }
        (Outcome::NotFound { reason, text, .. }, None) => {
            prop_assert!(!text.is_empty());
            let open = Overlay::open();
            let can = |who: Who| {
                let freed = Walk { overlay: &open, who, ..walk };
                quickest_ms(&walk, &freed, [here, to]).unwrap().is_some()
            };
            let (on_foot, anybody) =
                (Who { profile: Profile::Walk, ..*who }, Who { rights: Rights::Staff, ..Who::default() });
            let holds = match reason {
                Reason::Closed(features) => {
                    let named = !features.is_empty() && features.iter().all(|id| closed.contains(id));
                    named && can(*who)
                }
                Reason::NoAccessibleWay => !can(*who) && can(on_foot),
                Reason::ZoneForbidden(_) => !can(on_foot) && can(anybody),
                Reason::Disconnected => !can(anybody),
                Reason::NotOpen { .. } => false,
            };
            prop_assert!(holds, "{text}");
        }
        (outcome, quickest) => prop_assert!(false, "{outcome:?}, but {quickest:?}"),
    }
    Ok(())
}

/// Walks, and how far aside of a way somebody is, in metres.
fn aside() -> impl Strategy<Value = [f64; 2]> {
    prop_oneof![4 => [-12.0..12.0, -12.0..12.0], 1 => [-90.0..90.0, -90.0..90.0]]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn from_anywhere_in_the_town_a_way_is_found_again_or_its_reason_is_said(
        (node, off, to) in (any::<Index>(), aside(), any::<Index>()),
        shut in prop::collection::vec(any::<Index>(), 0..12),
        who in walkers(),
    ) {
        let all = closable();
        let closed: BTreeSet<_> = shut.iter().map(|index| index.get(&all).clone()).collect();
        let overlay = Overlay::closing(&TOWN, closed.clone());
        let (here, to) = (beside(&TOWN, node, off), to.get(TOWN.places()).id.to_string());
        ask(&TOWN, &Astray { closed, overlay, here, to, who })?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn from_anywhere_in_a_large_airport_too_also_where_one_stands_is_closed(
        (node, off, to) in (any::<Index>(), aside(), any::<Index>()),
        shut in prop::collection::vec(any::<Index>(), 0..20),
        who in walkers(),
    ) {
        let snapshot = &*AIRPORT;
        let units: Vec<_> = (0..).map_while(|room| snapshot.graph().unit_id(room)).collect();
        let (here, to) = (beside(snapshot, node, off), to.get(snapshot.places()).id.to_string());
        let mut closed: BTreeSet<_> = shut.iter().map(|index| (*index.get(&units)).clone()).collect();
        let snapped = snapshot.snap(&Overlay::open(), Who::default(), here.0, here.1);
        closed.extend(snapped.and_then(|snapped| snapshot.unit_of(&snapped)).cloned());
        let overlay = Overlay::closing(snapshot, closed.clone());
        ask(snapshot, &Astray { closed, overlay, here, to, who })?;
    }
}

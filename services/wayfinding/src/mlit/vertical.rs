//! Lifts, stairs and escalators of the network: links of one kind that meet where nothing else does.
//!
//! The network draws a lift as a link from the landing into the car and links from floor to floor, all of
//! length zero, so its time comes from what one does: wait, ride, step out. A flight of stairs is cut where
//! the storey's number changes, so its height is that of the whole flight, shared out by length.

use std::collections::BTreeMap;

use super::codes::Route;
use crate::graph::{EdgeKind, LIFT_ALIGHT_MS, LIFT_BOARD_MS, STOREY_M, Shaft, millis_at};
use crate::imdf::FeatureId;
use crate::words::Labels;

/// How long a lift takes from storey to storey, in milliseconds.
const LIFT_STOREY_MS: u32 = 4_000;
/// The length of stairs or escalator for each metre of height, at least.
const SLOPE_LENGTH: f64 = 1.8;
/// How fast stairs are walked along the slope when the network does not say which way is up.
const STAIRS_MPS: f64 = 0.4;
const STAIRS_UP_MPS: f64 = 0.35;
const STAIRS_DOWN_MPS: f64 = 0.45;
const ESCALATOR_MPS: f64 = 0.6;
/// The speed of a moving walkway, in metres a second; passengers walk on it.
const BELT_MPS: f64 = 0.65;
/// An escalator on one storey that is at least as long is a moving walkway, in metres.
const BELT_MIN_M: f64 = 30.0;

/// A link as the shafts see it.
pub(super) struct Leg {
    pub(super) route: Route,
    /// The nodes at its start and end.
    pub(super) ends: [usize; 2],
    pub(super) plan_m: f64,
}

/// A shaft with what the times of its links need.
struct Built {
    route: Route,
    levels: [usize; 2],
    plan_m: f64,
    /// Storeys climbed along the links' own directions, all together.
    climbs: i64,
}

/// The shafts of a network.
pub(super) struct Vertical {
    pub(super) shafts: Vec<Shaft>,
    /// The shaft of each link.
    pub(super) of_link: Vec<Option<usize>>,
    /// The shaft of each node, and whether nothing but that lift meets there.
    pub(super) of_node: BTreeMap<usize, (usize, bool)>,
    built: Vec<Built>,
}

/// How a link is travelled, forth and back.
pub(super) struct Travel {
    pub(super) kinds: [EdgeKind; 2],
    pub(super) millis: [u32; 2],
    pub(super) length_m: f64,
}

impl Vertical {
    /// Finds the shafts; links come in order of their ids, `levels` tells each node's.
    pub(super) fn of(ids: &[&FeatureId], legs: &[Leg], levels: &[usize]) -> Self {
        let mut at_node = vec![Vec::new(); levels.len()];
        for (index, leg) in legs.iter().enumerate() {
            for end in leg.ends {
                at_node[end].push(index);
            }
        }
        let mut group: Vec<usize> = (0..legs.len()).collect();
        for links in &at_node {
            for route in [Route::Lift, Route::Stairs, Route::Escalator] {
                let mut same = links.iter().filter(|link| legs[**link].route == route);
                let alone = links.iter().all(|link| legs[*link].route == route);
                let Some(first) = same.next().filter(|_| alone || route == Route::Lift) else { continue };
                for link in same {
                    let (a, b) = (root(&mut group, *first), root(&mut group, *link));
                    group[a.max(b)] = a.min(b);
                }
            }
        }
        let mut found =
            Self { shafts: vec![], of_link: vec![None; legs.len()], of_node: BTreeMap::new(), built: vec![] };
        let mut of_root = BTreeMap::new();
        for (index, leg) in legs.iter().enumerate().filter(|(_, leg)| leg.route != Route::Path) {
            let shaft = *of_root
                .entry(root(&mut group, index))
                .or_insert_with(|| found.add(ids[index], leg.route, levels[leg.ends[0]]));
            found.of_link[index] = Some(shaft);
            let built = &mut found.built[shaft];
            let ends = leg.ends.map(|end| levels[end]);
            built.levels =
                [built.levels[0].min(ends[0]).min(ends[1]), built.levels[1].max(ends[0]).max(ends[1])];
            built.plan_m += leg.plan_m;
            built.climbs += signed(ends[1]) - signed(ends[0]);
        }
        found.note_nodes(legs, &at_node);
        found
    }

    fn add(&mut self, first: &FeatureId, route: Route, level: usize) -> usize {
        let id = FeatureId::derived(&format!("shaft-{first}"));
        self.shafts.push(Shaft { id, name: Labels::default(), is_lift: route == Route::Lift });
        self.built.push(Built { route, levels: [level; 2], plan_m: 0.0, climbs: 0 });
        self.built.len() - 1
    }

    fn note_nodes(&mut self, legs: &[Leg], at_node: &[Vec<usize>]) {
        for (node, links) in at_node.iter().enumerate() {
            let shafts =
                links.iter().filter(|link| !self.is_belt(**link)).filter_map(|link| self.of_link[*link]);
            if let Some(shaft) = shafts.min() {
                let inside = links.iter().all(|link| legs[*link].route == Route::Lift);
                self.of_node.insert(node, (shaft, inside));
            }
        }
    }

    fn is_belt(&self, link: usize) -> bool {
        self.of_link[link].map(|shaft| &self.built[shaft]).is_some_and(|built| {
            built.route == Route::Escalator
                && built.levels[0] == built.levels[1]
                && built.plan_m >= BELT_MIN_M
        })
    }

    /// Returns how a link is travelled; `inside` tells whether its ends are inside a lift.
    pub(super) fn travel(&self, link: usize, leg: &Leg, levels: [usize; 2]) -> Option<Travel> {
        let built = &self.built[self.of_link[link]?];
        if self.is_belt(link) {
            let millis = millis_at(leg.plan_m, crate::graph::WALK_SPEED_MPS + BELT_MPS);
            let kinds = [EdgeKind::MovingWalkway; 2];
            return Some(Travel { kinds, millis: [millis; 2], length_m: leg.plan_m });
        }
        let storeys = |levels: [usize; 2]| u32::try_from(levels[0].abs_diff(levels[1])).unwrap_or(u32::MAX);
        if built.route == Route::Lift {
            let landing = leg.ends.map(|end| !self.of_node.get(&end).is_some_and(|(_, inside)| *inside));
            let ride_ms = LIFT_STOREY_MS.saturating_mul(storeys(levels));
            let hop = |from: bool, to: bool| {
                let board_ms = if from { LIFT_BOARD_MS } else { 0 };
                ride_ms + board_ms + if to { LIFT_ALIGHT_MS } else { 0 }
            };
            let millis = [hop(landing[0], landing[1]), hop(landing[1], landing[0])];
            return Some(Travel { kinds: [EdgeKind::Lift; 2], millis, length_m: 0.0 });
        }
        let share = if built.plan_m > 0.0 { leg.plan_m / built.plan_m } else { 1.0 };
        let rise_m = f64::from(storeys(built.levels)) * STOREY_M * share;
        let length_m = rise_m.hypot(leg.plan_m).max(rise_m * SLOPE_LENGTH);
        if built.route == Route::Escalator {
            let (up, down) = (EdgeKind::EscalatorUp, EdgeKind::EscalatorDown);
            let kinds = if built.climbs >= 0 { [up, down] } else { [down, up] };
            return Some(Travel { kinds, millis: [millis_at(length_m, ESCALATOR_MPS); 2], length_m });
        }
        let speeds = match levels[1].cmp(&levels[0]) {
            std::cmp::Ordering::Greater => [STAIRS_UP_MPS, STAIRS_DOWN_MPS],
            std::cmp::Ordering::Less => [STAIRS_DOWN_MPS, STAIRS_UP_MPS],
            std::cmp::Ordering::Equal => [STAIRS_MPS; 2],
        };
        let millis = speeds.map(|speed_mps| millis_at(length_m, speed_mps));
        Some(Travel { kinds: [EdgeKind::Stairs; 2], millis, length_m })
    }

    /// Tells whether a link is the belt of a moving walkway, which is no shaft.
    pub(super) fn shaft(&self, link: usize) -> Option<usize> {
        self.of_link[link].filter(|_| !self.is_belt(link))
    }
}

fn signed(level: usize) -> i64 {
    i64::try_from(level).unwrap_or(i64::MAX)
}

fn root(group: &mut [usize], mut at: usize) -> usize {
    while group[at] != at {
        group[at] = group[group[at]];
        at = group[at];
    }
    at
}

//! Walking times from one spot to everywhere, or from everywhere to one spot: a search without a goal.
//!
//! One pass over the edges answers what would be a search for each place: how long it is to every shop, which
//! toilet is the nearest, what lies within ten minutes. Leaves get their time and are walked over by nobody.

use crate::geometry::length_m;
use crate::graph::{EdgeKind, Place};
use crate::profile::NO_WAY;
use crate::route::pieces::{clip, direct};
use crate::route::resolve::{self, Spot};
use crate::route::{LevelLine, OPENING_WAIT_MAX_MS, RouteError, Walk};
use crate::search::{End, Now, Searcher};
use crate::snapshot::snap;

mod spread;
mod times;
mod tree;

use spread::Spread;
pub use times::{WalkingTime, walking_times, walking_times_to_kind};
pub(crate) use tree::{Side, Tree};

/// The most points of the lines that [`Reach::lines`] returns.
pub const LINE_POINTS_MAX: usize = 10_000;

/// How long one walks from one spot to everywhere, on one snapshot and overlay.
pub struct Reach<'a, 's> {
    now: Now<'a>,
    from: Spot,
    spread: Spread<'s>,
}

/// Measures the times from a place or position, named as in a [`RouteRequest`](crate::RouteRequest).
///
/// # Errors
/// Fails when it is no place, an ambiguous one, or off the venue.
pub fn reach<'a: 's, 's>(
    walk: &Walk<'a>,
    searcher: &'s mut Searcher,
    from: &str,
) -> Result<Reach<'a, 's>, RouteError> {
    let now = walk.footing();
    let from = resolve::one(now.snapshot, now.overlay, now.who, "from", from)?;
    let starts = from.starts(now.snapshot, now.overlay, now.who);
    let spread = searcher.spread_out(&now, &starts);
    Ok(Reach { now, from, spread })
}

impl std::fmt::Debug for Reach<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reach").field("from", &self.from).finish_non_exhaustive()
    }
}

impl<'a> Reach<'a, '_> {
    /// Returns how long one walks to a node, in milliseconds, or `None` where no way leads, or one that keeps
    /// waiting for longer than [`OPENING_WAIT_MAX_MS`] until something opens.
    pub fn node_ms(&self, node: u32) -> Option<u32> {
        let tree = self.spread.to(node);
        tree.cost(node).filter(|_| self.opens_ms(tree, node) <= OPENING_WAIT_MAX_MS)
    }

    /// Returns how long one waits on the way to a node until things open.
    fn opens_ms(&self, tree: &Tree, node: u32) -> u32 {
        if !self.now.hours_count() {
            return 0;
        }
        let edges = std::iter::successors(Some(node), |node| tree.before(self.now.snapshot, *node));
        let waits = edges.filter_map(|node| {
            let begun = tree.cost(tree.before(self.now.snapshot, node)?)?;
            self.now.wait_ms(tree.via(node)?, begun)
        });
        waits.fold(0, u32::saturating_add)
    }

    /// Returns how long one walks to a place, in milliseconds, or `None` where no way leads or it is closed.
    pub fn place_ms(&self, place: &Place) -> Option<u32> {
        if self.now.overlay.closed().contains(&place.id) {
            return None;
        }
        self.node_ms(u32::try_from(place.node.index()).ok()?)
    }

    /// Returns how long one walks to a reference, in milliseconds, and the place it leads to: the nearest,
    /// where several fit. A position or a door leads to no place.
    ///
    /// # Errors
    /// Fails when it is no place or off the venue; the error names the field.
    pub fn to(
        &self,
        field: &'static str,
        reference: &str,
    ) -> Result<(Option<u32>, Option<&'a Place>), RouteError> {
        let Now { snapshot, overlay, who, .. } = self.now;
        let spots = resolve::resolve(snapshot, overlay, who, field, reference)?;
        let walked = spots.iter().map(|spot| (self.spot_ms(spot).unwrap_or(NO_WAY), spot));
        let Some((millis, spot)) = walked.min_by_key(|(millis, _)| *millis) else { return Ok((None, None)) };
        Ok((Some(millis).filter(|millis| *millis != NO_WAY), spot.place(snapshot)))
    }

    fn spot_ms(&self, spot: &Spot) -> Option<u32> {
        let Now { snapshot, overlay, who, .. } = self.now;
        let straight = direct(snapshot, overlay, who, &self.from, spot);
        let walked = self.spread.cheapest(&spot.goals(snapshot, overlay, who));
        let waits_ms = |node| self.opens_ms(self.spread.to(node), node);
        let walked = walked.filter(|(_, goal)| waits_ms(goal.node) <= OPENING_WAIT_MAX_MS);
        walked.map(|(millis, _)| millis).into_iter().chain(straight.map(|way| way.0)).min()
    }

    /// Returns the places within a time, each with how long one walks there in milliseconds, the nearest
    /// first.
    pub fn places_within(&self, limit_ms: u32) -> Vec<(u32, &'a Place)> {
        let places = self.now.snapshot.places().iter();
        let mut within: Vec<_> = places
            .filter_map(|place| Some((self.place_ms(place)?, place)))
            .filter(|(millis, _)| *millis <= limit_ms)
            .collect();
        within.sort_by_key(|(millis, place)| (*millis, &place.id));
        within
    }

    /// Returns the ways that are walked within a time, each node's shortest, cut where the time is over; the
    /// nearest first. The flag tells whether there were more than [`LINE_POINTS_MAX`] points, whose farthest
    /// lines are left out.
    pub fn lines(&self, limit_ms: u32) -> (Vec<LevelLine>, bool) {
        let Now { snapshot, .. } = self.now;
        let mut steps: Vec<_> = (0_u32..)
            .take(snapshot.node_count())
            .filter_map(|node| {
                let tree = self.spread.to(node);
                let (edge, begun) = (tree.via(node)?, tree.cost(tree.before(snapshot, node)?)?);
                (begun < limit_ms).then_some((begun, tree.cost(node)?, edge))
            })
            .filter(|(_, _, edge)| {
                use EdgeKind::{MovingWalkway, Ramp, Walk};
                let kind = snapshot.edge(*edge).kind;
                matches!(kind, Walk | Ramp | MovingWalkway) || kind.check().is_some()
            })
            .collect();
        steps.sort_unstable();
        let graph = snapshot.graph();
        let (mut lines, mut left) = (self.first_steps(), LINE_POINTS_MAX);
        for (begun, done, edge) in steps {
            let (tail, head) = (snapshot.tail[edge as usize], snapshot.head[edge as usize]);
            let mut points = snap::points(graph, tail, snapshot.edge(edge), head);
            if done > limit_ms {
                points = clip(&points, 0.0, f64::from(limit_ms - begun) / f64::from(done - begun));
            }
            if points.len() < 2 || length_m(&points) <= 0.0 {
                continue;
            }
            match left.checked_sub(points.len()) {
                Some(still) => left = still,
                None => return (lines, true),
            }
            let storey = &graph.storeys()[snapshot.node(tail).level];
            lines.push(LevelLine {
                ordinal: storey.ordinal,
                level_id: storey.id.clone(),
                coordinates: points.iter().map(|at| graph.frame().to_world(*at)).collect(),
            });
        }
        (lines, false)
    }

    /// Returns the line from a position to the ends of the way it was snapped to.
    fn first_steps(&self) -> Vec<LevelLine> {
        let Spot::OnWay { lon_lat, snapped } = &self.from else { return vec![] };
        let Now { snapshot, .. } = self.now;
        let graph = snapshot.graph();
        let storey = &graph.storeys()[snapped.level];
        let edge = snapped.edge;
        let ends = [snapshot.tail[edge as usize], snapshot.head[edge as usize]];
        let points = snap::points(graph, ends[0], snapshot.edge(edge), ends[1]);
        let halves =
            [(ends[0], clip(&points, 0.0, snapped.along)), (ends[1], clip(&points, snapped.along, 1.0))];
        let walked = halves.into_iter().filter(|(node, _)| {
            let tree = self.spread.to(*node);
            tree.via(*node).is_none() && tree.cost(*node).is_some()
        });
        let world = walked.map(|(node, mut points)| {
            if node == ends[0] {
                points.reverse();
            }
            let points = points.iter().map(|at| graph.frame().to_world(*at));
            let begin = if snapped.off_m > 0.0 { graph.frame().to_world(snapped.floor) } else { *lon_lat };
            std::iter::once(begin).chain(points).collect::<Vec<_>>()
        });
        let line =
            |coordinates| LevelLine { ordinal: storey.ordinal, level_id: storey.id.clone(), coordinates };
        world.filter(|points| points.len() >= 2).map(line).collect()
    }
}

impl Searcher {
    /// Measures what it costs from the ends to every node, or from every node to the ends.
    ///
    /// Hours count on the way out alone: on the way back nobody knows when one comes by.
    pub(crate) fn spread(&mut self, now: &Now<'_>, ends: &[End], side: Side) -> &Tree {
        let now = Now { depart: now.depart.filter(|_| side == Side::Out), ..*now };
        let tree = &mut self.trees[side as usize];
        tree.grow(now.snapshot, ends, side, |edge, at_ms| now.weigh_at(edge, at_ms));
        tree
    }
}

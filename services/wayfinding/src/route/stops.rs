//! A way with stops, in the order given or in the quickest.
//!
//! The stops that were made are a set, and the way grows set by set: one search from wherever one may stand
//! with a set behind oneself, each spot at the cost of coming there, finds the cost of every next stop. That
//! is exact, also where a stop has several spots (any toilet) and where what a way costs depends on when one
//! comes to it. In a given order there is one set for each number of stops; in any order there are all.

use std::time::Duration;

use super::resolve::{self, Spot};
use super::{Leg, Outcome, Route, RouteError, RouteRequest, Walk};
use crate::profile::NO_WAY;
use crate::search::{End, Now, Searcher};
use crate::snapshot::COST_MAX;

/// The most stops on a way.
pub const STOPS_MAX: usize = 8;
/// The longest stay at a stop, in seconds: a day.
pub const STAY_MAX_S: u32 = 86_400;
/// The most spots that stops in any order may have together.
const SPOTS_MAX: usize = 256;

/// A stop on the way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stop {
    /// Where: as the end of a way; where several places fit, whichever makes the whole way quickest.
    pub at: String,
    /// How long one stays, in seconds, at most [`STAY_MAX_S`].
    pub stay_s: u32,
}

impl From<&str> for Stop {
    fn from(at: &str) -> Self {
        Self { at: at.to_owned(), stay_s: 0 }
    }
}

/// The stop before and which of its spots; `None` where the way begins.
type Before = Option<(usize, usize)>;

/// The cheapest way to come to a spot with a set of stops behind oneself.
#[derive(Clone, Copy)]
struct Arrival {
    millis: u32,
    before: Before,
}

const NEVER: Arrival = Arrival { millis: NO_WAY, before: None };

/// What is known while the sets grow.
struct Plan<'a> {
    walk: &'a Walk<'a>,
    from: &'a Spot,
    /// The spots of each stop, and of the end of the way behind them.
    spots: Vec<Vec<Spot>>,
    stays_ms: Vec<u32>,
    any_order: bool,
    /// By set and last stop: when one comes to each of its spots.
    arrivals: Vec<Vec<Vec<Arrival>>>,
}

/// Finds the quickest way over the stops of a request.
pub(super) fn route(
    walk: &Walk<'_>,
    searcher: &mut Searcher,
    request: &RouteRequest,
    from: &Spot,
    to: &[Spot],
) -> Result<Outcome, RouteError> {
    let count = request.via.len();
    if count > STOPS_MAX {
        return Err(RouteError::TooManyStops { count });
    }
    let read = |stop: &Stop| resolve::resolve(walk.snapshot, walk.overlay, walk.who, "via", &stop.at);
    let mut spots = request.via.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    if request.any_order && spots.iter().map(Vec::len).sum::<usize>() > SPOTS_MAX {
        return Err(RouteError::TooManySpots { most: SPOTS_MAX });
    }
    spots.push(to.to_vec());
    let stays_ms = request.via.iter().map(|stop| stop.stay_s.min(STAY_MAX_S) * 1_000).collect();
    let arrivals = vec![vec![]; 1 << count];
    let mut plan = Plan { walk, from, spots, stays_ms, any_order: request.any_order, arrivals };
    let Some(order) = plan.best(searcher) else { return Ok(plan.refuse(searcher)) };
    match plan.legs(searcher, &order) {
        Some(legs) => Ok(Outcome::Found(join(legs))),
        None => Ok(plan.refuse(searcher)),
    }
}

impl Plan<'_> {
    fn stops(&self) -> usize {
        self.stays_ms.len()
    }

    /// Returns the stops in their best order, each with the spot it is made at, and the spot of the end.
    fn best(&mut self, searcher: &mut Searcher) -> Option<Vec<(usize, usize)>> {
        let (stops, full) = (self.stops(), (1_usize << self.stops()) - 1);
        for set in 0..full {
            if !self.any_order && set & (set + 1) != 0 {
                continue;
            }
            let next = if self.any_order {
                0..stops
            } else {
                set.count_ones() as usize..set.count_ones() as usize + 1
            };
            let next: Vec<usize> = next.filter(|stop| set >> stop & 1 == 0).collect();
            for (stop, arrivals) in next.iter().zip(self.onward(searcher, set, &next)) {
                let with = &mut self.arrivals[set | 1 << stop];
                with.resize(stops, vec![]);
                with[*stop] = arrivals;
            }
        }
        let ends = self.onward(searcher, full, &[stops]).pop()?;
        let (end, mut arrival) = ends.into_iter().enumerate().min_by_key(|(_, arrival)| arrival.millis)?;
        if arrival.millis >= COST_MAX {
            return None;
        }
        let (mut order, mut set) = (vec![(stops, end)], full);
        while let Some((stop, spot)) = arrival.before {
            order.push((stop, spot));
            arrival = self.arrivals[set][stop][spot];
            set &= !(1 << stop);
        }
        order.reverse();
        Some(order)
    }

    /// Returns when one comes to the spots of the next stops from wherever one stands after a set of them.
    fn onward(&self, searcher: &mut Searcher, set: usize, next: &[usize]) -> Vec<Vec<Arrival>> {
        let Walk { snapshot, overlay, who, .. } = *self.walk;
        // Each spot that one may leave from: when, and which it is.
        let left: Vec<(u32, Before, &Spot)> = if set == 0 {
            vec![(0, None, self.from)]
        } else {
            let of_stop = |(stop, arrivals): (usize, &Vec<Arrival>)| {
                let stay = self.stays_ms[stop];
                let reached = arrivals.iter().enumerate().filter(|(_, arrival)| arrival.millis < COST_MAX);
                let spot = move |(spot, arrival): (usize, &Arrival)| {
                    (arrival.millis.saturating_add(stay), Some((stop, spot)), &self.spots[stop][spot])
                };
                reached.map(spot).collect::<Vec<_>>()
            };
            self.arrivals[set].iter().enumerate().flat_map(of_stop).collect()
        };
        let mut starts: Vec<(End, Before)> = vec![];
        for (millis, which, spot) in &left {
            let ends = spot.starts(snapshot, overlay, who).into_iter();
            let later = ends.map(|end| End { millis: end.millis.saturating_add(*millis), ..end });
            starts.extend(later.map(|end| (end, *which)));
        }
        let ends: Vec<End> = starts.iter().map(|(end, _)| *end).collect();
        let now = Now { snapshot, overlay, who, depart: None, stays: false };
        let spread = searcher.spread_out(&now, &ends);
        let to_spot = |spot: &Spot| {
            let walked = spread.cheapest(&spot.goals(snapshot, overlay, who)).and_then(|(millis, goal)| {
                let tree = spread.to(goal.node);
                let root = tree.root(snapshot, goal.node);
                let begun =
                    |(end, _): &&(End, Before)| end.node == root && Some(end.millis) == tree.cost(root);
                starts.iter().find(begun).map(|(_, before)| Arrival { millis, before: *before })
            });
            let straight = left.iter().filter_map(|(millis, before, start)| {
                let way = super::pieces::direct(snapshot, overlay, who, start, spot)?;
                Some(Arrival { millis: way.0.saturating_add(*millis), before: *before })
            });
            straight.chain(walked).min_by_key(|arrival| arrival.millis).unwrap_or(NEVER)
        };
        next.iter().map(|stop| self.spots[*stop].iter().map(to_spot).collect()).collect()
    }

    /// Finds the way from stop to stop.
    fn legs(&self, searcher: &mut Searcher, order: &[(usize, usize)]) -> Option<Vec<(Route, Leg)>> {
        let (mut from, mut legs, mut walk) = (self.from, Vec::new(), *self.walk);
        for (stop, spot) in order {
            let to = std::slice::from_ref(&self.spots[*stop][*spot]);
            let pieces = walk.way(searcher, from, to)?;
            let route = walk.tell(searcher, pieces, from, to);
            let is_stop = *stop < self.stops();
            let leg = Leg {
                length_m: route.length_m,
                seconds: route.seconds,
                first_step: 0,
                stop: is_stop.then_some(*stop),
                stay_s: if is_stop { self.stays_ms[*stop] / 1_000 } else { 0 },
                place: to[0].place(self.walk.snapshot).map(|place| place.id.clone()),
            };
            let gone_ms = Duration::from_secs_f64(leg.seconds).as_millis() + u128::from(leg.stay_s) * 1_000;
            let gone_ms = u32::try_from(gone_ms).unwrap_or(COST_MAX);
            walk.depart = walk.depart.map(|depart| depart.after(gone_ms));
            legs.push((route, leg));
            from = &to[0];
        }
        Some(legs)
    }

    /// Says why there is no way: the first part of the way, in the order given, that cannot be walked.
    fn refuse(&self, searcher: &mut Searcher) -> Outcome {
        let here = std::slice::from_ref(self.from);
        let in_order = std::iter::once(here).chain(self.spots.iter().map(Vec::as_slice)).zip(&self.spots);
        let from_here = self.spots.iter().map(|to| (here, to));
        for (from, to) in in_order.chain(from_here) {
            if !from.iter().any(|from| self.walk.way(searcher, from, to).is_some()) {
                return self.walk.no_way(searcher, &from[0], to);
            }
        }
        self.walk.no_way(searcher, self.from, &self.spots[self.stops()])
    }
}

/// Returns the legs as one route.
fn join(legs: Vec<(Route, Leg)>) -> Route {
    let mut whole = Route::default();
    for (mut route, leg) in legs {
        let before = whole.line.len();
        for span in route.steps.iter_mut().filter_map(|step| step.span.as_mut()) {
            span.first.line += before;
            span.last.line += before;
        }
        whole.legs.push(Leg { first_step: whole.steps.len(), ..leg });
        whole.length_m += route.length_m;
        whole.seconds += route.seconds;
        whole.levels.append(&mut route.levels);
        whole.steps.append(&mut route.steps);
        whole.line.append(&mut route.line);
        if whole.legs.len() == 1 {
            whole.start_off_m = route.start_off_m;
        }
        (whole.goal, whole.goal_off_m) = (route.goal, route.goal_off_m);
    }
    whole.levels.dedup();
    whole
}

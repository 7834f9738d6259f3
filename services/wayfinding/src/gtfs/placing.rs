//! Where the locations of a feed are: those without coordinates or level are placed by their neighbours.
//!
//! A generic node may leave both out. It is put in the middle of the neighbours that are placed, round by
//! round outwards, so that the order of rows does not matter; it takes the level of those it is joined to on
//! the flat. What no pathway joins to anything placed stands at its station.

use std::collections::BTreeMap;

use super::{Feed, Mode};
use crate::imdf::FeatureId;

/// Where each stop of the feed is, by its place in the feed's order.
pub(super) struct Placing {
    /// Longitude and latitude.
    pub(super) at: Vec<Option<[f64; 2]>>,
    /// The number of the level.
    pub(super) level: Vec<Option<f64>>,
    /// How many stops were placed by their neighbours, and on a level by them.
    pub(super) guessed: [usize; 2],
}

impl Placing {
    pub(super) fn of(feed: &Feed) -> Self {
        let index: BTreeMap<&FeatureId, usize> =
            feed.stops.iter().enumerate().map(|(index, stop)| (&stop.id, index)).collect();
        let levels: BTreeMap<_, _> = feed.levels.iter().map(|level| (&level.id, level.index)).collect();
        let parent = |stop: &super::Stop| stop.parent.as_ref().and_then(|parent| index.get(parent)).copied();
        let mut near = vec![Vec::new(); feed.stops.len()];
        let mut flat = vec![Vec::new(); feed.stops.len()];
        for pathway in &feed.pathways {
            let (Some(from), Some(to)) = (index.get(&pathway.from), index.get(&pathway.to)) else { continue };
            let rises = matches!(pathway.mode, Mode::Stairs | Mode::Escalator | Mode::Lift);
            for (a, b) in [(*from, *to), (*to, *from)] {
                near[a].push(b);
                if !rises {
                    flat[a].push(b);
                }
            }
        }
        let mut at: Vec<_> = feed.stops.iter().map(|stop| stop.at).collect();
        let mut level: Vec<_> = feed
            .stops
            .iter()
            .map(|stop| stop.level.as_ref().and_then(|level| levels.get(level)).map(|index| [*index, 0.0]))
            .collect();
        let told = |list: &[Option<[f64; 2]>]| list.iter().filter(|told| told.is_some()).count();
        let before = [told(&at), told(&level)];
        spread(&mut at, &near, |[x, y], count| [x / count, y / count]);
        // Among neighbours of several levels the mean is none of them: the first is as good as any.
        spread_first(&mut level, &flat);
        let guessed = [told(&at) - before[0], told(&level) - before[1]];
        for (stop, place) in feed.stops.iter().enumerate() {
            at[stop] = at[stop].or_else(|| parent(place).and_then(|parent| at[parent]));
            level[stop] = level[stop].or_else(|| parent(place).and_then(|parent| level[parent]));
        }
        Self { at, level: level.into_iter().map(|level| level.map(|[index, _]| index)).collect(), guessed }
    }
}

/// Fills gaps round by round with the mean of the neighbours that were filled before the round.
fn spread(values: &mut [Option<[f64; 2]>], near: &[Vec<usize>], mean: impl Fn([f64; 2], f64) -> [f64; 2]) {
    let mut edge = border(values, near);
    while !edge.is_empty() {
        let filled: Vec<_> = edge
            .iter()
            .map(|gap| {
                let known = near[*gap].iter().filter_map(|next| values[*next]);
                let (sum, count) = known
                    .fold(([0.0; 2], 0.0), |(sum, count), [x, y]| ([sum[0] + x, sum[1] + y], count + 1.0));
                (*gap, mean(sum, count))
            })
            .collect();
        for (gap, value) in filled {
            values[gap] = Some(value);
        }
        edge = onward(values, near, &edge);
    }
}

/// Fills gaps round by round with the value of the first neighbour that was filled before the round.
fn spread_first(values: &mut [Option<[f64; 2]>], near: &[Vec<usize>]) {
    let mut edge = border(values, near);
    while !edge.is_empty() {
        let first = |gap: &usize| {
            near[*gap].iter().filter_map(|next| Some((*next, values[*next]?))).min_by_key(|(next, _)| *next)
        };
        let filled: Vec<_> = edge.iter().filter_map(|gap| Some((*gap, first(gap)?.1))).collect();
        for (gap, value) in filled {
            values[gap] = Some(value);
        }
        edge = onward(values, near, &edge);
    }
}

/// Returns the gaps next to a value.
fn border(values: &[Option<[f64; 2]>], near: &[Vec<usize>]) -> Vec<usize> {
    (0..values.len())
        .filter(|stop| values[*stop].is_none() && near[*stop].iter().any(|next| values[*next].is_some()))
        .collect()
}

/// Returns the gaps next to what was just filled.
fn onward(values: &[Option<[f64; 2]>], near: &[Vec<usize>], filled: &[usize]) -> Vec<usize> {
    let mut next: Vec<_> = filled
        .iter()
        .flat_map(|stop| near[*stop].iter().copied())
        .filter(|stop| values[*stop].is_none())
        .collect();
    next.sort_unstable();
    next.dedup();
    next
}

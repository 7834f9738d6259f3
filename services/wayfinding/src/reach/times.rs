//! How long one walks to each of many places, or why one cannot.
//!
//! The nearest of what a reference names is found by one search to everywhere; the time told is that of the way
//! there pulled taut, which is what a route tells.

use super::reach;
use crate::graph::Place;
use crate::profile::NO_WAY;
use crate::route::resolve::{self, Spot};
use crate::route::{Reason, RouteError, Walk, reason, refusal};
use crate::search::Searcher;

/// How long one walks to a place, or why one cannot.
#[derive(Clone, Debug, PartialEq)]
pub struct WalkingTime<'a> {
    /// The place; `None` for a door, a unit or a position.
    pub place: Option<&'a Place>,
    /// The time in milliseconds, as a route there tells it, or the reason and the reason in words.
    pub walk: Result<u32, (Reason, String)>,
}

/// Measures the times to what the references name, in their order; where several places fit, to the nearest.
///
/// # Errors
/// Fails when the start or a reference is no place, the start is an ambiguous one, or one is off the venue.
pub fn walking_times<'a>(
    walk: &Walk<'a>,
    searcher: &mut Searcher,
    from: &str,
    to: &[String],
) -> Result<Vec<WalkingTime<'a>>, RouteError> {
    let Walk { snapshot, overlay, who, .. } = *walk;
    let (reach, mut nearest) = (reach(walk, searcher, from)?, Vec::new());
    for reference in to {
        let spots = resolve::resolve(snapshot, overlay, who, "places", reference)?;
        let walked = spots.into_iter().map(|spot| (reach.spot_ms(&spot).unwrap_or(NO_WAY), spot));
        nearest.extend(walked.min_by_key(|(millis, _)| *millis));
    }
    let start = reach.from;
    Ok(told(walk, searcher, &start, nearest))
}

/// Measures the times to the places of a kind, the nearest first and at most so many.
///
/// # Errors
/// Fails when the start is no place, an ambiguous one, or off the venue, or no place is of the kind.
pub fn walking_times_to_kind<'a>(
    walk: &Walk<'a>,
    searcher: &mut Searcher,
    from: &str,
    kind: &str,
    limit: usize,
) -> Result<Vec<WalkingTime<'a>>, RouteError> {
    let (snapshot, reach) = (walk.snapshot, reach(walk, searcher, from)?);
    let places = snapshot.finder.of_kind(kind);
    if places.is_empty() {
        return Err(RouteError::UnknownKind { kind: kind.chars().take(64).collect() });
    }
    let places = places.iter().map(|index| &snapshot.places()[*index as usize]);
    let mut nearest: Vec<_> = places.map(|place| (reach.place_ms(place).unwrap_or(NO_WAY), place)).collect();
    nearest.sort_by_key(|(millis, place)| (*millis, &place.id));
    nearest.truncate(limit);
    let nearest = nearest.into_iter().map(|(millis, place)| (millis, Spot::of(place))).collect();
    let start = reach.from;
    let mut told = told(walk, searcher, &start, nearest);
    // Pulled taut, two ways of nearly one length may change places.
    told.sort_by_key(|time| *time.walk.as_ref().unwrap_or(&NO_WAY));
    Ok(told)
}

fn told<'a>(
    walk: &Walk<'a>,
    searcher: &mut Searcher,
    start: &Spot,
    nearest: Vec<(u32, Spot)>,
) -> Vec<WalkingTime<'a>> {
    let told = nearest.into_iter().map(|(millis, spot)| {
        let place = spot.place(walk.snapshot);
        if millis != NO_WAY {
            let pulled = walk.pulled_ms(searcher, start, &spot);
            return WalkingTime { place, walk: Ok(pulled.unwrap_or(millis)) };
        }
        let reason = reason::reason(walk, searcher, std::slice::from_ref(start), &[spot]);
        let text = refusal::text(walk, &reason);
        WalkingTime { place, walk: Err((reason, text)) }
    });
    told.collect()
}

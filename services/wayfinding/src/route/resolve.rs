//! From what a passenger said to where it is.

use crate::geometry::millis_between;
use crate::graph::Place;
use crate::imdf::FeatureId;
use crate::overlay::Overlay;
use crate::profile::{NO_WAY, Who};
use crate::search::End;
use crate::snapshot::Snapshot;
use crate::snapshot::snap::Snapped;
use crate::words::Language;

use super::{RouteError, end};

/// The most places of one name or kind that a search runs to at once.
const NAMESAKES_MAX: usize = 1_024;
/// How much of a reference an error repeats, in letters.
const REFERENCE_CHARS_MAX: usize = 200;

/// One end of a route.
#[derive(Clone, Debug)]
pub(crate) enum Spot {
    /// A node; both nodes of a one-way door.
    Nodes { nodes: Vec<u32>, feature: FeatureId },
    /// A position on a way.
    OnWay { lon_lat: [f64; 2], snapped: Snapped },
}

impl Spot {
    pub(crate) fn starts(&self, snapshot: &Snapshot, overlay: &Overlay, who: Who) -> Vec<End> {
        self.ends(snapshot, overlay, who, true)
    }

    pub(crate) fn goals(&self, snapshot: &Snapshot, overlay: &Overlay, who: Who) -> Vec<End> {
        self.ends(snapshot, overlay, who, false)
    }

    /// Returns the nodes next to the spot and what the way between costs, off it or onto it.
    fn ends(&self, snapshot: &Snapshot, overlay: &Overlay, who: Who, leaving: bool) -> Vec<End> {
        match self {
            // Nobody is led to what is closed; who is there can leave, by the ways of the unit to its doors.
            Self::Nodes { feature, .. } if !leaving && overlay.closed().contains(feature) => vec![],
            Self::Nodes { nodes, .. } => {
                let own = nodes.iter().map(|node| end(*node));
                let out = ways_out(snapshot, overlay, who, nodes).filter(|_| leaving);
                own.chain(out.map(|(_, end)| end)).collect()
            }
            Self::OnWay { snapped, .. } => {
                let ways = directions(snapshot, snapped);
                let leaves = |edge| leaving && overlay.blocks_by_unit(snapshot, edge);
                let open = ways.filter(|(edge, _)| !overlay.blocks(*edge) || leaves(*edge));
                let ends = open.filter_map(|(edge, before)| {
                    let whole = snapshot.weight(who, edge);
                    let share = if leaving { 1.0 - before } else { before };
                    let node =
                        if leaving { snapshot.head[edge as usize] } else { snapshot.tail[edge as usize] };
                    let millis = part(whole, share).saturating_add(stub_ms(snapped, who));
                    (whole != NO_WAY).then_some(End { node, millis })
                });
                ends.collect()
            }
        }
    }

    /// Returns how far the line begins or ends from it, in metres.
    pub(crate) fn off_m(&self) -> f64 {
        match self {
            Self::Nodes { .. } => 0.0,
            Self::OnWay { snapped, .. } => snapped.off_m,
        }
    }

    /// Returns the place that it is.
    pub(crate) fn place<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a Place> {
        let Self::Nodes { feature, .. } = self else { return None };
        snapshot.names.place(feature).map(|index| &snapshot.places()[index])
    }

    /// Returns the name of the place, where it has one.
    pub(crate) fn name(&self, snapshot: &Snapshot, language: Language) -> Option<String> {
        let Self::Nodes { feature, .. } = self else { return None };
        snapshot.name_of(feature, language)
    }
}

/// Returns the ways by which one leaves a closed unit from some of its nodes, each with where it ends.
pub(crate) fn ways_out(
    snapshot: &Snapshot,
    overlay: &Overlay,
    who: Who,
    nodes: &[u32],
) -> impl Iterator<Item = (u32, End)> {
    let edges = nodes.iter().filter(|_| !overlay.closed().is_empty()).flat_map(|node| snapshot.out(*node));
    edges.filter_map(move |edge| {
        let edge = u32::try_from(edge).ok()?;
        let end = End { node: snapshot.head[edge as usize], millis: snapshot.weight(who, edge) };
        (end.millis != NO_WAY && overlay.blocks_by_unit(snapshot, edge)).then_some((edge, end))
    })
}

/// Returns the edges that pass a snapped point, each with the share of it that lies before the point.
pub(crate) fn directions(snapshot: &Snapshot, snapped: &Snapped) -> impl Iterator<Item = (u32, f64)> {
    let back = snapshot.twin(snapped.edge).map(|edge| (edge, 1.0 - snapped.along));
    std::iter::once((snapped.edge, snapped.along)).chain(back)
}

/// Returns a share of a weight, rounded up.
pub(crate) fn part(whole: u32, share: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a u32 is a u32")]
    let millis = (f64::from(whole) * share.clamp(0.0, 1.0)).ceil() as u32;
    millis
}

/// Returns the time from where the floor begins to the way that a position was snapped to.
pub(crate) fn stub_ms(snapped: &Snapped, who: Who) -> u32 {
    millis_between(snapped.stub_m, who.speed.mps(who.profile))
}

/// Finds the one spot that a reference names.
pub(crate) fn one(
    snapshot: &Snapshot,
    overlay: &Overlay,
    who: Who,
    field: &'static str,
    reference: &str,
) -> Result<Spot, RouteError> {
    let mut spots = resolve(snapshot, overlay, who, field, reference)?;
    match (spots.pop(), spots.len()) {
        (Some(spot), 0) => Ok(spot),
        (_, others) => {
            let reference = reference.chars().take(REFERENCE_CHARS_MAX).collect();
            Err(RouteError::AmbiguousPlace { field, reference, count: others + 1 })
        }
    }
}

/// Finds the spots that a reference names: those of its name, else of its code, else of its kind.
pub(crate) fn resolve(
    snapshot: &Snapshot,
    overlay: &Overlay,
    who: Who,
    field: &'static str,
    reference: &str,
) -> Result<Vec<Spot>, RouteError> {
    if let Some((lon_lat, ordinal)) = position(reference) {
        return on_way(snapshot, overlay, who, field, lon_lat, ordinal).map(|spot| vec![spot]);
    }
    let unknown = || RouteError::UnknownPlace {
        field,
        reference: reference.chars().take(REFERENCE_CHARS_MAX).collect(),
    };
    if let Some(spot) = FeatureId::parse(reference).and_then(|id| feature(snapshot, &id)) {
        return Ok(vec![spot]);
    }
    let called = match snapshot.names.called(reference) {
        [] => snapshot.finder.of_kind(reference),
        called => called,
    };
    let spots: Vec<_> = called
        .iter()
        .take(NAMESAKES_MAX)
        .map(|index| Spot::of(&snapshot.graph().places[*index as usize]))
        .collect();
    if spots.is_empty() { Err(unknown()) } else { Ok(spots) }
}

impl Spot {
    /// Returns the spot of a place.
    pub(crate) fn of(place: &Place) -> Self {
        let nodes = u32::try_from(place.node.index()).into_iter().collect();
        Self::Nodes { nodes, feature: place.id.clone() }
    }
}

/// Finds a feature by id: a place, a door, a shaft or the middle of a unit.
fn feature(snapshot: &Snapshot, id: &FeatureId) -> Option<Spot> {
    let graph = snapshot.graph();
    if let Some(index) = snapshot.names.place(id) {
        return Some(Spot::of(&graph.places[index]));
    }
    let nodes = snapshot.names.nodes(id);
    if !nodes.is_empty() {
        return Some(Spot::Nodes { nodes: nodes.to_vec(), feature: id.clone() });
    }
    let room = graph.room(id)?;
    let lon_lat = graph.frame.to_world(room.areas.first()?.interior());
    let ordinal = graph.storeys[room.level].ordinal;
    let snapped = snapshot.snap_by(&Overlay::open(), Who::ANYBODY, lon_lat, ordinal)?;
    Some(Spot::OnWay { lon_lat, snapped })
}

/// Reads `lon,lat,ordinal`.
fn position(reference: &str) -> Option<([f64; 2], i32)> {
    let mut parts = reference.split(',').map(str::trim);
    let (lon, lat) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let ordinal = parts.next()?.parse().ok()?;
    (parts.next().is_none() && f64::is_finite(lon) && f64::is_finite(lat)).then_some(([lon, lat], ordinal))
}

fn on_way(
    snapshot: &Snapshot,
    overlay: &Overlay,
    who: Who,
    field: &'static str,
    lon_lat: [f64; 2],
    ordinal: i32,
) -> Result<Spot, RouteError> {
    let known = snapshot.graph().ordinals();
    if !known.contains(&ordinal) {
        return Err(RouteError::UnknownLevel { field, ordinal, known });
    }
    let open = Overlay::open();
    // Where all ways are closed, or none fits the profile, the reason is found from the nearest way of all.
    let snapped = snapshot
        .snap_by(overlay, who, lon_lat, ordinal)
        .or_else(|| snapshot.snap_by(&open, who, lon_lat, ordinal))
        .or_else(|| snapshot.snap_by(&open, Who::ANYBODY, lon_lat, ordinal));
    snapped.map(|snapped| Spot::OnWay { lon_lat, snapped }).ok_or(RouteError::OffVenue { field })
}

//! Open floor that nobody drew: where units leave much of a level's outline uncovered, the rest is walked.
//!
//! Maps often draw the rooms and take the corridor between them for granted. What is left of the outline,
//! without the slivers between walls, becomes units of category `walkway`, and doors onto it lead somewhere.
//! It is cut along every geofence of the level, and cut pieces are not joined, so that a floor nobody drew
//! never leads past security; where geofences tell the zones, a piece outside all of them is no way at all.

use std::borrow::Cow;

use geo::{BooleanOps, MultiPolygon};

use super::derive::area;
use crate::check::{Finding, Severity};
use crate::geometry::{Area, Frame, middle, open_floor, union};
use crate::imdf::{Archive, FeatureId, Level, Rings, Unit};

/// The share of an outline that units may leave uncovered.
pub(crate) const UNCOVERED_MAX: f64 = 0.05;
/// The most points that a level's units and outline may have to be looked at.
const POINTS_MAX: usize = 100_000;
/// The most geofences of a level that floor is cut along.
const FENCES_MAX: usize = 64;
/// The most doors of one piece; a room with more is refused when somebody draws it.
const DOORS_MAX: usize = 200;
/// How far a door may lie from a piece that it leads to, in metres.
const DOOR_GAP_M: f64 = 0.7;

/// Returns the archive with a unit for each piece of open floor, and says where there are any.
pub(super) fn complete<'a>(archive: &'a Archive, frame: &Frame) -> (Cow<'a, Archive>, Vec<Finding>) {
    let (mut units, mut notes) = (Vec::new(), Vec::new());
    for level in archive.levels.iter().filter(|level| !level.outdoor) {
        let Some((pieces, whole_m2)) = pieces(archive, frame, level) else { continue };
        let open_m2: f64 = pieces.iter().map(Area::square_m).sum();
        for (number, piece) in pieces.iter().enumerate() {
            units.push(walkway(frame, level, number + 1, piece));
        }
        notes.push(Finding {
            severity: Severity::Warning,
            rule: "walkway-implied",
            file: "level".to_owned(),
            feature_id: Some(level.id.to_string()),
            text: format!(
                "no unit covers {:.0} % of the level (about {open_m2:.0} m2 of {whole_m2:.0} m2); it is walked as \
                 open floor",
                open_m2 / whole_m2 * 100.0
            ),
            remedy: "draw units for the open floor, or correct the level's outline".to_owned(),
        });
    }
    if units.is_empty() {
        return (Cow::Borrowed(archive), notes);
    }
    let mut whole = archive.clone();
    whole.units.extend(units);
    whole.units.sort_by(|a, b| a.id.cmp(&b.id));
    (Cow::Owned(whole), notes)
}

/// Returns the pieces of open floor of a level and the size of its outline, where the rest is too large to be
/// walls.
fn pieces(archive: &Archive, frame: &Frame, level: &Level) -> Option<(Vec<Area>, f64)> {
    let drawn = |areas: &[Rings]| areas.iter().filter_map(|rings| area(frame, rings)).collect::<Vec<_>>();
    let outline = drawn(&level.areas);
    let units = archive.units.iter().filter(|unit| unit.level_id == level.id);
    let covers: Vec<_> = units.flat_map(|unit| drawn(&unit.areas)).collect();
    let points: usize = outline.iter().chain(&covers).map(|area| area.walls().len()).sum();
    if covers.is_empty() || points > POINTS_MAX {
        return None;
    }
    let (open, whole_m2) = open_floor(&outline, covers.iter());
    let cut = cut(archive, frame, level, open)?;
    let pieces: Vec<_> = cut.0.iter().filter_map(Area::new).collect();
    let open_m2: f64 = pieces.iter().map(Area::square_m).sum();
    let doors = |piece: &Area| {
        let on = |line: &[[f64; 2]]| {
            let line: Vec<_> = line.iter().map(|[lon, lat]| frame.to_plane(*lon, *lat)).collect();
            piece.gap_m(middle(&line), DOOR_GAP_M) <= DOOR_GAP_M
        };
        let doors = archive.openings.iter().filter(|opening| opening.level_id == level.id);
        doors.filter(|opening| on(&opening.line)).count()
    };
    let plain = pieces.iter().all(|piece| doors(piece) <= DOORS_MAX);
    (plain && open_m2 > UNCOVERED_MAX * whole_m2).then_some((pieces, whole_m2))
}

/// Cuts floor along the geofences of a level; where they tell the zones, only what lies in one is kept.
fn cut(
    archive: &Archive,
    frame: &Frame,
    level: &Level,
    open: MultiPolygon<f64>,
) -> Option<MultiPolygon<f64>> {
    let of_level = archive
        .geofences
        .iter()
        .filter(|fence| fence.level_ids.is_empty() || fence.level_ids.contains(&level.id));
    let fences: Vec<_> = of_level.collect();
    if fences.len() > FENCES_MAX {
        return None;
    }
    let zoned = fences.iter().any(|fence| is_zone(&fence.category));
    let mut cells = vec![(open, !zoned)];
    for fence in fences {
        let areas: Vec<_> = fence.areas.iter().filter_map(|rings| area(frame, rings)).collect();
        let shape = union(&areas);
        cells = cells
            .into_iter()
            .flat_map(|(cell, kept)| {
                let inside = (cell.intersection(&shape), kept || is_zone(&fence.category));
                [inside, (cell.difference(&shape), kept)]
            })
            .filter(|(cell, _)| !cell.0.is_empty())
            .collect();
    }
    let kept = cells.into_iter().filter(|(_, kept)| *kept).flat_map(|(cell, _)| cell.0);
    Some(MultiPolygon::new(kept.collect()))
}

/// Tells whether a geofence of this category tells a zone.
pub(super) fn is_zone(category: &str) -> bool {
    matches!(category, "presecurity" | "postsecurity")
}

/// Returns a piece of floor as a unit of a level.
pub(super) fn walkway(frame: &Frame, level: &Level, number: usize, piece: &Area) -> Unit {
    let degrees = |ring: &geo::LineString<f64>| ring.0.iter().map(|at| frame.to_world(*at)).collect();
    Unit {
        id: FeatureId::derived(&format!("implied-{}-{number}", level.id)),
        category: "walkway".to_owned(),
        restriction: None,
        level_id: level.id.clone(),
        name: crate::words::Labels::default(),
        areas: vec![piece.rings().map(degrees).collect()],
    }
}

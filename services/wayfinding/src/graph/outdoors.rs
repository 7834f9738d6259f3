//! The ground between houses, where a map draws the houses and not the ground.
//!
//! A campus's archive has the venue's outline and the footprints of its buildings, and takes for granted that
//! one walks from house to house. What the footprints leave of the outline becomes one level outdoors, of
//! category `walkway`, and the doors in the outer walls of ground storeys lead onto it. A house without any is
//! entered where its public ground floor comes nearest to the building's display point, which is the middle of
//! its front; both guesses are findings.
//!
//! Never so at an airport, whose outline holds the airfield: nobody is led over an apron because nobody drew it.
//! Nor where the map draws what is outdoors, nor where geofences tell zones, since ground that nobody drew must
//! not lead past security.

use std::borrow::Cow;

use geo::Coord;

use super::derive::area;
use super::doors::STEPS_M;
use super::implied::{is_zone, walkway};
use super::rooms::is_far;
use crate::check::{Finding, Severity};
use crate::geometry::{Area, Frame, distance_m, middle, open_floor};
use crate::imdf::{Archive, FeatureId, Level, Opening, Rings, Unit};
use crate::taut::VERTICES_MAX;
use crate::words::Labels;

/// How far a door may lie from the ground that it leads to, in metres.
const DOOR_GAP_M: f64 = 0.7;
/// How wide an entrance is taken to be, in metres.
const ENTRANCE_M: f64 = 1.2;
/// How far apart the spots are that an entrance is sought at, in metres.
const STEP_M: f64 = 0.5;

/// Tells whether one comes through a door from one level onto the other: outdoors, from a house that stands
/// there.
pub(super) fn meet(archive: &Archive, [one, other]: [usize; 2]) -> bool {
    let [one, other] = [&archive.levels[one], &archive.levels[other]];
    let stands = |house: &Level, outdoors: &Level| {
        outdoors.outdoor
            && !house.outdoor
            && (house.ordinal == outdoors.ordinal || outdoors.ordinal == 0 && is_ground(archive, house))
    };
    stands(one, other) || stands(other, one)
}

/// Tells whether a level is the ground storey of its building: the lowest that is not below ground. Buildings
/// on a slope, and some maps, count from 1.
fn is_ground(archive: &Archive, level: &Level) -> bool {
    let lower = |other: &&Level| (0..level.ordinal).contains(&other.ordinal);
    let same = |other: &Level| other.building_ids.iter().any(|id| level.building_ids.contains(id));
    let known = level.ordinal == 0 || level.ordinal > 0 && !level.building_ids.is_empty();
    known && !level.outdoor && !archive.levels.iter().filter(lower).any(same)
}

/// Returns the archive with the ground between its houses, where it tells enough of it.
pub(super) fn complete<'a>(
    archive: Cow<'a, Archive>,
    frame: &Frame,
    notes: &mut Vec<Finding>,
) -> Cow<'a, Archive> {
    let Some(mut ground) = ground(&archive, frame) else { return archive };
    let storeys = || archive.levels.iter().filter(|level| is_ground(&archive, level));
    let spots = |level: &Level| {
        let here = |opening: &&Opening| opening.level_id == level.id;
        let spot = |opening: &Opening| {
            let line: Vec<_> = opening.line.iter().map(|[lon, lat]| frame.to_plane(*lon, *lat)).collect();
            middle(&line)
        };
        let spots = archive.openings.iter().filter(here).map(spot);
        spots.filter(|at| touches(&ground, *at)).collect::<Vec<_>>()
    };
    let shut = storeys().filter(|level| spots(level).is_empty());
    let entrances: Vec<_> =
        shut.filter_map(|level| Some((level, entrance(&archive, frame, level, &ground)?))).collect();
    let mut ways_out: Vec<_> = storeys().flat_map(spots).collect();
    ways_out.extend(entrances.iter().map(|(_, line)| (line[0] + line[1]) / 2.0));
    // One way out leads to nothing else, and a court without a door is left alone.
    if ways_out.len() < 2 {
        return archive;
    }
    ground.retain(|piece| ways_out.iter().any(|at| touches(std::slice::from_ref(piece), *at)));
    notes.push(ground_implied(&archive, &ground));
    notes.extend(entrances.iter().map(|(level, line)| entrance_implied(frame, level, *line)));
    let doors: Vec<_> = entrances.iter().map(|(level, line)| opening(frame, level, *line)).collect();
    let level = outdoors(&archive);
    let mut whole = archive.into_owned();
    whole.openings.extend(doors);
    whole.openings.sort_by(|a, b| a.id.cmp(&b.id));
    whole.units.extend(ground.iter().zip(1..).map(|(piece, number)| walkway(frame, &level, number, piece)));
    whole.units.sort_by(|a, b| a.id.cmp(&b.id));
    whole.levels.push(level);
    whole.levels.sort_by(|a, b| (a.ordinal, &a.id).cmp(&(b.ordinal, &b.id)));
    Cow::Owned(whole)
}

fn touches(ground: &[Area], at: Coord<f64>) -> bool {
    ground.iter().any(|piece| piece.gap_m(at, DOOR_GAP_M) <= DOOR_GAP_M)
}

/// Returns what houses leave of the venue's outline, the largest piece first, where that may be walked.
fn ground(archive: &Archive, frame: &Frame) -> Option<Vec<Area>> {
    let venue = archive.venues.first()?;
    let is_airport = venue.category.split('.').next() == Some("airport");
    let is_drawn = archive.levels.iter().any(|level| level.outdoor);
    let is_zoned = archive.geofences.iter().any(|fence| is_zone(&fence.category));
    if is_airport || is_drawn || is_zoned || archive.footprints.is_empty() {
        return None;
    }
    let drawn = |areas: &[Rings]| areas.iter().filter_map(|rings| area(frame, rings)).collect::<Vec<_>>();
    let outline = drawn(&venue.areas);
    let footprints = archive.footprints.iter().map(|footprint| &footprint.areas);
    let storeys = archive.levels.iter().filter(|level| is_ground(archive, level)).map(|level| &level.areas);
    let houses: Vec<_> = footprints.chain(storeys).flat_map(|areas| drawn(areas)).collect();
    let points: usize = outline.iter().chain(&houses).map(|area| area.walls().len()).sum();
    if points > VERTICES_MAX || outline.iter().any(is_far) {
        return None;
    }
    let (open, _) = open_floor(&outline, houses.iter());
    let mut pieces: Vec<_> = open.0.iter().filter_map(Area::new).collect();
    pieces.sort_by(|a, b| b.square_m().total_cmp(&a.square_m()));
    (!pieces.is_empty()).then_some(pieces)
}

/// Returns the threshold by which a house is most likely entered from the largest piece of ground.
fn entrance(archive: &Archive, frame: &Frame, level: &Level, ground: &[Area]) -> Option<[Coord<f64>; 2]> {
    let ground = ground.get(..1)?;
    let drawn = |areas: &[Rings]| areas.iter().filter_map(|rings| area(frame, rings)).collect::<Vec<_>>();
    let middle = match level.display_point {
        Some([lon, lat]) => frame.to_plane(lon, lat),
        None => drawn(&level.areas).first()?.interior(),
    };
    let is_hall = |unit: &&Unit| {
        unit.restriction.is_none() && matches!(unit.category.split('.').next(), Some("walkway" | "lobby"))
    };
    let units = || archive.units.iter().filter(|unit| unit.level_id == level.id);
    let halls: Vec<_> = units().filter(is_hall).flat_map(|unit| drawn(&unit.areas)).collect();
    let rooms: Vec<_> = units().flat_map(|unit| drawn(&unit.areas)).collect();
    // Behind the wall there is the ground, and no other room.
    let leads_out = |at: Coord<f64>, outwards: Coord<f64>| {
        let beyond = |step_m: &f64| at + outwards * *step_m;
        touches(ground, at)
            && ground.iter().any(|piece| piece.holds(beyond(&DOOR_GAP_M)))
            && !STEPS_M.iter().map(beyond).any(|at| rooms.iter().any(|room| room.holds(at)))
    };
    let mut nearest: Option<(f64, [Coord<f64>; 2])> = None;
    for [a, b] in halls.iter().flat_map(Area::walls) {
        let wall_m = distance_m(*a, *b);
        // A wall has its room on the left.
        let along = (*b - *a) / wall_m;
        let outwards = Coord { x: along.y, y: -along.x };
        let mut at_m = ENTRANCE_M / 2.0;
        while at_m <= wall_m - ENTRANCE_M / 2.0 {
            let at = *a + along * at_m;
            let far_m = distance_m(at, middle);
            if nearest.is_none_or(|(best_m, _)| far_m < best_m) && leads_out(at, outwards) {
                nearest = Some((far_m, [at - along * (ENTRANCE_M / 2.0), at + along * (ENTRANCE_M / 2.0)]));
            }
            at_m += STEP_M;
        }
    }
    nearest.map(|(_, line)| line)
}

fn outdoors(archive: &Archive) -> Level {
    let named = |en: &str, zh: &str| {
        Labels([("en", en), ("zh-Hans", zh)].map(|(tag, name)| (tag.to_owned(), name.to_owned())).into())
    };
    let areas = archive.venues.first().map(|venue| venue.areas.clone()).unwrap_or_default();
    Level {
        id: FeatureId::derived("outdoors"),
        ordinal: 0,
        name: named("Outdoors", "室外"),
        short_name: named("Outdoors", "室外"),
        outdoor: true,
        building_ids: vec![],
        display_point: None,
        areas,
    }
}

fn opening(frame: &Frame, level: &Level, line: [Coord<f64>; 2]) -> Opening {
    Opening {
        id: FeatureId::derived(&format!("implied-entrance-{}", level.id)),
        category: "pedestrian.principal".to_owned(),
        level_id: level.id.clone(),
        access_control: vec![],
        line: line.map(|at| frame.to_world(at)).to_vec(),
    }
}

fn ground_implied(archive: &Archive, ground: &[Area]) -> Finding {
    let open_m2: f64 = ground.iter().map(Area::square_m).sum();
    Finding {
        severity: Severity::Warning,
        rule: "outdoors-implied",
        file: "venue".to_owned(),
        feature_id: archive.venues.first().map(|venue| venue.id.to_string()),
        text: format!(
            "no level outdoors is drawn; about {open_m2:.0} m2 between the footprints of {} buildings are walked \
             as open ground",
            archive.footprints.len()
        ),
        remedy: "draw a level that is outdoor, with units for what is walked".to_owned(),
    }
}

fn entrance_implied(frame: &Frame, level: &Level, [a, b]: [Coord<f64>; 2]) -> Finding {
    let [lon, lat] = frame.to_world((a + b) / 2.0);
    Finding {
        severity: Severity::Warning,
        rule: "entrance-implied",
        file: "level".to_owned(),
        feature_id: Some(level.id.to_string()),
        text: format!(
            "no opening leads out of the building; its entrance is taken to be at {lon:.6},{lat:.6}"
        ),
        remedy: "draw an opening of category pedestrian.principal where the entrance is".to_owned(),
    }
}

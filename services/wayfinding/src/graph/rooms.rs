//! Units become rooms, each with its level, zone and the check that it is the hall of.

use geo::Coord;

use super::crossings::{Check, Checkpoint};
use super::derive::{Work, area};
use super::{Room, Side, Storey, Zone};
use crate::check::Severity;
use crate::geometry::{Area, Frame};
use crate::imdf::{Archive, FeatureId, Region};
use crate::taut::{Obstacles, VERTICES_MAX};
use crate::words::Labels;

/// How far from its middle a venue may reach, in metres; the plane is honest within.
const REACH_MAX_M: f64 = 20_000.0;

/// Returns the frame around the middle of all units.
pub(super) fn frame(archive: &Archive) -> Frame {
    let mut low = [f64::INFINITY; 2];
    let mut high = [f64::NEG_INFINITY; 2];
    for point in archive.units.iter().flat_map(|unit| unit.areas.iter().flatten().flatten()) {
        for axis in 0..2 {
            low[axis] = low[axis].min(point[axis]);
            high[axis] = high[axis].max(point[axis]);
        }
    }
    Frame::around(f64::midpoint(low[0], high[0]), f64::midpoint(low[1], high[1]))
}

/// Returns the levels, lowest first.
pub(super) fn storeys(archive: &Archive) -> Vec<Storey> {
    let storey = |level: &crate::imdf::Level| Storey {
        id: level.id.clone(),
        ordinal: level.ordinal,
        name: level.name.clone(),
        short_name: level.short_name.clone(),
    };
    archive.levels.iter().map(storey).collect()
}

struct Drawn<'a> {
    id: &'a FeatureId,
    category: &'a str,
    name: &'a Labels,
    levels: &'a [FeatureId],
    areas: Vec<Area>,
}

impl Drawn<'_> {
    fn covers(&self, level: &FeatureId, at: Coord<f64>) -> bool {
        (self.levels.is_empty() || self.levels.contains(level))
            && self.areas.iter().any(|area| area.holds(at))
    }
}

fn drawn<'a>(frame: &Frame, regions: &'a [Region]) -> Vec<Drawn<'a>> {
    let draw = |region: &'a Region| Drawn {
        id: &region.id,
        category: &region.category,
        name: &region.name,
        levels: &region.level_ids,
        areas: region.areas.iter().filter_map(|rings| area(frame, rings)).collect(),
    };
    regions.iter().map(draw).collect()
}

impl Work<'_> {
    pub(super) fn add_rooms(&mut self) {
        let archive = self.archive;
        let fences = drawn(&self.graph.frame, &archive.geofences);
        let sections = drawn(&self.graph.frame, &archive.sections);
        let checks = archive.sections.iter().filter(|section| Check::of(&section.category).is_some());
        self.graph.checkpoints = checks.map(|s| (s.id.clone(), s.name.clone())).collect();
        self.add_obstacles();
        let obstacles: Vec<_> = self.graph.obstacles.iter().map(|shapes| Obstacles::of(shapes)).collect();
        for unit in &archive.units {
            let Some(level) = self.graph.storeys.iter().position(|storey| storey.id == unit.level_id) else {
                continue;
            };
            let areas: Vec<_> =
                unit.areas.iter().filter_map(|rings| area(&self.graph.frame, rings)).collect();
            if areas.is_empty() {
                let text = "the polygon encloses no area".to_owned();
                let rule = ("unit-flat", Severity::Warning);
                self.note(rule, ("unit", &unit.id), text, "draw the unit's outline");
                continue;
            }
            if areas.iter().any(is_far) {
                let text = format!("the unit lies more than {REACH_MAX_M} m from the venue's middle");
                let rule = ("unit-far-away", Severity::Violation);
                self.note(rule, ("unit", &unit.id), text, "correct its coordinates (longitude first)");
                continue;
            }
            let (mut floors, points) = obstacles[level].taken_from(&areas);
            if points > VERTICES_MAX {
                let text = format!("its outline and fixtures have {points} points, more than {VERTICES_MAX}");
                let rule = ("unit-too-complex", Severity::Violation);
                self.note(rule, ("unit", &unit.id), text, "simplify the outline, or split the unit");
                continue;
            }
            if floors.is_empty() {
                let text = "fixtures fill the unit; they are walked through".to_owned();
                let rule = ("unit-filled", Severity::Warning);
                self.note(rule, ("unit", &unit.id), text, "draw the fixtures as they stand");
                floors.clone_from(&areas);
            }
            let obstructed = floors.len() != areas.len()
                || floors.iter().map(Area::square_m).sum::<f64>() + 0.01
                    < areas.iter().map(Area::square_m).sum::<f64>();
            let middle = areas[0].interior();
            let over = |drawn: &&Drawn<'_>| drawn.covers(&unit.level_id, middle);
            let (fences, sections) = (fences.iter().filter(over), sections.iter().filter(over));
            let Lies { zone, side, checkpoint } = lies(fences, sections);
            self.graph.rooms.push(Room {
                id: unit.id.clone(),
                category: unit.category.clone(),
                name: unit.name.clone(),
                level,
                areas,
                floors,
                obstructed,
                zone,
                side,
                checkpoint,
                restricted: unit.restriction.is_some(),
            });
        }
        self.portals.resize_with(self.graph.rooms.len(), Vec::new);
    }

    /// Draws what stands on each level.
    fn add_obstacles(&mut self) {
        for obstacle in &self.archive.obstacles {
            let level = self.graph.storeys.iter().position(|storey| storey.id == obstacle.level_id);
            let Some(level) = level else { continue };
            let shapes = obstacle.areas.iter().filter_map(|rings| area(&self.graph.frame, rings));
            self.graph.obstacles[level].extend(shapes);
        }
    }
}

/// Tells whether an area reaches farther from the venue's middle than the plane is honest.
pub(super) fn is_far(area: &Area) -> bool {
    let (low, high) = area.bounds();
    [low.x, low.y, high.x, high.y].iter().any(|metres| metres.abs() > REACH_MAX_M)
}

/// Where a room lies, as far as the map tells.
#[derive(Default)]
struct Lies {
    zone: Option<Zone>,
    side: Option<Side>,
    checkpoint: Option<Checkpoint>,
}

/// Reads off the geofences and sections over a room where it lies.
///
/// IMDF has no category for arrivals nor for flights abroad: the belts and customs behind security are
/// arrivals, and of a `concourse` its name tells.
fn lies<'a>(
    fences: impl Iterator<Item = &'a Drawn<'a>>,
    sections: impl Iterator<Item = &'a Drawn<'a>>,
) -> Lies {
    let mut lies = Lies::default();
    let mut is_arrivals = false;
    for fence in fences {
        let called = |words: &[&str]| {
            let mut names = fence.name.iter().map(|(_, name)| name.to_lowercase());
            fence.category == "concourse" && names.any(|name| words.iter().any(|word| name.contains(word)))
        };
        let zone = match fence.category {
            "presecurity" => Some(Zone::Landside),
            "postsecurity" => Some(Zone::Airside),
            _ => None,
        };
        lies.zone = lies.zone.or(zone);
        is_arrivals |= called(&["arrival", "到达"]);
        if called(&["international", "国际"]) {
            lies.side = Some(Side::International);
        } else if called(&["domestic", "国内"]) {
            lies.side = Some(Side::Domestic);
        }
    }
    for section in sections {
        let check = Check::of(section.category);
        is_arrivals |= section.category == "baggageclaim" || check == Some(Check::Customs);
        if let (Some(check), None) = (check, &lies.checkpoint) {
            lies.checkpoint = Some(Checkpoint { check, section: section.id.clone() });
        }
    }
    if is_arrivals && lies.zone == Some(Zone::Airside) {
        lies.zone = Some(Zone::Arrivals);
    }
    lies
}

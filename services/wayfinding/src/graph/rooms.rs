//! Units become rooms, each with its level, zone and security section.

use geo::Coord;

use super::derive::{Work, area};
use super::{Room, Storey, Zone};
use crate::check::Severity;
use crate::geometry::{Area, Frame};
use crate::imdf::{Archive, FeatureId, Region};
use crate::taut::{Obstacles, VERTICES_MAX};

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

struct Drawn {
    id: FeatureId,
    category: String,
    levels: Vec<FeatureId>,
    areas: Vec<Area>,
}

impl Drawn {
    fn covers(&self, level: &FeatureId, at: Coord<f64>) -> bool {
        (self.levels.is_empty() || self.levels.contains(level))
            && self.areas.iter().any(|area| area.holds(at))
    }
}

fn drawn(frame: &Frame, regions: &[Region]) -> Vec<Drawn> {
    let draw = |region: &Region| Drawn {
        id: region.id.clone(),
        category: region.category.clone(),
        levels: region.level_ids.clone(),
        areas: region.areas.iter().filter_map(|rings| area(frame, rings)).collect(),
    };
    regions.iter().map(draw).collect()
}

impl Work<'_> {
    pub(super) fn add_rooms(&mut self) {
        let archive = self.archive;
        let fences = drawn(&self.graph.frame, &archive.geofences);
        let sections = drawn(&self.graph.frame, &archive.sections);
        let checkpoints = archive.sections.iter().filter(|section| is_security(&section.category));
        self.graph.security = checkpoints.map(|s| (s.id.clone(), s.name.clone())).collect();
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
            let far = |area: &Area| {
                let (low, high) = area.bounds();
                [low.x, low.y, high.x, high.y].iter().any(|metres| metres.abs() > REACH_MAX_M)
            };
            if areas.iter().any(far) {
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
            let zone =
                fences.iter().filter(|f| f.covers(&unit.level_id, middle)).find_map(|f| zone(&f.category));
            let security = sections
                .iter()
                .find(|section| is_security(&section.category) && section.covers(&unit.level_id, middle))
                .map(|section| section.id.clone());
            self.graph.rooms.push(Room {
                id: unit.id.clone(),
                category: unit.category.clone(),
                name: unit.name.clone(),
                level,
                areas,
                floors,
                obstructed,
                zone,
                security,
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

fn zone(category: &str) -> Option<Zone> {
    match category {
        "presecurity" => Some(Zone::Landside),
        "postsecurity" => Some(Zone::Airside),
        _ => None,
    }
}

fn is_security(category: &str) -> bool {
    category.split('.').next() == Some("security")
}

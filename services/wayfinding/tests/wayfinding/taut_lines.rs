//! The line of an answer, judged by the drawing alone: on the floor all along, clear of walls, never bent in
//! vain.

use std::collections::BTreeMap;

use airside_wayfinding::{Language, Outcome, Profile, Route};
use geo::{BoundingRect, Contains, Coord, Distance, Euclidean, Line, LineString, Point, Polygon};
use serde_json::Value;

use crate::{Venue, testville};

/// The clearance that is asked for, less what rounding takes.
const CLEAR_M: f64 = 0.3 - 1e-3;
/// Within this of the ends, of doors, and of places a line may come nearer to walls, in metres.
const BESIDE_M: f64 = 1.0;

/// A map as drawn, in metres, level by level.
#[derive(Default)]
pub(crate) struct Drawing {
    levels: BTreeMap<i64, Storey>,
    per_deg: [f64; 2],
}

#[derive(Default)]
struct Storey {
    units: Vec<Polygon>,
    fixtures: Vec<Polygon>,
    openings: Vec<LineString>,
}

fn features(files: &[(String, String)], name: &str) -> Vec<Value> {
    let file = files.iter().find(|(file, _)| file == name);
    let features = file.map(|(_, text)| serde_json::from_str::<Value>(text).unwrap()["features"].take());
    features.and_then(|features| features.as_array().cloned()).unwrap_or_default()
}

impl Drawing {
    pub(crate) fn of(files: &[(String, String)]) -> Self {
        let ordinals: BTreeMap<_, _> = features(files, "level.geojson")
            .iter()
            .map(|level| (level["id"].to_string(), level["properties"]["ordinal"].as_i64().unwrap()))
            .collect();
        let some = features(files, "unit.geojson");
        let lat = some[0]["geometry"]["coordinates"].to_string();
        let lat: f64 = lat.trim_matches(['[', ']']).split([',', ']']).nth(1).unwrap().parse().unwrap();
        let per_deg = [111_320.0 * lat.to_radians().cos(), 111_200.0];
        let mut drawing = Self { per_deg, ..Self::default() };
        for (file, shapes) in
            [("unit.geojson", 0), ("fixture.geojson", 1), ("kiosk.geojson", 1), ("opening.geojson", 2)]
        {
            for feature in features(files, file) {
                let ordinal = ordinals[&feature["properties"]["level_id"].to_string()];
                let shape = &feature["geometry"];
                let storey = drawing.levels.entry(ordinal).or_default();
                let line = |points: &Value| -> LineString {
                    let points = points.as_array().unwrap().iter();
                    points.map(|p| at(per_deg, [p[0].as_f64().unwrap(), p[1].as_f64().unwrap()])).collect()
                };
                let polygon = |rings: &Value| {
                    let mut rings = rings.as_array().unwrap().iter().map(line);
                    Polygon::new(rings.next().unwrap(), rings.collect())
                };
                let polygons: Vec<_> = match shape["type"].as_str().unwrap() {
                    "Polygon" => vec![polygon(&shape["coordinates"])],
                    "MultiPolygon" => shape["coordinates"].as_array().unwrap().iter().map(polygon).collect(),
                    _ => vec![],
                };
                match shapes {
                    0 => storey.units.extend(polygons),
                    1 => storey.fixtures.extend(polygons),
                    _ => storey.openings.push(line(&shape["coordinates"])),
                }
            }
        }
        drawing
    }

    /// Says what is wrong with the lines of a route; `None` when nothing is.
    pub(crate) fn fault(&self, route: &Route) -> Option<String> {
        route.line.iter().enumerate().find_map(|(number, line)| {
            // Where a step begins there is a point, also on a straight part.
            let begins = |point: usize| {
                let mut spans = route.steps.iter().filter_map(|step| step.span);
                spans.any(|span| (span.first.line, span.first.point) == (number, point))
            };
            let points: Vec<_> = line.coordinates.iter().map(|lon_lat| at(self.per_deg, *lon_lat)).collect();
            let storey = &self.levels[&i64::from(line.ordinal)];
            storey.fault(&points, begins).map(|fault| format!("level {}: {fault}", line.ordinal))
        })
    }
}

fn at(per_deg: [f64; 2], [lon, lat]: [f64; 2]) -> Coord {
    Coord { x: lon * per_deg[0], y: lat * per_deg[1] }
}

impl Storey {
    fn unit(&self, at: Coord) -> Option<usize> {
        self.units.iter().position(|unit| unit.contains(&Point(at)))
    }

    fn door_m(&self, at: Coord) -> f64 {
        let doors = self.openings.iter().map(|door| Euclidean.distance(&Point(at), door));
        doors.fold(f64::INFINITY, f64::min)
    }

    fn wall_m(&self, at: Coord) -> f64 {
        let shapes = self.units.iter().chain(&self.fixtures);
        let rings = shapes.flat_map(|shape| std::iter::once(shape.exterior()).chain(shape.interiors()));
        let walls = rings.flat_map(LineString::lines);
        let near = walls.filter(|wall| {
            let (low, high) = (wall.bounding_rect().min(), wall.bounding_rect().max());
            at.x > low.x - 2.0 && at.x < high.x + 2.0 && at.y > low.y - 2.0 && at.y < high.y + 2.0
        });
        near.map(|wall| Euclidean.distance(&Point(at), &wall)).fold(f64::INFINITY, f64::min)
    }

    fn fault(&self, line: &[Coord], begins: impl Fn(usize) -> bool) -> Option<String> {
        let (first, last) = (line[0], line[line.len() - 1]);
        let gap = |a: Coord, b: Coord| Euclidean.distance(&Point(a), &Point(b));
        let mut before: Option<(Coord, Option<usize>)> = None;
        for pair in line.windows(2) {
            let steps = (gap(pair[0], pair[1]) / 0.25).ceil().max(1.0);
            for step in 0..=steps as u32 {
                let p = pair[0] + (pair[1] - pair[0]) * (f64::from(step) / steps);
                let (unit, wall_m, door_m) = (self.unit(p), self.wall_m(p), self.door_m(p));
                let solid = self.fixtures.iter().any(|fixture| fixture.contains(&Point(p)));
                if (unit.is_none() && door_m > 0.6 && wall_m > 0.01) || (solid && wall_m > 0.01) {
                    return Some(format!("off the floor at {p:?}"));
                }
                let through =
                    before.is_some_and(|(_, room)| room.is_some() && unit.is_some() && room != unit);
                if through && door_m > 0.4 && wall_m > 0.01 {
                    return Some(format!("through a wall at {p:?}"));
                }
                let beside = door_m.min(gap(p, first)).min(gap(p, last));
                if beside > BESIDE_M && wall_m < CLEAR_M {
                    return Some(format!("{wall_m:.3} m from a wall at {p:?}"));
                }
                before = Some((p, unit));
            }
        }
        let in_vain = |(number, three): &(usize, &[Coord])| {
            let aside_m = Euclidean.distance(&Point(three[1]), &Line::new(three[0], three[2]));
            aside_m < 5e-4 && !begins(number + 1)
        };
        let found = line.windows(3).enumerate().find(in_vain);
        found.map(|(_, three)| format!("a point in vain at {:?}", three[1]))
    }
}

#[test]
fn a_line_stays_on_the_floor_and_clear_of_walls() {
    let drawing = Drawing::of(&testville::files());
    let venue = Venue::testville();
    let places: Vec<_> = venue.snapshot.places().iter().map(|place| place.id.to_string()).collect();
    let mut faults = Vec::new();
    for (number, from) in places.iter().enumerate() {
        for to in places.iter().skip(number % 11).step_by(11).filter(|to| *to != from) {
            let outcome = venue.ask(from, to, Profile::Walk, Language::En).unwrap();
            let Outcome::Found(route) = outcome else { continue };
            faults.extend(drawing.fault(&route).map(|fault| format!("{from} to {to}: {fault}")));
        }
    }
    let first: Vec<_> = faults.iter().take(12).collect();
    assert!(faults.is_empty(), "{} faults: {first:?}", faults.len());
}

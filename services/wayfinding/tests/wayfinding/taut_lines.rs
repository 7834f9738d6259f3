//! The line of an answer, judged by the drawing alone: on the floor all along, clear of walls, never bent in
//! vain.

use std::collections::BTreeMap;

use airside_wayfinding::{Language, Outcome, Profile, Route};
use geo::{BoundingRect, Contains, Coord, Distance, Euclidean, Line, LineString, Point, Polygon};
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};
use serde_json::Value;

use crate::{Venue, lingnan, testville};

/// The clearance that is asked for, less a millimetre that degrees with nine decimals and simpler outlines take.
const CLEAR_M: f64 = 0.3 - 1e-3;
/// Within this of the ends, of doors, and of places a line may come nearer to walls, in metres.
const BESIDE_M: f64 = 1.0;
/// How long a stretch is at most, in metres, and at how many steps of it a line is looked at.
const STRETCH_M: f64 = 4.0;
const STEPS: u32 = 16;
/// How many pairs of places of the large airport are asked for.
const PAIRS: usize = 1_000;

/// A map as drawn, in metres, level by level.
#[derive(Default)]
pub(crate) struct Drawing {
    levels: BTreeMap<i64, Storey>,
    per_deg: [f64; 2],
}

#[derive(Default)]
struct Storey {
    units: Boxed<Polygon>,
    fixtures: Boxed<Polygon>,
    openings: Boxed<LineString>,
    walls: Boxed<Line>,
}

/// Shapes by the boxes around them.
struct Boxed<T>(RTree<GeomWithData<Rectangle<[f64; 2]>, T>>);

impl<T> Default for Boxed<T> {
    fn default() -> Self {
        Self(RTree::new())
    }
}

impl<T: BoundingRect<f64, Output: Into<Option<geo::Rect>>>> Boxed<T> {
    fn add(&mut self, shape: T) {
        let Some(rect) = shape.bounding_rect().into() else { return };
        let corners = [rect.min(), rect.max()].map(|at| [at.x, at.y]);
        self.0.insert(GeomWithData::new(Rectangle::from_corners(corners[0], corners[1]), shape));
    }

    /// Returns the shapes whose boxes are within a distance of the box around a line.
    fn near(&self, [a, b]: [Coord; 2], reach_m: f64) -> Vec<&T> {
        let low = [a.x.min(b.x) - reach_m, a.y.min(b.y) - reach_m];
        let high = [a.x.max(b.x) + reach_m, a.y.max(b.y) + reach_m];
        let near = self.0.locate_in_envelope_intersecting(AABB::from_corners(low, high));
        near.map(|shape| &shape.data).collect()
    }
}

/// What is near a stretch of a line.
struct Beside<'a> {
    units: Vec<&'a Polygon>,
    fixtures: Vec<&'a Polygon>,
    openings: Vec<&'a LineString>,
    walls: Vec<&'a Line>,
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
                    2 => storey.openings.add(line(&shape["coordinates"])),
                    _ => polygons.into_iter().for_each(|polygon| storey.add(polygon, shapes == 1)),
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
    fn add(&mut self, polygon: Polygon, solid: bool) {
        let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
        rings.flat_map(LineString::lines).for_each(|wall| self.walls.add(wall));
        if solid { self.fixtures.add(polygon) } else { self.units.add(polygon) }
    }

    fn beside(&self, stretch: [Coord; 2]) -> Beside<'_> {
        Beside {
            units: self.units.near(stretch, 0.0),
            fixtures: self.fixtures.near(stretch, 0.0),
            openings: self.openings.near(stretch, BESIDE_M),
            walls: self.walls.near(stretch, CLEAR_M),
        }
    }

    fn fault(&self, line: &[Coord], begins: impl Fn(usize) -> bool) -> Option<String> {
        let (first, last) = (line[0], line[line.len() - 1]);
        let gap = |a: Coord, b: Coord| Euclidean.distance(&Point(a), &Point(b));
        let mut room: Option<*const Polygon> = None;
        for pair in line.windows(2) {
            let along = |share: f64| pair[0] + (pair[1] - pair[0]) * share;
            let stretches = (gap(pair[0], pair[1]) / STRETCH_M).ceil().max(1.0);
            for stretch in 0..stretches as u32 {
                let ends = [stretch, stretch + 1].map(|at| along(f64::from(at) / stretches));
                let beside = self.beside(ends);
                for step in 0..=STEPS {
                    let p = ends[0] + (ends[1] - ends[0]) * (f64::from(step) / f64::from(STEPS));
                    let (here, door_m, wall_m) = (beside.unit(p), beside.door_m(p), beside.wall_m(p));
                    let solid = beside.fixtures.iter().any(|fixture| fixture.contains(&Point(p)));
                    if (here.is_none() && door_m > 0.6 && wall_m > 0.01) || (solid && wall_m > 0.01) {
                        return Some(format!("off the floor at {p:?}"));
                    }
                    let before = std::mem::replace(&mut room, here.map(std::ptr::from_ref));
                    let through = before.is_some() && room.is_some() && room != before;
                    if through && door_m > 0.4 && wall_m > 0.01 {
                        return Some(format!("through a wall at {p:?}"));
                    }
                    if door_m.min(gap(p, first)).min(gap(p, last)) > BESIDE_M && wall_m < CLEAR_M {
                        return Some(format!("{wall_m:.3} m from a wall at {p:?}"));
                    }
                }
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

impl Beside<'_> {
    fn unit(&self, at: Coord) -> Option<&Polygon> {
        self.units.iter().copied().find(|unit| unit.contains(&Point(at)))
    }

    /// Returns how far the nearest door is; infinite beyond a metre and more.
    fn door_m(&self, at: Coord) -> f64 {
        let doors = self.openings.iter().map(|door| Euclidean.distance(&Point(at), *door));
        doors.fold(f64::INFINITY, f64::min)
    }

    /// Returns how far the nearest wall is; infinite beyond the clearance and more.
    fn wall_m(&self, at: Coord) -> f64 {
        let walls = self.walls.iter().map(|wall| Euclidean.distance(&Point(at), *wall));
        walls.fold(f64::INFINITY, f64::min)
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

#[test]
fn a_line_through_a_large_airport_stays_on_the_floor_and_clear_of_walls() {
    let drawing = Drawing::of(&lingnan::files());
    let venue = Venue::of(lingnan::files());
    let places = venue.snapshot.places();
    let (mut faults, mut routes) = (vec![], 0);
    for number in 0..PAIRS {
        let [from, to] =
            [number * 7_919, number * 104_729 + 13].map(|step| places[step % places.len()].id.to_string());
        for profile in [Profile::Walk, Profile::Wheelchair] {
            let Ok(Outcome::Found(route)) = venue.ask(&from, &to, profile, Language::En) else { continue };
            routes += 1;
            faults.extend(drawing.fault(&route).map(|fault| format!("{from} to {to}: {fault}")));
        }
    }
    let first: Vec<_> = faults.iter().take(40).collect();
    assert!(routes > PAIRS && faults.is_empty(), "{} faults in {routes} routes: {first:#?}", faults.len());
}

/// Asks for ways from and to so many spots that lie anywhere on a map, in walls, on counters and outside too.
fn check_from_anywhere(files: &[(String, String)], venue: &Venue, count: usize) {
    let (drawing, graph) = (Drawing::of(files), venue.snapshot.graph());
    let (nodes, places) = (graph.model().node_weights().collect::<Vec<_>>(), venue.snapshot.places());
    let (mut faults, mut on_floor, mut off_floor) = (vec![], 0, 0);
    for number in 0..count {
        let node = nodes[number * 7_919 % nodes.len()];
        let aside = |step: usize| (number * step % 801) as f64 / 20.0 - 20.0;
        let here = graph.frame().to_world(node.at + Coord { x: aside(104_729), y: aside(1_299_709) });
        let ordinal = graph.storeys()[node.level].ordinal;
        let position = format!("{},{},{ordinal}", here[0], here[1]);
        let place = places[number * 15_485_863 % places.len()].id.to_string();
        for (from, to) in [(&position, &place), (&place, &position)] {
            let Ok(Outcome::Found(route)) = venue.ask(from, to, Profile::Walk, Language::En) else {
                continue;
            };
            if route.length_m < 0.01 {
                continue;
            }
            let fault = drawing.fault(&route).map(|fault| format!("{from} to {to}: {fault}"));
            let leaves = from == &position;
            let (told_m, end) = if leaves {
                (route.start_off_m, route.line[0].coordinates[0])
            } else {
                (route.goal_off_m, *route.line.last().unwrap().coordinates.last().unwrap())
            };
            let apart = at(drawing.per_deg, here) - at(drawing.per_deg, end);
            let apart_m = apart.x.hypot(apart.y);
            let told = (apart_m - told_m).abs() < 0.01 + apart_m * 0.01;
            let wrong = (!told).then(|| format!("{from} to {to}: {apart_m:.2} m off, told {told_m:.2} m"));
            let steps = [route.steps.first(), route.steps.last()].map(|step| step.unwrap().text.as_str());
            let said = if leaves { steps[0].contains("from you") } else { steps[1].contains("off the way") };
            assert_eq!(said, told_m >= 3.0, "{steps:?} {told_m}");
            *(if told_m > 0.0 { &mut off_floor } else { &mut on_floor }) += 1;
            faults.extend(fault.or(wrong));
        }
    }
    let first: Vec<_> = faults.iter().take(12).collect();
    assert!(faults.is_empty(), "{} faults: {first:#?}", faults.len());
    assert!(on_floor > count / 2 && off_floor > count / 10, "{on_floor} on the floor, {off_floor} off it");
}

#[test]
fn from_anywhere_a_line_begins_on_the_floor_and_it_is_told_how_far_off() {
    check_from_anywhere(&testville::files(), &Venue::testville(), 600);
}

#[test]
fn from_anywhere_in_a_large_airport_a_line_begins_on_the_floor_and_it_is_told_how_far_off() {
    let files = lingnan::files();
    check_from_anywhere(&files, &Venue::of(files.clone()), 600);
}

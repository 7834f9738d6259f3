//! The lines of answers at a real airport, judged against its network and by its layers: straighter, never
//! longer, on the floor, and clear of what stands there.

use std::collections::BTreeMap;

use airside_wayfinding::graph::{Edge, EdgeKind};
use airside_wayfinding::{FeatureId, Language, Outcome, Overlay, Profile, Route, Snapshot, Source, Who};
use geo::{BoundingRect, Contains, Coord, Distance, Euclidean, LineString, Point, Polygon, Rect};
use petgraph::stable_graph::{EdgeReference, NodeIndex};
use petgraph::visit::EdgeRef;
use serde_json::Value;

use crate::{Venue, data};

/// The clearance that is asked for, less what rounding takes.
const CLEAR_M: f64 = 0.3 - 0.01;
/// Within this of its ends a line may come nearer to what stands there, in metres.
const BESIDE_M: f64 = 1.0;
/// So near to a link the network is taken at its word, in metres.
const LINK_M: f64 = 0.6;

/// A shape of a layer, with the box around it.
struct Shape(Polygon, Rect);

impl Shape {
    fn near(&self, at: Coord, reach_m: f64) -> bool {
        let (low, high) = (self.1.min(), self.1.max());
        at.x >= low.x - reach_m
            && at.x <= high.x + reach_m
            && at.y >= low.y - reach_m
            && at.y <= high.y + reach_m
    }
}

/// What the layers draw on one level.
#[derive(Default)]
struct Drawn {
    floors: Vec<Shape>,
    fixtures: Vec<Shape>,
    links: Vec<(LineString, Rect)>,
}

/// The layers in metres on the plane of the network's own coordinates, and how the venue's plane lies on it.
struct Layers {
    levels: BTreeMap<i64, Drawn>,
    /// For each axis what a metre east, a metre north and the origin add.
    fit: [[f64; 3]; 2],
}

impl Layers {
    fn of(files: &[(String, Vec<u8>)], snapshot: &Snapshot) -> Self {
        let mut layers = Self { levels: BTreeMap::new(), fit: fit(files, snapshot) };
        let mut floors = BTreeMap::new();
        for floor in layer(files, "_Floor.geojson") {
            let ordinal = ordinal(&floor["properties"]["ordinal"]);
            floors.insert(floor["properties"]["id"].to_string(), ordinal);
            if floor["properties"]["category"] == "2" {
                layers.levels.entry(ordinal).or_default().floors.extend(shapes(&floor));
            }
        }
        for (name, solid) in [("_Space.geojson", false), ("_Fixture.geojson", true)] {
            for shape in layer(files, name) {
                let level =
                    layers.levels.entry(floors[&shape["properties"]["floor_id"].to_string()]).or_default();
                let own = if solid { &mut level.fixtures } else { &mut level.floors };
                own.extend(shapes(&shape));
            }
        }
        let nodes: BTreeMap<_, _> = layer(files, "node.geojson")
            .iter()
            .map(|node| (node["properties"]["node_id"].to_string(), ordinal(&node["properties"]["ordinal"])))
            .collect();
        for link in layer(files, "link.geojson") {
            let line = ring(&link["geometry"]["coordinates"]);
            for end in ["start_id", "end_id"] {
                let own = layers.levels.entry(nodes[&link["properties"][end].to_string()]).or_default();
                own.links.extend(line.bounding_rect().map(|rect| (line.clone(), rect)));
            }
        }
        layers
    }

    fn at(&self, at: Coord) -> Coord {
        let [x, y] = self.fit.map(|[east, north, origin]| east * at.x + north * at.y + origin);
        Coord { x, y }
    }

    /// Says what is wrong with the lines of a route; `None` when nothing is.
    fn fault(&self, snapshot: &Snapshot, route: &Route) -> Option<String> {
        let frame = snapshot.graph().frame();
        route.line.iter().find_map(|line| {
            let points = line.coordinates.iter().map(|[lon, lat]| self.at(frame.to_plane(*lon, *lat)));
            self.levels.get(&i64::from(line.ordinal))?.fault(&points.collect::<Vec<_>>())
        })
    }
}

impl Drawn {
    fn fault(&self, line: &[Coord]) -> Option<String> {
        let gap = |a: Coord, b: Coord| Euclidean.distance(&Point(a), &Point(b));
        let (first, last) = (line[0], line[line.len() - 1]);
        for pair in line.windows(2) {
            let steps = (gap(pair[0], pair[1]) / 0.5).ceil().max(1.0);
            for step in 0..=steps as u32 {
                let p = pair[0] + (pair[1] - pair[0]) * (f64::from(step) / steps);
                let near = self.fixtures.iter().filter(|fixture| fixture.near(p, 0.5));
                let solid_m = near.map(|fixture| Euclidean.distance(&Point(p), &fixture.0));
                let solid_m = solid_m.fold(f64::INFINITY, f64::min);
                let floor = self.floors.iter().any(|floor| floor.near(p, 0.0) && floor.0.contains(&Point(p)));
                let beside = gap(p, first).min(gap(p, last)) <= BESIDE_M;
                if floor && (solid_m >= CLEAR_M || (beside && solid_m > 0.0)) {
                    continue;
                }
                let on_link = self.links.iter().any(|(link, rect)| {
                    let (low, high) = (rect.min(), rect.max());
                    let near =
                        p.x > low.x - 1.0 && p.x < high.x + 1.0 && p.y > low.y - 1.0 && p.y < high.y + 1.0;
                    near && Euclidean.distance(&Point(p), link) <= LINK_M
                });
                if !on_link {
                    return Some(format!("floor: {floor}, {solid_m:.3} m from what stands there, at {p:?}"));
                }
            }
        }
        None
    }
}

fn layer(files: &[(String, Vec<u8>)], name: &str) -> Vec<Value> {
    let own = files.iter().filter(|(file, _)| file.ends_with(name));
    let read = |(_, bytes): &(String, Vec<u8>)| {
        serde_json::from_slice::<Value>(bytes).unwrap()["features"].as_array().unwrap().clone()
    };
    own.flat_map(read).collect()
}

/// The ground outdoors is walked with the first floor.
fn ordinal(value: &Value) -> i64 {
    match value.as_f64().unwrap() as i64 {
        0 => 1,
        other => other,
    }
}

fn ring(points: &Value) -> LineString {
    let points = points.as_array().unwrap().iter();
    points.map(|p| Coord { x: p[0].as_f64().unwrap(), y: p[1].as_f64().unwrap() }).collect()
}

fn shapes(feature: &Value) -> Vec<Shape> {
    let (shape, kind) = (&feature["geometry"]["coordinates"], feature["geometry"]["type"].as_str().unwrap());
    let one = |rings: &Value| {
        let mut rings = rings.as_array().unwrap().iter().map(ring);
        let polygon = Polygon::new(rings.next().unwrap(), rings.collect());
        let rect = polygon.bounding_rect().unwrap();
        Shape(polygon, rect)
    };
    if kind == "Polygon" { vec![one(shape)] } else { shape.as_array().unwrap().iter().map(one).collect() }
}

/// Lays the venue's plane on that of the layers, by the network's nodes, which stand on both (least squares).
fn fit(files: &[(String, Vec<u8>)], snapshot: &Snapshot) -> [[f64; 3]; 2] {
    let model = snapshot.graph().model();
    let at: BTreeMap<_, _> =
        model.node_weights().map(|node| (node.features[0].to_string(), node.at)).collect();
    let (mut square, mut right) = ([[0.0; 3]; 3], [[0.0; 3]; 2]);
    for node in layer(files, "node.geojson") {
        let Some(own) = at.get(node["properties"]["node_id"].as_str().unwrap()) else { continue };
        let row = [own.x, own.y, 1.0];
        for i in 0..3 {
            for j in 0..3 {
                square[i][j] += row[i] * row[j];
            }
            for (axis, right) in right.iter_mut().enumerate() {
                right[i] += row[i] * node["geometry"]["coordinates"][axis].as_f64().unwrap();
            }
        }
    }
    let det = |m: [[f64; 3]; 3]| {
        m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
            + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
    };
    right.map(|right| {
        std::array::from_fn(|column| {
            let mut with = square;
            (0..3).for_each(|row| with[row][column] = right[row]);
            det(with) / det(square)
        })
    })
}

/// Counts the bends of more than 15 degrees.
fn turns(lines: &[Vec<[f64; 2]>]) -> usize {
    let bends = |line: &Vec<[f64; 2]>| {
        let mut line = line.clone();
        line.dedup_by(|a, b| (a[0] - b[0]).hypot(a[1] - b[1]) < 0.01);
        let turn = |three: &&[[f64; 2]]| {
            let ahead = |a: [f64; 2], b: [f64; 2]| (b[1] - a[1]).atan2(b[0] - a[0]);
            let turn = ahead(three[1], three[2]) - ahead(three[0], three[1]);
            turn.sin().atan2(turn.cos()).abs() > 15_f64.to_radians()
        };
        line.windows(3).filter(turn).count()
    };
    lines.iter().map(bends).sum()
}

/// Returns the lines of the network's cheapest way on foot, level by level, and its cost in milliseconds.
fn node_to_node(snapshot: &Snapshot, from: NodeIndex, to: NodeIndex) -> Option<(u64, Vec<Vec<[f64; 2]>>)> {
    let model = snapshot.graph().model();
    let weight = |edge: EdgeReference<'_, Edge>| {
        let weight = Who::default().weight(&model[edge.source()], edge.weight(), &model[edge.target()]);
        if weight == u32::MAX { u64::from(u32::MAX) * 1_000 } else { u64::from(weight) }
    };
    let (cost, nodes) = petgraph::algo::astar(model, from, |node| node == to, weight, |_| 0)?;
    let mut lines: Vec<Vec<_>> = vec![];
    for pair in nodes.windows(2) {
        let edge = model.edges_connecting(pair[0], pair[1]).min_by_key(|edge| weight(*edge))?;
        let [a, b] = [&model[pair[0]], &model[pair[1]]];
        let rides = edge.weight().kind != EdgeKind::Walk || a.level != b.level;
        if rides || lines.is_empty() {
            lines.push(vec![]);
        }
        if !rides {
            let line = lines.last_mut()?;
            line.push([a.at.x, a.at.y]);
            line.extend(edge.weight().via.iter().map(|at| [at.x, at.y]));
            line.push([b.at.x, b.at.y]);
        }
    }
    Some((cost, lines))
}

/// Asks for ways between nodes all over the airport; gives each with its network's cost and lines.
fn ways(
    venue: &Venue,
    numbers: std::ops::Range<usize>,
    mut tell: impl FnMut(&Route, u64, &[Vec<[f64; 2]>]),
) -> usize {
    let graph = venue.snapshot.graph();
    let nodes: Vec<_> = graph.model().node_indices().collect();
    let mut routes = 0;
    for number in numbers {
        let [from, to] = [number * 7_919, number * 104_729 + 13].map(|step| nodes[step % nodes.len()]);
        let [a, b] = [from, to].map(|node| graph.model()[node].features[0].to_string());
        let Ok(Outcome::Found(route)) = venue.ask(&a, &b, Profile::Walk, Language::En) else { continue };
        let Some((cost, lines)) = node_to_node(&venue.snapshot, from, to) else { continue };
        tell(&route, cost, &lines);
        routes += 1;
    }
    routes
}

#[test]
fn a_line_has_at_most_half_the_turns_of_the_network_and_is_never_longer_nor_off_the_floor() {
    let Some(files) = data::files("narita") else { return };
    let snapshot = Snapshot::from_source(&Source::from_files(files.clone())).unwrap();
    let layers = Layers::of(&files, &snapshot);
    let venue = Venue { snapshot, overlay: Overlay::open() };
    let frame = venue.snapshot.graph().frame();
    let (mut drawn, mut pulled, mut faults, mut longer) = (0, 0, vec![], vec![]);
    let routes = ways(&venue, 0..400, |route, cost, lines| {
        let plane = |[lon, lat]: &[f64; 2]| {
            let at = frame.to_plane(*lon, *lat);
            [at.x, at.y]
        };
        let own: Vec<Vec<_>> =
            route.line.iter().map(|line| line.coordinates.iter().map(plane).collect()).collect();
        (drawn, pulled) = (drawn + turns(lines), pulled + turns(&own));
        faults.extend(layers.fault(&venue.snapshot, route));
        if route.seconds > cost as f64 / 1_000.0 + 0.1 {
            longer.push((route.seconds, cost));
        }
    });
    println!("{routes} routes: {drawn} turns node to node, {pulled} pulled taut");
    assert!(routes > 200 && pulled * 2 <= drawn, "{routes} routes: {drawn} turns, {pulled} pulled taut");
    assert!(longer.is_empty(), "{} are longer than the network's: {:?}", longer.len(), &longer[0]);
    assert!(faults.is_empty(), "{} faults, the first {:?}", faults.len(), &faults[0]);
}

#[test]
fn a_line_does_not_cut_through_a_hall_that_is_closed() {
    let Some(files) = data::files("narita") else { return };
    let snapshot = Snapshot::from_source(&Source::from_files(files.clone())).unwrap();
    let layers = Layers::of(&files, &snapshot);
    let floors: BTreeMap<_, _> = layer(&files, "_Floor.geojson")
        .iter()
        .map(|floor| (floor["properties"]["id"].to_string(), ordinal(&floor["properties"]["ordinal"])))
        .collect();
    let halls: Vec<_> = layer(&files, "_Space.geojson")
        .iter()
        .filter(|space| space["properties"]["category"] == "B029")
        .map(|space| (space["properties"].clone(), shapes(space)))
        .collect();
    let closed = || halls.iter().step_by(4);
    let ids = closed().map(|(hall, _)| FeatureId::parse(hall["id"].as_str().unwrap()).unwrap());
    let overlay = Overlay::closing(&snapshot, ids);
    let venue = Venue { snapshot, overlay };
    let frame = venue.snapshot.graph().frame();
    let (mut inside, mut other) = (vec![], 0);
    let routes = ways(&venue, 0..200, |route, cost, _| {
        other += usize::from(route.seconds > cost as f64 / 1_000.0);
        let plane = |[lon, lat]: &[f64; 2]| layers.at(frame.to_plane(*lon, *lat));
        let begun = route.line.first().map(|line| plane(&line.coordinates[0]));
        for line in &route.line {
            let points: Vec<_> = line.coordinates.iter().map(plane).collect();
            let here =
                closed().filter(|(hall, _)| floors[&hall["floor_id"].to_string()] == i64::from(line.ordinal));
            // Who is shut in is let out, so the hall of the start may be crossed.
            let left =
                |shape: &&Shape| begun.is_some_and(|at| Euclidean.distance(&Point(at), &shape.0) < 0.1);
            let shapes: Vec<_> = here.flat_map(|(_, shapes)| shapes).filter(|shape| !left(shape)).collect();
            for pair in points.windows(2) {
                let middle = (pair[0] + pair[1]) / 2.0;
                let deep = |shape: &&&Shape| {
                    let wall_m = Euclidean.distance(&Point(middle), shape.0.exterior());
                    shape.0.contains(&Point(middle)) && wall_m > 0.1
                };
                inside.extend(shapes.iter().find(deep).map(|_| middle));
            }
        }
    });
    assert!(routes > 50 && other > 5, "{routes} routes, {other} go another way");
    assert!(inside.is_empty(), "{} are closed, the first at {:?}", inside.len(), inside[0]);
}

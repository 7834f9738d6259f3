//! What can be seen from where one walks: places, shop fronts and lifts that guidance may name.
//!
//! A gate or a desk is seen where it stands; a shop, a toilet or a lift by its doors, since behind its walls
//! nobody sees it. Only what has a name, stands still and is known by everybody counts; the better something
//! is known and seen from afar, the heavier it is.

use std::collections::BTreeMap;

use geo::Coord;
use petgraph::stable_graph::NodeIndex;
use petgraph::visit::EdgeRef;

use crate::geometry::{Area, distance_m};
use crate::graph::{Graph, NodeKind, Place, Room, room_at};
use crate::imdf::FeatureId;

/// A room larger than this is a hall: what is in it is seen where it stands, in square metres.
const SHOP_MAX_M2: f64 = 1_200.0;
/// How far a door's sign stands out of its wall, in metres, so that the wall does not hide it.
const SIGN_OUT_M: f64 = 0.3;

/// What is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Thing {
    /// A place, by its index.
    Place(usize),
    /// A lift, an escalator or stairs, by the index of the shaft.
    Shaft(usize),
}

/// Something that is seen from a room.
#[derive(Clone, Debug)]
pub(crate) struct Sight {
    pub(crate) thing: Thing,
    pub(crate) at: Coord<f64>,
    /// The room it is seen in.
    pub(crate) room: usize,
    /// How well it is known, 1 to 9.
    pub(crate) weight: u8,
}

/// Everything that is seen in a venue.
#[derive(Debug, Default)]
pub(crate) struct Sights {
    /// By level, from west to east.
    levels: Vec<Vec<Sight>>,
    /// The doors between two rooms, the smaller index first.
    doors: BTreeMap<(usize, usize), Vec<u32>>,
    /// The rooms that a place has for itself.
    own_room: BTreeMap<usize, usize>,
}

impl Sights {
    pub(crate) fn of(graph: &Graph) -> Self {
        let mut sights = Self { levels: vec![Vec::new(); graph.storeys.len()], ..Self::default() };
        for (number, door) in (0_u32..).zip(&graph.floor.doors) {
            let [a, b] = door.rooms;
            sights.doors.entry((a.min(b), a.max(b))).or_default().push(number);
        }
        let fronts = fronts(graph);
        for (index, place) in graph.places.iter().enumerate() {
            sights.add_place(graph, &fronts, index, place);
        }
        for node in graph.model.node_indices() {
            if let NodeKind::Stop(shaft) = graph.model[node].kind {
                sights.add_stop(graph, &fronts, node, shaft);
            }
        }
        for level in &mut sights.levels {
            level.sort_by(|a, b| a.at.x.total_cmp(&b.at.x).then(a.at.y.total_cmp(&b.at.y)));
        }
        sights
    }

    fn add_place(&mut self, graph: &Graph, fronts: &Fronts, index: usize, place: &Place) {
        let Some(room) = room_of(graph, place) else { return };
        let root = place.category.split('.').next().unwrap_or_default();
        let shown = graph.room(&place.id).is_some();
        let Some(weight) = weight(&place.category).filter(|_| !place.name.is_empty()) else { return };
        let [lon, lat] = place.lon_lat;
        let at = graph.frame.to_plane(lon, lat);
        let mut add = |sight: Sight| {
            if let Some(level) = self.levels.get_mut(place.level) {
                level.push(sight);
            }
        };
        let thing = Thing::Place(index);
        if has_own_room(root) && is_small(&graph.rooms[room]) {
            self.own_room.insert(index, room);
            for (room, at) in fronts.get(&room).into_iter().flatten() {
                add(Sight { thing, at: *at, room: *room, weight });
            }
        } else if !shown {
            add(Sight { thing, at, room, weight });
        }
    }

    fn add_stop(&mut self, graph: &Graph, fronts: &Fronts, node: NodeIndex, shaft: usize) {
        if graph.shafts[shaft].name.is_empty() {
            return;
        }
        let level = graph.model[node].level;
        let weight = if graph.shafts[shaft].is_lift { 6 } else { 4 };
        let rooms = graph.model.edges(node).filter_map(|edge| edge.weight().room);
        let Some(room) = rooms.min() else { return };
        for (room, at) in fronts.get(&room).into_iter().flatten() {
            if let Some(level) = self.levels.get_mut(level) {
                level.push(Sight { thing: Thing::Shaft(shaft), at: *at, room: *room, weight });
            }
        }
    }

    /// Returns what stands within a distance of a point, from west to east.
    pub(crate) fn near(
        &self,
        level: usize,
        at: Coord<f64>,
        reach_m: f64,
    ) -> impl Iterator<Item = &Sight> + '_ {
        let level = self.levels.get(level).map_or(&[][..], Vec::as_slice);
        let first = level.partition_point(|sight| sight.at.x < at.x - reach_m);
        let near = level[first..].iter().take_while(move |sight| sight.at.x <= at.x + reach_m);
        near.filter(move |sight| distance_m(sight.at, at) <= reach_m)
    }

    /// Tells whether one who stands in a room sees something: straight, through no wall, and through one wide
    /// door at most. What stands on the floor is not in the way of a look.
    pub(crate) fn sees(&self, graph: &Graph, room: usize, from: Coord<f64>, sight: &Sight) -> bool {
        let inside = |room: usize, a: Coord<f64>, b: Coord<f64>| {
            graph.rooms.get(room).is_some_and(|room| room.areas.iter().any(|area| area.sees(a, b)))
        };
        if room == sight.room {
            return inside(room, from, sight.at);
        }
        let doors = self.doors.get(&(room.min(sight.room), room.max(sight.room)));
        doors.into_iter().flatten().any(|door| {
            let line = graph.floor.doors[*door as usize].line;
            crossing([from, sight.at], line)
                .is_some_and(|at| inside(room, from, at) && inside(sight.room, at, sight.at))
        })
    }

    /// Returns the room that a place has for itself.
    pub(crate) fn own_room(&self, place: usize) -> Option<usize> {
        self.own_room.get(&place).copied()
    }
}

/// Where the doors of small rooms are seen: the room outside, and the point.
type Fronts = BTreeMap<usize, Vec<(usize, Coord<f64>)>>;

fn fronts(graph: &Graph) -> Fronts {
    let mut fronts = Fronts::new();
    for door in &graph.floor.doors {
        let [p, q] = door.line;
        let middle = (p + q) / 2.0;
        let wide_m = distance_m(p, q);
        if wide_m < 1e-6 {
            continue;
        }
        let out = Coord { x: -(q.y - p.y), y: q.x - p.x } * (SIGN_OUT_M / wide_m);
        for [inside, outside] in [door.rooms, [door.rooms[1], door.rooms[0]]] {
            let holds = |at: &Coord<f64>| graph.rooms[outside].areas.iter().any(|area| area.holds(*at));
            let at = [middle + out, middle - out].into_iter().find(holds).unwrap_or(middle);
            if is_small(&graph.rooms[inside]) {
                fronts.entry(inside).or_default().push((outside, at));
            }
        }
    }
    fronts
}

fn is_small(room: &Room) -> bool {
    room.areas.iter().map(Area::square_m).sum::<f64>() <= SHOP_MAX_M2
}

/// Returns the room that a place is in.
fn room_of(graph: &Graph, place: &Place) -> Option<usize> {
    let edges = graph.model.edges(place.node);
    let of_edges = edges.filter_map(|edge| edge.weight().room.filter(|_| edge.source() == place.node)).min();
    let [lon, lat] = place.lon_lat;
    of_edges.or_else(|| room_at(&graph.rooms, place.level, graph.frame.to_plane(lon, lat)))
}

/// Tells whether a kind of place fills a room and is seen by its doors.
fn has_own_room(root: &str) -> bool {
    !matches!(
        root,
        "boardinggate"
            | "arrivalgate"
            | "baggagecarousel"
            | "checkin"
            | "information"
            | "informationdesk"
            | "meetingpoint"
            | "ticketing"
            | "railway"
            | "taxi"
            | "bus"
            | "parking"
    )
}

/// Returns how well a kind of place is known, or `None` for what nobody steers by.
fn weight(category: &str) -> Option<u8> {
    let mut parts = category.split('.');
    Some(match (parts.next()?, parts.next()) {
        ("boardinggate" | "arrivalgate" | "baggagecarousel", _) => 9,
        ("checkin", _) => 8,
        ("information" | "informationdesk", _) | ("shopping", Some("dutyfree")) => 7,
        ("shopping" | "foodservice" | "retail" | "shop" | "restaurant" | "cafe" | "restaurants", _)
        | ("lounge" | "privatelounge" | "meetingpoint", _) => 6,
        ("restroom", Some(_)) => return None,
        ("restroom" | "service" | "bank" | "foreignexchange" | "ticketing" | "pharmacy", _)
        | ("railway" | "taxi" | "bus" | "baggagestorage" | "lostandfound", _) => 5,
        ("mothersroom" | "firstaid" | "prayerroom", _) => 3,
        _ => return None,
    })
}

/// Returns where a line of sight crosses a threshold.
fn crossing([from, to]: [Coord<f64>; 2], [p, q]: [Coord<f64>; 2]) -> Option<Coord<f64>> {
    let (look, door) = (to - from, q - p);
    let cross = look.x * door.y - look.y * door.x;
    if cross.abs() < 1e-9 {
        return None;
    }
    let off = p - from;
    let along = (off.x * door.y - off.y * door.x) / cross;
    let beside = (off.x * look.y - off.y * look.x) / cross;
    let within = |share: f64| (0.0..=1.0).contains(&share);
    (within(along) && within(beside)).then(|| from + look * along)
}

/// The feature that stands for something seen.
pub(crate) fn feature_of(graph: &Graph, thing: Thing) -> &FeatureId {
    match thing {
        Thing::Place(place) => &graph.places[place].id,
        Thing::Shaft(shaft) => &graph.shafts[shaft].id,
    }
}

//! Floors become storeys, spaces rooms, fixtures obstacles.

use std::collections::BTreeMap;

use super::codes;
use super::fit::Grid;
use super::{Layers, Point};
use crate::geometry::{Area, Frame};
use crate::graph::{Room, Storey};
use crate::imdf::FeatureId;
use crate::ordinals::Ordinals;

/// The storeys of a venue, one for each ordinal: buildings of one ordinal are walked between.
pub(super) struct Storeys {
    pub(super) storeys: Vec<Storey>,
    ordinals: Ordinals,
    /// The ordinal that the ground outdoors is walked with.
    ground: f64,
}

impl Storeys {
    /// Ordinal 0 is the ground outdoors; where the network does not use it, it is walked with 1F.
    pub(super) fn of(layers: &Layers) -> Self {
        let walked = |ordinal: f64| layers.junctions.iter().any(|junction| junction.ordinal == ordinal);
        let ground = if !walked(0.0) && walked(1.0) { 1.0 } else { 0.0 };
        let at = |ordinal: f64| if ordinal == 0.0 { ground } else { ordinal };
        let told = layers.floors.iter().map(|floor| floor.ordinal);
        let told = told.chain(layers.junctions.iter().map(|junction| junction.ordinal)).map(at);
        let ordinals = Ordinals::of(told);
        let mut named = BTreeMap::new();
        for floor in &layers.floors {
            let Some(ordinal) = ordinals.get(at(floor.ordinal)) else { continue };
            // The name of a building's storey says more than that of the ground before it.
            let rank = (floor.ordinal == 0.0, floor.outdoors, &floor.id);
            let best = named.entry(ordinal).or_insert((rank, floor));
            if rank < best.0 {
                *best = (rank, floor);
            }
        }
        let storey = |ordinal: i32| {
            let floor = named.get(&ordinal).map(|(_, floor)| floor);
            Storey {
                id: floor.map_or_else(
                    || FeatureId::derived(&format!("level-{ordinal}")),
                    |floor| floor.id.clone(),
                ),
                ordinal,
                name: floor.map(|floor| floor.name.clone()).unwrap_or_default(),
                short_name: floor.map(|floor| floor.short_name.clone()).unwrap_or_default(),
            }
        };
        Self { storeys: ordinals.iter().map(storey).collect(), ordinals, ground }
    }

    /// Returns the index of the storey with this number.
    pub(super) fn level(&self, ordinal: f64) -> Option<usize> {
        let ordinal = self.ordinals.get(if ordinal == 0.0 { self.ground } else { ordinal })?;
        self.storeys.iter().position(|storey| storey.ordinal == ordinal)
    }

    /// Returns the storey of each floor.
    pub(super) fn of_floors<'a>(&self, layers: &'a Layers) -> BTreeMap<&'a FeatureId, usize> {
        layers.floors.iter().filter_map(|floor| Some((&floor.id, self.level(floor.ordinal)?))).collect()
    }
}

/// Turns the layers' coordinates into metres on the venue's plane.
#[derive(Clone, Copy)]
pub(super) struct Plane {
    pub(super) grid: Grid,
    pub(super) frame: Frame,
}

impl Plane {
    /// Lays the plane around the middle of the network.
    pub(super) fn of(grid: Grid, layers: &Layers) -> Self {
        let (mut low, mut high) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
        for junction in &layers.junctions {
            let at = grid.lon_lat(junction.at);
            for axis in 0..2 {
                low[axis] = low[axis].min(at[axis]);
                high[axis] = high[axis].max(at[axis]);
            }
        }
        let frame = Frame::around(f64::midpoint(low[0], high[0]), f64::midpoint(low[1], high[1]));
        Self { grid, frame }
    }

    pub(super) fn coord(&self, at: Point) -> geo::Coord<f64> {
        let [lon, lat] = self.grid.lon_lat(at);
        self.frame.to_plane(lon, lat)
    }

    pub(super) fn areas(&self, polygons: &[Vec<Vec<Point>>]) -> Vec<Area> {
        let ring = |ring: &Vec<Point>| {
            geo::LineString::from(ring.iter().map(|at| self.coord(*at)).collect::<Vec<_>>())
        };
        let area = |rings: &Vec<Vec<Point>>| {
            let mut rings = rings.iter().map(ring);
            let outer = rings.next()?;
            Area::new(&geo::Polygon::new(outer, rings.collect()))
        };
        polygons.iter().filter_map(area).collect()
    }
}

/// Returns the rooms, in order of their ids.
pub(super) fn rooms(layers: &Layers, plane: &Plane, levels: &BTreeMap<&FeatureId, usize>) -> Vec<Room> {
    let room = |space: &super::Space| {
        let areas = plane.areas(&space.areas);
        Some(Room {
            id: space.id.clone(),
            category: codes::space(&space.category).to_owned(),
            name: space.name.clone(),
            level: *levels.get(&space.floor_id)?,
            floors: areas.clone(),
            areas: if areas.is_empty() { return None } else { areas },
            obstructed: false,
            zone: None,
            side: None,
            checkpoint: None,
            restricted: space.nonpublic,
        })
    };
    layers.spaces.iter().filter_map(room).collect()
}

/// Returns the outlines of the floors and what stands on them, for each storey.
pub(super) fn outlines_and_obstacles(
    layers: &Layers,
    plane: &Plane,
    levels: &BTreeMap<&FeatureId, usize>,
    storeys: usize,
) -> [Vec<Vec<Area>>; 2] {
    let mut found = [vec![Vec::new(); storeys], vec![Vec::new(); storeys]];
    for floor in &layers.floors {
        if let Some(level) = levels.get(&floor.id) {
            found[0][*level].extend(plane.areas(&floor.areas));
        }
    }
    for fixture in &layers.fixtures {
        if let Some(level) = levels.get(&fixture.floor_id) {
            found[1][*level].extend(plane.areas(&fixture.areas));
        }
    }
    found
}

/// Returns what is walked outdoors on each storey: the floors drawn there without those of buildings.
pub(super) fn ground(
    layers: &Layers,
    plane: &Plane,
    levels: &BTreeMap<&FeatureId, usize>,
    storeys: usize,
) -> Vec<Vec<Area>> {
    let here = |storey: usize, outdoors: bool| {
        let floors = layers.floors.iter().filter(move |floor| floor.outdoors == outdoors);
        let floors = floors.filter(move |floor| levels.get(&floor.id) == Some(&storey));
        floors.flat_map(|floor| plane.areas(&floor.areas)).collect::<Vec<_>>()
    };
    (0..storeys).map(|storey| crate::taut::without(&here(storey, true), &here(storey, false))).collect()
}

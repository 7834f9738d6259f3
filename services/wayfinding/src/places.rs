//! Finding places by name, code or category, and what a venue has.

use serde::Serialize;

use crate::graph::{EdgeKind, Place, Room};
use crate::imdf::FeatureId;
use crate::profile::{Profile, Who};
use crate::snapshot::Snapshot;
use crate::words::{Labels, Language};

mod machines;

pub use machines::{Machine, MachineKind};

/// The most places that one search returns.
pub const SEARCH_MAX: usize = 100;
pub use crate::finder::QUERY_CHARS_MAX;

/// A venue in few words.
#[derive(Clone, Debug, Serialize)]
pub struct VenueSummary {
    /// The venue's feature id.
    pub id: FeatureId,
    /// The venue's names.
    pub name: Labels,
    /// The levels, lowest first.
    pub levels: Vec<LevelSummary>,
    /// How many places there are.
    pub places: usize,
}

/// A level in few words.
#[derive(Clone, Debug, Serialize)]
pub struct LevelSummary {
    /// The level's feature id.
    pub id: FeatureId,
    /// The ordinal; 0 is the ground.
    pub ordinal: i32,
    /// The names.
    pub name: Labels,
    /// The names on signs.
    pub short_name: Labels,
    /// How many places are on it.
    pub places: usize,
}

/// The measures of a venue's graph, as `airside map stats` shows them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stats {
    /// Levels.
    pub levels: usize,
    /// Units that enclose an area.
    pub units: usize,
    /// Openings.
    pub openings: usize,
    /// Places.
    pub places: usize,
    /// Lifts, stairs and escalators.
    pub shafts: usize,
    /// The same one by one, with the ids by which they are closed.
    pub machines: Vec<Machine>,
    /// Nodes of the graph.
    pub nodes: usize,
    /// Directed edges of the graph.
    pub edges: usize,
    /// Directed edges by kind, most first.
    pub edges_by_kind: Vec<(EdgeKind, usize)>,
    /// The length of all ways on foot, each counted once, in metres.
    pub walk_m: f64,
    /// Components of nodes that all reach each other, on foot.
    pub components_walk: usize,
    /// The same in a wheelchair.
    pub components_wheelchair: usize,
    /// Places before security.
    pub places_landside: usize,
    /// Places behind security.
    pub places_airside: usize,
}

impl Snapshot {
    /// Returns all places, in order of their ids.
    pub fn places(&self) -> &[Place] {
        &self.graph.places
    }

    /// Returns the place with this id.
    pub fn place(&self, id: &FeatureId) -> Option<&Place> {
        self.names.place(id).map(|index| &self.graph.places[index])
    }

    /// Finds places by name, code, kind or pinyin, in any language, a slip of the finger forgiven; the best
    /// first, among equals in the order of levels and signs.
    ///
    /// Empty words find all places. At most `limit`, never more than [`SEARCH_MAX`]; of the words the first
    /// [`QUERY_CHARS_MAX`] letters count.
    pub fn search(&self, words: &str, limit: usize) -> Vec<&Place> {
        self.search_near(words, limit, |_| None)
    }

    /// Finds places likewise, among equals the nearest first: `walk_ms` says how long one walks there, and a
    /// place that cannot be reached comes after those that can.
    pub fn search_near(
        &self,
        words: &str,
        limit: usize,
        walk_ms: impl Fn(&Place) -> Option<u32>,
    ) -> Vec<&Place> {
        let places = &self.graph.places;
        let found = self.finder.find(words, |place| walk_ms(&places[place as usize]));
        found.into_iter().take(limit.min(SEARCH_MAX)).map(|place| &places[place as usize]).collect()
    }

    /// Returns the place of a kind that has this sign, such as the `baggagecarousel` signed `12`: a code, or
    /// a word of a name.
    pub fn signed(&self, kind: &str, sign: &str) -> Option<&Place> {
        self.finder.signed(kind, sign, &self.graph.places)
    }

    /// Returns the name of a place, shaft, unit or checkpoint, or what it is where it has none.
    pub fn name_of(&self, id: &FeatureId, language: Language) -> Option<String> {
        let graph = &self.graph;
        let named = |name: &Labels| name.get(language).map(str::to_owned);
        if let Some(place) = self.names.place(id).map(|index| &graph.places[index]) {
            return named(&place.name).or_else(|| Some(place.category.clone()));
        }
        if let Some(room) = graph.room(id) {
            return Some(named(&room.name).unwrap_or_else(|| self.said(room, language)));
        }
        if let Some(shaft) = graph.shafts.iter().find(|shaft| shaft.id == *id) {
            return named(&shaft.name);
        }
        if let Some(sign) = graph.signs.get(id) {
            return named(sign);
        }
        let (_, name) = graph.checkpoints.iter().find(|(section, _)| section == id)?;
        named(name)
    }

    /// Says a unit without a name: by what is in it, or by where it is.
    fn said(&self, room: &Room, language: Language) -> String {
        let graph = &self.graph;
        let inside = |place: &&Place| {
            let at = graph.frame.to_plane(place.lon_lat[0], place.lon_lat[1]);
            place.level == room.level && room.areas.iter().any(|area| area.holds(at))
        };
        let mut named = graph.places.iter().filter(inside).filter_map(|place| place.name.get(language));
        if let Some(name) = named.next() {
            return name.to_owned();
        }
        let sign = graph.storeys[room.level].sign(language);
        match language {
            Language::En => format!("an area on {sign}"),
            Language::ZhCn => format!("{sign}的一处区域"),
        }
    }

    /// Returns the venue in few words.
    pub fn summary(&self) -> VenueSummary {
        let places = |level: usize| self.graph.places.iter().filter(|place| place.level == level).count();
        let levels = self.graph.storeys.iter().enumerate().map(|(level, storey)| LevelSummary {
            id: storey.id.clone(),
            ordinal: storey.ordinal,
            name: storey.name.clone(),
            short_name: storey.short_name.clone(),
            places: places(level),
        });
        VenueSummary {
            id: self.graph.venue_id.clone(),
            name: self.graph.venue_name.clone(),
            levels: levels.collect(),
            places: self.graph.places.len(),
        }
    }

    /// Returns the measures of the graph.
    pub fn stats(&self) -> Stats {
        let graph = &self.graph;
        let mut kinds = std::collections::BTreeMap::<EdgeKind, usize>::new();
        let mut walk_m = 0.0;
        for edge in graph.model.edge_weights() {
            *kinds.entry(edge.kind).or_default() += 1;
            walk_m += if edge.kind == EdgeKind::Walk { edge.length_m / 2.0 } else { 0.0 };
        }
        let mut edges_by_kind: Vec<_> = kinds.into_iter().collect();
        edges_by_kind.sort_by_key(|(kind, count)| (std::cmp::Reverse(*count), *kind));
        let within = |behind| {
            let zones = graph.places.iter().filter_map(|place| place.zone);
            zones.filter(|zone| zone.is_behind() == behind).count()
        };
        Stats {
            levels: graph.storeys.len(),
            units: graph.rooms.len(),
            openings: graph.opening_count,
            places: graph.places.len(),
            shafts: graph.shafts.len(),
            machines: self.machines(),
            nodes: self.node_count(),
            edges: self.edge_count(),
            edges_by_kind,
            walk_m,
            components_walk: self.components_of(Who::default()).count(),
            components_wheelchair: self.components_of(Profile::Wheelchair.into()).count(),
            places_landside: within(false),
            places_airside: within(true),
        }
    }

    /// Tells whether a place can be reached by a passenger from the main part of the venue at free flow.
    pub fn reaches(&self, place: &Place, who: impl Into<Who>) -> bool {
        let parts = self.components_of(who.into());
        let node = u32::try_from(place.node.index()).unwrap_or(u32::MAX);
        parts.of_node(node) == parts.largest()
    }
}

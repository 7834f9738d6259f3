//! A level as a picture: what a planner, a tester and a passenger look at.
//!
//! [`draw`] turns one level of a [`Snapshot`], and the part of a [`Route`] that lies on it, into SVG. Rooms are
//! coloured by what they are for, halls by their side of security; gates, belts, desks, lifts and services
//! stand as signs, names where there is room for them. Signs and names never overlap: the more important is
//! placed first, what finds no room is left out. The same snapshot always gives the same bytes.

use crate::graph::Place;
use crate::route::Route;
use crate::snapshot::Snapshot;
use crate::words::Language;

mod frame;
mod geojson;
mod icons;
mod labels;
mod looks;
mod names;
mod page;
mod plan;
mod signs;
mod way;

pub use geojson::LevelPlan;
use labels::Labels;
use looks::Seen;
use page::{Page, Svg};

/// Says that a venue has no such level.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no level is called {words:?}; use one of {}", .known.join(", "))]
pub struct UnknownLevel {
    /// What was asked for.
    pub words: String,
    /// The levels there are, each its ordinal and its sign.
    pub known: Vec<String>,
}

/// Finds a level by its ordinal, such as `-1`, or its sign, such as `B1`; returns the ordinal.
///
/// # Errors
/// Fails when the venue has no such level, and lists those it has.
pub fn level_called(snapshot: &Snapshot, words: &str) -> Result<i32, UnknownLevel> {
    let storeys = snapshot.graph().storeys();
    let signed = |language| {
        let sign = words.trim().to_lowercase();
        storeys.iter().find(move |storey| storey.sign(language).to_lowercase() == sign)
    };
    let ordinal: Option<i32> = words.trim().parse().ok();
    let numbered = storeys.iter().find(|storey| Some(storey.ordinal) == ordinal);
    let found = numbered.or_else(|| signed(Language::En)).or_else(|| signed(Language::ZhCn));
    found.map(|storey| storey.ordinal).ok_or_else(|| {
        let mut known: Vec<_> = storeys
            .iter()
            .map(|storey| match storey.sign(Language::En) {
                sign if sign == storey.ordinal.to_string() => sign,
                sign => format!("{} ({sign})", storey.ordinal),
            })
            .collect();
        known.dedup();
        UnknownLevel { words: words.chars().take(40).collect(), known }
    })
}

/// What is drawn: a level of a venue, seen in one language.
struct Scene<'a> {
    snapshot: &'a Snapshot,
    language: Language,
    ordinal: i32,
    page: Page,
    /// The rooms, the largest first, so that what stands in a hall is drawn over it.
    rooms: Vec<Seen<'a>>,
    places: Vec<&'a Place>,
}

impl<'a> Scene<'a> {
    fn of(snapshot: &'a Snapshot, ordinal: i32, language: Language) -> Self {
        let graph = snapshot.graph();
        let here = |level: usize| graph.storeys.get(level).is_some_and(|storey| storey.ordinal == ordinal);
        let places: Vec<_> = graph.places.iter().filter(|place| here(place.level)).collect();
        let mut rooms: Vec<_> = graph.rooms.iter().filter(|room| here(room.level)).map(Seen::of).collect();
        rooms.sort_by(|a, b| b.square_m.total_cmp(&a.square_m).then_with(|| a.room.id.cmp(&b.room.id)));
        looks::furnish(&mut rooms, &places, |place| graph.model[place.node].at);
        let page = Page::around(rooms.iter().flat_map(|seen| &seen.room.areas));
        Self { snapshot, language, ordinal, page, rooms, places }
    }

    /// Returns the signs of the scene's language for a level, such as `2F`.
    fn sign(&self, ordinal: i32) -> String {
        let mut storeys = self.snapshot.graph().storeys().iter();
        let storey = storeys.find(|storey| storey.ordinal == ordinal);
        storey.map_or_else(|| ordinal.to_string(), |storey| storey.sign(self.language))
    }
}

/// Draws the levels of one ordinal, with what a route does there, as an SVG document of 1600 by 1000.
///
/// An ordinal that the venue does not have gives an empty sheet; [`level_called`] tells it apart.
pub fn draw(snapshot: &Snapshot, ordinal: i32, route: Option<&Route>, language: Language) -> String {
    let scene = Scene::of(snapshot, ordinal, language);
    let (mut svg, mut labels) = (Svg::new(), Labels::new());
    frame::reserve(&scene, route, &mut labels);
    plan::draw(&scene, &mut svg);
    let badges = route.map(|route| way::line(&scene, route, &mut svg, &mut labels)).unwrap_or_default();
    let shown = signs::draw(&scene, &mut svg, &mut labels);
    if let Some(route) = route {
        way::keep_clear(&scene, route, &mut labels);
    }
    names::draw(&scene, &mut svg, &mut labels);
    way::badges(&badges, &mut svg);
    frame::draw(&scene, route, &shown, &mut svg);
    svg.finish()
}

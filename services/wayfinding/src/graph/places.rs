//! Amenities and occupants become places with a node where they are reached.

use geo::Coord;

use super::derive::{Portal, Work};
use super::{Node, NodeKind, Place};
use crate::check::Severity;
use crate::geometry::{Area, distance_m};
use crate::hours::Hours;
use crate::imdf::{FeatureId, LonLat};
use crate::words::Labels;

struct Wanted {
    id: FeatureId,
    file: &'static str,
    category: String,
    name: Labels,
    alt_name: Labels,
    at: LonLat,
    units: Vec<FeatureId>,
    hours: Option<Hours>,
    /// Other features whose closure closes the place.
    also: Vec<FeatureId>,
}

impl Work<'_> {
    pub(super) fn add_places(&mut self) {
        let archive = self.archive;
        let amenities = archive.amenities.iter().map(|amenity| Wanted {
            id: amenity.id.clone(),
            file: "amenity",
            category: amenity.category.clone(),
            name: amenity.name.clone(),
            alt_name: amenity.alt_name.clone(),
            at: amenity.at,
            units: amenity.unit_ids.clone(),
            hours: amenity.hours.clone(),
            also: vec![],
        });
        let occupants = archive.occupants.iter().filter_map(|occupant| {
            let anchors = &archive.anchors;
            let index = anchors.binary_search_by(|anchor| anchor.id.cmp(&occupant.anchor_id)).ok()?;
            Some(Wanted {
                id: occupant.id.clone(),
                file: "occupant",
                category: occupant.category.clone(),
                name: occupant.name.clone(),
                alt_name: occupant.alt_name.clone(),
                at: anchors[index].at,
                units: vec![anchors[index].unit_id.clone()],
                hours: occupant.hours.clone(),
                also: vec![occupant.anchor_id.clone()],
            })
        });
        let mut wanted: Vec<_> = amenities.chain(occupants).collect();
        wanted.sort_by(|a, b| a.id.cmp(&b.id));
        for place in wanted {
            self.add_place(place);
        }
    }

    fn add_place(&mut self, place: Wanted) {
        let [lon, lat] = place.at;
        let at = self.graph.frame.to_plane(lon, lat);
        let gap_m = |room: usize| {
            let areas = self.graph.rooms[room].areas.iter();
            areas.map(|area| area.gap_m(at, 50.0)).fold(f64::INFINITY, f64::min)
        };
        let rooms = place.units.iter().filter_map(|unit| self.room_index(unit));
        let nearest = rooms
            .map(|room| (gap_m(room), self.graph.rooms[room].level, room))
            .min_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        let Some((gap_m, level, room)) = nearest else { return };
        if gap_m > 1.0 {
            let text = "the point lies outside the unit it names".to_owned();
            let rule = ("place-outside-unit", Severity::Warning);
            self.note(rule, (place.file, &place.id), text, "move the point into the unit");
        }
        // A counter is drawn where it stands; it is reached where one can stand before it.
        let drawn = nearest_of(&self.graph.rooms[room].areas, at);
        let at = nearest_of(&self.graph.rooms[room].floors, drawn);
        let index = self.graph.places.len();
        let mut features = vec![place.id.clone()];
        features.extend(place.also);
        let kind = NodeKind::Place(index);
        let node = self.add(Node { kind, features, level, at, width_m: f64::INFINITY });
        self.portals[room].push(Portal { node, at });
        self.graph.places.push(Place {
            codes: codes(&place.name, &place.alt_name),
            id: place.id,
            category: place.category,
            name: place.name,
            zone: self.graph.rooms[room].zone,
            side: self.graph.rooms[room].side,
            hours: place.hours,
            lon_lat: self.graph.frame.to_world(drawn),
            level,
            node,
        });
    }
}

/// Returns the point itself where one of the areas holds it, else the nearest point of any.
fn nearest_of(areas: &[Area], at: Coord<f64>) -> Coord<f64> {
    let inside = areas.iter().map(|area| area.clamp(at));
    inside.min_by(|a, b| distance_m(*a, at).total_cmp(&distance_m(*b, at))).unwrap_or(at)
}

/// Returns the short codes of a place: its other names, and words of letters and digits in its names.
pub(crate) fn codes(name: &Labels, alt_name: &Labels) -> Vec<String> {
    let mut found: Vec<String> = alt_name.iter().map(|(_, alt)| alt.to_owned()).collect();
    for (_, name) in name.iter() {
        let words = name.split(|c: char| !c.is_ascii_alphanumeric());
        let coded = |word: &&str| {
            word.len() <= 8
                && word.bytes().any(|b| b.is_ascii_digit())
                && word.bytes().any(|b| b.is_ascii_alphabetic())
        };
        found.extend(words.filter(coded).map(str::to_owned));
    }
    found.sort();
    found.dedup();
    found
}

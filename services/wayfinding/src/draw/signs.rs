//! Gates, belts, desks and services as signs at their places, the important ones first.

use std::collections::BTreeSet;

use super::Scene;
use super::icons::Icon;
use super::labels::{Labels, around};
use super::page::{Ink, Svg, number, width};
use crate::graph::Place;

/// How far a sign may step aside from its place, in its own sizes.
const ASIDE: [[f64; 2]; 9] = [
    [0.0, 0.0],
    [0.0, -0.6],
    [0.0, 0.6],
    [-0.6, 0.0],
    [0.6, 0.0],
    [0.0, -1.1],
    [0.0, 1.1],
    [-1.1, 0.0],
    [1.1, 0.0],
];

/// A sign with words on it.
struct Plate {
    words: String,
    fill: &'static str,
    ink: &'static str,
    size: f64,
    rank: u8,
}

enum Sign {
    Plate(Plate),
    Icon(Icon),
}

impl Sign {
    fn rank(&self) -> u8 {
        match self {
            Self::Plate(plate) => plate.rank,
            Self::Icon(icon) => icon.rank() + 1,
        }
    }
}

/// Draws the signs and returns the kinds that were shown, for the legend.
pub(super) fn draw(scene: &Scene<'_>, svg: &mut Svg, labels: &mut Labels) -> BTreeSet<Icon> {
    let graph = scene.snapshot.graph();
    let named: BTreeSet<_> =
        scene.rooms.iter().filter_map(|seen| seen.occupant).map(|place| &place.id).collect();
    let unnamed = scene.places.iter().filter(|place| !named.contains(&place.id));
    let of_places = unnamed.filter_map(|place| {
        let at = scene.page.at(graph.model[place.node].at);
        Some((sign(scene, place)?, &place.id, at))
    });
    let of_rooms = scene.rooms.iter().filter_map(|seen| {
        let icon = Icon::of(&seen.room.category).filter(|icon| icon.is_of_room())?;
        let at = scene.page.at(seen.room.areas.first()?.interior());
        Some((Sign::Icon(icon), &seen.room.id, at))
    });
    let mut signs: Vec<_> = of_rooms.chain(of_places).collect();
    signs.sort_by(|a, b| a.0.rank().cmp(&b.0.rank()).then_with(|| a.1.cmp(b.1)));
    let mut shown = BTreeSet::new();
    for (sign, _, at) in signs {
        match &sign {
            Sign::Plate(plate) => put_plate(plate, at, svg, labels),
            Sign::Icon(icon) => {
                if put_icon(scene, *icon, at, svg, labels) {
                    shown.insert(*icon);
                }
            }
        }
    }
    shown
}

fn sign(scene: &Scene<'_>, place: &Place) -> Option<Sign> {
    let small = (scene.page.scale * 5.0).clamp(6.0, 10.0);
    let plate =
        |words: String, fill, ink, size, rank| Some(Sign::Plate(Plate { words, fill, ink, size, rank }));
    match place.category.split('.').next().unwrap_or_default() {
        "boardinggate" => plate(code(scene, place)?, "#2b3541", "#ffd24a", small + 1.5, 0),
        "arrivalgate" => plate(code(scene, place)?, "#2b3541", "#fff", small, 0),
        "baggagecarousel" => plate(code(scene, place)?, "#2b3541", "#fff", small + 1.0, 0),
        "checkin" => plate(code(scene, place)?, "#1f7a8c", "#fff", small, 0),
        // Each such room has its own sign, on every level.
        _ => Icon::of(&place.category).filter(|icon| !icon.is_of_room()).map(Sign::Icon),
    }
}

/// Returns the shortest thing that a place is called: its code, the digits or the last word of its name.
fn code(scene: &Scene<'_>, place: &Place) -> Option<String> {
    let short = |text: &&String| text.chars().count() <= 5;
    if let Some(code) = place.codes.iter().filter(short).min_by_key(|code| code.len()) {
        return Some(code.clone());
    }
    let name = place.name.get(crate::words::Language::En).or_else(|| place.name.get(scene.language))?;
    let last = name.split_whitespace().last()?;
    Some(last.chars().take(5).collect())
}

fn put_plate(plate: &Plate, at: [f64; 2], svg: &mut Svg, labels: &mut Labels) {
    let size = plate.size;
    let (wide, tall) = ((width(&plate.words, size) + 0.7 * size).max(1.5 * size), 1.45 * size);
    let spots = ASIDE.map(|[x, y]| [at[0] + x * wide, at[1] + y * tall]);
    let Some(n) = labels.place(spots.map(|spot| around(spot, wide, tall))) else { return };
    let [west, north, ..] = around(spots[n], wide, tall);
    svg.add(&format!(
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\" fill=\"{}\" stroke=\"#fff\" stroke-width=\".8\"/>",
        number(west),
        number(north),
        number(wide),
        number(tall),
        number(0.28 * size),
        plate.fill
    ));
    svg.words(spots[n], &plate.words, Ink { bold: true, ..Ink::of(size, plate.ink) });
}

fn put_icon(scene: &Scene<'_>, icon: Icon, at: [f64; 2], svg: &mut Svg, labels: &mut Labels) -> bool {
    let radius = (scene.page.scale * 2.6).clamp(4.6, 9.0);
    let spots = ASIDE.map(|[x, y]| [at[0] + x * 2.0 * radius, at[1] + y * 2.0 * radius]);
    let Some(n) = labels.place(spots.map(|spot| around(spot, 2.0 * radius + 1.0, 2.0 * radius + 1.0))) else {
        return false;
    };
    icon.draw(svg, spots[n], radius);
    true
}

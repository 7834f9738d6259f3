//! Names of halls and rooms, along the room, as large as it has room for.

use geo::Coord;

use super::Scene;
use super::labels::{Labels, turned};
use super::looks::{Look, Seen};
use super::page::{Ink, Svg, width};
use crate::geometry::{Area, distance_m};

/// The sizes of letters in halls and in rooms, in points; a room's name below the least is left out.
const HALL_MAX: f64 = 15.0;
const HALL_MIN: f64 = 7.0;
const ROOM_MAX: f64 = 11.0;
const ROOM_MIN: f64 = 1.7;
/// How much of a room's length and depth its name may fill.
const FILL: f64 = 0.86;

/// A room's extent along its longest wall.
struct Extent {
    middle: Coord<f64>,
    along_m: f64,
    across_m: f64,
    /// The angle of its length on the sheet, clockwise, -90 to 90 degrees.
    turn: f64,
}

pub(super) fn draw(scene: &Scene<'_>, svg: &mut Svg, labels: &mut Labels) {
    for seen in scene.rooms.iter().filter(|seen| seen.look.is_hall() || is_wide(seen.look)) {
        hall(scene, seen, svg, labels);
    }
    for seen in scene.rooms.iter().filter(|seen| !seen.look.is_hall() && !is_wide(seen.look)) {
        room(scene, seen, svg, labels);
    }
}

fn is_wide(look: Look) -> bool {
    matches!(look, Look::Security | Look::Border | Look::Rail | Look::Parking | Look::Road | Look::Green)
}

fn name<'a>(scene: &Scene<'_>, seen: &Seen<'a>) -> Option<&'a str> {
    let of_occupant = seen.occupant.and_then(|place| place.name.get(scene.language));
    of_occupant.or_else(|| seen.room.name.get(scene.language))
}

fn hall(scene: &Scene<'_>, seen: &Seen<'_>, svg: &mut Svg, labels: &mut Labels) {
    // Not across a belt or a desk, where there is floor enough beside it.
    let floors = seen.room.floors.iter().max_by(|a, b| a.square_m().total_cmp(&b.square_m()));
    let (Some(name), Some(area)) = (name(scene, seen), floors) else { return };
    let extent = extent(area);
    let most = (seen.square_m.sqrt() * scene.page.scale / 9.0).clamp(HALL_MIN, HALL_MAX);
    let turn = if extent.along_m > 2.2 * extent.across_m { extent.turn } else { 0.0 };
    for size in [most, 0.75 * most, 0.55 * most].into_iter().filter(|size| *size >= HALL_MIN - 0.01) {
        let (wide, tall) = (width(name, size) * 1.04, size * 1.3);
        let spots: Vec<_> = spots(area, &extent)
            .into_iter()
            .filter(|spot| lies_in(scene, area, *spot, (wide, tall), turn))
            .map(|spot| scene.page.at(spot))
            .collect();
        if let Some(n) = labels.place(spots.iter().map(|spot| turned(*spot, wide, tall, turn))) {
            let ink = Ink { halo: true, bold: size > 11.0, turn, ..Ink::of(size, seen.look.ink()) };
            return svg.words(spots[n], name, ink);
        }
    }
}

/// Returns where a hall's name may stand: its middle first, then further out.
fn spots(area: &Area, extent: &Extent) -> Vec<Coord<f64>> {
    let (low, high) = area.bounds();
    let mut spots = vec![area.interior(), extent.middle];
    for row in 1..8 {
        for column in 1..12 {
            let part = |n: i32, of: f64| f64::from(n) / of;
            spots.push(Coord {
                x: low.x + (high.x - low.x) * part(column, 12.0),
                y: low.y + (high.y - low.y) * part(row, 8.0),
            });
        }
    }
    let from_middle = |spot: &Coord<f64>| distance_m(*spot, extent.middle);
    spots.sort_by(|a, b| from_middle(a).total_cmp(&from_middle(b)));
    spots
}

/// Tells whether a line of text lies inside an area.
fn lies_in(scene: &Scene<'_>, area: &Area, at: Coord<f64>, (wide, tall): (f64, f64), turn: f64) -> bool {
    let (sin, cos) = turn.to_radians().sin_cos();
    let (half_m, deep_m) = (wide / 2.0 / scene.page.scale, tall / 2.0 / scene.page.scale);
    (-8..=8).all(|along| {
        [-1.0, 0.0, 1.0].iter().all(|across| {
            let (along, across) = (f64::from(along) / 8.0 * half_m, across * deep_m);
            area.holds(Coord { x: at.x + along * cos + across * sin, y: at.y - along * sin + across * cos })
        })
    })
}

fn room(scene: &Scene<'_>, seen: &Seen<'_>, svg: &mut Svg, labels: &mut Labels) {
    if matches!(seen.look, Look::Vertical | Look::Void | Look::Moving) || seen.room.areas.is_empty() {
        return;
    }
    let Some(name) = name(scene, seen) else { return };
    let extent = extent(&seen.room.areas[0]);
    if seen.square_m < 0.55 * extent.along_m * extent.across_m {
        return;
    }
    let at = scene.page.at(extent.middle);
    let (along, across) = (extent.along_m * scene.page.scale, extent.across_m * scene.page.scale);
    let upright = (extent.turn.abs() - 90.0).abs() < 20.0;
    let fits = [(along, across, extent.turn), (across, along, if upright { 0.0 } else { f64::NAN })];
    let best = fits
        .into_iter()
        .filter(|(_, _, turn)| !turn.is_nan())
        .flat_map(|(wide, tall, turn)| {
            let bonus = if turn.abs() < 45.0 { 1.3 } else { 1.0 };
            lines(name).into_iter().map(move |lines| {
                let longest = lines.iter().map(|line| width(line, 1.0)).fold(0.0, f64::max);
                #[expect(clippy::cast_precision_loss, reason = "one line or two")]
                let deep = lines.len() as f64 * 1.15;
                let size = (FILL * wide / longest).min(FILL * tall / deep).min(ROOM_MAX);
                (size * bonus, size, turn, lines)
            })
        })
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let Some((_, size, turn, lines)) = best.filter(|best| best.1 >= ROOM_MIN) else { return };
    write(seen, at, size, turn, &lines, svg, labels);
}

fn write(
    seen: &Seen<'_>,
    at: [f64; 2],
    size: f64,
    turn: f64,
    lines: &[&str],
    svg: &mut Svg,
    labels: &mut Labels,
) {
    let (sin, cos) = turn.to_radians().sin_cos();
    let ink = Ink { turn, ..Ink::of(size, seen.look.ink()) };
    #[expect(clippy::cast_precision_loss, reason = "one line or two")]
    let middle = (lines.len() as f64 - 1.0) / 2.0;
    let placed: Vec<_> = (0_u8..)
        .zip(lines)
        .map(|(n, line)| {
            let down = (f64::from(n) - middle) * size * 1.12;
            let spot = [at[0] - down * sin, at[1] + down * cos];
            (spot, *line, turned(spot, width(line, size), size, turn))
        })
        .collect();
    if placed.iter().all(|(_, _, taken)| labels.is_free(taken)) {
        for (spot, line, taken) in placed {
            labels.take(taken);
            svg.words(spot, line, ink);
        }
    }
}

/// Returns a name on one line and, where it has a space near its middle, on two.
fn lines(name: &str) -> Vec<Vec<&str>> {
    let mut ways = vec![vec![name]];
    let middle = name.len() / 2;
    let spaces = name.char_indices().filter(|(_, c)| *c == ' ').map(|(at, _)| at);
    if let Some(at) = spaces.min_by_key(|at| at.abs_diff(middle)) {
        ways.push(vec![&name[..at], &name[at + 1..]]);
    }
    ways
}

fn extent(area: &Area) -> Extent {
    let walls = area.rings().next().into_iter().flat_map(|ring| ring.lines());
    let longest = walls.max_by(|a, b| distance_m(a.start, a.end).total_cmp(&distance_m(b.start, b.end)));
    let (low, high) = area.bounds();
    let box_middle = (low + high) / 2.0;
    let Some(line) = longest else {
        return Extent { middle: box_middle, along_m: high.x - low.x, across_m: high.y - low.y, turn: 0.0 };
    };
    let along = (line.end - line.start) / distance_m(line.start, line.end).max(1e-9);
    let across = Coord { x: -along.y, y: along.x };
    let (mut least, mut most) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
    for point in area.rings().next().into_iter().flat_map(|ring| &ring.0) {
        for (axis, direction) in [along, across].into_iter().enumerate() {
            let reach = point.x * direction.x + point.y * direction.y;
            least[axis] = least[axis].min(reach);
            most[axis] = most[axis].max(reach);
        }
    }
    let [mid_along, mid_across] = [0, 1].map(|axis| f64::midpoint(least[axis], most[axis]));
    let middle = along * mid_along + across * mid_across;
    let sizes = [0, 1].map(|axis| most[axis] - least[axis]);
    let (length, direction) = if sizes[0] >= sizes[1] { (0, along) } else { (1, across) };
    Extent { middle, along_m: sizes[length], across_m: sizes[1 - length], turn: upright(direction) }
}

/// Returns the angle of a direction on the sheet, turned so that letters never stand on their heads.
fn upright(direction: Coord<f64>) -> f64 {
    let turn = (-direction.y).atan2(direction.x).to_degrees();
    let turn = if turn > 90.0 { turn - 180.0 } else { turn };
    let turn = if turn <= -90.0 { turn + 180.0 } else { turn };
    match turn {
        turn if turn.abs() < 0.5 => 0.0,
        // Letters that climb read better than letters that fall.
        turn if turn > 89.5 => -90.0,
        turn => turn,
    }
}

//! What areas leave open of an outline.

use geo::algorithm::bool_ops::unary_union;
use geo::algorithm::buffer::{Buffer, BufferStyle, LineJoin};
use geo::orient::{Direction, Orient};
use geo::{Area as _, BooleanOps, MultiPolygon, Polygon};

use super::Area;

/// Half the width of the widest wall, in metres; between units drawn to the wall's face it is no floor.
const WALL_HALF_M: f64 = 0.4;
/// A piece smaller than this is a shaft or a pillar, in square metres.
const PIECE_MIN_M2: f64 = 4.0;

/// Returns the floor of an outline that no area covers, without walls, and how large the outline is, in square
/// metres.
pub(crate) fn open_floor<'a>(
    outline: &[Area],
    covers: impl Iterator<Item = &'a Area>,
) -> (MultiPolygon<f64>, f64) {
    let outline = union(outline.iter());
    let covered = union(covers);
    let style = |by_m: f64| BufferStyle::new(by_m).line_join(LineJoin::Miter(1.0));
    let open = outline.difference(&covered);
    let wide = open.buffer_with_style(style(-WALL_HALF_M)).buffer_with_style(style(WALL_HALF_M));
    let mut floor = wide.intersection(&open);
    floor.0.retain(|piece| piece.unsigned_area() > PIECE_MIN_M2);
    (floor, outline.unsigned_area())
}

/// Returns what any of the areas covers, whichever way their rings are drawn.
pub(crate) fn union<'a>(areas: impl Iterator<Item = &'a Area>) -> MultiPolygon<f64> {
    // All rings must turn alike, or one area would take from another.
    let turned = areas.map(|area| area.polygon().orient(Direction::Default));
    unary_union(&turned.collect::<Vec<Polygon<f64>>>())
}

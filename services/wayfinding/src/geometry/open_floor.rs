//! What areas leave open of an outline.

use geo::algorithm::buffer::{Buffer, BufferStyle, LineJoin};
use geo::{Area as _, BooleanOps, MultiPolygon};

use super::{Area, union};

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
    let outline = union(outline);
    let covered = union(covers);
    let style = |by_m: f64| BufferStyle::new(by_m).line_join(LineJoin::Miter(1.0));
    let open = outline.difference(&covered);
    let wide = open.buffer_with_style(style(-WALL_HALF_M)).buffer_with_style(style(WALL_HALF_M));
    let mut floor = wide.intersection(&open);
    floor.0.retain(|piece| piece.unsigned_area() > PIECE_MIN_M2);
    (floor, outline.unsigned_area())
}

//! The any-angle search equals the visibility graph, which is slow and plain.

use geo::{Coord, LineString, MultiPolygon, Polygon};
use proptest::prelude::*;

use super::mesh::Mesh;
use super::{Corridor, Scratch};
use crate::geometry::ways::Bends;
use crate::geometry::{Area, distance_m, length_m};

fn rect([x, y]: [f64; 2], [wide, deep]: [f64; 2], slant: f64) -> LineString<f64> {
    let ring = [(x, y), (x + wide, y + slant), (x + wide - slant, y + deep), (x, y + deep)];
    ring.map(|(x, y)| Coord { x, y }).to_vec().into()
}

/// A hall of 40 m by 30 m on a grid of cells of which some hold a block.
fn hall(blocks: &[(bool, f64, f64, f64)]) -> MultiPolygon<f64> {
    let holes = blocks.iter().zip(0_u32..).filter(|((stands, ..), _)| *stands).map(
        |((_, wide, deep, slant), cell)| {
            let corner = [f64::from(cell % 8) * 5.0 + 0.7, f64::from(cell / 8) * 5.0 + 0.7];
            rect(corner, [*wide, *deep], *slant)
        },
    );
    MultiPolygon::new(vec![Polygon::new(rect([0.0, 0.0], [40.0, 30.0], 0.0), holes.collect())])
}

/// Returns the lengths of the lines that both ways find.
fn both(floor: &MultiPolygon<f64>, from: Coord<f64>, to: Coord<f64>) -> [Option<f64>; 2] {
    let mesh = Mesh::of(&[(0, floor)], &[]);
    let ends = [from, to].map(|at| mesh.enter(|part| part == 0, at, 0.0).unwrap());
    let corridor = Corridor::of([0], vec![]);
    let mut scratch = Scratch::default();
    let bends = scratch.search(&mesh, &corridor, ends[0], ends[1]);
    let line = bends.map(|bends| [&[from], bends, &[to]].concat());
    let area = Area::new(&floor.0[0]).unwrap();
    [line, Bends::of(&area).line(from, to)].map(|line| line.map(|line| length_m(&line)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_line_over_triangles_is_as_short_as_the_one_around_corners(
        blocks in prop::collection::vec((any::<bool>(), 0.5..4.0_f64, 0.5..4.0_f64, 0.0..0.4_f64), 48),
        from in (0.1..39.9_f64, 0.1..29.9_f64),
        to in (0.1..39.9_f64, 0.1..29.9_f64),
    ) {
        let floor = hall(&blocks);
        let [from, to] = [from, to].map(|(x, y)| Coord { x, y });
        let free = |at: Coord<f64>| super::free::inside(&floor.0[0], at);
        prop_assume!(free(from) && free(to) && distance_m(from, to) > 0.1);
        let [taut, around] = both(&floor, from, to);
        let (taut, around) = (taut.unwrap_or(f64::NAN), around.unwrap_or(f64::NAN));
        prop_assert!((taut - around).abs() < 0.02, "{} m, not {} m", taut, around);
    }
}

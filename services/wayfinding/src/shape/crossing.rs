//! Whether a ring crosses itself: what is inside such a ring, nobody can say.

/// The most pairs of sides that are compared; the ring of a real terminal needs some thousands.
const PAIRS_MAX: usize = 1_000_000;

type Point = [f64; 2];

/// Returns a corner next to which a closed ring crosses itself. Rings that touch themselves do not cross.
pub(crate) fn crosses_itself(ring: &[Point]) -> Option<Point> {
    let mut sides: Vec<(usize, Point, Point)> =
        ring.windows(2).enumerate().map(|(number, ends)| (number, ends[0], ends[1])).collect();
    sides.retain(|(_, from, to)| from != to);
    let west = |side: &(usize, Point, Point)| side.1[0].min(side.2[0]);
    let east = |side: &(usize, Point, Point)| side.1[0].max(side.2[0]);
    // Swept from west to east, so that only neighbours meet.
    sides.sort_by(|a, b| west(a).total_cmp(&west(b)).then(a.0.cmp(&b.0)));
    let mut pairs = 0;
    for (place, side) in sides.iter().enumerate() {
        for other in sides[place + 1..].iter().take_while(|other| west(other) < east(side)) {
            pairs += 1;
            if pairs > PAIRS_MAX {
                return None;
            }
            if cross(side.1, side.2, other.1, other.2) {
                return Some(ring[side.0.min(other.0)]);
            }
        }
    }
    None
}

/// Tells whether two sides cross with their ends on either side of each other.
fn cross(a: Point, b: Point, c: Point, d: Point) -> bool {
    let side = |from: Point, to: Point, p: Point| {
        (to[0] - from[0]) * (p[1] - from[1]) - (to[1] - from[1]) * (p[0] - from[0])
    };
    let apart = |one: f64, other: f64| (one > 0.0 && other < 0.0) || (one < 0.0 && other > 0.0);
    apart(side(a, b, c), side(a, b, d)) && apart(side(c, d, a), side(c, d, b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bow_crosses_itself_and_a_ring_that_touches_itself_does_not() {
        let bow = [[0.0, 0.0], [2.0, 2.0], [2.0, 0.0], [0.0, 2.0], [0.0, 0.0]];
        assert_eq!(crosses_itself(&bow), Some([0.0, 0.0]));
        let touching = [[0.0, 0.0], [4.0, 0.0], [4.0, 2.0], [2.0, 0.0], [0.0, 2.0], [0.0, 0.0]];
        assert_eq!(crosses_itself(&touching), None);
        assert_eq!(crosses_itself(&[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]), None);
    }

    #[test]
    fn a_hostile_ring_is_given_up_in_bounded_time() {
        let comb: Vec<Point> =
            (0..40_000).map(|n| [if n % 2 == 0 { 0.0 } else { 1.0 }, f64::from(n)]).collect();
        assert_eq!(crosses_itself(&comb), None);
    }
}

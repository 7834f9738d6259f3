//! From a plane's metres to degrees, learnt from the nodes that tell both.
//!
//! The layers name a national grid (Narita's is EPSG:6677) but every node carries its latitude and longitude
//! as well. So no projection is written down here: a polynomial of second order is fitted to the nodes by
//! least squares, and believed only while it meets every node within five centimetres. Over the few
//! kilometres of a venue a map projection is that smooth; an affine fit would be off by decimetres at the ends.

use super::Point;

/// The furthest that a node may lie from where the fit puts it, in metres.
pub(crate) const RESIDUAL_MAX_M: f64 = 0.05;
/// The fewest nodes that tell both; six coefficients need more witnesses than unknowns.
const WITNESSES_MIN: usize = 12;
const TERMS: usize = 6;

/// How the layers' coordinates become degrees.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Grid {
    /// They are degrees already.
    Degrees,
    /// Metres of a plane, by a fitted polynomial.
    Fitted(Fit),
}

impl Grid {
    pub(crate) fn lon_lat(&self, at: Point) -> [f64; 2] {
        match self {
            Self::Degrees => at,
            Self::Fitted(fit) => fit.lon_lat(at),
        }
    }
}

/// A polynomial of second order from the plane to longitude and latitude.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fit {
    middle: Point,
    span_m: f64,
    /// Degrees at the middle, taken off before the fit to keep its digits.
    base: [f64; 2],
    terms: [[f64; TERMS]; 2],
}

impl Fit {
    /// Fits to pairs of a point and its degrees; `None` when they are too few or lie on one line.
    pub(crate) fn to(pairs: &[(Point, [f64; 2])]) -> Option<Self> {
        if pairs.len() < WITNESSES_MIN {
            return None;
        }
        let (mut low, mut high) = (pairs[0].0, pairs[0].0);
        for (at, _) in pairs {
            for axis in 0..2 {
                low[axis] = low[axis].min(at[axis]);
                high[axis] = high[axis].max(at[axis]);
            }
        }
        let middle = [f64::midpoint(low[0], high[0]), f64::midpoint(low[1], high[1])];
        let span_m = (high[0] - low[0]).max(high[1] - low[1]) / 2.0;
        let base = pairs[0].1;
        let mut fit = Self { middle, span_m, base, terms: [[0.0; TERMS]; 2] };
        // The normal equations, with both right-hand sides beside them.
        let mut rows = [[0.0; TERMS + 2]; TERMS];
        for (at, degrees) in pairs {
            let powers = fit.powers(*at);
            for (row, power) in rows.iter_mut().zip(powers) {
                for (cell, other) in row.iter_mut().zip(powers) {
                    *cell += power * other;
                }
                row[TERMS] += power * (degrees[0] - base[0]);
                row[TERMS + 1] += power * (degrees[1] - base[1]);
            }
        }
        fit.terms = solve(rows)?;
        Some(fit)
    }

    fn powers(&self, at: Point) -> [f64; TERMS] {
        let (x, y) = ((at[0] - self.middle[0]) / self.span_m, (at[1] - self.middle[1]) / self.span_m);
        [1.0, x, y, x * x, x * y, y * y]
    }

    fn lon_lat(&self, at: Point) -> [f64; 2] {
        let powers = self.powers(at);
        let sum =
            |terms: &[f64; TERMS]| terms.iter().zip(powers).map(|(term, power)| term * power).sum::<f64>();
        [self.base[0] + sum(&self.terms[0]), self.base[1] + sum(&self.terms[1])]
    }
}

/// Solves six equations with two right-hand sides by elimination; `None` when they do not settle it.
fn solve(mut rows: [[f64; TERMS + 2]; TERMS]) -> Option<[[f64; TERMS]; 2]> {
    let scale = (0..TERMS).map(|i| rows[i][i].abs()).fold(0.0, f64::max);
    for column in 0..TERMS {
        let pivot =
            (column..TERMS).max_by(|a, b| rows[*a][column].abs().total_cmp(&rows[*b][column].abs()))?;
        rows.swap(column, pivot);
        let lead = rows[column];
        if lead[column].is_nan() || lead[column].abs() <= scale * 1e-9 {
            return None;
        }
        for (_, row) in rows.iter_mut().enumerate().filter(|(index, _)| *index != column) {
            let share = row[column] / lead[column];
            for (cell, other) in row.iter_mut().zip(lead) {
                *cell -= share * other;
            }
        }
    }
    let mut terms = [[0.0; TERMS]; 2];
    for (index, row) in rows.iter().enumerate() {
        terms[0][index] = row[TERMS] / row[index];
        terms[1][index] = row[TERMS + 1] / row[index];
    }
    terms.iter().flatten().all(|term| term.is_finite()).then_some(terms)
}

#[cfg(test)]
mod tests {
    use super::Fit;

    /// A grid turned by a third of a degree and bent like a projection, over three kilometres.
    fn bent([x, y]: [f64; 2]) -> [f64; 2] {
        let (east, north) = (x - 50_000.0, y + 25_000.0);
        let lon = 140.386 + (east + 0.006 * north) / 90_300.0 + east * north * 2e-14;
        [lon, 35.77 + (north - 0.006 * east) / 110_950.0 - east * east * 5e-13]
    }

    #[test]
    fn a_bent_grid_is_learnt_to_a_millimetre_from_its_witnesses() {
        let at = |i: u32| [48_500.0 + f64::from(i % 7) * 430.0, -26_400.0 + f64::from(i / 7) * 390.0];
        let pairs: Vec<_> = (0..40).map(|i| (at(i), bent(at(i)))).collect();
        let fit = Fit::to(&pairs).unwrap();
        for place in [[50_123.0, -25_432.0], [48_600.0, -24_300.0]] {
            let (told, learnt) = (bent(place), fit.lon_lat(place));
            assert!(
                (told[0] - learnt[0]).abs() * 90_300.0 < 1e-3
                    && (told[1] - learnt[1]).abs() * 111_000.0 < 1e-3
            );
        }
    }

    #[test]
    fn too_few_witnesses_or_all_on_one_line_teach_nothing() {
        let line: Vec<_> =
            (0..40).map(|i| [f64::from(i), f64::from(2 * i)]).map(|at| (at, bent(at))).collect();
        assert!(Fit::to(&line).is_none());
        assert!(Fit::to(&line[..5]).is_none());
        let nowhere: Vec<_> = (0..40).map(|_| ([7.0, 7.0], [140.0, 35.0])).collect();
        assert!(Fit::to(&nowhere).is_none());
    }
}

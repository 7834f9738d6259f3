//! Ordinals as maps tell them, made whole: some number their storeys in fractions.

/// The whole ordinal for each number that a map tells.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ordinals {
    /// Lowest first.
    known: Vec<(f64, i32)>,
}

impl Ordinals {
    /// Keeps whole numbers; where one is not, all are counted up and down from the ground.
    pub(crate) fn of(told: impl IntoIterator<Item = f64>) -> Self {
        let mut told: Vec<_> = told.into_iter().filter(|number| number.is_finite()).collect();
        told.sort_by(f64::total_cmp);
        // Minus zero is the ground as well.
        told.dedup_by(|a, b| *a == *b);
        let whole = told.iter().all(|number| number.fract() == 0.0 && number.abs() < 1e6);
        let below = told.iter().filter(|number| **number < 0.0).count();
        let below = i32::try_from(below).unwrap_or(i32::MAX);
        #[expect(clippy::cast_possible_truncation, reason = "whole numbers below a million")]
        let ordinal = |(place, number): (i32, f64)| {
            (number, if whole { number as i32 } else { place.saturating_sub(below) })
        };
        Self { known: (0_i32..).zip(told).map(ordinal).collect() }
    }

    /// Returns the ordinal of a number that was told.
    pub(crate) fn get(&self, told: f64) -> Option<i32> {
        self.known.iter().find(|(number, _)| *number == told).map(|(_, ordinal)| *ordinal)
    }

    /// Returns all ordinals, lowest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = i32> {
        self.known.iter().map(|(_, ordinal)| *ordinal)
    }
}

#[cfg(test)]
mod tests {
    use super::Ordinals;

    #[test]
    fn whole_numbers_are_kept_and_fractions_are_counted_from_the_ground() {
        let whole = Ordinals::of([2.0, -1.0, 0.0, 2.0, 5.0]);
        assert_eq!(whole.iter().collect::<Vec<_>>(), [-1, 0, 2, 5]);
        let halves = Ordinals::of([0.5, 0.0, -1.5, -0.5, 2.0]);
        assert_eq!(halves.iter().collect::<Vec<_>>(), [-2, -1, 0, 1, 2]);
        assert_eq!(halves.get(0.5), Some(1));
        assert_eq!(halves.get(7.0), None);
    }
}

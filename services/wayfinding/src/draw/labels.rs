//! Who may stand where: boxes taken on the sheet, first come, first served.

use super::page::{HEIGHT, WIDTH};

/// The side of a cell of the grid that boxes are sought by, in points.
const CELL: f64 = 40.0;
const COLUMNS: usize = 40;
const ROWS: usize = 25;

/// A box on the sheet: west, north, east, south.
pub(super) type Box = [f64; 4];

/// Returns the box around a middle.
pub(super) fn around([x, y]: [f64; 2], wide: f64, tall: f64) -> Box {
    [x - wide / 2.0, y - tall / 2.0, x + wide / 2.0, y + tall / 2.0]
}

/// Returns the box of a line of text that is turned by some degrees.
pub(super) fn turned(at: [f64; 2], wide: f64, tall: f64, turn: f64) -> Box {
    let (sin, cos) = turn.to_radians().sin_cos();
    let (sin, cos) = (sin.abs(), cos.abs());
    around(at, wide * cos + tall * sin, wide * sin + tall * cos)
}

/// The boxes that are taken, by the cells they touch.
#[derive(Debug)]
pub(super) struct Labels {
    cells: Vec<Vec<Box>>,
}

impl Labels {
    pub(super) fn new() -> Self {
        Self { cells: vec![Vec::new(); COLUMNS * ROWS] }
    }

    /// Takes a box whoever stands there.
    pub(super) fn take(&mut self, taken: Box) {
        for cell in cells(&taken) {
            self.cells[cell].push(taken);
        }
    }

    /// Tells whether a box lies on the sheet and touches no other.
    pub(super) fn is_free(&self, wanted: &Box) -> bool {
        let [west, north, east, south] = *wanted;
        let on_sheet = west >= 4.0 && north >= 4.0 && east <= WIDTH - 4.0 && south <= HEIGHT - 4.0;
        let apart =
            |other: &Box| other[0] >= east || other[2] <= west || other[1] >= south || other[3] <= north;
        on_sheet && cells(wanted).all(|cell| self.cells[cell].iter().all(apart))
    }

    /// Takes the first free of some boxes and returns its number.
    pub(super) fn place(&mut self, wanted: impl IntoIterator<Item = Box>) -> Option<usize> {
        let (n, found) = wanted.into_iter().enumerate().find(|(_, wanted)| self.is_free(wanted))?;
        self.take(found);
        Some(n)
    }
}

fn cells([west, north, east, south]: &Box) -> impl Iterator<Item = usize> + use<> {
    let cell = |at: f64, count: usize| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a cast to usize saturates"
        )]
        let cell = (at / CELL).floor() as usize;
        cell.min(count - 1)
    };
    let (left, right) = (cell(*west, COLUMNS), cell(*east, COLUMNS));
    let (top, bottom) = (cell(*north, ROWS), cell(*south, ROWS));
    (top..=bottom).flat_map(move |row| (left..=right).map(move |column| row * COLUMNS + column))
}

#[cfg(test)]
mod tests {
    use super::{Labels, around};

    #[test]
    fn boxes_never_overlap_and_stay_on_the_sheet() {
        let mut labels = Labels::new();
        let at = |x| around([x, 100.0], 50.0, 10.0);
        assert_eq!(labels.place([at(100.0)]), Some(0));
        assert_eq!(labels.place([at(120.0), at(149.0), at(150.0)]), Some(2));
        assert_eq!(labels.place([at(10.0), at(1590.0), at(f64::NAN)]), None);
    }
}

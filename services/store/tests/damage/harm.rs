//! What can happen to a file that lies on a disk.

use std::{
    fs::{self, OpenOptions},
    path::Path,
};

use crate::plan::Random;

const PAGE: u64 = 4096;

/// One harm.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Harm {
    /// The file ends here.
    Cut { at: u64 },
    /// A bit is the other one.
    Flip { byte: u64, bit: u8 },
    /// A page is all zeros.
    Zero { page: u64 },
    /// A page is what another one is.
    Misplace { from: u64, to: u64 },
}

impl Harm {
    /// Chooses a harm that changes the file.
    pub(crate) fn choose(path: &Path, random: &mut Random) -> Self {
        let bytes = fs::read(path).unwrap();
        let (length, pages) = (bytes.len() as u64, bytes.len() as u64 / PAGE);
        // Most of a small file is empty: there nothing is harmed.
        let full: Vec<u64> = (0..pages).filter(|page| is_full(&bytes, *page)).collect();
        let page = |random: &mut Random| full[usize::try_from(random.below(full.len() as u64)).unwrap()];
        match random.below(8) {
            0 => Self::Cut { at: random.below(length) },
            1 => Self::Zero { page: page(random) },
            2 => Self::Misplace { from: page(random), to: page(random) },
            // The first bytes of a page say what it is and how it is laid out.
            3 | 4 => Self::Flip { byte: page(random) * PAGE + random.below(64), bit: flip(random) },
            _ => Self::Flip { byte: page(random) * PAGE + random.below(PAGE), bit: flip(random) },
        }
    }

    /// Does it.
    pub(crate) fn inflict(self, path: &Path) {
        let mut bytes = fs::read(path).unwrap();
        let range = |page: u64| {
            let start = usize::try_from(page * PAGE).unwrap();
            start..start + usize::try_from(PAGE).unwrap()
        };
        match self {
            Self::Cut { at } => {
                return OpenOptions::new().write(true).open(path).unwrap().set_len(at).unwrap();
            }
            Self::Flip { byte, bit } => bytes[usize::try_from(byte).unwrap()] ^= 1 << bit,
            Self::Zero { page } => bytes[range(page)].fill(0),
            Self::Misplace { from, to } => bytes.copy_within(range(from), range(to).start),
        }
        fs::write(path, bytes).unwrap();
    }
}

/// Says whether anything was written to a page.
pub(crate) fn is_full(bytes: &[u8], page: u64) -> bool {
    let start = usize::try_from(page * PAGE).unwrap();
    bytes[start..start + usize::try_from(PAGE).unwrap()].iter().any(|byte| *byte != 0)
}

fn flip(random: &mut Random) -> u8 {
    u8::try_from(random.below(8)).unwrap()
}

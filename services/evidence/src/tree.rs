//! The Merkle tree of RFC 6962, section 2.1: nodes, roots and proofs.
//!
//! Only roots of complete subtrees of 256^k leaves are kept, level by level;
//! what lies between two levels is computed from at most 256 entries. So an
//! entry's place is arithmetic, nothing that was written is ever changed, and
//! a root or a proof reads a few kilobytes of a tree of any size.

use std::io;

use sha2::{Digest, Sha256};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// How many bits of a leaf's index lie between two kept levels.
pub const LEVEL_BITS: u32 = 8;

/// What is hashed before a node (RFC 6962, 2.1).
const NODE: u8 = 1;

/// Returns the hash of the node above two others.
pub fn node(left: &Hash, right: &Hash) -> Hash {
    let mut block = [0; 65];
    block[0] = NODE;
    block[1..33].copy_from_slice(left);
    block[33..].copy_from_slice(right);
    Sha256::digest(block).into()
}

/// Returns the root of a tree without leaves.
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// Where kept hashes are read.
pub trait Hashes {
    /// Reads `count` entries of a level from the one with index `from`: entry j
    /// of level k is the root of the leaves from j * 256^k up to (j + 1) * 256^k.
    ///
    /// # Errors
    /// When they cannot be read or are not all there.
    fn entries(&self, level: u32, from: u64, count: u64) -> io::Result<Vec<Hash>>;
}

/// The right edge of a growing tree: one root for each bit of its size.
#[derive(Debug, Clone, Default)]
pub struct Edge {
    size: u64,
    /// The root of 2^j leaves, for each bit j that is set in `size`; others are left over.
    peaks: Vec<Hash>,
}

impl Edge {
    /// Returns how many leaves the tree has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf and hands out every entry that it completes: level and hash.
    pub fn push(&mut self, leaf: Hash, mut complete: impl FnMut(u32, &Hash)) {
        complete(0, &leaf);
        let (mut hash, mut bit) = (leaf, 0);
        while self.size >> bit & 1 == 1 {
            hash = node(&self.peaks[bit], &hash);
            bit += 1;
            let bits = u32::try_from(bit).expect("a size has 64 bits");
            if bits.is_multiple_of(LEVEL_BITS) {
                complete(bits / LEVEL_BITS, &hash);
            }
        }
        match self.peaks.get_mut(bit) {
            Some(peak) => *peak = hash,
            None => self.peaks.push(hash),
        }
        self.size += 1;
    }

    /// Returns the root of the whole tree.
    pub fn root(&self) -> Hash {
        let set = (0..self.peaks.len()).filter(|bit| self.size >> bit & 1 == 1);
        let above = |right: Hash, bit: usize| node(&self.peaks[bit], &right);
        let mut set = set;
        match set.next() {
            Some(lowest) => set.fold(self.peaks[lowest], above),
            None => empty_root(),
        }
    }

    /// Takes up the edge of a tree of `size` leaves from its kept hashes.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn recover(hashes: &impl Hashes, size: u64) -> io::Result<Self> {
        let mut peaks = Vec::new();
        for bit in 0..u64::BITS - size.leading_zeros() {
            let above = (size >> bit >> 1) << 1;
            peaks.push(if size >> bit & 1 == 1 { subtree(hashes, bit, above)? } else { Hash::default() });
        }
        Ok(Self { size, peaks })
    }
}

/// Returns the root that the tree had when it had `size` leaves.
///
/// # Errors
/// When the hashes cannot be read.
pub fn root_at(hashes: &impl Hashes, size: u64) -> io::Result<Hash> {
    range_root(hashes, 0, size)
}

/// Returns the path that proves the leaf with an index to be in the tree of
/// `size` leaves, from the leaf's sibling up (RFC 6962, 2.1.1).
///
/// # Errors
/// When the hashes cannot be read, or the leaf is not in the tree.
pub fn inclusion(hashes: &impl Hashes, index: u64, size: u64) -> io::Result<Vec<Hash>> {
    if index >= size {
        return Err(io::Error::other(format!("leaf {index} is not in a tree of {size} leaves")));
    }
    let (mut low, mut high, mut path) = (0, size, Vec::new());
    while high - low > 1 {
        let middle = low + split(high - low);
        if index < middle {
            path.push(range_root(hashes, middle, high)?);
            high = middle;
        } else {
            path.push(range_root(hashes, low, middle)?);
            low = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// Returns the path that proves the tree of `new` leaves to begin with the
/// tree of `old` leaves (RFC 6962, 2.1.2); none is needed when `old` is 0 or `new`.
///
/// # Errors
/// When the hashes cannot be read, or `old` is larger than `new`.
pub fn consistency(hashes: &impl Hashes, old: u64, new: u64) -> io::Result<Vec<Hash>> {
    if old > new {
        return Err(io::Error::other(format!("a tree of {new} leaves was never one of {old}")));
    }
    let (mut low, mut high, mut path) = (0, new, Vec::new());
    if old == 0 || old == new {
        return Ok(path);
    }
    while old != high {
        let middle = low + split(high - low);
        if old <= middle {
            path.push(range_root(hashes, middle, high)?);
            high = middle;
        } else {
            path.push(range_root(hashes, low, middle)?);
            low = middle;
        }
    }
    if low > 0 {
        path.push(range_root(hashes, low, high)?);
    }
    path.reverse();
    Ok(path)
}

/// Returns the largest power of two that is less than `size`, which is at least 2.
fn split(size: u64) -> u64 {
    1 << (u64::BITS - 1 - (size - 1).leading_zeros())
}

/// Returns the root over the leaves from `low` up to `high`; `low` is a
/// multiple of every power of two that is in the length.
fn range_root(hashes: &impl Hashes, low: u64, high: u64) -> io::Result<Hash> {
    let length = high - low;
    let mut root = None;
    for bit in (0..u64::BITS - length.leading_zeros()).filter(|bit| length >> bit & 1 == 1) {
        // What stands to the left of this piece: the higher bits of the length.
        let before = low + (((length >> bit) - 1) << bit);
        let left = subtree(hashes, bit, before >> bit)?;
        root = Some(root.map_or(left, |right| node(&left, &right)));
    }
    Ok(root.unwrap_or_else(empty_root))
}

/// Returns the root of the complete subtree with an index among those of 2^bits leaves.
fn subtree(hashes: &impl Hashes, bits: u32, index: u64) -> io::Result<Hash> {
    let rest = bits % LEVEL_BITS;
    let mut row = hashes.entries(bits / LEVEL_BITS, index << rest, 1 << rest)?;
    while row.len() > 1 {
        row = row.chunks_exact(2).map(|pair| node(&pair[0], &pair[1])).collect();
    }
    row.pop().ok_or_else(|| io::Error::other("a level handed out no entry"))
}

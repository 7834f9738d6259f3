//! Sums over events and their places: two sets are equal when their sums are.

use std::hash::{BuildHasher, Hasher, RandomState};

use crate::blob::Place;

/// How many parts a set is divided into, by stream.
const BUCKETS: usize = 4096;

/// The sums of one set of events.
#[derive(Debug)]
pub(super) struct Ledger {
    key: RandomState,
    sums: Vec<Sum>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sum {
    count: u64,
    hashes: u64,
}

impl Ledger {
    /// Makes an empty ledger with a key that nobody knows, so that no two sets
    /// can be made that only seem equal.
    pub(super) fn new() -> Self {
        Self { key: RandomState::new(), sums: vec![Sum::default(); BUCKETS] }
    }

    /// Makes an empty ledger that can be compared with this one.
    pub(super) fn empty(&self) -> Self {
        Self { key: self.key.clone(), sums: vec![Sum::default(); BUCKETS] }
    }

    /// Adds an event.
    pub(super) fn add(&mut self, stream: &[u8], revision: u64, place: Place) {
        let mut hasher = self.key.build_hasher();
        hasher.write(stream);
        hasher.write_u64(revision);
        hasher.write_u64(place.commit);
        hasher.write_u64(u64::from(place.index) << 32 | u64::from(place.offset));
        let sum = &mut self.sums[bucket_of(stream)];
        sum.count += 1;
        sum.hashes = sum.hashes.wrapping_add(hasher.finish());
    }

    /// Returns the buckets in which the sets differ.
    pub(super) fn different_from(&self, other: &Self) -> Vec<usize> {
        (0..BUCKETS).filter(|bucket| self.sums[*bucket] != other.sums[*bucket]).collect()
    }

    /// Returns how many events a bucket holds.
    pub(super) fn count(&self, bucket: usize) -> u64 {
        self.sums[bucket].count
    }
}

/// Returns the bucket of a stream.
pub(super) fn bucket_of(stream: &[u8]) -> usize {
    crc32fast::hash(stream) as usize % BUCKETS
}

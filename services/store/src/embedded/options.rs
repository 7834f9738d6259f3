//! How much the log may use, and what that comes to.

use std::time::Duration;

/// What one place in memory costs, in bytes: the table's slot at its usual
/// filling, and the name of the stream, which is short and held once.
const PLACE_BYTES: usize = 192;

/// What one remembered stream costs, in bytes: the slot and the name.
const HEAD_BYTES: usize = 128;

/// How many tables' worth of places may wait for the index at a crash: the one
/// that grows may hold [`FLUSH_SLACK`] times what it should while another, which
/// had grown as far, is being flushed.
pub(super) const TABLES: usize = 2 * FLUSH_SLACK;

/// How many there may be in memory: what waited at a crash is one table after
/// it, and another grows while that one is flushed.
const TABLES_MAX: usize = TABLES + FLUSH_SLACK;

/// How far the growing places may exceed their limit while older ones are being flushed.
pub(super) const FLUSH_SLACK: usize = 2;

/// The programs' own bytes, threads, commits on their way, pages being read, and
/// what redb notes of a transaction.
const REST_BYTES: usize = 48 * 1024 * 1024;

/// How much the log may use; the defaults serve an airport on a small machine.
///
/// Memory does not grow with the log, its streams or its readers: each field
/// says what it costs, and [`Options::memory_bytes`] adds it up. What callers
/// hold of the pages that they have read is theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// A segment is left and a new one begun when its commits exceed this; default
    /// 128 MiB. Costs no memory. After a crash the live one is walked, so this
    /// bounds the time of opening.
    pub segment_bytes: u64,
    /// The newest commits kept in memory for followers and stream reads; default
    /// 64 MiB. Costs what it says.
    pub tail_bytes: usize,
    /// Cached pages of the live segment, and as much again of full ones; default
    /// 32 MiB. Costs twice what it says, and once more while a segment is being closed.
    pub log_cache_bytes: usize,
    /// Cached pages of the stream index; default 64 MiB. Costs what it says.
    pub index_cache_bytes: usize,
    /// Events whose places wait in memory for the index; up to twice as many are
    /// being flushed, and twice as many may wait meanwhile; default 131,072. Costs
    /// some 192 bytes for each event, six times over: what waits is replayed after a
    /// crash and flushed beside the work, so this bounds the time of opening too.
    pub memtable_events: usize,
    /// Streams whose last revision the writer remembers; default 262,144. Costs
    /// some 128 bytes each.
    pub heads: usize,
    /// Bytes of appends that may wait for the writer; callers beyond wait for room;
    /// default 64 MiB. Costs what it says.
    pub queue_bytes: usize,
    /// A commit is closed when it holds this many events; default 512.
    pub batch_events: usize,
    /// How long a commit waits, at most, for as many appends as the last one
    /// answered; a lone caller never waits; default 300 µs.
    pub linger: Duration,
}

impl Options {
    /// Returns the most memory that an open log takes, in bytes: the sum of what
    /// its bounds cost.
    pub fn memory_bytes(&self) -> usize {
        let places = self.memtable_events.saturating_mul(PLACE_BYTES * TABLES_MAX);
        let heads = self.heads.saturating_mul(HEAD_BYTES);
        let caches = self.log_cache_bytes.saturating_mul(3).saturating_add(self.index_cache_bytes);
        [self.tail_bytes, caches, places, heads, self.queue_bytes, REST_BYTES]
            .into_iter()
            .fold(0, usize::saturating_add)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes: 128 * 1024 * 1024,
            tail_bytes: 64 * 1024 * 1024,
            log_cache_bytes: 32 * 1024 * 1024,
            index_cache_bytes: 64 * 1024 * 1024,
            memtable_events: 131_072,
            heads: 262_144,
            queue_bytes: 64 * 1024 * 1024,
            batch_events: 512,
            linger: Duration::from_micros(300),
        }
    }
}

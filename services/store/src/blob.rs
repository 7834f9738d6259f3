//! The bytes of a commit, as `FORMAT.md` freezes them.
//!
//! One commit is one blob: a header, then a frame for each event. All numbers
//! are little-endian. A blob names the log that it belongs to, carries the hash
//! of the blob before it, and begins with a checksum over all the rest, so a
//! damaged, foreign or misplaced blob is found when it is read. Nothing here
//! panics on foreign bytes.

use std::ops::Range;

use airside_kernel::{EventId, EventParts, EventSpans, LogId, NewEvent, Position, RecordedEvent, Revision};
use bytes::Bytes;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The version of the stored format that this code writes, and the newest that it reads.
pub const FORMAT_VERSION: u32 = 1;

/// The length of the header of a blob.
pub(crate) const HEADER_BYTES: usize = 80;

/// The length of the fixed part of a frame.
pub(crate) const FRAME_BYTES: usize = 60;

/// The longest event type, in bytes: its length is stored in 16 bits.
pub(crate) const MAX_TYPE_BYTES: usize = u16::MAX as usize;

/// The hash of a blob; the first blob of a log names [`NO_HASH`] as the one before it.
pub(crate) type Hash = [u8; 32];

/// Stands for "there is no blob before this one".
pub(crate) const NO_HASH: Hash = [0; 32];

/// What is wrong with stored bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Damage(pub(crate) String);

/// How much memory a draft keeps from one blob to the next.
const KEPT_BYTES: usize = 1024 * 1024;

/// A blob that is being filled.
#[derive(Debug)]
pub(crate) struct Draft {
    first: u64,
    count: u32,
    bytes: Vec<u8>,
}

impl Draft {
    /// Begins a blob whose first event will have the position `first`.
    pub(crate) fn new(first: u64) -> Self {
        Self { first, count: 0, bytes: vec![0; HEADER_BYTES] }
    }

    /// Begins another blob in the same memory.
    pub(crate) fn restart(&mut self, first: u64) {
        self.first = first;
        self.count = 0;
        self.bytes.truncate(HEADER_BYTES);
        self.bytes.shrink_to(KEPT_BYTES);
    }

    /// Returns the position of the next event.
    pub(crate) fn next(&self) -> u64 {
        self.first + u64::from(self.count)
    }

    /// Returns the position of the first event.
    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    /// Returns how many events it holds.
    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// Returns its length so far.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Adds an event and returns where its frame begins.
    pub(crate) fn push(
        &mut self,
        stream: &str,
        revision: Revision,
        fold_from: Revision,
        event: &NewEvent,
    ) -> u32 {
        let offset = self.bytes.len();
        let length = frame_len(stream, event);
        let out = &mut self.bytes;
        out.reserve(length);
        out.extend_from_slice(&size(length).to_le_bytes());
        out.extend_from_slice(&revision.0.to_le_bytes());
        out.extend_from_slice(event.id.0.as_bytes());
        out.extend_from_slice(&event.occurred_at.as_microsecond().to_le_bytes());
        out.extend_from_slice(&fold_from.0.to_le_bytes());
        out.extend_from_slice(&event.schema_version.to_le_bytes());
        out.extend_from_slice(&short(stream.len()).to_le_bytes());
        out.extend_from_slice(&short(event.event_type.len()).to_le_bytes());
        out.extend_from_slice(&size(event.metadata.len()).to_le_bytes());
        out.extend_from_slice(&size(event.payload.len()).to_le_bytes());
        out.extend_from_slice(stream.as_bytes());
        out.extend_from_slice(event.event_type.as_bytes());
        out.extend_from_slice(&event.metadata);
        out.extend_from_slice(&event.payload);
        self.count += 1;
        size(offset)
    }

    /// Fills the header in and returns the finished blob.
    pub(crate) fn finish(&mut self, log: LogId, recorded_us: i64, previous: &Hash) -> Blob {
        let bytes = &mut self.bytes;
        bytes[4..8].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
        bytes[8..24].copy_from_slice(log.0.as_bytes());
        bytes[24..32].copy_from_slice(&self.first.to_le_bytes());
        bytes[32..36].copy_from_slice(&self.count.to_le_bytes());
        bytes[36..44].copy_from_slice(&recorded_us.to_le_bytes());
        bytes[44..76].copy_from_slice(previous);
        let length = size(bytes.len());
        bytes[76..80].copy_from_slice(&length.to_le_bytes());
        let checksum = crc32fast::hash(&bytes[4..]);
        bytes[..4].copy_from_slice(&checksum.to_le_bytes());
        let bytes = Bytes::copy_from_slice(bytes);
        Blob { bytes, first: self.first, count: self.count, recorded_us }
    }
}

fn frame_len(stream: &str, event: &NewEvent) -> usize {
    FRAME_BYTES + stream.len() + event.event_type.len() + event.metadata.len() + event.payload.len()
}

fn size(length: usize) -> u32 {
    u32::try_from(length).expect("the limits of an append and of a commit keep blobs far below 4 GiB")
}

fn short(length: usize) -> u16 {
    u16::try_from(length).expect("stream names and event types were measured before")
}

/// A commit: checked, shared and cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Blob {
    bytes: Bytes,
    first: u64,
    count: u32,
    recorded_us: i64,
}

impl Blob {
    /// Checks stored bytes: checksum, version, log and length.
    pub(crate) fn open(bytes: Bytes, log: LogId) -> Result<Self, Damage> {
        if bytes.len() < HEADER_BYTES {
            return Err(Damage(format!("a commit of {} bytes is shorter than its header", bytes.len())));
        }
        if crc32fast::hash(&bytes[4..]) != u32_at(&bytes, 0) {
            return Err(Damage("the checksum of the commit does not match its bytes".into()));
        }
        let version = u32_at(&bytes, 4);
        if version != FORMAT_VERSION {
            return Err(Damage(format!("the commit has format version {version}, not {FORMAT_VERSION}")));
        }
        let owner = LogId(Uuid::from_bytes(array_at(&bytes, 8)));
        if owner != log {
            return Err(Damage(format!("the commit belongs to log {owner}, not {log}")));
        }
        if u32_at(&bytes, 76) as usize != bytes.len() {
            return Err(Damage("the commit is not as long as its header says".into()));
        }
        let (first, count) = (u64_at(&bytes, 24), u32_at(&bytes, 32));
        let recorded_us = i64::from_le_bytes(array_at(&bytes, 36));
        if first == 0 || count == 0 || first.checked_add(u64::from(count)).is_none() {
            return Err(Damage(format!("the commit claims {count} events at position {first}")));
        }
        Ok(Self { bytes, first, count, recorded_us })
    }

    /// Returns the position of its first event.
    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    /// Returns the position of its last event.
    pub(crate) fn last(&self) -> u64 {
        self.first + u64::from(self.count) - 1
    }

    /// Returns when it was committed, microseconds since 1970.
    pub(crate) fn recorded_us(&self) -> i64 {
        self.recorded_us
    }

    /// Returns all its bytes.
    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Returns the hash that the next blob names.
    pub(crate) fn hash(&self) -> Hash {
        Sha256::digest(&self.bytes).into()
    }

    /// Returns the hash of the blob before this one.
    pub(crate) fn previous(&self) -> Hash {
        array_at(&self.bytes, 44)
    }

    /// Iterates over its frames, from the one with index `skip`.
    pub(crate) fn frames(&self, skip: u32) -> Frames<'_> {
        Frames { blob: self, offset: HEADER_BYTES, index: 0, skip }
    }

    /// Returns the event whose frame has this index and begins at `offset`.
    pub(crate) fn event(&self, index: u32, offset: u32) -> Result<RecordedEvent, Damage> {
        let (event, _) = self.decode(index, offset as usize)?;
        Ok(event)
    }

    fn frame(&self, offset: usize) -> Result<Range<usize>, Damage> {
        let damage = || Damage(format!("the frame at offset {offset} does not fit its commit"));
        let fixed_end = offset.checked_add(FRAME_BYTES).ok_or_else(damage)?;
        if offset < HEADER_BYTES || fixed_end > self.bytes.len() {
            return Err(damage());
        }
        let length = u32_at(&self.bytes, offset) as usize;
        let end = offset.checked_add(length).filter(|end| *end >= fixed_end && *end <= self.bytes.len());
        Ok(offset..end.ok_or_else(damage)?)
    }

    fn decode(&self, index: u32, offset: usize) -> Result<(RecordedEvent, usize), Damage> {
        let range = self.frame(offset)?;
        let frame = &self.bytes[range.clone()];
        let mut at = FRAME_BYTES as u64;
        let mut span = |length: u64| {
            let start = at;
            at += length;
            clamp(start)..clamp(at)
        };
        let spans = EventSpans {
            stream: span(u64::from(u16::from_le_bytes(array_at(frame, 48)))),
            event_type: span(u64::from(u16::from_le_bytes(array_at(frame, 50)))),
            metadata: span(u64::from(u32_at(frame, 52))),
            payload: span(u64::from(u32_at(frame, 56))),
        };
        if at != frame.len() as u64 {
            return Err(Damage(format!("the parts of the frame at offset {offset} do not fill it")));
        }
        let parts = EventParts {
            id: EventId(Uuid::from_bytes(array_at(frame, 12))),
            position: Position::from_parts(self.first + u64::from(index), 0),
            revision: Revision(u64_at(frame, 4)),
            fold_from: Revision(u64_at(frame, 36)),
            schema_version: u32_at(frame, 44),
            occurred_us: i64::from_le_bytes(array_at(frame, 28)),
            recorded_us: self.recorded_us,
        };
        let end = range.end;
        RecordedEvent::new(parts, self.bytes.slice(range), spans)
            .map(|event| (event, end))
            .map_err(|error| Damage(format!("the frame at offset {offset} does not decode: {error}")))
    }
}

/// Where one event lies in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// The position of the first event of its commit.
    pub(crate) commit: u64,
    /// Its index in the commit.
    pub(crate) index: u32,
    /// Where its frame begins in the commit.
    pub(crate) offset: u32,
}

/// Walks the frames of a blob.
#[derive(Debug)]
pub(crate) struct Frames<'a> {
    blob: &'a Blob,
    offset: usize,
    index: u32,
    skip: u32,
}

impl Iterator for Frames<'_> {
    type Item = Result<(Place, RecordedEvent), Damage>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.index < self.skip.min(self.blob.count) {
            match self.blob.frame(self.offset) {
                Ok(range) => self.offset = range.end,
                Err(damage) => return Some(self.stop(damage)),
            }
            self.index += 1;
        }
        if self.index >= self.blob.count {
            return None;
        }
        let place = Place { commit: self.blob.first, index: self.index, offset: clamp(self.offset as u64) };
        match self.blob.decode(self.index, self.offset) {
            Ok((event, end)) => {
                self.offset = end;
                self.index += 1;
                Some(Ok((place, event)))
            }
            Err(damage) => Some(self.stop(damage)),
        }
    }
}

impl Frames<'_> {
    /// Says, after the last frame, whether the frames fill the commit exactly.
    pub(crate) fn fill_the_commit(&self) -> bool {
        self.offset == self.blob.bytes.len()
    }

    fn stop<T>(&mut self, damage: Damage) -> Result<T, Damage> {
        self.index = self.blob.count;
        self.skip = 0;
        Err(damage)
    }
}

fn clamp(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn array_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes[at..at + N].try_into().expect("the range has the length of the array")
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array_at(bytes, at))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array_at(bytes, at))
}

#[cfg(test)]
mod tests;

//! Large content in the log: maps, and whatever else is published whole.
//!
//! Content lies in a stream of its own, which its SHA-256 names, as parts that are deflated one by one. So
//! the same content is stored once, whoever publishes it and how often; whoever reads it knows that it is
//! what was published, or is told that it is not; and it is carried by backups and proved by the evidence
//! like any fact. An upload that was cut short leaves parts that nothing refers to; the next one of the same
//! content goes on behind them. A fact may name content only after [`Blobs::put`] returned.
//!
//! Content lasts as long as the log: nothing is removed from it. Each content is bounded by
//! [`BLOB_BYTES_MAX`], and only operators publish.

use std::{fmt, io::Read, io::Write, str::FromStr, sync::Arc};

use airside_kernel::{
    Append, AppendError, Classified, Code, DecodeError, Direction, EventStore, Expected, ReadError, Revision,
    StoredEvent, StreamId,
};
use airside_runtime::executor::{Context, new_event};
use bytes::Bytes;
use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use tokio::task::spawn_blocking;

use crate::events::blob::BlobPart;

/// The category of the streams of content: `blob-<digest>`.
pub const BLOB: &str = "blob";
/// The most bytes of one content.
pub const BLOB_BYTES_MAX: usize = 64 * 1024 * 1024;
/// The bytes of content in a part; even what cannot be deflated then fits into an append.
const PART_BYTES: usize = 512 * 1024;
/// How many parts are read at once.
const PAGE_PARTS: usize = 16;
/// How often somebody else may be faster before a writer gives up; each time the content has grown.
const ATTEMPTS_MAX: usize = BLOB_BYTES_MAX / PART_BYTES;

/// The SHA-256 of some content, which names it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

/// A text that is no digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a digest is 64 characters of 0-9 and a-f")]
pub struct InvalidDigest;

impl Digest {
    /// Returns the digest of some content.
    pub fn of(content: &[u8]) -> Self {
        Self(Sha256::digest(content).into())
    }

    /// Returns the stream that holds the content.
    pub fn stream(self) -> StreamId {
        StreamId::new(BLOB, self).expect("a category of the house and hex digits make a stream name")
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = InvalidDigest;

    fn from_str(text: &str) -> Result<Self, InvalidDigest> {
        let is_plain = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() != 64 || !text.bytes().all(is_plain) {
            return Err(InvalidDigest);
        }
        let mut bytes = [0; 32];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).map_err(|_| InvalidDigest)?;
        }
        Ok(Self(bytes))
    }
}

/// Content that could not be stored or read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BlobError {
    /// It is larger than any content may be.
    #[error("content has {bytes} bytes and the limit is {BLOB_BYTES_MAX}")]
    TooLarge {
        /// How large it is.
        bytes: usize,
    },
    /// Nobody published it, or not to its end.
    #[error("content {digest} is not in the log: {bytes} bytes of it are; publish it again")]
    Missing {
        /// Which content.
        digest: Digest,
        /// How many bytes are there.
        bytes: usize,
    },
    /// What is stored is not what its name says.
    #[error("content {digest} is damaged in the log: {problem}")]
    Damaged {
        /// Which content.
        digest: Digest,
        /// What is wrong with it.
        problem: String,
    },
    /// The log could not be read.
    #[error("content could not be read")]
    Read(#[source] ReadError),
    /// The log could not be written.
    #[error("content could not be stored")]
    Append(#[source] AppendError),
}

impl Classified for BlobError {
    fn code(&self) -> Code {
        match self {
            Self::TooLarge { .. } => Code::InvalidArgument,
            Self::Missing { .. } => Code::NotFound,
            Self::Damaged { .. } => Code::DataLoss,
            Self::Read(error) => error.code(),
            Self::Append(error) => error.code(),
        }
    }
}

/// The contents that the log holds.
#[derive(Clone)]
pub struct Blobs {
    store: Arc<dyn EventStore>,
}

impl Blobs {
    /// Makes the contents of a log.
    pub fn new(store: Arc<dyn EventStore>) -> Self {
        Self { store }
    }

    /// Stores content that is not stored yet and returns its name; when it returns, all of it is on disk.
    /// What an earlier call left unfinished is finished.
    ///
    /// # Errors
    /// When the content is too large, or the log cannot be read or written.
    pub async fn put(&self, content: &Bytes, context: &Context) -> Result<Digest, BlobError> {
        if content.len() > BLOB_BYTES_MAX {
            return Err(BlobError::TooLarge { bytes: content.len() });
        }
        let whole = content.clone();
        let digest = beside(move || Digest::of(&whole)).await;
        let mut end = self.end(digest).await?;
        let mut attempts = 0;
        // Content without a byte has one part too, so that it is known to be there.
        while end.revision.is_none() || end.bytes < content.len() {
            let part = content.slice(end.bytes..content.len().min(end.bytes + PART_BYTES));
            let next = end.bytes + part.len();
            let deflated = beside(move || deflate(&part)).await;
            let part =
                BlobPart { offset: whole_number(end.bytes), size: whole_number(content.len()), deflated };
            let append = Append {
                stream: digest.stream(),
                expected: end.revision.map_or(Expected::NoStream, Expected::Exact),
                fold_from: Revision::FIRST,
                events: vec![new_event(&part, context)],
            };
            end = match self.store.append(append).await {
                Ok(appended) => End { bytes: next, revision: appended.last_revision },
                // Somebody stores the same content: go on behind what they stored.
                Err(AppendError::Conflict { .. }) if attempts < ATTEMPTS_MAX => {
                    attempts += 1;
                    self.end(digest).await?
                }
                Err(error) => return Err(BlobError::Append(error)),
            };
        }
        Ok(digest)
    }

    /// Returns content, byte for byte as it was stored.
    ///
    /// # Errors
    /// When it is not there to its end, is not what its name says, or the log cannot be read.
    pub async fn get(&self, digest: Digest) -> Result<Bytes, BlobError> {
        let stream = digest.stream();
        let damaged = |problem: String| BlobError::Damaged { digest, problem };
        let (mut content, mut size, mut from) = (Vec::new(), None, Revision::FIRST);
        loop {
            let page = self.store.read_stream(&stream, Direction::Forwards, Some(from), PAGE_PARTS).await;
            let page = page.map_err(BlobError::Read)?;
            for event in &page.events {
                let [part] = BlobPart::decode(event).map_err(|error| damaged(error.to_string()))?;
                if part.offset != whole_number(content.len()) || *size.get_or_insert(part.size) != part.size {
                    return Err(damaged(format!(
                        "the part at {} does not follow the one before",
                        event.revision()
                    )));
                }
                let had = content.len();
                let grown = beside(move || inflate(content, &part.deflated)).await;
                content = grown.map_err(|problem| damaged(format!("the part at byte {had}: {problem}")))?;
                from = event.revision().next();
            }
            if page.end {
                break;
            }
        }
        if size != Some(whole_number(content.len())) {
            return Err(BlobError::Missing { digest, bytes: content.len() });
        }
        let content = Bytes::from(content);
        let whole = content.clone();
        if beside(move || Digest::of(&whole)).await == digest {
            Ok(content)
        } else {
            Err(damaged("its bytes have another digest".to_owned()))
        }
    }

    /// Returns how much of some content is stored.
    async fn end(&self, digest: Digest) -> Result<End, BlobError> {
        let damaged = |problem: String| BlobError::Damaged { digest, problem };
        let page = self.store.read_stream(&digest.stream(), Direction::Backwards, None, 1).await;
        let page = page.map_err(BlobError::Read)?;
        let Some(last) = page.events.first() else { return Ok(End { bytes: 0, revision: None }) };
        let [part] = BlobPart::decode(last).map_err(|error: DecodeError| damaged(error.to_string()))?;
        let length = beside(move || inflate(Vec::new(), &part.deflated)).await.map_err(damaged)?.len();
        let offset = usize::try_from(part.offset).unwrap_or(usize::MAX);
        Ok(End { bytes: offset.saturating_add(length), revision: Some(last.revision()) })
    }
}

/// How much of some content is stored, and where its last part is.
struct End {
    bytes: usize,
    revision: Option<Revision>,
}

/// Computes beside the calls that others wait for.
async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

fn deflate(bytes: &[u8]) -> Bytes {
    let mut encoder = DeflateEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::default());
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.expect("writing to memory does not fail").into()
}

/// Appends inflated bytes to content, as long as it stays within its bound.
fn inflate(mut content: Vec<u8>, deflated: &[u8]) -> Result<Vec<u8>, String> {
    let left = BLOB_BYTES_MAX - content.len().min(BLOB_BYTES_MAX);
    let taken = DeflateDecoder::new(deflated).take(whole_number(left) + 1).read_to_end(&mut content);
    match taken {
        Ok(taken) if taken <= left => Ok(content),
        Ok(_) => Err(format!("it is larger than {BLOB_BYTES_MAX} bytes")),
        Err(error) => Err(error.to_string()),
    }
}

fn whole_number(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;

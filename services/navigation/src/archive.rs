//! A map as content of the log: its files in canonical form, as one message.
//!
//! What is stored are the files as the map maker wrote them, less what says nothing, and never what this
//! program made of them: a later program compiles the same map anew, and reads in it what this one passed over.

use airside_api::navigation::v1::{MapArchive, MapFile};
use airside_wayfinding::{Source, canonical::canonical};
use bytes::Bytes;
use prost::Message;

/// The bytes of a chunk.
const CHUNK_BYTES: usize = 256 * 1024;

/// Returns the content of a map; the same for the same features in any order.
pub fn pack<N: AsRef<str>, B: AsRef<[u8]>>(files: impl IntoIterator<Item = (N, B)>) -> Bytes {
    let file = |(path, content): (String, Vec<u8>)| MapFile { path, content: content.into() };
    let files = canonical(files).into_iter().map(file).collect();
    MapArchive { files }.encode_to_vec().into()
}

/// Returns the files of a map, each its name and its bytes.
///
/// # Errors
/// When the content is no map's.
pub fn unpack(content: Bytes) -> Result<Vec<(String, Bytes)>, prost::DecodeError> {
    let archive = MapArchive::decode(content)?;
    Ok(archive.files.into_iter().map(|file| (file.path, file.content)).collect())
}

/// Returns a file of a map in the chunks it is sent in.
pub fn chunks(content: Bytes) -> impl Iterator<Item = Bytes> {
    let starts = (0..content.len()).step_by(CHUNK_BYTES);
    starts.map(move |from| content.slice(from..content.len().min(from + CHUNK_BYTES)))
}

/// Reads a map.
///
/// # Errors
/// When the content is no map's.
pub fn source(content: Bytes) -> Result<Source, prost::DecodeError> {
    Ok(Source::from_files(unpack(content)?))
}

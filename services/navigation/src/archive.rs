//! A map as content of the log: its files in canonical form, as one message.
//!
//! What is stored are the files as the map maker wrote them, less what says nothing, and never what this
//! program made of them: a later program compiles the same map anew, and reads in it what this one passed over.

use airside_api::navigation::v1::{MapArchive, MapFile};
use airside_wayfinding::{Source, canonical::canonical};
use bytes::Bytes;
use prost::Message;

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

/// Reads a map.
///
/// # Errors
/// When the content is no map's.
pub fn source(content: Bytes) -> Result<Source, prost::DecodeError> {
    Ok(Source::from_files(unpack(content)?))
}

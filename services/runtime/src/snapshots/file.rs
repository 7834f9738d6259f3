//! The bytes of a snapshot; their order stands above [`super`].

use std::{
    fs::File,
    io::{self, Write},
    ops::Range,
    path::Path,
};

use airside_kernel::{LogId, Position};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Image, Unfit};

const MAGIC: [u8; 8] = *b"airsnap\n";
/// The version of the form.
pub(super) const VERSION: u32 = 1;
const NAME_AT: usize = 65;
const CHECKSUM_BYTES: usize = 32;

/// What stands before the state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) schema: u32,
    pub(super) log: LogId,
    pub(super) generation: u64,
    pub(super) position: Position,
    pub(super) name: String,
}

/// Returns the whole file of a state.
pub(super) fn compose(header: &Header, image: Image) -> Result<Vec<u8>, postcard::Error> {
    let (major, minor) = header.position.parts();
    let mut bytes = Vec::with_capacity(4096);
    bytes.extend(MAGIC);
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend(header.schema.to_le_bytes());
    bytes.extend(header.log.0.as_bytes());
    bytes.extend(header.generation.to_le_bytes());
    bytes.extend(major.to_le_bytes());
    bytes.extend(minor.to_le_bytes());
    let length_at = bytes.len();
    bytes.extend([0; 8]);
    bytes.push(u8::try_from(header.name.len()).expect("names of the house are short"));
    bytes.extend(header.name.as_bytes());
    let state_at = bytes.len();
    let mut bytes = image(bytes)?;
    let length = (bytes.len() - state_at) as u64;
    bytes[length_at..length_at + 8].copy_from_slice(&length.to_le_bytes());
    let checksum = Sha256::digest(&bytes);
    bytes.extend(checksum);
    Ok(bytes)
}

/// Reads a whole file and returns where in it the state is.
pub(super) fn parse(bytes: &[u8]) -> Result<(Header, Range<usize>), Unfit> {
    let damaged = |what| Unfit::Damaged { what };
    if !bytes.starts_with(&MAGIC) {
        return Err(Unfit::Foreign);
    }
    let short = || damaged("header is cut short");
    let version = u32::from_le_bytes(field(bytes, 8).ok_or_else(short)?);
    if version != VERSION {
        return Err(Unfit::Form { found: version, expected: VERSION });
    }
    let name_bytes = usize::from(*bytes.get(NAME_AT - 1).ok_or_else(short)?);
    let name = bytes.get(NAME_AT..NAME_AT + name_bytes).ok_or_else(short)?;
    let number = |at| field(bytes, at).map(u64::from_le_bytes).ok_or_else(short);
    let state_at = NAME_AT + name_bytes;
    let end = bytes.len().checked_sub(CHECKSUM_BYTES).filter(|end| *end >= state_at).ok_or_else(short)?;
    if number(56)? != (end - state_at) as u64 {
        return Err(damaged("length is not the one in its header"));
    }
    if Sha256::digest(&bytes[..end])[..] != bytes[end..] {
        return Err(damaged("checksum differs"));
    }
    let header = Header {
        schema: u32::from_le_bytes(field(bytes, 12).ok_or_else(short)?),
        log: LogId(Uuid::from_bytes(field(bytes, 16).ok_or_else(short)?)),
        generation: number(32)?,
        position: Position::from_parts(number(40)?, number(48)?),
        name: String::from_utf8(name.to_vec()).map_err(|_| damaged("name is not text"))?,
    };
    Ok((header, state_at..end))
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

/// Writes a file and returns when it is on disk.
pub(super) fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes the names in a folder durable, where the system can.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

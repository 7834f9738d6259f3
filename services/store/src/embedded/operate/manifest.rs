//! The manifest of a backup: what must be there, byte for byte.
//!
//! It is the last file that a backup writes, so one that was cut short has
//! none. It carries its own hash, so a change by accident is seen; a change on
//! purpose is for the signed checkpoints to find.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::Path,
};

use airside_kernel::{LogId, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{hex, id_text};

/// The version of backups that this code writes, and the newest that it reads.
pub const BACKUP_FORMAT: u32 = 1;

/// The name of the manifest in the folder of a backup.
pub(super) const MANIFEST: &str = "manifest.json";

/// The most bytes of a manifest: some 100,000 segments.
pub(super) const MANIFEST_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// How much is copied between two reports.
const PIECE_BYTES: usize = 1024 * 1024;

/// How much may be written before it is made durable: a long backlog would
/// slow down the syncs of a log on the same disk.
const UNSYNCED_BYTES: usize = 16 * 1024 * 1024;

/// What a backup of a log holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogManifest {
    /// The version of the backup's layout.
    pub backup_format: u32,
    /// The version of the stored format of the log.
    pub format_version: u32,
    /// Which log it is.
    #[serde(with = "id_text")]
    pub log_id: LogId,
    /// The generation of the log that was copied.
    pub generation: u64,
    /// The position of the last event; 0 when the log was empty.
    pub position: u64,
    /// When the last event was recorded.
    pub recorded_at: Option<Timestamp>,
    /// SHA-256 of the last commit, in hexadecimal; zeros when the log was empty.
    pub last_commit: String,
    /// All files beside the manifest.
    pub files: Vec<BackupFile>,
}

/// One file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupFile {
    /// Its name in the folder of the backup.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

impl BackupFile {
    /// Measures a file, by its name in its folder.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of(path: &Path) -> io::Result<Self> {
        let (bytes, sha256) = hash_file(path, &mut |_| {})?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, bytes, sha256 })
    }
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    manifest: LogManifest,
    sha256: String,
}

/// What was found instead of a manifest.
pub(super) enum Unsealed {
    /// A manifest that nobody changed.
    Whole(LogManifest),
    /// One of a newer version.
    Newer(u64),
    /// Something else, and why.
    Broken(String),
}

impl LogManifest {
    /// Returns the bytes of the manifest's file.
    pub(super) fn seal(&self) -> Result<Vec<u8>, serde_json::Error> {
        let sealed = Sealed { manifest: self.clone(), sha256: self.digest()? };
        let mut bytes = serde_json::to_vec_pretty(&sealed)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Reads the bytes of a manifest's file.
    pub(super) fn unseal(bytes: &[u8]) -> Unsealed {
        let broken = |error: serde_json::Error| Unsealed::Broken(error.to_string());
        let value: serde_json::Value = match serde_json::from_slice(bytes) {
            Ok(value) => value,
            Err(error) => return broken(error),
        };
        // The version first: a newer one may have other fields.
        match value["manifest"]["backup_format"].as_u64() {
            Some(version) if version > u64::from(BACKUP_FORMAT) => return Unsealed::Newer(version),
            _ => {}
        }
        let sealed: Sealed = match serde_json::from_value(value) {
            Ok(sealed) => sealed,
            Err(error) => return broken(error),
        };
        match sealed.manifest.digest() {
            Ok(digest) if digest == sealed.sha256 => Unsealed::Whole(sealed.manifest),
            Ok(_) => Unsealed::Broken("its own hash does not match".into()),
            Err(error) => broken(error),
        }
    }

    /// Returns how many bytes all files have.
    pub(super) fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    fn digest(&self) -> Result<String, serde_json::Error> {
        Ok(hex(&Sha256::digest(serde_json::to_vec(self)?)))
    }
}

/// Reads a whole file and returns its length and hash.
pub(super) fn hash_file(path: &Path, done: &mut dyn FnMut(u64)) -> io::Result<(u64, String)> {
    pump(path, &mut |_| Ok(()), done)
}

/// Copies a file, makes the copy durable and returns its length and hash.
pub(super) fn copy_file(from: &Path, to: &Path, done: &mut dyn FnMut(u64)) -> io::Result<(u64, String)> {
    let mut copy = File::create_new(to)?;
    let mut unsynced = 0;
    let copied = pump(
        from,
        &mut |piece| {
            copy.write_all(piece)?;
            unsynced += piece.len();
            if unsynced >= UNSYNCED_BYTES {
                unsynced = 0;
                copy.sync_data()?;
            }
            Ok(())
        },
        done,
    )?;
    copy.sync_all()?;
    Ok(copied)
}

fn pump(
    from: &Path,
    to: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    done: &mut dyn FnMut(u64),
) -> io::Result<(u64, String)> {
    let mut file = File::open(from)?;
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            return Ok((bytes, hex(&hash.finalize())));
        }
        hash.update(&piece[..read]);
        to(&piece[..read])?;
        bytes += read as u64;
        done(read as u64);
    }
}

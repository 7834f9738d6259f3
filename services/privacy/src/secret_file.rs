//! Files that hold secrets: made for their owner alone, and refused when
//! others could read them.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use thiserror::Error;

#[cfg(unix)]
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};

/// A secret file that cannot be used.
#[derive(Debug, Error)]
pub enum SecretFileError {
    /// The system refused.
    #[error("cannot {action} {}: check that its folder exists and belongs to the user of this process", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others than the owner may read it.
    #[error("{} has mode {mode:03o} and so is open to others: run chmod {allowed:03o} {}, and make a new key if others may have read it", path.display(), path.display())]
    OpenToOthers {
        /// The file or folder.
        path: PathBuf,
        /// Its mode.
        mode: u32,
        /// The mode it should have.
        allowed: u32,
    },
}

/// Makes a folder for its owner alone, or checks that it is one.
pub(crate) fn private_folder(path: &Path) -> Result<(), SecretFileError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    builder.mode(0o700);
    builder.create(path).map_err(io_error("make the folder", path))?;
    refuse_open_to_others(path, 0o700)
}

/// Opens a file for its owner alone, making it when absent.
pub(crate) fn open_private(path: &Path) -> Result<File, SecretFileError> {
    let file = owner_only().read(true).open(path).map_err(io_error("open", path))?;
    refuse_open_to_others(path, 0o600)?;
    Ok(file)
}

/// Returns the bytes of a secret file; `None` when there is no such file.
///
/// # Errors
/// When it cannot be read, or others than its owner may read it.
pub fn read_secret(path: &Path) -> Result<Option<Vec<u8>>, SecretFileError> {
    match fs::read(path) {
        Ok(bytes) => refuse_open_to_others(path, 0o600).map(|()| Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_error("read", path)(error)),
    }
}

/// Writes a secret file durably; a crash leaves the whole file or none.
pub(crate) fn write_secret(path: &Path, bytes: &[u8]) -> Result<(), SecretFileError> {
    let fresh = path.with_extension("new");
    let mut file = owner_only().truncate(true).open(&fresh).map_err(io_error("make", &fresh))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(io_error("write", &fresh))?;
    put_in_place(&fresh, path)
}

/// Gives a synced file its final name, durably.
pub(crate) fn put_in_place(fresh: &Path, path: &Path) -> Result<(), SecretFileError> {
    fs::rename(fresh, path).map_err(io_error("put in place", path))?;
    sync_name(path)
}

/// Makes the name of a file or folder durable.
pub(crate) fn sync_name(path: &Path) -> Result<(), SecretFileError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    match cfg!(unix) {
        true => File::open(folder).and_then(|folder| folder.sync_all()).map_err(io_error("sync", folder)),
        false => Ok(()),
    }
}

pub(crate) fn owner_only() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    options.mode(0o600);
    options
}

#[cfg(unix)]
fn refuse_open_to_others(path: &Path, allowed: u32) -> Result<(), SecretFileError> {
    let mode = fs::metadata(path).map_err(io_error("look at", path))?.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        Ok(())
    } else {
        Err(SecretFileError::OpenToOthers { path: path.into(), mode, allowed })
    }
}

#[cfg(not(unix))]
fn refuse_open_to_others(_: &Path, _: u32) -> Result<(), SecretFileError> {
    Ok(())
}

pub(crate) fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> SecretFileError {
    move |source| SecretFileError::Io { action, path: path.into(), source }
}

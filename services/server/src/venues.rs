//! Maps from folders, and the one that is built in.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use airside_wayfinding::{Finding, Source, imdf::FILE_BYTES_MAX};
use thiserror::Error;

mod unzip;

/// A venue's code and its map.
pub(crate) type Venue = (String, Source);

/// The files of a map, each its name and its bytes; or why they cannot be trusted.
pub(crate) type Files = Result<Vec<(String, Vec<u8>)>, Finding>;

/// A folder that holds no map.
#[derive(Debug, Error)]
#[error("map folder {path} cannot be read")]
pub struct MapFolderError {
    path: PathBuf,
    #[source]
    source: io::Error,
}

macro_rules! built_in {
    ($($file:literal),* $(,)?) => {
        [$(($file, include_bytes!(concat!("../../../maps/lingnan/", $file)).as_slice())),*]
    };
}

/// Returns the maps of the folders; without folders the built-in `lingnan`.
///
/// # Errors
/// When a folder cannot be read.
pub(crate) fn load(folders: &[PathBuf]) -> Result<Vec<Venue>, MapFolderError> {
    if folders.is_empty() {
        return Ok(vec![("lingnan".to_owned(), lingnan())]);
    }
    folders.iter().map(|folder| Ok((code(folder), read(folder)?))).collect()
}

/// Reads a folder of map files of any format, or a zip of them.
///
/// # Errors
/// When the folder, the zip or a file in it cannot be read.
pub(crate) fn read(folder: &Path) -> Result<Source, MapFolderError> {
    files(folder).map(source)
}

/// Reads files as a map.
pub(crate) fn source(files: Files) -> Source {
    match files {
        Ok(files) => Source::from_files(files),
        Err(finding) => Source::Unread(vec![finding]),
    }
}

/// Returns the files of a folder or a zip that a map may be made of.
///
/// # Errors
/// When the folder, the zip or a file in it cannot be read.
pub(crate) fn files(folder: &Path) -> Result<Files, MapFolderError> {
    let failed = |source| MapFolderError { path: folder.into(), source };
    if folder.is_file() {
        let zip = bounded(folder, unzip::BYTES_MAX).map_err(failed)?;
        return Ok(unzip::unpack(&code(folder), &zip, Source::wants));
    }
    let (mut files, mut left) = (Vec::new(), unzip::BYTES_MAX);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !path.is_file() || !Source::wants(&name) {
            continue;
        }
        // One byte more than is read of a file tells the checks that it is too large.
        let limit = u64::try_from(FILE_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
        let bytes = bounded(&path, limit.min(left)).map_err(failed)?;
        left -= u64::try_from(bytes.len()).unwrap_or(left);
        files.push((name, bytes));
        if left == 0 || files.len() > unzip::ENTRIES_MAX {
            let text = format!("more than {} files or {} bytes", unzip::ENTRIES_MAX, unzip::BYTES_MAX);
            return Ok(Err(unzip::refuse(
                &code(folder),
                "folder-too-large",
                text,
                "keep the map's files only",
            )));
        }
    }
    Ok(Ok(files))
}

/// Reads a file to its end, or to the limit.
fn bounded(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn lingnan() -> Source {
    Source::from_files(built_in![
        "address.geojson",
        "amenity.geojson",
        "anchor.geojson",
        "building.geojson",
        "fixture.geojson",
        "footprint.geojson",
        "geofence.geojson",
        "level.geojson",
        "manifest.json",
        "occupant.geojson",
        "opening.geojson",
        "relationship.geojson",
        "section.geojson",
        "unit.geojson",
        "venue.geojson",
    ])
}

fn code(folder: &Path) -> String {
    let name = if folder.is_dir() { folder.file_name() } else { folder.file_stem() };
    name.unwrap_or_default().to_string_lossy().into_owned()
}

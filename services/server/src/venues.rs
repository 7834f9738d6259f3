//! Maps from folders, and the one that is built in.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use airside_wayfinding::Source;
use thiserror::Error;

mod unzip;

/// A venue's code and its map.
pub(crate) type Venue = (String, Source);

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
    let failed = |source| MapFolderError { path: folder.into(), source };
    if folder.is_file() {
        return Ok(unzip::read(&code(folder), &fs::read(folder).map_err(failed)?));
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_file() && Source::wants(&name) {
            files.push((name, fs::read(&path).map_err(failed)?));
        }
    }
    Ok(Source::from_files(files))
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

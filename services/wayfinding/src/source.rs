//! A map as files of one of the formats that are read, told apart by the files' names.
//!
//! Nothing in the bytes is believed before the format is known; a folder that mixes formats is not guessed at.

use std::collections::BTreeSet;

use crate::check::{Finding, Severity};
use crate::gtfs::{self, Feed};
use crate::imdf::{self, Archive};
use crate::mlit::{self, Layers};

/// A map as read, whatever its format.
#[derive(Clone, Debug)]
pub enum Source {
    /// OGC Indoor Mapping Data Format 1.0.0.
    Imdf(Archive),
    /// Indoor layers and the pedestrian network of Japan's MLIT.
    Mlit(Layers),
    /// Stations of GTFS: stops, pathways, levels.
    Gtfs(Feed),
    /// No map, or files of several formats: why nothing was read.
    Unread(Vec<Finding>),
}

/// The formats that files are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Format {
    Imdf,
    Mlit,
    Gtfs,
}

impl Format {
    fn name(self) -> &'static str {
        match self {
            Self::Imdf => "IMDF",
            Self::Mlit => "MLIT layers",
            Self::Gtfs => "GTFS",
        }
    }

    /// Tells which format a file of this bare name belongs to; most names say nothing.
    fn of(name: &str) -> Option<Self> {
        if imdf::is_file(name) {
            Some(Self::Imdf)
        } else if mlit::is_layer(name) {
            Some(Self::Mlit)
        } else if gtfs::is_table(name) {
            Some(Self::Gtfs)
        } else {
            None
        }
    }
}

impl Source {
    /// Reads a map from its files, each a name and the bytes; folders in names are ignored.
    pub fn from_files<N: AsRef<str>, B: AsRef<[u8]>>(files: impl IntoIterator<Item = (N, B)>) -> Self {
        let files: Vec<_> = files.into_iter().map(|(name, bytes)| (bare(name.as_ref()), bytes)).collect();
        let formats: BTreeSet<_> = files.iter().filter_map(|(name, _)| Format::of(name)).collect();
        match formats.into_iter().collect::<Vec<_>>().as_slice() {
            [Format::Imdf] => Self::Imdf(Archive::from_files(files)),
            [Format::Mlit] => Self::Mlit(Layers::from_files(files)),
            [Format::Gtfs] => Self::Gtfs(Feed::from_files(files)),
            [] => Self::unread(
                "source-unknown",
                format!("none of the {} files belongs to a map format that is read", files.len()),
                "give an IMDF archive (manifest.json, unit.geojson, ...), or MLIT layers (*_Space.geojson, \
                 *_node.geojson, *_link.geojson), or GTFS (stops.txt, pathways.txt, levels.txt)",
            ),
            several => {
                let names: Vec<_> = several.iter().map(|format| format.name()).collect();
                let text = format!("the files belong to several formats: {}", names.join(", "));
                Self::unread("source-mixed", text, "keep each map in a folder of its own")
            }
        }
    }

    /// Tells whether a file of this name is read in any format, so that others need not be loaded.
    pub fn wants(name: &str) -> bool {
        let name = bare(name);
        let of_map = |extension: &str| extension == "geojson" || extension == "json";
        gtfs::is_table(&name) || name.rsplit_once('.').is_some_and(|(_, extension)| of_map(extension))
    }

    fn unread(rule: &'static str, text: String, remedy: &str) -> Self {
        Self::Unread(vec![Finding {
            severity: Severity::Violation,
            rule,
            file: "map".to_owned(),
            feature_id: None,
            text,
            remedy: remedy.to_owned(),
        }])
    }
}

pub(crate) fn bare(name: &str) -> String {
    name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned()
}

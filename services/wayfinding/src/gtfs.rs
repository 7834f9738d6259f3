//! Stations of GTFS: `stops.txt`, `pathways.txt` and `levels.txt` of a feed (gtfs.org, Schedule reference).
//!
//! Stops are the nodes of a graph and pathways its edges; there are no polygons. Reading never fails and never
//! panics: what cannot be read becomes a finding, and the rest is kept in order of ids. Stops keep their ids;
//! pathways and levels, which may be called the same as a stop, are `pathway/ID` and `level/ID`.

use std::collections::BTreeMap;

use crate::check::Findings;
use crate::imdf::{FeatureId, Reference};
use crate::words::Labels;

mod check;
mod derive;
mod placing;
mod read;
mod travel;

pub(crate) use check::{check, reachable};
pub(crate) use derive::derive;
pub(crate) use read::is_table;

/// What a stop is (`location_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Location {
    /// 0: where vehicles stop.
    Platform,
    /// 1: a station as a whole, which no pathway may lead to.
    Station,
    /// 2.
    Entrance,
    /// 3: a point between pathways.
    Generic,
    /// 4: a part of a platform.
    BoardingArea,
}

/// A location of a station.
#[derive(Clone, Debug)]
pub(crate) struct Stop {
    pub(crate) id: FeatureId,
    pub(crate) location: Location,
    pub(crate) name: Labels,
    pub(crate) codes: Labels,
    pub(crate) parent: Option<FeatureId>,
    pub(crate) level: Option<FeatureId>,
    /// Longitude and latitude; generic nodes need none.
    pub(crate) at: Option<[f64; 2]>,
    /// Whether wheelchairs are said to have no access (`wheelchair_boarding` 2).
    pub(crate) no_wheels: bool,
    /// Whether passengers come from the street and not by pathways (`stop_access` 1).
    pub(crate) from_street: bool,
}

/// How a pathway is travelled (`pathway_mode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mode {
    /// 1.
    Walkway,
    /// 2.
    Stairs,
    /// 3.
    MovingSidewalk,
    /// 4.
    Escalator,
    /// 5.
    Lift,
    /// 6.
    FareGate,
    /// 7.
    ExitGate,
}

/// A way between two locations.
#[derive(Clone, Debug)]
pub(crate) struct Pathway {
    pub(crate) id: FeatureId,
    pub(crate) from: FeatureId,
    pub(crate) to: FeatureId,
    pub(crate) mode: Mode,
    pub(crate) both_ways: bool,
    pub(crate) length_m: Option<f64>,
    pub(crate) seconds: Option<f64>,
    /// Steps up from the start; down where below zero.
    pub(crate) steps: Option<f64>,
    /// Rise over run; up where above zero.
    pub(crate) slope: Option<f64>,
    pub(crate) width_m: Option<f64>,
    pub(crate) signs: [Labels; 2],
}

/// A storey.
#[derive(Clone, Debug)]
pub(crate) struct Level {
    pub(crate) id: FeatureId,
    pub(crate) index: f64,
    pub(crate) name: Labels,
}

/// The stations of a feed as read: typed rows in order of their ids, and what was wrong with the rest.
#[derive(Clone, Debug, Default)]
pub struct Feed {
    pub(crate) stops: Vec<Stop>,
    pub(crate) pathways: Vec<Pathway>,
    pub(crate) levels: Vec<Level>,
    /// Every id with the tables it stands in, also of rows that could not be read whole.
    pub(crate) ids: BTreeMap<FeatureId, Vec<&'static str>>,
    pub(crate) references: Vec<Reference>,
    pub(crate) findings: Findings,
}

impl Feed {
    /// Reads a feed from its files, each a name and the bytes; folders in names are ignored.
    pub fn from_files<N: AsRef<str>, B: AsRef<[u8]>>(files: impl IntoIterator<Item = (N, B)>) -> Self {
        read::feed(files)
    }

    pub(crate) fn stop(&self, id: &FeatureId) -> Option<&Stop> {
        self.stops.binary_search_by(|stop| stop.id.cmp(id)).ok().map(|index| &self.stops[index])
    }
}

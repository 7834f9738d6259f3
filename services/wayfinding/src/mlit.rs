//! Indoor layers and the pedestrian network of Japan's Ministry of Land, Infrastructure, Transport and Tourism.
//!
//! The layers (`*_Floor`, `*_Space`, `*_Fixture`, `*_Opening`, `*_Facility`) draw a venue; the network
//! (`*node*`, `*link*`, Development Specification for Spatial Network Model for Pedestrians, June 2018) says
//! how it is walked. The network is the graph here; the layers give it rooms, obstacles and places. Reading
//! never fails and never panics: what cannot be read becomes a finding, and the rest is kept in order of ids.

use std::collections::BTreeMap;

use crate::check::Findings;
use crate::imdf::{FeatureId, Reference};
use crate::words::Labels;

mod check;
mod codes;
mod derive;
mod fit;
mod places;
mod read;
mod rooms;
mod vertical;

pub(crate) use check::check;
pub(crate) use derive::derive;
pub(crate) use read::is_layer;

/// A point as the layers draw it: metres east and north on a plane, or degrees.
pub(crate) type Point = [f64; 2];

/// A storey of one building, or the ground before it.
#[derive(Clone, Debug)]
pub(crate) struct Floor {
    pub(crate) id: FeatureId,
    pub(crate) ordinal: f64,
    pub(crate) outdoors: bool,
    pub(crate) name: Labels,
    pub(crate) short_name: Labels,
    pub(crate) areas: Vec<Vec<Vec<Point>>>,
}

/// A room, hall or shaft of a floor.
#[derive(Clone, Debug)]
pub(crate) struct Space {
    pub(crate) id: FeatureId,
    pub(crate) floor_id: FeatureId,
    pub(crate) category: String,
    pub(crate) name: Labels,
    pub(crate) nonpublic: bool,
    pub(crate) areas: Vec<Vec<Vec<Point>>>,
}

/// Something that stands in the way.
#[derive(Clone, Debug)]
pub(crate) struct Fixture {
    pub(crate) id: FeatureId,
    pub(crate) floor_id: FeatureId,
    pub(crate) areas: Vec<Vec<Vec<Point>>>,
}

/// A service at a point: toilets, a lift, a way in.
#[derive(Clone, Debug)]
pub(crate) struct Facility {
    pub(crate) id: FeatureId,
    pub(crate) floor_id: FeatureId,
    pub(crate) category: String,
    pub(crate) name: Labels,
    pub(crate) at: Point,
}

/// A point where links meet.
#[derive(Clone, Debug)]
pub(crate) struct Junction {
    pub(crate) id: FeatureId,
    pub(crate) ordinal: f64,
    pub(crate) at: Point,
    /// Longitude and latitude, as the network tells them besides.
    pub(crate) lon_lat: Option<[f64; 2]>,
}

/// A way between two junctions.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) id: FeatureId,
    pub(crate) start: FeatureId,
    pub(crate) end: FeatureId,
    pub(crate) route: codes::Route,
    pub(crate) direction: codes::Direction,
    /// Whether wheels pass: wide enough, no step, no steep slope, a lift that takes them.
    pub(crate) wheels: bool,
    /// How wide it is at least, in metres.
    pub(crate) width_m: f64,
    pub(crate) line: Vec<Point>,
}

/// The layers of a venue as read: typed features in order of their ids, and what was wrong with the rest.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    pub(crate) floors: Vec<Floor>,
    pub(crate) spaces: Vec<Space>,
    pub(crate) fixtures: Vec<Fixture>,
    pub(crate) facilities: Vec<Facility>,
    pub(crate) junctions: Vec<Junction>,
    pub(crate) links: Vec<Link>,
    /// How many doors are drawn; the network passes them without naming them.
    pub(crate) openings: usize,
    /// Every feature id with the layers it stands in, also of features that could not be read whole.
    pub(crate) ids: BTreeMap<FeatureId, Vec<&'static str>>,
    pub(crate) references: Vec<Reference>,
    pub(crate) findings: Findings,
}

impl Layers {
    /// Reads layers from their files, each a name and the bytes; folders in names are ignored.
    pub fn from_files<N: AsRef<str>, B: AsRef<[u8]>>(files: impl IntoIterator<Item = (N, B)>) -> Self {
        read::layers(files)
    }
}

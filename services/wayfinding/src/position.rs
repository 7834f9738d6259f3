//! Where a phone is, by what it hears: a surveyed [`RadioMap`] in, a [`Fix`] out.
//!
//! **Words.** A [`Transmitter`] is an iBeacon or a Wi-Fi access point; a [`Reading`] is how loud a phone heard
//! one; a [`Scan`] is all a phone heard at one moment. A [`Fingerprint`] is a scan made at a known place; a
//! [`RadioMap`] is a survey of many, of one venue and one version. A [`Fix`] is the answer: level, position,
//! the radius that holds the truth in 68 of 100 cases, and how sure the level is.
//!
//! **Policy.** Another phone hears the same place louder or softer, misses weak transmitters and meets new
//! ones, so nothing here depends on one loudness or one transmitter. A scan is held against every fingerprint
//! that shares a transmitter ([`radio_map`] says how), and many neighbours vote with a weight that falls
//! steeply with their likeness. One scan is as good as its survey; [`follow`] adds what a walk tells.
//!
//! **Never** does a scan or a map of another venue cause a guess: it is refused with a reason.

pub mod beacons;
pub mod datum;
pub mod evaluate;
pub mod follow;
mod glide;
pub mod guide;
pub mod import;
pub mod radio_map;
pub mod scan;
pub mod table;
pub mod track;

pub use beacons::Beacon;
pub use datum::{Datum, SatelliteFix};
pub use follow::{Followed, Follower};
pub use guide::{Guidance, Guide};
pub use import::{Form, Ground, ImportError};
pub use radio_map::{Fingerprint, Fix, LocateError, MapError, RadioMap};
pub use scan::{Reading, Scan, ScanError, Transmitter};
pub use track::Track;

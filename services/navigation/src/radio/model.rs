//! The words of radio maps: a version, and what it is made of.

use std::{fmt, str::FromStr, sync::Arc};

use airside_kernel::{StreamId, Timestamp};
use airside_wayfinding::position::{Form, Ground, radio_map::VERSION_MAX};
use thiserror::Error;

use crate::{blobs::Digest, model::VenueCode};

/// The category of the streams of radio maps: `radio-<venue code>`.
pub const RADIO: &str = "radio";

/// Returns the stream of a venue's radio maps.
pub fn stream(venue: &VenueCode) -> StreamId {
    StreamId::new(RADIO, venue).expect("a category of the house and a code make a stream name")
}

/// The name of a version, such as `2026-11 survey`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionName(Arc<str>);

/// A text that cannot name a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("name the version in 1 to {VERSION_MAX} bytes on one line, such as 2026-11 survey")]
pub struct InvalidVersionName;

impl VersionName {
    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes a name as it was stored.
    pub(crate) fn stored(text: &str) -> Self {
        Self(text.into())
    }
}

impl FromStr for VersionName {
    type Err = InvalidVersionName;

    fn from_str(text: &str) -> Result<Self, InvalidVersionName> {
        let text = text.trim();
        let fits = (1..=VERSION_MAX).contains(&text.len()) && !text.chars().any(char::is_control);
        if fits { Ok(Self(text.into())) } else { Err(InvalidVersionName) }
    }
}

impl fmt::Display for VersionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One version of a venue's radio map.
#[derive(Debug, Clone, PartialEq)]
pub struct RadioEdition {
    /// Its name, unlike any other of the venue.
    pub version: VersionName,
    /// The file, which lies in the log by this name.
    pub digest: Digest,
    /// What the file is.
    pub form: Form,
    /// How it tells places.
    pub ground: Ground,
    /// How many bytes it has.
    pub bytes: u64,
    /// When it was first published.
    pub published_at: Timestamp,
}

impl RadioEdition {
    /// Tells whether another version is made of the same.
    pub fn is_same(&self, other: &Self) -> bool {
        (self.digest, self.form, self.ground) == (other.digest, other.form, other.ground)
    }
}

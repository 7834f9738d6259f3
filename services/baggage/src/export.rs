//! A bag's journey in the words of other systems. Pure.
//!
//! Each system has its table in a file of its own: [`nodes`] for MH/T 1076.3,
//! [`codes`] for SITA's BagJourney, [`custody`] for IATA Resolution 753, [`whole`]
//! for our own words. What a system has no words for is left out and named under
//! `left_out`, never bent into the nearest word. A document holds nothing personal.

pub mod codes;
pub mod custody;
pub mod nodes;
pub mod whole;

use airside_api::baggage::v1::{AnnouncementChange, ExportFormat};
use airside_kernel::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    journey::Journey,
    model::{Content, LicencePlate, Observation},
};

/// In whose words a journey is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Format {
    /// The nodes of MH/T 1076.3.
    #[serde(rename = "mh-t-1076")]
    MhT1076,
    /// Event codes as SITA's BagJourney has them.
    #[serde(rename = "bagjourney")]
    BagJourney,
    /// The tracking points of IATA Resolution 753.
    #[serde(rename = "resolution-753")]
    Resolution753,
    /// Our own words.
    #[serde(rename = "json")]
    Json,
}

impl Format {
    /// Returns the format of its published word; `None` when none is said.
    pub fn of(word: ExportFormat) -> Option<Self> {
        match word {
            ExportFormat::Unspecified => None,
            ExportFormat::Mht1076 => Some(Self::MhT1076),
            ExportFormat::BagJourney => Some(Self::BagJourney),
            ExportFormat::Resolution753 => Some(Self::Resolution753),
            ExportFormat::Json => Some(Self::Json),
        }
    }
}

/// Returns the document of a journey.
pub fn document(plate: LicencePlate, journey: &Journey, format: Format) -> Value {
    match format {
        Format::MhT1076 => nodes::document(plate, journey),
        Format::BagJourney => codes::document(plate, journey),
        Format::Resolution753 => custody::document(plate, journey),
        Format::Json => whole::document(plate, journey),
    }
}

/// Names an observation that another system has no words for.
fn left_out(observation: &Observation, content: &Content) -> Value {
    json!({ "at": at(observation.happened_at()), "airport": observation.station, "what": word(content) })
}

/// Returns what an observation says, in one published word.
fn word(content: &Content) -> &'static str {
    match content {
        Content::Announced(announcement) => match announcement.change {
            AnnouncementChange::Deleted => "ANNOUNCEMENT_DELETED",
            AnnouncementChange::Changed => "ANNOUNCEMENT_CHANGED",
            _ => "ANNOUNCED",
        },
        Content::Scanned(sighting) => short(sighting.point.as_str_name(), "TRACKING_POINT_"),
        Content::Reported(reported) => reported.report.as_str_name(),
        Content::FlightTurned(turned) => turned.turn.as_str_name(),
        Content::ConnectionJudged(judged) => judged.connection.as_str_name(),
        Content::Linked(link) => link.kind.as_str_name(),
    }
}

/// Takes the name of its enum off a published word.
fn short(word: &'static str, prefix: &str) -> &'static str {
    word.strip_prefix(prefix).unwrap_or(word)
}

/// Returns an instant as documents have it: UTC, to the second.
fn at(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests;

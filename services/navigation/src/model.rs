//! The words of navigation: a venue's code, what is closed and why, and where one waits.

use std::{fmt, str::FromStr, sync::Arc};

use airside_kernel::{DecodeError, RecordedEvent, StreamId, Timestamp};
use airside_wayfinding::FeatureId;
use thiserror::Error;

pub mod edition;

/// The category of the streams of venues: `venue-<code>`.
pub const VENUE: &str = "venue";

const MAX_CODE_CHARS: usize = 32;
const MAX_REASON_CHARS: usize = 200;

/// The short name of a venue, such as `testville`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VenueCode(Arc<str>);

/// A code that cannot name a venue.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} cannot name a venue: use 1 to 32 of a-z 0-9 _ -")]
pub struct InvalidVenueCode(String);

impl VenueCode {
    /// Returns the code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the venue whose stream an event is of.
    ///
    /// # Errors
    /// When the stream is named by no venue's code.
    pub fn of_event(event: &RecordedEvent) -> Result<Self, DecodeError> {
        let code = event.stream().split_once('-').and_then(|(_, code)| code.parse().ok());
        code.ok_or_else(|| DecodeError::malformed(event.stream(), "its id is no venue code"))
    }

    /// Returns the venue's stream.
    pub fn stream(&self) -> StreamId {
        StreamId::new(VENUE, self).expect("a category of the house and a code make a stream name")
    }
}

impl FromStr for VenueCode {
    type Err = InvalidVenueCode;

    fn from_str(text: &str) -> Result<Self, InvalidVenueCode> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
        if (1..=MAX_CODE_CHARS).contains(&text.len()) && text.bytes().all(plain) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidVenueCode(text.chars().take(40).collect()))
        }
    }
}

impl fmt::Display for VenueCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why something is closed, in the operator's words, for passengers to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(String);

/// A reason that cannot be shown.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("say why it is closed in 1 to 200 characters on one line; passengers read it")]
pub struct InvalidReason;

impl Reason {
    /// Returns the reason as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes a reason as it was stored.
    pub(crate) fn stored(text: String) -> Self {
        Self(text)
    }
}

impl FromStr for Reason {
    type Err = InvalidReason;

    fn from_str(text: &str) -> Result<Self, InvalidReason> {
        let text = text.trim();
        let fits = (1..=MAX_REASON_CHARS).contains(&text.chars().count());
        if fits && !text.chars().any(char::is_control) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidReason)
        }
    }
}

/// Something in a venue that cannot be passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closure {
    /// The feature of the map: a unit, an opening, a lift, stairs or an escalator.
    pub feature: FeatureId,
    /// Why.
    pub reason: Reason,
    /// When it is expected to end; `None` when nobody knows. It ends when it is lifted, not then.
    pub expected_until: Option<Timestamp>,
}

/// The longest wait that is reported, in seconds: four hours.
pub const WAIT_SECONDS_MAX: u32 = 4 * 60 * 60;

/// How many minutes a report of a wait holds, unless it says otherwise.
pub const WAIT_MINUTES_USUAL: u32 = 30;
/// The most minutes that a report of a wait holds: a day.
pub const WAIT_MINUTES_MAX: u32 = 24 * 60;

/// A queue at a check or a lift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// The feature of the map.
    pub feature: FeatureId,
    /// How long one waits, in seconds; 0 when nobody does.
    pub seconds: u32,
    /// When the report is too old to be counted; `None` where it holds until the next one.
    pub until: Option<Timestamp>,
}

/// A wait that nobody would stand.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{0} seconds are more than four hours; report 0 to {WAIT_SECONDS_MAX}, or close what nobody can pass"
)]
pub struct InvalidWait(u32);

impl Wait {
    /// Makes a wait.
    ///
    /// # Errors
    /// When it is longer than [`WAIT_SECONDS_MAX`].
    pub fn new(feature: FeatureId, seconds: u32, until: Option<Timestamp>) -> Result<Self, InvalidWait> {
        let fits = seconds <= WAIT_SECONDS_MAX;
        fits.then_some(Self { feature, seconds, until }).ok_or(InvalidWait(seconds))
    }

    /// Tells whether the report is still to be counted.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_venue_code_is_short_and_plain() {
        for code in ["testville", "szx-t3", "nrt_2", "1"] {
            assert_eq!(code.parse::<VenueCode>().unwrap().stream().as_str(), format!("venue-{code}"));
        }
        for code in ["", "T3", "a b", "机场", &"a".repeat(33)] {
            assert!(code.parse::<VenueCode>().is_err(), "{code}");
        }
    }

    #[test]
    fn a_wait_is_four_hours_at_most() {
        let at = |seconds| Wait::new(FeatureId::parse("l1").unwrap(), seconds, None);
        assert_eq!(at(14_400).unwrap().seconds, 14_400);
        let refused = at(14_401).unwrap_err().to_string();
        assert!(
            refused.starts_with("14401 seconds are more than four hours; report 0 to 14400"),
            "{refused}"
        );
    }

    #[test]
    fn a_reason_is_one_line_of_at_most_200_characters() {
        assert_eq!("  电梯维修 ".parse::<Reason>().unwrap().as_str(), "电梯维修");
        for reason in ["", "   ", "one\ntwo", &"字".repeat(201)] {
            assert!(reason.parse::<Reason>().is_err(), "{reason}");
        }
        assert!("字".repeat(200).parse::<Reason>().is_ok());
    }
}

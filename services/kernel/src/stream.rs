//! Where an event is: its stream, its revision there, its position in the log.

use std::{borrow::Borrow, fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

/// The longest stream name, in bytes.
pub const MAX_STREAM_BYTES: usize = 200;

/// Names one stream: `<category>-<id>`, no dash in the category, nothing personal in it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(Arc<str>);

/// A stream name that does not parse.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("stream name {name:?} is invalid: {problem}")]
pub struct InvalidStream {
    name: String,
    problem: &'static str,
}

impl StreamId {
    /// Joins a category and an id.
    ///
    /// # Errors
    /// When the category is empty or holds a dash, the id is empty, a
    /// character is not visible ASCII, or the name is too long.
    pub fn new(category: &str, id: impl fmt::Display) -> Result<Self, InvalidStream> {
        format!("{category}-{id}").parse()
    }

    /// Returns the whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the part before the first dash.
    pub fn category(&self) -> &str {
        self.0.split_once('-').map_or("", |(category, _)| category)
    }

    /// Returns the part after the first dash.
    pub fn id(&self) -> &str {
        self.0.split_once('-').map_or("", |(_, id)| id)
    }
}

impl FromStr for StreamId {
    type Err = InvalidStream;

    fn from_str(name: &str) -> Result<Self, InvalidStream> {
        let problem = match name.split_once('-') {
            None => Some("it has no dash between category and id"),
            Some(("", _)) => Some("its category is empty"),
            Some((_, "")) => Some("its id is empty"),
            Some(_) if name.len() > MAX_STREAM_BYTES => Some("it is longer than 200 bytes"),
            Some(_) if !name.bytes().all(|b| b.is_ascii_graphic()) => {
                Some("it holds something other than visible ASCII")
            }
            Some(_) => None,
        };
        match problem {
            None => Ok(Self(name.into())),
            Some(problem) => Err(InvalidStream { name: name.chars().take(80).collect(), problem }),
        }
    }
}

impl Borrow<str> for StreamId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names one person for ever; opaque, never derived from personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PersonId(pub Uuid);

impl PersonId {
    /// Returns the person's stream of a category, such as `inbox-<uuid>`.
    pub fn stream(self, category: &str) -> StreamId {
        StreamId::new(category, self).expect("a category of the house and a uuid make a stream name")
    }
}

impl fmt::Display for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for PersonId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

/// The place of an event in its stream, from 0, without gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Revision(pub u64);

impl Revision {
    /// The first revision of every stream.
    pub const FIRST: Self = Self(0);

    /// Returns the revision after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The place of an event in the log. Totally ordered; opaque to all but the
/// adapter that issued it. Printed and parsed, it travels as a token.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    major: u64,
    minor: u64,
}

/// A position token that does not parse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("position token is malformed: pass back what an earlier answer gave")]
pub struct InvalidPosition;

impl Position {
    /// Makes a position; for adapters alone.
    pub fn from_parts(major: u64, minor: u64) -> Self {
        Self { major, minor }
    }

    /// Returns about which part of a log with this head lies before here, from 0
    /// to 1; to show progress, for nothing else.
    pub fn share_of(self, head: Self) -> f64 {
        if head.major == 0 { 1.0 } else { (self.major as f64 / head.major as f64).min(1.0) }
    }

    /// Returns the two parts; for adapters, and to store them.
    pub fn parts(self) -> (u64, u64) {
        (self.major, self.minor)
    }
}

impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.minor {
            0 => write!(f, "{}", self.major),
            minor => write!(f, "{}.{minor}", self.major),
        }
    }
}

impl FromStr for Position {
    type Err = InvalidPosition;

    fn from_str(token: &str) -> Result<Self, InvalidPosition> {
        let (major, minor) = token.split_once('.').unwrap_or((token, "0"));
        let number = |part: &str| part.parse::<u64>().map_err(|_| InvalidPosition);
        Ok(Self { major: number(major)?, minor: number(minor)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_name_splits_at_its_first_dash() {
        let stream = StreamId::new("flight", "ZH9101-20261120").unwrap();
        assert_eq!((stream.category(), stream.id()), ("flight", "ZH9101-20261120"));
    }

    #[test]
    fn a_stream_name_is_visible_ascii_with_a_category_and_an_id() {
        for name in ["", "bag", "-1", "bag-", "bag-1 2", "bag-张", &format!("bag-{}", "1".repeat(200))] {
            assert!(name.parse::<StreamId>().is_err(), "{name}");
        }
    }

    #[test]
    fn a_position_survives_being_a_token() {
        for position in
            [Position::from_parts(0, 0), Position::from_parts(7, 9), Position::from_parts(u64::MAX, 1)]
        {
            assert_eq!(position.to_string().parse(), Ok(position));
        }
        assert!("x".parse::<Position>().is_err());
    }
}

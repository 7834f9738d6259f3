//! What is said, in each language: short, as signs and ground staff say it.
//!
//! A sentence is put together from what is to be said, [`Stroll`], [`Riding`], [`Checked`] or [`Arrival`], in
//! the order of each language. Names are those on signs, as the map gives them. Lengths in words are rounded
//! as people say them; the fields of a step have them exactly.

use super::legs::Ride;
use super::turns::Way;
use crate::graph::crossings::Check;
use crate::words::Language::{self, En, ZhCn};

mod en;
mod zh;

/// Where something is, as seen by who walks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// On the left.
    Left,
    /// On the right.
    Right,
    /// Straight ahead.
    Ahead,
}

/// What one comes out of.
pub(super) enum OutOf<'a> {
    Ride(Ride),
    /// A shop, a gate.
    Place(&'a str),
}

/// A walk.
#[derive(Default)]
pub(super) struct Stroll<'a> {
    pub(super) out_of: Option<OutOf<'a>>,
    pub(super) turns: Vec<Way>,
    /// What stands where one turns.
    pub(super) at: Option<String>,
    /// What one walks towards.
    pub(super) towards: Option<String>,
    pub(super) metres: f64,
    /// A room that is walked through, and whether along it.
    pub(super) through: Option<(String, bool)>,
    /// The room one comes into; without it one stays in the one that is walked through.
    pub(super) into: Option<String>,
    /// A sign that points where to go.
    pub(super) follow: Option<String>,
    pub(super) passing: Option<(String, Direction)>,
    pub(super) wheelchair: bool,
    pub(super) walkway: bool,
    /// Whether one cannot come back.
    pub(super) for_good: bool,
}

/// A ride.
pub(super) struct Riding<'a> {
    pub(super) kind: Ride,
    pub(super) turns: Vec<Way>,
    pub(super) name: Option<&'a str>,
    /// How many levels up, or down below 0.
    pub(super) rise: i32,
    pub(super) level: &'a str,
}

/// A check.
pub(super) struct Checked<'a> {
    pub(super) kind: Check,
    pub(super) turns: Vec<Way>,
    pub(super) name: Option<&'a str>,
}

/// The end.
pub(super) struct Arrival<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) direction: Option<Direction>,
}

/// Says a walk: "Turn left at Kapok Books and walk 50 m", "在木棉书店左转，直行50米".
pub(super) fn stroll(said: &Stroll<'_>, language: Language) -> String {
    match language {
        En => en::stroll(said),
        ZhCn => zh::stroll(said),
    }
}

/// Says a ride: "Take lift L1 up to 2F", "乘L1电梯上到2层".
pub(super) fn ride(said: &Riding<'_>, language: Language) -> String {
    match language {
        En => en::ride(said),
        ZhCn => zh::ride(said),
    }
}

/// Says a check: "Go through International security", "通过国际安检".
pub(super) fn check(said: &Checked<'_>, language: Language) -> String {
    match language {
        En => en::check(said),
        ZhCn => zh::check(said),
    }
}

/// Says where one is in the end: "Gate C9 is on your left", "C9登机口在您左侧".
pub(super) fn arrive(said: &Arrival<'_>, language: Language) -> String {
    match language {
        En => en::arrive(said),
        ZhCn => zh::arrive(said),
    }
}

/// Returns the name of a lift, an escalator or stairs as it stands in a sentence.
pub(super) fn shaft(name: &str, language: Language) -> String {
    match language {
        En => en::shaft(name),
        ZhCn => zh::shaft(name),
    }
}

/// Returns a length as people say it: to 5 m from 20 m on, to 10 m from 100 m on.
fn rounded(metres: f64) -> f64 {
    let to = match metres {
        far if far >= 97.5 => 10.0,
        some if some >= 17.5 => 5.0,
        _ => 1.0,
    };
    ((metres / to).round() * to).max(1.0)
}

/// Takes the kind's own word off a name, since the sentence says it already; `None` for a name that is more
/// than a code.
fn code<'a>(name: &'a str, words: &[&str]) -> Option<&'a str> {
    let cut = words.iter().find_map(|word| name.strip_prefix(word).or_else(|| name.strip_suffix(word)));
    let code = cut.unwrap_or(name).trim();
    let is_code = !code.is_empty() && code.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    (is_code && (cut.is_some() || code.len() <= 4)).then_some(code)
}

#[cfg(test)]
mod tests;

//! When a source counts as silent: the settings, and the rule. Pure.

use std::collections::BTreeMap;

use airside_kernel::Timestamp;
use jiff::SignedDuration;

use super::{
    events::{SourceEvent, SourceFellSilent, SourceHeardAgain},
    plan::Expected,
    state::Source,
};
use crate::model::AirportCode;

/// For how long a source without a silence of its own is up after it was heard.
pub const UP_AFTER_HEARD: SignedDuration = SignedDuration::from_mins(10);

/// What an operator says of sources.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// After how long without a word a source is silent, by its name; zero is never.
    pub silence: BTreeMap<String, SignedDuration>,
    /// The same for every other source; absent is never.
    pub other_silence: Option<SignedDuration>,
    /// When words are expected.
    pub traffic: Traffic,
}

/// When messages are expected, by the flight plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traffic {
    /// The airport whose flights count; absent means that all do.
    pub airport: Option<AirportCode>,
    /// How long before a flight leaves; default 4 h.
    pub before_departure: SignedDuration,
    /// How long after one landed; default 1 h.
    pub after_landing: SignedDuration,
}

impl Default for Traffic {
    fn default() -> Self {
        Self {
            airport: None,
            before_departure: SignedDuration::from_hours(4),
            after_landing: SignedDuration::from_hours(1),
        }
    }
}

impl Traffic {
    /// Whether an airport is the one whose flights count.
    pub(super) fn is_here(&self, airport: &str) -> bool {
        self.airport.is_none_or(|here| here.as_str() == airport)
    }
}

impl Settings {
    /// Returns after how long without a word a source is silent; `None` for never.
    pub fn silence_of(&self, source: &str) -> Option<SignedDuration> {
        let silence = self.silence.get(source).copied().or(self.other_silence);
        silence.filter(|silence| silence.is_positive())
    }

    /// Whether a source is up: a line of its own is open, or it was heard within its silence.
    pub fn is_up(&self, name: &str, source: &Source, now: Timestamp) -> bool {
        let within = self.silence_of(name).unwrap_or(UP_AFTER_HEARD);
        source.open_lines() > 0 || source.heard().is_some_and(|heard| now.duration_since(heard.at) <= within)
    }
}

/// What a source is looked at by.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// After how long without a word it is silent.
    pub silence: Option<SignedDuration>,
    /// Whether words are expected.
    pub expected: Expected,
    /// Since when this process could have heard one.
    pub listening_since: Timestamp,
}

/// Returns the fact that a source fell silent or is heard again, when it is one at an instant.
///
/// It is waited from when the source was heard last, or from when words were expected again, or
/// from when we began to listen, whichever came last: a night without flights, and a server that
/// was stopped, are nobody's silence. Who has fallen silent stays so until something is heard.
pub fn alarm(source: &Source, rule: Rule, now: Timestamp) -> Option<SourceEvent> {
    let heard = source.heard();
    if let Some(silent) = source.silent() {
        let heard = heard.filter(|heard| Some(*heard) != silent.heard.as_ref())?.clone();
        let waited_from = silent.waited_from;
        return Some(SourceEvent::HeardAgain(SourceHeardAgain { heard, waited_from }));
    }
    let silence = rule.silence?;
    let expected_since = match rule.expected {
        Expected::No => return None,
        Expected::Always => None,
        Expected::Since(since) => Some(since),
    };
    let listened = heard.map_or(rule.listening_since, |heard| heard.at.max(rule.listening_since));
    let waited_from = expected_since.map_or(listened, |since| since.max(listened));
    let is_due = now.duration_since(waited_from) >= silence;
    let heard = heard.cloned();
    is_due.then_some(SourceEvent::FellSilent(SourceFellSilent { heard, waited_from, silence }))
}

#[cfg(test)]
mod tests;

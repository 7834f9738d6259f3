//! A bag's way in words: what happened, how sure that is, where, what comes next.
//!
//! Wording is neutral: it says what is, never why a bag was looked at. Times are
//! not in the words; a client shows them in the zone of its reader. One file
//! speaks each language.

mod en;
mod zh_cn;

use std::str::FromStr;

use airside_api::baggage::v1::{BagStepKind, Certainty};
use thiserror::Error;

use super::Advice;
use crate::model::{AirportCode, DatedFlight};

/// A language that a bag's way is told in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Simplified Chinese.
    ZhCn,
}

/// A language that is not spoken here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("it is not spoken here: use `en` or `zh-CN`")]
pub struct UnknownLanguage;

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(tag: &str) -> Result<Self, UnknownLanguage> {
        match tag {
            "" | "en" => Ok(Self::En),
            "zh-CN" => Ok(Self::ZhCn),
            _ => Err(UnknownLanguage),
        }
    }
}

impl Language {
    /// Returns what happened, or is expected to.
    pub fn step(self, kind: BagStepKind, flight: Option<DatedFlight>, is_expected: bool) -> String {
        let flight = flight.map(|flight| flight.designator.to_string()).unwrap_or_default();
        match (self, is_expected) {
            (Self::En, false) => en::step(kind, &flight),
            (Self::En, true) => en::expected(kind, &flight),
            (Self::ZhCn, false) => zh_cn::step(kind, &flight),
            (Self::ZhCn, true) => zh_cn::expected(kind, &flight),
        }
    }

    /// Returns how sure something is.
    pub fn certainty(self, certainty: Certainty) -> &'static str {
        match self {
            Self::En => en::certainty(certainty),
            Self::ZhCn => zh_cn::certainty(certainty),
        }
    }

    /// Returns where something is; empty when that is not known.
    pub fn place(self, station: Option<AirportCode>, belt: &str) -> String {
        let station = station.map(|station| station.to_string()).unwrap_or_default();
        match self {
            Self::En => en::place(&station, belt),
            Self::ZhCn => zh_cn::place(&station, belt),
        }
    }

    /// Returns what to make of a bag.
    pub fn advice(self, advice: Advice) -> &'static str {
        match (self, advice) {
            (Self::En, Advice::WaitsForFlight) => en::STRANDED,
            (Self::ZhCn, Advice::WaitsForFlight) => zh_cn::STRANDED,
            (Self::En, Advice::AskAirline) => en::ASK_AIRLINE,
            (Self::ZhCn, Advice::AskAirline) => zh_cn::ASK_AIRLINE,
        }
    }
}

#[cfg(test)]
mod tests;

//! Notices in words. A notice is stored as its kind and parameters; the text is
//! made at the edge, in the reader's language.
//!
//! Wording is neutral: it says what is and what to do, never why a bag was
//! looked at. A flight is shown by its designator, without the date of its id.
//! A parameter that nobody knew leaves its half of the sentence out.
//!
//! One file speaks each language.
//!
//! A time is told by the clocks of the airport whose zone the notice names, and
//! says so; a notice from before that was told, and one of a zone that is not
//! known here, in UTC. On the day in the flight's id it is told without the date.

mod en;
mod zh_cn;

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::model::{Kind, Locale, TIME_ZONE};

/// Returns the text of a notice.
pub fn text(kind: Kind, parameters: &BTreeMap<String, String>, locale: Locale) -> String {
    let local = match locale {
        Locale::En => " local time",
        Locale::ZhCn => "（当地时间）",
    };
    let words = Words { parameters, local };
    match (locale, kind.is_of_bag()) {
        (Locale::En, false) => en::of_flight(kind, &words),
        (Locale::En, true) => en::of_bag(kind, &words),
        (Locale::ZhCn, false) => zh_cn::of_flight(kind, &words),
        (Locale::ZhCn, true) => zh_cn::of_bag(kind, &words),
    }
}

/// The parameters of one notice, as its sentence needs them.
struct Words<'a> {
    parameters: &'a BTreeMap<String, String>,
    /// What follows a time by an airport's clocks.
    local: &'static str,
}

impl Words<'_> {
    fn get(&self, name: &str) -> &str {
        self.parameters.get(name).map_or("", String::as_str)
    }

    /// Returns the designator of the flight: its id without the date.
    fn flight(&self) -> &str {
        let id = self.get("flight");
        id.split_once('-').map_or(id, |(designator, _)| designator)
    }

    /// Returns the designator of the flight between two pieces of text, or nothing when it is not known.
    fn flight_between(&self, before: &str, after: &str) -> String {
        around(before, self.flight(), after)
    }

    /// Returns the flight of a parameter: its designator, and the date too when a
    /// notice speaks of two flights of one designator.
    fn one_of_two(&self, name: &str, other: &str) -> String {
        let (id, other) = (self.get(name), self.get(other));
        let designator = |id: &str| id.split_once('-').map_or(id, |(designator, _)| designator).to_owned();
        let day = id.rsplit_once('-').and_then(|(_, day)| Date::strptime("%Y%m%d", day).ok());
        match day.filter(|_| designator(id) == designator(other)) {
            Some(day) => format!("{} ({day})", designator(id)),
            None => designator(id),
        }
    }

    /// Returns the plates of the bags, at least one of which a bag's notice has.
    fn plates(&self) -> Vec<&str> {
        match self.get("plates") {
            "" => vec![self.get("plate")],
            plates => plates.split(',').collect(),
        }
    }

    /// Returns whether what is waited for was measured; if not, it is told as about so long.
    fn is_measured(&self) -> bool {
        self.get("certainty") == "MEASURED"
    }

    /// Returns the parameter between two pieces of text, or nothing when it is not known.
    fn known(&self, before: &str, name: &str, after: &str) -> String {
        around(before, self.get(name), after)
    }

    /// Returns the time between two pieces of text, or nothing when it is not known.
    fn known_time(&self, before: &str, name: &str, after: &str) -> String {
        around(before, &self.time(name), after)
    }

    /// Returns a time as a person reads it; as it is when it is no time.
    fn time(&self, name: &str) -> String {
        let text = self.get(name);
        let Ok(at) = text.parse::<Timestamp>() else { return text.to_owned() };
        let zone = TimeZone::get(self.get(TIME_ZONE));
        let whose = zone.as_ref().map_or(" UTC", |_| self.local);
        let at = at.to_zoned(zone.unwrap_or(TimeZone::UTC));
        let is_same_day = self.get("flight").ends_with(&at.strftime("-%Y%m%d").to_string());
        format!("{}{whose}", at.strftime(if is_same_day { "%H:%M" } else { "%Y-%m-%d %H:%M" }))
    }
}

fn around(before: &str, value: &str, after: &str) -> String {
    match value {
        "" => String::new(),
        value => format!("{before}{value}{after}"),
    }
}

/// A text, or another one when it is empty.
trait OrElse {
    fn or(self, otherwise: &str) -> String;
}

impl OrElse for String {
    fn or(self, otherwise: &str) -> String {
        if self.is_empty() { otherwise.to_owned() } else { self }
    }
}

#[cfg(test)]
mod tests;

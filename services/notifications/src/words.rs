//! Notices in words. A notice is stored as its kind and parameters; the text is
//! made at the edge, in the reader's language.
//!
//! Wording is neutral: it says what is and what to do, never why a bag was
//! looked at. A flight is shown by its designator, without the date of its id.
//! A parameter that nobody knew leaves its half of the sentence out.
//!
//! A time is printed in UTC and says so, because no notice knows yet in which
//! zone its airport lies; airport-local times come later. On the day in the
//! flight's id it is printed without the date.

use std::collections::BTreeMap;

use jiff::{Timestamp, tz::Offset};

use crate::model::{Kind, Locale};

/// Returns the text of a notice.
pub fn text(kind: Kind, parameters: &BTreeMap<String, String>, locale: Locale) -> String {
    let words = Words { parameters };
    match locale {
        Locale::En => english(kind, &words),
        Locale::ZhCn => chinese(kind, &words),
    }
}

/// The parameters of one notice, as its sentence needs them.
struct Words<'a> {
    parameters: &'a BTreeMap<String, String>,
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
        let at = Offset::UTC.to_datetime(at);
        let is_same_day = self.get("flight").ends_with(&at.strftime("-%Y%m%d").to_string());
        at.strftime(if is_same_day { "%H:%M UTC" } else { "%Y-%m-%d %H:%M UTC" }).to_string()
    }
}

fn around(before: &str, value: &str, after: &str) -> String {
    match value {
        "" => String::new(),
        value => format!("{before}{value}{after}"),
    }
}

fn english(kind: Kind, words: &Words<'_>) -> String {
    let (flight, plate) = (words.flight(), words.get("plate"));
    match kind {
        Kind::GateAssigned => format!("Flight {flight} departs from gate {}.", words.get("gate")),
        Kind::GateChanged => format!(
            "Gate change: flight {flight} now departs from gate {}{}.",
            words.get("gate"),
            words.known(", no longer from ", "previous_gate", "")
        ),
        Kind::Boarding => format!("Flight {flight} is boarding{}.", words.known(" at gate ", "gate", "")),
        Kind::FinalCall => {
            format!(
                "Final call for flight {flight}: please go to {} now.",
                gate_or(words, "gate ", "your gate")
            )
        }
        Kind::FlightDelayed => format!(
            "Flight {flight} is delayed{}.",
            words.known_time(": it is now expected to leave at ", "estimated_departure", "")
        ),
        Kind::FlightCancelled => format!("Flight {flight} is cancelled. Please contact your airline."),
        Kind::BeltAssigned => format!("Bags of flight {flight} arrive on belt {}.", words.get("belt")),
        Kind::BeltChanged => format!(
            "Bags of flight {flight} now arrive on belt {}{}.",
            words.get("belt"),
            words.known(", no longer on ", "previous_belt", "")
        ),
        Kind::BagAccepted => format!("Your bag {plate} has been accepted."),
        Kind::BagLoaded if flight.is_empty() => format!("Your bag {plate} is on board."),
        Kind::BagLoaded => format!("Your bag {plate} is on board flight {flight}."),
        Kind::BagOffloaded if flight.is_empty() => {
            format!("Your bag {plate} was taken off its flight. Please ask at a service desk.")
        }
        Kind::BagOffloaded => {
            format!("Your bag {plate} was taken off flight {flight}. Please ask at a service desk.")
        }
        Kind::BagOnBelt => {
            format!("Your bag {plate} is on {}.", words.known("belt ", "belt", "").or("the reclaim belt"))
        }
        Kind::BagCollected => format!("Your bag {plate} was collected."),
    }
}

fn chinese(kind: Kind, words: &Words<'_>) -> String {
    let (flight, plate) = (words.flight(), words.get("plate"));
    match kind {
        Kind::GateAssigned => format!("航班 {flight} 的登机口为 {}。", words.get("gate")),
        Kind::GateChanged => format!(
            "登机口变更：航班 {flight} 改在 {} 登机口登机{}。",
            words.get("gate"),
            words.known("（原 ", "previous_gate", "）")
        ),
        Kind::Boarding => format!("航班 {flight} 正在{}登机。", words.known(" ", "gate", " 登机口")),
        Kind::FinalCall => {
            format!("航班 {flight} 最后一次登机提醒，请立即前往{}登机口。", words.known(" ", "gate", " "))
        }
        Kind::FlightDelayed => {
            format!("航班 {flight} 延误{}。", words.known_time("，预计起飞时间：", "estimated_departure", ""))
        }
        Kind::FlightCancelled => format!("航班 {flight} 已取消，请联系航空公司。"),
        Kind::BeltAssigned => format!("航班 {flight} 的行李在 {} 号转盘提取。", words.get("belt")),
        Kind::BeltChanged => format!(
            "航班 {flight} 的行李改在 {} 号转盘提取{}。",
            words.get("belt"),
            words.known("（原 ", "previous_belt", " 号）")
        ),
        Kind::BagAccepted => format!("您的行李 {plate} 已收运。"),
        Kind::BagLoaded if flight.is_empty() => format!("您的行李 {plate} 已装机。"),
        Kind::BagLoaded => format!("您的行李 {plate} 已装上航班 {flight}。"),
        Kind::BagOffloaded if flight.is_empty() => format!("您的行李 {plate} 已卸下，请咨询服务柜台。"),
        Kind::BagOffloaded => format!("您的行李 {plate} 已从航班 {flight} 卸下，请咨询服务柜台。"),
        Kind::BagOnBelt => {
            format!("您的行李 {plate} 已到达{}转盘。", words.known(" ", "belt", " 号").or("提取"))
        }
        Kind::BagCollected => format!("您的行李 {plate} 已提取。"),
    }
}

fn gate_or(words: &Words<'_>, before: &str, otherwise: &str) -> String {
    words.known(before, "gate", "").or(otherwise)
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

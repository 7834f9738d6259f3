//! Days without a year and times without a zone, resolved from the time of receipt.
//!
//! A message says `31DEC` and `2359L`. The year is the one, of the year of receipt and its two
//! neighbours, that puts the day nearest to receipt in the zone of the `.V` airport. The time of
//! receipt is a parameter: a message read again in five years means what it meant when it came.
//! A day outside its element's window is kept and flagged; the caller quarantines it.
//!
//! Where the zone of the airport is not known, no instant is made of a local time: it could be wrong
//! by half a day. Days can be read, with a day of room on either side of their window, because it
//! may be tomorrow or still yesterday there.

use jiff::civil::{Date, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::fields::{EventTime, MessageDate};
use super::findings::Finding;
use super::zones;
use crate::model::AirportCode;

/// What the days and times of one message are resolved against.
pub(super) struct Reference {
    receipt: Timestamp,
    zone: &'static TimeZone,
    zone_known: bool,
    today: Date,
}

/// How many days before and after receipt an element's day may lie.
#[derive(Clone, Copy)]
pub(super) enum Window {
    /// `.F`: 3 before to 7 after, to 30 after as a forward booking.
    Outbound,
    /// `.I`: 4 before to 2 after.
    Inbound,
    /// `.O` and connections: 1 before to 10 after.
    Onward,
    /// `.J`: 3 before to the next day; with a time, to an hour after receipt.
    Processing,
}

/// A day as read, with what is odd about it.
pub(super) struct ReadDate {
    pub(super) date: Option<MessageDate>,
    pub(super) findings: [Option<Finding>; 2],
}

/// A time as read, with what is odd about it.
pub(super) struct ReadTime {
    pub(super) time: Option<EventTime>,
    pub(super) findings: [Option<Finding>; 3],
}

/// The months as messages write them.
pub(super) const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAY: SignedDuration = SignedDuration::from_hours(24);
const HOUR: SignedDuration = SignedDuration::from_hours(1);

impl Reference {
    pub(super) fn new(receipt: Timestamp, airport: Option<AirportCode>) -> Self {
        let known = airport.and_then(zones::of);
        let zone = known.unwrap_or_else(|| zones::utc());
        Self { receipt, zone, zone_known: known.is_some(), today: zone.to_datetime(receipt).date() }
    }

    pub(super) fn zone_known(&self) -> bool {
        self.zone_known
    }

    /// Reads a `DDMMM`.
    pub(super) fn date(&self, text: &str, window: Window) -> ReadDate {
        let spaced = text.contains(' ');
        let Some((day, month)) = day_and_month(text) else {
            return ReadDate { date: None, findings: [Some(Finding::DateUnresolvable), None] };
        };
        let date = nearest(day, month, self.today);
        let odd = match date {
            None => Some(Finding::DateUnresolvable),
            Some(date) => window.judge(days_from(self.today, date), i64::from(!self.zone_known)),
        };
        let spaced = spaced.then_some(Finding::DateSpaced);
        ReadDate { date: Some(MessageDate { day, month, date }), findings: [odd, spaced] }
    }

    /// Reads `HHMM` or `HHMMSS` with L or Z, on a day.
    pub(super) fn time(&self, text: &str, date: Date) -> ReadTime {
        let (digits, mark) = match text.as_bytes() {
            [.., b'L' | b'l'] => (&text[..text.len() - 1], Some('L')),
            [.., b'Z' | b'z'] => (&text[..text.len() - 1], Some('Z')),
            _ => (text, None),
        };
        let Some((time, midnight)) = time_of_day(digits) else {
            return ReadTime { time: None, findings: [Some(Finding::TimeUnreadable), None, None] };
        };
        let day = if midnight { date.tomorrow().unwrap_or(date) } else { date };
        let utc = mark == Some('Z');
        if !utc && !self.zone_known {
            return ReadTime { time: None, findings: [Some(Finding::TimeZoneless), None, None] };
        }
        let zone = if utc { zones::utc() } else { self.zone };
        let Some((at, clock)) = self.instant(zone, day.to_datetime(time)) else {
            return ReadTime { time: None, findings: [Some(Finding::TimeUnreadable), None, None] };
        };
        let form = match mark {
            _ if midnight => Some(Finding::TimeMidnight),
            None => Some(Finding::TimeUnmarked),
            Some(_) => None,
        };
        let ahead = at.duration_since(self.receipt);
        let outside = ahead > HOUR || ahead < -(DAY * 3);
        let window = outside.then_some(Finding::DateWindow);
        let shifted = clock == Some(Finding::TimeGap);
        ReadTime { time: Some(EventTime { at, shifted }), findings: [form, clock, window] }
    }

    /// Finds the instant of a local time. A time that the clock skipped moves forward by the gap; of
    /// a time that came twice the one nearest to receipt is meant.
    fn instant(&self, zone: &TimeZone, local: jiff::civil::DateTime) -> Option<(Timestamp, Option<Finding>)> {
        match zone.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } => Some((offset.to_timestamp(local).ok()?, None)),
            AmbiguousOffset::Gap { before, .. } => {
                Some((before.to_timestamp(local).ok()?, Some(Finding::TimeGap)))
            }
            AmbiguousOffset::Fold { before, after } => {
                let (first, second) = (before.to_timestamp(local).ok()?, after.to_timestamp(local).ok()?);
                let distance = |t: Timestamp| t.duration_since(self.receipt).abs();
                let at = if distance(second) < distance(first) { second } else { first };
                Some((at, Some(Finding::TimeOverlap)))
            }
        }
    }
}

impl Window {
    /// Judges how many days from today a day lies, with so many days of room.
    fn judge(self, days: i64, room: i64) -> Option<Finding> {
        let (before, after, far) = match self {
            Self::Outbound => (-3, 7, 30),
            Self::Inbound => (-4, 2, 2),
            Self::Onward => (-1, 10, 10),
            Self::Processing => (-4, 1, 1),
        };
        let (before, after, far) = (before - room, after + room, far + room);
        match days {
            _ if (before..=after).contains(&days) => None,
            _ if days > after && days <= far => Some(Finding::DateFar),
            _ => Some(Finding::DateWindow),
        }
    }
}

/// Returns the date of a day and month nearest to a reference, of its year and the two beside it.
fn nearest(day: u8, month: u8, reference: Date) -> Option<Date> {
    let (day, month) = (i8::try_from(day).ok()?, i8::try_from(month).ok()?);
    let year = reference.year();
    let candidates = [Some(year), year.checked_sub(1), year.checked_add(1)];
    let dates = candidates.into_iter().flatten().filter_map(|year| Date::new(year, month, day).ok());
    dates.min_by_key(|date| days_from(reference, *date).abs())
}

fn days_from(reference: Date, date: Date) -> i64 {
    date.duration_since(reference).as_hours() / 24
}

/// Reads one or two digits and a month's three letters; blanks count for nothing.
fn day_and_month(text: &str) -> Option<(u8, u8)> {
    let mut packed = [0_u8; 5];
    let mut length = 0;
    for byte in text.bytes().filter(|b| *b != b' ') {
        *packed.get_mut(length)? = byte.to_ascii_uppercase();
        length += 1;
    }
    let (day, month) = packed[..length].split_at_checked(length.checked_sub(3)?)?;
    let number = match *day {
        [ones] if ones.is_ascii_digit() => ones - b'0',
        [tens, ones] if tens.is_ascii_digit() && ones.is_ascii_digit() => (tens - b'0') * 10 + ones - b'0',
        _ => return None,
    };
    let month = MONTHS.iter().position(|name| name.as_bytes() == month)?;
    Some((number, u8::try_from(month + 1).ok()?))
}

/// Reads `HHMM` or `HHMMSS`; says whether it is 2400, the end of the day.
pub(super) fn time_of_day(digits: &str) -> Option<(Time, bool)> {
    if !matches!(digits.len(), 4 | 6) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let pair = |at: usize| digits.get(at..at + 2).map_or(Some(0), |pair| pair.parse::<i8>().ok());
    let (hour, minute, second) = (pair(0)?, pair(2)?, pair(4)?);
    if (hour, minute, second) == (24, 0, 0) {
        return Some((Time::midnight(), true));
    }
    Some((Time::new(hour, minute, second, 0).ok()?, false))
}

#[cfg(test)]
mod tests;

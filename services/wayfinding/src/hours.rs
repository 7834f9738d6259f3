//! When something is open: opening hours as maps tell them, by the clocks on the venue's walls.
//!
//! Maps write hours as OpenStreetMap does (`Mo-Fr 08:00-20:00; Sa off`). What airports use of that is read
//! into a week of open spans; the rest, such as public holidays, is kept as text and never guessed: nobody is
//! told then whether it is open, and `map check` says so. A time past midnight belongs to the day on which it
//! begins. A moment knows no time zone, so in the night when clocks are put forward or back an answer may be
//! an hour off.

use std::fmt;
use std::str::FromStr;

use jiff::civil::DateTime;

use crate::words::Language;

mod read;

const DAY_MIN: u32 = 24 * 60;
const WEEK_MIN: u32 = 7 * DAY_MIN;
const MINUTE_MS: u32 = 60_000;
/// What closes within this time closes soon, in milliseconds.
const SOON_MS: u32 = 30 * MINUTE_MS;
/// The longest text of hours that is kept, in letters.
const TEXT_CHARS_MAX: usize = 256;

/// A moment by the clocks of a venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(DateTime);

/// Says that a text is no moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no moment; use the date and time of the venue's clocks, such as 2026-11-22T08:30")]
pub struct NoMoment(pub String);

impl From<DateTime> for Moment {
    fn from(at: DateTime) -> Self {
        Self(at)
    }
}

impl FromStr for Moment {
    type Err = NoMoment;

    fn from_str(text: &str) -> Result<Self, NoMoment> {
        text.parse().map(Self).map_err(|_| NoMoment(text.chars().take(40).collect()))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.strftime("%Y-%m-%dT%H:%M"))
    }
}

impl Moment {
    /// Returns the date and time on the clock.
    pub fn civil(self) -> DateTime {
        self.0
    }

    /// Returns the moment some milliseconds later, or the last there is.
    pub fn after(self, millis: u32) -> Self {
        Self(self.0.saturating_add(jiff::SignedDuration::from_millis(millis.into())))
    }

    /// Returns what the clock shows, such as `08:30`.
    pub fn clock(self) -> String {
        self.0.strftime("%H:%M").to_string()
    }

    /// Returns the clock, with the day where that is not the day of `now`.
    pub fn clock_from(self, now: Self, language: Language) -> String {
        let days = self.0.date().since(now.0.date()).map_or(0, |span| span.get_days());
        let weekday = usize::from(self.0.weekday().to_monday_zero_offset().unsigned_abs());
        match (language, days) {
            (_, 0) => self.clock(),
            (Language::En, 1) => format!("{} tomorrow", self.clock()),
            (Language::ZhCn, 1) => format!("明天{}", self.clock()),
            (Language::En, _) => format!("{} on {}", self.clock(), DAYS_EN[weekday]),
            (Language::ZhCn, _) => format!("周{}{}", DAYS_ZH[weekday], self.clock()),
        }
    }

    /// Returns the milliseconds since Monday began.
    fn of_week_ms(self) -> u32 {
        let day = u32::from(self.0.weekday().to_monday_zero_offset().unsigned_abs());
        let [hour, minute, second] =
            [self.0.hour(), self.0.minute(), self.0.second()].map(|part| u32::from(part.unsigned_abs()));
        let minutes = day * DAY_MIN + hour * 60 + minute;
        minutes * MINUTE_MS + second * 1_000 + u32::from(self.0.millisecond().unsigned_abs())
    }
}

const DAYS_EN: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const DAYS_ZH: [&str; 7] = ["一", "二", "三", "四", "五", "六", "日"];

/// The hours of a shop, a gate, a checkpoint or a way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hours {
    text: String,
    /// The open spans of a week in minutes since Monday began, in order, none touching the next; `None`
    /// where the text is not understood.
    spans: Option<Vec<[u32; 2]>>,
}

/// Whether something is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// It is open.
    Open {
        /// When it closes; `None` where it never does.
        until: Option<Moment>,
    },
    /// It is open, for half an hour at most.
    ClosesSoon {
        /// When it closes.
        at: Moment,
    },
    /// It is closed.
    Closed {
        /// When it opens; `None` where it never does.
        until: Option<Moment>,
    },
}

impl Opening {
    /// Says it as one who looks at the clock now: "Open until 22:30", "营业至22:30".
    pub fn said(self, now: Moment, language: Language) -> String {
        let clock = |at: Moment| at.clock_from(now, language);
        match (self, language) {
            (Self::Open { until: Some(until) }, Language::En) => format!("Open until {}", clock(until)),
            (Self::Open { until: Some(until) }, Language::ZhCn) => format!("营业至{}", clock(until)),
            (Self::Open { until: None }, Language::En) => "Always open".to_owned(),
            (Self::Open { until: None }, Language::ZhCn) => "全天营业".to_owned(),
            (Self::ClosesSoon { at }, Language::En) => format!("Closes soon, at {}", clock(at)),
            (Self::ClosesSoon { at }, Language::ZhCn) => format!("即将打烊，{}关门", clock(at)),
            (Self::Closed { until: Some(until) }, Language::En) => format!("Closed until {}", clock(until)),
            (Self::Closed { until: Some(until) }, Language::ZhCn) => format!("休息中，{}开门", clock(until)),
            (Self::Closed { until: None }, Language::En) => "Closed".to_owned(),
            (Self::Closed { until: None }, Language::ZhCn) => "暂停营业".to_owned(),
        }
    }

    /// Returns the name of the state.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open { .. } => "open",
            Self::ClosesSoon { .. } => "closes_soon",
            Self::Closed { .. } => "closed",
        }
    }
}

impl Hours {
    /// Reads hours; a text that is not understood is kept as it is.
    pub fn read(text: &str) -> Self {
        let text: String = text.trim().chars().filter(|c| !c.is_control()).take(TEXT_CHARS_MAX + 1).collect();
        let fits = text.chars().count() <= TEXT_CHARS_MAX;
        let spans = fits.then(|| read::week(&text)).flatten();
        Self { text: text.chars().take(TEXT_CHARS_MAX).collect(), spans }
    }

    /// Returns the hours as the map writes them.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Tells whether the hours are understood.
    pub fn is_understood(&self) -> bool {
        self.spans.is_some()
    }

    /// Tells whether it is open at a moment, or `None` where the hours are not understood.
    pub fn opening(&self, at: Moment) -> Option<Opening> {
        let spans = self.spans.as_ref()?;
        let now_ms = at.of_week_ms();
        let moment = |millis: u32| at.after(millis);
        Some(match inside(spans, now_ms) {
            Some(None) => Opening::Open { until: None },
            Some(Some(left_ms)) if left_ms <= SOON_MS => Opening::ClosesSoon { at: moment(left_ms) },
            Some(Some(left_ms)) => Opening::Open { until: Some(moment(left_ms)) },
            None => Opening::Closed { until: next(spans, now_ms).map(moment) },
        })
    }

    /// Returns how long one waits at a moment until it is open, in milliseconds, or `None` where it never is.
    /// What is not understood keeps nobody waiting.
    pub(crate) fn wait_ms(&self, at: Moment, later_ms: u32) -> Option<u32> {
        let Some(spans) = &self.spans else { return Some(0) };
        let week_ms = u64::from(WEEK_MIN * MINUTE_MS);
        let now_ms = (u64::from(at.of_week_ms()) + u64::from(later_ms)) % week_ms;
        let now_ms = u32::try_from(now_ms).unwrap_or(0);
        if inside(spans, now_ms).is_some() { Some(0) } else { next(spans, now_ms) }
    }
}

/// Returns how long the span that holds a moment of the week lasts: `Some(None)` for ever.
fn inside(spans: &[[u32; 2]], now_ms: u32) -> Option<Option<u32>> {
    let holds = |[from, to]: &&[u32; 2]| (from * MINUTE_MS..to * MINUTE_MS).contains(&now_ms);
    let [from, to] = *spans.iter().find(holds)?;
    let goes_on = to == WEEK_MIN && spans.first().is_some_and(|[first, _]| *first == 0);
    if goes_on && from == 0 {
        return Some(None);
    }
    let ends_ms = if goes_on { to + spans[0][1] } else { to } * MINUTE_MS;
    Some(Some(ends_ms - now_ms))
}

/// Returns how long it takes from a moment of the week until the next span begins.
fn next(spans: &[[u32; 2]], now_ms: u32) -> Option<u32> {
    let later = spans.iter().map(|[from, _]| from * MINUTE_MS).find(|from_ms| *from_ms > now_ms);
    let again = || spans.first().map(|[from, _]| (from + WEEK_MIN) * MINUTE_MS);
    later.or_else(again).map(|from_ms| from_ms - now_ms)
}

#[cfg(test)]
mod tests;

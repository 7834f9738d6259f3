//! Reads the part of OpenStreetMap's `opening_hours` that airports write.
//!
//! ```text
//! hours = rule { ";" rule }             a later rule takes the place of the days it names
//! rule  = "24/7" | part { "," part }    after a comma, days begin a part that adds to what stands before
//! part  = [days] times | days | [days] "off"
//! days  = day [ "-" day ] { "," ... }   Mo Tu We Th Fr Sa Su; from Fr to Mo is four days
//! times = hh:mm "-" hh:mm { "," ... }   past midnight as 22:00-02:00 or 22:00-26:00
//! ```

use super::{DAY_MIN, WEEK_MIN};

const DAYS: [&str; 7] = ["mo", "tu", "we", "th", "fr", "sa", "su"];

/// A word of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    /// Days of the week, one bit each.
    Days(u8),
    /// Minutes of a day; the second may lie on the next.
    Time([u32; 2]),
    Off,
    Always,
    Comma,
    Semicolon,
}

/// A part of a rule while it is read.
#[derive(Default)]
struct Part {
    days: u8,
    times: Vec<[u32; 2]>,
    off: bool,
    adds: bool,
}

/// Returns the open spans of a week, or `None` where the text says more than is understood.
pub(super) fn week(text: &str) -> Option<Vec<[u32; 2]>> {
    let tokens = tokens(&text.to_ascii_lowercase().replace('–', "-"))?;
    let mut days: [Vec<[u32; 2]>; 7] = Default::default();
    let rules: Vec<_> = tokens.split(|token| *token == Token::Semicolon).collect();
    let last_is_empty = rules.len() > 1 && rules.last().is_some_and(|rule| rule.is_empty());
    for rule in &rules[..rules.len() - usize::from(last_is_empty)] {
        for part in parts(rule)? {
            let whole = vec![[0, DAY_MIN]];
            let times = if part.times.is_empty() && !part.off { &whole } else { &part.times };
            for (_, spans) in days.iter_mut().enumerate().filter(|(day, _)| part.days >> day & 1 == 1) {
                if !part.adds {
                    spans.clear();
                }
                spans.extend(times);
            }
        }
    }
    Some(merged(&days))
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    // Blanks around a dash say nothing; `Mo - Fr` is `Mo-Fr`.
    let mut tight = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for (loose, dash) in [(" -", "-"), ("- ", "-")] {
        tight = tight.replace(loose, dash);
    }
    for word in tight.replace(',', " , ").replace(';', " ; ").split_whitespace() {
        tokens.push(match word {
            "," => Token::Comma,
            ";" => Token::Semicolon,
            "24/7" => Token::Always,
            "off" | "closed" => Token::Off,
            _ => days(word).map(Token::Days).or_else(|| times(word).map(Token::Time))?,
        });
    }
    Some(tokens)
}

fn days(word: &str) -> Option<u8> {
    let day = |name: &str| DAYS.iter().position(|day| *day == name);
    let Some((from, to)) = word.split_once('-') else { return day(word).map(|day| 1 << day) };
    let (from, to) = (day(from)?, day(to)?);
    let count = (to + 7 - from) % 7 + 1;
    Some((0..count).fold(0, |days, n| days | 1 << ((from + n) % 7)))
}

fn times(word: &str) -> Option<[u32; 2]> {
    let (from, to) = word.split_once('-')?;
    let (from, to) = (clock(from)?, clock(to)?);
    let to = if to <= from { to + DAY_MIN } else { to };
    (from < DAY_MIN && to - from <= DAY_MIN).then_some([from, to])
}

/// Reads `hh:mm`, up to 48:00.
fn clock(text: &str) -> Option<u32> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !(1..=2).contains(&hour.len()) || minute.len() != 2 || !digits(hour) || !digits(minute) {
        return None;
    }
    let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
    let minutes = hour * 60 + minute;
    (minute < 60 && minutes <= 2 * DAY_MIN).then_some(minutes)
}

/// Cuts a rule into parts: days, then their times.
fn parts(rule: &[Token]) -> Option<Vec<Part>> {
    if rule == [Token::Always] {
        return Some(vec![Part { days: 0x7F, ..Part::default() }]);
    }
    let mut parts: Vec<Part> = Vec::new();
    // Whether a comma, or the beginning, stands before.
    let mut fresh = true;
    for token in rule {
        let done = parts.last().is_some_and(|part| part.off || !part.times.is_empty());
        match token {
            Token::Comma if fresh => return None,
            Token::Comma => {}
            Token::Days(days) if fresh && (parts.is_empty() || done) => {
                parts.push(Part { days: *days, adds: !parts.is_empty(), ..Part::default() });
            }
            Token::Days(days) if fresh => parts.last_mut()?.days |= days,
            Token::Time(_) | Token::Off if parts.is_empty() => {
                parts.push(Part { days: 0x7F, ..Part::default() });
                say(parts.last_mut()?, *token, true)?;
            }
            Token::Time(_) | Token::Off => say(parts.last_mut()?, *token, fresh)?,
            _ => return None,
        }
        fresh = *token == Token::Comma;
    }
    // To be off adds nothing to what stands before, and a comma leads on to something.
    let sound = !fresh && !parts.iter().any(|part| part.adds && part.off);
    sound.then_some(parts)
}

/// Adds times to a part, or that it is closed.
fn say(part: &mut Part, token: Token, after_comma: bool) -> Option<()> {
    let first = !part.off && part.times.is_empty();
    match token {
        Token::Off if first && !(after_comma && part.days != 0x7F) => part.off = true,
        Token::Time(span) if !part.off && (first || after_comma) => part.times.push(span),
        _ => return None,
    }
    Some(())
}

/// Lays the spans of the days into one week, in order, none touching the next.
fn merged(days: &[Vec<[u32; 2]>; 7]) -> Vec<[u32; 2]> {
    let mut spans = Vec::new();
    for (day, [from, to]) in (0_u32..).zip(days).flat_map(|(day, spans)| spans.iter().map(move |s| (day, *s)))
    {
        let (from, to) = (day * DAY_MIN + from, day * DAY_MIN + to);
        spans.push([from, to.min(WEEK_MIN)]);
        if to > WEEK_MIN {
            spans.push([0, to - WEEK_MIN]);
        }
    }
    spans.sort_unstable();
    let mut merged: Vec<[u32; 2]> = Vec::new();
    for span in spans {
        match merged.last_mut() {
            Some(last) if span[0] <= last[1] => last[1] = last[1].max(span[1]),
            _ => merged.push(span),
        }
    }
    merged
}

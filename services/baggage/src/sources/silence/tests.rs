//! When a source counts as silent.

use airside_kernel::Revision;
use uuid::Uuid;

use super::*;
use crate::sources::events::{Heard, LinkClosed, LinkOpened};

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_795_132_800 + minute * 60).unwrap()
}

fn heard(minute: i64) -> Heard {
    Heard { stream: "source-bhs".into(), revision: Revision(minute.unsigned_abs()), at: at(minute) }
}

fn rule() -> Rule {
    Rule {
        silence: Some(SignedDuration::from_mins(10)),
        expected: Expected::Always,
        listening_since: at(-1_000),
    }
}

/// A source that was heard at a minute.
fn source(minute: i64) -> Source {
    let mut source = Source::default();
    source.received(heard(minute), "link");
    source
}

#[test]
fn a_source_falls_silent_when_its_silence_is_over_and_names_what_was_heard_last() {
    let source = source(0);
    assert_eq!(alarm(&source, rule(), at(9)), None);
    let silent = SourceFellSilent {
        heard: Some(heard(0)),
        waited_from: at(0),
        silence: SignedDuration::from_mins(10),
    };
    assert_eq!(alarm(&source, rule(), at(10)), Some(SourceEvent::FellSilent(silent)));
}

#[test]
fn it_falls_silent_once_and_is_heard_again_once() {
    let mut source = source(0);
    source.apply(alarm(&source, rule(), at(10)).unwrap());
    assert_eq!(alarm(&source, rule(), at(500)), None);
    source.received(heard(501), "link");
    let again = SourceHeardAgain { heard: heard(501), waited_from: at(0) };
    let again = SourceEvent::HeardAgain(again);
    assert_eq!(alarm(&source, rule(), at(501)), Some(again.clone()));
    source.apply(again);
    assert_eq!(alarm(&source, rule(), at(502)), None);
    assert!(matches!(alarm(&source, rule(), at(511)), Some(SourceEvent::FellSilent(_))));
}

#[test]
fn what_comes_while_the_silence_is_written_ends_it() {
    let mut source = source(0);
    let silent = alarm(&source, rule(), at(10)).unwrap();
    source.scanned(heard(11));
    source.apply(silent);
    assert!(matches!(alarm(&source, rule(), at(11)), Some(SourceEvent::HeardAgain(_))));
}

#[test]
fn a_quiet_night_is_no_silence_and_the_morning_begins_anew() {
    let source = source(0);
    let no = Rule { expected: Expected::No, ..rule() };
    assert_eq!(alarm(&source, no, at(300)), None);
    let since = Rule { expected: Expected::Since(at(400)), ..rule() };
    assert_eq!(alarm(&source, since, at(409)), None);
    assert!(matches!(alarm(&source, since, at(410)),
        Some(SourceEvent::FellSilent(silent)) if silent.waited_from == at(400)));
}

#[test]
fn a_server_that_was_stopped_listens_for_a_while_before_it_complains() {
    let started = Rule { listening_since: at(600), ..rule() };
    assert_eq!(alarm(&source(0), started, at(609)), None);
    assert!(alarm(&source(0), started, at(610)).is_some());
}

#[test]
fn a_source_that_was_never_heard_falls_silent_too_and_one_without_a_silence_never() {
    let started = Rule { listening_since: at(0), ..rule() };
    assert!(matches!(alarm(&Source::default(), started, at(10)),
        Some(SourceEvent::FellSilent(silent)) if silent.heard.is_none()));
    let never = Rule { silence: None, ..rule() };
    assert_eq!(alarm(&source(0), never, at(100_000)), None);
}

#[test]
fn an_open_line_is_up_and_says_nothing() {
    let settings = Settings { other_silence: Some(SignedDuration::from_mins(10)), ..Settings::default() };
    let mut source = source(0);
    assert_eq!([9, 11].map(|minute| settings.is_up("bhs", &source, at(minute))), [true, false]);
    let (line, transport) = (Uuid::nil(), String::from("link"));
    source.apply(SourceEvent::Opened(LinkOpened {
        line,
        transport: transport.clone(),
        opened_at: at(0),
        node: String::new(),
    }));
    assert!(settings.is_up("bhs", &source, at(500)));
    assert!(alarm(&source, rule(), at(500)).is_some(), "a line without a word is silent");
    let reason = String::from("the peer closed");
    source.apply(SourceEvent::Closed(LinkClosed { line, transport, reason, closed_at: at(501) }));
    assert!(!settings.is_up("bhs", &source, at(501)));
}

#[test]
fn a_silence_of_its_own_goes_before_that_of_all_and_zero_is_never() {
    let mins = SignedDuration::from_mins;
    let silence = [("dcs".into(), mins(5)), ("bhs".into(), SignedDuration::ZERO)].into();
    let settings = Settings { silence, other_silence: Some(mins(30)), ..Settings::default() };
    let of = |name| settings.silence_of(name);
    assert_eq!([of("dcs"), of("bhs"), of("bms")], [Some(mins(5)), None, Some(mins(30))]);
    assert_eq!(Settings::default().silence_of("dcs"), None);
}

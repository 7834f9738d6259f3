//! What a script holds to.

use std::collections::{BTreeMap, HashSet};

use airside_api::flights::v1::flight_report::Report;

use super::*;
use crate::truth::{Layout, Noise, Plan, Teller, later};

fn airport() -> Airport {
    Airport::grow(&Plan::new(42, "2026-11-20T04:00:00Z".parse().unwrap()))
}

fn script() -> Script {
    Script::write(&airport())
}

fn messages(script: &Script) -> impl Iterator<Item = (&str, MessageQuirk)> {
    script.items.iter().filter_map(|item| match &item.call {
        Call::Message { text, quirk, .. } => Some((text.as_str(), *quirk)),
        _ => None,
    })
}

fn scans(script: &Script) -> impl Iterator<Item = (Timestamp, &Scan, ScanQuirk)> {
    script.items.iter().filter_map(|item| match &item.call {
        Call::Scan { scan, quirk, .. } => Some((item.at, scan, *quirk)),
        _ => None,
    })
}

#[test]
fn the_same_airport_gives_the_same_script() {
    assert_eq!(script(), script());
}

#[test]
fn calls_are_in_order_of_time_and_lie_around_the_anchor() {
    let (airport, script) = (airport(), script());
    assert!(script.items.is_sorted_by_key(|item| item.at));
    let (first, last) = script.span().unwrap();
    let minutes = |at: Timestamp| at.duration_since(airport.plan.anchor).as_secs() / 60;
    assert!(minutes(first) >= -175, "{}", minutes(first));
    assert!(minutes(last) <= 75, "{}", minutes(last));
    for (_, scan, _) in scans(&script) {
        let seen = off_the_wire(scan.observed_at.as_ref().unwrap()).unwrap();
        assert!(minutes(seen) < 55, "readers do not see what is far in the future");
    }
}

#[test]
fn source_messages_have_the_shape_of_rp_1745() {
    let script = script();
    let mut seen = 0;
    for (text, quirk) in messages(&script).filter(|(text, _)| text.contains("BSM")) {
        if quirk == MessageQuirk::Malformed {
            continue;
        }
        seen += 1;
        let text = text.replace('\r', "");
        let body = text.split_once("BSM\n").map(|(_, body)| body).unwrap();
        let body = body.strip_prefix("CHG\n").or_else(|| body.strip_prefix("DEL\n")).unwrap_or(body);
        let mut lines = body.trim_end_matches('\u{3}').lines();
        assert!(lines.next().unwrap().starts_with(".V/1"));
        let flight: Vec<&str> = lines.next().unwrap().split('/').collect();
        assert!(flight[0] == ".F" || flight[0] == ".I", "{flight:?}");
        assert!(flight[2].len() == 5 && flight[2].ends_with("NOV"), "{flight:?}");
        let tag = lines.next().unwrap().strip_prefix(".N/").unwrap();
        assert!(tag.len() == 13 && tag.bytes().all(|digit| digit.is_ascii_digit()), "{tag}");
        let rest: Vec<&str> = lines.collect();
        assert!(rest.iter().any(|line| line.starts_with(".P/1")));
        assert!(rest.iter().any(|line| line.starts_with(".L/") && line.len() == 9));
        assert_eq!(rest.last(), Some(&"ENDBSM"));
        assert!(rest.iter().all(|line| line.len() <= 69));
    }
    assert!(seen > 200, "{seen}");
}

#[test]
fn processed_messages_have_the_shape_of_rp_1745() {
    let script = script();
    let texts = || messages(&script).map(|(text, _)| text).filter(|text| text.starts_with("BPM\n"));
    assert!(texts().count() > 50);
    for text in texts() {
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1], ".V/1LSZX");
        let read: Vec<&str> = lines[2].split('/').collect();
        assert_eq!((read[0], read[5].len(), &read[5][6..]), (".J", 7, "L"));
        assert!(lines.iter().any(|line| line.starts_with(".N/") && line.len() == 16));
        assert_eq!(lines.last(), Some(&"ENDBPM"));
    }
    assert!(texts().any(|text| text.contains(".U/H4/FWD")));
}

#[test]
fn an_envelope_holds_the_message_between_its_control_characters() {
    let text = telex::enveloped("BSM\nENDBSM\n", "2026-11-20T14:30:00Z".parse().unwrap());
    assert_eq!(text, "\u{1}QU SZXKBZH SZXBSXH\r\n.PEKRMZH 201430\r\n\u{2}BSM\r\nENDBSM\r\n\u{3}");
}

#[test]
fn scans_of_a_bag_come_in_the_order_of_its_way_unless_marked_late() {
    let (airport, script) = (airport(), script());
    let mut told: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
    for (_, scan, quirk) in scans(&script) {
        if quirk == ScanQuirk::Plain {
            told.entry(&scan.plate).or_default().push(scan.point);
        }
    }
    for bag in &airport.bags {
        let mut way = bag.way.iter().map(|step| step.point as i32);
        let told = told.remove(bag.plate.as_str()).unwrap_or_default();
        assert!(told.iter().all(|point| way.any(|step| step == *point)), "{} {told:?}", bag.plate);
    }
    assert!(told.is_empty(), "scans of bags that do not exist: {told:?}");
}

#[test]
fn quirks_are_there_and_are_what_they_say() {
    let script = script();
    let count = |wanted| scans(&script).filter(|(_, _, quirk)| *quirk == wanted).count();
    assert!(count(ScanQuirk::Late) > 0 && count(ScanQuirk::Duplicate) > 0 && count(ScanQuirk::NoRead) > 0);
    let mut ids = HashSet::new();
    for (at, scan, quirk) in scans(&script) {
        let fresh = ids.insert(scan.scan_id.clone());
        assert_eq!(fresh, quirk != ScanQuirk::Duplicate, "{}", scan.scan_id);
        assert_eq!(scan.plate == "0000000000", quirk == ScanQuirk::NoRead);
        let seen = off_the_wire(scan.observed_at.as_ref().unwrap()).unwrap();
        let waited_s = at.duration_since(seen).as_secs();
        assert!(quirk != ScanQuirk::Late || waited_s > 30 * 60);
        assert!((1..=64).contains(&scan.scan_id.len()));
    }
    let malformed = messages(&script).filter(|(_, quirk)| *quirk == MessageQuirk::Malformed).count();
    let enveloped = messages(&script).filter(|(_, quirk)| *quirk == MessageQuirk::Enveloped).count();
    assert!(malformed >= 4 && enveloped >= 4, "{malformed} {enveloped}");
}

#[test]
fn no_flight_is_reported_before_its_schedule() {
    let script = script();
    let mut known = HashSet::new();
    for item in &script.items {
        if let Call::Flight(report) = &item.call {
            let schedule = matches!(report.report, Some(Report::Schedule(_)));
            assert!(schedule || known.contains(&report.flight), "{report:?}");
            known.insert(report.flight.clone());
        }
    }
}

#[test]
fn passengers_follow_a_bag_only_after_it_was_announced() {
    let (airport, script) = (airport(), script());
    let mut announced = HashSet::new();
    for item in &script.items {
        match &item.call {
            Call::Message { text, quirk, .. } if *quirk != MessageQuirk::Malformed => {
                if let Some((_, tag)) = text.split_once(".N/") {
                    announced.insert(tag[..10].to_owned());
                }
            }
            Call::Passenger { passenger, act: Act::FollowBag { .. } } => {
                let first = airport.passengers[*passenger].bags[0];
                assert!(announced.contains(&airport.bags[first].plate));
            }
            _ => {}
        }
    }
}

#[test]
fn who_does_not_board_is_not_read_at_the_gate() {
    let (airport, script) = (airport(), script());
    for item in &script.items {
        if let Call::Gate { read, passenger } = &item.call {
            let passenger = &airport.passengers[*passenger];
            let gate = read.point == airside_api::flights::v1::PassagePoint::Gate as i32;
            assert!(!gate || passenger.boards(&airport.flights[passenger.flight]));
        }
    }
}

fn day() -> Airport {
    Airport::grow(&Plan {
        departures: 24,
        arrivals: 16,
        connecting: 0.3,
        layout: Layout::Day(SignedDuration::from_hours(12)),
        noise: Noise::default(),
        ..Plan::new(42, "2026-11-20T14:00:00Z".parse().unwrap())
    })
}

#[test]
fn nothing_of_a_day_is_said_of_the_future() {
    let (airport, ends_at) = (day(), day().plan.anchor);
    let script = Script::write(&airport);
    for (_, scan, _) in scans(&script) {
        let seen = off_the_wire(scan.observed_at.as_ref().unwrap()).unwrap();
        assert!(seen <= later(ends_at, airport.plan.noise.skew_s), "{scan:?}");
    }
    for item in &script.items {
        let is_late = matches!(item.call, Call::Scan { .. } | Call::Message { tells: Some(_), .. });
        assert!(is_late || item.at <= ends_at, "{item:?}");
    }
}

#[test]
fn a_day_cut_into_pieces_is_the_same_day() {
    let script = Script::write(&day());
    let whole = script.items.clone();
    let pieces = script.cut(SignedDuration::from_mins(5));
    assert!(pieces.len() > 100, "{}", pieces.len());
    for piece in &pieces {
        let (first, last) = piece.span().unwrap();
        assert!(last.duration_since(first) < SignedDuration::from_mins(5));
    }
    assert_eq!(pieces.into_iter().flat_map(|piece| piece.items).collect::<Vec<_>>(), whole);
}

#[test]
fn a_day_has_its_own_noise() {
    let airport = day();
    let script = Script::write(&airport);
    let quirks = |wanted| scans(&script).filter(|(_, _, quirk)| *quirk == wanted).count();
    let unread = airport.bags.iter().flat_map(|bag| &bag.way).filter(|step| step.told_by == Teller::Nobody);
    assert_eq!(quirks(ScanQuirk::NoRead), unread.count());
    assert!(quirks(ScanQuirk::Former) > 0 && quirks(ScanQuirk::Duplicate) > 0);
    let texts = || messages(&script).map(|(text, _)| text);
    assert!(texts().any(|text| text.contains(".V/1TSZX") && text.contains(".I/")));
    assert!(texts().any(|text| text.starts_with("BUM\n")));
    assert!(texts().any(|text| text.contains(".E/RUSH")));
}

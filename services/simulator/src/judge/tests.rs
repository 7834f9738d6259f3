//! What the judge holds to.

use std::collections::BTreeMap;

use airside_api::baggage::v1::TrackingPoint;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::*;
use crate::player::ledger::Told;
use crate::truth::{Announcement, Bag, Layout, NewTag, Noise, Plan};

fn airport() -> Airport {
    let anchor: Timestamp = "2026-11-20T14:00:00Z".parse().unwrap();
    Airport::grow(&Plan {
        layout: Layout::Day(SignedDuration::from_hours(10)),
        noise: Noise::default().times(0.0),
        connecting: 0.25,
        ..Plan::new(5, anchor)
    })
}

const TERMS: Terms = Terms { window: Duration::from_secs(30), turn: Duration::ZERO, forecasts: true };

/// A bag that flies, with a passenger who follows it.
struct Case {
    airport: Airport,
    bag: usize,
    began: Instant,
    book: Book,
}

impl Case {
    fn new() -> Self {
        let airport = airport();
        let loaded = |bag: &Bag| bag.way.last().is_some_and(|step| step.point == TrackingPoint::AircraftLoad);
        let alone = |bag: &Bag| airport.passengers[bag.passenger].bags.len() == 1;
        let bag = airport.bags.iter().position(|bag| loaded(bag) && alone(bag)).unwrap();
        let (began, mut book) = (Instant::now(), Book::default());
        book.followed.insert((airport.bags[bag].passenger, airport.bags[bag].plate.clone()), began);
        Self { airport, bag, began, book }
    }

    fn bag(&self) -> &Bag {
        &self.airport.bags[self.bag]
    }

    fn told(mut self, point: TrackingPoint, after_s: u64) -> Self {
        let told = Told::Bag { bag: self.bag, point };
        self.book.told.insert(told, self.began + Duration::from_secs(after_s));
        self
    }

    fn notice(&self, kind: NoticeKind, after_s: u64) -> Shown {
        let bag = self.bag();
        let last = bag.way.last().unwrap();
        let parameters = BTreeMap::from([
            ("plate".to_owned(), bag.plate.clone()),
            ("flight".to_owned(), self.airport.flights[last.flight].id.clone()),
            ("belt".to_owned(), "1".to_owned()),
        ]);
        Shown {
            seq: 1,
            kind,
            parameters,
            text: String::new(),
            airport_at: last.at,
            caused_at: None,
            waited: Duration::ZERO,
            shown_at: self.began + Duration::from_secs(after_s),
            live: true,
        }
    }

    fn judge_for(&self, passenger: usize, notices: &[Shown]) -> Verdict {
        judge(&self.airport, [(passenger, notices)].into_iter(), &self.book, TERMS)
    }

    fn check(&self, notices: &[Shown], [wrong, missing, late, duplicates]: [u64; 4]) {
        let verdict = self.judge_for(self.bag().passenger, notices);
        let found = [verdict.wrong, verdict.missing, verdict.late, verdict.duplicates];
        assert_eq!(
            (found, verdict.wrong_person),
            ([wrong, missing, late, duplicates], 0),
            "{:?}",
            verdict.cases
        );
        assert_eq!(verdict.cases.len() as u64, wrong + missing + late + duplicates);
    }
}

#[test]
fn a_notice_of_what_is_so_is_true_and_in_time() {
    let case = Case::new().told(TrackingPoint::AircraftLoad, 10);
    case.check(&[case.notice(NoticeKind::BagLoaded, 11)], [0, 0, 0, 0]);
}

#[test]
fn what_was_told_to_the_server_and_to_nobody_else_is_missing() {
    let case = Case::new().told(TrackingPoint::AircraftLoad, 10);
    case.check(&[], [0, 1, 0, 0]);
}

#[test]
fn nothing_is_owed_of_what_the_server_was_never_told() {
    Case::new().check(&[], [0, 0, 0, 0]);
}

#[test]
fn nothing_is_owed_of_what_was_told_before_the_passenger_followed() {
    let mut case = Case::new().told(TrackingPoint::AircraftLoad, 10);
    let key = (case.bag().passenger, case.bag().plate.clone());
    case.book.followed.insert(key, case.began + Duration::from_secs(20));
    case.check(&[], [0, 0, 0, 0]);
}

#[test]
fn a_notice_of_what_never_was_is_wrong() {
    let case = Case::new();
    case.check(&[case.notice(NoticeKind::BagOnBelt, 1)], [1, 0, 0, 0]);
    let mut other = case.notice(NoticeKind::BagLoaded, 1);
    other.parameters.insert("flight".to_owned(), "ZH1-20261120".to_owned());
    case.check(&[other], [1, 0, 0, 0]);
}

#[test]
fn a_notice_long_after_the_server_was_told_is_late() {
    let case = Case::new().told(TrackingPoint::AircraftLoad, 10);
    case.check(&[case.notice(NoticeKind::BagLoaded, 17)], [0, 0, 1, 0]);
    let waited = Shown { live: false, ..case.notice(NoticeKind::BagLoaded, 17) };
    case.check(&[waited], [0, 0, 0, 0]);
}

#[test]
fn the_same_said_twice_is_a_duplicate() {
    let case = Case::new().told(TrackingPoint::AircraftLoad, 10);
    let notice = case.notice(NoticeKind::BagLoaded, 11);
    case.check(&[notice.clone(), notice], [0, 0, 0, 1]);
}

#[test]
fn a_notice_of_a_strangers_bag_or_flight_is_to_the_wrong_person() {
    let case = Case::new();
    let stranger = case.airport.passengers.len() - 1;
    assert_ne!(stranger, case.bag().passenger);
    let mut notice = case.notice(NoticeKind::BagLoaded, 1);
    assert_eq!(case.judge_for(stranger, std::slice::from_ref(&notice)).wrong_person, 1);
    notice.parameters.remove("plate");
    notice.kind = NoticeKind::Boarding;
    assert_eq!(case.judge_for(stranger, &[notice]).wrong_person, 1);
}

#[test]
fn what_a_newer_word_makes_old_is_not_owed() {
    let mut case = Case::new().told(TrackingPoint::AircraftLoad, 10).told(TrackingPoint::Offload, 11);
    let mut off = case.bag().way.last().unwrap().clone();
    off.point = TrackingPoint::Offload;
    case.airport.bags[case.bag].way.push(off);
    case.airport.passengers[case.airport.bags[case.bag].passenger].announcement = Announcement::NoShow;
    case.check(&[case.notice(NoticeKind::BagOffloaded, 12)], [0, 0, 0, 0]);
}

#[test]
fn what_is_wrong_of_a_bag_that_nobody_can_know_is_wrong_and_said_beside_it() {
    let mut case = Case::new();
    case.airport.bags[case.bag].way.last_mut().unwrap().told_by = crate::truth::Teller::Nobody;
    let verdict = case.judge_for(case.bag().passenger, &[case.notice(NoticeKind::BagOnBelt, 1)]);
    assert_eq!((verdict.wrong, verdict.beyond_knowing), (1, 1));
}

#[test]
fn what_is_so_of_another_bag_of_the_same_plate_only_is_said_to_the_wrong_person() {
    let mut case = Case::new();
    let passenger = case.bag().passenger;
    let twin = case.airport.bags.iter().position(|bag| {
        let lies_on = bag.way.last().is_some_and(|step| step.point == TrackingPoint::ReclaimBelt);
        lies_on && bag.passenger != passenger
    });
    let twin = twin.unwrap();
    let belt = case.airport.bags[twin].way.last().unwrap().location.clone();
    let mut notice = case.notice(NoticeKind::BagOnBelt, 1);
    notice.parameters.insert("belt".to_owned(), belt);
    case.check(std::slice::from_ref(&notice), [1, 0, 0, 0]);
    case.airport.bags[twin].plate = case.bag().plate.clone();
    case.airport.bags[twin].has_twin = true;
    case.airport.bags[case.bag].has_twin = true;
    let verdict = case.judge_for(passenger, &[notice]);
    assert_eq!((verdict.wrong, verdict.wrong_person), (0, 1));
}

#[test]
fn a_notice_under_the_new_tag_of_a_bag_is_of_that_bag() {
    let mut case = Case::new().told(TrackingPoint::AircraftLoad, 10);
    let (flight, at) = (case.bag().flight, case.bag().way[0].at);
    let (plate, kind) = ("9000000001".to_owned(), airside_api::baggage::v1::LinkKind::Retag);
    case.airport.bags[case.bag].new_tag = Some(NewTag { plate, flight, at, kind });
    let mut notice = case.notice(NoticeKind::BagLoaded, 11);
    case.check(std::slice::from_ref(&notice), [0, 0, 0, 0]);
    notice.parameters.insert("plate".to_owned(), "9000000001".to_owned());
    case.check(std::slice::from_ref(&notice), [0, 0, 0, 0]);
}

#[test]
fn who_has_boarded_is_owed_no_call() {
    let mut case = Case::new();
    let passenger = case.bag().passenger;
    let flight = case.airport.flights[case.airport.passengers[passenger].flight].id.clone();
    let final_call = Told::Flight(flight.clone(), crate::player::ledger::FlightWord::FinalCall);
    case.book.followed.insert((passenger, flight), case.began);
    case.book.told.insert(final_call, case.began + Duration::from_secs(60));
    case.check(&[], [0, 1, 0, 0]);
    case.book.boarded.insert(passenger, case.began + Duration::from_secs(30));
    case.check(&[], [0, 0, 0, 0]);
}

#[test]
fn a_wrong_notice_that_is_taken_back_is_corrected() {
    let mut case = Case::new().told(TrackingPoint::AircraftLoad, 10);
    let left = case.notice(NoticeKind::BagLeftBehind, 9);
    case.check(std::slice::from_ref(&left), [1, 1, 0, 0]);
    let mut corrected = case.notice(NoticeKind::BagCorrected, 11);
    corrected.parameters.insert("corrects".to_owned(), "BAG_LEFT_BEHIND".to_owned());
    case.check(&[left.clone(), corrected.clone()], [0, 0, 0, 0]);
    // And the reverse: it stayed behind, so the correction is what is wrong.
    let bag = case.bag;
    let flight = case.airport.bags[bag].way.pop().unwrap().flight;
    let left_at = case.airport.flights[flight].departure();
    case.airport.bags[bag].left_by.push((flight, left_at));
    case.check(&[left, corrected], [1, 0, 0, 0]);
}

#[test]
fn one_notice_of_several_bags_speaks_of_each_of_them() {
    let case = Case::new().told(TrackingPoint::AircraftLoad, 10);
    let mut notice = case.notice(NoticeKind::BagLoaded, 11);
    notice.parameters.insert("plates".to_owned(), format!("{},{}", case.bag().plate, "0000000001"));
    let verdict = case.judge_for(case.bag().passenger, &[notice]);
    assert_eq!((verdict.missing, verdict.wrong_person), (0, 1), "the second bag is a stranger's");
}

#[test]
fn who_follows_a_bag_that_its_flight_left_behind_is_told_so() {
    let mut case = Case::new();
    let (bag, passenger) = (case.bag, case.bag().passenger);
    let flight = case.airport.bags[bag].way.pop().unwrap().flight;
    let left_at = case.airport.flights[flight].departure();
    case.airport.bags[bag].left_by.push((flight, left_at));
    let departed =
        Told::Flight(case.airport.flights[flight].id.clone(), crate::player::ledger::FlightWord::Departed);
    case.book.told.insert(departed, case.began + Duration::from_secs(10));
    case.check(&[], [0, 1, 0, 0]);
    let mut left = case.notice(NoticeKind::BagLeftBehind, 11);
    left.parameters.insert("flight".to_owned(), case.airport.flights[flight].id.clone());
    assert_eq!(case.judge_for(passenger, &[left]).missing, 0);
}

#[test]
fn a_forecast_is_judged_only_by_the_servers_own_clock() {
    let case = Case::new();
    let missed = case.notice(NoticeKind::BagConnectionMissed, 1);
    case.check(std::slice::from_ref(&missed), [1, 0, 0, 0]);
    let shown = [missed];
    let passenger = case.bag().passenger;
    let past = Terms { forecasts: false, ..TERMS };
    let verdict = judge(&case.airport, [(passenger, &shown[..])].into_iter(), &case.book, past);
    assert_eq!((verdict.notices, verdict.wrong), (1, 0));
}

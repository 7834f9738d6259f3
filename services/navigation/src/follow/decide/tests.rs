//! What is said of a way, and what is no news.

use airside_kernel::{Personal, Revision, SubjectId, testing::given};
use jiff::SignedDuration;

use super::*;
use crate::follow::model::{Certainty, Goal, Times};

const MINE: Uuid = Uuid::from_u128(1);
const OTHER: Uuid = Uuid::from_u128(2);

fn at(minutes: i64) -> Timestamp {
    let begin: Timestamp = "2026-11-20T06:00:00Z".parse().unwrap();
    begin + SignedDuration::from_mins(minutes)
}

fn followed(id: Uuid) -> WayEvent {
    WayEvent::Followed(Arc::new(Followed {
        subject: SubjectId::new("somebody"),
        id,
        venue: "testville".parse().unwrap(),
        question: Personal::Erased,
        goal: Goal::Gate("CZ3101-20261120".to_owned()),
        until: at(120),
    }))
}

fn cause(revision: u64) -> Cause {
    let (reactor, stream) = ("navigation.ways".to_owned(), "venue-testville".to_owned());
    Cause { reactor, stream, revision: Revision(revision), index: 0 }
}

fn taking(walking_s: u32, leave_by: Option<Timestamp>) -> Advice {
    let certainty = Certainty::Estimated;
    Advice { times: Some(Times { walking_s, waiting_s: 60, at_security: true, certainty }), leave_by }
}

const NONE: Advice = Advice { times: None, leave_by: None };

fn judge(id: Uuid, advice: Advice, is_broken: bool, revision: u64) -> WayCommand {
    WayCommand::Judge { id, advice, is_broken, cause: cause(revision), at: at(1) }
}

fn advised(advice: Advice, revision: u64) -> WayEvent {
    WayEvent::Advised { id: MINE, advice, cause: cause(revision) }
}

fn broken(advice: Advice, revision: u64) -> WayEvent {
    WayEvent::Broken { id: MINE, advice, cause: cause(revision) }
}

#[test]
fn how_long_a_way_takes_is_said_once_and_again_when_it_is_notably_another() {
    let first = taking(600, None);
    given::<Way>([followed(MINE)]).when(judge(MINE, first, false, 1)).then([advised(first, 1)]);
    let known = || given::<Way>([followed(MINE), advised(first, 1)]);
    known().when(judge(MINE, taking(719, None), false, 2)).then([]);
    for news in [taking(720, None), taking(480, None), taking(600, Some(at(30)))] {
        known().when(judge(MINE, news, false, 2)).then([advised(news, 2)]);
    }
    let leaves = [followed(MINE), advised(taking(600, Some(at(30))), 1)];
    let moved = |minutes| judge(MINE, taking(600, Some(at(minutes))), false, 2);
    given::<Way>(leaves.clone()).when(moved(31)).then([]);
    given::<Way>(leaves).when(moved(32)).then([advised(taking(600, Some(at(32))), 2)]);
}

#[test]
fn a_way_that_cannot_be_walked_yet_is_not_advised() {
    given::<Way>([followed(MINE)]).when(judge(MINE, NONE, false, 1)).then([]);
}

#[test]
fn a_broken_way_is_said_whatever_the_other_takes_and_one_that_opens_again_is_advised() {
    let first = taking(600, None);
    given::<Way>([followed(MINE), advised(first, 1)])
        .when(judge(MINE, taking(610, None), true, 2))
        .then([broken(taking(610, None), 2)]);
    given::<Way>([followed(MINE), advised(first, 1)])
        .when(judge(MINE, NONE, true, 2))
        .then([broken(NONE, 2)]);
    given::<Way>([followed(MINE), advised(first, 1), broken(NONE, 2)])
        .when(judge(MINE, first, false, 3))
        .then([advised(first, 3)]);
}

#[test]
fn a_cause_that_was_judged_says_nothing_again() {
    let facts = [followed(MINE), broken(NONE, 2)];
    given::<Way>(facts.clone()).when(judge(MINE, NONE, true, 2)).then([]);
    given::<Way>(facts).when(judge(MINE, NONE, true, 3)).then([broken(NONE, 3)]);
}

#[test]
fn what_is_judged_of_a_way_that_is_not_followed_says_nothing() {
    let news = taking(600, None);
    given::<Way>([]).when(judge(MINE, news, false, 1)).then([]);
    given::<Way>([followed(MINE), followed(OTHER)]).when(judge(MINE, news, true, 1)).then([]);
    given::<Way>([followed(MINE), WayEvent::Left { id: MINE }]).when(judge(MINE, news, true, 1)).then([]);
    let late = WayCommand::Judge { id: MINE, advice: news, is_broken: true, cause: cause(1), at: at(120) };
    given::<Way>([followed(MINE)]).when(late).then([]);
}

#[test]
fn leaving_ends_the_way_once() {
    given::<Way>([followed(MINE)]).when(WayCommand::Leave).then([WayEvent::Left { id: MINE }]);
    given::<Way>([followed(MINE), WayEvent::Left { id: MINE }]).when(WayCommand::Leave).then([]);
    given::<Way>([]).when(WayCommand::Leave).then([]);
}

#[test]
fn a_stream_folds_from_the_way_that_is_followed() {
    let news = advised(taking(600, None), 1);
    let facts = [followed(OTHER), news.clone(), followed(MINE), news];
    let state = facts.iter().fold(WayState::default(), Way::evolve);
    assert_eq!(Way::forgets(&state, 4), 2);
    let over = Way::evolve(state, &WayEvent::Left { id: MINE });
    assert_eq!(Way::forgets(&over, 5), 5);
}

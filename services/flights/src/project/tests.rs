//! What the board shows, and in which order.

use airside_kernel::DecodeError;

use super::*;
use crate::{
    events::{What, tests::recorded},
    model::{Leg, Origin, Schedule},
};

fn happened(board: &mut Board, flight: &str, what: What) {
    let fact = Fact { origin: Origin { source: "aodb".into(), report_id: "1".into() }, what };
    let event = recorded(&format!("flight-{flight}"), fact.event_type(), &fact.encode());
    board.apply(&event).unwrap();
}

fn scheduled(board: &mut Board, flight: &str, to: &str, hour: i64) {
    let at = |hour: i64| Timestamp::from_second(1_795_132_800 + hour * 3_600).unwrap();
    let leg = Leg {
        origin: "SZX".parse().unwrap(),
        destination: to.parse().unwrap(),
        scheduled_departure: at(hour),
        scheduled_arrival: at(hour + 2),
    };
    happened(board, flight, What::FlightScheduled(Schedule::new(vec![leg], Vec::new()).unwrap()));
}

fn ids(page: &BoardPage) -> Vec<&str> {
    page.flights.iter().map(|(id, _)| id.as_str()).collect()
}

fn board() -> Board {
    let mut board = Board::default();
    scheduled(&mut board, "ZH3-20261120", "PEK", 3);
    scheduled(&mut board, "ZH1-20261120", "PEK", 1);
    scheduled(&mut board, "ZH2-20261120", "NRT", 2);
    board
}

#[test]
fn flights_are_listed_by_departure_and_a_token_continues_the_list() {
    let board = board();
    let first = board.page(None, None, 2);
    assert_eq!(ids(&first), ["ZH1-20261120", "ZH2-20261120"]);
    let token: Place = first.next.unwrap().to_string().parse().unwrap();
    let second = board.page(None, Some(&token), 2);
    assert_eq!((ids(&second), second.next.is_none()), (vec!["ZH3-20261120"], true));
}

#[test]
fn a_full_last_page_has_no_next() {
    assert_eq!(board().page(None, None, 3).next, None);
}

#[test]
fn a_list_can_be_of_one_airport() {
    let board = board();
    assert_eq!(ids(&board.page("NRT".parse().ok(), None, 9)), ["ZH2-20261120"]);
    assert_eq!(ids(&board.page("SZX".parse().ok(), None, 9)).len(), 3);
    assert_eq!(board.page("PEK".parse().ok(), None, 1).next.unwrap().flight.as_str(), "ZH1-20261120");
}

#[test]
fn a_new_schedule_moves_the_flight_and_leaves_no_second_one() {
    let mut board = board();
    scheduled(&mut board, "ZH1-20261120", "PEK", 9);
    assert_eq!(ids(&board.page(None, None, 9)), ["ZH2-20261120", "ZH3-20261120", "ZH1-20261120"]);
}

#[test]
fn a_flight_without_a_schedule_stands_on_its_day() {
    let mut board = board();
    happened(&mut board, "ZH9-20261120", What::BoardingStarted);
    happened(&mut board, "ZH8-20261122", What::BoardingStarted);
    let page = board.page(None, None, 9);
    assert_eq!(ids(&page).first(), Some(&"ZH9-20261120"));
    assert_eq!(ids(&page).last(), Some(&"ZH8-20261122"));
}

#[test]
fn a_forged_token_is_refused() {
    for token in
        ["", "x", "1", "1.", "1.ZH1", "999999999999999999999999999999.ZH1-20261120", "1.ZH1-20261131"]
    {
        assert!(token.parse::<Place>().is_err(), "{token}");
    }
}

#[test]
fn a_fact_of_a_newer_program_is_reported_and_not_skipped() {
    let event = recorded("flight-ZH1-20261120", "flights.GateClosed", &[]);
    assert!(matches!(board().apply(&event), Err(DecodeError::UnknownType { .. })));
}

#[test]
fn a_board_that_was_kept_answers_as_before_and_goes_on() {
    let mut board = board();
    let gate = "A3".parse().unwrap();
    happened(&mut board, "ZH1-20261120", What::GateAssigned { gate, previous: None });
    let schedule = Schedule::new(
        board.page(None, None, 1).flights[0].1.schedule.legs.clone(),
        vec!["CA9".parse().unwrap()],
    );
    happened(&mut board, "ZH9-20261120", What::FlightScheduled(schedule.unwrap()));
    happened(&mut board, "ZH8-20261120", What::FlightDelayed { estimated_departure: Timestamp::MAX });
    let bytes = postcard::to_stdvec(&board.image()).unwrap();
    let mut restored = Board::default();
    restored.restore(postcard::from_bytes(&bytes).unwrap());
    assert_eq!(restored.page(None, None, 9), board.page(None, None, 9));
    for board in [&mut board, &mut restored] {
        happened(board, "ZH1-20261120", What::FlightCancelled);
        scheduled(board, "ZH2-20261120", "NRT", 7);
    }
    assert_eq!(restored.page(None, None, 9), board.page(None, None, 9));
    assert_eq!(restored.order, board.order);
}

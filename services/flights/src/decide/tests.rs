//! The rules of flights, one test each, and what must hold for any reports.

use airside_kernel::{Personal, SubjectId, given};
use proptest::prelude::*;

use super::*;
use crate::model::{Leg, PassagePoint};

fn origin(report_id: &str) -> Origin {
    Origin { source: "aodb".into(), report_id: report_id.into() }
}

fn at(hour: i64) -> Timestamp {
    Timestamp::from_second(1_795_132_800 + hour * 3_600).unwrap()
}

fn sign(text: &str) -> Sign {
    text.parse().unwrap()
}

fn schedule(hour: i64) -> Schedule {
    let leg = Leg {
        origin: "SZX".parse().unwrap(),
        destination: "PEK".parse().unwrap(),
        scheduled_departure: at(hour),
        scheduled_arrival: at(hour + 3),
    };
    Schedule::new(vec![leg], vec!["CA3101".parse().unwrap()]).unwrap()
}

fn report(report_id: &str, report: Report) -> Record {
    Record { origin: origin(report_id), report }
}

fn fact(report_id: &str, what: What) -> Fact {
    Fact { origin: origin(report_id), what }
}

fn gate(report_id: &str, gate: &str, previous: Option<&str>) -> Fact {
    fact(report_id, What::GateAssigned { gate: sign(gate), previous: previous.map(sign) })
}

fn read(subject: &str) -> Read {
    Read {
        point: PassagePoint::Gate,
        subject: SubjectId::new(subject),
        passenger_name: Personal::Known("ZHANG/SAN".to_owned()),
        record_locator: Personal::Known("ABC123".to_owned()),
    }
}

const GONE: Rejection = Rejection::Contradicts("the flight has departed: correct the report");
const DOWN: Rejection = Rejection::Contradicts("the flight has landed: correct the report");
const OFF: Rejection = Rejection::Contradicts("the flight is cancelled: send its schedule to revive it");

fn check(history: impl IntoIterator<Item = Fact>, command: Report) -> Result<Vec<What>, Rejection> {
    let state = given::<FlightRules>(history).state();
    FlightRules::decide(&state, report("new", command))
        .map(|facts| facts.into_iter().map(|fact| fact.what).collect())
}

#[test]
fn a_report_counts_once_by_its_source_and_id() {
    let history = [fact("1", What::BoardingStarted)];
    given::<FlightRules>(history.clone()).when(report("1", Report::Departed)).rejects(&Rejection::Known);
    let other =
        Record { origin: Origin { source: "gates.t3".into(), ..origin("1") }, report: Report::Departed };
    let expected = Fact { origin: other.origin.clone(), what: What::FlightDeparted };
    given::<FlightRules>(history).when(other).then([expected]);
}

#[test]
fn a_report_about_a_flight_without_a_schedule_is_taken() {
    given::<FlightRules>([]).when(report("1", Report::Gate(sign("A3")))).then([gate("1", "A3", None)]);
}

#[test]
fn a_looping_gate_reader_never_keeps_out_the_flight_database() {
    let reads = (0..MAX_READS).map(|n| fact(&format!("r{n}"), What::PassengerRead(read("a"))));
    let full = given::<FlightRules>(reads).state();
    let decide = |state: &State, said| FlightRules::decide(state, report("new", said));
    assert_eq!(decide(&full, Report::Passenger(read("a"))), Err(Rejection::TooManyReads));
    for said in [Report::Gate(sign("B7")), Report::Cancelled] {
        assert!(decide(&full, said.clone()).is_ok(), "{said:?}");
    }
}

#[test]
fn a_looping_flight_database_never_keeps_out_a_passenger() {
    let signs = ["A3", "B7"].into_iter().cycle().take(MAX_REPORTS).enumerate();
    let full = given::<FlightRules>(signs.map(|(n, sign)| gate(&n.to_string(), sign, None))).state();
    let decide = |said| FlightRules::decide(&full, report("new", said));
    assert_eq!(decide(Report::Cancelled), Err(Rejection::TooMany));
    assert!(decide(Report::Passenger(read("a"))).is_ok());
}

#[test]
fn a_gate_change_says_which_gate_was_before() {
    let history = [gate("1", "A3", None), gate("2", "B7", Some("A3"))];
    given::<FlightRules>(history).when(report("3", Report::Gate(sign("C1")))).then([gate(
        "3",
        "C1",
        Some("B7"),
    )]);
}

#[test]
fn what_is_known_already_adds_nothing() {
    let nothing = Err(Rejection::NothingNew);
    let scheduled = fact("1", What::FlightScheduled(schedule(8)));
    assert_eq!(check([scheduled], Report::Schedule(schedule(8))), nothing);
    assert_eq!(check([gate("1", "A3", None)], Report::Gate(sign("a3"))), nothing);
    let belt = fact("1", What::BeltAssigned { belt: sign("12"), previous: None });
    assert_eq!(check([belt], Report::Belt(sign("12"))), nothing);
    let delayed = fact("1", What::FlightDelayed { estimated_departure: at(9) });
    assert_eq!(check([delayed], Report::Delay(at(9))), nothing);
    for (what, again) in [
        (What::BoardingStarted, Report::Boarding),
        (What::FinalCallMade, Report::FinalCall),
        (What::FinalCallMade, Report::Boarding),
        (What::FlightDeparted, Report::Departed),
        (What::FlightLanded, Report::Departed),
        (What::FlightLanded, Report::Landed),
        (What::FlightCancelled, Report::Cancelled),
    ] {
        assert_eq!(check([fact("1", what.clone())], again.clone()), nothing, "{what:?} then {again:?}");
    }
}

#[test]
fn what_is_known_already_is_no_contradiction_after_departure() {
    let history = |last| {
        let delayed = fact("2", What::FlightDelayed { estimated_departure: at(9) });
        let belt = fact("3", What::BeltAssigned { belt: sign("12"), previous: None });
        [gate("1", "A3", None), delayed, belt, fact("4", last)]
    };
    for last in [What::FlightDeparted, What::FlightLanded, What::FlightCancelled] {
        for again in [Report::Gate(sign("A3")), Report::Delay(at(9)), Report::Belt(sign("12"))] {
            assert_eq!(check(history(last.clone()), again.clone()), Err(Rejection::NothingNew), "{again:?}");
        }
    }
}

#[test]
fn a_final_call_needs_no_boarding_before_it() {
    assert_eq!(check([], Report::FinalCall), Ok(vec![What::FinalCallMade]));
}

#[test]
fn nothing_before_departure_follows_departure() {
    for command in [
        Report::Boarding,
        Report::FinalCall,
        Report::Gate(sign("A3")),
        Report::Delay(at(1)),
        Report::Cancelled,
    ] {
        assert_eq!(check([fact("1", What::FlightDeparted)], command.clone()), Err(GONE), "{command:?}");
        assert_eq!(check([fact("1", What::FlightLanded)], command.clone()), Err(DOWN), "{command:?}");
    }
}

#[test]
fn a_cancelled_flight_does_nothing_until_it_is_scheduled_again() {
    let cancelled = || fact("1", What::FlightCancelled);
    for command in [
        Report::Boarding,
        Report::FinalCall,
        Report::Gate(sign("A3")),
        Report::Delay(at(1)),
        Report::Belt(sign("12")),
        Report::Departed,
        Report::Landed,
    ] {
        assert_eq!(check([cancelled()], command.clone()), Err(OFF), "{command:?}");
    }
    let revived = fact("2", What::FlightScheduled(schedule(8)));
    assert_eq!(check([cancelled(), revived], Report::Boarding), Ok(vec![What::BoardingStarted]));
}

#[test]
fn a_revived_flight_keeps_its_schedule_and_nothing_else() {
    let scheduled = || fact("1", What::FlightScheduled(schedule(8)));
    let history = || [scheduled(), gate("2", "A3", None), fact("3", What::FlightCancelled)];
    assert_eq!(
        check(history(), Report::Schedule(schedule(8))),
        Ok(vec![What::FlightScheduled(schedule(8))]),
        "the same times still say that it operates"
    );
    let again = fact("4", What::FlightScheduled(schedule(8)));
    let flight = given::<FlightRules>(history().into_iter().chain([again])).state().flight;
    assert_eq!((flight.phase, flight.gate, flight.schedule), (Phase::Scheduled, None, schedule(8)));
}

#[test]
fn an_arrival_from_elsewhere_lands_without_having_left_and_then_gets_its_belt() {
    assert_eq!(check([], Report::Landed), Ok(vec![What::FlightLanded]));
    let belt = What::BeltAssigned { belt: sign("12"), previous: None };
    assert_eq!(check([fact("1", What::FlightLanded)], Report::Belt(sign("12"))), Ok(vec![belt]));
}

#[test]
fn a_flight_that_came_back_to_the_stand_leaves_again() {
    let gone = || fact("1", What::FlightDeparted);
    assert_eq!(check([gone()], Report::Returned), Ok(vec![What::FlightReturned]));
    let back = || [gone(), fact("2", What::FlightReturned)];
    assert_eq!(check(back(), Report::Returned), Err(Rejection::NothingNew));
    for (command, what) in [
        (Report::Boarding, What::BoardingStarted),
        (Report::Departed, What::FlightDeparted),
        (Report::Cancelled, What::FlightCancelled),
    ] {
        assert_eq!(check(back(), command), Ok(vec![what]));
    }
}

#[test]
fn only_what_has_left_comes_back() {
    assert_eq!(check([], Report::Returned), Err(Rejection::NothingNew));
    assert_eq!(check([fact("1", What::FlightLanded)], Report::Returned), Err(DOWN));
    assert_eq!(check([fact("1", What::FlightCancelled)], Report::Returned), Err(OFF));
}

#[test]
fn an_arrival_is_expected_until_the_flight_has_landed() {
    let estimated_arrival = at(2);
    let expected = fact("1", What::ArrivalEstimated { estimated_arrival });
    assert_eq!(check([], Report::Arrival(at(2))), Ok(vec![What::ArrivalEstimated { estimated_arrival }]));
    assert_eq!(check([expected], Report::Arrival(at(2))), Err(Rejection::NothingNew));
    let gone = fact("1", What::FlightDeparted);
    assert_eq!(check([gone], Report::Arrival(at(2))), Ok(vec![What::ArrivalEstimated { estimated_arrival }]));
    assert_eq!(check([fact("1", What::FlightLanded)], Report::Arrival(at(2))), Err(DOWN));
}

#[test]
fn where_a_diverted_flight_lands_may_be_told_later() {
    let canton = Some("CAN".parse().unwrap());
    let history = || [fact("1", What::FlightDeparted), fact("2", What::FlightDiverted { to: None })];
    assert_eq!(check(history(), Report::Diverted(None)), Err(Rejection::NothingNew));
    assert_eq!(check(history(), Report::Diverted(canton)), Ok(vec![What::FlightDiverted { to: canton }]));
    assert_eq!(check([fact("1", What::FlightCancelled)], Report::Diverted(canton)), Err(OFF));
}

#[test]
fn a_changed_schedule_does_not_undo_boarding() {
    let history = [fact("1", What::BoardingStarted), fact("2", What::FlightScheduled(schedule(9)))];
    assert_eq!(given::<FlightRules>(history).state().flight.phase, Phase::Boarding);
}

#[test]
fn a_late_passenger_read_is_never_refused() {
    for what in [What::FlightDeparted, What::FlightLanded, What::FlightCancelled] {
        assert_eq!(
            check([fact("1", what)], Report::Passenger(read("r"))),
            Ok(vec![What::PassengerRead(read("r"))])
        );
    }
}

#[test]
fn a_read_with_a_fresh_key_is_still_the_same_read() {
    let history = [fact("1", What::PassengerRead(read("first")))];
    given::<FlightRules>(history)
        .when(report("1", Report::Passenger(read("second"))))
        .rejects(&Rejection::Known);
}

#[test]
fn a_source_in_a_loop_is_stopped() {
    let facts = (0..MAX_REPORTS).map(|n| fact(&n.to_string(), What::BoardingStarted));
    given::<FlightRules>(facts).when(report("new", Report::Departed)).rejects(&Rejection::TooMany);
}

fn any_report() -> impl Strategy<Value = Report> {
    prop_oneof![
        (0i64..3).prop_map(|hour| Report::Schedule(schedule(hour))),
        "[AB][12]".prop_map(|gate| Report::Gate(sign(&gate))),
        (0i64..3).prop_map(|hour| Report::Delay(at(hour))),
        (0i64..3).prop_map(|hour| Report::Arrival(at(hour))),
        "[1-3]".prop_map(|belt| Report::Belt(sign(&belt))),
        "[A-C]{3}".prop_map(|to| Report::Diverted(to.parse().ok())),
        "[ab]".prop_map(|subject| Report::Passenger(read(&subject))),
        prop::sample::select(vec![
            Report::Boarding,
            Report::FinalCall,
            Report::Departed,
            Report::Returned,
            Report::Landed,
            Report::Cancelled,
        ]),
    ]
}

proptest! {
    #[test]
    fn a_repeated_report_adds_nothing(reports in prop::collection::vec(("[a-f]", any_report()), 0..24)) {
        let mut state = State::default();
        for (id, said) in reports {
            let command = report(&id, said);
            let before = state.clone();
            if let Ok(facts) = FlightRules::decide(&state, command.clone()) {
                prop_assert_eq!(facts.len(), 1);
                state = facts.iter().fold(state, FlightRules::evolve);
                prop_assert_eq!(FlightRules::decide(&state, command), Err(Rejection::Known));
                prop_assert_ne!(before, state.clone());
            }
        }
    }
}

#[test]
fn a_flight_that_landed_on_its_way_is_to_leave_again() {
    let leg = |origin: &str, destination: &str, hour| Leg {
        origin: origin.parse().unwrap(),
        destination: destination.parse().unwrap(),
        scheduled_departure: at(hour),
        scheduled_arrival: at(hour + 1),
    };
    let legs = vec![leg("CAN", "SZX", 0), leg("SZX", "PEK", 2)];
    let scheduled = fact("1", What::FlightScheduled(Schedule::new(legs, vec![]).unwrap()));
    let landed = |n: &str| fact(n, What::FlightLanded);
    let between = vec![scheduled, landed("2")];
    assert_eq!(check(between.clone(), Report::Departed), Ok(vec![What::FlightDeparted]));
    assert!(check(between.clone(), Report::Gate(sign("A3"))).is_ok(), "its next leg gets a gate");
    assert_eq!(check(between.clone(), Report::Landed), Err(Rejection::NothingNew));
    let over = [between, vec![fact("3", What::FlightDeparted), landed("4")]].concat();
    assert_eq!(check(over.clone(), Report::Departed), Err(Rejection::NothingNew));
    assert_eq!(check(over, Report::Gate(sign("A3"))), Err(DOWN));
}

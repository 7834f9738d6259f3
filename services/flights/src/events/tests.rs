//! Stored bytes of every fact: what was ever written decodes for ever.

use std::fmt::Write;

use airside_kernel::{
    Personal, SealContext, Sealed,
    testing::{self, first_parts},
};

use super::*;

const GOLDEN: &str = include_str!("golden.txt");

/// Makes a recorded event by hand, as a store would.
pub(crate) fn recorded(stream: &str, event_type: &str, payload: &[u8]) -> RecordedEvent {
    testing::recorded(first_parts(), stream, event_type, &[], payload)
}

fn sealed(field: u32) -> Personal {
    Personal::Sealed(Sealed {
        subject: SubjectId::new("0193a5c0-0000-7000-8000-000000000001"),
        category: Category::Travel,
        key_version: 1,
        context: SealContext {
            stream: "flight-ZH9101-20261120".to_owned(),
            event_type: PASSENGER_READ.to_owned(),
            field,
            schema_version: 1,
        },
        ciphertext: Bytes::from_static(b"nonce+ciphertext+tag"),
    })
}

fn every_fact() -> Vec<Fact> {
    let sign = |text: &str| text.parse::<Sign>().unwrap();
    let at = |second| Timestamp::from_second(second).unwrap();
    let leg = Leg {
        origin: "SZX".parse().unwrap(),
        destination: "PEK".parse().unwrap(),
        scheduled_departure: at(1_795_132_800),
        scheduled_arrival: at(1_795_143_600),
    };
    [
        What::FlightScheduled(Schedule { legs: vec![leg], codeshares: vec!["CA3101".parse().unwrap()] }),
        What::GateAssigned { gate: sign("A3"), previous: None },
        What::GateAssigned { gate: sign("B7"), previous: Some(sign("A3")) },
        What::BoardingStarted,
        What::FinalCallMade,
        What::FlightDelayed { estimated_departure: at(1_795_136_400) },
        What::BeltAssigned { belt: sign("12"), previous: Some(sign("11")) },
        What::FlightDeparted,
        What::FlightLanded,
        What::FlightCancelled,
        What::PassengerRead(Read {
            point: PassagePoint::Gate,
            subject: SubjectId::new("0193a5c0-0000-7000-8000-000000000001"),
            passenger_name: sealed(3),
            record_locator: sealed(4),
        }),
        What::PassengerRead(Read {
            point: PassagePoint::CheckIn,
            subject: SubjectId::new(""),
            passenger_name: Personal::Erased,
            record_locator: Personal::Erased,
        }),
        What::ArrivalEstimated { estimated_arrival: at(1_795_147_200) },
        What::FlightReturned,
        What::FlightDiverted { to: Some("CAN".parse().unwrap()) },
        What::FlightDiverted { to: None },
    ]
    .into_iter()
    .map(|what| Fact { origin: Origin { source: "aodb".into(), report_id: "r-1".into() }, what })
    .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn every_fact_is_stored_in_the_bytes_it_always_was() {
    let facts = every_fact();
    let lines: String = facts
        .iter()
        .map(|fact| format!("{} {} {}\n", fact.event_type(), fact.schema_version(), hex(&fact.encode())))
        .collect();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/events/golden.txt");
        std::fs::write(path, &lines).unwrap();
        return;
    }
    assert_eq!(lines, GOLDEN, "UPDATE_EXPECT=1 rewrites; a stored version must never change");
    for (line, fact) in GOLDEN.lines().zip(facts) {
        let parts: Vec<_> = line.split(' ').collect();
        let event = recorded("flight-ZH9101-20261120", parts[0], &unhex(parts[2]));
        assert_eq!(Fact::decode(&event), Ok([fact]));
    }
}

#[test]
fn a_type_of_a_newer_program_is_unknown_and_damaged_bytes_are_malformed() {
    let newer = recorded("flight-ZH9101-20261120", "flights.GateClosed", &[]);
    assert!(matches!(Fact::decode(&newer), Err(DecodeError::UnknownType { .. })));
    for payload in [&[0xff, 0xff][..], &[]] {
        let damaged = recorded("flight-ZH9101-20261120", "flights.GateAssigned", payload);
        assert!(matches!(Fact::decode(&damaged), Err(DecodeError::Malformed { .. })));
    }
}

#[test]
fn a_read_shows_both_of_its_personal_fields_under_its_own_subject() {
    let mut fact = every_fact().remove(10);
    let mut seen = Vec::new();
    fact.personal_fields(&mut |field| seen.push((field.subject.to_string(), field.category, field.field)));
    let subject = "0193a5c0-0000-7000-8000-000000000001".to_owned();
    assert_eq!(seen, [(subject.clone(), Category::Travel, 3), (subject, Category::Travel, 4)]);
}

proptest::proptest! {
    #[test]
    fn foreign_bytes_never_panic(which in 0usize..16, payload in proptest::collection::vec(proptest::num::u8::ANY, 0..64)) {
        let event_type = every_fact()[which].event_type();
        let _ = Fact::decode(&recorded("flight-ZH9101-20261120", event_type, &payload));
    }
}

//! Stored bytes of every fact: what was ever written decodes for ever.

use std::{fmt::Write, ops::Range};

use airside_kernel::{EventId, EventParts, EventSpans, Personal, Position, Revision, SealContext, Sealed};
use uuid::Uuid;

use super::*;

const GOLDEN: &str = include_str!("golden.txt");
const STREAM: &str = "person-0193a5c0-0000-7000-8000-000000000001";

/// Makes a recorded event by hand, as a store would.
pub(crate) fn recorded(stream: &str, event_type: &str, payload: &[u8], recorded_us: i64) -> RecordedEvent {
    let mut bytes = Vec::new();
    let mut span = |part: &[u8]| -> Range<u32> {
        let start = u32::try_from(bytes.len()).unwrap();
        bytes.extend_from_slice(part);
        start..u32::try_from(bytes.len()).unwrap()
    };
    let spans = EventSpans {
        stream: span(stream.as_bytes()),
        event_type: span(event_type.as_bytes()),
        metadata: span(&[]),
        payload: span(payload),
    };
    let parts = EventParts {
        id: EventId(Uuid::nil()),
        position: Position::from_parts(1, 0),
        revision: Revision::FIRST,
        fold_from: Revision::FIRST,
        schema_version: 1,
        occurred_us: 0,
        recorded_us,
    };
    RecordedEvent::new(parts, bytes.into(), spans).unwrap()
}

fn sealed(field: u32) -> Personal {
    Personal::Sealed(Sealed {
        subject: SubjectId::new("0193a5c0-0000-7000-8000-000000000001"),
        category: Category::Travel,
        key_version: 1,
        context: SealContext {
            stream: STREAM.to_owned(),
            event_type: FLIGHT_FOLLOWED.to_owned(),
            field,
            schema_version: 1,
        },
        ciphertext: Bytes::from_static(b"nonce+ciphertext+tag"),
    })
}

fn every_fact() -> Vec<Fact> {
    let flight: FlightId = "ZH9101-20261120".parse().unwrap();
    let journey = JourneyId(Uuid::from_u128(7));
    let booking = |surname, record_locator| {
        let subject = SubjectId::new("0193a5c0-0000-7000-8000-000000000001");
        Some(Booking { subject, surname, record_locator })
    };
    vec![
        Fact::FlightFollowed { flight: flight.clone(), booking: None },
        Fact::FlightFollowed { flight: flight.clone(), booking: booking(sealed(2), sealed(3)) },
        Fact::FlightFollowed { flight: flight.clone(), booking: booking(Personal::Erased, Personal::Erased) },
        Fact::FlightUnfollowed { flight: flight.clone() },
        Fact::BagFollowed { plate: "0479123456".parse().unwrap(), journey },
        Fact::BagUnfollowed { journey },
        Fact::PassagePointPassed {
            flight,
            point: PassagePoint::Gate,
            cause: Cause {
                reactor: "trips.passage".to_owned(),
                stream: "flight-ZH9101-20261120".to_owned(),
                revision: Revision(5),
                index: 0,
            },
        },
    ]
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
        assert_eq!(Fact::decode(&recorded(STREAM, parts[0], &unhex(parts[2]), 0)), Ok([fact]));
    }
}

#[test]
fn a_type_of_somebody_else_is_unknown_and_damaged_bytes_are_malformed() {
    let other = recorded(STREAM, "identity.PersonNamed", &[], 0);
    assert!(matches!(Fact::decode(&other), Err(DecodeError::UnknownType { .. })));
    for payload in [&[0xff, 0xff][..], &[]] {
        let damaged = recorded(STREAM, FLIGHT_FOLLOWED, payload, 0);
        assert!(matches!(Fact::decode(&damaged), Err(DecodeError::Malformed { .. })));
    }
}

#[test]
fn a_booking_shows_both_of_its_personal_fields_under_the_person() {
    let mut fact = every_fact().remove(1);
    let mut seen = Vec::new();
    fact.personal_fields(&mut |field| seen.push((field.subject.to_string(), field.category, field.field)));
    let person = "0193a5c0-0000-7000-8000-000000000001".to_owned();
    assert_eq!(seen, [(person.clone(), Category::Travel, 2), (person, Category::Travel, 3)]);
}

proptest::proptest! {
    #[test]
    fn foreign_bytes_never_panic(which in 0usize..7, payload in proptest::collection::vec(proptest::num::u8::ANY, 0..64)) {
        let event_type = every_fact()[which].event_type();
        let _ = Fact::decode(&recorded(STREAM, event_type, &payload, 0));
    }
}

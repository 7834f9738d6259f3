//! Stored bytes of every fact: what was ever written decodes for ever.

use std::fmt::Write;

use airside_kernel::{
    EventParts, Personal, Revision, SealContext, Sealed,
    testing::{self, first_parts},
};
use uuid::Uuid;

use super::*;

const GOLDEN: &str = include_str!("golden.txt");
const STREAM: &str = "person-0193a5c0-0000-7000-8000-000000000001";

/// Makes a recorded event by hand, as a store would.
pub(crate) fn recorded(stream: &str, event_type: &str, payload: &[u8], recorded_us: i64) -> RecordedEvent {
    recorded_as(1, stream, event_type, payload, recorded_us)
}

/// Makes a recorded event of a version by hand, as a store would.
pub(crate) fn recorded_as(
    schema_version: u32,
    stream: &str,
    event_type: &str,
    payload: &[u8],
    recorded_us: i64,
) -> RecordedEvent {
    let parts = EventParts { schema_version, recorded_us, ..first_parts() };
    testing::recorded(parts, stream, event_type, &[], payload)
}

fn sealed(event_type: &str, field: u32) -> Personal {
    Personal::Sealed(Sealed {
        subject: SubjectId::new("0193a5c0-0000-7000-8000-000000000001"),
        category: Category::Travel,
        key_version: 1,
        context: SealContext {
            stream: STREAM.to_owned(),
            event_type: event_type.to_owned(),
            field,
            schema_version: 1,
        },
        ciphertext: Bytes::from_static(b"nonce+ciphertext+tag"),
    })
}

fn followed() -> Fact {
    Fact::FlightFollowed { flight: "ZH9101-20261120".parse().unwrap() }
}

fn linked(surname: Personal, record_locator: Personal) -> Fact {
    let subject = SubjectId::new("0193a5c0-0000-7000-8000-000000000001");
    let booking = Booking { subject, surname, record_locator };
    Fact::BookingLinked { flight: "ZH9101-20261120".parse().unwrap(), booking }
}

/// What each line of the golden says today, in their order. A line is added, never changed.
fn every_line() -> Vec<Vec<Fact>> {
    let journey = JourneyId(Uuid::from_u128(7));
    vec![
        vec![followed()],
        vec![followed(), linked(sealed(FLIGHT_FOLLOWED, 2), sealed(FLIGHT_FOLLOWED, 3))],
        vec![followed(), linked(Personal::Erased, Personal::Erased)],
        vec![Fact::FlightUnfollowed { flight: "ZH9101-20261120".parse().unwrap() }],
        vec![Fact::BagFollowed { plate: "0479123456".parse().unwrap(), journey }],
        vec![Fact::BagUnfollowed { journey }],
        vec![Fact::PassagePointPassed {
            flight: "ZH9101-20261120".parse().unwrap(),
            point: PassagePoint::Gate,
            cause: Cause {
                reactor: "trips.passage".to_owned(),
                stream: "flight-ZH9101-20261120".to_owned(),
                revision: Revision(5),
                index: 0,
            },
        }],
        vec![followed()],
        vec![linked(sealed(BOOKING_LINKED, 2), sealed(BOOKING_LINKED, 3))],
        vec![linked(Personal::Erased, Personal::Erased)],
    ]
}

/// Every fact as it is written today.
fn every_fact() -> Vec<Fact> {
    every_line().into_iter().skip(3).flatten().collect()
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
fn what_was_ever_written_is_read_for_ever() {
    assert_eq!(GOLDEN.lines().count(), every_line().len());
    for (line, facts) in GOLDEN.lines().zip(every_line()) {
        let [event_type, version, payload] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
        let event = recorded_as(version.parse().unwrap(), STREAM, event_type, &unhex(payload), 0);
        assert_eq!(Fact::decode(&event), Ok(facts), "{line}");
    }
}

#[test]
fn every_fact_is_stored_in_the_bytes_it_always_was() {
    let line =
        |fact: &Fact| format!("{} {} {}", fact.event_type(), fact.schema_version(), hex(&fact.encode()));
    let new: Vec<_> =
        every_fact().iter().map(line).filter(|line| !GOLDEN.lines().any(|old| old == line)).collect();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/events/golden.txt");
        std::fs::write(path, format!("{GOLDEN}{}\n", new.join("\n"))).unwrap();
        return;
    }
    assert_eq!(new, [""; 0], "UPDATE_EXPECT=1 adds a line; a stored version must never change");
}

#[test]
fn a_version_of_a_newer_program_is_unknown_and_never_read_as_an_older_one() {
    for fact in every_fact() {
        for version in [0, fact.schema_version() + 1, u32::MAX] {
            let event = recorded_as(version, STREAM, fact.event_type(), &fact.encode(), 0);
            assert_eq!(Fact::decode(&event), Err(DecodeError::unknown(&event)));
        }
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
    let mut fact = linked(sealed(BOOKING_LINKED, 2), sealed(BOOKING_LINKED, 3));
    let mut seen = Vec::new();
    fact.personal_fields(&mut |field| seen.push((field.subject.to_string(), field.category, field.field)));
    let person = "0193a5c0-0000-7000-8000-000000000001".to_owned();
    assert_eq!(seen, [(person.clone(), Category::Travel, 2), (person, Category::Travel, 3)]);
}

proptest::proptest! {
    #[test]
    fn foreign_bytes_never_panic(which in 0..every_line().len(), payload in proptest::collection::vec(proptest::num::u8::ANY, 0..64)) {
        let event_type = every_line()[which][0].event_type();
        for version in [1, 2] {
            let _ = Fact::decode(&recorded_as(version, STREAM, event_type, &payload, 0));
        }
    }
}

//! What is stored stays readable: every version ever written, byte for byte.

use airside_kernel::{
    Personal, Revision, SealContext, Sealed,
    testing::{self, first_parts},
};
use proptest::prelude::*;

use super::*;

const PERSON: &str = "way-00000000-0000-0000-0000-000000000007";

fn recorded(event_type: &str, payload: &[u8]) -> RecordedEvent {
    testing::recorded(first_parts(), PERSON, event_type, &[], payload)
}

fn check_golden(event: &WayEvent, golden: &str) {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(hex(&event.encode()), golden.trim(), "{} is written differently now", event.event_type());
    let bytes: Vec<_> = (0..golden.trim().len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&golden[at..at + 2], 16).unwrap())
        .collect();
    assert_eq!(WayEvent::decode(&recorded(event.event_type(), &bytes)), Ok([event.clone()]));
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// One of each fact, with all that it can say.
fn facts() -> [(WayEvent, &'static str); 5] {
    let id = Uuid::from_u128(0x0123_4567_89ab_7def_8123_4567_89ab_cdef);
    let subject = SubjectId::new("00000000-0000-0000-0000-000000000007");
    let question = Personal::Sealed(Sealed {
        subject: subject.clone(),
        category: Category::Travel,
        key_version: 1,
        context: SealContext {
            stream: PERSON.to_owned(),
            event_type: WAY_FOLLOWED.to_owned(),
            field: QUESTION,
            schema_version: 1,
        },
        ciphertext: Bytes::from_static(b"sealed"),
    });
    let (venue, until) = ("testville".parse().unwrap(), at("2026-11-20T08:00:00Z"));
    let goal = Goal::Gate("CZ3101-20261120".to_owned());
    let times = Times { walking_s: 660, waiting_s: 840, at_security: true, certainty: Certainty::Measured };
    let advice = Advice { times: Some(times), leave_by: Some(at("2026-11-20T07:15:00Z")) };
    let none = Advice { times: None, leave_by: None };
    let (reactor, stream) = ("navigation.ways".to_owned(), "venue-testville".to_owned());
    let cause = Cause { reactor, stream, revision: Revision(300), index: 0 };
    [
        (
            WayEvent::Followed(Arc::new(Followed { subject, id, venue, question, goal, until })),
            include_str!("golden/way_followed.v1.hex"),
        ),
        (WayEvent::Advised { id, advice, cause: cause.clone() }, include_str!("golden/way_advised.v1.hex")),
        (WayEvent::Broken { id, advice, cause: cause.clone() }, include_str!("golden/way_broken.v1.hex")),
        (WayEvent::Broken { id, advice: none, cause }, include_str!("golden/way_broken.v1.no_other.hex")),
        (WayEvent::Left { id }, include_str!("golden/way_left.v1.hex")),
    ]
}

#[test]
fn the_facts_of_a_way_are_read_and_written_for_ever() {
    for (fact, golden) in facts() {
        check_golden(&fact, golden);
    }
}

#[test]
fn a_question_in_clear_is_never_stored() {
    let [(WayEvent::Followed(way), _), ..] = facts() else { unreachable!() };
    let question = Personal::Known(Bytes::from_static(b"114.6,22.2,0"));
    let fact = WayEvent::Followed(Arc::new(Followed { question, ..Followed::clone(&way) }));
    assert!(!fact.encode().windows(5).any(|bytes| bytes == b"114.6"));
}

#[test]
fn a_type_that_is_not_of_the_stream_is_unknown() {
    let foreign = recorded("navigation.ClosureSet", &[]);
    assert_eq!(WayEvent::decode(&foreign), Err(DecodeError::unknown(&foreign)));
}

proptest! {
    #[test]
    fn foreign_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        for (fact, _) in facts() {
            let _ = WayEvent::decode(&recorded(fact.event_type(), &bytes));
        }
    }
}

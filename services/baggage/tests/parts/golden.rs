//! Stored bytes of every fact of baggage: what was ever written is read for ever.

use std::{env, fs, path::PathBuf};

use airside_api::baggage::v1::{
    AnnouncementChange, Authority, BagException, Connection, ContainerStep, FlightTurn, LegRole, LinkKind,
    LoadingStep, PassengerState, Report, Resolution, Screening, Stage, TrackingPoint,
};
use airside_baggage::{
    containers::ContainerMoved,
    events::BagEvent,
    journey::Status,
    loading::LoadingMoved,
    model::{
        Announcement, ConnectionJudged, Content, FlightTurned, JourneyId, Leg, Link, Observation, Reported,
        Sighting,
    },
    parts::{MessageCompleted, MessagePart, PartKept, PartKey, PartsEvent, PartsGivenUp},
    source::{MessageQuarantined, MessageReceived, MessageResolved, TagNotRead},
    sources::events::{Heard, LinkClosed, LinkOpened, SourceEvent, SourceFellSilent, SourceHeardAgain},
};
use airside_kernel::{
    Category, Cause, DecodeError, EventParts, Personal, PersonalValue, RecordedEvent, Revision, SealContext,
    Sealed, StoredEvent, SubjectId, Timestamp,
    testing::{self, first_parts},
};
use bytes::Bytes;
use jiff::SignedDuration;
use uuid::Uuid;

pub(crate) fn recorded(event_type: &str, payload: &[u8]) -> RecordedEvent {
    recorded_as(1, event_type, payload)
}

fn recorded_as(schema_version: u32, event_type: &str, payload: &[u8]) -> RecordedEvent {
    let parts = EventParts { schema_version, ..first_parts() };
    testing::recorded(parts, "", event_type, &[], payload)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let pairs = text.trim().as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// An event is written as its golden says, and its golden is read as the event.
#[track_caller]
fn check<E: StoredEvent + PartialEq + std::fmt::Debug>(event: &E) {
    check_since(event, &[""]);
}

/// An event whose message gained fields has a golden from before each and one
/// with them all: each is read as the event, the last is how it is written.
#[track_caller]
fn check_since<E: StoredEvent + PartialEq + std::fmt::Debug>(event: &E, gained: &[&str]) {
    let name = event.event_type().strip_prefix("baggage.").unwrap();
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/events/baggage");
    let path = |field| folder.join(format!("{name}.v{}{field}.hex", event.schema_version()));
    let (written, newest) = (hex(&event.encode()), path(gained.last().unwrap()));
    if env::var_os("UPDATE_EXPECT").is_some() && !newest.exists() {
        fs::create_dir_all(&folder).unwrap();
        fs::write(&newest, format!("{written}\n")).unwrap();
    }
    for field in gained {
        let golden = fs::read_to_string(path(field));
        let golden = golden.expect("every event has its golden; write a new one with UPDATE_EXPECT=1");
        let read = E::decode(&recorded(event.event_type(), &unhex(&golden))).unwrap();
        assert_eq!(read.into_iter().collect::<Vec<_>>(), std::slice::from_ref(event), "{field}");
    }
    let golden = fs::read_to_string(newest).unwrap();
    assert_eq!(written, golden.trim(), "{name} is written in other bytes than before");
}

pub(crate) fn journey(n: u128) -> JourneyId {
    JourneyId(Uuid::from_u128(0x0193_4a5b_6c7d_7000_8000_0000_0000_0000 + n))
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn sealed<T: PersonalValue>(
    subject: impl std::fmt::Display,
    event_type: &str,
    field: u32,
) -> Personal<T> {
    Personal::Sealed(Sealed {
        subject: SubjectId::new(subject),
        category: if field == 1 { Category::Raw } else { Category::Travel },
        key_version: 1,
        context: SealContext {
            stream: "bag-3479000101".into(),
            event_type: event_type.into(),
            field,
            schema_version: 1,
        },
        ciphertext: Bytes::from_static(b"\x00\x01nonce, ciphertext and tag\xff"),
    })
}

fn cause() -> Cause {
    let (reactor, stream) = ("baggage.parse".into(), "source-dcs".into());
    Cause { reactor, stream, revision: Revision(300), index: 100_001 }
}

fn observation(cause: Option<Cause>) -> Observation {
    Observation {
        id: "m/dcs/300/100001".into(),
        source: "dcs".into(),
        station: "SZX".parse().unwrap(),
        observed_at: at("2026-11-20T07:12:10.25Z"),
        parser_version: cause.as_ref().map(|_| 1),
        cause,
        received_at: None,
        clock_ahead_ms: 0,
    }
}

pub(crate) fn leg(flight: &str, airport: Option<&str>, role: LegRole) -> Leg {
    Leg {
        flight: flight.parse().unwrap(),
        airport: airport.map(|airport| airport.parse().unwrap()),
        role,
        marketed_as: None,
    }
}

fn heard() -> Heard {
    Heard { stream: "source-dcs".into(), revision: Revision(300), at: at("2026-11-20T07:12:10.25Z") }
}

#[test]
fn facts_about_a_source_are_read_and_written_for_ever() {
    let (line, transport) = (journey(7).0, String::from("link"));
    let (opened_at, closed_at) = (at("2026-11-20T07:00:00Z"), at("2026-11-20T07:30:00.5Z"));
    let opened = |node: &str| LinkOpened { line, transport: transport.clone(), opened_at, node: node.into() };
    check(&SourceEvent::Opened(opened("")));
    check_since(&SourceEvent::Opened(opened("0193a4b2")), &["-node"]);
    let reason = "the peer logged off".into();
    check(&SourceEvent::Closed(LinkClosed { line, transport, reason, closed_at }));
    let waited_from = at("2026-11-20T07:20:00Z");
    let silence = SignedDuration::from_mins(10);
    check(&SourceEvent::FellSilent(SourceFellSilent { heard: Some(heard()), waited_from, silence }));
    check(&SourceEvent::HeardAgain(SourceHeardAgain { heard: heard(), waited_from }));
}

#[test]
fn bag_announced_is_read_and_written_for_ever() {
    let event_type = "baggage.BagAnnounced";
    let event = BagEvent::Observed {
        subject: journey(1),
        observation: observation(Some(cause())),
        content: Content::Announced(Box::new(Announcement {
            change: AnnouncementChange::Changed,
            legs: vec![
                leg("CZ3502-20261120", Some("SHA"), LegRole::Inbound),
                leg("CSZ9101A-20261121", None, LegRole::Outbound),
            ],
            passenger_name: Some(sealed(journey(1), event_type, 4)),
            record_locator: Some(sealed(journey(1), event_type, 5)),
            authority: Authority::Withheld,
            exceptions: vec!["RUSH".into(), "VIP".into()],
            passenger: PassengerState::Unspecified,
        })),
    };
    check_since(&event, &["", ".parser_version"]);
}

#[test]
fn bag_scanned_is_read_and_written_for_ever() {
    check(&BagEvent::Observed {
        subject: JourneyId::default(),
        observation: observation(None),
        content: Content::Scanned(Sighting {
            point: TrackingPoint::ContainerLoad,
            reader: "HHT014".into(),
            location: "MUP12".into(),
            leg: Some(leg("ZH9101-20261120", Some("PEK"), LegRole::Outbound)),
            stowage: Some(("AKE12345ZH".into(), "FWD".into())),
            authority: Authority::Load,
            is_inferred: false,
            screening: Screening::Unspecified,
        }),
    });
}

/// An observation with all that it gained since: when we had it, and its source's clock.
fn timed_observation() -> Observation {
    let received_at = Some(at("2026-11-20T07:12:11.5Z"));
    Observation { received_at, clock_ahead_ms: -150_250, ..observation(None) }
}

fn observed(content: Content) -> BagEvent {
    BagEvent::Observed { subject: JourneyId::default(), observation: timed_observation(), content }
}

#[test]
fn what_an_announcement_says_of_its_passenger_is_read_and_written_for_ever() {
    let event = observed(Content::Announced(Box::new(Announcement {
        change: AnnouncementChange::New,
        legs: vec![Leg {
            marketed_as: Some("UA7601-20261120".parse().unwrap()),
            ..leg("ZH9101-20261120", Some("PEK"), LegRole::Outbound)
        }],
        passenger_name: None,
        record_locator: None,
        authority: Authority::Transport,
        exceptions: Vec::new(),
        passenger: PassengerState::NotBoarded,
    })));
    check_since(&event, &[".passenger"]);
}

#[test]
fn what_a_scan_concludes_and_screening_said_is_read_and_written_for_ever() {
    let event = observed(Content::Scanned(Sighting {
        point: TrackingPoint::AircraftLoad,
        reader: String::new(),
        location: String::new(),
        leg: None,
        stowage: Some(("AKE12345ZH".into(), String::new())),
        authority: Authority::Unspecified,
        is_inferred: true,
        screening: Screening::Uncleared,
    }));
    check_since(&event, &[".screening"]);
}

#[test]
fn a_container_that_was_stored_in_another_spelling_is_read_in_the_one() {
    let scanned = |container: &str| {
        observed(Content::Scanned(Sighting {
            point: TrackingPoint::ContainerLoad,
            reader: String::new(),
            location: String::new(),
            leg: None,
            stowage: Some((container.into(), String::new())),
            authority: Authority::Unspecified,
            is_inferred: false,
            screening: Screening::Unspecified,
        }))
    };
    let old = scanned(" ake12345zh");
    let read = BagEvent::decode(&recorded(old.event_type(), &old.encode())).unwrap();
    assert_eq!(read.into_iter().collect::<Vec<_>>(), [scanned("AKE12345ZH")]);
}

#[test]
fn bag_reported_is_read_and_written_for_ever() {
    let leg = Some(leg("ZH9101-20261120", None, LegRole::Outbound));
    check(&observed(Content::Reported(Reported { report: Report::NotSeen, leg, location: "CH12".into() })));
}

#[test]
fn bag_flight_turned_is_read_and_written_for_ever() {
    let flight = "ZH9101-20261120".parse().unwrap();
    check(&observed(Content::FlightTurned(FlightTurned { flight, turn: FlightTurn::Departed })));
}

#[test]
fn connection_judged_is_read_and_written_for_ever() {
    check(&observed(Content::ConnectionJudged(ConnectionJudged {
        inbound: "CZ3502-20261120".parse().unwrap(),
        outbound: "ZH9101-20261120".parse().unwrap(),
        connection: Connection::Missed,
        spare_seconds: -420,
    })));
}

#[test]
fn journey_linked_is_read_and_written_for_ever() {
    check(&observed(Content::Linked(Box::new(Link {
        journey: journey(1),
        kind: LinkKind::Rush,
        other: "2479000777".into(),
        other_journey: Some(journey(2)),
        continues: true,
    }))));
}

#[test]
fn tag_collided_is_read_and_written_for_ever() {
    let (journey, other) = (journey(2), journey(1));
    check(&BagEvent::TagCollided { journey, other, observation_id: "m/dcs/300/0".into(), rule_version: 2 });
}

#[test]
fn observation_resolved_is_read_and_written_for_ever() {
    let (observation_id, resolution) = ("s/bhs.t3/8f1e".into(), Resolution::Attached);
    check(&BagEvent::Resolved { observation_id, resolution, journey: Some(journey(1)) });
}

#[test]
fn container_moved_is_read_and_written_for_ever() {
    let flight = "ZH9101-20261120".parse().ok();
    let (step, compartment) = (ContainerStep::Loaded, "H4".to_owned());
    check(&ContainerMoved { observation: timed_observation(), step, flight, compartment });
}

#[test]
fn journey_opened_is_read_and_written_for_ever() {
    check(&BagEvent::JourneyOpened { journey: journey(1), is_provisional: true });
}

#[test]
fn observation_attached_is_read_and_written_for_ever() {
    let observation_id = "s/bhs.t3/8f1e".to_owned();
    check(&BagEvent::Attached { observation_id, journey: journey(1), rule_version: 1 });
}

#[test]
fn observation_quarantined_is_read_and_written_for_ever() {
    check(&BagEvent::Quarantined {
        observation_id: "s/bhs.t3/8f1e".into(),
        code: "ambiguous-tag".into(),
        candidates: vec![journey(1), journey(2)],
        rule_version: 1,
    });
}

#[test]
fn bag_status_changed_is_read_and_written_for_ever() {
    check(&BagEvent::StatusChanged {
        journey: journey(1),
        status: status(),
        previous_stage: Stage::AtAircraft,
        observation_id: "m/dcs/300/100001".into(),
    });
}

#[test]
fn the_axes_of_a_status_are_read_and_written_for_ever() {
    let status = Status {
        stage: Stage::Departed,
        screening: Screening::Cleared,
        stowage: Some(("AKE12345ZH".into(), "41".into())),
        exception: BagException::OffloadRequired,
        passenger: PassengerState::Boarded,
        connection: Connection::AtRisk,
        is_inferred: true,
        ..status()
    };
    let (journey, observation_id) = (journey(1), "m/dcs/300/100001".into());
    let event =
        BagEvent::StatusChanged { journey, status, previous_stage: Stage::OnAircraft, observation_id };
    check_since(&event, &[".axes"]);
}

#[test]
fn what_a_status_gained_since_is_read_and_written_for_ever() {
    let check = |previous_stage, status, gained: &str| {
        let (journey, observation_id) = (journey(1), "m/dcs/300/100001".into());
        check_since(&BagEvent::StatusChanged { journey, status, previous_stage, observation_id }, &[gained]);
    };
    let flight = Some("ZH9103-20261120".parse().unwrap());
    let missed = Status { connection: Connection::Missed, connection_flight: flight, ..status() };
    check(Stage::Departed, missed, ".connection_flight");
    let stowage = Some(("AKE12345ZH".to_owned(), "31".to_owned()));
    let stowed = Status { stowage, stowed_at: Some(at("2026-11-20T05:41:00Z")), ..status() };
    check(Stage::Sorted, stowed, ".stowed_at");
    let left = Status { left_flight: flight, boarded_without_bag: true, ..status() };
    check(Stage::Sorted, left, ".left_flight");
}

fn status() -> Status {
    Status {
        stage: Stage::OnAircraft,
        authority: Authority::Revoked,
        offload: true,
        flight: Some("ZH9101-20261120".parse().unwrap()),
        station: Some("SZX".parse().unwrap()),
        location: "S512".into(),
        seen_at: Some(at("1969-12-31T23:59:59.5Z")),
        ..Status::default()
    }
}

#[test]
fn message_received_is_read_and_written_for_ever() {
    let received = MessageReceived {
        subject: SubjectId::new("source-dcs-2026-11-20"),
        content: sealed("source-dcs-2026-11-20", "baggage.MessageReceived", 1),
        fingerprint: Bytes::from_static(b"\x10\x20\x30"),
        received_at: at("2026-11-20T09:20:00.000001Z"),
        transport: "grpc".into(),
        size_bytes: 144,
        idempotency_key: String::new(),
    };
    check(&received);
    let keyed = MessageReceived { idempotency_key: "2026-11-20/17".into(), ..received };
    check_since(&keyed, &[".idempotency_key"]);
}

#[test]
fn message_quarantined_is_read_and_written_for_ever() {
    check(&MessageQuarantined {
        source: "dcs".into(),
        message: Revision(300),
        message_type: "BSM".into(),
        code: "truncated".into(),
        reason: "BSM ends without its END line".into(),
        parser_version: 1,
        cause: cause(),
    });
}

#[test]
fn message_resolved_is_read_and_written_for_ever() {
    let (message, resolution) = (Revision(300), Resolution::Replayed);
    check(&MessageResolved { message, resolution, parser_version: 2 });
}

fn part_key() -> PartKey {
    PartKey {
        message_type: "BTM".into(),
        source: "T".into(),
        airport: "SZX".into(),
        reference: "REF0000042".into(),
    }
}

fn message_part(number: u8, is_last: bool) -> MessagePart {
    let fingerprint = Bytes::from_static(b"\x10\x20\x30");
    MessagePart { number, is_last, message: Revision(300 + u64::from(number)), index: 1, fingerprint }
}

#[test]
fn part_kept_is_read_and_written_for_ever() {
    check(&PartsEvent::Kept(PartKept {
        key: part_key(),
        part: message_part(2, true),
        received_at: at("2026-11-20T09:20:00.000001Z"),
        cause: cause(),
    }));
}

#[test]
fn message_completed_is_read_and_written_for_ever() {
    check(&PartsEvent::Completed(MessageCompleted {
        key: part_key(),
        parts: vec![message_part(1, false), message_part(2, true)],
        received_at: at("2026-11-20T09:20:00.000001Z"),
    }));
}

#[test]
fn parts_given_up_is_read_and_written_for_ever() {
    check(&PartsEvent::GivenUp(PartsGivenUp {
        key: part_key(),
        parts: vec![message_part(1, false), message_part(4, true)],
        missing: vec![2, 3],
        code: "parts-missing".into(),
        cause: cause(),
    }));
}

#[test]
fn tag_not_read_is_read_and_written_for_ever() {
    let (point, reader) = (TrackingPoint::ArrivalInjection, "ATR31".into());
    let event = TagNotRead { observation: observation(Some(cause())), point, reader };
    check_since(&event, &["", ".parser_version"]);
}

#[test]
fn loading_moved_is_read_and_written_for_ever() {
    check(&LoadingMoved { observation: observation(Some(cause())), step: LoadingStep::Closed });
}

#[test]
fn a_version_of_a_newer_program_is_unknown_and_never_read_as_an_older_one() {
    let opened = BagEvent::JourneyOpened { journey: journey(1), is_provisional: true };
    for version in [0, 2] {
        let event = recorded_as(version, opened.event_type(), &opened.encode());
        assert_eq!(BagEvent::decode(&event), Err(DecodeError::unknown(&event)));
    }
}

/// A name that was never sealed is not written.
#[test]
fn a_name_in_clear_is_stored_as_erased() {
    let clear = Personal::Known("ZHANG/SAN".to_owned());
    let event = BagEvent::Observed {
        subject: journey(1),
        observation: observation(None),
        content: Content::Announced(Box::new(Announcement {
            change: AnnouncementChange::New,
            legs: Vec::new(),
            passenger_name: Some(clear.clone()),
            record_locator: Some(clear),
            authority: Authority::Load,
            exceptions: Vec::new(),
            passenger: PassengerState::Unspecified,
        })),
    };
    assert!(!event.encode().windows(5).any(|bytes| bytes == b"ZHANG"));
    assert!(!format!("{event:?}").contains("ZHANG"));
}

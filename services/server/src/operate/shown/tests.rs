//! Whatever is stored, no sealed byte is shown, and nothing else is lost.

use airside_kernel::{EventId, EventParts, Position, Revision, Timestamp, testing::recorded};
use bytes::Bytes;
use proptest::prelude::*;
use prost_reflect::{Kind, MessageDescriptor, prost::Message};
use uuid::Uuid;

use super::*;

/// What every sealed value and no other holds in these tests.
const CANARY: &[u8] = b"QUOKKAVILLE/ZEPHYRINA";

fn event(event_type: &str, payload: &[u8]) -> RecordedEvent {
    let parts = EventParts {
        id: EventId(Uuid::nil()),
        position: Position::from_parts(12, 0),
        revision: Revision(3),
        fold_from: Revision(1),
        schema_version: 2,
        occurred_us: "2026-11-20T04:00:00Z".parse::<Timestamp>().unwrap().as_microsecond(),
        recorded_us: "2026-11-20T04:00:01.5Z".parse::<Timestamp>().unwrap().as_microsecond(),
    };
    let metadata = airside_kernel::Metadata::default().with("actor", "bhs.t3").encode();
    recorded(parts, "bag-0479123456", event_type, &metadata, payload)
}

/// Returns a message with every field set, and the canary in every sealed value.
fn filled(descriptor: &MessageDescriptor, depth: usize) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    let is_sealed = descriptor.full_name() == SEALED;
    for field in descriptor.fields() {
        let value = match field.kind() {
            Kind::Message(_) if depth == 0 => continue,
            Kind::Message(inner) if field.is_map() => {
                let Kind::Message(inner) = inner.map_entry_value_field().kind() else { continue };
                Field::Map([(MapKey::String("k".into()), Field::Message(filled(&inner, depth - 1)))].into())
            }
            Kind::Message(inner) => Field::Message(filled(&inner, depth - 1)),
            Kind::Bytes if is_sealed => Field::Bytes(Bytes::from_static(CANARY)),
            Kind::String => Field::String("text".into()),
            Kind::Uint32 if is_sealed => Field::U32(1),
            _ => continue,
        };
        let value = if field.is_list() { Field::List(vec![value.clone(), value]) } else { value };
        message.set_field(&field, value);
    }
    message
}

fn has_sealed(descriptor: &MessageDescriptor, depth: usize) -> bool {
    let inner = |field: prost_reflect::FieldDescriptor| match field.kind() {
        Kind::Message(inner) if depth > 0 => has_sealed(&inner, depth - 1),
        _ => false,
    };
    descriptor.full_name() == SEALED || descriptor.fields().any(inner)
}

#[test]
fn no_sealed_byte_of_any_stored_message_is_shown() {
    let mut seen = 0;
    for descriptor in airside_api::pool().all_messages() {
        let Some((domain, "v1", name)) = descriptor.full_name().strip_prefix("airside.").and_then(|name| {
            Some((name.split('.').next()?, name.split('.').nth(1)?, name.split('.').nth(2)?))
        }) else {
            continue;
        };
        if !has_sealed(&descriptor, 5) || descriptor.full_name() == SEALED {
            continue;
        }
        let payload = filled(&descriptor, 5).encode_to_vec();
        assert!(payload.windows(CANARY.len()).any(|bytes| bytes == CANARY), "{name} was not filled");
        let shown = serde_json::to_string(&ShownEvent::new(&event(&format!("{domain}.{name}"), &payload)));
        let shown = shown.unwrap();
        assert!(!shown.contains(&STANDARD.encode(CANARY)) && !shown.contains("QUOKKAVILLE"), "{shown}");
        assert!(shown.contains(r#""sealed":"text""#) && shown.contains(r#""subject":"text""#), "{shown}");
        seen += 1;
    }
    assert!(seen >= 4, "only {seen} messages hold a sealed value");
}

#[test]
fn an_event_is_shown_with_all_its_envelope() {
    let opened = airside_api::baggage::v1::JourneyOpened { journey_id: "j-1".into(), provisional: true };
    let shown = ShownEvent::new(&event("baggage.JourneyOpened", &opened.encode_to_vec()));
    assert_eq!(
        serde_json::to_value(shown).unwrap(),
        json!({
            "position": 12, "stream": "bag-0479123456", "revision": 3,
            "id": "00000000-0000-0000-0000-000000000000", "type": "baggage.JourneyOpened", "version": 2,
            "occurred_at": "2026-11-20T04:00:00Z", "recorded_at": "2026-11-20T04:00:01.5Z", "fold_from": 1,
            "metadata": {"actor": "bhs.t3"}, "payload": {"journeyId": "j-1", "provisional": true},
        })
    );
}

#[test]
fn a_value_that_was_stored_as_erased_says_so() {
    let announced = airside_api::baggage::v1::BagAnnounced {
        passenger_name: Some(airside_api::privacy::v1::Sealed::default()),
        ..Default::default()
    };
    let shown = ShownEvent::new(&event("baggage.BagAnnounced", &announced.encode_to_vec()));
    assert_eq!(shown.payload, json!({"passengerName": {"erased": true}}));
}

#[test]
fn a_type_that_is_unknown_is_shown_as_its_bytes_with_a_note() {
    let shown = ShownEvent::new(&event("baggage.BagTeleported", &[1, 2, 3]));
    assert_eq!(shown.payload, json!("AQID"));
    assert!(shown.note.unwrap().contains("baggage.BagTeleported is unknown"));
}

#[test]
fn fields_of_a_newer_program_are_counted() {
    let shown = ShownEvent::new(&event("baggage.JourneyOpened", &[0x0a, 1, b'j', 0xf8, 0x07, 1]));
    assert_eq!(shown.payload, json!({"journeyId": "j"}));
    assert!(shown.note.unwrap().starts_with("1 fields"));
}

proptest! {
    #[test]
    fn foreign_payloads_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), n in 0usize..3) {
        let event_type = ["baggage.BagAnnounced", "flights.PassengerRead", "nonsense"][n];
        ShownEvent::new(&event(event_type, &bytes));
    }
}

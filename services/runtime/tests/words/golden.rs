//! The bytes of the machinery's own events and of a sealed value, as they were
//! ever stored: `tests/golden`.

use airside_api::privacy::v1 as stored;
use airside_kernel::{
    Append, Category, EventId, EventStore, Expected, Metadata, NewEvent, Personal, Revision, SealContext,
    Sealed, SubjectId,
};
use airside_runtime::{
    reactors::StartAt,
    stored::{personal, sealed},
};
use prost::Message;
use uuid::Uuid;

use crate::{
    counter::{Command, Counter},
    echo::Running,
    house::{House, order, stream},
};

const PLACE: &str = "reactor-test.echo";
const PLACES: &str = include_str!("../golden/places.txt");
const SEALED: &str = include_str!("../golden/sealed-v1.hex");
/// The ciphertext of the message, frozen by the crate that made it.
const CIPHERTEXT: &str = include_str!("../../../privacy/tests/golden/sealed-v1.hex");

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let text = text.trim();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

async fn add(house: &House, times: usize) {
    for _ in 0..times {
        house.executor::<Counter>().execute(order("counter-1", Command::Add(1))).await.unwrap();
    }
}

/// Appends a line of the golden file to the stream of the reactor's place.
async fn append(house: &House, line: &'static str) {
    let [event_type, version, payload] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
    let event = NewEvent {
        id: EventId(Uuid::now_v7()),
        event_type: event_type.into(),
        schema_version: version.parse().unwrap(),
        occurred_at: house.clock.now(),
        metadata: Metadata::default().encode(),
        payload: unhex(payload).into(),
    };
    let (stream, fold_from) = (stream(PLACE), Revision::FIRST);
    house
        .store
        .append(Append { stream, expected: Expected::Any, fold_from, events: vec![event] })
        .await
        .unwrap();
}

#[tokio::test]
async fn the_place_of_a_reactor_is_written_in_the_bytes_it_always_was() {
    let mut lines = Vec::new();
    let mut note = async |house: &House| {
        let place = house.events(PLACE).await;
        let last = place.last().unwrap();
        lines.push(format!("{} {} {}", last.event_type(), last.schema_version(), hex(last.payload())));
    };
    let house = House::in_memory();
    let echo = Running::start(&house, None).await.unwrap();
    note(&house).await;
    echo.stop().await;
    let house = House::in_memory();
    add(&house, 2).await;
    let mut echo = Running::start(&house, Some(StartAt::End)).await.unwrap();
    note(&house).await;
    add(&house, 1).await;
    echo.settled(&house).await;
    // At position 4, or 5 when it has seen its own echo by now.
    echo.stop().await;
    note(&house).await;
    for line in lines {
        assert!(PLACES.lines().any(|old| old == line), "{line} is new; what is stored must never change");
    }
}

/// In order: begun at the beginning, begun after position 2, done up to 4, done up to 5.
#[tokio::test]
async fn every_place_that_was_ever_written_is_begun_at_for_ever() {
    let begins: [&[u64]; 4] = [&[0, 1, 2, 3, 4, 5], &[2, 3, 4, 5], &[4, 5], &[5]];
    assert_eq!(PLACES.lines().count(), begins.len());
    for (line, expected) in PLACES.lines().zip(begins) {
        let house = House::in_memory();
        add(&house, 6).await;
        append(&house, line).await;
        let mut echo = Running::start(&house, None).await.unwrap();
        echo.settled(&house).await;
        assert_eq!(echo.seen.acted_on(), expected, "{line}");
        echo.stop().await;
    }
}

#[test]
fn a_sealed_value_is_stored_and_read_in_the_bytes_it_always_was() {
    let value: Personal<String> = Personal::Sealed(Sealed {
        subject: SubjectId::new("journey-1"),
        category: Category::Travel,
        key_version: 1,
        context: SealContext {
            stream: "bag-0479123456".to_owned(),
            event_type: "baggage.BagAccepted".to_owned(),
            field: 3,
            schema_version: 1,
        },
        ciphertext: unhex(CIPHERTEXT).into(),
    });
    let written = hex(&sealed(&value).encode_to_vec());
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/sealed-v1.hex");
        std::fs::write(path, written + "\n").unwrap();
        return;
    }
    assert_eq!(written, SEALED.trim());
    let message = stored::Sealed::decode(unhex(SEALED).as_slice()).unwrap();
    assert_eq!(personal::<String>(message).unwrap(), value);
}

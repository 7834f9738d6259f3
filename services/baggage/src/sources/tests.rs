//! What the log says of sources, folded alike however often it is begun again.

use airside_kernel::{Cause, EventParts, Position, Revision, testing};
use airside_runtime::stored::{cause_message, timestamp_message};

use super::*;
use crate::sources::clock::Skew;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_132_800 + second).unwrap()
}

/// Makes events one after the other.
#[derive(Default)]
struct Log(Vec<RecordedEvent>);

impl Log {
    fn push(&mut self, second: i64, stream: &str, event_type: &str, payload: &[u8]) {
        let revision = self.0.iter().filter(|event| event.stream() == stream).count() as u64;
        let us = at(second).as_microsecond();
        let position = Position::from_parts(self.0.len() as u64 + 1, 0);
        let revision = Revision(revision);
        let parts =
            EventParts { position, revision, occurred_us: us, recorded_us: us, ..testing::first_parts() };
        self.0.push(testing::recorded(parts, stream, event_type, &[], payload));
    }

    fn message(&mut self, second: i64, source: &str) {
        let received_at = Some(timestamp_message(at(second)));
        let message = stored::MessageReceived { received_at, transport: "link".into(), ..Default::default() };
        let stream = format!("source-{source}");
        self.push(second, &stream, "baggage.MessageReceived", &message.encode_to_vec());
    }

    fn sighting(&mut self, second: i64, observation: stored::Observation) {
        let scanned = stored::BagScanned { observation: Some(observation), ..Default::default() };
        self.push(second, "bag-3479000101", "baggage.BagScanned", &scanned.encode_to_vec());
    }

    fn scan(&mut self, second: i64, source: &str, lag: i64) {
        let observed_at = Some(timestamp_message(at(second - lag)));
        self.sighting(
            second,
            stored::Observation { source: source.into(), observed_at, ..Default::default() },
        );
    }

    fn folded(&self) -> Sources {
        let mut sources = Sources::default();
        self.0.iter().for_each(|event| sources.apply(event).unwrap());
        sources
    }
}

fn said(source: &str, second: i64, lag: i64, received: bool) -> stored::Observation {
    let cause = Cause {
        reactor: "baggage.parse".into(),
        stream: "source-bhs".into(),
        revision: Revision(0),
        index: 0,
    };
    stored::Observation {
        source: source.into(),
        observed_at: Some(timestamp_message(at(second - lag))),
        received_at: received.then(|| timestamp_message(at(second))),
        cause: Some(cause_message(&cause)),
        ..Default::default()
    }
}

#[test]
fn a_model_that_is_begun_again_anywhere_ends_as_one_that_saw_everything() {
    let mut log = Log::default();
    for n in 0..40 {
        log.message(n * 20, "dcs");
        log.scan(n * 20 + 1, "bhs", 7_200);
        log.sighting(n * 20 + 5, said("dcs", n * 20 + 3, 5, true));
    }
    let quarantined =
        stored::MessageQuarantined { source: "dcs".into(), message_revision: 7, ..Default::default() };
    log.push(900, "quarantine-dcs", "baggage.MessageQuarantined", &quarantined.encode_to_vec());
    log.push(901, "flight-ZH9101-20261120", "flights.FlightLanded", &[]);
    let whole = log.folded();
    for cut in (0..log.0.len()).step_by(7) {
        let mut first = Sources::default();
        log.0[..cut].iter().for_each(|event| first.apply(event).unwrap());
        let bytes = postcard::to_stdvec(&first.image()).unwrap();
        let mut again = Sources::default();
        again.restore(postcard::from_bytes(&bytes).unwrap());
        log.0[cut..].iter().for_each(|event| again.apply(event).unwrap());
        assert_eq!(again, whole, "{cut}");
    }
    let (dcs, bhs) = (whole.find("dcs").unwrap(), whole.find("bhs").unwrap());
    assert_eq!((dcs.messages().count, dcs.malformed().count, dcs.scans().count), (40, 1, 0));
    assert_eq!((bhs.scans().count, bhs.skew()), (40, Skew::Ahead(-7_200_000)));
    assert_eq!(dcs.heard().unwrap().revision, Revision(39));
}

#[test]
fn what_a_message_says_counts_for_lag_only_with_a_time_of_its_own_and_a_known_receipt() {
    let mut log = Log::default();
    log.sighting(100, said("dcs", 60, 7, true));
    log.sighting(100, said("dcs", 60, 0, true));
    log.sighting(100, said("dcs", 60, 7, false));
    let sources = log.folded();
    let lag = sources.find("dcs").unwrap().lag().unwrap();
    assert_eq!((lag.median_ms, lag.p90_ms), (7_000, 7_000), "not as late as it was read");
    assert!(sources.find("dcs").unwrap().heard().is_none(), "what was heard is the message");
}

#[test]
fn what_was_concluded_was_seen_by_nobody() {
    let mut log = Log::default();
    let observation = Some(said("bms", 60, 7, true));
    let scanned = stored::BagScanned { observation, inferred: true, ..Default::default() };
    log.push(60, "bag-3479000101", "baggage.BagScanned", &scanned.encode_to_vec());
    assert_eq!(log.folded().all().count(), 0);
}

#[test]
fn sources_take_bounded_room_and_the_quietest_gives_way() {
    let mut log = Log::default();
    log.message(0, "first");
    log.message(1, "quietest");
    (0..254).for_each(|n| log.message(10 + n, &format!("s{n}")));
    log.message(500, "first");
    log.message(501, "one.more");
    let sources = log.folded();
    assert_eq!(sources.all().count(), MAX_SOURCES);
    assert!(sources.find("first").is_some() && sources.find("one.more").is_some());
    assert!(sources.find("quietest").is_none());
}

#[test]
fn an_event_that_is_not_known_is_told_and_not_passed_over() {
    let mut log = Log::default();
    log.push(0, "source-dcs", "baggage.SomethingNewer", &[]);
    assert!(Sources::default().apply(&log.0[0]).is_err());
}

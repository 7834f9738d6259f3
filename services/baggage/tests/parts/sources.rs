//! How the systems that send are: silent or heard, skewed or malformed, with lines that come and go.

use std::sync::Arc;

use airside_api::baggage::v1 as api;
use airside_baggage::{
    receive::Bringer,
    sources::{events::SourceEvent, silence::Settings, watch::Watch},
};
use airside_kernel::{
    Append, AppendError, Appended, Direction, EventStore, Follow, LogId, Page, Position, ReadError, Revision,
    StoredEvent, StreamId, Timestamp,
};
use airside_runtime::{stored::timestamp_message, telemetry::Metrics};
use async_trait::async_trait;
use bytes::Bytes;
use jiff::SignedDuration;
use prometheus_client::{encoding::text, registry::Registry};
use uuid::Uuid;

use crate::airport::{Airport, by, sample, staff};

/// The facts about sources in the log.
async fn facts(airport: &Airport) -> Vec<SourceEvent> {
    let log = airport.log().await;
    let events = log.iter().filter(|event| SourceEvent::is_type(event.event_type()));
    events.flat_map(|event| SourceEvent::decode(event).unwrap()).collect()
}

async fn list(airport: &mut Airport) -> Vec<api::SourceState> {
    let at_least_position = airport.settled().await;
    let request = api::ListSourcesRequest { at_least_position, ..Default::default() };
    airport.client.list_sources(by(staff(), request)).await.unwrap().into_inner().sources
}

async fn source(airport: &mut Airport, name: &str) -> api::SourceState {
    list(airport).await.into_iter().find(|source| source.source == name).unwrap()
}

fn minutes(airport: &Airport, minutes: i64) {
    airport.clock.advance(SignedDuration::from_mins(minutes));
}

fn scan(id: u32, observed_at: Timestamp) -> api::Scan {
    api::Scan {
        scan_id: format!("s{id}"),
        plate: format!("3479{id:06}"),
        point: api::TrackingPoint::Sortation.into(),
        station: "SZX".into(),
        observed_at: Some(timestamp_message(observed_at)),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_source_falls_silent_once_and_is_heard_again_once() {
    let mut airport = Airport::reading().await;
    airport.submit(&[&sample("syn_bsm_local_szx")]).await;
    minutes(&airport, 9);
    airport.watch.look().await.unwrap();
    assert_eq!(facts(&airport).await, []);
    assert!(source(&mut airport, "dcs").await.up);

    minutes(&airport, 1);
    airport.watch.look().await.unwrap();
    minutes(&airport, 30);
    airport.watch.look().await.unwrap();
    let [SourceEvent::FellSilent(silent)] = &facts(&airport).await[..] else { panic!("one silence") };
    let heard = silent.heard.clone().unwrap();
    assert_eq!((heard.stream.as_str(), heard.revision), ("source-dcs", Revision::FIRST));
    let state = source(&mut airport, "dcs").await;
    assert_eq!((state.up, state.silent_since), (false, Some(timestamp_message(heard.at))));
    assert_eq!(airport.watch.remark().text(), "1 sources, silent: dcs");

    airport.submit(&["BSM"]).await;
    airport.watch.look().await.unwrap();
    airport.watch.look().await.unwrap();
    let facts = facts(&airport).await;
    let [_, SourceEvent::HeardAgain(again)] = &facts[..] else { panic!("{facts:?}") };
    assert_eq!(again.heard.revision, Revision(2), "the message after the silence");
    let state = source(&mut airport, "dcs").await;
    assert_eq!((state.up, state.silent_since, state.messages), (true, None, 2));
    assert_eq!(airport.parked(), 0, "who reads messages passes over facts about sources");
}

#[tokio::test]
async fn a_silence_is_not_noted_again_after_a_restart_and_ends_as_before() {
    let mut airport = Airport::reading().await;
    airport.submit(&[&sample("syn_bsm_local_szx")]).await;
    minutes(&airport, 10);
    airport.watch.look().await.unwrap();
    let mut restarted = airport.restored().await;
    minutes(&restarted, 30);
    restarted.watch.look().await.unwrap();
    assert_eq!(facts(&restarted).await.len(), 1);
    restarted.submit(&[&sample("syn_bsm_local_szx")]).await;
    restarted.watch.look().await.unwrap();
    assert!(matches!(facts(&restarted).await[..], [_, SourceEvent::HeardAgain(_)]));
}

#[tokio::test]
async fn typed_scans_are_heard_as_messages_are() {
    let mut airport = Airport::reading().await;
    let now = || "2026-11-20T09:20:00Z".parse().unwrap();
    airport.record(vec![scan(1, now())]).await;
    minutes(&airport, 10);
    airport.watch.look().await.unwrap();
    let state = source(&mut airport, "bhs.t3").await;
    assert!(state.silent_since.is_some());
    assert_eq!((state.scans, state.messages, state.last_scan_at), (1, 0, Some(timestamp_message(now()))));
    airport.record(vec![scan(2, now())]).await;
    airport.watch.look().await.unwrap();
    assert_eq!(source(&mut airport, "bhs.t3").await.silent_since, None);
}

/// A log to which a source sends just before its silence is written.
struct Meanwhile {
    log: Arc<dyn EventStore>,
    airport: airside_baggage::receive::Receiving,
}

#[async_trait]
impl EventStore for Meanwhile {
    fn log_id(&self) -> LogId {
        self.log.log_id()
    }

    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let bringer = Bringer { source: "dcs", actor: "test", transport: "link", cause: None };
        self.airport.store(bringer, &[Bytes::from_static(b"BSM")]).await.unwrap();
        self.log.append(append).await
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        direction: Direction,
        from: Option<Revision>,
        limit: usize,
    ) -> Result<Page, ReadError> {
        self.log.read_stream(stream, direction, from, limit).await
    }

    async fn read_all(&self, after: Option<Position>, limit: usize) -> Result<Page, ReadError> {
        self.log.read_all(after, limit).await
    }

    async fn head(&self) -> Result<Option<Position>, ReadError> {
        self.log.head().await
    }

    fn follow(&self, after: Option<Position>) -> Box<dyn Follow> {
        self.log.follow(after)
    }
}

#[tokio::test]
async fn a_silence_is_dropped_when_the_source_says_something_meanwhile() {
    let mut airport = Airport::reading().await;
    airport.submit(&[&sample("syn_bsm_local_szx")]).await;
    let store = Meanwhile { log: airport.store.clone(), airport: airport.receiving.clone() };
    let silence = [("dcs".into(), SignedDuration::from_mins(10))].into();
    let settings = Settings { silence, ..Settings::default() };
    let mut registry = Registry::default();
    let (metrics, sources) = (Metrics::register(&mut registry), airport.sources.clone());
    let lines = airport.receiving.lines().clone();
    let mut watch =
        Watch::new(Arc::new(store), airport.clock.clone(), metrics, sources, lines, Arc::new(settings));
    minutes(&airport, 10);
    watch.look().await.unwrap();
    assert_eq!(facts(&airport).await, []);
    watch.look().await.unwrap();
    assert_eq!(source(&mut airport, "dcs").await.messages, 2, "it was heard and is not asked again");

    let mut page = String::new();
    text::encode(&mut page, &registry).unwrap();
    for line in [
        "airside_source_up{name=\"dcs\"} 1",
        "airside_source_silent{name=\"dcs\"} 0",
        "airside_source_messages{name=\"dcs\",transport=\"grpc\"} 1",
        "airside_source_messages{name=\"dcs\",transport=\"link\"} 1",
    ] {
        assert!(page.contains(line), "{line} is not in\n{page}");
    }
}

#[tokio::test]
async fn lines_that_open_and_close_are_in_the_log_and_a_crash_leaves_none_open() {
    let mut airport = Airport::reading().await;
    let lines = airport.receiving.lines().clone();
    let first = lines.opened("bhs.t3", "link");
    let second = lines.opened("bhs.t3", "link");
    airport.watch.look().await.unwrap();
    airport.watch.look().await.unwrap();
    minutes(&airport, 60);
    let state = source(&mut airport, "bhs.t3").await;
    assert_eq!((state.up, state.transports[0].open_lines), (true, 2));
    first.close("the peer logged off");
    lines.opened("dcs", "link").close("the line broke");
    airport.watch.look().await.unwrap();
    let reasons = |facts: Vec<SourceEvent>| -> Vec<String> {
        let closed = facts.into_iter().filter_map(|fact| match fact {
            SourceEvent::Closed(closed) => Some(closed.reason),
            _ => None,
        });
        closed.collect()
    };
    assert_eq!(reasons(facts(&airport).await), ["the peer logged off", "the line broke"]);
    assert_eq!(source(&mut airport, "bhs.t3").await.transports[0].open_lines, 1);
    assert!(lines.all().len() == 1, "what is written is forgotten");

    let mut restarted = airport.restored().await;
    restarted.watch.look().await.unwrap();
    restarted.watch.look().await.unwrap();
    assert_eq!(
        reasons(facts(&restarted).await),
        ["the peer logged off", "the line broke", "the server ended"]
    );
    assert_eq!(source(&mut restarted, "bhs.t3").await.transports[0].open_lines, 0);
    drop(second);
}

#[tokio::test]
async fn a_node_leaves_the_lines_of_others_open_and_ends_those_that_it_left_itself() {
    let mut airport = Airport::reading().await;
    airport.watch.on_node("a".to_owned());
    let line = airport.receiving.lines().opened("bhs.t3", "link");
    airport.watch.look().await.unwrap();

    let mut other = airport.restored().await;
    other.watch.on_node("b".to_owned());
    other.watch.look().await.unwrap();
    other.watch.look().await.unwrap();
    assert_eq!(source(&mut other, "bhs.t3").await.transports[0].open_lines, 1);

    let mut again = other.restored().await;
    again.watch.on_node("a".to_owned());
    again.watch.look().await.unwrap();
    assert_eq!(source(&mut again, "bhs.t3").await.transports[0].open_lines, 0);
    drop(line);
}

#[tokio::test]
async fn what_could_not_be_used_counts_once_for_its_message() {
    let mut airport = Airport::reading().await;
    let bsm = sample("syn_bsm_local_szx");
    let other = bsm.replace("3479000101", "3479000999");
    airport.submit(&[&bsm, "nothing that is known", &other, "BSM\r\n.V/1LSZX\r\n"]).await;
    let state = source(&mut airport, "dcs").await;
    assert_eq!((state.malformed, state.malformed_of, state.messages), (2, 4, 4));
    assert_eq!((state.lag_seconds, state.clock_ahead_seconds), (None, None), "a BSM has no time of its own");
}

#[tokio::test]
async fn a_reader_that_is_half_an_hour_ahead_or_two_hours_behind_is_flagged_and_one_that_is_right_is_not() {
    for (ahead, is_skewed) in [(1_800, true), (-7_200, true), (0, false)] {
        let mut airport = Airport::reading().await;
        for id in 1..=8 {
            let now = airside_kernel::Clock::now(&*airport.clock);
            airport.record(vec![scan(id, now + SignedDuration::from_secs(ahead - 2))]).await;
            airport.clock.advance(SignedDuration::from_secs(30));
        }
        let state = source(&mut airport, "bhs.t3").await;
        assert_eq!((state.clock_skewed, state.scans), (is_skewed, 8), "{state:?}");
        let (lag, clock) = (state.lag_seconds.unwrap(), state.clock_ahead_seconds.unwrap());
        let expected = f64::from(i32::try_from(ahead).unwrap() - 2);
        assert!((clock - expected).abs() < 0.01 && (lag + expected).abs() < 0.01, "{state:?}");
    }
}

#[tokio::test]
async fn the_pieces_of_a_file_are_found_among_facts_about_their_source() {
    let mut airport = Airport::open();
    let file = Uuid::from_u128(7);
    let bringer = Bringer { source: "dcs", actor: "files/dcs", transport: "file", cause: Some(file) };
    for _ in 0..3 {
        airport.receiving.store(bringer, &[Bytes::from_static(b"BSM")]).await.unwrap();
        let lines = airport.receiving.lines().clone();
        lines.opened("dcs", "link").close("the peer closed");
        airport.watch.look().await.unwrap();
    }
    for (span, found) in [(3, Some(2)), (5, Some(3)), (0, None)] {
        let causes = airport.receiving.causes("dcs", span).await.unwrap();
        assert_eq!(causes.get(&file).copied(), found, "{span}");
    }
}

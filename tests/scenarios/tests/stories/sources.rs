//! How the systems that send are, as an operator sees it: silent and heard again, skewed, malformed.

use std::{collections::BTreeMap, time::Duration};

use airside_api::baggage::v1::{ListSourcesRequest, Scan, SourceState, TrackingPoint};
use airside_runtime::stored::timestamp_message;
use airside_server::{Config, config::SourceConfig};
use airside_simulator::connect::Clients;
use jiff::{SignedDuration, Timestamp};
use tonic::Code;

use crate::harness::{
    House,
    calls::{SOURCE, messages, scans},
    eventually,
    http::get,
    luggage::{Luggage, scan},
};

/// How long a source may say nothing.
const SILENCE: Duration = Duration::from_secs(2);

async fn house() -> House {
    let silence = Some(SILENCE);
    let sources = BTreeMap::from([(SOURCE.to_owned(), SourceConfig { silence })]);
    House::with(Config { sources, ..Config::default() }).await
}

/// Returns what is known of the source of stories, from a state that includes a position.
async fn source(staff: &Clients, position: &str) -> SourceState {
    let request = ListSourcesRequest { at_least_position: position.to_owned(), ..Default::default() };
    let listed = staff.baggage.clone().list_sources(request).await.unwrap().into_inner();
    listed.sources.into_iter().find(|source| source.source == SOURCE).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_falls_silent_and_is_heard_again() {
    let house = house().await;
    let (staff, partner) = (house.callers.staff(), house.callers.partner());
    let never = source(&staff, "").await;
    assert_eq!((never.up, never.messages), (false, 0), "who is configured is listed before it was heard");

    let text = Luggage::new("3479000801").announcement();
    let position =
        partner.baggage.clone().submit_messages(messages([&text])).await.unwrap().into_inner().position;
    assert!(source(&staff, &position).await.up);
    let silent = eventually("it falls silent", async || {
        let source = source(&staff, "").await;
        source.silent_since.is_some().then_some(source)
    })
    .await;
    assert_eq!(silent.messages, 1);
    let metrics = eventually("the metrics say so", async || {
        let page = get(house.node.admin, "/metrics").await.body;
        page.contains("airside_source_silent{name=\"bhs.t3\"} 1").then_some(page)
    })
    .await;
    assert!(metrics.contains("airside_source_messages{name=\"bhs.t3\",transport=\"grpc\"} 1"), "{metrics}");
    let ready = get(house.node.admin, "/readyz").await;
    assert_eq!(ready.status, 200, "a silent source is a remark and no failure");
    assert!(ready.body.contains("silent: bhs.t3"), "{ready:?}");

    let house = house.reopen().await;
    let (staff, partner) = (house.callers.staff(), house.callers.partner());
    assert_eq!(source(&staff, "").await.silent_since, silent.silent_since, "a restart ends no silence");
    partner.baggage.clone().submit_messages(messages([&text])).await.unwrap();
    let heard = eventually("it is heard again", async || {
        let source = source(&staff, "").await;
        source.silent_since.is_none().then_some(source)
    })
    .await;
    assert_eq!((heard.up, heard.messages), (true, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_with_a_wrong_clock_is_flagged() {
    let house = House::open().await;
    let (staff, partner) = (house.callers.staff(), house.callers.partner());
    let ahead = Timestamp::now() + SignedDuration::from_mins(30);
    let of_reader = |n: u32| Scan {
        observed_at: Some(timestamp_message(ahead)),
        ..scan(&format!("s{n}"), &format!("34790009{n:02}"), TrackingPoint::Sortation)
    };
    let some = scans((0..5).map(of_reader));
    let position = partner.baggage.clone().record_scans(some).await.unwrap().into_inner().position;
    let few = source(&staff, &position).await;
    assert_eq!((few.clock_skewed, few.clock_ahead_seconds, few.scans), (false, None, 5), "too few to tell");

    let more = scans((5..10).map(of_reader));
    let position = partner.baggage.clone().record_scans(more).await.unwrap().into_inner().position;
    let many = source(&staff, &position).await;
    let seconds = many.clock_ahead_seconds.unwrap();
    assert!(many.clock_skewed && (1_700.0..=1_800.0).contains(&seconds), "{many:?}");
    assert!(many.lag_seconds.unwrap() < -1_700.0, "{many:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_counts_against_its_source_and_only_staff_hear_of_it() {
    let house = House::open().await;
    let (staff, partner) = (house.callers.staff(), house.callers.partner());
    let good = Luggage::new("3479000851").announcement();
    let some = messages([&good, "no message of any kind", "BSM\r\n.V/1LSZX\r\n"]);
    partner.baggage.clone().submit_messages(some).await.unwrap();
    let state = eventually("two are malformed", async || {
        let source = source(&staff, "").await;
        (source.malformed == 2).then_some(source)
    })
    .await;
    assert_eq!((state.malformed_of, state.messages, state.transports.len()), (3, 3, 1));
    let refused = partner.baggage.clone().list_sources(ListSourcesRequest::default()).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
}

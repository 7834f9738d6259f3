//! The player and the load drivers against a stand-in server on a real socket.
//!
//! The real server is tried in `tests/scenarios`; it may not be a dependency here. The stand-in
//! believes every scan, reads nothing, and sends a notice for each scan of a followed plate, so
//! that counting, sessions, tunnels and losses can be held against something known.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod stand_in;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use airside_simulator::load::{LoadOptions, empty_unary, message_load, scan_load};
use airside_simulator::{Endpoint, Facts, PlayOptions, Progress, Report, SimulatorError, Tokens, play};
use stand_in::StandIn;
use tokio::sync::watch;

async fn endpoint(server: &Arc<StandIn>) -> Endpoint {
    let public = stand_in::serve(Arc::clone(server)).await;
    let tokens = Tokens {
        partner: "partner".to_owned(),
        staff: "staff".to_owned(),
        passenger: Arc::new(|person| format!("passenger.{person}")),
    };
    Endpoint { public, tokens }
}

fn small() -> PlayOptions {
    PlayOptions {
        seed: 9,
        run_for: Some(Duration::from_secs(3)),
        catch_up: Duration::from_millis(800),
        departures: 3,
        arrivals: 1,
        passengers_per_flight: 12,
        sessions: 10,
        ..PlayOptions::default()
    }
}

async fn played(server: &Arc<StandIn>, options: &PlayOptions) -> (Report, Progress) {
    let endpoint = endpoint(server).await;
    let (progress, seen) = watch::channel(Progress::default());
    let (_stop, stopped) = watch::channel(false);
    let facts = || async { Facts { events: Some(77), ..Facts::default() } };
    let report = play(&endpoint, options, &facts, progress, stopped).await.unwrap();
    let last = seen.borrow().clone();
    (report, last)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wave_is_played_to_its_end_and_nothing_is_lost() {
    let server = Arc::new(StandIn::default());
    let (report, progress) = played(&server, &small()).await;
    let summary = report.summary;
    assert_eq!(summary.scans_accepted, server.scans.load(Ordering::Relaxed));
    assert!(summary.scans_accepted > 100 && summary.routes_found > 0, "{summary:?}");
    assert_eq!(summary.events, 77);
    assert!(summary.notifications > 10, "{summary:?}");
    assert_eq!((summary.pushes_lost, summary.pushes_delivered), (0, summary.notifications));
    let detail = &report.detail;
    assert_eq!((detail.sessions, detail.sequence_breaks), (10, 0));
    assert_eq!((detail.reconnects, detail.recovered), (2, 2), "two of ten went through a tunnel");
    assert!(detail.scans_duplicate > 0 && detail.messages_malformed > 0, "{detail:?}");
    assert_eq!(progress.scans_accepted, summary.scans_accepted);
    let story = report.story.unwrap().to_string();
    println!("{}\n{}\n{story}", serde_json::to_string(&summary).unwrap(), report.detail);
    assert!(story.contains("push  notice of"), "{story}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_that_the_server_drops_is_counted_as_lost() {
    let server = Arc::new(StandIn { drops_third: true, ..StandIn::default() });
    let (report, _) = played(&server, &small()).await;
    let dropped = server.dropped.load(Ordering::Relaxed);
    assert!(dropped > 0);
    assert_eq!(report.summary.pushes_lost, dropped, "{:?}", report.detail);
    assert_eq!(report.summary.pushes_delivered + dropped, report.summary.notifications);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_ends_the_play_early_with_a_summary() {
    let server = Arc::new(StandIn::default());
    let endpoint = endpoint(&server).await;
    let (progress, mut seen) = watch::channel(Progress::default());
    let (stop, stopped) = watch::channel(false);
    let options = PlayOptions { run_for: None, ..small() };
    let facts = airside_simulator::NoFacts;
    let playing = tokio::spawn(async move { play(&endpoint, &options, &facts, progress, stopped).await });
    seen.wait_for(|progress| progress.scans_accepted > 0).await.unwrap();
    stop.send_replace(true);
    let report = playing.await.unwrap().unwrap();
    assert_eq!((report.detail.waves, report.summary.pushes_lost), (1, 0));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let server = Arc::new(StandIn::default());
    let mut endpoint = endpoint(&server).await;
    endpoint.public.set_port(1);
    let (progress, _seen) = watch::channel(Progress::default());
    let (_stop, stopped) = watch::channel(false);
    let facts = airside_simulator::NoFacts;
    let error = play(&endpoint, &small(), &facts, progress, stopped).await.unwrap_err();
    assert!(matches!(error, SimulatorError::Connect { .. }), "{error}");
    assert!(error.to_string().contains("127.0.0.1:1"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn load_counts_what_the_server_took() {
    let server = Arc::new(StandIn::default());
    let endpoint = endpoint(&server).await;
    let options = LoadOptions {
        connections: 2,
        plates: 100,
        run_for: Duration::from_millis(300),
        warm_up: Duration::ZERO,
        ..LoadOptions::default()
    };
    let scans = scan_load(&endpoint, &options).await.unwrap();
    assert!(scans.items > 0 && scans.not_taken == 0, "{scans:?}");
    assert!(scans.items <= server.scans.load(Ordering::Relaxed));
    let messages = message_load(&endpoint, &options).await.unwrap();
    assert!(messages.items > 0 && messages.items <= server.messages.load(Ordering::Relaxed), "{messages:?}");
    let empty = empty_unary(&endpoint, 2, Duration::from_millis(200)).await.unwrap();
    assert!(empty.calls > 0 && empty.call_ms.p99 > 0.0, "{empty:?}");
}

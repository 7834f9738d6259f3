//! `airside projections list|rebuild` and `airside log stats|rebuild-index`.

use airside_api::baggage::v1::TrackingPoint;
use serde_json::Value;

use crate::harness::{
    calls::{announce, bag_of, record},
    eventually,
    http::get,
    luggage::Luggage,
    operator::{answer, operate, refuses},
    process::Yard,
};

fn named<'a>(models: &'a Value, name: &str) -> &'a Value {
    let models = models.as_array().unwrap();
    models.iter().find(|model| model["name"] == name).unwrap_or_else(|| panic!("{name} is not in {models:?}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_model_is_rebuilt_while_the_server_runs() {
    let (yard, bag) = (Yard::new(), Luggage::new("3479005101"));
    let server = yard.serve().await;
    let partner = server.callers().await.partner();
    announce(&partner, &bag).await;
    let head = answer(&yard.data(), &["log", "stats"]).await["head"].as_u64().unwrap();
    let rebuilt = answer(&yard.data(), &["projections", "rebuild", "baggage.bags"]).await;
    assert!(rebuilt["events"].as_u64() >= Some(head), "{rebuilt}");
    assert_eq!(bag_of(&partner, &bag.plate).await.unwrap().passenger, "Z*** S***");
    refuses(&yard.data(), &["projections", "rebuild", "baggage.boats"], &["baggage.boats", "baggage.bags"])
        .await;

    let models = answer(&yard.data(), &["projections", "list"]).await;
    assert_eq!(named(&models, "baggage.bags")["parked"], 0);
    let metrics = get(server.admin(), "/metrics").await.body;
    for line in ["airside_stuck_readers 0", "airside_unsigned_events", "airside_last_backup_position 0"] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
    let ready = get(server.admin(), "/readyz").await.json().to_string();
    for part in ["evidence", "vault", "log", "read-models"] {
        assert!(ready.contains(&format!("\"name\":\"{part}\"")), "{part} is not in {ready}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_after_a_crash_replays_only_the_tail() {
    let (yard, bag) = (Yard::new(), Luggage::new("3479005201"));
    let server = yard.serve().await;
    announce(&server.callers().await.partner(), &bag).await;
    server.terminate();
    assert!(server.ended().await.success());
    let kept = answer(&yard.data(), &["projections", "list"]).await;
    let kept: u64 = named(&kept, "baggage.bags")["snapshot_position"].as_str().unwrap().parse().unwrap();
    let head = answer(&yard.data(), &["log", "stats"]).await["head"].as_u64().unwrap();

    let server = yard.serve().await;
    let partner = server.callers().await.partner();
    record(&partner, bag.scan("s1", TrackingPoint::CheckIn)).await;
    server.kill();
    let server = yard.serve().await;
    let partner = server.callers().await.partner();
    eventually("all is known", async || {
        bag_of(&partner, &bag.plate).await.ok().filter(|bag| bag.timeline.len() == 2)
    })
    .await;
    let models = answer(&yard.data(), &["projections", "list"]).await;
    let bags = named(&models, "baggage.bags");
    let began: u64 = bags["began"].as_str().unwrap().parse().unwrap();
    let position: u64 = bags["position"].as_str().unwrap().parse().unwrap();
    assert!(bags["lag_events"] == 0 && position > head && began >= kept, "{bags}");
    assert!(!yard.logs().contains("snapshot is not used"), "{}", yard.logs());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_folder_is_looked_after_too() {
    let (yard, bag) = (Yard::new(), Luggage::new("3479005301"));
    let server = yard.serve().await;
    announce(&server.callers().await.partner(), &bag).await;
    refuses(&yard.data(), &["log", "rebuild-index"], &["in use"]).await;
    server.terminate();
    assert!(server.ended().await.success());

    let stats = answer(&yard.data(), &["log", "stats", "--types"]).await;
    let head = stats["head"].as_u64().unwrap();
    let types = stats["counts"]["types"].as_object().unwrap();
    assert_eq!(types.values().map(|count| count.as_u64().unwrap()).sum::<u64>(), head, "{stats}");
    assert_eq!(types["baggage.BagAnnounced"], 1, "{stats}");
    assert_eq!((&stats["evidence"]["size"], &stats["generation"]), (&head.into(), &0.into()), "{stats}");
    assert!(stats["vault"]["changes"].as_u64() > Some(0), "{stats}");
    let indexed = answer(&yard.data(), &["log", "rebuild-index"]).await;
    assert_eq!(indexed["events"], head);
    answer(&yard.data(), &["projections", "rebuild", "baggage.bags"]).await;
    let models = answer(&yard.data(), &["projections", "list"]).await;
    assert!(models.as_array().unwrap().iter().all(|model| model["name"] != "baggage.bags"), "{models}");
    let printed = operate(&yard.data(), &["log", "stats"]).await;
    assert!(String::from_utf8_lossy(&printed.stdout).contains("never restored"));

    let server = yard.serve().await;
    assert!(bag_of(&server.callers().await.partner(), &bag.plate).await.is_ok());
}

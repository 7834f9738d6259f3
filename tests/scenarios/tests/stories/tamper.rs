//! An event that was altered by somebody who knows the format: the log itself
//! cannot tell, the signed evidence names it.

use airside_api::baggage::v1::{ScanResult, TrackingPoint};

use crate::harness::{
    calls::record,
    eventually,
    folders::{copy, files, forge},
    http::get,
    luggage::scan,
    operator::{Second, answer, operate, refuses, verify},
    process::Yard,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_altered_event_is_named() {
    let (yard, stranger) = (Yard::new(), Yard::new());
    let second = Second::beside(&yard);
    for (yard, second) in [(&yard, Some(&second)), (&stranger, None)] {
        let environment = second.map(Second::environment).into_iter().flatten().collect::<Vec<_>>();
        let environment: Vec<_> = environment.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let server = yard.serve_with(&environment).await;
        let partner = server.callers().await.partner();
        for id in ["scan-aaaa", "scan-bbbb", "scan-cccc"] {
            let scan = scan(id, "3479004101", TrackingPoint::CheckIn);
            assert_eq!(record(&partner, scan).await, ScanResult::Recorded);
        }
        assert_eq!(verify(&yard.data(), &[]).await.0, 0);
        server.terminate();
        assert!(server.ended().await.success());
    }
    let from = ["--from", &second.as_text()];
    let (code, report) = verify(&yard.data(), &from).await;
    assert_eq!((code, &report["findings_total"]), (0, &0.into()), "{report}");
    assert_eq!(report["evidence"][1]["proven"], report["head"], "{report}");

    // Auditors need nothing but the second place and the public key.
    let stats = answer(&yard.data(), &["log", "stats"]).await;
    let key = stats["evidence"]["keys"][0].as_str().unwrap();
    assert_eq!(verify(&yard.data(), &[&from[..], &["--key", key]].concat()).await.0, 0);
    let strange = answer(&stranger.data(), &["log", "stats"]).await;
    let strange = strange["evidence"]["keys"][0].as_str().unwrap();
    let (code, report) = verify(&yard.data(), &[&from[..], &["--key", strange]].concat()).await;
    assert!(code == 1 && report["findings"].to_string().contains("no known key"), "{report}");

    let kept = files(&yard.data());
    let evidence = stranger.data().join("evidence").display().to_string();
    let (code, report) = verify(&yard.data(), &["--from", &evidence]).await;
    let findings = report["findings"].to_string();
    assert!(
        code == 1 && findings.contains("checkpoints of log") && findings.contains("this is log"),
        "{report}"
    );
    let nowhere = operate(&yard.data(), &["log", "verify", "--from", "/nowhere"]).await;
    assert_eq!(nowhere.status.code(), Some(2));
    let nonsense = operate(&yard.data(), &["log", "verify", "--key", "nonsense"]).await;
    assert_eq!(nonsense.status.code(), Some(2));
    assert!(files(&yard.data()).keys().eq(kept.keys()), "something came or went");

    forge(&yard.data(), "scan-bbbb", "scan-bbbx");
    let evidence = yard.data().join("evidence");
    for (place, arguments) in [("own", &[][..]), ("second", &from)] {
        let (code, report) = verify(&yard.data(), arguments).await;
        let findings = report["findings"].to_string();
        assert_eq!(code, 1, "{place}: {report}");
        assert!(findings.contains("is not what was signed: baggage.BagScanned"), "{place}: {findings}");
        assert!(findings.contains("bag-3479004101"), "{place}: {findings}");
    }
    // Who also takes the log's own evidence away is told by the second place.
    copy(&evidence, &yard.beside("taken"));
    std::fs::remove_dir_all(&evidence).unwrap();
    let (code, report) = verify(&yard.data(), &from).await;
    assert!(code == 1 && report["findings"].to_string().contains("bag-3479004101"), "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_whose_evidence_is_lost_is_told() {
    let yard = Yard::new();
    let server = yard.serve().await;
    record(&server.callers().await.partner(), scan("s1", "3479004401", TrackingPoint::CheckIn)).await;
    assert!(!get(server.admin(), "/readyz").await.body.contains("signed from now only"));
    server.terminate();
    assert!(server.ended().await.success());
    std::fs::remove_dir_all(yard.data().join("evidence")).unwrap();
    let server = yard.serve().await;
    assert!(get(server.admin(), "/readyz").await.body.contains("signed from now only"));
    assert_eq!(yard.logs().matches("what it holds is signed from now only").count(), 1);
    server.terminate();
    assert!(server.ended().await.success());
    let server = yard.serve().await;
    assert!(!get(server.admin(), "/readyz").await.body.contains("signed from now only"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_and_a_stream_are_proven() {
    let yard = Yard::new();
    let server = yard.serve_with(&[("AIRSIDE_EVIDENCE__EVERY", "100ms")]).await;
    let partner = server.callers().await.partner();
    record(&partner, scan("s1", "3479004201", TrackingPoint::CheckIn)).await;
    server.terminate();
    assert!(server.ended().await.success());
    let proof = answer(&yard.data(), &["log", "prove", "--stream", "bag-3479004201"]).await;
    assert_eq!(proof["format"], "airside.proof/1");
    assert!(proof["checkpoint"].as_str().unwrap().starts_with("airside.log/"), "{proof}");
    let events = proof["events"].as_array().unwrap();
    assert!(!events.is_empty() && events.iter().all(|event| event["stream"] == "bag-3479004201"));

    let out = yard.beside("proof.json").display().to_string();
    let output = operate(&yard.data(), &["log", "prove", "--position", "2", "--out", &out]).await;
    assert!(output.status.success() && output.stdout.is_empty());
    let proof: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(out).unwrap()).unwrap();
    assert_eq!(proof["events"][0]["position"], "2");
    let neither = operate(&yard.data(), &["log", "prove"]).await;
    let said = String::from_utf8_lossy(&neither.stderr);
    assert!(said.contains("--position") && said.contains("--stream"), "{said}");
    refuses(&yard.data(), &["log", "prove", "--position", "9999"], &["no event is at position 9999"]).await;
    refuses(&yard.data(), &["log", "prove", "--stream", "bag-1"], &["no event of stream bag-1"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_place_that_is_away_is_told_and_filled_when_it_is_back() {
    let yard = Yard::new();
    let second = Second::beside(&yard);
    std::fs::remove_dir(&second.0).unwrap();
    let environment = second.environment();
    let environment: Vec<_> = environment.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let server = yard.serve_with(&environment).await;
    let partner = server.callers().await.partner();
    record(&partner, scan("s1", "3479004301", TrackingPoint::CheckIn)).await;
    let told = eventually("it is told", async || {
        let ready = get(server.admin(), "/readyz").await;
        assert_eq!(ready.status, 200, "a second place that is away takes the node away: {ready:?}");
        Some(ready.body).filter(|body| body.matches("second place missing").count() == 2)
    });
    assert!(told.await.contains("mount it, or make the folder"));
    std::fs::create_dir(&second.0).unwrap();
    eventually("it is filled", async || {
        let is_filled = ["checkpoints", "hashes.0", "erased"].iter().all(|name| second.0.join(name).exists());
        is_filled.then_some(())
    })
    .await;
    eventually("it is told", async || {
        (!get(server.admin(), "/readyz").await.body.contains("missing")).then_some(())
    })
    .await;
}

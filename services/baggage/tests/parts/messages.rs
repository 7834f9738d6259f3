//! Raw messages: stored sealed, read once, and quarantined when they cannot be used.

use airside_api::baggage::v1::{Authority, Stage, TrackingPoint};
use airside_kernel::{Keyring, SubjectId};
use airside_runtime::reactors::StartAt;
use jiff::SignedDuration;

use crate::airport::{Airport, PARSE, sample, staff};

const TARGETS: &[&str] = &["bag", "noread", "quarantine"];

fn bsm(plate: &str) -> String {
    format!("BSM\n.V/1LSZX\n.F/ZH9101/20NOV/PEK/Y\n.N/{plate}001\n.P/1WANG/WU\nENDBSM\n")
}

#[tokio::test]
async fn a_raw_message_becomes_a_bag_and_nobody_s_name_is_in_the_log() {
    let mut airport = Airport::reading().await;
    let answer = airport.submit(&[&sample("syn_bsm_local_szx"), &sample("syn_bpm_loaded_hold")]).await;
    assert!(answer.receipts.iter().all(|receipt| receipt.stored && receipt.problem.is_empty()));
    assert_eq!(answer.receipts.iter().map(|receipt| receipt.number).collect::<Vec<_>>(), [1, 2]);
    assert!(!answer.position.is_empty());

    let bag = airport.bag("3479000101", staff()).await.unwrap();
    let status = bag.status.unwrap();
    assert_eq!((status.stage(), status.authority()), (Stage::OnAircraft, Authority::Load));
    assert_eq!((status.flight.as_str(), status.location.as_str()), ("ZH9101-20261120", "HLD"));
    assert!(!bag.provisional);
    assert_eq!(bag.passenger, "Z*** S***");
    let points: Vec<_> = bag.timeline.iter().map(|line| (line.point(), line.announcement)).collect();
    assert_eq!(points, [(TrackingPoint::AircraftLoad, false), (TrackingPoint::Unspecified, true)]);

    for event in airport.log().await {
        let bytes = [event.stream().as_bytes(), event.metadata_bytes(), event.payload()].concat();
        for canary in ["ZHANG", "SAN", "ABC123"] {
            assert!(!bytes.windows(canary.len()).any(|w| w == canary.as_bytes()), "{canary} in {event:?}");
        }
    }
}

#[tokio::test]
async fn reading_a_log_again_from_its_beginning_appends_nothing() {
    let mut airport = Airport::reading().await;
    let samples = [
        "syn_bsm_local_szx",
        "syn_bsm_chg_reflight",
        "syn_bsm_range_999",
        "syn_two_messages_glued",
        "syn_noread_zeros",
        "syn_bsm_count_000",
        "syn_bum_unload_request",
        "syn_bpm_offload",
        "syn_no_end",
    ];
    let mut texts = samples.map(sample).to_vec();
    texts.push(format!("{}\n", sample("syn_noread_zeros")));
    airport.submit(&texts.iter().map(String::as_str).collect::<Vec<_>>()).await;
    airport.settled().await;
    let before = airport.counts(TARGETS).await;
    assert_eq!(before["noread-dcs"], 2, "two messages are two reads, however alike");
    assert_eq!(before["quarantine-dcs"], 2);
    assert!(before.len() > 1_000);

    let mut restored = airport.restored().await;
    restored.start_reading(Some(StartAt::Beginning)).await;
    restored.settled().await;
    assert_eq!(restored.counts(TARGETS).await, before);
    assert!(restored.counts(&["reactor"]).await.contains_key(&format!("reactor-{PARSE}")));
}

#[tokio::test]
async fn a_message_that_cannot_be_read_is_quarantined_with_its_reason() {
    let mut airport = Airport::reading().await;
    airport.submit(&[&bsm("3479000102"), &sample("syn_no_end"), "GOOD MORNING"]).await;
    let items = airport.quarantine().await;
    let told: Vec<_> =
        items.iter().map(|item| (item.number, item.source.as_str(), item.code.as_str())).collect();
    assert_eq!(told, [(3, "dcs", "no-message"), (2, "dcs", "truncated")], "newest first");
    assert!(items[1].reason.contains("send the whole message again"), "{}", items[1].reason);
    assert!(airport.bag("3479000305", staff()).await.is_err(), "what is held is used in no part");
}

#[tokio::test]
async fn what_the_rules_refuse_and_what_cannot_be_read_are_both_quarantined() {
    let mut airport = Airport::open();
    airport.submit(&[&bsm("3479000102"), &sample("syn_no_end")]).await;
    // The plate is worn again before anybody reads the message.
    airport.clock.advance(SignedDuration::from_hours(12 * 24));
    let later = airport.record(vec![crate::scans::scan("later", "3479000102", airport.clock.as_ref())]).await;
    assert!(!later.position.is_empty());
    airport.start_reading(Some(StartAt::Beginning)).await;
    let codes: Vec<_> = airport.quarantine().await.iter().map(|i| (i.number, i.code.clone())).collect();
    assert_eq!(codes, [(2, "truncated".to_owned()), (1, "too-old".to_owned())]);
}

#[tokio::test]
async fn a_stream_that_cannot_be_read_stops_no_other_bag() {
    let mut airport = Airport::reading().await;
    airport.append("bag-3479000102".parse().unwrap(), "baggage.BagScanned", b"\xff\xff".to_vec()).await;
    airport.submit(&[&bsm("3479000102"), &bsm("3479000103")]).await;
    assert!(airport.bag("3479000103", staff()).await.is_ok());
    let codes: Vec<_> = airport.quarantine().await.iter().map(|i| (i.number, i.code.clone())).collect();
    assert_eq!(codes, [(1, "stream-unusable".to_owned())]);
}

#[tokio::test]
async fn a_message_whose_key_is_gone_is_quarantined_as_erased() {
    let mut airport = Airport::open();
    airport.submit(&[&bsm("3479000102")]).await;
    airport.vault.erase(&SubjectId::new("source-dcs-2026-11-20")).await.unwrap();
    airport.start_reading(Some(StartAt::Beginning)).await;
    assert_eq!(airport.quarantine().await[0].code, "raw-erased");
    assert!(airport.counts(&["bag"]).await.is_empty());
}

#[tokio::test]
async fn a_no_read_opens_no_bag() {
    let mut airport = Airport::reading().await;
    airport.submit(&[&sample("syn_noread_zeros")]).await;
    airport.record(vec![crate::scans::scan("1", "0000000000", airport.clock.as_ref())]).await;
    airport.settled().await;
    let counts = airport.counts(&["bag", "noread"]).await;
    assert_eq!(
        counts.into_iter().collect::<Vec<_>>(),
        [("noread-bhs.t3".into(), 1), ("noread-dcs".into(), 1)]
    );
}

#[tokio::test]
async fn a_message_that_cannot_be_stored_says_why_and_stops_no_other() {
    let mut airport = Airport::reading().await;
    let answer = airport.submit(&["", &bsm("3479000102"), &"A".repeat(70_000)]).await;
    let told: Vec<_> = answer.receipts.iter().map(|r| (r.stored, r.number, r.problem.as_str())).collect();
    assert_eq!(
        told,
        [
            (false, 0, "content: it is empty; send the message as it came"),
            (true, 1, ""),
            (false, 0, "content: it is longer than 65536 bytes; send one message an item"),
        ]
    );
}

#[tokio::test]
async fn a_message_that_its_source_sends_again_says_nothing_of_its_bags() {
    let mut airport = Airport::reading().await;
    let texts = [bsm("3479000102"), sample("syn_no_end"), sample("syn_noread_zeros")];
    let texts = texts.each_ref().map(String::as_str);
    airport.submit(&texts).await;
    airport.settled().await;
    let before = airport.counts(TARGETS).await;
    assert_eq!((before["quarantine-dcs"], before["noread-dcs"]), (1, 1));

    airport.clock.advance(SignedDuration::from_mins(9));
    let answer = airport.submit(&texts).await;
    let told: Vec<_> = answer.receipts.iter().map(|r| (r.stored, r.number)).collect();
    assert_eq!(told, [(true, 4), (true, 5), (true, 6)], "a copy is stored all the same");
    airport.settled().await;
    let mut after = airport.counts(TARGETS).await;
    assert_eq!(after.insert("noread-dcs".to_owned(), 1), Some(2), "each bag without a tag is one more");
    assert_eq!(after, before);
    assert_eq!(airport.quarantine().await.len(), 1);
}

#[tokio::test]
async fn a_message_that_comes_again_after_eleven_minutes_is_read_again() {
    let mut airport = Airport::reading().await;
    airport.submit(&[&bsm("3479000102")]).await;
    airport.settled().await;
    let before = airport.counts(TARGETS).await;

    airport.clock.advance(SignedDuration::from_mins(11));
    airport.submit(&[&bsm("3479000102")]).await;
    airport.settled().await;
    assert!(airport.counts(TARGETS).await["bag-3479000102"] > before["bag-3479000102"]);
}

#[tokio::test]
async fn a_restart_tells_a_message_sent_again_from_what_was_read_before_it() {
    let mut airport = Airport::reading().await;
    airport.submit(&[&bsm("3479000102"), &sample("syn_no_end")]).await;
    airport.settled().await;
    let before = airport.counts(TARGETS).await;

    // The new reactor acts on nothing that is there, and knows it all the same.
    let mut restored = airport.restored().await;
    restored.start_reading(Some(StartAt::End)).await;
    restored.clock.advance(SignedDuration::from_mins(9));
    restored.submit(&[&bsm("3479000102"), &sample("syn_no_end")]).await;
    restored.settled().await;
    assert_eq!(restored.counts(TARGETS).await, before);

    restored.clock.advance(SignedDuration::from_mins(2));
    restored.submit(&[&sample("syn_no_end")]).await;
    restored.settled().await;
    assert_eq!(restored.counts(TARGETS).await["quarantine-dcs"], 2);
}

//! Messages that come in parts: joined once, in whatever order they come, or quarantined whole.

use std::time::Duration;

use airside_api::baggage::v1::{Stage, TrackingPoint};
use airside_kernel::{Keyring, RecordedEvent, SubjectId};
use airside_runtime::reactors::StartAt;
use jiff::SignedDuration;

use crate::airport::{Airport, sample, staff};

const TARGETS: &[&str] = &["bag", "noread", "quarantine", "parts"];

/// A part of a transfer message with one bag.
fn part(reference: &str, number: u8, plate: &str, is_last: bool) -> String {
    let flights = if number == 1 { ".I/CZ3502/20NOV/SHA\n.F/ZH9101/20NOV/PEK\n" } else { "" };
    let end = if is_last { "ENDBTM".to_owned() } else { format!("ENDPART{number}") };
    format!("BTM\n.V/1TSZX/PART{number}/{reference}\n{flights}.N/{plate}001\n.P/LI{number}/SI\n{end}\n")
}

async fn codes(airport: &mut Airport) -> Vec<(u64, String)> {
    settled(airport).await;
    let mut codes: Vec<_> =
        airport.quarantine().await.into_iter().map(|item| (item.number, item.code)).collect();
    codes.sort();
    codes
}

/// Waits until what was stored because of what was stored was read too.
async fn settled(airport: &mut Airport) {
    for _ in 0..3 {
        airport.settled().await;
    }
}

/// Waits until so many messages were given up.
async fn given_up(airport: &Airport, messages: usize) {
    let is_one = |event: &&RecordedEvent| event.event_type() == "baggage.PartsGivenUp";
    let struck = async {
        while airport.log().await.iter().filter(is_one).count() < messages {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), struck).await.expect("the clock strikes");
}

async fn bags(airport: &mut Airport) -> Vec<String> {
    settled(airport).await;
    airport.counts(&["bag"]).await.into_keys().collect()
}

#[tokio::test]
async fn a_bag_becomes_known_by_a_transfer_message_in_two_parts_alone() {
    let mut airport = Airport::reading().await;
    airport.submit(&[&part("R1", 1, "0784000501", false)]).await;
    assert_eq!(bags(&mut airport).await, Vec::<String>::new(), "a part says nothing by itself");
    airport.submit(&[&part("R1", 2, "0784000502", true)]).await;
    settled(&mut airport).await;
    for plate in ["0784000501", "0784000502"] {
        let bag = airport.bag(plate, staff()).await.unwrap();
        assert!(!bag.provisional);
        let status = bag.status.unwrap();
        assert_eq!((status.stage(), status.flight.as_str()), (Stage::Expected, "ZH9101-20261120"));
        let legs: Vec<_> = bag.legs.iter().map(|leg| leg.flight.as_str()).collect();
        assert_eq!(legs, ["CZ3502-20261120", "ZH9101-20261120"], "the second part goes on with the first");
    }
    assert_eq!(codes(&mut airport).await, []);
}

#[tokio::test]
async fn the_parts_of_the_samples_load_their_four_bags() {
    let mut airport = Airport::reading().await;
    airport.submit(&[&sample("syn_bpm_part2"), &sample("syn_bpm_part1")]).await;
    settled(&mut airport).await;
    for plate in ["3479000101", "3479000102", "3479000103", "3479000104"] {
        let bag = airport.bag(plate, staff()).await.unwrap();
        assert_eq!(bag.timeline.len(), 1);
        assert_eq!(bag.timeline[0].point(), TrackingPoint::ContainerLoad);
    }
}

#[tokio::test]
async fn parts_of_two_references_and_other_messages_may_interleave() {
    let mut airport = Airport::reading().await;
    let texts = [
        part("A", 1, "0784000501", false),
        part("B", 2, "0784000512", true),
        sample("syn_bsm_local_szx"),
        part("B", 1, "0784000511", false),
        part("A", 2, "0784000502", true),
    ];
    airport.submit(&texts.each_ref().map(String::as_str)).await;
    let known = bags(&mut airport).await;
    let plates = ["0784000501", "0784000502", "0784000511", "0784000512", "3479000101"];
    assert_eq!(known, plates.map(|plate| format!("bag-{plate}")));
    assert_eq!(codes(&mut airport).await, []);
}

#[tokio::test]
async fn a_part_that_never_comes_is_missed_when_its_time_is_over() {
    let mut airport = Airport::reading().await;
    let texts = [part("R1", 1, "0784000501", false), part("R1", 3, "0784000503", true)];
    airport.submit(&texts.each_ref().map(String::as_str)).await;
    settled(&mut airport).await;
    airport.clock.advance(SignedDuration::from_mins(9));
    airport.submit(&["GOOD MORNING"]).await;
    assert_eq!(codes(&mut airport).await, [(3, "no-message".to_owned())], "it still has time");

    airport.clock.advance(SignedDuration::from_mins(2));
    given_up(&airport, 1).await;
    let missing = "parts-missing".to_owned();
    let none = "no-message".to_owned();
    assert_eq!(codes(&mut airport).await, [(1, missing.clone()), (2, missing), (3, none)]);
    let items = airport.quarantine().await;
    let told = items.iter().find(|item| item.number == 1).unwrap();
    assert_eq!(told.reason, "part 2 did not come within ten minutes; send all of its parts again");
    assert_eq!(bags(&mut airport).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_part_sent_twice_counts_once_and_one_number_with_two_meanings_is_not_guessed() {
    let mut airport = Airport::reading().await;
    let again = format!("QU SZXBSZH\n.PEKRMZH 201430 PDM\n{}", part("R1", 1, "0784000501", false));
    let texts = [part("R1", 1, "0784000501", false), again, part("R1", 2, "0784000502", true)];
    airport.submit(&texts.each_ref().map(String::as_str)).await;
    assert_eq!(bags(&mut airport).await.len(), 2);
    assert_eq!(codes(&mut airport).await, []);

    let texts = [part("R2", 1, "0784000511", false), part("R2", 1, "0784000519", false)];
    airport.submit(&texts.each_ref().map(String::as_str)).await;
    settled(&mut airport).await;
    let conflict = "parts-conflict".to_owned();
    assert_eq!(codes(&mut airport).await, [(4, conflict.clone()), (5, conflict)]);
    assert_eq!(bags(&mut airport).await.len(), 2);
}

#[tokio::test]
async fn what_was_given_up_may_be_sent_again_at_once() {
    let mut airport = Airport::reading().await;
    let (first, second) = (part("R1", 1, "0784000501", false), part("R1", 2, "0784000502", true));
    airport.submit(&[&first, &part("R1", 1, "0784000519", false)]).await;
    settled(&mut airport).await;
    airport.submit(&[&first, &second]).await;
    assert_eq!(bags(&mut airport).await, ["bag-0784000501", "bag-0784000502"]);
}

#[tokio::test]
async fn reading_a_log_with_parts_again_from_its_beginning_appends_nothing() {
    let mut airport = Airport::reading().await;
    let no_read = |number, end: &str| {
        format!("BPM\n.V/1XSZX/PART{number}/N\n.J/S//ATR31/20NOV/1715L/BELT7\n.N/0000000000001\n{end}\n")
    };
    let texts = [
        part("R1", 2, "0784000502", true),
        part("R1", 1, "0784000501", false),
        part("", 2, "0784000521", true),
        no_read(1, "ENDPART1"),
        no_read(2, "ENDBPM"),
        sample("syn_noread_zeros"),
        part("R3", 1, "0784000531", false),
    ];
    airport.submit(&texts.each_ref().map(String::as_str)).await;
    settled(&mut airport).await;
    airport.clock.advance(SignedDuration::from_mins(11));
    given_up(&airport, 2).await;
    airport.submit(&[&sample("syn_no_end")]).await;
    settled(&mut airport).await;
    let before = airport.counts(TARGETS).await;
    assert_eq!(before["quarantine-dcs"], 3, "unclear, truncated and missing");
    assert_eq!(before["noread-dcs"], 3, "what the parts say is noted beside what messages say");

    let mut restored = airport.restored().await;
    restored.start_reading(Some(StartAt::Beginning)).await;
    settled(&mut restored).await;
    assert_eq!(restored.counts(TARGETS).await, before);
}

#[tokio::test]
async fn a_message_whose_last_part_comes_after_a_restart_is_read() {
    let mut airport = Airport::reading().await;
    airport.submit(&[&part("R1", 1, "0784000501", false)]).await;
    settled(&mut airport).await;
    let mut restored = airport.restored().await;
    restored.start_reading(Some(StartAt::End)).await;
    restored.submit(&[&part("R1", 2, "0784000502", true)]).await;
    assert_eq!(bags(&mut restored).await, ["bag-0784000501", "bag-0784000502"]);
}

#[tokio::test]
async fn a_restart_remembers_what_waits_and_strikes_it() {
    let mut airport = Airport::reading().await;
    airport.submit(&[&part("R1", 1, "0784000501", false)]).await;
    settled(&mut airport).await;
    let mut restored = airport.restored().await;
    restored.start_reading(Some(StartAt::End)).await;
    restored.clock.advance(SignedDuration::from_mins(11));
    given_up(&restored, 1).await;
    assert_eq!(codes(&mut restored).await, [(1, "parts-missing".to_owned())]);
}

/// The first part was received on the day before, whose key is destroyed meanwhile.
#[tokio::test]
async fn parts_whose_key_is_gone_are_quarantined_as_erased() {
    let mut airport = Airport::reading().await;
    airport.clock.advance(SignedDuration::from_mins(14 * 60 + 35));
    airport.submit(&[&part("R1", 1, "0784000501", false)]).await;
    settled(&mut airport).await;
    airport.clock.advance(SignedDuration::from_mins(6));
    airport.vault.erase(&SubjectId::new("source-dcs-2026-11-20")).await.unwrap();
    airport.submit(&[&part("R1", 2, "0784000502", true)]).await;
    settled(&mut airport).await;
    let erased = "raw-erased".to_owned();
    assert_eq!(codes(&mut airport).await, [(1, erased.clone()), (2, erased)]);
    assert_eq!(bags(&mut airport).await, Vec::<String>::new());
}

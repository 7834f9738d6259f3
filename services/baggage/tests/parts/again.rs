//! The same bytes again: a copy says nothing new, and the same word after its opposite does.

use airside_api::baggage::v1::{self as api, Authority, raw_message::Content};
use airside_runtime::reactors::StartAt;
use jiff::SignedDuration;

use crate::airport::{Airport, by, partner, staff};

const PLATE: &str = "0479444001";

/// A message of one type, with what is changed on its second line and its `.S`.
fn message(kind: &str, change: &str, security: &str) -> String {
    let security = if security.is_empty() { String::new() } else { format!(".S/{security}/12A/C/045\n") };
    format!(
        "{kind}\n{change}.V/1LSZX\n.F/ZH9101/20NOV/PEK/Y\n.N/{PLATE}001\n{security}.P/1ZHANG/SAN\nEND{kind}\n"
    )
}

/// Takes messages in a second apart, and returns the airport when all are read.
async fn told(texts: &[&str]) -> Airport {
    let mut airport = Airport::reading().await;
    for text in texts {
        submit(&mut airport, "dcs", text).await;
    }
    airport
}

async fn submit(airport: &mut Airport, source: &str, text: &str) {
    airport.clock.advance(SignedDuration::from_secs(1));
    let messages = vec![api::RawMessage { content: Some(Content::Text(text.to_owned())) }];
    let request = api::SubmitMessagesRequest { source: source.into(), messages, ..Default::default() };
    airport.client.submit_messages(by(partner(), request)).await.unwrap();
    airport.settled().await;
}

async fn status(airport: &mut Airport) -> api::BagStatus {
    airport.bag(PLATE, staff()).await.unwrap().status.unwrap()
}

async fn observed(airport: &mut Airport) -> usize {
    airport.bag(PLATE, staff()).await.unwrap().timeline.len()
}

#[tokio::test]
async fn an_announcement_that_was_taken_back_and_is_said_again_holds() {
    let (bsm, del) = (message("BSM", "", "Y"), message("BSM", "DEL\n", "Y"));
    let mut airport = told(&[&bsm, &del]).await;
    assert_eq!(status(&mut airport).await.authority(), Authority::Revoked);
    submit(&mut airport, "dcs", &bsm).await;
    assert_eq!(status(&mut airport).await.authority(), Authority::Load);
}

#[tokio::test]
async fn the_last_of_three_changes_holds_though_it_is_the_first_again() {
    let [yes, no] = ["Y", "N"].map(|load| message("BSM", "CHG\n", load));
    assert_eq!(status(&mut told(&[&yes, &no, &yes]).await).await.authority(), Authority::Load);
    assert_eq!(status(&mut told(&[&no, &yes, &no]).await).await.authority(), Authority::Withheld);
}

#[tokio::test]
async fn a_bag_that_is_to_come_off_again_is_to_come_off() {
    let (bum, bsm) = (message("BUM", "", ""), message("BSM", "", "Y"));
    let once = status(&mut told(&[&bsm, &bum]).await).await;
    let again = status(&mut told(&[&bum, &bsm, &bum]).await).await;
    assert_eq!((again.exception(), again.authority()), (once.exception(), once.authority()));
    assert_ne!(again.exception(), status(&mut told(&[&bum, &bsm]).await).await.exception());
}

#[tokio::test]
async fn a_word_of_another_source_stands_between_too() {
    let [yes, no] = ["Y", "N"].map(|load| message("BSM", "CHG\n", load));
    let mut airport = told(&[&yes]).await;
    submit(&mut airport, "bhs", &no).await;
    assert_eq!(status(&mut airport).await.authority(), Authority::Withheld);
    submit(&mut airport, "dcs", &yes).await;
    assert_eq!(status(&mut airport).await.authority(), Authority::Load);
}

#[tokio::test]
async fn two_lines_of_one_source_end_with_its_last_word_however_they_interleave() {
    let [yes, no] = ["Y", "N"].map(|load| message("BSM", "CHG\n", load));
    for (order, words) in [([&yes, &yes, &no, &no], 2), ([&yes, &no, &yes, &no], 4)] {
        let mut airport = told(&order.map(String::as_str)).await;
        assert_eq!(status(&mut airport).await.authority(), Authority::Withheld);
        assert_eq!(observed(&mut airport).await, words);
        submit(&mut airport, "dcs", &no).await;
        submit(&mut airport, "dcs", &no).await;
        assert_eq!(observed(&mut airport).await, words, "one more copy says nothing");
    }
}

#[tokio::test]
async fn what_was_said_of_another_bag_stands_not_between() {
    let bsm = message("BSM", "", "Y");
    let mut airport = told(&[&bsm, &bsm.replace(PLATE, "0479444002"), &bsm]).await;
    assert_eq!(observed(&mut airport).await, 1);
}

#[tokio::test]
async fn reading_again_what_came_twice_appends_nothing_and_a_restart_tells_alike() {
    let [yes, no] = ["Y", "N"].map(|load| message("BSM", "CHG\n", load));
    let mut airport = told(&[&yes, &yes, &no, &no, &yes, &yes, &no]).await;
    let before = airport.counts(&["bag", "quarantine"]).await;
    assert_eq!(observed(&mut airport).await, 4);
    for start_at in [StartAt::Beginning, StartAt::End] {
        let mut restored = airport.restored().await;
        restored.start_reading(Some(start_at)).await;
        restored.settled().await;
        assert_eq!(restored.counts(&["bag", "quarantine"]).await, before);
        submit(&mut restored, "dcs", &no).await;
        assert_eq!(restored.counts(&["bag", "quarantine"]).await, before, "{start_at:?}");
        submit(&mut restored, "dcs", &yes).await;
        assert_eq!(status(&mut restored).await.authority(), Authority::Load);
    }
}

#[tokio::test]
async fn a_raw_message_that_claims_too_much_is_used_in_no_part() {
    let unread = ".N/0000000000999\n".repeat(6);
    let sighting = format!("BPM\n.V/1LSZX\n.J/S//SC1/20NOV/1715L/B1\n{unread}ENDBPM\n");
    let range = |first: u32| format!(".N/0479{first:06}999\n");
    let glued: String = (0..6)
        .map(|n| format!("BSM\n.V/1LSZX\n.F/ZH9101/20NOV/PEK/Y\n{}ENDBSM\n", range(1 + n * 999)))
        .collect();
    let part = |n: u32, end: &str| {
        let ranges: String = (0..3).map(|k| range(1 + (n * 3 + k) * 999)).collect();
        format!("BSM\n.V/1LSZX/PART{n}/R1\n.F/ZH9101/20NOV/PEK/Y\n{ranges}{end}\n")
    };
    let mut airport = told(&[&sighting, &glued, &part(1, "ENDPART1"), &part(2, "ENDBSM")]).await;
    let items = airport.quarantine().await;
    let told: Vec<_> = items.iter().map(|item| (item.number, item.code.as_str())).collect();
    assert_eq!(told, [(4, "too-many-bags"), (2, "too-many-bags"), (1, "too-many-bags")]);
    assert!(airport.counts(&["bag", "noread"]).await.is_empty());

    let most = sighting.replacen(".N/0000000000999\n", "", 1);
    submit(&mut airport, "dcs", &most).await;
    assert_eq!(airport.quarantine().await.len(), 3);
    let page = airport.store.read_all(None, 10_000).await.unwrap();
    assert_eq!(page.events.iter().filter(|event| event.category() == "noread").count(), 4_995);
}

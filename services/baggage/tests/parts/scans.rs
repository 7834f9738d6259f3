//! Typed scans: an outcome for each, and none stops another.

use airside_api::baggage::v1::{
    self as api,
    ScanResult::{Duplicate, Invalid, Quarantined, Recorded},
    TrackingPoint,
};
use airside_kernel::Clock;
use airside_runtime::stored::timestamp_message;
use jiff::SignedDuration;
use tonic::Code;

use crate::airport::{Airport, by, partner, staff};

/// A scan of a plate, now.
pub(crate) fn scan(scan_id: &str, plate: &str, clock: &dyn Clock) -> api::Scan {
    api::Scan {
        scan_id: scan_id.into(),
        plate: plate.into(),
        point: TrackingPoint::Sortation.into(),
        station: "SZX".into(),
        observed_at: Some(timestamp_message(clock.now())),
        ..Default::default()
    }
}

fn outcomes(answer: &api::RecordScansResponse) -> Vec<(&str, api::ScanResult, &str)> {
    answer.outcomes.iter().map(|o| (o.scan_id.as_str(), o.result(), o.field.as_str())).collect()
}

#[tokio::test]
async fn each_scan_of_a_batch_has_its_outcome_in_its_place() {
    let mut airport = Airport::open();
    let clock = airport.clock.clone();
    let scan = |id: &str, plate: &str| scan(id, plate, clock.as_ref());
    let flight = |id: &str, plate: &str, flight: &str| api::Scan { flight: flight.into(), ..scan(id, plate) };
    let ahead = timestamp_message(clock.now() + SignedDuration::from_mins(61));
    let ago = timestamp_message(clock.now() - SignedDuration::from_hours(11 * 24));
    let edge = prost_types::Timestamp { seconds: i64::MIN, nanos: i32::MAX };
    let first = prost_types::Timestamp { seconds: -62_135_596_800, nanos: 0 };
    let answer = airport
        .record(vec![
            scan("a", "3479000101"),
            scan("a", "3479000101"),
            scan("b", "34790001"),
            flight("c", "3479000102", "ZH9101-20261120"),
            scan("d", "0000000000"),
            scan("", "3479000101"),
            api::Scan { point: 0, ..scan("e", "3479000101") },
            api::Scan { point: 99, ..scan("e", "3479000101") },
            api::Scan { station: "SZ".into(), ..scan("f", "3479000101") },
            api::Scan { observed_at: None, ..scan("g", "3479000101") },
            api::Scan { observed_at: Some(edge), ..scan("h", "3479000101") },
            api::Scan { observed_at: Some(ahead), ..scan("i", "3479000101") },
            api::Scan { observed_at: Some(first), ..scan("j", "3479000103") },
            api::Scan { observed_at: Some(ago), ..scan("k", "3479000101") },
            flight("l", "3479000101", "ZH9101"),
            flight("m", "3479000101", "ZH9101-99991231"),
            api::Scan { location: "é".repeat(65), ..scan("n", "3479000101") },
            api::Scan { reader: "a\nb".into(), ..scan("o", "3479000101") },
            scan("d", "0000000000"),
            scan("p", "3479000101"),
        ])
        .await;
    assert_eq!(
        outcomes(&answer),
        [
            ("a", Recorded, ""),
            ("a", Duplicate, ""),
            ("b", Invalid, "plate"),
            ("c", Recorded, ""),
            ("d", Quarantined, ""),
            ("", Invalid, "scan_id"),
            ("e", Invalid, "point"),
            ("e", Invalid, "point"),
            ("f", Invalid, "station"),
            ("g", Invalid, "observed_at"),
            ("h", Invalid, "observed_at"),
            ("i", Recorded, ""),
            ("j", Invalid, "observed_at"),
            ("k", Invalid, "observed_at"),
            ("l", Invalid, "flight"),
            ("m", Invalid, "flight"),
            ("n", Invalid, "location"),
            ("o", Invalid, "reader"),
            ("d", Duplicate, ""),
            ("p", Recorded, ""),
        ]
    );
    let silent =
        answer.outcomes.iter().filter(|o| matches!(o.result(), Invalid | Quarantined) && o.reason.is_empty());
    assert_eq!(silent.count(), 0, "what is refused or set aside says why");
    assert!(!answer.position.is_empty());
}

#[tokio::test]
async fn a_batch_that_is_repeated_adds_nothing() {
    let mut airport = Airport::open();
    let clock = airport.clock.clone();
    let batch = || vec![scan("a", "3479000101", clock.as_ref()), scan("b", "0000000000", clock.as_ref())];
    airport.record(batch()).await;
    let before = airport.log().await.len();
    let again = airport.record(batch()).await;
    assert_eq!(outcomes(&again), [("a", Duplicate, ""), ("b", Duplicate, "")]);
    assert_eq!((airport.log().await.len(), again.position.as_str()), (before, ""));
}

#[tokio::test]
async fn a_scan_that_fits_two_bags_is_quarantined_with_its_plate() {
    let mut airport = Airport::open();
    let clock = airport.clock.clone();
    let scan = |id: &str, flight: &str| api::Scan {
        flight: flight.into(),
        ..scan(id, "3479000101", clock.as_ref())
    };
    let told = "BSM\n.V/1LSZX\n.F/ZH9101/20NOV/PEK\n.N/3479000101001\nENDBSM\nBSM\n.V/1LSZX\n.F/CZ3502/20NOV/SHA\n.N/3479000101001\nENDBSM\n";
    airport.start_reading(None).await;
    airport.submit(&[told]).await;
    airport.settled().await;
    let answer = airport.record(vec![scan("a", ""), scan("b", "CZ3502-20261120")]).await;
    assert_eq!(outcomes(&answer), [("a", Quarantined, ""), ("b", Recorded, "")]);
    let items = airport.quarantine().await;
    let told: Vec<_> = items.iter().map(|i| (i.plate.as_str(), i.source.as_str(), i.code.as_str())).collect();
    assert_eq!(told, [("3479000101", "bhs.t3", "ambiguous-tag")]);
}

#[tokio::test]
async fn a_batch_of_501_is_refused_and_told_the_limit() {
    let mut airport = Airport::open();
    let scans = vec![scan("a", "3479000101", airport.clock.as_ref()); 501];
    let request = api::RecordScansRequest { source: "bhs.t3".into(), scans };
    let refused = airport.client.record_scans(by(partner(), request)).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(refused.message(), "scans: 501 items are too many; send at most 500 a call");
    assert!(airport.log().await.is_empty());
}

#[tokio::test]
async fn a_batch_of_500_for_one_bag_is_recorded_whole() {
    let mut airport = Airport::open();
    let clock = airport.clock.clone();
    let scans = (0..500).map(|n| scan(&n.to_string(), "3479000101", clock.as_ref())).collect();
    let answer = airport.record(scans).await;
    assert!(answer.outcomes.iter().all(|outcome| outcome.result() == Recorded));
    assert_eq!(airport.bag("3479000101", staff()).await.unwrap().timeline.len(), 500);
}

//! Case 62 of the reference: what readers with wrong clocks send is kept, learned from and put in order.

use airside_api::baggage::v1::{self as api, ScanResult, Stage, TrackingPoint};
use airside_kernel::{Clock, Timestamp};
use airside_runtime::stored::{timestamp, timestamp_message};
use jiff::SignedDuration;

use crate::{
    airport::{Airport, by, staff},
    scans::scan,
};

const PLATE: &str = "3479000101";
const HOUR: i64 = 60 * 60;
/// Its clock is wrong.
const WRONG: &str = "bhs.t3";
/// Its clock is right.
const RIGHT: &str = "brs";

impl Airport {
    fn seconds_pass(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    /// Lets the clock reach an instant.
    fn comes(&self, at: &str) {
        self.clock.advance(at.parse::<Timestamp>().unwrap().duration_since(self.clock.now()));
    }

    /// A source saw a plate some seconds ago and tells it by a clock that is so many seconds ahead.
    async fn tells(&mut self, source: &str, ahead: i64, ago: i64, plate: &str, point: TrackingPoint) {
        let observed_at = self.clock.now() + SignedDuration::from_secs(ahead - ago);
        let id = format!("{point:?}{plate}{}", self.clock.now().as_second());
        let seen = api::Scan {
            point: point.into(),
            observed_at: Some(timestamp_message(observed_at)),
            ..scan(&id, plate, self.clock.as_ref())
        };
        let answer = self.record_from(source, vec![seen]).await;
        assert_eq!(answer.outcomes[0].result(), ScanResult::Recorded, "{:?}", answer.outcomes);
    }

    /// The source with the wrong clock sees other bags; returns what is said of it then.
    async fn is_learned(&mut self, ahead: i64) -> api::SourceState {
        for number in 0..8 {
            self.tells(WRONG, ahead, 0, &format!("34790005{number:02}"), TrackingPoint::Sortation).await;
            self.seconds_pass(30);
        }
        let request =
            api::ListSourcesRequest { at_least_position: self.settled().await, ..Default::default() };
        let sources = self.client.list_sources(by(staff(), request)).await.unwrap().into_inner().sources;
        sources.into_iter().find(|source| source.source == WRONG).unwrap()
    }

    /// The timeline of a plate: where the bag was seen, and how many seconds ago.
    async fn timeline(&mut self, plate: &str) -> Vec<(TrackingPoint, i64)> {
        let now = self.clock.now();
        let bag = self.bag(plate, staff()).await.unwrap();
        let ago = |at: &Option<_>| now.duration_since(timestamp(at.as_ref().unwrap()).unwrap()).as_secs();
        bag.timeline.iter().map(|line| (line.point(), ago(&line.observed_at))).collect()
    }

    /// What became of a plate that is one bag: each point with its instant.
    async fn way(&mut self, plate: &str) -> (Stage, Vec<(TrackingPoint, String)>) {
        let bag = self.bag(plate, staff()).await.unwrap();
        assert!(!bag.provisional && self.quarantine().await.is_empty());
        let at = |line: &api::BagObservation| timestamp(line.observed_at.as_ref().unwrap()).unwrap();
        let points = bag.timeline.iter().map(|line| (line.point(), at(line).to_string()));
        (bag.status.as_ref().unwrap().stage(), points.collect())
    }
}

#[tokio::test]
async fn a_reader_two_hours_ahead_is_recorded_put_in_order_and_flagged() {
    use TrackingPoint::{AircraftLoad, Sortation};
    let mut airport = Airport::open();
    airport.tells(WRONG, 2 * HOUR, 0, PLATE, Sortation).await;
    airport.seconds_pass(60);
    airport.tells(RIGHT, 0, 0, PLATE, AircraftLoad).await;
    let bounded = [(Sortation, 60), (AircraftLoad, 0)];
    assert_eq!(airport.timeline(PLATE).await, bounded, "before anything is known of it");

    let state = airport.is_learned(2 * HOUR).await;
    assert!(state.clock_skewed, "{state:?}");
    assert!((state.clock_ahead_seconds.unwrap() - 7_200.0).abs() < 1.0, "{state:?}");

    let late = "3479000102";
    airport.tells(RIGHT, 0, 180, late, AircraftLoad).await;
    airport.tells(WRONG, 2 * HOUR, 300, late, Sortation).await;
    let corrected = [(Sortation, 300), (AircraftLoad, 180)];
    assert_eq!(airport.timeline(late).await, corrected, "what comes late is put where it happened");
}

#[tokio::test]
async fn a_reader_a_day_behind_is_flagged_and_put_in_order_once_it_is_known() {
    use TrackingPoint::{AircraftLoad, CheckIn, Sortation};
    let mut airport = Airport::open();
    let state = airport.is_learned(-24 * HOUR).await;
    assert!(state.clock_skewed && state.clock_ahead_seconds.unwrap() < -86_000.0, "{state:?}");
    airport.tells(RIGHT, 0, 600, PLATE, CheckIn).await;
    airport.tells(WRONG, -24 * HOUR, 300, PLATE, Sortation).await;
    airport.tells(RIGHT, 0, 0, PLATE, AircraftLoad).await;
    assert_eq!(airport.timeline(PLATE).await, [(CheckIn, 600), (Sortation, 300), (AircraftLoad, 0)]);
}

#[tokio::test]
async fn a_source_whose_clock_is_right_is_believed_when_it_is_late() {
    use TrackingPoint::{CheckIn, Sortation};
    let mut airport = Airport::open();
    assert!(!airport.is_learned(0).await.clock_skewed);
    airport.tells(RIGHT, 0, 60, PLATE, CheckIn).await;
    airport.tells(WRONG, 0, 2 * HOUR, PLATE, Sortation).await;
    assert_eq!(airport.timeline(PLATE).await, [(Sortation, 2 * HOUR), (CheckIn, 60)]);
}

/// A message of an airport: what it says beside the plate.
fn message(kind: &str, airport: &str, elements: &str) -> String {
    format!("{kind}\n.V/1{airport}\n{elements}\n.N/{PLATE}001\nEND{kind}\n")
}

/// Lets messages come, each at its instant, and returns what became of the bag.
async fn comes(messages: &[(&str, String)]) -> (Stage, Vec<(TrackingPoint, String)>) {
    let mut airport = Airport::reading().await;
    for (at, text) in messages {
        airport.comes(at);
        airport.submit(&[text]).await;
    }
    airport.way(PLATE).await
}

#[tokio::test]
async fn the_hour_that_comes_twice_is_told_apart_by_when_its_messages_came() {
    let messages = [
        ("2027-10-30T23:00:00Z", message("BSM", "LFRA", ".F/ZH9101/31OCT/SZX/Y\n.P/1WANG/WU")),
        ("2027-10-31T00:41:00Z", message("BPM", "LFRA", ".J/S/D/A/31OCT/0240L/B12\n.F/ZH9101/31OCT/SZX/Y")),
        (
            "2027-10-31T01:21:00Z",
            message("BPM", "LFRA", ".J/R/D/A/31OCT/0220L/V1\n.F/ZH9101/31OCT/SZX/Y\n.U//FWD"),
        ),
    ];
    let (stage, points) = comes(&messages).await;
    assert_eq!(stage, Stage::OnAircraft);
    let told = [
        (TrackingPoint::Unspecified, "2027-10-30T23:00:00Z"),
        (TrackingPoint::Sortation, "2027-10-31T00:40:00Z"),
        (TrackingPoint::AircraftLoad, "2027-10-31T01:20:00Z"),
    ];
    assert_eq!(points, told.map(|(point, at)| (point, at.to_owned())));
}

#[tokio::test]
async fn a_flight_of_new_year_s_eve_that_is_loaded_after_midnight_is_still_that_flight() {
    let flight = ".F/ZH9101/31DEC/PEK/Y";
    let messages = [
        ("2026-12-31T13:00:00Z", message("BSM", "LSZX", &format!("{flight}\n.P/1WANG/WU"))),
        ("2026-12-31T16:01:00Z", message("BPM", "LSZX", &format!(".J/S/D/A/31DEC/2359L/B12\n{flight}"))),
        (
            "2026-12-31T16:21:00Z",
            message("BPM", "LSZX", &format!(".J/R/D/A/01JAN/0020L/S5\n{flight}\n.U//FWD")),
        ),
    ];
    let (stage, points) = comes(&messages).await;
    assert_eq!(stage, Stage::OnAircraft);
    let told = [
        (TrackingPoint::Unspecified, "2026-12-31T13:00:00Z"),
        (TrackingPoint::Sortation, "2026-12-31T15:59:00Z"),
        (TrackingPoint::AircraftLoad, "2026-12-31T16:20:00Z"),
    ];
    assert_eq!(points, told.map(|(point, at)| (point, at.to_owned())));
}

#[tokio::test]
async fn a_bag_crosses_the_date_line_either_way_on_one_journey() {
    for (from, to, flight, [said, loaded, there], [loaded_local, there_local]) in [
        (
            "LAX",
            "AKL",
            "NZ5/20NOV",
            ["2026-11-21T04:00:00Z", "2026-11-21T06:00:00Z", "2026-11-21T19:45:00Z"],
            ["20NOV/2200L", "22NOV/0845L"],
        ),
        (
            "AKL",
            "HNL",
            "NZ10/22NOV",
            ["2026-11-21T09:00:00Z", "2026-11-21T11:30:00Z", "2026-11-21T20:20:00Z"],
            ["22NOV/0030L", "21NOV/1020L"],
        ),
    ] {
        let messages = [
            (said, message("BSM", &format!("L{from}"), &format!(".F/{flight}/{to}/Y\n.P/1WANG/WU"))),
            (
                loaded,
                message(
                    "BPM",
                    &format!("L{from}"),
                    &format!(".J/R/D/A/{loaded_local}/S5\n.F/{flight}/{to}/Y\n.U//FWD"),
                ),
            ),
            (
                there,
                message(
                    "BPM",
                    &format!("X{to}"),
                    &format!(".J/R/D/A/{there_local}/B3\n.I/{flight}/{from}/Y"),
                ),
            ),
        ];
        let (stage, points) = comes(&messages).await;
        assert_eq!(stage, Stage::Arrived);
        let told = [
            (TrackingPoint::Unspecified, said),
            (TrackingPoint::AircraftLoad, loaded),
            (TrackingPoint::ArrivalInjection, there),
        ];
        assert_eq!(points, told.map(|(point, at)| (point, at.to_owned())));
    }
}

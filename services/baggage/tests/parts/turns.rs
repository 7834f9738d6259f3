//! What flights and containers do reaches the bags, whatever comes first.

use std::time::Duration;

use airside_api::{
    baggage::v1::{self as api, BagException, ContainerResult, ContainerStep, Stage, TrackingPoint},
    flights::v1 as flights,
};
use airside_kernel::{Clock, Timestamp};
use airside_runtime::{reactors::StartAt, stored::timestamp_message};
use jiff::SignedDuration;
use prost::Message;
use tokio::time::{sleep, timeout};
use tonic::Code;

use crate::{
    airport::{Airport, by, partner, staff},
    scans::scan,
};

const PLATE: &str = "3479000101";
const FLIGHT: &str = "ZH9101-20261120";
const OTHER: &str = "ZH9103-20261120";

async fn opened() -> Airport {
    let mut airport = Airport::open();
    airport.start_turning(None).await;
    airport
}

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

impl Airport {
    /// Records that the bag was seen a while ago.
    async fn see(&mut self, point: TrackingPoint, ago: i64, flight: &str, container: &str) {
        let at = self.clock.now() - minutes(ago);
        let id = format!("{point:?}{}", at.as_second());
        let seen = api::Scan {
            point: point.into(),
            flight: flight.into(),
            observed_at: Some(timestamp_message(at)),
            stowage: Some(api::Stowage { container: container.into(), ..Default::default() }),
            ..scan(&id, PLATE, self.clock.as_ref())
        };
        let answer = self.record(vec![seen]).await;
        assert_eq!(answer.outcomes[0].result(), api::ScanResult::Recorded, "{:?}", answer.outcomes);
    }

    /// Appends a fact of a flight, now.
    async fn turn(&self, flight: &str, event_type: &'static str) {
        let origin = Some(flights::Origin { source: "aodb".into(), report_id: event_type.into() });
        let payload = flights::FlightDeparted { origin }.encode_to_vec();
        self.append(format!("flight-{flight}").parse().unwrap(), event_type, payload).await;
    }

    async fn contain(&mut self, step: ContainerStep, flight: &str) -> api::ContainerOutcome {
        self.contain_at(step, flight, self.clock.now()).await
    }

    async fn contain_at(
        &mut self,
        step: ContainerStep,
        flight: &str,
        at: Timestamp,
    ) -> api::ContainerOutcome {
        let report = api::ContainerReport {
            report_id: format!("{step:?}-{flight}"),
            container: "AKE12345ZH".into(),
            step: step.into(),
            station: "SZX".into(),
            observed_at: Some(timestamp_message(at)),
            flight: flight.into(),
            compartment: "41L".into(),
        };
        let request = api::RecordContainersRequest { source: "ramp".into(), reports: vec![report] };
        let answer = self.client.record_containers(by(partner(), request)).await.unwrap().into_inner();
        answer.outcomes.into_iter().next().unwrap()
    }

    fn pass(&self, span: i64) {
        self.clock.advance(minutes(span));
    }

    /// Waits until the bag's status is as it must be.
    async fn until(&mut self, what: &str, is: impl Fn(&api::BagStatus) -> bool) -> api::BagStatus {
        let found = async {
            loop {
                if let Ok(bag) = self.bag(PLATE, staff()).await {
                    let status = bag.status.unwrap();
                    if is(&status) {
                        return status;
                    }
                }
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(30), found).await.unwrap_or_else(|_| panic!("{what}"))
    }

    async fn is_left_behind(&mut self) -> api::BagStatus {
        self.until("the bag is left behind", |bag| bag.exception() == BagException::LeftBehind).await
    }

    async fn stands(&mut self, stage: Stage) -> api::BagStatus {
        self.until(&format!("the bag is {stage:?}"), |bag| bag.stage() == stage).await
    }
}

#[tokio::test]
async fn a_bag_is_left_behind_after_the_grace_and_a_late_word_of_its_loading_takes_that_back() {
    let mut airport = opened().await;
    airport.see(TrackingPoint::Sortation, 0, FLIGHT, "").await;
    airport.pass(30);
    airport.turn(FLIGHT, "flights.FlightDeparted").await;
    airport.pass(10);
    airport.is_left_behind().await;
    airport.see(TrackingPoint::AircraftLoad, 20, FLIGHT, "").await;
    let status = airport.stands(Stage::Departed).await;
    assert_eq!(status.exception(), BagException::Unspecified);
}

#[tokio::test]
async fn a_flight_that_comes_back_opens_its_leg_again() {
    let mut airport = opened().await;
    airport.see(TrackingPoint::AircraftLoad, 1, FLIGHT, "").await;
    airport.turn(FLIGHT, "flights.FlightDeparted").await;
    airport.pass(10);
    airport.stands(Stage::Departed).await;
    airport.pass(1);
    airport.turn(FLIGHT, "flights.FlightReturned").await;
    airport.stands(Stage::OnAircraft).await;
    airport.pass(20);
    airport.turn(FLIGHT, "flights.FlightDeparted").await;
    airport.pass(10);
    airport.stands(Stage::Departed).await;
}

#[tokio::test]
async fn a_flight_that_is_cancelled_leaves_no_bag_behind_and_those_on_board_are_on_board() {
    let mut airport = opened().await;
    airport.see(TrackingPoint::AircraftLoad, 0, FLIGHT, "").await;
    airport.turn(FLIGHT, "flights.FlightCancelled").await;
    airport.pass(60);
    airport.see(TrackingPoint::AircraftSide, 0, FLIGHT, "").await;
    let told = async |airport: &Airport| {
        let log = airport.log().await;
        log.iter().filter(|event| event.event_type() == "baggage.BagFlightTurned").count()
    };
    while told(&airport).await == 0 {
        sleep(Duration::from_millis(10)).await;
    }
    let status = airport.bag(PLATE, staff()).await.unwrap().status.unwrap();
    // No airline said a word of its authority.
    assert_eq!((status.stage(), status.exception()), (Stage::OnAircraft, BagException::LoadedNotAuthorised));
}

#[tokio::test]
async fn a_container_takes_its_bags_on_board_off_again_and_to_another_flight() {
    let mut airport = opened().await;
    airport.see(TrackingPoint::ContainerLoad, 5, FLIGHT, "AKE12345ZH").await;
    airport.contain(ContainerStep::Loaded, FLIGHT).await;
    let status = airport.stands(Stage::OnAircraft).await;
    assert!(status.inferred);
    assert_eq!(status.stowage.unwrap().compartment, "41L");
    airport.pass(5);
    airport.contain(ContainerStep::Unloaded, FLIGHT).await;
    airport.stands(Stage::AtAircraft).await;
    airport.pass(5);
    airport.contain(ContainerStep::Loaded, OTHER).await;
    let status = airport.stands(Stage::OnAircraft).await;
    assert!(status.offload, "it is on an aircraft that is not its own");
}

#[tokio::test]
async fn a_container_is_the_same_in_whatever_case_it_is_spelled() {
    let mut airport = opened().await;
    airport.see(TrackingPoint::ContainerLoad, 5, FLIGHT, "ake12345zh ").await;
    airport.contain(ContainerStep::Loaded, FLIGHT).await;
    let status = airport.stands(Stage::OnAircraft).await;
    assert_eq!(status.stowage.unwrap().container, "AKE12345ZH");
}

#[tokio::test]
async fn a_container_that_was_taken_apart_takes_nobody_along() {
    let mut airport = opened().await;
    airport.see(TrackingPoint::ContainerLoad, 5, FLIGHT, "AKE12345ZH").await;
    airport.contain(ContainerStep::BrokenDown, "").await;
    airport.until("the bag is in nothing", |bag| bag.stowage.is_none()).await;
    airport.pass(5);
    airport.contain(ContainerStep::Loaded, FLIGHT).await;
    airport.turn(FLIGHT, "flights.FlightDeparted").await;
    airport.pass(10);
    airport.is_left_behind().await;
}

#[tokio::test]
async fn a_bag_that_is_read_on_the_belt_did_not_fly_with_its_container() {
    let mut airport = opened().await;
    airport.see(TrackingPoint::ContainerLoad, 5, FLIGHT, "AKE12345ZH").await;
    airport.contain(ContainerStep::Loaded, FLIGHT).await;
    airport.stands(Stage::OnAircraft).await;
    airport.pass(5);
    airport.see(TrackingPoint::Sortation, 0, FLIGHT, "").await;
    airport.stands(Stage::Sorted).await;
    airport.turn(FLIGHT, "flights.FlightDeparted").await;
    airport.pass(10);
    airport.is_left_behind().await;
}

#[tokio::test]
async fn a_second_fold_from_the_beginning_tells_nobody_twice() {
    let mut airport = opened().await;
    airport.see(TrackingPoint::ContainerLoad, 5, FLIGHT, "AKE12345ZH").await;
    airport.contain(ContainerStep::Loaded, FLIGHT).await;
    airport.stands(Stage::OnAircraft).await;
    airport.turn(FLIGHT, "flights.FlightDeparted").await;
    airport.pass(10);
    airport.stands(Stage::Departed).await;
    airport.pass(100);
    airport.turn(FLIGHT, "flights.FlightLanded").await;
    let turned = |log: &[airside_kernel::RecordedEvent]| {
        log.iter().filter(|event| event.event_type() == "baggage.BagFlightTurned").count()
    };
    while turned(&airport.log().await) < 2 {
        sleep(Duration::from_millis(10)).await;
    }
    let before = airport.counts(&["bag"]).await;
    let mut again = airport.restored().await;
    let mut progress = again.start_turning(Some(StartAt::Beginning)).await;
    let head = again.store.head().await.unwrap();
    timeout(Duration::from_secs(30), progress.wait_for(|progress| progress.position >= head))
        .await
        .expect("the reactor goes on")
        .unwrap();
    again.pass(60);
    again.see(TrackingPoint::ReclaimBelt, 0, "", "").await;
    again.stands(Stage::OnBelt).await;
    let log = again.log().await;
    assert_eq!(turned(&log), 2);
    let inferred = |counts: &std::collections::BTreeMap<String, usize>| counts["bag-3479000101"];
    let new = inferred(&again.counts(&["bag"]).await) - inferred(&before);
    assert_eq!(new, 3, "the scan on the belt, whose it is, and what changed");
}

#[tokio::test]
async fn a_report_of_a_container_has_its_outcome_and_is_recorded_once() {
    let mut airport = opened().await;
    assert_eq!(airport.contain(ContainerStep::Loaded, FLIGHT).await.result(), ContainerResult::Recorded);
    assert_eq!(airport.contain(ContainerStep::Loaded, FLIGHT).await.result(), ContainerResult::Duplicate);
    let wrong = airport.contain(ContainerStep::Unloaded, "").await;
    assert_eq!((wrong.result(), wrong.field.as_str()), (ContainerResult::Invalid, "flight"));
    let wrong = airport.contain(ContainerStep::Unspecified, FLIGHT).await;
    assert_eq!((wrong.result(), wrong.field.as_str()), (ContainerResult::Invalid, "step"));
    airport.pass(-120);
    let early = airport.contain(ContainerStep::Assigned, FLIGHT).await;
    assert_eq!(early.result(), ContainerResult::Recorded, "the clock of the source goes with ours");
    let none = api::RecordContainersRequest { source: "ramp".into(), reports: Vec::new() };
    let refusal = airport.client.record_containers(by(partner(), none)).await.unwrap_err();
    assert_eq!(refusal.code(), Code::InvalidArgument);
}

/// Case 62 of the reference: a clock that is two hours ahead, or a day.
#[tokio::test]
async fn a_report_of_a_container_from_a_clock_that_is_ahead_counts_as_of_its_receipt() {
    let mut airport = opened().await;
    airport.see(TrackingPoint::ContainerLoad, 0, FLIGHT, "AKE12345ZH").await;
    for (step, ahead) in [(ContainerStep::Assigned, 120), (ContainerStep::Loaded, 24 * 60)] {
        airport.pass(1);
        let at = airport.clock.now().checked_add(minutes(ahead)).unwrap();
        assert_eq!(airport.contain_at(step, FLIGHT, at).await.result(), ContainerResult::Recorded);
    }
    let reports = airport.log().await.into_iter().filter(|event| event.category() == "container");
    for report in reports {
        let moved = api::ContainerMoved::decode(report.payload()).unwrap().observation.unwrap();
        let (said, ahead) = (moved.observed_at.unwrap().seconds, moved.clock_ahead_ms / 1_000);
        assert_eq!(said - ahead, moved.received_at.unwrap().seconds, "what it said is kept beside it");
    }
    airport.pass(1);
    airport.stands(Stage::OnAircraft).await;
    let long_ago = airport.clock.now().checked_sub(minutes(11 * 24 * 60)).unwrap();
    let wrong = airport.contain_at(ContainerStep::Unloaded, FLIGHT, long_ago).await;
    assert_eq!((wrong.result(), wrong.field.as_str()), (ContainerResult::Invalid, "observed_at"));
}

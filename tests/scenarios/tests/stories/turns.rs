//! A flight leaves, and its bags hear of it: the one in a container, and the one left behind.

use airside_api::{
    baggage::v1::{
        BagException, BagStatus, ContainerReport, ContainerResult, ContainerStep, RecordContainersRequest,
        Scan, ScanResult, Stage, Stowage, TrackingPoint,
    },
    flights::v1::{
        Departed, FlightPhase, GetFlightRequest, RecordFlightEventsRequest, ReportResult, ReturnedToStand,
        flight_report::Report,
    },
};
use airside_runtime::stored::timestamp_message;
use airside_simulator::connect::Clients;
use jiff::{SignedDuration, Timestamp};

use crate::harness::{
    House,
    calls::{announce, bag_of, flight_report, record},
    eventually,
    luggage::Luggage,
};

/// Returns an instant some minutes ago.
fn ago(minutes: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_mins(minutes)
}

async fn reported(partner: &Clients, flight: &str, minutes: i64, said: Report) {
    let mut report = flight_report(flight, said);
    report.occurred_at = Some(timestamp_message(ago(minutes)));
    let request = RecordFlightEventsRequest { source: "aodb".to_owned(), reports: vec![report] };
    let answer = partner.flights.clone().record_flight_events(request).await.unwrap().into_inner();
    assert_eq!(answer.outcomes[0].result(), ReportResult::Recorded, "{:?}", answer.outcomes);
}

async fn becomes(partner: &Clients, bag: &Luggage, what: &str, is: impl Fn(&BagStatus) -> bool) -> BagStatus {
    eventually(what, async || {
        let status = bag_of(partner, &bag.plate).await.ok()?.status?;
        is(&status).then_some(status)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flight_takes_the_bags_of_its_containers_and_leaves_the_others_behind() {
    let house = House::open().await;
    let partner = house.callers.partner();
    let (packed, lost) = (Luggage::new("3479000701"), Luggage::new("3479000702"));
    for bag in [&packed, &lost] {
        announce(&partner, bag).await;
    }
    let stowage = Some(Stowage { container: "AKE70001ZH".to_owned(), ..Stowage::default() });
    let into = packed.scan("t1", TrackingPoint::ContainerLoad);
    let into = Scan { observed_at: Some(timestamp_message(ago(40))), stowage, ..into };
    assert_eq!(record(&partner, into).await, ScanResult::Recorded);

    let report = ContainerReport {
        report_id: "r1".to_owned(),
        container: "AKE70001ZH".to_owned(),
        step: ContainerStep::Loaded.into(),
        station: "SZX".to_owned(),
        observed_at: Some(timestamp_message(ago(25))),
        flight: packed.flight(),
        compartment: "41L".to_owned(),
    };
    let request = RecordContainersRequest { source: "ramp.t3".to_owned(), reports: vec![report; 2] };
    let outcomes = partner.baggage.clone().record_containers(request).await.unwrap().into_inner().outcomes;
    let results: Vec<_> = outcomes.iter().map(|outcome| outcome.result()).collect();
    assert_eq!(results, [ContainerResult::Recorded, ContainerResult::Duplicate]);
    let on_board =
        becomes(&partner, &packed, "the bag is on board", |bag| bag.stage() == Stage::OnAircraft).await;
    assert!(on_board.inferred, "nobody read it there");

    // Its grace is over, so it strikes by the clock alone: nothing else is told after it.
    reported(&partner, &packed.flight(), 15, Report::Departed(Departed {})).await;
    becomes(&partner, &packed, "the bag has left", |bag| bag.stage() == Stage::Departed).await;
    becomes(&partner, &lost, "the other is left behind", |bag| bag.exception() == BagException::LeftBehind)
        .await;

    let loaded = lost.scan("t2", TrackingPoint::AircraftLoad);
    let loaded = Scan { observed_at: Some(timestamp_message(ago(20))), ..loaded };
    assert_eq!(record(&partner, loaded).await, ScanResult::Recorded);
    let found = becomes(&partner, &lost, "it was on board", |bag| bag.stage() == Stage::Departed).await;
    assert_eq!(found.exception(), BagException::Unspecified);

    reported(&partner, &lost.flight(), 2, Report::ReturnedToStand(ReturnedToStand {})).await;
    for bag in [&packed, &lost] {
        becomes(&partner, bag, "its leg is open again", |bag| bag.stage() == Stage::OnAircraft).await;
    }
    let request = GetFlightRequest { flight: lost.flight(), ..GetFlightRequest::default() };
    let flight = partner.flights.clone().get_flight(request).await.unwrap().into_inner().flight.unwrap();
    assert_eq!(flight.phase(), FlightPhase::Scheduled);
}

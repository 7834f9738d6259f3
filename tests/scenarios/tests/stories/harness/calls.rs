//! Calls that many stories make.

use airside_api::{
    baggage::v1::{
        Bag, GetBagRequest, RawMessage, RecordScansRequest, Scan, ScanResult, SubmitMessagesRequest,
        raw_message::Content,
    },
    flights::v1::{
        FlightReport, PassagePoint, PassengerReadReport, RecordFlightEventsRequest, RecordGateEventsRequest,
        ReportResult, flight_report::Report,
    },
    trips::v1::{
        FollowBagRequest, FollowBagResponse, FollowFlightRequest, ListFollowedRequest, ListFollowedResponse,
        follow_bag_request::Proof,
    },
};
use airside_runtime::stored::timestamp_message;
use airside_simulator::connect::Clients;
use jiff::Timestamp;
use tonic::{Code, Status};
use uuid::Uuid;

use super::{eventually, luggage::Luggage, within};

/// The sending system of stories.
pub(crate) const SOURCE: &str = "bhs.t3";

/// Returns a batch of raw messages.
pub(crate) fn messages<const N: usize>(texts: [&str; N]) -> SubmitMessagesRequest {
    let message = |text: &str| RawMessage { content: Some(Content::Text(text.to_owned())) };
    SubmitMessagesRequest {
        source: SOURCE.to_owned(),
        messages: texts.map(message).to_vec(),
        ..Default::default()
    }
}

/// Returns a batch of scans.
pub(crate) fn scans(scans: impl IntoIterator<Item = Scan>) -> RecordScansRequest {
    RecordScansRequest { source: SOURCE.to_owned(), scans: scans.into_iter().collect() }
}

/// Submits a message that must be stored and returns its position.
pub(crate) async fn submit(partner: &Clients, text: &str) -> String {
    let answer = partner.baggage.clone().submit_messages(messages([text])).await.unwrap().into_inner();
    assert!(answer.receipts[0].stored, "{:?}", answer.receipts);
    answer.position
}

/// Announces a bag and waits until it is known.
pub(crate) async fn announce(partner: &Clients, bag: &Luggage) -> Bag {
    submit(partner, &bag.announcement()).await;
    eventually("the bag is announced", async || {
        bag_of(partner, &bag.plate).await.ok().filter(|known| !known.provisional)
    })
    .await
}

/// Records a scan and returns what became of it.
pub(crate) async fn record(caller: &Clients, scan: Scan) -> ScanResult {
    record_at(caller, scan).await.0
}

/// Records a scan and returns what became of it, and the position.
pub(crate) async fn record_at(caller: &Clients, scan: Scan) -> (ScanResult, String) {
    let answer = caller.baggage.clone().record_scans(scans([scan])).await.unwrap().into_inner();
    (answer.outcomes[0].result(), answer.position)
}

/// Returns a bag as a caller may see it.
pub(crate) async fn bag_of(caller: &Clients, plate: &str) -> Result<Bag, Status> {
    bag_at(caller, plate, "").await
}

/// Returns a bag as a caller may see it, from a state that includes a position.
pub(crate) async fn bag_at(caller: &Clients, plate: &str, position: &str) -> Result<Bag, Status> {
    let (plate, at_least_position) = (plate.to_owned(), position.to_owned());
    let request = GetBagRequest { plate, at_least_position, as_of: None };
    let answer = within("GetBag", async { caller.baggage.clone().get_bag(request).await }).await?;
    Ok(answer.into_inner().bag.unwrap())
}

/// Tries to follow a bag by the surname of its booking.
pub(crate) async fn try_follow(
    passenger: &Clients,
    plate: &str,
    surname: &str,
) -> Result<FollowBagResponse, Status> {
    let proof = Some(Proof::Surname(surname.to_owned()));
    let request = FollowBagRequest { plate: plate.to_owned(), proof };
    passenger.trips.clone().follow_bag(request).await.map(tonic::Response::into_inner)
}

/// Follows a bag that was announced a moment ago.
pub(crate) async fn follow(passenger: &Clients, bag: &Luggage) -> FollowBagResponse {
    eventually("the bag is followed", async || match try_follow(passenger, &bag.plate, bag.surname).await {
        Ok(followed) => Some(followed),
        Err(status) if status.code() == Code::NotFound => None,
        Err(status) => panic!("{status}"),
    })
    .await
}

/// Follows a flight, with or without a booking (surname and record locator).
pub(crate) async fn follow_flight(passenger: &Clients, flight: &str, booking: Option<(&str, &str)>) {
    let (surname, record_locator) = booking.unwrap_or_default();
    let request = FollowFlightRequest {
        flight: flight.to_owned(),
        surname: surname.to_owned(),
        record_locator: record_locator.to_owned(),
    };
    passenger.trips.clone().follow_flight(request).await.unwrap();
}

/// Returns what a passenger follows.
pub(crate) async fn followed(passenger: &Clients) -> ListFollowedResponse {
    passenger.trips.clone().list_followed(ListFollowedRequest::default()).await.unwrap().into_inner()
}

/// Returns a report of a flight.
pub(crate) fn flight_report(flight: &str, report: Report) -> FlightReport {
    FlightReport {
        report_id: Uuid::new_v4().to_string(),
        flight: flight.to_owned(),
        occurred_at: Some(timestamp_message(Timestamp::now())),
        report: Some(report),
    }
}

/// Reports something of a flight.
pub(crate) async fn report(partner: &Clients, flight: &str, said: Report) {
    let reports = vec![flight_report(flight, said)];
    let request = RecordFlightEventsRequest { source: "aodb".to_owned(), reports };
    let answer = partner.flights.clone().record_flight_events(request).await.unwrap().into_inner();
    assert_eq!(answer.outcomes[0].result(), ReportResult::Recorded, "{:?}", answer.outcomes);
}

/// Reports that the passenger of a bag was read at the gate.
pub(crate) async fn board(partner: &Clients, bag: &Luggage) {
    let read = PassengerReadReport {
        report_id: Uuid::new_v4().to_string(),
        flight: bag.flight(),
        occurred_at: Some(timestamp_message(Timestamp::now())),
        point: PassagePoint::Gate.into(),
        surname: bag.surname.to_owned(),
        given_name: bag.given_name.to_owned(),
        record_locator: bag.record_locator.to_owned(),
    };
    let request = RecordGateEventsRequest { source: "gates".to_owned(), reads: vec![read] };
    let answer = partner.flights.clone().record_gate_events(request).await.unwrap().into_inner();
    assert_eq!(answer.outcomes[0].result(), ReportResult::Recorded, "{:?}", answer.outcomes);
}

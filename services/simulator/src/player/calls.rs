//! The calls of systems and staff, with what is counted of their answers.

use std::future::Future;
use std::time::Duration;

use airside_api::baggage::v1::{
    ContainerReport, ContainerResult, GetBagRequest, LinkBagRequest, RawMessage, RecordContainersRequest,
    RecordScansRequest, Scan, ScanResult, SubmitMessagesRequest, raw_message,
};
use airside_api::flights::v1::flight_report::Report;
use airside_api::flights::v1::{
    FlightReport, PassagePoint, PassengerReadReport, RecordFlightEventsRequest, RecordGateEventsRequest,
    ReportOutcome, ReportResult,
};
use airside_api::navigation::v1::{FindRouteRequest, Language, RouteEnd, SetClosureRequest, route_end};
use jiff::Timestamp;
use tokio::time::{Instant, sleep};
use tonic::{Code, Response, Status};

use super::lanes::Stage;
use super::tally::{Tally, add};
use crate::script::{MessageQuirk, RouteAsk, SOURCE_FLIGHTS, SOURCE_GATES, SOURCE_RAMP};
use crate::truth::Bag;

/// How often a call is made again when the server cannot answer just now.
const RETRIES_MAX: u32 = 5;
/// The first pause before that; it doubles.
const RETRY_AFTER: Duration = Duration::from_millis(50);
/// How long a message may wait to be read before what it announces must be known.
const READ_WITHIN: Duration = Duration::from_secs(20);
/// The plate of a reading without a tag.
const NO_TAG: &str = "0000000000";

/// Sends raw messages. They are not sent again after a lost answer unless the server said that it
/// did not take them, so that what is counted is what is stored.
pub(crate) async fn submit_messages(stage: &Stage, source: &str, messages: Vec<(String, MessageQuirk)>) {
    let tally = &stage.tally;
    let malformed = messages.iter().filter(|(_, quirk)| *quirk == MessageQuirk::Malformed).count();
    add(&tally.count.messages_malformed, malformed);
    let messages =
        messages.into_iter().map(|(text, _)| RawMessage { content: Some(raw_message::Content::Text(text)) });
    let request = SubmitMessagesRequest {
        source: source.to_owned(),
        messages: messages.collect(),
        ..Default::default()
    };
    let answer = attempt(tally, "SubmitMessages", || {
        let (mut client, request) = (stage.partner.baggage.clone(), request.clone());
        async move { client.submit_messages(request).await }
    });
    for receipt in answer.await.map(|answer| answer.receipts).unwrap_or_default() {
        add(&tally.count.messages_stored, u64::from(receipt.stored));
        if !receipt.stored {
            add(&tally.count.not_taken, 1);
            tally.complain(|| format!("message not stored: {}", receipt.problem));
        }
    }
}

/// Sends typed scans.
pub(crate) async fn record_scans(stage: &Stage, source: &str, scans: Vec<Scan>) {
    let tally = &stage.tally;
    let request = RecordScansRequest { source: source.to_owned(), scans };
    let sent = Instant::now();
    let answer = attempt(tally, "RecordScans", || {
        let (mut client, request) = (stage.partner.baggage.clone(), request.clone());
        async move { client.record_scans(request).await }
    });
    let Some(answer) = answer.await else { return };
    if stage.probes {
        let plate = request.scans.iter().map(|scan| &scan.plate).find(|plate| *plate != NO_TAG);
        probe(stage, plate.cloned(), answer.position, sent).await;
    }
    for outcome in answer.outcomes {
        match outcome.result() {
            ScanResult::Recorded => add(&tally.count.scans_accepted, 1),
            ScanResult::Duplicate => add(&tally.count.scans_duplicate, 1),
            ScanResult::Quarantined => {
                add(&tally.count.scans_accepted, 1);
                add(&tally.count.scans_quarantined, 1);
            }
            ScanResult::Invalid | ScanResult::Unspecified => {
                add(&tally.count.not_taken, 1);
                tally.complain(|| format!("scan refused: {}: {}", outcome.field, outcome.reason));
            }
        }
    }
}

/// Sends reports of containers.
pub(crate) async fn record_containers(stage: &Stage, reports: Vec<ContainerReport>) {
    let tally = &stage.tally;
    let request = RecordContainersRequest { source: SOURCE_RAMP.to_owned(), reports };
    let answer = attempt(tally, "RecordContainers", || {
        let (mut client, request) = (stage.partner.baggage.clone(), request.clone());
        async move { client.record_containers(request).await }
    });
    for outcome in answer.await.map(|answer| answer.outcomes).unwrap_or_default() {
        if outcome.result() == ContainerResult::Invalid {
            add(&tally.count.not_taken, 1);
            tally.complain(|| format!("container report refused: {}: {}", outcome.field, outcome.reason));
        }
    }
}

/// Says, as an operator, that a bag goes on under its new tag. Reading its announcement may take a moment.
pub(crate) async fn link_bag(stage: &Stage, bag: &Bag) {
    let Some(tag) = &bag.new_tag else { return };
    let request = LinkBagRequest {
        plate: tag.plate.clone(),
        kind: tag.kind.into(),
        other: bag.plate.clone(),
        continues: true,
        ..LinkBagRequest::default()
    };
    let until = Instant::now() + READ_WITHIN;
    loop {
        match stage.staff.baggage.clone().link_bag(request.clone()).await {
            Err(status) if status.code() == Code::NotFound && Instant::now() < until => {
                sleep(RETRY_AFTER).await;
            }
            Err(status) => {
                add(&stage.tally.count.not_taken, 1);
                let (code, said) = (status.code(), status.message());
                stage.tally.complain(|| format!("LinkBag: {code:?}: {said}"));
                return;
            }
            Ok(_) => return,
        }
    }
}

/// Waits until a bag is shown with what was just recorded of it, and notes how long after the call
/// was made that was.
async fn probe(stage: &Stage, plate: Option<String>, position: String, sent: Instant) {
    let Some(plate) = plate.filter(|_| !position.is_empty()) else { return };
    let request = GetBagRequest { plate, at_least_position: position, as_of: None };
    match stage.partner.baggage.clone().get_bag(request).await {
        Ok(_) => stage.tally.projected(sent.elapsed()),
        Err(status) => {
            let (code, said) = (status.code(), status.message());
            stage.tally.complain(|| format!("GetBag after its scan: {code:?}: {said}"));
        }
    }
}

/// Sends reports of the flight database.
pub(crate) async fn record_flight_events(stage: &Stage, reports: Vec<FlightReport>) {
    let tally = &stage.tally;
    if let Some(words) = reports.iter().rev().find_map(headline) {
        tally.headline(words);
    }
    let request = RecordFlightEventsRequest { source: SOURCE_FLIGHTS.to_owned(), reports };
    let answer = attempt(tally, "RecordFlightEvents", || {
        let (mut client, request) = (stage.flights.flights.clone(), request.clone());
        async move { client.record_flight_events(request).await }
    });
    for outcome in answer.await.map(|answer| answer.outcomes).unwrap_or_default() {
        add(&tally.count.flight_reports, u64::from(taken(tally, &outcome)));
    }
}

/// Sends reads of passengers.
pub(crate) async fn record_gate_events(stage: &Stage, reads: Vec<(PassengerReadReport, usize)>) {
    let tally = &stage.tally;
    let (reads, passengers): (Vec<_>, Vec<_>) = reads.into_iter().unzip();
    let request = RecordGateEventsRequest { source: SOURCE_GATES.to_owned(), reads };
    let answer = attempt(tally, "RecordGateEvents", || {
        let (mut client, request) = (stage.flights.flights.clone(), request.clone());
        async move { client.record_gate_events(request).await }
    });
    let outcomes = answer.await.map(|answer| answer.outcomes).unwrap_or_default();
    for ((outcome, read), passenger) in outcomes.iter().zip(&request.reads).zip(passengers) {
        let recorded = taken(tally, outcome);
        add(&tally.count.gate_reads, u64::from(recorded));
        if recorded && read.point() == PassagePoint::Gate {
            tally.board(passenger, Timestamp::now());
        }
    }
}

/// Asks for a route.
pub(crate) async fn find_route(stage: &Stage, ask: &RouteAsk) {
    let Some(venue) = stage.directory.venue.clone() else { return };
    let tally = &stage.tally;
    let end = |word: &String| {
        let place = stage.directory.places.get(word).unwrap_or(word).clone();
        Some(RouteEnd { end: Some(route_end::End::Place(place)) })
    };
    // A word that the venue's directory does not know is replaced by a gate, so that the way exists.
    let known = stage.directory.places.contains_key(&ask.from) || ask.from.len() == 2;
    let fallback = "A1".to_owned();
    let language = if ask.chinese { Language::ZhCn } else { Language::En };
    let request = FindRouteRequest {
        venue,
        from: end(if known { &ask.from } else { &fallback }),
        to: end(&ask.to),
        profile: ask.profile.into(),
        language: language.into(),
        ..FindRouteRequest::default()
    };
    let answer = attempt(tally, "FindRoute", || {
        let (mut client, request) = (stage.staff.navigation.clone(), request.clone());
        async move { client.find_route(request).await }
    });
    match answer.await {
        Some(route) if route.found => add(&tally.count.routes_found, 1),
        Some(route) => {
            add(&tally.count.routes_not_found, 1);
            tally.complain(|| format!("no route from {} to {}: {}", ask.from, ask.to, route.reason_text));
        }
        None => {}
    }
}

/// Closes a part of the venue or opens it again; nothing when the venue has no such part.
pub(crate) async fn set_closure(stage: &Stage, closed: bool) {
    let directory = &stage.directory;
    let (Some(venue), Some(feature_id)) = (directory.venue.clone(), directory.closable.clone()) else {
        return;
    };
    let reason = if closed { "out of order" } else { "" }.to_owned();
    let request = SetClosureRequest { venue, feature_id, closed, reason, expected_until: None };
    let answer = attempt(&stage.tally, "SetClosure", || {
        let (mut client, request) = (stage.staff.navigation.clone(), request.clone());
        async move { client.set_closure(request).await }
    });
    if answer.await.is_some() && closed {
        stage.tally.headline("an escalator is closed, ways lead around it".to_owned());
    }
}

/// Makes a call, again when the server cannot answer just now. A call that fails for good is a
/// complaint.
pub(crate) async fn attempt<T, F>(tally: &Tally, operation: &str, mut call: impl FnMut() -> F) -> Option<T>
where
    F: Future<Output = Result<Response<T>, Status>>,
{
    let mut pause = RETRY_AFTER;
    for left in (0..=RETRIES_MAX).rev() {
        let started = Instant::now();
        match call().await {
            Ok(answer) => {
                tally.called(started.elapsed());
                return Some(answer.into_inner());
            }
            Err(status) if left > 0 && passing(&status) => {
                sleep(pause).await;
                pause *= 2;
            }
            Err(status) => {
                add(&tally.count.not_taken, 1);
                tally.complain(|| format!("{operation}: {:?}: {}", status.code(), status.message()));
                return None;
            }
        }
    }
    None
}

fn passing(status: &Status) -> bool {
    matches!(status.code(), Code::Unavailable | Code::ResourceExhausted | Code::Aborted)
}

fn taken(tally: &Tally, outcome: &ReportOutcome) -> bool {
    match outcome.result() {
        ReportResult::Recorded => true,
        ReportResult::Duplicate | ReportResult::Unchanged => false,
        other => {
            add(&tally.count.not_taken, 1);
            tally.complain(|| format!("report {other:?}: {}: {}", outcome.field, outcome.reason));
            false
        }
    }
}

fn headline(report: &FlightReport) -> Option<String> {
    let name = report.flight.split('-').next().unwrap_or_default();
    match report.report.as_ref()? {
        Report::Gate(gate) => Some(format!("{name} leaves from gate {gate}")),
        Report::Belt(belt) => Some(format!("bags of {name} come to belt {belt}")),
        Report::Boarding(_) => Some(format!("{name} is boarding")),
        Report::FinalCall(_) => Some(format!("final call for {name}")),
        Report::Delay(_) => Some(format!("{name} is delayed")),
        Report::Departed(_) => Some(format!("{name} has left")),
        Report::Landed(_) => Some(format!("{name} has landed")),
        Report::Cancelled(_) => Some(format!("{name} is cancelled")),
        Report::Schedule(_)
        | Report::ArrivalEstimate(_)
        | Report::ReturnedToStand(_)
        | Report::Diverted(_) => None,
    }
}

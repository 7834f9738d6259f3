//! Typed scans: each has its outcome, and one that is wrong never stops the others.

use airside_api::baggage::v1::{self as api, Authority, LegRole, ScanResult, Screening, TrackingPoint};
use airside_kernel::{Position, Timestamp};
use airside_runtime::{
    executor::{Answer, Context, ExecuteError, Order},
    requests::{batch, item_id_problem, source},
    status::status,
    stored::timestamp,
};
use jiff::tz::TimeZone;
use tonic::Status;
use uuid::Uuid;

use super::Baggage;
use crate::{
    decide::{Bag, Observe, Rejection},
    events::BagEvent,
    model::{
        Content, DatedFlight, JourneyId, Leg, LicencePlate, Observation, Sighting, container_sign,
        place_problem, scan_observation_id,
    },
    react::source_stream,
    source::{KnownAlready, NoReads, TagNotRead},
    sources::{Sources, clock::Skew, state::Source},
};

/// What a reader reports when it saw a bag and no tag.
const NO_READ: &str = "0000000000";
/// How many days a scan's flight may lie from today.
const MAX_FLIGHT_DAYS: i64 = 30;

/// A batch whose source and size are good.
pub(super) struct Batch {
    source: String,
    scans: Vec<(String, Result<Scan, Wrong>)>,
}

/// A field that is wrong, and what to do.
pub(super) struct Wrong {
    pub(super) field: &'static str,
    pub(super) reason: String,
}

/// A scan whose fields are good.
struct Scan {
    plate: Option<LicencePlate>,
    observation: Observation,
    sighting: Sighting,
}

pub(super) fn parse(request: api::RecordScansRequest, received_at: Timestamp) -> Result<Batch, Status> {
    source(&request.source)?;
    batch("scans", &request.scans)?;
    let source = request.source;
    let scans =
        request.scans.into_iter().map(|scan| (scan.scan_id.clone(), read(scan, &source, received_at)));
    let scans = scans.collect();
    Ok(Batch { source, scans })
}

fn read(scan: api::Scan, source: &str, received_at: Timestamp) -> Result<Scan, Wrong> {
    if let Some(problem) = item_id_problem(&scan.scan_id) {
        return Err(wrong("scan_id", problem));
    }
    let plate = match scan.plate.as_str() {
        NO_READ => None,
        text => Some(LicencePlate::parse(text).map_err(|error| wrong("plate", error))?),
    };
    let point = scan.point();
    if point == TrackingPoint::Unspecified {
        return Err(wrong("point", "say at which tracking point the bag was read"));
    }
    let station = scan.station.parse().map_err(|error| wrong("station", error))?;
    let observed_at = scan.observed_at.as_ref().and_then(timestamp);
    let observed_at = observed_at
        .ok_or_else(|| wrong("observed_at", "say when the bag was read, as an RFC 3339 instant"))?;
    let flight = flight(&scan.flight, received_at)?;
    let stowage = scan.stowage.unwrap_or_default();
    for (field, text) in [
        ("reader", &scan.reader),
        ("location", &scan.location),
        ("stowage.container", &stowage.container),
        ("stowage.compartment", &stowage.compartment),
    ] {
        if let Some(problem) = place_problem(text) {
            return Err(wrong(field, problem));
        }
    }
    let role = match point {
        TrackingPoint::AircraftUnload
        | TrackingPoint::ArrivalInjection
        | TrackingPoint::ReclaimBelt
        | TrackingPoint::Collection => LegRole::Inbound,
        _ => LegRole::Outbound,
    };
    let container = container_sign(&stowage.container);
    let has_stowage = !container.is_empty() || !stowage.compartment.is_empty();
    Ok(Scan {
        plate,
        observation: Observation {
            id: scan_observation_id(source, &scan.scan_id),
            source: source.to_owned(),
            station,
            observed_at,
            cause: None,
            parser_version: None,
            received_at: Some(received_at),
            clock_ahead_ms: 0,
        },
        sighting: Sighting {
            point,
            reader: scan.reader,
            location: scan.location,
            leg: flight.map(|flight| Leg { flight, airport: None, role, marketed_as: None }),
            stowage: has_stowage.then_some((container, stowage.compartment)),
            authority: Authority::Unspecified,
            is_inferred: false,
            screening: Screening::Unspecified,
        },
    })
}

pub(super) fn flight(text: &str, received_at: Timestamp) -> Result<Option<DatedFlight>, Wrong> {
    if text.is_empty() {
        return Ok(None);
    }
    let flight: DatedFlight = text.parse().map_err(|error| wrong("flight", error))?;
    let today = received_at.to_zoned(TimeZone::UTC).date();
    if flight.date.duration_since(today).as_hours().abs() > MAX_FLIGHT_DAYS * 24 {
        return Err(wrong("flight", "its day is more than thirty days from today; check the date"));
    }
    Ok(Some(flight))
}

#[expect(clippy::needless_pass_by_value, reason = "an error or a text, whichever the caller has")]
fn wrong(field: &'static str, reason: impl ToString) -> Wrong {
    Wrong { field, reason: reason.to_string() }
}

pub(super) async fn record(
    service: &Baggage,
    actor: &str,
    batch: Batch,
) -> Result<api::RecordScansResponse, Status> {
    let correlation = Uuid::now_v7();
    let known = |sources: &Sources| sources.find(&batch.source).map(Source::skew);
    let clock_ahead_ms = service.sources.read(known).map_or(0, Skew::ahead_ms);
    let (mut bags, mut no_reads, mut outcomes) =
        (Vec::new(), Vec::new(), Vec::with_capacity(batch.scans.len()));
    let (mut bag_places, mut no_read_places) = (Vec::new(), Vec::new());
    for (place, (scan_id, scan)) in batch.scans.into_iter().enumerate() {
        outcomes.push(api::ScanOutcome { scan_id, ..Default::default() });
        let Scan { plate, observation, sighting } = match scan {
            Ok(scan) => scan,
            Err(Wrong { field, reason }) => {
                invalid(&mut outcomes[place], field, reason);
                continue;
            }
        };
        let observation = Observation { clock_ahead_ms, ..observation };
        let context =
            Context { correlation, ..Context::new(actor, batch.source.as_str(), observation.observed_at) };
        if let Some(plate) = plate {
            let (mut content, new_journey) = (Content::Scanned(sighting), JourneyId(Uuid::now_v7()));
            service.operating.read(|operating| operating.resolve(&mut content, observation.station));
            let command = Observe { observation, content, new_journey }.into();
            bags.push(Order { stream: plate.stream(), command, context });
            bag_places.push(place);
        } else {
            let command = TagNotRead { observation, point: sighting.point, reader: sighting.reader };
            no_reads.push(Order { stream: source_stream("noread", &batch.source), command, context });
            no_read_places.push(place);
        }
    }
    let mut last: Option<Position> = None;
    for (place, answer) in bag_places.into_iter().zip(service.executor.execute_each(bags).await) {
        last = last.max(bag_outcome(&mut outcomes[place], answer)?);
    }
    if !no_reads.is_empty() {
        for (place, answer) in no_read_places.into_iter().zip(service.no_reads.execute_each(no_reads).await) {
            last = last.max(no_read_outcome(&mut outcomes[place], answer)?);
        }
    }
    outcomes.iter().for_each(|outcome| service.metrics.scan(outcome_name(outcome.result())));
    Ok(api::RecordScansResponse {
        outcomes,
        position: last.map_or_else(String::new, |position| position.to_string()),
    })
}

fn bag_outcome(outcome: &mut api::ScanOutcome, answer: Answer<Bag>) -> Result<Option<Position>, Status> {
    match answer {
        Ok(done) => {
            let is_aside = done.events.iter().any(|event| matches!(event, BagEvent::Quarantined { .. }));
            if is_aside {
                outcome.set_result(ScanResult::Quarantined);
                "the plate has several journeys that this scan fits; it is kept and somebody must look"
                    .clone_into(&mut outcome.reason);
            } else {
                outcome.set_result(ScanResult::Recorded);
            }
            return Ok(done.position);
        }
        Err(ExecuteError::Rejected(Rejection::Duplicate { .. })) => outcome.set_result(ScanResult::Duplicate),
        Err(ExecuteError::Rejected(why @ Rejection::Crowded)) => invalid(outcome, "plate", why.to_string()),
        Err(ExecuteError::Rejected(why)) => invalid(outcome, "observed_at", why.to_string()),
        Err(error) => return Err(status(&error)),
    }
    Ok(None)
}

fn no_read_outcome(
    outcome: &mut api::ScanOutcome,
    answer: Answer<NoReads>,
) -> Result<Option<Position>, Status> {
    match answer {
        Ok(done) => {
            outcome.set_result(ScanResult::Quarantined);
            "the tag was not read; it is kept and opens no bag".clone_into(&mut outcome.reason);
            Ok(done.position)
        }
        Err(ExecuteError::Rejected(KnownAlready)) => {
            outcome.set_result(ScanResult::Duplicate);
            Ok(None)
        }
        Err(error) => Err(Status::unavailable(error.to_string())),
    }
}

fn invalid(outcome: &mut api::ScanOutcome, field: &str, reason: String) {
    outcome.set_result(ScanResult::Invalid);
    field.clone_into(&mut outcome.field);
    outcome.reason = reason;
}

fn outcome_name(result: ScanResult) -> &'static str {
    match result {
        ScanResult::Unspecified => "unspecified",
        ScanResult::Recorded => "recorded",
        ScanResult::Duplicate => "duplicate",
        ScanResult::Quarantined => "quarantined",
        ScanResult::Invalid => "invalid",
    }
}

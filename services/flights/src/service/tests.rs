//! The flight service over a real log and a real vault: outcomes, sealing, reading.

use airside_api::flights::v1::flight_report::Report as Said;
use airside_kernel::{
    Direction, EventStore, Keyring, ManualClock, Page, Personal, StoredEvent, StreamId, Timestamp,
};
use airside_privacy::Vault;
use airside_runtime::{projections::Projections, stored};
use airside_store::MemoryStore;
use jiff::SignedDuration;
use tokio::sync::{broadcast, watch};

use super::*;
use crate::{
    events::{Fact, What},
    model::Read,
};

struct House {
    api: FlightApi,
    store: Arc<dyn EventStore>,
    vault: Arc<Vault>,
    clock: Arc<ManualClock>,
    _folder: tempfile::TempDir,
    _stop: watch::Sender<bool>,
}

fn house() -> House {
    let clock = Arc::new(ManualClock::new(Timestamp::from_second(1_795_132_800).unwrap()));
    let store: Arc<dyn EventStore> = Arc::new(MemoryStore::new(clock.clone()));
    let folder = tempfile::tempdir().unwrap();
    let vault = Arc::new(Vault::open(folder.path(), clock.clone()).unwrap());
    let mut projections = Projections::new(store.clone());
    let api = crate::api(store.clone(), vault.clone(), clock.clone(), &mut projections);
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(projections.run(broadcast::channel(1).1, stopped));
    House { api, store, vault, clock, _folder: folder, _stop: stop }
}

impl House {
    async fn report(&self, reports: Vec<api::FlightReport>) -> api::RecordFlightEventsResponse {
        let request = api::RecordFlightEventsRequest { source: "aodb".into(), reports };
        self.api.record_flight_events(Request::new(request)).await.unwrap().into_inner()
    }

    async fn read(&self, reads: Vec<api::PassengerReadReport>) -> api::RecordGateEventsResponse {
        let request = api::RecordGateEventsRequest { source: "gates.t3".into(), reads };
        self.api.record_gate_events(Request::new(request)).await.unwrap().into_inner()
    }

    async fn stream(&self, flight: &str) -> Page {
        let stream = StreamId::new("flight", flight).unwrap();
        self.store.read_stream(&stream, Direction::Forwards, None, 100).await.unwrap()
    }
}

fn at(second: i64) -> Option<prost_types::Timestamp> {
    Some(stored::timestamp_message(Timestamp::from_second(1_795_132_800 + second).unwrap()))
}

fn report(report_id: &str, flight: &str, said: Said) -> api::FlightReport {
    api::FlightReport {
        report_id: report_id.into(),
        flight: flight.into(),
        occurred_at: at(7),
        report: Some(said),
    }
}

fn schedule(departure: i64, codeshares: &[&str]) -> Said {
    let leg = api::FlightLeg {
        origin: "szx".into(),
        destination: "PEK".into(),
        scheduled_departure: at(departure),
        scheduled_arrival: at(departure + 3_600),
    };
    Said::Schedule(api::Schedule {
        legs: vec![leg],
        codeshares: codeshares.iter().map(ToString::to_string).collect(),
    })
}

fn passenger(report_id: &str, surname: &str) -> api::PassengerReadReport {
    api::PassengerReadReport {
        report_id: report_id.into(),
        flight: "ZH9101-20261120".into(),
        occurred_at: at(9),
        point: api::PassagePoint::Gate.into(),
        surname: surname.into(),
        given_name: "San".into(),
        record_locator: "abc123".into(),
    }
}

fn results(outcomes: &[api::ReportOutcome]) -> Vec<api::ReportResult> {
    outcomes.iter().map(|outcome| outcome.result()).collect()
}

#[tokio::test]
async fn every_report_has_its_own_outcome_and_a_bad_one_fails_alone() {
    use api::ReportResult::{Duplicate, Invalid, Recorded, Refused, Unchanged};
    let house = house();
    let answer = house
        .report(vec![
            report("1", "ZH09101-20261120", Said::Gate("a3".into())),
            report("1", "ZH9101-20261120", Said::Gate("A3".into())),
            report("2", "ZH9101-20261120", Said::Gate("A3".into())),
            report("3", "ZH9101-20261131", Said::Gate("A3".into())),
            report("4", "ZH9101-20261120", Said::Departed(api::Departed {})),
            report("5", "ZH9101-20261120", Said::Boarding(api::Boarding {})),
            api::FlightReport {
                occurred_at: None,
                ..report("6", "ZH1-20261120", Said::Landed(api::Landed {}))
            },
            api::FlightReport { report: None, ..report("7", "ZH1-20261120", Said::Landed(api::Landed {})) },
            report("no blank", "ZH1-20261120", Said::Landed(api::Landed {})),
        ])
        .await;
    assert_eq!(
        results(&answer.outcomes),
        [Recorded, Duplicate, Unchanged, Invalid, Recorded, Refused, Invalid, Invalid, Invalid]
    );
    let fields: Vec<_> = answer.outcomes.iter().map(|outcome| outcome.field.as_str()).collect();
    assert_eq!(fields, ["", "", "", "flight", "", "", "occurred_at", "report", "report_id"]);
    assert_eq!(answer.outcomes[5].reason, "the flight has departed: correct the report");
    assert!(answer.outcomes[3].reason.contains("ZH9101-20261120"), "{:?}", answer.outcomes[3]);
    let events = house.stream("ZH9101-20261120").await.events;
    assert_eq!(events.len(), 2);
    assert_eq!(answer.position, events[1].position().to_string());
    assert_eq!(Some(events[0].occurred_at()), stored::timestamp(&at(7).unwrap()));
    assert_eq!(events[0].metadata().unwrap().get(airside_kernel::keys::SOURCE), Some("aodb"));
}

#[tokio::test]
async fn a_schedule_that_makes_no_sense_is_invalid() {
    let house = house();
    let broken = |change: fn(&mut api::Schedule)| {
        let Said::Schedule(mut schedule) = schedule(0, &[]) else { unreachable!() };
        change(&mut schedule);
        report("1", "ZH9101-20261120", Said::Schedule(schedule))
    };
    let answer = house
        .report(vec![
            broken(|s| s.legs.clear()),
            broken(|s| s.legs = vec![s.legs[0].clone(); 9]),
            broken(|s| s.legs = vec![s.legs[0].clone(); 2]),
            broken(|s| s.legs[0].scheduled_arrival = at(-1)),
            broken(|s| s.legs[0].origin = "ZGSZ".into()),
            broken(|s| s.legs[0].scheduled_departure = None),
            broken(|s| s.codeshares = vec!["CA".into()]),
            broken(|s| s.codeshares = vec!["CA1".into(); 33]),
        ])
        .await;
    let fields: Vec<_> = answer.outcomes.iter().map(|outcome| outcome.field.as_str()).collect();
    let (legs, codeshares) = ("schedule.legs", "schedule.codeshares");
    let expected = [
        "schedule".into(),
        "schedule".into(),
        "schedule".into(),
        "schedule".into(),
        format!("{legs}.origin"),
        format!("{legs}.scheduled_departure"),
        codeshares.into(),
        "schedule".into(),
    ];
    assert_eq!(fields, expected);
    assert_eq!(answer.position, "");
}

#[tokio::test]
async fn a_report_of_the_future_or_of_long_ago_is_invalid() {
    use api::ReportResult::{Invalid, Recorded};
    const DAYS_S: i64 = 86_400;
    let house = house();
    let times = [3_600, 3_601, -30 * DAYS_S, -30 * DAYS_S - 1];
    let reports = times.map(|second| api::FlightReport {
        occurred_at: at(second),
        ..report(
            &format!("f{second}"),
            "ZH9101-20261120",
            Said::Gate(format!("A{}", second.abs() % 1_000_000)),
        )
    });
    let reads = times.map(|second| api::PassengerReadReport {
        occurred_at: at(second),
        ..passenger(&format!("r{second}"), "Zhang")
    });
    let answers = [house.report(reports.to_vec()).await.outcomes, house.read(reads.to_vec()).await.outcomes];
    for outcomes in answers {
        assert_eq!(results(&outcomes), [Recorded, Invalid, Recorded, Invalid]);
        assert_eq!((outcomes[1].field.as_str(), outcomes[3].field.as_str()), ("occurred_at", "occurred_at"));
        assert!(outcomes[1].reason.contains("check the source's clock"), "{:?}", outcomes[1]);
        assert!(outcomes[3].reason.contains("30 days"), "{:?}", outcomes[3]);
    }
}

#[tokio::test]
async fn a_time_far_from_the_day_of_the_flight_is_invalid() {
    use api::ReportResult::{Invalid, Recorded};
    const DAYS_S: i64 = 86_400;
    let house = house();
    let delay = |second| Said::Delay(api::Delay { estimated_departure: at(second) });
    let legs = |departure, arrival| {
        let Said::Schedule(mut schedule) = schedule(departure, &[]) else { unreachable!() };
        schedule.legs[0].scheduled_arrival = at(arrival);
        Said::Schedule(schedule)
    };
    let said = [
        delay(-3 * DAYS_S),
        delay(6 * DAYS_S - 1),
        delay(-3 * DAYS_S - 1),
        delay(6 * DAYS_S),
        legs(-3 * DAYS_S, 6 * DAYS_S - 1),
        legs(-3 * DAYS_S - 1, 0),
        legs(0, 6 * DAYS_S),
    ];
    let reports = said.into_iter().enumerate();
    let reports = reports.map(|(n, said)| report(&n.to_string(), "ZH9101-20261120", said)).collect();
    let outcomes = house.report(reports).await.outcomes;
    assert_eq!(results(&outcomes), [Recorded, Recorded, Invalid, Invalid, Recorded, Invalid, Invalid]);
    let fields: Vec<_> = outcomes.iter().map(|outcome| outcome.field.as_str()).collect();
    let (delay, leaves) = ("delay.estimated_departure", "schedule.legs.scheduled_departure");
    assert_eq!(fields, ["", "", delay, delay, "", leaves, "schedule.legs.scheduled_arrival"]);
    assert!(outcomes[2].reason.ends_with("correct it, or the flight"), "{:?}", outcomes[2]);
}

#[tokio::test]
async fn a_passenger_is_stored_sealed_under_a_key_of_that_read_alone() {
    let house = house();
    let answer =
        house.read(vec![passenger("1", "Zhang"), passenger("2", "Zhang"), passenger("1", "Zhang")]).await;
    use api::ReportResult::{Duplicate, Recorded};
    assert_eq!(results(&answer.outcomes), [Recorded, Recorded, Duplicate]);
    let events = house.stream("ZH9101-20261120").await.events;
    let reads: Vec<Read> = events
        .iter()
        .map(|event| {
            assert!(!event.payload().windows(5).any(|bytes| bytes.eq_ignore_ascii_case(b"zhang")));
            let [Fact { what: What::PassengerRead(read), .. }] = Fact::decode(event).unwrap() else {
                unreachable!()
            };
            read
        })
        .collect();
    let open = |value: &Personal| value.open(house.vault.as_ref()).unwrap().known().cloned();
    assert_eq!(open(&reads[0].passenger_name).unwrap(), "ZHANG/SAN");
    assert_eq!(open(&reads[0].record_locator).unwrap(), "ABC123");
    house.vault.erase(&reads[0].subject).await.unwrap();
    assert_eq!(open(&reads[0].passenger_name), None);
    assert!(open(&reads[1].passenger_name).is_some(), "another read has another key");
}

#[tokio::test]
async fn a_read_that_names_nobody_is_invalid() {
    let house = house();
    let answer = house
        .read(vec![
            passenger("1", ""),
            api::PassengerReadReport { given_name: "S4N".into(), ..passenger("2", "Zhang") },
            api::PassengerReadReport { record_locator: "ABC".into(), ..passenger("3", "Zhang") },
            api::PassengerReadReport { point: 0, ..passenger("4", "Zhang") },
        ])
        .await;
    let fields: Vec<_> = answer.outcomes.iter().map(|outcome| outcome.field.as_str()).collect();
    assert_eq!(fields, ["surname", "given_name", "record_locator", "point"]);
}

#[tokio::test]
async fn a_caller_reads_what_they_just_wrote() {
    let house = house();
    let answer = house
        .report(vec![
            report("1", "ZH9101-20261120", schedule(0, &["CA03101"])),
            report("2", "ZH9101-20261120", Said::Belt("12".into())),
        ])
        .await;
    let request = api::GetFlightRequest {
        flight: "zh09101-20261120".into(),
        at_least_position: answer.position,
        as_of: None,
    };
    let flight = house.api.get_flight(Request::new(request)).await.unwrap().into_inner().flight.unwrap();
    assert_eq!((flight.flight.as_str(), flight.belt.as_str()), ("ZH9101-20261120", "12"));
    assert_eq!(flight.codeshares, ["CA3101"]);
    assert_eq!(flight.legs[0].origin, "SZX");
    assert_eq!(flight.phase(), api::FlightPhase::Scheduled);
}

#[tokio::test]
async fn an_unknown_flight_is_not_found_by_its_name() {
    let request = api::GetFlightRequest { flight: "ZH404-20261120".into(), ..Default::default() };
    let error = house().api.get_flight(Request::new(request)).await.unwrap_err();
    assert_eq!((error.code(), error.message()), (tonic::Code::NotFound, "flight ZH404-20261120 not found"));
}

#[tokio::test]
async fn a_flight_is_shown_as_it_was_known_at_an_instant() {
    let house = house();
    let flight = "ZH9101-20261120";
    let (mut instants, mut last) = (Vec::new(), String::new());
    for (id, gate) in [("1", "A3"), ("2", "B7"), ("3", "C1")] {
        last = house.report(vec![report(id, flight, Said::Gate(gate.into()))]).await.position;
        instants.push((house.clock.now(), gate));
        house.clock.advance(SignedDuration::from_secs(60));
    }
    let get = |request| house.api.get_flight(Request::new(request));
    let as_of = |at| {
        let as_of = Some(stored::timestamp_message(at));
        get(api::GetFlightRequest { flight: flight.into(), as_of, ..Default::default() })
    };
    let gate = |answer: Response<api::GetFlightResponse>| answer.into_inner().flight.unwrap().gate;
    for (at, expected) in &instants {
        assert_eq!(gate(as_of(*at).await.unwrap()), *expected);
        let between = *at + SignedDuration::from_secs(59);
        assert_eq!(gate(as_of(between).await.unwrap()), *expected);
    }
    let before = as_of(instants[0].0 - SignedDuration::from_micros(1)).await.unwrap_err();
    assert_eq!(
        (before.code(), before.message()),
        (tonic::Code::NotFound, "flight ZH9101-20261120 not found")
    );
    let at_least_position = last;
    let now = get(api::GetFlightRequest { flight: flight.into(), at_least_position, as_of: None }).await;
    assert_eq!(now.unwrap().into_inner(), as_of(house.clock.now()).await.unwrap().into_inner());
}

#[tokio::test]
async fn a_flight_of_which_only_passengers_are_known_was_not_found_then_either() {
    let house = house();
    house.read(vec![passenger("1", "Zhang")]).await;
    let as_of = Some(stored::timestamp_message(house.clock.now()));
    let request = api::GetFlightRequest { flight: "ZH9101-20261120".into(), as_of, ..Default::default() };
    let refused = house.api.get_flight(Request::new(request)).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::NotFound);
}

#[tokio::test]
async fn flights_are_listed_page_by_page() {
    let house = house();
    let reports =
        (0..5).map(|n| report(&n.to_string(), &format!("ZH{}-20261120", n + 1), schedule(100 - n, &[])));
    let mut at_least_position = house.report(reports.collect()).await.position;
    let (mut seen, mut page_token) = (Vec::new(), String::new());
    loop {
        let request =
            api::ListFlightsRequest { airport: "pek".into(), page_size: 2, page_token, at_least_position };
        let answer = house.api.list_flights(Request::new(request)).await.unwrap().into_inner();
        seen.extend(answer.flights.into_iter().map(|flight| flight.flight));
        (page_token, at_least_position) = (answer.next_page_token, String::new());
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, (1..=5).rev().map(|n| format!("ZH{n}-20261120")).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_bad_call_names_its_field() {
    let house = house();
    let check = |error: Status, field: &str| {
        assert_eq!(error.code(), tonic::Code::InvalidArgument);
        assert!(error.message().starts_with(&format!("{field}: ")), "{}", error.message());
    };
    let list = |request| house.api.list_flights(Request::new(request));
    let empty = api::ListFlightsRequest::default;
    check(list(api::ListFlightsRequest { airport: "S".into(), ..empty() }).await.unwrap_err(), "airport");
    check(list(api::ListFlightsRequest { page_size: 201, ..empty() }).await.unwrap_err(), "page_size");
    check(
        list(api::ListFlightsRequest { page_token: "x".into(), ..empty() }).await.unwrap_err(),
        "page_token",
    );
    check(
        list(api::ListFlightsRequest { at_least_position: "x".into(), ..empty() }).await.unwrap_err(),
        "at_least_position",
    );
    let ahead = Some(stored::timestamp_message(house.clock.now() + SignedDuration::from_secs(1)));
    let request = api::GetFlightRequest { flight: "ZH1-20261120".into(), as_of: ahead, ..Default::default() };
    check(house.api.get_flight(Request::new(request)).await.unwrap_err(), "as_of");
    let record = |source: &str, reports| {
        let request = api::RecordFlightEventsRequest { source: source.to_owned(), reports };
        house.api.record_flight_events(Request::new(request))
    };
    let one = || report("1", "ZH1-20261120", Said::Landed(api::Landed {}));
    check(record("AODB", vec![one()]).await.unwrap_err(), "source");
    check(record("aodb", Vec::new()).await.unwrap_err(), "reports");
    check(record("aodb", vec![one(); 501]).await.unwrap_err(), "reports");
}

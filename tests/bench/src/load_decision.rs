//! `load-decision`: may this bag go on this flight?
//!
//! The question alone is asked of the read models of a day with 100,000 bags (see
//! [`day`](crate::rebuild::day)), of a random bag and its flight each time. The
//! whole call goes over gRPC to a node on loopback that knows 20,000 bags, one call
//! in flight, and is held against the cheapest unary call on the same connection in
//! the same round. Best of three by the 99th percentile.

use std::{
    hint::black_box,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use airside_api::{
    baggage::v1::{DecideLoadRequest, RecordScansRequest, Scan, TrackingPoint},
    navigation::v1::ListVenuesRequest,
};
use airside_baggage::{
    handling::{
        load::{LoadPolicy, decide},
        loads::{FlightLoad, Loads},
    },
    model::{DatedFlight, LicencePlate},
    project::Bags,
};
use airside_kernel::SystemClock;
use airside_runtime::{
    projections::{Projections, ReadModel},
    stored::timestamp_message,
};
use airside_simulator::connect::Clients;
use airside_store::{EmbeddedStore, Options};
use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use rand::{Rng, SeedableRng, rngs::StdRng};
use tokio::sync::{broadcast, watch};

use crate::{
    ROUNDS, loopback,
    measure::{Better, Measure, share},
    rebuild::day,
};

/// How many questions a round asks of memory.
const QUESTIONS: usize = 500_000;
/// How many bags the node of the whole call knows.
const KNOWN: usize = 20_000;
/// How many scans share a call when they are recorded.
const BATCH: usize = 500;
/// How long a round calls.
const FOR: Duration = Duration::from_secs(3);
/// The most and the wished time of the question alone, microseconds.
const FLOOR_US: f64 = 1_000.0;
const GOAL_US: f64 = 50.0;

/// Measures in a folder.
///
/// # Errors
/// When the disk, the store or the node fails.
pub(crate) async fn measure(folder: &Path) -> Result<Vec<Measure>> {
    let alone = alone(&folder.join("day")).await?;
    let (call, empty) = whole(folder).await?;
    let against = format!("{} bags of {} flights in memory", day::BAGS, day::FLIGHTS);
    let beside = format!("an empty unary call: p50 {:.0} us, p99 {:.0} us", empty.p50_us, empty.p99_us);
    let us = |name, value| Measure::new("load-decision", name, value, "us").lower_is_better();
    Ok(vec![
        Measure::new("load-decision", "question alone, p99", alone.p99_us, "us")
            .bounds(Better::Lower, FLOOR_US, GOAL_US)
            .against(&against),
        us("question alone, p50", alone.p50_us).against(&against),
        us("whole call, p99", call.p99_us).against(&beside),
        us("whole call, p50", call.p50_us).against(&beside),
    ])
}

/// Half of the times, and 99 of 100, are at most these.
#[derive(Debug, Clone, Copy)]
struct Times {
    p50_us: f64,
    p99_us: f64,
}

impl Times {
    fn of(mut nanos: Vec<u64>) -> Result<Self> {
        ensure!(!nanos.is_empty(), "nothing was measured");
        nanos.sort_unstable();
        let at = |part| share(&nanos, part) as f64 / 1_000.0;
        Ok(Self { p50_us: at(0.5), p99_us: at(0.99) })
    }
}

/// Asks memory.
async fn alone(home: &Path) -> Result<Times> {
    day::fill(home).await?;
    let store = Arc::new(EmbeddedStore::open(home, Options::default(), Arc::new(SystemClock))?);
    let mut projections = Projections::new(store.clone());
    let bags: ReadModel<Bags> = projections.add_kept(Bags::default);
    let loads: ReadModel<Loads> = projections.add_kept(Loads::default);
    let mut progress = projections.progress();
    let (_erasures, erased) = broadcast::channel(1);
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(projections.run(erased, stopped));
    progress.wait_for(|progress| progress.is_caught_up).await.context("the read models have ended")?;
    let mut random = StdRng::seed_from_u64(7);
    let mut best: Option<Times> = None;
    for _ in 0..ROUNDS {
        let mut nanos = Vec::with_capacity(QUESTIONS);
        for _ in 0..QUESTIONS {
            let number = random.random_range(0..day::BAGS);
            let (plate, flight) = (day::plate_of(number)?, day::flight_of(number).parse::<DatedFlight>()?);
            let began = Instant::now();
            let obstacles = ask(&bags, &loads, plate, flight);
            nanos.push(u64::try_from(began.elapsed().as_nanos())?);
            // Every flight of the day has left.
            ensure!(black_box(obstacles) == 1, "bag {plate} was judged otherwise");
        }
        best = better(best, Times::of(nanos)?);
    }
    stop.send_replace(true);
    running.await?;
    store.close().await;
    best.context("no round was run")
}

fn ask(bags: &ReadModel<Bags>, loads: &ReadModel<Loads>, plate: LicencePlate, flight: DatedFlight) -> usize {
    bags.read(|bags| {
        loads.read(|loads| {
            let unheard = FlightLoad::default();
            let load = loads.flight(flight).unwrap_or(&unheard);
            decide(plate, bags.plate(plate), flight, load, LoadPolicy::default()).obstacles.len()
        })
    })
}

fn better(best: Option<Times>, found: Times) -> Option<Times> {
    Some(best.filter(|best| best.p99_us <= found.p99_us).unwrap_or(found))
}

/// Calls a node; returns the times of the question and those of an empty call of the same round.
async fn whole(folder: &Path) -> Result<(Times, Times)> {
    let (node, endpoint) = loopback::start(loopback::config(folder.join("data"))).await?;
    let clients = Clients::new(&endpoint.connect().await?, &endpoint.partner()?);
    let position = fill(&clients).await?;
    let mut random = StdRng::seed_from_u64(7);
    let mut best: Option<(Times, Times)> = None;
    for round in 0..ROUNDS {
        let (mut calls, mut empty) = (Vec::new(), Vec::new());
        let until = Instant::now() + FOR;
        while Instant::now() < until {
            let number = random.random_range(0..KNOWN);
            let at_least_position =
                if round == 0 && calls.is_empty() { position.clone() } else { String::new() };
            let request = DecideLoadRequest {
                plate: day::plate_of(number)?.to_string(),
                flight: day::flight_of(number),
                at_least_position,
                as_of: None,
            };
            let began = Instant::now();
            let answer = clients.handling.clone().decide_load(request).await?.into_inner();
            calls.push(u64::try_from(began.elapsed().as_nanos())?);
            ensure!(answer.obstacles.len() == 1, "nobody gave it authority: {answer:?}");
            let began = Instant::now();
            clients.navigation.clone().list_venues(ListVenuesRequest::default()).await?;
            empty.push(u64::try_from(began.elapsed().as_nanos())?);
        }
        let found = (Times::of(calls)?, Times::of(empty)?);
        best = Some(best.filter(|best| best.0.p99_us <= found.0.p99_us).unwrap_or(found));
    }
    node.stop().await;
    best.context("no round was run")
}

/// Has each bag seen twice, and returns the position after which all are known.
async fn fill(clients: &Clients) -> Result<String> {
    let mut position = String::new();
    for point in [TrackingPoint::CheckIn, TrackingPoint::Sortation] {
        for batch in (0..KNOWN).collect::<Vec<_>>().chunks(BATCH) {
            let scans = batch.iter().map(|number| {
                Ok(Scan {
                    scan_id: format!("{}-{number}", point.as_str_name()),
                    plate: day::plate_of(*number)?.to_string(),
                    point: point.into(),
                    station: "SZX".to_owned(),
                    observed_at: Some(timestamp_message(Timestamp::now())),
                    flight: day::flight_of(*number),
                    ..Scan::default()
                })
            });
            let request =
                RecordScansRequest { source: "bench".to_owned(), scans: scans.collect::<Result<_>>()? };
            position = clients.baggage.clone().record_scans(request).await?.into_inner().position;
        }
    }
    Ok(position)
}

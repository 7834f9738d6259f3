//! Load: the same calls as fast as the server answers them.
//!
//! Shared by the benches and the load generator. Each connection has one call in flight, and makes
//! the next when that is answered, or by the clock; then the time of a call runs from when it was
//! due, so that a server that does not keep up cannot hide it. Request
//! bodies are encoded before the clock starts; between two calls only the digits that must be new
//! are overwritten in place ([`bodies`]), so that what is measured is the server and not its
//! client. Answers are read in full and every item is checked: only what the server says is on
//! disk counts.

mod bodies;
mod wire;

use std::iter;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use airside_api::navigation::v1::FindRouteRequest;
use hdrhistogram::Histogram;
use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Request, Status};

use crate::connect::{Bearer, Endpoint, SimulatorError, refused};
use crate::player::{latencies, micros, quantiles};
use crate::summary::Quantiles;
use bodies::Body;
use wire::{Prebuilt, Verdict};

/// Connections at most, because ids give each of them two digits.
const CONNECTIONS_MAX: usize = 99;
/// Items in one call at most, as the interfaces say.
const PER_CALL_MAX: usize = 500;
/// Calls on one connection at most; a run ends by its time long before.
const CALLS_MAX: u64 = 10_000_000;

/// How to load a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadOptions {
    /// Connections, each with one call in flight; default 8, at most 99.
    pub connections: usize,
    /// Scans or messages in a call; default 16, at most 500.
    pub per_call: usize,
    /// Plates that are seen in turn; default 50,000.
    pub plates: usize,
    /// How long is measured; default 5 s.
    pub run_for: Duration,
    /// How long the same runs before that; default 500 ms.
    pub warm_up: Duration,
    /// The sending system.
    pub source: String,
    /// Items a second over all connections, sent by the clock; default as fast as they are answered.
    pub per_s: Option<u32>,
    /// Other public ports of the same installation, which connections go to in turn; default none.
    pub others: Vec<SocketAddr>,
}

impl Default for LoadOptions {
    fn default() -> Self {
        Self {
            connections: 8,
            per_call: 16,
            plates: 50_000,
            run_for: Duration::from_secs(5),
            warm_up: Duration::from_millis(500),
            source: "load".to_owned(),
            per_s: None,
            others: Vec::new(),
        }
    }
}

/// What a load found.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct LoadReport {
    /// Items on disk each second: scans, messages, or calls of an empty unary.
    pub items_per_s: f64,
    /// Calls answered each second.
    pub calls_per_s: f64,
    /// Items on disk within the measured time.
    pub items: u64,
    /// Calls answered within the measured time.
    pub calls: u64,
    /// Items that the server did not take, of all.
    pub not_taken: u64,
    /// The first reason for that.
    pub first_reason: Option<String>,
    /// The measured time, seconds.
    pub seconds: f64,
    /// From a call, or from when it was due, to its answer, milliseconds.
    pub call_ms: Quantiles,
}

/// Sends typed scans: each plate in turn, each time at its next point, each scan id new.
///
/// # Errors
/// Fails when the server cannot be reached, refuses a call, or an option is zero.
pub async fn scan_load(endpoint: &Endpoint, options: &LoadOptions) -> Result<LoadReport, SimulatorError> {
    let job = Job {
        operation: "RecordScans",
        path: "/airside.baggage.v1.BaggageService/RecordScans",
        bearer: Some(endpoint.partner()?),
        read: wire::read_scan_outcomes,
    };
    let now = Timestamp::now();
    drive(endpoint, options, job, |connection| bodies::scans(options, connection, now)).await
}

/// Sends baggage source messages, each with a reference of its own.
///
/// # Errors
/// Fails when the server cannot be reached, refuses a call, or an option is zero.
pub async fn message_load(endpoint: &Endpoint, options: &LoadOptions) -> Result<LoadReport, SimulatorError> {
    let job = Job {
        operation: "SubmitMessages",
        path: "/airside.baggage.v1.BaggageService/SubmitMessages",
        bearer: Some(endpoint.partner()?),
        read: wire::read_receipts,
    };
    let now = Timestamp::now();
    drive(endpoint, options, job, |connection| bodies::messages(options, connection, now)).await
}

/// Asks for routes, each request in turn; an item is a route that was found.
///
/// # Errors
/// Fails when the server cannot be reached, refuses a call, or an option is zero.
pub async fn route_load(
    endpoint: &Endpoint,
    options: &LoadOptions,
    requests: &[FindRouteRequest],
) -> Result<LoadReport, SimulatorError> {
    let job = Job {
        operation: "FindRoute",
        path: "/airside.navigation.v1.NavigationService/FindRoute",
        bearer: None,
        read: wire::read_route,
    };
    drive(endpoint, options, job, |connection| bodies::routes(requests, connection)).await
}

/// Asks after the server's health: what a call costs when the server has nothing to do. Any gRPC server
/// with the health service of gRPC answers it.
///
/// # Errors
/// Fails when the server cannot be reached, refuses a call, or `connections` is zero.
pub async fn empty_unary(
    endpoint: &Endpoint,
    connections: usize,
    run_for: Duration,
) -> Result<LoadReport, SimulatorError> {
    let options = LoadOptions { connections, run_for, ..LoadOptions::default() };
    let job = Job {
        operation: "Check",
        path: "/grpc.health.v1.Health/Check",
        bearer: None,
        read: wire::read_nothing,
    };
    drive(endpoint, &options, job, |_| vec![Body::empty()]).await
}

/// What is called and how its answer is read.
#[derive(Debug, Clone)]
struct Job {
    operation: &'static str,
    path: &'static str,
    bearer: Option<Bearer>,
    read: wire::Read,
}

/// The measured time of a run.
#[derive(Debug, Clone, Copy)]
struct Window {
    from: Instant,
    until: Instant,
}

/// What one connection found.
struct Found {
    report: LoadReport,
    call_us: Histogram<u64>,
}

async fn drive(
    endpoint: &Endpoint,
    options: &LoadOptions,
    job: Job,
    bodies: impl Fn(usize) -> Vec<Body>,
) -> Result<LoadReport, SimulatorError> {
    check(options)?;
    let connections = options.connections.min(CONNECTIONS_MAX);
    let together = Arc::new(Barrier::new(connections));
    let every = options.per_s.map(|per_s| {
        let calls_per_s = f64::from(per_s.max(1)) / options.per_call as f64 / connections as f64;
        Duration::from_secs_f64(1.0 / calls_per_s)
    });
    let doors: Vec<SocketAddr> = iter::once(endpoint.public).chain(options.others.iter().copied()).collect();
    let mut running = JoinSet::new();
    for connection in 0..connections {
        let door = Endpoint { public: doors[connection % doors.len()], ..endpoint.clone() };
        let channel = door.connect().await?;
        // Connections take turns, so that what is due comes evenly.
        let first_after =
            every.map_or(Duration::ZERO, |every| every.mul_f64(connection as f64 / connections as f64));
        let pace = every.map(|every| (first_after, every));
        let line = Line { channel, job: job.clone(), bodies: bodies(connection), connection, pace };
        running.spawn(line.run(Arc::clone(&together), options.warm_up, options.run_for));
    }
    let mut call_us = latencies();
    let mut total = LoadReport { seconds: options.run_for.as_secs_f64(), ..LoadReport::default() };
    while let Some(ended) = running.join_next().await {
        // A task that panicked or was cancelled found nothing.
        let Ok(found) = ended else { continue };
        let Found { report, call_us: part_us } = found.map_err(refused(job.operation))?;
        call_us.add(&part_us).expect("all histograms have the same bounds");
        total.items += report.items;
        total.calls += report.calls;
        total.not_taken += report.not_taken;
        total.first_reason = total.first_reason.or(report.first_reason);
    }
    total.items_per_s = total.items as f64 / total.seconds;
    total.calls_per_s = total.calls as f64 / total.seconds;
    total.call_ms = quantiles(&call_us);
    Ok(total)
}

fn check(options: &LoadOptions) -> Result<(), SimulatorError> {
    let zero = |field| Err(SimulatorError::Option { field });
    match options {
        LoadOptions { connections: 0, .. } => zero("connections"),
        LoadOptions { per_call: 0, .. } => zero("per_call"),
        LoadOptions { plates: 0, .. } => zero("plates"),
        LoadOptions { run_for, .. } if run_for.is_zero() => zero("run_for"),
        _ => Ok(()),
    }
}

/// One connection under load.
struct Line {
    channel: Channel,
    job: Job,
    bodies: Vec<Body>,
    connection: usize,
    /// After what time the first call is due, and after what time each other one.
    pace: Option<(Duration, Duration)>,
}

impl Line {
    async fn run(
        mut self,
        together: Arc<Barrier>,
        warm_up: Duration,
        run_for: Duration,
    ) -> Result<Found, Status> {
        let mut grpc = Grpc::new(self.channel.clone());
        let mut found = Found { report: LoadReport::default(), call_us: latencies() };
        together.wait().await;
        let begin = Instant::now();
        let from = begin + warm_up;
        let window = Window { from, until: from + run_for };
        let laps = self.bodies.len().max(1) as u64;
        let mut next = 0;
        for call in 0..CALLS_MAX {
            let started = match self.pace {
                Some((first_after, every)) => begin + first_after + every.mul_f64(call as f64),
                None => Instant::now(),
            };
            if started >= window.until {
                break;
            }
            // A timer that is due already still waits for its next tick, a millisecond.
            if self.pace.is_some() {
                sleep_until(started).await;
            }
            let place = usize::try_from(call % laps).unwrap_or(0);
            let Some(body) = self.bodies.get_mut(place) else { break };
            next = body.renew(self.connection, next, call / laps);
            let request = body.bytes().to_vec();
            let verdict = self.job.call(&mut grpc, request).await?;
            found.note(verdict, started, window);
        }
        Ok(found)
    }
}

impl Job {
    async fn call(&self, grpc: &mut Grpc<Channel>, body: Vec<u8>) -> Result<Verdict, Status> {
        grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
        let request = match &self.bearer {
            Some(bearer) => bearer.on(body),
            None => Request::new(body),
        };
        let path = PathAndQuery::from_static(self.path);
        Ok(grpc.unary(request, path, Prebuilt { read: self.read }).await?.into_inner())
    }
}

impl Found {
    /// Notes an answer; it counts when it came within the measured time.
    fn note(&mut self, verdict: Verdict, started: Instant, window: Window) {
        let report = &mut self.report;
        report.not_taken += verdict.not_taken;
        if report.first_reason.is_none() {
            report.first_reason = verdict.reason;
        }
        let now = Instant::now();
        if now >= window.from && now < window.until {
            report.items += verdict.taken;
            report.calls += 1;
            self.call_us.saturating_record(micros(now - started));
        }
    }
}

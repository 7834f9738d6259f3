//! Lanes: bounded concurrency that keeps the order that matters.
//!
//! Every call belongs to one lane. A lane makes its calls one after another, at their times, and
//! puts what is due together into one batch. When a server is slow, batches grow and the number of
//! calls in flight does not.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::directory::Directory;
use super::ledger::Ledger;
use super::pace::Pace;
use super::session::Watcher;
use super::tally::Tally;
use super::{acts, calls};
use crate::connect::Clients;
use crate::script::{Call, Item, Script};
use crate::truth::Airport;

/// At most this many scans, messages, reports or reads go into one call.
const BATCH_MAX: usize = 64;
/// Lanes of each source of scans, by plate.
const SCAN_LANES: u64 = 2;
/// Lanes of route requests.
const ROUTE_LANES: u64 = 2;
/// Lanes of passengers, by passenger.
const PASSENGER_LANES: usize = 16;

/// What the lanes of a wave share.
pub(crate) struct Stage {
    pub(crate) partner: Clients,
    pub(crate) flights: Clients,
    pub(crate) staff: Clients,
    pub(crate) directory: Arc<Directory>,
    pub(crate) airport: Arc<Airport>,
    pub(crate) watchers: Vec<Watcher>,
    pub(crate) pace: Arc<Pace>,
    pub(crate) tally: Arc<Tally>,
    pub(crate) ledger: Ledger,
    /// True to look, after each call with scans, when a bag is shown with them.
    pub(crate) probes: bool,
}

/// Names a lane.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Lane {
    Messages(&'static str),
    Scans(&'static str, u64),
    Containers,
    Links,
    Flights,
    Gates,
    Closures,
    Routes(u64),
    Passengers(usize),
}

/// Plays a script. Returns false when it was stopped before its end.
pub(crate) async fn play(script: Script, stage: &Arc<Stage>, stop: &watch::Receiver<bool>) -> bool {
    let mut lanes: BTreeMap<Lane, Vec<Item>> = BTreeMap::new();
    for item in script.items {
        lanes.entry(lane_of(&item.call)).or_default().push(item);
    }
    let mut running = JoinSet::new();
    for items in lanes.into_values() {
        running.spawn(run(items, Arc::clone(stage), stop.clone()));
    }
    let mut whole = true;
    while let Some(ended) = running.join_next().await {
        whole &= ended.unwrap_or(false);
    }
    whole
}

async fn run(items: Vec<Item>, stage: Arc<Stage>, mut stop: watch::Receiver<bool>) -> bool {
    let mut items = items.into_iter().peekable();
    while let Some(next) = items.peek() {
        let due = stage.pace.due(next.at);
        tokio::select! {
            biased;
            () = stopped(&mut stop) => return false,
            () = sleep_until(due) => {}
        }
        let now = Instant::now();
        let mut batch = Vec::new();
        while batch.len() < BATCH_MAX {
            let Some(item) = items.next_if(|item| stage.pace.due(item.at) <= now) else { break };
            batch.push(item.call);
        }
        perform(batch, &stage).await;
    }
    true
}

/// Waits for the stop signal; for ever when nobody can give it any more.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Makes the calls of one lane that are due; a lane holds one kind of call only.
async fn perform(batch: Vec<Call>, stage: &Arc<Stage>) {
    let (mut messages, mut scans, mut reports, mut reads) = (vec![], vec![], vec![], vec![]);
    let mut containers = vec![];
    let mut sender = "";
    for call in batch {
        stage.ledger.note(&call, &stage.airport);
        match call {
            Call::Message { source, text, quirk, .. } => {
                sender = source;
                messages.push((text, quirk));
            }
            Call::Scan { source, scan, .. } => {
                sender = source;
                scans.push(scan);
            }
            Call::Container { report, .. } => containers.push(report),
            Call::Link { bag } => calls::link_bag(stage, &stage.airport.bags[bag]).await,
            Call::Flight(report) => reports.push(report),
            Call::Gate { read, passenger } => reads.push((read, passenger)),
            Call::Closure { closed } => calls::set_closure(stage, closed).await,
            Call::Route(ask) => calls::find_route(stage, &ask).await,
            Call::Passenger { passenger, act } => acts::act(stage, passenger, act).await,
        }
    }
    if !messages.is_empty() {
        calls::submit_messages(stage, sender, messages).await;
    }
    if !scans.is_empty() {
        calls::record_scans(stage, sender, scans).await;
    }
    if !containers.is_empty() {
        calls::record_containers(stage, containers).await;
    }
    if !reports.is_empty() {
        calls::record_flight_events(stage, reports).await;
    }
    if !reads.is_empty() {
        calls::record_gate_events(stage, reads).await;
    }
}

fn lane_of(call: &Call) -> Lane {
    match call {
        Call::Message { source, .. } => Lane::Messages(source),
        Call::Scan { source, scan, .. } => Lane::Scans(source, spread(&scan.plate, SCAN_LANES)),
        Call::Container { .. } => Lane::Containers,
        Call::Link { .. } => Lane::Links,
        Call::Flight(_) => Lane::Flights,
        Call::Gate { .. } => Lane::Gates,
        Call::Closure { .. } => Lane::Closures,
        Call::Route(ask) => Lane::Routes(spread(&ask.to, ROUTE_LANES)),
        Call::Passenger { passenger, .. } => Lane::Passengers(passenger % PASSENGER_LANES),
    }
}

fn spread(word: &str, over: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    word.hash(&mut hasher);
    hasher.finish() % over
}

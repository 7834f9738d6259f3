//! Observers: each tells the server of a bag of its own and waits until it is shown so.

use std::time::Duration;

use airside_api::baggage::v1::{
    GetBagRequest, RawMessage, RecordScansRequest, Scan, SubmitMessagesRequest, TrackingPoint,
    raw_message::Content,
};
use airside_simulator::{
    connect::{Clients, Endpoint},
    script::telex::SourceMessage,
    truth::STATION,
};
use anyhow::{Result, bail, ensure};
use jiff::Timestamp;
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior, interval, sleep},
};
use tonic::Code;

use crate::measure::share;

/// How often it is asked whether an announcement is shown.
const ASK_EVERY: Duration = Duration::from_millis(2);
/// Bags of one observer in one phase at most; a run has far fewer.
const BAGS: u32 = 100_000;

/// What the observers saw.
#[derive(Debug, Default)]
pub(super) struct Probes {
    /// From the call with a scan to the bag shown with it.
    pub(super) scans: Times,
    /// From the call with an announcement to the bag shown as announced.
    pub(super) messages: Times,
}

/// Some times, sorted.
#[derive(Debug, Default)]
pub(super) struct Times(Vec<Duration>);

impl Times {
    pub(super) fn p50_ms(&self) -> f64 {
        self.at(0.5)
    }

    pub(super) fn p99_ms(&self) -> f64 {
        self.at(0.99)
    }

    fn at(&self, part: f64) -> f64 {
        if self.0.is_empty() { f64::INFINITY } else { share(&self.0, part).as_secs_f64() * 1_000.0 }
    }
}

/// Looks until it is stopped.
pub(super) async fn look(
    endpoint: Endpoint,
    place: u32,
    every: Duration,
    stopped: watch::Receiver<bool>,
) -> Result<Probes> {
    let caller = Clients::new(&endpoint.connect().await?, &endpoint.partner()?);
    let scans = repeated(every, stopped.clone(), |bag| scan(caller.clone(), plate(6, place, bag)));
    let messages = repeated(every, stopped, |bag| announce(caller.clone(), plate(7, place, bag)));
    let (scans, messages) = tokio::try_join!(scans, messages)?;
    Ok(Probes { scans, messages })
}

async fn repeated<F>(
    every: Duration,
    stopped: watch::Receiver<bool>,
    mut look: impl FnMut(u32) -> F,
) -> Result<Times>
where
    F: Future<Output = Result<Duration>>,
{
    let mut tick = interval(every);
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut times = Vec::new();
    for bag in 0..BAGS {
        tick.tick().await;
        if *stopped.borrow() {
            break;
        }
        times.push(look(bag).await?);
    }
    times.sort_unstable();
    Ok(Times(times))
}

/// Returns a plate that nothing else of the run has.
fn plate(leading: u32, place: u32, bag: u32) -> String {
    format!("{leading}479{:06}", place * BAGS + bag + 1)
}

async fn scan(caller: Clients, plate: String) -> Result<Duration> {
    let now = Timestamp::now();
    let scan = Scan {
        scan_id: format!("probe.{plate}"),
        plate: plate.clone(),
        point: TrackingPoint::Sortation.into(),
        station: STATION.to_owned(),
        observed_at: Some(prost_types::Timestamp {
            seconds: now.as_second(),
            nanos: now.subsec_nanosecond(),
        }),
        ..Scan::default()
    };
    let request = RecordScansRequest { source: "load.probe".to_owned(), scans: vec![scan] };
    let began = Instant::now();
    let mut baggage = caller.baggage;
    let position = baggage.record_scans(request).await?.into_inner().position;
    ensure!(!position.is_empty(), "an observer's scan was not recorded");
    baggage.get_bag(GetBagRequest { plate, at_least_position: position, as_of: None }).await?;
    Ok(began.elapsed())
}

async fn announce(caller: Clients, plate: String) -> Result<Duration> {
    let text = SourceMessage {
        change: "",
        designator: "ZH9101",
        departure: Timestamp::now(),
        airport: "PEK",
        arrives: false,
        inbound: None,
        plate: &plate,
        count: 1,
        surname: "LI",
        given_name: "MING",
        record_locator: "LOAD99",
        seat: "32A",
        exception: "",
        reference: 1,
    };
    let message = RawMessage { content: Some(Content::Text(text.text())) };
    let (source, messages) = ("load.probe".to_owned(), vec![message]);
    let request = SubmitMessagesRequest { source, messages, ..SubmitMessagesRequest::default() };
    let began = Instant::now();
    let mut baggage = caller.baggage;
    baggage.submit_messages(request).await?;
    loop {
        match baggage.get_bag(GetBagRequest { plate: plate.clone(), ..GetBagRequest::default() }).await {
            Ok(_) => return Ok(began.elapsed()),
            Err(status) if status.code() == Code::NotFound => sleep(ASK_EVERY).await,
            Err(status) => bail!("an observer's bag cannot be asked for: {status}"),
        }
    }
}

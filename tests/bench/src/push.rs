//! `sessions` and `scan-to-push`: ten thousand passengers on the WebSocket of one node.
//!
//! The node is a process of its own; its clients share the machine and its two
//! cores. What is received counts when a client has it.
//!
//! `sessions`: the memory that the node takes for each idle session; a gate that
//! changes for all of them at once, from the acceptance of the report to the last
//! frame, which is ten thousand decisions, appends and frames; the same while one
//! in a hundred never reads; one passenger's notice alone; and half of them who
//! lost their line, missed a notice and come back, with what was lost or came
//! twice. Held against nchan where it is installed, which hands out one text.
//!
//! `scan-to-push`: 2,000 scans a second of bags that they follow, by the clock,
//! from the acceptance of a scan to its frame.

mod crowd;
mod node;
mod peers;
mod watch;

use std::{collections::HashMap, ops::Range, path::Path, time::Duration};

use airside_api::{
    baggage::v1::{
        RawMessage, RecordScansRequest, Scan, SubmitMessagesRequest, TrackingPoint, raw_message::Content,
    },
    flights::v1::{FlightReport, RecordFlightEventsRequest, flight_report::Report},
    trips::v1::{FollowBagRequest, FollowFlightRequest, follow_bag_request::Proof},
};
use airside_runtime::stored::timestamp_message;
use airside_simulator::connect::{Bearer, Clients, Endpoint};
use anyhow::{Context, Result, bail, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::{Timestamp, tz};
use tokio::time::{Instant, interval, sleep};
use tonic::{Code, transport::Channel};
use uuid::Uuid;

use crate::measure::{Better, Measure, share};
use crowd::{Crowd, Received};
use node::{House, partner};

pub(crate) use node::Part;

/// How many passengers have a session.
const SESSIONS: usize = 10_000;
/// How many of them never read, in one of the rounds.
const STUCK: usize = SESSIONS / 100;
/// How many resume at once.
const RESUMED: usize = SESSIONS / 2;
/// How often a gate changes for all.
const ROUNDS: usize = 3;
/// How many notices are pushed one at a time.
const SINGLES: usize = 300;
/// How many scans come in a second, and how many in a call.
const SCANS_PER_S: usize = 2_000;
const SCANS_PER_CALL: usize = 20;
/// How many calls are on their way while the passengers get ready.
const CALLING: usize = 64;
/// How often a passenger asks for a bag that was announced, and how far apart; who fails ten times waits.
const FOLLOW_TRIES: usize = 9;
const FOLLOW_PAUSE: Duration = Duration::from_secs(1);
/// How long nothing happens before memory is read, and between two gates.
const IDLE: Duration = Duration::from_secs(4);

const BSM: &str = include_str!("../../data/rp1745/syn_bsm_local_szx.txt");
const SOURCE: &str = "bhs.t3";
/// A frame as long as that of a gate.
const TEXT_BYTES: usize = 420;

/// Measures idle sessions, notices to all, and who comes back.
///
/// # Errors
/// When the node cannot be had, or refuses what it must take.
pub(crate) async fn sessions(folder: &Path) -> Result<Vec<Measure>> {
    let house = House::open(&folder.join("data"))?;
    let partner = house.partner().await?;
    let flight = flight();
    gate(&partner, &flight, "A1").await?;
    let mut crowd = Crowd::new(&house.endpoint, SESSIONS);
    follow_flight(&house, &crowd, &flight).await?;
    sleep(IDLE).await;
    let before = house.resident()?;
    let began = Instant::now();
    crowd.connect(house.endpoint.public, SESSIONS, 0).await?;
    let connects_per_s = SESSIONS as f64 / began.elapsed().as_secs_f64();
    sleep(IDLE).await;
    let bytes = (house.resident()? - before) / SESSIONS as f64;
    eprintln!("sessions: {bytes:.0} B each, {connects_per_s:.0}/s opened");
    let mut to_all = f64::INFINITY;
    for round in 0..ROUNDS {
        to_all = to_all.min(tell_all(&partner, &crowd, &flight, &format!("B{round}"), SESSIONS).await?);
        eprintln!("sessions: a gate for all in {to_all:.0} ms");
        sleep(IDLE).await;
    }
    let (p50, p99) = singles(&house, &partner, &crowd).await?;
    eprintln!("sessions: alone p50 {p50:.2} ms, p99 {p99:.2} ms");
    crowd.drop_lines().await;
    crowd.connect(house.endpoint.public, SESSIONS, STUCK).await?;
    sleep(IDLE).await;
    let mut with_stuck = f64::INFINITY;
    for round in 0..ROUNDS {
        let sign = format!("C{round}");
        with_stuck = with_stuck.min(tell_all(&partner, &crowd, &flight, &sign, SESSIONS - STUCK).await?);
        eprintln!("sessions: a gate for all who read in {with_stuck:.0} ms");
        sleep(IDLE).await;
    }
    let resumed = resume(&house, &partner, &mut crowd, &flight).await?;
    crowd.drop_lines().await;
    house.close()?;
    let streams = watch::bytes_per_stream(&folder.join("streams"), SESSIONS).await?;
    let peer = peers::nchan(&folder.join("nchan"), SESSIONS, &"x".repeat(TEXT_BYTES)).await?;
    let held = peer.as_ref().map_or_else(
        || "no peer is installed".to_owned(),
        |peer| {
            let (name, kib, last) = (peer.name, peer.bytes_per_session / 1024.0, peer.last_ms);
            format!("{name}: {kib:.1} KiB a subscriber, one text to all in {last:.0} ms")
        },
    );
    let of = |name: &str, value, unit| Measure::new("sessions", name, value, unit).lower_is_better();
    Ok(vec![
        of("memory of an idle session", bytes / 1024.0, "KiB").bounds(Better::Lower, 8.0, 5.0).against(&held),
        of("memory of a gRPC stream", streams / 1024.0, "KiB").bounds(Better::Lower, 5.0, 5.0),
        Measure::new("sessions", "sessions opened", connects_per_s, "1/s"),
        of("one notice to 10,000", to_all, "ms").bounds(Better::Lower, 400.0, 100.0).against(&held),
        of("the same, 1 % never read", with_stuck, "ms").against("the notice to all who read"),
        of("one notice alone, p50", p50, "ms"),
        of("one notice alone, p99", p99, "ms").bounds(Better::Lower, 10.0, 10.0),
        of("5,000 resume", resumed.seconds, "s").bounds(Better::Lower, 5.0, 2.5),
        of("lost by who resumed", resumed.lost as f64, "notices").bounds(Better::Lower, 0.0, 0.0),
        of("twice to who resumed", resumed.twice as f64, "notices").bounds(Better::Lower, 0.0, 0.0),
    ])
}

/// Measures scans by the clock, from their acceptance to their frames.
///
/// # Errors
/// When the node cannot be had, or refuses what it must take.
pub(crate) async fn scan_to_push(folder: &Path) -> Result<Vec<Measure>> {
    let house = House::open(&folder.join("data"))?;
    let Pushed { per_s, waited_ms } =
        push_scans(std::slice::from_ref(&house.endpoint), 0..SESSIONS, SCANS_PER_S).await?;
    house.close()?;
    let of = |name: &str, value| Measure::new("scan-to-push", name, value, "ms").lower_is_better();
    let against = format!("{per_s:.0} scans/s, {SESSIONS} sessions on the machine of the node");
    Ok(vec![
        of("p50", share(&waited_ms, 0.5)),
        of("p99", share(&waited_ms, 0.99)).bounds(Better::Lower, 50.0, 10.0).against(against),
        of("longest", share(&waited_ms, 1.0)),
    ])
}

/// What became of scans by the clock.
pub(crate) struct Pushed {
    /// How many were accepted in a second.
    pub(crate) per_s: f64,
    /// From the acceptance of each to its frame, milliseconds, sorted.
    pub(crate) waited_ms: Vec<f64>,
}

/// Sends scans by the clock, over all doors of an installation in turn, of bags that passengers with
/// sessions at these doors follow; twice one for each. Bags that were loaded before tell nobody.
///
/// # Errors
/// When a door refuses what it must take, or a scan does not become a frame.
pub(crate) async fn push_scans(doors: &[Endpoint], bags: Range<usize>, per_s: usize) -> Result<Pushed> {
    let plates: Vec<_> = bags.map(plate).collect();
    let (mut partners, mut crowds) = (Vec::new(), Vec::new());
    for (door, plates) in doors.iter().zip(plates.chunks(plates.len().div_ceil(doors.len()))) {
        let (partner, mut crowd) = (partner(door).await?, Crowd::new(door, plates.len()));
        announce(door, &partner, &crowd, plates).await?;
        crowd.connect(door.public, plates.len(), 0).await?;
        partners.push(partner);
        crowds.push(crowd);
    }
    sleep(IDLE).await;
    let mut accepted = HashMap::new();
    let mut tick = interval(Duration::from_secs(1) * u32::try_from(SCANS_PER_CALL)? / u32::try_from(per_s)?);
    let began = Instant::now();
    for (pass, point) in [TrackingPoint::CheckIn, TrackingPoint::AircraftLoad].into_iter().enumerate() {
        let mut calls = tokio::task::JoinSet::new();
        for (some, partner) in plates.chunks(SCANS_PER_CALL).zip(partners.iter().cycle()) {
            tick.tick().await;
            let (mut baggage, some) = (partner.baggage.clone(), some.to_vec());
            calls.spawn(async move {
                let scans = some.iter().map(|plate| scan(plate, point)).collect();
                let request = RecordScansRequest { source: SOURCE.to_owned(), scans };
                baggage.record_scans(request).await.map(|_| (some, Instant::now()))
            });
        }
        while let Some(done) = calls.join_next().await {
            let (plates, at) = done??;
            accepted.extend(plates.into_iter().map(|plate| ((plate, pass), at)));
        }
    }
    let per_s = accepted.len() as f64 / began.elapsed().as_secs_f64();
    let mut waited_ms = Vec::with_capacity(accepted.len());
    for crowd in &mut crowds {
        crowd.received(crowd.members.len() * 2).await?;
        for member in &crowd.members {
            for (pass, received) in member.received().into_iter().enumerate() {
                let Some(at) = accepted.get(&(received.plate.clone(), pass)) else { continue };
                waited_ms.push(received.at.saturating_duration_since(*at).as_secs_f64() * 1_000.0);
            }
        }
        crowd.drop_lines().await;
    }
    ensure!(waited_ms.len() == accepted.len(), "{} of {} scans were pushed", waited_ms.len(), accepted.len());
    waited_ms.sort_by(f64::total_cmp);
    Ok(Pushed { per_s, waited_ms })
}

/// Changes the gate and waits until `readers` more notices came; returns the time to the last, milliseconds.
async fn tell_all(partner: &Clients, crowd: &Crowd, flight: &str, sign: &str, readers: usize) -> Result<f64> {
    let before = crowd.count();
    let accepted = gate(partner, flight, sign).await?;
    crowd.received(before + readers).await?;
    let last = crowd.members.iter().filter_map(|member| member.received().last().map(|received| received.at));
    let last = last.max().context("nobody received anything")?;
    Ok(last.saturating_duration_since(accepted).as_secs_f64() * 1_000.0)
}

/// Pushes notices one at a time; returns p50 and p99, milliseconds.
async fn singles(house: &House, partner: &Clients, crowd: &Crowd) -> Result<(f64, f64)> {
    let plates: Vec<_> = (0..SINGLES).map(plate).collect();
    announce(&house.endpoint, partner, crowd, &plates).await?;
    let mut waited = Vec::new();
    for (plate, member) in plates.iter().zip(&crowd.members) {
        let before = crowd.count();
        let request = RecordScansRequest {
            source: SOURCE.to_owned(),
            scans: vec![scan(plate, TrackingPoint::CheckIn)],
        };
        partner.baggage.clone().record_scans(request).await?;
        let accepted = Instant::now();
        crowd.received(before + 1).await?;
        let at = member.received().last().context("nothing was received")?.at;
        waited.push(at.saturating_duration_since(accepted).as_secs_f64() * 1_000.0);
    }
    waited.sort_by(f64::total_cmp);
    Ok((share(&waited, 0.5), share(&waited, 0.99)))
}

/// How those who came back fared.
struct Resumed {
    seconds: f64,
    lost: usize,
    twice: usize,
}

/// Breaks every line, tells all of a gate, and lets half of them come back.
async fn resume(house: &House, partner: &Clients, crowd: &mut Crowd, flight: &str) -> Result<Resumed> {
    crowd.drop_lines().await;
    let before: Vec<u64> = crowd.members.iter().map(|member| last_seq(&member.received())).collect();
    gate(partner, flight, "D1").await?;
    sleep(IDLE).await;
    let (count, began) = (crowd.count(), Instant::now());
    crowd.connect(house.endpoint.public, RESUMED, 0).await?;
    crowd.received(count + RESUMED).await?;
    let seconds = began.elapsed().as_secs_f64();
    sleep(IDLE).await;
    let (mut lost, mut twice) = (0, 0);
    for (member, before) in crowd.members.iter().zip(&before).take(RESUMED) {
        let mut seqs: Vec<_> = member.received().iter().map(|received| received.seq).collect();
        let all = seqs.len();
        seqs.sort_unstable();
        seqs.dedup();
        twice += all - seqs.len();
        lost += usize::from(last_seq(&member.received()) != before + 1);
    }
    Ok(Resumed { seconds, lost, twice })
}

fn last_seq(received: &[Received]) -> u64 {
    received.last().map_or(0, |received| received.seq)
}

fn flight() -> String {
    let today = Timestamp::now().to_zoned(tz::TimeZone::fixed(tz::offset(8))).date();
    format!("ZH9101-{}", today.strftime("%Y%m%d"))
}

/// Returns the plate of a bag; serial 000000 is no plate.
fn plate(number: usize) -> String {
    format!("3479{:06}", number + 1)
}

fn scan(plate: &str, point: TrackingPoint) -> Scan {
    Scan {
        scan_id: Uuid::new_v4().to_string(),
        plate: plate.to_owned(),
        point: point.into(),
        station: "SZX".to_owned(),
        observed_at: Some(timestamp_message(Timestamp::now())),
        reader: "R7".to_owned(),
        location: "M12".to_owned(),
        flight: flight(),
        ..Scan::default()
    }
}

/// Reports a gate; returns when it was accepted.
async fn gate(partner: &Clients, flight: &str, sign: &str) -> Result<Instant> {
    let report = FlightReport {
        report_id: Uuid::new_v4().to_string(),
        flight: flight.to_owned(),
        occurred_at: Some(timestamp_message(Timestamp::now())),
        report: Some(Report::Gate(sign.to_owned())),
    };
    let request = RecordFlightEventsRequest { source: "aodb".to_owned(), reports: vec![report] };
    partner.flights.clone().record_flight_events(request).await?;
    Ok(Instant::now())
}

/// Lets everybody follow a flight.
async fn follow_flight(house: &House, crowd: &Crowd, flight: &str) -> Result<()> {
    let channel = house.endpoint.connect().await?;
    let calls = crowd.members.iter().map(|member| (member.person, channel.clone()));
    let calls = stream::iter(calls.collect::<Vec<_>>()).map(|(person, channel)| async move {
        let token = (house.endpoint.tokens.passenger)(&person.to_string());
        let clients = Clients::new(&channel, &Bearer::new(&token, "passenger")?);
        let request = FollowFlightRequest { flight: flight.to_owned(), ..FollowFlightRequest::default() };
        clients.trips.clone().follow_flight(request).await?;
        Ok::<_, anyhow::Error>(())
    });
    calls.buffer_unordered(CALLING).try_collect().await
}

/// Announces bags, and lets one passenger follow each.
async fn announce(door: &Endpoint, partner: &Clients, crowd: &Crowd, plates: &[String]) -> Result<()> {
    let today = Timestamp::now().to_zoned(tz::TimeZone::fixed(tz::offset(8))).date();
    let day = today.strftime("%d%b").to_string().to_uppercase();
    for some in plates.chunks(200) {
        let text = |plate: &String| BSM.replace("3479000101", plate).replace("20NOV", &day);
        let messages = some.iter().map(|plate| RawMessage { content: Some(Content::Text(text(plate))) });
        let (source, messages) = (SOURCE.to_owned(), messages.collect());
        let request = SubmitMessagesRequest { source, messages, ..SubmitMessagesRequest::default() };
        partner.baggage.clone().submit_messages(request).await?;
    }
    let channel = door.connect().await?;
    let calls: Vec<_> =
        crowd.members.iter().zip(plates).map(|(member, plate)| (member.person, plate.clone())).collect();
    let calls = stream::iter(calls).map(|(person, plate)| follow_bag(door, channel.clone(), person, plate));
    calls.buffer_unordered(CALLING).try_collect().await
}

/// Lets a passenger follow a bag, once its announcement was read.
async fn follow_bag(door: &Endpoint, channel: Channel, person: Uuid, plate: String) -> Result<()> {
    let token = (door.tokens.passenger)(&person.to_string());
    let trips = Clients::new(&channel, &Bearer::new(&token, "passenger")?).trips;
    for _ in 0..FOLLOW_TRIES {
        let proof = Some(Proof::Surname("ZHANG".to_owned()));
        let request = FollowBagRequest { plate: plate.clone(), proof };
        match trips.clone().follow_bag(request).await {
            Err(status) if status.code() == Code::NotFound => sleep(FOLLOW_PAUSE).await,
            done => return done.map(drop).map_err(Into::into),
        }
    }
    bail!("bag {plate} was announced and is not known")
}

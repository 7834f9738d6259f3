//! The port of the log against bare calls of the generated client, in turn.

use std::time::{Duration, Instant};

use airside_store::kurrent::KurrentStore;
use anyhow::{Context, Result};
use tokio::{task::JoinSet, time::timeout};

use super::{
    WORK,
    way::{Lane, Port, Stub, Way},
};
use crate::{
    ROUNDS,
    measure::{Better, Measure, share},
};

/// How many calls of each kind one round makes, one at a time.
const SERIAL: usize = 400;
/// How many writers have one event in flight each, and how many appends are handed over at once.
const WRITERS: usize = 64;
/// How long one round of many writers lasts.
const FOR: Duration = Duration::from_millis(1_500);
/// How long a follower may take to see an event.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many times as long as a bare call the port may take, and should.
const RATIO: (f64, f64) = (1.2, 1.1);

/// Measures all calls on a log; the best of the rounds counts.
///
/// # Errors
/// When the server refuses a call.
pub(super) async fn measure(log: &KurrentStore, server: &str) -> Result<Vec<Measure>> {
    let (port, stub) = (Port(log.clone()), Stub::connect(log).await?);
    let (mut appends, mut reads, mut follows) = (Times::default(), Times::default(), Times::default());
    let (mut writers, mut batches) = (Rates::default(), Rates::default());
    let mut after_answer = Vec::new();
    for round in 0..ROUNDS {
        let (append, read) = serial(&port, &stub).await?;
        appends.better(append);
        reads.better(read);
        let (by_port, by_stub) = (follow(&port).await?, follow(&stub).await?);
        if follows.better(Times { port_ms: by_port.from_call_ms, bare_ms: by_stub.from_call_ms }) {
            after_answer = by_port.from_answer_ms;
        }
        writers.better(Rates { port: many(&port).await?, bare: many(&stub).await? });
        batches.better(Rates { port: at_once(&port).await?, bare: at_once(&stub).await? });
        let done = round + 1;
        eprintln!("cluster {done}/{ROUNDS}: {:.0} appends/s of {WRITERS} writers", writers.port);
    }
    let after = |name: &str, part| {
        Measure::new(WORK, name, share(&after_answer, part), "ms").lower_is_better().against(server)
    };
    let mut measures = Vec::new();
    measures.extend(appends.figures("append", server));
    measures.extend(reads.figures("read of a last event", server));
    measures.extend(writers.figures(&format!("{WRITERS} writers"), server));
    measures.extend(batches.figures(&format!("{WRITERS} handed over at once"), server));
    measures.extend(follows.figures("append-to-follow", server));
    measures.extend([
        after("append-to-follow after the answer, p50", 0.5),
        after("append-to-follow after the answer, p99", 0.99),
    ]);
    Ok(measures)
}

/// How long each call took, sorted.
#[derive(Default)]
struct Times {
    port_ms: Vec<f64>,
    bare_ms: Vec<f64>,
}

impl Times {
    fn ratio(&self) -> f64 {
        // Before the first round nothing was measured.
        if self.port_ms.is_empty() {
            f64::INFINITY
        } else {
            share(&self.port_ms, 0.5) / share(&self.bare_ms, 0.5)
        }
    }

    /// Takes a round that was better; returns whether it was.
    fn better(&mut self, round: Self) -> bool {
        let is_better = round.ratio() < self.ratio();
        if is_better {
            *self = round;
        }
        is_better
    }

    fn figures(&self, name: &str, server: &str) -> [Measure; 2] {
        let of = |times: &[f64]| format!("p50 {:.3} ms, p99 {:.3} ms", share(times, 0.5), share(times, 0.99));
        let against = format!("bare call {}; {server}", of(&self.bare_ms));
        let ratio = Measure::new(WORK, format!("{name}, of a bare call"), self.ratio(), "ratio");
        let p50 = Measure::new(WORK, format!("{name}, p50"), share(&self.port_ms, 0.5), "ms");
        [
            p50.lower_is_better().against(format!("by the port {}", of(&self.port_ms))),
            ratio.bounds(Better::Lower, RATIO.0, RATIO.1).against(against),
        ]
    }
}

/// Appends a second.
#[derive(Default)]
struct Rates {
    port: f64,
    bare: f64,
}

impl Rates {
    fn ratio(&self) -> f64 {
        if self.port > 0.0 { self.bare / self.port } else { f64::INFINITY }
    }

    fn better(&mut self, round: Self) {
        if round.ratio() < self.ratio() {
            *self = round;
        }
    }

    fn figures(&self, name: &str, server: &str) -> [Measure; 2] {
        let ratio = Measure::new(WORK, format!("{name}, of bare calls"), self.ratio(), "ratio");
        [
            Measure::new(WORK, name, self.port, "appends/s"),
            ratio
                .bounds(Better::Lower, RATIO.0, RATIO.1)
                .against(format!("{:.0} appends/s of bare calls; {server}", self.bare)),
        ]
    }
}

async fn timed<T>(into: &mut Vec<f64>, call: impl Future<Output = Result<T>>) -> Result<T> {
    let began = Instant::now();
    let done = call.await?;
    into.push(began.elapsed().as_secs_f64() * 1_000.0);
    Ok(done)
}

/// Appends and reads one at a time, by both ways in turn.
async fn serial(port: &Port, stub: &Stub) -> Result<(Times, Times)> {
    let (mut appends, mut reads) = (Times::default(), Times::default());
    let (mut own, mut bare) = (Lane::new()?, Lane::new()?);
    for _ in 0..SERIAL {
        timed(&mut appends.port_ms, port.append(own.next())).await?;
        timed(&mut appends.bare_ms, stub.append(bare.next())).await?;
        timed(&mut reads.port_ms, port.head(own.stream())).await?;
        timed(&mut reads.bare_ms, stub.head(bare.stream())).await?;
    }
    for times in [&mut appends, &mut reads] {
        times.port_ms.sort_by(f64::total_cmp);
        times.bare_ms.sort_by(f64::total_cmp);
    }
    Ok((appends, reads))
}

/// Lets many writers append one event at a time, each to a stream of its own; returns appends a second.
async fn many(way: &impl Way) -> Result<f64> {
    let mut writers = JoinSet::new();
    let began = Instant::now();
    for _ in 0..WRITERS {
        let (way, mut lane) = (way.clone(), Lane::new()?);
        writers.spawn(async move {
            let mut count = 0_u32;
            while began.elapsed() < FOR {
                way.append(lane.next()).await?;
                count += 1;
            }
            anyhow::Ok(count)
        });
    }
    let mut count = 0;
    while let Some(writer) = writers.join_next().await {
        count += writer.context("a writer panicked")??;
    }
    Ok(f64::from(count) / began.elapsed().as_secs_f64())
}

/// Hands many appends over at once, again and again; returns appends a second.
async fn at_once(way: &impl Way) -> Result<f64> {
    let mut lanes = (0..WRITERS).map(|_| Lane::new()).collect::<Result<Vec<_>>>()?;
    let (began, mut count) = (Instant::now(), 0);
    while began.elapsed() < FOR {
        way.append_each(lanes.iter_mut().map(Lane::next).collect()).await?;
        count += WRITERS;
    }
    Ok(count as f64 / began.elapsed().as_secs_f64())
}

/// How soon events were seen, sorted.
#[derive(Default)]
struct Followed {
    from_call_ms: Vec<f64>,
    from_answer_ms: Vec<f64>,
}

/// Appends one event at a time and waits until a follower has it.
async fn follow(way: &impl Way) -> Result<Followed> {
    let mut seen = way.follow().await?;
    let (mut lane, mut followed) = (Lane::new()?, Followed::default());
    // The first only shows that the follower follows.
    for n in 0..=SERIAL {
        let append = lane.next();
        let id = append.events.first().context("an append of nothing")?.id.0;
        let called = Instant::now();
        way.append(append).await?;
        let answered = Instant::now();
        let at = loop {
            let next = timeout(PATIENCE, seen.recv()).await.context("an event was not followed in time")?;
            let (found, at) = next.context("the follower ended")?;
            if found == id {
                break at;
            }
        };
        if n > 0 {
            followed.from_call_ms.push(at.saturating_duration_since(called).as_secs_f64() * 1_000.0);
            followed.from_answer_ms.push(at.saturating_duration_since(answered).as_secs_f64() * 1_000.0);
        }
    }
    followed.from_call_ms.sort_by(f64::total_cmp);
    followed.from_answer_ms.sort_by(f64::total_cmp);
    Ok(followed)
}

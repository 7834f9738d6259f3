//! Plays a day of an airport and judges what the server said of it.
//!
//! The day ends at the present instant: a day of sixteen hours played sixty times as fast begins
//! sixteen minutes from its end, with events of sixteen hours ago, and when it is over the airport's
//! clock and the server's clock show the same. So no event is ever in the future of the server,
//! and at speed 1 every event is sent when it happens.
//!
//! The script is played piece by piece: what is due in one piece is answered, and its messages read
//! where the server tells that, before the next begins. So senders never drift apart by more than a
//! piece, however fast the play is, and no bag is scanned long before its announcement is known only
//! because a day is played in a minute.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::lanes::{self, Stage};
use super::pace::Pace;
use super::tally::quantiles;
use super::{Ground, Phase, Progress, publish, session, survey};
use crate::connect::{Endpoint, SimulatorError};
use crate::judge::{Terms, Verdict, judge};
use crate::script::Script;
use crate::summary::{DayDetail, DayReport, DaySummary, Detail, ServerFacts};
use crate::truth::{Airport, Layout, Noise, Plan, later};

/// A piece of the script, airport time.
const PIECE: SignedDuration = SignedDuration::from_mins(1);
/// Of ten flights six leave.
const DEPARTURES_OF_TEN: usize = 6;
/// The pause between two looks at what is still owed.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// How fast a day is played.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    /// So many airport seconds in one second; at least 1.
    Times(f64),
    /// As fast as the server answers.
    Max,
}

/// What day to play.
#[derive(Debug, Clone, PartialEq)]
pub struct DayOptions {
    /// Chooses the traffic; the same seed gives the same. A second play on the same data needs another.
    pub seed: u64,
    /// How long the day is; default 16 hours.
    pub length: SignedDuration,
    /// How fast it is played; default as fast as the server answers.
    pub speed: Speed,
    /// Flights; default 60. Six of ten leave, the others arrive.
    pub flights: usize,
    /// Passengers on each flight; default 40, who have about as many bags.
    pub passengers_per_flight: usize,
    /// Passengers with a session of notices; default 400.
    pub sessions: usize,
    /// Passengers of a departure who come from an arrival, as a share of 1; default 0.25.
    pub connecting: f64,
    /// How often things go otherwise.
    pub noise: Noise,
    /// How long the server lets several bags of one person wait for each other, as it is
    /// configured; default 30 s.
    pub merge_window: Duration,
    /// How long the server lets a notice that is not urgent wait for its turn, as it is configured;
    /// default 5 min.
    pub turn: Duration,
    /// How long the server may take to catch up at the end, before what is missing counts as
    /// wrong or lost; default 45 s, more than the window.
    pub catch_up: Duration,
}

impl Default for DayOptions {
    fn default() -> Self {
        Self {
            seed: 1,
            length: SignedDuration::from_hours(16),
            speed: Speed::Max,
            flights: 60,
            passengers_per_flight: 40,
            sessions: 400,
            connecting: 0.25,
            noise: Noise::default(),
            merge_window: Duration::from_secs(30),
            turn: Duration::from_secs(300),
            catch_up: Duration::from_secs(45),
        }
    }
}

impl DayOptions {
    /// Returns the plan of the day, played from `now` on.
    fn plan(&self, now: Timestamp) -> Plan {
        let departures = (self.flights * DEPARTURES_OF_TEN / 10).max(1);
        let lasts_s = match self.speed {
            Speed::Times(times) => self.length.as_secs_f64() / times.max(1.0),
            Speed::Max => 0.0,
        };
        Plan {
            departures,
            arrivals: self.flights.saturating_sub(departures),
            passengers_per_flight: self.passengers_per_flight,
            sessions: self.sessions,
            connecting: self.connecting,
            layout: Layout::Day(self.length),
            noise: self.noise,
            ..Plan::new(self.seed, later(now, lasts_s as i64))
        }
    }

    fn pace(&self, plan: &Plan) -> Pace {
        let from = later(plan.anchor, -self.length.as_secs());
        match self.speed {
            Speed::Times(times) => {
                let length = Duration::from_secs_f64(self.length.as_secs_f64() / times.max(1.0));
                Pace::new(from, plan.anchor, length)
            }
            Speed::Max => Pace::unbound(from),
        }
    }

    fn check(&self) -> Result<(), SimulatorError> {
        let zero = |field| Err(SimulatorError::Option { field });
        match self {
            Self { flights: 0, .. } => zero("flights"),
            Self { passengers_per_flight: 0, .. } => zero("passengers_per_flight"),
            _ => Ok(()),
        }
    }
}

/// Plays a day, or what there is of it until `stop` turns true, and judges it. Live numbers go to
/// `progress`.
///
/// # Errors
/// Fails when the server cannot be reached, refuses the tokens, or opens no sessions. Single calls
/// that fail are counted as lost instead.
pub async fn simulate(
    endpoint: &Endpoint,
    options: &DayOptions,
    facts: &impl ServerFacts,
    progress: watch::Sender<Progress>,
    stop: watch::Receiver<bool>,
) -> Result<DayReport, SimulatorError> {
    options.check()?;
    let started = Instant::now();
    let ground = Ground::connect(endpoint, options.catch_up).await?;
    let plan = options.plan(Timestamp::now());
    let airport = Arc::new(Airport::grow(&plan));
    let stage = ground.raise(endpoint, &airport, options.pace(&plan), true).await?;
    let reporter = tokio::spawn(publish(Arc::clone(&ground.tally), progress.clone()));
    let played = play(&stage, options, facts, &stop).await;
    ground.tally.enter(Phase::Draining);
    survey::settle(facts, options.catch_up).await;
    // A day that was stopped has no end to compare with.
    let differ =
        if played { survey::differing(&airport, &ground.staff, options.catch_up).await } else { vec![] };
    hear_out(&stage, options).await;
    survey::drain(&airport, &stage.watchers, &ground.tally, options.catch_up).await;
    let mut verdict = verdict(&stage, options);
    for (bag, difference) in &differ {
        let rank = if bag.is_knowable() { 2 } else { 6 };
        verdict.case(rank, &bag.plate, &difference.said, &difference.truth);
    }
    session::close(&stage.watchers).await;
    reporter.abort();
    ground.tally.enter(Phase::Done);
    progress.send_replace(ground.tally.progress());
    let right = if played { airport.bags.len() - differ.len() } else { 0 };
    let unknowable = airport.bags.iter().filter(|bag| !bag.is_knowable()).count();
    let detail = ground.tally.detail(options.seed, 1);
    Ok(DayReport {
        summary: summary(&airport, &verdict, right, ground.tally.projection_ms().p99, &detail),
        detail: DayDetail {
            unknowable,
            unknowable_wrong: differ.iter().filter(|(bag, _)| !bag.is_knowable()).count(),
            beyond_knowing: verdict.beyond_knowing,
            corrected: verdict.corrected,
            not_taken: ground.tally.not_taken(),
            pushes_lost: ground.tally.pushes_lost(),
            played_to_the_end: played,
            seconds: started.elapsed().as_secs_f64(),
            play: detail,
        },
        cases: verdict.cases,
    })
}

/// Plays the script piece by piece. Returns false when it was stopped before its end.
async fn play(
    stage: &Arc<Stage>,
    options: &DayOptions,
    facts: &impl ServerFacts,
    stop: &watch::Receiver<bool>,
) -> bool {
    for piece in Script::write(&stage.airport).cut(PIECE) {
        if let Some((from, _)) = piece.span() {
            stage.pace.reach(from);
        }
        if !lanes::play(piece, stage, stop).await {
            return false;
        }
        if options.speed == Speed::Max {
            survey::settle(facts, options.catch_up).await;
        }
    }
    true
}

/// Waits for the notices that are still owed, as long as the server may take.
async fn hear_out(stage: &Stage, options: &DayOptions) {
    let until = Instant::now() + options.catch_up;
    while Instant::now() < until && verdict(stage, options).missing > 0 {
        sleep(LOOK_AGAIN).await;
    }
}

fn verdict(stage: &Stage, options: &DayOptions) -> Verdict {
    let inboxes: Vec<_> = stage.watchers.iter().map(|watcher| (watcher.passenger, watcher.inbox())).collect();
    let shown = inboxes.iter().map(|(passenger, inbox)| (*passenger, inbox.notices.as_slice()));
    let DayOptions { merge_window: window, turn, speed, .. } = *options;
    let terms = Terms { window, turn, forecasts: speed == Speed::Times(1.0) };
    judge(&stage.airport, shown, &stage.ledger.book(), terms)
}

fn summary(
    airport: &Airport,
    verdict: &Verdict,
    right: usize,
    receipt_to_projection_p99_ms: f64,
    detail: &Detail,
) -> DaySummary {
    DaySummary {
        bags: airport.bags.len() as u64,
        status_right: right as f64 / airport.bags.len().max(1) as f64,
        notices: verdict.notices,
        notices_wrong: verdict.wrong,
        notices_missing: verdict.missing,
        notices_late: verdict.late,
        wrong_person: verdict.wrong_person + detail.claims_granted,
        duplicates: verdict.duplicates,
        receipt_to_projection_p99_ms,
        receipt_to_push_p99_ms: quantiles(&verdict.push_us).p99,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_when_it_has_been_played() {
        let now: Timestamp = "2026-11-20T04:00:00Z".parse().unwrap();
        let ends = |speed| {
            let options =
                DayOptions { speed, length: SignedDuration::from_hours(10), ..DayOptions::default() };
            options.plan(now).anchor.duration_since(now).as_mins()
        };
        assert_eq!(ends(Speed::Max), 0);
        assert_eq!(ends(Speed::Times(60.0)), 10);
        assert_eq!(ends(Speed::Times(1.0)), 600);
    }
}

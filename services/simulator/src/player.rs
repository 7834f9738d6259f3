//! Plays the airport against a server, in waves, until its time is over.
//!
//! A wave grows its truth, writes its script, opens the sessions of its passengers, makes every
//! call at its time, waits until the notices have come, compares the server with the truth and
//! closes the sessions. Calls run in lanes: within a lane they keep their order, one batch in
//! flight each, so concurrency is bounded and a bag's scans arrive as they were made unless the
//! script says otherwise.

mod acts;
mod calls;
mod day;
mod directory;
mod guest;
mod lanes;
pub(crate) mod ledger;
mod pace;
mod session;
mod survey;
mod tally;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};
use uuid::Uuid;

use crate::connect::{Clients, Endpoint, SimulatorError};
use crate::script::Script;
use crate::story::Story;
use crate::summary::{Detail, ServerFacts, Summary};
use crate::truth::{Airport, Plan};
pub use day::{DayOptions, Speed, simulate};
use directory::Directory;
use lanes::Stage;
use ledger::Ledger;
use pace::Pace;
use session::Watcher;
use tally::Tally;
pub use tally::{Phase, Progress};
pub(crate) use tally::{latencies, micros, quantiles};

/// The part of a wave's time that is kept for draining and comparing.
const CLOSING: Duration = Duration::from_millis(1_500);
/// A wave is played for at least this long.
const WAVE_MIN: Duration = Duration::from_millis(500);
/// How often the live numbers are published.
const PROGRESS_EVERY: Duration = Duration::from_millis(200);

/// What to play.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlayOptions {
    /// Chooses the traffic; the same seed gives the same. A second play on the same data needs another.
    pub seed: u64,
    /// How long to play; without it until the stop signal.
    pub run_for: Option<Duration>,
    /// How long one wave takes, about; default 20 s.
    pub wave: Duration,
    /// Flights that leave in a wave; default 12.
    pub departures: usize,
    /// Flights that arrive in a wave; default 4.
    pub arrivals: usize,
    /// Passengers on each flight; default 24.
    pub passengers_per_flight: usize,
    /// Sessions in a wave; default 96.
    pub sessions: usize,
    /// How long the server may take to catch up after a wave, before what is missing counts as
    /// wrong or lost; default 5 s.
    pub catch_up: Duration,
    /// The feature of the venue to close; without it the first escalator, lift or stairs found.
    pub closure_feature: Option<String>,
    /// A person who travels along as a passenger of each wave, for somebody to look at; default nobody.
    pub guest: Option<Uuid>,
}

impl Default for PlayOptions {
    fn default() -> Self {
        let plan = Plan::new(1, Timestamp::UNIX_EPOCH);
        Self {
            seed: plan.seed,
            run_for: Some(Duration::from_secs(20)),
            wave: Duration::from_secs(20),
            departures: plan.departures,
            arrivals: plan.arrivals,
            passengers_per_flight: plan.passengers_per_flight,
            sessions: plan.sessions,
            catch_up: Duration::from_secs(5),
            closure_feature: None,
            guest: None,
        }
    }
}

impl PlayOptions {
    /// Returns the number of waves, when it is bounded, and how long each of them is played.
    fn waves(&self) -> (Option<u32>, Duration) {
        let Some(run_for) = self.run_for else {
            return (None, self.wave.saturating_sub(CLOSING).max(WAVE_MIN));
        };
        let count =
            (run_for.as_secs_f64() / self.wave.as_secs_f64().max(1.0)).round().clamp(1.0, 10_000.0) as u32;
        (Some(count), (run_for / count).saturating_sub(CLOSING).max(WAVE_MIN))
    }

    fn plan(&self, wave: u32, anchor: Timestamp) -> Plan {
        Plan {
            seed: self.seed,
            wave,
            anchor,
            departures: self.departures,
            arrivals: self.arrivals,
            passengers_per_flight: self.passengers_per_flight,
            sessions: self.sessions,
            ..Plan::new(self.seed, anchor)
        }
    }

    fn check(&self) -> Result<(), SimulatorError> {
        let zero = |field| Err(SimulatorError::Option { field });
        match self {
            Self { departures: 0, .. } => zero("departures"),
            Self { passengers_per_flight: 0, .. } => zero("passengers_per_flight"),
            _ => Ok(()),
        }
    }
}

/// What a play found.
#[derive(Debug, Clone)]
pub struct Report {
    /// For programs, as pinned.
    pub summary: Summary,
    /// For people.
    pub detail: Detail,
    /// What one passenger saw.
    pub story: Option<Story>,
}

/// Plays until the time is over or `stop` turns true, and reports. Live numbers go to `progress`.
///
/// # Errors
/// Fails when the server cannot be reached, refuses the tokens, or opens no sessions. Single calls
/// that fail are counted among the complaints instead.
pub async fn play(
    endpoint: &Endpoint,
    options: &PlayOptions,
    facts: &impl ServerFacts,
    progress: watch::Sender<Progress>,
    stop: watch::Receiver<bool>,
) -> Result<Report, SimulatorError> {
    options.check()?;
    let started = Instant::now();
    let (waves, wave_length) = options.waves();
    let ground = Ground::prepare(endpoint, options).await?;
    let tally = Arc::clone(&ground.tally);
    let reporter = tokio::spawn(publish(Arc::clone(&tally), progress.clone()));
    let mut story = None;
    let mut wave = 0;
    while waves.is_none_or(|count| wave < count) && !*stop.borrow() {
        let plan = options.plan(wave, Timestamp::now());
        let told = ground.wave(endpoint, &plan, wave_length, facts, &stop).await?;
        story = Story::better(story, told);
        wave += 1;
    }
    tally.enter(Phase::Counting);
    let counts = survey::count(&ground.staff, facts, &tally).await?;
    reporter.abort();
    let summary = tally.summary(&counts, started.elapsed());
    let detail = tally.detail(options.seed, wave);
    tally.enter(Phase::Done);
    progress.send_replace(tally.progress());
    Ok(Report { summary, detail, story })
}

/// What all waves share.
struct Ground {
    partner: Clients,
    flights: Clients,
    staff: Clients,
    directory: Arc<Directory>,
    /// What the guest calls with, if there is one.
    guest: Option<Clients>,
    tally: Arc<Tally>,
    catch_up: Duration,
}

impl Ground {
    async fn prepare(endpoint: &Endpoint, options: &PlayOptions) -> Result<Self, SimulatorError> {
        let mut ground = Self::connect(endpoint, options.catch_up).await?;
        ground.directory = Arc::new(Directory::look_up(&ground.staff, options).await?);
        if let Some(person) = options.guest {
            let bearer = endpoint.passenger(&person.to_string())?;
            ground.guest = Some(Clients::new(&endpoint.connect().await?, &bearer));
        }
        Ok(ground)
    }

    /// Connects every caller; nobody asks the way.
    async fn connect(endpoint: &Endpoint, catch_up: Duration) -> Result<Self, SimulatorError> {
        let bearer = endpoint.partner()?;
        let partner = Clients::new(&endpoint.connect().await?, &bearer);
        let flights = Clients::new(&endpoint.connect().await?, &bearer);
        let staff = Clients::new(&endpoint.connect().await?, &endpoint.staff()?);
        let (directory, tally) = (Arc::default(), Arc::default());
        Ok(Self { partner, flights, staff, directory, guest: None, tally, catch_up })
    }

    /// Opens the sessions of an airport and starts its time.
    async fn raise(
        &self,
        endpoint: &Endpoint,
        airport: &Arc<Airport>,
        pace: Pace,
        probes: bool,
    ) -> Result<Arc<Stage>, SimulatorError> {
        let pace = Arc::new(pace);
        self.tally.begin_wave(airport, Arc::clone(&pace));
        let watchers = session::open(endpoint, airport, &pace, &self.tally).await?;
        pace.start();
        self.tally.enter(Phase::Playing);
        Ok(Arc::new(Stage {
            partner: self.partner.clone(),
            flights: self.flights.clone(),
            staff: self.staff.clone(),
            directory: Arc::clone(&self.directory),
            airport: Arc::clone(airport),
            watchers,
            pace,
            tally: Arc::clone(&self.tally),
            ledger: Ledger::default(),
            probes,
        }))
    }

    /// Plays one wave to its end and returns the story of one of its passengers.
    async fn wave(
        &self,
        endpoint: &Endpoint,
        plan: &Plan,
        length: Duration,
        facts: &impl ServerFacts,
        stop: &watch::Receiver<bool>,
    ) -> Result<Option<Story>, SimulatorError> {
        let airport = Arc::new(Airport::grow(plan));
        let script = Script::write(&airport);
        let Some((first, last)) = script.span() else { return Ok(None) };
        let stage = self.raise(endpoint, &airport, Pace::new(first, last, length), false).await?;
        let guest =
            self.guest.clone().map(|clients| tokio::spawn(guest::travel(Arc::clone(&stage), clients)));
        let played = lanes::play(script, &stage, stop).await;
        if let Some(guest) = guest {
            guest.abort();
        }
        if !played {
            // The script would have opened it again.
            calls::set_closure(&stage, false).await;
        }
        self.tally.enter(Phase::Draining);
        survey::settle(facts, self.catch_up).await;
        if played {
            survey::compare(&airport, &self.staff, &self.tally, self.catch_up).await;
        }
        survey::drain(&airport, &stage.watchers, &self.tally, self.catch_up).await;
        let story = self.tell(&airport, &stage.watchers).await;
        session::close(&stage.watchers).await;
        Ok(story)
    }

    /// Tells the story of the watcher who was told most.
    async fn tell(&self, airport: &Airport, watchers: &[Watcher]) -> Option<Story> {
        let best = watchers.iter().max_by_key(|watcher| watcher.inbox().notices.len())?;
        let bag = airport.passengers[best.passenger].bags.first()?;
        let timeline = acts::own_bag(best, &airport.bags[*bag].plate).await;
        let notices = best.inbox().notices.clone();
        Some(Story::tell(airport, best.passenger, &notices, timeline.as_ref()))
    }
}

async fn publish(tally: Arc<Tally>, progress: watch::Sender<Progress>) {
    let mut ticks = interval(PROGRESS_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        progress.send_replace(tally.progress());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(run_for: Option<u64>, expect: (Option<u32>, u64)) {
        let options = PlayOptions { run_for: run_for.map(Duration::from_secs), ..PlayOptions::default() };
        let (waves, length) = options.waves();
        assert_eq!((waves, length.as_millis()), (expect.0, u128::from(expect.1)));
    }

    #[test]
    fn waves_fill_the_time_that_is_asked_for() {
        check(Some(20), (Some(1), 18_500));
        check(Some(5), (Some(1), 3_500));
        check(Some(60), (Some(3), 18_500));
        check(Some(1), (Some(1), 500));
        check(None, (None, 18_500));
    }

    #[test]
    fn an_airport_without_flights_is_refused() {
        let options = PlayOptions { departures: 0, ..PlayOptions::default() };
        assert_eq!(options.check().unwrap_err().to_string(), "option departures is zero; give at least 1");
    }
}

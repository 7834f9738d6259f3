//! `airside simulate`: a day of an airport with ground truth, against a running server.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use airside_runtime::auth::{Environment, Tokens};
use airside_simulator::{
    DayOptions, DayReport, NoFacts, Noise, Progress, ServerFacts, Speed,
    connect::{self, Endpoint},
    simulate,
};
use anyhow::{Context, bail};
use clap::Args;
use jiff::{SignedDuration, tz::TimeZone};
use tokio::sync::watch;

use super::{
    Outcome, block_on,
    demo::{Fresh, facts, show, until_told},
    load::seconds,
    out::{note, say},
};
use crate::{config::NotificationsConfig, endpoint, token_key};

mod holders;

/// Bags of one person wait for each other at least this long on a server of the command's own, whose
/// window is as much shorter as the day is faster.
const MERGE_WINDOW_MIN: Duration = Duration::from_millis(500);

/// What waits for its turn at the end of the day is waited for no longer than this.
const CATCH_UP_MAX: Duration = Duration::from_secs(90);

/// Plays a day of an airport against a server and judges what it said.
#[derive(Args)]
#[command(after_help = "\
The simulator knows where each bag really is and what each passenger ought to be told. It sends what
the airport's systems would send, over the public interfaces: announcements and their changes, scans,
flight reports, gate reads; late, twice, out of order, by clocks that are wrong, or not at all. At the
end it compares what the server says with what is true.

Time. The day ends now. Events carry the airport's time, which is past until the end, so a server
never meets an event of the future, and deadlines that lie in the past are due at once.
  --speed 1     every event is sent when it happens: deadlines, grace and warnings run as they would
                for real, and the latencies are those of an airport. The day takes its full length.
  --speed 60    a minute a second: order, identity, status and notices are tested; what waits on the
                server's own clock (a grace of ten minutes) is over before the next event comes, and
                whether a connection will be reached is not judged: its flight has left already.
  --speed max   as fast as the server answers: the same, and its throughput; latencies are those of
                a server under full load.

Several bags of one person wait for each other in a window of the server (30 s unless it is
configured otherwise, which is assumed of a running server); a server of the command's own has one
that is as much shorter as the day is faster.

Tokens. Without --server it starts one itself on a fresh folder. For a running develop server give
--data, its data folder, and tokens are minted with its key. For any other server give token files;
the file of the passengers has one token a line, and there are no more sessions than lines.

Exit code 1 when a notice went to the wrong person or came twice, or when something was lost.")]
pub(super) struct Simulate {
    /// Public port of a running server [default: one is started on a fresh folder].
    #[arg(long, value_name = "ADDRESS")]
    server: Option<SocketAddr>,
    /// Data folder of that develop server, for its token key; without --server a fresh one to keep.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// File with the token of a partner.
    #[arg(long, value_name = "FILE", requires_all = ["server", "staff_token_file", "passenger_token_file"])]
    partner_token_file: Option<PathBuf>,
    /// File with the token of an operator.
    #[arg(long, value_name = "FILE", requires = "partner_token_file")]
    staff_token_file: Option<PathBuf>,
    /// File with tokens of passengers, one a line.
    #[arg(long, value_name = "FILE", requires = "partner_token_file")]
    passenger_token_file: Option<PathBuf>,
    /// The same seed plays the same airport; a second day on the same data needs another.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Airport seconds in one second, or `max`.
    #[arg(long, default_value = "max", value_parser = speed)]
    speed: Speed,
    /// How long the day is, such as `16h`.
    #[arg(long, value_name = "TIME", default_value = "16h", value_parser = hours)]
    day: SignedDuration,
    /// Flights; six of ten leave.
    #[arg(long, default_value_t = 60)]
    flights: usize,
    /// About so many bags, in place of --flights.
    #[arg(long, conflicts_with = "flights")]
    bags: Option<usize>,
    /// Passengers with a session of notices.
    #[arg(long, default_value_t = 400)]
    sessions: usize,
    /// How noisy it is: 0 is a perfect airport, 1 a normal one.
    #[arg(long, default_value_t = 1.0, value_parser = loudness)]
    noise: f64,
    /// End with one JSON object on standard output, and nothing else there.
    #[arg(long)]
    json: bool,
}

impl Simulate {
    pub(super) fn run(self) -> Outcome {
        let report = match self.server {
            Some(server) => {
                let endpoint = self.endpoint(server)?;
                block_on(self.play(&endpoint, &NoFacts, NotificationsConfig::default()))?
            }
            None => {
                let fresh = Fresh::folder(self.data.as_ref(), "airside-simulate-")?;
                block_on(self.play_alone(&fresh))?
            }
        };
        if self.json {
            note!("{report}");
            say!("{}", serde_json::to_string(&report.summary)?)?;
        } else {
            say!("{report}")?;
        }
        Ok(if report.is_sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// Plays against a server of its own.
    async fn play_alone(&self, fresh: &Fresh) -> anyhow::Result<DayReport> {
        let usual = NotificationsConfig::default();
        let (merge_window, pace) = match self.speed {
            Speed::Times(times) => (usual.merge_window.div_f64(times), times as u32),
            Speed::Max => (MERGE_WINDOW_MIN, u32::MAX),
        };
        let merge_window = merge_window.max(MERGE_WINDOW_MIN);
        let notifications = NotificationsConfig { merge_window, pace, ..usual };
        let node = fresh.node(None, None, notifications.clone()).await?;
        let endpoint = endpoint(node.public, node.tokens.clone())?;
        let report = self.play(&endpoint, &|| facts(&node), notifications).await;
        node.stop().await;
        report
    }

    async fn play(
        &self,
        endpoint: &Endpoint,
        facts: &impl ServerFacts,
        notifications: NotificationsConfig,
    ) -> anyhow::Result<DayReport> {
        let usual = self.options()?;
        let (rules, merge_window) = (notifications.rules(TimeZone::UTC), notifications.merge_window);
        let [turn, most] = [rules.between_p3, rules.counted_within].map(|span| span.unsigned_abs());
        let catch_up = usual.catch_up + most.min(CATCH_UP_MAX);
        let options = DayOptions { merge_window, turn, catch_up, ..usual };
        let (progress, seen) = watch::channel(Progress::default());
        let show = tokio::spawn(show(seen, self.json));
        let stopped = until_told()?;
        let report = simulate(endpoint, &options, facts, progress, stopped).await.context("the day ended");
        show.abort();
        report
    }

    fn options(&self) -> anyhow::Result<DayOptions> {
        let usual = DayOptions::default();
        let flights = self.bags.map_or(self.flights, |bags| bags.div_ceil(usual.passengers_per_flight));
        let sessions = match &self.passenger_token_file {
            Some(file) => self.sessions.min(holders::tokens(file)?.len()),
            None => self.sessions,
        };
        let noise = Noise::default().times(self.noise);
        Ok(DayOptions {
            seed: self.seed,
            length: self.day,
            speed: self.speed,
            flights,
            sessions,
            noise,
            ..usual
        })
    }

    fn endpoint(&self, server: SocketAddr) -> anyhow::Result<Endpoint> {
        if let (Some(partner), Some(staff), Some(passengers)) =
            (&self.partner_token_file, &self.staff_token_file, &self.passenger_token_file)
        {
            let tokens = connect::Tokens {
                partner: holders::token(partner)?,
                staff: holders::token(staff)?,
                passenger: holders::in_turn(holders::tokens(passengers)?),
            };
            return Ok(Endpoint { public: server, tokens });
        }
        let Some(folder) = &self.data else {
            bail!("--server wants tokens: give --data with its folder, or the three token files");
        };
        let tokens = Tokens::new(Environment::Develop, &token_key(folder, Environment::Develop)?)?;
        Ok(endpoint(server, Arc::new(tokens))?)
    }
}

/// Reads a speed such as `60` or `max`.
fn speed(text: &str) -> Result<Speed, String> {
    match text {
        "max" => Ok(Speed::Max),
        number => match number.parse() {
            Ok(times) if (1.0..=100_000.0).contains(&times) => Ok(Speed::Times(times)),
            _ => Err("write a number from 1 to 100000, or max".to_owned()),
        },
    }
}

/// Reads the length of a day, long enough for a bag to go its way.
fn hours(text: &str) -> Result<SignedDuration, String> {
    let length: Duration = seconds(text)?;
    let length = SignedDuration::try_from(length).map_err(|_| "write a duration such as 16h".to_owned())?;
    if (SignedDuration::from_hours(4)..=SignedDuration::from_hours(48)).contains(&length) {
        Ok(length)
    } else {
        Err("write a duration from 4h to 48h".to_owned())
    }
}

/// Reads how noisy it is.
fn loudness(text: &str) -> Result<f64, String> {
    let wanted = "write a number from 0 to 10".to_owned();
    text.parse().ok().filter(|loud| (0.0..=10.0).contains(loud)).ok_or(wanted)
}

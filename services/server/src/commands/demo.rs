//! `airside demo`: an airport on a fresh folder, played over the real interfaces.

use std::{
    io::{self, IsTerminal},
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use airside_kernel::{Clock, EventStore, PersonId, RecordedEvent, SystemClock};
use airside_runtime::{
    auth::Caller,
    telemetry::{self, LogConfig, LogFormat, Metrics, Outcome as Named, Registry},
};
use airside_simulator::{
    connect::Endpoint,
    player::{PlayOptions, Progress, Report, play},
    summary::Facts,
};
use anyhow::Context;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::SignedDuration;
use tempfile::TempDir;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};
use uuid::Uuid;

use super::{
    Outcome, block_on,
    load::seconds,
    out::{note, say},
};
use crate::{Config, Node, config::NotificationsConfig, endpoint};

/// A wave of some four hours, in seconds.
const WAVE_S: u64 = 4 * 3600;
/// How long it is played where the demo has its time, and where somebody looks on.
const WAVE: Duration = Duration::from_secs(20);
const WAVE_TO_LOOK_AT: Duration = Duration::from_secs(90);
/// How long the token of the page is good for, hours.
const PAGE_HOURS: i64 = 24;
/// How often a live line is printed where there is no terminal.
const PLAIN_LINE_EVERY: Duration = Duration::from_secs(3);

/// How many events are read at once to count them.
const COUNTED_AT_ONCE: usize = 4_000;

/// Plays an airport on a fresh folder and shows what happens.
#[derive(Args)]
#[command(after_help = "\
The demo starts a server as `airside serve` does, and an airport beside it that calls nothing but
its public interfaces: airlines send RP 1745 messages, readers send scans, gates change, passengers
follow their flights and bags and hold a session each. It ends with a summary, also after Ctrl-C.

The page that is printed shows in a browser what one passenger sees, who travels along in every wave:
their flight, gate and bags as they move, notices as they come, and the way.")]
pub(super) struct Demo {
    /// End by itself after this time, such as `20s` [default: until Ctrl-C].
    #[arg(long = "for", value_name = "TIME", value_parser = seconds)]
    run_for: Option<Duration>,
    /// How long a wave of some four hours of traffic takes [default: 20s with --for, else 90s].
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    wave: Option<Duration>,
    /// The same seed plays the same airport.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Passengers with a session, in a wave.
    #[arg(long, default_value_t = 96)]
    sessions: usize,
    /// Public port [default: a free one].
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Folder to keep the data in; must be fresh [default: a temporary one, removed at the end].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Keep the log on a fresh cluster, by its connection string, such as `kurrentdb://host:2113`.
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    /// End with one JSON object on standard output, and nothing else there.
    #[arg(long)]
    json: bool,
}

impl Demo {
    pub(super) fn run(self) -> Outcome {
        let fresh = Fresh::folder(self.data.as_ref(), "airside-demo-")?;
        let report = block_on(self.play(&fresh))?;
        self.close(&report)
    }

    async fn play(&self, fresh: &Fresh) -> anyhow::Result<Report> {
        let folder = fresh.folder.display().to_string();
        let notifications = NotificationsConfig { pace: pace(self.wave()), ..NotificationsConfig::default() };
        let node = fresh.node(self.listen, self.store.as_deref(), notifications).await?;
        let endpoint = endpoint(node.public, node.tokens.clone())?;
        let guest = Uuid::now_v7();
        let report = match self.open(&folder, &node, guest) {
            Ok(()) => self.drive(&node, &endpoint, guest).await,
            Err(error) => Err(error),
        };
        node.stop().await;
        report
    }

    fn wave(&self) -> Duration {
        let usual = if self.run_for.is_some() { WAVE } else { WAVE_TO_LOOK_AT };
        self.wave.unwrap_or(usual)
    }

    fn open(&self, folder: &str, node: &Node, guest: Uuid) -> anyhow::Result<()> {
        if self.json {
            return Ok(());
        }
        let (caller, hours) = (Caller::Passenger(PersonId(guest)), SignedDuration::from_hours(PAGE_HOURS));
        let token = node.tokens.mint(&caller, hours, SystemClock.now())?;
        say!("airside demo on {folder}")?;
        say!("  gRPC and JSON   http://{}", node.public)?;
        say!("  metrics         http://{}/metrics", node.admin)?;
        say!("  seed            {}", self.seed)?;
        say!("  a page to look at, as a passenger sees it:\n  http://{}/#token={token}\n", node.public)?;
        Ok(())
    }

    async fn drive(&self, node: &Node, endpoint: &Endpoint, guest: Uuid) -> anyhow::Result<Report> {
        let options = PlayOptions {
            seed: self.seed,
            run_for: self.run_for,
            wave: self.wave(),
            sessions: self.sessions,
            guest: (!self.json).then_some(guest),
            ..PlayOptions::default()
        };
        let (progress, seen) = watch::channel(Progress::default());
        let show = tokio::spawn(show(seen, self.json));
        let stopped = until_told()?;
        let report =
            play(endpoint, &options, &|| facts(node), progress, stopped).await.context("the play ended");
        show.abort();
        report
    }

    fn close(&self, report: &Report) -> Outcome {
        let summary = serde_json::to_string(&report.summary)?;
        let is_sound = report.summary.pushes_lost == 0
            && report.detail.sequence_breaks == 0
            && report.detail.claims_granted == 0;
        if self.json {
            note!("{}", report.detail);
            say!("{summary}")?;
        } else {
            if let Some(story) = &report.story {
                say!("\n{story}")?;
            }
            let s = &report.summary;
            say!("\nIn {:.0} seconds", s.seconds)?;
            say!(
                "  {} scans and {} messages became {} events",
                s.scans_accepted,
                s.messages_parsed,
                s.events
            )?;
            say!("  about {} bags; {} messages wait in quarantine", s.bags, s.messages_quarantined)?;
            say!("  {} notices, {} delivered, {} lost", s.notifications, s.pushes_delivered, s.pushes_lost)?;
            say!("  {} routes found", s.routes_found)?;
            say!("{}", report.detail)?;
        }
        Ok(if is_sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Returns how much faster than real time a wave of this length is.
fn pace(wave: Duration) -> u32 {
    u32::try_from(WAVE_S / wave.as_secs().max(1)).unwrap_or(1).max(1)
}

/// A fresh folder for a server of a command's own; a temporary one is removed at the end.
pub(super) struct Fresh {
    pub(super) folder: PathBuf,
    _temporary: TempDir,
}

impl Fresh {
    /// Finds the folder, which must hold no log.
    pub(super) fn folder(data: Option<&PathBuf>, prefix: &str) -> anyhow::Result<Self> {
        let temporary = tempfile::Builder::new().prefix(prefix).tempdir()?;
        let folder = data.cloned().unwrap_or_else(|| temporary.path().to_owned());
        if folder.join("log").exists() {
            anyhow::bail!("--data {}: give a fresh folder; this one holds a log", folder.display());
        }
        Ok(Self { folder, _temporary: temporary })
    }

    /// Starts a develop server on it.
    pub(super) async fn node(
        &self,
        listen: Option<SocketAddr>,
        store: Option<&str>,
        notifications: NotificationsConfig,
    ) -> anyhow::Result<Node> {
        let mut registry = Registry::default();
        let metrics = Metrics::register(&mut registry);
        let log = LogConfig { format: LogFormat::Pretty, filter: "warn".to_owned() };
        telemetry::init(&log, Arc::new(SystemClock), &metrics)?;
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let folder = self.folder.clone();
        let listen = listen.unwrap_or(any);
        let mut config = Config { folder, listen, admin: Some(any), notifications, ..Config::default() };
        if let Some(store) = store {
            config.store = store.to_owned();
        }
        Ok(Node::start(config, registry, metrics).await?)
    }
}

/// Returns what turns true when the process is told to end.
pub(super) fn until_told() -> anyhow::Result<watch::Receiver<bool>> {
    let (stop, stopped) = watch::channel(false);
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be heard")?;
    tokio::spawn(async move {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        stop.send_replace(true);
        // Held until the play has ended, so that its end is never taken for a stop.
        stop.closed().await;
    });
    Ok(stopped)
}

/// What only the server itself knows.
pub(super) async fn facts(node: &Node) -> Facts {
    let head = node.log.store().head().await.ok().flatten();
    let is_read = node.messages_read.borrow().position >= head;
    let parsed = node.metrics.messages.get_or_create(&Named { outcome: "parsed" }).get();
    let events = match node.log.events() {
        // A shared log does not count its events; at the end it is read through once.
        None if is_read => counted(&*node.log.store()).await,
        known => known,
    };
    Facts { events, messages_parsed: Some(parsed), messages_waiting: Some(u64::from(!is_read)) }
}

/// Returns how many events a log holds.
async fn counted(store: &dyn EventStore) -> Option<u64> {
    let (mut after, mut count) = (None, 0);
    loop {
        let page = store.read_all(after, COUNTED_AT_ONCE).await.ok()?;
        count += page.events.len() as u64;
        after = page.events.last().map(RecordedEvent::position).or(after);
        if page.end {
            return Some(count);
        }
    }
}

/// Shows one live line; where there is no terminal, a plain one every few seconds.
pub(super) async fn show(mut seen: watch::Receiver<Progress>, is_json: bool) {
    if is_json {
        return;
    }
    if !io::stderr().is_terminal() {
        loop {
            tokio::time::sleep(PLAIN_LINE_EVERY).await;
            let line = line(&seen.borrow_and_update());
            if say!("{line}").is_err() {
                return;
            }
        }
    }
    let bar = ProgressBar::new_spinner();
    let style =
        ProgressStyle::with_template("{spinner:.cyan} {wide_msg}").expect("the template is well formed");
    bar.set_style(style);
    while seen.changed().await.is_ok() {
        bar.set_message(line(&seen.borrow_and_update()));
        bar.tick();
    }
    bar.finish_and_clear();
}

fn line(p: &Progress) -> String {
    format!(
        "{} | {} scans  {} messages | {} notices in {:.1} ms | {} routes | {}",
        p.airport_time,
        p.scans_accepted,
        p.messages_stored,
        p.pushes,
        p.push_ms.p50,
        p.routes_found,
        p.headline
    )
}

//! A vault, two gateways, a navigator and a projector as processes of their own on one log.

use std::{
    fs,
    net::SocketAddr,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use airside_contract::papers::{Authority, Papers};
use airside_kernel::EventStore;
use airside_runtime::auth::{Environment, Tokens};
use airside_server::{Config, endpoint, token_key};
use airside_simulator::{
    connect::Endpoint,
    load::{LoadOptions, LoadReport, scan_load},
};
use airside_store::kurrent::KurrentStore;
use anyhow::{Context, Result, ensure};
use rand::Rng;
use serde_json::{Value, json};

use super::{Server, WORK};
use crate::{
    child::{Child, let_go},
    loopback,
    measure::{Better, Measure, share},
    push::{Pushed, push_scans},
};

/// What runs beside the vault.
const NODES: [(&str, &str); 4] = [
    ("gateway 1", "gateway"),
    ("gateway 2", "gateway"),
    ("navigator", "navigator"),
    ("projector", "projector"),
];
/// What acts on the log; where it begins when the log is not new.
const REACTORS: [&str; 6] = [
    "baggage.parse",
    "baggage.turns",
    "navigation.ways",
    "notifications.notices",
    "notifications.releases",
    "trips.passage",
];
/// How many passengers have a session, at both gateways, and how many scans come in a second.
const SESSIONS: usize = 2_000;
const SCANS_PER_S: usize = 500;
/// Where the bags of these passengers begin, in as many; those before are the load's.
const FIRST_BAGS: Range<usize> = 30..490;
/// How long scans are sent as fast as they are answered, and how long before that.
const FOR: Duration = Duration::from_secs(6);
const WARM_UP: Duration = Duration::from_secs(2);

/// What a child runs, from the hidden options of the command line.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Part {
    /// Run the node that a configuration describes until standard input ends.
    #[arg(long, hide = true, value_name = "FILE")]
    node_child: Option<PathBuf>,
}

impl Part {
    /// Plays the child if that is what this process is.
    pub(crate) async fn play(&self) -> Option<Result<()>> {
        let file = self.node_child.as_deref()?;
        Some(play(file).await)
    }
}

async fn play(file: &Path) -> Result<()> {
    let (node, _) = loopback::start(Config::load(Some(file), [])?).await?;
    println!("{}", json!({ "public": node.public, "vault": node.vault_port }));
    let_go().await?;
    node.stop().await;
    Ok(())
}

/// The running nodes.
struct Installation {
    /// Each by its name, the vault last: it ends when nobody needs it any more.
    nodes: Vec<(&'static str, Child)>,
    /// Where gateways are called, and by whom.
    doors: Vec<Endpoint>,
}

impl Installation {
    /// Starts every node on a log. The vault is kept in a folder of its own: a log believes one alone.
    fn open(folder: &Path, safe: &Path, url: &str) -> Result<Self> {
        let authority = Authority::new("bench nodes")?;
        let start = |name: &str, role: &str, data: &Path, vault: &str| {
            let own = folder.join(name);
            fs::create_dir_all(&own)?;
            let papers = authority.papers(&own, &[format!("{role}.airside.internal")])?;
            let file = own.join("node.toml");
            fs::write(&file, configuration(data, url, role, vault, &papers))?;
            Child::start(&["--node-child", file.to_str().context("a folder that is no text")?])
        };
        let vault = start("vault", "vault", safe, "listen = \"127.0.0.1:0\"")?;
        let ready: Value = serde_json::from_str(&vault.ready)?;
        let address = format!("address = {}", ready["vault"]);
        let key = token_key(safe, Environment::Develop)?;
        let tokens = Arc::new(Tokens::new(Environment::Develop, &key)?);
        let (mut nodes, mut doors) = (Vec::new(), Vec::new());
        for (name, role) in NODES {
            let node = start(name, role, &folder.join(name).join("data"), &address)?;
            if role == "gateway" {
                let ready: Value = serde_json::from_str(&node.ready)?;
                let public: SocketAddr =
                    ready["public"].as_str().context("a gateway without a port")?.parse()?;
                doors.push(endpoint(public, tokens.clone())?);
            }
            nodes.push((name, node));
        }
        nodes.push(("vault", vault));
        Ok(Self { nodes, doors })
    }

    /// Returns what each process has used of the CPU, and the log's own when it is played.
    fn cpu(&self, server: &Server) -> Result<Vec<(&'static str, Duration)>> {
        let nodes = self.nodes.iter().map(|(name, node)| (*name, node));
        let played = server.process().map(|log| ("the log", log));
        nodes.chain(played).map(|(name, process)| Ok((name, process.cpu()?))).collect()
    }

    /// Waits until both gateways show everything that is stored; returns how long that took.
    async fn shown(&self, log: &KurrentStore) -> Result<Duration> {
        let began = Instant::now();
        let head = log.head().await?.context("the log is empty")?.to_string();
        for door in &self.doors {
            loopback::shown_up_to(door, &head).await?;
        }
        Ok(began.elapsed())
    }

    fn close(self) -> Result<()> {
        self.nodes.into_iter().try_for_each(|(_, node)| node.close())
    }
}

fn configuration(data: &Path, url: &str, role: &str, vault: &str, papers: &Papers) -> String {
    let Papers { ca, certificate, key } = papers;
    let starts: String = REACTORS.iter().map(|name| format!("{name:?} = \"end\"\n")).collect();
    format!(
        "folder = {data:?}\nstore = {url:?}\nroles = [{role:?}]\nlisten = \"127.0.0.1:0\"\n\
         [notifications]\npace = {pace}\n[reactor_start]\n{starts}\
         [vault]\n{vault}\nca = {ca:?}\ncertificate = {certificate:?}\nkey = {key:?}\n",
        pace = u32::MAX
    )
}

/// Measures scans until they are pushed, then scans as fast as they are answered, and what both cost.
///
/// # Errors
/// When a node cannot be had, or refuses what it must take.
pub(super) async fn measure(
    folder: &Path,
    home: &Path,
    log: &KurrentStore,
    server: &Server,
) -> Result<Vec<Measure>> {
    let safe = match server.process() {
        Some(_) => folder.join("safe"),
        None => home.join(format!("vault-{}", log.log_id())),
    };
    let nodes = Installation::open(folder, &safe, &server.url)?;
    eprintln!("cluster: vault, 2 gateways, navigator and projector are ready");
    // A server that was measured on before knows the bags of that run as loaded.
    let first = rand::rng().random_range(FIRST_BAGS) * SESSIONS;
    let pushed = push_scans(&nodes.doors, first..first + SESSIONS, SCANS_PER_S).await?;
    let before = nodes.cpu(server)?;
    let options = LoadOptions {
        run_for: FOR,
        warm_up: WARM_UP,
        others: nodes.doors.iter().skip(1).map(|door| door.public).collect(),
        ..LoadOptions::default()
    };
    let report = scan_load(nodes.doors.first().context("no gateway")?, &options).await?;
    let reason = report.first_reason.as_deref().unwrap_or_default();
    ensure!(report.not_taken == 0, "{} scans were not taken: {reason}", report.not_taken);
    let shown = nodes.shown(log).await?;
    let after = nodes.cpu(server)?;
    let mut measures = Vec::from(push_figures(&pushed, &server.says));
    measures.extend(scan_figures(&report, shown, &server.says));
    let cost = before.into_iter().zip(after).map(|((name, before), (_, after))| {
        let seconds = after.saturating_sub(before).as_secs_f64();
        let scans = report.items_per_s * (FOR + WARM_UP).as_secs_f64();
        let against = format!("{:.0} us a scan", seconds * 1e6 / scans);
        Measure::new(WORK, format!("CPU of {name}, scans"), seconds, "s").lower_is_better().against(against)
    });
    measures.extend(cost);
    for (name, node) in &nodes.nodes {
        let mib = node.resident()? / f64::from(1 << 20);
        measures.push(Measure::new(WORK, format!("memory of {name}"), mib, "MiB").lower_is_better());
    }
    nodes.close()?;
    Ok(measures)
}

fn push_figures(pushed: &Pushed, server: &str) -> [Measure; 2] {
    let Pushed { per_s, waited_ms } = pushed;
    let against = format!("{per_s:.0} scans/s, {SESSIONS} sessions at 2 gateways; {server}");
    let of = |name: &str, part| {
        Measure::new(WORK, name, share(waited_ms, part), "ms").lower_is_better().against(&against)
    };
    [of("scan-to-push, p50", 0.5), of("scan-to-push, p99", 0.99)]
}

fn scan_figures(report: &LoadReport, shown: Duration, server: &str) -> [Measure; 2] {
    let LoadReport { items_per_s, call_ms, .. } = report;
    let scans = Measure::new(WORK, "scan-ingest, 16 a call", *items_per_s, "1/s");
    let against =
        format!("call p50 {:.1} ms, p99 {:.1} ms; 2 gateways, 8 callers; {server}", call_ms.p50, call_ms.p99);
    let shown = Measure::new(WORK, "scan-ingest, all shown after", shown.as_secs_f64() * 1_000.0, "ms");
    [scans.bounds(Better::Higher, 5_000.0, 10_000.0).against(against), shown.lower_is_better()]
}

//! What stories share: a node in this process or a real server, callers of
//! every role, and waits that end.

pub(crate) mod calls;
pub(crate) mod folders;
pub(crate) mod http;
pub(crate) mod link;
pub(crate) mod luggage;
pub(crate) mod nodes;
pub(crate) mod operator;
pub(crate) mod process;
pub(crate) mod session;
pub(crate) mod socket;

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use airside_kernel::EventStore;
use airside_runtime::{
    auth::Tokens,
    telemetry::{Metrics, Registry},
};
use airside_server::{
    Config, Node,
    config::{EvidenceConfig, NotificationsConfig},
};
use airside_simulator::connect::{Clients, Endpoint};
use tempfile::TempDir;
use tokio::time::{interval, timeout};
use tonic::transport::Channel;
use uuid::Uuid;

/// How long anything may take before a story gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(25);
/// How many times as fast as ours the clock of notices runs: nobody waits minutes for the next one, and no
/// hour of the day is quiet.
pub(crate) const PACE: u32 = 7_200;
/// How often a question is asked again.
const ASK_EVERY: Duration = Duration::from_millis(10);

/// Waits for something that must come.
pub(crate) async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    timeout(PATIENCE, work).await.unwrap_or_else(|_| panic!("{what}: not within {PATIENCE:?}"))
}

/// Asks until there is an answer.
pub(crate) async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        let mut tick = interval(ASK_EVERY);
        loop {
            tick.tick().await;
            if let Some(answer) = ask().await {
                return answer;
            }
        }
    };
    within(what, asking).await
}

/// Who calls a server, on one connection.
pub(crate) struct Callers {
    pub(crate) endpoint: Endpoint,
    pub(crate) tokens: Arc<Tokens>,
    channel: Channel,
}

impl Callers {
    pub(crate) async fn connect(public: SocketAddr, tokens: Arc<Tokens>) -> Self {
        let endpoint = airside_server::endpoint(public, tokens.clone()).unwrap();
        let channel = endpoint.connect().await.unwrap();
        Self { endpoint, tokens, channel }
    }

    pub(crate) fn channel(&self) -> Channel {
        self.channel.clone()
    }

    pub(crate) fn partner(&self) -> Clients {
        Clients::new(&self.channel, &self.endpoint.partner().unwrap())
    }

    pub(crate) fn staff(&self) -> Clients {
        Clients::new(&self.channel, &self.endpoint.staff().unwrap())
    }

    pub(crate) fn passenger(&self, person: Uuid) -> Clients {
        Clients::new(&self.channel, &self.endpoint.passenger(&person.to_string()).unwrap())
    }

    pub(crate) fn passenger_token(&self, person: Uuid) -> String {
        (self.endpoint.tokens.passenger)(&person.to_string())
    }
}

/// A node in this process, on a folder of its own.
pub(crate) struct House {
    pub(crate) node: Node,
    pub(crate) callers: Callers,
    folder: TempDir,
    config: Config,
    shared: Option<Arc<dyn EventStore>>,
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::with(Config::default()).await
    }

    /// Opens a node that differs from the usual one; its folder and ports are ours.
    pub(crate) async fn with(config: Config) -> Self {
        Self::on(TempDir::new().unwrap(), config, None).await
    }

    /// Opens a node on a log that it shares with others.
    pub(crate) async fn sharing(log: Arc<dyn EventStore>) -> Self {
        Self::on(TempDir::new().unwrap(), Config::default(), Some(log)).await
    }

    /// Opens a node whose evidence has a second place.
    pub(crate) async fn with_second(second: &Path) -> Self {
        let every = Duration::from_millis(100);
        let evidence = EvidenceConfig { second: Some(second.to_owned()), every, ..EvidenceConfig::default() };
        Self::with(Config { evidence, ..Config::default() }).await
    }

    /// Stops the node and starts it again on its folder.
    pub(crate) async fn reopen(self) -> Self {
        let Self { node, callers, folder, config, shared } = self;
        drop(callers);
        within("stop", node.stop()).await;
        Self::on(folder, config, shared).await
    }

    /// Returns the data folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    async fn on(folder: TempDir, config: Config, shared: Option<Arc<dyn EventStore>>) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        // The small map: a node that starts with it is up at once.
        let maps = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../../maps/testville")];
        let notifications = NotificationsConfig { pace: PACE, ..config.notifications };
        let config = Config {
            folder: folder.path().to_owned(),
            listen: any,
            admin: Some(any),
            maps,
            notifications,
            ..config
        };
        let mut registry = Registry::default();
        let metrics = Metrics::register(&mut registry);
        let node = match shared.clone() {
            Some(log) => within("start", Node::start_shared(log, config.clone(), registry, metrics)).await,
            None => within("start", Node::start(config.clone(), registry, metrics)).await,
        };
        let node = node.unwrap();
        let callers = Callers::connect(node.public, node.tokens.clone()).await;
        Self { node, callers, folder, config, shared }
    }
}

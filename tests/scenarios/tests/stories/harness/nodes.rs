//! Nodes in roles on one log, in this process: each with its own folder and its own way to the log.

use std::{net::SocketAddr, path::Path, sync::Arc};

use airside_contract::{double::Double, papers::Authority};
use airside_kernel::{Direction, EventStore, RecordedEvent, StreamId, SystemClock};
use airside_runtime::telemetry::{Metrics, Registry};
use airside_server::{
    Config, Node, StartError,
    config::{NotificationsConfig, VaultConfig},
    roles::Role,
};
use airside_store::{MemoryStore, kurrent::KurrentStore};
use tempfile::TempDir;

use super::{Callers, PACE, within};

/// Where the nodes meet.
pub(crate) enum Ground {
    /// A log in this process.
    Memory(Arc<dyn EventStore>),
    /// A cluster; each node connects to it by itself.
    Cluster(Double),
}

impl Ground {
    pub(crate) fn memory() -> Self {
        Self::Memory(Arc::new(MemoryStore::new(Arc::new(SystemClock))))
    }

    pub(crate) fn cluster() -> Self {
        Self::Cluster(Double::start(3, Arc::new(SystemClock)).unwrap())
    }

    /// Returns a way to the log.
    pub(crate) async fn store(&self) -> Arc<dyn EventStore> {
        match self {
            Self::Memory(log) => log.clone(),
            Self::Cluster(double) => Arc::new(KurrentStore::connect(&double.url()).await.unwrap()),
        }
    }

    /// Returns all events of a stream.
    pub(crate) async fn stream(&self, name: &str) -> Vec<RecordedEvent> {
        let (category, id) = name.split_once('-').unwrap();
        let stream = StreamId::new(category, id).unwrap();
        let read = self.store().await.read_stream(&stream, Direction::Forwards, None, 1_000).await;
        read.unwrap().events
    }
}

/// The nodes of an airport, and the one with the vault.
pub(crate) struct Nodes {
    pub(crate) ground: Ground,
    authority: Authority,
    vault: Option<Member>,
    /// Where the vault is, also while nobody runs it.
    address: Option<SocketAddr>,
}

/// One node.
pub(crate) struct Member {
    pub(crate) node: Node,
    folder: TempDir,
}

impl Member {
    pub(crate) async fn callers(&self) -> Callers {
        Callers::connect(self.node.public, self.node.tokens.clone()).await
    }

    pub(crate) async fn stop(self) -> TempDir {
        within("stop", self.node.stop()).await;
        self.folder
    }
}

impl Nodes {
    /// Begins with the node that has the vault.
    pub(crate) async fn on(ground: Ground) -> Self {
        let authority = Authority::new("nodes").unwrap();
        let mut nodes = Self { ground, authority, vault: None, address: None };
        let vault = nodes.start(&[Role::Vault]).await;
        nodes.address = vault.node.vault_port;
        nodes.vault = Some(vault);
        nodes
    }

    /// Starts a node in a fresh folder.
    pub(crate) async fn start(&self, roles: &[Role]) -> Member {
        self.start_in(TempDir::new().unwrap(), roles).await.unwrap()
    }

    /// Starts a node in a folder.
    pub(crate) async fn start_in(&self, folder: TempDir, roles: &[Role]) -> Result<Member, StartError> {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let maps = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../../maps/testville")];
        let names: Vec<_> = roles.iter().map(|role| format!("{role}.airside.internal")).collect();
        let papers = self.authority.papers(folder.path(), &names).unwrap();
        let (listen, address) = match roles.contains(&Role::Vault) {
            true => (Some(self.address.unwrap_or(any)), None),
            false => (None, self.address.map(|address| address.to_string())),
        };
        let vault = VaultConfig {
            listen,
            address,
            ca: Some(papers.ca),
            certificate: Some(papers.certificate),
            key: Some(papers.key),
            ..VaultConfig::default()
        };
        let config = Config {
            folder: folder.path().join("data"),
            roles: roles.to_vec(),
            vault,
            listen: any,
            admin: Some(any),
            maps,
            notifications: NotificationsConfig { pace: PACE, ..NotificationsConfig::default() },
            ..Config::default()
        };
        let mut registry = Registry::default();
        let metrics = Metrics::register(&mut registry);
        let store = self.ground.store().await;
        let node = within("start", Node::start_shared(store, config, registry, metrics)).await?;
        Ok(Member { node, folder })
    }

    /// Stops the node with the vault; the others go on without it.
    pub(crate) async fn stop_vault(&mut self) -> TempDir {
        self.vault.take().expect("it runs").stop().await
    }

    /// Starts it again where it was.
    pub(crate) async fn start_vault(&mut self, folder: TempDir) {
        self.vault = Some(self.start_in(folder, &[Role::Vault]).await.unwrap());
    }

    /// Returns the node with the vault.
    pub(crate) fn vault(&self) -> &Node {
        &self.vault.as_ref().expect("it is the first that is started").node
    }
}

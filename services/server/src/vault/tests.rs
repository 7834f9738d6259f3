//! The promises of a vault, kept by both adapters: the one in the data folder and the one of another
//! node. And what two nodes say of certificates that do not fit.

use std::{fs, net::SocketAddr, sync::Arc, time::Duration};

use airside_contract::papers;
use airside_kernel::{
    Category, KeyError, Keyring, LogId, Opened, SealContext, Sealed, SubjectId, SystemClock,
};
use airside_privacy::{DistantVault, Vault, VaultPort};
use airside_runtime::auth::{Environment, TokenKey};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle, time::timeout};
use uuid::Uuid;

use super::{MeetError, Service, meet, name_of, peers, serve};
use crate::{config::VaultConfig, roles::Role, vault::Line};

mod contract;
mod trust;

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(20);

async fn within<T>(work: impl Future<Output = T>) -> T {
    timeout(PATIENCE, work).await.expect("it comes within the patience of a test")
}

fn log() -> LogId {
    LogId(Uuid::from_u128(7))
}

fn token() -> TokenKey {
    let key = airside_privacy::signing::SigningKey::passing().unwrap();
    TokenKey { id: key.key_id, private_der: key.private_der, public: key.public }
}

fn subject(id: &str) -> SubjectId {
    SubjectId::new(id)
}

fn place() -> SealContext {
    SealContext { stream: "bag-1".into(), event_type: "baggage.X".into(), field: 3, schema_version: 1 }
}

fn sealed(keys: &dyn Keyring, id: &str) -> Sealed {
    keys.seal(&subject(id), Category::Identity, place(), b"LI NA").unwrap().expect("it is not erased")
}

fn clear(keys: &dyn Keyring, sealed: &Sealed) -> Result<Option<Vec<u8>>, KeyError> {
    Ok(match keys.open(sealed)? {
        Opened::Known(bytes) => Some(bytes.to_vec()),
        Opened::Erased => None,
    })
}

/// An authority of nodes.
struct Authority(papers::Authority);

/// What a node shows, in files.
struct Papers {
    folder: TempDir,
    files: papers::Papers,
}

impl Authority {
    fn new(name: &str) -> Self {
        Self(papers::Authority::new(name).unwrap())
    }

    fn papers(&self, roles: &[Role]) -> Papers {
        let folder = TempDir::new().unwrap();
        let files = self.0.papers(folder.path(), &names(roles)).unwrap();
        Papers { folder, files }
    }

    fn expired(&self, roles: &[Role]) -> Papers {
        let folder = TempDir::new().unwrap();
        let files = self.0.expired(folder.path(), &names(roles)).unwrap();
        Papers { folder, files }
    }
}

fn names(roles: &[Role]) -> Vec<String> {
    roles.iter().map(|role| name_of(*role)).collect()
}

impl Papers {
    /// Believes another authority.
    fn believing(self, other: &Authority) -> Self {
        other.0.believed_by(&self.files).unwrap();
        self
    }

    fn config(&self) -> VaultConfig {
        let papers::Papers { ca, certificate, key } = self.files.clone();
        VaultConfig { ca: Some(ca), certificate: Some(certificate), key: Some(key), ..VaultConfig::default() }
    }
}

/// A node with a vault, which can end and come back where it was.
struct Host {
    vault: Option<Arc<Vault>>,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    serving: Option<JoinHandle<()>>,
    papers: Papers,
    folder: TempDir,
}

impl Host {
    async fn start(authority: &Authority) -> Self {
        Self::showing(authority.papers(&[Role::Vault]), log()).await
    }

    /// Starts one that shows these papers and has the keys of a log.
    async fn showing(papers: Papers, log: LogId) -> Self {
        let folder = TempDir::new().unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let stop = watch::Sender::new(false);
        let mut host = Self { vault: None, address, stop, serving: None, papers, folder };
        host.begin(log).await;
        host
    }

    async fn begin(&mut self, log: LogId) {
        let vault = Arc::new(Vault::open_for(self.folder.path(), log, Arc::new(SystemClock)).unwrap());
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.address = listener.local_addr().unwrap();
        self.stop = watch::Sender::new(false);
        let (env, stop) = (Environment::Develop, self.stop.subscribe());
        let service = Service { vault: vault.clone(), log, env, token: token(), stop };
        let peers = peers(&self.papers.config()).unwrap();
        self.serving = Some(tokio::spawn(serve(service, peers, listener)));
        self.vault = Some(vault);
    }

    /// Ends it as a node that stops does.
    async fn end(&mut self) {
        self.stop.send_replace(true);
        if let Some(serving) = self.serving.take() {
            within(serving).await.unwrap();
        }
        self.vault = None;
    }

    fn line(&self, papers: &Papers) -> Line {
        Line::new(self.address.to_string(), peers(&papers.config()).unwrap())
    }

    /// Returns the vault as another node with these papers has it.
    async fn reached_by(&self, papers: &Papers, keep: Duration) -> DistantVault {
        let line = Arc::new(self.line(papers));
        let met = within(meet(&line, log(), Environment::Develop, false)).await.unwrap();
        DistantVault::follow(line, met.root_check, met.register, keep).unwrap()
    }

    fn own(&self) -> Arc<Vault> {
        self.vault.clone().expect("it was begun")
    }
}

/// Waits until a question has the answer that is meant; every look is a fresh one.
async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let looking = async {
        let mut tick = tokio::time::interval(Duration::from_millis(5));
        while !holds() {
            tick.tick().await;
        }
    };
    timeout(PATIENCE, looking).await.unwrap_or_else(|_| panic!("{what}: not within {PATIENCE:?}"));
}

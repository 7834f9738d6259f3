//! The node under load, with a host link and a watched folder.

use std::{
    collections::BTreeMap,
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use airside_baggage::link::{client::Client, frame::AppId};
use airside_kernel::{Keyring, SystemClock};
use airside_server::{
    Config, Node,
    config::{FoldersConfig, LinkAccount, LinkConfig, MessageFolder},
};
use airside_simulator::connect::{Clients, Endpoint};
use airside_store::{EmbeddedStore, Options};
use anyhow::{Context, Result};

use super::ledger::Kind;
use crate::loopback;

/// The application id of the host link's lines.
const APP: &str = "LOAD";
/// Their password.
const PASSWORD: &str = "LOADLOAD";
/// How often the folder is looked at.
const POLL: Duration = Duration::from_millis(200);

/// A running node.
pub(super) struct House {
    node: Node,
    data: PathBuf,
    /// Where it is called, and by whom.
    pub(super) endpoint: Endpoint,
    /// The watched folder.
    pub(super) files: PathBuf,
}

/// A log that nobody writes any more.
pub(super) struct Log {
    /// Its events.
    pub(super) store: EmbeddedStore,
    /// Opens what is sealed in them.
    pub(super) keys: Arc<dyn Keyring>,
}

impl House {
    /// Starts a node in a folder.
    pub(super) async fn open(folder: &Path) -> Result<Self> {
        let (data, files, password) = (folder.join("data"), folder.join("files"), folder.join("password"));
        fs::create_dir_all(&files)?;
        fs::write(&password, PASSWORD)?;
        fs::set_permissions(&password, Permissions::from_mode(0o600))?;
        let account = LinkAccount { source: Kind::Link.source().to_owned(), password_file: password };
        let accounts = BTreeMap::from([(APP.to_owned(), account)]);
        let watched = MessageFolder { path: files.clone(), source: Kind::Files.source().to_owned() };
        let config = Config {
            link: LinkConfig { accounts, ..LinkConfig::default() },
            // The bench gives its files their names when they are whole.
            folders: FoldersConfig {
                poll: POLL,
                settled: POLL,
                messages: vec![watched],
                ..FoldersConfig::default()
            },
            ..loopback::config(data.clone())
        };
        let (node, endpoint) = loopback::start(config).await?;
        Ok(Self { node, data, endpoint, files })
    }

    /// Opens a connection as a partner.
    pub(super) async fn partner(&self) -> Result<Clients> {
        Ok(Clients::new(&self.endpoint.connect().await?, &self.endpoint.partner()?))
    }

    /// Opens a line of the host link.
    pub(super) async fn link(&self) -> Result<Client> {
        let address = self.node.link.context("the host link is not open")?;
        let app = AppId::parse(APP).context("the application id")?;
        Ok(Client::connect(address, app, PASSWORD.as_bytes()).await?)
    }

    /// Waits until all that is stored now is read and shown; returns how long it took.
    pub(super) async fn caught_up(&self) -> Result<Duration> {
        loopback::caught_up(&self.node, &self.endpoint).await
    }

    /// Stops the node and opens its log anew.
    pub(super) async fn close(self) -> Result<Log> {
        let keys = self.node.vault.clone();
        self.node.stop().await;
        let store = EmbeddedStore::open(&self.data, Options::default(), Arc::new(SystemClock))?;
        Ok(Log { store, keys })
    }
}

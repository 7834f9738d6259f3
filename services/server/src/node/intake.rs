//! What brings messages and flights without a call: host links and watched folders.
//!
//! Ports and secrets are looked at before anything starts; peers and files wait until the node is
//! ready. A folder that is not there stops no start: it may be a share that comes back, and readiness
//! says so. Both stop with the public port, so that what they took is read before the node ends.

use std::{fs, net::SocketAddr, path::Path, sync::Arc};

use airside_baggage::{
    drop,
    ingest::zone_of,
    link::{frame::AppId, serve, session::Account, verdicts::Verdicts},
    receive::Receiving,
};
use airside_flights::{
    ingest::{self as flights, Recorder},
    model::AirportCode,
};
use airside_privacy::read_secret;
use airside_runtime::{
    folder::{self, Folder, Handler},
    status::chain,
    tls::{Acceptor, CLIENT_AUTHORITY, Identity, TlsError},
};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use tracing::{info, warn};

use super::{StartError, assembly::Assembly, bind};
use crate::{
    config::{Config, ConfigError, FlightFolder, FoldersConfig, LinkConfig, LinkTls, MessageFolder, source},
    places::Places,
    roles::{Role, Roles},
};

/// What takes messages and flights.
pub(super) struct Hands {
    pub(super) receiving: Receiving,
    pub(super) recorder: Recorder,
    /// Tells who asks what became of a message.
    pub(super) verdicts: Verdicts,
}

/// What brings them, not yet at work.
pub(super) struct Intake {
    link: Option<LinkPort>,
    messages: Vec<MessageFolder>,
    flights: Vec<(FlightFolder, AirportCode)>,
    looks: folder::Options,
}

/// The port of host links, and who may log in there.
struct LinkPort {
    listener: TcpListener,
    address: SocketAddr,
    accounts: Arc<[Account]>,
    tls: Option<Acceptor>,
    options: serve::Options,
}

impl Intake {
    /// Checks what is configured, reads the secrets and takes the port.
    ///
    /// # Errors
    /// When something is wrong with a field, a secret or the port.
    pub(super) async fn open(config: &Config, roles: &Roles, places: &Places) -> Result<Self, StartError> {
        let looks = config.folders.options(places)?;
        if !roles.has(Role::Projector) {
            if config.link != LinkConfig::default() || config.folders != FoldersConfig::default() {
                info!("[link] and [folders] are left to the nodes with the role projector");
            }
            return Ok(Self { link: None, messages: Vec::new(), flights: Vec::new(), looks });
        }
        let airport = |folder: &FlightFolder| Ok((folder.clone(), folder.airport()?));
        let flights = config.folders.flights.iter().map(airport).collect::<Result<_, ConfigError>>()?;
        let link = match config.link.address(config.listen, config.env)? {
            Some(address) => Some(LinkPort::open(config, address).await?),
            None => {
                if config.link != LinkConfig::default() {
                    warn!("[link] names no account, so no host link is taken: add [link.accounts.NAME]");
                }
                None
            }
        };
        Ok(Self { link, messages: config.folders.messages.clone(), flights, looks })
    }

    /// Returns where host links are taken.
    pub(super) fn link_address(&self) -> Option<SocketAddr> {
        self.link.as_ref().map(|link| link.address)
    }

    /// Sets all to work until `stop` turns true.
    pub(super) fn run(
        self,
        hands: Hands,
        assembly: &Assembly,
        stop: &watch::Receiver<bool>,
    ) -> Vec<JoinHandle<()>> {
        let mut at_work = Vec::new();
        for one in self.messages {
            let (receiving, clock) = (hands.receiving.clone(), assembly.clock.clone());
            let folder = drop::watch(one.path.clone(), receiving, one.source, clock, self.looks.clone());
            at_work.push(watch_folder(folder, &one.path, assembly, stop));
        }
        let zones: flights::Zones = Arc::new(|airport: AirportCode| zone_of(&airport.to_string()));
        for (one, airport) in self.flights {
            let options = flights::Options { source: one.source, airport, zones: zones.clone() };
            let folder =
                flights::watch(one.path.clone(), hands.recorder.clone(), options, self.looks.clone());
            at_work.push(watch_folder(folder, &one.path, assembly, stop));
        }
        if let Some(port) = self.link {
            let link =
                serve::Link::new(port.listener, port.accounts, hands.receiving, port.options, port.tls);
            let link = link.answering(hands.verdicts);
            let health = link.health();
            assembly.readiness.register("link", move || health.check());
            at_work.push(tokio::spawn(link.run(stop.clone())));
        }
        at_work
    }
}

fn watch_folder<H: Handler>(
    folder: Folder<H>,
    path: &Path,
    assembly: &Assembly,
    stop: &watch::Receiver<bool>,
) -> JoinHandle<()> {
    let health = folder.health();
    assembly.readiness.register(format!("folder {}", path.display()), move || health.check());
    tokio::spawn(folder.run(stop.clone()))
}

impl LinkPort {
    async fn open(config: &Config, address: SocketAddr) -> Result<Self, StartError> {
        let link = &config.link;
        let options = link.options()?;
        let accounts: Vec<_> = link
            .accounts
            .iter()
            .map(|(app, account)| {
                let field = format!("link.accounts.{app}");
                let wrong = |error: &dyn std::error::Error| ConfigError::of(&field, error);
                let app = AppId::parse(app).map_err(|error| wrong(&error))?;
                let source = source(&format!("{field}.source"), &account.source)?.to_owned();
                let secret = secret(&account.password_file, &format!("{field}.password_file"))?;
                Ok(Account::new(app, source, &secret).map_err(|error| wrong(&error))?)
            })
            .collect::<Result<_, StartError>>()?;
        let tls = link.tls.as_ref().map(read_tls).transpose()?;
        let (listener, address) = bind("link", "link.listen", address).await?;
        if tls.is_none() && !address.ip().is_loopback() {
            warn!(address = %address, "host links are in clear: passwords and names can be read on the network");
        }
        info!(address = %address, count = accounts.len(), "host links are taken when the node is ready");
        Ok(Self { listener, address, accounts: accounts.into(), tls, options })
    }
}

fn read_tls(tls: &LinkTls) -> Result<Acceptor, StartError> {
    let key = secret(&tls.key, "link.tls.key")?;
    let certificates = file(&tls.certificate, "link.tls.certificate")?;
    let client_ca = tls.client_ca.as_ref().map(|path| file(path, "link.tls.client_ca")).transpose()?;
    let made = Acceptor::new(Identity { chain_pem: &certificates, key_pem: &key }, client_ca.as_deref());
    made.map_err(|error| {
        let (name, path) = match &error {
            TlsError::NoKey => ("link.tls.key", &tls.key),
            TlsError::NoCertificate { what: CLIENT_AUTHORITY }
            | TlsError::Authority { .. }
            | TlsError::Clients(_) => {
                ("link.tls.client_ca", tls.client_ca.as_ref().unwrap_or(&tls.certificate))
            }
            TlsError::NoCertificate { .. } | TlsError::Identity(_) | TlsError::Versions(_) => {
                ("link.tls.certificate", &tls.certificate)
            }
        };
        ConfigError::of(name, format_args!("{}: {}", path.display(), chain(&error))).into()
    })
}

/// Returns what a file holds that its owner alone may read.
fn secret(path: &Path, field: &str) -> Result<Vec<u8>, StartError> {
    let absent = || ConfigError::of(field, format_args!("{} is not there", path.display()));
    let read = read_secret(path).map_err(|error| ConfigError::of(field, chain(&error)))?;
    Ok(read.ok_or_else(absent)?)
}

fn file(path: &Path, field: &str) -> Result<Vec<u8>, ConfigError> {
    fs::read(path).map_err(|error| ConfigError::of(field, format_args!("{}: {error}", path.display())))
}

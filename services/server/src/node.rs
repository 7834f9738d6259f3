//! A running node: its roles on one log.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use airside_gateway::GatewayError;
use airside_kernel::{Clock, EventStore, LogId, SystemClock};
use airside_privacy::{
    VaultPort,
    signing::{KeyMaker, SigningError, SigningKey},
};
use airside_runtime::{
    auth::{Environment, TokenKey, Tokens},
    health::Health,
    metered::Metered,
    projections::Progress,
    telemetry::{Metrics, Registry},
};
use airside_store::kurrent::KurrentStore;
use thiserror::Error;
use tokio::{
    net::TcpListener,
    sync::watch,
    task::{JoinError, JoinHandle},
    time,
};
use tracing::{error, info};

use crate::{config::Config, log::Log, operate::Running, places::private_folder};

mod assembly;
mod bound;
mod custody;
mod intake;
mod ports;
mod push;
mod refusal;
mod register;

pub(crate) use self::custody::refuse_mixed;
pub use self::refusal::StartError;
use self::{
    assembly::{Assembly, Made},
    custody::Custody,
    intake::Intake,
};

/// How often the read models are looked at while they catch up.
const CATCH_UP_REPORT: Duration = Duration::from_secs(5);

/// Why the public port ended.
#[derive(Debug, Error)]
pub enum DoorError {
    /// It could not serve.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    /// It panicked.
    #[error("public port ended in a panic")]
    Panicked(#[from] JoinError),
    /// It closed without a reason.
    #[error("public port closed")]
    Closed,
}

fn ended(outcome: Result<Result<(), GatewayError>, JoinError>) -> Result<(), DoorError> {
    Ok(outcome??)
}

/// What is at work behind the ports of a node.
struct AtWork {
    gateway: Option<JoinHandle<Result<(), GatewayError>>>,
    intake: Vec<JoinHandle<()>>,
    messages_read: watch::Receiver<Progress>,
}

impl Default for AtWork {
    fn default() -> Self {
        let messages_read = watch::channel(Progress::default()).1;
        Self { gateway: None, intake: Vec::new(), messages_read }
    }
}

impl AtWork {
    /// Waits until every read model has caught up, then opens the ports.
    async fn begin(
        made: Made,
        assembly: &Assembly,
        intake: Intake,
        listener: Option<TcpListener>,
        tokens: &Arc<Tokens>,
        stop: &watch::Receiver<bool>,
    ) -> Result<Self, StartError> {
        caught_up(made.progress, &made.read_models).await?;
        made.maps.settled().await;
        let intake = made.hands.map(|hands| intake.run(hands, assembly, stop)).unwrap_or_default();
        let gateway = listener.map(|listener| {
            let gateway = assembly.gateway(made.routes, made.sessions, tokens.clone());
            tokio::spawn(gateway.serve(listener, stop.clone()))
        });
        Ok(Self { gateway, intake, messages_read: made.messages_read })
    }
}

/// A running node.
pub struct Node {
    /// Where the public port listens; `0.0.0.0:0` when the roles of the node have none.
    pub public: SocketAddr,
    /// Where other nodes reach the vault, when it is served to them.
    pub vault_port: Option<SocketAddr>,
    /// Where host links are taken, when somebody may log in.
    pub link: Option<SocketAddr>,
    /// Where the admin port listens.
    pub admin: SocketAddr,
    /// The identity of the log.
    pub log_id: LogId,
    /// The log.
    pub log: Log,
    /// The keys of personal data.
    pub vault: Arc<dyn VaultPort>,
    /// Makes tokens; on a node without a public port, tokens that nobody believes.
    pub tokens: Arc<Tokens>,
    /// What is measured.
    pub metrics: Metrics,
    /// How far the stored messages were read.
    pub messages_read: watch::Receiver<Progress>,
    door: watch::Sender<bool>,
    inside: watch::Sender<bool>,
    last: watch::Sender<bool>,
    gateway: Option<JoinHandle<Result<(), GatewayError>>>,
    vault_serving: Option<JoinHandle<()>>,
    intake: Vec<JoinHandle<()>>,
    workers: Vec<JoinHandle<()>>,
    notary: Option<JoinHandle<()>>,
}

impl Node {
    /// Starts a node and returns when it is ready: every read model has caught up and the ports are open.
    ///
    /// # Errors
    /// When a part cannot start, with what to do about it.
    pub async fn start(config: Config, registry: Registry, metrics: Metrics) -> Result<Self, StartError> {
        let shared: Option<Arc<dyn EventStore>> = match config.cluster()? {
            Some(address) => Some(Arc::new(KurrentStore::open(address).await?)),
            None => None,
        };
        Self::start_on(shared, config, registry, metrics).await
    }

    /// Starts a node on a log that it shares with others; the folder of the configuration holds its keys.
    ///
    /// # Errors
    /// When a part cannot start, with what to do about it.
    pub async fn start_shared(
        store: Arc<dyn EventStore>,
        config: Config,
        registry: Registry,
        metrics: Metrics,
    ) -> Result<Self, StartError> {
        Self::start_on(Some(store), config, registry, metrics).await
    }

    async fn start_on(
        shared: Option<Arc<dyn EventStore>>,
        config: Config,
        mut registry: Registry,
        metrics: Metrics,
    ) -> Result<Self, StartError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let places = config.node_places()?;
        let is_shared = shared.is_some();
        let roles = config.roles(is_shared)?;
        let (listener, public) = ports::public(&config, &roles).await?;
        let (admin_listener, admin) = bind("admin", "--admin", config.admin_address()).await?;
        let intake = Intake::open(&config, &roles, &places).await?;
        let own_token = ports::own_token(&config, &roles)?;
        private_folder(&config.folder)
            .map_err(|source| StartError::Folder { folder: config.folder.clone(), source })?;
        let vault_place = ports::vault(&config, &roles, own_token.as_ref()).await?;
        let vault_port = vault_place.as_ref().map(|place| place.address);
        let Custody { log, keys, vault, token, notary, second, remark } = match shared {
            Some(store) => custody::beside(store, &config, &roles, &places, &clock).await?,
            None => custody::open(&config, &places, &clock).await?,
        };
        let tokens = Arc::new(Tokens::new(config.env, &ports::signs(own_token.or(token))?)?);
        let store: Arc<dyn EventStore> = Arc::new(Metered::new(log.store(), metrics.clone()));
        let (door, door_stop) = watch::channel(false);
        let ((inside, _), (last, _)) = (watch::channel(false), watch::channel(false));
        let log_id = store.log_id();

        let mut assembly =
            Assembly::new(config, (roles, is_shared), places, clock, store, metrics.clone(), (inside, last));
        let evidence = assembly.custody(&log, &keys, notary, remark, second);
        if let Some(vault) = &vault {
            assembly.keep_vault(vault, log_id, vault_place);
        }
        let made = match assembly.roles.have_read_models() {
            true => Some(assembly.parts(&keys, evidence.as_ref(), &door_stop).await?),
            false => None,
        };
        assembly.readiness(&mut registry, admin_listener, made.as_ref());
        let link = intake.link_address();
        let mut at_work = AtWork::default();
        if let Some(made) = made {
            let (projections, backups) = (made.projections.clone(), made.backups.clone());
            assembly.door(log.clone(), Running { vault, projections, evidence, backups });
            at_work = AtWork::begin(made, &assembly, intake, listener, &tokens, &door_stop).await?;
        }
        let AtWork { gateway, intake, messages_read } = at_work;
        let Assembly { roles, inside, last, workers, notary, vault_port: vault_serving, .. } = assembly;
        info!(address = %public, admin = %admin, log_id = %log_id, roles = %roles, "ready");
        Ok(Self {
            public,
            vault_port,
            link,
            admin,
            log_id,
            log,
            vault: keys,
            tokens,
            metrics,
            messages_read,
            door,
            inside,
            last,
            gateway,
            vault_serving,
            intake,
            workers,
            notary,
        })
    }

    /// Returns true when the roles of the node have a public port.
    pub fn has_public_port(&self) -> bool {
        self.public != ports::NOWHERE
    }

    /// Waits for the public port to end although nobody asked, and returns why.
    pub async fn door_failed(&mut self) -> DoorError {
        let Some(gateway) = &mut self.gateway else { return std::future::pending().await };
        let outcome = ended(gateway.await);
        self.gateway = None;
        outcome.err().unwrap_or(DoorError::Closed)
    }

    /// Stops: the doors first, so that running calls end and what host links have
    /// taken is stored and answered, then what works behind them, then who signs what they appended, and the log last. Nothing that was acknowledged is lost.
    pub async fn stop(self) {
        self.door.send_replace(true);
        if let Some(gateway) = self.gateway
            && let Err(error) = ended(gateway.await)
        {
            error!(error = %error, "public port ended");
        }
        for taking in self.intake {
            told(taking.await);
        }
        self.inside.send_replace(true);
        for worker in self.workers {
            told(worker.await);
        }
        self.last.send_replace(true);
        for last in self.notary.into_iter().chain(self.vault_serving) {
            told(last.await);
        }
        self.log.close().await;
        info!("stopped");
    }
}

fn told(outcome: Result<(), JoinError>) {
    if let Err(error) = outcome {
        error!(error = %error, "a part ended in a panic");
    }
}

/// Loads the key that signs tokens; develop makes one on first start.
///
/// # Errors
/// When the key cannot be used in this environment.
pub fn token_key(folder: &Path, env: Environment) -> Result<TokenKey, SigningError> {
    let maker = if env == Environment::Develop { KeyMaker::Develop } else { KeyMaker::Operator };
    let key = SigningKey::load_or_create(folder, maker)?;
    Ok(TokenKey { id: key.key_id, private_der: key.private_der, public: key.public })
}

async fn bind(
    name: &'static str,
    setting: &'static str,
    address: SocketAddr,
) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Port { name, address, setting, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// Waits until every read model has reached the head of the log; an empty log needs no waiting.
async fn caught_up(mut progress: watch::Receiver<Progress>, health: &Health) -> Result<(), StartError> {
    loop {
        let reached = async { progress.wait_for(|progress| progress.is_caught_up).await.map(drop) };
        match time::timeout(CATCH_UP_REPORT, reached).await {
            Ok(Ok(())) => return Ok(()),
            // They have ended; their health says why.
            Ok(Err(_)) => {
                return Err(StartError::ReadModels { reason: health.check().err().unwrap_or_default() });
            }
            Err(_) => info!(position = ?progress.borrow().position, "read models are catching up"),
        }
    }
}

//! Configuration: one TOML file, then `AIRSIDE_*` from the environment, then the
//! command line. Unknown keys are refused.
//!
//! `AIRSIDE_LOG__FILTER=debug` sets `log.filter`: two underscores go one table
//! deeper. `AIRSIDE_DATA*` and `AIRSIDE_TEST_*` belong to the tests and are passed over.

use std::{
    collections::BTreeMap,
    fmt::Display,
    fs, io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use airside_baggage::{handling::load::LoadPolicy, model::AirportCode, turns::TransferTimes};
use airside_evidence::{Malformed, VerifierKey};
use airside_gateway::GatewayConfig;
use airside_navigation::project::usual_zone;
use airside_notifications::model::{QuietHours, Rules};
use airside_runtime::{auth::Environment, reactors::StartAt, telemetry::LogConfig};
use airside_store::kurrent::{Address, AddressError};
use jiff::{civil::Time, tz::TimeZone};
use serde::{Deserialize, Deserializer, de::Error as _};
use thiserror::Error;

use crate::{places::Places, roles::Role};

mod folders;
mod link;
mod sources;
mod vault;

pub(crate) use folders::source;
pub use folders::{FlightFolder, FoldersConfig, MessageFolder};
pub use link::{LinkAccount, LinkConfig, LinkTls};
pub use sources::{SourceConfig, TrafficConfig};
pub use vault::VaultConfig;

/// What a node runs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// `develop`, `trial` or `release`. Develop listens on loopback and makes its own keys;
    /// the others refuse develop's keys. Default `develop`.
    pub env: Environment,
    /// The folder of keys and, with an embedded store, of the log. Default `airside-data`.
    pub folder: PathBuf,
    /// The log: `embedded` (in `folder`), `embedded:DIR`, or a cluster that nodes share, by its connection
    /// string (`kurrentdb://user:password@host:2113,...`). Default `embedded`.
    pub store: String,
    /// What the node runs: `gateway`, `navigator`, `projector`, `vault`, on a log that nodes share. Default: all.
    pub roles: Vec<Role>,
    /// Where the nodes of a shared log have their keys from.
    pub vault: VaultConfig,
    /// The public port: gRPC and JSON. Default `127.0.0.1:7400`; port 0 picks one.
    pub listen: SocketAddr,
    /// The admin port: `/metrics`, `/healthz`, `/readyz`. Default `127.0.0.1:7402`;
    /// port 0 when the public port is 0.
    pub admin: Option<SocketAddr>,
    /// Folders of IMDF maps, one venue each, named by the venue's code. Default: the built-in `lingnan`.
    pub maps: Vec<PathBuf>,
    /// The time zone of the airport, by which hours are quiet, and of the venues in `maps`, an IANA name;
    /// a published map brings its own. Default `Asia/Shanghai`.
    #[serde(deserialize_with = "time_zone")]
    pub time_zone: TimeZone,
    /// Where a reactor without a checkpoint begins, by name: `beginning` or `end`. Default: refuse to begin.
    pub reactor_start: BTreeMap<String, ReactorStart>,
    /// Days that raw messages can be read again before their key is destroyed. Default 14.
    pub raw_retention_days: u16,
    /// How long transfers take, by airport; see [`TransferTimes`] for each field and its default.
    pub transfers: BTreeMap<AirportCode, TransferTimes>,
    /// Start with a vault that is older than what was signed; an option of one start, no setting.
    #[serde(skip)]
    pub accept_older_vault: bool,
    /// What the airport asks before a bag may be loaded.
    pub load_policy: LoadPolicy,
    /// How the evidence against tampering is kept.
    pub evidence: EvidenceConfig,
    /// The host link of baggage systems.
    pub link: LinkConfig,
    /// Folders in which files arrive.
    pub folders: FoldersConfig,
    /// How passengers are told.
    pub notifications: NotificationsConfig,
    /// Systems that send baggage messages or scans, by name; `"*"` is every other. Default: none.
    pub sources: BTreeMap<String, SourceConfig>,
    /// When baggage messages are expected.
    pub traffic: TrafficConfig,
    /// How logs are written.
    pub log: LogConfig,
    /// The limits of the public port.
    pub gateway: GatewayConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            env: Environment::Develop,
            folder: PathBuf::from("airside-data"),
            store: "embedded".to_owned(),
            roles: Vec::new(),
            vault: VaultConfig::default(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 7400)),
            admin: None,
            maps: Vec::new(),
            time_zone: usual_zone(),
            reactor_start: BTreeMap::new(),
            raw_retention_days: 14,
            transfers: BTreeMap::new(),
            accept_older_vault: false,
            load_policy: LoadPolicy::default(),
            evidence: EvidenceConfig::default(),
            link: LinkConfig::default(),
            folders: FoldersConfig::default(),
            notifications: NotificationsConfig::default(),
            sources: BTreeMap::new(),
            traffic: TrafficConfig::default(),
            log: LogConfig::default(),
            gateway: GatewayConfig::default(),
        }
    }
}

fn time_zone<'de, D: Deserializer<'de>>(input: D) -> Result<TimeZone, D::Error> {
    let name = String::deserialize(input)?;
    TimeZone::get(&name).map_err(|_| {
        D::Error::custom(format_args!(
            "no time zone is called {name:?}; use a name of the IANA database, such as Asia/Shanghai"
        ))
    })
}

/// How passengers are told.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NotificationsConfig {
    /// How long the first of several bags of one person waits for the others, to be told with
    /// them in one notice. Default 30 s.
    #[serde(with = "humantime_serde")]
    pub merge_window: Duration,
    /// The hours in which what can wait waits, unless a passenger chose others. Default 22:00 to 07:00;
    /// none when they end as they begin.
    pub quiet_hours: QuietConfig,
    /// How many times as fast as the machine's clock the airport's runs, which is so in plays alone:
    /// what is gathered and capped is in spans that are as much shorter, and no hours are quiet. Default 1.
    pub pace: u32,
}

/// Hours of the airport's day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuietConfig {
    /// When they begin, such as `22:00`.
    pub from: Time,
    /// When they end, such as `07:00`.
    pub until: Time,
}

impl NotificationsConfig {
    /// Returns the rules by which passengers are told at an airport in a time zone.
    pub fn rules(&self, zone: TimeZone) -> Rules {
        let QuietConfig { from, until } = self.quiet_hours;
        let usual = Rules { quiet: QuietHours { from, until }, ..Rules::usual(zone) };
        usual.at_pace(f64::from(self.pace))
    }
}

impl Default for NotificationsConfig {
    fn default() -> Self {
        let QuietHours { from, until } = QuietHours::USUAL;
        Self { merge_window: Duration::from_secs(30), quiet_hours: QuietConfig { from, until }, pace: 1 }
    }
}

/// How the evidence against tampering is kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EvidenceConfig {
    /// An existing folder on another disk or host that gets every hash, every checkpoint and
    /// the register of erased subjects too. Default: none.
    pub second: Option<PathBuf>,
    /// How often a checkpoint is signed when something is new. Default 10 s.
    #[serde(with = "humantime_serde")]
    pub every: Duration,
    /// Public keys that signed checkpoints before the present one, each as `name+hash+key`. Default: none.
    pub earlier_keys: Vec<String>,
}

impl Default for EvidenceConfig {
    fn default() -> Self {
        Self { second: None, every: Duration::from_secs(10), earlier_keys: Vec::new() }
    }
}

impl EvidenceConfig {
    /// Returns the earlier keys.
    ///
    /// # Errors
    /// When one is no key.
    pub fn earlier_keys(&self) -> Result<Vec<VerifierKey>, ConfigError> {
        let wrong = |error: Malformed| ConfigError::Wrong {
            origin: "evidence.earlier_keys".to_owned(),
            problem: error.to_string(),
        };
        self.earlier_keys.iter().map(|key| key.parse().map_err(wrong)).collect()
    }
}

/// Where a reactor without a checkpoint begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum ReactorStart {
    /// At the beginning of the log: it acts on everything that ever happened.
    Beginning,
    /// After what is there now.
    End,
}

impl From<ReactorStart> for StartAt {
    fn from(start: ReactorStart) -> Self {
        match start {
            ReactorStart::Beginning => Self::Beginning,
            ReactorStart::End => Self::End,
        }
    }
}

/// A configuration that cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("configuration {path} cannot be read")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A key or a value is wrong.
    #[error("configuration {origin} is wrong: {problem}")]
    Wrong {
        /// The file, or the environment.
        origin: String,
        /// The key and what is wrong with it.
        problem: String,
    },
    /// The store is no log in a folder.
    #[error(
        "store: {store:?} is no log in a folder: use `embedded` or `embedded:DIR`; only `serve` and `demo` also run on a \
         cluster, such as `kurrentdb://host:2113`"
    )]
    Store {
        /// What was configured, without user and password.
        store: String,
    },
}

impl ConfigError {
    /// Says what is wrong with a field.
    pub(crate) fn of(field: &str, problem: impl Display) -> Self {
        Self::Wrong { origin: field.to_owned(), problem: problem.to_string() }
    }
}

impl Config {
    /// Reads a file, if one is given, and the environment.
    ///
    /// # Errors
    /// When the file cannot be read, or a key or a value is wrong.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut table = toml::Table::new();
        let mut origin = "from the environment".to_owned();
        if let Some(path) = file {
            let text =
                fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.into(), source })?;
            origin = path.display().to_string();
            table = parse(&text, &origin)?;
        }
        for (name, value) in environment {
            let Some(key) = name.strip_prefix("AIRSIDE_") else { continue };
            if key == "DATA" || key.starts_with("DATA_") || key.starts_with("TEST_") {
                continue;
            }
            let path: Vec<String> = key.split("__").map(str::to_ascii_lowercase).collect();
            set(&mut table, &path, value).ok_or_else(|| ConfigError::Wrong {
                origin: name.clone(),
                problem: "it is no table".to_owned(),
            })?;
        }
        table.try_into().map_err(|error| wrong(origin, &error))
    }

    /// Returns where the admin port listens.
    pub fn admin_address(&self) -> SocketAddr {
        let port = if self.listen.port() == 0 { 0 } else { 7402 };
        self.admin.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
    }

    /// Returns where everything of the node lies.
    ///
    /// # Errors
    /// When the store is of another kind, or the second place lies within the first.
    pub(crate) fn places(&self) -> Result<Places, ConfigError> {
        self.places_at(self.log_folder()?)
    }

    /// Returns where everything of a node lies that may share its log: what is not in the log lies in its folder.
    ///
    /// # Errors
    /// When the store is of another kind, or the second place lies within the first.
    pub(crate) fn node_places(&self) -> Result<Places, ConfigError> {
        let log = if self.cluster()?.is_some() { self.folder.clone() } else { self.log_folder()? };
        self.places_at(log)
    }

    /// Returns the address of the cluster that holds the log, when one does.
    ///
    /// # Errors
    /// When a part of the address is wrong.
    pub fn cluster(&self) -> Result<Option<Address>, ConfigError> {
        if !self.store.contains("://") {
            return Ok(None);
        }
        self.store.parse().map(Some).map_err(|error: AddressError| ConfigError::of("store", error))
    }

    fn places_at(&self, log: PathBuf) -> Result<Places, ConfigError> {
        let places = Places { folder: self.folder.clone(), log, second: self.evidence.second.clone() };
        if let Some(second) = &places.second
            && let Some(data) = places.around(second)
        {
            let (second, data) = (second.display(), data.display());
            let problem =
                format!("{second} lies in the data folder {data}: name a folder on another disk or host");
            return Err(ConfigError::Wrong { origin: "evidence.second".to_owned(), problem });
        }
        Ok(places)
    }

    /// Returns the folder of the embedded log.
    ///
    /// # Errors
    /// When the store is of another kind.
    pub fn log_folder(&self) -> Result<PathBuf, ConfigError> {
        match self.store.split_once(':') {
            None if self.store == "embedded" => Ok(self.folder.clone()),
            Some(("embedded", folder)) if !folder.is_empty() && !folder.starts_with("//") => {
                Ok(folder.into())
            }
            _ => {
                let (before, after) = self.store.rsplit_once('@').unwrap_or(("", &self.store));
                let scheme = before.split_once("://").map_or("", |(scheme, _)| scheme);
                let store =
                    if scheme.is_empty() { after.to_owned() } else { format!("{scheme}://...@{after}") };
                Err(ConfigError::Store { store })
            }
        }
    }
}

fn parse(text: &str, origin: &str) -> Result<toml::Table, ConfigError> {
    text.parse().map_err(|error: toml::de::Error| ConfigError::Wrong {
        origin: origin.to_owned(),
        problem: error.to_string(),
    })
}

/// Says what is wrong with a value, where it stands, and for a time what one looks like.
fn wrong(origin: String, error: &toml::de::Error) -> ConfigError {
    let mut problem = error.to_string().trim_end().replace('\n', " ");
    if error.message().contains("expected a duration") {
        problem.push_str(": write a number with its unit, such as 500ms, 30s, 5m or 1h");
    }
    ConfigError::Wrong { origin, problem }
}

/// Sets a value deep in a table; text that reads as a number, a truth or a list is one.
fn set(table: &mut toml::Table, path: &[String], text: String) -> Option<()> {
    let (key, rest) = path.split_first()?;
    if rest.is_empty() {
        let value = format!("v = {text}").parse::<toml::Table>().ok().and_then(|mut table| table.remove("v"));
        let value = value.filter(|value| !value.is_datetime()).unwrap_or(toml::Value::String(text));
        table.insert(key.clone(), value);
        return Some(());
    }
    let inner = table.entry(key.clone()).or_insert_with(|| toml::Value::Table(toml::Table::new()));
    set(inner.as_table_mut()?, rest, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_env(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::load(None, pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn without_a_file_or_environment_every_default_holds() {
        assert_eq!(
            from_env(&[("PATH", "/bin"), ("AIRSIDE_DATA", "x"), ("AIRSIDE_DATA_REQUIRED", "1")]).unwrap(),
            Config::default()
        );
    }

    #[test]
    fn the_environment_reaches_into_tables() {
        let config = from_env(&[
            ("AIRSIDE_LOG__FILTER", "debug"),
            ("AIRSIDE_LISTEN", "127.0.0.1:0"),
            ("AIRSIDE_RAW_RETENTION_DAYS", "3"),
            ("AIRSIDE_GATEWAY__DRAIN", "5s"),
            ("AIRSIDE_EVIDENCE__SECOND", "/mnt/other"),
            ("AIRSIDE_EVIDENCE__EVERY", "2s"),
        ])
        .unwrap();
        assert_eq!(config.log.filter, "debug");
        assert_eq!((config.listen.port(), config.admin_address().port()), (0, 0));
        assert_eq!(config.raw_retention_days, 3);
        assert_eq!(config.gateway.drain, Duration::from_secs(5));
        assert_eq!(config.evidence.second, Some(PathBuf::from("/mnt/other")));
        assert_eq!(config.evidence.every, Duration::from_secs(2));
    }

    #[test]
    fn a_time_zone_is_one_of_the_database() {
        let zone = |name| from_env(&[("AIRSIDE_TIME_ZONE", name)]).map(|config| config.time_zone);
        assert_eq!(zone("Asia/Tokyo").unwrap().iana_name(), Some("Asia/Tokyo"));
        let refused = zone("Asia/Shenzhen").unwrap_err().to_string();
        assert!(refused.contains("use a name of the IANA database, such as Asia/Shanghai"), "{refused}");
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        let error = from_env(&[("AIRSIDE_LISTN", "127.0.0.1:0")]).unwrap_err().to_string();
        assert!(error.contains("listn"), "{error}");
    }

    #[test]
    fn a_time_without_a_unit_is_refused_by_its_field_with_an_example() {
        for (name, field) in [
            ("AIRSIDE_FOLDERS__POLL", "folders.poll"),
            ("AIRSIDE_LINK__SILENCE", "link.silence"),
            ("AIRSIDE_EVIDENCE__EVERY", "evidence.every"),
            ("AIRSIDE_NOTIFICATIONS__MERGE_WINDOW", "notifications.merge_window"),
        ] {
            for value in ["1", "\"1\"", "soon"] {
                let error = from_env(&[(name, value)]).unwrap_err().to_string();
                assert!(error.contains(field) && error.contains("such as 500ms, 30s"), "{error}");
            }
        }
    }

    #[test]
    fn a_text_that_is_no_key_is_refused_by_its_field() {
        let config = from_env(&[("AIRSIDE_EVIDENCE__EARLIER_KEYS", r#"["nonsense"]"#)]).unwrap();
        let error = config.evidence.earlier_keys().unwrap_err().to_string();
        assert!(error.contains("evidence.earlier_keys") && error.contains("name+hash+key"), "{error}");
    }

    #[test]
    fn a_cluster_is_refused_until_it_is_built() {
        let config = Config { store: "kurrentdb://localhost:2113".to_owned(), ..Config::default() };
        assert!(config.log_folder().unwrap_err().to_string().contains("embedded:DIR"));
    }

    #[test]
    fn an_embedded_store_may_stand_beside_the_keys() {
        let config = Config { store: "embedded:/var/lib/airside".to_owned(), ..Config::default() };
        assert_eq!(config.log_folder().unwrap(), PathBuf::from("/var/lib/airside"));
    }
}

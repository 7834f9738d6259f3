//! Options that several commands share.

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;

use crate::{
    config::{Config, ReactorStart},
    roles::Role,
};

/// Where a node's configuration comes from.
#[derive(Args)]
pub(super) struct Settings {
    /// Configuration file (TOML); `airside serve --help` names its tables.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the keys and of the embedded log [default: airside-data].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The log: `embedded`, `embedded:DIR`, or a cluster by its connection string, such as
    /// `kurrentdb://host:2113`; a password is safer in AIRSIDE_STORE [default: embedded].
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    /// What this node runs, on a cluster: gateway (calls and sessions), navigator (ways and positions),
    /// projector (reactors, host links, folders) or vault (the keys, for all); may be repeated
    /// [default: all].
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<Role>,
    /// Public port; port 0 picks a free one [default: 127.0.0.1:7400].
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Admin port for /metrics, /healthz and /readyz [default: 127.0.0.1:7402].
    #[arg(long, value_name = "ADDRESS")]
    admin: Option<SocketAddr>,
    /// Folder of an IMDF map, named by the venue's code; may be repeated [default: the built-in lingnan].
    #[arg(long = "map", value_name = "DIR")]
    maps: Vec<PathBuf>,
    /// Where a reactor without a checkpoint begins; may be repeated.
    #[arg(long, value_name = "NAME=beginning|end", value_parser = reactor_start)]
    reactor_start: Vec<(String, ReactorStart)>,
}

impl Settings {
    /// Returns the configuration: file, then environment, then these options.
    pub(super) fn config(self) -> anyhow::Result<Config> {
        let mut config = Config::load(self.config.as_deref(), std::env::vars())?;
        config.folder = self.data.unwrap_or(config.folder);
        config.store = self.store.unwrap_or(config.store);
        if !self.roles.is_empty() {
            config.roles = self.roles;
        }
        config.listen = self.listen.unwrap_or(config.listen);
        config.admin = self.admin.or(config.admin);
        if !self.maps.is_empty() {
            config.maps = self.maps;
        }
        config.reactor_start.extend(self.reactor_start);
        Ok(config)
    }
}

fn reactor_start(text: &str) -> Result<(String, ReactorStart), String> {
    match text.split_once('=') {
        Some((name, "beginning")) => Ok((name.to_owned(), ReactorStart::Beginning)),
        Some((name, "end")) => Ok((name.to_owned(), ReactorStart::End)),
        _ => Err("write NAME=beginning or NAME=end, such as baggage.parse=end".to_owned()),
    }
}

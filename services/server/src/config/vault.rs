//! Configuration of the vault across nodes, and whether it fits the roles.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use serde::Deserialize;

use super::{Config, ConfigError};
use crate::roles::{Role, Roles};

/// Where nodes of a shared log have their keys from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VaultConfig {
    /// The private port on which the node with the vault serves the others. Default: none.
    pub listen: Option<SocketAddr>,
    /// Where the other nodes find it, `HOST:PORT`. Default: none, the vault is in the data folder.
    pub address: Option<String>,
    /// The file with the authority whose certificates nodes show to one another, as PEM.
    pub ca: Option<PathBuf>,
    /// The file with this node's certificate as PEM; it names each of its roles,
    /// `DNS:<role>.airside.internal`.
    pub certificate: Option<PathBuf>,
    /// The file with its private key as PEM, which its owner alone may read.
    pub key: Option<PathBuf>,
    /// How long a node that no longer hears the vault goes on with the keys that it holds. Who is
    /// erased meanwhile is erased there when this is over, at the latest. Default 10 min.
    #[serde(with = "humantime_serde")]
    pub keep: Duration,
}

impl Default for VaultConfig {
    fn default() -> Self {
        let (listen, address, ca, certificate, key) = Default::default();
        Self { listen, address, ca, certificate, key, keep: Duration::from_secs(600) }
    }
}

impl Config {
    /// Says whether the keys of this node are in the vault of another one, as far as the configuration tells.
    pub(crate) fn has_vault_elsewhere(&self) -> bool {
        let is_split = !self.roles.is_empty() && !self.roles.contains(&Role::Vault);
        is_split || self.vault.address.is_some()
    }

    /// Returns the roles of the node, on a log that it shares or has alone.
    ///
    /// # Errors
    /// When they do not fit the log, or the vault is not within reach.
    pub(crate) fn roles(&self, is_shared: bool) -> Result<Roles, ConfigError> {
        let (roles, vault) = (Roles::of(&self.roles), &self.vault);
        if !is_shared {
            if !roles.are_all() {
                let problem = "an embedded log has one node, which runs everything: leave `--role` out, or name a log \
                               that nodes share with `--store kurrentdb://host:2113`";
                return Err(ConfigError::of("roles", problem));
            }
            if vault.listen.is_some() || vault.address.is_some() {
                let field = if vault.listen.is_some() { "vault.listen" } else { "vault.address" };
                let problem =
                    "an embedded log has its vault in the data folder and no other node: leave it out";
                return Err(ConfigError::of(field, problem));
            }
            return Ok(roles);
        }
        let refuse = |field: &str, problem: String| Err(ConfigError::of(field, problem));
        match (roles.has(Role::Vault), &vault.address, vault.listen) {
            // Without roles a node that is told where the vault is has all the others.
            (true, Some(_), None) if self.roles.is_empty() => {
                Ok(Roles::of(&[Role::Gateway, Role::Navigator, Role::Projector]))
            }
            (true, Some(_), _) => refuse(
                "vault.address",
                "this node has the vault itself: leave the address out, or the role `vault`".to_owned(),
            ),
            (true, None, None) if roles == Roles::of(&[Role::Vault]) => refuse(
                "vault.listen",
                "a node with the role vault alone serves other nodes: say where, such as \
                 `vault.listen = \"0.0.0.0:7403\"`"
                    .to_owned(),
            ),
            (false, None, _) => refuse(
                "vault.address",
                format!(
                    "the roles of this node ({roles}) are split from the vault, and their keys come from there: name \
                     the node that runs `--role vault`, such as `vault.address = \"vault.example:7403\"`, or add \
                     `--role vault` on the one node that has the vault in its data folder"
                ),
            ),
            (false, Some(_), Some(_)) => refuse(
                "vault.listen",
                "only the node with the vault listens there: leave it out, or add the role `vault`"
                    .to_owned(),
            ),
            (true, None, _) | (false, Some(_), None) => Ok(roles),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(roles: &[Role], address: Option<&str>, listen: Option<&str>) -> Config {
        let listen = listen.map(|listen| listen.parse().unwrap());
        let vault = VaultConfig { address: address.map(str::to_owned), listen, ..VaultConfig::default() };
        Config { roles: roles.to_vec(), vault, ..Config::default() }
    }

    #[test]
    fn roles_that_do_not_fit_are_refused_by_their_field_with_the_remedy() {
        let (at, here) = (Some("v:7403"), Some("127.0.0.1:7403"));
        for (config, is_shared, field, remedy) in [
            (config(&[Role::Gateway], None, None), false, "roles", "kurrentdb://"),
            (config(&[], at, None), false, "vault.address", "leave it out"),
            (config(&[], None, here), false, "vault.listen", "leave it out"),
            (config(&[Role::Gateway], None, None), true, "vault.address", "--role vault"),
            (config(&[Role::Vault], None, None), true, "vault.listen", "0.0.0.0:7403"),
            (config(&[Role::Vault], at, here), true, "vault.address", "leave the address out"),
            (config(&[Role::Projector], at, here), true, "vault.listen", "role `vault`"),
        ] {
            let error = config.roles(is_shared).unwrap_err().to_string();
            assert!(error.contains(&format!("{field} is wrong")) && error.contains(remedy), "{error}");
        }
    }

    #[test]
    fn a_node_without_roles_runs_all_but_a_vault_that_is_elsewhere() {
        assert!(config(&[], None, None).roles(false).unwrap().are_all());
        assert!(config(&[], None, Some("127.0.0.1:0")).roles(true).unwrap().are_all());
        let roles = config(&[], Some("v:7403"), None).roles(true).unwrap();
        assert_eq!(roles.to_string(), "gateway, navigator, projector");
        let roles = config(&[Role::Vault, Role::Gateway], None, None).roles(true).unwrap();
        assert_eq!(roles.to_string(), "gateway, vault");
    }

    #[test]
    fn roles_are_named_in_the_configuration_and_unknown_ones_refused() {
        let config: Config = toml::from_str("roles = [\"navigator\"]\n[vault]\naddress = \"v:1\"").unwrap();
        assert_eq!(config.roles, [Role::Navigator]);
        let error = toml::from_str::<Config>("roles = [\"king\"]").unwrap_err().to_string();
        assert!(error.contains("\"king\"") && error.contains("navigator, projector or vault"), "{error}");
    }
}

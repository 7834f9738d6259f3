//! Configuration of the host link: who may bring messages over a TCP line, and how.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use airside_baggage::link::serve::Options;
use airside_runtime::auth::Environment;
use serde::Deserialize;

use super::ConfigError;

/// The host link of baggage systems; without accounts it is not opened.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LinkConfig {
    /// Where it listens. Default `127.0.0.1:7401`; port 0 when the public port is 0. Develop listens
    /// on loopback.
    pub listen: Option<SocketAddr>,
    /// Who may log in, by application id: one to eight visible ASCII characters. Default: nobody.
    pub accounts: BTreeMap<String, LinkAccount>,
    /// TLS on every line. Default: none, which beyond loopback needs `in_clear`.
    pub tls: Option<LinkTls>,
    /// Listen beyond loopback without TLS: passwords and passengers' names are then in clear on a
    /// network of its own, or in a tunnel. Default false.
    pub in_clear: bool,
    /// Most lines at once, 1 or more; who logs in beyond them waits for a place. Default 64.
    pub lines: usize,
    /// How long a peer may take to log in, its TLS handshake included. Default 10 s.
    #[serde(with = "humantime_serde")]
    pub login_within: Duration,
    /// How often a sign of life is sent. Default 30 s.
    #[serde(with = "humantime_serde")]
    pub heartbeat: Duration,
    /// How long a peer may be silent before its line is closed. Default 90 s.
    #[serde(with = "humantime_serde")]
    pub silence: Duration,
}

/// Who may log in on the host link.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkAccount {
    /// The source as which its messages are stored: 1 to 48 of a-z 0-9 _ and full stop.
    pub source: String,
    /// The file with its password, which its owner alone may read; blanks and line ends at its end
    /// are no part of it.
    pub password_file: PathBuf,
}

/// What the host link shows and asks for under TLS 1.2 or 1.3.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkTls {
    /// The file with its certificate, then those that signed it, as PEM.
    pub certificate: PathBuf,
    /// The file with its private key as PEM, which its owner alone may read.
    pub key: PathBuf,
    /// The file with the authorities whose certificate a peer must show, as PEM. Default: a peer
    /// shows none.
    pub client_ca: Option<PathBuf>,
}

impl Default for LinkConfig {
    fn default() -> Self {
        let Options { lines, login_within, heartbeat, silence } = Options::default();
        let (accounts, tls) = (BTreeMap::new(), None);
        Self { listen: None, accounts, tls, in_clear: false, lines, login_within, heartbeat, silence }
    }
}

impl LinkConfig {
    /// Returns where it listens beside a public port; `None` when nobody may log in.
    ///
    /// # Errors
    /// When it must not listen there.
    pub(crate) fn address(
        &self,
        public: SocketAddr,
        env: Environment,
    ) -> Result<Option<SocketAddr>, ConfigError> {
        if self.accounts.is_empty() {
            return Ok(None);
        }
        let port = if public.port() == 0 { 0 } else { 7401 };
        let address = self.listen.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        let problem = match (address.ip().is_loopback(), env, &self.tls) {
            (true, _, _) | (false, Environment::Trial | Environment::Release, Some(_)) => {
                return Ok(Some(address));
            }
            (false, Environment::Develop, _) => "develop listens on loopback: set env to trial or release",
            (false, _, None) if self.in_clear => return Ok(Some(address)),
            (false, _, None) => {
                "beyond loopback passwords and names would be in clear: set [link.tls], or link.in_clear = true \
                 where the network is of its own"
            }
        };
        Err(ConfigError::of("link.listen", format!("{address}: {problem}")))
    }

    /// Returns how it behaves.
    ///
    /// # Errors
    /// When a number or a time is zero.
    pub(crate) fn options(&self) -> Result<Options, ConfigError> {
        let Self { lines, login_within, heartbeat, silence, .. } = *self;
        if lines == 0 {
            return Err(ConfigError::of("link.lines", "give at least 1"));
        }
        for (name, time) in [("login_within", login_within), ("heartbeat", heartbeat), ("silence", silence)] {
            if time.is_zero() {
                return Err(ConfigError::of(&format!("link.{name}"), "give a time above zero, such as 30s"));
            }
        }
        Ok(Options { lines, login_within, heartbeat, silence })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC: &str = "127.0.0.1:7400";

    fn link(text: &str) -> LinkConfig {
        let account = "[accounts.BHS_SZX]\nsource = \"bhs.t3\"\npassword_file = \"/run/secrets/bhs\"\n";
        toml::from_str(&format!("{text}\n{account}")).unwrap()
    }

    fn check(text: &str, env: Environment, expect: Result<&str, &str>) {
        match (link(text).address(PUBLIC.parse().unwrap(), env), expect) {
            (Ok(address), Ok(expect)) => assert_eq!(address, Some(expect.parse().unwrap())),
            (Err(error), Err(words)) => assert!(error.to_string().contains(words), "{error}"),
            (found, _) => panic!("{text}: {found:?}"),
        }
    }

    #[test]
    fn without_accounts_there_is_no_link() {
        let link = LinkConfig::default();
        assert_eq!(link.address(PUBLIC.parse().unwrap(), Environment::Release).unwrap(), None);
    }

    #[test]
    fn the_port_is_beside_the_public_one_and_any_where_that_is_any() {
        check("", Environment::Develop, Ok("127.0.0.1:7401"));
        let any = link("").address("127.0.0.1:0".parse().unwrap(), Environment::Develop).unwrap();
        assert_eq!(any.unwrap().port(), 0);
    }

    #[test]
    fn beyond_loopback_it_is_under_tls_or_in_clear_by_a_word_and_never_in_develop() {
        let tls = "tls = { certificate = \"c\", key = \"k\" }";
        let listen = "listen = \"0.0.0.0:7401\"";
        check(&format!("{listen}\n{tls}"), Environment::Release, Ok("0.0.0.0:7401"));
        check(&format!("{listen}\nin_clear = true"), Environment::Trial, Ok("0.0.0.0:7401"));
        check(listen, Environment::Release, Err("[link.tls]"));
        check(&format!("{listen}\n{tls}\nin_clear = true"), Environment::Develop, Err("loopback"));
    }

    #[test]
    fn a_time_of_zero_is_refused_by_its_field() {
        for field in ["login_within", "heartbeat", "silence"] {
            let error = link(&format!("{field} = \"0s\"")).options().unwrap_err().to_string();
            assert!(error.contains(&format!("link.{field}")), "{error}");
        }
        assert!(link("lines = 0").options().unwrap_err().to_string().contains("link.lines"));
    }
}

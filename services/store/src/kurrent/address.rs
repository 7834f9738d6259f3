//! Connection strings in the vendor's form, read once and strictly.
//!
//! `kurrentdb://user:password@host:2113,host2?tls=true&nodePreference=leader`.
//! Several hosts, or `+discover`, mean a cluster that tells its members by
//! gossip; one host means that node. Keys are the vendor's, in any case of
//! letters. A key that is not known is refused, because a setting that is
//! ignored in silence is the one that was meant to protect.

use std::{fmt, path::PathBuf, str::FromStr, time::Duration};

use thiserror::Error;

/// The port of a node where none is given.
const PORT: u16 = 2113;

/// The schemes; each may be followed by `+discover`.
const SCHEMES: [&str; 4] = ["kurrentdb", "kurrent", "kdb", "esdb"];

/// The keys that are understood.
const KEYS: [&str; 14] = [
    "tls",
    "tlsVerifyCert",
    "tlsCaFile",
    "userCertFile",
    "userKeyFile",
    "nodePreference",
    "keepAliveInterval",
    "keepAliveTimeout",
    "discoveryInterval",
    "gossipTimeout",
    "maxDiscoverAttempts",
    "defaultDeadline",
    "connectionName",
    "throwOnAppendFailure",
];

/// A connection string that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AddressError {
    /// It names no scheme that is known.
    #[error(
        "store address begins with {found:?}: write kurrentdb://host:2113, kurrentdb+discover://name:2113, or the same with esdb"
    )]
    Scheme {
        /// What stands there.
        found: String,
    },
    /// A host or its port is wrong.
    #[error("host {host:?} in the store address is wrong: {problem}")]
    Host {
        /// The host as written.
        host: String,
        /// What is wrong, and what to write.
        problem: &'static str,
    },
    /// User and password are wrong.
    #[error("user and password in the store address are wrong: {problem}")]
    Credentials {
        /// What is wrong, and what to write.
        problem: &'static str,
    },
    /// A key is not known.
    #[error("key {key:?} in the store address is not known: the keys are {}", KEYS.join(", "))]
    UnknownKey {
        /// The key as written.
        key: String,
    },
    /// A value does not fit its key.
    #[error("value of {key} in the store address is wrong: {problem}")]
    Value {
        /// The key.
        key: &'static str,
        /// What is wrong, and what to write.
        problem: &'static str,
    },
}

/// Where a node listens.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Endpoint {
    /// A name, or an address without brackets.
    pub host: String,
    /// The port of gRPC.
    pub port: u16,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            return write!(f, "[{}]:{}", self.host, self.port);
        }
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// Which member of a cluster is followed. Appends and pages are the leader's, whatever is preferred: a
/// decision never rests on a node that was told late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Preference {
    /// The leader: what was acknowledged is told first.
    #[default]
    Leader,
    /// A follower; the leader when there is none.
    Follower,
    /// Any member.
    Random,
    /// A read-only replica; a follower or the leader when there is none.
    ReadOnlyReplica,
}

/// Who calls.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The name of the user.
    pub user: String,
    /// The password; shown nowhere.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}

/// What a connection string says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Where to begin.
    pub hosts: Vec<Endpoint>,
    /// Whether the name stands for all addresses behind it (`+discover`).
    pub discover: bool,
    /// Who calls, if anybody.
    pub credentials: Option<Credentials>,
    /// Whether the connection is encrypted; true unless switched off.
    pub tls: bool,
    /// Whether the node's certificate is checked; true unless switched off.
    pub verify: bool,
    /// The authority that signed the nodes' certificates, PEM; the system's own when absent.
    pub ca_file: Option<PathBuf>,
    /// The caller's certificate and key, PEM.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// Which member is asked.
    pub preference: Preference,
    /// How often an idle connection is tried; `None` is never. 10 s unless given.
    pub keep_alive_interval: Option<Duration>,
    /// How long an answer to that may take. 10 s unless given.
    pub keep_alive_timeout: Duration,
    /// The pause between two rounds of discovery, which grows. 100 ms unless given.
    pub discovery_interval: Duration,
    /// How long a member may take to tell its cluster. 3 s unless given.
    pub gossip_timeout: Duration,
    /// How long a call may take in all, with its repeats. 30 s unless given.
    pub deadline: Duration,
    /// How the caller is called in the node's logs.
    pub connection_name: Option<String>,
}

impl Address {
    /// Says whether the members are found by gossip.
    pub fn is_cluster(&self) -> bool {
        self.discover || self.hosts.len() > 1
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let found = |text: &str| AddressError::Scheme { found: text.chars().take(20).collect() };
        let (scheme, rest) =
            text.split_once("://").ok_or_else(|| found(text.split(['@', '?']).next().unwrap_or("")))?;
        let lower = scheme.to_ascii_lowercase();
        let (base, discover) = lower.strip_suffix("+discover").map_or((&*lower, false), |base| (base, true));
        if !SCHEMES.contains(&base) {
            return Err(found(scheme));
        }
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (credentials, hosts) = match rest.rsplit_once('@') {
            Some((credentials, hosts)) => (Some(read_credentials(credentials)?), hosts),
            None => (None, rest),
        };
        let hosts = hosts.strip_suffix('/').unwrap_or(hosts);
        let hosts = hosts.split(',').map(host).collect::<Result<Vec<_>, _>>()?;
        let mut address = Self {
            hosts,
            discover,
            credentials,
            tls: true,
            verify: true,
            ca_file: None,
            identity: None,
            preference: Preference::Leader,
            keep_alive_interval: Some(Duration::from_secs(10)),
            keep_alive_timeout: Duration::from_secs(10),
            discovery_interval: Duration::from_millis(100),
            gossip_timeout: Duration::from_secs(3),
            deadline: Duration::from_secs(30),
            connection_name: None,
        };
        address.take_query(query)?;
        Ok(address)
    }
}

impl Address {
    fn take_query(&mut self, query: &str) -> Result<(), AddressError> {
        let (mut certificate, mut key_file) = (None, None);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let key = KEYS.into_iter().find(|key| key.eq_ignore_ascii_case(name));
            let key = key.ok_or_else(|| AddressError::UnknownKey { key: name.chars().take(40).collect() })?;
            let value = decoded(value).ok_or(AddressError::Value {
                key,
                problem: "a percent sign is not followed by two digits",
            })?;
            match key {
                "tls" => self.tls = switch(key, &value)?,
                "tlsVerifyCert" => self.verify = switch(key, &value)?,
                "tlsCaFile" => self.ca_file = Some(file(key, &value)?),
                "userCertFile" => certificate = Some(file(key, &value)?),
                "userKeyFile" => key_file = Some(file(key, &value)?),
                "nodePreference" => self.preference = preference(&value)?,
                "keepAliveInterval" => self.keep_alive_interval = milliseconds(key, &value)?,
                "keepAliveTimeout" => self.keep_alive_timeout = bounded(key, &value)?,
                "discoveryInterval" => self.discovery_interval = bounded(key, &value)?,
                "gossipTimeout" => self.gossip_timeout = bounded(key, &value)?,
                "defaultDeadline" => self.deadline = bounded(key, &value)?,
                "connectionName" => self.connection_name = Some(caller(key, &value)?),
                // How often others give up, and what they do then, is not for this client to follow:
                // it asks until its deadline, and a conflict is always an error.
                _ => drop(bounded_count(key, &value)?),
            }
        }
        self.identity = match (certificate, key_file) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            (Some(_), None) => {
                return Err(AddressError::Value { key: "userCertFile", problem: "give its userKeyFile too" });
            }
            (None, Some(_)) => {
                return Err(AddressError::Value { key: "userKeyFile", problem: "give its userCertFile too" });
            }
        };
        let needs_tls = [
            ("tlsCaFile", self.ca_file.is_some()),
            ("userCertFile", self.identity.is_some()),
            ("tlsVerifyCert", !self.verify),
        ];
        match needs_tls.into_iter().find(|(_, given)| *given && !self.tls) {
            Some((key, _)) => Err(AddressError::Value {
                key,
                problem: "it means nothing with tls=false: take one of the two out",
            }),
            None => Ok(()),
        }
    }
}

fn read_credentials(text: &str) -> Result<Credentials, AddressError> {
    let wrong = |problem| AddressError::Credentials { problem };
    let (user, password) =
        text.split_once(':').ok_or_else(|| wrong("write user:password@ before the host"))?;
    let read = |part| decoded(part).ok_or_else(|| wrong("write a percent sign as %25"));
    let (user, password) = (read(user)?, read(password)?);
    if user.is_empty() || user.contains(':') {
        return Err(wrong("the user is empty or holds a colon"));
    }
    Ok(Credentials { user, password })
}

fn host(text: &str) -> Result<Endpoint, AddressError> {
    let wrong = |problem| AddressError::Host { host: text.chars().take(80).collect(), problem };
    let (name, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (name, port) =
                rest.split_once(']').ok_or_else(|| wrong("close the bracket of the address"))?;
            if name.parse::<std::net::Ipv6Addr>().is_err() {
                return Err(wrong("between brackets stands an IPv6 address"));
            }
            (name, if port.is_empty() { None } else { Some(port.strip_prefix(':').unwrap_or("")) })
        }
        None => match text.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (text, None),
        },
    };
    let visible = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
    if name.is_empty() || !name.chars().all(visible) {
        return Err(wrong("write a name or an address, such as node1.example:2113"));
    }
    let port = match port {
        None => PORT,
        Some(port) => {
            port.parse().ok().filter(|port| *port > 0).ok_or_else(|| wrong("its port is 1 to 65535"))?
        }
    };
    Ok(Endpoint { host: name.to_owned(), port })
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

fn switch(key: &'static str, value: &str) -> Result<bool, AddressError> {
    match value.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(AddressError::Value { key, problem: "it is true or false" }),
    }
}

fn file(key: &'static str, value: &str) -> Result<PathBuf, AddressError> {
    if value.is_empty() {
        return Err(AddressError::Value { key, problem: "it is the path of a PEM file" });
    }
    Ok(value.into())
}

fn caller(key: &'static str, value: &str) -> Result<String, AddressError> {
    if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(AddressError::Value { key, problem: "it is visible ASCII without blanks" });
    }
    Ok(value.to_owned())
}

fn preference(value: &str) -> Result<Preference, AddressError> {
    match value.to_ascii_lowercase().as_str() {
        "leader" => Ok(Preference::Leader),
        "follower" => Ok(Preference::Follower),
        "random" => Ok(Preference::Random),
        "readonlyreplica" => Ok(Preference::ReadOnlyReplica),
        _ => Err(AddressError::Value {
            key: "nodePreference",
            problem: "it is leader, follower, random or readOnlyReplica",
        }),
    }
}

/// Reads milliseconds; -1 is never.
fn milliseconds(key: &'static str, value: &str) -> Result<Option<Duration>, AddressError> {
    if value == "-1" {
        return Ok(None);
    }
    bounded(key, value).map(Some)
}

fn bounded(key: &'static str, value: &str) -> Result<Duration, AddressError> {
    let problem = "it is milliseconds, 1 to 86400000";
    let number = value.parse().ok().filter(|number| (1..=86_400_000).contains(number));
    number.map(Duration::from_millis).ok_or(AddressError::Value { key, problem })
}

fn bounded_count(key: &'static str, value: &str) -> Result<(), AddressError> {
    if key == "throwOnAppendFailure" {
        return switch(key, value).map(drop);
    }
    let is_count = value.parse::<i64>().is_ok_and(|count| count == -1 || count > 0);
    if is_count {
        Ok(())
    } else {
        Err(AddressError::Value { key, problem: "it is a count of 1 or more, or -1" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Address {
        text.parse().unwrap()
    }

    fn refused(text: &str, says: &str) {
        let error = text.parse::<Address>().unwrap_err().to_string();
        assert!(error.contains(says), "{text}: {error}");
        assert!(!error.contains("s3cret"), "{error}");
    }

    #[test]
    fn a_connection_string_is_read_as_the_vendor_reads_it() {
        let one = read("esdb://localhost");
        assert_eq!(one.hosts, [Endpoint { host: "localhost".into(), port: 2113 }]);
        assert!(one.tls && one.verify && !one.is_cluster() && one.credentials.is_none());
        let many = read(
            "KurrentDB://ops:s3cret%40x@a.example:1,b,[::1]:3/?TLS=True&TLSCAFILE=%2Fca.pem&nodepreference=Follower&keepAliveInterval=-1&usercertfile=c&userKeyFile=k&connectionName=node-1&maxDiscoverAttempts=3",
        );
        assert_eq!(
            many.hosts.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["a.example:1", "b:2113", "[::1]:3"]
        );
        assert_eq!(many.credentials.as_ref().unwrap().password, "s3cret@x");
        assert_eq!(many.ca_file, Some("/ca.pem".into()));
        assert_eq!(many.identity, Some(("c".into(), "k".into())));
        assert_eq!((many.preference, many.keep_alive_interval), (Preference::Follower, None));
        assert!(many.is_cluster() && read("kurrentdb+discover://cluster.example").is_cluster());
        assert!(!format!("{many:?}").contains("s3cret"));
    }

    #[test]
    fn a_string_that_is_wrong_in_any_part_is_refused_by_that_part() {
        refused("postgres://x:s3cret@h", "postgres");
        refused("embedded", "kurrentdb://");
        refused("esdb://", "host");
        refused("esdb://a,,b", "host \"\"");
        refused("esdb://a:x", "port");
        refused("esdb://a:0", "port");
        refused("esdb://a:99999", "port");
        refused("esdb://[::1", "bracket");
        refused("esdb://[no]:1", "IPv6");
        refused("esdb://a b", "name or an address");
        refused("esdb://user@h", "user:password@");
        refused("esdb://us%er:s3cret@h", "%25");
        refused("esdb://:s3cret@h", "empty");
        refused("esdb://h?tlsCertFile=x", "tlsCertFile");
        refused("esdb://h?tlsCertFile=x", "tlsVerifyCert, tlsCaFile");
        refused("esdb://h?tls=maybe", "true or false");
        refused("esdb://h?nodePreference=best", "leader, follower");
        refused("esdb://h?keepAliveTimeout=soon", "milliseconds");
        refused("esdb://h?userCertFile=x", "userKeyFile");
        refused("esdb://h?userKeyFile=x", "userCertFile");
        refused("esdb://h?tls=false&tlsCaFile=x", "tls=false");
        refused("esdb://h?tlsCaFile=%2", "percent");
    }
}

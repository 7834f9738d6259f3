//! The roles of a node: which parts of the whole it runs.
//!
//! | role | runs | public port | read models |
//! |---|---|---|---|
//! | `gateway` | every service and the sessions of push | yes | all |
//! | `navigator` | the services of ways, maps and positions | yes | theirs |
//! | `projector` | reactors, host links, watched folders, the watch over sources | no | all |
//! | `vault` | the keys of personal data and the key that signs tokens, for all nodes | no | none |
//!
//! A node without roles runs all of them, which is the only way on an embedded log. On a shared log
//! any number of nodes have each role but `vault`, which one node has: keys are not in the log. The
//! nodes meet in the log, and all but one at the vault; nothing else calls another node.

use std::{collections::BTreeSet, fmt, str::FromStr};

use airside_api::navigation::v1 as navigation;
use serde::{Deserialize, Deserializer, de::Error as _};

/// What a node can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Takes public calls and sessions.
    Gateway,
    /// Answers questions of ways and positions.
    Navigator,
    /// Runs what acts on the log and takes what comes without a call.
    Projector,
    /// Has the keys.
    Vault,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Gateway, Self::Navigator, Self::Projector, Self::Vault];

    /// Returns its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Navigator => "navigator",
            Self::Projector => "projector",
            Self::Vault => "vault",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|role| role.as_str() == name);
        found.ok_or_else(|| format!("role {name:?} is unknown: use gateway, navigator, projector or vault"))
    }
}

impl<'de> Deserialize<'de> for Role {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        String::deserialize(input)?.parse().map_err(D::Error::custom)
    }
}

/// The roles of one node, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Roles(BTreeSet<Role>);

impl Roles {
    /// Makes them of what was named; none means all.
    pub(crate) fn of(named: &[Role]) -> Self {
        let all: &[Role] = &Role::ALL;
        Self(if named.is_empty() { all } else { named }.iter().copied().collect())
    }

    /// Returns true when the node runs everything.
    pub(crate) fn are_all(&self) -> bool {
        self.0.len() == Role::ALL.len()
    }

    /// Returns true when the node has a role.
    pub(crate) fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    /// Returns true when the node has a public port.
    pub(crate) fn are_public(&self) -> bool {
        self.has(Role::Gateway) || self.has(Role::Navigator)
    }

    /// Returns true when the node folds the log.
    pub(crate) fn have_read_models(&self) -> bool {
        self.are_public() || self.has(Role::Projector)
    }

    /// Returns true when the node needs what only the domains beside navigation know.
    pub(crate) fn need_domains(&self) -> bool {
        self.has(Role::Gateway) || self.has(Role::Projector)
    }

    /// Returns the services of the public port; `None` when it has all of them.
    pub(crate) fn services(&self) -> Option<Vec<&'static str>> {
        let navigators = vec![
            navigation::navigation_service_server::SERVICE_NAME,
            navigation::venue_service_server::SERVICE_NAME,
            navigation::positioning_service_server::SERVICE_NAME,
            navigation::way_service_server::SERVICE_NAME,
        ];
        (!self.has(Role::Gateway)).then_some(navigators)
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.iter().map(|role| role.as_str()).collect();
        f.write_str(&names.join(", "))
    }
}

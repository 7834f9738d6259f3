//! Who calls, and what that lets them do.
//!
//! A [`Caller`] comes from a token that [`Tokens`] verified, never from a
//! field of a call. The gateway puts it into the extensions of the request
//! after the [`Rule`] of the rpc admitted it; a service then asks
//! [`Caller::of`] and [`Caller::person`]. A passenger reaches only their own:
//! that part is the service's, and what is not the caller's is not found.

mod rule;
mod tokens;

use std::{fmt, str::FromStr};

use airside_api::access::v1 as proto;
use airside_kernel::PersonId;
use thiserror::Error;
use tonic::Status;
use uuid::Uuid;

pub use rule::{Denial, Rule};
pub use tokens::{BadTokenKey, Environment, TokenError, TokenKey, Tokens};

/// Who makes a call.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum Caller {
    /// Nobody we know: the call carries no token.
    #[default]
    Anonymous,
    /// A passenger.
    Passenger(PersonId),
    /// A partner system.
    Partner {
        /// Its opaque id, such as `partner-zh`.
        id: String,
    },
    /// A member of staff.
    Staff {
        /// Their opaque id.
        id: String,
        /// What they may do.
        roles: Vec<StaffRole>,
    },
}

impl Caller {
    /// Returns the caller of a request; nobody when the gateway put none there.
    pub fn of<T>(request: &tonic::Request<T>) -> Self {
        request.extensions().get().cloned().unwrap_or_default()
    }

    /// Returns the passenger who calls.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` for nobody, `PERMISSION_DENIED` for partners and staff.
    pub fn person(&self) -> Result<PersonId, Status> {
        match self {
            Self::Passenger(person) => Ok(*person),
            Self::Anonymous => Err(Status::unauthenticated("this call needs a passenger's token")),
            Self::Partner { .. } | Self::Staff { .. } => {
                Err(Status::permission_denied("this call is for passengers"))
            }
        }
    }

    /// Returns who acts, for the envelope of an event: opaque, never a name.
    pub fn actor(&self) -> String {
        match self {
            Self::Anonymous => "anonymous".to_owned(),
            Self::Passenger(person) => format!("passenger/{person}"),
            Self::Partner { id } => format!("partner/{id}"),
            Self::Staff { id, .. } => format!("staff/{id}"),
        }
    }

    /// Returns the kind of caller, as a token's audience names it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Passenger(_) => "passenger",
            Self::Partner { .. } => "partner",
            Self::Staff { .. } => "staff",
        }
    }
}

/// Names one call, for the log and as the correlation id of what it causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId(pub Uuid);

impl RequestId {
    /// Returns the id that the gateway gave to a request; a new one when there is none.
    pub fn of<T>(request: &tonic::Request<T>) -> Self {
        request.extensions().get().copied().unwrap_or_else(|| Self(Uuid::now_v7()))
    }
}

/// What a member of staff may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StaffRole {
    /// Looks at bags, flights and quarantine.
    Viewer,
    /// Helps passengers at a desk; may also record scans and gate reads.
    Agent,
    /// Runs the terminal: closures, flight events, quarantine.
    Operator,
}

/// A role that is none of ours.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("staff role {0:?} is unknown: use viewer, agent or operator")]
pub struct UnknownRole(String);

impl StaffRole {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Agent, Self::Operator];

    /// Returns the name in tokens and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Agent => "agent",
            Self::Operator => "operator",
        }
    }

    /// Returns the role of a number in a rule; `None` for a number that grants nothing.
    fn from_proto(number: i32) -> Option<Self> {
        match proto::StaffRole::try_from(number).ok()? {
            proto::StaffRole::Unspecified => None,
            proto::StaffRole::Viewer => Some(Self::Viewer),
            proto::StaffRole::Agent => Some(Self::Agent),
            proto::StaffRole::Operator => Some(Self::Operator),
        }
    }
}

impl fmt::Display for StaffRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for StaffRole {
    type Err = UnknownRole;

    fn from_str(name: &str) -> Result<Self, UnknownRole> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == name)
            .ok_or_else(|| UnknownRole(name.chars().take(40).collect()))
    }
}

#[cfg(test)]
mod tests;

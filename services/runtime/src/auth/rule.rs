//! The access rule of one rpc, as its proto states it.

use std::fmt;

use airside_api::access::v1 as proto;
use tonic::Status;

use super::{Caller, StaffRole};

/// Who may call an rpc. The default admits nobody.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rule {
    /// Anyone.
    pub public: bool,
    /// A passenger, for what is their own.
    pub passenger_own: bool,
    /// A partner system.
    pub partner: bool,
    /// Staff with any of these roles.
    pub staff: Vec<StaffRole>,
}

/// Why a rule refuses a caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denial {
    /// The call carries no token, and needs one.
    Unauthenticated {
        /// Who is admitted.
        admitted: String,
    },
    /// The token is somebody else's kind.
    PermissionDenied {
        /// Who is admitted.
        admitted: String,
    },
}

impl Rule {
    /// Decides whether a caller may call.
    ///
    /// # Errors
    /// When the rule does not name the caller.
    pub fn admits(&self, caller: &Caller) -> Result<(), Denial> {
        let admitted = match caller {
            _ if self.public => true,
            Caller::Anonymous => {
                return Err(Denial::Unauthenticated { admitted: self.to_string() });
            }
            Caller::Passenger(_) => self.passenger_own,
            Caller::Partner { .. } => self.partner,
            Caller::Staff { roles, .. } => roles.iter().any(|role| self.staff.contains(role)),
        };
        if admitted { Ok(()) } else { Err(Denial::PermissionDenied { admitted: self.to_string() }) }
    }
}

impl From<proto::Rule> for Rule {
    fn from(rule: proto::Rule) -> Self {
        Self {
            public: rule.public,
            passenger_own: rule.passenger_own,
            partner: rule.partner,
            staff: rule.staff.into_iter().filter_map(StaffRole::from_proto).collect(),
        }
    }
}

impl fmt::Display for Rule {
    /// Names who is admitted, such as `a partner, or staff as agent or operator`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let staff = self.staff.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(" or ");
        let staff = format!("staff as {staff}");
        let admitted = [
            (self.public, "anyone"),
            (self.passenger_own, "a passenger"),
            (self.partner, "a partner"),
            (!self.staff.is_empty(), staff.as_str()),
        ];
        let names: Vec<_> = admitted.into_iter().filter(|(is_admitted, _)| *is_admitted).collect();
        if names.is_empty() {
            return f.write_str("nobody");
        }
        f.write_str(&names.into_iter().map(|(_, name)| name).collect::<Vec<_>>().join(", or "))
    }
}

impl From<Denial> for Status {
    fn from(denial: Denial) -> Self {
        match denial {
            Denial::Unauthenticated { admitted } => Self::unauthenticated(format!(
                "this call admits {admitted}: send a token as `authorization: Bearer <token>`"
            )),
            Denial::PermissionDenied { admitted } => {
                Self::permission_denied(format!("this call admits {admitted}; the token is for someone else"))
            }
        }
    }
}

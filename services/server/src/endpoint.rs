//! A server as the simulator and the benches call it: its port, and tokens of every role.

use std::{net::SocketAddr, sync::Arc};

use airside_kernel::{Clock, PersonId, SystemClock};
use airside_runtime::auth::{Caller, StaffRole, TokenError, Tokens};
use airside_simulator::connect::{self, Endpoint};
use jiff::SignedDuration;

/// How long the tokens hold.
const TTL: SignedDuration = SignedDuration::from_hours(12);

/// Returns a server with a token for each role, minted here.
///
/// # Errors
/// When a token cannot be made.
pub fn endpoint(public: SocketAddr, tokens: Arc<Tokens>) -> Result<Endpoint, TokenError> {
    let now = SystemClock.now();
    let partner = tokens.mint(&Caller::Partner { id: "simulator".to_owned() }, TTL, now)?;
    let staff = Caller::Staff { id: "simulator".to_owned(), roles: StaffRole::ALL.to_vec() };
    let staff = tokens.mint(&staff, TTL, now)?;
    let passenger = move |person: &str| {
        let person: Option<PersonId> = person.parse().ok();
        person.and_then(|id| tokens.mint(&Caller::Passenger(id), TTL, now).ok()).unwrap_or_default()
    };
    Ok(Endpoint { public, tokens: connect::Tokens { partner, staff, passenger: Arc::new(passenger) } })
}

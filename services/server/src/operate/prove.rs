//! Proves an event or a stream to an outsider.

use airside_evidence::{Proof, prove_event, prove_stream};
use airside_kernel::Position;
use serde::{Deserialize, Serialize};

use super::{OrderError, Parts};

/// What is to be proven.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prove {
    /// The event at a position.
    Position(u64),
    /// Every signed event of a stream.
    Stream(String),
}

/// Makes the proof.
pub(super) async fn prove(order: &Prove, parts: &Parts) -> Result<Proof, OrderError> {
    let (store, evidence) = (&**parts.embedded()?, parts.places.evidence());
    match order {
        Prove::Position(position) => prove_event(store, &evidence, Position::from_parts(*position, 0)).await,
        Prove::Stream(stream) => {
            let stream = stream.parse().map_err(|error| OrderError::refused(format!("{error}")));
            prove_stream(store, &evidence, &stream.map_err(|error: OrderError| error)?).await
        }
    }
    .map_err(OrderError::broken)
}

//! Which vault holds the keys of a shared log.
//!
//! What is sealed under one vault's keys no other vault opens. An embedded log
//! and its vault lie in one folder; a shared log says itself which vault is its own.

use std::{fmt::Write, sync::Arc};

use airside_api::privacy::v1::VaultBound;
use airside_kernel::{
    Append, AppendError, Clock, Direction, EventId, EventStore, Expected, Metadata, NewEvent, Revision,
    StreamId,
};
use airside_privacy::VaultPort;
use prost::Message;
use uuid::Uuid;

use super::StartError;

/// Binds a shared log to the vault of its first node, for good.
///
/// # Errors
/// When the log is bound to another vault, or cannot be read or written.
pub(super) async fn bind(
    store: &Arc<dyn EventStore>,
    vault: &dyn VaultPort,
    clock: &Arc<dyn Clock>,
) -> Result<(), StartError> {
    let stream = StreamId::new("vault", store.log_id()).expect("a log's identity is visible ASCII");
    let own = vault.root_check().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    if let Some(bound) = bound(store, &stream).await? {
        return hold(store, &own, &bound);
    }
    let event = NewEvent {
        id: EventId(Uuid::now_v7()),
        event_type: "privacy.VaultBound".into(),
        schema_version: 1,
        occurred_at: clock.now(),
        metadata: Metadata::default().encode(),
        payload: VaultBound { root: own.clone() }.encode_to_vec().into(),
    };
    let append = Append {
        stream: stream.clone(),
        expected: Expected::NoStream,
        fold_from: Revision::FIRST,
        events: vec![event],
    };
    match store.append(append).await {
        Ok(_) => Ok(()),
        // Another node was first.
        Err(AppendError::Conflict { .. }) => {
            let bound = bound(store, &stream).await?.unwrap_or_default();
            hold(store, &own, &bound)
        }
        Err(error) => Err(StartError::Append(error)),
    }
}

async fn bound(store: &Arc<dyn EventStore>, stream: &StreamId) -> Result<Option<String>, StartError> {
    let page = store.read_stream(stream, Direction::Forwards, None, 1).await?;
    let Some(event) = page.events.first() else { return Ok(None) };
    let damaged = |error: prost::DecodeError| airside_kernel::ReadError::Corrupt {
        at: stream.to_string(),
        reason: error.to_string(),
    };
    Ok(Some(VaultBound::decode(event.payload()).map_err(damaged)?.root))
}

fn hold(store: &Arc<dyn EventStore>, own: &str, bound: &str) -> Result<(), StartError> {
    match own == bound {
        true => Ok(()),
        false => Err(StartError::OtherVault { log: store.log_id() }),
    }
}

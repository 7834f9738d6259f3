//! Which log this is: a stream of one event that whoever comes first writes.
//!
//! Its name has no dash, so it is none of the streams of this house and no
//! reader of the log ever meets it. Its last event counts: a copy of another
//! log writes that log's identity and the next generation.

use airside_kernel::{LogId, ReadError};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

use super::{
    call::Attempts,
    cluster::Cluster,
    envelope::uuid,
    fault::Fault,
    reading::{client, raw_last},
    wire::{
        Empty, StreamIdentifier,
        streams::{
            AppendReq,
            append_req::{Content, Options, ProposedMessage, options::ExpectedStreamRevision},
        },
    },
};

/// The stream that names the log.
pub(crate) const STREAM: &str = "airside";

/// The type of its events.
const TYPE: &str = "airside.LogNamed";

/// The format that this code writes and reads.
const FORMAT: u32 = 1;

/// What the stream says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    format: u32,
    log: Uuid,
    /// How often the log was restored or copied.
    pub(crate) generation: u64,
}

impl Identity {
    /// Makes the identity of a new log.
    pub(crate) fn fresh() -> Self {
        Self::of(LogId(Uuid::new_v4()), 0)
    }

    /// Makes the identity of the copy of a log.
    pub(crate) fn of(log: LogId, generation: u64) -> Self {
        Self { format: FORMAT, log: log.0, generation }
    }

    /// Returns the log's identity.
    pub(crate) fn log_id(&self) -> LogId {
        LogId(self.log)
    }
}

/// An identity that cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum IdentityError {
    /// The cluster cannot be asked.
    #[error("{0}")]
    Unavailable(String),
    /// The stream holds what this version does not understand.
    #[error("stream {STREAM:?} of the cluster says {found}")]
    Foreign { found: String },
}

/// Reads the identity of the cluster's log; the first who asks gives it one.
///
/// # Errors
/// When the cluster cannot be asked, or the stream is somebody else's.
pub(crate) async fn read_or_make(
    cluster: &Cluster,
    fresh: impl FnOnce() -> Identity,
) -> Result<Identity, IdentityError> {
    if let Some(found) = read(cluster).await? {
        return Ok(found);
    }
    write(cluster, fresh()).await?;
    // Of two who come first at once one wrote it, and both take that one.
    read(cluster)
        .await?
        .ok_or_else(|| IdentityError::Unavailable("the log's identity is not kept".to_owned()))
}

async fn read(cluster: &Cluster) -> Result<Option<Identity>, IdentityError> {
    let found = raw_last(cluster, STREAM).await.map_err(|error| match error {
        ReadError::Unavailable { reason } => IdentityError::Unavailable(reason),
        ReadError::Corrupt { reason, .. } => IdentityError::Foreign { found: reason },
    })?;
    let Some(event) = found else { return Ok(None) };
    let identity: Option<Identity> = serde_json::from_slice(&event.data).ok();
    match identity.filter(|identity| identity.format == FORMAT) {
        Some(identity) => Ok(Some(identity)),
        None => {
            let text: String = String::from_utf8_lossy(&event.data).chars().take(120).collect();
            Err(IdentityError::Foreign { found: format!("{text:?}") })
        }
    }
}

async fn write(cluster: &Cluster, identity: Identity) -> Result<(), IdentityError> {
    let data = serde_json::to_vec(&identity).expect("an identity is always written to memory");
    let metadata = [("type", TYPE), ("content-type", "application/json")];
    let message = ProposedMessage {
        id: Some(uuid(Uuid::new_v4())),
        metadata: metadata.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
        custom_metadata: Bytes::from_static(b"{}"),
        data: data.into(),
    };
    let options = Options {
        stream_identifier: Some(StreamIdentifier { stream_name: Bytes::from_static(STREAM.as_bytes()) }),
        expected_stream_revision: Some(ExpectedStreamRevision::NoStream(Empty {})),
    };
    let messages = [Content::Options(options), Content::ProposedMessage(message)];
    let messages = messages.map(|content| AppendReq { content: Some(content) });
    let mut attempts = Attempts::new(cluster);
    loop {
        let attempt = attempts.make(|member, within| {
            let request = cluster.request(tokio_stream::iter(messages.clone()), Some(within));
            // A conflict is as good as a success: somebody wrote it.
            async move { client(&member).append(request).await.map(drop) }
        });
        match attempt.await {
            Ok(Some(())) => return Ok(()),
            Ok(None) => {}
            Err(fault) => return Err(IdentityError::Unavailable(Fault::reason(&fault))),
        }
    }
}

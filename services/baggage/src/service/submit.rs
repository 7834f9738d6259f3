//! Raw messages: on disk, sealed, before they are acknowledged.

use airside_api::baggage::v1::{self as api, raw_message::Content};
use airside_runtime::{
    requests::{batch, item_id_problem, source},
    status::{invalid, status},
};
use bytes::Bytes;
use tonic::Status;

use super::Baggage;
use crate::receive::{Bringer, MAX_MESSAGE_BYTES};

/// Room that the envelope of one append keeps free of a batch's own bytes.
pub(super) const MAX_BATCH_BYTES: usize = 768 * 1024;

/// A batch whose source and size are good.
pub(super) struct Batch {
    source: String,
    /// Empty when it may be stored again.
    key: String,
    messages: Vec<Result<Bytes, &'static str>>,
}

pub(super) fn parse(request: api::SubmitMessagesRequest) -> Result<Batch, Status> {
    source(&request.source)?;
    batch("messages", &request.messages)?;
    let key = request.idempotency_key;
    if let Some(problem) = item_id_problem(&key).filter(|_| !key.is_empty()) {
        return Err(invalid("idempotency_key", problem));
    }
    let messages: Vec<_> = request.messages.into_iter().map(content).collect();
    let total: usize = messages.iter().flatten().map(Bytes::len).sum();
    if total > MAX_BATCH_BYTES {
        let problem = format_args!("{total} bytes are too many for one call; send at most 786432");
        return Err(invalid("messages", problem));
    }
    Ok(Batch { source: request.source, key, messages })
}

fn content(message: api::RawMessage) -> Result<Bytes, &'static str> {
    let bytes = match message.content {
        None => return Err("content: set `text` or `raw`"),
        Some(Content::Text(text)) => Bytes::from(text),
        Some(Content::Raw(raw)) => raw,
    };
    match bytes.len() {
        0 => Err("content: it is empty; send the message as it came"),
        length if length > MAX_MESSAGE_BYTES => {
            Err("content: it is longer than 65536 bytes; send one message an item")
        }
        _ => Ok(bytes),
    }
}

pub(super) async fn store(
    service: &Baggage,
    actor: &str,
    batch: Batch,
) -> Result<api::SubmitMessagesResponse, Status> {
    let bringer = Bringer { source: &batch.source, actor, transport: "grpc", cause: None };
    let good: Vec<_> = batch.messages.iter().flatten().cloned().collect();
    let on_disk = match batch.key.as_str() {
        "" => service.receiving.store(bringer, &good).await,
        key => service.receiving.store_once(bringer, key, &good).await,
    };
    let on_disk = on_disk.map_err(|error| status(&error))?;
    let mut number = on_disk.last_number.saturating_sub(good.len() as u64);
    let receipts = batch.messages.into_iter().map(|message| match message {
        Ok(_) => {
            number += 1;
            api::MessageReceipt { stored: true, number, problem: String::new() }
        }
        Err(problem) => api::MessageReceipt { stored: false, number: 0, problem: problem.to_owned() },
    });
    Ok(api::SubmitMessagesResponse {
        receipts: receipts.collect(),
        position: on_disk.position.map_or_else(String::new, |position| position.to_string()),
    })
}

//! Raw messages: on disk, sealed, before they are acknowledged.

use airside_api::baggage::v1::{self as api, raw_message::Content};
use airside_kernel::{Append, Category, Expected, Personal, Revision};
use airside_runtime::{
    executor::{Context, new_event, seal_event},
    requests::{batch, source},
    status::status,
};
use bytes::Bytes;
use tonic::Status;

use super::{Baggage, message_number};
use crate::{
    react::source_stream,
    source::{MessageReceived, raw_subject},
};

/// The longest raw message, in bytes.
const MAX_MESSAGE_BYTES: usize = 64 * 1024;
/// Room that the envelope of one append keeps free of a batch's own bytes.
const MAX_BATCH_BYTES: usize = 768 * 1024;

/// A batch whose source and size are good.
pub(super) struct Batch {
    source: String,
    messages: Vec<Result<Bytes, &'static str>>,
}

pub(super) fn parse(request: api::SubmitMessagesRequest) -> Result<Batch, Status> {
    source(&request.source)?;
    batch("messages", &request.messages)?;
    let messages: Vec<_> = request.messages.into_iter().map(content).collect();
    let total: usize = messages.iter().flatten().map(Bytes::len).sum();
    if total > MAX_BATCH_BYTES {
        let problem = format_args!("{total} bytes are too many for one call; send at most 786432");
        return Err(airside_runtime::status::invalid("messages", problem));
    }
    Ok(Batch { source: request.source, messages })
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
    let received_at = service.clock.now();
    let stream = source_stream("source", &batch.source);
    let subject = raw_subject(&batch.source, received_at);
    let keys = service.keys.as_ref();
    keys.ensure(&[(subject.clone(), Category::Raw)]).await.map_err(|error| status(&error))?;
    let context = Context::new(actor, batch.source.as_str(), received_at);
    let mut events = Vec::with_capacity(batch.messages.len());
    for bytes in batch.messages.iter().flatten() {
        let fingerprint = keys.fingerprint(&subject, Category::Raw, bytes).map_err(|error| status(&error))?;
        let mut received = MessageReceived {
            subject: subject.clone(),
            size_bytes: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
            content: Personal::Known(bytes.clone()),
            fingerprint: fingerprint.unwrap_or_default(),
            received_at,
            transport: "grpc".to_owned(),
        };
        seal_event(keys, &stream, &mut received).map_err(|error| status(&error))?;
        events.push(new_event(&received, &context));
    }
    let count = events.len() as u64;
    let append = Append { stream, expected: Expected::Any, fold_from: Revision::FIRST, events };
    let appended = service.store.append(append).await.map_err(|error| status(&error))?;
    // Numbers count from 1, so the last one is the length of the stream.
    let mut number = appended.last_revision.map_or(0, message_number).saturating_sub(count);
    (0..count).for_each(|_| service.metrics.message("received"));
    let receipts = batch.messages.into_iter().map(|message| match message {
        Ok(_) => {
            number += 1;
            api::MessageReceipt { stored: true, number, problem: String::new() }
        }
        Err(problem) => api::MessageReceipt { stored: false, number: 0, problem: problem.to_owned() },
    });
    Ok(api::SubmitMessagesResponse {
        receipts: receipts.collect(),
        position: appended.position.map_or_else(String::new, |position| position.to_string()),
    })
}

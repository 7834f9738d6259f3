//! Appends on a call that stays open: each has its own answer, and a refused
//! one ends nothing.

use std::{collections::HashMap, sync::Arc};

use airside_store::kurrent::wire::{
    AllStreamPosition, Empty, Packed, Status as WireStatus, StreamIdentifier, WrongExpectedVersion,
    streams::{
        BatchAppendReq, BatchAppendResp,
        batch_append_req::{self, options::ExpectedStreamPosition},
        batch_append_resp::{Result as Outcome, Success, success},
    },
    wrong_expected_version::{CurrentStreamRevisionOption, ExpectedStreamPositionOption},
};
use prost::Message;
use tokio::sync::mpsc;
use tonic::{Code, Status, Streaming};

use super::{
    log::{Believed, Proposed, Written},
    reading::tombstoned,
    streams::{handler, name_of, proposed, within_limits},
    world::World,
};

/// An append whose parts are still coming.
struct Pending {
    options: batch_append_req::Options,
    events: Vec<Proposed>,
}

/// Answers the appends of one call until the caller goes.
pub(super) async fn run(
    world: Arc<World>,
    mut messages: Streaming<BatchAppendReq>,
    out: mpsc::Sender<Result<BatchAppendResp, Status>>,
) {
    let mut pending: HashMap<Vec<u8>, Pending> = HashMap::new();
    while let Ok(Some(message)) = messages.message().await {
        let answer = match take(&world, &mut pending, message).await {
            Ok(None) => continue,
            Ok(Some(answer)) => Ok(answer),
            Err(status) => Err(status),
        };
        let is_over = answer.is_err();
        if out.send(answer).await.is_err() || is_over {
            return;
        }
    }
    // A real server goes on when the caller half-closes: it waits to be cancelled.
    out.closed().await;
}

async fn take(
    world: &World,
    pending: &mut HashMap<Vec<u8>, Pending>,
    message: BatchAppendReq,
) -> Result<Option<BatchAppendResp>, Status> {
    let correlation = message.correlation_id.clone().ok_or_else(handler)?;
    let key = correlation.encode_to_vec();
    if let Some(options) = message.options {
        pending.insert(key.clone(), Pending { options, events: Vec::new() });
    }
    let held = pending.get_mut(&key).ok_or_else(handler)?;
    let mut refused = None;
    for event in message.proposed_messages {
        match proposed(event.id.as_ref(), &event.metadata, event.custom_metadata, event.data) {
            Ok(event) => held.events.push(event),
            Err(status) => refused = Some(status),
        }
    }
    if !message.is_final && refused.is_none() {
        return Ok(None);
    }
    let Some(Pending { options, events }) = pending.remove(&key) else { return Err(handler()) };
    let name = name_of(options.stream_identifier.as_ref().map(|stream| &stream.stream_name))?;
    let outcome = match refused.map_or_else(|| within_limits(&events), Err) {
        Err(status) => error(&status),
        Ok(()) => {
            let believed = believed(options.expected_stream_position.as_ref());
            let written = world.append(&name, believed, &events).await?;
            outcome(&name, believed, written)
        }
    };
    Ok(Some(BatchAppendResp {
        correlation_id: Some(correlation),
        stream_identifier: Some(StreamIdentifier { stream_name: name.into_bytes().into() }),
        expected_stream_position: None,
        result: Some(outcome),
    }))
}

fn believed(expected: Option<&ExpectedStreamPosition>) -> Believed {
    match expected {
        Some(ExpectedStreamPosition::StreamPosition(revision)) => Believed::Revision(*revision),
        Some(ExpectedStreamPosition::NoStream(_)) => Believed::NoStream,
        Some(ExpectedStreamPosition::StreamExists(_)) => Believed::Exists,
        Some(ExpectedStreamPosition::Any(_)) | None => Believed::Any,
    }
}

fn error(status: &Status) -> Outcome {
    Outcome::Error(WireStatus {
        code: status.code().into(),
        message: status.message().to_owned(),
        details: None,
    })
}

fn outcome(name: &str, believed: Believed, written: Written) -> Outcome {
    match written {
        Written::Tombstoned => error(&tombstoned(name)),
        Written::Stored { revision, position } => Outcome::Success(Success {
            current_revision_option: Some(match revision {
                Some(revision) => success::CurrentRevisionOption::CurrentRevision(revision),
                None => success::CurrentRevisionOption::NoStream(Empty {}),
            }),
            position_option: Some(success::PositionOption::Position(AllStreamPosition {
                commit_position: position,
                prepare_position: position,
            })),
        }),
        Written::Conflict { current } => {
            use ExpectedStreamPositionOption as Expected;
            let wrong = WrongExpectedVersion {
                current_stream_revision_option: Some(match current {
                    Some(current) => CurrentStreamRevisionOption::CurrentStreamRevision(current),
                    None => CurrentStreamRevisionOption::CurrentNoStream(Empty {}),
                }),
                expected_stream_position_option: Some(match believed {
                    Believed::NoStream => Expected::ExpectedNoStream(Empty {}),
                    Believed::Revision(revision) => Expected::ExpectedStreamPosition(revision),
                    Believed::Any => Expected::ExpectedAny(Empty {}),
                    Believed::Exists => Expected::ExpectedStreamExists(Empty {}),
                }),
            };
            let details = Packed {
                type_url: "type.googleapis.com/event_store.client.WrongExpectedVersion".to_owned(),
                value: wrong.encode_to_vec().into(),
            };
            Outcome::Error(WireStatus {
                code: Code::AlreadyExists.into(),
                message: "WrongExpectedVersion".to_owned(),
                details: Some(details),
            })
        }
    }
}

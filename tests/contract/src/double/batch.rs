//! Appends on a call that stays open: each has its own answer, in whatever
//! order they come, and a refused one ends nothing. They are stored in the order
//! in which they arrived.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, atomic::Ordering},
};

use airside_store::kurrent::wire::{
    AllStreamPosition, Empty, MaximumAppendSizeExceeded, Packed, Status as WireStatus, StreamDeleted,
    Uuid as WireUuid, WrongExpectedVersion,
    streams::{
        BatchAppendReq, BatchAppendResp,
        batch_append_req::{self, options::ExpectedStreamPosition},
        batch_append_resp::{Result as Outcome, Success, success},
    },
    wrong_expected_version::{CurrentStreamRevisionOption, ExpectedStreamPositionOption},
};
use futures::{StreamExt, poll, stream::FuturesUnordered};
use prost::Message;
use tokio::sync::mpsc;
use tonic::{Code, Status, Streaming, metadata::MetadataMap};

use super::{
    log::{Believed, Proposed, Written},
    reading::identifier,
    streams::{APPEND_BYTES_MAX, handler, name_of, proposed, within_limits},
    world::{NOT_READY, World},
};

/// An append whose parts are still coming.
struct Pending {
    options: batch_append_req::Options,
    events: Vec<Proposed>,
    refused: Option<Status>,
}

/// A call, and the node that it came to.
pub(super) struct Call {
    pub(super) world: Arc<World>,
    pub(super) node: usize,
    pub(super) headers: MetadataMap,
}

/// Counts a call for as long as it is open.
struct Open(Arc<World>);

impl Open {
    fn new(world: Arc<World>) -> Self {
        world.batch_calls.fetch_add(1, Ordering::Relaxed);
        world.open_calls.fetch_add(1, Ordering::Relaxed);
        Self(world)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open_calls.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An answer, or why the call ends.
type Told = Result<BatchAppendResp, Status>;

impl Call {
    /// Answers the appends of the call until the caller goes.
    pub(super) async fn run(self, mut messages: Streaming<BatchAppendReq>, out: mpsc::Sender<Told>) {
        let _open = Open::new(self.world.clone());
        let mut pending: HashMap<Vec<u8>, Pending> = HashMap::new();
        let mut late: FuturesUnordered<Pin<Box<dyn Future<Output = Told> + Send + '_>>> =
            FuturesUnordered::new();
        // A real server goes on when the caller half-closes: it waits to be cancelled.
        let mut is_half_closed = false;
        loop {
            let answer = tokio::select! {
                message = messages.message(), if !is_half_closed => match message {
                    Ok(Some(message)) => match take(&mut pending, message) {
                        Ok(None) => continue,
                        Ok(Some((number, whole))) => {
                            let mut answering: Pin<Box<dyn Future<Output = Told> + Send + '_>> =
                                Box::pin(self.answer(number, whole));
                            // What can be stored at once is, so that the order stays.
                            match poll!(&mut answering) {
                                std::task::Poll::Ready(answer) => answer,
                                std::task::Poll::Pending => {
                                    late.push(answering);
                                    continue;
                                }
                            }
                        }
                        Err(status) => Err(status),
                    },
                    Ok(None) => {
                        is_half_closed = true;
                        continue;
                    }
                    Err(_) => return,
                },
                Some(answer) = late.next() => answer,
                () = out.closed() => return,
            };
            let is_over = answer.is_err();
            if out.send(answer).await.is_err() || is_over {
                return;
            }
        }
    }

    async fn answer(&self, number: WireUuid, whole: Pending) -> Told {
        let Pending { options, events, refused } = whole;
        let name = name_of(options.stream_identifier.as_ref().map(|stream| &stream.stream_name))?;
        // The node may have lost its place since the call was opened.
        self.world.admit(self.node, &self.headers)?;
        let outcome = match refused {
            Some(status) => error(&status),
            None if within_limits(&events).is_err() => too_large(),
            None => {
                let believed = believed(options.expected_stream_position.as_ref());
                match self.world.append(&name, believed, &events).await {
                    Ok(written) => outcome(&name, believed, written),
                    Err(status) => given_up(status)?,
                }
            }
        };
        Ok(BatchAppendResp {
            correlation_id: Some(number),
            stream_identifier: Some(identifier(&name)),
            expected_stream_position: None,
            result: Some(outcome),
        })
    }
}

/// Takes a part of an append in; returns the append when it is whole.
fn take(
    pending: &mut HashMap<Vec<u8>, Pending>,
    message: BatchAppendReq,
) -> Result<Option<(WireUuid, Pending)>, Status> {
    let number = message.correlation_id.ok_or_else(handler)?;
    let key = number.encode_to_vec();
    if let Some(options) = message.options {
        pending.insert(key.clone(), Pending { options, events: Vec::new(), refused: None });
    }
    let held = pending.get_mut(&key).ok_or_else(handler)?;
    for event in message.proposed_messages {
        match proposed(event.id.as_ref(), &event.metadata, event.custom_metadata, event.data) {
            Ok(event) => held.events.push(event),
            Err(status) => held.refused = Some(status),
        }
    }
    if !message.is_final && held.refused.is_none() {
        return Ok(None);
    }
    Ok(pending.remove(&key).map(|whole| (number, whole)))
}

/// Says that one append was given up, or ends the call.
fn given_up(status: Status) -> Result<Outcome, Status> {
    match status.code() {
        Code::Aborted => Ok(packed(Code::DeadlineExceeded, "Timeout", "Timeout", &Empty {})),
        // A real server leaves the code at its default.
        Code::Unavailable if status.message() == NOT_READY => {
            Ok(packed(Code::Ok, NOT_READY, "Empty", &Empty {}))
        }
        _ => Err(status),
    }
}

fn too_large() -> Outcome {
    let limit = MaximumAppendSizeExceeded { max_append_size: APPEND_BYTES_MAX as u32 };
    let name = "MaximumAppendSizeExceeded";
    packed(Code::InvalidArgument, name, name, &limit)
}

fn packed(code: Code, message: &str, kind: &str, details: &impl Message) -> Outcome {
    let type_url = format!("type.googleapis.com/event_store.client.{kind}");
    Outcome::Error(WireStatus {
        code: code.into(),
        message: message.to_owned(),
        details: Some(Packed { type_url, value: details.encode_to_vec().into() }),
    })
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
        Written::Tombstoned => {
            let stream = StreamDeleted { stream_identifier: Some(identifier(name)) };
            packed(Code::NotFound, "StreamDeleted", "StreamDeleted", &stream)
        }
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
            packed(Code::AlreadyExists, "WrongExpectedVersion", "WrongExpectedVersion", &wrong)
        }
    }
}

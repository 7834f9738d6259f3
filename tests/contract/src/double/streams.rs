//! The streams service of the double: what a caller asks, what the log answers,
//! and what is to go wrong between the two.

use std::{collections::BTreeMap, pin::Pin, sync::Arc};

use airside_store::kurrent::wire::{
    Empty, Uuid as WireUuid,
    streams::{
        AppendReq, AppendResp, BatchAppendReq, BatchAppendResp, DeleteReq, DeleteResp, ReadReq, ReadResp,
        TombstoneReq, TombstoneResp, append_req,
        append_resp::{
            self, Success, WrongExpectedVersion, success,
            wrong_expected_version::{
                CurrentRevisionOption, CurrentRevisionOption2060, ExpectedRevisionOption,
                ExpectedRevisionOption2060,
            },
        },
        delete_req, delete_resp,
        read_req::options::{
            self, CountOption, ReadDirection, StreamOption, all_options::AllOption,
            stream_options::RevisionOption, uuid_option,
        },
        streams_server::Streams,
        tombstone_req, tombstone_resp,
    },
    uuid::Value,
};
use bytes::Bytes;
use futures::{Stream, StreamExt};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Response, Status, Streaming, async_trait};
use uuid::Uuid;

use super::{
    batch,
    log::{Believed, Proposed, Written},
    reading::{Cursor, Filter, Subscription, Wanted, all_page, stream_page, tombstoned},
    world::{World, cut, refusal},
};

/// The most bytes of data in one append.
pub(super) const APPEND_BYTES_MAX: usize = 1_048_576;

/// How many answers wait for a caller that reads slowly.
const WAITING_MAX: usize = 16;

/// Appends to the log and reads it, as one node.
pub(super) struct Node {
    pub(super) world: Arc<World>,
    /// Which of the members it is.
    pub(super) number: usize,
}

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[async_trait]
impl Streams for Node {
    type ReadStream = Answers<ReadResp>;
    type BatchAppendStream = Answers<BatchAppendResp>;

    async fn read(&self, request: Request<ReadReq>) -> Result<Response<Answers<ReadResp>>, Status> {
        self.world.admit(self.number, request.metadata())?;
        let options = request.into_inner().options.ok_or_else(handler)?;
        if matches!(options.count_option, Some(CountOption::Subscription(_))) {
            return self.subscribe(&options).map(|answers| Response::new(Box::pin(answers) as Answers<_>));
        }
        let mut answers: Vec<_> = self.page(&options)?.into_iter().map(Ok).collect();
        let mut levers = self.world.levers();
        if levers.short_reads > 0 && !answers.is_empty() {
            levers.short_reads -= 1;
            answers.truncate(answers.len() / 2);
            answers.push(Err(cut()));
        }
        Ok(Response::new(Box::pin(tokio_stream::iter(answers))))
    }

    async fn append(&self, request: Request<Streaming<AppendReq>>) -> Result<Response<AppendResp>, Status> {
        self.world.admit(self.number, request.metadata())?;
        let mut messages = request.into_inner();
        let (mut options, mut events) = (None, Vec::new());
        while let Some(message) = messages.message().await? {
            match message.content {
                Some(append_req::Content::Options(found)) => options = Some(found),
                Some(append_req::Content::ProposedMessage(event)) => {
                    events.push(proposed(
                        event.id.as_ref(),
                        &event.metadata,
                        event.custom_metadata,
                        event.data,
                    )?);
                }
                None => return Err(handler()),
            }
        }
        let options = options.ok_or_else(handler)?;
        let name = name_of(options.stream_identifier.as_ref().map(|stream| &stream.stream_name))?;
        let believed = believed(options.expected_stream_revision.as_ref().ok_or_else(handler)?);
        within_limits(&events)?;
        let written = self.world.append(&name, believed, &events).await?;
        answer(&name, believed, written).map(Response::new)
    }

    async fn delete(&self, request: Request<DeleteReq>) -> Result<Response<DeleteResp>, Status> {
        self.world.admit(self.number, request.metadata())?;
        let options = request.into_inner().options.ok_or_else(handler)?;
        let name = name_of(options.stream_identifier.as_ref().map(|stream| &stream.stream_name))?;
        use delete_req::options::ExpectedStreamRevision as Expected;
        let believed = match options.expected_stream_revision.ok_or_else(handler)? {
            Expected::Revision(revision) => Believed::Revision(revision),
            Expected::NoStream(_) => Believed::NoStream,
            Expected::Any(_) => Believed::Any,
            Expected::StreamExists(_) => Believed::Exists,
        };
        let position = self.deleted(&name, believed, false)?;
        let position = delete_resp::Position { commit_position: position, prepare_position: position };
        let position_option = Some(delete_resp::PositionOption::Position(position));
        Ok(Response::new(DeleteResp { position_option }))
    }

    async fn tombstone(&self, request: Request<TombstoneReq>) -> Result<Response<TombstoneResp>, Status> {
        self.world.admit(self.number, request.metadata())?;
        let options = request.into_inner().options.ok_or_else(handler)?;
        let name = name_of(options.stream_identifier.as_ref().map(|stream| &stream.stream_name))?;
        use tombstone_req::options::ExpectedStreamRevision as Expected;
        let believed = match options.expected_stream_revision.ok_or_else(handler)? {
            Expected::Revision(revision) => Believed::Revision(revision),
            Expected::NoStream(_) => Believed::NoStream,
            Expected::Any(_) => Believed::Any,
            Expected::StreamExists(_) => Believed::Exists,
        };
        let position = self.deleted(&name, believed, true)?;
        let position = tombstone_resp::Position { commit_position: position, prepare_position: position };
        let position_option = Some(tombstone_resp::PositionOption::Position(position));
        Ok(Response::new(TombstoneResp { position_option }))
    }

    async fn batch_append(
        &self,
        request: Request<Streaming<BatchAppendReq>>,
    ) -> Result<Response<Answers<BatchAppendResp>>, Status> {
        self.world.admit(self.number, request.metadata())?;
        let (out, answers) = mpsc::channel(WAITING_MAX);
        let headers = request.metadata().clone();
        let call = batch::Call { world: self.world.clone(), node: self.number, headers };
        tokio::spawn(call.run(request.into_inner(), out));
        Ok(Response::new(Box::pin(ReceiverStream::new(answers))))
    }
}

impl Node {
    fn page(
        &self,
        options: &airside_store::kurrent::wire::streams::read_req::Options,
    ) -> Result<Vec<ReadResp>, Status> {
        let backwards = options.read_direction() == ReadDirection::Backwards;
        let count = match options.count_option {
            Some(CountOption::Count(count)) => usize::try_from(count).unwrap_or(usize::MAX),
            _ => 0,
        };
        let structured = is_structured(options.uuid_option.as_ref());
        let log = self.world.log();
        let known = self.world.known_to(self.number, log.records().len());
        match options.stream_option.as_ref().ok_or_else(handler)? {
            StreamOption::Stream(_) if count == 0 => {
                Err(Status::unknown("Unexpected ReadStreamResult: Error"))
            }
            StreamOption::All(_) if count == 0 => Err(Status::unknown("Unexpected ReadAllResult: Error")),
            StreamOption::Stream(stream) => {
                let name = name_of(stream.stream_identifier.as_ref().map(|stream| &stream.stream_name))?;
                let from = stream.revision_option.unwrap_or(RevisionOption::Start(Empty {}));
                let compatibility =
                    options.control_option.as_ref().map_or(0, |control| control.compatibility);
                stream_page((&log, known), &name, &from, backwards, count, structured, compatibility)
            }
            StreamOption::All(all) => {
                let from = all.all_option.unwrap_or(AllOption::Start(Empty {}));
                let filter = Filter::of(options.filter_option.as_ref())?;
                all_page((&log, known), &from, &filter, backwards, count, structured)
            }
        }
    }

    fn subscribe(
        &self,
        options: &airside_store::kurrent::wire::streams::read_req::Options,
    ) -> Result<impl Stream<Item = Result<ReadResp, Status>> + use<>, Status> {
        let (cursor, wanted) = {
            let log = self.world.log();
            match options.stream_option.as_ref().ok_or_else(handler)? {
                StreamOption::Stream(stream) => {
                    let name = name_of(stream.stream_identifier.as_ref().map(|stream| &stream.stream_name))?;
                    let from = stream.revision_option.unwrap_or(RevisionOption::Start(Empty {}));
                    (Cursor::stream(&log, &name, &from)?, Wanted::Stream(name.into()))
                }
                StreamOption::All(all) => {
                    let from = all.all_option.unwrap_or(AllOption::Start(Empty {}));
                    (Cursor::all(&log, &from)?, Wanted::All(Filter::of(options.filter_option.as_ref())?))
                }
            }
        };
        let (out, answers) = mpsc::channel(WAITING_MAX);
        let structured = is_structured(options.uuid_option.as_ref());
        let (world, node) = (self.world.clone(), self.number);
        let subscription = Subscription { world, node, wanted, structured, out };
        tokio::spawn(subscription.run(cursor));
        Ok(ReceiverStream::new(answers).boxed())
    }

    fn deleted(&self, name: &str, believed: Believed, for_ever: bool) -> Result<u64, Status> {
        match self.world.log().delete(name, believed, for_ever) {
            Written::Stored { position, .. } => Ok(position),
            Written::Tombstoned => Err(tombstoned(name)),
            Written::Conflict { current } => {
                let expected = match believed {
                    Believed::Any => "-2".to_owned(),
                    Believed::NoStream => "-1".to_owned(),
                    Believed::Exists => "-4".to_owned(),
                    Believed::Revision(revision) => revision.to_string(),
                };
                let actual = current.map_or_else(|| "-1".to_owned(), |current| current.to_string());
                let text = format!(
                    "Delete failed due to WrongExpectedVersion. Stream: {name}, Expected version: {expected}, Actual version: {actual}"
                );
                let trailers = [
                    ("exception", "wrong-expected-version"),
                    ("stream-name", name),
                    ("expected-version", &expected),
                    ("actual-version", &actual),
                ];
                Err(refusal(Code::FailedPrecondition, &text, &trailers))
            }
        }
    }
}

fn is_structured(option: Option<&options::UuidOption>) -> bool {
    matches!(option.and_then(|option| option.content.as_ref()), Some(uuid_option::Content::Structured(_)))
}

/// What a handler answers that met what it did not think of.
pub(super) fn handler() -> Status {
    Status::unknown("Exception was thrown by handler.")
}

pub(super) fn name_of(bytes: Option<&Bytes>) -> Result<String, Status> {
    let name = bytes.and_then(|bytes| String::from_utf8(bytes.to_vec()).ok()).filter(|name| !name.is_empty());
    name.ok_or_else(handler)
}

/// Reads an event that is to be appended.
pub(super) fn proposed(
    id: Option<&WireUuid>,
    metadata: &BTreeMap<String, String>,
    custom: Bytes,
    data: Bytes,
) -> Result<Proposed, Status> {
    let id = match id.and_then(|id| id.value.as_ref()).ok_or_else(handler)? {
        Value::String(text) => text.parse::<Uuid>().map_err(|_| handler())?,
        Value::Structured(halves) => {
            Uuid::from_u64_pair(halves.most_significant_bits as u64, halves.least_significant_bits as u64)
        }
    };
    if id.is_nil() {
        return Err(handler());
    }
    let required = |key: &str| {
        metadata.get(key).cloned().ok_or_else(|| {
            refusal(
                Code::InvalidArgument,
                &format!("Required Metadata Property '{key}' is missing"),
                &[
                    ("exception", "missing-required-metadata-property"),
                    ("required-metadata-properties", "type,content-type"),
                ],
            )
        })
    };
    Ok(Proposed { id, kind: required("type")?, content_type: required("content-type")?, custom, data })
}

pub(super) fn within_limits(events: &[Proposed]) -> Result<(), Status> {
    let bytes: usize = events.iter().map(|event| event.data.len()).sum();
    if bytes <= APPEND_BYTES_MAX {
        return Ok(());
    }
    let limit = APPEND_BYTES_MAX.to_string();
    Err(refusal(
        Code::InvalidArgument,
        &format!("Maximum Append Size of {limit} Exceeded."),
        &[("exception", "maximum-append-size-exceeded"), ("maximum-append-size", &limit)],
    ))
}

fn believed(expected: &append_req::options::ExpectedStreamRevision) -> Believed {
    use append_req::options::ExpectedStreamRevision as Expected;
    match expected {
        Expected::Revision(revision) => Believed::Revision(*revision),
        Expected::NoStream(_) => Believed::NoStream,
        Expected::Any(_) => Believed::Any,
        Expected::StreamExists(_) => Believed::Exists,
    }
}

fn answer(name: &str, believed: Believed, written: Written) -> Result<AppendResp, Status> {
    let result = match written {
        Written::Tombstoned => return Err(tombstoned(name)),
        Written::Stored { revision, position } => {
            let position = append_resp::Position { commit_position: position, prepare_position: position };
            append_resp::Result::Success(Success {
                current_revision_option: Some(match revision {
                    Some(revision) => success::CurrentRevisionOption::CurrentRevision(revision),
                    None => success::CurrentRevisionOption::NoStream(Empty {}),
                }),
                position_option: Some(success::PositionOption::Position(position)),
            })
        }
        Written::Conflict { current } => {
            append_resp::Result::WrongExpectedVersion(wrong_expected_version(believed, current))
        }
    };
    Ok(AppendResp { result: Some(result) })
}

fn wrong_expected_version(believed: Believed, current: Option<u64>) -> WrongExpectedVersion {
    use ExpectedRevisionOption as Expected;
    use ExpectedRevisionOption2060 as Former;
    let (expected, former) = match believed {
        // The former protocol had no word for it.
        Believed::NoStream => (Expected::ExpectedNoStream(Empty {}), Former::ExpectedRevision2060(u64::MAX)),
        Believed::Revision(revision) => {
            (Expected::ExpectedRevision(revision), Former::ExpectedRevision2060(revision))
        }
        Believed::Any => (Expected::ExpectedAny(Empty {}), Former::Any2060(Empty {})),
        Believed::Exists => (Expected::ExpectedStreamExists(Empty {}), Former::StreamExists2060(Empty {})),
    };
    let (now, formerly) = match current {
        Some(current) => (
            CurrentRevisionOption::CurrentRevision(current),
            CurrentRevisionOption2060::CurrentRevision2060(current),
        ),
        None => (
            CurrentRevisionOption::CurrentNoStream(Empty {}),
            CurrentRevisionOption2060::NoStream2060(Empty {}),
        ),
    };
    WrongExpectedVersion {
        current_revision_option_20_6_0: Some(formerly),
        expected_revision_option_20_6_0: Some(former),
        current_revision_option: Some(now),
        expected_revision_option: Some(expected),
    }
}

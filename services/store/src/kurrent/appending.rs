//! Appending: asked again with the same ids until it is known what became of it.
//!
//! With an expected revision the server answers a repeat as it answered the
//! first, so a lost reply costs nothing. Without one it knows a repeat only as
//! long as it remembers the ids; so a repeat looks for its own events first and
//! goes on from the revision that it saw. A conflict is an answer, and it is
//! final: had an earlier attempt been stored, the repeat would have succeeded.

use std::time::Duration;

use airside_kernel::{
    Append, AppendError, Appended, Direction, Expected, Position, ReadError, Revision, StreamId, Timestamp,
};
use tonic::Status;

use super::{
    call::Attempts,
    cluster::{Cluster, Member},
    envelope::{Proposal, seal, uuid},
    fault::Fault,
    reading::{client, stream_page},
    wire::{
        Empty, StreamIdentifier,
        streams::{
            AppendReq,
            append_req::{Content, Options, ProposedMessage, options::ExpectedStreamRevision},
            append_resp::{self, success, wrong_expected_version as wrong},
        },
    },
};

/// How far back a repeat looks for its own events, beyond their number.
const LOOK_BACK: usize = 200;

/// Appends events, and returns when they are durable or refused; `recorded_at` is given for a copy of
/// what another log recorded.
///
/// # Errors
/// When the stream is elsewhere, the append is too large, or no member answers in time.
pub(crate) async fn append(
    cluster: &Cluster,
    append: &Append,
    recorded_at: Option<Timestamp>,
) -> Result<Appended, AppendError> {
    let proposals: Vec<Proposal> =
        append.events.iter().map(|event| seal(event, append.fold_from, recorded_at)).collect();
    propose(cluster, append, &proposals).await
}

async fn propose(
    cluster: &Cluster,
    append: &Append,
    proposals: &[Proposal],
) -> Result<Appended, AppendError> {
    let mut attempts = Attempts::new(cluster);
    let mut expected = append.expected;
    loop {
        let attempt = attempts.make(|member, within| {
            let name = append.stream.as_str();
            once(cluster, member, name, expected, proposals, within)
        });
        let answer = match attempt.await {
            Ok(answer) => answer,
            Err(fault) => return Err(refusal(append, &fault)),
        };
        match answer {
            Some(append_resp::Result::Success(stored)) => return told(cluster, append, &stored).await,
            Some(append_resp::Result::WrongExpectedVersion(found)) if append.expected != Expected::Any => {
                let (stream, expected, current) = (append.stream.clone(), append.expected, current(&found));
                return Err(AppendError::Conflict { stream, expected, current });
            }
            // Any revision is agreed with: a repeat that named one tells only that others came between.
            Some(append_resp::Result::WrongExpectedVersion(_)) | None => {}
        }
        if append.expected == Expected::Any {
            match look_back(cluster, append).await.map_err(|error| unread(&error))? {
                Seen::Stored(appended) => return Ok(appended),
                Seen::Head(last) => expected = last.map_or(Expected::NoStream, Expected::Exact),
            }
        }
    }
}

async fn once(
    cluster: &Cluster,
    member: Member,
    name: &str,
    expected: Expected,
    proposals: &[Proposal],
    within: Duration,
) -> Result<append_resp::Result, Status> {
    let expected = match expected {
        Expected::NoStream => ExpectedStreamRevision::NoStream(Empty {}),
        Expected::Exact(revision) => ExpectedStreamRevision::Revision(revision.0),
        Expected::Any => ExpectedStreamRevision::Any(Empty {}),
    };
    let stream = StreamIdentifier { stream_name: name.as_bytes().to_vec().into() };
    let options = Options { stream_identifier: Some(stream), expected_stream_revision: Some(expected) };
    let mut messages = Vec::with_capacity(proposals.len() + 1);
    messages.push(AppendReq { content: Some(Content::Options(options)) });
    messages.extend(proposals.iter().map(|proposal| {
        let Proposal { id, metadata, custom, data } = proposal.clone();
        let message = ProposedMessage { id: Some(uuid(id)), metadata, custom_metadata: custom, data };
        AppendReq { content: Some(Content::ProposedMessage(message)) }
    }));
    let request = cluster.request(tokio_stream::iter(messages), Some(within));
    let answer = client(&member).append(request).await?.into_inner();
    answer.result.ok_or_else(|| Status::unavailable("the append was answered with nothing"))
}

/// Reads where an append was stored.
async fn told(
    cluster: &Cluster,
    append: &Append,
    stored: &append_resp::Success,
) -> Result<Appended, AppendError> {
    let last_revision = match &stored.current_revision_option {
        Some(success::CurrentRevisionOption::CurrentRevision(revision)) => Some(Revision(*revision)),
        Some(success::CurrentRevisionOption::NoStream(_)) | None => None,
    };
    if let Some(success::PositionOption::Position(position)) = &stored.position_option {
        let position = Position::from_parts(position.commit_position, position.prepare_position);
        return Ok(Appended { last_revision, position: Some(position) });
    }
    let page = stream_page(cluster, append.stream.as_str(), Direction::Backwards, last_revision, 1).await;
    let position =
        page.map_err(|error| unread(&error))?.events.first().map(airside_kernel::RecordedEvent::position);
    Ok(Appended { last_revision, position })
}

/// What a repeat finds at the end of its stream.
enum Seen {
    /// Its own events.
    Stored(Appended),
    /// Others' events, up to here.
    Head(Option<Revision>),
}

async fn look_back(cluster: &Cluster, append: &Append) -> Result<Seen, ReadError> {
    let limit = append.events.len() + LOOK_BACK;
    let page = stream_page(cluster, append.stream.as_str(), Direction::Backwards, None, limit).await?;
    let last = append.events.last().map(|event| event.id);
    Ok(match page.events.iter().find(|event| Some(event.id()) == last) {
        Some(own) => {
            Seen::Stored(Appended { last_revision: Some(own.revision()), position: Some(own.position()) })
        }
        None => Seen::Head(page.events.first().map(airside_kernel::RecordedEvent::revision)),
    })
}

/// Answers an append of nothing, without writing.
///
/// # Errors
/// When no member answers in time.
pub(crate) async fn nothing(cluster: &Cluster, stream: &StreamId) -> Result<Appended, AppendError> {
    let page = stream_page(cluster, stream.as_str(), Direction::Backwards, None, 1)
        .await
        .map_err(|error| unread(&error))?;
    let last_revision = page.events.first().map(airside_kernel::RecordedEvent::revision);
    Ok(Appended { last_revision, position: None })
}

fn current(found: &append_resp::WrongExpectedVersion) -> Option<Revision> {
    if let Some(wrong::CurrentRevisionOption::CurrentRevision(revision)) = &found.current_revision_option {
        return Some(Revision(*revision));
    }
    match &found.current_revision_option_20_6_0 {
        Some(wrong::CurrentRevisionOption2060::CurrentRevision2060(revision)) => Some(Revision(*revision)),
        _ => None,
    }
}

fn unread(error: &ReadError) -> AppendError {
    AppendError::Unavailable { reason: error.to_string() }
}

fn refusal(append: &Append, fault: &Fault) -> AppendError {
    match fault {
        Fault::TooLarge(limit) => AppendError::TooLarge {
            stream: append.stream.clone(),
            unit: "bytes",
            actual: append.events.iter().map(|event| event.payload.len() + event.metadata.len()).sum(),
            limit: *limit,
        },
        fault => AppendError::Unavailable { reason: fault.reason() },
    }
}

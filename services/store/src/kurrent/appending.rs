//! Appending: asked again with the same ids until it is known what became of it.
//!
//! A lone append is a call of its own; those of one hand-over to many streams go
//! together on a call that stays open. What an answer means, and when an append
//! is asked again, is the same on both roads.
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
    together::{APPENDS_MAX, Together},
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

/// What a node says of an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It is stored, now or since an earlier attempt.
    Stored(Appended),
    /// The stream is elsewhere.
    Elsewhere(Option<Revision>),
}

/// Which way an append goes to a node.
#[derive(Clone, Copy)]
pub(crate) enum Road<'a> {
    /// On a call of its own.
    Alone,
    /// With others on the call that stays open.
    Together(&'a Together),
}

/// One attempt of an append.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempt<'a> {
    pub(crate) append: &'a Append,
    /// What is believed of the stream now; at first what the append says.
    pub(crate) expected: Expected,
    /// When another log recorded it, for a copy of that log.
    pub(crate) recorded_at: Option<Timestamp>,
}

impl<'a> Attempt<'a> {
    /// Makes the first attempt.
    pub(crate) fn first(append: &'a Append, recorded_at: Option<Timestamp>) -> Self {
        Self { append, expected: append.expected, recorded_at }
    }

    /// Puts the events into their envelopes.
    pub(crate) fn proposals(&self) -> impl Iterator<Item = Proposal> {
        self.append.events.iter().map(|event| seal(event, self.append.fold_from, self.recorded_at))
    }
}

/// Appends events, and returns when they are durable or refused; `recorded_at` is given for a copy of
/// what another log recorded.
///
/// # Errors
/// When the stream is elsewhere, the append is too large, or no member answers in time.
pub(crate) async fn append(
    cluster: &Cluster,
    road: Road<'_>,
    append: &Append,
    recorded_at: Option<Timestamp>,
) -> Result<Appended, AppendError> {
    // Who waits for room on the open call has not begun: the time is for the asking.
    let _room = match road {
        Road::Alone => None,
        Road::Together(together) => Some(together.room().await),
    };
    let mut attempts = Attempts::new(cluster);
    let mut next = Attempt::first(append, recorded_at);
    loop {
        let attempt = attempts.make(|member, within| once(cluster, member, road, next, within));
        match attempt.await.map_err(|fault| refusal(append, &fault))? {
            Some(Answer::Stored(stored)) => return told(cluster, append, stored).await,
            Some(Answer::Elsewhere(current)) if append.expected != Expected::Any => {
                let (stream, expected) = (append.stream.clone(), append.expected);
                return Err(AppendError::Conflict { stream, expected, current });
            }
            // Any revision is agreed with: a repeat that named one tells only that others came between.
            Some(Answer::Elsewhere(_)) | None => {}
        }
        if append.expected == Expected::Any {
            match look_back(cluster, append).await.map_err(|error| unread(&error))? {
                Seen::Stored(appended) => return Ok(appended),
                Seen::Head(last) => next.expected = last.map_or(Expected::NoStream, Expected::Exact),
            }
        }
    }
}

/// Appends what another log recorded, in this order: all at once on the open call, on which nothing
/// overtakes. When that breaks, each is asked again for itself, one after another: what was stored answers
/// as before, and what was not follows it. Their positions tell whether the order was kept.
///
/// # Errors
/// As [`append`], for the first that was refused.
pub(crate) async fn in_order(
    cluster: &Cluster,
    together: &Together,
    appends: &[(Append, Timestamp)],
) -> Result<Vec<Appended>, AppendError> {
    let mut stored = Vec::with_capacity(appends.len());
    for part in appends.chunks(APPENDS_MAX) {
        let attempts = part.iter().map(|(append, at)| Attempt::first(append, Some(*at)));
        let mut at_once = Attempts::new(cluster);
        let answers = at_once.make(|member, within| async move {
            together.in_order(cluster, &member, attempts, within).await
        });
        match answers.await {
            Ok(Some(appended)) => stored.extend(appended),
            Ok(None) | Err(_) => {
                for (one, at) in part {
                    stored.push(append(cluster, Road::Alone, one, Some(*at)).await?);
                }
            }
        }
    }
    Ok(stored)
}

async fn once(
    cluster: &Cluster,
    member: Member,
    road: Road<'_>,
    attempt: Attempt<'_>,
    within: Duration,
) -> Result<Answer, Fault> {
    match road {
        Road::Alone => Ok(alone(cluster, &member, attempt, within).await?),
        Road::Together(together) => together.once(cluster, &member, attempt, within).await,
    }
}

async fn alone(
    cluster: &Cluster,
    member: &Member,
    attempt: Attempt<'_>,
    within: Duration,
) -> Result<Answer, Status> {
    let expected = match attempt.expected {
        Expected::NoStream => ExpectedStreamRevision::NoStream(Empty {}),
        Expected::Exact(revision) => ExpectedStreamRevision::Revision(revision.0),
        Expected::Any => ExpectedStreamRevision::Any(Empty {}),
    };
    let stream = identifier(&attempt.append.stream);
    let options = Options { stream_identifier: Some(stream), expected_stream_revision: Some(expected) };
    let mut messages = Vec::with_capacity(attempt.append.events.len() + 1);
    messages.push(AppendReq { content: Some(Content::Options(options)) });
    messages.extend(attempt.proposals().map(|Proposal { id, metadata, custom, data }| {
        let message = ProposedMessage { id: Some(uuid(id)), metadata, custom_metadata: custom, data };
        AppendReq { content: Some(Content::ProposedMessage(message)) }
    }));
    let request = cluster.request(tokio_stream::iter(messages), Some(within));
    match client(member).append(request).await?.into_inner().result {
        Some(append_resp::Result::Success(stored)) => Ok(Answer::Stored(appended(&stored))),
        Some(append_resp::Result::WrongExpectedVersion(found)) => Ok(Answer::Elsewhere(current(&found))),
        None => Err(Status::unavailable("the append was answered with nothing")),
    }
}

/// Names a stream as the protocol has it.
pub(crate) fn identifier(stream: &StreamId) -> StreamIdentifier {
    StreamIdentifier { stream_name: stream.as_str().as_bytes().to_vec().into() }
}

fn appended(stored: &append_resp::Success) -> Appended {
    let last_revision = match &stored.current_revision_option {
        Some(success::CurrentRevisionOption::CurrentRevision(revision)) => Some(Revision(*revision)),
        Some(success::CurrentRevisionOption::NoStream(_)) | None => None,
    };
    let position = match &stored.position_option {
        Some(success::PositionOption::Position(at)) => {
            Some(Position::from_parts(at.commit_position, at.prepare_position))
        }
        Some(success::PositionOption::NoPosition(_)) | None => None,
    };
    Appended { last_revision, position }
}

/// Looks up where an append was stored, when the node did not say.
async fn told(cluster: &Cluster, append: &Append, stored: Appended) -> Result<Appended, AppendError> {
    let Appended { last_revision, position: None } = stored else { return Ok(stored) };
    let page = stream_page(cluster, append.stream.as_str(), Direction::Backwards, last_revision, 1).await;
    let page = page.map_err(|error| unread(&error))?;
    let position = page.events.first().map(airside_kernel::RecordedEvent::position);
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

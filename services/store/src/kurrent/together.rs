//! Many appends on one call that stays open.
//!
//! A node takes about twice as many appends a second from one such call as from
//! calls of their own, once many are on their way. Each goes with a number of its
//! own and is answered by that number, in whatever order: what becomes of one says
//! nothing of the others, and a conflict ends nothing. Nothing is asked again
//! here; an attempt ends with an answer or a fault, as on a call of its own.
//!
//! The call belongs to the member that was chosen. When it breaks, all who wait
//! hear of it; the first gives the member up, and each asks again, with the ids of
//! its events, on the call to the next one. A call whose member was given up
//! lives on until the last who waits on it has left. A node does not end the call
//! when its caller says that no more will come, so the end is to cancel it.
//!
//! Who no longer waits takes his number with him. Of an append that was given up
//! nobody knows whether it was stored; its late answer is passed over.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use airside_kernel::{Appended, Expected, Position, Revision};
use futures::{StreamExt, stream};
use prost::Message;
use tokio::{
    sync::{Semaphore, SemaphorePermit, mpsc, oneshot},
    task::JoinHandle,
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, Streaming};
use uuid::Uuid;

use super::{
    appending::{Answer, Attempt, identifier},
    cluster::{Cluster, Member},
    envelope::{Proposal, id_of, uuid},
    fault::Fault,
    reading::client,
    wire::{
        Empty, MaximumAppendSizeExceeded, Seconds, Status as WireStatus, StreamDeleted, WrongExpectedVersion,
        streams::{
            BatchAppendReq, BatchAppendResp,
            batch_append_req::{Options, ProposedMessage, options},
            batch_append_resp::{Result as Outcome, Success, success},
        },
        wrong_expected_version::CurrentStreamRevisionOption,
    },
};

/// How many appends are on their way at once; more wait for their turn.
pub(crate) const APPENDS_MAX: usize = 1_024;

/// A message holds events up to this many bytes, or one event; a larger append goes in parts. Nodes take
/// messages of a few megabytes, and the events of one append may come to more once they are in their envelopes.
const MESSAGE_BYTES: usize = 256 * 1024;

/// What an event takes on the wire besides its data and metadata, about.
const EVENT_BYTES: usize = 160;

/// The open call to the chosen member, and the room on it.
pub(crate) struct Together {
    line: Mutex<Option<Arc<Line>>>,
    room: Semaphore,
}

impl Default for Together {
    fn default() -> Self {
        Self { line: Mutex::default(), room: Semaphore::new(APPENDS_MAX) }
    }
}

impl Together {
    /// Waits for room for one append, which has it for all its attempts.
    pub(crate) async fn room(&self) -> SemaphorePermit<'_> {
        self.room.acquire().await.expect("the room is never closed")
    }

    /// Makes one attempt of an append.
    ///
    /// # Errors
    /// When the node refused this append, or the call ended before it was answered.
    pub(crate) async fn once(
        &self,
        cluster: &Cluster,
        member: &Member,
        attempt: Attempt<'_>,
        within: Duration,
    ) -> Result<Answer, Fault> {
        let line = self.line(cluster, member);
        line.ask(attempt, within).await?.answer().await
    }

    /// Makes one attempt of several appends, which reach the node in this order; they wait for nobody's room.
    ///
    /// # Errors
    /// When one was refused or is a conflict, or the call ended before all were answered. Others may be stored.
    pub(crate) async fn in_order<'a>(
        &self,
        cluster: &Cluster,
        member: &Member,
        attempts: impl Iterator<Item = Attempt<'a>>,
        within: Duration,
    ) -> Result<Vec<Appended>, Fault> {
        let line = self.line(cluster, member);
        let mut asked = Vec::new();
        for attempt in attempts {
            asked.push(line.ask(attempt, within).await?);
        }
        let mut stored = Vec::with_capacity(asked.len());
        for one in asked {
            match one.answer().await? {
                Answer::Stored(appended) => stored.push(appended),
                Answer::Elsewhere(_) => return Err(Fault::Refused("an append is a conflict".to_owned())),
            }
        }
        Ok(stored)
    }

    /// Returns the open call to a member, and opens it when there is none.
    fn line(&self, cluster: &Cluster, member: &Member) -> Arc<Line> {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        match &*line {
            Some(open) if open.turn == member.turn && open.waiting.is_open() => Arc::clone(open),
            _ => Arc::clone(line.insert(Arc::new(Line::open(cluster, member)))),
        }
    }
}

/// One open call.
struct Line {
    /// Which choice of a member it goes to.
    turn: u64,
    /// Takes the messages of one append at a time, all of them or none.
    out: mpsc::Sender<Vec<BatchAppendReq>>,
    waiting: Arc<Waiting>,
    task: JoinHandle<()>,
}

impl Line {
    fn open(cluster: &Cluster, member: &Member) -> Self {
        let (out, messages) = mpsc::channel(APPENDS_MAX);
        let request = cluster.request(ReceiverStream::new(messages).flat_map(stream::iter), None);
        let (waiting, mut client) = (Arc::<Waiting>::default(), client(member));
        let task = tokio::spawn({
            let waiting = Arc::clone(&waiting);
            async move {
                let ended = match client.batch_append(request).await {
                    Ok(answers) => waiting.hear(answers.into_inner()).await,
                    Err(status) => status,
                };
                waiting.end(&Fault::of(&ended));
            }
        });
        Self { turn: member.turn, out, waiting, task }
    }

    /// Sends an append on its way. Appends reach the node in the order in which they are asked for.
    async fn ask(&self, attempt: Attempt<'_>, within: Duration) -> Result<Asked, Fault> {
        let number = Uuid::new_v4();
        let asked = self.waiting.enter(number)?;
        match self.out.send(messages(number, attempt, within)).await {
            Ok(()) => Ok(asked),
            Err(_) => Err(ended()),
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An append that is on its way.
struct Asked {
    number: Uuid,
    answer: oneshot::Receiver<Result<Answer, Fault>>,
    waiting: Arc<Waiting>,
}

impl Asked {
    async fn answer(mut self) -> Result<Answer, Fault> {
        (&mut self.answer).await.unwrap_or_else(|_| Err(ended()))
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.waiting.state().answers.remove(&self.number);
    }
}

/// Who waits for an answer on a call.
#[derive(Default)]
struct Waiting(Mutex<State>);

#[derive(Default)]
struct State {
    /// Why the call ended.
    ended: Option<Fault>,
    answers: HashMap<Uuid, oneshot::Sender<Result<Answer, Fault>>>,
}

impl Waiting {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_open(&self) -> bool {
        self.state().ended.is_none()
    }

    fn enter(self: &Arc<Self>, number: Uuid) -> Result<Asked, Fault> {
        let (tell, answer) = oneshot::channel();
        let mut state = self.state();
        if let Some(ended) = &state.ended {
            return Err(ended.clone());
        }
        state.answers.insert(number, tell);
        drop(state);
        Ok(Asked { number, answer, waiting: Arc::clone(self) })
    }

    /// Hands answers to whom they are for until the call ends; returns how it did.
    async fn hear(&self, mut answers: Streaming<BatchAppendResp>) -> Status {
        loop {
            let answer = match answers.message().await {
                Ok(Some(answer)) => answer,
                Ok(None) => return Status::unavailable("the node ended the call"),
                Err(status) => return status,
            };
            let number = id_of(answer.correlation_id.as_ref());
            let waiter = number.and_then(|number| self.state().answers.remove(&number));
            if let Some(waiter) = waiter {
                // Who has left meanwhile needs no answer.
                let _ = waiter.send(meaning(answer));
            }
        }
    }

    fn end(&self, fault: &Fault) {
        let answers = {
            let mut state = self.state();
            state.ended = Some(fault.clone());
            std::mem::take(&mut state.answers)
        };
        answers.into_values().for_each(|waiter| drop(waiter.send(Err(fault.clone()))));
    }
}

fn ended() -> Fault {
    Fault::Broken("the call on which appends go together has ended".to_owned())
}

/// Writes an append as messages, each within its bounds.
fn messages(number: Uuid, attempt: Attempt<'_>, within: Duration) -> Vec<BatchAppendReq> {
    use options::{DeadlineOption, ExpectedStreamPosition};
    let expected = match attempt.expected {
        Expected::NoStream => ExpectedStreamPosition::NoStream(Empty {}),
        Expected::Exact(revision) => ExpectedStreamPosition::StreamPosition(revision.0),
        Expected::Any => ExpectedStreamPosition::Any(Empty {}),
    };
    let deadline = Seconds {
        seconds: i64::try_from(within.as_secs()).unwrap_or(i64::MAX),
        nanos: i32::try_from(within.subsec_nanos()).expect("less than a second has few nanoseconds"),
    };
    let options = Options {
        stream_identifier: Some(identifier(&attempt.append.stream)),
        expected_stream_position: Some(expected),
        deadline_option: Some(DeadlineOption::Deadline(deadline)),
    };
    let empty = || BatchAppendReq { correlation_id: Some(uuid(number)), ..BatchAppendReq::default() };
    let mut parts = Vec::with_capacity(1);
    let (mut part, mut bytes) = (BatchAppendReq { options: Some(options), ..empty() }, 0);
    for Proposal { id, metadata, custom, data } in attempt.proposals() {
        let event = data.len() + custom.len() + EVENT_BYTES;
        if bytes + event > MESSAGE_BYTES && !part.proposed_messages.is_empty() {
            parts.push(std::mem::replace(&mut part, empty()));
            bytes = 0;
        }
        bytes += event;
        let message = ProposedMessage { id: Some(uuid(id)), metadata, custom_metadata: custom, data };
        part.proposed_messages.push(message);
    }
    part.is_final = true;
    parts.push(part);
    parts
}

/// Reads what became of one append.
fn meaning(answer: BatchAppendResp) -> Result<Answer, Fault> {
    match answer.result {
        Some(Outcome::Success(stored)) => Ok(Answer::Stored(appended(&stored))),
        Some(Outcome::Error(error)) => refused(error),
        None => Err(Fault::Broken("the append was answered with nothing".to_owned())),
    }
}

fn appended(stored: &Success) -> Appended {
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

/// Reads why an append was refused; what a node packs beside its words says it best.
fn refused(error: WireStatus) -> Result<Answer, Fault> {
    let details = error.details.unwrap_or_default();
    let unread = |_| Fault::Broken(format!("what the node says of {} cannot be read", error.message));
    match details.type_url.rsplit('.').next() {
        Some("WrongExpectedVersion") => {
            let found = WrongExpectedVersion::decode(details.value).map_err(unread)?;
            Ok(Answer::Elsewhere(match found.current_stream_revision_option {
                Some(CurrentStreamRevisionOption::CurrentStreamRevision(at)) => Some(Revision(at)),
                Some(CurrentStreamRevisionOption::CurrentNoStream(_)) | None => None,
            }))
        }
        Some("MaximumAppendSizeExceeded") => {
            let found = MaximumAppendSizeExceeded::decode(details.value).map_err(unread)?;
            Err(Fault::TooLarge(usize::try_from(found.max_append_size).unwrap_or(usize::MAX)))
        }
        Some("StreamDeleted") => {
            let found = StreamDeleted::decode(details.value).map_err(unread)?;
            let name = found.stream_identifier.unwrap_or_default().stream_name;
            Err(Fault::deleted(&String::from_utf8_lossy(&name)))
        }
        // A node that is starting or busy says so in words and leaves the code at its default, OK.
        _ => Err(match Code::from_i32(error.code) {
            Code::Ok => Fault::Broken(error.message),
            code => Fault::of(&Status::new(code, error.message)),
        }),
    }
}

#[cfg(test)]
mod tests;

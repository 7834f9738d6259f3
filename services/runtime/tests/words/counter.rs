//! Two deciders to run: a counter with personal notes, and a meter that forgets.

use airside_api::{privacy::v1 as privacy, runtime::v1 as runtime};
use airside_kernel::{
    Category, Cause, Causes, Classified, Code, Decider, DecodeError, Personal, PersonalField, RecordedEvent,
    StoredEvent, SubjectId,
};
use airside_runtime::stored;
use bytes::Bytes;
use prost::Message;
use thiserror::Error;

/// What a counter holds at most.
pub(crate) const FULL: u64 = 1_000_000;

pub(crate) struct Counter;

#[derive(Debug, Clone)]
pub(crate) enum Command {
    Add(u64),
    /// Adds one, once for each cause.
    React(Cause),
    /// Adds one in a fact of at least this many bytes.
    Heavy(usize),
    Empty,
    Note(SubjectId, String),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fact {
    Added { by: u64, cause: Option<Cause>, weight: Bytes },
    Emptied,
    Noted { subject: SubjectId, note: Personal },
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct State {
    pub(crate) total: u64,
    pub(crate) notes: Vec<Personal>,
    causes: Causes,
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("counter is full")]
pub(crate) struct Full;

impl Classified for Full {
    fn code(&self) -> Code {
        Code::FailedPrecondition
    }
}

impl Decider for Counter {
    type Command = Command;
    type Event = Fact;
    type State = State;
    type Rejection = Full;

    fn decide(state: &State, command: Command) -> Result<Vec<Fact>, Full> {
        let (by, cause, weight) = match command {
            Command::Add(0) => return Ok(vec![]),
            Command::React(cause) if state.causes.seen(&cause) => return Ok(vec![]),
            Command::Empty => return Ok(if state.total == 0 { vec![] } else { vec![Fact::Emptied] }),
            Command::Note(subject, note) => {
                let note = Personal::Known(note);
                let is_known = state.notes.last() == Some(&note);
                return Ok(if is_known { vec![] } else { vec![Fact::Noted { subject, note }] });
            }
            Command::Add(by) => (by, None, Bytes::new()),
            Command::React(cause) => (1, Some(cause), Bytes::new()),
            Command::Heavy(bytes) => (1, None, vec![7; bytes].into()),
        };
        if state.total + by > FULL { Err(Full) } else { Ok(vec![Fact::Added { by, cause, weight }]) }
    }

    fn evolve(mut state: State, fact: &Fact) -> State {
        match fact {
            Fact::Added { by, cause, .. } => {
                state.total += by;
                cause.iter().for_each(|cause| state.causes.note(cause));
            }
            Fact::Emptied => state.total = 0,
            Fact::Noted { note, .. } => state.notes.push(note.clone()),
        }
        state
    }
}

#[derive(Message)]
struct AddedMessage {
    #[prost(uint64, tag = "1")]
    by: u64,
    #[prost(message, optional, tag = "2")]
    cause: Option<runtime::Cause>,
    #[prost(bytes = "bytes", tag = "3")]
    weight: Bytes,
}

#[derive(Message)]
struct NotedMessage {
    #[prost(string, tag = "1")]
    subject: String,
    #[prost(message, optional, tag = "2")]
    note: Option<privacy::Sealed>,
}

impl StoredEvent for Fact {
    type Facts = [Self; 1];

    fn event_type(&self) -> &'static str {
        match self {
            Self::Added { .. } => "counter.Added",
            Self::Emptied => "counter.Emptied",
            Self::Noted { .. } => "counter.Noted",
        }
    }

    fn encode(&self) -> Bytes {
        match self {
            Self::Added { by, cause, weight } => {
                let cause = cause.as_ref().map(stored::cause_message);
                AddedMessage { by: *by, cause, weight: weight.clone() }.encode_to_vec().into()
            }
            Self::Emptied => Bytes::new(),
            Self::Noted { subject, note } => {
                let message = NotedMessage { subject: subject.to_string(), note: Some(stored::sealed(note)) };
                message.encode_to_vec().into()
            }
        }
    }

    fn decode(event: &RecordedEvent) -> Result<[Self; 1], DecodeError> {
        let damaged = |error: prost::DecodeError| DecodeError::malformed("counter", error.to_string());
        let fact = match event.type_up_to(1)? {
            "counter.Added" => {
                let message = AddedMessage::decode(event.payload()).map_err(damaged)?;
                let cause = message.cause.map(stored::cause);
                Ok(Self::Added { by: message.by, cause, weight: message.weight })
            }
            "counter.Emptied" => Ok(Self::Emptied),
            "counter.Noted" => {
                let message = NotedMessage::decode(event.payload()).map_err(damaged)?;
                let note = stored::personal(message.note.unwrap_or_default())?;
                Ok(Self::Noted { subject: SubjectId::new(message.subject), note })
            }
            _ => Err(DecodeError::unknown(event)),
        };
        fact.map(|fact| [fact])
    }

    fn personal_fields(&mut self, visit: &mut dyn FnMut(PersonalField<'_>)) {
        if let Self::Noted { subject, note } = self {
            visit(PersonalField {
                subject: subject.clone(),
                category: Category::Identity,
                field: 2,
                slot: note,
            });
        }
    }
}

/// A meter whose last `KEPT` readings tell all.
pub(crate) struct Meter<const KEPT: u64>;

/// The meter showed this. What is stored may hold several readings, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Read(pub(crate) u64);

#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("meter never refuses")]
pub(crate) enum Never {}

impl<const KEPT: u64> Decider for Meter<KEPT> {
    type Command = u64;
    type Event = Read;
    type State = Option<u64>;
    type Rejection = Never;

    fn decide(_: &Option<u64>, shown: u64) -> Result<Vec<Read>, Never> {
        Ok(vec![Read(shown)])
    }

    fn evolve(_: Option<u64>, read: &Read) -> Option<u64> {
        Some(read.0)
    }

    fn forgets(_: &Option<u64>, folded: u64) -> u64 {
        folded.saturating_sub(KEPT)
    }
}

impl StoredEvent for Read {
    type Facts = Vec<Self>;

    fn event_type(&self) -> &'static str {
        "meter.Read"
    }

    fn encode(&self) -> Bytes {
        Bytes::copy_from_slice(&self.0.to_le_bytes())
    }

    fn decode(event: &RecordedEvent) -> Result<Vec<Self>, DecodeError> {
        let (readings, rest) = event.payload().as_chunks();
        match rest {
            [] => Ok(readings.iter().map(|bytes| Self(u64::from_le_bytes(*bytes))).collect()),
            _ => Err(DecodeError::unknown(event)),
        }
    }
}

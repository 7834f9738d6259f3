//! The parts of a message, kept by their places until all are there. Pure.
//!
//! Stream `parts-<source>`. Parts of one message share type, source letter, airport
//! and reference. They may come in any order and between those of others; a part
//! that says what is kept already is a repeat. Without a reference they must follow
//! one another from the first to the last, with no other such part between them.
//!
//! Nobody looks at a clock: a message waits ten minutes by the stored times of
//! receipt, and what is stored later strikes it. What cannot be told is given up
//! whole, because half of a message would be half of its bags: a part that never
//! comes, one number with two meanings, a part that fits nowhere. What is kept is
//! bounded in number and in how far back it lies.

mod stored;

use airside_kernel::{Cause, Classified, Code, Decider, Revision, Timestamp};
use bytes::Bytes;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How long after its first part a message waits for the others.
pub const DEADLINE: SignedDuration = SignedDuration::from_mins(10);
/// How many messages of one source wait for parts; the oldest gives way.
pub const MAX_OPEN: usize = 64;
/// How many facts back a message may have begun, so that a source folds in bounded time.
const MAX_SPAN: u64 = 8_192;

/// A part did not come in time.
pub const MISSING: &str = "parts-missing";
/// One number came with two meanings.
pub const CONFLICT: &str = "parts-conflict";
/// Parts without a reference did not follow one another.
pub const UNCLEAR: &str = "parts-unclear";
/// Too many messages wait.
pub const CROWDED: &str = "parts-crowded";

/// What the parts of one message have in common.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PartKey {
    /// Message type, such as `BTM`.
    pub message_type: String,
    /// Source letter of `.V`; may be empty.
    pub source: String,
    /// Airport of `.V`; may be empty.
    pub airport: String,
    /// The sender's reference; empty when it gave none.
    pub reference: String,
}

/// One part, and where its bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessagePart {
    /// Its number, 1 to 99.
    pub number: u8,
    /// Whether no part follows it.
    pub is_last: bool,
    /// The raw message that holds it.
    pub message: Revision,
    /// Its place among the messages of those bytes.
    pub index: u32,
    /// Keyed fingerprint of its elements; empty when the key was gone.
    pub fingerprint: Bytes,
}

/// A fact of the parts of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartsEvent {
    /// A part came.
    Kept(PartKept),
    /// Every part is there.
    Completed(MessageCompleted),
    /// The parts will not be read.
    GivenUp(PartsGivenUp),
}

/// A part came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartKept {
    /// Which message it is of.
    pub key: PartKey,
    /// Which part.
    pub part: MessagePart,
    /// When the gateway had it.
    pub received_at: Timestamp,
    /// The stored message that held it.
    pub cause: Cause,
}

/// Every part of a message is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageCompleted {
    /// Which message.
    pub key: PartKey,
    /// Its parts in their order.
    pub parts: Vec<MessagePart>,
    /// When the gateway had the part that came first.
    pub received_at: Timestamp,
}

/// The parts of a message will not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartsGivenUp {
    /// Which message.
    pub key: PartKey,
    /// The parts that had come, as they came.
    pub parts: Vec<MessagePart>,
    /// Numbers that had not come, as far as they are known.
    pub missing: Vec<u8>,
    /// Stable code of the reason.
    pub code: String,
    /// The stored message that struck it.
    pub cause: Cause,
}

/// An order about the parts of a source.
#[derive(Debug, Clone)]
pub enum PartsCommand {
    /// Keep a part that came.
    Keep(PartKept),
    /// Give up what waits too long.
    Expire {
        /// What the clock shows.
        now: Timestamp,
        /// The fact that set the deadline.
        cause: Cause,
    },
}

/// It is kept already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the part is kept already")]
pub struct KeptAlready;

impl Classified for KeptAlready {
    fn code(&self) -> Code {
        Code::FailedPrecondition
    }
}

/// The rules of `parts-<source>`.
#[derive(Debug)]
pub struct Parts;

/// What waits for parts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Waiting {
    /// In the order in which they began.
    open: Vec<Open>,
    /// The newest stored message that brought a part, with the place of that part.
    last: Option<(Cause, u64)>,
    folded: u64,
}

/// A message that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Open {
    key: PartKey,
    /// As they came.
    parts: Vec<MessagePart>,
    began_at: Timestamp,
    /// The place of its first part in the fold.
    place: u64,
}

/// How a part fits to what waits under its key.
enum Fit {
    Joins,
    Repeats,
    /// It begins a message anew where another waits.
    Interrupts,
    Not(&'static str),
}

impl Decider for Parts {
    type Command = PartsCommand;
    type Event = PartsEvent;
    type State = Waiting;
    type Rejection = KeptAlready;

    fn decide(waiting: &Waiting, command: PartsCommand) -> Result<Vec<PartsEvent>, KeptAlready> {
        match command {
            PartsCommand::Keep(kept) => keep(waiting, kept),
            PartsCommand::Expire { now, cause } => {
                let gone = waiting.open.iter().filter(|open| open.is_overdue(now));
                Ok(gone.map(|open| open.given_up(MISSING, None, &cause)).collect())
            }
        }
    }

    fn evolve(mut waiting: Waiting, event: &PartsEvent) -> Waiting {
        match event {
            PartsEvent::Kept(kept) => waiting.keep(kept),
            PartsEvent::Completed(MessageCompleted { key, .. })
            | PartsEvent::GivenUp(PartsGivenUp { key, .. }) => waiting.open.retain(|open| open.key != *key),
        }
        waiting.folded += 1;
        waiting
    }

    fn forgets(waiting: &Waiting, folded: u64) -> u64 {
        let began = waiting.open.iter().map(|open| open.place);
        began.chain(waiting.last.as_ref().map(|(_, place)| *place)).min().unwrap_or(folded)
    }
}

fn keep(waiting: &Waiting, kept: PartKept) -> Result<Vec<PartsEvent>, KeptAlready> {
    // They come in the order of their source, so the newest tells of all before it.
    if waiting.last.as_ref().is_some_and(|(last, _)| kept.cause <= *last) {
        return Err(KeptAlready);
    }
    let mut facts = Vec::new();
    let mut stay = Vec::with_capacity(waiting.open.len());
    for open in &waiting.open {
        if open.is_overdue(kept.received_at) {
            facts.push(open.given_up(MISSING, None, &kept.cause));
        } else if waiting.folded - open.place > MAX_SPAN {
            facts.push(open.given_up(CROWDED, None, &kept.cause));
        } else {
            stay.push(open);
        }
    }
    let open = stay.iter().find(|open| open.key == kept.key).copied();
    match fit(open, &kept) {
        Fit::Repeats if facts.is_empty() => return Err(KeptAlready),
        Fit::Repeats => {}
        Fit::Joins => {
            if open.is_none() && stay.len() >= MAX_OPEN {
                facts.push(stay[0].given_up(CROWDED, None, &kept.cause));
            }
            let complete = open.and_then(|open| open.completed_by(&kept.part));
            facts.push(PartsEvent::Kept(kept));
            facts.extend(complete.map(PartsEvent::Completed));
        }
        Fit::Interrupts => {
            facts.extend(open.map(|open| open.given_up(UNCLEAR, None, &kept.cause)));
            facts.push(PartsEvent::Kept(kept));
        }
        Fit::Not(code) => {
            let alone = Open { parts: Vec::new(), ..Open::begin(&kept, 0) };
            let given_up = open.unwrap_or(&alone).given_up(code, Some(&kept.part), &kept.cause);
            facts.extend([PartsEvent::Kept(kept), given_up]);
        }
    }
    Ok(facts)
}

fn fit(open: Option<&Open>, kept: &PartKept) -> Fit {
    let (part, in_turn) = (&kept.part, kept.key.reference.is_empty());
    let Some(open) = open else {
        return if in_turn && part.number != 1 { Fit::Not(UNCLEAR) } else { Fit::Joins };
    };
    if open.parts.iter().any(|known| known.says_as(part)) {
        return Fit::Repeats;
    }
    match in_turn {
        true if part.number == 1 => Fit::Interrupts,
        true if usize::from(part.number) != open.parts.len() + 1 => Fit::Not(UNCLEAR),
        false if open.contradicts(part) => Fit::Not(CONFLICT),
        _ => Fit::Joins,
    }
}

impl Waiting {
    fn keep(&mut self, kept: &PartKept) {
        self.last = Some((kept.cause.clone(), self.folded));
        match self.open.iter_mut().find(|open| open.key == kept.key) {
            Some(open) => open.parts.push(kept.part.clone()),
            None => self.open.push(Open::begin(kept, self.folded)),
        }
    }
}

impl Open {
    fn begin(kept: &PartKept, place: u64) -> Self {
        let (key, parts) = (kept.key.clone(), vec![kept.part.clone()]);
        Self { key, parts, began_at: kept.received_at, place }
    }

    fn is_overdue(&self, now: Timestamp) -> bool {
        overdue_at(self.began_at) <= now
    }

    fn last(&self) -> Option<u8> {
        self.parts.iter().find(|part| part.is_last).map(|part| part.number)
    }

    /// Whether a part cannot be of the same message as those that came.
    fn contradicts(&self, part: &MessagePart) -> bool {
        let ends_early = part.is_last && self.parts.iter().any(|known| known.number > part.number);
        let is_past_end = self.last().is_some_and(|last| part.is_last || part.number > last);
        ends_early || is_past_end || self.parts.iter().any(|known| known.number == part.number)
    }

    fn completed_by(&self, part: &MessagePart) -> Option<MessageCompleted> {
        let last = if part.is_last { part.number } else { self.last()? };
        let mut parts = self.parts.clone();
        parts.push(part.clone());
        parts.sort_by_key(|part| part.number);
        let (key, received_at) = (self.key.clone(), self.began_at);
        (parts.len() == usize::from(last)).then_some(MessageCompleted { key, parts, received_at })
    }

    /// Returns that it is given up, with the part that does not fit.
    fn given_up(&self, code: &str, with: Option<&MessagePart>, cause: &Cause) -> PartsEvent {
        let end = self.last().or_else(|| self.parts.iter().map(|part| part.number).max()).unwrap_or(0);
        let came = |number: &u8| self.parts.iter().any(|part| part.number == *number);
        PartsEvent::GivenUp(PartsGivenUp {
            key: self.key.clone(),
            parts: self.parts.iter().chain(with).cloned().collect(),
            missing: (1..=end).filter(|number| !came(number)).collect(),
            code: code.to_owned(),
            cause: cause.clone(),
        })
    }
}

impl MessagePart {
    /// Whether another part says the same as this one.
    fn says_as(&self, other: &Self) -> bool {
        (self.number, self.is_last, &self.fingerprint) == (other.number, other.is_last, &other.fingerprint)
            && !self.fingerprint.is_empty()
    }
}

impl PartsEvent {
    /// Returns which message it speaks of.
    pub fn key(&self) -> &PartKey {
        match self {
            Self::Kept(PartKept { key, .. })
            | Self::Completed(MessageCompleted { key, .. })
            | Self::GivenUp(PartsGivenUp { key, .. }) => key,
        }
    }
}

impl MessageCompleted {
    /// Returns where the part that came last is: its raw message, and its place in it.
    pub fn came_last(&self) -> (Revision, u32) {
        self.parts.iter().map(|part| (part.message, part.index)).max().unwrap_or_default()
    }
}

impl PartsGivenUp {
    /// Says why, and what to do.
    pub fn reason(&self) -> String {
        let remedy = "send all of its parts again";
        let missing: Vec<_> = self.missing.iter().map(ToString::to_string).collect();
        let has_last = self.parts.iter().any(|part| part.is_last);
        match self.code.as_str() {
            CONFLICT => {
                format!("its parts contradict one another: a number came with two meanings; {remedy}")
            }
            UNCLEAR => {
                "its parts have no reference and did not follow one another; send one in .V".to_owned()
            }
            CROWDED => format!("too many messages of this source wait for parts; {remedy}"),
            _ if missing.is_empty() => format!("the last part did not come within ten minutes; {remedy}"),
            _ if has_last => {
                format!("part {} did not come within ten minutes; {remedy}", missing.join(", "))
            }
            _ => {
                format!("part {} and the last did not come within ten minutes; {remedy}", missing.join(", "))
            }
        }
    }
}

/// Returns from when on a message that began at an instant waits no longer.
pub(crate) fn overdue_at(began_at: Timestamp) -> Timestamp {
    began_at.checked_add(DEADLINE).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;

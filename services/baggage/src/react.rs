//! Reactor `baggage.parse`: a stored message becomes what it says of each bag.
//!
//! Reading is deterministic and repeatable: the same bytes with the same stored
//! time of receipt say the same. Each thing said carries its message and index
//! as its id, so that reading a message again adds nothing. What a message says that
//! its source sends again within ten minutes is refused by each plate of which
//! nothing else was said in between; each reading without a tag is one more.
//!
//! A part of a message is kept in `parts-<source>` and says nothing by itself. The
//! fact that all are there makes this reactor open them again, join them and read
//! the whole once; what it says has its id from the part that came last. A message
//! that waits too long for a part is given up when the clock says so.
//!
//! Which flight a message means is taken from the schedule as it was known up to the
//! message, so that every node says the same (see [`Operating`]): a schedule that comes
//! behind a message waits until the message was read.
//!
//! A message that an operator takes from quarantine to be read again is read by the
//! present parser under the ids that it had: what an older one said is replaced.
//!
//! Messages wait sealed and are read a few at a time, because one may name
//! thousands of bags; one that names more than [`RAW_BAGS_MAX`] is used in no part. A stream that cannot be read quarantines what was meant for
//! it and stops nobody else; a log that cannot be written makes all wait.

mod orders;
mod pieces;
mod reading;
mod repeats;
mod waits;

use std::{collections::VecDeque, sync::Arc};

use airside_api::baggage::v1::{LegRole, Resolution};
use airside_kernel::{
    Classified, Code, DecodeError, EventStore, Kept, Keyring, Personal, RecordedEvent, StoredEvent, StreamId,
    Timestamp,
};
use airside_runtime::{
    executor::{ExecuteError, Executor, Order},
    reactors::{ReactError, Reactor},
    status::chain,
    telemetry::Metrics,
};
use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) use self::orders::is_lasting;
pub use self::repeats::Repeated;
use self::{
    orders::{Pending, ToBag, keep_parts, quarantine_order, refused_order, settle, stuck_order},
    reading::Reading,
    repeats::{Earlier, Repeats},
    waits::Waits,
};
use crate::{
    decide::{Bag, Observe, Rejection},
    ingest::{BAGS_MAX, PARSER_VERSION, Parsed, RAW_BAGS_MAX, decode, messages, part_head},
    loading::{Loading, LoadingMoved, loading_stream},
    model::{JourneyId, Observation, message_observation_id},
    operating::{Operating, Scheduled},
    parts::{MessageCompleted, Parts, PartsEvent, PartsGivenUp},
    source::{MessageReceived, MessageResolved, NoReads, Quarantine, QuarantineCommand, TagNotRead},
    sources::events::SourceEvent,
    translate::{Said, Unusable, What, too_many_bags, translate},
};

/// How many commands are gathered before they are carried out.
const MAX_GATHERED: usize = 1_024;

/// The reactor.
pub struct Parse {
    store: Arc<dyn EventStore>,
    keys: Arc<dyn Keyring>,
    metrics: Metrics,
    targets: Targets,
    repeated: Repeated,
    memory: Memory,
    waiting: VecDeque<Work>,
    pending: Pending,
}

/// The executors of what the reactor orders.
pub struct Targets {
    /// Plates.
    pub bags: Executor<Bag>,
    /// Parts of messages.
    pub parts: Executor<Parts>,
    /// What cannot be used.
    pub quarantine: Executor<Quarantine>,
    /// Readings without a tag.
    pub no_reads: Executor<NoReads>,
    /// The loading of flights.
    pub loadings: Executor<Loading>,
}

/// What the reactor has folded.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Memory {
    repeats: Repeats,
    waits: Waits,
    operating: Operating,
}

/// A stored fact to act on.
enum Work {
    Raw(RecordedEvent, MessageReceived, Earlier),
    /// An operator wants a message to be read again.
    Again(RecordedEvent, MessageResolved),
    Whole(RecordedEvent, MessageCompleted),
    GivenUp(RecordedEvent, PartsGivenUp),
    /// A schedule that messages before it do not know.
    Scheduled(Box<Scheduled>),
}

impl Parse {
    /// Makes the reactor over a log, its keys and the executors of its targets.
    pub fn new(
        store: Arc<dyn EventStore>,
        keys: Arc<dyn Keyring>,
        metrics: Metrics,
        targets: Targets,
    ) -> Self {
        let (memory, waiting, pending) = (Memory::default(), VecDeque::new(), Pending::default());
        let repeated = Repeated::default();
        Self { store, keys, metrics, targets, repeated, memory, waiting, pending }
    }

    /// Returns which messages repeated others, as far as they are read.
    pub fn repeated(&self) -> Repeated {
        self.repeated.clone()
    }

    async fn work(&mut self, work: &Work) -> Result<(), ReactError> {
        match work {
            Work::Raw(event, received, earlier) => {
                let mut reading = Reading::of(event, received.received_at, event.revision());
                reading.earlier = earlier.clone();
                self.read(&mut reading, received).await
            }
            Work::Again(event, resolved) => self.read_again(event, *resolved).await,
            Work::Whole(event, completed) => self.read_whole(event, completed).await,
            Work::GivenUp(event, given_up) => {
                self.set_parts_aside(event, given_up);
                Ok(())
            }
            Work::Scheduled(scheduled) => {
                self.memory.operating.take(scheduled);
                Ok(())
            }
        }
    }

    async fn read(
        &mut self,
        reading: &mut Reading<'_>,
        received: &MessageReceived,
    ) -> Result<(), ReactError> {
        let content = match self.open(received)? {
            Ok(content) => content,
            Err(why) => {
                self.set_aside(reading, "", &why);
                return Ok(());
            }
        };
        let text = decode(&content);
        let (mut all, mut named) = (Vec::new(), 0_usize);
        for message in messages(&text, reading.received_at) {
            named = named.saturating_add(message.names());
            if named > RAW_BAGS_MAX {
                self.set_aside(reading, message.message_type.as_str(), &too_many_bags());
                return Ok(());
            }
            all.push(message);
        }
        if all.is_empty() {
            let why = unusable("no-message", "the bytes hold no message of a known type");
            self.set_aside(reading, "", &why);
        }
        for message in all {
            if self.pending.len() >= MAX_GATHERED {
                self.carry_out().await?;
            }
            reading.index = first_index(message.index);
            match part_head(&message) {
                // A part that came again within ten minutes is kept already.
                Some(_) if reading.earlier.copy_of.is_some() => {}
                Some(_) if reading.is_again() => {
                    let reason = "a part is not read again by itself; have the sender repeat the message";
                    self.set_aside(reading, message.message_type.as_str(), &unusable("part-again", reason));
                }
                Some(head) => self.keep_part(reading, received, &message, head)?,
                None => self.say_all(reading, &message),
            }
        }
        Ok(())
    }

    /// Reads a stored message once more, as of the time when it was received.
    async fn read_again(
        &mut self,
        event: &RecordedEvent,
        resolved: MessageResolved,
    ) -> Result<(), ReactError> {
        let found = self.received(source_of(event), resolved.message).await?;
        let received_at = found.as_ref().map_or_else(|_| event.occurred_at(), |found| found.received_at);
        let mut reading = Reading::of(event, received_at, resolved.message);
        match found {
            Ok(received) => self.read(&mut reading, &received).await,
            Err(why) => {
                self.set_aside(&reading, "", &why);
                Ok(())
            }
        }
    }

    /// Opens the bytes of a raw message, or says why they are not to be had.
    fn open(&self, received: &MessageReceived) -> Result<Result<Bytes, Unusable>, ReactError> {
        match received.content.open(self.keys.as_ref()) {
            Ok(Personal::Known(content)) => Ok(Ok(content)),
            Ok(_) => Ok(Err(unusable("raw-erased", "its key was destroyed before it was read"))),
            Err(error) if error.code() == Code::DataLoss => {
                Ok(Err(unusable("raw-damaged", "its seal does not open")))
            }
            Err(error) => Err(ReactError::new(&error)),
        }
    }

    fn say_all(&mut self, reading: &mut Reading<'_>, message: &Parsed<'_>) {
        match translate(message, reading.received_at) {
            Ok(said) => {
                if reading.earlier.copy_of.is_none() {
                    self.metrics.message("parsed");
                }
                said.into_iter().for_each(|said| self.say(reading, said));
            }
            Err(why) => self.set_aside(reading, message.message_type.as_str(), &why),
        }
    }

    fn say(&mut self, reading: &mut Reading<'_>, said: Said) {
        let mut observation = Observation {
            id: message_observation_id(reading.source, reading.message, reading.index),
            source: reading.source.to_owned(),
            station: said.station,
            observed_at: said.observed_at,
            cause: Some(reading.sent()),
            parser_version: Some(PARSER_VERSION),
            received_at: Some(reading.received_at),
            clock_ahead_ms: 0,
        };
        let (context, cause) = (reading.context(said.observed_at), reading.cause());
        reading.index = reading.index.saturating_add(1);
        match said.what {
            What::Bag(plate, mut content) => {
                self.memory.operating.resolve(&mut content, said.station);
                self.pending.bags.push(ToBag {
                    order: Order {
                        stream: plate.stream(),
                        command: Observe { observation, content, new_journey: JourneyId(Uuid::now_v7()) },
                        context,
                    },
                    message: reading.message,
                    earlier: reading.earlier.clone(),
                    cause,
                });
            }
            What::NoTag(sighting) => {
                // What is noted in the order of its causes is noted under the fact that is worked on.
                observation.cause = Some(cause);
                self.pending.no_reads.push(Order {
                    stream: source_stream("noread", reading.source),
                    command: TagNotRead { observation, point: sighting.point, reader: sighting.reader },
                    context,
                });
            }
            What::Loading(flight, step) => {
                let flight = self.memory.operating.flight(flight, LegRole::Outbound, said.station);
                self.pending.loadings.push(Order {
                    stream: loading_stream(flight),
                    command: LoadingMoved { observation, step },
                    context,
                });
            }
        }
    }

    /// Notes that a message, or a part of it, cannot be used. Of a copy that is noted already.
    fn set_aside(&mut self, reading: &Reading<'_>, message_type: &str, why: &Unusable) {
        if reading.earlier.copy_of.is_some() {
            return;
        }
        self.metrics.message("quarantined");
        self.pending.quarantine.push(quarantine_order(reading, message_type, why));
    }

    /// Carries out what is gathered. Repeated after a failure: every target
    /// tells a repeat by its id or cause.
    async fn carry_out(&mut self) -> Result<(), ReactError> {
        let Pending { bags, parts, quarantine, no_reads, loadings } = &mut self.pending;
        keep_parts(&self.targets.parts, parts, quarantine).await?;
        while !bags.is_empty() {
            let some = bags.len().min(MAX_GATHERED);
            let orders = bags[..some].iter().map(ToBag::command).collect();
            let answers = self.targets.bags.execute_each(orders).await;
            for (bag, answer) in bags.iter().zip(answers) {
                match answer {
                    Ok(_) | Err(ExecuteError::Rejected(Rejection::Duplicate { .. })) => {}
                    // The time of a copy is that of the first one, whose refusal is noted.
                    Err(ExecuteError::Rejected(Rejection::TooOld { .. }))
                        if bag.earlier.copy_of.is_some() => {}
                    Err(ExecuteError::Rejected(why)) => quarantine.push(refused_order(bag, &why)),
                    Err(error) if is_lasting(error.code()) => {
                        tracing::error!(error = %chain(&error), "a message cannot be applied to a plate");
                        quarantine.push(stuck_order(bag));
                    }
                    Err(error) => return Err(ReactError::new(&error)),
                }
            }
            bags.drain(..some);
        }
        // The quarantine keeps the highest cause of a stream, so it takes them in their order.
        quarantine.sort_by(|a, b| a.command.cause.cmp(&b.command.cause));
        let mut noted = quarantine.iter().map(|order| order.clone().map(QuarantineCommand::from)).collect();
        settle(&self.targets.quarantine, &mut noted).await?;
        quarantine.clear();
        settle(&self.targets.loadings, loadings).await?;
        settle(&self.targets.no_reads, no_reads).await
    }

    fn take_raw(&mut self, event: &RecordedEvent, received: MessageReceived, act: bool) {
        let received_at = received.received_at;
        // Folded whether it is acted on or not, so that a restart tells a repeat as before.
        let (source, message) = (source_of(event), event.revision());
        let earlier = self.memory.repeats.earlier(source, &received.fingerprint, received_at, message);
        if !act {
            return;
        }
        if let Some(original) = earlier.copy_of {
            self.metrics.message("duplicate");
            self.repeated.note(source, message, original);
        }
        self.waiting.push_back(Work::Raw(event.clone(), received, earlier));
    }

    fn take_parts(&mut self, event: &RecordedEvent, fact: PartsEvent, act: bool) {
        self.memory.waits.fold(source_of(event), event.revision(), &fact);
        if let PartsEvent::GivenUp(given_up) = &fact {
            for part in &given_up.parts {
                self.memory.repeats.forget(source_of(event), part.message);
            }
        }
        match fact {
            PartsEvent::Completed(completed) if act => {
                self.waiting.push_back(Work::Whole(event.clone(), completed));
            }
            PartsEvent::GivenUp(given_up) if act => {
                self.waiting.push_back(Work::GivenUp(event.clone(), given_up));
            }
            _ => {}
        }
    }
}

impl Kept for Parse {
    const SCHEMA: u32 = 5;
    type State = Memory;

    fn image(&self) -> Memory {
        self.memory.clone()
    }

    fn restore(&mut self, memory: Memory) {
        let repeats = memory.repeats.recalled();
        self.memory = Memory { repeats, ..memory };
    }
}

#[async_trait]
impl Reactor for Parse {
    const NAME: &'static str = "baggage.parse";

    fn wants(category: &str) -> bool {
        matches!(category, "source" | "parts" | "flight" | "quarantine")
    }

    fn take(&mut self, event: &RecordedEvent, act: bool) -> Result<(), DecodeError> {
        match event.category() {
            "flight" => match Scheduled::read(event)? {
                Some(scheduled) if self.waiting.is_empty() => self.memory.operating.take(&scheduled),
                Some(scheduled) => self.waiting.push_back(Work::Scheduled(Box::new(scheduled))),
                None => {}
            },
            "parts" => {
                let [fact] = PartsEvent::decode(event)?;
                self.take_parts(event, fact, act);
            }
            _ if SourceEvent::is_type(event.event_type()) => {}
            "quarantine" if event.event_type() == "baggage.MessageResolved" => {
                let [resolved] = MessageResolved::decode(event)?;
                if act && resolved.resolution == Resolution::Replayed {
                    self.waiting.push_back(Work::Again(event.clone(), resolved));
                }
            }
            "quarantine" => {}
            _ => {
                let [received] = MessageReceived::decode(event)?;
                self.take_raw(event, received, act);
            }
        }
        Ok(())
    }

    fn due(&self) -> Option<Timestamp> {
        self.memory.waits.due()
    }

    fn strike(&mut self, now: Timestamp) {
        self.give_up(now);
    }

    async fn flush(&mut self) -> Result<(), ReactError> {
        loop {
            self.carry_out().await?;
            if self.waiting.is_empty() {
                return Ok(());
            }
            while self.pending.len() < MAX_GATHERED
                && let Some(work) = self.waiting.pop_front()
            {
                if let Err(error) = self.work(&work).await {
                    self.waiting.push_front(work);
                    return Err(error);
                }
            }
        }
    }
}

/// Returns the source whose stream holds a fact.
fn source_of(event: &RecordedEvent) -> &str {
    event.stream().split_once('-').map_or("", |(_, source)| source)
}

/// Each message of a text has its own range of indexes, whatever its neighbours say.
fn first_index(message: usize) -> u32 {
    u32::try_from(message.saturating_mul(BAGS_MAX)).unwrap_or(u32::MAX)
}

/// Returns which message of a text an index is of.
pub(crate) fn message_index(index: u32) -> usize {
    usize::try_from(index).unwrap_or(usize::MAX) / BAGS_MAX
}

fn unusable(code: &str, reason: &str) -> Unusable {
    Unusable { code: code.to_owned(), reason: reason.to_owned() }
}

/// Returns a stream of a source whose name was checked at the edge.
pub(crate) fn source_stream(category: &str, source: &str) -> StreamId {
    StreamId::new(category, source).expect("a source's name was checked when it was stored")
}

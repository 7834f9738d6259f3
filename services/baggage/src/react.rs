//! Reactor `baggage.parse`: a stored message becomes what it says of each bag.
//!
//! Reading is deterministic and repeatable: the same bytes with the same stored
//! time of receipt say the same. Each thing said carries its message and index
//! as its id, so that reading a message again adds nothing. A message that its
//! source sends again within ten minutes is stored and not read.
//!
//! Messages wait sealed and are read a few at a time, because one may name
//! thousands of bags. A stream that cannot be read quarantines what was meant for
//! it and stops nobody else; a log that cannot be written makes all wait.

mod repeats;

use std::{collections::VecDeque, sync::Arc};

use airside_kernel::{
    Cause, Classified, Code, DecodeError, Kept, Keyring, Personal, RecordedEvent, StoredEvent, StreamId,
    Timestamp,
};
use airside_runtime::{
    executor::{Context, ExecuteError, Executor, Order, Stored},
    reactors::{ReactError, Reactor},
    status::chain,
    telemetry::Metrics,
};
use async_trait::async_trait;
use uuid::Uuid;

use self::repeats::Repeats;
use crate::{
    decide::{Bag, Observe, Rejection},
    ingest::{BAGS_MAX, PARSER_VERSION, decode, messages},
    model::{Content, JourneyId, LicencePlate, Observation, message_observation_id},
    source::{MessageQuarantined, MessageReceived, NoReads, Quarantine, TagNotRead},
    translate::{Said, Unusable, translate},
};

/// How many commands are gathered before they are carried out.
const MAX_GATHERED: usize = 1_024;

/// The reactor.
pub struct Parse {
    keys: Arc<dyn Keyring>,
    metrics: Metrics,
    bags: Executor<Bag>,
    quarantine: Executor<Quarantine>,
    no_reads: Executor<NoReads>,
    repeats: Repeats,
    waiting: VecDeque<(RecordedEvent, MessageReceived)>,
    pending: Pending,
}

/// Commands on their way.
#[derive(Default)]
struct Pending {
    bags: Vec<Order<Observe>>,
    quarantine: Vec<Order<MessageQuarantined>>,
    no_reads: Vec<Order<TagNotRead>>,
}

/// One stored message while it is read.
struct Reading<'a> {
    source: &'a str,
    event: &'a RecordedEvent,
    received_at: Timestamp,
    index: u32,
}

impl Parse {
    /// Makes the reactor over the executors of its targets.
    pub fn new(
        keys: Arc<dyn Keyring>,
        metrics: Metrics,
        bags: Executor<Bag>,
        quarantine: Executor<Quarantine>,
        no_reads: Executor<NoReads>,
    ) -> Self {
        Self {
            keys,
            metrics,
            bags,
            quarantine,
            no_reads,
            repeats: Repeats::default(),
            waiting: VecDeque::new(),
            pending: Pending::default(),
        }
    }

    fn read(&mut self, event: &RecordedEvent, received: &MessageReceived) -> Result<(), ReactError> {
        let source = source_of(event);
        let mut reading = Reading { source, event, received_at: received.received_at, index: 0 };
        let content = match received.content.open(self.keys.as_ref()) {
            Ok(Personal::Known(content)) => content,
            Ok(_) => {
                self.set_aside(
                    &reading,
                    "",
                    &unusable("raw-erased", "its key was destroyed before it was read"),
                );
                return Ok(());
            }
            Err(error) if error.code() == Code::DataLoss => {
                self.set_aside(&reading, "", &unusable("raw-damaged", "its seal does not open"));
                return Ok(());
            }
            Err(error) => return Err(ReactError::new(&error)),
        };
        let text = decode(&content);
        let mut is_empty = true;
        for message in messages(&text, received.received_at) {
            is_empty = false;
            // Each message of a text has its own range of indexes, whatever its neighbours say.
            reading.index = u32::try_from(message.index.saturating_mul(BAGS_MAX)).unwrap_or(u32::MAX);
            match translate(&message, received.received_at) {
                Ok(said) => {
                    self.metrics.message("parsed");
                    said.into_iter().for_each(|said| self.say(&mut reading, said));
                }
                Err(why) => self.set_aside(&reading, message.message_type.as_str(), &why),
            }
        }
        if is_empty {
            let why = unusable("no-message", "the bytes hold no message of a known type");
            self.set_aside(&reading, "", &why);
        }
        Ok(())
    }

    fn say(&mut self, reading: &mut Reading<'_>, said: Said) {
        let observation = Observation {
            id: message_observation_id(reading.source, reading.event.revision(), reading.index),
            source: reading.source.to_owned(),
            station: said.station,
            observed_at: said.observed_at,
            cause: Some(reading.cause()),
            parser_version: Some(PARSER_VERSION),
        };
        reading.index = reading.index.saturating_add(1);
        let context = reading.context(said.observed_at);
        match (said.plate, said.content) {
            (Some(plate), content) => self.pending.bags.push(Order {
                stream: bag_stream(plate),
                command: Observe {
                    observation,
                    content,
                    received_at: reading.received_at,
                    new_journey: JourneyId(Uuid::now_v7()),
                },
                context,
            }),
            (None, Content::Scanned(sighting)) => self.pending.no_reads.push(Order {
                stream: source_stream("noread", reading.source),
                command: TagNotRead { observation, point: sighting.point, reader: sighting.reader },
                context,
            }),
            (None, Content::Announced(_)) => {}
        }
    }

    fn set_aside(&mut self, reading: &Reading<'_>, message_type: &str, why: &Unusable) {
        self.metrics.message("quarantined");
        self.pending.quarantine.push(quarantine_order(reading, message_type, why));
    }

    /// Carries out what is gathered. Repeated after a failure: every target
    /// tells a repeat by its id or cause.
    async fn carry_out(&mut self) -> Result<(), ReactError> {
        let Pending { bags, quarantine, no_reads } = &mut self.pending;
        while !bags.is_empty() {
            let some = bags.len().min(MAX_GATHERED);
            let answers = self.bags.execute_each(bags[..some].to_vec()).await;
            for (order, answer) in bags.iter().zip(answers) {
                match answer {
                    Ok(_) | Err(ExecuteError::Rejected(Rejection::Duplicate { .. })) => {}
                    Err(ExecuteError::Rejected(why)) => quarantine.push(refused_order(order, &why)),
                    Err(error) if is_lasting(error.code()) => {
                        tracing::error!(error = %chain(&error), "a message cannot be applied to a plate");
                        quarantine.push(stuck_order(order));
                    }
                    Err(error) => return Err(ReactError::new(&error)),
                }
            }
            bags.drain(..some);
        }
        // The quarantine keeps the highest cause of a source, so it takes them in their order.
        quarantine.sort_by(|a, b| a.command.cause.cmp(&b.command.cause));
        note(&self.quarantine, quarantine).await?;
        note(&self.no_reads, no_reads).await
    }
}

impl Kept for Parse {
    const SCHEMA: u32 = 1;
    type State = Repeats;

    fn image(&self) -> Repeats {
        self.repeats.clone()
    }

    fn restore(&mut self, repeats: Repeats) {
        self.repeats = repeats.recalled();
    }
}

#[async_trait]
impl Reactor for Parse {
    const NAME: &'static str = "baggage.parse";

    fn wants(category: &str) -> bool {
        category == "source"
    }

    fn take(&mut self, event: &RecordedEvent, act: bool) -> Result<(), DecodeError> {
        let [received] = MessageReceived::decode(event)?;
        // Folded whether it is acted on or not, so that a restart tells a repeat as before.
        let is_repeat = self.repeats.is_repeat(source_of(event), &received.fingerprint, received.received_at);
        match (act, is_repeat) {
            (true, true) => self.metrics.message("duplicate"),
            (true, false) => self.waiting.push_back((event.clone(), received)),
            (false, _) => {}
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), ReactError> {
        loop {
            self.carry_out().await?;
            if self.waiting.is_empty() {
                return Ok(());
            }
            while self.pending.len() < MAX_GATHERED
                && let Some((event, received)) = self.waiting.pop_front()
            {
                if let Err(error) = self.read(&event, &received) {
                    self.waiting.push_front((event, received));
                    return Err(error);
                }
            }
        }
    }
}

impl Pending {
    fn len(&self) -> usize {
        self.bags.len() + self.quarantine.len() + self.no_reads.len()
    }
}

/// Carries out orders whose refusal means that they are noted already.
async fn note<D: Stored>(
    executor: &Executor<D>,
    orders: &mut Vec<Order<D::Command>>,
) -> Result<(), ReactError>
where
    D::Rejection: 'static,
{
    for answer in executor.execute_each(orders.clone()).await {
        match answer {
            Ok(_) | Err(ExecuteError::Rejected(_)) => {}
            Err(error) => return Err(ReactError::new(&error)),
        }
    }
    orders.clear();
    Ok(())
}

/// Returns the source whose stream holds a message.
fn source_of(event: &RecordedEvent) -> &str {
    event.stream().split_once('-').map_or("", |(_, source)| source)
}

/// Whether a failure is the same the next time.
fn is_lasting(code: Code) -> bool {
    matches!(code, Code::DataLoss | Code::InvalidArgument)
}

impl Reading<'_> {
    fn cause(&self) -> Cause {
        Cause {
            reactor: Parse::NAME.to_owned(),
            stream: self.event.stream().to_owned(),
            revision: self.event.revision(),
            index: self.index,
        }
    }

    fn context(&self, occurred_at: Timestamp) -> Context {
        Context {
            causation: Some(self.event.id().0),
            correlation: self.event.id().0,
            ..Context::new(format!("reactor/{}", Parse::NAME), self.source, occurred_at)
        }
    }
}

fn quarantine_order(reading: &Reading<'_>, message_type: &str, why: &Unusable) -> Order<MessageQuarantined> {
    Order {
        stream: source_stream("quarantine", reading.source),
        command: MessageQuarantined {
            source: reading.source.to_owned(),
            message: reading.event.revision(),
            message_type: message_type.to_owned(),
            code: why.code.clone(),
            reason: why.reason.clone(),
            parser_version: PARSER_VERSION,
            cause: reading.cause(),
        },
        context: reading.context(reading.received_at),
    }
}

fn refused_order(order: &Order<Observe>, why: &Rejection) -> Order<MessageQuarantined> {
    let code = match why {
        Rejection::Duplicate { .. } => "duplicate",
        Rejection::TooOld { .. } => "too-old",
        Rejection::Crowded => "crowded",
        Rejection::Future { .. } => "future-time",
    };
    quarantined_bag(order, &unusable(code, &why.to_string()))
}

fn stuck_order(order: &Order<Observe>) -> Order<MessageQuarantined> {
    let why = unusable("stream-unusable", "the stream of the plate cannot be used; see the log of errors");
    quarantined_bag(order, &why)
}

fn quarantined_bag(order: &Order<Observe>, why: &Unusable) -> Order<MessageQuarantined> {
    let observation = &order.command.observation;
    let cause = observation.cause.clone().expect("what a message says carries its cause");
    Order {
        stream: source_stream("quarantine", &observation.source),
        command: MessageQuarantined {
            source: observation.source.clone(),
            message: cause.revision,
            message_type: String::new(),
            code: why.code.clone(),
            reason: why.reason.clone(),
            parser_version: PARSER_VERSION,
            cause,
        },
        context: order.context.clone(),
    }
}

fn unusable(code: &str, reason: &str) -> Unusable {
    Unusable { code: code.to_owned(), reason: reason.to_owned() }
}

/// Returns the stream of a plate.
pub(crate) fn bag_stream(plate: LicencePlate) -> StreamId {
    StreamId::new("bag", plate).expect("ten digits make a stream name")
}

/// Returns a stream of a source whose name was checked at the edge.
pub(crate) fn source_stream(category: &str, source: &str) -> StreamId {
    StreamId::new(category, source).expect("a source's name was checked when it was stored")
}

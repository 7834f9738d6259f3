//! Reactor `baggage.parse`: a stored message becomes what it says of each bag.
//!
//! Reading is deterministic and repeatable: the same bytes with the same stored
//! time of receipt say the same. Each thing said carries its message and index
//! as its id, so that reading a message again adds nothing.

use std::sync::Arc;

use airside_kernel::{
    Cause, DecodeError, Keyring, Personal, RecordedEvent, StoredEvent, StreamId, Timestamp,
};
use airside_runtime::{
    executor::{Context, ExecuteError, Executor, Order, Stored},
    reactors::{ReactError, Reactor},
    telemetry::Metrics,
};
use async_trait::async_trait;
use uuid::Uuid;

use crate::{
    decide::{Bag, Observe, Rejection},
    ingest::{PARSER_VERSION, decode, messages},
    model::{Content, JourneyId, LicencePlate, Observation, message_observation_id},
    source::{MessageQuarantined, MessageReceived, NoReads, Quarantine, TagNotRead},
    translate::{Said, Unusable, translate},
};

/// The reactor.
pub struct Parse {
    keys: Arc<dyn Keyring>,
    metrics: Arc<Metrics>,
    bags: Executor<Bag>,
    quarantine: Executor<Quarantine>,
    no_reads: Executor<NoReads>,
    pending: Pending,
}

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
        metrics: Arc<Metrics>,
        bags: Executor<Bag>,
        quarantine: Executor<Quarantine>,
        no_reads: Executor<NoReads>,
    ) -> Self {
        Self { keys, metrics, bags, quarantine, no_reads, pending: Pending::default() }
    }

    fn read(&mut self, event: &RecordedEvent, received: &MessageReceived) {
        let source = event.stream().split_once('-').map_or("", |(_, source)| source);
        let mut reading = Reading { source, event, received_at: received.received_at, index: 0 };
        let content = match received.content.open(self.keys.as_ref()) {
            Ok(Personal::Known(content)) => content,
            Ok(_) => {
                return self.set_aside(
                    &reading,
                    "",
                    &unusable("raw-erased", "its key was destroyed before it was read"),
                );
            }
            Err(_) => {
                return self.set_aside(&reading, "", &unusable("raw-damaged", "its seal does not open"));
            }
        };
        let text = decode(&content);
        let mut is_empty = true;
        for message in messages(&text, received.received_at) {
            is_empty = false;
            match translate(&message, received.received_at) {
                Ok(said) => {
                    self.metrics.message("parsed");
                    said.into_iter().for_each(|said| self.say(&mut reading, said));
                }
                Err(why) => self.set_aside(&reading, message.message_type.as_str(), &why),
            }
            reading.index += 1;
        }
        if is_empty {
            self.set_aside(
                &reading,
                "",
                &unusable("no-message", "the bytes hold no message of a known type"),
            );
        }
    }

    fn say(&mut self, reading: &mut Reading<'_>, said: Said) {
        let observation = Observation {
            id: message_observation_id(reading.source, reading.event.revision(), reading.index),
            source: reading.source.to_owned(),
            station: said.station,
            observed_at: said.observed_at,
            cause: Some(reading.cause()),
        };
        reading.index += 1;
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
}

#[async_trait]
impl Reactor for Parse {
    const NAME: &'static str = "baggage.parse";

    fn wants(category: &str) -> bool {
        category == "source"
    }

    fn take(&mut self, event: &RecordedEvent, act: bool) -> Result<(), DecodeError> {
        if act {
            let received = MessageReceived::decode(event)?;
            self.read(event, &received);
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), ReactError> {
        // Repeated after a failure: every target tells a repeat by its id or cause.
        let answers = self.bags.execute_each(self.pending.bags.clone()).await;
        for (order, answer) in self.pending.bags.iter().zip(answers) {
            match answer {
                Ok(_) | Err(ExecuteError::Rejected(Rejection::Duplicate { .. })) => {}
                Err(ExecuteError::Rejected(why)) => {
                    self.pending.quarantine.push(refused_order(order, &why));
                }
                Err(error) => return Err(ReactError::new(&error)),
            }
        }
        self.pending.bags.clear();
        flush_noted(&self.quarantine, &mut self.pending.quarantine).await?;
        flush_noted(&self.no_reads, &mut self.pending.no_reads).await
    }
}

/// Carries out orders whose refusal means that they are noted already.
async fn flush_noted<D: Stored>(
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
    let observation = &order.command.observation;
    let cause = observation.cause.clone().expect("what a message says carries its cause");
    let code = match why {
        Rejection::Duplicate { .. } => "duplicate",
        Rejection::TooOld { .. } => "too-old",
        Rejection::Future { .. } => "future-time",
    };
    Order {
        stream: source_stream("quarantine", &observation.source),
        command: MessageQuarantined {
            source: observation.source.clone(),
            message: cause.revision,
            message_type: String::new(),
            code: code.to_owned(),
            reason: why.to_string(),
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

//! What the reactor has decided and not yet carried out, and what becomes of what is refused.

use airside_kernel::{Cause, Classified, Code, Revision};
use airside_runtime::{
    executor::{ExecuteError, Executor, Order, Stored},
    reactors::ReactError,
    status::chain,
};

use super::{Reading, repeats::Earlier, source_stream, unusable};
use crate::{
    decide::{Command, Known, Observe, Rejection},
    ingest::PARSER_VERSION,
    loading::LoadingMoved,
    parts::{Parts, PartsCommand},
    source::{MessageQuarantined, TagNotRead},
    translate::Unusable,
};

/// Commands on their way.
#[derive(Default)]
pub(super) struct Pending {
    pub(super) bags: Vec<ToBag>,
    pub(super) parts: Vec<Order<PartsCommand>>,
    pub(super) quarantine: Vec<Order<MessageQuarantined>>,
    pub(super) no_reads: Vec<Order<TagNotRead>>,
    pub(super) loadings: Vec<Order<LoadingMoved>>,
}

/// An observation on its way to a plate.
pub(super) struct ToBag {
    pub(super) order: Order<Observe>,
    /// The raw message behind it.
    pub(super) message: Revision,
    /// What that message repeats.
    pub(super) earlier: Earlier,
    /// What a refusal is noted under.
    pub(super) cause: Cause,
}

impl ToBag {
    /// Returns the order with what its message repeats.
    pub(super) fn command(&self) -> Order<Command> {
        let known = Known { copies: self.earlier.messages.clone(), ..Known::default() };
        self.order.clone().map(|observe| Command::Observe(observe, known))
    }
}

impl Pending {
    pub(super) fn len(&self) -> usize {
        let others = self.no_reads.len() + self.loadings.len();
        self.bags.len() + self.parts.len() + self.quarantine.len() + others
    }
}

/// Carries out orders whose refusal means that they are noted already.
pub(super) async fn settle<D: Stored>(
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

/// Carries out orders about parts. A part whose stream cannot be used is quarantined by itself.
pub(super) async fn keep_parts(
    executor: &Executor<Parts>,
    orders: &mut Vec<Order<PartsCommand>>,
    quarantine: &mut Vec<Order<MessageQuarantined>>,
) -> Result<(), ReactError> {
    let answers = executor.execute_each(orders.clone()).await;
    for (order, answer) in orders.iter().zip(answers) {
        match (answer, &order.command) {
            (Ok(_) | Err(ExecuteError::Rejected(_)), _) => {}
            (Err(error), PartsCommand::Keep(kept)) if is_lasting(error.code()) => {
                tracing::error!(error = %chain(&error), "a part of a message cannot be kept");
                let reason = "the stream of the parts cannot be used; see the log of errors";
                let why = unusable("stream-unusable", reason);
                let (message, cause) = (kept.part.message, kept.cause.clone());
                quarantine.push(Order {
                    stream: source_stream("quarantine", &order.context.source),
                    command: quarantined(&order.context.source, message, &kept.key.message_type, &why, cause),
                    context: order.context.clone(),
                });
            }
            (Err(error), PartsCommand::Expire { .. }) if is_lasting(error.code()) => {
                tracing::error!(error = %chain(&error), "parts of messages cannot be given up");
            }
            (Err(error), _) => return Err(ReactError::new(&error)),
        }
    }
    orders.clear();
    Ok(())
}

/// Whether a failure is the same the next time.
pub(crate) fn is_lasting(code: Code) -> bool {
    matches!(code, Code::DataLoss | Code::InvalidArgument)
}

pub(super) fn quarantine_order(
    reading: &Reading<'_>,
    message_type: &str,
    why: &Unusable,
) -> Order<MessageQuarantined> {
    Order {
        stream: source_stream("quarantine", reading.source),
        command: quarantined(reading.source, reading.message, message_type, why, reading.cause()),
        context: reading.context(reading.received_at),
    }
}

pub(super) fn refused_order(bag: &ToBag, why: &Rejection) -> Order<MessageQuarantined> {
    let code = match why {
        Rejection::Duplicate { .. } => "duplicate",
        Rejection::TooOld { .. } => "too-old",
        Rejection::Crowded => "crowded",
        Rejection::NoJourney => "no-journey",
        Rejection::UnknownJourney { .. } => "unknown-journey",
        Rejection::UnknownObservation { .. } | Rejection::Settled { .. } => "settled",
    };
    quarantined_bag(bag, &unusable(code, &why.to_string()))
}

pub(super) fn stuck_order(bag: &ToBag) -> Order<MessageQuarantined> {
    let why = unusable("stream-unusable", "the stream of the plate cannot be used; see the log of errors");
    quarantined_bag(bag, &why)
}

fn quarantined_bag(bag: &ToBag, why: &Unusable) -> Order<MessageQuarantined> {
    let source = &bag.order.command.observation.source;
    Order {
        stream: source_stream("quarantine", source),
        command: quarantined(source, bag.message, "", why, bag.cause.clone()),
        context: bag.order.context.clone(),
    }
}

fn quarantined(
    source: &str,
    message: Revision,
    message_type: &str,
    why: &Unusable,
    cause: Cause,
) -> MessageQuarantined {
    MessageQuarantined {
        source: source.to_owned(),
        message,
        message_type: message_type.to_owned(),
        code: why.code.clone(),
        reason: why.reason.clone(),
        parser_version: PARSER_VERSION,
        cause,
    }
}

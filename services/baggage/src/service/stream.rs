//! Streams in: each item is answered when it is on disk.
//!
//! Policy. What has arrived is handed to the unary call's own rules as one batch, so that it is one
//! append, while the next items are read; nothing waits for a batch to fill. At most one full batch
//! waits beside the one on its way. Beyond that the stream is not read, and as long as its peer
//! takes no answers it is not run at all: HTTP/2 flow control holds the peer back. A batch on its way
//! has turns that others wait for, so it runs by itself and to its end, whatever its peer takes or
//! whether it is still there; its answers wait, and nothing follows it until they are taken. An item
//! that is wrong gets its answer and stops no other. When the peer ends, the server stops or
//! something is wrong with the stream, what was taken is stored and answered first; when the log
//! fails, the stream ends at once and what was not answered is to be sent again.

use std::{collections::VecDeque, future::pending, mem, pin::Pin};

use airside_api::baggage::v1 as api;
use airside_runtime::{
    requests::{MAX_BATCH_ITEMS, source},
    status::invalid,
    stopped,
};
use futures::{FutureExt, Stream, stream};
use prost::Message;
use tokio::{sync::watch, task::JoinHandle};
use tonic::{Status, Streaming};

use super::{Baggage, scans, submit};
use crate::receive::MAX_MESSAGE_BYTES;

/// The answers of a stream.
pub(super) type Answers<A> = Pin<Box<dyn Stream<Item = Result<A, Status>> + Send>>;

/// What a stream carries, and the unary call that has its rules.
pub(super) trait Carried: Send + Sized + 'static {
    /// One item as it comes.
    type Asked: Message + Default;
    /// What became of one item.
    type Outcome: Send;
    /// The answer to one item.
    type Answer: Send + 'static;

    /// Returns the source that an item names, its number and its content.
    fn open(asked: Self::Asked) -> (String, u64, Self);
    /// Takes a batch to disk: one outcome for each item, and the position of the last.
    fn take(
        service: &Baggage,
        actor: &str,
        source: String,
        items: Vec<Self>,
    ) -> impl Future<Output = Result<(Vec<Self::Outcome>, String), Status>> + Send;
    /// Returns the answer to an item.
    fn answer(item: u64, outcome: Self::Outcome, position: String) -> Self::Answer;
}

/// Raw messages.
pub(super) type Messages = api::RawMessage;
/// Typed scans.
pub(super) type Scans = api::Scan;

impl Carried for Messages {
    type Asked = api::StreamMessagesRequest;
    type Outcome = api::MessageReceipt;
    type Answer = api::StreamMessagesResponse;

    fn open(asked: api::StreamMessagesRequest) -> (String, u64, Self) {
        (asked.source, asked.item, asked.message.unwrap_or_default())
    }

    async fn take(
        service: &Baggage,
        actor: &str,
        source: String,
        messages: Vec<Self>,
    ) -> Result<(Vec<api::MessageReceipt>, String), Status> {
        let batch = submit::parse(api::SubmitMessagesRequest { source, messages, ..Default::default() })?;
        let stored = submit::store(service, actor, batch).await?;
        Ok((stored.receipts, stored.position))
    }

    fn answer(item: u64, receipt: api::MessageReceipt, position: String) -> api::StreamMessagesResponse {
        let position = if receipt.stored { position } else { String::new() };
        api::StreamMessagesResponse { item, receipt: Some(receipt), position }
    }
}

impl Carried for Scans {
    type Asked = api::StreamScansRequest;
    type Outcome = api::ScanOutcome;
    type Answer = api::StreamScansResponse;

    fn open(asked: api::StreamScansRequest) -> (String, u64, Self) {
        (asked.source, asked.item, asked.scan.unwrap_or_default())
    }

    async fn take(
        service: &Baggage,
        actor: &str,
        source: String,
        scans: Vec<Self>,
    ) -> Result<(Vec<api::ScanOutcome>, String), Status> {
        let batch = scans::parse(api::RecordScansRequest { source, scans }, service.clock.now())?;
        let recorded = scans::record(service, actor, batch).await?;
        Ok((recorded.outcomes, recorded.position))
    }

    fn answer(item: u64, outcome: api::ScanOutcome, position: String) -> api::StreamScansResponse {
        let is_new = matches!(outcome.result(), api::ScanResult::Recorded | api::ScanResult::Quarantined);
        let position = if is_new { position } else { String::new() };
        api::StreamScansResponse { item, outcome: Some(outcome), position }
    }
}

/// Answers a stream's items until it ends.
pub(super) fn serve<C: Carried>(
    service: Baggage,
    actor: String,
    incoming: Streaming<C::Asked>,
) -> Answers<C::Answer> {
    let line = Line::<C> {
        stop: service.stop.clone(),
        service,
        actor,
        incoming,
        source: String::new(),
        waiting: Vec::new(),
        waiting_bytes: 0,
        storing: None,
        answers: VecDeque::new(),
        end: None,
    };
    Box::pin(stream::unfold(line, Line::next))
}

/// What became of a batch, and the position of its last item.
type Taken<C> = Result<(Vec<<C as Carried>::Outcome>, String), Status>;

/// What happens to a stream.
enum Event<C: Carried> {
    Stored(Vec<u64>, Taken<C>),
    Read(Result<Option<C::Asked>, Status>),
    Stop,
}

/// One stream.
struct Line<C: Carried> {
    service: Baggage,
    actor: String,
    incoming: Streaming<C::Asked>,
    stop: watch::Receiver<bool>,
    /// Who sends; empty before the first item.
    source: String,
    waiting: Vec<(u64, C)>,
    waiting_bytes: usize,
    /// The numbers of the items on their way to disk, and what takes them there.
    storing: Option<(Vec<u64>, JoinHandle<Taken<C>>)>,
    answers: VecDeque<C::Answer>,
    /// Why nothing is read any more: how the stream ends when all is answered.
    end: Option<Result<(), Status>>,
}

impl<C: Carried> Line<C> {
    /// Returns the next answer, or the status that ends the stream.
    async fn next(mut self) -> Option<(Result<C::Answer, Status>, Self)> {
        loop {
            if let Some(answer) = self.answers.pop_front() {
                return Some((Ok(answer), self));
            }
            self.gather();
            self.begin_storing();
            if self.storing.is_none()
                && let Some(end) = &mut self.end
            {
                let status = mem::replace(end, Ok(())).err()?;
                return Some((Err(status), self));
            }
            let (has_room, is_open) = (self.has_room(), self.end.is_none());
            let event = tokio::select! {
                (items, taken) = finished(&mut self.storing) => Event::<C>::Stored(items, taken),
                read = self.incoming.message(), if has_room => Event::Read(read),
                () = stopped(&mut self.stop), if is_open => Event::Stop,
            };
            match event {
                Event::Stored(items, taken) => self.stored(items, taken),
                Event::Read(read) => self.read(read),
                Event::Stop => self.end = Some(Err(going_away())),
            }
        }
    }

    /// Reads what has arrived already.
    fn gather(&mut self) {
        while self.has_room()
            && let Some(read) = self.incoming.message().now_or_never()
        {
            self.read(read);
        }
    }

    /// Returns true when one more item can wait, however large it is.
    fn has_room(&self) -> bool {
        self.end.is_none()
            && self.waiting.len() < MAX_BATCH_ITEMS
            && self.waiting_bytes <= submit::MAX_BATCH_BYTES - MAX_MESSAGE_BYTES
    }

    fn read(&mut self, read: Result<Option<C::Asked>, Status>) {
        match read {
            Ok(Some(asked)) => {
                let bytes = asked.encoded_len();
                let (named, item, content) = C::open(asked);
                if let Err(status) = self.name(named) {
                    self.end = Some(Err(status));
                    return;
                }
                self.waiting_bytes += bytes;
                self.waiting.push((item, content));
            }
            Ok(None) => self.end = Some(Ok(())),
            Err(status) => self.end = Some(Err(status)),
        }
    }

    /// Takes the source that an item names: the first names it for all.
    fn name(&mut self, named: String) -> Result<(), Status> {
        if self.source.is_empty() {
            source(&named)?;
            self.source = named;
        } else if !named.is_empty() && named != self.source {
            return Err(invalid(
                "source",
                "it is another than the stream began with: open one for each source",
            ));
        }
        Ok(())
    }

    fn begin_storing(&mut self) {
        if self.storing.is_some() || self.waiting.is_empty() {
            return;
        }
        self.waiting_bytes = 0;
        let (numbers, items) = mem::take(&mut self.waiting).into_iter().unzip();
        let (service, actor, source) = (self.service.clone(), self.actor.clone(), self.source.clone());
        let taking = async move { C::take(&service, &actor, source, items).await };
        self.storing = Some((numbers, tokio::spawn(taking)));
    }

    fn stored(&mut self, items: Vec<u64>, taken: Taken<C>) {
        match taken {
            Ok((outcomes, position)) => self.answers.extend(
                items
                    .into_iter()
                    .zip(outcomes)
                    .map(|(item, outcome)| C::answer(item, outcome, position.clone())),
            ),
            Err(status) => {
                self.waiting.clear();
                self.end = Some(Err(status));
            }
        }
    }
}

fn going_away() -> Status {
    Status::unavailable("the server is going away: connect again and send again what was not answered")
}

/// Items on their way to disk, by their numbers.
type Storing<T> = Option<(Vec<u64>, JoinHandle<Result<T, Status>>)>;

/// Waits until items are on disk; for ever when none are on their way.
async fn finished<T>(storing: &mut Storing<T>) -> (Vec<u64>, Result<T, Status>) {
    let Some((_, taking)) = storing else { return pending().await };
    let taken = taking.await;
    let (items, _) = storing.take().expect("it was there and is ours alone");
    (items, taken.unwrap_or_else(|_| Err(broken_off())))
}

fn broken_off() -> Status {
    Status::internal("the batch broke off: connect again and send again what was not answered")
}

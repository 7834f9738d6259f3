//! Messages and scans one by one over a stream: each is answered when it is on disk.

use airside_api::baggage::v1::{
    RawMessage, Scan, ScanResult, StreamMessagesRequest, StreamMessagesResponse, StreamScansRequest,
    StreamScansResponse, TrackingPoint, raw_message::Content,
};
use airside_simulator::connect::Clients;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, Streaming, body::Body, client::GrpcService};
use uuid::Uuid;

use crate::harness::{
    House,
    calls::{SOURCE, bag_of, scans},
    eventually,
    luggage::{Luggage, scan},
    process::Yard,
    within,
};

/// One stream, as its caller holds it.
struct Line<Q, A> {
    items: mpsc::Sender<Q>,
    answers: Streaming<A>,
}

type ScanLine = Line<StreamScansRequest, StreamScansResponse>;
type MessageLine = Line<StreamMessagesRequest, StreamMessagesResponse>;

impl<Q, A> Line<Q, A> {
    async fn send(&self, item: Q) {
        within("the item is sent", self.items.send(item)).await.unwrap();
    }

    async fn answer(&mut self) -> Result<Option<A>, Status> {
        within("an answer", self.answers.message()).await
    }

    /// Says that nothing more comes, and reads how the stream ends.
    async fn end(self) -> Result<Option<A>, Status> {
        let Self { items, mut answers } = self;
        drop(items);
        within("the end", answers.message()).await
    }
}

async fn scan_line(caller: &Clients) -> ScanLine {
    let (items, waiting) = mpsc::channel(64);
    let answers = caller.baggage.clone().stream_scans(ReceiverStream::new(waiting)).await;
    Line { items, answers: answers.unwrap().into_inner() }
}

async fn message_line(caller: &Clients) -> MessageLine {
    let (items, waiting) = mpsc::channel(64);
    let answers = caller.baggage.clone().stream_messages(ReceiverStream::new(waiting)).await;
    Line { items, answers: answers.unwrap().into_inner() }
}

fn message(source: &str, item: u64, text: &str) -> StreamMessagesRequest {
    let message = Some(RawMessage { content: Some(Content::Text(text.to_owned())) });
    StreamMessagesRequest { source: source.to_owned(), item, message }
}

fn one_scan(source: &str, item: u64, scan: Scan) -> StreamScansRequest {
    StreamScansRequest { source: source.to_owned(), item, scan: Some(scan) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_message_of_a_stream_is_answered_by_its_number_and_a_wrong_one_stops_no_other() {
    let house = House::open().await;
    let partner = house.callers.partner();
    let bags = ["3479002101", "3479002102"].map(Luggage::new);
    let mut line = message_line(&partner).await;
    line.send(message(SOURCE, 70, &bags[0].announcement())).await;
    let first = line.answer().await.unwrap().unwrap();
    assert_eq!((first.item, first.receipt.unwrap().number), (70, 1), "answered while the stream is open");

    line.send(message("", 71, "")).await;
    line.send(StreamMessagesRequest { item: 9, ..StreamMessagesRequest::default() }).await;
    line.send(message(SOURCE, 72, &bags[1].announcement())).await;
    let mut told = Vec::new();
    for _ in 0..3 {
        let answer = line.answer().await.unwrap().unwrap();
        let receipt = answer.receipt.unwrap();
        assert_eq!(answer.position.is_empty(), !receipt.stored);
        told.push((answer.item, receipt.stored, receipt.number, receipt.problem));
    }
    let refused = |item, problem: &str| (item, false, 0, problem.to_owned());
    assert_eq!(
        told,
        [
            refused(71, "content: it is empty; send the message as it came"),
            refused(9, "content: set `text` or `raw`"),
            (72, true, 2, String::new()),
        ]
    );
    assert!(line.end().await.unwrap().is_none(), "it ends well when its peer has ended");
    for bag in bags {
        eventually("the bag is known", async || bag_of(&partner, &bag.plate).await.ok()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_scan_of_a_stream_has_the_outcome_that_a_batch_gives_it() {
    let house = House::open().await;
    let mut line = scan_line(&house.callers.partner()).await;
    let good = scan("s1", "3479002111", TrackingPoint::CheckIn);
    let items = [
        good.clone(),
        Scan { plate: "12".to_owned(), ..scan("s2", "", TrackingPoint::CheckIn) },
        scan("s3", "0000000000", TrackingPoint::CheckIn),
        good,
    ];
    for (item, scan) in (1..).zip(items) {
        line.send(one_scan(if item == 1 { SOURCE } else { "" }, item, scan)).await;
    }
    let mut told = Vec::new();
    for _ in 0..4 {
        let answer = line.answer().await.unwrap().unwrap();
        let outcome = answer.outcome.unwrap();
        told.push((answer.item, outcome.result(), outcome.field));
    }
    let outcome = |item, result, field: &str| (item, result, field.to_owned());
    assert_eq!(
        told,
        [
            outcome(1, ScanResult::Recorded, ""),
            outcome(2, ScanResult::Invalid, "plate"),
            outcome(3, ScanResult::Quarantined, ""),
            outcome(4, ScanResult::Duplicate, ""),
        ]
    );
    assert!(line.end().await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_is_of_the_one_source_that_its_first_item_names() {
    let house = House::open().await;
    let partner = house.callers.partner();
    let announced = Luggage::new("3479002121").announcement();
    for nobody in ["", "BHS T3"] {
        let mut line = message_line(&partner).await;
        line.send(message(nobody, 1, &announced)).await;
        let status = line.answer().await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert!(status.message().starts_with("source: use 1 to 48"), "{status}");
    }
    let mut line = message_line(&partner).await;
    line.send(message(SOURCE, 1, &announced)).await;
    line.send(message("dcs", 2, &announced)).await;
    let first = line.answer().await.unwrap().unwrap();
    assert_eq!((first.item, first.receipt.unwrap().stored), (1, true), "what was taken is answered first");
    let status = line.answer().await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().contains("open one for each source"), "{status}");
}

/// Scans that were sent, and those of them that were answered.
#[derive(Default)]
struct Ledger {
    sent: Vec<Scan>,
    answered: Vec<Scan>,
}

/// Items that a stream has had answered before its server goes away.
const ANSWERED_BEFORE: usize = 300;
/// How far a caller sends ahead of the answers.
const AHEAD: usize = 64;

/// Sends scans of many plates ahead of their answers until the stream ends; returns how it ended.
/// `now` is called once, when enough was answered.
async fn stream_until_the_end(line: ScanLine, ledger: &mut Ledger, now: impl FnOnce()) -> Status {
    let ScanLine { items, mut answers } = line;
    let (mut now, begun) = (Some(now), ledger.sent.len());
    loop {
        while ledger.sent.len() < begun + AHEAD + (ledger.answered.len()) {
            let item = ledger.sent.len();
            let plate = format!("047{:07}", 1_000_001 + item % 5_000);
            let scan = scan(&Uuid::new_v4().to_string(), &plate, TrackingPoint::BhsInduction);
            let Ok(()) = items.try_send(one_scan(SOURCE, item as u64, scan.clone())) else { break };
            ledger.sent.push(scan);
        }
        match within("an answer", answers.message()).await {
            Ok(Some(answer)) => {
                assert_eq!(answer.outcome.unwrap().result(), ScanResult::Recorded);
                ledger.answered.push(ledger.sent[usize::try_from(answer.item).unwrap()].clone());
            }
            Ok(None) => panic!("a stream whose peer goes on ends with a status"),
            Err(status) => return status,
        }
        if ledger.answered.len() >= ANSWERED_BEFORE
            && let Some(now) = now.take()
        {
            now();
        }
    }
}

/// Records scans again in one batch after another; returns how many were new.
async fn repeat(partner: &Clients, again: &[Scan]) -> usize {
    let mut new = 0;
    for batch in again.chunks(500) {
        let answer = partner.baggage.clone().record_scans(scans(batch.to_vec())).await.unwrap();
        for outcome in answer.into_inner().outcomes {
            match outcome.result() {
                ScanResult::Recorded => new += 1,
                ScanResult::Duplicate => {}
                other => panic!("{other:?}: {outcome:?}"),
            }
        }
    }
    new
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stops_answers_what_it_took_and_says_come_back() {
    let (yard, mut ledger) = (Yard::new(), Ledger::default());
    let server = yard.serve().await;
    let partner = server.callers().await.partner();
    let line = scan_line(&partner).await;
    let status = stream_until_the_end(line, &mut ledger, || server.terminate()).await;
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
    assert!(status.message().contains("send again what was not answered"), "{status:?}");
    assert_eq!(server.ended().await.code(), Some(0), "{}", yard.logs());

    let server = yard.serve().await;
    let partner = server.callers().await.partner();
    assert!(ledger.answered.len() >= ANSWERED_BEFORE);
    assert_eq!(repeat(&partner, &ledger.answered).await, 0, "acknowledged and lost");
    let unanswered = ledger.sent.len() - ledger.answered.len();
    assert_eq!(repeat(&partner, &ledger.sent).await, unanswered, "what was stored was answered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_has_every_scan_that_its_stream_answered_and_each_once() {
    let (yard, mut ledger) = (Yard::new(), Ledger::default());
    let server = yard.serve().await;
    let partner = server.callers().await.partner();
    let line = scan_line(&partner).await;
    let mut server = Some(server);
    stream_until_the_end(line, &mut ledger, || server.take().unwrap().kill()).await;

    let server = yard.serve().await;
    let partner = server.callers().await.partner();
    assert_eq!(repeat(&partner, &ledger.answered).await, 0, "acknowledged and lost");
    let mut line = scan_line(&partner).await;
    for (item, scan) in ledger.sent.iter().enumerate().skip(ledger.answered.len()) {
        line.send(one_scan(SOURCE, item as u64, scan.clone())).await;
        let outcome = line.answer().await.unwrap().unwrap().outcome.unwrap();
        assert!(matches!(outcome.result(), ScanResult::Recorded | ScanResult::Duplicate), "{outcome:?}");
    }
    assert!(line.end().await.unwrap().is_none());
    assert_eq!(repeat(&partner, &ledger.sent).await, 0, "the caller has repeated them all");
    let bag = bag_of(&partner, &ledger.sent[0].plate).await.unwrap();
    let times = ledger.sent.iter().filter(|scan| scan.plate == bag.plate).count();
    assert_eq!(bag.timeline.len(), times, "each scan is there once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_on_an_open_stream_that_are_no_request_end_it_with_what_is_wrong() {
    let house = House::open().await;
    // A frame whose first field is a number, where the source should be.
    let frame = Bytes::from_static(&[0, 0, 0, 0, 2, 0x08, 0x01]);
    let request = http::Request::post("/airside.baggage.v1.BaggageService/StreamScans")
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("authorization", format!("Bearer {}", house.callers.endpoint.tokens.partner))
        .body(Body::new(Full::new(frame)))
        .unwrap();
    let mut channel = house.callers.channel();
    std::future::poll_fn(|cx| channel.poll_ready(cx)).await.unwrap();
    let (head, body) = within("an answer", channel.call(request)).await.unwrap().into_parts();
    let trailers = within("the end", body.collect()).await.unwrap().trailers().cloned();
    let status = Status::from_header_map(&trailers.unwrap_or(head.headers)).unwrap();
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    assert!(status.message().starts_with("body: StreamScansRequest.source: invalid wire type"), "{status}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_reads_every_message_that_its_stream_answered() {
    let yard = Yard::new();
    let server = yard.serve().await;
    let partner = server.callers().await.partner();
    let bags: Vec<_> = (0..200).map(|n| Luggage::new(&format!("3479{:06}", 3_000 + n))).collect();
    let mut line = message_line(&partner).await;
    let mut answered = Vec::new();
    for (item, bag) in bags.iter().enumerate() {
        // Nobody waits for an answer, until the power fails.
        line.send(message(SOURCE, item as u64, &bag.announcement())).await;
        if item >= AHEAD {
            let answer = line.answer().await.unwrap().unwrap();
            assert!(answer.receipt.unwrap().stored);
            answered.push(usize::try_from(answer.item).unwrap());
        }
    }
    server.kill();

    let server = yard.serve().await;
    let partner = server.callers().await.partner();
    assert_eq!(answered.len(), bags.len() - AHEAD);
    for item in answered {
        eventually("the bag is known", async || bag_of(&partner, &bags[item].plate).await.ok()).await;
    }
}

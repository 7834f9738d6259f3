//! Streams whose peer takes no answers, or never waits for one: neither harms anybody.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use airside_api::baggage::v1::{
    RawMessage, ScanResult, StreamMessagesRequest, StreamScansRequest, SubmitMessagesRequest, TrackingPoint,
    baggage_service_client::BaggageServiceClient, raw_message::Content,
};
use airside_server::Config;
use tempfile::TempDir;
use tokio::{
    task::yield_now,
    time::{Duration, interval},
};
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Streaming, transport::Channel};

use crate::harness::{
    House,
    calls::{SOURCE, bag_of, messages, record},
    eventually,
    link::{Peer, link},
    luggage::{Luggage, scan},
    within,
};

/// Items that a caller offers; far more than a server may take on trust.
const OFFERED: u64 = 1_000_000;
/// More than fits into the buffers of both ends, and a small part of what is offered.
const HELD_BACK_BEFORE: u64 = 50_000;
/// So many looks in a row find nothing new before a stream counts as held back.
const QUIET_LOOKS: u32 = 40;

/// How far a caller has gone through what it offers.
#[derive(Clone, Default)]
struct Pace {
    taken: Arc<AtomicU64>,
    enough: Arc<AtomicBool>,
}

impl Pace {
    /// Returns items that are counted as they are taken, until it is enough.
    fn offer<Q>(&self, make: impl Fn(u64) -> Q + Send + 'static) -> impl Stream<Item = Q> + Send + 'static
    where
        Q: Send + 'static,
    {
        let Self { taken, enough } = self.clone();
        let items = (1..=OFFERED).take_while(move |_| !enough.load(Ordering::Relaxed)).map(move |item| {
            taken.store(item, Ordering::Relaxed);
            make(item)
        });
        tokio_stream::iter(items)
    }

    /// Waits until nothing more is taken, and returns how much was.
    async fn held_back(&self) -> u64 {
        let (mut looks, mut last, mut tick) = (0, 0, interval(Duration::from_millis(10)));
        let quiet = async {
            while looks < QUIET_LOOKS {
                tick.tick().await;
                let now = self.taken.load(Ordering::Relaxed);
                looks = if now == last && now > 0 { looks + 1 } else { 0 };
                last = now;
            }
        };
        within("the peer is held back", quiet).await;
        assert!(last < HELD_BACK_BEFORE, "{last} items were taken and no answer was read");
        last
    }
}

/// Returns a caller on a connection of its own, which takes so many bytes of answers unread.
async fn caller(house: &House, window: u32) -> BaggageServiceClient<Channel> {
    let channel = Channel::from_shared(format!("http://{}", house.node.public)).unwrap();
    let channel = channel.initial_stream_window_size(window).connect().await.unwrap();
    BaggageServiceClient::new(channel)
}

/// Returns a partner's call that carries items.
fn call<S>(house: &House, items: S) -> Request<S> {
    let mut request = Request::new(items);
    let token = format!("Bearer {}", house.callers.endpoint.tokens.partner);
    request.metadata_mut().insert("authorization", token.parse().unwrap());
    request
}

fn raw(text: String) -> RawMessage {
    RawMessage { content: Some(Content::Text(text)) }
}

fn message(item: u64, text: String) -> StreamMessagesRequest {
    StreamMessagesRequest { source: SOURCE.to_owned(), item, message: Some(raw(text)) }
}

async fn answered<A>(mut answers: Streaming<A>, mut look: impl FnMut(A)) {
    while let Some(answer) = within("an answer", answers.message()).await.unwrap() {
        look(answer);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_reads_no_answers_is_held_back_and_then_gets_them_all() {
    let (house, pace) = (House::open().await, Pace::default());
    let offer = pace.offer(|item| message(item, "X".repeat(1_000)));
    let answers = caller(&house, 65_535).await.stream_messages(call(&house, offer)).await.unwrap();
    pace.held_back().await;
    pace.enough.store(true, Ordering::Relaxed);
    let mut count = 0;
    answered(answers.into_inner(), |answer| {
        count += 1;
        assert_eq!((answer.item, answer.receipt.unwrap().number), (count, count));
    })
    .await;
    assert_eq!(count, pace.taken.load(Ordering::Relaxed), "everything that was sent is answered");
}

/// So little that an answer waits while the next items are stored.
const LITTLE: u32 = 64;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peers_that_read_no_answers_hold_up_no_scan_no_message_and_no_link_of_others() {
    let files = TempDir::new().unwrap();
    let house = House::with(Config { link: link(files.path()), ..Config::default() }).await;
    let (shared, other, linked) = ("3479002201", "3479002202", "3479002203");
    let (scans, texts) = (Pace::default(), Pace::default());
    let offer = scans.offer(move |item| {
        let plate = if item % 50 == 1 { shared.to_owned() } else { format!("047{:07}", 1_000_000 + item) };
        let scan = scan(&item.to_string(), &plate, TrackingPoint::BhsInduction);
        StreamScansRequest { source: "scan.one".to_owned(), item, scan: Some(scan) }
    });
    let _unread = caller(&house, LITTLE).await.stream_scans(call(&house, offer)).await.unwrap();
    let offer = texts.offer(|item| message(item, "X".repeat(1_000)));
    let _unread_too = caller(&house, LITTLE).await.stream_messages(call(&house, offer)).await.unwrap();
    tokio::join!(scans.held_back(), texts.held_back());

    let partner = house.callers.partner();
    let again = scan("again", shared, TrackingPoint::CheckIn);
    assert_eq!(within("a scan of the same plate", record(&partner, again)).await, ScanResult::Recorded);
    let batch =
        |key: &str, text: &str| SubmitMessagesRequest { idempotency_key: key.to_owned(), ..messages([text]) };
    let keyed = batch("once", &Luggage::new(shared).announcement());
    within("a keyed batch of the same source", partner.baggage.clone().submit_messages(keyed)).await.unwrap();
    let elsewhere = batch("", &Luggage::new(other).announcement());
    let elsewhere = SubmitMessagesRequest { source: "dcs".to_owned(), ..elsewhere };
    partner.baggage.clone().submit_messages(elsewhere).await.unwrap();
    let mut peer = Peer::logged_in(house.node.link.unwrap()).await;
    peer.send(1, &Luggage::new(linked).announcement()).await;
    for plate in [shared, other, linked] {
        eventually("the bag is announced", async || {
            bag_of(&partner, plate).await.ok().filter(|known| !known.provisional)
        })
        .await;
    }
}

/// Many times what a connection may have unread in small frames.
const SMALL_ITEMS: u64 = 15_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_sends_each_item_in_a_frame_of_its_own_and_never_waits_is_answered_in_full() {
    let house = House::open().await;
    // What is not ready at once is sent without it, so each item has a frame.
    let items = tokio_stream::iter(1..=SMALL_ITEMS).then(async |item| {
        yield_now().await;
        message(item, format!("MESSAGE {item}"))
    });
    let answers = caller(&house, 1 << 20).await.stream_messages(call(&house, Box::pin(items))).await.unwrap();
    let mut count = 0;
    answered(answers.into_inner(), |answer| {
        count += 1;
        assert_eq!((answer.item, answer.receipt.unwrap().stored), (count, true));
    })
    .await;
    assert_eq!(count, SMALL_ITEMS);
}

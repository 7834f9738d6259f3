//! The host link over real sockets: what is answered is in the log.

use std::{io, net::SocketAddr, pin::pin, time::Duration};

use airside_baggage::{
    link::{
        client::{Client, LinkError},
        frame::{self, AppId, Frame, Kind},
        serve::{Link, Options},
        session::Account,
    },
    source::MessageReceived,
};
use airside_kernel::{Personal, StoredEvent};
use bytes::{Bytes, BytesMut};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
    time::timeout,
};

use crate::airport::{Airport, staff};

const LONG: Duration = Duration::from_secs(30);

/// An airport that listens for host links.
struct Linked {
    airport: Airport,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

fn app() -> AppId {
    AppId::parse("BHS_SZX").unwrap()
}

fn bsm(serial: u32) -> Bytes {
    format!("BSM\r\n.V/1LSZX\r\n.F/ZH9101/20NOV/PEK/Y\r\n.N/3479{serial:06}001\r\n.P/1LI/SI\r\nENDBSM\r\n")
        .into()
}

impl Linked {
    async fn open(options: Options) -> Self {
        let airport = Airport::reading().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let account = Account { app: app(), source: "bhs.t3".to_owned(), password: b"SECRET".to_vec() };
        let (stop, stopped) = watch::channel(false);
        let link = Link::new(listener, [account].into(), airport.receiving.clone(), options, None);
        let serving = tokio::spawn(link.run(stopped));
        Self { airport, address, stop, serving }
    }

    async fn client(&self) -> Client {
        Client::connect(self.address, app(), b"SECRET").await.unwrap()
    }

    /// Connects without a client's manners and logs in.
    async fn raw(&self) -> (TcpStream, BytesMut) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let mut input = BytesMut::new();
        write(&mut stream, Kind::LoginRequest, 0, b"SECRET").await;
        assert_eq!(read(&mut stream, &mut input).await.unwrap().kind, Kind::LoginAccept);
        (stream, input)
    }

    /// The messages in the source's stream, opened.
    async fn stored(&self) -> Vec<Bytes> {
        let log = self.airport.log().await;
        let events = log.iter().filter(|event| event.stream() == "source-bhs.t3");
        let open = |event| {
            let [received] = MessageReceived::decode(event).unwrap();
            assert_eq!(received.transport, "link");
            match received.content.open(self.airport.vault.as_ref()).unwrap() {
                Personal::Known(content) => content,
                _ => panic!("the message does not open"),
            }
        };
        events.map(open).collect()
    }

    /// How many bags were announced, after all that is stored was read.
    async fn announced(&mut self) -> usize {
        self.airport.settled().await;
        let log = self.airport.log().await;
        log.iter().filter(|event| event.event_type() == "baggage.BagAnnounced").count()
    }
}

async fn write(stream: &mut TcpStream, kind: Kind, id: u16, data: &[u8]) {
    let mut out = BytesMut::new();
    Frame { app: app(), kind, id, data: Bytes::copy_from_slice(data) }.write(&mut out).unwrap();
    stream.write_all(&out).await.unwrap();
}

/// Reads a frame; `None` when the other end closed.
async fn read(stream: &mut TcpStream, input: &mut BytesMut) -> Option<Frame> {
    loop {
        if let Some(frame) = frame::take(input).unwrap() {
            return Some(frame);
        }
        if timeout(LONG, stream.read_buf(input)).await.unwrap().unwrap_or(0) == 0 {
            return None;
        }
    }
}

#[tokio::test]
async fn what_is_answered_is_in_the_log_and_becomes_a_bag() {
    let mut linked = Linked::open(Options::default()).await;
    let mut client = linked.client().await;
    for serial in 1..=5 {
        client.send(bsm(serial)).await.unwrap();
    }
    client.log_off().await.unwrap();
    assert_eq!(linked.stored().await, (1..=5).map(bsm).collect::<Vec<_>>());
    let bag = linked.airport.bag("3479000003", staff()).await.unwrap();
    assert_eq!(bag.plate, "3479000003");
}

#[tokio::test]
async fn a_peer_that_sends_ahead_gets_every_answer_in_order() {
    let linked = Linked::open(Options::default()).await;
    let (mut stream, mut input) = linked.raw().await;
    for id in 1..=200u16 {
        write(&mut stream, Kind::AckData, id, &bsm(u32::from(id))).await;
    }
    let mut answered = Vec::new();
    while answered.len() < 200 {
        let frame = read(&mut stream, &mut input).await.unwrap();
        answered.extend((frame.kind == Kind::Ack).then_some(frame.id));
    }
    assert_eq!(answered, (1..=200).collect::<Vec<_>>());
    assert_eq!(linked.stored().await.len(), 200);
}

#[tokio::test]
async fn a_resend_on_the_same_line_is_answered_and_stored_once() {
    let linked = Linked::open(Options::default()).await;
    let (mut stream, mut input) = linked.raw().await;
    for _ in 0..3 {
        write(&mut stream, Kind::AckData, 9, &bsm(1)).await;
        let frame = read(&mut stream, &mut input).await.unwrap();
        assert_eq!((frame.kind, frame.id), (Kind::Ack, 9));
    }
    assert_eq!(linked.stored().await, [bsm(1)]);
}

#[tokio::test]
async fn a_resend_over_a_new_line_is_kept_and_applied_once() {
    let mut linked = Linked::open(Options::default()).await;
    for _ in 0..2 {
        linked.client().await.send(bsm(1)).await.unwrap();
    }
    assert_eq!(linked.stored().await.len(), 2);
    assert_eq!(linked.announced().await, 1);
}

/// The message is on disk and its answer never arrives, as when either end crashes between the two.
#[tokio::test]
async fn an_answer_lost_with_its_line_costs_a_copy_and_no_second_bag() {
    let mut linked = Linked::open(Options::default()).await;
    let (mut stream, _) = linked.raw().await;
    write(&mut stream, Kind::AckData, 7, &bsm(1)).await;
    let log = linked.airport.store.clone();
    let is_stored = async {
        let mut follower = log.follow(None);
        while !follower.next().await.unwrap().events.iter().any(|event| event.stream() == "source-bhs.t3") {}
    };
    timeout(LONG, is_stored).await.unwrap();
    drop(stream);
    // The peer heard nothing, so it sends the message again under its id when it is back.
    let (mut stream, mut input) = linked.raw().await;
    write(&mut stream, Kind::AckData, 7, &bsm(1)).await;
    let frame = read(&mut stream, &mut input).await.unwrap();
    assert_eq!((frame.kind, frame.id), (Kind::Ack, 7));
    assert_eq!(linked.stored().await, [bsm(1), bsm(1)]);
    assert_eq!(linked.announced().await, 1);
}

/// Both lines bring every message, in other orders.
#[tokio::test]
async fn copies_over_two_lines_are_kept_and_read_once() {
    let mut linked = Linked::open(Options::default()).await;
    let (mut one, mut two) = (linked.client().await, linked.client().await);
    for serial in 1..=20 {
        let (a, b) = tokio::join!(one.send(bsm(serial)), two.send(bsm(21 - serial)));
        a.unwrap();
        b.unwrap();
    }
    assert_eq!(linked.stored().await.len(), 40);
    assert_eq!(linked.announced().await, 20);
}

#[tokio::test]
async fn a_client_that_is_told_to_pause_sends_nothing_until_it_may() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut input = BytesMut::new();
    let answer = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert_eq!(read(&mut stream, &mut input).await.unwrap().kind, Kind::LoginRequest);
        write(&mut stream, Kind::LoginAccept, 0, b"").await;
        assert_eq!(read(&mut stream, &mut input).await.unwrap().id, 1);
        write(&mut stream, Kind::DataOff, 0, b"").await;
        write(&mut stream, Kind::Ack, 1, b"").await;
        stream
    };
    let send = async {
        let mut client = Client::connect(address, app(), b"SECRET").await.unwrap();
        client.send(bsm(1)).await.unwrap();
        client
    };
    let (stream, mut client) = tokio::join!(answer, send);
    // It heard of the pause before its answer, so it has to wait before its next message.
    let mut second = pin!(client.send(bsm(2)));
    assert!(futures::poll!(second.as_mut()).is_pending());
    let stream = stream.into_std().unwrap();
    let waiting = stream.peek(&mut [0]);
    assert_eq!(waiting.unwrap_err().kind(), io::ErrorKind::WouldBlock, "nothing was sent");
    let mut stream = TcpStream::from_std(stream).unwrap();
    let resume = async {
        write(&mut stream, Kind::DataOn, 0, b"").await;
        assert_eq!(read(&mut stream, &mut input).await.unwrap().id, 2);
        write(&mut stream, Kind::Ack, 2, b"").await;
    };
    let (sent, ()) = tokio::join!(second, resume);
    sent.unwrap();
}

#[tokio::test]
async fn two_lines_of_one_source_interleave_and_lose_nothing() {
    let linked = Linked::open(Options::default()).await;
    let (mut one, mut two) = (linked.client().await, linked.client().await);
    for serial in 1..=20 {
        let (a, b) = tokio::join!(one.send(bsm(serial)), two.send(bsm(1_000 + serial)));
        a.unwrap();
        b.unwrap();
    }
    let mut stored = linked.stored().await;
    stored.sort();
    let mut sent: Vec<_> = (1..=20).flat_map(|serial| [bsm(serial), bsm(1_000 + serial)]).collect();
    sent.sort();
    assert_eq!(stored, sent);
}

#[tokio::test]
async fn wrong_passwords_are_refused_and_the_third_ends_the_line() {
    let linked = Linked::open(Options::default()).await;
    let refused = Client::connect(linked.address, app(), b"WRONG").await.unwrap_err();
    assert!(matches!(refused, LinkError::Refused), "{refused}");
    let mut stream = TcpStream::connect(linked.address).await.unwrap();
    let mut input = BytesMut::new();
    for _ in 0..3 {
        write(&mut stream, Kind::LoginRequest, 0, b"WRONG").await;
        assert_eq!(read(&mut stream, &mut input).await.unwrap().kind, Kind::LoginReject);
    }
    assert!(read(&mut stream, &mut input).await.is_none());
}

#[tokio::test]
async fn a_peer_that_says_nothing_is_hung_up_on() {
    let short = Duration::from_millis(50);
    let options = Options { login_within: short, silence: short, ..Options::default() };
    let linked = Linked::open(options).await;
    let mut stream = TcpStream::connect(linked.address).await.unwrap();
    assert!(read(&mut stream, &mut BytesMut::new()).await.is_none());
    let (mut stream, mut input) = linked.raw().await;
    assert_eq!(read(&mut stream, &mut input).await.unwrap().kind, Kind::LogOff);
    assert!(read(&mut stream, &mut input).await.is_none());
}

#[tokio::test]
async fn a_login_that_trickles_in_buys_no_time() {
    let options = Options { login_within: Duration::from_millis(100), ..Options::default() };
    let linked = Linked::open(options).await;
    let (mut peer, mut trickle) = TcpStream::connect(linked.address).await.unwrap().into_split();
    let mut whole = BytesMut::new();
    let data = vec![b'A'; 65_535].into();
    Frame { app: app(), kind: Kind::LoginRequest, id: 0, data }.write(&mut whole).unwrap();
    let trickling = tokio::spawn(async move {
        let mut tick = tokio::time::interval(Duration::from_millis(5));
        for byte in whole {
            tick.tick().await;
            if trickle.write_all(&[byte]).await.is_err() {
                return;
            }
        }
    });
    let hung_up = timeout(LONG, peer.read_u8()).await.unwrap();
    assert!(hung_up.is_err(), "nothing was said, and the line is closed");
    trickling.abort();
}

#[tokio::test]
async fn the_server_gives_signs_of_life() {
    let linked = Linked::open(Options { heartbeat: Duration::from_millis(20), ..Options::default() }).await;
    let (mut stream, mut input) = linked.raw().await;
    assert_eq!(read(&mut stream, &mut input).await.unwrap().kind, Kind::Status);
}

#[tokio::test]
async fn bytes_that_are_no_frame_end_the_line_and_keep_what_came_before() {
    let linked = Linked::open(Options::default()).await;
    let (mut stream, mut input) = linked.raw().await;
    write(&mut stream, Kind::Data, 0, &bsm(1)).await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: airside\r\n\r\n").await.unwrap();
    while read(&mut stream, &mut input).await.is_some() {}
    assert_eq!(linked.stored().await, [bsm(1)]);
}

#[tokio::test]
async fn a_stop_finishes_what_was_taken() {
    let linked = Linked::open(Options::default()).await;
    let (mut stream, mut input) = linked.raw().await;
    for id in 1..=50u16 {
        write(&mut stream, Kind::AckData, id, &bsm(u32::from(id))).await;
    }
    let first = read(&mut stream, &mut input).await.unwrap();
    linked.stop.send_replace(true);
    let mut answered = usize::from(first.kind == Kind::Ack);
    while let Some(frame) = read(&mut stream, &mut input).await {
        answered += usize::from(frame.kind == Kind::Ack);
    }
    timeout(LONG, linked.serving).await.unwrap().unwrap();
    let stored = linked.airport.log().await.iter().filter(|event| event.category() == "source").count();
    assert!(stored >= answered && answered > 0);
}

//! Many passengers with a WebSocket each, and what each of them received when.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use airside_simulator::connect::Endpoint;
use anyhow::{Context, Result, bail};
use futures::{SinkExt, StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    task::JoinHandle,
    time::{Instant, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Message, Utf8Bytes,
        client::IntoClientRequest,
        http::{HeaderName, HeaderValue},
        protocol::WebSocketConfig,
    },
};
use uuid::Uuid;

/// How many connect at once.
const CONNECTING: usize = 64;
/// How long all of them may take to receive something.
const PATIENCE: Duration = Duration::from_secs(120);

/// A WebSocket of a client that needs little memory.
pub(super) type Socket = WebSocketStream<TcpStream>;

/// A notice as it came.
#[derive(Debug, Clone)]
pub(super) struct Received {
    pub(super) seq: u64,
    pub(super) at: Instant,
    /// The parameter `plate`; empty when the notice has none.
    pub(super) plate: String,
}

/// One passenger.
pub(super) struct Member {
    pub(super) person: Uuid,
    token: String,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    epoch: String,
    seq: u64,
    received: Vec<Received>,
    /// Frames that were not looked at yet: while the clock runs they are only counted, because
    /// who reads them shares the cores of the node.
    unread: Vec<(Instant, Utf8Bytes)>,
}

impl Seen {
    fn look(&mut self) {
        for (at, text) in std::mem::take(&mut self.unread) {
            let Ok(frame) = serde_json::from_str::<Value>(&text) else { continue };
            for notice in frame["notices"]["notices"].as_array().into_iter().flatten() {
                let plate = notice["parameters"]["plate"].as_str().unwrap_or_default().to_owned();
                self.seq = number(&notice["seq"]);
                self.received.push(Received { seq: self.seq, at, plate });
            }
        }
    }
}

impl Member {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns what it received.
    pub(super) fn received(&self) -> Vec<Received> {
        let mut seen = self.lock();
        seen.look();
        seen.received.clone()
    }
}

/// The passengers.
pub(super) struct Crowd {
    pub(super) members: Vec<Arc<Member>>,
    listening: Vec<JoinHandle<()>>,
    count: Arc<AtomicUsize>,
}

impl Crowd {
    /// Makes passengers who are not connected yet.
    pub(super) fn new(endpoint: &Endpoint, size: usize) -> Self {
        let member = |_| {
            let person = Uuid::new_v4();
            let token = (endpoint.tokens.passenger)(&person.to_string());
            Arc::new(Member { person, token, seen: Mutex::default() })
        };
        Self { members: (0..size).map(member).collect(), listening: Vec::new(), count: Arc::default() }
    }

    /// Connects the first `size`, each where it was; the last `stuck` of them never read.
    pub(super) async fn connect(&mut self, to: SocketAddr, size: usize, stuck: usize) -> Result<()> {
        let members = self.members.iter().take(size).cloned().enumerate();
        let opened = stream::iter(members).map(|(at, member)| async move {
            let socket = open(to, &member).await?;
            Ok::<_, anyhow::Error>((at, member, socket))
        });
        let opened: Vec<_> = opened.buffer_unordered(CONNECTING).try_collect().await?;
        for (at, member, socket) in opened {
            let (count, reads) = (self.count.clone(), at + stuck < size);
            self.listening.push(tokio::spawn(listen(socket, member, count, reads)));
        }
        Ok(())
    }

    /// Breaks every line without a word.
    pub(super) async fn drop_lines(&mut self) {
        for task in self.listening.drain(..) {
            task.abort();
            // It was told to end.
            let _ = task.await;
        }
    }

    /// Returns how many notices were received.
    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Waits until so many notices were received.
    pub(super) async fn received(&self, count: usize) -> Result<()> {
        let all = async {
            while self.count() < count {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(PATIENCE, all).await.with_context(|| format!("only {} of {count} notices came", self.count()))
    }
}

/// Opens a session, where the member was before.
async fn open(to: SocketAddr, member: &Member) -> Result<Socket> {
    let protocol =
        (HeaderName::from_static("sec-websocket-protocol"), HeaderValue::from_static("airside.push.v1"));
    let mut socket = dial(to, "/push", protocol).await?;
    let resume = {
        let mut seen = member.lock();
        seen.look();
        if seen.epoch.is_empty() {
            Value::Null
        } else {
            json!({"epoch": seen.epoch, "seq": seen.seq.to_string()})
        }
    };
    let connect = json!({"connect": {"token": member.token, "resume": resume, "locale": "en"}});
    socket.send(Message::text(connect.to_string())).await?;
    let hello = socket.next().await.context("the session ended")??;
    let hello: Value = serde_json::from_str(hello.to_text()?)?;
    let Some(epoch) = hello["hello"]["epoch"].as_str() else { bail!("no hello but {hello}") };
    let mut seen = member.lock();
    epoch.clone_into(&mut seen.epoch);
    seen.seq = number(&hello["hello"]["seq"]);
    drop(seen);
    Ok(socket)
}

/// Opens a WebSocket.
pub(super) async fn dial(
    to: SocketAddr,
    path: &str,
    (name, value): (HeaderName, HeaderValue),
) -> Result<Socket> {
    let mut request = format!("ws://{to}{path}").into_client_request()?;
    request.headers_mut().insert(name, value);
    let stream = TcpStream::connect(to).await?;
    let config = WebSocketConfig::default().read_buffer_size(1024).write_buffer_size(0);
    Ok(client_async_with_config(request, stream, Some(config)).await?.0)
}

async fn listen(mut socket: Socket, member: Arc<Member>, count: Arc<AtomicUsize>, reads: bool) {
    if !reads {
        std::future::pending::<()>().await;
    }
    while let Some(Ok(message)) = socket.next().await {
        let at = Instant::now();
        let Ok(text) = message.to_text() else { continue };
        if text.starts_with(r#"{"ping""#) {
            if socket.send(Message::text(r#"{"pong":{}}"#)).await.is_err() {
                return;
            }
            continue;
        }
        // Each notice has its id once, and no text can hold this with its quotes.
        let notices = text.matches(r#""notificationId":"#).count();
        if notices > 0
            && let Message::Text(text) = message
        {
            member.lock().unread.push((at, text));
            count.fetch_add(notices, Ordering::Relaxed);
        }
    }
}

fn number(value: &Value) -> u64 {
    value.as_str().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

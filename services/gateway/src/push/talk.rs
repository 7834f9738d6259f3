//! One session on its socket, from `connect` to its close code.

use std::{future::pending, sync::Arc, time::Duration};

use airside_api::notifications::v1::{
    Ack, AckLevel, Connect, Pong, Subscribe, WatchResponse, client_frame::Frame as Said,
    watch_response::Frame,
};
use airside_kernel::{PersonId, Timestamp};
use airside_runtime::{auth::Caller, status::invalid, telemetry::Outcome};
use futures::{SinkExt, StreamExt};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self, Message, Utf8Bytes,
        protocol::{Role, WebSocketConfig},
    },
};
use tonic::Status;

use super::{Session, close::End, frames, limits, views::Views};
use crate::{edge::Edge, serve::stopped};

/// The largest frame of a client, bytes; a token is the longest part of one.
const FRAME_BYTES_MAX: usize = 8 * 1024;
/// What one socket keeps for reading, bytes; a default of the library would be most of a session's memory.
const READ_BUFFER_BYTES: usize = 1024;
/// What may wait in one socket to be written, bytes.
const WRITE_BUFFER_BYTES_MAX: usize = 256 * 1024;
/// How long acknowledgements wait for more of them.
const ACKS_WAIT: Duration = Duration::from_secs(1);
/// How long a client may take to answer a close frame.
const CLOSE_WAIT: Duration = Duration::from_secs(1);

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// Holds the session of a connection that became a WebSocket, to its end.
pub(crate) async fn run(edge: Arc<Edge>, upgrade: OnUpgrade) {
    let Ok(upgraded) = upgrade.await else { return };
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
        .max_message_size(Some(FRAME_BYTES_MAX))
        .max_frame_size(Some(FRAME_BYTES_MAX));
    let mut socket =
        WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
    let end = match begin(&edge, &mut socket).await {
        Ok(mut talk) => talk.go_on(&mut socket).await,
        Err(end) => end,
    };
    edge.metrics.sessions_ended.get_or_create(&Outcome { outcome: end.name() }).inc();
    if let Some(frame) = end.frame() {
        let closing = async {
            if socket.close(Some(frame)).await.is_ok() {
                while let Some(Ok(_)) = socket.next().await {}
            }
        };
        // A client that does not answer is left.
        let _ = timeout(CLOSE_WAIT, closing).await;
    }
}

/// Waits for `connect` and opens the session.
async fn begin(edge: &Arc<Edge>, socket: &mut Socket) -> Result<Talk, End> {
    let frames = limits::Frames::new(edge.config.frames_per_second_max);
    let first = tokio::select! {
        first = timeout(edge.config.head_timeout, said(socket, &frames)) => first.map_err(|_| End::Silent)?,
        () = stopped(edge.stop.clone()) => return Err(End::Drained),
    };
    let opened = match first? {
        Some(Ok(Said::Connect(connect))) => open(edge, connect).await,
        Some(Ok(_)) => Err(invalid("frame", "the first one must be `connect`").into()),
        Some(Err(refused)) => Err(refused.into()),
        None => return Err(End::Gone),
    };
    match opened {
        Ok((person, expires_at, session)) => {
            let edge = edge.clone();
            Ok(Talk {
                edge,
                frames,
                person,
                expires_at,
                session,
                heard_at: Instant::now(),
                acks: Acks::default(),
                views: None,
            })
        }
        Err(Refusal { status, end }) => {
            send(edge, socket, &frames::error(&status)).await?;
            Err(end)
        }
    }
}

/// Why a session was not opened, and the end that this brings.
struct Refusal {
    status: Status,
    end: End,
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        Self { end: End::of(&status), status }
    }
}

async fn open(edge: &Edge, connect: Connect) -> Result<(PersonId, Instant, Box<dyn Session>), Refusal> {
    let (person, expires_at) = verify(edge, &connect.token)?;
    if !edge.limits.admit_person(person) {
        let reason = "you open sessions too often: come back in a minute";
        let end = End::Refused { code: End::TOO_FAST, reason: reason.to_owned() };
        return Err(Refusal { status: Status::resource_exhausted(reason), end });
    }
    let sessions = edge.sessions.as_ref();
    let sessions = sessions.ok_or_else(|| Status::internal("nothing stands behind the sessions"))?;
    let session = sessions.open(person, &Connect { token: String::new(), ..connect }).await?;
    Ok((person, expires_at, session))
}

/// Returns whose token it is, and when it ends here.
fn verify(edge: &Edge, token: &str) -> Result<(PersonId, Instant), Status> {
    let now = edge.clock.now();
    let verified = edge.tokens.verify_until(token, now);
    let (caller, until) = verified.map_err(|problem| Status::unauthenticated(format!("token: {problem}")))?;
    let Caller::Passenger(person) = caller else {
        return Err(Status::permission_denied("token: /push is for passengers"));
    };
    Ok((person, Instant::now() + left(now, until)))
}

fn left(now: Timestamp, until: Timestamp) -> Duration {
    Duration::try_from(until.duration_since(now)).unwrap_or_default()
}

/// Waits for the next frame of a client; `None` when it has gone. Safe to cancel.
async fn said(socket: &mut Socket, frames: &limits::Frames) -> Result<Option<Result<Said, Status>>, End> {
    let message = match socket.next().await {
        None => return Ok(None),
        Some(Err(tungstenite::Error::Capacity(_))) => {
            let remedy = format!("it is too large: send at most {FRAME_BYTES_MAX} bytes");
            return Ok(Some(Err(invalid("frame", remedy))));
        }
        Some(Err(tungstenite::Error::Utf8(_))) => {
            return Ok(Some(Err(invalid("frame", "it is not UTF-8"))));
        }
        Some(Err(_)) => return Err(End::Gone),
        Some(Ok(message)) => message,
    };
    if !frames.admit() {
        let reason = "too many frames: send fewer a second".to_owned();
        return Err(End::Refused { code: End::TOO_FAST, reason });
    }
    match message {
        Message::Text(text) => Ok(Some(frames::read(&text))),
        Message::Binary(_) => Ok(Some(Err(invalid("frame", "send JSON in text messages")))),
        Message::Close(_) => Ok(None),
        // Whoever pings lives; the library has answered.
        Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Ok(Some(Ok(Said::Pong(Pong {})))),
    }
}

/// Sends a frame; a client that does not read it in time is too slow.
async fn send(edge: &Edge, socket: &mut Socket, frame: &WatchResponse) -> Result<(), End> {
    send_text(edge, socket, frames::write(frame).map_err(|_| End::Failed)?).await
}

async fn send_text(edge: &Edge, socket: &mut Socket, text: Utf8Bytes) -> Result<(), End> {
    match timeout(edge.config.session_send_timeout, socket.send(Message::Text(text))).await {
        Ok(Ok(())) => {
            edge.metrics.frames.inc();
            Ok(())
        }
        Ok(Err(_)) => Err(End::Gone),
        Err(_) => Err(End::Slow),
    }
}

/// A session that goes on.
struct Talk {
    edge: Arc<Edge>,
    frames: limits::Frames,
    person: PersonId,
    /// When its token ends.
    expires_at: Instant,
    session: Box<dyn Session>,
    heard_at: Instant,
    acks: Acks,
    /// Its live views, from the first on.
    views: Option<Box<Views>>,
}

impl Talk {
    /// Goes on to the end and returns it.
    async fn go_on(&mut self, socket: &mut Socket) -> End {
        // Where the session stands is said first, also to a client that asked for more without waiting.
        let hello = self.session.next().await;
        let mut done = self.hand_on(socket, hello).await;
        let end = loop {
            match done {
                Ok(()) => done = self.step(socket).await,
                Err(end) => break end,
            }
        };
        if self.note(socket).await.is_err() {
            tracing::debug!("acknowledgements were not noted: the client says them again");
        }
        end
    }

    /// Does the next thing there is to do.
    async fn step(&mut self, socket: &mut Socket) -> Result<(), End> {
        let silent_at = self.heard_at + self.edge.config.session_silence;
        let due = silent_at.min(self.expires_at).min(self.acks.due.unwrap_or(silent_at));
        tokio::select! {
            // What was said is bounded in rate, and notices go before what views show.
            biased;
            said = said(socket, &self.frames) => {
                let said = said?.ok_or(End::Gone)?;
                self.heard_at = Instant::now();
                self.hear(socket, said).await
            }
            frame = self.session.next() => self.hand_on(socket, frame).await,
            () = sleep_until(due) => {
                let now = Instant::now();
                match () {
                    () if now >= self.expires_at => Err(End::Expired),
                    () if now >= silent_at => Err(End::Silent),
                    () => self.note(socket).await,
                }
            }
            shown = shown(&mut self.views) => send_text(&self.edge, socket, shown).await,
        }
    }

    /// Hands on what came of the session.
    async fn hand_on(
        &mut self,
        socket: &mut Socket,
        next: Result<Option<WatchResponse>, Status>,
    ) -> Result<(), End> {
        match next {
            Ok(Some(frame)) => self.tell(socket, frame).await,
            Ok(None) => Err(End::Drained),
            Err(status) => {
                send(&self.edge, socket, &frames::error(&status)).await?;
                Err(End::of(&status))
            }
        }
    }

    /// Sends a frame of the session; the last one says why it ends.
    async fn tell(&mut self, socket: &mut Socket, mut frame: WatchResponse) -> Result<(), End> {
        let end = match &mut frame.frame {
            Some(Frame::Hello(hello)) => {
                hello.token_expires_in_ms = self.expires_in_ms();
                None
            }
            Some(Frame::Drain(drain)) => Some(if drain.reason == "slow" { End::Slow } else { End::Drained }),
            _ => None,
        };
        send(&self.edge, socket, &frame).await?;
        end.map_or(Ok(()), Err)
    }

    fn expires_in_ms(&self) -> u64 {
        let left = self.expires_at.saturating_duration_since(Instant::now());
        u64::try_from(left.as_millis()).unwrap_or(u64::MAX)
    }

    /// Does what a client said. What it got wrong is told, and ends the session where it could not go on.
    async fn hear(&mut self, socket: &mut Socket, said: Result<Said, Status>) -> Result<(), End> {
        let refused = match said {
            Ok(Said::Pong(_)) => return Ok(()),
            Ok(Said::Bye(_)) => return Err(End::Bye),
            Ok(Said::Ack(ack)) => match self.acks.take(ack) {
                Ok(()) => return Ok(()),
                Err(status) => status,
            },
            Ok(Said::Refresh(refresh)) => match self.refresh(&refresh.token) {
                Ok(()) => return send(&self.edge, socket, &frames::refreshed(self.expires_in_ms())).await,
                Err(status) => status,
            },
            Ok(Said::Subscribe(asked)) => match self.subscribe(asked) {
                Ok(None) => return Ok(()),
                Ok(Some(refused)) => return send(&self.edge, socket, &refused).await,
                Err(status) => status,
            },
            Ok(Said::Unsubscribe(asked)) => {
                self.views.iter_mut().for_each(|views| views.unsubscribe(&asked.id));
                return Ok(());
            }
            Ok(Said::Connect(_)) => invalid("frame", "this session is connected already"),
            Err(status) => status,
        };
        send(&self.edge, socket, &frames::error(&refused)).await?;
        match End::of(&refused) {
            // The token that the session has is still good.
            End::Refused { .. } if refused.code() == tonic::Code::Unauthenticated => Ok(()),
            end => Err(end),
        }
    }

    /// Opens a live view; returns what the client is told of one that is refused, which ends
    /// nothing else.
    fn subscribe(&mut self, asked: Subscribe) -> Result<Option<WatchResponse>, Status> {
        let sessions = self.edge.sessions.as_ref();
        let changes = sessions.ok_or_else(|| Status::internal("no sessions are held here"))?.changes();
        let open = || Box::new(Views::new(&self.edge, self.person, changes));
        let views = self.views.get_or_insert_with(open);
        views.check_id(&asked.id)?;
        let id = asked.id.clone();
        Ok(views.subscribe(asked).err().map(|status| frames::error_of(id, &status)))
    }

    fn refresh(&mut self, token: &str) -> Result<(), Status> {
        let (person, expires_at) = verify(&self.edge, token)?;
        if person != self.person {
            return Err(Status::permission_denied("token: it is another person's; open another session"));
        }
        self.expires_at = expires_at;
        Ok(())
    }

    /// Notes the acknowledgements that wait.
    async fn note(&mut self, socket: &mut Socket) -> Result<(), End> {
        self.acks.due = None;
        for (level, seq) in Acks::LEVELS.into_iter().zip(std::mem::take(&mut self.acks.waiting)) {
            if seq == 0 {
                continue;
            }
            if let Err(status) = self.session.acknowledge(seq, level).await {
                send(&self.edge, socket, &frames::error(&status)).await?;
            }
        }
        Ok(())
    }
}

/// Waits for what a live view shows.
async fn shown(views: &mut Option<Box<Views>>) -> Utf8Bytes {
    match views {
        Some(views) => views.next().await,
        None => pending().await,
    }
}

/// Acknowledgements that wait for more of them.
#[derive(Default)]
struct Acks {
    /// The highest sequence number of each level; 0 for none.
    waiting: [u64; 3],
    /// When they are noted.
    due: Option<Instant>,
}

impl Acks {
    const LEVELS: [AckLevel; 3] = [AckLevel::Delivered, AckLevel::Displayed, AckLevel::Read];

    fn take(&mut self, ack: Ack) -> Result<(), Status> {
        let level = Self::LEVELS.iter().position(|level| *level as i32 == ack.level);
        let level = level.ok_or_else(|| {
            invalid("ack.level", "say ACK_LEVEL_DELIVERED, ACK_LEVEL_DISPLAYED or ACK_LEVEL_READ")
        })?;
        if ack.seq == 0 {
            return Err(invalid("ack.seq", "say the sequence number of a notice, from 1"));
        }
        self.waiting[level] = self.waiting[level].max(ack.seq);
        self.due.get_or_insert_with(|| Instant::now() + ACKS_WAIT);
        Ok(())
    }
}

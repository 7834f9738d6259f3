//! The other end of a host link: logs in, sends, waits for the answer, sends again.
//!
//! Policy. Messages go out in order, at most a window of them unanswered; a window of one is
//! stop-and-wait, which every server knows. Who gets no answer in time, or is asked to, sends the
//! message again under its id. While the other end asks for a pause nothing is sent but signs of
//! life. A line on which nothing is heard for too long is dead.
//!
//! The id of a message follows from its number, so who goes on over a new line sends what was not
//! acknowledged under the ids that it had.

use std::{collections::VecDeque, fmt, io, time::Duration};

use airside_runtime::tls;
use bytes::{Bytes, BytesMut};
use thiserror::Error;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, ToSocketAddrs},
    time::{self, Instant},
};

use super::frame::{self, AppId, Frame, FrameError, Kind, LAST_ID};

/// How long an answer is waited for before a message is sent again under its id.
const RESEND_AFTER: Duration = Duration::from_secs(5);
/// How long to wait before a message goes out again that was not taken.
const NAK_PAUSE: Duration = Duration::from_millis(500);
/// How often a message is sent before it counts as refused, or the line as dead.
const SENDS_MAX: u32 = 4;
/// How long nothing may be heard or written before the line counts as dead.
const SILENCE: Duration = Duration::from_secs(90);
/// How often a sign of life is sent while nothing else is.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// The largest window; the other end must know as many ids to tell a resend.
pub const WINDOW_MAX: usize = 16;

/// A line that cannot be used.
#[derive(Debug, Error)]
pub enum LinkError {
    /// The line broke, or could not be had.
    #[error("host link broke")]
    Line(#[from] io::Error),
    /// The other end sent something that is no frame.
    #[error("host link sent bytes that are no frame")]
    Frame(#[from] FrameError),
    /// The login was refused.
    #[error("host link refused the login: check application id and password")]
    Refused,
    /// The other end closed.
    #[error("host link was closed by the other end")]
    Closed,
    /// Nothing was heard.
    #[error("host link is silent for {} s", SILENCE.as_secs())]
    Silent,
    /// A message was not answered.
    #[error("message {id} was sent {SENDS_MAX} times and not answered")]
    Unanswered {
        /// Its id.
        id: u16,
    },
    /// A message was not taken.
    #[error("the message was not taken: send at most 65535 bytes, and look at the log of the other end")]
    NotTaken,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It is safe at the other end.
    Safe,
    /// The other end did not take it, however often it was sent; or it is longer than a frame.
    Refused,
}

/// What is told of a line while messages go out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// What became of the message with this number.
    Answer(usize, Answer),
    /// The other end sent a message, such as what became of ours when it was read.
    Message(Bytes),
}

/// A line that is logged in.
pub struct Client {
    stream: tls::Line,
    app: AppId,
    input: BytesMut,
    /// The number of the next message.
    next: usize,
    is_paused: bool,
    heard_at: Instant,
    said_at: Instant,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "link of {}", self.app.as_str())
    }
}

/// A message that was sent and not answered yet.
struct Sent {
    number: usize,
    frame: Frame,
    times: u32,
    was_refused: bool,
    due: Instant,
}

impl Client {
    /// Connects in clear and logs in.
    ///
    /// # Errors
    /// When the line cannot be had or the login is refused.
    pub async fn connect(
        address: impl ToSocketAddrs,
        app: AppId,
        password: &[u8],
    ) -> Result<Self, LinkError> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Self::log_in(Box::new(stream), app, password).await
    }

    /// Logs in on a line that is there.
    ///
    /// # Errors
    /// When the line breaks or the login is refused.
    pub async fn log_in(stream: tls::Line, app: AppId, password: &[u8]) -> Result<Self, LinkError> {
        let (input, now) = (BytesMut::new(), Instant::now());
        let mut client = Self { stream, app, input, next: 0, is_paused: false, heard_at: now, said_at: now };
        let data = Bytes::copy_from_slice(password);
        client.write(&Frame { app, kind: Kind::LoginRequest, id: 0, data }).await?;
        loop {
            let read = time::timeout(SILENCE, client.read()).await;
            match read.map_err(|_| LinkError::Silent)??.kind {
                Kind::LoginAccept => return Ok(client),
                Kind::LoginReject => return Err(LinkError::Refused),
                _ => {}
            }
        }
    }

    /// Sends a message and returns when the other end says that it is safe.
    ///
    /// # Errors
    /// When the line breaks, no answer comes, or the message is not taken. The message may be safe all the
    /// same: send it again over a new line.
    pub async fn send(&mut self, message: Bytes) -> Result<(), LinkError> {
        let mut answer = Answer::Refused;
        self.send_each([message], 1, |_, given| answer = given).await?;
        (answer == Answer::Safe).then_some(()).ok_or(LinkError::NotTaken)
    }

    /// Sends messages with at most `window` of them unanswered, 1 to [`WINDOW_MAX`], and tells of each
    /// by its place what became of it.
    ///
    /// # Errors
    /// When the line breaks or no answer comes. What was not told of may be safe all the same: send it
    /// again over a new line.
    pub async fn send_each(
        &mut self,
        messages: impl IntoIterator<Item = Bytes>,
        window: usize,
        mut tell: impl FnMut(usize, Answer),
    ) -> Result<(), LinkError> {
        let first = self.next;
        let told = |told| match told {
            Told::Answer(number, answer) => tell(number - first, answer),
            Told::Message(_) => {}
        };
        self.send_numbered((first..).zip(messages), window, told).await
    }

    /// Sends messages under their numbers, with at most `window` of them unanswered, and tells of each
    /// by its number what became of it, and of what the other end says meanwhile.
    ///
    /// # Errors
    /// When the line breaks or no answer comes. What was not told of may be safe all the same: send it
    /// again under its number over a new line.
    pub async fn send_numbered(
        &mut self,
        messages: impl IntoIterator<Item = (usize, Bytes)>,
        window: usize,
        mut tell: impl FnMut(Told),
    ) -> Result<(), LinkError> {
        let mut messages = messages.into_iter().peekable();
        let mut sent = VecDeque::new();
        while messages.peek().is_some() || !sent.is_empty() {
            while !self.is_paused && sent.len() < window.clamp(1, WINDOW_MAX) {
                let Some((number, message)) = messages.next() else { break };
                match self.first(number, message).await {
                    Ok(one) => sent.push_back(one),
                    Err(LinkError::Frame(FrameError::TooLong { .. })) => {
                        tell(Told::Answer(number, Answer::Refused));
                    }
                    Err(error) => return Err(error),
                }
            }
            if !sent.is_empty() || self.is_paused {
                self.step(&mut sent, &mut tell).await?;
            }
        }
        Ok(())
    }

    /// Returns the next message of the other end; `None` when an instant has come.
    ///
    /// # Errors
    /// When the line breaks.
    pub async fn hear(&mut self, until: Instant) -> Result<Option<Bytes>, LinkError> {
        loop {
            let by = until.min(self.heard_at + SILENCE).min(self.said_at + HEARTBEAT);
            match time::timeout_at(by, self.read()).await {
                Ok(frame) => {
                    if let Some(message) = self.notice(frame?).await? {
                        return Ok(Some(message));
                    }
                }
                Err(_) if Instant::now() >= until => return Ok(None),
                Err(_) => self.live().await?,
            }
        }
    }

    /// Says good-bye.
    ///
    /// # Errors
    /// When the line broke.
    pub async fn log_off(mut self) -> Result<(), LinkError> {
        self.write(&Frame::bare(self.app, Kind::LogOff, 0)).await?;
        Ok(self.stream.shutdown().await?)
    }

    /// Sends a message for the first time.
    async fn first(&mut self, number: usize, message: Bytes) -> Result<Sent, LinkError> {
        self.next = number + 1;
        let id = id_of(number);
        let frame = Frame { app: self.app, kind: Kind::AckData, id, data: message };
        self.write(&frame).await?;
        Ok(Sent { number, frame, times: 1, was_refused: false, due: Instant::now() + RESEND_AFTER })
    }

    /// Waits for the next thing that happens to the line, and does what follows.
    async fn step(
        &mut self,
        sent: &mut VecDeque<Sent>,
        tell: &mut impl FnMut(Told),
    ) -> Result<(), LinkError> {
        let resend = sent.iter().map(|one| one.due).min().filter(|_| !self.is_paused);
        let (dead, beat) = (self.heard_at + SILENCE, self.said_at + HEARTBEAT);
        let until = resend.unwrap_or(dead).min(dead).min(beat);
        let Ok(frame) = time::timeout_at(until, self.read()).await else {
            return self.overdue(sent, tell).await;
        };
        let frame = frame?;
        match frame.kind {
            Kind::Ack => {
                if let Some(at) = sent.iter().position(|one| one.frame.id == frame.id) {
                    sent.remove(at).into_iter().for_each(|one| tell(Told::Answer(one.number, Answer::Safe)));
                }
            }
            Kind::Nak => {
                let named = sent.iter_mut().find(|one| one.frame.id == frame.id);
                named.into_iter().for_each(|one| {
                    one.was_refused = true;
                    one.due = Instant::now() + NAK_PAUSE;
                });
            }
            _ => self.notice(frame).await?.into_iter().for_each(|message| tell(Told::Message(message))),
        }
        Ok(())
    }

    /// Does what follows from a frame that answers none of ours, and returns the message that it is.
    async fn notice(&mut self, frame: Frame) -> Result<Option<Bytes>, LinkError> {
        match frame.kind {
            Kind::DataOff => self.is_paused = true,
            Kind::DataOn => self.is_paused = false,
            Kind::LogOff => return Err(LinkError::Closed),
            Kind::Data => return Ok(Some(frame.data)),
            Kind::AckData => {
                self.write(&Frame::bare(self.app, Kind::Ack, frame.id)).await?;
                return Ok(Some(frame.data));
            }
            _ => {}
        }
        Ok(None)
    }

    /// Gives a sign of life when nothing was said for long; a line on which nothing is heard is dead.
    async fn live(&mut self) -> Result<(), LinkError> {
        let now = Instant::now();
        if now >= self.heard_at + SILENCE {
            return Err(LinkError::Silent);
        }
        if now >= self.said_at + HEARTBEAT {
            self.write(&Frame::bare(self.app, Kind::Status, 0)).await?;
        }
        Ok(())
    }

    /// Sends again what is due, and a sign of life when nothing was said for long.
    async fn overdue(
        &mut self,
        sent: &mut VecDeque<Sent>,
        tell: &mut impl FnMut(Told),
    ) -> Result<(), LinkError> {
        self.live().await?;
        let now = Instant::now();
        let Some(at) = sent.iter().position(|one| one.due <= now).filter(|_| !self.is_paused) else {
            return Ok(());
        };
        let one = &mut sent[at];
        if one.times < SENDS_MAX {
            one.times += 1;
            one.was_refused = false;
            one.due = now + RESEND_AFTER;
            let frame = one.frame.clone();
            return self.write(&frame).await;
        }
        if !one.was_refused {
            return Err(LinkError::Unanswered { id: one.frame.id });
        }
        sent.remove(at).into_iter().for_each(|one| tell(Told::Answer(one.number, Answer::Refused)));
        Ok(())
    }

    /// Safe to cancel: what has come stays in the buffer.
    async fn read(&mut self) -> Result<Frame, LinkError> {
        loop {
            if let Some(frame) = frame::take(&mut self.input)? {
                return Ok(frame);
            }
            if self.stream.read_buf(&mut self.input).await? == 0 {
                return Err(LinkError::Closed);
            }
            self.heard_at = Instant::now();
        }
    }

    async fn write(&mut self, frame: &Frame) -> Result<(), LinkError> {
        let mut out = BytesMut::new();
        frame.write(&mut out)?;
        let written = time::timeout(SILENCE, async {
            self.stream.write_all(&out).await?;
            self.stream.flush().await
        });
        written.await.map_err(|_| LinkError::Silent)??;
        self.said_at = Instant::now();
        Ok(())
    }
}

/// Returns the id of a message by its number.
fn id_of(number: usize) -> u16 {
    u16::try_from(number % usize::from(LAST_ID)).map_or(LAST_ID, |id| id + 1)
}

//! The other end of a host link: logs in, sends, waits for the answer, sends again.

use std::{io, time::Duration};

use bytes::{Bytes, BytesMut};
use thiserror::Error;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, ToSocketAddrs},
    time,
};

use super::frame::{self, AppId, Frame, FrameError, Kind};

/// How long an answer is waited for before a message is sent again under its id.
const RESEND_AFTER: Duration = Duration::from_secs(5);
/// How often a message is sent before the line counts as dead.
const SENDS_MAX: u32 = 4;
/// The last id before they begin again at 1.
const LAST_ID: u16 = 65_534;

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
    /// A message was not answered.
    #[error("message {id} was sent {SENDS_MAX} times and not answered")]
    Unanswered {
        /// Its id.
        id: u16,
    },
}

/// A line that is logged in.
#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
    app: AppId,
    input: BytesMut,
    last_id: u16,
    is_paused: bool,
}

impl Client {
    /// Connects and logs in.
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
        let mut client = Self { stream, app, input: BytesMut::new(), last_id: 0, is_paused: false };
        let data = Bytes::copy_from_slice(password);
        client.write(&Frame { app, kind: Kind::LoginRequest, id: 0, data }).await?;
        loop {
            match client.read().await?.kind {
                Kind::LoginAccept => return Ok(client),
                Kind::LoginReject => return Err(LinkError::Refused),
                _ => {}
            }
        }
    }

    /// Sends a message and returns when the other end says that it is safe.
    /// Without an answer it is sent again under the same id; while the other end
    /// asks for a pause, it waits.
    ///
    /// # Errors
    /// When the line breaks or no answer comes. The message may be safe all the
    /// same: send it again over a new line.
    pub async fn send(&mut self, message: Bytes) -> Result<(), LinkError> {
        self.last_id = if self.last_id >= LAST_ID { 1 } else { self.last_id + 1 };
        let id = self.last_id;
        let frame = Frame { app: self.app, kind: Kind::AckData, id, data: message };
        for _ in 0..SENDS_MAX {
            while self.is_paused {
                self.hear(None).await?;
            }
            self.write(&frame).await?;
            match time::timeout(RESEND_AFTER, self.answer(id)).await {
                Ok(Ok(true)) => return Ok(()),
                Ok(Ok(false)) | Err(_) => {}
                Ok(Err(error)) => return Err(error),
            }
        }
        Err(LinkError::Unanswered { id })
    }

    /// Says good-bye.
    ///
    /// # Errors
    /// When the line broke.
    pub async fn log_off(mut self) -> Result<(), LinkError> {
        self.write(&Frame::bare(self.app, Kind::LogOff, 0)).await
    }

    /// Waits for the answer to an id: true when the message is safe, false to send it again.
    async fn answer(&mut self, id: u16) -> Result<bool, LinkError> {
        loop {
            if let Some(is_safe) = self.hear(Some(id)).await? {
                return Ok(is_safe);
            }
        }
    }

    /// Takes one frame; an answer to `id` is returned.
    async fn hear(&mut self, id: Option<u16>) -> Result<Option<bool>, LinkError> {
        let frame = self.read().await?;
        match frame.kind {
            Kind::Ack | Kind::Nak if Some(frame.id) == id => return Ok(Some(frame.kind == Kind::Ack)),
            Kind::DataOff => self.is_paused = true,
            Kind::DataOn => self.is_paused = false,
            Kind::LogOff => return Err(LinkError::Closed),
            _ => {}
        }
        Ok(None)
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
        }
    }

    async fn write(&mut self, frame: &Frame) -> Result<(), LinkError> {
        let mut out = BytesMut::new();
        frame.write(&mut out)?;
        Ok(self.stream.write_all(&out).await?)
    }
}

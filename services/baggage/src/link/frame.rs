//! Frames of the host link: a header of 20 bytes, then data.
//!
//! ```text
//! offset bytes  (numbers are little endian)
//!      0     8  application id, ASCII, filled with zeros
//!      8     2  version: 2
//!     10     2  type
//!     12     2  message id, 1 to 65534
//!     14     2  length of the data
//!     16     4  reserved
//! ```

use bytes::{Buf, BufMut, Bytes, BytesMut};
use thiserror::Error;

/// The length of the header.
pub const HEADER_BYTES: usize = 20;
/// The version that both sides speak.
pub const VERSION: u16 = 2;
/// The last id of a message before they begin again at 1.
pub const LAST_ID: u16 = 65_534;

/// The name of an application on the link: one to eight visible ASCII characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AppId([u8; 8]);

impl AppId {
    /// Parses a name.
    ///
    /// # Errors
    /// When it is empty, longer than eight characters, or not visible ASCII.
    pub fn parse(name: &str) -> Result<Self, FrameError> {
        let mut bytes = [0; 8];
        let fits = (1..=8).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_graphic());
        let slot = bytes.get_mut(..name.len()).filter(|_| fits).ok_or(FrameError::AppId)?;
        slot.copy_from_slice(name.as_bytes());
        Ok(Self(bytes))
    }

    fn read(bytes: [u8; 8]) -> Result<Self, FrameError> {
        let end = bytes.iter().position(|b| *b == 0 || *b == b' ').unwrap_or(8);
        let name = std::str::from_utf8(&bytes[..end]).map_err(|_| FrameError::AppId)?;
        Self::parse(name)
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|b| *b == 0).unwrap_or(8);
        std::str::from_utf8(&self.0[..end]).unwrap_or_default()
    }
}

/// What a frame is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum Kind {
    /// The client names itself and says its password.
    LoginRequest = 1,
    /// The server lets it in.
    LoginAccept = 2,
    /// The server does not.
    LoginReject = 3,
    /// A message that wants no answer.
    Data = 4,
    /// A message that wants an answer when it is safe.
    AckData = 5,
    /// The message with this id is safe.
    Ack = 6,
    /// The message with this id was not taken; send it again.
    Nak = 7,
    /// A sign of life.
    Status = 8,
    /// Messages may be sent again.
    DataOn = 9,
    /// No messages may be sent for now.
    DataOff = 10,
    /// The link is about to close.
    LogOff = 11,
}

impl Kind {
    fn read(number: u16) -> Result<Self, FrameError> {
        Ok(match number {
            1 => Self::LoginRequest,
            2 => Self::LoginAccept,
            3 => Self::LoginReject,
            4 => Self::Data,
            5 => Self::AckData,
            6 => Self::Ack,
            7 => Self::Nak,
            8 => Self::Status,
            9 => Self::DataOn,
            10 => Self::DataOff,
            11 => Self::LogOff,
            _ => return Err(FrameError::Kind { number }),
        })
    }
}

/// Bytes that are no frame; nothing after them on the line can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FrameError {
    /// The name of the application.
    #[error("application id is not one to eight visible ASCII characters")]
    AppId,
    /// The version.
    #[error("version is {found}, and this link speaks {VERSION}")]
    Version {
        /// What came.
        found: u16,
    },
    /// The type.
    #[error("frame type {number} is unknown; types are 1 to 11")]
    Kind {
        /// What came.
        number: u16,
    },
    /// More data than a frame can say.
    #[error("data of {length} bytes does not fit a frame; send at most 65535")]
    TooLong {
        /// Its length.
        length: usize,
    },
}

/// One frame.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    /// Who the link is for.
    pub app: AppId,
    /// What it is for.
    pub kind: Kind,
    /// The message's id; an answer has the id of what it answers.
    pub id: u16,
    /// A message, or a password. Names people.
    pub data: Bytes,
}

/// Shows no data.
impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {} of {} with {} bytes", self.kind, self.id, self.app.as_str(), self.data.len())
    }
}

impl Frame {
    /// Makes a frame without data.
    pub fn bare(app: AppId, kind: Kind, id: u16) -> Self {
        Self { app, kind, id, data: Bytes::new() }
    }

    /// Writes the frame.
    ///
    /// # Errors
    /// When its data is longer than 65,535 bytes.
    pub fn write(&self, out: &mut BytesMut) -> Result<(), FrameError> {
        let length = self.data.len();
        let short = u16::try_from(length).map_err(|_| FrameError::TooLong { length })?;
        out.put_slice(&self.app.0);
        out.put_u16_le(VERSION);
        out.put_u16_le(self.kind as u16);
        out.put_u16_le(self.id);
        out.put_u16_le(short);
        out.put_u32_le(0);
        out.put_slice(&self.data);
        Ok(())
    }
}

/// Takes a frame from what has come, if it is whole; `None` waits for more.
/// What is held is never more than one frame and what came with its end.
///
/// # Errors
/// When the bytes are no frame.
pub fn take(buffer: &mut BytesMut) -> Result<Option<Frame>, FrameError> {
    let Some(mut header) = buffer.get(..HEADER_BYTES) else { return Ok(None) };
    let mut app = [0; 8];
    header.copy_to_slice(&mut app);
    let (version, kind, id, length) =
        (header.get_u16_le(), header.get_u16_le(), header.get_u16_le(), usize::from(header.get_u16_le()));
    if version != VERSION {
        return Err(FrameError::Version { found: version });
    }
    let (app, kind) = (AppId::read(app)?, Kind::read(kind)?);
    if buffer.len() < HEADER_BYTES + length {
        return Ok(None);
    }
    buffer.advance(HEADER_BYTES);
    Ok(Some(Frame { app, kind, id, data: buffer.split_to(length).freeze() }))
}

//! What one end of a host link does with each frame: no socket, no clock.
//!
//! Policy. Nothing is taken before the login; three wrong passwords end the
//! line, and so does one on an open line. A message that wants an answer gets it
//! when it is on disk and not before, and the answer carries its id. A peer that
//! heard no answer sends the message again under the same id: the same id with the same bytes as one of
//! the last [`REMEMBERED`] answered messages is answered again and not stored
//! again; with other bytes, after the ids wrapped, it is a new message. A resend
//! over a new line is stored again and told apart when it is read, by its
//! fingerprint. While the log falls behind, the peer is told to pause.
//!
//! An answer to a message goes out as a message that wants none, under an id of ours; a peer that asks
//! for a pause gets it afterwards.

use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;
use thiserror::Error;

use super::frame::{AppId, Frame, Kind, LAST_ID};

/// How many answered messages are remembered, to know a resend.
const REMEMBERED: usize = 16;
/// How many messages may wait for the disk before the peer is told to pause.
const PAUSE_AT: usize = 32;
/// How few must wait before it may go on.
const RESUME_AT: usize = 8;
/// How many wrong passwords end the line.
const TRIES: u32 = 3;
/// The longest password, in bytes.
const PASSWORD_BYTES_MAX: usize = 64;

/// Who may log in, and as which source its messages are stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// The name on the link.
    pub app: AppId,
    /// The source of its messages.
    pub source: String,
    /// Its password, at most 64 bytes.
    pub password: Vec<u8>,
}

/// A password that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "a password has 1 to {PASSWORD_BYTES_MAX} bytes, and blanks, zeros and line ends at its end are no part of it"
)]
pub struct NoPassword;

impl Account {
    /// Makes it; blanks, zeros and line ends at the end of a password are no part of it.
    ///
    /// # Errors
    /// When the password is empty or too long.
    pub fn new(app: AppId, source: String, secret: &[u8]) -> Result<Self, NoPassword> {
        let password = password(secret).to_vec();
        match password.len() {
            1..=PASSWORD_BYTES_MAX => Ok(Self { app, source, password }),
            _ => Err(NoPassword),
        }
    }

    fn is_known_by(&self, data: &[u8]) -> bool {
        is_same(&self.password, password(data))
    }
}

/// Shows no password.
impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} as {}", self.app.as_str(), self.source)
    }
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub enum Act {
    /// Send a frame.
    Send(Frame),
    /// Store a message of this source; say when it is done with [`Session::stored`].
    Store {
        /// The message.
        data: Bytes,
        /// The id to answer, when an answer is wanted.
        id: Option<u16>,
    },
    /// Close the line, for a reason.
    Close(&'static str),
}

/// One end of a line that waits to be called.
#[derive(Debug)]
pub struct Session {
    accounts: Arc<[Account]>,
    account: Option<usize>,
    tries: u32,
    waiting: usize,
    is_paused: bool,
    answered: VecDeque<(u16, Bytes)>,
    /// The id of the last message that went out.
    last_id: u16,
    /// The peer has asked for a pause.
    is_held: bool,
}

impl Session {
    /// Begins a line on which nobody has logged in.
    pub fn new(accounts: Arc<[Account]>) -> Self {
        let answered = VecDeque::with_capacity(REMEMBERED);
        Self {
            accounts,
            account: None,
            tries: 0,
            waiting: 0,
            is_paused: false,
            answered,
            last_id: 0,
            is_held: false,
        }
    }

    /// Returns who has logged in.
    pub fn account(&self) -> Option<&Account> {
        self.account.map(|at| &self.accounts[at])
    }

    /// Takes a frame and says what follows.
    pub fn take(&mut self, frame: Frame) -> Vec<Act> {
        let Some(account) = self.account() else { return self.log_in(&frame) };
        if account.app != frame.app {
            return vec![Act::Close("a frame names another application than the login")];
        }
        match frame.kind {
            Kind::Data => self.store(frame.data, None),
            Kind::AckData => {
                if self.answered.iter().any(|(id, data)| *id == frame.id && *data == frame.data) {
                    return vec![Act::Send(Frame::bare(frame.app, Kind::Ack, frame.id))];
                }
                if frame.data.is_empty() {
                    return vec![Act::Send(Frame::bare(frame.app, Kind::Nak, frame.id))];
                }
                self.store(frame.data, Some(frame.id))
            }
            Kind::LoginRequest if account.is_known_by(&frame.data) => {
                vec![Act::Send(Frame::bare(frame.app, Kind::LoginAccept, frame.id))]
            }
            Kind::LoginRequest => {
                let reject = Frame::bare(frame.app, Kind::LoginReject, frame.id);
                vec![Act::Send(reject), Act::Close("another login came with a wrong password")]
            }
            Kind::LogOff => vec![Act::Close("the peer logged off")],
            Kind::DataOn | Kind::DataOff => {
                self.is_held = frame.kind == Kind::DataOff;
                Vec::new()
            }
            // A sign of life is not answered, or two ends would answer each other for ever;
            // and what goes out wants no answer.
            Kind::Status | Kind::Ack | Kind::Nak => Vec::new(),
            Kind::LoginAccept | Kind::LoginReject => vec![Act::Close("the peer answers a login")],
        }
    }

    /// Notes that a message is on disk, or that it could not be stored.
    pub fn stored(&mut self, id: Option<u16>, data: Bytes, is_stored: bool) -> Vec<Act> {
        self.waiting = self.waiting.saturating_sub(1);
        let Some(app) = self.account().map(|account| account.app) else { return Vec::new() };
        let mut acts = Vec::new();
        if let Some(id) = id {
            let kind = if is_stored { Kind::Ack } else { Kind::Nak };
            if is_stored {
                self.remember(id, data);
            }
            acts.push(Act::Send(Frame::bare(app, kind, id)));
        }
        if self.is_paused && self.waiting <= RESUME_AT {
            self.is_paused = false;
            acts.push(Act::Send(Frame::bare(app, Kind::DataOn, 0)));
        }
        acts
    }

    /// Returns whether the peer has asked that no message be sent for now.
    pub fn is_held(&self) -> bool {
        self.is_held
    }

    /// Sends the peer a message that wants no answer.
    pub fn say(&mut self, data: Bytes) -> Vec<Act> {
        let Some(app) = self.account().map(|account| account.app) else { return Vec::new() };
        self.last_id = self.last_id % LAST_ID + 1;
        vec![Act::Send(Frame { app, kind: Kind::Data, id: self.last_id, data })]
    }

    fn store(&mut self, data: Bytes, id: Option<u16>) -> Vec<Act> {
        self.waiting += 1;
        let mut acts = vec![Act::Store { data, id }];
        if !self.is_paused && self.waiting >= PAUSE_AT {
            self.is_paused = true;
            acts.extend(self.account().map(|a| Act::Send(Frame::bare(a.app, Kind::DataOff, 0))));
        }
        acts
    }

    fn remember(&mut self, id: u16, data: Bytes) {
        self.answered.retain(|(known, _)| *known != id);
        if self.answered.len() == REMEMBERED {
            self.answered.pop_front();
        }
        self.answered.push_back((id, data));
    }

    fn log_in(&mut self, frame: &Frame) -> Vec<Act> {
        if frame.kind != Kind::LoginRequest {
            let reject = Frame::bare(frame.app, Kind::LoginReject, frame.id);
            return vec![Act::Send(reject), Act::Close("a frame came before the login")];
        }
        let found = self
            .accounts
            .iter()
            .position(|account| account.app == frame.app && account.is_known_by(&frame.data));
        if found.is_some() {
            self.account = found;
            return vec![Act::Send(Frame::bare(frame.app, Kind::LoginAccept, frame.id))];
        }
        self.tries += 1;
        let mut acts = vec![Act::Send(Frame::bare(frame.app, Kind::LoginReject, frame.id))];
        if self.tries >= TRIES {
            acts.push(Act::Close("three logins failed"));
        }
        acts
    }
}

/// A password may be filled with zeros or blanks.
fn password(data: &[u8]) -> &[u8] {
    let end = data.iter().rposition(|b| !matches!(b, 0 | b' ' | b'\r' | b'\n')).map_or(0, |last| last + 1);
    &data[..end]
}

/// Compares in a time that does not tell how much is right.
fn is_same(a: &[u8], b: &[u8]) -> bool {
    let differences = a.iter().zip(b).fold(0, |found, (a, b)| found | (a ^ b));
    a.len() == b.len() && differences == 0
}

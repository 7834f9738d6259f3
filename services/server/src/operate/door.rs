//! The operator's door: a Unix socket in the data folder of a running server.
//!
//! One order a connection: a JSON line in, JSON lines out (see
//! [`Answer`]). Only the owner of the folder passes: the socket is made in a
//! folder that nobody else may enter, closed to others, and only then moved to
//! its name, so there is no moment in which it stands open; the caller's user
//! is compared as well. Moving it also replaces the socket that a crashed
//! server left behind; the lock of the log keeps two running servers apart.
//!
//! A caller that leaves ends its order. Orders, their length and the time they
//! may take to arrive are bounded; a caller that reads slowly makes its own
//! order wait and nothing else.

use std::{
    fs::{self, DirBuilder, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use airside_runtime::stopped;
use thiserror::Error;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{
        UnixListener, UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinSet,
    time,
};
use tracing::{info, warn};

use super::{Answer, Caller, Order, Parts};

/// The socket's name in the data folder.
pub(crate) const NAME: &str = "control.sock";
/// The folder in which it is made.
const WORKSHOP: &str = "door.new";
/// The longest path of a Unix socket, on every system we know.
const PATH_BYTES_MAX: usize = 103;
/// The longest order.
const ORDER_BYTES_MAX: u64 = 64 * 1024;
/// How long a caller may take to say its order.
const ORDER_WITHIN: Duration = Duration::from_secs(5);
/// How many orders may be under way.
const ORDERS_MAX: usize = 8;
/// How long the door waits after it could not accept.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// A door that cannot be opened.
#[derive(Debug, Error)]
pub(crate) enum DoorError {
    /// The folder's path is too long for a socket.
    #[error(
        "path {path} is longer than the {PATH_BYTES_MAX} bytes that a Unix socket may have: choose a shorter data folder"
    )]
    PathTooLong {
        /// The path.
        path: PathBuf,
    },
    /// The socket cannot be made.
    #[error("socket {path} cannot be made")]
    Socket {
        /// The path.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// An open door; closed and taken away when it is dropped.
pub(crate) struct Door {
    listener: UnixListener,
    path: PathBuf,
    owner: u32,
}

impl Door {
    /// Opens the door of a folder that this process has locked.
    ///
    /// # Errors
    /// When the path is too long or the socket cannot be made.
    pub(crate) fn open(folder: &Path) -> Result<Self, DoorError> {
        let path = folder.join(NAME);
        if path.as_os_str().len() > PATH_BYTES_MAX {
            return Err(DoorError::PathTooLong { path });
        }
        let make = || {
            let workshop = folder.join(WORKSHOP);
            let socket = workshop.join("s");
            match fs::remove_dir_all(&workshop) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            DirBuilder::new().mode(0o700).create(&workshop)?;
            let listener = UnixListener::bind(&socket)?;
            fs::set_permissions(&socket, Permissions::from_mode(0o600))?;
            let owner = fs::metadata(&socket)?.uid();
            fs::rename(&socket, &path)?;
            fs::remove_dir(&workshop)?;
            Ok((listener, owner))
        };
        match make() {
            Ok((listener, owner)) => Ok(Self { listener, path, owner }),
            Err(source) => Err(DoorError::Socket { path, source }),
        }
    }

    /// Takes orders until told to stop; those under way are given up then.
    pub(crate) async fn serve(self, parts: Arc<Parts>, mut stop: watch::Receiver<bool>) {
        let mut under_way = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                Some(_) = under_way.join_next() => continue,
                () = stopped(&mut stop) => break,
            };
            match accepted {
                // Callers beyond these are not even told.
                Ok(_) if under_way.len() >= 2 * ORDERS_MAX => {}
                Ok((stream, _)) => {
                    let refusal = self.refusal(&stream, under_way.len());
                    under_way.spawn(converse(stream, parts.clone(), refusal));
                }
                Err(error) => {
                    warn!(error = %error, "operator's door cannot accept; it tries on");
                    time::sleep(RETRY_PAUSE).await;
                }
            }
        }
        under_way.shutdown().await;
    }

    fn refusal(&self, caller: &UnixStream, under_way: usize) -> Option<&'static str> {
        let is_owner = caller.peer_cred().is_ok_and(|peer| peer.uid() == self.owner || peer.uid() == 0);
        if !is_owner {
            return Some("only the owner of the data folder may give orders");
        }
        (under_way >= ORDERS_MAX).then_some("too many orders are under way: try again later")
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        // The next server replaces a socket that could not be taken away.
        let _ = fs::remove_file(&self.path);
    }
}

/// Takes one order and answers it.
async fn converse(stream: UnixStream, parts: Arc<Parts>, refusal: Option<&str>) {
    let (reading, mut writing) = stream.into_split();
    let mut reading = BufReader::new(reading);
    let order = match time::timeout(ORDER_WITHIN, read_order(&mut reading)).await {
        // The order is heard first: a socket closed on unread words is an error to its caller.
        Ok(order) => refusal.map_or(order, |refusal| Err(refusal.to_owned())),
        Err(_) => return,
    };
    let order = match order {
        Ok(order) => order,
        Err(message) => {
            let _ = tell(&mut writing, &Answer::Error { message }).await;
            let _ = writing.shutdown().await;
            // What it still says is heard, or its end of the line would break before it has read ours.
            let _ = time::timeout(ORDER_WITHIN, gone(&mut reading)).await;
            return;
        }
    };
    info!(name = order.name(), "order of the operator");
    let (caller, mut heard) = Caller::new();
    let mut work = JoinSet::new();
    work.spawn(async move { super::serve(order, &parts, caller).await });
    let mut has_ended = false;
    while !has_ended {
        tokio::select! {
            answer = heard.recv() => {
                let answer = answer.unwrap_or_else(|| {
                    Answer::Error { message: "the order ended in a panic: see the server's log".to_owned() }
                });
                has_ended = matches!(answer, Answer::Result(_) | Answer::Error { .. });
                if tell(&mut writing, &answer).await.is_err() {
                    return;
                }
            }
            // Dropping the work and what it says ends the order.
            () = gone(&mut reading) => return,
        }
    }
}

async fn read_order(reading: &mut BufReader<OwnedReadHalf>) -> Result<Order, String> {
    let mut text = Vec::new();
    let read = reading.take(ORDER_BYTES_MAX).read_until(b'\n', &mut text).await;
    read.map_err(|error| format!("order could not be read: {error}"))?;
    if !text.ends_with(b"\n") {
        return Err(format!("order is not a line of at most {ORDER_BYTES_MAX} bytes"));
    }
    serde_json::from_slice(&text).map_err(|error| format!("order is not understood: {error}"))
}

/// Waits until the caller has left; whatever else it says is passed over.
async fn gone(reading: &mut BufReader<OwnedReadHalf>) {
    let mut rest = [0; 64];
    while matches!(reading.read(&mut rest).await, Ok(1..)) {}
}

async fn tell(writing: &mut OwnedWriteHalf, answer: &Answer) -> io::Result<()> {
    writing.write_all(&line(answer)).await
}

fn line(answer: &Answer) -> Vec<u8> {
    let mut line = serde_json::to_vec(answer)
        .unwrap_or_else(|_| br#"{"error":{"message":"the answer has no JSON form"}}"#.to_vec());
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests;

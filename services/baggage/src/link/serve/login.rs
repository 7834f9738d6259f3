//! A line before its login: the handshake, the password, a place among the lines.
//!
//! Nothing is stored here, so a caller can be closed at any moment.

use std::{io, net::SocketAddr, sync::Arc};

use airside_runtime::tls::{self, Acceptor};
use bytes::BytesMut;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{self, Instant},
};
use tracing::warn;

use super::{
    super::{
        frame::{self, Kind},
        session::{Act, Session},
    },
    strangers::Stranger,
};

/// A line whose peer has logged in.
pub(super) struct LoggedIn {
    pub(super) stream: tls::Line,
    pub(super) session: Session,
    /// What the peer has sent behind its login.
    pub(super) input: BytesMut,
    /// Its place among the lines.
    pub(super) place: OwnedSemaphorePermit,
}

/// Begins TLS where it is spoken.
pub(super) async fn shake_hands(stream: TcpStream, tls: Option<Acceptor>) -> io::Result<tls::Line> {
    match tls {
        Some(tls) => tls.accept(stream).await,
        None => Ok(Box::new(stream)),
    }
}

/// Hears a caller until it is known who it is.
///
/// # Errors
/// The reason why the line is to be closed.
pub(super) async fn log_in(
    mut stream: tls::Line,
    peer: SocketAddr,
    mut session: Session,
    places: Arc<Semaphore>,
    stranger: &Stranger,
) -> Result<LoggedIn, &'static str> {
    let mut input = BytesMut::with_capacity(4 * 1024);
    loop {
        while let Some(frame) = frame::take(&mut input).map_err(|error| {
            warn!(address = %peer, error = %error, "bytes on a host link are no frame");
            "bytes are no frame"
        })? {
            let is_login = frame.kind == Kind::LoginRequest;
            if is_login {
                time::sleep(stranger.wait(Instant::now())).await;
            }
            let acts = session.take(frame);
            let place = match session.account() {
                Some(_) => Some(place(&places, peer).await?),
                None => None,
            };
            if is_login && place.is_none() {
                stranger.was_wrong(Instant::now());
            }
            answer(&mut stream, acts).await?;
            if let Some(place) = place {
                return Ok(LoggedIn { stream, session, input, place });
            }
        }
        match stream.read_buf(&mut input).await {
            Ok(0) => return Err("the peer closed"),
            Ok(_) => {}
            Err(_) => return Err("the line broke"),
        }
    }
}

/// Waits for a place; the login is answered when there is one.
async fn place(places: &Arc<Semaphore>, peer: SocketAddr) -> Result<OwnedSemaphorePermit, &'static str> {
    if places.available_permits() == 0 {
        warn!(address = %peer, "all lines of the host link are taken: raise link.lines, or close some");
    }
    Arc::clone(places).acquire_owned().await.map_err(|_| "the server stops")
}

async fn answer(stream: &mut tls::Line, acts: Vec<Act>) -> Result<(), &'static str> {
    let mut output = BytesMut::new();
    for act in acts {
        match act {
            Act::Send(frame) => frame.write(&mut output).map_err(|_| "an answer does not fit")?,
            // There is nothing to store before the login.
            Act::Store { .. } => {}
            Act::Close(reason) => {
                write(stream, &output).await?;
                // The peer may be gone already.
                let _ = stream.shutdown().await;
                return Err(reason);
            }
        }
    }
    write(stream, &output).await
}

async fn write(stream: &mut tls::Line, output: &[u8]) -> Result<(), &'static str> {
    stream.write_all(output).await.map_err(|_| "the line broke")?;
    stream.flush().await.map_err(|_| "the line broke")
}

//! The accept loop.
//!
//! Policy. Connections are bounded: at the limit the next one waits in the
//! kernel's queue until another closes. A connection that does not begin to
//! speak is closed, one that begins a head and does not end it too. After the
//! stop nothing is accepted, health says NOT_SERVING, every connection is told
//! to go away, and running calls have the drain time to finish; what is left
//! then is cut, counted and logged.

use std::{
    convert::Infallible,
    io,
    pin::pin,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use futures::FutureExt;
use hyper::{Request, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
    time::{sleep, timeout},
};
use tonic_health::{ServingStatus, server::HealthReporter};

use crate::{GatewayConfig, edge::Edge, push};

/// What an HTTP/2 client says first (RFC 9113 section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How long to wait when the system has no more file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How often a half-sent preface is looked at again.
const PREFACE_PAUSE: Duration = Duration::from_millis(10);

/// HTTP/2 streams that a client may open and reset before we have looked at them.
const RESETS_PENDING_MAX: usize = 20;

/// HTTP/2 streams that we may reset for a client's errors before the connection is closed.
const RESETS_OF_ERRORS_MAX: usize = 256;

/// How far a client may send ahead of one call, bytes; as much as it may before it has heard from us.
///
/// A client that sends one small frame for each item and never waits must come to this end before the
/// connection counts as abused: each unread frame of `n` bytes below 256 costs it 256 - `n` of a budget
/// that is half of [`CONNECTION_WINDOW_BYTES`], so about 20 streams may be full of 100-byte items at once.
const STREAM_WINDOW_BYTES: u32 = 65_535;

/// How far a client may send ahead on all streams of a connection, bytes.
const CONNECTION_WINDOW_BYTES: u32 = 4 * 1024 * 1024;

/// What one HTTP/2 stream may have waiting to be sent, bytes.
const SEND_BUFFER_BYTES: usize = 64 * 1024;

pub(crate) async fn run(
    listener: TcpListener,
    edge: Arc<Edge>,
    health: HealthReporter,
    stop: watch::Receiver<bool>,
) {
    let builder = Arc::new(builder(&edge.config));
    let places = Arc::new(Semaphore::new(edge.config.connections_max));
    let mut connections = JoinSet::new();
    let mut stopping = pin!(stopped(stop.clone()));
    health.set_service_status("", ServingStatus::Serving).await;
    loop {
        while connections.try_join_next().is_some() {}
        let accepted = async {
            let place = places.clone().acquire_owned().await.expect("nobody closes this semaphore");
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = &mut stopping => break,
            accepted = accepted => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let (edge, builder, stop) = (edge.clone(), builder.clone(), stop.clone());
                connections.spawn(async move {
                    edge.metrics.connections.inc();
                    connection(stream, &edge, &builder, stop).await;
                    edge.metrics.connections.dec();
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(error = %error, "connection could not be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    health.set_service_status("", ServingStatus::NotServing).await;
    drain(&edge, connections).await;
}

/// Waits for the stop. A sender that is gone means stop as well.
pub(crate) async fn stopped(mut stop: watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Waits for the connections to end; cuts what is left when the time is up.
async fn drain(edge: &Edge, mut connections: JoinSet<()>) {
    let ended = timeout(edge.config.drain, async { while connections.join_next().await.is_some() {} }).await;
    if ended.is_err() {
        let count = edge.running.load(Ordering::Relaxed);
        tracing::warn!(count, connections = connections.len(), "calls did not end in time and are cut");
    }
    connections.shutdown().await;
}

async fn connection(
    stream: TcpStream,
    edge: &Arc<Edge>,
    builder: &auto::Builder<TokioExecutor>,
    stop: watch::Receiver<bool>,
) {
    let mut stopping = pin!(stopped(stop));
    // Small frames must not wait for one another; without it they only come later.
    let _ = stream.set_nodelay(true);
    let begun = tokio::select! {
        begun = timeout(edge.config.head_timeout, begins_to_speak(&stream)) => begun,
        () = &mut stopping => return,
    };
    if !matches!(begun, Ok(Ok(true))) {
        return;
    }
    let slot = push::Slot::default();
    let service = service_fn(|mut request: Request<Incoming>| {
        request.extensions_mut().insert(slot.clone());
        // Boxed, so that a stream gives back what it took to begin when only its answer goes on.
        Box::pin(edge.clone().answer(request)).map(Ok::<_, Infallible>)
    });
    // Boxed, so that a connection that becomes a session gives back what it took to serve calls.
    let mut serving = Box::pin(builder.serve_connection_with_upgrades(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = &mut stopping => {
            serving.as_mut().graceful_shutdown();
            serving.as_mut().await
        }
    };
    drop(serving);
    if let Err(error) = ended {
        tracing::debug!(error = %error, "connection broke");
    } else if let Some(upgrade) = slot.take() {
        Box::pin(push::run(edge.clone(), upgrade)).await;
    }
}

/// Returns true when the peer has said enough to tell HTTP/1.1 from HTTP/2;
/// from there on hyper's own timeouts guard the connection.
async fn begins_to_speak(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0; PREFACE.len()];
    loop {
        stream.readable().await?;
        let read = match stream.peek(&mut first).await? {
            0 => return Ok(false),
            read => &first[..read],
        };
        if read.len() == PREFACE.len() || !PREFACE.starts_with(read) {
            return Ok(true);
        }
        sleep(PREFACE_PAUSE).await;
    }
}

fn builder(config: &GatewayConfig) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(config.head_timeout)
        .max_buf_size(usize::try_from(config.header_bytes_max).unwrap_or(usize::MAX).max(8192))
        .half_close(false);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(config.streams_per_connection_max)
        .max_header_list_size(config.header_bytes_max)
        .max_pending_accept_reset_streams(RESETS_PENDING_MAX)
        .max_local_error_reset_streams(RESETS_OF_ERRORS_MAX)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_send_buf_size(SEND_BUFFER_BYTES)
        .keep_alive_interval(config.keep_alive_interval)
        .keep_alive_timeout(config.keep_alive_timeout);
    builder
}

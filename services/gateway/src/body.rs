//! Bodies: what comes in is bounded, what goes out is watched.
//!
//! A gRPC frame says its length before its bytes, and a decoder reserves that
//! much at once; so the length is checked here, before anybody believes it.
//! What goes out is watched to the end: its code is counted, a panic becomes a
//! status, and when the system stops, a stream that goes on is ended with
//! UNAVAILABLE, which tells its client to come back and resume.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use tonic::{Code, Status};
use tower::BoxError;

use crate::{answer::not_the_message, edge::Finish};

/// The prefix of a gRPC frame: a flag and the length of the message.
pub(crate) const PREFIX_BYTES: usize = 5;

/// A body that is too large is read on to at most this multiple of the limit,
/// so that its sender gets to read why it was refused.
const READ_ON: usize = 8;

pub(crate) fn too_large(bytes_max: usize) -> Status {
    Status::resource_exhausted(format!(
        "body: it is too large; the limit is {bytes_max} bytes a call: send smaller batches"
    ))
}

/// A unary gRPC request of bounded size.
pub(crate) struct Bounded<B> {
    inner: B,
    bytes_max: usize,
    bytes: usize,
    prefix: BytesMut,
}

impl<B> Bounded<B> {
    pub(crate) fn new(inner: B, bytes_max: usize) -> Self {
        Self { inner, bytes_max, bytes: 0, prefix: BytesMut::with_capacity(PREFIX_BYTES) }
    }

    /// Checks the size so far, and the length that the frame claims.
    fn check(&mut self, data: &[u8]) -> Result<(), Status> {
        self.bytes = self.bytes.saturating_add(data.len());
        let missing = PREFIX_BYTES - self.prefix.len();
        self.prefix.extend_from_slice(&data[..missing.min(data.len())]);
        let claimed =
            if self.prefix.len() == PREFIX_BYTES { (&self.prefix[1..]).get_u32() as usize } else { 0 };
        if self.bytes > self.bytes_max || claimed > self.bytes_max {
            return Err(too_large(self.bytes_max));
        }
        Ok(())
    }
}

impl<B> Body for Bounded<B>
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Unpin,
{
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        Poll::Ready(match frame {
            None => None,
            // What is a status already is ours; the text of a library stays here.
            Some(Err(error)) => {
                Some(Err(error.into().downcast().map_or_else(|_| broken(), |status| *status)))
            }
            Some(Ok(frame)) => match frame.data_ref().map(|data| self.check(data)) {
                Some(Err(status)) => Some(Err(status)),
                Some(Ok(())) | None => Some(Ok(frame)),
            },
        })
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Reads a whole body of bounded size.
pub(crate) async fn read<B>(mut body: B, bytes_max: usize) -> Result<Bytes, Status>
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut read = BytesMut::new();
    let mut bytes = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| broken())?.into_data() else { continue };
        bytes = bytes.saturating_add(data.len());
        if bytes <= bytes_max {
            read.extend_from_slice(&data);
        } else if bytes > bytes_max.saturating_mul(READ_ON) {
            break;
        }
    }
    if bytes > bytes_max { Err(too_large(bytes_max)) } else { Ok(read.freeze()) }
}

fn broken() -> Status {
    Status::cancelled("body: it broke off")
}

/// Returns the refusal of a gRPC-Web body that cannot be read. It is no `CANCELLED`, which a service
/// takes for the end of the body.
pub(crate) fn not_grpc_web() -> Status {
    Status::invalid_argument("body: it broke off, or is not what its content-type says")
}

/// What ends a stream when the system stops.
pub(crate) type Cut = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A gRPC answer, watched until its status.
pub(crate) struct Watched {
    inner: tonic::body::Body,
    finish: Option<Finish>,
    cut: Option<Cut>,
    is_over: bool,
}

impl Watched {
    pub(crate) fn new(inner: tonic::body::Body, finish: Finish, cut: Option<Cut>) -> Self {
        Self { inner, finish: Some(finish), cut, is_over: false }
    }

    fn end(&mut self, status: &Status) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        self.is_over = true;
        self.record(status.code());
        let mut trailers = http::HeaderMap::new();
        if status.add_header(&mut trailers).is_err() {
            return Poll::Ready(Some(Err(status.clone())));
        }
        Poll::Ready(Some(Ok(Frame::trailers(trailers))))
    }

    fn record(&mut self, code: Code) {
        if let Some(finish) = self.finish.take() {
            finish.record(code);
        }
    }
}

impl Body for Watched {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        if this.is_over {
            return Poll::Ready(None);
        }
        let polled = catch_unwind(AssertUnwindSafe(|| Pin::new(&mut this.inner).poll_frame(cx)));
        match polled {
            Err(_) => this.end(&crate::edge::panicked()),
            Ok(Poll::Pending) => match this.cut.as_mut().map(|cut| cut.as_mut().poll(cx)) {
                Some(Poll::Ready(())) => {
                    this.end(&Status::unavailable("the server is going away: connect again and resume"))
                }
                Some(Poll::Pending) | None => Poll::Pending,
            },
            Ok(Poll::Ready(Some(Err(status)))) => this.end(&status),
            Ok(Poll::Ready(Some(Ok(frame)))) => {
                if let Some(trailers) = frame.trailers_ref() {
                    let status = Status::from_header_map(trailers);
                    if let Some(theirs) = status.as_ref().and_then(not_the_message) {
                        return this.end(&theirs);
                    }
                    this.record(status.map_or(Code::Unknown, |status| status.code()));
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Ok(Poll::Ready(None)) => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.is_over || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

//! The end that is none: a body that stops without trailers, so that the caller
//! gets no status. A node that is stopped in order does it to open reads.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::{Frame, SizeHint};
use tonic::{Status, body::Body};
use tower::{Layer, Service};

use super::world::CUT;

/// Puts [`Cutting`] around a service.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct CuttingLayer;

/// A service whose answers end without a status where they are marked.
#[derive(Debug, Clone)]
pub(super) struct Cutting<S>(S);

impl<S> Layer<S> for CuttingLayer {
    type Service = Cutting<S>;

    fn layer(&self, inner: S) -> Cutting<S> {
        Cutting(inner)
    }
}

impl<S, B> Service<Request<B>> for Cutting<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let answering = self.0.call(request);
        Box::pin(async move {
            let (mut head, body) = answering.await?.into_parts();
            if head.headers.contains_key(CUT) {
                // A refusal without any message has its status in the head.
                head.headers = HeaderMap::new();
                head.headers.insert("content-type", HeaderValue::from_static("application/grpc"));
                return Ok(Response::from_parts(head, Body::empty()));
            }
            Ok(Response::from_parts(head, Body::new(Cut(body))))
        })
    }
}

/// A body whose trailers are left out where they are marked.
struct Cut(Body);

impl http_body::Body for Cut {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let polled = http_body::Body::poll_frame(Pin::new(&mut self.0), cx);
        match &polled {
            Poll::Ready(Some(Ok(frame))) if frame.trailers_ref().is_some_and(|map| map.contains_key(CUT)) => {
                Poll::Ready(None)
            }
            _ => polled,
        }
    }

    fn is_end_stream(&self) -> bool {
        http_body::Body::is_end_stream(&self.0)
    }

    fn size_hint(&self) -> SizeHint {
        http_body::Body::size_hint(&self.0)
    }
}

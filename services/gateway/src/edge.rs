//! One call, from its head to its status.

use std::{
    convert::Infallible,
    fmt,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use airside_kernel::Clock;
use airside_runtime::{
    auth::{Caller, RequestId, Tokens},
    status::connect_name,
    telemetry::{Metrics, Named, RpcDone},
};
use bytes::Bytes;
use futures::FutureExt;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout},
};
use tonic::{Code, Status, body::Body, service::Routes};
use tonic_web::GrpcWebLayer;
use tower::{BoxError, Layer, Service, ServiceExt, service_fn};
use tower_http::cors::CorsLayer;
use tracing::Instrument;
use uuid::Uuid;

use crate::{
    GatewayConfig, Method, Methods, Only, answer,
    body::{Bounded, Cut, Watched, not_grpc_web, read, too_large},
    front, json, manual, push,
    serve::stopped,
    wire::{self, Form, Wire},
};

const REQUEST_ID: header::HeaderName = header::HeaderName::from_static("x-request-id");

/// All that a call needs.
pub(crate) struct Edge {
    pub(crate) routes: Routes,
    pub(crate) methods: Methods,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: Metrics,
    pub(crate) config: GatewayConfig,
    /// Lets pages of other origins in; without it no origin but our own may call from a browser.
    pub(crate) cors: Option<CorsLayer>,
    pub(crate) limits: push::Limits,
    /// What stands behind `/push`; without it there is no such path.
    pub(crate) sessions: Option<Arc<dyn push::Sessions>>,
    /// The services that are here, where not all are.
    pub(crate) only: Option<Only>,
    pub(crate) stop: watch::Receiver<bool>,
    pub(crate) running: AtomicUsize,
}

impl fmt::Debug for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Edge")
    }
}

impl Edge {
    /// Answers a request, whatever it is and whichever page it comes from.
    pub(crate) async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Response<Body> {
        match &self.cors {
            Some(cors) if request.headers().contains_key(header::ORIGIN) => {
                let within = |request| self.clone().respond(request).map(Ok::<_, Infallible>);
                let Ok(response) = cors.layer(service_fn(within)).oneshot(request).await;
                response
            }
            Some(_) | None => self.respond(request).await,
        }
    }

    async fn respond(self: Arc<Self>, mut request: Request<Incoming>) -> Response<Body> {
        let id = Uuid::now_v7();
        let method = self.methods.get(request.uri().path()).cloned();
        let name = method.as_ref().map_or("unknown", |method| &*method.path);
        let span = tracing::info_span!("call", method = name, request_id = %id);
        request.extensions_mut().insert(RequestId(id));
        let answered = async {
            if self.sessions.is_some() && request.uri().path() == push::PATH {
                return push::answer(&mut request, &self.limits);
            }
            let wire = Wire::of(&request);
            let Some(method) = method else {
                let env = self.tokens.environment();
                let page = front::page(&request).or_else(|| manual::page(env, &request));
                return page.unwrap_or_else(|| answer::unknown_path(wire, &request, env));
            };
            match answer::wrong_wire(wire, &request) {
                Some(refusal) => refusal,
                None if wire == Wire::GrpcWeb => self.grpc_web(&method, request).await,
                None => self.call(wire, &method, request).await,
            }
        };
        let mut response = answered.instrument(span).await;
        let value = HeaderValue::from_str(&id.to_string()).expect("a uuid is visible ASCII");
        response.headers_mut().insert(REQUEST_ID, value);
        response
    }

    /// Answers gRPC-Web, which is gRPC in another coat: the same call, put on and taken off.
    async fn grpc_web(
        self: &Arc<Self>,
        method: &Arc<Method>,
        mut request: Request<Incoming>,
    ) -> Response<Body> {
        let media = HeaderValue::try_from(wire::media(request.headers()));
        request.headers_mut().insert(header::CONTENT_TYPE, media.expect("it was a header's value"));
        let within = |request: Request<Body>| {
            let request = request.map(|body| body.map_err(|_| not_grpc_web()));
            self.call(Wire::Grpc, method, request).map(Ok::<_, Infallible>)
        };
        let Ok(response) = GrpcWebLayer::new().layer(service_fn(within)).call(request).await;
        response
    }

    async fn call<B>(
        self: &Arc<Self>,
        wire: Wire,
        method: &Arc<Method>,
        mut request: Request<B>,
    ) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Unpin + Send + 'static,
    {
        let finish = Finish::new(self.clone(), method.clone());
        if let Some(only) = self.only.as_ref().filter(|_| method.messages.is_some())
            && let Some(status) = only.refusal(&method.path)
        {
            return finish.refuse(wire, &status);
        }
        match self.admit(method, request.headers_mut()) {
            Ok(caller) => request.extensions_mut().insert(caller),
            Err(status) => return finish.refuse(wire, &status),
        };
        if declares_too_much(request.headers(), self.config.body_bytes_max) && wire == Wire::Grpc {
            return finish.refuse(wire, &too_large(self.config.body_bytes_max));
        }
        match wire {
            Wire::Connect(form) => self.connect(form, method, request, finish).await,
            Wire::Grpc | Wire::GrpcWeb | Wire::GrpcWithoutHttp2 | Wire::Other => {
                self.grpc(method, request, finish).await
            }
        }
    }

    /// Returns who calls, if the method's rule admits them. A bad token is
    /// refused everywhere: whoever sends one believes to be somebody.
    fn admit(&self, method: &Method, headers: &mut HeaderMap) -> Result<Caller, Status> {
        let caller = match bearer(headers)? {
            None => Caller::Anonymous,
            Some(token) => self
                .tokens
                .verify(token, self.clock.now())
                .map_err(|problem| Status::unauthenticated(problem.to_string()))?,
        };
        // From here on nobody needs the token, so nobody can spill it.
        headers.remove(header::AUTHORIZATION);
        method.rule.admits(&caller)?;
        Ok(caller)
    }

    async fn grpc<B>(&self, method: &Method, request: Request<B>, finish: Finish) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Unpin + Send + 'static,
    {
        let patience = self.patience(Wire::Grpc, method, request.headers());
        let bytes_max = self.config.body_bytes_max;
        let request = request.map(|body| match method.is_unary {
            true => Body::new(Bounded::new(body, bytes_max)),
            false => Body::new(body),
        });
        let mut routes = self.routes.clone();
        let called = guarded(patience, async {
            let Ok(response) = routes.call(request).await;
            Ok(response)
        });
        match called.await {
            Err(status) => finish.refuse(Wire::Grpc, &status),
            Ok(response) => {
                finish.answered();
                if let Some(status) = Status::from_header_map(response.headers()) {
                    let theirs = answer::not_the_message(&status);
                    finish.record(theirs.as_ref().unwrap_or(&status).code());
                    return theirs.map_or(response, Status::into_http);
                }
                let cut = (!method.is_unary).then(|| self.cut(method));
                response.map(|body| Body::new(Watched::new(body, finish, cut)))
            }
        }
    }

    async fn connect<B>(
        &self,
        form: Form,
        method: &Method,
        request: Request<B>,
        finish: Finish,
    ) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes> + Unpin,
    {
        let wire = Wire::Connect(form);
        let Some((input, output)) = method.messages.clone().filter(|_| method.is_unary) else {
            let remedy = "this rpc streams or has no JSON form: call it over gRPC (HTTP/2)";
            return finish.refuse(wire, &Status::unimplemented(remedy));
        };
        let patience = self.patience(wire, method, request.headers());
        let called = guarded(patience, async {
            let (parts, body) = request.into_parts();
            json::check(&parts.headers)?;
            let body = read(body, self.config.body_bytes_max).await?;
            let frame = json::to_frame(form, input, &parts.headers, body)?;
            let request = json::to_grpc(parts, frame);
            let Ok(response) = self.routes.clone().call(request).await;
            let answered = json::from_grpc(form, output, response).await;
            answered.map_err(|status| answer::not_the_message(&status).unwrap_or(status))
        });
        match called.await {
            Err(status) => finish.refuse(wire, &status),
            Ok(message) => {
                finish.answered();
                finish.record(Code::Ok);
                answer::message(form, message)
            }
        }
    }

    /// Returns how long a call may take: what its caller allows, at most ours. A stream takes its time.
    fn patience(&self, wire: Wire, method: &Method, headers: &HeaderMap) -> Option<Duration> {
        let max = self.config.call_timeout_max;
        method.is_unary.then(|| wire.timeout(headers).map_or(max, |allowed| allowed.min(max)))
    }

    /// Returns what ends a stream after the stop: at once for a built-in one,
    /// which never ends by itself; at half of the drain time for ours.
    fn cut(&self, method: &Method) -> Cut {
        let grace = if method.messages.is_some() { self.config.drain / 2 } else { Duration::ZERO };
        let stop = self.stop.clone();
        Box::pin(async move {
            stopped(stop).await;
            sleep(grace).await;
        })
    }
}

/// Runs a call within its time; a panic becomes a status and ends nothing else.
pub(crate) async fn guarded<T>(
    patience: Option<Duration>,
    call: impl Future<Output = Result<T, Status>>,
) -> Result<T, Status> {
    let call = AssertUnwindSafe(call).catch_unwind().map(|done| done.unwrap_or_else(|_| Err(panicked())));
    match patience {
        None => call.await,
        Some(patience) => timeout(patience, call)
            .await
            .unwrap_or_else(|_| Err(Status::deadline_exceeded("the call took longer than it was allowed"))),
    }
}

/// Logs that a handler panicked and returns what its caller may know. The
/// place and text of the panic are the panic hook's to log.
pub(crate) fn panicked() -> Status {
    let incident = Uuid::new_v4();
    tracing::error!(%incident, "a handler panicked");
    Status::internal(format!("something went wrong on our side; incident {incident}"))
}

fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Status> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (first, second) = (values.next(), values.next());
    let Some(value) = first else { return Ok(None) };
    let refusal = || Status::unauthenticated("authorization: send one `Bearer <token>`");
    let (scheme, token) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(refusal)?;
    if second.is_some() || !scheme.eq_ignore_ascii_case("bearer") {
        return Err(refusal());
    }
    Ok(Some(token.trim()))
}

fn declares_too_much(headers: &HeaderMap, bytes_max: usize) -> bool {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    length.and_then(|digits| digits.parse::<usize>().ok()).is_some_and(|length| length > bytes_max)
}

/// Counts a call once, when its status is known; a call that is dropped before was cancelled.
pub(crate) struct Finish {
    edge: Arc<Edge>,
    method: Arc<Method>,
    started: Instant,
    is_recorded: bool,
}

impl Finish {
    fn new(edge: Arc<Edge>, method: Arc<Method>) -> Self {
        edge.running.fetch_add(1, Ordering::Relaxed);
        Self { edge, method, started: Instant::now(), is_recorded: false }
    }

    /// Measures the time to the head of the answer.
    fn answered(&self) {
        let name = Named { name: self.method.path.clone() };
        self.edge.metrics.rpc_seconds.get_or_create(&name).observe(self.started.elapsed().as_secs_f64());
    }

    fn refuse(self, wire: Wire, status: &Status) -> Response<Body> {
        self.answered();
        self.record(status.code());
        answer::refusal(wire, status)
    }

    pub(crate) fn record(mut self, code: Code) {
        self.count(code);
    }

    fn count(&mut self, code: Code) {
        self.is_recorded = true;
        let code = connect_name(code);
        tracing::debug!(method = &*self.method.path, code, "call ended");
        let done = RpcDone { method: self.method.path.clone(), code };
        self.edge.metrics.rpc_requests.get_or_create(&done).inc();
    }
}

impl Drop for Finish {
    fn drop(&mut self) {
        if !self.is_recorded {
            self.count(Code::Cancelled);
        }
        self.edge.running.fetch_sub(1, Ordering::Relaxed);
    }
}

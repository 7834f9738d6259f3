//! Live views: unary reads that are said again when what they are made from changes.
//!
//! A read runs as the session's caller, through its access rule and the service
//! that anybody calls, so a view shows what a call would answer. The streams that
//! it is made from (see [`Live`](crate::Live)) are watched; a change makes its
//! view due, and a view that is due is read again, whole.
//!
//! Policy. What changes while a view is read, or sooner than
//! [`view_interval`](crate::GatewayConfig::view_interval) after that, makes it due
//! once: the latest wins. A session reads one view at a time and at a bounded
//! rate, and all sessions together a few at once, so that a venue that closes
//! holds up no call. An answer that is the one before is not said again. While a
//! client does not read, nothing is kept for it but which views are due.

use std::{
    collections::BTreeSet,
    future::pending,
    hash::{DefaultHasher, Hasher},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use airside_api::notifications::v1::Subscribe;
use airside_kernel::{PersonId, Position, StreamId};
use airside_runtime::{
    auth::{Caller, RequestId},
    projections::{Changes, MAX_WATCHED, Watcher},
    status::invalid,
    telemetry::Outcome,
};
use bytes::Bytes;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter, clock::Clock};
use prost_reflect::DynamicMessage;
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tonic::Status;
use tower::Service;
use uuid::Uuid;

use super::frames;
use crate::{
    Method,
    edge::{Edge, guarded},
    json,
    wire::Form,
};

/// The longest name of a view, bytes.
const MAX_ID_BYTES: usize = 64;
/// The largest answer that a view shows, bytes; it must fit into what waits in one socket.
const ANSWER_BYTES_MAX: usize = 128 * 1024;
/// How long a view waits for a position that is not reached here. A node that lags, lags less;
/// else the position is of another log, and the view shows what is known here.
const AT_LEAST_WAIT: Duration = Duration::from_millis(500);

/// The live views of a session.
pub(super) struct Views {
    edge: Arc<Edge>,
    person: PersonId,
    changes: Changes,
    watcher: Watcher,
    open: Vec<View>,
    /// How many were opened.
    opened: u64,
    pace: DefaultDirectRateLimiter,
    reading: Option<Pin<Box<dyn Future<Output = Read> + Send>>>,
}

struct View {
    /// Tells it from another that took its name or its place.
    number: u64,
    /// Its place at the watcher.
    place: usize,
    id: String,
    method: Arc<Method>,
    request: Bytes,
    /// The streams that are known without an answer.
    asked: BTreeSet<StreamId>,
    /// What the first answer is to include, and until when that is waited for.
    at_least: Option<(Position, Instant)>,
    change: u64,
    /// The version that the client has.
    version: String,
    is_due: bool,
    /// When it may be read again.
    not_before: Instant,
}

/// What a read gave.
struct Read {
    number: u64,
    answer: Result<Answer, Status>,
}

struct Answer {
    /// A position that it includes.
    position: Option<Position>,
    body: Vec<u8>,
    streams: BTreeSet<StreamId>,
}

impl Views {
    pub(super) fn new(edge: &Arc<Edge>, person: PersonId, changes: Changes) -> Self {
        let pace = RateLimiter::direct(Quota::per_second(edge.config.view_reads_per_second_max));
        let watcher = changes.watcher();
        let edge = edge.clone();
        Self { edge, person, changes, watcher, open: Vec::new(), opened: 0, pace, reading: None }
    }

    /// Checks the name of a view that is to be opened.
    pub(super) fn check_id(&self, id: &str) -> Result<(), Status> {
        let is_name =
            (1..=MAX_ID_BYTES).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
        match () {
            () if !is_name => Err(invalid("subscribe.id", "send 1 to 64 visible ASCII characters")),
            () if self.open.iter().any(|view| view.id == id) => {
                Err(invalid("subscribe.id", "a view has this name: take another for each view"))
            }
            () => Ok(()),
        }
    }

    /// Opens a view; its first state comes with [`next`](Self::next).
    pub(super) fn subscribe(&mut self, asked: Subscribe) -> Result<(), Status> {
        let max = self.edge.config.views_per_session_max.min(MAX_WATCHED);
        if self.open.len() >= max {
            let remedy = format!("there are {max} live views already: unsubscribe one of them");
            return Err(Status::resource_exhausted(remedy));
        }
        let method = self.edge.methods.get(&asked.method);
        let found =
            method.and_then(|method| Some((method, method.live.as_ref()?, method.messages.as_ref()?)));
        let (method, live, (input, _)) = found.ok_or_else(|| {
            invalid("method", "it is no live read: take an rpc with airside.access.v1.live, such as /airside.flights.v1.FlightService/GetFlight")
        })?;
        method.rule.admits(&Caller::Passenger(self.person))?;
        let request = match &asked.request {
            None => DynamicMessage::new(input.clone()),
            Some(request) => json::message(input.clone(), "request", &frames::object(request)?)?,
        };
        let at_least = match asked.at_least_position.as_str() {
            "" => None,
            token => Some(token.parse().map_err(|problem| invalid("at_least_position", problem))?),
        };
        let place = (0..max).find(|place| self.open.iter().all(|view| view.place != *place));
        let now = Instant::now();
        self.opened += 1;
        let view = View {
            number: self.opened,
            place: place.expect("fewer views are open than there are places"),
            id: asked.id,
            method: method.clone(),
            request: json::frame(&request)?,
            asked: live.asked(self.person, &request),
            at_least: at_least.map(|position| (position, now + AT_LEAST_WAIT)),
            change: 0,
            version: asked.if_version,
            is_due: true,
            not_before: now,
        };
        self.watcher.watch(view.place, view.asked.clone());
        self.open.push(view);
        Ok(())
    }

    /// Closes a view, if it is open.
    pub(super) fn unsubscribe(&mut self, id: &str) {
        if let Some(at) = self.open.iter().position(|view| view.id == id) {
            self.close(at);
        }
    }

    fn close(&mut self, at: usize) -> View {
        let view = self.open.remove(at);
        self.watcher.watch(view.place, BTreeSet::new());
        view
    }

    /// Waits for the next frame. Safe to cancel: nothing is lost when the future is dropped.
    pub(super) async fn next(&mut self) -> Utf8Bytes {
        loop {
            if let Some(reading) = &mut self.reading {
                let read = reading.await;
                self.reading = None;
                if let Some(frame) = self.take(read) {
                    return frame;
                }
                continue;
            }
            let Err(until) = self.begin() else { continue };
            tokio::select! {
                places = self.watcher.changed() => {
                    let changed = self.open.iter_mut().filter(|view| places >> view.place & 1 == 1);
                    changed.for_each(|view| view.is_due = true);
                }
                () = reached(until) => {}
            }
        }
    }

    /// Begins to read the view that has been due for longest; when none can be read now, fails
    /// with when one can, if one is due.
    fn begin(&mut self) -> Result<(), Option<Instant>> {
        let now = Instant::now();
        let due = self.open.iter_mut().filter(|view| view.is_due).min_by_key(|view| view.not_before);
        let view = due.ok_or(None)?;
        if view.not_before > now {
            return Err(Some(view.not_before));
        }
        if let Err(not_until) = self.pace.check() {
            let wait = not_until.wait_time_from(self.pace.clock().now());
            return Err(Some(now + wait));
        }
        view.is_due = false;
        view.not_before = now + self.edge.config.view_interval;
        let (number, at_least) = (view.number, view.at_least.take());
        let answer = read(
            self.edge.clone(),
            self.changes.clone(),
            view.method.clone(),
            view.request.clone(),
            self.person,
            at_least,
        );
        self.reading = Some(Box::pin(async move { Read { number, answer: answer.await } }));
        Ok(())
    }

    /// Takes in what a read gave, and returns what the client is told of it.
    fn take(&mut self, Read { number, answer }: Read) -> Option<Utf8Bytes> {
        let at = self.open.iter().position(|view| view.number == number)?;
        let told = |outcome| self.edge.metrics.view_reads.get_or_create(&Outcome { outcome }).inc();
        let Answer { position, body, mut streams } = match answer {
            Ok(answer) => answer,
            Err(status) => {
                told("refused");
                let id = self.close(at).id;
                return frames::write(&frames::error_of(id, &status)).ok();
            }
        };
        let view = &mut self.open[at];
        streams.extend(view.asked.iter().cloned());
        // What changed in a stream before it was watched was not told.
        view.is_due |= self.watcher.watch(view.place, streams);
        let version = version(&body);
        if version == view.version {
            told("unchanged");
            return None;
        }
        told("said");
        view.change += 1;
        view.version = version;
        let position = position.map(|position| position.to_string()).unwrap_or_default();
        frames::view(&view.id, view.change, &position, &view.version, &body).ok()
    }
}

/// Waits for an instant; for ever when there is none.
async fn reached(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => pending().await,
    }
}

/// Reads a view as its person.
async fn read(
    edge: Arc<Edge>,
    changes: Changes,
    method: Arc<Method>,
    request: Bytes,
    person: PersonId,
    at_least: Option<(Position, Instant)>,
) -> Result<Answer, Status> {
    if let Some((position, until)) = at_least {
        // Answered either way.
        let _ = timeout_at(until, changes.reached(position)).await;
    }
    let _place = edge.limits.view_read().await;
    let position = changes.position();
    let (Some((_, output)), Some(live)) = (&method.messages, &method.live) else {
        return Err(Status::internal("the read cannot be live"));
    };
    let answer = guarded(Some(edge.config.call_timeout_max), async {
        let (mut parts, ()) = http::Request::new(()).into_parts();
        parts.uri = http::Uri::try_from(&*method.path).map_err(|_| Status::internal("the path is none"))?;
        parts.method = http::Method::POST;
        parts.extensions.insert(Caller::Passenger(person));
        parts.extensions.insert(RequestId(Uuid::now_v7()));
        let Ok(response) = edge.routes.clone().call(json::to_grpc(parts, request)).await;
        json::from_grpc(Form::Proto, output.clone(), response).await
    });
    let answer = DynamicMessage::decode(output.clone(), answer.await?)
        .map_err(|_| Status::internal("the answer cannot be read"))?;
    let body = json::text(&answer)?;
    if body.len() > ANSWER_BYTES_MAX {
        let remedy = "the answer is too large for a live view: call the read, or ask for less";
        return Err(Status::resource_exhausted(remedy));
    }
    Ok(Answer { position, body, streams: live.answered(&answer) })
}

/// Names an answer. Another build may name it otherwise, which says it once more.
fn version(body: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(body);
    format!("{:016x}", hasher.finish())
}

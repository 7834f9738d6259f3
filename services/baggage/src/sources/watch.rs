//! Writes what only a clock can tell of sources, and says how they are.
//!
//! Each look brings the log to the truth: lines of this process that it does not know, lines that it
//! knows as open and that ended with an earlier process, sources that fell silent or are heard
//! again. A silence is appended at the very revision that the decision saw, so it is dropped when the source
//! said something meanwhile; of a typed scan, which lies in another stream, the next look takes it
//! back. What is noted is noted once, because all is decided from the log.
//!
//! On a log that nodes share, each node tells of its own lines alone: those of another may be open.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use airside_kernel::{
    Append, AppendError, Clock, EventStore, Expected, ReadError, Revision, StreamId, Timestamp,
};
use airside_runtime::{
    executor::{Context, new_event},
    projections::{AtLeastError, ReadModel},
    status::chain,
    stopped,
    telemetry::{Metrics, SourceFigures},
};
use thiserror::Error;
use tokio::{sync::watch, time};
use tracing::{info, warn};
use uuid::Uuid;

use super::{
    Sources,
    clock::Skew,
    events::{LinkClosed, LinkOpened, SourceEvent},
    silence::{Rule, Settings, alarm},
    state::{Line, Source},
};
use crate::{
    link::lines::{LineState, Lines},
    react::source_stream,
};

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(1);
/// Who acts, in the envelope of what is written.
const ACTOR: &str = "watch/sources";

/// Watches the sources.
pub struct Watch {
    store: Arc<dyn EventStore>,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
    sources: ReadModel<Sources>,
    lines: Lines,
    settings: Arc<Settings>,
    listening_since: Timestamp,
    /// Which node this is, on a log that nodes share; empty on a log of one node.
    node: String,
    /// The lines of this process that the log knows as open.
    written: BTreeSet<Uuid>,
    /// The figures that are shown.
    measured: BTreeMap<String, SourceFigures>,
    remark: Remark,
}

/// Tells how the sources are, in a few words. Clones tell the same.
#[derive(Debug, Clone, Default)]
pub struct Remark(Arc<Mutex<String>>);

impl Remark {
    /// Returns the words.
    pub fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A look that came to nothing.
#[derive(Debug, Error)]
pub enum WatchError {
    /// The log cannot be read.
    #[error("log of sources cannot be read")]
    Read(#[from] ReadError),
    /// What is known of the sources is not new enough.
    #[error("sources are not known as they are now")]
    Behind(#[from] AtLeastError),
    /// A fact about a source cannot be written.
    #[error("a fact about a source cannot be written")]
    Append(#[from] AppendError),
}

impl Watch {
    /// Makes it; it listens from now on.
    pub fn new(
        store: Arc<dyn EventStore>,
        clock: Arc<dyn Clock>,
        metrics: Metrics,
        sources: ReadModel<Sources>,
        lines: Lines,
        settings: Arc<Settings>,
    ) -> Self {
        let listening_since = clock.now();
        let (node, written, measured, remark) = Default::default();
        Self {
            store,
            clock,
            metrics,
            sources,
            lines,
            settings,
            listening_since,
            node,
            written,
            measured,
            remark,
        }
    }

    /// Names this node among those that share the log.
    pub fn on_node(&mut self, node: String) {
        self.node = node;
    }

    /// Returns what tells how the sources are.
    pub fn remark(&self) -> Remark {
        self.remark.clone()
    }

    /// Looks again and again until `stop` turns true.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut tick = time::interval(EVERY);
        tick.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                () = stopped(&mut stop) => break,
            }
            if let Err(error) = self.look().await {
                warn!(error = chain(&error), "sources could not be looked at; it is tried again");
            }
        }
        // What is not written now is found by the next server.
        let _ = self.write_lines().await;
    }

    /// Looks once: writes what is new, sets the figures, and finds the words.
    ///
    /// # Errors
    /// When the log cannot be used, or what is known of it is behind. The next look makes up for it.
    pub async fn look(&mut self) -> Result<(), WatchError> {
        let now = self.clock.now();
        self.write_lines().await?;
        let head = self.store.head().await?.map_or_else(String::new, |head| head.to_string());
        self.sources.at_least(&head).await?;
        for (name, last, event) in self.due(now) {
            self.write_at(&name, last, event).await?;
        }
        self.measure(now);
        Ok(())
    }

    /// Writes what the log does not know of the lines of this process.
    async fn write_lines(&mut self) -> Result<(), WatchError> {
        for (line, state) in self.lines.all() {
            let LineState { source, transport, opened_at, closed } = state;
            let transport = transport.to_owned();
            let mut facts = Vec::new();
            if !self.written.contains(&line) {
                let (transport, node) = (transport.clone(), self.node.clone());
                facts.push(SourceEvent::Opened(LinkOpened { line, transport, opened_at, node }));
            }
            if let Some((closed_at, reason)) = closed {
                let reason = reason.to_owned();
                facts.push(SourceEvent::Closed(LinkClosed { line, transport, reason, closed_at }));
            }
            if !facts.is_empty() {
                self.append(&source, Expected::Any, &facts).await?;
            }
            if closed.is_some() {
                self.written.remove(&line);
                self.lines.forget(line);
            } else {
                self.written.insert(line);
            }
        }
        Ok(())
    }

    /// Returns what is to be written of each source, with the revision that it was decided at.
    fn due(&self, now: Timestamp) -> Vec<(String, Option<Revision>, SourceEvent)> {
        let mine: BTreeSet<_> = self.lines.all().into_iter().map(|(line, _)| line).collect();
        self.sources.read(|sources| {
            let expected = sources.plan().expected(now, &self.settings.traffic);
            let unknown = Source::default();
            let unheard = self.settings.silence.keys().filter(|name| sources.find(name).is_none());
            let all = sources.all().chain(unheard.map(|name| (name.as_str(), &unknown)));
            let mut due = Vec::new();
            for (name, source) in all {
                let last = source.last();
                let is_left = |id: &Uuid, line: &Line| {
                    let is_ours = self.node.is_empty() || line.node.is_empty() || line.node == self.node;
                    is_ours && !mine.contains(id) && !self.written.contains(id)
                };
                due.extend(source.lines().filter(|(id, line)| is_left(id, line)).map(|(line, of)| {
                    let (transport, reason) = (of.transport.clone(), "the server ended".to_owned());
                    let closed = LinkClosed { line, transport, reason, closed_at: now };
                    (name.to_owned(), None, SourceEvent::Closed(closed))
                }));
                let silence = self.settings.silence_of(name);
                let rule = Rule { silence, expected, listening_since: self.listening_since };
                due.extend(alarm(source, rule, now).map(|event| (name.to_owned(), last, event)));
            }
            due
        })
    }

    /// Writes a fact; one that rests on a revision only while nothing came after it.
    async fn write_at(
        &self,
        source: &str,
        last: Option<Revision>,
        event: SourceEvent,
    ) -> Result<(), WatchError> {
        let expected = match (&event, last) {
            (SourceEvent::FellSilent(_), Some(last)) => Expected::Exact(last),
            (SourceEvent::FellSilent(_), None) => Expected::NoStream,
            _ => Expected::Any,
        };
        match self.append(source, expected, std::slice::from_ref(&event)).await {
            Ok(()) => {}
            // It said something meanwhile, and the next look sees it.
            Err(AppendError::Conflict { .. }) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        match event {
            SourceEvent::FellSilent(silent) => {
                let elapsed_ms = i64::try_from(silent.silence.as_millis()).unwrap_or(i64::MAX);
                warn!(source, elapsed_ms, "a source is silent while traffic is expected");
            }
            SourceEvent::HeardAgain(_) => info!(source, "a source is heard again"),
            SourceEvent::Opened(_) | SourceEvent::Closed(_) => {}
        }
        Ok(())
    }

    async fn append(
        &self,
        source: &str,
        expected: Expected,
        facts: &[SourceEvent],
    ) -> Result<(), AppendError> {
        let stream: StreamId = source_stream("source", source);
        let events = facts.iter().map(|fact| {
            let at = match fact {
                SourceEvent::Opened(opened) => opened.opened_at,
                SourceEvent::Closed(closed) => closed.closed_at,
                SourceEvent::FellSilent(silent) => {
                    silent.waited_from.checked_add(silent.silence).unwrap_or(silent.waited_from)
                }
                SourceEvent::HeardAgain(again) => again.heard.at,
            };
            new_event(fact, &Context::new(ACTOR, source, at))
        });
        let append = Append { stream, expected, fold_from: Revision::FIRST, events: events.collect() };
        self.store.append(append).await.map(drop)
    }

    fn measure(&mut self, now: Timestamp) {
        let seconds =
            |ms: i64| Duration::from_millis(ms.unsigned_abs()).as_secs_f64() * f64::from(ms.signum() as i32);
        let mut silent = Vec::new();
        let figures: BTreeMap<String, SourceFigures> = self.sources.read(|sources| {
            silent.extend(
                sources
                    .all()
                    .filter(|(_, source)| source.silent().is_some())
                    .map(|(name, _)| name.to_owned()),
            );
            let of = |(name, source): (&str, &Source)| {
                let heard = source.heard().map(|heard| now.duration_since(heard.at).as_secs_f64());
                let figures = SourceFigures {
                    up: self.settings.is_up(name, source, now),
                    silent: source.silent().is_some(),
                    unheard_seconds: heard.map(|seconds| seconds.max(0.0)),
                    lag_seconds: source.lag().map(|lag| seconds(lag.median_ms)),
                    clock_ahead_seconds: match source.skew() {
                        Skew::Ahead(ms) => Some(seconds(ms)),
                        Skew::Unknown | Skew::CatchingUp => None,
                    },
                    malformed_share: source.malformed().share(),
                    messages: source.transports().map(|(name, t)| (name.to_owned(), t.count)).collect(),
                };
                (name.to_owned(), figures)
            };
            sources.all().map(of).collect()
        });
        let gone = self.measured.iter().filter(|(name, _)| !figures.contains_key(*name));
        gone.for_each(|(name, figures)| self.metrics.sources.forget(name, &figures.messages));
        figures.iter().for_each(|(name, figures)| self.metrics.sources.set(name, figures));
        let words = match silent.as_slice() {
            [] => format!("{} sources", figures.len()),
            silent => format!("{} sources, silent: {}", figures.len(), silent.join(", ")),
        };
        self.measured = figures;
        *self.remark.0.lock().unwrap_or_else(PoisonError::into_inner) = words;
    }
}

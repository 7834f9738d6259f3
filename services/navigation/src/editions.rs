//! What operators ask of a venue's map: publish it, roll it back, say what was.

use std::{sync::Arc, time::Duration};

use airside_kernel::{
    Classified, Clock, Code, DecodeError, Direction, EventStore, ReadError, RecordedEvent, StoredEvent,
    Timestamp, keys,
};
use airside_runtime::{
    executor::{Context, ExecuteError, Executor, Order},
    projections::{AtLeastError, ReadModel},
};
use airside_wayfinding::{Finding, Severity, Snapshot};
use bytes::Bytes;
use thiserror::Error;
use tokio::{sync::Semaphore, task::spawn_blocking, time};

use crate::{
    archive,
    blobs::{BlobError, Blobs, Digest},
    decide::edition::{Editions, KNOWN_FACTS, MapCommand, MapRejection},
    events::edition::MapEvent,
    model::{
        VenueCode,
        edition::{Edition, Format, Note, VenueMap, ZoneName},
    },
    press::{Proof, Showing},
    project::{Maps, catalogue::Catalogue},
};

/// How long a publisher waits until the map is shown; it is compiled by then.
const SHOWN_WITHIN: Duration = Duration::from_secs(30);
/// How far a venue's map may lie from the one that is shown, in metres: an airport grows, and stays where it is.
const MOVED_MAX_M: f64 = 5_000.0;
/// How many violations a refusal names.
const NAMED_VIOLATIONS: usize = 8;

/// A map to be published.
#[derive(Debug)]
pub struct Proposal {
    /// The venue.
    pub code: VenueCode,
    /// The map's files, each its name and its bytes.
    pub files: Vec<(String, Bytes)>,
    /// What changed.
    pub note: Note,
    /// The venue's time zone; `None` keeps that of the version that is shown.
    pub time_zone: Option<ZoneName>,
    /// The version that was shown when the operator decided, 0 for none.
    pub seen: u32,
    /// What the content's digest must be, where the operator knows.
    pub digest: Option<Digest>,
}

/// A map that was published, or was already.
#[derive(Debug)]
pub struct Published {
    /// Its version.
    pub edition: Edition,
    /// The position of the change; empty when it was shown already.
    pub position: String,
    /// What the checks found, worst first.
    pub findings: Vec<Finding>,
}

/// A fact of a venue's map, and who made it when.
#[derive(Debug)]
pub struct Change {
    /// The fact.
    pub fact: MapEvent,
    /// When it was stored.
    pub at: Timestamp,
    /// Who ordered it.
    pub actor: String,
}

/// An order about a map that was not carried out.
#[derive(Debug, Error)]
pub enum EditionError {
    /// Nothing was published for the venue.
    #[error("venue: no map of {code:?} was published; publish one with `airside map publish`")]
    NeverPublished {
        /// The venue.
        code: String,
    },
    /// The checks refuse the map.
    #[error("{}", refusal(.findings))]
    Refused {
        /// The violations.
        findings: Vec<Finding>,
    },
    /// Another map arrived than was sent.
    #[error("digest: the files that arrived are map {found} and not {said}: send them again")]
    OtherMap {
        /// What the operator said.
        said: Digest,
        /// What arrived.
        found: Digest,
    },
    /// The map lies elsewhere than the one that is shown.
    #[error(
        "venue: the map lies {km} km from the one of {code} that is shown: correct its coordinates (WGS 84, longitude \
         first), or publish it under another code"
    )]
    Elsewhere {
        /// The venue.
        code: VenueCode,
        /// How far it is.
        km: u64,
    },
    /// Nobody said the time zone.
    #[error(
        "time_zone: the venue's first version needs one, a name of the IANA database such as Asia/Shanghai"
    )]
    NoZone,
    /// Checking the map failed.
    #[error("checking the map failed")]
    Check(#[from] tokio::task::JoinError),
    /// The content could not be stored or read.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// The content is no map's.
    #[error("content of the map cannot be read")]
    Archive(#[from] prost::DecodeError),
    /// The rules refuse it, or the log cannot be used.
    #[error(transparent)]
    Execute(#[from] ExecuteError<MapRejection>),
    /// The history could not be read.
    #[error("history of the map cannot be read")]
    Read(#[source] ReadError),
    /// A stored fact could not be read.
    #[error("history of the map cannot be read")]
    Decode(#[from] DecodeError),
    /// It is stored, and this process does not know it yet.
    #[error("map is published and not shown here yet")]
    Behind(#[from] AtLeastError),
    /// It is stored and was not shown in time.
    #[error("map is published and not shown here within {} s", SHOWN_WITHIN.as_secs())]
    Slow,
    /// It is stored, and cannot be shown.
    #[error("version {version} cannot be shown here: {problem}")]
    NotShown {
        /// The version.
        version: u32,
        /// Why.
        problem: String,
    },
}

impl Classified for EditionError {
    fn code(&self) -> Code {
        match self {
            Self::NeverPublished { .. } => Code::NotFound,
            Self::Refused { .. } | Self::OtherMap { .. } | Self::Elsewhere { .. } | Self::NoZone => {
                Code::InvalidArgument
            }
            Self::Check(_) => Code::Internal,
            Self::Blob(error) => error.code(),
            Self::Archive(_) | Self::Decode(_) => Code::DataLoss,
            Self::Execute(error) => error.code(),
            Self::Read(error) => error.code(),
            Self::Behind(error) => error.code(),
            Self::Slow | Self::NotShown { .. } => Code::FailedPrecondition,
        }
    }
}

fn refusal(findings: &[Finding]) -> String {
    let mut text = format!("map has violations and is not published ({} of them)", findings.len());
    for Finding { rule, file, feature_id, text: found, remedy, .. } in findings.iter().take(NAMED_VIOLATIONS)
    {
        let feature = feature_id.as_deref().unwrap_or_default();
        let place: String = format!("{rule} in {file} {feature}").chars().take(160).collect();
        let found: String = found.chars().take(160).collect();
        text.push_str(&format!("; {place}: {found}; {remedy}"));
    }
    text
}

/// The maps of the venues, for operators. Clones share them.
#[derive(Clone)]
pub struct Publishing {
    store: Arc<dyn EventStore>,
    blobs: Blobs,
    executor: Executor<Editions>,
    model: ReadModel<Catalogue>,
    maps: Maps,
    showing: Showing,
    proof: Proof,
    clock: Arc<dyn Clock>,
    /// One map is checked at a time: checking takes many times the memory of the map.
    checking: Arc<Semaphore>,
}

impl Publishing {
    /// Makes what operators ask over a log, what follows it, and what is shown.
    pub fn new(
        store: Arc<dyn EventStore>,
        executor: Executor<Editions>,
        model: ReadModel<Catalogue>,
        (maps, showing, proof): (Maps, Showing, Proof),
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (blobs, checking) = (Blobs::new(store.clone()), Arc::new(Semaphore::new(1)));
        Self { store, blobs, executor, model, maps, showing, proof, clock, checking }
    }

    /// Returns the version that is shown by the log.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn shown(&self, code: &VenueCode) -> Result<Option<Edition>, EditionError> {
        Ok(self.executor.load(&code.map_stream()).await?.state.shown())
    }

    /// Checks a map and publishes it. When it returns, the next question about the venue is answered from
    /// it. Nothing is stored of a map that is refused.
    ///
    /// # Errors
    /// When the checks refuse the map, somebody else was faster, or the log cannot be used.
    pub async fn publish(&self, proposal: Proposal, actor: String) -> Result<Published, EditionError> {
        let Proposal { code, files, note, time_zone, seen, digest } = proposal;
        let time_zone = match time_zone {
            Some(zone) => zone,
            None => self.shown(&code).await?.ok_or(EditionError::NoZone)?.map.time_zone,
        };
        let turn = self.checking.acquire().await.expect("it is never closed");
        let checked = spawn_blocking(move || check(files)).await?;
        drop(turn);
        let Checked { content, digest: found, findings, passed } = checked;
        if let Some(said) = digest.filter(|said| *said != found) {
            return Err(EditionError::OtherMap { said, found });
        }
        let count = |severity| {
            let count = findings.iter().filter(|finding| finding.severity == severity).count();
            u32::try_from(count).unwrap_or(u32::MAX)
        };
        let Some((format, snapshot)) = passed else {
            let mut findings = findings;
            findings.retain(|finding| finding.severity == Severity::Violation);
            return Err(EditionError::Refused { findings });
        };
        if let Some(shown) = self.maps.get(&code) {
            let apart_m = shown.snapshot.graph().frame().apart_m(snapshot.graph().frame());
            if apart_m > MOVED_MAX_M {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "half the globe at most"
                )]
                let km = (apart_m / 1_000.0).round() as u64;
                return Err(EditionError::Elsewhere { code, km });
            }
        }
        let summary = snapshot.summary();
        let [levels, places] =
            [summary.levels.len(), summary.places].map(|number| u32::try_from(number).unwrap_or(u32::MAX));
        let (warnings, notes) = (count(Severity::Warning), count(Severity::Info));
        let (size, format) = (u64::try_from(content.len()).unwrap_or(u64::MAX), Some(format));
        let map = VenueMap { digest: found, size, format, time_zone, warnings, notes, levels, places };
        let context = Context::new(actor, "navigation", self.clock.now());
        self.blobs.put(&content, &context).await?;
        self.proof.keep(found, Arc::new(snapshot));
        let command = MapCommand::Publish { map, note, seen };
        let done = self.order(&code, command, context).await;
        self.proof.take(found);
        let (edition, position) = done?;
        Ok(Published { edition, position, findings })
    }

    /// Shows an earlier version again; returns it, and the position of the change, empty when it was shown
    /// already. When it returns, the next question about the venue is answered from it.
    ///
    /// # Errors
    /// When there is no such version, somebody else was faster, or the log cannot be used.
    pub async fn roll_back(
        &self,
        code: &VenueCode,
        (version, seen): (u32, Option<u32>),
        note: Note,
        actor: String,
    ) -> Result<(Edition, String), EditionError> {
        let shown = self.shown(code).await?;
        let shown = shown.ok_or_else(|| EditionError::NeverPublished { code: code.to_string() })?;
        let command = MapCommand::RollBack { version, note, seen: seen.unwrap_or(shown.version) };
        let context = Context::new(actor, "navigation", self.clock.now());
        self.order(code, command, context).await
    }

    /// Has an order carried out, and waits until what follows from it is shown.
    async fn order(
        &self,
        code: &VenueCode,
        command: MapCommand,
        context: Context,
    ) -> Result<(Edition, String), EditionError> {
        let done = self.executor.execute(Order { stream: code.map_stream(), command, context }).await?;
        let position = done.position.map_or_else(String::new, |position| position.to_string());
        let edition = match done.events.last() {
            Some(fact) => fact.edition().clone(),
            None => {
                let shown = self.shown(code).await?;
                shown.ok_or_else(|| EditionError::NeverPublished { code: code.to_string() })?
            }
        };
        self.model.at_least(&position).await?;
        time::timeout(SHOWN_WITHIN, self.showing.settled()).await.map_err(|_| EditionError::Slow)?;
        match self.showing.problem(code).filter(|(version, _)| *version == edition.version) {
            Some((version, problem)) => Err(EditionError::NotShown { version, problem }),
            None => Ok((edition, position)),
        }
    }

    /// Returns what happened to a venue's map, newest first, as far back as versions can be shown again.
    ///
    /// # Errors
    /// When nothing was published, or the log cannot be read.
    pub async fn history(&self, code: &VenueCode) -> Result<Vec<Change>, EditionError> {
        let limit = usize::try_from(KNOWN_FACTS).unwrap_or(usize::MAX);
        let page = self.store.read_stream(&code.map_stream(), Direction::Backwards, None, limit).await;
        let changes =
            page.map_err(EditionError::Read)?.events.iter().map(change).collect::<Result<Vec<_>, _>>()?;
        if changes.is_empty() {
            return Err(EditionError::NeverPublished { code: code.to_string() });
        }
        Ok(changes)
    }

    /// Returns a version and the files of its map; `None` asks for the version that is shown.
    ///
    /// # Errors
    /// When there is no such version, or the log cannot be read.
    pub async fn files(
        &self,
        code: &VenueCode,
        version: Option<u32>,
    ) -> Result<(Edition, Vec<(String, Bytes)>), EditionError> {
        let history = self.history(code).await?;
        let found = match version {
            None => history.first(),
            Some(version) => history.iter().find(|change| change.fact.edition().version == version),
        };
        let edition = found.map(|change| change.fact.edition().clone()).ok_or_else(|| {
            let known = history.iter().map(|change| change.fact.edition().version).collect();
            let version = version.unwrap_or_default();
            ExecuteError::Rejected(MapRejection::UnknownVersion { version, known })
        })?;
        let content = self.blobs.get(edition.map.digest).await?;
        Ok((edition, archive::unpack(content)?))
    }

    /// Returns why the version that should be shown is not.
    pub fn problem(&self, code: &VenueCode) -> Option<String> {
        self.showing.problem(code).map(|(_, problem)| problem)
    }
}

fn change(event: &RecordedEvent) -> Result<Change, DecodeError> {
    let [fact] = MapEvent::decode(event)?;
    let actor = event.metadata()?.get(keys::ACTOR).unwrap_or_default().to_owned();
    Ok(Change { fact, at: event.recorded_at(), actor })
}

/// A map and what the checks say of it.
struct Checked {
    content: Bytes,
    digest: Digest,
    findings: Vec<Finding>,
    /// Absent when the map has a violation.
    passed: Option<(Format, Snapshot)>,
}

/// Checks the content as it would be stored, so that a later start meets nothing else.
fn check(files: Vec<(String, Bytes)>) -> Checked {
    let content = archive::pack(files);
    let digest = Digest::of(&content);
    let source = archive::source(content.clone()).expect("what was packed can be unpacked");
    let (findings, snapshot) = Snapshot::checked(&source);
    Checked { content, digest, findings, passed: Format::of(&source).zip(snapshot) }
}

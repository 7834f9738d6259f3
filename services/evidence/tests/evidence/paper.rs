//! A log on paper: events that a test may alter, behind the port of the log.
//! Its positions leave gaps when it is told so, as those of a cluster do.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use airside_evidence::{
    CheckOptions, Checked, Finding, Notary, Options, Restored, Signer, VerifierKey, check,
};
use airside_kernel::{
    Append, AppendError, Appended, Direction, EventId, EventParts, EventStore, Follow, LogId, Metadata, Page,
    Position, ReadError, RecordedEvent, Revision, StreamId, testing::recorded,
};
use airside_privacy::{
    evidence_key::{EvidenceKey, is_signed_by},
    signing::KeyMaker,
};
use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::watch;
use uuid::Uuid;

/// Everything of an event that can be altered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) stream: String,
    pub(crate) revision: u64,
    pub(crate) id: u128,
    pub(crate) event_type: String,
    pub(crate) schema_version: u32,
    pub(crate) occurred_us: i64,
    pub(crate) recorded_us: i64,
    pub(crate) fold_from: u64,
    pub(crate) metadata: Bytes,
    pub(crate) payload: Bytes,
}

impl Line {
    /// Returns the n-th line of the example: seven streams, one event after the other.
    pub(crate) fn example(number: u64) -> Self {
        let metadata =
            Metadata::default().with("source", "bhs").with("actor", format!("desk-{}", number % 3));
        Self {
            stream: format!("bag-{:010}", number % 7),
            revision: number / 7,
            id: 0x0192_0000_0000_7000_8000_0000_0000_0000 + u128::from(number),
            event_type: "baggage.BagScanned".into(),
            schema_version: 1,
            occurred_us: 1_790_000_000_000_000 + i64::try_from(number).unwrap(),
            recorded_us: 1_790_000_000_500_000 + i64::try_from(number / 5).unwrap(),
            fold_from: 0,
            metadata: metadata.encode(),
            payload: Bytes::from(format!("sealed payload {number}")),
        }
    }

    pub(crate) fn recorded(&self, position: Position) -> RecordedEvent {
        let parts = EventParts {
            id: EventId(Uuid::from_u128(self.id)),
            position,
            revision: Revision(self.revision),
            fold_from: Revision(self.fold_from),
            schema_version: self.schema_version,
            occurred_us: self.occurred_us,
            recorded_us: self.recorded_us,
        };
        recorded(parts, &self.stream, &self.event_type, &self.metadata, &self.payload)
    }
}

/// The log. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Paper {
    pub(crate) id: LogId,
    pub(crate) generation: u64,
    pub(crate) gap: u64,
    lines: Arc<Mutex<Vec<Line>>>,
    grown: Arc<watch::Sender<()>>,
}

impl Paper {
    /// Makes a log of lines.
    pub(crate) fn of(lines: Vec<Line>) -> Self {
        let id = LogId(Uuid::from_u128(0x5eed));
        Self { id, generation: 0, gap: 1, lines: Arc::new(Mutex::new(lines)), grown: Arc::default() }
    }

    /// Makes the example of a length.
    pub(crate) fn example(length: u64) -> Self {
        Self::of((0..length).map(Line::example).collect())
    }

    pub(crate) fn grow(&self, line: Line) {
        self.lines.lock().unwrap().push(line);
        self.grown.send_replace(());
    }

    pub(crate) fn lines(&self) -> Vec<Line> {
        self.lines.lock().unwrap().clone()
    }

    pub(crate) fn position(&self, index: u64) -> Position {
        match self.gap {
            1 => Position::from_parts(index + 1, 0),
            gap => Position::from_parts(gap * (index + 1), gap * (index + 1)),
        }
    }

    fn page(&self, after: Option<Position>, limit: usize) -> Page {
        let lines = self.lines.lock().unwrap();
        let placed = (0..).zip(lines.iter()).map(|(index, line)| (self.position(index), line));
        let mut rest = placed.filter(|(position, _)| after.is_none_or(|after| *position > after));
        let events = rest.by_ref().take(limit).map(|(position, line)| line.recorded(position)).collect();
        Page { events, end: rest.next().is_none() }
    }
}

#[async_trait]
impl EventStore for Paper {
    fn log_id(&self) -> LogId {
        self.id
    }

    fn generation(&self) -> u64 {
        self.generation
    }

    async fn append(&self, _: Append) -> Result<Appended, AppendError> {
        Err(AppendError::Unavailable { reason: "paper is written by its test".into() })
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        _: Direction,
        from: Option<Revision>,
        limit: usize,
    ) -> Result<Page, ReadError> {
        let from = from.unwrap_or(Revision::FIRST);
        let mut page = self.page(None, usize::MAX);
        page.events.retain(|event| event.stream() == stream.as_str() && event.revision() >= from);
        page.end = page.events.len() <= limit;
        page.events.truncate(limit);
        Ok(page)
    }

    async fn read_all(&self, after: Option<Position>, limit: usize) -> Result<Page, ReadError> {
        Ok(self.page(after, limit))
    }

    async fn head(&self) -> Result<Option<Position>, ReadError> {
        Ok(self.page(None, usize::MAX).events.last().map(RecordedEvent::position))
    }

    fn follow(&self, after: Option<Position>) -> Box<dyn Follow> {
        Box::new(Reader { log: self.clone(), grown: self.grown.subscribe(), after })
    }
}

struct Reader {
    log: Paper,
    grown: watch::Receiver<()>,
    after: Option<Position>,
}

#[async_trait]
impl Follow for Reader {
    async fn next(&mut self) -> Result<Page, ReadError> {
        loop {
            self.grown.borrow_and_update();
            // Small pages, so that checkpoints fall where a test says.
            let page = self.log.page(self.after, 20);
            if let Some(last) = page.events.last() {
                self.after = Some(last.position());
                return Ok(page);
            }
            let closed = |_| ReadError::Unavailable { reason: "paper was put away".into() };
            self.grown.changed().await.map_err(closed)?;
        }
    }
}

/// Returns a key whose bytes are always the same, from a folder like a system's.
pub(crate) fn signer(name: &str, seed: u8) -> Signer {
    let folder = tempfile::tempdir().unwrap();
    EvidenceKey::load_or_create(folder.path(), KeyMaker::Develop).unwrap();
    let prefix = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    std::fs::write(folder.path().join("keys/evidence.pk8"), [&prefix[..], &[seed; 32]].concat()).unwrap();
    let key = EvidenceKey::load_or_create(folder.path(), KeyMaker::Develop).unwrap();
    Signer::new(name, key.public(), move |message| key.sign(message)).unwrap()
}

pub(crate) fn options(folder: &Path) -> Options {
    let mut options = Options::new(folder.join("evidence"), signer("airport", 7), is_signed_by);
    options.every_events = 40;
    options.vault_changes = Arc::new(|| 12);
    options
}

/// Runs a notary until it has signed the whole log, then stops it; its verdict is the error.
pub(crate) async fn notarise(log: &Paper, options: Options) -> Result<(), String> {
    let size = log.lines().len() as u64;
    let notary = Notary::open(Arc::new(log.clone()), options).map_err(|error| error.to_string())?;
    let (stop, stopped) = watch::channel(false);
    let health = notary.health();
    let running = tokio::spawn(notary.run(stopped));
    let outcome = health.until(|figures| figures.is_taken_up && figures.size >= size).await;
    stop.send_replace(true);
    running.await.unwrap();
    outcome?;
    match health.figures().checkpoint {
        Some((signed, _)) if signed == size => Ok(()),
        other => Err(format!("signed {other:?} of {size}")),
    }
}

/// Checks a log against an evidence folder or a file.
pub(crate) async fn checked(log: &Paper, evidence: &Path) -> Checked {
    let keys: Vec<VerifierKey> = vec![signer("airport", 7).key().clone()];
    check(log, check_options(evidence, &keys)).await.unwrap()
}

pub(crate) fn check_options<'a>(evidence: &'a Path, keys: &'a [VerifierKey]) -> CheckOptions<'a> {
    let restored: Option<Restored> = None;
    CheckOptions { evidence, keys, verify: is_signed_by, restored, progress: &|_, _| {} }
}

/// Returns the number of the event that a check names as the first altered one.
pub(crate) fn first_altered(checked: &Checked) -> Option<u64> {
    checked.findings.iter().find_map(|finding| match finding {
        Finding::Altered { event, .. } => Some(*event),
        _ => None,
    })
}

//! Reads of the double: pages that end, and open reads that do not.

use std::{sync::Arc, time::Duration};

use airside_store::kurrent::wire::{
    StreamIdentifier, Uuid as WireUuid,
    streams::{
        ReadResp,
        read_req::options::{
            FilterOption, FilterOptions, all_options::AllOption, filter_options, filter_options::Expression,
            stream_options::RevisionOption,
        },
        read_resp::{
            CaughtUp, Checkpoint, Content, ReadEvent, StreamNotFound, SubscriptionConfirmation,
            read_event::{Position as EventPosition, RecordedEvent},
        },
    },
    uuid::{Structured, Value},
};
use regex::Regex;
use tokio::sync::{mpsc, watch};
use tonic::{Code, Status};
use uuid::Uuid;

use super::{
    log::{Log, Record},
    world::{Ending, World, cut, refusal},
};

/// How many records an open read takes from the log at once.
const CHUNK: usize = 200;

/// How often silence is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Which records a read is for.
pub(super) enum Wanted {
    /// All of them, through a filter.
    All(Filter),
    /// Those of a stream.
    Stream(Arc<str>),
}

/// Which records pass, and how often a caller hears how far the others were looked through.
pub(super) struct Filter {
    by_type: bool,
    regex: Option<Regex>,
    prefixes: Vec<String>,
    every: u64,
}

impl Filter {
    /// Reads a filter; the absence of one lets everything pass.
    pub(super) fn of(option: Option<&FilterOption>) -> Result<Self, Status> {
        let none = Self { by_type: false, regex: None, prefixes: Vec::new(), every: 0 };
        let Some(FilterOption::Filter(options)) = option else { return Ok(none) };
        let FilterOptions { filter, window, checkpoint_interval_multiplier } = options;
        let (by_type, Expression { regex, prefix }) = match filter {
            Some(filter_options::Filter::EventType(expression)) => (true, expression.clone()),
            Some(filter_options::Filter::StreamIdentifier(expression)) => (false, expression.clone()),
            None => return Ok(none),
        };
        let regex = match regex.as_str() {
            "" => None,
            text => Some(Regex::new(text).map_err(|error| Status::invalid_argument(error.to_string()))?),
        };
        let max = match window {
            Some(filter_options::Window::Max(max)) => *max,
            Some(filter_options::Window::Count(_)) | None => 0,
        };
        let every = u64::from(max) * u64::from(*checkpoint_interval_multiplier);
        Ok(Self { by_type, regex, prefixes: prefix, every })
    }

    fn passes(&self, record: &Record) -> bool {
        let text = if self.by_type { record.kind.as_str() } else { &record.stream };
        match &self.regex {
            Some(regex) => regex.is_match(text),
            None => {
                self.prefixes.is_empty()
                    || self.prefixes.iter().any(|prefix| text.starts_with(prefix.as_str()))
            }
        }
    }
}

/// A record as a caller wants it.
pub(super) fn told(record: &Record, structured: bool) -> ReadResp {
    let id = if structured {
        let (most, least) = record.id.as_u64_pair();
        Value::Structured(Structured {
            most_significant_bits: most as i64,
            least_significant_bits: least as i64,
        })
    } else {
        Value::String(record.id.to_string())
    };
    let metadata = [
        ("type", record.kind.clone()),
        ("created", record.created.to_string()),
        ("content-type", record.content_type.clone()),
    ];
    let event = RecordedEvent {
        id: Some(WireUuid { value: Some(id) }),
        stream_identifier: Some(identifier(&record.stream)),
        stream_revision: record.revision,
        prepare_position: record.position,
        commit_position: record.position,
        metadata: metadata.map(|(key, value)| (key.to_owned(), value)).into(),
        custom_metadata: record.custom.clone(),
        data: record.data.clone(),
    };
    let position = Some(EventPosition::CommitPosition(record.position));
    message(Content::Event(ReadEvent { event: Some(event), link: None, position }))
}

pub(super) fn identifier(name: &str) -> StreamIdentifier {
    StreamIdentifier { stream_name: name.as_bytes().to_vec().into() }
}

pub(super) fn message(content: Content) -> ReadResp {
    ReadResp { content: Some(content) }
}

pub(super) fn tombstoned(name: &str) -> Status {
    refusal(
        Code::FailedPrecondition,
        &format!("Event stream '{name}' is deleted."),
        &[("exception", "stream-deleted"), ("stream-name", name)],
    )
}

/// Reads a page of a stream on a node that knows of so many records.
pub(super) fn stream_page(
    (log, known): (&Log, usize),
    name: &str,
    from: &RevisionOption,
    backwards: bool,
    count: usize,
    structured: bool,
    compatibility: u32,
) -> Result<Vec<ReadResp>, Status> {
    if log.is_tombstoned(name) {
        return Err(tombstoned(name));
    }
    let places = log.stream(name).map(|places| &places[..places.partition_point(|at| *at < known)]);
    let Some(places) = places.filter(|places| !places.is_empty()) else {
        let missing = StreamNotFound { stream_identifier: Some(identifier(name)) };
        return Ok(vec![message(Content::StreamNotFound(missing))]);
    };
    let records = places.iter().map(|at| &log.records()[*at]);
    let limit = match from {
        RevisionOption::Revision(revision) => *revision,
        RevisionOption::Start(_) => 0,
        RevisionOption::End(_) => u64::MAX,
    };
    let mut answers: Vec<_> = if backwards {
        records
            .rev()
            .filter(|record| record.revision <= limit)
            .take(count)
            .map(|r| told(r, structured))
            .collect()
    } else {
        records.filter(|record| record.revision >= limit).take(count).map(|r| told(r, structured)).collect()
    };
    if compatibility >= 1 {
        let last = places.last().map_or(0, |at| log.records()[*at].revision);
        answers.push(message(Content::LastStreamPosition(last)));
    }
    Ok(answers)
}

/// Finds where a read of everything begins among the records that are known.
fn begin((log, total): (&Log, usize), from: &AllOption, backwards: bool) -> Result<usize, Status> {
    match from {
        AllOption::Start(_) => Ok(0),
        AllOption::End(_) => Ok(total),
        AllOption::Position(at) if at.commit_position < at.prepare_position => {
            Err(Status::unknown("Exception was thrown by handler."))
        }
        AllOption::Position(at) if at.commit_position > log.head() && !backwards => Ok(total),
        AllOption::Position(at) => log
            .at(at.commit_position)
            .map(|at| at.min(total))
            .ok_or_else(|| Status::unknown("Unexpected ReadAllResult: Error")),
    }
}

/// Reads a page of everything: forwards from a position inclusive, backwards exclusive.
pub(super) fn all_page(
    (log, known): (&Log, usize),
    from: &AllOption,
    filter: &Filter,
    backwards: bool,
    count: usize,
    structured: bool,
) -> Result<Vec<ReadResp>, Status> {
    let begin = begin((log, known), from, backwards)?;
    let told = |record: &Record| told(record, structured);
    let wanted = |record: &&Record| filter.passes(record);
    Ok(if backwards {
        log.records()[..begin].iter().rev().filter(wanted).take(count).map(told).collect()
    } else {
        log.records()[begin..known].iter().filter(wanted).take(count).map(told).collect()
    })
}

/// An open read.
pub(super) struct Subscription {
    pub(super) world: Arc<World>,
    pub(super) node: usize,
    pub(super) wanted: Wanted,
    pub(super) structured: bool,
    pub(super) out: mpsc::Sender<Result<ReadResp, Status>>,
}

/// Where an open read goes on.
pub(super) struct Cursor {
    next: usize,
    /// What a stream must have gone beyond.
    after: Option<u64>,
    scanned: u64,
    existed: bool,
}

impl Cursor {
    /// Begins an open read of everything after a position.
    pub(super) fn all(log: &Log, from: &AllOption) -> Result<Self, Status> {
        let begin = begin((log, log.records().len()), from, false)?;
        let is_issued = matches!(from, AllOption::Position(_)) && begin < log.records().len();
        Ok(Self { next: begin + usize::from(is_issued), after: None, scanned: 0, existed: true })
    }

    /// Begins an open read of a stream after a revision.
    pub(super) fn stream(log: &Log, name: &str, from: &RevisionOption) -> Result<Self, Status> {
        if log.is_tombstoned(name) {
            return Err(tombstoned(name));
        }
        let existed = log.stream(name).is_some();
        let (next, after) = match from {
            RevisionOption::Start(_) => (0, None),
            RevisionOption::Revision(revision) => (0, Some(*revision)),
            RevisionOption::End(_) => (log.records().len(), None),
        };
        Ok(Self { next, after, scanned: 0, existed })
    }
}

impl Subscription {
    /// Runs until the caller goes, or it is ended.
    pub(super) async fn run(self, mut cursor: Cursor) {
        let mut ended = self.world.ended.subscribe();
        ended.mark_unchanged();
        let mut head = self.world.head.subscribe();
        let confirmed = SubscriptionConfirmation { subscription_id: Uuid::new_v4().to_string() };
        if !self.say(message(Content::Confirmation(confirmed))).await {
            return;
        }
        let mut is_told = !cursor.existed;
        loop {
            head.mark_unchanged();
            let answers = self.chunk(&mut cursor);
            let at_end = answers.is_none();
            for answer in answers.into_iter().flatten() {
                tokio::select! {
                    sent = self.out.send(Ok(answer)) => if sent.is_err() { return },
                    _ = ended.changed() => return self.end(&ended).await,
                }
            }
            if !at_end {
                continue;
            }
            if !std::mem::replace(&mut is_told, true)
                && !self.say(message(Content::CaughtUp(CaughtUp::default()))).await
            {
                return;
            }
            tokio::select! {
                changed = head.changed() => if changed.is_err() { return },
                _ = ended.changed() => return self.end(&ended).await,
                () = self.out.closed() => return,
            }
            while self.world.levers().is_silent {
                tokio::select! {
                    () = tokio::time::sleep(LOOK) => {}
                    _ = ended.changed() => return self.end(&ended).await,
                    () = self.out.closed() => return,
                }
            }
        }
    }

    async fn say(&self, answer: ReadResp) -> bool {
        self.out.send(Ok(answer)).await.is_ok()
    }

    async fn end(&self, ended: &watch::Receiver<(u64, Ending)>) {
        let how = ended.borrow().1;
        let status = match how {
            Ending::Clean => return,
            Ending::Cut => cut(),
            Ending::Broken => Status::unavailable("Connection dropped"),
            Ending::Dropped => {
                Status::aborted("Operation timed out: Consumer too slow to handle event while live")
            }
        };
        // Whoever reads no more needs no end.
        let _ = self.out.send(Err(status)).await;
    }

    /// Takes some records from the log; `None` at its end.
    fn chunk(&self, cursor: &mut Cursor) -> Option<Vec<ReadResp>> {
        let log = self.world.log();
        let known = self.world.known_to(self.node, log.records().len());
        let records = &log.records()[cursor.next.min(known)..known];
        let chunk = &records[..records.len().min(CHUNK)];
        if chunk.is_empty() {
            return None;
        }
        let mut answers = Vec::new();
        for record in chunk {
            cursor.next += 1;
            match &self.wanted {
                Wanted::Stream(name) => {
                    let is_next = cursor.after.is_none_or(|after| record.revision > after);
                    if record.stream == *name && is_next {
                        answers.push(told(record, self.structured));
                    }
                }
                Wanted::All(filter) => {
                    if filter.passes(record) {
                        answers.push(told(record, self.structured));
                    }
                    cursor.scanned += 1;
                    if filter.every > 0 && cursor.scanned.is_multiple_of(filter.every) {
                        let (commit_position, prepare_position) = (record.position, record.position);
                        let timestamp = None;
                        answers.push(message(Content::Checkpoint(Checkpoint {
                            commit_position,
                            prepare_position,
                            timestamp,
                        })));
                    }
                }
            }
        }
        Some(answers)
    }
}

//! What became of each notice of a person: when it was made, why it waited or was not told, which
//! newer one it gave way to, when it was sent, and how far it got. Folded from what stands in the
//! log, so that it can be answered long after why somebody was told something, or was not.

use std::{collections::HashMap, sync::Arc};

use airside_kernel::{DecodeError, Direction, EventStore, PersonId, RecordedEvent, StoredEvent, Timestamp};
use uuid::Uuid;

use crate::{
    decide::delivery::{Held, Released},
    events::DeliveryEvent,
    item::Item,
    model::{self, AckLevel, HoldReason, Notice, Proposal, SuppressReason},
    session::SessionError,
};

/// How many facts of a person are looked at, the newest.
pub const LOOKS_BACK: usize = 2_048;
/// How many of them come in at once.
const PAGE: usize = 512;

/// What became of a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trail {
    /// The notice, as it was told or would have been.
    pub notice: Notice,
    /// Its place in the inbox; `None` when it is not there.
    pub seq: Option<u64>,
    /// What happened to it, in order.
    pub steps: Vec<Step>,
}

/// Something that happened to a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: What,
}

/// What happened to a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The fact behind it was recorded.
    Created,
    /// It was to wait.
    Held {
        /// Until when, unless something answered it before.
        until: Timestamp,
        /// Why.
        reason: HoldReason,
    },
    /// It gave way to a newer notice.
    Merged {
        /// The newer one.
        into: Uuid,
    },
    /// It was not told.
    Suppressed(SuppressReason),
    /// It went into the inbox, and to each session.
    Sent,
    /// It got this far.
    Reached(AckLevel),
}

/// The trails of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trails {
    /// What became of the notices, the newest first.
    pub trails: Vec<Trail>,
    /// From when on they are all here; `None`: all there ever were.
    pub complete_since: Option<Timestamp>,
}

/// Reads what became of the newest notices of a person.
///
/// # Errors
/// When the log cannot be read.
pub async fn read(store: &dyn EventStore, person: PersonId) -> Result<Trails, SessionError> {
    let (decided, is_all) = newest(store, &model::delivery(person)).await?;
    let complete_since = decided.first().filter(|_| !is_all).map(RecordedEvent::recorded_at);
    let fact = |event: &RecordedEvent| -> Result<_, DecodeError> {
        let [fact] = DeliveryEvent::decode(event)?;
        Ok((event.recorded_at(), fact))
    };
    let facts = decided.iter().map(fact).collect::<Result<Vec<_>, _>>().map_err(SessionError::Decode)?;
    let (told, _) = newest(store, &model::inbox(person)).await?;
    let items = told.iter().map(Item::read).collect::<Result<Vec<_>, _>>().map_err(SessionError::Decode)?;
    let places = items.iter().map(|item| (item.notice.id, (item.seq, item.issued_at))).collect();
    Ok(Trails { trails: trails(facts, &places), complete_since })
}

/// Reads the newest events of a stream, oldest first, and whether they are all.
async fn newest(
    store: &dyn EventStore,
    stream: &airside_kernel::StreamId,
) -> Result<(Vec<RecordedEvent>, bool), SessionError> {
    let (mut events, mut from) = (Vec::new(), None);
    while events.len() < LOOKS_BACK {
        let page = store.read_stream(stream, Direction::Backwards, from, PAGE).await;
        events.extend(page.map_err(SessionError::Read)?.events);
        let oldest: Option<&RecordedEvent> = events.last();
        from = oldest.and_then(|event| event.revision().0.checked_sub(1)).map(airside_kernel::Revision);
        if from.is_none() {
            break;
        }
    }
    events.reverse();
    Ok((events, from.is_none()))
}

/// Folds facts, oldest first, over the places in the inbox and when they were taken.
fn trails(
    facts: impl IntoIterator<Item = (Timestamp, DeliveryEvent)>,
    places: &HashMap<Uuid, (u64, Timestamp)>,
) -> Vec<Trail> {
    let mut fold = Fold { places, trails: Vec::new(), known: HashMap::new() };
    for (at, fact) in facts {
        match fact {
            DeliveryEvent::NoticeHeld(Held { proposal, until, reason }) => {
                fold.of(&proposal).push(at, What::Held { until, reason });
            }
            DeliveryEvent::NoticeReleased(Released { proposal, .. }) => fold.send(&proposal),
            DeliveryEvent::NoticeMerged { id, into } => {
                if let Some(index) = fold.known.get(&id) {
                    fold.trails[*index].push(at, What::Merged { into });
                }
            }
            DeliveryEvent::NoticeSuppressed { proposal, reason } => {
                fold.of(&proposal).push(at, What::Suppressed(reason));
            }
            DeliveryEvent::NoticesAcknowledged { up_to_seq, level } => fold.reach(at, up_to_seq, level),
            DeliveryEvent::PreferencesSet(_) | DeliveryEvent::CarriedForward(_) => {}
        }
    }
    fold.trails.reverse();
    fold.trails
}

struct Fold<'a> {
    places: &'a HashMap<Uuid, (u64, Timestamp)>,
    trails: Vec<Trail>,
    known: HashMap<Uuid, usize>,
}

impl Fold<'_> {
    /// Returns the trail of a notice, which is as it was said last.
    fn of(&mut self, proposal: &Arc<Proposal>) -> &mut Trail {
        let notice = &proposal.notice;
        let index = *self.known.entry(notice.id).or_insert_with(|| {
            let created = Step { at: notice.caused_at, what: What::Created };
            self.trails.push(Trail { notice: notice.clone(), seq: None, steps: vec![created] });
            self.trails.len() - 1
        });
        let trail = &mut self.trails[index];
        trail.notice = notice.clone();
        trail
    }

    /// Notes that a notice was to be told; it is sent from when it is in the inbox.
    fn send(&mut self, proposal: &Arc<Proposal>) {
        let place = self.places.get(&proposal.notice.id).copied();
        let trail = self.of(proposal);
        if let Some((seq, issued_at)) = place {
            trail.seq = Some(seq);
            trail.push(issued_at, What::Sent);
        }
    }

    fn reach(&mut self, at: Timestamp, up_to_seq: u64, level: AckLevel) {
        for trail in &mut self.trails {
            let has_reached = |step: &Step| matches!(step.what, What::Reached(so_far) if so_far >= level);
            if trail.seq.is_some_and(|seq| seq <= up_to_seq) && !trail.steps.iter().any(has_reached) {
                trail.push(at, What::Reached(level));
            }
        }
    }
}

impl Trail {
    fn push(&mut self, at: Timestamp, what: What) {
        self.steps.push(Step { at, what });
    }
}

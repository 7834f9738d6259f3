//! When ways are judged although nothing is reported: a wait has run out, or a new map is shown.
//!
//! Policy. A wait that runs out is a deadline of the reactor. Its cause is the last event of the venue that
//! was folded, and its place among all waits of the venue that run out: two nodes that have folded the same
//! give it one name, and whatever is reported next comes after it. Of several that ran out while nobody
//! looked the last one is judged, for it sees all of them gone. A map is judged when this node shows it,
//! since it is compiled beside the work; one that is refused is given up when nobody can follow a way of
//! before any more. Both are folded state: a start from the memory, or from the beginning of the log, strikes
//! what was not struck, and what was said already is no news.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use airside_kernel::{Cause, RecordedEvent, Revision, Timestamp, keys};
use airside_runtime::{executor::Context, reactors::Reactor};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Ways;
use crate::{
    follow::model::HOURS_MAX,
    model::VenueCode,
    project::{Maps, Present},
};

/// How often it is looked whether a map is shown.
const LOOK_EVERY: SignedDuration = SignedDuration::from_millis(250);

/// The event behind what is judged.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Origin {
    stream: String,
    revision: Revision,
    id: Uuid,
    correlation: Uuid,
    occurred_at: Timestamp,
}

impl Origin {
    pub(super) fn of(event: &RecordedEvent) -> Self {
        let metadata = event.metadata().unwrap_or_default();
        let correlation = metadata.get(keys::CORRELATION_ID).and_then(|id| id.parse().ok());
        let id = event.id().0;
        Self {
            stream: event.stream().to_owned(),
            revision: event.revision(),
            id,
            correlation: correlation.unwrap_or(id),
            occurred_at: event.occurred_at(),
        }
    }

    /// Returns the cause by which a person's stream tells a repeat.
    pub(super) fn cause(&self, index: u32) -> Cause {
        Cause { reactor: Ways::NAME.to_owned(), stream: self.stream.clone(), revision: self.revision, index }
    }

    pub(super) fn context(&self) -> Context {
        let new = Context::new(format!("reactor/{}", Ways::NAME), "navigation", self.occurred_at);
        Context { correlation: self.correlation, causation: Some(self.id), ..new }
    }
}

/// Something that is due, and whose ways it may touch.
pub(super) struct Occasion {
    pub(super) venue: VenueCode,
    pub(super) origin: Origin,
    pub(super) index: u32,
    pub(super) at: Timestamp,
    /// Ways that are followed since then are judged without it.
    pub(super) before: Option<Timestamp>,
}

/// What is to become due in each venue.
#[derive(Debug, Default)]
pub(super) struct Occasions {
    venues: BTreeMap<VenueCode, Watched>,
    maps: BTreeMap<VenueCode, Pending>,
}

/// A venue whose waits run out.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Watched {
    /// The last event of its stream.
    last: Origin,
    /// Until when its waits were judged to have run out.
    struck: Option<Timestamp>,
}

/// A map that was published and is not shown yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Pending {
    origin: Origin,
    version: u32,
    at: Timestamp,
    look_at: Timestamp,
}

/// As it is kept.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Kept {
    venues: BTreeMap<String, Watched>,
    maps: BTreeMap<String, Pending>,
}

impl Occasions {
    /// Takes in that something is reported of a venue.
    pub(super) fn reported(&mut self, code: &VenueCode, event: &RecordedEvent) {
        let struck = self.venues.get(code).and_then(|watched| watched.struck);
        self.venues.insert(code.clone(), Watched { last: Origin::of(event), struck });
    }

    /// Takes in that a version of a map is to be shown.
    pub(super) fn published(&mut self, code: VenueCode, version: u32, event: &RecordedEvent) {
        let at = event.recorded_at();
        self.maps.insert(code, Pending { origin: Origin::of(event), version, at, look_at: at });
    }

    /// Returns when to look next.
    pub(super) fn due(&self, venues: &BTreeMap<VenueCode, Arc<Present>>) -> Option<Timestamp> {
        let waits = self.venues.iter().filter_map(|(code, watched)| {
            ends(venues.get(code)?).into_iter().find(|end| Some(*end) > watched.struck)
        });
        waits.chain(self.maps.values().map(|pending| pending.look_at)).min()
    }

    /// Returns what is due now; it is not due again.
    pub(super) fn strike(
        &mut self,
        now: Timestamp,
        venues: &BTreeMap<VenueCode, Arc<Present>>,
        maps: &Maps,
    ) -> Vec<Occasion> {
        let mut due = Vec::new();
        for (code, watched) in &mut self.venues {
            let ends = venues.get(code).map(|present| ends(present)).unwrap_or_default();
            let over = ends.range(..=now);
            let Some((index, at)) = (1..).zip(over).last().filter(|(_, at)| Some(**at) > watched.struck)
            else {
                continue;
            };
            watched.struck = Some(*at);
            let (venue, origin) = (code.clone(), watched.last.clone());
            due.push(Occasion { venue, origin, index, at: *at, before: Some(*at) });
        }
        let look_at = now.saturating_add(LOOK_EVERY).unwrap_or(Timestamp::MAX);
        let nobody_since =
            now.saturating_sub(SignedDuration::from_hours(HOURS_MAX)).unwrap_or(Timestamp::MIN);
        self.maps.retain(|code, pending| {
            let shown = maps.get(code).and_then(|live| Some(live.edition.as_ref()?.version));
            let is_shown = shown == Some(pending.version);
            if is_shown {
                let (venue, origin) = (code.clone(), pending.origin.clone());
                due.push(Occasion { venue, origin, index: 0, at: pending.at, before: None });
            }
            pending.look_at = look_at;
            !is_shown && pending.at > nobody_since
        });
        due
    }

    /// Returns it as it is kept.
    pub(super) fn image(&self) -> Kept {
        let venues = self.venues.iter().map(|(code, watched)| (code.to_string(), watched.clone()));
        let maps = self.maps.iter().map(|(code, pending)| (code.to_string(), pending.clone()));
        Kept { venues: venues.collect(), maps: maps.collect() }
    }

    /// Returns it from how it was kept.
    pub(super) fn restored(Kept { venues, maps }: Kept) -> Self {
        let venues = venues.into_iter().filter_map(|(code, watched)| Some((code.parse().ok()?, watched)));
        let maps = maps.into_iter().filter_map(|(code, pending)| Some((code.parse().ok()?, pending)));
        Self { venues: venues.collect(), maps: maps.collect() }
    }
}

/// Returns when the waits of a venue run out.
fn ends(present: &Present) -> BTreeSet<Timestamp> {
    present.waits.values().filter_map(|wait| wait.until).collect()
}

//! What is closed and where one waits now, applied to the maps.
//!
//! Each venue holds one immutable [`Live`]: snapshot, overlay and closures that
//! belong together. A change, be it of the closures or of the map, builds a new one
//! and swaps it in, so a request keeps the one it began with and the next request knows at once. Closures are
//! also kept for venues that have no map here, and for features that a newer
//! map dropped: they can still be lifted. The fold itself touches no map; what it
//! has folded is shown page by page.

pub mod boards;
pub mod catalogue;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use airside_kernel::{DecodeError, Kept, Projection, RecordedEvent, StoredEvent, Timestamp};
use airside_wayfinding::{FeatureId, Language, Moment, Overlay, Snapshot, Walk, Who};
use arc_swap::ArcSwap;
use jiff::tz::{TimeZone, offset};

use crate::{
    events::VenueEvent,
    model::{Closure, Reason, VENUE, VenueCode, Wait, edition::Edition},
};

/// The time zone of venues whose map tells none.
const USUAL_ZONE: &str = "Asia/Shanghai";

/// A venue at one moment.
#[derive(Debug)]
pub struct Live {
    /// The map, compiled.
    pub snapshot: Arc<Snapshot>,
    /// What the closures and queues do to it.
    pub overlay: Overlay,
    /// What is closed, by feature.
    pub closures: BTreeMap<FeatureId, Closure>,
    /// How many seconds one waits, by feature.
    pub waits: BTreeMap<FeatureId, u32>,
    /// Which version of the map it is; `None` for a map from the configuration.
    pub edition: Option<Arc<Edition>>,
    /// The time zone of its clocks.
    pub zone: TimeZone,
}

impl Live {
    /// Returns what walks go by now.
    pub fn walk(&self, who: Who, language: Language) -> Walk<'_> {
        Walk { snapshot: &self.snapshot, overlay: &self.overlay, who, depart: None, language }
    }

    /// Returns what the clocks of the venue show at an instant.
    pub fn moment(&self, at: Timestamp) -> Moment {
        at.to_zoned(self.zone.clone()).datetime().into()
    }

    /// Returns the instant at which the clocks of the venue show a moment.
    pub fn instant(&self, moment: Moment) -> Option<Timestamp> {
        moment.civil().to_zoned(self.zone.clone()).ok().map(|zoned| zoned.timestamp())
    }
}

/// Returns the time zone of a venue: that of its published map, else the usual one.
fn zone(edition: Option<&Edition>) -> TimeZone {
    let told = edition.and_then(|edition| TimeZone::get(edition.map.time_zone.as_str()).ok());
    told.or_else(|| TimeZone::get(USUAL_ZONE).ok()).unwrap_or_else(|| TimeZone::fixed(offset(8)))
}

/// The venues that have a map, each as it is now. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Maps(Arc<Shelf>);

#[derive(Debug, Default)]
struct Shelf {
    live: ArcSwap<BTreeMap<VenueCode, Arc<Live>>>,
    /// Held by who changes a venue.
    closed: Mutex<Closed>,
}

/// What is closed and where one waits in each venue, also in those that have no map here.
type Closed = BTreeMap<VenueCode, Present>;

/// What is different in a venue now.
#[derive(Debug, Clone, Default)]
struct Present {
    closures: BTreeMap<FeatureId, Closure>,
    waits: BTreeMap<FeatureId, u32>,
}

impl Maps {
    /// Makes venues where everything is open.
    pub fn new(snapshots: impl IntoIterator<Item = (VenueCode, Snapshot)>) -> Self {
        let maps = Self::default();
        for (code, snapshot) in snapshots {
            maps.install(&code, Arc::new(snapshot), None);
        }
        maps
    }

    /// Returns a venue as it is now.
    pub fn get(&self, code: &VenueCode) -> Option<Arc<Live>> {
        self.0.live.load().get(code).cloned()
    }

    /// Returns all venues as they are now, by code.
    pub fn all(&self) -> Arc<BTreeMap<VenueCode, Arc<Live>>> {
        self.0.live.load_full()
    }

    /// Gives a venue its map, in place of the one it had, with what is closed there. It takes its time, and
    /// requests are answered meanwhile.
    pub fn install(&self, code: &VenueCode, snapshot: Arc<Snapshot>, edition: Option<Arc<Edition>>) {
        let closed = self.lock();
        let present = closed.get(code).cloned().unwrap_or_default();
        self.show(code, snapshot, present, edition);
    }

    /// Takes away the map of a venue that is from the configuration.
    pub fn withdraw_configured(&self, code: &VenueCode) {
        let _closed = self.lock();
        if self.get(code).is_some_and(|live| live.edition.is_none()) {
            let mut venues = BTreeMap::clone(&self.all());
            venues.remove(code);
            self.0.live.store(Arc::new(venues));
        }
    }

    fn change(&self, code: &VenueCode, present: &Present) {
        let mut closed = self.lock();
        closed.insert(code.clone(), present.clone());
        if let Some(before) = self.get(code) {
            let (snapshot, edition) = (Arc::clone(&before.snapshot), before.edition.clone());
            self.show(code, snapshot, present.clone(), edition);
        }
    }

    /// Shows a venue from now on; the caller holds the lock.
    fn show(
        &self,
        code: &VenueCode,
        snapshot: Arc<Snapshot>,
        present: Present,
        edition: Option<Arc<Edition>>,
    ) {
        let Present { closures, waits } = present;
        let delays_ms =
            waits.iter().map(|(id, seconds)| (id.clone(), seconds.saturating_mul(1_000))).collect();
        let overlay = Overlay::live(&snapshot, closures.keys().cloned(), &delays_ms);
        if let Some(before) = self.get(code) {
            overlay.follow(&snapshot, &before.overlay, &before.snapshot);
        }
        let mut venues = BTreeMap::clone(&self.all());
        let zone = zone(edition.as_deref());
        let live = Live { snapshot, overlay, closures, waits, edition, zone };
        venues.insert(code.clone(), Arc::new(live));
        self.0.live.store(Arc::new(venues));
    }

    fn lock(&self) -> MutexGuard<'_, Closed> {
        self.0.closed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Follows the closures and waits of the venues.
#[derive(Debug)]
pub struct Closures {
    maps: Maps,
    closed: Closed,
    /// The venues whose maps do not show yet what is closed.
    changed: BTreeSet<VenueCode>,
}

impl Closures {
    /// Makes the projection over venues.
    pub fn new(maps: Maps) -> Self {
        // A fresh one knows of no closure, and shows that too.
        let changed = maps.all().keys().cloned().collect();
        Self { maps, closed: Closed::new(), changed }
    }
}

impl Projection for Closures {
    const NAME: &'static str = "navigation.closures";

    fn wants(category: &str) -> bool {
        category == VENUE
    }

    fn apply(&mut self, event: &RecordedEvent) -> Result<(), DecodeError> {
        let code = VenueCode::of_event(event)?;
        let [fact] = VenueEvent::decode(event)?;
        let Present { closures, waits } = self.closed.entry(code.clone()).or_default();
        match fact {
            VenueEvent::ClosureSet(closure) => {
                closures.insert(closure.feature.clone(), closure);
            }
            VenueEvent::ClosureLifted { feature } => {
                closures.remove(&feature);
            }
            VenueEvent::WaitReported(Wait { feature, seconds: 0 }) => {
                waits.remove(&feature);
            }
            VenueEvent::WaitReported(Wait { feature, seconds }) => {
                waits.insert(feature, seconds);
            }
        }
        self.changed.insert(code);
        Ok(())
    }

    fn show(&mut self) {
        let usual = Present::default();
        for code in std::mem::take(&mut self.changed) {
            self.maps.change(&code, self.closed.get(&code).unwrap_or(&usual));
        }
    }
}

/// Of a venue: by feature why it is closed and until when; by feature the seconds that one waits.
type Image = (BTreeMap<String, (String, Option<Timestamp>)>, BTreeMap<String, u32>);

impl Kept for Closures {
    const SCHEMA: u32 = 2;
    type State = BTreeMap<String, Image>;

    fn image(&self) -> Self::State {
        let stored = |(feature, closure): (&FeatureId, &Closure)| {
            (feature.to_string(), (closure.reason.as_str().to_owned(), closure.expected_until))
        };
        let venue = |(code, present): (&VenueCode, &Present)| {
            let closures = present.closures.iter().map(stored).collect();
            let waits = present.waits.iter().map(|(feature, seconds)| (feature.to_string(), *seconds));
            (code.to_string(), (closures, waits.collect()))
        };
        self.closed.iter().map(venue).collect()
    }

    fn restore(&mut self, state: Self::State) {
        for (code, (closures, waits)) in state {
            let Ok(code) = code.parse::<VenueCode>() else { continue };
            let closure = |(feature, (reason, expected_until)): (String, (String, _))| {
                let feature = FeatureId::parse(&feature)?;
                let closure =
                    Closure { feature: feature.clone(), reason: Reason::stored(reason), expected_until };
                Some((feature, closure))
            };
            let wait = |(feature, seconds): (String, u32)| Some((FeatureId::parse(&feature)?, seconds));
            let closures = closures.into_iter().filter_map(closure).collect();
            let waits = waits.into_iter().filter_map(wait).collect();
            self.closed.insert(code.clone(), Present { closures, waits });
            self.changed.insert(code);
        }
    }
}

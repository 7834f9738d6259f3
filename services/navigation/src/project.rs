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
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use airside_kernel::{Clock, DecodeError, Kept, Projection, RecordedEvent, StoredEvent, Timestamp};
use airside_wayfinding::{FeatureId, Language, Moment, Overlay, Snapshot, Walk, Who};
use arc_swap::ArcSwap;
use jiff::tz::{TimeZone, offset};

use crate::{
    events::VenueEvent,
    model::{Closure, Reason, VENUE, VenueCode, Wait, edition::Edition},
};

/// The time zone of venues from the configuration, unless it names another.
pub const USUAL_ZONE: &str = "Asia/Shanghai";

/// A venue at one moment.
#[derive(Debug)]
pub struct Live {
    /// The map, compiled.
    pub snapshot: Arc<Snapshot>,
    /// What the closures and queues do to it.
    pub overlay: Overlay,
    /// What is closed, by feature.
    pub closures: BTreeMap<FeatureId, Closure>,
    /// Where one waits, by feature; reports that are too old are left out.
    pub waits: BTreeMap<FeatureId, Wait>,
    /// When the first of the waits is too old.
    expires: Option<Timestamp>,
    /// Which version of the map it is; `None` for a map from the configuration.
    pub edition: Option<Arc<Edition>>,
    /// The time zone of its clocks.
    pub zone: TimeZone,
}

impl Live {
    /// Returns what walks go by that begin at an instant.
    pub fn walk(&self, who: Who, depart: Timestamp, language: Language) -> Walk<'_> {
        let Self { snapshot, overlay, .. } = self;
        Walk { snapshot, overlay, who, depart: Some(self.moment(depart)), language }
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

/// Returns the usual time zone.
pub fn usual_zone() -> TimeZone {
    TimeZone::get(USUAL_ZONE).unwrap_or_else(|_| TimeZone::fixed(offset(8)))
}

/// The venues that have a map, each as it is now. Clones share them.
#[derive(Clone)]
pub struct Maps(Arc<Shelf>);

struct Shelf {
    clock: Arc<dyn Clock>,
    /// The time zone of venues from the configuration.
    zone: TimeZone,
    live: ArcSwap<BTreeMap<VenueCode, Arc<Live>>>,
    /// Held by who changes a venue.
    closed: Mutex<Closed>,
}

/// What is closed and where one waits in each venue, also in those that have no map here.
type Closed = BTreeMap<VenueCode, Present>;

/// What is different in a venue now.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Present {
    /// What is closed, by feature.
    pub closures: BTreeMap<FeatureId, Closure>,
    /// Where one waits, by feature, reports that are too old included.
    pub waits: BTreeMap<FeatureId, Wait>,
}

impl Present {
    /// Takes in a fact of the venue.
    pub fn fold(&mut self, fact: VenueEvent) {
        match fact {
            VenueEvent::ClosureSet(closure) => {
                self.closures.insert(closure.feature.clone(), closure);
            }
            VenueEvent::ClosureLifted { feature } => {
                self.closures.remove(&feature);
            }
            VenueEvent::WaitReported(Wait { feature, seconds: 0, .. }) => {
                self.waits.remove(&feature);
            }
            VenueEvent::WaitReported(wait) => {
                self.waits.insert(wait.feature.clone(), wait);
            }
        }
    }

    /// Returns what it does to a map at an instant.
    pub fn overlay(&self, snapshot: &Snapshot, at: Timestamp) -> Overlay {
        let held = self.waits.iter().filter(|(_, wait)| wait.holds(at));
        let delays_ms = held.map(|(id, wait)| (id.clone(), wait.seconds.saturating_mul(1_000))).collect();
        Overlay::live(snapshot, self.closures.keys().cloned(), &delays_ms)
    }

    /// Returns it as it is kept.
    pub fn image(&self) -> Image {
        let stored = |(feature, closure): (&FeatureId, &Closure)| {
            (feature.to_string(), (closure.reason.as_str().to_owned(), closure.expected_until))
        };
        let waits = self.waits.values();
        let waits = waits.map(|wait| (wait.feature.to_string(), (wait.seconds, wait.until)));
        (self.closures.iter().map(stored).collect(), waits.collect())
    }

    /// Returns it from how it was kept.
    pub fn restored((closures, waits): Image) -> Self {
        let closure = |(feature, (reason, expected_until)): (String, (String, _))| {
            let feature = FeatureId::parse(&feature)?;
            let reason = Reason::stored(reason);
            Some((feature.clone(), Closure { feature, reason, expected_until }))
        };
        let wait = |(feature, (seconds, until)): (String, (u32, _))| {
            let feature = FeatureId::parse(&feature)?;
            Some((feature.clone(), Wait { feature, seconds, until }))
        };
        let closures = closures.into_iter().filter_map(closure).collect();
        Self { closures, waits: waits.into_iter().filter_map(wait).collect() }
    }
}

impl fmt::Debug for Maps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.live.load().keys()).finish()
    }
}

impl Maps {
    /// Makes venues from the configuration, where everything is open.
    pub fn new(
        clock: Arc<dyn Clock>,
        zone: TimeZone,
        snapshots: impl IntoIterator<Item = (VenueCode, Snapshot)>,
    ) -> Self {
        let (live, closed) = (ArcSwap::default(), Mutex::default());
        let maps = Self(Arc::new(Shelf { clock, zone, live, closed }));
        for (code, snapshot) in snapshots {
            maps.install(&code, Arc::new(snapshot), None);
        }
        maps
    }

    /// Returns a venue as it is now. The first who asks after a wait became too old leaves it out.
    pub fn get(&self, code: &VenueCode) -> Option<Arc<Live>> {
        let live = self.shown(code)?;
        if live.expires.is_none_or(|at| self.0.clock.now() < at) {
            return Some(live);
        }
        let closed = self.lock();
        // Another may have been faster.
        let live = self.shown(code)?;
        if live.expires.is_some_and(|at| at <= self.0.clock.now()) {
            let present = closed.get(code).cloned().unwrap_or_default();
            self.show(code, Arc::clone(&live.snapshot), present, live.edition.clone());
        }
        self.shown(code)
    }

    /// Returns all venues as they are now, by code.
    pub fn all(&self) -> Arc<BTreeMap<VenueCode, Arc<Live>>> {
        for code in self.0.live.load().keys() {
            self.get(code);
        }
        self.0.live.load_full()
    }

    fn shown(&self, code: &VenueCode) -> Option<Arc<Live>> {
        self.0.live.load().get(code).cloned()
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
        if self.shown(code).is_some_and(|live| live.edition.is_none()) {
            let mut venues = BTreeMap::clone(&self.0.live.load());
            venues.remove(code);
            self.0.live.store(Arc::new(venues));
        }
    }

    fn change(&self, code: &VenueCode, present: &Present) {
        let mut closed = self.lock();
        closed.insert(code.clone(), present.clone());
        if let Some(before) = self.shown(code) {
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
        let now = self.0.clock.now();
        let overlay = present.overlay(&snapshot, now);
        let Present { closures, mut waits } = present;
        waits.retain(|_, wait| wait.holds(now));
        let expires = waits.values().filter_map(|wait| wait.until).min();
        if let Some(before) = self.shown(code) {
            overlay.follow(&snapshot, &before.overlay, &before.snapshot);
        }
        let mut venues = BTreeMap::clone(&self.0.live.load());
        let told = edition.as_ref().and_then(|edition| TimeZone::get(edition.map.time_zone.as_str()).ok());
        let zone = told.unwrap_or_else(|| self.0.zone.clone());
        let live = Live { snapshot, overlay, closures, waits, expires, edition, zone };
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
        self.closed.entry(code.clone()).or_default().fold(fact);
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

/// Of a venue, by feature: why it is closed, how many seconds one waits there, and until when.
pub type Image = (BTreeMap<String, (String, Option<Timestamp>)>, BTreeMap<String, (u32, Option<Timestamp>)>);

impl Kept for Closures {
    const SCHEMA: u32 = 3;
    type State = BTreeMap<String, Image>;

    fn image(&self) -> Self::State {
        self.closed.iter().map(|(code, present)| (code.to_string(), present.image())).collect()
    }

    fn restore(&mut self, state: Self::State) {
        for (code, image) in state {
            let Ok(code) = code.parse::<VenueCode>() else { continue };
            self.closed.insert(code.clone(), Present::restored(image));
            self.changed.insert(code);
        }
    }
}

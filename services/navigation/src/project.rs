//! What is closed now, applied to the maps.
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
use airside_wayfinding::{FeatureId, Language, Overlay, Snapshot, Walk, Who};
use arc_swap::ArcSwap;

use crate::{
    events::VenueEvent,
    model::{Closure, Reason, VENUE, VenueCode, edition::Edition},
};

/// A venue at one moment.
#[derive(Debug)]
pub struct Live {
    /// The map, compiled.
    pub snapshot: Arc<Snapshot>,
    /// What the closures do to it.
    pub overlay: Overlay,
    /// What is closed, by feature.
    pub closures: BTreeMap<FeatureId, Closure>,
    /// Which version of the map it is; `None` for a map from the configuration.
    pub edition: Option<Arc<Edition>>,
}

impl Live {
    /// Returns what walks go by now.
    pub fn walk(&self, who: Who, language: Language) -> Walk<'_> {
        Walk { snapshot: &self.snapshot, overlay: &self.overlay, who, depart: None, language }
    }
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

/// What is closed in each venue, also in those that have no map here.
type Closed = BTreeMap<VenueCode, BTreeMap<FeatureId, Closure>>;

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
        let closures = closed.get(code).cloned().unwrap_or_default();
        self.show(code, snapshot, closures, edition);
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

    fn close(&self, code: &VenueCode, closures: &BTreeMap<FeatureId, Closure>) {
        let mut closed = self.lock();
        closed.insert(code.clone(), closures.clone());
        if let Some(before) = self.get(code) {
            let (snapshot, edition) = (Arc::clone(&before.snapshot), before.edition.clone());
            self.show(code, snapshot, closures.clone(), edition);
        }
    }

    /// Shows a venue from now on; the caller holds the lock.
    fn show(
        &self,
        code: &VenueCode,
        snapshot: Arc<Snapshot>,
        closures: BTreeMap<FeatureId, Closure>,
        edition: Option<Arc<Edition>>,
    ) {
        let overlay = Overlay::closing(&snapshot, closures.keys().cloned());
        if let Some(before) = self.get(code) {
            overlay.follow(&snapshot, &before.overlay, &before.snapshot);
        }
        let mut venues = BTreeMap::clone(&self.all());
        venues.insert(code.clone(), Arc::new(Live { snapshot, overlay, closures, edition }));
        self.0.live.store(Arc::new(venues));
    }

    fn lock(&self) -> MutexGuard<'_, Closed> {
        self.0.closed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Follows the closures of the venues.
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
        let code = event.stream().split_once('-').and_then(|(_, code)| code.parse::<VenueCode>().ok());
        let code = code.ok_or_else(|| DecodeError::malformed("venue stream", "its id is no venue code"))?;
        let [fact] = VenueEvent::decode(event)?;
        let closures = self.closed.entry(code.clone()).or_default();
        match fact {
            VenueEvent::ClosureSet(closure) => {
                closures.insert(closure.feature.clone(), closure);
            }
            VenueEvent::ClosureLifted { feature } => {
                closures.remove(&feature);
            }
        }
        self.changed.insert(code);
        Ok(())
    }

    fn show(&mut self) {
        let open = BTreeMap::new();
        for code in std::mem::take(&mut self.changed) {
            self.maps.close(&code, self.closed.get(&code).unwrap_or(&open));
        }
    }
}

impl Kept for Closures {
    const SCHEMA: u32 = 1;
    /// By venue code and feature: why, and until when.
    type State = BTreeMap<String, BTreeMap<String, (String, Option<Timestamp>)>>;

    fn image(&self) -> Self::State {
        let stored = |(feature, closure): (&FeatureId, &Closure)| {
            (feature.to_string(), (closure.reason.as_str().to_owned(), closure.expected_until))
        };
        let venue = |(code, closures): (&VenueCode, &BTreeMap<_, _>)| {
            (code.to_string(), closures.iter().map(stored).collect())
        };
        self.closed.iter().map(venue).collect()
    }

    fn restore(&mut self, state: Self::State) {
        for (code, closures) in state {
            let Ok(code) = code.parse::<VenueCode>() else { continue };
            let closure = |(feature, (reason, expected_until)): (String, (String, _))| {
                let feature = FeatureId::parse(&feature)?;
                let closure =
                    Closure { feature: feature.clone(), reason: Reason::stored(reason), expected_until };
                Some((feature, closure))
            };
            self.closed.insert(code.clone(), closures.into_iter().filter_map(closure).collect());
            self.changed.insert(code);
        }
    }
}

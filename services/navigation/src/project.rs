//! What is closed now, applied to the maps.
//!
//! Each venue holds one immutable [`Live`]: snapshot, overlay and closures that
//! belong together. A change builds a new one and swaps it in, so a request
//! keeps the one it began with and the next request knows at once. Closures are
//! also kept for venues that have no map here, and for features that a newer
//! map dropped: they can still be lifted.

use std::{collections::BTreeMap, sync::Arc};

use airside_kernel::{DecodeError, Projection, RecordedEvent, StoredEvent};
use airside_wayfinding::{FeatureId, Overlay, Snapshot};
use arc_swap::ArcSwap;

use crate::{
    events::VenueEvent,
    model::{Closure, VENUE, VenueCode},
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
}

/// The venues that have a map, each as it is now.
#[derive(Debug, Clone)]
pub struct Maps(Arc<BTreeMap<VenueCode, ArcSwap<Live>>>);

impl Maps {
    /// Makes venues where everything is open.
    pub fn new(snapshots: impl IntoIterator<Item = (VenueCode, Snapshot)>) -> Self {
        let open = |snapshot| Live {
            snapshot: Arc::new(snapshot),
            overlay: Overlay::open(),
            closures: BTreeMap::new(),
        };
        let venue = |(code, snapshot)| (code, ArcSwap::from_pointee(open(snapshot)));
        Self(Arc::new(snapshots.into_iter().map(venue).collect()))
    }

    /// Returns a venue as it is now.
    pub fn get(&self, code: &VenueCode) -> Option<Arc<Live>> {
        self.0.get(code).map(ArcSwap::load_full)
    }

    /// Returns all venues as they are now, by code.
    pub fn iter(&self) -> impl Iterator<Item = (&VenueCode, Arc<Live>)> {
        self.0.iter().map(|(code, live)| (code, live.load_full()))
    }

    /// Returns the codes.
    pub fn codes(&self) -> impl Iterator<Item = &VenueCode> {
        self.0.keys()
    }

    fn change(&self, code: &VenueCode, change: impl FnOnce(&mut BTreeMap<FeatureId, Closure>)) {
        let Some(venue) = self.0.get(code) else { return };
        let now = venue.load();
        let mut closures = now.closures.clone();
        change(&mut closures);
        let overlay = Overlay::closing(&now.snapshot, closures.keys().cloned());
        venue.store(Arc::new(Live { snapshot: now.snapshot.clone(), overlay, closures }));
    }
}

/// Follows the closures of the venues.
#[derive(Debug)]
pub struct Closures {
    maps: Maps,
}

impl Closures {
    /// Makes the projection over venues.
    pub fn new(maps: Maps) -> Self {
        Self { maps }
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
        self.maps.change(&code, |closures| match fact {
            VenueEvent::ClosureSet(closure) => {
                closures.insert(closure.feature.clone(), closure);
            }
            VenueEvent::ClosureLifted { feature } => {
                closures.remove(&feature);
            }
        });
        Ok(())
    }
}

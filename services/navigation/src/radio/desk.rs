//! Radio maps compiled to be asked, one for each venue, swapped whole.
//!
//! Policy. A radio map is compiled over the venue's map when it is first asked for, beside the calls: whoever
//! asks meanwhile is told by the one before, if it is of the same map of the venue, and waits otherwise. What
//! a publisher compiled to check it is shown at once. A map that does not fit the venue's map any more is
//! kept as refused, and told so until another is published. Cold start: the first who asks waits for the log
//! and for compiling.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use airside_runtime::status::chain;
use airside_wayfinding::{
    Snapshot,
    position::{RadioMap, Track, import},
};
use bytes::Bytes;
use tokio::task::spawn_blocking;
use tracing::error;

use super::{RadioError, model::RadioEdition};
use crate::{blobs::Blobs, model::VenueCode};

/// What positions in a venue are told by.
#[derive(Debug)]
pub struct Hearing {
    /// The map of the venue that all of it is over.
    pub snapshot: Arc<Snapshot>,
    /// The ways, for whoever follows a walk.
    pub track: Arc<Track>,
    /// The radio map; none where none is published.
    pub radio: Option<Radio>,
}

/// A radio map, or why it cannot be used.
#[derive(Debug)]
pub struct Radio {
    /// Which one it is.
    pub edition: RadioEdition,
    /// The map, compiled.
    pub map: Result<RadioMap, String>,
}

impl Hearing {
    fn is_of(&self, snapshot: &Arc<Snapshot>, edition: Option<&RadioEdition>) -> bool {
        Arc::ptr_eq(&self.snapshot, snapshot) && self.radio.as_ref().map(|radio| &radio.edition) == edition
    }
}

/// What is compiled. Clones share it.
#[derive(Clone)]
pub struct Desk {
    blobs: Blobs,
    venues: Arc<Mutex<BTreeMap<VenueCode, Slot>>>,
}

/// One venue.
#[derive(Clone, Default)]
struct Slot {
    shown: Option<Arc<Hearing>>,
    /// Held by who compiles.
    making: Arc<tokio::sync::Mutex<()>>,
}

impl Desk {
    /// Makes a desk over the content of the log.
    pub fn new(blobs: Blobs) -> Self {
        Self { blobs, venues: Arc::default() }
    }

    /// Returns what positions are told by, compiled for this map of the venue and, as soon as it is ready,
    /// this version.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn hearing(
        &self,
        code: &VenueCode,
        snapshot: &Arc<Snapshot>,
        edition: Option<&RadioEdition>,
    ) -> Result<Arc<Hearing>, RadioError> {
        let shown = self.slot(code).shown;
        match shown {
            Some(shown) if shown.is_of(snapshot, edition) => Ok(shown),
            Some(shown) if Arc::ptr_eq(&shown.snapshot, snapshot) => {
                let (desk, code, snapshot) = (self.clone(), code.clone(), Arc::clone(snapshot));
                let edition = edition.cloned();
                tokio::spawn(async move {
                    if let Err(error) = desk.ready(&code, &snapshot, edition.as_ref()).await {
                        error!(
                            error = chain(&error),
                            "radio map cannot be compiled: the next call tries again"
                        );
                    }
                });
                Ok(shown)
            }
            _ => self.ready(code, snapshot, edition).await,
        }
    }

    /// Compiles a file for a venue, without showing it.
    ///
    /// # Errors
    /// When it is no radio map of this venue.
    pub async fn compile(
        &self,
        code: &VenueCode,
        snapshot: &Arc<Snapshot>,
        edition: RadioEdition,
        content: Bytes,
    ) -> Result<Arc<Hearing>, RadioError> {
        let track = self.track(code, snapshot);
        let snapshot = Arc::clone(snapshot);
        let made = spawn_blocking(move || {
            let track = track.unwrap_or_else(|| Arc::new(Track::of(snapshot.graph())));
            let RadioEdition { version, form, ground, .. } = &edition;
            let map = import::read(&snapshot, &track, version.as_str(), *form, *ground, &content)?;
            Ok(Arc::new(Hearing { snapshot, track, radio: Some(Radio { edition, map: Ok(map) }) }))
        });
        made.await.map_err(|error| RadioError::Broken(error.to_string()))?
    }

    /// Shows what was compiled, from now on.
    pub fn show(&self, code: &VenueCode, hearing: Arc<Hearing>) {
        self.lock().entry(code.clone()).or_default().shown = Some(hearing);
    }

    /// Waits until what positions are told by is compiled.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn ready(
        &self,
        code: &VenueCode,
        snapshot: &Arc<Snapshot>,
        edition: Option<&RadioEdition>,
    ) -> Result<Arc<Hearing>, RadioError> {
        let slot = self.slot(code);
        let _making = slot.making.lock().await;
        if let Some(shown) = self.slot(code).shown.filter(|shown| shown.is_of(snapshot, edition)) {
            return Ok(shown);
        }
        let made = match edition {
            None => self.silent(code, snapshot, None).await?,
            Some(edition) => {
                let content = self.blobs.get(edition.digest).await?;
                match self.compile(code, snapshot, edition.clone(), content).await {
                    Ok(made) => made,
                    Err(refused) => {
                        let radio = Radio { edition: edition.clone(), map: Err(refused.to_string()) };
                        self.silent(code, snapshot, Some(radio)).await?
                    }
                }
            }
        };
        self.show(code, Arc::clone(&made));
        Ok(made)
    }

    /// Makes what there is without a radio map that can be used.
    async fn silent(
        &self,
        code: &VenueCode,
        snapshot: &Arc<Snapshot>,
        radio: Option<Radio>,
    ) -> Result<Arc<Hearing>, RadioError> {
        let (known, snapshot) = (self.track(code, snapshot), Arc::clone(snapshot));
        let made = spawn_blocking(move || {
            let track = known.unwrap_or_else(|| Arc::new(Track::of(snapshot.graph())));
            Arc::new(Hearing { snapshot, track, radio })
        });
        made.await.map_err(|error| RadioError::Broken(error.to_string()))
    }

    /// Returns the ways of a map of a venue, if they are laid already.
    fn track(&self, code: &VenueCode, snapshot: &Arc<Snapshot>) -> Option<Arc<Track>> {
        let shown = self.slot(code).shown?;
        Arc::ptr_eq(&shown.snapshot, snapshot).then(|| Arc::clone(&shown.track))
    }

    fn slot(&self, code: &VenueCode) -> Slot {
        self.lock().entry(code.clone()).or_default().clone()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<VenueCode, Slot>> {
        self.venues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

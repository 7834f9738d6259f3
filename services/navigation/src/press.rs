//! Compiles the versions that are to be shown, and puts them up.
//!
//! Policy. One task presses one version after the other, from their content in the log, beside whatever
//! else the process does; a venue shows its old map until the new one is compiled, and is then swapped as a
//! whole. What a publisher has just compiled to check it is taken from their hands and not compiled again.
//! While the log cannot be read the press tries again; a map that this program refuses, though the one that
//! published it did not, is told by readiness and in every answer about the venue, and the process stays up:
//! the operator publishes a mended map, or rolls back. Cold start: a node is ready when every venue is shown
//! or refused. A map from the configuration is shown until a version of the same venue is published.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use airside_kernel::Classified;
use airside_runtime::{status::chain, stopped};
use airside_wayfinding::Snapshot;
use tokio::{sync::watch, task::spawn_blocking, time};
use tracing::{error, info};

use crate::{
    archive,
    blobs::{Blobs, Digest},
    model::{VenueCode, edition::Edition},
    project::{Maps, catalogue::Wanted},
};

/// How long the press waits after the log could not be read.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// A version that was pressed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pressed {
    edition: Edition,
    /// Why it is not shown.
    problem: Option<String>,
}

type Outcomes = BTreeMap<VenueCode, Pressed>;

/// What a publisher has compiled; one is kept, since the press takes it soon.
#[derive(Clone, Default)]
pub struct Proof(Arc<Mutex<Option<Compiled>>>);

/// A map, and the content that it is made of.
type Compiled = (Digest, Arc<Snapshot>);

impl Proof {
    /// Keeps a map until the press asks for it.
    pub fn keep(&self, digest: Digest, snapshot: Arc<Snapshot>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((digest, snapshot));
    }

    /// Gives a map away, or forgets it.
    pub fn take(&self, digest: Digest) -> Option<Arc<Snapshot>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.take_if(|(of, _)| *of == digest).map(|(_, snapshot)| snapshot)
    }
}

/// Tells what is shown. Clones ask the same press.
#[derive(Clone)]
pub struct Showing {
    wanted: watch::Receiver<Wanted>,
    pressed: watch::Receiver<Outcomes>,
}

impl Showing {
    /// Returns the version of a venue that should be shown and is not, and why.
    pub fn problem(&self, code: &VenueCode) -> Option<(u32, String)> {
        let pressed = self.pressed.borrow();
        let Pressed { edition, problem } = pressed.get(code)?;
        problem.clone().map(|problem| (edition.version, problem))
    }

    /// Waits until every version that is to be shown is shown or refused.
    pub async fn settled(&self) {
        let (mut wanted, mut pressed) = (self.wanted.clone(), self.pressed.clone());
        while !self.is_settled() {
            let changed = tokio::select! {
                changed = wanted.changed() => changed,
                changed = pressed.changed() => changed,
            };
            if changed.is_err() {
                return;
            }
        }
    }

    fn is_settled(&self) -> bool {
        let (wanted, pressed) = (self.wanted.borrow(), self.pressed.borrow());
        wanted.as_ref().is_some_and(|wanted| {
            wanted.iter().all(|(code, edition)| pressed.get(code).is_some_and(|one| one.edition == *edition))
        })
    }

    /// Returns in words what is shown, for readiness.
    pub fn text(&self) -> String {
        let pressed = self.pressed.borrow();
        let shown = pressed.values().filter(|one| one.problem.is_none()).count();
        let refused = pressed.iter().filter_map(|(code, one)| {
            Some(format!("; {code} has no map: {} is refused: {}", one.edition, one.problem.as_ref()?))
        });
        let waiting = if self.is_settled() { "" } else { "; others are being compiled" };
        format!("{shown} published maps shown{}{waiting}", refused.collect::<String>())
    }
}

/// Why a version is not shown.
enum Trouble {
    /// It never will be.
    Refused(String),
    /// The log could not be read.
    Passing(String),
}

/// Compiles versions and puts them up.
pub struct Press {
    blobs: Blobs,
    maps: Maps,
    proof: Proof,
    wanted: watch::Receiver<Wanted>,
    pressed: watch::Sender<Outcomes>,
}

impl Press {
    /// Makes a press that follows what is wanted.
    pub fn new(blobs: Blobs, maps: Maps, proof: Proof, wanted: watch::Receiver<Wanted>) -> Self {
        Self { blobs, maps, proof, wanted, pressed: watch::Sender::default() }
    }

    /// Returns who tells what is shown.
    pub fn showing(&self) -> Showing {
        Showing { wanted: self.wanted.clone(), pressed: self.pressed.subscribe() }
    }

    /// Works until `stop` turns true.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        loop {
            let has_all = tokio::select! {
                has_all = self.press_all() => has_all,
                () = stopped(&mut stop) => return,
            };
            tokio::select! {
                changed = self.wanted.changed() => if changed.is_err() { return },
                () = time::sleep(RETRY_PAUSE), if !has_all => {}
                () = stopped(&mut stop) => return,
            }
        }
    }

    /// Presses whatever is wanted and not pressed; false when some could not be read.
    async fn press_all(&mut self) -> bool {
        let wanted = self.wanted.borrow_and_update().clone().unwrap_or_default();
        let mut has_all = true;
        for (code, edition) in wanted {
            if self.pressed.borrow().get(&code).is_some_and(|one| one.edition == edition) {
                continue;
            }
            let problem = match self.press(&code, &edition).await {
                Ok(()) => {
                    info!(venue = code.as_str(), version = edition.version, "venue shows its map");
                    None
                }
                Err(Trouble::Passing(reason)) => {
                    error!(
                        venue = code.as_str(),
                        error = reason,
                        "map cannot be read from the log: trying again"
                    );
                    has_all = false;
                    continue;
                }
                Err(Trouble::Refused(reason)) => {
                    error!(
                        venue = code.as_str(),
                        version = edition.version,
                        error = reason,
                        "map is refused: publish a mended one, or roll back"
                    );
                    self.maps.withdraw_configured(&code);
                    Some(reason)
                }
            };
            self.pressed.send_modify(|pressed| {
                pressed.insert(code, Pressed { edition, problem });
            });
        }
        has_all
    }

    async fn press(&self, code: &VenueCode, edition: &Edition) -> Result<(), Trouble> {
        let snapshot = match self.proof.take(edition.map.digest) {
            Some(snapshot) => snapshot,
            None => {
                let content = self.blobs.get(edition.map.digest).await;
                let content = content.map_err(|error| match error.code().is_transient() {
                    true => Trouble::Passing(chain(&error)),
                    false => Trouble::Refused(chain(&error)),
                })?;
                let compiled = beside(move || {
                    let source = archive::source(content).map_err(|error| error.to_string())?;
                    Snapshot::from_source(&source).map_err(|refused| refused.to_string())
                });
                Arc::new(compiled.await?.map_err(Trouble::Refused)?)
            }
        };
        let (maps, code, edition) = (self.maps.clone(), code.clone(), Arc::new(edition.clone()));
        beside(move || maps.install(&code, snapshot, Some(edition))).await
    }
}

/// Computes beside the calls that others wait for; a map that breaks us is one that we refuse.
async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Trouble> {
    spawn_blocking(work).await.map_err(|error| Trouble::Refused(format!("compiling it failed: {error}")))
}

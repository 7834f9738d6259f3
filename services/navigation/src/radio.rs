//! Radio maps of the venues: published, versioned, rolled back, and asked where a phone is.
//!
//! Words. A *radio map* is a survey of what phones hear in a venue, or a list of its beacons; how it becomes
//! positions is `airside-wayfinding`'s. A *version* is a file that was published under a name. What positions
//! are told by at one moment is a [`desk::Hearing`].
//!
//! Streams. `radio-<venue code>` holds `RadioMapPublished`; the files lie in `blob-<digest>`. A radio map
//! holds places and transmitters: nothing of it is about a person, and a scan of a phone is never stored.
//!
//! Invariants. A version is compiled and checked against the venue's map before a fact names it. When
//! publishing answers, positions of this process are told by it.

pub mod decide;
pub mod desk;
pub mod events;
pub mod model;
pub mod project;

use std::sync::Arc;

use airside_kernel::{Classified, Clock, Code};
use airside_runtime::{
    executor::{Context, ExecuteError, Executor, Order},
    projections::{AtLeastError, ReadModel},
};
use airside_wayfinding::position::{Form, Ground, ImportError};
use bytes::Bytes;
use thiserror::Error;

use self::{
    decide::{RadioCommand, RadioMaps, RadioRejection},
    desk::{Desk, Hearing},
    model::{RadioEdition, VersionName},
    project::RadioVersions,
};
use crate::{
    blobs::{BlobError, Blobs, Digest},
    model::VenueCode,
    project::Live,
};

/// How many folded venues are kept.
pub const CACHED_STATES: u64 = 64;

/// Something that cannot be done with a radio map.
#[derive(Debug, Error)]
pub enum RadioError {
    /// The file is no radio map of the venue.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// Compiling it failed.
    #[error("the radio map could not be compiled: {0}")]
    Broken(String),
    /// Its content could not be stored or read.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// The fact could not be stored.
    #[error(transparent)]
    Execute(#[from] ExecuteError<RadioRejection>),
    /// The fact is stored, and this process does not know it yet.
    #[error("radio map is stored and not in use here yet")]
    Behind(#[from] AtLeastError),
}

impl Classified for RadioError {
    fn code(&self) -> Code {
        match self {
            Self::Import(_) => Code::InvalidArgument,
            Self::Broken(_) => Code::Internal,
            Self::Blob(error) => error.code(),
            Self::Execute(error) => error.code(),
            Self::Behind(error) => error.code(),
        }
    }
}

/// What is published.
#[derive(Debug, Clone)]
pub struct Publication {
    /// The name of the version.
    pub version: VersionName,
    /// What the file is.
    pub form: Form,
    /// How it tells places.
    pub ground: Ground,
    /// The file.
    pub content: Bytes,
}

/// The radio maps of this process.
#[derive(Clone)]
pub struct RadioDesk {
    versions: ReadModel<RadioVersions>,
    executor: Executor<RadioMaps>,
    blobs: Blobs,
    desk: Desk,
    clock: Arc<dyn Clock>,
}

impl RadioDesk {
    /// Makes the radio maps over what follows their facts and the content of the log.
    pub fn new(
        versions: ReadModel<RadioVersions>,
        executor: Executor<RadioMaps>,
        blobs: Blobs,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { versions, executor, desk: Desk::new(blobs.clone()), blobs, clock }
    }

    /// Returns what positions in a venue are told by.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn hearing(&self, code: &VenueCode, live: &Live) -> Result<Arc<Hearing>, RadioError> {
        let current = self.versions.read(|versions| versions.current(code).cloned());
        self.desk.hearing(code, &live.snapshot, current.as_ref()).await
    }

    /// Returns the versions of a venue, the one in use first.
    pub fn editions(&self, code: &VenueCode) -> Vec<RadioEdition> {
        self.versions.read(|versions| versions.editions(code))
    }

    /// Checks, stores and publishes a radio map, and returns it compiled with the position of the change,
    /// empty when nothing changed. When it returns, positions here are told by it.
    ///
    /// # Errors
    /// When it is no radio map of this venue, its name is taken, or the log cannot be used.
    pub async fn publish(
        &self,
        code: &VenueCode,
        live: &Live,
        publication: Publication,
        actor: String,
    ) -> Result<(Arc<Hearing>, String), RadioError> {
        let Publication { version, form, ground, content } = publication;
        let edition = RadioEdition {
            version,
            digest: Digest::of(&content),
            form,
            ground,
            bytes: u64::try_from(content.len()).unwrap_or(u64::MAX),
            published_at: self.clock.now(),
        };
        let made = self.desk.compile(code, &live.snapshot, edition.clone(), content.clone()).await?;
        let context = Context::new(actor, "navigation", self.clock.now());
        self.blobs.put(&content, &context).await?;
        let position = self.execute(code, RadioCommand::Publish(edition.clone()), context).await?;
        let current = self.versions.read(|versions| versions.current(code).cloned());
        if current.as_ref() == Some(&edition) {
            self.desk.show(code, Arc::clone(&made));
        }
        Ok((made, position))
    }

    /// Puts an earlier version back to use and returns the position of the change, empty when nothing changed.
    /// When it returns, positions here are told by it.
    ///
    /// # Errors
    /// When there is no such version, or the log cannot be used.
    pub async fn roll_back(
        &self,
        code: &VenueCode,
        live: &Live,
        version: VersionName,
        actor: String,
    ) -> Result<String, RadioError> {
        let context = Context::new(actor, "navigation", self.clock.now());
        let position = self.execute(code, RadioCommand::RollBack { version }, context).await?;
        let current = self.versions.read(|versions| versions.current(code).cloned());
        self.desk.ready(code, &live.snapshot, current.as_ref()).await?;
        Ok(position)
    }

    async fn execute(
        &self,
        code: &VenueCode,
        command: RadioCommand,
        context: Context,
    ) -> Result<String, RadioError> {
        let done = self.executor.execute(Order { stream: model::stream(code), command, context }).await?;
        let position = done.position.map_or_else(String::new, |position| position.to_string());
        self.versions.at_least(&position).await?;
        Ok(position)
    }
}

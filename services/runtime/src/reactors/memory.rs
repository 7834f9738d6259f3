//! The memory of a reactor on disk.

use airside_kernel::{Kept, Position};
use tokio::{
    task::{JoinHandle, spawn_blocking},
    time::Instant,
};
use tracing::error;

use super::Reactor;
use crate::{
    projections::{SNAPSHOT_EVENTS, SNAPSHOT_EVERY},
    snapshots::{Image, SnapshotError, Snapshots, Unfit, image_of, restore_to, tell},
    status::chain,
};

/// Where a reactor's memory is kept, and how.
pub(super) struct Memory<R> {
    snapshots: Snapshots,
    schema: u32,
    image: fn(&R) -> Image,
    restore: fn(&mut R, &[u8]) -> Result<(), Unfit>,
    /// How many wanted events were folded since the snapshot.
    unwritten: u64,
    written_at: Instant,
    /// False until a snapshot was found or written in this run.
    exists: bool,
    writing: Option<JoinHandle<Result<(), SnapshotError>>>,
}

impl<R: Reactor> Memory<R> {
    pub(super) fn new(snapshots: Snapshots) -> Self
    where
        R: Kept,
    {
        Self {
            snapshots,
            schema: R::SCHEMA,
            image: image_of::<R>,
            restore: restore_to::<R>,
            unwritten: 0,
            written_at: Instant::now(),
            exists: false,
            writing: None,
        }
    }

    /// Restores the memory when there is one that is not newer than what the
    /// reactor has finished with, and returns its position.
    pub(super) async fn restore(&mut self, reactor: &mut R, done: Option<Position>) -> Option<Position> {
        let (snapshots, schema) = (self.snapshots.clone(), self.schema);
        // The checkpoint lies in the log, so what is not beyond it is not beyond the log either.
        let found = spawn_blocking(move || snapshots.read(R::NAME, schema)).await.ok()?;
        let restored = found.and_then(|fit| {
            let Some(fit) = fit else { return Ok(None) };
            if Some(fit.position) > done {
                return Err(Unfit::AheadOfCheckpoint { position: fit.position });
            }
            (self.restore)(reactor, &fit.state)?;
            Ok(Some(fit.position))
        });
        match restored {
            Ok(position) => {
                self.exists = position.is_some();
                position
            }
            Err(unfit) => {
                tell(R::NAME, &unfit);
                None
            }
        }
    }

    /// Notes that events were folded.
    pub(super) fn folded(&mut self, count: u64) {
        self.unwritten += count;
    }

    /// Says whether it is time for a snapshot.
    pub(super) fn is_due(&self) -> bool {
        let is_free = self.writing.as_ref().is_none_or(JoinHandle::is_finished);
        is_free
            && (!self.exists
                || self.unwritten >= SNAPSHOT_EVENTS
                || (self.unwritten > 0 && self.written_at.elapsed() >= SNAPSHOT_EVERY))
    }

    /// Copies the memory, which is the one at `position`, and writes it beside
    /// the work; the last one is waited for.
    pub(super) async fn write(&mut self, reactor: &R, position: Position, last: bool) {
        if last {
            self.finish().await;
        }
        let is_wanted = if last { self.unwritten > 0 || !self.exists } else { self.is_due() };
        if !is_wanted {
            return;
        }
        self.finish().await;
        let (image, snapshots, schema) = ((self.image)(reactor), self.snapshots.clone(), self.schema);
        (self.unwritten, self.written_at, self.exists) = (0, Instant::now(), true);
        let write = move || snapshots.write(R::NAME, schema, position, image).map(drop);
        self.writing = Some(spawn_blocking(write));
        if last {
            self.finish().await;
        }
    }

    /// Waits for the snapshot that is being written.
    async fn finish(&mut self) {
        let Some(writing) = self.writing.take() else { return };
        match writing.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => error!(
                name = R::NAME,
                error = chain(&error),
                "snapshot cannot be written; the next start folds more"
            ),
            Err(error) => error!(name = R::NAME, error = %error, "snapshot ended in a panic"),
        }
    }
}

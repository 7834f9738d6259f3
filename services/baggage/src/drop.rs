//! Messages that arrive as files: a folder of one source, one or more messages a file.
//!
//! A file is cut where a message ends, and its pieces are stored as they are, byte for byte, so that
//! nothing is read differently than if it had come by the line. Messages of one envelope stay
//! together while they fit. A file without a message, or with one that is too long, is refused whole.
//!
//! Each piece names its file as its cause: the mark of name, time and content. A file that is handled
//! again after a crash finds in the log how many of its pieces are there and stores the others. Of a
//! source's last messages [`LOOKED_BACK`] are looked at, once after a start and after a failure;
//! beyond them, and for a file that is put there anew, the rule for all sources holds: a copy within
//! ten minutes is kept and not read.

mod cut;

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use airside_kernel::Clock;
use airside_runtime::{
    folder::{self, Arrived, Failure, Folder, Handler},
    status::chain,
};
use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::receive::{Bringer, Receiving};
pub use cut::{Uncut, cut};

/// How many messages of a source are looked at to find those of a file.
pub const LOOKED_BACK: usize = 20_000;
/// How many pieces are stored at once.
const PIECES_AT_ONCE: usize = 64;
/// How many bytes are stored at once, unless one piece has more.
const BYTES_AT_ONCE: usize = 512 * 1024;

/// Stores the messages of each file.
pub struct MessageFiles {
    receiving: Receiving,
    source: String,
    /// How many pieces of each recent file are in the log; `None` when that is not known.
    stored: Mutex<Option<HashMap<Uuid, usize>>>,
}

/// Watches a folder for messages of a source, whose name was checked; run it with [`Folder::run`].
pub fn watch(
    place: PathBuf,
    receiving: Receiving,
    source: String,
    clock: Arc<dyn Clock>,
    options: folder::Options,
) -> Folder<MessageFiles> {
    Folder::new(place, MessageFiles::new(receiving, source), options, clock)
}

impl MessageFiles {
    /// Makes it for a source, whose name was checked.
    pub fn new(receiving: Receiving, source: String) -> Self {
        Self { receiving, source, stored: Mutex::new(None) }
    }

    async fn store(
        &self,
        pieces: &[Bytes],
        cause: Uuid,
        known: &mut Option<HashMap<Uuid, usize>>,
    ) -> Result<(), Failure> {
        let stored = match known {
            Some(stored) if stored.len() < LOOKED_BACK => stored,
            _ => {
                let causes = self.receiving.causes(&self.source, LOOKED_BACK).await;
                known.insert(causes.map_err(|error| Failure::Later(chain(&error)))?)
            }
        };
        let done = stored.entry(cause).or_default();
        let actor = format!("files/{}", self.source);
        let bringer = Bringer { source: &self.source, actor: &actor, transport: "file", cause: Some(cause) };
        while *done < pieces.len() {
            let batch = batch(&pieces[*done..]);
            if let Err(error) = self.receiving.store(bringer, batch).await {
                // Some may be there all the same: the log knows.
                *known = None;
                return Err(Failure::Later(chain(&error)));
            }
            *done += batch.len();
        }
        Ok(())
    }
}

#[async_trait]
impl Handler for MessageFiles {
    async fn handle(&self, file: &Arrived) -> Result<(), Failure> {
        let pieces = cut(&file.bytes).map_err(|uncut| Failure::Refused(uncut.to_string()))?;
        let cause = Uuid::parse_str(&file.mark).expect("a mark has 32 hexadecimal digits");
        let mut known = self.stored.lock().await;
        self.store(&pieces, cause, &mut known).await
    }
}

/// Returns the pieces that are stored next, at least one.
fn batch(pieces: &[Bytes]) -> &[Bytes] {
    let mut bytes = 0;
    let fits = |piece: &&Bytes| {
        bytes += piece.len();
        bytes <= BYTES_AT_ONCE
    };
    let count = pieces.iter().take(PIECES_AT_ONCE).take_while(fits).count();
    &pieces[..count.max(1)]
}

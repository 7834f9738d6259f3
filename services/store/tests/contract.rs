//! What every adapter of the port promises, run on each of them.
//!
//! A rule is a function over `Arc<dyn EventStore>`; [`on_every_adapter`] makes
//! of it one test for each adapter.

#![allow(clippy::unwrap_used, reason = "a panic in a test is the report")]

use std::sync::Arc;

use airside_kernel::{Clock, EventStore, ManualClock};
use airside_store::{EmbeddedStore, MemoryStore, Options};

#[path = "contract/appending.rs"]
mod appending;
#[path = "contract/following.rs"]
mod following;
#[path = "contract/model.rs"]
mod model;
#[path = "contract/reading.rs"]
mod reading;
#[path = "contract/words.rs"]
mod words;

/// A store under test, and what keeps it alive.
pub(crate) struct Subject {
    /// The store.
    pub(crate) store: Arc<dyn EventStore>,
    /// Its clock.
    pub(crate) clock: Arc<ManualClock>,
    _folder: Option<tempfile::TempDir>,
}

/// Makes the store in memory.
pub(crate) fn memory() -> Subject {
    let clock = words::clock();
    let store = Arc::new(MemoryStore::new(Arc::clone(&clock) as Arc<dyn Clock>));
    Subject { store, clock, _folder: None }
}

/// Makes the store in a folder, with bounds so small that every read crosses all of them.
pub(crate) fn embedded() -> Subject {
    let clock = words::clock();
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        segment_bytes: 16 * 1024,
        tail_bytes: 4 * 1024,
        memtable_events: 24,
        heads: 4,
        queue_bytes: 2 * 1024,
        batch_events: 16,
        ..Options::default()
    };
    let store = EmbeddedStore::open(folder.path(), options, Arc::clone(&clock) as Arc<dyn Clock>).unwrap();
    Subject { store: Arc::new(store), clock, _folder: Some(folder) }
}

/// Makes the store in a folder as it is by default.
pub(crate) fn embedded_as_shipped() -> Subject {
    let clock = words::clock();
    let folder = tempfile::tempdir().unwrap();
    let store =
        EmbeddedStore::open(folder.path(), Options::default(), Arc::clone(&clock) as Arc<dyn Clock>).unwrap();
    Subject { store: Arc::new(store), clock, _folder: Some(folder) }
}

/// Makes one test of a rule for each adapter.
#[macro_export]
macro_rules! on_every_adapter {
    ($($(#[$about:meta])* async fn $rule:ident($subject:ident: $kind:ty) $body:block)*) => {
        $(
            $(#[$about])*
            async fn $rule($subject: $kind) $body

            mod $rule {
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn memory() {
                    super::$rule($crate::memory()).await;
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn embedded() {
                    super::$rule($crate::embedded()).await;
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn embedded_as_shipped() {
                    super::$rule($crate::embedded_as_shipped()).await;
                }
            }
        )*
    };
}

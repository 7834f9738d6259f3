//! The log on a cluster: what goes wrong there, what a real server was recorded
//! to answer, and what the vendor's own client makes of it.

#![allow(clippy::unwrap_used, reason = "a panic in a test is the report")]

#[path = "kurrent/doors.rs"]
mod doors;
#[path = "kurrent/faults.rs"]
mod faults;
#[path = "kurrent/preference.rs"]
mod preference;
#[path = "kurrent/recorded.rs"]
mod recorded;
#[path = "kurrent/tail.rs"]
mod tail;
#[path = "kurrent/tls.rs"]
mod tls;
#[path = "kurrent/together.rs"]
mod together;
#[path = "kurrent/vendor.rs"]
mod vendor;
#[path = "contract/words.rs"]
#[allow(dead_code, reason = "each binary says some of the words")]
mod words;

use std::sync::Arc;

use airside_contract::double::Double;
use airside_kernel::{EventStore, SystemClock};
use airside_store::kurrent::KurrentStore;

/// Starts a cluster and connects to it.
pub(crate) async fn cluster(nodes: usize) -> (Double, Arc<dyn EventStore>) {
    let double = Double::start(nodes, Arc::new(SystemClock)).unwrap();
    let store = KurrentStore::connect(&double.url()).await.unwrap();
    (double, Arc::new(store))
}

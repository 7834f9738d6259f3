//! What every adapter of the port promises, run on each of them: one test for
//! each rule and adapter. A real cluster is one of them when
//! `AIRSIDE_TEST_KURRENTDB` holds its connection string.

#![allow(clippy::unwrap_used, reason = "a panic in a test is the report")]

use std::{
    io::{self, Write},
    sync::{Arc, Once},
};

use airside_contract::{double::Double, rules};
use airside_kernel::{Clock, EventStore, ManualClock};
use airside_store::{EmbeddedStore, MemoryStore, Options, kurrent::KurrentStore};
use tokio::sync::Mutex;

#[path = "contract/model.rs"]
mod model;
#[path = "contract/words.rs"]
#[allow(dead_code, reason = "the other binaries say the rest")]
mod words;

/// Where a real cluster is.
const REAL: &str = "AIRSIDE_TEST_KURRENTDB";

/// That no real cluster is there is said once.
static SAID: Once = Once::new();

/// On a real cluster one rule runs at a time, because a rule looks at the whole log.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

async fn check(rule: &str, store: Arc<dyn EventStore>, clock: Option<Arc<ManualClock>>) {
    let rule = rules::rule(rule).unwrap();
    let outcome = rule.run(store, clock).await;
    assert!(outcome.kept, "{}: {}", outcome.rule, outcome.found.unwrap_or_default());
}

async fn memory(rule: &str) {
    let clock = words::clock();
    let store = MemoryStore::new(Arc::clone(&clock) as Arc<dyn Clock>);
    check(rule, Arc::new(store), Some(clock)).await;
}

async fn embedded(rule: &str, options: Options) {
    let (clock, folder) = (words::clock(), tempfile::tempdir().unwrap());
    let store = EmbeddedStore::open(folder.path(), options, Arc::clone(&clock) as Arc<dyn Clock>).unwrap();
    check(rule, Arc::new(store), Some(clock)).await;
}

/// Bounds so small that every rule meets them.
async fn embedded_small(rule: &str) {
    let small = Options {
        segment_bytes: 16 * 1024,
        tail_bytes: 4 * 1024,
        memtable_events: 24,
        heads: 4,
        queue_bytes: 2 * 1024,
        batch_events: 16,
        ..Options::default()
    };
    embedded(rule, small).await;
}

async fn double(rule: &str, preference: &str) {
    let clock = words::clock();
    let double = Double::start(3, Arc::clone(&clock) as Arc<dyn Clock>).unwrap();
    let url = format!("{}&nodePreference={preference}", double.url());
    let store = KurrentStore::connect(&url).await.unwrap();
    check(rule, Arc::new(store), Some(clock)).await;
}

async fn real(rule: &str) {
    let Ok(address) = std::env::var(REAL) else {
        // Past the harness, which keeps to itself what a test that passes prints.
        SAID.call_once(|| {
            let _ = writeln!(io::stderr(), "SKIPPED on a real cluster: {REAL} holds no connection string");
        });
        return;
    };
    let _turn = ONE_AT_A_TIME.lock().await;
    let store = KurrentStore::connect(&address).await.unwrap();
    check(rule, Arc::new(store), None).await;
}

macro_rules! tests {
    ($($rule:ident,)*) => {
        $(
            mod $rule {
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn memory() {
                    super::memory(stringify!($rule)).await;
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn embedded() {
                    super::embedded_small(stringify!($rule)).await;
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn embedded_as_shipped() {
                    super::embedded(stringify!($rule), airside_store::Options::default()).await;
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn double() {
                    super::double(stringify!($rule), "leader").await;
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn double_whose_followers_are_followed() {
                    super::double(stringify!($rule), "follower").await;
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn real() {
                    super::real(stringify!($rule)).await;
                }
            }
        )*
    };
}

airside_contract::every_rule!(tests);

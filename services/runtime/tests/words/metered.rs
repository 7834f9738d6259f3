//! A measured log is the log behind it, and counts what was appended.

use std::sync::Arc;

use airside_kernel::EventStore;
use airside_runtime::{executor::Executor, metered::Metered, telemetry::Metrics};
use prometheus_client::registry::Registry;

use crate::{
    counter::{Command, Counter},
    house::{Fault, House, order},
};

#[tokio::test]
async fn only_what_was_appended_is_counted_and_all_else_passes_through() {
    let house = House::in_memory();
    let metrics = Metrics::register(&mut Registry::default());
    let metered = Arc::new(Metered::new(house.store.clone(), metrics.clone()));
    let executor = Executor::<Counter>::new(metered.clone(), house.vault.clone(), 10);
    let orders = || (0..6).map(|n| order(&format!("counter-{}", n % 2), Command::Add(n))).collect();
    executor.execute_each(orders()).await;
    assert_eq!(metrics.appended_events.get(), 5, "an order that adds nothing counts for nothing");
    house.store.fail("", Fault::Refused);
    executor.execute_each(orders()).await;
    assert_eq!(metrics.appended_events.get(), 5);
    assert_eq!(metered.log_id(), house.store.log_id());
    assert_eq!(metered.head().await, house.store.head().await);
    assert_eq!(metered.read_all(None, 9).await, house.store.read_all(None, 9).await);
    assert_eq!(metered.follow(None).next().await.unwrap().events.len(), 5);
}

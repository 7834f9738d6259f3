//! What another log recorded keeps its times, in commits of their own that share syncs.

use std::{
    ops::Range,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use airside_kernel::{Append, EventStore, Timestamp};

use super::{
    super::{
        Options,
        disk::{Disk, Failure, Faults, Operation},
        open,
    },
    append as said, clock, folder, open_on, open_with, options,
};

/// A disk that counts its syncs.
#[derive(Debug, Default)]
struct Syncs(AtomicU64);

impl Faults for Syncs {
    fn before(&self, _: &Path, operation: Operation, _: Range<u64>) -> Result<(), Failure> {
        self.0.fetch_add(u64::from(operation == Operation::Sync), Ordering::Relaxed);
        Ok(())
    }
}

/// Makes appends to a few streams, recorded two by two at one time.
fn recorded(from: u64, until: u64) -> Vec<(Append, Timestamp)> {
    let at = |n: u64| {
        let begin: Timestamp = "2026-11-19T08:00:00Z".parse().unwrap();
        Timestamp::from_millisecond(begin.as_millisecond() + i64::try_from(n / 2).unwrap()).unwrap()
    };
    let append = |n: u64| Append { stream: format!("bag-{}", n % 5).parse().unwrap(), ..said(n) };
    (from..until).map(|n| (append(n), at(n))).collect()
}

#[tokio::test]
async fn what_was_recorded_elsewhere_keeps_its_times_and_shares_syncs() {
    let (folder, syncs) = (folder(), Arc::<Syncs>::default());
    let disk = Disk { faults: Some(Arc::clone(&syncs) as Arc<dyn Faults>) };
    let store = open::open(folder.path(), Options::default(), clock(), &disk).unwrap();
    let before = syncs.0.load(Ordering::Relaxed);
    let stored = store.append_recorded(recorded(0, 400)).await.unwrap();
    let made = syncs.0.load(Ordering::Relaxed) - before;
    assert!(made < 40, "{made} syncs for 200 commits");
    assert_eq!((stored.len(), store.stats().commits), (400, 200));
    let events = store.read_all(None, 1_000).await.unwrap().events;
    let times: Vec<_> = events.iter().map(|event| event.recorded_at()).collect();
    let expected: Vec<_> = recorded(0, 400).iter().flat_map(|(_, at)| [*at, *at]).collect();
    assert_eq!(times, expected);
    let last: Vec<_> = events.chunks(2).map(|two| Some(two[1].position())).collect();
    assert_eq!(stored.iter().map(|appended| appended.position).collect::<Vec<_>>(), last);
    store.close().await;

    // The times of another log never go back behind those of this one, and its own go on.
    let store = open_with(folder.path(), None, options()).0.unwrap();
    store.append(said(400)).await.unwrap();
    store.append_recorded(recorded(401, 403)).await.unwrap();
    let events = store.read_all(None, 1_000).await.unwrap().events;
    assert!(events.is_sorted_by_key(|event| event.recorded_at()));
    assert_eq!(events[800].recorded_at().to_string(), "2026-11-20T08:00:00Z");
}

#[tokio::test]
async fn after_a_failure_a_beginning_of_it_is_there_and_whole() {
    let (mut failed, mut budget) = (0, 0);
    loop {
        let folder = folder();
        let (store, faults) = open_on(folder.path(), None);
        let store = store.unwrap();
        faults.0.store(budget, Ordering::SeqCst);
        let mut acknowledged = 0;
        for window in 0..4 {
            match store.append_recorded(recorded(window * 10, window * 10 + 10)).await {
                Ok(stored) => acknowledged += stored.len(),
                Err(_) => break,
            }
        }
        drop(store);
        let store = open_on(folder.path(), None).0.unwrap_or_else(|error| panic!("budget {budget}: {error}"));
        let events = store.read_all(None, 1_000).await.unwrap().events;
        let found: Vec<_> = events.iter().map(|event| event.id().0.as_u128()).collect();
        assert_eq!(found, (0..found.len() as u128).collect::<Vec<_>>(), "budget {budget}");
        assert!(found.len() >= 2 * acknowledged && found.len() <= 80, "budget {budget}: {acknowledged}");
        for (event, (_, at)) in events.iter().step_by(2).zip(recorded(0, 40)) {
            assert_eq!(event.recorded_at(), at, "budget {budget}");
        }
        if acknowledged == 40 {
            break;
        }
        (failed, budget) = (failed + 1, budget + 3);
    }
    assert!(failed > 5, "the faults were hardly met: {failed}");
}

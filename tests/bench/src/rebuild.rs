//! `rebuild`: events a second when every read model is folded from the beginning.
//!
//! The log is what 100,000 bags, 1,000 flights and 50,000 people write (see
//! [`day`]): about 1.7 million events. All read models of a node begin empty and
//! run until they have caught up; then again from the snapshots that they wrote.
//! Held against reading the same log without folding it. Best of three; the page
//! cache of the system is warm.

pub(crate) mod day;

use std::{fs, path::Path, sync::Arc, time::Instant};

use airside_baggage::{
    handling::loads::Loads,
    project::{Bags, QuarantineList},
};
use airside_flights::project::Board;
use airside_kernel::{EventStore, RecordedEvent, SystemClock};
use airside_navigation::project::{Closures, Maps, usual_zone};
use airside_notifications::{hub::Hub, project::Fanout};
use airside_runtime::{
    projections::{Projections, ReadModel},
    snapshots::Snapshots,
};
use airside_store::{EmbeddedStore, Options};
use airside_trips::project::{Followed, Tags};
use anyhow::{Context, Result, ensure};
use tokio::sync::{broadcast, watch};

use crate::measure::{Better, Measure};

const PAGE_EVENTS: usize = 1_000;
const REPEATS: usize = 3;
/// The least and the wished speed, events a second.
const FLOOR: f64 = 1_000_000.0;
const GOAL: f64 = 2_000_000.0;

/// Measures in a folder.
///
/// # Errors
/// When the disk or the store fails.
pub(crate) async fn measure(folder: &Path) -> Result<Vec<Measure>> {
    let home = folder.join("rebuild");
    day::fill(&home).await?;
    let store: Arc<EmbeddedStore> =
        Arc::new(EmbeddedStore::open(&home, Options::default(), Arc::new(SystemClock))?);
    let total = store.stats().events;
    let (mut best, mut limit, mut start) = (0.0_f64, 0.0_f64, f64::MAX);
    for repeat in 1..=REPEATS {
        let read = total as f64 / read(store.as_ref()).await?;
        let snapshots = folder.join("snapshots");
        let folded = total as f64 / run(&store, None).await?;
        run(&store, Some(&snapshots)).await?;
        let started = run(&store, Some(&snapshots)).await?;
        eprintln!(
            "rebuild {repeat}/{REPEATS}: {folded:.0} events/s, read alone {read:.0}, from snapshots {started:.3} s"
        );
        (best, limit, start) = (best.max(folded), limit.max(read), start.min(started));
        fs::remove_dir_all(&snapshots).context("removing the snapshots")?;
    }
    store.close().await;
    fs::remove_dir_all(&home).context("removing the log")?;
    let against = format!("{limit:.0} events/s: the same {total} events read and not folded");
    Ok(vec![
        Measure::new("rebuild", "events folded by all", best, "events/s")
            .bounds(Better::Higher, FLOOR, GOAL)
            .against(&against),
        Measure::new("rebuild", "start from snapshots", start, "s").against(&against),
    ])
}

/// Returns the seconds that reading alone takes.
async fn read(store: &EmbeddedStore) -> Result<f64> {
    let (began, mut after, mut seen) = (Instant::now(), None, 0);
    loop {
        let page = store.read_all(after, PAGE_EVENTS).await?;
        after = page.events.last().map(RecordedEvent::position).or(after);
        seen += page.events.iter().map(|event| event.category().len()).sum::<usize>();
        if page.end {
            ensure!(seen > 0, "the log is empty");
            return Ok(began.elapsed().as_secs_f64());
        }
    }
}

/// Returns the seconds until all read models have caught up.
async fn run(store: &Arc<EmbeddedStore>, folder: Option<&Path>) -> Result<f64> {
    let mut projections = Projections::new(store.clone());
    if let Some(folder) = folder {
        projections = projections.kept_in(Snapshots::open(folder, store.as_ref())?);
    }
    let bags: ReadModel<Bags> = projections.add_kept(Bags::default);
    projections.add_kept(QuarantineList::default);
    projections.add_kept(Loads::default);
    projections.add_kept(Board::default);
    projections.add_kept(Followed::default);
    projections.add_kept(Tags::default);
    projections.add_live(Fanout::new(Hub::default()));
    projections.add_kept(|| Closures::new(Maps::new(Arc::new(SystemClock), usual_zone(), [])));
    let mut progress = projections.progress();
    let (_erasures, erased) = broadcast::channel(1);
    let (stop, stopped) = watch::channel(false);
    let began = Instant::now();
    let running = tokio::spawn(projections.run(erased, stopped));
    progress.wait_for(|progress| progress.is_caught_up).await.context("the read models have ended")?;
    let seconds = began.elapsed().as_secs_f64();
    let journeys = bags.read(Bags::journey_count);
    ensure!(journeys == day::BAGS, "{journeys} journeys of {} are known", day::BAGS);
    stop.send_replace(true);
    running.await?;
    Ok(seconds)
}

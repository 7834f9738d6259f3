//! `search`: places found by what people type and ranked by how long one walks there, from random places; the
//! walking times to all places are measured anew for each search.

use std::{hint::black_box, path::Path, time::Instant};

use airside_wayfinding::{Language, Overlay, Searcher, Snapshot, Walk, Who, reach};
use anyhow::{Context, ensure};
use rand::{SeedableRng, rngs::StdRng, seq::IndexedRandom};

use crate::{
    ROUNDS,
    measure::{Better, Measure},
};

/// What people type: kinds, beginnings of names, signs, pinyin, a slip of the finger, and nothing.
const QUERIES: [&str; 10] =
    ["toilet", "洗手间", "A1", "coffee", "xishoujian", "lounge", "gate", "tolet", "免税店", ""];
const SEARCHES: usize = 400;

/// Measures the mean time of a search in both airports.
pub(crate) fn search() -> anyhow::Result<Vec<Measure>> {
    let lingnan = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../maps/lingnan");
    let mut measures = Vec::new();
    for (name, snapshot) in [("narita", super::narita()?), ("lingnan", super::read(&lingnan)?)] {
        let places = snapshot.places();
        let mut random = StdRng::seed_from_u64(7);
        let words = QUERIES.iter().cycle().take(SEARCHES);
        let asked: Vec<_> =
            words.filter_map(|words| Some((places.choose(&mut random)?.id.to_string(), *words))).collect();
        let mut best: Option<[f64; 2]> = None;
        for _ in 0..ROUNDS {
            let mut searcher = Searcher::new();
            let near = mean_ms(&asked, |from, words| ranked(&snapshot, &mut searcher, from, words))?;
            let plain = mean_ms(&asked, |_, words| Ok(snapshot.search(words, 20).len()))?;
            if best.is_none_or(|best| near < best[0]) {
                best = Some([near, plain]);
            }
        }
        let [near, plain] = best.context("no round was run")?;
        let against = format!("{plain:.3} ms without a position, among {} places", places.len());
        measures.push(
            Measure::new("search", format!("{name}, nearest first"), near, "ms")
                .bounds(Better::Lower, 1.0, 1.0)
                .against(against),
        );
    }
    Ok(measures)
}

fn ranked(snapshot: &Snapshot, searcher: &mut Searcher, from: &str, words: &str) -> anyhow::Result<usize> {
    let overlay = Overlay::open();
    let walk =
        Walk { snapshot, overlay: &overlay, who: Who::default(), depart: None, language: Language::En };
    let reach = reach(&walk, searcher, from)?;
    Ok(snapshot.search_near(words, 20, |place| reach.place_ms(place)).len())
}

fn mean_ms(
    asked: &[(String, &str)],
    mut find: impl FnMut(&str, &str) -> anyhow::Result<usize>,
) -> anyhow::Result<f64> {
    let (start, mut found) = (Instant::now(), 0);
    for (from, words) in asked {
        found += black_box(find(from, words)?);
    }
    ensure!(found > 0, "nothing was found");
    Ok(start.elapsed().as_secs_f64() * 1e3 / asked.len() as f64)
}

//! What was acknowledged before a kill is there after it, whole and once.
//!
//! A child process, which is this binary again, lets several writers append to
//! several streams of a log whose segments and tables are so small that it is
//! always leaving a segment or filling its index. It says what it is about to
//! append and what was acknowledged; at a random moment it is killed. Then the
//! log is opened here and compared with what the child said. Some rounds kill
//! it again and again while it is opening.
//!
//! The normal run makes some dozens of rounds. `AIRSIDE_TEST_CRASH_ROUNDS=500`
//! makes as many as it says, `AIRSIDE_TEST_CRASH_SEED` begins with that seed;
//! every failure names its seed. A seed fixes what is written and how far the
//! child may go, not the instruction at which it dies.

#![allow(clippy::unwrap_used, reason = "a panic in a test is the report")]

#[path = "crash/child.rs"]
mod child;
#[path = "crash/oracle.rs"]
mod oracle;
#[path = "crash/plan.rs"]
mod plan;

use std::{
    env, fs,
    hash::{BuildHasher, RandomState},
    path::Path,
};

use airside_store::EmbeddedStore;

use child::{Child, Death};
use oracle::Oracle;
use plan::{Random, clock, options};

const ROUNDS: &str = "AIRSIDE_TEST_CRASH_ROUNDS";
const SEED: &str = "AIRSIDE_TEST_CRASH_SEED";

/// Rounds of the normal run.
const FEW_ROUNDS: u64 = 30;
/// Rounds that one folder lives through.
const ROUNDS_OF_A_FOLDER: u64 = 6;

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number: {text}")))
}

fn open(folder: &Path) -> EmbeddedStore {
    EmbeddedStore::open(folder, options(), clock()).unwrap_or_else(|error| panic!("it opens: {error}"))
}

/// Lets a child die in one of the ways and returns what it said.
fn run_to_death(folder: &Path, seed: u64, random: &mut Random) -> Vec<String> {
    let mut said = Vec::new();
    if random.below(3) == 0 {
        for again in 0..3 {
            let death = Death::Opening { spin_us: random.below(6_000) };
            said.extend(Child::spawn(folder, seed ^ ((again + 1) << 32)).die(death));
        }
    }
    let answers = 1 + random.below(120);
    let death = Death::Writing { answers, spin_us: random.below(3_000) };
    said.extend(Child::spawn(folder, seed).die(death));
    said
}

#[tokio::test]
async fn what_was_acknowledged_before_a_kill_at_any_moment_is_whole_after_it() {
    let rounds = number(ROUNDS).unwrap_or(FEW_ROUNDS);
    let first = number(SEED).unwrap_or_else(|| RandomState::new().hash_one(0) >> 16);
    println!("{rounds} rounds with the seeds from {first}");
    let mut folder = tempfile::tempdir().unwrap();
    let mut oracle = Oracle::default();
    let (mut acknowledged, mut torn_off, mut segments) = (0, 0, 0);
    for round in 0..rounds {
        let seed = first.wrapping_add(round);
        let mut random = Random::new(seed);
        if round % ROUNDS_OF_A_FOLDER == 0 {
            (folder, oracle) = (tempfile::tempdir().unwrap(), Oracle::default());
        }
        let context = format!("seed {seed}, round {round} of {rounds}");
        oracle.hear(&run_to_death(folder.path(), seed, &mut random), &context);
        if random.below(8) == 0 {
            // The index can be thrown away at any time; one that was never made is not there.
            let _ = fs::remove_file(folder.path().join("index.redb"));
        }
        let store = open(folder.path());
        let found = oracle.check(&store, &context).await;
        acknowledged += found.acknowledged;
        torn_off += found.absent;
        segments = segments.max(store.stats().segments);
        oracle.go_on(&store, &mut random, &context).await;
        if random.below(2) == 0 {
            store.close().await;
        }
    }
    println!("{acknowledged} acknowledged, {torn_off} appends cut off, at most {segments} segments");
    assert!(acknowledged > 10 * rounds, "the children hardly wrote: {acknowledged}");
    assert!(segments > 4, "no segment was left: {segments}");
}

/// Appends until it is killed when it is told where; run by the test above as a process.
#[test]
fn the_child_that_is_killed() {
    child::work_if_told();
}

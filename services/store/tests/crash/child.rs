//! The process that is killed, from both sides.

use std::{
    env,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use airside_kernel::{AppendError, EventStore};
use airside_store::EmbeddedStore;

use crate::plan::{Attempt, Random, STREAMS, clock, options};

const FOLDER: &str = "AIRSIDE_TEST_CRASH_CHILD_FOLDER";
const CHILD_SEED: &str = "AIRSIDE_TEST_CRASH_CHILD_SEED";

/// Writers of one child.
const WRITERS: u64 = 6;

/// When a child is killed; the last part of the way is a random time.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Death {
    /// While it opens the log.
    Opening { spin_us: u64 },
    /// After so many answers.
    Writing { answers: u64, spin_us: u64 },
}

/// A running child, seen from its parent.
pub(crate) struct Child(std::process::Child);

impl Child {
    /// Starts a child on a folder.
    pub(crate) fn spawn(folder: &Path, seed: u64) -> Self {
        let child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "the_child_that_is_killed", "--nocapture", "--test-threads=1"])
            .env(FOLDER, folder)
            .env(CHILD_SEED, seed.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn();
        Self(child.unwrap())
    }

    /// Kills it at the moment given and returns all lines that it wrote before.
    pub(crate) fn die(mut self, death: Death) -> Vec<String> {
        let mut lines = BufReader::new(self.0.stdout.take().unwrap()).split(b'\n').map(Result::unwrap);
        let mut said = Vec::new();
        let (mark, wanted, spin_us) = match death {
            Death::Opening { spin_us } => ("opening", 1, spin_us),
            Death::Writing { answers, spin_us } => ("ack ", answers, spin_us),
        };
        let mut left = wanted;
        while left > 0 {
            let line = lines.next().expect("the child goes on until it is killed");
            let line = String::from_utf8(line).unwrap();
            left -= u64::from(line.starts_with(mark));
            said.push(line);
        }
        // Not a wait for anything: it makes the moment of death a random one.
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_micros(spin_us) {
            std::hint::spin_loop();
        }
        self.0.kill().unwrap();
        said.extend(lines.map(|line| String::from_utf8(line).unwrap()));
        self.0.wait().unwrap();
        said
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Is the child, when the environment says so.
pub(crate) fn work_if_told() {
    let Some(folder) = env::var_os(FOLDER) else { return };
    let seed: u64 = env::var(CHILD_SEED).unwrap().parse().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    println!("\nopening");
    let store = Arc::new(EmbeddedStore::open(Path::new(&folder), options(), clock()).unwrap());
    println!("open");
    runtime.block_on(async {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| tokio::spawn(write_for_ever(Arc::clone(&store), seed, writer)))
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
    });
}

/// Appends to streams of all writers; who was overtaken learns the revision and goes on.
async fn write_for_ever(store: Arc<EmbeddedStore>, seed: u64, writer: u64) {
    let mut random = Random::new(seed ^ (writer << 40));
    let mut believed = [None; STREAMS as usize];
    for count in 0_u64.. {
        let number = (seed << 24) ^ (writer << 20) ^ count;
        let stream = random.below(STREAMS);
        let belief = &mut believed[usize::try_from(stream).unwrap()];
        let attempt = Attempt::choose(number, stream, *belief, &mut random);
        println!("{}", attempt.to_line());
        match store.append(attempt.append()).await {
            Ok(appended) => {
                let (revision, position) = (appended.last_revision.unwrap(), appended.position.unwrap());
                println!("ack {number} {} {}", revision.0, position.parts().0);
                *belief = Some(revision.0);
            }
            Err(AppendError::Conflict { current, .. }) => {
                println!("refused {number}");
                *belief = current.map(|revision| revision.0);
            }
            Err(error) => panic!("{error}"),
        }
    }
}

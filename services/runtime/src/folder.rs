//! A watched folder: files that arrive are handled once and moved aside.
//!
//! Policy. The folder is polled, so that it works on every disk and share. A file is taken when its
//! size and time stayed the same at all polls of [`Options::settled`], by this machine's clock and
//! not by the disk's; names that begin with `.` or end in `.tmp` or `.part` are still being written
//! by agreement. A writer that pauses for longer goes on in the file that was moved aside. So what
//! was moved is looked at for as long again, and when it has changed it is put back and, settled
//! anew, handled whole. A handler therefore takes a beginning and then the whole as two files. Files are taken by name; one that still grows holds
//! up nobody. What was handled goes to `done/`, what was refused to `failed/` with its reason in
//! words beside it; nothing there is ever overwritten, a later file of the same name gets a number.
//! Folders, links and pipes are left where they are, so nothing outside is ever read.
//!
//! What may pass, such as a log that cannot be written, stops the round: the file stays and is the
//! first again, after a pause that doubles. After a crash between handling and moving a file is
//! handled again, so a handler makes its ids from [`Arrived::mark`], which is the same then, and
//! another one when a file of the same name and content is put there anew.
//!
//! Top down: this file polls and decides; `files` reads and moves; `health` tells how it goes.

mod files;
mod health;

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    ffi::OsString,
    io,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use airside_kernel::{Clock, Timestamp};
use async_trait::async_trait;
use bytes::Bytes;
use thiserror::Error;
use tokio::{
    sync::watch,
    task,
    time::{self, Instant},
};
use tracing::{info, warn};

use crate::stopped;
use files::{Looks, Moved, Taken};
pub use health::{Figures, Health};
use health::{Notes, notes};

/// How a folder is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Time between two polls; default 2 s.
    pub poll: Duration,
    /// How long a file stays as it is before it is taken, two polls at least; default 10 s.
    pub settled: Duration,
    /// Largest file that is read, in bytes; a larger one is refused; default 16 MiB.
    pub bytes_max: u64,
    /// First pause after a failure that may pass; it doubles each time; default 1 s.
    pub pause_min: Duration,
    /// Longest pause after a failure that may pass; default 60 s.
    pub pause_max: Duration,
    /// Most files that one poll looks at, the first by name; default 10,000.
    pub files_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            poll: Duration::from_secs(2),
            settled: Duration::from_secs(10),
            bytes_max: 16 * 1024 * 1024,
            pause_min: Duration::from_secs(1),
            pause_max: Duration::from_secs(60),
            files_max: 10_000,
        }
    }
}

/// A file that is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrived {
    /// Its name; what is not UTF-8 in it is replaced.
    pub name: String,
    /// When it was last written.
    pub written_at: Timestamp,
    /// What it holds.
    pub bytes: Bytes,
    /// 32 hexadecimal digits made from its name, its time and its content: the same when the file
    /// is handled again after a crash, another when it is put there anew.
    pub mark: String,
}

/// A file that was not handled.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Failure {
    /// It never will be. The reason is shown to operators: no personal data, no values of the file.
    #[error("{0}")]
    Refused(String),
    /// It may be later.
    #[error("{0}")]
    Later(String),
}

/// Does what is to be done with a file.
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// Handles a file; handling the same file again, by its mark, adds nothing.
    ///
    /// # Errors
    /// When the file is wrong, or cannot be handled now.
    async fn handle(&self, file: &Arrived) -> Result<(), Failure>;
}

/// What became of a poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Round {
    /// This many files were moved aside.
    Took(usize),
    /// Something failed that may pass.
    Waits(String),
}

/// Watches one folder.
pub struct Folder<H> {
    place: PathBuf,
    handler: H,
    options: Options,
    clock: Arc<dyn Clock>,
    seen: HashMap<OsString, Seen>,
    /// What was moved lately, the oldest first.
    aside: VecDeque<Moved>,
    notes: Notes,
}

/// What a file looks like, and since when.
#[derive(Debug, Clone, Copy)]
struct Seen {
    looks: Looks,
    since: Instant,
}

impl<H: Handler> Folder<H> {
    /// Makes it; nothing is read before [`Folder::run`] or [`Folder::round`].
    pub fn new(place: PathBuf, handler: H, options: Options, clock: Arc<dyn Clock>) -> Self {
        let (seen, aside, notes) = (HashMap::new(), VecDeque::new(), notes());
        Self { place, handler, options, clock, seen, aside, notes }
    }

    /// Returns what tells how it goes, also while it runs.
    pub fn health(&self) -> Health {
        self.notes.health()
    }

    /// Polls until `stop` turns true. A file on its way is finished first.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut pause = self.options.pause_min;
        while !*stop.borrow() {
            let wait = match self.round().await {
                Round::Took(_) => {
                    pause = self.options.pause_min;
                    self.options.poll
                }
                Round::Waits(_) => {
                    let wait = pause;
                    pause = pause.saturating_mul(2).min(self.options.pause_max);
                    wait
                }
            };
            tokio::select! {
                () = time::sleep(wait) => {}
                () = stopped(&mut stop) => break,
            }
        }
    }

    /// Polls once: takes the files that have looked the same for long enough.
    pub async fn round(&mut self) -> Round {
        let outcome = self.take_all().await;
        match outcome {
            Ok(count) => {
                self.notes.works();
                Round::Took(count)
            }
            Err(reason) => {
                warn!(folder = %self.place.display(), error = reason, "watched folder waits and tries again");
                self.notes.fails(&reason);
                Round::Waits(reason)
            }
        }
    }

    async fn take_all(&mut self) -> Result<usize, String> {
        self.look_again().await?;
        let (place, files_max) = (self.place.clone(), self.options.files_max);
        let found = match blocking(move || files::list(&place, files_max)).await {
            Ok(found) => found,
            Err(error) => {
                self.seen.clear();
                return Err(format!("the folder cannot be listed: {error}"));
            }
        };
        let ready = self.settle(found);
        self.notes.waits(self.seen.len());
        let mut count = 0;
        for (name, looks) in ready {
            if self.take(&name, looks).await? {
                self.seen.remove(&name);
                self.notes.waits(self.seen.len());
                count += 1;
            }
        }
        Ok(count)
    }

    /// Notes what the files look like now, and returns those that are complete.
    fn settle(&mut self, found: BTreeMap<OsString, Looks>) -> BTreeMap<OsString, Looks> {
        let before = std::mem::take(&mut self.seen);
        let mut ready = BTreeMap::new();
        for (name, looks) in found {
            let same = before.get(&name).filter(|seen| seen.looks == looks).copied();
            if same.is_some_and(|seen| seen.since.elapsed() >= self.options.settled) {
                ready.insert(name.clone(), looks);
            }
            self.seen.insert(name, same.unwrap_or_else(|| Seen { looks, since: Instant::now() }));
        }
        ready
    }

    /// Puts back what was written to after it was moved aside.
    async fn look_again(&mut self) -> Result<(), String> {
        let mut trouble = None;
        for moved in std::mem::take(&mut self.aside) {
            let (place, again) = (self.place.clone(), moved.clone());
            match blocking(move || files::put_back(&place, &again)).await {
                Ok(false) if moved.at.elapsed() < self.options.settled => self.aside.push_back(moved),
                Ok(false) => {}
                Ok(true) => warn!(
                    folder = %self.place.display(),
                    name = %moved.name.to_string_lossy(),
                    "file was written to after it was handled: it is put back and handled whole"
                ),
                Err(error) => {
                    self.aside.push_back(moved);
                    trouble = Some(format!("a file that changed cannot be put back: {error}"));
                }
            }
        }
        trouble.map_or(Ok(()), Err)
    }

    /// Takes one file; says whether it was moved aside.
    async fn take(&mut self, name: &OsString, looks: Looks) -> Result<bool, String> {
        let (path, bytes_max) = (self.place.join(name), self.options.bytes_max);
        let read = blocking(move || files::read(&path, looks, bytes_max)).await;
        let outcome = match read.map_err(|error| format!("a file cannot be read: {error}"))? {
            Taken::Changed => return Ok(false),
            Taken::Refused(reason) => Err(Failure::Refused(reason)),
            Taken::Bytes(bytes) => {
                let arrived = Arrived {
                    name: name.to_string_lossy().into_owned(),
                    written_at: looks.written_at,
                    mark: files::mark(name, looks.written_at, &bytes),
                    bytes,
                };
                self.handler.handle(&arrived).await
            }
        };
        let reason = match outcome {
            Ok(()) => None,
            Err(Failure::Refused(reason)) => Some(reason),
            Err(Failure::Later(reason)) => return Err(reason),
        };
        self.put_aside(name, looks, reason).await?;
        Ok(true)
    }

    async fn put_aside(
        &mut self,
        name: &OsString,
        looks: Looks,
        reason: Option<String>,
    ) -> Result<(), String> {
        let is_done = reason.is_none();
        let (place, moved) = (self.place.clone(), name.clone());
        let put = blocking(move || files::put_aside(&place, &moved, reason.as_deref())).await;
        let target = put.map_err(|error| format!("a handled file cannot be moved aside: {error}"))?;
        self.aside.push_back(Moved { name: name.clone(), target, looks, at: Instant::now() });
        if self.aside.len() > self.options.files_max {
            self.aside.pop_front();
        }
        self.notes.took(is_done, self.clock.now());
        let (folder, outcome) = (self.place.display(), if is_done { "done" } else { "failed" });
        info!(folder = %folder, name = %name.to_string_lossy(), outcome, "file of a watched folder handled");
        Ok(())
    }
}

/// Runs what waits for the disk where it holds up nobody.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

#[cfg(test)]
mod tests;

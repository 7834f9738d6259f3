//! Following the whole log: history by pages, then what the process has read of its end.
//!
//! A follower that is far behind reads bounded pages, the next one while the
//! last is worked on. When it has come as far as what the [`Tail`] keeps, it
//! takes its events from there, so that the end of the log comes once to a
//! process however many follow it: a node has a follower for its read models and
//! one for each reactor. One that falls behind what is kept reads pages again,
//! and holds up nobody.
//!
//! Both give what comes after the last event that was handed out, so there is no
//! seam at which one could be lost or seen twice. The position moves only when a
//! page is handed out, and a page that is being read is kept, so a wait that is
//! cancelled loses nothing and delays nothing.

use std::{sync::Arc, time::Duration};

use airside_kernel::{Follow, Page, Position, ReadError, RecordedEvent};
use async_trait::async_trait;
use tokio::{sync::watch, task::JoinHandle, time::sleep};

use super::{
    cluster::{Cluster, jittered},
    reading::log_page,
    tail::{Found, Tail},
};

/// The most events in a page that a follower is handed.
pub(super) const PAGE_EVENTS: usize = 1_000;

/// How long a member that does not have what another had is left alone.
const PAUSE: Duration = Duration::from_millis(100);

/// A follower of a cluster's log.
pub(crate) struct Follower {
    cluster: Arc<Cluster>,
    tail: Arc<Tail>,
    after: Option<Position>,
    /// Word of the tail; from the first wait on.
    news: Option<watch::Receiver<()>>,
    /// How many failures of the tail were told.
    heard: u64,
    /// A page of history that is being read.
    reading: Option<JoinHandle<Result<Page, ReadError>>>,
}

impl Follower {
    /// Begins after a position; asks nobody before the first wait.
    pub(crate) fn new(cluster: Arc<Cluster>, tail: Arc<Tail>, after: Option<Position>) -> Self {
        Self { cluster, tail, after, news: None, heard: 0, reading: None }
    }

    fn read_ahead(&mut self, after: Option<Position>) -> &mut JoinHandle<Result<Page, ReadError>> {
        let cluster = &self.cluster;
        self.reading.get_or_insert_with(|| {
            let cluster = Arc::clone(cluster);
            tokio::spawn(async move { log_page(&cluster, after, PAGE_EVENTS).await })
        })
    }

    /// Reads a page of history; an empty one when there is nothing yet.
    async fn history(&mut self) -> Result<Page, ReadError> {
        let read = self.read_ahead(self.after).await;
        self.reading = None;
        let page = read.map_err(|error| ReadError::Unavailable {
            reason: format!("reading the log ended: {error}"),
        })??;
        self.hand_out(&page);
        if !page.end {
            self.read_ahead(self.after);
        }
        Ok(page)
    }

    fn hand_out(&mut self, page: &Page) {
        self.after = page.events.last().map(RecordedEvent::position).or(self.after);
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        if let Some(reading) = &self.reading {
            reading.abort();
        }
        if self.news.is_some() {
            self.tail.left();
        }
    }
}

#[async_trait]
impl Follow for Follower {
    async fn next(&mut self) -> Result<Page, ReadError> {
        loop {
            let news = self.news.get_or_insert_with(|| {
                let (news, failures) = Tail::joined(&self.tail);
                self.heard = failures;
                news
            });
            news.mark_unchanged();
            // A page that was begun is finished first: what it holds comes next.
            let found = if self.reading.is_some() { Found::Earlier } else { self.tail.after(self.after) };
            let (page, is_begun) = match found {
                Found::Page(page) => {
                    self.hand_out(&page);
                    return Ok(page);
                }
                Found::Nothing => {
                    if let Some(error) = self.tail.failed(&mut self.heard) {
                        return Err(error);
                    }
                    // The sender is in the tail, which this follower holds.
                    let _ = news.changed().await;
                    continue;
                }
                Found::Earlier => (self.history().await?, true),
                Found::Unknown => (self.history().await?, false),
            };
            if !page.events.is_empty() {
                return Ok(page);
            }
            if is_begun {
                sleep(jittered(PAUSE)).await;
            } else if let Some(news) = &mut self.news {
                // The tail begins at the head, which it asks for after this page was.
                let _ = news.changed().await;
            }
        }
    }
}

//! Following the log: pages of history, then pages of news, by one loop.
//!
//! A follower keeps the last position that it has handed out and reads what
//! comes after it, up to the durable watermark. When there is nothing, it waits
//! for the watermark to move. History and live events come from the same read,
//! so there is no seam at which one could be lost or seen twice. The position
//! moves only when a page is handed out, so dropping the future loses nothing.

use airside_kernel::{Follow, Page, ReadError};
use async_trait::async_trait;
use tokio::sync::watch;

/// The most events in a page that a follower is handed.
const PAGE_EVENTS: usize = 1_000;

/// What a follower reads from.
#[async_trait]
pub(crate) trait Source: Send + Sync + 'static {
    /// Reads at most `limit` events after the position `after`; 0 is the beginning.
    async fn page_after(&self, after: u64, limit: usize) -> Result<Page, ReadError>;

    /// Says whether the source has been closed.
    fn is_closed(&self) -> bool {
        false
    }
}

/// A follower of any source.
pub(crate) struct Follower<S> {
    source: S,
    watermark: watch::Receiver<u64>,
    after: u64,
}

impl<S: Source> Follower<S> {
    /// Begins after the position `after`.
    pub(crate) fn new(source: S, watermark: watch::Receiver<u64>, after: u64) -> Self {
        Self { source, watermark, after }
    }
}

#[async_trait]
impl<S: Source> Follow for Follower<S> {
    async fn next(&mut self) -> Result<Page, ReadError> {
        loop {
            let durable = *self.watermark.borrow_and_update();
            if self.source.is_closed() {
                return Err(ReadError::Unavailable { reason: "the store is closed".into() });
            }
            if durable > self.after {
                let page = self.source.page_after(self.after, PAGE_EVENTS).await?;
                if let Some(last) = page.events.last() {
                    self.after = last.position().parts().0;
                    return Ok(page);
                }
            }
            if self.watermark.changed().await.is_err() {
                return Err(ReadError::Unavailable { reason: "the store is closed".into() });
            }
        }
    }
}

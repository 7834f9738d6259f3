//! The thread that makes the next segment before it is needed, closes the one
//! that was left, and does away with what the writer has forgotten.
//!
//! Each takes a while and no append should wait for it. When the
//! live segment is half full the next one is made under a name that nothing looks
//! at; when it is full, the writer only names the next one and goes on in it. A
//! crash at any point leaves a file that nothing looks at, or an empty segment, or
//! a full one that was not closed, which is repaired when it is opened.

use std::{sync::Arc, sync::mpsc, thread};

use super::{heads::Forgotten, segments::Next, shared::Shared};

/// What the thread is asked for.
enum Order {
    /// Make the segment after the live one.
    Make,
    /// Close what was left.
    Leave,
    /// Drop this.
    Forget(Forgotten),
}

/// The thread, as the writer sees it.
pub(crate) struct Rotation {
    orders: mpsc::Sender<Order>,
    made: mpsc::Receiver<Result<Next, redb::Error>>,
    is_asked: bool,
    thread: thread::JoinHandle<()>,
}

impl Rotation {
    /// Starts the thread.
    pub(crate) fn start(shared: Arc<Shared>) -> std::io::Result<Self> {
        let (orders, incoming) = mpsc::channel();
        let (finished, made) = mpsc::channel();
        let thread = thread::Builder::new().name("store-segments".into()).spawn(move || {
            for order in incoming {
                match order {
                    Order::Make => {
                        // The writer may have ended; what was made is discarded with the message.
                        let _ = finished.send(shared.segments.make_next());
                    }
                    Order::Leave => shared.segments.leave_all(),
                    Order::Forget(forgotten) => drop(forgotten),
                }
            }
        })?;
        Ok(Self { orders, made, is_asked: false, thread })
    }

    /// Has the next segment made, unless that was asked for already.
    pub(crate) fn prepare(&mut self) {
        if !self.is_asked {
            self.is_asked = self.orders.send(Order::Make).is_ok();
        }
    }

    /// Returns the next segment; waits for it only if it was not made in time.
    pub(crate) fn next(&mut self) -> Result<Next, redb::Error> {
        self.prepare();
        self.is_asked = false;
        // The thread ends only after the writer, unless it panicked.
        self.made.recv().unwrap_or(Err(redb::Error::DatabaseClosed))
    }

    /// Has the segments closed that were left.
    pub(crate) fn leave(&self) {
        // Without the thread they are closed at the end.
        let _ = self.orders.send(Order::Leave);
    }

    /// Has something dropped.
    pub(crate) fn forget(&self, forgotten: Forgotten) {
        // Without the thread it is dropped here.
        let _ = self.orders.send(Order::Forget(forgotten));
    }

    /// Ends the thread and discards what it had made.
    pub(crate) fn finish(self, shared: &Shared) {
        drop(self.orders);
        // A panic was reported when it happened.
        let _ = self.thread.join();
        for next in self.made.try_iter().flatten() {
            shared.segments.discard(next);
        }
    }
}

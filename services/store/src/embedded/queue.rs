//! The bounded queue between callers and the writer.
//!
//! Callers wait for room as async tasks; the writer is a thread. It takes
//! everything that is there at once, and is woken once for a whole batch, not
//! once for each message: after a batch of N messages it waits a moment for N
//! more, because those callers have just been answered and are likely to come
//! again. A lone caller never waits.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use airside_kernel::{Append, AppendError, Appended, NewEvent, Timestamp};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// The answers to one message, in its order.
pub(crate) type Answers = Vec<Result<Appended, AppendError>>;

/// Some appends that wait to be written.
pub(crate) struct Message {
    /// The appends; one that was refused already keeps its place.
    pub(crate) appends: Vec<Result<Append, AppendError>>,
    /// When another log recorded them, for a copy of that log.
    pub(crate) recorded_at: Option<Timestamp>,
    /// Takes the answers.
    pub(crate) reply: oneshot::Sender<Answers>,
    /// Holds the room that the message takes in the queue.
    pub(crate) room: OwnedSemaphorePermit,
}

/// The queue.
pub(crate) struct Queue {
    state: Mutex<State>,
    wake: Condvar,
    room: Arc<Semaphore>,
    capacity: usize,
}

#[derive(Default)]
struct State {
    messages: Vec<Message>,
    wanted: usize,
    closed: bool,
}

impl Queue {
    /// Makes a queue for at most `capacity` bytes of waiting appends.
    pub(crate) fn new(capacity: usize) -> Self {
        let capacity = capacity.clamp(1, Semaphore::MAX_PERMITS.min(u32::MAX as usize));
        let state = Mutex::new(State { wanted: 1, ..State::default() });
        Self { state, wake: Condvar::new(), room: Arc::new(Semaphore::new(capacity)), capacity }
    }

    /// Hands appends to the writer; `None` when the queue is closed.
    pub(crate) async fn send(
        &self,
        appends: Vec<Result<Append, AppendError>>,
        recorded_at: Option<Timestamp>,
    ) -> Option<oneshot::Receiver<Answers>> {
        // A message larger than the queue goes in when the queue is empty.
        let wanted = appends.iter().flatten().map(weight).sum::<usize>().clamp(1, self.capacity);
        let wanted = u32::try_from(wanted).expect("the capacity was clamped to 32 bits");
        let room = Arc::clone(&self.room).acquire_many_owned(wanted).await.ok()?;
        let (reply, answers) = oneshot::channel();
        let mut state = self.state();
        if state.closed {
            return None;
        }
        state.messages.push(Message { appends, recorded_at, reply, room });
        if state.messages.len() == state.wanted {
            self.wake.notify_one();
        }
        Some(answers)
    }

    /// Waits for messages and takes them all. Once there is one, lingers until
    /// there are `wanted` or the time is over. `None` when closed and empty.
    pub(crate) fn take(&self, wanted: usize, linger: Duration) -> Option<Vec<Message>> {
        let mut state = self.state();
        state.wanted = 1;
        while state.messages.is_empty() {
            if state.closed {
                return None;
            }
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.messages.len() < wanted && !state.closed {
            state.wanted = wanted;
            let waited = self
                .wake
                .wait_timeout_while(state, linger, |state| state.messages.len() < wanted && !state.closed);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        Some(std::mem::take(&mut state.messages))
    }

    /// Refuses new messages and wakes the writer for the last ones.
    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.room.close();
        self.wake.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// About how many bytes an append takes in memory.
fn weight(append: &Append) -> usize {
    let events = append.events.iter().map(|event| event.metadata.len() + event.payload.len());
    size_of::<Message>() + events.map(|bytes| bytes + size_of::<NewEvent>()).sum::<usize>()
}

//! The answers of one line: who asked, and what is told to whom in which order.
//!
//! Answers come when the messages were read, in the order of the messages, and beside the frames
//! that acknowledge: nothing waits for them. They live as long as the line. A line that closes loses
//! those that it has not sent; who sends its message again over a new one, within ten minutes or
//! later, is answered there.

use std::{collections::VecDeque, future::pending};

use airside_kernel::{Position, Revision};
use bytes::Bytes;
use futures::{FutureExt, future::BoxFuture};
use tracing::warn;

use super::super::{
    answers::{self, Ask},
    verdicts::Verdicts,
};
use crate::receive::OnDisk;

/// How many messages of a line may wait for their answer; beyond them none is given.
const ASKED_MAX: usize = 1_024;

/// The answers of one line.
pub(super) struct Answering {
    /// Absent where nobody is answered.
    verdicts: Option<Verdicts>,
    /// Whose line it is, once somebody has asked.
    source: String,
    /// Who asks, and up to where the log is to be read before they are told.
    asked: VecDeque<(Position, Ask)>,
    under_way: Option<BoxFuture<'static, Vec<String>>>,
}

impl Answering {
    pub(super) fn new(verdicts: Option<Verdicts>) -> Self {
        Self { verdicts, source: String::new(), asked: VecDeque::new(), under_way: None }
    }

    /// Notes who asks among messages of a source that were stored together.
    pub(super) fn stored<'a>(
        &mut self,
        source: &str,
        on_disk: &OnDisk,
        messages: impl ExactSizeIterator<Item = &'a Bytes>,
    ) {
        let (Some(position), Some(_)) = (on_disk.position, &self.verdicts) else { return };
        let first = on_disk.last_number.saturating_sub(messages.len() as u64);
        let asks = (first..).zip(messages).flat_map(|(at, bytes)| answers::asks(bytes, Revision(at)));
        let mut unanswered = 0_usize;
        for ask in asks {
            match self.asked.len() < ASKED_MAX {
                true => self.asked.push_back((position, ask)),
                false => unanswered += 1,
            }
        }
        source.clone_into(&mut self.source);
        if unanswered > 0 {
            warn!(source, count = unanswered, "messages are not answered: too many wait to be read");
        }
    }

    /// Waits for the next answers; for ever when nobody asks. Safe to cancel.
    pub(super) async fn next(&mut self) -> Vec<String> {
        if self.under_way.is_none() {
            self.under_way = self.begin();
        }
        let Some(under_way) = &mut self.under_way else { return pending().await };
        let answers = under_way.await;
        self.under_way = None;
        answers
    }

    /// Begins with those who asked first: what was stored together is answered together.
    fn begin(&mut self) -> Option<BoxFuture<'static, Vec<String>>> {
        let (position, _) = *self.asked.front()?;
        let count = self.asked.iter().take_while(|(at, _)| *at == position).count();
        let asks: Vec<_> = self.asked.drain(..count).map(|(_, ask)| ask).collect();
        let (verdicts, source) = (self.verdicts.clone()?, self.source.clone());
        let work = async move {
            let given = verdicts.of(&source, position, &asks).await;
            asks.iter().zip(&given).map(|(ask, verdict)| ask.answer(verdict)).collect()
        };
        Some(work.boxed())
    }
}

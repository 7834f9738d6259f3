//! [`Inbox`]: what was decided to be told is told once, in the order of the decisions.
//!
//! Notices come from one stream, `delivery-<person>`, and in its order, so the highest cause
//! tells every repeat. The ids of the newest notices tell those that an older program put here
//! before notices were decided there.

use std::{collections::VecDeque, sync::Arc};

use airside_kernel::{Classified, Code, Decider, Revision};
use thiserror::Error;
use uuid::Uuid;

use crate::{
    events::InboxEvent,
    model::{Notice, RELEASES},
};

/// How many notices the fold of an inbox holds.
pub const KEPT_NOTICES: usize = 128;

/// The rules of `inbox-<person>`.
#[derive(Debug)]
pub struct Inbox;

/// An order to an inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InboxCommand {
    /// Tell the person.
    Issue(Arc<Notice>),
}

/// What an inbox remembers of its newest notices.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InboxState {
    /// The highest decision that was carried out.
    done: Option<Revision>,
    /// The newest ids, oldest first.
    recent: VecDeque<Uuid>,
}

/// Inboxes refuse nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InboxRejection {}

impl Classified for InboxRejection {
    fn code(&self) -> Code {
        match *self {}
    }
}

impl Decider for Inbox {
    type Command = InboxCommand;
    type Event = InboxEvent;
    type State = InboxState;
    type Rejection = InboxRejection;

    fn decide(state: &InboxState, command: InboxCommand) -> Result<Vec<InboxEvent>, InboxRejection> {
        let InboxCommand::Issue(notice) = command;
        let is_done = state.done.is_some_and(|done| notice.cause.revision <= done);
        if is_done || state.recent.contains(&notice.id) {
            return Ok(Vec::new());
        }
        Ok(vec![InboxEvent::NoticeIssued(Arc::unwrap_or_clone(notice))])
    }

    fn evolve(mut state: InboxState, event: &InboxEvent) -> InboxState {
        let InboxEvent::NoticeIssued(notice) = event;
        if notice.cause.reactor == RELEASES {
            state.done = state.done.max(Some(notice.cause.revision));
        }
        state.recent.push_back(notice.id);
        if state.recent.len() > KEPT_NOTICES {
            state.recent.pop_front();
        }
        state
    }

    fn forgets(_: &InboxState, folded: u64) -> u64 {
        folded.saturating_sub(KEPT_NOTICES as u64)
    }
}

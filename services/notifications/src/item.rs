//! A notice in its place in the inbox, as sessions and lists show it.

use std::sync::OnceLock;

use airside_api::notifications::v1;
use airside_kernel::{DecodeError, RecordedEvent, StoredEvent, Timestamp};
use airside_runtime::stored::timestamp_message;

use crate::{
    events::InboxEvent,
    model::{Locale, Notice},
    words,
};

/// A notice in its place. Shared by all sessions of its person, so its words
/// are made once for each language.
#[derive(Debug)]
pub struct Item {
    /// Its place in the inbox, from 1, without gaps.
    pub seq: u64,
    /// The notice.
    pub notice: Notice,
    /// When it was issued.
    pub issued_at: Timestamp,
    is_bare: bool,
    words: [OnceLock<String>; 2],
}

impl Item {
    /// Reads an event of an inbox.
    ///
    /// # Errors
    /// When the event is not one of an inbox, or is damaged.
    pub fn read(event: &RecordedEvent) -> Result<Self, DecodeError> {
        let [InboxEvent::NoticeIssued(notice)] = InboxEvent::decode(event)?;
        Ok(Self::new(event.revision().0 + 1, notice, event.recorded_at()))
    }

    /// Makes the item of a notice.
    pub fn new(seq: u64, notice: Notice, issued_at: Timestamp) -> Self {
        Self { seq, notice, issued_at, is_bare: false, words: Default::default() }
    }

    /// Returns the item, and of one that is of no use any more its place alone.
    #[must_use]
    pub fn as_of(self, now: Timestamp) -> Self {
        Self { is_bare: !self.is_of_use(now), ..self }
    }

    /// Returns true while the notice is of use.
    pub fn is_of_use(&self, now: Timestamp) -> bool {
        self.notice.expires_at.is_none_or(|expires_at| now < expires_at)
    }

    fn text(&self, locale: Locale) -> &str {
        let words = || words::text(self.notice.kind, &self.notice.parameters, locale);
        self.words[locale as usize].get_or_init(words)
    }

    /// Returns the notice in the words of a language.
    pub fn message(&self, locale: Locale) -> v1::Notice {
        if self.is_bare {
            return v1::Notice {
                seq: self.seq,
                notification_id: self.notice.id.to_string(),
                expires_at: self.notice.expires_at.map(timestamp_message),
                left_out: true,
                ..v1::Notice::default()
            };
        }
        v1::Notice {
            seq: self.seq,
            notification_id: self.notice.id.to_string(),
            kind: self.notice.kind.to_proto() as i32,
            priority: self.notice.priority.to_proto() as i32,
            text: self.text(locale).to_owned(),
            parameters: self.notice.parameters.as_ref().clone(),
            issued_at: Some(timestamp_message(self.issued_at)),
            caused_at: Some(timestamp_message(self.notice.caused_at)),
            expires_at: self.notice.expires_at.map(timestamp_message),
            supersedes: self.notice.supersedes.map(|id| id.to_string()).unwrap_or_default(),
            left_out: false,
        }
    }
}

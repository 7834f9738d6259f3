//! What one passenger's session has received, and what it has not.
//!
//! Sequence numbers of an inbox are contiguous, so a hole is a notice that was lost on the way or
//! is still to come. On the wire a notice may come twice; on the screen its id appears once.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use airside_api::notifications::v1::{NoticeKind, ResumeToken};
use jiff::Timestamp;
use tokio::time::Instant;

/// The state of one session over all its connections.
#[derive(Debug, Default)]
pub struct Inbox {
    epoch: String,
    opened: bool,
    /// The session answers for sequence numbers after this one.
    base: u64,
    /// Everything up to here was received.
    contiguous: u64,
    /// Received beyond a hole.
    beyond: BTreeSet<u64>,
    shown: HashSet<String>,
    /// The number that the last snapshot stood at.
    settled: u64,
    /// Highest number of the present connection.
    last: u64,
    /// How often a number came that did not follow the one before on its connection.
    pub breaks: u64,
    /// How often a notice came that had been shown.
    pub repeats: u64,
    /// The notices, in the order in which they were shown.
    pub notices: Vec<Shown>,
}

/// A notice on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Place in the inbox.
    pub seq: u64,
    /// What it is about.
    pub kind: NoticeKind,
    /// The facts in it.
    pub parameters: BTreeMap<String, String>,
    /// Its words.
    pub text: String,
    /// When it came, airport time.
    pub airport_at: Timestamp,
    /// When the fact behind it was recorded, the server's clock.
    pub caused_at: Option<Timestamp>,
    /// How long the server let it wait for its turn, by the server's clock.
    pub waited: Duration,
    /// When it was shown.
    pub shown_at: Instant,
    /// False when it had waited for a line to come back.
    pub live: bool,
}

impl Inbox {
    /// Notes that a connection opened. The first one fixes where the session begins; a new epoch
    /// begins it again.
    pub fn open(&mut self, epoch: &str, seq: u64) {
        if !self.opened || self.epoch != epoch {
            epoch.clone_into(&mut self.epoch);
            self.opened = true;
            self.base = seq;
            self.contiguous = seq;
            self.settled = seq;
            self.beyond.clear();
        }
        self.last = seq;
    }

    /// Notes a snapshot: what came before it will not come again.
    pub fn snapshot(&mut self, seq: u64) {
        self.settled = self.settled.max(seq);
        self.last = self.last.max(seq);
    }

    /// Notes a number of a snapshot, where holes are in order. Returns true when the notice is to
    /// be shown.
    pub fn receive_in_snapshot(&mut self, seq: u64, notification_id: &str) -> bool {
        self.note(seq);
        self.show(notification_id)
    }

    /// Notes a notice that arrived. Returns true when it is to be shown.
    pub fn receive(&mut self, seq: u64, notification_id: &str) -> bool {
        if seq != self.last + 1 {
            self.breaks += 1;
        }
        self.last = seq;
        self.note(seq);
        self.show(notification_id)
    }

    /// Returns whether a connection was ever opened.
    pub fn is_open(&self) -> bool {
        self.opened
    }

    /// Returns the place to resume from; nothing before the first connection.
    pub fn resume(&self) -> Option<ResumeToken> {
        let mut seq = self.contiguous.max(self.settled);
        while self.beyond.contains(&(seq + 1)) {
            seq += 1;
        }
        self.opened.then(|| ResumeToken { epoch: self.epoch.clone(), seq })
    }

    /// Returns the number up to which everything was received.
    pub fn contiguous(&self) -> u64 {
        self.contiguous
    }

    /// Returns how many notices were received of those that the session answers for.
    pub fn received(&self) -> u64 {
        self.contiguous - self.base + self.beyond.len() as u64
    }

    /// Returns how many notices the session answers for in an inbox that ends at `last_seq`.
    pub fn owed(&self, last_seq: u64) -> u64 {
        last_seq.saturating_sub(self.base)
    }

    /// Returns how many notices of an inbox that ends at `last_seq` were not received.
    pub fn lost(&self, last_seq: u64) -> u64 {
        let beyond = self.beyond.range(..=last_seq).count() as u64;
        last_seq.saturating_sub(self.contiguous).saturating_sub(beyond)
    }

    fn note(&mut self, seq: u64) {
        if seq > self.contiguous {
            self.beyond.insert(seq);
        }
        while self.beyond.remove(&(self.contiguous + 1)) {
            self.contiguous += 1;
        }
    }

    fn show(&mut self, notification_id: &str) -> bool {
        let fresh = self.shown.insert(notification_id.to_owned());
        self.repeats += u64::from(!fresh);
        fresh
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened_at(seq: u64) -> Inbox {
        let mut inbox = Inbox::default();
        inbox.open("e1", seq);
        inbox
    }

    fn receive(inbox: &mut Inbox, seqs: &[u64]) {
        for seq in seqs {
            inbox.receive(*seq, &format!("n{seq}"));
        }
    }

    #[test]
    fn a_hole_in_the_numbers_is_a_lost_notice() {
        let mut inbox = opened_at(0);
        receive(&mut inbox, &[1, 2, 4]);
        assert_eq!((inbox.lost(4), inbox.received(), inbox.breaks), (1, 3, 1));
        assert_eq!(inbox.resume().map(|token| token.seq), Some(2));
    }

    #[test]
    fn notices_that_never_came_at_the_end_are_lost_too() {
        let mut inbox = opened_at(0);
        receive(&mut inbox, &[1, 2]);
        assert_eq!((inbox.lost(2), inbox.lost(5)), (0, 3));
    }

    #[test]
    fn a_hole_is_mended_by_a_later_resume() {
        let mut inbox = opened_at(0);
        receive(&mut inbox, &[1, 3]);
        inbox.open("e1", 1);
        receive(&mut inbox, &[2, 3]);
        assert_eq!((inbox.lost(3), inbox.contiguous()), (0, 3));
    }

    #[test]
    fn a_session_does_not_answer_for_what_came_before_it() {
        let mut inbox = opened_at(7);
        receive(&mut inbox, &[8]);
        assert_eq!((inbox.lost(8), inbox.received(), inbox.owed(8), inbox.breaks), (0, 1, 1, 0));
    }

    #[test]
    fn a_notice_is_shown_once_however_often_it_comes() {
        let mut inbox = opened_at(0);
        assert!(inbox.receive(1, "a"));
        inbox.open("e1", 0);
        assert!(!inbox.receive(1, "a"));
        assert_eq!((inbox.repeats, inbox.received(), inbox.breaks), (1, 1, 0));
    }

    #[test]
    fn what_a_snapshot_leaves_out_is_lost() {
        let mut inbox = opened_at(0);
        receive(&mut inbox, &[1]);
        inbox.open("e1", 1);
        inbox.snapshot(9);
        inbox.receive_in_snapshot(8, "h");
        inbox.receive_in_snapshot(9, "i");
        receive(&mut inbox, &[10]);
        assert_eq!((inbox.lost(10), inbox.breaks), (6, 0));
        assert_eq!(inbox.resume().map(|token| token.seq), Some(10));
    }
}

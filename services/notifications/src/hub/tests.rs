//! The seam between history and live.

use airside_kernel::Timestamp;
use futures::FutureExt;

use super::*;
use crate::tests::notice;

fn item(seq: u64) -> Arc<Item> {
    Arc::new(Item::new(seq, notice(None), Timestamp::UNIX_EPOCH))
}

fn taken(mailbox: &Mailbox) -> Option<Result<Vec<u64>, Overflown>> {
    mailbox.take().now_or_never().map(|taken| taken.map(|items| items.iter().map(|item| item.seq).collect()))
}

#[test]
fn a_session_goes_live_only_when_it_has_read_all_that_went_by() {
    let mailbox = Mailbox::default();
    mailbox.put(&item(7));
    assert!(!mailbox.go_live(6), "notice 7 went by while it read");
    assert!(mailbox.go_live(7));
    mailbox.put(&item(8));
    assert_eq!(taken(&mailbox), Some(Ok(vec![8])));
}

#[test]
fn what_was_read_as_history_does_not_come_again_live() {
    let mailbox = Mailbox::default();
    assert!(mailbox.go_live(3));
    for seq in [2, 3, 4, 4, 5] {
        mailbox.put(&item(seq));
    }
    assert_eq!(taken(&mailbox), Some(Ok(vec![4, 5])));
    assert_eq!(taken(&mailbox), None);
}

#[test]
fn a_gap_or_a_full_queue_ends_the_session() {
    let gap = Mailbox::default();
    assert!(gap.go_live(3));
    gap.put(&item(5));
    assert_eq!(taken(&gap), Some(Err(Overflown)));
    let full = Mailbox::default();
    assert!(full.go_live(0));
    (1..=MAX_QUEUED_NOTICES as u64).for_each(|seq| full.put(&item(seq)));
    full.put(&item(MAX_QUEUED_NOTICES as u64 + 1));
    assert_eq!(taken(&full), Some(Err(Overflown)));
}

//! Reading: both ways, from anywhere, missing streams, pages and their ends.

use airside_kernel::{Direction, Expected, Position, Revision};

use super::subject::{Subject, positions, text, texts};

pub(super) async fn a_missing_stream_is_empty_and_at_its_end(subject: Subject) {
    subject.say("bag-1", &["a"]).await;
    for direction in [Direction::Forwards, Direction::Backwards] {
        for from in [None, Some(Revision(0)), Some(Revision(7))] {
            let page = subject.page("bag-10", direction, from, 5).await;
            assert!(page.events.is_empty() && page.end, "{direction:?} {from:?}");
        }
    }
}

pub(super) async fn where_nothing_was_appended_nothing_is_read(subject: Subject) {
    assert_eq!(subject.head().await, subject.base);
    let page = subject.log_page(subject.base, 10).await;
    assert!(page.events.is_empty() && page.end);
}

pub(super) async fn a_stream_reads_both_ways_from_anywhere(subject: Subject) {
    let total = 60;
    for n in 0..total {
        subject.say("bag-1", &[&n.to_string()]).await;
        // Neighbours whose names begin alike must not be mixed in.
        subject.say("bag-10", &["other"]).await;
    }
    for from in [0, 1, 17, 36, 58, 59, 60, 1_000, u64::MAX] {
        for limit in [1_usize, 2, 13, 200] {
            let forwards: Vec<_> = (from.min(total)..total).take(limit).map(|n| n.to_string()).collect();
            let at = Some(Revision(from));
            let page = subject.page("bag-1", Direction::Forwards, at, limit).await;
            assert_eq!(texts(&page), forwards, "forwards from {from} limit {limit}");
            assert_eq!(page.end, from >= total || total - from <= limit as u64, "{from} {limit}");

            let backwards: Vec<_> =
                (0..=from.min(total - 1)).rev().take(limit).map(|n| n.to_string()).collect();
            let page = subject.page("bag-1", Direction::Backwards, at, limit).await;
            assert_eq!(texts(&page), backwards, "backwards from {from} limit {limit}");
            assert_eq!(page.end, from.min(total - 1) < limit as u64, "{from} {limit}");
        }
    }
}

pub(super) async fn without_a_revision_a_read_begins_at_the_near_end(subject: Subject) {
    subject.say("bag-1", &["a", "b", "c"]).await;
    for (direction, expected) in [(Direction::Forwards, ["a", "b"]), (Direction::Backwards, ["c", "b"])] {
        let page = subject.page("bag-1", direction, None, 2).await;
        assert_eq!(texts(&page), expected);
        assert!(!page.end);
    }
}

pub(super) async fn a_read_of_nothing_is_empty(subject: Subject) {
    subject.say("bag-1", &["a"]).await;
    let page = subject.page("bag-1", Direction::Forwards, None, 0).await;
    assert!(page.events.is_empty() && !page.end);
    let page = subject.log_page(subject.base, 0).await;
    assert!(page.events.is_empty() && !page.end);
}

pub(super) async fn the_whole_log_reads_from_every_position_in_any_page_size(subject: Subject) {
    for n in 0..50 {
        subject.say(&format!("bag-{}", n % 11), &[&format!("{n} a"), &format!("{n} b")]).await;
    }
    let all = subject.everything(1_000).await;
    assert_eq!(all.len(), 100);
    for limit in [1, 3, 64, 100] {
        assert_eq!(positions(&subject.everything(limit).await), positions(&all), "{limit}");
    }
    for (n, event) in all.iter().enumerate() {
        let page = subject.log_page(Some(event.position()), 7).await;
        let expected: Vec<_> = all[n + 1..].iter().take(7).map(text).collect();
        assert_eq!(texts(&page), expected, "after {}", event.position());
        assert_eq!(page.end, n + 1 + expected.len() == all.len());
    }
}

pub(super) async fn a_position_beyond_the_head_reads_nothing(subject: Subject) {
    subject.say("bag-1", &["a"]).await;
    let page = subject.log_page(Some(Position::from_parts(u64::MAX, 0)), 5).await;
    assert!(page.events.is_empty() && page.end);
}

pub(super) async fn a_writer_reads_its_own_write_at_once(subject: Subject) {
    for n in 0..200_u64 {
        let expected = n.checked_sub(1).map_or(Expected::NoStream, |n| Expected::Exact(Revision(n)));
        let appended = subject.add("bag-1", expected, &[&n.to_string()]).await.expect("nobody else writes");
        let last = subject.page("bag-1", Direction::Backwards, None, 1).await;
        assert_eq!(texts(&last), [n.to_string()]);
        assert_eq!(subject.head().await, appended.position);
    }
}

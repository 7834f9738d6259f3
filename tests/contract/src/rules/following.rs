//! Following: each event once and in order, wherever it begins, whoever writes.

use std::{future::Future, pin::pin, task::Poll};

use airside_kernel::{Follow, RecordedEvent};

use super::subject::{Subject, positions, text};

async fn next(follow: &mut Box<dyn Follow>, wanted: usize) -> Vec<RecordedEvent> {
    let mut events = Vec::new();
    while events.len() < wanted {
        let page = follow.next().await.expect("the log is followed");
        assert!(!page.events.is_empty(), "a follower was handed an empty page");
        events.extend(page.events);
    }
    events
}

async fn write_in_the_background(subject: &Subject, writers: usize, each: usize) {
    let tasks: Vec<_> = (0..writers)
        .map(|writer| {
            let subject = subject.clone();
            tokio::spawn(async move {
                for n in 0..each {
                    subject.say(&format!("bag-{writer}"), &[&format!("{n} a"), &format!("{n} b")]).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("a writer ends");
    }
}

pub(super) async fn a_follower_from_every_position_sees_each_event_once_while_others_write(subject: Subject) {
    let (writers, each) = (4, 15);
    write_in_the_background(&subject, writers, each).await;
    let history = subject.everything(1_000).await;
    let total = 2 * history.len();
    let begins = std::iter::once(subject.base).chain(history.iter().map(|event| Some(event.position())));
    let followers: Vec<_> = begins
        .enumerate()
        .map(|(skipped, after)| {
            let mut follow = subject.store.follow(after);
            tokio::spawn(async move { (skipped, next(&mut follow, total - skipped).await) })
        })
        .collect();
    write_in_the_background(&subject, writers, each).await;
    let all = positions(&subject.everything(1_000).await);
    assert_eq!(all.len(), total);
    for follower in followers {
        let (skipped, seen) = follower.await.expect("a follower ends");
        assert_eq!(positions(&seen), all[skipped..], "from {skipped}");
    }
}

pub(super) async fn a_reader_never_sees_a_position_before_all_below_it(subject: Subject) {
    let (writers, each) = (6, 25);
    let total = 2 * writers * each;
    let reading = subject.clone();
    let reader = tokio::spawn(async move {
        let (mut heads, mut known) = (0, 0);
        while known < total {
            let head = reading.head().await.filter(|head| Some(*head) > reading.base);
            let seen = reading.everything(13).await;
            let at_least = head.map_or(0, |head| seen.iter().filter(|e| e.position() <= head).count());
            heads += usize::from(head.is_some() && seen.len() > known);
            assert!(known <= at_least && head <= seen.last().map(RecordedEvent::position), "{head:?}");
            for (n, event) in seen.iter().enumerate().skip(known.saturating_sub(1)) {
                let last = seen.get(n.wrapping_sub(1)).map(RecordedEvent::position);
                assert!(last < Some(event.position()));
                // Both events of an append are there, or none.
                assert_eq!(text(event).ends_with('a'), n % 2 == 0);
            }
            known = at_least;
        }
        heads
    });
    write_in_the_background(&subject, writers, each).await;
    assert!(reader.await.expect("the reader ends") > 0);
}

pub(super) async fn who_resumes_at_any_position_that_a_follower_was_handed_misses_nothing(subject: Subject) {
    let (writers, each) = (4, 20);
    let mut follow = subject.follow();
    let writing = tokio::spawn({
        let subject = subject.clone();
        async move { write_in_the_background(&subject, writers, each).await }
    });
    let (mut seen, mut handed) = (Vec::new(), vec![subject.base]);
    while seen.len() < 2 * writers * each {
        let page = follow.next().await.expect("the log is followed").events;
        handed.extend(page.iter().map(|event| Some(event.position())));
        seen.extend(page);
    }
    writing.await.expect("the writers end");
    assert_eq!(seen, subject.everything(1_000).await);
    for (skipped, after) in handed.into_iter().enumerate() {
        let rest = subject.log_page(after, 1_000).await;
        assert!(rest.events == seen[skipped..] && rest.end, "after {after:?}");
        if skipped < seen.len() {
            let mut follow = subject.store.follow(after);
            assert!(next(&mut follow, seen.len() - skipped).await == seen[skipped..], "after {after:?}");
        }
    }
}

pub(super) async fn a_follower_waits_for_the_first_event(subject: Subject) {
    let mut follow = subject.follow();
    let waiting = tokio::spawn(async move { next(&mut follow, 1).await });
    subject.say("bag-1", &["first"]).await;
    assert_eq!(text(&waiting.await.expect("the follower ends")[0]), "first");
}

pub(super) async fn a_cancelled_wait_loses_nothing(subject: Subject) {
    let mut follow = subject.follow();
    let mut seen = Vec::new();
    for n in 0..60 {
        // Polled once and dropped, now and then between two events.
        for _ in 0..2 {
            let mut wait = pin!(follow.next());
            let polled = std::future::poll_fn(|cx| Poll::Ready(wait.as_mut().poll(cx))).await;
            if let Poll::Ready(page) = polled {
                seen.extend(page.expect("the log is followed").events.iter().map(text));
            }
        }
        subject.say("bag-1", &[&n.to_string()]).await;
    }
    while seen.len() < 60 {
        seen.extend(next(&mut follow, 1).await.iter().map(text));
    }
    assert_eq!(seen, (0..60).map(|n| n.to_string()).collect::<Vec<_>>());
}

pub(super) async fn a_page_that_reaches_the_head_says_so(subject: Subject) {
    for _ in 0..3 {
        subject.say("bag-1", &["x"; 500]).await;
    }
    let mut follow = subject.follow();
    let mut seen = 0;
    while seen < 1_500 {
        let page = follow.next().await.expect("the log is followed");
        seen += page.events.len();
        assert_eq!(page.end, seen == 1_500);
    }
}

pub(super) async fn a_follower_beyond_the_head_waits_for_what_comes_after(subject: Subject) {
    let head = subject.say("bag-1", &["a"]).await.position;
    let mut follow = subject.store.follow(head);
    subject.say("bag-1", &["b"]).await;
    assert_eq!(text(&next(&mut follow, 1).await[0]), "b");
}

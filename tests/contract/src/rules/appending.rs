//! Appending: expectations, limits, order, and who wins.

use std::collections::BTreeSet;

use airside_kernel::{
    Append, AppendError, Direction, Expected, MAX_APPEND_BYTES, MAX_APPEND_EVENTS, Revision,
};
use bytes::Bytes;
use jiff::Timestamp;

use super::subject::{Subject, event, positions};

const fn at(revision: u64) -> Expected {
    Expected::Exact(Revision(revision))
}

pub(super) async fn no_stream_is_agreed_with_once(subject: Subject) {
    let first = subject.add("bag-1", Expected::NoStream, &["a", "b"]).await.expect("it is the first");
    assert_eq!(first.last_revision, Some(Revision(1)));
    let second = subject.add("bag-1", Expected::NoStream, &["c"]).await;
    assert_eq!(second, subject.conflict("bag-1", Expected::NoStream, Some(1)));
    assert_eq!(subject.said("bag-1").await, ["a", "b"]);
}

pub(super) async fn an_exact_revision_is_the_last_one_and_no_other(subject: Subject) {
    let absent = subject.add("bag-1", at(0), &["x"]).await;
    assert_eq!(absent, subject.conflict("bag-1", at(0), None));
    subject.say("bag-1", &["a", "b"]).await;
    for revision in [0, 2] {
        let elsewhere = subject.add("bag-1", at(revision), &["x"]).await;
        assert_eq!(elsewhere, subject.conflict("bag-1", at(revision), Some(1)));
    }
    let right = subject.add("bag-1", at(1), &["c"]).await.expect("it is the last one");
    assert_eq!(right.last_revision, Some(Revision(2)));
    assert_eq!(subject.said("bag-1").await, ["a", "b", "c"]);
}

pub(super) async fn any_revision_is_agreed_with(subject: Subject) {
    for (revision, text) in (0..).zip(["a", "b", "c"]) {
        assert_eq!(subject.say("bag-1", &[text]).await.last_revision, Some(Revision(revision)));
    }
}

pub(super) async fn of_concurrent_writers_at_one_revision_one_wins(subject: Subject) {
    subject.say("bag-1", &["start"]).await;
    for round in 0..20 {
        let writers: Vec<_> = (0..8)
            .map(|writer| {
                let subject = subject.clone();
                tokio::spawn(
                    async move { subject.add("bag-1", at(round), &[&format!("{round} {writer}")]).await },
                )
            })
            .collect();
        let mut winners = 0;
        for writer in writers {
            match writer.await.expect("a writer ends") {
                Ok(appended) => {
                    winners += 1;
                    assert_eq!(appended.last_revision, Some(Revision(round + 1)));
                }
                Err(AppendError::Conflict { current, .. }) => assert_eq!(current, Some(Revision(round + 1))),
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(winners, 1, "in round {round}");
    }
    assert_eq!(subject.said("bag-1").await.len(), 21);
}

pub(super) async fn an_empty_append_is_answered_and_writes_nothing(subject: Subject) {
    let nothing = subject.add("bag-1", at(9), &[]).await.expect("nothing conflicts with nothing");
    assert_eq!((nothing.last_revision, nothing.position), (None, None));
    subject.say("bag-1", &["a"]).await;
    let head = subject.head().await;
    let nothing =
        subject.add("bag-1", Expected::NoStream, &[]).await.expect("nothing conflicts with nothing");
    assert_eq!((nothing.last_revision, nothing.position), (Some(Revision(0)), None));
    assert_eq!(subject.head().await, head);
}

pub(super) async fn the_largest_append_goes_in_whole_and_a_larger_one_is_refused(subject: Subject) {
    let texts = vec!["x"; MAX_APPEND_EVENTS + 1];
    let refused = subject.add("bag-1", Expected::Any, &texts).await;
    let (unit, actual, limit) = ("events", MAX_APPEND_EVENTS + 1, MAX_APPEND_EVENTS);
    assert_eq!(refused, Err(AppendError::TooLarge { stream: subject.stream("bag-1"), unit, actual, limit }));
    assert_eq!(subject.head().await, subject.base);
    subject.say("bag-1", &texts[1..]).await;
    assert_eq!(subject.said("bag-1").await.len(), MAX_APPEND_EVENTS);
}

pub(super) async fn bytes_are_counted_over_payload_and_metadata(subject: Subject) {
    let with_bytes = |total: usize| {
        let mut append: Append = subject.append("bag-1", Expected::Any, &["", ""]);
        let metadata: usize = append.events.iter().map(|event| event.metadata.len()).sum();
        append.events[1].payload = Bytes::from(vec![7; total - metadata]);
        append
    };
    let refused = subject.store.append(with_bytes(MAX_APPEND_BYTES + 1)).await;
    let (unit, actual, limit) = ("bytes", MAX_APPEND_BYTES + 1, MAX_APPEND_BYTES);
    assert_eq!(refused, Err(AppendError::TooLarge { stream: subject.stream("bag-1"), unit, actual, limit }));
    let append = with_bytes(MAX_APPEND_BYTES);
    let payload = append.events[1].payload.clone();
    subject.store.append(append).await.expect("the largest append is taken");
    let page = subject.page("bag-1", Direction::Backwards, None, 1).await;
    assert!(page.events[0].payload() == payload, "the payload came back changed");
}

pub(super) async fn appends_of_one_call_keep_their_order_within_a_stream(subject: Subject) {
    let appends = vec![
        subject.append("bag-1", Expected::NoStream, &["a", "b"]),
        subject.append("bag-2", Expected::NoStream, &["x"]),
        subject.append("bag-1", at(1), &["c"]),
        subject.append("bag-1", at(1), &["never"]),
        subject.append("bag-1", Expected::Any, &[]),
        subject.append("bag-2", at(0), &["y"]),
    ];
    let answers = subject.store.append_each(appends).await;
    let revisions: Vec<_> =
        answers.iter().map(|answer| answer.as_ref().ok().and_then(|a| a.last_revision)).collect();
    let expected = [Some(1), Some(0), Some(2), None, Some(2), Some(1)];
    assert_eq!(revisions, expected.map(|revision| revision.map(Revision)));
    assert_eq!(answers[3], subject.conflict("bag-1", at(1), Some(2)));
    assert_eq!(subject.said("bag-1").await, ["a", "b", "c"]);
    assert_eq!(subject.said("bag-2").await, ["x", "y"]);
}

pub(super) async fn many_appends_of_one_call_are_each_answered(subject: Subject) {
    let mut appends: Vec<_> =
        (0..700).map(|n| subject.append(&format!("bag-{}", n % 90), Expected::Any, &["x"])).collect();
    appends[350].events = vec![event("x"); MAX_APPEND_EVENTS + 1];
    let answers = subject.store.append_each(appends).await;
    assert_eq!(answers.len(), 700);
    for (n, answer) in answers.iter().enumerate() {
        assert_eq!(answer.is_ok(), n != 350, "append {n}: {answer:?}");
    }
    let positions: BTreeSet<_> = answers.iter().flatten().map(|appended| appended.position).collect();
    assert_eq!(positions.len(), 699);
    assert!(subject.store.append_each(Vec::new()).await.is_empty());
}

pub(super) async fn positions_are_totally_ordered_and_answers_name_the_last_event(subject: Subject) {
    let mut answered = Vec::new();
    for n in 0..40 {
        let appended = subject.say(&format!("bag-{}", n % 7), &["a", "b"]).await;
        answered.push(appended.position.expect("an append has a position"));
    }
    let positions = positions(&subject.everything(9).await);
    assert_eq!(positions.len(), 80);
    assert!(positions.is_sorted_by(|a, b| a < b));
    assert_eq!(answered, positions.iter().skip(1).step_by(2).copied().collect::<Vec<_>>());
    assert_eq!(subject.head().await, positions.last().copied());
}

pub(super) async fn recorded_at_never_decreases_even_when_the_clock_does(subject: Subject) {
    let mut is_turned = true;
    for minutes in [0, 5, -30, 10, -1, 90, -90] {
        is_turned = subject.advance(minutes);
        subject.say("bag-1", &["tick"]).await;
    }
    let events = subject.everything(100).await;
    let recorded: Vec<_> = events.iter().map(|event| event.recorded_at()).collect();
    assert!(recorded.is_sorted(), "{recorded:?}");
    if is_turned {
        assert_eq!(recorded[0].to_string(), "2026-11-20T08:00:00Z");
        assert_eq!(recorded[2].to_string(), "2026-11-20T08:05:00Z");
        assert_eq!(recorded[6].to_string(), "2026-11-20T09:14:00Z");
    }
    assert_eq!(events[6].occurred_at().to_string(), "2026-11-20T07:59:00Z");
}

pub(super) async fn the_envelope_comes_back_byte_for_byte(subject: Subject) {
    let name = "flight-ZH9101-20261120";
    let mut sent = subject.append(name, Expected::NoStream, &["", "", "", ""]);
    sent.fold_from = Revision(2);
    for (n, event) in sent.events.iter_mut().enumerate().skip(1) {
        event.event_type = format!("flights.Kind{n}").into();
        event.schema_version = 3 + u32::try_from(n).expect("there are few");
        event.metadata = Bytes::from((0..=255).cycle().take(n * 1_000).collect::<Vec<u8>>());
        event.payload = Bytes::from((0..=255).rev().cycle().take(n * 3_000).collect::<Vec<u8>>());
        event.occurred_at =
            Timestamp::from_microsecond(-1_234_567 * i64::try_from(n).expect("there are few"))
                .expect("it is near 1970");
    }
    subject.store.append(sent.clone()).await.expect("the stream is new");
    let page = subject.page(name, Direction::Forwards, None, 10).await;
    assert_eq!(page.events.len(), sent.events.len());
    for (n, (event, sent)) in (0..).zip(page.events.iter().zip(&sent.events)) {
        assert_eq!(event.id(), sent.id);
        assert_eq!(event.event_type(), sent.event_type);
        assert_eq!(event.schema_version(), sent.schema_version);
        assert_eq!(event.occurred_at(), sent.occurred_at);
        assert_eq!(event.fold_from(), Revision(2));
        assert_eq!(event.revision(), Revision(n));
        assert_eq!((event.stream(), event.category()), (subject.stream(name).as_str(), "flight"));
        assert!(event.metadata_bytes() == sent.metadata && event.payload() == sent.payload, "event {n}");
    }
}

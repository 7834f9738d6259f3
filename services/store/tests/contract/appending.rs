//! Appending: expectations, limits, order, and who wins.

use std::{collections::BTreeSet, sync::Arc};

use airside_kernel::{
    Append, AppendError, Direction, Expected, MAX_APPEND_BYTES, MAX_APPEND_EVENTS, Revision,
};
use bytes::Bytes;
use jiff::SignedDuration;

use crate::{
    Subject, on_every_adapter,
    words::{append, event, everything, positions, said, say, stream},
};

fn conflict(
    name: &str,
    expected: Expected,
    current: Option<u64>,
) -> Result<airside_kernel::Appended, AppendError> {
    Err(AppendError::Conflict { stream: stream(name), expected, current: current.map(Revision) })
}

on_every_adapter! {
    async fn no_stream_is_agreed_with_once(subject: Subject) {
        let first = subject.store.append(append("bag-1", Expected::NoStream, &["a", "b"])).await.unwrap();
        assert_eq!(first.last_revision, Some(Revision(1)));
        let second = subject.store.append(append("bag-1", Expected::NoStream, &["c"])).await;
        assert_eq!(second, conflict("bag-1", Expected::NoStream, Some(1)));
        assert_eq!(said(&subject.store, "bag-1").await, ["a", "b"]);
    }

    async fn an_exact_revision_is_the_last_one_and_no_other(subject: Subject) {
        let at = |revision| Expected::Exact(Revision(revision));
        let absent = subject.store.append(append("bag-1", at(0), &["x"])).await;
        assert_eq!(absent, conflict("bag-1", at(0), None));
        say(&subject.store, "bag-1", &["a", "b"]).await;
        let behind = subject.store.append(append("bag-1", at(0), &["x"])).await;
        assert_eq!(behind, conflict("bag-1", at(0), Some(1)));
        let ahead = subject.store.append(append("bag-1", at(2), &["x"])).await;
        assert_eq!(ahead, conflict("bag-1", at(2), Some(1)));
        let right = subject.store.append(append("bag-1", at(1), &["c"])).await.unwrap();
        assert_eq!(right.last_revision, Some(Revision(2)));
        assert_eq!(said(&subject.store, "bag-1").await, ["a", "b", "c"]);
    }

    async fn any_revision_is_agreed_with(subject: Subject) {
        for (revision, text) in ["a", "b", "c"].iter().enumerate() {
            let appended = say(&subject.store, "bag-1", &[text]).await;
            assert_eq!(appended.last_revision, Some(Revision(revision as u64)));
        }
    }

    async fn of_concurrent_writers_at_one_revision_one_wins(subject: Subject) {
        say(&subject.store, "bag-1", &["start"]).await;
        for round in 0..20_u64 {
            let writers: Vec<_> = (0..8)
                .map(|writer| {
                    let store = Arc::clone(&subject.store);
                    let expected = Expected::Exact(Revision(round));
                    tokio::spawn(async move {
                        store.append(append("bag-1", expected, &[&format!("{round} {writer}")])).await
                    })
                })
                .collect();
            let mut winners = 0;
            for writer in writers {
                match writer.await.unwrap() {
                    Ok(appended) => {
                        winners += 1;
                        assert_eq!(appended.last_revision, Some(Revision(round + 1)));
                    }
                    Err(AppendError::Conflict { current, .. }) => {
                        assert_eq!(current, Some(Revision(round + 1)));
                    }
                    Err(error) => panic!("{error}"),
                }
            }
            assert_eq!(winners, 1, "in round {round}");
        }
        assert_eq!(said(&subject.store, "bag-1").await.len(), 21);
    }

    async fn an_empty_append_is_answered_and_writes_nothing(subject: Subject) {
        let nothing = subject.store.append(append("bag-1", Expected::Exact(Revision(9)), &[])).await.unwrap();
        assert_eq!((nothing.last_revision, nothing.position), (None, None));
        say(&subject.store, "bag-1", &["a"]).await;
        let head = subject.store.head().await.unwrap();
        let nothing = subject.store.append(append("bag-1", Expected::NoStream, &[])).await.unwrap();
        assert_eq!((nothing.last_revision, nothing.position), (Some(Revision(0)), None));
        assert_eq!(subject.store.head().await.unwrap(), head);
    }

    async fn the_largest_append_goes_in_whole_and_a_larger_one_is_refused(subject: Subject) {
        let texts = vec!["x"; MAX_APPEND_EVENTS + 1];
        let refused = subject.store.append(append("bag-1", Expected::Any, &texts)).await;
        let (unit, actual, limit) = ("events", MAX_APPEND_EVENTS + 1, MAX_APPEND_EVENTS);
        assert_eq!(refused, Err(AppendError::TooLarge { stream: stream("bag-1"), unit, actual, limit }));
        assert_eq!(subject.store.head().await.unwrap(), None);
        say(&subject.store, "bag-1", &texts[1..]).await;
        assert_eq!(said(&subject.store, "bag-1").await.len(), MAX_APPEND_EVENTS);
    }

    async fn bytes_are_counted_over_payload_and_metadata(subject: Subject) {
        let with_bytes = |total: usize| {
            let mut append: Append = append("bag-1", Expected::Any, &["", ""]);
            let metadata: usize = append.events.iter().map(|event| event.metadata.len()).sum();
            append.events[1].payload = Bytes::from(vec![7; total - metadata]);
            append
        };
        let refused = subject.store.append(with_bytes(MAX_APPEND_BYTES + 1)).await;
        let (unit, actual, limit) = ("bytes", MAX_APPEND_BYTES + 1, MAX_APPEND_BYTES);
        assert_eq!(refused, Err(AppendError::TooLarge { stream: stream("bag-1"), unit, actual, limit }));
        let append = with_bytes(MAX_APPEND_BYTES);
        let payload = append.events[1].payload.clone();
        subject.store.append(append).await.unwrap();
        let page = subject.store.read_stream(&stream("bag-1"), Direction::Backwards, None, 1).await.unwrap();
        assert!(page.events[0].payload() == payload, "the payload came back changed");
    }

    async fn appends_of_one_call_keep_their_order_within_a_stream(subject: Subject) {
        let at = |revision| Expected::Exact(Revision(revision));
        let mut appends = vec![
            append("bag-1", Expected::NoStream, &["a", "b"]),
            append("bag-2", Expected::NoStream, &["x"]),
            append("bag-1", at(1), &["c"]),
            append("bag-1", at(1), &["never"]),
            append("bag-1", Expected::Any, &[]),
            append("bag-2", at(0), &["y"]),
        ];
        appends[3].events[0] = event("never");
        let answers = subject.store.append_each(appends).await;
        let revisions: Vec<_> =
            answers.iter().map(|answer| answer.as_ref().ok().and_then(|a| a.last_revision)).collect();
        let expected = [Some(1), Some(0), Some(2), None, Some(2), Some(1)];
        assert_eq!(revisions, expected.map(|revision| revision.map(Revision)));
        assert_eq!(answers[3], conflict("bag-1", at(1), Some(2)));
        assert_eq!(said(&subject.store, "bag-1").await, ["a", "b", "c"]);
        assert_eq!(said(&subject.store, "bag-2").await, ["x", "y"]);
    }

    async fn many_appends_of_one_call_are_each_answered(subject: Subject) {
        let names: Vec<String> = (0..700).map(|n| format!("bag-{}", n % 90)).collect();
        let mut appends: Vec<_> = names.iter().map(|name| append(name, Expected::Any, &["x"])).collect();
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

    async fn positions_are_totally_ordered_and_answers_name_the_last_event(subject: Subject) {
        let mut answered = Vec::new();
        for n in 0..40 {
            let name = format!("bag-{}", n % 7);
            answered.push(say(&subject.store, &name, &["a", "b"]).await.position.unwrap());
        }
        let events = everything(&subject.store, 9).await;
        let positions = positions(&events);
        assert_eq!(positions.len(), 80);
        assert!(positions.is_sorted_by(|a, b| a < b));
        assert_eq!(answered, positions.iter().skip(1).step_by(2).copied().collect::<Vec<_>>());
        assert_eq!(subject.store.head().await.unwrap(), positions.last().copied());
    }

    async fn recorded_at_never_decreases_even_when_the_clock_does(subject: Subject) {
        for minutes in [0, 5, -30, 10, -1, 90, -90] {
            subject.clock.advance(SignedDuration::from_mins(minutes));
            say(&subject.store, "bag-1", &["tick"]).await;
        }
        let events = everything(&subject.store, 100).await;
        let recorded: Vec<_> = events.iter().map(|event| event.recorded_at()).collect();
        assert!(recorded.is_sorted(), "{recorded:?}");
        assert_eq!(recorded[0].to_string(), "2026-11-20T08:00:00Z");
        assert_eq!(recorded[2].to_string(), "2026-11-20T08:05:00Z");
        assert_eq!(recorded[6].to_string(), "2026-11-20T09:14:00Z");
        assert_eq!(events[6].occurred_at().to_string(), "2026-11-20T07:59:00Z");
    }

    async fn the_envelope_comes_back_byte_for_byte(subject: Subject) {
        let mut sent = append("flight-ZH9101-20261120", Expected::NoStream, &["", "", ""]);
        sent.fold_from = Revision(2);
        for (n, event) in sent.events.iter_mut().enumerate() {
            event.event_type = format!("flights.Kind{n}").into();
            event.schema_version = 3 + n as u32;
            event.metadata = Bytes::from((0..=255).cycle().take(n * 1_000).collect::<Vec<u8>>());
            event.payload = Bytes::from((0..=255).rev().cycle().take(n * 3_000).collect::<Vec<u8>>());
            event.occurred_at = jiff::Timestamp::from_microsecond(-1_234_567 * n as i64).unwrap();
        }
        subject.store.append(sent.clone()).await.unwrap();
        let page =
            subject.store.read_stream(&sent.stream, Direction::Forwards, None, 10).await.unwrap();
        for (n, (event, sent)) in page.events.iter().zip(&sent.events).enumerate() {
            assert_eq!(event.id(), sent.id);
            assert_eq!(event.event_type(), sent.event_type);
            assert_eq!(event.schema_version(), sent.schema_version);
            assert_eq!(event.occurred_at(), sent.occurred_at);
            assert_eq!(event.fold_from(), Revision(2));
            assert_eq!(event.revision(), Revision(n as u64));
            assert_eq!((event.stream(), event.category()), ("flight-ZH9101-20261120", "flight"));
            assert!(event.metadata_bytes() == sent.metadata && event.payload() == sent.payload);
        }
        assert_eq!(page.events.len(), 3);
    }
}

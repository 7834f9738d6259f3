//! What must be in the log, from what the children said.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use airside_kernel::{Direction, EventStore, RecordedEvent};
use airside_store::EmbeddedStore;

use crate::plan::{Attempt, Random, STREAMS, event, stream};

/// What became of an append, as far as anybody was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Unanswered,
    /// Acknowledged with the last revision and position.
    Acknowledged(u64, u64),
    Refused,
}

/// Knows every append that was tried on a folder.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    tried: HashMap<u64, (Attempt, Fate)>,
    /// The ids of the events that the last check found, in order.
    known: Vec<(u64, u64)>,
    own: u64,
}

/// What a check found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    /// Appends that were acknowledged, over the folder's life.
    pub(crate) acknowledged: u64,
    /// Appends that nobody answered and that are not there.
    pub(crate) absent: u64,
}

impl Oracle {
    /// Takes in what children said.
    pub(crate) fn hear(&mut self, said: &[String], context: &str) {
        for line in said {
            let words: Vec<&str> = line.split(' ').collect();
            match words.as_slice() {
                ["try", rest @ ..] => {
                    // The last line of a killed process may be cut short: it was not tried then.
                    let Some(attempt) = Attempt::from_words(rest) else { continue };
                    let before = self.tried.insert(attempt.number, (attempt, Fate::Unanswered));
                    assert_eq!(before, None, "{context}: a number came twice");
                }
                ["ack", number, revision, position] => {
                    let [number, revision, position] =
                        [number, revision, position].map(|word| word.parse::<u64>().unwrap());
                    self.answer(number, Fate::Acknowledged(revision, position));
                }
                ["refused", number] => self.answer(number.parse().unwrap(), Fate::Refused),
                _ => {}
            }
        }
    }

    fn answer(&mut self, number: u64, fate: Fate) {
        self.tried.get_mut(&number).expect("it was tried before it was answered").1 = fate;
    }

    /// Compares the log with what was said.
    pub(crate) async fn check(&mut self, store: &EmbeddedStore, context: &str) -> Found {
        assert_eq!(store.health(), Ok(()), "{context}");
        let events = everything(store, context).await;
        let ids: Vec<_> = events.iter().map(|event| event.id().0.as_u64_pair()).collect();
        let kept = ids.get(..self.known.len());
        assert!(kept == Some(&self.known[..]), "{context}: what was there before the crash has changed");
        let mut at: HashMap<u64, Vec<&RecordedEvent>> = HashMap::new();
        for event in &events {
            at.entry(event.id().0.as_u64_pair().0).or_default().push(event);
        }
        for (number, found) in &at {
            let (attempt, fate) = self.tried.get(number).unwrap_or_else(|| panic!("{context}: never tried"));
            assert_ne!(*fate, Fate::Refused, "{context}: {attempt:?} was refused and is there");
            check_append(attempt, found, context);
        }
        let mut counts = Found { acknowledged: 0, absent: 0 };
        for (attempt, fate) in self.tried.values() {
            match (fate, at.get(&attempt.number).and_then(|found| found.last())) {
                (Fate::Acknowledged(revision, position), Some(last)) => {
                    let found = (last.revision().0, last.position().parts().0);
                    assert_eq!(found, (*revision, *position), "{context}: {attempt:?}");
                    counts.acknowledged += 1;
                }
                (Fate::Acknowledged(..), None) => panic!("{context}: acknowledged and lost: {attempt:?}"),
                (Fate::Unanswered, None) => counts.absent += 1,
                (Fate::Unanswered, Some(_)) | (Fate::Refused, _) => {}
            }
        }
        check_streams(store, &events, context).await;
        self.known = ids;
        counts
    }

    /// Appends some more: a log that was opened is one that goes on.
    pub(crate) async fn go_on(&mut self, store: &EmbeddedStore, random: &mut Random, context: &str) {
        for _ in 0..3 {
            self.own += 1;
            // No child has such a number: its seed would be beyond 40 bits.
            let number = u64::MAX - self.own;
            let name = random.below(STREAMS);
            let last = store.read_stream(&stream(name).parse().unwrap(), Direction::Backwards, None, 1).await;
            let believed = last.unwrap().events.first().map(|event| event.revision().0);
            let attempt = Attempt::choose(number, name, believed, random);
            let appended = store.append(attempt.append()).await;
            let appended = appended.unwrap_or_else(|error| panic!("{context}: {error}"));
            let (revision, position) =
                (appended.last_revision.unwrap().0, appended.position.unwrap().parts().0);
            self.tried.insert(number, (attempt, Fate::Acknowledged(revision, position)));
        }
    }
}

/// Reads the whole log and checks that its positions count from 1 without gaps.
async fn everything(store: &EmbeddedStore, context: &str) -> Vec<RecordedEvent> {
    let mut events: Vec<RecordedEvent> = Vec::new();
    loop {
        let page = store.read_all(events.last().map(RecordedEvent::position), 700).await;
        let page = page.unwrap_or_else(|error| panic!("{context}: {error}"));
        events.extend(page.events);
        if page.end {
            break;
        }
    }
    for (position, event) in (1..).zip(&events) {
        assert_eq!(event.position().parts(), (position, 0), "{context}: positions have a gap");
    }
    assert_eq!(store.head().await.unwrap(), events.last().map(RecordedEvent::position), "{context}");
    events
}

/// An append that is there is there whole, once, together, and where it expected to be.
fn check_append(attempt: &Attempt, found: &[&RecordedEvent], context: &str) {
    assert_eq!(found.len() as u64, attempt.events, "{context}: in part or twice: {attempt:?}");
    let sent = attempt.append();
    let (first_revision, first_position) = (found[0].revision().0, found[0].position().parts().0);
    for (index, found) in (0..).zip(found) {
        let sent_event = event(attempt.number, index);
        assert_eq!(found.position().parts().0, first_position + index, "{context}: {attempt:?}");
        assert_eq!(found.revision().0, first_revision + index, "{context}: {attempt:?}");
        assert_eq!((found.id(), found.stream()), (sent_event.id, sent.stream.as_str()), "{context}");
        assert_eq!(found.event_type(), sent_event.event_type, "{context}");
        assert_eq!(found.schema_version(), sent_event.schema_version, "{context}");
        assert_eq!(found.occurred_at(), sent_event.occurred_at, "{context}");
        assert_eq!(found.fold_from(), sent.fold_from, "{context}");
        let same = found.payload() == sent_event.payload && found.metadata_bytes() == sent_event.metadata;
        assert!(same, "{context}: other bytes in {attempt:?}");
    }
    if attempt.expected > -2 {
        assert_eq!(i64::try_from(first_revision).unwrap(), attempt.expected + 1, "{context}: {attempt:?}");
    }
}

/// Every stream, read both ways through the index, is what the log says it is.
async fn check_streams(store: &EmbeddedStore, events: &[RecordedEvent], context: &str) {
    let mut folded: BTreeMap<&str, Vec<RecordedEvent>> = BTreeMap::new();
    for event in events {
        folded.entry(event.stream()).or_default().push(event.clone());
    }
    let names: BTreeSet<String> = (0..=STREAMS).map(stream).collect();
    assert!(folded.keys().all(|name| names.contains(*name)), "{context}: {:?}", folded.keys());
    for name in names {
        let expected = folded.remove(name.as_str()).unwrap_or_default();
        for (revision, event) in (0..).zip(&expected) {
            assert_eq!(event.revision().0, revision, "{context}: {name}");
        }
        let id = name.parse().unwrap();
        let forwards = store.read_stream(&id, Direction::Forwards, None, usize::MAX).await.unwrap();
        assert!(forwards.end && forwards.events == expected, "{context}: {name} forwards");
        let mut backwards = store.read_stream(&id, Direction::Backwards, None, usize::MAX).await.unwrap();
        backwards.events.reverse();
        assert!(backwards.end && backwards.events == expected, "{context}: {name} backwards");
    }
}

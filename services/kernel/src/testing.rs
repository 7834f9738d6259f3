//! Given/when/then for deciders: the specification in the words of the domain.
//! And events as a store returns them, for tests of codecs and read models.
//!
//! ```
//! # use airside_kernel::{given, Decider};
//! # #[derive(Debug)] struct Door;
//! # #[derive(Debug, Clone, PartialEq)] enum Event { Opened }
//! # #[derive(Debug, PartialEq, thiserror::Error)] #[error("door is open already")] struct OpenAlready;
//! # impl Decider for Door {
//! #     type Command = (); type Event = Event; type State = bool; type Rejection = OpenAlready;
//! #     fn decide(open: &bool, _: ()) -> Result<Vec<Event>, OpenAlready> {
//! #         if *open { Err(OpenAlready) } else { Ok(vec![Event::Opened]) }
//! #     }
//! #     fn evolve(_: bool, _: &Event) -> bool { true }
//! # }
//! given::<Door>([]).when(()).then([Event::Opened]);
//! given::<Door>([Event::Opened]).when(()).rejects(&OpenAlready);
//! ```

use std::fmt::Debug;

use uuid::Uuid;

use crate::{Decider, EventId, EventParts, EventSpans, Position, RecordedEvent, Revision};

/// Returns the fixed part of a log's first event, version 1 of its type, at the beginning of 1970.
pub fn first_parts() -> EventParts {
    EventParts {
        id: EventId(Uuid::nil()),
        position: Position::from_parts(1, 0),
        revision: Revision::FIRST,
        fold_from: Revision::FIRST,
        schema_version: 1,
        occurred_us: 0,
        recorded_us: 0,
    }
}

/// Returns an event as a store would.
///
/// # Panics
/// When the parts together are longer than 4 GiB.
pub fn recorded(
    parts: EventParts,
    stream: &str,
    event_type: &str,
    metadata: &[u8],
    payload: &[u8],
) -> RecordedEvent {
    let mut bytes = Vec::new();
    let mut span = |part: &[u8]| {
        let start = bytes.len();
        bytes.extend_from_slice(part);
        let [start, end] = [start, bytes.len()].map(|at| u32::try_from(at).expect("an event is short"));
        start..end
    };
    let spans = EventSpans {
        stream: span(stream.as_bytes()),
        event_type: span(event_type.as_bytes()),
        metadata: span(metadata),
        payload: span(payload),
    };
    RecordedEvent::new(parts, bytes.into(), spans).expect("the spans lie in the slice and the names are text")
}

/// Begins with a history.
pub fn given<D: Decider>(history: impl IntoIterator<Item = D::Event>) -> Given<D> {
    Given { state: history.into_iter().fold(D::State::default(), |state, event| D::evolve(state, &event)) }
}

/// A history, folded.
#[derive(Debug)]
pub struct Given<D: Decider> {
    state: D::State,
}

impl<D: Decider> Given<D> {
    /// Gives the command.
    pub fn when(self, command: D::Command) -> When<D> {
        When { outcome: D::decide(&self.state, command) }
    }

    /// Returns the folded state.
    pub fn state(self) -> D::State {
        self.state
    }
}

/// A decision to be judged.
#[derive(Debug)]
pub struct When<D: Decider> {
    outcome: Result<Vec<D::Event>, D::Rejection>,
}

impl<D: Decider> When<D> {
    /// Asserts the facts that followed.
    #[track_caller]
    pub fn then(self, expected: impl IntoIterator<Item = D::Event>)
    where
        D::Event: PartialEq + Debug,
    {
        let events = self.events();
        assert_eq!(
            events,
            expected.into_iter().collect::<Vec<_>>(),
            "facts (left) are not the expected ones (right)"
        );
    }

    /// Asserts that the command added nothing.
    #[track_caller]
    pub fn then_nothing(self)
    where
        D::Event: PartialEq + Debug,
    {
        self.then([]);
    }

    /// Asserts the refusal.
    #[track_caller]
    pub fn rejects(self, expected: &D::Rejection)
    where
        D::Event: Debug,
        D::Rejection: PartialEq + Debug,
    {
        match self.outcome {
            Ok(events) => panic!("the command was accepted with {events:?}"),
            Err(rejection) => assert_eq!(&rejection, expected, "refused (left), but not as expected (right)"),
        }
    }

    /// Returns the facts, for assertions of another shape.
    #[track_caller]
    pub fn events(self) -> Vec<D::Event> {
        match self.outcome {
            Ok(events) => events,
            Err(rejection) => panic!("the command was refused: {rejection}"),
        }
    }
}

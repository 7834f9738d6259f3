//! The specification of a venue's versions.

use airside_kernel::given;
use proptest::prelude::*;

use super::*;
use crate::{blobs::Digest, model::edition::Format};

fn map(content: &str) -> VenueMap {
    VenueMap {
        digest: Digest::of(content.as_bytes()),
        size: content.len() as u64,
        format: Some(Format::Imdf),
        time_zone: "Asia/Shanghai".parse().unwrap(),
        warnings: 3,
        notes: 1,
        levels: 4,
        places: 712,
    }
}

fn note(text: &str) -> Note {
    text.parse().unwrap()
}

fn published(version: u32, content: &str) -> MapEvent {
    MapEvent::Published { edition: Edition { version, map: map(content) }, note: note("spring") }
}

fn rolled_back(version: u32, content: &str, newest: u32) -> MapEvent {
    let edition = Edition { version, map: map(content) };
    MapEvent::RolledBack { edition, note: note("spring"), newest }
}

fn publish(content: &str, seen: u32) -> MapCommand {
    MapCommand::Publish { map: map(content), note: note("spring"), seen }
}

fn roll_back(version: u32, seen: u32) -> MapCommand {
    MapCommand::RollBack { version, note: note("spring"), seen }
}

#[test]
fn versions_are_numbered_from_one_without_a_gap() {
    given::<Editions>([]).when(publish("a", 0)).then([published(1, "a")]);
    given::<Editions>([published(1, "a")]).when(publish("b", 1)).then([published(2, "b")]);
    given::<Editions>([published(1, "a"), published(2, "b"), rolled_back(1, "a", 2)])
        .when(publish("c", 1))
        .then([published(3, "c")]);
}

#[test]
fn the_map_that_is_shown_is_not_published_twice_whatever_the_repeat_says_it_saw() {
    given::<Editions>([published(1, "a")]).when(publish("a", 1)).then_nothing();
    given::<Editions>([published(1, "a")]).when(publish("a", 0)).then_nothing();
    given::<Editions>([published(1, "a"), published(2, "b")]).when(publish("a", 2)).then([published(3, "a")]);
}

#[test]
fn the_same_map_in_another_time_zone_is_another_version() {
    let moved = VenueMap { time_zone: "Asia/Tokyo".parse().unwrap(), ..map("a") };
    let fact = MapEvent::Published { edition: Edition { version: 2, map: moved.clone() }, note: note("x") };
    given::<Editions>([published(1, "a")])
        .when(MapCommand::Publish { map: moved, note: note("x"), seen: 1 })
        .then([fact]);
}

#[test]
fn an_earlier_version_is_shown_again_and_says_itself_what_it_is() {
    let history = [published(1, "a"), published(2, "b")];
    given::<Editions>(history.clone()).when(roll_back(1, 2)).then([rolled_back(1, "a", 2)]);
    given::<Editions>(history.clone()).when(roll_back(2, 2)).then_nothing();
    let state = given::<Editions>([history.as_slice(), &[rolled_back(1, "a", 2)]].concat()).state();
    assert_eq!(state.shown(), Some(Edition { version: 1, map: map("a") }));
}

#[test]
fn who_knew_another_version_is_told() {
    let overtaken = MapRejection::Overtaken { seen: 1, shown: 2 };
    given::<Editions>([published(1, "a"), published(2, "b")]).when(publish("c", 1)).rejects(&overtaken);
    given::<Editions>([published(1, "a"), published(2, "b")]).when(roll_back(1, 1)).rejects(&overtaken);
    let first = MapRejection::Overtaken { seen: 0, shown: 1 };
    given::<Editions>([published(1, "a")]).when(publish("b", 0)).rejects(&first);
}

#[test]
fn a_version_that_never_was_cannot_be_shown() {
    let unknown = MapRejection::UnknownVersion { version: 7, known: vec![1] };
    given::<Editions>([published(1, "a")]).when(roll_back(7, 1)).rejects(&unknown);
    let none = MapRejection::UnknownVersion { version: 1, known: vec![] };
    given::<Editions>([]).when(roll_back(1, 0)).rejects(&none);
}

proptest! {
    #[test]
    fn a_map_refolds_to_the_same_versions_from_a_bounded_tail(
        orders in proptest::collection::vec((any::<bool>(), 0u32..40), 0..900),
    ) {
        let (mut facts, mut state) = (Vec::new(), EditionsState::default());
        for (publishes, which) in orders {
            let seen = state.shown().map_or(0, |shown| shown.version);
            let command =
                if publishes && which < 10 { publish(&which.to_string(), seen) } else { roll_back(which, seen) };
            for fact in Editions::decide(&state, command).unwrap_or_default() {
                state = Editions::evolve(state, &fact);
                facts.push(fact);
            }
        }
        let forgotten = usize::try_from(Editions::forgets(&state, facts.len() as u64)).unwrap();
        let again = facts[forgotten..].iter().fold(EditionsState::default(), Editions::evolve);
        prop_assert_eq!((state.shown(), state.newest), (again.shown(), again.newest));
        prop_assert!(state.known.keys().eq(again.known.keys()));
        prop_assert!(facts.len() - forgotten <= 256);
    }
}

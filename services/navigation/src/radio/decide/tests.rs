//! Which radio map is in use.

use airside_kernel::given;
use airside_wayfinding::position::{Form, Ground};
use proptest::prelude::*;

use super::*;
use crate::blobs::Digest;

fn edition(version: &str, content: &str) -> RadioEdition {
    RadioEdition {
        version: version.parse().unwrap(),
        digest: Digest::of(content.as_bytes()),
        form: Form::Survey,
        ground: Ground::default(),
        bytes: content.len() as u64,
        published_at: "2026-11-20T06:00:00Z".parse().unwrap(),
    }
}

fn published(version: &str, content: &str) -> RadioMapPublished {
    RadioMapPublished(edition(version, content))
}

fn publish(version: &str, content: &str) -> RadioCommand {
    RadioCommand::Publish(edition(version, content))
}

fn roll_back(version: &str) -> RadioCommand {
    RadioCommand::RollBack { version: version.parse().unwrap() }
}

#[test]
fn a_new_map_is_in_use_once_published() {
    given::<RadioMaps>([]).when(publish("1", "a")).then([published("1", "a")]);
    given::<RadioMaps>([published("1", "a")]).when(publish("2", "b")).then([published("2", "b")]);
}

#[test]
fn publishing_what_is_in_use_adds_nothing() {
    let later = RadioEdition { published_at: "2026-12-01T06:00:00Z".parse().unwrap(), ..edition("1", "a") };
    given::<RadioMaps>([published("1", "a")]).when(RadioCommand::Publish(later)).then([]);
}

#[test]
fn a_name_belongs_to_its_content() {
    let name = "1".parse().unwrap();
    given::<RadioMaps>([published("1", "a")])
        .when(publish("1", "b"))
        .rejects(&RadioRejection::NameTaken(name));
    let other = RadioEdition { form: Form::Beacons, ..edition("1", "a") };
    let name = "1".parse().unwrap();
    given::<RadioMaps>([published("1", "a")])
        .when(RadioCommand::Publish(other))
        .rejects(&RadioRejection::NameTaken(name));
}

#[test]
fn an_earlier_map_is_put_back_by_its_name() {
    let history = [published("1", "a"), published("2", "b")];
    given::<RadioMaps>(history.clone()).when(roll_back("1")).then([published("1", "a")]);
    given::<RadioMaps>(history.clone()).when(publish("1", "a")).then([published("1", "a")]);
    given::<RadioMaps>(history.clone()).when(roll_back("2")).then([]);
    let unknown =
        RadioRejection::Unknown { version: "3".parse().unwrap(), known: vec!["2".into(), "1".into()] };
    given::<RadioMaps>(history).when(roll_back("3")).rejects(&unknown);
}

proptest! {
    #[test]
    fn what_is_forgotten_changes_no_state(uses in proptest::collection::vec(0..50_u32, 1..600)) {
        let (mut state, mut facts) = (RadioState::default(), Vec::new());
        for version in uses {
            let fact = published(&version.to_string(), "a");
            state = RadioMaps::evolve(state, &fact);
            facts.push(fact);
            prop_assert!(state.used.len() <= KEPT_MAX);
        }
        let folded = facts.len() as u64;
        let from = RadioMaps::forgets(&state, folded);
        let needed = &facts[usize::try_from(from).unwrap()..];
        let again = needed.iter().fold(RadioState::default(), RadioMaps::evolve);
        prop_assert!(folded - from <= KEPT_FACTS);
        prop_assert!(again.editions().eq(state.editions()));
    }
}

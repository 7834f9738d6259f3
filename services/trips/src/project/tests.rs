//! What the list of followed things shows.

use airside_kernel::{Cause, Revision};
use uuid::Uuid;

use super::*;
use crate::events::tests::recorded_as;

fn followed(facts: impl IntoIterator<Item = Fact>) -> Followed {
    facts.into_iter().fold(Followed::default(), |mut followed, fact| {
        let stream = format!("person-{}", Uuid::from_u128(1));
        let (version, payload) = (fact.schema_version(), fact.encode());
        followed.apply(&recorded_as(version, &stream, fact.event_type(), &payload, 0)).unwrap();
        followed
    })
}

fn flight() -> FlightId {
    "ZH9101-20261120".parse().unwrap()
}

fn passed(point: PassagePoint) -> Fact {
    let cause = Cause { reactor: "r".into(), stream: "flight-1".into(), revision: Revision(1), index: 0 };
    Fact::PassagePointPassed { flight: flight(), point, cause }
}

#[test]
fn only_the_gate_means_boarded() {
    let follow = || Fact::FlightFollowed { flight: flight() };
    for (points, boarded) in [
        (vec![], false),
        (vec![PassagePoint::CheckIn, PassagePoint::Security], false),
        (vec![PassagePoint::Gate, PassagePoint::Security], true),
    ] {
        let facts = [follow()].into_iter().chain(points.into_iter().map(passed));
        assert_eq!(followed(facts).by(PersonId(Uuid::from_u128(1))).flights[&flight()], boarded);
    }
}

#[test]
fn who_follows_nothing_takes_no_room() {
    let journey = JourneyId(Uuid::from_u128(7));
    let facts = [
        Fact::FlightFollowed { flight: flight() },
        Fact::BagFollowed { plate: "0479123456".parse().unwrap(), journey },
        Fact::FlightUnfollowed { flight: flight() },
        Fact::BagUnfollowed { journey },
    ];
    assert!(followed(facts).0.is_empty());
}

#[test]
fn a_point_of_a_flight_that_is_not_followed_shows_nothing() {
    assert!(followed([passed(PassagePoint::Gate)]).0.is_empty());
}

#[test]
fn what_was_kept_answers_as_before() {
    let journey = JourneyId(Uuid::from_u128(7));
    let before = followed([
        Fact::FlightFollowed { flight: flight() },
        Fact::BagFollowed { plate: "0479123456".parse().unwrap(), journey },
        passed(PassagePoint::Gate),
    ]);
    let bytes = postcard::to_stdvec(&before.image()).unwrap();
    let mut restored = Followed::default();
    restored.restore(postcard::from_bytes(&bytes).unwrap());
    let person = PersonId(Uuid::from_u128(1));
    assert_eq!(restored.by(person), before.by(person));
    assert!(restored.by(person).flights[&flight()]);
}

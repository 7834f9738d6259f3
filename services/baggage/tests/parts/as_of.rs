//! A bag as it was known at an instant of the past.

use airside_api::baggage::v1::{self as api, TrackingPoint};
use airside_baggage::model::JourneyId;
use airside_kernel::{Clock, Keyring, PersonId, Timestamp};
use airside_runtime::{auth::Caller, stored::timestamp_message};
use jiff::SignedDuration;
use proptest::prelude::*;
use tonic::Code;
use uuid::Uuid;

use crate::{
    airport::{Airport, by, sample, staff},
    scans::scan,
};

const PLATE: &str = "3479000101";

/// Something that happens to a plate, and how long after the last.
#[derive(Debug, Clone)]
enum Step {
    Announced { day: u8 },
    Seen { point: i32, late_min: i64 },
    Nothing,
}

fn history() -> impl Strategy<Value = Vec<(i64, Step)>> {
    let step = prop_oneof![
        1 => (20u8..26).prop_map(|day| Step::Announced { day }),
        4 => (1..=15i32, 0i64..90).prop_map(|(point, late_min)| Step::Seen { point, late_min }),
        1 => Just(Step::Nothing),
    ];
    // Hours apart mostly; sometimes so long that the plate forgets what was.
    let pause = prop_oneof![6 => 0i64..300, 1 => 10_000i64..20_000];
    proptest::collection::vec((pause, step), 1..14)
}

impl Airport {
    async fn happens(&mut self, number: usize, step: Step) {
        match step {
            Step::Announced { day } => {
                let flight = format!("ZH9{number:03}/{day}NOV/PEK");
                let text = format!("BSM\n.V/1LSZX\n.F/{flight}\n.N/{PLATE}001\n.P/1ZHANG/SAN\nENDBSM\n");
                self.submit(&[&text]).await;
            }
            Step::Seen { point, late_min } => {
                let seen_at = self.clock.now().checked_sub(SignedDuration::from_mins(late_min)).unwrap();
                let point = TrackingPoint::try_from(point).unwrap();
                let scan = scan(&format!("s{number}"), PLATE, self.clock.as_ref());
                let observed_at = Some(timestamp_message(seen_at));
                self.record(vec![api::Scan { point: point.into(), observed_at, ..scan }]).await;
            }
            Step::Nothing => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn what_was_answered_then_is_answered_as_of_then(history in history()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut airport = Airport::reading().await;
            let mut answers: Vec<(Timestamp, Option<api::Bag>)> = Vec::new();
            for (number, (pause_min, step)) in history.into_iter().enumerate() {
                airport.clock.advance(SignedDuration::from_mins(pause_min + 1));
                airport.happens(number, step).await;
                let known = airport.bag(PLATE, staff()).await.ok();
                answers.push((airport.clock.now(), known));
            }
            airport.clock.advance(SignedDuration::from_mins(1));
            let mut before = None;
            for (at, known) in answers {
                let just_before = at.checked_sub(SignedDuration::from_micros(1)).unwrap();
                prop_assert_eq!(airport.bag_as_of(PLATE, just_before, staff()).await.ok(), before);
                prop_assert_eq!(airport.bag_as_of(PLATE, at, staff()).await.ok(), known.clone());
                before = known;
            }
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn a_passenger_sees_the_past_of_what_they_follow_now_and_of_nothing_else() {
    let mut airport = Airport::reading().await;
    airport.submit(&[&sample("syn_bsm_local_szx")]).await;
    let journey = airport.bag(PLATE, staff()).await.unwrap().journey_id;
    let then = airport.clock.now();
    airport.clock.advance(SignedDuration::from_mins(5));
    let (mine, other) = (PersonId(Uuid::from_u128(1)), PersonId(Uuid::from_u128(2)));
    airport.follow(mine, PLATE, &journey).await;
    airport.settled().await;
    airport.bag(PLATE, Caller::Passenger(mine)).await.unwrap();

    let bag = airport.bag_as_of(PLATE, then, Caller::Passenger(mine)).await.unwrap();
    assert_eq!((bag.passenger.as_str(), &bag.journey_id), ("ZHANG/SAN", &journey));
    let strange = airport.bag_as_of(PLATE, then, Caller::Passenger(other)).await.unwrap_err();
    assert_eq!((strange.code(), strange.message()), (Code::NotFound, "bag not found"));
    airport.vault.erase(&JourneyId(journey.parse().unwrap()).subject()).await.unwrap();
    for caller in [Caller::Passenger(mine), staff()] {
        let erased = airport.bag_as_of(PLATE, then, caller).await.unwrap();
        assert_eq!(erased.passenger, "erased", "the past shows nobody who was erased");
    }
}

#[tokio::test]
async fn a_question_about_the_past_that_makes_no_sense_names_its_field() {
    let mut airport = Airport::reading().await;
    airport.submit(&[&sample("syn_bsm_local_szx")]).await;
    let position = airport.settled().await;
    let now = airport.clock.now();
    let past = timestamp_message(now);
    let ahead = prost_types::Timestamp { seconds: past.seconds + 1, ..past };
    for (as_of, at_least_position, field) in
        [(ahead, "", "as_of: "), (past, position.as_str(), "at_least_position: ")]
    {
        let (plate, at_least_position) = (PLATE.to_owned(), at_least_position.to_owned());
        let request = api::GetBagRequest { plate, at_least_position, as_of: Some(as_of) };
        let refused = airport.client.get_bag(by(staff(), request)).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert!(refused.message().starts_with(field), "{refused}");
    }
}

//! Several bags of one person in one notice.

use airside_api::baggage::v1::BagException;
use proptest::prelude::*;

use super::*;

/// The bags of a family: plates and journeys.
const BAGS: [(&str, Uuid); 3] = [
    ("0479000001", Uuid::from_u128(101)),
    ("0479000002", Uuid::from_u128(102)),
    ("0479000003", Uuid::from_u128(103)),
];
const ALL: &str = "0479000001,0479000002,0479000003";

impl Airport {
    async fn family() -> Self {
        let mut airport = Self::new();
        for (plate, journey) in BAGS {
            airport.follows_journey(ANN, plate, journey).await;
        }
        airport
    }

    async fn one(&mut self, bag: usize, previous: Stage, status: BagStatus) {
        let (plate, journey) = BAGS[bag];
        self.journey(plate, journey, previous, status).await;
    }

    async fn loads(&mut self, bag: usize) {
        self.one(bag, Stage::AtAircraft, status(Stage::OnAircraft, false)).await;
    }

    /// Lets the clock run, and what is due strike.
    async fn waits(&mut self, seconds: i64) {
        self.react().await;
        self.house.clock.advance(SignedDuration::from_secs(seconds));
        let now = self.house.clock.now();
        if self.house.part.reactor.due().is_some_and(|due| due <= now) {
            self.house.part.reactor.strike(now);
            self.house.part.reactor.flush().await.unwrap();
            self.release().await;
        }
    }

    /// Returns the kinds of a person's notices and the bags in each.
    async fn told(&mut self, number: u128) -> Vec<(Kind, String)> {
        let bags = |notice: &Notice| {
            let parameters = &notice.parameters;
            parameters.get("plates").or_else(|| parameters.get("plate")).cloned().unwrap_or_default()
        };
        self.inbox(number).await.iter().map(|notice| (notice.kind, bags(notice))).collect()
    }
}

fn told(kind: Kind, plates: &str) -> (Kind, String) {
    (kind, plates.to_owned())
}

#[tokio::test]
async fn three_bags_that_are_loaded_within_the_window_are_one_notice_as_soon_as_the_last_is() {
    let mut airport = Airport::family().await;
    airport.loads(1).await;
    airport.waits(10).await;
    airport.loads(0).await;
    assert!(airport.kinds(ANN).await.is_empty(), "the third may follow");
    airport.loads(2).await;
    assert_eq!(airport.told(ANN).await, [told(Kind::BagLoaded, ALL)]);
    let notice = &airport.inbox(ANN).await[0];
    assert_eq!(notice.parameters["plate"], BAGS[0].0);
    let opened = airport.house.stream(&format!("bag-{}", BAGS[1].0).parse().unwrap()).await.remove(0);
    let cause = Cause {
        reactor: Notices::NAME.into(),
        stream: opened.stream().into(),
        revision: opened.revision(),
        index: 0,
    };
    let id = model::notification_id(&cause, person(ANN));
    assert_eq!(notice.id, id, "its cause is the bag that opened the window");
}

#[tokio::test]
async fn a_bag_that_lets_the_others_wait_is_left_for_another_notice() {
    let mut airport = Airport::family().await;
    airport.loads(0).await;
    airport.loads(1).await;
    airport.waits(29).await;
    assert!(airport.kinds(ANN).await.is_empty());
    airport.waits(1).await;
    assert_eq!(airport.told(ANN).await, [told(Kind::BagLoaded, "0479000001,0479000002")]);
    airport.loads(2).await;
    let last = told(Kind::BagLoaded, BAGS[2].0);
    assert_eq!(airport.told(ANN).await[1..], [last], "nobody is left to wait for");
    assert!(!airport.inbox(ANN).await[1].parameters.contains_key("plates"));
}

#[tokio::test]
async fn who_follows_one_bag_waits_for_nothing() {
    let mut airport = Airport::family().await;
    airport.follows_journey(BOB, BAGS[0].0, BAGS[0].1).await;
    airport.loads(0).await;
    assert_eq!(airport.told(BOB).await, [told(Kind::BagLoaded, BAGS[0].0)]);
    assert!(airport.kinds(ANN).await.is_empty());
}

#[tokio::test]
async fn bags_of_another_flight_are_not_waited_for() {
    let mut airport = Airport::family().await;
    for bag in [1, 2] {
        let elsewhere = BagStatus { flight: "CA1-20261120".into(), ..status(Stage::Sorted, false) };
        airport.one(bag, Stage::InSystem, elsewhere).await;
    }
    airport.loads(0).await;
    assert_eq!(airport.told(ANN).await, [told(Kind::BagLoaded, BAGS[0].0)]);
}

#[tokio::test]
async fn a_bag_with_other_news_closes_the_window_and_is_left_out() {
    let mut airport = Airport::family().await;
    airport.loads(0).await;
    airport.loads(1).await;
    airport.one(0, Stage::OnAircraft, status(Stage::AtAircraft, true)).await;
    airport.waits(30).await;
    assert_eq!(
        airport.told(ANN).await,
        [told(Kind::BagLoaded, BAGS[1].0), told(Kind::BagOffloaded, BAGS[0].0)]
    );
}

#[tokio::test]
async fn what_was_not_told_yet_is_not_corrected() {
    let mut airport = Airport::family().await;
    let left = BagStatus { exception: BagException::LeftBehind as i32, ..status(Stage::Sorted, false) };
    airport.one(0, Stage::Sorted, left).await;
    airport.one(0, Stage::Sorted, status(Stage::Departed, false)).await;
    airport.waits(30).await;
    assert_eq!(airport.told(ANN).await, [told(Kind::BagLoaded, BAGS[0].0)]);
}

#[tokio::test]
async fn three_bags_left_behind_are_one_notice_and_each_is_corrected_by_itself() {
    let mut airport = Airport::family().await;
    for bag in 0..3 {
        let left = BagStatus { exception: BagException::LeftBehind as i32, ..status(Stage::Sorted, false) };
        airport.one(bag, Stage::Sorted, left).await;
    }
    airport.waits(30).await;
    airport.one(1, Stage::Sorted, status(Stage::Departed, false)).await;
    assert_eq!(
        airport.told(ANN).await,
        [told(Kind::BagLeftBehind, ALL), told(Kind::BagCorrected, BAGS[1].0)]
    );
}

#[tokio::test]
async fn a_bag_that_must_come_off_while_the_others_wait_is_not_told_as_on_board() {
    let mut airport = Airport::family().await;
    airport.loads(0).await;
    airport.loads(1).await;
    airport.one(0, Stage::OnAircraft, status(Stage::OnAircraft, true)).await;
    airport.loads(2).await;
    airport.waits(30).await;
    let told_of = airport.told(ANN).await;
    assert!(told_of.iter().all(|(kind, plates)| *kind == Kind::BagLoaded && !plates.contains(BAGS[0].0)));
    assert_eq!(told_of.len(), 2);
}

#[tokio::test]
async fn a_connecting_bag_that_waits_here_may_follow_suit() {
    const ONWARD: &str = "ZH9103-20261120";
    let onward = |stage| BagStatus { flight: ONWARD.into(), ..status(stage, false) };
    let mut airport = Airport::family().await;
    airport.one(0, Stage::Transferring, onward(Stage::Sorted)).await;
    airport.one(1, Stage::Departed, onward(Stage::Transferring)).await;
    let unloaded =
        BagStatus { connection: 1, connection_flight: ONWARD.into(), ..status(Stage::Unloaded, false) };
    airport.one(2, Stage::Departed, unloaded).await;
    airport.one(0, Stage::Sorted, onward(Stage::OnAircraft)).await;
    airport.one(1, Stage::Transferring, onward(Stage::OnAircraft)).await;
    assert!(airport.kinds(ANN).await.is_empty(), "the third may follow");
    airport.one(2, Stage::Unloaded, onward(Stage::OnAircraft)).await;
    assert_eq!(airport.told(ANN).await, [told(Kind::BagLoaded, ALL)]);
}

#[tokio::test]
async fn who_follows_a_bag_no_more_hears_only_of_the_others_in_its_window() {
    let mut airport = Airport::family().await;
    airport.loads(0).await;
    airport.loads(1).await;
    let unfollowed = trips::BagUnfollowed { journey_id: BAGS[0].1.to_string() };
    airport.trip(person(ANN), "trips.BagUnfollowed", unfollowed).await;
    airport.waits(30).await;
    assert_eq!(airport.told(ANN).await, [told(Kind::BagLoaded, BAGS[1].0)]);
}

#[tokio::test]
async fn a_window_is_closed_by_the_log_as_by_the_clock_and_a_replay_pushes_nothing() {
    let mut airport = Airport::family().await;
    airport.loads(0).await;
    airport.loads(1).await;
    airport.waits(31).await;
    airport.loads(2).await;
    airport.one(0, Stage::OnAircraft, status(Stage::OnBelt, false)).await;
    airport.waits(31).await;
    let before = airport.told(ANN).await;
    assert_eq!(before.len(), 3);
    let mut again = Airport { house: airport.house.again(), seen: None };
    assert_eq!(again.told(ANN).await, before);
    again.waits(31).await;
    assert_eq!(again.told(ANN).await, before);
    assert_eq!(again.house.part.tally.issued.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_window_outlives_a_restart_and_closes_once() {
    let mut airport = Airport::family().await;
    airport.loads(0).await;
    airport.loads(1).await;
    airport.react().await;
    let bytes = postcard::to_stdvec(&airport.house.part.reactor.image()).unwrap();
    let mut again = Airport { house: airport.house.again(), seen: airport.seen };
    again.house.part.reactor.restore(postcard::from_bytes(&bytes).unwrap());
    for restarted in [&mut again, &mut airport] {
        restarted.waits(30).await;
        assert_eq!(restarted.told(ANN).await, [told(Kind::BagLoaded, "0479000001,0479000002")]);
    }
    assert_eq!(again.house.part.reactor.due(), None);
}

/// Something that a bag does after a pause: which bag, where to, and what is wrong with it.
type Move = (i64, usize, usize, bool, bool);

/// Plays moves on a world, with or without a clock that strikes between them.
fn played(moves: &[Move], strikes: bool) -> Vec<Telling> {
    const STAGES: [Stage; 6] =
        [Stage::Accepted, Stage::Sorted, Stage::OnAircraft, Stage::Departed, Stage::OnBelt, Stage::Collected];
    let (mut world, mut at) = (World::default(), Timestamp::UNIX_EPOCH);
    let origin = |stream: String, revision: usize, recorded_at| Origin {
        cause: Cause {
            reactor: "r".into(),
            stream,
            revision: airside_kernel::Revision(revision as u64),
            index: 0,
        },
        event: Uuid::nil(),
        correlation: Uuid::nil(),
        occurred_at: recorded_at,
        recorded_at,
    };
    for (number, (who, bag)) in [(ANN, 0), (ANN, 1), (ANN, 2), (BOB, 0)].into_iter().enumerate() {
        let change = facts::TripChange::BagFollowed { journey: BAGS[bag].1, plate: BAGS[bag].0.to_owned() };
        world.take(facts::Fact::Trip { person: person(who), change }, &origin("person".into(), number, at));
    }
    let (mut tellings, mut stages) = (Vec::new(), [Stage::Expected; 3]);
    for (number, (pause, bag, stage, offload, is_left)) in moves.iter().enumerate() {
        if strikes {
            tellings.extend(world.close_due(at + SignedDuration::from_secs(pause / 2)));
        }
        at += SignedDuration::from_secs(*pause);
        let change = facts::BagChange {
            journey: BAGS[*bag].1,
            previous: stages[*bag],
            stage: STAGES[*stage],
            offload: *offload,
            flight: FLIGHT.into(),
            station: "SZX".into(),
            location: String::new(),
            exception: if *is_left { BagException::LeftBehind } else { BagException::Unspecified },
            connection: Default::default(),
            connection_flight: String::new(),
            left_flight: String::new(),
            seen_at: None,
        };
        stages[*bag] = STAGES[*stage];
        tellings.extend(world.take(facts::Fact::Bag(change), &origin(BAGS[*bag].0.into(), number, at)));
    }
    tellings.extend(world.close_due(Timestamp::MAX));
    tellings
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    proptest::collection::vec((0..40i64, 0..3usize, 0..6usize, any::<bool>(), any::<bool>()), 1..40)
}

proptest! {
    #[test]
    fn the_clock_changes_when_something_is_told_and_never_what(moves in moves()) {
        prop_assert_eq!(played(&moves, true), played(&moves, false));
    }

    #[test]
    fn the_causes_of_one_bag_reach_an_inbox_in_their_order_and_only_their_own(moves in moves()) {
        let mut newest = std::collections::BTreeMap::new();
        for telling in played(&moves, true) {
            let cause = (telling.person, telling.origin.cause.stream.clone());
            let revision = telling.origin.cause.revision;
            prop_assert!(newest.insert(cause, revision).is_none_or(|earlier| earlier < revision), "{telling:?}");
            let plates = telling.parameters.get("plates").unwrap_or_else(|| &telling.parameters["plate"]);
            prop_assert!(telling.person == person(ANN) || plates == BAGS[0].0, "{telling:?}");
        }
    }
}

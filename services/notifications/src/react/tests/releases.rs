//! From the decision to the inbox, over restarts and on two nodes.

use airside_api::notifications::v1::{self, notification_service_server::NotificationService};
use airside_runtime::auth::Caller;

use super::*;
use crate::model::AckLevel;

impl Airport {
    /// An airport with the usual rules.
    fn as_usual() -> Self {
        Self { house: House::new(), seen: None }
    }

    /// Returns the airport in another process, whose reactors have read what was there and act on the rest.
    async fn restarted(&self) -> Self {
        let mut again = Self { house: self.house.again(), seen: self.seen };
        for event in again.house.store.read_all(None, 10_000).await.unwrap().events {
            if Notices::wants(event.category()) {
                again.house.part.reactor.take(&event, false).unwrap();
            }
            if Releases::wants(event.category()) {
                again.house.part.releases.take(&event, false).unwrap();
            }
        }
        again
    }

    /// Lets the clock come to the next deadline of what waits, and returns whether there was one.
    async fn strikes(&mut self) -> bool {
        let Some(due) = self.house.part.releases.due() else { return false };
        let now = self.house.clock.now();
        self.house.clock.advance(due.duration_since(now).max(SignedDuration::ZERO));
        self.house.part.releases.strike(self.house.clock.now());
        self.house.part.releases.flush().await.unwrap();
        self.release().await;
        true
    }

    async fn belts(&mut self, number: u128) -> Vec<String> {
        let inbox = self.inbox(number).await;
        inbox.iter().map(|notice| notice.parameter("belt").to_owned()).collect()
    }
}

#[tokio::test]
async fn what_waits_is_told_after_a_restart_and_once() {
    let mut airport = Airport::as_usual();
    airport.follows(ANN).await;
    airport.belt("5", "").await;
    airport.belt("6", "5").await;
    assert_eq!(airport.belts(ANN).await, ["5"]);
    let mut again = airport.restarted().await;
    assert!(again.strikes().await, "the deadline is folded from the log");
    assert_eq!(again.belts(ANN).await, ["5", "6"]);
    assert!(!again.strikes().await, "it was answered");
    assert!(airport.strikes().await, "another node strikes too");
    assert_eq!(airport.belts(ANN).await, ["5", "6"]);
    let inbox = airport.inbox(ANN).await;
    assert_eq!(inbox[1].supersedes, Some(inbox[0].id));
}

#[tokio::test]
async fn a_deadline_that_was_answered_says_nothing() {
    let mut airport = Airport::as_usual();
    airport.follows(ANN).await;
    airport.belt("5", "").await;
    airport.belt("6", "5").await;
    airport.belt("5", "6").await;
    assert_eq!(airport.belts(ANN).await, ["5"]);
    assert!(!airport.strikes().await);
    let tally = &airport.house.part.tally;
    let counts = [&tally.held, &tally.merged, &tally.suppressed].map(|count| count.load(Ordering::Relaxed));
    assert_eq!(counts, [1, 1, 1]);
}

#[tokio::test]
async fn a_memory_knows_the_deadlines_that_have_not_been_answered() {
    let mut airport = Airport::as_usual();
    airport.follows(ANN).await;
    airport.belt("5", "").await;
    airport.belt("6", "5").await;
    airport.react().await;
    let releases = &mut airport.house.part.releases;
    let due = releases.due();
    releases.strike(due.unwrap());
    assert_eq!(releases.due(), None);
    let bytes = postcard::to_stdvec(&releases.image()).unwrap();
    let mut again = airport.house.again();
    again.part.releases.restore(postcard::from_bytes(&bytes).unwrap());
    assert_eq!(again.part.releases.due(), due, "nobody knows whether its order came through");
}

/// Returns what the service says became of a person's notices: kind and steps.
async fn trails(airport: &Airport, number: u128, id: &str) -> Result<Vec<v1::NoticeTrail>, tonic::Status> {
    let request = v1::GetNoticeTrailRequest { notification_id: id.to_owned(), ..Default::default() };
    let mut request = tonic::Request::new(request);
    request.extensions_mut().insert(Caller::Passenger(person(number)));
    Ok(airport.house.part.service.get_notice_trail(request).await?.into_inner().trails)
}

#[tokio::test]
async fn the_trail_tells_what_became_of_each_notice_and_nothing_of_others() {
    use v1::TrailStepKind::{Created, Delivered, Held, Merged, Read, Sent, Suppressed};
    let mut airport = Airport::as_usual();
    airport.follows(ANN).await;
    for (belt, previous) in [("5", ""), ("6", "5"), ("7", "6"), ("7", "8")] {
        airport.belt(belt, previous).await;
    }
    airport.react().await;
    assert!(airport.strikes().await);
    let service = &airport.house.part.service;
    for (up_to_seq, level) in [(1, AckLevel::Delivered), (1, AckLevel::Read), (2, AckLevel::Read)] {
        service.acknowledge_notices(person(ANN), up_to_seq, level).await.unwrap();
    }
    let told = trails(&airport, ANN, "").await.unwrap();
    let steps = |trail: &v1::NoticeTrail| trail.steps.iter().map(v1::TrailStep::kind).collect::<Vec<_>>();
    let shown: Vec<_> =
        told.iter().map(|trail| (trail.parameters["belt"].as_str(), trail.seq, steps(trail))).collect();
    assert_eq!(
        shown,
        [
            ("7", 2, vec![Created, Held, Sent, Read]),
            ("7", 0, vec![Created, Held, Merged]),
            ("6", 0, vec![Created, Held, Merged]),
            ("5", 1, vec![Created, Sent, Delivered, Read]),
        ]
    );
    assert_eq!(told[1].steps[2].merged_into, told[0].notification_id);
    assert_eq!(told[0].steps[1].hold_reason(), v1::HoldReason::Merging);
    assert!(told[0].steps.is_sorted_by_key(|step| step.at.map(|at| (at.seconds, at.nanos))));
    assert_eq!(trails(&airport, ANN, &told[2].notification_id).await.unwrap(), told[2..3]);

    airport.belt("7", "9").await;
    airport.react().await;
    let last = trails(&airport, ANN, "").await.unwrap().remove(0);
    assert_eq!(steps(&last), [Created, Suppressed]);
    assert_eq!(last.steps[1].suppress_reason(), v1::SuppressReason::Unchanged);

    assert!(trails(&airport, BOB, "").await.unwrap().is_empty());
    let foreign = trails(&airport, BOB, &told[0].notification_id).await.unwrap_err();
    assert_eq!(foreign.code(), tonic::Code::NotFound, "another's notice is not found");
    let nonsense = trails(&airport, ANN, "x").await.unwrap_err();
    assert_eq!(nonsense.code(), tonic::Code::InvalidArgument);
}

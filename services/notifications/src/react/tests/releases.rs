//! From the decision to the inbox, over restarts and on two nodes.

use super::*;

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

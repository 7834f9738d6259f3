//! What is told although nobody reports anything: a wait ran out, a new map is shown.

use airside_wayfinding::Snapshot;

use super::*;
use crate::{
    blobs::Digest,
    model::edition::{Edition, Format, Note, VenueMap},
};

/// A report of a queue at security that holds for so many minutes.
async fn queue(house: &House, seconds: u32, minutes: i64) {
    let until = house.clock.now() + SignedDuration::from_mins(minutes);
    let wait = Wait::new(house.security(), seconds, Some(until)).unwrap();
    house.change(VenueCommand::Report(wait)).await;
}

impl House {
    /// Lets the time pass, and the reactor do what is due by then.
    async fn later(&mut self, minutes: i64) {
        self.clock.advance(SignedDuration::from_mins(minutes));
        self.strike().await;
    }

    async fn strike(&mut self) {
        self.react().await;
        if self.reactor.due().is_some_and(|due| due <= self.clock.now()) {
            self.reactor.strike(self.clock.now());
            self.reactor.flush().await.unwrap();
        }
    }

    /// Publishes a version of the map, which nobody compiles.
    async fn publish(&self) -> Edition {
        let map = VenueMap {
            digest: Digest::of(b"larger"),
            size: 1,
            format: Some(Format::Imdf),
            time_zone: "Asia/Shanghai".parse().unwrap(),
            warnings: 0,
            notes: 0,
            levels: 2,
            places: 9,
        };
        let edition = Edition { version: 1, map };
        let published = MapEvent::Published { edition: edition.clone(), note: Note::default() };
        self.say("map-testville", "navigation.VenuePublished", published.encode()).await;
        edition
    }

    async fn waits(&mut self, number: u128) -> Vec<u32> {
        self.told(number).await.iter().map(|fact| times(fact).waiting_s / 60).collect()
    }
}

#[tokio::test]
async fn when_a_reported_wait_runs_out_those_on_the_way_are_told_once_and_nobody_else() {
    let mut house = House::new();
    house.follow(1, "Metro", to("A3")).await.unwrap();
    house.follow(2, "Metro", to("Check-in B")).await.unwrap();
    let usual = house.waits(1).await;
    let first = usual[0];
    queue(&house, 780, 10).await;
    assert_eq!(house.waits(1).await, [first, first + 13]);
    assert!(house.reactor.due().is_some());
    house.later(9).await;
    assert_eq!(house.waits(1).await.len(), 2, "it holds until its end");
    // Whoever begins to walk afterwards knows of no queue, and is told of none that ended.
    house.later(1).await;
    house.follow(3, "Metro", to("A3")).await.unwrap();
    house.strike().await;
    assert_eq!(house.waits(1).await, [first, first + 13, first]);
    assert_eq!((house.told(2).await.len(), house.told(3).await.len()), (1, 1));
    assert_eq!(house.reactor.due(), None, "what was struck is not due again");
    let mut other = house.again();
    other.strike().await;
    assert_eq!(house.waits(1).await.len(), 3, "another node says it no second time");
}

#[tokio::test]
async fn a_wait_that_was_reported_anew_runs_out_at_its_new_end_alone() {
    let mut house = House::new();
    house.follow(1, "Metro", to("A3")).await.unwrap();
    queue(&house, 780, 10).await;
    house.react().await;
    house.later(5).await;
    queue(&house, 900, 10).await;
    house.later(5).await;
    let told = house.waits(1).await;
    assert_eq!(told.len(), 3, "{told:?}");
    house.later(5).await;
    assert_eq!(house.waits(1).await.last(), Some(&told[0]));
}

#[tokio::test]
async fn a_wait_that_ran_out_while_nobody_ran_is_told_after_the_start_and_one_that_was_told_is_not() {
    let mut house = House::new();
    house.follow(1, "Metro", to("A3")).await.unwrap();
    queue(&house, 780, 10).await;
    let told = house.waits(1).await.len();
    let memory = postcard::to_stdvec(&house.reactor.image()).unwrap();
    for fresh in [false, true] {
        let mut again = house.again();
        if !fresh {
            again.reactor.restore(postcard::from_bytes(&memory).unwrap());
            again.seen = house.seen;
            house.clock.advance(SignedDuration::from_mins(10));
        }
        again.strike().await;
        assert_eq!(again.told(1).await.len(), told + 1, "fresh: {fresh}");
    }
}

/// The map of testville, four times as large.
fn larger() -> Snapshot {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../maps/testville");
    let number =
        |text: &str, origin: f64| text.trim().parse().ok().map(|at: f64| (at - origin).mul_add(4.0, origin));
    let stretched = |pair: &str| {
        let (longitude, latitude) = pair.split_once(',')?;
        let (longitude, latitude) = (number(longitude, 114.6)?, number(latitude, 22.2)?);
        Some(format!("{longitude:.9},{latitude:.9}"))
    };
    let source = Source::from_files(fs::read_dir(folder).unwrap().map(|entry| {
        let entry = entry.unwrap();
        let text = fs::read_to_string(entry.path()).unwrap();
        let parts = text.split('[').map(|part| match part.split_once(']') {
            Some((pair, rest)) => format!("{}]{rest}", stretched(pair).unwrap_or_else(|| pair.to_owned())),
            None => part.to_owned(),
        });
        let name = entry.file_name().into_string().unwrap();
        (name, parts.collect::<Vec<_>>().join("[").into_bytes())
    }));
    Snapshot::from_source(&source).unwrap()
}

#[tokio::test]
async fn when_a_new_map_is_shown_those_whose_way_takes_notably_longer_are_told_once() {
    let mut house = House::new();
    house.follow(1, "Metro", to("A3")).await.unwrap();
    let before = times(&house.told(1).await[0]);
    let edition = house.publish().await;
    house.strike().await;
    assert_eq!(house.told(1).await.len(), 1, "it is not shown yet");
    assert!(house.reactor.due().is_some());
    let code: VenueCode = "testville".parse().unwrap();
    house.reactor.maps.install(&code, Arc::new(larger()), Some(Arc::new(edition)));
    house.later(1).await;
    let told = house.told(1).await;
    let [_, WayEvent::Advised { .. }] = told.as_slice() else { panic!("{told:?}") };
    assert!(times(&told[1]).walking_s > 3 * before.walking_s, "{told:?}");
    assert_eq!(house.reactor.due(), None);
    let mut other = house.again();
    other.strike().await;
    assert_eq!(house.told(1).await.len(), 2);
}

#[tokio::test]
async fn a_map_that_is_never_shown_is_given_up_when_no_way_of_before_is_followed_any_more() {
    let mut house = House::new();
    house.publish().await;
    house.later(60).await;
    assert!(house.reactor.due().is_some(), "it may yet be shown");
    house.later(12 * 60).await;
    assert_eq!(house.reactor.due(), None);
}

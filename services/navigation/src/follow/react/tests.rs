//! Who is told of a way, over a real log, a real vault and the map of testville.

use std::{fs, path::Path};

use airside_api::{
    flights::v1 as flights,
    navigation::v1::{
        self as navigation, FindRouteRequest, FindRouteResponse, FollowWayRequest, FollowWayResponse,
        LeaveWayRequest, RouteEnd, follow_way_request::To, navigation_service_server::NavigationService,
        route_end::End, way_service_server::WayService,
    },
};
use airside_kernel::{
    Append, Clock, Direction, EventId, EventStore, Expected, ManualClock, Metadata, NewEvent, Position,
    Revision,
};
use airside_privacy::Vault;
use airside_runtime::{auth::Caller, projections::Projections, stored::timestamp_message};
use airside_store::MemoryStore;
use airside_wayfinding::{FeatureId, Source};
use jiff::SignedDuration;
use proptest::prelude::*;
use tokio::sync::{broadcast, watch};
use tonic::{Request, Status};

use super::*;
use crate::{
    Part,
    decide::VenueCommand,
    follow::model::Certainty,
    model::{Closure, Reason, Wait},
    part,
    project::usual_zone,
    service::{Navigation, ways},
    venues::Venues,
};

mod occasions;

const FLIGHT: &str = "CZ3101-20261120";
const PLACES: [&str; 6] = ["Metro", "Check-in B", "Cloud Coffee", "A1", "A3", "Lucky Noodles"];

/// A process with a log, a vault and the map of testville.
struct House {
    store: Arc<dyn EventStore>,
    vault: Arc<Vault>,
    clock: Arc<ManualClock>,
    venues: Venues,
    service: ways::Ways,
    reactor: Ways,
    seen: Option<Position>,
    folder: Arc<tempfile::TempDir>,
    _stop: watch::Sender<bool>,
    _erasures: broadcast::Sender<SubjectId>,
}

impl House {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::new("2026-11-20T06:00:00Z".parse().unwrap()));
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let vault = Arc::new(Vault::open(folder.path(), clock.clone()).unwrap());
        Self::on(Arc::new(MemoryStore::new(clock.clone())), vault, clock, folder)
    }

    /// Another process on the same log, which has read nothing of it yet.
    fn again(&self) -> Self {
        Self::on(self.store.clone(), self.vault.clone(), self.clock.clone(), self.folder.clone())
    }

    fn on(
        store: Arc<dyn EventStore>,
        vault: Arc<Vault>,
        clock: Arc<ManualClock>,
        folder: Arc<tempfile::TempDir>,
    ) -> Self {
        let keys: Arc<dyn Keyring> = vault.clone();
        let mut projections = Projections::new(store.clone());
        let map = [("testville".to_owned(), testville())];
        let dyn_clock: Arc<dyn Clock> = clock.clone();
        let made = part(&store, &keys, &dyn_clock, &mut projections, map, usual_zone());
        let Part { venues, ways: reactor, .. } = made.ok().unwrap();
        let service = ways::Ways::new(venues.clone(), reactor.executor.clone(), dyn_clock);
        let ((stop, stopped), (erasures, erased)) = (watch::channel(false), broadcast::channel(1));
        tokio::spawn(projections.run(erased, stopped));
        Self {
            store,
            vault,
            clock,
            venues,
            service,
            reactor,
            seen: None,
            folder,
            _stop: stop,
            _erasures: erasures,
        }
    }

    async fn follow(&self, number: u128, from: &str, to: To) -> Result<FollowWayResponse, Status> {
        let from = end(from);
        let request =
            FollowWayRequest { venue: "testville".into(), from, to: Some(to), ..Default::default() };
        Ok(self.service.follow_way(by(number, request)).await?.into_inner())
    }

    async fn change(&self, command: VenueCommand) {
        self.venues.change("testville", command, "staff/ops".into()).await.unwrap();
    }

    async fn close(&self, feature: &FeatureId) {
        let reason: Reason = "maintenance".parse().unwrap();
        let closure = Closure { feature: feature.clone(), reason, expected_until: None };
        self.change(VenueCommand::Close(closure)).await;
    }

    async fn queue(&self, feature: &FeatureId, seconds: u32) {
        self.change(VenueCommand::Report(Wait::new(feature.clone(), seconds, None).unwrap())).await;
    }

    async fn tell(&self, event_type: &'static str, payload: &impl prost::Message) {
        let stream = format!("flight-{FLIGHT}");
        let position = self.say(&stream, event_type, payload.encode_to_vec().into()).await;
        self.venues.boards.at_least(&position.to_string()).await.unwrap();
    }

    /// Appends what another part of the process would.
    async fn say(&self, stream: &str, event_type: &'static str, payload: Bytes) -> Position {
        let event = NewEvent {
            id: EventId(Uuid::now_v7()),
            event_type: event_type.into(),
            schema_version: 1,
            occurred_at: self.clock.now(),
            metadata: Metadata::default().encode(),
            payload,
        };
        let stream = stream.parse().unwrap();
        let append =
            Append { stream, expected: Expected::Any, fold_from: Revision::FIRST, events: vec![event] };
        self.store.append(append).await.unwrap().position.unwrap()
    }

    /// Lets the reactor take in what is new, and act.
    async fn react(&mut self) {
        let page = self.store.read_all(self.seen, 10_000).await.unwrap();
        self.seen = page.events.last().map(RecordedEvent::position).or(self.seen);
        for event in page.events.iter().filter(|event| Ways::wants(event.category())) {
            self.reactor.take(event, true).unwrap();
        }
        self.reactor.flush().await.unwrap();
    }

    async fn events(&self, number: u128) -> Vec<RecordedEvent> {
        let stream = model::stream(person(number));
        self.store.read_stream(&stream, Direction::Forwards, None, 1_000).await.unwrap().events
    }

    /// Returns what is told of a person's ways, besides that they are followed.
    async fn told(&mut self, number: u128) -> Vec<WayEvent> {
        self.react().await;
        let events = self.events(number).await;
        let facts = events.iter().map(|event| WayEvent::decode(event).unwrap());
        facts.flatten().filter(|fact| !matches!(fact, WayEvent::Followed(_))).collect()
    }

    async fn is_broken(&mut self, number: u128) -> bool {
        self.told(number).await.iter().any(|fact| matches!(fact, WayEvent::Broken { .. }))
    }

    async fn route(&self, from: &str, to: &str) -> FindRouteResponse {
        let (from, to) = (end(from), end(to));
        let request = FindRouteRequest { venue: "testville".into(), from, to, ..Default::default() };
        let service = Navigation::new(self.venues.clone());
        service.find_route(Request::new(request)).await.unwrap().into_inner()
    }

    /// Returns the features that the ways between all places name.
    async fn features(&self) -> Vec<FeatureId> {
        let mut features = BTreeSet::new();
        for from in PLACES {
            for to in PLACES.iter().filter(|to| **to != from) {
                features.extend(self.route(from, to).await.steps.into_iter().map(|step| step.feature_id));
            }
        }
        let (_, live) = self.venues.venue("testville").unwrap();
        let features = features.iter().filter_map(|feature| FeatureId::parse(feature));
        features.filter(|feature| live.snapshot.closable(feature)).collect()
    }

    fn security(&self) -> FeatureId {
        let (_, live) = self.venues.venue("testville").unwrap();
        live.snapshot.search("Security", 1)[0].id.clone()
    }
}

fn testville() -> Source {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../maps/testville");
    Source::from_files(fs::read_dir(folder).unwrap().map(|entry| {
        let entry = entry.unwrap();
        (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())
    }))
}

fn person(number: u128) -> PersonId {
    PersonId(Uuid::from_u128(number))
}

fn by<T>(number: u128, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(Caller::Passenger(person(number)));
    request
}

fn end(name: &str) -> Option<RouteEnd> {
    Some(RouteEnd { end: Some(End::Place(name.into())) })
}

fn to(name: &str) -> To {
    To::End(end(name).unwrap())
}

fn times(fact: &WayEvent) -> model::Times {
    match fact {
        WayEvent::Advised { advice, .. } | WayEvent::Broken { advice, .. } => advice.times.unwrap(),
        other => panic!("{other:?} takes no time"),
    }
}

#[tokio::test]
async fn a_followed_way_is_advised_and_a_queue_on_it_is_told_with_what_it_is_known_from() {
    let mut house = House::new();
    let known = house.follow(1, "Metro", to("A3")).await.unwrap().times.unwrap();
    house.follow(2, "Metro", to("Check-in B")).await.unwrap();
    let first = house.told(1).await;
    let [WayEvent::Advised { .. }] = first.as_slice() else { panic!("{first:?}") };
    let told = times(&first[0]);
    assert_eq!((told.walking_s, told.waiting_s), (known.walking_seconds, known.waiting_seconds));
    assert_eq!((told.certainty, told.at_security), (Certainty::Estimated, true));
    house.queue(&house.security(), 780).await;
    let queued = times(&house.told(1).await[1]);
    assert_eq!(queued.certainty, Certainty::Measured);
    assert!((queued.waiting_s - told.waiting_s).abs_diff(780) < 2 && queued.walking_s == told.walking_s);
    assert_eq!(house.told(2).await.len(), 1, "security is not on this way");
    house.queue(&house.security(), 800).await;
    assert_eq!(house.told(1).await.len(), 2, "twenty seconds are no news");
}

#[tokio::test]
async fn a_way_to_a_gate_is_advised_when_the_gate_is_known_and_says_when_to_leave() {
    let mut house = House::new();
    let asked = house.follow(1, "Metro", To::GateOf(FLIGHT.into())).await.unwrap();
    assert!(asked.times.is_none() && asked.leave_by.is_none() && asked.until.is_some());
    assert_eq!(house.told(1).await, []);
    let gate = flights::GateAssigned { gate: "A3".into(), ..Default::default() };
    house.tell("flights.GateAssigned", &gate).await;
    assert_eq!(house.told(1).await.len(), 1);
    let departure: Timestamp = "2026-11-20T08:00:00Z".parse().unwrap();
    let leg =
        flights::FlightLeg { scheduled_departure: Some(timestamp_message(departure)), ..Default::default() };
    let scheduled = flights::FlightScheduled { legs: vec![leg], ..Default::default() };
    house.tell("flights.FlightScheduled", &scheduled).await;
    let told = house.told(1).await;
    let [_, WayEvent::Advised { advice, .. }] = told.as_slice() else { panic!("{told:?}") };
    let leave_by = advice.leave_by.unwrap();
    assert!(leave_by < departure - SignedDuration::from_mins(15) && leave_by > house.clock.now());
    let again = house.follow(1, "Metro", To::GateOf(FLIGHT.into())).await.unwrap();
    assert_eq!(again.leave_by, Some(timestamp_message(leave_by)), "the answer says it too");
    house.tell("flights.FlightCancelled", &flights::FlightCancelled::default()).await;
    let told = house.told(1).await;
    let Some(WayEvent::Advised { advice, .. }) = told.last() else { panic!("{told:?}") };
    assert_eq!(advice.leave_by, None, "nothing is to be caught any more");
}

#[tokio::test]
async fn two_nodes_and_a_replay_say_it_once() {
    let (mut house, mut told) = (House::new(), Vec::new());
    let mut other = house.again();
    for number in 1..=3 {
        house.follow(number, "Metro", to("A3")).await.unwrap();
    }
    house.close(&house.security()).await;
    for number in 1..=3 {
        told.push(house.told(number).await);
        assert!(matches!(told.last().unwrap().as_slice(), [.., WayEvent::Broken { .. }]), "{told:?}");
    }
    let length = house.store.read_all(None, 10_000).await.unwrap().events.len();
    other.react().await;
    other.again().react().await;
    assert_eq!(house.store.read_all(None, 10_000).await.unwrap().events.len(), length);
}

#[tokio::test]
async fn who_left_the_way_or_follows_it_no_more_or_is_erased_is_told_nothing() {
    let mut house = House::new();
    for number in 1..=4 {
        house.follow(number, "Metro", to("A3")).await.unwrap();
    }
    house.follow(1, "Metro", to("Check-in B")).await.unwrap();
    house.service.leave_way(by(2, LeaveWayRequest {})).await.unwrap();
    house.vault.erase(&SubjectId::new(person(3))).await.unwrap();
    house.react().await;
    house.close(&house.security()).await;
    let mut broken = Vec::new();
    for number in 1..=4 {
        broken.push(house.is_broken(number).await);
    }
    assert_eq!(broken, [false, false, false, true]);
    house.clock.advance(SignedDuration::from_hours(2));
    let before = house.events(4).await.len();
    house.change(VenueCommand::Lift { feature: house.security() }).await;
    house.react().await;
    assert_eq!(house.events(4).await.len(), before, "the two hours are over");
}

#[tokio::test]
async fn where_somebody_is_stands_in_no_event_and_in_no_memory() {
    let mut house = House::new();
    let at = navigation::Position { longitude: 114.600_123, latitude: 22.200_321, ordinal: 0 };
    let request = FollowWayRequest {
        venue: "testville".into(),
        from: Some(RouteEnd { end: Some(End::Position(at)) }),
        to: Some(to("Cloud Coffee")),
        ..Default::default()
    };
    house.service.follow_way(by(1, request)).await.unwrap();
    house.close(&house.security()).await;
    house.react().await;
    let memory = postcard::to_stdvec(&house.reactor.image()).unwrap();
    let mut stored: Vec<Vec<u8>> = vec![memory];
    let events = house.store.read_all(None, 10_000).await.unwrap().events;
    stored.extend(events.iter().map(|event| event.payload().to_vec()));
    assert!(stored.len() >= 4);
    for bytes in stored {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("114.6") && !text.contains("Coffee"), "{text}");
    }
}

#[tokio::test]
async fn a_reactor_that_begins_from_its_memory_judges_alike() {
    let mut house = House::new();
    house.follow(1, "Metro", to("A3")).await.unwrap();
    house.queue(&house.security(), 780).await;
    let told = house.told(1).await.len();
    let mut again = house.again();
    let memory = postcard::to_stdvec(&house.reactor.image()).unwrap();
    again.reactor.restore(postcard::from_bytes(&memory).unwrap());
    again.seen = house.seen;
    house.close(&house.security()).await;
    assert!(again.is_broken(1).await);
    assert_eq!(house.told(1).await.len(), told + 1);
}

#[tokio::test]
async fn a_person_follows_ten_ways_at_once_and_then_one_every_six_seconds() {
    let house = House::new();
    for _ in 0..10 {
        house.follow(1, "Metro", to("A3")).await.unwrap();
    }
    let refused = house.follow(1, "Metro", to("A3")).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::ResourceExhausted);
    assert_eq!(refused.message(), "too many attempts: try again in 6 s");
    assert_eq!(house.events(1).await.len(), 10, "what is refused is not stored");
    house.follow(2, "Metro", to("A3")).await.unwrap();
    house.clock.advance(SignedDuration::from_secs(6));
    house.follow(1, "Metro", to("A3")).await.unwrap();
}

#[tokio::test]
async fn a_way_that_makes_no_sense_is_refused_by_its_field() {
    let house = House::new();
    for (asked, message) in [
        (to("Atlantis"), "to: no place is called \"Atlantis\""),
        (To::GateOf("CZ3101".into()), "gate_of: use the id of a flight, such as ZH9101-20261120"),
        (To::BeltOf("../x".into()), "belt_of: use the id of a flight"),
    ] {
        let refused = house.follow(1, "Metro", asked).await.unwrap_err();
        assert!(refused.message().starts_with(message), "{refused:?}");
    }
    let until = Some(timestamp_message("2026-11-20T18:00:01Z".parse().unwrap()));
    let request = FollowWayRequest {
        venue: "testville".into(),
        from: end("Metro"),
        to: Some(to("A3")),
        until,
        ..Default::default()
    };
    let refused = house.service.follow_way(by(1, request)).await.unwrap_err();
    assert_eq!(refused.message(), "until: say an instant within 12 hours from now");
    assert!(house.events(1).await.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    /// Whether the answer to a question for a route is another tells whose way it is, not the reactor.
    #[test]
    fn a_closure_is_told_to_those_whose_way_it_changes_and_to_nobody_else(
        ways in proptest::collection::vec((0..PLACES.len(), 0..PLACES.len()), 1..8),
        closures in proptest::collection::vec(any::<prop::sample::Index>(), 1..4),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut house = House::new();
            let features = house.features().await;
            prop_assert!(features.len() > 3, "{features:?}");
            for (number, (from, to_)) in (1..).zip(&ways) {
                house.follow(number, PLACES[*from], to(PLACES[*to_])).await.unwrap();
            }
            for closure in closures {
                let ask = async |house: &House| {
                    let mut lines = Vec::new();
                    for (from, to) in &ways {
                        let answer = house.route(PLACES[*from], PLACES[*to]).await;
                        lines.push((answer.found, answer.lines));
                    }
                    lines
                };
                let before = ask(&house).await;
                let mut facts = Vec::new();
                for number in (1..).take(ways.len()) {
                    facts.push(house.told(number).await.len());
                }
                house.close(closure.get(&features)).await;
                let after = ask(&house).await;
                for (index, number) in (1..).take(ways.len()).enumerate() {
                    let is_told = house.told(number).await.len() > facts[index];
                    prop_assert_eq!(is_told, before[index] != after[index], "way {:?}", ways[index]);
                }
            }
            Ok(())
        })?;
    }
}

//! What a client of the service meets, on the map of testville.

use std::{fs, path::Path, sync::Arc};

use airside_api::flights::v1 as flights;
use airside_api::navigation::v1::{Language, NoRouteReason, Position, Profile, RouteEnd, route_end::End};
use airside_kernel::{
    Append, Category, Clock, EventId, EventStore, Expected, Kept, KeyError, Keyring, ManualClock, Metadata,
    NewEvent, Opened, Projection, RecordedEvent, Revision, SealContext, Sealed, SubjectId,
};
use airside_runtime::projections::Projections;
use airside_store::MemoryStore;
use airside_wayfinding::{Snapshot, Source};
use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::{broadcast, watch};
use tonic::Code as Grpc;

use super::*;
use crate::{
    Part, VenueError,
    model::VenueCode,
    part,
    project::{Closures, Maps, usual_zone},
};

pub(super) const LIFT_L2: &str = "541a251a-80a2-5f5d-a0c6-409f5f714344";
const CHECK_IN_B: &str = "f0b13195-2af6-5921-b5f2-7bd5ed49bf7a";

/// A process with a log and the map of testville.
pub(super) struct House {
    store: Arc<dyn EventStore>,
    pub(super) part: Part,
    pub(super) clock: Arc<ManualClock>,
    // Dropping these would stop what follows the log.
    _stop: watch::Sender<bool>,
    _erasures: broadcast::Sender<SubjectId>,
}

impl House {
    pub(super) fn new() -> Self {
        Self::on(Arc::new(MemoryStore::new(morning())))
    }

    fn on(store: Arc<dyn EventStore>) -> Self {
        let (mut projections, clock) = (Projections::new(store.clone()), morning());
        let venues = [("testville".to_owned(), testville())];
        let part = build(&store, &mut projections, &clock, venues).ok().unwrap();
        let (stop, stopped) = watch::channel(false);
        let (erasures, erased) = broadcast::channel(1);
        tokio::spawn(projections.run(erased, stopped));
        Self { store, part, clock, _stop: stop, _erasures: erasures }
    }

    pub(super) fn service(&self) -> Navigation {
        Navigation::new(self.part.venues.clone())
    }

    async fn route(&self, from: End, to: End, profile: Profile) -> Result<FindRouteResponse, Status> {
        let end = |end| Some(RouteEnd { end: Some(end) });
        let request = FindRouteRequest {
            venue: "testville".into(),
            from: end(from),
            to: end(to),
            profile: profile as i32,
            language: Language::En as i32,
            ..FindRouteRequest::default()
        };
        self.service().find_route(Request::new(request)).await.map(Response::into_inner)
    }

    pub(super) async fn to_gate(&self, profile: Profile) -> FindRouteResponse {
        self.route(place("Check-in B"), place("A3"), profile).await.unwrap()
    }

    pub(super) async fn set(&self, request: SetClosureRequest) -> Result<String, Status> {
        self.service().set_closure(Request::new(request)).await.map(|answer| answer.into_inner().position)
    }

    async fn search(&self, query: &str, language: Language) -> Vec<String> {
        let request = SearchPlacesRequest {
            venue: "testville".into(),
            query: query.into(),
            language: language as i32,
            page_size: 3,
            ..SearchPlacesRequest::default()
        };
        let found = self.service().search_places(Request::new(request)).await.unwrap().into_inner();
        found.places.into_iter().map(|place| place.name).collect()
    }

    /// Appends what another domain published, and waits until the flights' signs know it.
    pub(super) async fn tell(&self, stream: &str, event_type: &'static str, payload: &impl prost::Message) {
        let event = NewEvent {
            id: EventId(uuid::Uuid::now_v7()),
            event_type: event_type.into(),
            schema_version: 1,
            occurred_at: "2026-11-20T06:00:00Z".parse().unwrap(),
            metadata: Metadata::default().encode(),
            payload: payload.encode_to_vec().into(),
        };
        let append = Append {
            stream: stream.parse().unwrap(),
            expected: Expected::Any,
            fold_from: Revision::FIRST,
            events: vec![event],
        };
        let appended = self.store.append(append).await.unwrap();
        self.part.venues.boards.at_least(&appended.position.unwrap().to_string()).await.unwrap();
    }

    async fn closed(&self) -> Vec<(String, String)> {
        let venues =
            self.service().list_venues(Request::new(ListVenuesRequest {})).await.unwrap().into_inner();
        let closures = venues.venues.into_iter().flat_map(|venue| venue.closures);
        closures.map(|closure| (closure.feature_id, closure.reason)).collect()
    }
}

fn morning() -> Arc<ManualClock> {
    Arc::new(ManualClock::new("2026-11-20T06:00:00Z".parse().unwrap()))
}

fn build(
    store: &Arc<dyn EventStore>,
    projections: &mut Projections,
    clock: &Arc<ManualClock>,
    venues: impl IntoIterator<Item = (String, Source)>,
) -> Result<Part, (String, VenueError)> {
    let keys: Arc<dyn Keyring> = Arc::new(NoKeys);
    let clock: Arc<dyn Clock> = clock.clone();
    part(store, &keys, &clock, projections, venues, usual_zone())
}

fn testville() -> Source {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../maps/testville");
    let files = fs::read_dir(folder).unwrap().map(|entry| {
        let entry = entry.unwrap();
        (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())
    });
    Source::from_files(files)
}

pub(super) fn place(name: &str) -> End {
    End::Place(name.into())
}

pub(super) fn close(feature_id: &str, reason: &str) -> SetClosureRequest {
    SetClosureRequest {
        venue: "testville".into(),
        feature_id: feature_id.into(),
        closed: true,
        reason: reason.into(),
        expected_until: None,
    }
}

fn lift(feature_id: &str) -> SetClosureRequest {
    SetClosureRequest { closed: false, ..close(feature_id, "") }
}

#[track_caller]
pub(super) fn check_refused<T: std::fmt::Debug>(outcome: Result<T, Status>, code: Grpc, message: &str) {
    let refused = outcome.unwrap_err();
    assert_eq!((refused.code(), refused.message()), (code, message));
}

#[tokio::test]
async fn a_venue_is_listed_with_its_levels_lowest_first() {
    let house = House::new();
    let list = house.service().list_venues(Request::new(ListVenuesRequest {})).await.unwrap().into_inner();
    let [venue] = list.venues.as_slice() else { panic!("one venue") };
    assert_eq!((venue.code.as_str(), venue.names["zh-Hans"].as_str()), ("testville", "测试村机场"));
    let levels: Vec<_> =
        venue.levels.iter().map(|level| (level.ordinal, level.short_name.as_str())).collect();
    assert_eq!(levels, [(0, "1F"), (1, "2F"), (2, "3F")]);
}

#[tokio::test]
async fn places_are_found_by_code_and_name_in_either_language() {
    let house = House::new();
    assert_eq!(house.search("A3", Language::ZhCn).await, ["A3登机口"]);
    assert_eq!(house.search("云上", Language::En).await, ["Cloud Coffee"]);
    assert_eq!(house.search("boardinggate", Language::En).await, ["Gate A1", "Gate A2", "Gate A3"]);
}

#[tokio::test]
async fn a_level_is_sent_once_and_then_only_when_it_changed() {
    let house = House::new();
    let ask = |ordinal, if_version: &str| {
        let request = GetLevelRequest { venue: "testville".into(), ordinal, if_version: if_version.into() };
        let service = house.service();
        async move { service.get_level(Request::new(request)).await }
    };
    let first = ask(1, "").await.unwrap().into_inner();
    assert!(!first.unchanged && first.geojson.starts_with("{\"features\":"), "{}", first.geojson);
    let again = ask(1, &first.version).await.unwrap().into_inner();
    assert!(again.unchanged && again.geojson.is_empty() && again.version == first.version);
    assert!(!ask(1, "older").await.unwrap().into_inner().geojson.is_empty());
    let unknown = ask(7, "").await.unwrap_err();
    assert_eq!(unknown.code(), Grpc::InvalidArgument);
    assert!(unknown.message().starts_with("ordinal: no level has the ordinal 7"), "{}", unknown.message());
}

#[tokio::test]
async fn a_route_has_steps_and_lines_that_end_where_it_ends() {
    let house = House::new();
    let route = house.to_gate(Profile::Walk).await;
    assert!(route.found && route.length_m > 50.0 && route.seconds > 60.0);
    assert_eq!((route.reason, route.reason_text.as_str()), (0, ""));
    let kinds: Vec<_> = route.steps.iter().map(|step| step.kind.as_str()).collect();
    assert!(kinds.contains(&"security"), "{kinds:?}");
    let last = route.steps.last().unwrap();
    assert_eq!((last.kind.as_str(), last.sign.as_str(), last.ordinal), ("arrive", "Gate A3", 2));
    assert_ne!(last.direction, 0, "{}", last.text);
    let span = route.steps[0].span.unwrap();
    assert_eq!((span.first_line, span.first_point), (0, 0));
    let total: f64 = route.steps.iter().map(|step| step.length_m).sum();
    assert!((total - route.length_m).abs() < 0.01, "{total} of {}", route.length_m);
    assert_eq!(route.lines.last().unwrap().ordinal, 2);
    assert!(route.lines.iter().all(|line| line.points.iter().all(|point| point.ordinal == line.ordinal)));
}

#[tokio::test]
async fn a_flight_leads_to_its_gate_and_to_its_belt_once_it_has_landed() {
    let house = House::new();
    let gate = flights::GateAssigned { gate: "A2".into(), ..Default::default() };
    house.tell("flight-CZ3101-20261120", "flights.GateAssigned", &gate).await;
    let belt = flights::BeltAssigned { belt: "3".into(), ..Default::default() };
    house.tell("flight-CZ3101-20261120", "flights.BeltAssigned", &belt).await;
    assert_eq!(house.search("cz 3101", Language::En).await, ["Gate A2", "Belt 3"]);
    let landed = flights::FlightLanded::default();
    house.tell("flight-CZ3101-20261120", "flights.FlightLanded", &landed).await;
    assert_eq!(house.search("CZ3101", Language::En).await, ["Belt 3", "Gate A2"]);
    assert!(house.search("CZ3102", Language::En).await.is_empty());
}

#[tokio::test]
async fn a_position_is_snapped_to_the_nearest_way() {
    let house = House::new();
    let desk = house.part.venues.venue("testville").unwrap().1;
    let desk = desk.snapshot.places().iter().find(|place| place.id.as_str() == CHECK_IN_B).unwrap().clone();
    let at = Position { longitude: desk.lon_lat[0], latitude: desk.lon_lat[1], ordinal: 1 };
    let from_here = house.route(End::Position(at), place("A3"), Profile::Walk).await.unwrap();
    let from_desk = house.to_gate(Profile::Walk).await;
    assert!(from_here.found && (from_here.length_m - from_desk.length_m).abs() < 30.0);
}

#[tokio::test]
async fn a_closure_changes_the_next_route_at_once_and_lifting_it_changes_it_back() {
    let house = House::new();
    let open = house.to_gate(Profile::Wheelchair).await;
    assert!(open.found);
    let position = house.set(close(LIFT_L2, "the lift is being repaired")).await.unwrap();
    assert!(!position.is_empty());
    let closed = house.to_gate(Profile::Wheelchair).await;
    assert!(!closed.found);
    assert_eq!(closed.reason(), NoRouteReason::Closed);
    assert_eq!(closed.blocked_by, [LIFT_L2]);
    assert!(closed.reason_text.ends_with("(the lift is being repaired)"), "{}", closed.reason_text);
    assert!(house.to_gate(Profile::Walk).await.found, "stairs and escalators still lead there");
    assert_eq!(house.closed().await, [(LIFT_L2.to_owned(), "the lift is being repaired".to_owned())]);
    assert!(!house.set(lift(LIFT_L2)).await.unwrap().is_empty());
    assert_eq!(house.to_gate(Profile::Wheelchair).await, open);
    assert!(house.closed().await.is_empty());
}

#[tokio::test]
async fn a_closure_set_twice_is_one_fact() {
    let house = House::new();
    house.set(close(LIFT_L2, "repair")).await.unwrap();
    assert_eq!(house.set(close(LIFT_L2, " repair ")).await.unwrap(), "");
    assert_eq!(house.store.read_all(None, 10).await.unwrap().events.len(), 1);
}

#[tokio::test]
async fn a_closure_survives_the_process() {
    let house = House::new();
    let position = house.set(close(LIFT_L2, "repair")).await.unwrap();
    let again = House::on(house.store.clone());
    // A repeat waits for nothing, so wait for what the first one gave.
    let mut waiting = again.closed().await;
    while waiting.is_empty() {
        tokio::task::yield_now().await;
        waiting = again.closed().await;
    }
    assert_eq!(waiting.len(), 1, "after {position}");
    assert!(!again.to_gate(Profile::Wheelchair).await.found);
}

#[tokio::test]
async fn what_is_not_on_the_map_cannot_be_closed() {
    let house = House::new();
    check_refused(
        house.set(close("00000000-0000-0000-0000-000000000000", "repair")).await,
        Grpc::InvalidArgument,
        "feature_id: the map has nothing to close with the id \"00000000-0000-0000-0000-000000000000\"; \
         use the id of a unit, an opening, a lift, stairs or an escalator",
    );
    check_refused(
        house.set(close("", "repair")).await,
        Grpc::InvalidArgument,
        "feature_id: use the id of a feature of the map",
    );
    check_refused(
        house.set(close(LIFT_L2, "")).await,
        Grpc::InvalidArgument,
        "reason: say why it is closed in 1 to 200 characters on one line; passengers read it",
    );
    assert!(house.store.read_all(None, 10).await.unwrap().events.is_empty());
}

#[tokio::test]
async fn an_unknown_venue_or_place_is_named() {
    let house = House::new();
    check_refused(
        house.set(SetClosureRequest { venue: "nowhere".into(), ..close(LIFT_L2, "repair") }).await,
        Grpc::NotFound,
        "venue: no venue is called \"nowhere\"; there are [\"testville\"]",
    );
    let refused = house.route(place("Check-in B"), place("Z99"), Profile::Walk).await.unwrap_err();
    assert_eq!(refused.code(), Grpc::NotFound);
    assert!(refused.message().starts_with("to: no place is called \"Z99\""), "{}", refused.message());
}

#[tokio::test]
async fn a_position_that_is_none_is_named() {
    let house = House::new();
    for (longitude, latitude, field) in [
        (f64::NAN, 22.2, "from.position.longitude"),
        (f64::INFINITY, 22.2, "from.position.longitude"),
        (181.0, 22.2, "from.position.longitude"),
        (114.6, -90.5, "from.position.latitude"),
    ] {
        let at = End::Position(Position { longitude, latitude, ordinal: 0 });
        let refused = house.route(at, place("A3"), Profile::Walk).await.unwrap_err();
        assert_eq!(refused.code(), Grpc::InvalidArgument);
        assert!(refused.message().starts_with(field), "{}", refused.message());
    }
    let at = |longitude, ordinal| End::Position(Position { longitude, latitude: 22.2002, ordinal });
    let far = house.route(at(100.0, 1), place("A3"), Profile::Walk).await.unwrap_err();
    assert!(far.message().starts_with("from: the position is more than 30 m"), "{}", far.message());
    let high = house.route(at(114.6, 9), place("A3"), Profile::Walk).await.unwrap_err();
    assert!(high.message().starts_with("from: no level has the ordinal 9"), "{}", high.message());
}

#[tokio::test]
async fn who_walks_slowly_takes_longer_and_gets_there() {
    let house = House::new();
    let ask = async |pace: i32, walking_speed_mps: f64| {
        let end = |name| Some(RouteEnd { end: Some(place(name)) });
        let request = FindRouteRequest {
            venue: "testville".into(),
            from: end("Check-in B"),
            to: end("A3"),
            pace,
            walking_speed_mps,
            ..FindRouteRequest::default()
        };
        house.service().find_route(Request::new(request)).await.unwrap().into_inner().seconds
    };
    let usual = ask(0, 0.0).await;
    assert_eq!(ask(2, 0.0).await, usual);
    assert!(ask(1, 0.0).await > usual && ask(3, 0.0).await < usual);
    assert_eq!(ask(0, 1.34).await, usual, "one's own speed, which is the usual one");
    assert!(ask(0, 0.3).await > 2.0 * usual);
}

#[tokio::test]
async fn a_question_without_its_ends_or_with_unknown_words_is_refused() {
    let house = House::new();
    let service = house.service();
    let ask = |request| service.find_route(Request::new(request));
    let whole = FindRouteRequest {
        venue: "testville".into(),
        from: Some(RouteEnd { end: Some(place("A1")) }),
        to: Some(RouteEnd { end: Some(place("A3")) }),
        ..FindRouteRequest::default()
    };
    assert!(ask(whole.clone()).await.unwrap().into_inner().found);
    for (request, message) in [
        (FindRouteRequest { from: None, ..whole.clone() }, "from: say a place or a position"),
        (
            FindRouteRequest { to: Some(RouteEnd { end: Some(place(" ")) }), ..whole.clone() },
            "to.place: use a feature id, name or code of 1 to 128 characters",
        ),
        (
            FindRouteRequest { profile: 9, ..whole.clone() },
            "profile: use PROFILE_WALK, PROFILE_WHEELCHAIR, PROFILE_TROLLEY_OR_STROLLER, PROFILE_AVOID_STAIRS \
             or PROFILE_AVOID_ESCALATORS",
        ),
        (FindRouteRequest { pace: 9, ..whole.clone() }, "pace: use PACE_SLOW, PACE_NORMAL or PACE_BRISK"),
        (
            FindRouteRequest { walking_speed_mps: 9.0, ..whole.clone() },
            "walking_speed_mps: 9 is no walk; use 0.3 to 3.0",
        ),
        (
            FindRouteRequest { walking_speed_mps: 1.0, pace: 1, ..whole.clone() },
            "walking_speed_mps: leave it out, or leave out the pace",
        ),
        (FindRouteRequest { language: 9, ..whole }, "language: use LANGUAGE_EN or LANGUAGE_ZH_CN"),
    ] {
        check_refused(ask(request).await, Grpc::InvalidArgument, message);
    }
    let search = |query: String, page_size| {
        let venue = "testville".into();
        let request = SearchPlacesRequest { venue, query, page_size, ..SearchPlacesRequest::default() };
        service.search_places(Request::new(request))
    };
    for words in ["x".repeat(65), "长".repeat(10_000)] {
        check_refused(search(words, 0).await, Grpc::InvalidArgument, "query: use at most 64 characters");
    }
    check_refused(
        search("x".into(), 101).await,
        Grpc::InvalidArgument,
        "page_size: 101 is too many; ask for 1 to 100",
    );
}

#[tokio::test]
async fn a_venue_that_cannot_be_used_is_named_with_its_reason() {
    let house = House::new();
    let mut projections = Projections::new(house.store.clone());
    let mut refused = |venues: Vec<(String, Source)>| {
        let (code, error) = build(&house.store, &mut projections, &house.clock, venues).err().unwrap();
        (code, error.to_string())
    };
    assert_eq!(
        refused(vec![("T 3".into(), testville())]),
        ("T 3".into(), "code of the venue is invalid: rename the folder of its map".into())
    );
    assert_eq!(
        refused(vec![("t3".into(), testville()), ("t3".into(), testville())]),
        ("t3".into(), "another venue has the same code: rename the folder of its map".into())
    );
    let nothing = Source::from_files(Vec::<(String, Vec<u8>)>::new());
    assert_eq!(
        refused(vec![("t3".into(), nothing)]),
        ("t3".into(), "map is refused: see `airside map check`".into())
    );
}

#[tokio::test]
async fn closures_that_were_kept_close_the_maps_and_those_of_a_rebuild_open_none() {
    let code: VenueCode = "testville".parse().unwrap();
    let snapshot = || Snapshot::from_source(&testville()).unwrap();
    let maps = || Maps::new(morning(), usual_zone(), [(code.clone(), snapshot())]);
    let closed = |maps: &Maps| maps.get(&code).unwrap().closures.clone();
    let house = House::new();
    house.set(close(LIFT_L2, "repair")).await.unwrap();
    let fold = |mut closures: Closures, events: &[RecordedEvent]| {
        events.iter().for_each(|event| closures.apply(event).unwrap());
        closures
    };
    let events = house.store.read_all(None, 10).await.unwrap().events;
    let before = maps();
    let mut closures = fold(Closures::new(before.clone()), &events);
    assert!(closed(&before).is_empty(), "what is folded aside changes no map");
    closures.show();
    assert_eq!(closed(&before).into_keys().map(|feature| feature.to_string()).collect::<Vec<_>>(), [LIFT_L2]);

    let after = maps();
    let bytes = postcard::to_stdvec(&closures.image()).unwrap();
    let mut restored = Closures::new(after.clone());
    restored.restore(postcard::from_bytes(&bytes).unwrap());
    restored.show();
    assert_eq!(closed(&after), closed(&before));
    Closures::new(after.clone()).show();
    assert!(closed(&after).is_empty(), "a fresh model shows that it knows of none");
}

/// A keyring without keys: closures hold nothing personal, so none is ever asked for.
struct NoKeys;

fn no_keys<T>() -> Result<T, KeyError> {
    Err(KeyError::Unavailable { reason: "closures hold nothing personal".into() })
}

#[async_trait]
impl Keyring for NoKeys {
    async fn ensure(&self, _: &[(SubjectId, Category)]) -> Result<(), KeyError> {
        no_keys()
    }

    fn seal(&self, _: &SubjectId, _: Category, _: SealContext, _: &[u8]) -> Result<Option<Sealed>, KeyError> {
        no_keys()
    }

    fn open(&self, _: &Sealed) -> Result<Opened, KeyError> {
        no_keys()
    }

    fn fingerprint(&self, _: &SubjectId, _: Category, _: &[u8]) -> Result<Option<Bytes>, KeyError> {
        no_keys()
    }

    async fn erase(&self, _: &SubjectId) -> Result<(), KeyError> {
        no_keys()
    }
}

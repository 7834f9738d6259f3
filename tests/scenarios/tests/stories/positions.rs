//! Where a phone is, and a walk that is guided: a radio map published, a wrong turn, a closure on the way.

use std::fmt::Write as _;

use airside_api::navigation::v1::{
    FindRouteRequest, FindRouteResponse, GuideGoal, GuideRequest, GuideResponse, HeardBeacon, HeardScan,
    LocateRequest, NoRouteReason, Position, Profile, PublishRadioMapRequest, RadioMapForm, RadioMapHeader,
    RouteEnd, SearchPlacesRequest, SetClosureRequest, WayCause, guide_request::What,
    positioning_service_client::PositioningServiceClient, publish_radio_map_request, route_end::End,
};
use airside_simulator::connect::{Clients, Line};
use serde_json::Value;
use tokio::sync::mpsc;
use tonic::{Code, Status, Streaming, service::interceptor::InterceptedService};

use crate::harness::{
    House,
    process::{airside, run},
    within,
};

const VENUE: &str = "testville";
const UUID: &str = "fda50693-a4e2-4fb1-afcf-c6eb07647825";
/// The metres between two scans of a walk, and the milliseconds.
const STRIDE_M: f64 = 4.0;
const STRIDE_MS: u64 = 3_000;

/// What the story needs of a house: callers, and the beacons on its ways.
struct Site {
    house: House,
    staff: Clients,
    phone: PositioningServiceClient<Line>,
    operator: PositioningServiceClient<Line>,
    beacons: Vec<Position>,
}

impl Site {
    async fn open() -> Self {
        let house = House::open().await;
        let staff = house.callers.staff();
        let line = |bearer| InterceptedService::new(house.callers.channel(), bearer);
        let operator = PositioningServiceClient::new(line(house.callers.endpoint.staff().unwrap()));
        let passenger = house.callers.endpoint.passenger(&uuid::Uuid::new_v4().to_string()).unwrap();
        let phone = PositioningServiceClient::new(line(passenger));
        let mut beacons = Vec::new();
        for (from, to) in
            [("Check-in B", "A3"), ("Metro", "A1"), ("Check-in B", "Cloud Coffee"), ("Metro", "A3")]
        {
            let walk = path(&find(&staff, place(from), place(to), Profile::Walk).await);
            beacons.extend(walk.into_iter().step_by(3));
        }
        Self { house, staff, phone, operator, beacons }
    }

    /// The list of beacons as an operator has it.
    fn list(&self) -> String {
        let mut text = "uuid,major,minor,level,lon,lat,power_dbm\n".to_owned();
        for (minor, Position { longitude, latitude, ordinal }) in self.beacons.iter().enumerate() {
            writeln!(text, "{UUID},1,{minor},{ordinal},{longitude},{latitude},-59").unwrap();
        }
        text
    }

    async fn publish(&self, version: &str, text: &str) -> Result<u64, Status> {
        let header = RadioMapHeader {
            venue: VENUE.into(),
            version: version.into(),
            form: RadioMapForm::Beacons.into(),
            ..RadioMapHeader::default()
        };
        let header = publish_radio_map_request::What::Header(header);
        let parts = text.as_bytes().chunks(1_000);
        let parts = parts.map(|part| publish_radio_map_request::What::Part(part.to_vec().into()));
        let messages: Vec<_> = [header].into_iter().chain(parts).collect();
        let messages = messages.into_iter().map(|what| PublishRadioMapRequest { what: Some(what) });
        let published = self.operator.clone().publish_radio_map(tokio_stream::iter(messages)).await?;
        Ok(published.into_inner().transmitters)
    }

    /// What a phone hears at a place.
    fn heard(&self, at: &Position) -> HeardScan {
        let beacon = |(minor, beacon): (usize, &Position)| {
            let floors = f64::from(beacon.ordinal.abs_diff(at.ordinal));
            let rssi_dbm = -59.0 - 22.0 * apart_m(beacon, at).hypot(2.0).log10() - 16.0 * floors;
            let minor = u32::try_from(minor).unwrap();
            (rssi_dbm > -92.0).then(|| HeardBeacon { uuid: UUID.into(), major: 1, minor, rssi_dbm })
        };
        HeardScan {
            beacons: self.beacons.iter().enumerate().filter_map(beacon).collect(),
            ..HeardScan::default()
        }
    }

    async fn set_lifts(&self, closed: bool) {
        let request = SearchPlacesRequest {
            venue: VENUE.into(),
            query: "elevator".into(),
            page_size: 100,
            ..SearchPlacesRequest::default()
        };
        let found = self.staff.navigation.clone().search_places(request).await.unwrap().into_inner().places;
        for lift in found.into_iter().filter(|place| place.category == "elevator") {
            let request = SetClosureRequest {
                venue: VENUE.into(),
                feature_id: lift.id,
                closed,
                reason: if closed { "maintenance".into() } else { String::new() },
                ..SetClosureRequest::default()
            };
            self.staff.navigation.clone().set_closure(request).await.unwrap();
        }
    }
}

/// A walk that is guided.
struct Walk {
    say: mpsc::Sender<GuideRequest>,
    told: Streaming<GuideResponse>,
    at_ms: u64,
}

impl Walk {
    async fn begin(site: &Site, goal: &str) -> Self {
        let (say, said) = mpsc::channel(8);
        let goal = GuideGoal {
            venue: VENUE.into(),
            to: place(goal),
            profile: Profile::Wheelchair.into(),
            ..GuideGoal::default()
        };
        say.send(GuideRequest { what: Some(What::Goal(goal)), at_ms: 0 }).await.unwrap();
        let saying = tokio_stream::wrappers::ReceiverStream::new(said);
        let told = within("begin", site.phone.clone().guide(saying)).await.unwrap().into_inner();
        Self { say, told, at_ms: 0 }
    }

    async fn say(&mut self, what: What) {
        self.at_ms += STRIDE_MS;
        self.say.send(GuideRequest { what: Some(what), at_ms: self.at_ms }).await.unwrap();
    }

    async fn hear(&mut self) -> Result<Option<GuideResponse>, Status> {
        within("guidance", self.told.message()).await
    }

    async fn scan(&mut self, site: &Site, at: &Position) -> GuideResponse {
        self.say(What::Scan(site.heard(at))).await;
        self.hear().await.unwrap().unwrap()
    }

    /// Walks along a route, to its end or until something new is told.
    async fn along(&mut self, site: &Site, way: &[Position]) -> Option<GuideResponse> {
        for at in way {
            let told = self.scan(site, at).await;
            if told.new_way.is_some() || told.has_arrived {
                return Some(told);
            }
        }
        None
    }
}

fn place(name: &str) -> Option<RouteEnd> {
    Some(RouteEnd { end: Some(End::Place(name.into())) })
}

async fn find(
    caller: &Clients,
    from: Option<RouteEnd>,
    to: Option<RouteEnd>,
    profile: Profile,
) -> FindRouteResponse {
    let request = FindRouteRequest {
        venue: VENUE.into(),
        from,
        to,
        profile: profile.into(),
        ..FindRouteRequest::default()
    };
    let found = caller.navigation.clone().find_route(request).await.unwrap().into_inner();
    assert!(found.found, "{found:?}");
    found
}

/// Returns the plane metres between two places, near enough for a terminal.
fn apart_m(a: &Position, b: &Position) -> f64 {
    let east = (a.longitude - b.longitude) * 111_320.0 * a.latitude.to_radians().cos();
    east.hypot((a.latitude - b.latitude) * 111_000.0)
}

/// Returns the places of a walk along a route, a stride apart.
fn path(route: &FindRouteResponse) -> Vec<Position> {
    let mut walk = Vec::new();
    for line in &route.lines {
        let mut next_m = 0.0;
        for pair in line.points.windows(2) {
            let whole_m = apart_m(&pair[0], &pair[1]);
            while next_m < whole_m {
                let share = next_m / whole_m;
                let between = |a: f64, b: f64| a + (b - a) * share;
                walk.push(Position {
                    longitude: between(pair[0].longitude, pair[1].longitude),
                    latitude: between(pair[0].latitude, pair[1].latitude),
                    ordinal: line.ordinal,
                });
                next_m += STRIDE_M;
            }
            next_m -= whole_m;
        }
        walk.extend(line.points.last().copied());
    }
    walk
}

fn way(told: &GuideResponse) -> (WayCause, &FindRouteResponse) {
    let way = told.new_way.as_ref().unwrap_or_else(|| panic!("no new way: {told:?}"));
    (way.cause(), way.route.as_ref().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_walk_is_guided_through_a_wrong_turn_and_a_closure_to_its_goal() {
    let site = Site::open().await;
    let beacons = site.publish("beacons 1", &site.list()).await.unwrap();
    assert_eq!(beacons, u64::try_from(site.beacons.len()).unwrap());

    // A scan names nobody: its place is told to whoever asks.
    let route = find(&site.staff, place("Check-in B"), place("A3"), Profile::Wheelchair).await;
    let there = path(&route);
    let scan = Some(site.heard(&there[3]));
    let located = LocateRequest { venue: VENUE.into(), scan, ..LocateRequest::default() };
    let located = site.phone.clone().locate(located).await.unwrap().into_inner();
    let here = located.here.unwrap();
    assert!(apart_m(&here.position.unwrap(), &there[3]) < 8.0 && here.radius_m > 0.0);
    assert_eq!(located.radio_map_version, "beacons 1");

    let mut walk = Walk::begin(&site, "A3").await;
    let begun = walk.scan(&site, &there[0]).await;
    let (cause, first) = way(&begun);
    assert_eq!((cause, first.found), (WayCause::Begins, true));
    let on = walk.along(&site, &there[1..8]).await;
    assert!(on.is_none(), "{on:?}");

    // Back and away, to the station: a wrong turn.
    let from = Some(RouteEnd { end: Some(End::Position(there[8])) });
    let away = path(&find(&site.staff, from, place("Metro"), Profile::Walk).await);
    let told = walk.along(&site, &away).await.unwrap();
    assert_eq!(way(&told).0, WayCause::WrongTurn);
    let wrong = told.here.unwrap().position.unwrap();

    // Every lift is closed: told without being asked for.
    site.set_lifts(true).await;
    let mut told = walk.hear().await.unwrap().unwrap();
    while way(&told).1.found {
        told = walk.hear().await.unwrap().unwrap();
    }
    assert_eq!((way(&told).0, way(&told).1.reason()), (WayCause::Closed, NoRouteReason::Closed));
    assert!(told.ahead.is_none());
    site.set_lifts(false).await;
    let told = loop {
        let told = walk.hear().await.unwrap().unwrap();
        if way(&told).1.found {
            break told;
        }
    };
    assert!(told.ahead.is_some());

    let from = Some(RouteEnd { end: Some(End::Position(wrong)) });
    let rest = path(&find(&site.staff, from, place("A3"), Profile::Wheelchair).await);
    let mut last = None;
    for at in &rest {
        let told = walk.scan(&site, at).await;
        let has_arrived = told.has_arrived;
        last = Some(told);
        if has_arrived {
            break;
        }
    }
    let last = last.unwrap();
    assert!(last.has_arrived, "{last:?}");
    assert!(last.ahead.unwrap().left_m < 10.0);
    assert_eq!(walk.hear().await.unwrap(), None, "the stream ends with the goal");
    drop(site.house);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_walk_cannot_use_is_answered_and_what_makes_no_sense_ends_it() {
    let site = Site::open().await;
    site.publish("1", &site.list()).await.unwrap();
    let refused = site.publish("2", "uuid,major,minor,level,lon,lat,power_dbm\n").await.unwrap_err();
    assert_eq!(
        (refused.code(), refused.message()),
        (Code::InvalidArgument, "the survey has 0 places; survey at least 2")
    );

    let mut walk = Walk::begin(&site, "A3").await;
    walk.say(What::Scan(HeardScan::default())).await;
    let told = walk.hear().await.unwrap().unwrap();
    assert!(told.problem.starts_with("scan: the scan has no readings") && told.here.is_none(), "{told:?}");
    let stranger = HeardBeacon { uuid: UUID.into(), major: 9, minor: 9, rssi_dbm: -60.0 };
    walk.say(What::Scan(HeardScan { beacons: vec![stranger], access_points: vec![] })).await;
    let told = walk.hear().await.unwrap().unwrap();
    assert!(told.problem.contains("none of the 1 transmitters is in the radio map"), "{told:?}");
    walk.say(What::Position(site.beacons[0])).await;
    assert_eq!(way(&walk.hear().await.unwrap().unwrap()).0, WayCause::Begins);

    let mut nowhere = Walk::begin(&site, "no such place").await;
    let end = nowhere.hear().await.unwrap_err();
    assert_eq!(end.code(), Code::NotFound);
    assert!(end.message().starts_with("to: no place is called"), "{end}");

    let mut hasty = Walk::begin(&site, "A3").await;
    let end = loop {
        let walked = What::Walked(airside_api::navigation::v1::Walked { metres: 0.0 });
        let _ = hasty.say.send(GuideRequest { what: Some(walked), at_ms: 0 }).await;
        if let Err(end) = hasty.hear().await {
            break end;
        }
    };
    assert_eq!(end.code(), Code::ResourceExhausted, "{end}");
    drop(site.house);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_publishes_lists_and_rolls_back_radio_maps() {
    let site = Site::open().await;
    let (server, token) =
        (site.house.node.public.to_string(), site.house.callers.endpoint.tokens.staff.clone());
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let list = site.list();
    let beacons = file("beacons.csv", &list);
    let fewer: Vec<_> = list.lines().take(1 + site.beacons.len() / 2).collect();
    let fewer = file("fewer.csv", &fewer.join("\n"));
    let position = async |arguments: &[&str]| {
        let remote = ["--code", VENUE, "--server", &server, "--token", &token, "--json"];
        let output = run(airside([&["position"], arguments, &remote].concat()), "").await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), serde_json::from_slice::<Value>(&output.stdout).unwrap_or_default(), said)
    };
    let as_beacons = ["--form", "beacons", "--name"];
    let (code, first, said) = position(&[&["publish", &beacons], &as_beacons[..], &["walls"]].concat()).await;
    let count = site.beacons.len();
    assert_eq!(
        (code, &first["version"], &first["is_new"], &first["transmitters"]),
        (Some(0), &"walls".into(), &true.into(), &count.into()),
        "{said}"
    );
    let (code, again, said) = position(&[&["publish", &beacons], &as_beacons[..], &["walls"]].concat()).await;
    assert_eq!((code, &again["is_new"]), (Some(0), &false.into()), "{said}");
    let (code, _, said) = position(&[&["publish", &fewer], &as_beacons[..], &["half"]].concat()).await;
    assert_eq!(code, Some(0), "{said}");
    let listed = async || {
        let (code, listed, said) = position(&["versions"]).await;
        let of = |version: &Value| {
            (version["version"].as_str().unwrap().to_owned(), version["is_current"] == true)
        };
        let versions: Vec<_> = listed["versions"].as_array().unwrap().iter().map(of).collect();
        assert_eq!(code, Some(0), "{said}");
        versions
    };
    assert_eq!(listed().await, [("half".to_owned(), true), ("walls".to_owned(), false)]);
    let (code, done, said) = position(&["rollback", "--to", "walls"]).await;
    assert_eq!((code, &done["is_new"]), (Some(0), &true.into()), "{said}");
    assert!(listed().await.contains(&("walls".to_owned(), true)));

    let (code, _, said) = position(&["rollback", "--to", "none"]).await;
    assert!(code == Some(1) && said.contains("version: none is not kept"), "{said}");
    let bad = file("bad.csv", "uuid,major,minor\n1,2\n");
    let (code, _, said) = position(&[&["publish", &bad], &as_beacons[..], &["bad"]].concat()).await;
    assert!(code == Some(1) && said.contains("line 1: columns lon and lat"), "{said}");
    let (code, _, said) = position(&[&["publish", "no/such"], &as_beacons[..], &["bad"]].concat()).await;
    assert!(code == Some(1) && said.contains("no/such cannot be read"), "{said}");
    let (code, _, said) = position(&["publish", &beacons, "--form", "maps", "--name", "x"]).await;
    assert!(code == Some(2) && said.contains("survey"), "{said}");
}

//! A venue is published, versioned and rolled back, and nobody who asks for a route notices.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::Arc,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

use airside_api::navigation::v1::{
    FindRouteRequest, GetVenueMapRequest, ListVenueVersionsRequest, ListVenuesRequest, PublishHeader,
    PublishVenueRequest, PublishVenueResponse, RollBackVenueRequest, RollBackVenueResponse, RouteEnd,
    SearchPlacesRequest, SetClosureRequest, Venue, VenueVersionChange, get_venue_map_response,
    publish_venue_request::Part, route_end::End,
};
use airside_kernel::{Append, EventStore, Expected, Revision};
use airside_navigation::{
    archive,
    blobs::{Blobs, Digest},
    events::edition::MapEvent,
    model::edition::{Edition, Note, VenueMap},
};
use airside_runtime::executor::{Context, new_event};
use airside_simulator::connect::Clients;
use bytes::Bytes;
use serde_json::{Value, value::RawValue};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::harness::{
    House, eventually,
    http::get,
    process::{airside, run},
    within,
};

const ZONE: &str = "Asia/Shanghai";

type Files = Vec<(String, Bytes)>;

/// Returns the map of testville, with another name for its coffee shop.
fn testville(coffee: &str) -> Files {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../maps/testville");
    let file = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().unwrap();
        let text = fs::read_to_string(entry.path()).unwrap();
        (name, text.replace("Cloud Coffee", coffee).into())
    };
    fs::read_dir(folder).unwrap().map(|entry| file(entry.unwrap())).collect()
}

/// Moves all coordinates north.
fn shift(value: &mut Value, north_deg: f64) {
    match value {
        Value::Array(items) if items.len() == 2 && items.iter().all(Value::is_number) => {
            items[1] = (items[1].as_f64().unwrap() + north_deg).into();
        }
        Value::Array(items) => items.iter_mut().for_each(|item| shift(item, north_deg)),
        Value::Object(fields) => fields.values_mut().for_each(|field| shift(field, north_deg)),
        _ => {}
    }
}

fn header(venue: &str) -> PublishHeader {
    let (venue, time_zone) = (venue.to_owned(), ZONE.to_owned());
    PublishHeader { venue, time_zone, ..PublishHeader::default() }
}

fn parts(header: PublishHeader, files: Files) -> Vec<Part> {
    let mut parts = vec![Part::Header(header)];
    for (name, content) in files {
        parts.push(Part::File(name));
        parts.extend(content.chunks(100_000).map(|chunk| Part::Chunk(Bytes::copy_from_slice(chunk))));
    }
    parts
}

async fn send(staff: &Clients, parts: Vec<Part>) -> Result<PublishVenueResponse, Status> {
    let requests = parts.into_iter().map(|part| PublishVenueRequest { part: Some(part) });
    let sent = staff.venues.clone().publish_venue(tokio_stream::iter(requests.collect::<Vec<_>>())).await;
    sent.map(tonic::Response::into_inner)
}

async fn publish(
    staff: &Clients,
    header: PublishHeader,
    files: Files,
) -> Result<PublishVenueResponse, Status> {
    send(staff, parts(header, files)).await
}

async fn roll_back(staff: &Clients, venue: &str, version: u32) -> Result<RollBackVenueResponse, Status> {
    let (venue, note, expected_version) = (venue.to_owned(), "wrong gates".to_owned(), None);
    let request = RollBackVenueRequest { venue, version, note, expected_version };
    staff.venues.clone().roll_back_venue(request).await.map(tonic::Response::into_inner)
}

async fn history(staff: &Clients, venue: &str) -> Vec<VenueVersionChange> {
    let request = ListVenueVersionsRequest { venue: venue.to_owned() };
    staff.venues.clone().list_venue_versions(request).await.unwrap().into_inner().changes
}

async fn venues(caller: &Clients) -> Vec<Venue> {
    caller.navigation.clone().list_venues(ListVenuesRequest {}).await.unwrap().into_inner().venues
}

/// Asks what the coffee shop is called.
async fn coffee(caller: &Clients, venue: &str) -> Result<String, Status> {
    let (venue, query) = (venue.to_owned(), "云上".to_owned());
    let request = SearchPlacesRequest { venue, query, ..SearchPlacesRequest::default() };
    let found = caller.navigation.clone().search_places(request).await?.into_inner();
    Ok(found.places.first().map_or_else(String::new, |place| place.name.clone()))
}

async fn finds_gate(caller: &Clients, venue: &str, profile: i32) -> Result<bool, Status> {
    let end = |name: &str| Some(RouteEnd { end: Some(End::Place(name.to_owned())) });
    let request = FindRouteRequest {
        venue: venue.to_owned(),
        from: end("Metro"),
        to: end("A3"),
        profile,
        ..FindRouteRequest::default()
    };
    Ok(caller.navigation.clone().find_route(request).await?.into_inner().found)
}

/// How many events the log holds.
async fn stored(house: &House) -> u64 {
    house.node.log.store().head().await.unwrap().map_or(0, |head| head.parts().0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn routes_flow_without_one_failure_while_a_venue_is_swapped_twenty_times() {
    let house = House::open().await;
    let (staff, walker) = (house.callers.staff(), house.callers.passenger(Uuid::new_v4()));
    let first = publish(&staff, header("szx"), testville("Coffee 1")).await.unwrap();
    assert_eq!((first.version, coffee(&walker, "szx").await.unwrap().as_str()), (1, "Coffee 1"));
    let (ends, routes) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let walking: Vec<_> = (0..2)
        .map(|profile| {
            let (ends, routes, walker) = (ends.clone(), routes.clone(), walker.clone());
            tokio::spawn(async move {
                while !ends.load(Ordering::Relaxed) {
                    assert!(finds_gate(&walker, "szx", profile + 1).await.unwrap(), "a route failed");
                    assert!(coffee(&walker, "szx").await.unwrap().starts_with("Coffee "));
                    routes.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for version in 2..=11 {
        let before = routes.load(Ordering::Relaxed);
        let name = format!("Coffee {version}");
        let answer =
            publish(&staff, PublishHeader { time_zone: String::new(), ..header("szx") }, testville(&name));
        assert_eq!(answer.await.unwrap().version, version);
        assert_eq!(coffee(&walker, "szx").await.unwrap(), name, "the next question knows the new map");
        assert_eq!(roll_back(&staff, "szx", 1).await.unwrap().version, 1);
        assert_eq!(coffee(&walker, "szx").await.unwrap(), "Coffee 1", "and the old one again");
        eventually("routes flow", async || (routes.load(Ordering::Relaxed) > before).then_some(())).await;
    }
    ends.store(true, Ordering::Relaxed);
    for walk in walking {
        within("the walk ends", walk).await.expect("no request failed");
    }
    let changes = history(&staff, "szx").await;
    assert_eq!((changes.len(), changes[0].version, changes[0].is_rollback), (21, 1, true));
    assert_eq!((changes[0].note.as_str(), changes[0].by.as_str()), ("wrong gates", "staff/simulator"));
    assert!(changes.iter().all(|change| change.map.as_ref().unwrap().time_zone == ZONE));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_venue_that_suddenly_lies_elsewhere_is_refused_and_a_little_aside_it_is_not() {
    let house = House::open().await;
    let (staff, walker) = (house.callers.staff(), house.callers.passenger(Uuid::new_v4()));
    publish(&staff, header("szx"), testville("Coffee 1")).await.unwrap();
    let moved = |north_deg: f64| -> Files {
        let move_it = |(name, text): (String, Bytes)| {
            let mut value: Value = serde_json::from_slice(&text).unwrap();
            shift(&mut value, north_deg);
            (name, value.to_string().into())
        };
        testville("Coffee 2").into_iter().map(move_it).collect()
    };
    let before = stored(&house).await;
    let refused = publish(&staff, header("szx"), moved(1.0)).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let remedy =
        "is shown: correct its coordinates (WGS 84, longitude first), or publish it under another code";
    let message = format!("venue: the map lies 111 km from the one of szx that {remedy}");
    assert_eq!(refused.message(), message);
    assert_eq!(stored(&house).await, before, "nothing of it is stored");
    assert_eq!(coffee(&walker, "szx").await.unwrap(), "Coffee 1");
    publish(&staff, header("other"), moved(1.0)).await.unwrap();
    assert_eq!(publish(&staff, header("szx"), moved(0.03)).await.unwrap().version, 2);
    assert_eq!(coffee(&walker, "szx").await.unwrap(), "Coffee 2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_published_map_is_the_log_s_and_a_restart_shows_it_with_its_closures() {
    let house = House::open().await;
    let (staff, walker) = (house.callers.staff(), house.callers.passenger(Uuid::new_v4()));
    assert_eq!(venues(&walker).await[0].map_version, 0, "the configured one");
    let expected_version = Some(0);
    publish(&staff, PublishHeader { expected_version, ..header("testville") }, testville("Tea"))
        .await
        .unwrap();
    let lift = "541a251a-80a2-5f5d-a0c6-409f5f714344";
    let request = SetClosureRequest {
        venue: "testville".to_owned(),
        feature_id: lift.to_owned(),
        closed: true,
        reason: "repair".to_owned(),
        expected_until: None,
    };
    staff.navigation.clone().set_closure(request).await.unwrap();
    assert!(!finds_gate(&walker, "testville", 2).await.unwrap());
    publish(&staff, header("testville"), testville("More Tea")).await.unwrap();
    assert!(!finds_gate(&walker, "testville", 2).await.unwrap(), "a closure outlives the map it was set on");

    let house = house.reopen().await;
    let (staff, walker) = (house.callers.staff(), house.callers.passenger(Uuid::new_v4()));
    let venue = venues(&walker).await.remove(0);
    assert_eq!((venue.map_version, venue.time_zone.as_str()), (2, ZONE));
    assert_eq!(venue.closures[0].feature_id, lift);
    assert_eq!(coffee(&walker, "testville").await.unwrap(), "More Tea");
    assert!(!finds_gate(&walker, "testville", 2).await.unwrap());
    assert_eq!(download(&staff, "testville", 1).await, archive::pack(testville("Tea")));
    assert_eq!(roll_back(&staff, "testville", 1).await.unwrap().version, 1);
    assert_eq!(coffee(&walker, "testville").await.unwrap(), "Tea");
}

/// Returns the content of a version, packed as it is stored.
async fn download(staff: &Clients, venue: &str, version: u32) -> Bytes {
    use get_venue_map_response::Part;
    let request = GetVenueMapRequest { venue: venue.to_owned(), version };
    let mut answers = staff.venues.clone().get_venue_map(request).await.unwrap().into_inner();
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    while let Some(answer) = answers.message().await.unwrap() {
        match answer.part.unwrap() {
            Part::Version(said) => assert_eq!(said, version),
            Part::File(name) => files.push((name, Vec::new())),
            Part::Chunk(chunk) => files.last_mut().unwrap().1.extend_from_slice(&chunk),
        }
    }
    archive::pack(files)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_map_shuffled_is_the_same_version_and_stored_once() {
    let house = House::open().await;
    let staff = house.callers.staff();
    let first = publish(&staff, header("szx"), testville("Tea")).await.unwrap();
    let before = stored(&house).await;
    let shuffled = testville("Tea").into_iter().rev().map(|(name, content)| {
        let mut members: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(&content).unwrap();
        if let Some(features) = members.get_mut("features") {
            let mut list: Vec<Box<RawValue>> = serde_json::from_str(features.get()).unwrap();
            list.reverse();
            *features = serde_json::value::to_raw_value(&list).unwrap();
        }
        (format!("export/{name}"), serde_json::to_vec_pretty(&members).unwrap().into())
    });
    let again = publish(&staff, header("szx"), shuffled.collect()).await.unwrap();
    assert_eq!((again.version, again.map, again.position.as_str()), (1, first.map.clone(), ""));
    assert_eq!(stored(&house).await, before, "nothing was stored");
    publish(&staff, header("hkg"), testville("Tea")).await.unwrap();
    assert_eq!(stored(&house).await, before + 1, "the content is stored once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_publish_at_once_one_wins_and_the_other_is_told() {
    let house = House::open().await;
    let staff = house.callers.staff();
    let only = |name: &str| {
        let header = PublishHeader { expected_version: Some(0), ..header("szx") };
        publish(&staff, header, testville(name))
    };
    let (one, other) = tokio::join!(only("Tea"), only("Coffee"));
    let told = one.as_ref().err().or_else(|| other.as_ref().err()).expect("both won");
    assert_eq!((told.code(), one.is_ok() != other.is_ok()), (Code::Aborted, true), "{told}");
    assert!(told.message().starts_with("version 1 is shown and not version 0"), "{}", told.message());
    assert_eq!(history(&staff, "szx").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_map_that_is_refused_stores_nothing() {
    let house = House::open().await;
    let (staff, walker) = (house.callers.staff(), house.callers.passenger(Uuid::new_v4()));
    let before = stored(&house).await;
    let mut files = testville("Tea");
    files.retain(|(name, _)| name != "unit.geojson");
    let refused = publish(&staff, header("szx"), files).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(refused.message().starts_with("map has violations and is not published"), "{refused}");
    let said = |status: Status| (status.code(), status.message().to_owned());
    let invalid = |text: &str| (Code::InvalidArgument, text.to_owned());
    let whole = || testville("Tea");
    let of = |change: fn(&mut PublishHeader)| {
        let mut header = header("szx");
        change(&mut header);
        parts(header, whole())
    };
    for (parts, expect) in [
        (vec![], invalid("header: send it first: it names the venue")),
        (vec![Part::File("unit.geojson".into())], invalid("header: send it first: it names the venue")),
        (
            vec![Part::Header(header("szx")), Part::Chunk(Bytes::new())],
            invalid("chunk: name its file before it"),
        ),
        (
            vec![Part::Header(header("szx")), Part::Header(header("szx"))],
            invalid("header: send it once, as the first part"),
        ),
        (
            of(|header| header.venue = "SZX T3".into()),
            invalid("venue: \"SZX T3\" cannot name a venue: use 1 to 32 of a-z 0-9 _ -"),
        ),
        (
            of(|header| header.time_zone = "Asia/Atlantis".into()),
            invalid(
                "time_zone: no zone is called \"Asia/Atlantis\"; use a name of the IANA database, such as Asia/Shanghai",
            ),
        ),
        (
            of(|header| header.time_zone = String::new()),
            invalid(
                "time_zone: the venue's first version needs one, a name of the IANA database such as Asia/Shanghai",
            ),
        ),
        (
            of(|header| header.digest = "e3b0".into()),
            invalid("digest: a digest is 64 characters of 0-9 and a-f"),
        ),
        (
            of(|header| header.note = "two\nlines".into()),
            invalid("note: say in at most 200 characters on one line what changed"),
        ),
    ] {
        assert_eq!(said(send(&staff, parts).await.unwrap_err()), expect);
    }
    let other = PublishHeader { digest: Digest::of(b"other").to_string(), ..header("szx") };
    let refused = publish(&staff, other, whole()).await.unwrap_err();
    assert!(refused.message().starts_with("digest: the files that arrived are map "), "{refused}");

    assert_eq!(stored(&house).await, before);
    let passenger = publish(&walker, header("szx"), whole()).await.unwrap_err();
    assert_eq!(passenger.code(), Code::PermissionDenied);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_is_cut_short_stores_nothing_and_stops_nobody() {
    let house = House::open().await;
    let (staff, walker) = (house.callers.staff(), house.callers.passenger(Uuid::new_v4()));
    let before = stored(&house).await;
    let whole = || testville("Tea");
    let (sender, receiver) = mpsc::channel(4);
    let mut client = staff.venues.clone();
    let cut = tokio::spawn(async move { client.publish_venue(ReceiverStream::new(receiver)).await });
    for part in parts(header("szx"), whole()).into_iter().take(4) {
        sender.send(PublishVenueRequest { part: Some(part) }).await.unwrap();
    }
    cut.abort();
    assert!(cut.await.is_err_and(|error| error.is_cancelled()));
    assert_eq!(stored(&house).await, before);
    let unknown = coffee(&walker, "szx").await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
    assert_eq!(roll_back(&staff, "szx", 1).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(publish(&staff, header("szx"), whole()).await.unwrap().version, 1);
    let unknown = roll_back(&staff, "szx", 7).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
    assert_eq!(unknown.message(), "version: 7 cannot be shown; there are [1]");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_map_that_a_newer_program_refuses_keeps_the_server_up_and_says_why() {
    let house = House::open().await;
    // As if an older program had found nothing wrong with it.
    let store: Arc<dyn EventStore> = house.node.log.store();
    let context = Context::new("staff/map", "navigation", "2026-11-20T06:00:00Z".parse().unwrap());
    let content = archive::pack([("unit.geojson", "{\"features\":[]}")]);
    let digest = Blobs::new(store.clone()).put(&content, &context).await.unwrap();
    let time_zone = ZONE.parse().unwrap();
    let map =
        VenueMap { digest, size: 15, format: None, time_zone, warnings: 0, notes: 0, levels: 1, places: 1 };
    let fact = MapEvent::Published { edition: Edition { version: 1, map }, note: Note::default() };
    let events = vec![new_event(&fact, &context)];
    let (expected, fold_from) = (Expected::NoStream, Revision::FIRST);
    let stream = "map-testville".parse().unwrap();
    store.append(Append { stream, expected, fold_from, events }).await.unwrap();

    drop(store);
    let house = house.reopen().await;
    let (staff, walker) = (house.callers.staff(), house.callers.passenger(Uuid::new_v4()));
    let refused = coffee(&walker, "testville").await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert!(refused.message().contains("version 1 is refused: map cannot be used"), "{refused}");
    let report = get(house.node.admin, "/readyz").await;
    let (is_ready, checks) = (report.status == 200, report.json());
    let told = checks["checks"].as_array().unwrap().iter().find(|check| check["name"] == "venues").unwrap();
    assert!(is_ready && told["detail"].as_str().unwrap().contains("testville has no map"), "{told}");
    publish(&staff, header("testville"), testville("Tea")).await.unwrap();
    assert_eq!(coffee(&walker, "testville").await.unwrap(), "Tea");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_publishes_lists_and_rolls_back() {
    let house = House::open().await;
    let (server, token) = (house.node.public.to_string(), house.callers.endpoint.tokens.staff.clone());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../maps/testville").display().to_string();
    let map = async |arguments: &[&str]| {
        let remote = ["--code", "szx", "--server", &server, "--token", &token, "--json"];
        let output = run(airside([&["map"], arguments, &remote].concat()), "").await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), serde_json::from_slice::<Value>(&output.stdout).unwrap_or_default(), said)
    };
    let (code, first, said) = map(&["publish", &folder, "--time-zone", ZONE, "--note", "first"]).await;
    assert_eq!((code, &first["version"], &first["is_new"]), (Some(0), &1.into(), &true.into()), "{said}");
    let (code, again, said) = map(&["publish", &folder]).await;
    assert_eq!((code, &again["version"], &again["is_new"]), (Some(0), &1.into(), &false.into()), "{said}");
    publish(&house.callers.staff(), header("szx"), testville("Tea")).await.unwrap();
    let (code, done, said) = map(&["rollback", "--to", "1"]).await;
    assert_eq!((code, &done["version"]), (Some(0), &1.into()), "{said}");
    let (code, versions, said) = map(&["versions"]).await;
    let listed: Vec<_> =
        versions["changes"].as_array().unwrap().iter().map(|change| &change["version"]).collect();
    assert_eq!((code, listed), (Some(0), vec![&1.into(), &2.into(), &1.into()]), "{said}");
    assert_eq!(versions["changes"][2]["digest"], first["digest"]);
    let (code, _, said) = map(&["rollback", "--to", "9"]).await;
    assert!(code == Some(1) && said.contains("version: 9 cannot be shown; there are"), "{said}");
    let (code, _, said) =
        map(&["publish", &folder, "--expected-version", "2", "--time-zone", "Asia/Tokyo"]).await;
    assert!(code == Some(1) && said.contains("version 1 is shown and not version 2"), "{said}");
    let (code, report, said) = map(&["publish", "Cargo.toml"]).await;
    assert!(code == Some(1) && report["valid"] == false, "{said}");
    let (code, _, said) = map(&["publish", "no/such/map"]).await;
    assert!(code == Some(2) && said.contains("no/such/map"), "{said}");
}

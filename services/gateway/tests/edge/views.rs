//! Live views: what is said of them, when, and what is refused.

use std::{collections::BTreeMap, num::NonZeroU32, time::Duration};

use airside_gateway::{GatewayConfig, Methods};
use airside_runtime::auth::Environment;
use futures::FutureExt;
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    house::{House, NAVIGATION, passenger},
    push::{SOON, Socket, connect, end, hear, say},
};

fn prompt() -> GatewayConfig {
    GatewayConfig {
        view_interval: Duration::from_millis(2),
        view_reads_per_second_max: NonZeroU32::new(1_000).unwrap(),
        frames_per_second_max: NonZeroU32::new(1_000).unwrap(),
        ..GatewayConfig::default()
    }
}

async fn house() -> House {
    House::open_with(Environment::Develop, prompt()).await
}

/// Subscribes to a venue; `more` are further fields of the frame.
async fn subscribe(socket: &mut Socket, id: &str, venue: &str, more: Value) {
    let method = format!("{NAVIGATION}/GetVenue");
    let mut frame = json!({"id": id, "method": method, "request": {"venue": venue}});
    frame.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    say(socket, json!({"subscribe": frame})).await;
}

/// Returns what is said of a view next: its name, the number of its change, what is closed.
async fn shown(socket: &mut Socket) -> (String, u64, Vec<String>) {
    read(&hear(socket).await["view"])
}

fn read(view: &Value) -> (String, u64, Vec<String>) {
    let closures = view["body"]["venue"]["closures"].as_array().cloned().unwrap_or_default();
    let closed = closures.iter().map(|closure| closure["featureId"].as_str().unwrap().to_owned());
    let change = view["change"].as_str().unwrap_or_else(|| panic!("no view but {view}")).parse().unwrap();
    (view["id"].as_str().unwrap().to_owned(), change, closed.collect())
}

fn view(id: &str, change: u64, closed: &[&str]) -> (String, u64, Vec<String>) {
    (id.to_owned(), change, closed.iter().map(|&feature| feature.to_owned()).collect())
}

#[tokio::test]
async fn a_view_shows_what_is_now_and_then_each_change() {
    let house = house().await;
    let (mut socket, _) = connect(&house, &passenger(), "en").await;
    house.close("t3", &["lift"]).await;
    subscribe(&mut socket, "v", "t3", Value::Null).await;
    assert_eq!(shown(&mut socket).await, view("v", 1, &["lift"]));
    house.close("t3", &["lift", "stairs"]).await;
    assert_eq!(shown(&mut socket).await, view("v", 2, &["lift", "stairs"]));
    house.close("t1", &["door"]).await;
    house.close("t3", &[]).await;
    assert_eq!(shown(&mut socket).await, view("v", 3, &[]));
    say(&mut socket, json!({"unsubscribe": {"id": "v"}})).await;
    // What is shown first has been asked for after the end of the other.
    subscribe(&mut socket, "again", "t3", Value::Null).await;
    assert_eq!(shown(&mut socket).await, view("again", 1, &[]));
    house.close("t3", &["lift"]).await;
    assert_eq!(shown(&mut socket).await, view("again", 2, &["lift"]), "what is closed says no more");
    house.close("t3", &[]).await;
    assert_eq!(shown(&mut socket).await, view("again", 3, &[]), "what is closed says no more");
}

#[tokio::test]
async fn a_view_is_the_answer_of_a_call() {
    let house = house().await;
    house.close("t3", &["lift"]).await;
    let (mut socket, _) = connect(&house, &passenger(), "en").await;
    subscribe(&mut socket, "a \"name\"", "t3", Value::Null).await;
    assert_eq!(end(&mut socket).await.0, 3501, "a name is of visible characters");
    let (mut socket, _) = connect(&house, &passenger(), "en").await;
    subscribe(&mut socket, "a\"}", "t3", Value::Null).await;
    let told = hear(&mut socket).await;
    let (_, answer) = house.post(&format!("{NAVIGATION}/GetVenue"), None, r#"{"venue":"t3"}"#).await;
    assert_eq!((&told["view"]["body"], &told["view"]["id"]), (&answer, &json!("a\"}")));
    assert_eq!(told["view"]["position"], json!(house.position()));
}

#[tokio::test]
async fn a_burst_of_changes_is_said_as_one_and_the_latest_wins() {
    let house = house().await;
    let (mut socket, _) = connect(&house, &passenger(), "en").await;
    subscribe(&mut socket, "v", "held", Value::Null).await;
    house.gate.entered.notified().await;
    for n in 0..50 {
        house.close("held", &[&format!("lift-{n}")]).await;
    }
    house.gate.open.notify_one();
    house.gate.entered.notified().await;
    house.gate.open.notify_one();
    assert_eq!(shown(&mut socket).await.1, 1);
    let (_, change, closed) = shown(&mut socket).await;
    assert_eq!((change, closed), (2, vec!["lift-49".to_owned()]));
    assert_eq!(house.venue_reads(), 2, "fifty changes were one");
}

#[tokio::test]
async fn an_answer_that_is_the_one_before_is_not_said_again() {
    let house = house().await;
    let (mut socket, _) = connect(&house, &passenger(), "en").await;
    subscribe(&mut socket, "v", "t3", Value::Null).await;
    assert_eq!(shown(&mut socket).await, view("v", 1, &[]));
    house.close("t3", &[]).await;
    timeout(SOON, async {
        while !house.metrics().contains(r#"airside_view_reads_total{outcome="unchanged"} 1"#) {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the view is read again");
    house.close("t3", &["lift"]).await;
    assert_eq!(shown(&mut socket).await, view("v", 2, &["lift"]));
}

#[tokio::test]
async fn a_view_resumes_from_its_version_and_says_only_what_is_new() {
    let house = house().await;
    house.close("t3", &["lift"]).await;
    let (mut socket, _) = connect(&house, &passenger(), "en").await;
    subscribe(&mut socket, "v", "t3", Value::Null).await;
    let told = hear(&mut socket).await["view"].clone();
    let from = json!({"atLeastPosition": told["position"], "ifVersion": told["version"]});
    drop(socket);

    let (mut socket, _) = connect(&house, &passenger(), "en").await;
    subscribe(&mut socket, "v", "t3", from.clone()).await;
    subscribe(&mut socket, "after", "t1", Value::Null).await;
    assert_eq!(shown(&mut socket).await.0, "after", "nothing is new of the first");
    house.close("t3", &["stairs"]).await;
    assert_eq!(shown(&mut socket).await, view("v", 1, &["stairs"]));

    let (mut socket, _) = connect(&house, &passenger(), "en").await;
    subscribe(&mut socket, "v", "t3", from).await;
    assert_eq!(shown(&mut socket).await, view("v", 1, &["stairs"]));
}

#[tokio::test]
async fn a_position_of_another_log_gets_what_is_known_here() {
    let house = house().await;
    house.close("t3", &["lift"]).await;
    let (mut socket, _) = connect(&house, &passenger(), "en").await;
    subscribe(&mut socket, "v", "t3", json!({"atLeastPosition": "99999", "ifVersion": "other"})).await;
    assert_eq!(shown(&mut socket).await, view("v", 1, &["lift"]));
}

#[tokio::test]
async fn a_view_that_is_refused_ends_and_the_session_goes_on() {
    let config = GatewayConfig { views_per_session_max: 2, ..prompt() };
    let house = House::open_with(Environment::Develop, config).await;
    let (mut socket, _) = connect(&house, &passenger(), "en").await;
    let frame = |method: &str, request: Value, at_least: &str| json!({"subscribe": {"id": "v", "method": method, "request": request, "atLeastPosition": at_least}});
    let venue = format!("{NAVIGATION}/GetVenue");
    for (frame, code, names) in [
        (
            frame("/airside.navigation.v1.NavigationService/SetClosure", json!({}), ""),
            "invalid_argument",
            "method",
        ),
        (frame("/airside.baggage.v1.BaggageService/WatchBag", json!({}), ""), "invalid_argument", "method"),
        (frame("nonsense", json!({}), ""), "invalid_argument", "method"),
        (frame(&venue, json!({"vanue": "t3"}), ""), "invalid_argument", "vanue"),
        (frame(&venue, json!({"venue": 3}), ""), "invalid_argument", "venue"),
        (frame(&venue, json!({"venue": "t3"}), "soon"), "invalid_argument", "at_least_position"),
        (frame(&venue, json!({"venue": "missing"}), ""), "not_found", "venue not found"),
        (frame(&venue, json!({"venue": "huge"}), ""), "resource_exhausted", "too large"),
        (frame(&venue, json!({"venue": "panic"}), ""), "internal", "incident"),
    ] {
        say(&mut socket, frame.clone()).await;
        let told = hear(&mut socket).await["error"].clone();
        assert_eq!((&told["code"], &told["id"]), (&json!(code), &json!("v")), "{frame}: {told}");
        assert!(told["message"].as_str().unwrap().contains(names), "{frame}: {told}");
    }
    for id in ["a", "b"] {
        subscribe(&mut socket, id, "t3", Value::Null).await;
        assert_eq!(shown(&mut socket).await, view(id, 1, &[]));
    }
    subscribe(&mut socket, "c", "t3", Value::Null).await;
    let told = hear(&mut socket).await["error"].clone();
    assert_eq!((&told["code"], &told["id"]), (&json!("resource_exhausted"), &json!("c")));
    say(&mut socket, json!({"unsubscribe": {"id": "a"}})).await;
    subscribe(&mut socket, "c", "t3", Value::Null).await;
    assert_eq!(shown(&mut socket).await, view("c", 1, &[]));
    subscribe(&mut socket, "c", "t1", Value::Null).await;
    let (code, reason, _) = end(&mut socket).await;
    assert!(code == 3501 && reason.contains("take another"), "two views of one name: {code} {reason}");
}

#[tokio::test]
async fn a_view_ends_when_its_read_is_refused_later() {
    let house = house().await;
    let (mut socket, _) = connect(&house, &passenger(), "en").await;
    subscribe(&mut socket, "v", "t3", Value::Null).await;
    shown(&mut socket).await;
    house.close("t3", &["gone"]).await;
    let told = hear(&mut socket).await["error"].clone();
    assert_eq!((&told["code"], &told["id"]), (&json!("not_found"), &json!("v")));
    house.close("t3", &[]).await;
    subscribe(&mut socket, "v", "t3", Value::Null).await;
    assert_eq!(shown(&mut socket).await, view("v", 1, &[]));
}

#[tokio::test]
async fn every_live_read_is_a_unary_read() {
    let methods = Methods::from_pool(airside_api::pool()).unwrap();
    let live: Vec<_> = methods.iter().filter(|method| method.live.is_some()).collect();
    assert!(live.len() >= 5, "the walk found only {live:?}");
    for method in live {
        let name = method.path.rsplit('/').next().unwrap();
        let is_read = ["Get", "List", "Find"].iter().any(|verb| name.starts_with(verb));
        assert!(method.is_unary && is_read, "{} is no read", method.path);
    }
}

/// What happens in a story of a session with views.
#[derive(Debug, Clone)]
enum Happening {
    /// What is closed in a venue becomes this, which may be what it was.
    Closed(usize, u8),
    Subscribed(usize, usize),
    Unsubscribed(usize),
    /// The line breaks, and all views are resumed on another.
    Resumed,
    /// The client reads what is there.
    Heard,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => (0..2usize, 0..3u8).prop_map(|(venue, closed)| Happening::Closed(venue, closed)),
        2 => (0..3usize, 0..2usize).prop_map(|(id, venue)| Happening::Subscribed(id, venue)),
        1 => (0..3usize).prop_map(Happening::Unsubscribed),
        1 => Just(Happening::Resumed),
        2 => Just(Happening::Heard),
    ]
}

const VENUES: [&str; 2] = ["t1", "t3"];

/// A client that knows of each view only what it was told.
struct Client {
    socket: Socket,
    views: BTreeMap<usize, Seen>,
    /// How many views it has named.
    named: usize,
}

/// What a client knows of a view.
#[derive(Default)]
struct Seen {
    name: String,
    venue: usize,
    /// The number of the last change.
    change: u64,
    closed: Option<Vec<String>>,
    /// Where it resumes.
    from: Value,
}

impl Client {
    async fn open(&mut self, place: usize, venue: usize, from: Value) {
        self.named += 1;
        let name = format!("v{}", self.named);
        subscribe(&mut self.socket, &name, VENUES[venue], from.clone()).await;
        let seen = self.views.entry(place).or_default();
        let closed = seen.closed.take().filter(|_| !from.is_null());
        *seen = Seen { name, venue, change: 0, closed, from };
    }

    async fn close(&mut self, place: usize) {
        if let Some(seen) = self.views.remove(&place) {
            say(&mut self.socket, json!({"unsubscribe": {"id": seen.name}})).await;
        }
    }

    fn take(&mut self, frame: &Value) {
        let told = &frame["view"];
        let (name, change, closed) = read(told);
        // What is said of a view that was closed may be on its way.
        let Some(seen) = self.views.values_mut().find(|seen| seen.name == name) else { return };
        assert_eq!(change, seen.change + 1, "a gap before {told}");
        assert_ne!(seen.closed.as_ref(), Some(&closed), "said again: {told}");
        let from = json!({"atLeastPosition": told["position"], "ifVersion": told["version"]});
        (seen.change, seen.closed, seen.from) = (change, Some(closed), from);
    }

    /// Tells whether all that it was told last is so.
    fn is_current(&self, closed: &[u8; 2]) -> bool {
        self.views
            .values()
            .all(|seen| seen.closed.as_ref().is_some_and(|told| *told == features_of(closed[seen.venue])))
    }
}

async fn play(story: Vec<Happening>) {
    let house = house().await;
    let mut closed = [0u8; 2];
    let (socket, _) = connect(&house, &passenger(), "en").await;
    let mut client = Client { socket, views: BTreeMap::new(), named: 0 };
    for happening in story {
        match happening {
            Happening::Closed(venue, features) => {
                closed[venue] = features;
                house.close(VENUES[venue], &features_of(features)).await;
            }
            Happening::Subscribed(place, venue) => {
                client.close(place).await;
                client.open(place, venue, Value::Null).await;
            }
            Happening::Unsubscribed(place) => client.close(place).await,
            Happening::Resumed => {
                client.socket = connect(&house, &passenger(), "en").await.0;
                let views: Vec<_> = client
                    .views
                    .iter()
                    .map(|(place, seen)| (*place, seen.venue, seen.from.clone()))
                    .collect();
                for (place, venue, from) in views {
                    client.open(place, venue, from).await;
                }
            }
            Happening::Heard => {
                while let Some(frame) = hear(&mut client.socket).now_or_never() {
                    client.take(&frame);
                }
            }
        }
    }
    while !client.is_current(&closed) {
        let frame = hear(&mut client.socket).await;
        client.take(&frame);
    }
}

fn features_of(number: u8) -> Vec<&'static str> {
    ["lift", "stairs"][..usize::from(number)].to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn what_was_said_last_is_what_a_fresh_read_answers(
        story in proptest::collection::vec(happening(), 0..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(play(story));
    }
}

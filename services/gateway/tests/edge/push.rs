//! The WebSocket `/push`: how sessions begin, are bounded, and end.

use std::{num::NonZeroU32, time::Duration};

use airside_gateway::GatewayConfig;
use airside_kernel::PersonId;
use airside_runtime::auth::{Caller, Environment};
use futures::{SinkExt, StreamExt};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{self, Message, client::IntoClientRequest, http::HeaderValue},
};

use crate::house::{House, partner, passenger};

pub(crate) const SOON: Duration = Duration::from_secs(10);

pub(crate) type Socket = WebSocketStream<TcpStream>;

async fn dial(house: &House, protocol: Option<&str>) -> Result<Socket, tungstenite::Error> {
    let mut request = format!("ws://{}/push", house.address).into_client_request().unwrap();
    if let Some(protocol) = protocol {
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_str(protocol).unwrap());
    }
    let stream = TcpStream::connect(house.address).await.unwrap();
    client_async(request, stream).await.map(|(socket, _)| socket)
}

async fn open(house: &House) -> Socket {
    dial(house, Some("chat, airside.push.v1")).await.unwrap()
}

pub(crate) async fn say(socket: &mut Socket, frame: Value) {
    socket.send(Message::text(frame.to_string())).await.unwrap();
}

/// Opens a session and returns it with its hello.
pub(crate) async fn connect(house: &House, caller: &Caller, locale: &str) -> (Socket, Value) {
    let mut socket = open(house).await;
    say(&mut socket, json!({"connect": {"token": house.token(caller), "locale": locale}})).await;
    let hello = hear(&mut socket).await;
    (socket, hello["hello"].clone())
}

pub(crate) async fn hear(socket: &mut Socket) -> Value {
    let message = timeout(SOON, socket.next()).await.expect("a frame comes").unwrap().unwrap();
    serde_json::from_str(message.to_text().unwrap()).unwrap()
}

/// Returns the close code and its reason, and the error that was told before.
pub(crate) async fn end(socket: &mut Socket) -> (u16, String, Value) {
    let mut error = Value::Null;
    loop {
        match timeout(SOON, socket.next()).await.expect("the session ends").unwrap().unwrap() {
            Message::Close(Some(frame)) => return (frame.code.into(), frame.reason.to_string(), error),
            Message::Text(text) => error = serde_json::from_str(&text).unwrap(),
            other => panic!("no close but {other:?}"),
        }
    }
}

fn other_passenger() -> Caller {
    Caller::Passenger(PersonId("018f3c6e-0000-7000-8000-000000000008".parse().unwrap()))
}

#[tokio::test]
async fn a_session_begins_with_connect_and_ends_with_bye() {
    let house = House::open().await;
    let (mut socket, hello) = connect(&house, &passenger(), "en").await;
    assert_eq!((&hello["epoch"], &hello["recovered"]), (&json!("e1"), &json!(true)));
    let good_for: u64 = hello["tokenExpiresInMs"].as_str().unwrap().parse().unwrap();
    assert!((590_000..=600_000).contains(&good_for), "{good_for}");
    say(&mut socket, json!({"pong": {}})).await;
    say(&mut socket, json!({"ack": {"seq": 7, "level": "ACK_LEVEL_DELIVERED"}})).await;
    say(&mut socket, json!({"bye": {}})).await;
    assert_eq!(end(&mut socket).await, (1000, "bye".to_owned(), Value::Null));
    assert!(
        house.metrics().contains(r#"airside_sessions_ended_total{outcome="bye"} 1"#),
        "{}",
        house.metrics()
    );
}

#[tokio::test]
async fn hello_comes_first_also_to_a_client_that_does_not_wait_for_it() {
    let house = House::open().await;
    let mut socket = open(&house).await;
    let connect = json!({"connect": {"token": house.token(&passenger())}});
    for frame in [connect, json!({"refresh": {"token": "x"}})] {
        socket.feed(Message::text(frame.to_string())).await.unwrap();
    }
    socket.flush().await.unwrap();
    assert_eq!(hear(&mut socket).await["hello"]["epoch"], "e1");
    assert_eq!(hear(&mut socket).await["error"]["code"], "unauthenticated");
}

#[tokio::test]
async fn what_is_no_session_is_refused_with_its_code_and_a_remedy() {
    let house = House::open().await;
    let good = house.token(&passenger());
    for (first, code, names) in [
        (Message::text("nonsense"), 3501, "frame: "),
        (Message::text("{}"), 3501, "say one of connect"),
        (Message::text(r#"{"pong":{}}"#), 3501, "the first one must be `connect`"),
        (Message::text(r#"{"connect":{"tokn":"x"}}"#), 3501, "tokn"),
        (Message::binary(vec![1, 2, 3]), 3501, "text messages"),
        (Message::text("x".repeat(9_000)), 3501, "too large"),
        (Message::text(json!({"connect": {}}).to_string()), 3500, "token"),
        (Message::text(json!({"connect": {"token": "x.y.z"}}).to_string()), 3500, "token"),
        (
            Message::text(json!({"connect": {"token": house.token(&partner())}}).to_string()),
            3500,
            "passengers",
        ),
        (Message::text(json!({"connect": {"token": good, "locale": "none"}}).to_string()), 3504, "close one"),
    ] {
        let mut socket = open(&house).await;
        socket.send(first.clone()).await.unwrap();
        let (closed, reason, error) = end(&mut socket).await;
        assert_eq!(closed, code, "{first:?}: {reason}");
        let told = error["error"]["message"].as_str().unwrap();
        assert!(told.contains(names), "{first:?}: {told}");
    }
}

#[tokio::test]
async fn what_is_no_websocket_is_told_so() {
    let house = House::open().await;
    for (verb, headers, status, names) in [
        ("GET", "", 426, "Upgrade: websocket"),
        ("POST", "content-type: application/json\r\n", 426, "Upgrade: websocket"),
        ("GET", "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 8\r\n", 426, "13"),
        (
            "GET",
            "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n",
            400,
            "airside.push.v1",
        ),
        (
            "GET",
            "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
             sec-websocket-protocol: airside.push.v1\r\nsec-websocket-key: short\r\n",
            400,
            "Sec-WebSocket-Key",
        ),
    ] {
        let (answered, _, body) = house.http(verb, "/push", headers, b"").await;
        let body = String::from_utf8(body).unwrap();
        assert!(answered == status && body.contains(names), "{headers:?}: {answered} {body}");
    }
    let refused = dial(&house, None).await.unwrap_err();
    assert!(matches!(refused, tungstenite::Error::Http(answer) if answer.status() == 400));
}

#[tokio::test]
async fn what_a_client_gets_wrong_in_a_session_is_told() {
    let house = House::open().await;
    let (mut socket, _) = connect(&house, &passenger(), "en").await;
    say(&mut socket, json!({"ack": {"seq": 9, "level": "ACK_LEVEL_READ"}})).await;
    let error = hear(&mut socket).await["error"].clone();
    assert_eq!(error, json!({"code": "invalid_argument", "message": "up_to_seq: acknowledge 1 to 7"}));
    say(&mut socket, json!({"refresh": {"token": "x"}})).await;
    assert_eq!(hear(&mut socket).await["error"]["code"], "unauthenticated");
    say(&mut socket, json!({"refresh": {"token": house.token(&passenger())}})).await;
    assert!(hear(&mut socket).await["refreshed"]["tokenExpiresInMs"].is_string());
    say(&mut socket, json!({"connect": {"token": house.token(&passenger())}})).await;
    assert_eq!(end(&mut socket).await.0, 3501);

    let (mut socket, _) = connect(&house, &passenger(), "en").await;
    say(&mut socket, json!({"refresh": {"token": house.token(&other_passenger())}})).await;
    let (code, reason, _) = end(&mut socket).await;
    assert!(code == 3500 && reason.contains("another person's"), "{code} {reason}");
}

#[tokio::test]
async fn a_token_that_is_not_refreshed_ends_its_session() {
    let house = House::open().await;
    let mut socket = open(&house).await;
    let short = house.token_for(&passenger(), SignedDuration::from_secs(1));
    say(&mut socket, json!({"connect": {"token": short}})).await;
    hear(&mut socket).await;
    let (code, reason, _) = end(&mut socket).await;
    assert!(code == 3500 && reason.contains("expired"), "{code} {reason}");
}

#[tokio::test]
async fn a_client_that_says_nothing_is_left() {
    let config = GatewayConfig {
        session_silence: Duration::from_millis(100),
        head_timeout: Duration::from_millis(300),
        ..GatewayConfig::default()
    };
    let house = House::open_with(Environment::Develop, config).await;
    let (mut silent, _) = connect(&house, &passenger(), "en").await;
    assert_eq!(end(&mut silent).await.0, 3012);
    let mut never_connects = open(&house).await;
    assert_eq!(end(&mut never_connects).await.0, 3012);
}

#[tokio::test]
async fn too_many_frames_and_too_many_sessions_are_too_many() {
    let few = NonZeroU32::new(3).unwrap();
    let config = GatewayConfig {
        frames_per_second_max: few,
        sessions_of_person_per_minute_max: few,
        ..GatewayConfig::default()
    };
    let house = House::open_with(Environment::Develop, config).await;
    let (mut hasty, _) = connect(&house, &passenger(), "en").await;
    for _ in 0..10 {
        // The session may be closed before the last.
        let _ = hasty.send(Message::text(r#"{"pong":{}}"#)).await;
    }
    assert_eq!(end(&mut hasty).await.0, 3013);
    let mut kept = Vec::new();
    for _ in 0..2 {
        kept.push(connect(&house, &passenger(), "en").await);
    }
    let mut fourth = open(&house).await;
    say(&mut fourth, json!({"connect": {"token": house.token(&passenger())}})).await;
    assert_eq!(end(&mut fourth).await.0, 3013);
    connect(&house, &other_passenger(), "en").await;
}

#[tokio::test]
async fn a_client_that_never_reads_is_left_and_nobody_else_notices() {
    let config =
        GatewayConfig { session_send_timeout: Duration::from_millis(200), ..GatewayConfig::default() };
    let house = House::open_with(Environment::Develop, config).await;
    let (stuck, _) = connect(&house, &passenger(), "flood").await;
    let (mut well, _) = connect(&house, &other_passenger(), "en").await;
    timeout(SOON, async {
        while !house.metrics().contains(r#"airside_sessions_ended_total{outcome="slow"} 1"#) {
            say(&mut well, json!({"ack": {"seq": 8, "level": "ACK_LEVEL_READ"}})).await;
            assert_eq!(hear(&mut well).await["error"]["code"], "invalid_argument");
        }
    })
    .await
    .expect("the stuck session ends");
    drop(stuck);
}

#[tokio::test]
async fn at_the_stop_sessions_are_asked_to_come_back() {
    let house = House::open().await;
    let (mut socket, _) = connect(&house, &passenger(), "en").await;
    let mut waiting = open(&house).await;
    house.stop.send(true).unwrap();
    assert_eq!(hear(&mut socket).await["drain"]["reconnectAfterMs"], 700);
    assert_eq!(end(&mut socket).await.0, 3001);
    assert_eq!(end(&mut waiting).await.0, 3001);
    drop((socket, waiting));
    timeout(SOON, house.serving).await.expect("nothing runs any more").unwrap();
}

#[tokio::test]
async fn a_session_that_did_not_keep_up_is_asked_to_come_back() {
    let house = House::open().await;
    let (mut socket, _) = connect(&house, &passenger(), "slow").await;
    assert_eq!(hear(&mut socket).await["drain"], json!({"reconnectAfterMs": 500, "reason": "slow"}));
    let (code, reason, _) = end(&mut socket).await;
    assert!(code == 3008 && reason.contains("come back and resume"), "{code} {reason}");
}

#[tokio::test]
async fn a_frame_that_is_too_large_or_no_text_ends_its_session_alone() {
    let house = House::open().await;
    let (mut well, _) = connect(&house, &other_passenger(), "en").await;
    let large = json!({"subscribe": {"id": "v", "request": {"venue": "x".repeat(9_000)}}}).to_string();
    for (frame, names) in [
        (Message::text(large), "too large"),
        (Message::binary(vec![0; 16]), "text messages"),
        (Message::text(r#"{"connect":{}}"#), "connected already"),
        (Message::text(r#"{"hello":{}}"#), "hello"),
    ] {
        let (mut socket, _) = connect(&house, &passenger(), "en").await;
        socket.send(frame.clone()).await.unwrap();
        let (code, _, error) = end(&mut socket).await;
        let told = error["error"]["message"].as_str().unwrap();
        assert!(code == 3501 && told.contains(names), "{frame:?}: {code} {told}");
    }
    say(&mut well, json!({"ack": {"seq": 8, "level": "ACK_LEVEL_READ"}})).await;
    assert_eq!(hear(&mut well).await["error"]["code"], "invalid_argument", "nobody else noticed");
}

/// Ten thousand at a second would be as many files; what counts is that they are more than are let in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_that_connects_at_once_is_let_in_at_a_rate_and_nobody_else_notices() {
    let few = NonZeroU32::new(20).unwrap();
    let config = GatewayConfig { sessions_per_second_max: few, ..GatewayConfig::default() };
    let house = House::open_with(Environment::Develop, config).await;
    let (mut well, _) = connect(&house, &passenger(), "en").await;
    let crowd = (0..1_000).map(|_| dial(&house, Some("airside.push.v1")));
    let dialled = futures::future::join_all(crowd).await;
    let (opened, refused): (Vec<_>, Vec<_>) = dialled.into_iter().partition(Result::is_ok);
    assert!(!opened.is_empty() && refused.len() > 500, "{} were let in", opened.len());
    for refusal in refused.into_iter().filter_map(Result::err) {
        let tungstenite::Error::Http(answer) = refusal else { panic!("{refusal}") };
        let retry_after = answer.headers().get("retry-after").and_then(|after| after.to_str().ok());
        assert_eq!((answer.status().as_u16(), retry_after), (503, Some("1")));
    }
    say(&mut well, json!({"ack": {"seq": 8, "level": "ACK_LEVEL_READ"}})).await;
    assert_eq!(hear(&mut well).await["error"]["code"], "invalid_argument", "nobody else noticed");
}

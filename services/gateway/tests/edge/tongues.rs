//! gRPC-Web and binary Connect are two more ways to the same services, also from pages of other origins.

use std::time::Duration;

use airside_api::{
    navigation::v1::{ListVenuesRequest, ListVenuesResponse, SearchPlacesRequest, SearchPlacesResponse},
    notifications::v1::WatchResponse,
};
use airside_gateway::{GatewayConfig, Origin};
use airside_runtime::auth::Environment;
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD},
};
use bytes::{Buf, Bytes};
use http::HeaderMap;
use http_body_util::{BodyExt, Full};
use prost::Message;
use serde_json::{Value, json};
use tokio::time::timeout;
use tonic::{Code, Status, body::Body, client::GrpcService};

use crate::house::{House, NAVIGATION, passenger};

const SOON: Duration = Duration::from_secs(10);
const WEB: &str = "application/grpc-web+proto";
const WEB_TEXT: &str = "application/grpc-web-text";
const WATCH: &str = "/airside.notifications.v1.NotificationService/Watch";

/// The frame of a message: a flag, the length, the bytes.
fn frame(message: &impl Message) -> Vec<u8> {
    let bytes = message.encode_to_vec();
    let length = u32::try_from(bytes.len()).unwrap();
    [&[0][..], &length.to_be_bytes(), &bytes].concat()
}

fn search(query: &str) -> SearchPlacesRequest {
    SearchPlacesRequest { query: query.to_owned(), ..SearchPlacesRequest::default() }
}

/// Posts a body over HTTP/2 and returns the answer.
async fn post(house: &House, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> http::Response<Body> {
    let mut request = http::Request::post(format!("http://{}{path}", house.address));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut channel = house.channel().await;
    std::future::poll_fn(|cx| channel.poll_ready(cx)).await.unwrap();
    channel.call(request.body(Body::new(Full::new(Bytes::from(body)))).unwrap()).await.unwrap()
}

/// What a gRPC-Web client makes of an answer: its messages, and its code with its message.
#[derive(Debug, PartialEq)]
struct Said {
    messages: Vec<Bytes>,
    status: (i32, String),
}

/// Takes an answer apart: frames of messages, then one of trailers; or a status in the headers.
fn understood(headers: &HeaderMap, mut body: Bytes) -> Said {
    let mut messages = Vec::new();
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let mut status = text("grpc-status").map(|code| (code, text("grpc-message").unwrap_or_default()));
    while body.has_remaining() {
        assert_eq!(status, None, "nothing follows a status");
        let flag = body.get_u8();
        let length = body.get_u32() as usize;
        let content = body.split_to(length);
        if flag == 0 {
            messages.push(content);
            continue;
        }
        assert_eq!(flag, 0x80, "a frame of trailers");
        let trailers = String::from_utf8(content.to_vec()).unwrap();
        let trailer = |name: &str| {
            let lines = trailers.lines().filter_map(|line| line.split_once(':'));
            lines.filter(|(known, _)| *known == name).map(|(_, value)| value.trim().to_owned()).next()
        };
        status = Some((trailer("grpc-status").unwrap(), trailer("grpc-message").unwrap_or_default()));
    }
    let (code, message) = status.expect("every answer has a status");
    Said { messages, status: (code.parse().unwrap(), message.replace("%20", " ")) }
}

async fn web(house: &House, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Said {
    let headers = [&[("content-type", WEB)], headers].concat();
    let (parts, body) = post(house, path, &headers, body).await.into_parts();
    assert_eq!((parts.status.as_u16(), &parts.headers["content-type"]), (200, &WEB.parse().unwrap()));
    understood(&parts.headers, body.collect().await.unwrap().to_bytes())
}

/// Joins the chunks of an HTTP/1.1 body.
fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut joined = Vec::new();
    loop {
        let end = body.windows(2).position(|bytes| bytes == b"\r\n").unwrap();
        let length = usize::from_str_radix(std::str::from_utf8(&body[..end]).unwrap(), 16).unwrap();
        if length == 0 {
            return joined;
        }
        joined.extend_from_slice(&body[end + 2..end + 2 + length]);
        body = &body[end + 2 + length + 2..];
    }
}

#[tokio::test]
async fn grpc_web_answers_in_binary_and_in_text_over_any_http() {
    let house = House::open().await;
    let path = format!("{NAVIGATION}/ListVenues");
    let asked = frame(&ListVenuesRequest {});
    let said = web(&house, &path, &[], asked.clone()).await;
    assert_eq!(said.status, (0, String::new()));
    let venues = ListVenuesResponse::decode(said.messages[0].clone()).unwrap();
    assert_eq!(venues.venues[0].code, "testville");

    let text = BASE64_STANDARD.encode(&asked);
    let headers = format!("content-type: {WEB_TEXT}; charset=utf-8\r\naccept: {WEB_TEXT}\r\n");
    let (status, head, body) = house.http_chunked("POST", &path, &headers, text.as_bytes()).await;
    assert!(status == 200 && head.contains(WEB_TEXT), "{head}");
    // Each piece is padded by itself.
    let text = String::from_utf8(unchunked(&body)).unwrap();
    let pieces = text.split_inclusive('=').filter(|piece| *piece != "=");
    let pieces = pieces.map(|piece| BASE64_STANDARD_NO_PAD.decode(piece.trim_end_matches('=')).unwrap());
    let same = understood(&HeaderMap::new(), pieces.collect::<Vec<_>>().concat().into());
    assert_eq!(same, said);
}

#[tokio::test]
async fn an_error_in_grpc_web_has_its_code_and_is_counted_like_any_other() {
    let house = House::open().await;
    let path = format!("{NAVIGATION}/SearchPlaces");
    let said = web(&house, &path, &[], frame(&search("missing"))).await;
    assert_eq!((said.messages.len(), said.status), (0, (5, "venue not found".to_owned())));
    let line = format!("airside_rpc_requests_total{{method=\"{path}\",code=\"not_found\"}} 1");
    assert!(house.metrics().contains(&line), "{}", house.metrics());

    let closure = format!("{NAVIGATION}/SetClosure");
    for (headers, code) in [
        (&[][..], Code::Unauthenticated),
        (&[("authorization", &*format!("Bearer {}", house.token(&passenger())))], Code::PermissionDenied),
    ] {
        assert_eq!(web(&house, &closure, headers, vec![0; 5]).await.status.0, code as i32);
    }
    let wait = frame(&search("wait"));
    let headers = format!("content-type: {WEB}\r\ngrpc-timeout: 30m\r\n");
    let (_, head, _) = house.http("POST", &path, &headers, &wait).await;
    assert!(head.contains("grpc-status: 4"), "{head}");
    let panicked = web(&house, &path, &[], frame(&search("panic"))).await;
    assert!(panicked.status.0 == 13 && panicked.status.1.contains("incident"), "{panicked:?}");
    let nowhere = web(&house, &format!("{NAVIGATION}/Fly"), &[], vec![0; 5]).await;
    assert_eq!(nowhere.status.0, Code::Unimplemented as i32);
}

#[tokio::test]
async fn bytes_that_are_not_the_rpcs_request_are_told_alike_in_every_tongue() {
    let house = House::open().await;
    let path = format!("{NAVIGATION}/SearchPlaces");
    let in_frame =
        |bytes: &[u8]| [&[0][..], &u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat();
    // A field of another type, a text that is none, and no protobuf at all.
    for (bytes, says) in [
        (&[0x08, 0x01][..], "SearchPlacesRequest.venue: invalid wire type"),
        (&[0x0a, 0x01, 0xff], "SearchPlacesRequest.venue: invalid string value"),
        (&[0xff; 12], "invalid varint"),
    ] {
        let expected = |message: &str| {
            message.starts_with("body: ") && message.contains(says) && message.ends_with("in binary protobuf")
        };
        let grpc =
            post(&house, &path, &[("content-type", "application/grpc"), ("te", "trailers")], in_frame(bytes));
        let grpc = Status::from_header_map(grpc.await.headers()).unwrap();
        assert_eq!(grpc.code(), Code::InvalidArgument, "{grpc:?}");
        assert!(expected(grpc.message()), "{grpc:?}");
        let web = post(&house, &path, &[("content-type", WEB)], in_frame(bytes)).await;
        let (head, body) = web.into_parts();
        let web = understood(&head.headers, body.collect().await.unwrap().to_bytes());
        let headers = [("grpc-status", web.status.0.to_string()), ("grpc-message", web.status.1)];
        let headers = headers.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let web = Status::from_header_map(&HeaderMap::from_iter(headers)).unwrap();
        assert_eq!((web.code(), web.message()), (grpc.code(), grpc.message()));
        let connect = post(&house, &path, &[("content-type", "application/proto")], bytes.to_vec()).await;
        assert_eq!(connect.status(), 400);
        let said: Value =
            serde_json::from_slice(&connect.into_body().collect().await.unwrap().to_bytes()).unwrap();
        assert_eq!(said, json!({"code": "invalid_argument", "message": grpc.message()}));
    }
    for (body, says) in [(Vec::new(), "no message"), (vec![0, 0, 0, 0, 9, 1], "ends within a message")] {
        let grpc =
            post(&house, &path, &[("content-type", "application/grpc"), ("te", "trailers")], body).await;
        let grpc = Status::from_header_map(grpc.headers()).unwrap();
        assert_eq!(grpc.code(), Code::InvalidArgument, "{grpc:?}");
        assert!(grpc.message().contains(says), "{grpc:?}");
    }
}

#[tokio::test]
async fn what_grpc_web_brings_in_is_bounded_and_read_with_care() {
    let config = GatewayConfig { body_bytes_max: 1024, ..GatewayConfig::default() };
    let house = House::open_with(Environment::Develop, config).await;
    let path = format!("{NAVIGATION}/SearchPlaces");
    let large = frame(&search(&"a".repeat(2000)));
    let claims = [&[0][..], &u32::MAX.to_be_bytes()].concat();
    for body in [large.clone(), claims] {
        let said = web(&house, &path, &[], body).await;
        assert!(said.status.0 == 8 && said.status.1.contains("1024 bytes"), "{said:?}");
    }
    for (text, code, word) in
        [(BASE64_STANDARD.encode(&large), 8, "1024 bytes"), ("!not base64!".to_owned(), 3, "content-type")]
    {
        let headers = [("content-type", WEB_TEXT)];
        let (parts, _) = post(&house, &path, &headers, text.into_bytes()).await.into_parts();
        let said = understood(&parts.headers, Bytes::new());
        assert!(said.status.0 == code && said.status.1.contains(word), "{said:?}");
    }
}

#[tokio::test]
async fn a_stream_comes_over_grpc_web_and_ends_with_a_status_at_the_stop() {
    let config = GatewayConfig { drain: Duration::from_secs(2), ..GatewayConfig::default() };
    let house = House::open_with(Environment::Develop, config).await;
    let bearer = format!("Bearer {}", house.token(&passenger()));
    let headers = [("content-type", WEB), ("authorization", &*bearer)];
    let mut body = post(&house, WATCH, &headers, vec![0; 5]).await.into_body();
    let first = timeout(SOON, body.frame()).await.expect("a frame comes").unwrap().unwrap();
    assert_eq!(first.into_data().unwrap(), frame(&WatchResponse::default()));
    house.stop.send_replace(true);
    let rest = timeout(SOON, body.collect()).await.expect("the stream ends").unwrap().to_bytes();
    let said = understood(&HeaderMap::new(), rest);
    assert_eq!(said.status.0, Code::Unavailable as i32, "{said:?}");
}

#[tokio::test]
async fn connect_takes_binary_messages_too() {
    let house = House::open().await;
    let path = format!("{NAVIGATION}/SearchPlaces");
    let headers = [("content-type", "application/proto"), ("connect-protocol-version", "1")];
    let (parts, body) = post(&house, &path, &headers, search("A3").encode_to_vec()).await.into_parts();
    assert_eq!(
        (parts.status.as_u16(), &parts.headers["content-type"]),
        (200, &headers[0].1.parse().unwrap())
    );
    let found = SearchPlacesResponse::decode(body.collect().await.unwrap().to_bytes()).unwrap();
    assert_eq!(found.places[0].name, "anonymous");

    let wrong = [("content-type", "application/proto"), ("connect-protocol-version", "2")];
    for (headers, body, http, code, word) in [
        (&headers, search("missing").encode_to_vec(), 404, "not_found", "venue"),
        (&headers, b"\xff\xff".to_vec(), 400, "invalid_argument", "body: "),
        (&wrong, Vec::new(), 400, "invalid_argument", "connect-protocol-version: "),
    ] {
        let (parts, body) = post(&house, &path, headers, body).await.into_parts();
        let said: Value = serde_json::from_slice(&body.collect().await.unwrap().to_bytes()).unwrap();
        assert_eq!(
            (parts.status.as_u16(), &parts.headers["content-type"]),
            (http, &"application/json".parse().unwrap())
        );
        assert_eq!(said["code"], code);
        assert!(said["message"].as_str().unwrap().contains(word), "{said}");
    }
}

const PREFLIGHT: &str =
    "access-control-request-method: POST\r\naccess-control-request-headers: authorization, x-grpc-web\r\n";

#[tokio::test]
async fn a_page_of_another_origin_calls_if_the_configuration_names_it() {
    let app = Origin::try_from("https://app.example.com".to_owned()).unwrap();
    let config = GatewayConfig { origins: vec![app], ..GatewayConfig::default() };
    let house = House::open_with(Environment::Develop, config).await;
    let path = format!("{NAVIGATION}/ListVenues");
    let known = "origin: https://app.example.com\r\n";
    let (status, head, _) = house.http("OPTIONS", &path, &format!("{known}{PREFLIGHT}"), b"").await;
    assert_eq!(status, 200);
    for word in [
        "access-control-allow-origin: https://app.example.com",
        "access-control-allow-methods: GET,POST",
        "x-grpc-web",
        "connect-timeout-ms",
        "access-control-max-age: 7200",
        "vary: origin",
    ] {
        assert!(head.contains(word), "{word}: {head}");
    }
    assert!(!head.contains("allow-credentials"), "{head}");
    let json = "content-type: application/json\r\n";
    let (status, head, _) = house.http("POST", &path, &format!("{known}{json}"), b"{}").await;
    assert_eq!(status, 200);
    assert!(head.contains("access-control-allow-origin: https://app.example.com"), "{head}");
    let exposed = head.lines().find(|line| line.starts_with("access-control-expose-headers")).unwrap();
    assert!(exposed.contains("grpc-status") && exposed.contains("x-request-id"), "{exposed}");

    for other in ["origin: https://evil.example\r\n", "origin: null\r\n"] {
        let (_, head, _) = house.http("OPTIONS", &path, &format!("{other}{PREFLIGHT}"), b"").await;
        assert!(!head.contains("access-control-allow-origin"), "{head}");
    }
}

#[tokio::test]
async fn without_origins_no_other_page_is_answered() {
    let house = House::open().await;
    let headers = format!("origin: https://app.example.com\r\n{PREFLIGHT}");
    let (status, head, _) = house.http("OPTIONS", &format!("{NAVIGATION}/ListVenues"), &headers, b"").await;
    assert!(status == 405 && !head.contains("access-control"), "{head}");
}

#[tokio::test]
async fn the_manual_is_open_but_in_a_release_and_is_fetched_once() {
    for (env, expect) in [(Environment::Develop, 200), (Environment::Trial, 200), (Environment::Release, 404)]
    {
        let house = House::open_with(env, GatewayConfig::default()).await;
        for path in ["/openapi.json", "/descriptors.binpb"] {
            assert_eq!(house.http("GET", path, "", b"").await.0, expect, "{path} in {env:?}");
        }
    }
    let house = House::open().await;
    let (_, head, body) = house.http("GET", "/descriptors.binpb", "", b"").await;
    assert_eq!(body, airside_api::DESCRIPTORS);
    let tag = head.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap();
    let known = format!("if-none-match: {tag}\r\n");
    let (status, _, body) = house.http("GET", "/descriptors.binpb", &known, b"").await;
    assert_eq!((status, body.len()), (304, 0));
    let (_, head, body) = house.http("GET", "/openapi.json", "", b"").await;
    let document: Value = serde_json::from_slice(&body).unwrap();
    assert!(head.contains("content-type: application/json"), "{head}");
    assert_eq!(document["openapi"], json!("3.1.0"));
}

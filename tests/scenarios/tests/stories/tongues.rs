//! Every unary rpc answers the same in every tongue: gRPC, gRPC-Web in both forms, Connect in both forms.
//!
//! The walk is over the descriptors, so that an rpc is in it from the day it is born.

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use prost_reflect::{DynamicMessage, MethodDescriptor};
use serde_json::{Value, json};
use tonic::{Code, body::Body, client::GrpcService};
use uuid::Uuid;

use crate::harness::{House, within};

/// What an answer comes to: its code by Connect's name, its message, and what it carries.
#[derive(Debug, PartialEq)]
struct Said {
    code: String,
    message: String,
    body: Value,
}

/// A way to make a call: its content type, and how a body goes out and comes in.
struct Tongue {
    name: &'static str,
    content_type: &'static str,
    body: fn() -> Bytes,
    hear: fn(&MethodDescriptor, &Heard) -> Said,
}

/// An answer as it came.
struct Heard {
    status: http::StatusCode,
    headers: http::HeaderMap,
    body: Bytes,
    trailers: http::HeaderMap,
}

const TONGUES: [Tongue; 5] = [
    Tongue { name: "gRPC", content_type: "application/grpc", body: empty_frame, hear: grpc },
    Tongue { name: "gRPC-Web", content_type: "application/grpc-web+proto", body: empty_frame, hear: web },
    Tongue {
        name: "gRPC-Web text",
        content_type: "application/grpc-web-text",
        body: || BASE64_STANDARD.encode([0; 5]).into(),
        hear: web_text,
    },
    Tongue {
        name: "Connect JSON",
        content_type: "application/json",
        body: || Bytes::from_static(b"{}"),
        hear: connect_json,
    },
    Tongue {
        name: "Connect binary",
        content_type: "application/proto",
        body: Bytes::new,
        hear: connect_binary,
    },
];

fn empty_frame() -> Bytes {
    Bytes::from_static(&[0; 5])
}

fn grpc(method: &MethodDescriptor, heard: &Heard) -> Said {
    assert_eq!(heard.status, 200);
    assert_eq!(heard.headers["content-type"], "application/grpc");
    let place = if heard.headers.contains_key("grpc-status") { &heard.headers } else { &heard.trailers };
    ended(method, &heard.body, place)
}

fn web(method: &MethodDescriptor, heard: &Heard) -> Said {
    assert_eq!(heard.status, 200);
    assert_eq!(heard.headers["content-type"], "application/grpc-web+proto");
    framed(method, &heard.headers, &heard.body)
}

fn web_text(method: &MethodDescriptor, heard: &Heard) -> Said {
    assert_eq!(heard.status, 200);
    let text = std::str::from_utf8(&heard.body).unwrap();
    let mut body = BytesMut::new();
    // Frames are encoded each by itself, and padded.
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest
            .find('=')
            .map_or(rest.len(), |at| at + rest[at..].bytes().take_while(|b| *b == b'=').count());
        body.put_slice(&BASE64_STANDARD.decode(&rest[..end]).unwrap());
        rest = &rest[end..];
    }
    framed(method, &heard.headers, &body.freeze())
}

/// Reads a body of frames of which the last are the trailers, or a status in the headers.
fn framed(method: &MethodDescriptor, headers: &http::HeaderMap, body: &Bytes) -> Said {
    if headers.contains_key("grpc-status") {
        return ended(method, body, headers);
    }
    let length = PREFIX + (&body[1..]).get_u32() as usize;
    let (message, mut last) = (body.slice(..length), body.slice(length..));
    assert_eq!(last.get_u8(), 0x80, "the last frame holds the trailers");
    assert_eq!(last.get_u32() as usize, last.len());
    let lines = std::str::from_utf8(&last).unwrap().lines().map(|line| line.split_once(':').unwrap());
    let trailers = lines.map(|(name, value)| (name.parse().unwrap(), value.trim().parse().unwrap()));
    ended(method, &message, &trailers.collect())
}

const PREFIX: usize = 5;

fn ended(method: &MethodDescriptor, body: &Bytes, place: &http::HeaderMap) -> Said {
    let status = tonic::Status::from_header_map(place).expect("an answer has a status");
    let body = match status.code() {
        Code::Ok => shown(method, body.slice(PREFIX..)),
        _ => Value::Null,
    };
    let code = airside_runtime::status::connect_name(status.code()).to_owned();
    Said { code, message: status.message().to_owned(), body }
}

fn shown(method: &MethodDescriptor, message: Bytes) -> Value {
    serde_json::to_value(DynamicMessage::decode(method.output(), message).unwrap()).unwrap()
}

fn connect_json(_: &MethodDescriptor, heard: &Heard) -> Said {
    connected(heard, |body| serde_json::from_slice(&body).unwrap())
}

fn connect_binary(method: &MethodDescriptor, heard: &Heard) -> Said {
    connected(heard, |body| shown(method, body))
}

fn connected(heard: &Heard, shown: impl Fn(Bytes) -> Value) -> Said {
    if heard.status == 200 {
        return Said { code: "ok".to_owned(), message: String::new(), body: shown(heard.body.clone()) };
    }
    assert_eq!(heard.headers["content-type"], "application/json");
    let error: Value = serde_json::from_slice(&heard.body).unwrap();
    let text = |name: &str| error[name].as_str().unwrap().to_owned();
    let code =
        (1..17).map(Code::from).find(|code| airside_runtime::status::connect_name(*code) == text("code"));
    let http = airside_runtime::status::http_status(code.expect("a code of the protocol"));
    assert_eq!(heard.status, http, "{error}");
    Said { code: text("code"), message: text("message"), body: Value::Null }
}

async fn call(house: &House, tongue: &Tongue, method: &MethodDescriptor, token: &str) -> Said {
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    let mut request = http::Request::post(format!("http://{}{path}", house.node.public))
        .header("content-type", tongue.content_type)
        .header("accept", tongue.content_type);
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let mut channel = house.callers.channel();
    let request = request.body(Body::new(Full::new((tongue.body)()))).unwrap();
    let heard = within(&path, async {
        std::future::poll_fn(|cx| channel.poll_ready(cx)).await.unwrap();
        let (parts, body) = channel.call(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap();
        let trailers = body.trailers().cloned().unwrap_or_default();
        Heard { status: parts.status, headers: parts.headers, body: body.to_bytes(), trailers }
    });
    (tongue.hear)(method, &heard.await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_unary_rpc_answers_the_same_in_every_tongue() {
    let house = House::open().await;
    let tokens = &house.callers.endpoint.tokens;
    let passenger = house.callers.passenger_token(Uuid::new_v4());
    let callers = [
        ("nobody", ""),
        ("passenger", &*passenger),
        ("partner", &*tokens.partner),
        ("staff", &*tokens.staff),
    ];
    let services = airside_api::pool().services();
    let methods = services.flat_map(|service| service.methods().collect::<Vec<_>>());
    let unary: Vec<_> =
        methods.filter(|one| !one.is_client_streaming() && !one.is_server_streaming()).collect();
    assert!(unary.len() >= 35, "{}: the walk lost something", unary.len());
    for method in &unary {
        let mut admitted = 0;
        for (name, token) in callers {
            let [first, others @ ..] = &TONGUES;
            let said = call(&house, first, method, token).await;
            assert_ne!(said.code, "unimplemented", "{}: nobody serves it", method.full_name());
            admitted += usize::from(!matches!(&*said.code, "unauthenticated" | "permission_denied"));
            for tongue in others {
                let same = call(&house, tongue, method, token).await;
                assert_eq!(same, said, "{} by {name} in {}", method.full_name(), tongue.name);
            }
        }
        assert!(admitted > 0, "{}: nobody came as far as the service", method.full_name());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_with_content_is_the_same_in_every_tongue() {
    let house = House::open().await;
    let service = airside_api::pool().get_service_by_name("airside.navigation.v1.NavigationService").unwrap();
    let venues = service.methods().find(|method| method.name() == "ListVenues").unwrap();
    for tongue in &TONGUES {
        let said = call(&house, tongue, &venues, "").await;
        assert_eq!(
            (&*said.code, &said.body["venues"][0]["code"]),
            ("ok", &json!("testville")),
            "{}",
            tongue.name
        );
    }
}

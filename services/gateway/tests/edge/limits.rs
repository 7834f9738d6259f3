//! What a stranger can make grow is bounded.

use std::time::Duration;

use airside_api::navigation::v1::{
    ListVenuesRequest, SearchPlacesRequest, navigation_service_client::NavigationServiceClient,
};
use airside_gateway::GatewayConfig;
use airside_runtime::auth::Environment;
use bytes::Bytes;
use futures::{FutureExt, StreamExt, stream};
use http_body::Frame;
use http_body_util::StreamBody;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tonic::{Code, Status, body::Body, client::GrpcService};

use crate::house::{House, NAVIGATION};

const SMALL: usize = 64 * 1024;

async fn house() -> House {
    let config = GatewayConfig {
        body_bytes_max: SMALL,
        head_timeout: Duration::from_millis(100),
        connections_max: 4,
        ..GatewayConfig::default()
    };
    House::open_with(Environment::Develop, config).await
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_with_the_limit() {
    let house = house().await;
    let path = format!("{NAVIGATION}/SearchPlaces");
    let fits = json!({"query": "a".repeat(SMALL - 100)}).to_string();
    assert_eq!(house.post(&path, None, &fits).await.0, 200);
    let large = json!({"query": "a".repeat(2 * SMALL)}).to_string();
    let (status, body) = house.post(&path, None, &large).await;
    assert_eq!((status, &body["code"]), (429, &json!("resource_exhausted")));
    assert!(body["message"].as_str().unwrap().contains("65536 bytes"), "{body}");

    let mut client = NavigationServiceClient::new(house.channel().await);
    let asked = |length| SearchPlacesRequest { query: "a".repeat(length), ..SearchPlacesRequest::default() };
    assert!(client.search_places(asked(SMALL - 100)).await.is_ok());
    let status = client.search_places(asked(2 * SMALL)).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.message().contains("65536 bytes"), "{status:?}");
    assert!(client.list_venues(ListVenuesRequest {}).await.is_ok(), "the connection lives");
}

/// Sends pieces of a body to an rpc, then nothing more and no end; returns the refusal.
async fn refused(house: &House, pieces: Vec<Bytes>) -> Status {
    let mut channel = house.channel().await;
    let frames = pieces.into_iter().map(|piece| Ok::<_, Status>(Frame::data(piece)));
    let body = Body::new(StreamBody::new(stream::iter(frames).chain(stream::pending())));
    let request = http::Request::post(format!("http://{}{NAVIGATION}/ListVenues", house.address))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(body)
        .unwrap();
    std::future::poll_fn(|cx| channel.poll_ready(cx)).await.unwrap();
    let answer = channel.call(request).await.unwrap();
    Status::from_header_map(answer.headers()).unwrap()
}

#[tokio::test]
async fn a_frame_that_claims_too_much_is_refused_before_its_bytes_come() {
    let house = house().await;
    // Three bytes and two bytes, then silence: the length alone is too much.
    let pieces = [&[0, 0x20, 0][..], &[0, 0][..]].map(Bytes::from_static);
    let status = refused(&house, pieces.into()).await;
    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
}

#[tokio::test]
async fn a_body_that_goes_on_behind_its_frame_is_refused() {
    let house = house().await;
    let pieces = vec![Bytes::from_static(&[0; 5]), Bytes::from(vec![0; 2 * SMALL])];
    let status = refused(&house, pieces).await;
    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
}

/// Says something and waits for the other side to hang up.
async fn hung_up_on(house: &House, words: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    stream.write_all(words).await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await;
    let _ = read.expect("the gateway hangs up long before");
    answer
}

#[tokio::test]
async fn a_connection_that_does_not_come_to_the_point_is_closed() {
    let house = house().await;
    for words in [
        &b""[..],
        b"P",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r",
        b"POST / HTTP/1.1\r\nhost: airside\r\n",
        b"POST / HTTP/1.1\r\nhost: airside\r\nx-slow: ",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ] {
        hung_up_on(&house, words).await;
    }
    assert_eq!(house.post(&format!("{NAVIGATION}/ListVenues"), None, "{}").await.0, 200);
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let house = house().await;
    let headers = format!("content-type: application/json\r\nx-large: {}\r\n", "a".repeat(20_000));
    let head = format!("POST {NAVIGATION}/ListVenues HTTP/1.1\r\nhost: a\r\n{headers}\r\n");
    let answer = hung_up_on(&house, head.as_bytes()).await;
    assert!(
        answer.is_empty() || answer.starts_with(b"HTTP/1.1 431"),
        "{:?}",
        String::from_utf8_lossy(&answer)
    );

    let mut client = NavigationServiceClient::new(house.channel().await);
    let mut request = tonic::Request::new(ListVenuesRequest {});
    request.metadata_mut().insert("x-large", "a".repeat(20_000).parse().unwrap());
    assert!(client.list_venues(request).await.is_err());
}

#[tokio::test]
async fn a_connection_beyond_the_limit_waits_for_another_to_close() {
    let config = GatewayConfig { connections_max: 1, ..GatewayConfig::default() };
    let house = House::open_with(Environment::Develop, config).await;
    let first = house.channel().await;
    let mut client = NavigationServiceClient::new(first.clone());
    client.list_venues(ListVenuesRequest {}).await.unwrap();
    assert!(house.metrics().contains("airside_connections 1"));
    let path = format!("{NAVIGATION}/ListVenues");
    let mut second = Box::pin(house.post(&path, None, "{}"));
    assert!((&mut second).now_or_never().is_none());
    drop((client, first));
    assert_eq!(second.await.0, 200);
}

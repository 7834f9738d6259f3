//! gRPC and JSON are two ways to the same services.

use airside_api::navigation::v1::{
    FindRouteRequest, ListVenuesRequest, SearchPlacesRequest,
    navigation_service_client::NavigationServiceClient,
};
use airside_gateway::GatewayConfig;
use airside_runtime::auth::{Environment, StaffRole};
use prost_reflect::{DynamicMessage, ReflectMessage};
use serde_json::{Value, json};
use tonic::Code;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest,
};

use crate::house::{House, NAVIGATION, passenger, staff, with_token};

fn search(query: &str) -> SearchPlacesRequest {
    SearchPlacesRequest { query: query.to_owned(), ..SearchPlacesRequest::default() }
}

/// Returns the canonical JSON of a message, by way of its descriptor.
fn canonical(name: &str, message: &impl prost::Message) -> Value {
    let descriptor = airside_api::pool().get_message_by_name(name).unwrap();
    let mut dynamic = DynamicMessage::new(descriptor);
    dynamic.transcode_from(message).unwrap();
    assert_eq!(dynamic.descriptor().full_name(), name);
    serde_json::to_value(&dynamic).unwrap()
}

#[tokio::test]
async fn grpc_and_json_answer_alike() {
    let house = House::open().await;
    let mut client = NavigationServiceClient::new(house.channel().await);

    let venues = client.list_venues(ListVenuesRequest {}).await.unwrap().into_inner();
    let (status, body) = house.post(&format!("{NAVIGATION}/ListVenues"), None, "{}").await;
    assert_eq!(status, 200);
    assert_eq!(body, canonical("airside.navigation.v1.ListVenuesResponse", &venues));
    assert_eq!(
        body,
        json!({"venues": [{
            "code": "testville",
            "names": {"en": "Testville", "zh-CN": "测试城"},
            "levels": [{"shortName": "1F"}, {"ordinal": -1, "shortName": "B1"}],
        }]})
    );

    let asked = FindRouteRequest { profile: 2, ..FindRouteRequest::default() };
    let route = client.find_route(asked).await.unwrap().into_inner();
    for profile in [json!("PROFILE_WHEELCHAIR"), json!(2)] {
        let asked = json!({"profile": profile, "from": {"place": "A3"}}).to_string();
        let (_, body) = house.post(&format!("{NAVIGATION}/FindRoute"), None, &asked).await;
        assert_eq!(body, canonical("airside.navigation.v1.FindRouteResponse", &route));
        assert_eq!(
            (&body["lengthM"], &body["reason"]),
            (&json!(120.5), &json!("NO_ROUTE_REASON_NOT_ACCESSIBLE"))
        );
    }
}

#[tokio::test]
async fn times_are_written_as_rfc_3339_and_names_may_be_the_protos_own() {
    let house = House::open().await;
    let token = house.token(&staff(&[StaffRole::Operator]));
    for field in ["expectedUntil", "expected_until"] {
        let body = json!({"venue": "testville", field: "2026-11-20T10:00:00+08:00"}).to_string();
        let (status, answer) = house.post(&format!("{NAVIGATION}/SetClosure"), Some(&token), &body).await;
        assert_eq!((status, &answer["position"]), (200, &json!("1795140000")), "{answer}");
    }
}

#[tokio::test]
async fn a_service_learns_the_caller_and_the_request_on_both_wires() {
    let house = House::open().await;
    let token = house.token(&passenger());
    let mut client = NavigationServiceClient::new(house.channel().await);
    let answer = client.search_places(with_token(search("A3"), &token)).await.unwrap();
    let id = answer.metadata().get("x-request-id").unwrap().to_str().unwrap().to_owned();
    let place = answer.into_inner().places.remove(0);
    assert_eq!((place.name, place.id), ("passenger/018f3c6e-0000-7000-8000-000000000007".to_owned(), id));

    let path = format!("{NAVIGATION}/SearchPlaces");
    let (_, body) = house.post(&path, Some(&token), "{}").await;
    assert_eq!(body["places"][0]["name"], "passenger/018f3c6e-0000-7000-8000-000000000007");
    let (_, body) = house.post(&path, None, "{}").await;
    assert_eq!(body["places"][0]["name"], "anonymous");
}

#[tokio::test]
async fn a_json_body_that_is_wrong_is_refused_with_what_is_wrong() {
    let house = House::open().await;
    for (body, expect) in [
        (r#"{"querry": "A3"}"#, "unrecognized field name 'querry'"),
        (r#"{"query": "A3", "venue": {"nested": 1}}"#, "venue: "),
        (r#"{"pageSize": -1}"#, "pageSize: out of range"),
        (r#"{"page_size": "many"}"#, "page_size: "),
        (r#"{"language": "LANGUAGE_KLINGON"}"#, "language: unrecognized enum value 'LANGUAGE_KLINGON'"),
        (r#"{"query": "A3"} {}"#, "body: trailing"),
        (r#"{"query": "A3""#, "EOF"),
        ("query=A3", "body: "),
        ("[]", "body: "),
        ("", "body: it is empty"),
    ] {
        let (status, answer) = house.post(&format!("{NAVIGATION}/SearchPlaces"), None, body).await;
        assert_eq!((status, &answer["code"]), (400, &json!("invalid_argument")), "{body}");
        let message = answer["message"].as_str().unwrap();
        assert!(message.contains(expect), "{body}: {message}");
    }
    let nested = r#"{"from": {"position": {"longitude": "east"}}}"#;
    let (_, answer) = house.post(&format!("{NAVIGATION}/FindRoute"), None, nested).await;
    assert!(answer["message"].as_str().unwrap().starts_with("from.position.longitude: "), "{answer}");
    let deep = format!(r#"{{"from": {}}}"#, "[".repeat(100_000));
    assert_eq!(house.post(&format!("{NAVIGATION}/FindRoute"), None, &deep).await.0, 400);
}

#[tokio::test]
async fn an_error_of_a_service_keeps_its_code_and_message() {
    let house = House::open().await;
    let mut client = NavigationServiceClient::new(house.channel().await);
    let status = client.search_places(search("missing")).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::NotFound, "venue not found"));
    let path = format!("{NAVIGATION}/SearchPlaces");
    let (http, body) = house.post(&path, None, r#"{"query":"missing"}"#).await;
    assert_eq!((http, body), (404, json!({"code": "not_found", "message": "venue not found"})));
    let page = house.metrics();
    let line = format!("airside_rpc_requests_total{{method=\"{path}\",code=\"not_found\"}} 2");
    assert!(page.contains(&line), "{page}");
}

#[tokio::test]
async fn a_panic_is_one_calls_error_and_nothing_else() {
    let house = House::open().await;
    let mut client = NavigationServiceClient::new(house.channel().await);
    let status = client.search_places(search("panic")).await.unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    assert!(status.message().contains("; incident ") && !status.message().contains("defect"), "{status:?}");
    let path = format!("{NAVIGATION}/SearchPlaces");
    let (http, body) = house.post(&path, None, r#"{"query":"panic"}"#).await;
    assert_eq!((http, &body["code"]), (500, &json!("internal")));
    assert!(client.search_places(search("A3")).await.is_ok(), "the same connection lives");
}

#[tokio::test]
async fn a_streaming_rpc_over_json_names_the_remedy() {
    let house = House::open().await;
    let token = house.token(&passenger());
    let path = "/airside.notifications.v1.NotificationService/Watch";
    let (status, body) = house.post(path, Some(&token), "{}").await;
    assert_eq!((status, &body["code"]), (501, &json!("unimplemented")));
    assert!(body["message"].as_str().unwrap().contains("gRPC"), "{body}");
}

#[tokio::test]
async fn what_is_no_rpc_is_told_so_in_its_own_wire() {
    let house = House::open().await;
    let json_type = "content-type: application/json\r\n";
    let list = format!("{NAVIGATION}/ListVenues");
    for (verb, path, headers, expect) in [
        ("POST", "/airside.navigation.v1.NavigationService/Fly", json_type, 404),
        ("POST", "/airside.navigation.v1.NavigationService/ListVenues/", json_type, 404),
        ("POST", "/", json_type, 404),
        ("GET", "/.env", "", 404),
        ("GET", list.as_str(), "", 405),
        ("POST", list.as_str(), "", 415),
        ("POST", list.as_str(), "content-type: text/plain\r\n", 415),
        ("POST", list.as_str(), "content-type: application/grpc\r\n", 426),
        ("POST", list.as_str(), "content-type: application/json\r\ncontent-encoding: gzip\r\n", 501),
    ] {
        let (status, head, body) = house.http(verb, path, headers, b"{}").await;
        assert_eq!(status, expect, "{verb} {path}");
        assert!(head.contains("application/json") && head.contains("x-request-id: "), "{head}");
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert!(body["code"].is_string() && body["message"].is_string(), "{body}");
    }
    let (status, _, body) = house.http("GET", "/", "", b"").await;
    let body = String::from_utf8(body).unwrap();
    assert!(status == 200 && body.starts_with("Airside ") && body.contains("application/json"), "{body}");

    let mut grpc = tonic::client::Grpc::new(house.channel().await);
    grpc.ready().await.unwrap();
    let path = "/airside.navigation.v1.NavigationService/Fly".parse().unwrap();
    let codec = tonic_prost::ProstCodec::<(), ()>::default();
    let status = grpc.unary(tonic::Request::new(()), path, codec).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
}

#[tokio::test]
async fn a_call_ends_when_its_callers_patience_does() {
    let house = House::open().await;
    let path = format!("{NAVIGATION}/SearchPlaces");
    let headers = "content-type: application/json\r\nconnect-timeout-ms: 30\r\n";
    let (status, _, body) = house.http("POST", &path, headers, br#"{"query":"wait"}"#).await;
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((status, &body["code"]), (504, &json!("deadline_exceeded")));
}

#[tokio::test]
async fn a_call_ends_when_our_patience_does() {
    let config =
        GatewayConfig { call_timeout_max: std::time::Duration::from_millis(30), ..Default::default() };
    let house = House::open_with(Environment::Develop, config).await;
    let mut client = NavigationServiceClient::new(house.channel().await);
    let status = client.search_places(search("wait")).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn health_is_open_to_all_and_reflection_only_in_develop() {
    for (env, expect) in
        [(Environment::Develop, true), (Environment::Trial, false), (Environment::Release, false)]
    {
        let house = House::open_with(env, GatewayConfig::default()).await;
        let mut health = HealthClient::new(house.channel().await);
        let answer = health.check(HealthCheckRequest::default()).await.unwrap().into_inner();
        assert_eq!(answer.status, 1, "SERVING");
        let mut reflection = ServerReflectionClient::new(house.channel().await);
        let message_request = Some(MessageRequest::ListServices(String::new()));
        let asked = ServerReflectionRequest { message_request, ..Default::default() };
        let answered = reflection.server_reflection_info(tokio_stream::once(asked)).await;
        match answered {
            Ok(mut answers) => {
                let answer = answers.get_mut().message().await.unwrap().unwrap();
                assert!(expect && format!("{answer:?}").contains("BaggageService"), "{answer:?}");
            }
            Err(status) => assert!(!expect && status.code() == Code::Unimplemented, "{status:?}"),
        }
    }
}

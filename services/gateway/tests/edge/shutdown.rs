//! After the stop: running calls finish, streams are told, nothing new begins.

use std::time::Duration;

use airside_api::{
    navigation::v1::{SearchPlacesRequest, navigation_service_client::NavigationServiceClient},
    notifications::v1::{WatchRequest, notification_service_client::NotificationServiceClient},
};
use airside_gateway::GatewayConfig;
use airside_runtime::auth::Environment;
use tokio::{net::TcpStream, time::timeout};
use tonic::Code;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use crate::house::{House, NAVIGATION, passenger, with_token};

const SOON: Duration = Duration::from_secs(5);

fn waiting() -> SearchPlacesRequest {
    SearchPlacesRequest { query: "wait".to_owned(), ..SearchPlacesRequest::default() }
}

#[tokio::test]
async fn a_running_call_finishes_and_then_the_port_is_closed() {
    let house = House::open().await;
    let mut client = NavigationServiceClient::new(house.channel().await);
    let grpc = tokio::spawn(async move { client.search_places(waiting()).await });
    house.gate.entered.notified().await;
    house.stop.send(true).unwrap();
    // The listener is gone while the call still runs.
    while TcpStream::connect(house.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!grpc.is_finished() && !house.serving.is_finished());
    house.gate.open.notify_one();
    assert!(grpc.await.unwrap().is_ok());
    timeout(SOON, house.serving).await.expect("nothing runs any more").unwrap();
}

#[tokio::test]
async fn a_running_json_call_finishes_too() {
    let house = House::open().await;
    let path = format!("{NAVIGATION}/SearchPlaces");
    let call = house.post(&path, None, r#"{"query":"wait"}"#);
    let stop = async {
        house.gate.entered.notified().await;
        house.stop.send(true).unwrap();
        house.gate.open.notify_one();
    };
    let ((status, _), ()) = tokio::join!(call, stop);
    assert_eq!(status, 200);
    timeout(SOON, house.serving).await.expect("nothing runs any more").unwrap();
}

#[tokio::test]
async fn a_stream_that_goes_on_is_ended_with_a_status_that_says_come_back() {
    let config = GatewayConfig { drain: Duration::from_millis(200), ..GatewayConfig::default() };
    let house = House::open_with(Environment::Develop, config).await;
    let token = house.token(&passenger());
    let mut client = NotificationServiceClient::new(house.channel().await);
    let mut frames = client.watch(with_token(WatchRequest::default(), &token)).await.unwrap().into_inner();
    assert!(frames.message().await.unwrap().is_some());
    let mut health = HealthClient::new(house.channel().await);
    let mut healths = health.watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    assert_eq!(healths.message().await.unwrap().unwrap().status, 1);

    house.stop.send(true).unwrap();
    for status in [frames.message().await.unwrap_err(), last(&mut healths).await] {
        assert_eq!(status.code(), Code::Unavailable, "{status:?}");
        assert!(status.message().contains("connect again"), "{status:?}");
    }
    timeout(SOON, house.serving).await.expect("nothing runs any more").unwrap();
}

/// Reads a stream of health to its end.
async fn last(healths: &mut tonic::Streaming<tonic_health::pb::HealthCheckResponse>) -> tonic::Status {
    loop {
        match healths.message().await {
            Ok(answer) => assert!(answer.is_some(), "it ends with a status"),
            Err(status) => return status,
        }
    }
}

#[tokio::test]
async fn a_call_that_never_ends_is_cut_when_the_time_is_up() {
    let config = GatewayConfig { drain: Duration::from_millis(50), ..GatewayConfig::default() };
    let house = House::open_with(Environment::Develop, config).await;
    let mut client = NavigationServiceClient::new(house.channel().await);
    let call = tokio::spawn(async move { client.search_places(waiting()).await });
    house.gate.entered.notified().await;
    house.stop.send(true).unwrap();
    timeout(SOON, house.serving).await.expect("the drain time is short").unwrap();
    assert!(call.await.unwrap().is_err());
}

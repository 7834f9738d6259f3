//! What who runs the system looks at: health, reflection, metrics, readiness.

use tokio_stream::{StreamExt, once};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};

use crate::harness::{House, calls::record, http::get, luggage::scan, within};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reflection_and_health_answer_in_develop() {
    let house = House::open().await;
    let channel = house.callers.channel();
    let check = HealthCheckRequest { service: String::new() };
    let health = HealthClient::new(channel.clone()).check(check).await.unwrap().into_inner();
    assert_eq!(health.status(), ServingStatus::Serving);

    let question = MessageRequest::ListServices(String::new());
    let question = ServerReflectionRequest { host: String::new(), message_request: Some(question) };
    let asked = ServerReflectionClient::new(channel).server_reflection_info(once(question)).await;
    let answer = within("the services", asked.unwrap().into_inner().next()).await.unwrap().unwrap();
    let Some(MessageResponse::ListServicesResponse(listed)) = answer.message_response else {
        panic!("{answer:?}")
    };
    let names: Vec<_> = listed.service.iter().map(|service| service.name.as_str()).collect();
    for service in [
        "airside.baggage.v1.BaggageService",
        "airside.flights.v1.FlightService",
        "airside.navigation.v1.NavigationService",
        "airside.notifications.v1.NotificationService",
        "airside.trips.v1.TripService",
        "grpc.health.v1.Health",
    ] {
        assert!(names.contains(&service), "{service} is not among {names:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_admin_port_tells_life_readiness_and_numbers() {
    let house = House::open().await;
    let point = airside_api::baggage::v1::TrackingPoint::CheckIn;
    record(&house.callers.partner(), scan("s1", "3479000701", point)).await;

    let alive = get(house.node.admin, "/healthz").await;
    assert_eq!((alive.status, alive.body.as_str()), (200, "alive\n"));
    let ready = get(house.node.admin, "/readyz").await;
    assert_eq!((ready.status, &ready.json()["ready"]), (200, &true.into()), "{ready:?}");
    let metrics = get(house.node.admin, "/metrics").await;
    assert_eq!(metrics.status, 200);
    for line in [
        "airside_scans_total{outcome=\"recorded\"} 1",
        "method=\"/airside.baggage.v1.BaggageService/RecordScans\",code=\"ok\"} 1",
        "# EOF",
    ] {
        assert!(metrics.body.contains(line), "{line} is not in\n{}", metrics.body);
    }
    let public = get(house.node.public, "/metrics").await;
    assert_eq!(public.status, 404, "metrics are for the admin port alone");
}

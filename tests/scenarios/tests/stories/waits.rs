//! A queue at security counts in the next route, a visitor is told why they cannot pass, a shop tells its hours.

use airside_api::navigation::v1::{
    FindRouteRequest, FindRouteResponse, Language, ListVenuesRequest, NoRouteReason, OpeningState, Rights,
    RouteEnd, SearchPlacesRequest, SetWaitRequest, route_end::End,
};
use airside_runtime::stored::timestamp_message;
use airside_simulator::connect::Clients;

use crate::harness::House;

const VENUE: &str = "testville";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_changes_the_next_route_and_a_visitor_is_told_where_they_stop() {
    let house = House::open().await;
    let (staff, partner) = (house.callers.staff(), house.callers.partner());
    let walker = house.callers.passenger(uuid::Uuid::new_v4());

    let security = place(&walker, "Security").await.id;
    let free = find(&walker, to("A3")).await;
    report(&partner, &security, 780).await.unwrap();
    let queued = find(&walker, to("A3")).await;
    assert!((queued.seconds - free.seconds - 780.0).abs() < 0.2, "{} {}", queued.seconds, free.seconds);
    let step = queued.steps.iter().find(|step| step.wait_seconds > 0.0).unwrap();
    assert!(step.text.contains("about 14 minutes now"), "{step:?}");

    let house = house.reopen().await;
    let walker = house.callers.passenger(uuid::Uuid::new_v4());
    assert_eq!(find(&walker, to("A3")).await.seconds, queued.seconds, "a restart forgot the queue");
    let venues = walker.navigation.clone().list_venues(ListVenuesRequest {}).await.unwrap().into_inner();
    let waits: Vec<_> = venues.venues[0].waits.iter().map(|wait| (&wait.feature_id, wait.seconds)).collect();
    assert_eq!(waits, [(&security, 780)]);
    drop((staff, partner));
    let staff = house.callers.staff();
    let too_long = report(&staff, &security, 14_401).await.unwrap_err();
    assert!(too_long.message().contains("report 0 to 14400"), "{too_long:?}");
    let gate = place(&walker, "A3").await.id;
    let nowhere = report(&staff, &gate, 60).await.unwrap_err();
    assert!(nowhere.message().starts_with("feature_id: the map has no queue"), "{nowhere:?}");
    assert!(report(&walker, &security, 0).await.is_err(), "passengers report nothing");
    report(&staff, &security, 0).await.unwrap();
    assert_eq!(find(&walker, to("A3")).await.seconds, free.seconds);

    let visitor = find(&walker, FindRouteRequest { rights: Rights::Visitor.into(), ..to("A3") }).await;
    assert_eq!((visitor.found, visitor.reason()), (false, NoRouteReason::Zone));
    assert_eq!(visitor.reason_text, "You need a boarding pass to pass security");
    let as_staff = FindRouteRequest { rights: Rights::Staff.into(), ..to("A3") };
    let refused = walker.navigation.clone().find_route(as_staff.clone()).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::PermissionDenied);
    assert!(find(&staff, as_staff).await.found);

    // 2026-11-22 at 23:00 in Shanghai: the noodles open at ten.
    let night = timestamp_message("2026-11-22T15:00:00Z".parse().unwrap());
    let closed = find(&walker, FindRouteRequest { depart: Some(night), ..to("Lucky Noodles") }).await;
    assert!(closed.found, "{closed:?}");
    assert_eq!(closed.goal.unwrap().state(), OpeningState::Closed);
    assert_eq!(closed.note, "It is closed when you arrive and opens at 10:00 tomorrow");
    let coffee = place(&walker, "Cloud Coffee").await;
    assert_eq!((coffee.hours.as_str(), coffee.opening.unwrap().text.as_str()), ("24/7", "Always open"));
}

fn to(goal: &str) -> FindRouteRequest {
    let end = |name: &str| Some(RouteEnd { end: Some(End::Place(name.to_owned())) });
    FindRouteRequest {
        venue: VENUE.to_owned(),
        from: end("Metro"),
        to: end(goal),
        language: Language::En.into(),
        ..FindRouteRequest::default()
    }
}

async fn find(caller: &Clients, request: FindRouteRequest) -> FindRouteResponse {
    caller.navigation.clone().find_route(request).await.unwrap().into_inner()
}

async fn place(caller: &Clients, query: &str) -> airside_api::navigation::v1::Place {
    let (venue, query) = (VENUE.to_owned(), query.to_owned());
    let request = SearchPlacesRequest { venue, query, page_size: 1, ..SearchPlacesRequest::default() };
    caller.navigation.clone().search_places(request).await.unwrap().into_inner().places.remove(0)
}

async fn report(caller: &Clients, feature_id: &str, seconds: u32) -> Result<(), tonic::Status> {
    let (venue, feature_id) = (VENUE.to_owned(), feature_id.to_owned());
    let request = SetWaitRequest { venue, feature_id, seconds, valid_minutes: 0 };
    caller.navigation.clone().set_wait(request).await.map(drop)
}

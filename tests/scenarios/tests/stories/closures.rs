//! A closure changes the next route.

use airside_api::navigation::v1::{
    FindRouteRequest, FindRouteResponse, ListVenuesRequest, NoRouteReason, Profile, RouteEnd,
    SearchPlacesRequest, SetClosureRequest, route_end::End,
};
use airside_simulator::connect::Clients;

use crate::harness::House;

const VENUE: &str = "testville";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closure_changes_the_next_route() {
    let house = House::open().await;
    let (staff, walker) = (house.callers.staff(), house.callers.passenger(uuid::Uuid::new_v4()));

    let open = by_wheelchair(&walker).await;
    assert!(open.found && open.length_m > 0.0, "{open:?}");
    assert!(open.steps.iter().any(|step| step.kind == "lift"), "{:?}", open.steps);
    assert!(!open.steps.iter().any(|step| step.kind == "stairs" || step.kind == "escalator"));

    let lifts = lifts(&walker).await;
    assert!(!lifts.is_empty());
    for lift in &lifts {
        close(&staff, lift, true).await;
    }
    let blocked = by_wheelchair(&walker).await;
    assert!(!blocked.found);
    assert_eq!(blocked.reason(), NoRouteReason::Closed);
    assert!(!blocked.blocked_by.is_empty(), "{blocked:?}");
    assert!(blocked.blocked_by.iter().all(|feature| lifts.contains(feature)), "{blocked:?}");
    assert!(!blocked.reason_text.is_empty());
    assert!(find(&walker, Profile::Walk).await.found, "stairs are open to who can walk");

    let house = house.reopen().await;
    let (staff, walker) = (house.callers.staff(), house.callers.passenger(uuid::Uuid::new_v4()));
    assert_eq!(by_wheelchair(&walker).await.blocked_by, blocked.blocked_by, "a restart opened it");
    let venues = walker.navigation.clone().list_venues(ListVenuesRequest {}).await.unwrap().into_inner();
    assert_eq!(venues.venues[0].closures.len(), lifts.len());

    for lift in &lifts {
        close(&staff, lift, false).await;
    }
    let again = by_wheelchair(&walker).await;
    assert!(again.found);
    assert_eq!(again.steps, open.steps);
}

async fn by_wheelchair(caller: &Clients) -> FindRouteResponse {
    find(caller, Profile::Wheelchair).await
}

async fn find(caller: &Clients, profile: Profile) -> FindRouteResponse {
    let end = |name: &str| Some(RouteEnd { end: Some(End::Place(name.to_owned())) });
    let request = FindRouteRequest {
        venue: VENUE.to_owned(),
        from: end("Metro"),
        to: end("A3"),
        profile: profile.into(),
        ..FindRouteRequest::default()
    };
    caller.navigation.clone().find_route(request).await.unwrap().into_inner()
}

/// Returns the lifts that the venue's directory names.
pub(crate) async fn lifts(caller: &Clients) -> Vec<String> {
    let request = SearchPlacesRequest {
        venue: VENUE.to_owned(),
        query: "elevator".to_owned(),
        page_size: 100,
        ..SearchPlacesRequest::default()
    };
    let found = caller.navigation.clone().search_places(request).await.unwrap().into_inner().places;
    found.into_iter().filter(|place| place.category == "elevator").map(|place| place.id).collect()
}

/// Closes a feature, or opens it again.
pub(crate) async fn close(staff: &Clients, feature: &str, closed: bool) {
    let request = SetClosureRequest {
        venue: VENUE.to_owned(),
        feature_id: feature.to_owned(),
        closed,
        reason: if closed { "maintenance".to_owned() } else { String::new() },
        expected_until: None,
    };
    let answer = staff.navigation.clone().set_closure(request).await.unwrap().into_inner();
    assert!(!answer.position.is_empty(), "nothing changed");
}

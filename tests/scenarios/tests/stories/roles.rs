//! Nodes in roles on one log: whatever one takes the others show, and what several do is done once.

use airside_api::{
    baggage::v1::{ScanResult, TrackingPoint},
    navigation::v1::{FindRouteRequest, RouteEnd, route_end::End},
    notifications::v1::NoticeKind,
};
use airside_kernel::{Category, Classified, SubjectId};
use airside_server::roles::Role;
use tonic::Code;
use uuid::Uuid;

use crate::harness::{
    Callers,
    calls::{announce, bag_of, follow, record, submit, try_follow},
    eventually,
    http::get,
    luggage::Luggage,
    nodes::{Ground, Nodes},
    process::{Yard, airside, refusal, refused},
    session::Session,
    within,
};

/// Returns the types of the events in a stream.
async fn types(ground: &Ground, stream: &str) -> Vec<String> {
    ground.stream(stream).await.iter().map(|event| event.event_type().to_owned()).collect()
}

/// Follows one bag from its announcement to the aircraft; calls enter at `one`, the session is at `other`.
async fn travel(one: &Callers, other: &Callers, plate: &str) -> Uuid {
    let (person, bag) = (Uuid::new_v4(), Luggage::new(plate));
    let (partner, passenger) = (one.partner(), other.passenger(person));
    announce(&partner, &bag).await;
    follow(&passenger, &bag).await;
    let mut session = Session::open(&passenger).await;
    let scan = |id: &str, point| bag.scan(&format!("{plate}-{id}"), point);
    assert_eq!(record(&partner, scan("1", TrackingPoint::CheckIn)).await, ScanResult::Recorded);
    session.expect(NoticeKind::BagAccepted).await;
    assert_eq!(record(&partner, scan("2", TrackingPoint::AircraftLoad)).await, ScanResult::Recorded);
    session.expect(NoticeKind::BagLoaded).await;
    person
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passenger_is_told_at_one_gateway_what_came_in_at_another() {
    let nodes = Nodes::on(Ground::memory()).await;
    let _projector = nodes.start(&[Role::Projector]).await;
    let (one, other) = (nodes.start(&[Role::Gateway]).await, nodes.start(&[Role::Gateway]).await);
    let (one, other) = (one.callers().await, other.callers().await);
    travel(&one, &other, "3479000401").await;
    travel(&other, &one, "3479000402").await;
    let opened = bag_of(&other.partner(), "3479000401").await.unwrap();
    assert_eq!(opened, bag_of(&one.partner(), "3479000401").await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_navigator_finds_ways_and_sends_every_other_call_to_a_gateway() {
    let nodes = Nodes::on(Ground::memory()).await;
    let navigator = nodes.start(&[Role::Navigator]).await;
    let callers = navigator.callers().await;
    let end = |name: &str| Some(RouteEnd { end: Some(End::Place(name.to_owned())) });
    let request = FindRouteRequest {
        venue: "testville".to_owned(),
        from: end("Metro"),
        to: end("A3"),
        ..Default::default()
    };
    let passenger = callers.passenger(Uuid::new_v4());
    assert!(!passenger.navigation.clone().find_route(request).await.unwrap().into_inner().legs.is_empty());

    let refused = bag_of(&callers.partner(), "3479000403").await.unwrap_err();
    assert_eq!(refused.code(), Code::Unimplemented);
    assert!(refused.message().contains("navigator") && refused.message().contains("call a gateway"));
    let ready = get(navigator.node.admin, "/readyz").await.body;
    assert!(ready.contains("\"roles\"") && ready.contains("navigator"), "{ready}");
    let vault = get(nodes.vault().admin, "/readyz").await.body;
    assert!(!nodes.vault().has_public_port() && !vault.contains("read-models"), "{vault}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_two_projectors_do_is_done_once_and_one_goes_on_alone() {
    for ground in [Ground::memory(), Ground::cluster()] {
        let nodes = Nodes::on(ground).await;
        let gateway = nodes.start(&[Role::Gateway]).await;
        let callers = gateway.callers().await;
        let alone = nodes.start(&[Role::Projector]).await;
        let person = travel(&callers, &callers, "3479000411").await;
        let by_one = types(&nodes.ground, "bag-3479000411").await;
        assert_eq!(nodes.ground.stream(&format!("inbox-{person}")).await.len(), 2);

        let second = nodes.start(&[Role::Projector]).await;
        for n in 2..6 {
            let plate = format!("347900041{n}");
            let person = travel(&callers, &callers, &plate).await;
            assert_eq!(types(&nodes.ground, &format!("bag-{plate}")).await, by_one, "{plate}");
            assert_eq!(nodes.ground.stream(&format!("inbox-{person}")).await.len(), 2, "{plate}");
        }
        alone.stop().await;
        let person = travel(&callers, &callers, "3479000417").await;
        second.stop().await;
        assert_eq!(types(&nodes.ground, "bag-3479000417").await, by_one);
        assert_eq!(nodes.ground.stream(&format!("inbox-{person}")).await.len(), 2);
        let places = types(&nodes.ground, "reactor-notifications.releases").await;
        assert_eq!(places.first().map(String::as_str), Some("runtime.ReactorStarted"));
        assert!(places.len() > 1, "its place is in the log: {places:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gateways_are_renewed_one_after_another_and_sessions_lose_nothing() {
    let nodes = Nodes::on(Ground::cluster()).await;
    let _projector = nodes.start(&[Role::Projector]).await;
    let mut here = nodes.start(&[Role::Gateway]).await;
    let mut there = nodes.start(&[Role::Gateway]).await;
    let (person, bag) = (Uuid::new_v4(), Luggage::new("3479000421"));
    let points = [
        (TrackingPoint::CheckIn, NoticeKind::BagAccepted),
        (TrackingPoint::AircraftLoad, NoticeKind::BagLoaded),
    ];
    announce(&there.callers().await.partner(), &bag).await;
    follow(&here.callers().await.passenger(person), &bag).await;
    let mut session = Session::open(&here.callers().await.passenger(person)).await;
    for (n, (point, kind)) in points.into_iter().enumerate() {
        // The gateway of the session goes; what happens meanwhile comes in at the other.
        let other = there.callers().await;
        let stopping = tokio::spawn(here.stop());
        session.drain().await;
        let token = session.token();
        drop(session);
        let scan = bag.scan(&format!("renewal-{n}"), point);
        assert_eq!(record(&other.partner(), scan).await, ScanResult::Recorded);
        session = Session::resume(&other.passenger(person), token).await;
        assert!(session.hello.recovered, "the log is the same, so is its epoch");
        session.expect(kind).await;
        let folder = within("the gateway stops", stopping).await.unwrap();
        let renewed = nodes.start_in(folder, &[Role::Gateway]).await.unwrap();
        (here, there) = (there, renewed);
    }
    assert_eq!(session.seq, 2, "nothing was lost and nothing came twice");
    assert_eq!(nodes.ground.stream(&format!("inbox-{person}")).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_erased_on_one_node_is_erased_on_all() {
    let nodes = Nodes::on(Ground::memory()).await;
    let _projector = nodes.start(&[Role::Projector]).await;
    let (one, other) = (nodes.start(&[Role::Gateway]).await, nodes.start(&[Role::Gateway]).await);
    let bag = Luggage::new("3479000431");
    let (at_one, at_other) = (one.callers().await, other.callers().await);
    let journey = announce(&at_one.partner(), &bag).await.journey_id;
    follow(&at_other.passenger(Uuid::new_v4()), &bag).await;
    one.node.vault.erase(&SubjectId::new(&journey)).await.unwrap();
    for callers in [&at_one, &at_other] {
        eventually("the name opens nothing any more", async || {
            let tried = try_follow(&callers.passenger(Uuid::new_v4()), &bag.plate, bag.surname).await;
            tried.err().filter(|status| status.code() == Code::NotFound)
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_vault_what_needs_no_new_key_goes_on_and_nothing_is_lost() {
    let mut nodes = Nodes::on(Ground::memory()).await;
    let _projector = nodes.start(&[Role::Projector]).await;
    let gateway = nodes.start(&[Role::Gateway]).await;
    let callers = gateway.callers().await;
    let (known, new, person) = (Luggage::new("3479000451"), Luggage::new("3479000452"), Uuid::new_v4());
    let (partner, passenger) = (callers.partner(), callers.passenger(person));
    announce(&partner, &known).await;
    follow(&passenger, &known).await;
    assert_eq!(bag_of(&passenger, &known.plate).await.unwrap().passenger, "ZHANG/SAN");

    let folder = nodes.stop_vault().await;
    eventually("readiness says that the vault is away", async || {
        let ready = get(gateway.node.admin, "/readyz").await;
        (ready.status == 200 && ready.body.contains("keys are held for")).then_some(())
    })
    .await;
    assert_eq!(bag_of(&passenger, &known.plate).await.unwrap().passenger, "ZHANG/SAN");
    assert_eq!(record(&partner, known.scan("away", TrackingPoint::CheckIn)).await, ScanResult::Recorded);
    // Its raw bytes are sealed under a key that is held; what is read of it needs a new one and waits.
    submit(&partner, &new.announcement()).await;
    let refused = gateway.node.vault.ensure(&[(SubjectId::new("somebody"), Category::Identity)]).await;
    assert_eq!(refused.unwrap_err().code(), airside_kernel::Code::Unavailable);

    nodes.start_vault(folder).await;
    eventually("the message is read", async || {
        bag_of(&partner, &new.plate).await.ok().filter(|bag| !bag.provisional)
    })
    .await;
}

#[tokio::test]
async fn roles_that_do_not_fit_are_refused_and_say_what_to_do() {
    let yard = Yard::new();
    let mut command = yard.server();
    command.args(["--role", "gateway"]);
    let said = refusal(command).await;
    assert!(said.contains("roles") && said.contains("kurrentdb://") && said.contains("--role"), "{said}");
    let said = refused(["serve", "--role", "king"]).await;
    assert!(said.contains("gateway, navigator, projector or vault"), "{said}");

    let double = airside_contract::double::Double::start(1, std::sync::Arc::new(airside_kernel::SystemClock));
    let url = double.as_ref().unwrap().url();
    let mut command = yard.server();
    command.args(["--role", "gateway", "--store", &url]);
    let said = refusal(command).await;
    assert!(said.contains("vault.address") && said.contains("--role vault"), "{said}");
    let mut command =
        airside(["serve", "--listen", "127.0.0.1:0", "--role", "vault", "--store", &url, "--data"]);
    command.arg(yard.data());
    let said = refusal(command).await;
    assert!(said.contains("vault.listen"), "{said}");
}

//! A session on the WebSocket is the same session as gRPC `Watch`: nothing is lost over drops and restarts.

use airside_api::{
    baggage::v1::{ScanResult, TrackingPoint},
    notifications::v1::NoticeKind,
};
use airside_kernel::{Direction, StreamId};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{
    House,
    calls::{announce, follow, record},
    eventually,
    luggage::Luggage,
    session::Session,
    socket::Socket,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_becomes_a_frame_on_the_websocket() {
    let house = House::open().await;
    let partner = house.callers.partner();
    let person = Uuid::new_v4();
    let (passenger, token) = (house.callers.passenger(person), house.callers.passenger_token(person));
    let bag = Luggage::new("3479000301");
    announce(&partner, &bag).await;
    follow(&passenger, &bag).await;
    let mut socket = Socket::open(house.node.public, &token, Value::Null).await;
    let mut watch = Session::open(&passenger).await;
    assert_eq!(socket.hello["epoch"], watch.hello.epoch, "one inbox, two wires");

    assert_eq!(record(&partner, bag.scan("s1", TrackingPoint::CheckIn)).await, ScanResult::Recorded);
    let notice = socket.expect("NOTICE_KIND_BAG_ACCEPTED").await;
    let same = watch.expect(NoticeKind::BagAccepted).await;
    assert_eq!(
        (notice["notificationId"].as_str(), notice["text"].as_str()),
        (Some(&*same.notification_id), Some(&*same.text))
    );

    socket.say(&json!({"ack": {"seq": 1, "level": "ACK_LEVEL_DISPLAYED"}})).await;
    let delivery = StreamId::new("delivery", person).unwrap();
    eventually("the acknowledgement", async || {
        let page =
            house.node.log.store().read_stream(&delivery, Direction::Forwards, None, 10).await.unwrap();
        (page.events.len() == 1).then_some(())
    })
    .await;
    socket.say(&json!({"bye": {}})).await;
    assert_eq!(socket.closed().await, 1000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_that_dropped_resumes_where_it_was_also_over_a_restart() {
    let house = House::open().await;
    let person = Uuid::new_v4();
    let bag = Luggage::new("3479000302");
    let (partner, passenger) = (house.callers.partner(), house.callers.passenger(person));
    announce(&partner, &bag).await;
    follow(&passenger, &bag).await;
    let token = house.callers.passenger_token(person);
    let mut socket = Socket::open(house.node.public, &token, Value::Null).await;
    record(&partner, bag.scan("s1", TrackingPoint::CheckIn)).await;
    socket.expect("NOTICE_KIND_BAG_ACCEPTED").await;
    let resume = socket.token();
    // Gone without a word, as in a tunnel; what happens meanwhile is kept.
    drop(socket);
    record(&partner, bag.scan("s2", TrackingPoint::AircraftLoad)).await;

    let mut socket = Socket::open(house.node.public, &token, resume.clone()).await;
    assert_eq!((socket.seq, &socket.hello["recovered"]), (1, &json!(true)));
    socket.expect("NOTICE_KIND_BAG_LOADED").await;
    let (drained, house) = tokio::join!(socket.frame(), house.reopen());
    assert_eq!(drained["drain"]["reason"], "shutdown");
    assert_eq!(socket.closed().await, 3001);

    let token = house.callers.passenger_token(person);
    let mut again = Socket::open(house.node.public, &token, resume).await;
    assert_eq!((again.seq, &again.hello["recovered"]), (1, &json!(true)));
    again.expect("NOTICE_KIND_BAG_LOADED").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_from_the_future_or_of_another_log_gets_a_snapshot() {
    let house = House::open().await;
    let person = Uuid::new_v4();
    let bag = Luggage::new("3479000303");
    let (partner, passenger) = (house.callers.partner(), house.callers.passenger(person));
    announce(&partner, &bag).await;
    follow(&passenger, &bag).await;
    let token = house.callers.passenger_token(person);
    let mut first = Socket::open(house.node.public, &token, Value::Null).await;
    record(&partner, bag.scan("s1", TrackingPoint::CheckIn)).await;
    first.expect("NOTICE_KIND_BAG_ACCEPTED").await;
    let epoch = first.hello["epoch"].clone();
    for resume in [json!({"epoch": epoch, "seq": "99"}), json!({"epoch": "another", "seq": "1"})] {
        let mut socket = Socket::open(house.node.public, &token, resume).await;
        assert_eq!((&socket.hello["epoch"], socket.hello.get("recovered")), (&epoch, None));
        let snapshot = socket.frame().await["snapshot"].clone();
        assert_eq!(snapshot["notices"][0]["kind"], "NOTICE_KIND_BAG_ACCEPTED", "{snapshot}");
    }
}

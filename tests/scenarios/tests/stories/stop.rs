//! A graceful stop: nothing is lost, and sessions are asked to come back.

use airside_api::{baggage::v1::TrackingPoint, notifications::v1::NoticeKind};
use uuid::Uuid;

use crate::{
    crash::{Oracle, PER_CALL},
    harness::{
        calls::{announce, bag_of, follow, record},
        eventually,
        luggage::Luggage,
        process::Yard,
        session::Session,
        within,
    },
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_graceful_stop_loses_nothing() {
    let (yard, oracle, person) = (Yard::new(), Oracle::default(), Uuid::new_v4());
    let bag = Luggage::new("3479000501");
    let server = yard.serve().await;
    let callers = server.callers().await;
    announce(&callers.partner(), &bag).await;
    follow(&callers.passenger(person), &bag).await;
    let mut session = Session::open(&callers.passenger(person)).await;
    record(&callers.partner(), bag.scan("s1", TrackingPoint::CheckIn)).await;
    session.expect(NoticeKind::BagAccepted).await;
    let writer = oracle.keep_writing(&server, PER_CALL).await;
    eventually("the writer is at work", async || (oracle.len() >= 100).then_some(())).await;

    server.terminate();
    let drain = session.drain().await;
    assert_eq!(drain.reason, "shutdown");
    assert_eq!(server.ended().await.code(), Some(0), "{}", yard.logs());
    within("the writer ends", writer).await.unwrap();

    let server = yard.serve().await;
    let callers = server.callers().await;
    oracle.verify(&callers.partner()).await;
    assert_eq!(bag_of(&callers.partner(), &bag.plate).await.unwrap().timeline.len(), 2);
    let session = Session::resume(&callers.passenger(person), session.token()).await;
    assert!(session.hello.recovered);
    assert_eq!(session.hello.seq, 1);
}

//! What survives a power failure: everything that was acknowledged.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
};

use airside_api::{
    baggage::v1::{Scan, ScanResult, TrackingPoint},
    notifications::v1::{ListNotificationsRequest, NoticeKind},
};
use airside_simulator::connect::Clients;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::harness::{
    calls::{announce, bag_of, follow, record, scans},
    eventually,
    luggage::{Luggage, scan},
    process::{Server, Yard},
    session::Session,
};

/// Scans in one call of the writer.
pub(crate) const PER_CALL: usize = 8;
/// Calls that the writer has had answered before the power fails.
const CALLS_BEFORE: usize = 40;

/// What the server has acknowledged.
#[derive(Clone, Default)]
pub(crate) struct Oracle(Arc<Mutex<Vec<Scan>>>);

impl Oracle {
    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// Returns an oracle of what was acknowledged first.
    pub(crate) fn first(&self, count: usize) -> Self {
        Self(Arc::new(Mutex::new(self.0.lock().unwrap()[..count].to_vec())))
    }

    /// Writes scans of many plates, so many in a call, until the server is gone or refuses.
    pub(crate) async fn keep_writing(&self, server: &Server, per_call: usize) -> JoinHandle<()> {
        let (callers, oracle) = (server.callers().await, self.0.clone());
        let mut partner = callers.partner().baggage;
        tokio::spawn(async move {
            for call in 0.. {
                let batch: Vec<Scan> = (0..per_call)
                    .map(|n| {
                        let plate = format!("047{:07}", 1_000_001 + (call * per_call + n) % 5_000);
                        scan(&Uuid::new_v4().to_string(), &plate, TrackingPoint::BhsInduction)
                    })
                    .collect();
                let Ok(answer) = partner.record_scans(scans(batch.clone())).await else { return };
                let outcomes = answer.into_inner().outcomes;
                assert!(outcomes.iter().all(|one| one.result() == ScanResult::Recorded), "{outcomes:?}");
                oracle.lock().unwrap().extend(batch);
            }
        })
    }

    /// Asks for every scan again: each must be known.
    pub(crate) async fn verify(&self, partner: &Clients) {
        let acknowledged = self.0.lock().unwrap().clone();
        for batch in acknowledged.chunks(500) {
            let again = partner.baggage.clone().record_scans(scans(batch.to_vec())).await.unwrap();
            let lost: Vec<_> = again.into_inner().outcomes;
            let lost: Vec<_> = lost.iter().filter(|one| one.result() != ScanResult::Duplicate).collect();
            assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
        }
    }
}

/// What happens to the followed bag, a step before each power failure.
const STEPS: [(TrackingPoint, NoticeKind); 5] = [
    (TrackingPoint::CheckIn, NoticeKind::BagAccepted),
    (TrackingPoint::AircraftLoad, NoticeKind::BagLoaded),
    (TrackingPoint::Offload, NoticeKind::BagOffloaded),
    (TrackingPoint::AircraftLoad, NoticeKind::BagLoaded),
    (TrackingPoint::Offload, NoticeKind::BagOffloaded),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_acknowledged_before_a_kill_is_there_after_the_restart() {
    let (yard, oracle, person) = (Yard::new(), Oracle::default(), Uuid::new_v4());
    let bag = Luggage::new("3479000401");
    let mut server = yard.serve().await;
    let mut callers = server.callers().await;
    announce(&callers.partner(), &bag).await;
    follow(&callers.passenger(person), &bag).await;
    let mut token = Session::open(&callers.passenger(person)).await.token();
    let log_id = server.ready["log_id"].clone();
    let mut shown = HashSet::new();

    for (round, (point, kind)) in STEPS.into_iter().enumerate() {
        let enough = oracle.len() + CALLS_BEFORE * PER_CALL;
        let writer = oracle.keep_writing(&server, PER_CALL).await;
        eventually("the writer is at work", async || (oracle.len() >= enough).then_some(())).await;
        let id = format!("step-{round}");
        assert_eq!(record(&callers.partner(), bag.scan(&id, point)).await, ScanResult::Recorded);
        server.kill();
        writer.await.unwrap();

        server = yard.serve().await;
        callers = server.callers().await;
        assert_eq!(server.ready["log_id"], log_id);
        let known = bag_of(&callers.partner(), &bag.plate).await.unwrap();
        assert_eq!(known.timeline.len(), round + 2, "{known:?}");
        assert_eq!(known.timeline.last().unwrap().point(), point);
        assert_eq!(known.status.unwrap().location, "M12");
        let mut session = Session::resume(&callers.passenger(person), token.clone()).await;
        assert!(session.hello.recovered);
        assert_eq!((&session.hello.epoch, session.hello.seq), (&token.epoch, round as u64));
        let notice = session.expect(kind).await;
        assert!(shown.insert(notice.notification_id.clone()), "told twice: {notice:?}");
        token = session.token();
        assert_eq!(record(&callers.partner(), bag.scan(&id, point)).await, ScanResult::Duplicate);
        oracle.verify(&callers.partner()).await;
    }
    let mut passenger = callers.passenger(person).notifications;
    let inbox = passenger.list_notifications(ListNotificationsRequest::default()).await.unwrap().into_inner();
    let told: Vec<_> = inbox.notices.iter().rev().map(|notice| (notice.seq, notice.kind())).collect();
    let expected: Vec<_> = (1..).zip(STEPS.map(|(_, kind)| kind)).collect();
    assert_eq!(told, expected);
}

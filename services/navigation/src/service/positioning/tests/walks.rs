//! What a walk meets that is guided: whose rights it has, how fast it is, and what ends it.

use airside_api::navigation::v1::{
    GuideGoal, GuideRequest, GuideResponse, NoRouteReason, Pace, Rights, RouteEnd, guide_request::What,
};
use airside_runtime::auth::Caller;
use futures::StreamExt;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::{
    super::walk::{self, Answers},
    *,
};
use crate::service::tests::place;

/// A walk, and what it is told.
struct Guided {
    say: mpsc::Sender<Result<GuideRequest, Status>>,
    told: Answers,
}

impl Guided {
    async fn begin(site: &Site, goal: GuideGoal, caller: Caller) -> Self {
        let guided = Self::silent(site, caller);
        guided.say(What::Goal(goal)).await;
        guided
    }

    fn silent(site: &Site, caller: Caller) -> Self {
        let (say, said) = mpsc::channel(8);
        Self { say, told: walk::serve(site.service.clone(), caller, ReceiverStream::new(said)) }
    }

    async fn say(&self, what: What) {
        self.say.send(Ok(GuideRequest { what: Some(what), at_ms: 0 })).await.unwrap();
    }

    async fn hear(&mut self) -> Result<GuideResponse, Status> {
        self.told.next().await.unwrap()
    }
}

/// To gate A3.
fn goal() -> GuideGoal {
    let to = Some(RouteEnd { end: Some(place("A3")) });
    GuideGoal { venue: VENUE.into(), to, ..GuideGoal::default() }
}

/// Where the check-in desk is.
fn desk(site: &Site) -> What {
    let desk = site.live.snapshot.search("Check-in B", 1)[0];
    let ordinal = site.live.snapshot.graph().storeys()[desk.level].ordinal;
    What::Position(Position { longitude: desk.lon_lat[0], latitude: desk.lon_lat[1], ordinal })
}

async fn first(site: &Site, goal: GuideGoal, caller: Caller) -> GuideResponse {
    let mut guided = Guided::begin(site, goal, caller).await;
    guided.say(desk(site)).await;
    guided.hear().await.unwrap()
}

#[tokio::test]
async fn a_walk_is_guided_by_the_rights_and_the_speed_of_who_walks() {
    let site = Site::new();
    let nobody = || Caller::Anonymous;
    let usual = first(&site, goal(), nobody()).await.ahead.unwrap().left_seconds;
    let slow = GuideGoal { pace: Pace::Slow.into(), ..goal() };
    assert!(first(&site, slow, nobody()).await.ahead.unwrap().left_seconds > usual);
    let own = GuideGoal { walking_speed_mps: 2.4, ..goal() };
    assert!(first(&site, own, nobody()).await.ahead.unwrap().left_seconds < usual);

    let visitor = GuideGoal { rights: Rights::Visitor.into(), ..goal() };
    let told = first(&site, visitor, nobody()).await;
    let stopped = told.new_way.unwrap().route.unwrap();
    assert_eq!((stopped.found, stopped.reason(), told.ahead), (false, NoRouteReason::Zone, None));

    let staff = GuideGoal { rights: Rights::Staff.into(), ..goal() };
    let refused = Guided::begin(&site, staff.clone(), nobody()).await.hear().await.unwrap_err();
    assert_eq!(
        (refused.code(), refused.message()),
        (Code::PermissionDenied, "rights: RIGHTS_STAFF is for staff; call with a staff token")
    );
    let caller = Caller::Staff { id: "operator".into(), roles: vec![] };
    assert!(first(&site, staff, caller).await.new_way.unwrap().route.unwrap().found);
}

#[tokio::test(start_paused = true)]
async fn a_walk_that_is_silent_for_a_minute_ends_with_what_to_do() {
    let site = Site::new();
    let message = "the walk was silent for 60 s: open another stream to go on";
    let mut without_goal = Guided::silent(&site, Caller::Anonymous);
    let end = without_goal.hear().await.unwrap_err();
    assert_eq!((end.code(), end.message()), (Code::DeadlineExceeded, message));

    let mut guided = Guided::begin(&site, goal(), Caller::Anonymous).await;
    for _ in 0..3 {
        tokio::time::sleep(std::time::Duration::from_secs(50)).await;
        guided.say(desk(&site)).await;
        assert!(guided.hear().await.unwrap().here.is_some(), "a message now and then is enough");
    }
    let end = guided.hear().await.unwrap_err();
    assert_eq!((end.code(), end.message()), (Code::DeadlineExceeded, message));
    assert!(guided.told.next().await.is_none());
}

#[tokio::test]
async fn a_walk_without_a_goal_or_with_two_is_told_so() {
    let site = Site::new();
    let mut guided = Guided::silent(&site, Caller::Anonymous);
    guided.say(desk(&site)).await;
    let end = guided.hear().await.unwrap_err();
    assert_eq!((end.code(), end.message()), (Code::InvalidArgument, "goal: say first where it shall lead"));
    let mut guided = Guided::begin(&site, goal(), Caller::Anonymous).await;
    guided.say(What::Goal(goal())).await;
    assert_eq!(guided.hear().await.unwrap().problem, "goal: a walk has one; open another stream for another");
}

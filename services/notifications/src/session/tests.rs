//! What a session promises.

use airside_kernel::{Clock, StoredEvent, Timestamp};
use jiff::SignedDuration;
use proptest::prelude::*;
use tokio::task::yield_now;

use super::*;
use crate::{
    events::InboxEvent,
    hub::MAX_QUEUED_NOTICES,
    model::Notice,
    tests::{BEGIN, House, notice, person},
};

const ME: u128 = 1;

async fn open(house: &House, resume: Option<Resume>) -> Session {
    house.part.service.sessions().open(person(ME), resume).await.unwrap()
}

fn token(house: &House, seq: u64) -> Option<Resume> {
    Some(Resume { epoch: house.part.service.sessions().epoch(person(ME)), seq })
}

async fn hello(session: &mut Session) -> Hello {
    match session.next().await.unwrap() {
        Some(Frame::Hello(hello)) => hello,
        other => panic!("the first frame is {other:?}"),
    }
}

async fn snapshot(session: &mut Session) -> (u64, Vec<u64>) {
    match session.next().await.unwrap() {
        Some(Frame::Snapshot { seq, notices }) => (seq, notices.iter().map(|item| item.seq).collect()),
        other => panic!("no snapshot but {other:?}"),
    }
}

/// Returns the sequence numbers of the next notices.
async fn seqs(session: &mut Session) -> Vec<u64> {
    loop {
        match session.next().await.unwrap() {
            Some(Frame::Notices(items)) => return items.iter().map(|item| item.seq).collect(),
            Some(Frame::Ping) => {}
            other => panic!("no notices but {other:?}"),
        }
    }
}

/// Returns the sequence numbers of notices up to `last`.
async fn seqs_to(session: &mut Session, last: u64) -> Vec<u64> {
    let mut all = Vec::new();
    while all.last() != Some(&last) {
        all.extend(seqs(session).await);
    }
    all
}

/// Waits a moment for a frame.
async fn wait(session: &mut Session) -> Option<Frame> {
    let frame = tokio::time::timeout(Duration::from_millis(1), session.next()).await.ok()?;
    frame.unwrap()
}

/// Lets every task do what it can.
async fn settle() {
    for _ in 0..1_000 {
        yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_first_session_begins_after_what_is_there_now() {
    let mut house = House::new();
    house.run();
    house.issue(person(ME), 3).await;
    let mut session = open(&house, None).await;
    let hello = hello(&mut session).await;
    assert_eq!((hello.seq, hello.recovered), (3, true));
    house.issue(person(ME), 1).await;
    assert_eq!(seqs(&mut session).await, [4]);
}

#[tokio::test(start_paused = true)]
async fn a_session_gets_nothing_of_another_person() {
    let mut house = House::new();
    house.run();
    let mut session = open(&house, None).await;
    hello(&mut session).await;
    house.issue(person(2), 5).await;
    house.issue(person(ME), 1).await;
    assert_eq!(seqs(&mut session).await, [1]);
}

#[tokio::test(start_paused = true)]
async fn a_token_of_another_epoch_or_the_future_or_long_ago_gets_a_snapshot() {
    let mut house = House::new();
    house.run();
    house.issue(person(ME), MAX_RECOVERED_NOTICES + 5).await;
    let last = MAX_RECOVERED_NOTICES + 5;
    let foreign = Some(Resume { epoch: "another".into(), seq: last });
    for resume in [foreign, token(&house, last + 1), token(&house, 4)] {
        let mut session = open(&house, resume).await;
        let hello = hello(&mut session).await;
        assert_eq!((hello.seq, hello.recovered), (last, false));
        let (seq, notices) = snapshot(&mut session).await;
        assert_eq!(seq, last);
        assert_eq!(notices, (last - 99..=last).collect::<Vec<_>>());
    }
    let mut session = open(&house, token(&house, 5)).await;
    assert!(hello(&mut session).await.recovered, "1,000 missed notices are recovered one by one");
    assert_eq!(seqs_to(&mut session, last).await, (6..=last).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_session_goes_on_after_its_snapshot_without_a_gap() {
    let mut house = House::new();
    house.run();
    house.issue(person(ME), 2).await;
    let mut session = open(&house, token(&house, 9)).await;
    house.issue(person(ME), 2).await;
    hello(&mut session).await;
    assert_eq!(snapshot(&mut session).await, (2, vec![1, 2]));
    assert_eq!(seqs_to(&mut session, 4).await, [3, 4]);
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_leaves_out_what_is_of_no_use_and_history_keeps_its_place_alone() {
    let house = House::new();
    let begin: Timestamp = BEGIN.parse().unwrap();
    for hours in [1, 3] {
        let notice = InboxEvent::NoticeIssued(notice(Some(begin + SignedDuration::from_hours(hours))));
        house.append(model::inbox(person(ME)).as_str(), notice.event_type(), notice.encode()).await;
    }
    house.clock.advance(SignedDuration::from_hours(2));
    assert_eq!(house.clock.now(), begin + SignedDuration::from_hours(2));
    let mut fresh = open(&house, token(&house, 7)).await;
    hello(&mut fresh).await;
    assert_eq!(snapshot(&mut fresh).await, (2, vec![2]));
    let mut resumed = open(&house, token(&house, 0)).await;
    hello(&mut resumed).await;
    let Some(Frame::Notices(items)) = resumed.next().await.unwrap() else { panic!("no notices") };
    let shown: Vec<_> = items.iter().map(|item| item.message(Locale::En)).collect();
    assert_eq!(shown.iter().map(|one| (one.seq, one.left_out)).collect::<Vec<_>>(), [(1, true), (2, false)]);
    let bare = v1::Notice {
        seq: 1,
        notification_id: shown[0].notification_id.clone(),
        expires_at: shown[0].expires_at,
        left_out: true,
        ..v1::Notice::default()
    };
    assert!(shown[0] == bare && bare.expires_at.is_some(), "nothing of it is sent: {:?}", shown[0]);
    assert_eq!(shown[1].text, "Flight ZH9101 is cancelled. Please contact your airline.");
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_leaves_out_what_a_newer_notice_takes_the_place_of_or_back() {
    let house = House::new();
    let begin: Timestamp = BEGIN.parse().unwrap();
    let gate = notice(None);
    let changed = Notice { supersedes: Some(gate.id), ..notice(None) };
    // What was taken back is wrong also when the word that took it back is of no use any more.
    let taken_back =
        Notice { supersedes: Some(changed.id), ..notice(Some(begin + SignedDuration::from_mins(1))) };
    let other = notice(None);
    for notice in [gate, changed, taken_back, other] {
        let notice = InboxEvent::NoticeIssued(notice);
        house.append(model::inbox(person(ME)).as_str(), notice.event_type(), notice.encode()).await;
    }
    let snapshot_now = async || {
        let mut fresh = open(&house, token(&house, 9)).await;
        hello(&mut fresh).await;
        snapshot(&mut fresh).await
    };
    assert_eq!(snapshot_now().await, (4, vec![3, 4]));
    house.clock.advance(SignedDuration::from_hours(1));
    assert_eq!(snapshot_now().await, (4, vec![4]));
}

#[tokio::test(start_paused = true)]
async fn a_slow_session_is_ended_and_loses_nothing_when_it_resumes() {
    let mut house = House::new();
    house.run();
    let mut session = open(&house, None).await;
    hello(&mut session).await;
    house.issue(person(ME), 2).await;
    assert_eq!(seqs(&mut session).await, [1, 2]);
    // Waiting makes it live: from now on its notices queue up.
    assert!(wait(&mut session).await.is_none());
    let last = 2 + MAX_QUEUED_NOTICES as u64 + 1;
    house.issue(person(ME), MAX_QUEUED_NOTICES as u64 + 1).await;
    settle().await;
    match session.next().await.unwrap() {
        Some(Frame::Drain { reason: CloseReason::Slow, reconnect_after_ms }) => {
            assert_eq!(reconnect_after_ms, SLOW_RECONNECT_MS);
        }
        other => panic!("no drain but {other:?}"),
    }
    assert_eq!(session.close_reason(), Some(CloseReason::Slow));
    assert!(session.next().await.unwrap().is_none());
    let mut session = open(&house, token(&house, 2)).await;
    assert!(hello(&mut session).await.recovered);
    assert_eq!(seqs_to(&mut session, last).await, (3..=last).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_hub_that_replays_the_log_fills_no_queue_and_repeats_nothing() {
    let mut house = House::new();
    house.issue(person(ME), 600).await;
    let mut session = open(&house, token(&house, 590)).await;
    hello(&mut session).await;
    assert_eq!(seqs(&mut session).await, (591..=600).collect::<Vec<_>>());
    assert!(wait(&mut session).await.is_none(), "the session is live and waits");
    house.run();
    settle().await;
    house.issue(person(ME), 1).await;
    assert_eq!(seqs(&mut session).await, [601]);
}

#[tokio::test(start_paused = true)]
async fn a_ping_comes_when_nothing_else_did_for_25_seconds() {
    let mut house = House::new();
    house.run();
    let mut session = open(&house, None).await;
    hello(&mut session).await;
    let began = Instant::now();
    for n in 1..=3 {
        assert!(matches!(session.next().await.unwrap(), Some(Frame::Ping)));
        assert_eq!(began.elapsed().as_secs(), 25 * n);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stops_sends_its_sessions_away_spread_over_time() {
    let mut house = House::new();
    house.run();
    let mut pauses = Vec::new();
    let mut sessions = Vec::new();
    for n in 0..20 {
        sessions.push(house.part.service.sessions().open(person(100 + n), None).await.unwrap());
    }
    house.stop.send_replace(true);
    for session in &mut sessions {
        hello(session).await;
        match session.next().await.unwrap() {
            Some(Frame::Drain { reason: CloseReason::Shutdown, reconnect_after_ms }) => {
                pauses.push(reconnect_after_ms);
            }
            other => panic!("no drain but {other:?}"),
        }
        assert!(session.next().await.unwrap().is_none());
    }
    pauses.sort_unstable();
    let widest = pauses.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
    assert!(pauses.iter().all(|pause| *pause < RECONNECT_SPREAD_MS) && widest <= 500, "{pauses:?}");
    let refused = house.part.service.sessions().open(person(ME), None).await.err();
    assert_eq!(refused, Some(SessionError::Stopping));
}

#[tokio::test(start_paused = true)]
async fn a_ninth_session_of_a_person_is_refused_until_one_closes() {
    let house = House::new();
    let mut sessions = Vec::new();
    for _ in 0..MAX_SESSIONS_PER_PERSON {
        sessions.push(open(&house, None).await);
    }
    assert_eq!(house.part.hub.sessions(), 8);
    let refused = house.part.service.sessions().open(person(ME), None).await.err().unwrap();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert_eq!(refused.to_string(), "there are 8 sessions already: close one of them, then open another");
    sessions.pop();
    open(&house, None).await;
    assert!(house.part.service.sessions().open(person(2), None).await.is_ok());
    drop(sessions);
    assert_eq!(house.part.hub.sessions(), 0);
    assert!(!house.part.hub.has(person(ME)));
}

/// What happens in a story of one session after another.
#[derive(Debug, Clone)]
enum Happening {
    /// So many notices are issued.
    Issued(u64),
    /// The rest of the process gets so many turns.
    Turns(usize),
    /// The session reads a frame, if there is one.
    Read,
    /// The line breaks, and a new session resumes at the other of two processes.
    Resumed,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        (0u64..5).prop_map(Happening::Issued),
        (0usize..12).prop_map(Happening::Turns),
        Just(Happening::Read),
        Just(Happening::Read),
        Just(Happening::Resumed),
    ]
}

/// Plays a story and returns every sequence number received.
async fn play(before: u64, start: u64, story: Vec<Happening>) -> (Vec<u64>, u64) {
    let mut house = House::new();
    house.issue(person(ME), before).await;
    let mut other = house.again();
    house.run();
    other.run();
    let (house, mut is_here) = (Arc::new(house), true);
    let mut issued = before;
    let mut received = Vec::new();
    let mut last = start;
    let mut session = open(&house, token(&house, last)).await;
    let take = |frame: Frame, received: &mut Vec<u64>, last: &mut u64| {
        if let Frame::Notices(items) = frame {
            received.extend(items.iter().map(|item| item.seq));
            *last = *received.last().unwrap();
        }
    };
    for happening in story {
        match happening {
            Happening::Issued(count) => {
                // Others append while the session reads.
                let house = house.clone();
                tokio::spawn(async move { house.issue(person(ME), count).await });
                issued += count;
            }
            Happening::Turns(count) => {
                for _ in 0..count {
                    yield_now().await;
                }
            }
            Happening::Read => {
                if let Some(frame) = wait(&mut session).await {
                    take(frame, &mut received, &mut last);
                }
            }
            Happening::Resumed => {
                is_here = !is_here;
                session = open(if is_here { &house } else { &other }, token(&house, last)).await;
            }
        }
    }
    while last < issued {
        take(session.next().await.unwrap().unwrap(), &mut received, &mut last);
    }
    (received, issued)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn sessions_that_resume_anywhere_see_each_seq_once_and_in_order_while_others_append(
        (before, start) in (0u64..250).prop_flat_map(|before| (Just(before), 0..=before)),
        story in proptest::collection::vec(happening(), 0..60),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let (received, issued) = runtime.unwrap().block_on(play(before, start, story));
        prop_assert_eq!(received, (start + 1..=issued).collect::<Vec<_>>());
    }
}

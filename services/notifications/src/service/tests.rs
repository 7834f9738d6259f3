//! What a client of the service meets.

use airside_api::notifications::v1::{
    self as v1, AckLevel as Level, Channel, ChannelPreference, QuietHours, ResumeToken,
    watch_response::Frame as Wire,
};
use futures::StreamExt;
use tonic::Code as Grpc;

use super::*;
use crate::tests::{House, person};

const ME: u128 = 1;

/// Puts a call into the mouth of a passenger.
fn by_me<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(Caller::Passenger(person(ME)));
    request
}

async fn acknowledge(house: &House, up_to_seq: u64, level: Level) -> Result<u64, Status> {
    let request = AcknowledgeRequest { up_to_seq, level: level as i32 };
    house.part.service.acknowledge(by_me(request)).await.map(|answer| answer.into_inner().up_to_seq)
}

async fn list(house: &House, before_seq: u64, page_size: u32) -> (Vec<u64>, u64) {
    let request = ListNotificationsRequest { before_seq, page_size, locale: "zh-CN".into() };
    let page = house.part.service.list_notifications(by_me(request)).await.unwrap().into_inner();
    assert_eq!(page.epoch, house.part.service.sessions().epoch(person(ME)));
    (page.notices.iter().map(|notice| notice.seq).collect(), page.last_seq)
}

#[tokio::test(start_paused = true)]
async fn watch_sends_hello_then_history_then_what_comes_in_the_language_asked_for() {
    let mut house = House::new();
    house.run();
    house.issue(person(ME), 1).await;
    let resume = Some(ResumeToken { epoch: house.part.service.sessions().epoch(person(ME)), seq: 0 });
    let request = WatchRequest { resume, locale: "zh-CN".into() };
    let mut frames = house.part.service.watch(by_me(request)).await.unwrap().into_inner();
    match frames.next().await.unwrap().unwrap().frame {
        Some(Wire::Hello(hello)) => {
            assert_eq!((hello.seq, hello.recovered, hello.ping_interval_ms), (0, true, 25_000));
        }
        other => panic!("the first frame is {other:?}"),
    }
    house.issue(person(ME), 1).await;
    let mut seqs = Vec::new();
    while seqs.len() < 2 {
        match frames.next().await.unwrap().unwrap().frame {
            Some(Wire::Notices(notices)) => seqs.extend(notices.notices.into_iter().map(|notice| {
                assert_eq!(notice.text, "航班 ZH9101 已取消，请联系航空公司。");
                notice.seq
            })),
            other => panic!("no notices but {other:?}"),
        }
    }
    assert_eq!(seqs, [1, 2]);
    house.stop.send_replace(true);
    match frames.next().await.unwrap().unwrap().frame {
        Some(Wire::Drain(drain)) => assert_eq!(drain.reason, "shutdown"),
        other => panic!("no drain but {other:?}"),
    }
    assert!(frames.next().await.is_none());
}

#[tokio::test]
async fn an_acknowledgement_rises_and_a_repeat_adds_nothing() {
    let house = House::new();
    house.issue(person(ME), 5).await;
    assert_eq!(acknowledge(&house, 3, Level::Delivered).await.unwrap(), 3);
    assert_eq!(acknowledge(&house, 3, Level::Delivered).await.unwrap(), 3);
    assert_eq!(acknowledge(&house, 2, Level::Delivered).await.unwrap(), 3);
    assert_eq!(acknowledge(&house, 5, Level::Read).await.unwrap(), 5);
    assert_eq!(acknowledge(&house, 4, Level::Displayed).await.unwrap(), 5);
    assert_eq!(house.stream(&model::delivery(person(ME))).await.len(), 2);
    assert_eq!(house.stream(&model::inbox(person(ME))).await.len(), 5, "an inbox holds notices alone");
}

#[tokio::test]
async fn what_is_no_notice_cannot_be_acknowledged() {
    let house = House::new();
    house.issue(person(ME), 5).await;
    for (up_to_seq, level, message) in [
        (6, Level::Read, "up_to_seq: 6 is not a notice of this inbox: acknowledge 1 to 5"),
        (0, Level::Read, "up_to_seq: 0 is not a notice of this inbox: acknowledge 1 to 5"),
        (1, Level::Unspecified, "level: say ACK_LEVEL_DELIVERED, ACK_LEVEL_DISPLAYED or ACK_LEVEL_READ"),
    ] {
        let refused = acknowledge(&house, up_to_seq, level).await.unwrap_err();
        assert_eq!((refused.code(), refused.message()), (Grpc::InvalidArgument, message));
    }
}

#[tokio::test]
async fn a_list_pages_from_the_newest_to_the_oldest() {
    let house = House::new();
    assert_eq!(list(&house, 0, 2).await, (vec![], 0));
    house.issue(person(ME), 5).await;
    assert_eq!(list(&house, 0, 2).await, (vec![5, 4], 5));
    assert_eq!(list(&house, 4, 2).await, (vec![3, 2], 5));
    assert_eq!(list(&house, 2, 2).await, (vec![1], 5));
    assert_eq!(list(&house, 1, 2).await, (vec![], 5));
    assert_eq!(list(&house, 99, 2).await, (vec![5, 4], 5));
}

#[tokio::test]
async fn a_caller_without_an_inbox_is_refused() {
    let house = House::new();
    let partner = Caller::Partner { id: "partner-zh".into() };
    for (caller, code) in [(Caller::Anonymous, Grpc::Unauthenticated), (partner, Grpc::PermissionDenied)] {
        let mut request = Request::new(WatchRequest::default());
        request.extensions_mut().insert(caller);
        assert_eq!(house.part.service.watch(request).await.err().unwrap().code(), code);
    }
}

#[tokio::test]
async fn a_language_that_is_not_spoken_is_named() {
    let house = House::new();
    let request = WatchRequest { locale: "fr".into(), resume: None };
    let refused = house.part.service.watch(by_me(request)).await.err().unwrap();
    assert_eq!(refused.code(), Grpc::InvalidArgument);
    assert_eq!(refused.message(), "locale: \"fr\" is not spoken here: use `en` or `zh-CN`");
}

async fn choose(house: &House, preferences: Option<v1::Preferences>) -> Result<String, Status> {
    let request = SetPreferencesRequest { preferences };
    house.part.service.set_preferences(by_me(request)).await.map(|answer| answer.into_inner().position)
}

async fn chosen(house: &House) -> GetPreferencesResponse {
    house.part.service.get_preferences(by_me(GetPreferencesRequest {})).await.unwrap().into_inner()
}

#[tokio::test]
async fn what_a_person_chose_is_told_back_and_choosing_it_again_adds_nothing() {
    let house = House::new();
    let airport = Some(QuietHours { from_minute: 22 * 60, until_minute: 7 * 60 });
    let nothing = Some(v1::Preferences::default());
    let expected = GetPreferencesResponse { preferences: nothing.clone(), airport_quiet_hours: airport };
    assert_eq!(chosen(&house).await, expected);
    assert_eq!(choose(&house, nothing.clone()).await.unwrap(), "", "nothing was chosen before either");
    let wished = v1::Preferences {
        quiet_hours: Some(QuietHours { from_minute: 1_380, until_minute: 390 }),
        channels: vec![ChannelPreference {
            channel: Channel::Sms as i32,
            consents: true,
            least_urgent: v1::Priority::P1 as i32,
        }],
    };
    assert_ne!(choose(&house, Some(wished.clone())).await.unwrap(), "");
    assert_eq!(choose(&house, Some(wished.clone())).await.unwrap(), "");
    assert_eq!(chosen(&house.again()).await.preferences, Some(wished), "another process knows");
    assert_ne!(choose(&house, nothing.clone()).await.unwrap(), "");
    assert_eq!(chosen(&house).await.preferences, nothing);
    assert_eq!(house.stream(&model::delivery(person(ME))).await.len(), 2);
}

#[tokio::test]
async fn a_choice_that_makes_no_sense_names_the_field() {
    let house = House::new();
    let hours = |from_minute, until_minute| v1::Preferences {
        quiet_hours: Some(QuietHours { from_minute, until_minute }),
        ..Default::default()
    };
    let channels = |channels: &[(i32, i32)]| v1::Preferences {
        channels: channels
            .iter()
            .map(|(channel, least_urgent)| ChannelPreference {
                channel: *channel,
                consents: true,
                least_urgent: *least_urgent,
            })
            .collect(),
        ..Default::default()
    };
    for (asked, message) in [
        (None, "preferences: say what is chosen; an empty one chooses what the airport has"),
        (Some(hours(1_440, 0)), "preferences.quiet_hours.from_minute: say minutes after midnight, 0 to 1439"),
        (
            Some(hours(0, 9_999)),
            "preferences.quiet_hours.until_minute: say minutes after midnight, 0 to 1439",
        ),
        (Some(channels(&[(0, 1)])), "preferences.channels.channel: name a channel"),
        (Some(channels(&[(3, 1), (3, 2)])), "preferences.channels.channel: name each channel once"),
        (Some(channels(&[(3, 6)])), "preferences.channels.least_urgent: say a class, P0 to P4"),
    ] {
        let refused = choose(&house, asked).await.unwrap_err();
        assert_eq!((refused.code(), refused.message()), (Grpc::InvalidArgument, message));
    }
}

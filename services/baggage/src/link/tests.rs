//! Frames and sessions of the host link: each rule, and each way a peer may break it.

use bytes::{BufMut, Bytes, BytesMut};
use proptest::prelude::*;

use super::{
    frame::{self, AppId, Frame, FrameError, HEADER_BYTES, Kind, LAST_ID},
    session::{Account, Act, Session},
};

const BSM: &[u8] = b"BSM\r\n.V/1LSZX\r\n.F/ZH9101/20NOV/PEK/Y\r\n.N/3479000314001\r\nENDBSM\r\n";

fn app() -> AppId {
    AppId::parse("BHS_SZX").unwrap()
}

fn frame(kind: Kind, id: u16, data: &[u8]) -> Frame {
    Frame { app: app(), kind, id, data: Bytes::copy_from_slice(data) }
}

fn bytes(frame: &Frame) -> BytesMut {
    let mut out = BytesMut::new();
    frame.write(&mut out).unwrap();
    out
}

fn session() -> Session {
    let account = Account { app: app(), source: "bhs.t3".to_owned(), password: b"SECRET".to_vec() };
    Session::new([account].into())
}

fn logged_in() -> Session {
    let mut session = session();
    let acts = session.take(frame(Kind::LoginRequest, 7, b"SECRET"));
    assert_eq!(acts, [Act::Send(frame(Kind::LoginAccept, 7, b""))]);
    session
}

#[test]
fn the_sample_frame_is_read_byte_for_byte() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/rp1745/syn_frame20_ack_data.hex.txt");
    let hex = std::fs::read_to_string(path).unwrap();
    let digits: Vec<_> = hex.trim().as_bytes().chunks(2).collect();
    let raw: Vec<u8> = digits
        .iter()
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect();
    let mut buffer = BytesMut::from(raw.as_slice());
    let read = frame::take(&mut buffer).unwrap().unwrap();
    assert_eq!((read.app.as_str(), read.kind, read.id), ("BHS_SZX", Kind::AckData, 1));
    assert!(read.data.starts_with(b"BSM\r\n.V/1LSZX") && buffer.is_empty());
    assert_eq!(bytes(&read), raw);
}

proptest! {
    #[test]
    fn frames_split_anywhere_are_read_alike(cuts in proptest::collection::vec(0usize..200, 0..12)) {
        let sent = [frame(Kind::LoginRequest, 0, b"SECRET"), frame(Kind::AckData, 1, BSM), frame(Kind::Status, 0, b"")];
        let whole: Vec<u8> = sent.iter().flat_map(|frame| bytes(frame).to_vec()).collect();
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(whole.len())).chain([0, whole.len()]).collect();
        cuts.sort_unstable();
        let (mut buffer, mut read) = (BytesMut::new(), Vec::new());
        for pair in cuts.windows(2) {
            buffer.put_slice(&whole[pair[0]..pair[1]]);
            while let Some(frame) = frame::take(&mut buffer).unwrap() {
                read.push(frame);
            }
        }
        prop_assert_eq!(read, sent);
    }

    /// Frames with a byte changed here and there: no panic, no frame longer than its bytes, and the
    /// session never stores before a login.
    #[test]
    fn damaged_frames_are_frames_or_an_error_and_no_session_takes_them_unasked(
        sent in proptest::collection::vec((1u16..=11, any::<u16>(), 0usize..60), 1..8),
        damage in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let kinds = [Kind::LoginReject, Kind::Data, Kind::AckData, Kind::Ack, Kind::Nak, Kind::Status,
            Kind::DataOn, Kind::DataOff, Kind::LogOff, Kind::LoginAccept];
        let mut whole = Vec::new();
        for (kind, id, length) in sent {
            let kind = kinds[usize::from(kind) % kinds.len()];
            whole.extend_from_slice(&bytes(&frame(kind, id, &BSM[..length.min(BSM.len())])));
        }
        for (at, byte) in damage {
            let at = at.index(whole.len());
            whole[at] = byte;
        }
        let (mut buffer, mut session) = (BytesMut::from(whole.as_slice()), session());
        let mut taken = 0;
        while let Ok(Some(frame)) = frame::take(&mut buffer) {
            taken += HEADER_BYTES + frame.data.len();
            // A damaged byte may make a login of it; the password is right in none.
            let acts = session.take(frame);
            let stores = acts.iter().any(|act| matches!(act, Act::Store { .. }));
            prop_assert!(!stores);
        }
        prop_assert!(taken <= whole.len());
    }

    #[test]
    fn any_bytes_are_frames_or_an_error(input in proptest::collection::vec(any::<u8>(), 0..120)) {
        let mut buffer = BytesMut::from(input.as_slice());
        while let Ok(Some(_)) = frame::take(&mut buffer) {}
    }
}

#[test]
fn one_byte_at_a_time_is_a_frame_with_its_last() {
    let whole = bytes(&frame(Kind::AckData, 9, BSM));
    let mut buffer = BytesMut::new();
    for (at, byte) in whole.iter().enumerate() {
        buffer.put_u8(*byte);
        assert_eq!(frame::take(&mut buffer).unwrap().is_some(), at + 1 == whole.len());
    }
}

#[test]
fn a_length_beyond_what_came_waits_and_zero_is_a_bare_frame() {
    let mut long = bytes(&frame(Kind::Data, 1, BSM));
    long[14..16].copy_from_slice(&u16::MAX.to_le_bytes());
    assert_eq!(frame::take(&mut long), Ok(None));
    assert!(long.len() <= HEADER_BYTES + BSM.len(), "nothing is reserved for what a header claims");
    let mut empty = bytes(&frame(Kind::Data, 1, b""));
    assert_eq!(frame::take(&mut empty).unwrap().unwrap().data, Bytes::new());
    let too_long = Frame { app: app(), kind: Kind::Data, id: 1, data: vec![b'A'; 65_536].into() };
    assert_eq!(too_long.write(&mut BytesMut::new()), Err(FrameError::TooLong { length: 65_536 }));
}

#[test]
fn what_is_no_frame_is_told_by_its_field() {
    let good = bytes(&frame(Kind::Status, 0, b""));
    for (at, value, error) in [
        (8, 3, FrameError::Version { found: 3 }),
        (10, 12, FrameError::Kind { number: 12 }),
        (0, 0, FrameError::AppId),
        (1, 0xFF, FrameError::AppId),
    ] {
        let mut bad = good.clone();
        bad[at] = value;
        assert_eq!(frame::take(&mut bad), Err(error), "byte {at}");
    }
}

#[test]
fn nothing_is_taken_before_the_login() {
    let acts = session().take(frame(Kind::AckData, 1, BSM));
    let reject = Act::Send(frame(Kind::LoginReject, 1, b""));
    assert_eq!(acts, [reject, Act::Close("a frame came before the login")]);
}

#[test]
fn three_wrong_logins_end_the_line() {
    let mut session = session();
    let reject = || Act::Send(frame(Kind::LoginReject, 1, b""));
    for password in [&b"secret"[..], b"SECRE"] {
        assert_eq!(session.take(frame(Kind::LoginRequest, 1, password)), [reject()]);
    }
    let acts = session.take(frame(Kind::LoginRequest, 1, b"SECRETS"));
    assert_eq!(acts, [reject(), Act::Close("three logins failed")]);
}

#[test]
fn a_password_may_be_filled_up_and_another_name_is_refused() {
    let mut one = session();
    assert_eq!(one.take(frame(Kind::LoginRequest, 1, b"SECRET\0\0")).len(), 1);
    assert_eq!(one.account().unwrap().source, "bhs.t3");
    let mut stranger = frame(Kind::LoginRequest, 1, b"SECRET");
    stranger.app = AppId::parse("OTHER").unwrap();
    let mut two = session();
    two.take(stranger);
    assert!(two.account().is_none());
}

#[test]
fn a_login_on_an_open_line_needs_the_password_too() {
    let mut session = logged_in();
    let accept = Act::Send(frame(Kind::LoginAccept, 8, b""));
    assert_eq!(session.take(frame(Kind::LoginRequest, 8, b"SECRET")), [accept]);
    let acts = session.take(frame(Kind::LoginRequest, 9, b"WRONG"));
    assert_eq!(acts[0], Act::Send(frame(Kind::LoginReject, 9, b"")));
    assert!(matches!(acts[1..], [Act::Close(_)]), "{acts:?}");
}

#[test]
fn an_account_has_the_password_of_its_file_and_no_line_end() {
    let account = |secret: &[u8]| Account::new(app(), "bhs.t3".to_owned(), secret);
    assert_eq!(account(b"SECRET\r\n").unwrap().password, b"SECRET");
    for none in [&b""[..], b" \n", &[b'A'; 65]] {
        assert!(account(none).is_err());
    }
}

#[test]
fn an_answer_comes_when_the_message_is_on_disk() {
    let mut session = logged_in();
    let store = Act::Store { data: Bytes::from_static(BSM), id: Some(3) };
    assert_eq!(session.take(frame(Kind::AckData, 3, BSM)), [store]);
    let acts = session.stored(Some(3), Bytes::from_static(BSM), true);
    assert_eq!(acts, [Act::Send(frame(Kind::Ack, 3, b""))]);
}

#[test]
fn a_message_that_could_not_be_stored_is_asked_for_again_and_then_taken() {
    let mut session = logged_in();
    session.take(frame(Kind::AckData, 3, BSM));
    let acts = session.stored(Some(3), Bytes::from_static(BSM), false);
    assert_eq!(acts, [Act::Send(frame(Kind::Nak, 3, b""))]);
    assert!(matches!(session.take(frame(Kind::AckData, 3, BSM))[..], [Act::Store { .. }]));
}

#[test]
fn the_same_id_with_the_same_bytes_is_answered_and_not_stored_again() {
    let mut session = logged_in();
    session.take(frame(Kind::AckData, 3, BSM));
    session.stored(Some(3), Bytes::from_static(BSM), true);
    assert_eq!(session.take(frame(Kind::AckData, 3, BSM)), [Act::Send(frame(Kind::Ack, 3, b""))]);
}

#[test]
fn the_same_id_with_other_bytes_is_a_new_message() {
    let mut session = logged_in();
    session.take(frame(Kind::AckData, 65_534, BSM));
    session.stored(Some(65_534), Bytes::from_static(BSM), true);
    let other = b"BSM\n.V/1LSZX\nENDBSM\n";
    let acts = session.take(frame(Kind::AckData, 65_534, other));
    assert_eq!(acts, [Act::Store { data: Bytes::from_static(other), id: Some(65_534) }]);
}

#[test]
fn a_message_without_an_answer_is_stored_and_not_answered() {
    let mut session = logged_in();
    let store = Act::Store { data: Bytes::from_static(BSM), id: None };
    assert_eq!(session.take(frame(Kind::Data, 4, BSM)), [store]);
    assert!(session.stored(None, Bytes::from_static(BSM), true).is_empty());
}

#[test]
fn a_peer_that_is_ahead_of_the_disk_is_told_to_pause_and_to_go_on() {
    let mut session = logged_in();
    let mut sent = Vec::new();
    for id in 1..=40 {
        sent.extend(session.take(frame(Kind::AckData, id, format!("{id}").as_bytes())));
    }
    let pauses = sent.iter().filter(|act| **act == Act::Send(frame(Kind::DataOff, 0, b""))).count();
    assert_eq!(pauses, 1);
    let mut answers = Vec::new();
    for id in 1..=40 {
        answers.extend(session.stored(Some(id), format!("{id}").into(), true));
    }
    let resumes: Vec<_> =
        answers.iter().filter(|act| **act == Act::Send(frame(Kind::DataOn, 0, b""))).collect();
    assert_eq!((resumes.len(), answers.len()), (1, 41));
}

#[test]
fn a_sign_of_life_is_not_answered_and_a_log_off_closes() {
    let mut session = logged_in();
    assert!(session.take(frame(Kind::Status, 0, b"")).is_empty());
    assert_eq!(session.take(frame(Kind::LogOff, 0, b"")), [Act::Close("the peer logged off")]);
}

#[test]
fn a_message_to_the_peer_wants_no_answer_and_has_an_id_of_ours() {
    assert_eq!(session().say(Bytes::from_static(BSM)), [], "nobody has logged in");
    let mut session = logged_in();
    let mut next = || match &session.say(Bytes::from_static(b"BCM"))[..] {
        [Act::Send(Frame { kind: Kind::Data, id, .. })] => *id,
        other => panic!("{other:?}"),
    };
    let ids: Vec<_> = (0..=LAST_ID).map(|_| next()).collect();
    assert_eq!((ids[0], ids[65_533], ids[65_534]), (1, LAST_ID, 1));
}

#[test]
fn a_peer_holds_messages_back_until_it_goes_on() {
    let mut session = logged_in();
    for (kind, is_held) in [(Kind::DataOff, true), (Kind::DataOff, true), (Kind::DataOn, false)] {
        assert!(session.take(frame(kind, 0, b"")).is_empty());
        assert_eq!(session.is_held(), is_held);
    }
}

#[test]
fn nothing_of_a_password_or_message_is_shown() {
    let shown = format!("{:?} {:?}", frame(Kind::AckData, 1, BSM), session());
    assert!(!shown.contains("SECRET") && !shown.contains("3479000314"), "{shown}");
}

//! Any bytes as frames of a host link: taken, written again as they were, and given to a session.

#![no_main]

use airside_baggage::link::{
    frame::{self, AppId},
    session::{Account, Act, Session},
};
use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let app = AppId::parse("BHS_SZX").expect("the name is well formed");
    let account = Account { app, source: "bhs.t3".to_owned(), password: b"SECRET".to_vec() };
    let mut session = Session::new([account].into());
    let mut buffer = BytesMut::from(input);
    while let Ok(Some(frame)) = frame::take(&mut buffer) {
        let mut written = BytesMut::new();
        frame.write(&mut written).expect("what was taken can be written");
        let same = frame::take(&mut written).expect("what was written is a frame");
        assert_eq!(same.as_ref(), Some(&frame));
        for act in session.take(frame) {
            if let Act::Store { data, id } = act {
                assert!(session.account().is_some());
                let _ = session.stored(id, data, true);
            }
        }
    }
});

//! A passenger's session, and what every session must hold: numbers without gaps.

use std::collections::VecDeque;

use airside_api::notifications::v1::{
    Drain, Hello, Notice, NoticeKind, ResumeToken, WatchRequest, WatchResponse, watch_response::Frame,
};
use airside_simulator::connect::Clients;
use tonic::Streaming;

use super::within;

/// An open session.
pub(crate) struct Session {
    pub(crate) hello: Hello,
    /// The last sequence number that was received.
    pub(crate) seq: u64,
    frames: Streaming<WatchResponse>,
    waiting: VecDeque<Notice>,
}

impl Session {
    /// Opens a first session.
    pub(crate) async fn open(passenger: &Clients) -> Self {
        Self::with(passenger, None).await
    }

    /// Opens a session that resumes.
    pub(crate) async fn resume(passenger: &Clients, token: ResumeToken) -> Self {
        Self::with(passenger, Some(token)).await
    }

    async fn with(passenger: &Clients, resume: Option<ResumeToken>) -> Self {
        let request = WatchRequest { resume, locale: "en".to_owned() };
        let watch = async { passenger.notifications.clone().watch(request).await };
        let mut frames = within("Watch", watch).await.unwrap().into_inner();
        let first = within("hello", frames.message()).await.unwrap().unwrap();
        let Some(Frame::Hello(hello)) = first.frame else { panic!("the first frame is no hello: {first:?}") };
        Self { seq: hello.seq, hello, frames, waiting: VecDeque::new() }
    }

    /// Returns where a later session resumes.
    pub(crate) fn token(&self) -> ResumeToken {
        ResumeToken { epoch: self.hello.epoch.clone(), seq: self.seq }
    }

    /// Returns the next notice.
    pub(crate) async fn next(&mut self) -> Notice {
        loop {
            if let Some(notice) = self.waiting.pop_front() {
                assert_eq!(notice.seq, self.seq + 1, "a gap before {notice:?}");
                self.seq = notice.seq;
                return notice;
            }
            match self.frame().await {
                Frame::Notices(notices) => self.waiting.extend(notices.notices),
                Frame::Ping(_) => {}
                other => panic!("no notice but {other:?}"),
            }
        }
    }

    /// Returns the next notice, which must be of a kind.
    pub(crate) async fn expect(&mut self, kind: NoticeKind) -> Notice {
        let notice = self.next().await;
        assert_eq!(notice.kind(), kind, "{notice:?}");
        notice
    }

    /// Waits until the server asks the session to come back.
    pub(crate) async fn drain(&mut self) -> Drain {
        loop {
            match self.frame().await {
                Frame::Drain(drain) => return drain,
                Frame::Notices(notices) => self.waiting.extend(notices.notices),
                Frame::Ping(_) => {}
                other => panic!("no drain but {other:?}"),
            }
        }
    }

    async fn frame(&mut self) -> Frame {
        let message = within("a frame", self.frames.message()).await.unwrap();
        message.and_then(|message| message.frame).expect("the session is open")
    }
}

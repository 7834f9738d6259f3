//! Notices of the stand-in.

use std::sync::atomic::Ordering;

use airside_api::notifications::v1::notification_service_server::NotificationService;
use airside_api::notifications::v1::watch_response::Frame;
use airside_api::notifications::v1::*;
use futures::stream;
use tonic::{Request, Response, Status};

use super::{Answers, StandIn, caller};

#[tonic::async_trait]
impl NotificationService for StandIn {
    type WatchStream = Answers<WatchResponse>;

    async fn watch(&self, request: Request<WatchRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let person = caller(&request)?;
        let inbox = self.inbox(&person);
        let resume = request.into_inner().resume;
        let seq = resume.map_or_else(|| inbox.borrow().len() as u64, |token| token.seq);
        let epoch = "e1".to_owned();
        let hello = Hello { epoch, seq, recovered: true, ping_interval_ms: 1_000, token_expires_in_ms: 0 };
        let drops = self.drops_third;
        let follow =
            stream::unfold((inbox.subscribe(), inbox, seq), move |(mut seen, inbox, seq)| async move {
                let plate = loop {
                    let next = seen.borrow_and_update().get(usize::try_from(seq).unwrap()).cloned();
                    match next {
                        Some(plate) => break plate,
                        None => seen.changed().await.ok()?,
                    }
                };
                let seq = seq + 1;
                let notice = Notice {
                    seq,
                    notification_id: format!("n{seq}"),
                    text: format!("notice of {plate}"),
                    ..Notice::default()
                };
                let notices = if drops && seq % 3 == 0 { vec![] } else { vec![notice] };
                Some((Frame::Notices(Notices { notices }), (seen, inbox, seq)))
            });
        let frames = futures::StreamExt::chain(stream::iter([Frame::Hello(hello)]), follow);
        let answers = futures::StreamExt::map(frames, |frame| Ok(WatchResponse { frame: Some(frame) }));
        Ok(Response::new(Box::pin(answers)))
    }

    async fn acknowledge(
        &self,
        request: Request<AcknowledgeRequest>,
    ) -> Result<Response<AcknowledgeResponse>, Status> {
        let up_to_seq = request.into_inner().up_to_seq;
        Ok(Response::new(AcknowledgeResponse { up_to_seq }))
    }

    async fn list_notifications(
        &self,
        request: Request<ListNotificationsRequest>,
    ) -> Result<Response<ListNotificationsResponse>, Status> {
        let last_seq = self.inbox(&caller(&request)?).borrow().len() as u64;
        if self.drops_third {
            let inboxes = self.inboxes.lock().unwrap();
            let dropped = inboxes.values().map(|inbox| inbox.borrow().len() as u64 / 3).sum();
            self.dropped.store(dropped, Ordering::Relaxed);
        }
        Ok(Response::new(ListNotificationsResponse { last_seq, ..ListNotificationsResponse::default() }))
    }

    async fn get_preferences(
        &self,
        _: Request<GetPreferencesRequest>,
    ) -> Result<Response<GetPreferencesResponse>, Status> {
        Ok(Response::new(GetPreferencesResponse::default()))
    }

    async fn set_preferences(
        &self,
        _: Request<SetPreferencesRequest>,
    ) -> Result<Response<SetPreferencesResponse>, Status> {
        Ok(Response::new(SetPreferencesResponse::default()))
    }

    async fn get_notice_trail(
        &self,
        _: Request<GetNoticeTrailRequest>,
    ) -> Result<Response<GetNoticeTrailResponse>, Status> {
        Ok(Response::new(GetNoticeTrailResponse::default()))
    }
}

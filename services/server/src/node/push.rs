//! The sessions of `notifications` behind the gateway's WebSocket.

use airside_api::notifications::v1::{AckLevel, Connect, WatchResponse};
use airside_gateway::push;
use airside_kernel::PersonId;
use airside_notifications::{
    model::{self, Locale},
    service::Notifications,
    session::{self, Resume},
};
use airside_runtime::{
    projections::Changes,
    status::{invalid, status},
};
use tonic::{Status, async_trait};

/// Opens sessions for the WebSocket.
pub(super) struct Sessions {
    pub(super) notifications: Notifications,
    pub(super) changes: Changes,
}

#[async_trait]
impl push::Sessions for Sessions {
    async fn open(&self, person: PersonId, connect: &Connect) -> Result<Box<dyn push::Session>, Status> {
        let locale = connect.locale.parse().map_err(|problem| invalid("connect.locale", problem))?;
        let resume = connect.resume.as_ref();
        let resume = resume.map(|token| Resume { epoch: token.epoch.clone(), seq: token.seq });
        let session =
            self.notifications.sessions().open(person, resume).await.map_err(|error| status(&error))?;
        Ok(Box::new(Session { notifications: self.notifications.clone(), person, locale, session }))
    }

    fn changes(&self) -> Changes {
        self.changes.clone()
    }
}

struct Session {
    notifications: Notifications,
    person: PersonId,
    locale: Locale,
    session: session::Session,
}

#[async_trait]
impl push::Session for Session {
    async fn next(&mut self) -> Result<Option<WatchResponse>, Status> {
        let frame = self.session.next().await.map_err(|error| status(&error))?;
        Ok(frame.map(|frame| frame.message(self.locale)))
    }

    async fn acknowledge(&self, up_to_seq: u64, level: AckLevel) -> Result<(), Status> {
        let level = model::AckLevel::from_proto(level as i32);
        let level = level.ok_or_else(|| invalid("ack.level", "it is not one of the levels"))?;
        let noted = self.notifications.acknowledge_notices(self.person, up_to_seq, level).await;
        noted.map(drop).map_err(|error| status(&error))
    }
}

//! The gRPC face of notifications: parse, one call, map. The person is always
//! the one of the token; no field of a call names anybody.

mod answer;

use std::{pin::Pin, sync::Arc};

use airside_api::notifications::v1::{
    AcknowledgeRequest, AcknowledgeResponse, GetNoticeTrailRequest, GetNoticeTrailResponse,
    GetPreferencesRequest, GetPreferencesResponse, ListNotificationsRequest, ListNotificationsResponse,
    SetPreferencesRequest, SetPreferencesResponse, WatchRequest, WatchResponse,
    notification_service_server::NotificationService,
};
use airside_kernel::{Classified, Clock, Code, PersonId, Position};
use airside_runtime::{
    auth::Caller,
    executor::{Context, ExecuteError, Executor, Order},
    requests,
    status::{invalid, not_found, status},
    stored::timestamp_message,
};
use futures::{Stream, stream};
use thiserror::Error;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::{
    decide::{Delivery, DeliveryCommand, DeliveryRejection},
    events::{preferences, preferences_message, quiet_hours_message},
    model::{self, AckLevel, Locale, Preferences, Rules},
    session::{Resume, Session, SessionError, Sessions},
};

/// The notification service.
#[derive(Clone)]
pub struct Notifications {
    sessions: Sessions,
    deliveries: Executor<Delivery>,
    clock: Arc<dyn Clock>,
    rules: Arc<Rules>,
}

/// An acknowledgement that was not noted.
#[derive(Debug, Error)]
pub enum AcknowledgeError {
    /// The person has no such notice.
    #[error("up_to_seq: {up_to_seq} is not a notice of this inbox: acknowledge 1 to {last_seq}")]
    NoSuchNotice {
        /// What was acknowledged.
        up_to_seq: u64,
        /// The newest notice.
        last_seq: u64,
    },
    /// The inbox could not be read.
    #[error(transparent)]
    Inbox(#[from] SessionError),
    /// It could not be stored.
    #[error(transparent)]
    Execute(#[from] ExecuteError<DeliveryRejection>),
}

impl Classified for AcknowledgeError {
    fn code(&self) -> Code {
        match self {
            Self::NoSuchNotice { .. } => Code::InvalidArgument,
            Self::Inbox(error) => error.code(),
            Self::Execute(error) => error.code(),
        }
    }
}

impl Notifications {
    /// Makes the service.
    pub fn new(
        sessions: Sessions,
        deliveries: Executor<Delivery>,
        clock: Arc<dyn Clock>,
        rules: Arc<Rules>,
    ) -> Self {
        Self { sessions, deliveries, clock, rules }
    }

    /// Returns the opener of sessions, for other wires.
    pub fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// Notes how far a person's notices got and returns how far that is now.
    ///
    /// # Errors
    /// When there is no such notice, or the log cannot be used.
    pub async fn acknowledge_notices(
        &self,
        person: PersonId,
        up_to_seq: u64,
        level: AckLevel,
    ) -> Result<u64, AcknowledgeError> {
        let last_seq = self.sessions.last_seq(person).await?;
        if up_to_seq == 0 || up_to_seq > last_seq {
            return Err(AcknowledgeError::NoSuchNotice { up_to_seq, last_seq });
        }
        let command = DeliveryCommand::Acknowledge { up_to_seq, level };
        if self.run(person, command).await?.is_some() {
            return Ok(up_to_seq);
        }
        Ok(self.deliveries.load(&model::delivery(person)).await?.state.up_to_seq(level))
    }

    /// Runs a command of a person and returns the position of the change, if there was one.
    async fn run(
        &self,
        person: PersonId,
        command: DeliveryCommand,
    ) -> Result<Option<Position>, ExecuteError<DeliveryRejection>> {
        let actor = Caller::Passenger(person).actor();
        let context = Context::new(actor, "notifications", self.clock.now());
        let order = Order { stream: model::delivery(person), command, context };
        Ok(self.deliveries.execute(order).await?.position)
    }

    fn shown(&self, chosen: &Preferences) -> GetPreferencesResponse {
        GetPreferencesResponse {
            preferences: Some(preferences_message(chosen)),
            airport_quiet_hours: Some(quiet_hours_message(self.rules.quiet)),
        }
    }
}

#[tonic::async_trait]
impl NotificationService for Notifications {
    type WatchStream = Pin<Box<dyn Stream<Item = Result<WatchResponse, Status>> + Send>>;

    async fn watch(&self, request: Request<WatchRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let person = Caller::of(&request).person()?;
        let request = request.into_inner();
        let locale = locale(&request.locale)?;
        let resume = request.resume.map(|token| Resume { epoch: token.epoch, seq: token.seq });
        let session = self.sessions.open(person, resume).await.map_err(|error| status(&error))?;
        Ok(Response::new(Box::pin(frames(session, locale))))
    }

    async fn acknowledge(
        &self,
        request: Request<AcknowledgeRequest>,
    ) -> Result<Response<AcknowledgeResponse>, Status> {
        let person = Caller::of(&request).person()?;
        let AcknowledgeRequest { up_to_seq, level } = request.into_inner();
        let level = AckLevel::from_proto(level).ok_or_else(|| {
            invalid("level", "say ACK_LEVEL_DELIVERED, ACK_LEVEL_DISPLAYED or ACK_LEVEL_READ")
        })?;
        let noted =
            self.acknowledge_notices(person, up_to_seq, level).await.map_err(|error| status(&error))?;
        Ok(Response::new(AcknowledgeResponse { up_to_seq: noted }))
    }

    async fn list_notifications(
        &self,
        request: Request<ListNotificationsRequest>,
    ) -> Result<Response<ListNotificationsResponse>, Status> {
        let person = Caller::of(&request).person()?;
        let request = request.into_inner();
        let (locale, limit) = (locale(&request.locale)?, requests::page_size(request.page_size)?);
        let listed = self.sessions.list(person, request.before_seq, limit).await;
        let (items, last_seq) = listed.map_err(|error| status(&error))?;
        Ok(Response::new(ListNotificationsResponse {
            notices: items.iter().map(|item| item.message(locale)).collect(),
            epoch: self.sessions.epoch(person),
            last_seq,
        }))
    }

    async fn get_preferences(
        &self,
        request: Request<GetPreferencesRequest>,
    ) -> Result<Response<GetPreferencesResponse>, Status> {
        let person = Caller::of(&request).person()?;
        let folded = self.deliveries.load(&model::delivery(person)).await.map_err(|error| status(&error))?;
        Ok(Response::new(self.shown(&folded.state.preferences)))
    }

    async fn set_preferences(
        &self,
        request: Request<SetPreferencesRequest>,
    ) -> Result<Response<SetPreferencesResponse>, Status> {
        let person = Caller::of(&request).person()?;
        let asked = request.into_inner().preferences;
        let asked = asked.ok_or_else(|| {
            invalid("preferences", "say what is chosen; an empty one chooses what the airport has")
        })?;
        let wrong = |(field, problem): (&str, &str)| invalid(&format!("preferences.{field}"), problem);
        let (preferences, now) = (preferences(&asked).map_err(wrong)?, self.clock.now());
        let command = DeliveryCommand::Prefer { preferences, now, rules: self.rules.clone() };
        let position = self.run(person, command).await.map_err(|error| status(&error))?;
        let position = position.map(|position| position.to_string()).unwrap_or_default();
        Ok(Response::new(SetPreferencesResponse { position }))
    }

    async fn get_notice_trail(
        &self,
        request: Request<GetNoticeTrailRequest>,
    ) -> Result<Response<GetNoticeTrailResponse>, Status> {
        let person = Caller::of(&request).person()?;
        let request = request.into_inner();
        let (locale, limit) = (locale(&request.locale)?, requests::page_size(request.page_size)?);
        let wanted = notification_id(&request.notification_id)?;
        let known = self.sessions.trails(person).await.map_err(|error| status(&error))?;
        let asked = known.trails.iter().filter(|trail| wanted.is_none_or(|id| id == trail.notice.id));
        let trails: Vec<_> = asked.take(limit).map(|trail| answer::trail(trail, locale)).collect();
        if wanted.is_some() && trails.is_empty() {
            return Err(not_found("notice"));
        }
        let complete_since = known.complete_since.map(timestamp_message);
        Ok(Response::new(GetNoticeTrailResponse { trails, complete_since }))
    }
}

/// Returns the notice that is asked for; `None` for all.
fn notification_id(text: &str) -> Result<Option<Uuid>, Status> {
    if text.is_empty() {
        return Ok(None);
    }
    let id = Uuid::try_parse(text);
    id.map(Some).map_err(|_| invalid("notification_id", "use the id of a notice, or leave it out for all"))
}

/// Returns the frames of a session as gRPC sends them.
fn frames(session: Session, locale: Locale) -> impl Stream<Item = Result<WatchResponse, Status>> + Send {
    stream::unfold(session, move |mut session| async move {
        match session.next().await {
            Ok(frame) => frame.map(|frame| (Ok(frame.message(locale)), session)),
            Err(error) => Some((Err(status(&error)), session)),
        }
    })
}

fn locale(tag: &str) -> Result<Locale, Status> {
    tag.parse().map_err(|error| invalid("locale", error))
}

#[cfg(test)]
mod tests;

//! The facts of `way-<person>` and their stored form.

use std::sync::Arc;

use airside_api::navigation::v1;
use airside_kernel::{
    Category, Cause, DecodeError, PersonalField, RecordedEvent, StoredEvent, SubjectId, Timestamp,
};
use airside_runtime::stored;
use bytes::Bytes;
use prost::Message;
use uuid::Uuid;

use super::model::{self, Advice, Certainty, Followed, Goal, Times};

const WAY_FOLLOWED: &str = "navigation.WayFollowed";
const WAY_ADVISED: &str = "navigation.WayAdvised";
const WAY_BROKEN: &str = "navigation.WayBroken";
const WAY_LEFT: &str = "navigation.WayLeft";

/// The field of `WayFollowed` that is sealed.
const QUESTION: u32 = 3;

/// A fact of the way that a person follows.
#[derive(Debug, Clone, PartialEq)]
pub enum WayEvent {
    /// The person follows a way, in place of any before.
    Followed(Arc<Followed>),
    /// How long it takes now.
    Advised {
        /// The way.
        id: Uuid,
        /// What is known.
        advice: Advice,
        /// The event behind it.
        cause: Cause,
    },
    /// A closure broke it; the advice is that of the other way.
    Broken {
        /// The way.
        id: Uuid,
        /// What is known.
        advice: Advice,
        /// The closure behind it.
        cause: Cause,
    },
    /// The person follows it no more.
    Left {
        /// The way.
        id: Uuid,
    },
}

impl StoredEvent for WayEvent {
    type Facts = [Self; 1];

    fn event_type(&self) -> &'static str {
        match self {
            Self::Followed(_) => WAY_FOLLOWED,
            Self::Advised { .. } => WAY_ADVISED,
            Self::Broken { .. } => WAY_BROKEN,
            Self::Left { .. } => WAY_LEFT,
        }
    }

    fn encode(&self) -> Bytes {
        let bytes = match self {
            Self::Followed(way) => v1::WayFollowed {
                way_id: way.id.to_string(),
                venue: way.venue.to_string(),
                question: Some(stored::sealed(&way.question)),
                goal: match way.goal {
                    Goal::Place => v1::WayGoal::Place,
                    Goal::Gate(_) => v1::WayGoal::Gate,
                    Goal::Belt(_) => v1::WayGoal::Belt,
                } as i32,
                flight: way.goal.flight().unwrap_or_default().to_owned(),
                until: Some(stored::timestamp_message(way.until)),
            }
            .encode_to_vec(),
            Self::Advised { id, advice, cause } => v1::WayAdvised {
                way_id: id.to_string(),
                times: advice.times.as_ref().map(times_message),
                leave_by: advice.leave_by.map(stored::timestamp_message),
                cause: Some(stored::cause_message(cause)),
            }
            .encode_to_vec(),
            Self::Broken { id, advice, cause } => v1::WayBroken {
                way_id: id.to_string(),
                other: advice.times.as_ref().map(times_message),
                leave_by: advice.leave_by.map(stored::timestamp_message),
                cause: Some(stored::cause_message(cause)),
            }
            .encode_to_vec(),
            Self::Left { id } => v1::WayLeft { way_id: id.to_string() }.encode_to_vec(),
        };
        bytes.into()
    }

    fn decode(event: &RecordedEvent) -> Result<[Self; 1], DecodeError> {
        Ok([match event.type_up_to(1)? {
            WAY_FOLLOWED => followed(event, message(event)?)?,
            WAY_ADVISED => {
                let v1::WayAdvised { way_id, times: told, leave_by, cause } = message(event)?;
                let advice = Advice { times: Some(times(event, told)?), leave_by: instant(event, leave_by)? };
                Self::Advised { id: id(event, &way_id)?, advice, cause: caused(event, cause)? }
            }
            WAY_BROKEN => {
                let v1::WayBroken { way_id, other, leave_by, cause } = message(event)?;
                let other = other.map(|other| times(event, Some(other))).transpose()?;
                let advice = Advice { times: other, leave_by: instant(event, leave_by)? };
                Self::Broken { id: id(event, &way_id)?, advice, cause: caused(event, cause)? }
            }
            WAY_LEFT => Self::Left { id: id(event, &message::<v1::WayLeft>(event)?.way_id)? },
            _ => return Err(DecodeError::unknown(event)),
        }])
    }

    fn personal_fields(&mut self, visit: &mut dyn FnMut(PersonalField<'_>)) {
        let Self::Followed(way) = self else { return };
        let way = Arc::make_mut(way);
        let (subject, category) = (way.subject.clone(), Category::Travel);
        visit(PersonalField { subject, category, field: QUESTION, slot: &mut way.question });
    }
}

fn followed(event: &RecordedEvent, message: v1::WayFollowed) -> Result<WayEvent, DecodeError> {
    let v1::WayFollowed { way_id, venue, question, goal, flight, until } = message;
    let goal = match v1::WayGoal::try_from(goal) {
        Ok(v1::WayGoal::Place) => Goal::Place,
        Ok(v1::WayGoal::Gate) => Goal::Gate(flight),
        Ok(v1::WayGoal::Belt) => Goal::Belt(flight),
        Ok(v1::WayGoal::Unspecified) | Err(_) => return Err(missing(event, "goal")),
    };
    Ok(WayEvent::Followed(Arc::new(Followed {
        subject: SubjectId::new(model::person_of(event)?),
        id: id(event, &way_id)?,
        venue: venue.parse().map_err(|_| missing(event, "venue"))?,
        question: stored::personal(question.unwrap_or_default())?,
        goal,
        until: instant(event, until)?.ok_or_else(|| missing(event, "until"))?,
    })))
}

/// Returns times as calls and the log say them.
pub fn times_message(times: &Times) -> v1::WayTimes {
    v1::WayTimes {
        walking_seconds: times.walking_s,
        waiting_seconds: times.waiting_s,
        at_security: times.at_security,
        certainty: match times.certainty {
            Certainty::Estimated => v1::WayCertainty::Estimated,
            Certainty::Measured => v1::WayCertainty::Measured,
        } as i32,
    }
}

fn times(event: &RecordedEvent, message: Option<v1::WayTimes>) -> Result<Times, DecodeError> {
    let message = message.ok_or_else(|| missing(event, "times"))?;
    let certainty = match message.certainty() {
        v1::WayCertainty::Estimated => Certainty::Estimated,
        v1::WayCertainty::Measured => Certainty::Measured,
        v1::WayCertainty::Unspecified => return Err(missing(event, "times.certainty")),
    };
    Ok(Times {
        walking_s: message.walking_seconds,
        waiting_s: message.waiting_seconds,
        at_security: message.at_security,
        certainty,
    })
}

fn message<M: Message + Default>(event: &RecordedEvent) -> Result<M, DecodeError> {
    M::decode(event.payload()).map_err(|error| DecodeError::malformed(event.event_type(), error.to_string()))
}

fn missing(event: &RecordedEvent, field: &str) -> DecodeError {
    DecodeError::malformed(event.event_type(), format!("{field} is missing or out of range"))
}

fn id(event: &RecordedEvent, text: &str) -> Result<Uuid, DecodeError> {
    Uuid::parse_str(text).map_err(|_| missing(event, "way_id"))
}

fn caused(
    event: &RecordedEvent,
    cause: Option<airside_api::runtime::v1::Cause>,
) -> Result<Cause, DecodeError> {
    cause.map(stored::cause).ok_or_else(|| missing(event, "cause"))
}

fn instant(
    event: &RecordedEvent,
    message: Option<prost_types::Timestamp>,
) -> Result<Option<Timestamp>, DecodeError> {
    let read = |message| stored::timestamp(&message).ok_or_else(|| missing(event, "an instant"));
    message.map(read).transpose()
}

#[cfg(test)]
mod tests;

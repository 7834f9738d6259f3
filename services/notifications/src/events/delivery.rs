//! The facts of `delivery-<person>` and their stored form.

use std::sync::Arc;

use airside_api::notifications::v1;
use airside_kernel::{DecodeError, RecordedEvent, StoredEvent, Timestamp};
use airside_runtime::stored::{self, timestamp_message};
use bytes::Bytes;
use jiff::civil::Time;
use prost::Message;
use uuid::Uuid;

use super::{instant, optional_id};
use crate::{
    decide::delivery::{Answered, DeliveryState, Held, Released},
    model::{
        AckLevel, ChannelChoice, HoldReason, Kind, Notice, Preferences, Priority, Proposal, QuietHours,
        SuppressReason, Travel,
    },
};

const NOTICES_ACKNOWLEDGED: &str = "notifications.NoticesAcknowledged";
const NOTICE_RELEASED: &str = "notifications.NoticeReleased";
const NOTICE_HELD: &str = "notifications.NoticeHeld";
const NOTICE_MERGED: &str = "notifications.NoticeMerged";
const NOTICE_SUPPRESSED: &str = "notifications.NoticeSuppressed";
const PREFERENCES_SET: &str = "notifications.PreferencesSet";
const CARRIED_FORWARD: &str = "notifications.DeliveryCarriedForward";

/// A fact of `delivery-<person>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryEvent {
    /// All notices up to a sequence number got this far.
    NoticesAcknowledged {
        /// The highest sequence number.
        up_to_seq: u64,
        /// How far they got.
        level: AckLevel,
    },
    /// A notice is told.
    NoticeReleased(Released),
    /// A notice waits.
    NoticeHeld(Held),
    /// A notice that waited gave way to a newer one.
    NoticeMerged {
        /// The one that waited.
        id: Uuid,
        /// The newer one.
        into: Uuid,
    },
    /// A notice is not told.
    NoticeSuppressed {
        /// The notice.
        proposal: Arc<Proposal>,
        /// Why.
        reason: SuppressReason,
    },
    /// The person chose how they want to be told.
    PreferencesSet(Arc<Preferences>),
    /// All that the facts before it still mean.
    CarriedForward(Arc<DeliveryState>),
}

impl StoredEvent for DeliveryEvent {
    type Facts = [Self; 1];

    fn event_type(&self) -> &'static str {
        match self {
            Self::NoticesAcknowledged { .. } => NOTICES_ACKNOWLEDGED,
            Self::NoticeReleased(_) => NOTICE_RELEASED,
            Self::NoticeHeld(_) => NOTICE_HELD,
            Self::NoticeMerged { .. } => NOTICE_MERGED,
            Self::NoticeSuppressed { .. } => NOTICE_SUPPRESSED,
            Self::PreferencesSet(_) => PREFERENCES_SET,
            Self::CarriedForward(_) => CARRIED_FORWARD,
        }
    }

    fn encode(&self) -> Bytes {
        let bytes = match self {
            Self::NoticesAcknowledged { up_to_seq, level } => {
                v1::NoticesAcknowledged { up_to_seq: *up_to_seq, level: level.to_proto() as i32 }
                    .encode_to_vec()
            }
            Self::NoticeReleased(released) => released_message(released).encode_to_vec(),
            Self::NoticeHeld(held) => held_message(held).encode_to_vec(),
            Self::NoticeMerged { id, into } => {
                v1::NoticeMerged { notification_id: id.to_string(), into: into.to_string() }.encode_to_vec()
            }
            Self::NoticeSuppressed { proposal, reason } => v1::NoticeSuppressed {
                notice: Some(proposal_message(proposal)),
                reason: reason.to_proto() as i32,
            }
            .encode_to_vec(),
            Self::PreferencesSet(preferences) => {
                v1::PreferencesSet { preferences: Some(preferences_message(preferences)) }.encode_to_vec()
            }
            Self::CarriedForward(state) => state_message(state).encode_to_vec(),
        };
        bytes.into()
    }

    fn decode(event: &RecordedEvent) -> Result<[Self; 1], DecodeError> {
        let event_type = event.type_up_to(1)?;
        let reader = Reader { event_type: event.event_type() };
        let payload = event.payload();
        Ok([match event_type {
            NOTICES_ACKNOWLEDGED => {
                let (up_to_seq, level) = reader.acknowledged(&reader.message(payload)?)?;
                Self::NoticesAcknowledged { up_to_seq, level }
            }
            NOTICE_RELEASED => Self::NoticeReleased(reader.released(reader.message(payload)?)?),
            NOTICE_HELD => Self::NoticeHeld(reader.held(reader.message(payload)?)?),
            NOTICE_MERGED => {
                let message: v1::NoticeMerged = reader.message(payload)?;
                let [id, into] = [(&message.notification_id, "notification_id"), (&message.into, "into")]
                    .map(|(text, field)| reader.id(text, field));
                Self::NoticeMerged { id: id?, into: into? }
            }
            NOTICE_SUPPRESSED => {
                let message: v1::NoticeSuppressed = reader.message(payload)?;
                let reason = SuppressReason::from_proto(message.reason);
                Self::NoticeSuppressed {
                    proposal: reader.proposal(message.notice, "")?,
                    reason: reason.ok_or_else(|| reader.missing("reason"))?,
                }
            }
            PREFERENCES_SET => {
                let message: v1::PreferencesSet = reader.message(payload)?;
                Self::PreferencesSet(reader.preferences(message.preferences)?)
            }
            CARRIED_FORWARD => Self::CarriedForward(Arc::new(reader.state(reader.message(payload)?)?)),
            _ => return Err(DecodeError::unknown(event)),
        }])
    }
}

fn proposal_message(Proposal { notice, travel }: &Proposal) -> v1::ProposedNotice {
    v1::ProposedNotice {
        notification_id: notice.id.to_string(),
        kind: notice.kind.to_proto() as i32,
        priority: notice.priority.to_proto() as i32,
        parameters: notice.parameters.as_ref().clone(),
        expires_at: notice.expires_at.map(timestamp_message),
        caused_at: Some(timestamp_message(notice.caused_at)),
        cause: Some(stored::cause_message(&notice.cause)),
        departs_at: travel.departs_at.map(timestamp_message),
        arrives_at: travel.arrives_at.map(timestamp_message),
    }
}

fn released_message(Released { proposal, at }: &Released) -> v1::NoticeReleased {
    v1::NoticeReleased {
        notice: Some(proposal_message(proposal)),
        supersedes: proposal.notice.supersedes.map(|id| id.to_string()).unwrap_or_default(),
        released_at: Some(timestamp_message(*at)),
    }
}

fn held_message(Held { proposal, until, reason }: &Held) -> v1::NoticeHeld {
    v1::NoticeHeld {
        notice: Some(proposal_message(proposal)),
        until: Some(timestamp_message(*until)),
        reason: reason.to_proto() as i32,
    }
}

/// Returns preferences as calls and the log say them.
pub(crate) fn preferences_message(preferences: &Preferences) -> v1::Preferences {
    let choice = |choice: &ChannelChoice| v1::ChannelPreference {
        channel: choice.channel as i32,
        consents: choice.consents,
        least_urgent: choice.least.to_proto() as i32,
    };
    v1::Preferences {
        quiet_hours: preferences.quiet.map(quiet_hours_message),
        channels: preferences.channels.iter().map(choice).collect(),
    }
}

/// Returns quiet hours as calls and the log say them.
pub(crate) fn quiet_hours_message(quiet: QuietHours) -> v1::QuietHours {
    let minutes =
        |time: Time| u32::from(time.hour().unsigned_abs()) * 60 + u32::from(time.minute().unsigned_abs());
    v1::QuietHours { from_minute: minutes(quiet.from), until_minute: minutes(quiet.until) }
}

fn state_message(state: &DeliveryState) -> v1::DeliveryCarriedForward {
    let levels = AckLevel::ALL.into_iter().zip(state.levels).filter(|(_, up_to_seq)| *up_to_seq > 0);
    let answered = |answered: &Answered| v1::AnsweredCause {
        cause: Some(stored::cause_message(&answered.cause)),
        caused_at: Some(timestamp_message(answered.caused_at)),
    };
    v1::DeliveryCarriedForward {
        acknowledged: levels
            .map(|(level, up_to_seq)| v1::NoticesAcknowledged { up_to_seq, level: level.to_proto() as i32 })
            .collect(),
        preferences: Some(preferences_message(&state.preferences)),
        answered: state.answered.iter().map(answered).collect(),
        horizon: state.horizon.map(timestamp_message),
        held: state.held.iter().map(held_message).collect(),
        said: state.said.iter().map(released_message).collect(),
        counted: state.counted.iter().copied().map(timestamp_message).collect(),
        last_p3: state.last_p3.map(timestamp_message),
    }
}

/// Reads preferences as calls and the log say them; `Err` names the field that is wrong and says
/// what is allowed.
pub(crate) fn preferences(message: &v1::Preferences) -> Result<Preferences, (&'static str, &'static str)> {
    let time = |minutes: u32, field| {
        let (hour, minute) = (i8::try_from(minutes / 60), i8::try_from(minutes % 60));
        let time = hour.ok().zip(minute.ok()).and_then(|(hour, minute)| Time::new(hour, minute, 0, 0).ok());
        time.ok_or((field, "say minutes after midnight, 0 to 1439"))
    };
    let quiet = message.quiet_hours.as_ref().map(|quiet| -> Result<_, (&str, &str)> {
        let from = time(quiet.from_minute, "quiet_hours.from_minute")?;
        Ok(QuietHours { from, until: time(quiet.until_minute, "quiet_hours.until_minute")? })
    });
    let mut channels: Vec<ChannelChoice> = Vec::new();
    for choice in &message.channels {
        let channel = v1::Channel::try_from(choice.channel).unwrap_or_default();
        if channel == v1::Channel::Unspecified {
            return Err(("channels.channel", "name a channel"));
        }
        if channels.iter().any(|earlier| earlier.channel == channel) {
            return Err(("channels.channel", "name each channel once"));
        }
        let least = match choice.least_urgent {
            0 => Priority::P4,
            number => {
                Priority::from_proto(number).ok_or(("channels.least_urgent", "say a class, P0 to P4"))?
            }
        };
        channels.push(ChannelChoice { channel, consents: choice.consents, least });
    }
    Ok(Preferences { quiet: quiet.transpose()?, channels })
}

/// Reads the parts of one stored event, and says of which event a part is missing.
struct Reader<'a> {
    event_type: &'a str,
}

impl Reader<'_> {
    fn missing(&self, field: &str) -> DecodeError {
        DecodeError::malformed(self.event_type, format!("{field} is missing or out of range"))
    }

    fn message<M: Message + Default>(&self, payload: &[u8]) -> Result<M, DecodeError> {
        M::decode(payload).map_err(|error| DecodeError::malformed(self.event_type, error.to_string()))
    }

    fn id(&self, text: &str, field: &str) -> Result<Uuid, DecodeError> {
        Uuid::parse_str(text).map_err(|_| self.missing(field))
    }

    fn instant(&self, at: Option<&prost_types::Timestamp>, field: &str) -> Result<Timestamp, DecodeError> {
        at.and_then(instant).ok_or_else(|| self.missing(field))
    }

    /// Reads an instant that may be absent.
    fn known(
        &self,
        at: Option<&prost_types::Timestamp>,
        field: &str,
    ) -> Result<Option<Timestamp>, DecodeError> {
        at.map(|at| self.instant(Some(at), field)).transpose()
    }

    fn acknowledged(&self, message: &v1::NoticesAcknowledged) -> Result<(u64, AckLevel), DecodeError> {
        let level = AckLevel::from_proto(message.level).ok_or_else(|| {
            DecodeError::malformed(self.event_type, format!("level {} is unknown", message.level))
        })?;
        Ok((message.up_to_seq, level))
    }

    fn proposal(
        &self,
        message: Option<v1::ProposedNotice>,
        supersedes: &str,
    ) -> Result<Arc<Proposal>, DecodeError> {
        let message = message.ok_or_else(|| self.missing("notice"))?;
        let travel = Travel {
            departs_at: self.known(message.departs_at.as_ref(), "departs_at")?,
            arrives_at: self.known(message.arrives_at.as_ref(), "arrives_at")?,
        };
        let notice = Notice {
            id: self.id(&message.notification_id, "notification_id")?,
            kind: Kind::from_proto(message.kind).ok_or_else(|| self.missing("kind"))?,
            priority: Priority::from_proto(message.priority).ok_or_else(|| self.missing("priority"))?,
            parameters: message.parameters.into(),
            expires_at: self.known(message.expires_at.as_ref(), "expires_at")?,
            caused_at: self.instant(message.caused_at.as_ref(), "caused_at")?,
            cause: message.cause.map(stored::cause).ok_or_else(|| self.missing("cause"))?,
            supersedes: optional_id(supersedes).map_err(|()| self.missing("supersedes"))?,
        };
        Ok(Arc::new(Proposal { notice, travel }))
    }

    fn released(&self, message: v1::NoticeReleased) -> Result<Released, DecodeError> {
        let at = self.instant(message.released_at.as_ref(), "released_at")?;
        Ok(Released { proposal: self.proposal(message.notice, &message.supersedes)?, at })
    }

    fn held(&self, message: v1::NoticeHeld) -> Result<Held, DecodeError> {
        let until = self.instant(message.until.as_ref(), "until")?;
        let reason = HoldReason::from_proto(message.reason).ok_or_else(|| self.missing("reason"))?;
        Ok(Held { proposal: self.proposal(message.notice, "")?, until, reason })
    }

    fn preferences(&self, message: Option<v1::Preferences>) -> Result<Arc<Preferences>, DecodeError> {
        let read = preferences(&message.unwrap_or_default());
        read.map(Arc::new).map_err(|(field, _)| self.missing(field))
    }

    fn state(&self, message: v1::DeliveryCarriedForward) -> Result<DeliveryState, DecodeError> {
        let mut state = DeliveryState {
            preferences: self.preferences(message.preferences)?,
            horizon: self.known(message.horizon.as_ref(), "horizon")?,
            last_p3: self.known(message.last_p3.as_ref(), "last_p3")?,
            ..DeliveryState::default()
        };
        for acknowledged in &message.acknowledged {
            let (up_to_seq, level) = self.acknowledged(acknowledged)?;
            state.levels[level as usize] = up_to_seq;
        }
        for answered in message.answered {
            let cause = answered.cause.map(stored::cause).ok_or_else(|| self.missing("answered.cause"))?;
            let caused_at = self.instant(answered.caused_at.as_ref(), "answered.caused_at")?;
            state.answered.push(Answered { cause: Arc::new(cause), caused_at });
        }
        for held in message.held {
            state.held.push(self.held(held)?);
        }
        for said in message.said {
            state.said.push(self.released(said)?);
        }
        for counted in &message.counted {
            state.counted.push(self.instant(Some(counted), "counted")?);
        }
        Ok(state)
    }
}

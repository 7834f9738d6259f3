//! The facts of `venue-<code>` and their stored form.

use airside_api::navigation::v1;
use airside_kernel::{DecodeError, RecordedEvent, StoredEvent, Timestamp};
use airside_runtime::stored;
use airside_wayfinding::FeatureId;
use bytes::Bytes;
use prost::Message;

use crate::model::{Closure, Reason, Wait};

pub mod blob;
pub mod edition;

const CLOSURE_SET: &str = "navigation.ClosureSet";
const CLOSURE_LIFTED: &str = "navigation.ClosureLifted";
const WAIT_REPORTED: &str = "navigation.WaitReported";

/// A fact of a venue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VenueEvent {
    /// Something cannot be passed; a later one for the same feature takes its place.
    ClosureSet(Closure),
    /// It can be passed again.
    ClosureLifted {
        /// The feature of the map.
        feature: FeatureId,
    },
    /// People wait there; a later one for the same feature takes its place.
    WaitReported(Wait),
}

impl StoredEvent for VenueEvent {
    type Facts = [Self; 1];

    fn event_type(&self) -> &'static str {
        match self {
            Self::ClosureSet(_) => CLOSURE_SET,
            Self::ClosureLifted { .. } => CLOSURE_LIFTED,
            Self::WaitReported(_) => WAIT_REPORTED,
        }
    }

    fn encode(&self) -> Bytes {
        let bytes = match self {
            Self::ClosureSet(closure) => v1::ClosureSet {
                feature_id: closure.feature.to_string(),
                reason: closure.reason.as_str().to_owned(),
                expected_until: closure.expected_until.map(stored::timestamp_message),
            }
            .encode_to_vec(),
            Self::ClosureLifted { feature } => {
                v1::ClosureLifted { feature_id: feature.to_string() }.encode_to_vec()
            }
            Self::WaitReported(Wait { feature, seconds, until }) => v1::WaitReported {
                feature_id: feature.to_string(),
                seconds: *seconds,
                until: until.map(stored::timestamp_message),
            }
            .encode_to_vec(),
        };
        bytes.into()
    }

    fn decode(event: &RecordedEvent) -> Result<[Self; 1], DecodeError> {
        let damaged =
            |error: prost::DecodeError| DecodeError::malformed(event.event_type(), error.to_string());
        let fact = match event.type_up_to(1)? {
            CLOSURE_SET => closure(v1::ClosureSet::decode(event.payload()).map_err(damaged)?),
            CLOSURE_LIFTED => {
                let message = v1::ClosureLifted::decode(event.payload()).map_err(damaged)?;
                Ok(Self::ClosureLifted { feature: feature(CLOSURE_LIFTED, &message.feature_id)? })
            }
            WAIT_REPORTED => {
                let message = v1::WaitReported::decode(event.payload()).map_err(damaged)?;
                let feature = feature(WAIT_REPORTED, &message.feature_id)?;
                let until = instant((WAIT_REPORTED, "until"), message.until.as_ref())?;
                Ok(Self::WaitReported(Wait { feature, seconds: message.seconds, until }))
            }
            _ => Err(DecodeError::unknown(event)),
        };
        fact.map(|fact| [fact])
    }
}

fn closure(message: v1::ClosureSet) -> Result<VenueEvent, DecodeError> {
    let expected_until = instant((CLOSURE_SET, "expected_until"), message.expected_until.as_ref())?;
    Ok(VenueEvent::ClosureSet(Closure {
        feature: feature(CLOSURE_SET, &message.feature_id)?,
        reason: Reason::stored(message.reason),
        expected_until,
    }))
}

fn instant(
    (event_type, field): (&str, &str),
    message: Option<&prost_types::Timestamp>,
) -> Result<Option<Timestamp>, DecodeError> {
    let out_of_range = || DecodeError::malformed(event_type, format!("{field} is out of range"));
    message.map(|message| stored::timestamp(message).ok_or_else(out_of_range)).transpose()
}

fn feature(event_type: &str, id: &str) -> Result<FeatureId, DecodeError> {
    FeatureId::parse(id).ok_or_else(|| DecodeError::malformed(event_type, "feature_id is no id of a feature"))
}

#[cfg(test)]
mod tests;

//! The one fact of `radio-<venue code>` and its stored form.

use airside_api::navigation::v1;
use airside_kernel::{DecodeError, RecordedEvent, StoredEvent};
use airside_runtime::stored;
use airside_wayfinding::position::{Datum, Form, Ground};
use bytes::Bytes;
use prost::Message;

use super::model::{RadioEdition, VersionName};

const RADIO_MAP_PUBLISHED: &str = "navigation.RadioMapPublished";

/// A version is in use from here on: a new one, or one that was before.
#[derive(Debug, Clone, PartialEq)]
pub struct RadioMapPublished(pub RadioEdition);

impl StoredEvent for RadioMapPublished {
    type Facts = [Self; 1];

    fn event_type(&self) -> &'static str {
        RADIO_MAP_PUBLISHED
    }

    fn encode(&self) -> Bytes {
        let RadioEdition { version, digest, form, ground, bytes, published_at } = &self.0;
        let datum = datum_number(ground.datum);
        let origin =
            ground.origin.map(|[longitude, latitude]| v1::Coordinates { longitude, latitude, datum });
        let message = v1::RadioMapPublished {
            version: version.to_string(),
            digest: digest.to_string(),
            form: form_number(*form),
            datum,
            origin,
            bytes: *bytes,
            published_at: Some(stored::timestamp_message(*published_at)),
        };
        message.encode_to_vec().into()
    }

    fn decode(event: &RecordedEvent) -> Result<[Self; 1], DecodeError> {
        match event.type_up_to(1)? {
            RADIO_MAP_PUBLISHED => Self::of_payload(event.payload()).map(|fact| [fact]),
            _ => Err(DecodeError::unknown(event)),
        }
    }
}

impl RadioMapPublished {
    /// Reads what [`StoredEvent::encode`] wrote.
    ///
    /// # Errors
    /// When the bytes are no such fact.
    pub fn of_payload(payload: &[u8]) -> Result<Self, DecodeError> {
        let malformed = |problem: &str| DecodeError::malformed(RADIO_MAP_PUBLISHED, problem);
        let message =
            v1::RadioMapPublished::decode(payload).map_err(|error| malformed(&error.to_string()))?;
        let published_at = message.published_at.as_ref().and_then(stored::timestamp);
        let datum = datum(message.datum).ok_or_else(|| malformed("datum is not known"))?;
        let origin = message.origin.map(|origin| [origin.longitude, origin.latitude]);
        Ok(Self(RadioEdition {
            version: VersionName::stored(&message.version),
            digest: message.digest.parse().map_err(|_| malformed("digest is none"))?,
            form: form(message.form).ok_or_else(|| malformed("form is not known"))?,
            ground: Ground { datum, origin },
            bytes: message.bytes,
            published_at: published_at.ok_or_else(|| malformed("published_at is out of range"))?,
        }))
    }
}

/// Returns the form of a number; `None` for none.
pub fn form(number: i32) -> Option<Form> {
    match v1::RadioMapForm::try_from(number) {
        Ok(v1::RadioMapForm::Survey) => Some(Form::Survey),
        Ok(v1::RadioMapForm::Uji) => Some(Form::Uji),
        Ok(v1::RadioMapForm::Beacons) => Some(Form::Beacons),
        Ok(v1::RadioMapForm::Unspecified) | Err(_) => None,
    }
}

/// Returns the number of a form.
pub fn form_number(form: Form) -> i32 {
    let form = match form {
        Form::Survey => v1::RadioMapForm::Survey,
        Form::Uji => v1::RadioMapForm::Uji,
        Form::Beacons => v1::RadioMapForm::Beacons,
    };
    form.into()
}

/// Returns the system of a number, WGS 84 where none is named; `None` for one that is not known.
pub fn datum(number: i32) -> Option<Datum> {
    match v1::Datum::try_from(number) {
        Ok(v1::Datum::Unspecified | v1::Datum::Wgs84) => Some(Datum::Wgs84),
        Ok(v1::Datum::Gcj02) => Some(Datum::Gcj02),
        Err(_) => None,
    }
}

/// Returns the number of a system.
pub fn datum_number(datum: Datum) -> i32 {
    match datum {
        Datum::Wgs84 => v1::Datum::Wgs84.into(),
        Datum::Gcj02 => v1::Datum::Gcj02.into(),
    }
}

#[cfg(test)]
mod tests;

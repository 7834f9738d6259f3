//! Between the kernel's words and the messages that store them.

use airside_api::{privacy::v1 as privacy, runtime::v1 as runtime};
use airside_kernel::{
    Category, Cause, DecodeError, Personal, PersonalValue, Revision, SealContext, Sealed, SubjectId,
    Timestamp,
};
use prost::encoding::{self, DecodeContext, WireType};

/// Returns some texts of a message without a copy, empty where one is absent; for
/// folds that pass every event of the log.
///
/// # Errors
/// When the message does not decode as far as it is looked at.
pub fn texts<const N: usize>(mut message: &[u8], fields: [u32; N]) -> Result<[&str; N], DecodeError> {
    let damaged = |error: prost::DecodeError| DecodeError::malformed("event", error.to_string());
    let cut = || DecodeError::malformed("event", "a text is cut short or not UTF-8");
    let mut texts = [""; N];
    while !message.is_empty() {
        let (field, wire_type) = encoding::decode_key(&mut message).map_err(damaged)?;
        let Some(wanted) = fields.iter().position(|wanted| *wanted == field) else {
            encoding::skip_field(wire_type, field, &mut message, DecodeContext::default())
                .map_err(damaged)?;
            continue;
        };
        encoding::check_wire_type(WireType::LengthDelimited, wire_type).map_err(damaged)?;
        let length = encoding::decode_varint(&mut message).map_err(damaged)?;
        let length = usize::try_from(length).map_err(|_| cut())?;
        let (text, rest) = message.split_at_checked(length).ok_or_else(cut)?;
        texts[wanted] = std::str::from_utf8(text).map_err(|_| cut())?;
        message = rest;
    }
    Ok(texts)
}

/// Returns the stored form of a personal value. A value in clear has none: one
/// that its event does not show in `personal_fields` is stored as erased, so
/// that a forgotten field loses its value and never leaks it.
pub fn sealed<T: PersonalValue>(value: &Personal<T>) -> privacy::Sealed {
    let Personal::Sealed(sealed) = value else { return privacy::Sealed::default() };
    privacy::Sealed {
        subject: sealed.subject.to_string(),
        category: sealed.category.as_str().to_owned(),
        key_version: sealed.key_version,
        stream: sealed.context.stream.clone(),
        event_type: sealed.context.event_type.clone(),
        field: sealed.context.field,
        schema_version: sealed.context.schema_version,
        ciphertext: sealed.ciphertext.clone(),
    }
}

/// Returns the personal value of its stored form.
///
/// # Errors
/// When the category is unknown.
pub fn personal<T: PersonalValue>(message: privacy::Sealed) -> Result<Personal<T>, DecodeError> {
    if message.ciphertext.is_empty() {
        return Ok(Personal::Erased);
    }
    let category = Category::parse(&message.category)
        .ok_or_else(|| DecodeError::malformed("sealed value", "its category is unknown"))?;
    Ok(Personal::Sealed(Sealed {
        subject: SubjectId::new(message.subject),
        category,
        key_version: message.key_version,
        context: SealContext {
            stream: message.stream,
            event_type: message.event_type,
            field: message.field,
            schema_version: message.schema_version,
        },
        ciphertext: message.ciphertext,
    }))
}

/// Returns the stored form of a cause.
pub fn cause_message(cause: &Cause) -> runtime::Cause {
    runtime::Cause {
        reactor: cause.reactor.clone(),
        stream: cause.stream.clone(),
        revision: cause.revision.0,
        index: cause.index,
    }
}

/// Returns the cause of its stored form.
pub fn cause(message: runtime::Cause) -> Cause {
    Cause {
        reactor: message.reactor,
        stream: message.stream,
        revision: Revision(message.revision),
        index: message.index,
    }
}

/// Returns the stored form of an instant.
pub fn timestamp_message(instant: Timestamp) -> prost_types::Timestamp {
    let nanos = instant.subsec_nanosecond();
    let (seconds, nanos) = if nanos < 0 {
        (instant.as_second() - 1, nanos + 1_000_000_000)
    } else {
        (instant.as_second(), nanos)
    };
    prost_types::Timestamp { seconds, nanos }
}

/// Returns the instant of its stored form; `None` when it lies outside the calendar.
pub fn timestamp(message: &prost_types::Timestamp) -> Option<Timestamp> {
    Timestamp::new(message.seconds, message.nanos).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use prost::Message;

    use super::*;

    proptest! {
        #[test]
        fn an_instant_survives_being_a_message(us in -60_000_000_000_000_000i64..250_000_000_000_000_000) {
            let instant = Timestamp::from_microsecond(us).unwrap();
            let message = timestamp_message(instant);
            prop_assert!(message.nanos >= 0);
            prop_assert_eq!(timestamp(&message), Some(instant));
        }
    }

    proptest! {
        #[test]
        fn texts_are_read_as_the_whole_message_reads_them(
            reactor in ".{0,20}", stream in ".{0,20}", revision: u64, index: u32, cut in 0usize..40
        ) {
            let message = runtime::Cause { reactor, stream, revision, index };
            let bytes = message.encode_to_vec();
            prop_assert_eq!(texts(&bytes, [2, 1, 9])?, [&*message.stream, &*message.reactor, ""]);
            let cut = &bytes[..cut.min(bytes.len())];
            let whole = runtime::Cause::decode(cut).ok();
            let read = texts(cut, [1, 2]).ok();
            prop_assert_eq!(read, whole.as_ref().map(|whole| [&*whole.reactor, &*whole.stream]));
        }
    }

    #[test]
    fn a_text_of_another_type_is_damage() {
        let bytes = runtime::Cause { revision: 7, ..Default::default() }.encode_to_vec();
        assert!(texts(&bytes, [3]).is_err());
    }

    #[test]
    fn a_value_in_clear_is_never_stored() {
        let stored = sealed(&Personal::Known("ZHANG/SAN".to_owned()));
        assert_eq!(stored, privacy::Sealed::default());
        assert_eq!(personal::<String>(stored), Ok(Personal::Erased));
    }
}

//! Between the kernel's words and the messages that store them.

use airside_api::{privacy::v1 as privacy, runtime::v1 as runtime};
use airside_kernel::{
    Category, Cause, DecodeError, Personal, PersonalValue, Revision, SealContext, Sealed, SubjectId,
    Timestamp,
};

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

    #[test]
    fn a_value_in_clear_is_never_stored() {
        let stored = sealed(&Personal::Known("ZHANG/SAN".to_owned()));
        assert_eq!(stored, privacy::Sealed::default());
        assert_eq!(personal::<String>(stored), Ok(Personal::Erased));
    }
}

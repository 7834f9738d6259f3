//! Personal values in state that is kept on disk.
//!
//! Only what is sealed or erased has a stored form, so destroying a key reaches
//! every copy. A value in clear is an error of the whole write: a state that
//! holds one is not kept, whoever forgot to seal it.

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::Error};

use super::{Personal, PersonalValue, Sealed, SubjectId};

impl<T: PersonalValue> Serialize for Personal<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Known(_) => Err(S::Error::custom("a personal value in clear is never stored")),
            Self::Sealed(sealed) => Some(sealed).serialize(serializer),
            Self::Erased => None::<&Sealed>.serialize(serializer),
        }
    }
}

impl<'de, T: PersonalValue> Deserialize<'de> for Personal<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Erased, Self::Sealed))
    }
}

impl From<String> for SubjectId {
    fn from(id: String) -> Self {
        Self(id.into())
    }
}

impl From<SubjectId> for String {
    fn from(subject: SubjectId) -> Self {
        subject.as_str().to_owned()
    }
}

/// Shared bytes as plain ones.
pub(super) mod bytes {
    use bytes::Bytes;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(in crate::personal) fn serialize<S: Serializer>(
        bytes: &Bytes,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub(in crate::personal) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Bytes, D::Error> {
        // As a sequence of bytes, which every format of ours stores like bytes.
        Vec::<u8>::deserialize(deserializer).map(Bytes::from)
    }
}

#[cfg(test)]
mod tests {
    use ::bytes::Bytes;

    use super::*;
    use crate::{Category, SealContext};

    fn sealed() -> Personal {
        Personal::Sealed(Sealed {
            subject: SubjectId::new("p"),
            category: Category::Travel,
            key_version: 3,
            context: SealContext {
                stream: "bag-1".to_owned(),
                event_type: "baggage.BagAnnounced".to_owned(),
                field: 4,
                schema_version: 1,
            },
            ciphertext: Bytes::from_static(&[0, 255, 7]),
        })
    }

    #[test]
    fn a_sealed_and_an_erased_value_survive_being_kept() {
        for value in [sealed(), Personal::Erased] {
            let bytes = postcard::to_stdvec(&value).unwrap();
            assert_eq!(postcard::from_bytes::<Personal>(&bytes).unwrap(), value);
        }
    }

    #[test]
    fn a_value_in_clear_is_never_kept() {
        let known = Personal::Known("ZHANG/SAN".to_owned());
        assert!(postcard::to_stdvec(&known).is_err());
        assert!(postcard::to_stdvec(&vec![(1, sealed()), (2, known)]).is_err());
    }
}

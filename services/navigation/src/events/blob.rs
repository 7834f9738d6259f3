//! The one fact of `blob-<digest>`: a part of some large content.

use airside_api::navigation::v1;
use airside_kernel::{DecodeError, RecordedEvent, StoredEvent};
use bytes::Bytes;
use prost::Message;

const BLOB_PART: &str = "navigation.BlobPart";

/// A part of some content, after the parts before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobPart {
    /// Bytes of the content before this part.
    pub offset: u64,
    /// Bytes of the whole content.
    pub size: u64,
    /// The bytes of this part, deflated (RFC 1951).
    pub deflated: Bytes,
}

impl StoredEvent for BlobPart {
    type Facts = [Self; 1];

    fn event_type(&self) -> &'static str {
        BLOB_PART
    }

    fn encode(&self) -> Bytes {
        let Self { offset, size, deflated } = self.clone();
        v1::BlobPart { offset, size, deflated }.encode_to_vec().into()
    }

    fn decode(event: &RecordedEvent) -> Result<[Self; 1], DecodeError> {
        match event.type_up_to(1)? {
            BLOB_PART => {
                let damaged =
                    |error: prost::DecodeError| DecodeError::malformed(BLOB_PART, error.to_string());
                let v1::BlobPart { offset, size, deflated } =
                    v1::BlobPart::decode(event.payload()).map_err(damaged)?;
                Ok([Self { offset, size, deflated }])
            }
            _ => Err(DecodeError::unknown(event)),
        }
    }
}

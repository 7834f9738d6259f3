//! Sends bodies that are encoded already and reads from answers only what is counted.

use airside_api::baggage::v1::{RecordScansResponse, ScanResult, SubmitMessagesResponse};
use bytes::{Buf, BufMut};
use prost::Message;
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

/// What an answer says about the items of its call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Items that are on disk.
    pub(super) taken: u64,
    /// Items that are not.
    pub(super) not_taken: u64,
    /// The first reason for that.
    pub(super) reason: Option<String>,
}

/// Reads an answer.
pub(super) type Read = fn(&mut DecodeBuf<'_>) -> Result<Verdict, Status>;

/// The codec of one call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prebuilt {
    /// Reads its answer.
    pub(super) read: Read,
}

impl Codec for Prebuilt {
    type Encode = Vec<u8>;
    type Decode = Verdict;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Prebuilt {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, body: Vec<u8>, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.put_slice(&body);
        Ok(())
    }
}

impl Decoder for Prebuilt {
    type Item = Verdict;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Verdict>, Status> {
        (self.read)(from).map(Some)
    }
}

/// Reads the outcomes of scans: recorded and quarantined are both on disk.
pub(super) fn read_scan_outcomes(from: &mut DecodeBuf<'_>) -> Result<Verdict, Status> {
    let mut verdict = Verdict::default();
    for outcome in RecordScansResponse::decode(from).map_err(broken)?.outcomes {
        match outcome.result() {
            ScanResult::Recorded | ScanResult::Quarantined => verdict.taken += 1,
            other => verdict.miss(|| format!("{other:?} {} {}", outcome.field, outcome.reason)),
        }
    }
    Ok(verdict)
}

/// Reads the receipts of messages.
pub(super) fn read_receipts(from: &mut DecodeBuf<'_>) -> Result<Verdict, Status> {
    let mut verdict = Verdict::default();
    for receipt in SubmitMessagesResponse::decode(from).map_err(broken)?.receipts {
        if receipt.stored {
            verdict.taken += 1;
        } else {
            verdict.miss(|| receipt.problem);
        }
    }
    Ok(verdict)
}

/// Reads no more than whether a route was found, which comes first in the answer.
pub(super) fn read_route(from: &mut DecodeBuf<'_>) -> Result<Verdict, Status> {
    const FOUND: [u8; 2] = [0x08, 0x01];
    let found = from.chunk().starts_with(&FOUND);
    from.advance(from.remaining());
    let mut verdict = Verdict { taken: u64::from(found), ..Verdict::default() };
    if !found {
        verdict.miss(|| "the answer does not begin with a route".to_owned());
    }
    Ok(verdict)
}

/// Skips an answer.
pub(super) fn read_nothing(from: &mut DecodeBuf<'_>) -> Result<Verdict, Status> {
    from.advance(from.remaining());
    Ok(Verdict { taken: 1, ..Verdict::default() })
}

impl Verdict {
    fn miss(&mut self, reason: impl FnOnce() -> String) {
        self.not_taken += 1;
        self.reason.get_or_insert_with(reason);
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is the end of a result")]
fn broken(error: prost::DecodeError) -> Status {
    Status::internal(format!("the answer cannot be decoded: {error}"))
}

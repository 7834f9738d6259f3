//! How a session on the WebSocket ends: close codes and what they mean to a client.
//!
//! From 3000 to 3499 a client comes back by itself and resumes; from 3500 on it
//! would only be refused again. The table stands in `push.proto`.

use tokio_tungstenite::tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};
use tonic::{Code, Status};

/// The most bytes that a close frame tells beside its code.
const REASON_BYTES_MAX: usize = 123;

/// Why a session ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// The system stops.
    Drained,
    /// The client did not read in time.
    Slow,
    /// Nothing was heard from the client.
    Silent,
    /// The client said good bye.
    Bye,
    /// The connection is no more.
    Gone,
    /// The token ended.
    Expired,
    /// The client said what makes no sense, or asked for what it may not have.
    Refused {
        /// Its close code.
        code: u16,
        /// What was wrong.
        reason: String,
    },
    /// Something went wrong here.
    Failed,
}

impl End {
    pub(super) const TOO_FAST: u16 = 3013;
    const TOKEN: u16 = 3500;
    const FRAME: u16 = 3501;
    const TOO_MANY: u16 = 3504;

    /// Returns the end that a refusal brings.
    pub(super) fn of(status: &Status) -> Self {
        let refused = |code| Self::Refused { code, reason: status.message().to_owned() };
        match status.code() {
            Code::Unauthenticated | Code::PermissionDenied => refused(Self::TOKEN),
            Code::InvalidArgument | Code::OutOfRange => refused(Self::FRAME),
            Code::ResourceExhausted => refused(Self::TOO_MANY),
            Code::Unavailable => Self::Drained,
            _ => Self::Failed,
        }
    }

    /// Returns the name by which ends are counted.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Drained => "drained",
            Self::Slow => "slow",
            Self::Silent => "silent",
            Self::Bye => "bye",
            Self::Gone => "gone",
            Self::Expired => "expired",
            Self::Refused { .. } => "refused",
            Self::Failed => "failed",
        }
    }

    /// Returns what the client is told; nothing when nobody is there to hear it.
    pub(super) fn frame(&self) -> Option<CloseFrame> {
        let (code, reason) = match self {
            Self::Gone => return None,
            Self::Bye => (1000, "bye"),
            Self::Drained => (3001, "come back and resume"),
            Self::Slow => (3008, "too slow: come back and resume"),
            Self::Silent => (3012, "nothing was heard: come back and resume"),
            Self::Expired => (Self::TOKEN, "the token expired: get another and resume"),
            Self::Refused { code, reason } => (*code, reason.as_str()),
            Self::Failed => (3000, "something went wrong here: come back and resume"),
        };
        Some(CloseFrame { code: CloseCode::from(code), reason: shortened(reason).into() })
    }
}

fn shortened(reason: &str) -> &str {
    &reason[..reason.floor_char_boundary(REASON_BYTES_MAX)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_comes_back_below_3500_and_not_from_there_on() {
        let code = |end: End| u16::from(end.frame().unwrap().code);
        for end in [End::Drained, End::Slow, End::Silent, End::Failed, End::of(&Status::unavailable(""))] {
            assert!((3000..3500).contains(&code(end.clone())), "{end:?}");
        }
        let too_fast = End::Refused { code: End::TOO_FAST, reason: String::new() };
        assert!(code(too_fast) < 3500);
        for status in
            [Status::unauthenticated(""), Status::invalid_argument(""), Status::resource_exhausted("")]
        {
            assert!(code(End::of(&status)) >= 3500, "{status:?}");
        }
        assert!(code(End::Expired) >= 3500);
        assert_eq!(End::Gone.frame(), None);
    }

    #[test]
    fn a_reason_fits_into_a_close_frame_whatever_it_says() {
        for reason in ["短".repeat(100), "a".repeat(500), String::new()] {
            let end = End::Refused { code: 3501, reason };
            let frame = end.frame().unwrap();
            assert!(frame.reason.len() <= REASON_BYTES_MAX, "{}", frame.reason.len());
        }
    }
}

//! The closed set of ways in which a call can fail. Domain errors know nothing
//! of gRPC or HTTP; they say which of these they are, and the edge maps it.

use std::fmt;

/// What went wrong, as a caller can act on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// A field of the call is wrong: correct it.
    InvalidArgument,
    /// There is no such thing, or it is not the caller's.
    NotFound,
    /// The thing is not in a state that allows this.
    FailedPrecondition,
    /// Somebody else was faster: try again.
    Aborted,
    /// A limit was reached: wait, then try again.
    ResourceExhausted,
    /// The call carries no valid token.
    Unauthenticated,
    /// The token does not allow this.
    PermissionDenied,
    /// The system cannot do it now: try again.
    Unavailable,
    /// Stored bytes are damaged: an operator must look.
    DataLoss,
    /// A defect of ours.
    Internal,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 10] = [
        Self::InvalidArgument,
        Self::NotFound,
        Self::FailedPrecondition,
        Self::Aborted,
        Self::ResourceExhausted,
        Self::Unauthenticated,
        Self::PermissionDenied,
        Self::Unavailable,
        Self::DataLoss,
        Self::Internal,
    ];

    /// Returns true when the same call may succeed later.
    pub fn is_transient(self) -> bool {
        matches!(self, Self::Aborted | Self::ResourceExhausted | Self::Unavailable)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// An error that says which code it is.
pub trait Classified: std::error::Error {
    /// Returns the code.
    fn code(&self) -> Code;
}

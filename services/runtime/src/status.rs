//! Between `kernel::Code` and the codes of gRPC, HTTP and Connect.
//!
//! An error has two messages. The client is told what it can act on: for its
//! own errors the error's text, for ours a neutral sentence with an incident
//! id. The log is told everything: the whole chain of causes, once, here,
//! where the error stops, under the same incident id.

use std::{error::Error, fmt::Display};

use airside_kernel::{Classified, Code};
use tonic::Status;
use uuid::Uuid;

/// Returns the gRPC code of a kernel code.
pub fn to_tonic(code: Code) -> tonic::Code {
    match code {
        Code::InvalidArgument => tonic::Code::InvalidArgument,
        Code::NotFound => tonic::Code::NotFound,
        Code::FailedPrecondition => tonic::Code::FailedPrecondition,
        Code::Aborted => tonic::Code::Aborted,
        Code::ResourceExhausted => tonic::Code::ResourceExhausted,
        Code::Unauthenticated => tonic::Code::Unauthenticated,
        Code::PermissionDenied => tonic::Code::PermissionDenied,
        Code::Unavailable => tonic::Code::Unavailable,
        Code::DataLoss => tonic::Code::DataLoss,
        Code::Internal => tonic::Code::Internal,
    }
}

/// Returns the kernel code of a gRPC code; `None` for those that only the
/// transport speaks, such as `CANCELLED`.
pub fn from_tonic(code: tonic::Code) -> Option<Code> {
    Code::ALL.into_iter().find(|known| to_tonic(*known) == code)
}

/// Returns the HTTP status that the Connect protocol gives to a gRPC code.
pub fn http_status(code: tonic::Code) -> http::StatusCode {
    let number = match code {
        tonic::Code::Ok => 200,
        tonic::Code::InvalidArgument | tonic::Code::FailedPrecondition | tonic::Code::OutOfRange => 400,
        tonic::Code::Unauthenticated => 401,
        tonic::Code::PermissionDenied => 403,
        tonic::Code::NotFound => 404,
        tonic::Code::AlreadyExists | tonic::Code::Aborted => 409,
        tonic::Code::ResourceExhausted => 429,
        tonic::Code::Cancelled => 499,
        tonic::Code::Unknown | tonic::Code::Internal | tonic::Code::DataLoss => 500,
        tonic::Code::Unimplemented => 501,
        tonic::Code::Unavailable => 503,
        tonic::Code::DeadlineExceeded => 504,
    };
    http::StatusCode::from_u16(number).expect("every number above is an HTTP status")
}

/// Returns the name that the Connect protocol gives to a gRPC code.
pub fn connect_name(code: tonic::Code) -> &'static str {
    match code {
        tonic::Code::Ok => "ok",
        tonic::Code::Cancelled => "canceled",
        tonic::Code::Unknown => "unknown",
        tonic::Code::InvalidArgument => "invalid_argument",
        tonic::Code::DeadlineExceeded => "deadline_exceeded",
        tonic::Code::NotFound => "not_found",
        tonic::Code::AlreadyExists => "already_exists",
        tonic::Code::PermissionDenied => "permission_denied",
        tonic::Code::ResourceExhausted => "resource_exhausted",
        tonic::Code::FailedPrecondition => "failed_precondition",
        tonic::Code::Aborted => "aborted",
        tonic::Code::OutOfRange => "out_of_range",
        tonic::Code::Unimplemented => "unimplemented",
        tonic::Code::Internal => "internal",
        tonic::Code::Unavailable => "unavailable",
        tonic::Code::DataLoss => "data_loss",
        tonic::Code::Unauthenticated => "unauthenticated",
    }
}

/// Returns the answer to a call that failed, and logs what only we may know.
pub fn status(error: &impl Classified) -> Status {
    let code = to_tonic(error.code());
    let neutral = match error.code() {
        Code::Internal => "something went wrong on our side",
        Code::DataLoss => "stored data cannot be read",
        Code::Unavailable => "this cannot be done now: try again",
        _ => return Status::new(code, error.to_string()),
    };
    let incident = Uuid::new_v4();
    tracing::error!(%incident, code = connect_name(code), error = chain(error), "call failed");
    Status::new(code, format!("{neutral}; incident {incident}"))
}

/// Returns the refusal of a field, in words that name the field and the problem.
pub fn invalid(field: &str, problem: impl Display) -> Status {
    Status::invalid_argument(format!("{field}: {problem}"))
}

/// Returns the answer for a thing that is not there, or not the caller's: the two read alike.
pub fn not_found(what: &str) -> Status {
    Status::not_found(format!("{what} not found"))
}

/// Returns an error and all its causes in one line, outermost first.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests;

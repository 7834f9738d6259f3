//! What a failed call means: ask again, ask somebody else, or give up.
//!
//! A node that goes down, loses its place or is overrun says so in many ways,
//! and some of them in none at all: the call just ends. Whatever is not a plain
//! refusal is therefore taken as a disconnect, after which the members are
//! asked anew who leads. Calls that are repeated carry the same event ids, so
//! that what did happen does not happen again.

use std::error::Error;

use tonic::{Code, Status};

use super::{address::Endpoint, tls::mistrust};

/// Why a call did not give an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Another node leads; this one, if it said which.
    NotLeader(Option<Endpoint>),
    /// The node or the way to it is gone or useless: discover again.
    Broken(String),
    /// The node ended this read because its reader was slow; it serves on, and the read is opened again.
    Dropped(String),
    /// Most likely for good, but nodes also say it while they start: ask a few times.
    Doubtful(String),
    /// The ends do not trust each other, or do not speak alike: only an operator changes that.
    Untrusted(String),
    /// For good: asking again changes nothing.
    Refused(String),
    /// The append is larger than this server takes.
    TooLarge(usize),
}

impl Fault {
    /// Reads the end of a call.
    pub(crate) fn of(status: &Status) -> Self {
        let trailer = |key: &str| status.metadata().get(key).and_then(|value| value.to_str().ok());
        let exception = trailer("exception").unwrap_or_default();
        match exception {
            "not-leader" => {
                let host = trailer("leader-endpoint-host").map(str::to_owned);
                let port = trailer("leader-endpoint-port").and_then(|port| port.parse().ok());
                return Self::NotLeader(host.zip(port).map(|(host, port)| Endpoint { host, port }));
            }
            "maximum-append-size-exceeded" => {
                let limit = trailer("maximum-append-size").and_then(|limit| limit.parse().ok());
                return Self::TooLarge(limit.unwrap_or_default());
            }
            "stream-deleted" => {
                return Self::deleted(trailer("stream-name").unwrap_or("it"));
            }
            _ => {}
        }
        match status.code() {
            Code::Aborted if status.message().contains("Consumer too slow") => Self::Dropped(said(status)),
            Code::PermissionDenied => Self::Doubtful(
                "the user of the store address may not do this: give one with read and write access".to_owned(),
            ),
            Code::Unauthenticated => Self::Doubtful(
                "user or password is refused: check them in the store address, and write special characters as %xx"
                    .to_owned(),
            ),
            Code::InvalidArgument | Code::FailedPrecondition | Code::Unimplemented | Code::OutOfRange => {
                Self::Refused(said(status))
            }
            Code::Unknown if status.message().starts_with("Unexpected Read") => Self::Doubtful(
                "the node refuses this place in the log: was it issued by another log?".to_owned(),
            ),
            Code::Unknown if status.message().starts_with("Exception was thrown") => Self::Doubtful(said(status)),
            Code::Aborted if status.message().starts_with("Operation timed out") => Self::Broken(format!(
                "{}: no majority of the members took it in time, so see that they run and reach one another",
                said(status)
            )),
            _ => Self::broken(said(status)),
        }
    }

    /// Reads what was said of a connection that is gone or did not come up.
    pub(crate) fn broken(said: String) -> Self {
        match mistrust(&said) {
            Some(problem) => Self::Untrusted(format!("{problem} ({said})")),
            None => Self::Broken(said),
        }
    }

    /// Names the member that it is about.
    pub(crate) fn at(self, endpoint: &Endpoint) -> Self {
        match self {
            Self::Broken(reason) => Self::Broken(format!("{endpoint}: {reason}")),
            Self::Untrusted(reason) => Self::Untrusted(format!("{endpoint}: {reason}")),
            other => Self::Broken(format!("{endpoint}: {}", other.reason())),
        }
    }

    /// Says that a stream was closed for ever.
    pub(crate) fn deleted(stream: &str) -> Self {
        Self::Refused(format!("{stream} was deleted for ever by somebody else; nothing can be appended"))
    }

    /// Says it for the operator.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::NotLeader(_) => "the node that was asked does not lead".to_owned(),
            Self::TooLarge(limit) => format!("the server takes at most {limit} bytes in one append"),
            Self::Broken(reason)
            | Self::Dropped(reason)
            | Self::Doubtful(reason)
            | Self::Untrusted(reason)
            | Self::Refused(reason) => reason.clone(),
        }
    }
}

impl From<Status> for Fault {
    fn from(status: Status) -> Self {
        Self::of(&status)
    }
}

/// Returns what a status says, with what is behind it.
fn said(status: &Status) -> String {
    let mut text = format!("{:?}", status.code());
    if !status.message().is_empty() {
        text = format!("{text}, {}", status.message());
    }
    chain(text, status.source())
}

/// Adds the causes of an error to a text.
pub(crate) fn chain(mut text: String, mut cause: Option<&(dyn Error + 'static)>) -> String {
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_is_dropped_for_being_slow_does_not_give_up_the_member() {
        let dropped = Status::aborted("Operation timed out: Consumer too slow to handle event while live");
        assert!(matches!(Fault::of(&dropped), Fault::Dropped(_)));
        let no_majority = Status::aborted("Operation timed out: Prepare phase timeout");
        assert!(matches!(Fault::of(&no_majority), Fault::Broken(_)));
    }
}

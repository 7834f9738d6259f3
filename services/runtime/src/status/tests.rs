//! What a client is told of an error, and what the log is told.

use airside_kernel::{Classified, Code};
use thiserror::Error;

use super::*;

#[derive(Debug, Error)]
#[error("scan cannot be stored")]
struct Outer {
    code: Code,
    #[source]
    cause: std::io::Error,
}

impl Classified for Outer {
    fn code(&self) -> Code {
        self.code
    }
}

fn outer(code: Code) -> Outer {
    Outer { code, cause: std::io::Error::other("disk /dev/sda1 is full") }
}

#[test]
fn every_code_survives_the_wire() {
    for code in Code::ALL {
        assert_eq!(from_tonic(to_tonic(code)), Some(code));
    }
    assert_eq!(from_tonic(tonic::Code::Cancelled), None);
}

#[test]
fn a_clients_own_error_is_told_in_full_and_without_its_cause() {
    let status = status(&outer(Code::FailedPrecondition));
    assert_eq!(status.code(), tonic::Code::FailedPrecondition);
    assert_eq!(status.message(), "scan cannot be stored");
}

#[test]
fn our_own_error_is_told_as_an_incident() {
    for code in [Code::Internal, Code::DataLoss, Code::Unavailable] {
        let status = status(&outer(code));
        assert!(status.message().contains("; incident "), "{}", status.message());
        assert!(!status.message().contains("scan"), "{}", status.message());
        assert!(!status.message().contains("disk"), "{}", status.message());
    }
}

#[test]
fn the_chain_names_every_cause() {
    assert_eq!(chain(&outer(Code::Internal)), "scan cannot be stored: disk /dev/sda1 is full");
}

#[test]
fn every_error_code_has_an_http_error_and_a_connect_name() {
    for number in 1..=16 {
        let code = tonic::Code::from_i32(number);
        assert!(http_status(code).as_u16() >= 400, "{code:?}");
        assert_ne!(connect_name(code), "ok", "{code:?}");
    }
}

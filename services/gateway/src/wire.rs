//! What a request speaks, and the small things that each wire writes its own way.

use std::time::Duration;

use http::{HeaderMap, Method, Request, Version, header::CONTENT_TYPE};

/// What a request speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    /// gRPC over HTTP/2.
    Grpc,
    /// gRPC's content type where gRPC cannot be spoken.
    GrpcWithoutHttp2,
    /// gRPC-Web over any HTTP, in binary or in base64.
    GrpcWeb,
    /// A unary call of the Connect protocol.
    Connect(Form),
    /// Anything else.
    Other,
}

/// How a Connect call writes its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Canonical protobuf JSON.
    Json,
    /// Binary protobuf.
    Proto,
}

impl Form {
    /// Returns the content type of a message.
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Proto => "application/proto",
        }
    }
}

impl Wire {
    pub(crate) fn of<B>(request: &Request<B>) -> Self {
        if request.method() != Method::POST {
            return Self::Other;
        }
        match media(request.headers()).as_str() {
            "application/grpc" | "application/grpc+proto" => {
                if request.version() == Version::HTTP_2 {
                    Self::Grpc
                } else {
                    Self::GrpcWithoutHttp2
                }
            }
            "application/grpc-web"
            | "application/grpc-web+proto"
            | "application/grpc-web-text"
            | "application/grpc-web-text+proto" => Self::GrpcWeb,
            "application/json" => Self::Connect(Form::Json),
            "application/proto" => Self::Connect(Form::Proto),
            _ => Self::Other,
        }
    }

    /// Returns the time that a caller allows: `grpc-timeout` or `connect-timeout-ms`.
    /// A value that does not parse allows nothing special.
    pub(crate) fn timeout(self, headers: &HeaderMap) -> Option<Duration> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        match self {
            Self::Connect(_) => text("connect-timeout-ms")
                .filter(|digits| digits.len() <= 10)
                .and_then(|digits| digits.parse().ok())
                .map(Duration::from_millis),
            _ => grpc_timeout(text("grpc-timeout")?),
        }
    }
}

/// Returns the content type without its parameters, in lower case.
pub(crate) fn media(headers: &HeaderMap) -> String {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Parses at most eight digits and a unit, as the gRPC protocol has it.
fn grpc_timeout(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let amount: u64 = (1..=8).contains(&digits.len()).then(|| digits.parse().ok()).flatten()?;
    Some(match unit {
        "H" => Duration::from_secs(amount * 3600),
        "M" => Duration::from_secs(amount * 60),
        "S" => Duration::from_secs(amount),
        "m" => Duration::from_millis(amount),
        "u" => Duration::from_micros(amount),
        "n" => Duration::from_nanos(amount),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(method: Method, version: Version, content_type: &str) -> Wire {
        let request =
            Request::builder().method(method).version(version).header(CONTENT_TYPE, content_type).body(());
        Wire::of(&request.unwrap())
    }

    #[test]
    fn the_content_type_says_what_is_spoken() {
        for json in ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"]
        {
            assert_eq!(wire(Method::POST, Version::HTTP_11, json), Wire::Connect(Form::Json));
        }
        assert_eq!(wire(Method::POST, Version::HTTP_11, "application/proto"), Wire::Connect(Form::Proto));
        assert_eq!(wire(Method::POST, Version::HTTP_2, "application/grpc"), Wire::Grpc);
        assert_eq!(wire(Method::POST, Version::HTTP_2, "application/grpc+proto"), Wire::Grpc);
        assert_eq!(wire(Method::POST, Version::HTTP_11, "application/grpc"), Wire::GrpcWithoutHttp2);
        for web in ["application/grpc-web", "application/grpc-web+proto", "application/grpc-web-text; a=b"] {
            assert_eq!(wire(Method::POST, Version::HTTP_11, web), Wire::GrpcWeb);
        }
        for other in ["application/grpc-web+json", "text/plain", "application/jsonl", ""] {
            assert_eq!(wire(Method::POST, Version::HTTP_2, other), Wire::Other);
        }
        assert_eq!(wire(Method::GET, Version::HTTP_2, "application/json"), Wire::Other);
    }

    #[test]
    fn a_timeout_is_read_in_each_wires_own_way() {
        for (text, expect) in [
            ("1S", Some(Duration::from_secs(1))),
            ("250m", Some(Duration::from_millis(250))),
            ("99999999H", Some(Duration::from_secs(99_999_999 * 3600))),
            ("999999999S", None),
            ("S", None),
            ("", None),
            ("-1S", None),
            ("1s", None),
            ("1秒", None),
        ] {
            assert_eq!(grpc_timeout(text), expect, "{text}");
        }
        let headers =
            HeaderMap::from_iter([("connect-timeout-ms".parse().unwrap(), "1500".parse().unwrap())]);
        assert_eq!(Wire::Connect(Form::Json).timeout(&headers), Some(Duration::from_millis(1500)));
        assert_eq!(Wire::Grpc.timeout(&headers), None);
    }
}

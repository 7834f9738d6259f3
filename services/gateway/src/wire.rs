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
    /// A unary call in JSON, the Connect shape.
    Json,
    /// Anything else.
    Other,
}

impl Wire {
    pub(crate) fn of<B>(request: &Request<B>) -> Self {
        let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        let is_post = request.method() == Method::POST;
        match media.to_ascii_lowercase().as_str() {
            "application/grpc" | "application/grpc+proto" if is_post => {
                if request.version() == Version::HTTP_2 { Self::Grpc } else { Self::GrpcWithoutHttp2 }
            }
            "application/json" if is_post => Self::Json,
            _ => Self::Other,
        }
    }

    /// Returns the time that a caller allows: `grpc-timeout` or `connect-timeout-ms`.
    /// A value that does not parse allows nothing special.
    pub(crate) fn timeout(self, headers: &HeaderMap) -> Option<Duration> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        match self {
            Self::Json => text("connect-timeout-ms")
                .filter(|digits| digits.len() <= 10)
                .and_then(|digits| digits.parse().ok())
                .map(Duration::from_millis),
            _ => grpc_timeout(text("grpc-timeout")?),
        }
    }
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
            assert_eq!(wire(Method::POST, Version::HTTP_11, json), Wire::Json);
        }
        assert_eq!(wire(Method::POST, Version::HTTP_2, "application/grpc"), Wire::Grpc);
        assert_eq!(wire(Method::POST, Version::HTTP_2, "application/grpc+proto"), Wire::Grpc);
        assert_eq!(wire(Method::POST, Version::HTTP_11, "application/grpc"), Wire::GrpcWithoutHttp2);
        for other in ["application/grpc-web", "text/plain", "application/jsonl", ""] {
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
        assert_eq!(Wire::Json.timeout(&headers), Some(Duration::from_millis(1500)));
        assert_eq!(Wire::Grpc.timeout(&headers), None);
    }
}

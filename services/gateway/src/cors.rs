//! Which pages of other origins may call from a browser.
//!
//! A browser asks before it lets a page of one origin read what another answers
//! (the CORS protocol of the Fetch standard). We answer for the origins of the
//! configuration, each by its name: a star is no origin, because a token must not
//! be usable from anybody's page. Cookies are never asked for.

use std::{fmt, time::Duration};

use http::{HeaderName, HeaderValue, Method, Uri, header};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tower_http::cors::CorsLayer;

/// How long a browser may remember what it was told.
const REMEMBERED: Duration = Duration::from_secs(2 * 3600);

/// What pages may send besides what every page may.
const SENT: [HeaderName; 8] = [
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    HeaderName::from_static("connect-protocol-version"),
    HeaderName::from_static("connect-timeout-ms"),
    HeaderName::from_static("grpc-timeout"),
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("x-grpc-web"),
    HeaderName::from_static("x-user-agent"),
];

/// What pages may read besides what every page may.
const SHOWN: [HeaderName; 4] = [
    HeaderName::from_static("grpc-status"),
    HeaderName::from_static("grpc-message"),
    HeaderName::from_static("grpc-status-details-bin"),
    HeaderName::from_static("x-request-id"),
];

/// An origin of web pages: scheme, host and port, such as `https://app.example.com`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(String);

/// A text that is no origin.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{text}` is no origin: write scheme, host and port alone, such as https://app.example.com")]
pub struct OriginError {
    /// The text.
    pub text: String,
}

impl TryFrom<String> for Origin {
    type Error = OriginError;

    fn try_from(text: String) -> Result<Self, OriginError> {
        let uri = text.parse::<Uri>().ok();
        let exact = uri.as_ref().and_then(|uri| {
            let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https"))?;
            let authority = uri.authority().filter(|authority| !authority.as_str().contains(['@', '*']))?;
            Some(format!("{scheme}://{authority}").to_ascii_lowercase())
        });
        // A browser sends neither a path nor capitals; what differs would never match.
        if exact.as_deref() == Some(&*text) { Ok(Self(text)) } else { Err(OriginError { text }) }
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Returns what lets the pages of these origins in; `None` when there are none.
pub(crate) fn layer(origins: &[Origin]) -> Option<CorsLayer> {
    let known = |origin: &Origin| HeaderValue::from_str(&origin.0).expect("a URI is visible ASCII");
    let layer = || {
        CorsLayer::new()
            .allow_origin(origins.iter().map(known).collect::<Vec<_>>())
            .allow_methods([Method::GET, Method::POST])
            .allow_headers(SENT)
            .expose_headers(SHOWN)
            .max_age(REMEMBERED)
    };
    (!origins.is_empty()).then(layer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port_and_nothing_else() {
        for good in ["https://app.example.com", "http://127.0.0.1:5173", "https://app.example.com:8443"] {
            assert_eq!(Origin::try_from(good.to_owned()).unwrap().to_string(), good);
        }
        for wrong in [
            "*",
            "null",
            "app.example.com",
            "https://*.example.com",
            "https://app.example.com/",
            "https://App.example.com",
            "https://me@app.example.com",
            "ftp://app.example.com",
            "",
        ] {
            let error = Origin::try_from(wrong.to_owned()).unwrap_err();
            assert!(error.to_string().contains("such as https://"), "{error}");
        }
    }
}

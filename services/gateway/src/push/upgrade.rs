//! From a request for `/push` to a WebSocket: the handshake of RFC 6455 section 4.2.

use std::sync::{Arc, Mutex, PoisonError};

use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version,
    header::{
        CONNECTION, RETRY_AFTER, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
        SEC_WEBSOCKET_VERSION, UPGRADE,
    },
};
use hyper::upgrade::OnUpgrade;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tonic::{Status, body::Body};

use super::{Limits, SUBPROTOCOL};
use crate::answer::error;

/// Where a connection finds that one of its requests made it a WebSocket.
#[derive(Debug, Clone, Default)]
pub(crate) struct Slot(Arc<Mutex<Option<OnUpgrade>>>);

impl Slot {
    /// Takes what the connection becomes.
    pub(crate) fn take(&self) -> Option<OnUpgrade> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn put(&self, upgrade: OnUpgrade) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(upgrade);
    }
}

/// Answers a request for `/push`.
pub(crate) fn answer<B>(request: &mut Request<B>, limits: &Limits) -> Response<Body> {
    let key = match key(request) {
        Ok(key) => key,
        Err((status, remedy)) => return error(status, &Status::invalid_argument(remedy)),
    };
    if !limits.admit() {
        let busy = Status::unavailable("too many sessions are opened at once: come back in a moment");
        let mut answer = error(StatusCode::SERVICE_UNAVAILABLE, &busy);
        answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        return answer;
    }
    let Some(slot) = request.extensions_mut().remove::<Slot>() else {
        return error(StatusCode::INTERNAL_SERVER_ERROR, &Status::internal("this connection cannot change"));
    };
    slot.put(hyper::upgrade::on(request));
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = answer.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    headers.insert(SEC_WEBSOCKET_ACCEPT, key);
    answer
}

/// Returns the answer to the client's key, or what is wrong with its request.
fn key<B>(request: &Request<B>) -> Result<HeaderValue, (StatusCode, &'static str)> {
    let headers = request.headers();
    if request.version() != Version::HTTP_11 {
        return Err((StatusCode::HTTP_VERSION_NOT_SUPPORTED, "open the WebSocket /push over HTTP/1.1"));
    }
    if request.method() != Method::GET
        || !lists(headers, CONNECTION, "upgrade")
        || !lists(headers, UPGRADE, "websocket")
    {
        return Err((StatusCode::UPGRADE_REQUIRED, "/push is a WebSocket: send GET with Upgrade: websocket"));
    }
    if headers.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err((StatusCode::UPGRADE_REQUIRED, "Sec-WebSocket-Version: 13 is spoken here"));
    }
    if !lists(headers, SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL) {
        return Err((StatusCode::BAD_REQUEST, "Sec-WebSocket-Protocol: ask for airside.push.v1"));
    }
    let key = headers.get(SEC_WEBSOCKET_KEY).filter(|key| key.len() == 24);
    let key = key.ok_or((StatusCode::BAD_REQUEST, "Sec-WebSocket-Key: it is missing or malformed"))?;
    let accept = derive_accept_key(key.as_bytes());
    Ok(HeaderValue::from_str(&accept).expect("base64 is visible ASCII"))
}

/// Tells whether a header with a list holds a word.
fn lists(headers: &HeaderMap, name: http::HeaderName, word: &str) -> bool {
    let values = headers.get_all(name);
    let texts = values.iter().filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).any(|part| part.trim().eq_ignore_ascii_case(word))
}

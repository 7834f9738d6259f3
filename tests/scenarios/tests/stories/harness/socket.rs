//! A passenger's session on the WebSocket, and what every session must hold: numbers without gaps.

use std::{collections::VecDeque, net::SocketAddr};

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

use super::within;

/// An open session.
pub(crate) struct Socket {
    pub(crate) hello: Value,
    /// The last sequence number that was received.
    pub(crate) seq: u64,
    stream: WebSocketStream<TcpStream>,
    waiting: VecDeque<Value>,
}

impl Socket {
    /// Opens a session; `resume` is the token of an earlier one, or null.
    pub(crate) async fn open(to: SocketAddr, token: &str, resume: Value) -> Self {
        let mut request = format!("ws://{to}/push").into_client_request().unwrap();
        let protocol = HeaderValue::from_static("airside.push.v1");
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        let stream = TcpStream::connect(to).await.unwrap();
        let (stream, _) = within("the handshake", client_async(request, stream)).await.unwrap();
        let mut socket = Self { hello: Value::Null, seq: 0, stream, waiting: VecDeque::new() };
        socket.say(&json!({"connect": {"token": token, "resume": resume, "locale": "en"}})).await;
        socket.hello = socket.frame().await["hello"].clone();
        socket.seq = number(&socket.hello["seq"]);
        socket
    }

    /// Returns where a later session resumes.
    pub(crate) fn token(&self) -> Value {
        json!({"epoch": self.hello["epoch"], "seq": self.seq.to_string()})
    }

    /// Says a frame.
    pub(crate) async fn say(&mut self, frame: &Value) {
        self.stream.send(Message::text(frame.to_string())).await.unwrap();
    }

    /// Returns the next frame that is no ping; pings are answered.
    pub(crate) async fn frame(&mut self) -> Value {
        loop {
            let message = within("a frame", self.stream.next()).await.expect("the session is open").unwrap();
            let frame: Value = serde_json::from_str(message.to_text().unwrap()).unwrap();
            if frame.get("ping").is_none() {
                return frame;
            }
            // Who never answers is taken for gone.
            self.say(&json!({"pong": {}})).await;
        }
    }

    /// Returns the next notice, which must be of a kind.
    pub(crate) async fn expect(&mut self, kind: &str) -> Value {
        while self.waiting.is_empty() {
            let frame = self.frame().await;
            let notices = frame["notices"]["notices"].as_array();
            self.waiting.extend(notices.unwrap_or_else(|| panic!("no notice but {frame}")).iter().cloned());
        }
        let notice = self.waiting.pop_front().unwrap();
        assert_eq!(number(&notice["seq"]), self.seq + 1, "a gap before {notice}");
        self.seq += 1;
        assert_eq!(notice["kind"], kind, "{notice}");
        notice
    }

    /// Opens a live view; `from` is a `view` of an earlier session, or null.
    pub(crate) async fn subscribe(&mut self, id: &str, method: &str, request: Value, from: &Value) {
        let mut frame = json!({"id": id, "method": method, "request": request});
        if !from.is_null() {
            (frame["atLeastPosition"], frame["ifVersion"]) =
                (from["position"].clone(), from["version"].clone());
        }
        self.say(&json!({"subscribe": frame})).await;
    }

    /// Returns what is said of a live view next: a `view`, or the `error` that ends it. Notices wait.
    pub(crate) async fn shown(&mut self, id: &str) -> Value {
        loop {
            let frame = self.frame().await;
            if let Some(notices) = frame["notices"]["notices"].as_array() {
                self.waiting.extend(notices.iter().cloned());
                continue;
            }
            let shown = frame
                .get("view")
                .or_else(|| frame.get("error"))
                .unwrap_or_else(|| panic!("no view but {frame}"));
            assert_eq!(shown["id"], id, "{shown}");
            return shown.clone();
        }
    }

    /// Returns what a live view shows once that is so.
    pub(crate) async fn shown_when(&mut self, id: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let mut change = None;
        loop {
            let shown = self.shown(id).await;
            assert!(
                change.is_none_or(|change| number(&shown["change"]) == change + 1),
                "a gap before {shown}"
            );
            change = Some(number(&shown["change"]));
            if is_so(&shown["body"]) {
                return shown;
            }
        }
    }

    /// Returns the close code that comes next.
    pub(crate) async fn closed(&mut self) -> u16 {
        match within("a close", self.stream.next()).await {
            Some(Ok(Message::Close(Some(frame)))) => frame.code.into(),
            other => panic!("no close but {other:?}"),
        }
    }
}

/// Reads a 64-bit number, which is a string in canonical JSON and absent when it is 0.
fn number(value: &Value) -> u64 {
    value.as_str().map_or(0, |digits| digits.parse().unwrap())
}

//! One HTTP/1.1 request as `curl` sends it, without a library in between.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::within;

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Gets a path.
pub(crate) async fn get(to: SocketAddr, path: &str) -> Answer {
    send(to, format!("GET {path} HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\n\r\n")).await
}

/// Posts JSON to an rpc, with a token when there is one.
pub(crate) async fn post(to: SocketAddr, rpc: &str, token: &str, body: &str) -> Answer {
    post_with(to, rpc, token, "", body).await
}

/// Posts JSON to an rpc with more headers, each with its line's end.
pub(crate) async fn post_with(to: SocketAddr, rpc: &str, token: &str, headers: &str, body: &str) -> Answer {
    let bearer = match token {
        "" => String::new(),
        token => format!("authorization: Bearer {token}\r\n"),
    };
    let length = body.len();
    send(
        to,
        format!(
            "POST /{rpc} HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\n\
             content-type: application/json\r\n{bearer}{headers}content-length: {length}\r\n\r\n{body}"
        ),
    )
    .await
}

async fn send(to: SocketAddr, request: String) -> Answer {
    let text = within("an HTTP answer", async {
        let mut stream = TcpStream::connect(to).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    })
    .await;
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_lowercase(), body: body.to_owned() }
}

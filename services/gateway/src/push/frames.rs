//! Frames as text: canonical protobuf JSON, one frame a message.

use std::sync::LazyLock;

use airside_api::notifications::v1::{
    ClientFrame, Error, Ping, Refreshed, WatchResponse, client_frame, watch_response::Frame,
};
use airside_runtime::status::{connect_name, invalid};
use prost_reflect::{DynamicMessage, MessageDescriptor};
use prost_types::Struct;
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tonic::Status;

use super::notices;
use crate::json;

static CLIENT: LazyLock<MessageDescriptor> = LazyLock::new(|| descriptor("ClientFrame"));
static SERVER: LazyLock<MessageDescriptor> = LazyLock::new(|| descriptor("WatchResponse"));
static OBJECT: LazyLock<MessageDescriptor> = LazyLock::new(|| {
    let object = airside_api::pool().get_message_by_name("google.protobuf.Struct");
    object.expect("the frames hold objects, so they are in the descriptors")
});
static PING: LazyLock<Utf8Bytes> = LazyLock::new(|| {
    reflected(&WatchResponse { frame: Some(Frame::Ping(Ping {})) }).expect("a ping can be written")
});

fn descriptor(name: &str) -> MessageDescriptor {
    let name = format!("airside.notifications.v1.{name}");
    airside_api::pool().get_message_by_name(&name).expect("the frames are in the descriptors")
}

/// Reads what a client said.
pub(super) fn read(text: &str) -> Result<client_frame::Frame, Status> {
    let message = json::message(CLIENT.clone(), "frame", text.as_bytes())?;
    let frame: ClientFrame = message.transcode_to().map_err(|problem| invalid("frame", problem))?;
    let known = "say one of connect, ack, refresh, pong, bye, subscribe, unsubscribe";
    frame.frame.ok_or_else(|| invalid("frame", known))
}

/// Writes a frame.
pub(super) fn write(frame: &WatchResponse) -> Result<Utf8Bytes, Status> {
    match frame.frame {
        Some(Frame::Ping(_)) => Ok(PING.clone()),
        _ => notices::write(frame).map_or_else(|| reflected(frame), |text| Ok(text.into())),
    }
}

/// Writes a frame by its descriptor.
pub(super) fn reflected(frame: &WatchResponse) -> Result<Utf8Bytes, Status> {
    let mut message = DynamicMessage::new(SERVER.clone());
    message.transcode_from(frame).map_err(|_| broken())?;
    Utf8Bytes::try_from(json::text(&message)?).map_err(|_| broken())
}

fn broken() -> Status {
    Status::internal("the frame cannot be written")
}

/// Writes what a live view shows; `body` is JSON, which goes into the frame as it is.
pub(super) fn view(
    id: &str,
    change: u64,
    position: &str,
    version: &str,
    body: &[u8],
) -> Result<Utf8Bytes, Status> {
    let id = serde_json::to_string(id).map_err(|_| broken())?;
    let head = format!(
        r#"{{"view":{{"id":{id},"change":"{change}","position":"{position}","version":"{version}","body":"#
    );
    Utf8Bytes::try_from([head.as_bytes(), body, b"}}"].concat()).map_err(|_| broken())
}

/// Returns an object as JSON.
pub(super) fn object(object: &Struct) -> Result<Vec<u8>, Status> {
    let mut message = DynamicMessage::new(OBJECT.clone());
    message.transcode_from(object).map_err(|problem| invalid("request", problem))?;
    json::text(&message)
}

/// Returns the frame that says what was refused.
pub(super) fn error(status: &Status) -> WatchResponse {
    error_of(String::new(), status)
}

/// Returns the frame that says what was refused of a live view.
pub(super) fn error_of(id: String, status: &Status) -> WatchResponse {
    let (code, message) = (connect_name(status.code()).to_owned(), status.message().to_owned());
    WatchResponse { frame: Some(Frame::Error(Error { code, message, id })) }
}

/// Returns the frame that says that the session goes on with another token.
pub(super) fn refreshed(token_expires_in_ms: u64) -> WatchResponse {
    WatchResponse { frame: Some(Frame::Refreshed(Refreshed { token_expires_in_ms })) }
}

#[cfg(test)]
mod tests {
    use airside_api::notifications::v1::{AckLevel, Hello};

    use super::*;

    #[test]
    fn frames_are_canonical_json() {
        let hello = Hello { epoch: "e".into(), seq: 7, recovered: true, ..Hello::default() };
        let text = write(&WatchResponse { frame: Some(Frame::Hello(hello)) }).unwrap();
        assert_eq!(text.as_str(), r#"{"hello":{"epoch":"e","seq":"7","recovered":true}}"#);
        let ping = WatchResponse { frame: Some(Frame::Ping(Ping {})) };
        assert_eq!(write(&ping).unwrap().as_str(), r#"{"ping":{}}"#);
        let said = read(r#"{"ack":{"seq":"3","level":"ACK_LEVEL_READ"}}"#).unwrap();
        let client_frame::Frame::Ack(ack) = said else { panic!("{said:?}") };
        assert_eq!((ack.seq, ack.level), (3, AckLevel::Read as i32));
    }

    #[test]
    fn a_frame_that_makes_no_sense_is_refused_with_its_field() {
        for (text, names) in [
            ("", "frame"),
            ("{}", "say one of connect, ack"),
            ("nonsense", "frame"),
            (r#"{"ack":{"sequence":1}}"#, "ack"),
            (r#"{"ack":{"seq":-1}}"#, "ack"),
            (r#"{"ack":{},"bye":{}}"#, ""),
            ("[1]", "frame"),
        ] {
            let refused = read(text).unwrap_err();
            assert!(refused.message().contains(names), "{text}: {}", refused.message());
        }
    }
}

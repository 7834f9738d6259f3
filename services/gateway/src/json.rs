//! Unary calls of the Connect protocol to one gRPC frame and back, by descriptors: in canonical
//! protobuf JSON, or in binary for the clients that prefer it.
//!
//! In JSON an unknown field is refused by its name, so that a typing error is not
//! silently a default; every refusal names the field by its path. In answers a field that has its
//! default is left out, and 64-bit numbers are strings, as the Connect protocol's libraries do.
//!
//! A request whose message has a text field `idempotency_key` may carry it in the header
//! `Idempotency-Key`, as HTTP clients do; other requests pay no heed to the header.

use airside_runtime::status::invalid;
use bytes::{Buf, BufMut, Bytes, BytesMut};
use http::{HeaderMap, Request, Response, header};
use http_body_util::{BodyExt, Full};
use prost::Message;
use prost_reflect::{
    DeserializeOptions, DynamicMessage, Kind, MessageDescriptor, ReflectMessage, SerializeOptions, Value,
};
use serde_path_to_error::{Segment, Track};
use tonic::{Code, Status, body::Body};

use crate::{body::PREFIX_BYTES, wire::Form};

/// The header that says which version of the Connect protocol is spoken.
const VERSION_HEADER: header::HeaderName = header::HeaderName::from_static("connect-protocol-version");
/// The header that may carry the field [`KEY_FIELD`].
const KEY_HEADER: header::HeaderName = header::HeaderName::from_static("idempotency-key");
/// The field by which a repeated call is told.
pub(crate) const KEY_FIELD: &str = "idempotency_key";

/// Checks what the headers say of the protocol.
pub(crate) fn check(headers: &HeaderMap) -> Result<(), Status> {
    if headers.get(VERSION_HEADER).is_some_and(|version| version != "1") {
        return Err(invalid("connect-protocol-version", "1 is spoken here: send 1, or leave it out"));
    }
    if headers.get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        return Err(Status::unimplemented("content-encoding: send the body uncompressed"));
    }
    Ok(())
}

/// Turns a body, and a key in the headers, into a gRPC frame.
pub(crate) fn to_frame(
    form: Form,
    input: MessageDescriptor,
    headers: &HeaderMap,
    body: Bytes,
) -> Result<Bytes, Status> {
    let mut message = match form {
        Form::Json => message(input, "body", &body)?,
        // Who carries it out reads it, and says what is wrong with it in one way.
        Form::Proto if !headers.contains_key(KEY_HEADER) => return framed(&body),
        Form::Proto => DynamicMessage::decode(input, body)
            .map_err(|_| invalid("body", "it is not this rpc's request in binary protobuf"))?,
    };
    take_key(&mut message, headers)?;
    frame(&message)
}

/// Puts an encoded message into a gRPC frame.
fn framed(message: &[u8]) -> Result<Bytes, Status> {
    let mut frame = BytesMut::with_capacity(PREFIX_BYTES + message.len());
    frame.put_u8(0);
    frame.put_u32(u32::try_from(message.len()).map_err(|_| invalid("body", "it is too large"))?);
    frame.put_slice(message);
    Ok(frame.freeze())
}

/// Puts a message into a gRPC frame.
pub(crate) fn frame(message: &DynamicMessage) -> Result<Bytes, Status> {
    let length = message.encoded_len();
    let mut frame = BytesMut::with_capacity(PREFIX_BYTES + length);
    frame.put_u8(0);
    frame.put_u32(u32::try_from(length).map_err(|_| invalid("body", "it is too large"))?);
    message.encode(&mut frame).map_err(|_| invalid("body", "it cannot be encoded"))?;
    Ok(frame.freeze())
}

/// Reads a message from canonical JSON; `whole` is what a refusal calls all of it.
pub(crate) fn message(input: MessageDescriptor, whole: &str, json: &[u8]) -> Result<DynamicMessage, Status> {
    if json.is_empty() {
        return Err(invalid(whole, "it is empty; send a JSON object, at least {}"));
    }
    let (mut reader, mut track) = (serde_json::Deserializer::from_slice(json), Track::new());
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    let tracked = serde_path_to_error::Deserializer::new(&mut reader, &mut track);
    let message = DynamicMessage::deserialize_with_options(input, tracked, &options);
    let message = message.map_err(|problem| match track.path() {
        path if path.iter().any(|part| !matches!(part, Segment::Unknown)) => {
            invalid(&path.to_string(), problem)
        }
        _ => invalid(whole, problem),
    })?;
    reader.end().map_err(|problem| invalid(whole, problem))?;
    Ok(message)
}

/// Puts the key of the headers into its field, where the message has one.
fn take_key(message: &mut DynamicMessage, headers: &HeaderMap) -> Result<(), Status> {
    let field = message.descriptor().get_field_by_name(KEY_FIELD);
    let Some(field) = field.filter(|field| field.kind() == Kind::String && !field.is_list()) else {
        return Ok(());
    };
    let mut values = headers.get_all(KEY_HEADER).iter();
    let (first, second) = (values.next(), values.next());
    let Some(value) = first else { return Ok(()) };
    let key = value.to_str().ok().filter(|key| !key.is_empty() && second.is_none());
    let key = key.ok_or_else(|| invalid("Idempotency-Key", "send one header of visible ASCII characters"))?;
    match message.get_field(&field).as_str() {
        Some(said) if !said.is_empty() && said != key => Err(invalid(
            KEY_FIELD,
            "it differs from the header Idempotency-Key: send one of them, or both alike",
        )),
        _ => {
            message.set_field(&field, Value::String(key.to_owned()));
            Ok(())
        }
    }
}

/// Makes the gRPC request of a frame; `extensions` and metadata are the Connect request's.
pub(crate) fn to_grpc(mut parts: http::request::Parts, frame: Bytes) -> Request<Body> {
    const HTTP_ALONE: [header::HeaderName; 6] = [
        header::CONTENT_LENGTH,
        header::CONTENT_ENCODING,
        header::ACCEPT_ENCODING,
        header::TRANSFER_ENCODING,
        header::CONNECTION,
        header::EXPECT,
    ];
    for name in HTTP_ALONE {
        parts.headers.remove(name);
    }
    parts.headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/grpc"));
    parts.headers.insert(header::TE, header::HeaderValue::from_static("trailers"));
    Request::from_parts(parts, Body::new(Full::new(frame)))
}

/// Turns a gRPC answer into its message, or into its status.
pub(crate) async fn from_grpc(
    form: Form,
    output: MessageDescriptor,
    answer: Response<Body>,
) -> Result<Bytes, Status> {
    let (parts, body) = answer.into_parts();
    refused(&parts.headers)?;
    let collected = body.collect().await?;
    collected.trailers().map_or(Ok(()), refused)?;
    let mut frame = collected.to_bytes();
    let broken = || Status::internal("the answer cannot be read");
    if frame.len() < PREFIX_BYTES || frame.get_u8() != 0 || frame.get_u32() as usize != frame.len() {
        return Err(broken());
    }
    if form == Form::Proto {
        return Ok(frame);
    }
    let message = DynamicMessage::decode(output, frame).map_err(|_| broken())?;
    text(&message).map(Bytes::from)
}

/// Writes a message as canonical JSON.
pub(crate) fn text(message: &DynamicMessage) -> Result<Vec<u8>, Status> {
    let mut json = Vec::with_capacity(256);
    let mut writer = serde_json::Serializer::new(&mut json);
    let written = message.serialize_with_options(&mut writer, &SerializeOptions::new());
    written.map_err(|_| Status::internal("the answer cannot be written"))?;
    Ok(json)
}

/// Fails when the headers or trailers carry a status that is not OK.
fn refused(headers: &HeaderMap) -> Result<(), Status> {
    match Status::from_header_map(headers) {
        Some(status) if status.code() != Code::Ok => Err(status),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use airside_api::baggage::v1::SubmitMessagesRequest;

    use super::*;

    /// Reads a request that has a key field, and returns its key or what is refused.
    fn key(headers: &[&'static str], json: &str) -> Result<String, String> {
        let name = "airside.baggage.v1.SubmitMessagesRequest";
        let input = airside_api::pool().get_message_by_name(name).unwrap();
        let headers =
            headers.iter().map(|value| (KEY_HEADER, header::HeaderValue::from_str(value).unwrap())).collect();
        let frame = to_frame(Form::Json, input, &headers, Bytes::from(json.to_owned()));
        let frame = frame.map_err(|status| status.message().to_owned())?;
        Ok(SubmitMessagesRequest::decode(frame.slice(PREFIX_BYTES..)).unwrap().idempotency_key)
    }

    #[test]
    fn a_key_may_come_in_the_header_or_in_its_field_and_not_as_two() {
        let said = r#"{"idempotencyKey": "k1"}"#;
        assert_eq!(key(&[], "{}"), Ok(String::new()));
        for (headers, json) in [(&["k1"][..], "{}"), (&[], said), (&["k1"], said)] {
            assert_eq!(key(headers, json), Ok("k1".to_owned()), "{headers:?} {json}");
        }
        let differs = key(&["k2"], said).unwrap_err();
        assert!(differs.starts_with("idempotency_key: it differs from the header"), "{differs}");
        for headers in [&["k1", "k1"][..], &[""], &["钥匙"]] {
            let refused = key(headers, "{}").unwrap_err();
            assert!(refused.starts_with("Idempotency-Key: send one header"), "{headers:?}: {refused}");
        }
    }

    #[test]
    fn a_request_without_a_key_field_pays_no_heed_to_the_header() {
        let input = airside_api::pool().get_message_by_name("airside.baggage.v1.GetBagRequest").unwrap();
        let headers = HeaderMap::from_iter([(KEY_HEADER, header::HeaderValue::from_static("k1"))]);
        let frame = to_frame(Form::Json, input, &headers, Bytes::from_static(b"{}")).unwrap();
        assert_eq!(frame.len(), PREFIX_BYTES);
    }
}

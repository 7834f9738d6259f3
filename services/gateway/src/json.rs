//! Canonical protobuf JSON to one gRPC frame and back, by descriptors.
//!
//! An unknown field is refused by its name, so that a typing error is not
//! silently a default; every refusal names the field by its path. In answers a field that has its default is left out,
//! and 64-bit numbers are strings, as the Connect protocol's libraries do.

use airside_runtime::status::invalid;
use bytes::{Buf, BufMut, Bytes, BytesMut};
use http::{HeaderMap, Request, Response, header};
use http_body_util::{BodyExt, Full};
use prost::Message;
use prost_reflect::{DeserializeOptions, DynamicMessage, MessageDescriptor, SerializeOptions};
use serde_path_to_error::{Segment, Track};
use tonic::{Code, Status, body::Body};

use crate::body::PREFIX_BYTES;

/// Turns a JSON body into a gRPC frame.
pub(crate) fn to_frame(input: MessageDescriptor, json: &[u8]) -> Result<Bytes, Status> {
    if json.is_empty() {
        return Err(invalid("body", "it is empty; send a JSON object, at least {}"));
    }
    let (mut reader, mut track) = (serde_json::Deserializer::from_slice(json), Track::new());
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    let tracked = serde_path_to_error::Deserializer::new(&mut reader, &mut track);
    let message = DynamicMessage::deserialize_with_options(input, tracked, &options);
    let message = message.map_err(|problem| match track.path() {
        path if path.iter().any(|part| !matches!(part, Segment::Unknown)) => {
            invalid(&path.to_string(), problem)
        }
        _ => invalid("body", problem),
    })?;
    reader.end().map_err(|problem| invalid("body", problem))?;
    let length = message.encoded_len();
    let mut frame = BytesMut::with_capacity(PREFIX_BYTES + length);
    frame.put_u8(0);
    frame.put_u32(u32::try_from(length).map_err(|_| invalid("body", "it is too large"))?);
    message.encode(&mut frame).map_err(|_| invalid("body", "it cannot be encoded"))?;
    Ok(frame.freeze())
}

/// Makes the gRPC request of a frame; `extensions` and metadata are the JSON request's.
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

/// Turns a gRPC answer into JSON, or into its status.
pub(crate) async fn from_grpc(output: MessageDescriptor, answer: Response<Body>) -> Result<Vec<u8>, Status> {
    let (parts, body) = answer.into_parts();
    refused(&parts.headers)?;
    let collected = body.collect().await?;
    collected.trailers().map_or(Ok(()), refused)?;
    let mut frame = collected.to_bytes();
    let broken = || Status::internal("the answer cannot be read");
    if frame.len() < PREFIX_BYTES || frame.get_u8() != 0 || frame.get_u32() as usize != frame.len() {
        return Err(broken());
    }
    let message = DynamicMessage::decode(output, frame).map_err(|_| broken())?;
    let mut json = Vec::with_capacity(256);
    let mut writer = serde_json::Serializer::new(&mut json);
    message.serialize_with_options(&mut writer, &SerializeOptions::new()).map_err(|_| broken())?;
    Ok(json)
}

/// Fails when the headers or trailers carry a status that is not OK.
fn refused(headers: &HeaderMap) -> Result<(), Status> {
    match Status::from_header_map(headers) {
        Some(status) if status.code() != Code::Ok => Err(status),
        Some(_) | None => Ok(()),
    }
}

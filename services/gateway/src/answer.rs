//! Every answer that is not a service's own, in the wire of the caller.

use airside_runtime::{
    auth::Environment,
    status::{connect_name, http_status, invalid},
};
use bytes::Bytes;
use http::{
    HeaderValue, Method, Request, Response, StatusCode,
    header::{ALLOW, CONTENT_TYPE, WWW_AUTHENTICATE},
};
use http_body_util::Full;
use serde_json::json;
use tonic::{Code, Status, body::Body};

use crate::wire::{Form, Wire};

/// How the transport begins what it says of bytes that are not the message of the rpc.
const NOT_PROTOBUF: &str = "failed to decode Protobuf message: ";

/// Returns a refusal in the wire of its caller.
pub(crate) fn refusal(wire: Wire, status: &Status) -> Response<Body> {
    match wire {
        Wire::Grpc => status.clone().into_http(),
        Wire::GrpcWeb => {
            let mut answer = status.clone().into_http();
            answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc-web+proto"));
            answer
        }
        Wire::Connect(_) | Wire::GrpcWithoutHttp2 | Wire::Other => error(http_status(status.code()), status),
    }
}

/// Returns what is said to who sent bytes that are not the message of the rpc: that it is theirs to mend,
/// and what is wrong. The transport calls it an error of ours. `None` for every other status.
pub(crate) fn not_the_message(status: &Status) -> Option<Status> {
    if status.code() != Code::Internal {
        return None;
    }
    let problem = match status.message() {
        "Missing request message." => "it holds no message",
        "Unexpected EOF decoding stream." => "it ends within a message",
        said => said.strip_prefix(NOT_PROTOBUF)?,
    };
    Some(invalid("body", format_args!("{problem}: send this rpc's request in binary protobuf")))
}

/// Returns the message that a Connect call is answered with.
pub(crate) fn message(form: Form, body: Bytes) -> Response<Body> {
    plain(StatusCode::OK, form.content_type(), body)
}

/// Returns the answer to a path that is no rpc.
pub(crate) fn unknown_path<B>(wire: Wire, request: &Request<B>, env: Environment) -> Response<Body> {
    match (wire, request.uri().path()) {
        (Wire::Grpc | Wire::GrpcWeb, _) => {
            refusal(wire, &Status::unimplemented("there is no such rpc: check its path"))
        }
        (_, "/") if request.method() == Method::GET => {
            plain(StatusCode::OK, "text/plain; charset=utf-8", welcome(env))
        }
        _ => error(
            StatusCode::NOT_FOUND,
            &Status::unimplemented(
                "there is no such path: call POST /airside.<domain>.v1.<Service>/<Method>",
            ),
        ),
    }
}

/// Returns the answer to a request for an rpc in a wire that is not spoken; `None` when it is.
pub(crate) fn wrong_wire<B>(wire: Wire, request: &Request<B>) -> Option<Response<Body>> {
    match wire {
        Wire::Grpc | Wire::GrpcWeb | Wire::Connect(_) => None,
        Wire::GrpcWithoutHttp2 => Some(error(
            StatusCode::UPGRADE_REQUIRED,
            &Status::unimplemented(
                "gRPC needs HTTP/2: on HTTP/1.1 speak gRPC-Web, or send JSON with content-type application/json",
            ),
        )),
        Wire::Other if request.method() != Method::POST => {
            let mut answer = error(StatusCode::METHOD_NOT_ALLOWED, &Status::unimplemented("use POST"));
            answer.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
            Some(answer)
        }
        Wire::Other => Some(error(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            &Status::invalid_argument(
                "content-type: use application/json, application/grpc-web, or application/grpc over HTTP/2",
            ),
        )),
    }
}

pub(crate) fn error(http: StatusCode, status: &Status) -> Response<Body> {
    let body = json!({"code": connect_name(status.code()), "message": status.message()});
    let mut answer = plain(http, "application/json", body.to_string());
    if status.code() == Code::Unauthenticated {
        answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    answer
}

fn welcome(env: Environment) -> String {
    let look = match env {
        Environment::Develop => "The manual: /openapi.json and /descriptors.binpb; reflection is on.\n",
        Environment::Trial => "The manual: /openapi.json and /descriptors.binpb\n",
        Environment::Release => "",
    };
    format!(
        "Airside {}: where every bag is, and the way to every gate.\n\
         gRPC: this port, HTTP/2; gRPC-Web over any HTTP. JSON: POST\n\
         /airside.<domain>.v1.<Service>/<Method> with content-type application/json,\n\
         for example /airside.navigation.v1.NavigationService/ListVenues with the body {{}}\n\
         Push: the WebSocket /push, subprotocol airside.push.v1\n\
         A page for passengers: this address in a browser\n{look}",
        env!("CARGO_PKG_VERSION")
    )
}

pub(crate) fn plain(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<Body> {
    let mut answer = Response::new(Body::new(Full::new(body.into())));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}

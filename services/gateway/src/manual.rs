//! The manual for client teams: `/descriptors.binpb`, the `FileDescriptorSet` of all
//! interfaces with their comments, and `/openapi.json`, the same as OpenAPI 3.1.
//!
//! They are open to anybody in develop and trial. A release does not tell strangers
//! what operators can call; its clients were built from the manual before.

use std::sync::LazyLock;

use airside_runtime::auth::Environment;
use bytes::Bytes;
use http::{Method, Request, Response};
use tonic::body::Body;

use crate::{openapi, page::Page};

static DESCRIPTORS: LazyLock<Page> =
    LazyLock::new(|| Page::new("application/octet-stream", Bytes::from_static(airside_api::DESCRIPTORS)));

static OPENAPI: LazyLock<Page> = LazyLock::new(|| {
    let document = openapi::document(airside_api::pool());
    Page::new("application/json", document.to_string().into())
});

/// Returns the page that is asked for, if there is one.
pub(crate) fn page<B>(env: Environment, request: &Request<B>) -> Option<Response<Body>> {
    if env == Environment::Release || !matches!(*request.method(), Method::GET | Method::HEAD) {
        return None;
    }
    let page = match request.uri().path() {
        "/descriptors.binpb" => &DESCRIPTORS,
        "/openapi.json" => &OPENAPI,
        _ => return None,
    };
    Some(page.answer(request))
}

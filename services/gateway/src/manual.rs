//! The manual for client teams: `/descriptors.binpb`, the `FileDescriptorSet` of all
//! interfaces with their comments, and `/openapi.json`, the same as OpenAPI 3.1.
//!
//! They are open to anybody in develop and trial. A release does not tell strangers
//! what operators can call; its clients were built from the manual before.

use std::sync::LazyLock;

use airside_runtime::auth::Environment;
use bytes::Bytes;
use http::{
    HeaderValue, Method, Request, Response, StatusCode,
    header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH},
};
use sha2::{Digest, Sha256};
use tonic::body::Body;

use crate::{answer, openapi};

/// The bytes of a digest that tell one edition of a page from another.
const TAG_BYTES: usize = 12;

static DESCRIPTORS: LazyLock<Page> =
    LazyLock::new(|| Page::new("application/octet-stream", Bytes::from_static(airside_api::DESCRIPTORS)));

static OPENAPI: LazyLock<Page> = LazyLock::new(|| {
    let document = openapi::document(airside_api::pool());
    Page::new("application/json", document.to_string().into())
});

/// A page that is asked for again and again, and seldom changes.
struct Page {
    content_type: &'static str,
    body: Bytes,
    tag: HeaderValue,
}

impl Page {
    fn new(content_type: &'static str, body: Bytes) -> Self {
        let digest = Sha256::digest(&body);
        let hex: String = digest.iter().take(TAG_BYTES).map(|byte| format!("{byte:02x}")).collect();
        let tag = HeaderValue::try_from(format!("\"{hex}\"")).expect("hex digits are visible ASCII");
        Self { content_type, body, tag }
    }

    /// Answers with the page, or that the caller has this edition.
    fn answer<B>(&self, request: &Request<B>) -> Response<Body> {
        let is_known = request.headers().get_all(IF_NONE_MATCH).iter().any(|known| known == self.tag);
        let mut answer = match is_known {
            true => answer::plain(StatusCode::NOT_MODIFIED, self.content_type, Bytes::new()),
            false => answer::plain(StatusCode::OK, self.content_type, self.body.clone()),
        };
        answer.headers_mut().insert(ETAG, self.tag.clone());
        answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        answer
    }
}

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

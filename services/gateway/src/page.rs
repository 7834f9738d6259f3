//! A page that is asked for again and again, and seldom changes.

use bytes::Bytes;
use http::{
    HeaderValue, Request, Response, StatusCode,
    header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH},
};
use sha2::{Digest, Sha256};
use tonic::body::Body;

use crate::answer;

/// The bytes of a digest that tell one edition of a page from another.
const TAG_BYTES: usize = 12;

/// A page in one edition.
pub(crate) struct Page {
    content_type: &'static str,
    body: Bytes,
    tag: HeaderValue,
}

impl Page {
    pub(crate) fn new(content_type: &'static str, body: Bytes) -> Self {
        let digest = Sha256::digest(&body);
        let hex: String = digest.iter().take(TAG_BYTES).map(|byte| format!("{byte:02x}")).collect();
        let tag = HeaderValue::try_from(format!("\"{hex}\"")).expect("hex digits are visible ASCII");
        Self { content_type, body, tag }
    }

    /// Answers with the page, or that the caller has this edition.
    pub(crate) fn answer<B>(&self, request: &Request<B>) -> Response<Body> {
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

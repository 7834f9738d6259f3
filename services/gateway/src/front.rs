//! The page for passengers at `/`, and the modules that it is made of: the files of `clients/web`.
//!
//! They are part of the binary, so that page and interfaces are of one build, and nothing is fetched from
//! elsewhere: the policy sent with each file lets a browser load and call this origin alone, and run no
//! script but these. Programs that ask for `/` without naming `text/html` get a text.

use std::{collections::BTreeMap, sync::LazyLock};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response,
    header::{
        ACCEPT, CONTENT_SECURITY_POLICY, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
    },
};
use tonic::body::Body;

use crate::page::Page;

/// Where the files lie on this port.
const FOLDER: &str = "/web/";

/// The files, by their names under `clients/web`.
macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_bytes!(concat!("../../../clients/web/", $name)).as_slice())),+]
    };
}

static FILES: LazyLock<BTreeMap<&str, Page>> = LazyLock::new(|| {
    let files = files![
        "icon.svg",
        "index.html",
        "main.js",
        "map.css",
        "model/followed.js",
        "model/inbox.js",
        "model/passenger.js",
        "model/plan.js",
        "model/store.js",
        "model/times.js",
        "model/trip.js",
        "model/venue.js",
        "model/way.js",
        "model/words.js",
        "style.css",
        "views/bags.js",
        "views/camera.js",
        "views/controls.js",
        "views/dom.js",
        "views/flight.js",
        "views/floor.js",
        "views/head.js",
        "views/labels.js",
        "views/line.js",
        "views/map.js",
        "views/notices.js",
        "views/problem.js",
        "views/search.js",
        "views/signs.js",
        "views/toast.js",
        "views/way.js",
        "wire/calls.js",
        "wire/patience.js",
        "wire/session.js",
        "wire/token.js",
    ];
    let page = |(name, bytes)| (name, Page::new(content_type(name), Bytes::from_static(bytes)));
    files.into_iter().map(page).collect()
});

/// What a browser may do with a file of ours.
const POLICIES: [(HeaderName, HeaderValue); 4] = [
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
             manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
    ),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
];

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

/// Returns the file that is asked for, if there is one.
pub(crate) fn page<B>(request: &Request<B>) -> Option<Response<Body>> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return None;
    }
    let name = match request.uri().path() {
        "/" if reads_html(request.headers()) => "index.html",
        path => path.strip_prefix(FOLDER).filter(|name| *name != "index.html")?,
    };
    let mut answer = FILES.get(name)?.answer(request);
    answer.headers_mut().extend(POLICIES);
    answer.headers_mut().insert(VARY, HeaderValue::from_static("accept"));
    Some(answer)
}

/// Tells whether the caller names HTML among what it reads, as browsers do and tools do not.
fn reads_html(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut ranges = values.flat_map(|value| value.split(','));
    ranges.any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let is_html = parts.next().is_some_and(|media| media.eq_ignore_ascii_case("text/html"));
        is_html && !parts.any(|weight| matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

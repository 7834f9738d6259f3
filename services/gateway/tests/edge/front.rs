//! The page at `/`: whole, of this origin alone, and no obstacle to programs.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::house::House;

const ACCEPT: &str = "accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../clients/web")
}

/// Returns the files of the page, by their names under its folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[tokio::test]
async fn a_browser_gets_the_page_and_a_program_the_text() {
    let house = House::open().await;
    let (status, head, body) = house.http("GET", "/", ACCEPT, b"").await;
    assert!(status == 200 && head.contains("content-type: text/html; charset=utf-8"), "{head}");
    assert_eq!(body, fs::read(folder().join("index.html")).unwrap());
    let (status, head, body) = house.http("HEAD", "/", ACCEPT, b"").await;
    assert!(status == 200 && body.is_empty() && head.contains("text/html"), "{head}");
    for accept in ["", "accept: */*\r\n", "accept: application/json\r\n", "accept: text/html;q=0\r\n"] {
        let (status, head, body) = house.http("GET", "/", accept, b"").await;
        assert!(status == 200 && head.contains("text/plain"), "{accept} {head}");
        assert!(body.starts_with(b"Airside "), "{accept}");
    }
}

#[tokio::test]
async fn every_file_of_the_page_is_served_with_its_type_and_its_policy() {
    let house = House::open().await;
    let files = files(&folder());
    assert!(files.len() > 10, "{files:?}");
    for file in files {
        let name = file.strip_prefix(folder()).unwrap().to_str().unwrap().to_owned();
        let (path, headers) = match name.as_str() {
            "index.html" => ("/".to_owned(), ACCEPT),
            name => (format!("/web/{name}"), ""),
        };
        let (status, head, body) = house.http("GET", &path, headers, b"").await;
        assert_eq!((status, body), (200, fs::read(&file).unwrap()), "{path}");
        let kind = match file.extension().unwrap().to_str().unwrap() {
            "html" => "text/html",
            "css" => "text/css",
            "js" => "text/javascript",
            "svg" => "image/svg+xml",
            other => panic!("{other} has no content type"),
        };
        assert!(head.contains(&format!("content-type: {kind}")), "{path}: {head}");
        for policy in [
            "default-src 'none'",
            "connect-src 'self'",
            "nosniff",
            "referrer-policy: no-referrer",
            "etag: \"",
        ] {
            assert!(head.contains(policy), "{path} lacks {policy}: {head}");
        }
        let tag = head.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap();
        let again = format!("{headers}if-none-match: {tag}\r\n");
        let (status, _, body) = house.http("GET", &path, &again, b"").await;
        assert_eq!((status, body.len()), (304, 0), "{path}");
    }
}

#[tokio::test]
async fn what_is_no_file_of_the_page_is_not_found() {
    let house = House::open().await;
    for (verb, path) in [
        ("GET", "/web/"),
        ("GET", "/web/index.html"),
        ("GET", "/web/../Cargo.toml"),
        ("GET", "/web/views"),
        ("POST", "/web/main.js"),
    ] {
        assert_eq!(house.http(verb, path, "", b"").await.0, 404, "{verb} {path}");
    }
}

#[test]
fn nothing_of_the_page_comes_from_elsewhere_or_is_put_in_as_markup() {
    for file in files(&folder()) {
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.lines().count() <= 500, "{} is too long", file.display());
        let elsewhere = text.replace("http://www.w3.org/2000/svg", "");
        for word in
            ["http://", "https://", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("]
        {
            assert!(!elsewhere.contains(word), "{} says {word}", file.display());
        }
        if file.extension().is_some_and(|extension| extension == "js") {
            assert!(text.starts_with("// "), "{} does not say what it is", file.display());
        }
    }
}

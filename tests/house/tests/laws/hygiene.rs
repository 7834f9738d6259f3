//! The tree stays small, its documents are finished, and its crates come from
//! the public registry.

use std::fs;

use crate::{
    report::{Finding, check_lines, hold},
    source::{ROOT, relative, walk},
};

/// Most bytes of a file.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The only registry that the lock file may name.
const REGISTRY: &str = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";

/// What stands where something is still to be written, in two pieces so that this list does not find itself.
const PLACEHOLDERS: [(&str, &str); 3] = [("@", "@"), ("TB", "D"), ("TO", "DO")];

fn placeholders(path: &str, text: &str) -> Vec<Finding> {
    let marks = PLACEHOLDERS.map(|(a, b)| format!("{a}{b}"));
    let lines =
        text.lines().zip(1..).filter(|(line, _)| marks.iter().any(|mark| line.contains(mark.as_str())));
    lines
        .map(|(_, number)| {
            let problem = "document has a placeholder".to_owned();
            Finding::new(path, number, problem, "write what belongs there, or take the line out")
        })
        .collect()
}

fn foreign_sources(path: &str, lock: &str) -> Vec<Finding> {
    let lines = lock.lines().zip(1..).filter(|(line, _)| line.starts_with("source = ") && *line != REGISTRY);
    lines
        .map(|(line, number)| {
            let remedy = "take the crate from crates.io, and lock it without a replaced source";
            Finding::new(path, number, format!("crate comes from elsewhere: {line}"), remedy)
        })
        .collect()
}

fn too_big(path: &str, bytes: u64) -> Option<Finding> {
    let is_free = path == "Cargo.lock" || path.starts_with("maps/");
    (bytes > FILE_BYTES_MAX && !is_free).then(|| {
        let problem = format!("file has {bytes} bytes; the budget is {FILE_BYTES_MAX}");
        Finding::new(path, 1, problem, "keep it outside and find it by AIRSIDE_DATA, or make it when needed")
    })
}

#[test]
fn documents_are_finished() {
    let files = walk(&ROOT);
    assert!(files.len() >= 60, "the walk found only {} files", files.len());
    let documents = files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let texts = documents.filter_map(|path| Some((relative(path), fs::read_to_string(path).ok()?)));
    hold("documents are finished", texts.flat_map(|(path, text)| placeholders(&path, &text)));
}

#[test]
fn files_are_small() {
    let sizes =
        walk(&ROOT).into_iter().filter_map(|path| Some((relative(&path), fs::metadata(&path).ok()?.len())));
    hold("no file over 1 MiB", sizes.filter_map(|(path, bytes)| too_big(&path, bytes)));
}

#[test]
fn crates_come_from_the_public_registry() {
    let lock = fs::read_to_string(ROOT.join("Cargo.lock")).expect("the lock file is kept");
    hold("crates come from crates.io", foreign_sources("Cargo.lock", &lock));
}

#[test]
fn placeholder_is_found() {
    let text = format!("fine\nit takes {}{}BUILD\n", "@", "@");
    check_lines(&placeholders("README.md", &text), &[2]);
}

#[test]
fn foreign_source_is_found() {
    let lock = format!("{REGISTRY}\nsource = \"git+https://example.org/x\"\n");
    check_lines(&foreign_sources("Cargo.lock", &lock), &[2]);
}

#[test]
fn big_file_is_found() {
    assert!(too_big("tests/data/x.bin", FILE_BYTES_MAX + 1).is_some());
    assert!(too_big("tests/data/x.bin", FILE_BYTES_MAX).is_none());
    assert!(too_big("maps/y/unit.geojson", FILE_BYTES_MAX + 1).is_none());
}

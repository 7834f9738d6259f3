//! The tree speaks of the project alone, stays small, and takes its crates
//! from the public registry.

use std::fs;

use crate::{
    report::{Finding, check_lines, hold},
    source::{ROOT, relative, walk},
};

/// Most bytes of a file.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The only registry that the lock file may name.
const REGISTRY: &str = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";

/// Words of the workplace, in two pieces so that this list does not find itself.
const WORKPLACE: [(&str, &str); 12] = [
    ("/work/", "main"),
    ("/work/", "shared"),
    ("/tmp/", "airside"),
    ("crates.io ", "mirror"),
    ("registry ", "mirror"),
    ("issues ", "show"),
    ("brief", ".md"),
    ("clau", "de"),
    ("anthro", "pic"),
    ("chat", "gpt"),
    ("language ", "model"),
    ("sub", "agent"),
];

fn workplace_words(path: &str, text: &str) -> Vec<Finding> {
    let words: Vec<String> = WORKPLACE.iter().map(|(a, b)| format!("{a}{b}")).collect();
    let mut findings = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let lower = line.to_lowercase();
        for word in words.iter().filter(|word| lower.contains(*word)) {
            let problem = format!("text speaks of the workplace: \"{word}\"");
            findings.push(Finding::new(
                path,
                number,
                problem,
                "speak of the project alone, with relative paths",
            ));
        }
    }
    findings
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
fn tree_speaks_of_the_project_alone() {
    let files = walk(&ROOT);
    assert!(files.len() >= 60, "the walk found only {} files", files.len());
    let texts = files.iter().filter_map(|path| Some((relative(path), fs::read_to_string(path).ok()?)));
    hold("nothing speaks of the workplace", texts.flat_map(|(path, text)| workplace_words(&path, &text)));
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
fn word_of_the_workplace_is_found() {
    let text = format!("fine\nsee {}{}/services\n", "/WORK/", "main");
    check_lines(&workplace_words("README.md", &text), &[2]);
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

//! The files of the house, and Rust source with what is not code blanked out.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

/// The folder that holds the workspace.
pub(crate) static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().expect("this crate lies two folders below the root")
});

/// Every Rust file below `services` and `tests`.
pub(crate) static RUST: LazyLock<Vec<Source>> = LazyLock::new(|| {
    let files = ["services", "tests"].iter().flat_map(|folder| walk(&ROOT.join(folder)));
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    files.filter_map(|path| Some(Source::new(&relative(&path), &fs::read_to_string(&path).ok()?))).collect()
});

/// Folders that hold no work of ours.
const SKIPPED: [&str; 5] = [".git", ".local", "airside-data", "node_modules", "target"];

/// Returns every file below a folder, in order.
pub(crate) fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    let mut files = Vec::new();
    for path in entries {
        let is_skipped = path.file_name().is_some_and(|name| SKIPPED.iter().any(|skipped| name == *skipped));
        if path.is_dir() && !path.is_symlink() && !is_skipped {
            files.extend(walk(&path));
        } else if path.is_file() {
            files.push(path);
        }
    }
    files
}

/// Returns a path as the messages show it: from the root, with slashes.
pub(crate) fn relative(path: &Path) -> String {
    path.strip_prefix(&*ROOT).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

/// A Rust file.
pub(crate) struct Source {
    /// From the root, with slashes.
    pub(crate) path: String,
    /// As it is.
    pub(crate) text: String,
    /// With comments, strings and characters blanked; the lines stay.
    pub(crate) code: String,
    /// With test modules and test items blanked too; empty for a test file.
    pub(crate) shipped: String,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let code = blank_non_code(text);
        let shipped = if is_test_file(path) { String::new() } else { blank_test_items(&code) };
        Self { path: path.into(), text: text.into(), code, shipped }
    }
}

/// Returns true for files that never ship: test crates, `tests` folders, `tests.rs`.
fn is_test_file(path: &str) -> bool {
    let mut parts: Vec<&str> = path.split('/').collect();
    let file = parts.pop().unwrap_or_default();
    let is_test_crate = path.starts_with("tests/house/") || path.starts_with("tests/scenarios/");
    is_test_crate || parts.iter().skip(2).any(|part| *part == "tests") || file.ends_with("tests.rs")
}

/// Returns the line, from 1, of a byte offset.
pub(crate) fn line_at(text: &str, at: usize) -> usize {
    text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1
}

/// Returns the lines on which a token stands that is no part of a longer word.
pub(crate) fn lines_with(code: &str, token: &str) -> Vec<usize> {
    let is_word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let (bytes, inner) = (code.as_bytes(), token.as_bytes());
    let stands_alone = |at: usize| {
        let joined_before = is_word(inner.first()) && at > 0 && is_word(bytes.get(at - 1));
        let joined_after = is_word(inner.last()) && is_word(bytes.get(at + inner.len()));
        !joined_before && !joined_after
    };
    code.match_indices(token).filter(|(at, _)| stands_alone(*at)).map(|(at, _)| line_at(code, at)).collect()
}

/// Returns the end of the item that starts at `from`: after its `;` or its closing brace.
pub(crate) fn item_end(code: &str, from: usize) -> usize {
    let (mut braces, mut others) = (0_usize, 0_usize);
    for (at, byte) in code.bytes().enumerate().skip(from) {
        match byte {
            b'{' => braces += 1,
            b'}' if braces <= 1 => return at + 1,
            b'}' => braces -= 1,
            b'(' | b'[' => others += 1,
            b')' | b']' => others = others.saturating_sub(1),
            b';' if braces == 0 && others == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

fn blank_test_items(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut shipped = code.as_bytes().to_vec();
    let mut from = 0;
    while let Some(at) = code[from..].find(MARK).map(|at| from + at) {
        let end = item_end(code, at + MARK.len());
        blank(&mut shipped[at..end]);
        from = end;
    }
    String::from_utf8_lossy(&shipped).into_owned()
}

fn blank(bytes: &mut [u8]) {
    bytes.iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
}

fn blank_non_code(text: &str) -> String {
    let mut code = text.as_bytes().to_vec();
    let mut at = 0;
    while at < code.len() {
        let end = non_code_end(text.as_bytes(), at);
        if end > at {
            blank(&mut code[at..end]);
            at = end;
        } else {
            at += 1;
        }
    }
    String::from_utf8_lossy(&code).into_owned()
}

/// Returns where the comment, string or character that starts at `at` ends; `at` when none does.
fn non_code_end(text: &[u8], at: usize) -> usize {
    let rest = &text[at..];
    let is_in_word = at > 0 && (text[at - 1].is_ascii_alphanumeric() || text[at - 1] == b'_');
    match rest[0] {
        b'/' if rest.starts_with(b"//") => at + find(rest, b"\n").unwrap_or(rest.len()),
        b'/' if rest.starts_with(b"/*") => at + block_comment_len(rest),
        b'"' => at + quoted_len(rest, b'"'),
        b'\'' if rest.get(1) == Some(&b'\\') => at + quoted_len(rest, b'\''),
        b'\'' => at + char_len(rest),
        b'r' | b'b' | b'c' if !is_in_word => at + raw_string_len(rest).unwrap_or(0),
        _ => at,
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

fn block_comment_len(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        if rest[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += 1;
        }
    }
    at
}

fn quoted_len(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != quote {
        at += if rest[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}

/// A character of one to four bytes between quotes; else a lifetime, of length nothing.
fn char_len(rest: &[u8]) -> usize {
    let Some(first) = rest.get(1) else { return 0 };
    let width = match first {
        0..=0x7f => 1,
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        _ => 4,
    };
    if rest.get(width + 1) == Some(&b'\'') { width + 2 } else { 0 }
}

fn raw_string_len(rest: &[u8]) -> Option<usize> {
    let marks = rest.iter().position(|byte| !b"rbc".contains(byte)).filter(|marks| *marks <= 2)?;
    if !rest[..marks].contains(&b'r') {
        return None;
    }
    let hashes = rest[marks..].iter().position(|byte| *byte != b'#')?;
    let open = marks + hashes;
    if rest.get(open) != Some(&b'"') {
        return None;
    }
    let close = [b"\"".as_slice(), &b"#".repeat(hashes)].concat();
    Some(find(&rest[open + 1..], &close).map_or(rest.len(), |at| open + 1 + at + close.len()))
}

#[test]
fn only_code_is_left_of_a_source() {
    let text =
        "a // x\n/* y /* z */ */ b 'c' '\\'' '\u{4e2d}' &'d e \"f\\\" g\" r#\"h \" i\"# br\"j\" b\"k\" k\n";
    let words: Vec<String> = blank_non_code(text).split_whitespace().map(str::to_owned).collect();
    assert_eq!(words, ["a", "b", "&'d", "e", "b", "k"]);
    assert_eq!(blank_non_code("a\n/* \n */\nb").lines().count(), 4);
}

#[test]
fn only_shipped_code_is_left_without_tests() {
    let text = "a();\n#[cfg(test)]\nmod tests {\n fn b() { c() }\n}\nd();\n#[cfg(test)]\nmod tests;\ne();\n";
    let shipped = Source::new("services/kernel/src/x.rs", text).shipped;
    assert_eq!(shipped.split_whitespace().collect::<String>(), "a();d();e();");
    assert!(Source::new("services/kernel/src/x/tests.rs", text).shipped.is_empty());
    assert!(Source::new("services/kernel/tests/x.rs", text).shipped.is_empty());
    assert!(!Source::new("tests/bench/src/main.rs", text).shipped.is_empty());
}

#[test]
fn token_is_found_only_as_a_whole_word() {
    assert_eq!(lines_with("async\nasynchronous\nx.await", "async"), [1]);
    assert_eq!(lines_with("a::now()\nknow()\nb.now()", ".now("), [3]);
}

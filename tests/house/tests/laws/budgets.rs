//! What a reader can hold: law 4 of DESIGN section 2.

use crate::{
    report::{Finding, check_lines, hold},
    source::{RUST, Source, item_end, line_at, lines_with},
};

/// Most lines of a file.
const FILE_LINES_MAX: usize = 500;

/// Most lines of code of a function.
const FUNCTION_LINES_MAX: usize = 70;

/// Said nowhere, not even in a test, and what to do instead.
const NEVER: [(&str, &str); 7] = [
    ("unsafe", "find the safe way; the workspace forbids it"),
    ("todo!", "finish it, or leave the door out until its issue"),
    ("unimplemented!", "finish it, or leave the door out until its issue"),
    ("dbg!", "use tracing, or take it out"),
    ("#[ignore", "make the test pass, or delete it"),
    ("#[should_panic", "return an error and assert on it"),
    ("thread::sleep", "wait for the thing itself: a channel, a notify, a paused clock"),
];

fn file_budget(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    let lines = source.text.lines().count();
    if lines > FILE_LINES_MAX {
        let problem = format!("file has {lines} lines; the budget is {FILE_LINES_MAX}");
        let remedy = "move a part with a name of its own to x/part.rs, its tests to x/tests.rs";
        findings.push(Finding::new(&source.path, FILE_LINES_MAX, problem, remedy));
    }
    if !source.text.starts_with("//!") {
        let remedy = "begin with //! and say in prose what this file is for";
        findings.push(Finding::new(&source.path, 1, "file does not begin with //!", remedy));
    }
    if source.path.ends_with("/mod.rs") {
        findings.push(Finding::new(
            &source.path,
            1,
            "file is named mod.rs",
            "name it x.rs beside its folder x/",
        ));
    }
    findings
}

fn function_budget(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, _) in source.code.match_indices("fn ") {
        let starts_word =
            !source.code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_');
        let end = item_end(&source.code, at);
        let Some(body) = source.code[at..end].find('{').filter(|_| starts_word).map(|open| at + open) else {
            continue;
        };
        let lines = source.code[body..end].lines().filter(|line| !line.trim().is_empty()).count();
        let lines = lines.saturating_sub(2);
        if lines > FUNCTION_LINES_MAX {
            let name: String =
                source.code[at + 3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let problem =
                format!("function {name} has {lines} lines of code; the budget is {FUNCTION_LINES_MAX}");
            let remedy = "split it where a reader would draw breath, and name the pieces";
            findings.push(Finding::new(&source.path, line_at(&source.code, at), problem, remedy));
        }
    }
    findings
}

fn banned_words(source: &Source) -> Vec<Finding> {
    let never = NEVER.iter().flat_map(|(word, remedy)| {
        lines_with(&source.code, word).into_iter().map(move |line| (line, *word, *remedy))
    });
    let unwraps = lines_with(&source.shipped, ".unwrap()")
        .into_iter()
        .map(|line| (line, ".unwrap()", "return an error, or .expect(\"why this holds\") for an invariant"));
    never
        .chain(unwraps)
        .map(|(line, word, remedy)| Finding::new(&source.path, line, format!("code says `{word}`"), remedy))
        .collect()
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    assert!(RUST.len() >= 30, "the walk found only {} files", RUST.len());
    hold("a file has at most 500 lines and begins with //!", RUST.iter().flat_map(file_budget));
}

#[test]
fn functions_are_read_in_one_look() {
    hold("a function has at most 70 lines of code", RUST.iter().flat_map(function_budget));
}

#[test]
fn banned_words_are_not_said() {
    hold("no unsafe, no unwrap outside tests, nothing left undone", RUST.iter().flat_map(banned_words));
}

#[test]
fn long_file_is_found() {
    let long = format!("//! X.\n{}", "\n".repeat(FILE_LINES_MAX));
    check_lines(&file_budget(&Source::new("services/x/src/y.rs", &long)), &[FILE_LINES_MAX]);
    check_lines(&file_budget(&Source::new("services/x/src/y.rs", "use std;\n//! X.\n")), &[1]);
    check_lines(&file_budget(&Source::new("services/x/src/y/mod.rs", "//! X.\n")), &[1]);
}

#[test]
fn long_function_is_found_whatever_its_strings_say() {
    let function = |lines: usize| {
        let body = "    f(\"}\"); // }\n\n".repeat(lines);
        Source::new(
            "services/x/src/y.rs",
            &format!("trait T {{ fn a(&self) -> [u8; 2]; }}\nfn b() {{\n{body}}}\n"),
        )
    };
    check_lines(&function_budget(&function(FUNCTION_LINES_MAX)), &[]);
    check_lines(&function_budget(&function(FUNCTION_LINES_MAX + 1)), &[2]);
}

#[test]
fn banned_word_is_found_in_tests_too_but_unwrap_only_outside() {
    let text = "//! x.unwrap()\nx.unwrap();\ny.unwrap_or(1);\n#[cfg(test)]\nmod tests {\n  #[ignore = \"s\"]\n  fn z() { x.unwrap(); todo!() }\n}\n";
    check_lines(&banned_words(&Source::new("services/x/src/y.rs", text)), &[7, 6, 2]);
    check_lines(&banned_words(&Source::new("services/x/src/y/tests.rs", text)), &[7, 6]);
}

//! Rules and paths are pure: law 3 of DESIGN section 2. Time and ids arrive in
//! the command, so that a rule answers the same today, in a test and in a replay.

use crate::{
    report::{Finding, check_lines, hold},
    source::{RUST, Source, lines_with},
};

/// What pure code never says, and why it cannot.
const BANNED: [(&str, &[&str]); 4] = [
    ("it waits", &["async", "await", "tokio::", "futures::"]),
    ("it asks a clock", &["::now(", ".now(", "SystemTime", "Instant", "SystemClock", ".elapsed("]),
    ("it rolls dice", &["rand::", "thread_rng", "random(", "now_v7", "new_v4", "getrandom"]),
    (
        "it reaches outside",
        &[
            "fs::",
            "io::",
            "net::",
            "env::",
            "process::",
            "thread::",
            "File::open",
            "println!",
            "eprintln!",
            "print!",
            "eprint!",
            "dbg!",
        ],
    ),
];

/// Returns true for `model`, `events` and `decide` of a domain, and for all of wayfinding.
fn is_pure(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        ["services", "wayfinding", "src", ..] => true,
        ["services", _, "src", part, ..] => {
            ["model", "events", "decide"].contains(&part.strip_suffix(".rs").unwrap_or(part))
        }
        _ => false,
    }
}

fn impurities(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (what, tokens) in BANNED {
        for token in tokens {
            for line in lines_with(&source.shipped, token) {
                let problem = format!("pure code says `{token}`: {what}");
                let remedy = "take it as a field of the command or an argument, and leave the act to service.rs or react.rs";
                findings.push(Finding::new(&source.path, line, problem, remedy));
            }
        }
    }
    findings.sort_by_key(|finding| finding.line);
    findings
}

#[test]
fn rules_and_paths_are_pure() {
    let pure: Vec<&Source> = RUST.iter().filter(|source| is_pure(&source.path)).collect();
    assert!(!pure.is_empty(), "the walk found no pure file");
    hold("model, events, decide and wayfinding are pure", pure.into_iter().flat_map(impurities));
}

#[test]
fn impure_rule_is_found_and_its_tests_and_comments_are_not() {
    let text = "//! Never async.\nasync fn f() { g().await }\nlet at = Timestamp::now();\nlet id = Uuid::now_v7();\n\
                use std::fs::File;\n// println!\nlet s = \"tokio::\";\n#[cfg(test)]\nmod tests { fn x() { println!() } }\n";
    let source = Source::new("services/trips/src/decide.rs", text);
    check_lines(&impurities(&source), &[2, 2, 3, 4, 5]);
}

#[test]
fn pure_files_are_told_by_their_place() {
    for path in [
        "services/trips/src/decide.rs",
        "services/baggage/src/model/plate.rs",
        "services/flights/src/events.rs",
        "services/wayfinding/src/imdf/read.rs",
    ] {
        assert!(is_pure(path), "{path}");
    }
    for path in
        ["services/trips/src/service.rs", "services/trips/src/react/model.rs", "tests/house/src/lib.rs"]
    {
        assert!(!is_pure(path), "{path}");
    }
}

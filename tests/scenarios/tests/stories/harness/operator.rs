//! What an operator does from the command line, on a data folder.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use serde_json::Value;

use super::process::{Yard, airside, run};

/// Runs a command of the operator on a data folder.
pub(crate) async fn operate(data: &Path, arguments: &[&str]) -> Output {
    let data = data.display().to_string();
    let (words, rest) = arguments.split_at(2.min(arguments.len()));
    run(airside([words, &["--data", &data], rest].concat()), "").await
}

/// Runs a command that must succeed with `--json`; returns what it answers.
pub(crate) async fn answer(data: &Path, arguments: &[&str]) -> Value {
    let output = operate(data, &[arguments, &["--json"]].concat()).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {said}\n{}", text(&output.stdout));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {said}"))
}

/// Runs a command that must be refused; returns what it says.
pub(crate) async fn refuses(data: &Path, arguments: &[&str], words: &[&str]) -> String {
    let output = operate(data, arguments).await;
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
    for word in words {
        assert!(said.contains(word), "{word:?} is not in {said}");
    }
    assert!(!said.contains("panicked"), "{said}");
    said
}

/// Checks the log; returns the exit code and the report.
pub(crate) async fn verify(data: &Path, more: &[&str]) -> (i32, Value) {
    let output = operate(data, &[&["log", "verify", "--json"], more].concat()).await;
    let report = serde_json::from_slice(&output.stdout);
    (output.status.code().unwrap(), report.unwrap_or_else(|_| panic!("{}", text(&output.stderr))))
}

/// A second place for the evidence, and the environment that names it.
pub(crate) struct Second(pub(crate) PathBuf);

impl Second {
    pub(crate) fn beside(yard: &Yard) -> Self {
        let path = yard.beside("second");
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn as_text(&self) -> String {
        self.0.display().to_string()
    }

    /// Returns what a server is told, to sign and copy at short intervals.
    pub(crate) fn environment(&self) -> [(&'static str, String); 2] {
        [("AIRSIDE_EVIDENCE__SECOND", self.as_text()), ("AIRSIDE_EVIDENCE__EVERY", "100ms".to_owned())]
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

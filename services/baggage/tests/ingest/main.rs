//! The RP 1745 parser against its samples, its nasty cases and random input.

#![allow(clippy::unwrap_used, reason = "helpers of tests may unwrap as tests do")]

mod cases;
mod control;
mod joined;
mod nasty;
mod properties;
mod rare;
mod said;
mod samples;
mod transfer;

use airside_baggage::ingest::{self, Parsed};
use jiff::Timestamp;

/// Friday, 20 November 2026, 17:20 in Shenzhen.
const RECEIPT: &str = "2026-11-20T09:20:00Z";

/// Reads a text as received at [`RECEIPT`].
fn read(text: &str) -> Vec<Parsed<'_>> {
    read_at(text, RECEIPT)
}

fn read_at<'a>(text: &'a str, receipt: &str) -> Vec<Parsed<'a>> {
    let receipt: Timestamp = receipt.parse().unwrap();
    ingest::messages(text, receipt).collect()
}

/// The plates of each group.
fn plates(message: &Parsed<'_>) -> Vec<Vec<String>> {
    message.groups.iter().map(|g| g.bags.iter().map(ToString::to_string).collect()).collect()
}

/// The findings as `severity code line`.
fn findings(message: &Parsed<'_>) -> Vec<String> {
    let line = |d: &ingest::Diagnostic| format!("{:?} {} {}", d.severity(), d.code(), d.line);
    message.diagnostics.iter().map(|d| line(d).to_lowercase()).collect()
}

/// Reads one message and checks its plates and findings.
#[track_caller]
fn check(text: &str, groups: &[&[&str]], expected: &[&str]) {
    let read = read(text);
    assert_eq!(read.len(), 1, "{text}");
    assert_eq!(plates(&read[0]), groups, "{text}");
    assert_eq!(findings(&read[0]), expected, "{text}");
}

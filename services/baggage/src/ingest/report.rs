//! What `airside baggage parse` prints: one JSON object a message.
//!
//! The shape is pinned: outsiders read it. Keys may be added to a group, none may change.

use jiff::Timestamp;
use serde::Serialize;

use super::conformance::file_violations;
use super::findings::{Diagnostic, Severity};
use super::message::{Change, Element, Group};
use super::{Flight, Parsed, Violation, decode, messages, violations};
use crate::model::LicencePlate;

/// One message. It shows personal text, for whoever owns the file; so it has no `Debug`.
#[derive(Serialize)]
pub struct Report {
    /// The file it was read from, as the caller names it.
    pub file: String,
    /// Its place among the file's messages, from 0.
    pub index: usize,
    /// Its type, such as `BSM`; empty for what a strict judge finds beside messages.
    #[serde(rename = "type")]
    pub message_type: &'static str,
    /// `CHG`, `DEL` or null.
    pub change: Option<&'static str>,
    /// Every element in order, as it came.
    pub elements: Vec<ReportElement>,
    /// Passenger groups of a BSM or BPM.
    pub groups: Vec<ReportGroup>,
    /// Findings in the order of the text.
    pub diagnostics: Vec<ReportDiagnostic>,
}

/// One element.
#[derive(Serialize)]
pub struct ReportElement {
    /// Its name, such as `.V`; empty for a line that is no element.
    pub element: String,
    /// Line of the file, from 1.
    pub line: u32,
    /// Its text as it came.
    pub text: String,
}

/// One passenger group.
#[derive(Debug, Serialize)]
pub struct ReportGroup {
    /// Plates in order, ranges expanded, each once in a message.
    pub bags: Vec<LicencePlate>,
    /// How many no-reads it reports.
    pub no_reads: u32,
    /// Inbound flight, such as `CZ3502-20261120`; without its day when that is not known.
    pub inbound: Option<String>,
    /// Outbound flight.
    pub outbound: Option<String>,
    /// Later flights in travel order.
    pub onward: Vec<String>,
    /// When its bags were seen.
    pub seen_at: Option<Timestamp>,
}

/// One finding.
#[derive(Debug, Serialize)]
pub struct ReportDiagnostic {
    /// `error`, `warning` or `info`.
    pub severity: Severity,
    /// Stable code.
    pub code: &'static str,
    /// Line of the file, from 1.
    pub line: u32,
    /// Character of the line, from 1.
    pub column: u32,
    /// The element, its rule and the remedy.
    pub text: String,
}

/// How a file is judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Judge {
    /// As traffic is: what can be understood is taken.
    #[default]
    Tolerant,
    /// As a conformance test is: each sub-item in the form that RP 1745 gives it, and nothing odd.
    Strict,
}

/// Reads a file and reports each of its messages. `receipt` is when it came, and settles the year
/// of every date. A strict judge reports what is no message too: last, and of no type.
pub fn report(file: &str, input: &[u8], receipt: Timestamp, judge: Judge) -> Vec<Report> {
    let text = decode(input);
    let messages = messages(&text, receipt);
    match judge {
        Judge::Tolerant => messages.map(|message| report_one(file, &message)).collect(),
        Judge::Strict => report_strictly(file, &text, &messages.collect::<Vec<_>>()),
    }
}

fn report_strictly(file: &str, text: &str, messages: &[Parsed<'_>]) -> Vec<Report> {
    let mut reports: Vec<Report> = messages.iter().map(|message| report_one(file, message)).collect();
    for (report, message) in reports.iter_mut().zip(messages) {
        let found = violations(message);
        // What a sub-item is told of once is told in full; the alphabet is told line by line below.
        report.diagnostics.retain(|told| {
            !matches!(told.code, "alphabet" | "lower-case")
                && !found
                    .iter()
                    .any(|it| (it.line, it.column) == (told.line, told.column) && it.code == "form")
        });
        report.diagnostics.extend(found.into_iter().map(report_violation));
    }
    let mut beside = Vec::new();
    for violation in file_violations(text, messages.len()) {
        let at = messages.iter().rposition(|message| message.line <= violation.line);
        let holder =
            at.filter(|at| violation.code == "alphabet" && is_within(&messages[*at], violation.line));
        match holder {
            Some(at) if is_told(&messages[at], &reports[at], &violation) => {}
            Some(at) => reports[at].diagnostics.push(report_violation(violation)),
            None => beside.push(report_violation(violation)),
        }
    }
    if !beside.is_empty() {
        let (file, index) = (file.to_owned(), messages.len());
        let (elements, groups) = (Vec::new(), Vec::new());
        let none =
            Report { file, index, message_type: "", change: None, elements, groups, diagnostics: beside };
        reports.push(none);
    }
    for report in &mut reports {
        report.diagnostics.sort_by_key(|finding| (finding.line, finding.column));
    }
    reports
}

/// Whether a line is one of a message's; its END line follows its last element.
fn is_within(message: &Parsed<'_>, line: u32) -> bool {
    line <= message.elements.last().map_or(message.line, |last| last.line).saturating_add(1)
}

/// Whether a foreign character makes a sub-item or a line wrong that is reported already.
fn is_told(message: &Parsed<'_>, report: &Report, violation: &Violation) -> bool {
    let Some(element) = message.elements.iter().find(|element| element.line == violation.line) else {
        return false;
    };
    let offset = usize::try_from(violation.column.saturating_sub(element.column)).unwrap_or_default();
    let before = element.text.chars().take(offset);
    let item = before.enumerate().filter(|(_, c)| *c == '/').last().map_or(0, |(at, _)| at + 1);
    let column = element.column.saturating_add(u32::try_from(item).unwrap_or(u32::MAX));
    let mut told = report.diagnostics.iter().filter(|told| told.line == violation.line);
    told.any(|told| match told.code {
        "form" => told.column == column,
        code => matches!(code, "stray-line" | "element-form"),
    })
}

/// Returns whether the reports make the command exit with 1: for a tolerant judge an error does,
/// for a strict one a warning too.
pub fn has_faults(reports: &[Report], judge: Judge) -> bool {
    let least = if judge == Judge::Strict { Severity::Warning } else { Severity::Error };
    reports.iter().flat_map(|report| &report.diagnostics).any(|finding| finding.severity >= least)
}

fn report_violation(violation: Violation) -> ReportDiagnostic {
    let Violation { line, column, code, text } = violation;
    ReportDiagnostic { severity: Severity::Error, code, line, column, text }
}

fn report_one(file: &str, message: &Parsed<'_>) -> Report {
    Report {
        file: file.to_owned(),
        index: message.index,
        message_type: message.message_type.as_str(),
        change: message.change.map(Change::as_str),
        elements: message.elements.iter().map(report_element).collect(),
        groups: message.groups.iter().map(report_group).collect(),
        diagnostics: message.diagnostics.iter().map(report_diagnostic).collect(),
    }
}

fn report_element(element: &Element<'_>) -> ReportElement {
    ReportElement { element: element.name(), line: element.line, text: element.text.to_owned() }
}

fn report_group(group: &Group<'_>) -> ReportGroup {
    ReportGroup {
        bags: group.bags.clone(),
        no_reads: group.no_reads,
        inbound: group.inbound.as_ref().and_then(report_flight),
        outbound: group.outbound.as_ref().and_then(report_flight),
        onward: group.onward.iter().filter_map(report_flight).collect(),
        seen_at: group.processing.and_then(|processing| processing.time).map(|time| time.at),
    }
}

fn report_flight(flight: &Flight) -> Option<String> {
    let undated = || flight.designator.map(|designator| designator.to_string());
    flight.dated().map(|dated| dated.to_string()).or_else(undated)
}

fn report_diagnostic(diagnostic: &Diagnostic) -> ReportDiagnostic {
    ReportDiagnostic {
        severity: diagnostic.severity(),
        code: diagnostic.code(),
        line: diagnostic.line,
        column: diagnostic.column,
        text: diagnostic.text(),
    }
}

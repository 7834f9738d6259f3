//! What was found so far, bounded: a map of a stranger may be wrong a million times over.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Severity};

/// The most findings of one rule in one file that are told one by one; an airport has fewer doors.
pub const FINDINGS_KEPT: usize = 1_000;

/// Findings in order, the same whatever order they came in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    by_rule: BTreeMap<(&'static str, String), (BTreeSet<Finding>, usize)>,
    violated: bool,
}

impl Findings {
    pub(crate) fn push(&mut self, finding: Finding) {
        self.violated |= finding.severity == Severity::Violation;
        let (kept, dropped) = self.by_rule.entry((finding.rule, finding.file.clone())).or_default();
        kept.insert(finding);
        if kept.len() > FINDINGS_KEPT {
            kept.pop_last();
            *dropped += 1;
        }
    }

    pub(crate) fn extend(&mut self, findings: impl IntoIterator<Item = Finding>) {
        findings.into_iter().for_each(|finding| self.push(finding));
    }

    /// Tells whether the map is refused.
    pub(crate) fn violated(&self) -> bool {
        self.violated
    }

    /// Returns them, worst first; of a rule with too many the last says how many are left out.
    pub(crate) fn into_vec(self) -> Vec<Finding> {
        let mut all = Vec::new();
        for (kept, dropped) in self.by_rule.into_values() {
            let more = kept.last().filter(|_| dropped > 0).map(|last| Finding {
                feature_id: None,
                text: format!("and {dropped} more of this rule"),
                ..last.clone()
            });
            all.extend(kept.into_iter().chain(more));
        }
        all.sort();
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(number: usize) -> Finding {
        let (text, remedy) = (format!("{number:05}"), String::new());
        let (severity, file) = (Severity::Warning, "unit".to_owned());
        Finding { severity, rule: "unit-flat", file, feature_id: None, text, remedy }
    }

    #[test]
    fn more_findings_than_are_kept_are_counted_in_any_order() {
        let all: Vec<_> = (0..FINDINGS_KEPT + 7).map(finding).collect();
        let told = |findings: &mut dyn Iterator<Item = Finding>| {
            let mut kept = Findings::default();
            kept.extend(findings);
            kept.into_vec()
        };
        let forth = told(&mut all.iter().cloned());
        assert_eq!(forth, told(&mut all.iter().rev().cloned()));
        assert_eq!(forth.len(), FINDINGS_KEPT + 1);
        assert_eq!(forth.last().unwrap().text, "and 7 more of this rule");
    }
}

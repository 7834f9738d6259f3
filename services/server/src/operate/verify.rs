//! Verify: is the log whole, and is it the one that was signed.
//!
//! First the log by itself: every commit, event and entry of the index. Then
//! the log against the checkpoints beside it, and against those of another
//! place where one is named, which whoever altered the log could not reach.

use std::path::{Path, PathBuf};

use airside_evidence::{CheckError, CheckOptions, VerifierKey, check};
use airside_kernel::EventStore;
use serde::{Deserialize, Serialize};

use super::{Caller, OrderError, Parts, long::long};
use crate::evidence;

/// What the log is held against.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Verify {
    /// A file of checkpoints, or a folder that holds one, beside the log's own.
    pub from: Option<PathBuf>,
    /// The keys that may have signed those, each as `name+hash+key`; the log's own when empty.
    pub keys: Vec<String>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyReport {
    /// True when nothing is wrong.
    pub sound: bool,
    /// Which log it is.
    pub log_id: String,
    /// Its generation.
    pub generation: u64,
    /// The position up to which it was checked.
    pub head: u64,
    /// How many events were read and are whole.
    pub events: u64,
    /// How many commits were read and are whole.
    pub commits: u64,
    /// How many segments were read.
    pub segments: usize,
    /// How many entries of the index were checked.
    pub index_entries: u64,
    /// SHA-256 of the last commit, in hexadecimal.
    pub last_commit: String,
    /// What was held against the log: its own evidence, then the other place.
    pub evidence: Vec<Evidence>,
    /// What is wrong, the log itself first; the first thousand of the log and all of the evidence.
    pub findings: Vec<Found>,
    /// How many things are wrong.
    pub findings_total: u64,
    /// What is not wrong and still worth knowing.
    pub notes: Vec<Found>,
}

/// Checkpoints that were held against the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Where they lie.
    pub path: PathBuf,
    /// How many there are.
    pub checkpoints: u64,
    /// How many events are proven to be what was signed.
    pub proven: u64,
    /// The keys that signed.
    pub keys: Vec<String>,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// What it is about: `log`, or the path of the evidence.
    pub about: String,
    /// The position, when it is about one.
    pub position: Option<u64>,
    /// What was found, and what helps.
    pub text: String,
}

/// Checks the log.
pub(super) async fn verify(
    order: &Verify,
    parts: &Parts,
    caller: &Caller,
) -> Result<VerifyReport, OrderError> {
    let given = keys(order)?;
    let store = parts.embedded()?.clone();
    let log = long(caller, "events checked", move |teller| {
        store.verify(&mut |step| teller.tell(step.done, step.total))
    });
    let log = log.await??;
    let mut report = VerifyReport {
        sound: false,
        log_id: log.log_id.to_string(),
        generation: log.generation,
        head: log.head,
        events: log.events,
        commits: log.commits,
        segments: log.segments,
        index_entries: log.index_entries,
        last_commit: log.last_commit,
        evidence: Vec::new(),
        findings: Vec::new(),
        findings_total: log.findings_total,
        notes: Vec::new(),
    };
    report.findings.extend(log.findings.into_iter().map(|finding| {
        let stream = finding.stream.map(|stream| format!(" ({stream})")).unwrap_or_default();
        Found {
            about: "log".to_owned(),
            position: finding.position,
            text: format!("{}{stream}: {}", finding.file, finding.what),
        }
    }));
    let known = evidence::known_keys(&parts.config).map_err(OrderError::broken)?;
    let own = parts.places.evidence();
    if airside_evidence::newest(&own).map_err(OrderError::broken)?.is_some() {
        let keys: Vec<_> = known.iter().chain(&given).cloned().collect();
        report.hold_against(&own, &keys, parts, caller).await?;
    } else {
        let text = "no checkpoint is beside the log yet, so nothing tells whether it was altered".to_owned();
        report.notes.push(Found { about: own.display().to_string(), position: None, text });
    }
    if let Some(from) = &order.from {
        let keys = if given.is_empty() { &known } else { &given };
        report.hold_against(from, keys, parts, caller).await?;
    }
    report.sound = report.findings_total == 0;
    Ok(report)
}

fn keys(order: &Verify) -> Result<Vec<VerifierKey>, OrderError> {
    let keys = order.keys.iter().map(|key| key.parse());
    keys.collect::<Result<_, _>>()
        .map_err(|error: airside_evidence::Malformed| OrderError::refused(error.to_string()))
}

impl VerifyReport {
    async fn hold_against(
        &mut self,
        path: &Path,
        keys: &[VerifierKey],
        parts: &Parts,
        caller: &Caller,
    ) -> Result<(), OrderError> {
        let progress = |done, total| {
            // A caller that has left drops this very work.
            let _ = caller.progress("events held against checkpoints", done, total);
        };
        let options = CheckOptions {
            evidence: path,
            keys,
            verify: evidence::VERIFY,
            restored: parts.restored()?,
            progress: &progress,
        };
        let store: &dyn EventStore = &**parts.embedded()?;
        let about = path.display().to_string();
        let said = |text: String| Found { about: about.clone(), position: None, text };
        let checked = match check(store, options).await {
            Ok(checked) => checked,
            Err(error @ CheckError::Foreign { .. }) => {
                self.findings_total += 1;
                self.findings.push(said(error.to_string()));
                return Ok(());
            }
            Err(error) => return Err(OrderError::broken(error)),
        };
        self.findings_total += checked.findings.len() as u64;
        self.findings.extend(checked.findings.iter().map(|finding| said(finding.to_string())));
        self.notes.extend(checked.notes.iter().map(|note| said(note.to_string())));
        self.evidence.push(Evidence {
            path: path.to_owned(),
            checkpoints: checked.checkpoints,
            proven: checked.proven,
            keys: checked.keys,
        });
        Ok(())
    }
}

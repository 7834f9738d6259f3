//! What is wrong with a map, said so that a map maker can mend it.
//!
//! IMDF's own rules ask whether a file is well formed; routing asks more: does every door join two rooms, can
//! every place be reached, and by a wheelchair too. A map with a violation is refused; warnings are places
//! where passengers would be led badly or not at all. A category alone never decides what can be walked:
//! real maps label doors as roads.
//!
//! The rules of OGC's IMDF validations stand here under names of our own, with OGC's severities: what must be
//! is a violation, what should be a warning.
//!
//! | OGC | here |
//! |---|---|
//! | FileMustBeValidGeoJSON, FileMustContainFeatureCollection | `json-bad`, `collection-missing`, `geometry-bad` |
//! | ManifestFileMustBePresent | `file-missing`, `manifest-bad`, `manifest-version`, `manifest-incomplete` |
//! | FeatureMustHaveId, FeatureIdMustBeString, MustNotBeEmpty, MustBeUnique | `feature-id-missing`, `id-not-uuid`, `id-twice` |
//! | FeatureMustHaveFeatureType, FeatureTypeMustBeString, MustNotBeEmpty | `feature-type` |
//! | ReferencedFeatureIDMustBeResolvable | `reference-dangling`, `reference-to-itself` |
//! | VenueCountMustBeExactlyOne | `venue-count` |
//! | NameMustBeString | `name-bad` |
//! | \*MustHaveCategory | `category-missing`, `category-unknown`, `category-implausible` |
//! | AddressMustHaveAddress, Locality, Country; AddressShouldHavePostalCode | `address-missing`, `locality-missing`, `country-missing`; `postal-code-missing` |
//! | VenueMustHaveAddressId; AnchorShouldHaveAddressId, BuildingAddressIdShouldBeProvided | `address-id-missing` |
//! | VenueMustHaveName, OccupantMustHaveName; AmenityNameShouldBeProvided | `name-missing` |
//! | \*ShouldHaveDisplayPoint | `display-point-missing` |
//! | FootprintMustHaveBuildingId; LevelShouldHaveBuildingIds | `building-ids-missing` |
//! | LevelMustHaveOrdinal, LevelMustHaveShortName | `ordinal-missing`, `short-name-missing` |
//! | Unit-, Section-, Fixture-, KioskMustHaveLevelId; Opening-, DetailShouldHaveLevelId | `level-id-missing` |
//! | AmenityMustHaveUnitIds; AnchorShouldHaveUnitId | `unit-ids-missing`; `unit-id-missing` |
//! | RelationshipMustHaveOrigin, RelationshipMustHaveDestination | `relationship-end-missing`, `direction-missing` |
//! | what the standard requires and no rule asks | `anchor-id-missing`, `outdoor-missing` |
//!
//! Not asked, since nothing here reads it: whether addresses differ and name units, the anchors of fixtures,
//! and the addresses of levels.
//!
//! What no rule of OGC asks: `opening-joins-nothing`, `opening-one-sided`, `opening-narrow`, `unit-overlap`,
//! `unit-twice`, `ring-crosses-itself`, `ordinal-twice`, `name-cut`, `level-uncovered`, `walkway-implied`,
//! `outdoors-implied`, `entrance-implied`, `shaft-alone`, `shaft-without-way`, `place-unreachable`,
//! `place-not-accessible`.
//!
//! A map of a stranger may be wrong a million times over: of each rule and file [`FINDINGS_KEPT`] findings are
//! told one by one, and the rest is counted.

use std::fmt;

use serde::Serialize;

use crate::graph::Graph;
use crate::imdf::FeatureId;
use crate::source::Source;
use crate::{gtfs, mlit};

mod coverage;
mod findings;
mod overlap;
pub(crate) mod routing;
pub(crate) mod structure;

pub use findings::FINDINGS_KEPT;
pub(crate) use findings::Findings;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The map is refused.
    Violation,
    /// The map is used, but somebody will be led badly.
    Warning,
    /// Worth knowing.
    Info,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Violation => "violation",
            Self::Warning => "warning",
            Self::Info => "info",
        })
    }
}

/// One thing found in a map.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The rule's name, such as `reference-dangling`.
    pub rule: &'static str,
    /// The feature type or file it stands in.
    pub file: String,
    /// The feature, where there is one.
    pub feature_id: Option<String>,
    /// What was found.
    pub text: String,
    /// What to do about it.
    pub remedy: String,
}

impl Finding {
    /// Makes the finding of something for which a map is refused.
    pub(crate) fn violation(
        rule: &'static str,
        file: &str,
        feature: Option<&FeatureId>,
        text: String,
        remedy: &str,
    ) -> Self {
        let (severity, feature_id) = (Severity::Violation, feature.map(ToString::to_string));
        Self { severity, rule, file: file.to_owned(), feature_id, text, remedy: remedy.to_owned() }
    }
}

/// Says that a map has violations and is not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("map cannot be used (violations: {}), the first: {}; mend them and check again", .findings.len(), first(.findings))]
pub struct Refused {
    /// The violations.
    pub findings: Vec<Finding>,
}

fn first(findings: &[Finding]) -> String {
    findings.first().map_or_else(String::new, |f| {
        format!("{} in {} {}: {}", f.rule, f.file, f.feature_id.as_deref().unwrap_or_default(), f.text)
    })
}

/// Returns everything found in a map, worst first; the order does not depend on the order of its files.
pub fn check(source: &Source) -> Vec<Finding> {
    assess(source).0
}

/// Checks a map and builds its graph, when nothing forbids it.
pub(crate) fn assess(source: &Source) -> (Vec<Finding>, Option<Graph>) {
    // Floor that no unit covers is walked by nobody, unless a network says where to walk.
    let (warning, note) = (Severity::Warning, Severity::Info);
    match source {
        Source::Imdf(archive) => {
            judge(archive.findings.clone(), archive, structure::check, Graph::derive, warning)
        }
        Source::Mlit(layers) => judge(layers.findings.clone(), layers, mlit::check, mlit::derive, note),
        Source::Gtfs(feed) => judge(
            feed.findings.clone(),
            feed,
            gtfs::check,
            |feed| {
                let (graph, mut notes) = gtfs::derive(feed);
                notes.extend(gtfs::reachable(feed, &graph));
                (graph, notes)
            },
            note,
        ),
        Source::Unread(findings) => (findings.clone(), None),
    }
}

/// Adds what is wrong with the features to what reading found; a map that is whole is built and walked.
fn judge<T>(
    mut findings: Findings,
    map: &T,
    check: impl Fn(&T, &mut Findings),
    derive: impl Fn(&T) -> (Graph, Vec<Finding>),
    uncovered: Severity,
) -> (Vec<Finding>, Option<Graph>) {
    check(map, &mut findings);
    let mut graph = None;
    if !findings.violated() {
        let (built, notes) = derive(map);
        findings.extend(notes);
        routing::check(&built, &mut findings);
        coverage::ordinals(&built, &mut findings);
        coverage::check(&built, &mut findings, uncovered);
        overlap::check(&built, &mut findings);
        graph = (!findings.violated()).then_some(built);
    }
    (findings.into_vec(), graph)
}

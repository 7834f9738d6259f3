//! What a bench says: one figure, and what it is held against.

use serde::Serialize;

/// Returns what a share of sorted figures does not exceed.
pub(crate) fn share<T: Copy + Default>(sorted: &[T], share: f64) -> T {
    let at = ((sorted.len() as f64 * share) as usize).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().unwrap_or_default()
}

/// One measured figure.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Measure {
    /// The work, as on the command line.
    pub(crate) work: &'static str,
    /// What was measured.
    pub(crate) name: String,
    /// The figure.
    pub(crate) value: f64,
    /// Its unit; `ratio` is of the figure to what it is held against.
    pub(crate) unit: &'static str,
    /// Which way is better.
    pub(crate) better: Better,
    /// What must be reached.
    pub(crate) floor: Option<f64>,
    /// What should be reached.
    pub(crate) goal: Option<f64>,
    /// Whether the floor is reached.
    pub(crate) holds: bool,
    /// The limit or peer of the same run, in words and figures.
    pub(crate) against: String,
}

/// Which way a figure is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Better {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
}

impl Measure {
    /// Makes a figure that has neither floor nor goal.
    pub(crate) fn new(work: &'static str, name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self {
            work,
            name: name.into(),
            value,
            unit,
            better: Better::Higher,
            floor: None,
            goal: None,
            holds: true,
            against: String::new(),
        }
    }

    /// Sets what must and what should be reached.
    #[must_use]
    pub(crate) fn bounds(self, better: Better, floor: f64, goal: f64) -> Self {
        let holds = match better {
            Better::Higher => self.value >= floor,
            Better::Lower => self.value <= floor,
        };
        Self { better, floor: Some(floor), goal: Some(goal), holds, ..self }
    }

    /// Says that less of it is better, without bounds.
    #[must_use]
    pub(crate) fn lower_is_better(self) -> Self {
        Self { better: Better::Lower, ..self }
    }

    /// Says what it is held against.
    #[must_use]
    pub(crate) fn against(self, against: impl Into<String>) -> Self {
        Self { against: against.into(), ..self }
    }
}

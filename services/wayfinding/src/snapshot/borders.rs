//! Which places lie on one side of the borders: nobody leaves the country on a way between two of them.
//!
//! Border control is passed by who comes from abroad or goes there. Where the map joins two places without it, no
//! closure and no queue leads anybody out of the country and in again. That is settled on the
//! venue as it was drawn, on foot and with a boarding pass, so that it is the same at every moment and for
//! everyone; staff alone go where they like.

use super::components::Components;
use super::{Rows, Snapshot};
use crate::graph::EdgeKind;
use crate::graph::crossings::Check;
use crate::profile::{Rights, Who};

/// The edges that pass a border, and what is joined without them.
#[derive(Debug)]
pub(crate) struct Borders {
    passes: Vec<bool>,
    joined: Components,
}

impl Borders {
    /// Finds the borders of a map, where it has any; `usable` tells what a passenger on foot uses.
    pub(super) fn of(
        rows: &Rows<'_>,
        kind: impl Fn(usize) -> EdgeKind,
        usable: impl Fn(usize) -> bool,
    ) -> Option<Self> {
        let abroad = |edge| kind(edge).check() == Some(Check::Border);
        let passes: Vec<bool> = (0..rows.head.len()).map(abroad).collect();
        passes.contains(&true).then(|| {
            let joined = Components::of(rows, |edge| usable(edge) && !passes[edge]);
            Self { passes, joined }
        })
    }
}

impl Snapshot {
    /// Returns whose borders count: nobody's where the map has none, and not those of staff.
    pub(crate) fn borders(&self, who: Who) -> Option<&Borders> {
        self.borders.as_ref().filter(|_| who.rights < Rights::Staff)
    }

    /// Tells whether an edge passes a border.
    pub(crate) fn is_border(&self, edge: u32) -> bool {
        self.borders.as_ref().is_some_and(|borders| borders.passes[edge as usize])
    }
}

impl Borders {
    /// Tells whether a node is joined with another without a border between them.
    pub(crate) fn join(&self, from: u32, to: u32) -> bool {
        self.joined.reaches(from, to)
    }
}

//! The cheapest ways from some nodes to all, without leaving the country where that is not needed.

use super::Tree;
use super::tree::Side;
use crate::profile::NO_WAY;
use crate::search::{End, Now, Searcher};

/// The trees from some nodes: one within their side of the borders, and one that passes them.
#[derive(Clone, Copy)]
pub(crate) struct Spread<'s> {
    within: &'s Tree,
    /// Absent where no border counts.
    abroad: Option<&'s Tree>,
    now: Now<'s>,
}

impl Searcher {
    /// Measures what it costs from the ends to every node; hours count as one comes by.
    pub(crate) fn spread_out<'s>(&'s mut self, now: &Now<'s>, ends: &[End]) -> Spread<'s> {
        let bordered = now.snapshot.borders(now.who).is_some();
        let [within, abroad] = &mut self.trees;
        let stays = Now { stays: bordered, ..*now };
        within.grow(now.snapshot, ends, Side::Out, |edge, at_ms| stays.weigh_at(edge, at_ms));
        if bordered {
            abroad.grow(now.snapshot, ends, Side::Out, |edge, at_ms| now.weigh_at(edge, at_ms));
        }
        Spread { within, abroad: Some(&*abroad).filter(|_| bordered), now: *now }
    }
}

impl<'s> Spread<'s> {
    /// Returns the tree that has the way to a node.
    pub(crate) fn to(&self, node: u32) -> &'s Tree {
        let cost = |tree: &Tree| tree.cost(node).unwrap_or(NO_WAY);
        let better = |abroad: &&Tree| {
            cost(abroad) < cost(self.within) && {
                let root = abroad.root(self.now.snapshot, node);
                !self.now.snapshot.borders(self.now.who).is_some_and(|borders| borders.join(root, node))
            }
        };
        self.abroad.filter(better).unwrap_or(self.within)
    }

    /// Returns the cheapest of some goals, with the whole cost.
    pub(crate) fn cheapest(&self, goals: &[End]) -> Option<(u32, End)> {
        let each = goals.iter().filter_map(|goal| self.to(goal.node).cheapest(std::slice::from_ref(goal)));
        each.min_by_key(|(millis, _)| *millis)
    }
}

//! What searches need of a snapshot at one moment: components, and what the hierarchy's arcs cost.
//!
//! Each part is made when it is first asked for and kept as long as its moment lasts, so a change costs only
//! the profiles that somebody uses.

use std::sync::OnceLock;

use crate::cch::{Costs, Hierarchy};
use crate::overlay::Overlay;
use crate::profile::{NO_WAY, Pace, Profile};
use crate::snapshot::Snapshot;
use crate::snapshot::components::Components;

/// The parts, by profile and pace.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    costs: [[OnceLock<Costs>; Pace::ALL.len()]; Profile::ALL.len()],
    components: [OnceLock<Components>; Profile::ALL.len()],
}

impl Prepared {
    pub(crate) fn costs(
        &self,
        snapshot: &Snapshot,
        overlay: &Overlay,
        hierarchy: &Hierarchy,
        profile: Profile,
        pace: Pace,
    ) -> &Costs {
        self.costs[profile as usize][pace as usize].get_or_init(|| {
            let weights = snapshot.weights_of(profile, pace);
            hierarchy.customise(|edge| overlay.weigh(edge, weights[edge as usize]))
        })
    }

    pub(crate) fn components(&self, snapshot: &Snapshot, overlay: &Overlay, profile: Profile) -> &Components {
        self.components[profile as usize].get_or_init(|| {
            let weights = snapshot.weights_of(profile, Pace::Normal);
            let usable = |edge: usize| {
                weights[edge] != NO_WAY && !overlay.blocks(u32::try_from(edge).unwrap_or(NO_WAY))
            };
            Components::of(&snapshot.rows(), usable)
        })
    }

    /// Makes whatever was made before.
    pub(crate) fn follow(&self, before: &Self, snapshot: &Snapshot, overlay: &Overlay) {
        for profile in Profile::ALL {
            if before.components[profile as usize].get().is_some() {
                self.components(snapshot, overlay, profile);
            }
            for pace in Pace::ALL {
                let used = before.costs[profile as usize][pace as usize].get().is_some();
                if let Some(hierarchy) = snapshot.hierarchy.as_ref().filter(|_| used) {
                    self.costs(snapshot, overlay, hierarchy, profile, pace);
                }
            }
        }
    }
}

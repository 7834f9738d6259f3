//! What searches need of a snapshot at one moment: components, and what the hierarchy's arcs cost.
//!
//! Each part is made when it is first asked for and kept as long as its moment lasts, so a change costs only
//! the passengers that there are.

use std::sync::OnceLock;

use crate::cch::{Costs, Hierarchy};
use crate::overlay::Overlay;
use crate::profile::{NO_WAY, Pace, Profile, Rights, Speed, Who};
use crate::snapshot::Snapshot;
use crate::snapshot::components::Components;

/// The parts for who walks: at each pace, and at any.
#[derive(Debug, Default)]
struct Parts {
    costs: [OnceLock<Costs>; Pace::ALL.len()],
    components: OnceLock<Components>,
}

/// The parts, by profile and rights.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    parts: [[Parts; Rights::ALL.len()]; Profile::ALL.len()],
}

impl Prepared {
    fn parts(&self, who: Who) -> &Parts {
        &self.parts[who.profile as usize][who.rights as usize]
    }

    /// Returns what the arcs cost who walks at a pace of the profile.
    pub(crate) fn costs(
        &self,
        snapshot: &Snapshot,
        overlay: &Overlay,
        hierarchy: &Hierarchy,
        who: Who,
        pace: Pace,
    ) -> &Costs {
        let who = Who { speed: Speed::Pace(pace), ..who };
        self.parts(who).costs[pace as usize]
            .get_or_init(|| hierarchy.customise(|edge| overlay.weigh(edge, snapshot.weight(who, edge))))
    }

    pub(crate) fn components(&self, snapshot: &Snapshot, overlay: &Overlay, who: Who) -> &Components {
        let who = Who { speed: Speed::default(), ..who };
        self.parts(who).components.get_or_init(|| {
            let usable = |edge: usize| {
                let edge = u32::try_from(edge).unwrap_or(NO_WAY);
                snapshot.weight(who, edge) != NO_WAY && !overlay.blocks(edge)
            };
            Components::of(&snapshot.rows(), usable)
        })
    }

    /// Makes whatever was made before.
    pub(crate) fn follow(&self, before: &Self, snapshot: &Snapshot, overlay: &Overlay) {
        let all = Profile::ALL.into_iter().flat_map(|profile| Rights::ALL.map(|rights| (profile, rights)));
        for (profile, rights) in all {
            let who = Who { profile, rights, ..Who::default() };
            let before = before.parts(who);
            if before.components.get().is_some() {
                self.components(snapshot, overlay, who);
            }
            for pace in Pace::ALL {
                let used = before.costs[pace as usize].get().is_some();
                if let Some(hierarchy) = snapshot.hierarchy.as_ref().filter(|_| used) {
                    self.costs(snapshot, overlay, hierarchy, who, pace);
                }
            }
        }
    }
}

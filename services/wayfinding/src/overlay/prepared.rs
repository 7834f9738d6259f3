//! What searches need of a snapshot at one moment: components, and what the hierarchy's arcs cost.
//!
//! Each part is made when it is first asked for and kept as long as its moment lasts, so a change costs only
//! the passengers that there are.

use std::sync::OnceLock;

use crate::cch::{Costs, Hierarchy};
use crate::overlay::Overlay;
use crate::profile::{NO_WAY, Pace, Profile, Rights, Speed, Who};
use crate::search::Now;
use crate::snapshot::Snapshot;
use crate::snapshot::components::Components;

/// The parts for who walks: at each pace, and at any.
#[derive(Debug, Default)]
struct Parts {
    costs: [OnceLock<Costs>; Pace::ALL.len()],
    components: OnceLock<Components>,
}

/// The parts, by profile and rights, of who may pass borders and of who stays on their side.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    parts: [[[Parts; 2]; Rights::ALL.len()]; Profile::ALL.len()],
}

impl Prepared {
    fn parts(&self, who: Who, stays: bool) -> &Parts {
        &self.parts[who.profile as usize][who.rights as usize][usize::from(stays)]
    }

    /// Returns what the arcs cost who walks at a pace of the profile.
    pub(crate) fn costs(&self, now: &Now<'_>, hierarchy: &Hierarchy, pace: Pace) -> &Costs {
        let now = Now { who: Who { speed: Speed::Pace(pace), ..now.who }, ..*now };
        self.parts(now.who, now.stays).costs[pace as usize]
            .get_or_init(|| hierarchy.customise(|edge| now.weigh(edge)))
    }

    pub(crate) fn components(&self, now: &Now<'_>) -> &Components {
        let now = Now { who: Who { speed: Speed::default(), ..now.who }, ..*now };
        self.parts(now.who, now.stays).components.get_or_init(|| {
            let usable = |edge: usize| now.weigh(u32::try_from(edge).unwrap_or(NO_WAY)) != NO_WAY;
            Components::of(&now.snapshot.rows(), usable)
        })
    }

    /// Makes whatever was made before.
    pub(crate) fn follow(&self, before: &Self, snapshot: &Snapshot, overlay: &Overlay) {
        let all = Profile::ALL.into_iter().flat_map(|profile| Rights::ALL.map(|rights| (profile, rights)));
        for ((profile, rights), stays) in all.flat_map(|who| [(who, false), (who, true)]) {
            let who = Who { profile, rights, ..Who::default() };
            let now = Now { snapshot, overlay, who, depart: None, stays };
            let before = before.parts(who, stays);
            if before.components.get().is_some() {
                self.components(&now);
            }
            for pace in Pace::ALL {
                let used = before.costs[pace as usize].get().is_some();
                if let Some(hierarchy) = snapshot.hierarchy.as_ref().filter(|_| used) {
                    self.costs(&now, hierarchy, pace);
                }
            }
        }
    }
}

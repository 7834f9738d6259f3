//! Journeys that go on as others, such as under a rush tag.
//!
//! Who follows a journey follows what it goes on as, under the plate that they know,
//! whether the link was made before or after; each tells once, however often it is
//! followed. When a link is taken back, who came by it alone follows no more.

use std::collections::{BTreeMap, BTreeSet};

use airside_kernel::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{JOURNEY_KEPT, Telling, World, later};

/// How many journeys of one bag are followed.
const MAX_JOURNEYS: usize = 8;

/// The links that stand, each by its observation.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Links(BTreeMap<String, Link>);

/// That a journey goes on as another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Link {
    from: Uuid,
    to: Uuid,
    at: Timestamp,
}

impl Links {
    /// Forgets links that are older than any journey that is kept.
    pub(super) fn forget(&mut self, at: Timestamp) {
        self.0.retain(|_, link| later(link.at, JOURNEY_KEPT) > at);
    }

    /// Returns what a journey goes on as; a loop of links ends.
    fn onward(&self, from: Uuid) -> BTreeSet<Uuid> {
        let (mut found, mut ahead) = (BTreeSet::from([from]), vec![from]);
        while let Some(journey) = ahead.pop() {
            for link in self.0.values().filter(|link| link.from == journey) {
                if found.len() < MAX_JOURNEYS && found.insert(link.to) {
                    ahead.push(link.to);
                }
            }
        }
        found.remove(&from);
        found
    }
}

impl World {
    /// Takes in that a journey goes on as another.
    pub(super) fn link(&mut self, observation: String, from: Uuid, to: Uuid, at: Timestamp) {
        self.links.0.insert(observation, Link { from, to, at });
        self.follow_on(from, at);
    }

    /// Lets those who follow a journey follow what it goes on as.
    pub(super) fn follow_on(&mut self, from: Uuid, at: Timestamp) {
        let Some(followers) = self.journeys.get(&from).map(|journey| journey.followers.clone()) else {
            return;
        };
        for to in self.links.onward(from) {
            let next = self.journeys.entry(to).or_default();
            next.heard_at = at;
            for (person, follower) in &followers {
                next.followers.entry(*person).or_insert_with(|| follower.clone());
                self.bags.entry(*person).or_default().insert(to);
            }
        }
    }

    /// Takes in that a link does not stand, if it is one.
    pub(super) fn unlink(&mut self, observation: &str) -> Vec<Telling> {
        let Some(Link { to, .. }) = self.links.0.remove(observation) else { return Vec::new() };
        let (mut lost, mut beyond) = (Vec::new(), self.links.onward(to));
        beyond.insert(to);
        for journey in beyond {
            let Some(known) = self.journeys.get(&journey) else { continue };
            let came_by = known.followers.iter().map(|(person, follower)| (*person, follower.by));
            let gone = came_by.filter(|(_, by)| *by != journey && !self.links.onward(*by).contains(&journey));
            lost.extend(gone.map(|(person, _)| (person, journey)));
        }
        lost.into_iter().flat_map(|(person, journey)| self.part(person, journey)).collect()
    }
}

//! Where passengers cross from one part of the airport into another, and who may.
//!
//! The hall of a check is a room in a section of its category: `security`, `immigration`, `customs`. One is
//! checked where one can only go on: at the doors that lead out of the hall one way, or, where there are none
//! (a hall that is left by a lift), at those that lead in. A visitor may leave through a check but not come in;
//! security is for passengers in any case. A door that leads one way only, or is locked, lets staff through.

use std::collections::BTreeSet;

use super::derive::Work;
use super::doors::Door;
use super::{BORDER_FREE_MS, CUSTOMS_FREE_MS, Edge, EdgeKind, Room, SECURITY_FREE_MS, Zone};
use crate::hours::Hours;
use crate::imdf::FeatureId;
use crate::profile::Rights;

/// What passengers are checked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Check {
    Security,
    Border,
    Customs,
}

impl Check {
    /// Returns what a section or amenity of this category checks.
    pub(crate) fn of(category: &str) -> Option<Self> {
        match category.split('.').next()? {
            "security" => Some(Self::Security),
            "immigration" => Some(Self::Border),
            "customs" => Some(Self::Customs),
            _ => None,
        }
    }

    fn kind(self) -> EdgeKind {
        match self {
            Self::Security => EdgeKind::Security,
            Self::Border => EdgeKind::Border,
            Self::Customs => EdgeKind::Customs,
        }
    }
}

impl EdgeKind {
    /// Returns what one is checked for on such an edge.
    pub(crate) fn check(self) -> Option<Check> {
        match self {
            Self::Security => Some(Check::Security),
            Self::Border => Some(Check::Border),
            Self::Customs => Some(Check::Customs),
            _ => None,
        }
    }

    /// Returns how long the check takes when nobody waits, in milliseconds.
    fn free_ms(self) -> u32 {
        match self {
            Self::Security => SECURITY_FREE_MS,
            Self::Border => BORDER_FREE_MS,
            Self::Customs => CUSTOMS_FREE_MS,
            _ => 0,
        }
    }
}

/// The check that a room is the hall of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    pub(crate) check: Check,
    pub(crate) section: FeatureId,
}

/// Returns the sections that a door leads out of one way.
pub(super) fn left(rooms: &[Room], doors: &[Door<'_>]) -> BTreeSet<FeatureId> {
    let ways = doors.iter().flat_map(|door| [0, 1].map(|way| (door, way)));
    let out = ways.filter(|(door, way)| door.leads_one_way(*way)).filter_map(|(door, way)| {
        let [from, to] = door.rooms_of(way).map(|room| rooms[room].checkpoint.as_ref());
        from.filter(|from| to.is_none_or(|to| to.section != from.section))
    });
    out.map(|point| point.section.clone()).collect()
}

impl Work<'_> {
    /// Returns the edge through a door, forth for way 0 and back for way 1.
    pub(super) fn crossing(&self, door: &Door<'_>, way: usize, left: &BTreeSet<FeatureId>) -> Edge {
        let rooms = door.rooms_of(way);
        let [from, to] = rooms.map(|room| &self.graph.rooms[room]);
        let one_way = door.leads_one_way(way);
        let hall = match (&from.checkpoint, &to.checkpoint) {
            (Some(a), Some(b)) if a.section == b.section => None,
            (Some(point), _) if one_way && left.contains(&point.section) => Some((rooms[0], point)),
            (_, Some(point)) if one_way && !left.contains(&point.section) => Some((rooms[1], point)),
            _ => None,
        };
        let enters = from.zone == Some(Zone::Landside) && to.zone.is_some_and(Zone::is_behind);
        let kind = match hall {
            Some((_, point)) => point.check.kind(),
            None if enters => EdgeKind::Security,
            None => EdgeKind::Walk,
        };
        let mut edge = Edge { kind, millis: kind.free_ms(), ..Edge::walk(0.0, None, vec![]) };
        edge.hours.clone_from(&door.hours[way]);
        edge.needs = match kind {
            _ if !door.open[way] || door.locked => Rights::Staff,
            EdgeKind::Security => Rights::Passenger,
            EdgeKind::Border | EdgeKind::Customs if !from.zone.is_some_and(Zone::is_behind) => {
                Rights::Passenger
            }
            _ => Rights::Visitor,
        };
        if let Some((room, point)) = hall {
            edge.features.extend([point.section.clone(), self.graph.rooms[room].id.clone()]);
            for (sign, hours) in self.signs(point) {
                edge.features.push(sign.clone());
                edge.hours = edge.hours.or_else(|| hours.cloned().map(Into::into));
            }
        }
        edge
    }

    /// Returns the amenities that stand for a check, with their hours.
    fn signs(&self, point: &Checkpoint) -> impl Iterator<Item = (&FeatureId, Option<&Hours>)> {
        let in_it = |unit: &FeatureId| {
            let room = self.room_index(unit).map(|room| &self.graph.rooms[room]);
            room.and_then(|room| room.checkpoint.as_ref()).is_some_and(|own| own.section == point.section)
        };
        let checks = self.archive.amenities.iter().filter(|a| Check::of(&a.category) == Some(point.check));
        checks.filter(move |a| a.unit_ids.iter().any(in_it)).map(|a| (&a.id, a.hours.as_ref()))
    }
}

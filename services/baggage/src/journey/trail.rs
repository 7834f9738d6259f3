//! One bag under several plates: what a journey went on as, by the links that stand. Pure.
//!
//! A journey goes on as another when a link of a rush tag, a new tag or a merge says so.
//! The way follows the older links first, so that it ends under the newest; each journey
//! is on it once, so that a loop of links ends, and so do [`MAX_PLATES`] plates. A journey
//! that is surely another passenger's is never on it, whatever a link says.

use std::borrow::Cow;

use airside_api::baggage::v1::LinkKind;

use super::Journey;
use crate::model::{JourneyId, LicencePlate};

/// How many journeys of one bag are followed.
pub(crate) const MAX_PLATES: usize = 8;

/// The journeys of one bag, the one that was asked for first and the present one last.
pub(crate) struct Trail<'a>(Vec<(LicencePlate, &'a Journey)>);

impl<'a> Trail<'a> {
    /// Follows a journey to what it went on as.
    pub(crate) fn follow(
        plate: LicencePlate,
        journey: &'a Journey,
        find: impl Fn(LicencePlate, JourneyId) -> Option<&'a Journey>,
        mut are_strangers: impl FnMut(&Journey, &Journey) -> bool,
    ) -> Self {
        let (mut trail, mut ahead) = (Vec::new(), vec![(plate, journey)]);
        while let Some((plate, next)) = ahead.pop() {
            let is_on_it = trail.iter().any(|(_, known): &(_, &Journey)| known.id == next.id);
            if is_on_it || trail.iter().any(|(_, known)| are_strangers(known, next)) {
                continue;
            }
            trail.push((plate, next));
            if trail.len() == MAX_PLATES {
                break;
            }
            ahead.extend(goes_on_as(next).rev().filter_map(|(plate, id)| Some((plate, find(plate, id)?))));
        }
        Self(trail)
    }

    /// Returns the plate that the bag wears now.
    pub(crate) fn plate_now(&self) -> LicencePlate {
        self.0.last().expect("a trail has its first journey").0
    }

    /// Returns the journeys with their plates, in order.
    pub(crate) fn journeys(&self) -> impl Iterator<Item = (LicencePlate, &'a Journey)> {
        self.0.iter().copied()
    }

    /// Returns all that was observed of the bag as one journey, under the id of the first.
    pub(crate) fn whole(&self) -> Cow<'a, Journey> {
        let (first, rest) = self.0.split_first().expect("a trail has its first journey");
        match rest {
            [] => Cow::Borrowed(first.1),
            rest => Cow::Owned(first.1.joined(rest.iter().map(|(_, journey)| *journey))),
        }
    }
}

/// Returns the journeys that a journey goes on as by its own links, the newest last.
pub(crate) fn goes_on_as(
    journey: &Journey,
) -> impl DoubleEndedIterator<Item = (LicencePlate, JourneyId)> + '_ {
    let onward = journey.links().filter(|link| {
        !link.continues && matches!(link.kind, LinkKind::Rush | LinkKind::Retag | LinkKind::Merged)
    });
    onward.filter_map(|link| Some((link.other.parse().ok()?, link.other_journey?)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::{Content, Link, Observation};
    use airside_kernel::Timestamp;
    use uuid::Uuid;

    /// Makes journey `n` of plate `n` with links to others, each with its minute.
    fn journey(n: u64, onto: &[(i64, u64)]) -> Journey {
        let observation = |minute: i64| Observation {
            id: format!("l/{minute}"),
            source: "operator".to_owned(),
            station: "SZX".parse().unwrap(),
            observed_at: Timestamp::from_second(60 * minute).unwrap(),
            cause: None,
            parser_version: None,
            received_at: None,
            clock_ahead_ms: 0,
        };
        let link = |to: u64| {
            let (kind, other, other_journey) = (LinkKind::Rush, plate(to).to_string(), Some(id(to)));
            Content::Linked(Box::new(Link { journey: id(n), kind, other, other_journey, continues: false }))
        };
        let all = onto.iter().map(|(minute, to)| (observation(*minute), link(*to)).into());
        Journey { id: id(n), observations: all.collect(), opened_at: 0 }
    }

    fn id(n: u64) -> JourneyId {
        JourneyId(Uuid::from_u128(n.into()))
    }

    fn plate(n: u64) -> LicencePlate {
        format!("2479{n:06}").parse().unwrap()
    }

    #[track_caller]
    fn check(all: &[(u64, &[(i64, u64)])], stranger: Option<u64>, expected: &[u64]) {
        let all: BTreeMap<_, _> = all.iter().map(|(n, onto)| (plate(*n), journey(*n, onto))).collect();
        let find = |plate: LicencePlate, id| all.get(&plate).filter(|journey: &&Journey| journey.id == id);
        let is_stranger = |_: &Journey, next: &Journey| stranger.is_some_and(|n| next.id == id(n));
        let trail = Trail::follow(plate(1), &all[&plate(1)], find, is_stranger);
        let found: Vec<_> = trail.journeys().map(|(plate, _)| plate).collect();
        assert_eq!(found, expected.iter().map(|n| plate(*n)).collect::<Vec<_>>());
    }

    #[test]
    fn a_bag_is_followed_from_plate_to_plate_and_a_loop_of_links_ends() {
        check(&[(1, &[])], None, &[1]);
        check(&[(1, &[(5, 2)]), (2, &[(9, 3)]), (3, &[])], None, &[1, 2, 3]);
        check(&[(1, &[(5, 2)]), (2, &[(9, 1)])], None, &[1, 2]);
        check(&[(1, &[(5, 2)])], None, &[1]);
    }

    #[test]
    fn a_bag_that_was_forwarded_twice_from_its_first_tag_ends_under_the_newest_one() {
        check(&[(1, &[(5, 2), (9, 3)]), (2, &[]), (3, &[])], None, &[1, 2, 3]);
        check(&[(1, &[(5, 3), (9, 2)]), (2, &[]), (3, &[])], None, &[1, 3, 2]);
    }

    #[test]
    fn a_link_to_another_passengers_bag_is_not_followed_and_hides_no_other() {
        check(&[(1, &[(5, 2), (9, 3)]), (2, &[]), (3, &[])], Some(3), &[1, 2]);
        check(&[(1, &[(5, 2)]), (2, &[(9, 3)]), (3, &[])], Some(2), &[1]);
    }

    #[test]
    fn a_bag_is_followed_through_eight_plates_and_no_more() {
        let onto: Vec<Vec<(i64, u64)>> = (1..=10).map(|n| vec![(5, n + 1)]).collect();
        let all: Vec<_> = (1..=10).zip(onto.iter().map(Vec::as_slice)).collect();
        check(&all, None, &[1, 2, 3, 4, 5, 6, 7, 8]);
    }
}

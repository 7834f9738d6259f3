//! Tag items into plates: ranges expanded within bounds, each plate once.
//!
//! What a message claims never decides what is allocated: an item names at most 999 plates, a
//! message at most [`BAGS_MAX`], repeats and no-reads included.

use std::collections::BTreeMap;

use super::findings::Finding;
use super::message::MessageType;
use crate::model::{LicencePlate, PlateError, PlateKind};

/// How many plates one message may name, repeats and no-reads included. What it says has its ids in a
/// range of this length.
pub const BAGS_MAX: usize = 100_000;
/// How many bags are used of one raw message, no-reads included, whatever messages it holds; real ones
/// name some hundreds.
pub const RAW_BAGS_MAX: usize = 5_000;

/// A plate with a count, read but not yet expanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// This plate and the next ones.
    Range(LicencePlate, u16),
    /// The range began at the forbidden serial 000000: what follows it.
    AfterZero(LicencePlate, u16),
    /// No tag was read, this many times.
    NoRead(u16),
}

/// Which of a message's plates were already named, and in which group.
#[derive(Default)]
pub(super) struct Named {
    order: Vec<LicencePlate>,
    places: BTreeMap<LicencePlate, usize>,
    highest: Option<LicencePlate>,
    group_start: usize,
    claimed: usize,
}

/// Whether a plate is new to its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Novelty {
    New,
    InThisGroup,
    InAnotherGroup,
}

impl Tag {
    /// Reads 13 digits; ten are a plate without its count.
    pub(super) fn read(text: &str) -> Result<(Self, Option<Finding>), Finding> {
        let (plate, count) = match (text.len(), text.get(..10)) {
            (13, Some(plate)) => (plate, &text[10..]),
            (10, Some(plate)) => (plate, ""),
            _ => return Err(Finding::TagUnreadable),
        };
        let odd = count.is_empty().then_some(Finding::TagCountMissing);
        if !count.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Finding::TagUnreadable);
        }
        let count = if count.is_empty() { 1 } else { count.parse().map_err(|_| Finding::TagUnreadable)? };
        match LicencePlate::parse(plate) {
            Err(PlateError::NoRead) => Ok((Self::NoRead(count.max(1)), Some(Finding::NoRead))),
            Err(PlateError::Form) => Err(Finding::TagUnreadable),
            _ if count == 0 => Err(Finding::TagCountZero),
            Ok(first) => {
                let past_end = first.serial() + u32::from(count) > 1_000_000;
                Ok((Self::Range(first, count), past_end.then_some(Finding::RangePastEnd).or(odd)))
            }
            Err(PlateError::SerialZero) => match LicencePlate::after_serial_zero(plate) {
                Some(next) if count > 1 => {
                    Ok((Self::AfterZero(next, count - 1), Some(Finding::PlateImpossible)))
                }
                _ => Err(Finding::PlateImpossible),
            },
        }
    }

    /// Returns what is worth saying about the kind of its plates.
    pub(super) fn remark(self, kind: MessageType) -> Option<Finding> {
        let (Self::Range(plate, _) | Self::AfterZero(plate, _)) = self else { return None };
        match plate.kind() {
            PlateKind::Fallback if kind == MessageType::Bsm => Some(Finding::FallbackAnnounced),
            PlateKind::Fallback => Some(Finding::FallbackTag),
            PlateKind::Rush => Some(Finding::RushTag),
            PlateKind::Checked | PlateKind::Airline => None,
        }
    }

    /// Returns its plates in order.
    pub(super) fn plates(self) -> impl Iterator<Item = LicencePlate> {
        let (first, count) = match self {
            Self::Range(first, count) | Self::AfterZero(first, count) => (Some(first), count),
            Self::NoRead(_) => (None, 0),
        };
        std::iter::successors(first, |plate| Some(plate.following())).take(usize::from(count))
    }
}

impl Named {
    /// Reserves room for an item; false when the message names too many plates.
    pub(super) fn admit(&mut self, tag: Tag) -> bool {
        let (Tag::Range(_, count) | Tag::AfterZero(_, count) | Tag::NoRead(count)) = tag;
        let claimed = self.claimed + usize::from(count);
        if claimed <= BAGS_MAX {
            self.claimed = claimed;
        }
        claimed <= BAGS_MAX
    }

    /// Begins the next group.
    pub(super) fn next_group(&mut self) {
        self.group_start = self.order.len();
    }

    /// Names a plate. Plates mostly rise, and then none needs to be looked up.
    pub(super) fn name(&mut self, plate: LicencePlate) -> Novelty {
        let rises = self.highest.is_none_or(|highest| plate > highest);
        let place = if rises { None } else { self.place_of(plate) };
        match place {
            Some(place) if place >= self.group_start => Novelty::InThisGroup,
            Some(_) => Novelty::InAnotherGroup,
            None => {
                self.order.push(plate);
                self.highest = self.highest.max(Some(plate));
                Novelty::New
            }
        }
    }

    fn place_of(&mut self, plate: LicencePlate) -> Option<usize> {
        if self.order.len() <= 16 {
            return self.order.iter().position(|named| *named == plate);
        }
        let known = self.places.len();
        let new = self.order.iter().copied().enumerate().skip(known);
        self.places.extend(new.map(|(place, plate)| (plate, place)));
        self.places.get(&plate).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plates(text: &str) -> Vec<String> {
        Tag::read(text).unwrap().0.plates().map(|plate| plate.to_string()).collect()
    }

    #[test]
    fn a_range_wraps_inside_its_issuer_and_skips_serial_zero() {
        assert_eq!(plates("0479999998003"), ["0479999998", "0479999999", "0479000001"]);
        assert_eq!(Tag::read("0479999998003").unwrap().1, Some(Finding::RangePastEnd));
        assert_eq!(Tag::read("0479999998002").unwrap().1, None);
        assert_eq!(plates("0479000000003"), ["0479000001", "0479000002"]);
        assert_eq!(plates("0479000001999").len(), 999);
    }

    #[test]
    fn what_names_no_bag_is_refused_with_its_reason() {
        for text in [
            "",
            "047900010",
            "047900010100",
            "04790001010011",
            "047900010100A",
            "0479 00101001",
            "٣479000101",
        ] {
            assert_eq!(Tag::read(text), Err(Finding::TagUnreadable), "{text}");
        }
        assert_eq!(Tag::read("0479000101000"), Err(Finding::TagCountZero));
        assert_eq!(Tag::read("0479000000001"), Err(Finding::PlateImpossible));
        assert_eq!(Tag::read("0000000000002"), Ok((Tag::NoRead(2), Some(Finding::NoRead))));
        assert_eq!(Tag::read("0479000101").unwrap().1, Some(Finding::TagCountMissing));
    }

    #[test]
    fn a_plate_is_new_once_however_plates_are_ordered() {
        let mut named = Named::default();
        let plate = |serial: u32| LicencePlate::parse(&format!("0479{serial:06}")).unwrap();
        for serial in (1..=50).rev() {
            assert_eq!(named.name(plate(serial)), Novelty::New);
        }
        assert_eq!(named.name(plate(7)), Novelty::InThisGroup);
        named.next_group();
        assert_eq!(named.name(plate(7)), Novelty::InAnotherGroup);
        assert_eq!(named.name(plate(60)), Novelty::New);
        assert_eq!(named.name(plate(60)), Novelty::InThisGroup);
    }
}

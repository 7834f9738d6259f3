//! What each type of message is made of: its elements, their order, and what it cannot do without
//! (IATA RP 1745).
//!
//! Senders disagree about order and leave much out, so nothing here refuses a message: the tables
//! say what is worth a finding.

use super::message::MessageType;

/// Letters that RP 1745 defines.
pub(super) const KNOWN: &str = "VAFIONBSJUQDGHWPLYCTKERXM";

/// The make-up of one type.
pub(super) struct Shape {
    /// Its elements after `.V`, in their order within a group.
    order: &'static str,
    /// Elements that may stand anywhere.
    free: &'static str,
    /// Whether `.B` may stand for `.N`.
    takes_status: bool,
    /// Whether it must name a bag.
    pub(super) names_bags: bool,
    /// Whether a plate stands without a count.
    pub(super) single_plates: bool,
}

/// Where an element stands in the order of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// RP 1745 does not know it.
    Unknown,
    /// It does not belong in this type.
    Unexpected,
    /// It may stand anywhere.
    Free,
    /// Its rank among the elements of a group.
    Ranked(usize),
}

const fn shape(order: &'static str, free: &'static str) -> Shape {
    Shape { order, free, takes_status: false, names_bags: true, single_plates: false }
}

static BSM: Shape = shape("FIONDSHWPGYCLTKERXM", "");
static BTM: Shape = shape("IFNWOPE", "");
static BPM: Shape = Shape { takes_status: true, ..shape("JFUNDQSHWPGYCLTKERXM", "IO") };
static BUM: Shape = shape("KFUNIOQSHWPYCLTERX", "");
static BNS: Shape = Shape { takes_status: true, ..shape("FNP", "") };
static BCM: Shape = Shape { names_bags: false, ..shape("AF", "") };
static BMM: Shape = shape("FUN", "");
static BRQ: Shape = Shape { single_plates: true, ..shape("FNHEM", "") };

impl Shape {
    /// Returns the make-up of a type.
    pub(super) fn of(kind: MessageType) -> &'static Self {
        match kind {
            MessageType::Bsm => &BSM,
            MessageType::Btm => &BTM,
            MessageType::Bpm => &BPM,
            MessageType::Bum => &BUM,
            MessageType::Bns => &BNS,
            MessageType::Bcm => &BCM,
            MessageType::Bmm => &BMM,
            MessageType::Brq => &BRQ,
        }
    }

    /// Returns where an element stands.
    pub(super) fn standing(&self, letter: char) -> Standing {
        let stands_for = if letter == 'B' && self.takes_status { 'N' } else { letter };
        match self.order.find(stands_for) {
            _ if !KNOWN.contains(letter) => Standing::Unknown,
            _ if self.free.contains(letter) => Standing::Free,
            None => Standing::Unexpected,
            Some(rank) => Standing::Ranked(rank),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_of_every_type_is_known_and_stands_once() {
        for kind in MessageType::ALL {
            let shape = Shape::of(kind);
            for (at, letter) in shape.order.char_indices() {
                assert!(KNOWN.contains(letter), "{kind} {letter}");
                assert_eq!(shape.order.find(letter), Some(at), "{kind} {letter} stands twice");
            }
        }
    }

    #[test]
    fn a_status_stands_for_a_tag_only_where_bags_may_be_irregular() {
        for kind in MessageType::ALL {
            let takes = matches!(kind, MessageType::Bpm | MessageType::Bns);
            let standing = Shape::of(kind).standing('B');
            assert_eq!(matches!(standing, Standing::Ranked(_)), takes, "{kind}");
        }
        assert_eq!(Shape::of(MessageType::Bsm).standing('Z'), Standing::Unknown);
        assert_eq!(Shape::of(MessageType::Bpm).standing('O'), Standing::Free);
        assert_eq!(Shape::of(MessageType::Bmm).standing('P'), Standing::Unexpected);
    }
}

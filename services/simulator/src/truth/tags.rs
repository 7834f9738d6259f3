//! The tags that bags wear: those they get on their way, and one plate on two bags at once.

use airside_api::baggage::v1::{LinkKind, TrackingPoint};
use rand::rngs::StdRng;

use super::{Announcement, Bag, Flight, LEADING, NewTag, Passenger, Plan, chance, later};

/// A tag that was torn off in the screening is noticed and replaced after this time, seconds.
const NOTICED_S: i64 = 30;
/// The leading digit of a rush tag (IATA Resolution 740).
const RUSH: char = '2';
/// Serials of rush tags begin here; malformed messages use those below.
const RUSH_FROM: usize = 500_000;

/// Gives some bags another tag on their way, and some the plate of another passenger's.
pub(super) fn grow(
    plan: &Plan,
    flights: &[Flight],
    passengers: &[Passenger],
    bags: &mut [Bag],
    rng: &mut StdRng,
) {
    for (index, bag) in bags.iter_mut().enumerate() {
        bag.new_tag = match bag.reflight {
            Some((next, at)) if chance(rng, plan.noise.rush_tags) => {
                Some(NewTag { plate: rush_plate(plan, index, bag), flight: next, at, kind: LinkKind::Rush })
            }
            None if is_plain(&passengers[bag.passenger]) && chance(rng, plan.noise.retagged) => {
                retag(plan, bag)
            }
            _ => None,
        };
        let is_told_anew =
            |tag: &NewTag| tag.kind == LinkKind::Rush && bag.way.last().is_some_and(|step| step.at >= tag.at);
        // Under its rush tag it is on its way again.
        bag.outcome.left_behind &= !bag.new_tag.as_ref().is_some_and(is_told_anew);
    }
    twins(plan, flights, passengers, bags, rng);
}

fn is_plain(passenger: &Passenger) -> bool {
    passenger.announcement == Announcement::Plain
}

fn rush_plate(plan: &Plan, index: usize, bag: &Bag) -> String {
    let offset = usize::try_from(plan.seed % 400_009).unwrap_or(0);
    format!("{RUSH}{}{:06}", &bag.plate[1..4], RUSH_FROM + (offset + index) % (999_999 - RUSH_FROM))
}

/// Replaces a tag after the screening, by one with the same number and another leading digit.
fn retag(plan: &Plan, bag: &Bag) -> Option<NewTag> {
    let screened = bag.way.iter().find(|step| step.point == TrackingPoint::Screening)?;
    let leading = LEADING[(plan.wave as usize + LEADING.len() - 1) % LEADING.len()];
    let plate = format!("{leading}{}", &bag.plate[1..]);
    let at = later(screened.at, NOTICED_S);
    plan.has_come(at).then_some(NewTag { plate, flight: bag.flight, at, kind: LinkKind::Retag })
}

/// Lets two passengers of one airline and of different flights wear one plate. Both are announced: of
/// a bag without an announcement nobody could tell that it is not the other one, gone astray.
fn twins(plan: &Plan, flights: &[Flight], passengers: &[Passenger], bags: &mut [Bag], rng: &mut StdRng) {
    let able = |bag: &Bag| {
        let passenger = &passengers[bag.passenger];
        let is_alone = passenger.bags.len() == 1 && !bag.has_twin;
        is_alone && is_plain(passenger) && bag.new_tag.is_none() && !bag.plate_is_reused
    };
    for first in 0..bags.len() {
        if !able(&bags[first]) || !chance(rng, plan.noise.twins) {
            continue;
        }
        let (one, of_one) = (&bags[first], &passengers[bags[first].passenger]);
        let fits = |other: &Bag| {
            let of_other = &passengers[other.passenger];
            able(other)
                && other.plate[1..4] == one.plate[1..4]
                && of_other.surname != of_one.surname
                && flights[of_other.flight].id != flights[of_one.flight].id
                && of_other.inbound != Some(of_one.flight)
        };
        if let Some(second) = (first + 1..bags.len()).find(|index| fits(&bags[*index])) {
            bags[second].plate = bags[first].plate.clone();
            (bags[first].has_twin, bags[second].has_twin) = (true, true);
        }
    }
}

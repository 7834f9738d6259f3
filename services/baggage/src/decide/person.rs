//! Whether two announcements of a plate are of one passenger. Pure.
//!
//! One record locator is one passenger, whatever the names: a name may be corrected.
//! Two airlines of a codeshare have two locators for one passenger, so those decide only
//! where a name is wanting. Names are compared as RP 1745 leaves them, without blanks,
//! hyphens and titles. A surname is the same when it is equal, or cut where systems cut long
//! ones: LI is not LIU. A given name may be an initial or cut anywhere. What was erased, or was
//! never told, is no other passenger: operations go on without it, and it proves nothing.

use airside_kernel::Personal;

use crate::{
    journey::{Journey, Plate},
    model::{Announcement, Content, JourneyId},
};

/// What is glued to a given name.
const TITLES: [&str; 8] = ["MSTR", "MISS", "CHD", "INF", "MRS", "MR", "MS", "DR"];

/// The shortest surname that a system cuts: the fields of old ones end at some ten letters.
const CUT_MIN: usize = 8;

/// What is known of a passenger, in clear.
struct Person {
    names: Option<String>,
    locator: Option<String>,
}

/// Returns the journeys whose passenger is surely another than the announced one, and those whose
/// passenger surely is that one.
pub(super) fn compare(
    plate: &Plate,
    content: &Content,
    open: &mut dyn FnMut(&Personal) -> Option<String>,
) -> (Vec<JourneyId>, Vec<JourneyId>) {
    let (mut strangers, mut own) = (Vec::new(), Vec::new());
    let Content::Announced(announcement) = content else { return (strangers, own) };
    if plate.journeys.is_empty()
        || (announcement.passenger_name.is_none() && announcement.record_locator.is_none())
    {
        return (strangers, own);
    }
    let announced = told([&**announcement].into_iter(), open);
    for journey in &plate.journeys {
        let known = told(journey.announcements().rev(), open);
        if is_another(&announced, &known) {
            strangers.push(journey.id);
        } else if is_same(&announced, &known) {
            own.push(journey.id);
        }
    }
    (strangers, own)
}

/// Returns whether two journeys are surely of two passengers.
pub(crate) fn are_strangers(
    one: &Journey,
    other: &Journey,
    open: &mut dyn FnMut(&Personal) -> Option<String>,
) -> bool {
    let one = told(one.announcements().rev(), open);
    is_another(&one, &told(other.announcements().rev(), open))
}

/// Returns what announcements, newest first, tell of their passenger.
fn told<'a>(
    mut announcements: impl Iterator<Item = &'a Announcement> + Clone,
    open: &mut dyn FnMut(&Personal) -> Option<String>,
) -> Person {
    let names = announcements.clone().find_map(|one| one.passenger_name.as_ref());
    let locator = announcements.find_map(|one| one.record_locator.as_ref());
    Person { names: names.and_then(&mut *open), locator: locator.and_then(&mut *open) }
}

fn is_one_booking(one: &Person, other: &Person) -> Option<bool> {
    let locators = one.locator.as_ref().zip(other.locator.as_ref());
    locators.map(|(one, other)| one.eq_ignore_ascii_case(other))
}

/// Whether two are one for sure, who are not told apart.
fn is_same(one: &Person, other: &Person) -> bool {
    let whole = |name: &str| name.split_once('/').is_some_and(|(_, given)| plain(given).len() > 1);
    let names = one.names.as_deref().zip(other.names.as_deref());
    is_one_booking(one, other) == Some(true)
        || names.is_some_and(|(one, other)| {
            let mut pairs = one.lines().flat_map(|one| other.lines().map(move |other| (one, other)));
            pairs.any(|(one, other)| whole(one) && whole(other) && is_one_name(one, other))
        })
}

fn is_another(one: &Person, other: &Person) -> bool {
    match (is_one_booking(one, other), one.names.as_deref().zip(other.names.as_deref())) {
        (Some(true), _) | (None, None) => false,
        (_, Some((one, other))) => !one.lines().any(|one| other.lines().any(|other| is_one_name(one, other))),
        (Some(false), None) => true,
    }
}

fn is_one_name(one: &str, other: &str) -> bool {
    let parts = |name: &str| {
        let mut parts = name.split('/').map(plain);
        (parts.next().unwrap_or_default(), parts.next().map(|given| without_title(&given).to_owned()))
    };
    let ((one, given), (other, other_given)) = (parts(one), parts(other));
    match (given, other_given) {
        (Some(given), Some(other_given)) => is_one_surname(&one, &other) && is_cut(&given, &other_given),
        (None, None) => is_one_surname(&one, &other),
        // Some write a name in one: then it is the surname, or all of it.
        (given, other_given) => {
            let whole =
                |surname: &str, given: Option<String>| surname.to_owned() + &given.unwrap_or_default();
            is_one_surname(&one, &other) || whole(&one, given) == whole(&other, other_given)
        }
    }
}

fn is_one_surname(one: &str, other: &str) -> bool {
    one == other || (is_cut(one, other) && one.len().min(other.len()) >= CUT_MIN)
}

/// Whether one is the other cut short. A name of one letter is an initial.
fn is_cut(one: &str, other: &str) -> bool {
    one.starts_with(other) || other.starts_with(one)
}

/// A name without what is no letter, and without the count before it.
fn plain(part: &str) -> String {
    part.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_uppercase).collect()
}

fn without_title(given: &str) -> &str {
    let cut = TITLES.iter().find_map(|title| given.strip_suffix(title));
    cut.filter(|rest| !rest.is_empty()).unwrap_or(given)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(names: &str, locator: &str) -> Person {
        let told = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Person { names: told(names), locator: told(locator) }
    }

    #[track_caller]
    fn check(one: (&str, &str), other: (&str, &str), is_other: bool) {
        let (one, other) = (person(one.0, one.1), person(other.0, other.1));
        assert_eq!((is_another(&one, &other), is_another(&other, &one)), (is_other, is_other));
    }

    #[test]
    fn one_passenger_is_told_in_many_ways() {
        check(("ZHANG/SAN", ""), ("ZHANG/SANMR", ""), false);
        check(("1ZHANG/SAN", ""), ("ZHANG/SAN", ""), false);
        check(("ZHANG/S", ""), ("ZHANG/SAN", ""), false);
        check(("ZHANG", ""), ("ZHANG/SAN", ""), false);
        check(("O-BRIEN/PAT", ""), ("OBRIEN/PAT", ""), false);
        check(("ZHANG/SAN", "ABC123"), ("ZHANG/SAN", "XYZ789"), false);
        check(("ZHANG/SAN", "ABC123"), ("ZHANG/SI", "abc123"), false);
        check(("ZHANG/SAN\nLI/SI", ""), ("LI/SI", ""), false);
        check(("ZHANGSAN", ""), ("ZHANG/SAN", ""), false);
        check(("CHANDRASEK/R", ""), ("CHANDRASEKHARAN/RAVI", ""), false);
        check(("ZHANG/SAN", ""), ("", "ABC123"), false);
        check(("", ""), ("ZHANG/SAN", "ABC123"), false);
    }

    #[test]
    fn two_passengers_are_told_apart() {
        check(("ZHANG/SAN", ""), ("LI/SI", ""), true);
        check(("ZHANG/SAN", "ABC123"), ("LI/SI", "XYZ789"), true);
        check(("ZHANG/SAN", ""), ("ZHANG/WEI", ""), true);
        for (one, other) in
            [("LI/WEI", "LIU/WEI"), ("WAN/LI", "WANG/LI"), ("OU/MEI", "OUYANG/MEI"), ("LI", "LIN")]
        {
            check((one, "ABC123"), (other, "XYZ789"), true);
            check((one, ""), (other, ""), true);
        }
        check(("", "ABC123"), ("ZHANG/SAN", "XYZ789"), true);
    }

    #[test]
    fn one_is_surely_the_other_by_locator_or_by_a_whole_name() {
        let surely = |one: (&str, &str), other: (&str, &str)| {
            is_same(&person(one.0, one.1), &person(other.0, other.1))
        };
        assert!(surely(("ZHANG/SAN", ""), ("ZHANG/SANMR", "")));
        assert!(surely(("", "ABC123"), ("ZHANG/SAN", "abc123")));
        assert!(!surely(("ZHANG/S", ""), ("ZHANG/SAN", "")), "an initial proves nothing");
        assert!(!surely(("ZHANG", ""), ("ZHANG/SAN", "")));
        assert!(!surely(("", ""), ("", "")));
    }
}

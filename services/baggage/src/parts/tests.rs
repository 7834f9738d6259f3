//! The rules of parts as histories.

use airside_kernel::given;
use proptest::prelude::*;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + second).unwrap()
}

/// The stored message with a number, as a cause.
fn cause(message: u64) -> Cause {
    let (reactor, stream) = ("baggage.parse".into(), "source-dcs".into());
    Cause { reactor, stream, revision: Revision(message), index: 0 }
}

fn key(reference: &str) -> PartKey {
    PartKey {
        message_type: "BTM".into(),
        source: "T".into(),
        airport: "SZX".into(),
        reference: reference.into(),
    }
}

/// A part of REF1 that came in message `number + 10`, at that second.
fn part(number: u8) -> PartKept {
    part_of("REF1", number, u64::from(number) + 10)
}

fn last(number: u8) -> PartKept {
    let mut kept = part(number);
    kept.part.is_last = true;
    kept
}

fn part_of(reference: &str, number: u8, message: u64) -> PartKept {
    let part = MessagePart {
        number,
        is_last: false,
        message: Revision(message),
        index: 0,
        fingerprint: vec![number; 32].into(),
    };
    let received_at = at(i64::try_from(message).unwrap());
    PartKept { key: key(reference), part, received_at, cause: cause(message) }
}

/// The same part as another message brought it.
fn again(kept: &PartKept, message: u64) -> PartKept {
    let part = MessagePart { message: Revision(message), ..kept.part.clone() };
    PartKept { part, cause: cause(message), ..kept.clone() }
}

fn kept(kept: &PartKept) -> PartsEvent {
    PartsEvent::Kept(kept.clone())
}

fn completed(parts: &[&PartKept], began: &PartKept) -> PartsEvent {
    let key = began.key.clone();
    let parts = parts.iter().map(|kept| kept.part.clone()).collect();
    PartsEvent::Completed(MessageCompleted { key, parts, received_at: began.received_at })
}

fn given_up(code: &str, parts: &[&PartKept], missing: &[u8], struck_by: u64) -> PartsEvent {
    PartsEvent::GivenUp(PartsGivenUp {
        key: parts[0].key.clone(),
        parts: parts.iter().map(|kept| kept.part.clone()).collect(),
        missing: missing.to_vec(),
        code: code.into(),
        cause: cause(struck_by),
    })
}

fn keep(kept: &PartKept) -> PartsCommand {
    PartsCommand::Keep(kept.clone())
}

#[test]
fn the_last_part_completes_the_message() {
    given::<Parts>([]).when(keep(&part(1))).then([kept(&part(1))]);
    given::<Parts>([kept(&part(1))])
        .when(keep(&last(2)))
        .then([kept(&last(2)), completed(&[&part(1), &last(2)], &part(1))]);
}

#[test]
fn part_2_before_part_1_makes_the_same_message() {
    let (second, first) = (again(&last(2), 20), again(&part(1), 21));
    given::<Parts>([kept(&second)])
        .when(keep(&first))
        .then([kept(&first), completed(&[&first, &second], &second)]);
}

#[test]
fn a_part_that_comes_twice_is_a_repeat_when_it_says_the_same() {
    given::<Parts>([kept(&part(1))]).when(keep(&again(&part(1), 30))).rejects(&KeptAlready);
    let mut other = again(&part(1), 30);
    other.part.fingerprint = vec![9; 32].into();
    given::<Parts>([kept(&part(1))])
        .when(keep(&other))
        .then([kept(&other), given_up(CONFLICT, &[&part(1), &other], &[], 30)]);
}

#[test]
fn a_part_without_a_fingerprint_is_never_a_repeat() {
    let bare = |message| {
        let mut kept = again(&part(1), message);
        kept.part.fingerprint = Bytes::new();
        kept
    };
    given::<Parts>([kept(&bare(11))])
        .when(keep(&bare(12)))
        .then([kept(&bare(12)), given_up(CONFLICT, &[&bare(11), &bare(12)], &[], 12)]);
}

#[test]
fn a_part_past_the_last_and_a_second_last_contradict() {
    for (known, next) in [(last(2), part(3)), (last(3), last(2)), (part(3), last(2)), (last(2), last(3))] {
        let next = again(&next, 40);
        let missing: Vec<u8> = (1..known.part.number).collect();
        given::<Parts>([kept(&known)])
            .when(keep(&next))
            .then([kept(&next), given_up(CONFLICT, &[&known, &next], &missing, 40)]);
    }
}

#[test]
fn the_parts_of_two_references_do_not_meet() {
    let (a1, b1) = (part_of("A", 1, 1), part_of("B", 1, 2));
    let (mut b2, mut a2) = (part_of("B", 2, 3), part_of("A", 2, 4));
    (a2.part.is_last, b2.part.is_last) = (true, true);
    let before = [kept(&a1), kept(&b1)];
    let done = [kept(&b2), completed(&[&b1, &b2], &b1)];
    given::<Parts>(before.clone()).when(keep(&b2)).then(done.clone());
    given::<Parts>(before.into_iter().chain(done))
        .when(keep(&a2))
        .then([kept(&a2), completed(&[&a1, &a2], &a1)]);
}

#[test]
fn a_part_that_never_comes_is_given_up_when_its_time_is_over_and_once() {
    let (first, third) = (part(1), last(3));
    let history = [kept(&first), kept(&third)];
    let expire = |second: i64| PartsCommand::Expire { now: at(11 + second), cause: cause(99) };
    given::<Parts>(history.clone()).when(expire(599)).then([]);
    let gone = given_up(MISSING, &[&first, &third], &[2], 99);
    given::<Parts>(history.clone()).when(expire(600)).then([gone.clone()]);
    given::<Parts>(history.into_iter().chain([gone.clone()])).when(expire(600)).then([]);
    let PartsEvent::GivenUp(gone) = gone else { unreachable!("it was given up") };
    assert_eq!(gone.reason(), "part 2 did not come within ten minutes; send all of its parts again");
}

#[test]
fn a_part_past_the_deadline_strikes_and_begins_anew() {
    let mut late = again(&last(2), 900);
    late.received_at = at(900);
    given::<Parts>([kept(&part(1))])
        .when(keep(&late))
        .then([given_up(MISSING, &[&part(1)], &[], 900), kept(&late)]);
}

#[test]
fn parts_without_a_reference_must_follow_one_another() {
    let bare = |number, message| part_of("", number, message);
    let mut end = bare(3, 3);
    end.part.is_last = true;
    let two = [kept(&bare(1, 1)), kept(&bare(2, 2))];
    given::<Parts>(two.clone())
        .when(keep(&end))
        .then([kept(&end), completed(&[&bare(1, 1), &bare(2, 2), &end], &bare(1, 1))]);
    // A second part without a first one may be of any message.
    given::<Parts>([])
        .when(keep(&bare(2, 2)))
        .then([kept(&bare(2, 2)), given_up(UNCLEAR, &[&bare(2, 2)], &[], 2)]);
    // A gap: the fourth after the second.
    given::<Parts>(two.clone())
        .when(keep(&bare(4, 4)))
        .then([kept(&bare(4, 4)), given_up(UNCLEAR, &[&bare(1, 1), &bare(2, 2), &bare(4, 4)], &[], 4)]);
    // Another first part: the one before can never be told from it.
    let mut other = bare(1, 5);
    other.part.fingerprint = vec![9; 32].into();
    given::<Parts>(two)
        .when(keep(&other))
        .then([given_up(UNCLEAR, &[&bare(1, 1), &bare(2, 2)], &[], 5), kept(&other)]);
}

#[test]
fn reading_a_part_again_adds_nothing_whatever_became_of_it() {
    let history = [kept(&part(1)), kept(&last(2)), completed(&[&part(1), &last(2)], &part(1))];
    for known in [part(1), last(2)] {
        given::<Parts>(history.clone()).when(keep(&known)).rejects(&KeptAlready);
    }
}

#[test]
fn a_source_keeps_a_bounded_number_of_messages_and_the_oldest_gives_way() {
    let reference = |n: u64| part_of(&format!("R{n}"), 1, n);
    let full = || (0..MAX_OPEN as u64).map(|n| kept(&reference(n)));
    given::<Parts>(full())
        .when(keep(&reference(64)))
        .then([given_up(CROWDED, &[&reference(0)], &[], 64), kept(&reference(64))]);
}

#[test]
fn a_busy_source_folds_in_bounded_time() {
    let mut history = vec![kept(&part_of("OLD", 1, 0))];
    for n in 1..=5_000 {
        let (mut two, one) = (part_of("R", 2, 2 * n + 1), part_of("R", 1, 2 * n));
        two.part.is_last = true;
        // All within one second, so that no deadline strikes.
        let still = |mut kept: PartKept| PartKept {
            received_at: {
                kept.received_at = at(0);
                at(0)
            },
            ..kept
        };
        let (one, two) = (still(one), still(two));
        history.extend([kept(&one), kept(&two), completed(&[&one, &two], &one)]);
    }
    let mut next = part_of("R", 1, 20_000);
    next.received_at = at(1);
    given::<Parts>(history)
        .when(keep(&next))
        .then([given_up(CROWDED, &[&part_of("OLD", 1, 0)], &[], 20_000), kept(&next)]);
}

#[test]
fn what_is_forgotten_changes_no_decision() {
    let history = || {
        (0..200u64).flat_map(|n| {
            let (one, mut two) = (part_of("R", 1, 2 * n), part_of("R", 2, 2 * n + 1));
            two.part.is_last = true;
            [kept(&one), kept(&two), completed(&[&one, &two], &one)]
        })
    };
    let forgets = Parts::forgets(&given::<Parts>(history()).state(), 600);
    assert_eq!(forgets, 598, "the last part tells of all before it");
    given::<Parts>(history().skip(598)).when(keep(&part_of("R", 1, 7))).rejects(&KeptAlready);
}

proptest! {
    /// However parts come, nothing is read in part, twice or out of order, and all is accounted for.
    #[test]
    fn every_part_is_read_or_given_up_once(
        came in proptest::collection::vec((0u8..3, 1u8..5, any::<bool>(), 0u8..2, 0i64..400), 1..60),
    ) {
        let (mut waiting, mut now) = (Waiting::default(), 0);
        let (mut open, mut settled) = (Vec::new(), 0);
        for (message, (reference, number, is_last, says, passed)) in came.into_iter().enumerate() {
            now += passed;
            let reference = ["", "A", "B"][usize::from(reference)];
            let mut one = part_of(reference, number, message as u64);
            (one.part.is_last, one.received_at) = (is_last && number > 1, at(now));
            one.part.fingerprint = vec![says; 32].into();
            let Ok(facts) = Parts::decide(&waiting, PartsCommand::Keep(one)) else { continue };
            for fact in facts {
                match &fact {
                    PartsEvent::Kept(kept) => open.push(kept.part.message),
                    PartsEvent::Completed(MessageCompleted { parts, .. }) => {
                        let numbers: Vec<_> = parts.iter().map(|part| usize::from(part.number)).collect();
                        prop_assert_eq!(&numbers, &(1..=parts.len()).collect::<Vec<_>>());
                        prop_assert_eq!(parts.iter().filter(|part| part.is_last).count(), 1);
                        prop_assert!(parts.last().unwrap().is_last);
                        settled += settle(&mut open, parts);
                    }
                    PartsEvent::GivenUp(PartsGivenUp { parts, .. }) => settled += settle(&mut open, parts),
                }
                waiting = Parts::evolve(waiting, &fact);
            }
            let waits: usize = waiting.open.iter().map(|open| open.parts.len()).sum();
            prop_assert_eq!(waits, open.len());
        }
        prop_assert!(settled as u64 <= waiting.folded);
    }
}

/// Takes parts out of those that wait; each must be there.
fn settle(open: &mut Vec<Revision>, parts: &[MessagePart]) -> usize {
    for part in parts {
        let place = open.iter().position(|message| *message == part.message);
        open.remove(place.expect("a part is settled once, and after it came"));
    }
    parts.len()
}

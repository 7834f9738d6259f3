//! What holds whatever is proposed, and in whatever order deadlines strike.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::model::Priority;

/// One of some things that an airport says of two bags and a flight.
fn proposals() -> impl Strategy<Value = Vec<(Proposal, i64)>> {
    let gates = (0u8..3, 0u8..3).prop_map(|(to, from)| gate(0, &format!("A{to}"), &format!("A{from}")));
    let belts = (0u8..3, 0u8..3).prop_map(|(to, from)| belt(0, &format!("{to}"), &format!("{from}")));
    let bags = (0usize..6, 0usize..3).prop_map(|(kind, bags)| {
        let kinds = [
            Kind::BagAccepted,
            Kind::BagLoaded,
            Kind::BagOnBelt,
            Kind::BagOffloaded,
            Kind::BagCorrected,
            Kind::BagLeftBehind,
        ];
        let both = format!("{BAG},{OTHER}");
        notice(0, kinds[kind], [BAG, OTHER, &both][bags], "BAG_LOADED")
    });
    let others = (0usize..4, 0u8..3).prop_map(|(kind, time)| {
        let kinds = [Kind::FlightDelayed, Kind::Boarding, Kind::GateAssigned, Kind::FlightCancelled];
        notice(0, kinds[kind], FLIGHT, &format!("09:{time}0"))
    });
    let one = (prop_oneof![gates, belts, bags, others], 0i64..200, 0i64..60);
    proptest::collection::vec(one, 1..60).prop_map(|drawn| {
        let mut now = 0;
        let numbered = drawn.into_iter().zip(1..).map(|((mut proposal, pause, departs_h), number)| {
            // Half of the news comes in bursts.
            now += if pause < 100 { pause % 10 } else { pause * 5 };
            proposal.notice.id = Uuid::from_u128(number.into());
            proposal.notice.cause.revision = Revision(number);
            proposal.notice.caused_at = at(now);
            proposal.travel.departs_at = Some(at(departs_h * 3_600));
            (proposal, now)
        });
        numbered.collect()
    })
}

/// A person's stream while it is written.
#[derive(Default)]
struct Stream {
    state: DeliveryState,
    facts: Vec<DeliveryEvent>,
}

impl Stream {
    fn order(&mut self, command: DeliveryCommand) {
        for fact in Delivery::decide(&self.state, command).unwrap() {
            self.state = Delivery::evolve(std::mem::take(&mut self.state), &fact);
            self.facts.push(fact);
        }
    }

    /// Lets each deadline strike that has come, as a node does that looks again and again.
    fn strike(&mut self, seconds: i64) {
        while let Some(held) = self.state.held.iter().find(|held| held.until <= at(seconds)).cloned() {
            let id = held.proposal.notice.id;
            self.order(DeliveryCommand::Release { id, now: at(seconds), rules: rules() });
        }
    }

    /// Returns what goes into the inbox.
    fn inbox(&self) -> Vec<(Notice, Timestamp)> {
        let told = self.facts.iter().filter_map(|fact| match fact {
            DeliveryEvent::NoticeReleased(told) => Some((told.proposal.notice.clone(), told.at)),
            _ => None,
        });
        told.collect()
    }
}

const THE_END: i64 = 90 * 24 * 3_600;

proptest! {
    #[test]
    fn whoever_notices_a_deadline_and_when_the_inbox_is_the_same(
        proposals in proposals(),
        strikes in proptest::collection::vec(any::<bool>(), 60),
    ) {
        let (mut eager, mut lazy) = (Stream::default(), Stream::default());
        for ((proposal, now), strikes) in proposals.iter().zip(strikes) {
            eager.strike(*now);
            eager.order(propose(proposal, *now));
            if strikes {
                lazy.strike(*now);
            }
            lazy.order(propose(proposal, *now));
            // Another node proposes it too, and somewhat later.
            lazy.order(propose(proposal, now + 1));
        }
        for stream in [&mut eager, &mut lazy] {
            stream.strike(THE_END);
        }
        prop_assert_eq!(eager.inbox(), lazy.inbox());
    }

    #[test]
    fn each_notice_ends_in_one_way_and_what_is_urgent_is_told_at_once_or_repeats(proposals in proposals()) {
        let mut stream = Stream::default();
        let mut ends: BTreeMap<Uuid, usize> = BTreeMap::new();
        for (proposal, now) in &proposals {
            let before = stream.facts.len();
            stream.order(propose(proposal, *now));
            if proposal.notice.priority <= Priority::P1 {
                let last = stream.facts[before..].last();
                let is_told = matches!(last, Some(DeliveryEvent::NoticeReleased(told)) if told.at == at(*now));
                let is_repeat = matches!(
                    last,
                    Some(DeliveryEvent::NoticeSuppressed { reason: SuppressReason::Unchanged, .. })
                );
                prop_assert!(is_told || is_repeat, "{last:?}");
            }
        }
        let waiting: BTreeSet<_> = stream.state.held.iter().map(|held| held.proposal.notice.id).collect();
        prop_assert!(waiting.len() <= MAX_HELD);
        for fact in &stream.facts {
            let id = match fact {
                DeliveryEvent::NoticeReleased(told) => told.proposal.notice.id,
                DeliveryEvent::NoticeMerged { id, .. } => *id,
                DeliveryEvent::NoticeSuppressed { proposal, .. } => proposal.notice.id,
                _ => continue,
            };
            *ends.entry(id).or_default() += 1;
        }
        for (proposal, _) in &proposals {
            let id = proposal.notice.id;
            let ended = ends.get(&id).copied().unwrap_or(0);
            prop_assert_eq!(ended + usize::from(waiting.contains(&id)), 1, "{:?}", proposal);
        }
    }

    #[test]
    fn caps_hold_whatever_is_proposed(proposals in proposals()) {
        let mut stream = Stream::default();
        for (proposal, now) in &proposals {
            stream.order(propose(proposal, *now));
        }
        stream.strike(THE_END);
        let capped: Vec<_> = stream
            .inbox()
            .into_iter()
            .filter(|(told, _)| told.priority > Priority::P1)
            .filter(|(told, _)| !matches!(told.kind, Kind::BagCorrected | Kind::Retracted))
            .collect();
        let p3: Vec<_> = capped.iter().filter(|(told, _)| told.priority == Priority::P3).collect();
        for pair in p3.windows(2) {
            prop_assert!(pair[1].1.duration_since(pair[0].1) >= SignedDuration::from_secs(300), "{pair:?}");
        }
        for seven in capped.windows(7) {
            prop_assert!(seven[6].1.duration_since(seven[0].1) >= SignedDuration::from_hours(1), "{seven:?}");
        }
    }

    #[test]
    fn a_delivery_refolds_to_the_same_state_from_a_bounded_tail(
        proposals in proposals(),
        acks in proptest::collection::vec((0u64..20, 0usize..3), 0..500),
    ) {
        let mut stream = Stream::default();
        let mut seq = 0;
        let mut news = proposals.iter();
        for (number, (step, level)) in acks.into_iter().enumerate() {
            seq += step;
            stream.order(acknowledge(seq, AckLevel::ALL[level]));
            if number % 5 == 0 && let Some((proposal, now)) = news.next() {
                stream.order(propose(proposal, *now));
            }
        }
        let count = stream.facts.len() as u64;
        let forgotten = usize::try_from(Delivery::forgets(&stream.state, count)).unwrap();
        let again = stream.facts[forgotten..].iter().fold(DeliveryState::default(), Delivery::evolve);
        prop_assert_eq!(&stream.state.held, &again.held);
        prop_assert_eq!(&stream.state.answered, &again.answered);
        prop_assert_eq!(&stream.state.said, &again.said);
        prop_assert_eq!((stream.state.levels, &stream.state.counted), (again.levels, &again.counted));
        prop_assert!(count - forgotten as u64 <= CARRIED_EVERY + 256);
    }

    #[test]
    fn an_inbox_refolds_to_the_same_state_from_a_bounded_tail(count in 0u64..400) {
        let facts: Vec<_> = (0..count).map(|n| InboxEvent::NoticeIssued(decided(n, n))).collect();
        let whole = facts.iter().fold(InboxState::default(), Inbox::evolve);
        let forgotten = usize::try_from(Inbox::forgets(&whole, count)).unwrap();
        let again = facts[forgotten..].iter().fold(InboxState::default(), Inbox::evolve);
        prop_assert_eq!(whole, again);
        prop_assert!(facts.len() - forgotten <= inbox::KEPT_NOTICES);
    }
}

//! What is said and when. One order is one *turn*: facts are added one by one, and each is seen by
//! what is decided after it.
//!
//! | rule | for | what happens |
//! |---|---|---|
//! | too late | all | a notice that is of no use any more is not told, however it came to wait |
//! | at once | P0, P1, corrections, retractions | told now; nothing below is asked |
//! | last word | a bag, or one topic of a flight | what waits is merged into what is newer; a bag that has other news is left out of a notice of several |
//! | never said | corrections | a correction of what still waits ends both |
//! | repeat | the same topic within its window | what says what was said last is not told again |
//! | flapping | gates and belts, within the window | back to what held before takes back what was said; back while it waits says nothing |
//! | gathering | the same topic within its window | told when the window ends that the last word opened, if it still says something new |
//! | quiet | P3 and below, in quiet hours, the flight not near | waits until morning, or until the flight is near |
//! | caps | below P1 | one P3 in five minutes, six notices an hour: waits for its turn, the most urgent first |
//! | wishes | below P1 | a class that the person does not want is not told |
//!
//! What waits is looked at anew when its time comes, and may wait for another reason then. It is
//! looked at as of that time, even when somebody notices late (after a restart, on another node, by a
//! proposal that came first): so whoever notices, and when, the inbox is the same. Only whether it is of use is asked
//! of the present instant. Caps count when a notice was to be told.

use std::sync::Arc;

use airside_kernel::{Decider, Timestamp};

use super::delivery::{Delivery, DeliveryState, Held, MAX_HELD, Released};
use crate::{
    events::DeliveryEvent,
    model::{HoldReason, Kind, Notice, Preferences, Priority, Proposal, Rules, SuppressReason, later},
};

/// What follows from one order.
pub(super) struct Turn<'a> {
    state: DeliveryState,
    now: Timestamp,
    rules: &'a Rules,
    facts: Vec<DeliveryEvent>,
}

impl<'a> Turn<'a> {
    /// Begins with what stands now.
    pub(super) fn new(state: &DeliveryState, now: Timestamp, rules: &'a Rules) -> Self {
        Self { state: state.clone(), now, rules, facts: Vec::new() }
    }

    /// Looks at all whose time has come, each as of its time, and ends the turn.
    pub(super) fn settle(mut self) -> Vec<DeliveryEvent> {
        self.settle_due();
        self.facts
    }

    /// Takes what the person chose, and looks at all that waits anew.
    pub(super) fn prefer(mut self, preferences: Preferences) -> Vec<DeliveryEvent> {
        self.settle_due();
        self.add(DeliveryEvent::PreferencesSet(Arc::new(preferences)));
        for held in self.state.held.clone() {
            if let Some(reason) = self.is_refused(&held.proposal.notice) {
                self.suppress(&held.proposal, reason);
            } else if held.reason != HoldReason::Merging
                && self.wait(&held.proposal, self.now) != Some((held.until, held.reason))
            {
                self.place(&held.proposal, self.now);
            }
        }
        self.facts
    }

    /// Decides what becomes of a notice that somebody needs.
    pub(super) fn propose(mut self, proposal: &Arc<Proposal>) -> Vec<DeliveryEvent> {
        self.settle_due();
        let notice = &proposal.notice;
        if let Some(reason) = self.is_refused(notice) {
            self.suppress(proposal, reason);
            return self.facts;
        }
        if notice.kind == Kind::BagCorrected && self.withdraw(notice) {
            self.suppress(proposal, SuppressReason::Withdrawn);
            return self.facts;
        }
        let waited = self.take_the_place_of_what_waits(notice);
        let last = self.last_word(notice).cloned();
        let window = self.rules.window(notice.priority);
        let is_fresh = |said: &Released| self.now.duration_since(said.at) < window;
        match last {
            Some(said) if said_the_same(&said, notice) && (waited || is_fresh(&said)) => {
                self.suppress(proposal, SuppressReason::Unchanged);
            }
            Some(said) if is_fresh(&said) && goes_back(&said, notice) => {
                let back = retraction(proposal, &said.proposal.notice);
                self.release(&Arc::new(back), self.now);
            }
            _ => self.place(proposal, self.now),
        }
        self.facts
    }

    fn add(&mut self, fact: DeliveryEvent) {
        self.state = Delivery::evolve(std::mem::take(&mut self.state), &fact);
        self.facts.push(fact);
    }

    fn settle_due(&mut self) {
        let due = |turn: &Self| {
            let held = turn.state.held.iter().filter(|held| held.until <= turn.now);
            held.min_by_key(|held| (held.until, held.proposal.notice.priority)).cloned()
        };
        while let Some(Held { proposal, until, .. }) = due(self) {
            let notice = &proposal.notice;
            let last = self.last_word(notice).cloned();
            match self.is_refused(notice) {
                Some(reason) => self.suppress(&proposal, reason),
                None if last.is_some_and(|said| said_the_same(&said, notice)) => {
                    self.suppress(&proposal, SuppressReason::Unchanged);
                }
                None => self.place(&proposal, until),
            }
        }
    }

    /// Tells a notice as of an instant, or lets it wait.
    fn place(&mut self, proposal: &Arc<Proposal>, at: Timestamp) {
        match self.wait(proposal, at) {
            None => self.release(proposal, at),
            Some((until, reason)) => {
                let held = Held { proposal: proposal.clone(), until, reason };
                self.add(DeliveryEvent::NoticeHeld(held));
                self.thin_out();
            }
        }
    }

    /// Returns until when a notice waits, seen from an instant, and for what at the longest.
    fn wait(&self, proposal: &Proposal, at: Timestamp) -> Option<(Timestamp, HoldReason)> {
        let notice = &proposal.notice;
        if is_told_at_once(notice) {
            return None;
        }
        let gathered = self.last_word(notice).map(|said| later(said.at, self.rules.window(notice.priority)));
        let reasons = [
            (gathered, HoldReason::Merging),
            (self.quiet_until(proposal, at), HoldReason::Quiet),
            (self.capped_until(notice.priority, at), HoldReason::Capped),
        ];
        let waits = reasons.into_iter().filter_map(|(until, reason)| Some((until?, reason)));
        waits.filter(|(until, _)| *until > at).max_by_key(|(until, _)| *until)
    }

    fn quiet_until(&self, proposal: &Proposal, at: Timestamp) -> Option<Timestamp> {
        if proposal.notice.priority < Priority::P3 {
            return None;
        }
        let near = proposal.travel.is_far_until(at)?;
        let quiet = self.state.preferences.quiet.unwrap_or(self.rules.quiet);
        quiet.end(at, &self.rules.zone).map(|end| end.min(near))
    }

    fn capped_until(&self, priority: Priority, at: Timestamp) -> Option<Timestamp> {
        let p3 = self.state.last_p3.filter(|_| priority == Priority::P3);
        let p3 = p3.map(|said| later(said, self.rules.between_p3));
        let oldest = self.state.counted.first().filter(|_| self.state.counted.len() >= Rules::COUNTED_MAX);
        let counted = oldest.map(|said| later(*said, self.rules.counted_within));
        p3.max(counted).filter(|until| *until > at)
    }

    /// Returns why a notice is not told at all.
    fn is_refused(&self, notice: &Notice) -> Option<SuppressReason> {
        if notice.expires_at.is_some_and(|expires_at| expires_at <= self.now) {
            return Some(SuppressReason::Expired);
        }
        let is_wanted = self.state.preferences.wants(notice.priority);
        (!is_wanted).then_some(SuppressReason::Unwanted)
    }

    /// Ends what waits and turned out wrong; true when the correction has nothing left to correct.
    fn withdraw(&mut self, correction: &Notice) -> bool {
        let corrected = Kind::named(correction.parameter("corrects")).map(Kind::topic);
        let wrong = |held: &Held| {
            let notice = &held.proposal.notice;
            Some(notice.topic()) == corrected && notice.shares_a_subject(correction)
        };
        let Some(held) = self.state.held.iter().find(|held| wrong(held)).cloned() else { return false };
        if correction.covers(&held.proposal.notice) {
            self.suppress(&held.proposal, SuppressReason::Withdrawn);
        } else {
            self.leave_out(&held, correction);
        }
        true
    }

    /// Ends what waits and is answered by a newer notice; true when that was of the same topic.
    fn take_the_place_of_what_waits(&mut self, notice: &Notice) -> bool {
        let mut is_of_topic = false;
        for held in self.state.held.clone() {
            let waiting = &held.proposal.notice;
            let is_older_news = notice.kind.is_of_bag()
                || waiting.topic() == notice.topic()
                || notice.kind == Kind::FlightCancelled;
            if !is_older_news || !waiting.shares_a_subject(notice) {
                continue;
            }
            is_of_topic |= waiting.topic() == notice.topic();
            if notice.covers(waiting) {
                self.add(DeliveryEvent::NoticeMerged { id: waiting.id, into: notice.id });
            } else {
                self.leave_out(&held, notice);
            }
        }
        is_of_topic
    }

    /// Leaves the bags of a newer notice out of one that waits.
    fn leave_out(&mut self, held: &Held, newer: &Notice) {
        let Proposal { notice, travel } = &*held.proposal;
        let proposal = Arc::new(Proposal { notice: notice.without(newer), travel: *travel });
        self.add(DeliveryEvent::NoticeHeld(Held { proposal, ..held.clone() }));
    }

    /// Lets no more wait than may: the least urgent goes, of several the oldest.
    fn thin_out(&mut self) {
        if self.state.held.len() <= MAX_HELD {
            return;
        }
        let waiting = self.state.held.iter().rev();
        let least = waiting.max_by_key(|held| held.proposal.notice.priority).cloned();
        if let Some(least) = least {
            self.suppress(&least.proposal, SuppressReason::Crowded);
        }
    }

    /// Returns what was said last of the same topic of the same subjects.
    fn last_word(&self, notice: &Notice) -> Option<&Released> {
        self.said_of(notice.topic(), notice)
    }

    /// Returns what was said last of a topic of the subjects of a notice.
    fn said_of(&self, topic: Kind, notice: &Notice) -> Option<&Released> {
        self.state.said.iter().rev().find(|said| {
            let said = &said.proposal.notice;
            said.topic() == topic && said.subjects().eq(notice.subjects())
        })
    }

    fn suppress(&mut self, proposal: &Arc<Proposal>, reason: SuppressReason) {
        self.add(DeliveryEvent::NoticeSuppressed { proposal: proposal.clone(), reason });
    }

    fn release(&mut self, proposal: &Arc<Proposal>, at: Timestamp) {
        let notice = &proposal.notice;
        let earlier = match notice.kind {
            Kind::BagCorrected => self.corrected(notice),
            _ if notice.topic().takes_the_place() => self.last_word(notice),
            _ => None,
        };
        let of_use = |said: &&Released| said.proposal.notice.expires_at.is_none_or(|end| end > at);
        let supersedes = earlier.filter(of_use).map(|said| said.proposal.notice.id);
        let told = Notice { supersedes, ..notice.clone() };
        let proposal = Arc::new(Proposal { notice: told, travel: proposal.travel });
        self.add(DeliveryEvent::NoticeReleased(Released { proposal, at }));
    }

    /// Returns what a correction takes back.
    fn corrected(&self, correction: &Notice) -> Option<&Released> {
        self.said_of(Kind::named(correction.parameter("corrects"))?.topic(), correction)
    }
}

/// Whether a notice is told whatever the person was told before.
fn is_told_at_once(notice: &Notice) -> bool {
    notice.priority <= Priority::P1 || matches!(notice.kind, Kind::BagCorrected | Kind::Retracted)
}

fn said_the_same(said: &Released, notice: &Notice) -> bool {
    said.proposal.notice.value() == notice.value()
}

/// Returns whether a notice says that what held before the last word holds again.
fn goes_back(said: &Released, notice: &Notice) -> bool {
    let before = said.proposal.notice.previous();
    !before.is_empty() && before == notice.value()
}

/// Returns the notice that takes back what was said: it has the cause and the id of the one that
/// would have said the contrary.
fn retraction(proposal: &Proposal, wrong: &Notice) -> Proposal {
    let notice = &proposal.notice;
    let parameters =
        [("flight", notice.parameter("flight")), ("place", notice.value()), ("retracts", wrong.kind.name())];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let parameters = Arc::new(parameters.into());
    let notice = Notice { kind: Kind::Retracted, parameters, ..notice.clone() };
    Proposal { notice, travel: proposal.travel }
}

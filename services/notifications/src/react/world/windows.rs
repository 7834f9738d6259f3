//! Several bags of one person that do the same at about the same time: one notice.
//!
//! Who follows one bag hears at once. For who follows several, the first bag
//! opens a window, and the notice names all bags that did the same until the
//! window closes: when no other bag of the flight may follow suit, when one of
//! its bags has other news, or [`WINDOW`] after it opened, whichever comes first.
//! A bag that has other news by then is left out: its newest word goes to the
//! person at once, and what it said before is no news any more. So is a bag of which
//! that is so no more, such as one that must come off again.
//!
//! A notice names the event that opened its window as the cause. So a window that
//! closes again, after a crash or on another node, gives the notice that its inbox
//! knows already, whatever else was folded by then. A bag leaves no window open
//! behind it, so the causes of one bag reach an inbox in their order.
//!
//! A correction never waits.

use std::collections::{BTreeMap, BTreeSet};

use airside_kernel::{PersonId, Timestamp};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{News, Origin, Telling, World, bag, flight::Flight, later};
use crate::{model::Kind, react::facts::BagChange};

/// How long the first bag waits for the others unless a setting says otherwise.
const WINDOW: SignedDuration = SignedDuration::from_secs(30);

/// The windows that are open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Windows {
    /// How long they stay open; a setting and not kept.
    #[serde(skip, default = "window")]
    lasting: SignedDuration,
    open: BTreeMap<PersonId, Vec<Window>>,
    /// When they close at the latest; those of windows that are closed already do no harm.
    due: BTreeSet<(Timestamp, PersonId)>,
}

/// Bags of a person that did the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Window {
    /// The number of the kind.
    kind: i32,
    parameters: BTreeMap<String, String>,
    /// The flight that other bags may follow suit on.
    along: String,
    bags: Vec<(Uuid, String)>,
    expires_at: Timestamp,
    due: Timestamp,
    origin: Origin,
}

fn window() -> SignedDuration {
    WINDOW
}

impl Default for Windows {
    fn default() -> Self {
        Self::lasting(WINDOW)
    }
}

impl Windows {
    /// Makes windows that stay open so long.
    pub(super) fn lasting(lasting: SignedDuration) -> Self {
        Self { lasting, open: BTreeMap::new(), due: BTreeSet::new() }
    }

    /// Takes the settings of others.
    pub(super) fn last_like(&mut self, others: &Self) {
        self.lasting = others.lasting;
    }

    /// Returns when the next window closes at the latest.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.due.first().map(|(due, _)| *due)
    }

    /// Takes out the windows of a person that a rule names.
    fn close(&mut self, person: PersonId, mut closes: impl FnMut(&Window) -> bool) -> Vec<Window> {
        let Some(open) = self.open.get_mut(&person) else { return Vec::new() };
        let closed = open.extract_if(.., |window| closes(window)).collect();
        if open.is_empty() {
            self.open.remove(&person);
        }
        closed
    }
}

impl World {
    /// Closes all windows that are due at an instant.
    pub(super) fn close_windows(&mut self, at: Timestamp) -> Vec<Telling> {
        let mut tellings = Vec::new();
        while let Some((due, person)) = self.windows.due.first().copied().filter(|(due, _)| *due <= at) {
            self.windows.due.remove(&(due, person));
            let closed = self.windows.close(person, |window| window.due <= at);
            tellings.extend(closed.into_iter().filter_map(|window| self.tell(person, window)));
        }
        tellings
    }

    /// Closes the windows of a person that no other bag may still enter.
    pub(super) fn close_complete(&mut self, person: PersonId) -> Vec<Telling> {
        let (bags, journeys) = (self.bags.get(&person), &self.journeys);
        let closed = self.windows.close(person, |window| {
            let is_in = |journey: &Uuid| window.bags.iter().any(|(bag, _)| bag == journey);
            let kind = Kind::from_proto(window.kind);
            let may_enter = |journey: &&Uuid| {
                let known = journeys.get(*journey).zip(kind);
                !is_in(journey)
                    && known.is_some_and(|(known, kind)| known.may_follow_suit(kind, &window.along))
            };
            !bags.into_iter().flatten().any(|journey| may_enter(&journey))
        });
        closed.into_iter().filter_map(|window| self.tell(person, window)).collect()
    }

    /// Tells a person the news of a bag: now, or together with other bags.
    pub(super) fn announce(
        &mut self,
        person: PersonId,
        (journey, plate): (Uuid, String),
        news: News,
        along: &str,
        origin: &Origin,
    ) -> Vec<Telling> {
        let News { kind, parameters, expires_at } = news;
        let mut tellings = self.leave(person, journey);
        let window = Window {
            kind: kind.to_proto() as i32,
            parameters,
            along: along.to_owned(),
            bags: vec![(journey, plate)],
            expires_at,
            due: later(origin.recorded_at, self.windows.lasting),
            origin: origin.clone(),
        };
        if kind == Kind::BagCorrected || self.bags.get(&person).is_none_or(|bags| bags.len() < 2) {
            tellings.extend(self.tell(person, window));
            return tellings;
        }
        let open = self.windows.open.entry(person).or_default();
        let is_same = |one: &&mut Window| (one.kind, &one.parameters) == (window.kind, &window.parameters);
        match open.iter_mut().find(is_same) {
            Some(same) => same.bags.extend(window.bags),
            None => {
                self.windows.due.insert((window.due, person));
                open.push(window);
            }
        }
        tellings
    }

    /// Leaves a bag out of the windows of a person that say of it what is so no more.
    pub(super) fn leave_what_is_void(&mut self, person: PersonId, change: &BagChange) -> Vec<Telling> {
        let is_in = |window: &Window| window.bags.iter().any(|(bag, _)| *bag == change.journey);
        let open = self.windows.open.get(&person).into_iter().flatten();
        let is_void = open
            .filter(|window| is_in(window))
            .any(|window| Kind::from_proto(window.kind).is_some_and(|kind| bag::is_void(kind, change)));
        if is_void { self.leave(person, change.journey) } else { Vec::new() }
    }

    /// Leaves a bag out of the windows of a person, which close by that.
    pub(super) fn leave(&mut self, person: PersonId, journey: Uuid) -> Vec<Telling> {
        let has = |window: &Window| window.bags.iter().any(|(bag, _)| *bag == journey);
        let mut closed = self.windows.close(person, has);
        for window in &mut closed {
            window.bags.retain(|(bag, _)| *bag != journey);
        }
        closed.into_iter().filter_map(|window| self.tell(person, window)).collect()
    }

    /// Makes the notice of a closed window, and notes what its person knows by it.
    fn tell(&mut self, person: PersonId, window: Window) -> Option<Telling> {
        let Window { kind, mut parameters, along, bags, expires_at, origin, .. } = window;
        let kind = Kind::from_proto(kind)?;
        let flight = parameters.get("flight").map_or("", String::as_str);
        for (journey, _) in &bags {
            if let Some(journey) = self.journeys.get_mut(journey)
                && let Some(follower) = journey.followers.get_mut(&person)
            {
                follower.note(kind, flight);
            }
        }
        let plates: BTreeSet<_> = bags.into_iter().map(|(_, plate)| plate).collect();
        parameters.insert("plate".to_owned(), plates.first()?.clone());
        if plates.len() > 1 {
            let all: Vec<_> = plates.iter().map(String::as_str).collect();
            parameters.insert("plates".to_owned(), all.join(","));
        }
        let travel = self.flights.get(&along).map(Flight::travel).unwrap_or_default();
        Some(Telling {
            person,
            kind,
            parameters: parameters.into(),
            airport: String::new(),
            expires_at,
            travel,
            origin,
        })
    }
}

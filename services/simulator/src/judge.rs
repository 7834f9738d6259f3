//! Judges what passengers were told against what is true. Pure.
//!
//! It knows two things: the ground truth (where each bag physically is, what each flight did) and
//! the [`Book`] of the play (when the server was told what, and since when a passenger followed it).
//! It knows none of the server's rules: a notice is held against what it claims, and a notice is
//! owed when a passenger would want to know something that the server had been told.
//!
//! | finding | means |
//! |---|---|
//! | wrong | it claims what never was: a bag on board that is not, a gate or a belt that is not the flight's |
//! | wrong person | it speaks of a bag or a flight that is not this passenger's |
//! | duplicate | it claims what an earlier notice claimed, in the same words |
//! | missing | the passenger followed, the server was told, nothing newer made it old, and no notice came |
//! | late | it came more than [`LATE`] after the server was told; who has several bags waits for the window too, and what is not urgent for its turn |
//!
//! A wrong notice that a later one takes back by name is no longer wrong: it is counted as corrected.
//!
//! Of a bag that no reader saw again (see [`Bag::is_knowable`]) nobody can know where it is; how much of
//! what is wrong or missing is of such bags is said beside it.
//!
//! A bag is meant by any tag that it wears. Where two bags wear one plate, a passenger means their own,
//! and a notice that is true of the other one only is a notice to the wrong person.

mod claims;
mod duties;

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use airside_api::notifications::v1::NoticeKind;
use hdrhistogram::Histogram;

use crate::inbox::Shown;
use crate::player::ledger::Book;
use crate::player::{latencies, micros};
use crate::truth::Airport;
use claims::Finding;

/// A notice is late when it comes this long after the server was told what it says.
pub const LATE: Duration = Duration::from_secs(5);
/// At most so many of the worst cases are kept.
const CASES_MAX: usize = 12;

/// What a notice says, or should say; two notices with the same claim say the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Claim {
    /// What it is about.
    pub kind: NoticeKind,
    /// The bag's plate, or the flight id.
    pub subject: String,
    /// The gate, the belt, or the bag's flight; empty for other kinds.
    pub detail: String,
}

/// What was found.
#[derive(Debug)]
pub struct Verdict {
    /// Notices that were shown.
    pub notices: u64,
    /// Notices that claim what is not true.
    pub wrong: u64,
    /// Notices that claimed what is not true and were taken back by name.
    pub corrected: u64,
    /// Notices that were owed and never came.
    pub missing: u64,
    /// Notices that came late.
    pub late: u64,
    /// Notices to somebody whom they do not concern.
    pub wrong_person: u64,
    /// Notices that say again what was said.
    pub duplicates: u64,
    /// How many of the wrong and missing notices are of bags that nobody can know of.
    pub beyond_knowing: u64,
    /// From the call that told the server to the notice, microseconds.
    pub push_us: Histogram<u64>,
    /// The worst cases, worst first.
    pub cases: Vec<Case>,
}

/// One case that was not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Case {
    /// How bad: smaller is worse.
    pub rank: u8,
    /// Which bag or flight.
    pub subject: String,
    /// What was said.
    pub said: String,
    /// What is true.
    pub truth: String,
}

impl Default for Verdict {
    fn default() -> Self {
        Self {
            notices: 0,
            wrong: 0,
            corrected: 0,
            missing: 0,
            late: 0,
            wrong_person: 0,
            duplicates: 0,
            beyond_knowing: 0,
            push_us: latencies(),
            cases: Vec::new(),
        }
    }
}

/// What the judge must know of how the airport was played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// How long the server lets several bags of one person wait for each other.
    pub window: Duration,
    /// How long the server lets a notice that is not urgent wait for its turn, after which a newer
    /// one may have taken its place.
    pub turn: Duration,
    /// True when the airport lives by the server's clock, so that forecasts can be judged.
    pub forecasts: bool,
}

/// Judges the notices that passengers, by their indexes, were shown.
pub fn judge<'a>(
    airport: &Airport,
    shown: impl Iterator<Item = (usize, &'a [Shown])>,
    book: &Book,
    terms: Terms,
) -> Verdict {
    let wearers = Wearers::of(airport);
    let mut verdict = Verdict::default();
    for (passenger, notices) in shown {
        let waits = if airport.passengers[passenger].bags.len() > 1 { terms.window } else { Duration::ZERO };
        let terms = Terms { window: waits, ..terms };
        let told = verdict.hear(airport, &wearers, passenger, notices, (book, terms));
        for duty in duties::of(airport, passenger, book, terms) {
            if told.contains(&duty) {
                continue;
            }
            let own = wearers.own(&duty.subject, passenger).map(|own| &airport.bags[own]);
            verdict.missing += 1;
            verdict.beyond_knowing += u64::from(own.is_some_and(|bag| !bag.is_knowable()));
            verdict.case(4, &duty.subject, "nothing", &format!("{:?} {}", duty.kind, duty.detail));
        }
    }
    verdict.cases.sort();
    verdict.cases.truncate(CASES_MAX);
    verdict
}

impl Verdict {
    /// Takes in what a passenger was shown, in order, and returns all that they heard.
    fn hear(
        &mut self,
        airport: &Airport,
        wearers: &Wearers<'_>,
        passenger: usize,
        notices: &[Shown],
        (book, terms): (&Book, Terms),
    ) -> HashSet<Claim> {
        // What was heard, and what of that still stands.
        let (mut heard, mut standing) = (HashSet::new(), HashSet::new());
        let mut wrong: HashMap<Claim, String> = HashMap::new();
        for notice in notices {
            self.notices += 1;
            for mut claim in claims::claims(notice) {
                let own = wearers.own(&claim.subject, passenger);
                if let Some(own) = own {
                    claim.subject.clone_from(&airport.bags[own].plate);
                }
                heard.extend(claims::implied(&claim, notice));
                match claims::check(airport, passenger, (own, terms.forecasts), &claim, notice) {
                    Finding::Unjudged => continue,
                    Finding::True => self.measure(passenger, (&claim, own), notice, (book, terms.window)),
                    Finding::Wrong(truth) => {
                        wrong.insert(claim.clone(), format!("{}\n{truth}", notice.text));
                    }
                    Finding::Stranger => {
                        self.wrong_person += 1;
                        self.case(0, &claim.subject, &notice.text, "it is not this passenger's");
                    }
                }
                if let Some(back) = claims::taken_back(&claim) {
                    self.corrected += u64::from(wrong.remove(&back).is_some());
                    standing.remove(&back);
                }
                heard.insert(claim.clone());
                if !standing.insert(claim.clone()) {
                    self.duplicates += 1;
                    self.case(1, &claim.subject, &notice.text, "it was said before");
                }
            }
        }
        for (claim, said) in wrong {
            self.wrong += 1;
            let own = wearers.own(&claim.subject, passenger).map(|own| &airport.bags[own]);
            self.beyond_knowing += u64::from(own.is_some_and(|bag| !bag.is_knowable()));
            let (said, truth) = said.rsplit_once('\n').unwrap_or((&said, ""));
            self.case(3, &claim.subject, said, truth);
        }
        heard
    }

    /// Adds a case of another observer.
    pub(crate) fn case(&mut self, rank: u8, subject: &str, said: &str, truth: &str) {
        let (subject, said, truth) = (subject.to_owned(), said.to_owned(), truth.to_owned());
        self.cases.push(Case { rank, subject, said, truth });
    }

    /// Measures how long a true notice took, unless it waited for a line or for the passenger to follow.
    fn measure(
        &mut self,
        passenger: usize,
        (claim, own): (&Claim, Option<usize>),
        notice: &Shown,
        (book, waits): (&Book, Duration),
    ) {
        let Some(told) = duties::fact(claim, own).and_then(|fact| book.told.get(&fact)) else { return };
        let follows = book.followed.get(&(passenger, claim.subject.clone()));
        if !notice.live || follows.is_none_or(|follows| follows > told) {
            return;
        }
        let took = notice.shown_at.saturating_duration_since(*told).saturating_sub(notice.waited);
        if notice.waited.is_zero() && (waits.is_zero() || bagless(claim)) {
            self.push_us.saturating_record(micros(took));
        }
        if took > LATE + waits {
            self.late += 1;
            self.case(5, &claim.subject, &notice.text, &format!("it came after {:.1} s", took.as_secs_f64()));
        }
    }
}

/// Which bags, by their indexes, wear a plate.
struct Wearers<'a> {
    airport: &'a Airport,
    of_plate: HashMap<&'a str, Vec<usize>>,
}

impl<'a> Wearers<'a> {
    fn of(airport: &'a Airport) -> Self {
        let mut of_plate: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, bag) in airport.bags.iter().enumerate() {
            let new = bag.new_tag.iter().map(|tag| tag.plate.as_str());
            for plate in new.chain([bag.plate.as_str()]) {
                of_plate.entry(plate).or_default().push(index);
            }
        }
        Self { airport, of_plate }
    }

    /// Returns the bag of a passenger that a plate means.
    fn own(&self, plate: &str, passenger: usize) -> Option<usize> {
        let worn = self.of_plate.get(plate)?;
        worn.iter().copied().find(|bag| self.airport.bags[*bag].passenger == passenger)
    }
}

/// Returns whether a claim is of a flight, which waits for no bag.
fn bagless(claim: &Claim) -> bool {
    claim.subject.contains('-')
}

//! How often a person may try what costs much or could be guessed.
//!
//! Ten tries at once, then one every six seconds. Each person has one instant:
//! the time at which all their tries would be paid for. The count is kept in
//! memory, so a restart forgives, and each node counts for itself. When more
//! people than [`MAX_PEOPLE`] have unpaid tries, nobody new may try.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use airside_kernel::{Clock, PersonId, Timestamp};
use jiff::SignedDuration;
use tonic::Status;

/// What one try costs.
const COST: SignedDuration = SignedDuration::from_secs(6);
/// How far ahead of payment a person may be: ten tries.
const CREDIT: SignedDuration = SignedDuration::from_secs(60);
/// The most people who are counted at once.
const MAX_PEOPLE: usize = 100_000;

/// Counts tries.
pub struct Attempts {
    clock: Arc<dyn Clock>,
    paid_at: Mutex<HashMap<PersonId, Timestamp>>,
}

impl Attempts {
    /// Makes a counter on a clock.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, paid_at: Mutex::default() }
    }

    /// Takes one try of a person.
    ///
    /// # Errors
    /// When there is none left, with how long until there is one.
    pub fn take(&self, person: PersonId) -> Result<(), Status> {
        self.pay(person).map_err(|wait| {
            let seconds = wait.as_secs() + i64::from(wait.subsec_nanos() > 0);
            Status::resource_exhausted(format!("too many attempts: try again in {seconds} s"))
        })
    }

    fn pay(&self, person: PersonId) -> Result<(), SignedDuration> {
        let now = self.clock.now();
        let mut paid_at = self.paid_at.lock().unwrap_or_else(PoisonError::into_inner);
        if paid_at.len() >= MAX_PEOPLE {
            paid_at.retain(|_, paid| *paid > now);
            if paid_at.len() >= MAX_PEOPLE && !paid_at.contains_key(&person) {
                return Err(CREDIT);
            }
        }
        let from = paid_at.get(&person).copied().map_or(now, |paid| paid.max(now));
        let paid = from.saturating_add(COST).unwrap_or(from);
        let ahead = paid.duration_since(now);
        if ahead > CREDIT {
            return Err(ahead - CREDIT);
        }
        paid_at.insert(person, paid);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use airside_kernel::ManualClock;
    use uuid::Uuid;

    use super::*;

    fn person(n: u128) -> PersonId {
        PersonId(Uuid::from_u128(n))
    }

    #[test]
    fn ten_tries_then_one_every_six_seconds() {
        let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
        let attempts = Attempts::new(clock.clone());
        for _ in 0..10 {
            assert_eq!(attempts.pay(person(1)), Ok(()));
        }
        assert_eq!(attempts.pay(person(1)), Err(COST));
        assert_eq!(attempts.pay(person(2)), Ok(()), "one person's tries are not another's");
        clock.advance(COST);
        assert_eq!(attempts.pay(person(1)), Ok(()));
        assert_eq!(attempts.pay(person(1)), Err(COST));
        clock.advance(CREDIT);
        assert_eq!((0..20).filter(|_| attempts.pay(person(1)).is_ok()).count(), 10);
    }

    #[test]
    fn a_refused_try_costs_nothing() {
        let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
        let attempts = Attempts::new(clock.clone());
        for _ in 0..1_000 {
            let _ = attempts.pay(person(1));
        }
        clock.advance(COST);
        assert_eq!(attempts.pay(person(1)), Ok(()));
    }

    #[test]
    fn the_count_of_people_is_bounded() {
        let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
        let attempts = Attempts::new(clock.clone());
        for n in 0..MAX_PEOPLE as u128 {
            assert_eq!(attempts.pay(person(n)), Ok(()));
        }
        assert!(attempts.pay(person(u128::MAX)).is_err());
        clock.advance(CREDIT);
        assert_eq!(attempts.pay(person(u128::MAX)), Ok(()));
        assert_eq!(attempts.paid_at.lock().unwrap().len(), 1);
    }
}

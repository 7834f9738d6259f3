//! How often sessions may be opened, here and by one person.

use std::{
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering},
};

use airside_kernel::PersonId;
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::GatewayConfig;

/// After how many sessions those persons are forgotten who opened none of late.
const FORGET_EVERY: u32 = 4_096;

/// The rates of this process.
pub(crate) struct Limits {
    opened: DefaultDirectRateLimiter,
    by_person: DefaultKeyedRateLimiter<PersonId>,
    until_forgotten: AtomicU32,
    view_reads: Semaphore,
}

impl Limits {
    pub(crate) fn new(config: &GatewayConfig) -> Self {
        let opened = Quota::per_second(config.sessions_per_second_max);
        let by_person = Quota::per_minute(config.sessions_of_person_per_minute_max);
        Self {
            opened: RateLimiter::direct(opened),
            by_person: RateLimiter::keyed(by_person),
            until_forgotten: AtomicU32::new(FORGET_EVERY),
            view_reads: Semaphore::new(config.view_reads_max.clamp(1, Semaphore::MAX_PERMITS)),
        }
    }

    /// Waits until another live view may be read.
    pub(super) async fn view_read(&self) -> SemaphorePermit<'_> {
        self.view_reads.acquire().await.expect("nobody closes this semaphore")
    }

    /// Tells whether another session may be opened now.
    pub(super) fn admit(&self) -> bool {
        self.opened.check().is_ok()
    }

    /// Tells whether this person may open another session now.
    pub(super) fn admit_person(&self, person: PersonId) -> bool {
        if self.until_forgotten.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.until_forgotten.store(FORGET_EVERY, Ordering::Relaxed);
            self.by_person.retain_recent();
        }
        self.by_person.check_key(&person).is_ok()
    }
}

/// The rate of the frames of one session.
pub(super) struct Frames(DefaultDirectRateLimiter);

impl Frames {
    pub(super) fn new(per_second: NonZeroU32) -> Self {
        Self(RateLimiter::direct(Quota::per_second(per_second)))
    }

    /// Tells whether one more is not too many.
    pub(super) fn admit(&self) -> bool {
        self.0.check().is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(number: u128) -> PersonId {
        PersonId(uuid::Uuid::from_u128(number))
    }

    #[test]
    fn one_persons_haste_is_not_anothers() {
        let few = NonZeroU32::new(2).unwrap();
        let config = GatewayConfig { sessions_of_person_per_minute_max: few, ..GatewayConfig::default() };
        let limits = Limits::new(&config);
        let admitted = |number| limits.admit_person(person(number));
        assert_eq!([admitted(1), admitted(1), admitted(1), admitted(2)], [true, true, false, true]);
    }

    #[test]
    fn sessions_are_opened_at_a_bounded_rate() {
        let few = NonZeroU32::new(3).unwrap();
        let config = GatewayConfig { sessions_per_second_max: few, ..GatewayConfig::default() };
        let limits = Limits::new(&config);
        let admitted = (0..100).filter(|_| limits.admit()).count();
        assert!((3..50).contains(&admitted), "{admitted}");
    }
}

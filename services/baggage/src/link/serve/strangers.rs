//! Who has called and not logged in: bounded by themselves, so that they keep no peer out.
//!
//! Policy. A caller is always taken; when there are too many, of one address or of all, the one that
//! has waited longest is closed for it. A peer logs in at once, so it is long known when its turn to
//! be closed would come. Who sent wrong passwords waits before its next login is looked at, longer
//! each time and on every line of its address; a peer behind the same address waits with it, and gets in.

use std::{
    collections::{BTreeMap, VecDeque},
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

/// How many strangers there may be at once.
const STRANGERS_MAX: usize = 256;
/// How many of one address.
const OF_AN_ADDRESS_MAX: usize = 64;
/// How many wrong logins of an address are let pass; from the next on it waits.
const FREE_TRIES: u32 = 3;
/// How long it waits at first, twice as long after each further one.
const WAIT_FIRST: Duration = Duration::from_millis(100);
/// The longest that it waits; a peer that knows its password has time enough to log in.
const WAIT_MAX: Duration = Duration::from_secs(3);
/// When the wrong logins of an address are forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(600);
/// Of how many addresses wrong logins are known; beyond them the oldest are forgotten.
const WRONG_MAX: usize = 1_024;

/// The strangers of a port. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Strangers(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    /// By the order in which they came: whose they are, and what tells them to go.
    waiting: BTreeMap<u64, (IpAddr, Arc<Notify>)>,
    last: u64,
    is_crowded: bool,
    /// Wrong logins by address, and when the last one was; the oldest first.
    wrong: VecDeque<(IpAddr, u32, Instant)>,
}

/// A caller that has not logged in; it has its place until this is dropped.
#[derive(Debug)]
pub(super) struct Stranger {
    strangers: Strangers,
    id: u64,
    address: IpAddr,
    leave: Arc<Notify>,
}

/// Whether somebody was closed for a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// There was room.
    Enough,
    /// There was none, for the first time since there was.
    NoMore,
    /// There was none.
    Still,
}

impl Strangers {
    /// Takes a caller, and closes another when there are too many.
    pub(super) fn enter(&self, peer: SocketAddr) -> (Stranger, Room) {
        let (address, leave) = (network(peer.ip()), Arc::new(Notify::new()));
        let mut known = self.known();
        let of_it = known.waiting.values().filter(|(other, _)| *other == address).count();
        let room = if of_it >= OF_AN_ADDRESS_MAX {
            known.close_oldest(|other| other == address)
        } else if known.waiting.len() >= STRANGERS_MAX {
            known.close_oldest(|_| true)
        } else {
            Room::Enough
        };
        known.last += 1;
        let id = known.last;
        known.waiting.insert(id, (address, leave.clone()));
        drop(known);
        (Stranger { strangers: self.clone(), id, address, leave }, room)
    }

    /// Returns true from when somebody was closed for another until half of the places are free.
    pub(super) fn is_crowded(&self) -> bool {
        self.known().is_crowded
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn close_oldest(&mut self, of: impl Fn(IpAddr) -> bool) -> Room {
        let oldest = self.waiting.iter().find(|(_, (address, _))| of(*address)).map(|(id, _)| *id);
        if let Some((_, leave)) = oldest.and_then(|id| self.waiting.remove(&id)) {
            leave.notify_one();
        }
        let room = if self.is_crowded { Room::Still } else { Room::NoMore };
        self.is_crowded = true;
        room
    }

    fn forget(&mut self, now: Instant) {
        while self.wrong.front().is_some_and(|(.., at)| now.duration_since(*at) >= FORGOTTEN_AFTER) {
            self.wrong.pop_front();
        }
    }
}

impl Stranger {
    /// Waits until it is to be closed for another.
    pub(super) async fn told_to_leave(&self) {
        self.leave.notified().await;
    }

    /// Returns how long its next login waits before it is looked at.
    pub(super) fn wait(&self, now: Instant) -> Duration {
        let mut known = self.strangers.known();
        known.forget(now);
        let count = known.wrong.iter().find(|(address, ..)| *address == self.address);
        let beyond = count.map_or(0, |(_, count, _)| *count).checked_sub(FREE_TRIES);
        beyond.map_or(Duration::ZERO, |beyond| (WAIT_FIRST * 2_u32.pow(beyond.min(8))).min(WAIT_MAX))
    }

    /// Notes a wrong login.
    pub(super) fn was_wrong(&self, now: Instant) {
        let mut known = self.strangers.known();
        let place = known.wrong.iter().position(|(address, ..)| *address == self.address);
        let before = place.and_then(|place| known.wrong.remove(place)).map_or(0, |(_, count, _)| count);
        if known.wrong.len() == WRONG_MAX {
            known.wrong.pop_front();
        }
        known.wrong.push_back((self.address, before.saturating_add(1), now));
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        let mut known = self.strangers.known();
        known.waiting.remove(&self.id);
        let most = known.waiting.values().filter(|(address, _)| *address == self.address).count();
        if known.waiting.len() <= STRANGERS_MAX / 2 && most <= OF_AN_ADDRESS_MAX / 2 {
            known.is_crowded = false;
        }
    }
}

/// Returns what counts as one address: of IPv6, the network that one caller has whole.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => Ipv6Addr::from_bits(six.to_bits() >> 64 << 64).into(),
        four @ IpAddr::V4(_) => four,
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn caller(address: &str) -> SocketAddr {
        SocketAddr::new(address.parse().unwrap(), 40_000)
    }

    fn must_leave(stranger: &Stranger) -> bool {
        stranger.told_to_leave().now_or_never().is_some()
    }

    #[test]
    fn the_oldest_caller_of_a_crowded_address_leaves_and_one_of_another_address_stays() {
        let strangers = Strangers::default();
        let (other, room) = strangers.enter(caller("10.0.0.9"));
        assert_eq!(room, Room::Enough);
        let crowd: Vec<_> = (0..OF_AN_ADDRESS_MAX).map(|_| strangers.enter(caller("10.0.0.1")).0).collect();
        assert!(!crowd.iter().any(must_leave) && !strangers.is_crowded());
        let (next, room) = strangers.enter(caller("10.0.0.1"));
        assert_eq!((room, strangers.is_crowded()), (Room::NoMore, true));
        let (after, room) = strangers.enter(caller("10.0.0.1"));
        assert_eq!(room, Room::Still, "the warning is given once");
        let left: Vec<_> = crowd.iter().map(must_leave).collect();
        assert_eq!(left.iter().filter(|left| **left).count(), 2);
        assert!(left[0] && left[1] && !must_leave(&other) && !must_leave(&next) && !must_leave(&after));
        drop((crowd, next, after));
        assert!(!strangers.is_crowded());
    }

    #[test]
    fn the_oldest_of_all_leaves_when_many_addresses_fill_the_port() {
        let strangers = Strangers::default();
        let enter = |n: usize| strangers.enter(caller(&format!("10.0.{}.{}", n / 200, n % 200))).0;
        let crowd: Vec<_> = (0..STRANGERS_MAX + 3).map(enter).collect();
        let left: Vec<_> = crowd.iter().map(must_leave).collect();
        assert_eq!(left.iter().position(|left| !left), Some(3), "the first three and no others");
        assert_eq!(strangers.known().waiting.len(), STRANGERS_MAX);
    }

    #[test]
    fn a_network_of_version_six_is_one_address() {
        assert_eq!(network(caller("2001:db8::1").ip()), network(caller("2001:db8::ffff:2").ip()));
        assert_ne!(network(caller("2001:db8::1").ip()), network(caller("2001:db8:0:1::1").ip()));
        assert_eq!(network(caller("::ffff:10.0.0.1").ip()), caller("10.0.0.1").ip());
    }

    #[test]
    fn wrong_logins_slow_their_address_down_on_every_line_until_they_are_forgotten() {
        let (strangers, now) = (Strangers::default(), Instant::now());
        let (one, two) = (strangers.enter(caller("10.0.0.1")).0, strangers.enter(caller("10.0.0.1")).0);
        let (other, _) = strangers.enter(caller("10.0.0.2"));
        let mut waits = Vec::new();
        for _ in 0..9 {
            one.was_wrong(now);
            waits.push(two.wait(now).as_millis());
        }
        assert_eq!(waits, [0, 0, 100, 200, 400, 800, 1_600, 3_000, 3_000]);
        assert_eq!(other.wait(now), Duration::ZERO);
        (0..1_000).for_each(|_| one.was_wrong(now));
        assert_eq!(two.wait(now), WAIT_MAX);
        assert_eq!(two.wait(now + FORGOTTEN_AFTER), Duration::ZERO);
    }

    #[test]
    fn wrong_logins_of_ever_new_addresses_take_bounded_room() {
        let (strangers, now) = (Strangers::default(), Instant::now());
        for n in 0..WRONG_MAX + 500 {
            strangers.enter(caller(&format!("10.1.{}.{}", n / 200, n % 200))).0.was_wrong(now);
        }
        assert_eq!(strangers.known().wrong.len(), WRONG_MAX);
    }
}

//! What a clock's estimate says of good clocks, wrong clocks and backlogs.

use jiff::{SignedDuration, civil::DateTime, tz::TimeZone};
use proptest::prelude::*;

use super::*;

const HOUR: i64 = 3_600;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + second).unwrap()
}

/// What is known after sightings, each received at a second and late by some.
fn skew(lags: impl IntoIterator<Item = (i64, i64)>) -> Skew {
    let mut clock = ClockEstimate::default();
    for (second, lag) in lags {
        clock.push(at(second), at(second - lag));
    }
    clock.skew()
}

/// A reading each half minute.
fn steady(count: i64, lag: i64) -> impl Iterator<Item = (i64, i64)> {
    (0..count).map(move |n| (n * 30, lag + n % 3))
}

#[test]
fn of_few_readings_nothing_is_said() {
    assert_eq!(skew([]), Skew::Unknown);
    assert_eq!(skew(steady(7, -7_200)), Skew::Unknown);
    assert_eq!(skew(steady(2, 1)), Skew::Unknown);
    assert_eq!(skew(steady(5, 7_200)), Skew::Unknown, "a clock that is behind needs more");
    assert_eq!(skew((0..100).map(|_| (0, 7_200))), Skew::Unknown, "one burst is one voice");
}

#[test]
fn a_good_clock_is_not_flagged_and_is_not_corrected() {
    let known = skew(steady(20, 1));
    assert_eq!(known, Skew::Ahead(-2_000));
    assert_eq!((known.is_wrong(), known.ahead_ms()), (false, 0));
    assert!(!skew(steady(20, 119)).is_wrong());
    assert!(!skew(steady(20, -118)).is_wrong());
}

#[test]
fn a_reader_that_is_two_hours_ahead_is_certain_after_eight_readings_however_quick() {
    let known = skew(steady(8, -7_200));
    assert_eq!((known.is_wrong(), known.ahead_ms()), (true, 7_199_000));
    assert_eq!(skew((0..8).map(|n| (0, n - 7_200))).ahead_ms(), 7_193_000, "the smallest is the least");
}

#[test]
fn a_reader_that_is_a_day_behind_is_flagged_when_it_is_steady() {
    let known = skew(steady(6, 24 * HOUR));
    assert_eq!(known.ahead_ms(), -24 * HOUR * 1_000 - 1_000);
}

#[test]
fn a_backlog_that_is_drained_after_hours_is_no_wrong_clock() {
    // Three hours of outage, then everything within five minutes, oldest first, and then live.
    let before = (0..10).map(|n| (n * 30, 1));
    let backlog = |n: i64| (3 * HOUR + n / 36, 3 * HOUR - n + n / 36);
    let drained = |upto| before.clone().chain((300..upto).map(backlog));
    for upto in (400..3 * HOUR).step_by(100) {
        assert!(!skew(drained(upto)).is_wrong(), "{upto} drained: {:?}", skew(drained(upto)));
    }
    let live = (0..40).map(|n| (3 * HOUR + 400 + n * 30, 1));
    assert_eq!(skew(drained(3 * HOUR).chain(live)).ahead_ms(), 0);
}

#[test]
fn a_backlog_without_anything_before_it_is_no_wrong_clock_however_slowly_it_is_drained() {
    // Twice, and a tenth faster than it grows.
    for (gained, of) in [(1, 1), (1, 10)] {
        let drained = |upto: i64| (0..upto).map(move |n| (n * 10, 5 * HOUR - n * 10 * gained / of));
        for upto in 6..600 {
            assert!(!skew(drained(upto)).is_wrong(), "{upto}: {:?}", skew(drained(upto)));
        }
        assert_eq!(skew(drained(64)), Skew::CatchingUp);
    }
}

#[test]
fn a_handheld_that_is_read_out_now_and_then_has_no_wrong_clock() {
    let read_out = [900, 120, 2_400, 300, 1_500, 60, 3_000, 700];
    let known = skew(
        (0..).zip(read_out).flat_map(|(n, last)| (0..50).map(move |scan| (n * 4 * HOUR, last + scan * 100))),
    );
    assert!(!known.is_wrong(), "{known:?}");
}

#[test]
fn one_wild_scan_changes_nothing() {
    for wild in [-24 * HOUR, -365 * 24 * HOUR, 24 * HOUR, 365 * 24 * HOUR] {
        let alone =
            steady(9, 2).map(|(second, lag)| if second == 120 { (second, wild) } else { (second, lag) });
        assert_eq!(skew(alone).ahead_ms(), 0, "{wild}");
        let among = steady(9, 2).flat_map(|(second, lag)| [(second, lag), (second + 1, wild)]);
        assert_eq!(skew(among).ahead_ms(), 0, "{wild}");
        let first = [(0, wild)].into_iter().chain((0..9).map(|n| (30 + n, 2)));
        assert!(!skew(first).is_wrong(), "{wild}");
    }
}

#[test]
fn when_half_says_so_and_half_does_not_no_clock_is_wrong() {
    for other in [1, 24 * HOUR] {
        let halves = (0..20).map(|n| (n * 30, if n % 2 == 0 { -24 * HOUR } else { other }));
        assert!(!skew(halves).is_wrong(), "{other}");
    }
}

#[test]
fn a_clock_that_was_set_right_is_believed_again() {
    let wrong = steady(64, -2 * HOUR);
    let right = steady(40, 1).map(|(second, lag)| (second + 64 * 30, lag));
    assert_eq!(skew(wrong.chain(right)).ahead_ms(), 0);
}

/// What is known of a reader in Lisbon that is read every minute around a change of the hour,
/// when it tells local time and its reading is taken by the offset of the evening all night.
fn of_night(first: DateTime, misses_the_change: bool) -> Vec<Skew> {
    let zone = TimeZone::get("Europe/Lisbon").unwrap();
    let start = zone.to_timestamp(first).unwrap();
    let summer = zone.to_offset(start);
    let mut clock = ClockEstimate::default();
    (0..300)
        .map(|minute| {
            let event = start + SignedDuration::from_mins(minute);
            let told = if misses_the_change {
                let shift = summer.seconds() - zone.to_offset(event).seconds();
                event + SignedDuration::from_secs(shift.into())
            } else {
                event
            };
            clock.push(event + SignedDuration::from_secs(2), told);
            clock.skew()
        })
        .collect()
}

#[test]
fn the_night_when_the_hour_changes_flags_only_the_reader_that_misses_it() {
    for (first, ahead) in [("2026-10-24T23:30:00", HOUR), ("2026-03-28T23:30:00", -HOUR)] {
        let first: DateTime = first.parse().unwrap();
        assert!(of_night(first, false).iter().all(|known| !known.is_wrong()), "{first}");
        let missed = of_night(first, true);
        let before = missed.iter().take(90);
        assert!(before.copied().all(|known| !known.is_wrong()), "{first}");
        let flagged = missed.last().unwrap().ahead_ms();
        assert!((flagged / 1_000 - ahead).abs() <= 2, "{first}: {flagged}");
        let wrong = missed.iter().filter(|known| known.is_wrong());
        assert!(wrong.copied().all(|known| (known.ahead_ms() / 1_000 - ahead).abs() <= 2), "{first}");
    }
}

#[test]
fn the_memory_is_bounded_and_kept_as_it_was() {
    let mut clock = ClockEstimate::default();
    steady(1_000, -600).for_each(|(second, lag)| clock.push(at(second), at(second - lag)));
    assert_eq!(clock.voices.len(), VOICES);
    let bytes = postcard::to_stdvec(&clock).unwrap();
    assert_eq!(postcard::from_bytes::<ClockEstimate>(&bytes).unwrap(), clock);
}

proptest! {
    #[test]
    fn a_steady_wrong_clock_is_estimated_within_its_noise(
        ahead in prop_oneof![-200_000i64..-200, 200i64..200_000],
        noise in prop::collection::vec(0i64..3, 64),
    ) {
        let known = skew(noise.iter().enumerate().map(|(n, noise)| {
            (i64::try_from(n).unwrap() * 30, noise - ahead)
        }));
        prop_assert!((known.ahead_ms() / 1_000 - ahead).abs() <= 3, "{known:?}");
    }

    #[test]
    fn no_times_make_it_panic(times in prop::collection::vec((any::<i32>(), any::<i32>()), 0..200)) {
        let mut clock = ClockEstimate::default();
        for (received, event) in times {
            let instant = |second: i32| Timestamp::from_second(second.into()).unwrap();
            clock.push(instant(received), instant(event));
            let _ = clock.skew();
        }
    }
}

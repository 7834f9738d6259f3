//! What a walker is told on the way: the next step, a wrong turn, a closure, the goal.

use std::sync::Arc;
use std::time::Duration;

use airside_wayfinding::position::guide::{
    ARRIVED_M, Ahead, BACK_M, Cause, Guidance, Guide, Moment, News, Noticed, OFF_M,
};
use airside_wayfinding::position::{Fix, Track, track::Cell};
use airside_wayfinding::{FeatureId, Overlay, RouteError, RouteRequest, Searcher, StepKind};
use proptest::prelude::*;
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::walking::{beacons, hear, off_m, steps, sure, surveyed};
use crate::{Venue, lingnan};

/// One walk through a venue, told each two seconds where it is.
struct Walk {
    venue: Venue,
    guide: Guide,
    searcher: Searcher,
    second: u64,
}

impl Walk {
    fn to(goal: &str) -> Self {
        Self::through(Venue::testville(), goal)
    }

    fn through(venue: Venue, goal: &str) -> Self {
        let track = Arc::new(Track::of(venue.snapshot.graph()));
        let guide = Guide::new(track, RouteRequest { to: goal.into(), ..RouteRequest::default() });
        Self { venue, guide, searcher: Searcher::new(), second: 0 }
    }

    fn notice(&mut self, noticed: &Noticed) -> Result<Option<Guidance>, RouteError> {
        self.second += 2;
        let Self { venue, guide, searcher, second } = self;
        let mut moment = Moment { snapshot: &venue.snapshot, overlay: &venue.overlay, now: None, searcher };
        guide.observe(&mut moment, Duration::from_secs(*second), noticed)
    }

    fn see(&mut self, cell: &Cell) -> Guidance {
        self.notice(&Noticed::Fix(sure(cell))).unwrap().unwrap()
    }

    /// Walks from one place to another, and returns all that was told.
    fn along(&mut self, from: &str, to: &str) -> Vec<Guidance> {
        let way = steps(&self.venue, from, to);
        way.iter().step_by(2).map(|(_, cell)| self.see(cell)).collect()
    }

    /// Changes what is closed.
    fn close(&mut self, features: &[&FeatureId]) -> Option<Guidance> {
        self.venue.overlay = Overlay::closing(&self.venue.snapshot, features.iter().copied().cloned());
        let Self { venue, guide, searcher, .. } = self;
        let mut moment = Moment { snapshot: &venue.snapshot, overlay: &venue.overlay, now: None, searcher };
        guide.change(&mut moment).unwrap()
    }

    fn shafts(&self) -> Vec<FeatureId> {
        self.venue.snapshot.graph().shafts().iter().map(|shaft| shaft.id.clone()).collect()
    }
}

fn causes(told: &[Guidance]) -> Vec<Cause> {
    let news = told.iter().filter_map(|guidance| match &guidance.news {
        Some(News::Way(cause, _)) => Some(*cause),
        _ => None,
    });
    news.collect()
}

fn ahead(guidance: &Guidance) -> Ahead {
    guidance.ahead.unwrap()
}

#[test]
fn a_walk_on_its_way_is_told_every_step_and_arrives() {
    let mut walk = Walk::to("A3");
    let told = walk.along("Check-in B", "A3");
    assert_eq!(causes(&told), [Cause::Begins]);
    let Some(News::Way(_, route)) = &told[0].news else { panic!("no way was told first") };
    assert!(told.iter().all(|guidance| guidance.on_way), "left the way");
    let (first, last) = (&told[0], told.last().unwrap());
    assert!(ahead(first).done < 0.1 && !first.arrived);
    assert!(last.arrived && ahead(last).left_m <= ARRIVED_M, "{last:?}");
    assert_eq!(last.here.level, *route.levels.last().unwrap());
    // Every step that takes some walking is told, in order.
    let mut seen: Vec<_> = told.iter().map(|guidance| ahead(guidance).step).collect();
    assert!(seen.is_sorted(), "{seen:?}");
    seen.dedup();
    let long = route.steps.iter().enumerate().filter(|(_, step)| step.distance_m > 12.0);
    for (index, step) in long {
        assert!(seen.contains(&index), "{}: {seen:?}", step.text);
    }
    // What is left grows less, but for the slack of the filter.
    for pair in told.windows(2) {
        assert!(ahead(&pair[1]).left_m <= ahead(&pair[0]).left_m + BACK_M, "{pair:?}");
    }
}

#[test]
fn the_distance_to_the_next_step_is_what_is_left_of_this_one() {
    let mut walk = Walk::to("A3");
    for guidance in walk.along("Check-in B", "A3") {
        let Ahead { step_m, left_m, left_seconds, done, .. } = ahead(&guidance);
        assert!(step_m >= 0.0 && step_m <= left_m + 1e-9 && left_seconds >= 0.0, "{guidance:?}");
        assert!((0.0..=1.0).contains(&done));
    }
}

#[test]
fn levels_are_told_in_the_order_of_the_way_and_never_back() {
    let mut walk = Walk::to("A3");
    let told = walk.along("Check-in B", "A3");
    let levels = walk.venue.walk("Check-in B", "A3").levels;
    let mut seen: Vec<_> = told.iter().map(|guidance| guidance.here.level).collect();
    seen.dedup();
    assert!(seen.iter().all(|level| levels.contains(level)), "{seen:?} of {levels:?}");
    assert_eq!((seen.first(), seen.last()), (levels.first(), levels.last()));
}

#[test]
fn a_wrong_turn_is_noticed_and_the_way_is_found_anew() {
    let mut walk = Walk::to("A3");
    let way = steps(&walk.venue, "Check-in B", "A3");
    for (_, cell) in way.iter().take(way.len() / 4).step_by(2) {
        walk.see(cell);
    }
    // From there to the other end of the level, away from the goal.
    let here = way[way.len() / 4].1;
    let away = end_of_level(&walk.venue, &here);
    let [from, to] = [here, away].map(|cell| here_ref(&walk.venue, &cell));
    let told = walk.along(&from, &to);
    let wrong =
        told.iter().position(|guidance| matches!(guidance.news, Some(News::Way(Cause::WrongTurn, _))));
    let wrong = wrong.unwrap_or_else(|| panic!("no wrong turn was noticed: {:?}", causes(&told)));
    assert!(!told[wrong - 1].on_way && told[wrong].on_way, "{:?}", told[wrong]);
    let Some(News::Way(_, route)) = &told[wrong].news else { unreachable!() };
    assert_eq!(route.levels.first(), Some(&told[wrong].here.level));
}

/// The cell of a level that is furthest from another.
fn end_of_level(venue: &Venue, here: &Cell) -> Cell {
    let track = Track::of(venue.snapshot.graph());
    let on_level = track.cells().iter().filter(|cell| cell.level == here.level && !cell.shaft);
    *on_level.max_by(|a, b| off_m(a.at, here.at).total_cmp(&off_m(b.at, here.at))).unwrap()
}

/// A cell as an end of a route.
fn here_ref(venue: &Venue, cell: &Cell) -> String {
    let [x, y] = cell.at;
    let [lon, lat] = venue.snapshot.graph().frame().to_world(geo::Coord { x, y });
    format!("{lon},{lat},{}", cell.level)
}

#[test]
fn one_stray_fix_is_no_wrong_turn() {
    let mut walk = Walk::to("A3");
    let way = steps(&walk.venue, "Check-in B", "A3");
    let mut told = Vec::new();
    for (index, (_, cell)) in way.iter().enumerate().step_by(2) {
        let stray = index > 20 && index % 16 == 0;
        let at = if stray { [cell.at[0] + 35.0, cell.at[1] + 20.0] } else { cell.at };
        told.push(walk.see(&Cell { at, ..*cell }));
    }
    assert_eq!(causes(&told), [Cause::Begins]);
    assert!(told.iter().any(|guidance| guidance.arrived));
}

#[test]
fn walks_among_beacons_arrive_with_hardly_a_false_wrong_turn() {
    const WALKS: u64 = 6;
    let venue = Venue::testville();
    let track = Track::of(venue.snapshot.graph());
    let beacons = beacons(&track);
    let map = surveyed(&venue.snapshot, &track, &beacons);
    let mut wrong_turns = 0;
    for seed in 0..WALKS {
        let mut random = StdRng::seed_from_u64(300 + seed);
        let louder_db = random.random_range(-6.0..6.0);
        let mut walk = Walk::to("A3");
        let mut way = steps(&walk.venue, "Check-in B", "A3");
        // Who has arrived stands there for a while.
        way.extend([*way.last().unwrap(); 10]);
        let mut told = Vec::new();
        for (_, cell) in way.iter().step_by(2) {
            let fix = hear(&mut random, &beacons, cell, louder_db).and_then(|scan| map.locate(&scan).ok());
            if let Some(fix) = fix {
                told.extend(walk.notice(&Noticed::Fix(fix)).unwrap());
            } else {
                walk.second += 2;
            }
        }
        assert!(told.iter().any(|guidance| guidance.arrived), "{seed}: {:?}", told.last());
        wrong_turns += causes(&told).iter().filter(|cause| **cause == Cause::WrongTurn).count();
    }
    println!("{wrong_turns} false wrong turns");
    assert!(wrong_turns <= 1, "{wrong_turns} on {WALKS} walks");
}

#[test]
fn who_leaves_the_way_among_beacons_is_told_within_some_scans() {
    const WALKS: u64 = 8;
    const WITHIN: usize = 10;
    let venue = Venue::testville();
    let track = Track::of(venue.snapshot.graph());
    let beacons = beacons(&track);
    let map = surveyed(&venue.snapshot, &track, &beacons);
    let way = steps(&venue, "Check-in B", "A3");
    let (kept, here) = (&way[..way.len() / 4], way[way.len() / 4].1);
    let away = end_of_level(&venue, &here);
    let away = steps(&venue, &here_ref(&venue, &here), &here_ref(&venue, &away));
    let off_way =
        |cell: &Cell| way.iter().all(|(_, on)| on.level != cell.level || off_m(on.at, cell.at) > OFF_M);
    let mut took = Vec::new();
    for seed in 0..WALKS {
        let mut random = StdRng::seed_from_u64(400 + seed);
        let louder_db = random.random_range(-6.0..6.0);
        let mut walk = Walk::to("A3");
        let (mut off, mut told_after) = (0, None);
        for (_, cell) in kept.iter().step_by(2).chain(away.iter().step_by(2)) {
            off += usize::from(off > 0 || off_way(cell));
            let fix = hear(&mut random, &beacons, cell, louder_db).and_then(|scan| map.locate(&scan).ok());
            let Some(fix) = fix else { continue };
            let told = walk.notice(&Noticed::Fix(fix)).unwrap();
            if told.is_some_and(|told| matches!(told.news, Some(News::Way(Cause::WrongTurn, _)))) && off > 0 {
                told_after = Some(off);
                break;
            }
        }
        took.push(told_after.unwrap_or_else(|| panic!("{seed}: no wrong turn was noticed in {off} scans")));
    }
    println!("scans off the way until a wrong turn was told: {took:?}");
    assert!(took.iter().all(|scans| *scans <= WITHIN), "{took:?}");
}

#[test]
fn a_walk_that_jumps_levels_is_found_again_and_guided_on() {
    let mut walk = Walk::to("A3");
    let way = steps(&walk.venue, "Check-in B", "A3");
    for (_, cell) in way.iter().take(20).step_by(2) {
        walk.see(cell);
    }
    let last = way.last().unwrap().1;
    let told: Vec<_> = (0..10).map(|_| walk.see(&last)).collect();
    assert!(told.last().unwrap().arrived, "{:?}", told.last());
}

#[test]
fn a_closure_on_the_way_is_told_at_once_and_one_elsewhere_is_not() {
    let mut walk = Walk::to("A3");
    let way = steps(&walk.venue, "Check-in B", "A3");
    let mut last = None;
    for (_, cell) in way.iter().take(20).step_by(2) {
        last = Some(walk.see(cell));
    }
    let before = ahead(&last.unwrap()).left_seconds;
    let (mut on_the_way, mut elsewhere) = (0, 0);
    for shaft in walk.shafts() {
        match walk.close(&[&shaft]) {
            None => elsewhere += 1,
            Some(Guidance { news: Some(News::Way(Cause::Closed, route)), .. }) => {
                assert!(route.seconds > before, "{} is quicker than {before}", route.seconds);
                on_the_way += 1;
                // What is opened again is quicker again.
                let told = walk.close(&[]).unwrap();
                assert!(matches!(told.news, Some(News::Way(Cause::Quicker, _))), "{told:?}");
            }
            Some(other) => panic!("{other:?}"),
        }
        assert!(walk.close(&[]).is_none(), "the same way was told again");
    }
    assert!(on_the_way > 0 && elsewhere > 0, "{on_the_way} on the way, {elsewhere} elsewhere");
}

#[test]
fn a_closed_lift_is_told_although_its_twin_stands_beside_it() {
    let mut walk = Walk::through(Venue::of(lingnan::files()), "A3");
    let way = steps(&walk.venue, "Metro", "A3");
    let lift = |told: Option<News>| {
        let Some(News::Way(_, route)) = told else { panic!("no way: {told:?}") };
        let lift = route.steps.iter().find(|step| step.kind == StepKind::Lift);
        lift.and_then(|step| step.feature.clone()).expect("a lift with a sign")
    };
    let first = lift(walk.see(&way[0].1).news);
    let told = walk.close(&[&first]).expect("its lift is closed");
    assert_ne!(lift(told.news), first);
    assert!(walk.close(&[&first]).is_none(), "the same way was told again");
}

#[test]
fn no_way_is_told_once_with_its_reason_and_ends_when_it_opens() {
    let mut walk = Walk::to("A3");
    let way = steps(&walk.venue, "Check-in B", "A3");
    walk.see(&way[0].1);
    let all = walk.shafts();
    let told = walk.close(&all.iter().collect::<Vec<_>>()).unwrap();
    assert!(matches!(told.news, Some(News::NoWay(..))) && told.ahead.is_none(), "{told:?}");
    let quiet = walk.see(&way[0].1);
    assert_eq!((quiet.news, quiet.ahead), (None, None));
    let told = walk.close(&[]).unwrap();
    assert!(matches!(told.news, Some(News::Way(Cause::Begins, _))), "{told:?}");
}

#[test]
fn counted_steps_lead_on_along_the_way_but_never_through_a_ride() {
    let mut walk = Walk::to("A3");
    assert_eq!(walk.notice(&Noticed::Walked(5.0)).unwrap(), None);
    let way = steps(&walk.venue, "Check-in B", "A3");
    let begun = walk.see(&way[0].1);
    let on = walk.notice(&Noticed::Walked(6.0)).unwrap().unwrap();
    assert!((ahead(&begun).left_m - ahead(&on).left_m - 6.0).abs() < 1.5, "{begun:?} {on:?}");
    for _ in 0..200 {
        let on = walk.notice(&Noticed::Walked(6.0)).unwrap().unwrap();
        assert_eq!(on.here.level, begun.here.level);
        assert!(!on.arrived);
    }
    let Some(News::Way(_, route)) = begun.news else { panic!() };
    let on = walk.notice(&Noticed::Walked(f64::NAN)).unwrap();
    assert!(on.is_none_or(|on| on.here.at.iter().all(|c| c.is_finite())));
    let ride = route
        .steps
        .iter()
        .position(|step| matches!(step.kind, StepKind::Lift | StepKind::Stairs | StepKind::Escalator));
    let last = walk.notice(&Noticed::Walked(0.0)).unwrap().unwrap();
    assert_eq!(Some(ahead(&last).step), ride);
}

#[test]
fn a_goal_that_is_no_place_is_an_error_of_its_field() {
    let mut walk = Walk::to("nowhere at all");
    let cell = Track::of(walk.venue.snapshot.graph()).cells()[0];
    let refused = walk.notice(&Noticed::Fix(sure(&cell))).unwrap_err();
    assert!(matches!(refused, RouteError::UnknownPlace { field: "to", .. }), "{refused}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_a_phone_notices_the_guidance_is_of_the_venue(
        noticed in proptest::collection::vec(
            prop_oneof![
                (any::<prop::sample::Index>(), -40.0..40.0, 0.5..60.0, 0.0..=1.0, -3..5_i32)
                    .prop_map(Some),
                Just(None),
            ],
            1..40,
        )
    ) {
        let mut walk = Walk::to("A3");
        let track = Track::of(walk.venue.snapshot.graph());
        for one in noticed {
            let noticed = match one {
                None => Noticed::Walked(9.0),
                Some((cell, off, radius_m, confidence, level)) => {
                    let cell = cell.get(track.cells());
                    let at = [cell.at[0] + off, cell.at[1] - off];
                    Noticed::Fix(Fix { building: 0, level, at, radius_m, confidence, heard: 3 })
                }
            };
            if let Some(told) = walk.notice(&noticed).unwrap() {
                prop_assert!(told.here.at.iter().all(|c| c.is_finite()));
                prop_assert!(track.cells().iter().any(|cell| cell.level == told.here.level));
                if let Some(ahead) = told.ahead {
                    prop_assert!(ahead.left_m.is_finite() && ahead.left_m >= 0.0);
                }
            }
        }
    }
}

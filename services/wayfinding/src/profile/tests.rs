//! What each profile can use, what speed does to time, and how both are asked for.

use super::*;
use crate::graph::NodeKind;

fn door(width_m: f64) -> Node {
    let at = geo::Coord { x: 0.0, y: 0.0 };
    Node { kind: NodeKind::Opening, features: vec![], level: 0, at, width_m }
}

fn cost(profile: Profile, speed: Speed, kind: EdgeKind) -> u32 {
    let edge = Edge { kind, millis: 10_000, ..Edge::walk(13.4, None, vec![]) };
    Who { profile, speed, ..Who::default() }.weight(&door(1.0), &edge, &door(1.0))
}

#[test]
fn each_profile_takes_the_ways_it_can() {
    use EdgeKind::{EscalatorDown, EscalatorUp, Lift, MovingWalkway, Ramp, Security, Stairs, Walk};
    let all = [Walk, Ramp, MovingWalkway, Lift, Stairs, EscalatorUp, EscalatorDown, Security];
    for (profile, shut) in [
        (Profile::Walk, vec![]),
        (Profile::Wheelchair, vec![MovingWalkway, Stairs, EscalatorUp, EscalatorDown]),
        (Profile::TrolleyOrStroller, vec![Stairs, EscalatorUp, EscalatorDown]),
        (Profile::AvoidStairs, vec![Stairs]),
        (Profile::AvoidEscalators, vec![EscalatorUp, EscalatorDown]),
    ] {
        let found: Vec<_> =
            all.into_iter().filter(|kind| cost(profile, Speed::default(), *kind) == NO_WAY).collect();
        assert_eq!(found, shut, "{profile}");
    }
    let way = Edge::walk(5.0, None, vec![]);
    for profile in Profile::ALL {
        let passes = Who::from(profile).admits(&door(0.79), &way, &door(2.0));
        let is_narrow = !matches!(profile, Profile::Wheelchair | Profile::TrolleyOrStroller);
        assert_eq!(passes, is_narrow, "{profile} at a narrow door");
    }
}

#[test]
fn nobody_passes_what_needs_more_than_their_rights() {
    for (needs, rights) in Rights::ALL.into_iter().flat_map(|needs| Rights::ALL.map(|r| (needs, r))) {
        let way = Edge { needs, ..Edge::walk(5.0, None, vec![]) };
        let who = Who { rights, ..Who::default() };
        assert_eq!(who.admits(&door(2.0), &way, &door(2.0)), rights >= needs, "{rights} where {needs} may");
    }
}

#[test]
fn walking_takes_as_long_as_one_is_slow_and_riding_takes_all_the_same() {
    let own = |mps| Speed::own(mps).unwrap();
    assert_eq!(cost(Profile::Walk, Speed::default(), EdgeKind::Walk), 10_000);
    assert_eq!(cost(Profile::Walk, own(1.34), EdgeKind::Walk), 10_000);
    assert_eq!(cost(Profile::Walk, own(0.67), EdgeKind::Stairs), 20_000);
    assert_eq!(cost(Profile::Walk, own(2.68), EdgeKind::Ramp), 5_000);
    assert_eq!(cost(Profile::Walk, own(2.68), EdgeKind::EscalatorUp), 10_000);
    assert_eq!(cost(Profile::Wheelchair, own(0.3), EdgeKind::Lift), 10_000);
    // On a belt at 0.65 m/s: 1.99 m/s against 3.33.
    assert_eq!(cost(Profile::Walk, own(2.68), EdgeKind::MovingWalkway), 5_976);
    assert_eq!(cost(Profile::Wheelchair, Speed::default(), EdgeKind::Walk), 12_182);
    assert_eq!(cost(Profile::Walk, Speed::Pace(Pace::Slow), EdgeKind::Walk), 13_334);
    assert_eq!(cost(Profile::Walk, Speed::Pace(Pace::Brisk), EdgeKind::Walk), 8_000);
}

#[test]
fn names_are_read_back_and_an_unknown_one_is_told_what_there_is() {
    for profile in Profile::ALL {
        assert_eq!(profile.name().parse(), Ok(profile));
    }
    assert_eq!(
        "jetpack".parse::<Profile>().unwrap_err().to_string(),
        "profile \"jetpack\" is not known; use walk, wheelchair, trolley_or_stroller, avoid_stairs, avoid_escalators"
    );
    for rights in Rights::ALL {
        assert_eq!(rights.name().parse(), Ok(rights));
    }
    assert_eq!(
        "pilot".parse::<Rights>().unwrap_err().to_string(),
        "\"pilot\" has no rights here; use visitor, passenger, staff"
    );
    assert_eq!("brisk".parse(), Ok(Speed::Pace(Pace::Brisk)));
    assert_eq!("0.9".parse(), Ok(Speed::Own(900)));
    for text in ["0.29", "3.01", "NaN", "inf", "-1", "", "fast"] {
        assert!(text.parse::<Speed>().is_err(), "{text}");
    }
}

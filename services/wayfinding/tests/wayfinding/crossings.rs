//! Who may cross from one part of an airport into another, what the check is, and what a queue or outage does.

use std::collections::{BTreeMap, BTreeSet};

use airside_wayfinding::graph::EdgeKind;
use airside_wayfinding::{
    BarrierKind, FeatureId, Language, Outcome, Overlay, Profile, Rights, RouteRequest, Side, Snapshot,
    StepKind, Zone,
};

use crate::testville::town::{Town, rect};
use crate::{Venue, data, lingnan, walk};

fn lingnan() -> Venue {
    Venue::of(lingnan::files())
}

fn id(venue: &Venue, words: &str) -> FeatureId {
    venue.snapshot.search(words, 1)[0].id.clone()
}

/// Returns the checks that a route passes, in order.
fn checks(venue: &Venue, rights: Rights, from: &str, to: &str) -> Vec<EdgeKind> {
    let mut searcher = airside_wayfinding::Searcher::new();
    let node = |words: &str| {
        let place = venue.snapshot.search(words, 1)[0];
        u32::try_from(place.node.index()).unwrap()
    };
    let who = airside_wayfinding::Who { rights, ..Default::default() };
    let (_, edges) = searcher
        .path(&venue.snapshot, &venue.overlay, who, node(from), node(to))
        .unwrap_or_else(|| panic!("no way from {from} to {to}"));
    let kinds = edges.iter().filter_map(|edge| venue.snapshot.kind_of(*edge));
    kinds.filter(|kind| matches!(kind, EdgeKind::Security | EdgeKind::Border | EdgeKind::Customs)).collect()
}

#[test]
fn each_flight_has_its_checks_once_and_in_order() {
    use EdgeKind::{Border, Customs, Security};
    let venue = lingnan();
    let passenger = |from, to| checks(&venue, Rights::Passenger, from, to);
    let steps = venue.walk("Metro", "C9").steps.into_iter();
    let told =
        steps.map(|step| step.kind).filter(|kind| matches!(kind, StepKind::Border | StepKind::Security));
    assert_eq!(told.collect::<Vec<_>>(), [StepKind::Border, StepKind::Security]);
    assert_eq!(passenger("Metro", "B6"), [Security]);
    assert_eq!(passenger("Metro", "C9"), [Border, Security]);
    assert_eq!(passenger("Health check", "Metro"), [Border, Customs]);
    assert_eq!(passenger("Health check", "B6"), [Border, Security], "by transfer security");
    assert_eq!(passenger("B6", "Metro"), []);
}

#[test]
fn zones_tell_the_belts_from_the_gates_and_abroad_from_home() {
    let venue = lingnan();
    let of = |words: &str| {
        let place = venue.snapshot.search(words, 1)[0];
        (place.zone, place.side)
    };
    assert_eq!(of("B6"), (Some(Zone::Airside), Some(Side::Domestic)));
    assert_eq!(of("C9"), (Some(Zone::Airside), Some(Side::International)));
    assert_eq!(of("Belt 3"), (Some(Zone::Arrivals), None));
    assert_eq!(of("Health check"), (Some(Zone::Arrivals), Some(Side::International)));
    assert_eq!(of("Metro"), (Some(Zone::Landside), None));
}

#[test]
fn a_visitor_is_told_at_which_boundary_they_are_stopped() {
    let venue = lingnan();
    let visitor = |to| venue.barrier_to(Rights::Visitor, "Metro", to).unwrap();
    assert_eq!(
        visitor("B6"),
        (BarrierKind::Security, "You need a boarding pass to pass security".to_owned())
    );
    assert_eq!(visitor("C9").0, BarrierKind::Border);
    assert_eq!(visitor("Belt 3").0, BarrierKind::Security, "the belts are reached from the gates alone");
    let zh = RouteRequest { rights: Rights::Visitor, language: Language::ZhCn, ..walk("Metro", "C9") };
    let Outcome::NotFound { text, .. } = venue.put(&zh).unwrap() else { panic!("found") };
    assert_eq!(text, "没有登机牌和出入境证件不能通过边检");
}

#[test]
fn a_visitor_may_leave_by_every_check_and_staff_go_against_the_direction() {
    let venue = lingnan();
    for from in ["Belt 15", "Belt 3", "Health check", "B6"] {
        venue.walk_as(Rights::Visitor, from, "Metro");
    }
    for (from, to) in [("Metro", "Belt 15"), ("Metro", "Health check"), ("C9", "B6")] {
        venue.walk_as(Rights::Staff, from, to);
    }
}

#[test]
fn a_queue_counts_once_however_the_checkpoint_is_named() {
    let venue = lingnan();
    let open = venue.walk("Metro", "C9").seconds;
    let amenity = venue.snapshot.search("Security check", 9);
    let abroad = amenity.iter().find(|place| venue.snapshot.name_of(&place.id, Language::En).is_some());
    assert!(abroad.is_some());
    let sections: Vec<_> = amenity.iter().map(|place| place.id.clone()).collect();
    let with = |ids: &[FeatureId]| {
        let waits: BTreeMap<_, _> = ids.iter().map(|id| (id.clone(), 600_000)).collect();
        let overlay = Overlay::live(&venue.snapshot, [], &waits);
        assert_eq!(overlay.unknown(), []);
        Venue { snapshot: lingnan().snapshot, overlay }.walk("Metro", "C9").seconds
    };
    assert!((with(&sections) - open - 600.0).abs() < 0.1, "every security has a queue, one is passed");
    let waits = BTreeMap::from([(id(&venue, "Border control (exit)"), 600_000)]);
    let overlay = Overlay::live(&venue.snapshot, [], &waits);
    let queued = Venue { snapshot: lingnan().snapshot, overlay }.walk("Metro", "C9");
    let step = queued.steps.iter().find(|step| step.wait_s > 0.0).unwrap();
    assert!(step.text.ends_with(", about 11 minutes now"), "{}", step.text);
    let border = [id(&venue, "Border control (exit)")];
    assert!((with(&border) - open - 600.0).abs() < 0.1);
}

#[test]
fn a_closed_checkpoint_is_the_reason_by_its_name() {
    let venue = lingnan().closing(&["Border control (exit)"]);
    let (_, text) = venue.refused("Metro", "C9", Profile::Walk);
    assert_eq!(text, "The way is closed: Border control (exit)");
    venue.walk("Metro", "B6");
}

/// Returns how the way of a wheelchair changes when the lift that it takes is out, by the id a search gives.
fn around_an_outage(snapshot: Snapshot, from: &str, to: &str) {
    let venue = Venue { snapshot, overlay: Overlay::open() };
    let before = venue.roll(from, to);
    let lifts: Vec<_> = venue
        .snapshot
        .places()
        .iter()
        .filter(|place| place.category == "elevator")
        .map(|place| place.id.clone())
        .collect();
    assert!(!lifts.is_empty());
    let mut changes = 0;
    for lift in lifts.into_iter().filter(|lift| venue.snapshot.closable(lift)) {
        let overlay = Overlay::closing(&venue.snapshot, [lift.clone()]);
        assert_eq!(overlay.unknown(), []);
        let request = RouteRequest { profile: Profile::Wheelchair, ..walk(from, to) };
        let mut searcher = airside_wayfinding::Searcher::new();
        match airside_wayfinding::route(&venue.snapshot, &overlay, &mut searcher, &request).unwrap() {
            Outcome::Found(after) => changes += usize::from(after.seconds > before.seconds),
            Outcome::NotFound { text, .. } => {
                assert!(text.contains("closed"), "{text}");
                changes += 1;
            }
        }
    }
    assert!(changes > 0, "no outage of any lift changes the way from {from} to {to}");
}

#[test]
fn a_lift_that_search_finds_can_be_out_of_order() {
    around_an_outage(lingnan().snapshot, "Metro", "B6");
}

#[test]
fn a_lift_of_the_real_airport_can_be_out_of_order_too() {
    let Some(files) = data::files("narita") else { return };
    let snapshot = Snapshot::from_source(&airside_wayfinding::Source::from_files(files)).unwrap();
    let shafts: BTreeSet<_> = snapshot.graph().shafts().iter().filter(|s| s.is_lift).map(|s| &s.id).collect();
    assert!(!shafts.is_empty() && shafts.iter().all(|shaft| snapshot.closable(shaft)));
    let found = snapshot.search("elevator", 20);
    assert!(!found.is_empty() && found.iter().all(|place| snapshot.closable(&place.id)));
}

#[test]
fn arrivals_are_left_and_not_entered() {
    let mut town = Town::new();
    town.level(0, "Ground", "首层");
    for (key, west) in [("hall", 0.0), ("belts", 10.0)] {
        town.unit(0, key, "room", key, key, &[rect(west, 0.0, west + 10.0, 10.0)]);
        town.amenity(0, key, "information", &format!("{key} desk"), key, "", [west + 5.0, 5.0], &[key]);
    }
    town.door(0, "door", "pedestrian", [10.0, 4.0], [10.0, 6.0]);
    town.zone("presecurity", "Landside", "公共区", 0, &[rect(0.0, 0.0, 10.0, 10.0)]);
    town.zone("postsecurity", "Airside", "隔离区", 0, &[rect(10.0, 0.0, 20.0, 10.0)]);
    town.section("baggageclaim", "Baggage reclaim", "行李提取", 0, rect(10.0, 0.0, 20.0, 10.0));
    town.one_way("traversal", ("belts", 0), ("hall", 0));
    let venue = Venue::drawn(town);
    venue.walk_as(Rights::Visitor, "belts desk", "hall desk");
    venue.walk_as(Rights::Staff, "hall desk", "belts desk");
    let (kind, text) = venue.barrier_to(Rights::Passenger, "hall desk", "belts desk").unwrap();
    assert_eq!(kind, BarrierKind::OneWay { from: Some(Zone::Landside), to: Some(Zone::Arrivals) });
    assert_eq!(text, "The arrivals area can only be left; it cannot be entered from the public area");
}

#[test]
fn a_hall_that_is_left_by_a_lift_checks_at_its_door() {
    let mut town = Town::new();
    town.level(0, "Ground", "首层");
    for (key, west) in [("out", 0.0), ("hall", 10.0)] {
        town.unit(0, key, "room", key, key, &[rect(west, 0.0, west + 10.0, 10.0)]);
        town.amenity(0, key, "information", &format!("{key} desk"), key, "", [west + 5.0, 5.0], &[key]);
    }
    town.door(0, "door", "pedestrian", [10.0, 4.0], [10.0, 6.0]);
    town.section("immigration", "Passport control", "边检", 0, rect(10.0, 0.0, 20.0, 10.0));
    town.one_way("traversal", ("out", 0), ("hall", 0));
    let venue = Venue::drawn(town);
    assert_eq!(checks(&venue, Rights::Passenger, "out desk", "hall desk"), [EdgeKind::Border]);
    assert_eq!(venue.barrier_to(Rights::Visitor, "out desk", "hall desk").unwrap().0, BarrierKind::Border);
}

/// Returns how far one gets who may not get all the way, and why not.
fn as_far(venue: &Venue, request: &RouteRequest) -> (String, airside_wayfinding::route::AsFarAs) {
    match venue.put(request).unwrap() {
        Outcome::NotFound { text, as_far_as, .. } => (text, *as_far_as.unwrap()),
        Outcome::Found(route) => panic!("there is a way: {:?}", crate::texts(&route)),
    }
}

fn kinds(route: &airside_wayfinding::Route) -> Vec<StepKind> {
    let check = |kind: &StepKind| matches!(kind, StepKind::Security | StepKind::Border | StepKind::Customs);
    route.steps.iter().map(|step| step.kind).filter(check).collect()
}

#[test]
fn a_journey_within_the_country_never_leaves_it_because_a_check_is_closed() {
    let security = "Domestic security";
    let venue = lingnan();
    let section = venue.walk("Metro", "A3").steps.into_iter().find(|step| step.kind == StepKind::Security);
    let section = section.unwrap().feature.unwrap();
    let venue = venue.closing(&[section.as_str()]);
    let (text, far) = as_far(&venue, &walk("Metro", "A3"));
    assert!(text.contains("closed") && text.contains(security), "{text}");
    assert_eq!(kinds(&far.route), []);
    let who = airside_wayfinding::Walk {
        snapshot: &venue.snapshot,
        overlay: &venue.overlay,
        who: airside_wayfinding::Who::default(),
        depart: None,
        language: Language::En,
    };
    let mut searcher = airside_wayfinding::Searcher::new();
    let reach = airside_wayfinding::reach(&who, &mut searcher, "Metro").unwrap();
    assert_eq!(reach.to("to", "A3").unwrap().0, None, "nor do walking times");
    assert!(reach.to("to", "C9").unwrap().0.is_some(), "who flies abroad goes there");
    venue.walk("Health check", "C9");
}

#[test]
fn a_long_queue_is_waited_out_and_told_before_anybody_leaves_the_country_for_it() {
    let venue = lingnan();
    let open = venue.walk("Metro", "A3");
    let section = open.steps.iter().find(|step| step.kind == StepKind::Security).unwrap().feature.clone();
    let waits = BTreeMap::from([(section.unwrap(), 3_600_000)]);
    let overlay = Overlay::live(&venue.snapshot, [], &waits);
    let queued = Venue { overlay, ..venue }.walk("Metro", "A3");
    assert_eq!(kinds(&queued), [StepKind::Security]);
    assert!((queued.seconds - open.seconds - 3_600.0).abs() < 0.1);
    let step = queued.steps.iter().find(|step| step.wait_s > 0.0).unwrap();
    assert!(step.text.contains("about 61 minutes now"), "{}", step.text);
}

#[test]
fn a_visitor_is_led_to_a_check_and_not_through_it() {
    let venue = lingnan();
    for (from, to) in [("Metro", "C9"), ("Belt 1", "C9"), ("Metro", "B6"), ("Taxi", "C3")] {
        let request = RouteRequest { rights: Rights::Visitor, ..walk(from, to) };
        let (_, far) = as_far(&venue, &request);
        assert!(
            !kinds(&far.route).contains(&StepKind::Border),
            "{from} {to}: {:?}",
            crate::texts(&far.route)
        );
        assert!(far.route.length_m > 20.0);
    }
}

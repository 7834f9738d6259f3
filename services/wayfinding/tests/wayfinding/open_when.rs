//! Opening hours on the way and at its end.

use airside_wayfinding::reach::{walking_times, walking_times_to_kind};
use airside_wayfinding::{
    FeatureId, Language, Opening, Outcome, Reason, Route, RouteRequest, Searcher, Severity, Source, Walk,
    Who, check, reach,
};

use crate::testville::town::{Town, rect};
use crate::{Venue, found, walk};

/// Two rooms and a relationship between them, with hours.
fn passage(hours: &str) -> Venue {
    let mut town = Town::new();
    town.level(0, "Ground", "首层");
    for (key, west) in [("west", 0.0), ("east", 10.0)] {
        town.unit(0, key, "room", key, key, &[rect(west, 0.0, west + 10.0, 10.0)]);
        town.amenity(0, key, "information", &format!("{key} desk"), key, "", [west + 5.0, 5.0], &[key]);
    }
    town.door(0, "door", "pedestrian", [10.0, 4.0], [10.0, 6.0]);
    town.one_way("traversal", ("west", 0), ("east", 0));
    town.opens("relationship", hours);
    Venue::drawn(town)
}

fn at(venue: &Venue, depart: &str, from: &str, to: &str) -> Outcome {
    venue.put(&RouteRequest { depart: Some(depart.parse().unwrap()), ..walk(from, to) }).unwrap()
}

fn found_at(venue: &Venue, depart: &str, from: &str, to: &str) -> Route {
    found(Ok(at(venue, depart, from, to)))
}

#[test]
fn one_waits_for_a_way_that_opens_soon() {
    let venue = passage("Mo-Su 06:00-22:00");
    let open = found_at(&venue, "2026-11-22T12:00", "west desk", "east desk");
    let early = found_at(&venue, "2026-11-22T05:30", "west desk", "east desk");
    // One comes to the door some four seconds after setting out.
    assert!(early.steps.iter().any(|step| step.wait_s > 1_790.0), "{early:?}");
    let waited = early.seconds - open.seconds;
    assert!((1_790.0..1_800.0).contains(&waited), "{waited}");
    assert!((venue.walk("west desk", "east desk").seconds - open.seconds).abs() < 0.01, "without a moment");
}

#[test]
fn a_way_that_opens_in_many_hours_is_refused_with_the_time() {
    let venue = passage("Mo-Su 06:00-22:00");
    let Outcome::NotFound { reason, text, .. } = at(&venue, "2026-11-22T22:30", "west desk", "east desk")
    else {
        panic!("nobody waits all night");
    };
    assert!(text.starts_with("The way is closed until 06:00 tomorrow"), "{text}");
    let Reason::NotOpen { features, until: Some(_) } = reason else { panic!("{reason:?}") };
    assert_eq!(features.len(), 1);
    let never = passage("off");
    let Outcome::NotFound { reason, text, .. } = at(&never, "2026-11-22T12:00", "west desk", "east desk")
    else {
        panic!("it never opens");
    };
    assert!(matches!(reason, Reason::NotOpen { until: None, .. }), "{reason:?}");
    assert!(text.starts_with("The way is not open"), "{text}");
}

#[test]
fn walking_times_count_the_hours_as_a_route_does() {
    let venue = passage("Mo-Su 06:00-22:00");
    let mut searcher = Searcher::new();
    for (depart, minutes) in
        [("2026-11-22T12:00", Some(0)), ("2026-11-22T05:30", Some(30)), ("2026-11-22T22:30", None)]
    {
        let depart = Some(depart.parse().unwrap());
        let Venue { snapshot, overlay } = &venue;
        let walk = Walk { snapshot, overlay, who: Who::default(), depart, language: Language::En };
        let request = RouteRequest { depart, ..crate::walk("west desk", "east desk") };
        let route = match venue.put(&request).unwrap() {
            Outcome::Found(route) => Ok(route.seconds),
            Outcome::NotFound { reason, text, .. } => Err((reason, text)),
        };
        let named = walking_times(&walk, &mut searcher, "west desk", &["east desk".to_owned()])
            .unwrap()
            .remove(0)
            .walk;
        let all = walking_times_to_kind(&walk, &mut searcher, "west desk", "information", 5).unwrap();
        assert_eq!(all.len(), 2);
        assert_eq!(all[1].walk, named);
        let within = reach(&walk, &mut searcher, "west desk").unwrap().places_within(u32::MAX);
        assert_eq!(within.len(), if minutes.is_some() { 2 } else { 1 });
        assert_eq!(named.as_ref().ok().map(|millis| millis / 60_000), minutes, "{named:?}");
        match (named, route) {
            (Ok(millis), Ok(seconds)) => assert!((f64::from(millis) / 1_000.0 - seconds).abs() < 0.01),
            (Err(told), Err(why)) => assert_eq!(told, why),
            (named, route) => panic!("{named:?}, but {route:?}"),
        }
    }
}

#[test]
fn a_goal_that_will_be_closed_is_found_with_a_note() {
    let venue = Venue::testville();
    let goal = |depart: &str, language| {
        let request = RouteRequest {
            depart: Some(depart.parse().unwrap()),
            language,
            ..walk("Metro", "Lucky Noodles")
        };
        found(venue.put(&request)).goal.unwrap()
    };
    let noon = goal("2026-11-22T12:00", Language::En);
    assert_eq!(noon.opening, Opening::Open { until: Some("2026-11-22T22:00".parse().unwrap()) });
    assert_eq!(noon.note, "");
    let night = goal("2026-11-22T23:00", Language::En);
    assert_eq!(night.note, "It is closed when you arrive and opens at 10:00 tomorrow");
    assert_eq!(goal("2026-11-22T23:00", Language::ZhCn).note, "到达时未营业，明天10:00开门");
    // The walk takes some minutes: what is open when one sets out may be closed on arrival.
    assert!(matches!(goal("2026-11-22T21:59", Language::En).opening, Opening::Closed { .. }));
    assert_eq!(goal("2026-11-22T21:40", Language::En).note, "It closes at 22:00");
    assert!(venue.walk("Metro", "Lucky Noodles").goal.is_none(), "without a moment nothing is said");
    assert!(found_at(&venue, "2026-11-22T12:00", "Metro", "A3").goal.is_none(), "a gate has no hours");
}

#[test]
fn a_checkpoint_and_a_lift_have_the_hours_of_their_amenities() {
    let files = |from: &str, to: &str| {
        let mut files = crate::testville::files();
        let (_, text) = files.iter_mut().find(|(name, _)| name == "amenity.geojson").unwrap();
        let (before, feature) = text.split_once(from).unwrap();
        let feature = feature.replacen("\"hours\":null", &format!("\"hours\":\"{to}\""), 1);
        *text = format!("{before}{from}{feature}");
        files
    };
    let security = Venue::of(files("\"category\":\"security\"", "Mo-Su 05:00-23:00"));
    let day = found_at(&security, "2026-11-22T12:00", "Metro", "A3").seconds;
    let early = found_at(&security, "2026-11-22T04:00", "Metro", "A3").seconds;
    assert!(early - day > 3_000.0, "{early} against {day}");
    let lift = Venue::of(files("\"category\":\"elevator\"", "off"));
    let request = RouteRequest {
        depart: Some("2026-11-22T12:00".parse().unwrap()),
        profile: airside_wayfinding::Profile::Wheelchair,
        ..walk("Metro", "A3")
    };
    let Outcome::NotFound { reason, .. } = lift.put(&request).unwrap() else { panic!("the lift is off") };
    let Reason::NotOpen { features, .. } = reason else { panic!("{reason:?}") };
    assert!(features.iter().all(|id: &FeatureId| lift.snapshot.closable(id)));
}

#[test]
fn hours_that_are_not_understood_are_found_by_the_check_and_stop_nobody() {
    let mut files = crate::testville::files();
    let (_, text) = files.iter_mut().find(|(name, _)| name == "occupant.geojson").unwrap();
    *text = text.replace("Mo-Su 10:00-22:00", "PH off");
    let source = Source::from_files(files);
    let finding = check(&source).into_iter().find(|finding| finding.rule == "hours-unknown").unwrap();
    assert_eq!(finding.severity, Severity::Warning);
    assert!(finding.text.contains("PH off"), "{}", finding.text);
}

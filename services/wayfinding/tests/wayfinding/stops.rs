//! Ways with stops, in the order given and in the quickest; and how far one gets where there is no way.

use airside_wayfinding::measure::Peer;
use airside_wayfinding::{
    Language, Outcome, Overlay, Place, Profile, Reason, Route, RouteError, RouteRequest, Searcher, StepKind,
    Stop, Who, route,
};
use petgraph::stable_graph::NodeIndex;
use petgraph::visit::EdgeRef;
use proptest::prelude::*;

use crate::oracle::{TOWN, elsewhere, walkers};
use crate::{Venue, found, texts};

fn over(venue: &Venue, from: &str, via: &[&str], to: &str, any_order: bool) -> Route {
    let via = via.iter().map(|at| Stop::from(*at)).collect();
    let request =
        RouteRequest { from: from.into(), to: to.into(), via, any_order, ..RouteRequest::default() };
    found(route(&venue.snapshot, &venue.overlay, &mut Searcher::new(), &request))
}

fn stops(route: &Route) -> Vec<Option<usize>> {
    route.legs.iter().map(|leg| leg.stop).collect()
}

#[test]
fn stops_are_made_in_the_order_given_each_with_its_leg() {
    let venue = Venue::testville();
    let route = over(&venue, "Metro", &["A6", "Check-in B"], "A3", false);
    assert_eq!(stops(&route), [Some(0), Some(1), None]);
    assert_eq!(route.legs[0].first_step, 0);
    for (leg, next) in
        route.legs.iter().zip(route.legs.iter().skip(1).map(|leg| leg.first_step).chain([route.steps.len()]))
    {
        let steps = &route.steps[leg.first_step..next];
        let seconds: f64 = steps.iter().map(|step| step.seconds).sum();
        assert!((seconds - leg.seconds).abs() < 0.01, "{seconds} {}", leg.seconds);
        assert_eq!(steps.last().unwrap().kind, StepKind::Arrive, "{:?}", texts(&route));
        assert!(leg.place.is_some());
    }
    let sum: f64 = route.legs.iter().map(|leg| leg.seconds).sum();
    assert!((sum - route.seconds).abs() < 0.01);
}

#[test]
fn in_any_order_the_quickest_is_taken_and_it_is_never_slower() {
    let venue = Venue::testville();
    let (back, forth) = (["A6", "Check-in B", "Café"], ["Check-in B", "A6"]);
    for via in [&back[..2], &forth] {
        let any = over(&venue, "Metro", via, "A3", true);
        let given = over(&venue, "Metro", via, "A3", false);
        assert!(any.seconds <= given.seconds + 0.01);
        let first = any.legs[0].stop.unwrap();
        assert_eq!(via[first], "Check-in B", "landside comes first");
    }
}

#[test]
fn a_stop_at_any_toilet_is_made_where_the_whole_way_is_quickest() {
    let venue = Venue::testville();
    let route = over(&venue, "Metro", &["toilet"], "A6", false);
    let toilets = venue.snapshot.search("toilet", 100);
    let best = toilets.iter().map(|toilet| {
        let legs = [("Metro", toilet.id.as_str()), (toilet.id.as_str(), "A6")];
        let legs = legs.map(|(from, to)| venue.ask(from, to, Profile::Walk, Language::En).unwrap());
        let seconds = legs.map(|leg| match leg {
            Outcome::Found(route) => route.seconds,
            Outcome::NotFound { .. } => f64::INFINITY,
        });
        seconds[0] + seconds[1]
    });
    let best = best.fold(f64::INFINITY, f64::min);
    assert!(route.seconds <= best * 1.02 + 1.0, "{} against {best}", route.seconds);
}

#[test]
fn a_stay_is_told_and_the_stops_are_bounded() {
    let venue = Venue::testville();
    let via = vec![Stop { at: "Check-in B".into(), stay_s: 600 }];
    let ask = |via: Vec<Stop>, any_order| {
        let request =
            RouteRequest { from: "Metro".into(), to: "A3".into(), via, any_order, ..RouteRequest::default() };
        route(&venue.snapshot, &venue.overlay, &mut Searcher::new(), &request)
    };
    assert_eq!(found(ask(via, false)).legs[0].stay_s, 600);
    assert_eq!(ask(vec!["A3".into(); 9], false), Err(RouteError::TooManyStops { count: 9 }));
    let unknown = ask(vec!["A3".into(), "nowhere".into()], true).unwrap_err();
    assert!(unknown.to_string().starts_with("via: no place is called \"nowhere\""), "{unknown}");
}

#[test]
fn a_stop_that_cannot_be_reached_is_the_reason() {
    let venue = Venue::testville().closing(&["Lift L2"]);
    let via = vec![Stop::from("A6")];
    let profile = Profile::Wheelchair;
    let request =
        RouteRequest { from: "Metro".into(), to: "Taxi".into(), via, profile, ..RouteRequest::default() };
    let outcome = route(&venue.snapshot, &venue.overlay, &mut Searcher::new(), &request).unwrap();
    assert!(matches!(outcome, Outcome::NotFound { reason: Reason::Closed(_), .. }), "{outcome:?}");
}

/// Returns the least cost over the stops in any order, or in the order given, by Dijkstra on petgraph.
fn brute(
    (peer, overlay): (&Peer, &Overlay),
    from: &Place,
    via: &[&Place],
    to: &Place,
    any_order: bool,
) -> Option<u64> {
    let cost = |from: &Place, to: &Place| {
        if overlay.closed().contains(&to.id) {
            return None;
        }
        let [from, to] = [from, to].map(|place| NodeIndex::new(place.node.index()));
        petgraph::algo::dijkstra(peer.graph(), from, Some(to), |edge| *edge.weight()).get(&to).copied()
    };
    if via.is_empty() {
        return cost(from, to).map(u64::from);
    }
    let nexts = if any_order { via.len() } else { 1 };
    let onward = (0..nexts).filter_map(|next| {
        let mut rest = via.to_vec();
        let stop = rest.remove(next);
        Some(u64::from(cost(from, stop)?) + brute((peer, overlay), stop, &rest, to, any_order)?)
    });
    onward.min()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_way_over_stops_costs_what_dijkstra_over_all_orders_says(
        ends in prop::collection::vec(any::<prop::sample::Index>(), 2..6),
        shut in prop::collection::vec(any::<prop::sample::Index>(), 0..5),
        who in walkers(),
        any_order in any::<bool>(),
    ) {
        let places: Vec<&Place> = ends.iter().map(|index| index.get(TOWN.places())).collect();
        let [from, to, via @ ..] = places.as_slice() else { unreachable!() };
        let overlay = Overlay::closing(&TOWN, elsewhere(&shut, from.node));
        let request = RouteRequest {
            from: from.id.to_string(),
            to: to.id.to_string(),
            via: via.iter().map(|place| Stop::from(place.id.as_str())).collect(),
            profile: who.profile,
            speed: who.speed,
            rights: who.rights,
            any_order,
            ..RouteRequest::default()
        };
        let outcome = route(&TOWN, &overlay, &mut Searcher::new(), &request).unwrap();
        let peer = Peer::of(&TOWN, &overlay, who);
        let least = brute((&peer, &overlay), from, via, to, any_order);
        let in_order = |route: &Route| {
            let order: Vec<&Place> = route.legs.iter().filter_map(|leg| Some(via[leg.stop?])).collect();
            brute((&peer, &overlay), from, &order, to, false)
        };
        match outcome {
            Outcome::Found(route) => prop_assert_eq!(in_order(&route), least),
            Outcome::NotFound { .. } => prop_assert_eq!(least, None),
        }
    }

    #[test]
    fn where_there_is_no_way_one_is_led_as_far_as_one_gets(
        ends in any::<[prop::sample::Index; 2]>(),
        shut in prop::collection::vec(any::<prop::sample::Index>(), 1..25),
        who in walkers(),
    ) {
        let [from, to] = ends.map(|index| index.get(TOWN.places()));
        let overlay = Overlay::closing(&TOWN, elsewhere(&shut, from.node));
        let request = RouteRequest {
            from: from.id.to_string(),
            to: to.id.to_string(),
            profile: who.profile,
            speed: who.speed,
            rights: who.rights,
            ..RouteRequest::default()
        };
        let outcome = route(&TOWN, &overlay, &mut Searcher::new(), &request).unwrap();
        let Outcome::NotFound { as_far_as: Some(point), reason: Reason::Closed(_), .. } = outcome else { return Ok(()) };
        let [open, now] = [Overlay::open(), overlay].map(|overlay| Peer::of(&TOWN, &overlay, who));
        let start = NodeIndex::new(from.node.index());
        let reached = petgraph::algo::dijkstra(now.graph(), start, None, |edge| *edge.weight());
        let left = |node: &NodeIndex| open.dijkstra(u32::try_from(node.index()).unwrap(), u32::try_from(to.node.index()).unwrap());
        let least = reached.keys().filter_map(left).min();
        let frame = TOWN.graph().frame();
        let at = frame.to_plane(point.lon_lat[0], point.lon_lat[1]);
        let here = reached.keys().filter(|node| {
            let node = &TOWN.graph().model()[**node];
            (node.at.x - at.x).hypot(node.at.y - at.y) < 1e-3
        });
        prop_assert!(here.filter_map(left).min() == least, "{}", point.text);
        prop_assert!(point.route.length_m >= 5.0);
    }
}

#[test]
fn how_far_one_gets_is_said_in_both_languages() {
    let venue = Venue::testville().closing(&["Lift L2"]);
    let asked = |language| match venue.ask("Metro", "A6", Profile::Wheelchair, language).unwrap() {
        Outcome::NotFound { as_far_as: Some(point), .. } => point,
        other => panic!("{other:?}"),
    };
    let (english, chinese) = (asked(Language::En), asked(Language::ZhCn));
    assert!(english.text.starts_with("You can get as far as "), "{}", english.text);
    assert!(chinese.text.starts_with("最远可到达"), "{}", chinese.text);
    assert_eq!(english.route.steps.last().unwrap().ordinal, english.ordinal);
    let who = Who::from(Profile::Wheelchair);
    assert!(venue.snapshot.snap(&venue.overlay, who, english.lon_lat, english.ordinal).is_some());
}

#[test]
fn who_cannot_leave_the_spot_is_led_nowhere() {
    let venue = Venue::testville();
    let gate = venue.snapshot.search("A6", 1)[0].clone();
    let doors: Vec<_> = venue
        .snapshot
        .graph()
        .model()
        .edges(gate.node)
        .flat_map(|edge| &venue.snapshot.graph().model()[edge.target()].features)
        .map(ToString::to_string)
        .collect();
    let names: Vec<&str> = doors.iter().map(String::as_str).collect();
    let venue = venue.closing(&names);
    match venue.ask("A6", "Metro", Profile::Walk, Language::En).unwrap() {
        Outcome::NotFound { as_far_as, .. } => assert_eq!(as_far_as, None),
        Outcome::Found(route) => panic!("{:?}", texts(&route)),
    }
}

//! Each table word by word, and whole documents.

use airside_api::baggage::v1::{
    Authority, Connection, FlightTurn, LegRole, LinkKind, PassengerState, Report, Screening, TrackingPoint,
};
use uuid::Uuid;

use super::{codes::EventCode, custody::CustodyPoint, nodes::Node, *};
use crate::{
    handling::tests::{FLIGHT, OTHER, announced, flight, leg, plate, reported, seen, worn},
    journey::Plate,
    model::{Announcement, ConnectionJudged, FlightTurned, JourneyId, Leg, Link, Sighting},
};

fn points() -> impl Iterator<Item = TrackingPoint> {
    (0..).map_while(|number| TrackingPoint::try_from(number).ok())
}

fn reports() -> impl Iterator<Item = Report> {
    (0..).map_while(|number| Report::try_from(number).ok())
}

/// Says of every point what a table makes of it; those it leaves out too.
fn table(row: impl Fn(TrackingPoint) -> String) -> String {
    points().map(|point| format!("{}: {}\n", word(&seen(point, None).into()), row(point))).collect()
}

#[test]
fn the_standard_has_twelve_nodes_in_clauses_5_2_to_5_13() {
    let clauses: Vec<_> = Node::ALL.iter().map(|node| node.names().0.to_owned()).collect();
    assert_eq!(clauses, (2..=13).map(|number| format!("5.{number}")).collect::<Vec<_>>());
    for node in Node::ALL {
        assert!(points().any(|point| Node::of(point) == Some(node)), "no point leads to {node:?}");
    }
}

#[test]
fn each_point_has_its_node() {
    insta::assert_snapshot!(table(|point| Node::of(point).map_or_else(
        || "-".to_owned(),
        |node| {
            let (clause, name, english) = node.names();
            format!("{clause} {name} {english}")
        }
    )));
}

#[test]
fn each_point_has_its_event_code() {
    let codes = |content: Content| {
        let codes = EventCode::of(&content, &[]);
        let names: Vec<_> = codes.into_iter().map(|code| code.names().0).collect();
        if names.is_empty() { "-".to_owned() } else { names.join(" ") }
    };
    let mut table = table(|point| codes(seen(point, None).into()));
    for screening in [Screening::Pending, Screening::Cleared, Screening::Uncleared, Screening::Rejected] {
        let screened = Sighting { screening, ..seen(TrackingPoint::BhsInduction, None) };
        table += &format!("{}: {}\n", screening.as_str_name(), codes(screened.into()));
    }
    let unauthorised = Sighting { authority: Authority::Withheld, ..seen(TrackingPoint::AircraftLoad, None) };
    table += &format!("AIRCRAFT_LOAD withheld: {}\n", codes(unauthorised.into()));
    for report in reports() {
        table += &format!("{}: {}\n", report.as_str_name(), codes(reported(report, FLIGHT).into()));
    }
    insta::assert_snapshot!(table);
}

#[test]
fn an_announcement_checks_in_expects_reroutes_or_cancels() {
    let route = [leg(FLIGHT, LegRole::Outbound)];
    let codes = |announcement: Announcement, route: &[Leg]| EventCode::of(&announcement.into(), route);
    let change = |change, id| Announcement { change, ..announced(id) };
    assert_eq!(codes(announced(FLIGHT), &[]), [EventCode::CheckedIn]);
    let legs = vec![leg(OTHER, LegRole::Inbound), leg(FLIGHT, LegRole::Outbound)];
    assert_eq!(codes(Announcement { legs, ..announced(FLIGHT) }, &[]), [EventCode::Expected]);
    assert_eq!(codes(change(AnnouncementChange::Changed, OTHER), &route), [EventCode::Rerouted]);
    assert_eq!(codes(change(AnnouncementChange::Changed, FLIGHT), &route), []);
    assert_eq!(codes(change(AnnouncementChange::Deleted, FLIGHT), &route), [EventCode::Cancelled]);
    let passenger = PassengerState::Boarded;
    let boarded = Announcement { passenger, ..change(AnnouncementChange::Changed, FLIGHT) };
    assert_eq!(codes(boarded, &route), [EventCode::PaxBoarded]);
}

#[test]
fn a_rush_tag_reflights_and_other_links_say_nothing() {
    for (kind, expected) in [(LinkKind::Rush, &[EventCode::Reflighted][..]), (LinkKind::Epc, &[])] {
        assert_eq!(EventCode::of(&link(kind), &[]), expected);
    }
}

#[test]
fn each_point_has_its_place_in_resolution_753() {
    let row = |content: &Content| {
        CustodyPoint::of(content).map_or_else(
            || "-".to_owned(),
            |point| {
                let (number, name) = point.names();
                format!("{number} {name}")
            },
        )
    };
    let mut table = table(|point| row(&seen(point, None).into()));
    for report in reports() {
        table += &format!("{}: {}\n", report.as_str_name(), row(&reported(report, FLIGHT).into()));
    }
    insta::assert_snapshot!(table);
}

fn link(kind: LinkKind) -> Content {
    Content::Linked(Box::new(Link {
        journey: JourneyId(Uuid::from_u128(1)),
        kind,
        other: "2479000101".to_owned(),
        other_journey: None,
        continues: true,
    }))
}

/// A connecting bag that was left behind, reported, found and flown, with all kinds of words.
fn eventful() -> Plate {
    let inbound = "MU5311-20261120";
    let legs = vec![leg(inbound, LegRole::Inbound), leg(FLIGHT, LegRole::Outbound)];
    let stowage = Some(("AKE12345ZH".to_owned(), "42".to_owned()));
    let (inbound, outbound) = (flight(inbound), flight(FLIGHT));
    let judged = ConnectionJudged { inbound, outbound, connection: Connection::AtRisk, spare_seconds: 600 };
    worn([vec![
        seen(TrackingPoint::AircraftUnload, None).into(),
        Announcement { legs, exceptions: vec!["PRIO".to_owned()], ..announced(FLIGHT) }.into(),
        Content::ConnectionJudged(judged),
        seen(TrackingPoint::TransferInjection, None).into(),
        Sighting { screening: Screening::Cleared, ..seen(TrackingPoint::Screening, None) }.into(),
        seen(TrackingPoint::StoreIn, None).into(),
        seen(TrackingPoint::StoreOut, None).into(),
        seen(TrackingPoint::Sortation, Some(FLIGHT)).into(),
        Sighting { stowage: stowage.clone(), ..seen(TrackingPoint::ContainerLoad, Some(FLIGHT)) }.into(),
        Sighting { is_inferred: true, stowage, ..seen(TrackingPoint::AircraftLoad, Some(FLIGHT)) }.into(),
        reported(Report::Unload, FLIGHT).into(),
        seen(TrackingPoint::Offload, Some(FLIGHT)).into(),
        Content::FlightTurned(FlightTurned { flight: outbound, turn: FlightTurn::Departed }),
        reported(Report::OnHand, FLIGHT).into(),
        link(LinkKind::Rush),
    ]])
}

/// Returns a document in the order of its keys' names, a line each.
fn exported(worn: &Plate, format: Format) -> String {
    let journey = worn.newest_journey().unwrap();
    serde_json::to_string_pretty(&document(plate(), journey, format)).unwrap()
}

#[test]
fn an_eventful_journey_as_nodes_of_the_standard() {
    insta::assert_snapshot!(exported(&eventful(), Format::MhT1076));
}

#[test]
fn an_eventful_journey_as_event_codes() {
    insta::assert_snapshot!(exported(&eventful(), Format::BagJourney));
}

#[test]
fn an_eventful_journey_as_points_of_resolution_753() {
    insta::assert_snapshot!(exported(&eventful(), Format::Resolution753));
}

#[test]
fn a_journey_in_our_own_words_leaves_nothing_out() {
    let worn = eventful();
    let whole = exported(&worn, Format::Json);
    let journey = worn.newest_journey().unwrap();
    let document = document(plate(), journey, Format::Json);
    assert_eq!(document["observations"].as_array().unwrap().len(), journey.observations().count());
    for (observation, content) in journey.observations() {
        assert!(whole.contains(&observation.id) && whole.contains(word(content)));
    }
}

#[test]
fn what_is_not_shown_of_resolution_753_is_said_and_the_transfer_only_where_there_is_one() {
    let not_shown = |worn: &Plate| {
        let journey = worn.newest_journey().unwrap();
        document(plate(), journey, Format::Resolution753)["not_shown"].to_string()
    };
    assert_eq!(not_shown(&worn([vec![announced(FLIGHT).into()]])), "[1,2,4]");
    let legs = vec![leg(FLIGHT, LegRole::Outbound), leg("CA981-20261120", LegRole::Onward)];
    let connecting = Announcement { legs, ..announced(FLIGHT) };
    assert_eq!(not_shown(&worn([vec![connecting.into()]])), "[1,2,3,4]");
    let told = [TrackingPoint::CheckIn, TrackingPoint::AircraftLoad, TrackingPoint::Collection];
    assert_eq!(not_shown(&worn([told.map(|point| seen(point, None).into()).into()])), "[]");
}

#[test]
fn every_observation_is_in_each_document_or_named_as_left_out() {
    let worn = eventful();
    let journey = worn.newest_journey().unwrap();
    let count = journey.observations().count();
    for (format, kept) in [(Format::MhT1076, "nodes"), (Format::Resolution753, "points")] {
        let document = document(plate(), journey, format);
        let of = |key: &str| document[key].as_array().unwrap().len();
        assert_eq!(of(kept) + of("left_out"), count, "{format:?}");
    }
}

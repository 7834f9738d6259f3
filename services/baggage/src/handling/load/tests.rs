//! One test for each reason, and for what is no reason.

use airside_api::baggage::v1::{AnnouncementChange, LegRole, LoadReason, LoadingStep, Report, TrackingPoint};

use super::*;
use crate::{
    handling::tests::{FLIGHT, OTHER, announced, flight, leg, minute, plate, reported, seen, worn},
    model::{Announcement, Content, Sighting},
};

struct Asked {
    worn: Option<Plate>,
    load: FlightLoad,
    policy: LoadPolicy,
}

/// What is asked about one journey of which this was told.
fn told<const N: usize>(contents: [Content; N]) -> Asked {
    of(worn([contents.into()]))
}

fn of(worn: Plate) -> Asked {
    Asked { worn: Some(worn), load: FlightLoad::default(), policy: LoadPolicy::default() }
}

impl Asked {
    fn answers(&self, expected: &[LoadReason]) {
        let decision = decide(plate(), self.worn.as_ref(), flight(FLIGHT), &self.load, self.policy);
        assert_eq!(decision.obstacles, expected);
        for reason in decision.obstacles {
            let said = obstacle(reason);
            assert!(!said.words.is_empty() && !said.remedy.is_empty(), "{reason:?} says nothing");
        }
    }

    fn may_load(&self) {
        self.answers(&[]);
    }
}

fn ready() -> Asked {
    told([announced(FLIGHT).into(), seen(TrackingPoint::Sortation, None).into()])
}

#[test]
fn a_bag_with_authority_may_go_on_its_flight() {
    ready().may_load();
}

#[test]
fn a_plate_that_nobody_announced_is_unknown() {
    Asked { worn: None, ..ready() }.answers(&[LoadReason::UnknownBag]);
    of(Plate::default()).answers(&[LoadReason::UnknownBag]);
    told([seen(TrackingPoint::Sortation, None).into()]).answers(&[LoadReason::UnknownBag]);
}

#[test]
fn a_plate_that_two_bags_wear_around_the_day_is_ambiguous() {
    let two = |other: &str| worn([vec![announced(FLIGHT).into()], vec![announced(other).into()]]);
    of(two(OTHER)).answers(&[LoadReason::AmbiguousPlate]);
    // A week later the plate is worn again, which is no doubt.
    of(two("ZH9101-20261127")).may_load();
}

#[test]
fn a_journey_that_is_cancelled_or_over_makes_no_plate_ambiguous() {
    let cancelled = Announcement { change: AnnouncementChange::Deleted, ..announced(OTHER) };
    of(worn([vec![announced(OTHER).into(), cancelled.into()], vec![announced(FLIGHT).into()]])).may_load();
    let collected = seen(TrackingPoint::Collection, None);
    of(worn([vec![announced(OTHER).into(), collected.into()], vec![announced(FLIGHT).into()]])).may_load();
}

#[test]
fn a_deleted_bag_that_was_seen_is_still_at_hand_beside_the_bag_of_another_passenger() {
    let deletion = || Announcement { change: AnnouncementChange::Deleted, ..announced(OTHER) };
    let deleted = |acts: Vec<Content>| {
        let told = [announced(OTHER).into()].into_iter().chain(acts).chain([deletion().into()]);
        vec![vec![announced(FLIGHT).into()], told.collect()].try_into().unwrap()
    };
    let seen_first = || deleted(vec![seen(TrackingPoint::Sortation, None).into()]);
    let collided = |told: [Vec<Content>; 2]| {
        let mut worn = worn(told);
        let [one, other] = [worn.journeys[0].id, worn.journeys[1].id];
        worn.collide(other, one);
        of(worn)
    };
    collided(seen_first()).answers(&[LoadReason::AmbiguousPlate]);
    // What nobody saw is not here, and a bag that its airline announced anew is one bag.
    collided(deleted(Vec::new())).may_load();
    of(worn(seen_first())).may_load();
    collided(deleted(vec![seen(TrackingPoint::Collection, None).into()])).may_load();
}

#[test]
fn the_bag_of_a_passenger_on_standby_comes_off_and_is_told_why() {
    let aboard = || seen(TrackingPoint::AircraftLoad, Some(FLIGHT)).into();
    let standby = Announcement { passenger: PassengerState::Standby, ..announced(FLIGHT) };
    told([standby.into(), aboard()]).answers(&[LoadReason::PassengerNotBoarded]);
}

#[test]
fn a_bag_of_another_flight_does_not_go_on_this_one() {
    told([announced(OTHER).into()]).answers(&[LoadReason::AnotherFlight]);
    // Whatever else holds was said of the other flight.
    let withheld = Announcement { authority: Authority::Withheld, ..announced(OTHER) };
    told([withheld.into()]).answers(&[LoadReason::AnotherFlight]);
    let inbound = Announcement { legs: vec![leg(FLIGHT, LegRole::Inbound)], ..announced(FLIGHT) };
    told([inbound.into()]).answers(&[LoadReason::AnotherFlight]);
}

#[test]
fn a_bag_read_on_board_another_flight_is_loaded_elsewhere() {
    let aboard = seen(TrackingPoint::AircraftLoad, Some(OTHER));
    told([announced(FLIGHT).into(), aboard.into()]).answers(&[LoadReason::LoadedElsewhere]);
}

#[test]
fn a_connecting_bag_that_nobody_read_coming_off_is_not_loaded_elsewhere() {
    let legs = vec![leg("MU5311-20261120", LegRole::Inbound), leg(FLIGHT, LegRole::Outbound)];
    let aboard = seen(TrackingPoint::AircraftLoad, Some("MU5311-20261120"));
    told([aboard.into(), Announcement { legs, ..announced(FLIGHT) }.into()]).may_load();
}

#[test]
fn a_bag_that_is_on_board_already_may_be_asked_about_again() {
    let aboard = seen(TrackingPoint::AircraftLoad, Some(FLIGHT));
    told([announced(FLIGHT).into(), aboard.into()]).may_load();
}

#[test]
fn a_bag_that_has_arrived_does_not_fly_again() {
    for point in [TrackingPoint::ArrivalInjection, TrackingPoint::ReclaimBelt, TrackingPoint::Collection] {
        told([announced(FLIGHT).into(), seen(point, None).into()]).answers(&[LoadReason::JourneyOver]);
    }
}

#[test]
fn nothing_goes_on_a_flight_that_does_not_operate() {
    let load = FlightLoad { is_cancelled: true, ..FlightLoad::default() };
    Asked { load, ..ready() }.answers(&[LoadReason::FlightCancelled]);
}

#[test]
fn nothing_goes_on_a_flight_that_has_left() {
    let load = FlightLoad { departed_at: Some(minute(30)), ..FlightLoad::default() };
    Asked { load: load.clone(), ..ready() }.answers(&[LoadReason::FlightDeparted]);
    // That it was closed before goes without saying.
    Asked { load: load.at_step(LoadingStep::Closed), ..ready() }.answers(&[LoadReason::FlightDeparted]);
}

#[test]
fn nothing_goes_on_a_flight_whose_loading_is_closed() {
    for (step, expected) in [
        (LoadingStep::Closed, &[LoadReason::FlightClosed][..]),
        (LoadingStep::Matched, &[LoadReason::FlightClosed]),
        (LoadingStep::Opened, &[]),
        (LoadingStep::Unspecified, &[]),
    ] {
        Asked { load: FlightLoad::default().at_step(step), ..ready() }.answers(expected);
    }
}

#[test]
fn a_deleted_bag_is_not_loaded() {
    let deleted = Announcement { change: AnnouncementChange::Deleted, ..announced(FLIGHT) };
    told([announced(FLIGHT).into(), deleted.into()]).answers(&[LoadReason::AuthorityRevoked]);
}

#[test]
fn a_bag_whose_authority_is_withheld_is_not_loaded() {
    let withheld = Announcement { authority: Authority::Withheld, ..announced(FLIGHT) };
    told([withheld.into()]).answers(&[LoadReason::AuthorityWithheld]);
}

#[test]
fn a_bag_without_authority_is_not_loaded_unless_the_airport_takes_silence_for_consent() {
    let silent = told([Announcement { authority: Authority::Unspecified, ..announced(FLIGHT) }.into()]);
    silent.answers(&[LoadReason::AuthorityAbsent]);
    let policy = LoadPolicy { needs_authority: false, ..LoadPolicy::default() };
    Asked { policy, ..silent }.may_load();
}

#[test]
fn a_bag_that_screening_did_not_clear_is_not_loaded() {
    let strict = LoadPolicy { needs_clearance: true, ..LoadPolicy::default() };
    let screened = |screening| {
        let screened = Sighting { screening, ..seen(TrackingPoint::BhsInduction, None) };
        told([announced(FLIGHT).into(), screened.into()])
    };
    for screening in [Screening::Uncleared, Screening::Rejected] {
        screened(screening).answers(&[LoadReason::NotCleared]);
    }
    screened(Screening::Cleared).may_load();
    Asked { policy: strict, ..screened(Screening::Cleared) }.may_load();
    // No result is enough, unless the airport asks for more.
    for screening in [Screening::Unspecified, Screening::Pending] {
        screened(screening).may_load();
        Asked { policy: strict, ..screened(screening) }.answers(&[LoadReason::NotCleared]);
    }
}

#[test]
fn a_bag_that_is_to_be_unloaded_is_not_loaded() {
    let unload = reported(Report::Unload, FLIGHT);
    let aboard = || seen(TrackingPoint::AircraftLoad, Some(FLIGHT));
    told([announced(FLIGHT).into(), aboard().into(), unload.into()]).answers(&[LoadReason::UnloadRequested]);
    let off = seen(TrackingPoint::Offload, Some(FLIGHT));
    told([announced(FLIGHT).into(), aboard().into(), off.into()]).answers(&[LoadReason::UnloadRequested]);
}

#[test]
fn a_passenger_who_is_not_on_board_keeps_the_bag_off_where_the_airport_asks_it() {
    let policy = LoadPolicy { needs_boarded: true, ..LoadPolicy::default() };
    let with = |passenger, authority| {
        let asked = told([Announcement { passenger, authority, ..announced(FLIGHT) }.into()]);
        Asked { policy, ..asked }
    };
    for passenger in [PassengerState::Unspecified, PassengerState::CheckedIn, PassengerState::NotBoarded] {
        with(passenger, Authority::Load).answers(&[LoadReason::PassengerNotBoarded]);
    }
    with(PassengerState::Boarded, Authority::Load).may_load();
    with(PassengerState::NotBoarded, Authority::Transport).may_load();
}

#[test]
fn every_obstacle_is_named_and_the_gravest_goes_first() {
    let load = FlightLoad::default().at_step(LoadingStep::Closed);
    let withheld = Announcement { authority: Authority::Withheld, ..announced(FLIGHT) };
    let rejected = Sighting { screening: Screening::Rejected, ..seen(TrackingPoint::BhsInduction, None) };
    let asked = Asked { load, ..told([withheld.into(), rejected.into()]) };
    asked.answers(&[LoadReason::FlightClosed, LoadReason::AuthorityWithheld, LoadReason::NotCleared]);
}

//! What flights do, and what is reported of a bag, as it changes the fold. Pure.

use airside_api::baggage::v1::{
    Authority, BagException, Connection, FlightTurn, PassengerState, Report, Stage, TrackingPoint,
};
use airside_kernel::Timestamp;

use super::{
    Load,
    fold::{Fold, LATE_CLOCK},
    route::only_arrives_by,
};
use crate::{
    journey::{rank, stages::is_aboard},
    model::{AirportCode, ConnectionJudged, DatedFlight, FlightTurned, Reported, Sighting},
};

impl Fold<'_> {
    /// Takes in what a flight did, at once or when the bag is known to be of it.
    pub(super) fn turn(&mut self, at: Timestamp, turned: FlightTurned) {
        if matches!(turned.turn, FlightTurn::Returned | FlightTurn::Cancelled) {
            self.unfelt.retain(|(_, earlier)| earlier.flight != turned.flight);
        }
        match turned.turn {
            _ if self.concerns(turned.flight) => self.undergo(at, turned),
            FlightTurn::Departed | FlightTurn::Diverted | FlightTurn::Landed => {
                self.unfelt.push((at, turned));
            }
            FlightTurn::Returned | FlightTurn::Cancelled | FlightTurn::Unspecified => {}
        }
    }

    /// Takes in what flights did that the bag is known only now to be of.
    pub(super) fn feel(&mut self) {
        while let Some(place) = self.unfelt.iter().position(|(_, turned)| self.concerns(turned.flight)) {
            let (at, turned) = self.unfelt.remove(place);
            self.undergo(at, turned);
        }
    }

    fn undergo(&mut self, at: Timestamp, FlightTurned { flight, turn }: FlightTurned) {
        match turn {
            FlightTurn::Departed => self.depart(flight, at),
            FlightTurn::Returned | FlightTurn::Cancelled => self.reopen(),
            FlightTurn::Diverted => self.route.open(),
            FlightTurn::Landed if self.stage == Stage::OnAircraft => self.stage = Stage::Departed,
            FlightTurn::Landed | FlightTurn::Unspecified => {}
        }
    }

    /// Whether a flight is that of the present leg, or the next one of a bag that has come so far.
    fn concerns(&self, flight: DatedFlight) -> bool {
        let waits = matches!(self.stage, Stage::Unloaded | Stage::Transferring);
        self.flight == Some(flight)
            || (self.loaded_for == Some(flight) && self.stage == Stage::OnAircraft)
            || (waits && self.station.is_some_and(|here| self.route.next(self.flight, here) == Some(flight)))
    }

    fn depart(&mut self, flight: DatedFlight, at: Timestamp) {
        let is_in_time = self.loaded_at.is_none_or(|loaded| loaded.duration_since(at) <= LATE_CLOCK);
        match self.stage {
            Stage::Unloaded if self.flight == Some(flight) => {}
            Stage::Departed | Stage::Arrived | Stage::OnBelt | Stage::Collected => {}
            // Where it comes from is not seen here.
            _ if only_arrives_by(self.route.legs(), flight) && self.stage != Stage::OnAircraft => {}
            _ if self.was_seen_beyond(flight, at) => {
                self.flight =
                    self.station.and_then(|here| self.route.next(Some(flight), here)).or(Some(flight));
            }
            Stage::OnAircraft if is_in_time && self.loaded_for.is_none_or(|loaded| loaded == flight) => {
                self.stage = Stage::Departed;
                (self.flight, self.left) = (Some(flight), Some((flight, at)));
                if !self.route.legs().is_empty() && !self.route.names(flight) {
                    self.exception = BagException::Misrouted;
                }
            }
            Stage::OnAircraft => {}
            _ => {
                (self.flight, self.left) = (Some(flight), Some((flight, at)));
                self.is_left_behind = !self.is_unwanted();
                self.clear(&[BagException::NotSeen, BagException::OnHand, BagException::Misrouted]);
            }
        }
    }

    /// Whether it was seen after a flight left, and not where that leaves from: it has flown.
    fn was_seen_beyond(&self, flight: DatedFlight, left_at: Timestamp) -> bool {
        self.seen_at.is_some_and(|seen| seen > left_at)
            && self.route.names(flight)
            && self.route.origin(flight) != self.station
    }

    /// A bag that was taken for left behind is seen elsewhere: it flew, and nobody saw it loaded.
    pub(super) fn has_flown_unseen(&mut self, here: AirportCode) {
        let left_from = self.left.and_then(|(flight, _)| self.route.origin(flight));
        if self.is_left_behind && left_from.is_some_and(|origin| origin != here) {
            (self.stage, self.station, self.is_left_behind) = (Stage::Departed, left_from, false);
            self.put_for = self.left.map(|(flight, _)| Some(flight));
        }
    }

    /// Its flight does not go, or came back: what was aboard is aboard, and nothing is left behind.
    fn reopen(&mut self) {
        if self.stage == Stage::Departed {
            self.stage = Stage::OnAircraft;
        }
        (self.left, self.is_left_behind) = (None, false);
    }

    /// Whether the airline does not want the bag on its flight.
    pub(super) fn is_unwanted(&self) -> bool {
        self.authority == Authority::Revoked
            || self.is_unload_asked
            || (matches!(self.passenger, PassengerState::NotBoarded | PassengerState::Standby)
                && self.authority != Authority::Transport)
    }

    /// Returns what loaders need to know besides.
    pub(super) fn load_as_told(&self) -> Load {
        let put_on = self.put_for.and_then(|flight| flight.or(self.flight));
        Load { put_on, is_taken_off: self.is_taken_off }
    }

    /// Notes the flight of the container that it is put into.
    pub(super) fn note_container(&mut self, here: AirportCode, sighting: &Sighting) {
        if sighting.point == TrackingPoint::ContainerLoad {
            self.put_for = Some(self.flight_of(here, sighting));
        }
    }

    /// Returns the flight that a bag is loaded for: the one that the reader named, unless by a
    /// codeshare's number only, else the one that leaves from there.
    pub(super) fn flight_of(&self, here: AirportCode, sighting: &Sighting) -> Option<DatedFlight> {
        let named = sighting.leg.map(|leg| leg.flight);
        let is_codeshare = |flight| self.route.legs().iter().any(|leg| leg.marketed_as == Some(flight));
        named.filter(|flight| !is_codeshare(*flight)).or_else(|| self.route.leaving(here)).or(self.flight)
    }

    /// Whether its passenger boarded a flight that closed or left without the bag.
    pub(super) fn is_flown_without(&self) -> bool {
        self.passenger == PassengerState::Boarded
            && rank(self.stage) < rank(Stage::OnAircraft)
            && (self.is_left_behind || self.exception == BagException::NotSeen)
    }

    pub(super) fn report(&mut self, reported: &Reported) {
        let about = reported.leg.map(|leg| leg.flight);
        let is_moot = about.is_some_and(|flight| self.flight.is_some_and(|present| present != flight));
        match reported.report {
            Report::Unspecified => return,
            Report::Unload | Report::FlightErased | Report::NotSeen if is_moot => return,
            Report::Unload => self.is_unload_asked = true,
            Report::FlightErased => {
                (self.authority, self.passenger) = (Authority::Unspecified, PassengerState::Unspecified);
                self.is_unload_asked = false;
            }
            // Who saw it on board knows better than who did not see it.
            Report::NotSeen if rank(self.stage) >= rank(Stage::OnAircraft) && !self.is_inferred => return,
            Report::NotSeen => self.exception = BagException::NotSeen,
            Report::OnHand | Report::OnHandNotAuthorised | Report::Found => {
                if reported.report == Report::OnHandNotAuthorised {
                    self.authority = Authority::Withheld;
                }
                self.exception = BagException::OnHand;
            }
            Report::Mishandled => self.exception = BagException::Mishandled,
            Report::OutForDelivery => self.exception = BagException::OutForDelivery,
            Report::Delivered => {
                self.reach(Stage::Collected);
                self.is_over();
            }
        }
        if self.flight.is_none() {
            self.flight = about;
        }
    }

    pub(super) fn judge(&mut self, judged: &ConnectionJudged) {
        self.judged = Some((judged.outbound, judged.connection));
    }

    /// Returns the flight to be reached and whether it will be, while that is a question.
    pub(super) fn connection(&self) -> Option<(DatedFlight, Connection)> {
        self.judged.filter(|(outbound, _)| {
            let is_made = self.flight == Some(*outbound) && is_aboard(self.stage);
            let is_on_route = self.route.legs().is_empty() || self.route.names(*outbound);
            !is_made && is_on_route && rank(self.stage) < rank(Stage::Arrived)
        })
    }
}

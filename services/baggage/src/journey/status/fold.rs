//! The status on its way through the observations. Pure.

use airside_api::baggage::v1::{
    AnnouncementChange, Authority, BagException, Connection, LinkKind, PassengerState, Screening, Stage,
    TrackingPoint,
};
use airside_kernel::Timestamp;
use jiff::SignedDuration;

use super::{
    Status,
    route::{Route, departing, named},
};
use crate::{
    journey::{
        rank, stage_of,
        stages::{is_aboard, is_outward},
    },
    model::{
        AirportCode, Announcement, Content, DatedFlight, FlightTurned, Leg, Link, Observation, Sighting,
    },
};

/// A read of a load that is this late after the flight left is of that flight: the
/// clock was wrong, not the eyes.
pub(super) const LATE_CLOCK: SignedDuration = SignedDuration::from_hours(1);

/// Whether a link says that a tag was replaced by another. A rush tag replaces none: the bag was left behind.
fn is_left_off(link: &Link) -> bool {
    matches!(link.kind, LinkKind::Retag | LinkKind::Merged) && link.other_journey.is_some() && !link.continues
}

/// What is known so far.
#[derive(Debug, Default)]
pub(super) struct Fold<'a> {
    pub(super) stage: Stage,
    pub(super) is_inferred: bool,
    pub(super) authority: Authority,
    pub(super) is_unload_asked: bool,
    pub(super) passenger: PassengerState,
    /// What was reported or seen; what follows from the rest is added at the end.
    pub(super) exception: BagException,
    pub(super) flight: Option<DatedFlight>,
    /// The flight that it was loaded for.
    pub(super) loaded_for: Option<DatedFlight>,
    /// The flight of this leg that left, and when.
    pub(super) left: Option<(DatedFlight, Timestamp)>,
    /// Whether it left without the bag, which was to fly.
    pub(super) is_left_behind: bool,
    pub(super) route: Route<'a>,
    pub(super) station: Option<AirportCode>,
    pub(super) judged: Option<(DatedFlight, Connection)>,
    /// What flights did that were not known to be the bag's, oldest first.
    pub(super) unfelt: Vec<(Timestamp, FlightTurned)>,
    pub(super) loaded_at: Option<Timestamp>,
    pub(super) seen_at: Option<Timestamp>,
    /// Whether its tag was replaced: what becomes of the bag is known by the other one.
    goes_on: bool,
    /// The flight that it was put into something for; of one that nobody named, its own.
    pub(super) put_for: Option<Option<DatedFlight>>,
    pub(super) is_taken_off: bool,
    was_offloaded: bool,
    screening: Screening,
    stowage: Option<&'a (String, String)>,
    stowed_at: Option<Timestamp>,
    /// The container that it was read out of.
    taken_out_of: Option<&'a str>,
    told_at: Option<AirportCode>,
    location: &'a str,
}

impl<'a> Fold<'a> {
    /// Folds observations, oldest first.
    pub(super) fn of(observations: impl Iterator<Item = (&'a Observation, &'a Content)>) -> Self {
        let mut fold = Self::default();
        for (observation, content) in observations {
            fold.take(observation, content);
        }
        fold
    }

    pub(super) fn take(&mut self, observation: &Observation, content: &'a Content) {
        match content {
            Content::Announced(announcement) => self.announce(observation, announcement),
            Content::Scanned(sighting) => self.see(observation, sighting),
            Content::Reported(reported) => {
                self.told_at = Some(observation.station);
                self.report(reported);
            }
            Content::FlightTurned(turned) => self.turn(observation.happened_at(), *turned),
            Content::ConnectionJudged(judged) => self.judge(judged),
            Content::Linked(link) => self.goes_on |= is_left_off(link),
        }
        self.feel();
    }

    /// Returns what it all amounts to.
    pub(super) fn status(&self) -> Status {
        let must_off = self.must_off();
        let is_kept_back =
            self.is_unload_asked && self.left.is_none() && rank(self.stage) < rank(Stage::OnAircraft);
        let exception = match self.exception {
            _ if must_off.is_some() => must_off.unwrap_or_default(),
            _ if is_kept_back => BagException::OffloadRequired,
            BagException::Unspecified if self.is_left_behind && !self.goes_on => BagException::LeftBehind,
            BagException::Unspecified if self.was_offloaded => BagException::Offloaded,
            // It may stay where the airport takes silence for consent.
            BagException::Unspecified
                if self.stage == Stage::OnAircraft && self.authority == Authority::Unspecified =>
            {
                BagException::LoadedNotAuthorised
            }
            said => said,
        };
        let connection = self.connection().filter(|_| !self.goes_on);
        let stowage = self.stowage.filter(|(container, hold)| !container.is_empty() || !hold.is_empty());
        Status {
            stage: self.stage,
            authority: self.authority,
            offload: self.was_offloaded || must_off.is_some(),
            flight: self.flight,
            station: self.station.or(self.told_at),
            location: self.location.to_owned(),
            seen_at: self.seen_at,
            screening: self.screening,
            stowage: stowage.cloned(),
            stowed_at: self.stowed_at.filter(|_| stowage.is_some()),
            exception,
            passenger: self.passenger,
            connection: connection.map_or(Connection::Unspecified, |(_, judged)| judged),
            connection_flight: connection.map(|(flight, _)| flight),
            boarded_without_bag: self.is_flown_without(),
            left_flight: self
                .left
                .filter(|_| exception == BagException::LeftBehind)
                .map(|(flight, _)| flight),
            is_inferred: self.is_inferred,
        }
    }

    /// Returns why a bag on board must come off before its flight leaves, if it must.
    fn must_off(&self) -> Option<BagException> {
        if self.stage != Stage::OnAircraft {
            return None;
        }
        let is_on_another = self.loaded_for.is_some() && self.loaded_for != self.flight;
        let flies_alone = matches!(self.passenger, PassengerState::NotBoarded | PassengerState::Standby)
            && self.authority != Authority::Transport;
        let is_barred = self.authority == Authority::Revoked || self.is_unload_asked;
        if is_barred || is_on_another || flies_alone || self.screening == Screening::Rejected {
            return Some(BagException::OffloadRequired);
        }
        (self.authority == Authority::Withheld).then_some(BagException::LoadedNotAuthorised)
    }

    fn announce(&mut self, observation: &Observation, announcement: &'a Announcement) {
        self.told_at = Some(observation.station);
        if rank(self.stage) < rank(Stage::Expected) {
            self.stage = Stage::Expected;
        }
        let legs = announcement.legs.as_slice();
        if announcement.change == AnnouncementChange::Deleted {
            let is_moot = !legs.is_empty()
                && departing(self.route.legs()).is_some_and(|standing| named(legs, standing).is_none());
            if !is_moot {
                self.authority = Authority::Revoked;
                // A flight leaves nothing behind that its airline takes back.
                self.is_left_behind = false;
                if self.route.legs().is_empty() {
                    self.route.tell(announcement, observation.station);
                    self.flight = departing(legs).or(self.flight);
                }
            }
            return;
        }
        self.is_taken_off = false;
        match announcement.authority {
            Authority::Unspecified if self.authority == Authority::Revoked => {
                self.authority = Authority::Unspecified;
            }
            Authority::Unspecified => {}
            said => {
                self.authority = said;
                if matches!(said, Authority::Load | Authority::Transport) {
                    self.is_unload_asked = false;
                }
            }
        }
        if announcement.passenger != PassengerState::Unspecified {
            self.passenger = announcement.passenger;
        }
        self.route.tell(announcement, observation.station);
        self.move_to(legs);
    }

    /// Takes over the flight of an announcement, unless the bag is still on one that it
    /// names or flies already: what a station down the line says is of a later leg.
    fn move_to(&mut self, legs: &[Leg]) {
        let Some(mut flight) = departing(legs) else { return };
        let is_under_way = rank(self.stage) < rank(Stage::Unloaded);
        let present = self.flight.and_then(|present| named(legs, present));
        if let Some(leg) = present.filter(|leg| self.flight == leg.marketed_as) {
            // It was known by its codeshare alone.
            if self.loaded_for == self.flight {
                self.loaded_for = Some(leg.flight);
            }
            if self.put_for == Some(self.flight) {
                self.put_for = Some(Some(leg.flight));
            }
            self.flight = Some(leg.flight);
        }
        // It came by the one that it is known by, and is on its way already into the one that leaves here.
        let leaving =
            self.station.filter(|_| is_outward(self.stage)).and_then(|here| self.route.leaving(here));
        let has_come = present.is_some() && leaving.is_some_and(|leaving| self.flight != Some(leaving));
        if has_come {
            flight = leaving.unwrap_or(flight);
        }
        if (is_under_way && present.is_some() && !has_come)
            || self.stage == Stage::Departed
            || self.flight == Some(flight)
        {
            return;
        }
        // What was to come off the flight before is not on the new one.
        if !is_aboard(self.stage) {
            self.is_unload_asked = false;
        }
        if has_come && self.loaded_for == self.flight {
            self.loaded_for = Some(flight);
        }
        if has_come && self.put_for == Some(self.flight) {
            self.put_for = Some(Some(flight));
        }
        self.flight = Some(flight);
    }

    fn see(&mut self, observation: &Observation, sighting: &'a Sighting) {
        self.screen(sighting);
        if sighting.authority != Authority::Unspecified {
            self.authority = sighting.authority;
        }
        if sighting.is_inferred {
            return self.conclude(observation, sighting);
        }
        self.seen_at = Some(observation.happened_at());
        let here = observation.station;
        let for_flight = sighting.leg.map(|leg| leg.flight);
        self.clear(&[BagException::NotSeen, BagException::OnHand, BagException::Misrouted]);
        self.has_flown_unseen(here);
        let is_passed = self.pass(observation, sighting);
        if is_passed {
            self.note_container(observation.station, sighting);
            self.stow(observation, sighting);
            self.is_inferred = false;
            self.station = Some(here);
            self.location = &sighting.location;
        } else if sighting.stowage.is_some()
            && rank(self.stage) < rank(Stage::OnAircraft)
            && self.is_here(here)
        {
            // Where it is does not go back, but what it is in is what was read last.
            self.note_container(here, sighting);
            self.stow(observation, sighting);
        }
        if self.route.is_off(here, sighting.leg.as_ref()) {
            if self.exception == BagException::Unspecified {
                self.exception = BagException::Misrouted;
            }
            if sighting.point == TrackingPoint::AircraftLoad {
                self.loaded_for = for_flight;
                self.put_for = Some(for_flight);
            }
        } else if let Some(flight) = for_flight
            && self.flight != Some(flight)
            && self.stage != Stage::Departed
            && !self.route.legs().iter().any(|leg| leg.marketed_as == Some(flight))
        {
            self.flight = Some(flight);
        } else if is_passed
            && for_flight.is_none()
            && is_outward(self.stage)
            && let Some(flight) = self.route.leaving(here)
        {
            // Who reads no flight means the one that leaves from there.
            self.flight = Some(flight);
        }
    }

    fn screen(&mut self, sighting: &Sighting) {
        match sighting.screening {
            Screening::Unspecified if self.screening != Screening::Unspecified => {}
            Screening::Unspecified if sighting.point == TrackingPoint::Screening => {
                self.screening = Screening::Pending;
            }
            Screening::Unspecified => {}
            said => self.screening = said,
        }
    }

    /// Takes over the position of a read; returns whether it is one.
    fn pass(&mut self, observation: &Observation, sighting: &'a Sighting) -> bool {
        let (here, reached) = (observation.station, stage_of(sighting.point));
        match sighting.point {
            TrackingPoint::Offload => self.take_off(),
            TrackingPoint::TransferInjection => {
                self.begin_leg(here);
                (self.stage, self.put_for) = (reached, None);
            }
            TrackingPoint::AircraftLoad => return self.load(observation, sighting),
            TrackingPoint::Collection => {
                self.is_over();
                self.reach(reached);
            }
            _ if self.begins_leg(here, reached) => {
                self.begin_leg(here);
                self.stage = reached;
            }
            _ if self.is_inferred && rank(reached) < rank(self.stage) && self.is_here(here) => {
                self.contradict(reached);
            }
            _ if self.goes_back_by_name(sighting.point) => self.stage = reached,
            _ => return self.reach(reached),
        }
        true
    }

    /// Takes over a stage that is as far as the present one or farther.
    pub(super) fn reach(&mut self, reached: Stage) -> bool {
        let is_reached = rank(reached) >= rank(self.stage);
        if is_reached {
            self.stage = reached;
        }
        is_reached
    }

    fn load(&mut self, observation: &Observation, sighting: &Sighting) -> bool {
        let here = observation.station;
        if self.begins_leg(here, Stage::OnAircraft) {
            self.begin_leg(here);
            self.stage = Stage::AtAircraft;
        }
        if rank(self.stage) > rank(Stage::OnAircraft) {
            return false;
        }
        self.stage = Stage::OnAircraft;
        self.loaded_at = Some(observation.happened_at());
        self.was_offloaded = false;
        self.is_left_behind = false;
        self.loaded_for = self.flight_of(here, sighting);
        self.put_for = Some(self.loaded_for);
        match self.left {
            Some((flight, at))
                if self.loaded_for == Some(flight)
                    && observation.happened_at().duration_since(at) <= LATE_CLOCK =>
            {
                self.stage = Stage::Departed;
            }
            _ => self.left = None,
        }
        true
    }

    fn take_off(&mut self) {
        (self.put_for, self.is_taken_off) = (None, true);
        self.stage = Stage::AtAircraft;
        self.was_offloaded = true;
        self.is_unload_asked = false;
        self.loaded_for = None;
    }

    /// It is with its passenger: nothing keeps it from its way any more.
    pub(super) fn is_over(&mut self) {
        self.exception = BagException::Unspecified;
        (self.was_offloaded, self.is_left_behind, self.is_unload_asked) = (false, false, false);
    }

    /// A read shows that what was concluded is wrong.
    pub(super) fn contradict(&mut self, reached: Stage) {
        self.is_left_behind |= self.stage == Stage::Departed && !self.is_unwanted();
        self.stage = reached;
        (self.is_inferred, self.loaded_for, self.put_for) = (false, None, None);
        self.empty();
    }

    /// Takes over a position that nobody read, unless something read speaks against it.
    fn conclude(&mut self, observation: &Observation, sighting: &'a Sighting) {
        let (here, reached) = (observation.station, stage_of(sighting.point));
        let container = sighting.stowage.as_ref().map(|(container, _)| container.as_str());
        let container = container.filter(|container| !container.is_empty());
        if let Some(container) = container {
            let is_in_another =
                self.stowage.is_some_and(|(known, _)| !known.is_empty() && known != container);
            if is_in_another || self.taken_out_of == Some(container) {
                return;
            }
        }
        match sighting.point {
            // It was taken apart: nothing is in it any more.
            TrackingPoint::Offload if container.is_none() => {
                if matches!(self.stage, Stage::InContainer | Stage::AtAircraft) {
                    (self.stage, self.is_inferred) = (Stage::Sorted, true);
                }
                return self.empty();
            }
            TrackingPoint::Offload if self.stage == Stage::OnAircraft => self.take_off(),
            _ if self.is_left_behind && rank(reached) > rank(Stage::OnAircraft) => return,
            TrackingPoint::AircraftLoad if rank(self.stage) < rank(Stage::OnAircraft) => {
                if !self.load(observation, sighting) {
                    return;
                }
            }
            _ if self.begins_leg(here, reached) => {
                self.begin_leg(here);
                self.stage = reached;
            }
            _ if rank(reached) > rank(self.stage) => self.stage = reached,
            _ => return,
        }
        self.is_inferred = true;
        self.station = Some(here);
        self.note_container(here, sighting);
        if sighting.stowage.is_some() {
            self.stow(observation, sighting);
        }
    }

    /// Takes over what it was put into, and that it is in nothing where that is plain.
    fn stow(&mut self, observation: &Observation, sighting: &'a Sighting) {
        match &sighting.stowage {
            Some(stowage) => {
                if self.stowage.is_none_or(|(known, _)| *known != stowage.0) {
                    self.stowed_at = Some(observation.happened_at());
                }
                self.stowage = Some(stowage);
                self.taken_out_of = None;
            }
            None if matches!(self.stage, Stage::InContainer | Stage::AtAircraft)
                && sighting.point != TrackingPoint::Offload => {}
            None if is_aboard(self.stage) => {}
            None => self.empty(),
        }
    }

    fn empty(&mut self) {
        if let Some((container, _)) = self.stowage.take() {
            self.taken_out_of = Some(container);
        }
    }

    /// Whether a read takes the bag back on its leg by a name that there is for it.
    fn goes_back_by_name(&self, point: TrackingPoint) -> bool {
        let is_before_loading = rank(self.stage) < rank(Stage::OnAircraft);
        match point {
            TrackingPoint::StoreOut => self.stage == Stage::Stored,
            TrackingPoint::Screening => is_before_loading && rank(self.stage) > rank(Stage::Screened),
            TrackingPoint::BhsInduction => self.stage == Stage::Sorted,
            _ => false,
        }
    }

    /// Whether a bag that has come this far is on its way into an aircraft again.
    fn begins_leg(&self, here: AirportCode, reached: Stage) -> bool {
        is_outward(reached)
            && match self.stage {
                Stage::Transferring => true,
                Stage::Unloaded => self.is_here(here),
                Stage::OnAircraft | Stage::Departed => self.station.is_some_and(|last| last != here),
                Stage::AtAircraft => self.was_offloaded,
                _ => false,
            }
    }

    fn begin_leg(&mut self, here: AirportCode) {
        let has_flown = rank(self.stage) > rank(Stage::AtAircraft) && self.stage != Stage::Transferring;
        if has_flown {
            self.flight = self.route.next(self.flight, here).or(self.flight);
            (self.loaded_for, self.put_for) = (None, None);
            (self.left, self.is_left_behind) = (None, false);
        }
    }

    fn is_here(&self, here: AirportCode) -> bool {
        self.station == Some(here)
    }

    pub(super) fn clear(&mut self, over: &[BagException]) {
        if over.contains(&self.exception) {
            self.exception = BagException::Unspecified;
        }
    }
}

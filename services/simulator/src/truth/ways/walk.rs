//! A bag's way, step by step: where it goes next and how long that takes.

use airside_api::baggage::v1::TrackingPoint;
use jiff::Timestamp;
use rand::Rng;
use rand::rngs::StdRng;

use crate::truth::{Flight, Step, Teller, chance, later};

/// A bag that is sorted later than this before departure does not go on board, seconds.
const MAKE_UP_S: i64 = 30 * 60;
/// A container is closed this long before departure, seconds; later bags go on board loose.
const CONTAINER_S: i64 = 40 * 60;
/// Containers of a flight.
const CONTAINERS: usize = 3;

/// A bag on its way to a flight.
pub(super) struct Walk<'a> {
    pub(super) steps: Vec<Step>,
    at: Timestamp,
    index: usize,
    flight: &'a Flight,
    stand: String,
    no_reads: f64,
    rng: &'a mut StdRng,
}

impl<'a> Walk<'a> {
    /// Begins with a passenger at the counter. A bag that comes early waits in the early bag store.
    pub(super) fn checked_in(
        (index, flight): (usize, &'a Flight),
        at: Timestamp,
        no_reads: f64,
        rng: &'a mut StdRng,
    ) -> Self {
        let mut walk = Self::to(Vec::new(), index, flight, at, no_reads, rng);
        walk.see(TrackingPoint::CheckIn, "BD07");
        walk.after(60..180).see_by_machine(TrackingPoint::BhsInduction, "IN02");
        walk.after(60..180).see_by_machine(TrackingPoint::Screening, "HBS12");
        if walk.at < later(flight.scheduled_departure, -100 * 60) {
            walk.after(110..130).see(TrackingPoint::StoreIn, "EBS1");
            walk.not_before(80 * 60..90 * 60).see(TrackingPoint::StoreOut, "EBS2");
        }
        walk
    }

    /// Begins with a bag that another flight brings.
    pub(super) fn unloaded(
        (from, inbound): (usize, &Flight),
        (index, flight): (usize, &'a Flight),
        no_reads: f64,
        rng: &'a mut StdRng,
    ) -> Self {
        let mut walk = Self::to(Vec::new(), index, flight, inbound.arrival(), no_reads, rng);
        walk.after(8 * 60..14 * 60).see(TrackingPoint::AircraftUnload, "HHT031");
        walk.last().flight = from;
        walk.after(120..300).see_by_machine(TrackingPoint::TransferInjection, "TR02");
        walk.after(60..180).see_by_machine(TrackingPoint::Screening, "HBS14");
        walk
    }

    /// Goes on for a later flight with a bag that the first one left behind.
    pub(super) fn resume(
        steps: Vec<Step>,
        index: usize,
        flight: &'a Flight,
        at: Timestamp,
        rng: &'a mut StdRng,
    ) -> Self {
        Self::to(steps, index, flight, at, 0.0, rng)
    }

    /// Returns the whole way of a bag that ends here.
    pub(super) fn arriving(
        (index, flight): (usize, &'a Flight),
        no_reads: f64,
        rng: &'a mut StdRng,
    ) -> Vec<Step> {
        let mut walk = Self::to(Vec::new(), index, flight, flight.arrival(), no_reads, rng);
        walk.after(8 * 60..14 * 60).see(TrackingPoint::AircraftUnload, "HHT031");
        walk.after(120..300).see_by_machine(TrackingPoint::ArrivalInjection, "AR03");
        walk.after(120..300).see_by_machine(TrackingPoint::ReclaimBelt, "RB01");
        flight.final_belt().clone_into(&mut walk.last().location);
        if walk.rng.random_bool(0.8) {
            walk.after(120..600).see(TrackingPoint::Collection, "EX02");
        }
        walk.steps
    }

    fn to(
        steps: Vec<Step>,
        index: usize,
        flight: &'a Flight,
        at: Timestamp,
        no_reads: f64,
        rng: &'a mut StdRng,
    ) -> Self {
        let stand = format!("S{}", 501 + index % 40);
        Self { steps, at, index, flight, stand, no_reads, rng }
    }

    /// Sorts it to its flight's chute.
    pub(super) fn sorted(&mut self) {
        self.after(120..240).see_by_machine(TrackingPoint::Sortation, "SC04");
        let location = format!("CH{:02}", self.rng.random_range(1..63));
        let by_message = self.rng.random_bool(0.5);
        let last = self.last();
        last.location = location;
        tell_by_message(last, by_message);
    }

    /// Returns whether it can still go on board.
    pub(super) fn is_in_time(&self) -> bool {
        self.at <= later(self.flight.departure(), -MAKE_UP_S)
    }

    /// Takes it from its chute on board, in a container or loose.
    pub(super) fn on_board(&mut self) {
        let bulk = self.rng.random_bool(0.3);
        self.at = later(self.at, 60);
        self.not_before(45 * 60..55 * 60);
        let bulk = bulk || self.at > later(self.flight.scheduled_departure, -CONTAINER_S);
        let unit = (!bulk).then(|| self.rng.random_range(0..CONTAINERS));
        if let Some(unit) = unit {
            self.see(TrackingPoint::ContainerLoad, "MUP12");
            let container = self.container(unit);
            let by_message = self.rng.random_bool(0.3);
            let last = self.last();
            last.container = Some(container);
            tell_by_message(last, by_message);
        }
        self.at = later(self.at, 120);
        self.not_before(33 * 60..38 * 60).see(TrackingPoint::AircraftSide, "HHT014");
        let stand = self.stand.clone();
        self.last().location.clone_from(&stand);
        self.at = later(self.at, 120);
        match unit {
            // A container goes on board with all that is in it, and most are told of as a whole.
            Some(unit) => self.at = self.container_loaded_at(unit),
            None => _ = self.not_before(25 * 60..32 * 60),
        }
        self.see(TrackingPoint::AircraftLoad, "HHT014");
        let container = unit.map_or_else(|| "H4".to_owned(), |unit| self.container(unit));
        let last = self.last();
        last.location = stand;
        match unit {
            Some(unit) if unit > 0 => (last.told_by, last.container) = (Teller::Container, Some(container)),
            Some(_) => {}
            None => {
                last.container = Some(container);
                tell_by_message(last, true);
            }
        }
    }

    /// Returns the id of a container of the flight, by its number.
    fn container(&self, unit: usize) -> String {
        format!(
            "AKE{:05}{}",
            (10_000 + CONTAINERS * self.index + unit) % 100_000,
            &self.flight.designator[..2]
        )
    }

    /// Returns when a container goes on board: after the last bag that it may hold is beside the aircraft.
    fn container_loaded_at(&self, unit: usize) -> Timestamp {
        let minutes_before = 27 - 2 * i64::try_from(unit).unwrap_or(0);
        later(self.flight.scheduled_departure, -60 * minutes_before)
    }

    /// Takes it off again.
    pub(super) fn taken_off(&mut self) {
        self.not_before(12 * 60..15 * 60).see(TrackingPoint::Offload, "HHT022");
        let stand = self.stand.clone();
        self.last().location = stand;
    }

    fn after(&mut self, seconds: std::ops::Range<i64>) -> &mut Self {
        self.at = later(self.at, self.rng.random_range(seconds));
        self
    }

    /// Waits until some seconds before the scheduled departure, if there is time to wait.
    fn not_before(&mut self, seconds: std::ops::Range<i64>) -> &mut Self {
        let wanted = later(self.flight.scheduled_departure, -self.rng.random_range(seconds));
        self.at = self.at.max(wanted);
        self
    }

    fn see(&mut self, point: TrackingPoint, reader: &'static str) {
        self.steps.push(Step {
            at: self.at,
            point,
            flight: self.index,
            location: String::new(),
            reader,
            container: None,
            told_by: Teller::Scan,
        });
    }

    /// Passes an automatic reader, which sometimes finds no tag.
    fn see_by_machine(&mut self, point: TrackingPoint, reader: &'static str) {
        self.see(point, reader);
        if chance(self.rng, self.no_reads) {
            self.last().told_by = Teller::Nobody;
        }
    }

    fn last(&mut self) -> &mut Step {
        self.steps.last_mut().expect("it is asked after a step was seen")
    }
}

fn tell_by_message(step: &mut Step, yes: bool) {
    if yes && step.told_by == Teller::Scan {
        step.told_by = Teller::ProcessedMessage;
    }
}

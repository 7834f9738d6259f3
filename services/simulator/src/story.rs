//! What one passenger saw, told to a person.

use std::fmt;

use airside_api::baggage::v1::{Bag, TrackingPoint};
use jiff::Timestamp;

use crate::inbox::Shown;
use crate::script::off_the_wire;
use crate::truth::{Airport, local};

/// The story of a passenger and a bag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Story {
    /// The passenger's synthetic name.
    pub passenger: String,
    /// Designator of the flight.
    pub flight: String,
    /// Where the flight comes from and goes to.
    pub way: String,
    /// Plate of the bag.
    pub plate: String,
    /// What happened, in order.
    pub lines: Vec<StoryLine>,
}

/// One line of a story.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StoryLine {
    /// When, airport time.
    pub at: Timestamp,
    /// True for a notice on the telephone, false for a sight of the bag.
    pub notice: bool,
    /// In words.
    pub text: String,
}

impl Story {
    /// Tells the story of a passenger from their notices and their bag as they may see it.
    pub fn tell(airport: &Airport, passenger: usize, notices: &[Shown], bag: Option<&Bag>) -> Self {
        let person = &airport.passengers[passenger];
        let flight = &airport.flights[person.flight];
        let plate = person.bags.first().map(|bag| airport.bags[*bag].plate.clone());
        let shown = notices.iter().map(|notice| StoryLine {
            at: notice.airport_at,
            notice: true,
            text: notice.text.clone(),
        });
        let seen = bag.into_iter().flat_map(|bag| &bag.timeline).filter_map(|seen| {
            let at = off_the_wire(seen.observed_at.as_ref()?)?;
            let mut text =
                if seen.announcement { "the airline announces the bag" } else { words(seen.point()) }
                    .to_owned();
            if !seen.location.is_empty() {
                text = format!("{text} ({})", seen.location);
            }
            Some(StoryLine { at, notice: false, text })
        });
        let mut lines: Vec<StoryLine> = shown.chain(seen).collect();
        lines.sort();
        Self {
            passenger: format!("{} {}", person.given_name, person.surname),
            flight: flight.designator.clone(),
            way: format!("{} to {}", flight.origin, flight.destination),
            plate: plate.unwrap_or_default(),
            lines,
        }
    }

    /// Returns the story with more notices.
    pub(crate) fn better(old: Option<Self>, new: Option<Self>) -> Option<Self> {
        let notices = |story: &Self| story.lines.iter().filter(|line| line.notice).count();
        match (old, new) {
            (Some(old), Some(new)) if notices(&new) <= notices(&old) => Some(old),
            (old, new) => new.or(old),
        }
    }
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { passenger, flight, way, plate, lines } = self;
        write!(f, "{passenger} on {flight}, {way}, with bag {plate}")?;
        for line in lines {
            let mark = if line.notice { "push" } else { "bag " };
            write!(f, "\n  {}  {mark}  {}", local(line.at).strftime("%H:%M"), line.text)?;
        }
        Ok(())
    }
}

fn words(point: TrackingPoint) -> &'static str {
    match point {
        TrackingPoint::Unspecified => "seen",
        TrackingPoint::CheckIn => "handed over at check-in",
        TrackingPoint::BhsInduction => "on the conveyor",
        TrackingPoint::Screening => "through screening",
        TrackingPoint::StoreIn => "into the early bag store",
        TrackingPoint::StoreOut => "out of the early bag store",
        TrackingPoint::Sortation => "sorted for its flight",
        TrackingPoint::ContainerLoad => "into its container",
        TrackingPoint::AircraftSide => "beside the aircraft",
        TrackingPoint::AircraftLoad => "on board",
        TrackingPoint::Offload => "taken off again",
        TrackingPoint::AircraftUnload => "unloaded",
        TrackingPoint::TransferInjection => "on its way to the next flight",
        TrackingPoint::ArrivalInjection => "in the arrival hall's system",
        TrackingPoint::ReclaimBelt => "on the belt",
        TrackingPoint::Collection => "collected",
    }
}

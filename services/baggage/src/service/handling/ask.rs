//! What handlers ask, read from their calls, and the messages that answer.

use std::fmt::Display;

use airside_api::baggage::v1::{self as api, Authority, BagException, Stage};
use airside_runtime::{requests::page_size, status::invalid, stored::timestamp_message};
use tonic::Status;
use uuid::Uuid;

use crate::{
    events::status_message,
    handling::{
        lists::Place,
        load::{Decision, obstacle},
        loads::{Container, FlightLoad},
    },
    journey,
    model::{DatedFlight, JourneyId, LicencePlate},
    project::Bags,
};

/// What a question is about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Asked<'a> {
    Flight(DatedFlight),
    Container(&'a str),
}

impl Asked<'_> {
    /// Returns the plates that it may concern.
    pub(super) fn plates<'b>(&self, bags: &'b Bags) -> Box<dyn Iterator<Item = LicencePlate> + 'b> {
        match self {
            Self::Flight(flight) => Box::new(bags.plates_of_flight(*flight)),
            Self::Container(id) => Box::new(bags.plates_of_container(id)),
        }
    }

    /// Returns them as they are known now.
    pub(super) fn on<'b>(&self, bags: &'b Bags) -> Vec<(LicencePlate, &'b journey::Plate)> {
        self.plates(bags).filter_map(|plate| Some((plate, bags.plate(plate)?))).collect()
    }
}

/// A page of a list of journeys.
#[derive(Debug)]
pub(super) struct Paged {
    limit: usize,
    after: Option<Place>,
}

impl Paged {
    pub(super) fn parse(size: u32, token: &str) -> Result<Self, Status> {
        let after = super::super::optional(token, "page_token", read_token)?;
        Ok(Self { limit: page_size(size)?, after })
    }

    /// Returns the items of the page out of all in their order, and the token of the next.
    pub(super) fn of<T>(&self, all: Vec<T>, place: impl Fn(&T) -> Place) -> (Vec<T>, String) {
        let mut rest =
            all.into_iter().filter(|one| self.after.is_none_or(|after| place(one) > after)).peekable();
        let found: Vec<_> = rest.by_ref().take(self.limit).collect();
        let more = rest.peek().and_then(|_| found.last());
        let token = more.map(|last| token(place(last))).unwrap_or_default();
        (found, token)
    }
}

fn token((plate, journey): Place) -> String {
    format!("{plate}.{journey}")
}

fn read_token(token: &str) -> Result<Place, &'static str> {
    const MALFORMED: &str = "it is malformed; pass back what an earlier answer gave";
    let (plate, journey) = token.split_once('.').ok_or(MALFORMED)?;
    let journey: Uuid = journey.parse().map_err(|_| MALFORMED)?;
    Ok((LicencePlate::parse(plate).map_err(|_| MALFORMED)?, JourneyId(journey)))
}

/// Which bags of a flight are wanted.
#[derive(Debug)]
pub(super) struct Filter {
    stages: Vec<Stage>,
    authorities: Vec<Authority>,
    exceptions: Vec<BagException>,
}

impl Filter {
    pub(super) fn parse(asked: &api::ListFlightBagsRequest) -> Result<Self, Status> {
        Ok(Self {
            stages: words("stages", &asked.stages)?,
            authorities: words("authorities", &asked.authorities)?,
            exceptions: words("exceptions", &asked.exceptions)?,
        })
    }

    pub(super) fn fits(&self, status: &journey::Status) -> bool {
        let is_any = |is_empty, has| is_empty || has;
        is_any(self.stages.is_empty(), self.stages.contains(&status.stage))
            && is_any(self.authorities.is_empty(), self.authorities.contains(&status.authority))
            && is_any(self.exceptions.is_empty(), self.exceptions.contains(&status.exception))
    }
}

/// The most words of one filter; there are fewer.
const MAX_FILTER_WORDS: usize = 32;

fn words<E: TryFrom<i32>>(field: &str, numbers: &[i32]) -> Result<Vec<E>, Status>
where
    E::Error: Display,
{
    if numbers.len() > MAX_FILTER_WORDS {
        return Err(invalid(field, "there are more than 32; name each once"));
    }
    numbers.iter().map(|number| word(field, *number)).collect()
}

/// Reads a published word of a call.
pub(super) fn word<E: TryFrom<i32>>(field: &str, number: i32) -> Result<E, Status>
where
    E::Error: Display,
{
    E::try_from(number).map_err(|_| invalid(field, format_args!("{number} is no word of this version")))
}

/// Returns a decision as its caller sees it.
pub(super) fn decision_message(flight: DatedFlight, decision: Decision<'_>) -> api::DecideLoadResponse {
    let Decision { standing, obstacles } = decision;
    api::DecideLoadResponse {
        may_load: obstacles.is_empty(),
        obstacles: obstacles.into_iter().map(obstacle).collect(),
        flight: flight.to_string(),
        journey_id: standing.as_ref().map_or_else(String::new, |standing| standing.journey.id.to_string()),
        status: standing.map(|standing| status_message(&standing.status)),
    }
}

/// Returns what is known of the loading of a flight.
pub(super) fn loading_message(flight: DatedFlight, load: &FlightLoad) -> api::FlightLoading {
    api::FlightLoading {
        flight: flight.to_string(),
        step: load.step().into(),
        departed_at: load.departed_at.map(timestamp_message),
        cancelled: load.is_cancelled,
    }
}

/// Returns a container and a page of what is in it.
pub(super) fn container_message(
    id: &str,
    container: &Container,
    bags: Vec<api::Bag>,
    total: u32,
    next_page_token: String,
) -> api::GetContainerResponse {
    api::GetContainerResponse {
        container: id.to_owned(),
        step: container.step().into(),
        since: container.since.map(timestamp_message),
        flight: container.flight.map_or_else(String::new, |flight| flight.to_string()),
        compartment: container.compartment.clone(),
        station: container.station.map_or_else(String::new, |station| station.to_string()),
        bags,
        total,
        next_page_token,
    }
}

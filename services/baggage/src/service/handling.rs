//! gRPC for handlers: parse, one question to the rules, map.
//!
//! A question about now is answered from the read models; one about the past by
//! folding the streams that it concerns up to that instant. Which streams those
//! are, the read models know as long as they keep a plate; a question that reaches
//! back further is refused, and so is one about more plates than [`MAX_PLATES_AS_OF`].

mod ask;
mod pages;
mod past;

use std::sync::Arc;

use airside_api::baggage::v1::{
    self as api, Stage,
    handling_service_server::{HandlingService, HandlingServiceServer},
};
use airside_kernel::{Clock, EventStore, Keyring, Timestamp};
use airside_runtime::{
    auth::Caller,
    executor::Executor,
    projections::ReadModel,
    requests::{as_of, page_size},
    status::{invalid, not_found, status},
    stored::timestamp,
};
use tonic::{Request, Response, Status};

use crate::{
    decide::Bag,
    events::status_message,
    export::{self, Format},
    handling::{
        Standing,
        lists::{self, Plates},
        load::{self, LoadPolicy},
        loads::{Container, FlightLoad, Loads},
    },
    journey::Plate,
    model::{DatedFlight, LicencePlate, container_sign, place_problem},
    operating::Operating,
    project::{Bags, Scope},
    service::{bags, plate},
};

use ask::{Asked, Paged};

/// The most plates that one question about the past folds.
pub(crate) const MAX_PLATES_AS_OF: usize = 2_000;

/// The service.
pub struct Handling {
    pub(crate) store: Arc<dyn EventStore>,
    pub(crate) keys: Arc<dyn Keyring>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) executor: Executor<Bag>,
    pub(crate) bags: ReadModel<Bags>,
    pub(crate) loads: ReadModel<Loads>,
    pub(crate) operating: ReadModel<Operating>,
    pub(crate) policy: LoadPolicy,
}

impl Handling {
    /// Returns the service of an airport with a policy.
    #[must_use]
    pub fn serve(self, policy: LoadPolicy) -> HandlingServiceServer<Self> {
        HandlingServiceServer::new(Self { policy, ..self })
    }
}

#[tonic::async_trait]
impl HandlingService for Handling {
    async fn decide_load(
        &self,
        request: Request<api::DecideLoadRequest>,
    ) -> Result<Response<api::DecideLoadResponse>, Status> {
        let asked = request.into_inner();
        let plate = plate(&asked.plate)?;
        let (flight, at) = self.flight(&asked.flight, asked.as_of.as_ref(), &asked.at_least_position).await?;
        let answer = match at {
            None => self.bags.read(|bags| {
                self.loads.read(|loads| {
                    let unheard = FlightLoad::default();
                    let load = loads.flight(flight).unwrap_or(&unheard);
                    let worn = bags.plate(plate);
                    ask::decision_message(flight, load::decide(plate, worn, flight, load, self.policy))
                })
            }),
            Some(at) => {
                let then = self.executor.load_as_of(&plate.stream(), at).await;
                let then = then.map_err(|error| status(&error))?;
                let load = past::flight(&*self.store, flight, at).await?;
                let worn = then.as_ref().map(|then| &then.state);
                ask::decision_message(flight, load::decide(plate, worn, flight, &load, self.policy))
            }
        };
        Ok(Response::new(answer))
    }

    async fn list_flight_bags(
        &self,
        request: Request<api::ListFlightBagsRequest>,
    ) -> Result<Response<api::ListFlightBagsResponse>, Status> {
        let caller = Caller::of(&request);
        let asked = request.into_inner();
        let page = Paged::parse(asked.page_size, &asked.page_token)?;
        let filter = ask::Filter::parse(&asked)?;
        let (flight, at) = self.flight(&asked.flight, asked.as_of.as_ref(), &asked.at_least_position).await?;
        let loading = ask::loading_message(flight, &self.load_of(flight, at).await?);
        let answer = self
            .on_plates(Asked::Flight(flight), at, |plates| {
                let all = lists::of_flight(plates, flight);
                let counts = pages::counts(&all);
                let fitting = all.into_iter().filter(|one| filter.fits(&one.status)).collect();
                let (found, next_page_token) = page.of(fitting, Standing::place);
                api::ListFlightBagsResponse {
                    bags: self.bag_messages(&found, &caller),
                    counts,
                    next_page_token,
                    loading: Some(loading),
                }
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn list_missing(
        &self,
        request: Request<api::ListMissingRequest>,
    ) -> Result<Response<api::ListMissingResponse>, Status> {
        let caller = Caller::of(&request);
        let asked = request.into_inner();
        let page = Paged::parse(asked.page_size, &asked.page_token)?;
        let reached = match ask::word("reached", asked.reached)? {
            Stage::Unspecified => Stage::OnAircraft,
            reached => reached,
        };
        let cut_off = asked.cut_off.as_ref().map(|at| {
            timestamp(at)
                .ok_or_else(|| invalid("cut_off", "it is no instant of the calendar; leave it out for now"))
        });
        let cut_off = cut_off.transpose()?;
        let (flight, at) = self.flight(&asked.flight, asked.as_of.as_ref(), &asked.at_least_position).await?;
        let cut_off = cut_off.or(at).unwrap_or(Timestamp::MAX);
        let answer = self
            .on_plates(Asked::Flight(flight), at, |plates| {
                let missing = lists::missing(plates, flight, reached, cut_off);
                let seen = missing.expected - missing.bags.len();
                let boarded = missing.boarded_without_bag();
                let mut bags = missing.bags;
                bags.retain(|one| !asked.boarded_only || lists::has_boarded(one));
                let (found, next_page_token) = page.of(bags, Standing::place);
                api::ListMissingResponse {
                    bags: self.bag_messages(&found, &caller),
                    expected: pages::count(missing.expected),
                    seen: pages::count(seen),
                    next_page_token,
                    boarded_without_bag: pages::count(boarded),
                }
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn get_container(
        &self,
        request: Request<api::GetContainerRequest>,
    ) -> Result<Response<api::GetContainerResponse>, Status> {
        let caller = Caller::of(&request);
        let asked = request.into_inner();
        let page = Paged::parse(asked.page_size, &asked.page_token)?;
        let id = container_sign(&asked.container);
        let id = id.as_str();
        if id.is_empty() {
            return Err(invalid("container", "it is empty; send an id such as AKE12345ZH or H4"));
        }
        if let Some(problem) = place_problem(id) {
            return Err(invalid("container", problem));
        }
        let at = self.at(asked.as_of.as_ref(), &asked.at_least_position).await?;
        let flight = super::optional(&asked.flight, "flight", str::parse::<DatedFlight>)?;
        let flight = flight.map(|flight| self.operating.read(|operating| operating.by_name(flight)));
        let known = self.container(id, at).await?;
        let answer = self
            .on_plates(Asked::Container(id), at, |plates| {
                let all = lists::contents(plates, id, flight);
                if known.is_none() && !lists::is_known(plates, id) {
                    return None;
                }
                let total = pages::count(all.len());
                let (found, next_page_token) = page.of(all, Standing::place);
                let bags = self.bag_messages(&found, &caller);
                let known = known.unwrap_or_default();
                Some(ask::container_message(id, &known, bags, total, next_page_token))
            })
            .await?;
        answer.map(Response::new).ok_or_else(|| not_found("container"))
    }

    async fn list_offload(
        &self,
        request: Request<api::ListOffloadRequest>,
    ) -> Result<Response<api::ListOffloadResponse>, Status> {
        let asked = request.into_inner();
        let limit = page_size(asked.page_size)?;
        let after = super::optional(&asked.page_token, "page_token", pages::read_offload_token)?;
        let (flight, at) = self.flight(&asked.flight, asked.as_of.as_ref(), &asked.at_least_position).await?;
        let load = self.load_of(flight, at).await?;
        let gather = |plates: &Plates<'_>, holds: &dyn Fn(&str) -> Option<String>| {
            let found = lists::offload(plates, flight, &load, self.policy);
            pages::offload(lists::to_pick(found, holds), after.as_ref(), limit)
        };
        let answer = match at {
            None => {
                let in_loads = |id: &str| self.loads.read(|loads| loads.container(id)?.hold_for(flight));
                self.bags.read(|bags| gather(&Asked::Flight(flight).on(bags), &in_loads))
            }
            Some(at) => {
                let then = self.plates_then(Asked::Flight(flight), at).await?;
                let then: Vec<_> = then.iter().map(|(plate, worn)| (*plate, worn)).collect();
                let found = lists::offload(&then, flight, &load, self.policy);
                let holds = past::holds(&*self.store, flight, &found, at).await?;
                gather(&then, &|id| holds.get(id).cloned())
            }
        };
        Ok(Response::new(answer))
    }

    async fn export_bag(
        &self,
        request: Request<api::ExportBagRequest>,
    ) -> Result<Response<api::ExportBagResponse>, Status> {
        let asked = request.into_inner();
        let plate = plate(&asked.plate)?;
        let format = ask::word("format", asked.format).map(Format::of)?;
        let format = format.ok_or_else(|| invalid("format", "it is not said; send one of ExportFormat"))?;
        let document = match self.at(asked.as_of.as_ref(), &asked.at_least_position).await? {
            None => self.bags.read(|bags| {
                bags.find(plate, Scope::All).map(|journey| export::document(plate, journey, format))
            }),
            Some(at) => {
                let then = self.executor.load_as_of(&plate.stream(), at).await;
                let then = then.map_err(|error| status(&error))?;
                then.and_then(|then| Some(export::document(plate, then.state.newest_journey()?, format)))
            }
        };
        let document = document.ok_or_else(|| not_found("bag"))?.to_string();
        Ok(Response::new(api::ExportBagResponse { document }))
    }
}

impl Handling {
    /// Reads which flight is meant, and of which instant; waits for the position that is asked.
    async fn flight(
        &self,
        text: &str,
        asked: Option<&prost_types::Timestamp>,
        at_least_position: &str,
    ) -> Result<(DatedFlight, Option<Timestamp>), Status> {
        let flight = text.parse::<DatedFlight>().map_err(|error| invalid("flight", error))?;
        let at = self.at(asked, at_least_position).await?;
        Ok((self.operating.read(|operating| operating.by_name(flight)), at))
    }

    async fn at(
        &self,
        asked: Option<&prost_types::Timestamp>,
        at_least_position: &str,
    ) -> Result<Option<Timestamp>, Status> {
        let at = as_of(asked, at_least_position, self.clock.now())?;
        if at.is_none() {
            self.bags.at_least(at_least_position).await.map_err(|error| status(&error))?;
        }
        Ok(at)
    }

    async fn load_of(&self, flight: DatedFlight, at: Option<Timestamp>) -> Result<FlightLoad, Status> {
        match at {
            None => Ok(self.loads.read(|loads| loads.flight(flight).cloned()).unwrap_or_default()),
            Some(at) => past::flight(&*self.store, flight, at).await,
        }
    }

    async fn container(&self, id: &str, at: Option<Timestamp>) -> Result<Option<Container>, Status> {
        match at {
            None => Ok(self.loads.read(|loads| loads.container(id).cloned())),
            Some(at) => past::container(&*self.store, id, at).await,
        }
    }

    fn bag_messages(&self, found: &[Standing<'_>], caller: &Caller) -> Vec<api::Bag> {
        let keys = self.keys.as_ref();
        found
            .iter()
            .map(|one| api::Bag {
                status: Some(status_message(&one.status)),
                ..bags::message((one.plate, one.plate), one.journey, caller, keys, false)
            })
            .collect()
    }

    /// Answers a question from the plates that it may concern, as they are or were.
    async fn on_plates<T>(
        &self,
        asked: Asked<'_>,
        at: Option<Timestamp>,
        answer: impl FnOnce(&Plates<'_>) -> T,
    ) -> Result<T, Status> {
        let Some(at) = at else {
            return Ok(self.bags.read(|bags| answer(&asked.on(bags))));
        };
        let then = self.plates_then(asked, at).await?;
        let then: Vec<_> = then.iter().map(|(plate, worn)| (*plate, worn)).collect();
        Ok(answer(&then))
    }

    /// Folds the plates that a question may concern up to an instant.
    async fn plates_then(
        &self,
        asked: Asked<'_>,
        at: Timestamp,
    ) -> Result<Vec<(LicencePlate, Plate)>, Status> {
        past::is_kept(at, self.clock.now())?;
        let concerned =
            self.bags.read(|bags| asked.plates(bags).take(MAX_PLATES_AS_OF + 1).collect::<Vec<_>>());
        past::plates(&self.executor, &concerned, at).await
    }
}

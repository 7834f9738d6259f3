//! gRPC of baggage: parse, one call, map.

mod bags;
mod containers;
pub mod handling;
mod operator;
mod scans;
mod sources;
mod stream;
mod submit;
mod way;

use std::sync::Arc;

use airside_api::baggage::v1::{self as api, baggage_service_server::BaggageService};
use airside_kernel::{Clock, Keyring, Revision};
use airside_runtime::{
    auth::Caller,
    executor::Executor,
    projections::ReadModel,
    requests::{as_of, page_size},
    status::{invalid, not_found, status},
    stored::timestamp_message,
    telemetry::Metrics,
};
use tokio::sync::watch;
use tonic::{Request, Response, Status, Streaming};

use crate::{
    containers::Container,
    decide::Bag,
    model::{DatedFlight, LicencePlate},
    operating::Operating,
    project::{Bags, Item, ListKey, QuarantineList, Scope, Timetable},
    receive::Receiving,
    source::{NoReads, Quarantine},
    sources::{Sources, silence::Settings},
};

/// The service.
#[derive(Clone)]
pub struct Baggage {
    pub(crate) receiving: Receiving,
    pub(crate) keys: Arc<dyn Keyring>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: Metrics,
    pub(crate) executor: Executor<Bag>,
    pub(crate) no_reads: Executor<NoReads>,
    pub(crate) containers: Executor<Container>,
    pub(crate) bags: ReadModel<Bags>,
    pub(crate) operating: ReadModel<Operating>,
    pub(crate) quarantine: ReadModel<QuarantineList>,
    pub(crate) settling: Executor<Quarantine>,
    pub(crate) timetable: ReadModel<Timetable>,
    pub(crate) sources: ReadModel<Sources>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) stop: watch::Receiver<bool>,
}

#[tonic::async_trait]
impl BaggageService for Baggage {
    type StreamMessagesStream = stream::Answers<api::StreamMessagesResponse>;
    type StreamScansStream = stream::Answers<api::StreamScansResponse>;
    type WatchBagStream = bags::WatchStream;

    async fn submit_messages(
        &self,
        request: Request<api::SubmitMessagesRequest>,
    ) -> Result<Response<api::SubmitMessagesResponse>, Status> {
        let actor = Caller::of(&request).actor();
        let batch = submit::parse(request.into_inner())?;
        submit::store(self, &actor, batch).await.map(Response::new)
    }

    async fn record_scans(
        &self,
        request: Request<api::RecordScansRequest>,
    ) -> Result<Response<api::RecordScansResponse>, Status> {
        let actor = Caller::of(&request).actor();
        let batch = scans::parse(request.into_inner(), self.clock.now())?;
        scans::record(self, &actor, batch).await.map(Response::new)
    }

    async fn record_containers(
        &self,
        request: Request<api::RecordContainersRequest>,
    ) -> Result<Response<api::RecordContainersResponse>, Status> {
        let actor = Caller::of(&request).actor();
        let parsed = containers::parse(request.get_ref(), &actor, self.clock.now())?;
        containers::record(self, parsed).await.map(Response::new)
    }

    async fn stream_messages(
        &self,
        request: Request<Streaming<api::StreamMessagesRequest>>,
    ) -> Result<Response<Self::StreamMessagesStream>, Status> {
        let actor = Caller::of(&request).actor();
        Ok(Response::new(stream::serve::<stream::Messages>(self.clone(), actor, request.into_inner())))
    }

    async fn stream_scans(
        &self,
        request: Request<Streaming<api::StreamScansRequest>>,
    ) -> Result<Response<Self::StreamScansStream>, Status> {
        let actor = Caller::of(&request).actor();
        Ok(Response::new(stream::serve::<stream::Scans>(self.clone(), actor, request.into_inner())))
    }

    async fn get_bag(
        &self,
        request: Request<api::GetBagRequest>,
    ) -> Result<Response<api::GetBagResponse>, Status> {
        let caller = Caller::of(&request);
        let asked = request.into_inner();
        let plate = plate(&asked.plate)?;
        let bag = match as_of(asked.as_of.as_ref(), &asked.at_least_position, self.clock.now())? {
            Some(at) => bags::find_as_of(self, plate, &caller, at).await?,
            None => {
                self.bags.at_least(&asked.at_least_position).await.map_err(|error| status(&error))?;
                let found = |bags: &Bags| bags::find(bags, self.keys.as_ref(), plate, &caller);
                self.bags.read(found).map(|(bag, _)| bag)
            }
        };
        let bag = bag.ok_or_else(|| not_found("bag"))?;
        Ok(Response::new(api::GetBagResponse { bag: Some(bag) }))
    }

    async fn get_bag_journey(
        &self,
        request: Request<api::GetBagJourneyRequest>,
    ) -> Result<Response<api::GetBagJourneyResponse>, Status> {
        let caller = Caller::of(&request);
        way::find(self, &caller, request.into_inner(), self.clock.now()).await.map(Response::new)
    }

    async fn list_bags(
        &self,
        request: Request<api::ListBagsRequest>,
    ) -> Result<Response<api::ListBagsResponse>, Status> {
        let caller = Caller::of(&request);
        let asked = request.into_inner();
        let limit = page_size(asked.page_size)?;
        let flight = optional(&asked.flight, "flight", |text| text.parse::<DatedFlight>())?;
        let before = optional(&asked.page_token, "page_token", bags::read_token)?;
        self.bags.at_least(&asked.at_least_position).await.map_err(|error| status(&error))?;
        bags::list(self, &caller, flight, before, limit).map(Response::new)
    }

    async fn watch_bag(
        &self,
        request: Request<api::WatchBagRequest>,
    ) -> Result<Response<Self::WatchBagStream>, Status> {
        let caller = Caller::of(&request);
        let plate = plate(&request.into_inner().plate)?;
        bags::watch(self, plate, caller).map(Response::new)
    }

    async fn list_quarantine(
        &self,
        request: Request<api::ListQuarantineRequest>,
    ) -> Result<Response<api::ListQuarantineResponse>, Status> {
        let asked = request.into_inner();
        let limit = page_size(asked.page_size)?;
        let before = optional(&asked.page_token, "page_token", |text| text.parse::<u64>())?;
        self.quarantine.at_least(&asked.at_least_position).await.map_err(|error| status(&error))?;
        Ok(Response::new(self.quarantine.read(|list| {
            let items = list.list(&asked.source, before, limit);
            let next = items.last().filter(|_| items.len() == limit).map(|item| item.number.to_string());
            api::ListQuarantineResponse {
                items: items.into_iter().map(item_message).collect(),
                next_page_token: next.unwrap_or_default(),
            }
        })))
    }

    async fn list_sources(
        &self,
        request: Request<api::ListSourcesRequest>,
    ) -> Result<Response<api::ListSourcesResponse>, Status> {
        let asked = request.into_inner();
        let limit = page_size(asked.page_size)?;
        self.sources.at_least(&asked.at_least_position).await.map_err(|error| status(&error))?;
        Ok(Response::new(sources::list(self, &asked.page_token, limit)))
    }

    async fn resolve_quarantine(
        &self,
        request: Request<api::ResolveQuarantineRequest>,
    ) -> Result<Response<api::ResolveQuarantineResponse>, Status> {
        let actor = Caller::of(&request).actor();
        let asked = operator::parse(request.into_inner())?;
        operator::resolve(self, &actor, asked).await.map(Response::new)
    }

    async fn link_bag(
        &self,
        request: Request<api::LinkBagRequest>,
    ) -> Result<Response<api::LinkBagResponse>, Status> {
        let actor = Caller::of(&request).actor();
        let asked = operator::parse_link(&request.into_inner())?;
        operator::link(self, &actor, asked).await.map(Response::new)
    }
}

/// Returns what a caller may see. A passenger sees what they follow.
fn scope(caller: &Caller) -> Scope {
    match caller {
        Caller::Passenger(person) => Scope::FollowedBy(*person),
        _ => Scope::All,
    }
}

fn plate(text: &str) -> Result<LicencePlate, Status> {
    LicencePlate::parse(text).map_err(|error| invalid("plate", error))
}

fn optional<T, E: std::fmt::Display>(
    text: &str,
    field: &str,
    read: impl FnOnce(&str) -> Result<T, E>,
) -> Result<Option<T>, Status> {
    if text.is_empty() {
        return Ok(None);
    }
    read(text).map(Some).map_err(|error| invalid(field, error))
}

/// Returns the number of a message in its source, counted from 1; 0 is no message.
fn message_number(revision: Revision) -> u64 {
    revision.0.saturating_add(1)
}

fn item_message(item: &Item) -> api::QuarantinedItem {
    api::QuarantinedItem {
        source: item.source.clone(),
        number: item.message.map_or(0, message_number),
        plate: item.plate.clone(),
        code: item.code.clone(),
        reason: item.reason.clone(),
        at: Some(timestamp_message(item.at)),
        observation_id: item.observation_id.clone(),
        candidates: item.candidates.iter().map(ToString::to_string).collect(),
    }
}

/// Returns the token of a place in the list of bags.
fn list_token((at, plate): ListKey) -> String {
    format!("{}.{plate}", at.as_nanosecond())
}

//! The gRPC face of positions: parse, one call, map. Nothing that a phone hears, and no place where it is, is
//! stored or logged.

mod answer;
mod ask;
mod upload;
mod walk;

use std::sync::Arc;

use airside_api::navigation::v1::{
    GuideRequest, ListRadioMapsRequest, ListRadioMapsResponse, LocateRequest, LocateResponse,
    PublishRadioMapRequest, PublishRadioMapResponse, RollBackRadioMapRequest, RollBackRadioMapResponse,
    positioning_service_server::PositioningService,
};
use airside_runtime::{
    auth::Caller,
    status::{invalid, status},
};
use airside_wayfinding::position::{Fix, LocateError, guide::Noticed};
use tokio::sync::Semaphore;
use tonic::{Request, Response, Status, Streaming};

use crate::{
    project::Live,
    radio::{RadioDesk, desk::Hearing},
    venues::Venues,
};

/// The largest message: a part of a radio map, and what it is wrapped in.
pub const MESSAGE_BYTES_MAX: usize = (1 << 20) + (1 << 10);
/// The memory that walks may take together, in KiB; a walk takes some bytes for each cell of its venue.
const WALKS_KIB_MAX: usize = 256 << 10;

/// The positioning service.
#[derive(Clone)]
pub struct Positioning {
    venues: Venues,
    radio: RadioDesk,
    /// What is left of the memory of walks, in KiB.
    room: Arc<Semaphore>,
}

impl Positioning {
    /// Makes the service over the venues and their radio maps.
    pub fn new(venues: Venues, radio: RadioDesk) -> Self {
        Self { venues, radio, room: Arc::new(Semaphore::new(WALKS_KIB_MAX)) }
    }

    /// Says where a phone is by what it noticed: what it hears first, then satellites.
    fn fix(&self, hearing: &Hearing, live: &Live, noticed: &ask::Heard) -> Result<Fix, Status> {
        let by_radio = noticed.scan.as_ref().map(|scan| by_radio(hearing, scan));
        match (by_radio, &noticed.satellite) {
            (Some(Ok(fix)), _) => Ok(fix),
            (_, Some(satellite)) => ask::on_venue(live, satellite.fix(live, noticed.ordinal)?),
            (Some(Err(problem)), None) => Err(problem),
            (None, None) => Err(invalid("scan", "send what the phone hears, or a satellite's position")),
        }
    }
}

fn by_radio(hearing: &Hearing, scan: &airside_wayfinding::position::Scan) -> Result<Fix, Status> {
    let Some(radio) = &hearing.radio else {
        return Err(Status::failed_precondition(
            "scan: the venue has no radio map; publish one, or send a satellite's position",
        ));
    };
    let map = radio.map.as_ref().map_err(|problem| {
        let version = &radio.edition.version;
        Status::failed_precondition(format!(
            "scan: radio map {version} does not fit the map of the venue: {problem}"
        ))
    })?;
    map.locate(scan)
        .map_err(|error @ LocateError::Unknown { .. }| Status::not_found(format!("scan: {error}")))
}

#[tonic::async_trait]
impl PositioningService for Positioning {
    type GuideStream = walk::Answers;

    async fn locate(&self, request: Request<LocateRequest>) -> Result<Response<LocateResponse>, Status> {
        let request = request.into_inner();
        let datum = ask::datum("datum", request.datum)?;
        let heard = ask::heard(request.scan.as_ref(), request.satellite.as_ref())?;
        let (code, live) = self.venues.venue(&request.venue).map_err(|error| status(&error))?;
        let hearing = self.radio.hearing(&code, &live).await.map_err(|error| status(&error))?;
        let fix = self.fix(&hearing, &live, &heard)?;
        let version = hearing.radio.as_ref().filter(|_| fix.heard > 0);
        Ok(Response::new(LocateResponse {
            here: Some(answer::fix(&live, &fix, datum)),
            radio_map_version: version.map_or_else(String::new, |radio| radio.edition.version.to_string()),
        }))
    }

    async fn guide(
        &self,
        request: Request<Streaming<GuideRequest>>,
    ) -> Result<Response<Self::GuideStream>, Status> {
        let caller = Caller::of(&request);
        Ok(Response::new(walk::serve(self.clone(), caller, request.into_inner())))
    }

    async fn publish_radio_map(
        &self,
        request: Request<Streaming<PublishRadioMapRequest>>,
    ) -> Result<Response<PublishRadioMapResponse>, Status> {
        let actor = Caller::of(&request).actor();
        let (venue, publication) = upload::take(request.into_inner()).await?;
        let (code, live) = self.venues.venue(&venue).map_err(|error| status(&error))?;
        let published = self.radio.publish(&code, &live, publication, actor).await;
        let (made, position) = published.map_err(|error| status(&error))?;
        let radio = made.radio.as_ref().and_then(|radio| Some((&radio.edition, radio.map.as_ref().ok()?)));
        let (edition, map) = radio.expect("what was published was compiled");
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        Ok(Response::new(PublishRadioMapResponse {
            version: Some(answer::version(edition, true)),
            fingerprints: count(map.fingerprint_count()),
            transmitters: count(map.transmitter_count()),
            position,
        }))
    }

    async fn list_radio_maps(
        &self,
        request: Request<ListRadioMapsRequest>,
    ) -> Result<Response<ListRadioMapsResponse>, Status> {
        let (code, _) = self.venues.venue(&request.into_inner().venue).map_err(|error| status(&error))?;
        let editions = self.radio.editions(&code);
        let versions = editions.iter().enumerate().map(|(at, edition)| answer::version(edition, at == 0));
        Ok(Response::new(ListRadioMapsResponse { versions: versions.collect() }))
    }

    async fn roll_back_radio_map(
        &self,
        request: Request<RollBackRadioMapRequest>,
    ) -> Result<Response<RollBackRadioMapResponse>, Status> {
        let actor = Caller::of(&request).actor();
        let request = request.into_inner();
        let version = request.version.parse().map_err(|error| invalid("version", error))?;
        let (code, live) = self.venues.venue(&request.venue).map_err(|error| status(&error))?;
        let position = self.radio.roll_back(&code, &live, version, actor).await;
        Ok(Response::new(RollBackRadioMapResponse { position: position.map_err(|error| status(&error))? }))
    }
}

/// Returns what a message of a walk says, as the guide takes it.
fn noticed(
    service: &Positioning,
    hearing: &Hearing,
    live: &Live,
    said: &ask::Said,
) -> Result<Noticed, Status> {
    match said {
        ask::Said::Heard(heard) => service.fix(hearing, live, heard).map(Noticed::Fix),
        ask::Said::Told(at) => ask::on_venue(live, ask::told(live, at)).map(Noticed::Fix),
        ask::Said::Walked(metres) => Ok(Noticed::Walked(*metres)),
    }
}

#[cfg(test)]
mod tests;

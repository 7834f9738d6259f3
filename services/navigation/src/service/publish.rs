//! The gRPC face of the venues' maps: parse, one call, map.

use std::{pin::Pin, sync::Arc, time::Duration};

use airside_api::navigation::v1::{self, publish_venue_request, venue_service_server::VenueService};
use airside_runtime::{
    auth::Caller,
    status::{invalid, status},
    stored::timestamp_message,
};
use airside_wayfinding::Finding;
use bytes::Bytes;
use jiff::tz::TimeZone;
use tokio::{sync::Semaphore, time};
use tokio_stream::Stream;
use tonic::{Request, Response, Status, Streaming};

use crate::{
    archive,
    editions::{Change, Proposal, Publishing},
    events::{edition::MapEvent, edition::stored},
    model::{
        VenueCode,
        edition::{Note, ZoneName},
    },
};

/// The largest message that is decoded: a chunk and its frame.
pub const MESSAGE_BYTES_MAX: usize = 768 * 1024;
/// The most bytes of a map's files as they are sent.
const UPLOAD_BYTES_MAX: usize = 128 * 1024 * 1024;
const UPLOAD_FILES_MAX: usize = 4_096;
const MAX_FILE_NAME_CHARS: usize = 200;
/// How many maps are taken in at once; each is held in memory until it is stored.
const UPLOADS_AT_ONCE: usize = 2;
/// How long the next part of a map is waited for.
const PART_WITHIN: Duration = Duration::from_secs(30);
/// How many findings an answer tells.
const FINDINGS_MAX: usize = 1_000;

/// The service of venues.
#[derive(Clone)]
pub struct Venues {
    publishing: Publishing,
    uploads: Arc<Semaphore>,
}

impl Venues {
    /// Makes the service over the maps of the venues.
    pub fn new(publishing: Publishing) -> Self {
        Self { publishing, uploads: Arc::new(Semaphore::new(UPLOADS_AT_ONCE)) }
    }
}

type Parts<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl VenueService for Venues {
    async fn publish_venue(
        &self,
        request: Request<Streaming<v1::PublishVenueRequest>>,
    ) -> Result<Response<v1::PublishVenueResponse>, Status> {
        let actor = Caller::of(&request).actor();
        let _turn = self.uploads.try_acquire().map_err(|_| {
            Status::resource_exhausted("two maps are being published: try again when one is done")
        })?;
        let mut parts = request.into_inner();
        let mut proposal = self.header(next(&mut parts).await?).await?;
        proposal.files = files(&mut parts).await?;
        let published = self.publishing.publish(proposal, actor).await.map_err(|error| status(&error))?;
        Ok(Response::new(v1::PublishVenueResponse {
            version: published.edition.version,
            map: Some(stored(&published.edition.map)),
            position: published.position,
            findings: published.findings.into_iter().take(FINDINGS_MAX).map(finding).collect(),
        }))
    }

    async fn roll_back_venue(
        &self,
        request: Request<v1::RollBackVenueRequest>,
    ) -> Result<Response<v1::RollBackVenueResponse>, Status> {
        let actor = Caller::of(&request).actor();
        let request = request.into_inner();
        let code = code(&request.venue)?;
        let versions = (request.version, request.expected_version);
        let done = self.publishing.roll_back(&code, versions, note(&request.note)?, actor).await;
        let (edition, position) = done.map_err(|error| status(&error))?;
        let map = Some(stored(&edition.map));
        Ok(Response::new(v1::RollBackVenueResponse { version: edition.version, map, position }))
    }

    async fn list_venue_versions(
        &self,
        request: Request<v1::ListVenueVersionsRequest>,
    ) -> Result<Response<v1::ListVenueVersionsResponse>, Status> {
        let code = code(&request.into_inner().venue)?;
        let history = self.publishing.history(&code).await.map_err(|error| status(&error))?;
        let problem = self.publishing.problem(&code).unwrap_or_default();
        let changes = history.into_iter().map(change).collect();
        Ok(Response::new(v1::ListVenueVersionsResponse { changes, problem }))
    }

    type GetVenueMapStream = Parts<v1::GetVenueMapResponse>;

    async fn get_venue_map(
        &self,
        request: Request<v1::GetVenueMapRequest>,
    ) -> Result<Response<Self::GetVenueMapStream>, Status> {
        use v1::get_venue_map_response::Part;
        let request = request.into_inner();
        let version = (request.version > 0).then_some(request.version);
        let found = self.publishing.files(&code(&request.venue)?, version).await;
        let (edition, files) = found.map_err(|error| status(&error))?;
        let file = |(name, content): (String, Bytes)| {
            [Part::File(name)].into_iter().chain(archive::chunks(content).map(Part::Chunk))
        };
        let parts = [Part::Version(edition.version)].into_iter().chain(files.into_iter().flat_map(file));
        let answers = parts.map(|part| Ok(v1::GetVenueMapResponse { part: Some(part) }));
        Ok(Response::new(Box::pin(tokio_stream::iter(answers))))
    }
}

impl Venues {
    /// Returns what is to be published, without its files.
    async fn header(&self, part: Option<publish_venue_request::Part>) -> Result<Proposal, Status> {
        let Some(publish_venue_request::Part::Header(header)) = part else {
            return Err(invalid("header", "send it first: it names the venue"));
        };
        let code = code(&header.venue)?;
        let time_zone = (!header.time_zone.is_empty()).then(|| zone(&header.time_zone)).transpose()?;
        let digest = match header.digest.as_str() {
            "" => None,
            text => Some(text.parse().map_err(|error| invalid("digest", error))?),
        };
        let note = note(&header.note)?;
        // Who uploads for a while and is overtaken meanwhile is told, without having to ask for it.
        let shown = self.publishing.shown(&code).await.map_err(|error| status(&error))?;
        let shown = shown.map_or(0, |edition| edition.version);
        let seen = header.expected_version.unwrap_or(shown);
        Ok(Proposal { code, files: Vec::new(), note, time_zone, seen, digest })
    }
}

async fn next(
    parts: &mut Streaming<v1::PublishVenueRequest>,
) -> Result<Option<publish_venue_request::Part>, Status> {
    let message = time::timeout(PART_WITHIN, parts.message()).await;
    let message = message.map_err(|_| {
        Status::deadline_exceeded(format!("the next part did not come within {} s", PART_WITHIN.as_secs()))
    })??;
    match message {
        None => Ok(None),
        Some(v1::PublishVenueRequest { part: Some(part) }) => Ok(Some(part)),
        Some(v1::PublishVenueRequest { part: None }) => {
            Err(invalid("part", "send a header, a file's name or a chunk of it"))
        }
    }
}

/// Takes the files of a map in, within bounds.
async fn files(parts: &mut Streaming<v1::PublishVenueRequest>) -> Result<Vec<(String, Bytes)>, Status> {
    use publish_venue_request::Part;
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    let mut bytes = 0_usize;
    while let Some(part) = next(parts).await? {
        match part {
            Part::Header(_) => return Err(invalid("header", "send it once, as the first part")),
            Part::File(name) => {
                if !(1..=MAX_FILE_NAME_CHARS).contains(&name.chars().count()) {
                    return Err(invalid("file", "name it in 1 to 200 characters"));
                }
                if files.len() == UPLOAD_FILES_MAX {
                    return Err(invalid("file", "a map has at most 4,096 files: send the map's files only"));
                }
                files.push((name, Vec::new()));
            }
            Part::Chunk(chunk) => {
                let Some((name, content)) = files.last_mut() else {
                    return Err(invalid("chunk", "name its file before it"));
                };
                bytes = bytes.saturating_add(chunk.len());
                if bytes > UPLOAD_BYTES_MAX {
                    let name: String = name.chars().take(100).collect();
                    let problem = format!("with {name} the map is larger than 128 MiB: split the venue");
                    return Err(invalid("chunk", problem));
                }
                content.extend_from_slice(&chunk);
            }
        }
    }
    Ok(files.into_iter().map(|(name, content)| (name, content.into())).collect())
}

fn code(text: &str) -> Result<VenueCode, Status> {
    text.parse().map_err(|error| invalid("venue", error))
}

fn note(text: &str) -> Result<Note, Status> {
    text.parse().map_err(|error| invalid("note", error))
}

fn zone(text: &str) -> Result<ZoneName, Status> {
    let name: ZoneName = text.parse().map_err(|error| invalid("time_zone", error))?;
    match TimeZone::get(text) {
        Ok(_) => Ok(name),
        Err(_) => Err(invalid(
            "time_zone",
            format_args!(
                "no zone is called {text:?}; use a name of the IANA database, such as Asia/Shanghai"
            ),
        )),
    }
}

fn change(change: Change) -> v1::VenueVersionChange {
    let Change { fact, at, actor } = change;
    v1::VenueVersionChange {
        version: fact.edition().version,
        map: Some(stored(&fact.edition().map)),
        is_rollback: matches!(fact, MapEvent::RolledBack { .. }),
        note: fact.note().as_str().to_owned(),
        at: Some(timestamp_message(at)),
        by: actor,
    }
}

fn finding(finding: Finding) -> v1::MapFinding {
    let Finding { severity, rule, file, feature_id, text, remedy } = finding;
    let (severity, rule) = (severity.to_string(), rule.to_owned());
    v1::MapFinding { severity, rule, file, feature_id: feature_id.unwrap_or_default(), text, remedy }
}

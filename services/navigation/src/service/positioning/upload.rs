//! A radio map as it comes in parts.

use std::time::Duration;

use airside_api::navigation::v1::{PublishRadioMapRequest, RadioMapHeader, publish_radio_map_request::What};
use airside_runtime::status::invalid;
use airside_wayfinding::position::{Ground, import::FILE_MAX};
use bytes::{Bytes, BytesMut};
use tokio::time::timeout;
use tonic::{Status, Streaming};

use super::ask;
use crate::radio::{Publication, events};

/// How long a publisher may be silent between two parts.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// Takes all parts; returns the venue's code and what is published.
pub(super) async fn take(
    mut incoming: Streaming<PublishRadioMapRequest>,
) -> Result<(String, Publication), Status> {
    let first = next(&mut incoming).await?.and_then(|message| message.what);
    let Some(What::Header(header)) = first else {
        return Err(invalid("header", "say first what comes"));
    };
    // What cannot be published is refused before its parts come.
    let (venue, publication) = publication(header)?;
    let mut content = BytesMut::new();
    while let Some(message) = next(&mut incoming).await? {
        match message.what {
            Some(What::Part(part)) if content.len() + part.len() <= FILE_MAX => {
                content.extend_from_slice(&part);
            }
            Some(What::Part(_)) => {
                return Err(invalid("part", "the file is larger than 64 MiB; thin the survey"));
            }
            Some(What::Header(_)) => return Err(invalid("header", "it comes once; send parts now")),
            None => return Err(invalid("what", "send a part of the file")),
        }
    }
    Ok((venue, Publication { content: content.freeze(), ..publication }))
}

async fn next(
    incoming: &mut Streaming<PublishRadioMapRequest>,
) -> Result<Option<PublishRadioMapRequest>, Status> {
    let silent = |_| Err(Status::deadline_exceeded("no part came for 60 s: publish again"));
    timeout(SILENCE_MAX, incoming.message()).await.unwrap_or_else(silent)
}

fn publication(header: RadioMapHeader) -> Result<(String, Publication), Status> {
    let form = events::form(header.form).ok_or_else(|| {
        invalid("header.form", "use RADIO_MAP_FORM_SURVEY, RADIO_MAP_FORM_UJI or RADIO_MAP_FORM_BEACONS")
    })?;
    let datum = ask::datum("header.datum", header.datum)?;
    let origin = header.origin.map(|origin| {
        let same = origin.datum == 0 || ask::datum("header.origin.datum", origin.datum)? == datum;
        let at = [origin.longitude, origin.latitude];
        same.then_some(at).ok_or_else(|| invalid("header.origin.datum", "use the datum of the header"))
    });
    let ground = Ground { datum, origin: origin.transpose()? };
    let version = header.version.parse().map_err(|error| invalid("header.version", error))?;
    Ok((header.venue, Publication { version, form, ground, content: Bytes::new() }))
}

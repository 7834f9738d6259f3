//! Counts, and the pages of the list to pick by.

use std::collections::BTreeMap;

use airside_api::baggage::v1 as api;
use uuid::Uuid;

use crate::{
    handling::{Standing, lists::ComesOff, load::obstacle},
    journey::rank,
    model::{JourneyId, LicencePlate},
};

/// A place in the list to pick by: compartment, container, plate, journey.
pub(super) type OffloadPlace = (String, String, (LicencePlate, JourneyId));

/// Returns a count as calls carry it.
pub(super) fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Returns how many journeys are at each stage, in the order of the stages.
pub(super) fn counts(all: &[Standing<'_>]) -> Vec<api::StageCount> {
    let mut counts = BTreeMap::<_, (api::Stage, u32)>::new();
    for one in all {
        let stage = one.status.stage;
        counts.entry(rank(stage)).or_insert((stage, 0)).1 += 1;
    }
    counts.into_values().map(|(stage, bags)| api::StageCount { stage: stage.into(), bags }).collect()
}

/// Returns a page of what must come off.
pub(super) fn offload(
    found: Vec<ComesOff<'_>>,
    after: Option<&OffloadPlace>,
    limit: usize,
) -> api::ListOffloadResponse {
    let total = count(found.len());
    let is_after = |one: &ComesOff<'_>| {
        after.is_none_or(|(compartment, container, place)| one.place() > (compartment, container, *place))
    };
    let mut rest = found.into_iter().filter(is_after).peekable();
    let page: Vec<_> = rest.by_ref().take(limit).collect();
    let next = rest.peek().and_then(|_| page.last()).map(token).unwrap_or_default();
    api::ListOffloadResponse { items: page.into_iter().map(item).collect(), total, next_page_token: next }
}

fn item(one: ComesOff<'_>) -> api::OffloadItem {
    let ComesOff { standing, compartment, container, reasons } = one;
    api::OffloadItem {
        plate: standing.plate.to_string(),
        journey_id: standing.journey.id.to_string(),
        compartment,
        container,
        location: standing.status.location.clone(),
        stage: standing.status.stage.into(),
        inferred: standing.status.is_inferred,
        reasons: reasons.into_iter().map(obstacle).collect(),
    }
}

/// Places hold words of the airport, so a token is a list in JSON.
fn token(one: &ComesOff<'_>) -> String {
    let (compartment, container, (plate, journey)) = one.place();
    serde_json::json!([compartment, container, plate.to_string(), journey.to_string()]).to_string()
}

/// Reads the token of a place in the list to pick by.
pub(super) fn read_offload_token(token: &str) -> Result<OffloadPlace, &'static str> {
    const MALFORMED: &str = "it is malformed; pass back what an earlier answer gave";
    let (compartment, container, plate, journey): (String, String, String, Uuid) =
        serde_json::from_str(token).map_err(|_| MALFORMED)?;
    let plate = LicencePlate::parse(&plate).map_err(|_| MALFORMED)?;
    Ok((compartment, container, (plate, JourneyId(journey))))
}

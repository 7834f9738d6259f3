//! A bag's way, for its passenger.

use airside_api::baggage::v1 as api;
use airside_kernel::Timestamp;
use airside_runtime::{
    auth::Caller,
    status::{invalid, not_found, status},
    stored::timestamp_message,
};
use tonic::Status;

use super::{Baggage, bags::present_trail, plate, scope};
use crate::passenger::{Next, Step, Way, words::Language};

/// Answers with the way of a bag that the caller follows.
pub(super) async fn find(
    service: &Baggage,
    caller: &Caller,
    asked: api::GetBagJourneyRequest,
    now: Timestamp,
) -> Result<api::GetBagJourneyResponse, Status> {
    let number = plate(&asked.plate)?;
    let language: Language = asked.locale.parse().map_err(|error| invalid("locale", error))?;
    service.timetable.at_least(&asked.at_least_position).await.map_err(|error| status(&error))?;
    service.bags.at_least(&asked.at_least_position).await.map_err(|error| status(&error))?;
    let found = service.bags.read(|bags| {
        let journey = bags.find(number, scope(caller))?;
        let trail = present_trail(bags, service.keys.as_ref(), number, journey);
        let times = |flight| service.timetable.read(|timetable| timetable.of(flight));
        let plates: Vec<_> = trail.journeys().map(|(plate, _)| plate.to_string()).collect();
        Some((journey.id, plates, Way::of(&trail.whole(), now, times)))
    });
    let (journey, plates, way) = found.ok_or_else(|| not_found("bag"))?;
    Ok(api::GetBagJourneyResponse {
        plate: number.to_string(),
        journey_id: journey.to_string(),
        steps: way.steps.iter().map(|one| step(one, language)).collect(),
        last_seen: way.last_seen.as_ref().map(|seen| step(seen, language)),
        next: way.next.as_ref().map(|expected| next(expected, language)),
        advice: way.advice.map_or("", |advice| language.advice(advice)).to_owned(),
        plates,
    })
}

fn step(step: &Step, language: Language) -> api::BagStep {
    api::BagStep {
        kind: step.kind.into(),
        certainty: step.certainty.into(),
        text: language.step(step.kind, step.flight, false),
        certainty_text: language.certainty(step.certainty).to_owned(),
        place: language.place(step.station, &step.belt),
        station: step.station.map(|station| station.to_string()).unwrap_or_default(),
        belt: step.belt.clone(),
        flight: step.flight.map(|flight| flight.to_string()).unwrap_or_default(),
        at: Some(timestamp_message(step.at)),
    }
}

fn next(next: &Next, language: Language) -> api::NextBagStep {
    api::NextBagStep {
        kind: next.kind.into(),
        text: language.step(next.kind, next.flight, true),
        place: language.place(next.station, &next.belt),
        station: next.station.map(|station| station.to_string()).unwrap_or_default(),
        belt: next.belt.clone(),
        flight: next.flight.map(|flight| flight.to_string()).unwrap_or_default(),
        by: next.by.map(|(by, _)| timestamp_message(by)),
        basis: next.by.map_or(0, |(_, basis)| basis.into()),
    }
}

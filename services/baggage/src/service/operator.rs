//! What an operator settles: items of the quarantine, and which journeys belong together.

use airside_api::baggage::v1::{self as api, LinkKind, Resolution, resolve_quarantine_request::Item};
use airside_kernel::{Position, Revision, Timestamp};
use airside_runtime::{
    executor::{Context, ExecuteError, Order},
    requests::source,
    status::{invalid, not_found, status},
};
use tonic::Status;
use uuid::Uuid;

use super::{Baggage, bags::may_be_strangers, optional, plate};
use crate::{
    decide::{Command, Observe, Rejection, Settle, Settled},
    ingest::PARSER_VERSION,
    journey::Journey,
    model::{
        AirportCode, Content, JourneyId, LicencePlate, Link, Observation, identifier, link_observation_id,
        observation_source,
    },
    project::Scope,
    react::source_stream,
    source::{MessageResolved, QuarantineCommand},
};

/// The source of what an operator says.
const OPERATOR: &str = "operator";

/// What shall be settled.
pub(super) enum Asked {
    Message { source: String, message: Revision, resolution: Resolution },
    Observation { plate: LicencePlate, order: Settle },
}

/// What shall be linked.
pub(super) struct Linked {
    plate: LicencePlate,
    journey: Option<JourneyId>,
    kind: LinkKind,
    other: Other,
    continues: bool,
    is_withdrawn: bool,
}

enum Other {
    Identifier(String),
    Journey(LicencePlate, Option<JourneyId>),
}

pub(super) fn parse(request: api::ResolveQuarantineRequest) -> Result<Asked, Status> {
    let resolution = request.resolution();
    let journey = journey("journey_id", &request.journey_id)?;
    match request.item {
        None => Err(invalid("item", "name the message or the observation, as it was listed")),
        Some(Item::Message(message)) => {
            source(&message.source)?;
            let revision = message.number.checked_sub(1).map(Revision);
            let revision = revision.ok_or_else(|| invalid("message.number", "messages count from 1"))?;
            if !matches!(resolution, Resolution::Dismissed | Resolution::Replayed) {
                return Err(invalid("resolution", "a message is DISMISSED or REPLAYED"));
            }
            Ok(Asked::Message { source: message.source, message: revision, resolution })
        }
        Some(Item::Observation(observation)) => {
            let into = match (resolution, journey) {
                (Resolution::Attached, Some(journey)) => Settled::Attached(journey),
                (Resolution::Attached, None) => {
                    return Err(invalid("journey_id", "say to which journey of the plate it is attached"));
                }
                (Resolution::Opened, _) => Settled::Opened(JourneyId(Uuid::now_v7())),
                (Resolution::Dismissed, _) => Settled::Dismissed,
                _ => return Err(invalid("resolution", "an observation is ATTACHED, OPENED or DISMISSED")),
            };
            let order = Settle { observation_id: observation.observation_id, into };
            Ok(Asked::Observation { plate: plate(&observation.plate)?, order })
        }
    }
}

pub(super) async fn resolve(
    service: &Baggage,
    actor: &str,
    asked: Asked,
) -> Result<api::ResolveQuarantineResponse, Status> {
    let now = service.clock.now();
    match asked {
        Asked::Message { source, message, resolution } => {
            if !service.quarantine.read(|list| list.holds(&source, message)) {
                return Err(not_found("message in quarantine"));
            }
            let order = Order {
                stream: source_stream("quarantine", &source),
                command: QuarantineCommand::Resolved(MessageResolved {
                    message,
                    resolution,
                    parser_version: PARSER_VERSION,
                }),
                context: Context::new(actor, source, now),
            };
            let done = service
                .settling
                .execute(order)
                .await
                .map_err(|_| Status::unavailable("this cannot be done now: try again"))?;
            Ok(api::ResolveQuarantineResponse { journey_id: String::new(), position: text(done.position) })
        }
        Asked::Observation { plate, order } => {
            let journey_id = match order.into {
                Settled::Attached(journey) | Settled::Opened(journey) => journey.to_string(),
                Settled::Dismissed => String::new(),
            };
            let context = Context::new(actor, observation_source(&order.observation_id), now);
            let order = Order { stream: plate.stream(), command: Command::Settle(order), context };
            let done = service.executor.execute(order).await.map_err(|error| status(&error))?;
            Ok(api::ResolveQuarantineResponse { journey_id, position: text(done.position) })
        }
    }
}

pub(super) fn parse_link(request: &api::LinkBagRequest) -> Result<Linked, Status> {
    let kind = request.kind();
    if kind == LinkKind::Unspecified {
        return Err(invalid("kind", "say how they belong together"));
    }
    let other = match identifier(kind, &request.other).map_err(|problem| invalid("other", problem))? {
        Some(identifier) => Other::Identifier(identifier),
        None => {
            let other = LicencePlate::parse(&request.other).map_err(|error| invalid("other", error))?;
            Other::Journey(other, journey("other_journey_id", &request.other_journey_id)?)
        }
    };
    let (plate, journey) = (plate(&request.plate)?, journey("journey_id", &request.journey_id)?);
    let (continues, is_withdrawn) = (request.continues, request.withdraw);
    Ok(Linked { plate, journey, kind, other, continues, is_withdrawn })
}

pub(super) async fn link(
    service: &Baggage,
    actor: &str,
    asked: Linked,
) -> Result<api::LinkBagResponse, Status> {
    let Linked { plate, kind, continues, is_withdrawn, .. } = asked;
    let (journey, station) = find(service, plate, asked.journey)?;
    let now = service.clock.now();
    let (mut ends, mut other_journey_id) = (Vec::new(), String::new());
    match asked.other {
        Other::Identifier(other) => {
            ends.push((plate, station, Link { journey, kind, other, other_journey: None, continues: false }));
        }
        Other::Journey(other_plate, other) => {
            let (other, other_station) = find(service, other_plate, other)?;
            if other == journey {
                return Err(invalid("other", "a journey cannot be linked with itself"));
            }
            if !is_withdrawn && are_strangers(service, (plate, journey), (other_plate, other)) {
                let problem = "other: the two journeys are of two passengers; look at both tags again";
                return Err(Status::failed_precondition(problem));
            }
            other_journey_id = other.to_string();
            let link = |journey, other: LicencePlate, other_journey, continues| {
                let (other, other_journey) = (other.to_string(), Some(other_journey));
                Link { journey, kind, other, other_journey, continues }
            };
            ends.push((plate, station, link(journey, other_plate, other, continues)));
            ends.push((other_plate, other_station, link(other, plate, journey, !continues)));
        }
    }
    let orders = match is_withdrawn {
        true => withdrawals(service, &ends, actor, now)?,
        false => {
            let order = |(plate, station, link)| link_order(plate, station, link, actor, now);
            ends.into_iter().map(order).collect()
        }
    };
    let mut position = None;
    for answer in service.executor.execute_each(orders).await {
        match answer {
            Ok(done) => position = position.max(done.position),
            Err(ExecuteError::Rejected(Rejection::Duplicate { .. })) => {}
            Err(error) => return Err(status(&error)),
        }
    }
    let journey_id = journey.to_string();
    Ok(api::LinkBagResponse { journey_id, other_journey_id, position: text(position) })
}

/// Returns a journey, or the newest of its plate, and where it was heard of last.
fn find(
    service: &Baggage,
    plate: LicencePlate,
    journey: Option<JourneyId>,
) -> Result<(JourneyId, AirportCode), Status> {
    let found = service.bags.read(|bags| {
        let found = match journey {
            Some(journey) => bags.journey(plate, journey),
            None => bags.find(plate, Scope::All),
        };
        found.and_then(|journey| Some((journey.id, journey.observations().last()?.0.station)))
    });
    found.ok_or_else(|| not_found("bag"))
}

fn are_strangers(
    service: &Baggage,
    one: (LicencePlate, JourneyId),
    other: (LicencePlate, JourneyId),
) -> bool {
    service.bags.read(|bags| {
        let (one, other) = (bags.journey(one.0, one.1), bags.journey(other.0, other.1));
        let both = one.zip(other);
        both.is_some_and(|(one, other)| may_be_strangers(service.keys.as_ref(), one, other))
    })
}

/// Returns the orders that take links back at all their ends, if there are such links.
fn withdrawals(
    service: &Baggage,
    ends: &[(LicencePlate, AirportCode, Link)],
    actor: &str,
    now: Timestamp,
) -> Result<Vec<Order<Command>>, Status> {
    let mut orders = Vec::new();
    service.bags.read(|bags| {
        for (plate, _, link) in ends {
            let known = bags.journey(*plate, link.journey).into_iter().flat_map(Journey::observations);
            let ids = known.filter_map(|(observation, content)| match content {
                Content::Linked(known) if known.is_same(link) => Some(observation.id.clone()),
                _ => None,
            });
            orders.extend(ids.map(|observation_id| Order {
                stream: plate.stream(),
                context: Context::new(actor, observation_source(&observation_id), now),
                command: Command::Settle(Settle { observation_id, into: Settled::Dismissed }),
            }));
        }
    });
    if orders.is_empty() { Err(not_found("link")) } else { Ok(orders) }
}

fn link_order(
    plate: LicencePlate,
    station: AirportCode,
    link: Link,
    actor: &str,
    now: Timestamp,
) -> Order<Command> {
    let observation = Observation {
        // A link that was taken back may be made again.
        id: format!("{}/{}", link_observation_id(OPERATOR, &link), now.as_millisecond()),
        source: OPERATOR.to_owned(),
        station,
        observed_at: now,
        cause: None,
        parser_version: None,
        received_at: Some(now),
        clock_ahead_ms: 0,
    };
    let (content, new_journey) = (Content::Linked(Box::new(link)), JourneyId::default());
    Order {
        stream: plate.stream(),
        command: Observe { observation, content, new_journey }.into(),
        context: Context::new(actor, OPERATOR, now),
    }
}

fn journey(field: &str, text: &str) -> Result<Option<JourneyId>, Status> {
    Ok(optional(text, field, |text| text.parse::<Uuid>())?.map(JourneyId))
}

fn text(position: Option<Position>) -> String {
    position.map_or_else(String::new, |position| position.to_string())
}

//! The log of a day: what the rules of baggage, flights, trips and notices write.
//!
//! | what | how many | events each |
//! |---|---|---|
//! | bags: announced, then seen four times | 100,000 | 1 announcement, 4 scans, their journey, attachments and states: 14 to 16 |
//! | flights: scheduled, gate, boarding, final call, departed | 1,000 | 5 |
//! | people: follow a flight under a booking, and a bag | 50,000 | 3 |
//! | inboxes: gate, boarding, loaded | 50,000 | 3 |
//!
//! Bags pass their points in crowds of 2,000, so that the events of one bag lie
//! among those of others, as at an airport.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use airside_api::baggage::v1::{
    AnnouncementChange, Authority, LegRole, PassengerState, Screening, TrackingPoint,
};
use airside_baggage::{
    decide::{Bag, Observe},
    journey::Plate,
    model::{
        Announcement, Content, DatedFlight, JourneyId, Leg, LicencePlate, Observation, Sighting,
        scan_observation_id,
    },
};
use airside_flights::{events as flights, model as flight};
use airside_kernel::{
    Append, Category, Cause, Decider, EventId, EventStore, Expected, Metadata, NewEvent, PersonId, Personal,
    Revision, SealContext, Sealed, StoredEvent, StreamId, SubjectId, SystemClock, Timestamp,
};
use airside_notifications::{
    events::InboxEvent,
    model::{Kind, Notice},
};
use airside_store::{EmbeddedStore, Options};
use airside_trips::{events as trips, model as trip};
use anyhow::{Context, Result};
use bytes::Bytes;
use uuid::Uuid;

pub(crate) const BAGS: usize = 100_000;
pub(crate) const FLIGHTS: usize = 1_000;
const PEOPLE: usize = 50_000;
/// How many bags pass a point before the first of them passes the next.
const CROWD: usize = 2_000;
/// How many appends share a call.
const APPENDS: usize = 1_000;
const POINTS: [TrackingPoint; 4] = [
    TrackingPoint::CheckIn,
    TrackingPoint::Sortation,
    TrackingPoint::ContainerLoad,
    TrackingPoint::AircraftLoad,
];

/// Writes the log and closes it.
///
/// # Errors
/// When the disk or the store fails.
pub(crate) async fn fill(home: &Path) -> Result<()> {
    let store = EmbeddedStore::open(home, Options::default(), Arc::new(SystemClock))?;
    let mut log = Log { store, waiting: Vec::new(), now: Timestamp::now() };
    for number in 0..FLIGHTS {
        log.fly(number).await?;
    }
    for crowd in 0..BAGS / CROWD {
        let mut plates = vec![Plate::default(); CROWD];
        for step in 0..=POINTS.len() {
            for (place, plate) in plates.iter_mut().enumerate() {
                log.observe(crowd * CROWD + place, step, plate).await?;
            }
        }
        for number in crowd * CROWD..(crowd + 1) * CROWD {
            if number < PEOPLE {
                log.travel(number).await?;
            }
        }
    }
    log.send().await?;
    log.store.close().await;
    Ok(())
}

struct Log {
    store: EmbeddedStore,
    waiting: Vec<Append>,
    now: Timestamp,
}

impl Log {
    async fn write(&mut self, stream: &str, facts: impl IntoIterator<Item = impl StoredEvent>) -> Result<()> {
        let event = |fact: &dyn Fn() -> (&'static str, u32, Bytes)| {
            let (event_type, schema_version, payload) = fact();
            NewEvent {
                id: EventId(Uuid::now_v7()),
                event_type: event_type.into(),
                schema_version,
                occurred_at: self.now,
                metadata: Metadata::default().with("actor", "bench").with("source", "bench").encode(),
                payload,
            }
        };
        let events = facts
            .into_iter()
            .map(|fact| event(&|| (fact.event_type(), fact.schema_version(), fact.encode())))
            .collect();
        let stream: StreamId = stream.parse()?;
        let (expected, fold_from) = (Expected::Any, Revision::FIRST);
        self.waiting.push(Append { stream, expected, fold_from, events });
        if self.waiting.len() >= APPENDS { self.send().await } else { Ok(()) }
    }

    async fn send(&mut self) -> Result<()> {
        for answer in self.store.append_each(std::mem::take(&mut self.waiting)).await {
            answer?;
        }
        Ok(())
    }

    /// Decides what a bag's next observation means, and writes that.
    async fn observe(&mut self, number: usize, step: usize, plate: &mut Plate) -> Result<()> {
        let minutes = jiff::SignedDuration::from_mins(i64::try_from(step * 10)?);
        let observed_at = self.now.checked_sub(jiff::SignedDuration::from_hours(1))?.checked_add(minutes)?;
        let leg = Leg {
            flight: flight_of(number).parse::<DatedFlight>()?,
            airport: Some("PEK".parse()?),
            role: LegRole::Outbound,
            marketed_as: None,
        };
        let content = match step.checked_sub(1).map(|scan| POINTS[scan]) {
            None => Content::Announced(Box::new(Announcement {
                change: AnnouncementChange::New,
                legs: vec![leg],
                passenger_name: Some(sealed(number, "baggage.BagAnnounced", 4)),
                record_locator: Some(sealed(number, "baggage.BagAnnounced", 5)),
                authority: Authority::Load,
                exceptions: Vec::new(),
                passenger: PassengerState::CheckedIn,
            })),
            Some(point) => Content::Scanned(Sighting {
                point,
                reader: format!("SZX-{}", number % 40),
                location: format!("CH{:02}", number % 60),
                leg: Some(leg),
                stowage: None,
                authority: Authority::Unspecified,
                is_inferred: false,
                screening: Screening::Unspecified,
            }),
        };
        let source = if step == 0 { "dcs" } else { "bhs" };
        let observation = Observation {
            id: scan_observation_id(source, &format!("{number:06}-{step}")),
            source: source.to_owned(),
            station: "SZX".parse()?,
            observed_at,
            cause: None,
            parser_version: None,
            received_at: Some(self.now),
            clock_ahead_ms: 0,
        };
        let new_journey = JourneyId(Uuid::now_v7());
        let command = Observe { observation, content, new_journey };
        let facts = Bag::decide(plate, command.into())?;
        *plate = facts.iter().fold(std::mem::take(plate), Bag::evolve);
        self.write(&format!("bag-{}", plate_of(number)?), facts).await
    }

    async fn fly(&mut self, number: usize) -> Result<()> {
        let leg = flight::Leg {
            origin: "SZX".parse()?,
            destination: "PEK".parse()?,
            scheduled_departure: self.now,
            scheduled_arrival: self.now.checked_add(jiff::SignedDuration::from_hours(3))?,
        };
        let schedule = flight::Schedule::new(vec![leg], Vec::new())?;
        let gate = format!("A{}", number % 60).parse()?;
        let happened = [
            flights::What::FlightScheduled(schedule),
            flights::What::GateAssigned { gate, previous: None },
            flights::What::BoardingStarted,
            flights::What::FinalCallMade,
            flights::What::FlightDeparted,
        ];
        let facts = happened.into_iter().enumerate().map(|(report, what)| flights::Fact {
            origin: flight::Origin { source: "aodb".into(), report_id: format!("{number}-{report}").into() },
            what,
        });
        self.write(&format!("flight-{}", flight_of(number)), facts).await
    }

    /// A person follows a flight and a bag, and is told three things.
    async fn travel(&mut self, number: usize) -> Result<()> {
        let person = PersonId(Uuid::from_u128(number as u128 + 1));
        let flight: trip::FlightId = flight_of(number).parse()?;
        let booking = trip::Booking {
            subject: SubjectId::new(person),
            surname: sealed(number, "trips.BookingLinked", 2),
            record_locator: sealed(number, "trips.BookingLinked", 3),
        };
        let journey = trip::JourneyId(Uuid::from_u128(number as u128));
        let facts = [
            trips::Fact::FlightFollowed { flight: flight.clone() },
            trips::Fact::BookingLinked { flight: flight.clone(), booking },
            trips::Fact::BagFollowed { plate: plate_of(number)?.to_string().parse()?, journey },
        ];
        self.write(&format!("person-{person}"), facts).await?;
        let notices = [Kind::GateAssigned, Kind::Boarding, Kind::BagLoaded].map(|kind| {
            let parameters: BTreeMap<_, _> =
                kind.parameters().iter().map(|name| ((*name).to_owned(), flight.to_string())).collect();
            InboxEvent::NoticeIssued(Notice {
                id: Uuid::now_v7(),
                kind,
                priority: kind.priority(),
                parameters: parameters.into(),
                expires_at: Some(self.now),
                caused_at: self.now,
                cause: Cause {
                    reactor: "notifications.notices".to_owned(),
                    stream: format!("flight-{flight}"),
                    revision: Revision(1),
                    index: 0,
                },
                supersedes: None,
            })
        });
        self.write(&format!("inbox-{person}"), notices).await
    }
}

/// Returns the flight of a bag.
pub(crate) fn flight_of(number: usize) -> String {
    format!("ZH{}-20261120", 1_000 + number % FLIGHTS)
}

/// Returns the plate of a bag.
pub(crate) fn plate_of(number: usize) -> Result<LicencePlate> {
    format!("0479{:06}", number + 1).parse().context("a plate")
}

/// A sealed value of a usual length; nobody opens it here.
fn sealed(number: usize, event_type: &str, field: u32) -> Personal {
    let context = SealContext {
        stream: format!("bag-0479{number:06}"),
        event_type: event_type.to_owned(),
        field,
        schema_version: 1,
    };
    Personal::Sealed(Sealed {
        subject: SubjectId::new(Uuid::from_u128(number as u128)),
        category: Category::Travel,
        key_version: 1,
        context,
        ciphertext: Bytes::from(vec![0x5A; 44]),
    })
}

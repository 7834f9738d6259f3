//! A house to test in: a real log, a real vault, the read models and the
//! reactor running; and what other domains would publish, written by hand.

use airside_api::{baggage::v1 as baggage, flights::v1 as flights, privacy::v1 as privacy, trips::v1 as api};
use airside_kernel::{
    Append, Category, Direction, EventId, Expected, ManualClock, Metadata, NewEvent, PersonId, Position,
    RecordedEvent, Revision, SealContext, Sealed, StoredEvent, StreamId, SubjectId, Timestamp,
};
use airside_privacy::Vault;
use airside_runtime::{
    auth::Caller,
    reactors::{Reactor, Runner},
    stored,
};
use airside_store::MemoryStore;
use api::trip_service_server::TripService;
use jiff::SignedDuration;
use prost::Message;
use tokio::sync::{broadcast, watch};
use tonic::{Request, Status};
use uuid::Uuid;

use super::*;
use crate::events::Fact;

mod versions;

pub(crate) struct House {
    pub(crate) api: TripApi,
    pub(crate) store: Arc<dyn EventStore>,
    pub(crate) vault: Arc<Vault>,
    pub(crate) clock: Arc<ManualClock>,
    shown: watch::Receiver<airside_runtime::projections::Progress>,
    acted: watch::Receiver<airside_runtime::projections::Progress>,
    _folder: tempfile::TempDir,
    _stop: watch::Sender<bool>,
}

pub(crate) async fn house() -> House {
    let clock = Arc::new(ManualClock::new(Timestamp::from_second(1_795_132_800).unwrap()));
    let store: Arc<dyn EventStore> = Arc::new(MemoryStore::new(clock.clone()));
    let folder = tempfile::tempdir().unwrap();
    let vault = Arc::new(Vault::open(folder.path(), clock.clone()).unwrap());
    let mut projections = Projections::new(store.clone());
    let (api, passage) = build(store.clone(), vault.clone(), clock.clone(), &mut projections);
    let (stop, stopped) = watch::channel(false);
    let shown = projections.progress();
    tokio::spawn(projections.run(broadcast::channel(1).1, stopped.clone()));
    let runner = Runner::start(passage, store.clone(), clock.clone(), None).await.unwrap();
    let acted = runner.progress();
    tokio::spawn(runner.run(stopped));
    House { api, store, vault, clock, shown, acted, _folder: folder, _stop: stop }
}

impl House {
    /// Appends an event as another domain would, and waits until all here have seen it.
    pub(crate) async fn publish(
        &self,
        stream: &str,
        event_type: &'static str,
        message: impl Message,
    ) -> Position {
        let event = NewEvent {
            id: EventId(Uuid::now_v7()),
            event_type: event_type.into(),
            schema_version: 1,
            occurred_at: self.clock.now(),
            metadata: Metadata::default().encode(),
            payload: message.encode_to_vec().into(),
        };
        let append = Append {
            stream: stream.parse().unwrap(),
            expected: Expected::Any,
            fold_from: Revision::FIRST,
            events: vec![event],
        };
        let position = self.store.append(append).await.unwrap().position.unwrap();
        self.shown.clone().wait_for(|progress| progress.position >= Some(position)).await.unwrap();
        self.acted.clone().wait_for(|done| done.position >= Some(position)).await.unwrap();
        position
    }

    pub(crate) async fn seal(&self, stream: &str, field: u32, subject: &str, text: &str) -> Sealed {
        let subject = SubjectId::new(subject);
        self.vault.ensure(&[(subject.clone(), Category::Travel)]).await.unwrap();
        let context = SealContext {
            stream: stream.to_owned(),
            event_type: "test".to_owned(),
            field,
            schema_version: 1,
        };
        self.vault.seal(&subject, Category::Travel, context, text.as_bytes()).unwrap().unwrap()
    }

    async fn sealed(&self, stream: &str, field: u32, subject: &str, text: &str) -> Option<privacy::Sealed> {
        let sealed = self.seal(stream, field, subject, text).await;
        Some(stored::sealed(&airside_kernel::Personal::<String>::Sealed(sealed)))
    }

    /// Publishes a journey of a bag and its announcement.
    pub(crate) async fn bag(&self, plate: &str, journey: Uuid, name: &str, locator: &str) {
        let (stream, subject) = (format!("bag-{plate}"), journey.to_string());
        let id = format!("bsm-{journey}");
        let announced = baggage::BagAnnounced {
            observation: Some(baggage::Observation { id: id.clone(), ..Default::default() }),
            passenger_name: self.sealed(&stream, 4, &subject, name).await,
            record_locator: self.sealed(&stream, 5, &subject, locator).await,
            ..Default::default()
        };
        self.publish(&stream, "baggage.BagAnnounced", announced).await;
        let opened = baggage::JourneyOpened { journey_id: subject.clone(), provisional: false };
        self.publish(&stream, "baggage.JourneyOpened", opened).await;
        let attached =
            baggage::ObservationAttached { observation_id: id, journey_id: subject, rule_version: 1 };
        self.publish(&stream, "baggage.ObservationAttached", attached).await;
    }

    /// Publishes a passenger read and returns the subject it is sealed under.
    pub(crate) async fn read(
        &self,
        flight: &str,
        point: flights::PassagePoint,
        name: &str,
        locator: &str,
    ) -> String {
        let (read, subject) = self.read_message(flight, point, name, locator).await;
        self.publish(&format!("flight-{flight}"), "flights.PassengerRead", read).await;
        subject
    }

    pub(crate) async fn read_message(
        &self,
        flight: &str,
        point: flights::PassagePoint,
        name: &str,
        locator: &str,
    ) -> (flights::PassengerRead, String) {
        let (stream, subject) = (format!("flight-{flight}"), Uuid::now_v7().to_string());
        let read = flights::PassengerRead {
            origin: None,
            point: point.into(),
            passenger_name: self.sealed(&stream, 3, &subject, name).await,
            record_locator: self.sealed(&stream, 4, &subject, locator).await,
        };
        (read, subject)
    }

    pub(crate) async fn follow_flight(
        &self,
        person: PersonId,
        flight: &str,
        surname: &str,
        locator: &str,
    ) -> Result<String, Status> {
        let request = api::FollowFlightRequest {
            flight: flight.to_owned(),
            surname: surname.to_owned(),
            record_locator: locator.to_owned(),
        };
        Ok(self.api.follow_flight(as_person(person, request)).await?.into_inner().position)
    }

    pub(crate) async fn unfollow_flight(&self, person: PersonId, flight: &str) -> Result<String, Status> {
        let request = api::UnfollowFlightRequest { flight: flight.to_owned() };
        Ok(self.api.unfollow_flight(as_person(person, request)).await?.into_inner().position)
    }

    /// Returns the facts of a person, oldest first.
    pub(crate) async fn facts(&self, person: PersonId) -> Vec<Fact> {
        self.events(person).await.iter().flat_map(|event| Fact::decode(event).unwrap()).collect()
    }

    pub(crate) async fn events(&self, person: PersonId) -> Vec<RecordedEvent> {
        let stream: StreamId = person.stream("person");
        self.store.read_stream(&stream, Direction::Forwards, None, 1_000).await.unwrap().events
    }

    pub(crate) async fn list(
        &self,
        person: PersonId,
        at_least_position: String,
    ) -> api::ListFollowedResponse {
        let request = as_person(person, api::ListFollowedRequest { at_least_position });
        self.api.list_followed(request).await.unwrap().into_inner()
    }

    /// Lets a second reactor, which knows nothing of the first, act on the whole
    /// log; returns how many reads it acted on.
    pub(crate) async fn replay(&self) -> usize {
        let executor = Executor::new(self.store.clone(), self.vault.clone(), 16);
        let mut passage = Passage::new(executor, self.vault.clone());
        let page = self.store.read_all(None, 1_000).await.unwrap();
        let wanted = page.events.iter().filter(|event| Passage::wants(event.category()));
        wanted.for_each(|event| passage.take(event, true).unwrap());
        passage.flush().await.unwrap();
        let is_read = |event: &&RecordedEvent| event.event_type() == "flights.PassengerRead";
        page.events.iter().filter(is_read).count()
    }

    pub(crate) fn wait(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }
}

pub(crate) fn as_person<T>(person: PersonId, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(Caller::Passenger(person));
    request
}

pub(crate) fn person(n: u128) -> PersonId {
    PersonId(Uuid::from_u128(n))
}

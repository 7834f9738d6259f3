//! A history is the same whether an older program wrote it or this one.

use airside_kernel::{Decider, Kept, KeyError, Personal, Projection, given};
use flights::PassagePoint as Point;
use proptest::{prelude::*, test_runner::TestRunner};

use super::*;
use crate::{
    decide::{Command, TripRules, tests as rules},
    events::tests::recorded_as,
    model::Booking,
};

const FLIGHT: &str = "ZH9101-20261120";

/// An event as it goes into the log: type, version, payload.
type Written = (&'static str, u32, Vec<u8>);

/// What one command said, in the newest versions.
fn newest(facts: &[Fact]) -> Vec<Written> {
    let written = |fact: &Fact| (fact.event_type(), fact.schema_version(), fact.encode().to_vec());
    facts.iter().map(written).collect()
}

/// What one command said, as it was written while `FlightFollowed` was of version 1.
#[expect(deprecated, reason = "this is how version 1 was written")]
fn version_1(facts: &[Fact]) -> Vec<Written> {
    let booking = facts.iter().find_map(|fact| match fact {
        Fact::BookingLinked { booking, .. } => Some(booking),
        _ => None,
    });
    match facts.first() {
        Some(Fact::FlightFollowed { flight } | Fact::BookingLinked { flight, .. }) => {
            let followed = api::FlightFollowed {
                flight: flight.to_string(),
                surname: booking.map(|booking| stored::sealed(&booking.surname)),
                record_locator: booking.map(|booking| stored::sealed(&booking.record_locator)),
            };
            vec![("trips.FlightFollowed", 1, followed.encode_to_vec())]
        }
        _ => newest(facts),
    }
}

/// Seals without a key: the same text has the same seal, as if it was sealed once.
fn sealed(mut booking: Booking) -> Booking {
    for (field, slot) in [(2, &mut booking.surname), (3, &mut booking.record_locator)] {
        let (stream, event_type) = ("person-1".to_owned(), "trips.FlightFollowed".to_owned());
        *slot = Personal::Sealed(Sealed {
            subject: booking.subject.clone(),
            category: Category::Travel,
            key_version: 1,
            context: SealContext { stream, event_type, field, schema_version: 1 },
            ciphertext: slot.known().unwrap().clone().into(),
        });
    }
    booking
}

fn with_sealed_bookings(command: Command) -> Command {
    match command {
        Command::FollowFlight { flight, booking, same_as } => {
            Command::FollowFlight { flight, booking: booking.map(sealed), same_as: same_as.map(sealed) }
        }
        Command::PassPoint { flight, point, booking, cause } => {
            Command::PassPoint { flight, point, booking: sealed(booking), cause }
        }
        other => other,
    }
}

/// Everything here that is computed from a log.
struct Reader {
    facts: Vec<Fact>,
    followed: Followed,
    passage: Passage,
}

impl Reader {
    fn read(&mut self, written: Vec<Written>) {
        for (event_type, version, payload) in written {
            let event = recorded_as(version, person(1).stream("person").as_str(), event_type, &payload, 0);
            self.facts.extend(Fact::decode(&event).unwrap());
            self.followed.apply(&event).unwrap();
            self.passage.take(&event, true).unwrap();
        }
    }

    fn state(&self) -> decide::State {
        given::<TripRules>(self.facts.clone()).state()
    }
}

#[tokio::test]
async fn a_history_in_version_1_and_in_version_2_gives_the_same_states_lists_and_decisions() {
    let house = house().await;
    let executor = Executor::new(house.store.clone(), house.vault.clone(), 16);
    let reader = || Reader {
        facts: Vec::new(),
        followed: Followed::default(),
        passage: Passage::new(executor.clone(), house.vault.clone()),
    };
    let commands = proptest::collection::vec(rules::any_command(4).prop_map(with_sealed_bookings), 0..60);
    let outcome = TestRunner::default().run(&commands, |commands| {
        let (mut old, mut new) = (reader(), reader());
        for command in commands {
            let decided = TripRules::decide(&new.state(), command.clone());
            prop_assert_eq!(&decided, &TripRules::decide(&old.state(), command));
            let facts = decided.unwrap_or_default();
            old.read(version_1(&facts));
            new.read(newest(&facts));
            prop_assert_eq!(rules::held(&old.state()), rules::held(&new.state()));
            prop_assert_eq!(old.followed.by(person(1)), new.followed.by(person(1)));
            prop_assert_eq!(old.passage.image(), new.passage.image());
        }
        Ok(())
    });
    outcome.unwrap();
}

impl House {
    /// Publishes a follow as version 1 wrote it, sealed as it was sealed then.
    #[expect(deprecated, reason = "this is how version 1 was written")]
    async fn followed_in_version_1(&self, person: PersonId, flight: &str, surname: &str, locator: &str) {
        let (stream, subject) = (person.stream("person").to_string(), SubjectId::new(person));
        self.vault.ensure(&[(subject.clone(), Category::Travel)]).await.unwrap();
        let seal = |field, text: &str| {
            let event_type = "trips.FlightFollowed".to_owned();
            let context = SealContext { stream: stream.clone(), event_type, field, schema_version: 1 };
            let sealed = self.vault.seal(&subject, Category::Travel, context, text.as_bytes());
            Some(stored::sealed(&Personal::<String>::Sealed(sealed.unwrap().unwrap())))
        };
        let followed = api::FlightFollowed {
            flight: flight.to_owned(),
            surname: seal(2, surname),
            record_locator: seal(3, locator),
        };
        self.publish(&stream, "trips.FlightFollowed", followed).await;
    }
}

#[tokio::test]
async fn a_booking_of_version_1_opens_under_its_new_name_until_it_is_erased() {
    let house = house().await;
    house.followed_in_version_1(person(1), FLIGHT, "ZHANG", "ABC123").await;
    let Some(Fact::BookingLinked { booking, .. }) = house.facts(person(1)).await.pop() else {
        unreachable!()
    };
    let opened = |value: &Personal| value.open(house.vault.as_ref()).unwrap().known().cloned();
    assert_eq!(opened(&booking.surname).unwrap(), "ZHANG");
    assert_eq!(opened(&booking.record_locator).unwrap(), "ABC123");
    let Personal::Sealed(mut moved) = booking.surname.clone() else { unreachable!() };
    moved.context.event_type = "trips.BookingLinked".to_owned();
    let damaged = KeyError::Damaged { subject: SubjectId::new(person(1)) };
    assert_eq!(Personal::<String>::Sealed(moved).open(house.vault.as_ref()), Err(damaged));
    house.vault.erase(&SubjectId::new(person(1))).await.unwrap();
    assert_eq!((opened(&booking.surname), opened(&booking.record_locator)), (None, None));
}

#[tokio::test]
async fn who_followed_in_version_1_is_told_and_follows_on() {
    let house = house().await;
    house.followed_in_version_1(person(1), FLIGHT, "ZHANG", "ABC123").await;
    assert_eq!(house.follow_flight(person(1), FLIGHT, "Zhang", "abc123").await.unwrap(), "");
    house.read(FLIGHT, Point::Gate, "ZHANG/SAN", "ABC123").await;
    let last = house.events(person(1)).await.pop().unwrap();
    assert_eq!(last.event_type(), "trips.PassagePointPassed");
    assert!(house.list(person(1), last.position().to_string()).await.flights[0].boarded);
    assert_ne!(house.follow_flight(person(1), FLIGHT, "Zhang", "XYZ789").await.unwrap(), "");
    let last = house.events(person(1)).await.pop().unwrap();
    assert_eq!((last.event_type(), last.schema_version()), ("trips.BookingLinked", 1));
    assert!(!house.list(person(1), last.position().to_string()).await.flights[0].boarded);
}

#[tokio::test]
async fn an_event_of_two_facts_is_forgotten_when_both_are() {
    let house = house().await;
    house.followed_in_version_1(person(1), FLIGHT, "ZHANG", "ABC123").await;
    house.followed_in_version_1(person(1), "ZH9102-20261120", "ZHANG", "ABC123").await;
    house.unfollow_flight(person(1), FLIGHT).await.unwrap();
    let last = house.events(person(1)).await.pop().unwrap();
    assert_eq!((last.revision(), last.fold_from()), (Revision(2), Revision(1)));
    house.unfollow_flight(person(1), "ZH9102-20261120").await.unwrap();
    let last = house.events(person(1)).await.pop().unwrap();
    assert_eq!((last.revision(), last.fold_from()), (Revision(3), Revision(4)));
    assert_ne!(house.follow_flight(person(1), FLIGHT, "Zhang", "ABC123").await.unwrap(), "");
}

#[tokio::test]
async fn a_version_of_a_newer_program_is_refused_by_every_reader() {
    let House { store, vault, .. } = house().await;
    let mut passage = Passage::new(Executor::new(store, vault.clone(), 16), vault);
    let of_the_future = |stream: &str, event_type, version| recorded_as(version, stream, event_type, &[], 0);
    let person = person(1).stream("person");
    for (event_type, version) in [("trips.FlightFollowed", 3), ("trips.BookingLinked", 2)] {
        let event = of_the_future(person.as_str(), event_type, version);
        let unknown = Err(airside_kernel::DecodeError::unknown(&event));
        assert_eq!(Followed::default().apply(&event), unknown);
        assert_eq!(passage.take(&event, true), unknown);
    }
    let landed = of_the_future("flight-ZH9101-20261120", "flights.FlightLanded", 2);
    assert!(passage.take(&landed, true).is_err());
    let announced = of_the_future("bag-0479123456", "baggage.BagAnnounced", 2);
    assert!(Tags::default().apply(&announced).is_err());
}

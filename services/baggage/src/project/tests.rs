//! What the lists show, what is forgotten, and that a start from disk changes neither.

use airside_api::baggage::v1::{
    AnnouncementChange, Authority, LegRole, PassengerState, Screening, TrackingPoint,
};
use airside_kernel::{
    Category, Decider, EventParts, Personal, Revision, SealContext, Sealed, SubjectId,
    testing::{self, first_parts},
};
use bytes::Bytes;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    decide::{Bag, Observe},
    model::{Announcement, Content, Leg, Observation, Sighting},
};

const FLIGHTS: [&str; 3] = ["ZH9101-20261120", "ZH9102-20261120", "CA1301-20261121"];

fn recorded(stream: &str, event_type: &str, payload: &[u8], at: Timestamp) -> RecordedEvent {
    let us = at.as_microsecond();
    let parts = EventParts { occurred_us: us, recorded_us: us, ..first_parts() };
    testing::recorded(parts, stream, event_type, &[], payload)
}

fn at(hour: i64) -> Timestamp {
    Timestamp::from_second(1_795_132_800 + hour * 3_600).unwrap()
}

fn plate(number: u32) -> LicencePlate {
    format!("0479{number:06}").parse().unwrap()
}

fn sealed() -> Personal {
    Personal::Sealed(Sealed {
        subject: SubjectId::new("j"),
        category: Category::Travel,
        key_version: 1,
        context: SealContext {
            stream: "bag-1".into(),
            event_type: "baggage.BagAnnounced".into(),
            field: 4,
            schema_version: 1,
        },
        ciphertext: Bytes::from_static(&[7; 44]),
    })
}

/// A log of bags as the rules write it.
#[derive(Default)]
struct Log {
    plates: BTreeMap<LicencePlate, Plate>,
    events: Vec<RecordedEvent>,
}

impl Log {
    /// Observes a bag at an hour; the first observation is an announcement. What the rules refuse is left out.
    fn observe(&mut self, number: u32, hour: i64, flight: usize) {
        let id = format!("s/bhs/{}", self.events.len());
        let leg = Leg {
            flight: FLIGHTS[flight % 3].parse().unwrap(),
            airport: None,
            role: LegRole::Outbound,
            marketed_as: None,
        };
        let state = self.plates.entry(plate(number)).or_default();
        let content = if state.journeys.is_empty() {
            Content::Announced(Box::new(Announcement {
                change: AnnouncementChange::New,
                legs: vec![leg],
                passenger_name: Some(sealed()),
                record_locator: None,
                authority: Authority::Unspecified,
                exceptions: vec!["RUSH".to_owned()],
                passenger: PassengerState::Unspecified,
            }))
        } else {
            Content::Scanned(Sighting {
                point: TrackingPoint::Sortation,
                reader: "R1".to_owned(),
                location: "CH1".to_owned(),
                leg: Some(leg),
                stowage: None,
                authority: Authority::Unspecified,
                is_inferred: false,
                screening: Screening::Unspecified,
            })
        };
        let observation = Observation {
            id,
            source: "bhs".to_owned(),
            station: "SZX".parse().unwrap(),
            observed_at: at(hour),
            cause: None,
            parser_version: None,
            received_at: Some(at(hour)),
            clock_ahead_ms: 0,
        };
        let new_journey = JourneyId(Uuid::from_u128(self.events.len() as u128 + 1));
        let command = Observe { observation, content, new_journey };
        for fact in Bag::decide(state, command.into()).unwrap_or_default() {
            *state = Bag::evolve(std::mem::take(state), &fact);
            let stream = format!("bag-{}", plate(number));
            self.events.push(recorded(&stream, fact.event_type(), &fact.encode(), at(hour)));
        }
    }

    /// The newest journey of a bag is followed by a person.
    fn follow(&mut self, person: u128, number: u32, hour: i64) {
        let Some(journey) = self.plates.get(&plate(number)).and_then(Plate::newest_journey) else { return };
        let followed =
            trips::BagFollowed { plate: plate(number).to_string(), journey_id: journey.id.to_string() };
        let stream = format!("person-{}", Uuid::from_u128(person));
        self.events.push(recorded(&stream, "trips.BagFollowed", &followed.encode_to_vec(), at(hour)));
    }

    fn bags(&self) -> Bags {
        folded(Bags::default(), &self.events)
    }
}

fn folded(mut bags: Bags, events: &[RecordedEvent]) -> Bags {
    events.iter().for_each(|event| bags.apply(event).unwrap());
    bags.show();
    bags
}

/// What readers can ask, and what they are answered.
fn answers(bags: &Bags) -> Vec<String> {
    let scopes = (0..4).map(|person| Scope::FollowedBy(PersonId(Uuid::from_u128(person))));
    let scopes: Vec<_> = [Scope::All].into_iter().chain(scopes).collect();
    let mut answers = vec![bags.journey_count().to_string()];
    for scope in &scopes {
        let flights = FLIGHTS.iter().map(|flight| Some(flight.parse().unwrap())).chain([None]);
        answers.extend(flights.map(|flight| format!("{:?}", bags.list(*scope, flight, None, 100))));
        answers.extend((1..8).map(|number| format!("{:?}", bags.find(plate(number), *scope))));
    }
    answers
}

/// The state as a file holds it, and back.
fn kept(bags: &Bags) -> Bags {
    let bytes = postcard::to_stdvec(&bags.image()).unwrap();
    let mut restored = Bags::default();
    restored.restore(postcard::from_bytes(&bytes).unwrap());
    restored
}

fn plates(bags: &Bags) -> usize {
    bags.kept.plates.len()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Bags seen at growing hours, some so far apart that bags are forgotten between.
    #[test]
    fn a_start_from_disk_at_any_point_answers_as_the_whole_log(
        steps in proptest::collection::vec((1u32..7, 0usize..3, 0i64..200, 0u128..4), 1..40),
        cut in 0usize..100
    ) {
        let (mut log, mut hour) = (Log::default(), 0);
        for (number, flight, hours, person) in steps {
            hour += hours;
            log.observe(number, hour, flight);
            log.follow(person, number, hour);
        }
        let whole = log.bags();
        let (head, tail) = log.events.split_at(cut.min(log.events.len()));
        let restarted = folded(kept(&folded(Bags::default(), head)), tail);
        prop_assert_eq!(answers(&restarted), answers(&whole));
        prop_assert_eq!(answers(&kept(&whole)), answers(&whole));
        prop_assert_eq!(&restarted.kept.heard, &whole.kept.heard);
        prop_assert_eq!(&restarted.by_flight, &whole.by_flight);
        prop_assert_eq!(&restarted.by_time, &whole.by_time);
        prop_assert_eq!(whole.by_time.len(), plates(&whole));
    }
}

#[test]
fn a_copy_in_the_middle_of_a_page_lists_what_was_not_listed_yet() {
    let mut log = Log::default();
    log.observe(1, 0, 0);
    let mut bags = Bags::default();
    log.events.iter().for_each(|event| bags.apply(event).unwrap());
    let mut restored = kept(&bags);
    restored.show();
    assert_eq!(restored.list(Scope::All, None, None, 9).len(), 1);
}

#[test]
fn a_plate_is_forgotten_thirty_days_after_its_last_event() {
    let mut log = Log::default();
    log.observe(1, 0, 0);
    log.observe(2, 5 * 24, 1);
    log.follow(1, 1, 5 * 24);
    log.observe(3, 30 * 24, 2);
    assert_eq!(plates(&log.bags()), 3, "a month is kept");
    log.observe(3, 31 * 24, 2);
    let bags = log.bags();
    assert_eq!(plates(&bags), 2);
    assert!(bags.find(plate(1), Scope::All).is_none() && bags.find(plate(2), Scope::All).is_some());
    assert_eq!(bags.list(Scope::All, FLIGHTS[0].parse().ok(), None, 9).len(), 0);
    assert!(bags.by_flight.len() == 2 && bags.kept.followed.is_empty(), "with all that points to it");
}

#[test]
fn a_journey_that_goes_on_after_it_was_forgotten_is_shown_from_there() {
    let mut log = Log::default();
    log.observe(1, 0, 0);
    log.observe(2, 40 * 24, 1);
    log.observe(1, 41 * 24, 0);
    let bags = log.bags();
    let journey = bags.find(plate(1), Scope::All).unwrap();
    assert_eq!((journey.observations().count(), journey.last_at()), (1, Some(at(41 * 24))));
}

#[test]
fn a_plate_that_is_heard_of_again_is_kept_anew() {
    let mut log = Log::default();
    for week in 0..20 {
        log.observe(1, week * 7 * 24, 0);
    }
    let bags = log.bags();
    assert_eq!(plates(&bags), 1);
    assert!(bags.kept.heard.len() <= 5, "old places of the plate are dropped with their days");
}

#[test]
fn the_plates_heard_of_least_recently_go_first_when_there_are_too_many() {
    let mut bags = Bags::default();
    let plates_of_all =
        (1_000_000_000u64..).filter_map(|digits| LicencePlate::parse(&digits.to_string()).ok());
    for plate in plates_of_all.take(MAX_PLATES + 1) {
        bags.kept.plates.insert(plate, Arc::new(Worn { heard: 1, ..Worn::default() }));
        bags.kept.heard.push_back((1, plate));
    }
    let first = bags.kept.heard[0].1;
    bags.forget(1);
    assert!(plates(&bags) == MAX_PLATES && !bags.kept.plates.contains_key(&first));
}

#[test]
fn the_quarantine_survives_being_kept() {
    let mut list = QuarantineList::default();
    let aside = |id: &str| BagEvent::Quarantined {
        observation_id: id.to_owned(),
        code: "ambiguous-tag".to_owned(),
        candidates: vec![JourneyId(Uuid::nil())],
        rule_version: 1,
    };
    for (hour, id) in (0..).zip(["s/bhs/1", "m/bhs/7/12", "m/bhs/8/0"]) {
        let (stream, aside) = (format!("bag-{}", plate(1)), aside(id));
        list.apply(&recorded(&stream, aside.event_type(), &aside.encode(), at(hour))).unwrap();
    }
    let bytes = postcard::to_stdvec(&list.image()).unwrap();
    let mut restored = QuarantineList::default();
    restored.restore(postcard::from_bytes(&bytes).unwrap());
    assert_eq!(restored.list("bhs", Some(2), 9), list.list("bhs", Some(2), 9));
    assert_eq!(restored.list("bhs", None, 9).len(), 3);
    let said = |message| {
        let of = restored.of_message("bhs", Revision(message));
        of.map(|item| (item.number, item.said_in)).collect::<Vec<_>>()
    };
    assert_eq!((said(7), said(1)), (vec![(1, Some((Revision(7), 12)))], vec![]));
    assert_eq!(restored.of_message("dcs", Revision(7)).count(), 0);
}

//! What a plate proves, as baggage's facts arrive.

use airside_kernel::{Category, SealContext, Sealed, SubjectId};
use bytes::Bytes;
use uuid::Uuid;

use super::*;
use crate::events::tests::recorded;

const PLATE: &str = "0479123456";
const HOUR_US: i64 = 3_600_000_000;

fn sealed(text: &'static str) -> Personal {
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
        ciphertext: Bytes::from_static(text.as_bytes()),
    })
}

fn journey(n: u128) -> JourneyId {
    JourneyId(Uuid::from_u128(n))
}

fn take(tags: &mut Tags, plate: &str, event_type: &str, message: &impl Message, hour: i64) {
    let event = recorded(&format!("bag-{plate}"), event_type, &message.encode_to_vec(), hour * HOUR_US);
    tags.apply(&event).unwrap();
}

fn announce(tags: &mut Tags, id: &str, name: Option<&'static str>, locator: Option<&'static str>) {
    let message = baggage::BagAnnounced {
        observation: Some(baggage::Observation { id: id.into(), ..Default::default() }),
        passenger_name: name.map(|text| stored::sealed(&sealed(text))),
        record_locator: locator.map(|text| stored::sealed(&sealed(text))),
        ..Default::default()
    };
    take(tags, PLATE, "baggage.BagAnnounced", &message, 0);
}

fn open(tags: &mut Tags, plate: &str, n: u128, hour: i64) {
    let message = baggage::JourneyOpened { journey_id: journey(n).to_string(), provisional: false };
    take(tags, plate, "baggage.JourneyOpened", &message, hour);
}

fn attach(tags: &mut Tags, id: &str, n: u128) {
    let message = baggage::ObservationAttached {
        observation_id: id.into(),
        journey_id: journey(n).to_string(),
        rule_version: 1,
    };
    take(tags, PLATE, "baggage.ObservationAttached", &message, 0);
}

fn of(tags: &Tags) -> Vec<Tag> {
    tags.of(PLATE.parse().unwrap())
}

#[test]
fn an_announcement_proves_the_journey_that_it_is_attached_to() {
    let mut tags = Tags::default();
    announce(&mut tags, "a", Some("zhang"), Some("abc123"));
    assert_eq!(of(&tags), []);
    open(&mut tags, PLATE, 1, 0);
    let nameless = Tag { journey: journey(1), passenger_name: None, record_locator: None };
    assert_eq!(of(&tags), [nameless]);
    attach(&mut tags, "a", 1);
    let (passenger_name, record_locator) = (Some(sealed("zhang")), Some(sealed("abc123")));
    assert_eq!(of(&tags), [Tag { journey: journey(1), passenger_name, record_locator }]);
}

#[test]
fn a_later_announcement_corrects_what_it_names_and_leaves_the_rest() {
    let mut tags = Tags::default();
    announce(&mut tags, "a", Some("zhang"), Some("abc123"));
    open(&mut tags, PLATE, 1, 0);
    attach(&mut tags, "a", 1);
    announce(&mut tags, "b", Some("chang"), None);
    attach(&mut tags, "b", 1);
    let tag = of(&tags).remove(0);
    assert_eq!((tag.passenger_name, tag.record_locator), (Some(sealed("chang")), Some(sealed("abc123"))));
}

#[test]
fn a_moved_announcement_proves_the_other_journey_only() {
    let mut tags = Tags::default();
    announce(&mut tags, "a", Some("zhang"), None);
    open(&mut tags, PLATE, 1, 0);
    attach(&mut tags, "a", 1);
    open(&mut tags, PLATE, 2, 0);
    attach(&mut tags, "a", 2);
    let names: Vec<_> = of(&tags).into_iter().map(|tag| (tag.journey, tag.passenger_name)).collect();
    assert_eq!(names, [(journey(2), Some(sealed("zhang"))), (journey(1), None)], "newest first");
    let message = baggage::ObservationQuarantined { observation_id: "a".into(), ..Default::default() };
    take(&mut tags, PLATE, "baggage.ObservationQuarantined", &message, 0);
    assert!(of(&tags).iter().all(|tag| tag.passenger_name.is_none()));
}

#[test]
fn a_plate_keeps_its_newest_journeys() {
    let mut tags = Tags::default();
    (1..=9).for_each(|n| open(&mut tags, PLATE, n, 0));
    let journeys: Vec<_> = of(&tags).into_iter().map(|tag| tag.journey).collect();
    assert_eq!(journeys, [9, 8, 7, 6].map(journey));
}

#[test]
fn an_old_journey_is_forgotten_with_its_plate() {
    let mut tags = Tags::default();
    announce(&mut tags, "a", Some("zhang"), None);
    open(&mut tags, PLATE, 1, 0);
    open(&mut tags, "0479000001", 2, KEEP_HOURS);
    assert_eq!(of(&tags).len(), 1);
    open(&mut tags, "0479000001", 3, KEEP_HOURS + 1);
    assert_eq!(of(&tags), []);
    assert_eq!((tags.plates.len(), tags.opened.len()), (1, 2));
}

#[test]
fn a_storm_of_announcements_is_bounded() {
    let mut tags = Tags::default();
    (0..1_000).for_each(|n| announce(&mut tags, &n.to_string(), Some("zhang"), None));
    let plate: Plate = PLATE.parse().unwrap();
    assert_eq!(tags.plates[&plate].announcements.len(), MAX_ANNOUNCEMENTS_PER_PLATE);
}

#[test]
fn what_says_nothing_of_owners_is_passed_over_and_damage_is_reported() {
    let mut tags = Tags::default();
    take(&mut tags, PLATE, "baggage.BagScanned", &baggage::BagScanned::default(), 0);
    take(&mut tags, PLATE, "baggage.SomethingNewer", &baggage::BagScanned::default(), 0);
    assert!(tags.plates.is_empty());
    let event = recorded("bag-0479123456", "baggage.BagAnnounced", &[0xff], 0);
    assert!(tags.apply(&event).is_err());
}

#[test]
fn tags_that_were_kept_prove_the_same_and_go_on_alike() {
    let mut tags = Tags::default();
    announce(&mut tags, "a", Some("zhang"), Some("abc123"));
    open(&mut tags, PLATE, 1, 0);
    attach(&mut tags, "a", 1);
    let bytes = postcard::to_stdvec(&tags.image()).unwrap();
    let mut restored = Tags::default();
    restored.restore(postcard::from_bytes(&bytes).unwrap());
    assert!(of(&tags)[0].passenger_name.is_some());
    assert_eq!(of(&restored), of(&tags));
    for tags in [&mut tags, &mut restored] {
        announce(tags, "b", Some("li"), None);
        attach(tags, "b", 1);
        open(tags, "0479000001", 2, KEEP_HOURS);
    }
    assert_eq!(of(&restored), of(&tags));
    open(&mut restored, "0479000001", 3, KEEP_HOURS + 1);
    assert_eq!(of(&restored), []);
}

#[test]
fn a_copy_does_not_change_with_the_tags() {
    let mut tags = Tags::default();
    open(&mut tags, PLATE, 1, 0);
    let copy = tags.image();
    open(&mut tags, PLATE, 2, 1);
    assert_eq!((of(&copy).len(), of(&tags).len()), (1, 2));
}

#[test]
fn a_plate_without_a_journey_takes_no_room() {
    let mut tags = Tags::default();
    announce(&mut tags, "a", Some("zhang"), None);
    let aside = baggage::ObservationQuarantined { observation_id: "a".into(), ..Default::default() };
    take(&mut tags, PLATE, "baggage.ObservationQuarantined", &aside, 0);
    assert!(tags.plates.is_empty());
}

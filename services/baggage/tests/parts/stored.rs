//! Properties of what is stored: it comes back as it went, and foreign bytes are an error.

use airside_api::baggage::v1::{
    AnnouncementChange, Authority, Connection, FlightTurn, LegRole, LinkKind, PassengerState, Report,
    Screening, TrackingPoint,
};
use airside_baggage::{
    events::BagEvent,
    model::{
        Announcement, ConnectionJudged, Content, FlightTurned, JourneyId, Leg, Link, Observation, Reported,
        Sighting, container_sign,
    },
    parts::PartsEvent,
    source::{MessageQuarantined, MessageReceived, TagNotRead},
    sources::events::SourceEvent,
};
use airside_kernel::{Cause, Revision, StoredEvent, Timestamp};
use jiff::SignedDuration;
use proptest::prelude::*;

use crate::golden::{journey, leg, recorded, sealed};

fn observations() -> impl Strategy<Value = Observation> {
    let edges = prop::sample::select(vec![Timestamp::MIN, Timestamp::MAX, Timestamp::UNIX_EPOCH]);
    let instants = (edges, any::<i64>())
        .prop_map(|(edge, nanos)| edge.saturating_add(SignedDuration::from_nanos(nanos)).unwrap());
    let causes =
        proptest::option::of((".{0,9}", any::<u64>(), any::<u32>()).prop_map(|(text, revision, index)| {
            Cause { reactor: text.clone(), stream: text, revision: Revision(revision), index }
        }));
    let received = proptest::option::of(instants.clone());
    (".{0,20}", "[A-Z]{3}", instants, causes, 1u32..9, received, any::<i64>()).prop_map(
        |(id, station, observed_at, cause, parser, received_at, clock_ahead_ms)| Observation {
            source: id.clone(),
            id,
            station: station.parse().unwrap(),
            observed_at,
            parser_version: cause.as_ref().map(|_| parser),
            cause,
            received_at,
            clock_ahead_ms,
        },
    )
}

fn legs() -> impl Strategy<Value = Leg> {
    let flights =
        r"([A-Z]{2,3}|[A-Z][0-9])[1-9][0-9]{0,3}[A-Z]?-(19|20|99)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|2[0-8])";
    let roles = prop::sample::select(vec![LegRole::Inbound, LegRole::Outbound, LegRole::Onward]);
    (flights, proptest::option::of("[A-Z]{3}"), roles)
        .prop_map(|(flight, airport, role)| leg(&flight, airport.as_deref(), role))
}

fn others() -> impl Strategy<Value = (JourneyId, Content)> {
    let leg = proptest::option::of(legs());
    let reported = (1..=9i32, leg, ".{0,9}").prop_map(|(report, leg, location)| {
        Content::Reported(Reported { report: Report::try_from(report).unwrap(), leg, location })
    });
    let turned = (1..=5i32, legs()).prop_map(|(turn, leg)| {
        let turn = FlightTurn::try_from(turn).unwrap();
        Content::FlightTurned(FlightTurned { flight: leg.flight, turn })
    });
    let judged =
        (0..=3i32, legs(), legs(), any::<i64>()).prop_map(|(connection, one, other, spare_seconds)| {
            let connection = Connection::try_from(connection).unwrap();
            let (inbound, outbound) = (one.flight, other.flight);
            Content::ConnectionJudged(ConnectionJudged { inbound, outbound, connection, spare_seconds })
        });
    let linked =
        (1..=6i32, ".{0,9}", any::<bool>(), any::<bool>()).prop_map(|(kind, other, known, continues)| {
            let (kind, other_journey) = (LinkKind::try_from(kind).unwrap(), known.then(|| journey(3)));
            Content::Linked(Box::new(Link { journey: journey(2), kind, other, other_journey, continues }))
        });
    prop_oneof![reported, turned, judged, linked].prop_map(|content| (JourneyId::default(), content))
}

fn contents() -> impl Strategy<Value = (JourneyId, Content)> {
    let points = (1..=15i32).prop_map(|point| TrackingPoint::try_from(point).unwrap());
    let authorities = (0..=4i32).prop_map(|authority| Authority::try_from(authority).unwrap());
    let changes = (1..=3i32).prop_map(|change| AnnouncementChange::try_from(change).unwrap());
    let signs = ".{0,9}".prop_map(|text| container_sign(&text));
    let stowage = proptest::option::of((signs, ".{0,9}"));
    let scanned = (
        points,
        ".{0,9}",
        proptest::option::of(legs()),
        stowage,
        authorities.clone(),
        (any::<bool>(), 0..=4i32),
    )
        .prop_map(|(point, text, leg, stowage, authority, (is_inferred, screening))| {
            let screening = Screening::try_from(screening).unwrap();
            let (reader, location) = (text.clone(), text);
            let sighting =
                Sighting { point, reader, location, leg, stowage, authority, is_inferred, screening };
            (JourneyId::default(), Content::Scanned(sighting))
        });
    let announced = (changes, prop::collection::vec(legs(), 0..4), any::<bool>(), authorities, 0..=4i32)
        .prop_map(|(change, legs, is_named, authority, passenger)| {
            let passenger = PassengerState::try_from(passenger).unwrap();
            let name = || is_named.then(|| sealed(journey(7), "baggage.BagAnnounced", 4));
            let subject = if is_named { journey(7) } else { JourneyId::default() };
            let (passenger_name, record_locator, exceptions) = (name(), name(), vec!["RUSH".into()]);
            let announcement = Announcement {
                change,
                legs,
                passenger_name,
                record_locator,
                authority,
                exceptions,
                passenger,
            };
            (subject, Content::Announced(Box::new(announcement)))
        });
    prop_oneof![4 => scanned, 4 => announced, 1 => others()]
}

proptest! {
    #[test]
    fn an_observation_survives_being_stored(observation in observations(), (subject, content) in contents()) {
        let event = BagEvent::Observed { subject, observation, content };
        let stored = recorded(event.event_type(), &event.encode());
        prop_assert_eq!(BagEvent::decode(&stored).unwrap(), [event]);
    }

    #[test]
    fn foreign_bytes_are_an_error_and_never_a_panic(
        kind in 0usize..23,
        bytes in prop::collection::vec(any::<u8>(), 0..120),
        (observation, (subject, content)) in (observations(), contents()),
        damage in any::<prop::sample::Index>(),
    ) {
        let kinds = ["BagAnnounced", "BagScanned", "JourneyOpened", "ObservationAttached", "ObservationQuarantined",
            "BagStatusChanged", "MessageReceived", "MessageQuarantined", "TagNotRead", "PartKept",
            "MessageCompleted", "PartsGivenUp", "BagReported", "BagFlightTurned", "ConnectionJudged", "JourneyLinked",
            "TagCollided", "ObservationResolved", "SomethingNewer",
            "LinkOpened", "LinkClosed", "SourceFellSilent", "SourceHeardAgain"];
        let mut whole = BagEvent::Observed { subject, observation, content }.encode().to_vec();
        let place = damage.index(whole.len());
        whole[place] ^= 0x55;
        for payload in [bytes, whole] {
            let event = recorded(&format!("baggage.{}", kinds[kind]), &payload);
            let _ = SourceEvent::decode(&event);
            let _ = (BagEvent::decode(&event), MessageReceived::decode(&event));
            let _ = (MessageQuarantined::decode(&event), TagNotRead::decode(&event), PartsEvent::decode(&event));
        }
    }
}

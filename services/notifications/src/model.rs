//! The words of notifications: what a notice is about, how urgent it is, how
//! far it got, in which language it is read.

mod kind;
mod policy;

use std::{collections::BTreeMap, str::FromStr, sync::Arc};

use airside_api::notifications::v1;
use airside_kernel::{Cause, DecodeError, LogId, PersonId, RecordedEvent, StreamId, Timestamp};
use jiff::SignedDuration;
use thiserror::Error;
use uuid::Uuid;

pub use kind::{Kind, Priority};
pub use policy::{
    ChannelChoice, HoldReason, Preferences, Proposal, QuietHours, Rules, SuppressReason, Travel,
};

/// The category of the streams that hold notices: `inbox-<person>`.
pub const INBOX: &str = "inbox";
/// The category of the streams that hold what became of notices: `delivery-<person>`.
pub const DELIVERY: &str = "delivery";
/// The reactor that puts into the inboxes what was decided to be told; part of every cause there.
pub const RELEASES: &str = "notifications.releases";

/// The parameter that names the time zone of the airport whose clocks a notice's times are told by.
pub const TIME_ZONE: &str = "time_zone";

/// The namespace of notification ids.
const NOTIFICATION_IDS: Uuid = Uuid::from_u128(0x6f0a_3c51_0d6b_4b0e_9d27_58b1_c0de_a1d5);

/// Returns whose stream an event is in.
///
/// # Errors
/// When the stream is named after nobody.
pub(crate) fn person_of(event: &RecordedEvent) -> Result<PersonId, DecodeError> {
    let person = event.stream().split_once('-').and_then(|(_, id)| id.parse().ok());
    person.ok_or_else(|| {
        DecodeError::malformed(format!("{} stream", event.category()), "its id is not a person")
    })
}

/// Returns the instant that is later by so much, or the last that there is.
pub(crate) fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// Returns the stream of a person's notices.
pub fn inbox(person: PersonId) -> StreamId {
    person.stream(INBOX)
}

/// Returns the stream of what became of a person's notices.
pub fn delivery(person: PersonId) -> StreamId {
    person.stream(DELIVERY)
}

/// Returns the id of the notice that a cause gives a person: the same on every
/// node and after every replay.
pub fn notification_id(cause: &Cause, person: PersonId) -> Uuid {
    let Cause { reactor, stream, revision, index } = cause;
    let name = format!("{reactor}/{stream}/{revision}/{index}/{person}");
    Uuid::new_v5(&NOTIFICATION_IDS, name.as_bytes())
}

/// Returns the epoch of an inbox: opaque, and another one for another log, or
/// after a restore, or for another person. A sequence number means something
/// only together with it.
pub fn epoch(log: LogId, generation: u64, person: PersonId) -> String {
    Uuid::new_v5(&log.0, format!("{generation}/{person}").as_bytes()).simple().to_string()
}

/// How far a notice got. A later level includes the earlier ones: what was
/// read was shown, and what was shown had arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AckLevel {
    /// It reached the device.
    Delivered,
    /// It was shown.
    Displayed,
    /// It was opened.
    Read,
}

impl AckLevel {
    /// Every level, the least first.
    pub const ALL: [Self; 3] = [Self::Delivered, Self::Displayed, Self::Read];

    /// Returns the level on the wire and in the log.
    pub fn to_proto(self) -> v1::AckLevel {
        match self {
            Self::Delivered => v1::AckLevel::Delivered,
            Self::Displayed => v1::AckLevel::Displayed,
            Self::Read => v1::AckLevel::Read,
        }
    }

    /// Returns the level of a number on the wire.
    pub fn from_proto(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.to_proto() as i32 == number)
    }
}

/// The language in which a notice is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Locale {
    /// English.
    #[default]
    En,
    /// Simplified Chinese.
    ZhCn,
}

/// A language that notices do not speak.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is not spoken here: use `en` or `zh-CN`")]
pub struct UnknownLocale(String);

impl FromStr for Locale {
    type Err = UnknownLocale;

    fn from_str(tag: &str) -> Result<Self, UnknownLocale> {
        match tag {
            "" | "en" => Ok(Self::En),
            "zh-CN" => Ok(Self::ZhCn),
            _ => Err(UnknownLocale(tag.chars().take(20).collect())),
        }
    }
}

/// A notice to a person. Its parameters hold no personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its id; a client shows each once.
    pub id: Uuid,
    /// What it is about.
    pub kind: Kind,
    /// How urgent it is.
    pub priority: Priority,
    /// The facts in it, by the names of [`Kind::parameters`]; all who hear of a thing share them.
    pub parameters: Arc<BTreeMap<String, String>>,
    /// After this it is of no use; `None`: always of use.
    pub expires_at: Option<Timestamp>,
    /// When the fact behind it was recorded.
    pub caused_at: Timestamp,
    /// The event behind it.
    pub cause: Cause,
    /// An earlier notice that it takes the place of.
    pub supersedes: Option<Uuid>,
}

impl Notice {
    /// Returns one of its facts; empty when it has none of that name.
    pub fn parameter(&self, name: &str) -> &str {
        self.parameters.get(name).map_or("", String::as_str)
    }

    /// Returns what it is about: a flight, or each of its bags.
    pub fn subjects(&self) -> impl Iterator<Item = &str> {
        let names = ["plates", "plate", "flight"].map(|name| self.parameter(name));
        names.into_iter().find(|name| !name.is_empty()).unwrap_or_default().split(',')
    }

    /// Returns whether it speaks of something that another one speaks of too.
    pub fn shares_a_subject(&self, other: &Self) -> bool {
        self.kind.is_of_bag() == other.kind.is_of_bag()
            && self.subjects().any(|one| other.subjects().any(|two| one == two))
    }

    /// Returns whether it leaves out no subject of another one.
    pub fn covers(&self, other: &Self) -> bool {
        other.subjects().all(|one| self.subjects().any(|two| one == two))
    }

    /// Returns the notice without the bags of another one, of which one at least is left.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let is_left = |plate: &&str| other.subjects().all(|gone| gone != *plate);
        let left: Vec<_> = self.subjects().filter(is_left).map(str::to_owned).collect();
        let mut notice = self.clone();
        let parameters = Arc::make_mut(&mut notice.parameters);
        parameters.insert("plate".to_owned(), left.first().cloned().unwrap_or_default());
        match left.len() {
            0 | 1 => parameters.remove("plates"),
            _ => parameters.insert("plates".to_owned(), left.join(",")),
        };
        notice
    }

    /// Returns the kind that stands for what it speaks of, also when it takes another back.
    pub fn topic(&self) -> Kind {
        match self.kind {
            Kind::Retracted => Kind::named(self.parameter("retracts")).unwrap_or(self.kind).topic(),
            kind => kind.topic(),
        }
    }

    /// Returns what holds by it, such as the gate: two notices of one topic and one value say the same.
    pub fn value(&self) -> &str {
        self.parameter(match self.kind {
            Kind::GateAssigned | Kind::GateChanged => "gate",
            Kind::BeltAssigned
            | Kind::BeltChanged
            | Kind::BagOnBelt
            | Kind::BagBeltChanged
            | Kind::BagNearsBelt => "belt",
            Kind::FlightDelayed => "estimated_departure",
            Kind::BagCorrected => "corrects",
            Kind::Retracted => "place",
            Kind::WayBroken => "walking_minutes",
            _ => "flight",
        })
    }

    /// Returns what held before it, where it says so.
    pub fn previous(&self) -> &str {
        match self.kind {
            Kind::GateChanged => self.parameter("previous_gate"),
            Kind::BeltChanged => self.parameter("previous_belt"),
            _ => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use airside_kernel::Revision;

    use super::*;

    fn person(number: u128) -> PersonId {
        PersonId(Uuid::from_u128(number))
    }

    #[test]
    fn a_notification_id_is_fixed_by_its_cause_and_its_person() {
        let cause = Cause { reactor: "r".into(), stream: "flight-1".into(), revision: Revision(3), index: 0 };
        let later = Cause { revision: Revision(4), ..cause.clone() };
        assert_eq!(notification_id(&cause, person(1)), notification_id(&cause, person(1)));
        assert_ne!(notification_id(&cause, person(1)), notification_id(&cause, person(2)));
        assert_ne!(notification_id(&cause, person(1)), notification_id(&later, person(1)));
    }

    #[test]
    fn an_epoch_is_of_one_log_one_generation_and_one_inbox() {
        let (log, other) = (LogId(Uuid::from_u128(7)), LogId(Uuid::from_u128(8)));
        let here = epoch(log, 0, person(1));
        assert_eq!(here, epoch(log, 0, person(1)));
        for elsewhere in [epoch(other, 0, person(1)), epoch(log, 1, person(1)), epoch(log, 0, person(2))] {
            assert_ne!(here, elsewhere);
        }
    }

    #[test]
    fn every_word_of_the_proto_but_the_unspecified_has_its_value_here() {
        assert_eq!((1..=23).filter_map(Kind::from_proto).count(), 23);
        assert_eq!((1..=5).filter_map(Priority::from_proto).count(), 5);
        assert_eq!((1..=3).filter_map(AckLevel::from_proto).count(), 3);
        assert_eq!(
            (Kind::from_proto(0), Priority::from_proto(0), AckLevel::from_proto(0)),
            (None, None, None)
        );
        assert_eq!(
            (Kind::from_proto(24), Priority::from_proto(6), AckLevel::from_proto(4)),
            (None, None, None)
        );
    }

    #[test]
    fn a_locale_is_en_or_zh_cn() {
        assert_eq!("".parse(), Ok(Locale::En));
        assert_eq!("zh-CN".parse(), Ok(Locale::ZhCn));
        assert_eq!(
            "fr".parse::<Locale>().unwrap_err().to_string(),
            "\"fr\" is not spoken here: use `en` or `zh-CN`"
        );
    }
}

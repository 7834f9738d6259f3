//! What notices are about, and how urgent they are.

use airside_api::notifications::v1;

use super::TIME_ZONE;

/// What a notice is about; the names of its parameters stand in the proto.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A gate was assigned.
    GateAssigned,
    /// The gate changed.
    GateChanged,
    /// Boarding began.
    Boarding,
    /// The final call was made.
    FinalCall,
    /// The flight is delayed.
    FlightDelayed,
    /// The flight is cancelled.
    FlightCancelled,
    /// The reclaim belt is known.
    BeltAssigned,
    /// The reclaim belt changed.
    BeltChanged,
    /// The bag was accepted.
    BagAccepted,
    /// The bag is on board.
    BagLoaded,
    /// The bag was taken off.
    BagOffloaded,
    /// The bag is on a belt.
    BagOnBelt,
    /// The bag was collected.
    BagCollected,
    /// The flight left without the bag.
    BagLeftBehind,
    /// The bag travels on another flight than before.
    BagReflighted,
    /// There is little time for the bag's connection.
    BagConnectionAtRisk,
    /// The bag will not reach its connecting flight.
    BagConnectionMissed,
    /// The bag is on another belt than the one that was told.
    BagBeltChanged,
    /// An earlier notice of the bag was wrong.
    BagCorrected,
    /// What was said a moment ago holds no more: all is as it was.
    Retracted,
    /// It is time to leave for the gate.
    LeaveNow,
    /// A closure broke the way that is followed.
    WayBroken,
    /// The bag comes to a belt soon, and so does its passenger.
    BagNearsBelt,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 23] = [
        Self::GateAssigned,
        Self::GateChanged,
        Self::Boarding,
        Self::FinalCall,
        Self::FlightDelayed,
        Self::FlightCancelled,
        Self::BeltAssigned,
        Self::BeltChanged,
        Self::BagAccepted,
        Self::BagLoaded,
        Self::BagOffloaded,
        Self::BagOnBelt,
        Self::BagCollected,
        Self::BagLeftBehind,
        Self::BagReflighted,
        Self::BagConnectionAtRisk,
        Self::BagConnectionMissed,
        Self::BagBeltChanged,
        Self::BagCorrected,
        Self::Retracted,
        Self::LeaveNow,
        Self::WayBroken,
        Self::BagNearsBelt,
    ];

    /// Returns the names of its parameters. A notice of several bags has `plates`
    /// besides, all of them with commas between; `plate` is the first.
    pub fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::GateAssigned | Self::Boarding | Self::FinalCall => &["flight", "gate"],
            Self::GateChanged => &["flight", "gate", "previous_gate"],
            Self::FlightDelayed => &["flight", "estimated_departure", TIME_ZONE],
            Self::FlightCancelled => &["flight"],
            Self::BeltAssigned => &["flight", "belt"],
            Self::BeltChanged => &["flight", "belt", "previous_belt"],
            Self::BagAccepted | Self::BagCollected => &["plate"],
            Self::BagLoaded | Self::BagOffloaded | Self::BagConnectionAtRisk | Self::BagConnectionMissed => {
                &["plate", "flight"]
            }
            Self::BagOnBelt => &["plate", "belt"],
            Self::BagLeftBehind => &["plate", "flight", "next_flight"],
            Self::BagReflighted => &["plate", "flight", "previous_flight"],
            Self::BagBeltChanged => &["plate", "belt", "previous_belt"],
            Self::BagCorrected => &["plate", "flight", "corrects"],
            Self::Retracted => &["flight", "place", "retracts"],
            Self::LeaveNow => {
                &["flight", "gate", "walking_minutes", "waiting_minutes", "waits_at", "certainty"]
            }
            Self::WayBroken => &["flight", "walking_minutes", "waiting_minutes", "waits_at", "certainty"],
            Self::BagNearsBelt => &["plate", "belt", "bag_minutes", "walking_minutes"],
        }
    }

    /// Returns whether it speaks of bags; the others speak of a flight.
    pub fn is_of_bag(self) -> bool {
        self.parameters().contains(&"plate")
    }

    /// Returns how urgent notices of this kind are; one that takes another back is as urgent as that.
    pub fn priority(self) -> Priority {
        match self {
            Self::GateChanged
            | Self::Boarding
            | Self::FinalCall
            | Self::FlightCancelled
            | Self::Retracted
            | Self::LeaveNow
            | Self::WayBroken => Priority::P1,
            Self::FlightDelayed
            | Self::BeltChanged
            | Self::BagOffloaded
            | Self::BagLeftBehind
            | Self::BagReflighted
            | Self::BagConnectionAtRisk
            | Self::BagConnectionMissed
            | Self::BagBeltChanged
            | Self::BagCorrected
            | Self::BagNearsBelt => Priority::P2,
            Self::GateAssigned | Self::BeltAssigned | Self::BagLoaded | Self::BagOnBelt => Priority::P3,
            Self::BagAccepted | Self::BagCollected => Priority::P4,
        }
    }

    /// Returns the kind on the wire and in the log.
    pub fn to_proto(self) -> v1::NoticeKind {
        match self {
            Self::GateAssigned => v1::NoticeKind::GateAssigned,
            Self::GateChanged => v1::NoticeKind::GateChanged,
            Self::Boarding => v1::NoticeKind::Boarding,
            Self::FinalCall => v1::NoticeKind::FinalCall,
            Self::FlightDelayed => v1::NoticeKind::FlightDelayed,
            Self::FlightCancelled => v1::NoticeKind::FlightCancelled,
            Self::BeltAssigned => v1::NoticeKind::BeltAssigned,
            Self::BeltChanged => v1::NoticeKind::BeltChanged,
            Self::BagAccepted => v1::NoticeKind::BagAccepted,
            Self::BagLoaded => v1::NoticeKind::BagLoaded,
            Self::BagOffloaded => v1::NoticeKind::BagOffloaded,
            Self::BagOnBelt => v1::NoticeKind::BagOnBelt,
            Self::BagCollected => v1::NoticeKind::BagCollected,
            Self::BagLeftBehind => v1::NoticeKind::BagLeftBehind,
            Self::BagReflighted => v1::NoticeKind::BagReflighted,
            Self::BagConnectionAtRisk => v1::NoticeKind::BagConnectionAtRisk,
            Self::BagConnectionMissed => v1::NoticeKind::BagConnectionMissed,
            Self::BagBeltChanged => v1::NoticeKind::BagBeltChanged,
            Self::BagCorrected => v1::NoticeKind::BagCorrected,
            Self::Retracted => v1::NoticeKind::Retracted,
            Self::LeaveNow => v1::NoticeKind::LeaveNow,
            Self::WayBroken => v1::NoticeKind::WayBroken,
            Self::BagNearsBelt => v1::NoticeKind::BagNearsBelt,
        }
    }

    /// Returns the kind of a stored number.
    pub fn from_proto(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.to_proto() as i32 == number)
    }

    /// Returns the name of the kind as parameters say it, such as `GATE_CHANGED`.
    pub fn name(self) -> &'static str {
        self.to_proto().as_str_name().trim_start_matches("NOTICE_KIND_")
    }

    /// Returns the kind of a name in a parameter.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Returns whether a later word of this topic makes an earlier one false, so that it takes its place.
    pub fn takes_the_place(self) -> bool {
        matches!(
            self,
            Self::GateAssigned
                | Self::BeltAssigned
                | Self::FlightDelayed
                | Self::BagOnBelt
                | Self::LeaveNow
                | Self::WayBroken
                | Self::BagNearsBelt
        )
    }

    /// Returns the kind that stands for all that speak of the same thing: a later word of one
    /// is news of the other.
    pub fn topic(self) -> Self {
        match self {
            Self::GateChanged => Self::GateAssigned,
            Self::BeltChanged => Self::BeltAssigned,
            Self::BagBeltChanged => Self::BagOnBelt,
            kind => kind,
        }
    }
}

/// How urgent a notice is; the first is the most urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Safety.
    P0,
    /// Act now.
    P1,
    /// Plans change.
    P2,
    /// Good to know.
    P3,
    /// Information.
    P4,
}

impl Priority {
    const ALL: [Self; 5] = [Self::P0, Self::P1, Self::P2, Self::P3, Self::P4];

    /// Returns the priority on the wire and in the log.
    pub fn to_proto(self) -> v1::Priority {
        match self {
            Self::P0 => v1::Priority::P0,
            Self::P1 => v1::Priority::P1,
            Self::P2 => v1::Priority::P2,
            Self::P3 => v1::Priority::P3,
            Self::P4 => v1::Priority::P4,
        }
    }

    /// Returns the priority of a stored number.
    pub fn from_proto(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|priority| priority.to_proto() as i32 == number)
    }
}

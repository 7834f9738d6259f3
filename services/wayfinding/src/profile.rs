//! Who walks, how fast and with what rights: what each edge costs each passenger.
//!
//! A profile says which ways a passenger can take, rights which they may, a speed how long they take on foot. Rides, queues and
//! checks take everybody the same time. Costs are whole milliseconds and speeds whole millimetres a second, so
//! that a cost is the same on every machine.

use std::fmt;
use std::str::FromStr;

use crate::graph::{
    BELT_SPEED_MPS, Edge, EdgeKind, Node, WALK_SPEED_MPS, WHEELCHAIR_DOOR_M, WHEELCHAIR_SPEED_MPS,
};

/// The weight of an edge that may not be used.
pub const NO_WAY: u32 = u32::MAX;
/// The slowest and the fastest walk that may be asked for, in metres a second.
pub const SPEED_RANGE_MPS: [f64; 2] = [0.3, 3.0];
/// How fast a trolley or a pushchair is pushed, in metres a second.
const TROLLEY_SPEED_MPS: f64 = 1.2;

/// Who walks: what a search asks of every edge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Who {
    /// What they can pass.
    pub profile: Profile,
    /// How fast they are.
    pub speed: Speed,
    /// What they may pass.
    pub rights: Rights,
}

impl From<Profile> for Who {
    fn from(profile: Profile) -> Self {
        Self { profile, ..Self::default() }
    }
}

impl Who {
    /// Who can and may use every edge of a map.
    pub(crate) const ANYBODY: Self =
        Self { profile: Profile::Walk, speed: Speed::Pace(Pace::Normal), rights: Rights::Staff };

    /// Tells whether they can and may use an edge.
    pub fn admits(self, from: &Node, edge: &Edge, to: &Node) -> bool {
        edge.needs <= self.rights && self.profile.can_use(from, edge, to)
    }

    /// Returns what an edge costs them at free flow, in milliseconds, or [`NO_WAY`].
    pub fn weight(self, from: &Node, edge: &Edge, to: &Node) -> u32 {
        if self.admits(from, edge, to) { millis(edge, self.speed.mmps(self.profile)) } else { NO_WAY }
    }
}

/// What somebody may pass; each right includes those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rights {
    /// Without a boarding pass: not into what lies behind security, border control or customs.
    Visitor,
    /// Every crossing that passengers have, in its direction.
    #[default]
    Passenger,
    /// Also against the direction of a crossing, and what is for staff alone.
    Staff,
}

/// Says that rights are not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} has no rights here; use {known}", known = Rights::ALL.map(Rights::name).join(", "))]
pub struct UnknownRights(pub String);

impl FromStr for Rights {
    type Err = UnknownRights;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|rights| rights.name() == text);
        known.ok_or_else(|| UnknownRights(text.chars().take(40).collect()))
    }
}

impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Rights {
    /// All rights, the least first.
    pub const ALL: [Self; 3] = [Self::Visitor, Self::Passenger, Self::Staff];

    /// Returns the name by which rights are asked for.
    pub fn name(self) -> &'static str {
        match self {
            Self::Visitor => "visitor",
            Self::Passenger => "passenger",
            Self::Staff => "staff",
        }
    }
}

/// How one moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Profile {
    /// On foot, by any way.
    #[default]
    Walk,
    /// In a wheelchair: no stairs, no escalators, no moving walkways, nothing that wheels do
    /// not pass, no door narrower than 0.8 m.
    Wheelchair,
    /// With a trolley or a pushchair: no stairs, no escalators, nothing that wheels do not pass, no door
    /// narrower than 0.8 m.
    TrolleyOrStroller,
    /// On foot, without stairs.
    AvoidStairs,
    /// On foot, without escalators.
    AvoidEscalators,
}

/// Says that a profile is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("profile {0:?} is not known; use {known}", known = Profile::ALL.map(Profile::name).join(", "))]
pub struct UnknownProfile(pub String);

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|profile| profile.name() == text);
        known.ok_or_else(|| UnknownProfile(text.chars().take(40).collect()))
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Profile {
    /// All profiles.
    pub const ALL: [Self; 5] =
        [Self::Walk, Self::Wheelchair, Self::TrolleyOrStroller, Self::AvoidStairs, Self::AvoidEscalators];

    /// Returns the name by which a profile is asked for.
    pub fn name(self) -> &'static str {
        match self {
            Self::Walk => "walk",
            Self::Wheelchair => "wheelchair",
            Self::TrolleyOrStroller => "trolley_or_stroller",
            Self::AvoidStairs => "avoid_stairs",
            Self::AvoidEscalators => "avoid_escalators",
        }
    }

    /// Tells whether this profile can use an edge, whoever may.
    fn can_use(self, from: &Node, edge: &Edge, to: &Node) -> bool {
        let is_wide = || from.width_m.min(to.width_m) >= WHEELCHAIR_DOOR_M;
        match (self, edge.kind) {
            (Self::AvoidStairs, EdgeKind::Stairs)
            | (Self::AvoidEscalators, EdgeKind::EscalatorUp | EdgeKind::EscalatorDown)
            | (Self::Wheelchair, EdgeKind::MovingWalkway)
            | (
                Self::Wheelchair | Self::TrolleyOrStroller,
                EdgeKind::Stairs | EdgeKind::EscalatorUp | EdgeKind::EscalatorDown,
            ) => false,
            (Self::Wheelchair | Self::TrolleyOrStroller, _) => edge.wheels && is_wide(),
            _ => true,
        }
    }
}

/// How fast a passenger is, against others of the same profile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pace {
    /// Three quarters of the usual speed.
    Slow,
    /// As most people walk.
    #[default]
    Normal,
    /// Five quarters of the usual speed.
    Brisk,
}

impl Pace {
    /// All paces, the slowest first.
    pub const ALL: [Self; 3] = [Self::Slow, Self::Normal, Self::Brisk];
}

/// A walking speed: a pace of the profile, or one's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Speed {
    /// A pace of the profile; its costs are prepared.
    Pace(Pace),
    /// One's own, in millimetres a second; the quickest way at exactly this speed is searched for.
    Own(u16),
}

impl Default for Speed {
    fn default() -> Self {
        Self::Pace(Pace::default())
    }
}

/// Says that nobody walks so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("speed {0:?} is not one; use slow, normal, brisk, or metres a second from 0.3 to 3.0")]
pub struct UnknownSpeed(pub String);

impl FromStr for Speed {
    type Err = UnknownSpeed;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "slow" => Ok(Self::Pace(Pace::Slow)),
            "normal" => Ok(Self::Pace(Pace::Normal)),
            "brisk" => Ok(Self::Pace(Pace::Brisk)),
            _ => text
                .parse()
                .ok()
                .and_then(Self::own)
                .ok_or_else(|| UnknownSpeed(text.chars().take(40).collect())),
        }
    }
}

impl Speed {
    /// Returns one's own speed in metres a second, to the millimetre, or `None` outside
    /// [`SPEED_RANGE_MPS`].
    pub fn own(mps: f64) -> Option<Self> {
        let [slowest, fastest] = SPEED_RANGE_MPS;
        (slowest..=fastest).contains(&mps).then(|| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 3000")]
            let mmps = (mps * 1_000.0).round() as u16;
            Self::Own(mmps)
        })
    }

    /// Returns the speed in metres a second.
    pub fn mps(self, profile: Profile) -> f64 {
        f64::from(self.mmps(profile)) / 1_000.0
    }

    /// Returns the speed in millimetres a second.
    pub(crate) fn mmps(self, profile: Profile) -> u32 {
        let usual = match profile {
            Profile::Wheelchair => WHEELCHAIR_SPEED_MPS,
            Profile::TrolleyOrStroller => TROLLEY_SPEED_MPS,
            _ => WALK_SPEED_MPS,
        };
        match self {
            Self::Own(mmps) => u32::from(mmps),
            Self::Pace(Pace::Slow) => mm(usual) * 3 / 4,
            Self::Pace(Pace::Normal) => mm(usual),
            Self::Pace(Pace::Brisk) => mm(usual) * 5 / 4,
        }
    }
}

/// Returns what an edge costs at a walking speed, in milliseconds, rounded up.
pub(crate) fn millis(edge: &Edge, mmps: u32) -> u32 {
    let [usual, belt] = [WALK_SPEED_MPS, BELT_SPEED_MPS].map(mm);
    let (usual, own) = match edge.kind {
        EdgeKind::Walk | EdgeKind::Ramp | EdgeKind::Stairs => (usual, mmps),
        EdgeKind::MovingWalkway => (usual + belt, mmps + belt),
        _ => return edge.millis,
    };
    let millis = (u64::from(edge.millis) * u64::from(usual)).div_ceil(u64::from(own.max(1)));
    u32::try_from(millis).unwrap_or(NO_WAY - 1)
}

fn mm(mps: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "speeds of people")]
    let mmps = (mps * 1_000.0).round() as u32;
    mmps
}

#[cfg(test)]
mod tests;

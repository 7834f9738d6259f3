//! What is said when: the airport's rules, what a person chose, and why a notice waits or is not sent.

use airside_api::notifications::v1;
use airside_kernel::Timestamp;
use jiff::{SignedDuration, civil::Time, tz::TimeZone};

use super::{Notice, Priority};

/// A flight is near from this long before it leaves until this long after it has landed.
const NEAR: SignedDuration = SignedDuration::from_hours(6);

/// How the airport tells its passengers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// For how long news of what was told is gathered and not told at once, by class from P0.
    pub windows: [SignedDuration; 5],
    /// The time between two notices of class P3.
    pub between_p3: SignedDuration,
    /// The time in which a person gets at most [`Rules::COUNTED_MAX`] notices below P1.
    pub counted_within: SignedDuration,
    /// The hours in which notices of class P3 and below wait.
    pub quiet: QuietHours,
    /// The airport's time zone.
    pub zone: TimeZone,
}

impl Rules {
    /// How many notices below P1 a person gets within [`Rules::counted_within`].
    pub const COUNTED_MAX: usize = 6;

    /// Returns the usual rules of an airport in a time zone.
    pub fn usual(zone: TimeZone) -> Self {
        let [urgent, plans, minor] = [2, 30, 300].map(SignedDuration::from_secs);
        Self {
            windows: [urgent, urgent, plans, minor, minor],
            between_p3: minor,
            counted_within: SignedDuration::from_hours(1),
            quiet: QuietHours::USUAL,
            zone,
        }
    }

    /// Returns the rules of an airport whose clock runs this many times as fast as the machine's.
    /// The hours of its day are not those of the machine, so it has no quiet ones.
    #[must_use]
    pub fn at_pace(mut self, times: f64) -> Self {
        if times != 1.0 {
            let faster =
                |span: SignedDuration| SignedDuration::from_secs_f64(span.as_secs_f64() / times.max(1.0));
            self.windows = self.windows.map(faster);
            self.between_p3 = faster(self.between_p3);
            self.counted_within = faster(self.counted_within);
            self.quiet = QuietHours::NEVER;
        }
        self
    }

    /// Returns for how long news after a notice of a class is gathered.
    pub fn window(&self, priority: Priority) -> SignedDuration {
        self.windows[priority as usize]
    }
}

/// Hours of a day in which a person is left in peace; none when they end as they begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietHours {
    /// When they begin.
    pub from: Time,
    /// When they end, the next day when that is earlier.
    pub until: Time,
}

impl QuietHours {
    /// From ten in the evening to seven in the morning.
    pub const USUAL: Self = Self { from: Time::constant(22, 0, 0, 0), until: Time::constant(7, 0, 0, 0) };
    /// No hours.
    pub const NEVER: Self = Self { from: Time::midnight(), until: Time::midnight() };

    /// Returns when the hours end that an instant lies in.
    pub fn end(&self, at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let Self { from, until } = *self;
        let local = at.to_zoned(zone.clone()).datetime();
        let (is_late, is_early) = (local.time() >= from, local.time() < until);
        let is_in = if from <= until { is_late && is_early } else { is_late || is_early };
        let day = if is_in && !is_early { local.date().tomorrow().ok()? } else { local.date() };
        let end = day.to_datetime(until).to_zoned(zone.clone()).ok()?.timestamp();
        (is_in && end > at).then_some(end)
    }
}

/// How a person wants to be told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preferences {
    /// The hours in which they are left in peace; `None`: as the airport has it.
    pub quiet: Option<QuietHours>,
    /// What they chose for each channel, each at most once.
    pub channels: Vec<ChannelChoice>,
}

/// What a person chose for a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelChoice {
    /// The channel.
    pub channel: v1::Channel,
    /// Whether they may be told there.
    pub consents: bool,
    /// The least urgent class that they want to hear of there.
    pub least: Priority,
}

impl Preferences {
    /// Returns whether a person wants to hear of a class on the sessions.
    pub fn wants(&self, priority: Priority) -> bool {
        let mut chosen = self.channels.iter().filter(|choice| choice.channel == v1::Channel::Session);
        priority <= Priority::P1 || chosen.all(|choice| choice.consents && priority <= choice.least)
    }
}

/// When the flight goes that a notice is about, as far as is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Travel {
    /// When it leaves.
    pub departs_at: Option<Timestamp>,
    /// When it lands.
    pub arrives_at: Option<Timestamp>,
}

impl Travel {
    /// Returns from when the flight is near, unless it is near at this instant. One whose times
    /// nobody knows is near: its bags move now.
    pub fn is_far_until(&self, at: Timestamp) -> Option<Timestamp> {
        let (begin, end) = (self.departs_at.or(self.arrives_at)?, self.arrives_at.or(self.departs_at)?);
        let begin = begin.checked_sub(NEAR).unwrap_or(begin);
        match end.checked_add(NEAR) {
            Ok(end) if at > end => Some(Timestamp::MAX),
            _ => Some(begin).filter(|begin| at < *begin),
        }
    }
}

/// A notice that somebody needs, before it is known when it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The notice.
    pub notice: Notice,
    /// The flight that it is about.
    pub travel: Travel,
}

/// Why a notice waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldReason {
    /// It may still change.
    Merging,
    /// The person has quiet hours.
    Quiet,
    /// The person was told much lately.
    Capped,
}

impl HoldReason {
    const ALL: [Self; 3] = [Self::Merging, Self::Quiet, Self::Capped];

    /// Returns the reason on the wire and in the log.
    pub fn to_proto(self) -> v1::HoldReason {
        match self {
            Self::Merging => v1::HoldReason::Merging,
            Self::Quiet => v1::HoldReason::Quiet,
            Self::Capped => v1::HoldReason::Capped,
        }
    }

    /// Returns the reason of a stored number.
    pub fn from_proto(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.to_proto() as i32 == number)
    }
}

/// Why a notice is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuppressReason {
    /// It was of no use any more.
    Expired,
    /// It says what was said last.
    Unchanged,
    /// The person does not want to hear of its class.
    Unwanted,
    /// It turned out wrong before it was said, or takes back what was never said.
    Withdrawn,
    /// Too many more urgent ones waited.
    Crowded,
}

impl SuppressReason {
    const ALL: [Self; 5] = [Self::Expired, Self::Unchanged, Self::Unwanted, Self::Withdrawn, Self::Crowded];

    /// Returns the reason on the wire and in the log.
    pub fn to_proto(self) -> v1::SuppressReason {
        match self {
            Self::Expired => v1::SuppressReason::Expired,
            Self::Unchanged => v1::SuppressReason::Unchanged,
            Self::Unwanted => v1::SuppressReason::Unwanted,
            Self::Withdrawn => v1::SuppressReason::Withdrawn,
            Self::Crowded => v1::SuppressReason::Crowded,
        }
    }

    /// Returns the reason of a stored number.
    pub fn from_proto(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.to_proto() as i32 == number)
    }
}

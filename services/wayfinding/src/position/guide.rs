//! Guides a walk to its goal: fixes and steps in, guidance out.
//!
//! **Policy.** The [`Follower`] says where the walk is; the route says where it should be. A walk is astray
//! when it is further from the line than [`OFF_M`] and its own radius allow, on a level that the way does not
//! touch, or [`BACK_M`] behind where it was; [`ASTRAY`] such observations in a row are a wrong turn, and the
//! way is found anew from there. One is not: a single scan lies. While a way is still young, a first fix that
//! was wrong is no wrong turn, and the way is found anew at once. Within [`ARRIVED_M`] of the goal the walk
//! has arrived.
//!
//! **The venue changes.** Told of it by [`Guide::change`], the guide asks for the way again. The same way is
//! not told again; another one is, and whether what was open is closed or something is quicker now.
//!
//! **Steps.** A phone that counts steps says how far legs went, so the filter need not guess it from the time,
//! and between two scans the walk goes on along the way. Never through a ride: a level is left by what scans
//! say. Pure: times, fixes and the venue come in with each call.

use std::sync::Arc;
use std::time::Duration;

use geo::Coord;

use super::Fix;
use super::follow::{Followed, Follower, apart_m};
use super::track::Track;
use crate::overlay::Overlay;
use crate::route::resolve::resolve;
use crate::route::{Outcome, Reason, Route, RouteError, RouteRequest, route};
use crate::search::Searcher;
use crate::snapshot::Snapshot;

mod course;

use course::{Course, Placed, Spot};

/// How far from the line a walk may be and still be on the way, in metres; more where its radius is wider.
pub const OFF_M: f64 = 9.0;
/// How far behind where it was a walk may fall and still be on the way, in metres.
pub const BACK_M: f64 = 15.0;
/// How many observations in a row off the way are a wrong turn.
pub const ASTRAY: u32 = 3;
/// How many observations of a new way may correct its beginning.
const YOUNG: u32 = 3;
/// How near the goal a walk has arrived, in metres left to walk.
pub const ARRIVED_M: f64 = 8.0;
/// The longest walk that a pedometer may report at once, in metres.
pub const WALKED_MAX_M: f64 = 500.0;

/// The venue as it is at one moment, and what searches need.
pub struct Moment<'a> {
    /// The map.
    pub snapshot: &'a Snapshot,
    /// What is closed or delayed.
    pub overlay: &'a Overlay,
    /// When it is, by the venue's clocks; `None` leaves opening hours out.
    pub now: Option<crate::Moment>,
    /// Buffers of a search.
    pub searcher: &'a mut Searcher,
}

/// What a phone noticed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Noticed {
    /// A scan or a satellite says where it is.
    Fix(Fix),
    /// It was carried so many metres on foot since it last said so.
    Walked(f64),
}

/// Why a way is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The walk begins, or where it began is known better.
    Begins,
    /// The walk left the way.
    WrongTurn,
    /// The way that was told cannot be walked any more, or takes longer.
    Closed,
    /// There is a quicker way now.
    Quicker,
}

/// What is new: a way, or that there is none.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// Walk so from now on.
    Way(Cause, Route),
    /// There is no way from here, and why, in the language asked for.
    NoWay(Reason, String),
}

/// What is left of the way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ahead {
    /// The step being walked, among those of the way told last.
    pub step: usize,
    /// The metres to the end of this step, where the next begins.
    pub step_m: f64,
    /// The metres to the goal.
    pub left_m: f64,
    /// The seconds to the goal, delays included.
    pub left_seconds: f64,
    /// How much of the way is behind, 0 to 1.
    pub done: f64,
}

/// What a walker is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Guidance {
    /// Where the walk is; its position is on the way while the walk is.
    pub here: Followed,
    /// Whether the walk is on the way; when not, the next guidance may bring another way.
    pub on_way: bool,
    /// What is left; `None` without a way.
    pub ahead: Option<Ahead>,
    /// What is new.
    pub news: Option<News>,
    /// Whether the goal is reached.
    pub arrived: bool,
}

impl Guidance {
    fn without_way(here: Followed) -> Self {
        Self { here, on_way: false, ahead: None, news: None, arrived: false }
    }
}

/// One walk with a goal.
#[derive(Clone, Debug)]
pub struct Guide {
    asked: RouteRequest,
    follower: Follower,
    course: Option<Course>,
    here: Option<Followed>,
    /// Where the walk was when there was no way.
    no_way_from: Option<Followed>,
    spot: Spot,
    /// The furthest that the walk has been on the way.
    furthest_m: f64,
    /// Observations in a row off the way.
    astray: u32,
    /// Observations since the way was told.
    age: u32,
}

impl Guide {
    /// Begins a walk to a goal; where it begins is what the first fix says, not `from`.
    pub fn new(track: Arc<Track>, asked: RouteRequest) -> Self {
        Self {
            asked,
            follower: Follower::new(track),
            course: None,
            here: None,
            no_way_from: None,
            spot: Spot::default(),
            furthest_m: 0.0,
            astray: 0,
            age: 0,
        }
    }

    /// Returns the memory that a walk on these ways takes, in bytes.
    pub fn bytes(track: &Track) -> usize {
        size_of::<Self>() + Follower::bytes(track)
    }

    /// Checks that the goal is a place of the venue.
    ///
    /// # Errors
    /// When it is not, with the field `to`.
    pub fn check(&self, snapshot: &Snapshot, overlay: &Overlay) -> Result<(), RouteError> {
        resolve(snapshot, overlay, self.asked.who(), "to", &self.asked.to).map(drop)
    }

    /// Takes what a phone noticed, at a time counted from any fixed moment; `None` while nothing says where
    /// the walk is.
    ///
    /// # Errors
    /// When the goal is no place of the venue.
    pub fn observe(
        &mut self,
        moment: &mut Moment<'_>,
        at: Duration,
        noticed: &Noticed,
    ) -> Result<Option<Guidance>, RouteError> {
        match noticed {
            Noticed::Fix(fix) => {
                let Some(here) = self.follower.observe(at, fix) else { return Ok(None) };
                self.here = Some(here);
                let stays =
                    |there: &Followed| there.level == here.level && apart_m(there.at, here.at) <= OFF_M;
                match &self.course {
                    // Nothing that could open a way has happened since there was none.
                    None if self.no_way_from.as_ref().is_some_and(stays) => {
                        Ok(Some(Guidance::without_way(here)))
                    }
                    None => self.begin(moment, here, Cause::Begins).map(Some),
                    Some(_) => self.place(moment, here).map(Some),
                }
            }
            // A number that is none is no walk.
            Noticed::Walked(metres) => {
                let metres = if metres.is_finite() { metres.clamp(0.0, WALKED_MAX_M) } else { 0.0 };
                Ok(self.walked(metres))
            }
        }
    }

    /// Asks for the way again because something of the venue changed; `None` where the walk has not begun or
    /// goes on as before.
    ///
    /// # Errors
    /// When the goal is no place of the venue any more.
    pub fn change(&mut self, moment: &mut Moment<'_>) -> Result<Option<Guidance>, RouteError> {
        let Some(here) = self.here else { return Ok(None) };
        let Some(before) = self.course.take() else {
            return self.begin(moment, here, Cause::Begins).map(Some);
        };
        let (spot, left_seconds) = (self.spot, before.left(self.spot, here.in_shaft).seconds);
        let mut guidance = self.begin(moment, here, Cause::Closed)?;
        let Some(after) = &self.course else { return Ok(Some(guidance)) };
        if before.leads_as(after, spot) && (after.route.seconds - left_seconds).abs() < 1.0 {
            // The same way: the walk goes on along the one that was told.
            (self.course, self.spot) = (Some(before), spot);
            return Ok(None);
        }
        if after.route.seconds < left_seconds
            && let Some(News::Way(cause, _)) = &mut guidance.news
        {
            *cause = Cause::Quicker;
        }
        Ok(Some(guidance))
    }

    /// Follows the walk on another map of the venue, as if it began anew.
    pub fn moved_to(&mut self, track: Arc<Track>) {
        (self.follower, self.course) = (Follower::new(track), None);
        (self.here, self.no_way_from) = (None, None);
    }

    /// Finds the way from where the walk is.
    fn begin(
        &mut self,
        moment: &mut Moment<'_>,
        here: Followed,
        cause: Cause,
    ) -> Result<Guidance, RouteError> {
        let frame = moment.snapshot.graph().frame();
        let from = |at: [f64; 2]| {
            let [lon, lat] = frame.to_world(Coord { x: at[0], y: at[1] });
            format!("{lon},{lat},{}", here.level)
        };
        (self.asked.from, self.asked.depart) = (from(here.at), moment.now);
        (self.spot, self.furthest_m, self.astray, self.age) = (Spot::default(), 0.0, 0, 0);
        let mut found = route(moment.snapshot, moment.overlay, moment.searcher, &self.asked);
        // A position may lie in a wall or where nobody walks; who is there stands on a way near by.
        if let Err(RouteError::OffVenue { field: "from" }) = found
            && let Some(way) = self.follower.nearest_way(here.level, here.at)
        {
            self.asked.from = from(way);
            found = route(moment.snapshot, moment.overlay, moment.searcher, &self.asked);
        }
        match found? {
            Outcome::Found(way) => {
                self.course = Some(Course::new(frame, way.clone()));
                self.no_way_from = None;
                Ok(self.told(here, true, Some(News::Way(cause, way))))
            }
            Outcome::NotFound { reason, text, .. } => {
                self.course = None;
                self.no_way_from = Some(here);
                Ok(Guidance { news: Some(News::NoWay(reason, text)), ..Guidance::without_way(here) })
            }
        }
    }

    /// Holds a fix against the way.
    fn place(&mut self, moment: &mut Moment<'_>, here: Followed) -> Result<Guidance, RouteError> {
        let Some(course) = &self.course else { return Ok(Guidance::without_way(here)) };
        self.age = self.age.saturating_add(1);
        let at = Coord { x: here.at[0], y: here.at[1] };
        let placed = course.place(here.level, at, self.spot);
        let off_m = OFF_M.max(1.5 * here.radius_m);
        let back_m = BACK_M.max(2.0 * here.radius_m);
        let near = placed.filter(|placed| {
            placed.gap_m <= off_m && course.walked_m(placed.spot) >= self.furthest_m - back_m
        });
        if let Some(Placed { spot, at, .. }) = near {
            self.furthest_m = self.furthest_m.max(course.walked_m(spot));
            (self.spot, self.astray) = (spot, 0);
            return Ok(self.told(Followed { at: [at.x, at.y], ..here }, true, None));
        }
        // In a shaft a walk is between two levels, and on neither.
        if here.in_shaft {
            return Ok(self.told(here, true, None));
        }
        self.astray += 1;
        if self.age <= YOUNG {
            return self.begin(moment, here, Cause::Begins);
        }
        if self.astray >= ASTRAY {
            return self.begin(moment, here, Cause::WrongTurn);
        }
        Ok(self.told(here, false, None))
    }

    /// Lets a walk go on along its way by what a pedometer counted.
    fn walked(&mut self, metres: f64) -> Option<Guidance> {
        self.follower.walked(metres);
        let here = self.here?;
        let course = self.course.as_ref().filter(|_| self.astray == 0)?;
        let Placed { spot, at, .. } = course.further(self.spot, metres)?;
        self.spot = spot;
        let here = Followed { at: [at.x, at.y], level: course.level(spot).unwrap_or(here.level), ..here };
        Some(self.told(here, true, None))
    }

    fn told(&self, here: Followed, on_way: bool, news: Option<News>) -> Guidance {
        let Some(course) = &self.course else { return Guidance { news, ..Guidance::without_way(here) } };
        let left = course.left(self.spot, here.in_shaft);
        let ahead = Ahead {
            step: left.step,
            step_m: left.step_m,
            left_m: left.all_m,
            left_seconds: left.seconds,
            done: (1.0 - left.all_m / course.route.length_m.max(f64::MIN_POSITIVE)).clamp(0.0, 1.0),
        };
        let last = course.route.levels.last().copied();
        let arrived = on_way && left.all_m <= ARRIVED_M && last == Some(here.level);
        Guidance { here, on_way, ahead: Some(ahead), news, arrived }
    }
}

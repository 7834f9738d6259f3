//! How long a followed way takes in a venue as it is at a moment.

use std::collections::BTreeMap;

use airside_api::navigation::v1;
use airside_kernel::Timestamp;
use airside_wayfinding::{
    FeatureId, Outcome, Overlay, Route, RouteRequest, Searcher, Step, StepKind,
    route::{RouteError, route},
};
use bytes::Bytes;
use prost::Message;

use super::model::{Advice, Certainty, Goal, Times};
use crate::{
    leave::{self, Way},
    model::Wait,
    project::{Live, boards::Signs},
    service::ask,
    venues::{BELT, GATE},
};

/// A way that is judged: from where to where for whom.
#[derive(Debug, Clone)]
pub struct Question {
    request: RouteRequest,
    /// Whether it leads to a gate that closes.
    is_to_gate: bool,
}

impl Question {
    /// Reads what was sealed, and where it leads now; `None` while the flight has no gate or belt here, or
    /// when nobody can read it.
    pub fn read(sealed: &[u8], goal: &Goal, signs: Option<&Signs>, live: &Live) -> Option<Self> {
        let question = v1::WayQuestion::decode(sealed).ok()?;
        let sign = |kind, sign: &str| {
            let place = live.snapshot.signed(kind, sign).filter(|_| !sign.is_empty());
            place.map(|place| place.id.to_string())
        };
        let to = match goal {
            Goal::Place => question.to,
            Goal::Gate(_) => sign(GATE, &signs?.gate)?,
            Goal::Belt(_) => sign(BELT, &signs?.belt)?,
        };
        let request = RouteRequest {
            from: question.from,
            to,
            profile: ask::profile(question.profile).ok()?,
            speed: ask::speed(question.pace, question.walking_speed_mps).ok()?,
            ..RouteRequest::default()
        };
        Some(Self { request, is_to_gate: matches!(goal, Goal::Gate(_)) })
    }

    /// Returns the way at an instant, if there is one.
    ///
    /// # Errors
    /// When an end is no place. The error tells where somebody is: it is for them, and for no log.
    pub fn way(
        &self,
        live: &Live,
        overlay: &Overlay,
        searcher: &mut Searcher,
        at: Timestamp,
    ) -> Result<Option<Route>, RouteError> {
        let request = RouteRequest { depart: Some(live.moment(at)), ..self.request.clone() };
        Ok(match route(&live.snapshot, overlay, searcher, &request)? {
            Outcome::Found(route) => Some(route),
            Outcome::NotFound { .. } => None,
        })
    }

    /// Returns what is known of a way.
    pub fn advice(
        &self,
        way: Option<&Route>,
        waits: &BTreeMap<FeatureId, Wait>,
        signs: Option<&Signs>,
        at: Timestamp,
    ) -> Advice {
        let leave = way.zip(signs.filter(|_| self.is_to_gate));
        let leave = leave.and_then(|(way, signs)| leave::leave(at, signs, &Way::of(way)));
        Advice {
            times: way.map(|way| times(way, waits, at)),
            leave_by: leave.and_then(|leave| leave.leave_by),
        }
    }
}

/// Returns the sealed form of a question.
pub fn sealed(from: String, to: String, request: &v1::FollowWayRequest) -> Bytes {
    let question = v1::WayQuestion {
        from,
        to,
        profile: request.profile,
        pace: request.pace,
        walking_speed_mps: request.walking_speed_mps,
    };
    question.encode_to_vec().into()
}

/// Tells whether a way is another than before.
pub fn is_another(before: &Route, now: Option<&Route>) -> bool {
    now.is_none_or(|now| now.line != before.line)
}

/// Returns how long a route takes, and what its waits are known from: where each is as it was reported.
fn times(route: &Route, waits: &BTreeMap<FeatureId, Wait>, at: Timestamp) -> Times {
    let way = Way::of(route);
    let is_check = |kind: StepKind| matches!(kind, StepKind::Security | StepKind::Border | StepKind::Customs);
    let waited = || route.steps.iter().filter(|step| is_check(step.kind) || step.wait_s > 0.0);
    let is_named = |feature: &Option<FeatureId>| {
        let wait = feature.as_ref().and_then(|feature| waits.get(feature));
        wait.is_some_and(|wait| wait.holds(at))
    };
    // At a check nobody waits longer than is usual unless that was reported.
    let is_reported = |step: &Step| is_named(&step.feature) || is_check(step.kind) && step.wait_s > 0.0;
    let measured = waited().count() > 0 && waited().all(is_reported);
    Times {
        walking_s: whole(way.walking_s),
        waiting_s: whole(way.waiting_s),
        at_security: waited().count() > 0 && waited().all(|step| step.kind == StepKind::Security),
        certainty: if measured { Certainty::Measured } else { Certainty::Estimated },
    }
}

fn whole(seconds: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a way takes days at most")]
    let whole = seconds.max(0.0).round() as u32;
    whole
}

//! From what is known to answers.

use airside_api::notifications::v1;
use airside_runtime::stored::timestamp_message;

use crate::{
    model::{AckLevel, Locale},
    trail::{Step, Trail, What},
    words,
};

/// Returns what became of a notice, in the words of a language.
pub(super) fn trail(trail: &Trail, locale: Locale) -> v1::NoticeTrail {
    let notice = &trail.notice;
    v1::NoticeTrail {
        notification_id: notice.id.to_string(),
        kind: notice.kind.to_proto() as i32,
        priority: notice.priority.to_proto() as i32,
        text: words::text(notice.kind, &notice.parameters, locale),
        parameters: notice.parameters.as_ref().clone(),
        seq: trail.seq.unwrap_or_default(),
        expires_at: notice.expires_at.map(timestamp_message),
        supersedes: notice.supersedes.map(|id| id.to_string()).unwrap_or_default(),
        steps: trail.steps.iter().map(step).collect(),
    }
}

fn step(&Step { at, what }: &Step) -> v1::TrailStep {
    use v1::TrailStepKind as Kind;
    let step = |kind: Kind| v1::TrailStep {
        kind: kind as i32,
        at: Some(timestamp_message(at)),
        ..v1::TrailStep::default()
    };
    match what {
        What::Created => step(Kind::Created),
        What::Held { until, reason } => v1::TrailStep {
            until: Some(timestamp_message(until)),
            hold_reason: reason.to_proto() as i32,
            ..step(Kind::Held)
        },
        What::Merged { into } => v1::TrailStep { merged_into: into.to_string(), ..step(Kind::Merged) },
        What::Suppressed(reason) => {
            v1::TrailStep { suppress_reason: reason.to_proto() as i32, ..step(Kind::Suppressed) }
        }
        What::Sent => step(Kind::Sent),
        What::Reached(AckLevel::Delivered) => step(Kind::Delivered),
        What::Reached(AckLevel::Displayed) => step(Kind::Displayed),
        What::Reached(AckLevel::Read) => step(Kind::Read),
    }
}

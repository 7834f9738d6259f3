//! From positions and guidance to messages.

use airside_api::navigation::v1;
use airside_runtime::stored::timestamp_message;
use airside_wayfinding::{
    Language, Outcome, Who,
    position::{
        Datum, Fix, Followed, Guidance,
        guide::{Ahead, Cause, News},
    },
};

use super::super::answer::{self as common, DEGREE, METRE, SECOND, position, rounded};
use crate::{
    project::Live,
    radio::{
        events::{datum_number, form_number},
        model::RadioEdition,
    },
};

/// Shares of one are told in thousandths.
const SHARE: f64 = 1e3;

pub(super) fn fix(live: &Live, fix: &Fix, datum: Datum) -> v1::Whereabouts {
    let source = if fix.heard > 0 { v1::PositionSource::Radio } else { v1::PositionSource::Satellite };
    let here = Followed {
        level: fix.level,
        at: fix.at,
        radius_m: fix.radius_m,
        confidence: fix.confidence,
        in_shaft: false,
    };
    v1::Whereabouts {
        source: source.into(),
        transmitters_known: u32::try_from(fix.heard).unwrap_or(u32::MAX),
        ..whereabouts(live, &here, datum)
    }
}

fn whereabouts(live: &Live, here: &Followed, datum: Datum) -> v1::Whereabouts {
    let lon_lat = live.snapshot.lon_lat(here.at);
    let [longitude, latitude] = datum.of_wgs84(lon_lat).map(|degrees| rounded(degrees, DEGREE));
    let snapped = live.snapshot.snap(&live.overlay, Who::default(), lon_lat, here.level);
    let on_way = snapped.map(|snapped| v1::PointOnWay {
        position: Some(position(live.snapshot.lon_lat([snapped.at.x, snapped.at.y]), here.level)),
        gap_m: rounded(snapped.gap_m, METRE),
        unit_id: live.snapshot.unit_of(&snapped).map_or_else(String::new, ToString::to_string),
    });
    v1::Whereabouts {
        position: Some(position(lon_lat, here.level)),
        coordinates: Some(v1::Coordinates { longitude, latitude, datum: datum_number(datum) }),
        radius_m: rounded(here.radius_m, METRE),
        confidence: rounded(here.confidence, SHARE),
        on_way,
        ..Default::default()
    }
}

pub(super) fn guidance(
    live: &Live,
    told: Guidance,
    language: Language,
    datum: Datum,
    source: v1::PositionSource,
) -> v1::GuideResponse {
    let ahead = told.ahead.map(|Ahead { step, step_m, left_m, left_seconds, done }| v1::WayAhead {
        step: u32::try_from(step).unwrap_or(u32::MAX),
        step_left_m: rounded(step_m, METRE),
        left_m: rounded(left_m, METRE),
        left_seconds: rounded(left_seconds, SECOND),
        done: rounded(done, SHARE),
    });
    let new_way = told.news.map(|news| {
        let (cause, outcome) = match news {
            News::Way(cause, route) => (cause, Outcome::Found(route)),
            News::NoWay(reason, text) => (Cause::Closed, Outcome::NotFound { reason, text, as_far_as: None }),
        };
        v1::NewWay { cause: number(cause).into(), route: Some(common::route(live, outcome, language)) }
    });
    v1::GuideResponse {
        here: Some(v1::Whereabouts { source: source.into(), ..whereabouts(live, &told.here, datum) }),
        is_on_way: told.on_way,
        ahead,
        new_way,
        has_arrived: told.arrived,
        problem: String::new(),
    }
}

fn number(cause: Cause) -> v1::WayCause {
    match cause {
        Cause::Begins => v1::WayCause::Begins,
        Cause::WrongTurn => v1::WayCause::WrongTurn,
        Cause::Closed => v1::WayCause::Closed,
        Cause::Quicker => v1::WayCause::Quicker,
    }
}

pub(super) fn version(edition: &RadioEdition, is_current: bool) -> v1::RadioMapVersion {
    v1::RadioMapVersion {
        version: edition.version.to_string(),
        digest: edition.digest.to_string(),
        form: form_number(edition.form),
        bytes: edition.bytes,
        published_at: Some(timestamp_message(edition.published_at)),
        is_current,
    }
}

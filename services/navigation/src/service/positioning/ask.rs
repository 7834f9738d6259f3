//! From calls to scans, positions and goals; every refusal names the field and the remedy.

use airside_api::navigation::v1::{self, guide_request::What};
use airside_runtime::{auth::Caller, status::invalid};
use airside_wayfinding::{
    RouteRequest, Who,
    position::{
        Datum, Fix, Reading, SatelliteFix, Scan, Transmitter, guide::WALKED_MAX_M, scan::READINGS_MAX,
    },
};
use tonic::Status;

use super::super::ask as common;
use crate::{project::Live, radio::events};

/// How near a phone is to a place that it knows otherwise, such as a sign with a code, in metres.
const TOLD_RADIUS_M: f64 = 3.0;
/// How sure the level of such a place is.
const TOLD_CONFIDENCE: f64 = 0.98;

/// What a phone hears and sees.
pub(super) struct Heard {
    pub(super) scan: Option<Scan>,
    pub(super) satellite: Option<Satellite>,
    /// The level that goes with the satellite's position.
    pub(super) ordinal: i32,
}

/// A position by satellite.
pub(super) struct Satellite(SatelliteFix);

impl Satellite {
    pub(super) fn fix(&self, live: &Live, ordinal: i32) -> Result<Fix, Status> {
        level("satellite.ordinal", live, ordinal)?;
        Ok(self.0.fix(live.snapshot.graph().frame(), ordinal))
    }
}

/// What a message of a walk says.
pub(super) enum Said {
    Heard(Heard),
    Told(v1::Position),
    Walked(f64),
}

pub(super) fn datum(field: &str, number: i32) -> Result<Datum, Status> {
    events::datum(number).ok_or_else(|| invalid(field, "use DATUM_WGS84 or DATUM_GCJ02"))
}

pub(super) fn heard(
    scan: Option<&v1::HeardScan>,
    satellite: Option<&v1::SatellitePosition>,
) -> Result<Heard, Status> {
    let ordinal = satellite.map_or(0, |satellite| satellite.ordinal);
    let scan = scan.map(self::scan).transpose()?;
    let satellite = satellite.map(self::satellite).transpose()?;
    if scan.is_none() && satellite.is_none() {
        return Err(invalid("scan", "send what the phone hears, or a satellite's position"));
    }
    Ok(Heard { scan, satellite, ordinal })
}

fn scan(heard: &v1::HeardScan) -> Result<Scan, Status> {
    let count = heard.beacons.len() + heard.access_points.len();
    if count > READINGS_MAX {
        return Err(invalid(
            "scan",
            format_args!("it has {count} readings; send the loudest {READINGS_MAX}"),
        ));
    }
    let mut readings = Vec::with_capacity(count);
    for (at, beacon) in heard.beacons.iter().enumerate() {
        let field = format!("scan.beacons[{at}]");
        let part = |name: &str, number: u32| {
            u16::try_from(number)
                .map_err(|_| invalid(&format!("{field}.{name}"), "use a number from 0 to 65535"))
        };
        let (major, minor) = (part("major", beacon.major)?, part("minor", beacon.minor)?);
        let transmitter = Transmitter::beacon(&beacon.uuid, major, minor)
            .map_err(|error| invalid(&format!("{field}.uuid"), error))?;
        readings.push(Reading { transmitter, rssi_dbm: beacon.rssi_dbm as f32 });
    }
    for (at, access_point) in heard.access_points.iter().enumerate() {
        let transmitter = Transmitter::access_point(&access_point.bssid)
            .map_err(|error| invalid(&format!("scan.access_points[{at}].bssid"), error))?;
        readings.push(Reading { transmitter, rssi_dbm: access_point.rssi_dbm as f32 });
    }
    Scan::new(readings).map_err(|error| invalid("scan", error))
}

fn satellite(at: &v1::SatellitePosition) -> Result<Satellite, Status> {
    let datum = datum("satellite.datum", at.datum)?;
    let fix = SatelliteFix::new([at.longitude, at.latitude], at.accuracy_m, datum);
    fix.map(Satellite).map_err(|error| invalid("satellite", error))
}

/// Returns the fix of a place that a phone knows otherwise.
pub(super) fn told(live: &Live, at: &v1::Position) -> Fix {
    let there = live.snapshot.graph().frame().to_plane(at.longitude, at.latitude);
    Fix {
        building: 0,
        level: at.ordinal,
        at: [there.x, there.y],
        radius_m: TOLD_RADIUS_M,
        confidence: TOLD_CONFIDENCE,
        heard: 0,
    }
}

/// Refuses a place that is on no level, or further from every way than anybody stands.
pub(super) fn on_venue(live: &Live, fix: Fix) -> Result<Fix, Status> {
    level("position.ordinal", live, fix.level)?;
    let lon_lat = live.snapshot.lon_lat(fix.at);
    let is_near = live.snapshot.snap(&live.overlay, Who::default(), lon_lat, fix.level).is_some();
    let is_near = is_near && fix.at.iter().all(|c| c.is_finite());
    is_near.then_some(fix).ok_or_else(|| {
        invalid("position", "it is more than 30 m from every way of the venue; check the place and its datum")
    })
}

fn level(field: &str, live: &Live, ordinal: i32) -> Result<(), Status> {
    let known = live.snapshot.graph().ordinals();
    if known.contains(&ordinal) {
        return Ok(());
    }
    Err(invalid(field, format_args!("no level has the ordinal {ordinal}; use one of {known:?}")))
}

/// Returns the question for the way to a goal; where it begins is what the phone says later.
pub(super) fn goal(goal: &v1::GuideGoal, caller: &Caller) -> Result<RouteRequest, Status> {
    Ok(RouteRequest {
        to: common::end("goal.to", goal.to.as_ref())?,
        profile: common::profile(goal.profile)?,
        speed: common::speed(goal.pace, goal.walking_speed_mps)?,
        language: common::language(goal.language)?,
        rights: common::rights(goal.rights, caller)?,
        ..RouteRequest::default()
    })
}

/// Reads a message of a walk that has begun.
pub(super) fn said(what: Option<What>) -> Result<Said, Status> {
    match what {
        Some(What::Scan(scan)) => heard(Some(&scan), None).map(Said::Heard),
        Some(What::Satellite(at)) => heard(None, Some(&at)).map(Said::Heard),
        Some(What::Position(at)) => Ok(Said::Told(at)),
        Some(What::Walked(v1::Walked { metres })) => {
            if (0.0..=WALKED_MAX_M).contains(&metres) {
                Ok(Said::Walked(metres))
            } else {
                Err(invalid("walked.metres", format_args!("{metres} is no walk; use 0 to 500")))
            }
        }
        Some(What::Goal(_)) => Err(invalid("goal", "a walk has one; open another stream for another")),
        None => Err(invalid("what", "send a scan, a position or what was walked")),
    }
}

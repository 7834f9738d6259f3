//! The coordinate systems of a phone in China, and a position by satellite at the edge of the venue.
//!
//! Phones there may report GCJ-02, the public system, whose points lie some hundred metres off WGS 84. The
//! forward formula is the published approximation; the way back solves it by fixed-point steps, so there and
//! back again ends within a millimetre of where it began. The official transform differs from the published
//! one by well under a metre, which is far less than a phone's own error. Outside of the box of China both
//! systems are one.

use std::f64::consts::PI;

use super::Fix;
use crate::graph::Frame;

/// The box within which GCJ-02 differs, as least and greatest longitude and latitude.
const CHINA: ([f64; 2], [f64; 2]) = ([72.004, 0.8293], [137.8347, 55.8271]);
/// The semi-major axis of the Krasovsky 1940 ellipsoid, in metres, and its eccentricity squared.
const KRASOVSKY: (f64, f64) = (6_378_245.0, 0.006_693_421_622_965_943);
/// The steps of the way back; each one gains some four digits.
const STEPS: usize = 8;
/// The worst accuracy that still says something, in metres.
pub const ACCURACY_MAX_M: f64 = 200.0;

/// The coordinate system of a longitude and latitude.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Datum {
    /// The world's: what GPS speaks.
    #[default]
    Wgs84,
    /// China's public system: what maps and mini-programs there speak.
    Gcj02,
}

impl Datum {
    /// Returns a position of this system in WGS 84, as longitude and latitude in degrees.
    pub fn to_wgs84(self, lon_lat: [f64; 2]) -> [f64; 2] {
        match self {
            Self::Wgs84 => lon_lat,
            Self::Gcj02 => {
                let mut guess = lon_lat;
                for _ in 0..STEPS {
                    let there = Self::Gcj02.of_wgs84(guess);
                    guess = [guess[0] + lon_lat[0] - there[0], guess[1] + lon_lat[1] - there[1]];
                }
                guess
            }
        }
    }

    /// Returns a WGS 84 position in this system, as longitude and latitude in degrees.
    pub fn of_wgs84(self, [lon, lat]: [f64; 2]) -> [f64; 2] {
        let inside = (CHINA.0[0]..=CHINA.1[0]).contains(&lon) && (CHINA.0[1]..=CHINA.1[1]).contains(&lat);
        if self == Self::Wgs84 || !inside {
            return [lon, lat];
        }
        let (axis_m, eccentricity_2) = KRASOVSKY;
        let [east, north] = wobble(lon - 105.0, lat - 35.0);
        let radians = lat.to_radians();
        let magic = 1.0 - eccentricity_2 * radians.sin().powi(2);
        let lat_off = north * 180.0 / (axis_m * (1.0 - eccentricity_2) / (magic * magic.sqrt()) * PI);
        let lon_off = east * 180.0 / (axis_m / magic.sqrt() * radians.cos() * PI);
        [lon + lon_off, lat + lat_off]
    }
}

/// Returns how far GCJ-02 lies east and north, in its own metres, by degrees from 105 E, 35 N.
fn wobble(x: f64, y: f64) -> [f64; 2] {
    let wave = |amplitudes: [f64; 2], at: f64, periods: [f64; 2]| {
        (amplitudes[0] * (at * PI / periods[0]).sin() + amplitudes[1] * (at * PI / periods[1]).sin()) * 2.0
            / 3.0
    };
    let root = x.abs().sqrt();
    let ripple = wave([20.0, 20.0], x, [1.0 / 6.0, 0.5]);
    let east = 300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * root
        + ripple
        + wave([20.0, 40.0], x, [1.0, 3.0])
        + wave([150.0, 300.0], x, [12.0, 30.0]);
    let north = -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * root
        + ripple
        + wave([20.0, 40.0], y, [1.0, 3.0])
        + wave([160.0, 320.0], y, [12.0, 30.0]);
    [east, north]
}

/// A position by satellite, as a phone reports it; good enough at the edge of a venue, not inside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SatelliteFix {
    lon_lat: [f64; 2],
    accuracy_m: f64,
}

/// Why a position by satellite is refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SatelliteError {
    /// Not a longitude and latitude.
    #[error("{lon}, {lat} is not a longitude and latitude in degrees")]
    Range {
        /// The longitude as given.
        lon: f64,
        /// The latitude as given.
        lat: f64,
    },
    /// Too vague to say where in a venue a phone is.
    #[error("an accuracy of {0} m is not above 0 and at most {ACCURACY_MAX_M} m; wait for a better fix")]
    Accuracy(f64),
}

impl SatelliteFix {
    /// Takes a position in degrees with its system and the 68 % radius that the phone claims.
    ///
    /// # Errors
    /// When the position is not on the globe or too vague.
    pub fn new(lon_lat: [f64; 2], accuracy_m: f64, datum: Datum) -> Result<Self, SatelliteError> {
        let [lon, lat] = lon_lat;
        if !(-180.0..=180.0).contains(&lon) || !(-90.0..=90.0).contains(&lat) {
            return Err(SatelliteError::Range { lon, lat });
        }
        if !(accuracy_m > 0.0 && accuracy_m <= ACCURACY_MAX_M) {
            return Err(SatelliteError::Accuracy(accuracy_m));
        }
        Ok(Self { lon_lat: datum.to_wgs84(lon_lat), accuracy_m })
    }

    /// Returns the fix on a venue's plane; a satellite cannot tell the level, so the caller names the one at
    /// its entrances, and the level is believed by half.
    pub fn fix(&self, frame: Frame, level: i32) -> Fix {
        let at = frame.to_plane(self.lon_lat[0], self.lon_lat[1]);
        Fix { building: 0, level, at: [at.x, at.y], radius_m: self.accuracy_m, confidence: 0.5, heard: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metres(a: [f64; 2], b: [f64; 2]) -> f64 {
        let east = (a[0] - b[0]) * 111_320.0 * a[1].to_radians().cos();
        east.hypot((a[1] - b[1]) * 110_946.0)
    }

    #[test]
    fn gcj_02_is_where_known_points_lie() {
        // Shanghai, Shenzhen and Beijing, as public converters give them.
        let known = [
            ([121.527_210_6, 31.177_427_6], [121.531_541_859_2, 31.175_303_983_6]),
            ([113.912_316, 22.543_847], [113.917_176_480_8, 22.540_796_131_7]),
            ([116.377_817, 39.911_954], [116.384_047_224_6, 39.913_345_455_4]),
        ];
        for (wgs84, gcj02) in known {
            assert!(metres(wgs84, gcj02) > 400.0);
            let off_m = metres(Datum::Gcj02.of_wgs84(wgs84), gcj02);
            assert!(off_m < 0.1, "{off_m} m");
            let off_m = metres(Datum::Gcj02.to_wgs84(gcj02), wgs84);
            assert!(off_m < 0.1, "{off_m} m");
        }
    }

    #[test]
    fn there_and_back_is_a_millimetre() {
        for lon in 0..60 {
            for lat in 0..50 {
                let here = [73.0 + f64::from(lon), 3.0 + f64::from(lat)];
                let back = Datum::Gcj02.to_wgs84(Datum::Gcj02.of_wgs84(here));
                assert!(metres(here, back) < 1e-3, "{here:?} {back:?}");
            }
        }
    }

    #[test]
    fn outside_china_both_are_one() {
        assert_eq!(Datum::Gcj02.to_wgs84([140.38, 35.77]), [140.38, 35.77]);
        assert_eq!(Datum::Gcj02.of_wgs84([-0.45, 51.47]), [-0.45, 51.47]);
    }

    #[test]
    fn a_position_off_the_globe_or_too_vague_is_refused() {
        assert!(matches!(
            SatelliteFix::new([f64::NAN, 0.0], 5.0, Datum::Wgs84),
            Err(SatelliteError::Range { .. })
        ));
        assert!(matches!(
            SatelliteFix::new([0.0, 91.0], 5.0, Datum::Gcj02),
            Err(SatelliteError::Range { .. })
        ));
        assert_eq!(SatelliteFix::new([0.0, 0.0], 900.0, Datum::Wgs84), Err(SatelliteError::Accuracy(900.0)));
        assert!(SatelliteFix::new([0.0, 0.0], f64::NAN, Datum::Wgs84).is_err());
    }
}

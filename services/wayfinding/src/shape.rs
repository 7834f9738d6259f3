//! GeoJSON as strangers draw it: read from bytes, bounded, and never believed to be finite.

use serde_json::Value;

mod collection;
mod crossing;

pub(crate) use collection::features;
pub(crate) use crossing::crosses_itself;

/// The most points of one feature; a terminal's outline has some three thousand.
pub(crate) const POINTS_MAX: usize = 50_000;
/// The furthest a coordinate may lie from zero, in metres or degrees; national grids stay below.
const FAR: f64 = 1e7;

/// Tells whether longitude and latitude are on the earth.
pub(crate) fn on_earth([lon, lat]: &[f64; 2]) -> bool {
    (-180.0..=180.0).contains(lon) && (-90.0..=90.0).contains(lat)
}

/// Reads a point, or says why it is none.
pub(crate) fn point(geometry: Option<&Value>) -> Result<[f64; 2], String> {
    let (kind, coordinates) = parts(geometry)?;
    let at = (kind == "Point").then(|| position(coordinates)).flatten();
    at.ok_or_else(|| "geometry is not a point of finite numbers".to_owned())
}

/// Reads a line of two or more points, or says why it is none.
pub(crate) fn line(geometry: Option<&Value>) -> Result<Vec<[f64; 2]>, String> {
    let (kind, coordinates) = parts(geometry)?;
    let line = (kind == "LineString").then(|| positions(coordinates)).flatten();
    let line = line.filter(|line| line.len() >= 2);
    line.ok_or_else(|| format!("geometry is not a line of 2 to {POINTS_MAX} points of finite numbers"))
}

/// Reads the polygons of a feature, each as rings of four or more points, or says why there are none.
pub(crate) fn polygons(geometry: Option<&Value>) -> Result<Vec<Vec<Vec<[f64; 2]>>>, String> {
    let (kind, coordinates) = parts(geometry)?;
    let polygons = match kind {
        "Polygon" => rings(coordinates).map(|rings| vec![rings]),
        "MultiPolygon" => coordinates.as_array().and_then(|parts| parts.iter().map(rings).collect()),
        _ => None,
    };
    let points = |polygons: &Vec<Vec<Vec<_>>>| polygons.iter().flatten().map(Vec::len).sum::<usize>();
    let polygons = polygons.filter(|polygons| !polygons.is_empty() && points(polygons) <= POINTS_MAX);
    polygons
        .ok_or_else(|| format!("geometry is not a polygon of closed rings with at most {POINTS_MAX} points"))
}

fn parts(geometry: Option<&Value>) -> Result<(&str, &Value), String> {
    let kind = geometry.and_then(|geometry| geometry.get("type")).and_then(Value::as_str);
    let coordinates = geometry.and_then(|geometry| geometry.get("coordinates"));
    kind.zip(coordinates).ok_or_else(|| "geometry is missing".to_owned())
}

fn rings(value: &Value) -> Option<Vec<Vec<[f64; 2]>>> {
    let rings: Vec<_> = value.as_array()?.iter().map(positions).collect::<Option<_>>()?;
    (!rings.is_empty() && rings.iter().all(|ring| ring.len() >= 4)).then_some(rings)
}

fn positions(value: &Value) -> Option<Vec<[f64; 2]>> {
    let points = value.as_array().filter(|points| points.len() <= POINTS_MAX)?;
    points.iter().map(position).collect()
}

fn position(value: &Value) -> Option<[f64; 2]> {
    let at = [value.get(0)?.as_f64()?, value.get(1)?.as_f64()?];
    at.iter().all(|number| number.abs() <= FAR).then_some(at)
}

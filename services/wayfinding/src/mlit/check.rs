//! Whether the layers are whole enough to make a graph of.

use super::Layers;
use super::fit::{Fit, Grid, RESIDUAL_MAX_M};
use crate::check::{Finding, Findings, Severity, structure};
use crate::geometry::{Frame, distance_m};
use crate::shape::on_earth;

/// The most features of one layer; Narita's three terminals have four thousand links.
const FEATURES_MAX: usize = 100_000;

pub(crate) fn check(layers: &Layers, findings: &mut Findings) {
    let mut violation = |rule, file: &str, feature_id, text, remedy: &str| {
        let (severity, file, remedy) = (Severity::Violation, file.to_owned(), remedy.to_owned());
        findings.push(Finding { severity, rule, file, feature_id, text, remedy });
    };
    for (layer, count) in [("node", layers.junctions.len()), ("link", layers.links.len())] {
        if count == 0 {
            let text = format!("no {layer} of the pedestrian network is there");
            violation(
                "file-missing",
                layer,
                None,
                text,
                "add the network (*_node.geojson and *_link.geojson)",
            );
        }
    }
    let counts = [
        ("node", layers.junctions.len()),
        ("link", layers.links.len()),
        ("space", layers.spaces.len()),
        ("fixture", layers.fixtures.len()),
        ("facility", layers.facilities.len()),
    ];
    for (layer, count) in counts.into_iter().filter(|(_, count)| *count > FEATURES_MAX) {
        let text = format!("{count} features are more than the {FEATURES_MAX} a venue may have");
        violation("venue-too-large", layer, None, text, "split the venue");
    }
    match grid(layers) {
        Err(text) => violation("grid-unknown", "node", None, text, "give each node its lat and lon"),
        Ok(Grid::Degrees) => {}
        Ok(grid) => {
            let (worst_m, node) = residual(layers, &grid);
            if worst_m > RESIDUAL_MAX_M {
                let text = format!("its lat and lon lie {worst_m:.2} m from where its coordinates say");
                violation(
                    "grid-doubtful",
                    "node",
                    node,
                    text,
                    "correct the node, or export both from one place",
                );
            }
        }
    }
    structure::ids(&layers.ids, findings);
    structure::references(&layers.ids, &layers.references, findings);
}

/// Finds how the coordinates become degrees, or says why that is not known.
pub(super) fn grid(layers: &Layers) -> Result<Grid, String> {
    let all = layers.junctions.iter().map(|junction| junction.at);
    let spaces = layers.spaces.iter().flat_map(|space| space.areas.iter().flatten().flatten().copied());
    if all.chain(spaces).all(|at| on_earth(&at)) {
        return Ok(Grid::Degrees);
    }
    let pairs = layers.junctions.iter().filter_map(|junction| Some((junction.at, junction.lon_lat?)));
    let fit = Fit::to(&pairs.collect::<Vec<_>>());
    fit.map(Grid::Fitted).ok_or_else(|| {
        "coordinates are metres of a plane, and too few nodes tell their lat and lon to learn which"
            .to_owned()
    })
}

/// Returns the furthest that a node lies from where the grid puts it, in metres, and which it is.
pub(super) fn residual(layers: &Layers, grid: &Grid) -> (f64, Option<String>) {
    let mut worst = (0.0, None);
    for junction in &layers.junctions {
        let Some([lon, lat]) = junction.lon_lat else { continue };
        let [fitted_lon, fitted_lat] = grid.lon_lat(junction.at);
        let frame = Frame::around(lon, lat);
        let off_m = distance_m(frame.to_plane(lon, lat), frame.to_plane(fitted_lon, fitted_lat));
        let off_m = if off_m.is_nan() { f64::INFINITY } else { off_m };
        if off_m > worst.0 {
            worst = (off_m, Some(junction.id.to_string()));
        }
    }
    worst
}

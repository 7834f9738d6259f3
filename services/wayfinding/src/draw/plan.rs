//! The plan itself: floors, walls, doors.

use std::collections::BTreeSet;

use geo::Coord;

use super::Scene;
use super::looks::Look;
use super::page::{Svg, number};
use crate::geometry::{Area, distance_m, nearest_on};
use crate::graph::{EdgeKind, NodeKind};
use crate::profile::Rights;

const STYLE: &str = "<style>.h{paint-order:stroke;stroke:#fff;stroke-width:2.6;stroke-linejoin:round;\
     stroke-opacity:.85}</style>\n\
     <defs><pattern id=\"closed\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" \
     patternTransform=\"rotate(45)\"><rect width=\"5\" height=\"5\" fill=\"#dde2e7\"/>\
     <rect width=\"1\" height=\"5\" fill=\"#cfd6dc\"/></pattern></defs>";

/// How near a wall must be to a door that stands in it, in metres.
const WALL_GAP_M: f64 = 0.8;
/// How wide a door is drawn whose width nobody told, in metres.
const DOOR_M: f64 = 1.2;
const DOOR_MAX_M: f64 = 40.0;

pub(super) fn draw(scene: &Scene<'_>, svg: &mut Svg) {
    svg.add(STYLE);
    svg.add("<rect width=\"1600\" height=\"1000\" fill=\"#e6ecf1\"/>");
    let whole: String =
        scene.rooms.iter().flat_map(|seen| &seen.room.areas).map(|area| scene.page.path(area)).collect();
    svg.add(&format!(
        "<path d=\"{whole}\" transform=\"translate(0 4)\" fill=\"#cdd7e0\" stroke=\"#cdd7e0\" \
         stroke-width=\"9\" stroke-linejoin=\"round\"/>"
    ));
    svg.add(&format!(
        "<path d=\"{whole}\" fill=\"none\" stroke=\"#71808f\" stroke-width=\"3.4\" stroke-linejoin=\"round\"/>"
    ));
    for seen in &scene.rooms {
        let (fill, stroke) = match seen.look {
            Look::Closed => ("url(#closed)", "#b3bdc7"),
            look if look.is_hall() => (look.fill(), "#a3afba"),
            look => (look.fill(), "#98a5b1"),
        };
        let width = number((scene.page.scale * 0.35).clamp(0.5, 1.4));
        let path = |areas: &[Area]| areas.iter().map(|area| scene.page.path(area)).collect::<String>();
        if seen.room.obstructed {
            // What is not floor is what stands on it.
            svg.add(&format!("<path d=\"{}\" fill=\"#c3ced8\"/>", path(&seen.room.areas)));
        }
        let path = path(if seen.room.obstructed { &seen.room.floors } else { &seen.room.areas });
        svg.add(&format!(
            "<path d=\"{path}\" fill=\"{fill}\" fill-rule=\"evenodd\" stroke=\"{stroke}\" stroke-width=\"{width}\"/>"
        ));
    }
    doors(scene, svg);
}

/// Draws doors as gaps in the walls; security lanes stay red.
fn doors(scene: &Scene<'_>, svg: &mut Svg) {
    let graph = scene.snapshot.graph();
    let mut gaps = [String::new(), String::new()];
    let mut drawn = BTreeSet::new();
    for index in graph.model.node_indices() {
        let node = &graph.model[index];
        let here = graph.storeys[node.level].ordinal == scene.ordinal;
        if node.kind != NodeKind::Opening || !here || !drawn.insert(node.features.first()) {
            continue;
        }
        let Some((along, wall_m)) = wall(scene, node.level, node.at) else { continue };
        let known = node.width_m.is_finite() && node.width_m > 0.0;
        let half = if known { node.width_m.min(DOOR_MAX_M) } else { DOOR_M }.min(wall_m) / 2.0;
        let ends = [-half, half].map(|by| scene.page.at(node.at + along * by));
        let lane = graph.model.edges(index).any(|edge| {
            let edge = edge.weight();
            edge.kind == EdgeKind::Security && edge.needs <= Rights::Passenger
        });
        let [[ax, ay], [bx, by]] = ends;
        let line = format!("M{} {}L{} {}", number(ax), number(ay), number(bx), number(by));
        gaps[usize::from(lane)].push_str(&line);
    }
    let width = (scene.page.scale * 0.7).clamp(1.2, 3.0);
    let [doors, lanes] = gaps;
    svg.add(&format!(
        "<path d=\"{doors}\" stroke=\"#fff\" stroke-width=\"{}\" fill=\"none\"/>",
        number(width)
    ));
    if !lanes.is_empty() {
        let width = number(width + 0.8);
        svg.add(&format!("<path d=\"{lanes}\" stroke=\"#d1543b\" stroke-width=\"{width}\" fill=\"none\"/>"));
    }
}

/// Finds the wall that a door stands in: its direction and its length.
fn wall(scene: &Scene<'_>, level: usize, at: Coord<f64>) -> Option<(Coord<f64>, f64)> {
    let areas = scene.rooms.iter().filter(|seen| seen.room.level == level).flat_map(|seen| &seen.room.areas);
    let near = areas.filter(|area| {
        let (low, high) = area.bounds();
        at.x > low.x - WALL_GAP_M
            && at.x < high.x + WALL_GAP_M
            && at.y > low.y - WALL_GAP_M
            && at.y < high.y + WALL_GAP_M
    });
    let lines = near.flat_map(|area| area.rings().flat_map(|ring| ring.lines()));
    let gaps = lines.map(|line| {
        let (spot, _) = nearest_on(at, line.start, line.end);
        (distance_m(spot, at), line)
    });
    let (gap_m, line) = gaps.min_by(|a, b| a.0.total_cmp(&b.0))?;
    let wall_m = distance_m(line.start, line.end);
    (gap_m <= WALL_GAP_M && wall_m > 1e-6).then(|| ((line.end - line.start) / wall_m, wall_m))
}

//! The route on the level: its line, where it begins and ends, and where it leaves for another level.

use super::Scene;
use super::icons::Icon;
use super::labels::{Labels, around};
use super::page::{Ink, Svg, number, width};
use crate::route::{LevelLine, Route, StepKind};
use crate::words::Language;

const BLUE: &str = "#1d6fe0";
const START: &str = "#1f9d57";
const END: &str = "#d83a34";
/// How far a bend is rounded off, in points at most.
const BEND: f64 = 7.0;
/// The distance between two arrows on the line, in points.
const ARROWS: f64 = 90.0;

/// A mark on the route that is drawn over everything else.
pub(super) enum Badge {
    Start([f64; 2]),
    End([f64; 2]),
    /// Where the route leaves: how, and the sign of the level it goes to.
    Leaves([f64; 2], Icon, String),
    /// Where the route comes in: the sign of the level it comes from.
    Enters([f64; 2], String),
}

/// Draws the line, takes the room of its marks and returns them.
pub(super) fn line(scene: &Scene<'_>, route: &Route, svg: &mut Svg, labels: &mut Labels) -> Vec<Badge> {
    let mut badges = Vec::new();
    let mut rides = rides(route).into_iter();
    for (n, line) in route.line.iter().enumerate() {
        let last = n + 1 == route.line.len();
        let ride = if last { None } else { rides.next() };
        if line.ordinal != scene.ordinal {
            continue;
        }
        let points = points(scene, line);
        let (Some(first), Some(end)) = (points.first(), points.last()) else { continue };
        draw_line(&points, svg);
        badges.push(match n.checked_sub(1).map(|before| route.line[before].ordinal) {
            None => Badge::Start(*first),
            Some(from) => Badge::Enters(*first, scene.comes_from(from)),
        });
        badges.push(match route.line.get(n + 1) {
            None => Badge::End(*end),
            Some(next) => {
                let sign = scene.arrow(next.ordinal);
                Badge::Leaves(*end, ride.unwrap_or(Icon::Stairs), sign)
            }
        });
    }
    for badge in &badges {
        for taken in badge.boxes() {
            labels.take(taken);
        }
    }
    badges
}

/// Takes the room of the line itself, so that no name is written across it.
pub(super) fn keep_clear(scene: &Scene<'_>, route: &Route, labels: &mut Labels) {
    const STEP: f64 = 6.0;
    for line in route.line.iter().filter(|line| line.ordinal == scene.ordinal) {
        for pair in points(scene, line).windows(2) {
            let [[ax, ay], [bx, by]] = [pair[0], pair[1]];
            let length = (bx - ax).hypot(by - ay);
            let mut gone = 0.0;
            while gone < length {
                let share = gone / length;
                labels.take(around([ax + share * (bx - ax), ay + share * (by - ay)], 8.0, 8.0));
                gone += STEP;
            }
        }
    }
}

fn points(scene: &Scene<'_>, line: &LevelLine) -> Vec<[f64; 2]> {
    let frame = scene.snapshot.graph().frame();
    line.coordinates.iter().map(|[lon, lat]| scene.page.at(frame.to_plane(*lon, *lat))).collect()
}

impl Scene<'_> {
    /// Returns the sign of the level one goes to, with an arrow that points up or down.
    fn arrow(&self, to: i32) -> String {
        let arrow = if to > self.ordinal { "↑" } else { "↓" };
        format!("{arrow} {}", self.sign(to))
    }

    /// Says from which level one comes.
    fn comes_from(&self, ordinal: i32) -> String {
        match self.language {
            Language::En => format!("from {}", self.sign(ordinal)),
            Language::ZhCn => format!("从{}来", self.sign(ordinal)),
        }
    }
}

/// Returns what the route rides or climbs, in order.
fn rides(route: &Route) -> Vec<Icon> {
    let ride = |kind: &StepKind| match kind {
        StepKind::Lift => Some(Icon::Lift),
        StepKind::Stairs => Some(Icon::Stairs),
        StepKind::Escalator => Some(Icon::Escalator),
        _ => None,
    };
    route.steps.iter().filter_map(|step| ride(&step.kind)).collect()
}

fn draw_line(points: &[[f64; 2]], svg: &mut Svg) {
    let path = rounded(points);
    for (colour, wide, opacity) in [("#0b3d91", 11.0, ".18"), ("#fff", 7.5, "1"), (BLUE, 4.6, "1")] {
        svg.add(&format!(
            "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{wide}\" opacity=\"{opacity}\" \
             stroke-linejoin=\"round\" stroke-linecap=\"round\"/>"
        ));
    }
    let arrows = arrows(points);
    if !arrows.is_empty() {
        svg.add(&format!(
            "<path d=\"{arrows}\" fill=\"none\" stroke=\"#fff\" stroke-width=\"1.4\" stroke-linejoin=\"round\" \
             stroke-linecap=\"round\"/>"
        ));
    }
}

/// Returns the path of a line whose bends are rounded.
fn rounded(points: &[[f64; 2]]) -> String {
    let mut path = String::new();
    let at = |[x, y]: [f64; 2]| format!("{} {}", number(x), number(y));
    for (n, point) in points.iter().enumerate() {
        let (before, after) = (n.checked_sub(1).and_then(|n| points.get(n)), points.get(n + 1));
        match (before, after) {
            (None, _) => path.push_str(&format!("M{}", at(*point))),
            (Some(before), Some(after)) => {
                let (near, far) = (towards(*point, *before), towards(*point, *after));
                path.push_str(&format!("L{}Q{} {}", at(near), at(*point), at(far)));
            }
            (Some(_), None) => path.push_str(&format!("L{}", at(*point))),
        }
    }
    path
}

/// Returns the point where a bend begins to round.
fn towards(from: [f64; 2], to: [f64; 2]) -> [f64; 2] {
    let length = (to[0] - from[0]).hypot(to[1] - from[1]).max(1e-9);
    let share = BEND.min(length / 2.0) / length;
    [from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])]
}

/// Returns small arrows along a line.
fn arrows(points: &[[f64; 2]]) -> String {
    let mut path = String::new();
    let mut left = ARROWS / 2.0;
    for pair in points.windows(2) {
        let [[ax, ay], [bx, by]] = [pair[0], pair[1]];
        let length = (bx - ax).hypot(by - ay);
        if length < 1e-9 {
            continue;
        }
        let (ux, uy) = ((bx - ax) / length, (by - ay) / length);
        while left < length {
            let (x, y) = (ax + ux * left, ay + uy * left);
            let wing = |side: f64| {
                format!(
                    "{} {}",
                    number(x - 2.6 * ux - side * 1.7 * uy),
                    number(y - 2.6 * uy + side * 1.7 * ux)
                )
            };
            path.push_str(&format!("M{}L{} {}L{}", wing(1.0), number(x), number(y), wing(-1.0)));
            left += ARROWS;
        }
        left -= length;
    }
    path
}

/// The height of a mark with words, in points.
const TALL: f64 = 19.0;

impl Badge {
    fn boxes(&self) -> Vec<super::labels::Box> {
        match self {
            Self::Start(at) => vec![around(*at, 20.0, 20.0)],
            Self::End([x, y]) => vec![around([*x, *y - 13.0], 24.0, 34.0)],
            Self::Leaves([x, y], _, words) => {
                let wide = 30.0 + width(words, 12.0);
                vec![[x - 11.0, y - 11.0, x - 11.0 + wide, y + 11.0]]
            }
            Self::Enters([x, y], words) => {
                let wide = 16.0 + width(words, 10.0);
                vec![[x - 8.0, y - 8.0, x - 8.0 + wide, y + 8.0]]
            }
        }
    }
}

/// Draws the marks of a route.
pub(super) fn badges(badges: &[Badge], svg: &mut Svg) {
    for badge in badges {
        match badge {
            Badge::Start(at) => disc(svg, *at, 8.0, START),
            Badge::End(at) => pin(svg, *at),
            Badge::Leaves([x, y], icon, words) => {
                let wide = 30.0 + width(words, 12.0);
                pill(svg, [x - 11.0, y - TALL / 2.0 - 1.0], [wide, TALL + 2.0], BLUE);
                icon.draw(svg, [*x, *y], 8.0);
                let ink = Ink { anchor: "start", bold: true, ..Ink::of(12.0, "#fff") };
                svg.words([x + 12.0, *y], words, ink);
            }
            Badge::Enters([x, y], words) => {
                let wide = 18.0 + width(words, 10.0);
                pill(svg, [x - 8.0, y - 8.0], [wide, 16.0], "#fff");
                disc(svg, [*x, *y], 5.5, BLUE);
                let ink = Ink { anchor: "start", bold: true, ..Ink::of(10.0, BLUE) };
                svg.words([x + 8.0, *y], words, ink);
            }
        }
    }
}

fn disc(svg: &mut Svg, [x, y]: [f64; 2], radius: f64, fill: &str) {
    svg.add(&format!(
        "<circle cx=\"{}\" cy=\"{}\" r=\"{radius}\" fill=\"{fill}\" stroke=\"#fff\" stroke-width=\"2.4\"/>",
        number(x),
        number(y)
    ));
}

fn pill(svg: &mut Svg, [x, y]: [f64; 2], [wide, tall]: [f64; 2], fill: &str) {
    svg.add(&format!(
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\" fill=\"{fill}\" stroke=\"{BLUE}\" \
         stroke-width=\"1.2\"/>",
        number(x),
        number(y),
        number(wide),
        number(tall),
        number(tall / 2.0)
    ));
}

fn pin(svg: &mut Svg, [x, y]: [f64; 2]) {
    svg.add(&format!(
        "<g transform=\"translate({} {})\"><ellipse rx=\"6\" ry=\"2.4\" fill=\"#0b2340\" opacity=\".3\"/>\
         <path d=\"M0 0C-3-8-11-11-11-19A11 11 0 0 1 11-19C11-11 3-8 0 0Z\" fill=\"{END}\" stroke=\"#fff\" \
         stroke-width=\"1.8\"/><circle cy=\"-19\" r=\"4.2\" fill=\"#fff\"/></g>",
        number(x),
        number(y)
    ));
}

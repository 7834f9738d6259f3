//! What stands around the plan: title, level sign, north arrow, scale, legend, and the route in few words.

use std::collections::BTreeSet;

use super::Scene;
use super::icons::Icon;
use super::labels::Labels;
use super::looks::Look;
use super::page::{HEIGHT, Ink, Svg, WIDTH, number, width};
use crate::route::Route;
use crate::words::Language;

const DARK: &str = "#2b3541";
const GREY: &str = "#66737f";
/// The left edge of everything around the plan.
const LEFT: f64 = 32.0;
/// The first line of the legend, and the height of a line.
const LEGEND: f64 = HEIGHT - 62.0;
const LINE: f64 = 22.0;
/// Where the legend must end, since the scale stands beside it.
const LEGEND_END: f64 = WIDTH - 300.0;

/// Takes the room of what is drawn last.
pub(super) fn reserve(scene: &Scene<'_>, route: Option<&Route>, labels: &mut Labels) {
    let title = width(&title(scene), 21.0).max(120.0);
    labels.take([0.0, 0.0, LEFT + 90.0 + title, 84.0]);
    labels.take([0.0, LEGEND - 16.0, WIDTH, HEIGHT]);
    labels.take([WIDTH - 70.0, 0.0, WIDTH, 84.0]);
    if let Some(route) = route {
        let [west, wide] = panel(&summary(scene, route));
        labels.take([west, 14.0, west + wide, 74.0]);
    }
}

pub(super) fn draw(scene: &Scene<'_>, route: Option<&Route>, shown: &BTreeSet<Icon>, svg: &mut Svg) {
    heading(scene, svg);
    north(svg);
    scale(scene, svg);
    legend(scene, shown, svg);
    if let Some(route) = route {
        in_few_words(scene, route, svg);
    }
}

fn title(scene: &Scene<'_>) -> String {
    scene.snapshot.graph().venue_name.get(scene.language).unwrap_or("Venue").to_owned()
}

fn heading(scene: &Scene<'_>, svg: &mut Svg) {
    let sign = scene.sign(scene.ordinal);
    let wide = (width(&sign, 25.0) + 24.0).max(60.0);
    svg.add(&format!(
        "<rect x=\"{LEFT}\" y=\"22\" width=\"{}\" height=\"48\" rx=\"9\" fill=\"{DARK}\"/>",
        number(wide)
    ));
    svg.words([LEFT + wide / 2.0, 46.0], &sign, Ink { bold: true, ..Ink::of(25.0, "#ffd24a") });
    let start = |size, fill| Ink { anchor: "start", ..Ink::of(size, fill) };
    svg.words([LEFT + wide + 16.0, 36.0], &title(scene), Ink { bold: true, ..start(21.0, DARK) });
    let mut storeys = scene.snapshot.graph().storeys().iter();
    let storey = storeys.find(|storey| storey.ordinal == scene.ordinal);
    let name = storey.and_then(|storey| storey.name.get(scene.language)).unwrap_or_default();
    svg.words([LEFT + wide + 16.0, 60.0], name, start(14.0, GREY));
}

fn north(svg: &mut Svg) {
    svg.add(&format!(
        "<g transform=\"translate({} 50)\"><circle r=\"20\" fill=\"#fff\" opacity=\".75\"/>\
         <path d=\"M0-15L5.5 6L0 2.6Z\" fill=\"{DARK}\"/><path d=\"M0-15L-5.5 6L0 2.6Z\" fill=\"#9aa7b3\"/>\
         <text y=\"16.5\" font-size=\"9.5\" font-weight=\"bold\" fill=\"{DARK}\" text-anchor=\"middle\">N</text></g>",
        number(WIDTH - 46.0)
    ));
}

/// Draws a scale of a round number of metres.
fn scale(scene: &Scene<'_>, svg: &mut Svg) {
    let round = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0, 5_000.0];
    let fits = |metres: &&f64| **metres * scene.page.scale <= 180.0;
    let metres = round.iter().rev().find(fits).unwrap_or(&round[0]);
    let long = metres * scene.page.scale;
    let (east, y) = (WIDTH - LEFT, HEIGHT - 34.0);
    for (from, fill) in [(0.0, DARK), (0.25, "#fff"), (0.5, DARK), (0.75, "#fff")] {
        svg.add(&format!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"5\" fill=\"{fill}\" stroke=\"{DARK}\" stroke-width=\".8\"/>",
            number(east - long + from * long),
            number(y),
            number(long / 4.0)
        ));
    }
    let ink = Ink::of(11.0, DARK);
    svg.words([east - long, y - 10.0], "0", Ink { anchor: "start", ..ink });
    svg.words([east, y - 10.0], &format!("{metres:.0} m"), Ink { anchor: "end", ..ink });
}

/// Names what is on this level, and nothing else.
fn legend(scene: &Scene<'_>, shown: &BTreeSet<Icon>, svg: &mut Svg) {
    let (mut x, mut y) = (LEFT, LEGEND);
    let mut step = |words: &str| {
        let long = 26.0 + width(words, 11.5) + 14.0;
        if x + long > LEGEND_END {
            (x, y) = (LEFT, y + LINE);
        }
        let at = [x, y];
        x += long;
        (y < HEIGHT - 4.0).then_some(at)
    };
    let ink = Ink { anchor: "start", ..Ink::of(11.5, DARK) };
    for look in Look::ALL.into_iter().filter(|look| scene.rooms.iter().any(|seen| seen.look == *look)) {
        let words = look.words(scene.language);
        let Some([x, y]) = step(words) else { return };
        let fill = if look == Look::Closed { "url(#closed)" } else { look.fill() };
        svg.add(&format!(
            "<rect x=\"{}\" y=\"{}\" width=\"18\" height=\"12\" rx=\"2\" fill=\"{fill}\" stroke=\"#8795a2\" \
             stroke-width=\".8\"/>",
            number(x),
            number(y - 6.0)
        ));
        svg.words([x + 24.0, y], words, ink);
    }
    for icon in shown {
        let words = icon.words(scene.language);
        let Some([x, y]) = step(words) else { return };
        icon.draw(svg, [x + 10.0, y], 7.5);
        svg.words([x + 22.0, y], words, ink);
    }
}

/// Returns how long and how far, and where to.
fn summary(scene: &Scene<'_>, route: &Route) -> [String; 2] {
    let minutes = (route.seconds / 60.0).ceil();
    let first = match scene.language {
        Language::En => format!("{minutes:.0} min · {:.0} m", route.length_m),
        Language::ZhCn => format!("{minutes:.0}分钟 · {:.0}米", route.length_m),
    };
    let signs: Vec<_> = route.levels.iter().map(|ordinal| scene.sign(*ordinal)).collect();
    let last = route.steps.last().map(|step| step.text.as_str()).unwrap_or_default();
    [first, format!("{} · {last}", signs.join(" → "))]
}

/// Returns the left edge and the width of the panel.
fn panel([first, second]: &[String; 2]) -> [f64; 2] {
    let wide = width(first, 18.0).max(width(second, 12.5)) + 40.0;
    [WIDTH - 90.0 - wide, wide]
}

fn in_few_words(scene: &Scene<'_>, route: &Route, svg: &mut Svg) {
    let summary = summary(scene, route);
    let [west, wide] = panel(&summary);
    svg.add(&format!(
        "<rect x=\"{}\" y=\"18\" width=\"{}\" height=\"56\" rx=\"9\" fill=\"#fff\" stroke=\"#cdd7e0\"/>\
         <rect x=\"{}\" y=\"18\" width=\"6\" height=\"56\" rx=\"3\" fill=\"#1d6fe0\"/>",
        number(west),
        number(wide),
        number(west)
    ));
    let start = |size, fill| Ink { anchor: "start", ..Ink::of(size, fill) };
    svg.words([west + 20.0, 37.0], &summary[0], Ink { bold: true, ..start(18.0, DARK) });
    svg.words([west + 20.0, 59.0], &summary[1], start(12.5, GREY));
}

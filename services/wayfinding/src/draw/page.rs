//! The sheet: from metres to points of the picture, and text that is always well-formed XML.

use geo::Coord;

use crate::geometry::Area;

/// The size of the sheet.
pub(super) const WIDTH: f64 = 1600.0;
pub(super) const HEIGHT: f64 = 1000.0;
/// What the plan leaves free for the title above and the legend below, and at either side.
const TOP: f64 = 92.0;
const BOTTOM: f64 = 92.0;
const SIDE: f64 = 44.0;
/// The most points that a metre is drawn as, so that a small level does not look huge.
const SCALE_MAX: f64 = 24.0;

/// How the plane of the venue lies on the sheet; north is up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Page {
    middle: Coord<f64>,
    /// Points for each metre.
    pub(super) scale: f64,
}

impl Page {
    /// Fits all areas into the free part of the sheet.
    pub(super) fn around<'a>(areas: impl Iterator<Item = &'a Area>) -> Self {
        let mut low = Coord { x: f64::INFINITY, y: f64::INFINITY };
        let mut high = Coord { x: f64::NEG_INFINITY, y: f64::NEG_INFINITY };
        for (from, to) in areas.map(Area::bounds) {
            low = Coord { x: low.x.min(from.x), y: low.y.min(from.y) };
            high = Coord { x: high.x.max(to.x), y: high.y.max(to.y) };
        }
        if low.x > high.x {
            return Self { middle: Coord { x: 0.0, y: 0.0 }, scale: 1.0 };
        }
        let wide = (WIDTH - 2.0 * SIDE) / (high.x - low.x).max(1.0);
        let tall = (HEIGHT - TOP - BOTTOM) / (high.y - low.y).max(1.0);
        Self { middle: (low + high) / 2.0, scale: wide.min(tall).min(SCALE_MAX) }
    }

    /// Returns where a point of the plane lies on the sheet.
    pub(super) fn at(&self, point: Coord<f64>) -> [f64; 2] {
        let middle = f64::midpoint(TOP, HEIGHT - BOTTOM);
        [
            WIDTH / 2.0 + (point.x - self.middle.x) * self.scale,
            middle - (point.y - self.middle.y) * self.scale,
        ]
    }

    /// Returns the path of an area, all its rings closed.
    pub(super) fn path(&self, area: &Area) -> String {
        let mut path = String::new();
        for ring in area.rings() {
            let open = ring.0.len().saturating_sub(1);
            for (n, point) in ring.0.iter().take(open).enumerate() {
                let [x, y] = self.at(*point);
                path.push_str(if n == 0 { "M" } else { "L" });
                path.push_str(&format!("{} {}", number(x), number(y)));
            }
            path.push('Z');
        }
        path
    }
}

/// Returns a coordinate with two decimals at most.
pub(super) fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    let short = text.trim_end_matches('0').trim_end_matches('.');
    if short == "-0" { "0".to_owned() } else { short.to_owned() }
}

/// Returns text as XML may hold it: marks escaped, what XML forbids left out.
pub(super) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}

/// An SVG document being written.
#[derive(Debug)]
pub(super) struct Svg {
    text: String,
}

/// How a line of text looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ink {
    pub(super) size: f64,
    pub(super) fill: &'static str,
    /// `start`, `middle` or `end`.
    pub(super) anchor: &'static str,
    pub(super) bold: bool,
    /// Whether a light edge sets it off from what lies below.
    pub(super) halo: bool,
    /// The angle in degrees, clockwise.
    pub(super) turn: f64,
}

impl Ink {
    /// Returns plain dark ink in the middle of its point.
    pub(super) fn of(size: f64, fill: &'static str) -> Self {
        Self { size, fill, anchor: "middle", bold: false, halo: false, turn: 0.0 }
    }
}

const HEAD: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1600 1000\" width=\"1600\" \
     height=\"1000\" font-family=\"'Noto Sans','Noto Sans SC','PingFang SC','Microsoft YaHei',\
     'WenQuanYi Micro Hei','DejaVu Sans',Arial,sans-serif\">\n";

impl Svg {
    pub(super) fn new() -> Self {
        Self { text: HEAD.to_owned() }
    }

    /// Adds markup that is already well-formed.
    pub(super) fn add(&mut self, markup: &str) {
        self.text.push_str(markup);
        self.text.push('\n');
    }

    /// Adds a line of text whose middle height is at the point.
    pub(super) fn words(&mut self, [x, y]: [f64; 2], words: &str, ink: Ink) {
        let Ink { size, fill, anchor, bold, halo, turn } = ink;
        // Not `dominant-baseline`: few programs that read SVG agree on it.
        let place = if turn == 0.0 {
            format!("x=\"{}\" y=\"{}\"", number(x), number(y + 0.35 * size))
        } else {
            let spot = format!("translate({} {}) rotate({})", number(x), number(y), number(turn));
            format!("transform=\"{spot}\" y=\"{}\"", number(0.35 * size))
        };
        let bold = if bold { " font-weight=\"bold\"" } else { "" };
        let halo = if halo { " class=\"h\"" } else { "" };
        let (size, words) = (number(size), escape(words));
        self.add(&format!(
            "<text {place} font-size=\"{size}\" fill=\"{fill}\" text-anchor=\"{anchor}\"{bold}{halo}>{words}</text>"
        ));
    }

    pub(super) fn finish(mut self) -> String {
        self.text.push_str("</svg>\n");
        self.text
    }
}

/// Returns about how wide a text runs, in points: CJK fills its square, Latin letters half of it.
pub(super) fn width(words: &str, size: f64) -> f64 {
    let one = |c: char| match c {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | '\'' | ' ' | '|' => 0.34,
        'm' | 'w' | 'M' | 'W' | '@' => 0.92,
        'A'..='Z' => 0.70,
        c if u32::from(c) >= 0x1100 => 1.02,
        _ => 0.585,
    };
    size * words.chars().map(one).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::{escape, number};

    #[test]
    fn numbers_are_short() {
        assert_eq!(
            [1.0, 1.5, -0.001, 12.346, 100.0].map(number),
            ["1", "1.5", "0", "12.35", "100"].map(str::to_owned)
        );
    }

    #[test]
    fn marks_of_xml_are_escaped_and_forbidden_characters_left_out() {
        assert_eq!(escape("a<b>&\"\u{0}\u{ffff}c"), "a&lt;b&gt;&amp;&quot; c");
    }
}

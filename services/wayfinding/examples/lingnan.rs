//! Writes `maps/lingnan`, a large airport that does not exist, as an IMDF 1.0.0 archive.
//!
//! `cargo run -p airside-wayfinding --example lingnan [FOLDER]`; without a folder it writes to the
//! repository's own `maps/lingnan`. The same program always writes the same bytes; a test compares them.
//!
//! ```text
//!        pier A                 pier B                 pier C
//!          \\\\            ||  gates B1-B18 ||            ////
//!   gates A1-A18 \\\        |              |        /// gates C1-C12
//!              +-----------+--------------+----------+
//!              |  domestic lounge         | internat. |
//!              +--+-- security ---+-------+ security -+
//!              |  |               |       | border    |
//!              |  departures hall, islands D to L     |
//!              +--------------------------------------+
//! ```
//!
//! Domestic passengers come and go on one floor, as in many new terminals; those from abroad walk one floor
//! below the gates, to border control, the belts and customs.

#[path = "lingnan/arrivals.rs"]
mod arrivals;
#[path = "lingnan/cores.rs"]
mod cores;
#[path = "lingnan/departures.rs"]
mod departures;
#[path = "lingnan/middle.rs"]
mod middle;
#[path = "lingnan/names.rs"]
mod names;
#[path = "lingnan/outlines.rs"]
mod outlines;
#[path = "lingnan/piers.rs"]
mod piers;
#[path = "lingnan/shapes.rs"]
mod shapes;
#[path = "lingnan/sheet.rs"]
mod sheet;
#[path = "lingnan/shops.rs"]
mod shops;
#[path = "lingnan/station.rs"]
mod station;

use names::Brands;
use shapes::{Ring, rect};
use sheet::Sheet;

/// The levels by their ordinals.
const B1: i32 = -1;
const F1: i32 = 0;
const F2: i32 = 1;
const F3: i32 = 2;

/// The venue while it is drawn.
pub(crate) struct Plan {
    sheet: Sheet,
    brands: Brands,
    /// How many lifts, escalators and stairs there are so far.
    machines: [u32; 3],
}

/// Returns the archive's files, each a name and the text.
pub(crate) fn files() -> Vec<(String, String)> {
    let mut plan = Plan { sheet: Sheet::new(), brands: Brands::new(), machines: [0; 3] };
    plan.sheet.level(B1, "B1", ["Metro and car park", "地铁与停车场"], &outlines::of_b1());
    plan.sheet.level(F1, "1F", ["Arrivals", "到达层"], &outlines::of_1f());
    plan.sheet.level(F2, "2F", ["International arrivals, dining", "国际到达与餐饮层"], &outlines::of_2f());
    plan.sheet.level(F3, "3F", ["Departures", "出发层"], &outlines::of_3f());
    plan.station();
    plan.arrivals();
    plan.middle();
    plan.departures();
    plan.piers();
    plan.cores();
    zones(&mut plan.sheet);
    plan.sheet.files()
}

/// Draws which side of security is where, level by level.
fn zones(sheet: &mut Sheet) {
    let landside = ["Landside", "公共区"];
    let airside = ["Airside", "隔离区"];
    let mut zone = |level: i32, before: &[Ring], behind: &[Ring]| {
        sheet.zone("presecurity", "landside", landside, level, before);
        if !behind.is_empty() {
            sheet.zone("postsecurity", "airside", airside, level, behind);
        }
    };
    zone(B1, &[rect([-260.0, -90.0], [260.0, 240.0])], &[]);
    zone(F1, &[rect([-260.0, -90.0], [260.0, 74.0])], &[rect([-260.0, 74.0], [260.0, 240.0])]);
    zone(F2, &[rect([-260.0, -90.0], [260.0, 86.0])], &[rect([-720.0, 86.0], [720.0, 720.0])]);
    let before = [
        rect([-260.0, -90.0], [260.0, 102.0]),
        rect([-150.0, 102.0], [-20.0, 118.0]),
        rect([40.0, 102.0], [170.0, 126.0]),
    ];
    let behind = [
        rect([-720.0, 102.0], [-150.0, 118.0]),
        rect([-20.0, 102.0], [40.0, 118.0]),
        rect([170.0, 102.0], [720.0, 126.0]),
        rect([-720.0, 118.0], [40.0, 720.0]),
        rect([40.0, 126.0], [720.0, 720.0]),
    ];
    zone(F3, &before, &behind);
    let abroad = [rect([40.0, 126.0], [720.0, 480.0])];
    sheet.zone("concourse", "international", ["International departures", "国际出发"], F3, &abroad);
    let home = [rect([-720.0, 118.0], [40.0, 720.0])];
    sheet.zone("concourse", "domestic", ["Domestic", "国内候机"], F3, &home);
    let arrivals = [rect([56.0, 86.0], [720.0, 480.0])];
    sheet.zone("concourse", "arrivals", ["International arrivals, one way", "国际到达，单向"], F2, &arrivals);
}

#[allow(dead_code, reason = "a test takes this file in for its files alone")]
fn main() -> std::io::Result<()> {
    let home = concat!(env!("CARGO_MANIFEST_DIR"), "/../../maps/lingnan");
    let folder = std::env::args().nth(1).unwrap_or_else(|| home.to_owned());
    std::fs::create_dir_all(&folder)?;
    for (name, text) in files() {
        std::fs::write(std::path::Path::new(&folder).join(name), text)?;
    }
    Ok(())
}

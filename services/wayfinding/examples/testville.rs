//! Writes `maps/testville`, a small airport that does not exist, as an IMDF 1.0.0 archive.
//!
//! `cargo run -p airside-wayfinding --example testville [FOLDER]`; without a folder it writes to the
//! repository's own `maps/testville`. The same program always writes the same bytes: ids are hashed from
//! keys such as `unit/concourse`, and a test compares its output with the committed files.

#[path = "testville/town.rs"]
pub(crate) mod town;

use town::{Town, rect};

/// Returns the archive's files, each a name and the text.
pub(crate) fn files() -> Vec<(String, String)> {
    let mut town = Town::new();
    town.level(0, "Arrivals", "到达层");
    town.level(1, "Departures", "出发层");
    town.level(2, "Concourse", "候机层");
    ground(&mut town);
    departures(&mut town);
    concourse(&mut town);
    landside_shafts(&mut town);
    airside_shafts(&mut town);
    arrivals_shafts(&mut town);
    zones(&mut town);
    town.files()
}

/// ```text
///  y 60 +-----------------baggage hall (airside)-----------------+
///       |  belt 1      belt 2      belt 3      belt 4            |
///  y 30 +-toilets-café-+--------------v customs (one way)--------+
///       |                 arrivals hall        [info]            |
///  y  0 +-----v---------+--L1--E1 up--E2 down--S1----------------+
///       |    metro      |
///  y-20 +---------------+
/// ```
fn ground(town: &mut Town) {
    town.unit(
        0,
        "arrivals-hall",
        "lobby",
        "Arrivals hall",
        "到达大厅",
        &[rect(0.0, 0.0, 120.0, 30.0), rect(56.0, 12.0, 64.0, 18.0)],
    );
    town.unit(0, "metro", "platform", "Metro station", "地铁站", &[rect(0.0, -20.0, 40.0, 0.0)]);
    town.unit(0, "baggage-hall", "walkway", "Baggage hall", "行李提取厅", &[rect(20.0, 30.0, 120.0, 60.0)]);
    town.unit(0, "toilets-0", "restroom", "Toilets", "卫生间", &[rect(0.0, 30.0, 10.0, 40.0)]);
    town.unit(0, "cafe", "foodservice", "", "", &[rect(10.0, 30.0, 20.0, 40.0)]);
    town.unit(0, "toilets-baggage", "restroom", "Toilets", "卫生间", &[rect(110.0, 60.0, 120.0, 70.0)]);
    town.door(0, "arrivals-main", "pedestrian.principal", [0.0, 13.0], [0.0, 17.0]);
    town.door(0, "metro-hall", "pedestrian.transit", [18.0, 0.0], [22.0, 0.0]);
    town.door(0, "toilets-0", "pedestrian", [4.4, 30.0], [5.6, 30.0]);
    town.door(0, "cafe", "pedestrian", [14.0, 30.0], [16.0, 30.0]);
    town.door(0, "customs", "pedestrian", [68.0, 30.0], [72.0, 30.0]);
    town.door(0, "toilets-baggage", "pedestrian", [114.4, 60.0], [115.6, 60.0]);
    town.one_way("traversal", ("baggage-hall", 0), ("arrivals-hall", 0));
    for belt in 1..=4 {
        let (en, zh) = (format!("Belt {belt}"), format!("{belt}号行李转盘"));
        let at = [15.0 + 20.0 * f64::from(belt), 46.0];
        town.amenity(0, &format!("belt-{belt}"), "baggagecarousel", &en, &zh, "", at, &["baggage-hall"]);
        town.fixture(
            0,
            &format!("belt-{belt}"),
            "baggagecarousel",
            rect(at[0] - 3.0, 48.0, at[0] + 3.0, 54.0),
        );
    }
    town.amenity(0, "toilets-0", "restroom", "Toilets", "卫生间", "", [5.0, 36.0], &["toilets-0"]);
    town.amenity(
        0,
        "toilets-baggage",
        "restroom",
        "Toilets",
        "卫生间",
        "",
        [115.0, 66.0],
        &["toilets-baggage"],
    );
    town.amenity(
        0,
        "information",
        "information",
        "Information",
        "问讯处",
        "",
        [60.0, 11.0],
        &["arrivals-hall"],
    );
    town.amenity(0, "metro", "railway", "Metro", "地铁", "", [10.0, -14.0], &["metro"]);
    town.amenity(0, "taxi", "taxi", "Taxi", "出租车", "", [2.0, 22.0], &["arrivals-hall"]);
    town.shop(0, "cafe", "foodservice.coffee", "Harbour Coffee", "海港咖啡", [15.0, 35.0]);
}

/// ```text
///  y 58 +----E4 down--E3 up--L2--S2----+
///       |        airside lobby          |
///  y 50 +------v v v lanes (one way)----+
///       |        | security |
///  y 30 +-books-pharmacy-+--v-------------toilets------+
///       |  departures hall       check-in A B C        |
///  y  0 +----------------L1--E1--E2--S1----------------+
/// ```
fn departures(town: &mut Town) {
    town.unit(1, "departures-hall", "lobby", "Departures hall", "出发大厅", &[rect(0.0, 0.0, 120.0, 30.0)]);
    town.unit(1, "security", "room", "Security", "安检区", &[rect(50.0, 30.0, 80.0, 50.0)]);
    town.unit(1, "lobby", "lobby", "Airside lobby", "隔离区大厅", &[rect(44.0, 50.0, 100.0, 58.0)]);
    town.unit(1, "bookshop", "room", "", "", &[rect(0.0, 30.0, 20.0, 40.0)]);
    town.unit(1, "pharmacy", "room", "", "", &[rect(20.0, 30.0, 40.0, 40.0)]);
    town.unit(1, "toilets-1", "restroom", "Toilets", "卫生间", &[rect(100.0, 30.0, 112.0, 40.0)]);
    town.door(1, "departures-main", "pedestrian.principal", [0.0, 12.0], [0.0, 18.0]);
    town.door(1, "security", "pedestrian", [62.0, 30.0], [68.0, 30.0]);
    for (lane, x) in [(1, 55.0), (2, 65.0), (3, 75.0)] {
        town.door(1, &format!("lane-{lane}"), "pedestrian", [x - 0.6, 50.0], [x + 0.6, 50.0]);
    }
    town.door(1, "bookshop", "pedestrian", [9.0, 30.0], [11.0, 30.0]);
    town.door(1, "pharmacy", "pedestrian", [29.0, 30.0], [31.0, 30.0]);
    town.door(1, "toilets-1", "pedestrian", [105.4, 30.0], [106.6, 30.0]);
    for (row, zh, x) in [("A", "A值机岛", 30.0), ("B", "B值机岛", 60.0), ("C", "C值机岛", 90.0)] {
        let en = format!("Check-in {row}");
        town.amenity(
            1,
            &format!("checkin-{row}"),
            "checkin.desk",
            &en,
            zh,
            "",
            [x, 20.0],
            &["departures-hall"],
        );
    }
    town.amenity(1, "security", "security", "Security check", "安检", "", [65.0, 40.0], &["security"]);
    town.amenity(1, "toilets-1", "restroom", "Toilets", "卫生间", "", [106.0, 36.0], &["toilets-1"]);
    town.shop(1, "bookshop", "shopping.books", "Skyline Books", "天际书店", [10.0, 35.0]);
    town.shop(1, "pharmacy", "shopping.pharmacy", "Kapok Pharmacy", "木棉药房", [30.0, 35.0]);
}

/// ```text
///            passage  E4 E3 L2 S2
///  y 58        >|-------------------------|
///  -80  A5 A3 A1|                         |B1 B3 B5     230
///  y 42 +-------+        concourse        +-----------+
///  y 30 +-------+                         +-----------+
///       A6 A4 A2|-------------------------|B2 B4 B6
///  y 20         duty free, noodles, coffee, toilets, lounge
/// ```
fn concourse(town: &mut Town) {
    let outline = [
        [44.0, 20.0],
        [110.0, 20.0],
        [110.0, 30.0],
        [230.0, 30.0],
        [230.0, 42.0],
        [110.0, 42.0],
        [110.0, 58.0],
        [44.0, 58.0],
        [44.0, 42.0],
        [-80.0, 42.0],
        [-80.0, 30.0],
        [44.0, 30.0],
    ];
    town.unit(2, "concourse", "walkway", "Concourse", "候机厅", &[outline.to_vec()]);
    town.unit(2, "passage", "walkway", "Arrivals passage", "到达通道", &[rect(16.0, 54.0, 44.0, 60.0)]);
    town.door(2, "passage", "pedestrian", [44.0, 55.0], [44.0, 57.0]);
    town.one_way("traversal", ("concourse", 2), ("passage", 2));
    for gate in 1..=6 {
        let far = 20.0 * f64::from(gate);
        let y = if gate % 2 == 0 { 31.0 } else { 41.0 };
        for (pier, x) in [("A", 44.0 - far), ("B", 110.0 + far - 6.0)] {
            let code = format!("{pier}{gate}");
            let (en, zh) = (format!("Gate {code}"), format!("{code}登机口"));
            town.amenity(2, &format!("gate-{code}"), "boardinggate", &en, &zh, &code, [x, y], &["concourse"]);
        }
    }
    let shops = [
        ("duty-free", "shopping", "Duty Free", "免税店", [44.0, 60.0], "Mo-Su 06:00-23:30"),
        ("noodles", "foodservice", "Lucky Noodles", "好运面馆", [60.0, 76.0], "Mo-Su 10:00-22:00"),
        ("coffee", "foodservice.coffee", "Cloud Coffee", "云上咖啡", [76.0, 92.0], "24/7"),
        ("lounge", "lounge", "Lychee Lounge", "荔枝贵宾厅", [100.0, 110.0], "Mo-Su 05:30-23:30"),
    ];
    for (key, category, en, zh, [west, east], hours) in shops {
        let mid = f64::midpoint(west, east);
        town.unit(2, key, "room", "", "", &[rect(west, 10.0, east, 20.0)]);
        town.door(2, key, "pedestrian", [mid - 1.0, 20.0], [mid + 1.0, 20.0]);
        town.shop(2, key, category, en, zh, [mid, 15.0]);
        town.opens("occupant", hours);
    }
    for (key, west, south) in
        [("toilets-2", 92.0, 10.0), ("toilets-a", -80.0, 42.0), ("toilets-b", 222.0, 42.0)]
    {
        let wall = if south < 20.0 { 20.0 } else { 42.0 };
        town.unit(2, key, "restroom", "Toilets", "卫生间", &[rect(west, south, west + 8.0, south + 10.0)]);
        town.door(2, key, "pedestrian", [west + 3.4, wall], [west + 4.6, wall]);
        town.amenity(2, key, "restroom", "Toilets", "卫生间", "", [west + 4.0, south + 5.0], &[key]);
    }
}

fn landside_shafts(town: &mut Town) {
    town.lift("L1", &rect(50.0, -4.0, 54.0, 0.0), &[(0, Some([52.0, 0.0])), (1, Some([52.0, 0.0]))]);
    town.escalator("E1", &rect(56.0, -4.0, 68.0, 0.0), (0, [57.5, 0.0]), (1, [66.5, 0.0]));
    town.escalator("E2", &rect(70.0, -4.0, 82.0, 0.0), (1, [80.5, 0.0]), (0, [71.5, 0.0]));
    town.stairs("S1", &rect(84.0, -4.0, 92.0, 0.0), &[(0, Some([85.5, 0.0])), (1, Some([90.5, 0.0]))]);
}

fn airside_shafts(town: &mut Town) {
    town.escalator("E4", &rect(52.0, 58.0, 64.0, 62.0), (2, [53.5, 58.0]), (1, [62.5, 58.0]));
    town.escalator("E3", &rect(66.0, 58.0, 78.0, 62.0), (1, [67.5, 58.0]), (2, [76.5, 58.0]));
    town.lift("L2", &rect(80.0, 58.0, 84.0, 62.0), &[(1, Some([82.0, 58.0])), (2, Some([82.0, 58.0]))]);
    town.stairs("S2", &rect(86.0, 58.0, 94.0, 62.0), &[(1, Some([87.5, 58.0])), (2, Some([92.5, 58.0]))]);
}

/// The way from the gates down to the belts passes the departures level without a door.
fn arrivals_shafts(town: &mut Town) {
    let (top, bottom) = (Some([24.0, 60.0]), Some([24.0, 60.0]));
    town.lift("L3", &rect(22.0, 60.0, 26.0, 64.0), &[(0, bottom), (1, None), (2, top)]);
    let (top, bottom) = (Some([34.5, 60.0]), Some([29.5, 60.0]));
    town.stairs("S3", &rect(28.0, 60.0, 36.0, 64.0), &[(0, bottom), (1, None), (2, top)]);
    town.escalator("E5", &rect(38.0, 60.0, 50.0, 64.0), (2, [39.5, 60.0]), (0, [48.5, 60.0]));
}

fn zones(town: &mut Town) {
    town.zone(
        "presecurity",
        "Landside",
        "公共区",
        0,
        &[rect(-5.0, -25.0, 125.0, 30.0), rect(-5.0, 30.0, 20.0, 45.0)],
    );
    town.zone("postsecurity", "Airside", "隔离区", 0, &[rect(20.0, 30.0, 125.0, 75.0)]);
    town.zone("presecurity", "Landside", "公共区", 1, &[rect(-5.0, -25.0, 125.0, 50.0)]);
    town.zone("postsecurity", "Airside", "隔离区", 1, &[rect(-5.0, 50.0, 125.0, 75.0)]);
    town.zone("postsecurity", "Airside", "隔离区", 2, &[rect(-90.0, 0.0, 240.0, 75.0)]);
    town.section("security", "Security", "安检", 1, rect(50.0, 30.0, 80.0, 50.0));
    town.section("checkin", "Check-in", "值机", 1, rect(20.0, 10.0, 100.0, 28.0));
    town.section("baggageclaim", "Baggage reclaim", "行李提取", 0, rect(20.0, 30.0, 120.0, 60.0));
}

#[allow(dead_code, reason = "a test takes this file in for its files alone")]
fn main() -> std::io::Result<()> {
    let home = concat!(env!("CARGO_MANIFEST_DIR"), "/../../maps/testville");
    let folder = std::env::args().nth(1).unwrap_or_else(|| home.to_owned());
    std::fs::create_dir_all(&folder)?;
    for (name, text) in files() {
        std::fs::write(std::path::Path::new(&folder).join(name), text)?;
    }
    Ok(())
}

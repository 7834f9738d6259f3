//! 2F: the dining gallery before security, the lounges behind it, and the way of those from abroad.

use super::cores::{ABROAD, DOMESTIC, LANDSIDE};
use super::names::Taste::{Kitchen, Shop};
use super::shapes::{GROUND, Metres, rect};
use super::shops::{Service, Stall};
use super::{F2, Plan};

/// Invented lounges.
const LOUNGES: [[&str; 2]; 7] = [
    ["Kapok Lounge", "木棉贵宾厅"],
    ["Egret Lounge", "白鹭贵宾厅"],
    ["Lychee Lounge", "荔枝贵宾厅"],
    ["Banyan Lounge", "榕树贵宾厅"],
    ["Camellia Lounge", "山茶贵宾厅"],
    ["Lotus Lounge", "荷花贵宾厅"],
    ["Moon Lounge", "明月贵宾厅"],
];

fn stall<'a>(key: &'a str, from: Metres, to: Metres) -> Stall<'a> {
    Stall { level: F2, key, frame: GROUND, from, to, door: from[1] }
}

impl Plan {
    pub(crate) fn middle(&mut self) {
        self.dining();
        self.lounges();
        self.landed_abroad();
        self.transfer();
    }

    fn dining(&mut self) {
        let mut hall = vec![rect([-200.0, 10.0], [200.0, 68.0])];
        hall.extend(LANDSIDE.iter().flat_map(|core| core.holes(F2)));
        self.sheet.unit(F2, "dining", "lobby", ["Dining gallery", "美食廊"], &hall);
        let below = rect([-200.0, -8.0], [200.0, 10.0]);
        self.sheet.unit(F2, "void-hall", "opentobelow", ["", ""], &[below]);
        for n in 0..50_u8 {
            let (key, west) = (format!("dining-{}", n + 1), -200.0 + 8.0 * f64::from(n));
            let room = stall(&key, [west, 68.0], [west + 8.0, 84.0]);
            match n {
                10 | 39 => self.service(&room, Service::Toilets),
                11 => self.service(&room, Service::Nursing),
                26 => self.service(&room, Service::Prayer),
                _ => self.shop(&room, if n % 4 == 3 { Shop } else { Kitchen }),
            }
        }
        for (n, x) in [-158.0, -58.0, 54.0, 154.0].into_iter().enumerate() {
            let seats = rect([x - 14.0, 40.0], [x + 14.0, 52.0]);
            self.sheet.fixture(F2, &format!("tables-{}", n + 1), "furniture", seats);
        }
    }

    fn lounges(&mut self) {
        let mut hall = vec![rect([-200.0, 160.0], [-60.0, 206.0])];
        hall.extend(DOMESTIC.holes(F2));
        self.sheet.unit(F2, "lounge-gallery", "lobby", ["Lounge gallery", "贵宾厅层"], &hall);
        for (n, name) in (0_u8..).zip(LOUNGES) {
            let (key, west) = (format!("lounge-{}", n + 1), -200.0 + 20.0 * f64::from(n));
            let room = stall(&key, [west, 206.0], [west + 20.0, 222.0]);
            self.named_shop(&room, "lounge", name, "Mo-Su 05:30-23:30");
        }
        let frame = super::shapes::Frame::turned([-60.0, 164.0], 90.0);
        for (key, service, south) in
            [("gallery-toilets", Service::Toilets, 0.0), ("gallery-nursing", Service::Nursing, 14.0)]
        {
            let (from, to, door) = ([south, 0.0], [south + 14.0, -10.0], 0.0);
            self.service(&Stall { level: F2, key, frame, from, to, door }, service);
        }
        let below = rect([-200.0, 90.0], [4.0, 156.0]);
        self.sheet.unit(F2, "void-reclaim", "opentobelow", ["", ""], &[below]);
        for (key, name, from, to) in [
            ("offices-west", ["Airline offices", "航空公司办公区"], [-46.0, 160.0], [52.0, 206.0]),
            ("offices-south", ["Airport offices", "机场办公区"], [8.0, 88.0], [130.0, 110.0]),
            ("offices-east", ["Border and customs offices", "联检办公区"], [130.0, 88.0], [200.0, 110.0]),
        ] {
            self.sheet.closed(F2, key, name, rect(from, to));
        }
    }

    fn landed_abroad(&mut self) {
        let [x, y] = ABROAD;
        let hall = [rect([57.0, 166.0], [200.0, 206.0]), rect([x - 12.0, y], [x, y + 16.0])];
        let name = ["International arrivals", "国际到达"];
        self.sheet.unit(F2, "arrivals-abroad", "walkway", name, &hall);
        let sign = ["Health check", "检疫", ""];
        self.sheet.amenity(F2, ("health", "arrivals-abroad"), "healthscreening", sign, [170.0, 190.0]);
        for (key, service, west) in
            [("abroad-toilets", Service::Toilets, 70.0), ("abroad-nursing", Service::Nursing, 84.0)]
        {
            self.service(&stall(key, [west, 206.0], [west + 14.0, 218.0]), service);
        }
        let name = ["Border control", "入境边检"];
        let area = rect([57.0, 140.0], [200.0, 166.0]);
        self.sheet.unit(F2, "border-entry", "room", name, std::slice::from_ref(&area));
        self.sheet.section(F2, "border-entry", "immigration", name, area);
        let sign = ["Border control (entry)", "入境边防检查", ""];
        self.sheet.amenity(F2, ("border-entry", "border-entry"), "immigration", sign, [66.0, 154.0]);
        for (n, x) in [80.0, 128.0, 176.0].into_iter().enumerate() {
            self.sheet.door(F2, &format!("border-entry-{}", n + 1), GROUND.along([x, 166.0], 10.0));
        }
        for n in 0..12_u8 {
            let x = 64.0 + 11.4 * f64::from(n);
            self.sheet.door(F2, &format!("booth-entry-{}", n + 1), GROUND.along([x, 140.0], 1.4));
            let booth = rect([x + 3.0, 141.0], [x + 7.5, 145.0]);
            self.sheet.fixture(F2, &format!("booth-entry-{}", n + 1), "desk", booth);
        }
        let hall = [rect([57.0, 114.0], [200.0, 140.0]), rect([110.0, 134.0], [150.0, 137.0])];
        let name = ["To baggage reclaim and transfer", "提取行李与中转"];
        self.sheet.unit(F2, "entered", "walkway", name, &hall);
        self.sheet.one_way("traversal", ("arrivals-abroad", F2), ("border-entry", F2));
        self.sheet.one_way("traversal", ("border-entry", F2), ("entered", F2));
    }

    /// From abroad to a domestic gate without leaving the building.
    fn transfer(&mut self) {
        let name = ["Transfer security", "中转安检"];
        let area = rect([8.0, 114.0], [57.0, 132.0]);
        self.sheet.unit(F2, "transfer", "room", name, std::slice::from_ref(&area));
        self.sheet.section(F2, "transfer", "security", name, area);
        let sign = ["Transfer security", "中转安检", ""];
        self.sheet.amenity(F2, ("transfer", "transfer"), "security", sign, [44.0, 123.0]);
        self.sheet.opens("Mo-Su 05:30-24:00");
        self.sheet.door(F2, "transfer", GROUND.across([57.0, 123.0], 4.0));
        self.sheet.one_way("traversal", ("entered", F2), ("transfer", F2));
    }
}

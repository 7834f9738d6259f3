//! 3F: check-in, security and border control, and the lounges behind them.

use super::cores::{ABROAD, DOMESTIC, LANDSIDE};
use super::names::Taste::{Counter, Kitchen, Shop};
use super::shapes::{GROUND, Metres, bow, ellipse, rect};
use super::shops::{Service, Stall};
use super::{F3, Plan};

/// The check-in islands by their letters, each at its middle line; A to C are the piers.
const ISLANDS: [(&str, f64); 8] = [
    ("D", -170.0),
    ("E", -140.0),
    ("F", -80.0),
    ("G", -50.0),
    ("H", 50.0),
    ("J", 80.0),
    ("K", 140.0),
    ("L", 170.0),
];
/// Desks on each side of an island.
const DESKS: u8 = 13;

fn stall<'a>(key: &'a str, from: Metres, to: Metres, door: f64) -> Stall<'a> {
    Stall { level: F3, key, frame: GROUND, from, to, door }
}

impl Plan {
    pub(crate) fn departures(&mut self) {
        self.departures_hall();
        for (letter, x) in ISLANDS {
            self.check_in(letter, x);
        }
        self.security_home();
        self.border_and_security_abroad();
        self.rooms_of_the_hall();
        self.home_lounge();
        self.abroad_lounge();
    }

    fn departures_hall(&mut self) {
        let facade = bow(-200.0, 200.0, 0.0, 14.0);
        let mut outline = facade.clone();
        outline.extend([[200.0, 84.0], [-200.0, 84.0]]);
        let mut hall = vec![outline];
        hall.extend(LANDSIDE.iter().flat_map(|core| core.holes(F3)));
        self.sheet.unit(F3, "departures-hall", "lobby", ["Departures hall", "出发大厅"], &hall);
        let mut kerb = facade.clone();
        kerb.extend(facade.iter().rev().map(|[x, y]| [*x, y - 13.0]));
        self.sheet.unit(F3, "kerb", "unenclosedarea", ["Drop-off", "送客车道边"], &[kerb]);
        self.sheet.entrance(F3, "kerb-west", [[-200.0, -10.0], [-200.0, -3.0]]);
        self.sheet.entrance(F3, "kerb-east", [[200.0, -10.0], [200.0, -3.0]]);
        for (n, at) in [2_usize, 6, 10, 13, 17, 21].into_iter().enumerate() {
            let [[ax, ay], [bx, by]] = [facade[at], facade[at + 1]];
            let part = |share: f64| [ax + share * (bx - ax), ay + share * (by - ay)];
            self.sheet.door(F3, &format!("doors-{}", n + 1), [part(0.3), part(0.7)]);
        }
        for (key, category, names, at) in [
            ("information-west", "information", ["Information", "问讯处", ""], [-96.0, 72.0]),
            ("information-east", "information", ["Information", "问讯处", ""], [26.0, 72.0]),
            ("tickets", "ticketing.airline", ["Airline tickets", "机票柜台", ""], [-26.0, 30.0]),
            ("wrapping", "baggagestorage", ["Luggage wrapping", "行李打包", ""], [26.0, 30.0]),
            ("customs-exit", "customs", ["Customs (exit)", "海关出境申报", ""], [125.0, 74.0]),
        ] {
            self.sheet.amenity(F3, (key, "departures-hall"), category, names, at);
        }
        let name = ["Check-in", "值机"];
        self.sheet.section(F3, "checkin", "checkin", name, rect([-182.0, 10.0], [182.0, 66.0]));
    }

    fn check_in(&mut self, letter: &str, x: f64) {
        let belt = rect([x - 1.0, 14.0], [x + 1.0, 62.0]);
        self.sheet.fixture(F3, &format!("island-{letter}"), "equipment", belt);
        for (side, first) in [(-1.0, 1), (1.0, DESKS + 1)] {
            for n in 0..DESKS {
                let (south, near, far) = (16.0 + 3.5 * f64::from(n), x + 1.4 * side, x + 3.2 * side);
                let desk = rect([near.min(far), south], [near.max(far), south + 2.6]);
                self.sheet.fixture(F3, &format!("desk-{letter}{:02}", first + n), "desk", desk);
            }
            let (from, to) = (format!("{letter}{first:02}"), format!("{letter}{:02}", first + DESKS - 1));
            let (en, zh) = (format!("Check-in {from}–{to}"), format!("{from}–{to}值机柜台"));
            let at = [x + 6.0 * side, 39.0];
            let key = format!("checkin-{from}");
            self.sheet.amenity(F3, (&key, "departures-hall"), "checkin.desk", [&en, &zh, letter], at);
        }
    }

    fn security_home(&mut self) {
        let name = ["Domestic security", "国内安检"];
        let area = rect([-150.0, 84.0], [-20.0, 118.0]);
        self.sheet.unit(F3, "security-home", "room", name, std::slice::from_ref(&area));
        self.sheet.section(F3, "security-home", "security", name, area);
        for (n, x) in [-122.0, -85.0, -48.0].into_iter().enumerate() {
            self.sheet.door(F3, &format!("security-home-{}", n + 1), GROUND.along([x, 84.0], 9.0));
        }
        self.lanes("home", (-145.0, 8.0, 16), 118.0);
        let sign = ["Security check", "安检", ""];
        self.sheet.amenity(F3, ("security-home", "security-home"), "security", sign, [-138.0, 93.0]);
    }

    /// Adds lanes of a security hall, each an opening beside its X-ray.
    fn lanes(&mut self, key: &str, (west, apart, count): (f64, f64, u8), wall: f64) {
        for n in 0..count {
            let x = west + apart * f64::from(n);
            self.sheet.door(F3, &format!("lane-{key}-{}", n + 1), GROUND.along([x, wall], 1.2));
            let machine = rect([x + 2.0, wall - 12.0], [x + 4.2, wall - 1.5]);
            self.sheet.fixture(F3, &format!("lane-{key}-{}", n + 1), "equipment", machine);
        }
    }

    fn border_and_security_abroad(&mut self) {
        let name = ["Border control", "出境边检"];
        let area = rect([40.0, 84.0], [170.0, 102.0]);
        self.sheet.unit(F3, "border-exit", "room", name, std::slice::from_ref(&area));
        self.sheet.section(F3, "border-exit", "immigration", name, area);
        for (n, x) in [65.0, 105.0, 145.0].into_iter().enumerate() {
            self.sheet.door(F3, &format!("border-exit-{}", n + 1), GROUND.along([x, 84.0], 9.0));
        }
        let sign = ["Border control (exit)", "出境边防检查", ""];
        self.sheet.amenity(F3, ("border-exit", "border-exit"), "immigration", sign, [48.0, 91.0]);
        for n in 0..10_u8 {
            let x = 48.0 + 12.6 * f64::from(n);
            self.sheet.door(F3, &format!("booth-exit-{}", n + 1), GROUND.along([x, 102.0], 1.4));
            let booth = rect([x + 3.0, 97.5], [x + 8.0, 101.0]);
            self.sheet.fixture(F3, &format!("booth-exit-{}", n + 1), "desk", booth);
        }
        let name = ["International security", "国际安检"];
        let area = rect([40.0, 102.0], [170.0, 126.0]);
        self.sheet.unit(F3, "security-abroad", "room", name, std::slice::from_ref(&area));
        self.sheet.section(F3, "security-abroad", "security", name, area);
        self.lanes("abroad", (46.0, 9.0, 14), 126.0);
        let sign = ["Security check", "安检", ""];
        self.sheet.amenity(F3, ("security-abroad", "security-abroad"), "security", sign, [48.0, 107.0]);
        self.sheet.one_way("traversal", ("departures-hall", F3), ("border-exit", F3));
        self.sheet.one_way("traversal", ("border-exit", F3), ("security-abroad", F3));
    }

    /// Shops and services between the checkpoints, before and behind them.
    fn rooms_of_the_hall(&mut self) {
        self.row((F3, "hall-west", GROUND), (-200.0, 10.0, 5), (84.0, 102.0), &[Counter, Shop, Kitchen]);
        self.row((F3, "lounge-west", GROUND), (-200.0, 10.0, 5), (118.0, 102.0), &[Shop, Shop, Kitchen]);
        for (side, door, back) in [("hall", 84.0, 102.0), ("lounge", 118.0, 102.0)] {
            let keys = ["toilets", "nursing", "first-aid"].map(|room| format!("{side}-{room}"));
            self.service(&stall(&keys[0], [-20.0, door], [-8.0, back], door), Service::Toilets);
            self.service(&stall(&keys[1], [-8.0, door], [-2.0, back], door), Service::Nursing);
            self.service(&stall(&keys[2], [-2.0, door], [4.0, back], door), Service::FirstAid);
            let key = format!("{side}-middle");
            self.row((F3, &key, GROUND), (4.0, 9.0, 4), (door, back), &[Shop, Kitchen, Counter]);
        }
        self.service(&stall("hall-toilets-east", [170.0, 84.0], [180.0, 105.0], 84.0), Service::Toilets);
        self.row((F3, "hall-east", GROUND), (180.0, 10.0, 2), (84.0, 105.0), &[Kitchen, Counter]);
        self.service(&stall("abroad-toilets-south", [170.0, 105.0], [180.0, 126.0], 126.0), Service::Toilets);
        self.row((F3, "abroad-south", GROUND), (180.0, 10.0, 2), (126.0, 105.0), &[Shop, Kitchen]);
    }

    fn home_lounge(&mut self) {
        let islands = [
            ([-192.0, 138.0], [Shop, Kitchen, Shop, Shop]),
            ([-156.0, 138.0], [Shop, Shop, Kitchen, Shop]),
            ([-34.0, 142.0], [Kitchen, Shop, Shop, Shop]),
            ([4.0, 144.0], [Shop, Kitchen, Shop, Kitchen]),
            ([-188.0, 172.0], [Shop, Shop, Shop, Kitchen]),
            ([-108.0, 172.0], [Kitchen, Shop, Shop, Shop]),
            ([-74.0, 172.0], [Shop, Kitchen, Kitchen, Shop]),
            ([-40.0, 172.0], [Shop, Shop, Kitchen, Shop]),
            ([-124.0, 138.0], [Shop, Shop, Shop, Kitchen]),
        ];
        let mut hall = vec![rect([-200.0, 118.0], [40.0, 206.0])];
        hall.extend(DOMESTIC.holes(F3));
        hall.push(rect([-90.0, 138.0], [-50.0, 147.0]));
        hall.push(rect([14.0, 132.0], [34.0, 135.0]));
        let garden = ellipse([8.0, 186.0], 12.0, 8.0);
        hall.push(garden.clone());
        hall.extend(islands.iter().map(|([x, y], _)| rect([*x, *y], [x + 24.0, y + 16.0])));
        self.sheet.unit(F3, "lounge-home", "walkway", ["Domestic departure lounge", "国内候机厅"], &hall);
        self.sheet.unit(F3, "garden-home", "vegetation", ["Banyan garden", "榕园"], &[garden]);
        for (n, (at, tastes)) in islands.into_iter().enumerate() {
            self.island(F3, &format!("home-island-{}", n + 1), at, tastes);
        }
        let exit = ["To domestic baggage reclaim", "国内到达通道"];
        self.sheet.unit(F3, "exit-home", "walkway", exit, &[rect([-90.0, 138.0], [-50.0, 144.0])]);
        self.sheet.door(F3, "exit-home", GROUND.along([-70.0, 138.0], 8.0));
        self.sheet.one_way("traversal", ("lounge-home", F3), ("exit-home", F3));
        for n in 0..16_u8 {
            let (key, west) = (format!("home-north-{}", n + 1), -196.0 + 10.0 * f64::from(n));
            let room = stall(&key, [west, 206.0], [west + 10.0, 220.0], 206.0);
            match n {
                3 | 11 => self.service(&room, Service::Toilets),
                4 => self.service(&room, Service::Nursing),
                12 => self.service(&room, Service::Prayer),
                8 => self.service(&room, Service::Smoking),
                _ => self.shop(&room, [Shop, Kitchen, Shop][usize::from(n) % 3]),
            }
        }
        let sign = ["Information", "问讯处", ""];
        self.sheet.amenity(F3, ("information-home", "lounge-home"), "information", sign, [-40.0, 128.0]);
    }

    fn abroad_lounge(&mut self) {
        let islands = [
            ([54.0, 140.0], [Shop, Shop, Shop, Kitchen]),
            ([162.0, 140.0], [Shop, Kitchen, Shop, Shop]),
            ([54.0, 172.0], [Shop, Shop, Kitchen, Shop]),
            ([96.0, 172.0], [Kitchen, Shop, Shop, Shop]),
        ];
        let [x, y] = ABROAD;
        let garden = ellipse([176.0, 180.0], 9.0, 7.0);
        let mut hall = vec![rect([40.0, 126.0], [200.0, 206.0])];
        hall.push(rect([x - 12.0, y], [x, y + 16.0]));
        hall.push(rect([92.0, 140.0], [148.0, 158.0]));
        hall.push(garden.clone());
        hall.extend(islands.iter().map(|([x, y], _)| rect([*x, *y], [x + 24.0, y + 16.0])));
        let name = ["International departure lounge", "国际候机厅"];
        self.sheet.unit(F3, "lounge-abroad", "walkway", name, &hall);
        self.sheet.unit(F3, "garden-abroad", "vegetation", ["Tea garden", "茶园"], &[garden]);
        for (n, (at, tastes)) in islands.into_iter().enumerate() {
            self.island(F3, &format!("abroad-island-{}", n + 1), at, tastes);
        }
        let free = stall("duty-free", [92.0, 140.0], [148.0, 158.0], 140.0);
        let name = ["Lingnan Duty Free", "岭南免税店"];
        self.named_shop(&free, "shopping.dutyfree", name, "24/7");
        self.sheet.door(F3, "duty-free-north", GROUND.along([120.0, 158.0], 6.0));
        for n in 0..15_u8 {
            let (key, west) = (format!("abroad-north-{}", n + 1), 46.0 + 10.0 * f64::from(n));
            let room = stall(&key, [west, 206.0], [west + 10.0, 220.0], 206.0);
            match n {
                4 | 10 => self.service(&room, Service::Toilets),
                5 => self.service(&room, Service::Nursing),
                6 => self.service(&room, Service::Prayer),
                11 => self.service(&room, Service::FirstAid),
                _ => self.shop(&room, [Shop, Shop, Kitchen][usize::from(n) % 3]),
            }
        }
        let sign = ["Information", "问讯处", ""];
        self.sheet.amenity(F3, ("information-abroad", "lounge-abroad"), "information", sign, [84.0, 132.0]);
    }
}

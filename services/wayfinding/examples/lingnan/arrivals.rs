//! 1F: the belts, customs, the arrivals hall, and the gates from which buses leave.

use super::cores::{ABROAD, DOMESTIC, LANDSIDE};
use super::names::Taste::{Counter, Kitchen, Shop};
use super::shapes::{Frame, GROUND, Metres, rect};
use super::shops::{Service, Stall};
use super::{F1, Plan};

fn stall<'a>(key: &'a str, from: Metres, to: Metres) -> Stall<'a> {
    Stall { level: F1, key, frame: GROUND, from, to, door: from[1] }
}

impl Plan {
    pub(crate) fn arrivals(&mut self) {
        self.arrivals_hall();
        self.arrivals_strip();
        self.reclaim_home();
        self.reclaim_abroad();
        self.buses_home();
        self.buses_abroad();
        let sorting = ["Baggage sorting", "行李分拣区"];
        self.sheet.closed(F1, "sorting", sorting, rect([-26.0, 162.0], [56.0, 206.0]));
        self.sheet.closed(F1, "customs-office", ["Office", "办公室"], rect([45.0, 74.0], [57.0, 98.0]));
    }

    fn arrivals_hall(&mut self) {
        let mut hall = vec![rect([-200.0, -8.0], [200.0, 62.0])];
        hall.extend(LANDSIDE.iter().flat_map(|core| core.holes(F1)));
        self.sheet.unit(F1, "arrivals-hall", "lobby", ["Arrivals hall", "到达大厅"], &hall);
        let kerb = rect([-200.0, -32.0], [200.0, -8.0]);
        self.sheet.unit(F1, "kerb", "unenclosedarea", ["Taxi and coaches", "出租车与大巴"], &[kerb]);
        self.sheet.entrance(F1, "kerb-west", [[-200.0, -26.0], [-200.0, -14.0]]);
        self.sheet.entrance(F1, "kerb-east", [[200.0, -26.0], [200.0, -14.0]]);
        for (n, x) in [-165.0, -110.0, -55.0, 0.0, 55.0, 110.0, 165.0].into_iter().enumerate() {
            self.sheet.door(F1, &format!("doors-{}", n + 1), GROUND.along([x, -8.0], 7.0));
        }
        for (key, unit, category, names, at) in [
            ("taxi", "kerb", "taxi", ["Taxi", "出租车", ""], [-140.0, -20.0]),
            ("ride", "kerb", "taxi.ridehailing", ["Ride hailing", "网约车", ""], [-70.0, -20.0]),
            ("coach", "kerb", "bus", ["Airport coach", "机场大巴", ""], [80.0, -20.0]),
            ("coach-long", "kerb", "bus.intercity", ["Intercity coach", "城际大巴", ""], [150.0, -20.0]),
            (
                "information-west",
                "arrivals-hall",
                "information",
                ["Information", "问讯处", ""],
                [-60.0, 44.0],
            ),
            ("information-east", "arrivals-hall", "information", ["Information", "问讯处", ""], [64.0, 44.0]),
            ("meeting", "arrivals-hall", "meetingpoint", ["Meeting point", "会合点", ""], [-40.0, 20.0]),
            ("lockers", "arrivals-hall", "baggagestorage", ["Left luggage", "行李寄存", ""], [186.0, 20.0]),
            ("lost", "arrivals-hall", "lostandfound", ["Lost property", "失物招领", ""], [-186.0, 20.0]),
        ] {
            self.sheet.amenity(F1, (key, unit), category, names, at);
        }
    }

    /// Shops, counters and the three exits between the hall and the belts.
    fn arrivals_strip(&mut self) {
        let key = |n: usize| format!("strip-{n}");
        self.row((F1, &key(1), GROUND), (-200.0, 10.0, 9), (62.0, 74.0), &[Counter, Kitchen, Shop]);
        self.service(&stall("toilets-west", [-110.0, 62.0], [-98.0, 74.0]), Service::Toilets);
        self.service(&stall("nursing-west", [-98.0, 62.0], [-90.0, 74.0]), Service::Nursing);
        self.row((F1, &key(2), GROUND), (-76.0, 10.5, 4), (62.0, 74.0), &[Counter, Shop, Counter, Kitchen]);
        self.service(&stall("toilets-middle", [-20.0, 62.0], [-8.0, 74.0]), Service::Toilets);
        self.service(&stall("first-aid", [-8.0, 62.0], [0.0, 74.0]), Service::FirstAid);
        self.row((F1, &key(3), GROUND), (0.0, 10.0, 12), (62.0, 74.0), &[Kitchen, Counter, Shop, Counter]);
        self.row((F1, &key(4), GROUND), (134.0, 10.0, 5), (62.0, 74.0), &[Kitchen, Shop, Counter]);
        self.service(&stall("toilets-east", [184.0, 62.0], [200.0, 74.0]), Service::Toilets);
        for (key, west, name, belts) in [
            ("exit-home-1", -90.0, ["Domestic exit 1", "国内到达1号出口"], "reclaim-home"),
            ("exit-home-2", -34.0, ["Domestic exit 2", "国内到达2号出口"], "reclaim-home"),
            ("exit-abroad", 120.0, ["International exit", "国际到达出口"], "customs"),
        ] {
            self.sheet.unit(F1, key, "walkway", name, &[rect([west, 62.0], [west + 14.0, 74.0])]);
            self.sheet.door(F1, &format!("{key}-in"), GROUND.along([west + 7.0, 74.0], 8.0));
            self.sheet.door(F1, &format!("{key}-out"), GROUND.along([west + 7.0, 62.0], 10.0));
            self.sheet.one_way("traversal", (belts, F1), (key, F1));
        }
    }

    fn belt(&mut self, number: u8, x: f64, [south, north]: [f64; 2], unit: &str) {
        let (en, zh) = (format!("Belt {number}"), format!("{number}号行李转盘"));
        let (key, at) = (format!("belt-{number}"), [x, south - 4.0]);
        self.sheet.amenity(F1, (&key, unit), "baggagecarousel", [&en, &zh, ""], at);
        self.sheet.fixture(F1, &key, "baggagecarousel", rect([x - 3.0, south], [x + 3.0, north]));
    }

    fn reclaim_home(&mut self) {
        let hall = [rect([-200.0, 74.0], [45.0, 158.0]), rect([-90.0, 144.0], [-50.0, 147.0])];
        let name = ["Domestic baggage reclaim", "国内行李提取厅"];
        self.sheet.unit(F1, "reclaim-home", "walkway", name, &hall);
        self.sheet.section(F1, "reclaim-home", "baggageclaim", name, hall[0].clone());
        for n in 0..12_u8 {
            self.belt(n + 1, -188.0 + 20.0 * f64::from(n), [92.0, 130.0], "reclaim-home");
        }
        let frame = Frame::turned([45.0, 100.0], 90.0);
        let (from, to, door) = ([0.0, 0.0], [16.0, -12.0], 0.0);
        let room = Stall { level: F1, key: "reclaim-home-toilets", frame, from, to, door };
        self.service(&room, Service::Toilets);
        let sign = ["Baggage service", "行李查询", ""];
        self.sheet.amenity(F1, ("baggage-home", "reclaim-home"), "lostandfound", sign, [38.0, 84.0]);
    }

    fn reclaim_abroad(&mut self) {
        let name = ["Customs", "海关"];
        self.sheet.unit(F1, "customs", "room", name, &[rect([57.0, 74.0], [200.0, 92.0])]);
        self.sheet.section(F1, "customs", "customs", name, rect([57.0, 74.0], [200.0, 92.0]));
        self.sheet.amenity(F1, ("customs", "customs"), "customs", ["Customs", "海关", ""], [160.0, 83.0]);
        let hall = [rect([57.0, 92.0], [200.0, 158.0]), rect([110.0, 134.0], [150.0, 137.0])];
        let name = ["International baggage reclaim", "国际行李提取厅"];
        self.sheet.unit(F1, "reclaim-abroad", "walkway", name, &hall);
        self.sheet.section(F1, "reclaim-abroad", "baggageclaim", name, hall[0].clone());
        for (n, x) in [90.0, 127.0, 164.0].into_iter().enumerate() {
            self.sheet.door(F1, &format!("customs-{}", n + 1), GROUND.along([x, 92.0], 6.0));
        }
        self.sheet.one_way("traversal", ("reclaim-abroad", F1), ("customs", F1));
        for n in 0..8_u8 {
            self.belt(n + 13, 67.0 + 17.4 * f64::from(n), [101.0, 128.0], "reclaim-abroad");
        }
        let frame = Frame::turned([45.0, 124.0], 90.0);
        let (from, to, door) = ([0.0, 0.0], [16.0, -12.0], -12.0);
        let room = Stall { level: F1, key: "reclaim-abroad-toilets", frame, from, to, door };
        self.service(&room, Service::Toilets);
    }

    fn bus_gate(&mut self, code: &str, x: f64, hall: &str) {
        let (en, zh) = (format!("Gate {code}"), format!("{code}登机口"));
        let (key, at) = (format!("gate-{code}"), [x, 203.0]);
        self.sheet.amenity(F1, (&key, hall), "boardinggate.bus", [&en, &zh, code], at);
        self.sheet.entrance(F1, &format!("bus-{code}"), GROUND.along([x, 206.0], 3.0));
        let seats = rect([x - 5.0, 190.0], [x + 5.0, 196.0]);
        self.sheet.fixture(F1, &format!("seats-{code}"), "furniture", seats);
    }

    fn buses_home(&mut self) {
        let mut hall = vec![rect([-200.0, 162.0], [-40.0, 206.0])];
        hall.extend(DOMESTIC.holes(F1));
        self.sheet.unit(F1, "buses-home", "waitingroom", ["Domestic bus gates", "国内远机位候机厅"], &hall);
        for (n, x) in (51..).zip([-190.0, -172.0, -154.0, -112.0, -94.0, -76.0, -58.0]) {
            self.bus_gate(&format!("A{n}"), x, "buses-home");
        }
        let frame = Frame::turned([-40.0, 166.0], 90.0);
        let (from, to, door) = ([0.0, 0.0], [14.0, -12.0], 0.0);
        let room = Stall { level: F1, key: "buses-home-toilets", frame, from, to, door };
        self.service(&room, Service::Toilets);
        let (from, to) = ([14.0, 0.0], [26.0, -12.0]);
        let cafe = Stall { level: F1, key: "buses-home-cafe", frame, from, to, door };
        self.shop(&cafe, Kitchen);
    }

    fn buses_abroad(&mut self) {
        let [x, y] = ABROAD;
        let hall = [rect([70.0, 162.0], [200.0, 206.0]), rect([x - 12.0, y], [x, y + 16.0])];
        let name = ["International bus gates", "国际远机位候机厅"];
        self.sheet.unit(F1, "buses-abroad", "waitingroom", name, &hall);
        for (n, x) in (51..).zip([82.0, 100.0, 118.0, 168.0, 186.0]) {
            self.bus_gate(&format!("C{n}"), x, "buses-abroad");
        }
        let frame = Frame::turned([70.0, 166.0], 90.0);
        let (from, to, door) = ([0.0, 0.0], [14.0, 12.0], 0.0);
        let room = Stall { level: F1, key: "buses-abroad-toilets", frame, from, to, door };
        self.service(&room, Service::Toilets);
        let (from, to) = ([14.0, 0.0], [26.0, 12.0]);
        self.shop(&Stall { level: F1, key: "buses-abroad-cafe", frame, from, to, door }, Kitchen);
    }
}

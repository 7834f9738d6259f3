//! B1: the metro, the car parks, and what lies between them.

use super::cores::LANDSIDE;
use super::names::Taste::{Counter, Kitchen, Shop};
use super::shapes::{GROUND, rect};
use super::shops::{Service, Stall};
use super::{B1, Plan};

impl Plan {
    pub(crate) fn station(&mut self) {
        let mut hall = vec![rect([-200.0, 6.0], [200.0, 70.0])];
        hall.extend(LANDSIDE.iter().flat_map(|core| core.holes(B1)));
        let name = ["Ground transport hall", "交通换乘厅"];
        self.sheet.unit(B1, "transport-hall", "lobby", name, &hall);
        let station = rect([-110.0, -24.0], [110.0, 6.0]);
        self.sheet.unit(B1, "station", "lobby", ["Metro ticket hall", "地铁站厅"], &[station]);
        let platform = rect([-110.0, -48.0], [110.0, -24.0]);
        self.sheet.unit(B1, "platform", "platform", ["Metro platform", "地铁站台"], &[platform]);
        for (n, x) in [-70.0, 0.0, 70.0].into_iter().enumerate() {
            self.sheet.door(B1, &format!("station-{}", n + 1), GROUND.along([x, 6.0], 12.0));
        }
        for n in 0..8_u8 {
            let x = -98.0 + 28.0 * f64::from(n);
            self.sheet.door(B1, &format!("gate-{}", n + 1), GROUND.along([x, -24.0], 1.2));
        }
        self.sheet.amenity(B1, ("metro", "platform"), "railway", ["Metro", "地铁", ""], [0.0, -36.0]);
        let sign = ["Metro tickets", "地铁售票", ""];
        self.sheet.amenity(B1, ("metro-tickets", "station"), "ticketing.rail", sign, [40.0, -8.0]);
        let sign = ["Information", "问讯处", ""];
        self.sheet.amenity(B1, ("information", "transport-hall"), "information", sign, [-50.0, 30.0]);
        for (side, west, tastes) in
            [("west", -200.0, [Kitchen, Shop, Counter]), ("east", 110.0, [Shop, Kitchen, Counter])]
        {
            let key = format!("station-{side}");
            self.row((B1, &key, GROUND), (west, 7.5, 12), (6.0, -8.0), &tastes);
        }
        for (key, service, west, east) in [
            ("station-toilets-west", Service::Toilets, -200.0, -186.0),
            ("station-toilets-east", Service::Toilets, 186.0, 200.0),
            ("station-nursing", Service::Nursing, 176.0, 186.0),
        ] {
            let (from, to, door) = ([west, 70.0], [east, 82.0], 70.0);
            self.service(&Stall { level: B1, key, frame: GROUND, from, to, door }, service);
        }
        for (key, west, east) in [("plant-west", -200.0, -186.0), ("plant-east", 176.0, 200.0)] {
            self.sheet.closed(B1, key, ["Plant", "机房"], rect([west, 82.0], [east, 130.0]));
        }
        for (code, west, east) in [("P1", -186.0, -4.0), ("P2", 4.0, 176.0)] {
            let (en, zh) = (format!("Car park {code}"), format!("{code}停车场"));
            let key = format!("parking-{code}");
            self.sheet.unit(B1, &key, "parking", [&en, &zh], &[rect([west, 70.0], [east, 130.0])]);
            let middle = f64::midpoint(west, east);
            for (n, x) in [west + 40.0, east - 40.0].into_iter().enumerate() {
                self.sheet.door(B1, &format!("{key}-{}", n + 1), GROUND.along([x, 70.0], 5.0));
            }
            self.sheet.entrance(B1, &format!("{key}-ramp"), GROUND.along([middle, 130.0], 8.0));
            self.sheet.amenity(B1, (&key, &key), "parking", [&en, &zh, code], [middle, 92.0]);
        }
    }
}

//! Shops, restaurants, toilets and other rooms with one door.

use super::Plan;
use super::names::Taste;
use super::shapes::{Frame, Metres};

/// A room with one door in a wall along `u`.
pub(crate) struct Stall<'a> {
    pub(crate) level: i32,
    pub(crate) key: &'a str,
    pub(crate) frame: Frame,
    /// Two opposite corners.
    pub(crate) from: Metres,
    pub(crate) to: Metres,
    /// Where the wall with the door lies across the frame.
    pub(crate) door: f64,
}

impl Stall<'_> {
    pub(crate) fn middle(&self) -> Metres {
        [f64::midpoint(self.from[0], self.to[0]), f64::midpoint(self.from[1], self.to[1])]
    }
}

/// A room that serves everybody.
#[derive(Clone, Copy)]
pub(crate) enum Service {
    Toilets,
    Nursing,
    Prayer,
    FirstAid,
    Smoking,
}

impl Plan {
    fn stall(&mut self, stall: &Stall<'_>, category: &str, name: [&str; 2], wide: f64) {
        let Stall { level, key, frame, from, to, door } = *stall;
        self.sheet.unit(level, key, category, name, &[frame.rect(from, to)]);
        self.sheet.door(level, key, frame.along([stall.middle()[0], door], wide));
    }

    /// Adds a shop, restaurant or counter of the next brand.
    pub(crate) fn shop(&mut self, stall: &Stall<'_>, taste: Taste) {
        let brand = self.brands.next(taste);
        self.named_shop(stall, brand.category, [&brand.en, &brand.zh], brand.hours);
    }

    /// Adds a shop of a given name.
    pub(crate) fn named_shop(&mut self, stall: &Stall<'_>, category: &str, name: [&str; 2], hours: &str) {
        let unit = if category.starts_with("foodservice") { "foodservice" } else { "room" };
        self.stall(stall, unit, ["", ""], 2.4);
        self.sheet.occupant(stall.level, stall.key, category, name, hours, stall.frame.at(stall.middle()));
    }

    /// Adds a room that serves everybody, with its sign.
    pub(crate) fn service(&mut self, stall: &Stall<'_>, service: Service) {
        let (unit, name, signs): (_, _, &[(&str, [&str; 3])]) = match service {
            Service::Toilets => (
                "restroom",
                ["Toilets", "卫生间"],
                &[
                    ("restroom", ["Toilets", "卫生间", ""]),
                    ("restroom.wheelchair", ["Accessible toilet", "无障碍卫生间", ""]),
                ],
            ),
            Service::Nursing => (
                "mothersroom",
                ["Nursing room", "母婴室"],
                &[("mothersroom", ["Nursing room", "母婴室", ""])],
            ),
            Service::Prayer => {
                ("prayerroom", ["Prayer room", "祈祷室"], &[("prayerroom", ["Prayer room", "祈祷室", ""])])
            }
            Service::FirstAid => {
                ("firstaid", ["First aid", "医务室"], &[("firstaid", ["First aid", "医务室", ""])])
            }
            Service::Smoking => (
                "smokingarea",
                ["Smoking room", "吸烟室"],
                &[("smokingarea", ["Smoking room", "吸烟室", ""])],
            ),
        };
        self.stall(stall, unit, name, 1.4);
        let [u, v] = stall.middle();
        for (n, (category, names)) in (0_u8..).zip(signs) {
            let key = format!("{}-{n}", stall.key);
            let at = stall.frame.at([u + 1.5 * f64::from(n), v]);
            self.sheet.amenity(stall.level, (&key, stall.key), category, *names, at);
        }
    }

    /// Adds a row of shops of one width with their doors in one wall; every fourth is a kitchen.
    pub(crate) fn row(
        &mut self,
        (level, key, frame): (i32, &str, Frame),
        (from, wide, count): (f64, f64, u16),
        (door, back): (f64, f64),
        tastes: &[Taste],
    ) {
        for n in 0..count {
            let west = from + wide * f64::from(n);
            let key = format!("{key}-{}", n + 1);
            let stall = Stall { level, key: &key, frame, from: [west, door], to: [west + wide, back], door };
            self.shop(&stall, tastes[usize::from(n) % tastes.len()]);
        }
    }

    /// Adds an island of four shops, two to the south and two to the north.
    pub(crate) fn island(&mut self, level: i32, key: &str, [west, south]: Metres, tastes: [Taste; 4]) {
        let frame = super::shapes::GROUND;
        for (n, taste) in (0_u8..).zip(tastes) {
            let left = west + if n % 2 == 0 { 0.0 } else { ISLAND[0] / 2.0 };
            let (from, to, door) = if n < 2 {
                ([left, south], [left + ISLAND[0] / 2.0, south + ISLAND[1] / 2.0], south)
            } else {
                let north = south + ISLAND[1];
                ([left, south + ISLAND[1] / 2.0], [left + ISLAND[0] / 2.0, north], north)
            };
            let key = format!("{key}-{}", n + 1);
            self.shop(&Stall { level, key: &key, frame, from, to, door }, taste);
        }
    }
}

/// The width and depth of an island of shops.
pub(crate) const ISLAND: [f64; 2] = [24.0, 16.0];

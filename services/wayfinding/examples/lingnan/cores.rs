//! Lifts, escalators and stairs: banks that stand in the halls of several levels.
//!
//! A bank is six escalators side by side, one for each direction between neighbouring levels, each drawn on
//! the two levels it joins; the lifts and the stairs stand north of it.

use super::shapes::{Frame, Metres, Ring, rect};
use super::{B1, F1, F2, F3, Plan};

/// A bank of escalators with its lifts and stairs, by the south end of its middle line.
#[derive(Clone, Copy)]
pub(crate) struct Core {
    pub(crate) at: Metres,
    pub(crate) lowest: i32,
    pub(crate) highest: i32,
}

/// The cores before security, in the halls between the check-in islands.
pub(crate) const LANDSIDE: [Core; 3] = [
    Core { at: [-110.0, 22.0], lowest: B1, highest: F3 },
    Core { at: [0.0, 22.0], lowest: B1, highest: F3 },
    Core { at: [110.0, 22.0], lowest: B1, highest: F3 },
];
/// The core between the domestic gates, the lounges and the domestic bus gates.
pub(crate) const DOMESTIC: Core = Core { at: [-130.0, 168.0], lowest: F1, highest: F3 };
/// The core between the gates to abroad and their bus gates; it does not stop on the arrivals level.
pub(crate) const ABROAD: Metres = [150.0, 172.0];

const ROW: f64 = 2.0;
const LENGTH: f64 = 16.0;
/// The lobby between the escalators and the lifts, and the depth of the lifts.
const LOBBY: f64 = 6.0;
const DEPTH: f64 = 6.0;

impl Core {
    fn bank(&self, level: i32) -> (f64, f64) {
        let flights = f64::from(self.highest - self.lowest);
        let west = self.at[0] - flights * ROW;
        let below = f64::from((level - self.lowest - 1).max(0));
        let above = f64::from((level - self.lowest + 1).min(self.highest - self.lowest));
        (west + 2.0 * ROW * below, west + 2.0 * ROW * above)
    }

    /// Returns what the core takes out of the hall of a level.
    pub(crate) fn holes(&self, level: i32) -> Vec<Ring> {
        let [x, y] = self.at;
        let (west, east) = self.bank(level);
        let north = y + LENGTH + LOBBY;
        vec![rect([west, y], [east, y + LENGTH]), rect([x - 6.0, north], [x + 6.0, north + DEPTH])]
    }
}

impl Plan {
    /// Adds the machines of all cores.
    pub(crate) fn cores(&mut self) {
        for core in LANDSIDE.iter().chain([&DOMESTIC]) {
            self.core(core);
        }
        self.reclaim_core();
        self.bus_core();
        self.border_core();
        self.transfer_core();
    }

    fn core(&mut self, core: &Core) {
        let [x, y] = core.at;
        for low in core.lowest..core.highest {
            let (west, _) = core.bank(low + 1);
            let up = rect([west, y], [west + ROW, y + LENGTH]);
            let down = rect([west + ROW, y], [west + 2.0 * ROW, y + LENGTH]);
            // Every second flight runs the other way, so that one leads on to the next.
            let turned = (low - core.lowest) % 2 == 1;
            let [south, north] = if turned { [y + LENGTH, y] } else { [y, y + LENGTH] };
            let mouth = |shift: f64, v: f64| [[west + shift + 0.4, v], [west + shift + 1.6, v]];
            self.escalator(&up, (low, mouth(0.0, south)), (low + 1, mouth(0.0, north)));
            self.escalator(&down, (low + 1, mouth(ROW, north)), (low, mouth(ROW, south)));
        }
        let levels: Vec<_> = (core.lowest..=core.highest).collect();
        let south = y + LENGTH + LOBBY;
        let stops = |from: f64, to: f64| -> Vec<_> {
            levels.iter().map(|level| (*level, Some([[from, south], [to, south]]))).collect()
        };
        for west in [x - 6.0, x - 3.0] {
            let car = rect([west, south], [west + 3.0, south + DEPTH]);
            self.lift(&car, &stops(west + 0.9, west + 2.1));
        }
        self.stairs(&rect([x, south], [x + 6.0, south + DEPTH]), &stops(x + 2.0, x + 4.0));
    }

    /// From the domestic gates straight down to the belts.
    fn reclaim_core(&mut self) {
        let frame = Frame::turned([-90.0, 144.0], 0.0);
        self.descent(&frame, [F3, F1], 40.0);
    }

    /// From border control down to the belts of those from abroad.
    fn border_core(&mut self) {
        let frame = Frame::turned([110.0, 134.0], 0.0);
        self.descent(&frame, [F2, F1], 40.0);
    }

    /// Two escalators down, a lift and stairs behind a wall, side by side; they pass levels between unopened.
    pub(crate) fn descent(&mut self, frame: &Frame, [top, bottom]: [i32; 2], wide: f64) {
        for west in [0.0, 15.0].into_iter().filter(|west| west + 24.0 < wide) {
            let ring = frame.rect([west, 0.0], [west + 14.0, 3.0]);
            let (first, last) = (frame.along([west + 1.5, 0.0], 1.4), frame.along([west + 12.5, 0.0], 1.4));
            self.escalator(&ring, (top, first), (bottom, last));
        }
        let stops = |u: f64, wide: f64| -> Vec<_> {
            let door = Some(frame.along([u, 0.0], wide));
            (bottom..=top).map(|level| (level, door.filter(|_| level == top || level == bottom))).collect()
        };
        self.lift(&frame.rect([wide - 10.0, 0.0], [wide - 7.0, 3.0]), &stops(wide - 8.5, 1.4));
        self.stairs(&frame.rect([wide - 6.0, 0.0], [wide, 3.0]), &stops(wide - 3.0, 2.0));
    }

    /// Between the gates to abroad and their bus gates, two levels down.
    fn bus_core(&mut self) {
        let [x, y] = ABROAD;
        let mouth = |shift: f64, v: f64| [[x + shift + 0.4, v], [x + shift + 1.6, v]];
        let down = rect([x - 12.0, y], [x - 10.0, y + LENGTH]);
        self.escalator(&down, (F3, mouth(-12.0, y + LENGTH)), (F1, mouth(-12.0, y)));
        let up = rect([x - 10.0, y], [x - 8.0, y + LENGTH]);
        self.escalator(&up, (F1, mouth(-10.0, y)), (F3, mouth(-10.0, y + LENGTH)));
        let stops = |u: f64| {
            let door = Some([[u - 0.7, y], [u + 0.7, y]]);
            [(F1, door), (F2, None), (F3, door)]
        };
        self.lift(&rect([x - 8.0, y], [x - 4.0, y + LENGTH]), &stops(x - 6.0));
        self.stairs(&rect([x - 4.0, y], [x, y + LENGTH]), &stops(x - 2.0));
    }

    /// From the transfer check up to the domestic gates.
    fn transfer_core(&mut self) {
        let ring = rect([14.0, 132.0], [28.0, 135.0]);
        self.escalator(&ring, (F2, [[14.8, 132.0], [16.2, 132.0]]), (F3, [[25.8, 132.0], [27.2, 132.0]]));
        let door = Some([[31.3, 132.0], [32.7, 132.0]]);
        self.lift(&rect([30.0, 132.0], [34.0, 135.0]), &[(F2, door), (F3, door)]);
    }

    fn number(&mut self, kind: usize) -> u32 {
        self.machines[kind] += 1;
        self.machines[kind]
    }

    fn lift(&mut self, ring: &Ring, stops: &[(i32, Option<[Metres; 2]>)]) {
        let key = format!("L{}", self.number(0));
        self.machine("elevator", &key, [&format!("Lift {key}"), &format!("电梯{key}")], ring, stops);
    }

    fn stairs(&mut self, ring: &Ring, stops: &[(i32, Option<[Metres; 2]>)]) {
        let key = format!("S{}", self.number(2));
        self.machine("stairs", &key, [&format!("Stairs {key}"), &format!("楼梯{key}")], ring, stops);
    }

    fn escalator(&mut self, ring: &Ring, from: (i32, [Metres; 2]), to: (i32, [Metres; 2])) {
        let key = format!("E{}", self.number(1));
        let stops = [(from.0, Some(from.1)), (to.0, Some(to.1))];
        self.machine("escalator", &key, [&format!("Escalator {key}"), &format!("扶梯{key}")], ring, &stops);
        self.sheet.one_way("escalator", (&key, from.0), (&key, to.0));
    }

    fn machine(
        &mut self,
        category: &str,
        key: &str,
        name: [&str; 2],
        ring: &Ring,
        stops: &[(i32, Option<[Metres; 2]>)],
    ) {
        for (level, door) in stops {
            self.sheet.unit(*level, key, category, name, std::slice::from_ref(ring));
            if let Some(threshold) = door {
                self.sheet.door(*level, key, *threshold);
            }
        }
        let levels: Vec<_> = stops.iter().map(|(level, _)| *level).collect();
        let middle = [f64::midpoint(ring[0][0], ring[2][0]), f64::midpoint(ring[0][1], ring[2][1])];
        self.sheet.machine(category, key, name, &levels, middle);
    }
}

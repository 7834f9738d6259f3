//! The three piers of 3F with their gates, and below pier C the way of those who arrive from abroad.

use super::names::Taste::{Kitchen, Shop};
use super::shapes::{Frame, Notch, Ring, notched};
use super::shops::{Service, Stall};
use super::{F2, F3, Plan};

/// Where the parts of a pier begin and end along it.
const PARTS: [f64; 4] = [0.0, 80.0, 284.0, 450.0];
/// Half the width of the mall at a pier's root, and of the pier.
const MALL: f64 = 10.0;
const HALF: f64 = 20.0;
/// From where to where moving walkways run; each crosses from one part into the next.
const WALKWAYS: [[f64; 2]; 2] = [[40.0, 140.0], [230.0, 330.0]];
/// Half the width of a pair of walkways.
const PAIR: f64 = 1.8;

/// Where the arrivals corridor lies across the pier to abroad.
pub(crate) const CORRIDOR: [f64; 2] = [5.0, HALF - 3.0];

/// What stands between two gates.
#[derive(Clone, Copy)]
enum Between {
    Shop,
    Kitchen,
    Room(Service),
    /// The way down to arrivals.
    Down,
}

/// A pier: where it stands and what is on its two sides, right and left.
struct Pier {
    letter: &'static str,
    frame: Frame,
    /// The corners of the neck on the side of the lounge.
    neck: [[f64; 2]; 2],
    /// The first gate and the distance between gates of a side, and how many there are.
    gates: (f64, f64, u8),
    sides: [&'static [(f64, Between)]; 2],
}

const HOME_RIGHT: [(f64, Between); 7] = [
    (116.0, Between::Kitchen),
    (158.0, Between::Room(Service::Toilets)),
    (200.0, Between::Shop),
    (242.0, Between::Room(Service::Nursing)),
    (326.0, Between::Kitchen),
    (368.0, Between::Room(Service::Toilets)),
    (410.0, Between::Shop),
];
const HOME_LEFT: [(f64, Between); 7] = [
    (116.0, Between::Shop),
    (158.0, Between::Kitchen),
    (200.0, Between::Room(Service::Toilets)),
    (242.0, Between::Shop),
    (326.0, Between::Room(Service::Smoking)),
    (368.0, Between::Shop),
    (410.0, Between::Room(Service::Toilets)),
];
const ABROAD_RIGHT: [(f64, Between); 5] = [
    (137.5, Between::Kitchen),
    (202.5, Between::Room(Service::Toilets)),
    (262.0, Between::Shop),
    (332.5, Between::Room(Service::Nursing)),
    (397.5, Between::Room(Service::Toilets)),
];
const ABROAD_LEFT: [(f64, Between); 5] = [
    (137.5, Between::Shop),
    (202.5, Between::Down),
    (262.0, Between::Room(Service::Prayer)),
    (332.5, Between::Down),
    (397.5, Between::Kitchen),
];

fn piers() -> [Pier; 3] {
    let home: [&'static [(f64, Between)]; 2] = [&HOME_RIGHT, &HOME_LEFT];
    [
        Pier {
            letter: "A",
            frame: Frame::turned([-230.0, 180.0], 160.0),
            neck: [[-200.0, 204.0], [-200.0, 152.0]],
            gates: (95.0, 42.0, 9),
            sides: home,
        },
        Pier {
            letter: "B",
            frame: Frame::turned([0.0, 226.0], 90.0),
            neck: [[30.0, 206.0], [-30.0, 206.0]],
            gates: (95.0, 42.0, 9),
            sides: home,
        },
        Pier {
            letter: "C",
            frame: abroad(),
            neck: [[200.0, 152.0], [200.0, 204.0]],
            gates: (105.0, 65.0, 6),
            sides: [&ABROAD_RIGHT, &ABROAD_LEFT],
        },
    ]
}

/// Returns the frame of the pier to abroad.
pub(crate) fn abroad() -> Frame {
    Frame::turned([230.0, 180.0], 20.0)
}

/// Returns the floors of all piers with their necks.
pub(crate) fn floors() -> Vec<Ring> {
    let floor = |pier: &Pier| [pier.throat(), pier.frame.rect([0.0, -HALF], [PARTS[3], HALF])];
    piers().iter().flat_map(floor).collect()
}

impl Pier {
    /// Returns the floor between the lounge and the pier.
    fn throat(&self) -> Ring {
        let [from, to] = self.neck;
        vec![from, self.frame.at([0.0, -HALF]), self.frame.at([0.0, HALF]), to]
    }
}

/// How far what stands between two gates reaches to either side, and how deep it is.
fn room_of(between: Between) -> [f64; 2] {
    if matches!(between, Between::Down) { [20.0, 9.0] } else { [6.0, 8.0] }
}

fn notches(side: &[(f64, Between)], from: f64, to: f64) -> Vec<Notch> {
    let here = side.iter().filter(|(at, _)| *at > from && *at < to);
    here.map(|(at, between)| {
        let [half, deep] = room_of(*between);
        [at - half, at + half, deep]
    })
    .collect()
}

impl Plan {
    pub(crate) fn piers(&mut self) {
        for pier in piers() {
            self.pier_floor(&pier);
            self.pier_walkways(&pier);
            self.pier_mall(&pier);
            for (side, rooms) in [(-1.0, pier.sides[0]), (1.0, pier.sides[1])] {
                self.pier_side(&pier, side, rooms);
            }
            self.pier_gates(&pier);
        }
        self.arrivals_corridor();
    }

    fn pier_floor(&mut self, pier: &Pier) {
        let Pier { letter, frame, .. } = pier;
        let part = |n: usize| format!("pier-{letter}{n}");
        let (en, zh) = (format!("Pier {letter}"), format!("{letter}指廊"));
        let [from, to] = pier.neck;
        self.sheet.unit(F3, &format!("neck-{letter}"), "walkway", ["", ""], &[pier.throat()]);
        let mid = [f64::midpoint(from[0], to[0]), f64::midpoint(from[1], to[1])];
        let half = if from[0] == to[0] { [0.0, 20.0] } else { [20.0, 0.0] };
        let threshold = [[mid[0] - half[0], mid[1] - half[1]], [mid[0] + half[0], mid[1] + half[1]]];
        self.sheet.door(F3, &format!("neck-{letter}"), threshold);
        self.sheet.door(F3, &part(0), frame.across([0.0, 0.0], 18.0));
        let overlap = |n: usize| {
            let [from, to] = WALKWAYS[n];
            [Some([PARTS[n + 1] - from, PAIR]), Some([to - PARTS[n + 1], PAIR])]
        };
        let ([end0, begin1], [end1, begin2]) = (overlap(0), overlap(1));
        let mall = notched(frame, [PARTS[0], PARTS[1]], MALL, [&[], &[]], [None, end0]);
        self.sheet.unit(F3, &part(0), "walkway", ["", ""], &[mall]);
        for (n, ends) in [(1, [begin1, end1]), (2, [begin2, None])] {
            let [right, left] = pier.sides.map(|side| notches(side, PARTS[n], PARTS[n + 1]));
            let floor = notched(frame, [PARTS[n], PARTS[n + 1]], HALF, [&right, &left], ends);
            self.sheet.unit(F3, &part(n), "walkway", [&en, &zh], &[floor]);
        }
        for side in [-1.0, 1.0] {
            let name = if side < 0.0 { "right" } else { "left" };
            let door = |n: usize| format!("pier-{letter}{n}-{name}");
            self.sheet.door(F3, &door(1), frame.across([PARTS[1], 5.9 * side], 8.0));
            self.sheet.door(F3, &door(2), frame.across([PARTS[2], 10.9 * side], 18.0));
        }
    }

    fn pier_walkways(&mut self, pier: &Pier) {
        let Pier { letter, frame, .. } = pier;
        for (n, [from, to]) in WALKWAYS.into_iter().enumerate() {
            let near = format!("pier-{letter}{n}");
            let far = format!("pier-{letter}{}", n + 1);
            for (name, low, high) in [("out", -PAIR, 0.0), ("in", 0.0, PAIR)] {
                let key = format!("walkway-{letter}{}-{name}", n + 1);
                let ring = frame.rect([from, low], [to, high]);
                let names = ["Moving walkway", "自动步道"];
                self.sheet.unit(F3, &key, "movingwalkway", names, &[ring]);
                let middle = f64::midpoint(low, high);
                self.sheet.door(F3, &format!("{key}-near"), frame.across([from, middle], 1.4));
                self.sheet.door(F3, &format!("{key}-far"), frame.across([to, middle], 1.4));
                let [first, last] = if name == "out" { [&near, &far] } else { [&far, &near] };
                self.sheet.one_way("traversal", (first, F3), (&key, F3));
                self.sheet.one_way("traversal", (&key, F3), (last, F3));
            }
        }
    }

    /// The shops on both sides of a pier's root.
    fn pier_mall(&mut self, pier: &Pier) {
        let Pier { letter, frame, .. } = pier;
        for (name, door, back, last) in
            [("right", -MALL, -HALF, Service::Toilets), ("left", MALL, HALF, Service::Nursing)]
        {
            let key = format!("mall-{letter}-{name}");
            let tastes = [Shop, Shop, Kitchen, Shop];
            self.row((F3, &key, *frame), (0.0, 6.0, 12), (door, back), &tastes);
            let key = format!("{key}-13");
            let (from, to) = ([72.0, door], [PARTS[1], back]);
            self.service(&Stall { level: F3, key: &key, frame: *frame, from, to, door }, last);
        }
    }

    fn pier_side(&mut self, pier: &Pier, side: f64, rooms: &[(f64, Between)]) {
        let Pier { letter, frame, .. } = pier;
        let name = if side < 0.0 { "right" } else { "left" };
        for (n, (at, between)) in rooms.iter().enumerate() {
            let key = format!("side-{letter}-{name}-{}", n + 1);
            let [half, deep] = room_of(*between);
            let door = side * (HALF - deep);
            let (from, to) = ([at - half, door], [at + half, side * HALF]);
            let stall = Stall { level: F3, key: &key, frame: *frame, from, to, door };
            match between {
                Between::Shop => self.shop(&stall, Shop),
                Between::Kitchen => self.shop(&stall, Kitchen),
                Between::Room(service) => self.service(&stall, *service),
                Between::Down => self.down(pier, &stall),
            }
        }
    }

    /// Where those who land from abroad leave the gates for the corridor below.
    fn down(&mut self, pier: &Pier, stall: &Stall<'_>) {
        let Stall { key, from, to, door, .. } = *stall;
        let [begin, end] = [[from[0], door], [to[0], HALF - 3.0]];
        let names = ["To arrivals", "国际到达通道"];
        self.sheet.unit(F3, key, "walkway", names, &[pier.frame.rect(begin, end)]);
        self.sheet.door(F3, key, pier.frame.along([stall.middle()[0], door], 6.0));
        let part = if from[0] < PARTS[2] { 1 } else { 2 };
        let pier_part = format!("pier-{}{part}", pier.letter);
        self.sheet.one_way("traversal", (&pier_part, F3), (key, F3));
        self.descent(&pier.frame.shifted([from[0], HALF - 3.0]), [F3, F2], 40.0);
    }

    fn pier_gates(&mut self, pier: &Pier) {
        let Pier { letter, frame, gates: (first, apart, count), .. } = pier;
        for n in 0..*count {
            let u = first + apart * f64::from(n);
            for (side, number) in [(-1.0, 2 * n + 1), (1.0, 2 * n + 2)] {
                let code = format!("{letter}{number}");
                let part = format!("pier-{letter}{}", if u < PARTS[2] { 1 } else { 2 });
                let (en, zh) = (format!("Gate {code}"), format!("{code}登机口"));
                let (key, at) = (format!("gate-{code}"), frame.at([u, side * (HALF - 2.0)]));
                let names = [en.as_str(), &zh, &code];
                self.sheet.amenity(F3, (&key, &part), "boardinggate.aircraft", names, at);
                let bridge = format!("bridge-{code}");
                let edge = [[u - 2.0, side * HALF], [u + 2.0, side * HALF]];
                let nose = [[u + 8.0, side * (HALF + 22.0)], [u + 4.0, side * (HALF + 24.0)]];
                let outline = frame.ring(&[edge[0], edge[1], nose[0], nose[1]]);
                self.sheet.closed(F3, &bridge, ["", ""], outline);
                self.sheet.door(F3, &bridge, frame.along([u, side * HALF], 2.4));
                for (n, west) in [(1, u - 12.0), (2, u + 4.0)] {
                    let seats = frame.rect([west, side * 10.0], [west + 8.0, side * 15.5]);
                    self.sheet.fixture(F3, &format!("seats-{code}-{n}"), "furniture", seats);
                }
            }
        }
    }

    fn arrivals_corridor(&mut self) {
        let frame = abroad();
        let [low, high] = CORRIDOR;
        let neck = vec![[200.0, 174.0], frame.at([0.0, low]), frame.at([0.0, high]), [200.0, 202.0]];
        self.sheet.unit(F2, "corridor-neck", "walkway", ["", ""], &[neck]);
        self.sheet.door(F2, "corridor-neck", [[200.0, 180.0], [200.0, 196.0]]);
        self.sheet.door(F2, "corridor", frame.across([0.0, f64::midpoint(low, high)], 10.0));
        let names = ["Arrivals corridor", "国际到达走廊"];
        self.sheet.unit(F2, "corridor", "walkway", names, &[frame.rect([0.0, low], [PARTS[3], high])]);
        let (from, to, door) = ([262.0, high], [274.0, HALF + 4.0], high);
        let stall = Stall { level: F2, key: "corridor-toilets", frame, from, to, door };
        self.service(&stall, Service::Toilets);
    }
}

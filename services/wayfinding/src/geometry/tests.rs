//! What polygons answer, drawn small.

use geo::{Coord, LineString, Polygon};

use super::ways::Bends;
use super::{Area, Frame, union};

fn at(x: f64, y: f64) -> Coord<f64> {
    Coord { x, y }
}

/// ```text
///  +----+        (0,10)
///  |    |
///  |    +----+   (4,4)..(10,4)
///  |         |
///  +---------+
/// ```
fn corner_room() -> Area {
    let ring = [(0., 0.), (10., 0.), (10., 4.), (4., 4.), (4., 10.), (0., 10.)];
    Area::new(&Polygon::new(ring.map(|(x, y)| at(x, y)).to_vec().into(), vec![])).unwrap()
}

#[test]
fn a_line_around_the_corner_is_not_seen_and_bends_there() {
    let room = corner_room();
    assert!(!room.sees(at(9.0, 3.9), at(3.9, 9.0)));
    let line = Bends::of(&room).line(at(10.0, 2.0), at(2.0, 10.0)).unwrap();
    assert_eq!(line, vec![at(10.0, 2.0), at(4.0, 4.0), at(2.0, 10.0)]);
}

#[test]
fn a_line_along_a_wall_or_from_a_door_on_it_is_seen() {
    let room = corner_room();
    assert!(room.sees(at(0.0, 0.0), at(10.0, 0.0)));
    assert!(room.sees(at(10.0, 2.0), at(0.0, 2.0)));
    assert!(room.sees(at(4.0, 4.0), at(4.0, 9.0)));
}

#[test]
fn a_line_does_not_leave_and_come_back() {
    let ring = [(0., 0.), (9., 0.), (9., 9.), (6., 9.), (6., 3.), (3., 3.), (3., 9.), (0., 9.)];
    let cup = Area::new(&Polygon::new(ring.map(|(x, y)| at(x, y)).to_vec().into(), vec![])).unwrap();
    assert!(!cup.sees(at(1.0, 8.0), at(8.0, 8.0)));
    assert!(!cup.sees(at(3.0, 9.0), at(6.0, 9.0)));
    let line = Bends::of(&cup).line(at(1.0, 8.0), at(8.0, 8.0)).unwrap();
    assert_eq!(line, vec![at(1.0, 8.0), at(3.0, 3.0), at(6.0, 3.0), at(8.0, 8.0)]);
}

#[test]
fn a_column_is_walked_around() {
    let hall: LineString<f64> =
        [(0., 0.), (10., 0.), (10., 10.), (0., 10.)].map(|(x, y)| at(x, y)).to_vec().into();
    let column: LineString<f64> =
        [(4., 4.), (6., 4.), (6., 6.), (4., 6.)].map(|(x, y)| at(x, y)).to_vec().into();
    let hall = Area::new(&Polygon::new(hall, vec![column])).unwrap();
    assert_eq!(hall.corners().len(), 4);
    assert!(!hall.sees(at(0.0, 5.0), at(10.0, 5.0)));
    assert_eq!(Bends::of(&hall).line(at(0.0, 5.0), at(10.0, 5.0)).unwrap().len(), 4);
}

#[test]
fn a_ring_without_area_is_no_room() {
    assert!(Area::new(&Polygon::new(LineString::new(vec![]), vec![])).is_none());
    assert!(Area::new(&Polygon::new(vec![at(0., 0.), at(5., 5.)].into(), vec![])).is_none());
}

#[test]
fn the_frame_goes_there_and_back() {
    let frame = Frame::around(113.81, 22.64);
    let [lon, lat] = frame.to_world(frame.to_plane(113.8123, 22.6456));
    assert!((lon - 113.8123).abs() < 1e-12 && (lat - 22.6456).abs() < 1e-12);
    assert!((frame.to_plane(113.81, 22.65).y - 1_107.4).abs() < 1.0);
}

#[test]
fn areas_cover_alike_whichever_way_their_rings_turn() {
    let square = |low: f64, high: f64| {
        let ring = [(low, low), (high, low), (high, high), (low, high), (low, low)];
        LineString::from(ring.map(|(x, y)| at(x, y)).to_vec())
    };
    let back = |ring: LineString<f64>| LineString::from(ring.0.into_iter().rev().collect::<Vec<_>>());
    let area = |outer, hole: Option<_>| Area::new(&Polygon::new(outer, Vec::from_iter(hole))).unwrap();
    let [left, right] = [area(square(0., 6.), None), area(back(square(4., 10.)), None)];
    for pair in [[&left, &right], [&right, &left]] {
        assert!((geo::Area::unsigned_area(&union(pair)) - 68.0).abs() < 1e-6);
    }
    let rings =
        [area(square(0., 10.), Some(square(2., 8.))), area(square(0., 10.), Some(back(square(2., 8.))))];
    for ring in rings {
        assert!((geo::Area::unsigned_area(&union([&ring, &left])) - 80.0).abs() < 1e-6);
    }
}

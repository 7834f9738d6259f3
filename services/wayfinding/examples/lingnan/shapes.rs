//! Shapes in metres, drawn in a frame that may be turned.

/// A point in metres, east and north.
pub(crate) type Metres = [f64; 2];
/// A ring of points, not closed.
pub(crate) type Ring = Vec<Metres>;

/// A frame of its own: `u` runs along it, `v` to the left of it.
#[derive(Clone, Copy)]
pub(crate) struct Frame {
    origin: Metres,
    sin: f64,
    cos: f64,
}

/// The terminal's own frame: `u` is east, `v` is north.
pub(crate) const GROUND: Frame = Frame { origin: [0.0, 0.0], sin: 0.0, cos: 1.0 };

impl Frame {
    /// Returns the frame at an origin that points in a direction, in degrees from east to north.
    pub(crate) fn turned(origin: Metres, degrees: f64) -> Self {
        let (sin, cos) = degrees.to_radians().sin_cos();
        Self { origin, sin, cos }
    }

    /// Returns a frame of the same direction that begins at a point of this one.
    pub(crate) fn shifted(&self, point: Metres) -> Self {
        Self { origin: self.at(point), ..*self }
    }

    /// Returns a point of the frame on the ground.
    pub(crate) fn at(&self, [u, v]: Metres) -> Metres {
        let [east, north] = self.origin;
        [east + u * self.cos - v * self.sin, north + u * self.sin + v * self.cos]
    }

    /// Returns points of the frame on the ground.
    pub(crate) fn ring(&self, points: &[Metres]) -> Ring {
        points.iter().map(|point| self.at(*point)).collect()
    }

    /// Returns a rectangle between two corners.
    pub(crate) fn rect(&self, [u, v]: Metres, [to_u, to_v]: Metres) -> Ring {
        self.ring(&[[u, v], [to_u, v], [to_u, to_v], [u, to_v]])
    }

    /// Returns a threshold along `u` around a point.
    pub(crate) fn along(&self, [u, v]: Metres, wide: f64) -> [Metres; 2] {
        [self.at([u - wide / 2.0, v]), self.at([u + wide / 2.0, v])]
    }

    /// Returns a threshold along `v` around a point.
    pub(crate) fn across(&self, [u, v]: Metres, wide: f64) -> [Metres; 2] {
        [self.at([u, v - wide / 2.0]), self.at([u, v + wide / 2.0])]
    }
}

/// Returns a rectangle on the ground between two corners.
pub(crate) fn rect(from: Metres, to: Metres) -> Ring {
    GROUND.rect(from, to)
}

/// Returns an ellipse of sixteen corners.
pub(crate) fn ellipse([east, north]: Metres, wide: f64, tall: f64) -> Ring {
    let point = |n: u8| {
        let (sin, cos) = (f64::from(n) * 22.5).to_radians().sin_cos();
        [east + wide * cos, north + tall * sin]
    };
    (0..16).map(point).collect()
}

/// Returns the points of a facade that bows south between two corners, from west to east.
pub(crate) fn bow(west: f64, east: f64, north: f64, depth: f64) -> Ring {
    let (middle, half) = (f64::midpoint(west, east), (east - west) / 2.0);
    let point = |n: i32| {
        let share = f64::from(n) / 12.0 - 1.0;
        [middle + share * half, north - depth * (1.0 - share * share)]
    };
    (0..=24).map(point).collect()
}

/// What is cut out of one side of a pier: from, to, and how far it reaches in.
pub(crate) type Notch = [f64; 3];

/// Returns a pier's outline: a rectangle, cut on its right and left side and at both its ends.
pub(crate) fn notched(
    frame: &Frame,
    [from, to]: [f64; 2],
    half: f64,
    [right, left]: [&[Notch]; 2],
    [begin, end]: [Option<[f64; 2]>; 2],
) -> Ring {
    let mut points = vec![[from, -half]];
    for [u, to_u, deep] in right {
        points.extend([[*u, -half], [*u, deep - half], [*to_u, deep - half], [*to_u, -half]]);
    }
    points.push([to, -half]);
    if let Some([deep, wide]) = end {
        points.extend([[to, -wide], [to - deep, -wide], [to - deep, wide], [to, wide]]);
    }
    points.push([to, half]);
    for [u, to_u, deep] in left.iter().rev() {
        points.extend([[*to_u, half], [*to_u, half - deep], [*u, half - deep], [*u, half]]);
    }
    points.push([from, half]);
    if let Some([deep, wide]) = begin {
        points.extend([[from, wide], [from + deep, wide], [from + deep, -wide], [from, -wide]]);
    }
    points.dedup();
    frame.ring(&points)
}

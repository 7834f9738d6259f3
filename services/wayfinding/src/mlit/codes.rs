//! What the codes of layers and network mean.
//!
//! The network's codes are those of its specification. The specification of the layers is not at hand, so
//! the categories of spaces are learnt from Narita's network: which links end in them, and how large they
//! are. Of those, a name is given only where links or the spaces'
//! own names leave no doubt; any other code is kept as it stands.

/// What kind of way a link is (`route_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Route {
    /// 1, 2 (moving walkway), 3 (level crossing), 7 (slope), 99 and whatever is not told: on foot.
    Path,
    /// 4.
    Lift,
    /// 5.
    Escalator,
    /// 6.
    Stairs,
}

impl Route {
    pub(crate) fn of(code: Option<&str>) -> Self {
        match code {
            Some("4") => Self::Lift,
            Some("5") => Self::Escalator,
            Some("6") => Self::Stairs,
            _ => Self::Path,
        }
    }
}

/// Which ways a link may be walked (`direction`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// 1, and whatever is not told.
    Both,
    /// 2: from the start to the end.
    Forth,
    /// 3: from the end to the start.
    Back,
}

impl Direction {
    pub(crate) fn of(code: Option<&str>) -> Self {
        match code {
            Some("2") => Self::Forth,
            Some("3") => Self::Back,
            _ => Self::Both,
        }
    }
}

/// Tells whether wheels pass a link: its width is not under a metre (`width` 1), its slope not over 5 %
/// (`vtcl_slope` 2), its step not over 2 cm (`lev_diff` 2), its lift made for it (`elevator` 2 says not).
pub(crate) fn wheels(
    width: Option<&str>,
    slope: Option<&str>,
    step: Option<&str>,
    lift: Option<&str>,
) -> bool {
    width != Some("1") && slope != Some("2") && step != Some("2") && lift != Some("2")
}

/// Returns how wide a link is at least, in metres (`width`: 2 from one metre on, 3 from two, 4 from three).
pub(crate) fn width_m(code: Option<&str>) -> f64 {
    match code {
        Some("2") => 1.0,
        Some("3") => 2.0,
        Some("4") => 3.0,
        _ => 0.0,
    }
}

/// Returns the unit category of IMDF 1.0.0 that a space's code stands for, or the code itself.
pub(crate) fn space(code: &str) -> &str {
    match code {
        "B004" => "waitingroom",
        "B007" => "restroom.male",
        "B008" => "restroom.female",
        "B010" => "restroom",
        "B011" => "restroom.unisex.wheelchair",
        "B021" => "stairs",
        "B022" => "elevator",
        "B023" => "escalator",
        "B024" => "movingwalkway",
        "B025" | "B029" | "B030" => "walkway",
        other => other,
    }
}

/// Returns the amenity category of IMDF 1.0.0 that a facility's code stands for, or the code itself.
pub(crate) fn facility(code: &str) -> &str {
    match code {
        "F003" | "F005" | "F006" => "restroom",
        "F011" => "stairs",
        "F012" => "elevator",
        "F013" => "escalator",
        "F017" => "entry",
        other => other,
    }
}

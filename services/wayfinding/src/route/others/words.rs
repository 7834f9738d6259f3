//! How another way is named, in each language.

use crate::words::Language::{self, En, ZhCn};

/// Says a checkpoint: "through Security South", "经南安检".
pub(super) fn by_checkpoint(name: Option<&str>, language: Language) -> String {
    match (language, name) {
        (En, Some(name)) => format!("through {name}"),
        (En, None) => "through another checkpoint".to_owned(),
        (ZhCn, Some(name)) => format!("经{name}"),
        (ZhCn, None) => "经另一检查口".to_owned(),
    }
}

/// What is ridden or climbed.
#[derive(Clone, Copy)]
pub(super) enum Ride {
    Lift,
    Escalator,
    Stairs,
}

/// Says a ride: "by lift L3", "乘电梯L3".
pub(super) fn by(ride: Ride, name: Option<&str>, language: Language) -> String {
    let (kinds, english, chinese): (&[&str], _, _) = match ride {
        Ride::Lift => (&["Lift", "Elevator", "lift", "elevator", "电梯", "直梯"], "lift", "乘电梯"),
        Ride::Escalator => (&["Escalator", "escalator", "自动扶梯", "扶梯"], "escalator", "乘扶梯"),
        Ride::Stairs => (&["Stairs", "stairs", "楼梯"], "stairs", "走楼梯"),
    };
    let bare = name.map(|name| kinds.iter().find_map(|kind| name.strip_prefix(kind)).unwrap_or(name).trim());
    match (language, bare.filter(|bare| !bare.is_empty())) {
        (En, Some(name)) => format!("by {english} {name}"),
        (En, None) if matches!(ride, Ride::Stairs) => "by other stairs".to_owned(),
        (En, None) => format!("by another {english}"),
        (ZhCn, Some(name)) => format!("{chinese}{name}"),
        (ZhCn, None) => match ride {
            Ride::Lift => "乘另一部电梯".to_owned(),
            Ride::Escalator => "乘另一部扶梯".to_owned(),
            Ride::Stairs => "走另一处楼梯".to_owned(),
        },
    }
}

/// Says a room: "through Departures North".
pub(super) fn by_room(name: &str, language: Language) -> String {
    match language {
        En => format!("through {name}"),
        ZhCn => format!("经{name}"),
    }
}

/// Says that it is another way, where nothing has a name.
pub(super) fn another(language: Language) -> &'static str {
    match language {
        En => "another way",
        ZhCn => "另一条路",
    }
}

/// Joins names.
pub(super) fn joined(names: &[String], language: Language) -> String {
    names.join(match language {
        En => ", ",
        ZhCn => "，",
    })
}

//! What is said, in each language.

use super::{Reason, StepKind};
use crate::profile::Profile;
use crate::snapshot::Snapshot;
use crate::words::Language::{self, En, ZhCn};

/// A ride in a lift, on stairs or an escalator.
pub(super) struct Ride<'a> {
    pub(super) kind: StepKind,
    pub(super) name: Option<&'a str>,
    pub(super) up: bool,
    pub(super) level: &'a str,
}

/// Says a ride: "Take lift L1 up to 2F", "乘电梯L1到2F".
pub(super) fn ride(ride: &Ride<'_>, language: Language) -> String {
    let Ride { kind, up, level, .. } = *ride;
    let way = if up { "up" } else { "down" };
    let bare = ride.name.map(|name| bare(name, kind)).filter(|name| !name.is_empty());
    match (language, kind) {
        (En, StepKind::Lift) => {
            let lift = bare.map_or_else(|| "the lift".to_owned(), |name| format!("lift {name}"));
            format!("Take {lift} {way} to {level}")
        }
        (En, StepKind::Stairs) => format!("Take the stairs {way} to {level}"),
        (En, _) => format!("Take the escalator {way} to {level}"),
        (ZhCn, StepKind::Lift) => format!("乘电梯{}到{level}", bare.unwrap_or_default()),
        (ZhCn, StepKind::Stairs) => format!("走楼梯{}到{level}", if up { "上" } else { "下" }),
        (ZhCn, _) => format!("乘扶梯{}到{level}", if up { "上" } else { "下" }),
    }
}

/// Takes the kind's own word off a name, since the sentence says it already.
fn bare(name: &str, kind: StepKind) -> &str {
    let words: &[&str] = match kind {
        StepKind::Lift => &["Lift", "Elevator", "lift", "elevator", "电梯", "直梯"],
        _ => &[],
    };
    words.iter().find_map(|word| name.strip_prefix(word)).unwrap_or(name).trim()
}

/// Says a walk: "Turn left into Departures and walk 20 m", "左转进入出发大厅，步行20米".
pub(super) fn walk(kind: StepKind, room: Option<&str>, length_m: f64, language: Language) -> String {
    let metres = length_m.round().max(1.0);
    match language {
        En => {
            let into = room.map(|room| format!(" into {room}")).unwrap_or_default();
            match kind {
                StepKind::TurnLeft => format!("Turn left{into} and walk {metres} m"),
                StepKind::TurnRight => format!("Turn right{into} and walk {metres} m"),
                _ => room.map_or_else(
                    || format!("Walk {metres} m"),
                    |room| format!("Walk {metres} m through {room}"),
                ),
            }
        }
        ZhCn => {
            let into = room.map(|room| format!("进入{room}")).unwrap_or_default();
            match kind {
                StepKind::TurnLeft => format!("左转{into}，步行{metres}米"),
                StepKind::TurnRight => format!("右转{into}，步行{metres}米"),
                _ => room
                    .map_or_else(|| format!("直行{metres}米"), |room| format!("经过{room}，直行{metres}米")),
            }
        }
    }
}

/// Says that security is to be passed.
pub(super) fn security(language: Language) -> String {
    match language {
        En => "Go through security".to_owned(),
        ZhCn => "通过安检".to_owned(),
    }
}

/// Says that the passenger is there.
pub(super) fn arrive(name: Option<&str>, language: Language) -> String {
    match language {
        En => format!("Arrive at {}", name.unwrap_or("your destination")),
        ZhCn => format!("到达{}", name.unwrap_or("目的地")),
    }
}

/// Says why there is no way.
pub(super) fn no_way(snapshot: &Snapshot, reason: &Reason, profile: Profile, language: Language) -> String {
    let text = match (reason, language) {
        (Reason::Closed(features), _) => {
            let name = |id| snapshot.name_of(id, language).unwrap_or_else(|| format!("{id}"));
            let names: Vec<_> = features.iter().map(name).collect();
            return match language {
                En if names.is_empty() => "The way is closed".to_owned(),
                En => format!("The way is closed: {}", names.join(", ")),
                ZhCn if names.is_empty() => "通道已关闭".to_owned(),
                ZhCn => format!("通道已关闭：{}", names.join("、")),
            };
        }
        (Reason::NoAccessibleWay, En) if profile == Profile::AvoidEscalators => {
            "There is no way without escalators"
        }
        (Reason::NoAccessibleWay, ZhCn) if profile == Profile::AvoidEscalators => "没有不乘扶梯的通道",
        (Reason::NoAccessibleWay, En) if profile == Profile::AvoidStairs => "There is no way without stairs",
        (Reason::NoAccessibleWay, ZhCn) if profile == Profile::AvoidStairs => "没有不走楼梯的通道",
        (Reason::NoAccessibleWay, En) => "There is no step-free way",
        (Reason::NoAccessibleWay, ZhCn) => "没有无障碍通道",
        (Reason::Disconnected, En) => "The map shows no way between the two",
        (Reason::Disconnected, ZhCn) => "地图上两地之间没有通道",
        (Reason::ZoneForbidden, En) => {
            "The only way leads through an area passengers may not enter from here"
        }
        (Reason::ZoneForbidden, ZhCn) => "唯一的通道须经过旅客不得进入的区域",
    };
    text.to_owned()
}

//! Guidance in simplified Chinese.

use super::{Arrival, Checked, Direction, OutOf, Riding, Stroll, Way, code, rounded};
use crate::graph::crossings::Check;
use crate::route::legs::Ride;

fn way(way: Way) -> &'static str {
    match way {
        Way::Left => "左转",
        Way::Right => "右转",
        Way::BearLeft => "向左前方",
        Way::BearRight => "向右前方",
        Way::Around => "掉头",
    }
}

/// Says where: "在木棉书店处", but "在问讯处".
fn place(at: &str) -> String {
    if at.ends_with('处') { format!("在{at}") } else { format!("在{at}处") }
}

/// Says turns, and what stands at the last of them: "右转，再在木棉书店处左转".
fn turns(ways: &[Way], at: Option<&str>) -> Option<String> {
    let at = at.map(place).unwrap_or_default();
    match ways {
        [] => None,
        [one] => Some(format!("{at}{}", way(*one))),
        [first, .., last] => Some(format!("{}，再{at}{}", way(*first), way(*last))),
    }
}

pub(super) fn stroll(said: &Stroll<'_>) -> String {
    let mut parts: Vec<String> = Vec::new();
    let out_of = match &said.out_of {
        Some(OutOf::Ride(Ride::Lift)) => "出电梯后".to_owned(),
        Some(OutOf::Ride(Ride::Stairs)) => "出楼梯后".to_owned(),
        Some(OutOf::Ride(Ride::Escalator)) => "下扶梯后".to_owned(),
        Some(OutOf::Place(name)) => format!("从{name}出来"),
        None => String::new(),
    };
    let metres = rounded(said.metres);
    let along = match &said.through {
        Some((name, true)) => format!("沿{name}"),
        Some((name, false)) if said.into.is_none() => format!("在{name}内"),
        _ => String::new(),
    };
    let go = if said.walkway { "乘自动步道前行" } else { "直行" };
    let mut walk = match &said.towards {
        Some(towards) => format!("{along}朝{towards}方向{go}{metres}米"),
        None => format!("{along}{go}{metres}米"),
    };
    match turns(&said.turns, said.at.as_deref()) {
        Some(turned) if said.turns.len() == 1 && said.turns[0].is_slight() => {
            walk = format!("{out_of}{turned}{walk}");
        }
        Some(turned) => parts.push(format!("{out_of}{turned}")),
        None => walk = format!("{out_of}{walk}"),
    }
    parts.push(walk);
    let through = said.through.as_ref().filter(|(_, along)| !along).map(|(name, _)| name);
    match (through, &said.into) {
        (Some(through), Some(into)) => parts.push(format!("经{through}进入{into}")),
        (None, Some(into)) => parts.push(format!("进入{into}")),
        (_, None) => {}
    }
    if let Some(sign) = &said.follow {
        parts.push(format!("按“{sign}”标识前行"));
    }
    if let Some((name, side)) = &said.passing {
        parts.push(format!("途经{}的{name}", on(*side)));
    }
    let text = parts.join("，");
    if said.for_good { format!("{text}（出后不可返回）") } else { text }
}

pub(super) fn ride(said: &Riding<'_>) -> String {
    let (verb, kind, words): (_, _, &[&str]) = match said.kind {
        Ride::Lift => ("乘", "电梯", &["电梯", "直梯", "Lift", "Elevator"]),
        Ride::Stairs => ("走", "楼梯", &["楼梯", "Stairs"]),
        Ride::Escalator => ("乘", "扶梯", &["自动扶梯", "扶梯", "Escalator"]),
    };
    let name = match said.name.map(|name| (name, code(name, words))) {
        Some((_, Some(code))) => format!("{code}{kind}"),
        Some((name, None)) if words.iter().any(|word| name.contains(word)) => name.to_owned(),
        _ => kind.to_owned(),
    };
    let levels = said.rise.unsigned_abs();
    let floors =
        if said.kind == Ride::Stairs && levels > 1 { format!("（共{levels}层）") } else { String::new() };
    let way = match said.rise {
        0 => String::new(),
        rise => format!("{}到{}{floors}", if rise > 0 { "上" } else { "下" }, storey(said.level)),
    };
    before(&said.turns, &format!("{verb}{name}{way}"))
}

/// Returns the name of a lift, an escalator or stairs as people say it: "L3电梯" for "电梯L3".
pub(super) fn shaft(name: &str) -> String {
    let kinds = ["自动扶梯", "扶梯", "电梯", "楼梯"];
    let turned =
        kinds.iter().find_map(|kind| code(name.strip_prefix(kind)?, &[]).map(|code| format!("{code}{kind}")));
    turned.unwrap_or_else(|| name.to_owned())
}

/// Says the sign of a level as people do: "3层" for "3F".
fn storey(sign: &str) -> String {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match sign.strip_suffix('F').or_else(|| sign.strip_suffix('f')) {
        Some(number) if digits(number) => format!("{number}层"),
        _ if sign.strip_prefix('B').is_some_and(digits) => format!("{sign}层"),
        _ => sign.to_owned(),
    }
}

pub(super) fn check(said: &Checked<'_>) -> String {
    let name = said.name.unwrap_or(match said.kind {
        Check::Security => "安检",
        Check::Border => "边检",
        Check::Customs => "海关",
    });
    before(&said.turns, &format!("通过{name}"))
}

pub(super) fn arrive(said: &Arrival<'_>) -> String {
    match (said.name, said.direction) {
        (Some(name), Some(Direction::Ahead)) => format!("{name}就在前方"),
        (Some(name), Some(side)) => format!("{name}在您{}", on(side)),
        (name, _) => format!("到达{}", name.unwrap_or("目的地")),
    }
}

fn before(ways: &[Way], what: &str) -> String {
    turns(ways, None).map_or_else(|| what.to_owned(), |turned| format!("{turned}，{what}"))
}

fn on(side: Direction) -> &'static str {
    match side {
        Direction::Left => "左侧",
        Direction::Right => "右侧",
        Direction::Ahead => "前方",
    }
}

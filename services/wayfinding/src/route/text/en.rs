//! Guidance in English.

use super::{Arrival, Checked, Direction, OutOf, Riding, Stroll, Way, code, rounded};
use crate::graph::crossings::Check;
use crate::route::legs::Ride;

fn way(way: Way) -> &'static str {
    match way {
        Way::Left => "turn left",
        Way::Right => "turn right",
        Way::BearLeft => "bear left",
        Way::BearRight => "bear right",
        Way::Around => "turn around",
    }
}

/// Says turns: "turn right, then left".
fn turns(ways: &[Way]) -> Option<String> {
    match ways {
        [] => None,
        [one] => Some(way(*one).to_owned()),
        [first, .., last] if first == last => {
            let again = way(*last).split_once(' ').map_or("", |(_, side)| side);
            Some(format!("{}, then {again} again", way(*first)))
        }
        [first, .., last] => {
            let side = way(*last).split_once(' ').map_or("", |(_, side)| side);
            Some(format!("{}, then {side}", way(*first)))
        }
    }
}

pub(super) fn stroll(said: &Stroll<'_>) -> String {
    let metres = rounded(said.metres);
    let go = if said.wheelchair { "go" } else { "walk" };
    let mut text = match &said.out_of {
        Some(OutOf::Ride(Ride::Lift)) => "leave the lift".to_owned(),
        Some(OutOf::Ride(Ride::Stairs)) => "after the stairs".to_owned(),
        Some(OutOf::Ride(Ride::Escalator)) => "after the escalator".to_owned(),
        Some(OutOf::Place(name)) => format!("from {name}"),
        None => String::new(),
    };
    let turned = turns(&said.turns);
    let leaves = text.starts_with("leave");
    if let Some(turned) = &turned {
        let joint = if text.is_empty() { "" } else { ", " };
        let at = said.at.as_ref().map(|at| format!(" at {at}")).unwrap_or_default();
        text = format!("{text}{joint}{turned}{at}");
    }
    let joint = match (text.is_empty(), leaves || turned.is_some()) {
        (true, _) => "",
        (false, true) => " and ",
        (false, false) => ", ",
    };
    let ahead = if said.out_of.is_some() && turned.is_none() && said.towards.is_none() {
        " straight ahead"
    } else {
        ""
    };
    if said.walkway {
        text = format!("{text}{joint}take the moving walkway for {metres} m");
    } else {
        text = format!("{text}{joint}{go} {metres} m{ahead}");
    }
    if let Some(towards) = &said.towards {
        text.push_str(&format!(" towards {towards}"));
    }
    match &said.through {
        Some((name, true)) => text.push_str(&format!(" along {name}")),
        Some((name, false)) if said.into.is_none() => text.push_str(&format!(" in {name}")),
        Some((name, false)) => text.push_str(&format!(" through {name}")),
        None => {}
    }
    if let Some(into) = &said.into {
        text.push_str(&format!(" into {into}"));
    }
    if let Some(sign) = &said.follow {
        text.push_str(&format!(", following the signs to {}", sign.strip_prefix("To ").unwrap_or(sign)));
    }
    if let Some((name, side)) = &said.passing {
        text.push_str(&format!(", passing {name} {}", on(*side)));
    }
    if said.for_good {
        text.push_str(" (no way back)");
    }
    begun(&text)
}

pub(super) fn ride(said: &Riding<'_>) -> String {
    let (kind, words): (_, &[&str]) = match said.kind {
        Ride::Lift => ("lift", &["Lift", "lift", "Elevator", "elevator"]),
        Ride::Stairs => ("stairs", &["Stairs", "stairs", "Staircase"]),
        Ride::Escalator => ("escalator", &["Escalator", "escalator"]),
    };
    let name = match said.name.map(|name| (name, code(name, words))) {
        Some((_, Some(code))) => format!("{kind} {code}"),
        Some((name, None)) if words.iter().any(|word| name.contains(word)) => {
            let mut letters = name.chars();
            let first = letters.next().map(|first| first.to_lowercase().to_string()).unwrap_or_default();
            format!("the {first}{}", letters.as_str())
        }
        _ => format!("the {kind}"),
    };
    let levels = said.rise.unsigned_abs();
    let floors =
        if said.kind == Ride::Stairs && levels > 1 { format!(" {levels} levels") } else { String::new() };
    let way = match said.rise {
        0 => String::new(),
        rise => format!(" {}{floors} to {}", if rise > 0 { "up" } else { "down" }, said.level),
    };
    before(&said.turns, &format!("take {name}{way}"))
}

pub(super) fn check(said: &Checked<'_>) -> String {
    let name = said.name.unwrap_or(match said.kind {
        Check::Security => "security",
        Check::Border => "border control",
        Check::Customs => "customs",
    });
    before(&said.turns, &format!("go through {name}"))
}

pub(super) fn arrive(said: &Arrival<'_>) -> String {
    match (said.name, said.direction) {
        (Some(name), Some(side)) => begun(&format!("{name} is {}", on(side))),
        (name, _) => format!("Arrive at {}", name.unwrap_or("your destination")),
    }
}

fn before(ways: &[Way], what: &str) -> String {
    begun(&turns(ways).map_or_else(|| what.to_owned(), |turned| format!("{turned} and {what}")))
}

fn on(side: Direction) -> &'static str {
    match side {
        Direction::Left => "on your left",
        Direction::Right => "on your right",
        Direction::Ahead => "straight ahead",
    }
}

/// Returns the name of a lift, an escalator or stairs within a sentence: "lift L3" for "Lift L3".
pub(super) fn shaft(name: &str) -> String {
    match name.split_once(' ') {
        Some((kind, rest)) if code(rest, &[]).is_some() => format!("{} {rest}", kind.to_lowercase()),
        _ => name.to_owned(),
    }
}

/// Begins a sentence with a capital letter.
fn begun(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

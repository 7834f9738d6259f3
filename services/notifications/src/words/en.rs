//! Notices in English.

use super::{OrElse, Words, around};
use crate::model::Kind;

/// Returns the text of a notice about a flight.
pub(super) fn of_flight(kind: Kind, words: &Words<'_>) -> String {
    let flight = words.flight();
    match kind {
        Kind::GateAssigned => format!("Flight {flight} departs from gate {}.", words.get("gate")),
        Kind::GateChanged => format!(
            "Gate change: flight {flight} now departs from gate {}{}.",
            words.get("gate"),
            words.known(", no longer from ", "previous_gate", "")
        ),
        Kind::Boarding => format!("Flight {flight} is boarding{}.", words.known(" at gate ", "gate", "")),
        Kind::FinalCall => {
            let gate = words.known("gate ", "gate", "").or("your gate");
            format!("Final call for flight {flight}: please go to {gate} now.")
        }
        Kind::FlightDelayed => format!(
            "Flight {flight} is delayed{}.",
            words.known_time(": it is now expected to leave at ", "estimated_departure", "")
        ),
        Kind::FlightCancelled => format!("Flight {flight} is cancelled. Please contact your airline."),
        Kind::Retracted => {
            let (flight, place) = (words.flight(), words.get("place"));
            match words.get("retracts") {
                "GATE_CHANGED" => {
                    format!("No gate change: flight {flight} departs from gate {place}, as before.")
                }
                _ => format!("No belt change: bags of flight {flight} arrive on belt {place}, as before."),
            }
        }
        Kind::LeaveNow => {
            let gate = words.known("gate ", "gate", "").or("your gate");
            format!("Leave now for {gate}, flight {flight}{}.", around(": ", &taking(words), ""))
        }
        Kind::WayBroken => {
            let way = words.flight_between("Your way to flight ", "").or("Your way");
            match taking(words).as_str() {
                "" => format!("{way} is closed, and there is no other now. Please ask the staff."),
                taking => format!("{way} is closed. There is another: {taking}."),
            }
        }
        Kind::BeltAssigned => format!("Bags of flight {flight} arrive on belt {}.", words.get("belt")),
        _ => format!(
            "Bags of flight {flight} now arrive on belt {}{}.",
            words.get("belt"),
            words.known(", no longer on ", "previous_belt", "")
        ),
    }
}

/// Returns how long a way takes, and how sure that is; nothing when it is not known.
fn taking(words: &Words<'_>) -> String {
    let walking = minutes(words.get("walking_minutes"));
    let place = if words.get("waits_at") == "SECURITY" { "security" } else { "checks and queues" };
    let about = if words.is_measured() { "" } else { "about " };
    match minutes(words.get("waiting_minutes")).as_str() {
        _ if walking.is_empty() => String::new(),
        "" => format!("walk about {walking}"),
        waiting => format!("{place} {about}{waiting}, walk about {walking}"),
    }
}

/// Returns a number of minutes, or nothing when it is not known.
fn minutes(number: &str) -> String {
    around("", number, if number == "1" { " minute" } else { " minutes" })
}

/// Returns the text of a notice about a bag.
pub(super) fn of_bag(kind: Kind, words: &Words<'_>) -> String {
    let Bags { yours, is, has, was, it_travels } = Bags::of(words);
    let on_board_of = || words.flight_between(" flight ", "");
    match kind {
        Kind::BagAccepted => format!("{yours} {has} been accepted."),
        Kind::BagLoaded => format!("{yours} {is} on board{}.", on_board_of()),
        Kind::BagOffloaded => {
            let flight = words.flight_between("flight ", "").or("its flight");
            format!("{yours} {was} taken off {flight}. Please ask at a service desk.")
        }
        Kind::BagOnBelt => {
            format!("{yours} {is} on {}.", words.known("belt ", "belt", "").or("the reclaim belt"))
        }
        Kind::BagCollected => format!("{yours} {was} collected."),
        Kind::BagLeftBehind => {
            let flight = words.flight_between(" flight ", "").or(" its flight");
            let next = words.one_of_two("next_flight", "flight");
            match next.as_str() {
                "" => format!(
                    "{yours} {was} not on board when{flight} left. We will tell you which flight {it_travels} on."
                ),
                next => format!(
                    "{yours} {was} not on board when{flight} left and {is} to travel on flight {next}."
                ),
            }
        }
        Kind::BagReflighted => {
            let flight = words.one_of_two("flight", "previous_flight");
            let previous = words.one_of_two("previous_flight", "flight");
            match (flight.as_str(), previous.as_str()) {
                ("", _) => format!("{yours} {is} to travel on another flight."),
                (flight, "") => format!("{yours} {is} to travel on flight {flight}."),
                (flight, previous) => {
                    format!("{yours} {is} to travel on flight {flight}, no longer on {previous}.")
                }
            }
        }
        Kind::BagConnectionAtRisk => {
            let flight = words.flight_between(" flight ", "").or(" its connecting flight");
            format!(
                "There is little time to take {} to{flight}. We will tell you how it goes on.",
                lower(&yours)
            )
        }
        Kind::BagConnectionMissed => {
            let flight = words.flight_between(" flight ", "").or(" its connecting flight");
            format!("{yours} will not reach{flight} in time. We will tell you which flight {it_travels} on.")
        }
        Kind::BagBeltChanged => format!(
            "{yours} {is} now on {}{}.",
            words.known("belt ", "belt", "").or("another belt"),
            words.known(", no longer on ", "previous_belt", "")
        ),
        Kind::BagNearsBelt => {
            let belt = words.known("belt ", "belt", "").or("the reclaim belt");
            let reach = if is == "is" { "reaches" } else { "reach" };
            match minutes(words.get("bag_minutes")).as_str() {
                "" => format!("{yours} {reach} {belt} soon."),
                its => format!(
                    "{yours} {reach} {belt} in about {its}{}.",
                    words.known(", you in about ", "walking_minutes", "")
                ),
            }
        }
        Kind::BagCorrected => correction(words),
        _ => String::new(),
    }
}

/// Returns the text of a notice that takes another back.
fn correction(words: &Words<'_>) -> String {
    let Bags { yours, is, has, was, .. } = Bags::of(words);
    let (bag, flight) = (lower(&yours), words.flight_between(" flight ", "").or(" its flight"));
    match words.get("corrects") {
        "BAG_LEFT_BEHIND" => format!("Correction: {bag} {was} not left behind and {is} on board{flight}."),
        "BAG_LOADED" => format!("Correction: {bag} {is} not on board{flight} yet."),
        "BAG_CONNECTION_MISSED" => format!("Correction: {bag} can reach{flight} in time after all."),
        "BAG_ACCEPTED" => format!("Correction: {bag} {has} not been accepted yet."),
        "BAG_OFFLOADED" => format!("Correction: {bag} {was} not taken off and {is} on board{flight}."),
        "BAG_ON_BELT" => format!("Correction: {bag} {is} not on a reclaim belt yet."),
        "BAG_COLLECTED" => format!("Correction: {bag} {was} not collected."),
        _ => format!("Correction: what we told you last of {bag} was wrong."),
    }
}

/// The bags of a notice and the words that go with their number.
struct Bags {
    yours: String,
    is: &'static str,
    has: &'static str,
    was: &'static str,
    it_travels: &'static str,
}

impl Bags {
    fn of(words: &Words<'_>) -> Self {
        match words.plates().as_slice() {
            [first @ .., last] if !first.is_empty() => Self {
                yours: format!("Your {} bags {} and {last}", first.len() + 1, first.join(", ")),
                is: "are",
                has: "have",
                was: "were",
                it_travels: "they travel",
            },
            plates => Self {
                yours: format!("Your bag {}", plates.concat()),
                is: "is",
                has: "has",
                was: "was",
                it_travels: "it travels",
            },
        }
    }
}

fn lower(yours: &str) -> String {
    yours.replacen('Y', "y", 1)
}

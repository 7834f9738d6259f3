//! A bag's way in English.

use airside_api::baggage::v1::{BagStepKind, Certainty};

/// What to make of a bag that waits for another flight.
pub(super) const STRANDED: &str =
    "The bag is to follow on a later flight. We will tell you as soon as that flight is known.";

/// What to make of a bag of which it is open whether and how it travels.
pub(super) const ASK_AIRLINE: &str = "Please ask your airline how this bag goes on.";

/// Returns what happened.
pub(super) fn step(kind: BagStepKind, flight: &str) -> String {
    let of = |known: &str, unknown: &str| {
        if flight.is_empty() { unknown.to_owned() } else { format!("{known} {flight}") }
    };
    match kind {
        BagStepKind::Unspecified => String::new(),
        BagStepKind::Announced => of("Registered for flight", "Registered"),
        BagStepKind::Accepted => "Handed over".to_owned(),
        BagStepKind::InHall => "In the baggage hall".to_owned(),
        BagStepKind::OnWayToAircraft => "On its way to the aircraft".to_owned(),
        BagStepKind::OnBoard => of("On board flight", "On board"),
        BagStepKind::Departed => of("Departed with flight", "Departed"),
        BagStepKind::Unloaded => "Unloaded after arrival".to_owned(),
        BagStepKind::InTransfer => "On its way to its connecting flight".to_owned(),
        BagStepKind::InArrivals => "On its way to the reclaim belts".to_owned(),
        BagStepKind::OnBelt => "On the reclaim belt".to_owned(),
        BagStepKind::Collected => "Collected".to_owned(),
        BagStepKind::LeftBehind => of("Not on board flight", "Not on board its flight"),
        BagStepKind::TakenOff => of("Taken off flight", "Taken off its flight"),
        BagStepKind::OnHand => "Kept safe at the airport".to_owned(),
        BagStepKind::OutForDelivery => "On its way to your address".to_owned(),
    }
}

/// Returns what is expected.
pub(super) fn expected(kind: BagStepKind, flight: &str) -> String {
    let of = |known: &str, unknown: &str| {
        if flight.is_empty() { unknown.to_owned() } else { format!("{known} {flight}") }
    };
    match kind {
        BagStepKind::Accepted => "To be handed over".to_owned(),
        BagStepKind::OnBoard => of("To be loaded on flight", "To be loaded on its flight"),
        BagStepKind::InTransfer => of("To be taken to flight", "To be taken to its connecting flight"),
        BagStepKind::OnBelt => "To arrive on the reclaim belt".to_owned(),
        BagStepKind::Collected => "Ready to be collected".to_owned(),
        _ => step(kind, flight),
    }
}

/// Returns how sure something is.
pub(super) fn certainty(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Unspecified => "",
        Certainty::Read => "the tag was read",
        Certainty::Concluded => "concluded, the tag was not read",
        Certainty::Announced => "announced",
        Certainty::Expected => "expected",
    }
}

/// Returns where something is.
pub(super) fn place(station: &str, belt: &str) -> String {
    match (station, belt) {
        (station, "") => station.to_owned(),
        ("", belt) => format!("belt {belt}"),
        (station, belt) => format!("{station}, belt {belt}"),
    }
}

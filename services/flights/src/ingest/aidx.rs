//! Flights in AIDX: `IATA_AIDX_FlightLegNotifRQ` (IATA RP 1797A).
//!
//! Of each `FlightLeg` are read: the `LegIdentifier`; of `LegData` the `OperationalStatus`, the
//! `CodeShareInfo`s, the `OperationTime`s (OFB and TKO, ONB and TDN; scheduled SCT, estimated EST,
//! actual ACT), and of `AirportResources` the gate and the belt, `Usage` actual before planned. Elements
//! that are not known are passed over with all that is in them. Namespaces are not looked at.
//!
//! A time needs `Z` or an offset: without one senders mean different things. Senders also differ in
//! their codes of status: [`status`] is the list of those that are understood, others say nothing.
//!
//! A document that is not well-formed is refused whole, at a line and an element. Declarations of
//! types and entities are refused, so nothing expands; depth and lengths have bounds; a document is
//! looked at once.

mod draft;
mod elements;

use super::{Contents, Faults, Said, Status};
use draft::Draft;
use elements::{Element, Elements, Step};

/// The document's element.
const ROOT: &str = "IATA_AIDX_FlightLegNotifRQ";

/// Reads a document.
///
/// # Errors
/// When it is not well-formed or is no AIDX.
pub fn read(text: &str) -> Result<Contents, String> {
    let mut elements = Elements::new(text);
    let mut contents = Contents::default();
    let mut draft: Option<Draft> = None;
    let (mut is_aidx, mut said_at, mut count) = (false, None, 0_usize);
    loop {
        match elements.step()? {
            Step::Begin if elements.top().name == ROOT => {
                is_aidx = true;
                said_at = elements.top().attribute("TimeStamp").and_then(|at| at.parse().ok());
            }
            Step::Begin if is_leg(elements.open()) => {
                count += 1;
                draft = Some(Draft::new(count, elements.top().line, said_at));
            }
            Step::Begin => {}
            Step::End(element) if draft.is_some() && is_leg_end(&element, elements.open()) => {
                finish(draft.take(), &mut contents);
            }
            Step::End(element) => {
                if let Some(draft) = &mut draft {
                    draft.take(&element, elements.open());
                }
            }
            Step::Done if is_aidx => return Ok(contents),
            Step::Done => return Err(format!("line 1: there is no {ROOT} in the document")),
        }
    }
}

fn is_leg(open: &[Element]) -> bool {
    matches!(open, [.., root, leg] if root.name == ROOT && leg.name == "FlightLeg")
}

fn is_leg_end(element: &Element, open: &[Element]) -> bool {
    element.name == "FlightLeg" && open.last().is_some_and(|root| root.name == ROOT)
}

fn finish(draft: Option<Draft>, contents: &mut Contents) {
    let Some(draft) = draft else { return };
    let mut faults = Faults::default();
    match draft.said(&mut faults) {
        Some(said) if faults.count == 0 => contents.legs.push(said),
        _ => contents.faults.add(faults),
    }
}

/// Returns what a code of status says, as far as it is understood.
pub fn status(code: &str) -> Option<Status> {
    Some(match code.trim().to_ascii_uppercase().as_str() {
        "SCH" | "OPN" | "ONT" => Status::Scheduled,
        "BRD" | "BOR" => Status::Boarding,
        "FCL" | "LCL" => Status::FinalCall,
        "DEP" | "OFB" | "AIR" => Status::Departed,
        "RTR" | "RTN" | "RTS" => Status::Returned,
        "DV" | "DIV" | "DVT" => Status::Diverted,
        "LND" | "LAN" | "ARR" | "ONB" => Status::Landed,
        "CX" | "CNL" | "CNX" | "CAN" | "DX" => Status::Cancelled,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;

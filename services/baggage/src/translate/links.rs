//! What `.M` says of a bag: the chip or the electronic tag that it wears beside its plate.
//!
//! It is said after all the rest of its message, so that what was said before `.M` was
//! understood keeps its place and id. What is no plain identifier of a known kind, or
//! names no bag of its passenger, is not guessed at; the stored message has it verbatim.

use airside_api::baggage::v1::LinkKind;

use super::{Said, Saying, What};
use crate::{
    ingest::{BAGS_MAX, Change, Group, Identifier},
    model::{Content, JourneyId, LicencePlate, Link, identifier},
};

/// Says which identifiers the bags of a message have besides their plates.
pub(super) fn links(saying: &mut Saying<'_>) {
    let message = saying.message;
    if message.change == Some(Change::Deleted) {
        return;
    }
    let mut said: Vec<Said> = Vec::new();
    for group in &message.groups {
        let observed_at = group.processing.and_then(|p| p.time).map_or(saying.received_at, |time| time.at);
        for (plate, link) in group.particulars.identifiers.iter().filter_map(|one| link(group, one)) {
            let what = What::Bag(plate, Content::Linked(Box::new(link)));
            said.push(Said { station: saying.station, observed_at, what });
        }
    }
    said.truncate(BAGS_MAX.saturating_sub(saying.said.len()));
    saying.said.append(&mut said);
}

/// Returns the bag of an identifier, and how it is linked; the journey is found by the rules.
fn link(group: &Group<'_>, one: &Identifier<'_>) -> Option<(LicencePlate, Link)> {
    let plate = match (one.tag, group.bags.as_slice()) {
        (Some(tag), bags) => *bags.iter().find(|plate| plate.to_string() == tag.trim())?,
        (None, [only]) => *only,
        (None, _) => return None,
    };
    let kind = kind(one)?;
    let other = identifier(kind, one.id?.trim()).ok().flatten()?;
    Some((plate, Link { journey: JourneyId::default(), kind, other, other_journey: None, continues: false }))
}

/// Returns the kind of an identifier; of an RFID code its last item tells which it is.
fn kind(one: &Identifier<'_>) -> Option<LinkKind> {
    let named = |text: &str| match text.trim().to_ascii_uppercase().as_str() {
        "EPC" => Some(LinkKind::Epc),
        "TID" => Some(LinkKind::Tid),
        "EBT" => Some(LinkKind::Ebt),
        _ => None,
    };
    let is_rfid = |text: &str| text.trim().eq_ignore_ascii_case("RFID");
    match one.kind? {
        kind if is_rfid(kind) => one.link.and_then(named).filter(|kind| *kind != LinkKind::Ebt),
        kind => named(kind),
    }
}

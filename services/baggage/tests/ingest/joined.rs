//! Parts of one message, joined into the text of the whole.

use airside_baggage::ingest::{self, MessageType, Parsed, join, part_head};
use proptest::prelude::*;

use super::{RECEIPT, plates, properties::messy, read, said::told, samples::text};

/// Joins texts of one message each.
fn joined(parts: &[&str]) -> Option<String> {
    let parsed: Vec<Parsed<'_>> = parts.iter().map(|part| read(part).remove(0)).collect();
    join(&parsed)
}

#[test]
fn two_parts_say_together_what_the_whole_message_would_have_said() {
    let parts = [text("syn_bpm_part1.txt"), text("syn_bpm_part2.txt")];
    let whole = joined(&[&parts[0], &parts[1]]).unwrap();
    let said = told(&whole, RECEIPT);
    let expected = |bag| {
        format!(
            "{bag} SZX 2026-11-20T07:12:10Z ContainerLoad Unspecified Outbound:ZH9101-20261120:PEK \
             by HHT014 at S512 in AKE12345ZH/"
        )
    };
    assert_eq!(said, ["3479000101", "3479000102", "3479000103", "3479000104"].map(expected));
}

#[test]
fn every_element_is_in_the_whole_once_and_the_version_of_the_first_alone() {
    let first =
        "BTM\nDEL\n.V/1TSZX/PART1/R1\n.I/CZ3502/20NOV/SHA\n.F/ZH9009/20NOV/SIN\n.N/0784000501001\nENDPART1\n";
    let second = "BTM\nDEL\n.V/1TSZX/PART2/R1\n.P/LI/SI\n.Z/KEPT AS IT IS\nSTRAY\nENDBTM\n";
    assert_eq!(
        joined(&[first, second]).unwrap(),
        "BTM\nDEL\n.V/1TSZX/PART1/R1\n.I/CZ3502/20NOV/SHA\n.F/ZH9009/20NOV/SIN\n.N/0784000501001\n.P/LI/SI\n\
         .Z/KEPT AS IT IS\nSTRAY\nENDBTM\n"
    );
}

/// The second part goes on with the flight that the first one named.
#[test]
fn a_group_goes_on_in_the_next_part() {
    let first = "BTM\n.V/1TSZX/PART1/R1\n.I/CZ3502/20NOV/SHA\n.F/ZH9009/20NOV/SIN\n.N/0784000501001\n.P/LI/SI\nENDPART1\n";
    let second = "BTM\n.V/1TSZX/PART2/R1\n.N/0784000502001\n.P/HE/WU\nENDBTM\n";
    let whole = joined(&[first, second]).unwrap();
    let message = read(&whole).remove(0);
    assert_eq!(plates(&message), [["0784000501"], ["0784000502"]]);
    assert!(message.groups.iter().all(|group| group.inbound.is_some() && group.outbound.is_some()));
}

#[test]
fn what_cannot_be_of_one_message_is_not_joined() {
    let part = |kind: &str, change: &str, number| {
        format!("{kind}\n{change}.V/1TSZX/PART{number}/R1\n.N/0784000501001\nENDPART{number}\n")
    };
    assert_eq!(joined(&[]), None);
    assert_eq!(joined(&[&part("BTM", "", 1), &part("BSM", "", 2)]), None);
    assert_eq!(joined(&[&part("BTM", "CHG\n", 1), &part("BTM", "DEL\n", 2)]), None);
    assert_eq!(joined(&[&part("BTM", "", 1), &part("BTM", "DEL\n", 2)]), None);
    // Some senders say it in the first part alone.
    assert!(joined(&[&part("BTM", "DEL\n", 1), &part("BTM", "", 2)]).unwrap().starts_with("BTM\nDEL\n"));
}

#[test]
fn a_part_is_told_by_its_number_and_its_end() {
    let head = |version: &str, end: &str| {
        let text = format!("BPM\n{version}\n.N/0784000501001\n{end}\n");
        let message = read(&text).remove(0);
        let told = part_head(&message).map(|h| (h.number, h.is_last, h.reference.to_owned()));
        (told, ingest::is_piece(&message))
    };
    let told = |number, is_last, reference: &str| (Some((number, is_last, reference.to_owned())), true);
    assert_eq!(head(".V/1LSZX/PART1/REF1", "ENDPART1"), told(1, false, "REF1"));
    assert_eq!(head(".V/1LSZX/PART2/REF1", "ENDBPM"), told(2, true, "REF1"));
    assert_eq!(head(".V/1LSZX/PART3/REF1", "ENDPART2"), told(3, false, "REF1"));
    assert_eq!(head(".V/1LSZX", "ENDPART2"), told(2, false, ""));
    assert_eq!(head(".V/1LSZX/PART1/REF1", "ENDBPM"), (None, false), "it is the only one");
    assert_eq!(head(".V/1LSZX", "ENDBPM"), (None, false));
    assert_eq!(head(".V/1LSZX/PART2/REF1", "ENDBSM"), (None, false), "it is held for its end");
    // A piece whose number cannot be read fits nowhere.
    assert_eq!(head(".V/1LSZX/PART0/REF1", "ENDPART1"), (None, true));
    assert_eq!(head(".V/1LSZX/PART100/REF1", "ENDPART1"), (None, true));
    assert_eq!(head(".V/1LSZX", "ENDPART"), (None, true));
    assert_eq!(head(&format!(".V/1LSZX/PART1/{}", "A".repeat(36)), "ENDPART1"), (None, true));
}

proptest! {
    /// Joining loses no element, adds none, and gives one whole message of the type.
    #[test]
    fn any_parts_are_joined_into_one_message_or_refused(
        bodies in proptest::collection::vec(messy(), 1..6),
        kind in prop::sample::select(MessageType::ALL.map(MessageType::as_str).to_vec()),
    ) {
        // Every body under one type, each cut at its first end, as the reader of a stream has it.
        let texts: Vec<String> = bodies.iter().map(|body| {
            let rest = body.split_once('\n').map_or("", |(_, rest)| rest);
            format!("{kind}\n{rest}")
        }).collect();
        let parsed: Vec<_> = texts.iter().map(|text| read(text).remove(0)).collect();
        let Some(whole) = join(&parsed) else {
            prop_assert!(parsed.iter().any(|part| part.change != parsed[0].change));
            return Ok(());
        };
        let again = read(&whole);
        prop_assert_eq!(again.len(), 1);
        prop_assert_eq!(again[0].message_type.as_str(), kind);
        prop_assert_eq!(again[0].ending, ingest::Ending::Complete);
        let kept = parsed.iter().enumerate().flat_map(|(at, part)| {
            part.elements.iter().filter(move |e| at == 0 || e.letter != Some('V')).map(|e| e.text)
        });
        prop_assert_eq!(again[0].elements.iter().map(|e| e.text).collect::<Vec<_>>(), kept.collect::<Vec<_>>());
    }
}

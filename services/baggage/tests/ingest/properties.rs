//! What holds for any input: no panic, nothing lost, work that grows with length alone.

use std::fs;
use std::path::PathBuf;

use airside_baggage::ingest::{self, BAGS_MAX, MessageType, Parsed};
use airside_baggage::model::LicencePlate;
use proptest::collection::vec;
use proptest::prelude::*;

use super::read;

fn samples() -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/rp1745");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    paths.sort();
    paths.into_iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Checks everything that must hold for a text, whatever it is.
fn check(input: &[u8]) {
    let text = ingest::decode(input);
    for message in read(&text) {
        let texts: Vec<_> = message.elements.iter().map(|e| e.text).collect();
        assert!(texts.iter().all(|t| text.contains(t)), "an element is not in the input");
        let again = message.print();
        let again: Vec<Parsed<'_>> = read(&again);
        assert_eq!(again.len(), 1);
        assert_eq!(again[0].message_type, message.message_type);
        assert_eq!((again[0].change, again[0].secondary), (message.change, message.secondary));
        assert_eq!(again[0].elements.iter().map(|e| e.text).collect::<Vec<_>>(), texts);
        assert_eq!(bags(&again[0]), bags(&message));
        check_bags(&message);
    }
}

fn bags(message: &Parsed<'_>) -> Vec<Vec<LicencePlate>> {
    message.groups.iter().map(|group| group.bags.clone()).collect()
}

fn check_bags(message: &Parsed<'_>) {
    let mut all: Vec<_> = message.groups.iter().flat_map(|g| &g.bags).collect();
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count, "a plate stands twice");
    assert!(count <= BAGS_MAX);
    assert!(all.iter().all(|plate| plate.serial() > 0));
    for (at, group) in message.groups.iter().enumerate() {
        assert!(group.elements.end <= message.elements.len());
        assert!(at == 0 || message.groups[at - 1].elements.end <= group.elements.start);
    }
}

/// Pieces from which something like a message can be put together.
fn piece() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "BSM",
        "BPM",
        "BCM",
        "CHG",
        "DEL",
        "FCM",
        "ENDBSM",
        "ENDBPM",
        "ENDPART1",
        "ENDBSMBSM",
        ".V/1LSZX",
        ".V/1XOSL/PART2/REF",
        ".F/ZH9101/20NOV/PEK/Y",
        ".F/ZH0/31APR",
        ".I/CZ3502/20NOV/SHA",
        ".O/SQ211/21NOV/SYD",
        ".N/0479000101003",
        ".N/0479000102001",
        ".N/0479999998999",
        ".N/0000000000001",
        ".N/0479000000002",
        ".N/1",
        ".B/OFF/0479000101002",
        ".B/OFF",
        ".S/Y/32A/C",
        ".S/N",
        ".J/S///29MAR/0230L",
        ".J/R///20NOV/2400",
        ".U/AKE1ZH//T/Y/PEK/Y/ZH1/20NOV/PEK",
        ".W/K/1/18",
        ".P/1ZHANG/SAN",
        ".L/ABC123",
        ".X//CLR",
        ".R/NOTE",
        ".E/RUSH",
        ".Z/NEW",
        ".A/REF/BSM/NAK/NO",
        ".C/TOUR",
        ".D/HOME/X/20NOV/0800L/VAN/7",
        ".G/1/2/STREET",
        ".H/T3/B/512",
        ".K/1",
        ".M/0479000101/E/E200",
        ".Q/007",
        ".T/P1",
        ".Y/ZH123/G",
        "STRAY",
        ".",
        "/",
        ".N",
        ".É/",
        "\u{1}QU ABC",
        "\u{2}BSM",
        "\u{3}",
        ".AAABBCC 201430 PDM",
    ]);
    prop_oneof![9 => words.prop_map(str::to_owned), 1 => ".{0,12}"]
}

/// A message of any type, of any elements in any order.
pub(super) fn messy() -> impl Strategy<Value = String> {
    let kind = prop::sample::select(MessageType::ALL.map(MessageType::as_str).to_vec());
    (kind, vec(piece(), 0..12))
        .prop_map(|(kind, pieces)| format!("{kind}\n.V/1LSZX\n{}\nEND{kind}\n", pieces.join("\n")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_bytes_are_read_without_panic(input in vec(any::<u8>(), 0..400)) {
        check(&input);
    }

    #[test]
    fn any_pile_of_elements_is_kept_and_read_again_alike(
        pieces in vec((piece(), prop::sample::select(vec!["\n", "\r", "\r\n", "\r\r\n", ""])), 0..30),
    ) {
        let body: String = pieces.iter().flat_map(|(piece, end)| [piece.as_str(), end]).collect();
        check(body.as_bytes());
        check(format!("BSM\n{body}\nENDBSM\n").as_bytes());
        check(format!("BPM\n{body}\nENDBPM\n").as_bytes());
    }

    #[test]
    fn a_damaged_sample_is_read_without_panic(
        pick in any::<prop::sample::Index>(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..4), 1..6),
    ) {
        let samples = samples();
        let mut input = pick.get(&samples).clone();
        for (at, byte, how) in damage {
            if input.is_empty() {
                break;
            }
            let at = at.index(input.len());
            match how {
                0 => input[at] = byte,
                1 => input.insert(at, byte),
                2 => { input.remove(at); }
                _ => input.truncate(at),
            }
        }
        check(&input);
    }

    /// Every type, with the judges of the conformance test.
    #[test]
    fn a_message_of_any_type_is_judged_and_reported_within_bounds(text in messy()) {
        check(text.as_bytes());
        let receipt = super::RECEIPT.parse().unwrap();
        for judge in [ingest::Judge::Tolerant, ingest::Judge::Strict] {
            let reports = ingest::report("messy", text.as_bytes(), receipt, judge);
            prop_assert!(!reports.is_empty());
            for found in reports.iter().flat_map(|report| &report.diagnostics) {
                // A lone CR ends a line as well.
                let ends = text.bytes().filter(|b| matches!(b, b'\n' | b'\r')).count();
                prop_assert!((1..=u32::try_from(ends).unwrap() + 1).contains(&found.line) && found.column > 0);
                prop_assert!(!found.text.contains("ZHANG") && !found.text.contains("STREET"));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn what_stands_before_a_message_never_changes_it(noise in "[A-Z0-9 ./]{0,40}") {
        prop_assume!(!["BSM", "BPM", "BTM", "BUM", "BNS", "BCM", "BMM", "BRQ"].contains(&noise.trim()));
        prop_assume!(!noise.contains("PDM"));
        for sample in samples() {
            let plain = ingest::decode(&sample).into_owned();
            let noisy = format!("{noise}\n{plain}");
            let (plain, noisy) = (read(&plain), read(&noisy));
            prop_assert_eq!(plain.len(), noisy.len());
            for (a, b) in plain.iter().zip(&noisy) {
                prop_assert_eq!(&a.groups, &b.groups);
                prop_assert_eq!(a.diagnostics.len(), b.diagnostics.len());
            }
        }
    }
}

/// Only a cut through a tag's count may show a plate that the whole message refuses; it is truncated.
#[test]
fn a_message_cut_anywhere_never_gains_a_bag() {
    for sample in samples() {
        let text = ingest::decode(&sample).replace("101000", "101001");
        let whole: Vec<_> = read(&text).iter().flat_map(|m| m.groups.clone()).flat_map(|g| g.bags).collect();
        for cut in (0..text.len()).filter(|cut| text.is_char_boundary(*cut)) {
            let kept = read(&text[..cut]);
            let bags = kept.iter().flat_map(|m| &m.groups).flat_map(|g| &g.bags);
            assert!(bags.into_iter().all(|bag| whole.contains(bag)));
            let last = kept.last();
            assert!(last.is_none_or(|m| m.has_errors() || m.ending != ingest::Ending::Truncated));
        }
    }
}

/// Inputs on which quadratic work would be seen as a hang.
#[test]
fn long_input_is_read_in_one_pass() {
    let head = "BPM\n.V/1LSZX\n.F/ZH9101/20NOV/PEK\n";
    let million = 1_000_000;
    for body in [
        format!(".R/{}", "A".repeat(million)),
        format!(".R/{}", "É".repeat(million / 2)),
        format!(".N/{}", "/".repeat(million)),
        format!(".N/{}", "0479000101001/".repeat(million / 14)),
        format!(".N/{}", "1/".repeat(million / 2)),
        format!(".P/{}", "A/".repeat(million / 2)),
        " ".repeat(million),
        "\r".repeat(million),
        "\u{2}".repeat(million),
        "ENDBSM".repeat(million / 6),
        ".N/0479000101001\n".repeat(10_000),
        (0..10_000).rev().map(|serial| format!(".N/0479{:06}001\n", serial + 1)).collect(),
        ".F/ZH9101/20NOV/PEK\n.N/0479000101001\n.P/1A/B\n".repeat(10_000),
        ".O/SQ211/20NOV/SYD\n.N/0479000101001\n.S/Y\n".repeat(10_000),
        ".O/SQ211/20NOV/SYD\n".repeat(10_000) + &".N/0479000101001\n.S/Y\n".repeat(10_000),
        "X\n".repeat(million / 2),
        "BSM\n".repeat(million / 8),
    ] {
        let text = format!("{head}{body}\nENDBPM\n");
        assert!(!read(&text).is_empty());
    }
}

//! The words that a simulated airport is made of. Names are common syllables joined at random,
//! so they name nobody.

use rand::Rng;
use rand::rngs::StdRng;

/// Carriers with their three-digit baggage issuer codes (IATA Resolution 769).
pub(super) const CARRIERS: [(&str, &str); 4] = [("ZH", "479"), ("CZ", "784"), ("MU", "781"), ("HU", "880")];

/// Airports at the other end, all of them eight hours ahead of UTC.
pub(super) const ELSEWHERE: [&str; 10] =
    ["PEK", "SHA", "PVG", "CTU", "XIY", "HGH", "CKG", "KMG", "WUH", "HRB"];

/// Departure gates by their signs.
pub(super) const GATES: [&str; 12] = ["A1", "A2", "A3", "A4", "A5", "A6", "B1", "B2", "B3", "B4", "B5", "B6"];

/// Reclaim belts by their signs.
pub(super) const BELTS: [&str; 4] = ["1", "2", "3", "4"];

const SURNAMES: [&str; 24] = [
    "ZHANG", "LI", "WANG", "LIU", "CHEN", "YANG", "ZHAO", "HUANG", "ZHOU", "WU", "XU", "SUN", "HU", "ZHU",
    "GAO", "LIN", "HE", "GUO", "MA", "LUO", "LIANG", "SONG", "ZHENG", "XIE",
];

const SYLLABLES: [&str; 20] = [
    "WEI", "FANG", "NA", "MIN", "JING", "QIANG", "LEI", "YANG", "YAN", "JIE", "JUAN", "TAO", "MING", "CHAO",
    "XIU", "XIA", "PING", "GANG", "HAO", "YU",
];

/// Letters and digits of a record locator, without those that are read as one another.
const LOCATOR: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// Picks one of some words.
pub(super) fn pick(rng: &mut StdRng, words: &[&'static str]) -> &'static str {
    words[rng.random_range(0..words.len())]
}

/// Picks one of some words that is not `other`.
pub(super) fn pick_other(rng: &mut StdRng, words: &[&'static str], other: &str) -> &'static str {
    let at = words.iter().position(|word| *word == other).unwrap_or(0);
    words[(at + rng.random_range(1..words.len())) % words.len()]
}

/// Makes a surname.
pub(super) fn surname(rng: &mut StdRng) -> String {
    pick(rng, &SURNAMES).to_owned()
}

/// Makes a given name of two syllables.
pub(super) fn given_name(rng: &mut StdRng) -> String {
    format!("{}{}", pick(rng, &SYLLABLES), pick(rng, &SYLLABLES))
}

/// Makes a record locator of six characters that begins with a letter.
pub(super) fn record_locator(rng: &mut StdRng) -> String {
    (0..6)
        .map(|place| {
            let letters = if place == 0 { 24 } else { LOCATOR.len() };
            char::from(LOCATOR[rng.random_range(0..letters)])
        })
        .collect()
}

/// Makes a seat.
pub(super) fn seat(rng: &mut StdRng) -> String {
    format!("{}{}", rng.random_range(11..60), pick(rng, &["A", "B", "C", "J", "K", "L"]))
}

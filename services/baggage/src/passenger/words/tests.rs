//! Every word in every language.

use super::*;

/// What happened and what is expected, with a flight and without; certainties; places.
const GOLDEN: &str = include_str!("golden.txt");

fn kinds() -> impl Iterator<Item = BagStepKind> {
    (1..).map_while(|number| BagStepKind::try_from(number).ok())
}

fn spoken(language: Language) -> String {
    let flight = "ZH9101-20261120".parse().ok();
    let mut text = String::new();
    for kind in kinds() {
        for flight in [flight, None] {
            let (is, will_be) = (language.step(kind, flight, false), language.step(kind, flight, true));
            text.push_str(&format!("{language:?} {kind:?}: {is} | {will_be}\n"));
        }
    }
    for certainty in (1..).map_while(|number| Certainty::try_from(number).ok()) {
        text.push_str(&format!("{language:?} {certainty:?}: {}\n", language.certainty(certainty)));
    }
    for (station, belt) in [("SZX", "7"), ("SZX", ""), ("", "7"), ("", "")] {
        text.push_str(&format!("{language:?} place: {}\n", language.place(station.parse().ok(), belt)));
    }
    text.push_str(&format!("{language:?} stranded: {}\n", language.advice(Advice::WaitsForFlight)));
    text.push_str(&format!("{language:?} unsettled: {}\n", language.advice(Advice::AskAirline)));
    text
}

#[test]
fn every_word_reads_as_the_golden_file_says() {
    let actual = spoken(Language::En) + &spoken(Language::ZhCn);
    assert_eq!(actual, GOLDEN, "words (left) differ from src/passenger/words/golden.txt (right)");
}

#[test]
fn no_word_speaks_of_screening() {
    let spoken = (spoken(Language::En) + &spoken(Language::ZhCn)).to_lowercase();
    for word in ["screen", "security", "search", "reject", "inspect", "x-ray", "安检", "检查", "违禁"] {
        assert!(!spoken.contains(word), "{word}");
    }
}

#[test]
fn a_language_is_en_or_zh_cn() {
    assert_eq!(("".parse(), "zh-CN".parse()), (Ok(Language::En), Ok(Language::ZhCn)));
    assert_eq!("fr".parse::<Language>(), Err(UnknownLanguage));
}

//! AIDX documents that are broken, hostile, or merely unusual.

use proptest::prelude::*;

use super::*;

const DAY: &str = include_str!("../../../../../tests/data/flights/day.xml");

fn refusal(text: &str) -> String {
    read(text).expect_err("the document must be refused")
}

fn wrapped(inside: &str) -> String {
    format!("<{ROOT}>\n{inside}\n</{ROOT}>")
}

#[test]
fn a_document_that_is_cut_says_where() {
    let cut = &DAY[..DAY.find("<aidx:ServiceType>J").unwrap()];
    let refusal = refusal(cut);
    assert_eq!(refusal, "line 15, LegData: the document ends inside this element");
}

#[test]
fn every_cut_of_a_document_is_refused_with_its_line() {
    let end = DAY.trim_end().len();
    for cut in (1..end).filter(|cut| DAY.is_char_boundary(*cut)) {
        let refusal = refusal(&DAY[..cut]);
        assert!(refusal.starts_with("line "), "{cut}: {refusal}");
    }
    assert_eq!(read(DAY).unwrap().legs.len(), 2);
}

#[test]
fn nothing_expands() {
    let bomb = "<!DOCTYPE a [<!ENTITY b \"ha\"><!ENTITY c \"&b;&b;&b;\">]>";
    assert_eq!(
        refusal(&format!("{bomb}{}", wrapped(""))),
        "line 1: a document type is declared: send it without"
    );
    let named = refusal(&wrapped("<FlightLeg>\n&c;</FlightLeg>"));
    assert_eq!(named, "line 3, FlightLeg: it names an entity that XML itself does not have");
}

#[test]
fn elements_that_stand_too_deep_are_refused() {
    let deep = |depth: usize| wrapped(&format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth)));
    assert!(read(&deep(31)).is_ok());
    assert_eq!(refusal(&deep(32)), "line 2, a: elements stand more than 32 deep");
    assert!(refusal(&deep(100_000)).contains("32 deep"));
}

#[test]
fn text_after_the_end_and_a_second_document_are_refused() {
    assert_eq!(refusal(&format!("{}x", wrapped(""))), "line 3: text stands outside of all elements");
    assert_eq!(
        refusal(&format!("{0}{0}", wrapped(""))),
        "line 3: a second document begins: send one in a file"
    );
}

#[test]
fn unknown_elements_prefixes_and_references_are_read_over() {
    let legs = wrapped(
        "<!-- a note --><New/><FlightLeg><LegIdentifier><x:Airline><![CDATA[ZH]]></x:Airline>\
         <FlightNumber>9&#49;01</FlightNumber><DepartureAirport> SZX </DepartureAirport>\
         <ArrivalAirport>PEK</ArrivalAirport><OriginDate>2026-11-20Z</OriginDate></LegIdentifier>\
         <LegData><New><OperationalStatus>CX</OperationalStatus></New></LegData></FlightLeg>",
    );
    let contents = read(&legs).unwrap();
    assert_eq!(contents.faults.told(), [""; 0]);
    assert_eq!(contents.legs[0].flight.as_str(), "ZH9101-20261120");
    assert_eq!(contents.legs[0].status, None, "a status that stands elsewhere is not the leg's");
}

#[test]
fn a_long_text_is_not_kept_whole() {
    let legs = DAY.replace("<aidx:ServiceType>J", &format!("<aidx:ServiceType>{}", "张".repeat(100_000)));
    assert_eq!(read(&legs).unwrap(), read(DAY).unwrap());
}

#[test]
fn reasons_show_no_value_of_the_document() {
    let secret = "ZHANGSAN";
    let legs = DAY.replace(">SZX<", &format!(">{secret}<")).replace("2026-11-20T00:30:00Z", secret);
    let contents = read(&legs).unwrap();
    assert!(!contents.faults.told().is_empty());
    assert!(contents.faults.told().iter().all(|told| !told.contains(secret)));
}

/// An element of the standard, or of none.
fn element() -> impl Strategy<Value = String> {
    let names = prop::sample::select(vec![
        "FlightLeg",
        "LegIdentifier",
        "Airline",
        "FlightNumber",
        "DepartureAirport",
        "ArrivalAirport",
        "OriginDate",
        "LegData",
        "OperationalStatus",
        "CodeShareInfo",
        "AirportResources",
        "Resource",
        "PassengerGate",
        "OperationTime",
        "Other",
    ]);
    let text = prop_oneof![
        "[A-Za-z0-9:. -]{0,24}",
        Just("ZH".to_owned()),
        Just("SZX".to_owned()),
        Just("2026-11-20".to_owned()),
        Just("&amp;&#x5F20;".to_owned()),
    ];
    let leaf = (names.clone(), text).prop_map(|(name, text)| format!("<{name}>{text}</{name}>"));
    leaf.prop_recursive(6, 60, 8, move |inner| {
        let attributes = prop::sample::select(vec![
            "",
            " Usage=\"Actual\"",
            " DepartureOrArrival=\"Departure\"",
            " OperationQualifier=\"OFB\" TimeType=\"SCT\"",
        ]);
        (names.clone(), attributes, prop::collection::vec(inner, 0..8))
            .prop_map(|(name, attributes, inner)| format!("<{name}{attributes}>{}</{name}>", inner.concat()))
    })
}

proptest! {
    #[test]
    fn any_well_formed_document_is_read(inside in prop::collection::vec(element(), 0..6)) {
        let text = wrapped(&inside.concat());
        prop_assert!(read(&text).is_ok(), "{}", text);
    }

    #[test]
    fn a_cut_anywhere_is_an_error_with_a_line(inside in prop::collection::vec(element(), 0..4), at in 0.0..1.0) {
        let text = wrapped(&inside.concat());
        let cut = 1 + ((text.len() - 2) as f64 * at) as usize;
        let problem = read(&text[..cut]).expect_err("it is cut");
        prop_assert!(problem.starts_with("line "), "{}", problem);
    }

    #[test]
    fn no_bytes_make_it_panic(text in ".{0,200}") {
        let _ = read(&text);
        let _ = read(&wrapped(&text));
    }
}

//! What every sample of `tests/data/rp1745` says of each bag, or why it says nothing.

use std::{collections::BTreeSet, fmt::Write, fs};

use airside_api::baggage::v1::{PassengerState, Screening};
use airside_baggage::{
    ingest,
    model::{Announcement, Content, JourneyId, Leg, Sighting},
    translate::{Said, What, translate},
};
use airside_kernel::{Personal, Timestamp};
use proptest::prelude::*;

use super::{
    RECEIPT,
    properties::messy,
    read,
    samples::{folder, text},
};

/// File, receipt, and a line for each thing said or the code of the quarantine.
const SAMPLES: &[(&str, &str, &[&str])] = &[
    ("syn_bcm_bam_nak.txt", RECEIPT, &["BCM refused-by-receiver"]),
    ("syn_bcm_fcm.txt", RECEIPT, &["ZH9101-20261120 SZX 2026-11-20T09:20:00Z loading Closed"]),
    ("syn_bcm_fom.txt", RECEIPT, &["ZH9101-20261120 SZX 2026-11-20T09:20:00Z loading Opened"]),
    (
        "syn_bmm_manifest.txt",
        RECEIPT,
        &[
            "0784000501 SZX 2026-11-20T09:20:00Z ContainerLoad Unspecified Outbound:ZH9101-20261120:PEK by  at  in AKE12345ZH/ inferred",
            "0784000502 SZX 2026-11-20T09:20:00Z ContainerLoad Unspecified Outbound:ZH9101-20261120:PEK by  at  in AKE12345ZH/ inferred",
            "3479000102 SZX 2026-11-20T09:20:00Z AircraftLoad Unspecified Outbound:ZH9101-20261120:PEK by  at  in H4/FWD inferred",
        ],
    ),
    (
        "syn_bns_not_seen.txt",
        RECEIPT,
        &[
            "3479000105 SZX 2026-11-20T09:20:00Z report NotSeen Outbound:ZH9101-20261120:PEK at ",
            "3479000106 SZX 2026-11-20T09:20:00Z report OnHandNotAuthorised Outbound:ZH9101-20261120:PEK at ",
            "3479000107 SZX 2026-11-20T09:20:00Z report OnHand Outbound:ZH9101-20261120:PEK at ",
        ],
    ),
    (
        "syn_bpm_fallback_scan.txt",
        "2026-11-20T14:31:00Z",
        &[
            "1479000007 SZX 2026-11-20T14:30:05Z Sortation Unspecified Outbound:ZH9101-20261120:PEK by ATR07 at MUP12",
        ],
    ),
    (
        "syn_bpm_loaded_hold.txt",
        RECEIPT,
        &[
            "3479000101 SZX 2026-11-20T07:12:10Z AircraftLoad Load Outbound:ZH9101-20261120:PEK by HHT014 at HLD in H4/FWD",
        ],
    ),
    (
        "syn_bpm_loaded_uld.txt",
        RECEIPT,
        &[
            "0784000501 SZX 2026-11-20T06:48:10Z ContainerLoad Unspecified Outbound:ZH9101-20261120:PEK by HHT014 at MUP12 in AKE12345ZH/",
        ],
    ),
    (
        "syn_bpm_nal.txt",
        RECEIPT,
        &[
            "3479000101 SZX 2026-11-20T07:44:55Z AircraftLoad Withheld Outbound:ZH9101-20261120:PEK by HHT014 at S512",
        ],
    ),
    (
        "syn_bpm_offload.txt",
        RECEIPT,
        &[
            "3479000101 SZX 2026-11-20T07:44:55Z Offload Withheld Outbound:ZH9101-20261120:PEK by HHT014 at S512",
        ],
    ),
    // A part says nothing by itself; `joined.rs` has what the two say together.
    ("syn_bpm_part1.txt", RECEIPT, &["BPM part-unreadable"]),
    ("syn_bpm_part2.txt", RECEIPT, &["BPM part-unreadable"]),
    (
        "syn_bsm_chg_reflight.txt",
        RECEIPT,
        &[
            "3479000101 SZX 2026-11-20T09:20:00Z Changed Load Outbound:ZH9103-20261120:PEK passenger CheckedIn",
        ],
    ),
    ("syn_bsm_count_000.txt", RECEIPT, &["BSM tag-count-zero"]),
    (
        "syn_bsm_del_after_load.txt",
        RECEIPT,
        &["3479000101 SZX 2026-11-20T09:20:00Z Deleted Withheld Outbound:ZH9101-20261120:PEK"],
    ),
    (
        "syn_bsm_fallback_tag.txt",
        RECEIPT,
        &["1479000007 SZX 2026-11-20T09:20:00Z New Unspecified Outbound:ZH9101-20261120:PEK"],
    ),
    (
        "syn_bsm_local_szx.txt",
        RECEIPT,
        &[
            "3479000101 SZX 2026-11-20T09:20:00Z New Load Outbound:ZH9101-20261120:PEK named located passenger CheckedIn",
        ],
    ),
    (
        "syn_bsm_overlapping_n.txt",
        RECEIPT,
        &[
            "0479000101 SZX 2026-11-20T09:20:00Z New Unspecified Outbound:ZH9101-20261120:PEK",
            "0479000102 SZX 2026-11-20T09:20:00Z New Unspecified Outbound:ZH9101-20261120:PEK",
            "0479000103 SZX 2026-11-20T09:20:00Z New Unspecified Outbound:ZH9101-20261120:PEK",
        ],
    ),
    (
        "syn_bsm_range_serial_overflow.txt",
        RECEIPT,
        &[
            "0479999998 SZX 2026-11-20T09:20:00Z New Unspecified Outbound:ZH9101-20261120:PEK",
            "0479999999 SZX 2026-11-20T09:20:00Z New Unspecified Outbound:ZH9101-20261120:PEK",
            "0479000001 SZX 2026-11-20T09:20:00Z New Unspecified Outbound:ZH9101-20261120:PEK",
        ],
    ),
    (
        "syn_bsm_rush.txt",
        RECEIPT,
        &["2479000033 SZX 2026-11-20T09:20:00Z New Unspecified Outbound:ZH9103-20261121:PEK named +RUSH"],
    ),
    (
        "syn_bsm_terminating.txt",
        RECEIPT,
        &["3479000101 SZX 2026-11-20T09:20:00Z New Unspecified Inbound:ZH9102-20261120:PEK named"],
    ),
    (
        "syn_bsm_transfer_3legs.txt",
        RECEIPT,
        &[
            "0784000501 SZX 2026-11-20T09:20:00Z New Load Inbound:CZ3502-20261120:SHA Outbound:ZH9009-20261120:SIN Onward:SQ211-20261120:SYD Onward:QF781-20261121:PER named passenger CheckedIn",
            "0784000502 SZX 2026-11-20T09:20:00Z New Load Inbound:CZ3502-20261120:SHA Outbound:ZH9009-20261120:SIN Onward:SQ211-20261120:SYD Onward:QF781-20261121:PER named passenger CheckedIn",
        ],
    ),
    ("syn_btm_two_groups_part.txt", RECEIPT, &["BTM part-unreadable"]),
    (
        "syn_bum_unload_request.txt",
        RECEIPT,
        &["3479000101 SZX 2026-11-20T09:20:00Z report Unload Outbound:ZH9101-20261120:PEK at "],
    ),
    ("syn_date_29feb.txt", "2026-02-28T04:00:00Z", &["BSM date-unresolvable"]),
    ("syn_date_31apr.txt", "2026-04-30T04:00:00Z", &["BSM date-unresolvable"]),
    (
        "syn_date_new_year.txt",
        "2026-12-31T14:00:00Z",
        &["3479000301 SZX 2026-12-31T14:00:00Z New Unspecified Outbound:ZH9101-20270101:PEK"],
    ),
    (
        "syn_dst_gap.txt",
        "2026-03-29T01:35:00Z",
        &[
            "0117814999 OSL 2026-03-29T01:30:00Z Sortation Unspecified Outbound:SK4416-20260329:TOS by ATR1 at LB9",
        ],
    ),
    (
        "syn_end_token_in_freetext.txt",
        RECEIPT,
        &["3479000308 SZX 2026-11-20T09:20:00Z New Unspecified Outbound:ZH9101-20261120:PEK"],
    ),
    (
        "syn_flight_forms.txt",
        RECEIPT,
        &["3479000313 SZX 2026-11-20T09:20:00Z New Unspecified Outbound:CSZ9101A-20261120:PEK"],
    ),
    ("syn_frame20_ack_data.hex.txt", RECEIPT, &[]),
    (
        "syn_latin1_name.bin.txt",
        "2026-02-05T04:00:00Z",
        &["0117814873 OSL 2026-02-05T04:00:00Z New Unspecified Outbound:SK4416-20260205:TOS named"],
    ),
    (
        "syn_long_line.txt",
        RECEIPT,
        &["3479000312 SZX 2026-11-20T09:20:00Z New Unspecified Outbound:ZH9101-20261120:PEK"],
    ),
    (
        "syn_lowercase_crcrlf.txt",
        RECEIPT,
        &["3479000309 SZX 2026-11-20T09:20:00Z New Unspecified Outbound:ZH9101-20261120:PEK"],
    ),
    ("syn_no_end.txt", RECEIPT, &["BSM truncated"]),
    (
        "syn_noread_zeros.txt",
        RECEIPT,
        &[
            "no-read SZX 2026-11-20T09:15:00Z ArrivalInjection Unspecified Inbound:ZH9102-20261120:PEK by ATR31 at BELT7",
        ],
    ),
    (
        "syn_two_messages_glued.txt",
        RECEIPT,
        &[
            "3479000306 SZX 2026-11-20T09:20:00Z New Unspecified Outbound:ZH9101-20261120:PEK",
            "3479000307 SZX 2026-11-20T09:20:00Z New Unspecified Outbound:ZH9101-20261120:PEK",
        ],
    ),
    (
        "syn_typeb_full_envelope.txt",
        RECEIPT,
        &["3479000310 SZX 2026-11-20T09:20:00Z New Unspecified Outbound:ZH9101-20261120:PEK"],
    ),
    (
        "syn_unknown_element.txt",
        RECEIPT,
        &["3479000311 SZX 2026-11-20T09:20:00Z New Unspecified Outbound:ZH9101-20261120:PEK"],
    ),
    (
        "syn_utf8_name.txt",
        RECEIPT,
        &["3479000304 SZX 2026-11-20T09:20:00Z New Unspecified Outbound:ZH9101-20261120:PEK named"],
    ),
];

/// One line for each thing said, or one with the code of the quarantine.
pub(super) fn told(text: &str, receipt: &str) -> Vec<String> {
    let receipt: Timestamp = receipt.parse().unwrap();
    let mut lines = Vec::new();
    for message in ingest::messages(text, receipt) {
        match translate(&message, receipt) {
            Ok(said) => lines.extend(said.iter().map(line)),
            Err(why) => lines.push(format!("{} {}", message.message_type, why.code)),
        }
    }
    lines
}

fn line(said: &Said) -> String {
    let from = |what: &dyn std::fmt::Display| format!("{what} {} {}", said.station, said.observed_at);
    match &said.what {
        What::Loading(flight, step) => format!("{} loading {step:?}", from(flight)),
        What::NoTag(sighting) => seen(from(&"no-read"), sighting),
        What::Bag(plate, Content::Announced(announcement)) => announced(from(plate), announcement),
        What::Bag(plate, Content::Scanned(sighting)) => seen(from(plate), sighting),
        What::Bag(plate, Content::Reported(reported)) => {
            let leg = reported.leg.iter().map(|leg| format!(" {}", flight(leg))).collect::<String>();
            format!("{} report {:?}{leg} at {}", from(plate), reported.report, reported.location)
        }
        What::Bag(_, other) => panic!("no message says {other:?}"),
    }
}

fn announced(mut line: String, announcement: &Announcement) -> String {
    write!(line, " {:?} {:?}", announcement.change, announcement.authority).unwrap();
    announcement.legs.iter().for_each(|leg| write!(line, " {}", flight(leg)).unwrap());
    let named = |is_there, what| if is_there { what } else { "" };
    line += named(announcement.passenger_name.is_some(), " named");
    line += named(announcement.record_locator.is_some(), " located");
    announcement.exceptions.iter().for_each(|code| write!(line, " +{code}").unwrap());
    if announcement.passenger != PassengerState::Unspecified {
        write!(line, " passenger {:?}", announcement.passenger).unwrap();
    }
    line
}

fn seen(mut line: String, sighting: &Sighting) -> String {
    write!(line, " {:?} {:?}", sighting.point, sighting.authority).unwrap();
    sighting.leg.iter().for_each(|leg| write!(line, " {}", flight(leg)).unwrap());
    write!(line, " by {} at {}", sighting.reader, sighting.location).unwrap();
    if let Some((container, compartment)) = &sighting.stowage {
        write!(line, " in {container}/{compartment}").unwrap();
    }
    if sighting.screening != Screening::Unspecified {
        write!(line, " screening {:?}", sighting.screening).unwrap();
    }
    line += if sighting.is_inferred { " inferred" } else { "" };
    line
}

fn flight(leg: &Leg) -> String {
    format!("{:?}:{}:{}", leg.role, leg.flight, leg.airport.map_or_else(String::new, |a| a.to_string()))
}

#[test]
fn every_sample_says_this_of_its_bags() {
    for (file, receipt, expected) in SAMPLES {
        assert_eq!(told(&text(file), receipt), *expected, "{file}");
    }
    let files = fs::read_dir(folder()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let files: BTreeSet<_> = files.filter(|file| file.starts_with("syn_")).collect();
    let table = SAMPLES.iter().map(|(file, ..)| (*file).to_owned()).chain([RANGE.to_owned()]);
    assert_eq!(files, table.collect(), "every sample has its line and every line its sample");
}

const RANGE: &str = "syn_bsm_range_999.txt";

#[test]
fn a_range_of_999_says_the_same_of_each_bag() {
    let said = told(&text(RANGE), RECEIPT);
    let expected =
        |n| format!("0479{n:06} SZX 2026-11-20T09:20:00Z New Unspecified Outbound:ZH9101-20261120:PEK");
    assert_eq!(said, (1..=999).map(expected).collect::<Vec<_>>());
}

/// What a BPM for one bag says between its `.V` and its `.N`.
#[track_caller]
fn check_point(elements: &str, expected: &str) {
    let source = if elements.starts_with("X ") { 'X' } else { 'L' };
    let elements = elements.trim_start_matches("X ").replace(' ', "\n");
    let said = told(&format!("BPM\n.V/1{source}SZX\n{elements}\n.N/3479000101001\nENDBPM\n"), RECEIPT);
    let [one] = said.as_slice() else { panic!("{said:?}") };
    assert_eq!(one.split(' ').nth(if one.starts_with("BPM") { 1 } else { 3 }), Some(expected), "{one}");
}

#[test]
fn the_elements_of_a_bpm_tell_the_point_and_never_more_than_they_say() {
    for (elements, point) in [
        (".J/S//ATR1/20NOV/151210L", "Sortation"),
        (".J/R//HHT1/20NOV/151210L", "AircraftSide"),
        (".J/G//HHT1/20NOV/151210L", "BhsInduction"),
        (".J/H//HHT1/20NOV/151210L", "BhsInduction"),
        (".J///HHT1/20NOV/151210L", "no-point"),
        // Loaded is said only of a hold or a compartment; what else it is put into may be a cart.
        (".J/R//HHT1/20NOV/151210L .U/H4", "AircraftLoad"),
        (".J/R//HHT1/20NOV/151210L .U/41", "AircraftLoad"),
        (".J/R//HHT1/20NOV/151210L .U/BLK", "AircraftLoad"),
        (".J/R//HHT1/20NOV/151210L .U/AKE12345ZH/FWD", "AircraftLoad"),
        (".J/R//HHT1/20NOV/151210L .U/AKE12345ZH", "ContainerLoad"),
        (".J/R//HHT1/20NOV/151210L .U/CART17", "ContainerLoad"),
        (".J/R//HHT1/20NOV/151210L .U//", "AircraftSide"),
        // Through screening is said only of a bag that was cleared.
        (".J/S//HBS1/20NOV/151210L .X//CLR", "Screening"),
        (".J/S//HBS1/20NOV/151210L .X//UCL", "BhsInduction"),
        (".J/S//HBS1/20NOV/151210L .X//UCL .X//CLR", "Screening"),
        (".J/S//HBS1/20NOV/151210L .X//CLR .X//REJ", "BhsInduction"),
        (".J/S//HBS1/20NOV/151210L .X/SEL", "Sortation"),
        (".J///HBS1/20NOV/151210L .X//UCL", "BhsInduction"),
        // What a bag came in is not what it leaves in.
        ("X .J/S//ATR31/20NOV/151210L .U/H4", "ArrivalInjection"),
    ] {
        check_point(elements, point);
    }
}

fn one(text: &str) -> Content {
    let message = read(text).remove(0);
    let mut said = translate(&message, RECEIPT.parse().unwrap()).unwrap();
    assert_eq!(said.len(), 1);
    let What::Bag(_, content) = said.remove(0).what else { panic!("it speaks of a bag") };
    content
}

#[test]
fn a_container_has_one_spelling() {
    for spelled in ["AKE12345ZH", "ake12345zh", "Ake12345Zh"] {
        let told = one(&format!(
            "BPM\n.V/1LSZX\n.J/R//HHT1/20NOV/151210L\n.F/ZH9101/20NOV/PEK\n.U/{spelled}\n.N/3479000101001\nENDBPM\n"
        ));
        assert_eq!(told.container(), Some("AKE12345ZH"));
    }
}

#[test]
fn what_is_said_of_many_bags_is_short() {
    let names = ".P/1ZHANG/SAN\n".repeat(400);
    let bsm = format!(
        "BSM\n.V/1LSZX\n.F/ZH9101/20NOV/PEK\n.N/3479000101001\n{names}.L/{}\n.E/RUSH\n.E/RUSH/VIP\n.E/ZHANGSAN/Z1\nENDBSM\n",
        "A".repeat(300)
    );
    let Content::Announced(announcement) = one(&bsm) else { panic!("a BSM announces") };
    let Some(Personal::Known(kept)) = &announcement.passenger_name else { panic!("it has names") };
    assert!(kept.len() <= 2_048 && kept.lines().all(|name| name == "ZHANG/SAN"), "{}", kept.len());
    assert_eq!(announcement.record_locator, None);
    assert_eq!(announcement.exceptions, ["RUSH", "VIP"], "only what has the form of a code is in clear");

    let long = "B".repeat(5_000);
    let bpm = format!("BPM\n.V/1LSZX\n.J/S//{long}/20NOV/151210L/{long}\n.N/3479000101001\nENDBPM\n");
    let Content::Scanned(sighting) = one(&bpm) else { panic!("a BPM is a sighting") };
    assert_eq!((sighting.reader.as_str(), sighting.location.as_str()), ("", ""));
}

#[test]
fn an_onward_flight_is_not_the_one_that_a_bag_was_handled_for() {
    let bpm = "BPM\n.V/1LSZX\n.J/S//ATR1/20NOV/151210L\n.O/SQ211/21NOV/SYD\n.N/3479000101001\nENDBPM\n";
    let Content::Scanned(sighting) = one(bpm) else { panic!("a BPM is a sighting") };
    assert_eq!(sighting.leg, None);
}

/// What the elements `.M` of a BSM for two bags link, as `plate kind identifier`.
#[track_caller]
fn check_links(elements: &str, expected: &[&str]) {
    let elements = elements.replace(' ', "\n");
    let bsm =
        format!("BSM\n.V/1LSZX\n.F/ZH9101/20NOV/PEK\n.N/3479000101002\n.P/1ZHANG/SAN\n{elements}\nENDBSM\n");
    let said = translate(&read(&bsm)[0], RECEIPT.parse().unwrap()).unwrap();
    let link = |said: &Said| match &said.what {
        What::Bag(plate, Content::Linked(link)) => {
            assert!(link.journey == JourneyId::default() && link.other_journey.is_none() && !link.continues);
            Some(format!("{plate} {:?} {}", link.kind, link.other))
        }
        _ => None,
    };
    assert!(said[..2].iter().all(|one| link(one).is_none()), "what was said before keeps its place");
    assert_eq!(said[2..].iter().filter_map(link).collect::<Vec<_>>(), expected, "{elements}");
}

#[test]
fn a_chip_or_an_electronic_tag_is_linked_and_what_is_no_plain_identifier_is_left_alone() {
    check_links(".M/3479000101/EPC/3034f4a1b2", &["3479000101 Epc 3034F4A1B2"]);
    check_links(".M/3479000102/TID/E2801160/X", &["3479000102 Tid E2801160"]);
    check_links(".M/3479000102/RFID/E2801160/TID", &["3479000102 Tid E2801160"]);
    let both = ".M/3479000101/EBT/BA-123x .M/3479000102/epc/E2801160";
    check_links(both, &["3479000101 Ebt BA-123X", "3479000102 Epc E2801160"]);
    for nothing in [
        ".M/3479000101/RFID/E2801160",
        ".M/3479000101/E/E2801160",
        ".M/3479000101/EPC/E28011",
        ".M/3479000101/EPC/NOCODEATALL",
        ".M/3479000101/EBT/ZHANG_SAN",
        ".M/3479000101/EPC",
        ".M//EPC/E2801160",
        ".M/0479000777/EPC/E2801160",
    ] {
        check_links(nothing, &[]);
    }
    check_links(&format!(".M/3479000101/EPC/{}", "A".repeat(65)), &[]);
    let many = ".M/3479000101/EBT/T1 ".repeat(100);
    check_links(many.trim_end(), &["3479000101 Ebt T1"; 32]);
}

#[test]
fn a_message_that_takes_a_bag_back_links_nothing() {
    let text = "BSM\nDEL\n.V/1LSZX\n.F/ZH9101/20NOV/PEK\n.N/3479000101001\n.M//EPC/E2801160\nENDBSM\n";
    assert_eq!(translate(&read(text)[0], RECEIPT.parse().unwrap()).unwrap().len(), 1);
}

proptest! {
    #[test]
    fn any_text_is_translated_or_quarantined_without_telling_it(text in messy()) {
        let receipt = RECEIPT.parse().unwrap();
        for message in read(&text) {
            match translate(&message, receipt) {
                Ok(said) => {
                    let is_answer = message.message_type == ingest::MessageType::Bcm;
                    prop_assert!((is_answer || !said.is_empty()) && said.len() <= ingest::BAGS_MAX);
                }
                Err(why) => {
                    prop_assert!(!why.code.is_empty() && !why.code.contains(' '));
                    prop_assert!(!why.reason.contains("ZHANG") && !why.reason.contains("ABC123"));
                }
            }
        }
    }
}

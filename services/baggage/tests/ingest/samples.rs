//! Every sample of `tests/data/rp1745` does what its README says.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use airside_baggage::ingest::{
    self, Change, Ending, MessageType, Parsed, PassengerState, Source, StatusCode,
};

use super::{RECEIPT, findings, plates, read, read_at};

struct Sample {
    file: &'static str,
    receipt: &'static str,
    messages: &'static [Expected],
}

struct Expected {
    kind: MessageType,
    change: Option<Change>,
    groups: &'static [&'static [&'static str]],
    findings: &'static [&'static str],
}

const fn bsm(groups: &'static [&'static [&'static str]], findings: &'static [&'static str]) -> Expected {
    Expected { kind: MessageType::Bsm, change: None, groups, findings }
}

const fn bpm(groups: &'static [&'static [&'static str]], findings: &'static [&'static str]) -> Expected {
    Expected { kind: MessageType::Bpm, change: None, groups, findings }
}

const fn changed(change: Change, groups: &'static [&'static [&'static str]]) -> Expected {
    Expected { kind: MessageType::Bsm, change: Some(change), groups, findings: &[] }
}

const fn other(
    kind: MessageType,
    groups: &'static [&'static [&'static str]],
    findings: &'static [&'static str],
) -> Expected {
    Expected { kind, change: None, groups, findings }
}

const fn sample(file: &'static str, messages: &'static [Expected]) -> Sample {
    Sample { file, receipt: RECEIPT, messages }
}

const SAMPLES: &[Sample] = &[
    sample("syn_bsm_local_szx.txt", &[bsm(&[&["3479000101"]], &[])]),
    sample("syn_bsm_transfer_3legs.txt", &[bsm(&[&["0784000501", "0784000502"]], &[])]),
    sample("syn_bsm_terminating.txt", &[bsm(&[&["3479000101"]], &[])]),
    sample(
        "syn_bsm_range_serial_overflow.txt",
        &[bsm(&[&["0479999998", "0479999999", "0479000001"]], &["warning range-past-end 4"])],
    ),
    sample("syn_bsm_count_000.txt", &[bsm(&[&[]], &["error tag-count-zero 4"])]),
    sample(
        "syn_bsm_overlapping_n.txt",
        &[bsm(&[&["0479000101", "0479000102", "0479000103"]], &["warning tag-repeated 5"])],
    ),
    sample("syn_bsm_fallback_tag.txt", &[bsm(&[&["1479000007"]], &["warning fallback-announced 4"])]),
    Sample {
        file: "syn_bpm_fallback_scan.txt",
        receipt: "2026-11-20T14:31:00Z",
        messages: &[bpm(&[&["1479000007"]], &["info fallback-tag 5"])],
    },
    sample("syn_bsm_rush.txt", &[bsm(&[&["2479000033"]], &["info rush-tag 4"])]),
    sample("syn_bsm_chg_reflight.txt", &[changed(Change::Changed, &[&["3479000101"]])]),
    sample("syn_bsm_del_after_load.txt", &[changed(Change::Deleted, &[&["3479000101"]])]),
    sample("syn_bpm_loaded_hold.txt", &[bpm(&[&["3479000101"]], &[])]),
    sample("syn_bpm_loaded_uld.txt", &[bpm(&[&["0784000501"]], &[])]),
    sample("syn_bpm_part1.txt", &[bpm(&[&["3479000101", "3479000102"]], &["info part 8"])]),
    sample("syn_bpm_part2.txt", &[bpm(&[&["3479000103", "3479000104"]], &["info part 7"])]),
    sample("syn_bpm_offload.txt", &[bpm(&[&["3479000101"]], &[])]),
    sample("syn_bpm_nal.txt", &[bpm(&[&["3479000101"]], &[])]),
    sample("syn_bum_unload_request.txt", &[other(MessageType::Bum, &[&["3479000101"]], &[])]),
    sample(
        "syn_bns_not_seen.txt",
        &[other(MessageType::Bns, &[&["3479000105", "3479000106", "3479000107"]], &[])],
    ),
    sample("syn_bcm_fom.txt", &[other(MessageType::Bcm, &[&[]], &[])]),
    sample("syn_bcm_fcm.txt", &[other(MessageType::Bcm, &[&[]], &[])]),
    sample("syn_bcm_bam_nak.txt", &[other(MessageType::Bcm, &[], &[])]),
    sample(
        "syn_bmm_manifest.txt",
        &[other(MessageType::Bmm, &[&["0784000501", "0784000502"], &["3479000102"]], &[])],
    ),
    sample(
        "syn_btm_two_groups_part.txt",
        &[other(MessageType::Btm, &[&["0784000501", "0784000502"], &["0784000511"]], &["info part 13"])],
    ),
    Sample {
        file: "syn_date_new_year.txt",
        receipt: "2026-12-31T14:00:00Z",
        messages: &[bsm(&[&["3479000301"]], &[])],
    },
    Sample {
        file: "syn_date_29feb.txt",
        receipt: "2026-02-28T04:00:00Z",
        messages: &[bsm(&[&["3479000302"]], &["warning date-unresolvable 3"])],
    },
    Sample {
        file: "syn_date_31apr.txt",
        receipt: "2026-04-30T04:00:00Z",
        messages: &[bsm(&[&["3479000303"]], &["warning date-unresolvable 3"])],
    },
    sample("syn_utf8_name.txt", &[bsm(&[&["3479000304"]], &["info alphabet 5"])]),
    Sample {
        file: "syn_latin1_name.bin.txt",
        receipt: "2026-02-05T04:00:00Z",
        messages: &[bsm(&[&["0117814873"]], &["info alphabet 5"])],
    },
    sample("syn_no_end.txt", &[bsm(&[&["3479000305"]], &["error truncated 4"])]),
    sample("syn_two_messages_glued.txt", &[bsm(&[&["3479000306"]], &[]), bsm(&[&["3479000307"]], &[])]),
    sample("syn_end_token_in_freetext.txt", &[bsm(&[&["3479000308"]], &[])]),
    sample("syn_lowercase_crcrlf.txt", &[bsm(&[&["3479000309"]], &["info lower-case 2"])]),
    sample("syn_typeb_full_envelope.txt", &[bsm(&[&["3479000310"]], &["info possible-duplicate 3"])]),
    sample("syn_unknown_element.txt", &[bsm(&[&["3479000311"]], &["warning element-unknown 5"])]),
    sample("syn_long_line.txt", &[bsm(&[&["3479000312"]], &["warning long-line 5"])]),
    sample("syn_flight_forms.txt", &[bsm(&[&["3479000313"]], &[])]),
    sample("syn_noread_zeros.txt", &[bpm(&[&[]], &["warning no-read 5"])]),
    Sample {
        file: "syn_dst_gap.txt",
        receipt: "2026-03-29T01:35:00Z",
        messages: &[bpm(&[&["0117814999"]], &["warning time-gap 3"])],
    },
    // A frame of the TCP link in hex is no message.
    sample("syn_frame20_ack_data.hex.txt", &[]),
];

pub(super) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/rp1745")
}

pub(super) fn text(file: &str) -> String {
    ingest::decode(&fs::read(folder().join(file)).unwrap()).into_owned()
}

#[test]
fn every_sample_is_read_as_its_readme_says() {
    for sample in SAMPLES {
        let text = text(sample.file);
        let read = read_at(&text, sample.receipt);
        assert_eq!(read.len(), sample.messages.len(), "{}", sample.file);
        for (message, expected) in read.iter().zip(sample.messages) {
            assert_eq!(
                (message.message_type, message.change, plates(message), findings(message)),
                (
                    expected.kind,
                    expected.change,
                    expected.groups.iter().map(|g| g.iter().map(ToString::to_string).collect()).collect(),
                    expected.findings.iter().map(ToString::to_string).collect(),
                ),
                "{}",
                sample.file
            );
        }
    }
}

#[test]
fn the_table_names_every_sample() {
    let there =
        fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let there: BTreeSet<_> = there.filter(|name| name.starts_with("syn_")).collect();
    let mut named: BTreeSet<_> = SAMPLES.iter().map(|sample| sample.file.to_owned()).collect();
    named.insert("syn_bsm_range_999.txt".to_owned());
    assert_eq!(there, named);
}

#[test]
fn every_element_of_every_sample_is_kept_byte_for_byte() {
    for sample in SAMPLES {
        let text = text(sample.file);
        let lines = text.split(['\r', '\n']).filter(|line| line.starts_with('.') && !line.contains("PDM"));
        let messages = read(&text);
        let kept = messages.iter().flat_map(|m| &m.elements).map(|e| e.text);
        assert!(lines.eq(kept), "{}", sample.file);
    }
}

#[test]
fn the_upper_bound_of_a_range_is_999_bags() {
    let text = text("syn_bsm_range_999.txt");
    let read = read(&text);
    let plates = &plates(&read[0])[0];
    assert_eq!((plates.len(), plates[0].as_str(), plates[998].as_str()), (999, "0479000001", "0479000999"));
    assert!(findings(&read[0]).is_empty());
}

/// Gives the first message of a sample to a test.
fn first(file: &str, check: impl FnOnce(&Parsed<'_>)) {
    let text = text(file);
    let receipt = SAMPLES.iter().find(|sample| sample.file == file).map_or(RECEIPT, |sample| sample.receipt);
    check(&read_at(&text, receipt)[0]);
}

#[test]
fn a_local_bag_has_its_flight_passenger_and_authority() {
    first("syn_bsm_local_szx.txt", |message| {
        let (header, group) = (message.header.unwrap(), &message.groups[0]);
        assert_eq!((header.source, header.airport.unwrap().as_str()), (Some(Source::Local), "SZX"));
        let flight = group.outbound.unwrap();
        assert_eq!(flight.dated().unwrap().to_string(), "ZH9101-20261120");
        assert_eq!((flight.airport.unwrap().as_str(), flight.class), ("PEK", Some('Y')));
        let security = group.security.unwrap();
        assert_eq!(
            (security.to_load, security.to_transport, security.tag_active),
            (Some(true), Some(true), Some(true))
        );
        assert_eq!(security.seat.unwrap().reveal(), "32A");
        let weight = group.weight.unwrap();
        assert_eq!((weight.pieces, weight.checked, weight.unchecked), (Some(1), Some(18), None));
        let name = group.names[0];
        assert_eq!((name.count, name.surname().reveal()), (Some(1), "ZHANG"));
        assert_eq!(name.given().map(|given| given.reveal()).collect::<Vec<_>>(), ["SAN"]);
        assert_eq!(group.record_locator.unwrap().reveal(), "ABC123");
        assert_eq!(message.held_by(), None);
    });
}

#[test]
fn a_transfer_bag_has_its_route_in_order() {
    first("syn_bsm_transfer_3legs.txt", |message| {
        let group = &message.groups[0];
        let dated = |flight: &ingest::Flight| flight.dated().unwrap().to_string();
        assert_eq!(group.inbound.as_ref().map(dated).unwrap(), "CZ3502-20261120");
        assert_eq!(group.outbound.as_ref().map(dated).unwrap(), "ZH9009-20261120");
        assert_eq!(group.onward.iter().map(dated).collect::<Vec<_>>(), ["SQ211-20261120", "QF781-20261121"]);
    });
}

#[test]
fn a_bag_that_ends_here_has_no_outbound_flight_and_needs_none() {
    first("syn_bsm_terminating.txt", |message| {
        assert_eq!(message.header.unwrap().source, Some(Source::Terminating));
        assert!(message.groups[0].outbound.is_none() && message.groups[0].inbound.is_some());
    });
}

#[test]
fn a_processed_bag_has_its_moment_place_and_stowage() {
    first("syn_bpm_loaded_hold.txt", |message| {
        let group = &message.groups[0];
        let seen = group.processing.unwrap();
        assert_eq!(seen.time.unwrap().at.to_string(), "2026-11-20T07:12:10Z");
        assert_eq!((seen.scanner, seen.location, seen.sent_to), (Some("HHT014"), Some("S512"), Some("HLD")));
        let stowage = group.stowage.unwrap();
        assert_eq!((stowage.container, stowage.compartment), (Some("H4"), Some("FWD")));
    });
    first("syn_bpm_loaded_uld.txt", |message| {
        let stowage = message.groups[0].stowage.unwrap();
        assert_eq!((stowage.container, stowage.sealed), (Some("AKE12345ZH"), Some(true)));
        assert_eq!(stowage.destination.unwrap().as_str(), "PEK");
    });
}

#[test]
fn an_irregularity_names_its_bags() {
    for (file, code) in
        [("syn_bpm_offload.txt", StatusCode::Offloaded), ("syn_bpm_nal.txt", StatusCode::LoadedNotAuthorised)]
    {
        first(file, |message| {
            let group = &message.groups[0];
            assert_eq!(group.statuses[0].code, Some(code));
            assert_eq!(group.statuses[0].bags, group.bags);
        });
    }
}

#[test]
fn parts_say_which_they_are_and_whether_more_follow() {
    for (file, part, ending) in
        [("syn_bpm_part1.txt", 1, Ending::Part(Some(1))), ("syn_bpm_part2.txt", 2, Ending::Complete)]
    {
        first(file, |message| {
            let header = message.header.unwrap();
            assert_eq!(
                (header.part, header.reference, message.ending),
                (Some(part), Some("REF0000042"), ending)
            );
        });
    }
}

#[test]
fn a_transfer_message_brings_many_passengers_on_one_flight() {
    first("syn_btm_two_groups_part.txt", |message| {
        assert_eq!(message.header.unwrap().source, Some(Source::Transfer));
        let dated = |flight: Option<ingest::Flight>| flight.unwrap().dated().unwrap().to_string();
        let flights: Vec<_> = message.groups.iter().map(|g| (dated(g.inbound), dated(g.outbound))).collect();
        let came = "CZ3502-20261120".to_owned();
        assert_eq!(
            flights,
            [(came.clone(), "ZH9009-20261120".to_owned()), (came, "ZH9101-20261120".to_owned())]
        );
        let names: Vec<_> = message.groups.iter().map(|g| g.names[0].surname().reveal()).collect();
        assert_eq!(names, ["LI", "WANG"]);
        assert_eq!(message.groups[1].particulars.exceptions, ["PRIO"]);
        assert!(message.groups[0].particulars.exceptions.is_empty());
    });
}

#[test]
fn an_unload_request_withdraws_the_authority_of_a_passenger_who_did_not_board() {
    first("syn_bum_unload_request.txt", |message| {
        let group = &message.groups[0];
        let security = group.security.unwrap();
        assert_eq!((security.to_load, security.passenger), (Some(false), Some(PassengerState::NotBoarded)));
        assert_eq!(group.stowage.unwrap().container, Some("AKE12345ZH"));
    });
}

#[test]
fn a_not_seen_message_says_of_each_bag_what_it_is() {
    first("syn_bns_not_seen.txt", |message| {
        let codes: Vec<_> =
            message.groups[0].statuses.iter().map(|s| (s.code.unwrap(), s.bags.len())).collect();
        let expected = [StatusCode::Unseen, StatusCode::OnHandNotAuthorised, StatusCode::OnHandAuthorised];
        assert_eq!(codes, expected.map(|code| (code, 1)));
    });
}

#[test]
fn a_manifest_has_a_group_for_each_container() {
    first("syn_bmm_manifest.txt", |message| {
        let held: Vec<_> = message.groups.iter().map(|g| g.stowage.unwrap()).collect();
        assert_eq!((held[0].container, held[0].baggage_type), (Some("AKE12345ZH"), Some("T")));
        assert_eq!((held[1].container, held[1].compartment), (Some("H4"), Some("FWD")));
        let flights = message.groups.iter().filter_map(|g| g.outbound.unwrap().dated()).count();
        assert_eq!(flights, 2, "the second group takes over the flight");
    });
}

#[test]
fn a_control_message_names_its_flight_or_what_it_answers() {
    for (file, secondary) in [("syn_bcm_fom.txt", "FOM"), ("syn_bcm_fcm.txt", "FCM")] {
        first(file, |message| {
            assert_eq!((message.secondary, message.groups.len()), (Some(secondary), 1));
            assert_eq!(message.groups[0].outbound.unwrap().dated().unwrap().to_string(), "ZH9101-20261120");
        });
    }
    first("syn_bcm_bam_nak.txt", |message| {
        let answer = message.acknowledgement.unwrap();
        assert_eq!((answer.reference, answer.answers), (Some("6543210014"), Some("BSM")));
        assert_eq!((answer.accepted, answer.note.unwrap().reveal()), (Some(false), "BAD TAG"));
    });
}

#[test]
fn an_envelope_has_priority_addresses_and_time() {
    first("syn_typeb_full_envelope.txt", |message| {
        let envelope = message.envelope.as_ref().unwrap();
        assert_eq!((envelope.priority, envelope.origin), (Some("QU"), Some("PEKRMZH")));
        assert_eq!(
            (envelope.destinations.as_slice(), envelope.sent),
            (&["SZXKBZH", "SZXBSXH"][..], Some("201430"))
        );
    });
}

#[test]
fn a_day_received_on_new_year_s_eve_is_next_year_s() {
    first("syn_date_new_year.txt", |message| {
        assert_eq!(message.groups[0].outbound.unwrap().dated().unwrap().to_string(), "ZH9101-20270101");
    });
}

#[test]
fn an_impossible_date_holds_the_message_and_keeps_the_bag() {
    for file in ["syn_date_29feb.txt", "syn_date_31apr.txt"] {
        first(file, |message| {
            let held = message.held_by().unwrap();
            assert_eq!(held.code(), "date-unresolvable");
            assert!(held.text().starts_with(".F "));
            let flight = message.groups[0].outbound.unwrap();
            assert!(flight.designator.is_some() && flight.dated().is_none() && flight.date.is_some());
        });
    }
}

#[test]
fn a_latin_1_name_reads_like_its_utf_8_twin() {
    let utf8 = fs::read(folder().join("syn_latin1_name.bin.txt")).unwrap();
    let latin1: Vec<u8> = String::from_utf8(utf8.clone()).unwrap().chars().map(|c| c as u8).collect();
    assert!(std::str::from_utf8(&latin1).is_err());
    assert_eq!(ingest::decode(&latin1), ingest::decode(&utf8));
}

#[test]
fn the_envelope_s_request_for_an_answer_is_read() {
    first("syn_typeb_full_envelope.txt", |message| {
        let header = message.header.unwrap();
        assert_eq!(
            (header.reference, header.wants_acknowledgement, header.part),
            (Some("0000123456"), true, None)
        );
        assert!(message.is_possible_duplicate());
    });
}

#[test]
fn a_no_read_is_counted_and_makes_no_bag() {
    first("syn_noread_zeros.txt", |message| {
        let group = &message.groups[0];
        assert_eq!((group.bags.len(), group.no_reads), (0, 1));
        assert!(!message.has_errors() && message.held_by().is_none());
    });
}

#[test]
fn a_time_in_the_skipped_hour_is_shifted_and_says_so() {
    first("syn_dst_gap.txt", |message| {
        let time = message.groups[0].processing.unwrap().time.unwrap();
        assert_eq!((time.at.to_string().as_str(), time.shifted), ("2026-03-29T01:30:00Z", true));
    });
}

#[test]
fn the_report_has_its_pinned_shape() {
    let mut reports = Vec::new();
    for file in
        ["syn_bsm_transfer_3legs.txt", "syn_bsm_del_after_load.txt", "syn_bpm_offload.txt", "syn_no_end.txt"]
    {
        let bytes = fs::read(folder().join(file)).unwrap();
        let report = ingest::report(file, &bytes, RECEIPT.parse().unwrap(), ingest::Judge::Tolerant);
        assert_eq!(ingest::has_faults(&report, ingest::Judge::Tolerant), file == "syn_no_end.txt", "{file}");
        reports.extend(report);
    }
    insta::assert_json_snapshot!("reports", reports);
}

#[test]
fn a_strict_judge_passes_what_is_beyond_dispute() {
    // What a strict reader finds in the samples that a tolerant one takes without a warning.
    let odd_forms = [
        "syn_dst_gap.txt",
        "syn_frame20_ack_data.hex.txt",
        "syn_latin1_name.bin.txt",
        "syn_lowercase_crcrlf.txt",
        "syn_utf8_name.txt",
    ];
    for sample in SAMPLES {
        let bytes = fs::read(folder().join(sample.file)).unwrap();
        let receipt = sample.receipt.parse().unwrap();
        let tolerant = ingest::report(sample.file, &bytes, receipt, ingest::Judge::Tolerant);
        let strict = ingest::report(sample.file, &bytes, receipt, ingest::Judge::Strict);
        let warned = tolerant.iter().flat_map(|report| &report.diagnostics);
        let warned = warned.filter(|finding| finding.severity > ingest::Severity::Info).count() > 0;
        let expected = warned || odd_forms.contains(&sample.file);
        assert_eq!(ingest::has_faults(&strict, ingest::Judge::Strict), expected, "{}", sample.file);
    }
}

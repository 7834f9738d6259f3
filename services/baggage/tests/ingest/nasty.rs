//! The nasty cases of messages and of transport, by number, each with the tests that hold it.
//!
//! The numbers are those of the list that this project keeps of what real lines send: 1 to 44 for
//! the parser, 45 to 52 for transport. A test of the table is found in the sources by its name.

use std::{collections::BTreeSet, fs, path::Path};

use airside_baggage::ingest::{BAGS_MAX, Ending, MessageType, PassengerState};

use super::{findings, plates, read};

/// Number, what comes, and the tests that say what becomes of it.
const CASES: &[(u8, &str, &[&str])] = &[
    (1, "empty input", &["text_without_a_message_gives_none"]),
    (2, "only line ends", &["text_without_a_message_gives_none"]),
    (3, "no END line", &["a_message_without_its_end_is_truncated_where_the_next_begins"]),
    (4, "END of another type", &["the_end_of_another_type_closes_the_message_and_is_an_error"]),
    (5, "END token inside free text", &["an_end_token_counts_only_alone_on_its_line"]),
    (6, "two messages glued", &["messages_may_be_glued_in_any_pair"]),
    (
        7,
        "split at every byte",
        &["frames_split_anywhere_are_read_alike", "one_byte_at_a_time_is_a_frame_with_its_last"],
    ),
    (
        8,
        "garbage, telex header, PDM",
        &["what_stands_before_a_message_never_changes_it", "an_envelope_has_priority_addresses_and_time"],
    ),
    (9, "every line end, trailing blanks", &["every_line_end_and_trailing_blanks_read_alike"]),
    (10, "lower case", &["lower_case_reads_like_upper_case"]),
    (11, "NUL, SOH, STX, ETX inside", &["control_characters_inside_a_message_name_no_other_bag"]),
    (
        12,
        "UTF-8, Latin-1, Cyrillic names",
        &["a_latin_1_name_reads_like_its_utf_8_twin", "a_cyrillic_name_is_kept_and_the_bag_is_read"],
    ),
    (13, "lines of 70, 400, a million characters", &["a_long_line_is_read_whole_however_long"]),
    (14, "10,000 lines", &["long_input_is_read_in_one_pass", "long_input_of_every_type_is_read_in_one_pass"]),
    (
        15,
        "a hundred lines of 999 tags",
        &[
            "what_a_message_claims_never_decides_what_it_costs",
            "what_any_type_claims_never_decides_what_it_costs",
        ],
    ),
    (16, "count 000", &["a_bag_needs_a_plate_and_a_count"]),
    (17, "a range past serial 999999", &["a_range_wraps_inside_its_issuer_and_skips_serial_zero"]),
    (18, "serial 000000", &["what_names_no_bag_is_refused_with_its_reason"]),
    (19, "plate 0000000000", &["a_no_read_is_counted_and_makes_no_bag", "a_no_read_opens_no_bag"]),
    (20, "tags of 9, 10, 12, 14 digits", &["a_bag_needs_a_plate_and_a_count"]),
    (
        21,
        "overlapping .N",
        &["every_sample_is_read_as_its_readme_says", "a_plate_is_new_once_however_plates_are_ordered"],
    ),
    (22, "BRQ .N without a count", &["a_request_names_a_plate_without_a_count"]),
    (23, ".B and .N in one BPM", &["a_scan_may_name_bags_and_irregularities_at_once"]),
    (24, "a tag split by a solidus", &["a_scan_may_name_bags_and_irregularities_at_once"]),
    (25, "no .V", &["a_header_that_cannot_be_read_is_held_and_the_bag_kept"]),
    (26, ".V twice", &["a_header_that_cannot_be_read_is_held_and_the_bag_kept"]),
    (27, "source letter Q", &["a_header_that_cannot_be_read_is_held_and_the_bag_kept"]),
    (
        28,
        "parts out of range, out of order, missing, twice, interleaved",
        &[
            "a_part_is_told_by_its_number_and_its_end",
            "part_2_before_part_1_makes_the_same_message",
            "a_part_that_never_comes_is_missed_when_its_time_is_over",
            "a_part_sent_twice_counts_once_and_one_number_with_two_meanings_is_not_guessed",
            "parts_of_two_references_and_other_messages_may_interleave",
        ],
    ),
    (29, "two passenger groups", &["two_passengers_are_two_groups"]),
    (30, "a group without .P", &["a_second_run_of_bags_keeps_the_flight_and_nothing_of_the_passenger"]),
    (31, "names as they come", &["names_read_as_they_come", "sixty_names_are_read"]),
    (32, ".W before .S", &["order_is_never_a_reason_to_refuse"]),
    (33, "BTM with .F before .I", &["a_transfer_message_without_its_inbound_flight_says_so"]),
    (34, ".O not in the order of the route", &["onward_flights_are_kept_in_the_order_of_their_sender"]),
    (35, "a second .F with another class", &["a_repeated_flight_counts_once"]),
    (
        36,
        "forms of a flight",
        &[
            "a_carrier_may_begin_or_end_with_a_digit",
            "padding_is_not_identity_and_a_suffix_is",
            "a_flight_that_cannot_be_read_is_held",
        ],
    ),
    (
        37,
        "dates with blanks, split, impossible",
        &[
            "a_flight_that_cannot_be_read_is_held",
            "an_impossible_date_holds_the_message_and_keeps_the_bag",
            "no_day_is_made_of_what_is_none",
        ],
    ),
    (38, "times of 2400, 1059L, 105900, 105210Z, none", &["a_time_is_read_in_every_form_and_never_invented"]),
    (39, ".X as live traffic writes it", &["screening_reads_as_live_traffic_writes_it"]),
    (40, "unknown elements and codes", &["what_nobody_knows_survives_byte_for_byte"]),
    (41, "CHG or DEL after .V", &["a_change_may_come_late_but_not_out_of_free_text"]),
    (42, "DEL without .N", &["a_message_without_a_bag_is_an_error"]),
    (
        43,
        "a flight closed that was never opened",
        &["a_control_message_of_an_unknown_flight_speaks_of_the_flight_and_of_no_bag"],
    ),
    (
        44,
        "anything at all",
        &[
            "any_bytes_are_read_without_panic",
            "any_pile_of_elements_is_kept_and_read_again_alike",
            "a_message_of_any_type_is_judged_and_reported_within_bounds",
            "any_parts_are_joined_into_one_message_or_refused",
            "damaged_frames_are_frames_or_an_error_and_no_session_takes_them_unasked",
            "long_input_is_read_in_one_pass",
        ],
    ),
    (45, "the same id with the same bytes", &["a_resend_on_the_same_line_is_answered_and_stored_once"]),
    (46, "the same id with other bytes, after the wrap", &["the_same_id_with_other_bytes_is_a_new_message"]),
    (47, "a length beyond the body, 0, 65535", &["a_length_beyond_what_came_waits_and_zero_is_a_bare_frame"]),
    (
        48,
        "three wrong logins, data before the login",
        &["wrong_passwords_are_refused_and_the_third_ends_the_line", "nothing_is_taken_before_the_login"],
    ),
    (49, "a crash between disk and answer", &["an_answer_lost_with_its_line_costs_a_copy_and_no_second_bag"]),
    (
        50,
        "the peer is told to pause",
        &[
            "a_peer_that_is_ahead_of_the_disk_is_told_to_pause_and_to_go_on",
            "a_client_that_is_told_to_pause_sends_nothing_until_it_may",
        ],
    ),
    (51, "no sign of life", &["a_peer_that_says_nothing_is_hung_up_on"]),
    (52, "two lines of one source deliver copies", &["copies_over_two_lines_are_kept_and_read_once"]),
];

#[test]
fn every_nasty_case_has_its_tests_and_every_named_test_is_there() {
    assert!(CASES.iter().map(|case| case.0).eq(1..=52));
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut names = BTreeSet::new();
    for folder in ["src", "tests"] {
        gather(&crate_folder.join(folder), &mut names);
    }
    assert!(names.len() > 200, "the sources are where they were");
    for (number, what, tests) in CASES {
        assert!(!tests.is_empty() && !what.is_empty(), "case {number}");
        for test in *tests {
            assert!(names.contains(*test), "case {number}, {what}: no test is named {test}");
        }
    }
}

/// The names of the functions that follow a test's attribute, or stand in a `proptest!` block.
fn gather(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, names);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path).unwrap();
            let lines: Vec<_> = source.lines().map(str::trim).collect();
            for pair in lines.windows(2).filter(|pair| matches!(pair[0], "#[test]" | "#[tokio::test]")) {
                let name = pair[1].trim_start_matches("async ").strip_prefix("fn ");
                names.extend(name.and_then(|name| name.split('(').next()).map(str::to_owned));
            }
        }
    }
}

const HEAD: &str = "BSM\n.V/1LSZX\n.F/ZH9101/20NOV/PEK/Y\n";
const N: &str = ".N/0479000101001";
const BAG: &str = "0479000101";

#[test]
fn lower_case_reads_like_upper_case() {
    let upper = format!("{HEAD}{N}\n.S/Y/32A/C\n.P/1ZHANG/SAN\n.X/SEL/CLR\nENDBSM\n");
    let lower = upper.to_lowercase();
    let (upper, lower) = (read(&upper).remove(0), read(&lower).remove(0));
    assert_eq!(plates(&upper), plates(&lower));
    let (one, other) = (&upper.groups[0], &lower.groups[0]);
    assert_eq!((one.outbound, one.screening[0].result), (other.outbound, other.screening[0].result));
    assert_eq!(other.security.unwrap().to_load, Some(true));
    assert_eq!(other.security.unwrap().passenger, Some(PassengerState::CheckedIn));
    assert_eq!(findings(&lower), ["info lower-case 2"]);
}

#[test]
fn control_characters_inside_a_message_name_no_other_bag() {
    for control in ["\0", "\u{1}", "\u{2}", "\u{3}", "\u{7f}"] {
        for text in [
            format!("{HEAD}{N}{control}\nENDBSM\n"),
            format!("{HEAD}{control}{N}\nENDBSM{control}\n"),
            format!("{HEAD}{N}\n.P/1ZH{control}ANG\nENDBSM\n"),
        ] {
            let read = read(&text);
            assert_eq!((read.len(), read[0].ending), (1, Ending::Complete), "{text:?}");
            assert_eq!(plates(&read[0]), [[BAG]], "{text:?}");
        }
        // Inside a tag it is no digit: the tag is refused, not mended.
        let text = format!("{HEAD}.N/04790{control}00101001\nENDBSM\n");
        assert_eq!(findings(&read(&text)[0])[0], "error tag-unreadable 4");
    }
}

#[test]
fn a_cyrillic_name_is_kept_and_the_bag_is_read() {
    let text = format!("{HEAD}{N}\n.P/1ИВАНОВ/ИВАН\nENDBSM\n");
    let read = read(&text);
    assert_eq!(
        (plates(&read[0]), read[0].groups[0].names[0].surname().reveal()),
        (vec![vec![BAG.into()]], "ИВАНОВ")
    );
    assert_eq!(findings(&read[0]), ["info alphabet 5"]);
}

#[test]
fn a_long_line_is_read_whole_however_long() {
    for (length, long) in [(69, false), (70, true), (400, true), (1_000_000, true)] {
        let line = format!(".R/{}", "A".repeat(length - 3));
        let text = format!("{HEAD}{N}\n{line}\nENDBSM\n");
        let read = read(&text);
        assert_eq!(read[0].elements[3].text, line);
        assert_eq!(findings(&read[0]).contains(&"warning long-line 5".to_owned()), long, "{length}");
    }
}

#[test]
fn sixty_names_are_read() {
    let names: String = (0..60).map(|n| format!(".P/1NAME{n}/A\n")).collect();
    let text = format!("{HEAD}{N}\n{names}ENDBSM\n");
    let read = read(&text);
    assert_eq!(read[0].groups[0].names.len(), 60);
    assert_eq!(findings(&read[0]), Vec::<String>::new());
}

#[test]
fn onward_flights_are_kept_in_the_order_of_their_sender() {
    let text = format!("{HEAD}{N}\n.O/QF781/21NOV/PER\n.O/SQ211/20NOV/SYD\nENDBSM\n");
    let onward: Vec<_> =
        read(&text)[0].groups[0].onward.iter().map(|f| f.dated().unwrap().to_string()).collect();
    assert_eq!(onward, ["QF781-20261121", "SQ211-20261120"]);
}

#[test]
fn no_day_is_made_of_what_is_none() {
    for date in ["31APR", "00JAN", "29FEB", "0/8MAY", "32DEC", "20XXX"] {
        let text = format!("BSM\n.V/1LSZX\n.F/ZH9101/{date}/PEK\n{N}\nENDBSM\n");
        let read = read(&text);
        assert_eq!(read[0].held_by().map(|found| found.code()), Some("date-unresolvable"), "{date}");
        assert_eq!(read[0].groups[0].outbound.unwrap().dated(), None, "{date}");
    }
}

#[test]
fn a_time_is_read_in_every_form_and_never_invented() {
    for (time, expected) in [
        ("1059L", Some("2026-11-20T02:59:00Z")),
        ("105900", Some("2026-11-20T02:59:00Z")),
        ("105210Z", Some("2026-11-20T10:52:10Z")),
        ("2400L", Some("2026-11-20T16:00:00Z")),
        ("2401L", None),
        ("1060L", None),
        ("", None),
    ] {
        let text = format!("BPM\n.V/1LSZX\n.J/S//ATR1/20NOV/{time}\n.F/ZH9101/20NOV/PEK\n{N}\nENDBPM\n");
        let read = read(&text);
        let found = read[0].groups[0].processing.unwrap().time.map(|time| time.at.to_string());
        assert_eq!(found.as_deref(), expected, "{time}");
        assert_eq!(plates(&read[0]), [[BAG]], "{time}");
    }
}

#[test]
fn what_nobody_knows_survives_byte_for_byte() {
    let body = ".V/1LSZX\n.F/ZH9101/20NOV/PEK/Y\n.N/0479000101001\n.E/QWXZ\n.Z/  A / b //\n.R/ÄÖ\n";
    let text = format!("BSM\n{body}ENDBSM\n");
    assert_eq!(read(&text)[0].print(), text);
}

#[test]
fn a_control_message_of_an_unknown_flight_speaks_of_the_flight_and_of_no_bag() {
    for (secondary, step) in [("FCM", "Closed"), ("DBM", "Erased"), ("FMM", "Matched")] {
        let text = format!("BCM\n{secondary}\n.V/1LSZX\n.F/ZH9999/20NOV/PEK\nENDBCM\n");
        let said = format!("ZH9999-20261120 SZX 2026-11-20T09:20:00Z loading {step}");
        assert_eq!(super::said::told(&text, super::RECEIPT), [said]);
    }
}

/// A hundred lines that claim 999 bags each, and more, in every type that names bags.
#[test]
fn what_any_type_claims_never_decides_what_it_costs() {
    let claims: String = (0..400).map(|n| format!(".N/0479{:06}999\n", n % 1_000 * 999 + 1)).collect();
    let irregular = claims.replace(".N/", ".B/UNS/");
    for kind in MessageType::ALL {
        for claims in [&claims, &irregular] {
            let text =
                format!("{kind}\n.V/1TSZX\n.I/CZ3502/20NOV/SHA\n.F/ZH9101/20NOV/PEK\n{claims}END{kind}\n");
            let read = read(&text);
            let bags: usize = read[0].groups.iter().map(|group| group.bags.len()).sum();
            assert!(bags <= BAGS_MAX, "{kind}");
            assert_eq!(read[0].held_by().unwrap().code(), "too-many-bags", "{kind}");
        }
    }
}

/// Inputs of every type on which quadratic work would be seen as a hang.
#[test]
fn long_input_of_every_type_is_read_in_one_pass() {
    let million = 1_000_000;
    let bodies = [
        format!(".R/{}", "A".repeat(million)),
        format!(".B/UNS/{}", "0479000101001/".repeat(million / 14)),
        ".U/AKE1ZH\n.N/0479000101001\n".repeat(10_000),
        ".I/CZ3502/20NOV/SHA\n.F/ZH9101/20NOV/PEK\n.N/0479000101001\n.P/1A/B\n".repeat(10_000),
        (0..10_000).map(|n| format!(".B/OND/0479{:06}001\n", n + 1)).collect(),
        ".A/REF/BSM/NAK/NO\n".repeat(10_000),
        ".E/RUSH\n.M/0479000101/E/E200\n.Y/ZH1/G\n".repeat(10_000),
    ];
    for kind in MessageType::ALL {
        for body in &bodies {
            let text = format!("{kind}\n.V/1TSZX/PART1/R\n{body}\nENDPART1\n");
            let read = read(&text);
            assert_eq!((read.len(), read[0].ending), (1, Ending::Part(Some(1))), "{kind}");
        }
    }
}

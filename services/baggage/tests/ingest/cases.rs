//! The nasty cases of real traffic, one test each.

use airside_baggage::ingest::{Change, Ending, Finding, MessageType, PassengerState, ScreeningResult};

use super::{check, findings, plates, read};

const HEAD: &str = "BSM\n.V/1LSZX\n.F/ZH9101/20NOV/PEK/Y\n";
const SCAN: &str = "BPM\n.V/1LSZX\n.J/S/SAC1/ATR07/20NOV/1500L/ATR07/MUP12\n.F/ZH9101/20NOV/PEK\n";

/// Reads one BSM whose body follows the usual head, and checks plates and findings.
#[track_caller]
fn check_bsm(body: &str, groups: &[&[&str]], expected: &[&str]) {
    check(&format!("{HEAD}{body}\nENDBSM\n"), groups, expected);
}

#[track_caller]
fn check_bpm(body: &str, groups: &[&[&str]], expected: &[&str]) {
    check(&format!("{SCAN}{body}\nENDBPM\n"), groups, expected);
}

const BAG: &str = "0479000101";
const N: &str = ".N/0479000101001";

#[test]
fn text_without_a_message_gives_none() {
    for text in
        ["", "\n", "\r\n\r\n", "\u{1}\u{2}\u{3}", "HELLO\nENDBSM\n", "NOTBSM\n.V/1LSZX\n", ".V/1LSZX\n"]
    {
        assert!(read(text).is_empty(), "{text:?}");
    }
}

#[test]
fn every_line_end_and_trailing_blanks_read_alike() {
    let lines = ["BSM", ".V/1LSZX", ".F/ZH9101/20NOV/PEK/Y", N, "ENDBSM", ""];
    for end in ["\n", "\r", "\r\n", "\r\r\n", "  \r\n", "\n\n", "\t\n", "\0\r\n"] {
        let text = lines.join(end);
        let read = read(&text);
        assert_eq!(
            (plates(&read[0]), read[0].ending),
            (vec![vec![BAG.to_owned()]], Ending::Complete),
            "{end:?}"
        );
        assert!(read[0].diagnostics.is_empty(), "{end:?}");
    }
}

#[test]
fn lines_are_counted_through_the_whole_input() {
    let text = format!("GARBAGE\r\n\r\n{HEAD}{N}\nENDBSM\n{HEAD}.N/X\nENDBSM\n");
    let lines: Vec<_> = read(&text).iter().map(|m| (m.index, m.line)).collect();
    assert_eq!(lines, [(0, 3), (1, 8)]);
    assert_eq!(findings(&read(&text)[1]), ["error tag-unreadable 11"]);
}

#[test]
fn a_finding_points_at_its_character() {
    let text = format!("{HEAD}.P/1MÜLLER\n  .N/0479000101001/ 12\nENDBSM\n");
    let read = read(&text);
    let at: Vec<_> = read[0].diagnostics.iter().map(|d| (d.code(), d.line, d.column)).collect();
    assert_eq!(at, [("alphabet", 4, 6), ("order", 5, 3), ("tag-unreadable", 5, 20)]);
}

#[test]
fn a_message_without_its_end_is_truncated_where_the_next_begins() {
    let next = "BPM\n.V/1LSZX\n";
    for between in ["", "\n", "\u{1}QU SZXKBZH\n.PEKRMZH 201430 PDM\n\u{2}"] {
        let text = format!("{HEAD}{N}\n{between}{next}");
        let read = read(&text);
        let ends: Vec<_> = read.iter().map(|m| (m.message_type, m.ending)).collect();
        assert_eq!(ends, [(MessageType::Bsm, Ending::Truncated), (MessageType::Bpm, Ending::Truncated)]);
        assert_eq!(read[1].is_possible_duplicate(), between.contains("PDM"));
        assert_eq!(read[0].held_by().unwrap().code(), "truncated");
    }
}

#[test]
fn the_end_of_another_type_closes_the_message_and_is_an_error() {
    check(&format!("{HEAD}{N}\nENDBPM\n"), &[&[BAG]], &["error wrong-end 5"]);
}

#[test]
fn an_end_token_counts_only_alone_on_its_line() {
    for line in [".R/ENDBSM", "ENDBSM NOTE", "ENDBSMX", "ENDBSMBSMX", "ENDXYZ", "THE ENDBSM"] {
        let text = format!("{HEAD}{N}\n{line}\nENDBSM\n");
        let read = read(&text);
        assert_eq!((read.len(), read[0].ending, read[0].elements.len()), (1, Ending::Complete, 4), "{line}");
    }
}

#[test]
fn messages_may_be_glued_in_any_pair() {
    for (glue, kind, ending) in [
        ("ENDBSMBPM", MessageType::Bpm, Ending::Complete),
        ("ENDBSM BCM", MessageType::Bcm, Ending::Complete),
        ("endbsmbsm", MessageType::Bsm, Ending::Complete),
        ("ENDPART1BSM", MessageType::Bsm, Ending::Part(Some(1))),
        ("ENDBSM\u{3}\u{1}QU X\u{2}BSM", MessageType::Bsm, Ending::Complete),
    ] {
        let text = format!("{HEAD}{N}\n{glue}\n.V/1LSZX\n");
        let read = read(&text);
        assert_eq!(read[0].ending, ending, "{glue}");
        assert_eq!((read.len(), read[1].message_type, read[1].elements.len()), (2, kind, 1), "{glue}");
    }
}

#[test]
fn a_bag_needs_a_plate_and_a_count() {
    for (tag, plates, expected) in [
        (".N/047900010", None, "error tag-unreadable 4"),
        (".N/047900010100", None, "error tag-unreadable 4"),
        (".N/04790001010012", None, "error tag-unreadable 4"),
        (".N/0479O00101001", None, "error tag-unreadable 4"),
        (".N", None, "error tag-unreadable 4"),
        (".N/", None, "error tag-unreadable 4"),
        (".N/0479000101000", None, "error tag-count-zero 4"),
        (".N/0479000000001", None, "error plate-impossible 4"),
        (".N/0479000101", Some(BAG), "warning tag-count-missing 4"),
        (".N/0000000000001", None, "warning no-read 4"),
    ] {
        let bags: Vec<&str> = plates.into_iter().collect();
        check_bsm(tag, &[&bags], &[expected]);
    }
    check_bsm(".N0479000101001", &[&[]], &["error tag-unreadable 4"]);
}

#[test]
fn a_message_without_a_bag_is_an_error() {
    check_bsm(".P/1ZHANG/SAN", &[&[]], &["error bag-missing 1"]);
    check_bpm(".U/AKE12345ZH", &[&[]], &["error bag-missing 1"]);
    let del = read("BSM\nDEL\n.V/1LSZX\n.F/ZH9101/20NOV/PEK\n.L/ABC123\nENDBSM\n");
    assert_eq!(
        (del[0].change, findings(&del[0])),
        (Some(Change::Deleted), vec!["error bag-missing 1".to_owned()])
    );
}

#[test]
fn what_a_message_claims_never_decides_what_it_costs() {
    let lines: String = (0..100).map(|i| format!(".N/0479{:06}999\n", i * 999 + 1)).collect();
    let text = format!("{HEAD}{lines}ENDBSM\n");
    let full = read(&text);
    assert_eq!((full[0].groups[0].bags.len(), findings(&full[0]).len()), (99_900, 0));
    let more = format!("{HEAD}{lines}{lines}ENDBSM\n");
    let over = read(&more);
    assert_eq!(over[0].groups[0].bags.len(), 99_900);
    assert_eq!(over[0].held_by().unwrap().code(), "too-many-bags");
    let unread = format!("BPM\n.V/1LSZX\n{}ENDBPM\n", ".N/0000000000999\n".repeat(1_000));
    let unread = read(&unread);
    assert_eq!((unread[0].names(), unread[0].held_by().unwrap().code()), (99_900, "too-many-bags"));
}

#[test]
fn two_passengers_are_two_groups() {
    let two = ".N/0479000101001\n.P/1ZHANG/SAN\n.F/ZH9103/21NOV/SHA/Y\n.N/0479000105002\n.P/1LI/SI";
    check_bsm(two, &[&[BAG], &["0479000105", "0479000106"]], &[]);
    let text = format!("{HEAD}{two}\nENDBSM\n");
    let read = read(&text);
    let flights: Vec<_> =
        read[0].groups.iter().map(|g| g.outbound.unwrap().dated().unwrap().to_string()).collect();
    assert_eq!(flights, ["ZH9101-20261120", "ZH9103-20261121"]);
    let letters = |group| read[0].elements_of(group).iter().filter_map(|e| e.letter).collect::<String>();
    assert_eq!(read[0].groups.iter().map(letters).collect::<Vec<_>>(), ["FNP", "FNP"]);
}

#[test]
fn a_second_run_of_bags_keeps_the_flight_and_nothing_of_the_passenger() {
    let text = format!("{HEAD}{N}\n.S/Y/32A\n.P/1ZHANG/SAN\n.L/ABC123\n.N/0479000105001\nENDBSM\n");
    let read = read(&text);
    let (first, second) = (&read[0].groups[0], &read[0].groups[1]);
    assert_eq!(first.outbound, second.outbound);
    assert!(second.names.is_empty() && second.security.is_none() && second.record_locator.is_none());
    assert_eq!(findings(&read[0]), Vec::<String>::new());
}

#[test]
fn a_plate_of_two_passengers_is_held() {
    let text = format!("{HEAD}{N}\n.P/1ZHANG/SAN\n{N}\n.P/1LI/SI\nENDBSM\n");
    let read = read(&text);
    assert_eq!(plates(&read[0]), [vec![BAG.to_owned()], vec![]]);
    assert_eq!(read[0].held_by().unwrap().code(), "tag-shared");
}

#[test]
fn order_is_never_a_reason_to_refuse() {
    check_bsm(".W/K/1/18\n.S/Y\n.N/0479000101001", &[&[BAG]], &["warning order 5", "warning order 6"]);
    check("BSM\n.V/1LSZX\n.N/0479000101001\n.F/ZH9101/20NOV/PEK\nENDBSM\n", &[&[BAG]], &["warning order 4"]);
    check("BSM\n.F/ZH9101/20NOV/PEK\n.V/1LSZX\n.N/0479000101001\nENDBSM\n", &[&[BAG]], &["warning order 3"]);
}

#[test]
fn a_repeated_flight_counts_once() {
    check_bsm(".F/ZH9101/20NOV/PEK/C\n.N/0479000101001", &[&[BAG]], &["warning element-repeated 4"]);
}

#[test]
fn a_group_at_the_end_without_bags_is_noted() {
    let body = ".N/0479000101001\n.P/1ZHANG/SAN\n.F/ZH9103/20NOV/PEK";
    check_bsm(body, &[&[BAG], &[]], &["warning group-without-bag 6"]);
}

#[test]
fn a_refusal_to_load_wins_over_a_permission() {
    let text = format!("{HEAD}{N}\n.S/Y/32A/B\n.S/N\nENDBSM\n");
    let security = read(&text)[0].groups[0].security.unwrap();
    assert_eq!((security.to_load, security.passenger), (Some(false), Some(PassengerState::Boarded)));
}

#[test]
fn a_scan_may_name_bags_and_irregularities_at_once() {
    check_bpm(
        ".N/0479000101001\n.B/OFF/0479000102001",
        &[&[BAG, "0479000102"]],
        &["warning status-beside-tag 6"],
    );
    check_bpm(".B/OFF/00/16980000001", &[&[]], &["error tag-unreadable 5"]);
    check_bpm(".B/XXX/0479000101001", &[&[BAG]], &["warning code-unknown 5"]);
    check_bpm(
        ".B/OFF\n.N/0479000101001",
        &[&[BAG]],
        &["warning status-without-tag 5", "warning status-beside-tag 6"],
    );
}

#[test]
fn containers_divide_the_bags_of_a_scan() {
    let text = format!(
        "{SCAN}.U/AKE1ZH\n.N/0479000101001\n.U/AKE2ZH\n.N/0479000102001\n.S/N\n.N/0479000103001\nENDBPM\n"
    );
    let read = read(&text);
    let stowed = |g: &airside_baggage::ingest::Group<'_>| {
        (g.stowage.unwrap().container.unwrap().to_owned(), g.bags[0].serial())
    };
    let stowed: Vec<_> = read[0].groups.iter().map(stowed).collect();
    assert_eq!(stowed, [("AKE1ZH".to_owned(), 101), ("AKE2ZH".to_owned(), 102), ("AKE2ZH".to_owned(), 103)]);
    assert!(read[0].groups.iter().all(|g| g.processing.is_some() && g.outbound.is_some()));
    assert_eq!(findings(&read[0]), Vec::<String>::new());
}

#[test]
fn a_header_that_cannot_be_read_is_held_and_the_bag_kept() {
    let body = format!(".F/ZH9101/20NOV/PEK\n{N}\nENDBSM\n");
    check(&format!("BSM\n{body}"), &[&[BAG]], &["warning version-missing 2"]);
    check(&format!("BSM\n.V/SZX\n{body}"), &[&[BAG]], &["warning version-unreadable 2"]);
    check(&format!("BSM\n.V/1QSZX\n{body}"), &[&[BAG]], &["warning source-unknown 2"]);
    check(&format!("BSM\n.V/1LQQQ\n{body}"), &[&[BAG]], &["info zone-unknown 2"]);
    check(&format!("BSM\n.V/1LSZX\n.V/1LPEK\n{body}"), &[&[BAG]], &["warning version-repeated 3"]);
    for part in ["PART0", "PART100", "PART", "PIECE1"] {
        let text = format!("BSM\n.V/1LSZX/{part}/REF\n{body}");
        check(&text, &[&[BAG]], &["warning part-unreadable 2"]);
    }
}

#[test]
fn a_part_that_closes_as_another_is_noted() {
    let text = format!("BSM\n.V/1LSZX/PART1/REF\n.F/ZH9101/20NOV/PEK\n{N}\nENDPART2\n");
    check(&text, &[&[BAG]], &["warning part-end 5"]);
}

#[test]
fn a_change_may_come_late_but_not_out_of_free_text() {
    let tail = format!(".F/ZH9101/20NOV/PEK\n{N}\nENDBSM\n");
    let cases: [(&str, Option<Change>, &str); 5] = [
        ("BSM\n.V/1LSZX\nDEL\n", Some(Change::Deleted), "warning change-late 3"),
        ("BSM\nchg\n.V/1LSZX\n", Some(Change::Changed), ""),
        ("BSM\nCHG\nCHG\n.V/1LSZX\n", Some(Change::Changed), "warning change-repeated 3"),
        ("BSM\nCHG\nDEL\n.V/1LSZX\n", Some(Change::Changed), "error change-conflict 3"),
        ("BSM\n.V/1LSZX\n.R/PLEASE\nDEL\n", None, "warning stray-line 4"),
    ];
    for (head, change, finding) in cases {
        let text = format!("{head}{tail}");
        let read = read(&text);
        assert_eq!(read[0].change, change, "{head}");
        assert!(finding.is_empty() || findings(&read[0]).contains(&finding.to_owned()), "{head}");
    }
}

#[test]
fn a_flight_that_cannot_be_read_is_held() {
    for flight in [".F/ZH0/20NOV/PEK", ".F/ZH9101AB/20NOV/PEK", ".F//20NOV/PEK", ".F/123456/20NOV/PEK"] {
        let text = format!("BSM\n.V/1LSZX\n{flight}\n{N}\nENDBSM\n");
        check(&text, &[&[BAG]], &["warning flight-unreadable 3"]);
    }
    check(&format!("BSM\n.V/1LSZX\n{N}\nENDBSM\n"), &[&[BAG]], &["warning flight-missing 1"]);
    check(&format!("BSM\n.V/1LSZX\n.F/ZH9101\n{N}\nENDBSM\n"), &[&[BAG]], &["warning date-missing 3"]);
    check(
        &format!("BSM\n.V/1LSZX\n.F/ZH9101/18 NOV/PEK\n{N}\nENDBSM\n"),
        &[&[BAG]],
        &["warning date-spaced 3"],
    );
    let split = format!("BSM\n.V/1LSZX\n.F/ZH9101/0/8MAY/PEK\n{N}\nENDBSM\n");
    assert_eq!(read(&split)[0].held_by().unwrap().code(), "date-unresolvable");
}

#[test]
fn screening_reads_as_live_traffic_writes_it() {
    let text = format!("{HEAD}{N}\n.X//CLR///HBS302/HBSLEVEL1\n.X/SEL/REF\n.X/XRAY\nENDBSM\n");
    let read = read(&text);
    let results: Vec<_> = read[0].groups[0].screening.iter().map(|x| x.result).collect();
    assert_eq!(results, [Some(ScreeningResult::Cleared), Some(ScreeningResult::Rejected), None]);
    assert_eq!(read[0].groups[0].screening[0].autograph.unwrap().reveal(), "HBS302");
    assert_eq!(findings(&read[0]), ["warning code-unknown 7"]);
}

#[test]
fn names_read_as_they_come() {
    for (line, count, surname, given) in [
        (".P/2PAGE/L/B", Some(2), "PAGE", vec!["L", "B"]),
        (".P/SMITH/JOHNMR", None, "SMITH", vec!["JOHNMR"]),
        (".P/1张/三", Some(1), "张", vec!["三"]),
        (".P/", None, "", vec![]),
    ] {
        let text = format!("{HEAD}{N}\n{line}\nENDBSM\n");
        let name = read(&text)[0].groups[0].names[0];
        let found: Vec<_> = name.given().map(|given| given.reveal()).collect();
        assert_eq!((name.count, name.surname().reveal(), found), (count, surname, given), "{line}");
    }
}

#[test]
fn nothing_personal_is_shown_by_debug_or_a_finding() {
    let body = ".N/0479000101001\n.S/X/CANARY/Z\n.P/1CANARY/CANARY\n.L/CANARY\n.R/CANARY\nCANARY\n.J/S/CANARY\n.X/////CANARY/CANARY";
    let text = format!("{HEAD}{body}\nENDBSM\n");
    let read = read(&text);
    assert!(!format!("{read:?}").contains("CANARY"));
    assert!(read[0].diagnostics.iter().all(|d| !d.text().contains("CANARY")));
}

#[test]
fn every_finding_has_its_own_code_and_says_what_to_do() {
    let diagnostic = |finding| airside_baggage::ingest::Diagnostic {
        finding,
        subject: airside_baggage::ingest::Subject::Element('N'),
        line: 1,
        column: 1,
    };
    let codes: std::collections::BTreeSet<_> = Finding::ALL.iter().map(|f| diagnostic(*f).code()).collect();
    assert_eq!(codes.len(), Finding::ALL.len());
    assert!(Finding::ALL.iter().all(|f| diagnostic(*f).text().starts_with(".N ")));
}

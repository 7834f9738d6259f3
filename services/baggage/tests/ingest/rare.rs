//! The types and elements that few systems send.

use airside_baggage::ingest::{Finding, MessageType, SizeUnit, StatusCode};

use super::{check, read};

const N: &str = ".N/0479000101001";
const BAG: &str = "0479000101";

#[test]
fn a_request_names_a_plate_without_a_count() {
    check("BRQ\n.V/1LSZX\n.N/0479000101\nENDBRQ\n", &[&[BAG]], &[]);
    check(&format!("BRQ\n.V/1LSZX\n{N}\n.H/T3\n.M/{BAG}/RFID/E2801160\nENDBRQ\n"), &[&[BAG]], &[]);
    check("BRQ\n.V/1LSZX\n.F/ZH9101/20NOV/PEK\nENDBRQ\n", &[&[]], &["error bag-missing 1"]);
}

#[test]
fn a_control_message_needs_its_second_line_and_what_that_asks_for() {
    check("BCM\n.V/1LSZX\n.F/ZH9101/20NOV/PEK\nENDBCM\n", &[&[]], &["warning secondary-missing 1"]);
    check("BCM\nFCM\n.V/1LSZX\nENDBCM\n", &[], &["warning flight-missing 1"]);
    check("BCM\nBAM\n.V/1LSZX\nENDBCM\n", &[], &["warning answer-missing 1"]);
    check("BCM\nXYZ\n.V/1LSZX\n.F/ZH9101/20NOV/PEK\nENDBCM\n", &[&[]], &["warning secondary-unknown 2"]);
    for secondary in ["FOM", "FCM", "FMM", "DBM"] {
        check(&format!("BCM\n{secondary}\n.V/1LSZX\n.F/ZH9101/20NOV/PEK\nENDBCM\n"), &[&[]], &[]);
    }
}

#[test]
fn every_type_that_names_bags_says_when_it_names_none() {
    for kind in MessageType::ALL.into_iter().filter(|kind| *kind != MessageType::Bcm) {
        let text = format!("{kind}\n.V/1LSZX\n.F/ZH9101/20NOV/PEK\nEND{kind}\n");
        let read = read(&text);
        let missing = read[0].diagnostics.iter().any(|d| d.finding == Finding::BagMissing);
        assert!(missing, "{kind}");
    }
}

#[test]
fn a_status_in_place_of_a_tag_belongs_to_reports_alone() {
    let bns = "BNS\n.V/1LSZX\n.F/ZH9101/20NOV/PEK\n.B/UNS/0479000101001\nENDBNS\n";
    check(bns, &[&[BAG]], &[]);
    assert_eq!(read(bns)[0].groups[0].statuses[0].code, Some(StatusCode::Unseen));
    for kind in ["BUM", "BMM"] {
        let text = format!("{kind}\n.V/1LSZX\n.F/ZH9101/20NOV/PEK\n.B/OFF/0479000101001\nEND{kind}\n");
        check(&text, &[&[BAG]], &["warning element-unexpected 4"]);
    }
}

#[test]
fn a_transfer_message_without_its_inbound_flight_says_so() {
    let text = format!("BTM\n.V/1TSZX\n.F/ZH9009/20NOV/SIN/Y\n{N}\n.P/LI/SI\nENDBTM\n");
    check(&text, &[&[BAG]], &["warning inbound-missing 1"]);
    // Senders write .F before .I: worth a word, never a refusal.
    let text = format!("BTM\n.V/1TSZX\n.F/ZH9009/20NOV/SIN\n.I/CZ3502/20NOV/SHA\n{N}\nENDBTM\n");
    check(&text, &[&[BAG]], &["warning order 4"]);
    assert!(read(&text)[0].groups[0].inbound.is_some());
}

#[test]
fn a_second_inbound_flight_begins_its_own_groups() {
    let text = "BTM\n.V/1TSZX\n.I/CZ3502/20NOV/SHA\n.F/ZH9009/20NOV/SIN\n.N/0479000101001\n.P/LI\n\
                .I/MU5301/20NOV/HGH\n.F/ZH9101/20NOV/PEK\n.N/0479000102001\n.P/HE\nENDBTM\n";
    check(text, &[&["0479000101"], &["0479000102"]], &[]);
    let read = read(text);
    let inbound: Vec<_> =
        read[0].groups.iter().map(|g| g.inbound.unwrap().dated().unwrap().to_string()).collect();
    assert_eq!(inbound, ["CZ3502-20261120", "MU5301-20261120"]);
}

#[test]
fn the_rare_elements_of_a_source_message_are_typed() {
    let text = format!(
        "BSM\n.V/1LSZX\n.F/ZH9101/20NOV/PEK/Y\n{N}\n.D/PORT/SHEKOU FERRY/20NOV/0800L/FERRY/CK12\n.H/T3/B2/512\n\
         .W/K/1/18/7/CM/70/45/30/CASE\n.P/1ZHANG/SAN\n.G/1800/2100/12 LONG STREET\n.Y/ZH123456/GOLD\n\
         .C/BLUE TOURS\n.L/ABC123\n.T/PRT07\n.K/2\n.E/RUSH/PRIO\n.E/FRAG\n.R/HANDLE WITH CARE/PLEASE\n\
         .M/0479000101/RFID/E2801160/EPC\nENDBSM\n"
    );
    check(&text, &[&[BAG]], &[]);
    let read = read(&text);
    let group = &read[0].groups[0];
    let said = &group.particulars;
    let check_in = said.check_in.unwrap();
    assert_eq!(
        (check_in.location, check_in.carriage, check_in.transport),
        (Some("PORT"), Some("FERRY"), Some("CK12"))
    );
    assert_eq!(check_in.time.unwrap().at.to_string(), "2026-11-20T00:00:00Z");
    let handling = said.handling.unwrap();
    assert_eq!((handling.terminal, handling.bay, handling.gate), (Some("T3"), Some("B2"), Some("512")));
    let weight = group.weight.unwrap();
    let size = weight.size.unwrap();
    assert_eq!(
        (size.unit, size.length, size.width, size.height),
        (Some(SizeUnit::Centimetres), Some(70), Some(45), Some(30))
    );
    assert_eq!((weight.unchecked, weight.kind), (Some(7), Some("CASE")));
    let delivery = said.delivery.unwrap();
    assert_eq!((delivery.earliest, delivery.latest), (Some("1800"), Some("2100")));
    let traveller = said.traveller.unwrap();
    assert_eq!((traveller.number.reveal(), traveller.tier), ("ZH123456", Some("GOLD")));
    assert_eq!((said.tag_printer, said.printer_or_priority), (Some("PRT07"), Some("2")));
    assert_eq!(said.exceptions, ["RUSH", "PRIO", "FRAG"]);
    assert_eq!(said.remarks[0].reveal(), "HANDLE WITH CARE/PLEASE");
    assert_eq!((said.identifiers[0].kind, said.identifiers[0].id), (Some("RFID"), Some("E2801160")));
    assert_eq!(said.party.unwrap().reveal(), "BLUE TOURS");
}

#[test]
fn a_load_sequence_is_a_number() {
    let text =
        format!("BPM\n.V/1LSZX\n.J/R///20NOV/1500L\n.F/ZH9101/20NOV/PEK\n.U/AKE1ZH\n{N}\n.Q/017\nENDBPM\n");
    check(&text, &[&[BAG]], &[]);
    assert_eq!(read(&text)[0].groups[0].particulars.load_sequence, Some(17));
}

#[test]
fn nothing_personal_of_the_rare_elements_is_shown_by_debug() {
    let text = format!(
        "BSM\n.V/1LSZX\n.F/ZH9101/20NOV/PEK\n{N}\n.D/HOME/MRS LI\n.G///12 LONG STREET\n.Y/ZH99\n.C/LI TOUR\n.R/ASK LI\nENDBSM\n"
    );
    let shown = format!("{:?}", read(&text)[0]);
    for personal in ["MRS", "LONG", "ZH99", "TOUR", "ASK"] {
        assert!(!shown.contains(personal), "{personal} in {shown}");
    }
}

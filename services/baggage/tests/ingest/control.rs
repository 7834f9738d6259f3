//! What is said by the messages that ask for a bag to come off, miss it, list it or speak of its flight.

use super::{RECEIPT, said::told};

const HEAD: &str = ".V/1LSZX\n.F/ZH9101/20NOV/PEK\n";
const BAG: &str = ".N/3479000101001\n";

#[track_caller]
fn check(kind: &str, body: &str, expected: &[&str]) {
    let said = told(&format!("{kind}\n{body}END{}\n", &kind[..3]), RECEIPT);
    let short = said.iter().map(|line| line.replace(" SZX 2026-11-20T09:20:00Z", ""));
    let short = short.map(|line| line.replace(" Outbound:ZH9101-20261120:PEK", " on"));
    assert_eq!(short.collect::<Vec<_>>(), expected, "{kind}");
}

#[test]
fn an_unload_message_speaks_of_its_flight_alone() {
    check("BUM", &format!("{HEAD}{BAG}"), &["3479000101 report Unload on at "]);
    check("BUM\nDEL", &format!("{HEAD}{BAG}"), &["BUM unload-withdrawn"]);
    check("BUM", &format!(".V/1LSZX\n{BAG}"), &["3479000101 report Unload at "]);
    check("BUM", HEAD, &["BUM bag-missing"]);
}

#[test]
fn a_not_seen_message_tells_the_bags_at_hand_from_the_others() {
    let body = format!("{HEAD}.B/OND/3479000102001\n{BAG}");
    check(
        "BNS",
        &body,
        &["3479000102 report OnHandNotAuthorised on at ", "3479000101 report NotSeen on at "],
    );
}

#[test]
fn a_processed_message_may_miss_a_bag_too() {
    for (code, report) in [("UNS", "NotSeen"), ("ONA", "OnHand"), ("OND", "OnHandNotAuthorised")] {
        check(
            "BPM",
            &format!("{HEAD}.B/{code}/3479000101001\n"),
            &[&format!("3479000101 report {report} on at ")],
        );
    }
    check("BPM", &format!("{HEAD}.B/XYZ/3479000101001\n"), &["BPM status-unknown"]);
}

#[test]
fn a_manifest_is_concluded_and_not_read() {
    let listed = |place: &str| format!("3479000101 {place} inferred");
    let check =
        |stowage: &str, place: &str| check("BMM", &format!("{HEAD}.U/{stowage}\n{BAG}"), &[&listed(place)]);
    check("AKE1ZH", "ContainerLoad Unspecified on by  at  in AKE1ZH/");
    check("H4", "AircraftLoad Unspecified on by  at  in H4/");
}

#[test]
fn a_control_message_speaks_of_the_loading_of_its_flight() {
    for (secondary, step) in [("FOM", "Opened"), ("fcm", "Closed"), ("FMM", "Matched"), ("DBM", "Erased")] {
        check(&format!("BCM\n{secondary}"), HEAD, &[&format!("ZH9101-20261120 loading {step}")]);
    }
    check("BCM\nFCM", ".V/1LSZX\n", &["BCM no-flight"]);
}

#[test]
fn an_answer_says_nothing_of_a_bag_and_a_refusal_is_seen_by_somebody() {
    check("BCM\nBAM", ".V/1LSZX\n.A/REF1/BSM/ACK\n", &[]);
    check("BCM\nBAM", ".V/1LSZX\n.A/REF1/BSM/NAK/BAD TAG\n", &["BCM refused-by-receiver"]);
}

#[test]
fn a_request_is_for_a_departure_control_system() {
    check("BRQ", &format!("{HEAD}.N/3479000101\n"), &["BRQ request"]);
}

#[test]
fn what_security_says_of_bag_and_passenger_is_announced() {
    for (element, expected) in [
        ("Y//B", "Load on passenger Boarded"),
        ("Y/32A/C", "Load on passenger CheckedIn"),
        ("N//N", "Withheld on passenger NotBoarded"),
        ("/32A/S", "Unspecified on passenger Standby"),
        ("/////", "Unspecified on"),
        ("//////Y", "Transport on"),
        ("N//////Y", "Withheld on"),
    ] {
        check("BSM", &format!("{HEAD}{BAG}.S/{element}\n"), &[&format!("3479000101 New {expected}")]);
    }
}

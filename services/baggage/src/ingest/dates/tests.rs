//! The rules of days and times, one test each.

use super::*;

fn reference(receipt: &str, airport: &str) -> Reference {
    Reference::new(receipt.parse().unwrap(), Some(airport.parse().unwrap()))
}

#[track_caller]
fn check_date(receipt: &str, text: &str, window: Window, date: Option<&str>, odd: Option<Finding>) {
    let read = reference(receipt, "SZX").date(text, window);
    let found = read.date.and_then(|d| d.date).map(|d| d.to_string());
    assert_eq!((found.as_deref(), read.findings[0]), (date, odd), "{text} received {receipt}");
}

#[track_caller]
fn check_time(receipt: &str, airport: &str, date: &str, text: &str, at: &str, findings: &[Finding]) {
    let read = reference(receipt, airport).time(text, date.parse().unwrap());
    let found: Vec<_> = read.findings.into_iter().flatten().collect();
    assert_eq!(read.time.map(|t| t.at), Some(at.parse().unwrap()), "{text}");
    assert_eq!(found, findings, "{text}");
}

#[test]
fn the_year_is_the_one_nearest_to_receipt_in_the_airport_s_zone() {
    let f = Window::Outbound;
    check_date("2026-11-20T06:00:00Z", "20NOV", f, Some("2026-11-20"), None);
    check_date("2026-12-31T14:00:00Z", "01JAN", f, Some("2027-01-01"), None);
    check_date("2026-12-31T16:30:00Z", "31DEC", f, Some("2026-12-31"), None);
    check_date("2026-01-01T03:00:00Z", "30DEC", f, Some("2025-12-30"), None);
    check_date("2028-02-28T03:00:00Z", "29FEB", f, Some("2028-02-29"), None);
    check_date("2026-11-20T06:00:00Z", "1dec", f, Some("2026-12-01"), Some(Finding::DateFar));
}

#[test]
fn a_day_that_does_not_exist_is_flagged_and_kept() {
    for text in ["31APR", "00JAN", "32JAN", "99DEC", "29FEB"] {
        check_date("2026-11-20T06:00:00Z", text, Window::Outbound, None, Some(Finding::DateUnresolvable));
        assert!(reference("2026-11-20T06:00:00Z", "SZX").date(text, Window::Outbound).date.is_some());
    }
    for text in ["", "0", "NOV", "20NOW", "020NOV", "2ONOV", "20NOV26", "20 十一"] {
        check_date("2026-11-20T06:00:00Z", text, Window::Outbound, None, Some(Finding::DateUnresolvable));
    }
}

#[test]
fn blanks_in_a_date_are_ignored_and_flagged() {
    let read = reference("2026-04-17T06:00:00Z", "SZX").date("18 APR", Window::Outbound);
    assert_eq!(read.date.and_then(|d| d.date), Some("2026-04-18".parse().unwrap()));
    assert_eq!(read.findings, [None, Some(Finding::DateSpaced)]);
}

#[test]
fn each_element_has_its_own_window() {
    let day = |text, window, odd| {
        let read = reference("2026-11-20T06:00:00Z", "SZX").date(text, window);
        assert_eq!(read.findings[0], odd, "{text}");
    };
    for (window, first, last) in [
        (Window::Outbound, "17NOV", "27NOV"),
        (Window::Inbound, "16NOV", "22NOV"),
        (Window::Onward, "19NOV", "30NOV"),
    ] {
        day(first, window, None);
        day(last, window, None);
    }
    for (window, text) in [
        (Window::Outbound, "16NOV"),
        (Window::Outbound, "21DEC"),
        (Window::Inbound, "15NOV"),
        (Window::Inbound, "23NOV"),
        (Window::Onward, "18NOV"),
        (Window::Onward, "01DEC"),
        (Window::Processing, "22NOV"),
    ] {
        day(text, window, Some(Finding::DateWindow));
    }
    day("20DEC", Window::Outbound, Some(Finding::DateFar));
}

#[test]
fn a_time_is_local_to_the_airport_or_utc() {
    let receipt = "2026-11-20T07:30:00Z";
    let day = "2026-11-20";
    check_time(receipt, "SZX", day, "1059L", "2026-11-20T02:59:00Z", &[]);
    check_time(receipt, "SZX", day, "151210L", "2026-11-20T07:12:10Z", &[]);
    check_time(receipt, "SZX", day, "052210Z", "2026-11-20T05:22:10Z", &[]);
    check_time(receipt, "SZX", day, "105900", "2026-11-20T02:59:00Z", &[Finding::TimeUnmarked]);
    check_time(receipt, "SZX", "2026-11-19", "2400L", "2026-11-19T16:00:00Z", &[Finding::TimeMidnight]);
    check_time(receipt, "SZX", day, "1631L", "2026-11-20T08:31:00Z", &[Finding::DateWindow]);
    check_time(receipt, "SZX", "2026-11-17", "1529L", "2026-11-17T07:29:00Z", &[Finding::DateWindow]);
    for bad in ["", "L", "2460L", "1260L", "12:10L", "121L", "12101L", "十二L", "240001L"] {
        let read = reference(receipt, "SZX").time(bad, day.parse().unwrap());
        assert_eq!((read.time, read.findings[0]), (None, Some(Finding::TimeUnreadable)), "{bad}");
    }
}

#[test]
fn a_local_time_of_an_unknown_zone_is_not_guessed_and_its_days_have_room() {
    let (receipt, day) = ("2026-11-20T07:30:00Z", "2026-11-20");
    let unknown = reference(receipt, "QQQ");
    assert!(!unknown.zone_known());
    for text in ["1512L", "1512"] {
        let read = unknown.time(text, day.parse().unwrap());
        assert_eq!((read.time, read.findings[0]), (None, Some(Finding::TimeZoneless)), "{text}");
    }
    check_time(receipt, "QQQ", day, "0712Z", "2026-11-20T07:12:00Z", &[]);
    for (text, odd) in [("16NOV", None), ("15NOV", Some(Finding::DateWindow)), ("28NOV", None)] {
        let read = unknown.date(text, Window::Outbound);
        assert!(read.date.and_then(|date| date.date).is_some(), "{text}");
        assert_eq!(read.findings[0], odd, "{text}");
    }
}

#[test]
fn a_skipped_hour_moves_forward_and_a_repeated_one_takes_the_nearer() {
    let gap = [Finding::TimeGap];
    check_time("2026-03-29T01:05:00Z", "OSL", "2026-03-29", "023000L", "2026-03-29T01:30:00Z", &gap);
    let overlap = [Finding::TimeOverlap];
    check_time("2026-10-25T00:31:00Z", "OSL", "2026-10-25", "023000L", "2026-10-25T00:30:00Z", &overlap);
    check_time("2026-10-25T01:31:00Z", "OSL", "2026-10-25", "023000L", "2026-10-25T01:30:00Z", &overlap);
}

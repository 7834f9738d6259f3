//! What is understood of hours, what is not, and what they say at a moment.

use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Moment {
    text.parse().unwrap()
}

fn opening(hours: &str, moment: &str) -> Opening {
    Hours::read(hours).opening(at(moment)).unwrap_or_else(|| panic!("{hours} is understood"))
}

fn open(until: &str) -> Opening {
    Opening::Open { until: Some(at(until)) }
}

fn closed(until: &str) -> Opening {
    Opening::Closed { until: Some(at(until)) }
}

// 2026-11-22 is a Sunday.

#[test]
fn a_shop_is_open_between_its_times_and_closes_soon_half_an_hour_before() {
    let hours = "Mo-Su 06:30-22:30";
    assert_eq!(opening(hours, "2026-11-22T06:29"), closed("2026-11-22T06:30"));
    assert_eq!(opening(hours, "2026-11-22T06:30"), open("2026-11-22T22:30"));
    assert_eq!(opening(hours, "2026-11-22T21:59"), open("2026-11-22T22:30"));
    assert_eq!(opening(hours, "2026-11-22T22:00"), Opening::ClosesSoon { at: at("2026-11-22T22:30") });
    assert_eq!(opening(hours, "2026-11-22T22:30"), closed("2026-11-23T06:30"));
}

#[test]
fn what_is_always_open_never_closes_and_what_is_off_never_opens() {
    for hours in ["24/7", "Mo-Su", "00:00-24:00", "Mo-Su 08:00-08:00", "Mo-Su 00:00-24:00"] {
        assert_eq!(opening(hours, "2026-11-22T23:59"), Opening::Open { until: None }, "{hours}");
    }
    for hours in ["off", "closed", "24/7; off"] {
        assert_eq!(opening(hours, "2026-11-22T12:00"), Opening::Closed { until: None }, "{hours}");
        assert_eq!(Hours::read(hours).wait_ms(at("2026-11-22T12:00"), 0), None);
    }
}

#[test]
fn days_are_named_alone_in_ranges_and_in_lists() {
    let hours = "Fr-Mo 08:00-12:00, 13:00-18:00; We,Th 9:00-10:00";
    assert_eq!(opening(hours, "2026-11-22T12:00"), closed("2026-11-22T13:00"));
    assert_eq!(opening(hours, "2026-11-23T17:00"), open("2026-11-23T18:00"));
    assert_eq!(opening(hours, "2026-11-24T09:00"), closed("2026-11-25T09:00"));
    assert_eq!(opening(hours, "2026-11-26T09:30"), Opening::ClosesSoon { at: at("2026-11-26T10:00") });
    assert_eq!(opening(hours, "2026-11-26T10:00"), closed("2026-11-27T08:00"));
}

#[test]
fn a_time_past_midnight_belongs_to_the_day_on_which_it_begins() {
    for hours in ["Sa 22:00-02:00; Su off", "Sa 22:00-26:00"] {
        assert_eq!(opening(hours, "2026-11-22T01:00"), open("2026-11-22T02:00"), "{hours}");
        assert_eq!(opening(hours, "2026-11-22T02:00"), closed("2026-11-28T22:00"), "{hours}");
    }
    // From Sunday into Monday the week begins anew.
    assert_eq!(opening("Su 20:00-04:00", "2026-11-22T23:00"), open("2026-11-23T04:00"));
    assert_eq!(opening("Su 20:00-04:00", "2026-11-23T03:00"), open("2026-11-23T04:00"));
}

#[test]
fn a_rule_after_a_semicolon_takes_the_place_of_its_days_and_one_after_a_comma_adds() {
    let instead = "Mo-Su 08:00-20:00; Sa 10:00-12:00; Su off";
    assert_eq!(opening(instead, "2026-11-21T13:00"), closed("2026-11-23T08:00"));
    let besides = "Mo-Su 08:00-12:00, Su 14:00-16:00";
    assert_eq!(opening(besides, "2026-11-22T13:00"), closed("2026-11-22T14:00"));
    assert_eq!(opening(besides, "2026-11-22T14:30"), open("2026-11-22T16:00"));
    assert_eq!(opening("Mo - Fr 08:00 - 18:00 ;", "2026-11-23T09:00"), open("2026-11-23T18:00"));
}

#[test]
fn what_is_not_understood_is_kept_as_text_and_never_guessed() {
    for text in [
        "",
        "PH off",
        "Mo-Fr 08:00-18:00; PH off",
        "sunrise-sunset",
        "Mo-Fr 08:00+",
        "by appointment",
        "Jan-Mar 08:00-18:00",
        "08:00-18:00 off",
        "Mo-Fr, off",
        "Mo-Fr 08:00-18:00,",
        "08:60-09:00",
        "25:00-26:00",
        "08:00-50:00",
        "Mo 08:00-10:00 12:00-14:00",
        "24/7 Mo",
        &"Mo,".repeat(200),
    ] {
        let hours = Hours::read(text);
        assert!(!hours.is_understood(), "{text}");
        assert_eq!(hours.opening(at("2026-11-22T12:00")), None, "{text}");
        assert_eq!(hours.wait_ms(at("2026-11-22T12:00"), 0), Some(0), "{text} keeps nobody waiting");
    }
    assert_eq!(Hours::read(" PH off ").text(), "PH off");
}

#[test]
fn a_moment_is_read_written_and_said() {
    let now = at("2026-11-22T08:30");
    assert_eq!(now.to_string(), "2026-11-22T08:30");
    assert_eq!(now.after(90_000_000).to_string(), "2026-11-23T09:30");
    assert_eq!(now.clock_from(now, Language::En), "08:30");
    assert_eq!(now.after(90_000_000).clock_from(now, Language::En), "09:30 tomorrow");
    assert_eq!(now.after(90_000_000).clock_from(now, Language::ZhCn), "明天09:30");
    assert_eq!(now.after(200_000_000).clock_from(now, Language::En), "16:03 on Tuesday");
    assert_eq!(now.after(200_000_000).clock_from(now, Language::ZhCn), "周二16:03");
    let refused = "half past eight".parse::<Moment>().unwrap_err().to_string();
    assert!(refused.ends_with("such as 2026-11-22T08:30"), "{refused}");
}

proptest! {
    #[test]
    fn any_text_is_read_or_kept(text in "[MoTuWeFrSaSu0-9:;,/\\- ofPH]{0,40}", minute in 0_u32..20_000) {
        let (hours, now) = (Hours::read(&text), at("2026-11-22T08:30").after(minute * MINUTE_MS));
        prop_assert_eq!(hours.opening(now).is_some(), hours.is_understood());
    }

    #[test]
    fn who_waits_until_it_opens_finds_it_open_and_who_comes_later_is_never_through_earlier(
        spans in prop::collection::vec((0_usize..7, 0_u32..1_440, 1_u32..1_440), 1..8),
        come in 0_u32..20_000,
        later in 0_u32..20_000,
    ) {
        let clock = |minutes: u32| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let day = |day: usize| ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"][day];
        let rules = spans.iter().map(|(d, from, long)| format!("{} {}-{}", day(*d), clock(*from), clock(from + long)));
        let hours = Hours::read(&rules.collect::<Vec<_>>().join(", "));
        prop_assert!(hours.is_understood(), "{}", hours.text());
        let now = at("2026-11-22T08:30");
        let through = |minutes: u32| minutes * MINUTE_MS + hours.wait_ms(now, minutes * MINUTE_MS).unwrap();
        let open = !matches!(hours.opening(now.after(through(come))), Some(Opening::Closed { .. }));
        prop_assert!(open, "{} at {}", hours.text(), now.after(through(come)));
        prop_assert!(through(come) <= through(come + later));
    }
}

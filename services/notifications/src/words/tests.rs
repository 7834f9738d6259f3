//! Every kind in every language, word for word.

use super::*;

/// The golden texts: a line for each kind with all its parameters, and one with
/// only those that are always known.
const GOLDEN: &str = include_str!("golden.txt");

fn parameters(kind: Kind) -> BTreeMap<String, String> {
    let value = |name: &str| match name {
        "flight" => "ZH9101-20261120",
        "gate" => "B7",
        "previous_gate" => "A3",
        "belt" => "7",
        "previous_belt" => "12",
        "plate" => "0479123456",
        "next_flight" | "previous_flight" => "ZH9103-20261120",
        "place" => "A3",
        "retracts" => "GATE_CHANGED",
        "corrects" => "BAG_LEFT_BEHIND",
        "walking_minutes" => "11",
        "waiting_minutes" => "14",
        "waits_at" => "SECURITY",
        "certainty" => "MEASURED",
        "bag_minutes" => "9",
        "estimated_departure" => "2026-11-20T08:30:00Z",
        "time_zone" => "Asia/Shanghai",
        other => panic!("no sample for parameter {other}"),
    };
    kind.parameters().iter().map(|name| ((*name).to_owned(), value(name).to_owned())).collect()
}

#[test]
fn every_kind_reads_as_the_golden_file_says_in_both_languages() {
    let mut actual = String::new();
    for kind in Kind::ALL {
        let full = parameters(kind);
        let bare: BTreeMap<_, _> = full
            .iter()
            .filter(|(name, _)| matches!(name.as_str(), "plate"))
            .chain(full.iter().filter(|(name, _)| name.as_str() == "flight" && !full.contains_key("plate")))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let mut zoneless = full.clone();
        zoneless.remove(TIME_ZONE);
        for locale in [Locale::En, Locale::ZhCn] {
            actual.push_str(&format!("{kind:?} {locale:?}: {}\n", text(kind, &zoneless, locale)));
        }
        if zoneless != full {
            for locale in [Locale::En, Locale::ZhCn] {
                actual.push_str(&format!("{kind:?} {locale:?} local: {}\n", text(kind, &full, locale)));
            }
        }
        let says_where =
            [Kind::GateAssigned, Kind::GateChanged, Kind::BeltAssigned, Kind::BeltChanged, Kind::Retracted];
        if !says_where.contains(&kind) {
            for locale in [Locale::En, Locale::ZhCn] {
                actual.push_str(&format!("{kind:?} {locale:?} bare: {}\n", text(kind, &bare, locale)));
            }
        }
    }
    assert_eq!(actual, GOLDEN, "texts (left) differ from src/words/golden.txt (right)");
}

/// Several bags in one notice; other words where they differ from those of one bag.
const SEVERAL: &str = include_str!("several.txt");

#[test]
fn several_bags_of_one_notice_read_as_the_golden_file_says() {
    let mut actual = String::new();
    for kind in Kind::ALL.into_iter().filter(|kind| kind.parameters().contains(&"plate")) {
        let mut parameters = parameters(kind);
        parameters.insert("plates".to_owned(), "0479123456,0479123457,0479123458".to_owned());
        for locale in [Locale::En, Locale::ZhCn] {
            actual.push_str(&format!("{kind:?} {locale:?}: {}\n", text(kind, &parameters, locale)));
        }
    }
    assert_eq!(actual, SEVERAL, "texts (left) differ from src/words/several.txt (right)");
}

#[test]
fn a_correction_names_what_was_wrong() {
    let mut known = parameters(Kind::BagCorrected);
    for (corrects, english, chinese) in [
        (
            "BAG_LEFT_BEHIND",
            "Correction: your bag 0479123456 was not left behind and is on board flight ZH9101.",
            "更正：您的行李 0479123456 并未滞留，已装上航班 ZH9101。",
        ),
        (
            "BAG_LOADED",
            "Correction: your bag 0479123456 is not on board flight ZH9101 yet.",
            "更正：您的行李 0479123456 尚未装上航班 ZH9101。",
        ),
        (
            "BAG_CONNECTION_MISSED",
            "Correction: your bag 0479123456 can reach flight ZH9101 in time after all.",
            "更正：您的行李 0479123456 可以及时转运至航班 ZH9101。",
        ),
        (
            "BAG_ACCEPTED",
            "Correction: your bag 0479123456 has not been accepted yet.",
            "更正：您的行李 0479123456 尚未收运。",
        ),
        (
            "BAG_OFFLOADED",
            "Correction: your bag 0479123456 was not taken off and is on board flight ZH9101.",
            "更正：您的行李 0479123456 并未卸下，仍在航班 ZH9101上。",
        ),
        (
            "BAG_ON_BELT",
            "Correction: your bag 0479123456 is not on a reclaim belt yet.",
            "更正：您的行李 0479123456 尚未到达提取转盘。",
        ),
        (
            "BAG_COLLECTED",
            "Correction: your bag 0479123456 was not collected.",
            "更正：您的行李 0479123456 尚未提取。",
        ),
    ] {
        known.insert("corrects".to_owned(), corrects.to_owned());
        assert_eq!(text(Kind::BagCorrected, &known, Locale::En), english);
        assert_eq!(text(Kind::BagCorrected, &known, Locale::ZhCn), chinese);
    }
}

#[test]
fn two_flights_of_one_designator_are_told_apart_by_their_day() {
    let parameters =
        [("plate", "0479123456"), ("flight", "ZH9101-20261121"), ("previous_flight", "ZH9101-20261120")];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    assert_eq!(
        text(Kind::BagReflighted, &parameters, Locale::En),
        "Your bag 0479123456 is to travel on flight ZH9101 (2026-11-21), no longer on ZH9101 (2026-11-20)."
    );
}

#[test]
fn no_text_speaks_of_screening() {
    // What a passenger passes on their own way is another matter.
    let of_way = |kind: &Kind| matches!(kind, Kind::LeaveNow | Kind::WayBroken);
    for kind in Kind::ALL.into_iter().filter(|kind| !of_way(kind)) {
        let (english, chinese) =
            (text(kind, &parameters(kind), Locale::En), text(kind, &parameters(kind), Locale::ZhCn));
        for word in ["screen", "security", "search", "reject", "inspect", "x-ray", "安检", "检查", "违禁"]
        {
            assert!(!english.to_lowercase().contains(word) && !chinese.contains(word), "{english} {chinese}");
        }
    }
}

#[test]
fn no_text_shows_the_date_of_a_flight_id_or_an_empty_hole() {
    for kind in Kind::ALL {
        for locale in [Locale::En, Locale::ZhCn] {
            for parameters in [parameters(kind), BTreeMap::new()] {
                let text = text(kind, &parameters, locale);
                assert!(!text.contains("20261120"), "{text}");
                assert!(!text.is_empty());
            }
        }
    }
}

#[test]
fn a_delay_says_the_date_only_on_another_day_and_prints_what_is_no_time_as_it_is() {
    for (zone, estimated, shown) in [
        ("", "2026-11-20T08:30:00Z", "08:30 UTC"),
        ("", "2026-11-20T23:59:59.5Z", "23:59 UTC"),
        ("", "2026-11-21T00:05:00Z", "2026-11-21 00:05 UTC"),
        ("", "2026-11-21T00:05:00+08:00", "16:05 UTC"),
        ("", "soon", "soon"),
        ("Mars/Olympus", "2026-11-20T08:30:00Z", "08:30 UTC"),
        ("Asia/Shanghai", "2026-11-20T15:59:00Z", "23:59 local time"),
        ("Asia/Shanghai", "2026-11-20T16:05:00Z", "2026-11-21 00:05 local time"),
        // The first hour of the flight's day is the day before by the clocks of Greenwich.
        ("Asia/Shanghai", "2026-11-19T16:30:00Z", "00:30 local time"),
        ("Europe/London", "2026-11-20T08:30:00Z", "08:30 local time"),
        ("America/New_York", "2026-11-20T08:30:00Z", "03:30 local time"),
        ("Asia/Shanghai", "soon", "soon"),
    ] {
        let mut parameters = parameters(Kind::FlightDelayed);
        parameters.insert("estimated_departure".to_owned(), estimated.to_owned());
        parameters.insert(TIME_ZONE.to_owned(), zone.to_owned());
        let says = |locale| text(Kind::FlightDelayed, &parameters, locale);
        assert_eq!(
            says(Locale::En),
            format!("Flight ZH9101 is delayed: it is now expected to leave at {shown}.")
        );
        let shown = shown.replace(" local time", "（当地时间）");
        assert_eq!(says(Locale::ZhCn), format!("航班 ZH9101 延误，预计起飞时间：{shown}。"));
    }
}

#[test]
fn a_way_says_how_sure_its_times_are_and_leaves_out_what_is_not_waited_for() {
    let say = |changes: &[(&str, &str)]| {
        let mut known = parameters(Kind::LeaveNow);
        known.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        [Locale::En, Locale::ZhCn].map(|locale| text(Kind::LeaveNow, &known, locale))
    };
    assert_eq!(
        say(&[("certainty", "ESTIMATED"), ("waits_at", "CHECKS")]),
        [
            "Leave now for gate B7, flight ZH9101: checks and queues about 14 minutes, walk about 11 minutes.",
            "请立即前往 B7 登机口（航班 ZH9101）：检查和排队约 14 分钟，步行约 11 分钟。"
        ]
    );
    assert_eq!(
        say(&[("waiting_minutes", ""), ("walking_minutes", "1")]),
        [
            "Leave now for gate B7, flight ZH9101: walk about 1 minute.",
            "请立即前往 B7 登机口（航班 ZH9101）：步行约 1 分钟。"
        ]
    );
}

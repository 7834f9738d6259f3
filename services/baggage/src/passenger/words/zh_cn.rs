//! A bag's way in simplified Chinese.

use airside_api::baggage::v1::{BagStepKind, Certainty};

/// What to make of a bag that waits for another flight.
pub(super) const STRANDED: &str = "行李将由后续航班运送，航班确定后将立即通知您。";

/// What to make of a bag of which it is open whether and how it travels.
pub(super) const ASK_AIRLINE: &str = "请向航空公司咨询该件行李的后续安排。";

/// Returns what happened.
pub(super) fn step(kind: BagStepKind, flight: &str) -> String {
    let of = |before: &str, after: &str, unknown: &str| match flight {
        "" => unknown.to_owned(),
        flight => format!("{before} {flight}{after}"),
    };
    match kind {
        BagStepKind::Unspecified => String::new(),
        BagStepKind::Announced => of("已登记航班", "", "已登记"),
        BagStepKind::Accepted => "已交运".to_owned(),
        BagStepKind::InHall => "在行李大厅处理中".to_owned(),
        BagStepKind::OnWayToAircraft => "正运往飞机".to_owned(),
        BagStepKind::OnBoard => of("已装上航班", "", "已装机"),
        BagStepKind::Departed => of("已随航班", " 出发", "已出发"),
        BagStepKind::Unloaded => "到达后已卸机".to_owned(),
        BagStepKind::InTransfer => "正转运至后续航班".to_owned(),
        BagStepKind::InArrivals => "正运往提取转盘".to_owned(),
        BagStepKind::OnBelt => "已到达提取转盘".to_owned(),
        BagStepKind::Collected => "已提取".to_owned(),
        BagStepKind::LeftBehind => of("未能随航班", " 出发", "未能随原航班出发"),
        BagStepKind::TakenOff => of("已从航班", " 卸下", "已从航班卸下"),
        BagStepKind::OnHand => "在机场妥善保管".to_owned(),
        BagStepKind::OutForDelivery => "正送往您的地址".to_owned(),
    }
}

/// Returns what is expected.
pub(super) fn expected(kind: BagStepKind, flight: &str) -> String {
    let of = |before: &str, unknown: &str| match flight {
        "" => unknown.to_owned(),
        flight => format!("{before} {flight}"),
    };
    match kind {
        BagStepKind::Accepted => "待交运".to_owned(),
        BagStepKind::OnBoard => of("待装上航班", "待装机"),
        BagStepKind::InTransfer => of("待转运至航班", "待转运至后续航班"),
        BagStepKind::OnBelt => "待到达提取转盘".to_owned(),
        BagStepKind::Collected => "可以提取".to_owned(),
        _ => step(kind, flight),
    }
}

/// Returns how sure something is.
pub(super) fn certainty(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Unspecified => "",
        Certainty::Read => "已扫描确认",
        Certainty::Concluded => "推断，未扫描",
        Certainty::Announced => "已通告",
        Certainty::Expected => "预计",
    }
}

/// Returns where something is.
pub(super) fn place(station: &str, belt: &str) -> String {
    match (station, belt) {
        (station, "") => station.to_owned(),
        ("", belt) => format!("{belt} 号转盘"),
        (station, belt) => format!("{station}，{belt} 号转盘"),
    }
}

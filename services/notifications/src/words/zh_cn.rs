//! Notices in simplified Chinese.

use super::{OrElse, Words, around};
use crate::model::Kind;

/// Returns the text of a notice about a flight.
pub(super) fn of_flight(kind: Kind, words: &Words<'_>) -> String {
    let flight = words.flight();
    match kind {
        Kind::GateAssigned => format!("航班 {flight} 的登机口为 {}。", words.get("gate")),
        Kind::GateChanged => format!(
            "登机口变更：航班 {flight} 改在 {} 登机口登机{}。",
            words.get("gate"),
            words.known("（原 ", "previous_gate", "）")
        ),
        Kind::Boarding => format!("航班 {flight} 正在{}登机。", words.known(" ", "gate", " 登机口")),
        Kind::FinalCall => {
            format!("航班 {flight} 最后一次登机提醒，请立即前往{}登机口。", words.known(" ", "gate", " "))
        }
        Kind::FlightDelayed => {
            format!("航班 {flight} 延误{}。", words.known_time("，预计起飞时间：", "estimated_departure", ""))
        }
        Kind::FlightCancelled => format!("航班 {flight} 已取消，请联系航空公司。"),
        Kind::Retracted => {
            let (flight, place) = (words.flight(), words.get("place"));
            match words.get("retracts") {
                "GATE_CHANGED" => format!("登机口未变更：航班 {flight} 仍在 {place} 登机口登机。"),
                _ => format!("行李转盘未变更：航班 {flight} 的行李仍在 {place} 号转盘提取。"),
            }
        }
        Kind::LeaveNow => {
            let gate = words.known(" ", "gate", " ");
            format!("请立即前往{gate}登机口（航班 {flight}）{}。", around("：", &taking(words), ""))
        }
        Kind::WayBroken => {
            let way = words.flight_between("您前往航班 ", " 的路线").or("您的路线");
            match taking(words).as_str() {
                "" => format!("{way}已封闭，目前没有其他路线，请咨询工作人员。"),
                taking => format!("{way}已封闭，另有路线：{taking}。"),
            }
        }
        Kind::BeltAssigned => format!("航班 {flight} 的行李在 {} 号转盘提取。", words.get("belt")),
        _ => format!(
            "航班 {flight} 的行李改在 {} 号转盘提取{}。",
            words.get("belt"),
            words.known("（原 ", "previous_belt", " 号）")
        ),
    }
}

/// Returns how long a way takes, and how sure that is; nothing when it is not known.
fn taking(words: &Words<'_>) -> String {
    let walking = words.known("步行约 ", "walking_minutes", " 分钟");
    let place = if words.get("waits_at") == "SECURITY" { "安检" } else { "检查和排队" };
    let about = if words.is_measured() { " " } else { "约 " };
    match words.get("waiting_minutes") {
        waiting if walking.is_empty() || waiting.is_empty() => walking,
        waiting => format!("{place}{about}{waiting} 分钟，{walking}"),
    }
}

/// Returns the text of a notice about a bag.
pub(super) fn of_bag(kind: Kind, words: &Words<'_>) -> String {
    let yours = yours(words);
    let flight = words.flight_between("航班 ", "");
    match kind {
        Kind::BagAccepted => format!("{yours} 已收运。"),
        Kind::BagLoaded if flight.is_empty() => format!("{yours} 已装机。"),
        Kind::BagLoaded => format!("{yours} 已装上{flight}。"),
        Kind::BagOffloaded if flight.is_empty() => format!("{yours} 已卸下，请咨询服务柜台。"),
        Kind::BagOffloaded => format!("{yours} 已从{flight} 卸下，请咨询服务柜台。"),
        Kind::BagOnBelt => {
            format!("{yours} 已到达{}转盘。", words.known(" ", "belt", " 号").or("提取"))
        }
        Kind::BagCollected => format!("{yours} 已提取。"),
        Kind::BagLeftBehind => {
            let flight = words.flight_between("航班 ", " ").or("原航班");
            match words.one_of_two("next_flight", "flight").as_str() {
                "" => format!("{yours} 未能随{flight}出发，后续航班确定后将立即通知您。"),
                next => format!("{yours} 未能随{flight}出发，将由航班 {next} 运送。"),
            }
        }
        Kind::BagReflighted => {
            let flight = words.one_of_two("flight", "previous_flight");
            let previous = words.one_of_two("previous_flight", "flight");
            match (flight.as_str(), previous.as_str()) {
                ("", _) => format!("{yours} 将改由其他航班运送。"),
                (flight, "") => format!("{yours} 将改由航班 {flight} 运送。"),
                (flight, previous) => format!("{yours} 将改由航班 {flight} 运送（原航班 {previous}）。"),
            }
        }
        Kind::BagConnectionAtRisk => {
            let flight = words.flight_between("航班 ", " ").or("后续航班");
            format!("{yours} 转运至{flight}的时间较紧，后续情况将及时通知您。")
        }
        Kind::BagConnectionMissed => {
            format!("{yours} 无法及时转运至{}，后续航班确定后将立即通知您。", flight.or("后续航班"))
        }
        Kind::BagBeltChanged => format!(
            "{yours} 现改在{}转盘{}。",
            words.known(" ", "belt", " 号").or("其他"),
            words.known("（原 ", "previous_belt", " 号）")
        ),
        Kind::BagNearsBelt => {
            let belt = words.known(" ", "belt", " 号").or("提取");
            match words.get("bag_minutes") {
                "" => format!("{yours} 即将到达{belt}转盘。"),
                its => format!(
                    "{yours} 约 {its} 分钟后到达{belt}转盘{}。",
                    words.known("，您约 ", "walking_minutes", " 分钟后到达")
                ),
            }
        }
        Kind::BagCorrected => match words.get("corrects") {
            "BAG_LEFT_BEHIND" => format!("更正：{yours} 并未滞留，已装上{}。", flight.or("航班")),
            "BAG_LOADED" => format!("更正：{yours} 尚未装上{}。", flight.or("航班")),
            "BAG_CONNECTION_MISSED" => format!("更正：{yours} 可以及时转运至{}。", flight.or("后续航班")),
            "BAG_ACCEPTED" => format!("更正：{yours} 尚未收运。"),
            "BAG_OFFLOADED" => format!("更正：{yours} 并未卸下，仍在{}上。", flight.or("航班")),
            "BAG_ON_BELT" => format!("更正：{yours} 尚未到达提取转盘。"),
            "BAG_COLLECTED" => format!("更正：{yours} 尚未提取。"),
            _ => format!("更正：此前关于{yours} 的通知有误。"),
        },
        _ => String::new(),
    }
}

/// Returns the bags of a notice.
fn yours(words: &Words<'_>) -> String {
    match words.plates().as_slice() {
        [one] => format!("您的行李 {one}"),
        plates => format!("您的 {} 件行李 {}", plates.len(), plates.join("、")),
    }
}

//! Why there is no way, in words.

use super::{BarrierKind, Reason, Walk};
use crate::graph::Zone;
use crate::imdf::FeatureId;
use crate::profile::Profile;
use crate::snapshot::Snapshot;
use crate::words::Language::{self, En, ZhCn};

/// Says why there is no way.
pub(crate) fn text(walk: &Walk<'_>, reason: &Reason) -> String {
    let Walk { snapshot, who, depart, language, .. } = *walk;
    let text = match reason {
        Reason::Closed(features) => return closed(&names(snapshot, features, language), language),
        Reason::NotOpen { features, until } => {
            let names = names(snapshot, features, language);
            let until = until.zip(depart).map(|(until, now)| until.clock_from(now, language));
            return not_open(&names, until.as_deref(), language);
        }
        Reason::NoAccessibleWay => not_accessible(who.profile, language),
        Reason::Disconnected => {
            pick(language, ["The map shows no way between the two", "地图上两地之间没有通道"])
        }
        Reason::ZoneForbidden(barrier) => pick(language, forbidden(barrier.kind)),
    };
    text.to_owned()
}

fn pick(language: Language, [en, zh]: [&'static str; 2]) -> &'static str {
    match language {
        En => en,
        ZhCn => zh,
    }
}

/// Returns the names of features, or their ids where they have none.
fn names(snapshot: &Snapshot, features: &[FeatureId], language: Language) -> String {
    let name = |id| snapshot.name_of(id, language).unwrap_or_else(|| format!("{id}"));
    let names: Vec<_> = features.iter().map(name).collect();
    names.join(pick(language, [", ", "、"]))
}

fn closed(names: &str, language: Language) -> String {
    match language {
        En if names.is_empty() => "The way is closed".to_owned(),
        En => format!("The way is closed: {names}"),
        ZhCn if names.is_empty() => "通道已关闭".to_owned(),
        ZhCn => format!("通道已关闭：{names}"),
    }
}

fn not_open(names: &str, until: Option<&str>, language: Language) -> String {
    match (language, until) {
        (En, Some(until)) => format!("The way is closed until {until}: {names}"),
        (En, None) => format!("The way is not open: {names}"),
        (ZhCn, Some(until)) => format!("通道{until}开放：{names}"),
        (ZhCn, None) => format!("通道不开放：{names}"),
    }
}

fn not_accessible(profile: Profile, language: Language) -> &'static str {
    let texts = match profile {
        Profile::AvoidEscalators => ["There is no way without escalators", "没有不乘扶梯的通道"],
        Profile::AvoidStairs => ["There is no way without stairs", "没有不走楼梯的通道"],
        _ => ["There is no step-free way", "没有无障碍通道"],
    };
    pick(language, texts)
}

fn forbidden(barrier: BarrierKind) -> [&'static str; 2] {
    use Zone::{Airside, Arrivals, Landside};
    match barrier {
        BarrierKind::Security => ["You need a boarding pass to pass security", "没有登机牌不能通过安检"],
        BarrierKind::Border => [
            "You need a boarding pass and travel documents to pass border control",
            "没有登机牌和出入境证件不能通过边检",
        ],
        BarrierKind::Customs => ["You need a boarding pass to pass customs", "没有登机牌不能通过海关"],
        BarrierKind::OneWay { from: Some(Landside), to: Some(Arrivals) } => [
            "The arrivals area can only be left; it cannot be entered from the public area",
            "到达区只出不进，不能从公共区进入",
        ],
        BarrierKind::OneWay { from: Some(Landside), to: Some(Airside) } => [
            "From the public area one comes to the gates through security alone",
            "从公共区进入候机区须通过安检",
        ],
        BarrierKind::OneWay { from: Some(Arrivals), to: Some(Airside) } => [
            "From arrivals there is no way back to the gates but through security",
            "从到达区不能返回候机区，须重新通过安检",
        ],
        BarrierKind::OneWay { to: Some(Landside), .. } => [
            "From behind security there is no way to the public area but through arrivals",
            "从隔离区返回公共区须走到达通道",
        ],
        BarrierKind::OneWay { .. } => {
            ["The only way is one-way and leads in the other direction", "唯一的通道是单向的，不能逆行"]
        }
        BarrierKind::Staff => {
            ["The only way leads through an area for staff alone", "唯一的通道须经过员工专用区域"]
        }
    }
}

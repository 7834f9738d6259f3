//! What a room is for, as a colour: from its category, its side of security, and who occupies it.

use geo::Coord;

use super::icons::Icon;
use crate::geometry::Area;
use crate::graph::crossings::Check;
use crate::graph::{Place, Room, Zone};
use crate::words::Language;

/// What a room is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Look {
    Landside,
    Airside,
    Hall,
    Security,
    Border,
    Shop,
    Food,
    Lounge,
    Washroom,
    Care,
    Room,
    Vertical,
    Moving,
    Rail,
    Road,
    Parking,
    Green,
    Void,
    Closed,
}

impl Look {
    /// All looks, in the order of the legend.
    pub(super) const ALL: [Self; 19] = [
        Self::Landside,
        Self::Airside,
        Self::Hall,
        Self::Security,
        Self::Border,
        Self::Shop,
        Self::Food,
        Self::Lounge,
        Self::Washroom,
        Self::Care,
        Self::Room,
        Self::Vertical,
        Self::Moving,
        Self::Rail,
        Self::Road,
        Self::Parking,
        Self::Green,
        Self::Void,
        Self::Closed,
    ];

    /// Returns the colour of the floor.
    pub(super) fn fill(self) -> &'static str {
        match self {
            Self::Landside => "#fdfaf2",
            Self::Airside => "#f3f8fd",
            Self::Hall => "#fbfbfa",
            Self::Security => "#fbe3dc",
            Self::Border => "#ece2f4",
            Self::Shop => "#fbdcc0",
            Self::Food => "#fbe9a9",
            Self::Lounge => "#dcd3ee",
            Self::Washroom => "#c3dbf3",
            Self::Care => "#f8d3dd",
            Self::Room => "#ece7df",
            Self::Vertical => "#bccad8",
            Self::Moving => "#d3e0ea",
            Self::Rail => "#cde8d8",
            Self::Road => "#d9dde1",
            Self::Parking => "#e2e6ec",
            Self::Green => "#d3ead0",
            Self::Void => "#e3e9ee",
            Self::Closed => "#dde2e7",
        }
    }

    /// Returns the colour of names on it.
    pub(super) fn ink(self) -> &'static str {
        match self {
            Self::Shop => "#9a5524",
            Self::Food => "#80640f",
            Self::Lounge => "#5d4a8c",
            Self::Washroom => "#245c99",
            Self::Care => "#a13b5c",
            Self::Security => "#a8442e",
            Self::Border => "#6f4592",
            Self::Rail => "#23734a",
            Self::Green => "#3b7d36",
            Self::Closed | Self::Void => "#7d8995",
            _ => "#4a5866",
        }
    }

    /// Returns what the legend says.
    pub(super) fn words(self, language: Language) -> &'static str {
        let (en, zh) = match self {
            Self::Landside => ("Landside", "公共区"),
            Self::Airside => ("Airside", "隔离区"),
            Self::Hall => ("Hall", "通道大厅"),
            Self::Security => ("Security", "安检"),
            Self::Border => ("Border and customs", "边检海关"),
            Self::Shop => ("Shop", "商店"),
            Self::Food => ("Food and drink", "餐饮"),
            Self::Lounge => ("Lounge", "休息室"),
            Self::Washroom => ("Toilets", "卫生间"),
            Self::Care => ("Nursing, prayer, first aid", "母婴祈祷医务"),
            Self::Room => ("Room", "房间"),
            Self::Vertical => ("Lift, stairs, escalator", "电梯楼梯扶梯"),
            Self::Moving => ("Moving walkway", "自动步道"),
            Self::Rail => ("Rail", "轨道交通"),
            Self::Road => ("Road", "车道"),
            Self::Parking => ("Parking", "停车"),
            Self::Green => ("Greenery", "绿化"),
            Self::Void => ("Open to below", "中空"),
            Self::Closed => ("Not public", "非公共区"),
        };
        match language {
            Language::En => en,
            Language::ZhCn => zh,
        }
    }

    /// Tells whether people pass through it rather than go into it.
    pub(super) fn is_hall(self) -> bool {
        matches!(self, Self::Landside | Self::Airside | Self::Hall)
    }

    fn of(room: &Room) -> Self {
        let root = room.category.split('.').next().unwrap_or_default();
        match root {
            "elevator" | "escalator" | "stairs" | "steps" => Self::Vertical,
            "movingwalkway" | "ramp" => Self::Moving,
            "restroom" | "shower" => Self::Washroom,
            "mothersroom" | "prayerroom" | "firstaid" | "sleepingroom" => Self::Care,
            "lounge" | "privatelounge" => Self::Lounge,
            "foodservice" | "kitchen" => Self::Food,
            "parking" => Self::Parking,
            "platform" => Self::Rail,
            "road" => Self::Road,
            "vegetation" => Self::Green,
            "opentobelow" => Self::Void,
            "nonpublic" | "structure" | "column" | "brick" | "concrete" | "drywall" | "glass" | "wood"
            | "storage" | "serverroom" | "technologyroom" | "mailroom" => Self::Closed,
            _ if room.restricted => Self::Closed,
            _ if room.checkpoint.as_ref().is_some_and(|point| point.check == Check::Security) => {
                Self::Security
            }
            "room" | "office" | "conferenceroom" | "classroom" | "auditorium" | "laboratory" | "library"
            | "huddleroom" | "phoneroom" | "checkroom" => Self::Room,
            _ => match room.zone {
                Some(Zone::Landside) => Self::Landside,
                Some(Zone::Airside | Zone::Arrivals) => Self::Airside,
                None => Self::Hall,
            },
        }
    }
}

/// A room as it is seen.
pub(super) struct Seen<'a> {
    pub(super) room: &'a Room,
    pub(super) look: Look,
    pub(super) square_m: f64,
    /// Who occupies it, where one does.
    pub(super) occupant: Option<&'a Place>,
}

impl<'a> Seen<'a> {
    pub(super) fn of(room: &'a Room) -> Self {
        let square_m = room.areas.iter().map(Area::square_m).sum();
        Self { room, look: Look::of(room), square_m, occupant: None }
    }
}

/// Returns what an occupant or service makes of a plain room.
fn made_of(category: &str) -> Option<Look> {
    let root = category.split('.').next().unwrap_or_default();
    Some(match root {
        "shopping" | "retail" | "shop" | "beauty" | "beautyspas" => Look::Shop,
        "foodservice" | "restaurant" | "cafe" | "restaurants" | "food" => Look::Food,
        "lounge" | "privatelounge" | "hotel" => Look::Lounge,
        "restroom" => Look::Washroom,
        "mothersroom" | "prayerroom" | "firstaid" => Look::Care,
        "immigration" | "customs" => Look::Border,
        _ => return None,
    })
}

/// Gives rooms their occupants and the colour these bring with them.
pub(super) fn furnish<'a>(rooms: &mut [Seen<'a>], places: &[&'a Place], at: impl Fn(&Place) -> Coord<f64>) {
    for place in places {
        let point = at(place);
        let holds = |seen: &&mut Seen<'_>| {
            seen.room.level == place.level && seen.room.areas.iter().any(|area| area.gap_m(point, 0.2) < 0.2)
        };
        // The rooms come largest first, so the last is the smallest.
        let Some(seen) = rooms.iter_mut().filter(holds).last() else { continue };
        let made = made_of(&place.category);
        match made {
            Some(look) if matches!(seen.look, Look::Room | Look::Food) => seen.look = look,
            _ => {}
        }
        let has_sign = made != Some(Look::Lounge) && Icon::of(&place.category).is_some();
        if seen.occupant.is_none() && !seen.look.is_hall() && !has_sign {
            seen.occupant = Some(place);
        }
    }
}

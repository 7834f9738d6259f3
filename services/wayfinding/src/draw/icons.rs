//! The signs of services: which there are, their colours, and how they are drawn.

use super::page::{Svg, number};
use crate::words::Language;

/// A sign that a passenger knows without words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Icon {
    Information,
    Security,
    Border,
    Customs,
    Rail,
    Bus,
    Taxi,
    Parking,
    Lift,
    Escalator,
    Stairs,
    Toilets,
    Nursing,
    Prayer,
    FirstAid,
    Money,
    Lounge,
    Luggage,
    Tickets,
    Water,
    Smoking,
    Meeting,
    Power,
}

/// What is drawn in a sign.
enum Glyph {
    Letter(&'static str),
    Filled(&'static str),
    Stroked(&'static str),
}

const BLUE: &str = "#2f6fb7";
const SLATE: &str = "#566575";
const GREEN: &str = "#2c8a5b";
const RED: &str = "#c4503a";
const VIOLET: &str = "#7b54a3";
const PINK: &str = "#c2557c";
const OCHRE: &str = "#a9791b";

impl Icon {
    /// Returns the sign of a place's category, where it has one.
    pub(super) fn of(category: &str) -> Option<Self> {
        let root = category.split('.').next().unwrap_or_default();
        Some(match root {
            "information" | "informationdesk" | "reception" => Self::Information,
            "security" => Self::Security,
            "immigration" => Self::Border,
            "customs" => Self::Customs,
            "railway" | "transit" | "platform" | "subway" | "train" => Self::Rail,
            "bus" | "shuttle" | "coach" => Self::Bus,
            "taxi" | "rideshare" => Self::Taxi,
            "parking" | "valet" => Self::Parking,
            "elevator" => Self::Lift,
            "escalator" => Self::Escalator,
            "stairs" | "steps" => Self::Stairs,
            "restroom" => Self::Toilets,
            "mothersroom" | "babychanging" => Self::Nursing,
            "prayerroom" => Self::Prayer,
            "firstaid" | "defibrillator" | "healthscreening" => Self::FirstAid,
            "atm" | "foreignexchange" | "bank" => Self::Money,
            "lounge" | "privatelounge" => Self::Lounge,
            "baggagestorage" | "baggagerecheck" | "lostandfound" | "baggagecart" | "luggage" => Self::Luggage,
            "ticketing" => Self::Tickets,
            "drinkingfountain" => Self::Water,
            "smokingarea" => Self::Smoking,
            "meetingpoint" => Self::Meeting,
            "powerchargingstation" => Self::Power,
            _ => return None,
        })
    }

    /// Tells whether it is the sign of a room of its own rather than of a place in one.
    pub(super) fn is_of_room(self) -> bool {
        matches!(
            self,
            Self::Lift | Self::Escalator | Self::Stairs | Self::Toilets | Self::Nursing | Self::Prayer
        )
    }

    /// Returns the colour of the sign.
    pub(super) fn colour(self) -> &'static str {
        match self {
            Self::Information | Self::Rail | Self::Bus | Self::Taxi | Self::Meeting | Self::FirstAid => GREEN,
            Self::Security => RED,
            Self::Border | Self::Customs | Self::Lounge | Self::Prayer => VIOLET,
            Self::Parking | Self::Toilets | Self::Water => BLUE,
            Self::Nursing => PINK,
            Self::Money | Self::Tickets | Self::Luggage => OCHRE,
            Self::Lift | Self::Escalator | Self::Stairs | Self::Smoking | Self::Power => SLATE,
        }
    }

    /// Returns what the legend says.
    pub(super) fn words(self, language: Language) -> &'static str {
        let (en, zh) = match self {
            Self::Information => ("Information", "问讯"),
            Self::Security => ("Security", "安检"),
            Self::Border => ("Border control", "边检"),
            Self::Customs => ("Customs", "海关"),
            Self::Rail => ("Metro, train", "轨道交通"),
            Self::Bus => ("Coach", "大巴"),
            Self::Taxi => ("Taxi", "出租车"),
            Self::Parking => ("Parking", "停车"),
            Self::Lift => ("Lift", "电梯"),
            Self::Escalator => ("Escalator", "扶梯"),
            Self::Stairs => ("Stairs", "楼梯"),
            Self::Toilets => ("Toilets", "卫生间"),
            Self::Nursing => ("Nursing room", "母婴室"),
            Self::Prayer => ("Prayer room", "祈祷室"),
            Self::FirstAid => ("First aid", "医务"),
            Self::Money => ("Bank, cash", "银行取款"),
            Self::Lounge => ("Lounge", "贵宾厅"),
            Self::Luggage => ("Luggage", "行李服务"),
            Self::Tickets => ("Tickets", "票务"),
            Self::Water => ("Drinking water", "饮水"),
            Self::Smoking => ("Smoking", "吸烟"),
            Self::Meeting => ("Meeting point", "会合点"),
            Self::Power => ("Charging", "充电"),
        };
        match language {
            Language::En => en,
            Language::ZhCn => zh,
        }
    }

    /// Returns how important it is that the sign is shown, 0 first.
    pub(super) fn rank(self) -> u8 {
        match self {
            Self::Security | Self::Border | Self::Rail => 0,
            Self::Information | Self::Lift | Self::Customs | Self::Bus | Self::Taxi | Self::Parking => 1,
            Self::Toilets | Self::Escalator | Self::Lounge => 2,
            Self::Stairs | Self::Nursing | Self::Prayer | Self::FirstAid => 3,
            _ => 4,
        }
    }

    fn glyph(self) -> Glyph {
        match self {
            Self::Information => Glyph::Letter("i"),
            Self::Rail => Glyph::Letter("M"),
            Self::Parking => Glyph::Letter("P"),
            Self::Money => Glyph::Letter("¥"),
            Self::Security => {
                Glyph::Filled("M0-5.4L4.6-3.8V-.4C4.6 2.6 2.4 4.6 0 5.6C-2.4 4.6-4.6 2.6-4.6-.4V-3.8Z")
            }
            Self::Border => {
                Glyph::Stroked("M-3.4-4.8H3.4V4.8H-3.4ZM0-3A2 2 0 1 1 0 1A2 2 0 1 1 0-3M-1.8 3.1H1.8")
            }
            Self::Customs | Self::Luggage => {
                Glyph::Stroked("M-4.8-2.4H4.8V4H-4.8ZM-1.8-2.6V-4.6H1.8V-2.6M-2.4-2.2V3.8M2.4-2.2V3.8")
            }
            Self::Bus => Glyph::Stroked(
                "M-3.8-4.8H3.8V3.4H-3.8ZM-3.6-.2H3.6M-2.2 3.6V5M2.2 3.6V5M-1.9 1.7H-1.8M1.8 1.7H1.9",
            ),
            Self::Taxi => {
                Glyph::Stroked("M-5 3V0L-3.2-3.2H3.2L5 0V3ZM-4.6 0H4.6M-3.2 3V4.6M3.2 3V4.6M-1-3.4V-5H1V-3.4")
            }
            Self::Lift => Glyph::Filled("M0-5.4L3.6-1H-3.6ZM0 5.4L-3.6 1H3.6Z"),
            Self::Escalator => Glyph::Stroked("M-5.2 4H-2.6L2.8-2.6H5.2M-1.4-1.6V-4.6M-1.5-5.2H-1.3"),
            Self::Stairs => Glyph::Stroked("M-5 4.4H-2.4V1.5H.2V-1.4H2.8V-4.3H5.2"),
            Self::Toilets => Glyph::Filled(
                "M-4-5.4A1.3 1.3 0 1 1-2.6-5.4A1.3 1.3 0 1 1-4-5.4ZM-5-2.8H-1.6V1.2H-2.3V5.2H-4.3V1.2H-5Z\
                 M2.6-5.4A1.3 1.3 0 1 1 4-5.4A1.3 1.3 0 1 1 2.6-5.4ZM2.2-2.8H4.4L5.8 2H4.5V5.2H2.1V2H.8Z",
            ),
            Self::Nursing => {
                Glyph::Filled("M-1.2-5.6H1.2V-4.2H-1.2ZM-2.4-3.6H2.4V-2.2H-2.4ZM-2.6-1.6H2.6V5.4H-2.6Z")
            }
            Self::Prayer => Glyph::Filled(
                "M-.9-5A1.5 1.5 0 1 1 2.1-5A1.5 1.5 0 1 1-.9-5ZM-2.2-2.6H1.4L2.6 1.6L5 3V5H-4.6V3.2L-1.6 2.2Z",
            ),
            Self::FirstAid => Glyph::Filled("M-1.6-5H1.6V-1.6H5V1.6H1.6V5H-1.6V1.6H-5V-1.6H-1.6Z"),
            Self::Lounge => Glyph::Filled(
                "M-3-4.6H3V-.2H-3ZM-5.4-1.6H-3.6V1H3.6V-1.6H5.4V3.6H-5.4ZM-4.4 3.6H-3.2V5H-4.4ZM3.2 3.6H4.4V5H3.2Z",
            ),
            Self::Tickets => Glyph::Stroked("M-5-2.8H5V-1A1 1 0 0 0 5 1V2.8H-5V1A1 1 0 0 0-5-1ZM1.6-2.4V2.4"),
            Self::Water => {
                Glyph::Filled("M0-5.6C2.6-2 3.8-.2 3.8 1.8A3.8 3.8 0 0 1-3.8 1.8C-3.8-.2-2.6-2 0-5.6Z")
            }
            Self::Smoking => Glyph::Stroked("M-5.2 2.6H2.4V4.4H-5.2ZM4.4 2.6V4.4M3-.4C5-1 2.6-2.4 4.4-4"),
            Self::Meeting => Glyph::Stroked(
                "M-5 0H-1.4M5 0H1.4M0-5V-1.4M0 5V1.4M-2.8-1.6L-1.2 0L-2.8 1.6M2.8-1.6L1.2 0L2.8 1.6",
            ),
            Self::Power => Glyph::Filled("M1.2-5.8L-3.6.8H-.4L-1.2 5.8L3.6-1.2H.4Z"),
        }
    }

    /// Draws the sign as a disc around a point.
    pub(super) fn draw(self, svg: &mut Svg, [x, y]: [f64; 2], radius: f64) {
        let (colour, spot) = (self.colour(), format!("{} {}", number(x), number(y)));
        let scale = number(radius / 8.6);
        let glyph = match self.glyph() {
            Glyph::Letter(letter) => format!(
                "<text y=\"4.4\" font-size=\"12.5\" font-weight=\"bold\" fill=\"#fff\" text-anchor=\"middle\">{letter}</text>"
            ),
            Glyph::Filled(path) => format!("<path d=\"{path}\" fill=\"#fff\"/>"),
            Glyph::Stroked(path) => format!(
                "<path d=\"{path}\" fill=\"none\" stroke=\"#fff\" stroke-width=\"1.3\" stroke-linecap=\"round\" stroke-linejoin=\"round\"/>"
            ),
        };
        svg.add(&format!(
            "<g transform=\"translate({spot}) scale({scale})\"><circle r=\"8.6\" fill=\"{colour}\" stroke=\"#fff\" \
             stroke-width=\"1.2\"/>{glyph}</g>"
        ));
    }
}

//! The time zones of airports: those of the samples and the large ones of the world.
//!
//! The zone data is compiled in, so that a message means the same on every machine. An airport
//! that is missing here is read as UTC and says so; add it to the table.

use std::sync::LazyLock;

use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::model::AirportCode;

/// Returns the zone of an airport, when the table has it.
pub(super) fn of(airport: AirportCode) -> Option<&'static TimeZone> {
    let at = ZONES.binary_search_by_key(&airport, |(code, _)| *code).ok()?;
    Some(&ZONES[at].1)
}

/// Returns UTC.
pub(super) fn utc() -> &'static TimeZone {
    static UTC: TimeZone = TimeZone::UTC;
    &UTC
}

static ZONES: LazyLock<Vec<(AirportCode, TimeZone)>> = LazyLock::new(|| {
    let database = TimeZoneDatabase::bundled();
    let mut zones = Vec::new();
    for (name, airports) in AIRPORTS {
        let zone = database.get(name).expect("a test asks for every zone of the table");
        let codes = airports.split(' ').map(|code| code.parse().expect("a test reads every code"));
        zones.extend(codes.map(|code: AirportCode| (code, zone.clone())));
    }
    zones.sort_by_key(|(code, _)| *code);
    zones
});

const AIRPORTS: &[(&str, &str)] = &[
    ("Africa/Addis_Ababa", "ADD"),
    ("Africa/Cairo", "CAI"),
    ("Africa/Casablanca", "CMN"),
    ("Africa/Johannesburg", "CPT JNB"),
    ("Africa/Lagos", "LOS"),
    ("Africa/Nairobi", "NBO"),
    ("America/Argentina/Buenos_Aires", "EZE"),
    ("America/Bogota", "BOG"),
    ("America/Cancun", "CUN"),
    ("America/Chicago", "AUS DFW IAH MSP ORD"),
    ("America/Denver", "DEN SLC"),
    ("America/Detroit", "DTW"),
    ("America/Lima", "LIM"),
    ("America/Los_Angeles", "LAS LAX SAN SEA SFO SJC"),
    ("America/Mexico_City", "MEX"),
    ("America/New_York", "ATL BOS CLT EWR IAD JFK MCO MIA PHL"),
    ("America/Panama", "PTY"),
    ("America/Phoenix", "PHX"),
    ("America/Santiago", "SCL"),
    ("America/Sao_Paulo", "GIG GRU"),
    ("America/Toronto", "YUL YYZ"),
    ("America/Vancouver", "YVR"),
    ("Asia/Almaty", "ALA"),
    ("Asia/Amman", "AMM"),
    ("Asia/Bahrain", "BAH"),
    ("Asia/Baku", "GYD"),
    ("Asia/Bangkok", "BKK CNX DMK HKT"),
    ("Asia/Beirut", "BEY"),
    ("Asia/Colombo", "CMB"),
    ("Asia/Dhaka", "DAC"),
    ("Asia/Dubai", "AUH DWC DXB SHJ"),
    ("Asia/Ho_Chi_Minh", "DAD HAN SGN"),
    ("Asia/Hong_Kong", "HKG"),
    ("Asia/Jakarta", "CGK"),
    ("Asia/Jerusalem", "TLV"),
    ("Asia/Karachi", "ISB KHI LHE"),
    ("Asia/Kathmandu", "KTM"),
    ("Asia/Kolkata", "BLR BOM CCU DEL HYD MAA"),
    ("Asia/Kuala_Lumpur", "BKI KUL PEN"),
    ("Asia/Kuwait", "KWI"),
    ("Asia/Macau", "MFM"),
    ("Asia/Makassar", "DPS"),
    ("Asia/Manila", "CEB MNL"),
    ("Asia/Muscat", "MCT"),
    ("Asia/Phnom_Penh", "KTI PNH"),
    ("Asia/Qatar", "DOH"),
    ("Asia/Riyadh", "DMM JED RUH"),
    ("Asia/Seoul", "CJU GMP ICN PUS"),
    (
        "Asia/Shanghai",
        "CAN CGO CGQ CKG CSX CTU DLC FOC HAK HET HFE HGH HRB JJN KHN KMG KWE LHW NGB NKG NNG PEK PKX PVG SHA SHE SJW SYX SZX TAO TFU TNA TSN TYN URC WNZ WUH WUX XIY XMN ZUH",
    ),
    ("Asia/Singapore", "SIN"),
    ("Asia/Taipei", "KHH TPE TSA"),
    ("Asia/Tashkent", "TAS"),
    ("Asia/Tbilisi", "TBS"),
    ("Asia/Tehran", "IKA"),
    ("Asia/Tokyo", "CTS FUK HND ITM KIX NGO NRT OKA"),
    ("Asia/Ulaanbaatar", "UBN"),
    ("Asia/Yangon", "RGN"),
    ("Atlantic/Reykjavik", "KEF"),
    ("Australia/Adelaide", "ADL"),
    ("Australia/Brisbane", "BNE"),
    ("Australia/Melbourne", "MEL"),
    ("Australia/Perth", "PER"),
    ("Australia/Sydney", "SYD"),
    ("Europe/Amsterdam", "AMS"),
    ("Europe/Athens", "ATH"),
    ("Europe/Berlin", "BER DUS FRA HAM MUC"),
    ("Europe/Brussels", "BRU"),
    ("Europe/Bucharest", "OTP"),
    ("Europe/Budapest", "BUD"),
    ("Europe/Copenhagen", "CPH"),
    ("Europe/Dublin", "DUB"),
    ("Europe/Helsinki", "HEL"),
    ("Europe/Istanbul", "IST SAW"),
    ("Europe/Lisbon", "LIS OPO"),
    ("Europe/London", "EDI LGW LHR MAN STN"),
    ("Europe/Madrid", "BCN MAD"),
    ("Europe/Moscow", "DME LED SVO VKO"),
    ("Europe/Oslo", "BGO OSL SVG TOS TRD"),
    ("Europe/Paris", "CDG NCE ORY"),
    ("Europe/Prague", "PRG"),
    ("Europe/Riga", "RIX"),
    ("Europe/Rome", "FCO MXP"),
    ("Europe/Stockholm", "ARN GOT"),
    ("Europe/Vienna", "VIE"),
    ("Europe/Warsaw", "WAW"),
    ("Europe/Zurich", "GVA ZRH"),
    ("Indian/Maldives", "MLE"),
    ("Pacific/Auckland", "AKL CHC"),
    ("Pacific/Honolulu", "HNL"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_airport_stands_once_and_has_a_zone() {
        assert!(ZONES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (code, name) in [("SZX", "Asia/Shanghai"), ("OSL", "Europe/Oslo"), ("SYD", "Australia/Sydney")] {
            let zone = of(code.parse().unwrap()).unwrap();
            assert_eq!(zone.iana_name(), Some(name));
        }
        assert!(of("QQQ".parse().unwrap()).is_none());
        let by_code = crate::ingest::zone_of("szx").unwrap();
        assert_eq!(by_code.iana_name(), Some("Asia/Shanghai"));
        assert!(crate::ingest::zone_of("Shenzhen").is_none());
    }
}

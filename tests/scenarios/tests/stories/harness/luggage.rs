//! A bag on today's flight, and what is said of it.

use airside_api::baggage::v1::{Scan, TrackingPoint};
use airside_runtime::stored::timestamp_message;
use jiff::{Timestamp, civil::Date, tz};

const BSM: &str = include_str!("../../../../data/rp1745/syn_bsm_local_szx.txt");

/// A passenger's bag; the sample message with today's date.
#[derive(Debug, Clone)]
pub(crate) struct Luggage {
    pub(crate) plate: String,
    pub(crate) designator: &'static str,
    pub(crate) surname: &'static str,
    pub(crate) given_name: &'static str,
    pub(crate) record_locator: &'static str,
    pub(crate) day: Date,
}

impl Luggage {
    pub(crate) fn new(plate: &str) -> Self {
        Self {
            plate: plate.to_owned(),
            designator: "ZH9101",
            surname: "ZHANG",
            given_name: "SAN",
            record_locator: "ABC123",
            day: today(),
        }
    }

    /// Returns the id of its flight.
    pub(crate) fn flight(&self) -> String {
        flight(self.designator, self.day)
    }

    /// Returns the message that announces it (BSM).
    pub(crate) fn announcement(&self) -> String {
        BSM.replace("3479000101", &self.plate)
            .replace("ZH9101", self.designator)
            .replace("20NOV", &self.day.strftime("%d%b").to_string().to_uppercase())
            .replace("ZHANG/SAN", &format!("{}/{}", self.surname, self.given_name))
            .replace("ABC123", self.record_locator)
    }

    /// Returns a scan of it, now.
    pub(crate) fn scan(&self, id: &str, point: TrackingPoint) -> Scan {
        Scan { flight: self.flight(), ..scan(id, &self.plate, point) }
    }
}

/// Returns a scan of a plate, now.
pub(crate) fn scan(id: &str, plate: &str, point: TrackingPoint) -> Scan {
    Scan {
        scan_id: id.to_owned(),
        plate: plate.to_owned(),
        point: point.into(),
        station: "SZX".to_owned(),
        observed_at: Some(timestamp_message(Timestamp::now())),
        reader: "R7".to_owned(),
        location: "M12".to_owned(),
        ..Scan::default()
    }
}

/// Returns the local day in Shenzhen.
pub(crate) fn today() -> Date {
    Timestamp::now().to_zoned(tz::TimeZone::fixed(tz::offset(8))).date()
}

/// Returns the id of a flight that leaves on a day.
pub(crate) fn flight(designator: &str, day: Date) -> String {
    format!("{designator}-{}", day.strftime("%Y%m%d"))
}

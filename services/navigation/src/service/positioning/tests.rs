//! What a phone and an operator meet, on the map of testville.

use std::fmt::Write as _;

use airside_api::navigation::v1::{
    Datum, HeardAccessPoint, HeardBeacon, HeardScan, LocateRequest, Position, PositionSource, RadioMapForm,
    SatellitePosition,
};
use airside_wayfinding::position::{Datum as System, Form, Ground, Track, scan::READINGS_MAX, track::Cell};
use tonic::{Code, Request};

use super::*;
use crate::{
    radio::{Publication, RadioError},
    service::tests::House,
};

const VENUE: &str = "testville";
const UUID: &str = "fda50693-a4e2-4fb1-afcf-c6eb07647825";

/// Some cells of the venue's ways, each with a beacon.
fn beacons(live: &Live) -> Vec<Cell> {
    let track = Track::of(live.snapshot.graph());
    track.cells().iter().filter(|cell| !cell.shaft).step_by(9).copied().collect()
}

/// The list of beacons as an operator has it.
fn list(live: &Live, cells: &[Cell]) -> String {
    let mut text = "uuid,major,minor,level,lon,lat,power_dbm\n".to_owned();
    for (minor, cell) in cells.iter().enumerate() {
        let [lon, lat] = live.snapshot.lon_lat(cell.at);
        writeln!(text, "{UUID},1,{minor},{},{lon},{lat},-59", cell.level).unwrap();
    }
    text
}

/// What a phone hears at a cell.
fn heard(cells: &[Cell], at: &Cell) -> HeardScan {
    let beacon = |(minor, cell): (usize, &Cell)| {
        let plan_m = (cell.at[0] - at.at[0]).hypot(cell.at[1] - at.at[1]);
        let floors = f64::from(cell.level.abs_diff(at.level));
        let rssi_dbm = -59.0 - 22.0 * plan_m.hypot(2.0).log10() - 16.0 * floors;
        let minor = u32::try_from(minor).unwrap();
        (rssi_dbm > -95.0).then(|| HeardBeacon { uuid: UUID.into(), major: 1, minor, rssi_dbm })
    };
    HeardScan { beacons: cells.iter().enumerate().filter_map(beacon).collect(), access_points: vec![] }
}

struct Site {
    house: House,
    service: Positioning,
    live: Arc<Live>,
    code: crate::model::VenueCode,
    cells: Vec<Cell>,
}

impl Site {
    fn new() -> Self {
        let house = House::new();
        let service = Positioning::new(house.part.venues.clone(), house.part.radio.clone());
        let (code, live) = house.part.venues.venue(VENUE).unwrap();
        let cells = beacons(&live);
        Self { house, service, live, code, cells }
    }

    async fn with_beacons() -> Self {
        let site = Self::new();
        site.publish("1", Form::Beacons, &list(&site.live, &site.cells)).await.unwrap();
        site
    }

    async fn publish(&self, version: &str, form: Form, text: &str) -> Result<String, RadioError> {
        let version = version.parse().unwrap();
        let publication =
            Publication { version, form, ground: Ground::default(), content: text.to_owned().into() };
        let published =
            self.house.part.radio.publish(&self.code, &self.live, publication, "operator".into()).await;
        published.map(|(_, position)| position)
    }

    async fn locate(&self, scan: Option<HeardScan>) -> Result<LocateResponse, Status> {
        self.ask(LocateRequest { venue: VENUE.into(), scan, ..LocateRequest::default() }).await
    }

    async fn ask(&self, request: LocateRequest) -> Result<LocateResponse, Status> {
        self.service.locate(Request::new(request)).await.map(Response::into_inner)
    }

    async fn refused(&self, scan: HeardScan) -> (Code, String) {
        let refused = self.locate(Some(scan)).await.unwrap_err();
        (refused.code(), refused.message().to_owned())
    }

    fn metres(&self, at: &Position, cell: &Cell) -> f64 {
        let there = self.live.snapshot.graph().frame().to_plane(at.longitude, at.latitude);
        (there.x - cell.at[0]).hypot(there.y - cell.at[1])
    }
}

#[tokio::test]
async fn a_phone_is_located_by_the_beacons_it_hears() {
    let site = Site::with_beacons().await;
    let cell = site.cells[5];
    let found = site.locate(Some(heard(&site.cells, &cell))).await.unwrap();
    let here = found.here.unwrap();
    let at = here.position.unwrap();
    assert_eq!(
        (at.ordinal, here.source(), found.radio_map_version.as_str()),
        (cell.level, PositionSource::Radio, "1")
    );
    assert!(site.metres(&at, &cell) < 5.0, "{at:?}");
    assert!(here.radius_m > 0.0 && here.confidence > 0.5 && here.transmitters_known > 2, "{here:?}");
    let on_way = here.on_way.unwrap();
    assert!(on_way.gap_m < 10.0 && on_way.position.unwrap().ordinal == cell.level, "{on_way:?}");
    assert!(!on_way.unit_id.is_empty());
}

#[tokio::test]
async fn the_answer_tells_the_position_in_the_system_asked_for_too() {
    let site = Site::with_beacons().await;
    let scan = Some(heard(&site.cells, &site.cells[5]));
    let request =
        LocateRequest { venue: VENUE.into(), scan, datum: Datum::Gcj02.into(), ..Default::default() };
    let here = site.ask(request).await.unwrap().here.unwrap();
    let (at, other) = (here.position.unwrap(), here.coordinates.unwrap());
    let [lon, lat] = System::Gcj02.of_wgs84([at.longitude, at.latitude]);
    assert!((other.longitude - lon).abs() < 1e-6 && (other.latitude - lat).abs() < 1e-6);
    assert_eq!(other.datum(), Datum::Gcj02);
}

#[tokio::test]
async fn satellites_help_where_nothing_is_heard_in_either_system() {
    let site = Site::with_beacons().await;
    let cell = *site.cells.iter().find(|cell| cell.level == 0).unwrap();
    let [longitude, latitude] = site.live.snapshot.lon_lat(cell.at);
    let [lon, lat] = System::Gcj02.of_wgs84([longitude, latitude]);
    for (longitude, latitude, datum) in [(longitude, latitude, Datum::Wgs84), (lon, lat, Datum::Gcj02)] {
        let satellite =
            SatellitePosition { longitude, latitude, datum: datum.into(), accuracy_m: 8.0, ordinal: 0 };
        let strangers = HeardScan {
            access_points: vec![HeardAccessPoint { bssid: "00:1a:2b:3c:4d:5e".into(), rssi_dbm: -50.0 }],
            ..HeardScan::default()
        };
        for scan in [None, Some(strangers)] {
            let satellite = Some(satellite);
            let request = LocateRequest { venue: VENUE.into(), scan, satellite, ..Default::default() };
            let found = site.ask(request).await.unwrap();
            let here = found.here.unwrap();
            assert_eq!((here.source(), found.radio_map_version.as_str()), (PositionSource::Satellite, ""));
            assert!(site.metres(&here.position.unwrap(), &cell) < 0.5);
        }
    }
    let away = SatellitePosition { longitude: 0.0, latitude: 0.0, accuracy_m: 8.0, ..Default::default() };
    for (satellite, field) in [
        (away, "position: "),
        (SatellitePosition { ordinal: 77, ..away }, "satellite.ordinal: "),
        (SatellitePosition { accuracy_m: 9e9, ..away }, "satellite: "),
        (SatellitePosition { longitude: f64::NAN, ..away }, "satellite: "),
        (SatellitePosition { datum: 9, ..away }, "satellite.datum: "),
    ] {
        let request =
            LocateRequest { venue: VENUE.into(), satellite: Some(satellite), ..LocateRequest::default() };
        let refused = site.ask(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert!(refused.message().starts_with(field), "{refused}");
    }
}

#[tokio::test]
async fn a_bad_scan_is_refused_with_its_field() {
    let site = Site::with_beacons().await;
    let one = |rssi_dbm| HeardBeacon { uuid: UUID.into(), major: 1, minor: 2, rssi_dbm };
    let scan = |beacons| HeardScan { beacons, access_points: vec![] };
    let cases = [
        (scan(vec![]), "scan: the scan has no readings; scan again, with Bluetooth or Wi-Fi on"),
        (
            scan(vec![one(-60.0), one(-61.0)]),
            "scan: fda50693a4e24fb1afcfc6eb07647825/1/2 is in the scan twice; send its mean",
        ),
        (
            scan(vec![one(100.0)]),
            "scan: reading 0: 100 dBm is not within -120 to 0; leave out readings of unknown strength",
        ),
        (
            scan(vec![one(f64::NAN)]),
            "scan: reading 0: NaN dBm is not within -120 to 0; leave out readings of unknown strength",
        ),
        (scan(vec![one(-60.0); READINGS_MAX + 1]), "scan: it has 201 readings; send the loudest 200"),
        (
            scan(vec![HeardBeacon { uuid: "x".into(), ..one(-60.0) }]),
            "scan.beacons[0].uuid: beacon uuid \"x\" is not 32 hexadecimal digits",
        ),
        (
            scan(vec![HeardBeacon { minor: 70_000, ..one(-60.0) }]),
            "scan.beacons[0].minor: use a number from 0 to 65535",
        ),
        (
            HeardScan {
                beacons: vec![],
                access_points: vec![HeardAccessPoint { bssid: "me".into(), rssi_dbm: -1.0 }],
            },
            "scan.access_points[0].bssid: bssid \"me\" is not six pairs of hexadecimal digits, such as 00:1a:2b:3c:4d:5e",
        ),
    ];
    for (scan, message) in cases {
        assert_eq!(site.refused(scan).await, (Code::InvalidArgument, message.to_owned()));
    }
    let nothing = site.locate(None).await.unwrap_err();
    assert_eq!(nothing.message(), "scan: send what the phone hears, or a satellite's position");
}

#[tokio::test]
async fn unknown_beacons_and_a_venue_without_a_radio_map_are_told_apart() {
    let strangers = HeardScan {
        beacons: vec![HeardBeacon { uuid: UUID.into(), major: 9, minor: 9, rssi_dbm: -60.0 }],
        access_points: vec![],
    };
    let (code, message) = Site::with_beacons().await.refused(strangers.clone()).await;
    assert_eq!(code, Code::NotFound);
    assert!(message.starts_with("scan: none of the 1 transmitters is in the radio map"), "{message}");
    let (code, message) = Site::new().refused(strangers).await;
    assert_eq!(code, Code::FailedPrecondition);
    assert!(message.starts_with("scan: the venue has no radio map"), "{message}");
}

#[tokio::test]
async fn radio_maps_are_published_listed_and_rolled_back() {
    let site = Site::with_beacons().await;
    let half: Vec<_> = site.cells.iter().step_by(2).copied().collect();
    let other = list(&site.live, &half);
    assert!(!site.publish("2", Form::Beacons, &other).await.unwrap().is_empty());
    assert_eq!(site.publish("2", Form::Beacons, &other).await.unwrap(), "", "the same again adds nothing");
    let cell = site.cells[5];
    let version = || async { site.locate(Some(heard(&site.cells, &cell))).await.unwrap().radio_map_version };
    assert_eq!(version().await, "2");
    let list = || async {
        let request = Request::new(ListRadioMapsRequest { venue: VENUE.into() });
        let listed = site.service.list_radio_maps(request).await.unwrap().into_inner().versions;
        listed.into_iter().map(|one| (one.version.clone(), one.is_current, one.form())).collect::<Vec<_>>()
    };
    let beacons = RadioMapForm::Beacons;
    assert_eq!(list().await, [("2".to_owned(), true, beacons), ("1".to_owned(), false, beacons)]);
    let back = |version: &str| {
        let request = RollBackRadioMapRequest { venue: VENUE.into(), version: version.into() };
        site.service.roll_back_radio_map(Request::new(request))
    };
    assert!(!back("1").await.unwrap().into_inner().position.is_empty());
    assert_eq!(version().await, "1");
    assert_eq!(back("1").await.unwrap().into_inner().position, "", "it is in use already");
    let unknown = back("3").await.unwrap_err();
    assert_eq!(
        (unknown.code(), unknown.message()),
        (Code::NotFound, "version: 3 is not kept; there are [\"1\", \"2\"]")
    );
    let taken = site.publish("1", Form::Beacons, &other).await.unwrap_err();
    assert_eq!(taken.to_string(), "version: 1 is the name of other content; choose a new name");
}

#[tokio::test]
async fn a_radio_map_that_is_not_of_the_venue_changes_nothing() {
    let site = Site::with_beacons().await;
    let good = list(&site.live, &site.cells);
    for (form, text, problem) in [
        (Form::Survey, "scan,level,lon,lat,transmitter,rssi_dbm\n1,0,0,0,00:1a:2b:3c:4d:5e,-50\n".to_owned(), "the survey has 1 places; survey at least 2"),
        (Form::Beacons, good.replace(&format!("{UUID},1,1,"), &format!("{UUID},1,0,")), "beacon fda50693a4e24fb1afcfc6eb07647825/1/0 is there twice"),
        (Form::Uji, "WAP001,LONGITUDE,LATITUDE,FLOOR,BUILDINGID\n-50,0,0,0,0\n-60,9,9,0,0\n".to_owned(), "origin: places are told in metres; say the longitude and latitude of x_m 0, y_m 0"),
        (Form::Survey, "scan,level,lon,lat,transmitter,rssi_dbm\n1,0,0,0,00:1a:2b:3c:4d:5e,-50\n2,0,1,1,00:1a:2b:3c:4d:5e,-50\n".to_owned(), "off every way of level 0"),
        (Form::Survey, String::new(), "line 1: columns lon and lat, or x_m and y_m, are missing"),
    ] {
        let refused = site.publish("bad", form, &text).await.unwrap_err();
        assert!(refused.to_string().contains(problem), "{refused}");
        assert!(matches!(refused, RadioError::Import(_)));
    }
    let found = site.locate(Some(heard(&site.cells, &site.cells[5]))).await.unwrap();
    assert_eq!(found.radio_map_version, "1");
}

mod walks;

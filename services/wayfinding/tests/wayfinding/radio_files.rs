//! Radio maps from files, and why a file is none of this venue.

use airside_wayfinding::Snapshot;
use airside_wayfinding::position::{
    Datum, Form, Ground, ImportError, MapError, RadioMap, Track, Transmitter, import,
};
use proptest::prelude::*;

use crate::Venue;

const UUID: &str = "fda50693-a4e2-4fb1-afcf-c6eb07647825";

fn read_with(
    snapshot: &Snapshot,
    form: Form,
    ground: Ground,
    text: impl AsRef<[u8]>,
) -> Result<RadioMap, ImportError> {
    import::read(snapshot, &Track::of(snapshot.graph()), "v1", form, ground, text.as_ref())
}

fn read(snapshot: &Snapshot, form: Form, text: &str) -> Result<RadioMap, ImportError> {
    read_with(snapshot, form, Ground::default(), text)
}

fn refused(form: Form, text: &str) -> String {
    read(&Venue::testville().snapshot, form, text).unwrap_err().to_string()
}

/// Two places of testville, far apart on the ground level, as longitude and latitude.
fn two_places(snapshot: &Snapshot) -> [[f64; 2]; 2] {
    let track = Track::of(snapshot.graph());
    let ground = || track.cells().iter().filter(|cell| cell.level == 0);
    let ends = [
        ground().min_by(|a, b| a.at[0].total_cmp(&b.at[0])).unwrap(),
        ground().max_by(|a, b| a.at[0].total_cmp(&b.at[0])).unwrap(),
    ];
    ends.map(|cell| snapshot.graph().frame().to_world(geo::Coord { x: cell.at[0], y: cell.at[1] }))
}

fn survey(places: [[f64; 2]; 2]) -> String {
    let [[a, b], [c, d]] = places;
    format!(
        "transmitter,rssi_dbm,lat,lon,level,scan,note\n\
         00:1a:2b:3c:4d:5e,-50,{b},{a},0,one,x\n{UUID}/1/2,-80,{b},{a},0,one,\n\
         00:1a:2b:3c:4d:5e,-85,{d},{c},0,two,y\n{UUID}/1/3,-55,{d},{c},0,two,\n"
    )
}

#[test]
fn a_survey_is_read_whatever_the_order_of_its_columns() {
    let venue = Venue::testville().snapshot;
    let map = read(&venue, Form::Survey, &survey(two_places(&venue))).unwrap();
    assert_eq!((map.fingerprint_count(), map.transmitter_count()), (2, 3));
    let marked = format!("\u{feff}{}", survey(two_places(&venue)).replace('\n', "\r\n"));
    assert_eq!(read(&venue, Form::Survey, &marked).unwrap().fingerprint_count(), 2);
}

#[test]
fn places_in_the_system_of_chinese_maps_are_the_same_places() {
    let venue = Venue::testville().snapshot;
    let places = two_places(&venue).map(|at| Datum::Gcj02.of_wgs84(at));
    let ground = Ground { datum: Datum::Gcj02, origin: None };
    assert!(read_with(&venue, Form::Survey, ground, survey(places)).is_ok());
}

#[test]
fn places_in_metres_need_an_origin() {
    let venue = Venue::testville().snapshot;
    let [origin, _] = two_places(&venue);
    let text = "scan,level,x_m,y_m,transmitter,rssi_dbm\n1,0,0,0,00:1a:2b:3c:4d:5e,-50\n2,0,3,0,00:1a:2b:3c:4d:5e,-60\n";
    assert!(matches!(read(&venue, Form::Survey, text), Err(ImportError::NoOrigin)));
    let ground = Ground { origin: Some(origin), ..Ground::default() };
    assert_eq!(read_with(&venue, Form::Survey, ground, text).unwrap().fingerprint_count(), 2);
    let uji = "WAP001,WAP002,LONGITUDE,LATITUDE,FLOOR,BUILDINGID\n-50,100,0,0,0,0\n100,-60,3,0,0,0\n";
    assert_eq!(read_with(&venue, Form::Uji, ground, uji).unwrap().fingerprint_count(), 2);
    assert!(matches!(read(&venue, Form::Uji, uji), Err(ImportError::NoOrigin)));
    let ground = Ground { origin: Some([200.0, 0.0]), ..Ground::default() };
    assert!(matches!(read_with(&venue, Form::Uji, ground, uji), Err(ImportError::Origin(..))));
}

#[test]
fn beacons_become_a_predicted_map() {
    let venue = Venue::testville().snapshot;
    let [[a, b], [c, d]] = two_places(&venue);
    let text = format!(
        "uuid,major,minor,level,lon,lat,power_dbm\n{UUID},1,1,0,{a},{b},-59\n{UUID},1,2,0,{c},{d},-59\n"
    );
    let map = read(&venue, Form::Beacons, &text).unwrap();
    assert_eq!(map.transmitter_count(), 2);
    assert!(map.fingerprint_count() > 10);
    let twice = text.replace(",1,2,0,", ",1,1,0,");
    let one = Transmitter::beacon(UUID, 1, 1).unwrap();
    assert_eq!(refused(Form::Beacons, &twice), format!("beacon {one} is there twice"));
    let loud = text.replace(",-59\n", ",59\n");
    assert_eq!(
        refused(Form::Beacons, &loud),
        "line 2, column power_dbm: \"59\" is not a loudness of -120 to 0 dBm"
    );
}

#[test]
fn a_map_of_another_venue_is_refused() {
    let venue = Venue::testville().snapshot;
    let [[a, b], _] = two_places(&venue);
    let far = survey([[a + 1.0, b], [a + 1.01, b]]);
    assert!(matches!(read(&venue, Form::Survey, &far), Err(ImportError::Map(MapError::OffVenue(..)))));
    let high = survey(two_places(&venue)).replace(",0,", ",9,");
    assert!(matches!(read(&venue, Form::Survey, &high), Err(ImportError::Map(MapError::UnknownLevel(9)))));
}

#[test]
fn a_survey_of_one_scan_is_refused() {
    let venue = Venue::testville().snapshot;
    let [[a, b], _] = two_places(&venue);
    let one = format!("scan,level,lon,lat,transmitter,rssi_dbm\n1,0,{a},{b},00:1a:2b:3c:4d:5e,-50\n");
    assert_eq!(refused(Form::Survey, &one), "the survey has 1 places; survey at least 2");
    assert_eq!(
        refused(Form::Survey, "scan,level,lon,lat,transmitter,rssi_dbm\n"),
        "the survey has 0 places; survey at least 2"
    );
}

#[test]
fn a_line_that_cannot_be_read_says_where() {
    let head = "scan,level,lon,lat,transmitter,rssi_dbm\n";
    let line = |line: &str| refused(Form::Survey, &format!("{head}{line}\n"));
    assert_eq!(refused(Form::Survey, ""), "line 1: columns lon and lat, or x_m and y_m, are missing");
    assert_eq!(refused(Form::Survey, "lon,lat\n"), "line 1: column scan is missing");
    assert_eq!(
        line("1,0,0,0,00:1a:2b:3c:4d:5e,5"),
        "line 2, column rssi_dbm: \"5\" is not a loudness of -120 to 0 dBm"
    );
    assert_eq!(
        line("1,0,0,0,00:1a:2b:3c:4d:5e,100"),
        "line 2, column rssi_dbm: \"100\" is not a loudness of -120 to 0 dBm"
    );
    assert_eq!(line("1,G,0,0,00:1a:2b:3c:4d:5e,-5"), "line 2, column level: \"G\" is not a level's ordinal");
    assert_eq!(
        line("1,0,NaN,0,00:1a:2b:3c:4d:5e,-5"),
        "line 2, column lon: \"NaN\" is not a number of degrees"
    );
    assert_eq!(line("1,0,0,91,00:1a:2b:3c:4d:5e,-5"), "line 2, column lat: \"91\" is not on the globe");
    assert_eq!(
        line("1,0,0,0,somebody,-5"),
        "line 2: bssid \"somebody\" is not six pairs of hexadecimal digits, such as 00:1a:2b:3c:4d:5e"
    );
    assert_eq!(
        line("1,0,0,0,00:1a:2b:3c:4d:5e,-5\n1,0,0,1,00:1a:2b:3c:4d:5f,-5"),
        "line 3, column scan: \"1\" is at two places; give each scan a name of its own"
    );
    assert_eq!(
        line("1,0,0,0,00:1a:2b:3c:4d:5e,-5\n1,0,0,0,00:1a:2b:3c:4d:5e,-6"),
        "scan \"1\": 00:1a:2b:3c:4d:5e is in the scan twice; send its mean"
    );
    assert_eq!(line("1,0,0"), "the file is no CSV in UTF-8 with as many cells in each line");
}

proptest! {
    #[test]
    fn foreign_bytes_are_refused_and_never_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..300), form in 0..3_u8
    ) {
        let form = [Form::Survey, Form::Uji, Form::Beacons][usize::from(form)];
        let mut text = b"uuid,major,minor,power_dbm,scan,level,lon,lat,transmitter,rssi_dbm\n".to_vec();
        text.extend(bytes);
        let venue = &*SMALL;
        prop_assert!(read_with(venue, form, Ground::default(), &text).is_err());
    }
}

static SMALL: std::sync::LazyLock<Snapshot> = std::sync::LazyLock::new(|| Venue::testville().snapshot);

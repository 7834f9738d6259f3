//! Personal data: not one byte of it on disk or in a log.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use airside_api::trips::v1::{FollowBagRequest, FollowFlightRequest, follow_bag_request::Proof};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use tonic::Code;
use uuid::Uuid;

use crate::harness::{
    Callers,
    calls::{announce, bag_of, board, follow, follow_flight, followed, submit, try_follow},
    eventually,
    http::post,
    luggage::Luggage,
    process::Yard,
};

const SURNAME: &str = "QUOKKAVILLE";
const GIVEN_NAME: &str = "ZEPHYRINA";
const RECORD_LOCATOR: &str = "QX7ZK9";
const CHINESE_NAME: &str = "魑魅魍魉";
const CANARIES: [&str; 4] = [SURNAME, GIVEN_NAME, RECORD_LOCATOR, CHINESE_NAME];

/// Returns every form in which a text could stand in a file.
fn forms(text: &str) -> BTreeSet<Vec<u8>> {
    let mut forms = BTreeSet::new();
    for text in [text.to_owned(), text.to_lowercase()] {
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for bytes in [text.into_bytes(), utf16] {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            forms.insert(hex.to_uppercase().into_bytes());
            forms.insert(hex.into_bytes());
            forms.extend((0..3).flat_map(|before| base64_forms(&bytes, before)));
            forms.insert(bytes);
        }
    }
    // As JSON escapes it.
    let escaped: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    forms.insert(escaped.into_bytes());
    forms
}

/// Returns the part of a base64 text that is the same whatever stands before (so many bytes) and after.
fn base64_forms(bytes: &[u8], before: usize) -> [Vec<u8>; 2] {
    let padded = [vec![0; before].as_slice(), bytes].concat();
    let encoded = STANDARD_NO_PAD.encode(&padded);
    let own = &encoded[(before * 8).div_ceil(6)..padded.len() * 8 / 6];
    [own.as_bytes().to_vec(), own.replace('+', "-").replace('/', "_").into_bytes()]
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let found = entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] });
    // The operator's door is a socket, which holds nothing.
    found.filter(|path| path.is_file()).collect()
}

#[track_caller]
fn holds_none(place: &str, bytes: &[u8], forms: &BTreeSet<Vec<u8>>) {
    // By first two bytes, so that megabytes are walked once.
    let mut starts = vec![Vec::new(); 1 << 16];
    for form in forms {
        starts[usize::from(u16::from_le_bytes([form[0], form[1]]))].push(form.as_slice());
    }
    for (at, pair) in bytes.windows(2).enumerate() {
        for form in &starts[usize::from(u16::from_le_bytes([pair[0], pair[1]]))] {
            let shown = String::from_utf8_lossy(form);
            assert!(!bytes[at..].starts_with(form), "{place} holds {shown:?} at byte {at}");
        }
    }
}

fn nothing_personal_in(yard: &Yard, more: &[&str]) {
    let mut all: BTreeSet<_> = CANARIES.iter().flat_map(|text| forms(text)).collect();
    all.extend(more.iter().map(|text| text.as_bytes().to_vec()));
    let files = files(&yard.data());
    for needed in ["index.redb", "vault.redb", "meta.redb", "token.pk8"] {
        assert!(files.iter().any(|path| path.ends_with(needed)), "{needed} was not looked into");
    }
    for path in files {
        holds_none(&path.display().to_string(), &fs::read(&path).unwrap(), &all);
    }
    holds_none("the log", yard.logs().as_bytes(), &all);
}

#[test]
fn the_search_finds_every_form() {
    for text in CANARIES {
        let encoded = STANDARD_NO_PAD.encode(format!("x{text}y"));
        let utf16: Vec<u8> = text.to_lowercase().encode_utf16().flat_map(u16::to_le_bytes).collect();
        for hidden in [text.as_bytes(), encoded.as_bytes(), &utf16] {
            let file = [b"noise", hidden, b"noise"].concat();
            let search = std::panic::catch_unwind(|| holds_none("it", &file, &forms(text)));
            assert!(search.is_err(), "{hidden:?} was not found");
        }
        holds_none("noise", b"noise and more noise", &forms(text));
    }
}

/// Sends the canaries everywhere that takes personal data, in calls that work and calls that do not.
async fn live(callers: &Callers, person: Uuid, to: std::net::SocketAddr) {
    let bag = Luggage {
        surname: SURNAME,
        given_name: GIVEN_NAME,
        record_locator: RECORD_LOCATOR,
        ..Luggage::new("3479001301")
    };
    let chinese = Luggage { plate: "3479001302".to_owned(), surname: CHINESE_NAME, ..bag.clone() };
    let (partner, passenger) = (callers.partner(), callers.passenger(person));
    announce(&partner, &bag).await;
    announce(&partner, &chinese).await;
    for broken in ["ENDBSM", ".V/1LSZX", "/20NOV", ".N/"] {
        submit(&partner, &bag.announcement().replace(broken, "")).await;
    }
    submit(&partner, &format!("{SURNAME}/{GIVEN_NAME} {RECORD_LOCATOR} {CHINESE_NAME}")).await;
    follow_flight(&passenger, &bag.flight(), Some((SURNAME, RECORD_LOCATOR))).await;
    follow(&passenger, &bag).await;
    assert_eq!(bag_of(&passenger, &bag.plate).await.unwrap().passenger, format!("{SURNAME}/{GIVEN_NAME}"));
    follow(&passenger, &chinese).await;
    board(&partner, &bag).await;
    board(&partner, &chinese).await;
    eventually("on board", async || followed(&passenger).await.flights[0].boarded.then_some(())).await;

    for (plate, surname) in [("3479001399", SURNAME), ("3479001301", GIVEN_NAME), (SURNAME, SURNAME)] {
        assert!(try_follow(&passenger, plate, surname).await.is_err());
    }
    let proof = Some(Proof::RecordLocator(format!("{RECORD_LOCATOR}{SURNAME}")));
    let request = FollowBagRequest { plate: bag.plate.clone(), proof };
    assert_eq!(passenger.trips.clone().follow_bag(request).await.unwrap_err().code(), Code::InvalidArgument);
    let request = FollowFlightRequest { flight: SURNAME.to_owned(), ..FollowFlightRequest::default() };
    assert!(passenger.trips.clone().follow_flight(request).await.is_err());
    let token = callers.passenger_token(person);
    let follow_bag = "airside.trips.v1.TripService/FollowBag";
    for body in [
        format!(r#"{{"plate":"3479001301","surname":"{SURNAME}","{GIVEN_NAME}":1}}"#),
        format!(r#"{{"plate":"{SURNAME}","surname":"{CHINESE_NAME}"}}"#),
        format!("{SURNAME} {GIVEN_NAME}"),
    ] {
        assert_eq!(post(to, follow_bag, &token, &body).await.status, 400);
    }
    post(to, &format!("airside.trips.v1.TripService/{SURNAME}?name={GIVEN_NAME}"), &token, "{}").await;
    post(to, follow_bag, &format!("{SURNAME}.{GIVEN_NAME}.{RECORD_LOCATOR}"), "{}").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_personal_data_is_on_disk_or_in_logs() {
    let (yard, person) = (Yard::new(), Uuid::new_v4());
    let server = yard.serve_with(&[("AIRSIDE_LOG__FILTER", "warn,airside=trace")]).await;
    let callers = server.callers().await;
    live(&callers, person, server.public()).await;
    let token = callers.passenger_token(person);
    let secrets: Vec<&str> = [&callers.endpoint.tokens.partner, &callers.endpoint.tokens.staff, &token]
        .into_iter()
        .flat_map(|token| [token.as_str(), token.rsplit('.').next().unwrap()])
        .collect();
    assert!(yard.logs().contains("call ended"), "nothing was logged:\n{}", yard.logs());
    nothing_personal_in(&yard, &secrets);
    drop(callers);
    server.terminate();
    assert!(server.ended().await.success());
    nothing_personal_in(&yard, &[]);

    // Rebuilding everything from the log writes none either.
    let server = yard.serve().await;
    let callers = server.callers().await;
    assert!(bag_of(&callers.passenger(person), "3479001301").await.is_ok());
    server.kill();
    nothing_personal_in(&yard, &[]);
}

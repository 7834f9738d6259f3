//! Starts that are refused: each says what is wrong and what to do, and harms nothing.

use std::{fs, path::Path};

use airside_api::baggage::v1::{Scan, ScanResult, TrackingPoint};
use redb::{Database, ReadableDatabase, TableDefinition};
use serde_json::Value;

use crate::harness::{
    calls::record,
    folders::files,
    luggage::scan,
    process::{Server, Yard, airside, refusal, refused},
};

const META: TableDefinition<'static, &'static str, &'static [u8]> = TableDefinition::new("meta");

fn kept() -> Scan {
    let observed_at = airside_runtime::stored::timestamp_message(jiff::Timestamp::now());
    Scan { observed_at: Some(observed_at), ..scan("kept", "3479001201", TrackingPoint::CheckIn) }
}

/// A server with one acknowledged scan.
async fn a_server_at_work(yard: &Yard) -> Server {
    let server = yard.serve().await;
    assert_eq!(record(&server.callers().await.partner(), kept()).await, ScanResult::Recorded);
    server
}

async fn nothing_is_lost(server: &Server) {
    assert_eq!(record(&server.callers().await.partner(), kept()).await, ScanResult::Duplicate);
}

#[track_caller]
fn names(said: &str, words: &[&str]) {
    for word in words {
        assert!(said.contains(word), "{word:?} is not in {said}");
    }
    assert!(!said.contains("panicked"), "{said}");
}

fn path(path: &Path) -> String {
    path.display().to_string()
}

#[tokio::test]
async fn a_port_in_use_is_named_with_its_option() {
    let (yard, other) = (Yard::new(), Yard::new());
    let server = a_server_at_work(&yard).await;
    let taken = server.public().to_string();
    let data = path(&other.data());
    let said = refused(["serve", "--json", "--data", &data, "--listen", &taken]).await;
    names(&said, &["public port", &taken, "--listen"]);
    let admin = server.admin().to_string();
    let arguments = ["serve", "--json", "--data", &data, "--listen", "127.0.0.1:0", "--admin", &admin];
    names(&refused(arguments).await, &["admin port", &admin, "--admin"]);
    nothing_is_lost(&server).await;
}

#[tokio::test]
async fn a_folder_in_use_is_refused_to_a_second_process() {
    let yard = Yard::new();
    let server = a_server_at_work(&yard).await;
    let data = path(&yard.data());
    let said = refused(["serve", "--json", "--data", &data, "--listen", "127.0.0.1:0"]).await;
    names(&said, &["in use by another process", &data, "another"]);
    nothing_is_lost(&server).await;
    server.kill();
    nothing_is_lost(&yard.serve().await).await;
}

/// Writes a format version into a log and returns the one that was there.
fn set_version(data: &Path, version: u64) -> u64 {
    let log = Database::open(data.join("log/meta.redb")).unwrap();
    let before = log.begin_read().unwrap().open_table(META).unwrap();
    let before = before.get("format_version").unwrap().unwrap().value().try_into().unwrap();
    let writing = log.begin_write().unwrap();
    writing.open_table(META).unwrap().insert("format_version", version.to_le_bytes().as_slice()).unwrap();
    writing.commit().unwrap();
    u64::from_le_bytes(before)
}

#[tokio::test]
async fn a_folder_of_a_newer_version_is_refused_and_left_as_it_is() {
    let yard = Yard::new();
    a_server_at_work(&yard).await.kill();
    let known = set_version(&yard.data(), 99);
    let meta = fs::read(yard.data().join("log/meta.redb")).unwrap();
    let data = path(&yard.data());
    let said = refused(["serve", "--json", "--data", &data, "--listen", "127.0.0.1:0"]).await;
    names(&said, &["format version 99", "newer program", "nothing was changed"]);
    assert!(fs::read(yard.data().join("log/meta.redb")).unwrap() == meta, "it was changed");

    assert_eq!(set_version(&yard.data(), known), 99);
    nothing_is_lost(&yard.serve().await).await;
}

#[tokio::test]
async fn a_map_with_dangling_references_is_refused_and_the_finding_named() {
    let yard = Yard::new();
    let folder = yard.beside("brokenville");
    let town = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../maps/testville");
    fs::create_dir(&folder).unwrap();
    for entry in fs::read_dir(town).unwrap() {
        let file = entry.unwrap();
        fs::copy(file.path(), folder.join(file.file_name())).unwrap();
    }
    let units = folder.join("unit.geojson");
    let mut json: Value = serde_json::from_str(&fs::read_to_string(&units).unwrap()).unwrap();
    json["features"][0]["properties"]["level_id"] = "00000000-0000-4000-8000-00000000dead".into();
    fs::write(&units, json.to_string()).unwrap();

    let (data, folder) = (path(&yard.data()), path(&folder));
    let said =
        refused(["serve", "--json", "--data", &data, "--listen", "127.0.0.1:0", "--map", &folder]).await;
    names(
        &said,
        &["venue brokenville cannot be used", "airside map check", "reference-dangling", "level_id"],
    );

    let checked = crate::harness::process::run(airside(["map", "check", &folder, "--json"]), "").await;
    let report: Value = serde_json::from_slice(&checked.stdout).unwrap();
    assert_eq!((checked.status.code(), &report["valid"]), (Some(1), &false.into()));
    let finding = report["findings"][0].to_string();
    names(&finding, &["\"unit\"", "level_id", "remedy"]);
}

#[tokio::test]
async fn a_map_folder_that_is_not_there_is_named() {
    let yard = Yard::new();
    let (data, nowhere) = (path(&yard.data()), path(&yard.beside("nowhere")));
    let said =
        refused(["serve", "--json", "--data", &data, "--listen", "127.0.0.1:0", "--map", &nowhere]).await;
    names(&said, &["map folder", &nowhere]);
}

#[tokio::test]
async fn an_unknown_config_key_is_refused_by_name() {
    let yard = Yard::new();
    let file = yard.beside("airside.toml");
    fs::write(&file, "env = \"develop\"\n[gateway]\nbody_byts_max = 5\n").unwrap();
    let (data, config) = (path(&yard.data()), path(&file));
    let arguments = ["serve", "--json", "--data", &data, "--listen", "127.0.0.1:0", "--config", &config];
    names(&refused(arguments).await, &[&config, "body_byts_max"]);

    let mut command = airside(["serve", "--json", "--data", &data]);
    command.env("AIRSIDE_LISTN", "127.0.0.1:0");
    names(&refusal(command).await, &["listn"]);
    assert!(!yard.data().exists(), "a wrong configuration made a folder");
}

#[tokio::test]
async fn develop_is_refused_on_a_public_address() {
    let yard = Yard::new();
    let data = path(&yard.data());
    let arguments = ["serve", "--json", "--data", &data, "--listen", "0.0.0.0:0", "--admin", "127.0.0.1:0"];
    names(&refused(arguments).await, &["not loopback", "127.0.0.1"]);
}

#[tokio::test]
async fn a_folder_whose_log_is_gone_gets_no_fresh_one() {
    let yard = Yard::new();
    let server = a_server_at_work(&yard).await;
    server.terminate();
    assert!(server.ended().await.success());
    let (data, log) = (yard.data(), yard.beside("log-aside"));
    fs::rename(data.join("log"), &log).unwrap();
    let mut belongings = vec!["evidence", "vault", "index.redb"];
    while let Some(last) = belongings.pop() {
        let before = files(&data);
        let said = refused(["serve", "--json", "--data", &path(&data), "--listen", "127.0.0.1:0"]).await;
        names(&said, &["no log is in", "is there", "airside log restore", "nothing was changed"]);
        assert!(files(&data) == before && !data.join("log").exists(), "{last}: something was made");
        fs::rename(data.join(last), yard.beside(last)).unwrap();
    }
    for part in ["evidence", "vault", "index.redb"] {
        fs::rename(yard.beside(part), data.join(part)).unwrap();
    }
    fs::rename(log, data.join("log")).unwrap();
    nothing_is_lost(&yard.serve().await).await;
}

#[tokio::test]
async fn a_second_place_within_the_first_is_refused() {
    let yard = Yard::new();
    for inside in ["", "evidence", "log", "other/place"] {
        let mut command = yard.server();
        command.env("AIRSIDE_EVIDENCE__SECOND", yard.data().join(inside));
        names(&refusal(command).await, &["evidence.second", "lies in the data folder", "another disk"]);
        assert!(!yard.data().exists(), "{inside}: a wrong configuration made a folder");
    }
}

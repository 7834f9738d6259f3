//! Watched folders: what is put there is taken once, and what is wrong comes back with its reason.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};

use airside_api::flights::v1::{Flight, FlightPhase, GetFlightRequest};
use airside_server::{
    Config,
    config::{FlightFolder, FoldersConfig, MessageFolder},
};
use jiff::civil::Date;
use tempfile::TempDir;

use crate::harness::{
    House,
    calls::bag_of,
    eventually,
    http::get,
    luggage::{Luggage, flight, today},
    process::{Yard, refusal},
};

const DAY_CSV: &str = include_str!("../../../data/flights/day.csv");
const DAY_XML: &str = include_str!("../../../data/flights/day.xml");
const WRONG_CSV: &str = include_str!("../../../data/flights/wrong.csv");

/// A node that watches a folder of messages and one of flights.
struct Watched {
    house: House,
    files: TempDir,
}

impl Watched {
    async fn open() -> Self {
        let files = TempDir::new().unwrap();
        let [messages, flights] = ["messages", "flights"].map(|name| files.path().join(name));
        fs::create_dir(&messages).unwrap();
        fs::create_dir(&flights).unwrap();
        let folders = FoldersConfig {
            poll: Duration::from_millis(50),
            settled: Duration::from_millis(100),
            messages: vec![MessageFolder { path: messages, source: "dcs.files".to_owned() }],
            flights: vec![FlightFolder {
                path: flights,
                source: "aodb.files".to_owned(),
                airport: "SZX".to_owned(),
            }],
        };
        Self { house: House::with(Config { folders, ..Config::default() }).await, files }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    /// Puts a file there as a careful sender does: written elsewhere, then given its name.
    fn put(&self, name: &str, content: &str) {
        let draft = self.path(name).with_extension("tmp");
        fs::write(&draft, content).unwrap();
        fs::rename(draft, self.path(name)).unwrap();
    }

    async fn moved_to(&self, name: &str) {
        eventually(name, async || self.path(name).exists().then_some(())).await;
    }

    async fn bag(&self, plate: &str) -> usize {
        let partner = self.house.callers.partner();
        eventually("the bag is announced", async || bag_of(&partner, plate).await.ok()).await.timeline.len()
    }

    async fn flight(&self, designator: &str) -> Flight {
        let flight = flight(designator, yesterday());
        let mut flights = self.house.callers.partner().flights;
        let request = GetFlightRequest { flight, ..GetFlightRequest::default() };
        eventually("the flight is known", async || {
            flights.get_flight(request.clone()).await.ok()?.into_inner().flight
        })
        .await
    }
}

fn bsm(plate: &str) -> String {
    Luggage::new(plate).announcement()
}

/// The day of the samples: all that they tell has happened, at whatever time of the day this runs.
fn yesterday() -> Date {
    today().yesterday().unwrap()
}

/// Moves a sample of 20 November 2026 to yesterday.
fn of_yesterday(sample: &str) -> String {
    let day = yesterday();
    sample
        .replace("2026-11-20", "<day>")
        .replace("2026-11-21", &day.tomorrow().unwrap().to_string())
        .replace("2026-11-19", &day.yesterday().unwrap().to_string())
        .replace("<day>", &day.to_string())
}

fn reason(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_file_becomes_bags_and_a_bad_one_comes_back_with_its_reason() {
    let watched = Watched::open().await;
    watched.put("messages/notes.txt", "no message at all\n");
    watched.put("messages/bags.txt", &(bsm("3479003001") + &bsm("3479003002")));
    watched.moved_to("messages/done/bags.txt").await;
    assert_eq!(watched.bag("3479003001").await, 1);
    assert_eq!(watched.bag("3479003002").await, 1);
    watched.moved_to("messages/failed/notes.txt.reason.txt").await;
    let why = reason(&watched.path("messages/failed/notes.txt.reason.txt"));
    assert!(why.starts_with("there is no message of RP 1745 in the file"), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_still_written_is_left_until_it_has_its_name() {
    let watched = Watched::open().await;
    let draft = watched.path("messages/bags.txt.part");
    let whole = bsm("3479003003");
    let (half, rest) = whole.split_at(whole.len() / 2);
    let mut file = File::create(&draft).unwrap();
    file.write_all(half.as_bytes()).unwrap();
    // Two files later the draft has been passed over at least twice.
    watched.put("messages/one.txt", &bsm("3479003004"));
    watched.moved_to("messages/done/one.txt").await;
    watched.put("messages/two.txt", &bsm("3479003005"));
    watched.moved_to("messages/done/two.txt").await;
    assert!(draft.exists());
    file.write_all(rest.as_bytes()).unwrap();
    drop(file);
    fs::rename(&draft, watched.path("messages/bags.txt")).unwrap();
    watched.moved_to("messages/done/bags.txt").await;
    assert_eq!(watched.bag("3479003003").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_put_there_again_adds_nothing_and_overwrites_nothing() {
    let watched = Watched::open().await;
    for _ in 0..2 {
        watched.put("messages/bags.txt", &bsm("3479003006"));
        eventually("it is taken", async || (!watched.path("messages/bags.txt").exists()).then_some(())).await;
    }
    watched.put("messages/last.txt", &bsm("3479003007"));
    watched.bag("3479003007").await;
    assert_eq!(watched.bag("3479003006").await, 1);
    let done = fs::read_dir(watched.path("messages/done")).unwrap().count();
    assert_eq!(done, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flights_of_a_table_are_shown_and_its_wrong_lines_are_told() {
    let watched = Watched::open().await;
    watched.put("flights/day.csv", &of_yesterday(DAY_CSV));
    watched.moved_to("flights/done/day.csv").await;
    let flight = watched.flight("ZH9101").await;
    assert_eq!((flight.gate.as_str(), flight.legs.len()), ("A3", 1));
    assert_eq!(watched.flight("ZH9102").await.belt, "12");
    assert_eq!(watched.flight("CZ3001").await.phase(), FlightPhase::Boarding);

    watched.put("flights/wrong.csv", &of_yesterday(WRONG_CSV));
    watched.moved_to("flights/failed/wrong.csv.reason.txt").await;
    let why = reason(&watched.path("flights/failed/wrong.csv.reason.txt"));
    assert!(why.contains("were not recorded, the rest was") && why.contains("line 3"), "{why}");
    assert_eq!(watched.flight("ZH9107").await.gate, "A4");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flights_of_aidx_are_shown() {
    let watched = Watched::open().await;
    watched.put("flights/day.xml", &of_yesterday(DAY_XML));
    watched.moved_to("flights/done/day.xml").await;
    let flight = watched.flight("ZH9101").await;
    assert_eq!((flight.gate.as_str(), flight.codeshares.len()), ("A3", 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_goes_away_is_told_and_taken_up_again_when_it_is_back() {
    let watched = Watched::open().await;
    let place = watched.path("messages");
    let detail = async || {
        let report = get(watched.house.node.admin, "/readyz").await.json();
        let checks = report["checks"].as_array().unwrap().clone();
        let name = format!("folder {}", place.display());
        let check = checks.into_iter().find(|check| check["name"] == name.as_str()).unwrap();
        (check["ok"].as_bool().unwrap(), check["detail"].as_str().unwrap().to_owned())
    };
    fs::remove_dir(&place).unwrap();
    let why = eventually("readiness says so", async || match detail().await {
        (false, why) => Some(why),
        _ => None,
    })
    .await;
    assert!(why.contains("cannot be listed"), "{why}");
    fs::create_dir(&place).unwrap();
    watched.put("messages/bags.txt", &bsm("3479003008"));
    watched.bag("3479003008").await;
    eventually("it is ready again", async || detail().await.0.then_some(())).await;
}

#[tokio::test]
async fn folders_that_cannot_be_watched_say_field_and_remedy() {
    let yard = Yard::new();
    let data = yard.data().join("in").display().to_string();
    for (text, words) in [
        ("[[folders.messages]]\npath = \"/in\"\nsource = \"DCS\"".to_owned(), ["messages.source", "a-z"]),
        (format!("[[folders.messages]]\npath = {data:?}\nsource = \"dcs\""), ["data folder", "of its own"]),
        ("[[folders.flights]]\npath = \"/in\"\nsource = \"aodb\"".to_owned(), ["airport", "missing"]),
        ("[[folders.messages]]\npath = \"/in\"\nsorce = \"dcs\"".to_owned(), ["sorce", "unknown"]),
    ] {
        let config = yard.beside("airside.toml");
        fs::write(&config, &text).unwrap();
        let mut command = yard.server();
        command.arg("--config").arg(&config);
        let said = refusal(command).await;
        assert!(words.iter().all(|word| said.contains(word)), "{words:?} are not in {said:?}");
    }
}

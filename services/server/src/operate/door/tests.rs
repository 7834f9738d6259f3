//! What the door lets in, and how it ends.

use std::{os::unix::net::UnixListener as StdListener, sync::Arc};

use airside_kernel::SystemClock;
use airside_store::{EmbeddedStore, Options};
use tempfile::TempDir;
use tokio::io::AsyncReadExt;

use super::*;
use crate::{config::Config, log::Log};

struct House {
    folder: TempDir,
    stop: watch::Sender<bool>,
    serving: tokio::task::JoinHandle<()>,
}

impl House {
    fn open() -> Self {
        let folder = TempDir::new().unwrap();
        let store = EmbeddedStore::open(folder.path(), Options::default(), Arc::new(SystemClock)).unwrap();
        let (config, store) =
            (Config { folder: folder.path().to_owned(), ..Config::default() }, Arc::new(store));
        let places = config.places().unwrap();
        let parts = Parts { config, places, log: Log::Embedded(store), running: None };
        let door = Door::open(folder.path()).unwrap();
        let (stop, stopped) = watch::channel(false);
        let serving = tokio::spawn(door.serve(Arc::new(parts), stopped));
        Self { folder, stop, serving }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join(NAME)
    }

    async fn connect(&self) -> UnixStream {
        UnixStream::connect(self.socket()).await.unwrap()
    }

    async fn say(&self, order: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(order.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }
}

#[tokio::test]
async fn an_order_is_answered_by_one_result() {
    let house = House::open();
    assert_eq!(house.say("{\"show\":{}}\n").await, "{\"result\":{\"head\":0,\"shown\":0}}\n");
}

#[tokio::test]
async fn what_is_no_order_is_told_so() {
    let house = House::open();
    for (order, word) in [
        ("nonsense\n", "not understood"),
        ("{\"dance\":{}}\n", "dance"),
        ("{\"show\":{\"position\":7}}\n", "position 7"),
        ("{\"show\":{\"stream\":\"bag\"}}\n", "no dash"),
        (&format!("{}\n", "x".repeat(70_000)), "at most 65536 bytes"),
    ] {
        let answer = house.say(order).await;
        assert!(answer.starts_with("{\"error\":{\"message\":") && answer.contains(word), "{answer}");
    }
}

#[tokio::test]
async fn nobody_but_the_owner_may_pass() {
    let house = House::open();
    assert_eq!(fs::metadata(house.socket()).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!house.folder.path().join(WORKSHOP).exists());
}

#[tokio::test]
async fn the_socket_of_a_crashed_server_is_replaced_and_a_stopped_one_leaves_none() {
    let folder = TempDir::new().unwrap();
    drop(StdListener::bind(folder.path().join(NAME)).unwrap());
    fs::create_dir(folder.path().join(WORKSHOP)).unwrap();
    assert!(UnixStream::connect(folder.path().join(NAME)).await.is_err());
    drop(Door::open(folder.path()).unwrap());
    assert!(!folder.path().join(NAME).exists());
}

#[tokio::test]
async fn a_path_that_is_too_long_is_said() {
    let folder = TempDir::new().unwrap();
    let deep = folder.path().join("d".repeat(120));
    fs::create_dir(&deep).unwrap();
    assert!(matches!(Door::open(&deep), Err(DoorError::PathTooLong { .. })));
}

#[tokio::test]
async fn orders_beyond_the_most_are_refused_and_the_stop_ends_all() {
    let house = House::open();
    // Who has not said an order yet has a place too.
    let mut waiting = Vec::new();
    for _ in 0..ORDERS_MAX {
        waiting.push(house.connect().await);
    }
    assert!(house.say("{\"show\":{}}\n").await.contains("too many orders"));
    // One that leaves makes room.
    drop(waiting.pop());
    let answered = async {
        while !house.say("{\"show\":{}}\n").await.contains("result") {
            tokio::task::yield_now().await;
        }
    };
    time::timeout(Duration::from_secs(20), answered).await.unwrap();
    house.stop.send_replace(true);
    house.serving.await.unwrap();
    let mut rest = String::new();
    waiting[0].read_to_string(&mut rest).await.unwrap();
    assert_eq!(rest, "");
}

//! Watched folders on a real disk, polled by hand.

use std::{
    fs,
    io::{self, ErrorKind, Write},
    os::unix::fs::symlink,
    path::Path,
    sync::Mutex,
};

use airside_kernel::ManualClock;
use tempfile::TempDir;

use super::*;

/// Keeps what it was handed, and answers as it was told.
#[derive(Clone, Default)]
struct Desk(Arc<Mutex<Records>>);

#[derive(Default)]
struct Records {
    files: Vec<Arrived>,
    answer: Option<Failure>,
}

#[async_trait]
impl Handler for Desk {
    async fn handle(&self, file: &Arrived) -> Result<(), Failure> {
        let mut records = self.0.lock().unwrap();
        records.files.push(file.clone());
        records.answer.clone().map_or(Ok(()), Err)
    }
}

impl Desk {
    fn answers(&self, answer: Option<Failure>) {
        self.0.lock().unwrap().answer = answer;
    }

    fn names(&self) -> Vec<String> {
        self.0.lock().unwrap().files.iter().map(|file| file.name.clone()).collect()
    }

    fn marks(&self) -> Vec<String> {
        self.0.lock().unwrap().files.iter().map(|file| file.mark.clone()).collect()
    }
}

struct House {
    temp: TempDir,
    desk: Desk,
    folder: Folder<Desk>,
}

fn house() -> House {
    let (temp, desk) = (tempfile::tempdir().unwrap(), Desk::default());
    fs::create_dir(temp.path().join("in")).unwrap();
    let folder = watching(temp.path(), &desk);
    House { temp, desk, folder }
}

fn watching(temp: &Path, desk: &Desk) -> Folder<Desk> {
    let clock = Arc::new(ManualClock::new(Timestamp::from_second(1_795_132_800).unwrap()));
    let settled = Duration::ZERO;
    let options = Options { bytes_max: 64, files_max: 100, settled, ..Options::default() };
    Folder::new(temp.join("in"), desk.clone(), options, clock)
}

impl House {
    fn put(&self, name: &str, content: &str) {
        fs::write(self.temp.path().join("in").join(name), content).unwrap();
    }

    fn content(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.temp.path().join("in").join(name)).ok()
    }

    /// Polls twice, so that what is complete is taken.
    async fn rounds(&mut self) -> [Round; 2] {
        [self.folder.round().await, self.folder.round().await]
    }
}

#[tokio::test]
async fn complete_files_are_handled_by_name_and_go_to_done() {
    let mut house = house();
    for name in ["b.csv", "a.csv", "c.csv"] {
        house.put(name, name);
    }
    assert_eq!(house.rounds().await, [Round::Took(0), Round::Took(3)]);
    assert_eq!(house.desk.names(), ["a.csv", "b.csv", "c.csv"]);
    assert_eq!(house.content("done/b.csv").unwrap(), "b.csv");
    assert_eq!(house.content("b.csv"), None);
    let figures = house.folder.health().figures();
    assert_eq!((figures.done, figures.failed, figures.waiting), (3, 0, 0));
    assert_eq!(figures.last_file_at, Some(Timestamp::from_second(1_795_132_800).unwrap()));
    assert_eq!(house.folder.health().check().unwrap(), "3 files done, 0 failed, 0 waiting");
}

#[tokio::test]
async fn a_file_that_grows_waits_and_holds_up_nobody() {
    let mut house = house();
    house.put("a.csv", "half");
    house.put("b.csv", "whole");
    house.folder.round().await;
    house.put("a.csv", "half and more");
    assert_eq!(house.folder.round().await, Round::Took(1));
    assert_eq!(house.desk.names(), ["b.csv"]);
    assert_eq!(house.folder.round().await, Round::Took(1));
    assert_eq!(house.content("done/a.csv").unwrap(), "half and more");
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_pauses_is_taken_whole() {
    let mut house = house();
    house.folder.options.settled = Duration::from_secs(10);
    house.put("a.csv", "half");
    for _ in 0..4 {
        assert_eq!(house.folder.round().await, Round::Took(0));
        time::sleep(Duration::from_secs(3)).await;
        if house.content("a.csv").unwrap() == "half" {
            house.put("a.csv", "half and more");
        }
    }
    time::sleep(Duration::from_secs(2)).await;
    assert_eq!(house.folder.round().await, Round::Took(1));
    assert_eq!(house.content("done/a.csv").unwrap(), "half and more");
}

#[tokio::test(start_paused = true)]
async fn what_is_written_to_after_it_was_moved_is_put_back_and_handled_whole() {
    for answer in [None, Some(Failure::Refused("half a line".to_owned()))] {
        let mut house = house();
        house.folder.options.settled = Duration::from_secs(10);
        house.desk.answers(answer.clone());
        house.put("a.csv", "half");
        let place = house.temp.path().join("in/a.csv");
        let mut writer = fs::OpenOptions::new().append(true).open(place).unwrap();
        house.folder.round().await;
        time::sleep(Duration::from_secs(11)).await;
        assert_eq!(house.folder.round().await, Round::Took(1));
        house.desk.answers(None);
        writer.write_all(b" and more").unwrap();
        drop(writer);
        // Somebody else's file of the name that is there by then stays what it is.
        house.put("a.csv", "another");
        assert_eq!(house.folder.round().await, Round::Took(0));
        time::sleep(Duration::from_secs(11)).await;
        assert_eq!(house.folder.round().await, Round::Took(2));
        assert_eq!(house.desk.names(), ["a.csv", "a.csv", "a.csv.1"]);
        assert_eq!(house.content("done/a.csv").unwrap(), "another");
        assert_eq!(house.content("done/a.csv.1").unwrap(), "half and more");
        assert_eq!(house.content("failed/a.csv.reason.txt"), None);
    }
}

#[tokio::test]
async fn names_of_unfinished_files_are_left_alone() {
    let mut house = house();
    for name in [".hidden", "a.tmp", "a.csv.PART"] {
        house.put(name, "x");
    }
    assert_eq!(house.rounds().await, [Round::Took(0), Round::Took(0)]);
    fs::rename(house.temp.path().join("in/a.tmp"), house.temp.path().join("in/a.csv")).unwrap();
    assert_eq!(house.rounds().await, [Round::Took(0), Round::Took(1)]);
    assert_eq!(house.desk.names(), ["a.csv"]);
}

#[tokio::test]
async fn a_refused_file_goes_to_failed_with_its_reason() {
    let mut house = house();
    house.put("a.csv", "wrong");
    house.desk.answers(Some(Failure::Refused("line 1: no header".to_owned())));
    house.rounds().await;
    assert_eq!(house.content("failed/a.csv").unwrap(), "wrong");
    assert_eq!(house.content("failed/a.csv.reason.txt").unwrap(), "line 1: no header\n");
    assert_eq!(house.folder.health().figures().failed, 1);
}

#[tokio::test]
async fn a_file_that_is_too_large_is_refused_unread() {
    let mut house = house();
    house.put("a.csv", &"x".repeat(64));
    house.put("b.csv", &"x".repeat(65));
    house.rounds().await;
    assert_eq!(house.desk.names(), ["a.csv"]);
    let reason = house.content("failed/b.csv.reason.txt").unwrap();
    assert_eq!(reason, "the file has 65 bytes and at most 64 are read: split it\n");
}

#[tokio::test]
async fn a_failure_that_passes_keeps_the_file_and_the_order() {
    let mut house = house();
    house.put("a.csv", "1");
    house.put("b.csv", "2");
    house.desk.answers(Some(Failure::Later("the log cannot be written".to_owned())));
    let waits = Round::Waits("the log cannot be written".to_owned());
    assert_eq!(house.rounds().await, [Round::Took(0), waits.clone()]);
    assert_eq!(house.folder.round().await, waits);
    assert_eq!(house.folder.health().figures().waiting, 2);
    house.desk.answers(None);
    assert_eq!(house.folder.round().await, Round::Took(2));
    assert_eq!(house.desk.names(), ["a.csv", "a.csv", "a.csv", "b.csv"]);
}

#[tokio::test]
async fn after_a_crash_a_file_has_the_same_mark_and_put_there_anew_another() {
    let mut house = house();
    house.put("a.csv", "1");
    house.desk.answers(Some(Failure::Later("the machine stops".to_owned())));
    house.rounds().await;
    house.desk.answers(None);
    house.folder = watching(house.temp.path(), &house.desk);
    assert_eq!(house.rounds().await, [Round::Took(0), Round::Took(1)]);
    house.put("a.csv", "1");
    house.rounds().await;
    let marks = house.desk.marks();
    assert_eq!(marks.len(), 3);
    assert_eq!(marks[0], marks[1]);
    assert_ne!(marks[1], marks[2]);
    assert_eq!(marks[0].len(), 32);
}

#[tokio::test]
async fn a_name_that_was_there_before_gets_a_number() {
    let mut house = house();
    for content in ["1", "2", "3"] {
        house.put("a.csv", content);
        house.rounds().await;
    }
    for (name, content) in [("a.csv", "1"), ("a.csv.1", "2"), ("a.csv.2", "3")] {
        assert_eq!(house.content(&format!("done/{name}")).unwrap(), content);
    }
    house.desk.answers(Some(Failure::Refused("no".to_owned())));
    fs::create_dir(house.temp.path().join("in/failed")).unwrap();
    house.put("failed/b.csv.reason.txt", "kept");
    house.put("b.csv", "4");
    house.rounds().await;
    assert_eq!(house.content("failed/b.csv.reason.txt").unwrap(), "kept");
    assert_eq!(house.content("failed/b.csv.1").unwrap(), "4");
    assert_eq!(house.content("failed/b.csv.1.reason.txt").unwrap(), "no\n");
    assert_eq!(house.content("failed/b.csv"), None);
}

#[tokio::test]
async fn a_name_as_long_as_the_disk_allows_can_be_put_aside() {
    let mut house = house();
    house.desk.answers(Some(Failure::Refused("no".to_owned())));
    let name = "x".repeat(255);
    house.put(&name, "1");
    assert_eq!(house.rounds().await, [Round::Took(0), Round::Took(1)]);
    assert_eq!(house.content(&format!("failed/{}.reason.txt", "x".repeat(200))).unwrap(), "no\n");
}

#[tokio::test]
async fn links_and_folders_are_left_where_they_are() {
    let mut house = house();
    let outside = house.temp.path().join("secret");
    fs::write(&outside, "secret").unwrap();
    symlink(&outside, house.temp.path().join("in/a.csv")).unwrap();
    fs::create_dir(house.temp.path().join("in/b")).unwrap();
    house.put("b/c.csv", "1");
    assert_eq!(house.rounds().await, [Round::Took(0), Round::Took(0)]);
    assert!(house.desk.names().is_empty());
    assert!(fs::symlink_metadata(house.temp.path().join("in/a.csv")).unwrap().is_symlink());
}

#[tokio::test]
async fn nothing_is_moved_through_a_link_that_stands_for_done() {
    let mut house = house();
    let elsewhere = house.temp.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    symlink(&elsewhere, house.temp.path().join("in/done")).unwrap();
    house.put("a.csv", "1");
    let [_, Round::Waits(reason)] = house.rounds().await else { panic!("it must not move the file") };
    assert!(reason.ends_with("in/done is no folder: take it away"), "{reason}");
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
    assert_eq!(house.content("a.csv").unwrap(), "1");
}

#[tokio::test]
async fn a_folder_that_is_away_is_told_and_goes_on_when_it_is_back() {
    let mut house = house();
    house.put("a.csv", "1");
    house.folder.round().await;
    let (place, away) = (house.temp.path().join("in"), house.temp.path().join("away"));
    fs::rename(&place, &away).unwrap();
    let Round::Waits(reason) = house.folder.round().await else { panic!("it must miss the folder") };
    assert!(reason.starts_with("the folder cannot be listed: "), "{reason}");
    fs::rename(&away, &place).unwrap();
    assert_eq!(house.rounds().await, [Round::Took(0), Round::Took(1)]);
}

#[test]
fn a_file_that_may_not_be_read_is_refused_and_a_disk_that_fails_is_tried_again() {
    let Ok(Taken::Refused(reason)) = files::trouble(ErrorKind::PermissionDenied.into()) else {
        panic!("it must be refused")
    };
    assert_eq!(reason, "the file may not be read: let the server's user read it");
    assert_eq!(files::trouble(ErrorKind::NotFound.into()).unwrap(), Taken::Changed);
    assert!(files::trouble(io::Error::other("input/output error")).is_err());
}

#[tokio::test(start_paused = true)]
async fn a_folder_that_is_away_for_long_is_stuck_and_one_that_ended_says_so() {
    let house = house();
    fs::remove_dir_all(house.temp.path().join("in")).unwrap();
    let health = house.folder.health();
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(house.folder.run(stopped));
    let mut waited = Duration::ZERO;
    while health.check().is_ok() && waited < Duration::from_secs(600) {
        time::sleep(Duration::from_secs(1)).await;
        waited += Duration::from_secs(1);
    }
    assert!(health.check().unwrap_err().contains("the folder cannot be listed"));
    fs::create_dir(house.temp.path().join("in")).unwrap();
    while health.check().is_err() && waited < Duration::from_secs(1_200) {
        time::sleep(Duration::from_secs(1)).await;
        waited += Duration::from_secs(1);
    }
    assert_eq!(health.check().unwrap(), "0 files done, 0 failed, 0 waiting");
    stop.send_replace(true);
    running.await.unwrap();
    assert!(health.check().unwrap_err().starts_with("it has ended"));
}

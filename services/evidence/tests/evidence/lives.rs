//! One log restored more than once, and a second place that several of its lives know.

use std::{fs, path::Path, sync::Arc};

use airside_evidence::{Notary, Options, Restored, SecondPlace, mirror, newest};
use tokio::sync::watch;

use crate::paper::{Line, Paper, checked, notarise, options};

/// The generation of a log that was restored.
const LATER: u64 = 1_800_000_000;

/// A log whose backup was taken at 50 events, and that goes on to 90.
struct Airport {
    log: Paper,
    folder: tempfile::TempDir,
    backup: tempfile::TempDir,
}

impl Airport {
    async fn open() -> Self {
        let (log, folder) = (Paper::example(50), tempfile::tempdir().unwrap());
        fs::create_dir(folder.path().join("second")).unwrap();
        let airport = Self { log, folder, backup: tempfile::tempdir().unwrap() };
        notarise(&airport.log, airport.options()).await.unwrap();
        mirror(&airport.evidence(), airport.backup.path()).unwrap();
        airport.grow(90);
        notarise(&airport.log, airport.options()).await.unwrap();
        airport
    }

    fn evidence(&self) -> std::path::PathBuf {
        self.folder.path().join("evidence")
    }

    fn second(&self) -> std::path::PathBuf {
        self.folder.path().join("second")
    }

    /// Options in the airport's folder.
    fn options(&self) -> Options {
        self.options_in(self.folder.path())
    }

    /// Options in another folder, with the same second place.
    fn options_in(&self, folder: &Path) -> Options {
        Options { second: Some(self.second()), ..options(folder) }
    }

    fn grow(&self, length: u64) {
        (self.log.lines().len() as u64..length).for_each(|number| self.log.grow(Line::example(number)));
    }

    /// Puts the backup into a folder, where the log then goes its own way.
    fn restored(&self, folder: &Path) -> Paper {
        fs::create_dir(folder.join("evidence")).unwrap();
        mirror(self.backup.path(), &folder.join("evidence")).unwrap();
        let mut log = Paper::of((0..50).chain(700..760).map(Line::example).collect());
        log.generation = LATER;
        log
    }
}

fn checkpoints(folder: &Path) -> Vec<u8> {
    fs::read(folder.join("checkpoints")).unwrap()
}

#[tokio::test]
async fn what_a_copy_restored_elsewhere_signed_in_the_second_place_is_neither_taken_nor_written_over() {
    let (airport, elsewhere) = (Airport::open().await, tempfile::tempdir().unwrap());
    let drill = airport.restored(elsewhere.path());
    notarise(&drill, airport.options_in(elsewhere.path())).await.unwrap();
    let (ours, theirs) = (checkpoints(&airport.evidence()), checkpoints(&airport.second()));
    assert_ne!(ours, theirs);
    // As it was, grown on, and grown on again: each start works.
    for length in [90, 95, 130] {
        airport.grow(length);
        let notary = Notary::open(Arc::new(airport.log.clone()), airport.options()).unwrap();
        let (health, (stop, stopped)) = (notary.health(), watch::channel(false));
        let running = tokio::spawn(notary.run(stopped));
        let is_refused = |second: &SecondPlace| matches!(second, SecondPlace::Away { .. });
        health.until(|figures| figures.size == length && is_refused(&figures.second)).await.unwrap();
        let text = health.check().unwrap();
        let said = format!(
            "generation {LATER} of this log, which was restored elsewhere: name another second place"
        );
        assert!(text.contains(&said), "{text}");
        stop.send_replace(true);
        running.await.unwrap();
        assert_eq!(health.figures().checkpoint.map(|(size, _)| size), Some(length));
        assert_eq!(checkpoints(&airport.second()), theirs);
        assert!(checkpoints(&airport.evidence()).starts_with(&ours), "what was signed here is not as it was");
    }
    assert_eq!(newest(&airport.evidence()).unwrap().map(|(newest, _)| newest.generation), Some(0));
    assert!(checked(&airport.log, &airport.evidence()).await.is_sound());
    // The second place goes on serving the log that it belongs to now.
    drill.grow(Line::example(760));
    notarise(&drill, airport.options_in(elsewhere.path())).await.unwrap();
    assert!(checked(&drill, &airport.second()).await.is_sound());
}

#[tokio::test]
async fn a_restored_log_stopped_before_its_first_signature_starts_again() {
    for restored in [None, Some(Restored { generation: LATER, size: 50 })] {
        let airport = Airport::open().await;
        fs::remove_dir_all(airport.evidence()).unwrap();
        let log = airport.restored(airport.folder.path());
        let options = Options { restored, ..airport.options() };
        let notary = Notary::open(Arc::new(log.clone()), options.clone()).unwrap();
        let (_stop, stopped) = watch::channel(true);
        notary.run(stopped).await;
        let taken = newest(&airport.evidence()).unwrap().map(|(newest, _)| (newest.size, newest.generation));
        assert_eq!(taken, Some((90, 0)), "taken over, and nothing signed yet");
        notarise(&log, options.clone()).await.unwrap();
        let signed = newest(&airport.evidence()).unwrap().unwrap().0;
        assert_eq!((signed.size, signed.generation, signed.restored), (110, LATER, 50));
        assert_eq!(checkpoints(&airport.evidence()), checkpoints(&airport.second()));
        notarise(&log, options).await.unwrap();
        for place in [airport.evidence(), airport.second()] {
            assert!(checked(&log, &place).await.is_sound());
        }
    }
}

#[tokio::test]
async fn a_long_file_of_checkpoints_is_copied_piece_by_piece_and_goes_on_where_it_was_cut() {
    const PIECE: usize = 1024 * 1024;
    let (log, folder, copy) =
        (Paper::example(50), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    notarise(&log, options(folder.path())).await.unwrap();
    let evidence = folder.path().join("evidence");
    let notes = checkpoints(&evidence);
    let long = notes.repeat(5 * PIECE / 2 / notes.len());
    fs::write(evidence.join("checkpoints"), &long).unwrap();
    mirror(&evidence, copy.path()).unwrap();
    assert!(checkpoints(copy.path()) == long, "the copy differs");
    for cut in [PIECE, 2 * PIECE, 2 * PIECE - 1] {
        assert_ne!(&long[cut - 2..cut], b"\n\n", "no note is torn at {cut}");
        fs::write(copy.path().join("checkpoints"), &long[..cut]).unwrap();
        assert_eq!(newest(copy.path()).unwrap().map(|(newest, _)| newest.log), Some(log.id));
        mirror(&evidence, copy.path()).unwrap();
        assert!(checkpoints(copy.path()) == long, "the copy differs after a cut at {cut}");
    }
}
